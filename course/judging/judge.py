"""From what asking brought back to a verdict: states, points, and the sentences that say why. Pure: no learner's code runs.

The order of decision is the order in which a person would look: is there something to ask; did it run; did it keep to the
rules; is the result of the right kind; then its shape, then its values, part by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from course.answer import Answer, Asked, Came, Purpose, Raised, Trial
from course.asking import drawn, plain
from course.exercise import ARRAYS, LOGICAL, N_, NUMBERS, SEQUENCES, Exercise, Inputs, Part
from course.judging.compare import Difference, Match, agrees, first_difference
from course.judging.diagnose import Candidate, Case, Stopped, diagnose
from course.judging.exceptions import meant
from course.judging.shape_errors import axis_name, explain
from course.verdict import Evidence, Matrix, PartVerdict, Say, State, Verdict, as_code


def judge(exercise: Exercise, asked: Asked, *, reveal: bool = True) -> Verdict:
    """
    The verdict on what *asked* brought back for *exercise*.

    Args: reveal: may numbers of a drawn input be shown? A grader's secret draws say no; the whole-number inputs are shown.
    """
    return refused(exercise, asked) or compared(exercise, asked, reveal)


# -- before any number is looked at -------------------------------------------------------------------------------


def refused(exercise: Exercise, asked: Asked) -> Verdict | None:
    """The verdict where there is nothing to compare: not there, not run, against the rules; None where there is."""
    if asked.syntax_error is not None:
        return nothing(exercise, State.FAILED, *syntax(exercise, asked.syntax_error), raised=asked.syntax_error)
    if not asked.defined:
        return nothing(exercise, State.NOT_DEFINED, Say(NOT_DEFINED, {"entry": exercise.entry}))
    if not asked.callable:
        return nothing(exercise, State.FAILED, Say(NOT_CALLABLE, {"entry": exercise.entry, "kind": asked.kind}))
    for trial in asked.trials:
        answer = trial.answer
        if answer.not_attempted:
            return nothing(exercise, State.NOT_ATTEMPTED, answer=answer)
        if answer.out_of_time is not None:
            limit = Say(OUT_OF_TIME, {"limit": asked.limit})
            return replace(nothing(exercise, State.OUT_OF_TIME, limit, answer=answer), quote=answer.out_of_time)
    for trial in asked.trials:
        answer = trial.answer
        if answer.forbidden:
            name = answer.forbidden[0]
            line = next((line.text for line in answer.forbidden_lines if line.here), name)
            unseen = () if name.rpartition(".")[2] in line else (Say(CALLED_BY_ANOTHER),)
            refusal = nothing(exercise, State.FORBIDDEN, Say(FORBIDDEN, {"name": short(name)}), *unseen, answer=answer)
            return replace(refusal, quote=answer.forbidden_lines)
    for trial in asked.trials:
        answer = trial.answer
        if answer.changed and not answer.raised:
            names = tuple(map(as_code, answer.changed))
            return nothing(exercise, State.WRONG, Say(CHANGED, {"names": names}), Say(WORK_ON_A_COPY), answer=answer)
        if answer.wrong_number is not None:
            return nothing(exercise, State.WRONG, wrong_number(exercise, answer.wrong_number), answer=answer)
    return None


def wrong_number(exercise: Exercise, came: Came) -> Say:
    values = {"entry": exercise.entry, "wanted": came.wanted, "count": came.count, "kind": came.kind}
    if came.count is not None:
        return Say(WRONG_NUMBER, values)
    return Say(RETURNED_NONE if came.kind == "NoneType" else ONE_FOR_SEVERAL, values)


def nothing(exercise: Exercise, state: State, *says: Say, answer: Answer | None = None, raised: Raised | None = None) -> Verdict:
    """A verdict that earns nothing in any part."""
    return Verdict(
        exercise.id,
        state,
        tuple(PartVerdict(part.name, 0, part.points, state) for part in exercise.parts),
        says,
        quote=raised.lines if raised else (),
        error=error_line(raised) if raised else "",
        **printed(answer),
    )


def printed(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {"output": answer.output, "output_lines": answer.output_lines, "warnings": answer.warnings}


def syntax(exercise: Exercise, error: Raised) -> tuple[Say, ...]:
    here = next((line.number for line in error.lines if line.here), 0)
    return (Say(SYNTAX, {"line": here, "entry": exercise.entry}),)


def error_line(raised: Raised) -> str:
    return f"{raised.type}: {raised.message}" if raised.message else raised.type


def short(name: str) -> str:
    """A forbidden name as learners write it."""
    return name.replace("torch.nn.functional.", "F.")


# -- part by part -------------------------------------------------------------------------------------------------


def compared(exercise: Exercise, asked: Asked, reveal: bool) -> Verdict:
    """The verdict on answers that ran, or raised, in some trial."""
    with np.errstate(all="ignore"):
        judged = [judged_part(exercise, part, cases, reveal) for part, cases in cases_by_part(exercise, asked)]
    nothing_earned = [one for one in judged if not one.parts[0].earned]
    errors = {one.error for one in nothing_earned}
    if (len(errors) == 1 and all(errors)) or all(one.state is State.WRONG for one in nothing_earned):
        # One stop that took all of these parts down, or numbers that differ: told by the part that knows a name for it.
        nothing_earned.sort(key=lambda one: not one.mistake)
    first = next(iter(nothing_earned), None) or next((one for one in judged if one.state is not State.RIGHT), judged[0])
    stopped = [one for one in nothing_earned if one.error]
    if stopped and not first.error:
        names = tuple(as_code(one.parts[0].name) for one in stopped)
        too = Say(STOPPED_TOO, {"names": names, "error": stopped[0].error.partition(":")[0]})
        first = replace(first, says=(*first.says, too))
    answer = next((trial.answer for trial in asked.trials if trial.answer.output or trial.answer.warnings), None)
    return replace(first, parts=tuple(one.parts[0] for one in judged), **printed(answer))


def cases_by_part(exercise: Exercise, asked: Asked) -> list[tuple[Part, list[Case]]]:
    """Every part with what it gave in each trial beside what is right, which is computed once a trial."""
    inputs = [drawn(exercise, trial.purpose, trial.seed, trial.sizes) for trial in asked.trials]
    right = [expected(exercise, given) for given in inputs]
    trials = list(zip(asked.trials, inputs, right, strict=True))
    return [(part, [case_of(part, *trial) for trial in trials]) for part in exercise.parts]


@lru_cache(maxsize=256)  # for the next answer on the same draws
def expected(exercise: Exercise, inputs: Inputs) -> dict[str, np.ndarray]:
    """What is right on *inputs*, by part. Raises: TypeError where it holds no numbers, the author's mistake."""
    by_part = {}
    for name, value in exercise.by_part(exercise.expect(inputs)).items():
        array = plain(value).array
        if array is None:
            raise TypeError(f"{exercise.id}: what is expected for {name} holds no numbers")
        by_part[name] = array
    return by_part


