"""Recording: watch a learner's own code run, and keep every operation with its operands and values.

A `TorchFunctionMode` sees each call of torch that the code makes. What it must withstand: fused operations (a linear layer
is run again as t, matmul, add, so that the graph is the taught one), a Function of the learner's own (one operation, however
much it computes inside), values changed in place, tensors that come from outside, backward() called in the middle, and
code that raises: that exception is the learner's, and our frames are taken out of its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType, TracebackType
from typing import Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.overrides import TorchFunctionMode

from course.answer import Line
from course.graph import refusal
from course.graph.frames import learner_frame, line_of, name_in, unique_names, without_ours
from course.graph.nested import copied, filled, same_numbers, slotted, tensors_of, version_of, weighted
from course.graph.refusal import Refusal
from course.graph.rules import canonical

APPLY = torch.autograd.Function.apply.__func__.__code__  # type: ignore[attr-defined]  # a classmethod has __func__

LIMIT = 25  # operations that a picture holds
UNSEEN = {"grad", "_base", "backward"}  # what gives tensors without computing them
CHANCE = {"dropout", "alpha_dropout", "feature_dropout", "rrelu", "bernoulli", "multinomial", "gumbel_softmax", "native_dropout"}


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor as it was when it appeared: a copy of its numbers, and whether autograd keeps a gradient for it."""

    id: str
    value: torch.Tensor
    needs_grad: bool


@dataclass(frozen=True, eq=False)
class Call:
    """
    One operation: what was called on which tensors, and how to run it again.

    op: its name in the rules ("matmul"); called: the name that the learner's code called ("linear", "__rsub__"). args and
    kwargs hold a `Slot` for each operand. output: which of several results this is, else None. backwards: the operands were
    written the other way round (1 − x). own: a Function of the learner's. line: where in the learner's code. label and
    members: of operations folded into one.
    """

    id: str
    op: str
    called: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    operands: tuple[str, ...]
    result: str
    output: int | None = None
    backwards: bool = False
    own: bool = False
    line: Line | None = None
    chance: torch.Tensor | None = None
    node: str = ""
    label: str = ""
    members: tuple[Call, ...] = ()

    def run(self, operands: Sequence[torch.Tensor]) -> torch.Tensor:
        """The operation on other *operands*, one for each slot. Chance falls as it fell when it was recorded."""
        if self.members:
            known = dict(zip(self.operands, operands, strict=True))
            for member in self.members:
                known[member.result] = member.run([known[id] for id in member.operands])
            return known[self.result]
        args, kwargs = filled(self.args, operands), filled(dict(self.kwargs), operands)
        if self.chance is None:
            out = self.function(*args, **kwargs)
        else:
            with torch.random.fork_rng(devices=()):
                torch.set_rng_state(self.chance)
                out = self.function(*args, **kwargs)
        return out if self.output is None else tensors_of(out)[self.output]


@dataclass(frozen=True, eq=False)
class Recording:
    """What was recorded, cut to what leads to the `target`: operations in their order, every tensor they touch, names by id.

    seed: the upstream gradient that the backward pass starts with, None where nothing needs a gradient. inputs: ids of the
    tensors that nothing recorded computes. grads: autograd's own gradient of each tensor that needs one, None where the
    target does not depend on it. ways: for each result that autograd computed, the tensors from which its own graph leads
    there, one set for each (of more than one where two share a place in that graph, empty for one that was not recorded).
    `values` also holds what lies inside of folded operations.
    """

    calls: tuple[Call, ...]
    values: Mapping[str, Value]
    names: Mapping[str, str]
    target: str
    seed: torch.Tensor | None = None
    inputs: tuple[str, ...] = ()
    grads: Mapping[str, torch.Tensor | None] = field(default_factory=dict)
    ways: Mapping[str, frozenset[frozenset[str]]] = field(default_factory=dict)
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)

    def uses(self) -> dict[str, list[tuple[Call, int]]]:
        """Where each tensor is an operand: (operation, slot), in order."""
        found: dict[str, list[tuple[Call, int]]] = {id: [] for id in self.values}
        for call in self.calls:
            for slot, id in enumerate(call.operands):
                found[id].append((call, slot))
        return found


