"""A learner's own gradients laid over autograd's: in the order of the backward pass the first wrong one is marked and named.

    compared("linear-backward", {"dW": dW, "db": db})          numbers that were computed on the exercise's whole-number inputs
    compared("linear-backward", linear_backward)               the learner's function: asked exactly as the check asks it

Nothing is decided here. Right or wrong, the mistake's name and its words come from `course.judging`, part by part as in a
check. Numbers from one input can fit two mistakes that other inputs tell apart; then neither is named.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course.answer import Answer, Purpose
from course.asking import ask, plain
from course.exercise import GENERIC, N_, Array, Exercise, Inputs, Part, Sizes, rng, seeds
from course.exercises import UnknownExercise, find
from course.gradients import Gradients
from course.graph import Refusal, Trace, graph
from course.graph.trace import SHOWN
from course.judging.compare import ATOL, agrees, distance
from course.judging.diagnose import Candidate, Case, Stopped, candidates
from course.judging.judge import WRONG_KIND_OF_PART, cases_by_part, judged_part, refused, wanted
from course.numbers import number, style_of
from course.verdict import Say, State, Verdict
from course.views.board import (
    ABSENT,
    BACKWARD,
    FIRST,
    MINE,
    RIGHT,
    WRONG,
    Board,
    Cell,
    Known,
    Mark,
    Matrix,
    Step,
    Stop,
)
from course.views.graph_board import card_id, gradient_id, graph_board

Mine = Mapping[str, Any] | Callable[..., Any]

AGREES = N_("Your {name} **agrees** with autograd.")
FIRST_WRONG = N_("On the way back, this is the **first wrong** one of your gradients: {name}.")
ALSO_WRONG = N_("Your {name} is wrong too. On the way back {first} comes before it: mend that one first.")
DONE_BUT = N_("The numbers on the cards are autograd's. Not yet the same among yours: {names}.")
NOT_GIVEN = N_("You gave no {name}, so there is nothing to compare here.")
IS_NONE = N_(
    "Your {name} is `None`: nothing was computed for it. Was `.grad` read before `backward()`, or does the tensor need no "
    "gradient?"
)
SEVERAL = N_(
    "On these numbers more than one known mistake gives what you have, so none is named. Give your function in place of its "
    "results: it is then asked on other numbers too, as the check does."
)
NO_SUCH_EXERCISE = N_("There is no exercise called {exercise}. Its name stands in the cell of its check.")
NO_GRADIENTS = N_("The exercise {exercise} does not ask for gradients, so there is no backward pass to lay yours over.")
NOTHING_OF_IT = N_("Nothing was given to compare. Give your gradients by name: mine={{{names}}}.")
NOT_BY_NAME = N_("Gradients are given by name, or as your function; {kind} is neither. Write mine={{{names}}}.")
NO_SUCH_PART = N_("No gradient of this exercise is called {got}. Their names are: {names}.")
NO_NUMBERS_OF_ITS_OWN = N_("The exercise {exercise} has no numbers of its own. Give those that you computed with as `inputs`.")
OTHER_INPUTS = N_("The inputs are {wanted}, and you gave {got}.")
NO_SIZE = N_("The input {name} has the shape {got}; as the others are, it needs {shape}.")
BOTH = N_("Your function is asked on inputs of the check, so leave out `inputs`, or give the results in place of the function.")


@dataclass(frozen=True)
class Judged:
    """What the judge says of one part. mark: RIGHT, WRONG or ABSENT. got: the learner's numbers, None where there are none."""

    part: Part
    mark: str
    says: tuple[Say, ...] = ()
    mistake: str = ""
    expected: Array | None = None
    got: Array | None = None


def compared(exercise: str | Exercise, mine: Mine, inputs: Mapping[str, Any] | None = None) -> Board:
    """
    The picture of an exercise's backward pass with a learner's gradients over it.

    exercise: or its id. mine: {part: tensor or array}, or the learner's function. inputs: those that `mine` was computed with;
    by default the whole numbers of the exercise. Raises: Refusal, with a sentence for the learner.
    """
    exercise = found(exercise) if isinstance(exercise, str) else exercise
    own = exercise.expect
    if not isinstance(own, Gradients):
        raise Refusal(NO_GRADIENTS, exercise=exercise.id)
    if callable(mine) and inputs is not None:
        raise Refusal(BOTH)
    values = inputs_given(exercise, inputs)
    tensors = {name: np.asarray(value) for name, value in own.tensors(values).items()}
    constants = [name for name in tensors if name not in own.of.values()]
    seed = values[own.upstream] if own.upstream else None
    trace = graph(own.fn, tensors, constants=constants, seed=seed, fold=own.fold, axes=own.axes, letters=own.names())
    return compare_board(trace, mine, exercise, values)


