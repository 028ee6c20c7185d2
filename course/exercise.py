"""What an exercise is: what is asked, on which inputs, what is right, and which mistakes are known.

One frozen `Exercise` holds the question beside its wrong answers, so that whoever changes one sees the other. Nothing
here runs a learner's code (see `course.asking`) or decides anything (see `course.judging`).

    draw(rng, sizes) → Inputs          arrays and plain values, NumPy float64
    ask(learner, inputs) → {part: …}   the only step beside the learner's code
    expect(inputs) → {part: array}     what torch and autograd give
    mistake.answer                     a known wrong answer, asked in the learner's place
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
Returned = Mapping[str, Any]  # what the learner's object gave, by part


def N_(message: str) -> str:
    """Mark an English *message* for translation; it is looked up when a report is shown."""
    return message


@dataclass(frozen=True)
class Sizes:
    """The sizes of one draw. Pairwise different where they can be, so that a number tells which axis it is."""

    N: int = 5
    in_: int = 4
    out: int = 3
    hidden: int = 6
    K: int = 4
    B: int = 5
    T: int = 7

    def axis(self, name: str) -> int:
        """The size of the axis called *name* in formulas: "N", "in", "out", …; a plain number stands for itself."""
        return int(name) if name.isdigit() else int(getattr(self, "in_" if name == "in" else name))


GENERIC = Sizes()  # N, in and out differ, and N·out, 2 and 1/N cannot be taken for one another
SQUARE = Sizes(N=4, in_=4, out=4, hidden=4, B=4, T=4)  # where an answer that raised on GENERIC runs and shows its mistake
OTHER = Sizes(N=7, in_=6, out=2, hidden=5, K=3, B=3, T=4)  # a size written into the answer as a number fails here
SINGLE = Sizes(N=1)  # a batch of one keeps its axis


class Inputs(dict[str, Any]):
    """The inputs of one draw by name, also as attributes (`i.x`), with the `sizes` they were drawn for. Equal only to itself."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, sizes: Sizes, /, **values: Any) -> None:
        super().__init__(values)
        self.sizes = sizes

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


Draw = Callable[[np.random.Generator, Sizes], Inputs]
Ask = Callable[[Any, Inputs], Returned]
Expect = Callable[[Inputs], Mapping[str, Any]]


