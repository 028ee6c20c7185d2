"""`autograder new` and `autograder build --watch`: a lesson that builds from the first minute, and what it still lacks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.build import BuildError, find_course
from autograder.new import TEMPLATE, new
from autograder.watch import stamps, untranslated
from tests.lessons import course_at
from tests.test_nbgrader import clone

LONG = 120.0  # seconds: a guard against hanging


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the course with a new lesson in it."""
    root = clone(tmp_path_factory.mktemp("new"))
    told = autograder(root, "new", "90_example")
    assert told.returncode == 0, told.stderr
    return root


def environment(root: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}


def autograder(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=root,
        env=environment(root),
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.slow
def test_a_new_lesson_builds_and_the_command_says_what_it_wrote(fresh: Path):
    built = autograder(fresh, "build", "90")
    assert (built.returncode, built.stdout) == (0, "built release/90_example\n"), built.stderr
    assert (fresh / "release" / "90_example" / "90_example.ipynb").is_file()


@pytest.mark.slow
def test_a_new_lesson_passes_the_mutation_suite_and_every_gate_of_the_catalogues(fresh: Path):
    tests = ("tests/test_mutations.py", "tests/test_gates.py", "-k", "-90 or catalog or message or unique")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests],
        cwd=fresh,
        env=environment(fresh),
        text=True,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout or "[100%]" in ran.stdout


@pytest.mark.slow
def test_a_missing_translation_is_told_with_file_line_and_language_while_a_lesson_is_written(fresh: Path):
    catalogue = fresh / "course" / "language" / "zh" / "lesson_90.po"
    whole = catalogue.read_text(encoding="utf-8")
    course = find_course(fresh)
    lesson = [fresh / "source" / "90_example" / "90_example.md"]
    assert list(untranslated(course, lesson)) == []
    try:
        catalogue.write_text(whole.replace("缩放每个特征", ""), encoding="utf-8")
        (told,) = map(str, untranslated(course, lesson))
        assert "lesson_90.po:" in told
        assert "'Scale every feature' is not translated; write its msgstr in zh" in told
    finally:
        catalogue.write_text(whole, encoding="utf-8")


@pytest.mark.slow
def test_watching_builds_again_at_a_change_and_says_where_a_language_is_missing(fresh: Path, tmp_path: Path):
    lesson = fresh / "source" / "90_example" / "90_example.md"
    whole = lesson.read_text(encoding="utf-8")
    log = tmp_path / "log"
    with log.open("w") as out:
        watching = subprocess.Popen(
            [sys.executable, "-m", "autograder", "build", "90", "--watch"],
            cwd=fresh,
            env=environment(fresh),
            stdout=out,
            stderr=out,
        )
    try:
        until(log, "watching", 1)
        assert "built release/90_example" in log.read_text()
        lesson.write_text(whole.replace('<div lang="en">\n\n## Summary', '<div lang="de">\n\n## Summary'), encoding="utf-8")
        until(log, "watching", 2)
        told = log.read_text().split("watching; Ctrl-C ends it", 1)[1]
        assert "90_example.md:" in told
        assert "en" in told
    finally:
        lesson.write_text(whole, encoding="utf-8")
        watching.terminate()
        watching.wait(LONG)


def until(log: Path, words: str, times: int) -> None:
    end = time.monotonic() + LONG
    while log.read_text().count(words) < times:
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def test_a_change_of_any_file_of_the_lesson_is_seen(tmp_path: Path):
    course = course_at(tmp_path, _08_tiny="---\n")
    lesson = course.source / "08_tiny" / "08_tiny.md"
    exercises = tmp_path / "course" / "exercises" / "lesson_08.py"
    exercises.parent.mkdir(parents=True)
    exercises.write_text("")
    before = stamps(course, [lesson])
    assert set(before) == {lesson, exercises}
    os.utime(exercises, ns=(1, 1))
    assert stamps(course, [lesson]) != before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("autograd", "two digits and words in small letters"),
        ("8_autograd", "two digits"),
        ("08_Autograd", "small letters"),
        ("08 autograd", "two digits"),
        ("01_another", "01_tiny has that number already"),
        ("07_free", "lesson_07.py is there already"),
    ],
)
def test_a_name_that_cannot_be_taken_is_answered_and_nothing_is_written(tmp_path: Path, name: str, words: str):
    course = course_at(tmp_path, _01_tiny="---\n")
    taken = tmp_path / "course" / "exercises" / "lesson_07.py"
    taken.parent.mkdir(parents=True)
    taken.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BuildError) as stop:
        new(course, name)
    assert words in str(stop.value)
    assert sorted(tmp_path.rglob("*")) == before
    assert taken.read_text() == "mine"


def test_every_file_of_the_template_is_written(tmp_path: Path):
    written = new(course_at(tmp_path), "08_autograd")
    assert len(written) == len(list(TEMPLATE.iterdir()))
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "NN" not in text
        assert "FOLDER" not in text
