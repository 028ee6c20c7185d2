"""What is known of each operation: how it is written, and how the gradient that it passes back is written.

A rule and its inverse stand side by side. Rules are words only: every number of a picture comes from running the operation
and from autograd, so an operation without a rule is drawn as well, with its name for a formula and its Jacobian for a
derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.graph.formula import (
    ATOM,
    PRODUCT,
    SUM,
    Expr,
    applied,
    indexed,
    infix,
    literal,
    negative,
    power,
    product,
    scaled,
    summed,
    symbol,
    transposed,
)
from course.numbers import number

# kinds of operation, by what their local derivative is
ELEMENTWISE = "elementwise"  # one number for each entry of the result; operands are broadcast
PASSES = "passes"  # elementwise, and the number is 1
PRODUCT_OF = "product"  # a matrix product
MOVED = "moved"  # entries change their place, or are repeated
SUMMED = "sum"  # entries are added, or averaged
ALONG = "along"  # every entry of an axis depends on every other: softmax
GENERAL = "general"


@dataclass(frozen=True)
class Parts:
    """
    What a formula is made of.

    terms: the arguments in order, operands and plain numbers. place: the position of each operand among them.
    result: the operation's own result. values: terms that are plain numbers. arguments: what else was given, by name.
    shapes: of each operand and, last, of the result.
    """

    id: str
    terms: Sequence[Expr]
    place: Sequence[int]
    values: Sequence[Any]
    result: Expr
    arguments: Mapping[str, Any]
    rest: Sequence[Any]
    shapes: Sequence[Sequence[int]]

    def operand(self, slot: int) -> Expr:
        return self.terms[self.place[slot]]

    def other(self, slot: int) -> Expr:
        """The other side of an operation with two."""
        return self.terms[1 - self.place[slot]]


Forward = Callable[[Parts], Expr]
Backward = Callable[[Parts, int, Expr], Expr]  # (parts, slot, upstream gradient) → the gradient of that operand


@dataclass(frozen=True)
class Rule:
    """An operation: its `sign` in the picture, its `kind`, its formula and the formula of its gradients."""

    sign: str
    kind: str
    forward: Forward
    backward: Backward

    @property
    def entrywise(self) -> bool:
        return self.kind in (ELEMENTWISE, PASSES)


def function(name: str) -> Forward:
    return lambda p: applied(name, p.terms, p.id)


def jacobian(p: Parts, slot: int, G: Expr) -> Expr:
    """For what has no shorter formula: the transposed matrix of all derivatives times what arrives."""
    return symbol("Jᵀ") if G.text == "1" else product(symbol("Jᵀ"), G)


def passed(p: Parts, slot: int, G: Expr) -> Expr:
    return G


def derived(name: str) -> Backward:
    """G ⊙ f′(z)."""
    return lambda p, slot, G: scaled(G, applied(f"{name}′", [p.operand(slot)]))


# -- between two, entry by entry --------------------------------------------------------------------------------------


def _minus(p: Parts, slot: int, G: Expr) -> Expr:
    return negative(G) if p.place[slot] else G


def _divided(p: Parts, slot: int, G: Expr) -> Expr:
    above, below = p.terms
    if p.place[slot] == 0:
        return infix(G, " / ", below, PRODUCT, tighter=True)
    return negative(infix(scaled(G, above), " / ", power(below, "2"), PRODUCT, tighter=True))


def _raised(p: Parts) -> Expr:
    base, exponent = p.terms
    return power(base, exponent.text if exponent.level == ATOM else f"({exponent.text})", p.id)


def _power_rule(p: Parts, slot: int, G: Expr) -> Expr:
    base, exponent = p.terms
    if p.place[slot] == 1:
        return scaled(G, scaled(p.result, applied("log", [base])))
    known = p.values[1]
    if not isinstance(known, int | float):
        return scaled(G, scaled(exponent, power(base, f"({exponent.text}−1)")))
    lower = base if known == 2 else power(base, number(known - 1))
    return scaled(scaled(literal(known), lower), G)


def _squared(p: Parts, slot: int, G: Expr) -> Expr:
    return scaled(scaled(literal(2), p.operand(0)), G)


# -- of one, entry by entry -------------------------------------------------------------------------------------------


def _through_sigmoid(p: Parts, slot: int, G: Expr) -> Expr:
    return scaled(scaled(G, p.result), infix(literal(1), " − ", p.result, SUM, tighter=True))


def _through_tanh(p: Parts, slot: int, G: Expr) -> Expr:
    return scaled(G, infix(literal(1), " − ", power(p.result, "2"), SUM, tighter=True))


def _through_relu(p: Parts, slot: int, G: Expr) -> Expr:
    positive = infix(p.operand(0), " > ", literal(0), SUM)
    return scaled(G, Expr((symbol("[").pieces[0], *positive.pieces, symbol("]").pieces[0])))


def partial(name: str) -> Backward:
    """G ⊙ ∂f/∂a, where there is no shorter formula."""
    return lambda p, slot, G: scaled(G, symbol(f"∂{name}/∂{p.operand(slot).text}"))


def _chosen(p: Parts, slot: int, G: Expr) -> Expr:
    """where(condition, a, b): each side gets the gradient of the entries that came from it."""
    condition = Expr((symbol("[").pieces[0], *p.terms[0].pieces, symbol("]").pieces[0]))
    return scaled(G, condition if p.place[slot] == 1 else infix(literal(1), " − ", condition, SUM, tighter=True))


def _compared(sign: str) -> Rule:
    return Rule(sign, ELEMENTWISE, lambda p: infix(p.terms[0], f" {sign} ", p.terms[1], SUM, p.id, tighter=True), jacobian)


def _through_log_softmax(p: Parts, slot: int, G: Expr) -> Expr:
    return infix(G, " − ", infix(applied("softmax", [p.operand(0)]), " ", summed(G), PRODUCT), SUM, tighter=True)


def _through_softmax(p: Parts, slot: int, G: Expr) -> Expr:
    return scaled(p.result, infix(G, " − ", summed(scaled(p.result, G)), SUM, tighter=True))


# -- products, sums, moves ----------------------------------------------------------------------------------------------


def _product_rule(p: Parts, slot: int, G: Expr) -> Expr:
    """dA = G Bᵀ, dB = Aᵀ G."""
    left, right = p.terms
    if not p.shapes[-1]:  # two vectors
        return scaled(G, p.other(slot))
    return product(G, transposed(right)) if p.place[slot] == 0 else product(transposed(left), G)


def _sum(p: Parts) -> Expr:
    return summed(p.operand(0), _axes(p), p.id)


def _axes(p: Parts) -> list[str]:
    dims = p.arguments.get("dim", p.arguments.get("axis", p.rest[0] if p.rest else None))
    if dims is None or isinstance(dims, bool):
        return []
    ndim = max(1, len(p.shapes[0]))
    return [str(dim % ndim) for dim in ([dims] if isinstance(dims, int) else dims)]


def _mean(p: Parts) -> Expr:
    return applied("mean", [p.operand(0)], p.id)


def _spread_mean(p: Parts, slot: int, G: Expr) -> Expr:
    return infix(G, " / ", literal(_size(p.shapes[0]) // max(1, _size(p.shapes[-1]))), PRODUCT, tighter=True)


def _size(shape: Sequence[int]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size


def _method(name: str) -> Forward:
    """x.reshape(15): written as the learner writes it."""

    def forward(p: Parts) -> Expr:
        given = ", ".join(one.text if isinstance(one, Expr) else str(one) for one in p.rest)
        base = p.operand(0)
        return Expr((*indexed(base, "").pieces[:-1], *symbol(f".{name}({given})", p.id).pieces))

    return forward


def _reshaped_back(p: Parts, slot: int, G: Expr) -> Expr:
    shape = ", ".join(map(str, p.shapes[0]))
    return Expr((*indexed(G, "").pieces[:-1], *symbol(f".reshape({shape})").pieces))


def _permuted_back(p: Parts, slot: int, G: Expr) -> Expr:
    dims = p.rest[0] if len(p.rest) == 1 and isinstance(p.rest[0], tuple | list) else p.rest
    if not dims or not all(isinstance(dim, int) for dim in dims):
        return jacobian(p, slot, G)
    order = [dim % len(dims) for dim in dims]
    back = ", ".join(str(order.index(axis)) for axis in range(len(order)))
    return Expr((*indexed(G, "").pieces[:-1], *symbol(f".permute({back})").pieces))


def _transposed_axes(p: Parts) -> Expr:
    """Of the last two axes it is ᵀ; of others it says which."""
    ndim = len(p.shapes[0])
    axes = {axis % ndim for axis in p.rest if isinstance(axis, int)} if ndim else set()
    return transposed(p.operand(0), p.id) if axes == {ndim - 1, ndim - 2} else _method("transpose")(p)


def _transposed_back(p: Parts, slot: int, G: Expr) -> Expr:
    ndim = len(p.shapes[0])
    axes = {axis % ndim for axis in p.rest if isinstance(axis, int)} if ndim else set()
    if axes == {ndim - 1, ndim - 2}:
        return transposed(G)
    given = ", ".join(str(one) for one in p.rest)
    return Expr((*indexed(G, "").pieces[:-1], *symbol(f".transpose({given})").pieces))


def _index(p: Parts) -> Expr:
    return indexed(p.operand(0), index_text(p.rest[0] if p.rest else ""), p.id)


def index_text(index: Any) -> str:
    """An index as it is written: 0, 1:, None."""
    if isinstance(index, tuple):
        return ", ".join(index_text(one) for one in index)
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
        return ":".join([*ends, str(index.step)] if index.step is not None else ends)
    if index is Ellipsis:
        return "..."
    return index.text if isinstance(index, Expr) else str(index)


def _cut_out(p: Parts, slot: int, G: Expr) -> Expr:
    """The part of G that came from this operand of cat."""
    dim = p.arguments.get("dim", p.rest[0] if p.rest else 0)
    sizes = [shape[dim] for shape in p.shapes[:-1]] if isinstance(dim, int) else []
    start = sum(sizes[:slot])
    before = ":, " * (dim % len(p.shapes[-1])) if sizes else ""
    return indexed(G, f"{before}{start}:{start + sizes[slot]}") if sizes else jacobian(p, slot, G)


def _taken_out(p: Parts, slot: int, G: Expr) -> Expr:
    dim = p.arguments.get("dim", p.rest[0] if p.rest else 0)
    return indexed(G, f"{':, ' * (dim % len(p.shapes[-1]))}{slot}") if isinstance(dim, int) else jacobian(p, slot, G)


def _einsum(p: Parts) -> Expr:
    return applied("einsum", [symbol(f'"{p.values[0]}"'), *p.terms[1:]], p.id)


def _einsum_back(p: Parts, slot: int, G: Expr) -> Expr:
    """The letters change places: of "ni,oi->no" the second operand gets einsum("no,ni->oi", G, x)."""
    pattern = str(p.values[0]).replace(" ", "")
    sides, arrow, out = pattern.partition("->")
    letters = sides.split(",")
    if not arrow or "." in pattern or len(letters) != len(p.place):
        return jacobian(p, slot, G)
    mine, rest = letters[slot], [letters[other] for other in range(len(letters)) if other != slot]
    if len(set(mine)) != len(mine) or not set(mine) <= set(out + "".join(rest)):
        return jacobian(p, slot, G)
    others = [p.operand(other) for other in range(len(letters)) if other != slot]
    return applied("einsum", [symbol(f'"{",".join([out, *rest])}->{mine}"'), G, *others])


# -- losses -------------------------------------------------------------------------------------------------------------


def _through_mse(p: Parts, slot: int, G: Expr) -> Expr:
    y, t = p.terms[:2]
    difference = infix(y, " − ", t, SUM, tighter=True) if slot == 0 else infix(t, " − ", y, SUM, tighter=True)
    twice = scaled(literal(2), difference)
    count = _size(p.shapes[0]) if p.arguments.get("reduction", "mean") == "mean" else 1
    return scaled(G, twice if count == 1 else infix(twice, " / ", literal(count), PRODUCT, tighter=True))


def _through_cross_entropy(p: Parts, slot: int, G: Expr) -> Expr:
    """G (softmax(z) − t) / N, where nothing but logits and targets was given."""
    plain = all(
        p.arguments.get(name, default) == default
        for name, default in (("weight", None), ("ignore_index", -100), ("label_smoothing", 0.0), ("reduction", "mean"))
    )
    if slot != 0 or not plain or len(p.terms) < 2:
        return jacobian(p, slot, G)
    z, t = p.terms[:2]
    difference = infix(applied("softmax", [z]), " − ", t, SUM, tighter=True)
    N = p.shapes[0][0] if len(p.shapes[0]) > 1 else 1
    return scaled(G, difference if N == 1 else infix(difference, " / ", literal(N), PRODUCT, tighter=True))


def _of_one(sign: str, name: str, backward: Backward | None = None) -> Rule:
    return Rule(sign, ELEMENTWISE, lambda p: applied(name, p.terms[:1], p.id), backward or derived(name))


def _moves(sign: str, name: str, backward: Backward = jacobian) -> Rule:
    return Rule(sign, MOVED, _method(name), backward)


def _as_text(name: str, kind: str = GENERAL, sign: str = "") -> Rule:
    return Rule(sign or name, kind, function(name), jacobian)


RULES: dict[str, Rule] = {
    "add": Rule("+", PASSES, lambda p: infix(p.terms[0], " + ", p.terms[1], SUM, p.id), passed),
    "sub": Rule("−", PASSES, lambda p: infix(p.terms[0], " − ", p.terms[1], SUM, p.id, tighter=True), _minus),
    "mul": Rule("⊙", ELEMENTWISE, lambda p: scaled(p.terms[0], p.terms[1], p.id), lambda p, slot, G: scaled(G, p.other(slot))),
    "div": Rule("÷", ELEMENTWISE, lambda p: infix(p.terms[0], " / ", p.terms[1], PRODUCT, p.id, tighter=True), _divided),
    "pow": Rule("xⁿ", ELEMENTWISE, _raised, _power_rule),
    "square": Rule("x²", ELEMENTWISE, lambda p: power(p.operand(0), "2", p.id), _squared),
    "maximum": Rule("max", ELEMENTWISE, function("max"), partial("max")),
    "minimum": Rule("min", ELEMENTWISE, function("min"), partial("min")),
    "where": Rule("where", ELEMENTWISE, function("where"), _chosen),
    "lerp": Rule("lerp", ELEMENTWISE, function("lerp"), partial("lerp")),
    "gt": _compared(">"),
    "ge": _compared("≥"),
    "lt": _compared("<"),
    "le": _compared("≤"),
    "eq": _compared("="),
    "ne": _compared("≠"),
    "neg": Rule("−", ELEMENTWISE, lambda p: negative(p.operand(0), p.id), lambda p, slot, G: negative(G)),
    "exp": _of_one("exp", "exp", lambda p, slot, G: scaled(G, p.result)),
    "log": _of_one("log", "log", lambda p, slot, G: infix(G, " / ", p.operand(0), PRODUCT, tighter=True)),
    "sqrt": _of_one("√", "√", lambda p, slot, G: infix(G, " / ", scaled(literal(2), p.result), PRODUCT, tighter=True)),
    "abs": _of_one("|x|", "abs", lambda p, slot, G: scaled(G, applied("sign", [p.operand(0)]))),
    "reciprocal": Rule(
        "1/x", ELEMENTWISE, lambda p: infix(literal(1), " / ", p.operand(0), PRODUCT, p.id, tighter=True), derived("(1/x)")
    ),
    "sin": _of_one("sin", "sin", lambda p, slot, G: scaled(G, applied("cos", [p.operand(0)]))),
    "cos": _of_one("cos", "cos", lambda p, slot, G: negative(scaled(G, applied("sin", [p.operand(0)])))),
    "tanh": _of_one("tanh", "tanh", _through_tanh),
    "sigmoid": _of_one("σ", "σ", _through_sigmoid),
    "relu": _of_one("ReLU", "ReLU", _through_relu),
    "leaky_relu": _of_one("LReLU", "leaky_relu"),
    "elu": _of_one("ELU", "elu"),
    "gelu": _of_one("GELU", "gelu"),
    "silu": _of_one("SiLU", "silu"),
    "softplus": _of_one("s⁺", "softplus"),
    "clamp": _of_one("clamp", "clamp"),
    "log1p": _of_one("log1p", "log1p"),
    "dropout": _of_one("drop", "dropout"),
    "matmul": Rule("@", PRODUCT_OF, lambda p: product(p.terms[0], p.terms[1], p.id), _product_rule),
    "einsum": Rule("Σᵢ", GENERAL, _einsum, _einsum_back),
    "t": Rule("ᵀ", MOVED, lambda p: transposed(p.operand(0), p.id), lambda p, slot, G: transposed(G)),
    "transpose": Rule("ᵀ", MOVED, _transposed_axes, _transposed_back),
    "permute": _moves("permute", "permute", _permuted_back),
    "movedim": _moves("move", "movedim"),
    "reshape": _moves("shape", "reshape", _reshaped_back),
    "view": _moves("shape", "view", _reshaped_back),
    "flatten": _moves("flat", "flatten", _reshaped_back),
    "unflatten": _moves("shape", "unflatten", _reshaped_back),
    "squeeze": _moves("squeeze", "squeeze", _reshaped_back),
    "unsqueeze": _moves("unsqz", "unsqueeze", _reshaped_back),
    "expand": _moves("expand", "expand", passed),
    "expand_as": _moves("expand", "expand_as", passed),
    "broadcast_to": _moves("expand", "broadcast_to", passed),
    "repeat": _moves("repeat", "repeat"),
    "flip": _moves("flip", "flip"),
    "roll": _moves("roll", "roll"),
    "clone": _moves("copy", "clone", passed),
    "contiguous": _moves("copy", "contiguous", passed),
    "to": Rule("to", PASSES, _method("to"), passed),
    "double": Rule("f64", PASSES, _method("double"), passed),
    "float": Rule("f32", PASSES, _method("float"), passed),
    "detach": _moves("detach", "detach"),
    "index": Rule("[·]", MOVED, _index, jacobian),
    "index_select": _moves("[·]", "index_select"),
    "gather": _moves("[·]", "gather"),
    "narrow": _moves("[·]", "narrow"),
    "select": _moves("[·]", "select"),
    "diag": _moves("diag", "diag"),
    "diagonal": _moves("diag", "diagonal"),
    "unbind": _moves("[·]", "unbind"),
    "chunk": _moves("[·]", "chunk"),
    "split": _moves("[·]", "split"),
    "cat": Rule("cat", MOVED, function("cat"), _cut_out),
    "stack": Rule("stack", MOVED, function("stack"), _taken_out),
    "sum": Rule("Σ", SUMMED, _sum, passed),
    "mean": Rule("mean", SUMMED, _mean, _spread_mean),
    "softmax": Rule("softmax", ALONG, lambda p: applied("softmax", p.terms[:1], p.id), _through_softmax),
    "log_softmax": Rule("log p", ALONG, lambda p: applied("log_softmax", p.terms[:1], p.id), _through_log_softmax),
    "logsumexp": Rule(
        "LSE",
        GENERAL,
        lambda p: applied("logsumexp", p.terms[:1], p.id),
        lambda p, slot, G: scaled(G, applied("softmax", [p.operand(0)])),
    ),
    "mse_loss": Rule("MSE", GENERAL, lambda p: applied("MSE", p.terms[:2], p.id), _through_mse),
    "cross_entropy": Rule("CE", GENERAL, lambda p: applied("CE", p.terms[:2], p.id), _through_cross_entropy),
    "nll_loss": Rule("NLL", GENERAL, lambda p: applied("NLL", p.terms[:2], p.id), jacobian),
}
REPEATS = {"expand", "expand_as", "broadcast_to"}  # moves that repeat entries as broadcasting does

# The names under which torch calls the same operation.
ALIASES = {
    "__add__": "add", "__radd__": "add", "__sub__": "sub", "subtract": "sub", "__rsub__": "sub", "rsub": "sub",
    "__mul__": "mul", "__rmul__": "mul", "multiply": "mul", "divide": "div", "true_divide": "div", "__truediv__": "div",
    "__rdiv__": "div", "__rtruediv__": "div", "__pow__": "pow", "__rpow__": "pow", "float_power": "pow", "__neg__": "neg",
    "negative": "neg", "__abs__": "abs", "absolute": "abs", "mm": "matmul", "bmm": "matmul", "mv": "matmul", "dot": "matmul",
    "__matmul__": "matmul", "__rmatmul__": "matmul", "T": "t", "mT": "t", "adjoint": "t", "H": "t", "mH": "t",
    "swapaxes": "transpose",
    "swapdims": "transpose", "moveaxis": "movedim", "view_as": "view", "reshape_as": "reshape", "ravel": "flatten",
    "__getitem__": "index", "take": "gather", "concat": "cat", "concatenate": "cat",
    "data": "detach", "expit": "sigmoid", "special_expit": "sigmoid", "type": "to", "log_sigmoid": "logsigmoid",
    "clip": "clamp", "special_softmax": "softmax", "special_log_softmax": "log_softmax",
}  # fmt: skip


def canonical(called: str) -> str:
    """The operation behind the name that was *called*: "__rsub__" is sub."""
    return ALIASES.get(called, called)


def rule_of(op: str, called: str = "") -> Rule:
    """The rule of the operation *op*; one without a rule is written as a function of its own name."""
    return RULES.get(op) or _as_text(called or op)
