"""What an author gets told before a lesson is built: each defect of file, cells and code, with its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.gates import lint
from autograder.gates.graded import STUB, stub
from autograder.lesson import find_lessons, read
from course.solutions import solutions
from tests.lessons import ANSWER, CHECK, FRONT, PROSE, ROOT, TINY, find, told, write


def lines(tmp_path: Path, text: str, name: str = "01_tiny") -> str:
    return told(lint(write(tmp_path, name, text), find))


def test_a_sound_lesson_has_no_problem(tmp_path: Path):
    assert lines(tmp_path, TINY) == ""


@pytest.mark.parametrize("path", find_lessons(ROOT / "source"), ids=lambda path: path.stem)
def test_every_lesson_of_the_course_is_sound(path: Path):
    assert told(lint(path)) == ""


LINES = {  # of TINY
    "{demo}": TINY.splitlines().index("2 * x") + 1,
    "{check}": TINY.splitlines().index('check("double")') + 1,
    "{begin}": TINY.splitlines().index("    ### BEGIN SOLUTION") + 1,
}

# Each case: what an author wrote, and what must be said of it, with the line that it is said of.
BROKEN = {
    "an unknown exercise": (
        TINY.replace("grade_id: double", "grade_id: quadruple").replace('check("double")', 'check("quadruple")'),
        "01_tiny.md:{check}: the course has no exercise quadruple; mend the id",
    ),
    "points that disagree": (
        TINY.replace("points: 2", "points: 3"),
        "01_tiny.md:{check}: double gives 3 points here and 2 in course/exercises/",
    ),
    "points that are no number": (TINY.replace("points: 2", "points: two"), "points is 'two'; write the exercise's points"),
    "a check without its answer": (
        FRONT + PROSE + "\n" + CHECK,
        "check double has no answer cell; add the cell double-answer above it",
    ),
    "an answer without its check": (
        FRONT + PROSE + "\n" + ANSWER,
        "nothing checks double-answer; add a check cell double below it",
    ),
    "a check above its answer": (
        FRONT + "\n".join((PROSE, CHECK, ANSWER)),
        "check double stands before its answer; move it below",
    ),
    "an answer with another name": (
        TINY.replace("double-answer", "double-solution"),
        "answer cell double-solution is not called",
    ),
    "the same grade_id twice": (
        TINY + "\n" + CHECK,
        "grade_id double stands twice, first in line {check}; give one of the cells its own",
    ),
    "a grade_id in another spelling": (TINY.replace("grade_id: double", "grade_id: Double_it"), "'Double_it' is not kebab-case"),
    "no grade_id": (TINY.replace("  grade_id: double-answer\n", ""), "a graded cell has no grade_id"),
    "an answer that is locked": (
        TINY.replace("locked: false", "locked: true"),
        "'double-answer' is neither an answer nor a check",
    ),
    "an old schema": (TINY.replace("schema_version: 3", "schema_version: 1"), "schema_version is 1; write `schema_version: 3`"),
    "a semicolon after the check": (
        TINY.replace('check("double")', 'check("double");'),
        "the check cell holds 'check(\"double\");'",
    ),
    "a check that is assigned": (
        TINY.replace('check("double")', 'score = check("double")'),
        "nbgrader reads the score from a bare last value",
    ),
    "a check that is not last": (
        TINY.replace('check("double")', 'check("double")\nprint(1)'),
        'write check("double") and nothing else',
    ),
    "a check of another exercise": (
        TINY.replace('check("double")', 'check("tripled")'),
        'write check("double") and nothing else',
    ),
    "a check that is not graded": (
        TINY.replace("2 * x", 'check("double")'),
        "01_tiny.md:{demo}: a check in a cell that is not graded",
    ),
    "a solution without its end": (
        TINY.replace("    ### END SOLUTION\n", ""),
        "01_tiny.md:{begin}: ### BEGIN SOLUTION without ### END SOLUTION",
    ),
    "a solution without its beginning": (
        TINY.replace("    ### BEGIN SOLUTION\n", ""),
        "### END SOLUTION without ### BEGIN SOLUTION: nothing would be cleared",
    ),
    "a solution inside another": (
        TINY.replace("    return x + x", "    ### BEGIN SOLUTION\n    return x + x"),
        "### BEGIN SOLUTION inside the solution begun in line {begin}",
    ),
    "a marker that is spelled otherwise": (
        TINY.replace("### BEGIN", "# BEGIN"),
        "nbgrader takes '# BEGIN SOLUTION' for a solution marker",
    ),
    "a solution outside an answer": (
        TINY.replace("2 * x", "### BEGIN SOLUTION\n2 * x\n### END SOLUTION"),
        "01_tiny.md:{demo}: ### BEGIN SOLUTION in a cell that is no answer",
    ),
    "an answer without a solution": (
        TINY.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
        "nbgrader would replace the whole cell, signature and docstring too",
    ),
    "a stub that stops Run All": (
        TINY.replace("def double(x):\n", "### BEGIN SOLUTION\ny = 1\n### END SOLUTION\ndef double(x):\n    return 2 * x\n"),
        "the stub would raise as soon as the cell runs, and Run All would stop",
    ),
    "an answer that defines something else": (
        TINY.replace("def double(", "def twice("),
        "the answer does not define double, which its check asks",
    ),
    "an entry that only the solution defines": (
        TINY.replace("def double(x):\n", "if True:\n    x = 1\n").replace("return x + x", "double = max"),
        "the answer does not define double",
    ),
    "an answer that is no Python": (TINY.replace("def double(x):", "def double(x:"), "the solution is no Python"),
    "a word in a comment": (
        TINY.replace("2 * x", "2 * x  # удвоим"),
        "01_tiny.md:{demo}: 'удвоим' in a code cell, which all languages share",
    ),
    "a Chinese docstring": (TINY.replace("x: () → ()", "x 是一个数"), "'是一个数' in a code cell"),
    "English in a comment": (
        TINY.replace("2 * x", "2 * x  # twice as much"),
        "the words 'twice as' in a code cell, which all languages share",
    ),
    "English in a printed text": (TINY.replace("2 * x", 'print("the value:", x)'), "the words 'the value' in a code cell"),
    "English in a docstring": (
        TINY.replace("x: () → ()", "x: () → ()\n\n    Doubles its argument."),
        "the words 'Doubles its' in a code cell",
    ),
    "A for W": (TINY.replace("2 * x", "A = x\n2 * x"), "01_tiny.md:{demo}: `A` in code, where the matrix is called W; write W"),
    "A as an argument": (TINY.replace("def double(x):", "def double(x, A=1):"), "`A` in code, where the matrix is called W"),
    "a W that changes its shape": (
        TINY.replace("2 * x", "W = W.T"),
        "W = W.T changes the shape of W; give the result a name of its own",
    ),
    "a W that is (in, out)": (
        TINY.replace("2 * x", "W = np.zeros((in_, out))"),
        "is (in, out); W is (out, in): swap the two sizes",
    ),
    "a fence that is not closed": (
        TINY.replace("2 * x\n```\n", "2 * x\n"),
        "a cell begins inside another; close the fence above",
    ),
    "a break inside a code cell": (TINY.replace("2 * x", "+++\n2 * x"), "`+++` at the start of a line splits the code cell"),
    "a raw cell": (TINY + "\n```{raw-cell}\nraw\n```\n", "a raw cell has no languages; make it a prose cell"),
    "a fence of its own spelling": (TINY.replace("{code-cell} ipython3\nx = 3", "{code-cell}\nx = 3"), "JupyterLab would save"),
    "an extra blank line": (
        TINY.replace("\n```{code-cell} ipython3\nx = 3", "\n\n```{code-cell} ipython3\nx = 3"),
        "JupyterLab would save",
    ),
    "no kernel": (
        TINY.replace("  name: python3\n", "  name: ir\n"),
        "the front matter's kernelspec is 'ir'; write `name: python3`",
    ),
    "another format": (TINY.replace("format_name: myst", "format_name: light"), "the front matter's jupytext format is 'light'"),
    "no front matter": (TINY.removeprefix(FRONT), "01_tiny.md:1: no front matter; begin the file with the --- block"),
    "a broken YAML header": (TINY.replace("  grade: true\n", "  grade: [true\n"), "mend the cell's YAML header"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_author_is_told_of(case: str, tmp_path: Path):
    text, message = BROKEN[case]
    for name, number in LINES.items():
        message = message.replace(name, str(number))
    assert text != TINY
    assert message in lines(tmp_path, text)


def test_a_lesson_that_is_called_otherwise_than_its_folder_is_told(tmp_path: Path):
    assert "a lesson cannot be called tiny/tiny.md; call it NN_name/NN_name.md" in lines(tmp_path, TINY, name="tiny")


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path):
    path = write(tmp_path, "01_tiny", TINY)
    path.write_bytes(TINY.encode("utf-16"))
    assert "not UTF-8" in told(lint(path, find))


def test_every_problem_is_told_at_once_and_in_reading_order(tmp_path: Path):
    text = TINY.replace("points: 2", "points: 3").replace("2 * x", "A = x").replace("kernelspec:\n", "kernels:\n")
    found = lint(write(tmp_path, "01_tiny", text), find)
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert {1, LINES["{demo}"], LINES["{check}"]} <= {one.line for one in found}


@pytest.mark.parametrize(
    "code",
    [
        "# x: (N, in) → (N, out)",
        'print("x:", x.shape)',
        'print(f"y: {x.shape}  (N, out)")',
        '"""x: (N, in), W: (out, in), b: (out,) → y: (N, out)"""',
        "# for n in range(N)",
        'np.einsum("ni,oi->no", x, W)',
        "# dx, db",
        "# dW dX",
        "%matplotlib inline",
    ],
)
def test_symbols_and_shapes_may_stand_in_code(code: str, tmp_path: Path):
    assert "languages share" not in lines(tmp_path, TINY.replace("2 * x", code))


def test_a_stub_is_what_the_configuration_puts_in_place_of_a_solution(tmp_path: Path):
    """The gates look at the stub before nbgrader makes it: both must be the same, and without words."""
    assert f'code_stub = {{"python": "{STUB}"}}' in (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    answer = next(cell for cell in read(write(tmp_path, "01_tiny", TINY)).cells if cell.is_answer)
    assert stub(answer.source) == 'def double(x):\n    """x: () → ()"""\n    raise NotImplementedError'


@pytest.mark.parametrize("path", [None, *find_lessons(ROOT / "source")], ids=lambda path: path.stem if path else "tiny")
def test_jupyterlab_saves_a_sound_lesson_unchanged(path: Path | None, tmp_path: Path):
    """The gate compares with jupytext's writer; this is the way of a save in JupyterLab, with the front end's marks."""
    from jupytext import TextFileContentsManager

    text = path.read_text(encoding="utf-8") if path else TINY
    manager = TextFileContentsManager(root_dir=str(tmp_path))
    (tmp_path / "lesson.md").write_text(text, encoding="utf-8")
    model = manager.get("lesson.md")
    notebook = model["content"]
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3", "version": "3.99"}
    for cell in notebook.cells:
        cell.metadata["trusted"] = True
        if cell.cell_type == "code":
            cell.update(execution_count=1, outputs=[])
    manager.save(model, "lesson.md")
    body = (tmp_path / "lesson.md").read_text(encoding="utf-8").split("\n---\n", 1)[1]
    assert body == text.split("\n---\n", 1)[1]


def test_a_line_is_that_of_the_file(tmp_path: Path):
    lesson = read(write(tmp_path, "01_tiny", TINY))
    text = TINY.splitlines()
    for cell in lesson.cells:
        assert text[cell.line - 1] == cell.source.splitlines()[0]
    short = read(write(tmp_path, "02_short", FRONT + "```{code-cell} ipython3\n:tags: [one]\n\n1 + 1\n```\n"))
    assert short.text.splitlines()[short.cells[0].line - 1] == "1 + 1"


# -- reference solutions ------------------------------------------------------------------------------------------


def test_a_solution_is_the_answer_cell_without_its_markers():
    assert solutions(TINY) == {"double": 'def double(x):\n    """x: () → ()"""\n    return x + x\n'}


def test_a_solution_that_holds_a_fence_of_its_own_is_read_whole():
    text = TINY.replace("    return x + x", '    """\n    ```\n    """\n    return x + x').replace(
        "```{code-cell} ipython3\n---\nnbgrader:\n  grade: false", "````{code-cell} ipython3\n---\nnbgrader:\n  grade: false"
    )
    text = text.replace("    ### END SOLUTION\n```\n", "    ### END SOLUTION\n````\n")
    assert solutions(text)["double"].endswith("return x + x\n")
    assert "    ```\n" in solutions(text)["double"]


@pytest.mark.parametrize("path", find_lessons(ROOT / "source"), ids=lambda path: path.stem)
def test_solutions_are_read_as_the_notebook_has_them(path: Path):
    """course/ reads plain text, autograder/ reads with jupytext: the two must see the same cells."""
    lesson = read(path)
    cells = {cell.grade_id.removesuffix("-answer"): cell.source for cell in lesson.cells if cell.is_answer}
    ours = solutions(lesson.text)
    assert set(ours) == set(cells)
    for exercise, source in cells.items():
        kept = [line for line in source.splitlines() if "SOLUTION" not in line]
        assert ours[exercise].rstrip("\n") == "\n".join(kept).strip("\n")
