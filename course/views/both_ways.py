"""The two directions of a layer that is a class: forward takes x, keeps it and gives y; backward takes G and opens what was kept.

The cache stands as a drawer between the two, beside it the parameters and their gradients. Both ways are gone twice, so that
the second time the gradients add up while the cache and dX are only written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph.sums import alone, sum_text
from course.verdict import Say
from course.views.board import (
    BACKWARD,
    FORWARD,
    GRADIENT,
    WIDTHS,
    Board,
    Box,
    Card,
    Cell,
    Frame,
    Known,
    Line,
    Matrix,
    Part,
    Path,
    Place,
    Step,
    Stop,
    Token,
    shape_text,
)
from course.views.pieces import (
    PAD_BOTTOM,
    PAD_TOP,
    PAD_X,
    TITLE,
    layer_parts,
    matrix,
    meet,
    one_axis,
    product_parts,
    read,
    running,
    title_size,
)

MARGIN, TOP, GAP, NEAR = 4, 8, 22, 8  # px: at the sides, above and below, between cards with arrows, and without
BAR = PAD_TOP + TITLE + PAD_BOTTOM  # px: forward and backward are as high as a title

KEEP = N_(
    "forward takes x, of the shape {shape}, and, before anything else, puts it into the cache: {count} "
    "numbers stay there. On the way back only G will come in, and without x the gradient of weight cannot "
    "be computed."
)
GIVE = N_(
    "Then it computes y = x weightᵀ + bias, for example {sum}. y, of the shape {shape}, is handed out; the layer keeps x, not y."
)
TAKE = N_(
    "Now the way back: backward takes G = ∂L/∂y, a number for each of the {count} numbers of y. So G has the shape of y, "
    "{shape}. It holds no x: backward opens the cache."
)
DX = N_(
    "dX is handed on to where x came from: {sum}. The axis out, of size {neurons}, disappeared, and dX has the shape of x: "
    "{shape}."
)
DW = N_(
    "Gᵀ meets the x from the cache: {sum}. The axis N, of size {count}, disappeared, as every sample used the same weights. "
    "weight.grad was empty and now has the shape of weight: {shape}."
)
DB = N_(
    "forward added bias to every row, and N = {count}, so the rows of G are added up: {sum}. bias.grad has the shape of bias: "
    "{shape}."
)
AGAIN = N_(
    "The same x goes forward once more. The cache is overwritten and does not grow: {count} numbers, as "
    "before. y is the same, and the gradients are still there: {entry}."
)
ADD = N_(
    "The same G goes backward once more. The gradient of this call is again {entry}, but it is added to "
    "what is there: {sum}. The same goes for bias.grad: {bias}."
)
END = N_(
    "dX was handed on both times and does not accumulate: {entry}. weight.grad and bias.grad hold the sum "
    "of 2 calls, and a layer that is used twice in one network needs this sum. When the weights have been "
    "updated, both sums have to be set to zero."
)


def both_ways_board(W: Any, b: Any, x: Any, G: Any) -> Board:
    """
    A layer's two directions. W: (out, in), b: (out,) or (out, 1), x: (N, in), G: (N, out), at most 8 on each axis; all copied.

    Raises: Refusal: what cannot be drawn, and what to do.
    """
    weight = read(W, "W", "(out, in)", (2,))
    bias = one_axis(read(b, "b", "(out,)", (1, 2)), "b", "(out,)")
    samples = read(x, "x", "(N, in)", (2,))
    upstream = read(G, "G", "(N, out)", (2,))
    meet("in", ("W", weight, 1), ("x", samples, 1))
    meet("out", ("W", weight, 0), ("b", bias, 0))
    meet("out", ("W", weight, 0), ("G", upstream, 1))
    meet("N", ("x", samples, 0), ("G", upstream, 0))
    return Picture(weight, bias, samples, upstream).board()


# (id, from, to, kind): values are solid, gradients dashed.
WAYS = (
    ("x>forward", "x", "forward", FORWARD),
    ("forward>cache", "forward", "cache", FORWARD),
    ("weight>forward", "weight", "forward", FORWARD),
    ("bias>forward", "bias", "forward", FORWARD),
    ("forward>y", "forward", "y", FORWARD),
    ("cache>backward", "cache", "backward", FORWARD),
    ("weight>backward", "weight", "backward", FORWARD),
    ("G>backward", "G", "backward", BACKWARD),
    ("backward>dX", "backward", "dX", BACKWARD),
    ("backward>weight.grad", "backward", "weight.grad", BACKWARD),
    ("backward>bias.grad", "backward", "bias.grad", BACKWARD),
)
OF_PARAMETERS = tuple(id for id, start, end, _ in WAYS if "weight" in id or "bias" in id)
CARDS = ("x", "forward", "y", "cache", "bias", "weight", "bias.grad", "weight.grad", "G", "backward", "dX")
BARS = ("forward", "backward")


class Picture:
    """What stands on the board. W: (out, in), b: (out,), x: (N, in), G: (N, out)."""

    def __init__(self, W: np.ndarray, b: np.ndarray, x: np.ndarray, G: np.ndarray) -> None:
        self.W, self.b, self.x, self.G = W, b, x, G
        self.neurons, self.features = W.shape
        self.samples = len(x)
        self.i, self.j, self.n = min(1, self.neurons - 1), self.features - 1, 0  # the entries whose sums are written out
        self.y, self.dX, self.dW, self.db = x @ W.T + b, G @ W, G.T @ x, G.sum(0)
        own = (
            matrix("x", "x", x, ("N", "in")),
            matrix("cache", "cache", x, ("N", "in")),
            matrix("weight", "weight", W, ("out", "in")),
            matrix("bias", "bias", b, ("out",)),
            matrix("y", "y", self.y, ("N", "out")),
            matrix("T", "weightᵀ", W.T, ("in", "out")),
            gradient("G", "G", G, ("N", "out")),
            gradient("dX", "dX", self.dX, ("N", "in")),
            growing("weight.grad", self.dW, ("out", "in")),
            growing("bias.grad", self.db, ("out",)),
            gradient("GT", "Gᵀ", G.T, ("out", "N")),
            gradient("before", "weight.grad", self.dW, ("out", "in")),
            gradient("dW", "Gᵀ cache", self.dW, ("out", "in")),
        )
        self.matrices = {one.id: one for one in own}

    def board(self) -> Board:
        return Board(
            title="y = x weightᵀ + bias, forward ⇄ backward",
            matrices=tuple(self.matrices.values()),
            cards=tuple(self.card(id) for id in CARDS),
            steps=tuple(self.steps()),
            frames=tuple(one for width in WIDTHS if (one := self.frame(width))),
            lines=tuple(Line(id, card(start), card(end), kind) for id, start, end, kind in WAYS),
            given=("x", "weight", "bias", "T"),
            formulas=(self.written("y"), self.written("dX"), self.written("weight.grad"), self.written("bias.grad")),
            stops=(Stop("▶ y", 0), Stop("◀ G", 2), Stop("▶ y (2)", 6), Stop("◀ G (2)", 7)),
        )

    def card(self, id: str) -> Card:
        if id in BARS:
            return Card(card(id), id, (), "x ↦ y" if id == "forward" else "G ↦ dX")
        return Card(card(id), id, (id,), shape_text(self.matrices[id].shape))

    def written(self, result: str) -> tuple[Token, ...]:
        """The formula of *result*, every letter linked to its card."""
        made: dict[str, tuple[tuple[str, str], ...]] = {
            "y": ((" = ", ""), ("x", "x"), (" ", ""), ("weightᵀ", "weight"), (" + ", ""), ("bias", "bias")),
            "dX": ((" = ", ""), ("G", "G"), (" ", ""), ("weight", "weight")),
            "weight.grad": ((" += ", ""), ("Gᵀ", "G"), (" ", ""), ("cache", "cache")),
            "bias.grad": ((" += Σₙ ", ""), ("G", "G"), ("[n]", "")),
        }
        return tuple(Token(text, (card(id),) if id else ()) for text, id in ((result, result), *made[result]))

    # -- the steps

    def steps(self) -> Iterator[Step]:
        held = {"count": self.x.size}
        way_in = ("x>forward", "forward>cache")
        formula = (Token("cache", (card("cache"),)), Token(" = "), Token("x", (card("x"),)))
        say = Say(KEEP, held | {"shape": shape_text(self.x.shape)})
        kept = Known("cache", None, None, (), (Part("x", tuple((flat,) for flat in range(self.x.size))),))
        yield Step((say,), (kept,), way_in, (card("forward"), card("cache"), *way_in), formula, panel=("x", "→", "cache"))
        yield self.give()
        yield self.take()
        yield self.on()
        yield self.weights()
        yield self.biases()
        say = Say(AGAIN, held | {"entry": self.entry("weight.grad", self.dW)})
        lit = (card("forward"), card("cache"), card("y"), *way_in, "forward>y")
        y = Known("y", None, None, *self.sums("y"))
        yield Step((say,), (kept, y), (), lit, formula, panel=("x", "→", "cache"))
        yield self.add()
        say = Say(END, {"entry": self.entry("dX", self.dX)})
        grown = (card("weight.grad"), card("bias.grad"))
        yield Step((say,), (), (), grown, self.written("weight.grad"), BACKWARD)

    def entry(self, id: str, array: np.ndarray) -> str:
        """weight.grad[1, 3] = −5, the entry that is followed."""
        return f"{self.matrices[id].entry(self.at(id))} = {alone(float(array.ravel()[self.at(id)]))}"

    def at(self, id: str) -> int:
        """The flat index of the entry that is followed."""
        if id == "y":
            return self.n * self.neurons + self.i
        if id == "dX":
            return self.n * self.features + self.j
        return self.i if id == "bias.grad" else self.i * self.features + self.j

    def sums(self, id: str) -> tuple[tuple[str, ...], tuple[Part, ...]]:
        """Of each entry: the sum it is, and the entries that are in it."""
        n, out, into = self.samples, self.neurons, self.features
        x, W, G = self.x.tolist(), self.W.tolist(), self.G.tolist()
        if id == "y":
            places = [(s, i) for s in range(n) for i in range(out)]
            terms = [[*zip(x[s], W[i], strict=True), (float(self.b[i]),)] for s, i in places]
            parts = layer_parts(n, into, out, "x", "weight", "T", "bias")
            result = self.y
        elif id == "dX":
            places = [(s, j) for s in range(n) for j in range(into)]
            terms = [[(G[s][i], W[i][j]) for i in range(out)] for s, j in places]
            parts = product_parts("G", "weight", n, out, into)
            result = self.dX
        elif id == "weight.grad":
            places = [(i, j) for i in range(out) for j in range(into)]
            terms = [[(G[s][i], x[s][j]) for s in range(n)] for i, j in places]
            columns = tuple(tuple(range(i, n * out, out)) for i, _ in places)  # a row of Gᵀ is a column of G
            parts = (Part("G", columns), *product_parts("GT", "cache", out, n, into))
            result = self.dW
        else:
            terms = [[(G[s][i],) for s in range(n)] for i in range(out)]
            parts = (Part("G", tuple(tuple(range(i, n * out, out)) for i in range(out))),)
            result = self.db
        return tuple(sum_text(one, float(total)) for one, total in zip(terms, result.ravel(), strict=True)), parts

    def told(self, id: str, sums: Sequence[str]) -> str:
        return f"{self.matrices[id].entry(self.at(id))} = {sums[self.at(id)]}"

    def give(self) -> Step:
        sums, parts = self.sums("y")
        say = Say(GIVE, {"sum": self.told("y", sums), "shape": shape_text(self.y.shape)})
        ways = ("weight>forward", "bias>forward", "forward>y")
        lit = (card("forward"), card("y"), *ways)
        panel = ("x", "·", "T", "+", "bias", "=", "y")
        known = (Known("y", None, None, sums, parts),)
        return Step((say,), known, ways, lit, self.written("y"), FORWARD, panel, ("in",), Cell("y", self.at("y")))

    def take(self) -> Step:
        say = Say(TAKE, {"count": self.G.size, "shape": shape_text(self.G.shape)})
        ways = ("G>backward", "cache>backward")
        formula = (Token("G", (card("G"),)), Token(" = ∂L/∂"), Token("y", (card("y"),)))
        lit = (card("G"), card("cache"), card("backward"), *ways)
        return Step((say,), (Known("G"), Known("GT")), ways, lit, formula, BACKWARD, ("G", ",", "cache"))

    def on(self) -> Step:
        sums, parts = self.sums("dX")
        say = Say(DX, {"sum": self.told("dX", sums), "neurons": self.neurons, "shape": shape_text(self.dX.shape)})
        ways = ("weight>backward", "backward>dX")
        lit = (card("backward"), card("dX"), *ways)
        panel = ("G", "·", "weight", "=", "dX")
        known = (Known("dX", None, None, sums, parts),)
        return Step((say,), known, ways, lit, self.written("dX"), BACKWARD, panel, ("out",), Cell("dX", self.at("dX")))

    def weights(self) -> Step:
        sums, parts = self.sums("weight.grad")
        told = self.told("weight.grad", sums)
        say = Say(DW, {"sum": told, "count": self.samples, "shape": shape_text(self.dW.shape)})
        ways = ("backward>weight.grad",)
        lit = (card("backward"), card("weight.grad"), "cache>backward", *ways)
        panel = ("GT", "·", "cache", "=", "weight.grad")
        known = (self.once("weight.grad", self.dW, sums, parts),)
        focus = Cell("weight.grad", self.at("weight.grad"))
        return Step((say,), known, ways, lit, self.written("weight.grad"), BACKWARD, panel, ("N",), focus)

    def biases(self) -> Step:
        sums, parts = self.sums("bias.grad")
        say = Say(DB, {"sum": self.told("bias.grad", sums), "count": self.samples, "shape": shape_text(self.db.shape)})
        ways = ("backward>bias.grad",)
        lit = (card("backward"), card("bias.grad"), *ways)
        panel = ("G", "→ Σ N →", "bias.grad")
        known = (self.once("bias.grad", self.db, sums, parts),)
        focus = Cell("bias.grad", self.at("bias.grad"))
        return Step((say,), known, ways, lit, self.written("bias.grad"), BACKWARD, panel, ("N",), focus)

    def once(self, id: str, array: np.ndarray, sums: tuple[str, ...], parts: tuple[Part, ...]) -> Known:
        """After one call of backward; the second one adds to it."""
        return Known(id, None, matrix("", "", array, [""] * array.ndim).entries, sums, parts)

    def add(self) -> Step:
        """The second call adds the same once more."""
        known = [Known("before"), Known("dW", None, None, *self.sums("weight.grad"))]
        told = {}
        for id, array in (("weight.grad", self.dW), ("bias.grad", self.db)):
            sums = tuple(running(float(one), float(one)) for one in array.ravel())
            texts = matrix("", "", 2 * array, [""] * array.ndim).entries
            same = tuple((flat,) for flat in range(array.size))
            parts = (Part("before", same), Part("dW", same)) if id == "weight.grad" else ()
            known.append(Known(id, None, texts, sums, parts))
            told[id] = self.told(id, sums)
        entry = alone(float(self.dW[self.i, self.j]))
        say = Say(ADD, {"entry": entry, "sum": told["weight.grad"], "bias": told["bias.grad"]})
        ways = ("G>backward", "cache>backward", "backward>weight.grad", "backward>bias.grad")
        lit = (card("backward"), card("weight.grad"), card("bias.grad"), *ways)
        panel = ("before", "+", "dW", "=", "weight.grad")
        focus = Cell("weight.grad", self.at("weight.grad"))
        return Step((say,), tuple(known), (), lit, self.written("weight.grad"), BACKWARD, panel, focus=focus)

    # -- where it stands

    def size(self, id: str) -> tuple[int, int]:
        """Width and height in px of a card with its title on one line; forward and backward are made as wide as there is room."""
        return title_size(self.card(id), self.matrices)

    def frame(self, width: int) -> Frame | None:
        """Inputs and results beside the layer; above and below it; or with all that it holds in two columns, or in one."""
        size = {id: self.size(id) for id in CARDS}
        room = width - 2 * MARGIN
        columns = (("cache",), ("bias", "weight"), ("bias.grad", "weight.grad"))
        boxes = (
            self.beside(size, columns, room)
            or self.above(size, columns, room)
            or self.above(size, (columns[0], (*columns[1], *columns[2])), room)
            or self.stacked(size, room)
        )
        if boxes is None:
            return None
        wide = max(one.x + one.w for one in boxes.values())
        moved = {id: replace(one, x=one.x + (width - wide) // 2) for id, one in boxes.items()}
        places = tuple(Place(id, PAD_X, PAD_TOP + TITLE, self.matrices[id].cell) for id in CARDS if id not in BARS)
        height = max(one.y + one.h for one in moved.values()) + TOP
        return Frame(width, height, tuple(moved[id] for id in CARDS), places, self.paths(moved))

    def inside(
        self, size: dict[str, tuple[int, int]], columns: Sequence[Sequence[str]], gap: int
    ) -> tuple[dict[str, tuple[int, int]], int, int]:
        """What the layer holds, column by column from (0, 0): where each card stands, and the width and height of it all."""
        tall = max(sum(size[id][1] for id in ids) + GAP * (len(ids) - 1) for ids in columns)
        at, x = {}, 0
        for ids in columns:
            y = (tall - size[ids[0]][1]) // 2 if len(ids) == 1 else 0
            for id in ids:
                at[id] = (x, y)
                y += size[id][1] + GAP
            x += max(size[id][0] for id in ids) + gap
        return at, x - gap, tall

    def beside(self, size: dict[str, tuple[int, int]], columns: Sequence[Sequence[str]], room: int) -> dict[str, Box] | None:
        """x and dX at the left of the layer, y and G at its right."""
        at, w, h = self.inside(size, columns, GAP)
        left, right = max(size["x"][0], size["dX"][0]), max(size["y"][0], size["G"][0])
        if left + w + right + 2 * GAP > room:
            return None
        gap = min(2 * GAP, (room - left - w - right) // 2)
        tall = max(2 * BAR + 2 * GAP + h, size["x"][1] + GAP + size["dX"][1])
        start, bottom = left + gap, TOP + tall
        dy = TOP + (tall - h) // 2
        boxes = {id: Box(card(id), start + x, dy + y, *size[id]) for id, (x, y) in at.items()}
        end = start + w + gap
        corners = {"x": (0, TOP), "dX": (0, bottom - size["dX"][1]), "y": (end, TOP), "G": (end, bottom - size["G"][1])}
        boxes |= {id: Box(card(id), *at, *size[id]) for id, at in corners.items()}
        return boxes | {
            "forward": Box(card("forward"), start, TOP, w, BAR),
            "backward": Box(card("backward"), start, bottom - BAR, w, BAR),
        }

    def above(self, size: dict[str, tuple[int, int]], columns: Sequence[Sequence[str]], room: int) -> dict[str, Box] | None:
        """x and y above the layer, dX and G below."""
        gap = NEAR if self.inside(size, columns, GAP)[1] > room else GAP
        at, w, h = self.inside(size, columns, gap)
        pairs = [size[one][0] + NEAR + size[other][0] for one, other in (("x", "y"), ("dX", "G"))]
        whole = max(w, *pairs)
        if whole > room:
            return None
        forward = TOP + size["x"][1] + GAP
        backward = forward + BAR + GAP + h + GAP
        below = backward + BAR + GAP
        dx, dy = (whole - w) // 2, forward + BAR + GAP
        boxes = {id: Box(card(id), dx + x, dy + y, *size[id]) for id, (x, y) in at.items()}
        corners = {"x": (0, TOP), "y": (whole - size["y"][0], TOP), "dX": (0, below), "G": (whole - size["G"][0], below)}
        boxes |= {id: Box(card(id), *at, *size[id]) for id, at in corners.items()}
        return boxes | {
            "forward": Box(card("forward"), 0, forward, whole, BAR),
            "backward": Box(card("backward"), 0, backward, whole, BAR),
        }

    def stacked(self, size: dict[str, tuple[int, int]], room: int) -> dict[str, Box] | None:
        """One card below the other."""
        whole = max(w for w, _ in size.values())
        if whole > room:
            return None
        boxes, y = {}, TOP
        for id in CARDS:
            w, h = size[id]
            boxes[id] = Box(card(id), 0 if id in BARS else (whole - w) // 2, y, whole if id in BARS else w, h)
            y += h + GAP
        return boxes

    def paths(self, boxes: dict[str, Box]) -> tuple[Path, ...]:
        """Straight where nothing stands between, else around by the left; those of the parameters are all drawn, or none."""
        found: dict[str, tuple[tuple[int, int], ...]] = {}
        for id, start, end, _ in WAYS:
            one, other = boxes[start], boxes[end]
            others = [box for name, box in boxes.items() if name not in (start, end)]
            tries = (straight(one, other), around(one, other))
            found[id] = next((points for points in tries if points and free(points, others)), ())
        crowded = min(boxes["weight"].x - boxes["cache"].x - boxes["cache"].w, 2 * GAP) < GAP
        if crowded or not all(found[id] for id in OF_PARAMETERS):
            found |= dict.fromkeys(OF_PARAMETERS, ())
        return tuple(Path(id, points) for id, points in found.items() if points)


def card(id: str) -> str:
    return f"card:{id}"


def gradient(id: str, name: str, array: np.ndarray, axes: Sequence[str]) -> Matrix:
    return replace(matrix(id, name, array, axes), kind=GRADIENT)


def growing(id: str, array: np.ndarray, axes: Sequence[str]) -> Matrix:
    """A gradient that shows *array* first and twice that later; its cells hold the longer of both."""
    once, twice = gradient(id, id, array, axes), gradient(id, id, 2 * array, axes)
    return max(twice, once, key=lambda one: one.cell)


def straight(one: Box, other: Box) -> tuple[tuple[int, int], ...]:
    """Down, up or across, in the middle of what both have in common; () where that is nothing."""
    left, right = max(one.x, other.x), min(one.x + one.w, other.x + other.w)
    if left < right:
        x = (left + right) // 2
        return ((x, one.y + one.h), (x, other.y)) if one.y < other.y else ((x, one.y), (x, other.y + other.h))
    top, bottom = max(one.y, other.y), min(one.y + one.h, other.y + other.h)
    if top < bottom:
        y = (top + bottom) // 2
        return ((one.x + one.w, y), (other.x, y)) if one.x < other.x else ((one.x, y), (other.x + other.w, y))
    return ()


def around(one: Box, other: Box) -> tuple[tuple[int, int], ...]:
    """From a card's left side through the gap beside it to a bar above or below, or the same from the bar."""
    bar, lone = (one, other) if one.w > other.w else (other, one)
    x, y = lone.x - GAP // 2, lone.y + lone.h // 2
    if not bar.x < x < bar.x + bar.w:
        return ()
    points = ((lone.x, y), (x, y), (x, bar.y + bar.h if bar.y < lone.y else bar.y))
    return points if lone is one else points[::-1]


def free(points: Sequence[tuple[int, int]], boxes: Sequence[Box]) -> bool:
    """No piece of the way crosses a box."""
    for (a, b), (c, d) in pairwise(points):
        for box in boxes:
            if min(a, c) < box.x + box.w and box.x < max(a, c) + 1 and min(b, d) < box.y + box.h and box.y < max(b, d) + 1:
                return False
    return True
