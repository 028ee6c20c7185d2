"""Every state of a report, as data for the tests and as one HTML page to look at:

    python -m tests.report_gallery OUT.html [--theme dark] [--languages "ru zh"]

The page imitates a JupyterLab output: the theme's variables and the rules for rendered HTML are read from the installed
JupyterLab, the rest is the course's own style sheets.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

import course.language
from course.answer import Line
from course.exercise import GENERIC, OTHER, Exercise, Inputs, Part, Sizes, normal, thread
from course.report import line_html, render_html, render_text, unknown_html
from course.verdict import Evidence, Matrix, PartVerdict, Say, State, Verdict

STATIC = Path(course.language.__file__).parents[1] / "labextension" / "static"

# The sentences of the examples: not the course's own, so they are in no catalogue of it. English → (Russian, Chinese).
SPOKEN = {
    "A layer for a whole batch": ("Слой для целого батча", "整批样本的线性层"),
    "The gradient of the weight matrix": ("Градиент матрицы весов", "权重矩阵的梯度"),
    "Both ways through the layer": ("Слой в обе стороны", "线性层的正反两程"),
    "The same as torch.nn.Linear. The sum removed the axis in: each sample left one row, (N, out) in all.": (
        "Совпало с torch.nn.Linear. Суммирование убрало ось in: от каждого объекта осталась одна строка, всего (N, out).",
        "与 torch.nn.Linear 一致。in 轴在求和中消失，每个样本留下自己的一行：(N, out)。",
    ),
    "You **averaged** over the batch where a **sum** is needed: every sample adds its whole share to dW.": (
        "Вы **усреднили** по батчу, а нужно **сложить**: каждый объект вносит в dW свой вклад целиком.",
        "你在批量上**取了平均**，而这里应当**求和**：每个样本都把自己的一份完整地计入 dW。",
    ),
    "All 12 numbers are exactly one fifth of what they should be, and 5 is the batch size.": (
        "Каждое из 12 чисел — ровно пятая часть нужного, а 5 — это размер батча.",
        "12 个数都恰好是应有值的 1/5，而 5 正是批量大小。",
    ),
    "Where does your 1/N come from? If the loss takes a mean, the 1/N is already inside the upstream gradient G.": (
        "Откуда у вас 1/N? Если среднее берёт функция потерь, то 1/N уже сидит внутри приходящего градиента G.",
        "你的 1/N 是从哪里来的？如果损失函数取了平均，那么 1/N 早已包含在上游梯度 G 里。",
    ),
    "Write down the share of one sample: the outer product of Gₙ and xₙ. There is one for each sample. What becomes of them?": (
        "Запишите вклад одного объекта: внешнее произведение Gₙ и xₙ. Их столько, сколько объектов. Что с ними сделать?",
        "先写出单个样本的贡献：Gₙ 与 xₙ 的外积。有几个样本，就有几个这样的矩阵，该怎么合到一起？",
    ),
    "A sum of outer products is one matrix product. Which axis disappears in it: N, in or out?": (
        "Сумма внешних произведений — это одно матричное произведение. Какая ось в нём исчезает: N, in или out?",
        "外积之和其实就是一次矩阵乘积。乘完以后消失的是哪条轴：N、in 还是 out？",
    ),
    "The shape is right, the numbers are not, and they fit no mistake that we know. Furthest off is `{index}`.": (
        "Форма верна, числа — нет. Знакомой ошибки в них не видно; сильнее всего разошлось `{index}`.",
        "形状对了，数值不对，也认不出是哪种常见错误。差得最多的是 `{index}`。",
    ),
    "Work out this one number on paper, from the rows x[4] and W[1]. How many terms does it have?": (
        "Посчитайте одно это число на бумаге, по строкам x[4] и W[1]. Сколько в нём слагаемых?",
        "只算这一个数：取 x[4] 和 W[1] 这两行，动笔写一写，一共有几项相加？",
    ),
    "The numbers are right, but the result is **transposed**: your samples are columns, and here each has a row.": (
        "Числа верны, но ответ **транспонирован**: объекты у вас стоят столбцами, а здесь каждому отведена строка.",
        "数都对，只是结果**转置**了：你把样本排成了列，而这里一个样本占一行。",
    ),
    "All sizes of the check differ, so a number gives its axis away: 5 is N, 3 is out.": (
        "Все размеры в проверке разные, поэтому число выдаёт ось: 5 — это N, 3 — это out.",
        "检查时各轴长度互不相同，看数字就认得出轴：5 是 N，3 是 out。",
    ),
    "The code stopped in line {line}. A row of x is as long as `{left}`, and the columns of W are as long as `{right}`.": (
        "Код прервался на строке {line}. Строка x имеет длину `{left}`, а столбцы W — длину `{right}`.",
        "程序停在第 {line} 行。x 的一行长 `{left}`，而 W 的列长是 `{right}`。",
    ),
    "W is kept as (out, in). Which of its axes should meet the features of x?": (
        "W хранится как (out, in). Какая из её осей должна встретиться с признаками x?",
        "W 存成 (out, in)。它的哪条轴该和 x 的特征轴对上？",
    ),
    "The formula is right and **all points count**. But you computed in float32: after seven digits the numbers differ.": (
        "Формула верна, **все баллы засчитаны**. Но считали вы во float32: после седьмой цифры числа уже расходятся.",
        "公式正确，**得分全部计入**。不过你用的是 float32：大约 7 位有效数字之后就对不上了。",
    ),
    "Where is precision lost? For example, `torch.zeros(N, out)` without `dtype` is float32.": (
        "Где теряется точность? Например, `torch.zeros(N, out)` без `dtype` — это float32.",
        "精度丢在哪一步？比如 `torch.zeros(N, out)` 不写 `dtype`，默认就是 float32。",
    ),
    "Very close, but outside the tolerance: **no points yet**. Is something rounded on the way?": (
        "Очень близко, но за пределами допуска: **баллы пока не засчитаны**. Не округляете ли вы по пути?",
        "非常接近，但超出了容差，**暂不计分**。是不是中间做了四舍五入？",
    ),
    "The numbers are right, but here we do **without** `{name}`: that is what you are building. Loops are open.": (
        "Числа верны, но здесь обходимся **без** `{name}`: его-то мы и строим. Циклы годятся.",
        "数算对了，但这道练习要做的正是 `{name}` 本身，**先别用它**。可以用循环。",
    ),
    "Your code did not end within {limit} seconds and was **stopped**. The kernel is alive, your variables are kept.": (
        "Код не уложился в {limit} секунд, и проверка **остановила** его. Ядро работает, переменные целы.",
        "运行 {limit} 秒仍未结束，检查**中止了它**。内核没有中断，变量都还在。",
    ),
    "There is no `{entry}` yet. Run the cell of your answer above.": (
        "Имени `{entry}` ещё нет. Запустите ячейку с ответом, она выше.",
        "还没有 `{entry}`。先运行上面写答案的单元格。",
    ),
    "`{name}` is right; in `{other}` each number is what it should be, with the **opposite sign**.": (
        "С `{name}` всё верно, а в `{other}` у каждого числа **противоположный знак**.",
        "`{name}` 正确；`{other}` 的每个数都**差一个符号**。",
    ),
    "`linear` is waiting for your code.": ("`linear` ждёт вашего кода.", "`linear` 等你来写。"),
    "The same shape `(5, 3)` and the same numbers.": ("Та же форма `(5, 3)` и те же числа.", "形状同为 `(5, 3)`，数值也相同。"),
}


@contextmanager
def spoken() -> Iterator[None]:
    """The examples' own sentences in the catalogues, beside the course's."""
    real: Callable[[str], dict[str, str]] = course.language.catalogue
    column = {"ru": 0, "zh": 1}
    course.language.catalogue = lambda language: {
        **real(language),
        **{english: words[column[language]] for english, words in SPOKEN.items()},
    }
    try:
        yield
    finally:
        course.language.catalogue = real


# -- the exercises of the examples ------------------------------------------------------------------------------------


def rows(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    """x (N, in), W (out, in), b (out,)"""
    return Inputs(sizes, x=normal(rng, sizes.N, sizes.in_), W=normal(rng, sizes.out, sizes.in_), b=normal(rng, sizes.out))


def upstream(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    """x (N, in), G (N, out)"""
    return Inputs(sizes, x=normal(rng, sizes.N, sizes.in_), G=normal(rng, sizes.N, sizes.out))


PROVES = "The same as torch.nn.Linear. The sum removed the axis in: each sample left one row, (N, out) in all."

BATCH = Exercise(
    id="linear-batch",
    entry="linear",
    title="A layer for a whole batch",
    proves=PROVES,
    parts=(Part("y", 4, ("N", "out")),),
    draw=rows,
    expect=lambda i: i.x @ i.W.T + i.b,
    signature="linear(x, W, b)",
    sizes=(GENERIC, GENERIC, OTHER),
    hints=("W is kept as (out, in). Which of its axes should meet the features of x?",),
)
GRADIENT = replace(
    BATCH,
    id="linear-weight-gradient",
    entry="weight_gradient",
    title="The gradient of the weight matrix",
    parts=(Part("dW", 4, ("out", "in")),),
    draw=upstream,
    expect=lambda i: i.G.T @ i.x,
    signature="weight_gradient(x, G)",
    hints=(
        "Write down the share of one sample: the outer product of Gₙ and xₙ. There is one for each sample. What becomes of them?",
        "A sum of outer products is one matrix product. Which axis disappears in it: N, in or out?",
    ),
)
BOTH_WAYS = replace(
    GRADIENT,
    id="linear-both-ways",
    title="Both ways through the layer",
    parts=(Part("y", 2, ("N", "out")), Part("dX", 2, ("N", "in")), Part("dW", 3, ("out", "in")), Part("db", 1, ("out",))),
    signature="both_ways(x, W, b, G)",
)
SOLUTION = "dW = G.T @ x      # (out, N) @ (N, in) → (out, in)\n"

# -- the examples -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A verdict with its exercise, and what is known beside it."""

    verdict: Verdict
    exercise: Exercise = BATCH
    solution: str | None = SOLUTION
    has_source: bool = True

    def html(self, languages: tuple[str, ...] = ("ru", "zh", "en")) -> str:
        with spoken():
            return render_html(
                self.verdict, self.exercise, solution=self.solution, has_source=self.has_source, languages=languages
            )

    def text(self, languages: tuple[str, ...] = ("ru", "zh", "en")) -> str:
        with spoken():
            return render_text(self.verdict, self.exercise, languages)


