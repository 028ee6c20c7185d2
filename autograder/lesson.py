"""A lesson as it is written: MyST Markdown, its cells with their lines, and the notebook that it gives.

The Markdown is the truth; a notebook is made from it and holds nothing of its own. jupytext draws a random id for each
cell at each conversion: here an id comes from the cell's grade_id or its position, so that two conversions give the
same bytes. Imports neither torch nor, before a lesson is read, jupytext: nbgrader's configuration passes here at every
command.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.solutions import ANSWER, solutions

__all__ = ["ANSWER", "Cell", "Lesson", "Problem", "Unreadable", "find_lessons", "notebook_text", "read", "solutions"]

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {  # no version of Python: it would differ from one author's machine to the next
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
CODE_FENCE = re.compile(r"`{3,}\{(code|raw)-cell\}")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong in a lesson, where, and what to do about it."""

    path: Path
    line: int  # from 1
    wrong: str
    todo: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.wrong}; {self.todo}"


class Unreadable(Exception):
    """A lesson that is no MyST notebook; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Cell:
    """One cell. `line` is the file's line, from 1, on which its source begins."""

    kind: str  # "markdown", "code" or "raw"
    source: str
    line: int
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def nbgrader(self) -> dict[str, Any]:
        """nbgrader's metadata; empty where the cell has none, or something else under its name."""
        found = self.metadata.get("nbgrader")
        return dict(found) if isinstance(found, dict) else {}

    @property
    def grade_id(self) -> str:
        return str(self.nbgrader.get("grade_id", ""))

    @property
    def is_check(self) -> bool:
        return self.nbgrader.get("grade") is True and self.nbgrader.get("solution") is False

    @property
    def is_answer(self) -> bool:
        return self.nbgrader.get("solution") is True and self.nbgrader.get("grade") is False


@dataclass(frozen=True)
class Lesson:
    """A lesson and where it is written. `cells` are in reading order."""

    path: Path
    text: str
    metadata: dict[str, Any]
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    def problem(self, line: int, wrong: str, todo: str) -> Problem:
        return Problem(self.path, line, wrong, todo)


def find_lessons(source: Path) -> list[Path]:
    """The Markdown of every lesson under *source*: each folder's file of the folder's own name, in order."""
    return sorted(path for path in source.glob("*/*.md") if path.stem == path.parent.name)


def read(path: Path) -> Lesson:
    """The lesson at *path*.

    Raises: Unreadable: it is not UTF-8, or no MyST notebook, or a cell's YAML header is broken.
    """
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(Problem(path, 1, f"not UTF-8 ({error.reason})", "save the file as UTF-8")) from None
    if not text.startswith("---\n"):
        raise Unreadable(
            Problem(path, 1, "no front matter", "begin the file with the --- block of another lesson (kernelspec, jupytext)")
        )
    try:
        notebook = myst_to_notebook(text, add_source_map=True)
    except MystMetadataParsingError as error:
        where = re.search(r"at line (\d+)", str(error))
        line = int(where[1]) if where else 1
        raise Unreadable(Problem(path, line, str(error).replace("\n", " "), "mend the cell's YAML header")) from None
    lines = text.splitlines()
    starts = notebook.metadata.pop("source_map")
    cells = tuple(
        Cell(cell.cell_type, cell.source, _first_line(lines, start, cell.cell_type), json.loads(json.dumps(cell.metadata)))
        for cell, start in zip(notebook.cells, starts, strict=True)
    )
    return Lesson(path, text, json.loads(json.dumps(notebook.metadata)), cells)


def _first_line(lines: list[str], start: int, kind: str) -> int:
    """The line, from 1, on which a cell's source begins; *start* is jupytext's own, from 0, before header and blank lines."""
    at = start
    if kind != "markdown" and at < len(lines):
        if lines[at].startswith("---"):
            at = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("---")), at) + 1
        else:
            while at < len(lines) and lines[at].lstrip().startswith(":"):
                at += 1
        return at + (2 if at < len(lines) and not lines[at].strip() else 1)
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at + 1


def notebook_text(lesson: Lesson) -> str:
    """The notebook of *lesson* as the text of an .ipynb file: no outputs, the same bytes at every call."""
    import nbformat

    make = {
        "markdown": nbformat.v4.new_markdown_cell,
        "code": nbformat.v4.new_code_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    ids = _ids(lesson)
    cells = [
        make[cell.kind](source=cell.source, metadata=nbformat.from_dict(cell.metadata), id=name)
        for cell, name in zip(lesson.cells, ids, strict=True)
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat_minor = 5  # the first with cell ids; a later nbformat may default to more
    return nbformat.writes(notebook) + "\n"


def _ids(lesson: Lesson) -> list[str]:
    """An id for each cell: its grade_id where it has one of its own, else its position among its kind."""
    ids: list[str] = []
    counts: dict[str, int] = {}
    for cell in lesson.cells:
        counts[cell.kind] = counts.get(cell.kind, 0) + 1
        name = re.sub(r"[^a-zA-Z0-9_-]", "-", cell.grade_id)[:64]
        if not name or name in ids:
            name = f"{cell.kind}-{counts[cell.kind]:03}"
        ids.append(name)
    return ids


def shown(path: Path) -> str:
    """*path* as a person types it: from the current folder where it lies below that."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
