"""The lab extension: languages in columns, the switch, and what it must leave alone."""

import contextlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator

import pages
import pytest
from conftest import EXTENSION, REPOSITORY
from pages import cell, code, evaluate, open_notebook, prose, screenshot, set_theme, shown, switch
from playwright.sync_api import Page, expect

FOLDER = REPOSITORY / "course/labextension"

SWITCH = """<button class="nn-lang-ru">Русский</button>
<button class="nn-lang-zh">中文</button>
<button class="nn-lang-en">English</button>

"""
WORDS = {
    "ru": ("Шаг", "Здесь вы построите `torch.nn.Linear` с нуля: сначала прямой проход, потом обратный. "),
    "zh": ("步骤", "这门课里，你会从零写出 `torch.nn.Linear`：先写前向传播，再写反向传播。"),
    "en": ("Step", "You build `torch.nn.Linear` from nothing. "),
}
REPORT = """<div class="nl-report"><div class="nl-cols"><p lang="ru">Верно, <a href="#">дальше</a></p>
<p lang="zh">正确</p><p lang="en">Right</p></div><details><summary><span lang="ru">Подсказка</span>
<span lang="zh">提示</span><span lang="en">Hint</span></summary><p lang="ru">Строки</p></details></div>"""


def three(heading: str, length: int = 2, **titles: str) -> str:
    """A prose cell's text: *length* sentences in each language, Russian ones being the longest."""
    blocks = []
    for language, (title, sentence) in WORDS.items():
        line = f"{heading} {titles.get(language, title)}"
        blocks.append(f'<div lang="{language}">\n\n{line}\n\n{sentence * length}$y = xA^T + b$\n\n</div>')
    return "\n".join(blocks)


def same(heading: str, title: str, length: int = 2) -> str:
    return three(heading, length, ru=title, zh=title, en=title)


SHOW = "from IPython.display import HTML, display\n"
LOCKED, GRADED, WIDGET = 3, "linear-batch", "the-widget"
LESSON = [
    prose(SWITCH + three("#", 2, ru="Урок", zh="课", en="Lesson")),
    prose(three("##", 3, ru="Раз", zh="一", en="One")),
    code("x = 1", REPORT),
    prose(three("###", 2, ru="Замок", zh="锁", en="Lock"), editable=False),
    code("\n".join(f"y{i} = {i}" for i in range(12))),
    prose(same("##", "nn.Linear")),
    code(f"{SHOW}display(HTML('''{REPORT}'''))", nbgrader={"grade_id": GRADED}),
    prose(three("##", 20, ru="Два", zh="二", en="Two")),
    code("z = 1", REPORT),
    prose(three("###", 9, ru="Три", zh="三", en="Three")),
    code("\n".join(f"z{i} = {i}" for i in range(25))),
    prose(three("##", 12, ru="Четыре", zh="四", en="Four")),
    code("import ipywidgets\nipywidgets.HTML('<p lang=ru>ось</p><p lang=zh>轴</p><p lang=en>axis</p>')",
         nbgrader={"grade_id": WIDGET}),
    prose(three("##", 4, ru="Пять", zh="五", en="Five")),
    code("v = 1", REPORT),
]  # fmt: skip

# Languages of the texts that can be seen below an element, in reading order.
SEEN = """(element) => [...element.querySelectorAll("[lang]:not(button)")]
  .filter((each) => each.checkVisibility() && !each.parentElement.closest("[lang]:not(html)"))
  .map((each) => each.lang)"""
BOXES = """(element) => Object.fromEntries([...element.querySelectorAll("div[lang]")]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.lang, each.getBoundingClientRect().toJSON()]))"""


def seen(page: Page, which: pages.Which) -> list[str]:
    return sorted(set(cell(page, which).evaluate(SEEN)))


def boxes(page: Page, which: pages.Which) -> dict[str, dict[str, float]]:
    return cell(page, which).evaluate(BOXES)


