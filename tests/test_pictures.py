"""What a notebook calls for a picture: alive with its table, and a sentence where nothing can be drawn."""

import pytest
import torch

from course import pictures
from course.language import LANGUAGES
from tests.boards import shown_by

ONES = torch.ones(2, 3, 4), torch.ones(3, 4), torch.ones(3)
CALLS = {
    "module": (lambda: pictures.module(torch.nn.Linear(4, 3)), lambda: pictures.module(torch.nn.ReLU())),
    "leading_axes": (lambda: pictures.leading_axes(*ONES), lambda: pictures.leading_axes(ONES[0], ONES[1].T, ONES[2])),
    "both_ways": (
        lambda: pictures.both_ways(ONES[1], ONES[2], ONES[0][0], torch.ones(3, 3)),
        lambda: pictures.both_ways(ONES[1], ONES[2], ONES[0][0].T, torch.ones(3, 3)),
    ),
    "graph": (
        lambda: pictures.graph(lambda x: (x * x).sum(), {"x": [1.0, 2.0]}),
        lambda: pictures.graph(lambda x: (x * x).sum(), {"x": [1j]}),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_picture_is_shown_alive_with_its_table_and_what_cannot_be_drawn_in_a_sentence(name, monkeypatch):
    drawn, refused = CALLS[name]
    alive, twin = shown_by(monkeypatch, drawn)
    assert "application/vnd.jupyter.widget-view+json" in alive
    assert "<table" in twin["text/html"]
    (found,) = shown_by(monkeypatch, refused)
    assert [f'lang="{language}"' in found["text/html"] for language in LANGUAGES] == [True] * 3


def test_a_picture_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'heatmap'"):
        pictures.heatmap  # noqa: B018  asking is the test
