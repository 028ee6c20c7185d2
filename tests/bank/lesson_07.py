"""The known mistakes of lesson 07. None: what a class does, a quotient of a function that is no input, a test's answers."""

from __future__ import annotations

# The two passes through a layer class, flat: x1 and G1, x2 and G2.
DW_1 = "np.einsum('bto,bti->oi', G1, x1)"
DW_2 = "np.einsum('bto,bti->oi', G2, x2)"
ONES = "np.ones((x.shape[0], W.shape[0]))"

BANK: dict[str, tuple[str, str | None]] = {
    "nd_dX_left_flat": ("nd-backward", "G3.reshape(-1, G3.shape[-1]) @ W"),
    "nd_dW_batched_not_summed": ("nd-backward", "np.einsum('bto,bti->boi', G3, x3)"),
    "nd_dW_divided_by_batch": ("nd-backward", "np.einsum('bto,bti->oi', G3, x3) / G3.shape[0]"),
    "nd_db_only_first_axis @ nd-backward": ("nd-backward", "G3.sum(0)"),
    "nd_db_only_positions": ("nd-backward", "G3.sum(1)"),
    "nd_db_last_axis": ("nd-backward", "G3.sum(-1)"),
    "shared_last_use_only @ layer-class": ("layer-class", DW_2),
    "shared_first_use_only @ layer-class": ("layer-class", DW_1),
    "shared_last_use_only @ affine-class": ("affine-class", f"({DW_2}).T"),
    "shared_first_use_only @ affine-class": ("affine-class", f"({DW_1}).T"),
    "shared_last_use_only @ shared-layer": ("shared-layer", None),
    "shared_first_use_only @ shared-layer": ("shared-layer", None),
    "fd_missing_factor_two @ numerical-gradient": ("numerical-gradient", None),
    "fd_all_entries_at_once @ numerical-gradient": ("numerical-gradient", None),
    "fd_aliased_copies @ numerical-gradient": ("numerical-gradient", "0 * W"),
    "fd_integer_array @ numerical-gradient": ("numerical-gradient", None),
    # the syllabus's own, and what its check found besides
    "layer_dX_collected @ layer-class": ("layer-class", "(G1 + G2) @ W"),
    "layer_first_input_kept @ layer-class": ("layer-class", "np.einsum('bto,bti->oi', G1 + G2, x1)"),
    "layer_starts_with_weights": ("layer-class", f"W + {DW_1} + {DW_2}"),
    "layer_cache_on_the_class": ("layer-class", "G1[0].T @ x2[0]"),
    "layer_gradients_on_the_class": ("layer-class", "G1[0].T @ x1[0] + G2[0].T @ x2[0]"),
    "affine_dw_as_out_in": ("affine-class", f"{DW_1} + {DW_2}"),
    "affine_cache_on_the_class": ("affine-class", "np.einsum('bti,bto->io', x1, G1) - np.einsum('bti,bto->io', x1, G2)"),
    "sum_taken_for_mean": ("seed-prints", f"{ONES}.T @ x / (x.shape[0] * W.shape[0])"),
    "sum_upstream_is_output": ("seed-prints", "(x @ W.T + b).T @ x"),
    "sum_samples_repeated": ("seed-prints", "np.tile(x, (W.shape[0], 1))"),
    "bias_allocated_2d @ seed-prints": ("seed-prints", f"{ONES}.sum(0)[None]"),
    "sharp_seed_numbers": ("sharp-test", "np.array([True, True, True, True, True, False, False])"),
    "sharp_upstream_of_ones": ("sharp-test", "np.array([True, True, False, False, False, False, False])"),
    "sharp_exact_equality": ("sharp-test", "np.array([True, False, False, False, False])"),
}
