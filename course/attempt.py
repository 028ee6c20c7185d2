"""The plain comparison in front of a check: readable, not graded, and never in the way of Run All.

    with attempt("linear-batch") as same:
        same(linear(x, W, b), F.linear(x, W, b))

`same` shows one line: equal, or which shapes or numbers differ. Whatever the learner's code raises becomes one line that
points to the check below, which says more; a loop without an end is stopped after the check's own time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SMALL = 10_000  # entries of a tensor that is watched: a lesson's own are far smaller

Same = Callable[[Any, Any], None]


@contextmanager
def attempt(exercise_id: str) -> Iterator[Same]:
    """Run the cell's own comparison for an exercise. Raises nothing that the learner's code raises, but KeyboardInterrupt."""
    from course.asking import LIMIT, Clock, OutOfTime, below
    from course.earlier import entry_of
    from course.exercises import UnknownExercise, find

    try:
        entry = find(exercise_id).entry
    except UnknownExercise:
        entry = exercise_id
    cell = sys._getframe(2)  # generator ← contextlib ← the cell
    before = arrays_of(cell.f_globals)
    try:
        with Clock(LIMIT, below(cell)):
            yield same
    except OutOfTime:
        line("wrong", "!", STOPPED_LOOP, entry=entry, limit=LIMIT)
    except NotImplementedError as error:
        line("quiet", "–", WAITING, entry=entry_of(error.__traceback__, exercise_id) or entry)
    # Run All has to reach the check, which shows this error with its line and what it means.
    except Exception as error:  # noqa: BLE001
        inside = entry_of(error.__traceback__, exercise_id, caller=True)
        line("wrong", "!", STOPPED if inside else STOPPED_OUTSIDE, entry=inside or entry, error=f"{type(error).__name__}")
    put_back(before)


def arrays_of(namespace: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The notebook's own small tensors by name, each with a copy."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    return {
        name: (value, value.detach().clone())
        for name, value in list(namespace.items())
        if type(value) is torch.Tensor and value.layout is torch.strided and value.numel() <= SMALL
    }


def put_back(before: dict[str, tuple[Any, Any]]) -> None:
    """Undo what an answer did in place to the notebook's own tensors, and say so: the cells below still need their numbers."""
    import torch

    from course.verdict import as_code

    changed = []
    for name, (value, copy) in before.items():
        if value.shape != copy.shape or not torch.equal(torch.nan_to_num(value), torch.nan_to_num(copy)):
            value.data = copy
            changed.append(as_code(name))
    if changed:
        line("wrong", "!", PUT_BACK, names=tuple(changed))


def same(got: Any, expected: Any) -> None:
    """Show in one line whether *got* is *expected*: arrays, tensors or numbers of any shape; a tuple or a truth value whole."""
    if isinstance(expected, tuple | list | bool):
        mine = type(expected)(got) if isinstance(got, tuple | list) or getattr(got, "shape", None) == () else got
        equal = type(mine) is type(expected) and mine == expected
        said = tuple(expected) if isinstance(expected, tuple) else expected  # a torch.Size is a shape like any other
        line("right" if equal else "wrong", "✓" if equal else "✗", SAME_ANSWER if equal else OTHER_ANSWER, **shown(mine, said))
        return
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
        line("right", "✓", EQUAL if mine.array.shape else EQUAL_NUMBER, shape=shape)
    elif difference.match is Match.SHAPE:
        text = MANY_FOR_ONE if not right.array.shape else SHAPES if mine.array.shape else ONE_FOR_MANY
        line("wrong", "✗", text, shape=shape, expected=str(right.array.shape))
    else:
        assert difference.worst is not None
        values = {"got": mine.array[difference.worst].item(), "expected": right_numbers[difference.worst].item()}
        if not difference.worst:
            line("wrong", "✗", NUMBER, **values)
            return
        line("wrong", "✗", NUMBERS, at=f"[{', '.join(map(str, difference.worst))}]", shape=shape, **values)


def shown(got: Any, expected: Any) -> dict[str, str]:
    """Both answers as short texts."""
    text = str(tuple(got) if isinstance(got, tuple) else got).replace("\n", " ")
    return {"got": text if len(text) <= 60 else f"{text[:60]}…", "expected": str(expected)}


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
STOPPED = N_("The comparison stopped in `{entry}` with `{error}`. Its check says more.")
STOPPED_OUTSIDE = N_("The comparison stopped with `{error}`. The check of `{entry}` says more.")
STOPPED_LOOP = N_(
    "`{entry}` did not end within {limit} seconds and was **stopped**: it is likely a loop without an end. The check below says "
    "more."
)
PUT_BACK = N_("Your code **changed its input** in place: {names}. The notebook's numbers have been put back.")
NO_NUMBERS = N_("There are no numbers to compare in a result of type `{kind}`.")
EQUAL_NUMBER = N_("The same number.")
ONE_FOR_MANY = N_("Yours is a single number, but the shape `{expected}` is expected.")
MANY_FOR_ONE = N_("Yours has the shape `{shape}`, but a single number is expected.")
EQUAL = N_("The same shape `{shape}` and the same numbers.")
SHAPES = N_("The shapes differ: yours is `{shape}`, but `{expected}` is expected.")
NUMBERS = N_("The same shape `{shape}`, but different numbers: at `{at}` yours is {got}, and {expected} is expected.")
NUMBER = N_("The number differs: yours is {got}, and {expected} is expected.")
SAME_ANSWER = N_("The same: `{got}`.")
OTHER_ANSWER = N_("Yours is `{got}`, but `{expected}` is expected.")
