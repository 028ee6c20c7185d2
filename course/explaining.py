"""check.explain and check.solution: what a check does, and what would earn all its points, to read and not to run.

Everything said here is found out from the exercise itself, by drawing and by reading its code, so that it cannot say other
than what the check does. Nothing of the learner's is called. One list of pieces is lowered to HTML and to plain text.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from course import asking
from course.check import Note
from course.exercise import N_, Exercise, Inputs, Sizes, call, rng
from course.exercises import UnknownExercise, find
from course.gradients import Gradients
from course.judging.compare import RTOL_FLOAT32
from course.judging.judge import short, wanted
from course.language import LANGUAGES, shown_languages
from course.report import unknown_html, unknown_text
from course.report.markup import (
    Html,
    Languages,
    columns,
    labels,
    labels_text,
    pad,
    paragraphs_text,
    tag,
    text_width,
    words_html,
    words_text,
)
from course.report.pieces import asked_on, indented
from course.report.words import NO_SOURCE
from course.solutions import solution as solution_source
from course.solutions import source_folder
from course.verdict import Say


def explain(exercise_id: str) -> Note:
    """What the check of an exercise draws, asks and expects, in every language and in code. An unknown id says so."""
    try:
        exercise = find(exercise_id)
    except UnknownExercise:
        return unknown(exercise_id)
    return note(exercise, [Sentences(tuple(sentences(exercise))), Parts(tuple(parts(exercise))), *codes(exercise)])


def solution(exercise_id: str) -> Note:
    """The solution of an exercise where the course's source is; elsewhere the sentence that the instructor has it."""
    try:
        exercise = find(exercise_id)
    except UnknownExercise:
        return unknown(exercise_id)
    if source_folder() is None:
        return note(exercise, [Sentences((Say(NO_SOURCE, {"id": exercise.id}),))])
    code = solution_source(exercise.id)
    if code is None:
        return note(exercise, [Sentences((Say(NO_SOLUTION, {"id": exercise.id}),))])
    return note(exercise, [Code("", code), Sentences((Say(ONE_WAY),))])


def unknown(exercise_id: str) -> Note:
    """For an id that the installed course does not know: never "wrong", but what to do."""
    return Note(unknown_html(exercise_id), unknown_text(exercise_id, shown_languages()))


# -- what is said ---------------------------------------------------------------------------------------------------


def sentences(exercise: Exercise) -> Iterator[Say]:
    """What happens in the order in which it happens: the calls, their inputs, what is right, and what costs the points."""
    if sizes := sizes_of(exercise):
        yield Say(CALLED, {"signature": exercise.signature, "sizes": symbols(sizes, ", ")})
    else:
        yield Say(CALLED_ALIKE, {"signature": exercise.signature, "count": len(exercise.sizes)})
    yield Say(AGAIN)
    if exercise.shown is not None:
        yield Say(SHOWN)
    if any(", " in one for one in sizes):  # with one axis, nothing can be square
        yield Say(SQUARE)
    given = inputs(exercise)
    yield Say(INPUTS, {"inputs": symbols(f"`{one}`" for one in given)})
    for text, kind in ((DRAWN, "random"), (WHOLE, "whole"), (FIXED, "fixed")):
        if names := [one.name for one in given if one.kind == kind]:
            yield Say(text, {"names": symbols(f"`{name}`" for name in names)})
    yield Say(SEEDS)
    yield Say(EXPECTED)
    yield Say(RESULT, {"wanted": wanted(exercise)})
    kinds = {one.kind for one in parts(exercise)}
    if "f" in kinds:
        yield Say(TOLERANCE, {"rtol": power(exercise.rtol), "rtol32": power(max(exercise.rtol, RTOL_FLOAT32))})
    if kinds - {"f"}:
        yield Say(EXACT)
    if names := list(asking.kept(exercise, draw(exercise, exercise.sizes[0]))):
        yield Say(UNCHANGED, {"names": symbols(f"`{name}`" for name in names)})
    if names := [short(name) for name in exercise.forbidden if "._" not in name]:  # not torch's own inner doors
        yield Say(FORBIDDEN, {"names": symbols(f"`{name}`" for name in names)})
    yield Say(TIME, {"limit": asking.LIMIT})


