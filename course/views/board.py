"""A board: one picture as plain data. Python says what stands where and what each step does; the browser only draws it.

    Board(
        title="z",
        matrices=(Matrix("W", "W", (2, 3), ("2", "−1", "1", "−3", "1", "2"), ("out", "in")), Matrix("z", "z", (2,), ("1", "−5"))),
        cards=(Card("cW", "W", ("W",)), Card("cz", "z", ("z",))),
        given=("W",),
        steps=(Step((Say(N_("…")),), known=(Known("z", at=(0,), sums=("2·1 + … = 1", ""), parts=(…)),), focus=Cell("z", 0)),),
        frames=(Frame(860, 200, (Box("cW", …), Box("cz", …)), (Place("W", …), Place("z", …))),),
    )

Things are called by id: cards, matrices, lines; "W#3" (or `Cell("W", 3)`) is entry 3 of W in the order of reading. What stands
on the board (matrices, cards, lines, steps) is apart from where it stands (frames, the widest first: the browser takes the
widest that fits, and sets the cards one after another where none does). A board that contradicts itself is refused when it is
made, with the contradiction named, so that no broken picture reaches a browser. `to_html` and `to_text` are the same picture as
a table: for screen readers, for pages without scripts, and for graded feedback.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from course.exercise import N_
from course.graph.measure import BETWEEN, CAPTION, CELL_H, CELL_W, DIGIT, GUTTER, SHEET
from course.language import LANGUAGES, translate
from course.report.markup import Html, labels, labels_text, pad, tag, words_text, wrap
from course.verdict import Say

VERSION = 1
WIDTHS = (840, 600, 340)  # px of the frames; the widest fits a notebook beside its file browser on a page of 1280 px

FORWARD, BACKWARD = "forward", "backward"
VALUE, GRADIENT, MINE = "value", "gradient", "mine"

RIGHT, WRONG, FIRST, ABSENT = "right", "wrong", "first", "absent"
GLYPHS = {RIGHT: "✓", WRONG: "✗", FIRST: "✗", ABSENT: "–"}

# What the browser writes besides the board's own sentences.
WORDS = {
    "step": N_("Step {number}."),
    "first": N_("first step"),
    "back": N_("step back"),
    "next": N_("step forward"),
    "last": N_("last step"),
    "slider": N_("step"),
    "table": N_("The picture as a table"),
    "value": N_("value"),
    "gradient": N_("gradient"),
    "unknown": N_("not computed yet"),
    "zero": N_("computed, and zero"),
    "unneeded": N_("needs no gradient"),
    "proof": N_("Which product has the shape of {name}?"),
    "mine": N_("yours"),
    "mark_right": N_("agrees with autograd"),
    "mark_wrong": N_("differs"),
    "mark_first": N_("the first wrong gradient on the way back: look here"),
    "mark_absent": N_("you gave none"),
    "answer": N_("your answer"),
    "answer_keys": N_("Enter compares, Escape shows it at once."),
    "answer_right": N_("You wrote {answer}: that is right."),
    "answer_wrong": N_("You wrote {answer}, and it is {right}."),
    "edit": N_("change the numbers"),
    "compute": N_("compute with these numbers"),
    "still": N_("to change the numbers, run the cell: there is no kernel here"),
    "keys": N_("Arrow keys move, Enter keeps an entry and its sum, Escape lets it go. Indices in square brackets count from 0."),
}


@dataclass(frozen=True)
class Matrix:
    """
    An array of any number of axes. id: without "#". name: what its entries are called in sums ("dW").

    shape: () for one number. entries: as texts, in the order of reading, with true minus signs; () where there are too many,
    then `summary` says in a few lines of numbers what is in it. axes: a name for each axis ("N", "in", "out" have colours, ""
    is none). kind: VALUE, GRADIENT or MINE (what the learner computed). heat: for each entry from −1 to 1, or None.
    """

    id: str
    name: str
    shape: tuple[int, ...]
    entries: tuple[str, ...]
    axes: tuple[str, ...] = ()
    kind: str = VALUE
    heat: tuple[float, ...] | None = None
    summary: tuple[str, ...] = ()

    @property
    def cell(self) -> int:
        """Width of a cell in px."""
        return max(CELL_W, math.ceil(DIGIT * max(map(len, self.entries), default=1)) + 10)

    def entry(self, flat: int) -> str:
        """dW[1, 3]; a single number is called by its name alone."""
        return f"{self.name}[{', '.join(map(str, unflat(flat, self.shape)))}]" if self.shape else self.name


@dataclass(frozen=True)
class Card:
    """
    A box with a name and matrices in it. kind: "card", "op" (a circle with its sign as name) or "plain" (no border).

    shape: as written beside the name. struck: it needs no gradient.
    """

    id: str
    name: str
    matrices: tuple[str, ...] = ()
    shape: str = ""
    kind: str = "card"
    struck: bool = False


@dataclass(frozen=True)
class Line:
    """An arrow from one card or cell to another; kind: FORWARD (solid ▶), BACKWARD (dashed ◀) or "quiet" (grey, no arrow)."""

    id: str
    start: str
    end: str
    kind: str = FORWARD


@dataclass(frozen=True)
class Token:
    """A bit of a formula, and the ids of what it stands for."""

    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Which entries of *matrix* each entry is made of: `at` holds, for every entry of the result, their flat indices."""

    matrix: str
    at: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Known:
    """
    What a matrix shows from a step on. at: flat indices, None for all. texts: in place of the matrix's own, one for each.

    sums: for every entry of the matrix (not only of `at`) what it is the sum of, "2·1 + 3 = 5". parts: and which those are.
    final: False where more is still to be added.
    """

    matrix: str
    at: tuple[int, ...] | None = None
    texts: tuple[str, ...] | None = None
    sums: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    final: bool = True


