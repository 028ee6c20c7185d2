"""What asking brings back: plain data about what a learner's object did, and nothing of the object itself.

`Asked` is all that judging sees. It holds arrays and facts, never a function or a tensor, so that it can cross from a
sandbox to the judge as JSON and arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from course.exercise import Sizes


@dataclass(frozen=True)
class Line:
    """A line of the learner's own code. `number` counts from 1 within its cell; columns are UTF-8-safe character offsets."""

    number: int
    text: str
    here: bool = False
    start: int | None = None  # the sub-expression Python blames, where it says so
    end: int | None = None


@dataclass(frozen=True)
class Raised:
    """An exception of the learner's: its type and message as Python wrote them, and the learner's lines that led to it."""

    type: str
    message: str
    lines: tuple[Line, ...] = ()
    own: bool = True  # False where it was raised by what is called, not by the learner's own code
    inside: str = ""  # the answer to an exercise further up that `lines` call and that raised it, by its entry


@dataclass(frozen=True)
class Came:
    """What came back where several results were asked for: of which type, and how many where it is a tuple or a list."""

    wanted: int
    kind: str
    count: int | None = None


@dataclass(frozen=True)
class Result:
    """One part's result as plain data: `array` is None where the result is of a kind that has no numbers."""

    kind: str  # "tensor", "sparse tensor", "array", "number", "list", "bool", "None", or the type's name
    array: np.ndarray | None = None
    dtype: str = ""
    requires_grad: bool = False
    aliases: str = ""  # the input whose memory it shares, or ""


@dataclass(frozen=True)
class Answer:
    """What one trial gave: for each part a result or what was raised, unless all of it raised or the time was out."""

    results: dict[str, Result] = field(default_factory=dict)
    raised: Raised | None = None  # by the whole call
    stopped: dict[str, Raised] = field(default_factory=dict)  # by the call of one part
    not_attempted: bool = False
    wrong_number: Came | None = None
    changed: tuple[str, ...] = ()  # inputs that came back changed
    forbidden: tuple[str, ...] = ()  # forbidden functions that were called
    forbidden_lines: tuple[Line, ...] = ()
    out_of_time: tuple[Line, ...] | None = None  # where the code was stopped
    output: str = ""  # what it printed, cut
    output_lines: int = 0  # how many lines it printed in all
    warnings: tuple[str, ...] = ()


class Purpose(Enum):
    """Why a trial was run."""

    GENERIC = "generic"  # decides, and names
    AGAIN = "again"  # the first draw once more: what an answer gives must not depend on what it was asked before
    SQUARE = "square"  # only names: asked where a generic draw raised
    SHOWN = "shown"  # whole numbers: the evidence that a person can check in the head


@dataclass(frozen=True)
class Trial:
    """One call: the seed and sizes its inputs were drawn from, and what came back. Inputs are drawn anew by who needs them."""

    purpose: Purpose
    seed: int
    sizes: Sizes
    answer: Answer


@dataclass(frozen=True)
class Asked:
    """Everything asking brought back for one exercise."""

    exercise: str
    defined: bool = True  # False: no object of the entry's name
    callable: bool = True
    kind: str = ""  # the type of what is there instead of a function
    syntax_error: Raised | None = None  # of the last cell that was to define it; what is defined is older, or nothing
    trials: tuple[Trial, ...] = ()
    limit: float = 10.0  # seconds that the check had
