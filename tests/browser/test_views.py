"""
The pictures in a browser: on a plain page with a model of the tests' own, in JupyterLab and Notebook 7, and on a static page.

The plain page is enough for steps, keys, links and words. Jupyter is needed for what only it does: its shortcuts, its switch of
languages, and what it makes of a saved notebook.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from conftest import REPOSITORY, new_page
from pages import (
    Server,
    cell,
    code,
    cut_off,
    evaluate,
    open_notebook,
    prose,
    run_all,
    screenshot,
    set_theme,
    sources,
    switch,
    write_notebook,
)
from playwright.sync_api import Locator, Page, expect

from course.graph import graph
from course.language import LANGUAGES
from course.views.board import Board, Card, Matrix, Step, Token, asking
from course.views.comparing import compared, first_wrong
from course.views.graph_board import graph_board
from course.views.player import player

STATIC = REPOSITORY / "course/views/static"

LAYER = """
from course.graph import graph
from course.views.graph_board import graph_board
from course.views.widget import show
def loss(x, W, b, t):
    y = x @ W.T + b
    L = 0.5 * ((y - t) ** 2).sum()
    return L
x = [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]]
W = [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]]
t = [[-2, -6, 2], [0, -2, 1], [3, 5, 2], [7, -7, -5], [-1, 0, 4]]
board = graph_board(graph(loss, {"x": x, "W": W, "b": [1, -1, 2], "t": t}, fold={"L": "½Σ(·)²"}))
"""

MODEL = """
  const state = { picture: PICTURE, step: 0 }, calls = {};
  window.saved = 0;
  window.model = {
    get: (key) => state[key],
    set(key, value) { state[key] = value; for (const call of calls[`change:${key}`] ?? []) call(); },
    save_changes() { window.saved += 1; if (window.noKernel) throw new Error("no kernel"); },
    on(name, call) { (calls[name] ??= []).push(call); },
    off(name, call) { calls[name] = (calls[name] ?? []).filter((one) => one !== call); },
  };
  window.listeners = () => Object.values(calls).flat().length;
