"""The layout: boxes that do not overlap, lines that go around them, nothing wider than the picture."""

from __future__ import annotations

import itertools
import json

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from course.exercise import thread
from course.graph import Refusal, Trace, graph, record, trace_of
from course.graph.layout import Layout, layout
from course.graph.measure import card_of
from course.graph.refusal import TOO_MANY
from course.graph.route import Box, Plan, Port, shifted
from tests.test_graph_replay import ONE, OPERATIONS, TWO, tensor

LAYER = thread() | {"t": thread()["y"] - 1}


def lesson_06(fold: bool = True) -> Trace:
    def layer(x, W, b, t):
        y = x @ W.T + b
        L = 0.5 * ((y - t) ** 2).sum()
        return L

    inputs = {name: LAYER[name] for name in ("x", "W", "b", "t")}
    return graph(layer, inputs, fold={"L": "½ Σ(·)²"} if fold else None)


def faults(found: Layout) -> list[object]:
    """Everything that a picture must not have; empty where it has none of it."""
    wrong: list[object] = []
    for box in found.boxes:
        if box.x < 0 or box.y < 0 or box.x + box.w > found.width or box.y + box.h > found.height:
            wrong.append(("outside", box.id))
    for one, other in itertools.combinations(found.boxes, 2):
        if one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h:
            wrong.append(("overlap", one.id, other.id))
    for line in found.lines:
        for points in (line.forward, line.backward):
            for (ax, ay), (bx, by) in itertools.pairwise(points):
                if ax != bx and ay != by:
                    wrong.append(("slanted", line.id))
                if not (min(ax, bx) >= 0 and max(ax, bx) <= found.width and min(ay, by) >= 0 and max(ay, by) <= found.height):
                    wrong.append(("line outside", line.id))
                wrong += [
                    ("through", line.id, box.id)
                    for box in found.boxes
                    if meets(box, min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
                ]
        for label in line.labels:
            wrong += [
                ("label on a box", label.text)
                for box in found.boxes
                if meets(box, label.x, label.y, label.x + label.w, label.y + label.h)
            ]
            if label.x + label.w > found.width or label.y + label.h > found.height:
                wrong.append(("label outside", label.text))
    labels = [label for line in found.lines for label in line.labels]
    for one, other in itertools.combinations(labels, 2):
        if one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h:
            wrong.append(("labels overlap", one.text, other.text))
    return wrong


def meets(box, left: int, top: int, right: int, bottom: int) -> bool:
    return left < box.x + box.w and right > box.x and top < box.y + box.h and bottom > box.y


@pytest.mark.parametrize("width", [860, 430, 320])
@pytest.mark.parametrize("fold", [True, False])
def test_the_layer_of_lesson_06_fits(fold, width):
    found = layout(lesson_06(fold), width)
    assert faults(found) == []
    assert found.width == width
    if width == 860:
        assert found.height <= 600


def test_every_tensor_with_a_name_has_a_card_and_every_operation_a_circle():
    trace = lesson_06()
    found = layout(trace)
    assert {box.id for box in found.boxes if box.kind == "tensor"} == {one.id for one in trace.tensors if one.name}
    assert {box.id for box in found.boxes if box.kind == "operation"} == {one.id for one in trace.operations}


def test_a_picture_is_at_most_860_px_wide():
    assert layout(lesson_06()).width <= 860


def test_long_names_do_not_make_a_picture_wider():
    class AFunctionWithQuiteAnExtraordinarilyLongNameOfItsOwn(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, G):
            return G * 2

    def f(a, b):
        unnamed = [[(a * b + a / b).exp().sin().tanh().cos()]]
        twice = AFunctionWithQuiteAnExtraordinarilyLongNameOfItsOwn.apply(unnamed[0][0]) + unnamed[0][0]
        return twice.sum()

    trace = graph(f, {"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert any(one.card and len(one.formula.text) > 20 for one in trace.tensors)
    assert faults(layout(trace, 430)) == []


def test_a_card_has_a_place_for_its_gradient_only_where_one_is_needed():
    trace = lesson_06()
    cards = {trace.tensor(box.id).name: box.card for box in layout(trace).boxes if box.card is not None}
    assert {name for name, card in cards.items() if card.grad is None} == {"t"}


def test_a_line_goes_back_where_a_gradient_flows_and_nowhere_else():
    trace = lesson_06()
    back = {line.id for line in layout(trace).lines if line.backward}
    carrying = {edge.id for edge in trace.edges if edge.carries}
    assert back == carrying | {one.id for one in trace.operations if trace.tensor(one.result).name}


def test_lines_begin_and_end_at_their_boxes():
    found = layout(lesson_06(fold=False))
    for line in found.lines:
        for points, start, end in ((line.forward, line.start, line.end), (line.backward, line.end, line.start)):
            if points:
                assert touches(found.box(start), points[0])
                assert touches(found.box(end), points[-1])


def touches(box, point: tuple[int, int]) -> bool:
    x, y = point
    on_side = x in (box.x, box.x + box.w) and box.y <= y <= box.y + box.h
    return on_side or (y in (box.y, box.y + box.h) and box.x <= x <= box.x + box.w)


def test_the_gradients_are_written_beside_their_lines():
    texts = {label.text for line in layout(lesson_06()).lines for label in line.labels}
    assert {"G W (5, 4)", "Wᵀ", "G", "Σₙ G (3,)"} <= texts
    assert any(text.startswith("Gᵀ x") for text in texts)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_laid_out_without_a_fault(name):
    function, shapes = OPERATIONS[name]
    inputs = {letter: tensor(*shape, seed=seed) for seed, (letter, shape) in enumerate(zip("abc", shapes, strict=False))}
    trace = graph(lambda *tensors: (function(*tensors) * 2).sum(), inputs)
    assert faults(layout(trace)) == []


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=9),
    st.sampled_from([860, 430]),
)
def test_any_computation_is_laid_out_without_a_fault(plan, width):
    inputs = {"a": tensor(2, 3, seed=1), "b": tensor(3, seed=2), "c": tensor(3, 3, seed=3)}
    with record(inputs) as r:
        known = list(inputs.values())
        for kind, first, second in plan:
            a, b = known[first % len(known)], known[second % len(known)]
            operations = [*(lambda f=f, a=a: f(a) for f in ONE), *(lambda f=f, a=a, b=b: f(a, b) for f in TWO)]
            try:
                known.append(operations[kind % len(operations)]())
            except (RuntimeError, IndexError):  # shapes that do not go together
                continue
        del a, b
        r.of = known[-1].sum() + known[-2].sum()
    try:
        trace = trace_of(r)
    except Refusal as why:
        if why.say.text != TOO_MANY:
            raise
        return
    assert faults(layout(trace, width)) == []


LAYERS = {
    "a product": lambda x, W, b: (x @ W.T).sum(),
    "a loss": lambda x, W, b: ((x @ W.T + b).sigmoid() ** 2).sum(),
    "a fan-out": lambda x, W, b: ((x @ W.T + b).relu() + x @ W.T).sum() + (x * x).sum(),
}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(LAYERS)),
    st.tuples(*[st.integers(1, 24)] * 3),
    st.sampled_from([1e-4, 1.0, 1e3]),
    st.lists(st.integers(300, 900), min_size=3, max_size=3),
)
@example("a product", (20, 10, 3), 1.0, [330, 490, 600])  # x is as wide as the picture, and W had to come past it
@example("a product", (8, 8, 8), 1.0, [330, 490, 330])
def test_a_layer_of_any_size_is_laid_out_at_any_width(name, sizes, scale, widths):
    N, in_, out = sizes
    inputs = {"x": scale * tensor(N, in_, seed=1), "W": scale * tensor(out, in_, seed=2), "b": tensor(out, seed=3)}
    trace = graph(LAYERS[name], {letter: one.detach() for letter, one in inputs.items()})
    for width in widths:
        assert faults(layout(trace, width)) == []


