"""The picture of lesson 07: both directions against autograd, what adds up and what does not, its languages, frames, refusals."""

import numpy as np
import pytest
import torch

from course.language import LANGUAGES
from course.views.board import FORWARD, asking, sum_of
from course.views.both_ways import OF_PARAMETERS, both_ways_board
from tests.boards import close, left_unsaid, speaks, stands_well, strays, value, worked_out

W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
B = [1, -1, 2]
X = [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]]
G = [[2, 1, 2], [-1, 0, 1], [1, 0, 1], [-1, 1, 2], [-2, 1, 0]]
RANDOM = np.random.default_rng(7)
CASES = {
    "the layer of whole numbers": (W, B, X, G),
    "one sample": (W, B, X[:1], G[:1]),
    "one of each": ([[2]], [-1], [[3]], [[-2]]),
    "one neuron": ([[2, 1, 0]], [-1], [[3, 1, 2], [0, -1, 1]], [[1], [-3]]),
    "square": ([[2, -1], [0, 3]], [1, 1], [[1, 2], [3, -4]], [[1, 0], [-1, 2]]),
    "more neurons than features": (
        [[1, 2], [3, 4], [5, 6], [0, -1]],
        [0, 1, 2, 3],
        [[1, -1], [2, 0]],
        [[1, 0, 2, 1], [0, 1, 1, -1]],
    ),
    "halves": ([[0.5, 1]], [0.5], [[1, 0.5], [2, 1.5]], [[0.5], [1]]),
    "generic numbers": tuple(RANDOM.normal(size=size) for size in ((3, 4), 3, (5, 4), (5, 3))),
    "8 by 8": tuple(RANDOM.integers(-3, 4, size) for size in ((8, 8), 8, (8, 8), (8, 8))),
}
KEEP, GIVE, TAKE, DX, DW, DB, AGAIN, ADD, END = range(9)  # the steps, counted from 0


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return tuple(np.array(one, dtype=float) for one in CASES[request.param])


def autograd(case, calls: int) -> dict[str, np.ndarray]:
    """What nn.Linear and autograd make of *case* when both ways are gone *calls* times and nothing is set to zero."""
    weight, bias, samples, upstream = (torch.tensor(one) for one in case)
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    for _ in range(calls):
        x = samples.clone().requires_grad_()
        y = layer(x)
        y.backward(upstream)
    found = {"y": y, "dX": x.grad, "weight.grad": layer.weight.grad, "bias.grad": layer.bias.grad}
    return {id: one.detach().numpy() for id, one in found.items()}


def test_one_call_and_two_calls_show_the_numbers_of_autograd(case):
    board = both_ways_board(*case)
    for step, calls in ((DB, 1), (AGAIN, 1), (ADD, 2), (END, 2)):
        shown = board.state(step)
        for id, array in autograd(case, calls).items():
            assert board.matrix(id).shape == array.shape, id
            np.testing.assert_allclose([value(text) for text in shown[id]], array.ravel(), atol=5e-3, err_msg=f"{id} {step}")


def test_only_the_gradients_of_parameters_differ_between_the_calls():
    board = both_ways_board(W, B, X, G)
    once, twice = board.state(DB), board.state(END)
    changed = [card.name for card in board.cards for id in card.matrices if once[id] != twice[id]]
    assert changed == ["bias.grad", "weight.grad"]


def test_the_shape_of_a_gradient_is_the_shape_of_its_tensor(case):
    board = both_ways_board(*case)
    shapes = {card.name: card.shape for card in board.cards}
    for gradient, tensor in (("dX", "x"), ("weight.grad", "weight"), ("bias.grad", "bias"), ("G", "y"), ("cache", "x")):
        assert board.matrix(gradient).shape == board.matrix(tensor).shape
        assert board.matrix(gradient).axes == board.matrix(tensor).axes
        assert shapes[gradient] == shapes[tensor]


def test_every_sum_adds_up_and_is_the_entry_it_stands_for(case):
    board = both_ways_board(*case)
    seen = set()
    for number, step in enumerate(board.steps):
        shown = board.state(number)
        for known in step.known:
            for flat, text in enumerate(known.sums):
                left, right = worked_out(text)
                assert close(text, left, right) or ("≈" in text and abs(left - right) < 0.06), text
                assert abs(value(shown[known.matrix][flat]) - right) < 0.01
                seen.add((number, known.matrix))
    wanted = {(GIVE, "y"), (AGAIN, "y"), (DX, "dX"), (DW, "weight.grad"), (DB, "bias.grad")}
    assert seen == wanted | {(ADD, one) for one in ("dW", "weight.grad", "bias.grad")}


def test_the_lit_entries_multiplied_and_added_give_each_entry(case):
    weight, bias, samples, upstream = case
    board = both_ways_board(*case)
    arrays = {"x": samples, "cache": samples, "weight": weight, "T": weight.T, "G": upstream, "GT": upstream.T, "bias": bias}
    factors = {GIVE: ("x", "weight", "y"), DX: ("G", "weight", "dX"), DW: ("G", "cache", "weight.grad")}
    twins = {GIVE: ("T", "weight"), DW: ("GT", "G")}
    exact = autograd(case, 1)
    for number, (left, right, result) in factors.items():
        (known,) = board.steps[number].known
        parts = {part.matrix: [arrays[part.matrix].ravel()[list(flats)] for flats in part.at] for part in known.parts}
        extra = parts["bias"] if number == GIVE else [np.zeros(1)] * exact[result].size
        sums = [one @ other + add[0] for one, other, add in zip(parts[left], parts[right], extra, strict=True)]
        np.testing.assert_allclose(sums, exact[result].ravel(), rtol=1e-9, atol=1e-12)
        if number in twins:
            turned, plain = twins[number]
            assert all((one == other).all() for one, other in zip(parts[turned], parts[plain], strict=True))
    (known,) = board.steps[DB].known
    sums = [upstream.ravel()[list(flats)].sum() for flats in known.parts[0].at]
    np.testing.assert_allclose(sums, exact["bias.grad"], rtol=1e-9, atol=1e-12)


