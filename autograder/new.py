"""A new lesson that builds, with an example of every kind of cell and exercise, to be written over.

    template/lesson.md       source/NN_name/NN_name.md
    template/exercises.py    course/exercises/lesson_NN.py
    template/ru.po, zh.po    course/language/ru/lesson_NN.po, course/language/zh/lesson_NN.po
    template/spellings.py    tests/spellings/lesson_NN.py
    template/bank.py         tests/bank/lesson_NN.py

In every file NN stands for the lesson's number and FOLDER for its folder.
"""

from __future__ import annotations

import re
from pathlib import Path

from autograder.build import BuildError, Course
from autograder.lesson import shown

TEMPLATE = Path(__file__).resolve().parent / "template"
NAME = re.compile(r"(?P<number>\d\d)_[a-z0-9]+(_[a-z0-9]+)*")


def new(course: Course, folder: str) -> list[Path]:
    """Write the files of a new lesson in *folder* ("08_autograd"), and say which; its number has to be free.

    Raises: BuildError: the name has another form, the number is taken, or a file is there already. Nothing was written then.
    """
    if not TEMPLATE.is_dir():
        raise BuildError("the pattern of a lesson is not in the installed package; run `make install` in a clone of the course")
    found = NAME.fullmatch(folder)
    if not found:
        raise BuildError(f"{folder} is no name of a lesson; write two digits and words in small letters: 08_autograd")
    number = found["number"]
    taken = [path for path in sorted(course.source.glob(f"{number}_*")) if path.is_dir()]
    if taken:
        raise BuildError(f"{shown(taken[0])} has that number already; choose another")
    files = {
        "lesson.md": course.source / folder / f"{folder}.md",
        "exercises.py": course.root / "course" / "exercises" / f"lesson_{number}.py",
        "ru.po": course.root / "course" / "language" / "ru" / f"lesson_{number}.po",
        "zh.po": course.root / "course" / "language" / "zh" / f"lesson_{number}.po",
        "spellings.py": course.root / "tests" / "spellings" / f"lesson_{number}.py",
        "bank.py": course.root / "tests" / "bank" / f"lesson_{number}.py",
    }
    there = [path for path in files.values() if path.exists()]
    if there:
        raise BuildError(f"{shown(there[0])} is there already; move it away, or choose another number")
    written = {
        path: (TEMPLATE / name).read_text(encoding="utf-8").replace("NN", number).replace("FOLDER", folder)
        for name, path in files.items()
    }
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(written)
