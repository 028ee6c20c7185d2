"""The report a learner sees: values → text, the HTML that survives an untrusted notebook, and the words in every language."""

import ast
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import course.report
from course.answer import Line
from course.exercise import Inputs
from course.language import HERE, LANGUAGES
from course.numbers import digit_under_digit, number, style_of
from course.report import line_html, render_html, render_text, unknown_html, unknown_text
from course.report.evidence import evidence_text
from course.report.markup import labels, text_width, words_html, words_text, wrap
from course.report.pieces import asked_on
from course.report.sheets import MOST_COLUMNS, sheets
from course.report.words import MARKS
from course.verdict import Evidence, Matrix, PartVerdict, Say, State, Verdict
from tests.report_gallery import BATCH, BOTH_WAYS, EXAMPLES, Example, jupyterlab_styles, page, rows, values, verdict

# -- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (-3, "−3"),
        (-3.0, "−3"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (-0.6000000000000001, "−0.6"),
        (1 / 3, "0.3333"),
        (12.345678, "12.35"),
        (1e-9, "1e−9"),
        (1.5e8, "1.5e8"),
        (123456.0, "123456"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (np.bool_(True), "True"),
        (np.int64(-7), "−7"),
        (np.float32(0.5), "0.5"),
        (2 - 1j, "(2−1j)"),
    ],
)
def test_a_number_has_a_true_minus_and_no_digit_too_many(given, written):
    assert number(given) == written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ([6.0, -3.0, 0.0], ["6", "−3", "0"]),
        ([1.2, -0.6, 0.0], ["1.2", "−0.6", "0"]),
        ([0.83812, -0.53611, 12.5], ["0.84", "−0.54", "12.50"]),
        ([-0.0001234, 1.29876], ["0.000", "1.299"]),
        ([2e-7, -1.5e-6], ["2e−7", "−1.5e−6"]),
        ([True, False], ["True", "False"]),
        ([float("nan"), 1.0], ["NaN", "1"]),
        ([], []),
    ],
)
def test_numbers_side_by_side_share_their_decimals(given, written):
    array = np.array(given)
    assert [number(value, style_of(array)) for value in array] == written


@pytest.mark.parametrize(
    ("expected", "got", "written"),
    [
        (4.08, np.float32(4.0800008), ("4.0800000000", "4.0800008", "4.080000")),
        (0.243851424, 0.2439, ("0.24385142", "0.24390000", "0.243")),
        (2.5, -2.5, ("2.500", "−2.500", "")),
        (1.0, 1.0 + 1e-15, ("1.0000000000000000", "1.0000000000000011", "1.00000000000000")),
        (10.0, 9.9999, ("10.00000000", "9.99990000", "")),
        (1.0, float("nan"), ("1", "NaN", "")),
    ],
)
def test_two_numbers_stand_digit_under_digit_up_to_where_they_differ(expected, got, written):
    left, right, common = digit_under_digit(expected, got)
    assert left == written[0]
    assert right.startswith(written[1])
    assert right[:common] == written[2]


def test_the_worst_entries_look_different_even_where_they_nearly_agree():
    text = evidence_text(values("y", ("out",), [1.23456789, 2.5], [1.23456781, 2.5], (0,)), BATCH, ("en",))
    expected, got = re.findall(r"\[(.*?)\]", text)
    assert (expected, got) == ("1.2345679", "1.2345678")


# -- matrices as text ---------------------------------------------------------------------------------------------------


def test_a_matrix_as_text_has_its_axes_and_the_worst_entry_in_brackets():
    evidence = values("dW", ("out", "in"), [[6, 0], [2, -3]], [[1.2, 0], [0.4, -0.6]], (0, 0), between="÷ 5", because="N = 5")
    assert evidence_text(evidence, BATCH, ("ru", "zh")) == "\n".join(
        (
            "dW (out = 2, in = 2)   ожидалось · 应为",
            "       in 0   in 1",
            "out 0    [6]     0",
            "out 1     2     −3",
            "",
            "dW (out = 2, in = 2)   получилось · 得到 = ожидалось · 应为 ÷ 5   (N = 5)",
            "       in 0   in 1",
            "out 0  [1.2]     0",
            "out 1   0.4   −0.6",
        )
    )


