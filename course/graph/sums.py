"""Sums and products as text, with the numbers that are really added: what an entry is made of, forwards and backwards.

Where numbers are rounded for reading, the sign says so: ≈.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from course.graph.formula import SUPERSCRIPTS, symbol
from course.graph.provenance import Factors
from course.graph.record import Call, Recording
from course.graph.replay import Edge as Played
from course.graph.replay import entrywise
from course.graph.rules import MOVED, PASSES, PRODUCT_OF, rule_of
from course.graph.trace import SHOWN
from course.graph.writing import parts_of
from course.numbers import WHOLE, number, style_of

TERMS = 12  # summands that are written out; of more, the first and the last ones
FIRST, LAST = 6, 2


def sum_text(terms: Sequence[Sequence[float]], total: float) -> str:
    """Each term is a product of its factors: 1·(−1) + 0·3 = −1."""
    shown = list(terms) if len(terms) <= TERMS else [*terms[:FIRST], *terms[-LAST:]]
    (*texts, result), equals = in_one_style(*(one for term in shown for one in term), total)
    next_text = iter(texts)
    written = ["·".join(bracketed(next(next_text)) for _ in term) for term in shown]
    if len(shown) < len(terms):
        written.insert(FIRST, "…")
    return f"{' + '.join(written)} {equals} {result}"


def in_one_style(*values: float) -> tuple[list[str], str]:
    """The *values* written with the same decimals, and = where none of them was rounded, else ≈."""
    if all(math.isfinite(value) and value == int(value) and abs(value) < WHOLE for value in values):
        return [str(int(value)).replace("-", "−") for value in values], "="  # the lessons' numbers, and much the quickest
    style = style_of(torch.tensor(values, dtype=torch.float64).numpy())
    texts = [number(value, style) if value else "0" for value in values]  # a zero is no small number
    exact = all(readable(text) == value for text, value in zip(texts, values, strict=True))
    return texts, "=" if exact else "≈"


def alone(value: float) -> str:
    """A number by itself."""
    return in_one_style(value)[0][0]


def readable(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def several(entries: int, one: Callable[[int], str]) -> tuple[str, ...] | None:
    return tuple(one(entry) for entry in range(entries)) if entries <= SHOWN else None


# -- backwards ------------------------------------------------------------------------------------------------------------


def sums_of(edge: Played, sent: torch.Tensor, factors: Factors | None) -> tuple[str, ...] | None:
    """What each entry of a contribution is made of: products of a row and a column, upstream times local, or a plain number."""
    if sent.numel() > SHOWN:
        return None
    if factors is not None:
        return factor_sums(factors)
    g = edge.upstream.double().reshape(-1).tolist()
    c = sent.double().reshape(-1).tolist()
    rule = rule_of(edge.call.op)
    if edge.diagonal is not None:
        d = edge.diagonal.double().reshape(-1).tolist()
        if rule.kind == PASSES and all(one == 1 for one in d):
            return several(len(c), lambda entry: alone(c[entry]))
        return several(len(c), lambda entry: sum_text([(g[entry], d[entry])], c[entry]))
    if edge.local is None or edge.unreduced is not None or edge.call.op == "sum":
        return several(len(c), lambda entry: alone(c[entry]))
    columns = edge.local.double().T.tolist()

    def one(entry: int) -> str:
        met = [(g[row], value) for row, value in enumerate(columns[entry]) if value]
        if rule.kind == MOVED and all(value == 1 for _, value in met):
            return sum_text([(up,) for up, _ in met], c[entry]) if len(met) > 1 else alone(c[entry])
        return sum_text(met, c[entry]) if met else alone(c[entry])

    return several(len(c), one)


def factor_sums(factors: Factors) -> tuple[str, ...] | None:
    """For each entry of a product its row times its column: 2·(−1) + (−1)·1 = −3."""
    left, right = factors.left.double().reshape(-1).tolist(), factors.right.double().reshape(-1).tolist()
    pairs = factors.pairs()

    def one(entry: int) -> str:
        terms = [(left[i], right[j]) for i, j in zip(*pairs[entry], strict=True)]
        return sum_text(terms, sum(a * b for a, b in terms))

    return several(len(pairs), one)


def reduced_sums(edge: Played) -> tuple[str, ...] | None:
    """The sum over the axes that the forward pass repeated, for each entry of the operand: 2 + 1 + 1 + 2 + 0 = 6."""
    if edge.unreduced is None or edge.contribution.numel() > SHOWN:
        return None
    wide = edge.unreduced.double()
    kept = [axis for axis in range(wide.ndim) if axis not in edge.axes]
    rows = wide.permute(*kept, *edge.axes).reshape(edge.contribution.numel(), -1).tolist()
    return several(len(rows), lambda entry: sum_text([(one,) for one in rows[entry]], sum(rows[entry])))


# -- forwards -------------------------------------------------------------------------------------------------------------


def forward_sums(recording: Recording) -> dict[str, tuple[str, ...] | None]:
    """By operation: what each entry of its result is made of, where that is a short sum or product, else the number."""
    return {call.id: forward_sum(recording, call) for call in recording.calls}


def forward_sum(recording: Recording, call: Call) -> tuple[str, ...] | None:
    result = recording.values[call.result].value
    if result.numel() > SHOWN:
        return None
    values = [recording.values[id].value for id in call.operands]
    flat = result.double().reshape(-1).tolist()
    plain = several(result.numel(), lambda entry: alone(flat[entry]))
    if call.members or call.own:
        return plain
    if rule_of(call.op).kind == PRODUCT_OF and len(values) == 2:
        return product_sums(values[0], values[1], result)
    if call.op == "sum" and result.numel() == 1:
        entries = values[0].double().reshape(-1).tolist()
        return (sum_text([(one,) for one in entries], float(result)),)
    if call.op in ("add", "sub", "mul", "div", "pow") and entrywise(call) and result.is_floating_point():
        return two_sided(recording, call, result) or plain
    return plain


def product_sums(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> tuple[str, ...] | None:
    A = A[None] if A.ndim == 1 else A
    B = B[:, None] if B.ndim == 1 else B
    leading = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    rows = A.double().expand(*leading, *A.shape[-2:]).reshape(-1, A.shape[-2], A.shape[-1])
    columns = B.double().expand(*leading, *B.shape[-2:]).reshape(-1, B.shape[-2], B.shape[-1]).mT
    m, n, total = A.shape[-2], B.shape[-1], result.double().reshape(-1).tolist()

    def one(entry: int) -> str:
        sheet, row, column = entry // (m * n), entry % (m * n) // n, entry % n
        return sum_text(list(zip(rows[sheet, row].tolist(), columns[sheet, column].tolist(), strict=True)), total[entry])

    return several(result.numel(), one)


def two_sided(recording: Recording, call: Call, result: torch.Tensor) -> tuple[str, ...] | None:
    """a + b = c, a² = c: an operation between two, entry by entry."""
    sides = parts_of(recording, call, {id: symbol(id) for id in recording.values}, None)
    flat: list[list[float]] = []
    for term, value in zip(sides.terms, sides.values, strict=True):
        one = recording.values[term.text].value if value is None else torch.tensor(float(value))
        flat.append(one.double().expand(result.shape).reshape(-1).tolist())
    if len(flat) != 2 or call.kwargs:
        return None
    if call.op == "mul" and sides.values[1] is not None:
        flat.reverse()  # the number comes first, as in the formula
    total = result.double().reshape(-1).tolist()
    sign = {"add": " + ", "sub": " − ", "mul": "·", "div": " / "}.get(call.op)

    def one_entry(entry: int) -> str:
        (a, b, c), equals = in_one_style(flat[0][entry], flat[1][entry], total[entry])
        if sign is None:
            raised = b.translate(SUPERSCRIPTS) if b.isdigit() else f"^{b}"
            return f"{bracketed(a)}{raised} {equals} {c}"
        return f"{bracketed(a)}{sign}{bracketed(b)} {equals} {c}"

    return several(result.numel(), one_entry)