@dataclass(frozen=True)
class Candidate:
    """A product that one might try: its factors' sizes and axes, whether they meet, and what came out."""

    formula: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    left_axes: tuple[str, ...]
    right_axes: tuple[str, ...]
    meets: bool
    shape: tuple[int, ...] | None
    verdict: str
    fits: bool


@dataclass(frozen=True)
class Mark:
    """A mark on a card (RIGHT, WRONG, FIRST, ABSENT) or on an entry (WRONG), from its step on."""

    ref: str
    kind: str


@dataclass(frozen=True)
class Question:
    """
    Asked before a step is shown. answer: the numbers that are to be typed: [3, 4] for the shape (3, 4), [−5] for an entry.

    text: the answer as it is written. within: how far off each number may be, as it is read from a rounded picture.
    """

    ask: Say
    answer: tuple[float, ...]
    text: str
    within: float = 1e-9


@dataclass(frozen=True)
class Step:
    """
    One step. say: its sentences. known: what shows its numbers from now on. reached: lines that are drawn from now on.

    lit: ids of cards, matrices, lines, entries. formula: what is computed. panel: what the inspector shows: ids of matrices,
    and signs between them. gone: the axes that are summed away. focus: the entry whose sum is written out. proof, proof_of:
    candidate products for the shape of what is called so. marks: put from now on. question: asked before the step is shown.
    """

    say: tuple[Say, ...]
    known: tuple[Known, ...] = ()
    reached: tuple[str, ...] = ()
    lit: tuple[str, ...] = ()
    formula: tuple[Token, ...] = ()
    phase: str = FORWARD
    panel: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    focus: str = ""
    proof: tuple[Candidate, ...] = ()
    proof_of: str = ""
    marks: tuple[Mark, ...] = ()
    question: Question | None = None

    def text(self, language: str) -> str:
        return ("" if language == "zh" else " ").join(words_text(say, language) for say in self.say)


@dataclass(frozen=True)
class Stop:
    """A button that goes to a step: ▶ y, ◀ ∂L. The text is symbols."""

    text: str
    step: int


# -- where it stands, in px --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """Where a card stands."""

    id: str
    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Place:
    """Where a matrix stands in its card. block: columns side by side before the next block begins below. across: sheets."""

    matrix: str
    x: int
    y: int
    cell: int = CELL_W
    block: int = 0  # all
    across: int = 1


@dataclass(frozen=True)
class Path:
    line: str
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Label:
    """Text beside a line."""

    line: str
    text: str
    x: int
    y: int


@dataclass(frozen=True)
class Frame:
    """The geometry of the whole board at one width."""

    width: int
    height: int
    boxes: tuple[Box, ...] = ()
    places: tuple[Place, ...] = ()
    paths: tuple[Path, ...] = ()
    labels: tuple[Label, ...] = ()


