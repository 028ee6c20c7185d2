"""What is right where an exercise asks for gradients: autograd's, and the computation that they come from, in one place.

An exercise takes this as its `expect`; `compare` draws the picture of the same `fn` on the same inputs. So what a check expects
and what the picture shows are one computation.

    expect=Gradients(
        of={"dX": "x", "dW": "W", "db": "b"},
        fn=lambda x, W, b: x @ W.T + b,
        given=lambda i: {"x": i.x, "W": i.W, "b": np.zeros(len(i.W))},
        upstream="G",
    )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.exercise import Array, Inputs


def all_inputs(inputs: Inputs) -> Mapping[str, Any]:
    return dict(inputs)


@dataclass(frozen=True, eq=False)
class Gradients:
    """
    Called with inputs it gives autograd's gradients by part.

    of: {part: name of its tensor}. fn: called with the tensors of `given(inputs)` by name, gives the tensor that the backward
    pass starts at. upstream: the input that arrives there from behind, "" where `fn` gives one number. axes, fold: as for
    `course.graph.graph`. letters: names of other gradients ({"y": "G"}); those of `of` are called by their parts.
    """

    of: Mapping[str, str]
    fn: Callable[..., Any]
    given: Callable[[Inputs], Mapping[str, Any]] = all_inputs
    upstream: str = ""
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fold: Mapping[str, str] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)

    def tensors(self, inputs: Inputs) -> dict[str, Any]:
        """What *fn* is called with, as arrays: `given`, without what arrives from behind."""
        return {name: value for name, value in self.given(inputs).items() if name != self.upstream}

    def names(self) -> dict[str, str]:
        """Every tensor whose gradient has a name of its own."""
        return {tensor: part for part, tensor in self.of.items()} | dict(self.letters)

    def __call__(self, inputs: Inputs) -> dict[str, Array]:
        import torch

        tensors = {name: torch.tensor(np.asarray(value)) for name, value in self.tensors(inputs).items()}
        for name in self.of.values():
            tensors[name].requires_grad_()
        result = self.fn(**tensors)
        seed = torch.as_tensor(inputs[self.upstream]) if self.upstream else None
        wanted = [tensors[name] for name in self.of.values()]
        found = torch.autograd.grad(result, wanted, seed, allow_unused=True, materialize_grads=True)
        return {part: one.numpy() for part, one in zip(self.of, found, strict=True)}