def verdict(state: State, exercise: Exercise = BATCH, *says: Say | str, earned: int = 0, **more: object) -> Verdict:
    """A verdict on an exercise of one part."""
    part = exercise.parts[0]
    spoken_ = tuple(say if isinstance(say, Say) else Say(say) for say in says)
    parts = (PartVerdict(part.name, earned, part.points, state),)
    return Verdict(exercise.id, state, parts, spoken_, **more)  # type: ignore[arg-type]


def values(name: str, axes: tuple[str, ...], expected: object, got: object, worst: tuple[int, ...], **more: object) -> Evidence:
    right, came = np.array(expected), np.array(got)
    pair = (Matrix(name, array.shape, array, axes, worst) for array in (right, came))
    return Evidence("values", *pair, **more)  # type: ignore[arg-type]


layer = thread()
G = np.array([[2, 1, 2], [-1, 0, 1], [1, 0, 1], [-1, 1, 2], [-2, 1, 0]], dtype=np.float64)
gradient = G.T @ layer["x"]
inputs = tuple(Matrix(name, array.shape, array) for name, array in (("x", layer["x"]), ("G", G)))
y = layer["y"]
off = y.copy()
off[4] = [-1, -13, 6]
generator = np.random.default_rng(4)
deep, deep_off = generator.normal(size=(2, 5, 7, 3))
long, long_off = generator.normal(size=(2, 12))
large = generator.normal(size=(21, 28))
large_off = large + 1e-3 * (np.arange(588).reshape(21, 28) == 100)

