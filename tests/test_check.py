"""check(…) as a notebook and nbgrader see it."""

from __future__ import annotations

import sys

import pytest

from course import check
from course.check import checked
from course.exercises import find
from course.progress import best
from tests.learner import cell, define

RIGHT = "def linear_column(W, X, b):\n    return W @ X + b[:, None]"
WRONG = "def linear_column(W, X, b):\n    return W @ X + b"


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setenv("COURSE_LANGUAGES", "en")


def test_a_notebook_writes_check_and_gets_its_points():
    names = cell(f"from course import check\n{RIGHT}\nscore = check('linear-column')")
    assert repr(names["score"]) == "4"
    assert "4 / 4" in names["score"]._repr_html_()


def test_the_plain_text_of_a_score_is_the_number_of_points_for_nbgrader():
    """nbgrader reads float(text/plain); anything else in it would score full marks."""
    for source, points in ((RIGHT, 4), (WRONG, 0)):
        assert float(repr(checked("linear-column", cell(source)))) == points


def test_the_report_names_the_mistake_in_the_languages_of_plain_text(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGES", "zh")
    text = checked("linear-column", cell(WRONG)).text()
    assert "广播" in text
    assert "broadcasting" not in text


def test_nothing_is_written_to_stderr_but_under_validate(capfd, monkeypatch):
    """nbgrader scores a graded cell 0 for one line on stderr; Validate prints that line and fails the cell by it."""
    checked("linear-column", cell(WRONG))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    checked("linear-column", cell(WRONG))
    assert capfd.readouterr().err == ""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    checked("linear-column", cell(RIGHT))
    assert capfd.readouterr().err == ""
    checked("linear-column", cell(WRONG))
    assert "fwd_column_plus_1d_bias" in capfd.readouterr().err


def test_attempts_are_kept_and_nothing_is_kept_while_nbgrader_runs(monkeypatch):
    checked("linear-column", cell(WRONG))
    assert best("linear-column").mistake == "fwd_column_plus_1d_bias"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    checked("linear-column", cell(RIGHT))
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert best("linear-column").earned == 0


def test_an_exercise_that_the_course_does_not_know_says_update_and_never_wrong():
    score = checked("from-the-future", {})
    assert "update" in score.text().lower()
    assert repr(score) == "0"


def test_a_fault_of_the_course_is_told_as_such_and_raises_nothing(monkeypatch):
    def fails(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(sys.modules["course.check"], "run", fails)  # the name course.check is the check
    score = checked("linear-column", cell(RIGHT))
    assert "fault of the course" in score.text()
    assert "ZeroDivisionError: ours" in score.text()


def test_the_learners_code_may_print_and_warn_without_losing_points():
    source = """
        import warnings
        def linear_column(W, X, b):
            print("x" * 100)
            warnings.warn("careful")
            return W @ X + b[:, None]
    """
    score = checked("linear-column", cell(source))
    assert repr(score) == "4"
    assert "careful" in score.text()


def test_the_solution_is_shown_where_the_source_is(monkeypatch, tmp_path):
    assert "linear_column" in repr(check.solution("linear-column"))
    monkeypatch.setenv("COURSE_SOURCE", str(tmp_path / "none"))
    assert "instructor" in repr(check.solution("linear-column"))


def test_the_report_hides_the_solution_where_the_source_is_not(monkeypatch, tmp_path):
    """A class has the wheel, which holds no solutions."""
    monkeypatch.setenv("COURSE_SOURCE", str(tmp_path / "none"))
    html = checked("linear-column", cell(WRONG))._repr_html_()
    assert "nl-solution" not in html
    assert find("linear-column").hints


def test_a_function_defined_elsewhere_is_checked_too():
    assert repr(checked("linear-column", {"linear_column": define(RIGHT, "linear_column")})) == "4"


# -- an answer that calls an answer -----------------------------------------------------------------------------------

RIGHT_BELOW = """
def nd_backward(x, W, G):
    rows = G.reshape(-1, G.shape[-1])
    return G @ W, rows.T @ x.reshape(-1, x.shape[-1]), rows.sum(0)
"""
WRONG_BELOW = RIGHT_BELOW.replace("rows.sum(0)", "rows.mean(0)")
NOT_BEGUN = "def nd_backward(x, W, G):\n    raise NotImplementedError\n"
LAYER = """
class Layer:
    def __init__(self, W, b):
        self.W, self.b, self.dW, self.db = W, b, W * 0, b * 0

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, G):
        dX, dW, db = nd_backward(self.x, self.W, G)
        self.dW, self.db = self.dW + dW, self.db + db
        return dX
"""


def told(exercise_id: str, source: str) -> str:
    return " ".join(checked(exercise_id, cell(source)).text().split())


def test_a_right_answer_that_calls_a_wrong_one_is_told_where_to_begin():
    said = told("layer-class", WRONG_BELOW + LAYER)
    assert "Layer calls your nd_backward" in said
    assert "begin there" in said


def test_a_right_answer_that_calls_one_not_begun_is_not_the_one_that_waits():
    said = told("layer-class", NOT_BEGUN + LAYER)
    assert "Layer calls your nd_backward" in said
    assert "waiting for your code" not in said


def test_an_error_inside_a_right_answer_is_shown_where_it_was_called():
    """The helper is right; what it was given is not, and its own lines would only lead away from that."""
    said = told("layer-class", RIGHT_BELOW + LAYER.replace("        self.x = x\n", "        self.x = None\n"))
    assert "dX, dW, db = nd_backward(self.x, self.W, G)" in said
    assert "inside your nd_backward, which this line calls" in said
    assert "begin there" not in said


def test_of_two_wrong_answers_the_one_that_stopped_is_named():
    lesson = "def contributions(x, G):\n    return G\n\ndef weight_gradient(x, G):\n    return G[0] @ x\n"
    both = "def linear_backward(x, W, G):\n    one = contributions(x, G)\n    return G @ W, weight_gradient(x, G), G.sum(0)\n"
    assert "linear_backward calls your weight_gradient" in told("linear-backward", lesson + both)


def test_an_answer_that_waits_itself_is_said_to_wait():
    own = "def right(backward):\n    nd_backward\n    raise NotImplementedError"
    assert "waiting for your code" in told("sharp-test", NOT_BEGUN + own)


def test_a_wrong_answer_that_calls_only_right_ones_is_judged_by_itself():
    wrong = LAYER.replace("self.dW, self.db = self.dW + dW, self.db + db", "self.dW, self.db = dW, db")
    said = told("layer-class", RIGHT_BELOW + wrong)
    assert "calls your" not in said
    assert "Only the last backward pass" in said
