"""
What the browser tests do on a notebook's page, in the words of someone who does it.

A cell is named by its position or by its grade_id. JupyterLab takes cells out of the page that are far from view, so a
cell is brought into view before it is handed out, and what a cell holds is read from JupyterLab's own model, which the
servers of these tests show to the page as `window.jupyterapp`.
"""

import contextlib
import json
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, expect

ARTIFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"
WAIT = 120_000  # ms until a kernel or a run is given up
SETTLED = 10_000  # ms until a cell that is in view has come to rest

Which = int | str


@dataclass(frozen=True)
class Server:
    """A running Jupyter server. *url* has no slash at its end; *folder* is what it serves, *config* its user's settings."""

    url: str
    token: str
    folder: Path
    config: Path


# The panel in front, and in it a cell by position or grade_id; put before every script below.
FINDERS = """
const panel = () => window.jupyterapp.shell.currentWidget;
const notebook = () => panel().content;
const indexOf = (which) => {
  const cells = notebook().widgets;
  const at = typeof which === "number"
    ? (which < 0 ? cells.length + which : which)
    : cells.findIndex((cell) => cell.model.getMetadata("nbgrader")?.grade_id === which);
  if (!cells[at]) throw new Error(`no cell ${which} among the ${cells.length} cells of this notebook`);
  return at;
};
const cellAt = (which) => notebook().widgets[indexOf(which)];
const within = (ms, promise, what) => Promise.race([
  promise,
  new Promise((_, reject) => setTimeout(() => reject(new Error(`${what()} after ${ms / 1000} s`)), ms)),
]);
"""


def evaluate(page: Page, script: str, argument=None):
    """The value of the JavaScript function *script* for *argument*; FINDERS' names are known in it."""
    return page.evaluate(f"(argument) => {{ {FINDERS} return ({script})(argument); }}", argument)


def write_notebook(server: Server, path: str, cells: Sequence[Mapping]) -> Path:
    """
    A notebook of this Python in the server's folder.

    Args: cells: `prose(…)` and `code(…)`.
    """
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": [{"id": f"cell-{i:02d}", **cell} for i, cell in enumerate(cells)],
    }
    target = server.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook, ensure_ascii=False, indent=1))
    return target


def prose(source: str, **metadata) -> dict:
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def code(source: str, html: str | None = None, **metadata) -> dict:
    """A code cell, with a saved output of *html* if given."""
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": "…"}}
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "execution_count": None,
        "outputs": [output] if html else [],
    }


REOPEN = """async (path) => {
  for (const open of [...window.jupyterapp.shell.widgets("main")]) {
    await open.context?.sessionContext?.shutdown();
    open.dispose();  // to close would ask whether to save
  }
  const panel = await window.jupyterapp.commands.execute("docmanager:open", { path });
  await panel.context.ready;
}"""


def open_notebook(page: Page, server: Server, path: str, *, app: str = "lab", stay: bool = False) -> None:
    """
    Opens *path*, relative to the server's folder, and waits until its cells are drawn.

    Args: app: "lab", with a fresh workspace, or "notebook" for Notebook 7. stay: a page that is in this server's JupyterLab
    already is not loaded again, which takes seconds; what was open in it is closed.
    """
    if stay and app == "lab" and page.url.startswith(f"{server.url}/lab"):
        evaluate(page, REOPEN, path)
        wait_until_drawn(page)
        return
    quoted = urllib.parse.quote(path)
    where = {"lab": f"/lab/tree/{quoted}?reset&", "notebook": f"/notebooks/{quoted}?"}[app]
    page.goto(f"{server.url}{where}token={server.token}")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Until the notebook in front is loaded, and every prose cell in view is rendered."""
    page.wait_for_function(
        """() => {
          const panel = window.jupyterapp?.shell.currentWidget;
          const cells = panel?.content?.widgets ?? [];
          const seen = [...document.querySelectorAll(".jp-MarkdownCell")].filter((cell) => cell.offsetParent);
          return panel?.context?.isReady && cells.length > 0 && document.querySelector(".jp-Cell")
            && seen.every((cell) => cell.querySelector(".jp-RenderedMarkdown")?.childElementCount);
        }"""
    )


def cell(page: Page, which: Which) -> Locator:
    """The cell in the page, scrolled into view. Ask again after a scroll: it may have left the page."""
    for _ in range(10):
        index = evaluate(
            page,
            """async (which) => {
              const index = indexOf(which), cell = cellAt(which);
              if (!cell.inViewport) await within(10000, notebook().scrollToItem(index), () => `cell ${which} not in view`);
              cell.node.dataset.ofTheTests = index;
              return index;
            }""",
            which,
        )
        found = page.locator(f'.jp-Cell[data-of-the-tests="{index}"]').locator("visible=true")
        # JupyterLab takes a cell out of the page and puts it back while it settles.
        with contextlib.suppress(Error):
            found.scroll_into_view_if_needed(timeout=SETTLED)
            return found
    raise AssertionError(f"cell {which} does not stay in view")


def source(page: Page, which: Which) -> str:
    return evaluate(page, "(which) => cellAt(which).model.sharedModel.getSource()", which)


def sources(page: Page) -> list[str]:
    return evaluate(page, "() => notebook().widgets.map((cell) => cell.model.sharedModel.getSource())")


def type_into_cell(page: Page, which: Which, text: str) -> None:
    """Replaces what stands in a code cell by *text*, from the keyboard, as a paste does: no bracket is closed for it."""
    cell(page, which).locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
    assert source(page, which) == text, f"cell {which} did not take what was typed into it"


def wait_for_kernel(page: Page) -> None:
    """Until the notebook's kernel answers and has nothing to do."""
    evaluate(
        page,
        """async (ms) => {
          const context = panel().sessionContext;
          const status = () => context.session?.kernel?.status;
          const idle = async () => {
            await context.ready;
            while (status() !== "idle") await new Promise((resolve) => setTimeout(resolve, 50));
          };
          await within(ms, idle(), () => `the kernel is ${status()}`);
        }""",
        WAIT,
    )