def compare_board(trace: Trace, mine: Mine, exercise: Exercise, inputs: Inputs | None = None) -> Board:
    """
    The board of *trace* with *mine* laid over it, as `compared` does. inputs: those of the trace, by default the exercise's
    whole numbers. Raises: Refusal; ValueError: the trace is not of these inputs, or lacks a gradient: the author's mistake.
    """
    values = inputs_given(exercise, None) if inputs is None else inputs
    judged = judged_parts(exercise, mine, values)
    board = told_of(judged, graph_board(trace))
    places = sorted(((brought(trace, exercise, one.part, values), one) for one in judged), key=lambda place: place[0][0])
    first = next((one.part.name for _, one in places if one.mark == WRONG), "")
    steps = list(board.steps)
    matrices = list(board.matrices)
    came: dict[int, list[Step]] = {}
    for (at, tensor), one in places:
        own = matrix(one, board.matrix(gradient_id(tensor)))
        matrices += [own] if own else []
        came.setdefault(at, []).append(step(one, tensor, own, first, steps[at]))
    whole: list[Step] = []
    moved: list[int] = []
    for at, told in enumerate(steps):
        moved.append(len(whole))
        whole += [told, *came.get(at, ())]
    stops = [replace(stop, step=moved[stop.step]) for stop in board.stops]
    if first:
        stops.append(Stop(f"✗ {first}", next(i for i, one in enumerate(whole) if any(m.kind == FIRST for m in one.marks))))
    return replace(board, matrices=tuple(matrices), steps=tuple(whole), stops=tuple(stops))


def told_of(judged: list[Judged], board: Board) -> Board:
    """The board, whose last step does not say that all is done where some of *judged* are wrong."""
    wrong = tuple(one.part.name for one in judged if one.mark == WRONG)
    if not wrong:
        return board
    last = replace(board.steps[-1], say=(Say(DONE_BUT, {"names": wrong}),))
    return replace(board, steps=(*board.steps[:-1], last))


def first_wrong(board: Board) -> int | None:
    """The step that shows the first wrong gradient; None where none is wrong."""
    return next((at for at, one in enumerate(board.steps) if any(mark.kind == FIRST for mark in one.marks)), None)


# -- what the judge says -----------------------------------------------------------------------------------------------------


def judged_parts(exercise: Exercise, mine: Mine, inputs: Inputs) -> list[Judged]:
    """Every part of *exercise*, judged as in a check."""
    if callable(mine):
        return of_function(exercise, mine)
    names = ", ".join(f'"{part.name}": …' for part in exercise.parts)
    if not isinstance(mine, Mapping):
        raise Refusal(NOT_BY_NAME, kind=type(mine).__name__, names=names)
    if not mine:
        raise Refusal(NOTHING_OF_IT, names=names)
    known = [part.name for part in exercise.parts]
    strange = [str(name) for name in mine if name not in known]
    if strange:
        raise Refusal(NO_SUCH_PART, got=", ".join(strange), names=", ".join(known))
    right = exercise.by_part(exercise.expect(inputs))
    return [of_value(exercise, part, mine, inputs, np.asarray(right[part.name])) for part in exercise.parts]


def of_value(exercise: Exercise, part: Part, mine: Mapping[str, Any], inputs: Inputs, expected: Array) -> Judged:
    if part.name not in mine:
        return Judged(part, ABSENT, (Say(NOT_GIVEN, {"name": part.name}),))
    if mine[part.name] is None:
        return Judged(part, ABSENT, (Say(IS_NONE, {"name": part.name}),))
    result = plain(mine[part.name])
    if result.kind not in exercise.accepts:
        kind = {"tensor": "Tensor", "array": "ndarray", "number": result.dtype}.get(result.kind, result.kind)
        return Judged(part, WRONG, (Say(WRONG_KIND_OF_PART, {"name": part.name, "kind": kind, "wanted": wanted(exercise)}),))
    if result.array is not None and result.requires_grad:
        result = replace(result, requires_grad=False)  # a check forbids it where inputs need none; here a picture is asked for
    case = Case(Purpose.GENERIC, inputs, expected, result)
    # The judge names by two draws that agree. Here is one, so it stands for both; `alone` sees to the rest.
    verdict = judged_part(exercise, part, [case, case, replace(case, purpose=Purpose.SHOWN)], reveal=True)
    if verdict.mistake and not alone(exercise, part, case, verdict.mistake):
        return Judged(part, WRONG, (Say(SEVERAL),), "", expected, result.array)
    return judged(part, verdict, expected, result.array)


