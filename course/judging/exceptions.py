"""What an exception of the learner's code means, in the learner's words, where Python's own are about Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course.answer import Raised
from course.exercise import N_
from course.verdict import Say


def meant(error: Raised, entry: str) -> Say | None:
    """A sentence on what *error* means in the answer *entry*, and what to look at; None where Python's words must do."""
    for one in MEANINGS:
        found = re.search(one.pattern, error.message)
        if error.type in one.types and found:
            return Say(one.says, {"entry": entry} | one.values(found))
    return None


@dataclass(frozen=True)
class Meaning:
    """Exceptions of these *types* whose message has the *pattern*, and what is said of them."""

    types: tuple[str, ...]
    pattern: str
    says: str
    values: Callable[[re.Match[str]], dict[str, Any]] = lambda found: found.groupdict()


MEANINGS = (
    Meaning(
        ("NotImplementedError",),
        "",
        N_("A part of `{entry}` is still **waiting for your code**: where does `raise NotImplementedError` stand?"),
    ),
    Meaning(
        ("RecursionError",),
        "",
        N_(
            "Somewhere the code **calls itself without end**, and Python stopped it. Which call should return without calling "
            "again, and is it ever reached?"
        ),
    ),
    Meaning(
        ("UnboundLocalError",),
        r"variable '(?P<name>\w+)'",
        N_(
            "`{name}` is read before this function has given it a value: it is assigned further down, or only in a branch that "
            "was not taken."
        ),
    ),
    Meaning(
        ("NameError",),
        r"name '(?P<name>\w+)' is not defined",
        N_("Nothing is called `{name}` here: is it spelt as it was defined, and was the cell that defines or imports it run?"),
    ),
    Meaning(
        ("IndexError",),
        r"index (?P<index>-?\d+) is out of bounds for (?:dimension|axis) (?P<axis>\d+) with size (?P<size>\d+)",
        N_("Index {index} was asked for on axis {axis}, which has {size} entries: they are counted from 0 to {last}."),
        lambda found: found.groupdict() | {"last": int(found["size"]) - 1},
    ),
    Meaning(
        ("IndexError",),
        r"too many indices",
        N_("There are more indices in the brackets than the tensor has axes: what is its shape at this point?"),
    ),
    Meaning(
        ("IndexError",),
        r"Dimension out of range .*but got (?P<axis>-?\d+)",
        N_("The tensor has no axis {axis}: how many axes does it have at this point?"),
    ),
    Meaning(
        ("RuntimeError",),
        r"expected (?:m1 and m2|both vectors|scalar type|mat1 and mat2).*?(?:dtype|but got|but found)",
        N_(
            "Two tensors of different dtype met: the inputs are float64, and a tensor made without `dtype=` is float32. Give "
            "yours the dtype of the input."
        ),
    ),
    Meaning(
        ("RuntimeError", "ValueError"),
        r"both arguments to matmul need to be at least 1D|matmul: Input operand \d does not have enough dimensions",
        N_("A factor of `@` is **a single number**, without an axis: `@` needs one axis at least on each side."),
    ),
    Meaning(
        ("AttributeError",),
        r"'(?P<kind>(?!NoneType)\w+)' object has no attribute '(?P<name>\w+)'",
        N_(
            "A `{kind}` has nothing called `{name}` here: is it spelt as it was defined, was it put there before it is read, and "
            "is this the object you think it is?"
        ),
    ),
    Meaning(
        ("AttributeError", "TypeError"),
        r"'NoneType'",
        N_(
            "Something is `None` where a value was expected. Which call gave it? A function without `return` gives `None`, and "
            "so do some that search and find nothing."
        ),
    ),
    Meaning(
        ("IndexError",),
        "pop from empty",
        N_(
            "Something was taken out of a list that is **empty**: more is taken out than was put in, or a new list takes the "
            "place of the old one where something should be added to it."
        ),
    ),
    Meaning(
        ("RuntimeError", "ValueError"),
        r"Boolean value of Tensor with more than one value|truth value of an array with more than one",
        N_(
            "Many comparisons were to be **one True or False**: `==` between tensors gives an answer for every entry. Compare "
            "tensors one by one, each with a function that gives a single answer."
        ),
    ),
    Meaning(
        ("TypeError",),
        r"'(?P<kind>\w+)' object is not iterable",
        N_("A `{kind}` was to be gone through like a list. A tuple of one needs a comma: `(a,)` is a tuple, `(a)` is only a."),
    ),
    Meaning(
        ("KeyError",),
        "",
        N_("A dictionary was asked for a key that it does not hold: under which keys were the values stored?"),
    ),
    Meaning(
        ("ZeroDivisionError",),
        "",
        N_("Something was divided by zero: which of the sizes or steps is 0 here?"),
    ),
)