def judged_part(exercise: Exercise, part: Part, cases: list[Case], reveal: bool) -> Verdict:
    """A verdict on one part alone."""
    deciding = [case for case in cases if case.purpose is not Purpose.SQUARE]
    first = deciding[0]
    again = next((case for case in deciding if case.purpose is Purpose.AGAIN), first)
    if first.got is not None and (again.raised or not same_answer(first.got, again.got)):
        return verdict(exercise, part, State.WRONG, (Say(KEEPS_STATE, {"entry": exercise.entry}),))
    for case in deciding:
        if not case.raised and (says := kind_says(exercise, part, case)):
            return verdict(exercise, part, State.WRONG, says)
    differences = [None if case.raised else differs(case, exercise.rtol) for case in deciding]
    matches = {difference.match if difference else None for difference in differences}
    if matches <= {Match.EQUAL}:
        shared = next((case.result.aliases for case in deciding if case.result and case.result.aliases), "")
        if shared and not exercise.views:
            told = Say(SHARES, {"name": part.name, "input": shared})
            return verdict(exercise, part, State.CLOSE, (told,), earned=part.points)
        return verdict(exercise, part, State.RIGHT, earned=part.points)
    if matches <= {Match.EQUAL, Match.FLOAT32}:
        return close(exercise, part, deciding, differences, Match.FLOAT32, reveal)
    found = diagnose(exercise, part, cases)
    if None in matches:
        return failed(exercise, part, deciding, differences, found, reveal)
    if matches <= {Match.EQUAL, Match.FLOAT32, Match.NEAR} and not found:
        return close(exercise, part, deciding, differences, Match.NEAR, reveal)
    return wrong(exercise, part, deciding, found, reveal)