def run_all(page: Page, timeout: int = WAIT) -> None:
    """Runs every cell and waits for the last; errors in cells are theirs to show, so it stops at the first one."""
    wait_for_kernel(page)
    evaluate(
        page,
        """async (ms) => {
          const busy = () => notebook().widgets.findIndex((cell) => cell.model.executionState === "running");
          const run = window.jupyterapp.commands.execute("notebook:run-all-cells");
          await within(ms, run, () => `still running cell ${busy()}`);
        }""",
        timeout,
    )
    wait_for_kernel(page)


def run_cell(page: Page, which: Which, timeout: int = WAIT) -> None:
    """Runs one cell and waits for it."""
    wait_for_kernel(page)
    cell(page, which)
    evaluate(
        page,
        """async ([which, ms]) => {
          notebook().activeCellIndex = indexOf(which);
          notebook().deselectAll();
          const run = window.jupyterapp.commands.execute("notebook:run-cell");
          await within(ms, run, () => `still running cell ${which}`);
        }""",
        [which, timeout],
    )
    wait_for_kernel(page)


def outputs(page: Page, which: Which) -> list[dict]:
    """The cell's outputs, in nbformat's form."""
    return evaluate(page, "(which) => cellAt(which).model.outputs.toJSON()", which)


def output(page: Page, which: Which) -> Locator:
    """Where the cell's outputs stand in the page."""
    return cell(page, which).locator(".jp-Cell-outputArea")


def cut_off(page: Page, which: Which) -> int:
    """So many px of the cell's output are reached by a scroll of its own only, as Notebook 7 shows a long one."""
    return output(page, which).evaluate("(area) => area.scrollHeight - area.clientHeight")


def shown(page: Page) -> list[str]:
    """The languages of the view, first column first; empty where the lab extension does nothing."""
    return (page.locator("body").get_attribute("data-nl-languages") or "").split()


def press_language(page: Page, language: str) -> None:
    """One press on the switch in the notebook's toolbar, which is in reach from every cell."""
    name = {"ru": "Русский", "zh": "中文", "en": "English"}[language]
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name=name).locator("visible=true").click()


def switch(page: Page, *languages: str) -> None:
    """Presses the switch until exactly *languages*, one or two, are shown, in that order."""
    for language in languages:
        if language not in shown(page):
            press_language(page, language)
    for language in set(shown(page)) - set(languages):
        press_language(page, language)
    if shown(page) != list(languages):  # the same two in the other order: the first goes and comes back
        press_language(page, languages[1])
        press_language(page, languages[1])
    expect(page.locator("body")).to_have_attribute("data-nl-languages", " ".join(languages))


def set_theme(page: Page, theme: str) -> None:
    """ "light" or "dark". It stays with the server's user: put it back."""
    name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
    evaluate(page, "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true" if theme == "light" else "false")


def screenshot(page: Page, name: str) -> Path:
    """The page as seen now, as test-artifacts/<name>.png, for people to look at."""
    ARTIFACTS.mkdir(exist_ok=True)
    target = ARTIFACTS / f"{re.sub(r'[^0-9A-Za-z_-]+', '-', name)}.png"
    page.evaluate("() => document.fonts.ready.then(() => null)")
    page.screenshot(path=str(target))
    return target
