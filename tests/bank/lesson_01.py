"""The known mistakes of lesson 01."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "index_convention_swapped": ("weight-of-link", "W[source, target]"),
    "fwd_column_plus_1d_bias": ("linear-column", "W @ X + b"),
    "weight_allocated_in_out": ("column-shapes", None),
    # the syllabus's own
    "index_off_by_one": ("weight-of-link", "W[target - 1, source - 1]"),
    "neuron_bias_omitted": ("one-neuron", "W[i] @ x"),
    "neuron_bias_inside_the_sum": ("one-neuron", "(W[i] * x + b[i]).sum()"),
    "neuron_bias_of_the_first": ("one-neuron", "W[i] @ x + b[0]"),
    "neuron_column_for_row": ("one-neuron", "W[:, i] @ x + b[i]"),
    "column_bias_omitted": ("linear-column", "W @ X"),
    "column_flattened": ("linear-column", "W @ X[:, 0] + b"),
    "column_as_row": ("linear-column", "(W @ X + b[:, None]).T"),
    "column_elementwise": ("linear-column", "W * X[:, 0] + b[:, None]"),
}
