"""From a recording and its replay to the trace: formulas, names, numbers and where they come from.

Nothing is decided here that could be wrong about the numbers: they are those of the replay, which has been held against
autograd's. What is added is how they are written and what they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from course.graph import notation
from course.graph.formula import SUM, Expr, infix, unlinked
from course.graph.notation import axes_of, sizes_of
from course.graph.provenance import Factors, candidates, factors_of
from course.graph.record import Call, Recording
from course.graph.replay import Edge as Played
from course.graph.replay import Replay
from course.graph.rules import PRODUCT_OF, rule_of
from course.graph.sums import forward_sums, in_one_style, reduced_sums, sums_of
from course.graph.telling import tell
from course.graph.trace import (
    COMPUTED,
    NOT_COMPUTED,
    NOT_NEEDED,
    SHOWN,
    ZERO,
    Edge,
    Local,
    Numbers,
    Operation,
    Product,
    Summary,
    Tensor,
    Trace,
)
from course.graph.writing import Flow, formulas_of, sign_of, with_a_named_result, written
from course.numbers import number

SHIPPED = 4096  # entries of a matrix of derivatives that go to the browser


def build(recording: Recording, played: Replay) -> Trace:
    """The trace of a recorded computation and its replayed backward pass."""
    recording = with_a_named_result(recording)
    axes = axes_of(recording)
    formulas = formulas_of(recording)
    flow = Flow(recording, formulas)
    edges = edges_of(recording, played, flow, formulas, axes)
    operations = tuple(operation_of(recording, call, formulas) for call in recording.calls)
    tensors = tensors_of(recording, played, flow, formulas, axes)
    trace = Trace(
        target=recording.target,
        tensors=tensors,
        operations=operations,
        edges=edges,
        steps=(),
        definitions=tuple(one.definition for one in operations if recording.names.get(one.result)),
        sizes=sizes_of(recording, axes),
    )
    return replace(trace, steps=tell(trace, forward_sums(recording)))


# -- numbers --------------------------------------------------------------------------------------------------------------


def numbers(tensor: torch.Tensor) -> Numbers:
    """A tensor as plain data: its entries and how they are written, or a summary of a large one."""
    shape = tuple(tensor.shape)
    flat = tensor.detach().reshape(-1)
    if tensor.numel() > SHOWN:
        wide = flat.double()
        least, mean, greatest = (number(float(one)) for one in (wide.min(), wide.mean(), wide.max()))
        return Numbers(shape, None, None, Summary(least, mean, greatest, int((flat == 0).sum())))
    entries = tuple(float(one) for one in flat.tolist())
    return Numbers(shape, entries, tuple(in_one_style(*entries)[0]))


def mark_of(recording: Recording, id: str, played: Replay) -> str:
    if not recording.values[id].needs_grad:
        return NOT_NEEDED
    if id not in played.grads:
        return NOT_COMPUTED
    return COMPUTED if bool(played.grads[id].any()) else ZERO


# -- tensors and operations -------------------------------------------------------------------------------------------------


def tensors_of(
    recording: Recording, played: Replay, flow: Flow, formulas: Mapping[str, Expr], axes: Mapping[str, notation.Axes]
) -> tuple[Tensor, ...]:
    uses = recording.uses()
    made = {call.result: call.id for call in recording.calls}
    order = [*recording.inputs, *(call.result for call in recording.calls)]
    found = []
    for id in order:
        value, grad = recording.values[id], played.grads.get(id)
        kind = "result" if id == recording.target else "step" if id in made else "input" if value.needs_grad else "constant"
        found.append(
            Tensor(
                id=id,
                name=recording.names.get(id, ""),
                kind=kind,
                formula=formulas[id],
                gradient=flow.letters.get(id) or flow.gradient(id),
                axes=axes[id],
                value=numbers(value.value),
                grad=None if grad is None else numbers(grad),
                mark=mark_of(recording, id, played),
                made_by=made.get(id, ""),
                card=id in recording.names or id not in made or len(uses[id]) > 1,
                uses=len(uses[id]),
            )
        )
    return tuple(found)


def operation_of(recording: Recording, call: Call, formulas: Mapping[str, Expr]) -> Operation:
    formula = written(recording, call, formulas)
    definition = infix(formulas[call.result], " = ", formula, SUM) if call.result in recording.names else formula
    return Operation(
        id=call.id,
        op=call.op,
        sign=sign_of(recording, call),
        called=call.called,
        operands=call.operands,
        result=call.result,
        formula=formula,
        definition=definition,
        node=call.node,
        line=call.line,
        own=call.own,
    )


# -- edges ------------------------------------------------------------------------------------------------------------------


def edges_of(
    recording: Recording, played: Replay, flow: Flow, formulas: Mapping[str, Expr], axes: Mapping[str, notation.Axes]
) -> tuple[Edge, ...]:
    """Every edge: first those that carry a gradient, in its order, then the others in the order of the forward pass."""
    known: dict[str, Factors] = {}  # by tensor: the product that its gradient is, where it is one
    arrivals: dict[str, int] = {}
    for edge in played.edges:
        arrivals[edge.tensor] = arrivals.get(edge.tensor, 0) + 1
    found = []
    totals: dict[str, torch.Tensor] = {}
    for edge in played.edges:
        before = totals.get(edge.tensor)
        totals[edge.tensor] = edge.contribution if before is None else before + edge.contribution
        factors = factors_behind(recording, edge, flow, formulas, axes, known)
        if factors is not None and arrivals[edge.tensor] == 1:
            known[edge.tensor] = factors
        found.append(edge_of(recording, edge, totals[edge.tensor], flow, axes, factors))
    carried = {edge.id for edge in found}
    for call in recording.calls:
        for slot, id in enumerate(call.operands):
            if f"{call.id}.{slot}" not in carried:
                mark = NOT_COMPUTED if recording.values[id].needs_grad else NOT_NEEDED
                found.append(Edge(f"{call.id}.{slot}", call.id, slot, id, mark))
    return tuple(found)


def factors_behind(
    recording: Recording,
    edge: Played,
    flow: Flow,
    formulas: Mapping[str, Expr],
    axes: Mapping[str, notation.Axes],
    known: Mapping[str, Factors],
) -> Factors | None:
    """The matrix product that a contribution is: at matmul, and behind a transposition (the gradient of W through Wᵀ)."""
    call = edge.call
    if call.members or call.own:
        return None
    if call.op in ("t", "transpose") and edge.contribution.ndim == 2 and call.result in known:
        behind = known[call.result]
        return behind.turned() if len(behind.shape) == 2 else None
    if (
        rule_of(call.op).kind != PRODUCT_OF
        or len(call.operands) != 2
        or recording.values[call.operands[edge.slot]].value.numel() > SHOWN
    ):
        return None
    values = [recording.values[id].value for id in call.operands]
    written = [unlinked(formulas[id]) for id in call.operands] + [flow.upstream(call)]
    factors = factors_of(edge, values, written, [axes[id] for id in (*call.operands, call.result)])
    if factors is None or max(factors.left.numel(), factors.right.numel()) > SHOWN * 4 or factors.left.shape[-1] > SHOWN:
        return None
    return factors


def edge_of(
    recording: Recording,
    edge: Played,
    total: torch.Tensor,
    flow: Flow,
    axes: Mapping[str, notation.Axes],
    factors: Factors | None,
) -> Edge:
    call = edge.call
    summed_axes = tuple(axes[call.result][axis] for axis in edge.axes)
    labels = [name or str(axis) for name, axis in zip(summed_axes, edge.axes, strict=True)]
    upstream = flow.upstream(call)
    formula, reduced = flow.follow(call, edge.slot, edge.tensor, labels)
    sent = edge.contribution if edge.unreduced is None else edge.unreduced
    return Edge(
        id=edge.id,
        operation=call.id,
        slot=edge.slot,
        tensor=edge.tensor,
        mark=COMPUTED if bool(edge.contribution.any()) else ZERO,
        upstream_formula=upstream,
        formula=formula,
        reduced_formula=reduced,
        upstream=numbers(edge.upstream),
        local=local_of(edge),
        unreduced=None if edge.unreduced is None else numbers(edge.unreduced),
        axes=edge.axes,
        axis_names=summed_axes,
        contribution=numbers(edge.contribution),
        total=numbers(total),
        sums=sums_of(edge, sent, factors if edge.unreduced is None else None),
        reduced_sums=reduced_sums(edge),
        product=None if factors is None else product_of(factors),
        candidates=() if factors is None else candidates(factors, edge.contribution),
    )


def product_of(factors: Factors) -> Product | None:
    return Product(
        left=whole(factors.left),
        right=whole(factors.right),
        left_formula=factors.left_formula,
        right_formula=factors.right_formula,
        left_axes=factors.left_axes,
        right_axes=factors.right_axes,
        gone=factors.gone,
        pairs=factors.pairs(),
    )


def whole(tensor: torch.Tensor) -> Numbers:
    """All entries of a factor, which may be a few more than of a tensor that is shown by itself."""
    entries = tuple(float(one) for one in tensor.detach().reshape(-1).tolist())
    return Numbers(tuple(tensor.shape), entries, tuple(in_one_style(*entries)[0]))


def local_of(edge: Played) -> Local:
    if edge.diagonal is not None:
        few = edge.diagonal.numel() <= SHOWN
        return Local("entry", tuple(edge.diagonal.shape), tuple(edge.diagonal.reshape(-1).tolist()) if few else None)
    if edge.local is not None and edge.local.numel() <= SHIPPED:
        return Local("matrix", tuple(edge.local.shape), tuple(edge.local.reshape(-1).tolist()))
    return Local("large", (edge.upstream.numel(), edge.contribution.numel()), None)
