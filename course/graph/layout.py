"""Where everything stands: cards for named tensors, circles for operations, lines between them, labels beside the lines.

Columns are the layers of the longest path, from left to right; where they do not fit into the width, they go on in a band
below. The same coordinates serve the live picture, the static one and the tests, so that no browser has to lay anything out.
Three things hold for every layout: no two boxes overlap, no line goes through a box, nothing is wider than the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course.graph.measure import Card, card_of, operation_size, text_width
from course.graph.route import Box, Plan, Point, Port, shifted
from course.graph.trace import Edge, Trace, plain

WIDTH = 860  # px, the widest picture
MARGIN = 12
COLUMN_GAP, ROW_GAP, BAND_GAP = 44, 20, 44
LANE = 24  # px beside the widest card, so that a line to what stands below it can pass
OFFSET = 5  # px between a line's middle and its two directions
LABEL_H = 14


@dataclass(frozen=True)
class Label:
    """Text beside a line. x, y: its left top corner. kind: "value" or "gradient"."""

    text: str
    kind: str
    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Line:
    """
    From one box to another. id: of the trace's edge, or of the operation where it leads to its result's card.

    forward, backward: corner points in the direction of flow; `backward` is empty where no gradient flows.
    """

    id: str
    start: str
    end: str
    forward: tuple[Point, ...]
    backward: tuple[Point, ...]
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A box of the picture: the card of a tensor or the circle of an operation."""

    id: str
    kind: str
    x: int
    y: int
    w: int
    h: int
    card: Card | None = None


@dataclass(frozen=True)
class Layout:
    """A picture's geometry in px."""

    width: int
    height: int
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]

    def box(self, id: str) -> Placed:
        return next(one for one in self.boxes if one.id == id)

    def to_json(self) -> dict[str, Any]:
        found = plain(self)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Link:
    """A line to be drawn: which boxes it joins, and the gradient's edge along it, if any."""

    id: str
    start: str
    end: str
    edge: Edge | None
    value: str = ""  # of an unnamed step, written beside its line
    back: bool = False


@dataclass
class Nodes:
    """The graph as boxes: their sizes, their layers and what they are linked to."""

    sizes: dict[str, tuple[int, int]]
    cards: dict[str, Card]
    links: list[Link]
    before: dict[str, list[str]] = field(default_factory=dict)
    layer: dict[str, int] = field(default_factory=dict)


def layout(trace: Trace, width: int = WIDTH) -> Layout:
    """Lay *trace* out in at most *width* px (at least 300); whatever does not fit side by side goes on below."""
    nodes = nodes_of(trace, width - 2 * MARGIN - LANE)
    for wider in range(3):
        boxes = placed(trace, nodes, width, COLUMN_GAP + 20 * wider, ROW_GAP + 10 * wider)
        lines = drawn(nodes, boxes, width, share=wider == 2)
        if lines is not None:
            return finished(trace, nodes, boxes, lines, width)
    # With shared tracks there always is one: between the columns of a band, or beside a band that is one column.
    raise AssertionError("no way around the boxes")


# -- the graph as boxes -----------------------------------------------------------------------------------------------------


def nodes_of(trace: Trace, room: int) -> Nodes:
    cards = {one.id: card_of(one, room) for one in trace.tensors if one.card}
    sizes = {id: (card.w, card.h) for id, card in cards.items()}
    sizes |= {one.id: operation_size(one) for one in trace.operations}
    tensors = {one.id: one for one in trace.tensors}
    edges = {one.id: one for one in trace.edges}
    links: list[Link] = []
    for operation in trace.operations:
        for slot, id in enumerate(operation.operands):
            edge = edges[f"{operation.id}.{slot}"]
            start = id if id in cards else tensors[id].made_by
            value = "" if id in cards else tensors[id].formula.text
            links.append(Link(edge.id, start, operation.id, edge, value, back=edge.carries))
        if operation.result in cards:
            links.append(
                Link(operation.id, operation.id, operation.result, None, back=tensors[operation.result].grad is not None)
            )
    nodes = Nodes(sizes, cards, links)
    nodes.before = {id: [link.start for link in links if link.end == id] for id in sizes}
    nodes.layer = layers(trace, nodes)
    return nodes


def layers(trace: Trace, nodes: Nodes) -> dict[str, int]:
    """The longest path to each box. An input stands in the last column of cards before the operation that needs it."""
    found: dict[str, int] = {}

    def depth(id: str) -> int:
        if id not in found:
            found[id] = 1 + max((depth(one) for one in nodes.before[id]), default=-1)
        return found[id]

    for id in nodes.sizes:
        depth(id)
    made = {one.result for one in trace.operations}
    columns = {0} | {found[id] for id in nodes.cards if id in made}
    for id in nodes.cards:
        if id not in made:
            needed = min((found[link.end] for link in nodes.links if link.start == id), default=1)
            found[id] = max(column for column in columns if column < needed)
    return found


# -- boxes ----------------------------------------------------------------------------------------------------------------------


