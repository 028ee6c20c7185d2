"""The plain comparison in front of a check: readable, not graded, and never in the way of Run All.

    with attempt("linear-batch") as same:
        same(linear(x, W, b), F.linear(x, W, b))

`same` shows one line: equal, or which shapes or numbers differ. Whatever the learner's code raises becomes one line that
points to the check below, which says more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Same = Callable[[Any, Any], None]


@contextmanager
def attempt(exercise_id: str) -> Iterator[Same]:
    """Run the cell's own comparison for an exercise. Raises nothing that the learner's code raises, but KeyboardInterrupt."""
    from course.exercises import UnknownExercise, find

    try:
        entry = find(exercise_id).entry
    except UnknownExercise:
        entry = exercise_id
    try:
        yield same
    except NotImplementedError:
        line("quiet", "–", WAITING, entry=entry)
    # Run All has to reach the check, which shows this error with its line and what it means.
    except Exception as error:  # noqa: BLE001
        line("wrong", "!", STOPPED, entry=entry, error=f"{type(error).__name__}")


def same(got: Any, expected: Any) -> None:
    """Show in one line whether *got* is *expected*: arrays, tensors or numbers of any shape."""
    from course.asking import plain
    from course.judging.compare import Match, first_difference

    mine, right = plain(got), plain(expected)
    if mine.array is None or right.array is None:
        line("wrong", "✗", NO_NUMBERS, kind=mine.kind)
        return
    right_numbers = right.array if right.array.dtype.kind in "biu" else right.array.astype(float)
    rtol = 1e-4 if right.array.dtype.itemsize <= 4 and right.array.dtype.kind == "f" else 1e-9
    difference = first_difference(mine.array, right_numbers, rtol=rtol)
    shape = str(mine.array.shape)
    if difference.match is Match.EQUAL or difference.match is Match.FLOAT32:
        line("right", "✓", EQUAL, shape=shape)
    elif difference.match is Match.SHAPE:
        line("wrong", "✗", SHAPES, shape=shape, expected=str(right.array.shape))
    else:
        assert difference.worst is not None
        values = {"got": mine.array[difference.worst].item(), "expected": right_numbers[difference.worst].item()}
        if not difference.worst:
            line("wrong", "✗", NUMBER, **values)
            return
        line("wrong", "✗", NUMBERS, at=f"[{', '.join(map(str, difference.worst))}]", shape=shape, **values)


def line(state: str, mark: str, text: str, **values: Any) -> None:
    """Display one line in every language."""
    from IPython.display import display

    from course.check import Note, languages
    from course.language import translate
    from course.report import line_html
    from course.verdict import Say

    say = Say(text, values)
    plain_text = "\n".join(f"{mark} {translate(say, language)}" for language in languages())
    display(Note(line_html(state, mark, say), plain_text))


def N_(message: str) -> str:
    return message


WAITING = N_("`{entry}` is waiting for your code.")
STOPPED = N_("`{entry}` stopped with `{error}`. The check below says where, and what it means.")
NO_NUMBERS = N_("There are no numbers to compare in a result of type `{kind}`.")
EQUAL = N_("The same shape `{shape}` and the same numbers.")
SHAPES = N_("The shapes differ: `{shape}` here, `{expected}` there.")
NUMBERS = N_("The same shape `{shape}`, but other numbers: at `{at}` there is {got} here and {expected} there.")
NUMBER = N_("Another number: {got} here, {expected} there.")
