"""Answers that an answer calls: where it goes wrong, the cause may lie in one of them.

`nd_backward` is an exercise, and `Layer`, an exercise further down, calls it. While the first is wrong, no report on the
second can help but the one that says so.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from types import CodeType, TracebackType
from typing import Any

from course.asking import top_level
from course.exercise import N_, Exercise
from course.exercises import UnknownExercise, lesson_of
from course.verdict import Say, State, Verdict

BEGIN_ABOVE = N_(
    "`{entry}` calls your `{other}`, and the check of `{other}` (“{title}”, further up) does not pass yet: **begin there**."
)


def with_earlier(exercise: Exercise, verdict: Verdict, learner: Any, judged: Callable[[Exercise], Verdict]) -> Verdict:
    """
    *verdict* on the *learner*'s answer, that says first which answer further up it calls that is not right yet, where there is
    one. judged: the verdict on the answer to another exercise.
    """
    if verdict.state is State.OUT_OF_TIME:
        return verdict
    called = called_by(exercise, learner)
    for other in sorted(called, key=lambda one: one.entry != verdict.inside):
        before = judged(other)
        if before.earned == before.points:
            continue
        says = Say(BEGIN_ABOVE, {"entry": exercise.entry, "other": other.entry, "title": Say(other.title)})
        own = any("NotImplementedError" in code.co_names for code in codes_of(learner))
        if before.state is State.NOT_ATTEMPTED and not own:
            # What is waiting is not this answer, and nothing else can be said of it.
            return replace(verdict, state=State.FAILED, says=(says,), asks=(), quote=(), error="", evidence=())
        return replace(verdict, says=(says, *verdict.says))
    return verdict


def called_by(exercise: Exercise, learner: Any) -> list[Exercise]:
    """The exercises further up in the lesson whose entry the *learner*'s function or class names."""
    names = {name for code in codes_of(learner) for name in code.co_names}
    return [one for one in above(exercise) if one.entry in names]


def above(exercise: Exercise) -> list[Exercise]:
    """The exercises further up in the lesson that ask for another name; none where *exercise* is in no lesson."""
    try:
        lesson = lesson_of(exercise.id).exercises
    except UnknownExercise:
        return []
    further_up = takewhile(lambda one: one.id != exercise.id, lesson)
    return [one for one in further_up if one.entry != exercise.entry]


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


def entry_of(traceback: TracebackType | None, exercise_id: str, *, caller: bool = False) -> str | None:
    """
    The answer of the exercise's lesson inside of which an exception was raised, by its entry; None outside of all.

    caller: where answers call each other, the one that the cell itself called: what it hands on may be what is wrong.
    """
    try:
        entries = {one.entry for one in lesson_of(exercise_id).exercises}
    except UnknownExercise:
        return None
    found, inside = None, False
    while traceback is not None:
        name = top_level(traceback.tb_frame.f_code)
        if name in entries:
            found = found if caller and inside else name
        inside = name in entries or (inside and not name.startswith("<"))  # "<lambda>": the cell's own, which an answer calls
        traceback = traceback.tb_next
    return found
