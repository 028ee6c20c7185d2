"""Recording a learner's own code: the taught graph, the learner's names, and a sentence for what cannot be drawn."""

from __future__ import annotations

import cProfile
import re
import sys
import traceback

import numpy as np
import pytest
import torch

from course.graph import Refusal, graph, record, trace_of
from course.graph import refusal as sentences
from course.graph.record import Recording
from course.graph.replay import replay

F = torch.nn.functional


def tensors(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_(name != "t")
        for name, shape in shapes.items()
    }


def layer() -> dict[str, torch.Tensor]:
    return tensors(x=(5, 4), W=(3, 4), b=(3,), t=(5, 3))


def operations(recording: Recording) -> list[str]:
    return [call.op for call in recording.calls]


def names(recording: Recording) -> set[str]:
    return set(recording.names.values())


def learner(source: str, **given: object) -> Recording:
    """What a learner's cell records: its code stands inside of `with record() as r`."""
    lines = "\n".join("    " + line for line in source.strip("\n").splitlines())
    return cell_of(f"with record() as r:\n{lines}\n", **given)["r"].recording


def cell_of(source: str, **given: object) -> dict:
    import linecache

    name = f"<graph cell {len(linecache.cache)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"torch": torch, "F": F, "np": np, "record": record, "graph": graph, **given}
    exec(compile(source, name, "exec"), space)
    return space


def refused(source: str, **given: object) -> Refusal:
    with pytest.raises(Refusal) as why:
        replay(learner(source, **given))
    assert not re.search(r"\{\w+\}", str(why.value))
    return why.value


# -- the taught graph -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    ["F.linear(x, W, b)", "x @ W.T + b", "x @ W.t() + b", "torch.matmul(x, W.mT).add(b)", "torch.addmm(b, x, W.t())"],
)
def test_every_spelling_of_the_layer_is_the_same_three_steps(spelling):
    recording = learner(f"y = {spelling}\nL = y.sum()", **layer())
    assert operations(recording) == ["t", "matmul", "add", "sum"]
    assert names(recording) == {"x", "W", "b", "y", "L"}


def test_a_module_is_recorded_with_the_names_of_its_parameters():
    recording = learner(
        "L = net(x).square().mean()", net=torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()), x=torch.ones(5, 4)
    )
    assert operations(recording) == ["t", "matmul", "add", "relu", "square", "mean"]
    assert names(recording) == {"x", "net.0.weight", "net.0.bias", "L"}


def test_a_module_without_a_name_has_its_parameters_own_names():
    trace = graph(torch.nn.Linear(4, 3), {"x": torch.ones(5, 4)}, seed=torch.ones(5, 3))
    assert [one.text for one in trace.definitions] == ["y = x weightᵀ + bias"]
    assert trace.tensor("bias").gradient.text == "db"


@pytest.mark.parametrize(
    ("fn", "names"), [(torch.nn.Linear(4, 3), "x"), (torch.nn.Sequential(torch.nn.Linear(4, 3)), "x"), (torch.nn.ReLU(), "z")]
)
def test_a_module_whose_forward_calls_its_input_otherwise_takes_it(fn, names):
    trace = graph(fn, {names: torch.ones(5, 4, requires_grad=True)}, seed=torch.ones(5, 4 if names == "z" else 3))
    assert trace.tensor(names).value.shape == (5, 4)


def test_what_has_a_parameters_name_goes_there_and_the_others_in_order():
    trace = graph(lambda a, b, c: (a - b) * c, {"b": 2.0, "x": 5.0, "c": 10.0})
    assert trace.steps[-1].text("en")
    assert [one.text for one in trace.definitions] == ["L = (x − b) c"]
    assert trace.tensor("L").value.entries == (30,)


@pytest.mark.parametrize("inputs", [{"x": 1.0, "t": 2.0}, {}])
def test_inputs_that_do_not_go_with_the_parameters_are_told_with_their_names(inputs):
    with pytest.raises(Refusal) as why:
        graph(torch.nn.Linear(1, 1), inputs)
    assert "Linear takes these parameters: input" in str(why.value)


def test_of_two_names_in_a_notebook_the_one_that_the_cell_uses_is_taken():
    space = {"other": None, **layer()}
    space["other"] = space["W"]
    recording = cell_of("with record() as r:\n    L = (x @ W.T).sum()\n", **{"other": space["W"], **space})["r"].recording
    assert "W" in names(recording)


