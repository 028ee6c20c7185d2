"""What a judge decided, as plain data in no language: `course.report` turns it into words and pictures of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from course.answer import Line
from course.exercise import Sizes


class State(Enum):
    """What became of an answer. Each has a mark and words of its own in the report."""

    NOT_DEFINED = "not defined"
    NOT_ATTEMPTED = "not attempted"
    WRONG = "wrong"
    CLOSE = "close"
    RIGHT = "right"
    FORBIDDEN = "forbidden"
    FAILED = "failed to run"
    OUT_OF_TIME = "out of time"


@dataclass(frozen=True)
class Say:
    """A message to the reader: an English text, which is also its id in the catalogues, and the values for its {fields}.

    `code` in backticks and **strong** words are marked up in it; nothing else is.
    """

    text: str
    values: dict[str, Any] = field(default_factory=dict)


AS_CODE = "`{name}`"  # the same in every language


def as_code(name: str) -> Say:
    """A name of the learner's or of the exercise's, as code."""
    return Say(AS_CODE, {"name": name})


@dataclass(frozen=True)
class Matrix:
    """An array to show. `axes` name its axes; `worst` is the index that differs most; `bare` shows its shape, not its numbers.

    `lit` is the axis (0 or 1) of which one line is lit: the row or column that should have met another.
    """

    name: str
    shape: tuple[int, ...]
    array: np.ndarray | None = None
    axes: tuple[str, ...] = ()
    worst: tuple[int, ...] | None = None
    lit: int | None = None

    @property
    def bare(self) -> bool:
        return self.array is None


@dataclass(frozen=True)
class Evidence:
    """Two arrays side by side. kind: "values" and "shapes" (expected | got), "meeting" (two factors), "digits" (two numbers)."""

    kind: str
    left: Matrix
    right: Matrix
    between: str = ""  # an operation that leads from one to the other, in symbols: "÷ 5", "ᵀ"
    because: str = ""  # where its number comes from, in symbols: "N = 5"
    caption: tuple[Say, ...] = ()
    inputs: tuple[Matrix, ...] = ()  # the whole-number inputs, where the evidence is computed on those
    called: str = ""  # the call that gave `right`, where the inputs are plain numbers: "weight_of(W, 1, 2)"


@dataclass(frozen=True)
class PartVerdict:
    """One part: the points it earned of how many, and the mistake it contains by id, "" where none is certain."""

    name: str
    earned: int
    points: int
    state: State
    mistake: str = ""


@dataclass(frozen=True)
class Verdict:
    """The whole answer. `says` is what the answer does and what that means; `asks` the question that leads on.

    A report shows, in this order: header (state, title, points), says, quote (the learner's lines), evidence, hints
    (`asks` first, then the exercise's own), and what was asked.
    """

    exercise: str
    state: State
    parts: tuple[PartVerdict, ...]
    says: tuple[Say, ...] = ()
    asks: tuple[Say, ...] = ()
    quote: tuple[Line, ...] = ()
    error: str = ""  # the exception as Python wrote it: "RuntimeError: …"
    inside: str = ""  # the answer to an exercise further up inside of which it was raised, by its entry
    evidence: tuple[Evidence, ...] = ()
    mistake: str = ""  # the id that is shown at the foot of the report
    sizes: Sizes | None = None  # of the inputs that the report speaks of, where it speaks of some
    whole: bool = False  # is it shown on the whole-number inputs?
    output: str = ""
    output_lines: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def earned(self) -> int:
        return sum(part.earned for part in self.parts)

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)
