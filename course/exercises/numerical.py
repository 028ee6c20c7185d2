"""Wrong numerical gradients, for a tensor of any number of axes: lesson 05 asks for a vector's, lesson 07 for a matrix's.

An answer is called with f (a tensor → one number), the tensor x, of fractions or of whole numbers, and the step h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercise import N_, Mistake

Answer = Callable[[Any, Any, float], Any]
Index = tuple[int, ...]

STEP = 1e-4


def by_entry(of: Callable[[Any, Any, Any, float], float]) -> Answer:
    """An answer that computes *of* (f, x, shift, h) entry by entry; the shift has the shape of x and holds zeros and one h."""

    def numerical_gradient(f: Any, x: Any, h: float) -> Any:
        x = x.double()
        gradient = x * 0
        for at in np.ndindex(*x.shape):
            shift = x * 0
            shift[at] = h
            gradient[at] = of(f, x, shift, h)
        return gradient

    return numerical_gradient


def central(f: Any, x: Any, shift: Any, h: float) -> float:
    return (f(x + shift) - f(x - shift)) / (2 * h)


def put(x: Any, at: Index, h: float) -> None:
    x[at] = x[at] + h


def add(x: Any, at: Index, h: float) -> None:
    x[at] += h


def in_copies(move: Callable[[Any, Index, float], None], cast: Callable[[Any], Any] = lambda x: x) -> Answer:
    """New copies for each entry, of the dtype that *cast* gives x, in which *move* changes the entry."""

    def numerical_gradient(f: Any, x: Any, h: float) -> Any:
        x = cast(x)
        gradient = x.double() * 0
        for at in np.ndindex(*x.shape):
            up, down = x.clone(), x.clone()
            move(up, at, h)
            move(down, at, -h)
            gradient[at] = (f(up) - f(down)) / (2 * h)
        return gradient

    return numerical_gradient


def copied_once(f: Any, x: Any, h: float, *, one: bool = False) -> Any:
    """The copies are made before the loop, and stay moved. one: both names stand for one copy."""
    up = x.double().clone()
    down = up if one else up.clone()
    gradient = up * 0
    for at in np.ndindex(*x.shape):
        up[at] += h
        down[at] -= h
        gradient[at] = (f(up) - f(down)) / (2 * h)
    return gradient


def float32_assigned(f: Any, x: Any, h: float) -> Any:
    """The sum is computed in the dtype of x, and put into a copy in float32."""

    def move(copy: Any, at: Index, h: float) -> None:
        copy[at] = x[at] + h

    return in_copies(move, lambda x: x.float())(f, x, h)


def right_only(where: Callable[[Any], Any]) -> Answer:
    """Right in the entries gradient[where(x)], 0 elsewhere."""

    def numerical_gradient(f: Any, x: Any, h: float) -> Any:
        right = by_entry(central)(f, x, h)
        gradient = right * 0
        gradient[where(x)] = right[where(x)]
        return gradient

    return numerical_gradient


# id → the part it is told by, and the wrong answer. "g" is asked of fractions, "g_int" of whole numbers.
WRONG: dict[str, tuple[str, Answer]] = {
    "fd_missing_factor_two": ("g", by_entry(lambda f, x, e, h: (f(x + e) - f(x - e)) / h)),
    "fd_one_sided": ("g", by_entry(lambda f, x, e, h: (f(x + e) - f(x)) / h)),
    "fd_one_sided_backwards": ("g", by_entry(lambda f, x, e, h: (f(x) - f(x - e)) / h)),
    "fd_one_sided_halved": ("g", by_entry(lambda f, x, e, h: (f(x + e) - f(x)) / (2 * h))),
    "fd_not_divided": ("g", by_entry(lambda f, x, e, h: f(x + e) - f(x - e))),
    "fd_multiplied_by_half_h": ("g", by_entry(lambda f, x, e, h: (f(x + e) - f(x - e)) / 2 * h)),
    "fd_sign_flipped": ("g", by_entry(lambda f, x, e, h: (f(x - e) - f(x + e)) / (2 * h))),
    "fd_all_entries_at_once": ("g", by_entry(lambda f, x, e, h: (f(x + h) - f(x - h)) / (2 * h))),
    "fd_all_entries_in_one_number": ("g", lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h)),
    "fd_aliased_copies": ("g", lambda f, x, h: copied_once(f, x, h, one=True)),
    "fd_shift_kept": ("g", copied_once),
    "fd_first_entry_only": ("g", right_only(lambda x: (0,) * x.ndim)),
    "fd_single_precision": ("g", in_copies(add, lambda x: x.float())),
    "fd_single_precision_assigned": ("g", float32_assigned),
    "fd_values_returned": ("g", by_entry(lambda f, x, e, h: f(x + e))),
    "fd_integer_array": ("g_int", in_copies(put)),
    "fd_integer_refused": ("g_int", in_copies(add)),
}


def wrong(id: str, message: str, hint: str) -> Mistake:
    return Mistake(id, *WRONG[id], message, hint)


# What is said of a vector and of a matrix alike: whole mistakes, and questions.
ALIKE: tuple[Mistake, ...] = (
    wrong(
        "fd_not_divided",
        N_("Your numbers are **tiny**: they say by how much f rises between the two points, and not how steeply."),
        N_("Take h half as large: should the derivative become half as large too?"),
    ),
    wrong(
        "fd_multiplied_by_half_h",
        N_("Your numbers are **tiny**: `/ 2 * h` divides by 2 and then **multiplies** by h."),
        N_("In which order does Python evaluate `/` and `*`? Where do the brackets belong?"),
    ),
    wrong(
        "fd_sign_flipped",
        N_("Every number has the **opposite sign**: the value below was taken minus the value above."),
        N_("Where f rises, should the slope be positive or negative?"),
    ),
    wrong(
        "fd_aliased_copies",
        N_("All your numbers are **0**: both points are the same tensor, moved there and back again."),
        N_("How many tensors do your two names stand for? Python answers a question such as `up is down`."),
    ),
)
SECOND_POINT = N_("A slope needs two points. Which is the second, and what is done with the two values?")
ROOM_FOR_A_FRACTION = N_("Look at the dtype of the copies. Which dtype has room for 3.0001?")


def whole(gradient: Any) -> Any:
    """One number for all entries as an array without axes: a known mistake, not another type."""
    return np.array(gradient) if isinstance(gradient, float) else gradient