def placed(trace: Trace, nodes: Nodes, width: int, gap: int, row_gap: int) -> dict[str, Box]:
    """Every box at its place: columns side by side, bands one under the other."""
    boxes: dict[str, Box] = {}
    for number, band in enumerate(bands(trace, nodes, width - 2 * MARGIN, gap)):
        wide = [max(nodes.sizes[id][0] for id in column) for column in band]
        total = sum(wide) + gap * (len(band) - 1)
        x = MARGIN if number == 0 else max(MARGIN, width - MARGIN - total)
        top = MARGIN
        for box in boxes.values():
            if box.right + gap > x and box.x - gap < x + total:
                top = max(top, box.bottom + BAND_GAP)
        mine: dict[str, Box] = {}
        for column, column_width in zip(band, wide, strict=True):
            stack(nodes, column, mine, x, column_width, row_gap)
            x += column_width + gap
        down = top - min(box.y for box in mine.values())
        boxes |= {id: Box(id, box.x, box.y + down, box.w, box.h) for id, box in mine.items()}
    return boxes


def bands(trace: Trace, nodes: Nodes, room: int, gap: int) -> list[list[list[str]]]:
    """The columns of each band. An input that a later band needs first stands at that band's beginning."""
    made = {one.result for one in trace.operations} | {one.id for one in trace.operations}
    count = 1 + max(nodes.layer.values())
    columns = [[id for id in nodes.sizes if nodes.layer[id] == layer] for layer in range(count)]
    found: list[list[list[str]]] = [[]]
    used = 0
    for layer, column in enumerate(columns):
        column = in_order(trace, nodes, column)
        if not column:
            continue
        wide = max(nodes.sizes[id][0] for id in column)
        if found[-1] and used + gap + wide > room:
            late = [id for id in columns[layer - 1] if id not in made] if layer > 1 else []
            found.append([])
            used = -gap
            lead = max((nodes.sizes[id][0] for id in late), default=0)
            if late and len(late) < len(columns[layer - 1]) and lead + gap + wide <= room:
                found[-2][-1] = [id for id in found[-2][-1] if id not in late]
                found[-1].append(late)
                used = lead
        found[-1].append(column)
        used += gap + wide if used or len(found[-1]) > 1 else wide
    return found


def in_order(trace: Trace, nodes: Nodes, column: Sequence[str]) -> list[str]:
    """From top to bottom: in the order in which operations take them in; what a transposition turns goes with its product."""
    order = {one.id: index for index, one in enumerate(trace.operations)}
    through = {one.id for one in trace.operations if len(one.operands) == 1}

    def needed(id: str) -> tuple[int, int]:
        ends = [
            (order[link.end], int(link.id.rpartition(".")[2]), link.end)
            for link in nodes.links
            if link.start == id and link.end in order
        ]
        if not ends:
            return (len(order), 0)
        first, slot, end = min(ends)
        return needed(end) if end in through and end not in nodes.cards else (first, slot)

    return sorted(column, key=lambda id: needed(id))


