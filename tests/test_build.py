"""source → notebook → release: the same bytes twice, nothing lost, nothing leaked, and an error that says what to do."""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbgrader.api
import pytest

from autograder import build as building
from autograder.build import BuildError, Course, build, check, choose, find_course, orphans
from autograder.cli import main
from autograder.lesson import find_lessons, notebook_text, read
from autograder.notebooks import bring_up_to_date
from course.exercises import all_exercises
from tests.lessons import ROOT, TINY, course_at, find, of_exercise, write

LESSONS = find_lessons(ROOT / "source")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below *folder* by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(autouse=True, scope="module")
def _alembic_is_asked_once():
    """A new gradebook asks the alembic command for its version, a second each time: one answer serves all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", functools.cache(nbgrader.api.get_alembic_version))
        yield


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return course_at(tmp_path / "course", _01_tiny=TINY)


def edit(course: Course, old: str, new: str, name: str = "01_tiny") -> Path:
    path = course.source / name / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def built(course: Course) -> Course:
    build(course, find_lessons(course.source), find)
    return course


def cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


# -- the course's own release ---------------------------------------------------------------------------------------


def test_release_equals_a_fresh_build():
    told = [*check(Course(ROOT), LESSONS), *map(str, orphans(Course(ROOT)))]
    assert not told, f"run `autograder build` and commit release/: {told}"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_line_of_a_solution_and_no_authoring_file_reaches_release(path: Path):
    lesson = read(path)
    shown, hidden, inside = set(), set(), False
    for line in lesson.text.splitlines():
        inside = (inside or "BEGIN SOLUTION" in line) and "END SOLUTION" not in line
        (hidden if inside else shown).add(line.strip())
    released = {line.strip() for cell in cells(ROOT / "release" / path.stem / f"{path.stem}.ipynb") for line in cell.splitlines()}
    assert not released & (hidden - shown - {""})
    assert "SOLUTION" not in "\n".join(released)
    files = {file.name for file in (ROOT / "release" / path.stem).rglob("*")}
    assert not {name for name in files if name.endswith((".md", ".py", ".db"))}


# -- the notebook beside the Markdown -------------------------------------------------------------------------------


def test_two_conversions_give_the_same_bytes_with_ids_of_their_own(course: Course):
    lesson = read(course.source / "01_tiny/01_tiny.md")
    assert notebook_text(lesson) == notebook_text(read(lesson.path))
    ids = [cell["id"] for cell in json.loads(notebook_text(lesson))["cells"]]
    assert ids == ["markdown-001", "code-001", "double-answer", "double"]


def test_a_notebook_is_written_when_missing_or_stale_and_left_alone_when_not(course: Course):
    notebook = course.source / "01_tiny/01_tiny.ipynb"
    assert bring_up_to_date(course.root).written == (notebook,)
    before = notebook.stat()
    assert bring_up_to_date(course.root).written == ()
    assert notebook.stat() == before
    edit(course, "x = 3", "x = 4")
    assert bring_up_to_date(course.root).written == (notebook,)
    assert "x = 4" in notebook.read_text(encoding="utf-8")


def test_a_touched_file_with_the_same_text_is_not_stale(course: Course):
    bring_up_to_date(course.root)
    os.utime(course.source / "01_tiny/01_tiny.md")
    assert bring_up_to_date(course.root).written == ()


@pytest.mark.parametrize("record", ["kept", "lost", "cut off"])
def test_a_notebook_edited_by_hand_is_never_overwritten(course: Course, record: str):
    bring_up_to_date(course.root)
    notebook = course.source / "01_tiny/01_tiny.ipynb"
    edited = notebook.read_text(encoding="utf-8").replace("x = 3", "x = 33")
    notebook.write_text(edited, encoding="utf-8")
    kept = course.root / ".build/notebooks.json"
    if record == "lost":
        kept.unlink()
    if record == "cut off":
        kept.write_text(kept.read_text(encoding="utf-8")[:20], encoding="utf-8")
    edit(course, "x = 3", "x = 4")
    (problem,) = bring_up_to_date(course.root).problems
    assert notebook.read_text(encoding="utf-8") == edited
    assert "edited by hand" in problem.wrong
    for way in ("jupytext --to md:myst --output", "delete the .ipynb", "move them into 01_tiny.md"):
        assert way in problem.todo
    with pytest.raises(BuildError, match="edited by hand"):
        built(course)


def test_the_way_out_that_is_named_for_an_edited_notebook_works(course: Course):
    bring_up_to_date(course.root)
    notebook = course.source / "01_tiny/01_tiny.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8").replace("x = 3", "x = 33"), encoding="utf-8")
    (problem,) = bring_up_to_date(course.root).problems
    command = problem.todo.split("`")[1].split()
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    assert bring_up_to_date(course.root).problems == ()
    built(course)
    assert "x = 33" in cells(course.release / "01_tiny/01_tiny.ipynb")[1]


def test_a_notebook_that_was_only_run_counts_as_built_and_gives_the_same_release(course: Course):
    before = tree(built(course).release)
    notebook = course.source / "01_tiny/01_tiny.ipynb"
    run = json.loads(notebook.read_text(encoding="utf-8"))
    run["metadata"] |= {"language_info": {"name": "python", "version": "3.99"}, "widgets": {}}
    run["cells"][1] |= {
        "execution_count": 1,
        "outputs": [{"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "6"}, "metadata": {}}],
        "metadata": {"trusted": True, "execution": {"iopub.status.busy": "2026"}},
    }
    notebook.write_text(json.dumps(run), encoding="utf-8")
    assert bring_up_to_date(course.root) == bring_up_to_date(course.root)
    assert json.loads(notebook.read_text(encoding="utf-8")) == run
    assert tree(built(course).release) == before
    edit(course, "x = 3", "x = 4")
    assert bring_up_to_date(course.root).written == (notebook,)


def test_two_processes_at_once_write_the_notebook_once(course: Course):
    code = (
        "import sys; from pathlib import Path; from autograder.notebooks import bring_up_to_date;"
        "print(len(bring_up_to_date(Path(sys.argv[1])).written))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(course.root)], stdout=subprocess.PIPE, cwd=ROOT, text=True)
        for _ in range(3)
    ]
    assert sorted(process.communicate()[0].strip() for process in running) == ["0", "0", "1"]


def test_a_lesson_that_cannot_be_read_keeps_the_notebook_it_has(course: Course):
    bring_up_to_date(course.root)
    before = (course.source / "01_tiny/01_tiny.ipynb").read_bytes()
    path = edit(course, "  grade: true\n", "  grade: [true\n")
    (problem,) = bring_up_to_date(course.root).problems
    assert problem.path == path
    assert (course.source / "01_tiny/01_tiny.ipynb").read_bytes() == before


def test_the_configuration_of_nbgrader_imports_no_torch_and_never_fails(course: Course):
    """nbgrader runs it at every command, and goes on without any setting, `ignore` included, when it raises."""
    edit(course, "  grade: true\n", "  grade: [true\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from traitlets.config import Config; c = Config();"
        "text = open(sys.argv[2] + '/nbgrader_config.py').read();"
        "exec(compile(text, 'config', 'exec'), {'get_config': lambda: c, '__file__': sys.argv[2] + '/nbgrader_config.py'});"
        "print('torch' in sys.modules, '*.md' in c.CourseDirectory.ignore)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT), str(course.root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"
    assert done.stderr.count("mend the cell's YAML header") == 1


# -- the build ------------------------------------------------------------------------------------------------------


def test_two_builds_are_equal_byte_for_byte(course: Course):
    first = tree(built(course).release)
    shutil.rmtree(course.release)
    for left in (course.root / "gradebook.db", course.source / "01_tiny/01_tiny.ipynb", course.root / ".build/notebooks.json"):
        left.unlink()
    assert tree(built(course).release) == first
    assert list(first) == ["01_tiny/01_tiny.ipynb"]


def test_a_release_holds_stubs_locked_prose_and_open_demonstrations(course: Course):
    notebook = json.loads((built(course).release / "01_tiny/01_tiny.ipynb").read_text(encoding="utf-8"))
    prose, demonstration, answer, check_cell = notebook["cells"]
    assert prose["metadata"] == {"editable": False, "deletable": False}
    assert demonstration["metadata"] == {}
    assert "".join(answer["source"]) == 'def double(x):\n    """x: () → ()"""\n    raise NotImplementedError'
    assert answer["metadata"].get("editable", True)
    assert check_cell["metadata"]["editable"] is False
    assert "language_info" in notebook["metadata"]
    assert "version" not in notebook["metadata"]["language_info"]


def test_other_files_of_a_lesson_go_with_it_and_hidden_ones_do_not(course: Course):
    for name in ("digits.csv", "notes.md", ".draft"):
        (course.source / "01_tiny" / name).write_text("1\n", encoding="utf-8")
    assert set(tree(built(course).release)) == {"01_tiny/01_tiny.ipynb", "01_tiny/digits.csv"}
    assert check(course, find_lessons(course.source), find) == []


def test_a_problem_in_one_lesson_stops_the_build_of_all_before_anything_is_changed(course: Course):
    before = tree(built(course).root)
    write(course.root, "02_broken", TINY.replace("points: 2", "points: 9"))
    edit(course, "x = 3", "x = 4")
    with pytest.raises(BuildError) as stopped:
        built(course)
    (line,) = stopped.value.lines
    assert line.startswith(f"{course.source}/02_broken/02_broken.md:")
    assert "double gives 9 points here and 2 in course/exercises/; make the two agree" in line
    after = tree(course.root)
    assert {name: after[name] for name in before if not name.endswith("01_tiny.md")} == {
        name: text for name, text in before.items() if not name.endswith("01_tiny.md")
    }


def test_a_build_that_is_cut_off_leaves_the_old_release(course: Course, monkeypatch: pytest.MonkeyPatch):
    before = tree(built(course).release)
    edit(course, "x = 3", "x = 4")
    generate = building._generate

    def stop(*given, gradebook: bool):
        if gradebook:
            raise KeyboardInterrupt
        generate(*given, gradebook=gradebook)

    monkeypatch.setattr(building, "_generate", stop)
    with pytest.raises(KeyboardInterrupt):
        built(course)
    assert tree(course.release) == before
    assert [path.name for path in (course.root / ".build").iterdir() if path.is_dir()] == []


def test_a_swap_that_fails_puts_the_old_release_back(course: Course, monkeypatch: pytest.MonkeyPatch):
    before = tree(built(course).release)
    edit(course, "x = 3", "x = 4")
    replace = os.replace

    def fail(source: Path, target: Path):
        if Path(target) == course.release / "01_tiny" and "old" not in Path(source).parts:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        built(course)
    assert tree(course.release) == before


@pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own, while it adds a submission
def test_nbgrader_s_refusal_is_told_and_leaves_the_old_release(course: Course):
    """With submissions in the gradebook nbgrader lets nobody take a cell away: its own words reach the instructor."""
    from nbgrader.api import Gradebook

    before = tree(built(course).release)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "nn-linear-by-hand") as gradebook:
        gradebook.add_student("ann")
        gradebook.add_submission("01_tiny", "ann")
    edit(course, "double", "tripled")
    edit(course, "points: 2", "points: 3")
    with pytest.raises(BuildError, match="there are submissions associated with it"):
        built(course)
    assert tree(course.release) == before


def test_check_finds_what_differs_and_changes_nothing(course: Course):
    lessons = find_lessons(course.source)
    assert check(course, lessons, find) == ["release/01_tiny/01_tiny.ipynb is missing"]
    assert not (course.root / "gradebook.db").exists()
    assert not (course.source / "01_tiny/01_tiny.ipynb").exists()
    built(course)
    assert check(course, lessons, find) == []
    edit(course, "x = 3", "x = 4")
    (course.release / "01_tiny/left.csv").write_text("1\n", encoding="utf-8")
    before = tree(course.root)
    assert check(course, lessons, find) == ["release/01_tiny/01_tiny.ipynb differs", "release/01_tiny/left.csv is left over"]
    assert tree(course.root) == before


def test_a_folder_in_release_without_a_lesson_is_told(course: Course):
    (course.release / "07_gone").mkdir(parents=True)
    assert orphans(course) == [course.release / "07_gone"]


# -- the gradebook --------------------------------------------------------------------------------------------------


def rows(gradebook: Path) -> dict[str, list[tuple]]:
    """All that a gradebook says, without nbgrader's random ids."""
    queries = {
        "assignments": "select name, course_id from assignment",
        "notebooks": "select name, kernelspec from notebook",
        "cells": "select base_cell.name, base_cell.type, notebook.name from base_cell join notebook on notebook_id = notebook.id",
        "points": "select base_cell.name, max_score, cell_type from grade_cells join base_cell on base_cell.id = grade_cells.id",
        "sources": "select base_cell.name, cell_type, source, checksum, locked "
        "from source_cell join base_cell on base_cell.id = source_cell.id",
        "version": "select version_num from alembic_version",
    }
    with sqlite3.connect(gradebook) as connection:
        return {name: sorted(connection.execute(query)) for name, query in queries.items()}


