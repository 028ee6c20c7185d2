"""The picture of lesson 02: both halves against NumPy, why x W cannot be, three languages, its frames, and what it refuses."""

import numpy as np
import pytest
import torch

from course import pictures
from course.language import LANGUAGES
from course.views.board import sum_of, unflat
from course.views.two_forms import two_forms_board
from tests.boards import close, left_unsaid, shown_by, speaks, stands_well, value, worked_out

W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
X = [[3, 0, -1, -1, 0], [-1, 2, 0, 0, -2], [1, -1, 1, 2, -2], [-1, 1, 3, -2, -2]]
B = [1, -1, 2]
SQUARE = ([[2, -1, 1], [-3, 1, 2], [1, 0, 2]], [[1, 2], [3, 0], [-2, 1]], [4, -1, 0])
RANDOM = np.random.default_rng(2)
CASES = {
    "the layer of whole numbers": (W, X, B),
    "one sample": (W, [[3], [-1], [1], [-1]], B),
    "square": SQUARE,
    "more neurons than features": ([[1, 2], [3, 4], [5, 6]], [[1, -1], [2, 0]], [0, 1, 2]),
    "one of each": ([[2]], [[3]], [-1]),
    "one neuron": ([[2, 1, 0]], [[3], [1], [2]], [-1]),
    "symmetric": ([[2, 1], [1, 3]], [[1, 4], [2, -1]], [0, 1]),
    "as many samples as features": ([[1, 2], [3, 4], [5, 6]], [[1, 2], [3, 4]], [0, 0, 0]),
    "8 by 8": (RANDOM.integers(-3, 4, (8, 8)), RANDOM.integers(-3, 4, (8, 8)), RANDOM.integers(-3, 4, 8)),
    "generic numbers": (RANDOM.normal(size=(3, 2)), RANDOM.normal(size=(2, 4)), RANDOM.normal(size=3)),
}
WRONG = 3  # the step, counted from 0, that tries x W


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return tuple(np.array(one, dtype=float) for one in CASES[request.param])


def test_both_halves_show_what_numpy_computes(case):
    weights, samples, b = case
    board = two_forms_board(*case)
    shown = board.state(len(board.steps) - 1)
    expected = {
        "W": weights,
        "X": samples,
        "B": b[:, None],
        "Z": weights @ samples + b[:, None],
        "A": weights,
        "x": samples.T,
        "T": weights.T,
        "b": b,
        "y": samples.T @ weights.T + b,
    }
    for id, array in expected.items():
        assert board.matrix(id).shape == array.shape, id
        np.testing.assert_allclose([value(text) for text in shown[id]], array.ravel(), atol=5e-3, err_msg=id)


def test_every_sum_adds_up_and_is_the_entry_it_stands_for(case):
    board = two_forms_board(*case)
    seen = set()
    for number, step in enumerate(board.steps):
        for known in step.known:
            if known.matrix not in ("Z", "y"):
                continue
            for flat, text in enumerate(known.sums):
                left, right = worked_out(text)
                assert close(text, left, right), text
                shown = board.state(number)[known.matrix][flat]
                assert shown is None or abs(value(shown) - right) < 0.01
                seen.add(known.matrix)
    assert seen == {"Z", "y"}


def test_the_lit_entries_multiplied_and_added_give_each_entry(case):
    weights, samples, b = case
    board = two_forms_board(*case)
    arrays = {"W": weights, "X": samples, "B": b, "x": samples.T, "T": weights.T, "b": b}
    for step in board.steps:
        for known in step.known:
            if known.matrix not in ("Z", "y"):
                continue
            result = (weights @ samples + b[:, None]) if known.matrix == "Z" else (samples.T @ weights.T + b)
            left, right, bias = ([arrays[part.matrix].ravel()[list(flats)] for flats in part.at] for part in known.parts)
            sums = [float(p @ q + r[0]) for p, q, r in zip(left, right, bias, strict=True)]
            np.testing.assert_allclose(sums, result.ravel(), rtol=1e-9, atol=1e-12)


def test_a_transposed_entry_is_linked_to_the_one_it_was(case):
    board = two_forms_board(*case)
    for id, before, step in (("x", "X", 2), ("T", "A", 4)):
        (known,) = board.steps[step].known
        (part,) = known.parts
        assert (known.matrix, part.matrix) == (id, before)
        for flat, (source,) in enumerate(part.at):
            assert unflat(flat, board.matrix(id).shape) == unflat(source, board.matrix(before).shape)[::-1]
            assert board.matrix(id).entries[flat] == board.matrix(before).entries[source]


def test_the_right_half_is_the_left_half_mirrored():
    for frame in two_forms_board(W, X, B).frames:
        box = {one.id.removeprefix("card:"): one for one in frame.boxes}
        assert box["W"].y == box["Z"].y, "the left factor stands at the left of the product"
        assert box["X"].x == box["Z"].x, "and the right factor above it"
        assert box["x"].y == box["y"].y
        assert box["T"].x == box["y"].x == box["b"].x
        assert box["W"].x < box["Z"].x
        assert box["X"].y < box["Z"].y
        assert box["x"].x < box["y"].x
        assert box["T"].y < box["y"].y < box["b"].y
        assert box["A"].x == box["x"].x, "W as it is stands above x, in over in"
        assert box["A"].y < box["x"].y


