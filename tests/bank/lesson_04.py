"""The known mistakes of lesson 04."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "nd_flatten_like_affine": ("forward-nd", None),
    "nd_leading_axes_lost": ("forward-nd", None),
    "nd_wrong_regrouping": (
        "forward-nd",
        "(x3.reshape(-1, x3.shape[-1]) @ W.T + b).reshape(x3.shape[1], x3.shape[0], -1).swapaxes(0, 1)",
    ),
    "nd_features_on_axis_1": ("forward-nd", "x3.swapaxes(1, 2) @ W.T + b"),
    "params_count_per_position": ("count-positions", "np.array(T * (in_ * out + out))"),
    "in_features_mismatch": ("which-sizes", None),
    "dtype_mismatch": ("which-sizes", None),
    # the syllabus's own
    "nd_positions_summed": ("forward-nd", "(x3 @ W.T).sum(1) + b"),
    "blocks_not_transposed": ("affine-blocks", "np.kron(np.eye(T), W)"),
    "blocks_interleaved": ("affine-blocks", "np.kron(W.T, np.eye(T))"),
    "blocks_everywhere": ("affine-blocks", "np.tile(W.T, (T, T))"),
    "blocks_reshaped": ("affine-blocks", "np.kron(np.eye(T), W.reshape(W.shape[::-1]))"),
    "both_sizes_of_x_read": ("which-sizes", None),
    "affine_counted_like_linear": ("count-positions", "np.array(in_ * out + out)"),
}
