"""check("linear-batch"): ask, judge, show. What a learner, nbgrader and Run All see of an exercise.

It must never raise because an answer is wrong, never write to stderr while a grader reads the cell, and end in a value whose
plain text is the number of points: that is how nbgrader reads partial credit.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course.answer import Asked, Raised
    from course.exercise import Exercise
    from course.verdict import Verdict


class Score:
    """The points of one check. Its plain text is the number, its HTML the report."""

    def __init__(self, points: int, possible: int, html: str, text: str) -> None:
        self.points, self.possible = points, possible
        self._html, self._text = html, text

    def __repr__(self) -> str:
        return str(self.points)

    def _repr_html_(self) -> str:
        return self._html

    def text(self) -> str:
        """The report in plain text, in the languages of COURSE_LANGUAGES."""
        return self._text


class Note:
    """Something to read, in every language; worth no points."""

    def __init__(self, html: str, text: str) -> None:
        self._html, self._text = html, text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._html


class Check:
    """The checks of the course's exercises.

    check("linear-batch") asks, judges and shows; check.explain("linear-batch") says what it asks and expects;
    check.solution("linear-batch") shows the solution where the course's source is.
    """

    def __call__(self, exercise_id: str) -> Score:
        """Check the answer to an exercise in the calling notebook. Never raises for what the learner wrote."""
        return checked(exercise_id, sys._getframe(1).f_globals)

    def explain(self, exercise_id: str) -> Note:
        """What the check of an exercise draws, asks and expects, in words and code."""
        from course.explaining import explain

        return explain(exercise_id)

    def solution(self, exercise_id: str) -> Note:
        """The solution of an exercise, where the course's source is; a class's learners are sent to their instructor."""
        from course.explaining import solution

        return solution(exercise_id)

    def __repr__(self) -> str:
        return 'check("…")'


check = Check()


def checked(exercise_id: str, namespace: dict[str, Any]) -> Score:
    """Ask, judge, record, show."""
    from course.exercises import UnknownExercise, find
    from course.report import broken_html, broken_text, render_html, render_text, unknown_html, unknown_text

    try:
        exercise = find(exercise_id)
    except UnknownExercise:
        return Score(0, 0, unknown_html(exercise_id), unknown_text(exercise_id, languages()))
    try:
        verdict = run(exercise_id, namespace)
        # A lesson's file is read only where the report can show its solution.
        solution, has_source = (None, True) if verdict.earned == verdict.points else solution_of(exercise_id)
        html = render_html(verdict, exercise, solution=solution, has_source=has_source)
        text = render_text(verdict, exercise, languages())
    # Whatever fails here is a fault of the course: the learner is told so, and Run All goes on.
    except Exception as error:  # noqa: BLE001
        return Score(0, exercise.points, broken_html(exercise_id, error), broken_text(exercise_id, error, languages()))
    record(verdict)
    if os.environ.get("NBGRADER_EXECUTION") == "validate" and verdict.earned < verdict.points:
        # Validate prints a cell's stderr and fails the cell by it; under autograde the same line would cost every point.
        print(text, file=sys.stderr)
    return Score(verdict.earned, verdict.points, html, text)


def run(exercise_id: str, namespace: dict[str, Any]) -> Verdict:
    """Ask and judge what *namespace* holds under the exercise's entry; nothing is shown or recorded."""
    from course.exercises import find
    from course.judging import judge

    exercise = find(exercise_id)
    verdict = judge(exercise, asked(exercise, namespace))
    if verdict.earned == verdict.points or exercise.entry not in namespace:
        return verdict
    from course.earlier import with_earlier  # only where there is something to explain

    return with_earlier(exercise, verdict, namespace[exercise.entry], lambda other: judge(other, asked(other, namespace)))


def asked(exercise: Exercise, namespace: dict[str, Any]) -> Asked:
    from course.answer import Asked
    from course.asking import ask

    error = syntax_error(exercise.entry, namespace.get("In"))
    if error is not None:
        return Asked(exercise.id, syntax_error=error, defined=exercise.entry in namespace)
    if exercise.entry not in namespace:
        return Asked(exercise.id, defined=False)
    return ask(exercise, namespace[exercise.entry])


def syntax_error(entry: str, cells: list[str] | None) -> Raised | None:
    """The syntax error of the last cell that was to define *entry*, where it has one.

    *cells* is IPython's history `In`. Such a cell leaves no name behind, or leaves an older answer standing, which would be
    judged in place of what the learner sees.
    """
    from course.answer import Line, Raised

    definition = re.compile(rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(entry)}\b", re.MULTILINE)
    last = next((cell for cell in reversed(cells or []) if definition.search(cell)), None)
    if last is None:
        return None
    try:
        compile(transformed(last), "<answer>", "exec")
    except SyntaxError as error:
        lines = last.splitlines()
        number = min(error.lineno or 1, len(lines))
        start = error.offset - 1 if error.offset else None
        quote = tuple(
            Line(n, lines[n - 1], n == number, start if n == number else None, error.end_offset and error.end_offset - 1)
            if n == number
            else Line(n, lines[n - 1])
            for n in range(max(1, number - 2), number + 1)
        )
        return Raised(type(error).__name__, error.msg, quote)
    except ValueError:  # a null byte: Python has said so already when the cell was run
        return None
    return None


def transformed(cell: str) -> str:
    """*cell* with IPython's own syntax (%magics, !commands) turned into Python, where IPython is there."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return cell
    try:
        return TransformerManager().transform_cell(cell)
    except SyntaxError:
        return cell


def record(verdict: Verdict) -> None:
    """Keep the result for `course progress`; a store that cannot be written never breaks a check."""
    from course.progress import record

    record(verdict.exercise, verdict.earned, verdict.points, verdict.state, verdict.mistake)


def solution_of(exercise_id: str) -> tuple[str | None, bool]:
    """The solution where the course's source is, and whether it is."""
    from course.solutions import solution, source_folder

    has_source = source_folder() is not None
    return (solution(exercise_id) if has_source else None), has_source


def languages() -> tuple[str, ...]:
    from course.language import shown_languages

    return shown_languages()
