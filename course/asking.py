"""Asking: call a learner's object on drawn inputs and bring back plain data. The only step beside the learner's code.

It must withstand whatever the learner wrote: an endless loop (also one that swallows exceptions), a million printed lines,
output written past `sys.stdout`, warnings, inputs changed in place, any exception, any type of result. All of that becomes
a fact of an `Answer`; only the reader's own KeyboardInterrupt passes.

One limit is stated rather than kept: Python looks at a signal between two bytecodes, so one long call inside C cannot be
stopped, it can only be waited for (or the kernel restarted).
"""

from __future__ import annotations

import io
import linecache
import logging
import os
import signal
import sys
import sysconfig
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType, TracebackType
from typing import Any

import numpy as np

from course.answer import Answer, Asked, Came, Line, Purpose, Raised, Result, Trial
from course.exercise import GENERIC, SQUARE, Exercise, Inputs, Later, Sizes, WrongNumberOfParts, rng, seeds

LIMIT = 10.0  # seconds for one check, all its draws and probes included; nbgrader's own limit for a cell is 30
KEPT_OUTPUT = 4_000  # characters of printed output that are kept
KEPT_ENTRIES = 1_000_000  # a larger result keeps its shape only
NOT_THEIRS = tuple(
    os.path.join(os.path.realpath(path), "")
    for path in {*sysconfig.get_paths().values(), os.path.dirname(os.path.abspath(__file__))}
)


def ask(exercise: Exercise, learner: Any, *, secret: str = "", limit: float = LIMIT) -> Asked:
    """Call *learner* on every draw of *exercise*: generic ones, square ones where it raised, whole numbers where there are some.

    The seeds come from the exercise's id (and from *secret*, where a grader has one), so that a learner sees the same
    numbers at every check. Never raises for what the learner wrote.
    """
    if learner is None or not callable(learner):
        return Asked(exercise.id, callable=False, kind=type(learner).__name__, limit=limit)
    clock = Clock(limit)
    trials: list[Trial] = []
    source = seeds(exercise.id, secret)

    def run(purpose: Purpose, sizes: Sizes, seed: int) -> bool:
        """One trial; False where no other is worth asking."""
        inputs = inputs_of(exercise, purpose, seed, sizes)
        answer = ask_once(exercise, learner, inputs, clock)
        trials.append(Trial(purpose, seed, inputs.sizes, answer))
        return not (answer.not_attempted or answer.out_of_time is not None)

    goes_on = all(run(Purpose.GENERIC, sizes, next(source)) for sizes in exercise.sizes)
    if goes_on and not trials[0].answer.raised and not trials[0].answer.stopped:
        goes_on = run(Purpose.AGAIN, exercise.sizes[0], trials[0].seed)
    if goes_on and exercise.shown is not None:
        goes_on = run(Purpose.SHOWN, GENERIC, next(source))
    if goes_on and any(trial.answer.raised or trial.answer.stopped for trial in trials):
        # An answer that raises where sizes differ often runs where they are equal, and then shows which mistake it is.
        goes_on = run(Purpose.SQUARE, SQUARE, next(source)) and run(Purpose.SQUARE, SQUARE, next(source))
    return Asked(exercise.id, trials=tuple(trials), limit=limit)


def inputs_of(exercise: Exercise, purpose: Purpose, seed: int, sizes: Sizes) -> Inputs:
    """The inputs of a trial, a copy of one's own: the asking side and the judge draw the same."""
    return deepcopy(drawn(exercise, purpose, seed, sizes))


@lru_cache(maxsize=256)  # a draw is screened, which takes its time, and both sides want it, and so does the next answer
def drawn(exercise: Exercise, purpose: Purpose, seed: int, sizes: Sizes) -> Inputs:
    """The inputs of a trial, one object for all who ask: to be read only."""
    if purpose is Purpose.SHOWN:
        assert exercise.shown is not None
        return exercise.shown()
    return exercise.draw(rng(seed), sizes)


