"""The trace: everything a picture shows of a computation, as plain data. `to_json` is what the browser gets.

No tensor, function or module lives in here, so a trace can be stored, compared and drawn without torch. Flat indices count in
the order of reading, the last axis fastest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from course.answer import Line
from course.graph.formula import Expr
from course.language import LANGUAGES, translate
from course.verdict import Say

VERSION = 1
SHOWN = 64  # entries of a tensor that are shown one by one; a larger one is summed up

# What is known of a tensor's gradient. Three of these are easily taken for one another, and look different in a picture.
COMPUTED = "computed"
ZERO = "zero"  # computed, and every entry is 0
NOT_COMPUTED = "not computed"  # it needs one, and the result does not depend on it
NOT_NEEDED = "needs no gradient"


@dataclass(frozen=True)
class Summary:
    """What is shown of a tensor of more than SHOWN entries."""

    least: str
    mean: str
    greatest: str
    zeros: int


@dataclass(frozen=True)
class Numbers:
    """An array: `entries` and how they are written, both flat; None where there are too many, then `summary` is there."""

    shape: tuple[int, ...]
    entries: tuple[float, ...] | None
    texts: tuple[str, ...] | None
    summary: Summary | None = None

    @property
    def whole(self) -> bool:
        return self.entries is not None


@dataclass(frozen=True)
class Tensor:
    """
    A tensor of the computation.

    kind: "input", "constant" (an input that needs no gradient), "step" or "result". formula: its name, or the expression that
    computes it. gradient: the formula of its gradient ("dW"). axes: a name for each axis, "" where none is known. made_by: id
    of its operation, "" for inputs. card: is it drawn as a card of its own? uses: how many operands it is.
    """

    id: str
    name: str
    kind: str
    formula: Expr
    gradient: Expr
    axes: tuple[str, ...]
    value: Numbers
    grad: Numbers | None
    mark: str
    made_by: str
    card: bool
    uses: int


@dataclass(frozen=True)
class Operation:
    """
    An operation, in the order of the forward pass. sign: what stands in its circle. called: as the learner's code called it.
    definition: result = formula. node: what autograd calls it. line: the learner's line.
    """

    id: str
    op: str
    sign: str
    called: str
    operands: tuple[str, ...]
    result: str
    formula: Expr
    definition: Expr
    node: str
    line: Line | None
    own: bool


@dataclass(frozen=True)
class Local:
    """
    The local derivative. kind: "entry" (one for each entry of the result; `shape` is the result's), "matrix" (entries of
    the result × entries of the operand) or "large" (too many to show).
    """

    kind: str
    shape: tuple[int, ...]
    entries: tuple[float, ...] | None


@dataclass(frozen=True)
class Product:
    """
    A gradient that is a matrix product: left · right.

    pairs: for each entry of the gradient the flat indices in left and in right whose products it is the sum of.
    """

    left: Numbers
    right: Numbers
    left_formula: Expr
    right_formula: Expr
    left_axes: tuple[str, ...]
    right_axes: tuple[str, ...]
    gone: str  # the axis that is summed away
    pairs: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


@dataclass(frozen=True)
class Candidate:
    """
    One way to multiply the two matrices that a gradient is made of.

    meets: do the inner axes have one size? shape: of the product, None where they do not. fits: is that the tensor's shape?
    turned: is it that of its transposed? right: are the numbers the gradient's? In a square layer a shape fits without that.
    """

    formula: Expr
    left_shape: tuple[int, int]
    right_shape: tuple[int, int]
    left_axes: tuple[str, ...]
    right_axes: tuple[str, ...]
    meets: bool
    shape: tuple[int, int] | None
    fits: bool
    turned: bool
    right: bool


@dataclass(frozen=True)
class Edge:
    """
    From a tensor to an operation, and, where `carries`, the gradient back.

    mark: COMPUTED or ZERO where it carries, else why not. upstream_formula, formula: of what arrives at the operation and of
    what goes on to the tensor. sums: for each entry of `contribution` (of `unreduced`, where something was broadcast) what it
    is made of, as text; reduced_sums: the same for the sum over `axes`. total: the tensor's gradient so far, this contribution
    included.
    """

    id: str
    operation: str
    slot: int
    tensor: str
    mark: str
    upstream_formula: Expr | None = None
    formula: Expr | None = None
    reduced_formula: Expr | None = None
    upstream: Numbers | None = None
    local: Local | None = None
    unreduced: Numbers | None = None
    axes: tuple[int, ...] = ()
    axis_names: tuple[str, ...] = ()
    contribution: Numbers | None = None
    total: Numbers | None = None
    sums: tuple[str, ...] | None = None
    reduced_sums: tuple[str, ...] | None = None
    product: Product | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def carries(self) -> bool:
        return self.contribution is not None


@dataclass(frozen=True)
class Step:
    """
    One step of the picture.

    kind: "forward", "seed", "edge", "reduce", "accumulate" or "done". numbers: what is new after it: a value, a contribution,
    a sum, the gradient so far. gradient: the id of the tensor whose gradient is known from here on as far as `numbers` says;
    final: as a whole. part, of: which of how many contributions. entry: the flat index that `say` speaks of. lit: ids.
    """

    kind: str
    say: tuple[Say, ...]
    operation: str = ""
    edge: str = ""
    tensor: str = ""
    numbers: Numbers | None = None
    gradient: str = ""
    final: bool = False
    part: int = 0
    of: int = 0
    entry: int | None = None
    sums: tuple[str, ...] | None = None
    lit: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """All that it says in one *language*; Chinese sentences follow each other without a space."""
        return ("" if language == "zh" else " ").join(translate(say, language) for say in self.say)


@dataclass(frozen=True)
class Trace:
    """A computation and its backward pass. definitions: the formula strip, one line for each named result."""

    target: str
    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    edges: tuple[Edge, ...]
    steps: tuple[Step, ...]
    definitions: tuple[Expr, ...]
    sizes: Mapping[str, int]  # of the named axes
    version: int = VERSION

    def tensor(self, key: str) -> Tensor:
        """The tensor of that id or name. Raises KeyError."""
        found = [one for one in self.tensors if one.id == key] or [one for one in self.tensors if one.name == key]
        if not found:
            raise KeyError(key)
        return found[0]

    def operation(self, id: str) -> Operation:
        return next(one for one in self.operations if one.id == id)

    def edge(self, id: str) -> Edge:
        return next(one for one in self.edges if one.id == id)

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`: formulas as [[text, id], …]; of each step its `text` in every language, not `say`."""
        found = plain(self)
        assert isinstance(found, dict)
        for step, told in zip(self.steps, found["steps"], strict=True):
            del told["say"]
            told["text"] = {language: step.text(language) for language in LANGUAGES}
        return found


def plain(value: Any) -> Any:
    """*value* as JSON holds it."""
    if isinstance(value, Say):
        return {language: translate(value, language) for language in LANGUAGES}
    if isinstance(value, Expr):
        return [[piece.text, piece.id] for piece in value.pieces]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value
