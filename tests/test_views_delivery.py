"""A picture in stock nbgrader, from the submitted notebook to the feedback page: its table at once, and never a widget."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.lessons import ROOT

pytestmark = pytest.mark.slow

PICTURE = """
from course.graph import graph
from course.views.graph_board import graph_board
from course.views.widget import show
def loss(x, W, b):
    y = x @ W.T + b
    L = (y**2).sum()
    return L
show(graph_board(graph(loss, {"x": [[3, -1], [0, 2], [1, 1]], "W": [[1, 2], [-1, 0]], "b": [1, -2]})))
"""
TEST = {"grade": True, "solution": False, "locked": True, "task": False, "points": 1, "schema_version": 3, "grade_id": "one"}


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> tuple[nbformat.NotebookNode, str]:
    """(the autograded notebook, the feedback page) of a course that knows nothing of ours."""
    course = tmp_path_factory.mktemp("stock")
    aside = tmp_path_factory.mktemp("aside")
    cells = [nbformat.v4.new_code_cell(PICTURE, id="picture"), nbformat.v4.new_code_cell("assert True", id="test")]
    cells[1].metadata["nbgrader"] = {**TEST, "cell_type": "code"}
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))
    for place in ("source/pictures", "submitted/ann/pictures"):
        (course / place).mkdir(parents=True)
        (course / place / "pictures.ipynb").write_text(notebook, encoding="utf-8")
    steps = [("generate_assignment", "pictures"), ("autograde", "pictures"), ("generate_feedback", "pictures")]
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "COURSE_STATE": "state",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.nbgrader_commands", json.dumps([(str(course), *step) for step in steps])],
        cwd=ROOT,
        env=os.environ | {name: str(aside / value) for name, value in folders.items()} | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    graded = nbformat.read(course / "autograded/ann/pictures/pictures.ipynb", as_version=4)
    return graded, Path(course / "feedback/ann/pictures/pictures.html").read_text(encoding="utf-8")


def test_while_nbgrader_grades_there_is_no_widget_and_no_error(feedback):
    graded, _ = feedback
    outputs = graded.cells[0].outputs
    assert [one.output_type for one in outputs] == ["display_data"]
    assert set(outputs[0].data) == {"text/html", "text/plain"}
    assert "widgets" not in graded.metadata


def test_the_feedback_shows_the_picture_s_table_and_no_error(feedback):
    graded, page = feedback
    soup = BeautifulSoup(page, "html.parser")
    shown, displayed = soup.select(".nl-board"), BeautifulSoup(graded.cells[0].outputs[0].data["text/html"], "html.parser")
    assert len(shown) == 1
    assert shown[0].get_text("", strip=True) == displayed.get_text("", strip=True), "all that was displayed"
    [table] = [one for one in shown[0].find_all("table") if one.caption.get_text().strip().startswith("dW")]
    # y = x Wᵀ + b = [[2, -5], [5, -2], [4, -3]]; dW = 2 yᵀ x
    assert [cell.get_text(strip=True) for cell in table.select("tbody td")] == ["20", "24", "−36", "−4"]
    assert not soup.select("iframe, script[type*=widget], [data-mime-type*=widget]")
    assert not re.search(
        r"Traceback|Error|model not found", " ".join(one.get_text() for one in soup.select(".jp-OutputArea, .output"))
    )
    assert soup.select(".jp-OutputArea, .output"), "the outputs were looked at"
