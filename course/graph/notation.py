"""What things are called in formulas: the axes of every tensor, and the letter of its gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from course.graph.record import Recording
from course.graph.rules import PASSES, rule_of

Axes = tuple[str, ...]

# The notation of the course; it holds where the shapes agree with it. A last entry per number of axes.
NOTATION: dict[str, tuple[Axes, ...]] = {
    "x": (("in",), ("N", "in"), ("B", "T", "in")),
    "X": (("in", "1"),),
    "W": (("out", "in"),),
    "A": (("out", "in"),),
    "weight": (("out", "in"),),
    "b": (("out",),),
    "bias": (("out",),),
    "B": (("out", "1"),),
    "t": (("out",), ("N", "out"), ("B", "T", "out")),
}
WEIGHTS = ("W", "A", "weight")
LETTERS = {"x": "dX", "X": "dX", "y": "G", "weight": "dW", "bias": "db", "A": "dW"}


# -- names of tensors -------------------------------------------------------------------------------------------------


# -- names of axes ----------------------------------------------------------------------------------------------------


def notation(shapes: Mapping[str, Sequence[int]]) -> dict[str, Axes]:
    """The axes of the tensors called x, W, b, … as the course names them; {} where there is no W or a size contradicts."""
    if not any(name in WEIGHTS for name in shapes):
        return {}
    found: dict[str, Axes] = {}
    sizes: dict[str, int] = {"1": 1}
    for name in sorted(shapes, key=lambda name: name not in WEIGHTS):
        fits = [axes for axes in NOTATION.get(name, ()) if len(axes) == len(shapes[name])]
        if not fits:
            continue
        if any(sizes.setdefault(axis, size) != size for axis, size in zip(fits[0], shapes[name], strict=True)):
            return {}
        found[name] = fits[0]
    return found


def letters(names: Sequence[str], own: Mapping[str, str]) -> dict[str, str]:
    """The letter of each tensor's gradient: dW; in the course's own layer also dX and G = ∂L/∂y."""
    layer = any(name in WEIGHTS for name in names) and any(name in names for name in ("x", "X"))
    return {name: own.get(name) or (LETTERS.get(name, f"d{name}") if layer else f"d{name}") for name in names}


def carried(call: Any, axes: Sequence[Axes], shapes: Sequence[Sequence[int]], shape: Sequence[int], kind: str) -> Axes:
    """The axes of an operation's result, from those of its operands; "" where a name is not known."""
    if kind == "product" and len(shapes) == 2:
        return of_product(axes, shapes, len(shape))
    if kind in ("elementwise", "along"):
        return broadcast(axes, shapes, shape)
    if kind == "sum":
        return left_over(call, axes[0], len(shapes[0]), len(shape))
    if kind == "moved" and len(shapes) == 1:
        return viewed(call, axes[0], shapes[0], shape)
    return ("",) * len(shape)


def of_product(axes: Sequence[Axes], shapes: Sequence[Sequence[int]], ndim: int) -> Axes:
    """(N, in) @ (in, out) → (N, out)."""
    left, right = axes
    rows = left[-2:-1] if len(left) > 1 else ()
    columns = right[-1:] if len(right) > 1 else ()
    leading = left[:-2] if len(left) >= len(right) else right[:-2]
    found = (*leading, *rows, *columns)
    return found if len(found) == ndim else ("",) * ndim


def broadcast(axes: Sequence[Axes], shapes: Sequence[Sequence[int]], shape: Sequence[int]) -> Axes:
    """For each axis of the result the first name that an operand has for it there, at its full size."""
    found = []
    for back in range(-len(shape), 0):
        names = [
            names[back]
            for names, size in zip(axes, shapes, strict=True)
            if len(size) >= -back and size[back] == shape[back] and names[back]
        ]
        found.append(names[0] if names else "")
    return tuple(found)


def left_over(call: Any, axes: Axes, ndim: int, result_ndim: int) -> Axes:
    dims = dims_of(call)
    if dims is None or result_ndim == 0:
        return () if result_ndim == 0 else ("",) * result_ndim
    gone = {dim % ndim for dim in dims} if ndim else set()
    if result_ndim == ndim:
        return tuple("1" if index in gone else name for index, name in enumerate(axes))
    return tuple(name for index, name in enumerate(axes) if index not in gone)


def dims_of(call: Any) -> tuple[int, ...] | None:
    """The axes that a reduction was asked to go along; None: all."""
    given = call.kwargs.get("dim", call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None))
    if given is None or isinstance(given, bool):
        return None
    if isinstance(given, int):
        return (given, *(dim for dim in call.args[2:] if isinstance(dim, int) and not isinstance(dim, bool)))
    return tuple(given) if all(isinstance(dim, int) for dim in given) else None


def viewed(call: Any, axes: Axes, shape: Sequence[int], result: Sequence[int]) -> Axes:
    """Follow each axis through a view by its stride: an axis of the same size and the same stride is the same axis."""
    with torch.no_grad():
        original = torch.empty(tuple(shape))
        view = call.run([original])
    if view.untyped_storage().data_ptr() != original.untyped_storage().data_ptr():
        return axes if tuple(shape) == tuple(result) else ("",) * len(result)
    known = {(size, step): name for size, step, name in zip(shape, original.stride(), axes, strict=True) if size > 1}
    return tuple(known.get((size, step), "") if size > 1 else "1" for size, step in zip(result, view.stride(), strict=True))


def axes_of(recording: Recording) -> dict[str, Axes]:
    """The names of every tensor's axes: those that were given, the course's notation, and what the operations carry on."""
    shapes = {id: tuple(value.value.shape) for id, value in recording.values.items()}
    named = {recording.names[id]: shapes[id] for id in recording.inputs if id in recording.names}
    known = notation(named)
    known |= {name: tuple(axes) for name, axes in recording.axes.items()}
    found: dict[str, Axes] = {}
    for id in recording.inputs:
        found[id] = fitting(known.get(recording.names.get(id, "")), shapes[id])
    for call in recording.calls:
        given = recording.axes.get(recording.names.get(call.result, ""))
        operands = [found[id] for id in call.operands]
        kind = "" if call.members or not operands else rule_of(call.op).kind
        kind = "elementwise" if kind == PASSES else kind
        sizes = [shapes[id] for id in call.operands]
        own = carried(call, operands, sizes, shapes[call.result], kind) if kind else None
        found[call.result] = fitting(tuple(given) if given else own, shapes[call.result])
    return found


def fitting(axes: Axes | None, shape: Sequence[int]) -> Axes:
    return axes if axes is not None and len(axes) == len(shape) else ("",) * len(shape)


def sizes_of(recording: Recording, axes: Mapping[str, Axes]) -> dict[str, int]:
    return {
        name: size
        for id, names in axes.items()
        for name, size in zip(names, recording.values[id].value.shape, strict=True)
        if name and not name.isdigit()
    }
