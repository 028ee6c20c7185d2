"""Lines between boxes: horizontal and vertical pieces only, around every box and never on top of another line.

A shortest-path search on the few coordinates that matter (the sides of boxes, and tracks beside lines that are there already).
A line costs its length, its bends and its crossings; that makes it straight where it can be.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np

CLEAR = 8  # px between the middle of a line and a box
TRACK = 20  # px between the middles of two lines, each of which may be a pair
NEAR = 16  # px: parallel lines closer than this touch
EDGE = 6  # px between a line and the edge of the picture
ABOVE = 10  # px between a box and the track above or below it
SOLID = 1 << 30  # the cost of what cannot be
STUB = 12  # px that a line goes straight out of its box
BEND, CROSSING, SHARED = 40, 90, 400  # what they cost, in px of length

Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A rectangle that no line may enter."""

    id: str
    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def centre(self) -> Point:
        return self.x + self.w // 2, self.y + self.h // 2


@dataclass(frozen=True)
class Port:
    """Where a line touches a box: a point of its side, the direction out of the box, and what it costs to use it."""

    point: Point
    out: Point
    cost: int = 0

    @property
    def stub(self) -> Point:
        return self.point[0] + STUB * self.out[0], self.point[1] + STUB * self.out[1]


@dataclass
class Plan:
    """The boxes and lines of a picture so far."""

    boxes: Sequence[Box]
    width: int
    flat: list[tuple[int, int, int]] = field(default_factory=list)  # pieces of lines: y, from x, to x
    upright: list[tuple[int, int, int]] = field(default_factory=list)  # x, from y, to y
    ports: list[Point] = field(default_factory=list)

    def route(self, starts: Sequence[Port], ends: Sequence[Port], *, share: bool = False) -> list[Point] | None:
        """
        The cheapest way from one of *starts* to one of *ends*, as corner points; None where there is none.

        share: lines may touch, which costs; then there always is a way.
        """
        starts, ends = [one for one in starts if self.free(one, share)], [one for one in ends if self.free(one, share)]
        if not starts or not ends:
            return None
        found = search(Tracks.between(self, starts, ends, share), starts, ends)
        if found is not None:
            for (ax, ay), (bx, by) in itertools.pairwise(found):
                if ay == by:
                    self.flat.append((ay, min(ax, bx), max(ax, bx)))
                else:
                    self.upright.append((ax, min(ay, by), max(ay, by)))
            self.ports += [found[0], found[-1]]
        return found

    def free(self, port: Port, share: bool) -> bool:
        x, y = port.stub
        if not (EDGE <= x <= self.width - EDGE and y >= EDGE):
            return False
        if any(box.x - CLEAR < x < box.right + CLEAR and box.y - CLEAR < y < box.bottom + CLEAR for box in self.boxes):
            return False
        return share or all(distance(port.point, one) >= NEAR for one in self.ports)


@dataclass(frozen=True)
class Tracks:
    """
    The coordinates on which a line may run, and what each piece between two neighbouring crossings costs.

    flat[j][i]: from (xs[i], ys[j]) to (xs[i + 1], ys[j]); upright[j][i]: from (xs[i], ys[j]) down to ys[j + 1]; SOLID where a box
    or a line is in the way.
    """

    xs: list[int]
    ys: list[int]
    flat: list[list[int]]
    upright: list[list[int]]

    @classmethod
    def between(cls, plan: Plan, starts: Sequence[Port], ends: Sequence[Port], share: bool) -> Tracks:
        stubs = [port.stub for port in (*starts, *ends)]
        sides_x = [side for box in plan.boxes for side in (box.x - STUB, box.right + STUB)]
        sides_y = [side for box in plan.boxes for side in (box.y - ABOVE, box.bottom + ABOVE)]
        beside_x = [x + side for x, _, _ in plan.upright for side in (-TRACK, TRACK)]
        beside_y = [y + side for y, _, _ in plan.flat for side in (-TRACK, TRACK)]
        bottom = max(box.bottom for box in plan.boxes) + 4 * TRACK
        xs = thinned({x for x, _ in stubs}, [*sides_x, *beside_x, EDGE, plan.width - EDGE], EDGE, plan.width - EDGE)
        ys = thinned({y for _, y in stubs}, [*sides_y, *beside_y], EDGE, bottom)
        walls = [(box.x - CLEAR, box.y - CLEAR, box.right + CLEAR, box.bottom + CLEAR) for box in plan.boxes]
        flat = costs(xs, ys, walls, plan.flat, plan.upright, share)
        turned = [(top, left, bottom, right) for left, top, right, bottom in walls]
        upright = costs(ys, xs, turned, plan.upright, plan.flat, share)
        return cls(xs, ys, flat.tolist(), upright.T.tolist())


