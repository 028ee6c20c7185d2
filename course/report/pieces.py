"""The other pieces of a report: header, points by part, the learner's lines, hints, what was printed, what was asked.

Each is a frozen dataclass that knows its HTML and its text, and nothing of the others; `course.report` puts them in order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise

import numpy as np

from course.answer import Line
from course.exercise import Draw, Exercise, Sizes, rng
from course.report import words
from course.report.markup import (
    Html,
    Languages,
    classes,
    columns,
    hidden,
    join,
    labels,
    labels_text,
    pad,
    paragraphs_text,
    tag,
    words_html,
    words_text,
    wrap,
)
from course.report.sheets import Axis
from course.verdict import PartVerdict, Say, State

SHOWN_LINES = 20  # of what the learner's code printed
SHOWN_LETTERS = 160  # of one such line

# A summary is used with the keyboard; where the attribute survives, JupyterLab leaves its keys alone.
summary = partial(tag, "summary", data_lm_suppress_shortcuts="true")


# -- header ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """Mark, state, title, id and points, and then what the answer does and what that means."""

    state: State
    title: str
    id: str
    earned: int
    points: int
    says: tuple[Say, ...]

    @property
    def quiet(self) -> bool:
        return self.state is State.NOT_ATTEMPTED

    def html(self, languages: Languages) -> Html:
        mark, colour, word = words.MARKS[self.state]
        titles = [
            tag("p", self._title(language, word), lang=language, cls=classes("nl-title", "quiet" if self.quiet else ""))
            for language in languages
        ]
        points = tag("b", f"{self.earned} / {self.points}", cls=classes("nl-points", "quiet" if self.quiet else ""))
        head = tag(
            "div",
            tag("span", mark, cls=f"nl-mark {colour}", aria_hidden="true"),
            " ",
            *titles,
            tag("p", tag("code", self.id, cls="nl-id"), " ", points, cls="nl-tail"),
            cls="nl-head",
        )
        # A screen reader is told of header and sentences only: it need not read out whole matrices.
        return tag("div", head, *(columns(said, languages, "nl-say") for said in self.says), role="status")

    def _title(self, language: str, word: str) -> Html:
        if self.quiet:
            return words_html(Say(words.WAITING, {"title": Say(self.title)}), language)
        space = "" if language == "zh" else " "
        return join(hidden(words_html(word, language), space), words_html(self.title, language))

    def text(self, languages: Languages) -> str:
        mark, _, word = words.MARKS[self.state]
        line = f"{mark} {self.earned} / {self.points}  {self.id}"
        return "\n\n".join([line, *(indented(self._block(language, word)) for language in languages)])

    def _block(self, language: str, word: str) -> str:
        if self.quiet:
            first = words_text(Say(words.WAITING, {"title": Say(self.title)}), language)
        else:
            title = words_text(self.title, language)
            stop = ("" if title.endswith(("?", "？")) else "。" if language == "zh" else ".") + ("" if language == "zh" else " ")
            first = f"{title}{stop}{words_text(word, language)}"
        return "\n".join(wrap(line) for line in (first, *(words_text(said, language) for said in self.says)))


@dataclass(frozen=True)
class Parts:
    """One line for each part that is graded on its own."""

    parts: tuple[PartVerdict, ...]

    def html(self, languages: Languages) -> Html:
        return tag("table", tag("tbody", *(self._row(part, languages) for part in self.parts)), cls="nl-parts")

    def _row(self, part: PartVerdict, languages: Languages) -> Html:
        mark, colour, word = words.MARKS[part.state]
        return tag(
            "tr",
            tag("th", tag("code", part.name), scope="row"),
            tag("td", tag("span", mark, cls=f"nl-mark {colour}"), hidden(" ", labels(word, languages))),
            tag("td", f"{part.earned}/{part.points}"),
            tag("td", tag("code", part.mistake, cls="nl-id") if part.mistake else None),
        )

    def text(self, languages: Languages) -> str:
        side = max(len(part.name) for part in self.parts) + 2
        return "\n".join(
            f"{pad(part.name, side)}{words.MARKS[part.state][0]} {part.earned}/{part.points}  {part.mistake}".rstrip()
            for part in self.parts
        )


# -- the learner's lines --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quote:
    """The learner's own lines, the one that is to blame marked, and the error as Python wrote it."""

    lines: tuple[Line, ...]
    error: str

    @property
    def gutter(self) -> int:
        return max((len(str(line.number)) for line in self.lines), default=0)

    def html(self, languages: Languages) -> Html:
        error = tag("span", self.error, cls="nl-error") if self.error else None
        return tag("pre", *(self._line(line, after) for line, after in self._pairs()), error, cls="nl-quote")

    def _pairs(self) -> list[tuple[Line, bool]]:
        """Each line, and whether some are left out before it."""
        numbers = [line.number for line in self.lines]
        gaps = [False, *(later > number + 1 for number, later in pairwise(numbers))]
        return list(zip(self.lines, gaps, strict=False))

    def _gap(self) -> str:
        return f"  {'⋮':>{self.gutter}}"

    def _line(self, line: Line, after_gap: bool) -> Html:
        number = f"{'▸' if line.here else ' '} {line.number:>{self.gutter}}  "
        # The line's end stands inside the block that the line is: after it, it would be an empty line of its own.
        shown = tag("span", tag("i", number), self._code(line), "\n", cls="here" if line.here else None)
        return join(tag("span", tag("i", self._gap()), "\n"), shown) if after_gap else shown

    @staticmethod
    def _code(line: Line) -> Html:
        start, end = span_of(line)
        if start == end:
            return join(line.text)
        return join(line.text[:start], tag("u", line.text[start:end]), line.text[end:])

    def text(self, languages: Languages) -> str:
        shown = []
        for line, after_gap in self._pairs():
            shown += [self._gap()] if after_gap else []
            number = f"{'▸' if line.here else ' '} {line.number:>{self.gutter}}  "
            shown.append(f"{number}{line.text}".rstrip())
            start, end = span_of(line)
            if end > start:
                shown.append(" " * (len(number) + start) + "^" * (end - start))
        return "\n".join([*shown, *([self.error] if self.error else [])])


