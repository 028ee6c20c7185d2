"""A board alive in a notebook: `show(board)`. Stepping and linking are the browser's; no kernel is needed for them.

What has to hold: a notebook that is saved and reopened without its kernel shows the table; so do a page without scripts and an
untrusted notebook; while nbgrader runs a notebook there is no live picture at all, because its feedback could not show one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course.views.board import Board

HERE = Path(__file__).parent / "static"

# JupyterLab says "model not found" where a widget's state was not saved, and ignores what else the output holds. So the table
# follows in an output of its own; this hides whatever stands before it, unless that is a living picture.
# views.css hides the table beside a living one.
ONLY_ONE = """<style>
.jp-OutputArea-child:not(:has(.nl-view)):has(+ .jp-OutputArea-child .nl-board-twin) { display: none; }
</style>"""


class BoardView(anywidget.AnyWidget):
    """A board that can be stepped through. Draws only: every number comes ready in `picture`."""

    _esm, _css = HERE / "views.js", HERE / "views.css"
    picture = traitlets.Dict().tag(sync=True)  # Board.to_json(); never written by the browser
    step = traitlets.Int(0).tag(sync=True)  # counts from 0; the only trait that both sides write

    def __init__(self, board: Board, **traits: Any) -> None:
        self.board = board
        super().__init__(picture=board.to_json(), **traits)

    @traitlets.validate("step")
    def _step_of_the_board(self, proposal: Any) -> int:
        return max(0, min(len(self.board.steps) - 1, int(proposal["value"])))

    def put(self, board: Board) -> None:
        """Put another board in its place; the step stays where it can."""
        self.board = board
        self.picture = board.to_json()
        self.step = min(self.step, len(board.steps) - 1)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        found = super()._repr_mimebundle_(**kwargs)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.board)}, metadata


def bundle(board: Board) -> dict[str, str]:
    """The still picture, for an output."""
    return {"text/html": board.to_html(), "text/plain": board.to_text()}


def being_graded() -> bool:
    """Is nbgrader running this notebook?"""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def show(board: Board) -> None:
    """
    Show *board* below the cell: live, and its table for when the picture cannot live; only the table while nbgrader grades.

    To set the step from Python, display a `BoardView(board)` of your own.
    """
    from IPython.display import display

    if being_graded():
        display(bundle(board), raw=True)
        return
    display(BoardView(board))
    twin = f'<div class="nl-board-twin">{ONLY_ONE}{board.to_html()}</div>'
    display({"text/html": twin, "text/plain": ""}, raw=True)
