"""What the seeds print or state of a layer's backward pass as code is reproduced by lesson 07, and their errors are put right.

Seed 000, lines 64 to 95: a test of the backward pass on one sample. Seed 001, lines 32 to 61: a class that keeps its x.
"""

from __future__ import annotations

import pytest
import torch

from tests.seeds import english, source

FOLDER = "07_both_ways"

# Lines of the seeds that are wrong or loose, and what the lesson's English text must say where it meets them.
CORRECTED = {
    "000:64-95, a test that is blind": ("thirteen",),
    "000:68, .grad is a reference": ("copy",),
    "001:57-58, self.dW = …": ("self.dw =",),
    "001:14, weights (in, out)": ("(in, out)",),
}


@pytest.mark.parametrize("line", CORRECTED)
def test_what_a_seed_gets_wrong_is_put_right_in_the_lesson(line: str):
    for words in CORRECTED[line]:
        assert words.lower() in english(FOLDER) or words.lower() in source(FOLDER).lower()


def test_the_printed_gradients_are_those_of_the_sum_and_a_layer_s_bias_has_one_axis():
    """000:88-95 prints [[10, 20]] three times and [[1., 1., 1.]]; a bias of the right shape gives [1., 1., 1.]."""
    x = torch.tensor([[10.0, 20.0]])
    layer = torch.nn.Linear(2, 3)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert layer.bias.grad is not None
    assert layer.weight.grad.tolist() == [[10, 20]] * 3
    assert layer.bias.grad.tolist() == [1, 1, 1]


def test_a_held_gradient_changes_with_the_next_backward():
    layer, x = torch.nn.Linear(2, 3), torch.tensor([[10.0, 20.0]])
    layer(x).sum().backward()
    held = layer.weight.grad
    layer(x).sum().backward()
    assert held is not None
    assert held.tolist() == [[20, 40]] * 3
