"""What a class of a learner's may do besides being wrong: change what it was given, keep state, stop halfway. Each is told."""

from __future__ import annotations

import pytest

from course.asking import ask
from course.exercises import find
from course.exercises.lesson_07 import left_as_it_was
from course.judging import judge
from course.language import translate
from course.verdict import State, Verdict
from tests.learner import cell, define

LAYER = """
class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, G):
        rows, upstream = self.x.reshape(-1, self.x.shape[-1]), G.reshape(-1, G.shape[-1])
        self.dW = self.dW + upstream.T @ rows
        self.db = self.db + upstream.sum(0)
        return G @ self.W
"""
PILE = LAYER.replace("class Layer", "class SharedLayer").replace("        self.x = x\n", "        self.pile.append(x)\n")
PILE = PILE.replace("        rows,", "        self.x = self.pile.pop()\n        rows,")


def verdict(id: str, source: str) -> Verdict:
    exercise = find(id)
    return judge(exercise, ask(exercise, define(source, exercise.entry)))


def said(given: Verdict) -> str:
    return " ".join(translate(say, "en") for say in given.says)


def but(*changes: tuple[str, str], source: str = LAYER) -> str:
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


def test_the_layer_that_the_others_differ_from_is_right():
    assert verdict("layer-class", LAYER).state is State.RIGHT


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (("        return G @ self.W", "        G *= 2\n        return G @ self.W"), "`G1`, `G2`"),
        (("        return G @ self.W", "        self.x.zero_()\n        return G @ self.W"), "`x1`, `x2`"),
        (("        return G @ self.W", "        self.W -= 0.1 * self.dW\n        return G @ self.W"), "`W`"),
    ],
    ids=["its upstream gradient", "its cached input", "its weights"],
)
def test_a_backward_that_changes_what_it_was_given_is_told_which(change: tuple[str, str], names: str):
    given = verdict("layer-class", but(change))
    assert (given.earned, f"**changed its input** in place: {names}" in said(given)) == (0, True)


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ((("self.x", "Layer.x"),), "layer_cache_on_the_class"),
        (
            (
                ("        self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)\n", ""),
                ("class Layer:\n", "class Layer:\n    dW = db = 0\n"),
                ("self.dW = self.dW", "Layer.dW = Layer.dW"),
                ("self.db = self.db", "Layer.db = Layer.db"),
            ),
            "layer_gradients_on_the_class",
        ),
        (
            (
                ("W, b):", "W, b, seen=[]):"),
                ("self.W, self.b = W, b", "self.W, self.b, self.seen = W, b, seen"),
                (
                    "self.dW = self.dW + upstream.T @ rows",
                    "self.seen.append(upstream.T @ rows)\n        self.dW = sum(self.seen)",
                ),
            ),
            "layer_gradients_on_the_class",
        ),
    ],
    ids=["cache on the class", "gradients on the class", "gradients in a default argument"],
)
def test_state_on_the_class_is_named_at_every_check(changes: tuple[tuple[str, str], ...], mistake: str):
    """Also at the second one: what the first left behind must not decide."""
    exercise = find("layer-class")
    learner = define(but(*changes), "Layer")
    for _ in range(2):
        given = judge(exercise, ask(exercise, learner))
        assert (given.mistake, given.earned) == (mistake, exercise.points - 1)


@pytest.mark.parametrize(
    "changes",
    [
        (("class SharedLayer:\n", "class SharedLayer:\n    pile = []\n"),),
        (("W, b):", "W, b, pile=[]):"), ("self.W, self.b = W, b", "self.W, self.b, self.pile = W, b, pile")),
    ],
    ids=["in the body of the class", "in a default argument"],
)
def test_one_pile_for_all_objects_is_named(changes: tuple[tuple[str, str], ...]):
    assert verdict("shared-layer", but(*changes, source=PILE)).mistake == "shared_stack_on_the_class"


def test_gradients_in_a_global_variable_are_told_as_state_between_calls():
    source = but(
        ("class Layer", "SUMS = {}\n\n\nclass Layer"),
        (
            "self.dW = self.dW + upstream.T @ rows",
            'SUMS["dW"] = SUMS.get("dW", 0) + upstream.T @ rows\n        self.dW = SUMS["dW"]',
        ),
    )
    given = verdict("layer-class", source)
    assert "**two different results**" in said(given)
    assert next(part for part in given.parts if part.name == "dW").earned == 0


def test_a_half_written_class_earns_what_is_there():
    given = verdict("layer-class", LAYER[: LAYER.index("        rows,")] + "        raise NotImplementedError\n")
    assert [part.name for part in given.parts if part.earned] == ["y"]


def test_what_a_class_keeps_on_itself_is_put_back():
    learner = cell("class Kept:\n    seen = [1]\n\n    def take(self, pile=[]):\n        pile.append(1)\n        return pile")[
        "Kept"
    ]
    with left_as_it_was(learner):
        learner.seen.append(2)
        learner.more = 3
        learner().take()
    assert (learner.seen, hasattr(learner, "more"), learner().take()) == ([1], False, [1])


def test_a_numerical_gradient_that_leaves_its_matrix_moved_is_told():
    source = """
        def numerical_gradient(f, W, h):
            g = W.double() * 0
            for i in range(W.shape[0]):
                for j in range(W.shape[1]):
                    below = f(W)
                    W[i, j] = W[i, j] + h
                    g[i, j] = (f(W) - below) / h
            return g
    """
    given = verdict("numerical-gradient", source)
    assert "**changed its input** in place: `W`" in said(given)


def test_a_shared_layer_that_forgets_its_bias_is_named_by_its_numbers():
    """The known mistake must be one that computes: one that stops would never be what a learner's class gives."""
    own = ("self.W, self.b = W, b", "self.W, self.b, self.pile = W, b, []")
    assert verdict("shared-layer", but(own, source=PILE)).state is State.RIGHT
    given = verdict("shared-layer", but(own, (" + self.b\n", "\n"), source=PILE))
    assert given.mistake == "fwd_bias_omitted"
    assert next(part for part in given.parts if part.name == "y").earned == 0
