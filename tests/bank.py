"""The bank of known mistakes, for the lessons that are written: id → (exercise, the wrong value as an expression).

The expression is the bank's own, over the letters of the exercise's inputs; it is written apart from the exercise's
`Mistake`, so that the two hold each other. None: no array, told by what the answer is rather than by its value.
"""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "index_convention_swapped": ("weight-of-link", "W[source, target]"),
    "fwd_column_plus_1d_bias": ("linear-column", "W @ X + b"),
    "weight_allocated_in_out": ("column-shapes", None),
}
