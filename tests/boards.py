"""What tests of pictures ask of a board: do its sums add up, does it speak, does anything cover anything."""

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from course.graph.measure import BETWEEN, CAPTION, CELL_H, GUTTER, SHEET
from course.graph.refusal import Refusal
from course.language import LANGUAGES, catalogue, translate
from course.views.board import Board, Box


def value(text: str) -> float:
    return float(text.replace("−", "-"))


def worked_out(sums: str) -> tuple[float, float]:
    """Both sides of "2·1 + (−3) = −1", the left one worked out by Python; ≈ is as good as =."""
    left, right = re.split("[=≈]", sums.replace("−", "-").replace("·", "*"))
    return eval(left), float(right)


def close(sum_: str, a: float, b: float) -> bool:
    return abs(a - b) <= (0.01 if "≈" in sum_ else 1e-9)


def overlaps(one, other) -> bool:
    return one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h


def stands_well(board: Board) -> list[str]:
    """What covers something else, or sticks out of its card, in any frame; sheets and all."""
    found = []
    for frame in board.frames:
        boxes = {one.id: one for one in frame.boxes}
        names = list(boxes)
        found += [
            f"{frame.width}: {a} covers {b}" for i, a in enumerate(names) for b in names[:i] if overlaps(boxes[a], boxes[b])
        ]
        for card in board.cards:
            for id in card.matrices:
                place = next(one for one in frame.places if one.matrix == id)
                shape = board.matrix(id).shape
                columns, rows, sheets = math.prod(shape[-1:]), math.prod(shape[-2:-1]), math.prod(shape[:-2])
                down = math.ceil(sheets / place.across)
                gutter, index = GUTTER * (len(shape) > 1), SHEET * (len(shape) > 2)
                w = place.across * (gutter + columns * place.cell + 1) + (place.across - 1) * BETWEEN
                h = CAPTION * bool(shape) + down * (index + rows * CELL_H + 1) + (down - 1) * BETWEEN
                box = boxes[card.id]
                if place.x + w > box.w or place.y + h > box.h or place.cell < board.matrix(id).cell:
                    found.append(f"{frame.width}: {id} does not fit into its card")
    return found


def strays(board: Board) -> list[str]:
    """Arrows that do not begin and end at the cards they belong to, stand still, or cross another card."""
    found = []
    lines = {one.id: one for one in board.lines}
    for frame in board.frames:
        boxes = {one.id: one for one in frame.boxes}
        for path in frame.paths:
            ends = (lines[path.line].start, lines[path.line].end)
            where = f"{frame.width}: {path.line}"
            for (x, y), id in zip((path.points[0], path.points[-1]), ends, strict=True):
                box = boxes[id]
                if not (box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h):
                    found.append(f"{where} is not at {id}")
            for (a, b), (c, d) in pairwise(path.points):
                if (a, b) == (c, d):
                    found.append(f"{where} stands still")
                piece = Box("", min(a, c), min(b, d), max(1, abs(a - c)), max(1, abs(b - d)))
                found += [f"{where} crosses {id}" for id, box in boxes.items() if id not in ends and overlaps(piece, box)]
    return found


def left_unsaid(make: Callable[[], object], told: Sequence[str]) -> list[str]:
    """Which of *told* the refusal that *make* gets does not say, in any language; a failure where it is not refused."""
    with pytest.raises(Refusal) as refused:
        make()
    texts = [translate(refused.value.say, language) for language in LANGUAGES]
    assert len(set(texts)) == len(LANGUAGES)
    return [one for text in texts for one in told if one not in text]


def speaks(board: Board) -> list[str]:
    """Steps without a sentence with a number in it, or with one that has no translation."""
    found = []
    for number, step in enumerate(board.steps, 1):
        for say in step.say:
            found += [f"step {number} in {lang}" for lang in ("ru", "zh") if say.text not in catalogue(lang)]
        texts = [step.text(language) for language in LANGUAGES]
        found += [f"step {number}: {text}" for text in texts if not re.search(r"\d", text) or "{" in text]
        found += [f"step {number} says the same twice"] if len(set(texts)) < len(LANGUAGES) else []
    return found


def shown_by(monkeypatch, call) -> list[dict]:
    found: list[dict] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda one, raw=False, **_: found.append(one if raw else one._repr_mimebundle_()[0])
    )
    call()
    return found