# -- the board ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Board:
    """
    A picture. title: its name in symbols, what a screen reader calls it. given: matrices that are known before the first step.

    formulas: the formula strip. frames: the widest first. editable: given matrices whose entries a reader may change, where
    a kernel computes the board anew. Raises: ValueError naming the contradiction; the author's mistake.
    """

    title: str
    matrices: tuple[Matrix, ...]
    cards: tuple[Card, ...]
    steps: tuple[Step, ...]
    frames: tuple[Frame, ...] = ()
    lines: tuple[Line, ...] = ()
    given: tuple[str, ...] = ()
    formulas: tuple[tuple[Token, ...], ...] = ()
    stops: tuple[Stop, ...] = ()
    editable: tuple[str, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        found = next(contradictions(self), None)
        if found:
            raise ValueError(f"The board {self.title!r} contradicts itself: {found}")

    def matrix(self, id: str) -> Matrix:
        """Raises KeyError."""
        for one in self.matrices:
            if one.id == id:
                return one
        raise KeyError(id)

    def state(self, step: int) -> dict[str, list[str | None]]:
        """What every matrix shows after *step* (−1: before the first); None: not computed yet. The browser does the same."""
        shown: dict[str, list[str | None]] = {
            one.id: list(one.entries) if one.id in self.given else [None] * len(one.entries) for one in self.matrices
        }
        for told in self.steps[: step + 1]:
            for known in told.known:
                own = self.matrix(known.matrix).entries
                at = range(len(own)) if known.at is None else known.at
                for position, flat in enumerate(at):
                    shown[known.matrix][flat] = own[flat] if known.texts is None else known.texts[position]
        return shown

    def marks(self, step: int) -> dict[str, str]:
        """The marks after *step*: what is marked, and how."""
        return {mark.ref: mark.kind for one in self.steps[: step + 1] for mark in one.marks}

    def to_json(self, languages: Sequence[str] = LANGUAGES) -> dict[str, Any]:
        """Plain data for `json.dumps`: sentences in each of *languages*, and what else the browser needs to know."""
        found = plain(self, languages)
        for matrix, own in zip(self.matrices, found["matrices"], strict=True):
            own["cell"] = matrix.cell
        found["languages"] = list(languages)
        found["words"] = {key: {language: translate(word, language) for language in languages} for key, word in WORDS.items()}
        found["measures"] = {"cellH": CELL_H, "gutter": GUTTER, "caption": CAPTION, "sheet": SHEET, "between": BETWEEN}
        return found

    def to_html(self, languages: Sequence[str] = LANGUAGES) -> str:
        """The picture as tables and sentences: no script, no style, nothing that an untrusted notebook strips."""
        return html_of(self, languages)

    def to_text(self, languages: Sequence[str] = LANGUAGES) -> str:
        return text_of(self, languages)


def Cell(matrix: str, flat: int) -> str:
    """The id of an entry."""
    return f"{matrix}#{flat}"


def unflat(flat: int, shape: Sequence[int]) -> tuple[int, ...]:
    """7 in (3, 4) is (1, 3)."""
    found: list[int] = []
    for size in reversed(shape):
        flat, rest = divmod(flat, size)
        found.append(rest)
    return tuple(reversed(found))


def shape_text(shape: Sequence[int]) -> str:
    return str(tuple(shape))


def plain(value: Any, languages: Sequence[str] = LANGUAGES) -> Any:
    """*value* as JSON holds it; a sentence becomes a text in each of *languages*."""
    if isinstance(value, Step):
        found = {field.name: plain(getattr(value, field.name), languages) for field in fields(value)}
        return found | {"say": {language: value.text(language) for language in languages}}
    if isinstance(value, Say):
        return {language: translate(value, language) for language in languages}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), languages) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one, languages) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one, languages) for one in value]
    return value


# -- what may not be ---------------------------------------------------------------------------------------------------------