def test_inside_of_a_class_the_names_are_those_of_its_attributes():
    source = """
class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        z = x @ self.W.T + self.b
        return z.relu()

layer = Layer(W, b)
with record() as r:
    L = layer.forward(x).sum()
"""
    recording = cell_of(source, **layer())["r"].recording
    assert names(recording) == {"x", "W", "b", "z", "L"}


def test_parameters_in_a_dict_have_their_keys_for_names():
    p = tensors(W1=(4, 3), b1=(3,))
    recording = learner("h = torch.tanh(x @ p['W1'] + p['b1'])\nL = h.sum()", p=p, x=torch.ones(5, 4, dtype=torch.float64))
    assert names(recording) == {"x", "W1", "b1", "h", "L"}


def test_a_name_given_again_gets_a_prime():
    recording = learner("h = x.tanh()\nh = h.sin()\nh = h.exp()\nL = h.sum()", **tensors(x=(3,)))
    assert [recording.names[call.result] for call in recording.calls] == ["h", "h′", "h″".replace("″", "′′"), "L"]


def test_the_names_of_a_function_are_its_own_variables():
    def loss(x, W, t):
        y = x @ W.T
        error = y - t
        return (error**2).sum()

    trace = graph(loss, {**tensors(x=(5, 4), W=(3, 4)), "t": np.zeros((5, 3))})
    assert [one.name for one in trace.tensors if one.name] == ["x", "W", "t", "y", "error", "L"]
    assert [one.text for one in trace.definitions] == ["y = x Wᵀ", "error = y − t", "L = Σ error²"]


def test_the_learners_line_is_kept():
    recording = learner("y = x @ W.T\nL = y.sum()", **tensors(x=(5, 4), W=(3, 4)))
    assert [(call.line.number, call.line.text) for call in recording.calls][-1] == (3, "L = y.sum()")


def test_what_does_not_lead_to_the_result_is_left_out():
    recording = learner("shape = W.T.shape\nunused = x.exp()\nL = (x @ W.T).sum()\naccuracy = (x > 0).double().mean()", **layer())
    assert operations(recording) == ["t", "matmul", "sum"]


def test_the_loss_that_backward_was_called_on_is_the_result():
    space = cell_of("with record() as r:\n    L = (x * x).sum()\n    L.backward()\n    late = (x + 1).sum()\n", **tensors(x=(3,)))
    recording = space["r"].recording
    assert recording.names[recording.target] == "L"
    assert torch.equal(space["x"].grad, 2 * space["x"].detach())  # the learner's own backward pass did its work
    assert torch.equal(replay(recording).grads[recording.inputs[0]], space["x"].grad)


def test_a_backward_with_an_upstream_gradient_is_replayed_from_it():
    v = torch.tensor([1.0, 0.0, -2.0], dtype=torch.float64)
    recording = learner("y = x ** 2\ny.backward(v)", v=v, **tensors(x=(3,)))
    assert torch.equal(replay(recording).grads[recording.inputs[0]], 2 * recording.values[recording.inputs[0]].value * v)


def test_an_optimizers_step_after_the_block_does_not_matter():
    source = "with record() as r:\n    L = (x * W).sum()\nL.backward()\nwith torch.no_grad():\n    W -= W.grad\n"
    recording = cell_of(source, **tensors(x=(3,), W=(3,)))["r"].recording
    assert replay(recording).grads


def test_the_callers_tensors_get_no_gradient_and_stay_as_they_were():
    given = layer()
    before = {name: one.detach().clone() for name, one in given.items()}
    graph(lambda x, W, b, t: ((x @ W.T + b - t) ** 2).sum(), given)
    assert all(one.grad is None and torch.equal(one.detach(), before[name]) for name, one in given.items())


def test_inputs_may_be_lists_numbers_and_arrays():
    trace = graph(lambda a, b, c: (a * b + c).sum(), {"a": [1, 2], "b": 3, "c": np.array([0.5, 0.5])})
    assert trace.tensor("a").value.texts == ("1", "2")
    assert trace.tensor("b").grad.entries == (3.0,)


def test_unnamed_constants_are_written_as_numbers():
    trace = graph(lambda x: (x * torch.tensor(3.0) + 1).sum(), {"x": [1.0, 2.0]})
    assert trace.definitions[-1].text == "L = Σ (3 x + 1)"


def test_fold_draws_unnamed_steps_as_one():
    recording = cell_of(
        'with record(fold={"L": "½ Σ(·)²"}) as r:\n    y = x @ W.T + b\n    L = 0.5 * ((y - t) ** 2).sum()\n', **layer()
    )["r"].recording
    assert operations(recording) == ["t", "matmul", "add", "fold"]
    last = recording.calls[-1]
    assert [recording.names[id] for id in last.operands] == ["y", "t"]
    y, t = (recording.values[id].value for id in last.operands)
    assert torch.allclose(replay(recording).grads[last.operands[0]], y - t)