def ask_once(exercise: Exercise, learner: Any, inputs: Inputs, clock: Clock) -> Answer:
    """One call of *learner* on *inputs*, within what is left on the *clock*."""
    given = as_torch(inputs)
    with captured() as capture, watched(exercise.forbidden) as seen:
        whole = attempted(exercise, lambda: exercise.by_part(exercise.ask(learner, given)), clock)
        if isinstance(whole, dict):
            answers = {
                part: attempted(exercise, value.call, clock) if isinstance(value, Later) else value
                for part, value in whole.items()
            }
            facts = merged({part: value if isinstance(value, Fact) else plain(value, given) for part, value in answers.items()})
        else:
            facts = whole.facts
    changed = tuple(name for name in kept(exercise, inputs) if differs(given[name], inputs[name]))
    return Answer(
        changed=changed,
        forbidden=tuple(seen),
        forbidden_lines=next(iter(seen.values()), ()),
        output=capture.text(),
        output_lines=capture.lines(),
        warnings=capture.warnings(),
        **facts,
    )


@dataclass(frozen=True)
class Fact:
    """What became of a call that gave no result, as fields of an `Answer`."""

    facts: dict[str, Any]


def attempted(exercise: Exercise, call: Callable[[], Any], clock: Clock) -> Any:
    """What *call* gives, or the `Fact` of why it gave nothing."""
    try:
        with clock:
            return guarded(call)
    except OutOfTime as stop:
        return Fact({"out_of_time": learner_lines(stop.__traceback__)[0]})
    except NotImplementedError:
        return Fact({"not_attempted": True})
    except WrongNumberOfParts as wrong:
        count = len(wrong.value) if isinstance(wrong.value, tuple | list) else None
        return Fact({"wrong_number": Came(wrong.wanted, type(wrong.value).__name__, count)})
    except KeyboardInterrupt:
        raise
    # Whatever else a learner's code raises, SystemExit included, is what we are here to report.
    except BaseException as error:  # noqa: BLE001
        return Fact({"raised": raised(error, exercise)})


def merged(answers: Mapping[str, Result | Fact]) -> dict[str, Any]:
    """The answers of all parts as fields of one `Answer`. Time that ran out in one part ran out for all."""
    facts = [answer.facts for answer in answers.values() if isinstance(answer, Fact)]
    for fact in facts:
        if "out_of_time" in fact:
            return fact
    for fact in facts:
        if "wrong_number" in fact:
            return fact
    if facts and all("not_attempted" in fact for fact in facts) and len(facts) == len(answers):
        return {"not_attempted": True}
    waiting = Raised("NotImplementedError", "")
    return {
        "results": {part: answer for part, answer in answers.items() if isinstance(answer, Result)},
        "stopped": {part: answer.facts.get("raised", waiting) for part, answer in answers.items() if isinstance(answer, Fact)},
    }


def kept(exercise: Exercise, inputs: Inputs) -> tuple[str, ...]:
    """The inputs that must come back unchanged."""
    if exercise.keeps is not None:
        return exercise.keeps
    return tuple(name for name, value in inputs.items() if isinstance(value, np.ndarray))


# -- from arrays to tensors and back ------------------------------------------------------------------------------


def as_torch(inputs: Inputs) -> Inputs:
    """A fresh copy of *inputs* with every array as a tensor of the same dtype; other values as they are."""
    import torch

    return Inputs(
        inputs.sizes,
        **{name: torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value for name, value in inputs.items()},
    )


def differs(given: Any, original: np.ndarray) -> bool:
    """Was the tensor *given* to the learner changed in place? A changed shape counts."""
    return not np.array_equal(given.detach().numpy(), original, equal_nan=True)


