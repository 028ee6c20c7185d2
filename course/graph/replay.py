"""Replaying the backward pass edge by edge, and holding every number against autograd's.

Each operation is run once more on its recorded values, alone, so that what flows back along one edge can be seen by itself:

    upstream gradient · local derivative = contribution        one for each operand, even where one tensor is used twice
    contribution over every repeated entry → its sum           where the forward pass broadcast the operand
    contributions of all uses → the gradient of the tensor

Five things are checked at every replay: the operation gives its recorded value again; its edges are those of autograd's own
graph; the contribution is upstream times the matrix of derivatives; a gradient has the shape of its tensor; and the sum of the
contributions is autograd's gradient.
Where one fails, a `Refusal` names the operation. `torch.func` is left alone: its first use costs a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from course.graph import refusal
from course.graph.nested import same_numbers, weighted
from course.graph.record import Call, Recording, Value
from course.graph.refusal import Refusal
from course.graph.rules import PRODUCT_OF, REPEATS, rule_of
from course.graph.writing import formulas_of, with_a_named_result
from course.numbers import number

JACOBIAN = 4096  # entries of the largest matrix of derivatives that is built
ROUNDING = 2**12  # units in the last place that sums in another order may differ by


@dataclass(frozen=True, eq=False)
class Edge:
    """
    What flows back from an operation to one operand.

    upstream: like the result. local: the derivatives, (entries of the result, entries of the operand), or None where that
    are too many. diagonal: where the operation works entry by entry, the derivative of each, like the result; `local` is
    then None. unreduced: what each use of a broadcast operand sends back, None where nothing was broadcast; axes: those of
    `unreduced` that are summed. contribution: like the operand.
    """

    call: Call
    slot: int
    tensor: str
    upstream: torch.Tensor
    contribution: torch.Tensor
    local: torch.Tensor | None = None
    diagonal: torch.Tensor | None = None
    unreduced: torch.Tensor | None = None
    axes: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.call.id}.{self.slot}"


@dataclass(frozen=True, eq=False)
class Replay:
    """The backward pass of a recording: its edges in the order in which gradients flow, and the gradient of each tensor."""

    edges: tuple[Edge, ...] = ()
    grads: Mapping[str, torch.Tensor] = field(default_factory=dict)


Stretched = tuple[torch.Tensor | None, torch.Tensor | None, tuple[int, ...]]  # diagonal, unreduced, axes
Vjp = Callable[[torch.Tensor, Sequence[torch.Tensor], torch.Tensor], Sequence[torch.Tensor | None]]


def vjp(out: torch.Tensor, leaves: Sequence[torch.Tensor], upstream: torch.Tensor) -> Sequence[torch.Tensor | None]:
    """What *upstream* at *out* sends back to each of the *leaves*: autograd's own arithmetic."""
    return torch.autograd.grad(weighted(out, upstream), leaves, retain_graph=True, allow_unused=True)


def replay(recording: Recording, vjp: Vjp = vjp) -> Replay:
    """
    The backward pass of *recording*, checked against autograd's gradients.

    vjp: how a gradient goes back through one operation; another one is given by the tests that break it.
    Raises: Refusal, naming the operation. What a learner's own Function raises passes through.
    """
    finite_forward(recording)
    outs = {call.id: again(recording, call) for call in recording.calls}
    if recording.seed is None:
        return Replay()
    grads: dict[str, torch.Tensor] = {recording.target: recording.seed}
    last: dict[str, Call] = {}
    edges: list[Edge] = []
    for call in reversed(recording.calls):
        upstream = grads.get(call.result)
        if upstream is None:
            continue
        found = edges_of(recording, call, outs[call.id], upstream, vjp)
        check_ways(recording, call, found)
        for edge in found:
            check_edge(recording, edge)
            edges.append(edge)
            before = grads.get(edge.tensor)
            grads[edge.tensor] = edge.contribution if before is None else before + edge.contribution
            last[edge.tensor] = call
    check_sums(recording, grads, edges, last)
    return Replay(tuple(edges), grads)


# -- one operation ----------------------------------------------------------------------------------------------------------


