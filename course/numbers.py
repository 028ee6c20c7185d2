"""Numbers as a reader wants them: a true minus, whole numbers whole, and no more digits than are needed.

Entries that are shown together get the same number of decimals where they are generic, so that their digits stand under
each other; short ones (0.6, 1.8) stay as short as they are. Where two numbers are compared, they get as many digits as it
takes to see that they differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

KNOWN = 12  # significant digits that are more than rounding noise: 0.1 + 0.2 is 0.3
SHORT = 4  # significant digits of a number that nobody has to compare
EXACT = 17  # significant digits that tell any two float64 numbers apart
WHOLE = 1e7  # whole numbers up to here are written out
LARGE, SMALL = 1e6, 1e-4  # outside of these a number is written with an exponent


@dataclass(frozen=True)
class Style:
    """How the numbers of one array are written: "short" as they are, "fixed" with `digits` decimals, "power" with as many."""

    kind: str
    digits: int = 0


def number(value: Any, style: Style | None = None) -> str:
    """*value* as text; alone, a float is written with as few digits as it has, at most four significant."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, complex | np.complexfloating):
        return _minus(str(complex(value)))
    if isinstance(value, int | np.integer):
        return _minus(str(int(value)))
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    style = style or style_of(value)
    if style.kind == "short":
        return _minus(_plain(value))
    if style.kind == "power":
        return _power(value, style.digits)
    return _minus(_unsigned_zero(f"{value:.{style.digits}f}"))


def in_sentence(value: float | int | bool) -> str:
    """*value* as it stands in a sentence, beside nothing that it must line up with: at most five significant digits."""
    alone = isinstance(value, float) and math.isfinite(value) and not (value == round(value) and abs(value) < WHOLE)
    return _minus(f"{value:.5g}") if alone else number(value)


def style_of(*values: Any) -> Style:
    """The style in which all *values* (numbers or arrays of any shape) can stand side by side."""
    flat = np.concatenate([np.asarray(value).ravel() for value in values]) if values else np.zeros(0)
    if flat.dtype.kind not in "f":
        return Style("short")
    known = np.abs(flat[np.isfinite(flat)].astype(np.float64))
    known = known[known > 0]
    if known.size == 0 or (known.max() < WHOLE and np.all(known == np.round(known))):
        return Style("short")
    if known.max() >= LARGE or known.max() < SMALL:
        return Style("power", SHORT - 1)
    if known.min() >= SMALL and all(_significant(value) <= SHORT for value in known):
        return Style("short")
    return Style("fixed", max(1, SHORT - 1 - _exponent(float(known.max()))))


def told_apart(style: Style, one: Any, other: Any) -> Style:
    """*style* with as many digits more as it takes to see that *one* and *other* differ."""
    if not _finite(one, other) or float(one) == float(other):
        return style
    while number(one, style) == number(other, style) and style.digits < EXACT:
        start = max(1, SHORT - 1 - _exponent(abs(float(one)))) if style.kind == "short" else style.digits + 1
        style = Style("power" if style.kind == "power" else "fixed", start)
    return style


def digit_under_digit(expected: Any, got: Any) -> tuple[str, str, int]:
    """Both numbers with the same decimals, and how many leading characters they have in common.

    They are written up to the digit in which they differ and at most four more.
    """
    if not _finite(expected, got):
        return number(expected), number(got), 0
    style = style_of(expected, got)
    if style.kind != "power":
        largest = max(abs(float(expected)), abs(float(got)), SMALL)
        difference = abs(float(expected) - float(got))
        needed = -_exponent(difference) + SHORT - 1 if difference else 0
        style = Style("fixed", min(max(0, needed), EXACT - 1 - _exponent(largest)))
    style = told_apart(style, expected, got)
    left, right = number(expected, style), number(got, style)
    width = max(len(left), len(right))
    columns = zip(left.rjust(width), right.rjust(width), strict=True)
    alike = next((i for i, (a, b) in enumerate(columns) if a != b), width)
    return left, right, max(0, alike - (width - len(right)))


def _finite(*values: Any) -> bool:
    return all(np.asarray(value).dtype.kind in "biuf" and math.isfinite(float(value)) for value in values)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _unsigned_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _plain(value: float) -> str:
    """A number as short as it is, free of rounding noise and of an exponent."""
    if value == round(value) and abs(value) < WHOLE:
        return _unsigned_zero(str(round(value)))
    if not SMALL <= abs(value) < LARGE:
        return _power(value, SHORT - 1)
    text = np.format_float_positional(float(f"{value:.{KNOWN}g}"), trim="-")
    return _unsigned_zero(text)


def _power(value: float, digits: int) -> str:
    """1.5e−9: as Python reads it, but for the minus sign."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return "0" if float(mantissa) == 0 else _minus(f"{mantissa}e{int(exponent)}")


def _significant(value: float) -> int:
    return len(f"{value:.{KNOWN}g}".split("e")[0].replace(".", "").replace("-", "").strip("0"))


def _exponent(value: float) -> int:
    """The power of ten of the first digit: 0 for 1 … 9.99, −1 for 0.1."""
    return math.floor(math.log10(value)) if value else 0
