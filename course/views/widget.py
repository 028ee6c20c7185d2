"""A board alive in a notebook: `show(board)`. Stepping and linking are the browser's; no kernel is needed for them.

Where entries can be edited, `again(changes)` computes the board anew; only that needs a kernel. The browser asks by `ping`
whether there is one, and offers editing when `pong` has come back.

What has to hold: a notebook that is saved and reopened without its kernel shows the table; so do a page without scripts and an
untrusted notebook; while nbgrader runs a notebook there is no live picture at all, because its feedback could not show one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course.exercise import N_
from course.graph.refusal import Refusal
from course.language import LANGUAGES, shown_languages
from course.report.markup import words_text
from course.verdict import Say
from course.views.board import Board

Changes = Mapping[str, Mapping[int, float]]  # by matrix: flat index → number

NO_NUMBER = N_("{entry}: “{text}” is no number. Nothing was changed.")
STOPPED = N_("On these numbers your code stops with {error}. The picture shows the numbers from before.")

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

    edits = traitlets.Dict().tag(sync=True)  # {matrix: texts of its entries}, and "" for the moment; written by the browser
    trouble = traitlets.Dict().tag(sync=True)  # what was wrong with them, in each language; {} where nothing was
    ping = traitlets.Int(0).tag(sync=True)
    pong = traitlets.Int(0).tag(sync=True)

    def __init__(self, board: Board, again: Callable[[Changes], Board] | None = None, **traits: Any) -> None:
        """again: the board with some entries changed; it may raise Refusal. Without it nothing can be edited."""
        self.board, self.again = board, again
        self.twin: Any = None  # the display of its table
        super().__init__(picture=board.to_json(), **traits)

    @traitlets.observe("ping")
    def _answer(self, change: Any) -> None:
        if self.again is not None:
            self.pong = change["new"]

    @traitlets.observe("edits")
    def _edited(self, change: Any) -> None:
        edits = {key: value for key, value in change["new"].items() if key}
        if self.again is None or not change["new"]:
            return
        try:
            changes = changed(self.board, edits)
            board = self.again(changes) if changes else None
        except Refusal as why:
            self.trouble = in_languages(why.say)
        # The learner's code, on numbers of their own: whatever it raises is told in the picture, where they look.
        except Exception as error:  # noqa: BLE001
            self.trouble = in_languages(Say(STOPPED, {"error": f"{type(error).__name__}: {error}"}))
        else:
            self.trouble = {}
            if board is not None:
                self.put(board)
        self.pong = int(change["new"].get("", 0))

    @traitlets.validate("step")
    def _step_of_the_board(self, proposal: Any) -> int:
        return max(0, min(len(self.board.steps) - 1, int(proposal["value"])))

    def put(self, board: Board) -> None:
        """Put another board in its place; the step stays where it can."""
        self.board = board
        self.picture = board.to_json()
        self.step = min(self.step, len(board.steps) - 1)
        if self.twin is not None:
            self.twin.update(twin(board), raw=True)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        found = super()._repr_mimebundle_(**kwargs)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **bundle(self.board)}, metadata


def bundle(board: Board) -> dict[str, str]:
    """The still picture, for an output."""
    return {"text/html": board.to_html(), "text/plain": board.to_text(shown_languages())}


def being_graded() -> bool:
    """Is nbgrader running this notebook?"""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def in_languages(say: Say) -> dict[str, str]:
    return {language: words_text(say, language) for language in LANGUAGES}


def changed(board: Board, edits: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """The entries whose text is another than the board's; what was left alone keeps all its digits. Raises: Refusal."""
    found: dict[str, dict[int, float]] = {}
    for id in board.editable:
        matrix = board.matrix(id)
        for flat, (before, text) in enumerate(zip(matrix.entries, edits.get(id, ()), strict=False)):
            typed = str(text).strip()
            if typed == before:
                continue
            try:
                value = float(typed.replace("−", "-").replace(",", "."))
            except ValueError:
                raise Refusal(NO_NUMBER, entry=matrix.entry(flat), text=typed) from None
            found.setdefault(id, {})[flat] = value
    return found


def twin(board: Board) -> dict[str, str]:
    """The table of a picture that is alive beside it."""
    return {"text/html": f'<div class="nl-board-twin">{ONLY_ONE}{board.to_html()}</div>', "text/plain": ""}


def show(board: Board, *, step: int = 0, again: Callable[[Changes], Board] | None = None) -> None:
    """
    Show *board* below the cell: live, and its table for when the picture cannot live; only the table while nbgrader grades.

    step: where it opens, from 0. again: computes the board anew where its entries are edited. To set the step from Python,
    display a `BoardView(board)` of your own.
    """
    from IPython.display import display

    if being_graded():
        display(bundle(board), raw=True)
        return
    view = BoardView(board, again, step=step)
    display(view)
    view.twin = display(twin(board), raw=True, display_id=True)
