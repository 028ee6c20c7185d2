"""The picture of lesson 01: its numbers against NumPy, its sentences in three languages, its frames, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from course import pictures
from course.language import LANGUAGES
from course.views.board import unflat
from course.views.layer import layer_board
from course.views.pieces import HOTTEST
from tests.boards import close, left_unsaid, shown_by, speaks, stands_well, value, worked_out

W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
X = [3, -1, 1, -1]
B = [1, -1, 2]
RANDOM = np.random.default_rng(1)
CASES = {
    "the layer of whole numbers": (W, X, B),
    "one feature, one neuron": ([[2]], [3], [-1]),
    "one neuron": ([[2, -1, 1]], [1, 3, -2], [4]),
    "8 by 8": (RANDOM.integers(-3, 4, (8, 8)), RANDOM.integers(-3, 4, 8), RANDOM.integers(-3, 4, 8)),
    "generic numbers": (RANDOM.normal(size=(2, 5)), RANDOM.normal(size=5), RANDOM.normal(size=2)),
    "all zero": (np.zeros((2, 3)), np.zeros(3), np.zeros(2)),
}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return tuple(np.array(one, dtype=float) for one in CASES[request.param])


def test_the_last_step_shows_what_numpy_computes(case):
    weights, x, b = case
    board = layer_board(weights, x, b)
    shown = board.state(len(board.steps) - 1)
    z = weights @ x + b
    np.testing.assert_allclose([value(text) for text in shown["Z"]], z, atol=5e-3)
    np.testing.assert_allclose([value(shown[f"z:{i}"][0]) for i in range(len(z))], z, atol=5e-3)
    for name, given in (("W", weights), ("X", x), ("B", b)):
        np.testing.assert_allclose([value(text) for text in shown[name]], given.ravel(), atol=5e-3)
    assert board.matrix("Z").shape == (len(b), 1)


def test_every_sum_that_is_written_out_adds_up(case):
    board = layer_board(*case)
    seen = 0
    for step in board.steps:
        for known in step.known:
            for text in filter(None, known.sums):
                left, right = worked_out(text)
                assert close(text, left, right), text
                seen += 1
    assert seen >= len(case[2])


def test_the_entries_that_light_up_are_those_of_the_sum(case):
    weights, x, b = case
    board = layer_board(*case)
    for i in range(len(b)):
        known = [known for step in board.steps for known in step.known if known.matrix == f"z:{i}"][-1]
        parts = {part.matrix: part.at[0] for part in known.parts}
        assert [unflat(flat, weights.shape) for flat in parts["W"]] == [(i, j) for j in range(len(x))]
        assert parts["X"] == tuple(range(len(x)))
        assert parts["B"] == (i,)
        assert set(parts) == {"W", "X", "B", f"b:{i}", *(f"x:{j}" for j in range(len(x)))}


def test_the_first_neuron_is_summed_up_link_by_link_and_each_sum_is_the_running_one():
    board = layer_board(W, X, B)
    texts = [board.state(step)["z:0"][0] for step in range(7)]
    assert texts == [None, "−3", "−3", "−1", "−1", "0", "0"]
    finals = [known.final for step in board.steps for known in step.known if known.matrix == "z:0"]
    assert finals == [False, False, False, False, True]
    assert [board.steps[stop.step].focus for stop in board.stops] == ["z:0#0", "z:1#0", "z:2#0"]
    assert board.state(6)["Z"] == ["0", "−5", None]
    assert "(−1)·3 + (−2)·(−1) + (−1)·1 + 2·(−1) + (−1) = −5" in board.steps[6].text("en")


def test_only_the_neurons_of_a_step_are_lit():
    board = layer_board(W, X, B)
    for step in board.steps[1:-1]:
        assert len([id for id in step.lit if id.startswith("card:z:")]) == 1
    assert board.steps[3].lit == ("card:z:0", "card:x:2", "w:0:2")
    assert board.steps[3].reached == ("w:0:2",)


def test_every_link_goes_from_its_feature_to_its_neuron():
    board = layer_board(W, X, B)
    links = {one.id: (one.start, one.end) for one in board.lines}
    assert {f"w:{i}:{j}": (f"card:x:{j}", f"card:z:{i}") for i in range(3) for j in range(4)}.items() <= links.items()
    for frame in board.frames:
        boxes = {one.id: one for one in frame.boxes}
        weights = {label.line: label.text for label in frame.labels}
        assert weights == {f"w:{i}:{j}": str(W[i][j]).replace("-", "−") for i in range(3) for j in range(4)}
        for path in frame.paths:
            start, end = (boxes[id] for id in links[path.line])
            assert path.points[0][0] in (start.x, start.x + start.w)
            assert path.points[-1][0] in (end.x, end.x + end.w)
            assert end.y <= path.points[-1][1] <= end.y + end.h


def test_the_heat_is_the_weights_against_the_largest():
    np.testing.assert_allclose(layer_board(W, X, B).matrix("W").heat, HOTTEST * np.array(W).ravel() / 2)
    assert layer_board([[0, 0]], [1, 2], [0]).matrix("W").heat is None


def test_every_step_speaks_three_languages_with_numbers(case):
    assert speaks(layer_board(*case)) == []


def test_it_stands_at_three_widths_and_nothing_covers_anything():
    board = layer_board(W, X, B)
    assert [frame.width for frame in board.frames] == [840, 600, 340]
    assert stands_well(board) == []


def test_nothing_covers_anything_whatever_the_size(case):
    board = layer_board(*case)
    assert board.frames, "at least the widest"
    assert stands_well(board) == []


def test_the_weights_on_the_links_do_not_cover_each_other():
    for frame in layer_board(W, X, B).frames:
        spots = [(one.x, one.y, 6 + 7 * len(one.text), 14) for one in frame.labels]
        pairs = [(a, b) for i, a in enumerate(spots) for b in spots[:i]]
        assert not [(a, b) for a, b in pairs if abs(a[0] - b[0]) < min(a[2], b[2]) - 4 and abs(a[1] - b[1]) < 10], frame.width


@pytest.mark.parametrize("kind", ["list", "numpy", "torch", "parameter", "column"])
def test_it_takes_lists_arrays_and_tensors(kind):
    make = {
        "list": list,
        "numpy": np.array,
        "torch": torch.tensor,
        "parameter": lambda one: torch.nn.Parameter(torch.tensor(one, dtype=torch.float32)),
        "column": lambda one: np.array(one) if np.ndim(one) == 2 else np.array(one)[:, None],
    }[kind]
    assert layer_board(make(W), make(X), make(B)) == layer_board(W, X, B)


def test_numbers_of_float32_are_written_as_they_were_typed():
    board = layer_board(torch.tensor([[0.2, 0.4, 0.9]]), torch.tensor([0.3, 0.3, 0.9]), torch.tensor([0.0]))
    assert board.matrix("W").entries == ("0.2", "0.4", "0.9")
    assert "0.06" in board.steps[1].text("en")
    assert board.state(len(board.steps) - 1)["Z"] == ["0.99"]


def test_it_keeps_a_copy():
    weights = torch.tensor(W)
    board = layer_board(weights, X, B)
    weights.zero_()
    assert board == layer_board(W, X, B)


BAD = {
    "x is the batch": ((W, [X, X], B), ("x", "(2, 4)", "(in,)")),
    "W has one axis": ((X, X, B), ("W", "(4,)", "(out, in)")),
    "W is transposed": ((np.array(W).T, X, B), ("in", "W", "(4, 3)", "3", "x", "4")),
    "b of another layer": ((W, X, [1, 2]), ("out", "3", "b", "(2,)")),
    "rows of different lengths": (([[1, 2], [3]], X, B), ("W",)),
    "words": ((W, ["a", "b", "c", "d"], B), ("x",)),
    "nothing": ((W, None, B), ("x",)),
    "truth values": ((np.array(W) > 0, X, B), ("W",)),
    "too many features": ((np.ones((2, 9)), np.ones(9), [0, 0]), ("W", "(2, 9)", "8")),
    "no features": ((np.ones((2, 0)), np.ones(0), [0, 0]), ("W", "(2, 0)")),
    "not a number": ((W, [3, float("nan"), 1, -1], B), ("x", "NaN", "x[1]")),
    "infinity": ((W, X, [1, float("-inf"), 2]), ("b", "−∞", "b[1]")),
    "complex": ((np.array(W) * 1j, X, B), ("W",)),
    "sparse": ((torch.tensor(W).to_sparse(), X, B), ("W", "sparse_coo")),
    "no numbers": ((torch.empty(3, 4, device="meta"), X, B), ("W", "meta")),
}


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_what_cannot_be_drawn_gets_a_sentence_that_says_which(bad):
    arguments, told = BAD[bad]
    assert left_unsaid(lambda: layer_board(*arguments), told) == []


def test_in_a_notebook_a_refusal_is_a_sentence_in_every_language_and_no_traceback(monkeypatch):
    (found,) = shown_by(monkeypatch, lambda: pictures.layer(W, [X, X], B))
    assert [f'lang="{language}"' in found["text/html"] for language in LANGUAGES] == [True] * 3
    assert "(2, 4)" in found["text/plain"]
    assert "Traceback" not in str(found)


def test_in_a_notebook_the_board_is_shown(monkeypatch):
    alive, twin = shown_by(monkeypatch, lambda: pictures.layer(W, X, B))
    assert "application/vnd.jupyter.widget-view+json" in alive
    assert "nl-board-twin" in twin["text/html"]
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    (table,) = shown_by(monkeypatch, lambda: pictures.layer(W, X, B))
    assert set(table) == {"text/html", "text/plain"}


def test_pictures_are_imported_without_anything_heavy():
    code = "import sys, course.pictures; print([one for one in ('torch', 'numpy', 'anywidget', 'IPython') if one in sys.modules])"
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert heavy == plain_course()


def plain_course() -> str:
    """What `import course` alone brings in."""
    code = "import sys, course; print([one for one in ('torch', 'numpy', 'anywidget', 'IPython') if one in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
