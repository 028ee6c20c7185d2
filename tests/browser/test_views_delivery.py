"""
Where a picture gets to, and whether everybody can read it there: pages of nbconvert, a notebook that nobody trusts, axe's rules,
and the room that each text has.

One notebook is run once, without a browser; what was saved of it is then shown in each of these places. nbconvert's pages name
addresses for MathJax and RequireJS, so they are looked at in a browser without any network.
"""

import copy
import json
import re
from dataclasses import replace

import nbformat
import pytest
import torch
from axe_playwright_python.base import AXE_SCRIPT
from conftest import PATIENCE
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from pages import cell, code, open_notebook, prose
from playwright.sync_api import Locator, Page, expect
from test_views import LAYER, entry, put, step_to

from course.exercises.lesson_06 import UPSTREAM
from course.views import ready
from course.views.board import Board, asking
from course.views.both_ways import both_ways_board
from course.views.comparing import compared
from course.views.layer import layer_board
from course.views.leading_axes import leading_axes_board
from course.views.module import module_board
from course.views.two_forms import two_forms_board

STILL = [
    code(LAYER + "show(board)"),
    code("from IPython.display import HTML\nfrom course.views.player import player\nHTML(player(board, ('ru', 'zh'), step=4))"),
]
SAVED, PLAYED = 1, 2  # the cells, behind one of prose


@pytest.fixture(scope="module")
def layer() -> Board:
    names: dict = {}
    exec(LAYER.replace("from course.views.widget import show\n", ""), names)
    return names["board"]


@pytest.fixture(scope="module")
def saved() -> nbformat.NotebookNode:
    """A notebook as it is saved after it was run: `show` in its second cell, a player in its third; with the widgets' state."""
    cells = [prose("# pictures"), *STILL]
    notebook = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"id": f"c{i}", **one} for i, one in enumerate(cells)]}
    )
    NotebookClient(notebook, kernel_name="python3", timeout=PATIENCE, store_widget_state=True).execute()
    assert any("application/vnd.jupyter.widget-view+json" in one.data for one in notebook.cells[SAVED].outputs)
    assert "widgets" in notebook.metadata
    return notebook


def without_state(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """As Jupyter saves it, where it was not asked to keep the widgets' state."""
    found = copy.deepcopy(notebook)
    del found.metadata["widgets"]
    return found


def table_of_dW(page: Page | Locator) -> Locator:
    return page.locator("table", has_text="dW (3, 4)").locator("visible=true")


def holds_dW(table: Locator) -> None:
    """The table is seen, and its numbers are the gradient's."""
    expect(table).to_have_count(1)
    assert re.findall(r"−?\d+", table.inner_text().split("\n", 1)[1])[-4:] == ["3", "0", "6", "−2"]


# -- nbconvert -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def offline(browser) -> Page:
    """A page without a network."""
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000 / 3)
    yield page
    context.close()


@pytest.mark.parametrize("state", ["with the state", "without the state"])
def test_a_page_of_nbconvert_shows_the_table_and_plays_the_player(offline, saved, tmp_path, state):
    notebook = saved if state == "with the state" else without_state(saved)
    body, _ = HTMLExporter().from_notebook_node(notebook)
    file = tmp_path / "page.html"
    file.write_text(body, encoding="utf-8")
    offline.goto(file.as_uri(), wait_until="domcontentloaded")
    cells = offline.locator(".jp-CodeCell")
    holds_dW(table_of_dW(cells.nth(SAVED - 1)))
    assert not re.search(r"model not found|Error displaying", offline.locator("body").inner_text())
    frame = cells.nth(PLAYED - 1).frame_locator("iframe")
    expect(frame.locator(".nl-steps")).to_contain_text("5 / ")
    for at in (6, 7):
        frame.get_by_role("button", name=re.compile("шаг вперёд")).click()
        expect(frame.locator(".nl-steps")).to_contain_text(f"{at} / ")
    frame.get_by_role("button", name=re.compile("последний шаг")).click()
    expect(frame.locator('.nl-stage [aria-label^="dW[1, 3] ="]')).to_have_text("−5")


# -- Jupyter -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["with the state", "without the state"])
def test_a_notebook_that_is_not_trusted_shows_the_table(kept_page, lab, saved, state):
    """It came from elsewhere, and nothing in it was run here."""
    notebook = saved if state == "with the state" else without_state(saved)
    name = f"views-untrusted-{state.replace(' ', '-')}.ipynb"
    (lab.folder / name).write_text(nbformat.writes(notebook))
    open_notebook(kept_page, lab, name, stay=True)
    assert kept_page.evaluate("() => !window.jupyterapp.shell.currentWidget.content.widgets[1].model.trusted")
    output = cell(kept_page, SAVED)
    holds_dW(table_of_dW(output))
    expect(output.get_by_text(re.compile("model not found|Error displaying"))).to_have_count(0)
    played = cell(kept_page, PLAYED)  # Jupyter strips the frame, and leaves the table behind it
    expect(played.locator("iframe")).to_have_count(0)
    expect(played.locator("table", has_text="dW (3, 4)")).to_have_count(1)


# -- axe -----------------------------------------------------------------------------------------------------------------------