def contradictions(board: Board) -> Iterator[str]:
    """Everything on *board* that speaks of something that is not there, or counts wrongly."""
    matrices = {one.id: one for one in board.matrices}
    ids = [*(one.id for one in board.matrices), *(one.id for one in board.cards), *(one.id for one in board.lines)]
    known_ids = set(ids)
    for id in known_ids:
        if ids.count(id) > 1:
            yield f"two things are called {id!r}."
        if "#" in id:
            yield f'the id {id!r} holds "#", which names an entry.'

    def missing(where: str, refs: Iterable[str]) -> Iterable[str]:
        for ref in refs:
            name, mark, flat = ref.partition("#")
            if name not in known_ids or (mark and not (name in matrices and flat.isdigit())):
                yield f"{where} speaks of {ref!r}, which is not on the board."
            elif mark and int(flat) >= len(matrices[name].entries):
                yield f"{where} speaks of entry {flat} of {name!r}, which has {len(matrices[name].entries)}."

    if not board.steps:
        yield "it has no step. A still picture has one, which says what is seen."
    for one in board.matrices:
        size = math.prod(one.shape)
        if len(one.entries) != size and not (one.summary and not one.entries):
            yield f"{one.id!r} of shape {shape_text(one.shape)} needs {size} entries and has {len(one.entries)}."
        if one.axes and len(one.axes) != len(one.shape):
            yield f"{one.id!r} has {len(one.shape)} axes and {len(one.axes)} names for them."
        if one.heat is not None and len(one.heat) != len(one.entries):
            yield f"{one.id!r} has {len(one.entries)} entries and {len(one.heat)} heats."
    for card in board.cards:
        yield from missing(f"card {card.id!r}", card.matrices)
    for line in board.lines:
        yield from missing(f"line {line.id!r}", (line.start, line.end))
    yield from missing("`given`", board.given)
    yield from missing("`editable`", board.editable)
    for id in board.editable:
        if id not in board.given or not (id in matrices and matrices[id].entries):
            yield f"{id!r} is editable, but its entries are not given."
    for tokens in board.formulas:
        for token in tokens:
            yield from missing("a formula", token.refs)
    for number, step in enumerate(board.steps, 1):
        yield from missing(f"step {number}", (*step.lit, *step.reached, *([step.focus] if step.focus else ())))
        yield from missing(f"a mark of step {number}", [mark.ref for mark in step.marks])
        for mark in step.marks:
            if mark.kind not in GLYPHS:
                yield f"step {number} marks {mark.ref!r} with {mark.kind!r}, which is no mark."
        for token in step.formula:
            yield from missing(f"the formula of step {number}", token.refs)
        for known in step.known:
            yield from missing(f"step {number}", [known.matrix, *(Cell(known.matrix, flat) for flat in known.at or ())])
            if known.matrix not in matrices:
                continue
            count = len(matrices[known.matrix].entries)
            told = count if known.at is None else len(known.at)
            if known.texts is not None and len(known.texts) != told:
                yield f"step {number} shows {told} entries of {known.matrix!r} and has {len(known.texts)} texts."
            if known.sums and len(known.sums) != count:
                yield f"step {number} has {len(known.sums)} sums for the {count} entries of {known.matrix!r}."
            for part in known.parts:
                if len(part.at) != count:
                    yield f"step {number} has parts for {len(part.at)} of the {count} entries of {known.matrix!r}."
                yield from missing(f"step {number}", [part.matrix])
                yield from missing(f"step {number}", {Cell(part.matrix, flat) for flats in part.at for flat in flats})
    for stop in board.stops:
        if not 0 <= stop.step < len(board.steps):
            yield f"a button goes to step {stop.step + 1} of {len(board.steps)}."
    cards, lines = {one.id for one in board.cards}, {one.id for one in board.lines}
    for frame in board.frames:
        where = f"the frame of {frame.width} px"
        if {one.id for one in frame.boxes} != cards:
            yield f"{where} does not place exactly the cards: {sorted({one.id for one in frame.boxes} ^ cards)}."
        yield from missing(
            where, [one.matrix for one in frame.places] + [one.line for one in frame.paths] + [one.line for one in frame.labels]
        )
        if not {one.line for one in frame.paths} <= lines:
            yield f"{where} draws what is no line."
        for box in frame.boxes:
            if box.x < 0 or box.y < 0 or box.x + box.w > frame.width or box.y + box.h > frame.height:
                yield f"{where}: {box.id!r} stands outside of it."
    if any(wide.width <= narrow.width for wide, narrow in zip(board.frames, board.frames[1:], strict=False)):
        yield "its frames do not go from the widest to the narrowest."


# -- the same as a table -----------------------------------------------------------------------------------------------------


def on_cards(board: Board) -> list[Matrix]:
    """The matrices on cards, each followed by what stands beside it of the learner's."""
    found = [board.matrix(id) for card in board.cards for id in card.matrices]
    return [*found, *(one for one in board.matrices if one.kind == MINE)]


