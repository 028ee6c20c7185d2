"""The replay is autograd's: over drawn shapes, broadcasting, fan-out and every operation. A broken one is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.graph import Refusal, graph, record
from course.graph.record import Recording
from course.graph.refusal import TOO_MANY
from course.graph.replay import Replay, replay, vjp

F = torch.nn.functional
EXACT = 1e-12
Tensors = list[torch.Tensor]
drawn = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def tensor(*shape: int, seed: int, positive: bool = False) -> torch.Tensor:
    values = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return ((values.abs() + 0.5) if positive else values).requires_grad_()


def recorded(compute: Callable[[], torch.Tensor]) -> Recording:
    with record() as r:
        r.of = compute()
    return r.recording


def assert_autograds(compute: Callable[..., torch.Tensor], tensors: Sequence[torch.Tensor]) -> Replay:
    """The replay gives what autograd gives on the same numbers, without us in between."""
    fresh = [one.detach().clone().requires_grad_(one.requires_grad) for one in tensors]
    wanted = [one for one in fresh if one.requires_grad]
    theirs = torch.autograd.grad(compute(*fresh), wanted, allow_unused=True)
    recording = recorded(lambda: compute(*tensors))
    played = replay(recording)
    known = {id: value.value for id, value in recording.values.items()}
    for one, grad in zip([one for one in tensors if one.requires_grad], theirs, strict=True):
        id = next((id for id in recording.inputs if known[id].shape == one.shape and torch.equal(known[id], one)), None)
        ours = None if id is None else played.grads.get(id)
        if grad is None or id is None:
            assert ours is None
            assert grad is None or not grad.any()
            continue
        assert ours is not None
        assert ours.shape == one.shape
        assert float((ours - grad).abs().max()) <= EXACT * max(1.0, float(grad.abs().max()))
    return played


# -- every operation --------------------------------------------------------------------------------------------------------


OPERATIONS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "linear": (F.linear, ((5, 4), (3, 4), (3,))),
    "linear 1-D": (F.linear, ((4,), (3, 4), (3,))),
    "linear 3-D": (F.linear, ((2, 5, 4), (3, 4), (3,))),
    "linear 4-D": (F.linear, ((2, 3, 2, 4), (3, 4), (3,))),
    "linear without bias": (F.linear, ((5, 4), (3, 4))),
    "x @ W.T + b": (lambda x, W, b: x @ W.T + b, ((5, 4), (3, 4), (3,))),
    "W @ X + B": (lambda W, X, B: W @ X + B, ((3, 4), (4, 1), (3, 1))),
    "W @ X + B, columns": (lambda W, X, B: W @ X + B, ((3, 4), (4, 5), (3, 1))),
    "addmm": (torch.addmm, ((3,), (5, 4), (4, 3))),
    "dot": (torch.dot, ((4,), (4,))),
    "matrix times vector": (torch.matmul, ((3, 4), (4,))),
    "vector times matrix": (torch.matmul, ((4,), (4, 3))),
    "vector times stack": (torch.matmul, ((4,), (2, 4, 3))),
    "stack times vector": (torch.matmul, ((2, 3, 4), (4,))),
    "stacks": (torch.matmul, ((2, 3, 4), (2, 4, 2))),
    "stack times matrix": (torch.matmul, ((2, 3, 4), (4, 2))),
    "matrix times stack": (torch.matmul, ((3, 4), (2, 4, 1))),
    "broadcast stacks": (torch.matmul, ((1, 2, 3, 4), (3, 1, 4, 2))),
    "bmm": (torch.bmm, ((2, 3, 4), (2, 4, 2))),
    "einsum": (lambda x, W: torch.einsum("ni,oi->no", x, W), ((5, 4), (3, 4))),
    "einsum of three": (lambda a, b, c: torch.einsum("i,ij,j->", a, b, c), ((3,), (3, 4), (4,))),
    "add": (torch.add, ((5, 3), (3,))),
    "subtract": (lambda a, b: a - b, ((3,), (5, 3))),
    "subtract from a number": (lambda a: 1 - a, ((5, 3),)),
    "multiply": (lambda a, b: a * b, ((2, 1, 3), (4, 1))),
    "multiply by a number": (lambda a: 0.5 * a * 3, ((5, 3),)),
    "divide": (lambda a, b: a / (b * b + 1), ((5, 3), (5, 1))),
    "divide a number": (lambda a: 2 / (a * a + 1), ((5, 3),)),
    "negative": (lambda a: -a, ((3,),)),
    "square": (lambda a: a**2, ((5, 3),)),
    "cube": (lambda a: a**3, ((5, 3),)),
    "square()": (torch.square, ((5, 3),)),
    "power of a number": (lambda a: 2**a, ((3,),)),
    "power of a tensor": (lambda a, b: (a * a + 1) ** b, ((3,), (2, 3))),
    "exp": (torch.exp, ((2, 3),)),
    "log": (lambda a: (a * a + 1).log(), ((2, 3),)),
    "sqrt": (lambda a: (a * a + 1).sqrt(), ((2, 3),)),
    "abs": (torch.abs, ((2, 3),)),
    "tanh": (torch.tanh, ((2, 3),)),
    "sigmoid": (torch.sigmoid, ((2, 3),)),
    "relu": (F.relu, ((5, 3),)),
    "leaky_relu": (F.leaky_relu, ((5, 3),)),
    "gelu": (F.gelu, ((5, 3),)),
    "softplus": (F.softplus, ((5, 3),)),
    "softmax": (lambda z: F.softmax(z, -1), ((5, 3),)),
    "softmax of the first axis": (lambda z: z.softmax(0), ((5, 3),)),
    "log_softmax": (lambda z: F.log_softmax(z, -1), ((5, 3),)),
    "logsumexp": (lambda z: z.logsumexp(-1), ((5, 3),)),
    "cross-entropy": (lambda z: F.cross_entropy(z, torch.tensor([0, 2, 1, 1, 0])), ((5, 3),)),
    "cross-entropy of probabilities": (lambda z, t: F.cross_entropy(z, t.softmax(-1)), ((5, 3), (5, 3))),
    "mse_loss": (F.mse_loss, ((5, 3), (5, 3))),
    "squared loss": (lambda y, t: 0.5 * ((y - t) ** 2).sum(), ((5, 3), (5, 3))),
    "sum": (torch.sum, ((5, 3),)),
    "sum over an axis": (lambda a: a.sum(0), ((5, 3),)),
    "sum over axes, kept": (lambda a: a.sum((0, 2), keepdim=True), ((2, 3, 2),)),
    "mean": (torch.mean, ((5, 3),)),
    "mean over an axis": (lambda a: a.mean(dim=1), ((5, 3),)),
    "max": (torch.max, ((5, 3),)),
    "max over an axis": (lambda a: a.max(0).values, ((5, 3),)),
    "maximum": (torch.maximum, ((5, 3), (3,))),
    "where": (lambda a, b: torch.where(a > 0, a, b), ((5, 3), (3,))),
    "mask": (lambda a: a * (a > 0), ((5, 3),)),
    "clamp": (lambda a: a.clamp(-0.5, 0.5), ((5, 3),)),
    "prod": (torch.prod, ((4,),)),
    "std": (torch.std, ((4,),)),
    "norm": (lambda a: a.norm(), ((4,),)),
    "cumsum": (lambda a: a.cumsum(0), ((4, 2),)),
    "reshape": (lambda a: a.reshape(3, -1), ((2, 6),)),
    "view": (lambda a: a.view(-1), ((2, 6),)),
    "flatten": (lambda a: a.flatten(1), ((2, 3, 2),)),
    "transpose": (lambda a: a.transpose(0, 2), ((2, 3, 4),)),
    "mT": (lambda a: a.mT, ((2, 3, 4),)),
    "permute": (lambda a: a.permute(2, 0, 1), ((2, 3, 4),)),
    "movedim": (lambda a: a.movedim(0, -1), ((2, 3, 4),)),
    "squeeze": (lambda a: a.squeeze(1), ((2, 1, 3),)),
    "unsqueeze": (lambda a: a.unsqueeze(-1), ((2, 3),)),
    "expand": (lambda a: a.expand(5, 3), ((3,),)),
    "expand_as": (lambda a, b: a.expand_as(b) * b, ((1, 3), (5, 3))),
    "repeat": (lambda a: a.repeat(2, 1), ((2, 3),)),
    "cat": (lambda a, b: torch.cat([a, b, a], 0), ((2, 3), (1, 3))),
    "stack": (lambda a, b: torch.stack([a, b]), ((2, 3), (2, 3))),
    "index": (lambda a: a[1], ((5, 3),)),
    "slice": (lambda a: a[1:4, None, ::2], ((5, 3),)),
    "index by a tensor": (lambda a: a[torch.tensor([0, 2, 2])], ((5, 3),)),
    "unbind": (lambda a: a.unbind(0)[1] * a.unbind(0)[0], ((3, 2),)),
    "rows in a loop": (lambda a: sum(row.sum() for row in a), ((3, 2),)),
    "chunk": (lambda a: a.chunk(2)[0] * 2, ((4, 2),)),
    "split": (lambda a: a.split([1, 3])[1], ((4, 2),)),
    "flip": (lambda a: a.flip(0), ((4, 2),)),
    "diagonal": (torch.diagonal, ((3, 3),)),
    "outer": (torch.outer, ((3,), (4,))),
    "clone": (torch.clone, ((3,),)),
    "residual connection": (lambda x, W: x + F.relu(x @ W), ((5, 3), (3, 3))),
    "shared weights": (lambda x, W: torch.tanh(torch.tanh(x @ W) @ W), ((5, 3), (3, 3))),
    "the same operand twice": (lambda a: a * a, ((5, 3),)),
    "a matrix with itself": (lambda a: a @ a, ((3, 3),)),
    "a diamond": (lambda a: (a.exp() + a.sin()) * a.exp(), ((3,),)),
    "a detached branch": (lambda a: a * a.detach(), ((3,),)),
    "layer norm": (lambda x, g, b: F.layer_norm(x, (3,), g, b), ((5, 3), (3,), (3,))),
    "attention": (lambda q, k, v: F.softmax(q @ k.mT / 2, -1) @ v, ((2, 3, 4), (2, 3, 4), (2, 3, 4))),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_replays_as_autograd_does(name):
    function, shapes = OPERATIONS[name]
    tensors = [tensor(*shape, seed=seed) for seed, shape in enumerate(shapes)]

    def compute(*given: torch.Tensor) -> torch.Tensor:
        out = function(*given)
        weights = torch.randn(out.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(99))
        return (out * weights).sum()  # another upstream gradient for each entry

    assert_autograds(compute, tensors)


@drawn
@given(st.data())
def test_a_layer_of_any_number_of_axes_replays_as_autograd_does(data):
    leading = data.draw(st.lists(st.integers(1, 3), max_size=3), label="leading axes")
    n_in, out = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    x, W, b = tensor(*leading, n_in, seed=1), tensor(out, n_in, seed=2), tensor(out, seed=3)
    spelling = data.draw(st.sampled_from(["nn", "T", "einsum", "mT"]))
    ways = {
        "nn": lambda x, W, b: F.linear(x, W, b),
        "T": lambda x, W, b: x @ W.T + b,
        "einsum": lambda x, W, b: torch.einsum("...i,oi->...o", x, W) + b,
        "mT": lambda x, W, b: torch.matmul(x, W.mT).add(b),
    }
    assert_autograds(lambda *given: (ways[spelling](*given) ** 2).sum(), [x, W, b])


# A random computation: every step takes earlier results, so tensors are used again and again, and shapes are broadcast.
ONE: list[Callable[[torch.Tensor], torch.Tensor]] = [
    lambda a: -a,
    lambda a: a.tanh(),
    lambda a: torch.sigmoid(a),
    lambda a: F.relu(a),
    lambda a: a.sin() * 2,
    lambda a: a.sum(0, keepdim=True) / 3,
    lambda a: a.mean(-1, keepdim=True),
    lambda a: a.flip(0),
    lambda a: a.transpose(0, -1),
    lambda a: a.reshape(-1),
    lambda a: a[:1],
    lambda a: F.softmax(a, -1),
    lambda a: a.unsqueeze(0) if a.ndim < 4 else a,
]
TWO: list[Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1 + b * b),
    lambda a, b: torch.maximum(a, b),
    lambda a, b: a @ b,
    lambda a, b: torch.stack([a, b]) if a.ndim < 4 else a + b,
]


@settings(parent=drawn, max_examples=60)
@given(st.data())
def test_any_computation_replays_as_autograd_does(data):
    size = st.integers(1, 3)
    shapes = [data.draw(st.lists(size, min_size=1, max_size=4), label="shape") for _ in range(data.draw(st.integers(1, 3)))]
    tensors = [tensor(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    plan = data.draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=6))

    def compute(*given: torch.Tensor) -> torch.Tensor:
        known = list(given)
        for kind, first, second in plan:
            a, b = known[first % len(known)], known[second % len(known)]
            operations: list[Callable[[], torch.Tensor]] = [lambda f=f, a=a: f(a) for f in ONE]  # type: ignore[misc]
            operations += [lambda f=f, a=a, b=b: f(a, b) for f in TWO]  # type: ignore[misc]
            try:
                known.append(operations[kind % len(operations)]())
            except (RuntimeError, IndexError):  # shapes that do not go together: another step is taken
                continue
        return sum((one.sum() * (index + 1) for index, one in enumerate(known[-3:])), torch.zeros((), dtype=torch.float64))

    try:
        assert_autograds(compute, tensors)
    except Refusal as why:
        if why.say.text != TOO_MANY:
            raise


@drawn
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.data())
def test_a_broadcast_operand_gets_the_sum_of_what_each_place_sends(shape, data):
    small = [1 if data.draw(st.booleans()) else size for size in shape][data.draw(st.integers(0, len(shape) - 1)) :]
    a, b = tensor(*shape, seed=1), tensor(*small, seed=2)
    played = assert_autograds(lambda a, b: ((a * b) ** 2).sum(), [a, b])
    edge = next(edge for edge in played.edges if edge.call.op == "mul" and edge.slot == 1)
    if tuple(small) == tuple(shape):
        assert edge.unreduced is None
    else:
        assert edge.unreduced is not None
        assert tuple(edge.unreduced.shape) == tuple(shape)
        assert torch.allclose(edge.unreduced.sum(edge.axes).reshape(small), edge.contribution, rtol=1e-13)


def test_upstream_times_the_jacobian_is_the_contribution():
    x, W = tensor(5, 4, seed=1), tensor(3, 4, seed=2)
    played = replay(recorded(lambda: (F.softmax(x @ W.T, -1) ** 2).sum()))
    locals_ = [edge for edge in played.edges if edge.local is not None]
    assert {edge.call.op for edge in locals_} == {"softmax", "matmul", "t", "sum"}
    for edge in locals_:
        assert torch.allclose(edge.upstream.reshape(-1) @ edge.local, edge.contribution.reshape(-1), rtol=1e-12)


def test_the_jacobian_of_a_product_is_the_kronecker_product():
    W, X = tensor(3, 4, seed=1), tensor(4, 2, seed=2)
    played = replay(recorded(lambda: (W @ X).sum()))
    local = next(edge.local for edge in played.edges if edge.tensor == "t0" and edge.call.op == "matmul")
    assert torch.allclose(local, torch.kron(torch.eye(3, dtype=torch.float64), X.detach().T.contiguous()))


def test_single_precision_replays_within_its_own_rounding():
    layer = torch.nn.Linear(4, 3)
    x = torch.randn(5, 4)
    played = replay(recorded(lambda: layer(x).relu().square().mean()))
    assert len(played.edges) == 7  # mean, square, relu, two of +, Wᵀ of @ and ᵀ; x needs none


def test_a_gradient_through_a_large_tensor_has_no_jacobian_but_the_right_numbers():
    x, W = tensor(40, 30, seed=1), tensor(20, 30, seed=2)
    played = assert_autograds(lambda x, W: (x @ W.T).tanh().sum(), [x, W])
    assert all(edge.local is None for edge in played.edges if edge.call.op == "matmul")


def test_dropout_falls_as_it_fell():
    x = tensor(5, 4, seed=1)
    recording = recorded(lambda: F.dropout(x, 0.5).sum())
    played = replay(recording)
    assert torch.equal(played.grads["t0"], recording.grads["t0"])


# -- a broken replay is refused -----------------------------------------------------------------------------------------------


def broken(spoil: Callable[[torch.Tensor], torch.Tensor], when: Callable[[torch.Tensor], bool]) -> Any:
    def spoiled(out: torch.Tensor, leaves: Tensors, upstream: torch.Tensor) -> list[torch.Tensor | None]:
        return [spoil(grad) if grad is not None and when(grad) else grad for grad in vjp(out, leaves, upstream)]

    return spoiled


def layer_recording() -> Recording:
    x, W, b = tensor(5, 4, seed=1), tensor(3, 4, seed=2), tensor(3, seed=3)
    return recorded(lambda: ((x @ W.T + b) ** 2).sum())


@pytest.mark.parametrize(
    ("spoil", "shape", "operation"),
    [
        (lambda grad: grad * (1 + 1e-6), (5, 4), "matmul"),
        (lambda grad: grad.flip(0), (4, 3), "matmul"),
        (lambda grad: grad / 5, (3,), "add"),
        (lambda grad: -grad, (3,), "add"),
        (lambda grad: grad[:2], (3,), "add"),
        (lambda grad: grad + 1e-9, (3, 4), "T"),
        (torch.zeros_like, (5, 3), "sum"),
    ],
    ids=["slightly scaled", "rows reversed", "averaged", "sign", "shape", "shifted", "lost"],
)
def test_a_broken_replay_is_refused_with_its_operation(spoil, shape, operation):
    with pytest.raises(Refusal) as refused:
        replay(layer_recording(), broken(spoil, lambda grad: tuple(grad.shape) == shape))
    assert operation in str(refused.value)
    assert refused.value.at


def test_a_consistent_lie_is_refused_because_autograd_disagrees():
    """Twice everything is linear, has the right shapes and the right sums: only autograd's own gradient tells."""
    with pytest.raises(Refusal, match="another gradient than autograd's"):
        replay(
            layer_recording(), lambda out, leaves, upstream: [None if g is None else 2 * g for g in vjp(out, leaves, upstream)]
        )


