"""Where a number comes from: the products that an entry of a gradient is the sum of, and the products that could have been.

A weight's gradient is a product of two matrices, also behind a transposition and with any number of leading axes. `Factors`
holds the two, so that a click on an entry can light its row and its column; `candidates` are all eight ways to multiply them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from course.graph.formula import Expr, product, transposed
from course.graph.replay import Edge
from course.graph.trace import Candidate

# -- matrix products ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Factors:
    """
    A gradient as a product of two arrays, (…, m, k) and (…, k, n); entry e of the gradient is a row times a column.

    shape: of the gradient. gone: which axis the sum runs over, by name.
    """

    left: torch.Tensor
    right: torch.Tensor
    left_formula: Expr
    right_formula: Expr
    left_axes: tuple[str, ...]
    right_axes: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def gone(self) -> str:
        return self.left_axes[-1] or self.right_axes[-2]

    def pairs(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
        """For each entry of the gradient the flat indices in left and right that are multiplied."""
        *_, m, k = self.left.shape
        n = self.right.shape[-1]
        sheets = self.left.numel() // (m * k)
        return tuple(
            (
                tuple(sheet * m * k + row * k + inner for inner in range(k)),
                tuple(sheet * k * n + inner * n + column for inner in range(k)),
            )
            for sheet in range(sheets)
            for row in range(m)
            for column in range(n)
        )

    def turned(self) -> Factors:
        """The transposed: (left · right)ᵀ = rightᵀ · leftᵀ, of two-dimensional ones."""
        return Factors(
            self.right.mT,
            self.left.mT,
            transposed(self.right_formula),
            transposed(self.left_formula),
            swapped(self.right_axes),
            swapped(self.left_axes),
            (self.shape[-1], self.shape[-2]),
        )


def factors_of(
    edge: Edge, values: Sequence[torch.Tensor], formulas: Sequence[Expr], axes: Sequence[tuple[str, ...]]
) -> Factors | None:
    """
    The product behind an edge of `matmul`; None where it is none of one row and one column.

    values, formulas, axes: of both operands and of the upstream gradient. A sum over leading axes joins the inner axis: the
    weight's gradient is Gᵀx over all positions, whatever the number of leading axes.
    """
    A, B, G = values[0], values[1], edge.upstream
    a_axes, b_axes, g_axes = axes
    if A.ndim == 1:
        A, G, a_axes, g_axes = (
            A[None],
            G.unsqueeze(-2 if B.ndim > 1 else -1),
            ("", *a_axes),
            insert(g_axes, -1 if B.ndim > 1 else None),
        )
    if B.ndim == 1:
        B, G, b_axes, g_axes = B[:, None], G.unsqueeze(-1), (*b_axes, ""), (*g_axes, "")
    first = edge.slot == 0
    left, right = (G, B.mT) if first else (A.mT, G)
    left_axes, right_axes = (g_axes, swapped(b_axes)) if first else (swapped(a_axes), g_axes)
    left_formula, right_formula = (formulas[2], transposed(formulas[1])) if first else (transposed(formulas[0]), formulas[2])
    mine = values[edge.slot]
    leading = G.shape[:-2]
    if leading:
        left, right = left.expand(*leading, *left.shape[-2:]), right.expand(*leading, *right.shape[-2:])
        if mine.ndim <= 2:  # every sheet used the same operand: its gradient sums over them all
            ndim = left.ndim
            left = left.permute(ndim - 2, *range(ndim - 2), ndim - 1).reshape(left.shape[-2], -1)
            right = right.reshape(-1, right.shape[-1])
            left_axes, right_axes = (left_axes[-2], "*"), ("*", right_axes[-1])
        elif edge.axes:
            return None
    return Factors(left, right, left_formula, right_formula, left_axes[-2:], right_axes[-2:], tuple(mine.shape))


def insert(axes: tuple[str, ...], place: int | None) -> tuple[str, ...]:
    return (*axes, "") if place is None else (*axes[:place], "", *axes[place:])


def swapped(axes: tuple[str, ...]) -> tuple[str, ...]:
    return (*axes[:-2], axes[-1], axes[-2]) if len(axes) > 1 else axes


# -- the proof by shapes ------------------------------------------------------------------------------------------------


def candidates(factors: Factors, contribution: torch.Tensor) -> tuple[Candidate, ...]:
    """
    All eight ways to multiply the two matrices of a gradient: the right one first, then others that can be computed.

    Empty where the factors are stacks of matrices.
    """
    if factors.left.ndim != 2:
        return ()
    wanted = contribution.reshape(factors.left.shape[0], factors.right.shape[1])
    sides = [
        (factors.left, factors.left_formula, factors.left_axes),
        (factors.right, factors.right_formula, factors.right_axes),
    ]
    found = []
    for one, other in ((0, 1), (1, 0)):
        for turn_left in (False, True):
            for turn_right in (False, True):
                found.append(candidate(turned(sides[one], turn_left), turned(sides[other], turn_right), wanted))
    return tuple(sorted(found, key=rank))


Side = tuple[torch.Tensor, Expr, tuple[str, ...]]


def turned(side: Side, turn: bool) -> Side:
    matrix, formula, axes = side
    return (matrix.mT, transposed(formula), swapped(axes)) if turn else side


def candidate(left: Side, right: Side, wanted: torch.Tensor) -> Candidate:
    meets = left[0].shape[1] == right[0].shape[0]
    result = left[0] @ right[0] if meets else None
    shape = None if result is None else (result.shape[0], result.shape[1])
    size = tuple(wanted.shape)
    fits = shape == size
    return Candidate(
        formula=product(left[1], right[1]),
        left_shape=(left[0].shape[0], left[0].shape[1]),
        right_shape=(right[0].shape[0], right[0].shape[1]),
        left_axes=left[2],
        right_axes=right[2],
        meets=meets,
        shape=shape,
        fits=fits,
        turned=shape == size[::-1] and not fits,
        right=fits and result is not None and bool(torch.allclose(result, wanted.to(result.dtype), rtol=1e-6, atol=1e-9)),
    )


def rank(one: Candidate) -> tuple[bool, bool, bool, int]:
    marks = sum(piece.text == "ᵀ" for piece in one.formula.pieces)
    return (not one.right, not one.fits, not one.meets, marks)
