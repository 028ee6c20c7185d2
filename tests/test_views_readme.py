"""The page that says how a picture is added: its example is a picture."""

import re
from pathlib import Path

from tests.boards import stands_well, worked_out

VIEWS = Path(__file__).parents[1] / "course/views"
PAGE = (VIEWS / "README.md").read_text(encoding="utf-8")


def example():
    names: dict = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], names)
    return names["weighted_sum_board"]([2, -1], [3, 4])


def test_the_example_is_a_board_whose_sum_adds_up():
    board = example()
    left, right = worked_out(board.steps[0].known[0].sums[0])
    assert left == right == 2
    assert board.state(0)["z"] == ["2"]
    assert board.state(-1)["z"] == [None]
    assert "z = 2·3 + (−1)·4 = 2" in board.steps[0].text("en")


def test_nothing_in_the_example_covers_anything():
    assert stands_well(example()) == []


def test_the_page_is_one_page_and_the_modules_that_it_names_exist():
    assert len(PAGE.splitlines()) <= 80
    for name in re.findall(r"`(\w+\.py)`", PAGE):
        assert (VIEWS / name).exists() or (VIEWS.parent / name).exists() or (VIEWS.parents[1] / "tests" / name).exists(), name
