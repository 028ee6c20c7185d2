"""Stock nbgrader with this course: generate on a fresh clone, formgrader's button, the exchange, autograde, validate.

Every lesson in source/ is tried without being told its name, with reference solutions read from its Markdown.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from autograder.lesson import find_lessons, read
from course.asking import ask
from course.exercise import Exercise, Mistake
from course.exercises import find
from course.judging import judge
from course.solutions import solutions
from tests.lessons import ROOT, TINY, quick, write

pytestmark = pytest.mark.slow

COURSE = "nn-linear-by-hand"
NAMES = [path.stem for path in find_lessons(ROOT / "source")]
Scores = dict[str, dict[str, dict[str, float]]]  # by lesson, by student, by exercise


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *person, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def clone(target: Path) -> Path:
    """What a fresh clone of this working tree would be: no notebook in source/, no gradebook, nothing ignored."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    git(target, "init", "-q")
    git(target, "add", "-A")
    git(target, "commit", "-q", "-m", "as it is")
    assert not list(target.glob("source/*/*.ipynb"))
    return target


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No settings, caches or progress of whoever runs the tests; and no PATH with alembic, as in a venv that is not activated."""
    aside = tmp_path_factory.mktemp("aside")
    ours = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "COURSE_STATE": "progress.jsonl",
    }
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != str(Path(sys.executable).parent))
    return os.environ | {name: str(aside / value) for name, value in ours.items()} | {"PATH": path, "PYTHONPATH": str(ROOT)}


Nbgrader = Callable[..., str]


@pytest.fixture(scope="module")
def nbgrader(environment: dict[str, str]) -> Nbgrader:
    """Runs commands, each (folder, *arguments), and gives what they said; `fails=True` where the last is to fail."""

    def run(*commands: tuple[Path | str, ...], fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.nbgrader_commands", json.dumps(commands, default=str)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=560,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    return run


def graded(thorough: bool) -> tuple[str, ...]:
    """The lessons that go the whole way."""
    return tuple(NAMES if thorough else quick(NAMES))


@pytest.fixture(scope="module")
def half(thorough: bool) -> tuple[str, ...]:
    """Every other lesson; test_nbgrader_odd.py runs these tests on the others, in a worker of its own."""
    return graded(thorough)[::2]


@pytest.fixture(scope="module")
def course(half: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, nbgrader: Nbgrader) -> Path:
    """A fresh clone in which stock nbgrader has generated half of the lessons."""
    folder = clone(tmp_path_factory.mktemp("clone"))
    nbgrader(*((folder, "generate_assignment", name) for name in half))
    return folder


# -- generate -------------------------------------------------------------------------------------------------------


def points(folder: Path) -> dict[str, dict[str, float]]:
    """The points in a course's gradebook, by assignment and cell."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db", COURSE) as gradebook:
        return {
            assignment.name: {cell.name: cell.max_score for notebook in assignment.notebooks for cell in notebook.grade_cells}
            for assignment in gradebook.assignments
        }


@cache
def written() -> dict[str, dict[str, float]]:
    """The points that the lessons' Markdown gives, by lesson and exercise."""
    return {
        path.stem: {cell.grade_id: float(cell.nbgrader["points"]) for cell in read(path).cells if cell.is_check}
        for path in find_lessons(ROOT / "source")
    }


def test_generate_assignment_on_a_fresh_clone_fills_the_gradebook_and_leaves_git_clean(half: tuple[str, ...], course: Path):
    assert points(course) == {name: written()[name] for name in half}
    assert git(course, "status", "--porcelain") == "", "run `autograder build` and commit release/"


def test_a_lesson_with_a_problem_is_refused_with_file_and_line_and_its_release_stays(tmp_path: Path, nbgrader: Nbgrader):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    write(tmp_path, "01_tiny", TINY)
    (tmp_path / "release/01_tiny").mkdir(parents=True)
    (tmp_path / "release/01_tiny/01_tiny.ipynb").write_text("{}", encoding="utf-8")
    said = nbgrader((tmp_path, "generate_assignment", "01_tiny"), fails=True)
    line = TINY.splitlines().index('check("double")') + 1
    assert f"01_tiny.md:{line}: the course has no exercise double; mend the id" in said
    assert (tmp_path / "release/01_tiny/01_tiny.ipynb").read_text(encoding="utf-8") == "{}"
    assert not (tmp_path / "gradebook.db").exists()