# A with statement reads as what is done, so the class bears the name of the verb.
class record:  # noqa: N801
    """
    Watch the code inside of the with block; afterwards `recording` is what it computed.

        with record({"x": x, "W": W}) as r:
            L = ((x @ W.T) ** 2).sum()
        r.recording

    tensors: names for tensors; others get the name of the variable that holds them. of: the tensor, or its name, whose
    computation is drawn; by default the one that backward() was called on, else the last number that needs a gradient, else
    the last result. seed: the upstream gradient, where `of` is no single number. fold: {name: label} draws all unnamed steps
    that lead to that tensor as one operation. axes: {name: ("N", "in")}. letters: {name: letter of its gradient}.
    Raises, when `recording` is asked for: Refusal. What the code inside raises passes through as its own.
    """

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor] | None = None,
        *,
        of: torch.Tensor | str | None = None,
        seed: Any = None,
        fold: Mapping[str, str] | None = None,
        axes: Mapping[str, Sequence[str]] | None = None,
        letters: Mapping[str, str] | None = None,
    ) -> None:
        self.of, self.seed, self.fold = of, seed, dict(fold or {})
        self.axes, self.letters = dict(axes or {}), dict(letters or {})
        self._watch = Watch(tensors or {})
        self._recording: Recording | Refusal | None = None

    def __enter__(self) -> record:
        self._watch.begin(learner_frame())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._watch.end()
        if error is not None:
            error.__traceback__ = without_ours(error.__traceback__)
            return
        # Now, not when it is asked for: the next line of the learner's code may change the tensors (an optimizer's step).
        try:
            self._recording = self._watch.recording(self)
        except Refusal as why:
            self._recording = why

    @property
    def recording(self) -> Recording:
        if self._recording is None:
            raise Refusal(refusal.NOTHING)
        if isinstance(self._recording, Refusal):
            raise self._recording
        return self._recording


