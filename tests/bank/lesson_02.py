"""The known mistakes of lesson 02."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "fwd_missing_transpose": ("linear-batch", "x @ W + b"),
    "fwd_reshape_not_transpose": ("linear-batch", "x @ W.reshape(W.shape[1], W.shape[0]) + b"),
    "fwd_left_multiply_rows": ("linear-batch", "W @ x + b"),
    "fwd_output_transposed": ("linear-batch", "W @ x.T + b[:, None]"),
    "fwd_product_not_summed": ("linear-batch", "x[:, None, :] * W"),
    "fwd_bias_omitted": ("linear-batch", "x @ W.T"),
    "fwd_bias_as_column": ("linear-batch", "x @ W.T + b[:, None]"),
    "fwd_bias_inside_the_sum": ("linear-batch", "x @ W.T + x.shape[1] * b"),
    "exact_float_equality": ("same-numbers", None),
}
