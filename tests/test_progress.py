"""Attempts are kept per user and never in a check's way; the table says how far a learner is."""

import os
import re
import subprocess
import sys
import textwrap
import threading
from html.parser import HTMLParser

import pytest

from course import progress as module
from course.exercise import Exercise, Inputs, Part
from course.exercises import LESSONS, Lesson
from course.language import LANGUAGES
from course.progress import attempts, best, left_behind, next_place, path, progress, record, summary
from course.verdict import State


def exercise(id_, points=4):
    return Exercise(
        id=id_,
        entry="f",
        title=f"title of {id_}",
        proves="",
        parts=(Part("y", points),),
        draw=lambda rng, sizes: Inputs(sizes),
        expect=lambda inputs: 0,
        signature="f()",
    )


TWO = (
    Lesson("00", "00_welcome", "Welcome & hello", (exercise("hello", 1),)),
    Lesson("01", "01_one", "One <neuron>", (exercise("a"), exercise("b"), exercise("c"))),
)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("COURSE_LANGUAGES", raising=False)
    return tmp_path / "state"


# -- keeping ------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_read_again_in_order():
    record("a", 0, 4, State.WRONG, "bias_omitted")
    record("a", 4, 4, State.RIGHT)
    first, second = attempts()
    assert (first.exercise, first.earned, first.points, first.state, first.mistake) == ("a", 0, 4, State.WRONG, "bias_omitted")
    assert (second.earned, second.state, second.mistake) == (4, State.RIGHT, "")
    assert first.time <= second.time


def test_it_is_kept_outside_the_lesson_where_a_submission_would_take_it_along(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_STATE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert "nn-linear-by-hand" in path().parts
    assert path().is_absolute()


@pytest.mark.parametrize("execution", ["autograde", "validate"])
def test_nothing_is_written_or_read_while_nbgrader_runs(state, monkeypatch, execution):
    record("hello", 1, 1, State.RIGHT)
    kept = path().read_bytes()
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    record("hello", 0, 1, State.WRONG)
    assert path().read_bytes() == kept
    assert attempts() == ()
    html = progress(TWO)._repr_html_()
    assert "not while the notebook is being graded" in html
    assert "<table" not in html
    assert "0 / " not in repr(progress(TWO))


def test_a_line_cut_short_spoils_neither_the_one_before_nor_the_next():
    record("a", 1, 4, State.WRONG)
    whole = path().read_bytes()
    path().write_bytes(whole + whole[: len(whole) // 2])
    record("b", 4, 4, State.RIGHT)
    assert [attempt.exercise for attempt in attempts()] == ["a", "b"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"3",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"exercise": "a", "earned": 4, "points": 4, "state": "a state of a later course"}',
        b'{"exercise": "a", "earned": "many", "points": 4, "state": "right"}',
        b'{"exercise": "a", "earned": null, "points": 4, "state": "right"}',
        b'{"exercise": "a", "earned": Infinity, "points": 4, "state": "right"}',
    ],
)
def test_a_line_that_is_not_understood_is_passed_over(line):
    record("a", 1, 4, State.WRONG)
    path().write_bytes(line + b"\n" + path().read_bytes())
    record("b", 4, 4, State.RIGHT)
    assert [attempt.exercise for attempt in attempts()] == ["a", "b"]


def test_a_disk_that_cannot_keep_it_does_not_break_the_check(state, monkeypatch, tmp_path):
    state.write_text("a file where the folder should be")
    record("a", 4, 4, State.RIGHT)
    assert attempts() == ()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "other"))
    monkeypatch.setattr(os, "write", full)
    record("a", 4, 4, State.RIGHT)
    assert attempts() == ()


