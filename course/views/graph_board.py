"""The board of a computation graph: its trace and its layouts, told as cards, lines, steps and links.

Three widths are laid out, so that the picture re-flows instead of being scrolled sideways at 200 % zoom. Nothing is computed
here: numbers, sums, formulas and sentences are the trace's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from course.graph.formula import Expr
from course.graph.layout import Layout, layout
from course.graph.measure import Grid
from course.graph.trace import NOT_NEEDED, Edge, Numbers, Operation, Tensor, Trace
from course.graph.trace import Step as Told
from course.views.board import (
    BACKWARD,
    FORWARD,
    GRADIENT,
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
from course.views.pieces import product_parts, turned_from

TRIED = 4  # products of a shape proof
ENTRYWISE = ("+", "−", "⊙", "·", "/")


def graph_board(trace: Trace, widths: Sequence[int] = WIDTHS) -> Board:
    """The picture of *trace*. widths: px, the widest first, each at least 300."""
    found = Pieces(trace)
    steps = tuple(found.step(told) for told in trace.steps)
    backward = next((index for index, step in enumerate(steps) if step.phase == BACKWARD), None)
    layouts = [layout(trace, width) for width in widths]
    target = trace.tensor(trace.target).formula.text
    return Board(
        title=", ".join(one.text for one in trace.definitions) or target,
        matrices=tuple(found.matrices.values()),
        cards=tuple(
            card(trace, id) for id in (*(one.id for one in trace.tensors if one.card), *(one.id for one in trace.operations))
        ),
        steps=steps,
        frames=tuple(frame(trace, one) for one in layouts),
        lines=tuple(lines(trace)),
        given=tuple(one.id for one in trace.tensors if not one.made_by),
        formulas=tuple(found.tokens(one) for one in trace.definitions),
        stops=(Stop(f"▶ {target}", 0), Stop(f"◀ ∂{target}", backward)) if backward is not None else (),
    )


# -- what stands on the board ------------------------------------------------------------------------------------------------


def card_id(id: str) -> str:
    """Of a tensor's card; the bare id is its matrix."""
    return f"card:{id}"


def gradient_id(tensor: str) -> str:
    return f"d:{tensor}"


def back_id(line: str) -> str:
    return f"{line}<"


def matrix(id: str, name: str, numbers: Numbers, axes: Sequence[str], kind: str = "value") -> Matrix:
    axes = tuple(axes) if len(axes) == len(numbers.shape) else ("",) * len(numbers.shape)
    summary: tuple[str, ...] = ()
    if numbers.summary is not None:
        seen = numbers.summary
        summary = (f"min {seen.least}", f"mean {seen.mean}", f"max {seen.greatest}")
    return Matrix(id, name, numbers.shape, numbers.texts or (), axes, kind, summary=summary)


def card(trace: Trace, id: str) -> Card:
    if id in {one.id for one in trace.operations}:
        return Card(id, trace.operation(id).sign, kind="op")
    tensor = trace.tensor(id)
    own = (id,) if tensor.mark == NOT_NEEDED else (id, gradient_id(id))
    return Card(card_id(id), tensor.formula.text, own, shape_text(tensor.value.shape), struck=tensor.mark == NOT_NEEDED)


def lines(trace: Trace) -> Iterable[Line]:
    """Both directions of every line: from tensors to operations, and from an operation to its result's card."""
    cards = {one.id for one in trace.tensors if one.card}

    def end(tensor: str) -> str:
        return card_id(tensor) if tensor in cards else trace.tensor(tensor).made_by

    for operation in trace.operations:
        for slot, tensor in enumerate(operation.operands):
            yield Line(f"{operation.id}.{slot}", end(tensor), operation.id)
            if trace.edge(f"{operation.id}.{slot}").carries:
                yield Line(back_id(f"{operation.id}.{slot}"), operation.id, end(tensor), BACKWARD)
        if operation.result in cards:
            yield Line(f"{operation.id}.r", operation.id, card_id(operation.result))
            if trace.tensor(operation.result).grad is not None:
                yield Line(back_id(operation.id), card_id(operation.result), operation.id, BACKWARD)


def frame(trace: Trace, found: Layout) -> Frame:
    places, paths, labels = [], [], []
    for box in found.boxes:
        if box.card is not None:
            places.append(place(box.id, box.card.value))
            if box.card.grad is not None:
                places.append(place(gradient_id(box.id), box.card.grad))
    for line in found.lines:
        forward = line.id if "." in line.id else f"{line.id}.r"
        paths.append(Path(forward, line.forward))
        if line.backward:
            paths.append(Path(back_id(line.id), line.backward))
        labels += [Label(back_id(line.id) if one.kind == "gradient" else forward, one.text, one.x, one.y) for one in line.labels]
    boxes = tuple(Box(card_id(box.id) if box.card else box.id, box.x, box.y, box.w, box.h) for box in found.boxes)
    return Frame(found.width, found.height, boxes, tuple(places), tuple(paths), tuple(labels))


