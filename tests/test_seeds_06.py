"""What the seeds print or state of the backward pass is reproduced by a cell of lesson 06.

Seed 000, lines 40 to 63: one layer of two inputs and three neurons, of which only the sum of its outputs is differentiated.
Seed 001, lines 28 to 43: the three gradients of a layer that keeps its weight as (in, out), written as for numbers.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course.exercises import find
from tests.seeds import stands_in_a_cell

FOLDER = "06_backward_by_hand"


def layer() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The layer of seed 000, with its bias as nn.Linear keeps one."""
    x, W, b = [[10.0, 20.0]], [[11.0, 12.0], [21.0, 22.0], [31.0, 32.0]], [31.0, 32.0, 33.0]
    return tuple(torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (x, W, b))  # type: ignore[return-value]


VALUES = {
    "000:29 y": ([381, 682, 983], lambda y, W, b: y),
    "000:88 dW of the sum": ([10, 20, 10, 20, 10, 20], lambda y, W, b: torch.autograd.grad(y.sum(), W)[0]),
    "000:94 db of the sum": ([1, 1, 1], lambda y, W, b: torch.autograd.grad(y.sum(), b)[0]),
    "000:40 db of the product": ([670406, 374523, 259842], lambda y, W, b: torch.autograd.grad(y.prod(), b)[0]),
    "000:40 dW of the product, row 0": ([6704060, 13408120], lambda y, W, b: torch.autograd.grad(y.prod(), W)[0][0]),
    "000:40 dW where y is no single number": (
        [10, 20, 20, 40, 30, 60],
        lambda y, W, b: torch.autograd.grad(y, W, torch.tensor([[1.0, 2.0, 3.0]], dtype=y.dtype))[0],
    ),
}


@pytest.mark.parametrize("what", VALUES)
def test_a_value_of_the_seeds_is_autograds_and_stands_in_a_cell(what: str):
    numbers, by_autograd = VALUES[what]
    x, W, b = layer()
    assert by_autograd(x @ W.T + b, W, b).ravel().tolist() == pytest.approx(numbers, rel=1e-12)
    assert stands_in_a_cell(FOLDER, numbers)


def test_the_thread_of_the_course_has_these_gradients():
    exercise = find("linear-backward")
    assert exercise.shown is not None
    given = exercise.shown()
    right = exercise.by_part(exercise.expect(given))
    expected = {
        "dX": [[-1, -4, 1, 4], [2, -1, -3, 1], [0, -1, 1, 1], [2, -4, -5, 4], [1, -2, -5, 2]],
        "dW": [[6, 0, 6, 6], [2, -3, 1, -5], [3, 0, 6, -2]],
        "db": [-1, 3, 6],
    }
    for part, numbers in expected.items():
        assert np.array_equal(right[part], numbers)
    assert (given.G**2).sum() / 2 == 12


def test_formulas_written_as_for_numbers_do_not_even_multiply():
    x, W, G = (torch.zeros(shape) for shape in ((5, 4), (4, 3), (5, 3)))
    for left, right in ((G, W), (G, x)):
        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            left @ right
