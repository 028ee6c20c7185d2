"""Gates on the file of a lesson as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.lesson import CODE_FENCE, Lesson, Problem


def problems(lesson: Lesson) -> Iterator[Problem]:
    yield from name(lesson)
    yield from front_matter(lesson)
    yield from split_cells(lesson)
    yield from round_trip(lesson)


# Prevents: an assignment whose folder and notebook differ, or that sorts elsewhere than it is read.
def name(lesson: Lesson) -> Iterator[Problem]:
    if not re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)*", lesson.name) or lesson.path.parent.name != lesson.name:
        yield lesson.problem(
            1, f"a lesson cannot be called {lesson.path.parent.name}/{lesson.path.name}", "call it NN_name/NN_name.md"
        )


# Prevents: a notebook that opens without a kernel, and a file that JupyterLab opens as plain text.
def front_matter(lesson: Lesson) -> Iterator[Problem]:
    kernel = lesson.metadata.get("kernelspec", {}).get("name")
    if kernel != "python3":
        yield lesson.problem(1, f"the front matter's kernelspec is {kernel!r}", "write `name: python3` under kernelspec")
    written = lesson.metadata.get("jupytext", {}).get("text_representation", {}).get("format_name")
    if written != "myst":
        yield lesson.problem(
            1, f"the front matter's jupytext format is {written!r}", "write `format_name: myst` under text_representation"
        )


# Prevents: half a code cell shown as prose, solution and all.
def split_cells(lesson: Lesson) -> Iterator[Problem]:
    for cell in lesson.cells:
        for number, line in enumerate(cell.source.splitlines(), start=cell.line):
            if cell.kind == "code" and line.startswith("+++"):
                yield lesson.problem(number, "`+++` at the start of a line splits the code cell", "write the line another way")
            if CODE_FENCE.match(line):
                yield lesson.problem(number, "a cell begins inside another", "close the fence above with ```")
        if cell.kind == "raw":
            yield lesson.problem(cell.line, "a raw cell has no languages", "make it a prose cell")


# Prevents: a diff over the whole file when somebody opens the lesson in JupyterLab and saves it.
def round_trip(lesson: Lesson) -> Iterator[Problem]:
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook, notebook_to_myst

    try:
        again = notebook_to_myst(myst_to_notebook(lesson.text), default_lexer="ipython3")
    except MystMetadataParsingError:
        return  # `read` has said so
    ours, theirs = _body(lesson.text), _body(again)
    if ours == theirs:
        return
    offset = lesson.text.count("\n") - "\n".join(ours).count("\n")
    for number, line in enumerate(ours):
        saved = theirs[number] if number < len(theirs) else None
        if line != saved:
            told = "nothing" if saved is None else repr(saved)
            yield lesson.problem(
                min(number + offset, len(ours) + offset),
                f"JupyterLab would save {told} for {line!r}",
                "write it so, or open the lesson in JupyterLab and save it",
            )
            return
    yield lesson.problem(len(ours) + offset, "JupyterLab would save more lines here", "open the lesson in JupyterLab and save it")


def _body(text: str) -> list[str]:
    """The lines after the front matter: JupyterLab writes its own version into that, which is no difference of the lesson."""
    return text.split("\n---\n", 1)[-1].split("\n")