QUOTE = (
    Line(1, "def linear(x, W, b):"),
    Line(2, "    # x (N, in), W (out, in), b (out,)"),
    Line(3, "    return x @ W + b", here=True, start=11, end=16),
)
MEETING = Evidence(
    "meeting", Matrix("x", (5, 4), axes=("N", "in"), lit=1), Matrix("W", (3, 4), axes=("out", "in"), lit=0), between="4 ≠ 3"
)
NAMED = verdict(
    State.WRONG,
    GRADIENT,
    "You **averaged** over the batch where a **sum** is needed: every sample adds its whole share to dW.",
    mistake="dW_batch_mean",
    asks=(Say("Where does your 1/N come from? If the loss takes a mean, the 1/N is already inside the upstream gradient G."),),
    evidence=(
        values(
            "dW",
            ("out", "in"),
            gradient,
            gradient / 5,
            (0, 0),
            between="÷ 5",
            because="N = 5",
            caption=(Say("All 12 numbers are exactly one fifth of what they should be, and 5 is the batch size."),),
            inputs=inputs,
        ),
    ),
)
UNNAMED = "The shape is right, the numbers are not, and they fit no mistake that we know. Furthest off is `{index}`."
STOPPED = Say(
    "The code stopped in line {line}. A row of x is as long as `{left}`, and the columns of W are as long as `{right}`.",
    {"line": 3, "left": "in = 4", "right": "out = 3"},
)