def test_a_lost_contribution_is_refused():
    x = tensor(3, seed=1)
    recording = recorded(lambda: (x * x + x.exp()).sum())

    def lossy(out: torch.Tensor, leaves: Tensors, upstream: torch.Tensor) -> list[torch.Tensor | None]:
        return [None if out.grad_fn is not None and "Exp" in out.grad_fn.name() else grad for grad in vjp(out, leaves, upstream)]

    with pytest.raises(Refusal, match=r"For x the contributions add up"):
        replay(recording, lossy)


# -- a broken recording is refused: autograd's own graph tells --------------------------------------------------------------


def with_operands(recording: Recording, changes: dict[str, tuple[str, ...]]) -> Recording:
    return replace(recording, calls=tuple(replace(one, operands=changes.get(one.id, one.operands)) for one in recording.calls))


def test_two_tensors_of_the_same_numbers_taken_for_each_other_are_refused():
    """Every number stays right: a and c are equal, and so are their gradients. Only autograd's graph tells them apart."""
    a, c = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    recording = recorded(lambda: (a * 2).sum() + (c * 2).sum())
    first, second = [call for call in recording.calls if call.op == "mul"]
    crossed = with_operands(recording, {first.id: second.operands, second.id: first.operands})
    assert replay(recording).edges
    assert replay(replace(crossed, ways=with_any_way(crossed))).edges, "no other invariant sees it"
    with pytest.raises(Refusal, match=r"from mul back to a|from mul back to c"):
        replay(crossed)


