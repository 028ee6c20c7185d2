"""How long a learner and an author wait: `make bench` prints a table. A benchmark, not a test: it judges nobody.

    python benchmarks/bench.py            import, checks, build, pictures
    python benchmarks/bench.py --pictures the pictures alone
    python benchmarks/bench.py --fresh    and from a fresh clone of the last commit to the open lesson: minutes, downloads
    python benchmarks/bench.py --json     the same figures for a program

Bounds are those that the course was planned with; a ratio above 1 is a bound that is missed. Figures are medians of wall-clock
time, the range beside them. Each line is a function that returns its samples, so that another is easily added to LINES.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Line:
    """One row: what is measured, its samples in *unit*, and the bound that it should keep, or None."""

    what: str
    samples: tuple[float, ...]
    bound: float | None = None
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        return median(self.samples) / self.bound if self.bound else None


# -- what a learner waits for -------------------------------------------------------------------------------------

IMPORT = """
import time, torch
start = time.perf_counter()
import course
print(1000 * (time.perf_counter() - start))
"""

FIRST = """
import json, sys, time, torch, course
exercise, source = json.loads(sys.argv[1])
names = {"torch": torch}
exec(source, names)
names["check"] = course.check
start = time.perf_counter()
score = eval(f"check({exercise!r})", names)
html = score._repr_html_()
print(1000 * (time.perf_counter() - start))
"""


def import_course(times: int = 7) -> Iterator[Line]:
    yield Line("import course, torch being loaded", tuple(float(_python(IMPORT)) for _ in range(times)), 150)


def first_check(times: int = 5) -> Iterator[Line]:
    """The first of a process brings in NumPy's and torch's lazily loaded halves."""
    exercise = "linear-column" if "linear-column" in _solutions() else next(iter(_solutions()))
    given = json.dumps([exercise, _solutions()[exercise]])
    yield Line(f"first check of a process ({exercise})", tuple(float(_python(FIRST, given)) for _ in range(times)))


def right_and_wrong(times: int = 7, mistakes: int | None = None) -> Iterator[Line]:
    """
    Every exercise: the reference solution, and every known mistake with its diagnosis. Asked, judged, recorded and shown, each
    as at the first check of its exercise: what a process keeps of one for the next is forgotten. mistakes: of each exercise at
    most so many.
    """
    import numpy as np
    import torch

    from course.asking import drawn
    from course.check import checked
    from course.exercises import LESSONS
    from course.judging.diagnose import outcomes
    from course.judging.judge import expected as right_results

    def wait(exercise: str, names: dict[str, Any], expected: Callable[[int, int], bool]) -> float:
        def once() -> float:
            for kept in (drawn, outcomes, right_results):
                kept.cache_clear()
            start = time.perf_counter()
            score = checked(exercise, names)
            score._repr_html_()
            taken = 1000 * (time.perf_counter() - start)
            if not expected(score.points, score.possible):
                raise SystemExit(f"{exercise}: {score.points} of {score.possible} points were not what this measures")
            return taken

        if times > 1:
            once()  # warms up what is no check's own
        return median(once() for _ in range(times))

    right, wrong = [], []
    for lesson in LESSONS:
        names: dict[str, Any] = {"torch": torch, "np": np, "F": torch.nn.functional}  # answers call answers further up
        for exercise in lesson.exercises:
            if exercise.id in _solutions():
                exec(_solutions()[exercise.id], names)
                right.append(wait(exercise.id, names, lambda points, possible: points == possible))
            for mistake in exercise.mistakes[:mistakes]:
                wrong.append(wait(exercise.id, {exercise.entry: mistake.answer}, lambda points, possible: points < possible))
    if right:
        yield Line(f"check of a right answer ({len(right)} exercises)", tuple(right), 50)
    yield Line(f"check of a wrong answer ({len(wrong)} mistakes)", tuple(wrong), 200)


# -- what an author waits for -------------------------------------------------------------------------------------


BUILD = "import sys; from autograder.cli import main; sys.exit(main(['build']))"


def build(times: int = 3) -> Iterator[Line]:
    """`autograder build` of all lessons, from Markdown to release/ and gradebook, in a copy: the process's start included."""
    taken = []
    lessons = 0
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
            copy = Path(temporary)
            for name in ("source", "course", "autograder"):
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
            shutil.copy(ROOT / "nbgrader_config.py", copy)
            (copy / "release").mkdir()
            start = time.perf_counter()
            done = subprocess.run([sys.executable, "-c", BUILD], cwd=copy, capture_output=True, text=True)
            taken.append(time.perf_counter() - start)
            lessons = len(list((copy / "release").iterdir()))
            if done.returncode or not lessons:
                raise SystemExit(f"autograder build failed:\n{done.stdout}{done.stderr}")
    yield Line(f"build of {lessons} lessons", tuple(taken), 10, "s")