def test_a_user_without_a_home_does_not_break_the_check(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(module, "path", no_home)
    record("a", 4, 4, State.RIGHT)
    assert attempts() == ()


def test_two_kernels_that_write_at_once_keep_every_line():
    def many(name):
        for _ in range(200):
            record(name, 1, 4, State.WRONG, "m" * 100)

    threads = [threading.Thread(target=many, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(attempt.exercise for attempt in attempts()) == ["a"] * 200 + ["b"] * 200


def test_the_progress_of_others_is_not_theirs_to_read():
    record("a", 1, 4, State.WRONG)
    assert os.name != "posix" or path().stat().st_mode & 0o077 == 0


# -- counting -----------------------------------------------------------------------------------------------------


def test_the_best_attempt_stands_and_the_latest_of_equals():
    assert best("a") is None
    record("a", 0, 4, State.WRONG, "first")
    record("a", 0, 4, State.FAILED, "second")
    assert best("a").state is State.FAILED
    record("a", 4, 4, State.RIGHT)
    record("a", 2, 4, State.WRONG)
    assert best("a").state is State.RIGHT


def test_a_check_that_looked_at_no_answer_hides_no_attempt():
    record("a", 0, 4, State.WRONG)
    record("a", 0, 4, State.NOT_ATTEMPTED)
    record("a", 0, 4, State.NOT_DEFINED)
    assert best("a").state is State.WRONG
    assert summary(TWO)[1].marks[0].tried


def test_points_are_summed_by_lesson_and_never_exceed_what_the_exercise_gives_now():
    record("a", 9, 9, State.RIGHT)  # of a course in which it gave more
    record("b", 2, 4, State.WRONG)
    record("gone", 4, 4, State.RIGHT)  # of a course that had it
    welcome, one = summary(TWO)
    assert (welcome.earned, welcome.points) == (0, 1)
    assert (one.earned, one.points) == (6, 12)
    assert (progress(TWO).earned, progress(TWO).points) == (6, 13)


def test_a_newcomer_goes_on_with_the_first_exercise():
    assert str(next_place(summary(TWO))) == "00 · 1"
    assert left_behind(summary(TWO)) == ()


def test_one_goes_on_in_the_lesson_that_was_reached_and_comes_back_to_what_was_left():
    record("hello", 0, 1, State.FORBIDDEN)
    record("a", 4, 4, State.RIGHT)
    record("b", 0, 4, State.WRONG)
    rows = summary(TWO)
    assert str(next_place(rows)) == "01 · 2"
    assert [str(place) for place in left_behind(rows)] == ["00 · 1"]


def test_after_the_last_lesson_one_goes_back_and_at_the_end_nowhere():
    for id_ in ("a", "b", "c"):
        record(id_, 4, 4, State.RIGHT)
    assert str(next_place(summary(TWO))) == "00 · 1"
    record("hello", 1, 1, State.CLOSE)
    assert next_place(summary(TWO)) is None
    assert "Every exercise has all its points." in repr(progress(TWO))


# -- showing ------------------------------------------------------------------------------------------------------


def test_the_text_is_a_line_for_each_lesson_in_the_languages_asked_for(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGES", "en")
    record("hello", 1, 1, State.RIGHT)
    record("a", 2, 4, State.WRONG)
    record("b", 4, 4, State.CLOSE)
    assert repr(progress(TWO)) == textwrap.dedent(
        """\
        00  ✓       1 /  1   Welcome & hello
        01  ✗ ≈ –   6 / 12   One <neuron>
                    7 / 13   Total

        ✓ right
        ≈ close
        ✗ wrong
        – not attempted

        Next: 01 · 1, “title of a”, 5 min.
        The marks are the best that check has given you. What you hand in is the
        notebook as it is now."""
    )


def test_by_default_the_text_speaks_every_language():
    text = repr(progress(TWO))
    assert all(word in text for word in ("Всего", "合计", "Total", "Дальше", "下一步", "Next"))


class Elements(HTMLParser):
    """Checks that elements nest; counts the languages of each word."""

    def __init__(self):
        super().__init__()
        self.open, self.langs = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.langs += [dict(attrs)["lang"]] if "lang" in dict(attrs) else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_table_nests_speaks_every_language_and_escapes_titles():
    record("a", 4, 4, State.RIGHT)
    html = progress(TWO)._repr_html_()
    elements = Elements()
    elements.feed(html)
    assert elements.open == []
    assert elements.langs == list(LANGUAGES) * (len(elements.langs) // 3) != []
    assert "One &lt;neuron&gt;" in html
    assert "<neuron>" not in html


def test_every_row_of_the_table_is_equally_wide():
    html = progress(TWO)._repr_html_()
    widths = set()
    for row in re.findall(r"<tr.*?</tr>", html):
        cells = re.findall(r"<t[hd]( [^>]*)?>", row)
        widths.add(sum(int((re.search(r'colspan="(\d+)"', cell) or [0, 1])[1]) for cell in cells))
    assert len(widths) == 1


def test_the_exercise_to_go_on_with_is_framed_and_its_lesson_washed():
    record("a", 4, 4, State.RIGHT)
    html = progress(TWO)._repr_html_()
    assert html.count('class="now"') == 1
    assert html.count("<b>") == 1
    assert re.search(r'class="now"><th class="no" scope="row">01<', html)


def test_the_course_itself_has_a_row_for_each_lesson():
    rows = summary()
    assert [row.lesson for row in rows] == list(LESSONS)
    assert [mark.exercise for row in rows for mark in row.marks] == [one for lesson in LESSONS for one in lesson.exercises]


def test_a_record_survives_the_process():
    code = "from course.progress import record; from course.verdict import State; record('a', 3, 4, State.WRONG, 'm')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert best("a").earned == 3