def contents(page: Page) -> list[str]:
    """The entries of the table of contents that can be seen."""
    evaluate(page, "() => window.jupyterapp.shell.activateById('table-of-contents')")
    page.locator(".jp-TableOfContents .jp-tocItem").locator("visible=true").first.wait_for()
    return page.locator(".jp-TableOfContents .jp-tocItem-content").evaluate_all(
        "(all) => all.filter((each) => each.getClientRects().length).map((each) => each.textContent)"
    )


def state(page: Page) -> dict:
    """What a stray key would change: the cells, the selected one, and whether the notebook is being edited."""
    return evaluate(
        page,
        """() => ({
          cells: notebook().widgets.map(({ model }) => [model.id, model.type, model.sharedModel.getSource()]),
          active: notebook().activeCellIndex,
          selected: notebook().widgets.filter((each) => notebook().isSelected(each)).length,
          mode: notebook().mode,
          closed: notebook().widgets.map(({ rendered }) => rendered),
        })""",
    )


@pytest.fixture
def lesson(kept_page, lab):
    """
    The lesson in JupyterLab, at its top, in Russian and Chinese. A test gives it back with the cells that it got.

    Opened once, and again after a test that failed in it or opened another.
    """
    page, sources = kept_page, [each["source"] for each in LESSON]
    if (
        page.url == "about:blank"
        or evaluate(page, "() => panel()?.context?.path") != "kept.ipynb"
        or pages.sources(page) != sources
    ):
        pages.write_notebook(lab, "kept.ipynb", LESSON)
        open_notebook(page, lab, "kept.ipynb", stay=True)
        pages.wait_for_kernel(page)  # which writes its name into the notebook
    switch(page, "ru", "zh")
    cell(page, 0)
    evaluate(page, "() => { notebook().mode = 'command'; notebook().activeCellIndex = 0; notebook().deselectAll(); }")
    yield page
    assert pages.sources(page) == sources


@pytest.fixture
def path(lab):
    """The lesson in a file of the test's own."""
    pages.write_notebook(lab, "own.ipynb", LESSON)
    return "own.ipynb"


# --- the view ---------------------------------------------------------------------------------------------------


def test_columns_stand_side_by_side_before_any_cell_has_run(lesson):
    where = boxes(lesson, 1)
    assert list(where) == ["ru", "zh"]
    assert where["ru"]["right"] < where["zh"]["left"]
    assert where["ru"]["top"] == where["zh"]["top"]
    assert where["ru"]["width"] == pytest.approx(where["zh"]["width"], abs=1)
    assert cell(lesson, 1).locator("[lang=ru] h2").evaluate("(h) => h.offsetTop") == (
        cell(lesson, 1).locator("[lang=zh] h2").evaluate("(h) => h.offsetTop")
    )
    assert lesson.locator("body").get_attribute("data-nl-count") == "2"
    screenshot(lesson, "languages-light")


def test_the_order_of_the_choice_is_the_order_of_the_columns(lesson):
    switch(lesson, "zh", "ru")
    where = boxes(lesson, 1)
    assert where["zh"]["right"] < where["ru"]["left"]
    assert where["zh"]["top"] == where["ru"]["top"]
    report = pages.output(lesson, 2).locator(".nl-cols")
    assert report.locator("[lang=zh]").bounding_box()["x"] < report.locator("[lang=ru]").bounding_box()["x"]


def test_one_language_has_the_whole_width(lesson):
    both = boxes(lesson, 1)
    switch(lesson, "en")
    alone = boxes(lesson, 1)
    assert list(alone) == ["en"]
    assert alone["en"]["left"] == both["ru"]["left"]
    assert alone["en"]["right"] == both["zh"]["right"]
    assert lesson.locator("body").get_attribute("data-nl-count") == "1"


def test_on_a_narrow_page_the_languages_stack(lesson):
    lesson.set_viewport_size({"width": 700, "height": 900})
    try:
        where = boxes(lesson, 1)
        assert where["ru"]["bottom"] <= where["zh"]["top"]
        assert where["ru"]["left"] == where["zh"]["left"]
        screenshot(lesson, "languages-narrow")
    finally:
        lesson.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_switch_is_readable_in_the_theme(lesson, theme):
    set_theme(lesson, theme)
    try:
        buttons = cell(lesson, 0).locator("button[class^=nn-lang-]")
        for button in buttons.all():
            assert button.evaluate(CONTRAST) >= 4.5, button.inner_text()
        screenshot(lesson, f"switch-{theme}")
    finally:
        set_theme(lesson, "light")


