"""The .ipynb beside each lesson's Markdown: built where it is missing or stale, never over an author's own edits.

nbgrader looks for notebooks before any of its hooks runs, so `nbgrader_config.py` calls this, up to three times a
command and perhaps in two processes at once. Hence: a record of hashes decides in a millisecond whether there is
anything to do, a lock lets one process write, and a file is replaced whole.

A notebook counts as edited by hand when its cells are neither what its Markdown gives nor what the record says we last
wrote. Outputs, cell ids and the marks that a front end leaves are no edits, and a notebook that was only run is left as
it is: what they would change in a release, `preprocessors.Settle` takes out there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.lesson import Problem, Unreadable, find_lessons, notebook_text, read, shown

FORMAT = 1  # raised when `notebook_text` gives other bytes for the same Markdown: every notebook is then written anew
LEFT_BY_FRONT_ENDS = {"trusted", "collapsed", "scrolled", "execution", "ExecuteTime", "jupyter", "vscode"}


@dataclass(frozen=True)
class Built:
    """What became of the notebooks: those written, and for lessons that could not be built the reason by name."""

    written: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


def state_folder(root: Path) -> Path:
    """Where the record and what is half built lie: out of git and of every lesson."""
    return root / ".build"


def bring_up_to_date(root: Path, lessons: list[Path] | None = None) -> Built:
    """Write the notebook of every lesson in *lessons* (all below `source/`) that is missing or stale.

    Never raises for what is in a lesson or a notebook: it reports. A lesson with a problem keeps the notebook it has.
    """
    lessons = find_lessons(root / "source") if lessons is None else lessons
    record = _load(root)
    if all(_fresh(record, root, path) for path in lessons):
        return Built()
    written: list[Path] = []
    problems: list[Problem] = []
    try:
        with _locked(root):
            record = _load(root)  # another process may have done it meanwhile
            for path in lessons:
                if not _fresh(record, root, path):
                    _bring(record, root, path, written, problems)
            _replace(state_folder(root) / "notebooks.json", json.dumps(record, indent=1, sort_keys=True))
    except OSError as error:
        where = Path(error.filename or root)
        problems.append(
            Problem(where, 1, f"the notebooks cannot be written ({error.strerror})", "make source/ and .build/ writable")
        )
    return Built(tuple(written), tuple(problems))


def state(root: Path, path: Path) -> Problem | None:
    """None where the notebook of the lesson at *path* is what its Markdown gives, else what to do about it."""
    if _fresh(_load(root), root, path):
        return None
    found = bring_up_to_date(root, [path])
    return found.problems[0] if found.problems else None


def _bring(record: dict[str, Any], root: Path, path: Path, written: list[Path], problems: list[Problem]) -> None:
    notebook = path.with_suffix(".ipynb")
    before = _digest(path)
    try:
        text = notebook_text(read(path))
    except Unreadable as error:
        problems.append(error.problem)
        return
    wanted = _cells(text)
    here = _cells(notebook.read_text(encoding="utf-8")) if notebook.exists() else wanted
    known = record.get(_key(root, path), {})
    if here not in (wanted, known.get("cells")):
        problems.append(_edited(path, notebook))
        return
    run_by_author = notebook.exists() and here == wanted and known.get("notebook") != _digest(notebook)
    if not run_by_author and not (notebook.exists() and notebook.read_text(encoding="utf-8") == text):
        _replace(notebook, text)
        written.append(notebook)
    record[_key(root, path)] = {"format": FORMAT, "markdown": before, "notebook": _digest(notebook), "cells": wanted}


def _edited(path: Path, notebook: Path) -> Problem:
    return Problem(
        notebook,
        1,
        "the notebook was edited by hand, and building it from its Markdown would lose that",
        f"take the edits over with `jupytext --to md:myst --output {shown(path)} {shown(notebook)}`, "
        f"or move them into {path.name} yourself and delete the .ipynb, or delete it to drop them",
    )


def _fresh(record: dict[str, Any], root: Path, path: Path) -> bool:
    known = record.get(_key(root, path))
    notebook = path.with_suffix(".ipynb")
    return bool(
        known
        and known.get("format") == FORMAT
        and notebook.exists()
        and known.get("markdown") == _digest(path)
        and known.get("notebook") == _digest(notebook)
    )


def _cells(text: str) -> str:
    """A digest of what an author can have written into a notebook; "" where the text is no notebook."""
    try:
        cells = json.loads(text)["cells"]
        told = [
            [
                cell["cell_type"],
                cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"]),
                {name: value for name, value in cell["metadata"].items() if name not in LEFT_BY_FRONT_ENDS},
            ]
            for cell in cells
        ]
    except (ValueError, KeyError, TypeError):
        return ""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _key(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _load(root: Path) -> dict[str, Any]:
    try:
        record = json.loads((state_folder(root) / "notebooks.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # none yet, or cut off: notebooks are then compared with what their Markdown gives
    return record if isinstance(record, dict) else {}


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    from filelock import FileLock

    state_folder(root).mkdir(exist_ok=True)
    with FileLock(state_folder(root) / "lock"):
        yield


def _replace(path: Path, text: str) -> None:
    """Write *path* whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
