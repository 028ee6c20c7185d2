"""Numbers as people read them: a true minus sign, and no more digits than are needed."""

from __future__ import annotations

import math


def number(value: float | int | bool, digits: int = 5) -> str:
    """*value* with at most *digits* significant digits, whole numbers without a point: −3, 0.2, 1.2346, 1.2e−7."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value).replace("-", "−")
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value) and abs(value) < 1e7:
        return str(round(value)).replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")
