"""Where a result first departs from what was expected: kind, then shape, then values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

RTOL = 1e-9  # float64: what rounding in another order of summation never reaches on our draws
ATOL = 1e-12  # of the largest expected entry: an entry may nearly cancel, its error does not
RTOL_FLOAT32 = 1e-4  # float32 reaches 2e-7 on our draws; the nearest known mistake is 4.5e-3 away
NEAR = 1e-3  # of the largest expected entry: further off is another number, nearer a rounded one


class Match(Enum):
    """How a result agrees with what was expected."""

    EQUAL = "equal"
    FLOAT32 = "float32"  # right, in single precision
    NEAR = "near"  # of the right shape, off by little: rounded on the way
    VALUES = "values"
    SHAPE = "shape"


@dataclass(frozen=True)
class Difference:
    """How *got* departs from *expected*. `worst` is the index of the entry that is furthest off, None while shapes differ."""

    match: Match
    worst: tuple[int, ...] | None = None
    error: float = 0.0  # of that entry, relative to the largest expected one


def first_difference(got: np.ndarray, expected: np.ndarray, *, rtol: float = RTOL) -> Difference:
    """
    How *got* agrees with *expected*, arrays of any shape: shape before values, then the worst index.

    Worst means largest |got − expected|. NaN and infinity differ from everything, unless they were expected.
    Raises: TypeError: *expected* holds no numbers. That is our mistake, never the learner's.
    """
    if expected.dtype.kind not in "biufc":
        raise TypeError(f"expected must hold numbers, not {expected.dtype}")
    if got.shape != expected.shape:
        return Difference(Match.SHAPE)
    if got.size == 0:
        return Difference(Match.EQUAL)
    if expected.dtype.kind in "biu":
        wrong = got != expected
        if not np.any(wrong):
            return Difference(Match.EQUAL)
        return Difference(Match.VALUES, tuple(int(i) for i in np.argwhere(wrong)[0]), 1.0)
    error, worst = distance(got, expected)
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(np.max(finite, initial=0.0)) or 1.0
    bound = rtol * np.abs(expected) + ATOL * scale
    if np.all((error <= bound) | (error == 0)):
        return Difference(Match.EQUAL)
    relative = float(error[worst]) / scale
    if is_float32(got) and np.all(error <= RTOL_FLOAT32 * np.abs(expected) + 1e-6 * scale):
        return Difference(Match.FLOAT32, worst, relative)
    return Difference(Match.NEAR if relative <= NEAR else Match.VALUES, worst, relative)


def distance(got: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """|got − expected| entry by entry, infinite where either is not finite and they differ; and the index of the largest."""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(np.asarray(got, dtype=np.result_type(got, np.float64)) - expected)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    error = np.where(same, 0.0, np.where(np.isfinite(error), error, np.inf))
    return error, tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))


def is_float32(array: np.ndarray) -> bool:
    """Was *array* computed in float32? Also where it was turned back to float64 at the end."""
    if array.dtype.kind != "f" or array.dtype.itemsize < 4:
        return False
    return array.dtype == np.float32 or bool(np.all(array.astype(np.float32) == array))


def agrees(got: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Are both the same numbers, in double or single precision? For recognising a mistake, not for points."""
    if got is None or other is None:
        return False
    other = np.asarray(other)
    return first_difference(got, other, rtol=1e-8).match in (Match.EQUAL, Match.FLOAT32)