CONTRAST = """(button) => {
  const paint = document.createElement("canvas").getContext("2d");
  const light = (colour) => {
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((byte) => byte / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(button.parentElement).backgroundColor);
  const ink = light(getComputedStyle(button).color);
  return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
}"""


# --- the switch -------------------------------------------------------------------------------------------------


def test_the_switch_changes_text_outputs_and_contents_and_back(lesson):
    russian = ["Урок", "Раз", "Замок", "nn.Linear", "Два", "Три", "Четыре", "Пять"]
    chinese = ["课", "一", "锁", "nn.Linear", "二", "三", "四", "五"]
    english = ["Lesson", "One", "Lock", "nn.Linear", "Two", "Three", "Four", "Five"]
    assert sorted(contents(lesson)) == sorted(russian + chinese)
    switch(lesson, "en")
    assert [seen(lesson, which) for which in (0, 1, 2, 7, -1)] == [["en"]] * 5
    assert contents(lesson) == english
    screenshot(lesson, "languages-contents")
    switch(lesson, "ru", "zh")
    assert [seen(lesson, which) for which in (0, 1, 2, 7, -1)] == [["ru", "zh"]] * 5
    assert sorted(contents(lesson)) == sorted(russian + chinese)


def test_formulas_of_a_language_that_was_hidden_are_as_large_as_the_others(lesson):
    """MathJax measures the text around a formula, and takes a smaller guess where it is hidden."""
    size = """(element) => [...element.querySelectorAll("mjx-container")].filter((each) => each.checkVisibility())
      .map((each) => getComputedStyle(each).fontSize)"""
    seen_first = set(cell(lesson, 1).evaluate(size))
    switch(lesson, "en")
    assert set(cell(lesson, 1).evaluate(size)) == seen_first
    assert len(seen_first) == 1
    # JupyterLab takes cells out of the page and puts them back.
    evaluate(lesson, "() => { const { node } = cellAt(1); node.parentNode.insertBefore(node, node.nextSibling); }")
    assert set(cell(lesson, 1).evaluate(size)) == seen_first


def test_a_button_in_the_first_cell_is_the_switch_and_says_so(lesson):
    buttons = {language: cell(lesson, 0).locator(f".nn-lang-{language}") for language in WORDS}
    assert {key: button.get_attribute("aria-pressed") for key, button in buttons.items()} == {
        "ru": "true",
        "zh": "true",
        "en": "false",
    }
    assert all(button.get_attribute("lang") == key for key, button in buttons.items())
    expect(cell(lesson, 0).get_by_role("group", name="语言")).to_have_count(1)
    buttons["zh"].click()
    assert shown(lesson) == ["ru"]
    assert buttons["zh"].get_attribute("aria-pressed") == "false"
    buttons["ru"].click()
    assert shown(lesson) == ["ru"], "the last language stays"
    buttons["en"].click()
    assert shown(lesson) == ["ru", "en"]
    buttons["zh"].click()
    assert shown(lesson) == ["en", "zh"], "a third language replaces the older of two"


def test_a_cell_drawn_again_has_a_working_switch(lesson):
    evaluate(lesson, "() => { cellAt(0).rendered = false; }")
    expect(lesson.locator("button.nn-lang-en")).to_have_count(0)
    evaluate(lesson, "() => { cellAt(0).rendered = true; }")
    button = cell(lesson, 0).locator(".nn-lang-en")
    expect(button).to_have_attribute("data-lm-suppress-shortcuts", "true")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    assert shown(lesson) == ["zh", "en"]