def test_an_edited_notebook_is_refused_and_kept(tmp_path: Path, nbgrader: Nbgrader):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    write(tmp_path, "01_tiny", TINY)
    nbgrader((tmp_path, "list", "--course", COURSE, f"--Exchange.root={tmp_path}"))  # any command converts
    notebook = tmp_path / "source/01_tiny/01_tiny.ipynb"
    edited = notebook.read_text(encoding="utf-8").replace("x = 3", "x = 33")
    notebook.write_text(edited, encoding="utf-8")
    said = nbgrader((tmp_path, "generate_assignment", "01_tiny"), fails=True)
    assert "the notebook was edited by hand" in said
    assert notebook.read_text(encoding="utf-8") == edited


def test_an_instructor_s_own_notebook_is_generated_as_nbgrader_does_it(tmp_path: Path, nbgrader: Nbgrader):
    """A course on another subject, in another language, without Markdown: our steps keep out of it."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    own = tmp_path / "source/99_own/own.ipynb"
    own.parent.mkdir(parents=True)
    kernel = {"kernelspec": {"display_name": "Mine", "language": "python", "name": "mine"}}
    cells = [{"cell_type": "markdown", "id": "one", "metadata": {}, "source": "# Words"}]
    own.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    nbgrader((tmp_path, "generate_assignment", "99_own"))
    released = json.loads((tmp_path / "release/99_own/own.ipynb").read_text(encoding="utf-8"))
    assert released["metadata"] == kernel
    assert released["cells"][0]["metadata"] == {}


def test_the_generate_button_of_formgrader_works_on_a_fresh_clone(tmp_path: Path, environment: dict[str, str]):
    folder = clone(tmp_path / "clone")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.jpserver_extensions": {"nbgrader.server_extensions.formgrader": True},
        "IdentityProvider.token": "t",
    }
    command = [sys.executable, "-m", "jupyter_server", *(f"--{name}={value}" for name, value in settings.items())]
    log = tmp_path / "log"
    with log.open("w") as said:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/formgrader/api"
        until = time.monotonic() + 120  # only against hanging
        while not answers(f"{address}/status"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        for name in NAMES[:2]:  # the button runs the command, which every lesson has gone through above
            answer = asked(f"{address}/assignment/{name}/assign", post=True)
            assert answer["success"], answer
    finally:
        server.terminate()
        server.wait(30)
    assert points(folder) == {name: written()[name] for name in NAMES[:2]}
    assert git(folder, "status", "--porcelain") == "", "run `autograder build` and commit release/"


def answers(address: str) -> bool:
    try:
        asked(address)
    except urllib.error.URLError:
        return False
    return True


def asked(address: str, *, post: bool = False) -> dict:
    request = urllib.request.Request(address, data=b"" if post else None, headers={"Authorization": "token t"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


# -- release, fetch, submit, collect, autograde ---------------------------------------------------------------------


def one_known_mistake(name: str) -> tuple[Exercise, Mistake | None]:
    """An exercise of a lesson and a mistake that earns nothing in it; None where the lesson knows of no mistake."""
    exercises = [find(cell) for cell in written()[name]]
    for exercise in reversed(exercises):
        for mistake in exercise.mistakes:
            if judge(exercise, ask(exercise, mistake.answer)).earned == 0:
                return exercise, mistake
    return exercises[0], None


def fill(notebook: Path, answers: dict[str, str]) -> None:
    """Write answers by exercise id into the answer cells of a learner's notebook."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        exercise = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
        if exercise in answers and cell["metadata"]["nbgrader"]["solution"]:
            cell["source"] = answers[exercise]
    notebook.chmod(0o644)
    notebook.write_text(json.dumps(content), encoding="utf-8")


STUDENTS = ("untouched", "solved", "mistaken")


def handed_in(student: str, half: tuple[str, ...]) -> tuple[str, ...]:
    """The lessons a student hands in. Untouched, one is enough: in tests/browser/test_lessons.py every lesson's earns nothing."""
    return half[:1] if student == "untouched" else half


def answers_of(name: str) -> dict[str, dict[str, str]]:
    """What each student of the tests puts in."""
    right = solutions((ROOT / f"source/{name}/{name}.md").read_text(encoding="utf-8"))
    exercise, mistake = one_known_mistake(name)
    wrong = f"def {exercise.entry}(*given):\n    return None\n"
    if mistake:
        at = exercise.mistakes.index(mistake)
        wrong = f"from course.exercises import find\n\n{exercise.entry} = find({exercise.id!r}).mistakes[{at}].answer\n"
    return {"untouched": {}, "solved": right, "mistaken": right | {exercise.id: wrong}}


