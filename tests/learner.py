"""A learner's cell for tests: source text that becomes an object, with its lines known to Python as a notebook's are."""

from __future__ import annotations

import itertools
import linecache
import textwrap
from typing import Any

_cells = itertools.count(1)


def cell(source: str) -> dict[str, Any]:
    """Run *source* as a notebook cell would run and give its names; torch and np are there."""
    import numpy as np
    import torch

    source = textwrap.dedent(source).strip("\n") + "\n"
    name = f"<cell {next(_cells)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names: dict[str, Any] = {"torch": torch, "np": np, "F": torch.nn.functional}
    exec(compile(source, name, "exec"), names)
    return names


def define(source: str, entry: str) -> Any:
    """The object called *entry* that *source* defines."""
    return cell(source)[entry]