EXAMPLES: dict[str, Example] = {
    "wrong, and the mistake has a name": Example(NAMED, GRADIENT),
    "wrong, no name": Example(
        verdict(
            State.WRONG,
            BATCH,
            Say(UNNAMED, {"index": "y[4, 1]"}),
            asks=(Say("Work out this one number on paper, from the rows x[4] and W[1]. How many terms does it have?"),),
            evidence=(values("y", ("N", "out"), y, off, (4, 1)),),
        ),
        has_source=False,
        solution=None,
    ),
    "wrong, generic numbers": Example(
        verdict(
            State.WRONG,
            GRADIENT,
            Say(UNNAMED, {"index": "dW[1, 2]"}),
            evidence=(values("dW", ("out", "in"), large[:3, :4], large[:3, :4] + 0.01 * large[3:6, 4:8], (1, 2)),),
            output="step 1\nstep 2\n" * 30,
            output_lines=60,
            warnings=("UserWarning: the result is <converted> & rounded",),
        ),
        GRADIENT,
    ),
    "wrong shape": Example(
        verdict(
            State.WRONG,
            BATCH,
            "The numbers are right, but the result is **transposed**: your samples are columns, and here each has a row.",
            mistake="fwd_output_transposed",
            evidence=(
                Evidence(
                    "shapes",
                    Matrix("y", (5, 3), axes=("N", "out")),
                    Matrix("y", (3, 5), axes=("out", "N")),
                    between="ᵀ",
                    caption=(Say("All sizes of the check differ, so a number gives its axis away: 5 is N, 3 is out."),),
                ),
            ),
        )
    ),
    "wrong shape, three axes": Example(
        verdict(
            State.WRONG,
            BATCH,
            evidence=(
                Evidence("shapes", Matrix("y", (5, 7, 3), axes=("B", "T", "out")), Matrix("y", (35, 3), axes=("", "out"))),
                Evidence("shapes", Matrix("y", (), axes=()), Matrix("y", (3,), axes=("out",))),
            ),
        )
    ),
    "a scalar": Example(
        verdict(
            State.WRONG,
            BATCH,
            evidence=(
                Evidence(
                    "values",
                    Matrix("w", (), np.array(-1.0), (), ()),
                    Matrix("w", (), np.array(2.0), (), ()),
                    called="weight_of(W, 2, 1)",
                    inputs=(Matrix("W", (3, 4), layer["W"]),),
                ),
            ),
        )
    ),
    "one axis, long": Example(verdict(State.WRONG, BATCH, evidence=(values("db", ("in",), long, long_off, (9,)),))),
    "three axes, one sheet shown": Example(
        verdict(State.WRONG, BATCH, evidence=(values("y", ("B", "T", "out"), deep, deep_off, (2, 5, 1)),))
    ),
    "three axes, all sheets": Example(
        verdict(
            State.WRONG,
            BATCH,
            evidence=(values("y", ("B", "N", "out"), [y, y - 1], [y, off - 1], (1, 4, 1), between="− 1"),),
        )
    ),
    "too many numbers": Example(verdict(State.WRONG, BATCH, evidence=(values("K", ("", ""), large, large_off, (3, 16)),))),
    "failed to run": Example(
        verdict(
            State.FAILED,
            BATCH,
            STOPPED,
            mistake="fwd_missing_transpose",
            asks=(Say("W is kept as (out, in). Which of its axes should meet the features of x?"),),
            quote=QUOTE,
            error="RuntimeError: mat1 and mat2 shapes cannot be multiplied (5x4 and 3x4)",
            evidence=(MEETING,),
            sizes=GENERIC,
        )
    ),
    "not attempted": Example(verdict(State.NOT_ATTEMPTED, BATCH)),
    "not defined": Example(
        verdict(
            State.NOT_DEFINED,
            BATCH,
            Say("There is no `{entry}` yet. Run the cell of your answer above.", {"entry": "linear"}),
        )
    ),
    "close, float32": Example(
        verdict(
            State.CLOSE,
            BATCH,
            "The formula is right and **all points count**. But you computed in float32: after seven digits the numbers differ.",
            earned=4,
            evidence=(
                Evidence(
                    "digits",
                    Matrix("y", (1, 1), np.array([[4.08]]), ("N", "out"), (0, 0)),
                    Matrix("y", (1, 1), np.array([[4.0800008]], dtype=np.float32), ("N", "out"), (0, 0)),
                    caption=(Say("Where is precision lost? For example, `torch.zeros(N, out)` without `dtype` is float32."),),
                ),
            ),
        )
    ),
    "close, rounded": Example(
        verdict(
            State.CLOSE,
            BATCH,
            "Very close, but outside the tolerance: **no points yet**. Is something rounded on the way?",
            evidence=(
                Evidence(
                    "digits",
                    Matrix("y", (1,), np.array([0.243851424]), ("out",), (0,)),
                    Matrix("y", (1,), np.array([0.2439]), ("out",), (0,)),
                ),
            ),
        )
    ),
    "right": Example(verdict(State.RIGHT, BATCH, earned=4)),
    "forbidden": Example(
        verdict(
            State.FORBIDDEN,
            BATCH,
            Say(
                "The numbers are right, but here we do **without** `{name}`: that is what you are building. Loops are open.",
                {"name": "F.linear"},
            ),
            quote=(QUOTE[0], Line(2, "    return F.linear(x, W, b)", here=True, start=11, end=19)),
        )
    ),
    "out of time": Example(
        verdict(
            State.OUT_OF_TIME,
            BATCH,
            Say(
                "Your code did not end within {limit} seconds and was **stopped**. The kernel is alive, your variables are kept.",
                {"limit": 10.0},
            ),
            quote=(
                Line(9, "    n = 0"),
                Line(10, "    while n < len(x):"),
                Line(11, "        y[n] = W @ x[n] + b", here=True),
            ),
        )
    ),
    "several parts": Example(
        Verdict(
            BOTH_WAYS.id,
            State.WRONG,
            (
                PartVerdict("y", 2, 2, State.RIGHT),
                PartVerdict("dX", 0, 2, State.WRONG, "factor_minus_one"),
                PartVerdict("dW", 3, 3, State.CLOSE),
                PartVerdict("db", 0, 1, State.FAILED),
            ),
            (
                Say(
                    "`{name}` is right; in `{other}` each number is what it should be, with the **opposite sign**.",
                    {"name": "y", "other": "dX"},
                ),
            ),
            evidence=(values("dX", ("N", "in"), G @ layer["W"], -(G @ layer["W"]), (3, 2), between="· (−1)", because=""),),
            mistake="factor_minus_one",
        ),
        BOTH_WAYS,
    ),
}