def again(recording: Recording, call: Call) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The operation run on copies of its operands: (result, operands), differentiable where autograd differentiated."""
    result = recording.values[call.result]
    with torch.set_grad_enabled(result.needs_grad):
        leaves = [leaf(recording.values[id], result.needs_grad) for id in call.operands]
        out = call.run(leaves)
    if not close(out.detach().cpu(), result.value):
        raise Refusal(refusal.NOT_AGAIN, call.id, operation=named(call))
    return out, leaves


def leaf(value: Value, grad: bool) -> torch.Tensor:
    return value.value.clone().requires_grad_(grad and value.needs_grad)


def edges_of(
    recording: Recording, call: Call, ran: tuple[torch.Tensor, list[torch.Tensor]], upstream: torch.Tensor, vjp: Vjp
) -> list[Edge]:
    """An edge for every operand that gets a gradient, in the order of the operands."""
    out, leaves = ran
    slots = [slot for slot, one in enumerate(leaves) if one.requires_grad]
    if not slots or not out.requires_grad:
        return []
    inputs = [leaves[slot] for slot in slots]
    contributions = differentiate(call, vjp, out, inputs, upstream)
    kept = [(slot, inputs[i], grad) for i, slot in enumerate(slots) if (grad := contributions[i]) is not None]
    if not kept:
        return []
    stretched = stretched_edges(recording, call, out, [slot for slot, _, _ in kept], upstream, vjp)
    locals_ = jacobians(call, vjp, out, [one for _, one, _ in kept]) if not entrywise(call) else [None] * len(kept)
    return [
        Edge(
            call,
            slot,
            call.operands[slot],
            upstream,
            grad.detach(),
            local,
            *stretched.get(slot, (None, None, ())),
        )
        for (slot, _, grad), local in zip(kept, locals_, strict=True)
    ]


def differentiate(
    call: Call, vjp: Vjp, out: torch.Tensor, inputs: Sequence[torch.Tensor], upstream: torch.Tensor
) -> Sequence[torch.Tensor | None]:
    try:
        return vjp(out, inputs, upstream)
    except RuntimeError as error:
        if call.own or "derivative for" not in str(error):
            raise
        raise Refusal(refusal.NO_FORMULA, call.id, operation=named(call)) from None


def stretched_edges(
    recording: Recording, call: Call, out: torch.Tensor, slots: Sequence[int], upstream: torch.Tensor, vjp: Vjp
) -> dict[int, Stretched]:
    """By slot: the derivative of each entry, what every use of a broadcast operand sends back, and the axes to sum over."""
    shapes = {slot: stretched(recording, call, slot) for slot in range(len(call.operands))}
    if not entrywise(call) and all(shapes[slot] is None for slot in slots):
        return {}
    operands = [recording.values[id].value for id in call.operands]
    with torch.enable_grad():
        wide = [
            (one if (shape := shapes[slot]) is None else one.expand(shape)).clone().requires_grad_(slot in slots)
            for slot, one in enumerate(operands)
        ]
        whole = call.run(wide)
    if not close(whole.detach(), out.detach()):
        raise Refusal(refusal.NOT_AGAIN, call.id, operation=named(call))
    inputs = [wide[slot] for slot in slots]
    sent = differentiate(call, vjp, whole, inputs, upstream)
    ones = differentiate(call, vjp, whole, inputs, torch.ones_like(whole)) if entrywise(call) else [None] * len(slots)
    found: dict[int, Stretched] = {}
    for slot, grad, one in zip(slots, sent, ones, strict=True):
        diagonal, shape = None if one is None else one.detach(), shapes[slot]
        if shape is None or grad is None:
            found[slot] = (diagonal, None, ())
        else:
            found[slot] = (diagonal, grad.detach(), repeated(operands[slot].shape, shape))
    return found


def entrywise(call: Call) -> bool:
    return rule_of(call.op).entrywise and not call.members and not call.own


def stretched(recording: Recording, call: Call, slot: int) -> tuple[int, ...] | None:
    """The shape to which the forward pass stretched this operand, or None where it used it as it is."""
    mine = recording.values[call.operands[slot]].value.shape
    result = recording.values[call.result].value.shape
    if call.members or call.own:
        return None
    rule = rule_of(call.op)
    if rule.kind == PRODUCT_OF:
        shapes = [recording.values[id].value.shape for id in call.operands]
        if len(shapes) != 2 or min(len(shape) for shape in shapes) < 2:
            return None
        leading = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
        wide = (*leading, *mine[-2:])
    elif rule.entrywise or (call.op in REPEATS and slot == 0):
        wide = tuple(result)
    else:
        return None
    return wide if wide != tuple(mine) else None


def repeated(shape: Sequence[int], wide: Sequence[int]) -> tuple[int, ...]:
    """The axes of *wide* along which a tensor of the given *shape* was repeated."""
    missing = len(wide) - len(shape)
    return (*range(missing), *(missing + axis for axis, size in enumerate(shape) if size == 1 and wide[missing + axis] != 1))


def jacobians(call: Call, vjp: Vjp, out: torch.Tensor, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    """∂ result / ∂ operand for each operand, (entries of the result, entries of the operand), row by row."""
    small = [one.numel() * out.numel() <= JACOBIAN for one in inputs]
    wanted = [one for one, fits in zip(inputs, small, strict=True) if fits]
    if not wanted:
        return [None] * len(inputs)
    rows: list[list[torch.Tensor]] = [[] for _ in wanted]
    for entry in range(out.numel()):
        basis = torch.zeros(out.numel(), dtype=out.dtype)
        basis[entry] = 1
        for row, one, grad in zip(rows, wanted, differentiate(call, vjp, out, wanted, basis.reshape(out.shape)), strict=True):
            row.append(torch.zeros(one.numel(), dtype=one.dtype) if grad is None else grad.detach().reshape(-1).to(one.dtype))
    stacked = iter(rows)
    return [torch.stack(next(stacked)) if fits else None for fits in small]


# -- the invariants ---------------------------------------------------------------------------------------------------------


def finite_forward(recording: Recording) -> None:
    """Raise a Refusal at the first operation that makes NaN or infinity out of ordinary numbers."""
    for id in recording.inputs:
        if (wrong := not_finite(recording.values[id].value)) is not None:
            raise Refusal(refusal.INPUT_NOT_FINITE, name=text_of(recording, id), number=number(wrong[1]), index=wrong[0])
    for step, call in enumerate(recording.calls, 1):
        if (wrong := not_finite(recording.values[call.result].value)) is not None:
            values = {"step": step, "operation": named(call), "number": number(wrong[1]), "index": wrong[0]}
            raise Refusal(refusal.NOT_FINITE, call.id, **values)


def not_finite(tensor: torch.Tensor) -> tuple[str, float] | None:
    """(index, number) of the first entry that is NaN or infinite, or None."""
    if not tensor.is_floating_point() or bool(tensor.isfinite().all()):
        return None
    index = tuple((~tensor.isfinite()).nonzero()[0].tolist())
    return str(list(index)), float(tensor[index])


def check_ways(recording: Recording, call: Call, edges: Sequence[Edge]) -> None:
    """The edges of an operation are autograd's: equal numbers do not tell that one tensor was taken for another."""
    ways = recording.ways.get(call.result, frozenset())
    for edge in edges:
        if not any(edge.tensor in way for way in ways):
            raise Refusal(refusal.NO_SUCH_WAY, call.id, operation=named(call), name=text_of(recording, edge.tensor))
    if any(way.isdisjoint(call.operands) for way in ways):
        raise Refusal(refusal.WAY_MISSING, call.id, operation=named(call))


