"""The picture of lesson 04: every position against NumPy, flat and folded back, three languages, its frames, what it refuses."""

import math

import numpy as np
import pytest
import torch

from course.language import LANGUAGES
from course.views.board import sum_of, unflat
from course.views.leading_axes import leading_axes_board
from tests.boards import close, left_unsaid, speaks, stands_well, strays, value, worked_out

W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
BATCH = [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]]
X = [BATCH[:3], BATCH[2:]]  # two sheets
B = [1, -1, 2]
RANDOM = np.random.default_rng(4)
CASES = {
    "two sheets of the layer of whole numbers": (X, W, B),
    "one axis": (BATCH[0], W, B),
    "a batch": (BATCH, W, B),
    "four axes": (RANDOM.integers(-3, 4, (2, 3, 2, 4)), W, B),
    "four axes of different sizes": (RANDOM.integers(-3, 4, (4, 1, 2, 3)), RANDOM.integers(-3, 4, (2, 3)), [1, 0]),
    "one of each": ([[[2]]], [[3]], [-1]),
    "one neuron": (RANDOM.integers(-3, 4, (2, 2, 3)), [[2, 1, 0]], [-1]),
    "as many positions as there may be": (RANDOM.integers(-3, 4, (8, 8, 1)), [[2]], [1]),
    "square, so that a wrong axis would fit": (RANDOM.integers(-3, 4, (3, 3, 3)), RANDOM.integers(-3, 4, (3, 3)), [1, 0, -1]),
    "generic numbers": (RANDOM.normal(size=(2, 3, 2)), RANDOM.normal(size=(4, 2)), RANDOM.normal(size=4)),
}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return tuple(np.array(one, dtype=float) for one in CASES[request.param])


def test_the_last_step_shows_what_torch_computes(case):
    x, weights, b = case
    board = leading_axes_board(*case)
    shown = board.state(len(board.steps) - 1)
    y = torch.nn.functional.linear(*(torch.tensor(one) for one in case)).numpy()
    flat = y.reshape(-1, len(b))
    for id, array in {"x": x, "W": weights, "b": b, "y": y, "xf": x.reshape(-1, x.shape[-1]), "yf": flat, "T": weights.T}.items():
        assert board.matrix(id).shape == array.shape, id
        np.testing.assert_allclose([value(text) for text in shown[id]], array.ravel(), atol=5e-3, err_msg=id)
    for at, row in enumerate(flat):
        np.testing.assert_allclose([value(text) for text in shown[f"y:{at}"]], row, atol=5e-3)


def test_each_step_brings_one_position_and_lights_only_its_numbers(case):
    x, _, b = case
    board = leading_axes_board(*case)
    leading = x.shape[:-1]
    count = math.prod(leading)
    assert len(board.steps) == count + 5
    for at in range(count):
        step = board.steps[at + 1]
        before, after = board.state(at)["y"], board.state(at + 1)["y"]
        new = [flat for flat, (old, text) in enumerate(zip(before, after, strict=True)) if old is None and text is not None]
        position = unflat(at, leading)
        assert [unflat(flat, (*leading, len(b))) for flat in new] == [(*position, i) for i in range(len(b))]
        lit = {one.partition("#")[0]: [] for one in step.lit}
        for one in step.lit:
            name, _, flat = one.partition("#")
            lit[name] += [unflat(int(flat), x.shape)] if name == "x" else []
        assert lit["x"] == [(*position, j) for j in range(x.shape[-1])]
        assert step.panel[0] == f"x:{at}"
        assert step.panel[-1] == f"y:{at}"
        np.testing.assert_allclose([value(one) for one in board.matrix(f"x:{at}").entries], x[position], atol=5e-3)


def test_every_sum_adds_up_and_is_the_entry_it_stands_for(case):
    board = leading_axes_board(*case)
    seen = 0
    for number, step in enumerate(board.steps):
        for known in step.known:
            if known.matrix == "xf" or "[" in known.sums[0]:
                continue
            for flat, text in enumerate(known.sums):
                left, right = worked_out(text)
                assert close(text, left, right), text
                shown = board.state(number)[known.matrix][flat]
                assert shown is None or abs(value(shown) - right) < 0.01
                seen += 1
    assert seen >= case[0].size // case[0].shape[-1] * len(case[2])


def test_the_lit_entries_multiplied_and_added_give_each_entry(case):
    x, weights, b = case
    arrays = {"x": x, "xf": x, "W": weights, "T": weights.T, "b": b}
    y = (x @ weights.T + b).ravel()
    for step in leading_axes_board(*case).steps:
        for known in step.known:
            if known.matrix not in ("y", "yf") or len(known.parts) < 3:
                continue
            left, right, turned, bias = ([arrays[one.matrix].ravel()[list(at)] for at in one.at] for one in known.parts[:4])
            for factor in (right, turned):
                sums = [float(p @ q + r[0]) for p, q, r in zip(left, factor, bias, strict=True)]
                np.testing.assert_allclose(sums, y, rtol=1e-9, atol=1e-12)