def judged(part: Part, verdict: Verdict, expected: Array | None, got: Array | None) -> Judged:
    right = verdict.state is State.RIGHT or bool(verdict.parts[0].earned)
    return Judged(part, RIGHT if right else WRONG, (*verdict.says, *verdict.asks), verdict.mistake, expected, got)


def of_function(exercise: Exercise, learner: Callable[..., Any]) -> list[Judged]:
    """As `judge` does it: ask on every draw, judge each part; what is shown is the trial on the whole numbers."""
    asked = ask(exercise, learner)
    nothing = refused(exercise, asked)
    if nothing is not None:
        return [judged(part, nothing, None, None) for part in exercise.parts]
    shown = next((trial.answer for trial in asked.trials if trial.purpose is Purpose.SHOWN), Answer())
    found = []
    for part, cases in cases_by_part(exercise, asked):
        expected = next((case.expected for case in cases if case.purpose is Purpose.SHOWN), None)
        result = shown.results.get(part.name)
        found.append(judged(part, judged_part(exercise, part, cases, reveal=True), expected, result.array if result else None))
    return found


def alone(exercise: Exercise, part: Part, case: Case, name: str) -> bool:
    """
    Is no other mistake than the one called *name* seen in *case*?

    One that gives the same on other draws too is no other: a check takes the first of them, as the judge has done.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        tried = list(candidates(exercise, part))
        named = next(one for one in tried if one.id == name)
        fitting = [one for one in tried if one.double <= named.double and fits(one, case)]
        source = seeds(exercise.id)
        others = [drawn(exercise, part, next(source)) for _ in range(2)]
        others = [replace(other, result=plain(named.gives(other))) for other in others]  # forms look at the shape that came
        return all(same(named.gives(other), one.gives(other)) for one in fitting if one.id != name for other in others)


def fits(candidate: Candidate, case: Case) -> bool:
    outcome = candidate.gives(case)
    return not isinstance(outcome, Stopped) and agrees(case.got, outcome)


def same(one: Any, other: Any) -> bool:
    arrays = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
    return agrees(one, other) if arrays else type(one) is type(other)


def drawn(exercise: Exercise, part: Part, seed: int) -> Case:
    inputs = exercise.draw(rng(seed), GENERIC)
    return Case(Purpose.GENERIC, inputs, np.asarray(exercise.by_part(exercise.expect(inputs))[part.name]), None)


# -- inputs --------------------------------------------------------------------------------------------------------------------


def found(exercise_id: str) -> Exercise:
    try:
        return find(exercise_id)
    except UnknownExercise:
        raise Refusal(NO_SUCH_EXERCISE, exercise=exercise_id) from None


def inputs_given(exercise: Exercise, given: Mapping[str, Any] | None) -> Inputs:
    """*given* as the exercise's inputs, with the sizes that their shapes show; the exercise's whole numbers where it is None."""
    if given is None:
        if exercise.shown is None:
            raise Refusal(NO_NUMBERS_OF_ITS_OWN, exercise=exercise.id)
        return exercise.shown()
    pattern = exercise.draw(rng(0), GENERIC)
    if set(given) != set(pattern):
        raise Refusal(OTHER_INPUTS, wanted=", ".join(pattern), got=", ".join(map(str, given)) or "–")
    values = {name: array(given[name]) if isinstance(one, np.ndarray) else given[name] for name, one in pattern.items()}
    sizes = Sizes(**sizes_seen(pattern, values))
    # Drawn at these sizes, the inputs have the shapes that belong together.
    for name, one in exercise.draw(rng(0), sizes).items():
        if isinstance(one, np.ndarray) and one.shape != values[name].shape:
            raise Refusal(NO_SIZE, name=name, got=str(values[name].shape), shape=str(one.shape))
    return Inputs(sizes, **values)


def sizes_seen(pattern: Inputs, values: Mapping[str, Any]) -> dict[str, int]:
    """The sizes of the axes, by the axes' sizes in a draw: N, in and out differ there."""
    axes = {GENERIC.T: "T", GENERIC.hidden: "hidden", GENERIC.N: "N", GENERIC.in_: "in_", GENERIC.out: "out"}
    seen: dict[str, int] = {}
    for name, one in pattern.items():
        if isinstance(one, np.ndarray) and one.ndim == values[name].ndim:
            for size, own in zip(one.shape, values[name].shape, strict=True):
                if size in axes:
                    seen.setdefault(axes[size], own)
    return seen


