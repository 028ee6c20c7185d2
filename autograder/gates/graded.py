"""Gates on answers and checks: what nbgrader takes from a cell without asking whether it was meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from autograder.lesson import ANSWER, Cell, Lesson, Problem
from course.solutions import BEGIN, END

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
STUB = "raise NotImplementedError"  # nbgrader_config.py's code_stub; tests/test_build.py holds the two together
ANSWER_FLAGS = {"grade": False, "solution": True, "locked": False}
CHECK_FLAGS = {"grade": True, "solution": False, "locked": True}


def problems(lesson: Lesson, find: Callable[[str], Any]) -> Iterator[Problem]:
    yield from metadata(lesson)
    yield from ids(lesson)
    yield from pairs(lesson)
    yield from check_cells(lesson)
    yield from markers(lesson)
    for cell in lesson.cells:
        if cell.is_check:
            yield from against_the_exercise(lesson, cell, find)
        if cell.is_answer:
            yield from answer(lesson, cell, find)


# Prevents: a check that is not graded, or an answer that a student cannot edit, because one flag is off.
def metadata(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        if "nbgrader" not in cell.metadata:
            continue
        told = cell.nbgrader
        flags = {name: told.get(name) for name in ANSWER_FLAGS}
        if flags not in (ANSWER_FLAGS, CHECK_FLAGS) or cell.kind != "code":
            yield lesson.problem(
                cell.line,
                f"{cell.kind} cell {cell.grade_id!r} is neither an answer nor a check",
                "an answer is a code cell with grade: false, solution: true, locked: false; "
                "a check one with grade: true, solution: false, locked: true",
            )
        if told.get("schema_version") != 3:
            yield lesson.problem(
                cell.line, f"schema_version is {told.get('schema_version')!r}", "write `schema_version: 3` under nbgrader"
            )
        if not told.get("grade_id"):
            yield lesson.problem(cell.line, "a graded cell has no grade_id", "write grade_id: the exercise's id")
        if flags == CHECK_FLAGS and not _is_count(told.get("points")):
            yield lesson.problem(cell.line, f"points is {told.get('points')!r}", "write the exercise's points, a whole number")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# Prevents: two cells of which nbgrader keeps the last one's grade, and ids that have to be renamed later.
def ids(lesson: Lesson) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for cell in lesson.cells:
        if not cell.grade_id:
            continue
        if cell.grade_id in seen:
            yield lesson.problem(
                cell.line,
                f"grade_id {cell.grade_id} stands twice, first in line {seen[cell.grade_id]}",
                "give one of the cells its own",
            )
        seen.setdefault(cell.grade_id, cell.line)
        if not KEBAB.fullmatch(cell.grade_id):
            yield lesson.problem(
                cell.line, f"grade_id {cell.grade_id!r} is not kebab-case", "write lower-case words joined by hyphens"
            )


# Prevents: a check for which there is nothing to write, an answer that nothing checks, a check that runs before its answer.
def pairs(lesson: Lesson) -> Iterator[Problem]:
    answers = {cell.grade_id: n for n, cell in enumerate(lesson.cells) if cell.is_answer}
    checks = {cell.grade_id: n for n, cell in enumerate(lesson.cells) if cell.is_check}
    for check, at in checks.items():
        line = lesson.cells[at].line
        if check + ANSWER not in answers:
            yield lesson.problem(line, f"check {check} has no answer cell", f"add the cell {check}{ANSWER} above it")
        elif answers[check + ANSWER] > at:
            yield lesson.problem(line, f"check {check} stands before its answer", "move it below the answer")
    for name, at in answers.items():
        if not name.endswith(ANSWER):
            yield lesson.problem(
                lesson.cells[at].line, f"answer cell {name} is not called <exercise>{ANSWER}", f"add {ANSWER} to its grade_id"
            )
        elif name.removesuffix(ANSWER) not in checks:
            yield lesson.problem(
                lesson.cells[at].line, f"nothing checks {name}", f"add a check cell {name.removesuffix(ANSWER)} below it"
            )


# Prevents: full marks for anything. nbgrader reads the score from the cell's last value, and where there is none
# (`check(…);`, an assignment, a print after it) it gives all points.
def check_cells(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        bare = f'check("{cell.grade_id}")'
        if cell.is_check and cell.source != bare:
            yield lesson.problem(
                cell.line,
                f"the check cell holds {cell.source!r}; nbgrader reads the score from a bare last value, and gives full points "
                "where there is none",
                f"write {bare} and nothing else",
            )
        elif cell.kind == "code" and not cell.is_check and (line := _line_of_check(cell)) is not None:
            yield lesson.problem(
                line, "a check in a cell that is not graded earns nothing", "give the cell its nbgrader metadata"
            )


def _line_of_check(cell: Cell) -> int | None:
    tree = parse(cell.source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check":
            return cell.line + node.lineno - 1
    return None


# Prevents: a solution in the release. nbgrader clears what stands between the markers and takes any line with their words for
# one; an end without its beginning clears nothing.
def markers(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        begun = 0  # the line of the open BEGIN
        regions = 0
        for number, line in enumerate(cell.source.splitlines(), start=cell.line):
            text = line.strip()
            if ("BEGIN SOLUTION" in text and text != BEGIN) or ("END SOLUTION" in text and text != END):
                yield lesson.problem(number, f"nbgrader takes {text!r} for a solution marker", f"write {BEGIN} or {END}, alone")
            elif text in (BEGIN, END) and not cell.is_answer:
                yield lesson.problem(number, f"{text} in a cell that is no answer", "solutions stand in answer cells")
            elif text == BEGIN and begun:
                yield lesson.problem(number, f"{BEGIN} inside the solution begun in line {begun}", f"write {END} before it")
            elif text == END and not begun:
                yield lesson.problem(
                    number, f"{END} without {BEGIN}: nothing would be cleared", f"write {BEGIN} before the solution"
                )
            elif text == BEGIN:
                begun, regions = number, regions + 1
            elif text == END:
                begun = 0
        if begun:
            yield lesson.problem(begun, f"{BEGIN} without {END}", f"write {END} after the solution")
        if cell.is_answer and not regions:
            yield lesson.problem(
                cell.line,
                "an answer without a solution: nbgrader would replace the whole cell, signature and docstring too",
                f"put {BEGIN} and {END} around what the learner is to write",
            )


# Prevents: "update your course" in every notebook of a class, and a grade out of other points than the course means.
def against_the_exercise(lesson: Lesson, cell: Cell, find: Callable[[str], Any]) -> Iterator[Problem]:
    try:
        exercise = find(cell.grade_id)
    except LookupError:
        yield lesson.problem(
            cell.line, f"the course has no exercise {cell.grade_id}", "mend the id, or add the exercise in course/exercises/"
        )
        return
    points = cell.nbgrader.get("points")
    if points != exercise.points:
        yield lesson.problem(
            cell.line,
            f"{cell.grade_id} gives {points!r} points here and {exercise.points} in course/exercises/",
            "make the two agree",
        )


# Prevents: an untouched notebook on which Run All stops, and a stub that does not define what the check looks up.
def answer(lesson: Lesson, cell: Cell, find: Callable[[str], Any]) -> Iterator[Problem]:
    solved, untouched = parse(cell.source), parse(stub(cell.source))
    for name, tree in (("the solution", solved), ("the stub that replaces it", untouched)):
        if tree is None:
            error = _syntax_error(cell.source if name == "the solution" else stub(cell.source))
            yield lesson.problem(cell.line + error[0] - 1, f"{name} is no Python ({error[1]})", "mend it")
    if untouched and any(_raises(node) for node in untouched.body):
        yield lesson.problem(
            cell.line,
            "the stub would raise as soon as the cell runs, and Run All would stop",
            "put the solution inside a function or a method",
        )
    try:
        entry = find(cell.grade_id.removesuffix(ANSWER)).entry
    except LookupError:
        return  # the check cell is told
    for tree in filter(None, (solved, untouched)):
        if entry not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}:
            yield lesson.problem(
                cell.line,
                f"the answer does not define {entry}, which its check asks for",
                f"write `def {entry}` or `class {entry}`",
            )
            return


def stub(source: str) -> str:
    """The answer cell as a learner gets it: each solution replaced as nbgrader does it."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if "BEGIN SOLUTION" in line:
            kept.append(line[: len(line) - len(line.lstrip())] + STUB)
            inside = True
        elif "END SOLUTION" in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _raises(node: ast.stmt) -> bool:
    """Does running the statement itself raise the stub? A function's body does not run; a class's does."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    if isinstance(node, ast.Raise):
        return True
    return any(_raises(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))


def parse(source: str) -> ast.Module | None:
    """The cell as Python, IPython's own lines left out; None where it is none."""
    try:
        return ast.parse(without_magics(source))
    except SyntaxError:
        return None


def without_magics(source: str) -> str:
    """*source* with the lines that only IPython reads (%magic, !shell, help?) blanked, so that line numbers hold."""
    return "\n".join("" if re.match(r"\s*[%!?]|.*\?\s*$", line) else line for line in source.splitlines())


def _syntax_error(source: str) -> tuple[int, str]:
    try:
        ast.parse(without_magics(source))
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    return 1, ""
