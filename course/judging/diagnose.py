"""Which mistake a wrong result contains: compared with what each known mistake gives on the same inputs.

A name is given only where all generic draws agree on it and at least two of them tell it from the right answer. Where an
answer raises on generic sizes, so must the mistake, and two square draws decide.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from course.answer import Purpose, Raised, Result
from course.asking import as_torch, plain
from course.exercise import N_, Exercise, Inputs, Later, Mistake, Part, Sizes
from course.judging.compare import agrees
from course.judging.shape_errors import clash
from course.verdict import Say


@dataclass(frozen=True)
class Case:
    """One trial of one part: the inputs, what is right there, and what came: a result, or what was raised."""

    purpose: Purpose
    inputs: Inputs
    expected: np.ndarray
    result: Result | None
    raised: Raised | None = None

    @property
    def got(self) -> np.ndarray | None:
        return self.result.array if self.result else None


@dataclass(frozen=True)
class Stopped:
    """A mistake that raises on these inputs, as a learner's answer would."""

    type: str
    message: str


Outcome = np.ndarray | Stopped | None


@dataclass(frozen=True)
class Candidate:
    """A mistake that may explain a result. `gives(case)` is what it would have given there."""

    id: str
    gives: Callable[[Case], Outcome]
    says: tuple[Say, ...]
    asks: tuple[Say, ...] = ()
    between: str = ""  # the operation from the right result to this one, in symbols
    because: Callable[[Sizes], str] = lambda sizes: ""
    double: bool = False  # two mistakes at once


def diagnose(exercise: Exercise, part: Part, cases: list[Case]) -> Candidate | None:
    """The first mistake that explains all *cases* of a wrong *part*, or None: then values differ, and no name is certain."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a mistake's own warnings are no one's business
        generic = [case for case in cases if case.purpose is Purpose.GENERIC]
        square = [case for case in cases if case.purpose is Purpose.SQUARE]
        if any(case.raised for case in generic):
            return by_square_probe(exercise, part, generic, square)
        tried = []
        for candidate in candidates(exercise, part):
            tried.append(candidate)
            if explains(candidate, generic):
                return candidate
        # A size written as a number makes the mistake another one where that size differs; two draws of equal sizes tell it.
        of_one_size = [case for case in generic if case.inputs.sizes == exercise.sizes[0]]
        if len(of_one_size) < len(generic):
            for candidate in tried:
                if explains(candidate, of_one_size):
                    return replace(candidate, says=(*candidate.says, Say(OF_THESE_SIZES)))
    return None


def explains(candidate: Candidate, cases: list[Case]) -> bool:
    """Does *candidate* give what came, in every case, and something other than what is right in two of them?"""
    telling = 0
    for case in cases:
        outcome = candidate.gives(case)
        if isinstance(outcome, Stopped) or not agrees(case.got, outcome):
            return False
        telling += not agrees(case.expected, outcome)
    return telling >= 2


def by_square_probe(exercise: Exercise, part: Part, generic: list[Case], square: list[Case]) -> Candidate | None:
    """For an answer that raised: the mistake that raises where it did and gives what it gave where it ran."""
    # Two at once are left out: a stop hides what would have been done after it.
    fitting = [
        candidate
        for candidate in candidates(exercise, part)
        if not candidate.double and all(raises_alike(candidate.gives(case), case) for case in generic)
    ]
    if square and not any(case.raised for case in square):
        named = next((candidate for candidate in fitting if explains(candidate, square)), None)
        return named or alone([candidate for candidate in fitting if stops_alike(candidate, generic, square)])
    # It raises on the square probe too: then the message has to tell, and one mistake alone must have it.
    cases = [case for case in (*generic, *square) if case.raised]
    return alone([candidate for candidate in fitting if all(same_clash(candidate.gives(case), case) for case in cases)])


def alone(fitting: list[Candidate]) -> Candidate | None:
    return fitting[0] if len(fitting) == 1 else None


def stops_alike(candidate: Candidate, generic: list[Case], square: list[Case]) -> bool:
    """Does *candidate* run on the square probe as the answer does, and stop on the generic draws with the same words?

    This tells a mistake that is right wherever the sizes are equal, such as a loop over the wrong one of two sizes.
    """
    outcomes = [(candidate.gives(case), case) for case in generic if case.raised]
    same_words = all(
        isinstance(outcome, Stopped)
        and case.raised
        and (outcome.type, outcome.message) == (case.raised.type, case.raised.message)
        for outcome, case in outcomes
    )
    return same_words and all(raises_alike(candidate.gives(case), case) for case in square)


TELLING_MESSAGE = 30  # letters: "cannot assign 'torch.DoubleTensor' as parameter 'weight' …", but not "list index out of range"


def raises_alike(outcome: Outcome, case: Case) -> bool:
    if case.raised:
        return isinstance(outcome, Stopped)
    return not isinstance(outcome, Stopped) and agrees(case.got, outcome)


def same_clash(outcome: Outcome, case: Case) -> bool:
    """Do both stop at the same sizes? Other errors are told by their own words, where these say more than their type."""
    if not isinstance(outcome, Stopped) or case.raised is None:
        return False
    theirs, ours = clash(case.raised.message), clash(outcome.message)
    if theirs is None and ours is None:
        told = (case.raised.type, case.raised.message)
        return len(case.raised.message) >= TELLING_MESSAGE and told == (outcome.type, outcome.message)
    return theirs == ours


# -- candidates ---------------------------------------------------------------------------------------------------


def candidates(exercise: Exercise, part: Part) -> Iterator[Candidate]:
    """The exercise's own mistakes, then forms and factors that any array can suffer, then two of these at once."""
    known = [known_mistake(exercise, mistake, part) for mistake in exercise.mistakes if mistake.part in (part.name, "")]
    yield from known
    yield from FORMS
    yield from FACTORS
    for candidate in (*known, *FORMS):
        if candidate.id != "transposed":
            yield both(candidate, FORMS[0])
        for factor in FACTORS:
            yield both(candidate, factor)


