"""What the pictures of a linear layer share: reading what a learner hands in, writing its numbers, and how large a card is.

Whatever cannot be drawn is answered by a `Refusal`, a sentence that says which array it is and what to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from course.exercise import N_
from course.graph import refusal
from course.graph.measure import CAPTION, CELL_H, GUTTER, LETTER, PAD_BOTTOM, PAD_TOP, PAD_X, SMALL, TITLE
from course.graph.refusal import Refusal
from course.graph.sums import alone, sum_text
from course.numbers import number, style_of
from course.views.board import Card, Matrix, Part, shape_text

SIDE = 8  # entries on an axis: 8 × 8 are as many as a picture shows
HOTTEST = 0.9  # of the full colour: on more, a number has too little contrast in the dark theme
EXACT = {"float16": 4, "float32": 7}  # significant digits that a number of this type holds: 0.2 is not 0.200000003

NOT_NUMBERS = N_(
    "{name} cannot be read as an array of numbers. Give it as a tensor, a NumPy array or lists of numbers whose rows are all "
    "equally long."
)
WRONG_AXES = N_("{name} has the shape {shape}, and the picture needs {wanted}. Give {name} these axes, in this order.")
WRONG_SIZE = N_(
    "The axis {axis} has two sizes: {one} has the shape {one_shape}, so there it is {one_size}; {other} has the shape "
    "{other_shape}, so there it is {other_size}. Both must be the same."
)
TOO_LARGE = N_(
    "{name} has the shape {shape}, and the picture holds at most {side} numbers on each axis. Draw a smaller example, a few "
    "features and neurons of it."
)


def too_long(array: np.ndarray, name: str) -> None:
    """Raises: Refusal: there are too many entries on an axis."""
    if max(array.shape, default=1) > SIDE:
        raise Refusal(TOO_LARGE, name=name, shape=shape_text(array.shape), side=SIDE)


def read(
    value: Any, name: str, wanted: str, ndims: Sequence[int], limit: Callable[[np.ndarray, str], None] = too_long
) -> np.ndarray:
    """
    A copy of *value* in float64. wanted: the shape it needs, in words of the lesson: "(out, in)"; ndims: how many axes that are.
    limit: refuses what is too large.

    Raises: Refusal: *value* is no array of ordinary numbers, or has other axes, or is too large.
    """
    found = plain_array(value, name)
    if found.ndim not in ndims:
        raise Refusal(WRONG_AXES, name=name, shape=shape_text(found.shape), wanted=wanted)
    if 0 in found.shape:
        raise Refusal(refusal.EMPTY, name=name, shape=shape_text(found.shape))
    limit(found, name)
    wrong = np.argwhere(~np.isfinite(found))
    if len(wrong):
        at = tuple(int(one) for one in wrong[0])
        raise Refusal(refusal.INPUT_NOT_FINITE, name=name, number=number(found[at]), index=f"{name}[{', '.join(map(str, at))}]")
    return found


def one_axis(array: np.ndarray, name: str, wanted: str) -> np.ndarray:
    """A column as the row of numbers that it is. Raises: Refusal: it is no column."""
    if array.ndim == 2 and array.shape[1] != 1:
        raise Refusal(WRONG_AXES, name=name, shape=shape_text(array.shape), wanted=wanted)
    return array.reshape(-1)


def plain_array(value: Any, name: str) -> np.ndarray:
    """*value* as float64, whatever it is kept in. Raises: Refusal."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided:
            raise Refusal(refusal.NOT_DENSE, name=name, layout=str(value.layout).removeprefix("torch."))
        if value.is_meta:
            raise Refusal(refusal.NO_NUMBERS, name=name)
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).resolve_conj().resolve_neg().numpy()
    elif isinstance(value, list | tuple):
        value = [one.detach().cpu().tolist() if isinstance(one, torch.Tensor) else one for one in value]
    try:
        found = np.array(value)
    except (ValueError, TypeError, RuntimeError):
        raise Refusal(NOT_NUMBERS, name=name) from None
    if found.dtype.kind == "c":
        raise Refusal(refusal.COMPLEX, name=name)
    if found.dtype.kind not in "iuf":
        raise Refusal(NOT_NUMBERS, name=name)
    digits = EXACT.get(found.dtype.name)
    found = found.astype(np.float64)
    if digits is not None:
        found = np.array([float(f"{one:.{digits}g}") for one in found.ravel()]).reshape(found.shape)
    return found