def test_the_toolbar_and_the_view_menu_have_the_switch_in_notebooks_of_the_course_only(lesson, lab):
    pages.write_notebook(lab, "foreign.ipynb", [prose("# A notebook of somebody else"), code("1")])
    toolbar = lesson.locator(".jp-NotebookPanel-toolbar").locator("visible=true")
    buttons = toolbar.get_by_role("button", name=re.compile("Русский|中文|English")).locator("visible=true")
    expect(buttons).to_have_count(3)
    lesson.get_by_role("menuitem", name="View", exact=True).click()
    expect(lesson.get_by_role("menuitemcheckbox", name="中文")).to_be_checked()
    lesson.keyboard.press("Escape")
    lesson.keyboard.press("Escape")
    evaluate(lesson, "async () => { await window.jupyterapp.commands.execute('docmanager:open', { path: 'foreign.ipynb' }); }")
    expect(toolbar.get_by_role("button", name="Save")).to_be_visible()
    expect(lesson.get_by_role("heading", name="A notebook of somebody else")).to_be_visible()
    expect(buttons).to_have_count(0)
    evaluate(lesson, "() => panel().dispose()")  # closing would ask whether to save
    expect(buttons).to_have_count(3)


# --- what stays as it is ----------------------------------------------------------------------------------------


def test_a_switch_leaves_code_ids_and_the_focus_alone(lesson):
    before, notebook = state(lesson), evaluate(lesson, "() => notebook().model.toJSON()")
    cell(lesson, 2).locator(".cm-content").click()
    where = state(lesson)
    assert where["mode"] == "edit"
    assert where["active"] == 2
    cell(lesson, 0).locator(".nn-lang-en").click()
    assert shown(lesson) == ["zh", "en"]
    assert state(lesson) == where
    lesson.keyboard.press("End")
    lesson.keyboard.insert_text(" + 1")
    assert pages.source(lesson, 2) == "x = 1 + 1", "the cursor is where it was"
    for _ in range(4):
        lesson.keyboard.press("Backspace")
    lesson.keyboard.press("Escape")
    assert state(lesson)["cells"] == before["cells"]
    assert evaluate(lesson, "() => notebook().model.toJSON()") == notebook


@contextlib.contextmanager
def windowing(page: Page, mode: str) -> Iterator[None]:
    """Notebooks that are opened meanwhile draw their cells as the setting *mode* says. A page has it from its settings only, so
    they are asked for under the name that JupyterLab gives them."""
    script = """async (mode) => {
      const { pluginRegistry } = window.jupyterapp;
      const { provides } = pluginRegistry._plugins.get("@jupyterlab/apputils-extension:settings");
      const settings = await pluginRegistry.resolveRequiredService(provides), name = "@jupyterlab/notebook-extension:tracker";
      await (mode ? settings.set(name, "windowingMode", mode) : settings.remove(name, "windowingMode"));
    }"""
    evaluate(page, script, mode)
    try:
        yield
    finally:
        evaluate(page, script)


MODES = ["full", "defer", *(pytest.param(mode, marks=pytest.mark.thorough) for mode in ("contentVisibility", "none"))]


@pytest.mark.parametrize("mode", MODES)
def test_a_switch_keeps_the_place(lesson, lab, path, mode):
    page = lesson
    with windowing(page, mode):
        open_notebook(page, lab, path, stay=True)
        assert evaluate(page, "() => notebook().notebookConfig.windowingMode") == mode
        switch(page, "ru")
        for which, part in ((7, 0.25), (10, 0.7)):  # so much of a prose cell, then of a code cell, is above the edge
            cell(page, which)
            before = scroll(page, [which, part])
            for language in ("zh", "zh"):  # two columns, taller than one; and one again
                old = evaluate(page, "() => notebook().outerNode.scrollHeight")
                pages.press_language(page, language)
                after = place(page, which)
                assert abs(evaluate(page, "() => notebook().outerNode.scrollHeight") - old) > 50, "nothing moved"
                assert after["top"] == pytest.approx(before["top"] * after["height"] / before["height"], abs=2)
                before = after


def test_the_button_that_is_pressed_stays_under_the_pointer(lesson):
    switch(lesson, "ru")
    scroll(lesson, [0, 0.1])
    button = cell(lesson, 0).locator(".nn-lang-zh")
    before = button.bounding_box()["y"]
    button.click()
    place(lesson, 0)
    assert shown(lesson) == ["ru", "zh"]
    assert evaluate(lesson, "() => notebook().outerNode.scrollTop") > 0
    assert button.bounding_box()["y"] == pytest.approx(before, abs=2)