def faults(page: Page, inside: str = ".nl-view") -> list[str]:
    """What axe finds there, each with its rule and its element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("(inside) => axe.run(inside, { resultTypes: ['violations'] })", inside)
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


def loaded() -> torch.nn.Linear:
    linear = torch.nn.Linear(4, 3)
    linear.load_state_dict({"weight": torch.tensor(ready.WEIGHT), "bias": torch.tensor(ready.BIAS)})
    return linear


def edited() -> Board:
    board = ready.diamond_board()
    return replace(board, editable=(next(one.id for one in board.matrices if one.name == "x"),))


# A board of each other kind that the lessons show; a comparison, one that asks, and one whose numbers are edited.
BOARDS = {
    "layer": lambda: layer_board(ready.WEIGHT, ready.X[0], ready.BIAS),
    "two_forms": lambda: two_forms_board(ready.WEIGHT, [*zip(*ready.X, strict=True)], ready.BIAS),
    "module": lambda: module_board(loaded()),
    "leading_axes": lambda: leading_axes_board([ready.X[:3], ready.X[1:4]], ready.WEIGHT, ready.BIAS),
    "both_ways": lambda: both_ways_board(ready.WEIGHT, ready.BIAS, ready.X, UPSTREAM),
    "compared": lambda: compared("linear-backward", {"dX": ready.X, "db": [1, 2, 3]}),
    "asking": lambda: asking(ready.diamond_board(), "dy"),
    "edited": edited,
}


@pytest.mark.parametrize("kind", ["graph", *BOARDS])
def test_axe_finds_nothing_on_any_kind_of_board(page, layer, kind):
    """In the middle in light and two languages, where it asks if it does; at the end in dark and English."""
    board, found = layer if kind == "graph" else BOARDS[kind](), {}
    asks = next((at for at, one in enumerate(board.steps, 1) if one.question), len(board.steps) // 2)
    for dark, languages, step in ((False, ("ru", "zh"), asks), (True, ("en",), len(board.steps))):
        view = put(page, board, languages=languages, dark=dark)
        view.locator("summary").click()
        if board.editable:
            page.evaluate("model.set('pong', 1)")
            view.locator(".nl-edit").click()
        step_to(page, step)
        if kind == "graph" and step == len(board.steps):
            entry(view, "dW[1, 3]").click()  # kept, with the products it is the sum of
        found[step] = faults(page)
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)


def test_axe_sees_a_button_without_a_name_and_a_text_too_pale(page, layer):
    """The gate itself: it can fail."""
    view = put(page, layer)
    view.evaluate("""(view) => {
      const button = document.createElement("button"), pale = document.createElement("p");
      pale.append("pale"); pale.style.color = "#ddd";
      view.append(button, pale);
    }""")
    assert {one.split(":")[0] for one in faults(page)} == {"button-name", "color-contrast"}


# -- room ------------------------------------------------------------------------------------------------------------------------

# Text that sticks out of the view, that its own box cuts, or that runs over another text; and a page that scrolls sideways.
FAULTS_OF_ROOM = """(view) => {
  const found = [], lines = [], right = view.getBoundingClientRect().right + 0.5;
  if (document.documentElement.scrollWidth > innerWidth) found.push(`sideways: ${document.documentElement.scrollWidth}`);
  const walk = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), el = walk.currentNode.parentElement;
    const seen = el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!text || !seen || el.closest(".nl-vh, table")) continue;
    if (el.matches(".nl-e") && el.scrollWidth > el.clientWidth) found.push(`cut: ${text}`);
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    for (const line of range.getClientRects()) {
      if (line.right > right) found.push(`outside: ${text}`);
      for (const [other, said, its] of lines) {
        const w = Math.min(line.right, other.right) - Math.max(line.left, other.left);
        const h = Math.min(line.bottom, other.bottom) - Math.max(line.top, other.top);
        if (w > 2 && h > 4 && el !== its && !el.contains(its) && !its.contains(el)) found.push(`${text} over ${said}`);
      }
      lines.push([line, text, el]);
    }
  }
  return [...new Set(found)];
}"""


@pytest.mark.parametrize("width", [900, 450], ids=["100 %", "200 %"])
@pytest.mark.parametrize("kind", ["graph", *BOARDS])
def test_no_text_is_cut_and_none_covers_another_at_any_step(page, layer, kind, width):
    """Zoom halves the width that a page has; all languages at once are the most there is to place."""
    board, found = layer if kind == "graph" else BOARDS[kind](), {}
    page.set_viewport_size({"width": width, "height": 1000})
    view = put(page, board)
    for step in range(1, len(board.steps) + 1):
        step_to(page, step)
        found[step] = view.evaluate(FAULTS_OF_ROOM)
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)


def test_a_text_over_another_and_one_that_is_cut_are_seen(page, layer):
    """The gate itself: it can fail."""
    view = put(page, layer)
    view.evaluate("""(view) => {
      view.querySelector(".nl-steps").style.marginLeft = "-60px";
      view.querySelector(".nl-e").style.width = "3px";
    }""")
    assert {one.split(":")[0] for one in view.evaluate(FAULTS_OF_ROOM)} >= {"cut"}
    assert any(" over " in one for one in view.evaluate(FAULTS_OF_ROOM))