def meet(axis: str, one: tuple[str, np.ndarray, int], other: tuple[str, np.ndarray, int]) -> None:
    """Both arrays, each given as (name, array, which of its axes), have the same size there. Raises: Refusal."""
    (name, array, at), (other_name, other_array, other_at) = one, other
    if array.shape[at] != other_array.shape[other_at]:
        raise Refusal(
            WRONG_SIZE,
            axis=axis,
            one=name,
            one_shape=shape_text(array.shape),
            one_size=array.shape[at],
            other=other_name,
            other_shape=shape_text(other_array.shape),
            other_size=other_array.shape[other_at],
        )


def texts_of(array: np.ndarray) -> tuple[str, ...]:
    """The entries of *array*, with the same decimals, in the order of reading."""
    array = np.asarray(array)
    style = style_of(array)
    return tuple(number(one, style) if one else "0" for one in array.ravel().tolist())


def matrix(id: str, name: str, array: np.ndarray, axes: Sequence[str], heat: tuple[float, ...] | None = None) -> Matrix:
    return Matrix(id, name, array.shape, texts_of(array), tuple(axes), heat=heat)


def listed(values: np.ndarray) -> str:
    return ", ".join(alone(float(one)) for one in values)


def running(before: float, added: float) -> str:
    """−5 + (−5) = −10: a sum may begin with a minus sign."""
    text = sum_text([(before,), (added,)], before + added)
    return text[1:].replace(")", "", 1) if text.startswith("(") else text


def heat_of(array: np.ndarray) -> tuple[float, ...] | None:
    """Every entry against the largest one; None where all are zero."""
    largest = float(np.abs(array).max())
    return tuple((HOTTEST * array / largest).ravel().tolist()) if largest else None


At = tuple[tuple[int, ...], ...]  # as in Part


def row_of(row: int, columns: int) -> tuple[int, ...]:
    """The flat indices of a row of a matrix with so many *columns*."""
    return tuple(range(row * columns, (row + 1) * columns))


def rows_and_columns(rows: int, inner: int, columns: int) -> tuple[At, At]:
    """For every entry of a product (rows, inner) · (inner, columns): its row of the left factor, its column of the right one."""
    right = [tuple(range(column, inner * columns, columns)) for column in range(columns)]
    return tuple(row_of(row, inner) for row in range(rows) for _ in range(columns)), tuple(right) * rows


def product_parts(left: str, right: str, rows: int, inner: int, columns: int) -> tuple[Part, ...]:
    """The same as parts. left, right: the ids of the factors."""
    return tuple(Part(id, at) for id, at in zip((left, right), rows_and_columns(rows, inner, columns), strict=True))


def turned_from(shape: tuple[int, int]) -> tuple[int, ...]:
    """For every entry of a transposed matrix the entry of the matrix, of this *shape*, that it is."""
    rows, columns = shape
    return tuple(row * columns + column for column in range(columns) for row in range(rows))


def layer_parts(rows: int, features: int, neurons: int, *ids: str) -> tuple[Part, ...]:
    """
    Of every entry of y = x Wᵀ + b: its row of x, its neuron's row of W, which is a column of Wᵀ, and its bias.

    ids: of the matrices x (rows, features), W, Wᵀ and b; without the last there is no bias.
    """
    samples, columns = rows_and_columns(rows, features, neurons)
    own = tuple(row_of(i, features) for i in range(neurons)) * rows
    biases = tuple((i,) for i in range(neurons)) * rows
    return tuple(Part(id, at) for id, at in zip(ids, (samples, own, columns, biases), strict=False))


def width_of(cell: int, columns: int) -> int:
    """px that a matrix of two axes takes with the name of its rows' axis, its border included."""
    return GUTTER + columns * cell + 1


def card_size(name: str, shape: Sequence[int], cell: int) -> tuple[int, int]:
    """Width and height in px of the card of a matrix or a vector, the latter a row."""
    rows, columns = (shape[0], shape[1]) if len(shape) == 2 else (1, shape[0])
    title = math.ceil(LETTER * len(name) + 8 + SMALL * len(shape_text(shape)))
    grid = width_of(cell, columns) if len(shape) == 2 else columns * cell + 1
    return max(grid, title) + 2 * PAD_X, PAD_TOP + TITLE + CAPTION + rows * CELL_H + 1 + PAD_BOTTOM


def title_size(card: Card, matrices: Mapping[str, Matrix]) -> tuple[int, int]:
    """Width and height in px of a card with its title on one line, and its matrix, where it has one, below."""
    title = round(LETTER * len(card.name) + 8 + SMALL * len(card.shape)) + 2 * PAD_X
    if not card.matrices:
        return title, PAD_TOP + TITLE + PAD_BOTTOM
    one = matrices[card.matrices[0]]
    w, h = card_size(one.name, one.shape, one.cell)
    return max(w, title), h


def widest_cell(matrices: Iterable[Matrix]) -> int:
    return max(one.cell for one in matrices)