@dataclass(frozen=True)
class Part:
    """One thing that is compared, and the points it earns: a part is right, or it earns nothing.

    axes: the names of its axes, for reports: ("N", "out"). shape: the answer is itself a shape, such as (3, 4); a report
    then quotes it whole. given: the arguments that this part alone is asked with, for reports: {"bias": False}, or
    {"message": lambda i: i.product} where they come from the inputs. entry: the call that gave an entry, for reports, from
    the inputs and the entry's index.
    """

    name: str
    points: int
    axes: tuple[str, ...] = ()
    shape: bool = False
    given: Mapping[str, Any] = field(default_factory=dict, hash=False)
    entry: Callable[[Inputs, int], str] | None = None


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer, in the learner's own form: `answer` is what stands in the place of the learner's object.

    answer: asked like the learner's object; where it raises, so does the learner's. It is both what a wrong result is
    compared with and what the mutation suite hands in, so the two cannot part. part: the part it is told by, "" for each.
    message: what the answer does and what that means; hint: a question that leads on, never the formula. Both are
    translated, and may hold {N}, {in_}, {out} (the sizes of the inputs that are shown), {index}, {expected} and {got}
    (the entry that differs most).
    """

    id: str
    part: str
    answer: Any
    message: str
    hint: str


ARRAYS = frozenset({"tensor", "array"})
NUMBERS = frozenset({"number", "tensor", "array"})
SEQUENCES = frozenset({"list", "tensor", "array"})
LOGICAL = frozenset({"bool", "tensor", "array"})


@dataclass(frozen=True)
class Later:
    """A part that is asked by a call of its own: where that raises, the other parts still have their results."""

    call: Callable[[], Any]


def call(learner: Any, inputs: Inputs) -> Any:
    """Ask a function: call it with the inputs in the order of the draw, arrays as tensors."""
    return learner(*inputs.values())


@dataclass(frozen=True, eq=False)
class Exercise:
    """A question with its answer and its known mistakes; one entry an exercise.

    id            the check cell's grade_id, kebab-case, never renamed; the answer cell's is "<id>-answer"
    entry         the name that the learner defines
    title         what it is called, and `proves` the sentence that a right answer earns; both translated
    parts         what is compared, with points
    draw          (rng, sizes) → Inputs
    expect        inputs → {part: array}; may be a bare array where there is one part
    ask           (learner's object, inputs) → {part: returned}, or the bare thing where there is one part; a part of a
                  `Later` is asked on its own
    signature     how the learner's object is called, for reports: "linear(x, W, b)"
    keeps         inputs that must come back unchanged, else every part earns 0; None: all arrays
    shown         inputs of whole numbers on which a mistake is shown, or None
    sizes         the sizes of the draws; a name needs two draws of GENERIC that agree
    accepts       kinds of result: "tensor", "array", "number", "list", "bool"
    forbidden     what this exercise does without: names as `torch.overrides.resolve_name` gives them
    grad          may the result require grad?
    views         may a result share an input's memory? A gradient should not: adding to it would change the input
    rtol          float64 tolerance
    """

    id: str
    entry: str
    title: str
    proves: str
    parts: tuple[Part, ...]
    draw: Draw
    expect: Expect | Callable[[Inputs], Any]
    signature: str
    ask: Ask | Callable[[Any, Inputs], Any] = call
    keeps: tuple[str, ...] | None = None
    shown: Callable[[], Inputs] | None = None
    sizes: tuple[Sizes, ...] = (GENERIC, GENERIC, OTHER)
    accepts: frozenset[str] = ARRAYS
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    grad: bool = False
    views: bool = True
    rtol: float = 1e-9
    minutes: int = 5

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)

    def by_part(self, value: Any) -> dict[str, Any]:
        """*value* by part; a bare value is the only part's."""
        if isinstance(value, Mapping) and set(value) == {part.name for part in self.parts}:
            return dict(value)
        if len(self.parts) == 1:
            return {self.parts[0].name: value}
        if isinstance(value, tuple | list) and len(value) == len(self.parts):
            return {part.name: one for part, one in zip(self.parts, value, strict=True)}
        raise WrongNumberOfParts(len(self.parts), value)


class WrongNumberOfParts(Exception):
    """The learner's object gave another number of results than it was asked for."""

    def __init__(self, wanted: int, value: Any) -> None:
        super().__init__(wanted, value)
        self.wanted, self.value = wanted, value


# -- draws --------------------------------------------------------------------------------------------------------


def seeds(exercise_id: str, secret: str = "") -> Iterator[int]:
    """Seeds for one exercise's draws, the same at every check; a course's *secret* gives others."""
    number = zlib.crc32(f"{secret}/{exercise_id}".encode())
    while True:
        yield number
        number = (number * 1_664_525 + 1_013_904_223) % 2**32  # Numerical Recipes' generator: only to get many seeds from one


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


AT_ONCE = 64  # numbers that `normal` screens together


def normal(generator: np.random.Generator, *shape: int) -> Array:
    """Numbers that hide no mistake: both signs where there is room for two, none near zero, none twice.

    Shape: any. An all-positive draw would hide an extra ReLU, a near-zero bias a forgotten one (teaching: screened draws).
    Many numbers are drawn part by part: that none of hundreds is near zero or like another would be drawn for seconds.
    """
    count = int(np.prod(shape))
    if count > AT_ONCE and len(shape) > 1:
        return np.array([normal(generator, *shape[1:]) for _ in range(shape[0])])
    while True:
        values = np.round(generator.normal(size=shape), 3) + generator.uniform(-4e-4, 4e-4, size=shape)
        flat = values.ravel().tolist()  # few numbers, drawn often: plain Python looks through them sooner than NumPy
        both_signs = count < 2 or min(flat) < 0 < max(flat)
        sizes = {abs(value) for value in flat}
        if both_signs and min(sizes, default=1) > 0.05 and len(sizes) == count:
            return values


def thread() -> dict[str, Array]:
    """The course's small layer of whole numbers: x (5, 4), W (3, 4), b (3,), and y = xWᵀ + b (5, 3)."""
    x = [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]]
    W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
    b = [1, -1, 2]
    numbers = {name: np.array(value, dtype=np.float64) for name, value in (("x", x), ("W", W), ("b", b))}
    return numbers | {"y": numbers["x"] @ numbers["W"].T + numbers["b"]}