@pytest.mark.slow
def test_the_gradebook_is_filled_as_nbgrader_generate_assignment_fills_it(tmp_path: Path):
    text = of_exercise(all_exercises()[0])
    ours, theirs = (course_at(tmp_path / name, _01_tiny=text) for name in ("ours", "theirs"))
    build(ours, find_lessons(ours.source))
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "01_tiny"], cwd=theirs.root, check=True, capture_output=True
    )
    assert rows(ours.root / "gradebook.db") == rows(theirs.root / "gradebook.db")
    assert tree(ours.release) == tree(theirs.release)
    assert rows(ours.root / "gradebook.db")["points"] == [(all_exercises()[0].id, float(all_exercises()[0].points), "code")]


def test_a_second_build_keeps_the_gradebook_s_students(course: Course):
    from nbgrader.api import Gradebook

    built(course)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "nn-linear-by-hand") as gradebook:
        gradebook.add_student("ann")
    edit(course, "x = 3", "x = 4")
    built(course)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "nn-linear-by-hand") as gradebook:
        assert [student.id for student in gradebook.students] == ["ann"]


# -- the command ----------------------------------------------------------------------------------------------------


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.chdir(folder)
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command looks exercises up in the course; the tests' own stand there."""
    monkeypatch.setattr("course.exercises.find", find)