def test_shapes_as_text_are_shapes_and_axes():
    evidence = Evidence("shapes", Matrix("y", (5, 3), axes=("N", "out")), Matrix("y", (15,)))
    assert evidence_text(evidence, BATCH, ("en",)) == "y (5, 3): N = 5, out = 3   expected\ny (15,)   got"


def test_a_meeting_as_text_names_the_sizes_that_did_not_meet():
    assert "in = 4 ≠ out = 3" in EXAMPLES["failed to run"].text(("en",))
    broadcast = Evidence("meeting", Matrix("", (5, 3)), Matrix("b", (5,)), between="3 ≠ 5")
    assert evidence_text(broadcast, BATCH, ("en",)) == "(5, 3)\nb (5,)\n3 ≠ 5"


def test_two_scalars_stand_below_each_other_with_the_call_that_gave_them():
    assert "weight_of(W, 2, 1)\n\n  w\n  expected   −1\n  got         2" in EXAMPLES["a scalar"].text(("en",))


def test_digits_as_text_mark_the_tail_that_differs():
    assert "\n".join(("  y[0]", "  expected   0.24385142   rtol 1e−9", "  got        0.24390000")) in EXAMPLES[
        "close, rounded"
    ].text(("en",))
    assert "\n" + " " * 18 + "^^^^^\n" in EXAMPLES["close, rounded"].text(("en",))


def test_an_array_of_three_axes_is_a_pile_of_sheets():
    text = EXAMPLES["three axes, all sheets"].text(("en",))
    assert text.count("y[0]") == text.count("y[1]") == 2
    assert "[−14]" in text


def test_of_many_numbers_only_the_sheet_with_the_worst_entry_is_shown():
    text = EXAMPLES["three axes, one sheet shown"].text(("en",))
    assert "There are 105 numbers. Shown is the sheet with the largest difference." in text
    assert "y[2]" in text
    assert "y[0]" not in text


def test_of_far_too_many_numbers_only_the_worst_pair_is_shown():
    text = EXAMPLES["too many numbers"].text(("en",))
    assert "There are 588 numbers. Shown is the one with the largest difference." in text
    assert "K[3, 16]" in text
    assert len(text.splitlines()) < 20


def test_too_many_numbers_without_a_worst_entry_are_shapes():
    evidence = Evidence("values", *(Matrix("K", (10, 10), np.zeros((10, 10))) for _ in range(2)))
    assert evidence_text(evidence, BATCH, ("en",)) == "K (10, 10)   expected\nK (10, 10)   got"


@pytest.mark.parametrize("width", [1, 8, 9, 12, 17, 64])
def test_a_wide_sheet_goes_on_below_itself_and_loses_no_number(width):
    array = np.arange(width)
    for worst in range(width):
        bands = sheets(Matrix("x", (width,), array, ("in",), (worst,)))
        assert all(len(band.column_numbers) <= MOST_COLUMNS for band in bands)
        assert [int(cell) for band in bands for cell in band.cells[0]] == list(range(width))
        assert [i for band in bands for i in band.column_numbers] == list(range(width))
        marked = [band.column_numbers[band.worst[1]] for band in bands if band.worst]
        assert marked == [worst]


@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (3, 0), (1, 1), (2, 2, 2, 2), (100, 784), (5, 7, 3)], ids=str)
@pytest.mark.parametrize("kind", ["values", "shapes", "meeting", "digits"])
def test_evidence_of_any_shape_and_kind_has_a_picture_and_a_text(shape, kind):
    array = np.arange(int(np.prod(shape)), dtype=np.float64).reshape(shape)
    worst = tuple(0 for _ in shape) if array.size else None
    lit = 0 if shape else None
    for given in (array, None):
        evidence = Evidence(
            kind,
            Matrix("y", shape, given, worst=worst, lit=lit),
            Matrix("y", shape, None if given is None else given + 1, worst=worst, lit=lit),
        )
        wrong = Example(verdict(State.WRONG, BATCH, evidence=(evidence,)))
        assert "expected" in wrong.text(("en",)) or kind == "meeting"
        assert_sound(wrong.html())


# -- the text of a whole report -------------------------------------------------------------------------------------------


