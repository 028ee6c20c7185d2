"""source → release, by nbgrader's own GenerateAssignment.

A build goes in three steps, and stops before it has changed anything as soon as one finds a problem:

    1. lint every lesson                            every problem of every lesson is told, not only the first
    2. generate without the gradebook, set aside    what could still fail fails here
    3. generate with the gradebook, swap in         one lesson after the other; a folder is renamed into place

`release/` is in git. `check` says whether it equals a fresh build; it reads the Markdown alone and touches neither the
gradebook, nor the notebooks in source/, nor release/.
"""

from __future__ import annotations

import filecmp
import io
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.config import only_settings
from autograder.gates import Find, lint
from autograder.lesson import Problem, find_lessons, notebook_text, read, shown
from autograder.notebooks import bring_up_to_date, state_folder


class BuildError(Exception):
    """A build that was stopped; nothing was changed. `lines` say what is wrong and what to do."""

    def __init__(self, *lines: object) -> None:
        self.lines = tuple(str(line) for line in lines)
        super().__init__("\n".join(self.lines))


@dataclass(frozen=True)
class Course:
    """The folders of an nbgrader course, and its configuration as nbgrader itself loads it."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def release(self) -> Path:
        return self.root / "release"


def find_course(start: Path) -> Course:
    """The course that *start* lies in: the nearest folder with an nbgrader_config.py and a source/.

    Raises: BuildError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir():
            return Course(folder)
    raise BuildError(
        f"{start} is in no course: no nbgrader_config.py with a source/ beside it; run this in a clone of the course"
    )


def choose(course: Course, names: list[str]) -> list[Path]:
    """The lessons called *names* ("01_one_neuron", or its number "01"), all where none is named.

    Raises: BuildError: a name is no lesson, or there are no lessons.
    """
    lessons = find_lessons(course.source)
    if not lessons:
        raise BuildError(f"{shown(course.source)} holds no lesson; a lesson is source/NN_name/NN_name.md")
    if not names:
        return lessons
    chosen: list[Path] = []
    for name in names:
        found = [path for path in lessons if path.stem == Path(name).name or path.stem.split("_")[0] == name]
        if not found:
            raise BuildError(f"there is no lesson {name}; there are {', '.join(path.stem for path in lessons)}")
        chosen += [path for path in found if path not in chosen]
    return chosen


def build(course: Course, lessons: list[Path], find: Find | None = None) -> list[Path]:
    """Build *lessons* into release/ and the gradebook; the folders that were swapped in.

    Raises: BuildError: a lesson has a problem, or nbgrader refuses it. release/ is then as it was, for the lessons that
    were not swapped in yet.
    """
    _stop_at(_lint(lessons, find))
    built = bring_up_to_date(course.root, lessons)
    _stop_at(built.problems)
    with _aside(course) as aside:
        for lesson in lessons:
            _generate(course, lesson, course.source, aside / "rehearsal", gradebook=False)
        done = []
        for lesson in lessons:
            _generate(course, lesson, course.source, aside / "release", gradebook=True)
            fresh = aside / "release" / lesson.stem
            apart = differences(aside / "rehearsal" / lesson.stem, fresh)
            if apart:
                raise BuildError(
                    f"two builds of {lesson.stem} differ: {', '.join(apart)}; this is a fault of the build, not of the lesson"
                )
            _swap(fresh, course.release / lesson.stem, aside)
            done.append(course.release / lesson.stem)
    return done


def check(course: Course, lessons: list[Path], find: Find | None = None) -> list[str]:
    """In which way release/ differs from a fresh build of *lessons*; empty where it does not.

    Raises: BuildError: a lesson has a problem.
    """
    _stop_at(_lint(lessons, find))
    told: list[str] = []
    with _aside(course) as aside:
        for lesson in lessons:
            source = aside / "source" / lesson.stem
            shutil.copytree(lesson.parent, source, ignore=shutil.ignore_patterns("*.ipynb", ".*"))
            (source / f"{lesson.stem}.ipynb").write_text(notebook_text(read(lesson)), encoding="utf-8", newline="\n")
            for notebook in lesson.parent.glob("*.ipynb"):  # an instructor's own beside it
                if notebook.stem != lesson.stem:
                    shutil.copy(notebook, source)
            _generate(course, lesson, aside / "source", aside / "release", gradebook=False)
            for one in differences(aside / "release" / lesson.stem, course.release / lesson.stem):
                told.append(f"release/{lesson.stem}/{one}")
    return told


