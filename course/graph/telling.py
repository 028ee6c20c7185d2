"""The steps of a picture, in order, each with the sentence that says what it did, with its numbers in it.

The sentences are what a screen reader reads and what stands under the picture. They say what tensors do, never that something
"is performed", and each speaks of one entry that can be checked in the head, chosen so that a usual mistake would
show in it (`telling_entry`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from course.exercise import N_
from course.graph.formula import ATOM, Expr, symbol
from course.graph.rules import ALONG, MOVED, PASSES, PRODUCT_OF, SUMMED, rule_of
from course.graph.sums import alone, sum_text
from course.graph.trace import NOT_COMPUTED, ZERO, Edge, Numbers, Operation, Step, Tensor, Trace
from course.numbers import number
from course.verdict import Say

FORWARD_NUMBER = N_("Forward pass: {formula} gives one number, {sum}.")
FORWARD_NAMED = N_("Forward pass: {formula}, shape {shape}.")
FORWARD_STEP = N_("Forward pass: the step {formula} has the shape {shape}.")
FORWARD_LARGE = N_("Forward pass: {formula}, shape {shape}. Its {count} numbers lie between {least} and {greatest}.")

SEED = N_("The backward pass starts at the end. The result {name} changes exactly as much as itself, so its gradient is 1.")
SEED_GIVEN = N_(
    "The backward pass starts with the upstream gradient that was given: for {name}, shape {shape}, one number for each entry."
)

PASSES_ON = N_("Here the local derivative is 1, so the gradient passes on as it is: {operand} gets {formula}.")
PASSES_TURNED = N_("What is subtracted has the local derivative −1, so the sign changes: {operand} gets {formula}.")
CONVERTED = N_("Only the data type changes, so {operand} gets the gradient as it is.")
BY_ENTRY = N_("Entry by entry, the upstream gradient times the local derivative: {operand} gets {formula}.")
BY_PRODUCT = N_("The gradient for {operand} is the product {formula}.")
BY_NUMBER = N_("The upstream gradient times the local derivative: {operand} gets {formula}.")
ENTRY = N_("One entry: {entry} = {sum}.")
ENTRY_OF_PRODUCT = N_("One entry is a row times a column: {entry} = {sum}.")
IN_NUMBERS = N_("In numbers: {sum}.")
AXIS_GONE = N_("The axis {axis} is summed away; the shape {shape} is that of {operand}.")
MOVED_BACK = N_(
    "The forward pass changed only the indices of the entries, so on the way back each entry of the "
    "gradient returns to its old place: {operand} gets {formula}, shape {shape}."
)
SPREAD = N_("Every entry of {operand} went into the sum with the factor 1, so each gets what arrives at its sum.")
SPREAD_MEAN = N_("Every entry of {operand} went into a mean of {count} numbers, so each gets 1/{count} of what arrives.")
BY_MATRIX = N_(
    "One entry of {operand} reaches several entries of the result, so its gradient sums over them: upstream times derivative."
)
BY_OPERATION = N_("The operation {operation} sends {operand} a gradient of the shape {shape}.")
BY_FOLDED = N_("These steps together send {operand} the gradient {formula}.")
BY_OWN = N_("The backward of your own {operation} sends {operand} this gradient, shape {shape}.")
BEFORE_THE_SUM = N_(
    "The forward pass used {operand} in {count} places; so far each place has a gradient of its own, shape {shape}."
)
LARGE = N_(
    "The gradient goes back through {operation} to {operand}, shape {shape}: {count} numbers between {least} and {greatest}."
)

REDUCE = N_(
    "One {operand} served {count} places on the way forward, so on the way back their gradients are added: {entry} = {sum}."
)
REDUCE_AXIS = N_("The axis {axes} disappears, and the shape {shape} of {operand} is left.")
REDUCE_NUMBER = N_("Axis number {axes}, counted from 0, disappears, and the shape {shape} of {operand} is left.")
REDUCE_AXES = N_("The axes {axes} disappear, and the shape {shape} of {operand} is left.")
REDUCE_LARGE = N_("One {operand} served {count} places on the way forward, so on the way back their gradients are added.")

FIRST_PART = N_("The tensor {operand} is used {uses} times. The first contribution has arrived: {entry} = {sum} so far.")
NEXT_PART = N_("Contribution {part} of {uses} to {operand} is added to what was there: {entry} = {sum} so far.")
LAST_PART = N_("The last of {uses} contributions to {operand} is added: {entry} = {sum}. Now its gradient is whole.")
PART_LARGE = N_("Contribution {part} of {uses} to {operand} is added to what was there.")

ALL_ZERO = N_("All of it is zero: computed, and zero.")
DONE = N_("Done. Every gradient has the shape of its tensor, and every number agrees with autograd.")
DONE_FORWARD = N_("Done. No tensor here needs a gradient, so there is no backward pass.")
NEVER_REACHED = N_("Not computed: {names}. A gradient is needed, but {result} does not depend on it.")


def tell(trace: Trace, forward_sums: Mapping[str, tuple[str, ...] | None]) -> tuple[Step, ...]:
    """All steps of *trace*: the forward pass, the seed, then edge by edge, and the end."""
    steps = [forward(trace, operation, forward_sums[operation.id]) for operation in trace.operations]
    carrying = [edge for edge in trace.edges if edge.carries]
    target = trace.tensor(trace.target)
    if target.grad is None:
        return (*steps, Step("done", (Say(DONE_FORWARD),), tensor=target.id))
    steps.append(seed(target))
    arrivals = {id: [edge for edge in carrying if edge.tensor == id] for id in {edge.tensor for edge in carrying}}
    for edge in carrying:
        all_of_them = arrivals[edge.tensor]
        single = len(all_of_them) == 1
        shared = None if single else shared_entry(all_of_them)
        steps.append(along(trace, edge, alone=single, shared=shared))
        if edge.unreduced is not None:
            steps.append(reduced(trace, edge, alone=single, shared=shared))
        if not single:
            part = all_of_them.index(edge)
            before = all_of_them[part - 1] if part else None
            steps.append(accumulated(trace, edge, before, part + 1, len(all_of_them), shared=shared))
    return (*steps, done(trace))


# -- one step ---------------------------------------------------------------------------------------------------------------


def forward(trace: Trace, operation: Operation, sums: tuple[str, ...] | None) -> Step:
    tensor = trace.tensor(operation.result)
    entry = telling_entry(tensor.value, sums)
    formula, shape = operation.definition.text, shape_text(tensor.value)
    if not tensor.value.whole or sums is None:
        says = [Say(FORWARD_LARGE, {"formula": formula, "shape": shape, **bounds(tensor.value)})]
    elif not tensor.value.shape:
        says = [Say(FORWARD_NUMBER, {"formula": formula, "sum": sums[0]})]
    else:
        values = {
            "formula": formula,
            "shape": shape,
            "entry": entry_text(tensor.formula, tensor.value, entry),
            "sum": sums[entry],
        }
        says = [Say(FORWARD_NAMED if tensor.name else FORWARD_STEP, values), Say(ENTRY, values)]
    lit = (operation.id, *operation.operands, tensor.id)
    return Step("forward", tuple(says), operation.id, tensor=tensor.id, numbers=tensor.value, entry=entry, sums=sums, lit=lit)


def seed(target: Tensor) -> Step:
    assert target.grad is not None
    if target.grad.entries is not None and len(target.grad.entries) == 1 and target.grad.entries[0] == 1:
        say = Say(SEED, {"name": target.name})
    else:
        say = Say(SEED_GIVEN, {"name": target.name, "shape": shape_text(target.grad)})
    return Step("seed", (say,), tensor=target.id, numbers=target.grad, gradient=target.id, final=True, lit=(target.id,))


def along(trace: Trace, edge: Edge, *, alone: bool, shared: int | None) -> Step:
    """
    What goes back along one edge. Where something was broadcast, it is not summed yet. shared: the entry that all steps of
    this tensor speak of, where it has several contributions.
    """
    operand, operation = trace.tensor(edge.tensor), trace.operation(edge.operation)
    sent = edge.contribution if edge.unreduced is None else edge.unreduced
    assert sent is not None
    assert edge.formula is not None
    entry = telling_entry(sent, edge.sums) if shared is None or edge.unreduced is not None else shared
    says = edge_words(trace, edge, operation, operand, sent, entry)
    if edge.unreduced is not None:
        says.append(Say(BEFORE_THE_SUM, {"operand": operand.formula.text, "count": places(edge), "shape": shape_text(sent)}))
    elif edge.product is not None and edge.product.gone and rule_of(operation.op).kind == PRODUCT_OF:
        values = {"axis": edge.product.gone, "shape": shape_text(sent), "operand": operand.formula.text}
        if edge.product.gone != "*":
            says.append(Say(AXIS_GONE, values))
    final = alone and edge.unreduced is None
    if final and edge.mark == ZERO:
        says.append(Say(ALL_ZERO))
    return Step(
        "edge",
        tuple(says),
        operation.id,
        edge.id,
        operand.id,
        sent,
        gradient=operand.id if final else "",
        final=final,
        entry=entry,
        sums=edge.sums,
        lit=(operation.result, operation.id, edge.id, operand.id),
    )


def edge_words(trace: Trace, edge: Edge, operation: Operation, operand: Tensor, sent: Numbers, entry: int) -> list[Say]:
    """The sentence of an edge, by what its operation does, and one of its numbers."""
    assert edge.formula is not None
    assert edge.local is not None
    formula = edge.formula
    values = {"operand": operand.formula.text, "operation": operation.called, "shape": shape_text(sent), "formula": formula.text}
    if not sent.whole or edge.sums is None:
        return [Say(LARGE, values | bounds(sent))]
    values |= {
        "sum": edge.sums[entry],
        "entry": entry_text(gradient_of(trace, edge, unreduced=edge.unreduced is not None), sent, entry),
    }
    kind = rule_of(operation.op).kind
    multiplied = kind == PRODUCT_OF and edge.product is not None and edge.unreduced is None
    row_by_column = multiplied and edge.product is not None and bool(edge.product.gone)
    shown = Say(IN_NUMBERS if not sent.shape else ENTRY_OF_PRODUCT if row_by_column else ENTRY, values)
    return [Say(edge_text(trace, edge, operation, operand, kind, multiplied), values | counted(trace, operation, operand)), shown]


def edge_text(trace: Trace, edge: Edge, operation: Operation, operand: Tensor, kind: str, multiplied: bool) -> str:
    """What an operation does with the gradient that comes back to it."""
    assert edge.formula is not None
    assert edge.local is not None
    if operation.own:
        return BY_OWN
    if operation.op == "fold":
        return BY_FOLDED
    if kind == PASSES:
        minus = edge.formula.text.startswith("−") and edge.local.entries is not None and min(edge.local.entries) < 0
        return PASSES_TURNED if minus else CONVERTED if operation.op not in ("add", "sub") else PASSES_ON
    if edge.local.kind == "entry":
        return BY_ENTRY if operand.value.shape or trace.tensor(operation.result).value.shape else BY_NUMBER
    if multiplied:
        return BY_PRODUCT
    if kind == MOVED:
        return MOVED_BACK
    if kind == SUMMED:
        return SPREAD_MEAN if operation.op == "mean" else SPREAD
    if kind == ALONG or edge.local.kind == "matrix":
        return BY_MATRIX
    return BY_OPERATION


def counted(trace: Trace, operation: Operation, operand: Tensor) -> dict[str, int]:
    """How many entries of *operand* went into one of the result."""
    return {"count": round(size(operand.value.shape) / max(1, size(trace.tensor(operation.result).value.shape)))}


def reduced(trace: Trace, edge: Edge, *, alone: bool, shared: int | None) -> Step:
    """The sum over the axes along which the forward pass repeated the operand: a step of its own."""
    operand = trace.tensor(edge.tensor)
    total = edge.contribution
    assert total is not None
    entry = telling_entry(total, edge.reduced_sums) if shared is None else shared
    values = {"operand": operand.formula.text, "count": places(edge)}
    if edge.reduced_sums is None:
        says = [Say(REDUCE_LARGE, values)]
    else:
        name = entry_text(gradient_of(trace, edge), total, entry)
        says = [Say(REDUCE, values | {"entry": name, "sum": edge.reduced_sums[entry]})]
    names = tuple(name or str(axis) for name, axis in zip(edge.axis_names, edge.axes, strict=True))
    text = REDUCE_AXES if len(names) > 1 else REDUCE_AXIS if edge.axis_names[0] else REDUCE_NUMBER
    says.append(Say(text, {"axes": names, "shape": shape_text(total), "operand": operand.formula.text}))
    if alone and edge.mark == ZERO:
        says.append(Say(ALL_ZERO))
    return Step(
        "reduce",
        tuple(says),
        edge.operation,
        edge.id,
        operand.id,
        total,
        gradient=operand.id if alone else "",
        final=alone,
        entry=entry,
        sums=edge.reduced_sums,
        lit=(edge.operation, edge.id, operand.id),
    )


def accumulated(trace: Trace, edge: Edge, before: Edge | None, part: int, uses: int, *, shared: int | None) -> Step:
    """Another contribution is added to the gradient of a tensor that is used more than once; *before*: the one that came last."""
    operand = trace.tensor(edge.tensor)
    new, total = edge.contribution, edge.total
    assert new is not None
    assert total is not None
    last = None if before is None else before.total
    entry = 0
    values = {"operand": operand.formula.text, "uses": uses, "part": part}
    sums: tuple[str, ...] | None = None
    if new.entries is None or total.entries is None:
        say = Say(PART_LARGE, values)
    else:
        terms = (
            [[one] for one in new.entries]
            if last is None or last.entries is None
            else [*map(list, zip(last.entries, new.entries, strict=True))]
        )
        sums = tuple(in_sum(term, total.entries[index]) for index, term in enumerate(terms))
        entry = telling_entry(total, sums) if shared is None else shared
        values |= {"entry": entry_text(operand.gradient, total, entry), "sum": sums[entry]}
        say = Say(LAST_PART if part == uses else FIRST_PART if part == 1 else NEXT_PART, values)
    return Step(
        "accumulate",
        (say, Say(ALL_ZERO)) if part == uses and operand.mark == ZERO else (say,),
        edge.operation,
        edge.id,
        operand.id,
        total,
        gradient=operand.id,
        final=part == uses,
        part=part,
        of=uses,
        entry=entry,
        sums=sums,
        lit=(edge.id, operand.id),
    )


def done(trace: Trace) -> Step:
    says = [Say(DONE)]
    names = tuple(one.formula.text for one in trace.tensors if one.mark == NOT_COMPUTED and one.card)
    if names:
        says.append(Say(NEVER_REACHED, {"names": names, "result": trace.tensor(trace.target).formula.text}))
    return Step("done", tuple(says), tensor=trace.target)


# -- words and numbers -----------------------------------------------------------------------------------------------------


def in_sum(terms: Sequence[float], total: float) -> str:
    return alone(total) if len(terms) == 1 else sum_text([(one,) for one in terms], total)


def gradient_of(trace: Trace, edge: Edge, *, unreduced: bool = False) -> Expr:
    """
    What the contribution's entries are called: dW where it is the whole gradient of a named tensor, else its formula. Of a
    tensor used more than once this is one path's share, which ∂L/∂(…) would call the whole.
    """
    operand = trace.tensor(edge.tensor)
    if operand.name and operand.uses == 1 and not unreduced:
        return operand.gradient
    formula = edge.formula if unreduced or edge.reduced_formula is None else edge.reduced_formula
    assert formula is not None
    if any(letter.isalpha() for letter in formula.text) and (operand.uses > 1 or not formula.scalar):
        return formula
    # What is left is a bare number, and "1[1, 2] = 1" would say nothing; or the gradient of a nameless one.
    whole = operand if operand.uses == 1 else trace.tensor(trace.operation(edge.operation).result)
    return whole.gradient if whole.name else symbol(f"∂{trace.tensor(trace.target).name}/∂({whole.formula.text})")


def entry_text(formula: Expr, numbers: Numbers, entry: int) -> str:
    """dW[1, 3]; a formula in brackets; a number without an index."""
    if not numbers.shape:
        return formula.text
    base = formula.text if formula.level >= ATOM else f"({formula.text})"
    return f"{base}[{', '.join(map(str, index_of(entry, numbers.shape)))}]"


def index_of(entry: int, shape: Sequence[int]) -> tuple[int, ...]:
    index: list[int] = []
    for axis in reversed(shape):
        index.insert(0, entry % axis)
        entry //= axis
    return tuple(index)


def telling_entry(numbers: Numbers, sums: Sequence[str] | None = None) -> int:
    """
    The entry that a sentence speaks of: no zero; one that is not also found by taking row for column or the first for any
    other; one whose sum in *sums* has both signs, so that a lost sign would show; of those the first largest.
    """
    entries = numbers.entries
    if entries is None:
        return 0

    def worth(entry: int) -> tuple[bool, bool, bool, bool, float, int]:
        value, index = abs(entries[entry]), index_of(entry, numbers.shape)
        return (
            value > 0,
            len(set(index)) == len(index),
            all(index),
            sums is not None and both_signs(sums[entry]),
            value,
            -entry,
        )

    return max(range(len(entries)), key=worth)


def shared_entry(arrivals: Sequence[Edge]) -> int | None:
    """The entry that the steps of one tensor speak of, so that each number that is added has been seen: all parts not zero."""
    parts = [edge.contribution for edge in arrivals]
    total = arrivals[-1].total
    if total is None or total.entries is None or any(part is None or part.entries is None for part in parts):
        return None
    whole = [[part.entries[entry] != 0 for part in parts if part and part.entries] for entry in range(len(total.entries))]
    best = max(sum(one) for one in whole)
    fitting = [entry for entry, one in enumerate(whole) if sum(one) == best]
    first = telling_entry(total)
    return first if first in fitting else fitting[0]


def both_signs(sum_: str) -> bool:
    """Does a sum as text, 1·(−1) + 0·3 = −1, add or multiply numbers above and below zero?"""
    written = re.findall(r"(−?)(\d[\d.]*)", re.split("[=≈]", sum_)[0])
    return {sign for sign, digits in written if digits.strip("0.")} == {"−", ""}


def shape_text(numbers: Numbers) -> str:
    return str(numbers.shape)


def bounds(numbers: Numbers) -> dict[str, object]:
    """Least and greatest entry, of a tensor that is not shown entry by entry."""
    if numbers.summary is not None:
        return {"count": size(numbers.shape), "least": numbers.summary.least, "greatest": numbers.summary.greatest}
    entries = numbers.entries or (0.0,)
    return {"count": len(entries), "least": number(min(entries)), "greatest": number(max(entries))}


def places(edge: Edge) -> int:
    assert edge.unreduced is not None
    return size([edge.unreduced.shape[axis] for axis in edge.axes])


def size(shape: Sequence[int]) -> int:
    count = 1
    for axis in shape:
        count *= axis
    return count
