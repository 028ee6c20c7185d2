"""What a learner has done so far: one line a check, kept per user, and the table that `progress()` and `course progress` show.

What it must withstand: a line cut short by a crash, a disk that is full or not writable, two kernels that write at once, and
lines of an older or newer course. A check never fails because of it: what cannot be kept is not kept, and that is all.

It is kept outside the lessons' folders, since what lies there travels with a submission, and is neither read nor written while
nbgrader runs a notebook: that would be the progress of whoever grades.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course.exercise import N_, Exercise
from course.exercises import LESSONS, Lesson
from course.language import LANGUAGES, shown_languages
from course.report.markup import Html, hidden, labels, labels_text, paragraphs, paragraphs_text, tag
from course.report.markup import columns as in_columns
from course.report.words import MARKS
from course.verdict import Say, State

IN_ALL = N_("Total")
KEY = {  # what each mark means, in a word or two; the marks themselves are the report's
    State.RIGHT: N_("right"),
    State.CLOSE: N_("close"),
    State.WRONG: N_("wrong"),
    State.FAILED: N_("failed to run"),
    State.FORBIDDEN: N_("used what is forbidden"),
    State.OUT_OF_TIME: N_("out of time"),
    State.NOT_ATTEMPTED: N_("not attempted"),
}
IDLE = frozenset({State.NOT_ATTEMPTED, State.NOT_DEFINED})  # checks that looked at no answer


# -- keeping ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """One check: the points it earned of how many, the state it ended in, and the mistake it named, "" where none."""

    exercise: str
    earned: int
    points: int
    state: State
    mistake: str = ""
    time: str = ""  # ISO 8601, UTC


def path() -> Path:
    """The file that keeps this user's attempts: in COURSE_STATE where that is set, else where the system keeps a user's data."""
    named = os.environ.get("COURSE_STATE")
    if named:
        return Path(named).expanduser() / "progress.jsonl"
    import platformdirs  # only where it is asked for: an import of the course stays light

    return platformdirs.user_data_path("nn-linear-by-hand", appauthor=False) / "progress.jsonl"


def record(exercise: str, earned: int, points: int, state: State, mistake: str = "") -> None:
    """Keep what one check gave. Never raises for a disk that cannot keep it, and keeps nothing while nbgrader runs."""
    if _grading():
        return
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "exercise": exercise,
        "earned": earned,
        "points": points,
        "state": state.value,
        "mistake": mistake,
    }
    try:
        _append(path(), json.dumps(line, ensure_ascii=False).encode() + b"\n")
    except (OSError, RuntimeError):  # RuntimeError: this user has no home folder
        return


def _append(file: Path, line: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            if os.read(handle, 1) != b"\n":  # a line was cut short here: it must not spoil the next one too
                line = b"\n" + line
        os.write(handle, line)  # in one piece, so that two kernels do not write into each other's lines
    finally:
        os.close(handle)


def attempts() -> tuple[Attempt, ...]:
    """All that was kept, oldest first, without the lines that cannot be understood."""
    if _grading():
        return ()
    try:
        lines = path().read_bytes().splitlines()
    except (OSError, RuntimeError):
        return ()
    return tuple(attempt for attempt in map(_attempt, lines) if attempt)


def _attempt(line: bytes) -> Attempt | None:
    try:
        kept = json.loads(line)
        return Attempt(
            exercise=str(kept["exercise"]),
            earned=int(kept["earned"]),
            points=int(kept["points"]),
            state=State(kept["state"]),
            mistake=str(kept.get("mistake", "")),
            time=str(kept.get("time", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def best(exercise: str, kept: Iterable[Attempt] | None = None) -> Attempt | None:
    """The attempt at *exercise* that earned most, the latest of several; a check that looked at no answer counts last."""
    own = [attempt for attempt in (attempts() if kept is None else kept) if attempt.exercise == exercise]
    return max(enumerate(own), key=lambda one: (one[1].earned, one[1].state not in IDLE, one[0]), default=(0, None))[1]


def _grading() -> bool:
    return bool(os.environ.get("NBGRADER_EXECUTION"))


# -- counting -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """How one exercise stands: its best state and points, and the state it was left in."""

    exercise: Exercise
    state: State
    earned: int
    tried: bool

    @property
    def points(self) -> int:
        return self.exercise.points

    @property
    def done(self) -> bool:
        return self.earned >= self.points


@dataclass(frozen=True)
class Row:
    lesson: Lesson
    marks: tuple[Mark, ...]

    @property
    def earned(self) -> int:
        return sum(mark.earned for mark in self.marks)

    @property
    def points(self) -> int:
        return sum(mark.exercise.points for mark in self.marks)


@dataclass(frozen=True)
class Place:
    """An exercise by lesson and number within it: "02 · 4"."""

    lesson: Lesson
    number: int
    mark: Mark

    def __str__(self) -> str:
        return f"{self.lesson.number} · {self.number}"


def summary(lessons: Sequence[Lesson] = LESSONS, kept: Iterable[Attempt] | None = None) -> tuple[Row, ...]:
    """A row for each lesson, a mark for each exercise: the best that check gave."""
    kept = attempts() if kept is None else tuple(kept)
    return tuple(Row(lesson, tuple(_mark(exercise, kept) for exercise in lesson.exercises)) for lesson in lessons)


def _mark(exercise: Exercise, kept: Iterable[Attempt]) -> Mark:
    attempt = best(exercise.id, kept)
    if attempt is None or attempt.state in IDLE:
        return Mark(exercise, State.NOT_ATTEMPTED, 0, False)
    return Mark(exercise, attempt.state, max(0, min(attempt.earned, exercise.points)), True)


def next_place(rows: Sequence[Row]) -> Place | None:
    """Where to go on: what is unfinished in the lesson that was reached, else after it, else before it; None at the end."""
    reached = max((at for at, row in enumerate(rows) if any(mark.tried for mark in row.marks)), default=0)
    for row in (*rows[reached:], *rows[:reached]):
        for number, mark in enumerate(row.marks, start=1):
            if not mark.done:
                return Place(row.lesson, number, mark)
    return None


def left_behind(rows: Sequence[Row]) -> tuple[Place, ...]:
    """What was tried, is not finished, and lies before the exercise to go on with."""
    here = next_place(rows)
    places: list[Place] = []
    for row in rows:
        for number, mark in enumerate(row.marks, start=1):
            if here and (row.lesson, number) == (here.lesson, here.number):
                return tuple(places)
            if mark.tried and not mark.done:
                places.append(Place(row.lesson, number, mark))
    return tuple(places)


# -- showing ------------------------------------------------------------------------------------------------------

WHILE_GRADING = N_("Your progress is shown on your own computer, not while the notebook is being graded.")
NOT_A_GRADE = N_("The marks are the best that `check` has given you. What you hand in is the notebook as it is now.")


@dataclass(frozen=True)
class Progress:
    """What `progress()` gives: a table in the notebook, the same as text elsewhere."""

    rows: tuple[Row, ...]
    grading: bool = False

    @property
    def earned(self) -> int:
        return sum(row.earned for row in self.rows)

    @property
    def points(self) -> int:
        return sum(row.points for row in self.rows)

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self) -> str:
        """A line for each lesson: its marks, its points, its title in the languages of plain text."""
        languages = shown_languages()
        if self.grading:
            return paragraphs_text([WHILE_GRADING], languages)
        columns = 2 * max((len(row.marks) for row in self.rows), default=0)
        width = len(str(self.points))
        lines: list[tuple[str, str, Row | Progress, str]] = [
            (row.lesson.number, " ".join(_sign(mark)[0] for mark in row.marks), row, row.lesson.title) for row in self.rows
        ]
        lines.append(("", "", self, IN_ALL))
        table = [
            f"{number:2}  {signs:<{columns}} {of.earned:>{width}} / {of.points:>{width}}   {labels_text(title, languages)}"
            for number, signs, of, title in lines
        ]
        used = [state for state in KEY if any(mark.state is state for row in self.rows for mark in row.marks)]
        key = [f"{MARKS[state][0]} {labels_text(KEY[state], languages)}" for state in used]
        return "\n".join((*table, "", *key, "", paragraphs_text(self._sentences(), languages)))

    def to_html(self) -> str:
        """The same as a table: its classes are those of `check`'s report, drawn by the lab extension."""
        if self.grading:
            return tag("div", *paragraphs(WHILE_GRADING, LANGUAGES), cls="nl-report plain")
        columns = max((len(row.marks) for row in self.rows), default=0)
        here = next_place(self.rows)
        head = tag(
            "tr",
            tag("th", labels(N_("Lesson"), LANGUAGES), colspan=2, cls="t", scope="col"),
            *(tag("th", str(number), cls="x", scope="col") for number in range(1, columns + 1)),
            tag("th", labels(N_("Points"), LANGUAGES), cls="p", scope="col"),
        )
        foot = tag(
            "tr",
            tag("td"),
            tag("th", labels(IN_ALL, LANGUAGES), cls="t", scope="row"),
            tag("td", colspan=columns) if columns else None,
            tag("td", _of(self), cls="p"),
        )
        table = tag(
            "table",
            tag("thead", head),
            tag("tbody", *(_html_row(row, columns, here) for row in self.rows)),
            tag("tfoot", foot),
            cls="nl-progress",
        )
        key = (
            tag("span", tag("span", MARKS[state][0], cls=f"nl-mark {MARKS[state][1]}"), " ", labels(KEY[state], LANGUAGES))
            for state in KEY
        )
        return tag(
            "div",
            tag("div", table, cls="scroll"),
            tag("div", *key, cls="nl-key"),
            tag("div", *(in_columns(sentence, LANGUAGES) for sentence in self._sentences()), cls="nl-goal"),
            cls="nl-report plain",
        )

    def _sentences(self) -> tuple[Say | str, ...]:
        """What comes next, what waits, and what these points are not."""
        here, waiting = next_place(self.rows), left_behind(self.rows)
        says: list[Say | str] = []
        if here:
            exercise = here.mark.exercise
            values = {"place": str(here), "title": Say(exercise.title), "minutes": exercise.minutes}
            says.append(Say(N_("**Next**: {place}, “{title}”, {minutes} min."), values))
        else:
            says.append(N_("Every exercise has all its points."))
        if waiting:
            places = ", ".join(f"{place} ({_sign(place.mark)[0]})" for place in waiting)
            says.append(Say(N_("To come back to: {places}."), {"places": places}))
        return (*says, NOT_A_GRADE)


