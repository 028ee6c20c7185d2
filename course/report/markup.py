"""Words into HTML and text. The only place where anything is escaped.

`Html` is text that is already markup; every other string is escaped when it goes into an element. Only elements and
attributes that JupyterLab keeps in a notebook nobody trusts carry meaning: tables, details, class, lang, scope, colspan,
rowspan. The three others (role, aria-hidden, data-lm-suppress-shortcuts) help where they survive.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course.language import translate
from course.verdict import Say

Languages = Sequence[str]

# A learner's own ` or * inside a value is no markup: it travels through the translation as a private character.
GUARDS = {"`": "\ue000", "*": "\ue001"}
LONG_CODE = 24  # characters of code that may not be broken over lines
TEXT_WIDTH = 76


class Html(str):
    """Markup that needs no escaping any more."""


def tag(name: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """An element. Children that are not `Html` are escaped; `cls`, `role_`, … are attributes, None and False leave one out."""
    opening = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False, ""))
    inner = join(*(child for child in children if child is not None))
    return Html(f"<{name}{opening}>{inner}</{name}>")


def join(*children: str, between: str = "") -> Html:
    return Html(escape(between).join(escape(child) for child in children))


def classes(*names: str) -> str:
    """The *names* that are there, as the value of a class attribute."""
    return " ".join(name for name in names if name)


def escape(text: str) -> Html:
    return text if isinstance(text, Html) else Html(html.escape(text, quote=True))


def _attribute(key: str, value: str | int | bool | None) -> str:
    key = {"cls": "class"}.get(key, key.replace("_", "-"))
    return f" {key}" if value is True else f' {key}="{escape(str(value))}"'


# -- what is said ---------------------------------------------------------------------------------------------------


def words_html(said: Say | str, language: str) -> Html:
    """*said* in *language*: `code` and **strong** are marked up, everything else is escaped."""
    pieces = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", _guarded_words(said, language))
    return join(*(_marked(piece) for piece in pieces if piece))


def words_text(said: Say | str, language: str) -> str:
    """*said* in *language* without markup."""
    return _unguard(re.sub(r"`([^`]+)`|\*\*([^*]+)\*\*", r"\1\2", _guarded_words(said, language)))


def _marked(piece: str) -> str:
    if len(piece) > 2 and piece[0] == piece[-1] == "`":
        code = _unguard(piece[1:-1])
        return tag("code", code, cls="nl-long" if len(code) > LONG_CODE else None)
    if len(piece) > 4 and piece.startswith("**") and piece.endswith("**"):
        return tag("strong", _unguard(piece[2:-2]))
    return _unguard(piece)


def _guarded_words(said: Say | str, language: str) -> str:
    return translate(_guarded(said) if isinstance(said, Say) else said, language)


def _guarded(said: Say) -> Say:
    return replace(said, values={name: _guard(value) for name, value in said.values.items()})


def _guard(value: Any) -> Any:
    if isinstance(value, Say):
        return _guarded(value)
    if isinstance(value, tuple):
        return tuple(_guard(one) for one in value)
    if isinstance(value, str):
        return "".join(GUARDS.get(letter, letter) for letter in value)
    return value


def _unguard(text: str) -> str:
    for letter, guard in GUARDS.items():
        text = text.replace(guard, letter)
    return text


# -- in every language ----------------------------------------------------------------------------------------------


def columns(said: Say | str, languages: Languages, cls: str = "") -> Html:
    """One paragraph a language, side by side where there is room."""
    return tag("div", *paragraphs(said, languages), cls=f"nl-cols {cls}".strip())


def paragraphs(said: Say | str, languages: Languages) -> list[Html]:
    return [tag("p", words_html(said, language), lang=language) for language in languages]


def labels(said: Say | str, languages: Languages) -> Html:
    """A label in the flow of a line: "ожидалось · 应为".

    The reader may hide any language, so the styles draw the dot before each word and clip the first one; `nl-sep` is the
    dot for pages without styles.
    """
    spoken = [
        tag("span", tag("i", " · ", cls="nl-sep") if index else None, words_html(said, language), lang=language)
        for index, language in enumerate(languages)
    ]
    return tag("span", *spoken, cls="nl-labels")


def labels_text(said: Say | str, languages: Languages) -> str:
    return " · ".join(words_text(said, language) for language in languages)


def hidden(*children: str) -> Html:
    """What only a screen reader says, and what stands there in words where no styles are."""
    return tag("span", *children, cls="nl-vh")


def paragraphs_text(said: Sequence[Say | str], languages: Languages) -> str:
    """All of *said* in one language, a blank line, all of it in the next."""
    if not said:
        return ""
    return "\n\n".join("\n".join(wrap(words_text(one, language)) for one in said) for language in languages)


# -- plain text -----------------------------------------------------------------------------------------------------


def text_width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 0 if unicodedata.combining(letter) else 1
               for letter in text)  # fmt: skip


def pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * max(0, width - text_width(text))
    return space + text if right else text + space


# A shape, or a Chinese character, with the punctuation that clings to it; a word; a space. Lines break between two of these.
_TOKEN = re.compile(
    r"\((?:[\w*]+, ?)*[\w*]*\)[^\s\u3400-\u9fff]*|[（“《]*[\u3400-\u9fff][，。、；：？！）”》…]*|[^\s\u3400-\u9fff]+|\s+"
)


def wrap(text: str, width: int = TEXT_WIDTH) -> str:
    """*text* in lines of at most *width* columns; a word longer than that stays whole. Lines that are there stay apart."""
    return "\n".join(_wrap_line(line, width) for line in text.split("\n"))


def _wrap_line(text: str, width: int) -> str:
    lines = [""]
    for token in _TOKEN.findall(text):
        if text_width((lines[-1] + token).rstrip()) > width and lines[-1].strip():
            lines.append("" if token.isspace() else token)
        else:
            lines[-1] += token
    return "\n".join(line.rstrip() for line in lines)