def test_flat_and_folded_back_every_number_is_the_one_it_was(case):
    board = leading_axes_board(*case)
    for number, id, before in ((-3, "xf", "x"), (-1, "y", "yf")):
        (known,) = board.steps[number].known
        (part,) = known.parts
        assert (known.matrix, part.matrix) == (id, before)
        texts = [board.matrix(before).entries[source] for (source,) in part.at]
        assert tuple(texts) == board.matrix(id).entries
        assert list(known.sums) == [
            f"{board.matrix(before).entry(source)} = {text}" for (source,), text in zip(part.at, texts, strict=True)
        ]


def test_the_words_name_positions_shapes_and_sums():
    board = leading_axes_board(X, W, B)
    assert sum_of(board, 1) == "y[0, 0, 0] = 3·(−1) + (−1)·0 + 1·2 + (−1)·0 + 1 = 0"
    assert sum_of(board, 5) == "y[1, 1, 1] = (−1)·(−1) + 0·(−2) + 2·(−1) + (−2)·2 + (−1) = −6"
    told = {
        4: ("x[1, 0]", "y[1, 0] = [4, 5, 3]"),
        7: ("(2, 3, 4)", "(2, 3, 3)", "(2, 3)", "12"),
        8: ("x[1, 2]", "xf[5]", "(6, 4)"),
    }
    told |= {9: ("(6, 4)", "(4, 3)", "(6, 3)", "yf[5, 2]"), 10: ("yf.reshape(2, 3, 3)", "yf[5]", "y[1, 2]", "18")}
    for number, words in told.items():
        for language in LANGUAGES:
            assert [one for one in words if one not in board.steps[number].text(language)] == [], (number, language)


def test_without_leading_axes_nothing_is_said_to_be_kept():
    for number in (0, 2):
        assert "()" not in leading_axes_board(BATCH[0], W, B).steps[number].text("en")


def test_every_step_speaks_three_languages_with_numbers(case):
    assert speaks(leading_axes_board(*case)) == []


def test_it_stands_at_three_widths_and_nothing_covers_anything():
    board = leading_axes_board(X, W, B)
    assert [frame.width for frame in board.frames] == [840, 600, 340]
    assert stands_well(board) == []


def test_nothing_covers_anything_whatever_the_size(case):
    board = leading_axes_board(*case)
    assert board.frames, "at least the widest"
    assert stands_well(board) == []


def test_arrows_end_at_the_cards_they_belong_to_and_cross_none(case):
    board = leading_axes_board(*case)
    assert strays(board) == []
    assert all(len(path.points) == 2 for frame in board.frames for path in frame.paths), "they are straight"


def test_what_is_written_beside_an_arrow_is_not_cut_off(case):
    for frame in leading_axes_board(*case).frames:
        for label in frame.labels:
            assert label.x >= 0, (frame.width, label.text)
            assert label.x + 7.3 * len(label.text) <= frame.width, (frame.width, label.text)


def test_it_takes_tensors_lists_and_a_column_of_biases_and_keeps_a_copy():
    x = torch.tensor(X, dtype=torch.float32, requires_grad=True)
    weights = torch.nn.Parameter(torch.tensor(W, dtype=torch.float64))
    board = leading_axes_board(x, weights, torch.tensor(B)[:, None])
    with torch.no_grad():
        x.zero_()
        weights.zero_()
    assert board == leading_axes_board(X, W, B)


BAD = {
    "no axis": ((3, W, B), ("x", "()", "(*, in)")),
    "five axes": ((np.ones((1, 1, 1, 1, 4)), W, B), ("x", "(1, 1, 1, 1, 4)", "(*, *, *, in)")),
    "features on axis 1": ((np.ones((2, 4, 3)), W, B), ("in", "W", "(3, 4)", "x", "(2, 4, 3)")),
    "b of another layer": ((X, W, [1, 2]), ("out", "b", "(2,)", "3")),
    "too many numbers": ((np.ones((3, 6, 4)), W, B), ("x", "(3, 6, 4)", "72", "64")),
    "too many results": ((np.ones((4, 8, 1)), [[1], [2], [3]], B), ("y", "(4, 8, 3)", "96", "64")),
    "no positions": ((np.ones((0, 4)), W, B), ("x", "(0, 4)")),
    "not a number": (([BATCH[0], [0, 1, float("nan"), 2]], W, B), ("x", "NaN", "x[1, 2]")),
    "words": ((["a"], W, B), ("x",)),
    "W of one axis": ((X, B, B), ("W", "(3,)", "(out, in)")),
}


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_drawn_gets_a_sentence_that_says_which(bad):
    arguments, told = BAD[bad]
    assert left_unsaid(lambda: leading_axes_board(*arguments), told) == []