def span_of(line: Line) -> tuple[int, int]:
    """Where the blamed sub-expression stands in the line's text; nothing where Python does not say, or blames the whole line."""
    if line.start is None or line.end is None:
        return 0, 0
    start, end = max(0, line.start), min(len(line.text), line.end)
    return (start, end) if start < end and line.text[start:end].strip() != line.text.strip() else (0, 0)


# -- hints ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hints:
    """The question that leads on, then the exercise's hints, each inside the one before; the solution is asked for twice."""

    asks: tuple[Say | str, ...]
    hints: tuple[str, ...]
    id: str
    solution: str | None
    has_source: bool
    last_step: bool = True  # False where neither the solution nor the way to it is shown

    def html(self, languages: Languages) -> Html:
        staged = (*self.asks, *self.hints)
        inner = self._last(languages) if self.last_step else None
        for number, said in reversed(list(enumerate(staged, start=1))):
            label = Say(words.HINT, {"number": number, "total": len(staged)})
            inner = _fold(label, columns(said, languages), inner, languages)
        return inner or Html("")

    def _last(self, languages: Languages) -> Html | None:
        if not self.has_source:
            told = columns(Say(words.NO_SOURCE, {"id": self.id}), languages)
            return _fold(words.WHERE_SOLUTION, told, None, languages)
        if not self.solution:
            return None
        shown = _fold(words.SHOW_IT, tag("pre", self.solution.strip("\n"), cls="nl-solution"), None, languages)
        return _fold(words.SHOW_SOLUTION, columns(words.TRY_AGAIN, languages), shown, languages)

    def text(self, languages: Languages) -> str:
        """The question only: plain text cannot fold, and a hint that is read unasked is none."""
        more = (Say(words.MORE_HINTS, {"count": len(self.hints)}),) if self.hints else ()
        return paragraphs_text((*self.asks, *more), languages)


def _fold(label: Say | str, first: Html, inside: Html | None, languages: Languages) -> Html:
    return tag("details", summary(labels(label, languages)), first, inside, cls="nl-hint")


