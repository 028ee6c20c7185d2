"""The gates on prose and messages: each defect seen failing in a small text, then all texts of the course held against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.gates import catalogues, lint
from autograder.gates.voice import faults
from autograder.lesson import find_lessons, read
from course.exercises import LESSONS, Lesson
from course.language import translate
from tests.lessons import ANSWER, CHECK, FRONT, PROSE, ROOT, TINY, find, told, write

# -- the course's own texts ---------------------------------------------------------------------------------------


def test_every_exercise_stands_in_its_lesson_in_order():
    """A lesson without its exercise, or an exercise without its lesson, is seen by nobody until a class meets it."""
    written = {path.stem: [cell.grade_id for cell in read(path).cells if cell.is_check] for path in find_lessons(ROOT / "source")}
    known = {lesson.folder: [exercise.id for exercise in lesson.exercises] for lesson in LESSONS}
    assert written == known


def test_every_message_of_the_course_is_translated_and_says_the_same():
    assert told(catalogues.problems(ROOT / "course")) == ""


YOUR_TURN = {"ru": "### Ваша очередь: ", "zh": "### 轮到你了：", "en": "### Your turn: "}


# Prevents: a report that calls an exercise by another name than the heading above it, so that a learner looks twice.
@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson.number != "00"], ids=lambda lesson: lesson.folder)
@pytest.mark.parametrize("language", YOUR_TURN)
def test_a_report_calls_an_exercise_as_its_heading_does(lesson: Lesson, language: str):
    text = (ROOT / "source" / lesson.folder / f"{lesson.folder}.md").read_text(encoding="utf-8")
    headings = [line.removeprefix(YOUR_TURN[language]) for line in text.splitlines() if line.startswith(YOUR_TURN[language])]
    plain = [heading.replace("$", "").replace("A^\\top", "Aᵀ").replace("`", "").casefold() for heading in headings]
    assert plain == [translate(exercise.title, language).casefold() for exercise in lesson.exercises]


# -- prose cells --------------------------------------------------------------------------------------------------


def blocks(ru: str, zh: str | None = None, en: str | None = None) -> str:
    """A lesson with one prose cell of ours; where one text is given, it stands in all three languages."""
    texts = {"ru": ru, "zh": ru if zh is None else zh, "en": ru if en is None else en}
    cell = "\n".join(f'<div lang="{language}">\n\n{text}\n\n</div>' for language, text in texts.items())
    return FRONT + PROSE + "\n```{code-cell} ipython3\n1 + 1\n```\n\n" + cell + "\n"


PROSE_DEFECTS = {
    "a missing language": (
        TINY.replace(PROSE[PROSE.index('<div lang="en">') :], ""),
        "the prose cell has no en; write <div lang=",
    ),
    "languages in another order": (
        TINY.replace('lang="ru"', 'lang="xx"').replace('lang="zh"', 'lang="ru"').replace('lang="xx"', 'lang="zh"'),
        "the blocks stand in the order zh, ru, en",
    ),
    "a language twice": (TINY.replace(PROSE, PROSE + '<div lang="en">\n\nAgain.\n\n</div>\n'), "the prose cell has en twice"),
    "an unknown language": (TINY.replace(PROSE, PROSE + '<div lang="de">\n\nNoch einmal.\n\n</div>\n'), "blocks of de"),
    "text outside the blocks": (TINY + "\nMore.\n", "'More.' stands outside every language block; move it into the blocks"),
    "a heading outside the blocks": (TINY.replace(PROSE, "# One\n\n" + PROSE), "'# One' stands outside every language block"),
    "no blank line after the opening tag": (
        TINY.replace('<div lang="zh">\n\n', '<div lang="zh">\n'),
        "no blank line after the opening tag: Markdown below it would not render; add one",
    ),
    "no blank line before the closing tag": (
        TINY.replace("两倍。\n\n</div>", "两倍。\n</div>"),
        "no blank line before the closing tag",
    ),
    "a block that is not closed": (TINY.replace("much.\n\n</div>\n", "much.\n"), "the block of en is not closed; write </div>"),
    "a block inside another": (
        TINY.replace('</div>\n<div lang="zh">', '\n<div lang="zh">'),
        '<div lang="zh"> inside the block of ru',
    ),
    "a tag with something beside it": (TINY.replace('<div lang="zh">', '<div lang="zh"> 翻倍'), "does not stand alone"),
    "another formula": (TINY.replace("公式 $y = 2x$", "公式 $y = 3x$"), "the formula 'y = 3x' stands in zh and not in ru"),
    "a missing formula": (TINY.replace("formula $y = 2x$", "formula"), "the formula 'y = 2x' stands in ru and not in en"),
    "another code span": (TINY.replace("number `x`", "number `z`"), "the code span 'z' stands in en and not in ru"),
    "a display formula shown once more": (
        blocks("$$x$$\n\n$$x$$", "$$x$$", "$$x$$\n\n$$x$$"),
        "the displayed formulas of ru and zh differ",
    ),
    "another fenced block": (blocks("```\nx + 1\n```", "```\nx + 2\n```"), "the fenced blocks of ru and zh differ"),
    "another heading level": (TINY.replace("### 翻倍", "## 翻倍"), "heading levels: 2 in zh, 3 in ru; give both the same"),
    "a missing list item": (
        blocks("- раз\n- два", "- 一", "- one\n- two"),
        "bulleted and numbered list items: 1, 0 in zh, 2, 0 in ru",
    ),
    "a missing table row": (
        blocks("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|"),
        "table sizes (rows, columns): (2, 2) in zh, (3, 2) in ru",
    ),
    "a missing fold": (blocks("<details>\n\nраз\n\n</details>", "一", "one"), "HTML tags: none in zh, ('details', 2) in ru"),
    "another link": (blocks("[a](one.md)", "[a](two.md)", "[a](one.md)"), "link targets: two.md in zh, one.md in ru"),
    "a formula that is not closed": (
        blocks("Цена $x растёт.", "价格 $x$。"),
        "a formula is not closed in its paragraph; find the missing $",
    ),
    "code that is not closed": (blocks("Число `x растёт."), "a code span is not closed in its paragraph; find the missing `"),
    "a bar in a table's formula": (
        blocks("| a | b |\n|---|---|\n| $|x|$ | 2 |"),
        "`|` in '|x|' ends the table's cell; write \\lvert",
    ),
    "a bar in a table's code": (blocks("| a | b |\n|---|---|\n| `x|y` | 2 |"), "`|` in 'x|y' ends the table's cell"),
    "strong text that ends in a quotation mark": (
        blocks("раз", "**“广播”**是它的名字。"),
        "`**` between ” and 是 would be shown as asterisks",
    ),
    "strong text that ends in a full stop": (
        blocks("раз", "**轴消失了。**然后"),
        "`**` between 。 and 然 would be shown as asterisks",
    ),
    "strong text that begins with a formula": (
        blocks("раз", "这是**$x$ 的轴**。", "one $x$"),
        "`**` between 是 and a formula would be shown",
    ),
    "a shape with a star that is no code": (
        blocks("форма (*, in) → (*, out)", "形状 (*, in) → (*, out)", "shape (*, in) → (*, out)"),
        "the star of a shape begins italics",
    ),
    "strong text that is not closed": (blocks("**раз"), "`**` is not closed"),
    "a span in a heading": (blocks("### <span>Раз</span>"), "HTML inside a heading; write the heading as plain Markdown"),
    "a heading without its space": (blocks("###Раз"), "a heading without a space after #"),
    "a weight matrix in (in, out)": (
        blocks("У `W` формы (in, out) нет.", "`W` (in, out)", "`W` is (in, out)"),
        "is said to be (in, out)",
    ),
    "A in code": (blocks("Код `x @ A.T`."), "`A` in the code 'x @ A.T'; code says W"),
    "a gradient for A": (blocks(r"Градиент $\frac{\partial L}{\partial A}$."), "a gradient for A in"),
}


@pytest.mark.parametrize("case", PROSE_DEFECTS)
def test_an_author_is_told_of_prose_with(case: str, tmp_path: Path):
    text, message = PROSE_DEFECTS[case]
    assert text != TINY
    assert message in told(lint(write(tmp_path, "01_tiny", text), find))


@pytest.mark.parametrize(
    ("ru", "zh", "en"),
    [
        ("Формула $a + b$.", "公式 $a+b$。", "The formula $a\\, +b$."),
        (r"Формула $x \text{ при } y$.", r"公式 $x \text{ 当 } y$。", r"The formula $x \text{ at } y$."),
        ("Имя «**слой**» здесь.", "“**层**”是它的名字。", "Its name is **layer**."),
        ("Код `a | b` вне таблицы.", "表外的代码 `a | b`。", "Code such as `a | b` outside a table."),
        (
            "| раз | два |\n|---|---|\n| $x$ | $y$ |",
            "| 一 | 二 |\n|---|---|\n| $x$ | $y$ |",
            "| one | two |\n|---|---|\n| $x$ | $y$ |",
        ),
        ("Раз $x$.\n\n$$\nx\n$$", "$$\nx\n$$\n\n一个 $x$。", "One $x$.\n\n$$\nx\n$$"),
        ("Раз, $x$ и снова $x$.", "一个 $x$。", "Once $x$."),
    ],
)
def test_what_is_the_same_and_renders_passes(ru: str, zh: str, en: str, tmp_path: Path):
    assert told(lint(write(tmp_path, "01_tiny", blocks(ru, zh, en)), find)) == ""


def test_the_language_switch_may_stand_above_the_first_blocks_only(tmp_path: Path):
    switch = '<button class="nn-lang-ru">Русский</button> <button class="nn-lang-zh">中文</button>\n\n'
    assert told(lint(write(tmp_path, "01_tiny", TINY.replace(PROSE, switch + PROSE)), find)) == ""
    later = FRONT + "\n".join((PROSE, ANSWER, CHECK, switch + PROSE))
    assert "stands outside every language block" in told(lint(write(tmp_path, "02_late", later), find))


def test_the_blocks_of_a_lesson_need_not_repeat_a_letter_equally_often(tmp_path: Path):
    text = TINY.replace("берёт число `x` и", "берёт число `x`, вот это `x`, и")
    assert told(lint(write(tmp_path, "01_tiny", text), find)) == ""


# -- how each language is written ---------------------------------------------------------------------------------

FAULTS = {
    "en": [
        ("You simply add.", "'simply'"),
        ("It is just a sum.", "'just'"),
        ("Obviously so, obviously.", "'obviously'"),
        ("We note that it grows.", "'note that'"),
        ("You utilize the sum.", "'utilize'"),
        ("You do it in order to add.", "'in order to'"),
        ("The sum is performed here.", "'is performed'"),
        ("It is 5 times smaller.", "'times smaller'"),
        ("The axis — the first one — is gone.", "a dash"),
        ("Well done!", "an exclamation mark"),
        ("It works \U0001f600.", "an emoji"),
        ("An element-wise product.", "write elementwise"),
        ("The cost function falls.", "write loss function"),
    ],
    "ru": [
        ("В данном слое три нейрона.", "'данном'"),
        ("Матрица является весами.", "'является'"),
        ("Так осуществляется умножение.", "'осуществляется'"),
        ("Здесь необходимо сложить.", "'необходимо'"),
        ("Здесь производится сложение.", "'производится'"),
        ("Это имеет место всегда.", "'имеет место'"),
        ("Это верно в рамках урока.", "'в рамках'"),
        ("Производная по отношению к матрице.", "'по отношению к'"),
        ("Вы просто складываете.", "'просто'"),
        ("Это очевидно.", "'очевидно'"),
        ("Число в 5 раз меньше.", "'раз меньше'"),
        ("Тут якобиан слоя.", "write матрица Якоби"),
        ("Размерность тензора равна двум.", "write форма"),
        ("Каждая фича важна.", "write признак"),
        ("Будем тренировать сеть.", "write обучать"),
        ("Весь бэтч сразу.", "write батч"),
        ("Тут еще один слой.", "'еще' is written with ё"),
        ("Слой дает число.", "'дает' is written with ё"),
        ("Подумайте, о чем речь.", "'о чем' is written with ё"),
        ('Это "слой".', "«ёлочки»"),
        ("Это “слой”.", "«ёлочки»"),
        ("Слой - это матрица.", "a hyphen for a dash"),
        ("Слой—это матрица.", "a dash without spaces"),
        ("Если Вы сложите.", "вы is written small"),
        ("Готово!", "an exclamation mark"),
    ],
    "zh": [
        ("我们对它进行操作。", "'进行'"),
        ("请运行单元格。", "'请'"),
        ("它被我们所忽略。", "'被我们所'"),
        ("我们可以看到它。", "'我们可以看到'"),
        ("结果小了 5 倍。", "write 是应有值的 1/5"),
        ("显然如此。", "'显然'"),
        ("这是偏差。", "write 偏置"),
        ("您来算。", "write 你"),
        ("雅克比矩阵。", "write 雅可比"),
        ("一个批次。", "write 批量"),
        ("它是偏导。", "write 偏导数"),
        ('这是"层"。', "write “ and ”"),
        ("这是「层」。", "write “ and ”"),
        ("这是层,那是轴。", "half-width '层,' beside Chinese"),
        ("这是层.", "half-width '.' beside Chinese"),
        ("形状(5, 4) 的矩阵。", "half-width '状(' beside Chinese"),
        ("共有5条轴。", "no space in '有5'"),
        ("用x表示。", "no space in '用x'"),
        ("矩阵$W$的行。", "no space in '阵$…$'"),
        ("代码`x`的值。", "no space in '码`…`'"),
        ("第一行， 第二行。", "a space beside full-width"),
        ("第 一 行。", "a space inside Chinese text"),
        ("这一段写在\n两行里。", "the paragraph is broken over two lines"),
        ("做完了！", "an exclamation mark"),
        ("这是—轴。", "a single '—'"),
        ("等等…", "a single '…'"),
    ],
}
CASES = [(language, text, message) for language, cases in FAULTS.items() for text, message in cases]


@pytest.mark.parametrize(("language", "text", "message"), CASES, ids=[f"{language}: {text!r}" for language, text, _ in CASES])
def test_a_fault_of_language_is_told(language: str, text: str, message: str):
    assert any(message in f"{wrong}; {todo}" for _, wrong, todo in faults(language, text))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The function justifies its name: `obviously!` is code, and $n!$ a formula."),
        ("ru", "Таблица с данными — это строки. «Слой „линейный“» даёт число; производная по $W$ ещё впереди."),
        ("ru", "- `x` — вход\n- диапазон 5–7, кросс-энтропия"),
        ("zh", "形状是 (5, 4)，`in` 轴有 4 个数：$W$ 的一行是一个神经元（neuron）。**一行**就是一个。"),
        ("zh", "- `x`：输入\n- 第 1 条\n\n| 轴 | 长度 |\n|---|---|\n| `in` | 4 |"),
        ("zh", "id 写在它的 check(…) 里。"),
        ("zh", "要求写在[这里](https://a.b/c)。"),
    ],
)
def test_a_text_in_the_course_s_voice_passes(language: str, text: str):
    assert list(faults(language, text)) == []


def test_a_sentence_that_begins_with_a_symbol_is_told_in_a_lesson(tmp_path: Path):
    text = TINY.replace("The formula $y = 2x$ takes", "$y = 2x$ takes")
    assert "a sentence begins with a symbol; begin it with a word" in told(lint(write(tmp_path, "01_tiny", text), find))
    text = TINY.replace("отдаёт вдвое больше.", "отдаёт больше. `x` остаётся.")
    assert "a sentence begins with a symbol" in told(lint(write(tmp_path, "01_tiny", text), find))


def test_a_fault_is_told_on_its_own_line(tmp_path: Path):
    text = TINY.replace("变成两倍。", "变成两倍!")
    line = text.splitlines().index("公式 $y = 2x$ 把数 `x` 变成两倍!") + 1
    assert f"01_tiny.md:{line}: an exclamation mark" in told(lint(write(tmp_path, "01_tiny", text), find))


# -- messages -----------------------------------------------------------------------------------------------------

CODE = 'from course.verdict import Say\n\nSAID = (N_("You returned {shape} for `x`."), Say("Run the cell above."))\n'
RU = """\
msgid "You returned {shape} for `x`."
msgstr "Для `x` вы вернули {shape}."

