"""Boards as data, text and tables: what they refuse, what they show after each step, and what is left without a browser."""

import html.parser
import json
import math
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from course.graph import graph, measure
from course.graph.layout import layout
from course.language import LANGUAGES, catalogue
from course.verdict import Say
from course.views import board as boards
from course.views.board import (
    WORDS,
    Board,
    Box,
    Card,
    Cell,
    Frame,
    Known,
    Line,
    Matrix,
    Part,
    Place,
    Step,
    Stop,
    Token,
    unflat,
)
from course.views.graph_board import graph_board, summed_from
from course.views.player import page, player
from course.views.widget import bundle

LAYER = {
    "x": [[3, -1, 1, -1], [0, 2, -1, 1], [-1, 0, 1, 3], [-1, 0, 2, -2], [0, -2, -2, -2]],
    "W": [[-1, 0, 2, 0], [-1, -2, -1, 2], [1, -1, -1, 1]],
    "b": [1, -1, 2],
    "t": [[-2, -6, 2], [0, -2, 1], [3, 5, 2], [7, -7, -5], [-1, 0, 4]],
}


def loss(x, W, b, t):
    y = x @ W.T + b
    L = 0.5 * ((y - t) ** 2).sum()
    return L


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


@pytest.fixture(scope="module")
def traced():
    return graph(loss, LAYER, fold={"L": "½Σ(·)²"})


@pytest.fixture(scope="module")
def layer(traced):
    return graph_board(traced)


def small(**changed) -> Board:
    """z = W x, one entry a step."""
    whole: dict = {
        "title": "z = W x",
        "matrices": (
            Matrix("W", "W", (2, 2), ("2", "−1", "0", "3"), ("out", "in"), heat=(0.5, -0.2, 0.0, 1.0)),
            Matrix("x", "x", (2,), ("1", "4"), ("in",)),
            Matrix("z", "z", (2,), ("−2", "12"), ("out",)),
        ),
        "cards": (Card("card W", "W", ("W",), "(2, 2)"), Card("card x", "x", ("x",), struck=True), Card("card z", "z", ("z",))),
        "lines": (Line("line", "card W", "card z"),),
        "given": ("W", "x"),
        "formulas": ((Token("z = "), Token("W", ("card W",)), Token(" x")),),
        "steps": tuple(
            Step(
                (Say("z < & `z`"),),
                (Known("z", (flat,), None, ("2·1 + (−1)·4 = −2", "0·1 + 3·4 = 12"), (Part("W", ((0, 1), (2, 3))),)),),
                focus=Cell("z", flat),
            )
            for flat in (0, 1)
        ),
        "frames": (
            Frame(
                300,
                100,
                (Box("card W", 0, 0, 80, 80), Box("card x", 90, 0, 80, 80), Box("card z", 180, 0, 80, 80)),
                (Place("W", 9, 27), Place("x", 9, 27), Place("z", 9, 27)),
            ),
        ),
    }
    return Board(**(whole | changed))


# -- a board that contradicts itself -----------------------------------------------------------------------------------------


def with_step(**changed):
    return {"steps": (replace(small().steps[0], **changed),)}


