"""The reference solutions, read from the lessons' Markdown where there is a `source` folder.

A solution is written once, in its lesson. `check.solution` shows it from there, and the tests run it. A class gets the
wheel, which holds no `source`: then there is no folder, and no solution.

This reads plain text line by line, so that a kernel need not load a notebook library for it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ANSWER = "-answer"  # an answer cell's grade_id is the exercise's id and this
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
FENCE = re.compile(r"(?P<ticks>`{3,})\{code-cell\}")
GRADE_ID = re.compile(r"^\s+grade_id:\s*['\"]?(?P<id>[^'\"\s]+)['\"]?\s*$", re.MULTILINE)


def source_folder() -> Path | None:
    """Where the lessons are written: $COURSE_SOURCE, else `source` beside the package (a clone); None where there is none."""
    chosen = os.environ.get("COURSE_SOURCE")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "source"
    return folder if folder.is_dir() else None


def solution(exercise_id: str) -> str | None:
    """The reference solution of one exercise as Python source; None where no lesson here holds it."""
    folder = source_folder()
    if folder is None:
        return None
    for lesson in sorted(folder.glob("*/*.md")):
        code = solutions(lesson.read_text(encoding="utf-8")).get(exercise_id)
        if code is not None:
            return code
    return None


def all_solutions() -> dict[str, str]:
    """Every reference solution by exercise id; empty where there is no source folder."""
    folder = source_folder()
    found: dict[str, str] = {}
    for lesson in sorted(folder.glob("*/*.md")) if folder else ():
        found.update(solutions(lesson.read_text(encoding="utf-8")))
    return found


def solutions(markdown: str) -> dict[str, str]:
    """The answer cells of one lesson by exercise id, with the solutions in them and without their markers."""
    found = {}
    lines = iter(markdown.splitlines())
    for line in lines:
        fence = FENCE.match(line)
        if not fence:
            continue
        cell = []
        for inside in lines:
            if re.fullmatch(rf"`{{{len(fence['ticks'])},}}\s*", inside):
                break
            cell.append(inside)
        header, code = _header_and_code(cell)
        grade_id = GRADE_ID.search(header)
        if grade_id and grade_id["id"].endswith(ANSWER):
            kept = [one for one in code if one.strip() not in (BEGIN, END)]
            found[grade_id["id"].removesuffix(ANSWER)] = "\n".join(kept).strip("\n") + "\n"
    return found


def _header_and_code(cell: list[str]) -> tuple[str, list[str]]:
    """A cell's YAML header, between two lines of hyphens, and what follows it."""
    if not cell or not cell[0].startswith("---"):
        return "", cell
    for number, line in enumerate(cell[1:], start=1):
        if line.startswith("---"):
            return "\n".join(cell[1:number]) + "\n", cell[number + 1 :]
    return "", cell
