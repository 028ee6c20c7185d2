"""The learner's copy of the lessons: filled, updated and reset, and nothing of a learner's is ever lost.

What it must withstand: a lesson that was updated after the learner began it, a learner who deleted, renamed or broke a
notebook, two terminals at once, a full disk, and being stopped between any two lines. So:

- a file that is there is written over only where it is byte for byte what was copied, or after a copy was put aside;
- what was copied is remembered by its hash, in `.course/copied.json` of the learner's folder: never inside a lesson's
  folder, because what lies there travels with a submission. Copies put aside go to `backup/`, for the same reason;
- every file appears whole: it is written under another name and then renamed.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from course.exercise import N_
from course.verdict import Say

RECORD = Path(".course") / "copied.json"
BACKUP = Path("backup")


class WorkspaceError(Exception):
    """What stops a command: a sentence for the person who gave it, `say`."""

    def __init__(self, text: str, **values: Any) -> None:
        super().__init__(text.format(**values))
        self.say = Say(text, values)


# -- where things are ---------------------------------------------------------------------------------------------


def clone() -> Path | None:
    """The clone that this course runs from, or None where it was installed from a wheel."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "pyproject.toml").is_file() and (root / "release").is_dir() else None


def release_folder() -> Path | None:
    """The folder that holds the lessons as released: that of COURSE_RELEASE, else the clone's; None where there is neither.

    Raises: WorkspaceError: COURSE_RELEASE names no folder with lessons in it.
    """
    named = os.environ.get("COURSE_RELEASE")
    if named:
        folder = Path(named).expanduser()
        if not folder.is_dir() or not lessons(folder):
            raise WorkspaceError(
                N_("COURSE_RELEASE names {folder}, and no lessons are there. Correct it, or unset it."),
                folder=str(folder),
            )
        return folder.resolve()
    root = clone()
    return root / "release" if root and lessons(root / "release") else None


def work_folder() -> Path:
    """The learner's own folder, unless they name another: `work` in the clone, else `work` where they are."""
    return (clone() or Path.cwd()) / "work"


def lessons(release: Path) -> tuple[str, ...]:
    """The lessons' folders in the order of the course: those that hold a notebook."""
    return tuple(sorted(folder.name for folder in release.iterdir() if folder.is_dir() and any(folder.glob("[!.]*.ipynb"))))


def _released(release: Path, lesson: str) -> Iterator[Path]:
    """Every file of a lesson, relative to *release*; what starts with a dot (checkpoints) is not the lesson's."""
    for path in sorted((release / lesson).rglob("*")):
        relative = path.relative_to(release)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative


# -- filling and updating -----------------------------------------------------------------------------------------


class What(Enum):
    """What became of one file of a lesson."""

    NEW = "new"  # it was not there
    UPDATED = "updated"  # the old copy was untouched, and the lesson has changed
    KEPT = "kept"  # the learner has worked on it, and the lesson has changed since
    SAME = "same"  # nothing to do: equal, or the learner's work on the lesson as it still is


@dataclass(frozen=True)
class Change:
    file: Path  # relative to the learner's folder
    what: What

    @property
    def lesson(self) -> str:
        return self.file.parts[0]


def fill(release: Path, work: Path) -> tuple[Change, ...]:
    """Bring the learner's folder up to date with *release* and say what became of each file. Never overwrites work.

    Raises: WorkspaceError: the folder cannot be read or written. What was copied before that is whole and remembered.
    """
    changes = []
    try:
        work.mkdir(parents=True, exist_ok=True)
        copied = _read_record(work)
        before = dict(copied)
        try:
            for lesson in lessons(release):
                for file in _released(release, lesson):
                    changes.append(Change(file, _bring(release / file, work / file, file.as_posix(), copied)))
        finally:
            if copied != before:
                _write_record(work, copied)
    except OSError as error:
        raise _unwritable(work, error) from error
    return tuple(changes)


def _bring(source: Path, target: Path, key: str, copied: dict[str, str]) -> What:
    """Decide and do it for one file; *copied* holds the hash of what was copied last, by file, and is kept true."""
    new = source.read_bytes()
    if not target.exists():
        with contextlib.suppress(FileExistsError):  # another `course lab` was faster: go on with what it put there
            _create(target, new)
            copied[key] = _hash(new)
            return What.NEW
    here = _hash(target.read_bytes())
    if here == _hash(new):
        copied[key] = here
        return What.SAME
    if key not in copied:  # not ours, or the record was lost: it may be work, so from here on it is the learner's
        copied[key] = _hash(new)
        return What.SAME
    if copied[key] == here:
        _replace(target, new)
        copied[key] = _hash(new)
        return What.UPDATED
    return What.SAME if copied[key] == _hash(new) else What.KEPT


