"""Tensors inside of arguments: in lists, tuples and dicts; and what is asked of a single one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Slot:
    """Stands in an operation's arguments for its operand number `index`."""

    index: int


def tensors_of(nested: Any) -> list[torch.Tensor]:
    """All tensors in tuples, lists and dicts, in order."""
    found: list[torch.Tensor] = []
    slotted(nested, found)
    return found


def slotted(nested: Any, operands: list[torch.Tensor]) -> Any:
    """*nested* with a `Slot` for every tensor, which is appended to *operands*."""
    if isinstance(nested, torch.Tensor):
        operands.append(nested)
        return Slot(len(operands) - 1)
    return mapped(nested, lambda one: slotted(one, operands))


def filled(nested: Any, operands: Sequence[torch.Tensor]) -> Any:
    """The inverse of `slotted`."""
    return operands[nested.index] if isinstance(nested, Slot) else mapped(nested, lambda one: filled(one, operands))


def mapped(nested: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(nested, dict):
        return {key: change(value) for key, value in nested.items()}
    if isinstance(nested, list):
        return [change(value) for value in nested]
    if isinstance(nested, tuple):
        return tuple(change(value) for value in nested)
    return nested


def copied(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers as they are now, on the CPU; what has no plain numbers stays as it is and is refused later."""
    if tensor.layout != torch.strided or tensor.device.type == "meta":
        return tensor
    with torch.no_grad():
        return tensor.detach().cpu().clone()


def version_of(tensor: torch.Tensor) -> int:
    """How often it was changed in place; a tensor of inference mode does not count."""
    return 0 if tensor.is_inference() else tensor._version


def same_numbers(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Equal shapes and equal numbers, NaN being equal to NaN."""
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


def weighted(tensor: torch.Tensor, upstream: torch.Tensor) -> torch.Tensor:
    """
    One number whose gradient at *tensor* is *upstream*, exactly: 1 · upstream.

    Handing `torch.autograd.grad` an upstream gradient makes torch import its symbolic shapes, and with them sympy: half a
    second that the first picture of a process need not wait. A learner's backward, besides, gets a tensor of its own.
    """
    with torch.enable_grad():
        return (tensor * upstream).sum()