def array(value: Any) -> Array:
    """A tensor, array or list as an array of floats. Raises: Refusal."""
    found = plain(value).array
    if found is None or found.dtype.kind not in "biuf":
        raise Refusal(NOT_NUMBERS, kind=type(value).__name__)
    return found.astype(np.float64)


NOT_NUMBERS = N_("An input of type {kind} is no array of real numbers. Give a tensor, an array or a list of numbers.")


# -- the board -----------------------------------------------------------------------------------------------------------------


def brought(trace: Trace, exercise: Exercise, part: Part, inputs: Inputs) -> tuple[int, str]:
    """The step of *trace* that brings the gradient of a part, and the id of its tensor."""
    own = exercise.expect.of.get(part.name, "") if isinstance(exercise.expect, Gradients) else ""
    for tensor in trace.tensors:
        if tensor.card and ((own and tensor.name == own) or tensor.gradient.text == part.name):
            at = [index for index, told in enumerate(trace.steps) if told.gradient == tensor.id and told.final]
            if at and tensor.grad is not None:
                right = np.asarray(exercise.by_part(exercise.expect(inputs))[part.name])
                entries = tensor.grad.entries
                if right.shape != tensor.grad.shape or (entries is not None and not np.allclose(right.ravel(), entries)):
                    raise ValueError(
                        f"{exercise.id}: the trace's gradient of {tensor.name} is not the {part.name} that is expected"
                    )
                return at[0], tensor.id
    raise ValueError(f"{exercise.id}: the trace has no gradient called {part.name}")


def matrix(one: Judged, beside: Matrix) -> Matrix | None:
    """The learner's numbers as a matrix of the board, None where there are none to show."""
    if one.got is None or one.got.dtype.kind not in "biuf":
        return None
    shape = one.got.shape
    axes = beside.axes if len(beside.axes) == len(shape) and shape == beside.shape else ("",) * len(shape)
    numbers = one.got.astype(np.float64)
    id, name = f"m:{one.part.name}", one.part.name
    if numbers.size > SHOWN:
        seen = (("min", numbers.min()), ("mean", numbers.mean()), ("max", numbers.max()))
        return Matrix(id, name, shape, (), axes, MINE, summary=tuple(f"{word} {number(float(value))}" for word, value in seen))
    style = style_of(numbers) if np.all(np.isfinite(numbers)) else None
    return Matrix(id, name, shape, tuple(number(float(value), style) for value in numbers.ravel()), axes, MINE)


def step(one: Judged, tensor: str, own: Matrix | None, first: str, after: Step) -> Step:
    """The step that lays one part over what *after* has brought."""
    name = one.part.name
    kind = FIRST if one.mark == WRONG and name == first else one.mark
    opening = {
        RIGHT: (Say(AGREES, {"name": name}),),
        FIRST: (Say(FIRST_WRONG, {"name": name}),),
        WRONG: (Say(ALSO_WRONG, {"name": name, "first": first}),),
        ABSENT: (),
    }[kind]
    off = () if one.mark != WRONG or own is None else tuple(Mark(Cell(own.id, flat), WRONG) for flat in differing(one, own))
    gradient = gradient_id(tensor)
    return Step(
        (*opening, *one.says),
        known=(Known(own.id),) if own else (),
        lit=(card_id(tensor), gradient),
        formula=after.formula,
        phase=BACKWARD,
        panel=(gradient, "=" if one.mark == RIGHT else "≠", own.id) if own else (gradient,),
        marks=(Mark(card_id(tensor), kind), *off),
    )


def differing(one: Judged, own: Matrix) -> list[int]:
    """The flat indices of the entries that are wrong, where the shapes agree and the entries are shown."""
    if one.got is None or one.expected is None or one.got.shape != one.expected.shape or not own.entries:
        return []
    error, _ = distance(one.got, one.expected)
    scale = float(np.max(np.abs(one.expected), initial=0.0)) or 1.0
    off = error > 1e-9 * np.abs(one.expected) + ATOL * scale
    return [int(flat) for flat in np.flatnonzero(off)]