# Where a cell's top is, once the page has come to rest: forty frames, twice as long as the
# extension holds it, and until JupyterLab, which draws only what is in view, has drawn the cell.
PLACE = """const place = async (which) => {
  const box = () => cellAt(which).node.getBoundingClientRect();
  for (let frame = 0; frame < 40 || (frame < 600 && !box().height); frame += 1) await new Promise(requestAnimationFrame);
  if (!box().height) throw new Error(`cell ${which} is not drawn: it has left the view`);
  return { top: box().top - notebook().outerNode.getBoundingClientRect().top, height: box().height };
};"""


def place(page: Page, which: int) -> dict[str, float]:
    return evaluate(page, f"async (which) => {{ {PLACE} return place(which); }}", which)


def scroll(page: Page, where: list) -> dict[str, float]:
    """Scrolls so that a part of a cell is above the edge of the view; where it is then."""
    # Asked anew when the cell has left the view again: while the page opens, JupyterLab learns the heights of cells above it.
    script = """for (let left = 3; ; left -= 1) {
      try {
        await notebook().scrollToItem(which);
        const { top, height } = await place(which);
        notebook().outerNode.scrollTop += top + part * height;
        return await place(which);
      } catch (error) { if (!left) throw error; }
    }"""
    return evaluate(page, f"async ([which, part]) => {{ {PLACE} {script} }}", where)


def press_keys_in_controls(page: Page) -> None:
    """In the switch, in a fold and in a link of a report: keys that would insert, cut, delete, move and run cells."""
    for which, selector in [(0, ".nn-lang-en"), (2, ".nl-report summary"), (2, ".nl-report a")]:
        cell(page, which)
        evaluate(page, "(which) => { notebook().activeCellIndex = which; notebook().mode = 'command'; }", which)
        before = state(page)
        cell(page, which).locator(selector).focus()
        for key in ("b", "x", "d d", "m", "ArrowDown", "Shift+Enter"):
            for stroke in key.split():
                page.keyboard.press(stroke)
            assert state(page) == before, f"{key} in {selector}"


def test_keys_in_a_focused_control_are_no_shortcuts_of_the_notebook(lesson):
    press_keys_in_controls(lesson)
    switch(lesson, "ru", "zh")
    button = cell(lesson, 0).locator(".nn-lang-en")
    button.focus()
    lesson.keyboard.press("Enter")
    assert shown(lesson) == ["zh", "en"], "Enter in a button presses it, as ever"
    lesson.keyboard.press("Space")
    assert shown(lesson) == ["zh"]
    expect(button).to_be_focused()
    cell(lesson, 2).locator("summary").focus()
    lesson.keyboard.press("Enter")
    expect(cell(lesson, 2).locator("details")).to_have_attribute("open", "")


def test_a_click_on_the_switch_neither_selects_nor_opens_its_cell(lesson):
    cell(lesson, 1).click()
    before = state(lesson)
    assert before["active"] == 1
    button = cell(lesson, 0).locator(".nn-lang-en")
    button.click()
    assert state(lesson) == before
    button.dblclick()
    assert state(lesson) == before


def test_a_locked_prose_cell_opens_for_its_author_only(lesson):
    text = cell(lesson, LOCKED).locator("[lang=ru] p")
    text.dblclick()
    assert state(lesson)["closed"][LOCKED] is True
    assert state(lesson)["active"] == LOCKED
    lesson.keyboard.press("Enter")
    assert state(lesson)["closed"][LOCKED] is True
    assert state(lesson)["mode"] == "command"
    text.dblclick(modifiers=["Alt"])
    assert state(lesson)["closed"][LOCKED] is False
    lesson.keyboard.press("Control+Enter")
    assert state(lesson)["closed"][LOCKED] is True
    free = cell(lesson, 1).locator("[lang=ru] p")
    free.dblclick()
    assert state(lesson)["closed"][1] is False, "a cell that is not locked opens as ever"
    lesson.keyboard.press("Control+Enter")
    cell(lesson, 1).locator("[lang=ru] p").click()
    lesson.keyboard.press("Enter")
    assert state(lesson)["closed"][1] is False
    lesson.keyboard.press("Control+Enter")
    assert state(lesson)["closed"][1] is True


