"""The lessons and their exercises, found by id. A lesson is a module of this package with a LESSON."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from course.exercise import Exercise


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number "01", its folder in source/ and release/, its title (translated), its exercises in order."""

    number: str
    folder: str
    title: str
    exercises: tuple[Exercise, ...]


class UnknownExercise(KeyError):
    """No lesson of the installed course has an exercise of that id."""


LESSONS: tuple[Lesson, ...] = tuple(
    import_module(f"{__name__}.{module.name}").LESSON
    for module in sorted(iter_modules(__path__), key=lambda module: module.name)
    if module.name.startswith("lesson_")
)


def all_exercises() -> tuple[Exercise, ...]:
    """Every exercise, in the order of the lessons."""
    return tuple(exercise for lesson in LESSONS for exercise in lesson.exercises)


def find(exercise_id: str) -> Exercise:
    """The exercise of that id. Raises: UnknownExercise: the installed course has none."""
    for exercise in all_exercises():
        if exercise.id == exercise_id:
            return exercise
    raise UnknownExercise(exercise_id)


def lesson_of(exercise_id: str) -> Lesson:
    """The lesson that holds the exercise. Raises: UnknownExercise: none does."""
    for lesson in LESSONS:
        if any(exercise.id == exercise_id for exercise in lesson.exercises):
            return lesson
    raise UnknownExercise(exercise_id)
