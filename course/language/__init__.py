"""The translated messages: English is the message id, `<language>/<module>.po` holds the others.

Catalogues are read as .po files, by polib, when the first message is shown: there is no compiled file that could be older
than its text. Outputs of the course hold every language; the reader's switch in the notebook chooses among them, so the
kernel need not know the choice. `COURSE_LANGUAGES` ("ru,zh") narrows plain text only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from course.numbers import in_sentence
from course.verdict import Say

LANGUAGES = ("ru", "zh", "en")
HERE = Path(__file__).parent


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All messages of *language* by their English text; empty for English itself."""
    import polib  # 15 ms that a course without messages need not spend

    return {
        entry.msgid: entry.msgstr
        for path in sorted((HERE / language).glob("*.po"))
        for entry in polib.pofile(str(path))
        if entry.translated()
    }


def translate(text: str | Say, language: str) -> str:
    """*text* in *language*, its {fields} filled in; the English text where there is no translation.

    A field's value may be a `Say` of its own: it is translated too.
    """
    say = text if isinstance(text, Say) else Say(text)
    words = catalogue(language).get(say.text, say.text) if language != "en" else say.text
    if not say.values:
        return words
    return words.format(**{name: worded(value, language) for name, value in say.values.items()})


BETWEEN = {"zh": "、"}  # the members of a list; a comma elsewhere


def worded(value: object, language: str) -> object:
    """A field's value as it is read: messages in *language*, numbers with a true minus sign, tuples as lists of words."""
    if isinstance(value, tuple):
        return BETWEEN.get(language, ", ").join(str(worded(one, language)) for one in value)
    if isinstance(value, Say):
        return translate(value, language)
    return in_sentence(value) if isinstance(value, int | float) else value


def shown_languages() -> tuple[str, ...]:
    """The languages of plain text, in reading order: those of COURSE_LANGUAGES that the course has, else all."""
    wanted = [part.strip() for part in os.environ.get("COURSE_LANGUAGES", "").replace(" ", ",").split(",")]
    return tuple(language for language in wanted if language in LANGUAGES) or LANGUAGES