"""


@pytest.fixture(scope="module")
def layer() -> Board:
    names: dict = {}
    exec(LAYER.replace("from course.views.widget import show\n", ""), names)
    return names["board"]


def put(page: Page, board: Board, *, languages=LANGUAGES, dark: bool = False) -> Locator:
    """*board* on a plain page: the module as it is, imported from a string, with a model that only remembers."""
    module = json.dumps((STATIC / "views.js").read_text()).replace("</", "<\\/")
    picture = json.dumps(board.to_json(languages)).replace("</", "<\\/")
    page.set_content(
        f"""<!doctype html><html lang="en" class="{"nl-dark" if dark else ""}"><head><title>picture</title><style>
        body {{ margin: 20px; background: {"#111418" if dark else "#fff"}; }}{(STATIC / "views.css").read_text()}</style></head>
        <body><main><div id="here"></div></main><script type="module">{MODEL.replace("PICTURE", picture)}
        const url = URL.createObjectURL(new Blob([{module}], {{ type: "text/javascript" }}));
        window.view = await import(url);
        window.leave = window.view.default.render({{ model: window.model, el: document.getElementById("here") }});
        </script></body></html>"""
    )
    view = page.locator(".nl-view")
    expect(view.locator(".nl-steps")).to_be_visible()
    return view


def entry(view: Locator, name: str) -> Locator:
    """An entry of a card by what it is called, such as "dW[1, 3]"."""
    return view.locator(f'.nl-stage [aria-label^="{name} ="]')


def step_to(page: Page, step: int) -> None:
    """To the step that is counted from 1 on the page."""
    page.evaluate("(step) => model.set('step', step)", step - 1)


def number_of(board: Board, words: str) -> int:
    """The step, counted from 1, whose formula is *words*."""
    return next(i for i, step in enumerate(board.steps, 1) if "".join(token.text for token in step.formula) == words)


# -- on a plain page ---------------------------------------------------------------------------------------------------------


def test_buttons_and_slider_step_and_tell_python(page, layer):
    view = put(page, layer)
    count, steps = len(layer.steps), view.locator(".nl-steps")
    for name, at in (("step forward", 2), ("step forward", 3), ("step back", 2), ("last step", count), ("first step", 1)):
        view.get_by_role("button", name=re.compile(name)).click()
        expect(steps).to_have_text(f"{at} / {count}")
        assert page.evaluate("model.get('step')") == at - 1
    assert page.evaluate("saved") == 5
    view.get_by_role("button", name=re.compile("first step")).click(force=True)  # already there: nothing to tell
    assert page.evaluate("saved") == 5
    view.get_by_role("slider").fill("7")
    expect(steps).to_have_text(f"7 / {count}")
    view.get_by_role("button", name="◀ ∂L").click()
    expect(view.get_by_role("button", name="◀ ∂L")).to_have_attribute("aria-pressed", "true")


def test_it_steps_on_without_a_kernel(page, layer):
    view = put(page, layer)
    page.evaluate("window.noKernel = true")
    view.get_by_role("button", name=re.compile("step forward")).click()
    expect(view.locator(".nl-steps")).to_have_text(f"2 / {len(layer.steps)}")


def test_the_browser_shows_after_every_step_what_python_says(page, layer):
    view = put(page, layer)
    on_cards = [id for card in layer.cards for id in card.matrices]
    for step in range(len(layer.steps)):
        step_to(page, step + 1)
        shown = view.locator(".nl-stage .nl-e").evaluate_all(
            "all => Object.fromEntries(all.map(e => [e.dataset.ref, e.textContent]))"
        )
        state = layer.state(step)
        assert shown == {f"{id}#{flat}": text or "" for id in on_cards for flat, text in enumerate(state[id])}


def test_not_computed_zero_and_no_gradient_look_different(page, layer):
    view = put(page, layer)
    look = "e => [getComputedStyle(e).borderRightStyle, e.textContent]"
    assert entry(view, "dW[0, 1]").evaluate(look) == ["dotted", ""]
    assert entry(view, "dW[0, 1]").get_attribute("aria-label") == "dW[0, 1] = ?"
    step_to(page, len(layer.steps))
    assert entry(view, "dW[0, 1]").evaluate(look) == ["dashed", "0"]
    assert entry(view, "W[0, 1]").evaluate(look) == ["solid", "0"]
    expect(view.locator(".nl-struck s.nl-name")).to_have_text("t")


def test_an_entry_that_is_kept_shows_the_products_it_is_the_sum_of(page, layer):
    view = put(page, layer)
    step_to(page, number_of(layer, "dW = Gᵀ x"))
    entry(view, "dW[1, 3]").click()
    expect(view.locator(".nl-sum")).to_have_text("dW[1, 3] = 1·(−1) + 0·1 + 0·3 + 1·(−2) + 1·(−2) = −5")
    lanes = view.locator(".nl-stage .nl-lane").evaluate_all("all => all.map(e => e.getAttribute('aria-label').split(' =')[0])")
    assert sorted(lanes) == sorted([f"G[{n}, 1]" for n in range(5)] + [f"x[{n}, 3]" for n in range(5)])
    step_to(page, len(layer.steps))  # kept while stepping on, with the product it came from
    expect(view.locator(".nl-sum")).to_contain_text("= −5")
    expect(view.locator(".nl-proof .nl-win")).to_contain_text("Gᵀ x")
    step_to(page, 1)  # not computed here
    expect(view.locator(".nl-pinned")).to_have_count(0)


def test_pointing_at_an_entry_shows_its_sum_and_leaving_takes_it_back(page, layer):
    view = put(page, layer)
    step_to(page, number_of(layer, "dW = Gᵀ x"))
    before = view.locator(".nl-sum").inner_text()
    entry(view, "db[2]").hover()
    expect(view.locator(".nl-sum")).to_have_text("db[2] = 2 + 1 + 1 + 2 + 0 = 6")
    page.mouse.move(2, 2)
    expect(view.locator(".nl-sum")).to_have_text(before)


def test_the_axis_that_is_summed_away_is_struck_out(page, layer):
    view = put(page, layer)
    step_to(page, number_of(layer, "dW = Gᵀ x"))
    assert view.locator(".nl-eq s.nl-ax").all_inner_texts() == ["N 5", "N 5"]


def test_all_of_it_by_keyboard(page, layer):
    view = put(page, layer)
    step_to(page, len(layer.steps))
    page.keyboard.press("Tab")
    here = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")  # noqa: E731  asked after every key
    first = here()
    assert view.locator(".nl-stage [tabindex='0']").count() == 1, "one stop for Tab"
    page.keyboard.press("End")
    assert here() != first
    page.keyboard.press("Home")
    assert here() == first == "x (5, 4)"
    page.keyboard.press("ArrowDown")
    assert here() == "W (3, 4)"
    page.keyboard.press("Enter")
    assert here() == "W[0, 0] = −1"
    for key, expected in (("ArrowRight", "W[0, 1] = 0"), ("ArrowDown", "W[1, 1] = −2"), ("ArrowLeft", "W[1, 0] = −1")):
        page.keyboard.press(key)
        assert here() == expected
    page.keyboard.press("End")
    assert here() == "dW[2, 3] = −2"
    page.keyboard.press("Enter")
    expect(view.locator(".nl-stage .nl-pinned")).to_have_count(1)
    expect(view.locator(".nl-sum")).to_contain_text("dW[2, 3] =")
    page.keyboard.press("Escape")
    expect(view.locator(".nl-pinned")).to_have_count(0)
    assert here() == "dW[2, 3] = −2"
    page.keyboard.press("Escape")
    assert here() == "W (3, 4)"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is visible"
    for _ in range(2 * len(layer.cards) + 12):  # and Tab leads out again
        page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.nl-stage')")


def test_every_focusable_element_keeps_jupyters_shortcuts_silent(page, layer):
    view = put(page, layer)
    step_to(page, len(layer.steps))
    view.locator("summary").click()
    bare = view.locator("button, input, summary, a, select, textarea, [tabindex]").evaluate_all(
        "all => all.filter(e => e.dataset.lmSuppressShortcuts !== 'true').map(e => e.outerHTML)"
    )
    assert bare == []


def test_one_status_line_says_the_step_in_every_language(page, layer):
    view = put(page, layer)
    expect(view.get_by_role("status")).to_have_count(1)
    for step, words in ((1, "Шаг 1."), (9, "第 9 步。")):
        step_to(page, step)
        expect(view.get_by_role("status")).to_contain_text(words)
        for language in LANGUAGES:
            expect(view.locator(f".nl-say > [lang={language}]")).to_contain_text(layer.steps[step - 1].text(language))


def test_the_table_says_the_same(page, layer):
    view = put(page, layer)
    view.locator("summary").click()
    expect(view.locator(".nl-twin-body table")).to_have_count(sum(len(card.matrices) for card in layer.cards))
    step_to(page, len(layer.steps))
    text = view.locator(".nl-twin-body table", has_text=re.compile(r"^dW \(3, 4\)")).inner_text()
    assert text.split("\n")[1:] == ["0\t6\t0\t6\t6", "1\t2\t−3\t1\t−5", "2\t3\t0\t6\t−2"]


def test_text_is_never_markup(page):
    evil = '<img src=x onerror="window.evil=1">'
    board = Board(
        evil,
        (Matrix("m", evil, (1,), (evil,), (evil,)),),
        (Card("c", evil, ("m",), evil),),
        (Step((), formula=(Token(evil),), panel=("m", evil)),),
        given=("m",),
    )
    view = put(page, board)
    view.locator("summary").click()
    assert view.locator("img").count() == 0
    assert page.evaluate("window.evil") is None


def test_leaving_takes_everything_back(page, layer):
    put(page, layer)
    assert page.evaluate("listeners()") > 0
    page.evaluate("leave()")
    assert page.evaluate("[listeners(), document.getElementById('here').childElementCount]") == [0, 0]


def test_another_board_takes_the_place_of_the_first(page, layer):
    view = put(page, layer)
    other = graph_board(graph(lambda a, b: a * b + a, {"a": 2, "b": 3}))
    page.evaluate("(picture) => model.set('picture', picture)", other.to_json())
    expect(view.locator(".nl-stage .nl-card")).to_have_count(len(other.cards))
    step_to(page, len(other.steps))
    expect(entry(view, "da")).to_have_text("4")


@pytest.mark.parametrize("width", [1280, 902, 700, 640, 420, 330, 300])
def test_it_reflows_instead_of_scrolling_sideways(page, layer, width):
    page.set_viewport_size({"width": width, "height": 900})
    view = put(page, layer)
    step_to(page, number_of(layer, "dW = Gᵀ x"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = view.evaluate("v => v.getBoundingClientRect().right")
    outside = view.locator(".nl-card, .nl-e, .nl-b, .nl-proof, p, .nl-legend > span").evaluate_all(
        "(all, right) => all.filter(e => e.getBoundingClientRect().right > right + 0.5).map(e => e.className + e.textContent)",
        right,
    )
    assert outside == []


def test_no_entry_is_cut_and_none_covers_another(page):
    board = graph_board(graph(lambda x, W: ((x @ W.T).sigmoid() ** 2).sum(), {"x": [[123.25, -0.5], [7, 8]], "W": [[0.001, 5]]}))
    view = put(page, board)
    step_to(page, len(board.steps))
    cut = view.locator(".nl-e").evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)")
    assert cut == []


def test_both_themes_have_contrast(page, layer):
    """Every text against what it stands on, as WCAG counts it."""
    for dark in (False, True):
        view = put(page, layer, dark=dark)
        step_to(page, number_of(layer, "dW = Gᵀ x"))
        pale = view.evaluate(
            """(view) => {
              const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
              const rgb = (...layers) => {
                canvas.clearRect(0, 0, 1, 1);
                for (const one of layers) { canvas.fillStyle = one; canvas.fillRect(0, 0, 1, 1); }
                return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
              };
              const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const found = [];
              for (const el of view.querySelectorAll("*")) {
                const own = [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
                if (!own || el.closest("[aria-disabled=true], .nl-vh")) continue;
                const grounds = [];
                for (let up = el; up; up = up.parentElement) grounds.unshift(getComputedStyle(up).backgroundColor);
                const ground = rgb(...grounds), text = rgb(...grounds, getComputedStyle(el).color);
                const [a, b] = [light(ground), light(text)].sort((one, other) => other - one);
                if ((a + 0.05) / (b + 0.05) < 4.5) found.push([el.className, el.textContent, (a + 0.05) / (b + 0.05)]);
              }
              return found;
            }"""
        )
        assert pale == [], "dark" if dark else "light"


def test_the_layer_of_lesson_06_to_look_at(page, layer):
    page.set_viewport_size({"width": 920, "height": 1000})
    for dark in (False, True):
        for languages in (("ru", "zh"), ("en",)):
            view = put(page, layer, languages=languages, dark=dark)
            step_to(page, number_of(layer, "dW = Gᵀ x"))
            entry(view, "dW[1, 3]").click()
            assert view.locator(".nl-stage").evaluate("e => e.offsetWidth") == 840
            screenshot(page, f"views-layer-{'-'.join(languages)}-{'dark' if dark else 'light'}")


def test_what_needs_no_dom_needs_no_dom(page, layer):
    put(page, layer)
    assert page.evaluate("view.unflat(7, [3, 4])") == [1, 3]
    assert page.evaluate("view.nextIn([[0, 0], [10, 9], [30, 0]], 0, 'ArrowRight')") == 2
    assert page.evaluate("view.nextIn([[0, 0], [10, 0]], 1, 'ArrowRight')") == -1
    assert page.evaluate("view.pathOf([[0, 0], [20, 0], [20, 20]])") == "M0,0L11,0Q20,0 20,9L20,20"
    assert page.evaluate("view.shapeText([5])") == "(5,)"


# -- predict, then reveal ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiz(layer) -> Board:
    return asking(layer, "dW", "db[2]")


def quizzed(board: Board, name: str) -> int:
    """The step, counted from 1, that asks for *name*."""
    return next(i for i, one in enumerate(board.steps, 1) if one.question and name in one.question.ask.values.values())


def test_a_step_asks_before_it_shows_and_enter_reveals(page, quiz):
    view = put(page, quiz)
    at = quizzed(quiz, "dW")
    step_to(page, at)
    field = view.get_by_label(re.compile("your answer"))
    for language in LANGUAGES:
        expect(view.locator(f".nl-say > [lang={language}]")).to_contain_text("dW")
        expect(view.locator(f".nl-say > [lang={language}]")).not_to_contain_text(quiz.steps[at - 1].text(language))
    expect(entry(view, "dW[1, 3]")).to_have_text("")
    expect(view.locator(".nl-inspector")).to_be_hidden()
    expect(view.locator(".nl-lit")).to_have_count(0)
    field.focus()
    page.keyboard.press("Enter")  # nothing was typed
    expect(field).to_be_visible()
    page.keyboard.type("(3, 4)")
    page.keyboard.press("Enter")
    expect(view.locator(".nl-say > [lang=en] .nl-reply")).to_have_text("✓ You wrote (3, 4): that is right.")
    expect(view.locator(".nl-say > [lang=ru]")).to_contain_text(quiz.steps[at - 1].text("ru"))
    expect(entry(view, "dW[1, 3]")).to_have_text("−5")
    expect(field).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('.nl-view .nl-b')"), "the focus stays in the picture"
    step_to(page, 1)
    step_to(page, at)
    expect(view.locator(".nl-say > [lang=zh] .nl-reply")).to_contain_text("(3, 4)")


def test_a_wrong_answer_is_told_beside_the_right_one_and_escape_skips(page, quiz):
    view = put(page, quiz)
    step_to(page, quizzed(quiz, "db[2]"))
    view.get_by_label(re.compile("your answer")).fill("1,2")
    page.keyboard.press("Enter")
    expect(view.locator(".nl-say > [lang=en] .nl-reply")).to_have_text("✗ You wrote 1,2, and it is 6.")
    step_to(page, quizzed(quiz, "dW"))
    view.get_by_label(re.compile("your answer")).focus()
    page.keyboard.press("Escape")
    expect(entry(view, "dW[1, 3]")).to_have_text("−5")
    expect(view.locator(".nl-reply")).to_have_count(0)


def test_an_answer_is_read_as_people_write_it(page, layer):
    put(page, layer)
    for typed, count, found in (
        ("(3, 4)", 2, [3, 4]), ("3×4", 2, [3, 4]), ("[3，4]", 2, [3, 4]), ("3 4", 2, [3, 4]), ("(5,)", 1, [5]), ("()", 0, []),
        ("−5", 1, [-5]), ("0,5", 1, [0.5]), ("-0.25", 1, [-0.25]), ("dunno", 1, None), ("", 0, None),
    ):  # fmt: skip
        assert page.evaluate("([typed, count]) => view.numbersIn(typed, count)", [typed, count]) == found, typed
    near = {"answer": [0.333], "within": 0.001}
    assert page.evaluate("(q) => ['0.3335', '1/3', '0.34'].map((one) => view.answers(q, one))", near) == [True, False, False]


def test_the_player_asks_too(page, quiz, tmp_path):
    file = tmp_path / "page.html"
    at = quizzed(quiz, "dW")
    file.write_text(f'<!doctype html><meta charset="utf-8">{player(quiz, ("ru", "zh"), step=at - 1)}', encoding="utf-8")
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_label(re.compile("ваш ответ")).fill("4, 3")
    page.keyboard.press("Enter")
    expect(frame.locator(".nl-reply").first).to_have_text("✗ Вы написали 4, 3, а здесь (3, 4).")


# -- editing -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def product() -> Board:
    trace = graph(lambda a, b: (a * b).sum(), {"a": [1.0, 2.0], "b": [3.0, 4.0]})
    board = graph_board(trace)
    return replace(board, editable=(next(one.id for one in board.matrices if one.name == "a"),))


def test_without_a_kernel_the_button_says_so_and_does_nothing(page, product, layer):
    view = put(page, product)
    edit = view.locator(".nl-edit")
    expect(edit).to_contain_text("there is no kernel here")
    expect(edit).to_have_attribute("aria-disabled", "true")
    edit.click(force=True)
    expect(view.locator("input.nl-e")).to_have_count(0)
    put(page, layer)
    expect(page.locator(".nl-edit")).to_have_count(0)  # nothing there can be edited


def test_entries_are_edited_in_their_places_and_sent_as_they_were_typed(page, product):
    view = put(page, product)
    page.evaluate("model.set('pong', 1)")
    edit = view.locator(".nl-edit")
    expect(edit).to_contain_text("change the numbers")
    edit.focus()
    page.keyboard.press("Enter")
    fields = view.locator("input.nl-e")
    expect(fields).to_have_count(2)
    expect(fields.first).to_be_focused()
    expect(fields.first).to_have_accessible_name("a[0]")
    assert [one.get_attribute("data-lm-suppress-shortcuts") for one in fields.all()] == ["true"] * 2
    fields.first.fill("9")
    page.keyboard.press("Escape")
    expect(entry(view, "a[0]")).to_have_text("1")
    expect(edit).to_be_focused()
    edit.click()
    fields.nth(1).click()
    expect(fields.nth(1)).to_be_focused()
    fields.nth(1).fill("−7,5")
    page.keyboard.press("Enter")
    sent = page.evaluate("model.get('edits')")
    assert {key: value for key, value in sent.items() if key} == {product.editable[0]: ["1", "−7,5"]}
    expect(edit).to_have_attribute("aria-disabled", "true")  # until a kernel has answered
    page.evaluate("model.set('trouble', {ru: 'не число', zh: '不是数', en: 'no number'}); model.set('pong', 2)")
    expect(view.locator(".nl-say > [lang=en]")).to_contain_text("no number")
    expect(edit).to_have_attribute("aria-disabled", "false")
    page.evaluate("(picture) => model.set('picture', picture)", product.to_json())
    expect(view.locator(".nl-edit")).to_be_focused()


# -- comparing ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparison() -> Board:
    from tests.test_comparing import EXERCISE, RIGHT_ONES

    return compared(EXERCISE, {**RIGHT_ONES, "dW": RIGHT_ONES["dW"] / 5, "dX": RIGHT_ONES["dX"] + 1})


def test_the_first_wrong_gradient_has_a_mark_and_words(page, comparison):
    view = put(page, comparison)
    at = first_wrong(comparison)
    marks = lambda: view.locator(".nl-card:has(> .nl-mark)").evaluate_all(  # noqa: E731  asked twice
        "all => Object.fromEntries(all.map(e => [e.ariaLabel.split(' ')[0], e.querySelector('.nl-mark').className]))"
    )
    step_to(page, at)
    assert marks() == {"b": "nl-mark nl-mark-right"}
    view.get_by_role("button", name="✗ dX").click()
    assert marks() == {"b": "nl-mark nl-mark-right", "x": "nl-mark nl-mark-first"}
    for language in LANGUAGES:
        expect(view.locator(f".nl-say > [lang={language}]")).to_contain_text(comparison.steps[at].text(language))
        expect(view.locator(f".nl-mark-first [lang={language}]").first).not_to_be_empty()
    expect(view.locator(".nl-legend")).to_contain_text("the first wrong gradient on the way back")
    off = view.locator(".nl-inspector .nl-mine .nl-off")
    expect(off).to_have_count(20)
    assert "underline" in off.first.evaluate("e => getComputedStyle(e).textDecorationLine")
    expect(view.locator(".nl-inspector")).to_contain_text("yours")
    view.locator("summary").click()
    expect(view.locator(".nl-twin-body table", has_text="yours").first).to_be_visible()


def test_a_comparison_to_look_at(page, comparison, quiz):
    for width in (920, 640, 380):
        page.set_viewport_size({"width": width, "height": 1000})
        for dark, languages in ((False, ("ru", "zh")), (True, ("en",))):
            view = put(page, comparison, languages=languages, dark=dark)
            step_to(page, first_wrong(comparison) + 1)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            screenshot(page, f"views-compare-{width}-{'-'.join(languages)}")
            view = put(page, quiz, languages=languages, dark=dark)
            step_to(page, quizzed(quiz, "dW"))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            screenshot(page, f"views-quiz-{width}-{'-'.join(languages)}")
            assert view.locator(".nl-quiz input").is_visible()


def test_the_static_player_plays_offline(page, layer, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><meta charset="utf-8">{player(layer, ("ru", "zh"), step=4)}', encoding="utf-8")
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    expect(frame.locator(".nl-steps")).to_have_text(f"5 / {len(layer.steps)}")
    frame.get_by_role("button", name=re.compile("шаг вперёд")).click()
    expect(frame.locator(".nl-steps")).to_have_text(f"6 / {len(layer.steps)}")
    assert errors == []
    assert frame.locator("body").evaluate("() => { try { return parent.document.title } catch { return 'closed' } }") == "closed"


# -- in Jupyter --------------------------------------------------------------------------------------------------------------

SWITCH = "".join(f'<button class="nn-lang-{one}">{one}</button>\n' for one in LANGUAGES)
EDITED = """
from course.views.notebook import graph
graph(lambda a, b: (a * b).sum(), {"a": [1.0, 2.0], "b": [3.0, 4.0]}, predict=["db"])
"""
COMPARED = """
from course.views.notebook import compare
from tests.test_comparing import EXERCISE, RIGHT_ONES
compare(EXERCISE, {**RIGHT_ONES, "db": RIGHT_ONES["db"] / 5})
"""
NOTEBOOK = [
    prose(SWITCH + "".join(f'\n<div lang="{one}">\n\n# {one}\n\n</div>\n' for one in LANGUAGES)),
    code(LAYER + "show(board)"),
    code(EDITED),
    code(COMPARED),
    code("z = 1"),
]
SHOWN, EDITABLE, COMPARISON = 1, 2, 3  # the cells


@dataclass(frozen=True)
class Opened:
    """A notebook with pictures that was run in *page*, in JupyterLab ("lab") or Notebook 7 ("notebook")."""

    app: str
    page: Page
    server: Server
    name: str

    def open(self) -> None:
        open_notebook(self.page, self.server, self.name, app=self.app, stay=True)


@pytest.fixture(scope="module", params=["lab", "notebook"])
def opened(request, context) -> Iterator[Opened]:
    """Opened and run once for the tests below, which go through it in their order: a page and a kernel take seconds."""
    app, name = request.param, f"views-{request.param}.ipynb"
    server = request.getfixturevalue({"lab": "lab", "notebook": "notebook7"}[app])
    write_notebook(server, name, NOTEBOOK)
    with contextlib.ExitStack() as stack:
        page = request.getfixturevalue("kept_page") if app == "lab" else stack.enter_context(new_page(context))
        found = Opened(app, page, server, name)
        found.open()
        run_all(page)
        yield found
        switch(page, "ru", "zh")  # the choice stays with the server's user


def test_in_jupyter_it_renders_steps_links_and_switches_language(opened):
    page = opened.page
    output = cell(page, SHOWN)
    view = output.locator(".nl-view")
    expect(view).to_have_count(1)
    expect(output.locator(".nl-board:visible")).to_have_count(0)  # the table is not needed beside it
    assert cut_off(page, SHOWN) <= 1
    switch(page, "ru", "zh")
    expect(view.locator(".nl-steps")).to_contain_text("1 / ")
    step = view.get_by_role("button", name=re.compile("шаг вперёд"))
    expect(step).to_have_accessible_name("шаг вперёд 前进一步")
    step.click()
    expect(view.locator(".nl-steps")).to_contain_text("2 / ")
    for language, seen in (("ru", True), ("zh", True), ("en", False)):
        expect(view.locator(f".nl-say > [lang={language}]")).to_be_visible(visible=seen)
    switch(page, "en")
    expect(view.locator(".nl-say > [lang=en]")).to_be_visible()
    expect(view.locator(".nl-say > [lang=ru]")).to_be_hidden()
    switch(page, "ru", "zh")
    view.get_by_role("button", name=re.compile("последний шаг")).click()
    expect(entry(view, "dW[1, 3]")).to_have_text("−5")
    entry(view, "dW[1, 3]").click()
    expect(view.locator(".nl-sum")).to_have_text("dW[1, 3] = 1·(−1) + 0·1 + 0·3 + 1·(−2) + 1·(−2) = −5")
    for theme in ("dark", "light"):
        set_theme(page, theme)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
        view.scroll_into_view_if_needed()
        screenshot(page, f"views-{opened.app}-{theme}")
    assert evaluate(page, "() => document.querySelectorAll('.nl-view .nl-stage.nl-flow').length") == 0


def test_keys_pressed_inside_leave_the_cells_alone(opened):
    page = opened.page
    before = sources(page)
    view = cell(page, SHOWN).locator(".nl-view")
    places = [
        view.locator(".nl-stage .nl-card").first,
        entry(view, "W[0, 0]"),
        view.get_by_role("button", name=re.compile("step back|шаг назад")),
        view.get_by_role("slider"),
        view.locator("summary"),
        view.locator(".nl-inspector .nl-e").first,
    ]
    types = ["markdown", *["code"] * (len(NOTEBOOK) - 1)]
    for place in places:
        place.focus()
        expect(place).to_be_focused()
        for key in ("b", "x", "d", "d", "a", "m", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
        assert sources(page) == before, place
        assert evaluate(page, "() => notebook().widgets.map((cell) => cell.model.type)") == types, place
    entry(view, "W[0, 0]").click()  # and a click leaves the focus in the picture
    expect(entry(view, "W[0, 0]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(entry(view, "W[0, 1]")).to_be_focused()


def test_gradients_are_laid_over_autograds_and_the_words_follow_the_switch(opened):
    page = opened.page
    view = cell(page, COMPARISON).locator(".nl-view")
    expect(view.locator(".nl-mark-first").first).to_be_visible()
    for language in LANGUAGES:
        switch(page, language)
        said = view.locator(".nl-say > [lang]").locator("visible=true")
        expect(said).to_have_attribute("lang", language)
        expect(said).to_contain_text({"ru": "усреднили", "zh": "平均", "en": "averaged"}[language])  # the exercise's own words
    screenshot(page, f"views-compare-{opened.app}")
    switch(page, "ru", "zh")


def test_numbers_are_edited_and_torch_computes_them_anew(opened):
    page = opened.page
    before = sources(page)
    view = cell(page, EDITABLE).locator(".nl-view")
    edit = view.locator(".nl-edit")
    expect(edit).to_have_attribute("aria-disabled", "false")
    edit.click()
    field = view.get_by_role("textbox", name="a[1]")
    field.press("Backspace")
    for key in ("b", "x", "d", "d"):
        field.press(key)
    field.fill("−2.5")
    field.press("Enter")
    expect(entry(view, "a[1]")).to_have_text("−2.5")
    view.get_by_role("button", name=re.compile("last step|последний")).click()
    expect(entry(view, "db[1]")).to_have_text("−2.5")
    edit.click()
    field.fill("two")
    field.press("Enter")
    expect(view.locator(".nl-trouble").first).to_contain_text("two")
    expect(entry(view, "a[1]")).to_have_text("−2.5")
    view.get_by_role("slider").fill("1")
    while not view.locator(".nl-quiz input").count():
        view.get_by_role("button", name=re.compile("step forward|шаг вперёд")).click()
    answer = view.locator(".nl-quiz input")
    answer.focus()
    for key in ("b", "x", "d", "d", "Backspace", "Backspace", "Backspace", "Backspace", "(", "2", ",", ")", "Enter"):
        page.keyboard.press(key)
    expect(view.locator(".nl-reply").first).to_contain_text("✓")
    assert sources(page) == before
    evaluate(page, "() => panel().context.sessionContext.shutdown()")
    edit.click()
    view.get_by_role("textbox", name="a[1]").press("Enter")
    expect(edit).to_have_attribute("aria-disabled", "true")
    expect(edit).to_contain_text(re.compile("no kernel|нет ядра"))


def test_a_saved_notebook_reopened_without_its_state_shows_the_table(opened):
    """Its kernel has ended by now."""
    page = opened.page
    expect(cell(page, SHOWN).locator(".nl-view")).to_have_count(1)
    evaluate(page, "() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = json.loads((opened.server.folder / opened.name).read_text())
    assert "widgets" not in saved["metadata"], "the state was not to be saved"
    opened.open()
    output = cell(page, SHOWN)
    expect(output.locator("table", has_text="dW (3, 4)").locator("visible=true")).to_have_count(1)
    expect(output.locator(".nl-view")).to_have_count(0)
    expect(output.get_by_text("model not found")).to_be_hidden()