def with_any_way(recording: Recording) -> dict[str, frozenset[frozenset[str]]]:
    return {call.result: frozenset(frozenset([id]) for id in call.operands) for call in recording.calls}


def test_an_operand_that_was_not_recorded_is_refused():
    """The product is recorded as if its second factor were a number."""
    x, s = tensor(3, seed=1), torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    recording = recorded(lambda: (x * s).sum())
    product = recording.calls[0]
    assert product.op == "mul"
    alone = replace(product, args=(product.args[0], 2.0), operands=product.operands[:1])
    with pytest.raises(Refusal, match="from mul back to a tensor that the recording does not hold") as refused:
        replay(replace(recording, calls=(alone, *recording.calls[1:])))
    assert refused.value.at == product.id


def test_views_and_the_inside_of_folded_and_fused_operations_are_passed_through():
    x, W, t = tensor(5, 4, seed=1), tensor(3, 4, seed=2), torch.tensor([0, 1, 2, 0, 1])
    recording = recorded(lambda: F.cross_entropy(F.linear(x, W), t))
    ways = {call.op: recording.ways[call.result] for call in recording.calls}
    assert ways["cross_entropy"] == {frozenset([recording.calls[-2].result])}

    def loss(x, W):
        y = x @ W.T
        L = (y**2).mean()
        return L

    trace = graph(loss, {"x": x, "W": W}, fold={"L": "mean square"})
    assert [one.sign for one in trace.operations] == ["ᵀ", "@", "mean square"]


def test_tensors_made_before_the_recording_end_autograds_ways():
    w = tensor(3, seed=1)
    h = w.exp()
    recording = recorded(lambda: (h * w).sum())
    known = {name: id for id, name in recording.names.items()}
    assert recording.ways[recording.calls[0].result] == {frozenset([known["h"]]), frozenset([known["w"]])}
