"""Gates on code cells: they are the same in every language, so they hold symbols and shapes, and no words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from autograder.gates.graded import parse, without_magics
from autograder.lesson import Cell, Lesson, Problem
from course.solutions import BEGIN, END

FOREIGN = re.compile(r"[\u0400-\u04ff\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
# Two English words in a row are prose. Not words: names of axes, what has capitals inside (dW), two letters after a comma
# (dx, db), and what is followed by a bracket, a dot or an underscore: so `x: (N, in) → (N, out)` and `range(N)` may stay.
AXES = {"in", "out", "hidden"}
WORD = r"[A-Za-z][a-z]"
WORDS = re.compile(rf"(?<![\w.])({WORD}+)(?:[ \t\n]+({WORD}+)|, *({WORD}{{2,}}))(?![\w.]*[\w(=\[])")


def problems(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        if cell.kind == "code":
            yield from words(lesson, cell)
            yield from letters(lesson, cell)
            yield from shape_of_w(lesson, cell)


# Prevents: a comment, a docstring or a printed text that two thirds of the readers cannot read.
def words(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    for number, line in enumerate(cell.source.splitlines(), start=cell.line):
        for found in FOREIGN.finditer(line):
            yield lesson.problem(
                number,
                f"{found[0]!r} in a code cell, which all languages share",
                "say it in the prose above, or use a symbol",
            )
    for number, text in texts(cell):
        for found in WORDS.finditer(text):
            if AXES & {found[1], found[2], found[3]}:
                continue
            yield lesson.problem(
                number + text[: found.start()].count("\n"),
                f"the words {' '.join(found[0].split())!r} in a code cell, which all languages share",
                "say it in the prose above; shapes such as `x: (N, in) → (N, out)` and symbols may stay",
            )
            break


def texts(cell: Cell) -> Iterator[tuple[int, str]]:
    """The comments and string literals of a cell with the file's line on which each begins."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(without_magics(cell.source) + "\n").readline):
            if token.type == tokenize.COMMENT and token.string not in (BEGIN, END):
                yield cell.line + token.start[0] - 1, token.string.lstrip("#")
    except (tokenize.TokenError, SyntaxError):
        pass  # `graded.answer` says so of answers; a demonstration may show a line that is no Python
    tree = parse(cell.source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield cell.line + node.lineno - 1, node.value


# Prevents: one thing with two names. `A` is PyTorch's letter in the formula y = xAᵀ + b; code and gradients say W.
def letters(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    tree = parse(cell.source)
    for node in ast.walk(tree) if tree else ():
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg | ast.keyword) else None
        if name == "A":
            line = cell.line + getattr(node, "lineno", 1) - 1
            yield lesson.problem(line, "`A` in code, where the matrix is called W", "write W")


# Prevents: code that contradicts the text. W is (out, in), everywhere, and never changes its shape.
def shape_of_w(lesson: Lesson, cell: Cell) -> Iterator[Problem]:
    tree = parse(cell.source)
    for node in ast.walk(tree) if tree else ():
        if not isinstance(node, ast.Assign) or not any(isinstance(to, ast.Name) and to.id == "W" for to in node.targets):
            continue
        line = cell.line + node.lineno - 1
        value = ast.unparse(node.value)
        if re.match(r"W\.(T|mT|H|t|transpose|permute|reshape|view)\b", value):
            yield lesson.problem(line, f"W = {value} changes the shape of W", "give the result a name of its own")
        if re.search(r"\bin_?(features)?, out_?(features)?\b", value):
            yield lesson.problem(line, f"W = {value} is (in, out)", "W is (out, in): swap the two sizes")
