"""How long the core of a graph picture takes: record, replay, build and lay out lesson 06's layer. It judges nobody.

    python benchmarks/graph.py

Each function yields (what, samples in ms, bound in ms or None), as `bench.Line` takes them. The ratio compares the whole with
autograd's own forward and backward pass of the same layer: what it costs to see every number.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

Sample = tuple[str, tuple[float, ...], float | None]
ROOT = Path(__file__).resolve().parents[1]

FIRST = """
import sys, time, torch
sys.path.insert(0, "benchmarks")
import graph
inputs = graph.lesson_06()
start = time.perf_counter()
graph.whole(inputs)
print(1000 * (time.perf_counter() - start))
"""


def lesson_06() -> dict[str, Any]:
    """x (5, 4), W (3, 4), b (3,), and t (5, 3) so that G is small: the course's layer of whole numbers."""
    import torch

    from course.exercise import thread

    inputs = {name: torch.from_numpy(value) for name, value in thread().items()}
    y = inputs.pop("y")
    return {name: one.requires_grad_() for name, one in inputs.items()} | {"t": y - 1}


def loss(x: Any, W: Any, b: Any, t: Any) -> Any:
    y = x @ W.T + b
    L = 0.5 * ((y - t) ** 2).sum()
    return L


def stages(inputs: dict[str, Any], fold: dict[str, str] | None = None) -> Iterator[tuple[str, float]]:
    """(stage, ms) for each stage of one picture."""
    from course.graph import record
    from course.graph.build import build
    from course.graph.layout import layout
    from course.graph.replay import replay

    start = time.perf_counter()

    def passed() -> float:
        nonlocal start
        now = time.perf_counter()
        taken, start = 1000 * (now - start), now
        return taken

    with record(inputs, fold=fold) as r:
        loss(**inputs)
    yield "record", passed()
    played = replay(r.recording)
    yield "replay", passed()
    trace = build(r.recording, played)
    yield "build the trace", passed()
    layout(trace)
    yield "lay out", passed()


def whole(inputs: dict[str, Any], fold: dict[str, str] | None = None) -> float:
    """One picture, in ms."""
    return sum(taken for _, taken in stages(inputs, fold))


def autograd(inputs: dict[str, Any]) -> float:
    """The same numbers without a picture, in ms."""
    import torch

    start = time.perf_counter()
    torch.autograd.grad(loss(**inputs), [one for one in inputs.values() if one.requires_grad])
    return 1000 * (time.perf_counter() - start)


def picture(times: int = 25) -> Iterator[Sample]:
    """Lesson 06's layer, as it is recorded and with its loss folded into one operation."""
    inputs = lesson_06()
    whole(inputs)
    autograd(inputs)
    for name, fold in (("7 operations", None), ("loss folded", {"L": "½ Σ(·)²"})):
        runs, busy = [], []
        for _ in range(times):
            start = time.process_time()
            runs.append(list(stages(inputs, fold)))
            busy.append(1000 * (time.process_time() - start))
        yield f"graph of lesson 06 ({name}): all", tuple(sum(taken for _, taken in run) for run in runs), 60
        yield f"graph of lesson 06 ({name}): all, CPU time", tuple(busy), 60  # what is left where others use the machine
        for index, (stage, _) in enumerate(runs[0]):
            yield f"graph of lesson 06 ({name}): {stage}", tuple(run[index][1] for run in runs), None
    yield "autograd alone, same layer", tuple(autograd(inputs) for _ in range(times)), None


def first_picture(times: int = 3) -> Iterator[Sample]:
    """The first picture of a process, torch being loaded: autograd's first backward pass is most of it."""
    command = [sys.executable, "-c", FIRST]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(times)]
    yield "first graph of a process", tuple(map(float, runs)), 500


LINES: tuple[Callable[[], Iterator[Sample]], ...] = (picture, first_picture)


def main() -> int:
    found = [sample for measure in LINES for sample in measure()]
    for what, samples, bound in found:
        ratio = f"  {median(samples) / bound:5.2f} of {bound} ms" if bound else ""
        print(f"{what:45} {median(samples):8.2f} ms  ({min(samples):.2f} … {max(samples):.2f}){ratio}")
    by_name = {what: median(samples) for what, samples, _ in found}
    print(f"{by_name[found[0][0]] / by_name['autograd alone, same layer']:.0f} times autograd alone")
    return 0


if __name__ == "__main__":
    sys.exit(main())