# -- the page ---------------------------------------------------------------------------------------------------------


@cache
def jupyterlab_styles(theme: str) -> str:
    """The variables of a theme and the rules for rendered HTML, from the JupyterLab that is installed here."""
    from jupyterlab.commands import get_app_dir

    app = Path(get_app_dir())
    sheet = app / "themes" / "@jupyterlab" / f"theme-{theme}-extension" / "index.css"
    core = next(iter(sorted((app / "static").glob("jlab_core.*.js"))), None)
    if core is None or not sheet.exists():
        raise SystemExit(f"No JupyterLab in {app}: install the course's dependencies first.")
    rules = rules_about("jp-RenderedHTMLCommon", core.read_text(encoding="utf-8"))
    if not rules:
        raise SystemExit(f"{core} holds no rules for rendered HTML any more: mend how this page looks for them.")
    return "\n".join((sheet.read_text(encoding="utf-8"), *rules))


def rules_about(name: str, text: str) -> list[str]:
    """The CSS rules in *text*, a script of megabytes, that have *name* in their selector."""
    found = []
    end = 0
    for match in re.finditer(re.escape(name), text):
        if match.start() < end:
            continue  # a selector that names it twice
        start = max(text.rfind(mark, 0, match.start()) for mark in "{}`") + 1
        opening, end = text.find("{", match.end()), text.find("}", match.end()) + 1
        if 0 < opening < end and "`" not in text[start:end]:
            found.append(text[start:end])
    return found