@pytest.mark.usefixtures("known")
def test_the_command_builds_and_checks_from_anywhere_in_the_course(course: Course, monkeypatch, capsys):
    assert run(monkeypatch, capsys, course.source, "build", "01")[:2] == (0, f"built {course.release}/01_tiny\n")
    assert run(monkeypatch, capsys, course.root, "build")[:2] == (0, "built release/01_tiny\n")
    assert run(monkeypatch, capsys, course.root, "build", "--check")[:2] == (0, "release/ equals a fresh build of 1 lesson\n")


@pytest.mark.usefixtures("known")
def test_the_command_says_what_to_run_where_release_is_stale(course: Course, monkeypatch, capsys):
    built(course)
    edit(course, "x = 3", "x = 4")
    code, out, error = run(monkeypatch, capsys, course.root, "build", "--check")
    assert (code, out) == (1, "")
    assert error.splitlines() == [
        "release/01_tiny/01_tiny.ipynb differs",
        "release/ is not what source/ gives; run: autograder build 01_tiny",
    ]


@pytest.mark.usefixtures("known")
def test_the_command_tells_of_a_folder_without_a_lesson(course: Course, monkeypatch, capsys):
    built(course)
    (course.release / "07_gone").mkdir()
    code, _, error = run(monkeypatch, capsys, course.root, "build", "--check")
    assert code == 1
    assert "release/07_gone has no folder in source/; delete it, or bring its lesson back" in error


