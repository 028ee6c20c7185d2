"""A matrix as an HTML table: with its numbers, or bare, as the picture of its shape.

The axes stand on the edges by name and colour (`n`, `in`, `out`); the classes are those of `report.css`.
"""

from __future__ import annotations

from course.numbers import Style
from course.report import words
from course.report.markup import Html, Languages, classes, hidden, join, labels, tag
from course.report.sheets import Axis, Sheet, axes_of, shape_text, sheets
from course.verdict import Matrix

MOST_BARE = 12  # rows or columns of a shape that is drawn as cells


def heading(matrix: Matrix, said: Html | None = None, *, shape: bool = False) -> Html:
    """ "dW expected (3, 4)": the name, what it is, and its shape where no named axis tells it."""
    shape = shape or (bool(matrix.shape) and not any(axis.named for axis in axes_of(matrix)))
    parts = (
        tag("b", matrix.name) if matrix.name else None,
        said,
        tag("code", shape_text(matrix.shape)) if shape else None,
    )
    return join(*(part for part in parts if part), between=" ")


def tables(matrix: Matrix, headed: Html, style: Style | None, languages: Languages) -> Html:
    """All sheets of *matrix* below each other, under the heading *headed*."""
    shown = sheets(matrix, style)
    leading = axes_of(matrix)[:-2]
    if leading:  # a pile has its heading above all its sheets, and each sheet its own
        return join(_above(headed, leading), *(_table(sheet, sheet.label, languages) for sheet in shown))
    return join(*(_table(sheet, "" if index else headed, languages) for index, sheet in enumerate(shown)))


def _above(headed: Html, axes: tuple[Axis, ...]) -> Html:
    names = [tag("span", axis.label, cls=axis.colour or "quiet") for axis in axes]
    return tag("p", join(headed, *names, between=" "), cls="nl-cap")


def _caption(text: str) -> Html | None:
    return tag("caption", tag("span", text)) if text else None


def _table(sheet: Sheet, headed: str, languages: Languages) -> Html:
    body = tag("tbody", *(_row(sheet, index, languages) for index in range(len(sheet.cells))))
    return tag("table", _caption(headed), _heads(sheet), body, cls=classes("nl-m", _edges(sheet.rows, sheet.columns)))


def _edges(rows: Axis | None, columns: Axis | None) -> str:
    """Classes that colour the left and the upper edge by their axes."""
    row, column = (axis.colour if axis else "" for axis in (rows, columns))
    return classes(row and f"r-{row}", column and f"c-{column}")


def _heads(sheet: Sheet) -> Html | None:
    """Above the cells: the name of their axis, and the numbers of the columns."""
    if sheet.columns is None:
        return None
    aside = tag("td", colspan=2 if sheet.rows.named else None) if sheet.rows else None
    numbers = tag("tr", aside, *(tag("th", str(i), scope="col") for i in sheet.column_numbers))
    if not sheet.columns.named:
        return tag("thead", numbers)
    width = len(sheet.column_numbers)
    name = tag("th", sheet.columns.label, cls=classes("nl-ax", sheet.columns.colour), scope="colgroup", colspan=width)
    return tag("thead", tag("tr", aside, name), numbers)


def _row(sheet: Sheet, index: int, languages: Languages) -> Html:
    name = _upright(sheet.rows, len(sheet.cells)) if sheet.rows and sheet.rows.named and index == 0 else None
    at = tag("th", str(index), scope="row") if sheet.rows else None
    return tag("tr", name, at, *(_cell(sheet, index, i, languages) for i in range(len(sheet.cells[index]))))


def _cell(sheet: Sheet, row: int, column: int, languages: Languages) -> Html:
    text = sheet.cells[row][column]
    if sheet.worst != (row, column):
        return tag("td", text)
    return tag("td", hidden("▸ "), tag("b", text), hidden(" ", labels(words.WORST, languages)), cls="worst")


def _upright(axis: Axis, rows: int, bright: str = "") -> Html:
    """The name of the row axis, written upwards beside its rows."""
    cls = classes("nl-ax", axis.colour, bright)
    return tag("th", tag("span", axis.label), cls=cls, scope="rowgroup", rowspan=rows)


def bare_table(matrix: Matrix, headed: Html) -> Html:
    """The shape of *matrix* as empty cells, a line along the axis `lit` lit. Only words where it is too big to draw."""
    axes = axes_of(matrix)
    height, width = (1, 1, *matrix.shape)[-2:]
    if not (0 < height <= MOST_BARE and 0 < width <= MOST_BARE):
        return _above(headed, tuple(axis for axis in axes if axis.named))
    rows, columns = ((None, None, *axes))[-2:]
    lit = "" if matrix.lit is None else "c" if matrix.lit == len(axes) - 1 else "r"  # a row lies along the column axis
    above = None
    if columns:
        name = tag("span", columns.label)
        cls = classes("nl-ax", columns.colour, "lit" if lit == "c" else "")
        above = tag("tr", tag("td") if rows else None, tag("th", name, cls=cls, scope="colgroup", colspan=width))
    colour = {"c": columns, "r": rows}.get(lit)
    bright = classes("lit", colour.colour if colour else "")

    def cell(i: int, j: int) -> Html:
        return tag("td", cls=bright if (lit == "c" and i == 0) or (lit == "r" and j == 0) else None)

    body = []
    for i in range(height):
        side = _upright(rows, height, "lit" if lit == "r" else "") if rows and i == 0 else None
        body.append(tag("tr", side, *(cell(i, j) for j in range(width))))
    leading = [tag("span", axis.label, cls=axis.colour or "quiet") for axis in axes[:-2]]
    return tag(
        "table",
        _caption(join(headed, *leading, between=" ")),
        tag("thead", above) if above else None,
        tag("tbody", *body),
        cls=classes("nl-m bare", _edges(rows, columns), lit and f"lit-{lit}"),
    )
