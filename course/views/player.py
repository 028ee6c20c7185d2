"""The same picture on a page without Jupyter: the ES module in a frame that may run scripts and nothing else.

For static HTML (nbconvert, a page of solutions). The frame has an origin of its own, so the picture cannot reach the page around
it, its cookies or the network; a content policy inside of it forbids every address.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from course.language import LANGUAGES
from course.views.board import Board
from course.views.widget import HERE

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
ROOM = 560  # px below the picture: controls, sentences, inspector, legend

# The least that the module wants of a host; see the typedef Model there.
HOST = """
const state = { picture: JSON.parse(document.getElementById("picture").textContent), step: Number(document.body.dataset.step) };
const calls = {};
const model = {
  get: (key) => state[key],
  set(key, value) { state[key] = value; for (const call of calls[`change:${key}`] ?? []) call(); },
  save_changes() {},
  on(name, call) { (calls[name] ??= []).push(call); },
  off(name, call) { calls[name] = (calls[name] ?? []).filter((one) => one !== call); },
};
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => document.documentElement.classList.toggle("nl-dark", document.body.dataset.theme === "dark"
  || (document.body.dataset.theme === "system" && dark.matches));
dark.addEventListener("change", theme);
theme();
view.render({ model, el: document.getElementById("here") });
"""


def page(board: Board, languages: Sequence[str] = LANGUAGES, *, step: int = 0, theme: str = "light") -> str:
    """A whole HTML page that plays *board*, without any address in it. theme: "light", "dark" or "system"."""
    module = (HERE / "views.js").read_text(encoding="utf-8")
    # In a frame without an origin a module cannot be imported from a string under the policy: its exports become names.
    script = module.replace("export default { render };", "const view = { render };").replace("\nexport ", "\n")
    data = json.dumps(board.to_json(languages), ensure_ascii=False).replace("<", "\\u003c")
    style = (HERE / "views.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{languages[0]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{html.escape(board.title)}</title>'
        f"<style>body {{ margin: 0; }}\n{style}</style></head>"
        f'<body data-step="{int(step)}" data-theme="{html.escape(theme)}"><div id="here"></div>'
        f'<script type="application/json" id="picture">{data}</script>'
        f'<script type="module">{script}{HOST}</script></body></html>'
    )


def player(board: Board, languages: Sequence[str] = LANGUAGES, *, step: int = 0, theme: str = "light") -> str:
    """*board* as a frame for static HTML; its table stands behind it for pages that strip frames."""
    height = max((frame.height for frame in board.frames[:1]), default=200) + ROOM
    inside = html.escape(page(board, languages, step=step, theme=theme), quote=True)
    return (
        f'<div class="nl-player"><iframe sandbox="allow-scripts" title="{html.escape(board.title, quote=True)}" '
        f'style="width: 100%; max-width: 870px; height: {height}px; border: 0;" srcdoc="{inside}"></iframe>'
        f"<details><summary>{html.escape(board.title)}</summary>{board.to_html(languages)}</details></div>"
    )