def check_edge(recording: Recording, edge: Edge) -> None:
    """Shape, finite numbers, upstream · Jacobian, and the sum over repeated entries."""
    call, name = edge.call, partial(text_of, recording, edge.tensor)
    shape = tuple(recording.values[edge.tensor].value.shape)
    if tuple(edge.contribution.shape) != shape:
        got = str(tuple(edge.contribution.shape))
        raise Refusal(refusal.WRONG_SHAPE, call.id, operation=named(call), name=name(), got=got, shape=str(shape))
    if (wrong := not_finite(edge.contribution)) is not None:
        values = {"operation": named(call), "name": name(), "number": number(wrong[1]), "index": wrong[0]}
        raise Refusal(refusal.GRADIENT_NOT_FINITE, call.id, **values)
    sent = edge.contribution if edge.unreduced is None else edge.unreduced
    if edge.local is not None:
        g = edge.upstream.reshape(-1).to(edge.local.dtype)
        agree(g @ edge.local, edge.contribution.reshape(-1), g.abs() @ edge.local.abs(), refusal.NOT_LINEAR, call, name, shape)
    if edge.diagonal is not None:
        entries = edge.upstream.to(edge.diagonal.dtype) * edge.diagonal
        agree(entries, sent, entries.abs(), refusal.NOT_LINEAR, call, name, tuple(sent.shape))
    if edge.unreduced is not None:
        total, size = (edge.unreduced.sum(edge.axes).reshape(shape), edge.unreduced.abs().sum(edge.axes).reshape(shape))
        agree(total, edge.contribution, size, refusal.NOT_THE_SUM, call, name, shape)


