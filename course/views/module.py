"""An nn.Linear as an object: what it keeps, what its parameters are called, how many numbers they hold, and what a call reads.

The numbers are the layer's own. One sample of whole numbers goes through it, so that there is a sum to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph.refusal import Refusal
from course.graph.sums import sum_text
from course.verdict import Say
from course.views.board import (
    WIDTHS,
    Board,
    Box,
    Card,
    Cell,
    Frame,
    Known,
    Line,
    Matrix,
    Path,
    Place,
    Step,
    Stop,
    Token,
    shape_text,
)
from course.views.pieces import PAD_TOP, PAD_X, TITLE, layer_parts, listed, matrix, read, title_size

MARGIN, TOP, GAP = 4, 8, 28  # px: at the sides, above and below, between cards
SAMPLE = (3, -1, 1, -1)  # the first sample of the lessons, again and again for more features

NO_LAYER = N_("{kind} is no layer of the class nn.Linear, and this picture shows one. Give it a layer, such as nn.Linear(4, 3).")
NOT_YET = N_(
    "The layer has no parameter called weight with numbers in it yet. Give a plain nn.Linear(4, 3), with both its sizes."
)

OBJECT = N_(
    "nn.Linear({features}, {neurons}) makes an object. Nothing has been computed yet, but the object has "
    "already made the numbers that it will compute with, and keeps them. They are its parameters."
)
WEIGHT = N_(
    "One of them is layer.weight. Its shape is (out, in), here {shape}: a row for each of the {neurons} neurons, a column for "
    "each of the {features} features. Row 0 belongs to the first neuron: {row}."
)
BIAS = N_("The other one is layer.bias of the shape {shape}, one number for each neuron, whatever N will be: {numbers}.")
NO_BIAS = N_("This layer was made with bias=False: layer.bias is None. That is not {neurons} zeros: there is no number to learn.")
NAMES = N_(
    "Both are registered, so state_dict() lists them by name: weight {weight} and bias {bias}. A layer is "
    "saved and loaded under these names; a tensor that is not registered would be missing here."
)
NAME = N_(
    "It is registered, so state_dict() lists it by name: weight {weight}, and that is 1 name, not 2. Under it the layer is saved "
    "and loaded; a tensor that is not registered would be missing here."
)
COUNT = N_(
    "A weight for each link and a bias for each neuron: {sum} numbers to learn. The number of samples does not occur in it."
)
COUNT_WEIGHTS = N_("A weight for each link and nothing else: {sum} numbers to learn. The number of samples does not occur in it.")
FORWARD = N_(
    "A call, layer(x), runs forward, which reads both parameters: y = x weightᵀ + bias. For x = {x} the first neuron gives {sum}."
)
FORWARD_WEIGHTS = N_(
    "A call, layer(x), runs forward, which reads the only parameter: y = x weightᵀ. For x = {x} the first neuron gives {sum}."
)
OWN = N_(
    "The call changed none of the {count} numbers: only y is new. They belong to this object; a second nn.Linear({features}, "
    "{neurons}) has {count} others. What is written into layer.weight is what the next call reads."
)


def module_board(layer: Any) -> Board:
    """
    The picture of *layer*, an nn.Linear with or without a bias, of at most 8 features and 8 neurons. It copies the numbers.

    Raises: Refusal: what cannot be drawn, and what to do.
    """
    from torch import nn

    if not isinstance(layer, nn.Linear):
        raise Refusal(NO_LAYER, kind=layer.__name__ if isinstance(layer, type) else type(layer).__name__)
    own = dict(layer.named_parameters(recurse=False))
    if "weight" not in own or nn.parameter.is_lazy(own["weight"]):
        raise Refusal(NOT_YET)
    weight = read(own["weight"], "weight", "(out, in)", (2,))
    bias = read(own["bias"], "bias", "(out,)", (1,)) if "bias" in own else None
    return Picture(weight, bias).board()


class Picture:
    """What stands on the board. weight: (out, in), bias: (out,) or None, x: (in,), y: (out,)."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray | None) -> None:
        self.weight, self.bias = weight, bias
        self.neurons, self.features = weight.shape
        self.x = np.resize(np.array(SAMPLE, dtype=float), self.features)
        self.y = weight @ self.x + (0 if bias is None else bias)
        self.arrays = {"weight": weight} | ({} if bias is None else {"bias": bias})
        self.count = sum(one.size for one in self.arrays.values())
        listing = [text for name, one in self.arrays.items() for text in (name, shape_text(one.shape), str(one.size))]
        made = [
            matrix("weight", "weight", weight, ("out", "in")),
            *([] if bias is None else [matrix("bias", "bias", bias, ("out",))]),
            Matrix("state", "state_dict()", (len(self.arrays), 3), tuple(listing), ("", "")),
            matrix("x", "x", self.x, ("in",)),
            matrix("y", "y", self.y, ("out",)),
            matrix("T", "weightᵀ", weight.T, ("in", "out")),
        ]
        self.matrices = {one.id: one for one in made}

    def board(self) -> Board:
        made = f"nn.Linear({self.features}, {self.neurons}{'' if self.bias is not None else ', bias=False'})"
        shapes = {id: shape_text(self.matrices[id].shape) for id in ("weight", "x", "y")}
        cards = [
            Card("card:layer", "layer", (), made),
            Card("card:weight", "weight", ("weight",), shapes["weight"]),
            Card("card:bias", "bias", *(((), "None") if self.bias is None else (("bias",), shape_text(self.bias.shape)))),
            Card("card:state", "state_dict()", ("state",)),
            Card("card:x", "x", ("x",), shapes["x"]),
            Card("card:y", "y", ("y",), shapes["y"]),
        ]
        return Board(
            title=made,
            matrices=tuple(self.matrices.values()),
            cards=tuple(cards),
            steps=tuple(self.steps()),
            frames=tuple(one for width in WIDTHS if (one := self.frame(width, cards))),
            lines=tuple(Line(id, f"card:{start}", f"card:{end}", kind) for id, start, end, kind in self.ways()),
            given=("x", "T"),
            formulas=(self.written(),),
            stops=(Stop("weight", 1), Stop("bias", 2), Stop("state_dict()", 3), Stop("layer(x)", 5)),
        )

    def ways(self) -> Iterator[tuple[str, str, str, str]]:
        """(id, from, to, kind) of the arrows; None of them leads from a bias that is not there."""
        yield "layer>weight", "layer", "weight", "quiet"
        yield "layer>bias", "layer", "bias", "quiet"
        for name in self.arrays:
            yield f"{name}>state", name, "state", "quiet"
        yield "x>y", "x", "y", "forward"

    def written(self) -> tuple[Token, ...]:
        tokens = [Token("y", ("card:y",)), Token(" = "), Token("x", ("card:x",)), Token(" "), Token("weightᵀ", ("card:weight",))]
        return tuple(tokens) if self.bias is None else (*tokens, Token(" + "), Token("bias", ("card:bias",)))

    # -- the steps

    def steps(self) -> Iterator[Step]:
        sizes = {"features": self.features, "neurons": self.neurons}
        shapes = {name: shape_text(one.shape) for name, one in self.arrays.items()}
        call = (Token("layer", ("card:layer",)),)
        yield Step(
            (Say(OBJECT, sizes),), lit=("card:layer",), formula=(*call, Token(f" = nn.Linear({self.features}, {self.neurons})"))
        )
        say = Say(WEIGHT, sizes | {"shape": shapes["weight"], "row": f"[{listed(self.weight[0])}]"})
        formula = (*call, Token("."), Token("weight", ("card:weight",)))
        yield Step((say,), (Known("weight"),), ("layer>weight",), ("card:weight", "layer>weight"), formula, panel=("weight",))
        formula = (*call, Token("."), Token("bias", ("card:bias",)))
        if self.bias is None:
            lit = ("card:bias", "layer>bias")
            yield Step((Say(NO_BIAS, sizes),), (), ("layer>bias",), lit, (*formula, Token(" = None")))
        else:
            say = Say(BIAS, {"shape": shapes["bias"], "numbers": f"[{listed(self.bias)}]"})
            yield Step((say,), (Known("bias"),), ("layer>bias",), ("card:bias", "layer>bias"), formula, panel=("bias",))
        yield self.listing(Say(NAME if self.bias is None else NAMES, shapes), (0, 1), "layer.state_dict()")
        yield self.listing(Say(COUNT_WEIGHTS if self.bias is None else COUNT, {"sum": self.counted()}), (2,), self.counted())
        yield self.forward()
        own = tuple(f"card:{name}" for name in ("layer", *self.arrays))
        yield Step((Say(OWN, sizes | {"count": self.count}),), lit=own, formula=call)

    def counted(self) -> str:
        """4·3 + 3 = 15."""
        return sum_text([(self.features, self.neurons), *([] if self.bias is None else [(self.neurons,)])], self.count)

    def listing(self, say: Say, columns: Sequence[int], formula: str) -> Step:
        """Columns of the list of names become known."""
        rows = range(len(self.arrays))
        at = tuple(row * 3 + column for row in rows for column in columns)
        ways = tuple(f"{name}>state" for name in self.arrays)
        cards = tuple(f"card:{name}" for name in self.arrays)
        return Step((say,), (Known("state", at),), ways, ("card:state", *ways), (Token(formula, cards),), panel=("state",))

    def forward(self) -> Step:
        n, size = self.neurons, self.features
        sums = []
        for i in range(n):
            pairs = list(zip(self.x.tolist(), self.weight[i].tolist(), strict=True))
            sums.append(sum_text([*pairs, *([] if self.bias is None else [(float(self.bias[i]),)])], float(self.y[i])))
        parts = layer_parts(1, size, n, "x", "weight", "T", *([] if self.bias is None else ["bias"]))
        panel: tuple[str, ...] = ("x", "·", "T")
        if self.bias is not None:
            panel = (*panel, "+", "bias")
        say = Say(FORWARD_WEIGHTS if self.bias is None else FORWARD, {"x": f"[{listed(self.x)}]", "sum": f"y[0] = {sums[0]}"})
        known = Known("y", None, None, tuple(sums), parts)
        lit = ("card:y", "x>y", *(f"card:{name}" for name in self.arrays))
        return Step((say,), (known,), ("x>y",), lit, self.written(), panel=(*panel, "=", "y"), gone=("in",), focus=Cell("y", 0))

    # -- where it stands

    def frame(self, width: int, cards: Sequence[Card]) -> Frame | None:
        """The object, its parameters and their list from left to right, x and y below; or all in one column. None: no room."""
        sizes = {card.id.removeprefix("card:"): title_size(card, self.matrices) for card in cards}
        if max(w for w, _ in sizes.values()) > width - 2 * MARGIN:
            return None
        wide = self.in_columns(sizes, width)
        at = wide or self.in_one_column(sizes, width)
        boxes = {id: Box(f"card:{id}", *at[id], *sizes[id]) for id in sizes}
        places = tuple(Place(id, PAD_X, PAD_TOP + TITLE, self.matrices[id].cell) for card in cards for id in card.matrices)
        height = max(one.y + one.h for one in boxes.values()) + TOP
        return Frame(width, height, tuple(boxes.values()), places, self.paths(boxes, bool(wide)))

    def in_columns(self, sizes: dict[str, tuple[int, int]], width: int) -> dict[str, tuple[int, int]] | None:
        columns = [max(sizes[id][0] for id in ids) for ids in (("layer", "x"), ("weight", "bias"), ("state", "y"))]
        free = width - 2 * MARGIN - sum(columns)
        if free < 2 * GAP:
            return None
        gap = min(free // 2, 3 * GAP)
        left = (width - sum(columns) - 2 * gap) // 2
        middle, right = left + columns[0] + gap, left + columns[0] + gap + columns[1] + gap
        bias_y = TOP + sizes["weight"][1] + GAP
        end = bias_y + sizes["bias"][1]
        layer_y = (TOP + end - sizes["layer"][1]) // 2
        below = end + GAP
        return {
            "layer": (left, layer_y),
            "weight": (middle, TOP),
            "bias": (middle, bias_y),
            "state": (right, TOP + max(0, end - TOP - sizes["state"][1]) // 2),
            "x": (left, below),
            "y": (right, below),
        }

    def in_one_column(self, sizes: dict[str, tuple[int, int]], width: int) -> dict[str, tuple[int, int]]:
        """One below the other in the middle; weight and bias, x and y beside each other where they fit."""
        at, y = {}, TOP
        for ids in (("layer",), ("weight", "bias"), ("state",), ("x", "y")):
            whole = sum(sizes[id][0] for id in ids) + GAP * (len(ids) - 1)
            for row in (ids,) if whole <= width - 2 * MARGIN else tuple((id,) for id in ids):
                x = (width - (whole if len(row) > 1 or len(ids) == 1 else sizes[row[0]][0])) // 2
                for id in row:
                    at[id] = (x, y)
                    x += sizes[id][0] + GAP
                y += max(sizes[id][1] for id in row) + GAP
        return at

    def paths(self, boxes: dict[str, Box], wide: bool) -> tuple[Path, ...]:
        """The arrows from column to column, or from row to row. All that belong to the object are drawn, or none of them."""
        found = {id: self.across(boxes[start], boxes[end], start == "layer") for id, start, end, _ in self.ways()}
        if not wide:
            parts = {id: self.down(boxes, start, end) for id, start, end, kind in self.ways() if kind == "quiet"}
            found |= parts if all(parts.values()) else dict.fromkeys(parts, ())
        return tuple(Path(id, points) for id, points in found.items() if points)

    def across(self, one: Box, other: Box, halfway: bool) -> tuple[tuple[int, int], ...]:
        """To the card at the right, with a bend where it is not on the same height; () where it is not at the right."""
        a, c = one.x + one.w, other.x
        y, end_y = one.y + one.h // 2, other.y + other.h // 2
        if a >= c:
            return ()
        turn = (a + c) // 2 if halfway else c - GAP // 2
        return ((a, y), (c, y)) if y == end_y else ((a, y), (turn, y), (turn, end_y), (c, end_y))

    def down(self, boxes: dict[str, Box], start: str, end: str) -> tuple[tuple[int, int], ...]:
        """To the card below; () where another one stands between, or they do not lie above each other."""
        one, other = boxes[start], boxes[end]
        low, high = max(one.x, other.x), min(one.x + one.w, other.x + other.w)
        x, y, end_y = (low + high) // 2, one.y + one.h, other.y
        between = (box for box in boxes.values() if box.x <= x <= box.x + box.w and y <= box.y < end_y)
        return ((x, y), (x, end_y)) if low < high and y < end_y and not any(between) else ()
