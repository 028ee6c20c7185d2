"""Gates on the messages of the course: every one is translated, and says the same in every language.

A message is an English text marked with `N_("…")` or said with `Say("…")` in `course/`; its translations stand in
`course/language/<language>/*.po`. The source is read as Python, not imported: a message is found where nobody can forget
to list its module.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

from autograder.gates.prose import normal, take
from autograder.gates.voice import faults
from autograder.lesson import Problem

MARKED_BY = {"N_", "Say"}
TRANSLATED = ("ru", "zh")  # English is the message itself


def problems(course: Path) -> list[Problem]:
    """Everything that is wrong with the messages of the package at *course*; empty where all is translated."""
    messages = {text: (path, line) for path, line, text in reversed(list(extract(course)))}
    found = list(_messages(messages))
    for language in TRANSLATED:
        found += _catalogue(course / "language" / language, language, messages)
    found += _unmarked(course)
    return sorted(found)


def extract(course: Path) -> Iterator[tuple[Path, int, str]]:
    """(file, line, English text) of every message in the package."""
    for path, text in _said(course):
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield path, text.lineno, text.value


# Prevents: a text that no catalogue can hold, because it is put together before it is looked up.
def _unmarked(course: Path) -> Iterator[Problem]:
    for path, text in _said(course):
        if isinstance(text, ast.JoinedStr | ast.BinOp):
            yield Problem(path, text.lineno, "a message is put together before it is translated", "use {fields} and Say's values")


def _said(course: Path) -> Iterator[tuple[Path, ast.expr]]:
    """The first argument of every call of a marker, whatever it is."""
    for path in sorted(course.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func
            name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            if name in MARKED_BY:
                yield path, node.args[0]


# Prevents: a message whose fields cannot be filled in, and English that is not in the course's voice.
def _messages(messages: dict[str, tuple[Path, int]]) -> Iterator[Problem]:
    for text, (path, line) in messages.items():
        if fields(text) is None:
            yield Problem(path, line, f"{_cut(text)!r} is no format string", "write {name} for a field and {{ for a brace")
        for _, wrong, todo in faults("en", text):
            yield Problem(path, line, f"{wrong} in the message {_cut(text)!r}", todo)


# Prevents: English in the middle of a Russian report, a number that is missing in one language, a term that changes.
def _catalogue(folder: Path, language: str, messages: dict[str, tuple[Path, int]]) -> Iterator[Problem]:
    import polib

    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.po")):
        for entry in polib.pofile(str(path)):
            line = entry.linenum or 1
            name = repr(_cut(entry.msgid))
            if entry.obsolete or entry.msgid not in messages:
                yield Problem(path, line, f"no code says {name} any more", "delete the entry, or bring its msgid up to date")
                continue
            if entry.msgid in seen:
                yield Problem(path, line, f"{name} is translated in {seen[entry.msgid].name} too", "keep one of the two")
            seen[entry.msgid] = path
            if "fuzzy" in entry.flags:
                yield Problem(path, line, f"{name} is marked fuzzy", "check the translation and remove the mark")
            if not entry.msgstr.strip():
                yield Problem(path, line, f"{name} is not translated", f"write its msgstr in {language}")
                continue
            yield from _same(path, line, language, entry.msgid, entry.msgstr)
            for _, wrong, todo in faults(language, entry.msgstr):
                yield Problem(path, line, f"{wrong} in {_cut(entry.msgstr)!r}", todo)
    for text, (where, line) in messages.items():
        if text and text not in seen:
            yield Problem(where, line, f"{_cut(text)!r} is not translated in {language}", f"add it to a .po in {folder}")


def _same(path: Path, line: int, language: str, text: str, translated: str) -> Iterator[Problem]:
    if fields(text) != fields(translated):
        yield Problem(
            path,
            line,
            f"the fields of {_cut(text)!r} are {_told(fields(text))}, in {language} {_told(fields(translated))}",
            "use the same {fields}",
        )
    for kinds, name in ((("span",), "code spans"), (("formula", "display"), "formulas")):
        ours, theirs = ({normal(piece) for piece in take(one)[1] if piece.kind in kinds} for one in (text, translated))
        if ours != theirs:
            yield Problem(
                path,
                line,
                f"the {name} of {_cut(text)!r} are {_told(ours)}, in {language} {_told(theirs)}",
                "write the same ones",
            )
    if text.count("**") != translated.count("**"):
        yield Problem(path, line, f"{_cut(text)!r} has other **strong** words in {language}", "mark the same ones")


def fields(text: str) -> set[str] | None:
    """The names of the {fields} of a message; None where it is no format string or a field is no plain name."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None
    return names if all(re.fullmatch(r"[a-zA-Z_]\w*", name) for name in names) else None


def _told(names: set[str] | None) -> str:
    return "broken" if names is None else ", ".join(sorted(names)) or "none"


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 50 else text[:49] + "…"
