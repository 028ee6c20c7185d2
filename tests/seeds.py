"""What the lessons show, for the tests that hold it against the seeds: the numbers of each code cell, and the English text."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

from course.solutions import BEGIN, END

SOURCE = Path(__file__).resolve().parent.parent / "source"
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?\n---\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_A_NOTEBOOK = ("check(", "pictures.", "attempt(")
NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?")


def source(folder: str) -> str:
    return (SOURCE / folder / f"{folder}.md").read_text(encoding="utf-8")


@cache
def shown(folder: str) -> tuple[tuple[float, ...], ...]:
    """The numbers that each code cell of the solved lesson prints or ends in."""
    names: dict[str, Any] = {}
    return tuple(tuple(map(float, NUMBER.findall(output(code, names)))) for code in cells(folder))


def cells(folder: str) -> list[str]:
    """The lesson's code, solved, without the cells that only show a picture or a check."""
    codes = [code.replace(BEGIN, "").replace(END, "") for code in CELL.findall(source(folder))]
    return [code for code in codes if not any(word in code for word in NEEDS_A_NOTEBOOK)]


def output(code: str, names: dict[str, Any]) -> str:
    """What a notebook would show below the cell, as plain text; the cell's names stay in *names*."""
    printed: list[str] = []
    names["print"] = lambda *values, **_: printed.append(" ".join(map(str, values)))
    tree = ast.parse(code)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<lesson>", "exec"), names)
    if last is not None:
        printed.append(repr(eval(compile(last, "<lesson>", "eval"), names)))
    return "\n".join(printed)


def stands_in_a_cell(folder: str, numbers: list[float]) -> bool:
    """Do the *numbers* stand one after the other in what some cell shows?"""
    size, wanted = len(numbers), [float(one) for one in numbers]
    return any(list(cell[at : at + size]) == wanted for cell in shown(folder) for at in range(len(cell) - size + 1))


@cache
def english(folder: str) -> str:
    """The English text in one line of small letters."""
    blocks = re.findall(r'<div lang="en">\n(.*?)</div>', source(folder), re.DOTALL)
    return " ".join("\n".join(blocks).split()).lower()