def test_25_operations_are_laid_out():
    def chain(x):
        for _ in range(12):
            x = x.tanh() * 2
        return x.sum()

    found = layout(graph(chain, {"x": [1.0, 2.0]}))
    assert faults(found) == []
    assert len(found.boxes) >= 25


def test_a_wide_matrix_is_cut_into_blocks_of_columns():
    trace = graph(lambda x: x.sum(), {"x": torch.arange(64.0, dtype=torch.float64).reshape(1, 64)})
    found = layout(trace)
    card = found.boxes[0].card
    assert card.value.columns == 64
    assert card.value.block < 64
    assert faults(found) == []


def test_leading_axes_become_sheets():
    trace = graph(lambda x: x.sum(), {"x": torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4)})
    card = card_of(trace.tensor("x"), 836)
    assert card.value.sheets == ((0,), (1,))
    assert (card.value.rows, card.value.columns) == (3, 4)


def test_a_large_tensor_is_summed_up_on_its_card():
    trace = graph(lambda x: x.sum(), {"x": tensor(20, 20, seed=1)})
    assert card_of(trace.tensor("x"), 836).value.summed


def test_the_same_trace_is_laid_out_the_same_way_twice():
    assert layout(lesson_06()) == layout(lesson_06())


def test_a_layout_becomes_json():
    data = json.loads(json.dumps(layout(lesson_06()).to_json()))
    assert {"width", "height", "boxes", "lines"} == set(data)
    assert data["boxes"][0]["card"]["value"]["cell"] >= 28


# -- the router -------------------------------------------------------------------------------------------------------------


def test_a_line_goes_around_a_box_in_its_way():
    start, wall, end = Box("a", 20, 100, 40, 40), Box("wall", 120, 40, 40, 160), Box("b", 240, 100, 40, 40)
    plan = Plan([start, wall, end], 400)
    points = plan.route([Port((60, 120), (1, 0))], [Port((240, 120), (-1, 0))])
    assert points is not None
    assert points[0] == (60, 120)
    assert points[-1] == (240, 120)
    assert all(not meets(wall, min(a, c), min(b, d), max(a, c), max(b, d)) for (a, b), (c, d) in itertools.pairwise(points))


def test_a_second_line_does_not_run_on_the_first():
    boxes = [Box("a", 20, 100, 40, 100), Box("b", 240, 100, 40, 100)]
    plan = Plan(boxes, 400)
    ways = [plan.route([Port((60, y), (1, 0))], [Port((240, y), (-1, 0))]) for y in (140, 160)]
    assert ways == [[(60, 140), (240, 140)], [(60, 160), (240, 160)]]
    assert plan.route([Port((60, 165), (1, 0))], [Port((240, 165), (-1, 0))]) is None  # too near to be told apart
    assert plan.route([Port((60, 165), (1, 0))], [Port((240, 165), (-1, 0))], share=True) is not None


def test_both_directions_of_a_line_keep_beside_each_other():
    points = [(0, 10), (50, 10), (50, 90), (100, 90)]
    assert shifted(points, 5) == [(0, 15), (55, 15), (55, 95), (100, 95)]
    assert shifted(points, 0) == points
