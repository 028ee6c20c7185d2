"""What a lesson has to hold before it is built. One module a kind of defect, one function a gate, and above each gate the
defect that it prevents: most of them are silent ones, which nobody sees until a learner does.

    form.py        the file: where it lies, its front matter, that JupyterLab would save it unchanged
    graded.py      answers and checks: ids, points, solution markers, the stub
    code.py        code cells hold symbols and shapes, no words
    prose.py       the same things in every language of a prose cell, and Markdown that renders
    voice.py       how each language is written: GLOSSARY and voice
    catalogues.py  the messages of the course and their translations
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.gates import code, form, graded, prose, voice
from autograder.lesson import Lesson, Problem, Unreadable, read

Find = Callable[[str], Any]  # exercise id → Exercise; raises LookupError for an id it does not know


def lint(path: Path, find: Find | None = None) -> list[Problem]:
    """Everything that is wrong with the lesson at *path*, in reading order; empty where it can be built.

    find: where exercises are looked up; by default those of the course.
    """
    try:
        lesson = read(path)
    except Unreadable as error:
        return [error.problem]
    return problems(lesson, find)


def problems(lesson: Lesson, find: Find | None = None) -> list[Problem]:
    """Everything that is wrong with a *lesson* that could be read."""
    if find is None:
        from course import exercises

        find = exercises.find
    found = {
        *form.problems(lesson),
        *graded.problems(lesson, find),
        *code.problems(lesson),
        *prose.problems(lesson),
        *voice.problems(lesson),
    }
    return sorted(found)
