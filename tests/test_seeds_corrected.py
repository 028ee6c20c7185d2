"""Every line in which seeds 000, 001 and 002 are wrong or loose, and the lesson that puts it right, in its English text.

The tests of the lessons' own seeds (test_seeds_03 to _07) hold the numbers. This list is whole: a line that no lesson corrects is
missing here, and one that a lesson stops correcting fails.
"""

from __future__ import annotations

import pytest

from tests.seeds import english

CORRECTED = {
    "000:1, X·W with the weight as it is stored": ("02_batch_of_rows", ("features still do not meet features",)),
    "000:25-26, 58-59, a bias of shape (1, 3)": ("03_linear_object", ("refused such a bias",)),
    "000:23, 26, 56, 59, .data": ("03_linear_object", ("share one memory", "copy_")),
    "000:35, ==": ("02_batch_of_rows", ("thanks to the numbers",)),
    "000:40, backward from one number only": ("06_backward_by_hand", ("any $g$ in the shape of `y` can go back",)),
    "000:40, any aggregation": ("06_backward_by_hand", ("one might as well multiply them", "$g$ has")),
    "000:64-95, one sample, ones, no dX": ("07_both_ways", ("thirteen wrong implementations", "never asks about `dx`")),
    "000:68-69, a reference for a copy": ("07_both_ways", ("a second name for the same tensor",)),
    "000:7-43, cells out of order": ("00_welcome", ("the kernel knows the order of running", "restart kernel and run all cells")),
    "001:1, PyTorch in the title, nothing compared": ("07_both_ways", ("with pytorch in its title", "compares it with")),
    "001:7, 13, exactly like a perceptron": ("01_one_sample", ("no threshold, and no activation function",)),
    "001:14, the layout is not said": ("07_both_ways", ("$y = xw + b$", "$w = w^\\top$")),
    "001:18-20, a multiplication layer and an addition layer": (
        "05_chain_rule",
        ("matrix product and not an elementwise one", "leaves out"),
    ),
    "001:22-26, derivatives as for numbers": ("05_chain_rule", ("for single numbers that holds",)),
    "001:28-30, order and transposes": ("06_backward_by_hand", ("cannot even be multiplied that way",)),
    "001:48, flattening": ("04_any_axes", ("it is another layer",)),
    "001:57-58, self.dW = …": ("07_both_ways", ("wipes out what the previous call brought",)),
    "002:10, which index is which": ("01_one_sample", ("the other order exists too",)),
    "002:16 and 18, no bias, then a bias": ("01_one_sample", ("the equations have no bias; the matrix form does",)),
    "002:18, b of another layer": ("01_one_sample", ("$b_3^{(3)}$",)),
    "002:19-20, X for every layer": ("01_one_sample", ("but $x$ enters only layer 2",)),
    "002:16-18, a square example": ("01_one_sample", ("a square example hides mistakes",)),
    "002:26, a linear transformation": ("03_linear_object", ("affine transformation",)),
    "002:28, 31, transposed because of batch training": ("02_batch_of_rows", ("the transpose was already needed",)),
    "002:29, an equation of shapes as of numbers": ("02_batch_of_rows", ("read as numbers",)),
    "002:34, * is the batch size, N a channel": ("04_any_axes", ("there are no channels here",)),
    # 002:46 is a machine's filler, of which nothing is used.
}


@pytest.mark.parametrize("line", CORRECTED)
def test_what_a_seed_gets_wrong_is_put_right_in_a_lesson(line: str):
    lesson, words = CORRECTED[line]
    for one in words:
        assert one in english(lesson)
