"""The house: what the README promises about installing, and what a class's wheel must not hold."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from course import cli
from course.solutions import all_solutions

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
READMES = ("README.md", "README.ru.md", "README.zh.md")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


def constraints():
    """The pinned versions by canonical name."""
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, version = re.fullmatch(r"([\w.-]+)==([\w.]+)", line).groups()  # no label, no address, no option
            assert canonicalize_name(name) not in pinned
            pinned[canonicalize_name(name)] = version
    return pinned


def installed():
    """The packages of this environment; those that setuptools carries within itself are not among them."""
    return importlib.metadata.distributions(path=[sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])


# -- versions -----------------------------------------------------------------------------------------------------


def test_every_requirement_is_pinned_to_a_version_that_it_allows():
    pinned = constraints()
    wanted = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_torch_is_pinned_without_a_local_label_so_that_the_cpu_build_satisfies_it():
    assert re.fullmatch(r"[\d.]+", constraints()["torch"])


def test_no_pinned_version_needs_a_newer_python_than_the_course_promises():
    """Debian 12 has Python 3.11.2: a version that wants 3.11.5 would stop `make lab` there, and nowhere else."""
    pinned = constraints()
    too_new = [
        f"{one.name} {one.version} wants Python {wants}"
        for one in installed()
        if pinned.get(canonicalize_name(one.name)) == one.version
        and (wants := one.metadata["Requires-Python"])
        and not SpecifierSet(wants).contains("3.11.0")
    ]
    assert too_new == []


def test_what_is_tested_is_what_is_pinned():
    """Else the other tests here would say nothing of a package that was installed at another version."""
    pinned = constraints()
    apart = {
        one.name: (one.version, pinned[canonicalize_name(one.name)])
        for one in installed()
        if canonicalize_name(one.name) in pinned and Version(one.version).public != pinned[canonicalize_name(one.name)]
    }
    assert apart == {}


def test_no_server_and_no_nbgrader_command_waits_for_grammars():
    """jsonschema 4.25 and later import rfc3987-syntax, which builds 39 grammars: half of nbgrader's start."""
    asked = "import sys, nbformat; sys.exit('rfc3987_syntax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked]).returncode == 0


# -- environment.yml ----------------------------------------------------------------------------------------------


def pip_part():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [one["pip"] for one in dependencies if isinstance(one, dict)]
    return dependencies, pip


def test_conda_gets_python_pip_and_this_repository_and_no_second_list():
    dependencies, pip = pip_part()
    assert [one for one in dependencies if isinstance(one, str)] == ["python=3.11", "pip"]
    assert pip == ["-c constraints.txt", "-e ."]