def test_the_text_of_a_report_is_in_the_order_of_the_report():
    assert EXAMPLES["failed to run"].text(("en",)) == "\n".join(
        (
            "! 0 / 4  linear-batch",
            "",
            "  A layer for a whole batch. Failed to run.",
            "  The code stopped in line 3. A row of x is as long as in = 4, and the columns",
            "  of W are as long as out = 3.",
            "",
            "    1  def linear(x, W, b):",
            "    2      # x (N, in), W (out, in), b (out,)",
            "  ▸ 3      return x @ W + b",
            "                  ^^^^^",
            "  RuntimeError: mat1 and mat2 shapes cannot be multiplied (5x4 and 3x4)",
            "",
            "  x (5, 4): N = 5, in = 4",
            "  W (3, 4): out = 3, in = 4",
            "  in = 4 ≠ out = 3",
            "",
            "  W is kept as (out, in). Which of its axes should meet the features of x?",
            "  More hints: 1. They open one by one in the report in the notebook.",
            "",
            "  linear(x, W, b) · N = 5 · in = 4 · out = 3 · float64 · random numbers · fwd_missing_transpose",
            "",
        )
    )


def test_the_text_says_each_thing_in_one_language_after_the_other():
    assert EXAMPLES["right"].text(("zh", "ru")) == "\n".join(
        (
            "✓ 4 / 4  linear-batch",
            "",
            "  整批样本的线性层。正确。",
            "  与 torch.nn.Linear 一致。in 轴在求和中消失，每个样本留下自己的一行：",
            "  (N, out)。",
            "",
            "  Слой для целого батча. Верно.",
            "  Совпало с torch.nn.Linear. Суммирование убрало ось in: от каждого объекта",
            "  осталась одна строка, всего (N, out).",
            "",
        )
    )


def test_an_empty_stub_is_one_quiet_line():
    assert EXAMPLES["not attempted"].text(("en",)) == (
        "– 0 / 4  linear-batch\n\n  A layer for a whole batch: waiting for your code\n"
    )
    html = EXAMPLES["not attempted"].html()
    assert "<details" not in html
    assert "float64" not in html


def test_several_parts_are_told_one_by_one_and_a_single_part_is_not():
    assert "  y   ✓ 2/2\n  dX  ✗ 0/2  factor_minus_one\n  dW  ≈ 3/3\n  db  ! 0/1\n" in EXAMPLES["several parts"].text(("en",))
    assert "nl-parts" not in EXAMPLES["wrong, no name"].html()


def test_printed_output_is_cut_and_says_how_much_there_was():
    text = EXAMPLES["wrong, generic numbers"].text(("en",))
    assert text.count("step 1") == 10
    assert "Your code printed 60 lines in all" in text
    assert "Warnings from your code: 1" in text
    short = verdict(State.WRONG, BATCH, output="a\nb\n", output_lines=2)
    assert "in all" not in render_text(short, BATCH, ("en",))


def test_a_right_answer_earns_its_sentence_once():
    for says in ((), (Say(BATCH.proves),)):
        right = verdict(State.RIGHT, BATCH, *says, earned=4)
        assert render_text(right, BATCH, ("en",)).count("The same as torch.nn.Linear.") == 1
        assert "<details" not in render_html(right, BATCH, solution="y", has_source=True)


def test_chinese_text_is_wrapped_by_width_and_no_line_begins_with_a_stop():
    text = "每个样本都把自己的一份完整地计入，" * 12
    lines = wrap(text, 40).split("\n")
    assert "".join(lines) == text
    assert all(text_width(line) <= 40 for line in lines)
    assert not any(line[0] in "，。）" for line in lines)


# -- hints --------------------------------------------------------------------------------------------------------------


def test_each_hint_lies_inside_the_one_before_and_the_solution_is_asked_for_twice():
    tree = parsed(EXAMPLES["wrong, and the mistake has a name"].html(("en",)))
    outer = next(e for e in tree.walk() if e.name == "details" and "nl-hint" in e.classes)
    summaries = []
    while outer is not None:
        summaries.append(outer.children[0].text)
        inner = [child for child in outer.children if child.name == "details"]
        assert len(inner) <= 1
        assert ("dW = G.T @ x" in "".join(c.text for c in outer.children if c.name == "pre")) is not bool(inner)
        outer = inner[0] if inner else None
    assert summaries == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Show the solution", "Yes, show the solution"]