def verdict(
    exercise: Exercise,
    part: Part,
    state: State,
    says: Iterable[Say] = (),
    earned: int = 0,
    mistake: str = "",
    **more: Any,
) -> Verdict:
    parts = (PartVerdict(part.name, earned, part.points, state, mistake),)
    return Verdict(exercise.id, state, parts, tuple(says), mistake=mistake, **more)


def case_of(part: Part, trial: Trial, inputs: Inputs, right: dict[str, np.ndarray]) -> Case:
    raised = trial.answer.raised or trial.answer.stopped.get(part.name)
    return Case(trial.purpose, inputs, right[part.name], trial.answer.results.get(part.name), raised)


def differs(case: Case, rtol: float) -> Difference:
    assert case.got is not None
    return first_difference(case.got, case.expected, rtol=rtol)


def kind_says(exercise: Exercise, part: Part, case: Case) -> tuple[Say, ...]:
    """What is to be said of a result of a kind that the exercise does not accept; nothing where it does."""
    result = case.result
    assert result is not None
    if result.kind == "None":
        several = len(exercise.parts) > 1
        return (Say(NONE_FOR_PART, {"name": part.name}) if several else Say(RETURNED_NONE, {"entry": exercise.entry}),)
    if result.kind == "sparse tensor":
        return (Say(SPARSE, {"name": part.name}),)
    if result.kind not in exercise.accepts:
        if part.shape and result.kind == "number":
            values = {"name": part.name, "count": case.expected.size}
            return (Say(SHAPE_WITHOUT_COMMA if case.expected.size == 1 else ONE_SIZE_OF_SEVERAL, values),)
        kind = {
            "tensor": "Tensor",
            "array": "ndarray",
            "number": result.dtype,
            "list": "tuple" if result.dtype == "tuple" else "list",
        }.get(result.kind, result.kind)
        if len(exercise.parts) > 1:
            return (Say(WRONG_KIND_OF_PART, {"name": part.name, "kind": kind, "wanted": wanted(exercise)}),)
        return (Say(WRONG_KIND, {"entry": exercise.entry, "kind": kind, "wanted": wanted(exercise)}),)
    if result.dtype == "str":
        return (Say(TEXTS, {"entry": exercise.entry}),)
    if result.array is None:
        return (Say(NO_NUMBERS, {"entry": exercise.entry, "kind": result.kind}),)
    if result.array.dtype.kind == "c":
        return (Say(COMPLEX),)
    if result.array.dtype.kind == "b" and "bool" not in exercise.accepts:
        return (Say(WRONG_KIND, {"entry": exercise.entry, "kind": "bool", "wanted": wanted(exercise)}),)
    if result.requires_grad and not exercise.grad:
        return (Say(REQUIRES_GRAD),)
    whole = result.kind in ARRAYS and result.array.dtype.kind in "iu" and case.expected.dtype.kind == "f"
    if whole or result.dtype in HALF:
        values = {"name": part.name, "dtype": result.dtype, "expected": str(case.expected.dtype)}
        return (Say(WHOLE_NUMBERS if whole else HALF_PRECISION, values),)
    return ()


HALF = ("float16", "bfloat16")


def same_answer(one: np.ndarray, other: np.ndarray | None) -> bool:
    """Did the same inputs give the same twice? Not to the bit: sums may be taken in another order."""
    return other is not None and one.dtype == other.dtype and agrees(one, other)


def wanted(exercise: Exercise) -> Say:
    return Say(WANTED.get(exercise.accepts, A_TENSOR))