@pytest.mark.slow
def test_the_pip_part_of_environment_yml_installs_the_course(tmp_path):
    """As conda runs it: a requirements file in the folder of environment.yml. Offline: what it needs lies in this environment."""
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "LICENSE-text", "course", "autograder"):
        whole = ROOT / name
        copy = tmp_path / "clone" / name
        copy.parent.mkdir(exist_ok=True)
        shutil.copytree(whole, copy) if whole.is_dir() else shutil.copy(whole, copy)
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # The new environment sees this one's packages, but not its editable links. Its own old setuptools would hide a newer one.
    subprocess.run([python, "-m", "pip", "uninstall", "-qy", "setuptools"], check=True, capture_output=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True
    ).stdout.strip()
    (Path(site) / "what-the-tests-have.pth").write_text(sysconfig.get_path("purelib"))
    (tmp_path / "clone" / "pip-part.txt").write_text("\n".join(pip_part()[1]))
    done = subprocess.run(
        [python, "-m", "pip", "install", "--no-index", "--no-build-isolation", "-r", "pip-part.txt"],
        cwd=tmp_path / "clone",
        env={**os.environ, "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    course = python.with_name("course.exe" if os.name == "nt" else "course")
    said = subprocess.run([course, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == f"course {PROJECT['version']}\n"
    where = subprocess.run(
        [python, "-c", "import course; print(course.__file__)"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert Path(where.strip()).is_relative_to(tmp_path / "clone")


# -- the wheel ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel's files: text by name."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


@pytest.mark.slow
def test_the_wheel_holds_the_two_packages_and_the_lab_extension_and_nothing_else(wheel):
    data = f"nn_linear_by_hand-{PROJECT['version']}.data/data/share/jupyter/labextensions/nn-linear-by-hand/"
    tops = {name.split("/")[0] if not name.startswith(data) else data for name in wheel}
    assert tops == {"course", "autograder", data, f"nn_linear_by_hand-{PROJECT['version']}.dist-info"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.py", "*.po", "*.js", "*.css", "*.json"])
def test_no_file_of_the_packages_is_missing_in_the_wheel(wheel, kind):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("course", "autograder")
        for path in (ROOT / package).rglob(kind)
        if not {"labextension", "template"} & set(path.parts)  # the pattern of a new lesson is for a clone only
    }
    assert wanted <= set(wheel)
    for path in (ROOT / "course" / "labextension").rglob(kind):
        inside = path.relative_to(ROOT / "course" / "labextension").as_posix()
        data = f"nn_linear_by_hand-{PROJECT['version']}.data/data/share/jupyter/labextensions/nn-linear-by-hand/{inside}"
        assert wheel[data] == path.read_text(encoding="utf-8")


def bodies(source):
    """What a solution adds to its stub: the statements of each function, without docstring, as lines without indentation."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield "\n".join(ast.unparse(statement) for statement in body)


def held_code(text, *, python):
    """Every piece of Python in a file: its functions' bodies, and those in its strings."""
    if not python:
        return set()
    found = set(bodies(text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "return" in node.value:
            try:
                found |= set(bodies(node.value))
            except SyntaxError:
                continue
    return found


@cache
def given():
    """The bodies that every student is given in an answer cell, such as the __init__ of a class to be completed."""
    return {
        body
        for path in ROOT.glob("release/*/*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").endswith("-answer")
        for body in bodies("".join(cell["source"]))
    }


def leaks(files, solutions):
    """The files that hold the whole body of a solution, with the exercise's id."""
    wanted = {body: id_ for id_, source in solutions.items() for body in bodies(source) if body not in given()}
    return [
        (name, wanted[body])
        for name, text in files.items()
        for body in held_code(text, python=name.endswith(".py"))
        if body in wanted
    ]


def test_a_solution_that_was_left_in_a_package_is_found():
    solution = {"linear-batch": 'def linear(x, W, b):\n    """shapes"""\n    return x @ W.T + b\n'}
    files = {
        "a.py": "def anything(x, W, b):\n    return x @ W.T + b",
        "b.py": "RIGHT = 'def linear(x, W, b):\\n    return x@W.T+b'",
        "c.py": "def mistake(x, W, b):\n    return x @ W.T",
    }
    assert leaks(files, solution) == [("a.py", "linear-batch"), ("b.py", "linear-batch")]


@pytest.mark.slow
def test_no_solution_is_in_the_wheel_that_students_get(wheel):
    solutions = all_solutions()
    assert solutions, "source/ holds no solutions: this test would prove nothing"
    assert leaks(wheel, solutions) == []
    marked = [name for name, text in wheel.items() if re.search(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN)", text, re.MULTILINE)]
    assert marked == []


# -- make ---------------------------------------------------------------------------------------------------------


def make(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "TORCH_INDEX"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@needs_make
def test_an_older_python_is_refused_in_three_languages(tmp_path):
    old = script(tmp_path / "old-python", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = make("install", f"PYTHON={old}", f"VENV={tmp_path / 'env'}")
    assert done.returncode != 0
    assert done.stdout.count("Python 3.9.2") == 3
    assert "PYTHON=/path/to/python3.11" in done.stdout
    assert not (tmp_path / "env").exists()


@needs_make
def test_no_python_at_all_is_said(tmp_path):
    done = make("install", "PYTHON=", f"VENV={tmp_path / 'env'}")
    assert done.returncode != 0
    assert done.stdout.count("PYTHON=/path/to/python3.11") == 3


@needs_make
def test_a_python_without_venv_names_the_package_that_brings_it(tmp_path):
    bare = script(tmp_path / "bare-python", 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    done = make("install", f"PYTHON={bare}", f"VENV={tmp_path / 'env'}")
    assert done.returncode != 0
    assert done.stdout.count("python3-venv") == 3


@needs_make
def test_torch_comes_first_and_alone_from_the_index_that_is_named(tmp_path):
    env = tmp_path / "env"
    plain = make("-n", "install", f"VENV={env}", f"PYTHON={sys.executable}").stdout
    assert "--index-url" not in plain
    installs = [
        line
        for line in make("-n", "install", f"VENV={env}", "TORCH_INDEX=file:///wheels").stdout.splitlines()
        if "pip install" in line and "--upgrade pip" not in line
    ]
    assert len(installs) == 2
    assert "--no-deps" in installs[0]
    assert '--index-url "file:///wheels"' in installs[0]
    assert installs[0].endswith(" torch")
    assert "--index-url" not in installs[1]


# -- README -------------------------------------------------------------------------------------------------------


def blocks(text):
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def headings(text):
    return re.findall(r"^#+ ", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)


@pytest.mark.parametrize("name", READMES[1:])
def test_the_three_readmes_have_the_same_sections_and_commands(name):
    english, other = ((ROOT / one).read_text(encoding="utf-8") for one in (READMES[0], name))
    assert headings(other) == headings(english)
    assert blocks(other) == blocks(english)
    assert sorted(re.findall(r"\d+(?:\.\d+)?", prose(other))) == sorted(re.findall(r"\d+(?:\.\d+)?", prose(english)))


def prose(text):
    """The text without its code, in which the three differ."""
    return re.sub(r"^```.*?^```|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    code = "\n".join((*blocks(text), *re.findall(r"`([^`\n]+)`", text)))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z][a-z-]*)", code)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    usage = "\n".join(command for command, _ in cli.USAGE)
    for command in set(re.findall(r"\bcourse ((?:lab|progress|reset)\b)", code)):
        assert f"course {command}" in usage
    for option in set(re.findall(r"\bcourse lab .*?(--[a-z-]+)", code)):
        assert option in usage
    for file in set(re.findall(r"\]\(([^)#:]+)\)", text)):
        assert (ROOT / file).exists(), file
