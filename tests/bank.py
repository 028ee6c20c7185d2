"""The known mistakes that the lessons must be able to name: id → (exercise, the wrong value as an expression).

The first block is the bank's, the second the syllabus's own signatures. The expressions are written apart from the
exercises' `Mistake`s, over the letters of the exercise's inputs, so that the two hold each other. None: told by what the
answer is rather than by the value of an array.
"""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    # lesson 01
    "index_convention_swapped": ("weight-of-link", "W[source, target]"),
    "fwd_column_plus_1d_bias": ("linear-column", "W @ X + b"),
    "weight_allocated_in_out": ("column-shapes", None),
    # lesson 02
    "fwd_missing_transpose": ("linear-batch", "x @ W + b"),
    "fwd_reshape_not_transpose": ("linear-batch", "x @ W.reshape(W.shape[1], W.shape[0]) + b"),
    "fwd_left_multiply_rows": ("linear-batch", "W @ x + b"),
    "fwd_output_transposed": ("linear-batch", "W @ x.T + b[:, None]"),
    "fwd_product_not_summed": ("linear-batch", "x[:, None, :] * W"),
    "fwd_bias_omitted": ("linear-batch", "x @ W.T"),
    "fwd_bias_as_column": ("linear-batch", "x @ W.T + b[:, None]"),
    "fwd_bias_inside_the_sum": ("linear-batch", "x @ W.T + x.shape[1] * b"),
    "exact_float_equality": ("same-numbers", None),
    # the syllabus's own, lesson 01
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