# -- what a newcomer waits for ------------------------------------------------------------------------------------


def fresh_clone() -> Iterator[Line]:
    """`git clone`, then `make lab` until lesson 00 answers. What pip has in its cache is taken from there."""
    with tempfile.TemporaryDirectory(prefix="bench-fresh-") as temporary:
        clone = Path(temporary) / "clone"
        start = time.perf_counter()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        with _ended(["make", "lab", "LAB=--no-browser"], clone) as process:
            assert process.stdout
            for line in process.stdout:
                if line.strip().startswith("http") and "/lab/tree/" in line and line.startswith("    http"):
                    break
            else:
                raise SystemExit("make lab did not come to an address")
            taken = time.perf_counter() - start
        again = time.perf_counter()
        with _ended(["make", "lab", "LAB=--no-browser"], clone) as process:
            assert process.stdout
            next(line for line in process.stdout if line.startswith("    http") and "/lab/tree/" in line)
            again = time.perf_counter() - again
        size = sum(path.lstat().st_size for path in (clone / ".venv").rglob("*") if path.is_file() and not path.is_symlink())
        yield Line("from fresh clone to the open lesson", (taken,), None, "s")
        yield Line("make lab again", (again,), None, "s")
        yield Line("the virtual environment", (size / 1e6,), None, "MB")


@contextmanager
def _ended(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "VIRTUAL_ENV"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


# -- pictures -----------------------------------------------------------------------------------------------------


def graphs() -> Iterator[Line]:
    """From a learner's code to the trace and where it all stands; see graph.py."""
    import graph

    for measure in graph.LINES:
        for sample in measure():
            yield Line(*sample)


def views() -> Iterator[Line]:
    """From the trace to the eye; see views.py. Chromium's part is left out where there is none."""
    import views

    for measure in views.LINES:
        for sample in measure():
            yield Line(*sample)


# -- measuring and printing ---------------------------------------------------------------------------------------

PICTURES: tuple[Callable[[], Iterator[Line]], ...] = (graphs, views)
LINES: tuple[Callable[[], Iterator[Line]], ...] = (import_course, first_check, right_and_wrong, build, *PICTURES)


def _python(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


def _solutions() -> dict[str, str]:
    from course.solutions import all_solutions

    return all_solutions()


def _table(lines: list[Line]) -> str:
    rows = [("", "median", "range", "bound", "ratio")]
    for line in lines:
        low, high = min(line.samples), max(line.samples)
        rows.append(
            (
                line.what,
                f"{_short(median(line.samples))} {line.unit}",
                f"{_short(low)}–{_short(high)}" if len(line.samples) > 1 else "",
                f"{line.bound:g} {line.unit}" if line.bound else "",
                f"{line.ratio:.2f}" if line.ratio else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how long the course keeps people waiting.")
    parser.add_argument("--fresh", action="store_true", help="also clone, install and open lesson 00 (minutes, and downloads)")
    parser.add_argument("--pictures", action="store_true", help="the pictures alone")
    parser.add_argument("--json", action="store_true", help="print figures for a program")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-state-") as state:
        os.environ["COURSE_STATE"] = state  # not into the progress of whoever measures
        wanted = (*(PICTURES if asked.pictures else LINES), *((fresh_clone,) if asked.fresh else ()))
        lines = [line for measure in wanted for line in measure()]
    if asked.json:
        print(
            json.dumps(
                [{"what": one.what, "samples": one.samples, "bound": one.bound, "unit": one.unit} for one in lines], indent=1
            )
        )
    else:
        load = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""  # above the cores, others are measured too
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}{platform.system()} {platform.machine()}\n")
        print(_table(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
