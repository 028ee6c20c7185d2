"""The trace: formulas, steps with their sentences, where each number comes from, and the JSON that the browser gets."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import torch

from course.exercise import thread
from course.graph import Trace, graph
from course.graph.formula import infix, literal, product, scaled, summed, symbol, transposed
from course.graph.telling import both_signs
from course.graph.trace import COMPUTED, NOT_COMPUTED, NOT_NEEDED, SHOWN, VERSION, ZERO
from course.language import LANGUAGES
from tests.test_graph_replay import OPERATIONS, tensor

LAYER = thread()
G = torch.tensor([[2, 1, 2], [-1, 0, 1], [1, 0, 1], [-1, 1, 2], [-2, 1, 0]], dtype=torch.float64)
INPUTS = {name: LAYER[name] for name in ("x", "W", "b")} | {"t": LAYER["y"] - G.numpy()}


def squared_loss(x, W, b, t):
    y = x @ W.T + b
    L = 0.5 * ((y - t) ** 2).sum()
    return L


@pytest.fixture(scope="module")
def layer() -> Trace:
    return graph(squared_loss, INPUTS)


def sentence(step, language: str = "en") -> str:
    return step.text(language)


def steps(trace: Trace, kind: str) -> list:
    return [step for step in trace.steps if step.kind == kind]


def grad(trace: Trace, name: str) -> list[float]:
    return list(trace.tensor(name).grad.entries)


# -- the course's own layer -----------------------------------------------------------------------------------------------


def test_the_gradients_of_the_small_layer_are_those_of_the_lessons(layer):
    assert grad(layer, "W") == [6, 0, 6, 6, 2, -3, 1, -5, 3, 0, 6, -2]
    assert grad(layer, "b") == [-1, 3, 6]
    assert grad(layer, "x") == [-1, -4, 1, 4, 2, -1, -3, 1, 0, -1, 1, 1, 2, -4, -5, 4, 1, -2, -5, 2]
    assert grad(layer, "y") == G.flatten().tolist()
    assert layer.tensor("L").value.texts == ("12",)


def test_formulas_are_written_as_in_the_lessons(layer):
    assert [one.text for one in layer.definitions] == ["y = x Wᵀ + b", "L = ½ Σ (y − t)²"]
    formulas = {
        layer.tensor(edge.tensor).name: (edge.reduced_formula or edge.formula).text for edge in layer.edges if edge.carries
    }
    assert (formulas["W"], formulas["x"], formulas["b"], formulas["y"]) == ("Gᵀ x", "G W", "Σₙ G", "y − t")
    assert [layer.tensor(name).gradient.text for name in ("x", "W", "b", "y")] == ["dX", "dW", "db", "G"]


def test_axes_are_those_of_the_notation_and_go_on_through_the_operations(layer):
    assert {one.formula.text: one.axes for one in layer.tensors if one.axes} == {
        "x": ("N", "in"),
        "W": ("out", "in"),
        "b": ("out",),
        "t": ("N", "out"),
        "Wᵀ": ("in", "out"),
        "x Wᵀ": ("N", "out"),
        "y": ("N", "out"),
        "y − t": ("N", "out"),
        "(y − t)²": ("N", "out"),
    }
    assert layer.sizes == {"N": 5, "in": 4, "out": 3}


def test_steps_go_forward_then_back_with_the_batch_sum_as_one_of_its_own(layer):
    kinds = [step.kind for step in layer.steps]
    assert kinds == ["forward"] * 7 + ["seed"] + ["edge"] * 6 + ["reduce"] + ["edge"] * 3 + ["done"]
    (reduce,) = steps(layer, "reduce")
    assert layer.tensor(reduce.tensor).name == "b"
    assert "db[2] = 2 + 1 + 1 + 2 + 0 = 6" in sentence(reduce)
    assert "The axis N disappears" in sentence(reduce)
    before = layer.steps[layer.steps.index(reduce) - 1]
    assert (before.numbers.shape, before.final, before.gradient) == ((5, 3), False, "")  # each row still has its own
    assert (reduce.numbers.shape, reduce.final, reduce.gradient) == ((3,), True, reduce.tensor)


def test_every_gradient_is_announced_as_whole_exactly_once(layer):
    final = [step.gradient for step in layer.steps if step.final]
    assert sorted(final) == sorted(one.id for one in layer.tensors if one.mark == COMPUTED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_sentence_in_every_language(layer, language):
    for step in layer.steps:
        assert sentence(step, language)
        assert not re.search(r"\{\w+\}", sentence(step, language))
    if language != "en":
        assert all(sentence(step, language) != sentence(step) for step in layer.steps)


# -- where a number comes from ----------------------------------------------------------------------------------------------


def test_an_entry_of_dW_is_the_sum_of_its_products(layer):
    edge = next(edge for edge in layer.edges if edge.carries and layer.tensor(edge.tensor).name == "W")
    assert edge.sums[1 * 4 + 3] == "1·(−1) + 0·1 + 0·3 + 1·(−2) + 1·(−2) = −5"
    lit_left, lit_right = edge.product.pairs[1 * 4 + 3]
    left, right = edge.product.left, edge.product.right
    assert (edge.product.left_formula.text, edge.product.right_formula.text, edge.product.gone) == ("Gᵀ", "x", "N")
    assert (left.shape, right.shape) == ((3, 5), (5, 4))
    assert [left.entries[i] for i in lit_left] == G[:, 1].tolist()
    assert [right.entries[i] for i in lit_right] == INPUTS["x"][:, 3].tolist()


def test_the_sentence_speaks_of_an_entry_in_which_mistakes_would_show(layer):
    """Both signs in its sum, and an index that is another one when rows are taken for columns."""
    last = steps(layer, "edge")[-1]
    assert layer.tensor(last.tensor).name == "W"
    assert "dW[1, 3] = 1·(−1) + 0·1 + 0·3 + 1·(−2) + 1·(−2) = −5" in sentence(last)
    for step in layer.steps:
        if step.entry is not None and step.numbers.entries is not None and any(step.numbers.entries):
            assert step.numbers.entries[step.entry] != 0


def test_of_two_sums_the_one_with_both_signs_is_told():
    trace = graph(lambda x, b: ((x + b) ** 2).sum(), {"x": [[1, 1, -2], [1, 2, 3]], "b": [0, 0, 0]})
    (reduce,) = steps(trace, "reduce")
    assert "db[2] = (−4) + 6 = 2" in sentence(reduce)  # and not db[1] = 2 + 4


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("1·(−1) + 0·3 = −1", True),
        ("2 + 1 + 0 = 3", False),
        ("0·(−1) + 0·(−2) = 0", False),
        ("−2", False),
        ("−2 + 0.5 ≈ −1.5", True),
        ("3 − 1 = 2", False),
    ],
)
def test_both_signs_are_those_of_the_numbers_that_are_added(text, both):
    assert both_signs(text) == both


@pytest.mark.parametrize(
    "name", [name for name, (_, shapes) in OPERATIONS.items() if "linear" in name or "@" in name or "stack" in name]
)
def test_the_products_of_every_entry_add_up_to_it(name):
    function, shapes = OPERATIONS[name]
    given = {letter: tensor(*shape, seed=seed) for seed, (letter, shape) in enumerate(zip("abc", shapes, strict=False))}
    trace = graph(lambda *tensors: (function(*tensors) ** 2).sum(), given)
    found = [edge for edge in trace.edges if edge.product is not None]
    assert found or name in ("stack", "broadcast stacks")  # partly broadcast: no one product, its Jacobian tells
    for edge in found:
        left, right = edge.product.left.entries, edge.product.right.entries
        for (rows, columns), entry in zip(edge.product.pairs, edge.contribution.entries, strict=True):
            assert sum(left[i] * right[j] for i, j in zip(rows, columns, strict=True)) == pytest.approx(
                entry, rel=1e-9, abs=1e-12
            )


def test_one_product_of_eight_has_the_shape_and_the_numbers(layer):
    edge = next(edge for edge in layer.edges if edge.carries and layer.tensor(edge.tensor).name == "W")
    assert len(edge.candidates) == 8
    first, second, *others = edge.candidates
    assert (first.formula.text, first.shape, first.fits, first.right) == ("Gᵀ x", (3, 4), True, True)
    assert (first.left_axes, first.right_axes) == (("out", "N"), ("N", "in"))
    assert (second.formula.text, second.shape, second.fits, second.turned) == ("xᵀ G", (4, 3), False, True)
    assert not any(one.meets or one.fits or one.right for one in others)


def test_in_a_square_layer_shapes_alone_do_not_decide():
    square = {"x": tensor(4, 4, seed=1), "W": tensor(4, 4, seed=2)}
    trace = graph(lambda x, W: ((x @ W.T) ** 2).sum(), square)
    edge = next(edge for edge in trace.edges if edge.carries and trace.tensor(edge.tensor).name == "W")
    assert all(one.fits for one in edge.candidates)
    assert [one.formula.text for one in edge.candidates if one.right] == [edge.candidates[0].formula.text]


def test_contributions_of_a_tensor_used_twice_are_added_in_steps_of_their_own():
    trace = graph(lambda a: a * a + 3 * a, {"a": 2})
    added = steps(trace, "accumulate")
    assert [(step.part, step.of, step.final) for step in added] == [(1, 3, False), (2, 3, False), (3, 3, True)]
    assert [step.numbers.entries[0] for step in added][-1] == 7
    assert "= 7" in sentence(added[-1])
    assert "so far" in sentence(added[0])
    assert grad(trace, "a") == [7]


@pytest.mark.parametrize(
    ("fn", "inputs", "used_twice", "whole"),
    [
        (lambda x, w: (x + w * x).sum(), {"x": [1.0, 2, 3], "w": [2.0, -1, 4]}, "x", ("dx", "∂L/∂(x)")),
        (lambda x, w: u + u**2 if (u := x * w) is not None else u, {"x": 3.0, "w": 2.0}, "u", ("∂L/∂(u)", "du")),
        (lambda x: x * 2 + x, {"x": 3.0}, "x", ("dx", "∂L/∂(x)")),
    ],
)
def test_one_paths_share_is_not_called_by_the_name_of_the_whole_gradient(fn, inputs, used_twice, whole):
    trace = graph(fn, inputs)
    shares = [step for step in steps(trace, "edge") if trace.tensor(step.tensor).formula.text == used_twice]
    assert len(shares) == 2
    for step in shares:
        assert not re.search("|".join(rf"entry: {re.escape(name)}[ \[]" for name in whole), sentence(step)), sentence(step)


def test_what_is_added_up_has_been_seen_entry_by_entry():
    """Every step of a tensor that is used twice speaks of one entry, so that the sum is made of numbers that were shown."""
    x, w = [3.0, -1, 1, -1], [-1.0, -2, 2, 3]
    trace = graph(lambda x, w: (x + w * x) * 2, {"x": x, "w": w}, seed=torch.tensor([2.0, -1, 1, 3]))
    of_x = [step for step in trace.steps if step.kind in ("edge", "accumulate") and trace.tensor(step.tensor).name == "x"]
    assert len({step.entry for step in of_x}) == 1


def test_a_single_number_is_not_called_an_entry():
    trace = graph(lambda a, b: (a + b) * a, {"a": 3.0, "b": 2.0})
    assert not any("entry" in sentence(step).lower() for step in trace.steps)


def test_a_large_tensors_gradient_is_added_up_too():
    x = tensor(10, 10, seed=1)
    trace = graph(lambda x: (x * x).sum(), {"x": x})
    last = steps(trace, "accumulate")[-1]
    assert last.numbers.summary.greatest == trace.tensor("x").grad.summary.greatest


# -- marks and summaries ----------------------------------------------------------------------------------------------------


def test_not_computed_zero_and_not_needed_are_three_marks():
    trace = graph(lambda a, c, t: (a * 0 * c.detach() - t).sum(), {"a": [1.0, 2.0], "c": [1.0, 1.0], "t": [0.0, 0.0]})
    assert [trace.tensor(name).mark for name in ("a", "c", "t")] == [ZERO, NOT_COMPUTED, NOT_NEEDED]
    assert trace.tensor("c").grad is None
    assert "Not computed: c" in sentence(trace.steps[-1])
    assert "computed, and zero" in " ".join(map(sentence, trace.steps))


def test_without_a_gradient_anywhere_there_is_only_a_forward_pass():
    trace = graph(lambda x, t: x + t, {"x": [1.0], "t": [2.0]}, constants=("x", "t"))
    assert [step.kind for step in trace.steps] == ["forward", "done"]
    assert {one.mark for one in trace.tensors} == {NOT_NEEDED}


def test_a_tensor_of_more_than_64_entries_is_summed_up():
    trace = graph(lambda x, W: (x @ W.T).tanh().sum(), {"x": tensor(13, 5, seed=1), "W": tensor(2, 5, seed=2)})
    x = trace.tensor("x")
    assert (x.value.entries, x.value.shape) == (None, (13, 5))
    assert x.value.summary.zeros == 0
    assert all(step.numbers is None or step.numbers.summary is None or step.numbers.entries is None for step in trace.steps)
    assert trace.tensor("W").grad.entries is not None


def test_64_entries_are_shown():
    assert graph(lambda x: x.sum(), {"x": tensor(8, 8, seed=1)}).tensor("x").value.entries is not None
    assert SHOWN == 64


def test_a_given_upstream_gradient_starts_the_backward_pass():
    trace = graph(lambda x, W, b: x @ W.T + b, {name: LAYER[name] for name in ("x", "W", "b")}, seed=G)
    assert grad(trace, "b") == [-1, 3, 6]
    assert "upstream gradient that was given" in sentence(steps(trace, "seed")[0])


def test_folded_steps_have_the_formula_of_what_they_do():
    trace = graph(squared_loss, INPUTS, fold={"L": "½ Σ(·)²"})
    edge = next(edge for edge in trace.edges if edge.carries and trace.tensor(edge.tensor).name == "y")
    assert (trace.operation(edge.operation).sign, edge.formula.text) == ("½ Σ(·)²", "y − t")
    assert grad(trace, "W") == [6, 0, 6, 6, 2, -3, 1, -5, 3, 0, 6, -2]


def test_column_form_and_row_form_give_the_same_numbers():
    rows = graph(lambda x, W, b: (x @ W.T + b).square().sum(), {name: LAYER[name] for name in ("x", "W", "b")})
    columns = graph(
        lambda W, X, B: (W @ X + B).square().sum(), {"W": LAYER["W"], "X": LAYER["x"].T.copy(), "B": LAYER["b"][:, None]}
    )
    assert grad(rows, "W") == grad(columns, "W")
    edge = next(edge for edge in columns.edges if edge.carries and columns.tensor(edge.tensor).name == "W")
    assert edge.product.right_formula.text == "Xᵀ"


# -- the JSON ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_becomes_json_whose_ids_are_all_there(name):
    function, shapes = OPERATIONS[name]
    given = {letter: tensor(*shape, seed=seed) for seed, (letter, shape) in enumerate(zip("abc", shapes, strict=False))}
    trace = graph(lambda *tensors: function(*tensors).sum() * 2, given)
    data = json.loads(json.dumps(trace.to_json(), allow_nan=False))
    assert data["version"] == VERSION
    ids = {one["id"] for kind in ("tensors", "operations", "edges") for one in data[kind]}
    for edge in data["edges"]:
        assert {edge["operation"], edge["tensor"]} <= ids
        assert edge["mark"] in (COMPUTED, ZERO, NOT_COMPUTED, NOT_NEEDED)
    for step in data["steps"]:
        assert {one for key in ("operation", "edge", "tensor", "gradient") if (one := step[key])} | set(step["lit"]) <= ids
        assert set(step["text"]) == set(LANGUAGES)
        assert all(step["text"].values())
    for operation in data["operations"]:
        assert {*operation["operands"], operation["result"]} <= ids
        assert {id for _, id in operation["definition"]} <= ids | {""}


def test_numbers_are_written_as_people_read_them():
    value = graph(lambda x: x.sum(), {"x": [[1.0, -2.0], [0.5, 0.0]]}).tensor("x").value
    assert value.texts == ("1", "−2", "0.5", "0")


def test_a_rounded_sum_says_so():
    trace = graph(lambda a, b: a @ b, {"a": [1 / 3, 2 / 3], "b": [1.0, 1.0]})
    assert "≈ 1" in sentence(trace.steps[0])


# -- formulas ---------------------------------------------------------------------------------------------------------------


def test_a_transposed_product_changes_its_order():
    x, G_ = symbol("x"), symbol("G")
    assert transposed(product(transposed(x), G_)).text == "Gᵀ x"
    assert transposed(summed(product(transposed(x), G_), ("N",))).text == "Σₙ Gᵀ x"
    assert transposed(transposed(x)).text == "x"


def test_numbers_are_multiplied_out_and_brackets_are_set_where_they_are_needed():
    y, t = symbol("y"), symbol("t")
    difference = infix(y, " − ", t, 0, tighter=True)
    assert scaled(scaled(literal(2), difference), literal(0.5)).text == "y − t"
    assert scaled(literal(2), difference).text == "2 (y − t)"
    assert infix(y, " − ", difference, 0, tighter=True).text == "y − (y − t)"
    assert product(infix(y, " + ", t, 0), y).text == "(y + t) y"


def test_a_formula_knows_what_its_letters_stand_for():
    trace = graph(squared_loss, INPUTS)
    pieces = {piece.text.strip(): piece.id for piece in trace.definitions[0].pieces}
    assert pieces["x"] == trace.tensor("x").id
    assert pieces["+"] == trace.tensor("y").made_by


def test_the_first_picture_does_not_wait_for_sympy():
    """Two harmless calls make torch import it for half a second: an upstream gradient given to grad, and broadcast_shapes."""
    code = """
import sys, torch
from course.graph import graph
from course.graph.layout import layout
x, W, b = torch.ones(2, 5, 4), torch.ones(3, 4), torch.ones(3)
layout(graph(lambda x, W, b: ((x @ W.T + b) ** 2).mean(), {"x": x, "W": W, "b": b}))
print("sympy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"