class Watch(TorchFunctionMode):
    """The mode itself: it notes every operation, and leaves what the learner's code gets as it would be without it."""

    def __init__(self, given: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.live: dict[str, torch.Tensor] = {}  # held, so that no id() is given away
        self.copies: dict[str, torch.Tensor] = {}
        self.calls: list[Call] = []
        self.ids: dict[int, str] = {}
        self.given = dict(given)
        self.found: dict[str, str] = {}  # id → the name under which it was used
        self.frames: list[FrameType] = []
        self.depth = 0  # how deep inside of a learner's Function
        self.refusal: Refusal | None = None
        self.backward: tuple[str, torch.Tensor | None] | None = None
        self._profiler: Any = None

    # -- the with block

    def begin(self, frame: FrameType | None) -> None:
        if frame is not None:
            self.frames.append(frame)
        self._profiler = sys.getprofile()
        if hasattr(self._profiler, "disable"):  # cProfile's is an object that can only be switched off and on
            self._profiler.disable()
        # Function.apply passes by every mode; a profiler sees it through any alias (f = MyFunction.apply) and patches nothing.
        sys.setprofile(self._profile)
        self.__enter__()

    def end(self) -> None:
        self.__exit__(None, None, None)
        if hasattr(self._profiler, "enable"):
            sys.setprofile(None)
            self._profiler.enable()
        else:
            sys.setprofile(self._profiler)
        for id_, tensor in self.live.items():
            if id_ not in self.found and (name := self._named(tensor)):
                self.found[id_] = name
        self.frames.clear()

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if frame.f_code is APPLY:
            if event == "call":
                self.depth += 1
            elif event == "return":
                self.depth -= 1
                if self.depth == 0 and arg is not None:
                    self.depth += 1  # what we do while noting it is none of the learner's operations
                    own = frame.f_locals["cls"]
                    self._note(own.apply, own.__name__, "own", frame.f_locals["args"], {}, arg, own=True)
                    self.depth -= 1
        if callable(self._profiler):
            self._profiler(frame, event, arg)

    # -- one call of torch

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if self.depth:
            return func(*args, **kwargs)
        called = name_of(func)
        if (taught := TAUGHT.get(called)) is not None and (steps := taught(*args, **kwargs)) is not None:
            with self:
                return steps()
        if called in ("backward", "grad") and "retain_graph" in kwargs:
            return self._backward(func, called, args, kwargs)
        touched = tensors_of((args, kwargs))
        before = [version_of(tensor) for tensor in touched]
        chance = torch.get_rng_state() if called in CHANCE else None
        self._see(touched)
        out = func(*args, **kwargs)
        changed = [tensor for tensor, version in zip(touched, before, strict=True) if version_of(tensor) != version]
        if changed:
            self._changed(called, touched, changed)
        elif touched and not unseen(called):
            self._note(func, called, canonical(called), args, kwargs, out, chance=chance)
        return out

    def _backward(self, func: Any, called: str, args: Any, kwargs: dict[str, Any]) -> Any:
        """The learner's own backward pass: it runs, and leaves the graph for ours."""
        root = tensors_of(args)[0]
        seed = kwargs.get("gradient") if called == "backward" else None
        if id(root) in self.ids:
            self.backward = (self.ids[id(root)], seed)
        return func(*args, **(kwargs | {"retain_graph": True}))

    def _see(self, tensors: Sequence[torch.Tensor]) -> None:
        """Note the operands that are new, and what the learner's code calls them now: a loop may give the name away."""
        frame = learner_frame()
        if frame is not None and frame not in self.frames:
            self.frames.append(frame)
        for tensor in tensors:
            id_ = self._id(tensor)
            if id_ not in self.found and (name := self._named(tensor, frame)):
                self.found[id_] = name

    def _named(self, tensor: torch.Tensor, frame: FrameType | None = None) -> str:
        for name, given in self.given.items():
            if given is tensor:
                return name
        for place in [frame] if frame is not None else self.frames:
            if name := name_in(place, tensor):
                return name
        return ""

    def _id(self, tensor: torch.Tensor) -> str:
        if (known := self.ids.get(id(tensor))) is not None:
            return known
        new = f"t{len(self.live)}"
        self.ids[id(tensor)] = new
        self.live[new], self.copies[new] = tensor, copied(tensor)
        return new

    def _note(
        self,
        func: Any,
        called: str,
        op: str,
        args: Any,
        kwargs: dict[str, Any],
        out: Any,
        *,
        chance: Any = None,
        own: bool = False,
    ) -> None:
        operands: list[torch.Tensor] = []
        template, options = slotted(tuple(args), operands), slotted(kwargs, operands)
        results = tensors_of(out)
        several = not isinstance(out, torch.Tensor)
        frame = learner_frame()
        self._see(operands)
        ids = tuple(self._id(tensor) for tensor in operands)
        for index, result in enumerate(results):
            if id(result) in self.ids:  # the operand itself (x.float() of a float tensor): nothing was computed
                continue
            self.calls.append(
                Call(
                    id=f"o{len(self.calls)}",
                    op=op,
                    called=called,
                    function=func,
                    args=template,
                    kwargs=options,
                    operands=ids,
                    result=self._id(result),
                    output=index if several else None,
                    backwards=called.startswith("__r"),
                    own=own,
                    line=None if frame is None else line_of(frame),
                    chance=chance,
                    node=type(result.grad_fn).__name__ if result.grad_fn is not None else "",
                )
            )

    def _changed(self, called: str, touched: Sequence[torch.Tensor], changed: Sequence[torch.Tensor]) -> None:
        """An operation in place. It matters where the changed tensor is recorded, or takes in something that is."""
        for tensor in changed:
            others = [one for one in touched if one is not tensor and (one.requires_grad or self._made(one))]
            takes_in = tensor is touched[0] and others
            if self.refusal is None and (self._made(tensor) or tensor.requires_grad or takes_in or self._given(tensor)):
                self.refusal = Refusal(refusal.IN_PLACE, operation=called, name=self._known_as(tensor))

    def _known_as(self, tensor: torch.Tensor) -> str:
        """The name of a tensor, else of one that shares its memory (y.data), else its shape."""
        memory = tensor.untyped_storage().data_ptr()
        names = [
            self.found[id] for id, one in self.live.items() if id in self.found and one.untyped_storage().data_ptr() == memory
        ]
        return self.found.get(self._id(tensor)) or next(iter(names), str(tuple(tensor.shape)))

    def _made(self, tensor: torch.Tensor) -> bool:
        return any(call.result == self.ids.get(id(tensor)) for call in self.calls)

    def _given(self, tensor: torch.Tensor) -> bool:
        return any(tensor is given for given in self.given.values())

    # -- afterwards

    def recording(self, wanted: record) -> Recording:
        """What leads to the target, checked for what cannot be drawn. Raises: Refusal."""
        if self.refusal is not None:
            raise self.refusal
        given = {self._id(tensor): name for name, tensor in self.given.items()}
        names = unique_names(given | {id: name for id, name in self.found.items() if id not in given}, given)
        target, seed = self._target(wanted, names)
        calls = leading_to(target, self.calls)
        if not calls:
            raise Refusal(refusal.NOTHING)
        calls = folded(calls, wanted.fold, names)
        if len(calls) > LIMIT:
            raise Refusal(refusal.TOO_MANY, count=len(calls), limit=LIMIT)
        inner = [member for call in calls for member in (call, *call.members)]
        used = {id: self.live[id] for call in inner for id in (*call.operands, call.result)}
        outer = {id: used[id] for call in calls for id in (*call.operands, call.result)}
        made = {call.result for call in inner}
        for id_, tensor in used.items():
            check(tensor, self.copies[id_], names.get(id_) or str(tuple(tensor.shape)))
        seed = self._seed(target, seed, names)
        return Recording(
            calls=calls,
            values={id: Value(id, self.copies[id], tensor.requires_grad) for id, tensor in used.items()},
            names={id: names[id] for id in used if id in names},
            target=target,
            seed=seed,
            grads=autograds(used[target], outer, seed),
            ways={} if seed is None else autograds_ways(outer, {call.result for call in calls}),
            inputs=tuple(id for id in dict.fromkeys((*given, *used)) if id in used and id not in made),
            axes=wanted.axes,
            letters=wanted.letters,
        )

    def _target(self, wanted: record, names: Mapping[str, str]) -> tuple[str, torch.Tensor | None]:
        target, seed = "", wanted.seed
        if isinstance(wanted.of, torch.Tensor):
            target = self.ids.get(id(wanted.of), "")
            if not target:
                raise Refusal(refusal.NOT_RECORDED)
        elif isinstance(wanted.of, str):
            target = next((id for id, name in names.items() if name == wanted.of), "")
            if not target:
                raise Refusal(refusal.NO_SUCH_NAME, name=wanted.of, names=", ".join(dict.fromkeys(names.values())))
        elif wanted.of is not None:
            raise Refusal(refusal.NOT_A_TENSOR, kind=type(wanted.of).__name__)
        elif self.backward is not None:
            target, begun = self.backward
            seed = begun if seed is None else seed
        elif self.calls:
            results = {call.result: self.live[call.result] for call in self.calls}
            losses = [id for id, tensor in results.items() if tensor.requires_grad and tensor.numel() == 1]
            target = (losses or list(results))[-1]
        if not target:
            raise Refusal(refusal.NOTHING)
        return target, seed

    def _seed(self, target: str, seed: Any, names: Mapping[str, str]) -> torch.Tensor | None:
        """The upstream gradient at the *target*: 1 for a number, what was given for anything else, None without backward pass."""
        value, tensor = self.copies[target], self.live[target]
        name = names.get(target, "L")
        wanted = [names[id] for id, one in self.live.items() if one.requires_grad and one.is_leaf and id in names]
        if not tensor.requires_grad:
            if wanted:
                self._cut(target, wanted)
            return None
        if seed is None and value.numel() != 1:
            raise Refusal(refusal.NOT_A_NUMBER_TO_START, name=name, shape=str(tuple(value.shape)))
        seed = torch.ones_like(value) if seed is None else torch.as_tensor(seed, dtype=value.dtype).detach().cpu().clone()
        if seed.shape != value.shape:
            raise Refusal(refusal.SEED_SHAPE, name=name, got=str(tuple(seed.shape)), shape=str(tuple(value.shape)))
        return seed

    def _cut(self, target: str, wanted: Sequence[str]) -> None:
        """Tensors need a gradient and the target has none: name the operation on the way that has no derivative."""
        for call in leading_to(target, self.calls):
            if not self.live[call.result].requires_grad and any(self.live[id].requires_grad for id in call.operands):
                raise Refusal(refusal.NO_DERIVATIVE, operation=call.called, names=", ".join(wanted)) from None


# -- the taught graph -----------------------------------------------------------------------------------------------------


def _linear(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor | None = None) -> Callable[[], torch.Tensor]:
    """y = x Wᵀ + b in the three steps of the course; torch runs them as one."""
    return (lambda: torch.matmul(x, W.t())) if b is None else (lambda: torch.add(torch.matmul(x, W.t()), b))


def _addmm(b: torch.Tensor, x: torch.Tensor, A: torch.Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    return (lambda: torch.add(b, torch.matmul(x, A))) if beta == alpha == 1 else None


def _iter(x: torch.Tensor) -> Callable[[], Iterator[torch.Tensor]]:
    return lambda: iter(torch.unbind(x, 0))


TAUGHT: dict[str, Callable[..., Any]] = {"linear": _linear, "addmm": _addmm, "__iter__": _iter}


def unseen(called: str) -> bool:
    """Does it give tensors whose numbers do not come from its operands? rand_like(x) takes from x its shape alone."""
    return called in UNSEEN or called.endswith("_like") or called.startswith("new_")


def leading_to(target: str, calls: Sequence[Call]) -> tuple[Call, ...]:
    """The operations that the *target* depends on, in their order: a shape that was only looked at is left out."""
    wanted, kept = {target}, []
    for call in reversed(calls):
        if call.result in wanted:
            kept.append(call)
            wanted.update(call.operands)
    return tuple(reversed(kept))


def folded(calls: tuple[Call, ...], fold: Mapping[str, str], names: Mapping[str, str]) -> tuple[Call, ...]:
    """*calls*, with the unnamed steps that lead to each tensor named in *fold* drawn as one operation under its label."""
    for name, label in fold.items():
        last = next((call for call in calls if names.get(call.result) == name), None)
        if last is None:
            raise Refusal(refusal.NO_SUCH_NAME, name=name, names=", ".join(dict.fromkeys(names.values())))
        members = [last]
        for call in reversed(calls):
            users = [user for user in calls if call.result in user.operands]
            if call not in members and call.result not in names and users and all(user in members for user in users):
                members.insert(0, call)
        made = {call.result for call in members}
        operands = tuple(dict.fromkeys(id for call in members for id in call.operands if id not in made))
        whole = replace(last, op="fold", operands=operands, members=tuple(members), label=label, output=None, own=False)
        calls = tuple(whole if call is last else call for call in calls if call is last or call not in members)
    return calls


def check(tensor: torch.Tensor, copy: torch.Tensor, name: str) -> None:
    """Raise a Refusal for a tensor that cannot be drawn, or whose numbers are no longer those of its *copy*."""
    if tensor.layout != torch.strided:
        raise Refusal(refusal.NOT_DENSE, name=name, layout=str(tensor.layout).removeprefix("torch."))
    if tensor.is_complex():
        raise Refusal(refusal.COMPLEX, name=name)
    if tensor.device.type == "meta":
        raise Refusal(refusal.NO_NUMBERS, name=name)
    if tensor.numel() == 0:
        raise Refusal(refusal.EMPTY, name=name, shape=str(tuple(tensor.shape)))
    if not same_numbers(tensor.detach().cpu(), copy):
        raise Refusal(refusal.CHANGED, name=name)


def autograds(
    target: torch.Tensor, tensors: Mapping[str, torch.Tensor], seed: torch.Tensor | None
) -> dict[str, torch.Tensor | None]:
    """Autograd's own gradient of each of the *tensors* that needs one. Raises what a learner's own backward raises."""
    wanted = {id: tensor for id, tensor in tensors.items() if tensor.requires_grad}
    if seed is None or not wanted:
        return {}
    root = weighted(target, seed.to(target.device))
    try:
        found = torch.autograd.grad(root, list(wanted.values()), retain_graph=True, allow_unused=True)
    except RuntimeError as error:
        if "derivative for" in str(error):
            return dict.fromkeys(wanted)  # the replay names the operation
        raise
    return {id: None if grad is None else copied(grad) for id, grad in zip(wanted, found, strict=True)}


def autograds_ways(tensors: Mapping[str, torch.Tensor], results: Container[str]) -> dict[str, frozenset[frozenset[str]]]:
    """
    For each of the *tensors* that is one of the *results*: where autograd's own graph leads from it, back to the next of the
    *tensors* on every way. What lies between (views, the inside of a fused or folded operation) is passed through.
    """
    places: dict[tuple[Any, int], set[str]] = {}
    for id_, tensor in tensors.items():
        if tensor.requires_grad:
            edge = get_gradient_edge(tensor)
            places.setdefault((edge.node, edge.output_nr), set()).add(id_)
    found = {}
    for id_, tensor in tensors.items():
        if id_ not in results or tensor.grad_fn is None:
            continue
        ways, open_, seen = set(), list(tensor.grad_fn.next_functions), set()
        while open_:
            place = open_.pop()
            node = place[0]
            if node is None or place in seen:
                continue
            seen.add(place)
            if place in places or not node.next_functions:
                ways.add(frozenset(places.get(place, ())))
            else:
                open_ += node.next_functions
        found[id_] = frozenset(ways)
    return found


def name_of(func: Any) -> str:
    """What was called: "matmul", "__rsub__"; of a property its name ("T")."""
    name = getattr(func, "__name__", "")
    if name == "__get__":
        owner = func.__self__
        return str(getattr(owner, "__name__", "") or getattr(getattr(owner, "fget", None), "__name__", ""))
    return str(name)
