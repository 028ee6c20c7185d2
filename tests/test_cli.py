"""What a learner types: commands that do it, and one clear line for what is not understood."""

import contextlib
import importlib.metadata
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from course import cli, workspace
from course.verdict import State


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_LANGUAGES", "en")
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture
def release(tmp_path, monkeypatch):
    folder = tmp_path / "release"
    for name in ("00_welcome", "01_one_neuron"):
        answer = nbformat.v4.new_code_cell("def f(): ...")
        answer.metadata["nbgrader"] = {"grade_id": f"{name[3:].replace('_', '-')}-answer"}
        (folder / name).mkdir(parents=True)
        nbformat.write(nbformat.v4.new_notebook(cells=[answer]), folder / name / f"{name}.ipynb")
    monkeypatch.setenv("COURSE_RELEASE", str(folder))
    return folder


@pytest.fixture
def wheel(monkeypatch, tmp_path):
    """The course as a class has it: installed, and without its lessons."""
    monkeypatch.delenv("COURSE_RELEASE", raising=False)
    monkeypatch.setattr(workspace, "__file__", str(tmp_path / "site-packages" / "course" / "workspace.py"))
    monkeypatch.chdir(tmp_path)


# -- wrong use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("lob", "course lob"),
        ("--verbose", "course --verbose"),
        ("lab --lang ru", "course lab --lang ru"),
        ("lab 01", "course lab 01"),
        ("lab --port", "course lab --port"),
        ("progress 01", "course progress 01"),
        ("reset", "course reset"),
        ("reset 01 02", "course reset 01 02"),
        ("lab --port x", "1 to 65535"),
        ("lab --port 0", "1 to 65535"),
        ("lab --port 65536", "1 to 65535"),
        ("lab --port -1", "1 to 65535"),
        ("lab --languages de", "ru, zh, en"),
        ("lab --languages ru,zh,en", "one language or two"),
        ("lab --languages ru,ru", "one language or two"),
        ("lab --languages ,", "one language or two"),
        ("lab --languages=", "one language or two"),
        ("lab --menus en", "one of ru, zh"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_write(release, capsys, typed, said):
    assert cli.main(typed.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_wrong_use_is_said_in_every_language_of_plain_text(monkeypatch, capsys):
    monkeypatch.delenv("COURSE_LANGUAGES")
    assert cli.main(["lob"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all("course lob" in line and "course --help" in line for line in lines)


@pytest.mark.parametrize("typed", [["--help"], ["-h"], ["help"], ["lab", "--help"], ["reset", "-h"]])
def test_help_shows_every_command(capsys, typed):
    assert cli.main(typed) == 0
    printed = capsys.readouterr().out
    assert all(f"course {command}" in printed for command in ("lab", "progress", "reset", "--version"))


def test_no_command_shows_the_help_and_counts_as_wrong_use(capsys):
    assert cli.main([]) == 2
    assert "course lab" in capsys.readouterr().out


def test_a_console_without_chinese_still_gets_its_text():
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "COURSE_LANGUAGES": "zh"}
    done = subprocess.run([sys.executable, "-m", "course.cli", "--help"], env=environment, capture_output=True)
    assert done.returncode == 0
    assert b"course reset" in done.stdout
    assert b"Traceback" not in done.stderr


def test_version_is_that_of_the_installed_course(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"course {importlib.metadata.version('nn-linear-by-hand')}\n"


def test_a_menu_pack_that_is_not_installed_is_said_with_the_command_that_brings_it(release, monkeypatch, capsys):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cli, "version", missing)
    assert cli.main(["lab", "--menus", "zh"]) == 2
    assert "-m pip install jupyterlab-language-pack-zh-CN" in capsys.readouterr().err


# -- course progress, course reset --------------------------------------------------------------------------------


def test_progress_is_the_table_that_the_notebook_shows(capsys):
    from course.exercises import all_exercises
    from course.progress import progress, record

    exercise = all_exercises()[0]
    record(exercise.id, exercise.points, exercise.points, State.RIGHT)
    assert cli.main(["progress"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{progress()}\n"
    assert "✓" in printed


def test_reset_says_where_the_learners_own_is(release, tmp_path, capsys):
    work = tmp_path / "work"
    workspace.fill(release, work)
    (work / "01_one_neuron/01_one_neuron.ipynb").write_text("mine")
    assert cli.main(["reset", "01", "--dir", str(work)]) == 0
    (backup,) = re.findall(r"Yours is kept: (.*)", capsys.readouterr().out)
    assert Path(backup).read_text() == "mine"
    assert cli.main(["reset", "one-neuron", "--dir", str(work)]) == 0
    assert "as it was handed out" in capsys.readouterr().out


def test_what_cannot_be_reset_is_one_line_and_not_a_success(release, tmp_path, capsys):
    assert cli.main(["reset", "09", "--dir", str(tmp_path / "work")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_class_without_lessons_is_told_what_a_reset_needs(wheel, capsys):
    assert cli.main(["reset", "01"]) == 1
    assert "COURSE_RELEASE" in capsys.readouterr().err


def test_a_class_without_lessons_names_a_folder_that_exists(wheel, capsys):
    assert cli.main(["lab", "--dir", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


# -- course lab ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("display", "expected"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True)]
)
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there a browser needs no display variable")
def test_a_browser_that_would_run_in_the_terminal_is_not_opened(monkeypatch, display, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in display.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli.webbrowser, "get", lambda: object())
    assert cli._browser() is expected


def test_changes_are_said_by_lesson(release, tmp_path, capsys):
    work = tmp_path / "work"
    cli._tell_changes(workspace.fill(release, work), work)
    assert "00_welcome, 01_one_neuron" in capsys.readouterr().out
    cli._tell_changes(workspace.fill(release, work), work)
    assert capsys.readouterr().out == ""
    (work / "00_welcome/00_welcome.ipynb").write_text("mine")
    for name in ("00_welcome", "01_one_neuron"):
        nbformat.write(nbformat.v4.new_notebook(), release / name / f"{name}.ipynb")
    cli._tell_changes(workspace.fill(release, work), work)
    printed = capsys.readouterr().out
    assert "Updated, as you had not worked on them: 01_one_neuron." in printed
    assert "`course reset 00`" in printed


def extension_of_this_tree(tmp_path):
    """A data folder with the lab extension as it lies here, whatever is installed."""
    folder = tmp_path / "share" / "labextensions"
    folder.mkdir(parents=True)
    (folder / "nn-linear-by-hand").symlink_to(Path(cli.__file__).parent / "labextension", target_is_directory=True)
    return folder.parent


@contextlib.contextmanager
def running(*options):
    """`course lab` in a process of its own, ended by what a learner does: Ctrl+C in its terminal."""
    # A session of its own is what a terminal is to it: Ctrl+C reaches every process there.
    process = subprocess.Popen(
        [sys.executable, "-m", "course.cli", "lab", "--no-browser", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell's background job, as a test run may be one, ignores Ctrl+C, and so does what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nothing of it is left
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def address_of(process):
    """
    The address it prints: the line that holds nothing else, after its sentence. The server prints where it listens, /lab?token=…,
    whenever it gets to it, on such lines too; what opens a notebook has a path.
    """
    printed = []
    for line in process.stdout:
        printed.append(line)
        if (found := re.fullmatch(r"\s+(http\S+/lab/\S*)\n", line)) and any("open at this address" in one for one in printed):
            return found[1], "".join(printed)
    pytest.fail("".join(printed))


def get(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=60) as answer:
        return answer.read().decode()


def settings(address, plugin):
    base, token = re.fullmatch(r"(http://[^/]+/).*[?](token=\w+)", address).groups()
    return json.loads(get(f"{base}lab/api/settings/{plugin}?{token}"))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl+C to a POSIX process group")
def test_lab_fills_the_folder_opens_lesson_00_with_the_chosen_languages_and_ends_with_ctrl_c(release, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "no-settings-of-the-user"))
    monkeypatch.setenv("JUPYTER_PATH", str(extension_of_this_tree(tmp_path)))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    work = tmp_path / "my work"
    with running("--dir", str(work), "--languages", "en,zh") as process:
        address, printed = address_of(process)
        assert "/lab/tree/00_welcome/00_welcome.ipynb?token=" in address
        assert (work / "01_one_neuron/01_one_neuron.ipynb").is_file()
        assert "New in" in printed
        assert "JupyterLab" in get(address)
        notebook = settings(address, "nn-linear-by-hand:plugin")
        assert notebook["schema"]["properties"]["languages"]["default"] == ["zh", "en"]
        news = settings(address, "@jupyterlab/apputils-extension:notification")
        assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert list((tmp_path / "tmp").iterdir()) == []  # the presets went with it


def test_the_address_is_told_when_the_server_listens_and_not_before(monkeypatch):
    """Jupyter writes down where it will listen a moment before it does."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        info = {"pid": 1, "hostname": "127.0.0.1", "port": port, "sock": ""}
        monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", lambda: iter([info]))
        started = threading.Timer(0.5, server.listen)
        started.start()
        assert cli._answering(SimpleNamespace(pid=1, poll=lambda: None)) == info
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        started.join()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl+C to a POSIX process group")
def test_lab_that_cannot_start_says_so_and_fails(release, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_lab_config.py").write_text("raise SystemExit('broken settings')")
    done = subprocess.run(
        [sys.executable, "-m", "course.cli", "lab", "--no-browser", "--dir", str(tmp_path / "work")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "JupyterLab did not start" in done.stderr
    assert "Traceback" not in done.stderr.partition("JupyterLab did not start")[2]


def test_the_commands_of_lesson_00_are_found_in_the_terminal_of_jupyterlab(monkeypatch):
    """`.venv/bin/course lab` is started by its path; in a terminal there, `course progress` was not found."""
    monkeypatch.setenv("PATH", os.defpath)
    assert os.path.dirname(sys.executable) in cli._environment()["PATH"].split(os.pathsep)
    assert cli._environment()["PATH"].endswith(os.defpath)
