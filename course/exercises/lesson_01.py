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
from course.exercises.shapes import but_for, different_sizes
from course.reference import linear

Generator = np.random.Generator

# -- weight-of-link: which entry of W -----------------------------------------------------------------------------


def draw_link(rng: Generator, sizes: Sizes) -> Inputs:
    """W (out, in) and a link source → target, both indices valid on either axis, so that a swap does not raise."""
    source, target = rng.permutation(min(sizes.in_, sizes.out))[:2]
    return Inputs(sizes, W=normal(rng, sizes.out, sizes.in_), source=int(source), target=int(target))


def shown_link() -> Inputs:
    """A link where every known mistake reads another number: W[1, 2] and W[2, 1] are both −1."""
    return Inputs(GENERIC, W=thread()["W"], source=0, target=2)


weight_of_link = Exercise(
    id="weight-of-link",
    entry="weight_of",
    title=N_("The weight of one link"),
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
            N_("One row of W makes one number of Z. Whose row is it, the sender's or the receiver's?"),
        ),
        Mistake(
            "index_off_by_one",
            "w",
            lambda W, source, target: W[target - 1, source - 1],
            N_(
                "You took 1 off each index: that entry is **one row up and one column to the left**. An index 0 "
                "becomes −1, which in Python means the last one."
            ),
            N_("In a formula indices count from 1. From what number do they count in code, and in this function's arguments?"),
        ),
        Mistake(
            "index_swapped_and_off_by_one",
            "w",
            lambda W, source, target: W[source - 1, target - 1],
            N_("Two things at once: **row and column have changed places**, and 1 was taken off each index."),
            N_("Arguments and code both count from 0. And which end of a link does a row of W belong to?"),
        ),
        Mistake(
            "link_whole_row",
            "w",
            lambda W, source, target: W[target],
            N_("You returned **the whole row** of neuron {target}: {in_} weights, while one link has one."),
            N_("Which of the numbers in that row belongs to feature {source}?"),
        ),
    ),
    hints=(
        N_("Write down the shape of W in words: how many rows, and what does one row belong to?"),
        N_("One of the two indices is always less than `out`, the other less than `in`. Which of the two is `target`?"),
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
            N_("Every neuron has a bias of its own. Which index finds yours?"),
        ),
        Mistake(
            "neuron_all_biases",
            "z",
            lambda W, x, b, i: W[i] @ x + b,
            N_("One neuron gives one number, but yours gives {out}: you added **all the biases**."),
            N_("How many numbers of `b` belong to neuron {i}?"),
        ),
        Mistake(
            "neuron_column_for_row",
            "z",
            lambda W, x, b, i: W[:, i] @ x + b[i],
            N_("You took **column** {i} of W: the weights with which one feature enters all neurons."),
            N_("Neuron {i} needs one weight for every feature. Along which axis of W do they stand?"),
        ),
        Mistake(
            "neuron_not_summed",
            "z",
            lambda W, x, b, i: W[i] * x + b[i],
            N_("You have the {in_} products of weight and feature, but they were **never added up**."),
            N_("How many numbers does one neuron give for one sample?"),
        ),
        Mistake(
            "neuron_before",
            "z",
            lambda W, x, b, i: W[i - 1] @ x + b[i - 1],
            N_("For `{called}` you computed **the neuron before**: its row of W and its bias."),
            N_("In the formula the first neuron is number 1. Which number is it in code?"),
        ),
        Mistake(
            "neuron_first_feature_skipped",
            "z",
            lambda W, x, b, i: W[i, 1:] @ x[1:] + b[i],
            N_("One product is missing from the sum: that of **the first feature**."),
            N_("Where does your sum over the features start, and which index does the first feature have in code?"),
        ),
        Mistake(
            "neuron_last_feature_left_out",
            "z",
            lambda W, x, b, i: W[i, :-1] @ x[:-1] + b[i],
            N_("One product is missing from the sum: that of **the last feature**."),
            N_("At which feature does your sum end? In Python `range(n)` stops before n."),
        ),
        Mistake(
            "neuron_whole_layer",
            "z",
            lambda W, x, b, i: W @ x + b,
            N_("You returned **all {out} neurons** at once, but only one is asked for."),
            N_("Which of these {out} numbers belongs to neuron {i}?"),
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
    title=N_("The layer for one column"),
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
                "A column of {out} numbers plus a `b` of shape ({out},) became a square of shape `{got_shape}`: broadcasting "
                "read `b` as **a row**."
            ),
            N_("Write both shapes one under the other, aligned on the right. Against which axis of WX does `b` stand?"),
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
            N_("In this lesson a sample is a column. What shape does Z have if X is ({in_}, 1)?"),
        ),
        Mistake(
            "column_as_row",
            "Z",
            lambda W, X, b: (W @ X + b[:, None]).T,
            N_("The numbers are right, but they lie in **a row**: `{got_shape}`."),
            N_("WX is a column already. What laid it down?"),
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
            N_("You transposed W: a row of Wᵀ holds the weights of **one feature**, not those of one neuron."),
            N_("W is ({out}, {in_}) and X is ({in_}, 1). Do the two inner sizes meet as they are?"),
        ),
        Mistake(
            "column_star_for_at",
            "Z",
            lambda W, X, b: W * X + b,
            N_(
                "`*` multiplies entry by entry: the {in_} features of X stand **beside the rows** of W, and of those there are "
                "{out}."
            ),
            N_("Which operation lets every row of W meet the column X and adds the products up?"),
        ),
        Mistake(
            "column_star_and_bias_column",
            "Z",
            lambda W, X, b: W * X + b[:, None],
            N_(
                "`*` multiplies entry by entry: the {in_} features of X stand **beside the rows** of W, and of those there are "
                "{out}."
            ),
            N_("Which operation lets every row of W meet the column X and adds the products up?"),
        ),
        Mistake(
            "column_on_the_left",
            "Z",
            lambda W, X, b: X @ W + b[:, None],
            N_("You put the column on **the left** of W: a row of X, which is one number, meets a column of W, which has {out}."),
            N_("In which order are the two inner sizes equal: (out, in) before (in, 1), or (in, 1) before (out, in)?"),
        ),
        Mistake(
            "column_laid_down",
            "Z",
            lambda W, X, b: W @ X.T + b[:, None],
            N_(
                "You **laid the column down**: a row of W has {in_} weights, and each column of X, now a row, has only one "
                "number."
            ),
            N_("A row of W has {in_} numbers. How must the {in_} features stand, so that each weight finds its own?"),
        ),
    ),
    hints=(
        N_("Write the shapes of W and X side by side. Which sizes meet, and which remain?"),
        N_("`b` has one axis. What does it lack to be a column of shape (out, 1)?"),
    ),
    minutes=7,
)

