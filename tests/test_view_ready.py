"""The ready pictures of lessons 05 and 06: their numbers against autograd, the junction, the products with their axes, frames."""

import numpy as np
import pytest
import torch

from course.views.board import BACKWARD, sum_of
from course.views.ready import BIAS, TARGET, WEIGHT, X, diamond_board, layer_graph_board, layer_loss, two_paths
from tests.boards import close, speaks, stands_well, value, worked_out

BOARDS = {"diamond": diamond_board, "layer": layer_graph_board}


@pytest.fixture(params=BOARDS, ids=str)
def board(request):
    return BOARDS[request.param]()


def leaf(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def numbers(board, name: str) -> np.ndarray:
    """What the matrix of that name shows at the end, one that stands on a card."""
    on_cards = {id for card in board.cards for id in card.matrices}
    (found,) = [one for one in board.matrices if one.name == name and one.id in on_cards]
    return np.array([value(text) for text in board.state(len(board.steps) - 1)[found.id]]).reshape(found.shape)


def test_the_diamond_shows_the_gradients_of_autograd():
    x, w, b = leaf(X[0]), leaf(WEIGHT[1]), leaf(BIAS[1])
    two_paths(x, w, b).backward()
    board = diamond_board()
    for name, tensor in (("x", x), ("w", w), ("b", b)):
        np.testing.assert_array_equal(numbers(board, name), tensor.detach())
        np.testing.assert_array_equal(numbers(board, f"d{name}"), tensor.grad)
    assert numbers(board, "y") == -5
    assert numbers(board, "dy") == b.grad


def test_at_the_junction_of_the_diamond_both_paths_are_added():
    board = diamond_board()
    y = numbers(board, "y")
    upstream = numbers(board, "du")
    first, second = 3 * upstream, 2 * y * upstream
    assert first != second
    assert first + second == numbers(board, "dy")
    told = [sum_of(board, number) for number, step in enumerate(board.steps) if step.phase == BACKWARD]
    for expected in ("= 2·3 = 6", "= 2·(−10) = −20", "dy = (−20) + 6 = −14"):
        assert [one for one in told if one.endswith(expected)] != [], expected
    reads = [line for line in board.lines if line.kind == BACKWARD and line.end == card_of(board, "y")]
    assert len(reads) == 2, "two paths lead back to y"


def card_of(board, name: str) -> str:
    return next(card.id for card in board.cards if card.name == name)


def test_both_local_derivatives_stand_on_the_paths_of_the_diamond_at_every_width():
    for frame in diamond_board().frames:
        assert {"2 y du", "3 du"} <= {label.text for label in frame.labels}, frame.width


def test_the_layer_shows_the_gradients_of_autograd():
    x, W, b, t = leaf(X), leaf(WEIGHT), leaf(BIAS), torch.tensor(TARGET)
    loss = layer_loss(x, W, b, t)
    loss.backward()
    board = layer_graph_board()
    assert loss == numbers(board, "L") == 12
    for name, tensor in (("x", x), ("W", W), ("b", b)):
        np.testing.assert_array_equal(numbers(board, name), tensor.detach())
    for name, tensor in (("dX", x), ("dW", W), ("db", b)):
        np.testing.assert_array_equal(numbers(board, name), tensor.grad)
    np.testing.assert_array_equal(numbers(board, "G"), (x @ W.T + b - t).detach())


def test_the_products_of_the_layer_lose_the_axes_they_sum_over():
    board = layer_graph_board()
    gone = {"".join(token.text for token in step.formula): step.gone for step in board.steps if step.phase == BACKWARD}
    assert gone["dX = G W"] == ("out",)
    assert gone["dW = Gᵀ x"] == ("N",)
    assert gone["db = Σₙ G"] == ("N",)
    assert board.matrix(card_matrix(board, "x")).shape == (5, 4)
    assert board.matrix(card_matrix(board, "W")).shape == (3, 4)
    assert board.matrix(card_matrix(board, "W")).axes == ("out", "in")


def card_matrix(board, name: str) -> str:
    return next(card.matrices[0] for card in board.cards if card.name == name)


def test_every_sum_adds_up(board):
    texts = [text for step in board.steps for known in step.known for text in known.sums if text.count("=") == 1]
    assert len(texts) > 5
    for text in texts:
        left, right = worked_out(text.replace("²", "**2"))
        assert close(text, left, right), text


def test_its_numbers_are_whole(board):
    for id, shown in board.state(len(board.steps) - 1).items():
        assert [text for text in shown if text and "." in text] == [], id


def test_every_step_speaks_three_languages(board):
    """Only the first and the last step of the way back may do without a number."""
    silent = [one for one in speaks(board) if f"step {len(board.steps)}:" not in one]
    assert silent == []


def test_every_frame_fits_and_nothing_covers_anything(board):
    assert [frame.width for frame in board.frames] == [840, 600, 340]
    assert stands_well(board) == []
    for frame in board.frames:
        for path in frame.paths:
            assert all(0 <= x <= frame.width and 0 <= y <= frame.height for x, y in path.points), (frame.width, path.line)
