"""check.explain and check.solution say what the check does, in every language, and cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from course import check
from course.answer import Purpose
from course.asking import ask
from course.exercise import GENERIC, NUMBERS, OTHER, Exercise, Inputs, Part, Sizes, call, normal
from course.exercises import Lesson, all_exercises
from course.explaining import axis_of, explain, inputs, kind_of, lambda_source, parts, shape_of, solution, source_of
from course.language import LANGUAGES
from course.reference import linear

EXERCISES = [pytest.param(exercise, id=exercise.id) for exercise in all_exercises()]


@pytest.fixture(autouse=True)
def every_language(monkeypatch):
    monkeypatch.delenv("COURSE_LANGUAGES", raising=False)


def draw_rows(generator: np.random.Generator, sizes: Sizes) -> Inputs:
    x, W = normal(generator, sizes.N, sizes.in_), normal(generator, sizes.out, sizes.in_)
    return Inputs(sizes, x=x, W=W, wide=x.reshape(1, -1), i=int(generator.integers(1, 9)), mode="row", half=np.full(2, 0.5))


def made(**changes: Any) -> Exercise:
    """An exercise that no lesson has: every kind of input, two parts."""
    given: dict[str, Any] = {
        "id": "made",
        "entry": "made",
        "title": "Made",
        "proves": "Made.",
        "parts": (Part("y", 3), Part("n", 2)),
        "draw": draw_rows,
        "expect": lambda i: {"y": linear(i.x, i.W, None), "n": np.array([i.i, i.i])},
        "signature": "made(x, W)",
    }
    return Exercise(**(given | changes))


@pytest.fixture
def explained(monkeypatch) -> Callable[..., str]:
    """The explanation of `made(**changes)` in English, as text on one line."""

    def text(**changes: Any) -> str:
        exercise = made(**changes)
        monkeypatch.setattr("course.exercises.LESSONS", (Lesson("99", "99_made", "Made", (exercise,)),))
        monkeypatch.setenv("COURSE_LANGUAGES", "en")
        return " ".join(repr(explain("made")).split())

    return text


class Languages(HTMLParser):
    """The text of a page by the language of the element around it; "" for what stands in none."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str | None] = []
        self.said: dict[str, list[str]] = {}
        self.feed(page)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(dict(attrs).get("lang"))

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        language = next((one for one in reversed(self.open) if one), "")
        self.said.setdefault(language, []).append(data)


