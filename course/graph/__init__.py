"""The computation graph: record a learner's own code, replay its backward pass edge by edge, and lay it out.

    trace = graph(lambda x, W, b: ((x @ W.T + b) ** 2).sum(), {"x": x, "W": W, "b": b})

    with record() as r:
        L = ((x @ W.T + b) ** 2).sum()
    trace = trace_of(r)

The data goes one way: `record` (what ran, with its values) → `replay` (what flows back, held against autograd) → `build` (the
trace: names, formulas, steps, as plain data) → `layout` (where it all stands).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Signature
from inspect import signature as signature_of
from typing import Any

from course.graph.record import record
from course.graph.refusal import OTHER_PARAMETERS, Refusal
from course.graph.trace import Trace

__all__ = ["Refusal", "Trace", "graph", "record", "trace_of"]


def graph(
    fn: Callable[..., Any],
    inputs: Mapping[str, Any],
    *,
    constants: Sequence[str] | None = None,
    seed: Any = None,
    fold: Mapping[str, str] | None = None,
    axes: Mapping[str, Sequence[str]] | None = None,
    letters: Mapping[str, str] | None = None,
) -> Trace:
    """
    Run *fn* on the *inputs*, each by its name where *fn* takes that, the others in order, and trace what it computes.

    fn: a function or module that returns the tensor to draw, usually the loss L. inputs: tensors, arrays, lists or numbers by
    name; they are copied, so nothing of the caller's gets a gradient. constants: inputs that need no gradient; by default, where
    some tensor requires grad, those that do not, else t and whatever holds no floating-point numbers. seed, fold, axes,
    letters: as in `record`. Raises: Refusal where the computation cannot be drawn; what *fn* raises passes through.
    """
    tensors = {name: copy_of(name, value, inputs, constants) for name, value in inputs.items()}
    own = dict(fn.named_parameters()) if hasattr(fn, "named_parameters") else {}
    with record(own | tensors, seed=seed, fold=fold, axes=axes, letters=letters) as watched:
        watched.of = called(fn, tensors)
    return trace_of(watched)


def trace_of(recorded: record) -> Trace:
    """The trace of what was recorded. Raises: Refusal."""
    from course.graph.build import build
    from course.graph.replay import replay

    recording = recorded.recording
    return build(recording, replay(recording))


def copy_of(name: str, value: Any, inputs: Mapping[str, Any], constants: Sequence[str] | None) -> Any:
    """*value* as a tensor of its own; float64 where it was a list or a number."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor):
        tensor = value.detach().clone() if value.layout == torch.strided else value.detach()
    elif isinstance(value, np.ndarray | np.generic | list | tuple | int | float):
        array = np.asarray(value)
        tensor = torch.from_numpy(
            np.array(array, dtype=np.float64 if array.dtype.kind in "iu" and not isinstance(value, np.ndarray) else array.dtype)
        )
    else:
        return value
    asked = [one.requires_grad for one in inputs.values() if isinstance(one, torch.Tensor)]
    if constants is not None:
        needs = name not in constants
    elif any(asked):
        needs = isinstance(value, torch.Tensor) and value.requires_grad
    else:
        needs = name != "t"
    return tensor.requires_grad_(needs and (tensor.is_floating_point() or tensor.is_complex()))


def called(fn: Callable[..., Any], tensors: Mapping[str, Any]) -> Any:
    """
    fn of the *tensors*: each by its name where a parameter bears it, the others in their order for the parameters that are
    left. `lambda a, b: …` need not repeat the names, and the forward of a module may call x its input.
    Raises: Refusal where the parameters and the tensors do not go together.
    """
    try:
        # A module takes anything and hands it to its forward, which knows the names.
        signature = signature_of(getattr(fn, "forward", fn))
    except (TypeError, ValueError):  # some functions of torch do not tell
        return fn(*tensors.values())
    if fits(signature, **tensors):
        return fn(**tensors)
    free = [
        one.name for one in signature.parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD and one.name not in tensors
    ]
    others = [value for name, value in tensors.items() if name not in signature.parameters]
    bound = {name: value for name, value in tensors.items() if name in signature.parameters} | dict(
        zip(free, others, strict=False)
    )
    if len(others) <= len(free) and fits(signature, **bound):
        return fn(**bound)
    if fits(signature, *tensors.values()):
        return fn(*tensors.values())
    name = getattr(fn, "__name__", type(fn).__name__)
    raise Refusal(OTHER_PARAMETERS, function=name, parameters=", ".join(signature.parameters) or "–", names=", ".join(tensors))


def fits(signature: Signature, *args: Any, **kwargs: Any) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True
