"""The picture of lesson 03: an nn.Linear against PyTorch, its names and its count, three languages, its frames, its refusals."""

import numpy as np
import pytest
import torch
from torch import nn

from course.language import LANGUAGES
from course.views.board import sum_of
from course.views.module import module_board
from tests.boards import close, left_unsaid, speaks, stands_well, strays, value, worked_out

W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
B = [1, -1, 2]


def linear(weight, bias=None) -> nn.Linear:
    weight = torch.as_tensor(np.array(weight, dtype=float))
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(torch.as_tensor(np.array(bias, dtype=float)))
    return layer


def drawn(*sizes: int) -> nn.Linear:
    torch.manual_seed(3)
    return nn.Linear(*sizes)


CASES = {
    "the layer of whole numbers": lambda: linear(W, B),
    "without a bias": lambda: linear(W),
    "one of each": lambda: linear([[2]], [-1]),
    "one neuron without a bias": lambda: linear([[2, 1, 0]]),
    "as PyTorch makes it": lambda: drawn(4, 3),
    "8 by 8": lambda: drawn(8, 8),
    "more neurons than features": lambda: drawn(2, 6),
}


@pytest.fixture(params=CASES, ids=str)
def layer(request) -> nn.Linear:
    return CASES[request.param]()


def test_it_shows_the_numbers_of_the_layer_and_what_it_computes(layer):
    board = module_board(layer)
    shown = board.state(len(board.steps) - 1)
    x = torch.tensor([value(text) for text in shown["x"]], dtype=layer.weight.dtype)
    expected = {**dict(layer.named_parameters()), "y": layer(x), "T": layer.weight.T}
    for id, array in expected.items():
        assert board.matrix(id).shape == tuple(array.shape), id
        np.testing.assert_allclose([value(text) for text in shown[id]], array.detach().ravel(), atol=5e-3, err_msg=id)
    assert ("bias" in [one.id for one in board.matrices]) == (layer.bias is not None)


def test_the_list_is_the_state_dict_with_shapes_and_counts(layer):
    board = module_board(layer)
    listed = board.state(len(board.steps) - 1)["state"]
    rows = [tuple(listed[at : at + 3]) for at in range(0, len(listed), 3)]
    assert rows == [(name, str(tuple(one.shape)), str(one.numel())) for name, one in layer.state_dict().items()]
    assert board.state(3)["state"][2] is None, "names come first, the count in its own step"


def test_the_count_is_that_of_the_parameters(layer):
    board = module_board(layer)
    count = sum(one.numel() for one in layer.parameters())
    text = board.steps[4].formula[0].text
    left, right = worked_out(text)
    assert left == right == count
    for language in LANGUAGES:
        assert text in board.steps[4].text(language)


def test_every_sum_adds_up_and_is_made_of_the_entries_that_light_up(layer):
    board = module_board(layer)
    (known,) = board.steps[5].known
    shown = board.state(len(board.steps) - 1)
    parts = {part.matrix: part.at for part in known.parts}
    weight = layer.weight.detach().ravel()
    bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias.detach()
    x = torch.tensor([value(text) for text in shown["x"]], dtype=weight.dtype)
    y = layer(x).detach()
    for i, text in enumerate(known.sums):
        left, right = worked_out(text)
        assert abs(left - right) <= (0.05 if "≈" in text else 1e-9), text
        assert close("≈", right, float(y[i]))
        row = weight[list(parts["weight"][i])]
        torch.testing.assert_close(x[list(parts["x"][i])] @ row + bias[i], y[i], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(layer.weight.T.reshape(-1)[list(parts["T"][i])].detach(), row)
        assert ("bias" in parts) == (layer.bias is not None)
        assert layer.bias is None or parts["bias"][i] == (i,)


def test_the_layer_of_whole_numbers_gives_the_sum_of_the_first_lesson():
    assert sum_of(module_board(linear(W, B)), 5) == "y[0] = 3·(−1) + (−1)·0 + 1·2 + (−1)·0 + 1 = 0"
    assert sum_of(module_board(linear(W)), 5) == "y[0] = 3·(−1) + (−1)·0 + 1·2 + (−1)·0 = −1"


def test_without_a_bias_nothing_speaks_of_its_numbers():
    board = module_board(linear(W))
    assert [(card.shape, card.matrices) for card in board.cards if card.name == "bias"] == [("None", ())]
    assert "bias>state" not in [line.id for line in board.lines]
    for language in LANGUAGES:
        assert "bias=False" in board.steps[2].text(language)
        assert [n for n in (3, 4, 5) if "bias" in board.steps[n].text(language)] == []


def test_the_parameters_appear_one_after_the_other():
    board = module_board(linear(W, B))
    assert [any(text is None for text in board.state(step)["weight"]) for step in range(3)] == [True, False, False]
    assert [any(text is None for text in board.state(step)["bias"]) for step in range(3)] == [True, True, False]


def test_every_step_speaks_three_languages_with_numbers(layer):
    assert speaks(module_board(layer)) == []


def test_it_stands_at_three_widths():
    assert [frame.width for frame in module_board(linear(W, B)).frames] == [840, 600, 340]
    assert [frame.width for frame in module_board(linear(W)).frames] == [840, 600, 340]


def test_nothing_covers_anything_whatever_the_size(layer):
    board = module_board(layer)
    assert board.frames, "at least the widest"
    assert stands_well(board) == []


def test_arrows_go_from_card_to_card_and_cross_none(layer):
    board = module_board(layer)
    assert strays(board) == []


def test_it_keeps_a_copy_and_leaves_the_layer_as_it_was():
    layer = linear(W, B)
    board = module_board(layer)
    assert layer.weight.grad is None
    assert layer.weight.tolist() == W
    with torch.no_grad():
        layer.weight.zero_()
    assert board == module_board(linear(W, B))


BAD = {
    "a tensor": (lambda: torch.ones(3, 4), ("Tensor", "nn.Linear")),
    "the class": (lambda: nn.Linear, ("Linear", "nn.Linear(4, 3)")),
    "another layer": (lambda: nn.ReLU(), ("ReLU", "nn.Linear")),
    "without sizes yet": (lambda: nn.LazyLinear(3), ("weight", "nn.Linear(4, 3)")),
    "too large": (lambda: nn.Linear(9, 2), ("weight", "(2, 9)", "8")),
    "no features": (lambda: linear(np.ones((2, 0)), [1, 2]), ("weight", "(2, 0)")),
    "without numbers": (lambda: nn.Linear(4, 3, device="meta"), ("weight", "meta")),
    "not a number": (lambda: linear([[1, float("nan")]], [0]), ("weight", "NaN", "weight[0, 1]")),
    "infinity": (lambda: linear([[1, 2]], [float("inf")]), ("bias", "∞", "bias[0]")),
}


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors", "ignore:Lazy modules")
@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_drawn_gets_a_sentence_that_says_which(bad):
    make, told = BAD[bad]
    assert left_unsaid(lambda: module_board(make()), told) == []
