"""
The lessons of release/ in a real browser, as a learner meets them: columns, Run All, a mistake by name, a syntax error,
points, and the switch that turns the reports already on the page.

Whatever lies in release/ is opened; nothing here knows a lesson's name but the walk through lesson 01.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY, served
from pages import (
    Server,
    cell,
    cut_off,
    evaluate,
    open_notebook,
    output,
    outputs,
    run_all,
    run_cell,
    screenshot,
    set_theme,
    shown,
    source,
    switch,
    type_into_cell,
)
from playwright.sync_api import Page, expect

from course.exercises import find
from course.language import translate
from course.solutions import all_solutions
from tests.lessons import quick

RELEASE = REPOSITORY / "release"
NOTEBOOKS = sorted(path.relative_to(RELEASE) for path in RELEASE.glob("*/*.ipynb"))
EACH = [pytest.param(one, marks=[] if one in quick(NOTEBOOKS) else pytest.mark.thorough, id=one.stem) for one in NOTEBOOKS]
ONE = next(path for path in NOTEBOOKS if path.parts[0].startswith("01_"))
EXERCISE = "linear-column"
WRONG = "def linear_column(W, X, b):\n    return W @ X + b"
RIGHT = "def linear_column(W, X, b):\n    return W @ X + b[:, None]"
UNREADABLE = "def linear_column(W, X, b:\n    return W @ X"


@pytest.fixture(scope="module")
def lessons(lab: Server) -> Server:
    """The plain JupyterLab of this session, with the released lessons in its folder."""
    shutil.copytree(RELEASE, lab.folder / "lessons", dirs_exist_ok=True)
    return lab


@pytest.fixture
def page(kept_page: Page) -> Page:
    """One page for all of these tests: JupyterLab opens once, and every notebook in it anew."""
    return kept_page


def with_answers(server: Server, notebook: Path, name: str, answer) -> str:
    """A copy of a released *notebook* in which every answer cell holds `answer(exercise)`; its path in the server's folder."""
    content = json.loads((RELEASE / notebook).read_text())
    for one in content["cells"]:
        grade_id = one["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id.endswith("-answer"):
            one["source"] = answer(find(grade_id.removesuffix("-answer")))
    path = server.folder / name / notebook.name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return f"{name}/{notebook.name}"


def known_mistake(exercise) -> str:
    """A cell that puts the exercise's first known mistake in the answer's place."""
    return f"from course.exercises import find\n{exercise.entry} = find({exercise.id!r}).mistakes[0].answer"


def errors(page: Page) -> list[str]:
    """The error outputs and what was written to stderr, in all cells."""
    return evaluate(
        page,
        """() => notebook().widgets.filter((cell) => cell.model.type === "code").flatMap((cell) => cell.model.outputs.toJSON())
          .filter((output) => output.output_type === "error" || output.name === "stderr")
          .map((output) => output.ename ?? output.text)""",
    )


def last_code_cell_ran(page: Page, after: int = 0) -> int:
    """Which run of the kernel the last code cell had, where it is later than *after*; else 0."""
    count = '() => notebook().widgets.filter((cell) => cell.model.type === "code").at(-1).model.executionCount ?? 0'
    ran: int = evaluate(page, count)
    return ran if ran > after else 0


@pytest.mark.parametrize("notebook", EACH)
def test_run_all_reaches_the_last_cell_untouched_and_with_a_mistake_in_every_answer(page: Page, lessons: Server, notebook: Path):
    """Without an error output; then each check names the mistake that was put in. One kernel for both: a start takes seconds."""
    open_notebook(page, lessons, f"lessons/{notebook}", stay=True)
    run_all(page)
    assert errors(page) == []
    untouched = last_code_cell_ran(page)
    assert untouched
    checks = checks_of(page)
    assert {points(page, exercise_id) for exercise_id in checks} == {"0"}
    switch(page, "ru", "zh")  # another file's tests may have left the server's user with another choice
    assert {at: wide for at in prose_with_tables(page) if (wide := runs_over(page, at))} == {}
    put_in_mistakes(page, checks)
    run_all(page)
    assert errors(page) == []
    assert last_code_cell_ran(page, after=untouched)
    for exercise_id in checks:
        mistake = find(exercise_id).mistakes[0]
        assert mistake.id in json.dumps(outputs(page, exercise_id)), f"{exercise_id} does not name {mistake.id}"
    if notebook == ONE:
        take_reports(page)


def take_reports(page: Page) -> None:
    """For people to look at, beside the drawings: reports with a mistake in them, in both themes."""
    for theme in ("light", "dark"):
        set_theme(page, theme)
        for exercise_id in ("one-neuron", EXERCISE, "column-shapes"):
            cell(page, exercise_id)
            screenshot(page, f"report-{exercise_id}-{theme}")
    set_theme(page, "light")
    assert shown(page) == ["ru", "zh"]


def checks_of(page: Page) -> list[str]:
    """The ids of the exercises of the notebook in front."""
    return evaluate(
        page,
        """() => notebook().widgets.map((cell) => cell.model.getMetadata("nbgrader"))
          .filter((metadata) => metadata?.grade).map((metadata) => metadata.grade_id)""",
    )


def points(page: Page, exercise_id: str) -> str:
    """What nbgrader would read as the points of a check: the text of its result."""
    return next(one["data"]["text/plain"] for one in outputs(page, exercise_id) if one["output_type"] == "execute_result")


def put_in_mistakes(page: Page, checks: list[str]) -> None:
    """The first known mistake in every answer cell of the notebook in front."""
    answers = {f"{exercise_id}-answer": known_mistake(find(exercise_id)) for exercise_id in checks}
    evaluate(
        page,
        """(answers) => { for (const cell of notebook().widgets) {
          const answer = answers[cell.model.getMetadata("nbgrader")?.grade_id];
          if (answer) cell.model.sharedModel.setSource(answer);
        } }""",
        answers,
    )


def prose_with_tables(page: Page) -> list[int]:
    """The positions of the prose cells that hold a table."""
    return evaluate(
        page,
        """() => notebook().widgets.flatMap((cell, at) =>
          cell.model.type === "markdown" && /^\\|/m.test(cell.model.sharedModel.getSource()) ? [at] : [])""",
    )


def runs_over(page: Page, which: int) -> list[str]:
    """The beginnings of the tables that are wider than their language's column, where the last cells would be cut off."""
    return cell(page, which).evaluate(
        """(element) => [...element.querySelectorAll("div[lang] table")].filter((each) => each.checkVisibility())
          .map((table) => {
            const right = (each) => each.getBoundingClientRect().right;
            // All but what MathJax keeps for screen readers, which nobody sees and nothing makes room for.
            const seen = [table, ...table.querySelectorAll("*")].filter((each) => !each.closest("mjx-assistive-mml"));
            const over = Math.max(...seen.map(right)) - Math.min(right(table), right(table.closest("[lang]")));
            return over > 1 && `${table.closest("[lang]").lang}, ${over} px: ${table.textContent.trim().slice(0, 40)}`;
          }).filter(Boolean)"""
    )


def test_a_lesson_stands_in_columns_before_any_cell_has_run(page: Page, lessons: Server):
    open_notebook(page, lessons, f"lessons/{ONE}", stay=True)
    switch(page, "ru", "zh")  # another file's tests may have left the server's user with another choice
    blocks = [page.locator(f'.jp-MarkdownCell div[lang="{language}"]').locator("visible=true").first for language in ("ru", "zh")]
    russian, chinese = (block.bounding_box() for block in blocks)
    assert russian is not None
    assert chinese is not None
    assert abs(russian["y"] - chinese["y"]) < 2
    assert russian["x"] + russian["width"] <= chinese["x"]
    expect(page.locator('.jp-MarkdownCell div[lang="en"]').locator("visible=true")).to_have_count(0)
    for theme in ("light", "dark"):
        set_theme(page, theme)
        screenshot(page, f"lesson-01-top-{theme}")
    set_theme(page, "light")


def says(mistake: str) -> dict[str, str]:
    """The first words of a known mistake's message in each language, up to the first field or mark."""
    message = next(m for m in find(EXERCISE).mistakes if m.id == mistake).message
    return {language: re.split(r"[{*`]", translate(message, language))[0].strip() for language in ("ru", "zh", "en")}


def walk(page: Page, server: Server, path: str, name: str, app: str = "lab") -> None:
    """From a wrong answer over a syntax error to the right one, with the switch in between."""
    open_notebook(page, server, path, app=app, stay=True)
    switch(page, "ru", "zh")  # another file's tests may have left the server's user with another choice
    run_cell(page, 1) if source(page, 1) else None
    type_into_cell(page, f"{EXERCISE}-answer", WRONG)
    run_cell(page, f"{EXERCISE}-answer")
    run_cell(page, EXERCISE)
    words = says("fwd_column_plus_1d_bias")
    report = output(page, EXERCISE)
    for language in ("ru", "zh"):
        expect(report.locator(f'[lang="{language}"]', has_text=words[language]).locator("visible=true").first).to_be_visible()
    expect(report.locator('[lang="en"]').locator("visible=true")).to_have_count(0)
    assert cut_off(page, EXERCISE) <= 1
    screenshot(page, f"{name}-wrong-ru-zh")

    switch(page, "en")
    report = output(page, EXERCISE)
    expect(report.locator('[lang="en"]', has_text=words["en"]).locator("visible=true").first).to_be_visible()
    expect(report.locator('[lang="ru"]').locator("visible=true")).to_have_count(0)
    assert source(page, f"{EXERCISE}-answer") == WRONG
    screenshot(page, f"{name}-wrong-en")
    switch(page, "ru", "zh")

    type_into_cell(page, f"{EXERCISE}-answer", UNREADABLE)
    run_cell(page, f"{EXERCISE}-answer")
    run_cell(page, EXERCISE)
    expect(output(page, EXERCISE)).to_contain_text("синтаксическая ошибка")
    expect(output(page, EXERCISE)).to_contain_text("语法错误")
    screenshot(page, f"{name}-syntax-error")

    type_into_cell(page, f"{EXERCISE}-answer", RIGHT)
    run_cell(page, f"{EXERCISE}-answer")
    run_cell(page, EXERCISE)
    expect(output(page, EXERCISE).locator(".nl-points")).to_have_text("4 / 4")
    assert points(page, EXERCISE) == "4"
    screenshot(page, f"{name}-right")


def test_a_wrong_answer_a_syntax_error_and_the_right_answer_in_plain_jupyterlab(page: Page, lessons: Server):
    walk(page, lessons, f"lessons/{ONE}", "lab")


def test_a_mean_in_db_is_named_by_the_check_and_marked_in_the_picture(page: Page, lessons: Server):
    """Lesson 06 solved from the top but for one thing: the picture says of it what the check says, in every language."""
    right = all_solutions()
    mean = "def bias_gradient(x, W, G):\n    return G.mean(0)"
    notebook = next(path for path in NOTEBOOKS if path.parts[0].startswith("06_"))
    path = with_answers(lessons, notebook, "mean", lambda one: mean if one.id == "bias-gradient" else right[one.id])
    open_notebook(page, lessons, path, stay=True)
    switch(page, "ru", "zh")  # another file's tests may have left the server's user with another choice
    run_all(page)
    assert errors(page) == []
    message = next(one for one in find("bias-gradient").mistakes if one.id == "db_batch_mean").message
    for shown_now in (("ru", "zh"), ("en",)):
        switch(page, *shown_now)
        for language in shown_now:
            words = re.split(r"[{*`]", translate(message, language))[0].strip()
            for check in ("bias-gradient", "linear-backward"):
                report = output(page, check).locator(f'[lang="{language}"]', has_text=words).locator("visible=true")
                expect(report.first).to_be_visible()
            view = cell(page, after(page, "linear-backward")).locator(".nl-view")
            expect(view.locator(".nl-mark-first").first).to_be_visible()
            expect(view.locator(f'.nl-say > [lang="{language}"]').locator("visible=true")).to_contain_text(words)
        screenshot(page, f"lesson-06-mean-{'-'.join(shown_now)}")
    switch(page, "ru", "zh")


def after(page: Page, which: str) -> int:
    """The position of the first code cell below the cell *which*."""
    return evaluate(
        page,
        """(which) => {
          const below = notebook().widgets.slice(indexOf(which) + 1);
          return indexOf(which) + 1 + below.findIndex((cell) => cell.model.type === "code");
        }""",
        which,
    )


@pytest.mark.thorough
def test_the_same_in_notebook_7(page: Page, notebook7: Server):
    shutil.copytree(RELEASE, notebook7.folder / "lessons", dirs_exist_ok=True)
    walk(page, notebook7, f"lessons/{ONE}", "notebook7", app="notebook")


def test_the_same_in_the_jupyterlab_that_course_lab_starts(page: Page, tmp_path: Path):
    with course_lab(tmp_path) as server:
        assert (server.folder / ONE).exists()
        walk(page, server, str(ONE), "course-lab")


@contextlib.contextmanager
def course_lab(folder: Path) -> Iterator[Server]:
    """A server started as `make lab` starts it: `course lab`, which fills the folder and prints the address."""
    work, config = folder / "work", folder / "config"
    command = ["course.cli", "lab", "--no-browser", "--dir", str(work)]
    # The tests look through JupyterLab's own eyes, which a learner's server does not offer.
    more = {"COURSE_STATE": str(folder / "state"), "JUPYTER_CONFIG_PATH": str(shows_its_app(folder))}
    with served(command, folder, config, **more) as (url, token):
        yield Server(url, token, work, config)


def shows_its_app(folder: Path) -> Path:
    path = folder / "shown"
    path.mkdir()
    (path / "jupyter_server_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    return path