def place(id: str, grid: Grid) -> Place:
    return Place(id, grid.x, grid.y, grid.cell, grid.block, grid.across)


# -- the steps ---------------------------------------------------------------------------------------------------------------


class Pieces:
    """The matrices of a board while it is made, and what each step shows of them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.matrices: dict[str, Matrix] = {}
        for one in trace.tensors:
            self.matrices[one.id] = matrix(one.id, named(one.formula), one.value, one.axes)
            if one.mark != NOT_NEEDED:
                grad = one.grad or Numbers(one.value.shape, None, ("",) * math.prod(one.value.shape))
                summed = one.value.texts is None and one.grad is None
                texts = one.value if summed else grad
                own = matrix(gradient_id(one.id), named(one.gradient), texts, one.axes, GRADIENT)
                self.matrices[own.id] = own

    def tokens(self, expr: Expr) -> tuple[Token, ...]:
        there = {one.id for one in self.trace.tensors} | {
            one.id for one in self.trace.operations
        }  # a step inside of a folded one is not
        return tuple(Token(piece.text, (self.ref(piece.id),) if piece.id in there else ()) for piece in expr.pieces)

    def ref(self, id: str) -> str:
        """What is lit for a tensor or an operation of the trace: its card where it has one."""
        return card_id(id) if any(one.id == id and one.card for one in self.trace.tensors) else id

    def step(self, told: Told) -> Step:
        """A step of the trace as one of the board."""
        make = {"forward": self.forward, "edge": self.edge, "reduce": self.reduce, "accumulate": self.accumulate}
        found = make[told.kind](told) if told.kind in make else self.still(told)
        return replace(found, known=tuple(replace(one, parts=self.shown(one.parts)) for one in found.known))

    def shown(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Those whose entries can be seen: a large tensor is only summed up."""
        return tuple(part for part in parts if self.matrices[part.matrix].entries)

    def still(self, told: Told) -> Step:
        """The seed and the end."""
        known = self.gradient(told) if told.gradient else ()
        lit = (self.ref(told.tensor), gradient_id(told.tensor)) if known else ()
        return Step(told.say, known, lit=lit, phase=BACKWARD if gradient_id(told.tensor) in self.matrices else FORWARD)

    def gradient(self, told: Told, parts: tuple[Part, ...] = ()) -> tuple[Known, ...]:
        """The gradient of the step's tensor, as far as it is known."""
        id = gradient_id(told.gradient)
        if told.numbers is None or told.numbers.texts is None or not self.matrices[id].entries:
            return (Known(id, final=told.final),)
        return (Known(id, None, told.numbers.texts, told.sums or (), parts, told.final),)

    def forward(self, told: Told) -> Step:
        operation = self.trace.operation(told.operation)
        operands = [self.trace.tensor(id) for id in operation.operands]
        result = self.trace.tensor(operation.result)
        parts = forward_parts(operation, operands, result)
        sums = told.sums if told.sums and self.matrices[result.id].entries else ()
        reached = [f"{operation.id}.{slot}" for slot in range(len(operands))] + [f"{operation.id}.r"] * result.card
        lit = (operation.id, *reached, self.ref(result.id))
        return Step(
            told.say,
            (Known(result.id, sums=tuple(sums), parts=parts if sums else ()),),
            tuple(reached),
            lit,
            self.tokens(operation.definition),
            FORWARD,
            self.forward_panel(operation, operands, result),
            focus=self.focus(result.id, told),
        )

    def forward_panel(self, operation: Operation, operands: Sequence[Tensor], result: Tensor) -> tuple[str, ...]:
        if len(operands) == 2 and operation.sign in ("@", *ENTRYWISE):
            sign = "·" if operation.sign == "@" else operation.sign
            return (operands[0].id, sign, operands[1].id, "=", result.id)
        shown = [id for one in dict.fromkeys(operation.operands) for id in (one, ",")][:-1]
        return (*shown, f"→ {operation.sign} →", result.id)

    def focus(self, id: str, told: Told) -> str:
        return Cell(id, told.entry) if told.entry is not None and self.matrices[id].entries else ""

    def edge(self, told: Told) -> Step:
        edge = self.trace.edge(told.edge)
        tensor, operation = self.trace.tensor(edge.tensor), self.trace.operation(edge.operation)
        assert edge.formula is not None
        assert told.numbers is not None
        result = gradient_id(tensor.id)
        if not told.gradient:  # not yet the gradient: it is summed over an axis, or added to others, in a step of its own
            result = f"c:{edge.id}"
            axes = tensor.axes if len(tensor.axes) == len(told.numbers.shape) else self.trace.tensor(operation.result).axes
            bare = not any(letter.isalpha() for letter in edge.formula.text)  # a number has no entries to be called by
            name_of_it = named(tensor.gradient if bare else edge.formula)
            self.matrices[result] = matrix(result, name_of_it, told.numbers, axes, GRADIENT)
        panel, parts = self.factors(edge, operation, result)
        sums = told.sums if told.sums and self.matrices[result].entries else ()
        known = self.gradient(told, parts) if told.gradient else (Known(result, sums=tuple(sums), parts=parts),)
        shown = (*known, *(Known(id) for id in panel[:-1] if id.startswith(f"f:{edge.id}:")))
        upstream = [back_id(f"{operation.id}")] if self.trace.tensor(operation.result).card else []
        name = tensor.gradient.text if told.gradient and tensor.name else ""
        formula = (Token(f"{name} = " if name and name != edge.formula.text else ""), *self.tokens(edge.formula))
        product = edge.product
        return Step(
            told.say,
            shown,
            (*upstream, back_id(edge.id)),
            (operation.id, *upstream, back_id(edge.id), self.ref(tensor.id), result),
            tuple(token for token in formula if token.text),
            BACKWARD,
            panel,
            (product.gone,) if product is not None and product.gone else (),
            self.focus(result, told),
            tuple(candidate(one, tensor) for one in edge.candidates[:TRIED]),
            tensor.formula.text if edge.candidates else "",
        )

    def factors(self, edge: Edge, operation: Operation, result: str) -> tuple[tuple[str, ...], tuple[Part, ...]]:
        """What the inspector shows of an edge, and which entries each entry of its contribution is made of."""
        arrived = gradient_id(operation.result)
        upstream = (arrived,) if arrived in self.matrices and self.matrices[arrived].entries else ()
        count = len(self.matrices[result].entries)
        product = edge.product
        if product is not None and count and len(product.pairs) == count:
            left = self.factor(f"f:{edge.id}:l", product.left, product.left_formula, product.left_axes)
            right = self.factor(f"f:{edge.id}:r", product.right, product.right_formula, product.right_axes)
            parts: tuple[Part, ...] = ()
            for id, side in ((left, 0), (right, 1)):
                at = tuple(pair[side] for pair in product.pairs)
                parts += (Part(id, at), *self.also(id, at))
            return (left, "·", right, "=", result), parts
        same = tuple((flat,) for flat in range(count))
        local = edge.local
        if local is not None and local.kind == "entry" and local.entries is not None and upstream and local.shape:
            texts = tuple(map(short, local.entries))
            id = f"f:{edge.id}:J"
            axes = self.trace.tensor(operation.result).axes
            own = Numbers(local.shape, local.entries, texts)
            self.matrices[id] = matrix(id, f"∂{self.matrices[operation.result].name}", own, axes)
            meets = len(texts) == count == len(self.matrices[arrived].entries)
            return (arrived, "⊙", id, "=", result), (Part(arrived, same), Part(id, same)) if meets else ()
        meets = bool(upstream) and len(self.matrices[arrived].entries) == count
        return (*upstream, f"→ {operation.sign} →", result), (Part(arrived, same),) if meets else ()

    def factor(self, id: str, numbers: Numbers, formula: Expr, axes: Sequence[str]) -> str:
        """The matrix of that factor: one that stands on a card, where there is one, else its own."""
        for own, shown in self.on_cards_first():
            if shown.name == formula.text and shown.entries == (numbers.texts or ()) and shown.shape == numbers.shape:
                return own
        self.matrices[id] = matrix(id, formula.text, numbers, axes)
        return id

    def on_cards_first(self) -> list[tuple[str, Matrix]]:
        cards = {id for one in self.trace.tensors if one.card for id in (one.id, gradient_id(one.id))}
        return sorted(self.matrices.items(), key=lambda item: item[0] not in cards)

    def also(self, id: str, at: Sequence[Sequence[int]]) -> tuple[Part, ...]:
        """The same entries on the card of what a factor is the transposed of: Gᵀ is read from G."""
        turned = self.matrices[id]
        for _, own in self.on_cards_first():
            if f"{own.name}ᵀ" == turned.name and len(own.shape) == 2 and own.shape == turned.shape[::-1]:
                places = turned_from((own.shape[0], own.shape[1]))
                return (Part(own.id, tuple(tuple(places[flat] for flat in one) for one in at)),)
        return ()

    def reduce(self, told: Told) -> Step:
        edge = self.trace.edge(told.edge)
        tensor = self.trace.tensor(edge.tensor)
        assert edge.reduced_formula is not None
        assert told.numbers is not None
        before, result = f"c:{edge.id}", gradient_id(tensor.id)
        if not told.gradient:
            result = f"r:{edge.id}"
            self.matrices[result] = matrix(result, named(edge.reduced_formula), told.numbers, tensor.axes, GRADIENT)
        count = len(self.matrices[result].entries)
        parts: tuple[Part, ...] = ()
        if edge.unreduced is not None and self.matrices[before].entries and count:
            parts = (Part(before, summed_from(edge.unreduced.shape, edge.axes, count)),)
            upstream = gradient_id(self.trace.operation(edge.operation).result)
            if upstream in self.matrices and self.matrices[upstream].shape == self.matrices[before].shape:
                parts += (Part(upstream, parts[0].at),)
        names = tuple(name or str(axis) for name, axis in zip(edge.axis_names, edge.axes, strict=True))
        sums = told.sums or () if count else ()
        known = self.gradient(told, parts) if told.gradient else (Known(result, sums=sums, parts=parts),)
        name = f"{tensor.gradient.text} = " if tensor.name and told.gradient else ""
        return Step(
            told.say,
            known,
            (back_id(edge.id),),
            (edge.operation, back_id(edge.id), self.ref(tensor.id), result),
            tuple(one for one in (Token(name), *self.tokens(edge.reduced_formula)) if one.text),
            BACKWARD,
            (before, f"→ Σ {', '.join(names)} →", result),
            names,
            self.focus(result, told),
        )

    def accumulate(self, told: Told) -> Step:
        edge = self.trace.edge(told.edge)
        result = gradient_id(edge.tensor)
        own = f"r:{edge.id}" if f"r:{edge.id}" in self.matrices else f"c:{edge.id}"
        count = len(self.matrices[result].entries)
        same = tuple((flat,) for flat in range(count))
        parts = (Part(own, same),) if own in self.matrices and len(self.matrices[own].entries) == count else ()
        name = self.trace.tensor(edge.tensor).gradient.text
        return Step(
            told.say,
            self.gradient(told, parts),
            (back_id(edge.id),),
            (back_id(edge.id), self.ref(edge.tensor), result),
            (
                Token(f"{name} ← {name} + " if told.part > 1 else f"{name} ← "),
                *self.tokens(edge.reduced_formula or edge.formula or Expr(())),
            ),
            BACKWARD,
            (own, f"+ ({told.part} / {told.of}) →", result) if own in self.matrices else (),
            focus=self.focus(result, told),
        )