def _read_record(work: Path) -> dict[str, str]:
    """The hashes of what was copied; empty where there is no record or it cannot be understood."""
    try:
        record = json.loads((work / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {key: value for key, value in record.items() if isinstance(value, str)}


def _write_record(work: Path, copied: dict[str, str]) -> None:
    _replace(work / RECORD, (json.dumps(copied, indent=1, sort_keys=True) + "\n").encode())


# -- resetting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reset:
    """What a reset did: the notebook that is fresh now, and where the learner's own is kept; None where it was fresh already."""

    file: Path
    backup: Path | None


def reset(name: str, release: Path, work: Path, now: datetime | None = None) -> tuple[Reset, ...]:
    """Put a lesson (its number or folder) or an exercise (its id) back to what was released; a copy of the learner's is kept.

    Raises: WorkspaceError: there is no such lesson or exercise, the learner's notebook cannot be read, or the folder not written.
    """
    now = now or datetime.now()
    lesson = _lesson(name, release)
    try:
        if lesson:
            return tuple(_reset_file(file, release, work, now) for file in _released(release, lesson))
        return (_reset_exercise(name, release, work, now),)
    except OSError as error:
        raise _unwritable(work, error) from error


def _lesson(name: str, release: Path) -> str | None:
    """The folder of the lesson called *name*: "01", "1" or "01_one_neuron"."""
    names = lessons(release)
    if name in names:
        return name
    number = name.zfill(2) if name.isdecimal() else None
    return next((one for one in names if number and one.partition("_")[0] == number), None)


def _reset_file(file: Path, release: Path, work: Path, now: datetime) -> Reset:
    target, new = work / file, (release / file).read_bytes()
    backup = None
    if not target.exists():
        _create(target, new)
    elif target.read_bytes() != new:
        backup = _put_aside(file, work, now)
        _replace(target, new)
    _remember(work, file, new)
    return Reset(file, backup)


def _reset_exercise(exercise: str, release: Path, work: Path, now: datetime) -> Reset:
    file, fresh, check_at = _find_exercise(exercise, release)
    target = work / file
    if not target.exists():
        raise WorkspaceError(N_("{file} is not in your folder yet. `course lab` puts it there."), file=str(target))
    notebook = _read_notebook(target, file.parts[0])
    cells = notebook["cells"]
    places = [at for at, cell in enumerate(cells) if _grade_id(cell) == _grade_id(fresh)]
    if len(places) > 1:
        raise WorkspaceError(
            N_(
                "The answer cell of {exercise} is in {file} {count} times. Delete the copies that are too many, "
                "or start the lesson anew: `course reset {lesson}`."
            ),
            exercise=exercise,
            file=str(target),
            count=len(places),
            lesson=file.parts[0],
        )
    if places and cells[places[0]] == fresh:
        return Reset(file, None)
    backup = _put_aside(file, work, now)
    if places:
        cells[places[0]] = copy.deepcopy(fresh)
    else:  # the learner deleted it: it belongs before its check, or else as far down as it was
        checks = [at for at, cell in enumerate(cells) if _grade_id(cell) == exercise]
        cells.insert(checks[0] if checks else min(check_at, len(cells)), copy.deepcopy(fresh))
    # As nbformat writes it, so that a difference shows what was changed and nothing else.
    _replace(target, (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8"))
    return Reset(file, backup)


def _find_exercise(exercise: str, release: Path) -> tuple[Path, dict[str, Any], int]:
    """The released notebook that asks *exercise*, its answer cell, and that cell's place."""
    known = []
    for lesson in lessons(release):
        for file in _released(release, lesson):
            if file.suffix != ".ipynb":
                continue
            for at, cell in enumerate(json.loads((release / file).read_text(encoding="utf-8"))["cells"]):
                if _grade_id(cell) == f"{exercise}-answer":
                    return file, cell, at
                known.append(_grade_id(cell).removesuffix("-answer"))
    near = difflib.get_close_matches(exercise, [one for one in known if one], n=1)
    if near:
        raise WorkspaceError(N_("There is no lesson and no exercise {name}. Did you mean {near}?"), name=exercise, near=near[0])
    raise WorkspaceError(
        N_("There is no lesson and no exercise {name}. The lessons are {lessons}; an exercise's id stands in its check(…)."),
        name=exercise,
        lessons=", ".join(lessons(release)),
    )


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))


def _read_notebook(path: Path, lesson: str) -> dict[str, Any]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells):
            return dict(notebook)
    except (ValueError, KeyError, TypeError):
        pass
    raise WorkspaceError(
        N_("{file} cannot be read as a notebook. `course reset {lesson}` puts a fresh one there and keeps yours aside."),
        file=str(path),
        lesson=lesson,
    )


def _put_aside(file: Path, work: Path, now: datetime) -> Path:
    """Keep a copy of the learner's *file* in `backup/`, dated; it is on the disk before this returns. Relative to *work*."""
    kept = (work / file).read_bytes()
    folder, date = BACKUP / file.parent, now.strftime("%Y-%m-%d_%H.%M.%S")
    for count in range(1, 1000):
        backup = folder / f"{file.stem}_{date}{f'_{count}' if count > 1 else ''}{file.suffix}"
        try:
            _create(work / backup, kept)
        except FileExistsError:
            continue
        return backup
    raise FileExistsError(f"{folder}: 1000 copies of one second")


def _remember(work: Path, file: Path, content: bytes) -> None:
    copied = _read_record(work)
    if copied.get(file.as_posix()) != _hash(content):
        _write_record(work, copied | {file.as_posix(): _hash(content)})


# -- files --------------------------------------------------------------------------------------------------------


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written_aside(target: Path, content: bytes) -> Path:
    """*content* under a passing name beside *target*, whole and on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".course-", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644 & ~_umask())  # mkstemp's own 0600 would hide a notebook from a group that shares it
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _create(target: Path, content: bytes) -> None:
    """Write a file that is not there yet. Raises FileExistsError where it is: somebody else's file is not written over."""
    aside = _written_aside(target, content)
    try:
        os.link(aside, target)  # unlike a rename, it fails where the name is taken
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _replace(target: Path, content: bytes) -> None:
    aside = _written_aside(target, content)
    try:
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def _unwritable(work: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        N_(
            "Your folder {folder} cannot be used ({why}: {file}). No file in it was left half written. "
            "Mend that, or name another folder with --dir."
        ),
        folder=str(work),
        why=error.strerror or type(error).__name__,
        file=str(error.filename or work),
    )
