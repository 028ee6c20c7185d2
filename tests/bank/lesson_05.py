"""The known mistakes of lesson 05. None: what an engine does, or a difference quotient of a function that is not an input."""

from __future__ import annotations

BANK: dict[str, tuple[str, str | None]] = {
    "local_mul_operands_swapped": ("local-backward", None),
    "local_square_factor_forgotten": ("local-backward", "a * g"),
    "local_upstream_ignored": ("local-backward", None),
    "vjp_upstream_ignored": ("vector-jacobian", "J.sum(0)"),
    "vjp_upstream_collapsed": ("vector-jacobian", "g.sum() * J.sum(0)"),
    "vjp_paths_not_summed": ("vector-jacobian", "g[:, None] * J"),
    "vjp_jacobian_times_vector": ("vector-jacobian", None),
    "jacobian_as_a_vector": ("vector-jacobian", "2 * x"),
    "jacobian_full_rows": ("vector-jacobian", "np.tile(2 * x, (len(x), 1))"),
    "dx_steps_added": ("vector-jacobian", "J.T @ g + 2 * x"),
    "path_skip_forgotten @ residual-paths": ("residual-paths", "g * w"),
    "path_layer_forgotten @ residual-paths": ("residual-paths", "g"),
    "path_contributions_multiplied @ residual-paths": ("residual-paths", "g * (g * w)"),
    "path_contributions_averaged @ residual-paths": ("residual-paths", "(g + g * w) / 2"),
    "dW_upstream_ignored @ residual-paths": ("residual-paths", "x"),
    "db_not_summed @ broadcast-operand": ("broadcast-operand", "G * x"),
    "broadcast_wrong_axis": ("broadcast-operand", "np.einsum('ni,ni->n', G, x)"),
    "broadcast_mean": ("broadcast-operand", "(G * x).sum(0) / len(x)"),
    "broadcast_upstream_ignored": ("broadcast-operand", "x.sum(0)"),
    "broadcast_sums_multiplied": ("broadcast-operand", "G.sum(0) * x.sum(0)"),
    "broadcast_added_not_summed": ("broadcast-operand", "G"),
    "broadcast_added_axis_lost": ("broadcast-operand", "G.sum(1)"),
    "path_layer_forgotten @ engine": ("engine", None),
    "path_contributions_averaged @ engine": ("engine", None),
    "path_contributions_multiplied @ engine": ("engine", None),
    "engine_wrong_operand": ("engine", None),
    "engine_keeps_gradients": (
        "engine",
        "np.array([leaves[1] + 2 * (leaves[0] + leaves[1]), leaves[0] + 2 * (leaves[0] + leaves[1])]"
        " + 2 * [6 * (leaves[2] + leaves[3])])",
    ),
    "engine_double_edge_lost": ("engine", "np.array([leaves[0], 1.0])"),
    "fd_missing_factor_two": ("central-difference", None),
    "fd_integer_array": ("central-difference", None),
    "fd_all_entries_at_once": ("central-difference", None),
    "fd_aliased_copies": ("central-difference", "0 * x"),
}
