"""The known mistakes of lesson 03."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "param_aliases_source_tensor": ("load-numbers", "x @ (W + 1).T + (b + 1)"),
    "param_assigned_raw_tensor": ("load-numbers", None),
    "params_not_registered": ("my-linear", None),
    "params_under_other_names": ("my-linear", None),
    "bias_allocated_2d": ("my-linear", None),
    "bias_allocated_per_sample": ("my-linear", None),
    "weight_allocated_in_out": ("my-linear", None),
    "bias_false_expected_zeros": ("without-bias", None),
    "params_count_without_bias": ("parameter-count", "np.array(in_ * out)"),
    "params_count_single_bias": ("parameter-count", "np.array(in_ * out + 1)"),
    "kernel_reshaped_not_transposed": ("from-kernel", "x @ kernel.reshape(kernel.shape[1], kernel.shape[0]).T + b"),
    # the syllabus's own
    "load_bias_forgotten": ("load-numbers", "x @ W.T + 0.25"),
    "load_bias_as_a_table": ("load-numbers", "b[None]"),
    "load_added": ("load-numbers", "x @ (W + 0.25).T + b + 0.25"),
    "dot_weight_on_the_left": ("dot-of-a-batch", "W @ x"),
    "dot_elementwise": ("dot-of-a-batch", None),
    "dot_summed_row_by_row": ("dot-of-a-batch", "(W * x).sum(-1)"),
    "telling_input_all_alike": ("telling-input", "np.zeros((in_, in_), dtype=bool)"),
}