def test_the_same_pair_is_followed_through_both_halves():
    board = two_forms_board(W, X, B)
    assert [sum_of(board, number) for number in (0, 5)] == [
        "Z[1, 0] = (−1)·3 + (−2)·(−1) + (−1)·1 + 2·(−1) + (−1) = −5",
        "y[0, 1] = 3·(−1) + (−1)·(−2) + 1·(−1) + (−1)·2 + (−1) = −5",
    ]


def test_where_the_sizes_differ_a_number_of_x_w_has_no_partner():
    board = two_forms_board(W, X, B)
    step = board.steps[WRONG]
    for language in LANGUAGES:
        assert "3·0 + (−1)·(−2) + 1·(−1) + (−1)·?" in step.text(language)
    assert step.known[0].parts[0].at == ((0, 1, 2, 3),), "a row of x"
    assert step.known[0].parts[1].at == ((1, 5, 9),), "a column of W"
    assert [(one.formula, one.fits, one.verdict) for one in step.proof] == [
        ("x W", False, "✗ in 4 ≠ out 3"),
        ("W x", False, "✗ in 4 ≠ N 5"),
    ]
    assert [(one.formula, one.fits, one.shape) for one in board.steps[-1].proof][-1] == ("x Wᵀ", True, (5, 3))


def test_more_neurons_than_features_leave_a_weight_without_a_partner():
    text = two_forms_board(*CASES["more neurons than features"]).steps[WRONG].text("en")
    assert "1·2 + 2·4 + ?·6" in text


def test_for_a_square_w_the_wrong_product_is_shown_with_what_the_neuron_gives():
    weights, samples, _ = (np.array(one) for one in SQUARE)
    board = two_forms_board(*SQUARE)
    step = board.steps[WRONG]
    (known,) = step.known
    assert [value(text) for text in board.state(WRONG)["xW"]] == (samples.T @ weights).ravel().tolist()
    assert all(worked_out(text)[0] == worked_out(text)[1] for text in known.sums)
    n, i = unflat(int(step.focus.partition("#")[2]), (2, 3))
    right = (samples.T @ weights.T)[n, i]
    assert (samples.T @ weights)[n, i] != right, "an entry in which the two differ"
    assert step.text("en").endswith(f"where neuron {i + 1}, without its bias, gives {str(right).replace('-', '−')}.")
    assert step.proof[0].verdict == "✗ in ≠ out"
    assert not step.proof[0].fits


@pytest.mark.parametrize("name", ["symmetric", "one of each"])
def test_where_both_products_agree_nobody_is_told_that_they_differ(name):
    text = two_forms_board(*CASES[name]).steps[WRONG].text("en")
    assert "chance" in text
    assert "where neuron" not in text


def test_as_many_samples_as_features_do_not_make_w_x_fit():
    board = two_forms_board(*CASES["as many samples as features"])
    assert [one.verdict for one in board.steps[WRONG].proof] == ["✗ in 2 ≠ out 3", "✗ in ≠ N"]


def test_every_step_speaks_three_languages_with_numbers(case):
    assert speaks(two_forms_board(*case)) == []


def test_it_stands_at_three_widths_and_nothing_covers_anything():
    board = two_forms_board(W, X, B)
    assert [frame.width for frame in board.frames] == [840, 600, 340]
    assert stands_well(board) == []


def test_nothing_covers_anything_whatever_the_size(case):
    assert stands_well(two_forms_board(*case)) == []


def test_arrows_end_at_the_cards_they_belong_to(case):
    board = two_forms_board(*case)
    lines = {one.id: one for one in board.lines}
    for frame in board.frames:
        boxes = {one.id: one for one in frame.boxes}
        for path in frame.paths:
            for (x, y), id in ((path.points[0], lines[path.line].start), (path.points[-1], lines[path.line].end)):
                box = boxes[id]
                assert box.x <= x <= box.x + box.w, (frame.width, path.line)
                assert box.y <= y <= box.y + box.h, (frame.width, path.line)


def test_it_takes_tensors_and_a_column_of_biases_and_keeps_a_copy():
    weights, samples = torch.tensor(W, dtype=torch.float64), torch.nn.Parameter(torch.tensor(X, dtype=torch.float32))
    board = two_forms_board(weights, samples, torch.tensor(B)[:, None])
    weights.zero_()
    assert board == two_forms_board(W, X, B)


BAD = {
    "samples lie as rows": ((W, np.array(X).T, B), ("X", "(5, 4)", "X.T", "(4, 5)")),
    "one axis": ((W, [3, -1, 1, -1], B), ("X", "(4,)", "(in, N)")),
    "other features": ((W, np.ones((3, 2)), B), ("in", "W", "(3, 4)", "X", "(3, 2)")),
    "b of another layer": ((W, X, [1, 2]), ("out", "b", "(2,)", "3")),
    "b as a row": ((W, X, [B]), ("b", "(1, 3)", "(out,)")),
    "too many samples": ((W, np.ones((4, 9)), B), ("X", "(4, 9)", "8")),
    "infinity": (([[1, float("inf")]], [[1], [2]], [0]), ("W", "∞", "W[0, 1]")),
    "words": ((W, X, "b"), ("b",)),
}


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_drawn_gets_a_sentence_that_says_which(bad):
    arguments, told = BAD[bad]
    assert left_unsaid(lambda: two_forms_board(*arguments), told) == []


def test_in_a_notebook_a_refusal_is_a_sentence_in_every_language(monkeypatch):
    (found,) = shown_by(monkeypatch, lambda: pictures.two_forms(W, np.array(X).T, B))
    assert [f'lang="{language}"' in found["text/html"] for language in LANGUAGES] == [True] * 3
    assert "X.T" in found["text/plain"]