# -- what is said -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_of_the_course_can_be_explained_in_every_language(exercise: Exercise):
    note = explain(exercise.id)
    said = Languages(note._repr_html_()).said
    assert len({len(said[language]) > 10 for language in LANGUAGES}) == 1
    assert not re.search(r"\{[a-z_0-9]+\}", "".join(word for language in LANGUAGES for word in said[language]))
    assert re.search("[а-яё]", "".join(said["ru"]))
    assert re.search("[\u4e00-\u9fff]", "".join(said["zh"]))
    for language in LANGUAGES:
        assert exercise.signature in "".join(said[language])


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_of_the_course_shows_the_code_of_its_draw_and_of_its_expectation(exercise: Exercise):
    text = repr(explain(exercise.id))
    assert source_of("draw", exercise.draw).splitlines()[-1] in text
    assert source_of("expect", exercise.expect).splitlines()[-1] in text


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_number_of_calls_that_is_told_is_the_number_that_is_made(exercise: Exercise, monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGES", "en")
    text = " ".join(repr(explain(exercise.id)).split())
    told = sum(int(one or other) for one, other in re.findall(r"= \d+ \((\d+)\)|Number of calls: (\d+)", text))
    told += "One more call" in text
    told += "call is then made once more" in text
    asked = ask(exercise, lambda *given, **named: None)
    assert told == len([trial for trial in asked.trials if trial.purpose is not Purpose.SQUARE])


def test_the_random_numbers_are_the_same_at_every_check_and_others_for_a_grader(explained):
    assert "are the same in every check" in explained()
    first, again, graded = ([trial.seed for trial in ask(made(), len, secret=secret).trials] for secret in ("", "", "autumn"))
    assert first == again
    assert not set(first) & set(graded)


def test_the_tolerance_is_the_exercises_own(explained):
    assert "more than 1e-9 of" in explained()
    assert "more than 1e-6 of" in explained(rtol=1e-6)


def test_a_tolerance_wider_than_float32_needs_is_not_narrowed_for_float32(explained):
    assert "In float32, 1e-2 is" in explained(rtol=1e-2)


def test_what_must_not_change_is_named(explained):
    assert "earns points: x, W, wide, half." in explained()
    assert "earns points: W." in explained(keeps=("W",))
    assert "earns points" not in explained(keeps=())


def test_what_is_forbidden_is_named_as_learners_write_it(explained):
    assert "does without: F.linear, torch.addmm." in explained(forbidden=("torch.nn.functional.linear", "torch.addmm"))
    assert "does without" not in explained()


def test_the_kind_of_result_is_told(explained):
    assert "you may return: a tensor or a NumPy array." in explained()
    assert "you may return: a number." in explained(accepts=NUMBERS)


def test_the_points_stand_beside_each_part_and_in_all(explained):
    text = explained()
    assert text.startswith("made 5 Made ")
    assert "y (N, out) 3" in text
    assert "n (2,) 2" in text


def test_plain_text_keeps_to_the_chosen_languages(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGES", "zh")
    text = repr(explain("first-check"))
    assert "检查" in text
    assert not re.search("[а-яё]", text)


def test_code_is_escaped_in_the_page():
    page = explain("first-check")._repr_html_()
    assert "Inputs(sizes, w=normal(rng, sizes.in_), x=normal(rng, sizes.in_))" in page
    assert "-&gt; Inputs:" in page
    assert "-> Inputs" not in page


def test_check_offers_both():
    assert repr(check.explain("first-check")) == repr(explain("first-check"))
    assert repr(check.solution("first-check")) == repr(solution("first-check"))


@pytest.mark.parametrize("of", [explain, solution])
def test_an_unknown_id_says_update_and_never_wrong(of):
    note = of("no-such-exercise")
    assert "no-such-exercise" in repr(note)
    assert "update the course" in repr(note)
    assert "обновите" in note._repr_html_()
    assert "Traceback" not in repr(note)


# -- what is found out by drawing -----------------------------------------------------------------------------------


def test_shapes_are_told_in_the_names_of_their_axes():
    assert {one.name: one.shape for one in inputs(made())} == {
        "x": "(N, in)",
        "W": "(out, in)",
        "wide": "(1, N·in)",
        "i": "",
        "mode": "",
        "half": "(2,)",
    }


def test_inputs_are_random_whole_or_always_the_same():
    assert {one.name: one.kind for one in inputs(made())} == {
        "x": "random",
        "W": "random",
        "wide": "random",
        "i": "whole",
        "mode": "fixed",
        "half": "fixed",
    }


def test_what_is_no_number_is_said_to_be_none():
    assert kind_of(["a", "b", "c"]) == ""
    assert kind_of([[1, [2, 3]], [4, [5, 6]], [7, [8, 9]]]) == ""
    assert kind_of([len, max, min]) == ""


def test_a_part_is_told_by_the_shape_that_torch_gives():
    assert [(one.name, one.shape, one.kind) for one in parts(made())] == [("y", "(N, out)", "f"), ("n", "(2,)", "i")]


def test_two_draws_tell_apart_the_sizes_that_are_equal_in_one():
    """in and K are both 4 on the first draw."""
    assert axis_of({GENERIC: GENERIC.in_, OTHER: OTHER.in_}) == "in"
    assert axis_of({GENERIC: GENERIC.K, OTHER: OTHER.K}) == "K"


def test_a_shape_that_fits_no_size_is_not_guessed():
    assert axis_of({GENERIC: 97, OTHER: 89}) == "*"
    assert shape_of({GENERIC: np.zeros((5, 4)), OTHER: np.zeros(6)}) == "(*)"


# -- what is found out by reading -----------------------------------------------------------------------------------

FIRST, SECOND = (lambda i: i.x + 1), (lambda i: i.x + 2)
BY_NAME = {
    "long": lambda i: np.concatenate(
        [i.x, i.W]
    ),
}  # fmt: skip


def upstream(of: str, times: int) -> Callable[[Inputs], Any]:
    def expect(i: Inputs) -> Any:
        return i[of] * times

    return expect


def test_a_lambda_is_shown_alone_even_beside_another_one():
    assert lambda_source(FIRST.__code__) == "lambda i: i.x + 1"
    assert lambda_source(SECOND.__code__) == "lambda i: i.x + 2"


def test_a_lambda_over_several_lines_is_shown_whole():
    assert lambda_source(BY_NAME["long"].__code__) == "lambda i: np.concatenate(\n    [i.x, i.W]\n)"


def test_a_function_made_by_another_shows_what_it_carries():
    assert source_of("expect", upstream("weight", 2)).splitlines() == [
        "of = 'weight'",
        "times = 2",
        "def expect(i: Inputs) -> Any:",
        "    return i[of] * times",
    ]


def test_the_torch_function_behind_an_expectation_is_shown_with_it(explained):
    assert "torch.nn.functional.linear(torch.from_numpy(x)" in explained()


def test_the_call_is_shown_where_it_is_more_than_a_call(explained):
    assert "How your answer is called" not in explained(ask=call)
    assert "ask = lambda layer, i: layer(i.x).T" in explained(ask=lambda layer, i: layer(i.x).T)


def test_code_without_a_file_is_left_out_and_the_rest_is_said(explained):
    namespace: dict[str, Any] = {"linear": linear, "np": np}
    exec("def expect(i):\n    return {'y': linear(i.x, i.W, None), 'n': np.array([1, 2])}", namespace)
    text = explained(expect=namespace["expect"])
    assert "How the right answer is computed" not in text
    assert "def draw_rows" in text


# -- the solution ---------------------------------------------------------------------------------------------------

LESSON = """\
```{code-cell} ipython3
---
nbgrader:
  grade_id: first-check-answer
---
def weighted_sum(w, x):
    ### BEGIN SOLUTION
    return w @ x if 1 < 2 else None
    ### END SOLUTION
```
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    folder = tmp_path / "source"
    (folder / "00_welcome").mkdir(parents=True)
    (folder / "00_welcome" / "00_welcome.md").write_text(LESSON, encoding="utf-8")
    monkeypatch.setenv("COURSE_SOURCE", str(folder))
    return folder


def test_the_solution_is_shown_where_the_source_is(source):
    note = solution("first-check")
    assert "    return w @ x if 1 < 2 else None" in repr(note)
    assert "return w @ x if 1 &lt; 2 else None" in note._repr_html_()
    assert "SOLUTION" not in repr(note)


def test_a_class_is_told_that_the_instructor_has_it(source, monkeypatch):
    monkeypatch.setenv("COURSE_SOURCE", str(source / "nothing"))
    note = solution("first-check")
    assert "Your instructor has it." in repr(note)
    assert "return w @ x" not in note._repr_html_()
    said = Languages(note._repr_html_()).said
    assert all("check.solution" in "".join(said[language]) for language in LANGUAGES)


def test_a_source_without_that_lesson_says_so(source):
    (source / "00_welcome" / "00_welcome.md").write_text("", encoding="utf-8")
    text = " ".join(repr(solution("first-check")).split())
    assert "no lesson in it holds the solution of first-check" in text
    assert "Обновите и то и другое." in text
