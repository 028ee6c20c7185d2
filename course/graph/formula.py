"""Formulas as pieces of text that know which tensor or operation they stand for: x Wᵀ + b, Gᵀ x.

An `Expr` is what a picture can link: hovering over W in the formula lights the card of W. It knows enough algebra to write
a transposed product as the lesson does, (xᵀG)ᵀ = Gᵀx, and to set brackets where they are needed. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from course.numbers import number

SUM, PRODUCT, PREFIX, ATOM = range(4)  # how tightly a formula binds; what binds less gets brackets

FRACTIONS = {0.5: "½", 0.25: "¼", 0.75: "¾"}
SUPERSCRIPTS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
AXIS_SUBSCRIPTS = {"N": "ₙ", "in": "ᵢₙ", "out": "ₒᵤₜ", "T": "ₜ", "K": "ₖ"}


@dataclass(frozen=True)
class Piece:
    """A bit of a formula, and the id of the tensor or operation it stands for, or ""."""

    text: str
    id: str = ""


@dataclass(frozen=True)
class Expr:
    """
    A formula.

    level: how tightly it binds. factors: of a matrix product, outermost first, else (). inner: what it is the transposed of.
    scalar: it stands for one number, so that a product with it needs no ⊙. factor: the plain number that it starts with, and
    `rest` what that number multiplies (None: it is that number), so that ½ · 2 (y − t) is written y − t. added: of a sum over
    named axes what it sums and over which.
    """

    pieces: tuple[Piece, ...]
    level: int = ATOM
    factors: tuple[Expr, ...] = ()
    inner: Expr | None = None
    scalar: bool = False
    factor: float | None = None
    rest: Expr | None = None
    added: tuple[Expr, tuple[str, ...]] | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def symbol(text: str, id: str = "", *, scalar: bool = False) -> Expr:
    return Expr((Piece(text, id),), scalar=scalar)


def literal(value: object) -> Expr:
    """A plain number of the learner's code: 2, ½, −0.1."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return symbol(str(value), scalar=True)
    text = FRACTIONS.get(float(value), number(value))
    return Expr((Piece(text),), PREFIX if value < 0 else ATOM, scalar=True, factor=float(value))


def within(expr: Expr, level: int) -> tuple[Piece, ...]:
    """The pieces of *expr* where at least *level* is needed: in brackets where it binds less."""
    return expr.pieces if expr.level >= level else (Piece("("), *expr.pieces, Piece(")"))


def infix(left: Expr, sign: str, right: Expr, level: int, id: str = "", *, tighter: bool = False) -> Expr:
    """left sign right; *tighter*: the right side needs brackets at the same level (a − (b + c))."""
    pieces = (*within(left, level), Piece(sign, id), *within(right, level + tighter))
    return Expr(pieces, level, scalar=left.scalar and right.scalar)


def scaled(left: Expr, right: Expr, id: str = "") -> Expr:
    """The product entry by entry: a ⊙ b, or 2 a where one of them is a number. Plain numbers are multiplied out."""
    factor = (left.factor or 1.0) * (right.factor or 1.0) if left.factor is not None or right.factor is not None else None
    if factor is None or id:  # with an id it is the learner's own product, written as it was written
        return _scaled(left, right, id)
    rests = [
        rest
        for rest in (left.rest if left.factor is not None else left, right.rest if right.factor is not None else right)
        if rest
    ]
    if not rests:
        return literal(factor)
    rest = rests[0] if len(rests) == 1 else _scaled(rests[0], rests[1])
    if factor == 1:
        return rest
    whole = infix(literal(factor), " ", rest, PRODUCT)
    return replace(whole, factor=factor, rest=rest, scalar=rest.scalar)


def _scaled(left: Expr, right: Expr, id: str = "") -> Expr:
    if (right.scalar and not left.scalar) or (right.factor is not None and left.factor is None):
        left, right = right, left  # the number comes first: ½ z
    digits = right.text[0].isdigit() or right.text[0] in FRACTIONS.values()
    return infix(left, " ⊙ " if not left.scalar else " · " if digits else " ", right, PRODUCT, id)


def product(left: Expr, right: Expr, id: str = "") -> Expr:
    """The matrix product, factors side by side: x Wᵀ."""
    factors = (*(left.factors or (left,)), *(right.factors or (right,)))
    pieces: tuple[Piece, ...] = ()
    for index, factor in enumerate(factors):
        pieces += (Piece(" ", id),) * (index > 0) + within(factor, PREFIX)
    return Expr(pieces, PRODUCT, factors=factors)


def transposed(expr: Expr, id: str = "") -> Expr:
    """Transposing twice changes nothing, and a transposed product changes the order: (xᵀG)ᵀ = Gᵀx."""
    if expr.inner is not None:
        return expr.inner
    if expr.added is not None:
        return summed(transposed(expr.added[0], id), expr.added[1])
    if expr.factors:
        first, *rest = (transposed(factor, id) for factor in reversed(expr.factors))
        for factor in rest:
            first = product(first, factor)
        return first
    return Expr((*within(expr, ATOM), Piece("ᵀ", id)), ATOM, inner=expr, scalar=expr.scalar)


def negative(expr: Expr, id: str = "") -> Expr:
    return Expr((Piece("−", id), *within(expr, PRODUCT)), PREFIX if expr.level == ATOM else PRODUCT, scalar=expr.scalar)


def power(base: Expr, exponent: str, id: str = "") -> Expr:
    """base², base⁻¹; an exponent that is no whole number is written base^n."""
    raised = exponent.translate(SUPERSCRIPTS)
    plain = all(letter in "0123456789-−" for letter in exponent)
    return Expr((*within(base, ATOM), Piece(raised if plain else f"^{exponent}", id)), ATOM, scalar=base.scalar)


def applied(function: str, arguments: Sequence[Expr], id: str = "") -> Expr:
    """function(a, b)."""
    pieces: tuple[Piece, ...] = (Piece(f"{function}(", id),)
    for index, argument in enumerate(arguments):
        pieces += (Piece(", "),) * (index > 0) + argument.pieces
    return Expr((*pieces, Piece(")", id)), ATOM)


def indexed(expr: Expr, index: str, id: str = "") -> Expr:
    return Expr((*within(expr, ATOM), Piece(f"[{index}]", id)), ATOM)


def summed(expr: Expr, axes: Sequence[str] = (), id: str = "") -> Expr:
    """Σ x, or Σₙ G: the axes that are summed away as a subscript, by name or by number."""
    small = [AXIS_SUBSCRIPTS.get(axis, axis.translate(SUBSCRIPTS) if axis.isdigit() else "") for axis in axes]
    below = "".join(small) if all(small) else "_" + ",".join(axes)
    added = (expr, tuple(axes)) if axes and not id else None
    return Expr((Piece(f"Σ{below} ", id), *within(expr, PRODUCT)), PRODUCT, scalar=not axes, added=added)


def unlinked(expr: Expr) -> Expr:
    """The same text without links: for formulas of gradients, whose letters are no cards of their own."""
    return replace(expr, pieces=tuple(Piece(piece.text) for piece in expr.pieces))