def rows_of(matrix: Matrix, shown: Sequence[str | None]) -> list[tuple[str, list[str | None]]]:
    """(leading indices, entries) of each row."""
    columns = matrix.shape[-1] if matrix.shape else 1
    leading = matrix.shape[:-1]
    return [
        (", ".join(map(str, unflat(row, leading))), list(shown[row * columns : (row + 1) * columns]))
        for row in range(math.prod(leading))
    ]


def axes_text(matrix: Matrix) -> str:
    return (
        " × ".join(f"{name or '·'} {size}" for name, size in zip(matrix.axes, matrix.shape, strict=True)) if matrix.axes else ""
    )


def struck(board: Board) -> list[str]:
    return [card.name for card in board.cards if card.struck]


def word(key: str, **values: Any) -> Say:
    return Say(WORDS[key], values)


def html_of(board: Board, languages: Sequence[str]) -> str:
    final = board.state(len(board.steps) - 1)
    formulas = [tag("p", tag("code", "".join(token.text for token in tokens))) for tokens in board.formulas]
    steps = [
        tag("li", *[tag("p", step.text(language), lang=language) for language in languages], sum_html(board, number))
        for number, step in enumerate(board.steps)
    ]
    marks = board.marks(len(board.steps) - 1)
    tables = [table_html(one, final[one.id], languages, marks) for one in on_cards(board)]
    unneeded = [tag("p", tag("s", name), " ", labels(word("unneeded"), languages)) for name in struck(board)]
    marked = [
        tag("p", tag("b", f"{GLYPHS[marks[card.id]]} {card.name}: "), labels(word(f"mark_{marks[card.id]}"), languages))
        for card in board.cards
        if card.id in marks
    ]
    parts = (*formulas, *marked, tag("div", *tables, cls="nl-board-tables"), *unneeded, tag("ol", *steps))
    return tag("div", *parts, cls="nl-board")


def sum_html(board: Board, number: int) -> Html | None:
    found = sum_of(board, number)
    return tag("p", tag("code", found)) if found else None


def sum_of(board: Board, number: int) -> str:
    """dW[1, 3] = 1·(−1) + … = −5: of the entry in the focus of a step."""
    step = board.steps[number]
    name, mark, flat = step.focus.partition("#")
    sums = next((known.sums for known in step.known if known.matrix == name and known.sums), ()) if mark else ()
    return f"{board.matrix(name).entry(int(flat))} = {sums[int(flat)]}" if sums and sums[int(flat)] else ""


def table_html(matrix: Matrix, shown: Sequence[str | None], languages: Sequence[str], marks: Mapping[str, str]) -> Html:
    mine = (" ", labels(word("mine"), languages)) if matrix.kind == MINE else ()
    caption = tag("caption", tag("b", matrix.name), f" {shape_text(matrix.shape)} {axes_text(matrix)}".rstrip(), *mine)
    off = {flat for flat in range(len(shown)) if Cell(matrix.id, flat) in marks}
    shown = [f"{GLYPHS[WRONG]} {text}" if flat in off else text for flat, text in enumerate(shown)]
    if not matrix.entries:
        return tag("table", caption, tag("tbody", *[tag("tr", tag("td", line)) for line in matrix.summary]))
    columns = range(matrix.shape[-1] if matrix.shape else 1)
    many = len(matrix.shape) > 1
    corner = [tag("td")] * many
    head = tag("thead", tag("tr", *corner, *[tag("th", str(one), scope="col") for one in columns])) if matrix.shape else None
    body = [
        tag(
            "tr",
            *[tag("th", index, scope="row")] * many,
            *[tag("td", labels(word("unknown"), languages) if text is None else text) for text in texts],
        )
        for index, texts in rows_of(matrix, shown)
    ]
    return tag("table", caption, head, tag("tbody", *body))


