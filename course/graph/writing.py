"""How a recorded computation is written: the formula of every tensor, of every operation, and of every gradient on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.graph import notation
from course.graph.formula import SUM, Expr, Piece, indexed, infix, literal, summed, symbol, unlinked
from course.graph.nested import Slot
from course.graph.record import Call, Recording
from course.graph.rules import Parts, rule_of
from course.numbers import number


def with_a_named_result(recording: Recording) -> Recording:
    """The result is always called something: L where it is one number, else y."""
    if recording.target in recording.names:
        return recording
    taken = set(recording.names.values())
    name = "L" if recording.values[recording.target].value.numel() == 1 else "y"
    while name in taken:
        name += "′"
    return replace(recording, names={**recording.names, recording.target: name})


def formulas_of(recording: Recording) -> dict[str, Expr]:
    """What each tensor is written as: its name, or else the expression that computes it."""
    found: dict[str, Expr] = {}
    letters = iter("CDEFHKMPQRSUVZ")
    for id in recording.inputs:
        value, name = recording.values[id].value, recording.names.get(id)
        if name:
            found[id] = symbol(name, id, scalar=value.ndim == 0)
        elif value.numel() == 1 and not recording.values[id].needs_grad:
            found[id] = replace(literal(value.item()), pieces=(Piece(number(value.item()), id),))
        else:
            taken = set(recording.names.values())
            found[id] = symbol(next(letter for letter in letters if letter not in taken), id, scalar=value.ndim == 0)
    for call in recording.calls:
        name = recording.names.get(call.result)
        scalar = recording.values[call.result].value.ndim == 0
        found[call.result] = symbol(name, call.result, scalar=scalar) if name else written(recording, call, found)
    return found


def written(recording: Recording, call: Call, formulas: Mapping[str, Expr]) -> Expr:
    """The expression of an operation, from those of its operands."""
    scalar = recording.values[call.result].value.ndim == 0
    if call.members:
        known = dict(formulas)
        for member in call.members:
            known[member.result] = written(recording, member, known)
        return replace(known[call.result], scalar=scalar)
    found = rule_of(call.op, call.called).forward(parts_of(recording, call, formulas, None))
    if call.output is not None and call.op in ("unbind", "chunk", "split"):
        found = (
            indexed(formulas[call.operands[0]], str(call.output), call.id)
            if call.op == "unbind"
            else indexed(found, str(call.output))
        )
    return replace(found, scalar=scalar, factor=None, rest=None)


def parts_of(recording: Recording, call: Call, formulas: Mapping[str, Expr], result: Expr | None) -> Parts:
    """What the rules write formulas from."""
    terms: list[Expr] = []
    place: dict[int, int] = {}
    values: list[Any] = []
    rest: list[Any] = []

    def put(one: Any) -> None:
        if isinstance(one, Slot):
            place[one.index] = len(terms)
            terms.append(formulas[call.operands[one.index]])
            values.append(None)
        elif isinstance(one, int | float | str) and not isinstance(one, bool):
            terms.append(literal(one))
            values.append(one)
        elif isinstance(one, list | tuple) and any(isinstance(part, Slot) for part in one):
            for part in one:
                put(part)

    for one in (*call.args, *(call.kwargs[key] for key in ("other", "exponent", "target") if key in call.kwargs)):
        put(one)
    for one in call.kwargs.values():  # an operand given by a name of its own
        if isinstance(one, Slot) and one.index not in place:
            put(one)
    rest = [with_formulas(one, call, formulas) for one in call.args[1:]]
    if call.backwards:
        terms, values = terms[::-1], values[::-1]
        place = {slot: len(terms) - 1 - position for slot, position in place.items()}
    shapes = [tuple(recording.values[id].value.shape) for id in (*call.operands, call.result)]
    own = result if result is not None else symbol(call.op)
    positions = [place.get(slot, 0) for slot in range(len(call.operands))]
    return Parts(call.id, terms, positions, values, own, call.kwargs, rest, shapes)


def with_formulas(one: Any, call: Call, formulas: Mapping[str, Expr]) -> Any:
    if isinstance(one, Slot):
        return formulas[call.operands[one.index]]
    if isinstance(one, tuple):
        return tuple(with_formulas(part, call, formulas) for part in one)
    return one


def sign_of(recording: Recording, call: Call) -> str:
    """What stands in the circle: + and @, x² for a square, · ½ for a number; a Function of the learner's by its name."""
    if call.label or call.own:
        return call.label or call.called
    values = parts_of(recording, call, dict.fromkeys(recording.values, symbol("")), None).values
    plain = [one for one in values if isinstance(one, int | float)]
    rule = rule_of(call.op, call.called)
    if call.op == "pow" and plain == [2]:
        return "x²"
    if call.op == "mul" and plain:
        return f"· {literal(plain[0]).text}"
    if call.op == "unbind" or (call.op == "index" and len(call.args) > 1 and isinstance(call.args[1], int)):
        return f"[{call.output if call.op == 'unbind' else call.args[1]}]"
    return rule.sign