msgid "Run the cell above."
msgstr "Запустите ячейку выше."
"""
ZH = """\
msgid "You returned {shape} for `x`."
msgstr "对 `x`，你返回的是 {shape}。"

msgid "Run the cell above."
msgstr "运行上面的单元格。"
"""


def package(tmp_path: Path, code: str = CODE, ru: str = RU, zh: str = ZH) -> str:
    course = tmp_path / "course"
    for name, text in (("said.py", code), ("language/ru/said.po", ru), ("language/zh/said.po", zh)):
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return told(catalogues.problems(course))


def test_messages_that_are_all_translated_have_no_problem(tmp_path: Path):
    assert package(tmp_path) == ""


MESSAGES = {
    "one that is missing": ({"zh": ZH.split("\n\n")[0] + "\n"}, "said.py:3: 'Run the cell above.' is not translated in zh"),
    "one that is empty": (
        {"ru": RU.replace("Запустите ячейку выше.", "")},
        "said.po:4: 'Run the cell above.' is not translated; write its",
    ),
    "one that is fuzzy": ({"ru": RU.replace('msgid "Run', '#, fuzzy\nmsgid "Run')}, "'Run the cell above.' is marked fuzzy"),
    "one that no code says": ({"ru": RU.replace("cell above", "cell below")}, "no code says 'Run the cell below.' any more"),
    "one that is obsolete": ({"ru": RU + '\n#~ msgid "Old."\n#~ msgstr "Старое."\n'}, "no code says 'Old.' any more"),
    "a field that is missing": ({"zh": ZH.replace("{shape}。", "它。")}, "are shape, in zh none; use the same {fields}"),
    "a field that is misspelt": ({"ru": RU.replace("вернули {shape}", "вернули {form}")}, "are shape, in ru form"),
    "a field that is not closed": ({"ru": RU.replace("вернули {shape}", "вернули {shape")}, "are shape, in ru broken"),
    "a format that is broken": ({"code": CODE.replace("{shape}", "{shape")}, "is no format string; write {name} for a field"),
    "other code": ({"zh": ZH.replace("`x`，", "`y`，")}, "the code spans of 'You returned {shape} for `x`.' are x, in zh y"),
    "other strong words": ({"zh": ZH.replace("上面", "**上面**")}, "has other **strong** words in zh"),
    "a term that is not ours": ({"zh": ZH.replace("上面的单元格", "偏差")}, "'偏差' is not the course's term"),
    "English that is not in our voice": (
        {"code": CODE.replace("Run the", "Simply run the just")},
        "the word 'just' is not in the course's voice",
    ),
    "one that is put together": ({"code": CODE + 'Say(f"{1} cells")\n'}, "a message is put together before it is translated"),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_a_translator_is_told_of(case: str, tmp_path: Path):
    given, message = MESSAGES[case]
    assert message in package(tmp_path, **given)


def test_a_message_that_two_catalogues_translate_is_told(tmp_path: Path):
    package(tmp_path)
    (tmp_path / "course/language/ru/again.po").write_text(RU, encoding="utf-8")
    assert "is translated in again.po too; keep one of the two" in told(catalogues.problems(tmp_path / "course"))
