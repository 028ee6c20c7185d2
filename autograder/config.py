"""What `nbgrader_config.py` does beyond setting values. Nothing here raises: see there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.notebooks import bring_up_to_date

_told: set[str] = set()  # nbgrader runs its configuration up to three times a command; a person reads a message once
_only_settings = False


def add_our_steps(c: Any) -> None:
    """Put our two preprocessors before nbgrader's own in `c.GenerateAssignment`."""
    from autograder.preprocessors import steps

    c.GenerateAssignment.preprocessors = steps()


def build_notebooks(root: Path) -> None:
    """Build what is missing or stale under *root*, and say on stderr what could not be built."""
    if _only_settings:
        return
    try:
        problems = [str(problem) for problem in bring_up_to_date(root).problems]
    # jupytext is not installed, a disk is full: whatever it is, the settings above must survive it.
    except Exception as error:  # noqa: BLE001
        problems = [f"the notebooks in source/ were not built: {type(error).__name__}: {error}"]
    for problem in problems:
        if problem not in _told:
            _told.add(problem)
            print(problem, file=sys.stderr)


@contextmanager
def only_settings() -> Iterator[None]:
    """Within this, loading the configuration sets values and builds nothing: `autograder build` does that itself."""
    global _only_settings
    before, _only_settings = _only_settings, True
    try:
        yield
    finally:
        _only_settings = before