# -- a Function of the learner's own ------------------------------------------------------------------------------------------

OWN = """
class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.save_for_backward(x, W)
        return x @ W.T + b
    @staticmethod
    def backward(ctx, G):
        x, W = ctx.saved_tensors
        {backward}
linear = Linear.apply
with record() as r:
    y = linear(x, W, b)
    L = (y ** 2).sum()
"""


def own(backward: str) -> Recording:
    return cell_of(OWN.replace("{backward}", backward), **layer())["r"].recording


def test_a_function_of_ones_own_is_one_operation_even_under_another_name():
    recording = own("return G @ W, G.T @ x, G.sum(0)")
    assert next((call.op, call.called) for call in recording.calls) == ("own", "Linear")
    assert operations(recording) == ["own", "pow", "sum"]
    assert {recording.names[edge.tensor] for edge in replay(recording).edges if edge.call.own} == {"x", "W", "b"}


def test_its_own_wrong_gradient_is_shown_as_it_is():
    """The picture shows what autograd has, and autograd has what the learner's backward gave."""
    recording = own("return G @ W, 2 * G.T @ x, G.sum(0)")
    played = replay(recording)
    W = next(id for id, name in recording.names.items() if name == "W")
    assert torch.equal(played.grads[W], recording.grads[W])


def test_a_backward_that_ignores_what_arrives_is_refused_by_its_name():
    with pytest.raises(Refusal, match="backward pass of Linear is not what arrives times the local derivative"):
        replay(own("return torch.ones_like(G) @ W, torch.ones_like(G).T @ x, torch.ones(3, dtype=torch.float64)"))


def test_a_backward_that_changes_what_arrives_does_not_spoil_the_replay():
    recording = own("G *= 1\n        return G @ W, G.T @ x, G.sum(0)")
    assert replay(recording).edges


def test_an_exception_in_its_backward_is_the_learners():
    with pytest.raises(ZeroDivisionError):
        own("return 1 / 0")


def test_a_profiler_of_somebody_else_is_there_again():
    def profiler(frame, event, arg):
        return None

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        with record():
            torch.ones(2) + 1
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
    profile = cProfile.Profile()
    profile.enable()
    own("return G @ W, G.T @ x, G.sum(0)")
    profile.disable()


# -- a learner's exception is the learner's -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["with record() as r:\n    y = x @ W\n", "graph(lambda x, W: x @ W, {'x': x, 'W': W})\n"])
def test_a_learners_exception_reaches_them_as_their_own(how):
    with pytest.raises(RuntimeError, match="cannot be multiplied") as error:
        cell_of(how, **layer())
    frames = [frame.filename for frame in traceback.extract_tb(error.value.__traceback__)]
    assert frames[-1].startswith("<graph cell")  # the last line is theirs, not ours
    assert sum("course/graph" in frame for frame in frames) <= 1


def test_after_an_exception_nothing_goes_on_recording():
    watched = record()
    with pytest.raises(ZeroDivisionError), watched:
        1 / 0  # noqa: B018
    torch.ones(2) + 1
    assert not torch.overrides._get_current_function_mode_stack()
    with pytest.raises(Refusal, match="No operation"):
        trace_of(watched)


# -- refusals -----------------------------------------------------------------------------------------------------------------


def test_more_than_25_operations_are_refused_with_their_number():
    why = refused("h = x\nfor _ in range(30):\n    h = h.tanh()\nL = h.sum()", **tensors(x=(3,)))
    assert (why.say.text, why.say.values["count"]) == (sentences.TOO_MANY, 31)


def test_25_operations_are_drawn():
    recording = learner("h = x\nfor _ in range(24):\n    h = h.tanh()\nL = h.sum()", **tensors(x=(3,)))
    assert len(replay(recording).edges) == 25


