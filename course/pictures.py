"""The pictures that a lesson shows: `from course import pictures`, then `pictures.layer(W, x, b)` in a cell of its own.

    pictures.layer(W, x, b)                             one sample through a layer, link by link
    pictures.two_forms(W, X, b)                         Z = WX + B beside y = xWᵀ + b
    pictures.module(layer)                              nn.Linear as an object with its parameters
    pictures.leading_axes(x, W, b)                      the same small W at every position of (*, in)
    pictures.both_ways(W, b, x, G)                      a layer's two directions, with what it keeps between them
    pictures.graph(loss, {"x": x, "W": W, "b": b})      a computation, forward and backward
    pictures.compare("linear-backward", mine={"dW": …}) own gradients laid over autograd's

Every picture can be stepped through where a notebook is alive, and is a table elsewhere. What cannot be drawn is answered with a
sentence, never with a traceback. Nothing heavy is imported before the first picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course.views.board import Board


def layer(W: Any, x: Any, b: Any) -> None:
    """Show a linear layer at work on one sample. W: (out, in), x: (in,) or (in, 1), b: (out,); at most 8 on each axis."""
    from course.views.layer import layer_board

    show_made(lambda: layer_board(W, x, b))


def two_forms(W: Any, X: Any, b: Any) -> None:
    """Show Z = WX + B beside y = xWᵀ + b. W: (out, in), X: (in, N), samples are columns, b: (out,); at most 8 on each axis."""
    from course.views.two_forms import two_forms_board

    show_made(lambda: two_forms_board(W, X, b))


def module(layer: Any) -> None:
    """Show an nn.Linear as an object: its parameters, their names and count, what a call reads; at most 8 on each axis."""
    from course.views.module import module_board

    show_made(lambda: module_board(layer))


def leading_axes(x: Any, W: Any, b: Any) -> None:
    """Show W slide over the leading axes of x. x: (*, in), 1 to 4 axes, W: (out, in), b: (out,); at most 64 numbers each."""
    from course.views.leading_axes import leading_axes_board

    show_made(lambda: leading_axes_board(x, W, b))


def both_ways(W: Any, b: Any, x: Any, G: Any) -> None:
    """Show forward, backward and the cache between them. W: (out, in), b: (out,), x: (N, in), G: (N, out); at most 8 each."""
    from course.views.both_ways import both_ways_board

    show_made(lambda: both_ways_board(W, b, x, G))


def show_made(make: Callable[[], Board]) -> None:
    """Show the board that *make* makes, or why there is none."""
    from course.graph.refusal import Refusal
    from course.views.notebook import refuse
    from course.views.widget import show

    try:
        board = make()
    except Refusal as refusal:
        refuse(refusal)
    else:
        show(board)


def __getattr__(name: str) -> Any:
    """`graph` and `compare`, which need what is heavy (see `course.views.notebook`)."""
    if name in ("graph", "compare"):
        from course.views import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