def page(theme: str = "light", languages: str = "ru zh", opened: bool = False) -> str:
    """All examples under each other, as a notebook shows them to who reads *languages*."""
    styles = [
        jupyterlab_styles(theme),
        *((STATIC / name).read_text(encoding="utf-8") for name in ("languages.css", "report.css")),
    ]
    styles.append(
        "body { margin: 0; overflow: auto; background: var(--jp-layout-color0); } main { max-width: 880px; margin: auto; }"
    )
    styles.append("h2 { font: 600 13px/20px sans-serif; margin: 40px 0 8px; color: var(--jp-ui-font-color2); }")
    shown = [(name, example.html()) for name, example in EXAMPLES.items()]
    if opened:
        shown = [(name, html.replace("<details", "<details open")) for name, html in shown]
    with spoken():
        shown += [
            ("one line", line_html("quiet", "–", "`linear` is waiting for your code.")),
            ("one line, right", line_html("right", "✓", "The same shape `(5, 3)` and the same numbers.")),
            ("an id that the course does not know", unknown_html("linear-bach")),
            ("plain text", f"<pre>{EXAMPLES['wrong, and the mistake has a name'].text(('ru', 'zh'))}</pre>"),
        ]
    cells = "\n".join(
        f'<h2>{name}</h2><div class="jp-OutputArea-output jp-RenderedHTMLCommon jp-RenderedHTML">{html}</div>'
        for name, html in shown
    )
    light = "true" if theme == "light" else "false"
    body = (
        f'class="jp-ThemedContainer" data-jp-theme-light="{light}" '
        f'data-nl-languages="{languages}" data-nl-count="{len(languages.split())}"'
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Reports</title><style>{'</style><style>'.join(styles)}</style><body {body}><main>{cells}</main></body></html>"
    )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.report_gallery", description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--languages", default="ru zh", help='one or two of "ru zh en"')
    parser.add_argument("--open", action="store_true", help="every fold open")
    given = parser.parse_args(arguments)
    given.out.write_text(page(given.theme, given.languages, given.open), encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main(sys.argv[1:])