def progress(lessons: Sequence[Lesson] = LESSONS) -> Progress:
    """How far you are: a row for each lesson, a mark for each exercise."""
    return Progress(summary(lessons), grading=_grading())


def _html_row(row: Row, columns: int, here: Place | None) -> Html:
    cells = []
    for number, mark in enumerate(row.marks, start=1):
        sign, colour, _ = _sign(mark)
        framed = bool(here and here.lesson is row.lesson and here.number == number)
        said = hidden(" ", labels(KEY[mark.state], LANGUAGES), f" {_of(mark)}")
        cells.append(tag("td", tag("b", sign) if framed else sign, said, cls=f"x {colour}{' at' if framed else ''}"))
    return tag(
        "tr",
        tag("th", row.lesson.number, cls="no", scope="row"),
        tag("td", labels(row.lesson.title, LANGUAGES), cls="t"),
        *cells,
        tag("td", colspan=columns - len(row.marks)) if columns > len(row.marks) else None,
        tag("td", _of(row), cls="p" if row.earned else "p quiet"),
        cls="now" if here and here.lesson is row.lesson else None,
    )


def _sign(mark: Mark) -> tuple[str, str, str]:
    return MARKS[mark.state]


def _of(counted: Mark | Row | Progress) -> str:
    return f"{counted.earned} / {counted.points}"
