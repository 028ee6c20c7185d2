"""Answers that an answer calls: where it goes wrong, the cause may lie in one of them.

`nd_backward` is an exercise, and `Layer`, an exercise further down, calls it. While the first is wrong, no report on the
second can help but the one that says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType, TracebackType
from typing import Any

from course.exercise import Exercise


def called_by(exercise: Exercise, learner: Any) -> list[Exercise]:
    """The exercises further up in the lesson whose entry the *learner*'s function or class names."""
    from course.exercises import lesson_of

    names = {name for code in codes_of(learner) for name in code.co_names}
    lesson = lesson_of(exercise.id).exercises
    above = lesson[: [one.id for one in lesson].index(exercise.id)]
    return [one for one in above if one.entry in names and one.entry != exercise.entry]


def codes_of(thing: Any) -> Iterator[CodeType]:
    """The code of a function, of a class's methods, and of what is defined inside of them."""
    if isinstance(thing, CodeType):
        yield thing
        for constant in thing.co_consts:
            if isinstance(constant, CodeType):
                yield from codes_of(constant)
    elif inspect.isclass(thing):
        for member in vars(thing).values():
            yield from codes_of(getattr(member, "fget", None) or getattr(member, "__func__", member))
    elif inspect.isfunction(thing):
        yield from codes_of(thing.__code__)


def entry_of(traceback: TracebackType | None, exercise_id: str) -> str | None:
    """The answer of the exercise's lesson inside of which an exception was raised, by its entry; None outside of all."""
    from course.exercises import lesson_of

    entries = {one.entry for one in lesson_of(exercise_id).exercises}
    found = None
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_qualname.partition(".")[0]
        found = name if name in entries else found
        traceback = traceback.tb_next
    return found
