"""Gates on prose cells: one block a language, the same things in each, and Markdown that renders as it was meant."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.lesson import Cell, Lesson, Problem

LANGUAGES = ("ru", "zh", "en")
OPEN, CLOSE = re.compile(r'<div lang="([a-z]+)">'), "</div>"
SWITCH = re.compile(r"(<p[^>]*>)?\s*(<button\b[^>]*>[^<]*</button>\s*)+(</p>)?")  # the language switch, outside the blocks

# Code before formulas: a `$` in a code span is no formula. Display before inline, and a formula ends in its own paragraph.
FENCED = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})[^\n`]*\n(?P<code>.*?)^ *(?P=ticks)`*[ ]*$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?P<ticks>`+)(?!`)(?P<code>(?:[^`\n]|\n(?!\n))+?)(?<!`)(?P=ticks)(?!`)")
DISPLAY = re.compile(r"\$\$(?P<math>.+?)\$\$", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$(?P<math>(?:[^$\n]|\n(?!\s*\n))+?)(?<!\\)\$")
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)(?:\s[^<>]*)?/?>")
LINK = re.compile(r"\]\(([^)\s]+)")
TABLE_RULE = re.compile(r"^ *\|?( *:?-+:? *\|)+ *(:?-+:?)? *$")


@dataclass(frozen=True)
class Block:
    """What one language says. `line` is the file's line, from 1, of `text`'s first line."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Taken:
    """A piece taken out of a text: a formula, a code span or a fenced block, and the file's line on which it begins."""

    kind: str  # "formula", "display", "span" or "fenced"
    text: str
    line: int