# -- column-shapes: shapes as contracts ---------------------------------------------------------------------------


def draw_sizes(rng: Generator, sizes: Sizes) -> Inputs:
    in_, out = different_sizes(rng, 2)
    return Inputs(Sizes(in_=in_, out=out), in_=in_, out=out)


@but_for
def column_shapes_with(in_: int, out: int) -> dict[str, tuple[int, ...]]:
    return {"W": (out, in_), "X": (in_, 1), "B": (out, 1), "Z": (out, 1)}


column_shapes = Exercise(
    id="column-shapes",
    entry="shapes",
    title=N_("The shapes of four letters"),
    proves=N_(
        "The shapes show how the product is made: the two `in` axes meet and disappear, `out` and 1 remain, and B has "
        "that shape too."
    ),
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
            N_("To what shape is B added?"),
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
            N_("In WX, which axis of W remains, and which of X? And in which order do they stand?"),
        ),
        Mistake(
            "result_without_second_axis",
            "Z",
            column_shapes_with(Z=lambda in_, out: (out,)),
            N_("For `{called}` you gave Z the shape `{gave}`: **one axis**, while WX has two."),
            N_("Count the axes: W has two and X has two. One axis of each disappears. How many remain?"),
        ),
        Mistake(
            "result_of_in_features",
            "Z",
            column_shapes_with(Z=lambda in_, out: (in_, 1)),
            N_("For `{called}` you gave Z the shape `{gave}`: a number **for every feature**, as if nothing had been added up."),
            N_("What gives one number of Z: a feature or a neuron?"),
        ),
        Mistake(
            "result_broadcast_to_a_square",
            "Z",
            column_shapes_with(Z=lambda in_, out: (out, out)),
            N_("For `{called}` you gave Z the shape `{gave}`: you get such **a square** when you add a bias with one axis."),
            N_("B is a column, as WX is. What shape is the sum of two columns of the same length?"),
        ),
        Mistake(
            "shapes_written_as_numbers",
            "",
            lambda in_, out: column_shapes_with()(4, 3),
            N_(
                "For `{called}` you gave {name} the shape `{gave}`, the same as for all other sizes: it is **written as "
                "numbers**."
            ),
            N_("Which of these numbers would change in another layer, and where can the function get it from?"),
        ),
    ),
    hints=(
        N_("Begin with W: one row for every neuron, one column for every feature."),
        N_("In WX the last axis of W meets the first axis of X. What is left is the shape of Z."),
        N_("A column is added to WX. What shape must it have so that no axis is stretched?"),
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


def _printed(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """The lesson's `broken`, as it stands: as many neurons as features, and one bias, which is the next layer's."""
    z = x * 0
    for i in range(len(x)):
        for j in range(len(x)):
            z[i] += W[i, j] * x[j]
    z[len(x) - 1] += b3[len(x) - 1]
    return z


def _only_square(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """Its loops with the right bias."""
    z = b2.clone()
    for i in range(len(x)):
        for j in range(len(x)):
            z[i] += W[i, j] * x[j]
    return z


def _as_long_as_x(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """Loops and bias are right, but the result was made as long as x."""
    z = x * 0
    for i, value in enumerate(W @ x + b2):
        z[i] = value
    return z


def _printed_with_its_own_bias(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """The printed layer with one thing mended: the bias in its last entry."""
    return _printed(W, x, b3, b2)


def _plus_last(z: Any, last: Any) -> Any:
    """*z* with *last* added to its last entry."""
    z[-1] += last
    return z


def _features_cut(W: Any, x: Any, b2: Any, b3: Any) -> Any:
    """The inner loop runs over the neurons; where there are more of them than features, it stops with an error."""
    z = b2.clone()
    for i in range(len(b2)):
        for j in range(len(b2)):
            z[i] += W[i, j] * x[j]
    return z


mended_layer = Exercise(
    id="mended-layer",
    entry="mended",
    title=N_("Mend the layer"),
    proves=N_("Every equation has its bias, the bias is that of its own layer, and the sizes are read from the shapes."),
    signature="mended(W, x, b2, b3)",
    parts=(Part("z", 3, ("out",)),),
    draw=draw_mended,
    shown=shown_mended,
    expect=lambda i: linear(i.x, i.W, i.b2),
    forbidden=("torch.nn.functional.linear",),
    mistakes=(
        Mistake(
            "mended_unchanged",
            "z",
            _printed,
            N_(
                "This is the printed layer as it was: it runs only where **W is square**, and there it has one bias, in the last "
                "entry, which belongs to another layer."
            ),
            N_("Begin with the sizes: over what does each of the two loops run, and where can these two sizes be read?"),
        ),
        Mistake(
            "mended_only_the_layer_of_the_bias",
            "z",
            _printed_with_its_own_bias,
            N_(
                "The last entry has the bias of its own layer now. But it still runs only where **W is square**, and the other "
                "entries have no bias."
            ),
            N_("Begin with the sizes: over what does each of the two loops run, and where can these two sizes be read?"),
        ),
        Mistake(
            "mended_bias_omitted",
            "z",
            lambda W, x, b2, b3: W @ x,
            N_("The sums are right, but **no equation has its bias**."),
            N_("What does the matrix formula add to WX, and does the loop add it for every neuron?"),
        ),
        Mistake(
            "mended_only_sizes",
            "z",
            lambda W, x, b2, b3: _plus_last(W @ x, b3[-1]),
            N_("The sizes are mended, the bias is not: **only the last entry has one**, and that is the next layer's."),
            N_("How many entries does z have, and how many of them need a bias? From which layer?"),
        ),
        Mistake(
            "mended_only_last_bias",
            "z",
            lambda W, x, b2, b3: _plus_last(W @ x, b2[-1]),
            N_("The last entry has the right bias now, but **the others have none**."),
            N_("How many numbers are in `b2`, and how many of them did you use?"),
        ),
        Mistake(
            "mended_bias_of_the_next_layer",
            "z",
            lambda W, x, b2, b3: _plus_last(W @ x + b2, b3[-1] - b2[-1]),
            N_("The last entry got its bias from **the next layer**: b₃ with the upper index 3 has no place here."),
            N_("Z of layer 2 is made of W and b of layer 2. Which of the two vectors is that?"),
        ),
        Mistake(
            "mended_two_biases_in_the_last",
            "z",
            lambda W, x, b2, b3: _plus_last(W @ x + b2, b3[-1]),
            N_("Every entry has its bias now, but the last has **two**: its own and, still, that of the next layer."),
            N_("Which line of the printed layer has become superfluous?"),
        ),
        Mistake(
            "mended_only_bias_of_the_next_layer",
            "z",
            lambda W, x, b2, b3: W @ x + b3,
            N_("You added the bias of **the next layer** to every entry."),
            N_("The upper index of b says which layer the bias belongs to. Which layer gives this z?"),
        ),
        Mistake(
            "mended_bias_inside_the_sum",
            "z",
            lambda W, x, b2, b3: W @ x + len(x) * b2,
            N_("The bias was added **in the inner loop**, so it counts once for every feature, {in_} times in all."),
            N_("How many times does one neuron need its bias? Which of the two loops reaches each neuron that often?"),
        ),
        Mistake(
            "mended_only_square",
            "z",
            _only_square,
            N_("The loop over neurons runs once **for every feature**: that works only where W is square."),
            N_("What does the outer loop run over, and where can you read that size?"),
        ),
        Mistake(
            "mended_features_cut",
            "z",
            _features_cut,
            N_("The loop over features runs once **for every neuron**, so the last features are left out."),
            N_("Over what does the inner loop run, and where can that size be read?"),
        ),
        Mistake(
            "mended_as_long_as_x",
            "z",
            _as_long_as_x,
            N_("The result was made **as long as x**: `{got_shape}`, so entries are left over that belong to no neuron."),
            N_("How many numbers does the layer give: as many as it has features or as many as it has neurons?"),
        ),
    ),
    hints=(
        N_("Try it on a W of shape (3, 4). Where does it stop, and over which of the two sizes does that loop run?"),
        N_("Compare every line of the code with the matrix formula: which term is in one and not in the other?"),
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
