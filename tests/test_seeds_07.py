"""What the seeds print of the backward pass is reproduced by a cell of lesson 07.

Seed 000, lines 64 to 95: the gradients of nn.Linear beside those of a formula, on one sample. Seed 001, lines 32 to 61: a layer
in NumPy that keeps its weights as (in, out), with the three gradients.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from course.exercises import find
from course.exercises.lesson_07 import HANDED
from tests.seeds import cells, output

FOLDER = "07_both_ways"


@cache
def shown() -> tuple[str, ...]:
    """What each code cell of the solved lesson prints or ends in, as one line of text."""
    names: dict[str, Any] = {}
    return tuple(" ".join(output(code, names).split()) for code in cells(FOLDER))


# What seed 000 prints below its line 87, and what a bias of the shape that nn.Linear keeps gives in place of the third table.
PRINTED = {
    "000:88-90, fc_weight_grad": "tensor([[10., 20.], [10., 20.], [10., 20.]])",
    "000:95, out_bias_grad, of a bias (1, 3)": "tensor([[1., 1., 1.]])",
    "000:94, fc_bias_grad, of a bias (3,)": "tensor([1., 1., 1.])",
}


@pytest.mark.parametrize("what", PRINTED)
def test_what_the_seed_prints_stands_in_a_cell(what: str):
    assert any(PRINTED[what] in text for text in shown())


def test_both_halves_of_the_seeds_comparison_stand_in_one_cell():
    """000:88-93: the table of the layer, and the same table of the formula."""
    assert any(text.count(PRINTED["000:88-90, fc_weight_grad"]) == 2 for text in shown())


def seed_layer() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([[10.0, 20.0]]), torch.tensor([[11.0, 12.0], [21.0, 22.0], [31.0, 32.0]], requires_grad=True)


def test_the_printed_tables_are_autograds():
    x, W = seed_layer()
    b = torch.tensor([31.0, 32.0, 33.0], requires_grad=True)
    row = b.detach()[None].clone().requires_grad_()
    (x @ W.T + b).sum().backward()
    assert str(W.grad).split() == PRINTED["000:88-90, fc_weight_grad"].split()
    assert str(b.grad) == PRINTED["000:94, fc_bias_grad, of a bias (3,)"]
    (x @ W.T + row).sum().backward()
    assert str(row.grad) == PRINTED["000:95, out_bias_grad, of a bias (1, 3)"]


def test_the_exercise_gives_the_printed_tables_on_the_seeds_sample():
    exercise = find("seed-prints")
    assert exercise.shown is not None
    given = exercise.shown()
    given["x"] = given.x[:1]
    right = exercise.by_part(exercise.expect(given))
    assert right["dW"].tolist() == [[10, 20]] * 3
    assert right["db"].tolist() == [1, 1, 1]


def test_a_gradient_that_is_held_grows_with_the_next_pass_and_a_copy_does_not():
    """000:68-69 keeps `fc.weight.grad` under a second name."""
    assert any(
        "tensor([[20., 40.], [20., 40.], [20., 40.]]) tensor([[10., 20.], [10., 20.], [10., 20.]])" in text for text in shown()
    )


def test_the_seeds_test_is_passed_by_the_four_wrong_formulas_that_the_lesson_shows():
    assert "[True, True, True, True]" in shown()
    x, W = seed_layer()
    G = torch.ones(1, 3)
    right = [G @ W, G.T @ x, G.sum(0)]
    four = [backward for backward, _ in HANDED["dW"][1:5]]
    for backward in four:
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(backward(x, W, G), right, strict=True))


@pytest.mark.parametrize("group", HANDED)
def test_each_wrong_function_is_wrong_on_the_lessons_numbers_and_each_right_one_is_right(group: str):
    torch.manual_seed(0)
    x, W, G = (torch.randn(*shape, dtype=torch.float64) for shape in ((5, 4), (3, 4), (5, 3)))
    right = [G @ W, G.T @ x, G.sum(0)]
    for backward, is_right in HANDED[group]:
        pairs = list(zip(backward(x, W, G), right, strict=True))
        assert is_right == all(a.shape == b.shape and torch.allclose(a, b, rtol=1e-9) for a, b in pairs)


def seed_affine(W: np.ndarray, b: np.ndarray, x: np.ndarray, dout: np.ndarray) -> tuple[np.ndarray, ...]:
    """001:45-60 in three lines: forward, and dx, dW, db."""
    flat = x.reshape(x.shape[0], -1)
    return flat @ W + b, (dout @ W.T).reshape(x.shape), flat.T @ dout, dout.sum(axis=0)


def test_the_seeds_code_is_nn_linears_for_a_table_where_its_weight_is_the_transpose():
    rng = np.random.default_rng(0)
    w, b, x, G = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w.T.copy()))
        layer.bias.copy_(torch.from_numpy(b))
    leaf = torch.from_numpy(x).requires_grad_()
    y = layer(leaf)
    y.backward(torch.from_numpy(G))
    ours = seed_affine(w, b, x, G)
    theirs = (y, leaf.grad, layer.weight.grad.T, layer.bias.grad)  # type: ignore[union-attr]
    for one, other in zip(ours, theirs, strict=True):
        assert np.allclose(one, other.detach().numpy(), rtol=1e-12)  # type: ignore[union-attr]


def test_a_flattening_layer_refuses_a_pile_of_tables():
    """001:48: (2, 3, 4) becomes (2, 12), and the weight knows 4 features."""
    with pytest.raises(ValueError, match="mismatch"):
        seed_affine(np.ones((4, 5)), np.ones(5), np.ones((2, 3, 4)), np.ones((2, 5)))


def test_the_thread_of_the_course_in_two_sheets_has_gradients_that_can_be_checked_in_the_head():
    exercise = find("nd-backward")
    assert exercise.shown is not None
    right = exercise.by_part(exercise.expect(exercise.shown()))
    first = [[6, 0, 6, 6], [2, -3, 1, -5], [3, 0, 6, -2]]  # dW of the first sheet alone
    x, G = exercise.shown().x3, exercise.shown().G3
    assert (G[0].T @ x[0]).tolist() == first
    assert np.array_equal(right["dW3"], np.array(first) + G[1].T @ x[1])
    assert right["db3"].tolist() == [-2, 6, 12]