def text_of(board: Board, languages: Sequence[str]) -> str:
    final = board.state(len(board.steps) - 1)
    blocks = ["\n".join("".join(token.text for token in tokens) for tokens in board.formulas)]
    marks = board.marks(len(board.steps) - 1)
    blocks[0] += "".join(
        f"\n{GLYPHS[marks[card.id]]} {card.name}: {labels_text(word(f'mark_{marks[card.id]}'), languages)}"
        for card in board.cards
        if card.id in marks
    )
    for matrix in on_cards(board):
        lines = [f"{matrix.name} {shape_text(matrix.shape)} {axes_text(matrix)}".rstrip()]
        lines[0] += f" {labels_text(word('mine'), languages)}" * (matrix.kind == MINE)
        rows = [["·" if text is None else text for text in texts] for _, texts in rows_of(matrix, final[matrix.id])] or []
        width = max((len(text) for row in rows for text in row), default=0)
        lines += ["  " + "  ".join(pad(text, width, right=True) for text in row) for row in rows if matrix.entries]
        blocks.append("\n".join([*lines, *(f"  {line}" for line in matrix.summary)]))
    blocks += [f"{name}: {labels_text(word('unneeded'), languages)}" for name in struck(board)]
    for number, step in enumerate(board.steps):
        told = [wrap(f"{number + 1}. {step.text(language)}") for language in languages]
        blocks.append("\n".join([*told, *([sum_of(board, number)] if sum_of(board, number) else [])]))
    return "\n\n".join(block for block in blocks if block)


# -- predict, then reveal ----------------------------------------------------------------------------------------------------

SHAPE_OF = N_("Before it is shown: what shape does {name} have?")
ENTRY_OF = N_("Before it is shown: what number is {entry}?")


def asking(board: Board, *wanted: str) -> Board:
    """
    *board*, asking before it shows: "dW" for the shape of that matrix, "dW[1, 3]" for an entry, at the step that brings it.

    Raises: ValueError naming what is not on the board or is never computed on it.
    """
    steps = list(board.steps)
    for one in wanted:
        name, _, index = one.partition("[")
        named = (matrix for matrix in board.matrices if matrix.name == name.strip())
        found = next(((matrix, at) for matrix in named if (at := brought(board, matrix.id)) is not None), None)
        if found is None:
            raise ValueError(f"The board {board.title!r} computes no {name.strip()!r}, so it cannot ask for {one!r}.")
        matrix, at = found
        if steps[at].question is not None:
            raise ValueError(f"Step {at + 1} of the board {board.title!r} asks for something else already, not for {one!r}.")
        question = entry_question(matrix, index, board.state(at)[matrix.id]) if index else shape_question(matrix)
        steps[at] = replace(steps[at], question=question)
    return replace(board, steps=tuple(steps))


def brought(board: Board, id: str) -> int | None:
    """The step at which all of a matrix is known for good."""
    return next((at for at, one in enumerate(board.steps) for known in one.known if known.matrix == id and known.final), None)


def shape_question(matrix: Matrix) -> Question:
    return Question(Say(SHAPE_OF, {"name": matrix.name}), tuple(map(float, matrix.shape)), shape_text(matrix.shape))


def entry_question(matrix: Matrix, index: str, shown: Sequence[str | None]) -> Question:
    """index: "1, 3]"."""
    at = [int(one) if one.strip().isdigit() else -1 for one in index.strip(" ]").split(",")]
    if len(at) != len(matrix.shape) or not all(0 <= one < size for one, size in zip(at, matrix.shape, strict=True)):
        raise ValueError(f"{matrix.name} has the shape {shape_text(matrix.shape)}, so it has no entry [{index}")
    flat = 0
    for one, size in zip(at, matrix.shape, strict=True):
        flat = flat * size + one
    text = shown[flat] if flat < len(shown) else None
    if text is None:
        raise ValueError(f"The entries of {matrix.name} are not shown, so none can be asked for.")
    value = float(text.replace("−", "-"))
    digits = len(text.partition(".")[2])
    # The reader computes with the numbers as they are written: the last written digit may be off by one.
    within = 10.0**-digits if digits else 1e-9
    return Question(Say(ENTRY_OF, {"entry": matrix.entry(flat)}), (value,), text, within)


__all__ = [
    "ABSENT",
    "BACKWARD",
    "FIRST",
    "FORWARD",
    "GRADIENT",
    "MINE",
    "RIGHT",
    "VALUE",
    "WIDTHS",
    "WRONG",
    "Board",
    "Box",
    "Candidate",
    "Card",
    "Cell",
    "Frame",
    "Known",
    "Label",
    "Line",
    "Mark",
    "Matrix",
    "Part",
    "Path",
    "Place",
    "Question",
    "Step",
    "Stop",
    "Token",
    "asking",
]
