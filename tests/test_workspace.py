"""The learner's copy: filled and updated without ever overwriting work, reset with a copy kept."""

import json
import os
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from course import workspace
from course.workspace import What, WorkspaceError, fill, reset

NOW = datetime(2026, 3, 4, 5, 6, 7)
NOTEBOOK = Path("01_one_neuron/01_one_neuron.ipynb")


def notebook(*cells):
    """A notebook's text: each cell is a source, or a pair (source, grade_id)."""
    made = nbformat.v4.new_notebook()
    for at, cell in enumerate(cells):
        source, grade_id = cell if isinstance(cell, tuple) else (cell, "")
        one = nbformat.v4.new_code_cell(source, id=f"{grade_id}-{at}")
        if grade_id:
            one.metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3}
        made.cells.append(one)
    return nbformat.writes(made) + "\n"


STUB = notebook("import torch", ("def z(): ...", "one-neuron-answer"), ("check('one-neuron')", "one-neuron"), "# the end")


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    for path, text in {
        "00_welcome/00_welcome.ipynb": notebook("1 + 1"),
        str(NOTEBOOK): STUB,
        "01_one_neuron/pictures/layer.txt": "o-o",
        "01_one_neuron/.ipynb_checkpoints/01_one_neuron-checkpoint.ipynb": STUB,
        "notes/readme.txt": "no lesson",
    }.items():
        write(folder / path, text)
    return folder


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def what(changes):
    return {change.file.as_posix(): change.what for change in changes}


def sources(path):
    return [cell["source"] for cell in nbformat.read(path, as_version=4).cells]


# -- filling ------------------------------------------------------------------------------------------------------


def test_an_empty_folder_gets_every_lesson_and_nothing_else(release, work):
    changes = fill(release, work)
    assert files(work) == [
        ".course/copied.json",
        "00_welcome/00_welcome.ipynb",
        "01_one_neuron/01_one_neuron.ipynb",
        "01_one_neuron/pictures/layer.txt",
    ]
    assert set(what(changes).values()) == {What.NEW}
    assert (work / NOTEBOOK).read_bytes() == (release / NOTEBOOK).read_bytes()


def test_filling_again_changes_nothing(release, work):
    fill(release, work)
    before = {name: (work / name).stat().st_mtime_ns for name in files(work)}
    assert set(what(fill(release, work)).values()) == {What.SAME}
    assert {name: (work / name).stat().st_mtime_ns for name in files(work)} == before


def test_work_is_never_overwritten_and_an_unchanged_lesson_says_nothing(release, work):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.SAME
    assert (work / NOTEBOOK).read_text() == "mine"


def test_a_lesson_that_changed_under_work_is_kept_and_said_every_time(release, work):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    write(release / NOTEBOOK, notebook("new"))
    for _ in range(2):
        assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.KEPT
        assert (work / NOTEBOOK).read_text() == "mine"


def test_an_untouched_old_copy_is_updated(release, work):
    fill(release, work)
    write(release / NOTEBOOK, notebook("new"))
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.UPDATED
    assert sources(work / NOTEBOOK) == ["new"]
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.SAME


def test_a_new_lesson_and_a_deleted_file_come_again(release, work):
    fill(release, work)
    write(release / "02_batch/02_batch.ipynb", notebook("two"))
    (work / NOTEBOOK).unlink()
    new = [name for name, one in what(fill(release, work)).items() if one is What.NEW]
    assert new == [NOTEBOOK.as_posix(), "02_batch/02_batch.ipynb"]


def test_files_of_the_learners_own_stay(release, work):
    write(work / "01_one_neuron/notes.md", "mine")
    fill(release, work)
    assert (work / "01_one_neuron/notes.md").read_text() == "mine"


@pytest.mark.parametrize("record", [None, "", "{", "[]", '{"01_one_neuron/01_one_neuron.ipynb": 3}', "\x00"])
def test_without_a_record_what_is_there_counts_as_work(release, work, record):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    (work / workspace.RECORD).unlink()
    if record is not None:
        write(work / workspace.RECORD, record)
    fill(release, work)
    write(release / NOTEBOOK, notebook("new"))
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.KEPT
    assert (work / NOTEBOOK).read_text() == "mine"


