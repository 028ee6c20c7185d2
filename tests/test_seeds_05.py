"""What the seeds state of the chain rule holds where it holds, and lesson 05 puts right what they get wrong.

Seed 001, lines 16 to 27: the derivatives of a layer written as for single numbers. Seed 004, lines 70 to 77: why a machine can
differentiate at all. Neither prints a number; what they state is computed here.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from course.exercises import find
from tests.seeds import source

FOLDER = "05_chain_rule"


def test_the_lesson_computes_the_shape_of_the_jacobian_that_has_four_axes():
    assert "torch.autograd.functional.jacobian" in source(FOLDER)
    x, W, b = torch.zeros(5, 4), torch.zeros(3, 4), torch.zeros(3)
    assert torch.autograd.functional.jacobian(lambda W: x @ W.T + b, W).shape == (5, 3, 3, 4)


def test_the_lesson_does_not_give_away_the_layers_gradients():
    """They are lesson 06's, where they are to be found."""
    code = "\n".join(re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", source(FOLDER), re.MULTILINE | re.DOTALL))
    for product in ("G.T @ x", "x.T @ G", "G @ W", "dW =", "dX =", "db ="):
        assert product not in code


def test_for_single_numbers_the_seeds_derivatives_hold():
    x, w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (3.0, -2.0, 1.0))
    found = torch.autograd.grad(x * w + b, (x, w, b))
    assert [float(one) for one in found] == [-2.0, 3.0, 1.0]  # w, x and 1


def test_a_broadcast_operand_does_not_get_what_arrives_as_it_is():
    """001:18-20: `dout * 1` has a row for each sample, and the operand that was added to every row has one."""
    dout, b = torch.ones(4, 2), torch.zeros(2, requires_grad=True)
    (db,) = torch.autograd.grad(torch.zeros(4, 2) + b, b, dout)
    assert (dout * 1).shape == (4, 2)
    assert db.shape == (2,)


def test_only_differentiable_operations_and_tensors_that_require_grad_are_recorded():
    """004:73-75 says that all elementary operations have derivatives, and that the graph is always built."""
    x = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
    assert not x.argmax().requires_grad
    assert not (x > 2).requires_grad
    assert (torch.tensor([1.0]) * 2).grad_fn is None
    with pytest.raises(RuntimeError, match="floating point"):
        torch.tensor([1, 2], requires_grad=True)


SHOWN = {
    ("vector-jacobian", "ds"): [4, 2, 3, -2],
    ("vector-jacobian", "dx"): [24, -4, 6, 4],
    ("residual-paths", "dx"): [0, 1, 3, 12],
    ("residual-paths", "dw"): [6, 1, 1, -3],
}


@pytest.mark.parametrize(("exercise", "part"), SHOWN)
def test_the_whole_numbers_of_an_exercise_can_be_checked_in_the_head(exercise: str, part: str):
    asked = find(exercise)
    assert asked.shown is not None
    right = asked.by_part(asked.expect(asked.shown()))
    assert np.array_equal(right[part], SHOWN[exercise, part])
