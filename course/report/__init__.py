"""What a learner sees: a `Verdict` and its `Exercise` as HTML, in every language at once, and as plain text.

One list of pieces in one order is lowered to both, so that they cannot part. A report must withstand whatever a learner's
code put into it (markup, a million printed lines), a notebook nobody trusts (no style, script or SVG survives), a page
without our styles, and a reader who hides any of the languages: the reader's switch works on `lang`, outside of here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from course.exercise import Exercise
from course.language import LANGUAGES
from course.report.evidence import evidence_html, evidence_text
from course.report.markup import Html, Languages, columns, paragraphs_text, tag
from course.report.pieces import Asked, Head, Hints, Parts, Printed, Quote, indented
from course.report.words import BROKEN, MARKS, UNKNOWN
from course.verdict import Evidence, Say, State, Verdict

__all__ = ["MARKS", "broken_html", "broken_text", "line_html", "render_html", "render_text", "unknown_html", "unknown_text"]


class Piece(Protocol):
    def html(self, languages: Languages) -> Html: ...
    def text(self, languages: Languages) -> str: ...


def render_html(
    verdict: Verdict,
    exercise: Exercise,
    *,
    solution: str | None,
    has_source: bool,
    languages: Languages = LANGUAGES,
) -> str:
    """
    The report as one `<article>`, every text in each of *languages* in elements with that `lang`.

    solution: the source of the answer, shown when asked for twice. has_source: False where the course's source is not at
    hand, as in a class; then the last hint says who has the solution.
    """
    pieces = pieces_of(verdict, exercise, solution=solution, has_source=has_source)
    body = [piece.html(languages) for piece in pieces]
    one = "nl-one" if len(languages) == 1 else ""
    return tag("article", *body, cls=f"nl-report {one}".strip())


def render_text(verdict: Verdict, exercise: Exercise, languages: Languages) -> str:
    """The report as plain text: the same pieces in the same order, each sentence in one language after the other."""
    head, *rest = pieces_of(verdict, exercise, solution=None, has_source=True)
    texts = [piece.text(languages) for piece in rest]
    return "\n\n".join([head.text(languages), *(indented(text) for text in texts if text)]) + "\n"


def line_html(colour: str, mark: str, said: Say | str, languages: Languages = LANGUAGES) -> str:
    """A verdict of one line: a *mark* in the *colour* of a class ("right", "close", "wrong", "quiet"), and a sentence."""
    sentence = columns(said, languages)
    return tag("div", tag("span", mark, cls=f"nl-mark {colour}", aria_hidden="true"), " ", sentence, cls="nl-line")


def unknown_html(exercise_id: str, languages: Languages = LANGUAGES) -> str:
    """Instead of a report, where the installed course does not know the exercise: never "wrong"."""
    return line_html("quiet", "?", unknown(exercise_id), languages)


def unknown_text(exercise_id: str, languages: Languages) -> str:
    return notice_text("?", exercise_id, unknown(exercise_id), languages)


def broken_html(exercise_id: str, error: Exception, languages: Languages = LANGUAGES) -> str:
    """Instead of a report, where the check itself failed: whose fault that is, and what to send to whom."""
    return line_html("wrong", "!", broken(exercise_id, error), languages)


def broken_text(exercise_id: str, error: Exception, languages: Languages) -> str:
    return notice_text("!", exercise_id, broken(exercise_id, error), languages)


def unknown(exercise_id: str) -> Say:
    return Say(UNKNOWN, {"id": exercise_id})


def broken(exercise_id: str, error: Exception) -> Say:
    return Say(BROKEN, {"id": exercise_id, "error": f"{type(error).__name__}: {error}"[:300]})


def notice_text(mark: str, exercise_id: str, said: Say, languages: Languages) -> str:
    """What stands in plain text where there is no report."""
    return f"{mark}  {exercise_id}\n\n{indented(paragraphs_text((said,), languages))}\n"


def pieces_of(verdict: Verdict, exercise: Exercise, *, solution: str | None, has_source: bool) -> list[Piece]:
    """What the report consists of, in its order; a piece with nothing to say is left out."""
    state = verdict.state
    says = verdict.says
    if state is State.RIGHT and Say(exercise.proves) not in says:
        says = (*says, Say(exercise.proves))
    pieces: list[Piece] = [Head(state, exercise.title, verdict.exercise, verdict.earned, verdict.points, says)]
    if state is State.NOT_ATTEMPTED:
        return pieces
    if len(verdict.parts) > 1:
        pieces.append(Parts(verdict.parts))
    if verdict.quote or verdict.error:
        pieces.append(Quote(verdict.quote, verdict.error))
    pieces += [Shown(evidence, exercise) for evidence in verdict.evidence]
    if hints := hints_of(verdict, exercise, solution, has_source):
        pieces.append(hints)
    if verdict.output.strip() or verdict.warnings:
        pieces.append(Printed(verdict.output, verdict.output_lines, verdict.warnings))
    nothing_ran = state is State.FAILED and verdict.sizes is None  # a syntax error, a name that is no function
    if state in (State.WRONG, State.CLOSE, State.FAILED, State.OUT_OF_TIME) and not nothing_ran:
        pieces.append(Asked(exercise, verdict.mistake, verdict.sizes or exercise.sizes[0], verdict.whole))
    return pieces


def hints_of(verdict: Verdict, exercise: Exercise, solution: str | None, has_source: bool) -> Hints | None:
    """The verdict's question and the exercise's hints; only the question where all points are earned, or nothing is defined."""
    if verdict.earned < verdict.points and verdict.state is not State.NOT_DEFINED:
        return Hints(verdict.asks, exercise.hints, exercise.id, solution, has_source)
    return Hints(verdict.asks, (), exercise.id, None, has_source, last_step=False) if verdict.asks else None


@dataclass(frozen=True)
class Shown:
    """One piece of evidence."""

    evidence: Evidence
    exercise: Exercise

    def html(self, languages: Languages) -> Html:
        return evidence_html(self.evidence, self.exercise, languages)

    def text(self, languages: Languages) -> str:
        return evidence_text(self.evidence, self.exercise, languages)