def test_without_the_source_the_last_step_says_who_has_the_solution():
    html = EXAMPLES["wrong, no name"].html(("en",))
    assert "Show the solution" not in html
    assert 'Your instructor has it. <code class="nl-long">check.solution(&quot;linear-batch&quot;)</code>' in html
    with_source = render_html(EXAMPLES["wrong, no name"].verdict, BATCH, solution=None, has_source=True, languages=("en",))
    assert "solution" not in with_source


def test_close_with_all_points_keeps_its_question_and_offers_no_solution():
    full = replace(EXAMPLES["close, float32"].verdict, asks=(Say("Where?"),))
    html = render_html(full, BATCH, solution="secret", has_source=True, languages=("en",))
    assert "Hint 1 of 1" in html
    assert "secret" not in html


# -- what was asked -------------------------------------------------------------------------------------------------------


def test_what_was_asked_names_the_sizes_that_matter_and_no_others():
    axes, kind, random = asked_on(rows, BATCH.sizes[0])
    assert [axis.label for axis in axes] == ["N = 5", "in = 4", "out = 3"]
    assert (kind, random) == ("float64", True)


def test_fixed_inputs_are_not_called_random():
    axes, kind, random = asked_on(lambda rng, sizes: Inputs(sizes, x=np.ones(3), n=2), BATCH.sizes[0])
    assert (axes, kind, random) == ((), "float64", False)


# -- escaping -----------------------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script><img src=x onerror=y> & \"quotes\" 'single' **bold** `code` </pre></article>"


def hostile() -> Verdict:
    array = np.zeros(2)
    return Verdict(
        "linear-batch",
        State.FAILED,
        (PartVerdict(HOSTILE, 0, 1, State.WRONG, HOSTILE), PartVerdict("dW", 0, 1, State.WRONG)),
        says=(Say("`{name}` is {other}.", {"name": HOSTILE, "other": Say("{x}", {"x": HOSTILE})}),),
        asks=(Say("{name}", {"name": HOSTILE}),),
        quote=(Line(1, HOSTILE, here=True, start=3, end=9),),
        error=HOSTILE,
        evidence=(
            Evidence(
                "values",
                Matrix(HOSTILE, (2,), array, (HOSTILE,), (0,)),
                Matrix("y", (2,), array + 1, ("out",), (0,)),
                between=HOSTILE,
                because=HOSTILE,
                inputs=(Matrix(HOSTILE, (2,), array),),
                called=HOSTILE,
            ),
        ),
        mistake=HOSTILE,
        output=HOSTILE,
        output_lines=1,
        warnings=(HOSTILE,),
    )


def test_nothing_of_a_learners_becomes_markup():
    html = render_html(hostile(), BATCH, solution=HOSTILE, has_source=True)
    assert_sound(html)
    assert "<script" not in html
    assert "<img" not in html
    said = next(e for e in parsed(html).walk() if "nl-say" in e.classes)
    assert [child.name for child in said.walk()].count("strong") == 0
    assert HOSTILE in said.text


def test_a_value_is_shown_as_it_is_also_in_text():
    assert HOSTILE in render_text(hostile(), BATCH, ("en",))
    assert words_text(Say("`{code}` and **{code}**", {"code": "x ** 2 ** `y`"}), "en") == "x ** 2 ** `y` and x ** 2 ** `y`"


@pytest.mark.parametrize(
    ("said", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("**strong** and `x @ W`", "<strong>strong</strong> and <code>x @ W</code>"),
        ("`**kwargs`", "<code>**kwargs</code>"),
        ("2 ** 3 is 8", "2 ** 3 is 8"),
        ("a lone ` tick", "a lone ` tick"),
        ("``", "``"),
    ],
)
def test_code_and_strong_are_the_only_markup_of_a_message(said, html):
    assert words_html(said, "en") == html


# -- HTML that survives an untrusted notebook -------------------------------------------------------------------------------

