"""While a lesson is written: build it again whenever one of its files changes, and say what is missing and where.

Each build is a process of its own, so that a changed exercise is loaded anew. Missing translations are told by file, line and
language beside what the build says; they do not stop it, since text comes last.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.build import Course
from autograder.gates import catalogues
from autograder.lesson import Problem

EVERY = 0.5  # seconds between two looks at the files


def watch(course: Course, lessons: list[Path]) -> int:
    """Build *lessons* now and at every change, until Ctrl-C; 0 where the last build was well, 1 where it was not."""
    code = 0
    seen: dict[Path, int] = {}
    try:
        while True:
            now = stamps(course, lessons)
            if now != seen:
                seen = now
                code = build_once(course, lessons)
                print("watching; Ctrl-C ends it", flush=True)
            time.sleep(EVERY)
    except KeyboardInterrupt:
        print()
        return code


def build_once(course: Course, lessons: list[Path]) -> int:
    """One build in a process of its own, then what the catalogues lack; 0 where both are well."""
    names = [path.stem for path in lessons]
    built = subprocess.run([sys.executable, "-m", "autograder", "build", *names], cwd=course.root, check=False).returncode
    missing = list(untranslated(course, lessons))
    for problem in missing:
        print(problem, file=sys.stderr)
    return 1 if built or missing else 0


def untranslated(course: Course, lessons: list[Path]) -> Iterator[Problem]:
    """What is wrong with the messages and translations of *lessons*' own exercises."""
    own = {f"lesson_{path.stem.split('_')[0]}" for path in lessons}
    try:
        found = catalogues.problems(course.root / "course")
    except (SyntaxError, OSError) as error:  # half-written Python or .po: the build or the next look says more
        yield Problem(Path(getattr(error, "filename", "") or "course"), getattr(error, "lineno", 1) or 1, str(error), "mend it")
        return
    yield from (problem for problem in found if problem.path.stem in own)


def stamps(course: Course, lessons: list[Path]) -> dict[Path, int]:
    """When each file that *lessons* are made of was last changed."""
    numbers = {path.stem.split("_")[0] for path in lessons}
    files = [path for lesson in lessons for path in lesson.parent.rglob("*") if path.suffix != ".ipynb" and path.is_file()]
    for number in numbers:
        files += (course.root / "course").glob(f"exercises/lesson_{number}.py")
        files += (course.root / "course").glob(f"language/*/lesson_{number}.po")
    files += (course.root / "course" / "exercises").glob("[!l]*.py")  # what lessons share
    return {path: path.stat().st_mtime_ns for path in files if path.exists()}