def orphans(course: Course) -> list[Path]:
    """Folders in release/ that no folder in source/ stands behind."""
    folders = sorted(course.release.iterdir()) if course.release.is_dir() else []
    return [folder for folder in folders if folder.is_dir() and not (course.source / folder.name).is_dir()]


def differences(fresh: Path, old: Path) -> list[str]:
    """How the files under *old* differ from those under *fresh*: "name is missing", "name differs", "name is left over"."""
    here, there = ({path.relative_to(top) for path in top.rglob("*") if path.is_file()} for top in (fresh, old))
    return [
        *(f"{name.as_posix()} is missing" for name in sorted(here - there)),
        *(
            f"{name.as_posix()} differs"
            for name in sorted(here & there)
            if not filecmp.cmp(fresh / name, old / name, shallow=False)
        ),
        *(f"{name.as_posix()} is left over" for name in sorted(there - here)),
    ]


def _lint(lessons: list[Path], find: Find | None) -> list[Problem]:
    return [problem for lesson in lessons for problem in lint(lesson, find)]


def _stop_at(problems: Any) -> None:
    if problems:
        raise BuildError(*problems)


@contextmanager
def _aside(course: Course) -> Iterator[Path]:
    """A folder for what is not finished, on the disk of release/ so that it can be renamed there."""
    state_folder(course.root).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=state_folder(course.root)) as folder:
        yield Path(folder)


def _swap(fresh: Path, old: Path, aside: Path) -> None:
    """Put *fresh* in the place of *old*. Between the two renames there is no *old*; if the second fails, it comes back."""
    old.parent.mkdir(exist_ok=True)
    kept = aside / "old" / old.name
    kept.parent.mkdir(exist_ok=True)
    if old.exists():
        os.replace(old, kept)
    try:
        os.replace(fresh, old)
    except OSError:
        if kept.exists():
            os.replace(kept, old)
        raise


def _generate(course: Course, lesson: Path, source: Path, release: Path, *, gradebook: bool) -> None:
    """Run nbgrader's GenerateAssignment with the course's own configuration, from *source* into *release*.

    Raises: BuildError: nbgrader refused; what it logged is in it.
    """
    from nbgrader.converters import GenerateAssignment, NbGraderException
    from nbgrader.coursedir import CourseDirectory

    app = _configured(course)
    folder = CourseDirectory(parent=app)
    folder.root = str(course.root)
    folder.source_directory, folder.release_directory = str(source), str(release)
    folder.assignment_id = lesson.stem
    app.coursedir = folder
    app.config.OnlySoundLessons.enabled = False  # done above, for all lessons, and told all at once
    app.config.SaveCells.enabled = gradebook
    log = io.StringIO()
    speaking, app.log.handlers = app.log.handlers, [logging.StreamHandler(log)]  # heard only where it fails
    try:
        converter = GenerateAssignment(coursedir=folder, parent=app)
        converter.no_database = not gradebook
        converter.start()
    except (NbGraderException, OSError) as error:
        raise BuildError(
            f"nbgrader did not generate {lesson.stem}: {error}",
            *(line for line in log.getvalue().splitlines() if line.strip()),
        ) from None
    finally:
        app.log.handlers = speaking


def _configured(course: Course) -> Any:
    """An nbgrader application with the configuration that `nbgrader generate_assignment` has in the course's root."""
    from nbgrader.apps.baseapp import NbGrader

    _alembic_on_path()
    app = NbGrader()
    app.log_level = logging.INFO
    here = Path.cwd()
    os.chdir(course.root)  # nbgrader looks for its configuration in the current folder
    try:
        with only_settings():
            app.load_config_file()
    finally:
        os.chdir(here)
    return app


def _alembic_on_path() -> None:
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ.get("PATH", "")
