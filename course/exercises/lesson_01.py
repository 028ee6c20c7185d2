"""Lesson 01: one neuron, one layer, one sample as a column. Z = WX + B."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercise import (
    GENERIC,
    N_,
    NUMBERS,
    OTHER,
    SEQUENCES,
    Exercise,
    Inputs,
    Mistake,
    Part,
    Sizes,
    normal,
    thread,
)
from course.exercises import Lesson
from course.reference import linear

Generator = np.random.Generator

# -- weight-of-link: which entry of W -----------------------------------------------------------------------------


def draw_link(rng: Generator, sizes: Sizes) -> Inputs:
    """W (out, in) and a link source → target, both indices valid on either axis, so that a swap does not raise."""
    source, target = rng.permutation(min(sizes.in_, sizes.out))[:2]
    return Inputs(sizes, W=normal(rng, sizes.out, sizes.in_), source=int(source), target=int(target))


def shown_link() -> Inputs:
    return Inputs(GENERIC, W=thread()["W"], source=2, target=1)


weight_of_link = Exercise(
    id="weight-of-link",
    entry="weight_of",
    title=N_("The weight of a link"),
    proves=N_("The row of W is the neuron that receives, the column is the feature that sends."),
    signature="weight_of(W, source, target)",
    parts=(Part("w", 1),),
    draw=draw_link,
    shown=shown_link,
    sizes=(GENERIC, GENERIC, GENERIC, OTHER),
    expect=lambda i: i.W[i.target, i.source],
    accepts=NUMBERS,
    mistakes=(
        Mistake(
            "index_convention_swapped",
            "w",
            lambda W, source, target: W[source, target],
            N_("For `{called}` you read `W[{source}, {target}]`: **row and column have changed places**."),
            N_("One row of W makes one number of Z. Whose row is it: the neuron's that sends, or the one's that receives?"),
        ),
        Mistake(
            "index_off_by_one",
            "w",
            lambda W, source, target: W[target - 1, source - 1],
            N_("You took 1 off each index: the entry stands **one row and one column before** the one asked for."),
            N_("In a formula indices count from 1. From what number do they count in code, and in this function's arguments?"),
        ),
    ),
    hints=(
        N_("Write down the shape of W in words: how many rows, and what does one row belong to?"),
        N_("One of the two indices runs up to `out`, the other up to `in`. Which of the two is `target`?"),
    ),
    minutes=4,
)

# -- one-neuron: a weighted sum and its bias ----------------------------------------------------------------------


def draw_neuron(rng: Generator, sizes: Sizes) -> Inputs:
    """One neuron of a layer, never the first, so that its bias differs from b[0]."""
    i = int(rng.integers(1, min(sizes.in_, sizes.out)))
    W, x, b = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, W=W, x=x, b=b, i=i)


def shown_neuron() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], x=numbers["x"][0], b=numbers["b"], i=2)


one_neuron = Exercise(
    id="one-neuron",
    entry="z_i",
    title=N_("One neuron"),
    proves=N_("A neuron needs its own row of W, all features of x, and one number of b."),
    signature="z_i(W, x, b, i)",
    parts=(Part("z", 2),),
    draw=draw_neuron,
    shown=shown_neuron,
    sizes=(GENERIC, GENERIC, GENERIC, OTHER),
    expect=lambda i: linear(i.x, i.W, i.b)[i.i],
    accepts=NUMBERS,
    forbidden=("torch.nn.functional.linear",),
    mistakes=(
        Mistake(
            "neuron_bias_omitted",
            "z",
            lambda W, x, b, i: W[i] @ x,
            N_("The weighted sum is right, but **the bias is missing**: with x = 0 your neuron would always give 0."),
            N_("Which number belongs to neuron {i} alone and does not depend on x?"),
        ),
        Mistake(
            "neuron_bias_inside_the_sum",
            "z",
            lambda W, x, b, i: (W[i] * x + b[i]).sum(),
            N_("The bias was added **at every feature**, so it counts {in_} times."),
            N_("How many times does one neuron have its bias: once, or once for every feature?"),
        ),
        Mistake(
            "neuron_bias_of_the_first",
            "z",
            lambda W, x, b, i: W[i] @ x + b[0],
            N_("The weights are those of neuron {i}, but the bias is that of **neuron 0**."),
            N_("Every neuron has a bias of its own. By which index is yours found?"),
        ),
        Mistake(
            "neuron_all_biases",
            "z",
            lambda W, x, b, i: W[i] @ x + b,
            N_("One neuron gives one number, and here there are {out}: **all biases** were added, one each."),
            N_("How many numbers of `b` belong to neuron {i}?"),
        ),
        Mistake(
            "neuron_column_for_row",
            "z",
            lambda W, x, b, i: W[:, i] @ x + b[i],
            N_("You took **column** {i} of W: the weights with which one feature enters all neurons."),
            N_("Neuron {i} needs one weight for every feature. Along which axis of W do those stand?"),
        ),
        Mistake(
            "neuron_not_summed",
            "z",
            lambda W, x, b, i: W[i] * x + b[i],
            N_("You have the {in_} products of weight and feature, but they were **never added up**."),
            N_("How many numbers does one neuron give for one sample?"),
        ),
    ),
    hints=(
        N_("Which row of W belongs to neuron i, and how many numbers are in it?"),
        N_("Multiply number by number, add the products, and only then add one more number."),
    ),
    minutes=6,
)

# -- linear-column: Z = WX + B ------------------------------------------------------------------------------------


def draw_column(rng: Generator, sizes: Sizes) -> Inputs:
    W, X, b = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.in_, 1), normal(rng, sizes.out)
    return Inputs(sizes, W=W, X=X, b=b)


def shown_column() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], X=numbers["x"][0][:, None], b=numbers["b"])


linear_column = Exercise(
    id="linear-column",
    entry="linear_column",
    title=N_("The layer for one column: Z = WX + B"),
    proves=N_("One product makes all neurons at once: (out, in) times (in, 1) is (out, 1), and B is a column of the same shape."),
    signature="linear_column(W, X, b)",
    parts=(Part("Z", 4, ("out", "1")),),
    draw=draw_column,
    shown=shown_column,
    expect=lambda i: linear(i.X.T, i.W, i.b).T,
    forbidden=("torch.nn.functional.linear", "torch.addmm"),
    mistakes=(
        Mistake(
            "fwd_column_plus_1d_bias",
            "Z",
            lambda W, X, b: W @ X + b,
            N_(
                "A column of {out} numbers plus a `b` of shape ({out},) became a square of shape `{got_shape}`: broadcasting read "
                "`b` as **a row**."
            ),
            N_("Write both shapes one under the other, from the right. Against which axis of WX does `b` stand?"),
        ),
        Mistake(
            "column_bias_omitted",
            "Z",
            lambda W, X, b: W @ X,
            N_("WX is right, but **the bias is missing**: the result differs from Z by the same column for every X."),
            N_("Which column is that, and which argument have you not used?"),
        ),
        Mistake(
            "column_flattened",
            "Z",
            lambda W, X, b: W @ X[:, 0] + b,
            N_("The numbers are right, but Z is **not a column**: its shape is `{got_shape}`, an axis is missing."),
            N_("In this lesson a sample is a column. Which shape has Z, if X is ({in_}, 1)?"),
        ),
        Mistake(
            "column_as_row",
            "Z",
            lambda W, X, b: (W @ X + b[:, None]).T,
            N_("The numbers are right, but they stand in **a row**: `{got_shape}`."),
            N_("WX is a column already. What turned it?"),
        ),
        Mistake(
            "column_elementwise",
            "Z",
            lambda W, X, b: W * X[:, 0] + b[:, None],
            N_("`*` multiplies entry by entry, so all {out} × {in_} products are still there: **they were not added up**."),
            N_("Which operation multiplies a row by a column and adds the products in one go?"),
        ),
        Mistake(
            "column_transposed_weight",
            "Z",
            lambda W, X, b: W.T @ X + b[:, None],
            N_("W stands transposed: a row of Wᵀ holds the weights of **one feature**, and not those of one neuron."),
            N_("W is ({out}, {in_}) and X is ({in_}, 1). Do the two inner sizes meet without turning anything?"),
        ),
    ),
    hints=(
        N_("Write the shapes of W and X side by side. Which sizes meet, and which remain?"),
        N_("`b` has one axis. What must be added to it so that it becomes a column of shape (out, 1)?"),
    ),
    minutes=7,
)

# -- column-shapes: shapes as contracts ---------------------------------------------------------------------------


def draw_sizes(rng: Generator, sizes: Sizes) -> Inputs:
    """Sizes of a layer that differ from each other and from 1."""
    in_, out = (int(n) for n in rng.permutation(np.arange(2, 10))[:2])
    return Inputs(Sizes(in_=in_, out=out), in_=in_, out=out)


def column_shapes_with(**wrong: Any) -> Any:
    """The right shapes, but for those in *wrong*: functions of (in_, out)."""

    def shapes(in_: int, out: int) -> tuple[tuple[int, ...], ...]:
        right = {"W": (out, in_), "X": (in_, 1), "B": (out, 1), "Z": (out, 1)}
        return tuple((right | {name: of(in_, out) for name, of in wrong.items()}).values())

    return shapes


column_shapes = Exercise(
    id="column-shapes",
    entry="shapes",
    title=N_("The shapes of W, X, B and Z"),
    proves=N_("The shapes fit by themselves: the two `in` meet and disappear, `out` and 1 remain."),
    signature="shapes(in_, out)",
    parts=tuple(Part(name, 1, shape=True) for name in "WXBZ"),
    draw=draw_sizes,
    expect=lambda i: column_shapes_with()(i.in_, i.out),
    accepts=SEQUENCES,
    mistakes=(
        Mistake(
            "weight_allocated_in_out",
            "W",
            column_shapes_with(W=lambda in_, out: (in_, out)),
            N_("For `{called}` you gave W the shape `{gave}`: that is (in, out), the order in which the sizes **are named**."),
            N_("One row of W is one neuron. How many rows are there, then?"),
        ),
        Mistake(
            "sample_as_row",
            "X",
            column_shapes_with(X=lambda in_, out: (1, in_)),
            N_("For `{called}` you gave X the shape `{gave}`: that is a **row**."),
            N_("In this lesson one sample stands upright. How many rows does it have, and how many columns?"),
        ),
        Mistake(
            "sample_without_second_axis",
            "X",
            column_shapes_with(X=lambda in_, out: (in_,)),
            N_("For `{called}` you gave X the shape `{gave}`: **one axis**, and neither a row nor a column."),
            N_("A matrix with one column has two axes. How long is the second?"),
        ),
        Mistake(
            "bias_of_in_features",
            "B",
            column_shapes_with(B=lambda in_, out: (in_, 1)),
            N_("For `{called}` you gave B the shape `{gave}`: a bias **for every feature**."),
            N_("What has a bias: a feature that comes in, or a neuron?"),
        ),
        Mistake(
            "bias_as_row",
            "B",
            column_shapes_with(B=lambda in_, out: (1, out)),
            N_("For `{called}` you gave B the shape `{gave}`: that is a **row**, and WX is a column."),
            N_("To which shape is B added?"),
        ),
        Mistake(
            "bias_without_second_axis",
            "B",
            column_shapes_with(B=lambda in_, out: (out,)),
            N_("For `{called}` you gave B the shape `{gave}`: added to a column, it would be read as **a row**."),
            N_("B in the formula is a column. How many axes does a column have?"),
        ),
        Mistake(
            "result_as_row",
            "Z",
            column_shapes_with(Z=lambda in_, out: (1, out)),
            N_("For `{called}` you gave Z the shape `{gave}`: the right numbers, but lying in a **row**."),
            N_("Which sizes remain when (out, in) meets (in, 1), and in which order?"),
        ),
        Mistake(
            "result_without_second_axis",
            "Z",
            column_shapes_with(Z=lambda in_, out: (out,)),
            N_("For `{called}` you gave Z the shape `{gave}`: **one axis**, while W X has two."),
            N_("Which sizes remain when (out, in) meets (in, 1)?"),
        ),
    ),
    hints=(
        N_("Begin with W: one row for every neuron, one column for every feature."),
        N_("In WX the last axis of W meets the first axis of X. What is left is the shape of Z, and B must have the same."),
    ),
    minutes=5,
)

# -- mended-layer: three mistakes of a printed text ---------------------------------------------------------------


def draw_mended(rng: Generator, sizes: Sizes) -> Inputs:
    """A layer and the bias of the layer after it, of the same length: the one that the printed formula mixes in."""
    W, x = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.in_)
    return Inputs(sizes, W=W, x=x, b2=normal(rng, sizes.out), b3=normal(rng, sizes.out))


def shown_mended() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], x=numbers["x"][0], b2=numbers["b"], b3=np.array([3.0, 2.0, -2.0]))


def _last_from_b3(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    z = W @ x + b2
    z[-1] += b3[-1] - b2[-1]
    return z


def _only_square(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """The loops of the printed example: as many neurons as features."""
    z = b2.clone()
    for i in range(len(x)):
        for j in range(len(x)):
            z[i] += W[i, j] * x[j]
    return z


def _square_and_out_of_reach(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    z = b2.clone()
    for i in range(len(b2)):
        for j in range(len(b2)):
            z[i] += W[i, j] * x[j]
    return z


mended_layer = Exercise(
    id="mended-layer",
    entry="mended",
    title=N_("Three bugs in a printed layer"),
    proves=N_("Every equation has its bias, the bias is that of its own layer, and the sizes are read from the shapes."),
    signature="mended(W, x, b2, b3)",
    parts=(Part("z", 3, ("out",)),),
    draw=draw_mended,
    shown=shown_mended,
    expect=lambda i: linear(i.x, i.W, i.b2),
    forbidden=("torch.nn.functional.linear",),
    mistakes=(
        Mistake(
            "mended_bias_omitted",
            "z",
            lambda W, x, b2, b3: W @ x,
            N_("The sums are right, but **no equation has its bias**."),
            N_("What does the matrix formula add to WX, and does every line of the loop add it?"),
        ),
        Mistake(
            "mended_bias_of_the_next_layer",
            "z",
            _last_from_b3,
            N_("The last entry got its bias from **the next layer**: b₃ with the upper index 3 has no place here."),
            N_("Z of layer 2 is made of W and b of layer 2. Which of the two vectors is that?"),
        ),
        Mistake(
            "mended_only_bias_of_the_next_layer",
            "z",
            lambda W, x, b2, b3: W @ x + b3,
            N_("You added the bias of **the next layer** to every entry."),
            N_("Z of layer 2 is made of W and b of layer 2. Which of the two vectors is that?"),
        ),
        Mistake(
            "mended_only_square",
            "z",
            _only_square,
            N_("The loop over neurons runs as long as **there are features**: that fits only where W is square."),
            N_("Over what does the outer loop run, and where can that size be read?"),
        ),
        Mistake(
            "mended_features_cut",
            "z",
            _square_and_out_of_reach,
            N_("The loop over features runs only as long as **there are neurons**, so the last features are left out."),
            N_("Over what does the inner loop run, and where can that size be read?"),
        ),
    ),
    hints=(
        N_("Compare every line of the code with the matrix formula: which term is there in one and not in the other?"),
        N_("Try it on a W of shape (3, 4). Where does it stop, and over which of the two sizes does that loop run?"),
        N_("Look at every upper index: which layer does it belong to?"),
    ),
    minutes=8,
)

LESSON = Lesson(
    number="01",
    folder="01_one_sample",
    title=N_("One neuron, one layer, one sample"),
    exercises=(weight_of_link, one_neuron, linear_column, column_shapes, mended_layer),
)
