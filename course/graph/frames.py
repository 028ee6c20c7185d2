"""The learner's own frames: where an operation was called, what a tensor is called there, and a traceback without ours."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType, TracebackType
from typing import Any

import torch

from course.answer import Line

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
TORCH = os.path.join(os.path.dirname(os.path.abspath(torch.__file__)), "")


def learner_frame() -> FrameType | None:
    """The innermost frame that is neither ours nor torch's: the line of code that a reader would point at."""
    frame = sys._getframe(1)
    found: FrameType | None = frame
    while found is not None and found.f_code.co_filename.startswith((HERE, TORCH)):
        found = found.f_back
    return found


def line_of(frame: FrameType) -> Line:
    return Line(frame.f_lineno, linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip())


def without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback as it would be without us: our own frames are left out."""
    if traceback is None:
        return None
    rest = without_ours(traceback.tb_next)
    if traceback.tb_frame.f_code.co_filename.startswith(HERE):
        return rest
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def name_in(frame: FrameType, tensor: torch.Tensor) -> str:
    """The name under which the code of *frame* knows *tensor*, or "": a variable, an attribute, an entry of a dict or list."""
    for name, value in names_of(frame):
        if value is tensor:
            return name
    return ""


def names_of(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """(name, tensor) for all that the code of *frame* can reach in one step, plain variables first."""
    code, places = frame.f_code, frame.f_locals
    if places is not frame.f_globals:
        outer = {name: frame.f_globals[name] for name in code.co_names if name in frame.f_globals}
        places = {**outer, **places}
    seen = [(name, value) for name, value in list(places.items()) if not name.startswith("_")]
    seen.sort(key=lambda one: one[0] not in code.co_names)  # in a notebook, what this cell speaks of comes before older cells
    for name, value in seen:
        if isinstance(value, torch.Tensor):
            yield name, value
    for name, value in seen:
        if not isinstance(value, torch.Tensor | ModuleType | type):
            yield from parts_of(name, value)


def parts_of(name: str, holder: Any) -> Iterator[tuple[str, Any]]:
    """The tensors that *holder* keeps: a module's parameters, an object's attributes, the entries of a dict, list or tuple."""
    prefix = "" if name == "self" else f"{name}."
    if isinstance(holder, torch.nn.Module):
        for part, value in (*holder.named_parameters(), *holder.named_buffers()):
            yield prefix + part, value
    elif isinstance(holder, dict):
        for key, value in list(holder.items()):
            if isinstance(value, torch.Tensor):
                yield str(key), value
    elif isinstance(holder, list | tuple):
        for index, value in enumerate(holder):
            if isinstance(value, torch.Tensor):
                yield f"{name}[{index}]", value
    if not isinstance(holder, dict):
        for part, value in list(getattr(holder, "__dict__", {}).items()):
            if isinstance(value, torch.Tensor):
                yield prefix + part, value


def unique_names(found: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """*found* with every name used once: where a variable was given a new tensor, the later one gets a prime (x, x′)."""
    names: dict[str, str] = {}
    taken = set(given.values())
    for id in sorted(found, key=lambda id: (id not in given, int(id[1:]))):
        name = found[id]
        while id not in given and name in taken:
            name += "′"
        names[id] = name
        taken.add(name)
    return names