def plain(value: Any, given: Mapping[str, Any] | None = None) -> Result:
    """*value* as plain data: its kind, its numbers as a NumPy copy where it has any, and whose memory it shares."""
    import torch

    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        kind = "tensor" if value.layout is torch.strided else "sparse tensor"
        return Result(kind, numbers(value), dtype, value.requires_grad, shares(value, given or {}))
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            return Result("array", None, str(array.dtype))
        return Result("array", np.array(array), str(array.dtype), aliases=shares(array, given or {}))
    if isinstance(value, bool):
        return Result("bool", np.array(value), "bool")
    if isinstance(value, int | float):
        try:
            return Result("number", np.array(value), type(value).__name__)
        except OverflowError:
            return Result("number", np.array(np.inf), type(value).__name__)
    if isinstance(value, list | tuple):
        found = list_numbers(value)
        texts = found is None and any(isinstance(item, str) for item in value)
        return Result("list", found, "str" if texts else "tuple" if isinstance(value, tuple) else "list")
    return Result("None" if value is None else type(value).__name__)


def numbers(tensor: Any) -> np.ndarray | None:
    import torch

    if tensor.numel() > KEPT_ENTRIES:
        return np.broadcast_to(np.nan, tuple(tensor.shape))
    try:
        dense = tensor.detach()
        dense = dense.to_dense() if dense.layout != torch.strided else dense
        dense = dense.to(torch.float32) if dense.dtype in (torch.bfloat16, torch.float16) else dense
        return np.array(dense.resolve_conj().resolve_neg().cpu().numpy())
    except (RuntimeError, TypeError):  # a kind of tensor without numbers of its own (meta, nested)
        return None


def list_numbers(value: list | tuple) -> np.ndarray | None:
    """A list, nested or not, as an array; None where it is ragged or holds something that is no number."""

    def unpacked(item: Any) -> Any:
        if isinstance(item, list | tuple):
            return [unpacked(one) for one in item]
        array = plain(item).array
        if array is None:
            raise ValueError(item)
        return array

    try:
        array = np.array(unpacked(value))
    except (ValueError, RecursionError):
        return None
    return array if array.dtype.kind in "biufc" else None


def shares(value: Any, given: Mapping[str, Any]) -> str:
    """The name of the input whose memory *value* shares, or ""."""
    import torch

    try:
        array = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        for name, tensor in given.items():
            if isinstance(tensor, torch.Tensor) and np.may_share_memory(array, tensor.detach().numpy()):
                return name
    except (RuntimeError, TypeError):
        pass
    return ""


# -- exceptions and the learner's lines ---------------------------------------------------------------------------


def raised(error: BaseException, exercise: Exercise) -> Raised:
    """*error* with the learner's own lines that led to it."""
    from course.earlier import above  # only where something went wrong

    lines, inside = learner_lines(error.__traceback__, {other.entry for other in above(exercise)})
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the exception may not be able to say what it is
        message = ""
    return Raised(type(error).__name__, message[:2_000], lines, own=bool(lines), inside=inside)


def theirs(code: CodeType) -> bool:
    """Is *code* the learner's: neither Python's, nor a library's, nor ours?"""
    name = code.co_filename
    if name.startswith(("<frozen", "<__array_function__")):
        return False
    return not os.path.realpath(name).startswith(NOT_THEIRS) if os.path.isabs(name) else True


def top_level(code: CodeType) -> str:
    """The function or class of a cell that *code* belongs to, by its name."""
    return code.co_qualname.partition(".")[0]


def learner_lines(traceback: TracebackType | None, others: Collection[str] = ()) -> tuple[tuple[Line, ...], str]:
    """
    The innermost line of the learner's on *traceback*, marked, after the `def` and the lines that lead to it. It is not looked
    for inside the functions and classes named in *others*: where one of them was called, the line that calls it, and its name.
    """
    innermost, inside = None, ""
    while traceback is not None and not inside:
        code = traceback.tb_frame.f_code
        if theirs(code):
            if innermost is not None and top_level(code) in others:
                inside = top_level(code)
            else:
                innermost = traceback
        traceback = traceback.tb_next
    if innermost is None:
        return (), ""
    return quoted(innermost.tb_frame.f_code, innermost.tb_lasti, innermost.tb_lineno), inside


