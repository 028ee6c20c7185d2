"""Any number of axes: a small W slides over the leading axes of x, and only the last axis meets it. (*, in) → (*, out).

One step for each position of the leading axes, with that row of x in the inspector beside Wᵀ; then the same numbers the other
way: laid out as a batch, multiplied once, and folded back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph.measure import text_width
from course.graph.refusal import Refusal
from course.graph.sums import sum_text
from course.verdict import Say
from course.views.board import (
    BETWEEN,
    CAPTION,
    CELL_H,
    GUTTER,
    SHEET,
    WIDTHS,
    Board,
    Box,
    Card,
    Cell,
    Frame,
    Known,
    Label,
    Line,
    Part,
    Path,
    Place,
    Step,
    Stop,
    Token,
    shape_text,
    unflat,
)
from course.views.pieces import (
    LETTER,
    PAD_BOTTOM,
    PAD_TOP,
    PAD_X,
    SMALL,
    TITLE,
    layer_parts,
    listed,
    matrix,
    meet,
    one_axis,
    read,
)

MARGIN, TOP, GAP, NEAR = 4, 8, 32, 12  # px: at the sides, above and below, between cards with an arrow, without one
ENTRIES, AXES = 64, 4  # numbers that one tensor may have, and axes of x

TOO_MANY = N_(
    "{name} has the shape {shape}, that is {count} numbers, and this picture holds at most {limit} in one tensor. Draw fewer "
    "positions or fewer features, such as x[:1]."
)
TOO_MANY_OUT = N_(
    "y would have the shape {shape}, that is {count} numbers, and this picture holds at most {limit} in one tensor. Draw fewer "
    "positions or fewer neurons."
)

START = N_(
    "x has the shape {shape}. Its last axis, in, holds the {features} features. The axes before it, {leading}, are the leading "
    "ones: they say at which of {count} positions such a row of features stands."
)
START_ONE = N_(
    "x has the shape {shape}: its only axis is in, {features} features. It has no leading axes, so there is 1 position, and "
    "that is x itself."
)
HERE = N_(
    "The row {row} meets W: its numbers are {numbers}, and W has {neurons} rows, one for each neuron. One of the results is "
    "{entry} = {sum}, and all neurons together give {result}."
)
NEXT = N_(
    "W slides on to {row}. W and b stay as they are, only the features differ: {numbers}. One of the "
    "results is {entry} = {sum}, and all {neurons} neurons together give {result}."
)
KEPT = N_(
    "From {x} to {y}: the last axis met W and went from {features} to {neurons}; the leading axes {leading} are kept. All "
    "{count} positions used the same {weights} numbers of W."
)
KEPT_ONE = N_("From {x} to {y}: the only axis met W and went from {features} to {neurons}; there is no other axis to keep.")
FLAT = N_(
    "Now another way: xf = x.reshape(-1, {features}) lays the rows one below the other as a batch, N = {count}, so xf is "
    "{shape}. The row {row} has become {flat}, with the same numbers: {numbers}."
)
PRODUCT = N_(
    "One product is enough for the whole batch: yf = xf Wᵀ + b, {left} · {right} → {result}. In row {index} of it, {sum}."
)
FOLD = N_(
    "Fold it back: yf.reshape{shape} puts {flat} at {row}. All {count} numbers are those that W gave as "
    "it slid, so the two ways agree: the order of the positions is kept."
)


def leading_axes_board(x: Any, W: Any, b: Any) -> Board:
    """
    A layer on x of one to four axes. x: (*, in), W: (out, in), b: (out,) or (out, 1); x and y hold at most 64 numbers each.

    Raises: Refusal: what cannot be drawn, and what to do.
    """
    inputs = read(x, "x", "(in,), (*, in), (*, *, in), (*, *, *, in)", range(1, AXES + 1), too_many)
    weights = read(W, "W", "(out, in)", (2,))
    biases = one_axis(read(b, "b", "(out,)", (1, 2)), "b", "(out,)")
    meet("in", ("W", weights, 1), ("x", inputs, inputs.ndim - 1))
    meet("out", ("W", weights, 0), ("b", biases, 0))
    shape = (*inputs.shape[:-1], weights.shape[0])
    if math.prod(shape) > ENTRIES:
        raise Refusal(TOO_MANY_OUT, shape=shape_text(shape), count=math.prod(shape), limit=ENTRIES)
    return Picture(inputs, weights, biases).board()


def too_many(array: np.ndarray, name: str) -> None:
    """Raises: Refusal: there are too many entries in all."""
    if array.size > ENTRIES:
        raise Refusal(TOO_MANY, name=name, shape=shape_text(array.shape), count=array.size, limit=ENTRIES)


def named(name: str, index: Sequence[int]) -> str:
    """x[1, 0]; without an index x alone."""
    return f"{name}[{', '.join(map(str, index))}]" if len(index) else name


WAYS = (  # id, from, to, what is written beside it; of {features} and {shape}
    ("x>W", "x", "W", ""),
    ("W>y", "W", "y", ""),
    ("x>xf", "x", "xf", ".reshape(-1, {features})"),
    ("xf>yf", "xf", "yf", "Wᵀ + b"),
    ("yf>y", "yf", "y", ".reshape{shape}"),
)
CARDS = ("x", "W", "b", "y", "xf", "yf")


class Picture:
    """What stands on the board. x: (*, in), W: (out, in), b: (out,), y: (*, out); xf, yf: the same with one leading axis."""

    def __init__(self, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> None:
        self.W, self.b = W, b
        self.neurons, self.features = W.shape
        self.leading = x.shape[:-1]
        self.count = math.prod(self.leading)
        self.x, self.y = x, x @ W.T + b
        self.xf = x.reshape(self.count, self.features)
        self.yf = self.xf @ W.T + b
        # With one leading axis it is the batch; with more, the lesson has no letter for each of them.
        names = ("N",) if len(self.leading) == 1 else ("",) * len(self.leading)
        made = [
            matrix("x", "x", x, (*names, "in")),
            matrix("W", "W", W, ("out", "in")),
            matrix("b", "b", b, ("out",)),
            matrix("y", "y", self.y, (*names, "out")),
            matrix("xf", "xf", self.xf, ("N", "in")),
            matrix("yf", "yf", self.yf, ("N", "out")),
            matrix("T", "Wᵀ", W.T, ("in", "out")),
        ]
        for at in range(self.count):
            made.append(matrix(f"x:{at}", self.row("x", at), self.xf[at], ("in",)))
            made.append(matrix(f"y:{at}", self.row("y", at), self.yf[at], ("out",)))
        self.matrices = {one.id: one for one in made}

    def board(self) -> Board:
        stops = [Stop(self.row("y", 0), 1), Stop("(*, in) → (*, out)", self.count + 1), Stop("xf, yf", self.count + 2)]
        return Board(
            title="y = x Wᵀ + b, (*, in) → (*, out)",
            matrices=tuple(self.matrices.values()),
            cards=tuple(Card(f"card:{id}", id, (id,), shape_text(self.matrices[id].shape)) for id in CARDS),
            steps=tuple(self.steps()),
            frames=tuple(one for width in WIDTHS if (one := self.frame(width))),
            lines=tuple(Line(id, f"card:{start}", f"card:{end}") for id, start, end, _ in WAYS),
            given=("x", "W", "b", "T", *(f"x:{at}" for at in range(self.count))),
            formulas=(self.written("y", "x"), self.written("yf", "xf")),
            stops=tuple(stops),
        )

    def row(self, name: str, at: int) -> str:
        """x[1, 0]: what the position *at*, in the order of reading, is called."""
        return named(name, unflat(at, self.leading))

    def written(self, result: str, left: str) -> tuple[Token, ...]:
        product = (Token(left, (f"card:{left}",)), Token(" "), Token("Wᵀ", ("card:W",)), Token(" + "), Token("b", ("card:b",)))
        return (Token(result, (f"card:{result}",)), Token(" = "), *product)

    # -- the steps

    def steps(self) -> Iterator[Step]:
        values = {"shape": shape_text(self.x.shape), "features": self.features}
        values |= {"leading": shape_text(self.leading), "count": self.count}
        yield Step((Say(START if self.leading else START_ONE, values),), lit=("card:x",), formula=self.written("y", "x"))
        yield from (self.position(at) for at in range(self.count))
        yield self.kept()
        yield self.flat()
        yield self.product()
        yield self.fold()

    def sum(self, flat: int) -> str:
        """What the entry of y, or of yf, is the sum of."""
        at, i = divmod(flat, self.neurons)
        pairs = list(zip(self.xf[at].tolist(), self.W[i].tolist(), strict=True))
        return sum_text([*pairs, (float(self.b[i]),)], float(self.yf[at, i]))

    def sums(self) -> tuple[str, ...]:
        return tuple(self.sum(flat) for flat in range(self.y.size))

    def parts(self, left: str) -> tuple[Part, ...]:
        """Of every entry of y (yf): its row of x (xf), its neuron's row of W, which is a column of Wᵀ, and its bias."""
        return layer_parts(self.count, self.features, self.neurons, left, "W", "T", "b")

    def position(self, at: int) -> Step:
        """The row *at* of x meets W. Which neuron is written out changes from row to row."""
        n, size = self.neurons, self.features
        own = range(at * n, (at + 1) * n)
        focus = own[at % n]
        values = {
            "row": self.row("x", at),
            "numbers": f"[{listed(self.xf[at])}]",
            "neurons": n,
            "entry": self.matrices["y"].entry(focus),
            "sum": self.sum(focus),
            "result": f"{self.row('y', at)} = [{listed(self.yf[at])}]",
        }
        here = tuple(tuple(range(size)) if flat in own else () for flat in range(self.y.size))
        known = Known("y", tuple(own), None, self.sums(), (*self.parts("x"), Part(f"x:{at}", here)))
        T, b = (Part(one.matrix, one.at[own.start : own.stop]) for one in self.parts("x")[2:])
        small = Known(
            f"y:{at}", None, None, self.sums()[own.start : own.stop], (Part(f"x:{at}", (tuple(range(size)),) * n), T, b)
        )
        features = (Cell("x", flat) for flat in range(at * size, (at + 1) * size))
        return Step(
            (Say(NEXT if at else HERE, values),),
            (known, small),
            () if at else ("x>W", "W>y"),
            ("card:W", *features, *(Cell("y", flat) for flat in own)),
            self.written("y", "x"),
            panel=(f"x:{at}", "·", "T", "+", "b", "=", f"y:{at}"),
            gone=("in",),
            focus=Cell("y", focus),
        )

    def kept(self) -> Step:
        values = {
            "x": shape_text(self.x.shape),
            "y": shape_text(self.y.shape),
            "features": self.features,
            "neurons": self.neurons,
        }
        values |= {"leading": shape_text(self.leading), "count": self.count, "weights": self.W.size}
        say = Say(KEPT if self.leading else KEPT_ONE, values)
        return Step((say,), lit=("card:y", "W>y"), formula=self.written("y", "x"), gone=("in",))

    def flat(self) -> Step:
        size, last = self.features, self.count - 1
        values = {"features": size, "count": self.count, "shape": shape_text(self.xf.shape), "row": self.row("x", last)}
        values |= {"flat": named("xf", (last,)), "numbers": f"[{listed(self.xf[last])}]"}
        formula = (Token("xf", ("card:xf",)), Token(" = "), Token("x", ("card:x",)), Token(f".reshape(-1, {size})"))
        return Step(
            (Say(FLAT, values),),
            (self.moved("xf", "x"),),
            ("x>xf",),
            ("card:xf", "x>xf"),
            formula,
            focus=Cell("xf", last * size),
        )

    def moved(self, id: str, before: str) -> Known:
        """Every number of *id* is the one of *before* that comes at the same place in the order of reading."""
        source = self.matrices[before]
        sums = tuple(f"{source.entry(flat)} = {text}" for flat, text in enumerate(source.entries))
        return Known(id, None, None, sums, (Part(before, tuple((flat,) for flat in range(len(sums)))),))

    def product(self) -> Step:
        last = self.count - 1
        focus = last * self.neurons + last % self.neurons
        sizes = {"left": self.xf.shape, "right": self.W.T.shape, "result": self.yf.shape}
        values: dict[str, Any] = {name: shape_text(shape) for name, shape in sizes.items()}
        values |= {"index": last, "sum": f"{self.matrices['yf'].entry(focus)} = {self.sum(focus)}"}
        return Step(
            (Say(PRODUCT, values),),
            (Known("yf", None, None, self.sums(), self.parts("xf")),),
            ("xf>yf",),
            ("card:yf", "xf>yf"),
            self.written("yf", "xf"),
            panel=("xf", "·", "T", "+", "b", "=", "yf"),
            gone=("in",),
            focus=Cell("yf", focus),
        )

    def fold(self) -> Step:
        last = self.count - 1
        shape = shape_text(self.y.shape)
        values = {"shape": shape, "flat": named("yf", (last,)), "row": self.row("y", last), "count": self.y.size}
        formula = (Token("y", ("card:y",)), Token(" = "), Token("yf", ("card:yf",)), Token(f".reshape{shape}"))
        focus = Cell("y", last * self.neurons + last % self.neurons)
        return Step((Say(FOLD, values),), (self.moved("y", "yf"),), ("yf>y",), ("card:y", "yf>y"), formula, focus=focus)

    # -- where it stands

    def size(self, id: str, across: int) -> tuple[int, int]:
        """Width and height in px of a card whose sheets stand *across* side by side."""
        one = self.matrices[id]
        *leading, columns = one.shape
        sheets = math.prod(leading[:-1])
        across = min(across, sheets)
        down = math.ceil(sheets / across)
        rows = leading[-1] if leading else 1
        sheet_w = (GUTTER if leading else 0) + columns * one.cell + 1
        sheet_h = (SHEET if len(leading) > 1 else 0) + rows * CELL_H + 1
        title = math.ceil(LETTER * len(one.name) + 8 + SMALL * len(shape_text(one.shape)))
        w = max(across * sheet_w + (across - 1) * BETWEEN, title) + 2 * PAD_X
        return w, PAD_TOP + TITLE + CAPTION + down * sheet_h + (down - 1) * BETWEEN + PAD_BOTTOM

    def frame(self, width: int) -> Frame | None:
        """x, W and y in a row with the batch below, sheets stacked where room is short; else all in one column."""
        room = width - 2 * MARGIN
        most = max(1, math.prod(self.leading[:-1]))
        for across in range(most, 0, -1):
            sizes = {id: self.size(id, across) for id in CARDS}
            if made := self.in_a_row(sizes, width):
                return self.drawn(width, made, across)
        for across in range(most, 0, -1):
            sizes = {id: self.size(id, across) for id in CARDS}
            below = sizes["xf"][0] + GAP + sizes["yf"][0]
            if max(sizes["x"][0], sizes["y"][0], sizes["W"][0] + NEAR + sizes["b"][0], below) <= room:
                return self.drawn(width, self.in_a_column(sizes, width), across)
        return None

    def in_a_row(self, sizes: dict[str, tuple[int, int]], width: int) -> dict[str, Box] | None:
        """The columns are x over xf, W over b, y over yf. None: no room."""
        columns = [max(sizes[one][0] for one in pair) for pair in (("x", "xf"), ("W", "b"), ("y", "yf"))]
        free = width - 2 * MARGIN - sum(columns)
        if free < 2 * GAP:
            return None
        gap = min(free // 2, 3 * GAP)
        left = (width - sum(columns) - 2 * gap) // 2
        middle, right = left + columns[0] + gap, left + columns[0] + gap + columns[1] + gap
        W_h = sizes["W"][1] + NEAR + sizes["b"][1]
        high = max(sizes["x"][1], W_h, sizes["y"][1])
        W_y = TOP + max(0, min(sizes["x"][1], sizes["y"][1]) - W_h) // 2
        below = TOP + high + GAP
        at = {
            "x": (left, TOP),
            "W": (middle + (columns[1] - sizes["W"][0]) // 2, W_y),
            "b": (middle + (columns[1] - sizes["b"][0]) // 2, W_y + sizes["W"][1] + NEAR),
            "y": (right, TOP),
            "xf": (left, below),
            "yf": (right, below),
        }
        return {id: Box(f"card:{id}", *at[id], *sizes[id]) for id in CARDS}

    def in_a_column(self, sizes: dict[str, tuple[int, int]], width: int) -> dict[str, Box]:
        """x, then W beside b, then y, then the batch."""

        def centred(*wide: int, gap: int) -> list[int]:
            x = (width - sum(wide) - gap * (len(wide) - 1)) // 2
            return [x + sum(wide[:one]) + gap * one for one in range(len(wide))]

        W_y = TOP + sizes["x"][1] + GAP
        y_y = W_y + max(sizes["W"][1], sizes["b"][1]) + GAP
        below = y_y + sizes["y"][1] + GAP
        W_x, b_x = centred(sizes["W"][0], sizes["b"][0], gap=NEAR)
        xf_x, yf_x = centred(sizes["xf"][0], sizes["yf"][0], gap=GAP)
        (x_x,), (y_x,) = centred(sizes["x"][0], gap=0), centred(sizes["y"][0], gap=0)
        at = {"x": (x_x, TOP), "W": (W_x, W_y), "b": (b_x, W_y), "y": (y_x, y_y), "xf": (xf_x, below), "yf": (yf_x, below)}
        return {id: Box(f"card:{id}", *at[id], *sizes[id]) for id in CARDS}

    def drawn(self, width: int, boxes: dict[str, Box], across: int) -> Frame:
        places = tuple(
            Place(id, PAD_X, PAD_TOP + TITLE, self.matrices[id].cell, across=min(across, math.prod(self.matrices[id].shape[:-2])))
            for id in CARDS
        )
        paths, labels = self.ways(boxes, width)
        height = max(one.y + one.h for one in boxes.values()) + TOP
        return Frame(width, height, tuple(boxes.values()), places, paths, labels)

    def ways(self, boxes: dict[str, Box], width: int) -> tuple[tuple[Path, ...], tuple[Label, ...]]:
        """Straight arrows between neighbours. Where something stands between two cards, their arrow is left out."""
        paths, labels = [], []
        values = {"features": self.features, "shape": shape_text(self.y.shape)}
        for id, start, end, text in WAYS:
            one, other = boxes[start], boxes[end]
            label = text.format(**values)
            low, high = max(one.x, other.x), min(one.x + one.w, other.x + other.w)
            top, bottom = max(one.y, other.y), min(one.y + one.h, other.y + other.h)
            if top < bottom:  # side by side
                a, c = (one.x + one.w, other.x) if one.x < other.x else (one.x, other.x + other.w)
                y = top + PAD_TOP + TITLE // 2 if start == "xf" else (top + bottom) // 2
                paths.append(Path(id, ((a, y), (c, y))))
                if label and c - a >= text_width(label) + 12:
                    labels.append(Label(id, label, (a + c - text_width(label)) // 2, y - 18))
            elif low < high and self.clear(boxes, start, end):
                x = low + 14
                a, c = (one.y + one.h, other.y) if one.y < other.y else (one.y, other.y + other.h)
                paths.append(Path(id, ((x, a), (x, c))))
                if label:
                    right = x + 8 + text_width(label) <= width - MARGIN  # of the arrow, if it is not cut off there
                    labels.append(Label(id, label, x + 8 if right else x - 8 - text_width(label), (a + c) // 2 - 8))
        return tuple(paths), tuple(labels)

    def clear(self, boxes: dict[str, Box], start: str, end: str) -> bool:
        """Is nothing between two cards that stand one below the other?"""
        upper, lower = sorted((boxes[start], boxes[end]), key=lambda one: one.y)
        return not any(upper.y + upper.h <= one.y < lower.y for one in boxes.values() if one not in (upper, lower))
