"""`course lab`, `course progress`, `course reset`: what a learner runs. It opens the lessons; it is not needed to solve them.

Everything said here is said in the languages of plain text (COURSE_LANGUAGES, by default all three), a line for each. Wrong use
ends with 2, what could not be done with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import quote

from course import workspace
from course.exercise import N_
from course.language import LANGUAGES, shown_languages, translate
from course.verdict import Say
from course.workspace import What, WorkspaceError

EXTENSION = "nn-linear-by-hand:plugin"  # course/labextension: its setting `languages` is the reader's choice
MENUS = {"ru": "ru_RU", "zh": "zh_CN"}  # JupyterLab's own menus, from the published language packs
START = 60.0  # seconds in which a server has to answer, a slow disk included

USAGE = (
    (
        "course lab [--languages ru,zh] [--menus ru|zh] [--port N] [--no-browser] [--dir FOLDER]",
        N_("Fill your folder with the lessons, never over your work, and open JupyterLab on lesson 00."),
    ),
    ("course progress", N_("Show how far you are.")),
    (
        "course reset LESSON|EXERCISE [--dir FOLDER]",
        N_("Start a lesson (01) or one exercise (its id) anew. Your own is kept in the folder backup."),
    ),
    ("course --version", N_("Tell which version this is.")),
)


class WrongUse(Exception):
    """A command that was not understood: `say` tells what to write instead."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text)
        self.say = Say(text, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a stream that a test put there
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console without Chinese shows ? instead
    try:
        return _run(typed)
    except WrongUse as error:
        _tell(error.say, sys.stderr)
        return 2
    except WorkspaceError as error:
        _tell(error.say, sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `course progress | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(typed: list[str]) -> int:
    if not typed or typed[0] == "help" or {"-h", "--help"} & set(typed):
        _help()
        return 0 if typed else 2
    try:
        options = _parser().parse_args(typed)
    except _Misread:
        raise _not_understood(typed) from None
    if options.version:
        print(f"course {_version()}")
        return 0
    if options.command == "lab":
        return lab(options)
    if options.command == "progress":
        return show_progress()
    if options.command == "reset":
        return reset(options)
    raise _not_understood(typed)


class _Misread(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:  # argparse would say it in English and end the process
        raise _Misread(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="course", add_help=False, allow_abbrev=False)
    parser.add_argument("--version", action="store_true")
    commands = parser.add_subparsers(dest="command")
    one = commands.add_parser("lab", add_help=False, allow_abbrev=False)
    one.add_argument("--languages")
    one.add_argument("--menus")
    one.add_argument("--port")
    one.add_argument("--no-browser", action="store_true")
    one.add_argument("--dir")
    commands.add_parser("progress", add_help=False, allow_abbrev=False)
    one = commands.add_parser("reset", add_help=False, allow_abbrev=False)
    one.add_argument("name")
    one.add_argument("--dir")
    return parser


def _not_understood(typed: Sequence[str]) -> WrongUse:
    return WrongUse(
        N_("This was not understood: {typed}. `course --help` shows what can be written."),
        typed=" ".join(("course", *typed)),
    )


# -- course lab ---------------------------------------------------------------------------------------------------


def lab(options: argparse.Namespace) -> int:
    """Fill the learner's folder, open JupyterLab on lesson 00 and stay until it ends."""
    presets = _presets(options.languages, options.menus)
    port = _port(options.port)
    release = workspace.release_folder()
    if release:
        work = Path(options.dir).expanduser().resolve() if options.dir else workspace.work_folder()
        _tell_changes(workspace.fill(release, work), work)
        first = _first_notebook(release, work)
    else:
        work, first = Path(options.dir or ".").expanduser().resolve(), None
        if not work.is_dir():
            raise WrongUse(N_("There is no folder {folder}."), folder=str(work))
        _tell(
            Say(
                N_(
                    "This course was installed without its lessons: they come from your instructor. In JupyterLab, "
                    "open Nbgrader → Assignment List, or the notebook that you were given. It opens in {folder}."
                ),
                {"folder": str(work)},
            )
        )
    with _server(work, presets, port) as server:
        address = server.address(first)
        _tell(Say(N_("The course is open at this address; Ctrl+C in this window ends it.")))
        print(f"\n    {address}\n", flush=True)
        if not options.no_browser and _browser():
            webbrowser.open(address)
        return server.wait()


def _presets(languages: str | None, menus: str | None) -> dict[str, dict[str, Any]]:
    """Settings of JupyterLab that hold unless the reader's own differ."""
    # Without this JupyterLab asks every newcomer, in English, whether it may look for news on the network.
    presets: dict[str, dict[str, Any]] = {
        "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}
    }
    if languages is not None:
        chosen = [part.strip() for part in languages.split(",")]
        if not 1 <= len(chosen) <= 2 or len(set(chosen)) < len(chosen) or set(chosen) - set(LANGUAGES):
            raise WrongUse(
                N_("--languages takes one language or two of {known}, for example --languages ru,zh. It got {given}."),
                known=", ".join(LANGUAGES),
                given=languages or "''",
            )
        presets[EXTENSION] = {"languages": sorted(chosen, key=LANGUAGES.index)}
    if menus is not None:
        if menus not in MENUS:
            raise WrongUse(
                N_("--menus takes one of {known}. It got {given}."),
                known=", ".join(MENUS),
                given=menus or "''",
            )
        pack = f"jupyterlab-language-pack-{MENUS[menus].replace('_', '-')}"
        try:
            version(pack)
        except PackageNotFoundError:
            raise WrongUse(
                N_("The menus' language pack is not installed. Install it: {command}"),
                command=f'"{sys.executable}" -m pip install {pack}',
            ) from None
        presets["@jupyterlab/translation-extension:plugin"] = {"locale": MENUS[menus]}
    return presets


def _port(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise WrongUse(N_("--port takes a number from 1 to 65535. It got {given}."), given=given or "''")
    return int(given)


def _tell_changes(changes: Sequence[workspace.Change], work: Path) -> None:
    def folders(what: What) -> str:
        return ", ".join(dict.fromkeys(change.lesson for change in changes if change.what is what))

    if new := folders(What.NEW):
        _tell(Say(N_("New in {folder}: {lessons}."), {"folder": str(work), "lessons": new}))
    if updated := folders(What.UPDATED):
        _tell(Say(N_("Updated, as you had not worked on them: {lessons}."), {"lessons": updated}))
    for lesson in dict.fromkeys(change.lesson for change in changes if change.what is What.KEPT):
        _tell(
            Say(
                N_(
                    "Lesson {lesson} has changed since you began it. Yours is kept as it is; "
                    "`course reset {number}` gives you the new one and keeps a copy of yours."
                ),
                {"lesson": lesson, "number": lesson.partition("_")[0]},
            )
        )


def _first_notebook(release: Path, work: Path) -> Path | None:
    """The notebook to open, relative to *work*: that of the first lesson."""
    for lesson in workspace.lessons(release):
        for notebook in sorted((work / lesson).glob("*.ipynb")):
            return notebook.relative_to(work)
    return None


def _browser() -> bool:
    """Is there a browser with a window? One that runs in the terminal would take it over."""
    windows = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER")
    if sys.platform not in ("win32", "darwin") and not windows:
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


@dataclass(frozen=True)
class _Server:
    process: subprocess.Popen[bytes]
    info: dict[str, Any]  # as jupyter_server writes it for others to find

    def address(self, notebook: Path | None) -> str:
        where = f"/tree/{quote(notebook.as_posix())}" if notebook else ""
        token = f"?token={self.info['token']}" if self.info.get("token") else ""
        return f"{self.info['url']}lab{where}{token}"

    def wait(self) -> int:
        return self.process.wait()


@contextlib.contextmanager
def _server(work: Path, presets: dict[str, dict[str, Any]], port: int | None) -> Iterator[_Server]:
    """A JupyterLab in the learner's folder, with *presets*; it ends with this block, and so does what it was given."""
    with tempfile.TemporaryDirectory(prefix="course-") as temporary:
        environment = _environment()
        folder = Path(temporary) / "labconfig"
        folder.mkdir()
        (folder / "default_setting_overrides.json").write_text(json.dumps(presets), encoding="utf-8")
        others = environment.get("JUPYTER_CONFIG_PATH")
        environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join((temporary, others) if others else (temporary,))
        command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={work}", "--no-browser"]
        # Ctrl+C ends it at once: the question that it would ask is in no language of ours, and notebooks are saved as one types.
        command += ["--ServerApp.answer_yes=True", "--log-level=WARN"]
        if port:
            command.append(f"--port={port}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        # In the learner's folder, since nbgrader reads a configuration where it is started: the clone's is the instructor's.
        process = subprocess.Popen(command, cwd=work, env=environment)
        # Ctrl+C reaches both; the server ends by it, and this one with the server.
        restore = {signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN)}
        restore[signal.SIGTERM] = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            yield _Server(process, _answering(process))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            for which, handler in restore.items():
                signal.signal(which, handler)


def _environment() -> dict[str, str]:
    """The server's environment: in JupyterLab's terminal, too, `course` and `nbgrader` are found, as lesson 00 says."""
    path = (str(Path(sys.executable).parent), os.environ.get("PATH", ""))
    return dict(os.environ) | {"PATH": os.pathsep.join(filter(None, path))}


def _answering(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the server says of itself, as soon as it listens: it says so before, and a browser sent there finds nobody."""
    from jupyter_server.serverapp import list_running_servers

    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        for info in list_running_servers():
            if info["pid"] == process.pid and _listens(info):
                return dict(info)
        time.sleep(0.1)
    raise WorkspaceError(N_("JupyterLab did not start. What it says of the reason stands above."))


def _listens(info: dict[str, Any]) -> bool:
    if info.get("sock"):
        return True  # a socket in the file system: nothing that a browser is sent to
    host = "localhost" if info["hostname"] in ("", "*", "0.0.0.0", "::") else info["hostname"]
    with contextlib.suppress(OSError), socket.create_connection((host, info["port"]), timeout=1):
        return True
    return False


# -- course progress, course reset --------------------------------------------------------------------------------


def show_progress() -> int:
    from course.progress import progress  # brings torch in; the other commands do without

    print(progress())
    return 0


def reset(options: argparse.Namespace) -> int:
    """Put a lesson or an exercise back to what was released, and say where the learner's own is."""
    release = workspace.release_folder()
    if not release:
        raise WorkspaceError(
            N_(
                "This course was installed without its lessons, so there is nothing to start anew from. Fetch the "
                "assignment again in another folder, or set COURSE_RELEASE to a folder with the lessons as you got them."
            )
        )
    work = Path(options.dir).expanduser().resolve() if options.dir else workspace.work_folder()
    for done in workspace.reset(options.name, release, work):
        file = str(work / done.file)
        if done.backup:
            kept = str(work / done.backup)
            _tell(Say(N_("{file} is fresh again. Yours is kept: {backup}"), {"file": file, "backup": kept}))
            _tell(Say(N_("Is it open in JupyterLab? Then File → Reload Notebook from Disk.")))
        else:
            _tell(Say(N_("{file} is as it was handed out."), {"file": file}))
    return 0


# -- saying -------------------------------------------------------------------------------------------------------


def _tell(say: Say, stream: IO[str] | None = None) -> None:
    """Say it in each language of plain text, a line for each."""
    for line in dict.fromkeys(translate(say, language) for language in shown_languages()):
        print(line, file=stream or sys.stdout, flush=True)


def _help() -> None:
    for at, (command, does) in enumerate(USAGE):
        print("\n" * bool(at) + command)
        for language in shown_languages():
            print(f"    {translate(does, language)}")


def _version() -> str:
    try:
        return version("nn-linear-by-hand")
    except PackageNotFoundError:
        return "?"


if __name__ == "__main__":
    sys.exit(main())