def quoted(code: CodeType, instruction: int, number: int) -> tuple[Line, ...]:
    text = linecache.getlines(code.co_filename)
    if not 0 < number <= len(text):
        return ()
    first = code.co_firstlineno
    start = end = None
    positions = list(code.co_positions())
    line, last, left, right = positions[instruction // 2] if instruction // 2 < len(positions) else (None,) * 4
    if line == last == number and left is not None and right is not None:
        encoded = text[number - 1].encode()
        start, end = len(encoded[:left].decode(errors="ignore")), len(encoded[:right].decode(errors="ignore"))
    shown = sorted({first, *range(max(first, number - 2), number + 1)})
    return tuple(
        Line(n, text[n - 1].rstrip("\n"), True, start, end) if n == number else Line(n, text[n - 1].rstrip("\n"))
        for n in shown
        if 0 < n <= len(text)
    )


# -- the clock ----------------------------------------------------------------------------------------------------


class OutOfTime(BaseException):
    """Raised inside the learner's code when the time is up: a BaseException, so that `except Exception` lets it through."""


def guarded(call: Callable[[], Any]) -> Any:
    """The frame below which the clock may strike; above it is our own code, which it must leave alone."""
    return call()


class Clock:
    """A time limit for everything that is asked together. Enter it around each call; the time between calls is free.

    In the main thread of a POSIX system an interval timer raises `OutOfTime` in the learner's code, again and again, so that
    a loop which swallows exceptions ends too. Elsewhere (Windows, another thread) a watching thread asks the interpreter
    to raise it.
    """

    AGAIN = 0.005  # seconds until it is raised once more, where the learner's code swallowed it

    def __init__(self, limit: float, may_stop: Callable[[FrameType | None], bool] | None = None) -> None:
        self.left = limit
        self.may_stop = may_stop or inside  # may the running frame be stopped? By default: the learner's code below `guarded`

    def __enter__(self) -> None:
        self.started = time.monotonic()
        left = max(self.left, 1e-3)
        self.signalled = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
        if self.signalled:
            self.before = signal.signal(signal.SIGALRM, self.strike)
            signal.setitimer(signal.ITIMER_REAL, left, self.AGAIN)
        else:
            self.done = threading.Event()
            watcher = threading.Thread(target=self.watch, args=(threading.get_ident(), left), daemon=True)
            watcher.start()

    def __exit__(self, *_: object) -> None:
        if self.signalled:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.before)
        else:
            self.done.set()
        self.left -= time.monotonic() - self.started

    def strike(self, _number: int, frame: FrameType | None) -> None:
        if self.may_stop(frame):
            raise OutOfTime

    def watch(self, thread: int, left: float) -> None:
        import ctypes

        while not self.done.wait(left):
            left = self.AGAIN
            if self.may_stop(sys._current_frames().get(thread)):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(OutOfTime))


def inside(frame: FrameType | None) -> bool:
    """May an exception be raised in *frame*? It must run below `guarded`, and not where torch moves its modes."""
    if frame is not None and frame.f_code.co_filename.endswith(BETWEEN):
        return False
    while frame is not None:
        if frame.f_code is guarded.__code__:
            return True
        frame = frame.f_back
    return False


def below(cell: FrameType) -> Callable[[FrameType | None], bool]:
    """May an exception be raised in a frame? It must be *cell* or called from it, with nothing of the course's own between."""

    def may_stop(frame: FrameType | None) -> bool:
        while frame is not None and frame is not cell:
            if frame.f_code.co_filename.endswith(BETWEEN + OURS):
                return False
            frame = frame.f_back
        return frame is cell

    return may_stop


