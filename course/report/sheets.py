"""A matrix as one or more sheets of cells: the axes by name on the edges, and the entry that differs most marked.

An array of three or more axes is a pile of sheets, one for each index of its leading axes. A sheet that is too wide goes on
below itself, so that a page at 200 % never scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from course.numbers import Style, number, style_of
from course.report.markup import pad
from course.verdict import Matrix

MOST_CELLS = 64  # more numbers than these are not looked at
MOST_COLUMNS = 8  # of one sheet beside each other
MOST_BARE = 12  # rows or columns of a shape that is drawn as cells


@dataclass(frozen=True)
class Axis:
    """One edge of a sheet: "in = 4", or the bare size where the axis has no name."""

    name: str
    size: int

    @property
    def label(self) -> str:
        return f"{self.name} = {self.size}" if self.named else str(self.size)

    @property
    def named(self) -> bool:
        return bool(self.name) and not self.name.isdigit()

    @property
    def colour(self) -> str:
        """The class of its colour; axes other than the three of the layer are grey."""
        return {"N": "n", "in": "in", "out": "out"}.get(self.name, "")

    def index(self, i: int) -> str:
        return f"{self.name} {i}" if self.named else str(i)


@dataclass(frozen=True)
class Sheet:
    """Cells as text. A matrix of one axis is a single row without row numbers."""

    cells: tuple[tuple[str, ...], ...]
    columns: Axis | None
    rows: Axis | None = None
    first_column: int = 0
    label: str = ""  # "y[2]", where there is a pile
    worst: tuple[int, int] | None = None

    @property
    def column_numbers(self) -> range:
        return range(self.first_column, self.first_column + len(self.cells[0]))


def axes_of(matrix: Matrix) -> tuple[Axis, ...]:
    """The axes of *matrix*, without names where those it has do not fit its shape."""
    names = matrix.axes if len(matrix.axes) == len(matrix.shape) else ("",) * len(matrix.shape)
    return tuple(Axis(name, size) for name, size in zip(names, matrix.shape, strict=True))


def piles(matrix: Matrix) -> list[tuple[int, ...]]:
    """The leading indices of the sheets that are shown: all, or the one with the worst entry, or none."""
    leading, last = matrix.shape[:-2], matrix.shape[-2:]
    if prod(matrix.shape) == 0 or prod(last) > MOST_CELLS:
        return []
    if prod(matrix.shape) <= MOST_CELLS:
        return list(np.ndindex(*leading))
    return [matrix.worst[: len(leading)]] if matrix.worst is not None and leading else []


def sheets(matrix: Matrix, style: Style | None = None) -> list[Sheet]:
    """The sheets of *matrix*, its numbers in *style*; none where they are too many, or there are none."""
    array = matrix.array
    assert array is not None, "a bare matrix has no numbers"
    style = style or style_of(array)
    rows, columns = (None, None, *axes_of(matrix))[-2:]
    found: list[Sheet] = []
    for leading in piles(matrix):
        label = f"{matrix.name}[{', '.join(map(str, leading))}]" if leading else ""
        cells = tuple(tuple(number(value, style) for value in row) for row in np.atleast_2d(array[leading]))
        found += _bands(Sheet(cells, columns, rows, label=label, worst=_worst_in(matrix, leading)))
    return found


def _worst_in(matrix: Matrix, leading: tuple[int, ...]) -> tuple[int, int] | None:
    """Row and column of the worst entry in the sheet at *leading*, if it lies there."""
    if matrix.worst is None or matrix.worst[: len(leading)] != leading:
        return None
    row, column = (0, 0, *matrix.worst[len(leading) :])[-2:]
    return row, column


def _bands(sheet: Sheet) -> Iterator[Sheet]:
    """*sheet* cut into pieces of at most `MOST_COLUMNS` columns, each but the first below the one before."""
    width = len(sheet.cells[0])
    count = -(-width // MOST_COLUMNS)
    step = -(-width // count)  # 9 columns are 5 and 4, not 8 and 1
    for start in range(0, width, step):
        worst = sheet.worst and (sheet.worst[0], sheet.worst[1] - start)
        inside = worst is not None and 0 <= worst[1] < step
        yield Sheet(
            tuple(row[start : start + step] for row in sheet.cells),
            sheet.columns,
            sheet.rows,
            start,
            sheet.label if start == 0 else "",
            worst if inside else None,
        )


def shape_text(shape: tuple[int, ...]) -> str:
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


# -- text -----------------------------------------------------------------------------------------------------------


def heading_text(matrix: Matrix, said: str = "", *, shape: bool = False) -> str:
    """ "dW (out = 3, in = 4)   expected"; with *shape*, "dW (3, 4): out = 3, in = 4   expected"."""
    names = ", ".join(axis.label for axis in axes_of(matrix))
    named = any(axis.named for axis in axes_of(matrix))
    if shape:
        form = f"{shape_text(matrix.shape)}{f': {names}' if named else ''}"
    else:
        form = (f"({names})" if named else shape_text(matrix.shape)) if matrix.shape else ""
    return "   ".join(part for part in (" ".join(part for part in (matrix.name, form) if part), said) if part)


def sheets_text(matrix: Matrix, style: Style | None = None) -> str:
    """The sheets below each other, right-aligned, the worst entry in brackets."""
    return "\n".join(_sheet_text(sheet) for sheet in sheets(matrix, style))


def _sheet_text(sheet: Sheet) -> str:
    heads = [sheet.columns.index(i) if sheet.columns else "" for i in sheet.column_numbers]
    body = [
        [f"[{cell}]" if sheet.worst == (i, j) else f"{cell} " for j, cell in enumerate(row)] for i, row in enumerate(sheet.cells)
    ]
    width = max(len(cell) for row in [[f"{head} " for head in heads], *body] for cell in row) + 2
    names = [sheet.rows.index(i) if sheet.rows else "" for i in range(len(body))]
    side = max(map(len, names))
    lines = [_line("", [f"{head} " for head in heads], side, width)] if sheet.columns else []
    lines += [_line(name, row, side, width) for name, row in zip(names, body, strict=True)]
    return "\n".join([f"{sheet.label}", *lines] if sheet.label else lines)


def _line(name: str, cells: Sequence[str], side: int, width: int) -> str:
    return (pad(name, side) + "".join(pad(cell, width, right=True) for cell in cells)).rstrip()
