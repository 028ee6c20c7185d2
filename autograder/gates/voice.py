"""Gates on how each language is written: its typography, its words, its terms. They serve lessons and messages alike.

Only what is surely wrong stands here. A word that is right in some sentence is left to a reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from autograder.gates.prose import FORMULA_MARK, SPAN_MARK, TAG, split, take
from autograder.lesson import Lesson, Problem

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
MARKS = SPAN_MARK + FORMULA_MARK
FULL = "，。；：？！、（）“”‘’《》…—"


@dataclass(frozen=True)
class Rule:
    """A pattern that is wrong in `language`, why, and what to write."""

    language: str
    pattern: str
    wrong: str  # {} is what was found
    todo: str


def word(language: str, pattern: str, write: str) -> Rule:
    """A word that the voice does without."""
    return Rule(language, pattern, "the word {} is not in the course's voice", write)


def term(language: str, pattern: str, right: str) -> Rule:
    """A term that GLOSSARY has otherwise: one term, one word, everywhere."""
    return Rule(language, pattern, "{} is not the course's term", f"write {right}")


RU_VERB = "say what the reader or the tensor does, with a verb"
YO = (  # words that have ё and are nothing else without it; pairs (все, чем, узнает) are left to a reader
    "еще ее нее твое мое свое идет дает дается придет придется найдет пойдет войдет дойдет пройдет произойдет вернет "
    "вернется повернет перевернет берет возьмет начнет начнется поймет остается встает создает передает отдает ведет несет "
    "живет растет зовет зовется сведется счет расчет подсчет отсчет учет отчет счетчик четный четная четное четные нечетный "
    "нечетное трех четырех объем объема объемы прием подъем вперед причем насчет ребер черный черная черные желтый желтая "
    "зеленый зеленая темный темная легкий легкая твердый жесткий определенный определенная определенное определенные"
)

RULES = (
    # -- every language: no praise, nobody is shouted at
    Rule("*", r"[!！]", "an exclamation mark", "end the sentence with a full stop"),
    Rule(
        "*",
        "[\U0001f000-\U0001faff\u2600-\u26ff\u2705\u270a-\u270d\u2728\u274c\u274e\u2753-\u2757\u2763\u2764\ufe0f]",
        "an emoji",
        "remove it",
    ),
    # -- English
    word("en", r"\bsimply\b", "leave it out"),
    word("en", r"\bjust\b", "leave it out"),
    word("en", r"\bobviously\b|\bof course\b", "leave it out"),
    word("en", r"\bnote that\b|\bit is important to\b", "say the thing itself"),
    word("en", r"\butili[sz]\w*", "write use"),
    word("en", r"\bin order to\b", "write to"),
    word("en", r"\bas we all know\b|\blet(?: u|')s dive\b", "leave it out"),
    word("en", r"\b(?:is|are|was|were) performed\b", "say who does it"),
    word("en", r"\btimes (?:smaller|less|fewer|lower)\b", "write 1/5 of"),
    Rule("en", r"—", "a dash", "write a full stop, a colon or a comma"),
    term("en", r"\belement-wise\b", "elementwise"),
    term("en", r"\bbackprop\b", "backpropagation"),
    term("en", r"\bback-propagation\b", "backpropagation"),
    term("en", r"\bminibatch|\bmini batch", "mini-batch"),
    term("en", r"\bmicrobatch|\bmicro batch", "micro-batch"),
    term("en", r"\bcost function\b|\bobjective function\b", "loss function"),
    term("en", r"\bone hot\b", "one-hot"),
    term("en", r"\boptimiser", "optimizer"),
    term("en", r"\bpreactivation", "pre-activation"),
    term("en", r"\b[Ff]ully-connected\b", "fully connected"),
    # -- Russian
    word("ru", r"\bданн(?:ый|ая|ое|ого|ому|ом|ой|ую)\b", "write этот, or leave it out"),
    word("ru", r"\bявля(?:ется|ются|лся|лась|лось|лись|ясь|ться)\b", "write a dash, or a verb"),
    word("ru", r"\bосуществл\w*", RU_VERB),
    word("ru", r"\bнеобходимо\b", "write нужно, or tell the reader what to do"),
    word("ru", r"\bпроизводи(?:тся|ться|м|ть|лся|лась|лось)\b|\bпроизводятся\b", RU_VERB),
    word("ru", r"\bимеет место\b|\bимеют место\b", "write есть or бывает"),
    word("ru", r"\bв рамках\b", "write в or при"),
    word("ru", r"\bпо отношению к\b", "write производная по $W$"),
    word("ru", r"\bв терминах\b", "write через"),
    word("ru", r"\bдела\w+ смысл\b", "write имеет смысл"),
    word("ru", r"\bпросто\b", "leave it out"),
    word("ru", r"\bочевидно\b|\bразумеется\b|\bкак (?:мы )?(?:все )?знаем\b", "leave it out"),
    word("ru", r"\bважно (?:отметить|понимать)\b|\bследует отметить\b|\bобратите внимание\b", "say the thing itself"),
    word("ru", r"\bраз[а]? меньше\b", "write 1/5 нужного"),
    Rule("ru", r"(?<=[а-яё,;:»)—-] )(?:Вы|Вас|Вам|Вами|Ваш\w*)\b", "вы is written small", "write вы"),
    term("ru", r"\b[Яя]кобиан\w*", "матрица Якоби (якобиан is its determinant)"),
    term("ru", r"\b[Рр]азмерност\w*", "форма, число осей or размер оси: размерность can mean any of them"),
    term("ru", r"\b[Лл]осс\w*", "функция потерь"),
    term("ru", r"\b[Фф]ич(?:а|и|у|ей|е|ам|ами|ах)?\b", "признак"),
    term("ru", r"\b[Ии]нпут\w*", "вход"),
    term("ru", r"\b[Тт]ренир\w*", "обучать"),
    term("ru", r"\b[Бб]этч\w*|\b[Бб]ач(?:а|у|ем|е|и|ей|ам|ами|ах)?\b", "батч"),
    term("ru", r"\b[Мм]инибатч\w*", "мини-батч"),
    term("ru", r"\b[Бб]айас\w*|\b[Бб]иас\w*", "смещение"),
    term("ru", r"\b[Шш]ейп\w*", "форма"),
    term("ru", r"\b[Бб]родкаст\w*", "транслирование"),
    term("ru", r"\b[Сс]офтмакс\w*", "softmax"),
    term("ru", r"\b[Бб]экпроп\w*", "обратное распространение ошибки"),
    term("ru", r"\b[Оо]птимайзер\w*", "оптимизатор"),
    term("ru", r"\b[Тт]емп\w* обучения", "скорость обучения"),
    term("ru", r"\b[Пп]олносвязанн\w*", "полносвязный"),
    term("ru", r"\bone-hot (?=вектор)", "one-hot-вектор"),
    term("ru", r"\b[Фф]ункци\w+ стоимости", "функция потерь"),
    term("ru", r"\b[Аа]финн\w*", "аффинн…"),
    Rule("ru", rf"(?i)\b(?:{'|'.join(YO.split())})\b", "{} is written with ё", "write ё"),
    Rule("ru", r"\b(?:о|в|на|при) чем\b", "{} is written with ё", "write чём"),
    Rule("ru", r"\bв нем\b", "{} is written with ё", "write в нём"),
    Rule("ru", r"[\"”]", "the quotation mark {}", "write «ёлочки», and inside them „лапки“"),
    Rule("ru", r"“(?=\w)", "the quotation mark {}", "write «ёлочки», and inside them „лапки“"),
    Rule("ru", r"(?<=[^\s|]) [-–] (?=\S)", "a hyphen for a dash", "write — with a space on both sides"),
    Rule("ru", r"\S—|—[^\s,.;:]", "a dash without spaces", "write — with a space on both sides"),
    # -- Chinese
    word("zh", r"进行", "write the verb itself"),
    word("zh", r"请(?!求)", "say 你, or the verb alone"),
    word("zh", r"被[^，。；\s]{1,12}所", "write the sentence actively"),
    word("zh", r"我们可以看到|在这里，你将|在这里,你将", "say the thing itself"),
    word("zh", r"显然|显而易见|众所周知|毫无疑问", "leave it out"),
    word("zh", r"值得注意的是|需要注意的是|重要的是要", "say the thing itself"),
    word("zh", rf"[小少低]了? ?[\d{MARKS}一二三四五六七八九十两几N]+ ?倍", "write 是应有值的 1/5"),
    term("zh", r"您", "你"),
    term("zh", r"偏差", "偏置"),
    term("zh", r"偏移量", "偏置"),
    term("zh", r"雅[克各]比", "雅可比"),
    term("zh", r"全[联链]接", "全连接"),
    term("zh", r"反向传递", "反向传播"),
    term("zh", r"[前正]向传递|正向传播|向前传播", "前向传播"),
    term("zh", r"学习速率|学习步长", "学习率"),
    term("zh", r"激励函数", "激活函数"),
    term("zh", r"批次", "批量"),
    term("zh", r"批大小|批尺寸", "批量大小"),
    term("zh", r"转秩", "转置"),
    term("zh", r"偏导(?!数)", "偏导数"),
    term("zh", r"梯度检查", "梯度检验"),
    term("zh", r"就地", "原地"),
    term("zh", r"叶子?节点", "叶子张量"),
    term("zh", r"交叉商", "交叉熵"),
    term("zh", r"代价函数|成本函数", "损失函数"),
    term("zh", r"损失方程", "损失函数"),
    term("zh", r"矢量", "向量"),
    term("zh", r"逐元素积|哈达玛积", "逐元素乘积"),
    term("zh", r"链[式锁]规则|连锁法则", "链式法则"),
    term("zh", r"独热码", "独热向量"),
    term("zh", r"错误消息|错误信息", "报错信息"),
    Rule("zh", r"[\"「」『』]", "the quotation mark {}", "write “ and ”"),
    Rule("zh", r"'(?=[" + HAN + r"])|(?<=[" + HAN + r"])'", "the quotation mark {}", "write ‘ and ’"),
    Rule(
        "zh",
        rf"[{HAN}][,;:?!(]|[{HAN}]\)|[,;:?!)](?=[{HAN}])|(?<=[{HAN}])\.(?!\w)",
        "half-width {} beside Chinese",
        "write ，。；：？（）",
    ),
    Rule(
        "zh",
        rf"[{HAN}][A-Za-z0-9{MARKS}{{]|[A-Za-z0-9{MARKS}}}][{HAN}]",
        "no space in {}",
        "put a space between Chinese and letters, digits, formulas or code",
    ),
    Rule(
        "zh",
        r"[，。；：？！、（）“”] +(?=\S)|(?<=\S) +[，。；：？！、（）“”]",
        "a space beside full-width {}",
        "remove the space",
    ),
    Rule("zh", rf"[{HAN}] +[{HAN}]", "a space inside Chinese text: {}", "remove it"),
    Rule("zh", r"(?<!—)—(?!—)|(?<![…(])…(?![…)])", "a single {}", "write —— or …… or another mark"),
)

BREAKS_BEFORE = re.compile(r"\s*([-*+] |\d+[.)] |#|>|\||</?[a-zA-Z]|$)")


@cache
def rules(language: str) -> tuple[tuple[re.Pattern[str], Rule], ...]:
    return tuple((re.compile(rule.pattern), rule) for rule in RULES if rule.language in ("*", language))


def problems(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        if cell.kind != "markdown":
            continue
        for block in split(cell):
            for line, wrong, todo in (*faults(block.language, block.text), *begun_with_a_symbol(block.language, block.text)):
                yield lesson.problem(block.line + line, wrong, todo)


def faults(language: str, text: str) -> Iterator[tuple[int, str, str]]:
    """(line from 0, what is wrong, what to do) for each fault of *text*, Markdown or a message in *language*."""
    plain, _ = take(text)
    plain = re.sub(r"(?<=\])\([^)\n]*\)", "", plain)  # a link's address is no text
    plain = TAG.sub(lambda tag: "\n" * tag[0].count("\n"), plain.replace("![", "["))
    bare = re.sub(r"(?<!\\)\*\*|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])", "", plain)  # strong and emphasis
    for number, line in enumerate(bare.splitlines()):
        seen = re.sub(r"^\s*([-*+]|\d+[.)])\s+|^\s*#+\s+", "", line)
        for pattern, rule in rules(language):
            found = pattern.search(seen)
            if found:
                yield number, rule.wrong.replace("{}", repr(_readable(found[0]))), rule.todo
    if language == "zh":
        yield from broken_paragraphs(plain)


# Prevents: a space in the middle of a Chinese sentence. HTML turns a line's end into one.
def broken_paragraphs(plain: str) -> Iterator[tuple[int, str, str]]:
    lines = plain.splitlines()
    for number, (line, after) in enumerate(pairwise(lines)):
        if line.strip() and not re.match(r"\s*(#|\||</?[a-zA-Z])", line) and not BREAKS_BEFORE.match(after):
            if FORMULA_MARK in (line.strip()[-1], after.strip()[0]) and not re.search(f"[{HAN}]", line + after):
                continue
            yield number + 1, "the paragraph is broken over two lines, which shows as a space", "write a paragraph on one line"


# Prevents: a sentence whose beginning is hard to see, and in Russian a word without its case.
def begun_with_a_symbol(language: str, text: str) -> Iterator[tuple[int, str, str]]:
    plain, _ = take(text) if language != "zh" else ("", [])
    for found in re.finditer(rf"(?:^|\n[ \t]*\n|[^\W\d_]{{3,}}[.?] )([{MARKS}])(?=[^\n]*[^\W\d_])", plain):
        alone = re.match(rf"[{MARKS}][.,;:]?\s*(\n|$)", plain[found.start(1) :])
        if not alone:
            line = plain[: found.start(1)].count("\n")
            yield line, "a sentence begins with a symbol", "begin it with a word"


def _readable(text: str) -> str:
    return text.replace(SPAN_MARK, "`…`").replace(FORMULA_MARK, "$…$")
