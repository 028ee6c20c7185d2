"""What the seeds get wrong or say loosely, and where the course's English text puts it right: one list for all lessons.

Every line of seeds 000, 001 and 002 that has an error stands here, and those of 003 and 004 that lessons 03 to 07 meet. A line
that no lesson corrects is missing here, one that a lesson stops correcting fails. Their numbers are held by test_seeds_NN.
"""

from __future__ import annotations

import pytest

from tests.seeds import english

ONE, ROWS, OBJECT = "01_one_sample", "02_batch_of_rows", "03_linear_object"
AXES, CHAIN, BACKWARD, BOTH = "04_any_axes", "05_chain_rule", "06_backward_by_hand", "07_both_ways"

CORRECTED = {
    "000:1, X·W with the weight as it is stored": {ROWS: ("features still do not meet features",)},
    "000:7-43, cells out of order": {"00_welcome": ("the kernel knows the order of running", "restart kernel and run all cells")},
    "000:23, 26, 56, 59, .data": {
        OBJECT: ("fc.weight.data = w", "share one memory", "copy_"),
        BOTH: ("assigned through `.data`", "shares memory"),
    },
    "000:25-26, 58-59, a bias of shape (1, 3)": {
        OBJECT: ("(1, 3)", "refused such a bias"),
        BACKWARD: ("(3,)",),
        BOTH: ("the shape (1, 3)", "the bias of `nn.linear` is (3,)"),
    },
    "000:35, ==": {ROWS: ("thanks to the numbers",), OBJECT: ("only because the numbers are whole",)},
    "000:40, backward from one number only": {BACKWARD: ("any $g$ in the shape of `y` can go back", "one number")},
    "000:40, any aggregation, such as multiplication": {BACKWARD: ("one might as well multiply them", "$g$ has")},
    "000:64-95, one sample, ones, no dX": {
        BOTH: ("thirteen wrong implementations", "never asks about `dx`", "there is one sample"),
    },
    "000:68-69, a reference for a copy": {BOTH: ("not a copy but a second name for the same tensor", "`.clone()`")},
    "001:1, PyTorch in the title, NumPy in the code, nothing compared": {
        BOTH: ("with pytorch in its title", "in numpy", "`import`", "compares it with"),
    },
    "001:7, 13, exactly like a perceptron": {ONE: ("no threshold, and no activation function",)},
    "001:14, 28-30, the layout is not said": {BOTH: ("(in, out)", "$y = xw + b$", "$w = w^\\top$")},
    "001:18-20, a multiplication layer and an addition layer": {
        CHAIN: ("one text on the web", "matrix product and not an elementwise one", "leaves out"),
    },
    "001:22-26, derivatives as for numbers": {
        CHAIN: ("for single numbers that holds", "(n, out, out, in)"),
        BACKWARD: (r"\frac{\partial l}{\partial y} \cdot x", r"\cdot 1"),
    },
    "001:28-30, order and transposes": {
        BACKWARD: ("an online tutorial", "cannot even be multiplied that way", r"g^\top x", r"x^\top g"),
    },
    "001:48, x.reshape(x.shape[0], -1)": {
        AXES: ("it is another layer", "x.reshape(x.shape[0], -1)"),
        BOTH: ("`x.reshape(x.shape[0], -1)`", "flattening the input makes it a different layer"),
    },
    "001:57-58, self.dW = …": {BOTH: ("`self.dw = …` wipes out what the previous call brought",)},
    "002:10, which index is which": {ONE: ("the other order exists too",)},
    "002:16 and 18, no bias, then a bias": {ONE: ("the equations have no bias; the matrix form does",)},
    "002:16-18, a square example": {ONE: ("a square example hides mistakes",)},
    "002:18, b of another layer": {ONE: ("$b_3^{(3)}$",)},
    "002:19-20, X for every layer": {ONE: ("but $x$ enters only layer 2",)},
    "002:26, a linear transformation": {OBJECT: ("affine transformation",)},
    "002:28, 31, transposed because of batch training": {ROWS: ("the transpose was already needed",)},
    "002:29, an equation of shapes as of numbers": {ROWS: ("read as numbers",)},
    "002:34, * is the batch size, N a channel": {AXES: ("there are no channels here", "even none")},
    # 002:46 is a machine's filler, of which nothing is used.
    "003:55, 90, a set of weights": {OBJECT: ("only with `bias=false`",)},
    "003:66, a 2 × 3 matrix": {OBJECT: ("not 2 × 3",)},
    "003:70, data of ones": {OBJECT: ("a test on ones is almost blind",)},
    "003:79-86, np.dot(W, x) for a batch": {OBJECT: ("when there are five rows",)},
    "003:82, weight.detach().numpy()": {OBJECT: ("the two share one memory", ".clone()")},
    "004:73-75, the recorded operations": {CHAIN: ("argmax", "requires")},
}


@pytest.mark.parametrize(("line", "lesson"), [(line, lesson) for line, lessons in CORRECTED.items() for lesson in lessons])
def test_what_a_seed_gets_wrong_is_put_right_in_the_lesson(line: str, lesson: str):
    for words in CORRECTED[line][lesson]:
        assert words in english(lesson)
