"""What a notebook calls: build a board and show it below the cell. What cannot be drawn is told in a sentence, never a traceback.

    graph(loss, {"x": x, "W": W, "b": b, "t": t})    what a function computes, forward and backward; its inputs can be edited
    with graph.record(x=x, W=W):                     the learner's own code, shown at the end of the block
        L = ((x @ W.T) ** 2).sum()
    compare("linear-backward", mine={"dW": dW})      the learner's gradients over autograd's

An exception of the learner's own code passes through as their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from course import graph as graphs
from course.exercise import N_
from course.graph import Refusal, Trace, trace_of
from course.language import LANGUAGES, shown_languages
from course.report.markup import paragraphs, tag, words_text
from course.views.board import Board, asking
from course.views.comparing import Mine, compared, first_wrong
from course.views.graph_board import graph_board
from course.views.widget import Changes, show

WHOLE = N_("The tensor {name} holds whole numbers only, so {value} does not fit into it. Nothing was changed.")
OPTIONS = ("of", "seed", "fold", "axes", "letters", "predict")


class Graph:
    """`graph(fn, inputs)` shows the picture of a computation; `graph.record(…)` that of the code in a with block."""

    def __call__(
        self,
        fn: Callable[..., Any],
        inputs: Mapping[str, Any],
        *,
        constants: Sequence[str] | None = None,
        seed: Any = None,
        fold: Mapping[str, str] | None = None,
        axes: Mapping[str, Sequence[str]] | None = None,
        letters: Mapping[str, str] | None = None,
        predict: Sequence[str] = (),
    ) -> None:
        """
        Run *fn* on the *inputs* and show what it computes. As `course.graph.graph`, and shown.

        predict: what is asked before it is shown: "dW" for its shape, "dW[1, 3]" for an entry.
        """
        now = dict(inputs)
        names: dict[str, str] = {}  # of the tensors, by matrix

        def board_of(values: Mapping[str, Any]) -> Board:
            trace = graphs.graph(fn, values, constants=constants, seed=seed, fold=fold, axes=axes, letters=letters)
            board = predicting(replace(graph_board(trace), editable=editable(trace, values)), predict)
            now.update(values)
            names.update({one.id: one.name for one in trace.tensors})
            return board

        try:
            board = board_of(now)
        except Refusal as why:
            refuse(why)
        else:
            show(board, again=lambda changes: board_of(with_changes(names, now, changes)))

    @staticmethod
    def record(**tensors: Any) -> Recorded:
        """
        Watch the code of the with block and show it at the end.

        tensors: by the names they are to have; others get those of their variables. The names `of`, `seed`, `fold`, `axes`,
        `letters` (as in `course.graph.record`) and `predict` are options.
        """
        options = {name: tensors.pop(name) for name in OPTIONS if name in tensors}
        return Recorded(tensors, **options)

    def __repr__(self) -> str:
        return "graph(fn, inputs)"


graph = Graph()


class Recorded(graphs.record):
    """A recording that shows itself at its end; `with graph.record() as r` also gives `r.recording`."""

    def __init__(self, tensors: Mapping[str, Any], *, predict: Sequence[str] = (), **options: Any) -> None:
        super().__init__(tensors, **options)
        self.predict = predict

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        super().__exit__(kind, error, traceback)
        if error is not None:
            return
        try:
            board = predicting(graph_board(trace_of(self)), self.predict)
        except Refusal as why:
            refuse(why)
        else:
            show(board)


def compare(exercise_id: str, mine: Mine, inputs: Mapping[str, Any] | None = None) -> None:
    """
    Show a learner's gradients over autograd's, opened at the first wrong one. As `course.views.comparing.compared`, and shown.

    mine: {"dX": …, "dW": …} or the learner's function. inputs: those the results were computed with; by default the exercise's.
    """
    try:
        board = compared(exercise_id, mine, inputs)
    except Refusal as why:
        refuse(why)
    else:
        show(board, step=first_wrong(board) or 0)


def refuse(why: Refusal) -> None:
    """Show the sentence of *why* in every language."""
    from IPython.display import display

    html = tag("div", *paragraphs(why.say, LANGUAGES), cls="nl-refusal")
    text = "\n".join(words_text(why.say, language) for language in shown_languages())
    display({"text/html": str(html), "text/plain": text}, raw=True)


# -- questions and edits ---------------------------------------------------------------------------------------------------------

CANNOT_ASK = N_("The picture does not compute {name}, so it cannot ask for it. It computes: {names}.")


def predicting(board: Board, wanted: Sequence[str]) -> Board:
    """`asking`, for a reader: Raises: Refusal."""
    for one in [wanted] if isinstance(wanted, str) else wanted:
        try:
            board = asking(board, one)
        except ValueError:
            names = dict.fromkeys(matrix.name for matrix in board.matrices if matrix.id not in board.given)
            raise Refusal(CANNOT_ASK, name=one, names=", ".join(names)) from None
    return board


def editable(trace: Trace, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The matrices of the inputs whose entries are shown."""
    return tuple(one.id for one in trace.tensors if not one.made_by and one.card and one.name in inputs and one.value.texts)


def with_changes(names: Mapping[str, str], inputs: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """*inputs* with some entries changed, in new tensors and arrays. names: of the inputs, by matrix. Raises: Refusal."""
    import numpy as np
    import torch

    found = dict(inputs)
    for id, entries in changes.items():
        name = names[id]
        old = found[name]
        new: Any
        if isinstance(old, torch.Tensor):
            new = old.detach().clone(memory_format=torch.contiguous_format)
            whole = not new.is_floating_point()
        else:
            # As `graph` reads them: numbers that are no array are floats.
            new = np.array(old, dtype=old.dtype if isinstance(old, np.ndarray) else np.float64, order="C")
            whole = new.dtype.kind not in "fc"
        flat = new.reshape(-1)
        for at, value in entries.items():
            if whole and value != int(value):
                raise Refusal(WHOLE, name=name, value=value)
            flat[at] = value
        found[name] = new.requires_grad_(old.requires_grad) if isinstance(old, torch.Tensor) else new
    return found


__all__ = ["compare", "graph"]