def stack(nodes: Nodes, column: Sequence[str], boxes: dict[str, Box], x: int, width: int, gap: int) -> None:
    """Put a column under the other: each box of it as near as it can be to the height of what it comes from in its band."""
    wanted: dict[str, int] = {}
    for id in column:
        origins = [boxes[one] for one in nodes.before[id] if one in boxes]
        if origins:
            wanted[id] = origins[0].centre[1]
    bottom: int | None = None
    for id in (*sorted(wanted, key=lambda id: wanted[id]), *(id for id in column if id not in wanted)):
        w, h = nodes.sizes[id]
        lowest = 0 if bottom is None else bottom + gap
        y = lowest if id not in wanted else wanted[id] - h // 2 if bottom is None else max(lowest, wanted[id] - h // 2)
        boxes[id] = Box(id, x if id in nodes.cards else x + (width - w) // 2, y, w, h)
        bottom = y + h


# -- lines --------------------------------------------------------------------------------------------------------------------


def drawn(nodes: Nodes, boxes: Mapping[str, Box], width: int, *, share: bool) -> dict[str, list[Point]] | None:
    """The way of every link, short ones first; None where one finds none."""
    plan = Plan(list(boxes.values()), width)
    found: dict[str, list[Point]] = {}

    def length(link: Link) -> int:
        start, end = boxes[link.start], boxes[link.end]
        return abs(start.right - end.x) + abs(start.centre[1] - end.centre[1]) + (10_000 if end.x < start.right else 0)

    for link in sorted(nodes.links, key=length):
        start, end = boxes[link.start], boxes[link.end]
        points = plan.route(ports(start, end, leaving=True), ports(end, start, leaving=False), share=share)
        if points is None:
            return None
        found[link.id] = points
    return found


def ports(box: Box, other: Box, *, leaving: bool) -> list[Port]:
    """Where a line may touch *box*: in the middle of its sides, at the height of the other box, and on wide sides elsewhere."""
    side = (1, 0) if leaving else (-1, 0)
    x = box.right if leaving else box.x
    found = [Port((x, y), side, abs(y - box.centre[1]) // 4) for y in spots(box.y, box.h, other.centre[1])]
    for way in (-1, 1):
        y = box.y if way < 0 else box.bottom
        found += [Port((one, y), (0, way), 20 + abs(one - box.centre[0]) // 4) for one in spots(box.x, box.w, other.centre[0])]
    return found


def spots(start: int, size: int, wanted: int) -> list[int]:
    """Places along a side: the middle, where the other box is, and further ones where there is room."""
    middle = start + size // 2
    found = {middle}
    if size > 60:
        found |= {middle + step for step in range(-size // 2 + 20, size // 2 - 19, 40)}
        if start + 16 <= wanted <= start + size - 16:
            found.add(wanted)
    elif size > 40:
        found |= {middle - 20, middle + 20} & set(range(start + 8, start + size - 7))
    return sorted(found)


def finished(trace: Trace, nodes: Nodes, boxes: Mapping[str, Box], ways: Mapping[str, Sequence[Point]], width: int) -> Layout:
    """Both directions of each line, the labels, and the height that all of it needs."""
    lines: list[Line] = []
    for link in nodes.links:
        points = ways[link.id]
        forward = shifted(points, -OFFSET) if link.back else list(points)
        backward = shifted(points, OFFSET)[::-1] if link.back else []
        lines.append(Line(link.id, link.start, link.end, tuple(forward), tuple(backward)))
    labelled = with_labels(trace, nodes, boxes, lines, width)
    bottoms = [box.bottom for box in boxes.values()] + [y for line in labelled for _, y in (*line.forward, *line.backward)]
    bottoms += [label.y + label.h for line in labelled for label in line.labels]
    found = tuple(
        Placed(id, "tensor" if id in nodes.cards else "operation", box.x, box.y, box.w, box.h, nodes.cards.get(id))
        for id, box in boxes.items()
    )
    return Layout(width, max(bottoms) + MARGIN, found, tuple(labelled))


# -- labels -------------------------------------------------------------------------------------------------------------------


def with_labels(trace: Trace, nodes: Nodes, boxes: Mapping[str, Box], lines: Sequence[Line], width: int) -> list[Line]:
    """Beside each line the gradient's formula, and the value's where the line is an unnamed step; left out where no room is."""
    taken = [(box.x - 2, box.y - 2, box.right + 2, box.bottom + 2) for box in boxes.values()]
    for line in lines:
        for points in (line.forward, line.backward):
            taken += [rectangle(one, other) for one, other in itertools.pairwise(points)]
    found = []
    for link, line in zip(nodes.links, lines, strict=True):
        labels = []
        for kind, texts in wordings(trace, link):
            points = line.backward if kind == "gradient" else line.forward
            label = fitted(texts, kind, points, taken, width)
            if label is not None:
                labels.append(label)
                taken.append((label.x - 2, label.y - 1, label.x + label.w + 2, label.y + label.h + 1))
        found.append(Line(line.id, line.start, line.end, line.forward, line.backward, tuple(labels)))
    return found


def wordings(trace: Trace, link: Link) -> list[tuple[str, list[str]]]:
    """What may stand beside a line, the fullest wording first."""
    found = []
    edge = link.edge
    if edge is None and link.back:
        tensor = trace.tensor(trace.operation(link.id).result)
        if tensor.id != trace.target:
            found.append(("gradient", [tensor.gradient.text]))
    elif edge is not None and edge.carries and edge.contribution is not None:
        formula = edge.reduced_formula or edge.formula
        assert formula is not None
        found.append(("gradient", [f"{formula.text} {edge.contribution.shape}"] * bool(edge.contribution.shape) + [formula.text]))
    if link.value:
        found.append(("value", [link.value]))
    return found


def fitted(
    texts: Sequence[str], kind: str, points: Sequence[Point], taken: Sequence[tuple[int, int, int, int]], width: int
) -> Label | None:
    """The first place beside the line where one of the texts touches nothing."""
    pieces = sorted(
        itertools.pairwise(points), key=lambda piece: -abs(piece[0][0] - piece[1][0]) - abs(piece[0][1] - piece[1][1])
    )
    sides = (1, -1) if kind == "gradient" else (-1, 1)
    for text in texts:
        w = text_width(text)
        for (ax, ay), (bx, by) in pieces:
            for part in (0.5, 0.35, 0.65, 0.2, 0.8, 0.05, 0.95):
                x, y = ax + (bx - ax) * part, ay + (by - ay) * part
                for side in sides:
                    corner = (
                        (x - w / 2, y + 4 if side > 0 else y - 4 - LABEL_H)
                        if ay == by
                        else (x + 5 if side > 0 else x - 5 - w, y - LABEL_H / 2)
                    )
                    left, top = round(corner[0]), round(corner[1])
                    inside = left >= 2 and left + w <= width - 2 and top >= 2
                    if inside and not any(
                        left < rt and left + w > lt and top < bt and top + LABEL_H > tp for lt, tp, rt, bt in taken
                    ):
                        return Label(text, kind, left, top, w, LABEL_H)
    return None


def rectangle(one: Point, other: Point) -> tuple[int, int, int, int]:
    """A piece of a line as a rectangle with a little air."""
    return min(one[0], other[0]) - 2, min(one[1], other[1]) - 2, max(one[0], other[0]) + 2, max(one[1], other[1]) + 2