def named(expr: Expr) -> str:
    """The name of a matrix in sums: an expression stands in brackets."""
    return f"({expr.text})" if len(expr.pieces) > 1 and " " in expr.text else expr.text


def short(value: float) -> str:
    from course.numbers import number

    return number(value)


def candidate(one: object, tensor: Tensor) -> Candidate:
    from course.graph.trace import Candidate as Tried

    assert isinstance(one, Tried)
    name = tensor.formula.text
    turned = name[:-1] if name.endswith("ᵀ") else f"{name}ᵀ"
    verdict = f"✓ {name}" if one.right else turned if one.turned else ""
    if not one.meets:
        verdict = f"✗ {one.left_shape[1]} ≠ {one.right_shape[0]}"
    elif not verdict:
        verdict = "✗"
    return Candidate(
        one.formula.text,
        one.left_shape,
        one.right_shape,
        one.left_axes,
        one.right_axes,
        one.meets,
        one.shape,
        verdict,
        one.right,
    )


def forward_parts(operation: Operation, operands: Sequence[Tensor], result: Tensor) -> tuple[Part, ...]:
    """Which entries of its operands each entry of a result is made of, where that is plain from the shapes."""
    shapes = [one.value.shape for one in operands]
    if any(one.value.texts is None for one in (*operands, result)):
        return ()
    if operation.sign == "@" and [len(shape) for shape in shapes] == [2, 2]:
        (rows, inner), (_, columns) = shapes
        return product_parts(operands[0].id, operands[1].id, rows, inner, columns)
    if operation.sign == "ᵀ" and len(shapes[0]) == 2:
        rows, columns = shapes[0]
        return (Part(operands[0].id, tuple((flat,) for flat in turned_from((rows, columns)))),)
    if operation.sign in ENTRYWISE:
        return tuple(Part(one.id, spread(shape, result.value.shape)) for one, shape in zip(operands, shapes, strict=True))
    return ()


def spread(shape: Sequence[int], result: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """For each entry of a broadcast result the entry it comes from."""
    flat = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), result).ravel()
    return tuple((int(one),) for one in flat)


def summed_from(shape: Sequence[int], axes: Sequence[int], count: int) -> tuple[tuple[int, ...], ...]:
    """For each entry of a sum over *axes* the entries it is the sum of."""
    axes = [axis % len(shape) for axis in axes]
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    flat = np.arange(math.prod(shape)).reshape(shape).transpose(*kept, *axes).reshape(count, -1)
    return tuple(tuple(int(one) for one in row) for row in flat)
