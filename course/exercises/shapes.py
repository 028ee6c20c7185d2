"""What exercises share that ask for shapes: sizes to draw, and wrong answers that differ from the right one in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def different_sizes(rng: np.random.Generator, count: int) -> list[int]:
    """*count* sizes that differ from each other and from 1: a number then tells which axis it is."""
    return [int(size) for size in rng.permutation(np.arange(2, 10))[:count]]


def but_for(right: Callable[..., Mapping[str, Shape]]) -> Callable[..., Callable[..., tuple[Shape, ...]]]:
    """
    From the *right* shapes by name, a maker of answers: `answers()` is right, `answers(W=lambda in_, out: (in_, out))` is
    wrong in W alone. An answer takes the sizes that *right* takes and gives the shapes in its order.
    """

    def answers(**wrong: Callable[..., Shape]) -> Callable[..., tuple[Shape, ...]]:
        def shapes(*sizes: Any) -> tuple[Shape, ...]:
            return tuple((dict(right(*sizes)) | {name: of(*sizes) for name, of in wrong.items()}).values())

        return shapes

    return answers