def thinned(fixed: set[int], more: Sequence[int], low: int, high: int) -> list[int]:
    """The *fixed* coordinates and those of *more* that lie within bounds and are none of their near neighbours."""
    found = sorted(fixed)
    for one in sorted(set(more)):
        at = bisect_left(found, one)
        near = found[max(0, at - 1) : at + 1]
        if low <= one <= high and all(abs(one - other) >= CLEAR // 2 for other in near):
            found.insert(at, one)
    return found


def costs(
    along: Sequence[int],
    across: Sequence[int],
    walls: Sequence[tuple[int, int, int, int]],
    beside: Sequence[tuple[int, int, int]],
    crossed: Sequence[tuple[int, int, int]],
    share: bool,
) -> np.ndarray:
    """Of every piece from along[i] to along[i + 1] at across[j], (j, i): its length, its crossings, SOLID where it cannot be."""
    a, c = np.array(along), np.array(across)
    found = np.tile(np.diff(a), (len(c), 1))
    solid = np.zeros(found.shape, dtype=bool)
    for low, near, high, far in walls:
        solid[between(c, near, far), pieces(a, low, high)] = True
    for at, first, last in beside:
        touched = between(c, at - NEAR, at + NEAR), pieces(a, first, last)
        if share:
            found[touched] += SHARED
        else:
            solid[touched] = True
    for at, first, last in crossed:
        piece = int(np.searchsorted(a, at, side="right")) - 1
        if 0 <= piece < found.shape[1]:
            found[int(np.searchsorted(c, first)) : int(np.searchsorted(c, last, side="right")), piece] += CROSSING
    found[solid] = SOLID
    return found


def between(tracks: np.ndarray, low: int, high: int) -> slice:
    """The tracks strictly between *low* and *high*."""
    return slice(int(np.searchsorted(tracks, low, side="right")), int(np.searchsorted(tracks, high)))


def pieces(tracks: np.ndarray, low: int, high: int) -> slice:
    """The pieces between neighbouring tracks that reach into the open interval from *low* to *high*."""
    return slice(max(0, int(np.searchsorted(tracks, low, side="right")) - 1), max(0, int(np.searchsorted(tracks, high))))


State = tuple[int, int, int]  # column and row of the crossing, and the direction in which the line came there
WAYS: tuple[Point, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))


def search(tracks: Tracks, starts: Sequence[Port], ends: Sequence[Port]) -> list[Point] | None:
    """A* over the crossings of tracks, from any start to the cheapest end."""
    xs, ys, flat, upright = tracks.xs, tracks.ys, tracks.flat, tracks.upright
    column, row = {x: i for i, x in enumerate(xs)}, {y: j for j, y in enumerate(ys)}
    goals: dict[tuple[int, int], list[Port]] = {}
    for port in ends:
        goals.setdefault((column[port.stub[0]], row[port.stub[1]]), []).append(port)
    left, right = min(port.stub[0] for port in ends), max(port.stub[0] for port in ends)
    top, bottom = min(port.stub[1] for port in ends), max(port.stub[1] for port in ends)
    begun: dict[tuple[int, int], Port] = {}
    best: dict[State, int] = {}
    before: dict[State, State] = {}
    queue: list[tuple[int, int, State]] = []

    def reach(state: State, cost: int, origin: State | None) -> None:
        if cost < best.get(state, SOLID):
            best[state] = cost
            if origin is not None:
                before[state] = origin
            x, y = xs[state[0]], ys[state[1]]
            ahead = max(left - x, 0, x - right) + max(top - y, 0, y - bottom)  # at least that far to any end
            heappush(queue, (cost + ahead, cost, state))

    for port in starts:
        place = column[port.stub[0]], row[port.stub[1]]
        begun[place] = port
        reach((*place, WAYS.index(port.out)), port.cost, None)
    finish: tuple[int, State, Port] | None = None
    while queue:
        guess, cost, state = heappop(queue)
        if finish is not None and finish[0] <= guess:
            break
        if best[state] < cost:
            continue
        i, j, way = state
        for port in goals.get((i, j), ()):
            heading = WAYS.index(opposite(port.out))
            total = cost + port.cost + (0 if way == heading else BEND)
            if WAYS[way] != port.out and (finish is None or total < finish[0]):
                finish = (total, state, port)
        for turn in (way, (way + 1) % 4, (way + 3) % 4):
            di, dj = WAYS[turn]
            ni, nj = i + di, j + dj
            if not (0 <= ni < len(xs) and 0 <= nj < len(ys)):
                continue
            step = flat[j][min(i, ni)] if di else upright[min(j, nj)][i]
            if step < SOLID:
                reach((ni, nj, turn), cost + step + (0 if turn == way else BEND), state)
    if finish is None:
        return None
    _, last, port = finish
    places = [last]
    while places[-1] in before:
        places.append(before[places[-1]])
    points = [(xs[i], ys[j]) for i, j, _ in reversed(places)]
    return straightened([begun[places[-1][:2]].point, *points, port.point])


def opposite(way: Point) -> Point:
    return -way[0], -way[1]


def distance(one: Point, other: Point) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def straightened(points: Sequence[Point]) -> list[Point]:
    """Without points that lie on the way between their neighbours."""
    found: list[Point] = []
    for point in points:
        if found and point == found[-1]:
            continue
        if len(found) > 1 and ((found[-2][0] == found[-1][0] == point[0]) or (found[-2][1] == found[-1][1] == point[1])):
            found[-1] = point
        else:
            found.append(point)
    return found


def shifted(points: Sequence[Point], by: int) -> list[Point]:
    """The line beside a line: horizontal pieces moved down by *by*, vertical ones to the right; the ends stay on their sides."""
    if len(points) < 2 or by == 0:
        return list(points)
    flat = [one[1] == other[1] for one, other in itertools.pairwise(points)]
    moved = []
    for index, (x, y) in enumerate(points):
        sides = flat[max(0, index - 1) : index + 1] if 0 < index < len(points) - 1 else [flat[0] if index == 0 else flat[-1]]
        moved.append((x if all(sides) else x + by, y + by if any(sides) else y))
    return moved