def known_mistake(exercise: Exercise, mistake: Mistake, part: Part) -> Candidate:
    def gives(case: Case) -> Outcome:
        return outcomes(exercise, mistake, case.inputs)[part.name]

    return Candidate(mistake.id, gives, (Say(mistake.message),), (Say(mistake.hint),))


@lru_cache(maxsize=4096)  # tried for every part, alone and with each form and factor, and for the next answer on the same draws
def outcomes(exercise: Exercise, mistake: Mistake, inputs: Inputs) -> dict[str, Outcome]:
    """What *mistake* gives on *inputs*, by part."""

    def ran(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - a mistake that raises is recognised by that
            return Stopped(type(error).__name__, str(error))

    returned = ran(lambda: exercise.by_part(exercise.ask(mistake.answer, as_torch(deepcopy(inputs)))))
    if isinstance(returned, Stopped):
        return {part.name: returned for part in exercise.parts}
    by_part = {name: ran(value.call) if isinstance(value, Later) else value for name, value in returned.items()}
    return {name: value if isinstance(value, Stopped) else plain(value).array for name, value in by_part.items()}


def both(one: Candidate, other: Candidate) -> Candidate:
    """Two mistakes at once, *other* done to what *one* gives."""

    def gives(case: Case) -> Outcome:
        outcome = one.gives(case)
        if outcome is None or isinstance(outcome, Stopped):
            return outcome
        return other.gives(Case(case.purpose, case.inputs, outcome, None))

    # *other*'s own sentence compares with what is right, and here it is done to what is wrong already.
    besides = Say(BESIDES, {"operation": other.between})
    return Candidate(f"{one.id} + {other.id}", gives, (*one.says, besides), (*one.asks, *other.asks), double=True)


BESIDES = N_("There is a second thing as well: `{operation}` was then applied to the result.")
OF_THESE_SIZES = N_(
    "For other sizes the result is something else again: is **a size written into the code** as a number, where it should be "
    "read from a shape?"
)


def _form(id: str, change: Callable[[np.ndarray, Case], Any], message: str, hint: str, between: str = "") -> Candidate:
    def gives(case: Case) -> Outcome:
        changed = change(case.expected, case)
        return None if changed is None else np.asarray(changed)

    return Candidate(id, gives, (Say(message),), (Say(hint),), between)


FORMS = (
    _form(
        "transposed",
        lambda right, case: right.T if right.ndim == 2 else None,
        N_("All the numbers are right, but they are **transposed**: rows and columns have changed places."),
        N_("Write the shape beside each factor. Which axis comes first in the result?"),
        "ᵀ",
    ),
    _form(
        "reshaped",
        lambda right, case: right.T.reshape(right.shape) if right.ndim == 2 else None,
        N_(
            "The shape is right and so are the numbers, but they stand in other places: they were laid out **again in the "
            "order of memory**, not mirrored."
        ),
        N_("Take a 2 × 3 matrix of the numbers 1 to 6 and do the same to it. Where does the 2 go?"),
    ),
    _form(
        "flattened",
        lambda right, case: right.reshape(-1) if right.ndim > 1 else None,
        N_("The numbers are right, but the axes were **merged into one**."),
        N_("Which axes should the result have, and how many does yours have?"),
    ),
    _form(
        "axis_of_one_missing",
        lambda right, case: right.squeeze() if 1 in right.shape else None,
        N_("The numbers are right, but an axis of size 1 is **missing**: the result is no longer a row or a column."),
        N_("Compare the number of axes of your result with the one that is asked for."),
    ),
    _form(
        "axis_of_one_added",
        lambda right, case: _with_axis(right, case.got),
        N_("The numbers are right, but there is an axis of size 1 **too many**."),
        N_("Compare the number of axes of your result with the one that is asked for."),
    ),
)


def _with_axis(right: np.ndarray, got: np.ndarray | None) -> np.ndarray | None:
    """*right* in the shape of *got*, where that only adds axes of size 1."""
    if got is None or got.ndim <= right.ndim or tuple(n for n in got.shape if n != 1) != right.shape:
        return None
    return right.reshape(got.shape)


def _factor(id: str, of: Callable[[Sizes], float], between: str, because: str, message: str, hint: str) -> Candidate:
    def gives(case: Case) -> Outcome:
        return None if case.expected.dtype.kind != "f" else case.expected * of(case.inputs.sizes)

    return Candidate(id, gives, (Say(message),), (Say(hint),), between, lambda sizes: _filled(because, sizes))


def _filled(because: str, sizes: Sizes) -> str:
    return because.format(N=sizes.N, in_=sizes.in_, out=sizes.out, N_out=sizes.N * sizes.out)


_WHERE_FROM = N_("Where does that factor come from, and whose job was it to put it there?")

FACTORS = (
    _factor(
        "factor_minus_one",
        lambda s: -1.0,
        "· (−1)",
        "",
        N_("Every number has the **opposite sign**."),
        N_("What did you subtract from what?"),
    ),
    _factor("factor_two", lambda s: 2.0, "· 2", "", N_("Every number is exactly **twice** what it should be."), _WHERE_FROM),
    _factor(
        "factor_half",
        lambda s: 0.5,
        "÷ 2",
        "",
        N_("Every number is exactly **half** of what it should be."),
        _WHERE_FROM,
    ),
    _factor(
        "factor_one_over_N",
        lambda s: 1 / s.N,
        "÷ N",
        "N = {N}",
        N_("Every number is exactly 1/{N} of what it should be, and N = {N}: you **averaged over the batch**."),
        _WHERE_FROM,
    ),
    _factor(
        "factor_N",
        lambda s: float(s.N),
        "· N",
        "N = {N}",
        N_("Every number is exactly {N} times what it should be, and N = {N}."),
        _WHERE_FROM,
    ),
    _factor(
        "factor_one_over_N_out",
        lambda s: 1 / (s.N * s.out),
        "÷ (N·out)",
        "N·out = {N_out}",
        N_("Every number is 1/{N_out} of what it should be, and N·out = {N_out}: you **averaged over all entries**."),
        _WHERE_FROM,
    ),
    _factor(
        "factor_one_over_in",
        lambda s: 1 / s.in_,
        "÷ in",
        "in = {in_}",
        N_("Every number is exactly 1/{in_} of what it should be, and in = {in_}: a mean stands where a sum should."),
        _WHERE_FROM,
    ),
)
