"""That `make bench` measures what it says; it stood still unnoticed when answers began to call answers further up."""

import importlib

from course.exercises import all_exercises
from tests.lessons import ROOT


def test_every_right_answer_and_a_wrong_one_of_each_exercise_can_be_measured(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path))
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    bench = importlib.import_module("bench")
    lines = [line.what for line in bench.right_and_wrong(times=1, mistakes=1)]
    count = len(all_exercises())
    assert lines == [f"check of a right answer ({count} exercises)", f"check of a wrong answer ({count} mistakes)"]