def symbols(pieces: Iterable[str], between: str = ", ") -> Say:
    """*pieces* of code as a field's value: a `Say`, since backticks in a plain value are the learner's and mark nothing up."""
    return Say(between.join(pieces))


def power(tolerance: float) -> str:
    """A tolerance as it is written in code: 1e-9."""
    mantissa, exponent = f"{tolerance:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


CALLED = N_("The check calls `{signature}` with inputs of these sizes (in brackets: how many calls): {sizes}.")
CALLED_ALIKE = N_("The check calls `{signature}`. Number of calls: {count}.")
AGAIN = N_("The first call is then made once more: what was asked in between must not change its result.")
SHOWN = N_("One more call uses small whole numbers, on which a mistake can be shown and checked in your head.")
SQUARE = N_(
    "If the code stops with an error, two more calls have axes of equal size: where it runs on those, its numbers tell which "
    "mistake it is."
)
INPUTS = N_("Inputs: {inputs}.")
DRAWN = N_("Random numbers in float64: {names}.")
WHOLE = N_("Whole numbers: {names}.")
FIXED = N_("The same at every call: {names}.")
SEEDS = N_(
    "The random numbers are the same in every check, since they depend on the exercise's id alone. "
    "Grading may use different ones."
)
EXPECTED = N_("The right answer is computed by `expect` from the same inputs; its code is below.")
RESULT = N_("What you may return: {wanted}.")
TOLERANCE = N_(
    "Equal means: the same shape, and no number is off by more than `{rtol}` of the right one. In "
    "float32, `{rtol32}` is allowed, and you still get all the points."
)
EXACT = N_("Whole numbers and truth values must be exactly the same.")
UNCHANGED = N_("These inputs must be left unchanged, or no part earns points: {names}.")
FORBIDDEN = N_("What the answer does without: {names}. Everything else is open.")
TIME = N_("All calls together have {limit} seconds.")
NO_SOLUTION = N_(
    "The source of the course is here, but no lesson in it holds the solution of `{id}`: the source is older or newer than the "
    "course that is installed. Update both."
)
ONE_WAY = N_("This is one way among several: whatever gives the same numbers is right.")


# -- what is found out by drawing -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """One input: its name, its shape in symbols ("" where it is no array), and whether it is random, whole or fixed."""

    name: str
    shape: str
    kind: str

    def __str__(self) -> str:
        return f"{self.name} {self.shape}".rstrip()


@dataclass(frozen=True)
class Asked:
    """One part: its name, its shape in symbols, the points it earns, and the NumPy kind of its numbers."""

    name: str
    shape: str
    points: int
    kind: str


def draw(exercise: Exercise, sizes: Sizes, seed: int = 0) -> Inputs:
    return exercise.draw(rng(seed), sizes)


def inputs(exercise: Exercise) -> list[Given]:
    """What the learner's object is given, in the order of the call."""
    drawn = {sizes: draw(exercise, sizes) for sizes in dict.fromkeys(exercise.sizes)}
    again = [draw(exercise, exercise.sizes[0], seed) for seed in (1, 2)]
    first = drawn[exercise.sizes[0]]
    return [
        Given(
            name,
            shape_of({sizes: one[name] for sizes, one in drawn.items()}) if isinstance(first[name], np.ndarray) else "",
            kind_of([first[name], *(one[name] for one in again)]),
        )
        for name in first
    ]


def kind_of(values: Sequence[Any]) -> str:
    """ "fixed" where all draws agree, "whole" where all are whole numbers, else "random"; "" for what is no number."""
    if all(np.array_equal(value, values[0]) for value in values[1:]):
        return "fixed"
    numbers = [value for value in values if isinstance(value, np.ndarray | np.generic | int | float)]
    arrays = [np.asarray(value) for value in numbers]
    if len(arrays) < len(values) or any(array.dtype.kind not in "iuf" for array in arrays):
        return ""
    return "whole" if all(np.array_equal(array, np.round(array)) for array in arrays) else "random"