def failed(
    exercise: Exercise,
    part: Part,
    cases: list[Case],
    differences: list[Difference | None],
    found: Candidate | None,
    reveal: bool,
) -> Verdict:
    """An answer that raised, on all draws or on some."""
    case = next(case for case in cases if case.raised)
    error = case.raised
    assert error is not None
    if not error.own and error.type == "TypeError" and "argument" in error.message:
        says: list[Say] = [Say(NOT_CALLED_SO, {"signature": exercise.signature, "entry": exercise.entry})]
    else:
        here = next((line.number for line in error.lines if line.here), None)
        says = [Say(RAISED, {"line": here})] if here else [Say(RAISED_SOMEWHERE)]
        if error.inside:
            says.append(Say(RAISED_INSIDE, {"other": error.inside}))
    shapes = explain(error.message, case.inputs, axes_of(exercise, case.inputs), error.lines)
    meaning = None if shapes else meant(error, exercise.entry)
    equal = [bool(difference and difference.match is Match.EQUAL) for difference in differences]
    if found:
        says += filled(exercise, part, found.says, case)
    elif shapes:
        says.append(shapes[0])
    elif meaning:
        says.append(meaning)
    if by_sizes_alone(cases, equal):
        says.append(Say(ONLY_SOME_SIZES, {"sizes": sizes_text(exercise, case)}))
    return verdict(
        exercise,
        part,
        State.FAILED,
        says,
        mistake=found.id if found else "",
        asks=filled(exercise, part, found.asks, case) if found else (),
        quote=error.lines,
        error=error_line(error),
        inside=error.inside,
        evidence=(shapes[1],) if shapes and shapes[1] and reveal else (),
        sizes=case.inputs.sizes,
    )


def wrong(exercise: Exercise, part: Part, cases: list[Case], found: Candidate | None, reveal: bool) -> Verdict:
    """An answer that ran everywhere and is wrong somewhere."""
    equal = [differs(case, exercise.rtol).match in (Match.EQUAL, Match.FLOAT32) for case in cases]
    off = [case for case, right in zip(cases, equal, strict=True) if not right]
    case = shown_case(off, found) or off[0]
    says: list[Say] = list(filled(exercise, part, found.says, case)) if found else []
    if not found:
        difference = differs(case, exercise.rtol)
        if part.shape:
            says.append(Say(SHAPE_GIVEN, {"called": called(exercise, part, case), "name": part.name, "gave": as_shape(case.got)}))
        elif by_sizes_alone(cases, equal):
            says.append(Say(ONLY_SOME_SIZES, {"sizes": sizes_text(exercise, case)}))
        elif difference.match is Match.SHAPE:
            says.append(Say(SHAPE, shape_values(part, case)))
        elif case.got is not None and not np.all(np.isfinite(case.got)):
            says.append(Say(NOT_FINITE, {"name": part.name}))
        elif case.expected.dtype.kind == "b":
            says.append(Say(OTHER_TRUTH, values_of(part, case)))
        else:
            says.append(Say(UNKNOWN if case.expected.size > 1 else UNKNOWN_NUMBER, values_of(part, case)))
    visible = (reveal or case.purpose is Purpose.SHOWN) and not part.shape
    return verdict(
        exercise,
        part,
        State.WRONG,
        says,
        mistake=found.id if found else "",
        asks=filled(exercise, part, found.asks, case) if found else (),
        evidence=(evidence(exercise, part, case, found),) if visible else (),
        sizes=case.inputs.sizes,
        whole=case.purpose is Purpose.SHOWN,
    )


def by_sizes_alone(cases: list[Case], right: list[bool]) -> bool:
    """Is the answer *right* for some sizes, and wrong for others only?"""
    sizes = {good: {case.inputs.sizes for case, one in zip(cases, right, strict=True) if one is good} for good in (True, False)}
    return bool(sizes[True]) and not sizes[True] & sizes[False]


