"""The known mistakes of lesson 06. dX, dW and db are told alike where they are asked alone and where all three are."""

from __future__ import annotations

DW: dict[str, str] = {
    "dW_transposed": "x.T @ G",
    "dW_reshaped_to_fit": "(x.T @ G).reshape(W.shape)",
    "dW_batch_mean": "G.T @ x / G.shape[0]",
    "dW_element_mean": "G.T @ x / G.size",
    "dW_upstream_ignored": "np.ones_like(G).T @ x",
    "dW_outer_of_sums": "np.outer(G.sum(0), x.sum(0))",
    "dW_last_sample_only": "np.outer(G[-1], x[-1])",
    "dW_per_sample_not_summed": "G[:, :, None] * x[:, None, :]",
    "dW_sign_flipped": "-(G.T @ x)",
    "dW_returned_updated_weight": "W - 0.1 * (G.T @ x)",
}
DX: dict[str, str] = {
    "dX_textbook_transpose": "G @ W.T",
    "dX_column_layout": "W.T @ G.T",
    "dX_local_derivative_only": "W",
    "dX_upstream_ignored": "np.ones_like(G) @ W",
    "dX_upstream_collapsed": "G.sum(1, keepdims=True) * W.sum(0)",
    "dX_summed_over_batch": "(G @ W).sum(0)",
    "dX_batch_mean": "G @ W / G.shape[0]",
}
DB: dict[str, str] = {
    "db_not_summed": "G",
    "db_wrong_axis": "G.sum(1)",
    "db_total_scalar": "G.sum()",
    "db_batch_size": "G.shape[0] * np.ones(G.shape[1])",
    "db_keepdims": "G.sum(0, keepdims=True)",
    "db_last_sample_only": "G[-1]",
}
RESIDUAL: dict[str, str] = {
    "path_textbook_transpose": "G + G @ W.T",
    "path_skip_forgotten": "G @ W",
    "path_layer_forgotten": "G",
    "path_contributions_multiplied": "G * (G @ W)",
    "path_contributions_averaged": "(G + G @ W) / 2",
}


def of(exercise: str, mistakes: dict[str, str | None]) -> dict[str, tuple[str, str | None]]:
    return {f"{id} @ {exercise}": (exercise, expression) for id, expression in mistakes.items()}


# What raises leaves no gradient at all, so in linear-backward it is told by any part: it has no value of its own there.
STOPS: dict[str, str | None] = {"dX_textbook_transpose": None}

BANK: dict[str, tuple[str, str | None]] = {
    "dW_single_sample_dot @ one-column-backward": ("one-column-backward", None),
    "dW_single_sample_dot @ sample-contributions": ("sample-contributions", "np.einsum('nk,nk->n', G, x)"),
    "db_scaled_by_bias": ("one-column-backward", "g * b"),
    "dW_returned_updated_weight @ one-column-backward": ("one-column-backward", "W - 0.1 * g @ x.T"),
    **of("weight-gradient", {**DW, "dW_single_sample_dot": "np.einsum('nk,nk->', G, x)"}),
    **of("input-gradient", dict(DX)),
    **of("bias-gradient", dict(DB)),
    **of("linear-backward", {**DW, **DX, **DB, **STOPS}),
    **of("residual-backward", dict(RESIDUAL)),
}
