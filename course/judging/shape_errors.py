"""What a shape error of torch or NumPy says: which sizes should have met and did not, and which axes those are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.answer import Line
from course.exercise import N_, Inputs
from course.verdict import Evidence, Matrix, Say

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Clash:
    """Two sizes that should have been equal, the shapes they stand in where the message tells, and how they were to meet."""

    left: int
    right: int
    left_shape: Shape = ()
    right_shape: Shape = ()
    product: bool = True  # in a product; else axis by axis, as in a sum
    sheets: bool = False  # a product matrix by matrix, where the factors have more than two axes

    @property
    def located(self) -> bool:
        return bool(self.left_shape and self.right_shape)


def clash(message: str) -> Clash | None:
    """The sizes that do not meet, from an error *message* of torch or NumPy; None where it is about something else."""
    for pattern, read in PATTERNS:
        found = re.search(pattern, message)
        if found:
            return read(found)
    return None


def explain(
    message: str, inputs: Inputs, axes: tuple[str, ...], lines: tuple[Line, ...] = ()
) -> tuple[Say, Evidence | None] | None:
    """A sentence on the axes that do not meet, and the two shapes with those axes lit; None where no shape is to blame.

    *axes* are the names that a size may have in this exercise: a size that belongs to exactly one of them is called by it.
    *lines* are the learner's: where the one that stopped is a product of two names, these tell inputs of one shape apart.
    """
    found = clash(message)
    if found is None:
        return None
    values = {"left": named(found.left, inputs, axes), "right": named(found.right, inputs, axes)}
    if not found.product:
        return Say(SUM, values), pictured(found, inputs, axes, lines)
    return Say(PRODUCT_OF_SHEETS if found.sheets else PRODUCT, values), pictured(found, inputs, axes, lines)


PRODUCT = N_(
    "In a product, the last axis of the left factor meets the first axis of the right one, "
    "and here their sizes differ: `{left}` and `{right}`."
)
PRODUCT_OF_SHEETS = N_(
    "In a product of tensors with three axes or more, matrices are multiplied: the last axis of the left factor meets the "
    "last axis but one of the right one, and here their sizes differ: `{left}` and `{right}`."
)
SUM = N_(
    "Two shapes are compared axis by axis from the right: the sizes must be equal or 1, and here they are `{left}` and `{right}`."
)


def named(size: int, inputs: Inputs, axes: tuple[str, ...]) -> str:
    """ "in = 4", where only one axis of the exercise has that size; else the bare size."""
    fitting = [axis for axis in axes if inputs.sizes.axis(axis) == size]
    return f"{fitting[0]} = {size}" if len(fitting) == 1 else str(size)


def pictured(found: Clash, inputs: Inputs, axes: tuple[str, ...], lines: tuple[Line, ...]) -> Evidence | None:
    """The two shapes that did not meet, side by side, the axes lit that should have; only for matrices."""
    if not found.located or len(found.left_shape) > 2 or len(found.right_shape) > 2:
        return None
    lit = (len(found.left_shape) - 1, 0) if found.product else (None, None)
    pair = [
        Matrix(operand(shape, inputs, written), shape, axes=tuple(axis_name(n, inputs, axes) for n in shape), lit=which)
        for shape, which, written in zip((found.left_shape, found.right_shape), lit, factors(lines), strict=True)
    ]
    return Evidence("meeting", pair[0], pair[1], between=f"{found.left} ≠ {found.right}")


def axis_name(size: int, inputs: Inputs, axes: tuple[str, ...]) -> str:
    fitting = [axis for axis in axes if inputs.sizes.axis(axis) == size]
    return fitting[0] if len(fitting) == 1 else str(size)


def factors(lines: tuple[Line, ...]) -> tuple[str, str]:
    """The two factors by name, as `W` or `Wᵀ`, where the learner's line stopped in a product of two names; else "" for both."""
    for line in lines:
        found = (
            re.fullmatch(r"(\w+)(\.T|\.t\(\))?\s*@\s*(\w+)(\.T|\.t\(\))?", line.text[line.start : line.end])
            if line.here
            else None
        )
        if found:
            return found[1] + ("ᵀ" if found[2] else ""), found[3] + ("ᵀ" if found[4] else "")
    return "", ""


def operand(shape: Shape, inputs: Inputs, written: str) -> str:
    """The name of the input with that *shape*, or of the one it is the transpose of; "" where no input has it.

    Of several inputs of that shape it is the one that is *written* there, if any. A vector is left without a name: a row or a
    column of some matrix has the same shape.
    """
    if len(shape) < 2:
        return ""
    shapes = {name: getattr(value, "shape", None) for name, value in inputs.items()}
    upright = [name for name, of in shapes.items() if of == shape]
    turned = [f"{name}ᵀ" for name, of in shapes.items() if of == shape[::-1]]
    if written in (*upright, *turned):
        return written
    fitting = upright or turned
    return fitting[0] if len(fitting) == 1 else ""


def _ints(text: str) -> Shape:
    return tuple(int(number) for number in re.findall(r"\d+", text))


# Each message as its library words it, and how the sizes are read from it.
PATTERNS = (
    (  # torch: a matrix times a matrix
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        lambda m: Clash(int(m[2]), int(m[3]), (int(m[1]), int(m[2])), (int(m[3]), int(m[4]))),
    ),
    (  # torch: a matrix times a vector
        r"size mismatch, got input \((\d+)\), mat \((\d+)x(\d+)\), vec \((\d+)\)",
        lambda m: Clash(int(m[3]), int(m[4]), (int(m[2]), int(m[3])), (int(m[4]),)),
    ),
    (  # torch: a vector times a vector
        r"inconsistent tensor size, expected tensor \[(\d+)\] and src \[(\d+)\]",
        lambda m: Clash(int(m[1]), int(m[2]), (int(m[1]),), (int(m[2]),)),
    ),
    (  # torch: element by element
        r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        lambda m: Clash(int(m[1]), int(m[2]), product=False),
    ),
    (  # torch: put into a slice
        r"The expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\)",
        lambda m: Clash(int(m[1]), int(m[2]), product=False),
    ),
    (  # torch: einsum
        r"einsum\(\): .*?has size (\d+) for operand \d+ which does not broadcast with previously seen size (\d+)",
        lambda m: Clash(int(m[2]), int(m[1]), product=False),
    ),
    (  # torch: bmm
        r"Expected size for first two dimensions of batch2 tensor to be: \[\d+, (\d+)\] but got: \[\d+, (\d+)\]",
        lambda m: Clash(int(m[1]), int(m[2]), sheets=True),
    ),
    (  # NumPy: np.dot
        r"shapes (\([\d, ]+\)) and (\([\d, ]+\)) not aligned: (\d+) \(dim \d+\) != (\d+) \(dim \d+\)",
        lambda m: Clash(int(m[3]), int(m[4]), _ints(m[1]), _ints(m[2])),
    ),
    (  # NumPy: @
        r"matmul: .*?mismatch in its core dimension \d+.*?\(size (\d+) is different from (\d+)\)",
        lambda m: Clash(int(m[2]), int(m[1])),
    ),
    (  # NumPy: element by element
        r"operands could not be broadcast together with shapes (\([\d, ]+\)) (\([\d, ]+\))",
        lambda m: Clash(*_first_unequal(_ints(m[1]), _ints(m[2])), _ints(m[1]), _ints(m[2]), product=False),
    ),
)


def _first_unequal(left: Shape, right: Shape) -> tuple[int, int]:
    """The sizes at the first axis from the right that broadcasting cannot bring together."""
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b and 1 not in (a, b):
            return a, b
    return left[-1], right[-1]