def shown_case(off: list[Case], found: Candidate | None) -> Case | None:
    """The whole-number case, where the same mistake shows on it."""
    for case in off:
        if case.purpose is Purpose.SHOWN:
            if found is None:
                return case
            outcome = found.gives(case)
            if not isinstance(outcome, Stopped) and agrees(case.got, outcome):
                return case
    return None


def close(
    exercise: Exercise,
    part: Part,
    cases: list[Case],
    differences: list[Difference | None],
    match: Match,
    reveal: bool,
) -> Verdict:
    """Right in float32, which earns the points; or off by little, which does not yet."""
    case, difference = next((c, d) for c, d in zip(cases, differences, strict=True) if d and d.match is match)
    earned = part.points if match is Match.FLOAT32 else 0
    says = Say(FLOAT32) if earned else Say(ROUNDED, {"error": difference.error, "rtol": exercise.rtol})
    shown = (replace(evidence(exercise, part, case, None), kind="digits"),) if reveal else ()
    return verdict(exercise, part, State.CLOSE, (says,), earned=earned, evidence=shown)


# -- what is shown ------------------------------------------------------------------------------------------------


def evidence(exercise: Exercise, part: Part, case: Case, found: Candidate | None) -> Evidence:
    """Expected and got, side by side: their shapes while those differ, else their numbers with the worst one marked."""
    got = case.got
    assert got is not None
    if got.shape != case.expected.shape:
        left = Matrix(part.name, case.expected.shape, axes=part.axes)
        right = Matrix(part.name, got.shape, axes=guessed_axes(exercise, case, got.shape))
        return Evidence("shapes", left, right, found.between if found else "", called=called(exercise, part, case))
    worst = differs(case, exercise.rtol).worst
    return Evidence(
        "values",
        Matrix(part.name, case.expected.shape, case.expected, part.axes, worst),
        Matrix(part.name, got.shape, got, part.axes, worst),
        found.between if found else "",
        found.because(case.inputs.sizes) if found else "",
        inputs=shown_inputs(exercise, case),
        called=called(exercise, part, case),
    )


