"""What tests of pictures ask of a board: do its sums add up, does it speak, does anything cover anything."""

import re

from course.language import LANGUAGES, catalogue
from course.views.board import CELL_H, Board


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
    """What covers something else, or sticks out of its card, in any frame."""
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
                rows, columns = ((1, 1), (1, *shape))[min(len(shape), 1)] if len(shape) < 2 else shape
                w = (16 if len(shape) == 2 else 0) + columns * place.cell + 1
                h = (14 if shape else 0) + rows * CELL_H + 1
                box = boxes[card.id]
                if place.x + w > box.w or place.y + h > box.h or place.cell < board.matrix(id).cell:
                    found.append(f"{frame.width}: {id} does not fit into its card")
    return found


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
