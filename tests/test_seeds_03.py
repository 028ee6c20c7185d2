"""What the seeds print or state of nn.Linear as an object is reproduced by a cell of lesson 03.

Seed 000, lines 7 to 37: a layer of two inputs and three neurons, its numbers put in through `.data`, its bias a table.
Seed 003, lines 52 to 90: the weights of a layer without a bias, verified with np.dot on ones. Seed 002, lines 24 to 26: the docs.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tests.seeds import shown, source, stands_in_a_cell

FOLDER = "03_linear_object"

VALUES = {
    "000:29 y": [381, 682, 983],
    "003:66 the shape of the weight": [3, 2],
    "003:90 np.dot(W, x) on ones": [3, 8, -3],
}


@pytest.mark.parametrize("what", VALUES)
def test_a_value_of_the_seeds_stands_in_a_cell(what: str):
    assert stands_in_a_cell(FOLDER, VALUES[what])


def test_the_printed_comparison_is_reproduced_to_the_letter():
    """000:37 prints tensor([[True, True, True]]), and the layer with a bias of the right shape prints the same."""
    text = source(FOLDER)
    assert text.count("== two @ w.t() + table") == 2
    w, x = torch.tensor([[11.0, 12], [21, 22], [31, 32]]), torch.tensor([[10.0, 20]])
    for b in (torch.tensor([[31.0, 32, 33]]), torch.tensor([31.0, 32, 33])):
        layer = torch.nn.Linear(2, 3)
        layer.weight.data, layer.bias.data = w, b
        assert str(layer(x) == x @ w.t() + b) == "tensor([[True, True, True]])"


def test_a_bias_with_a_spare_axis_does_not_load():
    layer = torch.nn.Linear(2, 3)
    layer.bias.data = torch.zeros(1, 3)
    with pytest.raises(RuntimeError, match="size mismatch for bias"):
        torch.nn.Linear(2, 3).load_state_dict(layer.state_dict())


def test_ones_do_not_see_the_order_of_the_columns_and_a_batch_does_not_go_on_the_right():
    W = np.array([[1.0, 2], [3, 5], [-4, 1]])
    assert np.array_equal(W @ np.ones(2), W[:, ::-1] @ np.ones(2))
    with pytest.raises(ValueError, match="not aligned"):
        np.dot(W, np.ones((5, 2)))


def test_the_cells_run_from_top_to_bottom_with_numbers_of_their_own():
    """000:7-43 was executed out of order. Nothing random stands in what a cell shows."""
    first, second = shown(FOLDER), shown.__wrapped__(FOLDER)
    assert first == second
    assert re.search(r"In \[\d+\]", source(FOLDER)) is None