def guessed_axes(exercise: Exercise, case: Case, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names for the axes of a result of the wrong shape: all sizes differ, so a size gives its axis away."""
    names = axes_of(exercise, case.inputs)
    fitting = [[name for name in names if case.inputs.sizes.axis(name) == size] for size in shape]
    return tuple(found[0] if len(found) == 1 else "" for found in fitting)


def axes_of(exercise: Exercise, inputs: Inputs) -> tuple[str, ...]:
    """The axes that this exercise speaks of: its result's, and `in`, `out` and `N` where the inputs have such a size."""
    named = [axis for part in exercise.parts for axis in part.axes if not axis.isdigit()]
    taken = {inputs.sizes.axis(axis) for axis in named}  # where B has the size of N, a 5 is B
    sizes = {size for value in inputs.values() for size in (value.shape if isinstance(value, np.ndarray) else (value,))}
    more = [axis for axis in ("in", "out") if inputs.sizes.axis(axis) in sizes]
    more += ["N"] if taken and inputs.sizes.N in sizes - taken else []
    return tuple(dict.fromkeys([*named, *more]))


def shown_inputs(exercise: Exercise, case: Case) -> tuple[Matrix, ...]:
    axes = axes_of(exercise, case.inputs)
    return tuple(
        Matrix(name, value.shape, value, tuple(axis_name(size, case.inputs, axes) for size in value.shape))
        for name, value in case.inputs.items()
        if isinstance(value, np.ndarray)
    )


def called(exercise: Exercise, part: Part, case: Case) -> str:
    """The call as the learner could make it, where some argument is a plain value: "weight_of(W, 1, 2)"."""
    given = {name: value(case.inputs) if callable(value) else value for name, value in part.given.items()}
    values = {**case.inputs, **given}
    names = re.findall(r"\w+", exercise.signature.removeprefix(exercise.entry))
    if not set(names) <= set(values):
        return ""  # the inputs are not what the learner's object was called with
    values = {name: values[name] for name in names}
    if all(isinstance(value, np.ndarray) for value in values.values()):
        return ""
    words = [name if isinstance(value, np.ndarray) else repr(value) for name, value in values.items()]
    return f"{exercise.entry}({', '.join(words)})"


def as_shape(sizes: np.ndarray | None) -> str:
    """An answer that is itself a shape, as a tuple is written."""
    return str(tuple(np.atleast_1d(sizes).ravel().tolist())) if sizes is not None else ""


def sizes_text(exercise: Exercise, case: Case) -> str:
    return ", ".join(f"{axis} = {case.inputs.sizes.axis(axis)}" for axis in axes_of(exercise, case.inputs))


def filled(exercise: Exercise, part: Part, says: tuple[Say, ...], case: Case) -> tuple[Say, ...]:
    """*says* with the sizes of the case, and its worst entry where there is one."""
    sizes = case.inputs.sizes
    values: dict[str, Any] = {name: getattr(sizes, name) for name in ("N", "in_", "out", "hidden", "K", "B", "T")}
    values |= {"N_out": sizes.N * sizes.out}
    values |= {name: value for name, value in case.inputs.items() if isinstance(value, int | str)}
    values |= {"called": called(exercise, part, case)}
    if case.got is not None:
        values |= shape_values(part, case)
        values |= {"gave": as_shape(case.got), "wanted": as_shape(case.expected)} if case.expected.ndim == 1 else {}
        if case.got.shape == case.expected.shape:
            values |= values_of(part, case)
    return tuple(replace(say, values=values | say.values) for say in says)


def shape_values(part: Part, case: Case) -> dict[str, Any]:
    assert case.got is not None
    shapes = {"got_shape": str(case.got.shape), "expected_shape": str(case.expected.shape)}
    return shapes | {"name": part.name}


def values_of(part: Part, case: Case) -> dict[str, Any]:
    """The entry that is furthest off: its index as the learner writes it, or the call that gave it, and both numbers."""
    worst = first_difference(case.got, case.expected).worst if case.got is not None else None
    if worst is None:
        return {"name": part.name}
    assert case.got is not None
    index = f"[{', '.join(map(str, worst))}]" if worst else ""
    return {
        "name": part.name,
        "index": part.entry(case.inputs, worst[0]) if part.entry else f"{part.name}{index}",
        "expected": case.expected[worst].item(),
        "got": case.got[worst].item(),
    }


# -- sentences ----------------------------------------------------------------------------------------------------

NOT_DEFINED = N_("There is no `{entry}` yet. Run the cell of your answer above; if it stops with an error, fix that error first.")
SYNTAX = N_(
    "Python cannot read the cell of your answer: line {line} has a **syntax error**. Until it is fixed, the cell defines no "
    "`{entry}`."
)
NOT_CALLABLE = N_(
    "`{entry}` is of type `{kind}` here, not a function: its name was used for something else. Run the cell of your answer again."
)
OUT_OF_TIME = N_(
    "Your code did not end within {limit} seconds and was **stopped**. The inputs are small, so it is likely a loop: does what "
    "its condition depends on change inside it? The kernel is alive and your variables are kept."
)
FORBIDDEN = N_(
    "This exercise does without `{name}`: **that is what you are building**. Everything else is allowed: "
    "`@`, einsum, loops, NumPy."
)
CALLED_BY_ANOTHER = N_(
    "Your line does not call it by name, but **something that it calls does**: calling a layer, for one, runs it."
)
CHANGED = N_("Your code **changed its input** in place: {names}.")
WORK_ON_A_COPY = N_("Whoever called the function still needs those numbers: leave them as they are and work on a copy.")
WRONG_NUMBER = N_("`{entry}` has to return {wanted} results, but it returned {count}.")
ONE_FOR_SEVERAL = N_("`{entry}` has to return {wanted} results, but it returned one, of type `{kind}`.")
RETURNED_NONE = N_(
    "`{entry}` ran to its end and returned **nothing**: is a `return` missing, or does some branch of the code end without one?"
)
NONE_FOR_PART = N_("`{name}` came back as `None`: does a function that should compute it end without a `return`?")
WRONG_KIND = N_("`{entry}` returned a result of type `{kind}`, but what is asked for is {wanted}.")
WRONG_KIND_OF_PART = N_("What you gave for `{name}` is of type `{kind}`, but what is asked for is {wanted}.")
SHAPE_WITHOUT_COMMA = N_(
    "What you gave for `{name}` is a **number**, not a shape: Python needs a comma to make a tuple of one number, `(7,)` and "
    "not `(7)`."
)
ONE_SIZE_OF_SEVERAL = N_("What you gave for `{name}` is one **number**, and {count} sizes are asked for. What is the other one?")
NO_NUMBERS = N_(
    "`{entry}` returned a `{kind}` that is no array of numbers: its rows differ in length, or it holds something other than "
    "numbers."
)
TEXTS = N_("`{entry}` returned **strings** of digits, not numbers: `int('4')` makes the number 4 of the string '4'.")
COMPLEX = N_("The result is complex, and the inputs are real: where does an imaginary part come in?")
REQUIRES_GRAD = N_("The result requires a gradient, and the inputs do not: return plain numbers.")
SPARSE = N_(
    "`{name}` is a **sparse** tensor, which keeps only the entries that are not zero: give all of them, as `.to_dense()` does."
)
WHOLE_NUMBERS = N_(
    "`{name}` holds whole numbers (`{dtype}`): everything after the decimal point is **lost**. What is asked for "
    "is `{expected}`: where did the fractions go?"
)
HALF_PRECISION = N_(
    "`{name}` was computed in `{dtype}`, which keeps about three digits: too few to tell a right formula from a wrong one. "
    "Stay with the dtype of the inputs."
)
KEEPS_STATE = N_(
    "Asked twice with the same inputs, `{entry}` gave **two different results**: something is kept from one call to the next "
    "(on the class, in a global variable, in a default argument), or is random."
)
SHARES = N_(
    "The numbers are right and **all points count**. But `{name}` lies in the memory of `{input}`: whoever adds to one changes "
    "the other. A copy (`.clone()`) keeps them apart."
)
NOT_CALLED_SO = N_(
    "The check calls `{signature}`, and your `{entry}` cannot be called that way: compare its parameters with the ones asked for."
)
RAISED = N_("The code stopped in line {line}.")
RAISED_INSIDE = N_("The error arose inside your `{other}`, which this line calls: does it get what it needs?")
STOPPED_TOO = N_("For {names} the code **stopped** before there was an answer: `{error}`.")
RAISED_SOMEWHERE = N_("The code stopped with an error.")
ONLY_SOME_SIZES = N_(
    "It works for other sizes, but not for {sizes}: is a size written into the code as a number, where it should be read from "
    "a shape?"
)
SHAPE = N_("`{name}` has shape `{got_shape}`, and `{expected_shape}` is asked for.")
SHAPE_GIVEN = N_("For `{called}` you gave `{gave}` as the shape of `{name}`, but that is not its shape.")
NOT_FINITE = N_(
    "There is NaN or an infinite number in `{name}`: look for a division by zero or for memory that was never filled."
)
OTHER_TRUTH = N_(
    "The answer to `{index}` should be {expected}, and yours is {got}. No mistake that we know of "
    "gives the same answers in all cases."
)
UNKNOWN = N_("The shape is right, the numbers are not, and they fit no mistake that we know of. Furthest off is `{index}`.")
UNKNOWN_NUMBER = N_("`{name}` is one number, as it should be, but the wrong one, and it fits no mistake that we know of.")
FLOAT32 = N_(
    "The formula is right and **all points count**. But you computed in float32: after about seven significant digits the "
    "numbers differ."
)
ROUNDED = N_(
    "Very close, but outside the tolerance, so **no points yet**: off by {error} of the largest entry, where {rtol} is allowed. "
    "Is something rounded on the way?"
)
A_TENSOR = N_("a tensor or a NumPy array")
WANTED = {
    ARRAYS: A_TENSOR,
    NUMBERS: N_("a number"),
    SEQUENCES: N_("a tuple or a list of numbers"),
    LOGICAL: N_("True or False"),
}
