"""The pictures of lessons 05 and 06, ready made: graphs of computations on the small layer of whole numbers.

Both are recorded and replayed by PyTorch like any computation of a learner's; only their numbers are chosen here.
"""

from __future__ import annotations

from typing import Any

from course.graph import graph
from course.views.board import Board
from course.views.graph_board import graph_board

# The small layer: every sum can be done in the head. x: (5, 4), W: (3, 4), b: (3,).
X = [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]]
WEIGHT = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
BIAS = [1, -1, 2]
TARGET = [[-2, -6, 2], [0, -2, 1], [3, 5, 2], [7, -7, -5], [-1, 0, 4]]  # so that y − t are small whole numbers: L = 12


def two_paths(x: Any, w: Any, b: Any) -> Any:
    """One neuron y, u = 3y + y², L = 2u: y reaches u by two paths. x: (in,), w: (in,), b: ()."""
    y = w @ x + b
    u = 3 * y + y**2
    L = 2 * u
    return L


def layer_loss(x: Any, W: Any, b: Any, t: Any) -> Any:
    """The layer and its squared loss. x: (N, in), W: (out, in), b: (out,), t: (N, out)."""
    y = x @ W.T + b
    L = 0.5 * ((y - t) ** 2).sum()
    return L


def diamond_board() -> Board:
    """Lesson 05: the second neuron for the first sample, y = −5. Two paths lead back to y, and what arrives is added up."""
    trace = graph(two_paths, {"x": X[0], "w": WEIGHT[1], "b": BIAS[1]})
    return graph_board(trace)


def layer_graph_board() -> Board:
    """Lesson 06: the layer with N = 5, in = 4, out = 3 and its loss, L = 12; its gradients as products with their axes."""
    inputs = {"x": X, "W": WEIGHT, "b": BIAS, "t": TARGET}
    return graph_board(graph(layer_loss, inputs, fold={"L": "½Σ(·)²"}))