@pytest.mark.parametrize(
    ("source", "sentence", "told"),
    [
        ("y = x @ W.T\ny += b\nL = y.sum()", sentences.IN_PLACE, "y"),
        ("y = x @ W.T\ny.mul_(2)\nL = y.sum()", sentences.IN_PLACE, "mul_"),
        ("y = x @ W.T\nz = F.relu(y, inplace=True)\nL = z.sum()", sentences.IN_PLACE, "relu"),
        (
            "y = torch.zeros(5, 3, dtype=torch.float64)\nfor n in range(5):\n    y[n] = W @ x[n] + b\nL = y.sum()",
            sentences.IN_PLACE,
            "y",
        ),
        ("y = x @ W.T\nL = y.exp().sum()\ny.data[0, 0] = 5.0", sentences.IN_PLACE, "tensor y"),
        ("y = x @ W.T\nL = y.sum()\ny.detach().numpy()[0, 0] = 7", sentences.CHANGED, "y"),
        ("y = x @ W.T + b", sentences.NOT_A_NUMBER_TO_START, "(5, 3)"),
        ("y = (x @ W.T).argmax(-1).double()\nL = y.sum()", sentences.NO_DERIVATIVE, "argmax"),
        ("y = (x @ W.T > 0).double()\nL = y.sum()", sentences.NO_DERIVATIVE, "gt"),
        ("y = (x @ W.T).detach()\nL = y.sum()", sentences.NO_DERIVATIVE, "detach"),
        ("with torch.no_grad():\n    y = x @ W.T\nL = y.sum()", sentences.NO_DERIVATIVE, "matmul"),
        ("L = torch.heaviside(x, x.detach()).sum()", sentences.NO_FORMULA, "heaviside"),
        ("L = (x - x).log().sum()", sentences.NOT_FINITE, "−∞"),
        ("L = (x / (x - x)).sum()", sentences.NOT_FINITE, "div"),
        ("L = (x * 1e308 * 10).sum()", sentences.NOT_FINITE, "∞"),
        ("L = (x - x).sqrt().sum()", sentences.GRADIENT_NOT_FINITE, "sqrt"),
        ("L = (x * float('nan')).sum()", sentences.NOT_FINITE, "NaN"),
        ("L = (x + bad).sum()", sentences.INPUT_NOT_FINITE, "bad"),
        ("L = (x * torch.rand_like(x)).sum()", "", ""),
        ("L = (x[:0]).sum()", sentences.EMPTY, "(0, 4)"),
        ("z = x * 1j\nL = z.abs().sum()", sentences.COMPLEX, "z"),
        ("L = (S @ x.T).sum()", sentences.NOT_DENSE, "S"),
        ("pass", sentences.NOTHING, ""),
        ("y = 1", sentences.NOTHING, ""),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(source, sentence, told):
    given = {
        **layer(),
        "bad": torch.tensor([1.0, float("inf"), 0.0, 0.0], dtype=torch.float64),
        "S": torch.eye(4).double().to_sparse(),
    }
    if not sentence:
        assert replay(learner(source, **given)).edges
        return
    why = refused(source, **given)
    assert why.say.text == sentence
    assert told in str(why)


def test_the_step_at_which_a_number_went_wrong_is_named():
    why = refused("z = x - x.amax()\ne = z.exp()\ny = (e - 1).log()\nL = y.sum()", **tensors(x=(3,)))
    assert (why.say.values["operation"], why.say.values["step"]) == ("log", 5)


def test_an_operation_of_chance_that_is_not_known_as_one_is_refused():
    torch.manual_seed(0)
    why = refused(
        "noise = lambda x: torch.normal(x.detach(), 1.0)\nL = (x * torch.normal(x.detach(), 1.0)).sum()", **tensors(x=(3,))
    )
    assert (why.say.text, why.say.values["operation"]) == (sentences.NOT_AGAIN, "normal")


def test_a_graph_that_was_gone_through_inside_is_there_for_the_replay():
    assert replay(learner("L = (x * x).sum()\ntorch.autograd.backward(L)\ntorch.autograd.grad(L, x)", **tensors(x=(3,)))).edges


def test_a_name_that_nobody_recorded_is_refused_with_the_names_that_are():
    with record(of="loss") as r:
        x = torch.ones(2, requires_grad=True)
        L = (x * 2).sum()
    del L
    with pytest.raises(Refusal, match="x, L"):
        r.recording  # noqa: B018


def test_a_function_that_returns_no_tensor_is_refused():
    with pytest.raises(Refusal, match="float, not a tensor"):
        graph(lambda x: (x * x).sum().item(), {"x": [1.0]})


def test_an_upstream_gradient_of_another_shape_is_refused():
    with pytest.raises(Refusal, match=r"\(3,\)"):
        graph(lambda x: x * 2, {"x": [1.0, 2.0]}, seed=[1.0, 2.0, 3.0])


def test_a_refusal_speaks_every_language():
    text = str(refused("pass"))
    assert len(text.splitlines()) == 3