@pytest.fixture(scope="module")
def scores(half: tuple[str, ...], course: Path, nbgrader: Nbgrader, tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """The grades of three students of half of the lessons, who fetched them and handed them in through the exchange."""
    from nbgrader.api import Gradebook

    exchange = tmp_path_factory.mktemp("exchange")
    exchange.chmod(0o777)
    there = [
        f"--Exchange.root={exchange}",
        f"--Exchange.cache={tmp_path_factory.mktemp('cache')}",
        f"--CourseDirectory.course_id={COURSE}",
    ]
    homes = {student: tmp_path_factory.mktemp(student) for student in STUDENTS}
    nbgrader(
        *((course, "release_assignment", lesson, *there) for lesson in half),
        *((homes[who], "fetch_assignment", lesson, *there) for who in STUDENTS for lesson in handed_in(who, half)),
    )
    answers = {lesson: answers_of(lesson) for lesson in half}
    for student, home in homes.items():
        for lesson in handed_in(student, half):
            fill(home / lesson / f"{lesson}.ipynb", answers[lesson][student])
    nbgrader(
        *(
            (home, "submit", lesson, f"--CourseDirectory.student_id={who}", *there)
            for who, home in homes.items()
            for lesson in handed_in(who, half)
        ),
        *((course, "collect", lesson, *there) for lesson in half),
        *((course, "autograde", lesson) for lesson in half),
    )
    with Gradebook(f"sqlite:///{course}/gradebook.db", COURSE) as gradebook:
        found: Scores = {}
        for lesson in half:
            found[lesson] = {}
            for submission in gradebook.assignment_submissions(lesson):
                grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
                assert not any(grade.needs_manual_grade for grade in grades)
                found[lesson][submission.student.id] = {grade.name: grade.auto_score for grade in grades}
    return found


def test_an_untouched_notebook_earns_nothing(half: tuple[str, ...], scores: Scores):
    first = half[0]
    assert scores[first]["untouched"] == dict.fromkeys(written()[first], 0)


def test_the_reference_solutions_earn_all_points(half: tuple[str, ...], scores: Scores):
    assert {lesson: scores[lesson]["solved"] for lesson in half} == {lesson: written()[lesson] for lesson in half}


def test_one_known_mistake_costs_its_own_points_only(half: tuple[str, ...], scores: Scores):
    for lesson in half:
        exercise, _ = one_known_mistake(lesson)
        assert scores[lesson]["mistaken"] == written()[lesson] | {exercise.id: 0}, lesson


def test_grading_leaves_git_clean(course: Path, scores: Scores):
    assert git(course, "status", "--porcelain") == ""


# -- validate -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validated(
    half: tuple[str, ...], course: Path, nbgrader: Nbgrader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What validate says of a mistaken notebook of the first and of the last lesson in the learner's folder of a clone, and, as
    "solved", of a solved one of the first lesson that lies elsewhere."""
    elsewhere, first = tmp_path_factory.mktemp("elsewhere"), half[0]
    mistaken = tuple(dict.fromkeys((half[0], half[-1])))
    for folder, lesson, answers in (
        *((course / "work", lesson, "mistaken") for lesson in mistaken),
        (elsewhere, first, "solved"),
    ):
        shutil.copytree(course / "release" / lesson, folder / lesson)
        fill(folder / lesson / f"{lesson}.ipynb", answers_of(lesson)[answers])
    said = nbgrader(
        *((course, "validate", f"work/{lesson}/{lesson}.ipynb") for lesson in mistaken),
        (elsewhere / first, "validate", f"{first}.ipynb"),
    )
    _, *each = said.split("$ nbgrader validate")
    return dict(zip((*mistaken, "solved"), each, strict=True))


def test_validate_fails_exactly_the_cells_below_full_points_and_prints_their_mistakes(
    half: tuple[str, ...], validated: dict[str, str]
):
    for lesson in (half[0], half[-1]):
        exercise, mistake = one_known_mistake(lesson)
        said = validated[lesson]
        assert failed(said) == {exercise.id}
        assert "Partial credit" not in said, said
        if mistake:
            assert words(mistake.message) in " ".join(said.split()), said


def test_validate_passes_a_solved_notebook_wherever_it_lies(validated: dict[str, str]):
    assert "Success! Your notebook passes all the tests." in validated["solved"]
    assert failed(validated["solved"]) == set()


def failed(said: str) -> set[str]:
    return set(re.findall(r'The following cell failed:\s+check\("([a-z0-9-]+)"\)', said))


def words(message: str) -> str:
    """The first words of a message, up to a field or mark: what is the same in its plain text, however its lines are broken."""
    return re.split(r"[{*`]", message)[0].strip()