CONTRADICTIONS = {
    "an id twice": ({"lines": (Line("W", "card W", "card z"),)}, "two things are called 'W'"),
    "an id with #": ({"lines": (Line("a#1", "card W", "card z"),)}, 'holds "#"'),
    "entries": ({"matrices": (*small().matrices[:2], Matrix("z", "z", (2,), ("1",)))}, "needs 2 entries and has 1"),
    "axes": ({"matrices": (*small().matrices[:2], Matrix("z", "z", (2,), ("1", "2"), ("a", "b")))}, "1 axes and 2 names"),
    "heat": ({"matrices": (*small().matrices[:2], Matrix("z", "z", (2,), ("1", "2"), heat=(1.0,)))}, "2 entries and 1 heats"),
    "a line to nowhere": ({"lines": (Line("line", "card W", "card Q"),)}, "line 'line' speaks of 'card Q'"),
    "given": ({"given": ("Q",)}, "`given` speaks of 'Q'"),
    "a formula": ({"formulas": ((Token("Q", ("Q",)),),)}, "a formula speaks of 'Q'"),
    "lit": (with_step(lit=("W#4",)), "step 1 speaks of entry 4 of 'W', which has 4"),
    "focus": (with_step(focus="W#x"), "step 1 speaks of 'W#x'"),
    "texts": (with_step(known=(Known("z", (0,), ("1", "2")),)), "shows 1 entries of 'z' and has 2 texts"),
    "sums": (with_step(known=(Known("z", sums=("1",)),)), "1 sums for the 2 entries of 'z'"),
    "parts": (with_step(known=(Known("z", parts=(Part("W", ((0,),)),)),)), "parts for 1 of the 2 entries"),
    "a part of nothing": (with_step(known=(Known("z", parts=(Part("W", ((9,), (0,))),)),)), "entry 9 of 'W'"),
    "no step": ({"steps": ()}, "no step"),
    "a button": ({"stops": (Stop("▶ z", 2),)}, "goes to step 3 of 2"),
    "a card without a place": ({"frames": (replace(small().frames[0], boxes=()),)}, "does not place exactly the cards"),
    "a card outside": ({"frames": (replace(small().frames[0], width=200),)}, "'card z' stands outside"),
    "frames": ({"frames": small().frames * 2}, "from the widest to the narrowest"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_board_that_contradicts_itself_is_refused_with_the_contradiction_named(case):
    changed, words = CONTRADICTIONS[case]
    with pytest.raises(ValueError, match=r"The board .* contradicts itself") as caught:
        small(**changed)
    assert words in str(caught.value)


# -- what it shows -----------------------------------------------------------------------------------------------------------


def test_an_entry_is_unknown_until_its_step():
    board = small()
    assert [board.state(step)["z"] for step in (-1, 0, 1)] == [[None, None], ["−2", None], ["−2", "12"]]
    assert board.state(-1)["W"] == ["2", "−1", "0", "3"]


def test_indices_are_read_as_torch_reads_them():
    for shape in ((4,), (3, 4), (2, 3, 4), ()):
        for flat in range(torch.Size(shape).numel()):
            assert unflat(flat, shape) == tuple(int(one) for one in torch.unravel_index(torch.tensor(flat), shape))


def test_the_json_is_plain_and_in_every_language():
    found = json.loads(json.dumps(small().to_json()))
    assert found["version"] == boards.VERSION
    assert set(found["steps"][0]["say"]) == set(LANGUAGES)
    assert found["measures"]["cellH"] == 20
    assert small().to_json(("zh",))["words"]["value"] == {"zh": "值"}


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_every_word_of_the_pictures_is_translated(language):
    missing = [text for text in WORDS.values() if text not in catalogue(language)]
    assert missing == []


def test_the_measures_are_those_of_the_graphs_layout():
    own = (boards.CELL_W, boards.CELL_H, boards.DIGIT, boards.GUTTER, boards.CAPTION, boards.SHEET, boards.BETWEEN)
    theirs = (measure.CELL_W, measure.CELL_H, measure.DIGIT, measure.GUTTER, measure.CAPTION, measure.SHEET, measure.BETWEEN)
    assert own == theirs


# -- as a table and as text --------------------------------------------------------------------------------------------------


class Kept(html.parser.HTMLParser):
    """What is in a page: names of elements, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.attributes |= {name for name, _ in attributes}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(markup: str) -> Kept:
    kept = Kept()
    kept.feed(markup)
    assert kept.open == [], "an element is not closed"
    return kept


def test_the_table_needs_nothing_that_an_untrusted_notebook_strips(layer):
    kept = read(layer.to_html())
    assert not {"svg", "style", "script", "iframe", "math", "button"} & set(kept.names)
    assert kept.attributes <= {"class", "lang", "scope"}
    assert "http" not in layer.to_html()


def test_the_table_holds_every_number_every_sentence_and_the_sums(layer):
    text = read(layer.to_html()).text
    for language in LANGUAGES:
        for step in layer.steps:
            assert step.text(language) in text
    assert "db[2] = 2 + 1 + 1 + 2 + 0 = 6" in text
    assert read(layer.to_html(("zh",))).text.count("Шаг") == 0


def test_text_goes_in_escaped():
    assert "z &lt; &amp; z" in small().to_html(("en",))
    assert (
        "</script"
        not in page(small(steps=(Step((Say("</script><b>"),)),)), ("en",)).split('id="picture">')[1].split("</script>")[0]
    )


def test_the_plain_text_of_a_small_board():
    assert small().to_text(("en",)) == (
        "z = W x\n\nW (2, 2) out 2 × in 2\n   2  −1\n   0   3\n\nx (2,) in 2\n  1  4\n\nz (2,) out 2\n  −2  12\n\n"
        "x: needs no gradient\n\n1. z < & z\nz[0] = 2·1 + (−1)·4 = −2\n\n2. z < & z\nz[1] = 0·1 + 3·4 = 12"
    )


def test_what_was_never_computed_says_so_in_the_table():
    assert "not computed yet" in small(steps=small().steps[:1]).to_html(("en",))


# -- the board of a computation ----------------------------------------------------------------------------------------------

COMPUTATIONS = {
    "layer": (loss, LAYER),
    "residual": (lambda x, W: ((x + torch.relu(x @ W)) ** 2).sum(), {"x": random(3, 4), "W": random(4, 4)}),
    "leading axes": (lambda x, W, b: (x @ W.T + b).pow(2).mean(), {"x": random(2, 3, 4), "W": random(2, 4), "b": random(2)}),
    "softmax": (lambda z: torch.log_softmax(z, -1)[0, 1], {"z": random(3, 4)}),
    "scalars": (lambda a, b: a * b + a, {"a": 2.0, "b": 3.0}),
    "shared": (lambda x, W: torch.sigmoid(x @ W @ W).sum(), {"x": random(2, 3), "W": random(3, 3)}),
    "large": (lambda x, W: (x @ W.T).sum(), {"x": random(20, 10), "W": random(3, 10)}),
    "detached": (lambda a, b: (a * b.detach()).sum(), {"a": random(3), "b": random(3)}),
}


@pytest.mark.parametrize("case", COMPUTATIONS)
def test_the_last_step_shows_autograds_gradients(case):
    fn, inputs = COMPUTATIONS[case]
    trace = graph(fn, inputs)
    board = graph_board(trace)
    own = {
        name: torch.as_tensor(value, dtype=torch.float64).clone().requires_grad_(name != "t") for name, value in inputs.items()
    }
    fn(**own).backward()
    shown = board.state(len(board.steps) - 1)
    for name, tensor in own.items():
        if name == "t":
            continue
        texts = shown[f"d:{trace.tensor(name).id}"]
        if tensor.grad is None:
            assert texts == [None] * tensor.numel()
        elif trace.tensor(name).value.texts is not None:
            read_back = [float(text.replace("−", "-")) for text in texts]
            torch.testing.assert_close(
                torch.tensor(read_back, dtype=torch.float64), tensor.grad.ravel(), rtol=0, atol=6e-3
            )  # as rounded


def value(text: str) -> float:
    return float(text.replace("−", "-"))


def test_the_entries_that_light_up_are_those_whose_products_make_the_sum(layer):
    """On the layer of whole numbers the texts can be computed with: each product and each sum on the board, entry by entry."""
    checked = set()
    for index, step in enumerate(layer.steps):
        state = layer.state(index)
        for known in step.known:
            signs = [one for one in step.panel if one == "·" or "Σ N" in one]
            if not signs or not known.parts or known.matrix != step.panel[-1]:
                continue
            at = {part.matrix: part.at for part in known.parts}
            factors = step.panel[0:3:2] if signs == ["·"] else step.panel[:1]
            for flat, text in enumerate(state[known.matrix]):
                rows = [[value(state[one][entry]) for entry in at[one][flat]] for one in factors]
                assert sum(math.prod(terms) for terms in zip(*rows, strict=True)) == value(text), (step.panel, flat)
            checked.add(layer.matrix(known.matrix).name)
    assert checked == {"(x Wᵀ)", "db", "dX", "(xᵀ G)", "dW"}


def test_the_entries_of_a_reduced_gradient_are_those_torch_sums():
    unreduced = random(2, 3, 4)
    for axes in ((0,), (1,), (0, 1), (2,), (0, 1, 2)):
        total = unreduced.sum(axes).ravel()
        at = summed_from(unreduced.shape, axes, total.numel())
        torch.testing.assert_close(torch.stack([unreduced.ravel()[list(one)].sum() for one in at]), total)


def test_the_layer_of_lesson_06_stands_where_its_layout_puts_it(traced, layer):
    wide = layout(traced, 840)
    frame = layer.frames[0]
    assert (frame.width, frame.height) == (wide.width, wide.height)
    assert sorted((box.x, box.y, box.w, box.h) for box in frame.boxes) == sorted((b.x, b.y, b.w, b.h) for b in wide.boxes)
    assert [one.width for one in layer.frames] == sorted((one.width for one in layer.frames), reverse=True)


def test_the_batch_sum_is_a_step_of_its_own(layer):
    [step] = [step for step in layer.steps if step.gone == ("N",) and "Σ" in "".join(step.panel)]
    db = layer.matrix(step.panel[-1])
    assert db.name == "db"
    assert step.known[0].sums[2] == "2 + 1 + 1 + 2 + 0 = 6"


def test_the_candidates_of_dw_hold_one_that_fits(layer):
    [step] = [step for step in layer.steps if step.proof_of == "W"]
    assert [(one.formula, one.fits) for one in step.proof if one.meets] == [("Gᵀ x", True), ("xᵀ G", False)]


def test_what_needs_no_gradient_is_struck_and_has_no_place_for_one(layer):
    [card] = [card for card in layer.cards if card.struck]
    assert card.name == "t"
    assert len(card.matrices) == 1


# -- in an output, under nbgrader, on a static page --------------------------------------------------------------------------


def in_ipython(code: str, **environment: str) -> dict:
    """The outputs of *code* as IPython displays them, by kind."""
    script = f"""
import json, os
os.environ.update({environment!r})
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
with capture_output() as seen:
    result = shell.run_cell({code!r})
result.raise_error()
print(json.dumps([{{kind: str(data) for kind, data in one.data.items()}} for one in seen.outputs]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


SHOW = """
from course.verdict import Say
from course.views.board import Board, Card, Frame, Matrix, Step
from course.views.widget import show
show(Board("m", (Matrix("m", "m", (1,), ("7",)),), (Card("c", "m", ("m",)),), (Step((Say("seven"),)),), given=("m",)))
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def test_a_shown_board_is_alive_and_carries_its_table():
    alive, twin = in_ipython(SHOW)
    assert WIDGET in alive
    assert "<table>" in alive["text/html"]
    assert "seven" in alive["text/plain"]
    assert "nl-board-twin" in twin["text/html"]


def test_plain_text_is_in_the_languages_that_are_asked_for(monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGES", "zh")
    board = graph_board(graph(lambda a, b: a * b, {"a": 2.0, "b": 3.0}))
    assert "Forward pass" in board.to_text()
    assert "Forward pass" not in bundle(board)["text/plain"]
    assert "前向传播" in bundle(board)["text/plain"]


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_while_nbgrader_runs_a_notebook_a_picture_is_its_table_at_once(mode):
    [still] = in_ipython(SHOW, NBGRADER_EXECUTION=mode)
    assert set(still) == {"text/html", "text/plain"}
    assert "<table>" in still["text/html"]
    assert "style" not in still["text/html"]


def test_a_step_stays_on_the_board():
    from course.views.widget import BoardView

    view = BoardView(small())
    view.step = 99
    assert view.step == 1
    view.step = -3
    assert view.step == 0
    view.step = 1
    view.put(small(steps=small().steps[:1]))
    assert view.step == 0
    assert len(view.picture["steps"]) == 1


def test_the_player_may_run_scripts_and_nothing_else(layer):
    frame = player(layer, ("ru",))
    assert re.search(r'<iframe sandbox="allow-scripts" ', frame)
    assert read(frame).names.count("table") > 5
    inside = page(layer)
    assert "default-src &#x27;none&#x27;" in frame
    assert not re.search(r"""(?:src|href)=|@import|url\(|fetch\(|import\(""", inside)
    assert set(re.findall(r"https?://[^\"'`\s)]*", inside)) <= {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_the_module_is_small_and_has_no_dependency():
    from course.views.widget import HERE

    module = (HERE / "views.js").read_text(encoding="utf-8")
    assert len(module.encode()) <= 40_000
    assert not re.search(r"^\s*import\b|\bimport\(|innerHTML|outerHTML|insertAdjacentHTML|eval\(|document\.write", module, re.M)


def test_every_focusable_element_comes_from_the_one_helper_that_keeps_the_shortcuts_silent():
    """A button, an input, a summary or a tabindex made beside `focusable` would let JupyterLab cut cells while one types."""
    from course.views.widget import HERE

    module = (HERE / "views.js").read_text(encoding="utf-8")
    for made in re.findall(r'.*make\("(?:button|input|summary|select|textarea|a)".*', module):
        assert "focusable(make(" in made, made
    for made in re.findall(r".*\btabIndex = 0.*", module):
        assert "here.tabIndex" in made  # roving: set on what `focusable` made
    styles = (HERE / "views.css").read_text(encoding="utf-8")
    assert not re.search(r"\[lang[^{]*\{[^}]*\bdisplay\b", styles), "a rule that sets display would show a hidden language"