# --- outputs ----------------------------------------------------------------------------------------------------


def test_untrusted_trusted_and_widget_outputs_follow_the_choice(lesson):
    page = lesson
    switch(page, "ru", "zh")
    assert evaluate(page, "() => cellAt(2).model.trusted") is False
    pages.run_cell(page, GRADED)
    pages.run_cell(page, WIDGET)
    assert evaluate(page, "(which) => cellAt(which).model.trusted", GRADED) is True
    cell(page, WIDGET).locator(".widget-html [lang]").first.wait_for(state="attached")
    for languages in (["ru", "zh"], ["en"], ["en", "ru"]):
        switch(page, *languages)
        for which in (2, GRADED, WIDGET):
            assert seen(page, which) == sorted(languages), which
    assert page.evaluate("() => [document.documentElement.lang, document.documentElement.checkVisibility()]") == ["en", True]


# --- life -------------------------------------------------------------------------------------------------------

# Every set of languages that any frame has shown, from the first one on; and whether the styles were there when
# JupyterLab started, which is when it shows itself to the page.
WATCH = """let app;
Object.defineProperty(window, "jupyterapp", {
  get: () => app,
  set: (value) => {
    app = value;
    window.styledAtStart = [...document.styleSheets].some(({ href }) => href?.endsWith("/languages.css"));
  },
});
window.everSeen = new Set();
const look = () => {
  const texts = [...document.querySelectorAll(".jp-Notebook [lang]:not(button)")].filter((each) => each.checkVisibility());
  if (texts.length) window.everSeen.add([...new Set(texts.map((each) => each.lang))].sort().join(" "));
  requestAnimationFrame(look);
};
look();"""


def slow_down(page: Page, address: str) -> None:
    """What the page asks of *address* comes a second and a half late. A route of Playwright's would turn its cache off."""
    session = page.context.new_cdp_session(page)

    def late(request: dict) -> None:
        page.wait_for_timeout(1500)
        session.send("Fetch.continueRequest", {"requestId": request["requestId"]})

    session.on("Fetch.requestPaused", late)
    session.send("Fetch.enable", {"patterns": [{"urlPattern": address}]})


def test_a_preset_holds_from_the_first_frame_and_yields_to_the_readers_choice(page, lab, path):
    """The preset of these servers is Chinese alone."""
    settings = lab.config / "user-settings" / EXTENSION / "plugin.jupyterlab-settings"
    settings.unlink(missing_ok=True)
    page.add_init_script(WATCH)
    slow_down(page, "*/languages.css*")
    open_notebook(page, lab, path)
    assert shown(page) == ["zh"]
    place(page, 0)
    assert page.evaluate("() => window.styledAtStart") is True
    assert page.evaluate("() => [...window.everSeen]") == ["zh"]
    switch(page, "zh", "en")
    wait_for_file(page, settings, '"en"')
    open_notebook(page, lab, path)
    assert shown(page) == ["zh", "en"]
    assert page.evaluate("() => [...window.everSeen]") == ["en zh"]


def wait_for_file(page: Page, file, text: str) -> None:
    for _ in range(200):
        if file.exists() and text in file.read_text():
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{file} does not hold {text}")


def test_the_choice_survives_a_reload_and_holds_in_notebook_7_on_another_port(lesson, page, lab, notebook7):
    switch(lesson, "en")
    wait_for_file(page, lab.config / "user-settings" / EXTENSION / "plugin.jupyterlab-settings", '[\n        "en"\n    ]')
    evaluate(lesson, "() => window.jupyterapp.commands.execute('docmanager:save')")
    lesson.reload()
    pages.wait_until_drawn(lesson)
    assert shown(lesson) == ["en"]

    assert lab.url != notebook7.url
    pages.write_notebook(notebook7, "own.ipynb", LESSON)
    open_notebook(page, notebook7, "own.ipynb", app="notebook")
    assert shown(page) == ["en"]
    assert [seen(page, which) for which in (0, 1, 2)] == [["en"]] * 3
    assert contents(page) == ["Lesson", "One", "Lock", "nn.Linear", "Two", "Three", "Four", "Five"]
    cell(page, 0).locator(".nn-lang-ru").click()
    where = boxes(page, 1)
    assert where["en"]["right"] < where["ru"]["left"]
    assert where["en"]["top"] == where["ru"]["top"]
    assert len(contents(page)) == 16
    screenshot(page, "languages-notebook7")
    pages.run_cell(page, GRADED)
    assert seen(page, GRADED) == ["en", "ru"]
    press_keys_in_controls(page)


