"""The mutation suite: wrong answers are rejected and named, right ones pass however they are spelled, empty ones earn nothing.

It covers every lesson of `course.exercises` without being told its name. Reference solutions are read from the lessons'
Markdown, right spellings from tests/spellings, the bank's expressions from tests/bank.
"""

from __future__ import annotations

import itertools
from importlib import import_module

import numpy as np
import pytest

from course.answer import Purpose
from course.asking import ask, inputs_of
from course.exercise import GENERIC, SQUARE, Exercise, Mistake, seeds
from course.exercises import LESSONS, all_exercises, find, lesson_of
from course.judging import judge
from course.judging.compare import agrees
from course.judging.diagnose import Case, Stopped, known_mistake
from course.language import translate
from course.solutions import solution
from course.verdict import PartVerdict, State, Verdict
from tests.bank import BANK
from tests.learner import define

ARRAY_ANSWERS = 5  # right spellings that each exercise which computes an array must let pass


def spellings() -> dict[str, dict[str, str]]:
    """Right spellings by exercise."""
    found: dict[str, dict[str, str]] = {}
    for lesson in LESSONS:
        found |= import_module(f"tests.spellings.lesson_{lesson.number}").SPELLINGS
    return found


MISTAKES = [
    pytest.param(exercise, mistake, id=f"{exercise.id}: {mistake.id}")
    for exercise in all_exercises()
    for mistake in exercise.mistakes
]
RIGHT = [
    pytest.param(find(id), source, id=f"{id}: {name}") for id, by_name in spellings().items() for name, source in by_name.items()
]
EXERCISES = [pytest.param(exercise, id=exercise.id) for exercise in all_exercises()]


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_a_known_mistake_is_rejected_under_its_own_name(exercise: Exercise, mistake: Mistake):
    """And what is said of it has its numbers: a {field} that judging does not know would break that learner's report."""
    verdict = judge(exercise, ask(exercise, mistake.answer))
    assert (told(verdict, mistake).earned, verdict.mistake) == (0, mistake.id)
    for language in ("ru", "zh", "en"):
        for say in (*verdict.says, *verdict.asks):
            assert "{" not in translate(say, language)


def told(verdict: Verdict, mistake: Mistake) -> PartVerdict:
    """The part by which *mistake* is told: its own, or the first that is wrong."""
    return next(part for part in verdict.parts if part.name == mistake.part or (not mistake.part and not part.earned))


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_a_name_holds_on_other_draws_too(exercise: Exercise, mistake: Mistake, thorough: bool):
    """A grader draws other numbers; what is named in the notebook must be named there."""
    for secret in ("autumn", "spring", "summer") if thorough else ("autumn",):
        verdict = judge(exercise, ask(exercise, mistake.answer, secret=secret), reveal=False)
        assert (told(verdict, mistake).earned, verdict.mistake) == (0, mistake.id), secret


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_solution_earns_all(exercise: Exercise):
    source = answers_until(exercise)
    for secret in ("", "autumn", "spring"):
        verdict = judge(exercise, ask(exercise, define(source, exercise.entry), secret=secret))
        assert (verdict.state, verdict.earned) == (State.RIGHT, exercise.points)


def answers_until(exercise: Exercise) -> str:
    """The lesson's answers as its notebook runs them: an answer may call the ones that stand above it."""
    ids = [one.id for one in lesson_of(exercise.id).exercises]
    sources = [solution(id) for id in ids[: ids.index(exercise.id) + 1]]
    assert sources[-1] is not None
    return "\n".join(source for source in sources if source is not None)


@pytest.mark.parametrize(("exercise", "source"), RIGHT)
def test_every_right_spelling_earns_all(exercise: Exercise, source: str):
    verdict = judge(exercise, ask(exercise, define(source, exercise.entry)))
    assert (verdict.state, verdict.earned) == (State.RIGHT, exercise.points), [translate(s, "en") for s in verdict.says]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_that_computes_an_array_has_five_right_spellings(exercise: Exercise):
    inputs = exercise.draw(np.random.default_rng(1), GENERIC)
    expected = exercise.by_part(exercise.expect(inputs)).values()
    if any(np.asarray(value).dtype.kind == "f" for value in expected):
        assert len(spellings().get(exercise.id, {})) >= ARRAY_ANSWERS


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("value", ["None", "0", "[]", "torch.zeros(())", "torch.zeros(5, 3)", "False", "True", "'y'"])
def test_a_constant_earns_nothing(exercise: Exercise, value: str):
    """No exercise can be clicked through, and no part is such that an empty answer passes it."""
    verdict = judge(
        exercise, ask(exercise, define(f"def {exercise.entry}(*given, **named):\n    return {value}", exercise.entry))
    )
    assert verdict.earned == 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_known_mistakes_differ_from_each_other_and_from_the_right_answer(exercise: Exercise):
    """Two mistakes that give the same could not both be named."""
    source = seeds(exercise.id)
    cases = []
    for sizes in (*exercise.sizes, SQUARE, SQUARE):
        inputs = inputs_of(exercise, Purpose.GENERIC, next(source), sizes)
        expected = exercise.by_part(exercise.expect(inputs))
        cases += [(part.name, Case(Purpose.GENERIC, inputs, np.asarray(expected[part.name]), None)) for part in exercise.parts]
    given = {}
    for mistake in exercise.mistakes:
        told_by = [part for part in exercise.parts if mistake.part in (part.name, "")]
        given[mistake.id] = {
            part.name: [known_mistake(exercise, mistake, part).gives(case) for name, case in cases if name == part.name]
            for part in told_by
        }
    for one, other in itertools.combinations(given, 2):
        common = given[one].keys() & given[other].keys()
        same = [alike(a, b) for part in common for a, b in zip(given[one][part], given[other][part], strict=True)]
        assert not common or not all(same), (one, other)


def alike(one: object, other: object) -> bool:
    if isinstance(one, Stopped) or isinstance(other, Stopped):
        return isinstance(one, Stopped) and isinstance(other, Stopped) and one == other
    return agrees(one, other)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", BANK)
def test_the_banks_mistakes_are_the_exercises_mistakes(key: str):
    exercise_id, expression = BANK[key]
    id = key.split(" @ ")[0]
    exercise = find(exercise_id)
    mistake = next(mistake for mistake in exercise.mistakes if mistake.id == id)
    if expression is None:
        return
    source = seeds(exercise.id)
    for sizes in (*exercise.sizes, SQUARE):
        inputs = inputs_of(exercise, Purpose.GENERIC, next(source), sizes)
        part = next(part for part in exercise.parts if part.name == mistake.part)
        expected = np.asarray(exercise.by_part(exercise.expect(inputs))[part.name])
        ours = known_mistake(exercise, mistake, part).gives(Case(Purpose.GENERIC, inputs, expected, None))
        letters = dict(inputs)
        try:
            theirs = eval(expression, {"np": np}, letters)
        except (ValueError, IndexError):
            assert isinstance(ours, Stopped)
        else:
            assert not isinstance(ours, Stopped)
            assert agrees(ours, np.asarray(theirs))


def test_ids_are_unique_in_the_whole_course():
    ids = [exercise.id for exercise in all_exercises()]
    assert len(ids) == len(set(ids))
    for exercise in all_exercises():
        names = [mistake.id for mistake in exercise.mistakes]
        assert len(names) == len(set(names))
        assert {mistake.part for mistake in exercise.mistakes} <= {""} | {part.name for part in exercise.parts}