def test_the_sums_of_whole_numbers_can_be_done_in_the_head():
    board = both_ways_board(W, B, X, G)
    assert [sum_of(board, number) for number in (GIVE, DX, DW, DB, ADD)] == [
        "y[0, 1] = 3·(−1) + (−1)·(−2) + 1·(−1) + (−1)·2 + (−1) = −5",
        "dX[0, 3] = 2·0 + 1·2 + 2·1 = 4",
        "weight.grad[1, 3] = 1·(−1) + 0·1 + 0·3 + 1·(−2) + 1·(−2) = −5",
        "bias.grad[1] = 1 + 0 + 0 + 1 + 1 = 3",
        "weight.grad[1, 3] = −5 + (−5) = −10",
    ]
    assert [board.steps[number].gone for number in (GIVE, DX, DW, DB)] == [("in",), ("out",), ("N",), ("N",)]
    for language in LANGUAGES:
        assert "bias.grad[1] = 3 + 3 = 6" in board.steps[ADD].text(language)
        assert "dX[0, 3] = 4" in board.steps[END].text(language)


def test_the_cache_is_filled_on_the_way_forward_and_opened_only_on_the_way_back():
    board = both_ways_board(W, B, X, G)
    assert board.state(-1)["cache"] == [None] * 20
    assert board.state(KEEP)["cache"] == board.state(END)["cache"] == list(board.matrix("x").entries)
    assert board.state(TAKE - 1)["G"] == [None] * 15
    assert [number for number, step in enumerate(board.steps) if "cache>backward" in step.reached] == [TAKE]
    assert "cache" in board.steps[DW].panel
    assert "x" not in board.steps[DW].panel, "backward has no other x than the kept one"
    assert [step.phase == FORWARD for step in board.steps] == [True, True, False, False, False, False, True, False, False]


def test_it_can_ask_for_the_gradient_of_the_first_call_before_it_is_shown():
    board = asking(both_ways_board(W, B, X, G), "weight.grad[1, 3]", "dX")
    assert board.steps[DW].question.answer == (-5.0,)
    assert board.steps[DX].question.answer == (5.0, 4.0)


def test_every_step_speaks_three_languages_with_numbers(case):
    assert speaks(both_ways_board(*case)) == []


def test_it_stands_at_three_widths_and_nothing_covers_anything():
    board = both_ways_board(W, B, X, G)
    assert [frame.width for frame in board.frames] == [840, 600, 340]
    drawn = [{path.line for path in frame.paths} for frame in board.frames]
    everything = {line.id for line in board.lines}
    assert drawn == [everything, everything, everything - set(OF_PARAMETERS)]
    box = {one.id.removeprefix("card:"): one for one in board.frames[0].boxes}
    assert box["forward"].y < box["cache"].y < box["backward"].y, "the drawer is between the two"
    assert box["x"].x == box["dX"].x < box["forward"].x < box["y"].x == box["G"].x


def test_nothing_covers_anything_whatever_the_size(case):
    board = both_ways_board(*case)
    assert board.frames, "at least the widest"
    assert all(frame.width <= 860 for frame in board.frames)
    assert stands_well(board) == []


def test_arrows_go_from_card_to_card_and_cross_none(case):
    board = both_ways_board(*case)
    assert strays(board) == []


def test_it_takes_tensors_and_a_column_of_biases_and_keeps_a_copy():
    samples = torch.tensor(X, dtype=torch.float64)
    board = both_ways_board(
        torch.nn.Parameter(torch.tensor(W, dtype=torch.float32)), torch.tensor(B)[:, None], samples, np.array(G)
    )
    samples.zero_()
    assert board == both_ways_board(W, B, X, G)


BAD = {
    "samples lie as columns": ((W, B, np.array(X).T, G), ("in", "x", "(4, 5)", "W", "(3, 4)")),
    "one sample without its axis": ((W, B, X[0], G), ("x", "(4,)", "(N, in)")),
    "sheets of samples": ((W, B, [X], G), ("x", "(1, 5, 4)", "(N, in)")),
    "G of another layer": ((W, B, X, np.ones((5, 2))), ("out", "G", "(5, 2)", "W", "3")),
    "G of another batch": ((W, B, X, G[:4]), ("N", "G", "(4, 3)", "x", "(5, 4)")),
    "b of another layer": ((W, [1, 2], X, G), ("out", "b", "(2,)")),
    "b as a row": ((W, [B], X, G), ("b", "(1, 3)", "(out,)")),
    "too many samples": ((W, B, np.ones((9, 4)), np.ones((9, 3))), ("x", "(9, 4)", "8")),
    "infinity": ((W, B, X, np.full((5, 3), np.inf)), ("G", "∞", "G[0, 0]")),
    "words": ((W, B, X, "G"), ("G",)),
}


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_drawn_gets_a_sentence_that_says_which(bad):
    arguments, told = BAD[bad]
    assert left_unsaid(lambda: both_ways_board(*arguments), told) == []