# -- what the learner's code printed ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Printed:
    """What the learner's code printed, and its warnings; folded, and cut."""

    output: str
    lines: int
    warnings: tuple[str, ...]

    @property
    def cut(self) -> str:
        shown = self.output.rstrip("\n").split("\n")[:SHOWN_LINES]
        return "\n".join(line if len(line) <= SHOWN_LETTERS else line[: SHOWN_LETTERS - 1] + "…" for line in shown)

    @property
    def more(self) -> Say | None:
        """The number of all lines, where not all are shown."""
        shown = self.cut.count("\n") + 1
        return Say(words.PRINTED_LINES, {"lines": self.lines}) if self.lines > shown else None

    @property
    def warned(self) -> Say:
        return Say(words.WARNED, {"count": len(self.warnings)})

    def html(self, languages: Languages) -> Html:
        return join(*(fold for fold in (self._printed(languages), self._warned(languages)) if fold))

    def _printed(self, languages: Languages) -> Html | None:
        if not self.output.strip():
            return None
        more = columns(self.more, languages, "quiet") if self.more else None
        return tag("details", summary(labels(words.PRINTED, languages)), tag("pre", self.cut), more, cls="nl-more")

    def _warned(self, languages: Languages) -> Html | None:
        if not self.warnings:
            return None
        shown = tag("pre", "\n".join(self.warnings))
        return tag("details", summary(labels(self.warned, languages)), shown, cls="nl-more")

    def text(self, languages: Languages) -> str:
        printed = self.output.strip() and f"{labels_text(words.PRINTED, languages)}\n{indented(self.cut)}"
        more = paragraphs_text((self.more,), languages) if printed and self.more else ""
        warned = self.warnings and "\n".join((f"{labels_text(self.warned, languages)}", *map(indented, self.warnings)))
        return "\n".join(part for part in (printed, more, warned or "") if part)


# -- what was asked -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """How the learner's object was called, on inputs of which sizes, and the mistake's id."""

    exercise: Exercise
    mistake: str
    sizes: Sizes
    whole: bool = False

    def html(self, languages: Languages) -> Html:
        axes, kind, drawn = asked_on(self.exercise.draw, self.sizes)
        facts: list[str] = [tag("code", self.exercise.signature)]
        facts += [tag("span", axis.label, cls=axis.colour or None) for axis in axes]
        facts += [kind] if kind else []
        facts += [labels(self.random, languages)] if drawn else []
        mistake = tag("code", self.mistake, cls="nl-id") if self.mistake else None
        return tag("div", tag("span", join(*facts, between=" · ")), " ", mistake, cls="nl-asked")

    def text(self, languages: Languages) -> str:
        axes, kind, drawn = asked_on(self.exercise.draw, self.sizes)
        random = labels_text(self.random, languages) if drawn else ""
        facts = (self.exercise.signature, *(axis.label for axis in axes), kind, random, self.mistake)
        return " · ".join(fact for fact in facts if fact)

    @property
    def random(self) -> str:
        return words.RANDOM_SHOWN_WHOLE if self.whole else words.RANDOM


SIZES = ("N", "in", "out", "hidden", "K", "B", "T")  # in the order in which they are told


@cache
def asked_on(draw: Draw, sizes: Sizes) -> tuple[tuple[Axis, ...], str, bool]:
    """The axes whose sizes the inputs depend on, as long as in *sizes*; the inputs' type; and whether they are random.

    Found by drawing: a size that changes no input is not one of this exercise.
    """
    small = Sizes(**{_field(name): 3 for name in SIZES})
    first = _look(draw, small)
    used = [name for name in SIZES if _look(draw, replace(small, **{_field(name): 4})).forms != first.forms]
    return tuple(Axis(name, sizes.axis(name)) for name in used), first.kind, _look(draw, small, 1).values != first.values


def _field(name: str) -> str:
    return "in_" if name == "in" else name


@dataclass(frozen=True)
class _Look:
    """The forms and the values of drawn inputs, to compare them with those of another draw."""

    forms: tuple[object, ...]
    values: tuple[object, ...]
    kind: str


def _look(draw: Draw, sizes: Sizes, seed: int = 0) -> _Look:
    values = list(draw(rng(seed), sizes).values())
    forms = tuple(value.shape if isinstance(value, np.ndarray) else repr(value) for value in values)
    contents = tuple(value.tobytes() if isinstance(value, np.ndarray) else repr(value) for value in values)
    floating = {str(v.dtype) for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    return _Look(forms, contents, floating.pop() if len(floating) == 1 else "")


def indented(text: str, by: str = "  ") -> str:
    return "\n".join(by + line if line else line for line in text.split("\n"))
