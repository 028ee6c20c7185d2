"""How large the cards of a picture are, in pixels: the browser draws cells of exactly these sizes.

The measures are those of the course's style sheet: cells of 28 × 20 px, wider where a number needs it; 11 px the smallest text.
A matrix too wide for the picture is cut into blocks of columns that stand under each other; axes before the last two become
sheets, side by side where there is room.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course.graph.trace import NOT_NEEDED, Numbers, Operation, Tensor

CELL_W, CELL_H = 28, 20
DIGIT = 7.3  # px, a character of a number
SMALL = 6.8  # px, a character of a label or shape
LETTER = 10.0  # px, a character of a name
GUTTER = 16  # px left of a matrix, for the name of its rows' axis
CAPTION = 14  # px above it, for the name of its columns' axis
SHEET = 16  # px above each sheet, for its index
BETWEEN = 8  # px between sheets or blocks of columns
PAIR = 12  # px between values and gradients
TITLE = 22
PAD_X, PAD_TOP, PAD_BOTTOM = 9, 5, 9  # border included
BESIDE = 300  # px: the widest card with values and gradients side by side
OP = 36  # px: an operation's circle
WIDEST_OP = 180  # px: a longer name is cut
TEXT_LINE = 16


@dataclass(frozen=True)
class Grid:
    """
    How an array stands in its card. x, y: px inside of the card. cell: width of a cell. rows, columns: of a sheet. block: columns
    side by side before the next block begins below. sheets: the leading index of each, () where there is one; across: how many
    stand side by side. summed: it is not shown entry by entry.
    """

    x: int
    y: int
    w: int
    h: int
    cell: int
    rows: int
    columns: int
    block: int
    gutter: int
    caption: int
    sheets: tuple[tuple[int, ...], ...] = ((),)
    across: int = 1
    summed: bool = False


@dataclass(frozen=True)
class Card:
    """The measures of a card: its size, its array, and the array of its gradient where it has a place for one."""

    w: int
    h: int
    value: Grid
    grad: Grid | None = None


def card_of(tensor: Tensor, width: int) -> Card:
    """The card of *tensor* in a picture that is *width* px wide inside of its margins."""
    room = width - 2 * PAD_X
    value = grid(tensor.value, tensor, room)
    # A long formula is cut by the browser: its full text stands in the step's sentence and in the table.
    title = min(room, math.ceil(LETTER * len(tensor.formula.text) + 8 + SMALL * len(str(tensor.value.shape))))
    x, y = PAD_X, PAD_TOP + TITLE
    if tensor.mark == NOT_NEEDED:
        w = max(value.w, title)
        return Card(w + 2 * PAD_X, y + value.h + PAD_BOTTOM, placed(value, x, y))
    grad = grid(tensor.grad or tensor.value, tensor, room)
    cell = max(value.cell, grad.cell)
    value, grad = grid(tensor.value, tensor, room, cell), grid(tensor.grad or tensor.value, tensor, room, cell)
    if value.w + PAIR + grad.w <= min(BESIDE, room):
        w = max(value.w + PAIR + grad.w, title)
        h = y + max(value.h, grad.h) + PAD_BOTTOM
        return Card(w + 2 * PAD_X, h, placed(value, x, y), placed(grad, x + value.w + PAIR, y))
    w = max(value.w, grad.w, title)
    h = y + value.h + PAIR + grad.h + PAD_BOTTOM
    return Card(w + 2 * PAD_X, h, placed(value, x, y), placed(grad, x, y + value.h + PAIR))


def grid(numbers: Numbers, tensor: Tensor, room: int, cell: int = 0) -> Grid:
    """The array's own measures, at 0, 0."""
    shape = numbers.shape
    if numbers.texts is None:
        return Grid(0, 0, min(room, 132), 3 * TEXT_LINE, 132, 1, 1, 1, 0, 0, summed=True)
    longest = max((len(text) for text in numbers.texts), default=1)
    cell = max(cell, CELL_W if shape else 44, math.ceil(DIGIT * longest) + 10)
    rows, columns = (1, 1) if not shape else (1, shape[0]) if len(shape) == 1 else (shape[-2], shape[-1])
    gutter, caption = GUTTER if len(shape) > 1 else 0, CAPTION if shape else 0
    block = max(1, min(columns, (room - gutter) // cell))
    blocks = math.ceil(columns / block)
    sheets = indices(shape[:-2])
    label = SHEET if len(shape) > 2 else 0
    one = label + blocks * rows * CELL_H + (blocks - 1) * BETWEEN
    wide = gutter + block * cell + 1
    across = max(1, min(len(sheets), (min(BESIDE, room) + BETWEEN) // (wide + BETWEEN)))
    down = math.ceil(len(sheets) / across)
    w, h = across * wide + (across - 1) * BETWEEN, caption + down * one + (down - 1) * BETWEEN + 1
    return Grid(0, 0, w, h, cell, rows, columns, block, gutter, caption, sheets, across)


def indices(shape: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    found: tuple[tuple[int, ...], ...] = ((),)
    for size in shape:
        found = tuple((*index, one) for index in found for one in range(size))
    return found


def placed(grid: Grid, x: int, y: int) -> Grid:
    return Grid(**{**vars(grid), "x": x, "y": y})


def operation_size(operation: Operation) -> tuple[int, int]:
    """(width, height): a circle, wider where its sign is a word, taller where many operands arrive."""
    wide = OP if len(operation.sign) <= 3 else math.ceil(8.5 * len(operation.sign)) + 18
    wide = min(wide, WIDEST_OP)
    return wide, max(OP, 20 * (len(operation.operands) - 1))


def text_width(text: str) -> int:
    """Of a label beside a line, in px."""
    return math.ceil(SMALL * len(text)) + 6
