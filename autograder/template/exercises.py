"""Lesson NN: an example of every kind of exercise, on a layer that scales each feature, y = x ⊙ a. Write yours over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercise import GENERIC, LOGICAL, N_, NUMBERS, Exercise, Inputs, Mistake, Part, Sizes, normal, thread
from course.exercises import Lesson
from course.gradients import Gradients

Generator = np.random.Generator

# -- scale-NN: a function that computes an array ------------------------------------------------------------------


def draw_scale(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, x=normal(rng, sizes.N, sizes.in_), a=normal(rng, sizes.in_))


def shown_scale() -> Inputs:
    """Whole numbers, on which a mistake can be shown and checked in the head."""
    return Inputs(GENERIC, x=thread()["x"], a=np.array([2.0, -1.0, 3.0, 1.0]))


scale = Exercise(
    id="scale-NN",
    entry="scale",
    title=N_("Scale every feature"),
    proves=N_("Each feature has a factor of its own, and it is the same one for every sample."),
    signature="scale(x, a)",
    parts=(Part("y", 2, ("N", "in")),),
    draw=draw_scale,
    shown=shown_scale,
    expect=lambda i: i.x * i.a,
    mistakes=(
        Mistake(
            "scale_per_sample",
            "y",
            lambda x, a: x * a[:, None],
            N_("The factors went along the **samples**: each row was multiplied by one number."),
            N_("What does `a` have one number for: a sample or a feature?"),
        ),
        Mistake(
            "scale_added",
            "y",
            lambda x, a: x + a,
            N_("The factors were **added**, so a factor of 1 changes the number it meets."),
            N_("Which factor should leave a feature as it is?"),
        ),
    ),
    hints=(N_("Broadcasting compares shapes from the right: (N, in) and (in,). Which axes meet?"),),
    minutes=3,
)

# -- scale-count-NN: a question with few answers, asked over drawn cases so that it cannot be guessed -------------


def draw_count(rng: Generator, sizes: Sizes) -> Inputs:
    in_ = int(rng.integers(2, 9))
    return Inputs(sizes, in_=in_, N=in_ + int(rng.integers(1, 9)))


scale_count = Exercise(
    id="scale-count-NN",
    entry="count",
    title=N_("How many numbers can be learned"),
    proves=N_("The number of parameters does not depend on how many samples there are."),
    signature="count(in_, N)",
    parts=(Part("count", 1),),
    draw=draw_count,
    expect=lambda i: np.array(i.in_),
    accepts=NUMBERS,
    mistakes=(
        Mistake(
            "count_per_sample",
            "count",
            lambda in_, N: in_ * N,
            N_("You counted every factor **once for each sample**."),
            N_("Do two samples have factors of their own, or do they share them?"),
        ),
    ),
    minutes=2,
)

# -- scale-backward-NN: gradients, compared with autograd's, and laid over them by `pictures.compare` -------------


def draw_backward(rng: Generator, sizes: Sizes) -> Inputs:
    x, a, G = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.in_), normal(rng, sizes.N, sizes.in_)
    return Inputs(sizes, x=x, a=a, G=G)


def shown_backward() -> Inputs:
    return Inputs(GENERIC, **shown_scale(), G=np.array([[1.0, 0, 0, 2], [0, 1, 0, 0], [1, 0, 1, 0], [0, 2, 0, 1], [1, 1, 0, 0]]))


scale_backward = Exercise(
    id="scale-backward-NN",
    entry="scale_backward",
    title=N_("The gradients of a scaled batch"),
    proves=N_("A factor that serves every sample gathers a contribution from every sample."),
    signature="scale_backward(x, a, G)",
    parts=(Part("dX", 2, ("N", "in")), Part("da", 2, ("in",))),
    draw=draw_backward,
    shown=shown_backward,
    expect=Gradients(of={"dX": "x", "da": "a"}, fn=lambda x, a: x * a, upstream="G", letters={"y": "G"}),
    forbidden=("torch.autograd.backward", "torch.autograd.grad", "torch.Tensor.backward"),
    views=False,
    mistakes=(
        Mistake(
            "da_not_summed",
            "da",
            lambda x, a, G: (G * a, G * x),
            N_("There is one contribution for every sample, `{got_shape}`, and they were **not added up**."),
            N_("One factor reaches every row of y. How do the paths of one factor come together?"),
        ),
        Mistake(
            "da_mean",
            "da",
            lambda x, a, G: (G * a, (G * x).mean(0)),
            N_("The contributions of the samples were **averaged**: the result is 1/{N} of the sum, and N = {N}."),
            N_("Does the chain rule add the paths or average them?"),
        ),
        Mistake(
            "dX_upstream_alone",
            "dX",
            lambda x, a, G: (G.clone() if hasattr(G, "clone") else G.copy(), (G * x).sum(0)),
            N_("What arrived went on **as it came**: the local derivative is missing."),
            N_("By how much does y change when one number of x grows by 1?"),
        ),
    ),
    hints=(N_("Take one number of `a` and write down every entry of y that it enters."),),
    minutes=5,
)

# -- scale-layer-NN: a class, used forward and backward twice -----------------------------------------------------


def draw_layer(rng: Generator, sizes: Sizes) -> Inputs:
    x, G = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.N, sizes.in_)
    again, arrives = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.N, sizes.in_)
    return Inputs(sizes, a=normal(rng, sizes.in_), x=x, G=G, x2=again, G2=arrives)


def used_twice(learner: Any, i: Inputs) -> dict[str, Any]:
    """Forward, backward, forward, backward: the first dX, and da after both."""
    layer = learner(i.a)
    layer.forward(i.x)
    dX = layer.backward(i.G)
    layer.forward(i.x2)
    layer.backward(i.G2)
    return {"dX": dX, "da": layer.da}


class _Overwriting:
    def __init__(self, a: Any) -> None:
        self.a = a

    def forward(self, x: Any) -> Any:
        self.x = x
        return x * self.a

    def backward(self, G: Any) -> Any:
        self.da = (G * self.x).sum(0)
        return G * self.a


scale_layer = Exercise(
    id="scale-layer-NN",
    entry="Scale",
    title=N_("A layer that keeps what it needs"),
    proves=N_("The way back needs the x of the way forward, and a layer that is used twice adds up two gradients."),
    signature="Scale(a)",
    parts=(Part("dX", 1, ("N", "in")), Part("da", 2, ("in",))),
    draw=draw_layer,
    ask=used_twice,
    expect=lambda i: {"dX": i.G * i.a, "da": (i.G * i.x).sum(0) + (i.G2 * i.x2).sum(0)},
    views=False,
    mistakes=(
        Mistake(
            "layer_overwrites",
            "da",
            _Overwriting,
            N_("Only the **last** use counts: the second backward threw away what the first had gathered."),
            N_("What should happen to `da` when backward runs again before anybody has read it?"),
        ),
    ),
    minutes=6,
)

# -- scale-test-NN: a test that the learner writes, run on right and wrong answers --------------------------------


def draw_test(rng: Generator, sizes: Sizes) -> Inputs:
    """What the wrong functions are wrong by is drawn, so that a test cannot look for one number."""
    return Inputs(sizes, offset=float(normal(rng, 1)[0]))


def run_test(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's test on each wrong function, beside its answer on the right one: so no constant answer earns a point."""
    right = bool(learner(lambda x, a: x * a))
    return {
        "added": np.array([right, bool(learner(lambda x, a: x + a))]),
        "shifted": np.array([right, bool(learner(lambda x, a: x * a + i.offset))]),
    }


scale_test = Exercise(
    id="scale-test-NN",
    entry="passes",
    title=N_("A test that is not blind"),
    proves=N_("A test is worth as much as the wrong answers that it rejects."),
    signature="passes(scale)",
    parts=(Part("added", 2), Part("shifted", 1)),
    draw=draw_test,
    ask=run_test,
    expect=lambda i: {"added": np.array([True, False]), "shifted": np.array([True, False])},
    accepts=LOGICAL,
    mistakes=(
        Mistake(
            "test_with_twos",
            "added",
            lambda scale: bool(scale(2.0, 2.0) == 4.0),
            N_("On your numbers the sum and the product are **the same**, so the test cannot tell them apart."),
            N_("2 + 2 and 2 · 2 are equal. Which numbers are not?"),
        ),
    ),
    minutes=4,
)

LESSON = Lesson(
    number="NN",
    folder="FOLDER",
    title=N_("A layer that scales"),
    exercises=(scale, scale_count, scale_backward, scale_layer, scale_test),
)