def test_stopped_before_a_file_is_in_place_leaves_the_old_one_whole(release, work, monkeypatch):
    fill(release, work)
    old = (work / NOTEBOOK).read_bytes()
    write(release / NOTEBOOK, notebook("new"))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            fill(release, work)
    assert (work / NOTEBOOK).read_bytes() == old
    assert not list(work.rglob("*.part"))
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.UPDATED


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(release, work, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(WorkspaceError, match="No space left on device"):
            fill(release, work)
    assert files(work) == []
    fill(release, work)
    assert NOTEBOOK.as_posix() in files(work)


def test_a_folder_that_is_a_file_is_one_sentence(release, work):
    write(work, "a file")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        fill(release, work)
    assert work.read_text() == "a file"


def test_another_course_lab_that_was_faster_is_not_overwritten(release, work, monkeypatch):
    def faster(source, target):
        write(Path(target), "theirs")
        raise FileExistsError(target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", faster)
        changes = fill(release, work)
    assert set(what(changes).values()) == {What.SAME}
    assert (work / NOTEBOOK).read_text() == "theirs"


def test_a_disk_without_hard_links_is_filled_as_well(release, work, monkeypatch):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    fill(release, work)
    assert (work / NOTEBOOK).read_bytes() == (release / NOTEBOOK).read_bytes()
    assert not list(work.rglob("*.part"))


# -- where things are ---------------------------------------------------------------------------------------------


def test_course_release_names_the_lessons(release, monkeypatch):
    monkeypatch.setenv("COURSE_RELEASE", str(release))
    assert workspace.release_folder() == release
    assert workspace.lessons(release) == ("00_welcome", "01_one_neuron")


def test_course_release_without_lessons_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RELEASE", str(tmp_path / "nowhere"))
    with pytest.raises(WorkspaceError, match="COURSE_RELEASE"):
        workspace.release_folder()


def test_a_clone_has_its_lessons_beside_the_package_and_a_wheel_has_none(release, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_RELEASE", raising=False)
    monkeypatch.setattr(workspace, "__file__", str(tmp_path / "course" / "workspace.py"))
    monkeypatch.chdir(tmp_path)
    assert workspace.release_folder() is None  # a folder named release is no clone
    write(tmp_path / "pyproject.toml", "")
    assert workspace.release_folder() == release
    assert workspace.work_folder() == tmp_path / "work"


# -- resetting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["01", "1", "01_one_neuron"])
def test_a_lesson_is_fresh_again_and_the_learners_own_is_kept(release, work, name):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    done = {one.file: one.backup for one in reset(name, release, work, NOW)}
    assert (work / NOTEBOOK).read_text() == STUB
    assert (work / done[NOTEBOOK]).read_text() == "mine"
    assert done[NOTEBOOK] == Path("backup/01_one_neuron/01_one_neuron_2026-03-04_05.06.07.ipynb")
    assert done[Path("01_one_neuron/pictures/layer.txt")] is None  # nothing of the learner's was in it


def test_two_resets_in_one_second_keep_both_copies(release, work):
    fill(release, work)
    kept = []
    for text in ("first", "second"):
        write(work / NOTEBOOK, text)
        kept += [one.backup for one in reset("01", release, work, NOW) if one.backup]
    assert [(work / backup).read_text() for backup in kept] == ["first", "second"]


def test_a_lesson_that_was_reset_is_updated_like_an_untouched_one(release, work):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    write(release / NOTEBOOK, notebook("new"))
    reset("01", release, work, NOW)
    write(release / NOTEBOOK, notebook("newer"))
    assert what(fill(release, work))[NOTEBOOK.as_posix()] is What.UPDATED


def test_an_exercise_gets_its_released_source_and_the_rest_stays(release, work):
    fill(release, work)
    write(
        work / NOTEBOOK,
        notebook(
            "import torch  # mine", ("def z(): 1 / 0", "one-neuron-answer"), ("check('one-neuron')", "one-neuron"), "# my end"
        ),
    )
    mine = (work / NOTEBOOK).read_text()
    (done,) = reset("one-neuron", release, work, NOW)
    assert sources(work / NOTEBOOK) == ["import torch  # mine", "def z(): ...", "check('one-neuron')", "# my end"]
    assert (work / done.backup).read_text() == mine
    assert (work / NOTEBOOK).read_text() == nbformat.writes(nbformat.read(work / NOTEBOOK, as_version=4)) + "\n"


def test_an_untouched_exercise_is_left_alone(release, work):
    fill(release, work)
    before = (work / NOTEBOOK).stat().st_mtime_ns
    (done,) = reset("one-neuron", release, work, NOW)
    assert done.backup is None
    assert (work / NOTEBOOK).stat().st_mtime_ns == before


def test_an_answer_cell_that_was_deleted_comes_back_before_its_check(release, work):
    fill(release, work)
    write(work / NOTEBOOK, notebook("a", "b", "c", ("check('one-neuron')", "one-neuron")))
    reset("one-neuron", release, work, NOW)
    assert sources(work / NOTEBOOK) == ["a", "b", "c", "def z(): ...", "check('one-neuron')"]


def test_an_answer_cell_that_was_copied_is_not_guessed_at(release, work):
    fill(release, work)
    mine = notebook(("def z(): 1", "one-neuron-answer"), "# between", ("def z(): 2", "one-neuron-answer"))
    write(work / NOTEBOOK, mine)
    with pytest.raises(WorkspaceError, match="2 times"):
        reset("one-neuron", release, work, NOW)
    assert (work / NOTEBOOK).read_text() == mine


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [1]}', "\x00"])
def test_a_broken_notebook_is_said_and_left_for_the_lesson_to_be_reset(release, work, text):
    fill(release, work)
    write(work / NOTEBOOK, text)
    with pytest.raises(WorkspaceError, match="course reset 01_one_neuron"):
        reset("one-neuron", release, work, NOW)
    assert (work / NOTEBOOK).read_text() == text
    reset("01", release, work, NOW)
    assert (work / NOTEBOOK).read_text() == STUB


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one-neutron", "Did you mean one-neuron"),
        ("zzz", "00_welcome, 01_one_neuron"),
        ("07", "The lessons are"),
        ("", "The lessons are"),
    ],
)
def test_a_name_that_is_neither_is_said(release, work, name, said):
    fill(release, work)
    with pytest.raises(WorkspaceError, match=said):
        reset(name, release, work, NOW)


def test_an_exercise_of_a_lesson_that_is_not_there_yet_is_said(release, work):
    with pytest.raises(WorkspaceError, match="course lab"):
        reset("one-neuron", release, work, NOW)


def test_nothing_is_reset_where_the_copy_cannot_be_kept(release, work, monkeypatch):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    write(work / "backup", "a file where the folder should be")
    with pytest.raises(WorkspaceError, match="cannot be used"):
        reset("01", release, work, NOW)
    assert (work / NOTEBOOK).read_text() == "mine"


def test_the_record_and_the_copies_lie_outside_the_lessons_that_are_handed_in(release, work):
    fill(release, work)
    write(work / NOTEBOOK, "mine")
    reset("01", release, work, NOW)
    assert files(work / "01_one_neuron") == files(release / "01_one_neuron")[1:]  # without the checkpoint
    assert json.loads((work / workspace.RECORD).read_text())
