"""A linear layer for one sample, as a bipartite picture: features on the left, neurons on the right, every link a weight.

Beside it stands W as a heat map, below it Z = WX + B. The first neuron is summed up link by link, the others one at a time:
row i of W is neuron i.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph.measure import text_width
from course.graph.sums import alone, sum_text
from course.verdict import Say
from course.views.board import (
    CELL_W,
    WIDTHS,
    Board,
    Box,
    Card,
    Cell,
    Frame,
    Known,
    Label,
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
from course.views.pieces import PAD_TOP, PAD_X, TITLE, card_size, heat_of, matrix, meet, one_axis, read, running

NODE_H, PITCH, NAME_W = 30, 44, 23  # px: a node, from node to node, the name in a node
MARGIN, BIAS_GAP, APART = 4, 22, 36  # px: at the edges, between neuron and bias, between the links and W
NEAREST, FARTHEST = 84, 250  # px between features and neurons
LABEL = 30  # px from one column of weights to the next
LABELLED = 4  # neurons: of more, the weights would stand in each other's way

START = N_(
    "On the left the features, {features}; on the right the neurons, {neurons}. Each feature has a link to each neuron, and "
    "each link a weight, {links} in all. W keeps them in the shape {shape}, a row for each neuron; the stronger the colour, the "
    "further a weight is from zero, and stripes mark negative ones."
)
LINK = N_("The link from {feature} to {neuron} carries the weight {weight} = {number}: {product}. The sum is now {running}.")
BIAS = N_("Last comes the bias {bias}, which no feature touches: {neuron} = {running}. Neuron {i} has used up row {i} of W.")
NEURON = N_("Neuron {i} gets the same features, but has its own row of W and its own bias: {neuron} = {sum}.")
END = N_(
    "All of this is one line: Z = WX + B. Each row of W met the column X, and the axis in, of size "
    "{features}, disappeared; out, of size {neurons}, is left, so Z is {shape}."
)


def layer_board(W: Any, x: Any, b: Any) -> Board:
    """
    One sample's way through a layer. W: (out, in), x: (in,) or (in, 1), b: (out,) or (out, 1), at most 8 on each axis.

    Raises: Refusal: what cannot be drawn, and what to do.
    """
    weights = read(W, "W", "(out, in)", (2,))
    features = one_axis(read(x, "x", "(in,)", (1, 2)), "x", "(in,)")
    biases = one_axis(read(b, "b", "(out,)", (1, 2)), "b", "(out,)")
    meet("in", ("W", weights, 1), ("x", features, 0))
    meet("out", ("W", weights, 0), ("b", biases, 0))
    return Picture(weights, features, biases).board()


def node(letter: str, index: int) -> str:
    """x₂: subscripts count from 1."""
    return f"{letter}{subscript(index + 1)}"


def subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def weight(i: int, j: int) -> str:
    return f"w{subscript(i + 1)}{subscript(j + 1)}"


def link(i: int, j: int) -> str:
    """The id of the line from feature j to neuron i."""
    return f"w:{i}:{j}"


class Picture:
    """What stands on the board. W: (out, in), x: (in,), b: (out,), z: (out,)."""

    def __init__(self, W: np.ndarray, x: np.ndarray, b: np.ndarray) -> None:
        self.W, self.x, self.b, self.z = W, x, b, W @ x + b
        self.neurons, self.features = W.shape
        columns = [matrix(name, name, one[:, None], (axis, "")) for name, one, axis in self.columns()]
        self.matrices = {one.id: one for one in (matrix("W", "W", W, ("out", "in"), heat_of(W)), *columns, *self.nodes())}

    def columns(self) -> tuple[tuple[str, np.ndarray, str], ...]:
        return ("X", self.x, "in"), ("B", self.b, "out"), ("Z", self.z, "out")

    def nodes(self) -> Iterator[Matrix]:
        """A single number for each node, called by its name: x₁, b₁, z₁."""
        for letter, values in (("x", self.x), ("z", self.z), ("b", self.b)):
            for index, text in enumerate(matrix("", "", values, ("",)).entries):
                yield Matrix(f"{letter}:{index}", node(letter, index), (), (text,))

    def board(self) -> Board:
        cards = [Card(f"card:{one.id}", one.name, (one.id,)) for one in self.nodes()]
        steps = tuple(self.steps())
        starts = [1 if i == 0 else self.features + 1 + i for i in range(self.neurons)]
        return Board(
            title="Z = W X + B",
            matrices=tuple(self.matrices.values()),
            cards=(*cards, Card("card:W", "W", ("W",), shape_text(self.W.shape))),
            steps=steps,
            frames=tuple(one for width in WIDTHS if (one := self.frame(width))),
            lines=tuple(self.lines()),
            given=tuple(id for id in self.matrices if id[0] not in "zZ"),
            formulas=((Token("Z = "), Token("W", ("card:W",)), Token(" X + B")),),
            stops=tuple(Stop(f"▶ {node('z', i)}", start) for i, start in enumerate(starts)),
        )

    def lines(self) -> Iterator[Line]:
        for i in range(self.neurons):
            for j in range(self.features):
                yield Line(link(i, j), f"card:x:{j}", f"card:z:{i}")
            yield Line(f"b:{i}>", f"card:b:{i}", f"card:z:{i}")

    # -- the steps

    def steps(self) -> Iterator[Step]:
        count = self.neurons * self.features
        values = {"features": self.features, "neurons": self.neurons, "links": count, "shape": shape_text(self.W.shape)}
        yield Step((Say(START, values),), lit=("card:W",))
        yield from self.first()
        for i in range(1, self.neurons):
            told = self.sum(i, self.features + 1)
            values = {"i": i + 1, "neuron": node("z", i), "sum": told}
            yield self.step(i, Say(NEURON, values), self.features + 1, range(self.features + 1))
        values = {"features": self.features, "neurons": self.neurons, "shape": shape_text((self.neurons, 1))}
        yield Step(
            (Say(END, values),),
            lit=tuple(f"card:z:{i}" for i in range(self.neurons)),
            formula=(Token("Z = "), Token("W", ("card:W",)), Token(" X + B")),
            panel=("W", "·", "X", "+", "B", "=", "Z"),
            gone=("in",),
        )

    def first(self) -> Iterator[Step]:
        """The first neuron, one link after another, then its bias."""
        for j in range(self.features):
            product = f"{weight(0, j)}·{node('x', j)} = {sum_text([(self.W[0, j], self.x[j])], self.W[0, j] * self.x[j])}"
            values = {
                "feature": node("x", j),
                "neuron": node("z", 0),
                "weight": weight(0, j),
                "number": alone(self.W[0, j]),
                "product": product,
                "running": self.running(j),
            }
            yield self.step(0, Say(LINK, values), j + 1, (j,))
        values = {"bias": f"{node('b', 0)} = {alone(self.b[0])}", "neuron": node("z", 0), "running": self.running(self.features)}
        yield self.step(0, Say(BIAS, values | {"i": 1}), self.features + 1, (self.features,))

    def terms(self, i: int, count: int) -> list[tuple[float, ...]]:
        """The first *count* summands of neuron i; the bias is the last."""
        products = [(float(self.W[i, j]), float(self.x[j])) for j in range(self.features)]
        return [*products, (float(self.b[i]),)][:count]

    def total(self, i: int, count: int) -> float:
        return float(sum(np.prod(term) for term in self.terms(i, count)))

    def sum(self, i: int, count: int) -> str:
        return sum_text(self.terms(i, count), self.total(i, count))

    def running(self, j: int) -> str:
        """What summand j makes of neuron 1: "−3 + 0 = −3"."""
        if not j:
            return alone(self.total(0, 1))
        added = float(np.prod(self.terms(0, j + 1)[-1]))
        return running(self.total(0, j), added)

    def step(self, i: int, say: Say, count: int, lit: Sequence[int]) -> Step:
        """Neuron i has received its first *count* summands; *lit* are those of this step."""
        whole = count == self.features + 1
        links = [*(link(i, j) for j in range(self.features)), f"b:{i}>"]
        nodes = [*(f"x:{j}" for j in range(self.features)), f"b:{i}"]
        told = self.sum(i, count)
        columns = min(count, self.features)
        own = tuple(i * self.features + j for j in range(columns))
        biases = (i,) if whole else ()
        once = (Part("W", (own,)), Part("X", (tuple(range(columns)),)), Part("B", (biases,)))
        known = [Known(f"z:{i}", None, (alone(self.total(i, count)),), (told,), self.from_nodes(once, nodes[:count]), whole)]
        if whole:  # of Z only this entry is known, but a matrix has a sum and parts for each
            sums = tuple(told if at == i else "" for at in range(self.neurons))
            parts = tuple(Part(one.matrix, tuple(one.at[0] if at == i else () for at in range(self.neurons))) for one in once)
            known.append(Known("Z", (i,), None, sums, parts))
        lit_now = [nodes[j] for j in lit]
        return Step(
            (say,),
            tuple(known),
            tuple(links[j] for j in lit),
            (f"card:z:{i}", *(f"card:{id}" for id in lit_now), *(links[j] for j in lit)),
            self.formula(i, links),
            panel=("W", "·", "X", "+", "B", "=", "Z"),
            gone=("in",),
            focus=Cell(f"z:{i}", 0),
        )

    def from_nodes(self, parts: tuple[Part, ...], nodes: Sequence[str]) -> tuple[Part, ...]:
        return parts + tuple(Part(id, ((0,),)) for id in nodes)

    def formula(self, i: int, links: Sequence[str]) -> tuple[Token, ...]:
        """z₁ = w₁₁·x₁ + … + b₁, every letter linked to what it stands for."""
        tokens = [Token(node("z", i), (f"card:z:{i}",)), Token(" = ")]
        for j in range(self.features):
            tokens += [Token(weight(i, j), (links[j],)), Token("·"), Token(node("x", j), (f"card:x:{j}",)), Token(" + ")]
        return (*tokens, Token(node("b", i), (f"card:b:{i}",)))

    # -- where it stands

    def frame(self, width: int) -> Frame | None:
        """Features, neurons and biases in three columns; W beside them, or below where room is short. None: it does not fit."""
        nodes = list(self.nodes())
        cell = max(CELL_W, *(one.cell for one in nodes))
        w = 2 * PAD_X + NAME_W + cell + 1
        W_cell = self.matrices["W"].cell
        W_w, W_h = card_size("W", self.W.shape, W_cell)
        least = 3 * w + BIAS_GAP + NEAREST
        room = width - 2 * MARGIN
        if max(least, W_w) > room:
            return None
        beside = least + APART + W_w <= room
        gap = min(FARTHEST, room - 3 * w - BIAS_GAP - (APART + W_w if beside else 0))
        left = (width - (3 * w + BIAS_GAP + gap + (APART + W_w if beside else 0))) // 2
        x_at, z_at, b_at = left, left + w + gap, left + w + gap + w + BIAS_GAP
        tall = max(self.features, self.neurons) * PITCH
        height = max(tall, W_h if beside else 0)
        boxes, places = [], []
        for one in nodes:
            letter, index = one.id.split(":")
            count = self.features if letter == "x" else self.neurons
            x = {"x": x_at, "z": z_at, "b": b_at}[letter]
            y = MARGIN + 8 + round(height / 2 - tall / 2 + (int(index) + 0.5) * tall / count - NODE_H / 2)
            boxes.append(Box(f"card:{one.id}", x, y, w, NODE_H))
            places.append(Place(one.id, PAD_X + NAME_W - 1, 3, cell))
        W_x, W_y = (b_at + w + APART, MARGIN + 8 + (height - W_h) // 2) if beside else ((width - W_w) // 2, height + 24)
        boxes.append(Box("card:W", W_x, W_y, W_w, W_h))
        places.append(Place("W", PAD_X, PAD_TOP + TITLE, W_cell))
        paths, labels = self.ways({one.id: one for one in boxes})
        total = max(one.y + one.h for one in boxes) + MARGIN + 8
        return Frame(width, total, tuple(boxes), tuple(places), paths, labels)

    def ways(self, boxes: dict[str, Box]) -> tuple[tuple[Path, ...], tuple[Label, ...]]:
        """Straight links; their weights stand on them in a column for each neuron, where they do not cover each other."""
        paths, labels = [], []
        for i in range(self.neurons):
            end = boxes[f"card:z:{i}"]
            for j in range(self.features):
                start = boxes[f"card:x:{j}"]
                spread = round((j - (self.features - 1) / 2) * min(5, 20 / self.features))
                a, c = (start.x + start.w, start.y + NODE_H // 2), (end.x, end.y + NODE_H // 2 + spread)
                paths.append(Path(link(i, j), (a, c)))
                if self.neurons <= LABELLED:
                    part = min(0.14 + 0.17 * i, LABEL * (i + 1) / (c[0] - a[0]))  # near the features the links are apart
                    text = self.matrices["W"].entries[i * self.features + j]
                    x, y = a[0] + (c[0] - a[0]) * part, a[1] + (c[1] - a[1]) * part
                    labels.append(Label(link(i, j), text, round(x - text_width(text) / 2), round(y - 14)))
            bias = boxes[f"card:b:{i}"]
            y = bias.y + NODE_H // 2
            paths.append(Path(f"b:{i}>", ((bias.x, y), (end.x + end.w, y))))
        return tuple(paths), tuple(labels)