class Flow:
    """The formulas of the backward pass: of what arrives at each operation, and of what goes on along each edge."""

    def __init__(self, recording: Recording, formulas: Mapping[str, Expr]) -> None:
        self.recording, self.formulas = recording, formulas
        letters = notation.letters(list(recording.names.values()), recording.letters)
        self.letters = {id: symbol(letters[name]) for id, name in recording.names.items()}
        seed = recording.seed
        one = seed is not None and seed.numel() == 1 and float(seed) == 1
        self.arrived: dict[str, Expr] = {recording.target: literal(1) if one else self.letters[recording.target]}
        self.along: dict[str, Expr] = {}

    def upstream(self, call: Call) -> Expr:
        """What arrives at the result of *call*."""
        return self.gradient(call.result)

    def gradient(self, id: str) -> Expr:
        """The letter of a named tensor's gradient, else the formula of what arrives there."""
        if id in self.letters and id != self.recording.target:
            return self.letters[id]
        return self.arrived.get(id, self.letters.get(id, symbol("∂")))

    def follow(self, call: Call, slot: int, id: str, axes: Sequence[str]) -> tuple[Expr, Expr | None]:
        """(formula of the contribution, formula after the sum over *axes*), and note that it has arrived."""
        scalar = self.recording.values[id].value.ndim == 0
        sent = self.sent(call, slot, self.upstream(call), self.formulas)
        sent = replace(sent, scalar=scalar and not axes)
        total = replace(summed(sent, axes), scalar=scalar) if axes else None
        new, before = total or sent, self.arrived.get(id)
        self.arrived[id] = new if before is None else infix(before, " + ", new, SUM)
        return sent, total

    def sent(self, call: Call, slot: int, upstream: Expr, formulas: Mapping[str, Expr]) -> Expr:
        if call.members:
            return self.through(call, slot, upstream)
        result = formulas.get(call.result)
        parts = parts_of(self.recording, call, {id: unlinked(one) for id, one in formulas.items()}, result and unlinked(result))
        return unlinked(rule_of(call.op, call.called).backward(parts, slot, upstream))

    def through(self, call: Call, slot: int, upstream: Expr) -> Expr:
        """The formula of a folded operation's gradient: the same rules, step by step."""
        known = dict(self.formulas)
        for member in call.members[:-1]:
            known[member.result] = written(self.recording, member, known)
        arrived: dict[str, Expr] = {call.result: upstream}
        for member in reversed(call.members):
            if member.result not in arrived:
                continue
            for own, id in enumerate(member.operands):
                sent = self.sent(member, own, arrived[member.result], known)
                arrived[id] = infix(arrived[id], " + ", sent, SUM) if id in arrived else sent
        return arrived.get(call.operands[slot], symbol("∂"))
