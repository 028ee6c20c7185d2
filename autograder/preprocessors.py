"""The two steps of ours in nbgrader's own `generate_assignment`; the steps after them are nbgrader's.

`nbgrader_config.py` puts them there, so that the command, formgrader's Generate button and `autograder build` give the
same release. An instructor's own notebook, one without Markdown beside it, passes untouched.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.lesson import KERNEL, LANGUAGE, find_lessons
from autograder.notebooks import LEFT_BY_FRONT_ENDS, state


class OnlySoundLessons(NbGraderPreprocessor):
    """Refuses a lesson that has a problem, before nbgrader has removed anything.

    nbgrader makes its preprocessors before it touches the old release, and an error in a configuration file would drop the
    whole configuration, `ignore` included, without which solutions reach the students: so the refusal stands here.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not self.enabled:
            return
        from autograder.gates import lint  # loads torch for the exercises: only where an assignment is generated

        for path in _lessons(self):
            stale = state(path.parents[2], path)
            problems = [stale] if stale else lint(path)
            if problems:
                # The command ends on NbGraderException without a word; the log is what both it and formgrader show.
                for problem in problems:
                    self.log.error("%s", problem)
                raise NbGraderException(f"{path.parent.name} was not generated:\n" + "\n".join(map(str, problems)))

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        return nb, resources


class Settle(NbGraderPreprocessor):
    """Makes a release the same on every machine, and its prose read-only.

    A front end writes its version of Python and its own marks into a notebook that was opened; those are taken out. A prose
    cell that is `editable: false` stays rendered on a double click (the lab extension sees to it); code cells stay open
    for experiments.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        if not _lessons(self):
            return nb, resources
        nb.metadata.clear()
        nb.metadata.update(kernelspec=dict(KERNEL), language_info=dict(LANGUAGE))
        for cell in nb.cells:
            for mark in LEFT_BY_FRONT_ENDS & set(cell.metadata):
                del cell.metadata[mark]
            if cell.cell_type == "markdown":
                cell.metadata.update(editable=False, deletable=False)
        return nb, resources


def _lessons(preprocessor: NbGraderPreprocessor) -> list[Path]:
    """The Markdown of the assignment that *preprocessor* works on: exporter and converter are its parents."""
    converter = getattr(preprocessor.parent, "parent", None)
    if not isinstance(converter, GenerateAssignment):
        return []
    course = converter.coursedir
    source = Path(course.root) / course.source_directory
    return [path for path in find_lessons(source) if fnmatch(path.parent.name, course.assignment_id)]  # it may be a glob


def steps() -> list[type]:
    """Ours, then nbgrader's own preprocessors of generate_assignment in nbgrader's order."""
    return [OnlySoundLessons, Settle, *GenerateAssignment().preprocessors]
