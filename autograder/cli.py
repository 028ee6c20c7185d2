"""The command `autograder`: what an instructor runs. Each subcommand is a function from its arguments to an exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder import build as building
from autograder.build import BuildError, choose, find_course
from autograder.lesson import shown
from autograder.new import new
from autograder.watch import watch


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 where all is well, 1 where it says what is wrong, 2 where it was called wrongly."""
    parser = argparse.ArgumentParser(prog="autograder", description="Build the lessons of the course.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser(
        "build",
        help="build lessons: source/ to release/ and the gradebook",
        description="Check the lessons, then build them with nbgrader into release/ and the gradebook. A lesson with a problem "
        "stops the build before anything is changed.",
    )
    build.add_argument("lessons", nargs="*", metavar="LESSON", help="a lesson's folder or number; all where none is named")
    build.add_argument(
        "--check", action="store_true", help="only say whether release/ equals a fresh build; change nothing, gradebook included"
    )
    build.add_argument(
        "--watch", action="store_true", help="while you write: build again whenever a file of the lessons changes, until Ctrl-C"
    )
    build.set_defaults(run=_build)

    new = commands.add_parser(
        "new",
        help="begin a lesson: Markdown, exercises and translations that build, with an example of every kind",
        description="Write the files of a new lesson, which builds as it is and holds an example of every kind of cell and "
        "exercise. Then write yours over them, with `autograder build LESSON --watch` beside it.",
    )
    new.add_argument("lesson", metavar="LESSON", help="the lesson's folder: two digits and a name, such as 08_autograd")
    new.set_defaults(run=_new)

    asked = parser.parse_args(arguments)
    try:
        return int(asked.run(asked))
    except BuildError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        return 1


def _build(asked: argparse.Namespace) -> int:
    course = find_course(Path.cwd())
    lessons = choose(course, asked.lessons)
    if asked.watch and asked.check:
        raise BuildError("--watch builds, and --check changes nothing; choose one of them")
    if asked.watch:
        return watch(course, lessons)
    if asked.check:
        return _check(course, lessons, everything=not asked.lessons)
    for folder in building.build(course, lessons):
        print(f"built {shown(folder)}")
    return 0


def _new(asked: argparse.Namespace) -> int:
    course = find_course(Path.cwd())
    for path in new(course, asked.lesson):
        print(f"wrote {shown(path)}")
    print(f"now: autograder build {asked.lesson} --watch")
    return 0


def _check(course: building.Course, lessons: list[Path], *, everything: bool) -> int:
    told = building.check(course, lessons)
    left_over = building.orphans(course) if everything else []
    for line in told:
        print(line, file=sys.stderr)
    for folder in left_over:
        print(f"{shown(folder)} has no folder in source/; delete it, or bring its lesson back", file=sys.stderr)
    if told:
        names = " ".join(sorted({line.split("/")[1] for line in told}))
        print(f"release/ is not what source/ gives; run: autograder build {names}", file=sys.stderr)
    elif not left_over:
        print(f"release/ equals a fresh build of {len(lessons)} lesson{'s' if len(lessons) != 1 else ''}")
    return 1 if told or left_over else 0