def problems(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        if cell.kind != "markdown":
            continue
        found = list(structure(lesson, cell))
        yield from found
        blocks = split(cell)
        for block in blocks:
            yield from unclosed(lesson, block)
            yield from tables(lesson, block)
            yield from strong(lesson, block)
            yield from stars(lesson, block)
            yield from headings(lesson, block)
            yield from names_of_w(lesson, block)
        if not found:
            yield from parallel(lesson, blocks)


def split(cell: Cell) -> list[Block]:
    """The language blocks of a prose cell, as far as they are well formed."""
    blocks: list[Block] = []
    language, start = "", 0
    lines: list[str] = []
    for number, line in enumerate(cell.source.splitlines(), start=cell.line):
        opened = OPEN.fullmatch(line.strip())
        if opened and not language:
            language, start, lines = opened[1], number + 1, []
        elif line.strip() == CLOSE and language:
            blocks.append(Block(language, "\n".join(lines), start))
            language = ""
        elif language:
            lines.append(line)
    return blocks


# Prevents: a language that is missing where nobody looks, text that all readers see in one language, and Markdown inside a
# block that is shown as it was typed because no blank line ends the HTML before it.
def structure(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    lines = cell.source.splitlines()
    inside = ""
    order: list[str] = []
    for at, line in enumerate(lines):
        number, text = cell.line + at, line.strip()
        opened = OPEN.fullmatch(text)
        if opened:
            if inside:
                yield lesson.problem(number, f'<div lang="{opened[1]}"> inside the block of {inside}', "close that with </div>")
            inside = opened[1]
            order.append(inside)
            if at + 1 < len(lines) and lines[at + 1].strip():
                yield lesson.problem(number, "no blank line after the opening tag: Markdown below it would not render", "add one")
        elif text == CLOSE:
            if not inside:
                yield lesson.problem(number, "</div> without an opening tag", "remove it")
            elif lines[at - 1].strip():
                yield lesson.problem(number, "no blank line before the closing tag: a table or list above takes it in", "add one")
            inside = ""
        elif "<div" in text or CLOSE in text:
            yield lesson.problem(number, f'the tag {text!r} does not stand alone as <div lang="…">', "give it a line of its own")
        elif text and not inside and not (cell is lesson.cells[0] and SWITCH.fullmatch(text)):
            yield lesson.problem(number, f"{_cut(text)!r} stands outside every language block", "move it into the blocks")
    if inside:
        yield lesson.problem(cell.line + len(lines) - 1, f"the block of {inside} is not closed", "write </div>")
    if tuple(order) != LANGUAGES:
        missing = [language for language in LANGUAGES if language not in order]
        twice = [language for language, times in Counter(order).items() if times > 1]
        unknown = [language for language in order if language not in LANGUAGES]
        wrong = (
            f"the prose cell has no {', '.join(missing)}"
            if missing
            else f"the prose cell has {', '.join(twice)} twice"
            if twice
            else f"the prose cell has blocks of {', '.join(unknown)}"
            if unknown
            else f"the blocks stand in the order {', '.join(order)}"
        )
        yield lesson.problem(cell.line, wrong, 'write <div lang="ru">, <div lang="zh">, <div lang="en">, one each, in this order')


def take(text: str, line: int = 1) -> tuple[str, list[Taken]]:
    """*text* without code and formulas, which leave a mark behind (same line numbers), and what was taken.

    The marks are `SPAN_MARK` and `FORMULA_MARK`: private characters, so that text beside them can be looked at.
    """
    taken: list[Taken] = []

    def cut(pattern: re.Pattern[str], kind: str, group: str, mark: str, where: str) -> str:
        def leave(found: re.Match[str]) -> str:
            taken.append(Taken(kind, found[group], line + where[: found.start()].count("\n")))
            return mark + "\n" * found[0].count("\n")

        return pattern.sub(leave, where)

    text = cut(FENCED, "fenced", "code", "", text)
    text = cut(SPAN, "span", "code", SPAN_MARK, text)
    text = cut(DISPLAY, "display", "math", FORMULA_MARK, text)
    text = cut(INLINE, "formula", "math", FORMULA_MARK, text)
    return text, sorted(taken, key=lambda one: one.line)


SPAN_MARK, FORMULA_MARK = "\ue000", "\ue001"


# Prevents: a formula that one language has and another has otherwise. Words inside \text{} differ, as they should.
def parallel(lesson: Lesson, blocks: list[Block]) -> Iterator[Problem]:
    first, *others = [(block, *take(block.text, block.line)) for block in blocks]
    for other in others:
        yield from _compare(lesson, first, other)


Read = tuple[Block, str, list[Taken]]


def _compare(lesson: Lesson, first: Read, other: Read) -> Iterator[Problem]:
    (one, rest, taken), (two, other_rest, other_taken) = first, other
    for kinds, name in ((("formula", "display"), "formula"), (("span",), "code span")):
        left = {normal(piece): piece for piece in taken if piece.kind in kinds}
        right = {normal(piece): piece for piece in other_taken if piece.kind in kinds}
        for key in left.keys() ^ right.keys():
            piece = left.get(key) or right[key]
            has, lacks = (one, two) if key in left else (two, one)
            yield lesson.problem(
                piece.line,
                f"the {name} {_cut(piece.text.strip())!r} stands in {has.language} and not in {lacks.language}",
                "write the same formulas and code in every language",
            )
    for kind, name, order in (("display", "displayed formulas", sorted), ("fenced", "fenced blocks", list)):
        ours = order(normal(piece) for piece in taken if piece.kind == kind)
        theirs = order(normal(piece) for piece in other_taken if piece.kind == kind)
        if ours != theirs and (kind == "fenced" or set(ours) == set(theirs)):  # other formulas are told above
            at = next((piece.line for piece in other_taken if piece.kind == kind), two.line)
            yield lesson.problem(
                at, f"the {name} of {one.language} and {two.language} differ", "write the same ones in both languages"
            )
    for name, count in SHAPES.items():
        here, there = count(rest), count(other_rest)
        if here != there:
            yield lesson.problem(
                two.line, f"{name}: {_told(there)} in {two.language}, {_told(here)} in {one.language}", "give both the same"
            )


def normal(piece: Taken) -> str:
    """A formula or code as it is compared: white space counts in code only, words in \\text{} do not."""
    if piece.kind in ("formula", "display"):
        return re.sub(r"\\(text|mbox|mathrm)\{[^{}]*\}", r"\\text{}", re.sub(r"\s+|\\[,;! ]", "", piece.text))
    return piece.text.strip("\n") if piece.kind == "fenced" else " ".join(piece.text.split())


def _levels(text: str) -> tuple[int, ...]:
    return tuple(len(found[1]) for found in re.finditer(r"^(#{1,6})\s", text, re.MULTILINE))


def _items(text: str) -> tuple[int, int]:
    bullets = re.findall(r"^ *[-*+] +\S", text, re.MULTILINE)
    numbers = re.findall(r"^ *\d+[.)] +\S", text, re.MULTILINE)
    return len(bullets), len(numbers)


def _tables(text: str) -> tuple[tuple[int, int], ...]:
    return tuple((len(rows), rows[0].strip().strip("|").count("|") + 1) for rows in table_rows(text).values())


def table_rows(text: str) -> dict[int, list[str]]:
    """The tables of a text: each one's rows, its head and rule among them, by its first line's number from 0."""
    lines = text.splitlines()
    found: dict[int, list[str]] = {}
    at = 1
    while at < len(lines):
        if TABLE_RULE.match(lines[at]) and "|" in lines[at - 1]:
            end = at + 1
            while end < len(lines) and lines[end].strip() and lines[end].strip() != CLOSE:
                end += 1
            found[at - 1] = lines[at - 1 : end]
            at = end
        at += 1
    return found


def _tags(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(found[1].lower() for found in TAG.finditer(text)).items()))


def _links(text: str) -> tuple[str, ...]:
    return tuple(sorted(found[1] for found in LINK.finditer(text)))


SHAPES = {
    "heading levels": _levels,
    "bulleted and numbered list items": _items,
    "table sizes (rows, columns)": _tables,
    "HTML tags": _tags,
    "link targets": _links,
}


def _told(value: tuple[object, ...]) -> str:
    return ", ".join(map(str, value)) or "none"


# Prevents: half a paragraph in italics, because one `$` or backtick is missing.
def unclosed(lesson: Lesson, block: Block) -> Iterator[Problem]:
    rest, _ = take(block.text, block.line)
    for number, line in enumerate(rest.splitlines(), start=block.line):
        for mark, name in (("`", "code span"), ("$", "formula")):
            if mark in line.replace("\\" + mark, ""):
                yield lesson.problem(number, f"a {name} is not closed in its paragraph", f"find the missing {mark}")


# Prevents: a table cut in two. `|` ends a cell even inside code and formulas.
def tables(lesson: Lesson, block: Block) -> Iterator[Problem]:
    for start, rows in table_rows(block.text).items():
        for number, row in enumerate(rows, start=block.line + start):
            _, taken = take(row)
            for piece in taken:
                if "|" in piece.text:
                    yield lesson.problem(
                        number,
                        f"`|` in {_cut(piece.text)!r} ends the table's cell",
                        r"write \lvert … \rvert or \mid in a formula; move such code out of the table",
                    )


# Prevents: asterisks on the page. CommonMark closes `**` between punctuation and a letter only towards the punctuation, and
# Chinese has no space that would help: `**“广播”**是` stays as typed.
def strong(lesson: Lesson, block: Block) -> Iterator[Problem]:
    rest, _ = take(block.text, block.line)
    for paragraph in re.finditer(r"(?:[^\n]+\n?)+", rest):
        marks = list(re.finditer(r"(?<![*\\])\*\*(?!\*)", paragraph[0]))
        for count, mark in enumerate(marks):
            before = paragraph[0][mark.start() - 1] if mark.start() else " "
            after = paragraph[0][mark.end()] if mark.end() < len(paragraph[0]) else " "
            inner, outer = (after, before) if count % 2 == 0 else (before, after)
            if inner.isspace() or (_is_punctuation(inner) and not (outer.isspace() or _is_punctuation(outer))):
                yield lesson.problem(
                    block.line + rest[: paragraph.start() + mark.start()].count("\n"),
                    f"`**` between {_visible(before)} and {_visible(after)} would be shown as asterisks",
                    "move the punctuation or quotation mark out of the strong text",
                )
        if len(marks) % 2:
            yield lesson.problem(
                block.line + rest[: paragraph.start() + marks[-1].start()].count("\n"), "`**` is not closed", "close it"
            )


# Prevents: a star that vanishes and takes the words up to the next one into italics: "(*, in) → (*, out)" loses both.
def stars(lesson: Lesson, block: Block) -> Iterator[Problem]:
    rest, _ = take(block.text, block.line)
    for number, line in enumerate(rest.splitlines(), start=block.line):
        if re.search(r"\(\*,", line):
            yield lesson.problem(number, "the star of a shape begins italics in Markdown", "write the shape as code: `(*, in)`")


def _is_punctuation(character: str) -> bool:
    return character in (SPAN_MARK, FORMULA_MARK) or unicodedata.category(character)[0] in "PS"


def _visible(character: str) -> str:
    return {SPAN_MARK: "a code span", FORMULA_MARK: "a formula", " ": "a space", "\n": "the line's end"}.get(character, character)


# Prevents: a heading whose markup is read aloud in the table of contents, or that has no level in it.
def headings(lesson: Lesson, block: Block) -> Iterator[Problem]:
    rest, _ = take(block.text, block.line)
    for number, line in enumerate(rest.splitlines(), start=block.line):
        if re.match(r"#{1,6}\s", line) and TAG.search(line):
            yield lesson.problem(number, "HTML inside a heading", "write the heading as plain Markdown inside the div")
        if re.match(r"#{1,6}[^\s#]", line):
            yield lesson.problem(number, "a heading without a space after #", "add one")


# Prevents: text that contradicts every formula. W is (out, in); `A` is its name in the formula y = xAᵀ + b and nowhere else.
def names_of_w(lesson: Lesson, block: Block) -> Iterator[Problem]:
    stated = re.compile(r"[`$](?:W|A)[`$](?: ?[(（:：—] ?| (?:is|has shape|of shape|формы|в форме|的形状是) )`?\$?\(in, out\)")
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if stated.search(line) or re.search(r"\b[WA]:? \(in, out\)", line):
            yield lesson.problem(number, "the weight matrix is said to be (in, out)", "it is (out, in), everywhere")
    _, taken = take(block.text, block.line)
    for piece in taken:
        if piece.kind in ("span", "fenced") and re.search(r"(?<![\w.])A(?![\w])", piece.text):
            yield lesson.problem(piece.line, f"`A` in the code {_cut(piece.text)!r}", "code says W")
        if piece.kind in ("formula", "display") and re.search(r"\\partial *A(?![a-zA-Z])|\bdA\b", piece.text):
            yield lesson.problem(piece.line, f"a gradient for A in {_cut(piece.text)!r}", "gradients say W")


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 50 else text[:49] + "…"
