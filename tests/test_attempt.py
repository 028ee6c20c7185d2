"""The plain comparison in front of a check: whatever the learner's code does, the cell ends and Run All goes on."""

import importlib

import pytest
import torch

from tests.learner import define

attempting = importlib.import_module("course.attempt")  # `course.attempt` is the function in it

CELL = """
from course import attempt
with attempt("first-check") as same:
    same(weighted_sum(w, x), (w * x).sum())
"""


@pytest.fixture
def told(monkeypatch):
    """The lines that a cell shows: (mark, text, values)."""
    lines = []
    monkeypatch.setattr(attempting, "line", lambda state, mark, text, **values: lines.append((mark, text, values)))
    return lines


def run(answer):
    names = {"w": torch.tensor([1.0, 2.0]), "x": torch.tensor([3.0, 4.0]), "weighted_sum": answer}
    exec(compile(CELL, "<cell>", "exec"), names)
    return names


def test_an_equal_answer_and_another_one(told):
    run(lambda w, x: (w * x).sum())
    run(lambda w, x: x.sum())
    assert [(mark, text) for mark, text, _ in told] == [("✓", attempting.EQUAL_NUMBER), ("✗", attempting.NUMBER)]
    assert told[1][2] == {"got": 7, "expected": 11}


def test_an_error_is_one_line_and_an_unwritten_answer_another(told):
    run(define("def weighted_sum(w, x):\n    return x.nothing", "weighted_sum"))
    run(lambda w, x: (_ for _ in ()).throw(NotImplementedError))
    assert [text for _, text, _ in told] == [attempting.STOPPED, attempting.WAITING]


def test_an_error_of_the_comparison_itself_is_not_said_to_be_in_the_answer(told):
    with attempting.attempt("first-check") as same:
        same((lambda w, x: (w * x).sum())(torch.ones(2), torch.ones(2))[0, 1], 2)
    assert [text for _, text, _ in told] == [attempting.STOPPED_OUTSIDE]


def test_where_one_number_meets_a_shape_the_line_does_not_speak_of_an_empty_shape(told):
    with attempting.attempt("first-check") as same:
        same(7, torch.ones(2))
        same(torch.ones(2), 7)
    assert [text for _, text, _ in told] == [attempting.ONE_FOR_MANY, attempting.MANY_FOR_ONE]


def test_an_error_in_an_exercise_that_this_course_does_not_know_is_one_line_too(told):
    def fails() -> None:
        raise NotImplementedError

    with attempting.attempt("no-such-exercise"):
        fails()
    assert told == [("–", attempting.WAITING, {"entry": "no-such-exercise"})]


def test_an_input_changed_in_place_is_put_back(told):
    names = run(lambda w, x: x.zero_().sum())
    assert names["x"].tolist() == [3, 4]
    assert told[-1][1] == attempting.PUT_BACK


def test_a_loop_without_an_end_is_stopped_and_so_is_one_that_swallows_every_exception(told, monkeypatch):
    monkeypatch.setattr("course.asking.LIMIT", 0.2)

    def for_ever(w, x):
        while True:
            pass

    def swallowing(w, x):
        while True:
            try:
                w + x
            except Exception:  # noqa: BLE001  as a learner's code may
                continue

    run(for_ever)
    run(swallowing)
    assert [text for _, text, _ in told] == [attempting.STOPPED_LOOP] * 2


def test_a_loop_in_the_cell_itself_is_stopped(told, monkeypatch):
    monkeypatch.setattr("course.asking.LIMIT", 0.2)
    exec(
        compile('from course import attempt\nwith attempt("first-check"):\n    while True:\n        pass\n', "<cell>", "exec"), {}
    )
    assert [text for _, text, _ in told] == [attempting.STOPPED_LOOP]