OURS = (os.path.join("course", "asking.py"), os.path.join("course", "attempt.py"))
BETWEEN = (os.path.join("torch", "overrides.py"), "contextlib.py")


# -- what the learner's code prints, warns and calls --------------------------------------------------------------


class Kept(io.TextIOBase):
    """A text stream that keeps its beginning and counts its lines, however much is written."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.room = KEPT_OUTPUT
        self.ended = 0
        self.open_line = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.ended += text.count("\n")
        self.open_line = bool(text) and not text.endswith("\n")
        if self.room > 0:
            self.kept.append(text[: self.room])
            self.room -= len(text)
        return len(text)


class Captured:
    """What was printed and warned while a learner's code ran."""

    def __init__(self) -> None:
        self.stream = Kept()
        self.beneath = ""  # what was written past sys.stdout, by C code or os.write
        self.recorded: list[warnings.WarningMessage] = []

    def text(self) -> str:
        return ("".join(self.stream.kept) + self.beneath)[:KEPT_OUTPUT]

    def lines(self) -> int:
        return self.stream.ended + self.stream.open_line + len(self.beneath.splitlines())

    def warnings(self) -> tuple[str, ...]:
        told = (f"{record.category.__name__}: {record.message}" for record in self.recorded)
        return tuple(dict.fromkeys(text[:500] for text in told))[:5]


@contextmanager
def captured() -> Iterator[Captured]:
    """Keep what is printed, logged and warned away from the notebook: one line on stderr costs all of a cell's points."""
    capture = Captured()
    streams = sys.stdout, sys.stderr
    handlers = [
        (handler, handler.stream)
        for handler in logging.root.handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream in streams
    ]
    with tempfile.TemporaryFile() as beneath, warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        saved = [(number, os.dup(number)) for number in (1, 2)]
        try:
            for stream in streams:
                stream.flush()
            for number, _ in saved:
                os.dup2(beneath.fileno(), number)
            sys.stdout = sys.stderr = capture.stream
            for handler, _ in handlers:
                handler.setStream(capture.stream)
            yield capture
        finally:
            sys.stdout, sys.stderr = streams
            for handler, stream in handlers:
                handler.setStream(stream)
            for number, copy in saved:
                os.dup2(copy, number)
                os.close(copy)
            beneath.seek(0)
            capture.beneath = beneath.read(KEPT_OUTPUT).decode(errors="replace")
            capture.recorded = list(recorded or ())


@contextmanager
def watched(forbidden: tuple[str, ...]) -> Iterator[dict[str, tuple[Line, ...]]]:
    """The forbidden functions that are called inside, each with the learner's line: seen through any alias or module."""
    import torch
    from torch.overrides import TorchFunctionMode

    seen: dict[str, tuple[Line, ...]] = {}
    if not forbidden:
        yield seen
        return
    objects = {id(resolved(name)): name for name in forbidden}

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = objects.get(id(func))
            if name is not None and name not in seen:
                seen[name] = calling_lines(sys._getframe(1))
            return func(*args, **(kwargs or {}))

    depth = torch._C._len_torch_function_stack()
    watch = Watch()
    watch.__enter__()
    try:
        yield seen
    finally:
        # A learner's code can take the mode off the stack, and so can an exception at an unlucky moment inside torch.
        if torch._C._len_torch_function_stack() > depth:
            watch.__exit__(None, None, None)


def resolved(name: str) -> Any:
    """The function of torch with that dotted *name*."""
    import torch

    found: Any = torch
    for step in name.split(".")[1:]:
        found = getattr(found, step)
    return found


def calling_lines(frame: FrameType | None) -> tuple[Line, ...]:
    """The learner's line that led to *frame*."""
    while frame is not None and frame.f_code is not guarded.__code__:
        if theirs(frame.f_code):
            return quoted(frame.f_code, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return ()