TAGS = {
    *("article", "div", "p", "span", "pre", "code", "strong", "b", "i", "u", "small"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary"),
}
MEANINGFUL = {"class", "lang", "scope", "colspan", "rowspan"}
HELPING = {"role", "aria-hidden", "data-lm-suppress-shortcuts"}  # stripped in an untrusted notebook, and then not missed


class Element:
    def __init__(self, name: str, attributes: dict[str, str], parent: "Element | None"):
        self.name, self.attributes, self.parent = name, attributes, parent
        self.children: list[Element] = []
        self.pieces: list[Element | str] = []

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return "".join(piece if isinstance(piece, str) else piece.text for piece in self.pieces)

    @property
    def language(self) -> str:
        return self.attributes.get("lang") or (self.parent.language if self.parent else "")

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


class Tree(HTMLParser):
    """The elements of a page; an end tag that does not close what is open fails the test."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.open = Element("", {}, None)

    def handle_starttag(self, name, attributes):
        element = Element(name, dict(attributes), self.open)
        self.open.children.append(element)
        self.open.pieces.append(element)
        self.open = element

    def handle_endtag(self, name):
        assert name == self.open.name, f"</{name}> closes <{self.open.name}>"
        assert self.open.parent is not None
        self.open = self.open.parent

    def handle_data(self, data):
        self.open.pieces.append(data)


def parsed(html: str) -> Element:
    tree = Tree()
    tree.feed(html)
    tree.close()
    assert tree.open is tree.root, f"<{tree.open.name}> is never closed"
    return tree.root


def assert_sound(html: str) -> None:
    for element in parsed(html).walk():
        if element.name:
            assert element.name in TAGS
            assert set(element.attributes) <= MEANINGFUL | HELPING, element.name


def test_the_parser_of_these_tests_notices_a_tag_that_is_not_closed():
    for broken in ("<p><b>x</p>", "<div><p>x</p>", "x</p>"):
        with pytest.raises(AssertionError):
            parsed(broken)


PAGES = {
    **{name: example.html() for name, example in EXAMPLES.items()},
    "one line": line_html("right", "✓", Say("Wrong.")),
    "unknown": unknown_html("linear-bach"),
}


@pytest.mark.parametrize("name", PAGES)
def test_only_elements_and_attributes_are_used_that_jupyterlab_keeps(name):
    assert_sound(PAGES[name])


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_needs_neither_styles_nor_colours_to_be_read(name):
    example = EXAMPLES[name]
    mark, _, word = MARKS[example.verdict.state]
    text = parsed(example.html(("en",))).text
    assert text.startswith(mark)
    assert word in text or example.verdict.state is State.NOT_ATTEMPTED
    assert f"{example.verdict.earned} / {example.verdict.points}" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_marked_entry_has_a_hidden_word_beside_its_colour(name):
    for cell in parsed(EXAMPLES[name].html(("en",))).walk():
        if "worst" in cell.classes:
            assert cell.text.startswith("▸ ")
            assert cell.text.endswith("furthest off")


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_rows_of_a_table_are_as_wide_as_its_head(name):
    for table in (e for e in parsed(EXAMPLES[name].html()).walk() if e.name == "table"):
        rows_ = [row for row in table.walk() if row.name == "tr"]
        widths = {sum(int(cell.attributes.get("colspan", 1)) for cell in row.children) for row in rows_}
        upright = [c for r in rows_ for c in r.children if int(c.attributes.get("rowspan", 1)) > 1]
        assert len(widths) == 1 or (upright and max(widths) - min(widths) == 1), widths


# -- languages --------------------------------------------------------------------------------------------------------------

CYRILLIC, CHINESE = re.compile("[а-яё]", re.I), re.compile("[一-鿿]")


@pytest.mark.parametrize("name", PAGES)
def test_every_text_stands_under_its_language(name):
    counts = dict.fromkeys(LANGUAGES, 0)
    for element in parsed(PAGES[name]).walk():
        said = "".join(piece for piece in element.pieces if isinstance(piece, str))
        if CYRILLIC.search(said):
            assert element.language == "ru", said
        if CHINESE.search(said):
            assert element.language == "zh", said
        if "lang" in element.attributes:
            counts[element.attributes["lang"]] += 1
            assert element.text.strip()
    assert len(set(counts.values())) == 1, counts


def test_a_chosen_language_stands_alone():
    for example in EXAMPLES.values():
        languages = {e.attributes["lang"] for e in parsed(example.html(("zh",))).walk() if "lang" in e.attributes}
        assert languages == {"zh"}


def test_labels_are_parted_by_dots_where_no_style_draws_them():
    assert parsed(labels("expected", LANGUAGES)).text == "ожидалось · 应为 · expected"
    assert parsed(labels("expected", ("zh",))).text == "应为"


def messages() -> list[str]:
    """Every N_(…) of the report's modules."""
    found = []
    for path in sorted(Path(course.report.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "N_":
                found.append(ast.literal_eval(node.args[0]))
    return found


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_every_message_is_translated_with_the_same_fields_and_code_and_none_is_left_over(language):
    import polib

    catalogue = {entry.msgid: entry.msgstr for entry in polib.pofile(str(HERE / language / "report.po"))}
    assert set(catalogue) == set(messages())
    for english, words in catalogue.items():
        for pattern in (r"\{\w+\}", r"`[^`]+`"):
            assert sorted(re.findall(pattern, words)) == sorted(re.findall(pattern, english)), english
        assert english.count("**") == words.count("**")
        assert not re.search(r"[“”‘’]\*\*\w|\w\*\*[“”‘’]", words)


def test_an_unknown_exercise_is_never_called_wrong():
    text = unknown_text("linear-bach", ("en",))
    assert text.startswith("?  linear-bach\n")
    assert "nothing was judged" in " ".join(text.split())
    assert "wrong" not in unknown_html("linear-bach", ("en",)).lower()


# -- styles -----------------------------------------------------------------------------------------------------------------


def style_sheet() -> str:
    return (Path(course.report.__file__).parents[1] / "labextension" / "static" / "report.css").read_text(encoding="utf-8")


def used_classes() -> set[str]:
    return {name for html in PAGES.values() for element in parsed(html).walk() for name in element.classes}


def test_the_style_sheet_knows_every_class_of_a_report():
    known = set(re.findall(r"\.([a-z][\w-]*)", style_sheet()))
    structural = {"nl-one"} - known  # only named in :not(…)
    assert used_classes() - known - structural == set()


def test_the_style_sheet_has_balanced_braces_and_no_address():
    css = re.sub(r"/\*.*?\*/", "", style_sheet(), flags=re.S)
    assert css.count("{") == css.count("}")
    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.browser
@pytest.mark.parametrize("languages", ["ru zh", "zh en", "en", "zh ru"])
def test_a_hidden_language_stays_hidden_and_no_page_scrolls_sideways(browser, languages):
    tab = browser.new_page()
    tab.set_content(page("dark", languages, opened=True))
    for width in (1280, 700, 420):
        tab.set_viewport_size({"width": width, "height": 900})
        seen = tab.evaluate(
            "[...new Set([...document.querySelectorAll('.nl-report [lang], .nl-line [lang]')]"
            ".filter(e => getComputedStyle(e).display !== 'none').map(e => e.lang))].sort()"
        )
        assert seen == sorted(languages.split())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


@pytest.mark.browser
def test_two_languages_and_the_halves_of_the_evidence_stand_on_the_same_left_edges(browser):
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    tab.set_content(page("light", "ru zh"))
    edges = tab.evaluate(
        """() => {
          const report = document.querySelector('.nl-report');
          const left = (element) => Math.round(element.getBoundingClientRect().left);
          const shown = [...report.querySelectorAll('.nl-title, .nl-say > p')].filter((e) => e.offsetParent);
          return [shown.map(left), [...report.querySelectorAll('.nl-pair > div')].map(left)];
        }"""
    )
    (title, second_title, sentence, second_sentence), halves = edges
    assert title == sentence == halves[0]
    assert second_title == second_sentence == halves[1]
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_5_on_its_ground(browser, theme):
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    tab.set_content(page(theme, "ru zh", opened=True))
    poor = tab.evaluate(
        """() => {
          const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
          const over = (ground, colour) => {
            canvas.fillStyle = `rgb(${ground.join(' ')})`; canvas.fillRect(0, 0, 1, 1);
            canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
          };
          const light = (rgb) => rgb.map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = (e) => (e ? over(ground(e.parentElement), getComputedStyle(e).backgroundColor) : [255, 255, 255]);
          const poor = [];
          for (const e of document.querySelectorAll('.nl-report *, .nl-line *')) {
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
            const below = ground(e);
            const [a, b] = [light(below), light(over(below, getComputedStyle(e).color))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 5) poor.push(`${e.className || e.localName}: ${contrast.toFixed(2)}`);
          }
          return [...new Set(poor)];
        }"""
    )
    assert poor == []
    tab.close()


def test_the_gallery_shows_the_rules_that_the_installed_jupyterlab_has():
    for theme in ("light", "dark"):
        assert ".jp-RenderedHTMLCommon table" in jupyterlab_styles(theme)
    assert BOTH_WAYS.title in page(languages="en")
