"""How long a picture takes from its trace to the eye: its board, a step, and the first paint after its cell has ended.

    python benchmarks/views.py

The last two are measured in the page itself, in Chromium, by its own clock; without Chromium they are left out. Each function
yields (what, samples, bound or None, unit), as `bench.Line` takes them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for place in (ROOT, ROOT / "benchmarks", ROOT / "tests/browser"):  # the tests know how to start and to drive Jupyter
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

Sample = tuple[str, tuple[float, ...], float | None, str]
STATIC = ROOT / "course/views/static"

CELL = """
import sys
sys.path.insert(0, {benchmarks!r})
from graph import lesson_06, loss
from course.graph import graph
from course.views.graph_board import graph_board
from course.views.widget import show
board = graph_board(graph(loss, lesson_06(), fold={{"L": "½ Σ(·)²"}}))
"""

# A step: from the change of the trait until every box has its place, which is what the browser does before it paints.
STEPS = """() => {
  const view = document.querySelector(".nl-view"), count = model.get("picture").steps.length, taken = [];
  for (let round = 0; round < 6; round += 1) {
    for (let step = 0; step < count; step += 1) {
      const start = performance.now();
      model.set("step", step);
      view.getBoundingClientRect();
      if (round) taken.push(performance.now() - start);
    }
  }
  return taken;
}"""

# The paint after the picture has come into the page, counted from the kernel's word that the cell has ended.
PAINT = """() => {
  let ended;
  const kernel = panel().sessionContext.session.kernel;
  const listen = (_, message) => {
    const idle = message.header.msg_type === "status" && message.content.execution_state === "idle";
    if (idle && message.parent_header.msg_type === "execute_request") ended = performance.now();
  };
  kernel.iopubMessage.connect(listen);
  const before = new Set(document.querySelectorAll(".nl-view .nl-stage"));
  window.painted = new Promise((resolve) => {
    const look = () => {
      const fresh = [...document.querySelectorAll(".nl-view .nl-stage")].find((one) => !before.has(one) && one.childElementCount);
      if (!fresh || ended === undefined) { requestAnimationFrame(look); return; }
      requestAnimationFrame(() => setTimeout(() => {
        kernel.iopubMessage.disconnect(listen);
        resolve(performance.now() - ended);
      }));
    };
    requestAnimationFrame(look);
  });
}"""


def layer() -> Any:
    """Lesson 06's layer as a board, as the lesson shows it."""
    from graph import lesson_06, loss

    from course.graph import graph
    from course.views.graph_board import graph_board

    return graph_board(graph(loss, lesson_06(), fold={"L": "½ Σ(·)²"}))


def board(times: int = 15) -> Iterator[Sample]:
    """The Python of a picture behind its trace: the board with its frames, and what is sent of it."""
    from graph import lesson_06, loss

    from course.graph import graph
    from course.views.graph_board import graph_board

    traced = graph(loss, lesson_06(), fold={"L": "½ Σ(·)²"})
    taken: dict[str, list[float]] = {"the board and its frames": [], "what is sent, and the table": []}
    found = graph_board(traced)
    for _ in range(times):
        start = time.perf_counter()
        found = graph_board(traced)
        made = time.perf_counter()
        sent = json.dumps(found.to_json(), ensure_ascii=False)
        found.to_html()
        taken["the board and its frames"].append(1000 * (made - start))
        taken["what is sent, and the table"].append(1000 * (time.perf_counter() - made))
    for what, samples in taken.items():
        yield f"picture of lesson 06: {what}", tuple(samples), None, "ms"
    yield "picture of lesson 06: size of what is sent", (len(sent.encode()) / 1000,), None, "kB"


def size() -> Iterator[Sample]:
    yield "module of the pictures, views.js", ((STATIC / "views.js").stat().st_size / 1000,), 40, "kB"
    yield "style of the pictures, views.css", ((STATIC / "views.css").stat().st_size / 1000,), None, "kB"


def in_the_browser(times: int = 7) -> Iterator[Sample]:
    """A step on a plain page; the first paint in JupyterLab, of a page's first picture and of the later ones."""
    try:
        from conftest import CHROMIUM, FLAGS, jupyter, new_page
        from pages import code, evaluate, open_notebook, run_cell, write_notebook
        from playwright.sync_api import sync_playwright
        from test_views import put
    except ImportError as missing:
        print(f"left out: what the browser shows ({missing}); install the extra “test”", file=sys.stderr)
        return
    if not CHROMIUM.exists():
        print(f"left out: what the browser shows; there is no Chromium at {CHROMIUM}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="bench-views-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        with new_page(browser) as page:
            put(page, layer())
            yield "a step in the browser", tuple(page.evaluate(STEPS)), 16, "ms"
        first: list[float] = []
        later: list[float] = []
        with jupyter("lab", Path(folder) / "served") as server:
            cells = [code(CELL.format(benchmarks=str(ROOT / "benchmarks"))), code("show(board)")]
            write_notebook(server, "picture.ipynb", cells)
            for _ in range(3):
                with new_page(browser) as page:
                    open_notebook(page, server, "picture.ipynb")
                    run_cell(page, 0)
                    for samples in (first, *[later] * (times // 2)):
                        evaluate(page, PAINT)
                        run_cell(page, 1)
                        samples.append(page.evaluate("painted"))
        browser.close()
    yield "first paint after the cell ends", tuple(first), 300, "ms"
    yield "first paint of a later picture of the page", tuple(later), 300, "ms"


LINES: tuple[Callable[[], Iterator[Sample]], ...] = (board, size, in_the_browser)


def main() -> int:
    for what, samples, bound, unit in (sample for measure in LINES for sample in measure()):
        ratio = f"  {median(samples) / bound:5.2f} of {bound} {unit}" if bound else ""
        print(f"{what:48} {median(samples):8.2f} {unit}  ({min(samples):.2f} … {max(samples):.2f}){ratio}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