def check_sums(recording: Recording, grads: Mapping[str, torch.Tensor], edges: Sequence[Edge], last: Mapping[str, Call]) -> None:
    """Σ contributions = autograd's gradient, for each tensor that needs one; backwards, so that the first wrong one is named."""
    size = {recording.target: grads[recording.target].abs().amax()}
    for edge in edges:
        through = edge.upstream.abs().amax() if edge.local is None else size_of(edge)
        size[edge.tensor] = size.get(edge.tensor, through * 0) + torch.maximum(through, edge.contribution.abs().amax())
    for id in (*(call.result for call in reversed(recording.calls)), *recording.inputs):
        ours, theirs, name = grads.get(id), recording.grads.get(id), partial(text_of, recording, id)
        call = last.get(id, recording.calls[-1])
        if ours is None and theirs is None:
            continue
        shape = tuple(recording.values[id].value.shape)
        nothing = torch.zeros(shape, dtype=recording.values[id].value.dtype)
        ours, theirs = (nothing if ours is None else ours), (nothing if theirs is None else theirs)
        agree(ours, theirs, torch.full(shape, float(size.get(id, 0.0))), refusal.NOT_AUTOGRADS, call, name, shape)


def size_of(edge: Edge) -> torch.Tensor:
    """How large the summands of a contribution are: what its rounding error is measured by."""
    assert edge.local is not None
    return (edge.upstream.abs().reshape(-1).to(edge.local.dtype) @ edge.local.abs()).amax()


def agree(
    ours: torch.Tensor,
    theirs: torch.Tensor,
    size: torch.Tensor,
    text: str,
    call: Call,
    name: Callable[[], str],
    shape: Sequence[int],
) -> None:
    """Raise the refusal *text* where the two differ by more than sums of terms of that *size* can by rounding."""
    precise = min((ours, theirs), key=lambda one: -torch.finfo(one.dtype).eps)
    allowed = ROUNDING * torch.finfo(precise.dtype).eps * size.double() + torch.finfo(precise.dtype).tiny
    difference = (ours.double() - theirs.double()).abs()
    if bool((difference <= allowed).all()):
        return
    worst = int((difference - allowed).nan_to_num(nan=torch.inf).argmax())
    index = [int(i) for i in torch.unravel_index(torch.tensor(worst), tuple(shape))]
    raise Refusal(
        text, call.id, operation=named(call), name=name(), index=str(index), difference=number(float(difference.flatten()[worst]))
    )


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """The same value, but for the last digits: a product may be summed in another order."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if same_numbers(one, other):
        return True
    if not one.is_floating_point():
        return False
    size = max(float(one.abs().amax()), float(other.abs().amax()))
    return bool(((one - other).abs() <= ROUNDING * torch.finfo(one.dtype).eps * size).all())


def named(call: Call) -> str:
    """An operation as the learner wrote it: linear's steps by their own names, a Function by its class."""
    return call.label or call.called


def text_of(recording: Recording, id: str) -> str:
    """What a tensor is called in a sentence: its name, or else the expression that computes it."""
    return formulas_of(with_a_named_result(recording))[id].text