def parts(exercise: Exercise) -> list[Asked]:
    """What is compared, as torch gives it."""
    right = {sizes: exercise.by_part(exercise.expect(draw(exercise, sizes))) for sizes in dict.fromkeys(exercise.sizes)}
    found = []
    for part in exercise.parts:
        values = {sizes: asking.plain(one[part.name]).array for sizes, one in right.items()}
        kind = next(iter({value.dtype.kind for value in values.values() if value is not None}), "")
        found.append(Asked(part.name, shape_of(values), part.points, kind))
    return found


AXES = ("N", "in", "out", "hidden", "K", "B", "T")


def shape_of(values: dict[Sizes, Any]) -> str:
    """The shape in the names of its axes, "(out, in)": the sizes by which it changes from draw to draw give them away."""
    shapes = {sizes: np.shape(value) for sizes, value in values.items()}
    if len({len(shape) for shape in shapes.values()}) != 1:
        return "(*)"
    rank = len(next(iter(shapes.values())))
    axes = [axis_of({sizes: shape[at] for sizes, shape in shapes.items()}) for at in range(rank)]
    return f"({axes[0]},)" if rank == 1 else f"({', '.join(axes)})"


def axis_of(lengths: dict[Sizes, int]) -> str:
    """The size, or the product of two, that has these *lengths* in the draws; "*" where none has. A constant is a number."""
    if len(lengths) > 1 and len(set(lengths.values())) == 1:
        return str(next(iter(lengths.values())))
    pairs = [(a, b) for at, a in enumerate(AXES) for b in AXES[at + 1 :]]
    for names in (*((axis,) for axis in AXES), *pairs):
        if all(length == np.prod([sizes.axis(name) for name in names]) for sizes, length in lengths.items()):
            return "·".join(names)
    return str(next(iter(lengths.values()))) if len(lengths) == 1 else "*"


def sizes_of(exercise: Exercise) -> list[str]:
    """Which sizes the calls have, and how many calls: "`in = 4, out = 3` (2)". Empty where the inputs depend on no size."""
    told: Counter[str] = Counter()
    for sizes in exercise.sizes:
        axes, _, _ = asked_on(exercise.draw, sizes)
        told[", ".join(axis.label for axis in axes)] += 1
    return [f"`{axes}` ({count})" for axes, count in told.items() if axes]


# -- what is found out by reading -------------------------------------------------------------------------------------


def codes(exercise: Exercise) -> Iterator[Code]:
    """The code of the draw, of the call where it is more than a call, and of the expectation with the torch function in it."""
    yield from code(DRAW, "draw", exercise.draw)
    if exercise.ask is not call:
        yield from code(ASK, "ask", exercise.ask)
    yield from code(EXPECT, "expect", exercise.expect)


DRAW = N_("How the inputs are drawn")
ASK = N_("How your answer is called")
EXPECT = N_("How the right answer is computed")


def code(label: str, name: str, function: Callable[..., Any]) -> Iterator[Code]:
    """A piece with the source of *function*, where Python can find it."""
    source = source_of(name, function)
    if source:
        yield Code(label, "\n\n".join([source, *references(function)]))


def source_of(name: str, function: Callable[..., Any]) -> str:
    """The source of *function* (a lambda as `name = lambda …`) below the plain values it closes over; "" without a source.

    Of `Gradients`: the computation whose gradients are right, and how autograd is asked for them.
    """
    if isinstance(function, Gradients):
        how = textwrap.dedent(inspect.getsource(Gradients.__call__)).strip("\n")
        return "\n".join([source_of("fn", function.fn), f"of, upstream = {dict(function.of)!r}, {function.upstream!r}", how])
    compiled = getattr(function, "__code__", None)
    if compiled is None:
        return ""
    try:
        if compiled.co_name == "<lambda>":
            source = f"{name} = {lambda_source(compiled)}"
        else:
            source = textwrap.dedent(inspect.getsource(function)).strip("\n")
    except (OSError, LookupError, SyntaxError):
        return ""
    return "\n".join([*closed_over(function), source])


