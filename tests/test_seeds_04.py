"""What the seeds state of inputs with more axes is put right in lesson 04.

Seed 002, lines 33 and 34: what the asterisk in (N, *, in) means. Seed 001, lines 45 to 60: Affine's flattening forward pass.
Neither prints a number; what they state is computed here.
"""

from __future__ import annotations

import pytest
import torch

from tests.seeds import source, stands_in_a_cell

FOLDER = "04_any_axes"


def test_affine_and_the_layer_agree_on_a_table_and_not_on_sheets():
    layer = torch.nn.Linear(4, 5)
    table, sheets = torch.randn(2, 4), torch.randn(2, 3, 4)
    assert torch.allclose(table.reshape(2, -1) @ layer.weight.T + layer.bias, layer(table))
    assert layer(sheets).shape == (2, 3, 5)
    with pytest.raises(RuntimeError, match="2x12 and 4x5"):
        sheets.reshape(2, -1) @ layer.weight.T
    with pytest.raises(RuntimeError, match="3x1 and 3x2"):  # a 1-D sample fails too
        torch.zeros(3).reshape(3, -1) @ torch.zeros(3, 2)


def test_each_position_is_mapped_on_its_own():
    layer, x = torch.nn.Linear(3, 2), torch.randn(7, 5, 3)
    assert torch.allclose(layer(x)[4, 2], layer(x[4, 2]))


def test_the_lesson_shows_both():
    text = source(FOLDER)
    assert "x.reshape(x.shape[0], -1) @ w + b" in text
    assert stands_in_a_cell(FOLDER, [2, 12])
