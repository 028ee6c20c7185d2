"""Judging: states, points and sentences from plain data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course.asking import ask
from course.check import asked as asked_in
from course.exercise import N_, OTHER, Exercise, Inputs, Mistake, Part, normal
from course.exercises import find
from course.exercises.lesson_01 import column_shapes, linear_column, mended_layer, one_neuron, weight_of_link
from course.judging import judge
from course.judging.compare import Match, first_difference
from course.judging.shape_errors import clash
from course.language import translate
from course.verdict import State, Verdict
from tests.learner import cell, define


def judged(source: str, exercise: Exercise = linear_column) -> Verdict:
    return judge(exercise, ask(exercise, define(source, exercise.entry), limit=2))


def words(verdict: Verdict) -> str:
    return " ".join(translate(say, "en") for say in verdict.says)


RIGHT = "def linear_column(W, X, b):\n    return W @ X + b[:, None]"


def test_a_right_answer_earns_all_and_says_nothing():
    verdict = judged(RIGHT)
    assert (verdict.state, verdict.earned, verdict.says, verdict.evidence) == (State.RIGHT, 4, (), ())


@pytest.mark.parametrize(
    ("source", "state", "sentence"),
    [
        ("def linear_column(W, X, b):\n    raise NotImplementedError", State.NOT_ATTEMPTED, ""),
        ("def linear_column(W, X, b):\n    W @ X + b[:, None]", State.WRONG, "returned **nothing**"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).tolist()", State.WRONG, "`list`"),
        ("def linear_column(W, X, b):\n    return 'Z'", State.WRONG, "`str`"),
        ("def linear_column(W, X, b):\n    return W @ X + b[:, None] + 0j", State.WRONG, "complex"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).requires_grad_()", State.WRONG, "requires a gradient"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]) > 0", State.WRONG, "`bool`"),
        ("def linear_column(W, X, b):\n    return np.array(['a'])", State.WRONG, "no array of numbers"),
        ("def linear_column(W, X, b):\n    b += 0.5\n    return W @ X + b[:, None]", State.WRONG, "changed its input"),
        ("def linear_column(W, X):\n    return W @ X", State.FAILED, "cannot be called that way"),
        ("def linear_column(W, X, b):\n    return F.linear(X.T, W, b).T", State.FORBIDDEN, "does without `F.linear`"),
        ("def linear_column(W, X, b):\n    while True: pass", State.OUT_OF_TIME, "within 2 seconds"),
        ("def linear_column(W, X, b):\n    return torch.full((len(b), 1), torch.nan)", State.WRONG, "NaN"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).float()", State.CLOSE, "float32"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).round(decimals=4)", State.CLOSE, "no points yet"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]) ** 2", State.WRONG, "no mistake that we know"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).to_sparse()", State.WRONG, "**sparse**"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).long()", State.WRONG, "whole numbers (`int64`)"),
        ("def linear_column(W, X, b):\n    return (W @ X + b[:, None]).bfloat16()", State.WRONG, "`bfloat16`"),
        ("def linear_column(W, X, b):\n    return W @ X + torch.rand(len(b), 1)", State.WRONG, "two different results"),
        (
            "def linear_column(W, X, b, kept=[]):\n    kept.append(b)\n    return W @ X + sum(kept)[:, None]",
            State.WRONG,
            "two diff",
        ),
        ("def linear_column(W, X, b):\n    return linear_column(W, X, b)", State.FAILED, "**calls itself without end**"),
        ("def linear_column(W, X, b):\n    return W @ X + bias[:, None]", State.FAILED, "Nothing is called `bias`"),
        ("def linear_column(W, X, b):\n    Z = Z + W @ X\n    return Z", State.FAILED, "`Z` is read before"),
        ("def linear_column(W, X, b):\n    return W @ X + b[len(b)]", State.FAILED, "counted from 0 to 2"),
        ("def linear_column(W, X, b):\n    return W @ X + b[:, 0]", State.FAILED, "more indices in the brackets"),
        ("def linear_column(W, X, b):\n    return W @ X + b.sum(1)", State.FAILED, "no axis 1"),
        ("def linear_column(W, X, b):\n    return W.float() @ X", State.FAILED, "different dtype"),
        ("def linear_column(W, X, b):\n    return W.matmull(X)", State.FAILED, "nothing called `matmull`"),
        ("def linear_column(W, X, b):\n    return W @ {}['X']", State.FAILED, "does not hold"),
        ("def linear_column(W, X, b):\n    return W @ X / (len(b) // 9)", State.WRONG, "NaN"),
        ("def linear_column(W, X, b):\n    return 1 // (len(b) // 9)", State.FAILED, "divided by zero"),
        ("def linear_column(W, X, b):\n    return W @ X + [].append(b)", State.FAILED, "Something is `None`"),
        ("def linear_column(W, X, b):\n    return torch.zeros(2, 2)", State.WRONG, "has shape `(2, 2)`"),
        ("linear_column = 3", State.FAILED, "type `int`"),
    ],
    ids=lambda value: value.rpartition("\n")[2].strip() if isinstance(value, str) else "",
)
def test_every_state_has_its_own_sentence(source, state, sentence):
    verdict = judged(source)
    assert verdict.state is state
    assert sentence in words(verdict)
    assert bool(verdict.earned) == (sentence == "float32")


def test_a_gradient_that_lies_in_its_inputs_memory_is_right_and_told_apart():
    """Adding to it would change the input. Where a result may be a view, as of x.T, nothing is said."""
    source = "def linear_column(W, X, b):\n    return b"
    given = replace(linear_column, draw=lambda *_: Inputs(OTHER, W=np.eye(2), X=np.eye(2), b=np.ones(2)), shown=None)
    for views, state in ((True, State.RIGHT), (False, State.CLOSE)):
        exercise = replace(given, expect=lambda i: i.b, views=views)
        verdict = judge(exercise, ask(exercise, define(source, "linear_column")))
        assert (verdict.state, verdict.earned) == (state, 4)
        assert ("memory of `b`" in words(verdict)) is not views


def test_a_name_that_is_not_there_is_not_a_wrong_answer():
    verdict = judge(linear_column, asked_in(linear_column, {}))
    assert verdict.state is State.NOT_DEFINED


def test_a_syntax_error_in_the_answers_cell_is_told_and_an_older_answer_is_not_judged_in_its_place():
    names = cell(RIGHT)
    names["In"] = ["", RIGHT, "check('linear-column')", "def linear_column(W, X, b):\n    return (W @ X\n"]
    verdict = judge(linear_column, asked_in(linear_column, names))
    assert verdict.state is State.FAILED
    assert "syntax error" in words(verdict)
    assert verdict.quote[-1].text == "    return (W @ X"
    names["In"].append("%matplotlib inline\n" + RIGHT)
    assert judge(linear_column, asked_in(linear_column, names)).state is State.RIGHT


def test_a_shape_error_says_which_axes_do_not_meet():
    verdict = judged("def linear_column(W, X, b):\n    return W @ W")
    assert verdict.state is State.FAILED
    assert "`in = 4` and `out = 3`" in words(verdict)
    assert verdict.error.startswith("RuntimeError: mat1 and mat2")
    (meeting,) = verdict.evidence
    assert (meeting.left.name, meeting.right.name) == ("W", "W")
    assert (meeting.left.lit, meeting.right.lit) == (1, 0)


def test_a_size_written_as_a_number_is_told_by_the_draw_of_other_sizes():
    verdict = judged("""
        def linear_column(W, X, b):
            Z = torch.zeros(3, 1).double()
            for i in range(3):
                Z[i, 0] = W[i] @ X[:, 0] + b[i]
            return Z
    """)
    assert verdict.earned == 0
    assert "other sizes" in words(verdict)


def test_whole_numbers_are_the_evidence_where_the_same_mistake_shows_on_them():
    verdict = judged("def linear_column(W, X, b):\n    return W @ X")
    (shown,) = verdict.evidence
    assert shown.left.array.tolist() == [[0], [-5], [4]]
    assert shown.right.array.tolist() == [[-1], [-4], [2]]
    assert [matrix.name for matrix in shown.inputs] == ["W", "X", "b"]


def test_nothing_of_a_secret_draw_is_shown():
    off_by_one = "def linear_column(W, X, b):\n    Z = W @ X + b[:, None]\n    return Z if Z[0, 0] == 0 else Z + 1"
    asked = ask(linear_column, define(off_by_one, "linear_column"), secret="spring")
    assert judge(linear_column, asked).evidence
    assert judge(linear_column, asked, reveal=False).evidence == ()


def test_two_mistakes_at_once_are_named_together():
    verdict = judged("def linear_column(W, X, b):\n    return -(W @ X)")
    assert verdict.mistake == "column_bias_omitted + factor_minus_one"
    assert "second thing" in words(verdict)


def test_no_name_is_given_that_two_draws_do_not_agree_on():
    """Two different mistakes on two draws: each draw alone would have a name."""
    source = """
        calls = []
        def linear_column(W, X, b):
            calls.append(1)
            return W @ X if len(calls) % 2 else W @ X + b
    """
    verdict = judged(source)
    assert verdict.state is State.WRONG
    assert verdict.mistake == ""


def test_a_mistake_that_coincides_with_the_right_answer_on_all_draws_names_nothing():
    harmless = Mistake("harmless", "y", lambda x: 2 * x, N_("m"), N_("h"))
    exercise = Exercise(
        id="double", entry="f", title="", proves="", signature="f(x)", parts=(Part("y", 1),),
        draw=lambda generator, sizes: Inputs(sizes, x=normal(generator, sizes.N)),
        expect=lambda i: 2 * i.x, mistakes=(harmless,),
    )  # fmt: skip
    assert judge(exercise, ask(exercise, lambda x: 3 * x)).mistake == ""
    assert judge(exercise, ask(exercise, lambda x: 2 * x)).state is State.RIGHT


@pytest.mark.parametrize(
    ("expression", "id"),
    [
        ("(W @ x + b).T", "transposed"),
        ("(W @ x + b).T.reshape(W.shape[0], -1)", "reshaped"),
        ("(W @ x + b).reshape(-1)", "flattened"),
        ("(W @ x + b)[None]", "axis_of_one_added"),
        ("-(W @ x + b)", "factor_minus_one"),
        ("2 * (W @ x + b)", "factor_two"),
        ("(W @ x + b) / 2", "factor_half"),
        ("(W @ x + b) / x.shape[1]", "factor_one_over_N"),
        ("(W @ x + b) * x.shape[1]", "factor_N"),
        ("(W @ x + b) / x.shape[1] / W.shape[0]", "factor_one_over_N_out"),
        ("(W @ x + b) / W.shape[1]", "factor_one_over_in"),
        ("-(W @ x + b).T", "transposed + factor_minus_one"),
    ],
    ids=str,
)
def test_forms_and_factors_are_named_in_any_exercise(expression, id):
    exercise = Exercise(
        id="columns", entry="f", title="", proves="", signature="f(W, x, b)", parts=(Part("Z", 1, ("out", "N")),),
        draw=lambda g, s: Inputs(s, W=normal(g, s.out, s.in_), x=normal(g, s.in_, s.N), b=normal(g, s.out, 1)),
        expect=lambda i: i.W @ i.x + i.b,
    )  # fmt: skip
    verdict = judge(exercise, ask(exercise, define(f"def f(W, x, b):\n    return {expression}", "f")))
    assert verdict.mistake == id
    assert verdict.earned == 0


def test_parts_earn_their_points_one_by_one():
    source = "def shapes(in_, out):\n    return (out, in_), (1, in_), (out, 1), (out,)"
    verdict = judged(source, column_shapes)
    assert [part.earned for part in verdict.parts] == [1, 0, 1, 0]
    assert [part.mistake for part in verdict.parts] == ["", "sample_as_row", "", "result_without_second_axis"]


def test_a_wrong_number_of_results_is_told():
    verdict = judged("def shapes(in_, out):\n    return (out, in_), (in_, 1)", column_shapes)
    assert "return 4 results, but it returned 2" in words(verdict)
    assert verdict.earned == 0
    assert "returned **nothing**" in words(judged("def shapes(in_, out):\n    (out, in_), (in_, 1)", column_shapes))
    assert "returned one, of type `int`" in words(judged("def shapes(in_, out):\n    return out", column_shapes))


@pytest.mark.parametrize("exercise", [weight_of_link, one_neuron, linear_column, column_shapes, mended_layer], ids=lambda e: e.id)
@pytest.mark.parametrize("value", ["None", "0", "[]", "torch.zeros(())", "(None,) * 4", "((),) * 4"])
def test_an_empty_answer_earns_nothing(exercise, value):
    verdict = judged(f"def {exercise.entry}(*given):\n    return {value}", exercise)
    assert verdict.earned == 0


@pytest.mark.parametrize(
    ("got", "expected", "match"),
    [
        ([1.0, 2.0], [1.0, 2.0], Match.EQUAL),
        ([1.0, 2.0], [[1.0, 2.0]], Match.SHAPE),
        ([1.0, 2.0 + 1e-12], [1.0, 2.0], Match.EQUAL),
        ([1.0, 2.0 + 1e-6], [1.0, 2.0], Match.NEAR),
        ([1.0, np.nan], [1.0, 2.0], Match.VALUES),
        ([np.inf, 2.0], [1.0, 2.0], Match.VALUES),
        ([np.nan], [np.nan], Match.EQUAL),
        ([1.0, 3.0], [1.0, 2.0], Match.VALUES),
        (np.float32([0.1, 0.7]), [0.1, 0.7], Match.FLOAT32),
        (np.float32([0.1, 0.7]).astype(float), [0.1, 0.7], Match.FLOAT32),
        (np.float16([0.1, 0.7]), [0.1, 0.7], Match.NEAR),
        ([], [], Match.EQUAL),
        ([1e-13, 1.0], [0.0, 1.0], Match.EQUAL),
    ],
    ids=str,
)
def test_first_difference_looks_at_shape_then_values(got, expected, match):
    assert first_difference(np.array(got), np.array(expected, dtype=float)).match is match


def test_worst_is_the_entry_that_is_furthest_off():
    assert first_difference(np.array([[1.0, 9.0], [3.0, np.nan]]), np.array([[1.0, 2.0], [3.0, 4.0]])).worst == (1, 1)


def test_integers_are_compared_exactly():
    assert first_difference(np.array([3.0]), np.array([3])).match is Match.EQUAL
    assert first_difference(np.array([3.0 + 1e-12]), np.array([3])).match is Match.VALUES


@pytest.mark.parametrize(
    ("expression", "sizes"),
    [
        ("torch.ones(5, 4) @ torch.ones(3, 4)", (4, 3)),
        ("torch.ones(3, 4) @ torch.ones(3)", (4, 3)),
        ("torch.ones(3) @ torch.ones(4)", (3, 4)),
        ("torch.ones(5, 3) + torch.ones(5, 1, 5)", (3, 5)),
        ("torch.einsum('ni,oi->no', torch.ones(5, 4), torch.ones(3, 5))", (4, 5)),
        ("torch.ones(5, 7, 4) @ torch.ones(5, 3, 4)", (4, 3)),
        ("np.ones((5, 4)) @ np.ones((3, 4))", (4, 3)),
        ("np.dot(np.ones((5, 4)), np.ones((3, 4)))", (4, 3)),
        ("np.ones((5, 3)) + np.ones(5)", (3, 5)),
    ],
    ids=str,
)
def test_the_libraries_still_word_their_shape_errors_as_we_read_them(expression, sizes):
    """A library that changes its words would silence the sentence on axes."""
    with pytest.raises((RuntimeError, ValueError)) as error:
        define(f"value = {expression}", "value")
    found = clash(str(error.value))
    assert found is not None
    assert (found.left, found.right) == sizes


def test_an_error_about_something_else_is_not_read_as_one_about_shapes():
    assert clash("index 5 is out of bounds for dimension 0 with size 3") is None


def test_a_wrong_answer_on_other_sizes_alone_is_told_with_those_sizes():
    verdict = judged("def linear_column(W, X, b):\n    Z = W @ X + b[:, None]\n    return Z if len(W) == 3 else 2 * Z")
    assert "out = 2" in words(verdict)
    assert OTHER.out == 2


def test_no_axis_is_spoken_of_that_the_exercise_does_not_have():
    """A weighted sum has no `out`: "not for in = 6, out = 2" sent its learner looking for one."""
    source = "def weighted_sum(w, x):\n    return sum(w[j] * x[j] for j in range(4))"
    verdict = judged(source, find("first-check"))
    assert "in = 6" in words(verdict)
    assert "out" not in words(verdict)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("b", "needs a comma to make a tuple"), ("meet", "is one **number**, and 2 sizes are asked for")],
)
def test_a_shape_given_as_a_bare_number_is_told_by_what_is_missing(part, sentence):
    """With a comma alone, a pair of sizes would still lack its second."""
    right = {"x": "(N, in_)", "W": "(out, in_)", "WT": "(in_, out)", "b": "(out,)", "y": "(N, out)", "meet": "(in_, in_)"}
    given = ", ".join((right | {part: "in_"}).values())
    verdict = judged(f"def shapes(in_, out, N):\n    return {given}", find("product-shapes"))
    assert sentence in words(verdict)
    assert verdict.earned == verdict.points - 1