def lambda_source(compiled: CodeType) -> str:
    """The text of a lambda and nothing around it. Raises: LookupError: its file does not hold it."""
    text = "".join(linecache.getlines(compiled.co_filename))
    spots = [
        (line, column)
        for line, _, column, end in compiled.co_positions()
        if line is not None and column is not None and end is not None and (column, end) != (0, 0)
    ]
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Lambda) or node.lineno != compiled.co_firstlineno:
            continue
        body = node.body
        start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
        if all(start <= spot <= end for spot in spots):
            first, *rest = (ast.get_source_segment(text, node) or "").splitlines()
            return "\n".join([first, *(textwrap.dedent("\n".join(rest)).splitlines())])
    raise LookupError(compiled.co_filename)


def closed_over(function: Callable[..., Any]) -> Iterator[str]:
    """The plain values that a function made by another one carries, as lines of code: name = "weight"."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if isinstance(cell.cell_contents, str | int | float | tuple | None):
            yield f"{name} = {cell.cell_contents!r}"


def references(function: Callable[..., Any]) -> Iterator[str]:
    """The source of the torch functions of `course.reference` that *function* uses: they are what is compared with."""
    function = function.fn if isinstance(function, Gradients) else function
    for name in dict.fromkeys(names_in(function.__code__)):
        used = function.__globals__.get(name)
        if inspect.isfunction(used) and used.__module__ == "course.reference":
            yield source_of(name, used)


def names_in(compiled: CodeType) -> Iterator[str]:
    yield from compiled.co_names
    for constant in compiled.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


# -- pieces -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentences:
    says: tuple[Say, ...]

    def html(self, languages: Languages) -> list[Html]:
        return [columns(said, languages, "nl-say") for said in self.says]

    def text(self, languages: Languages) -> str:
        return paragraphs_text(self.says, languages)


@dataclass(frozen=True)
class Parts:
    """A table: what is compared, its shape, its points."""

    parts: tuple[Asked, ...]

    def html(self, languages: Languages) -> list[Html]:
        head = tag("tr", *(tag("th", labels(label, languages), scope="col", cls="quiet") for label in HEAD))
        rows = [
            tag(
                "tr",
                tag("th", tag("code", part.name), scope="row"),
                tag("td", tag("code", part.shape)),
                tag("td", str(part.points)),
            )
            for part in self.parts
        ]
        return [tag("table", tag("thead", head), tag("tbody", *rows), cls="nl-parts")]

    def text(self, languages: Languages) -> str:
        rows = [tuple(labels_text(label, languages) for label in HEAD)]
        rows += [(part.name, part.shape, str(part.points)) for part in self.parts]
        widths = [max(text_width(row[at]) for row in rows) for at in range(len(HEAD))]
        return "\n".join("   ".join(map(pad, row, widths)).rstrip() for row in rows)


HEAD = (N_("Part"), N_("Shape"), N_("Worth, points"))


@dataclass(frozen=True)
class Code:
    """Source under a label; without one where the label is ""."""

    label: str
    source: str

    def html(self, languages: Languages) -> list[Html]:
        said = [columns(self.label, languages, "nl-say quiet")] if self.label else []
        return [*said, tag("pre", self.source.strip("\n"), cls="nl-solution")]

    def text(self, languages: Languages) -> str:
        said = [labels_text(self.label, languages)] if self.label else []
        return "\n".join([*said, indented(self.source.strip("\n"), "    ")])


Piece = Sentences | Parts | Code


def note(exercise: Exercise, pieces: Sequence[Piece]) -> Note:
    """Title, id and points of the exercise, and then *pieces*."""
    points = str(exercise.points)
    titles = [tag("p", words_html(exercise.title, language), lang=language, cls="nl-title") for language in LANGUAGES]
    tail = tag("p", tag("code", exercise.id, cls="nl-id"), " ", tag("b", points, cls="nl-points"), cls="nl-tail")
    body = [one for piece in pieces for one in piece.html(LANGUAGES)]
    html = tag("article", tag("div", *titles, tail, cls="nl-head"), *body, cls="nl-report plain")
    languages = shown_languages()
    head = "\n".join([f"{exercise.id}  {points}", *(words_text(exercise.title, language) for language in languages)])
    return Note(html, "\n\n".join([head, *(piece.text(languages) for piece in pieces)]) + "\n")
