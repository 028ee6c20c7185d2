"""The known mistakes that the lessons must be able to name, a module for each lesson: id → (exercise, the wrong value).

The value is an expression, written apart from the exercises' `Mistake`s, over the letters of the exercise's inputs, so that
the two hold each other. None: told by what the answer is rather than by the value of an array.

A mistake that several exercises name has an entry for each; so an entry's key is the id alone, or "id @ exercise".
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

BANK: dict[str, tuple[str, str | None]] = {}
for _module in sorted(iter_modules(__path__), key=lambda module: module.name):
    BANK |= import_module(f"{__name__}.{_module.name}").BANK
