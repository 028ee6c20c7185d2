"""The known mistakes of lesson 07."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "nd_dW_batched_not_summed": ("nd-backward", "np.einsum('bto,bti->boi', G, x)"),
    "nd_dW_divided_by_batch": ("nd-backward", "np.einsum('bto,bti->oi', G, x) / x.shape[0]"),
    "nd_db_only_first_axis": ("nd-backward", "G.sum(0)"),
    "nd_db_only_positions": ("nd-backward", "G.sum(1)"),
    "nd_db_last_axis": ("nd-backward", "G.sum(-1)"),
    "nd_dX_left_flat": ("nd-backward", "G.reshape(-1, G.shape[-1]) @ W"),
    "shared_last_use_only": ("layer-class", "G2.T @ x2"),
    "shared_last_use_only @ shared-layer": ("shared-layer", "(G @ W).T @ x"),
    "shared_first_use_only": ("shared-layer", "G.T @ (x @ W.T + b)"),
    "fd_missing_factor_two": ("numerical-gradient", "2 * (G * (x @ W.T)).T @ x"),
    "fd_all_entries_at_once": ("numerical-gradient", "np.full(W.shape, ((G * (x @ W.T)).T @ x).sum())"),
    "fd_aliased_copies": ("numerical-gradient", "np.zeros(W.shape)"),
    "fd_integer_array": ("numerical-gradient", None),
    # the syllabus's own
    "nd_dW_transposed": ("nd-backward", "np.einsum('bti,bto->io', x, G)"),
    "upstream_is_y": ("seed-prints", "(x @ W.T + b).T @ x"),
    "cache_of_one": ("shared-layer", "(G + G @ W).T @ (x @ W.T + b)"),
    "cache_from_the_wrong_end": ("shared-layer", "G.T @ x + (G @ W).T @ (x @ W.T + b)"),
}