@pytest.mark.usefixtures("known")
def test_the_command_shows_every_problem_with_file_and_line(course: Course, monkeypatch, capsys):
    edit(course, "points: 2", "points: 9")
    line = TINY.splitlines().index('check("double")') + 1
    code, out, error = run(monkeypatch, capsys, course.root, "build")
    assert (code, out) == (1, "")
    assert (
        error == f"source/01_tiny/01_tiny.md:{line}: double gives 9 points here and 2 in course/exercises/; make the two agree\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "09"], "there is no lesson 09; there are 01_tiny"),
        (["build", "01_tiny", "nonsense"], "there is no lesson nonsense"),
    ],
)
def test_the_command_answers_an_unknown_lesson(course: Course, monkeypatch, capsys, arguments: list[str], message: str):
    code, _, error = run(monkeypatch, capsys, course.root, *arguments)
    assert code == 1
    assert message in error


def test_the_command_answers_outside_a_course_and_in_an_empty_one(tmp_path: Path, monkeypatch, capsys):
    code, _, error = run(monkeypatch, capsys, tmp_path, "build")
    assert code == 1
    assert "is in no course" in error
    code, _, error = run(monkeypatch, capsys, course_at(tmp_path / "empty").root, "build")
    assert code == 1
    assert "holds no lesson; a lesson is source/NN_name/NN_name.md" in error


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["build", "--nonsense"]])
def test_the_command_answers_a_wrong_call_with_its_usage(arguments: list[str], capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: autograder" in capsys.readouterr().err


def test_a_lesson_is_chosen_by_name_number_or_path(course: Course):
    write(course.root, "02_more", TINY)
    one, two = find_lessons(course.source)
    assert choose(course, []) == [one, two]
    assert choose(course, ["02"]) == choose(course, ["02_more"]) == choose(course, ["source/02_more"]) == [two]
    assert choose(course, ["02", "02_more"]) == [two]
    assert find_course(one.parent) == course
