"""Small courses and lessons for the tests of authoring: written to a folder, then broken on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from autograder.build import Course
from autograder.lesson import Problem
from course.exercise import Exercise

ROOT = Path(__file__).resolve().parent.parent


Lesson = TypeVar("Lesson")


def quick(lessons: Sequence[Lesson]) -> Sequence[Lesson]:
    """Those that go the whole way in every run of the tests: the first two and the newest."""
    return [*lessons[:2], *lessons[2:][-1:]]


@dataclass(frozen=True)
class Known:
    """What the gates ask of an exercise."""

    id: str
    entry: str
    points: int


def find(exercise_id: str) -> Known:
    """The exercises of the tests: `double` (2 points) and `tripled` (3 points)."""
    return {"double": Known("double", "double", 2), "tripled": Known("tripled", "tripled", 3)}[exercise_id]


FRONT = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""

PROSE = """\
<div lang="ru">

### Удвоить

Формула $y = 2x$ берёт число `x` и отдаёт вдвое больше.

</div>
<div lang="zh">

### 翻倍

公式 $y = 2x$ 把数 `x` 变成两倍。

</div>
<div lang="en">

### Twice

The formula $y = 2x$ takes the number `x` and gives twice as much.

</div>
"""

DEMO = """\
```{code-cell} ipython3
x = 3
2 * x
```
"""

ANSWER = """\
```{code-cell} ipython3
---
nbgrader:
  grade: false
  grade_id: double-answer
  locked: false
  schema_version: 3
  solution: true
---
def double(x):
    \"\"\"x: () → ()\"\"\"
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION
```
"""

CHECK = """\
```{code-cell} ipython3
---
nbgrader:
  grade: true
  grade_id: double
  locked: true
  points: 2
  schema_version: 3
  solution: false
---
check("double")
```
"""

TINY = FRONT + "\n".join((PROSE, DEMO, ANSWER, CHECK))


def course_at(root: Path, **lessons: str) -> Course:
    """A course under *root* with the real configuration and these lessons (Markdown by name, "_" before a digit dropped)."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copy(ROOT / ".gitignore", root)
    for name, text in lessons.items():
        write(root, name.lstrip("_"), text)
    (root / "source").mkdir(exist_ok=True)
    return Course(root)


def write(root: Path, name: str, text: str) -> Path:
    """Write a lesson's Markdown and give its path."""
    path = root / "source" / name / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def told(problems: list[Problem]) -> str:
    """All that the gates said, one a line, without the folder."""
    return "\n".join(f"{one.path.name}:{one.line}: {one.wrong}; {one.todo}" for one in problems)


def of_exercise(exercise: Exercise, solution: str = "return None") -> str:
    """A lesson with one exercise of the course itself."""
    text = TINY.replace("double", exercise.id).replace("points: 2", f"points: {exercise.points}")
    text = text.replace(f"def {exercise.id}(x):", f"def {exercise.entry}(*given):")
    return text.replace("return x + x", solution)
