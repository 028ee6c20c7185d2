"""The two ways to write a layer, side by side on the same numbers: samples as columns, Z = WX + B, and as rows, y = xWᵀ + b.

Both halves stand in Falk's scheme: the left factor at the left of the product, the right factor above it. The right half is
the left half mirrored in the diagonal, and that is the reason for the transpose. W as it is stands in the corner above x: on its
way into the right half it would be x W, and the picture says why that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph.refusal import Refusal
from course.graph.sums import alone, bracketed, sum_text
from course.verdict import Say
from course.views.board import (
    CAPTION,
    CELL_H,
    GUTTER,
    WIDTHS,
    Board,
    Box,
    Candidate,
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
from course.views.pieces import PAD_TOP, PAD_X, TITLE, card_size, listed, matrix, meet, one_axis, product_parts, read, turned_from

MARGIN, TOP = 4, 12  # px: at the sides, above and below
NEAR, FAR, HALVES = 8, 28, 40  # px: between cards, the same with arrows between them, between the halves
ROUNDING = 1e-9  # two products that differ by less, against the largest entry, are the same

LIES = N_(
    "X has the shape {shape}, and W takes {features} features: the samples of X lie as rows. Here they stand as columns, so give "
    "{name}.T, of the shape {turned}."
)

COLUMN = N_(
    "A row of W is a neuron, a column of X a sample. Neuron {i} meets sample {n} pair by pair, and its bias is added: {sum}."
)
COLUMNS = N_(
    "So it goes for every neuron and every sample: {left} · {right} → {result}. The axis in met itself "
    "and disappeared; for every sample the same column B was added, N = {count}."
)
LIE = N_("Now the samples lie down: x = Xᵀ. Sample {n} was a column of X and is a row of x; its numbers are the same: {numbers}.")
APART = N_(
    "So x is on the left, and W has to stand above. As it is, in of x meets out of W, {features} numbers meet {neurons}: "
    "{wrong}. Where the question mark is, a number has no partner, so there is no x W."
)
MIXED = N_(
    "So x is on the left, and W has to stand above. As it is, in of x meets out of W. Both are {neurons}, "
    "so x W can be computed, and no error is raised. But a column of W is no neuron, it holds one weight "
    "of each: {wrong}, where neuron {i}, without its bias, gives {right}."
)
COINCIDES = N_(
    "So x is on the left, and W has to stand above. As it is, in of x meets out of W. Both are "
    "{neurons}, so x W can be computed. With these very numbers it gives the same as the neurons do "
    "without their biases, {wrong}, and that is chance: with other weights and samples it is usually "
    "another number."
)
FLIP = N_(
    "So W is flipped in its diagonal: in Wᵀ the axis in stands upright, and neuron {i} is a column. Its numbers are the same: "
    "{numbers}."
)
ROW = N_(
    "Sample {n} is a row now, neuron {i} a column, and the same pairs meet: {sum}. It was {same}: the indices changed places."
)
ROWS = N_(
    "{left} · {right} → {result}. The right half is the left half mirrored in the diagonal, y = Zᵀ, and the column B has "
    "become the row b. The transpose comes from the samples lying down, not from their number N = {count}: any other N needs "
    "it as well."
)


def two_forms_board(W: Any, X: Any, b: Any) -> Board:
    """
    The picture of both forms. W: (out, in), X: (in, N), its samples are columns, b: (out,) or (out, 1); at most 8 on each axis.

    Raises: Refusal: what cannot be drawn, and what to do.
    """
    weights = read(W, "W", "(out, in)", (2,))
    samples = read(X, "X", "(in, N)", (2,))
    biases = one_axis(read(b, "b", "(out,)", (1, 2)), "b", "(out,)")
    features = weights.shape[1]
    if samples.shape[0] != features and samples.shape[1] == features:
        shape, turned = shape_text(samples.shape), shape_text(samples.shape[::-1])
        raise Refusal(LIES, shape=shape, features=features, name="X", turned=turned)
    meet("in", ("W", weights, 1), ("X", samples, 0))
    meet("out", ("W", weights, 0), ("b", biases, 0))
    return Picture(weights, samples, biases).board()


LEFT = ("W", "X", "B", "Z")
RIGHT = ("A", "x", "T", "b", "y")  # A: W as it is, in the corner above x; T: Wᵀ
MIRRORED = {"W": "T", "X": "x", "B": "b", "Z": "y"}


class Picture:
    """What stands on the board. W: (out, in), X: (in, N), b: (out,)."""

    def __init__(self, W: np.ndarray, X: np.ndarray, b: np.ndarray) -> None:
        self.W, self.X, self.b = W, X, b
        self.neurons, self.features = W.shape
        self.samples = X.shape[1]
        self.i, self.n = min(1, self.neurons - 1), 0  # the neuron and the sample that are followed; of two neurons not the first
        Z = W @ X + b[:, None]
        own = (
            matrix("W", "W", W, ("out", "in")),
            matrix("X", "X", X, ("in", "N")),
            matrix("B", "B", b[:, None], ("out", "")),
            matrix("Z", "Z", Z, ("out", "N")),
            matrix("A", "W", W, ("out", "in")),
            matrix("x", "x", X.T, ("N", "in")),
            matrix("T", "Wᵀ", W.T, ("in", "out")),
            matrix("b", "b", b, ("out",)),
            matrix("y", "y", Z.T, ("N", "out")),
        )
        self.matrices = {one.id: one for one in own}
        if self.square:
            self.matrices["xW"] = matrix("xW", "(x W)", X.T @ W, ("N", "in"))
        else:
            self.matrices["xW"] = Matrix("xW", "(x W)", (), ("✗",))
        self.at = {"Z": self.i * self.samples + self.n, "y": self.n * self.neurons + self.i}

    @property
    def square(self) -> bool:
        """Would the wrong product be computed without an error?"""
        return self.neurons == self.features

    def board(self) -> Board:
        return Board(
            title="Z = W X + B, y = x Wᵀ + b",
            matrices=tuple(self.matrices.values()),
            cards=tuple(Card(f"card:{id}", one.name, (id,), shape_text(one.shape)) for id, one in self.on_cards()),
            steps=tuple(self.steps()),
            frames=tuple(one for width in WIDTHS if (one := self.frame(width))),
            lines=tuple(Line(id, f"card:{start}", f"card:{end}") for id, start, end in WAYS),
            given=("W", "X", "B", "A", "b"),
            formulas=(self.written("Z", "W", "X", "B"), self.written("y", "x", "T", "b")),
            stops=(Stop("Z = W X + B", 0), Stop("x = Xᵀ", 2), Stop("x W ✗", 3), Stop("y = x Wᵀ + b", 4)),
        )

    def on_cards(self) -> list[tuple[str, Any]]:
        return [(id, self.matrices[id]) for id in (*LEFT, *RIGHT)]

    def written(self, result: str, left: str, right: str, bias: str) -> tuple[Token, ...]:
        def token(id: str) -> Token:
            return Token(self.matrices[id].name, (f"card:{id}",))

        return token(result), Token(" = "), token(left), Token(" "), token(right), Token(" + "), token(bias)

    # -- the steps

    def steps(self) -> Iterator[Step]:
        names = {"i": self.i + 1, "n": self.n + 1}
        count = {"count": self.samples}
        yield self.product(Say(COLUMN, names | {"sum": self.told("Z")}), "Z", (self.at["Z"],), ("W>Z", "X>Z", "B>Z"))
        yield self.product(Say(COLUMNS, self.shapes("W", "X", "Z") | count), "Z", None, ())
        yield self.lie(Say(LIE, names | {"numbers": listed(self.X[:, self.n])}))
        yield self.wrong()
        yield self.flip(Say(FLIP, names | {"numbers": listed(self.W[self.i])}))
        same = f"{self.matrices['Z'].entry(self.at['Z'])} = {self.matrices['Z'].entries[self.at['Z']]}"
        yield self.product(Say(ROW, names | {"sum": self.told("y"), "same": same}), "y", (self.at["y"],), ("x>y", "T>y", "b>y"))
        yield self.product(Say(ROWS, self.shapes("x", "T", "y") | count), "y", None, (), proof=True)

    def shapes(self, left: str, right: str, result: str) -> dict[str, str]:
        ids = {"left": left, "right": right, "result": result}
        return {name: shape_text(self.matrices[id].shape) for name, id in ids.items()}

    def sum(self, result: str, i: int, n: int) -> str:
        """Of neuron i and sample n, the factors in the order in which the form writes them."""
        pairs = list(zip(self.W[i].tolist(), self.X[:, n].tolist(), strict=True))
        if result == "y":
            pairs = [(x, w) for w, x in pairs]
        total = float(self.W[i] @ self.X[:, n] + self.b[i])
        return sum_text([*pairs, (float(self.b[i]),)], total)

    def told(self, result: str) -> str:
        return f"{self.matrices[result].entry(self.at[result])} = {self.sum(result, self.i, self.n)}"

    def product(self, say: Say, result: str, at: tuple[int, ...] | None, reached: Sequence[str], proof: bool = False) -> Step:
        """Entries *at* of Z or y become known; None: all of them."""
        left, right, bias = ("W", "X", "B") if result == "Z" else ("x", "T", "b")
        rows, columns = self.matrices[result].shape
        places = [divmod(flat, columns) for flat in range(rows * columns)]
        own = [(row, column) if result == "Z" else (column, row) for row, column in places]  # (neuron, sample)
        known = Known(
            result,
            at,
            None,
            tuple(self.sum(result, i, n) for i, n in own),
            (
                *product_parts(left, right, rows, self.features, columns),
                Part(bias, tuple((i,) for i, _ in own)),
            ),
        )
        formula = self.written(result, left, right, bias)
        return Step(
            (say,),
            (known,),
            tuple(reached),
            (f"card:{result}", *(id for id, _, end in WAYS if end == result)),
            formula,
            panel=(left, "·", right, "+", bias, "=", result),
            gone=("in",),
            focus=Cell(result, self.at[result]),
            proof=self.candidates() if proof else (),
            proof_of="y" if proof else "",
        )

    def turned(self, id: str, before: str) -> Known:
        """The matrix *id* is *before*, transposed."""
        source = self.matrices[before]
        from_flat = turned_from((source.shape[0], source.shape[1]))
        sums = tuple(f"{source.entry(flat)} = {source.entries[flat]}" for flat in from_flat)
        return Known(id, None, None, sums, (Part(before, tuple((flat,) for flat in from_flat)),))

    def lie(self, say: Say) -> Step:
        focus = Cell("x", self.n * self.features + self.features - 1)
        formula = (Token("x", ("card:x",)), Token(" = "), Token("Xᵀ", ("card:X",)))
        return Step(
            (say,), (self.turned("x", "X"),), ("X>x",), ("card:x", "X>x"), formula, panel=("X", "→ ᵀ →", "x"), focus=focus
        )

    def flip(self, say: Say) -> Step:
        focus = Cell("T", (self.features - 1) * self.neurons + self.i)
        formula = (Token("Wᵀ", ("card:T",)), Token(" : "), Token("W", ("card:A",)), Token(" → Wᵀ"))
        known = (self.turned("T", "A"),)
        return Step((say,), known, ("A>T",), ("card:T", "A>T"), formula, panel=("A", "→ ᵀ →", "T"), focus=focus)

    def wrong(self) -> Step:
        """x W: its inner axes are in and out."""
        formula = (Token("x", ("card:x",)), Token(" "), Token("W", ("card:A",)), Token(" ✗"))
        panel: tuple[str, ...] = ("x", "·", "A", "=", "xW")
        values: dict[str, Any] = {"features": self.features, "neurons": self.neurons}
        if self.square:
            x = self.X.T
            away = np.abs(x @ self.W - x @ self.W.T)
            differs = away.max() > ROUNDING * np.abs(x @ self.W).max()
            flat = int(away.argmax()) if differs else self.at["y"]
            n, i = divmod(flat, self.neurons)
            known, panel = self.mixed(), (*panel, "✗")
            values |= {"i": i + 1, "wrong": f"{self.matrices['xW'].entry(flat)} = {known.sums[flat]}"}
            values |= {"right": alone(float(self.W[i] @ self.X[:, n]))}
            say = Say(MIXED if differs else COINCIDES, values)
        else:
            flat, known = 0, self.unpaired()
            say = Say(APART, values | {"wrong": known.sums[0]})
        candidates = self.candidates()[:2]
        lit, focus = ("card:x", "card:A"), Cell("xW", flat)
        return Step((say,), (known,), (), lit, formula, panel=panel, focus=focus, proof=candidates, proof_of="y")

    def unpaired(self) -> Known:
        """A row of x beside a column of W, one of them the longer: 3·0 + (−1)·(−2) + 1·(−1) + (−1)·?"""
        row = [bracketed(alone(float(one))) for one in self.X[:, self.n]]
        column = [bracketed(alone(float(one))) for one in self.W[:, self.column]]
        pairs = zip_longest(row, column, fillvalue="?")
        x = Part("x", (tuple(range(self.n * self.features, (self.n + 1) * self.features)),))
        A = Part("A", (tuple(range(self.column, self.W.size, self.features)),))
        return Known("xW", None, None, (" + ".join(f"{one}·{other}" for one, other in pairs),), (x, A))

    @property
    def column(self) -> int:
        """Of W: the one that would stand above the followed entry of y."""
        return min(self.i, self.features - 1)

    def mixed(self) -> Known:
        """What x W is where it can be computed, without a bias."""
        wrong = self.X.T @ self.W
        size = self.features
        places = [divmod(flat, size) for flat in range(wrong.size)]
        sums = []
        for row, column in places:
            pairs = list(zip(self.X[:, row].tolist(), self.W[:, column].tolist(), strict=True))
            sums.append(sum_text(pairs, float(wrong[row, column])))
        return Known("xW", None, None, tuple(sums), product_parts("x", "A", self.samples, size, size))

    def candidates(self) -> tuple[Candidate, ...]:
        """Two products with W as it is, and the one with Wᵀ. Axes meet where they are the same one, not only of one size."""
        return tuple(self.candidate(*one) for one in (("x", "A"), ("A", "x"), ("x", "T")))

    def candidate(self, left: str, right: str) -> Candidate:
        one, other = self.matrices[left], self.matrices[right]
        meets = one.axes[1] == other.axes[0]
        if meets:
            verdict = "✓"
        elif one.shape[1] == other.shape[0]:
            verdict = f"✗ {one.axes[1]} ≠ {other.axes[0]}"
        else:
            verdict = f"✗ {one.axes[1]} {one.shape[1]} ≠ {other.axes[0]} {other.shape[0]}"
        shape = (one.shape[0], other.shape[1]) if meets else None
        formula = f"{one.name} {other.name}"
        return Candidate(formula, one.shape, other.shape, one.axes, other.axes, meets, shape, verdict, meets)

    # -- where it stands

    def frame(self, width: int) -> Frame | None:
        """The halves side by side, or one below the other; None where not even a half fits."""
        cell = max(self.matrices[id].cell for id in (*LEFT, *RIGHT))
        room = width - 2 * MARGIN
        tries = ((FAR, FAR, True), (NEAR, FAR, True), (FAR, FAR, False), (NEAR, FAR, False), (NEAR, NEAR, False))
        for left_air, right_air, beside in tries:
            left, right = self.half(LEFT[:4], cell, left_air), self.half(RIGHT, cell, right_air)
            if (left.w + HALVES + right.w if beside else max(left.w, right.w)) <= room:
                break
        else:
            left, right, beside = self.half(LEFT[:4], cell, NEAR, low=True), self.half(RIGHT, cell, NEAR), False
            if max(left.w, right.w) > room:
                return None
        if beside:
            start = (width - left.w - HALVES - right.w) // 2
            moved = left.moved(start, TOP) | right.moved(start + left.w + HALVES, TOP)
        else:
            moved = left.moved((width - left.w) // 2, TOP) | right.moved((width - right.w) // 2, TOP + left.h + HALVES)
        boxes = tuple(moved[f"card:{id}"] for id in (*LEFT, *RIGHT))
        places = tuple(
            Place(id, PAD_X + (GUTTER if id == "b" else 0), PAD_TOP + TITLE, cell) for id in (*LEFT, *RIGHT)
        )  # b has no axis of rows, and stands under the columns of y
        paths, labels = self.ways(moved, cell)
        return Frame(width, max(one.y + one.h for one in boxes) + TOP, boxes, places, paths, labels)

    def half(self, ids: Sequence[str], cell: int, air: int, low: bool = False) -> Half:
        """One half in Falk's scheme from (0, 0). low: the bias of the left half stands in its empty corner, not at its right."""
        size = {id: card_size(self.matrices[id].name, self.matrices[id].shape, cell) for id in ids}
        left, right, bias, result = ("W", "X", "B", "Z") if "Z" in ids else ("x", "T", "b", "y")
        if bias == "b":
            size[bias] = (max(size[bias][0], size[result][0]), size[bias][1])
        corner = {"W": (0, 0), "x": size.get("A", (0, 0))}[left]
        x = max(size[left][0], corner[0], size[bias][0] if low else 0) + air
        y = max(size[right][1], corner[1], size[bias][1] if low else 0) + air
        wide = max(size[right][0], size[result][0])
        at = {left: (0, y), right: (x, y - air - size[right][1]), result: (x, y)}
        if left == "x":
            at |= {"A": (0, y - air - size["A"][1]), bias: (x, y + size[result][1] + air)}
        elif low:
            at[bias] = (0, y - air - size[bias][1])
        else:
            at[bias] = (x + wide + air, y)
        boxes = {id: Box(f"card:{id}", *at[id], *size[id]) for id in ids}
        return Half(boxes)

    def ways(self, boxes: dict[str, Box], cell: int) -> tuple[tuple[Path, ...], tuple[Label, ...]]:
        """Short arrows of the sums that are followed, and the two flips."""

        def row(id: str, at: int) -> int:
            return boxes[f"card:{id}"].y + PAD_TOP + TITLE + CAPTION + at * CELL_H + CELL_H // 2

        def column(id: str, at: int) -> int:
            return boxes[f"card:{id}"].x + PAD_X + GUTTER + at * cell + cell // 2

        def across(line: str, start: str, end: str, at: int) -> Path:
            one, other = boxes[f"card:{start}"], boxes[f"card:{end}"]
            y = row(end, at)
            return Path(line, ((one.x + one.w, y), (other.x, y)) if one.x < other.x else ((one.x, y), (other.x + other.w, y)))

        def down(line: str, start: str, end: str, at: int) -> Path:
            one, other = boxes[f"card:{start}"], boxes[f"card:{end}"]
            x = column(end, at)
            return Path(line, ((x, one.y + one.h), (x, other.y)) if one.y < other.y else ((x, one.y), (x, other.y + other.h)))

        i, n = self.i, self.n
        paths = [across("W>Z", "W", "Z", i), down("X>Z", "X", "Z", n), across("x>y", "x", "y", n), down("T>y", "T", "y", i)]
        paths.append(down("b>y", "b", "y", i))
        if boxes["card:B"].x > boxes["card:Z"].x:
            paths.append(across("B>Z", "B", "Z", i))
        X, x = boxes["card:X"], boxes["card:x"]
        if x.x > X.x + X.w:  # the halves stand side by side: the sample goes over, through the gap between them
            turn, from_y = x.x - HALVES // 2, X.y + X.h // 2
            paths.append(Path("X>x", ((X.x + X.w, from_y), (turn, from_y), (turn, row("x", n)), (x.x, row("x", n)))))
        A, T = boxes["card:A"], boxes["card:T"]
        y = max(A.y, T.y) + TITLE + PAD_TOP
        paths.append(Path("A>T", ((A.x + A.w, y), (T.x, y))))
        labels = (Label("A>T", ".T", (A.x + A.w + T.x) // 2 - 10, y - 16),) if T.x - A.x - A.w >= FAR else ()
        return tuple(paths), labels


WAYS = (
    ("W>Z", "W", "Z"),
    ("X>Z", "X", "Z"),
    ("B>Z", "B", "Z"),
    ("X>x", "X", "x"),
    ("A>T", "A", "T"),
    ("x>y", "x", "y"),
    ("T>y", "T", "y"),
    ("b>y", "b", "y"),
)


class Half:
    """Cards that keep their places to each other."""

    def __init__(self, boxes: dict[str, Box]) -> None:
        self.boxes = boxes
        self.w = max(one.x + one.w for one in boxes.values())
        self.h = max(one.y + one.h for one in boxes.values())

    def moved(self, x: int, y: int) -> dict[str, Box]:
        return {one.id: Box(one.id, one.x + x, one.y + y, one.w, one.h) for one in self.boxes.values()}