@pytest.fixture
def disabled(lab) -> Iterator[None]:
    """Without the lab extension, as an administrator's file says. JupyterLab reads it anew for every page."""
    file = lab.config / "labconfig/page_config.json"
    file.write_text(json.dumps({"disabledExtensions": {EXTENSION: True}}))
    yield
    file.unlink()


def test_disabled_it_loses_nothing_three_languages_stand_stacked(page, lab, path, disabled):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_notebook(page, lab, path)
    assert shown(page) == []
    where = boxes(page, 1)
    assert list(where) == ["ru", "zh", "en"]
    assert where["ru"]["bottom"] <= where["zh"]["top"]
    assert where["zh"]["bottom"] <= where["en"]["top"]
    assert seen(page, 2) == ["en", "ru", "zh"]
    assert page.locator("link[href*='languages.css'], link[href*='report.css']").count() == 0
    expect(cell(page, 0).locator("button.nn-lang-en")).to_be_visible()
    assert errors == []


# --- decisions, without a notebook ------------------------------------------------------------------------------


def ask(page: Page, name: str, *arguments):
    script = "async ([name, given]) => (await import('/lab/extensions/nn-linear-by-hand/static/languages.js'))[name](...given)"
    return page.evaluate(script, [name, list(arguments)])


def test_a_setting_of_any_make_becomes_one_or_two_languages(lesson):
    given = [["en"], ["zh", "ru"], ["ru", "zh", "en"], ["ru", "ru"], ["xx", "en"], [], None, "en", {"a": 1}]
    assert [ask(lesson, "readable", each) for each in given] == [
        ["en"], ["zh", "ru"], ["ru", "zh"], ["ru"], ["en"], *[["ru", "zh"]] * 4,
    ]  # fmt: skip


def test_the_language_of_a_line_is_that_of_the_block_it_stands_in(lesson):
    russian = ['<div lang="ru">', "# а", '<div class="box">', "# б", "</div>", "# в", "</div>"]
    text = "\n".join(["<button>x</button>", *russian, "<div", ' lang="zh">', "# 一", "</div>", "# o"])
    found = {line: ask(lesson, "languageAt", text, line) for line in (0, 2, 4, 6, 10, 12)}
    assert found == {0: None, 2: "ru", 4: "ru", 6: "ru", 10: "zh", 12: None}


# --- the files --------------------------------------------------------------------------------------------------


def test_the_wheel_puts_the_extension_where_jupyterlab_looks(tmp_path):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=REPOSITORY, check=True,
                   capture_output=True)  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    place = f".data/data/share/jupyter/labextensions/{EXTENSION}/"
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.partition(place)[2]: archive.read(name) for name in archive.namelist() if place in name}
    files = {file.relative_to(FOLDER).as_posix(): file.read_bytes() for file in FOLDER.rglob("*") if file.is_file()}
    assert packed == files
    assert {"package.json", "install.json", "static/remoteEntry.js", "schemas/nn-linear-by-hand/plugin.json"} <= set(files)


def test_the_extension_bears_the_version_of_the_distribution():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    package = json.loads((FOLDER / "package.json").read_text())
    assert (package["name"], package["version"]) == (project["name"], project["version"])


def test_the_extension_is_small_and_names_no_address():
    texts = {file.name: file.read_text() for file in FOLDER.rglob("*") if file.is_file()}
    assert len(texts["languages.js"].encode()) < 12_500
    assert [name for name, text in texts.items() if re.search(r"https?://|//cdn", text)] == []
