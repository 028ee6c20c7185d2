"""Two arrays side by side: what was expected and what came, or two factors that did not meet.

Evidence stands once for all languages; its two halves stand on the left edges of the two language columns.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from course.exercise import Exercise
from course.numbers import Style, digit_under_digit, number, style_of, told_apart
from course.report import words
from course.report.markup import (
    Html,
    Languages,
    columns,
    escape,
    join,
    labels,
    labels_text,
    pad,
    paragraphs_text,
    tag,
    text_width,
)
from course.report.sheets import axes_of, heading_text, piles, sheets_text
from course.report.tables import bare_table, heading, tables
from course.verdict import Evidence, Matrix, Say


def evidence_html(evidence: Evidence, exercise: Exercise, languages: Languages) -> Html:
    """The evidence with what leads to it (the call, the inputs) and what it means (its caption)."""
    picture, _ = _kind(evidence)
    called = tag("p", tag("code", evidence.called), cls="nl-called") if evidence.called else None
    meaning = [columns(said, languages) for said in evidence.caption]
    return tag(
        "figure",
        called,
        picture(evidence, exercise, languages),
        tag("figcaption", *meaning) if meaning else None,
        inputs_html(evidence.inputs, languages),
        cls="nl-evidence",
    )


def evidence_text(evidence: Evidence, exercise: Exercise, languages: Languages) -> str:
    _, picture = _kind(evidence)
    parts = (
        evidence.called,
        picture(evidence, exercise, languages),
        paragraphs_text(evidence.caption, languages),
        inputs_text(evidence.inputs, languages),
    )
    return "\n\n".join(part for part in parts if part)


ToHtml = Callable[[Evidence, Exercise, Languages], Html]
ToText = Callable[[Evidence, Exercise, Languages], str]


def _kind(evidence: Evidence) -> tuple[ToHtml, ToText]:
    """How this evidence is shown. Numbers that are too many fall back to the one that differs most."""
    if evidence.kind == "meeting":
        return meeting_html, meeting_text
    if evidence.left.array is None or evidence.right.array is None:
        return shapes_html, shapes_text
    shown = piles(evidence.left) and piles(evidence.right)
    if worst_pair(evidence) and (evidence.kind == "digits" or evidence.left.shape == () or not shown):
        return digits_html, digits_text
    return (values_html, values_text) if shown else (shapes_html, shapes_text)


# -- values: two matrices of numbers ----------------------------------------------------------------------------------


def values_html(evidence: Evidence, exercise: Exercise, languages: Languages) -> Html:
    left, right = styles(evidence)
    expected = heading(evidence.left, labels(words.EXPECTED, languages))
    got = heading(evidence.right, labels(words.GOT, languages))
    few = few_of(evidence)
    return join(
        columns(few, languages, "quiet") if few else "",
        pair(
            tag("div", tables(evidence.left, expected, left, languages)),
            operation(evidence),
            tag("div", tables(evidence.right, got, right, languages)),
        ),
    )


def values_text(evidence: Evidence, exercise: Exercise, languages: Languages) -> str:
    left, right = styles(evidence)
    expected, got = (labels_text(said, languages) for said in (words.EXPECTED, words.GOT))
    few = few_of(evidence)
    if evidence.between:
        because = f"   ({evidence.because})" if evidence.because else ""
        got += f" = {expected} {evidence.between}{because}"
    parts = (
        paragraphs_text((few,), languages) if few else "",
        heading_text(evidence.left, expected) + "\n" + sheets_text(evidence.left, left),
        heading_text(evidence.right, got) + "\n" + sheets_text(evidence.right, right),
    )
    return "\n\n".join(part for part in parts if part)


def styles(evidence: Evidence) -> tuple[Style, Style]:
    """How both arrays write their numbers: each as short as it can, and the worst entries told apart."""
    left, right = evidence.left.array, evidence.right.array
    one, other = style_of(left), style_of(right)
    if "short" not in (one.kind, other.kind):
        one = other = style_of(left, right)
    pair_ = worst_pair(evidence)
    if pair_ and number(pair_[0], one) == number(pair_[1], other):
        one = other = told_apart(style_of(left, right), *pair_)
    return one, other


def worst_pair(evidence: Evidence) -> tuple[object, object] | None:
    """The two entries that differ most, where the judge says which."""
    left, right = evidence.left, evidence.right
    index = left.worst if left.worst is not None else right.worst
    if index is None and not left.shape and not right.shape:
        index = ()
    if index is None or left.array is None or right.array is None or left.shape != right.shape:
        return None
    return left.array[index], right.array[index]


def few_of(evidence: Evidence) -> Say | None:
    """What to say where only some of the numbers are shown."""
    shape = evidence.left.shape
    shown = len(piles(evidence.left)) * prod(shape[-2:])
    if shown == prod(shape):
        return None
    return Say(words.ONE_SHEET if shown else words.ONE_ENTRY, {"count": prod(shape)})


def operation(evidence: Evidence) -> Html | None:
    """The arrow between the halves: "÷ 5", because "N = 5"."""
    if not (evidence.between or evidence.because):
        return None
    name = evidence.because.split(" ")[0]
    colour = {"N": "n", "in": "in", "out": "out"}.get(name, "quiet")
    because = tag("small", evidence.because, cls=colour) if evidence.because else None
    between = evidence.left.name + evidence.between if evidence.between == "ᵀ" else evidence.between  # "yᵀ"
    return tag("div", tag("b", between), " ", tag("i"), because, cls="nl-op")


def pair(left: Html, between: Html | None, right: Html) -> Html:
    return tag("div", tag("div", left, between), tag("div", right), cls="nl-pair")


# -- shapes and meeting: no numbers -----------------------------------------------------------------------------------


def shapes_html(evidence: Evidence, exercise: Exercise, languages: Languages) -> Html:
    return pair(
        bare_table(evidence.left, heading(evidence.left, labels(words.EXPECTED, languages), shape=True)),
        operation(evidence),
        bare_table(evidence.right, heading(evidence.right, labels(words.GOT, languages), shape=True)),
    )


def shapes_text(evidence: Evidence, exercise: Exercise, languages: Languages) -> str:
    expected, got = (labels_text(said, languages) for said in (words.EXPECTED, words.GOT))
    return "\n".join((heading_text(evidence.left, expected, shape=True), heading_text(evidence.right, got, shape=True)))


def meeting_html(evidence: Evidence, exercise: Exercise, languages: Languages) -> Html:
    left, right = evidence.left, evidence.right
    between = escape(evidence.between)
    if left.lit is not None and right.lit is not None:
        one, other = axes_of(left)[left.lit], axes_of(right)[right.lit]
        sign = "=" if one.size == other.size else "≠"
        between = join(
            tag("span", str(one.size), cls=one.colour or None),
            tag("i", sign),
            tag("span", str(other.size), cls=other.colour or None),
            between=" ",
        )
    return pair(
        bare_table(left, heading(left, shape=True)),
        tag("div", tag("b", between), cls="nl-op nl-ne") if between else None,
        bare_table(right, heading(right, shape=True)),
    )


def meeting_text(evidence: Evidence, exercise: Exercise, languages: Languages) -> str:
    left, right = evidence.left, evidence.right
    between = evidence.between
    if left.lit is not None and right.lit is not None:
        one, other = axes_of(left)[left.lit], axes_of(right)[right.lit]
        between = f"{one.label} {'=' if one.size == other.size else '≠'} {other.label}"
    lines = (heading_text(left, shape=True), heading_text(right, shape=True), between)
    return "\n".join(line for line in lines if line)


# -- digits: two numbers, digit under digit ---------------------------------------------------------------------------


def digits_html(evidence: Evidence, exercise: Exercise, languages: Languages) -> Html:
    """Two numbers below each other; where they nearly agree, the digits that do not are underlined."""
    name, expected, got, common = digit_rows(evidence)
    beside, note = notes(evidence, exercise)
    tail = join(got[:common], tag("u", got[common:])) if common and common < len(got) else got
    few = few_of(evidence) if evidence.kind != "digits" else None
    row = (
        tag("tr", tag("th", labels(said, languages), scope="row"), tag("td", value), tag("td", aside, cls="quiet"))
        for said, value, aside in ((words.EXPECTED, expected, beside), (words.GOT, tail, note))
    )
    table = tag("table", tag("caption", tag("code", name)) if name else None, tag("tbody", *row), cls="nl-digits")
    return join(columns(few, languages, "quiet") if few else "", table)


def digits_text(evidence: Evidence, exercise: Exercise, languages: Languages) -> str:
    name, expected, got, common = digit_rows(evidence)
    beside, note = notes(evidence, exercise)
    said = [labels_text(label, languages) for label in (words.EXPECTED, words.GOT)]
    side, width = max(map(text_width, said)) + 3, max(len(expected), len(got))
    lines = [
        f"{pad(label, side)}{pad(value, width, right=True)}   {aside}".rstrip()
        for label, value, aside in zip(said, (expected, got), (beside, note), strict=True)
    ]
    if 0 < common < len(got):
        lines.append(" " * (side + width - len(got) + common) + "^" * (len(got) - common))
    few = few_of(evidence) if evidence.kind != "digits" else None
    lead = [paragraphs_text((few,), languages) + "\n"] if few else []
    return "\n".join([*lead, *([name] if name else []), *lines])


def digit_rows(evidence: Evidence) -> tuple[str, str, str, int]:
    """The name of the entry, both numbers, and how many leading characters of the second are right."""
    values = worst_pair(evidence)
    assert values is not None, "two numbers are compared: scalars, or the entries at `worst`"
    index = evidence.left.worst or evidence.right.worst or ()
    name = evidence.left.name or evidence.right.name
    name = f"{name}[{', '.join(map(str, index))}]" if index else name
    if evidence.kind != "digits":
        one, other = styles(evidence)
        return name, number(values[0], one), number(values[1], other), 0
    return name, *digit_under_digit(*values)


def notes(evidence: Evidence, exercise: Exercise) -> tuple[str, str]:
    """What stands beside the two numbers: their types where these differ, the tolerance where it was missed, the operation."""
    left, right = evidence.left.array, evidence.right.array
    if evidence.between or evidence.because:
        because = f" ({evidence.because})" if evidence.because else ""
        return "", f"{evidence.between}{because}".strip()
    if evidence.kind != "digits" or left is None or right is None:
        return "", ""
    if left.dtype != right.dtype:
        return str(left.dtype), str(right.dtype)
    return f"rtol {number(exercise.rtol)}", ""


# -- the inputs that the numbers come from ----------------------------------------------------------------------------


def inputs_html(inputs: tuple[Matrix, ...], languages: Languages) -> Html | None:
    """The inputs of whole numbers, folded: who wants to add them up can."""
    if not inputs:
        return None
    said = Say(words.INPUTS, {"names": tuple(matrix.name for matrix in inputs)})
    shown = [tag("div", input_html(matrix, languages)) for matrix in inputs]
    return tag(
        "details",
        tag("summary", labels(said, languages), data_lm_suppress_shortcuts="true"),
        tag("div", *shown, cls="nl-inputs"),
        cls="nl-more",
    )


def input_html(matrix: Matrix, languages: Languages) -> Html:
    if matrix.array is None or not piles(matrix):
        return bare_table(matrix, heading(matrix, shape=True))
    return tables(matrix, heading(matrix), None, languages)


def inputs_text(inputs: tuple[Matrix, ...], languages: Languages) -> str:
    return "\n\n".join(
        heading_text(matrix) + ("\n" + sheets_text(matrix) if matrix.array is not None and piles(matrix) else "")
        for matrix in inputs
    )
