"""Lesson 02: the sample as a row, the batch, the four layouts, and a comparison that allows for rounding. y = xAᵀ + b."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.asking import plain
from course.exercise import (
    GENERIC,
    LOGICAL,
    N_,
    OTHER,
    SEQUENCES,
    SINGLE,
    SQUARE,
    Exercise,
    Inputs,
    Later,
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
READY_MADE = ("torch.nn.functional.linear", "torch.addmm", "torch.Tensor.addmm", "torch.baddbmm", "torch.Tensor.baddbmm")

# -- linear-row: one sample, lying down ---------------------------------------------------------------------------


def draw_row(rng: Generator, sizes: Sizes) -> Inputs:
    """One row. The square probe, which only names, has as many rows as features: there W on the left runs, and is told."""
    rows = sizes.N if sizes == SQUARE else 1
    x, W, b = normal(rng, rows, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, x=x, W=W, b=b)


def shown_row() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, x=numbers["x"][:1], W=numbers["W"], b=numbers["b"])


linear_row = Exercise(
    id="linear-row",
    entry="linear_row",
    title=N_("The same sample as a row"),
    proves=N_("One row already needs Wᵀ: the transpose comes from writing a sample as a row, and there is no batch here."),
    signature="linear_row(x, W, b)",
    parts=(Part("y", 2, ("1", "out")),),
    draw=draw_row,
    shown=shown_row,
    expect=lambda i: linear(i.x, i.W, i.b),
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "fwd_output_transposed",
            "y",
            lambda x, W, b: W @ x.T + b[:, None],
            N_("The numbers are right, but they **stand upright**: `{got_shape}` is the column of lesson 01."),
            N_("The sample came as a row. What has to happen to a column so that it lies down?"),
        ),
        Mistake(
            "fwd_column_plus_1d_bias",
            "y",
            lambda x, W, b: W @ x.T + b,
            N_(
                "Your product is a column of {out} numbers, and broadcasting reads `b` as **a row**: together they "
                "became a table of shape `{got_shape}`."
            ),
            N_("One sample gives {out} numbers. Should the product stand or lie, so that it matches `b`?"),
        ),
        Mistake(
            "fwd_bias_as_column",
            "y",
            lambda x, W, b: x @ W.T + b[:, None],
            N_("Of the product and `b`, one lies and the other **stands**: together they became a table of shape `{got_shape}`."),
            N_(
                "Broadcasting compares shapes from the right. How must the product lie so that every neuron meets "
                "its own number of `b`, with `b` left as it is?"
            ),
        ),
        Mistake(
            "fwd_missing_transpose",
            "y",
            lambda x, W, b: x @ W + b,
            N_("The `in` of x met the `out` of W: here W stands **as it is stored**, one row per neuron."),
            N_("Which axis of W holds one number for every feature, and where must it be to meet the features of x?"),
        ),
        Mistake(
            "fwd_left_multiply_rows",
            "y",
            lambda x, W, b: W @ x + b,
            N_("W stands on the left, as in lesson 01, but x **lies**: the features of W met the single row of x."),
            N_("On which side of W must a row stand for its features to meet the features of W?"),
        ),
        Mistake(
            "fwd_order_kept",
            "y",
            lambda x, W, b: W.T @ x + b,
            N_("You flipped both factors and **kept their order**: the neurons of W met the single row of x."),
            N_("Write the shapes of Wᵀ and x in both orders. In which one do the two `in` stand next to each other?"),
        ),
        Mistake(
            "fwd_bias_omitted",
            "y",
            lambda x, W, b: x @ W.T,
            N_("The weighted sums are right, but **the bias is missing**: y differs from yours by the same row for every x."),
            N_("Which row is that, and which argument have you not used?"),
        ),
        Mistake(
            "row_axis_lost",
            "y",
            lambda x, W, b: W @ x[0] + b,
            N_("The numbers are right, but an axis is gone: `{got_shape}` is **neither a row nor a column**."),
            N_("The sample came with shape (1, {in_}). How many axes should its result have?"),
        ),
        Mistake(
            "fwd_reshape_not_transpose",
            "y",
            lambda x, W, b: x @ W.reshape(W.shape[1], W.shape[0]) + b,
            N_(
                "The shape fits, but the numbers of W were **laid out again in the order of memory**: the rows of different "
                "neurons got mixed."
            ),
            N_("After your operation, is a neuron's row of W still together, standing as one column?"),
        ),
    ),
    hints=(
        N_("Write the shapes (1, in) and (out, in) side by side. Which two sizes are equal, and are they neighbours?"),
        N_(
            "A product adds along the last axis of the left factor and the first axis of the right one. Which factor has to be "
            "transposed?"
        ),
        N_("The result of one row is one row, and `b` with its single axis is read as a row too."),
    ),
    minutes=6,
)

# -- linear-columns: many samples, and still no transpose ---------------------------------------------------------


def draw_columns(rng: Generator, sizes: Sizes) -> Inputs:
    W, X, b = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.in_, sizes.N), normal(rng, sizes.out)
    return Inputs(sizes, W=W, X=X, b=b)


def shown_columns() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], X=np.ascontiguousarray(numbers["x"].T), b=numbers["b"])


linear_columns = Exercise(
    id="linear-columns",
    entry="linear_columns",
    title=N_("A batch of columns"),
    proves=N_("A batch of columns needs no transpose, and one column B serves all samples: broadcasting repeats it."),
    signature="linear_columns(W, X, b)",
    parts=(Part("Z", 2, ("out", "N")), Part("B", 1, ("out", "1"))),
    draw=draw_columns,
    shown=shown_columns,
    expect=lambda i: {"Z": linear(np.ascontiguousarray(i.X.T), i.W, i.b).T, "B": i.b[:, None]},
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "columns_plus_1d_bias",
            "Z",
            lambda W, X, b: (W @ X + b, b[:, None]),
            N_(
                "WX has {N} columns, one per sample, and `b` with its single axis was read as **a row**: it went "
                "along the samples, and not along the neurons."
            ),
            N_("Which axis of WX counts the neurons, and what must `b` look like to run along it?"),
        ),
        Mistake(
            "columns_bias_omitted",
            "Z",
            lambda W, X, b: (W @ X, b[:, None]),
            N_("WX is right, but **B was not added**: every column differs from the right one by the same numbers."),
            N_("Which numbers are those, and where do you have them already?"),
        ),
        Mistake(
            "columns_result_as_rows",
            "Z",
            lambda W, X, b: ((W @ X).T + b, b[:, None]),
            N_("The numbers are right, but the samples **lie in rows**: `{got_shape}`. They came as columns."),
            N_("Which axis of X counts the samples, and which axis of Z should?"),
        ),
        Mistake(
            "columns_weight_transposed",
            "Z",
            lambda W, X, b: (W.T @ X + b[:, None], b[:, None]),
            N_(
                "W was **transposed**, so its neurons met the features of X. Standing samples need no transpose, not even {N} of "
                "them."
            ),
            N_("W is ({out}, {in_}) and X is ({in_}, {N}). Which sizes are neighbours before you transpose anything?"),
        ),
        Mistake(
            "columns_weight_on_the_right",
            "Z",
            lambda W, X, b: (X @ W + b[:, None], b[:, None]),
            N_("X stands on the left, so its **samples** met the neurons of W, and no feature met a weight."),
            N_("Where did W stand in the formula for one column, and does that change when there are more columns?"),
        ),
        Mistake(
            "bias_as_row",
            "B",
            lambda W, X, b: (W @ X + b[:, None], b[None, :]),
            N_("B has the shape `{got_shape}`: that is **a row**, which would go along the samples."),
            N_("B is added to every column of WX. Does it stand or lie?"),
        ),
        Mistake(
            "bias_without_second_axis",
            "B",
            lambda W, X, b: (W @ X + b[:, None], b),
            N_("B has the shape `{got_shape}`: **one axis**, and broadcasting would read it as a row."),
            N_("How many axes does a column have, and how long is each?"),
        ),
        Mistake(
            "bias_per_sample",
            "B",
            lambda W, X, b: (W @ X + b[:, None], b[:, None].repeat(1, X.shape[1])),
            N_("B has the shape `{got_shape}`: you wrote the same column **once for every sample**."),
            N_("What does broadcasting do with an axis of size 1? How many columns are enough?"),
        ),
    ),
    hints=(
        N_("Lesson 01 had one column X of shape (in, 1). Which of the shapes of W, X, B and Z change when there are N columns?"),
        N_("Every column of Z gets the same B. Give `b` a second axis of size 1, so that it stands."),
    ),
    minutes=7,
)

# -- rows-through-columns: there and back --------------------------------------------------------------------


def column_layer(W: Any, b: Any) -> Callable[[Any], Any]:
    """A layer that knows only columns: X (in, N) → Z (out, N), tensors and NumPy arrays alike."""

    def layer(X: Any) -> Any:
        import torch

        return W @ torch.as_tensor(X) + b[:, None]

    return layer


def _notebooks_own_layer(x: Any, layer: Any) -> Any:
    """The layer of the notebook, whatever *layer* was handed in: right there, and nowhere else."""
    import torch

    numbers = {name: torch.from_numpy(value) for name, value in thread().items()}
    return torch.as_tensor(x) @ numbers["W"].T + numbers["b"]


def _rotated(samples: Any) -> Any:
    return samples.rot90(1, (0, 1))


def draw_rows(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, b = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, x=x, W=W, b=b)


def shown_rows() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, x=numbers["x"], W=numbers["W"], b=numbers["b"])


def _samples_of_one_axis(x: Any, layer: Any) -> Any:
    import torch

    return torch.stack([layer(row) for row in x])


rows_through_columns = Exercise(
    id="rows-through-columns",
    entry="through_columns",
    title=N_("Rows through a layer for columns"),
    proves=N_(
        "Transpose x, let WX + B do the work, transpose the result: the layer is the same, only the picture was mirrored twice."
    ),
    signature="through_columns(x, layer)",
    parts=(Part("y", 3, ("N", "out")),),
    draw=draw_rows,
    shown=shown_rows,
    ask=lambda learner, i: learner(i.x, column_layer(i.W, i.b)),
    expect=lambda i: linear(i.x, i.W, i.b),
    mistakes=(
        Mistake(
            "sample_without_its_second_axis",
            "y",
            _samples_of_one_axis,
            N_(
                "`layer` was given samples of **one axis**, and it waits for columns: so its bias, a column, and the product, "
                "with one axis, were spread into a square of {out} × {out} for every sample."
            ),
            N_("What shape does one sample have as a column, and how does a row `x[n]` get its second axis?"),
        ),
        Mistake(
            "columns_reshaped",
            "y",
            lambda x, layer: layer(x.reshape(x.shape[1], x.shape[0])).T,
            N_(
                "What you gave to `layer` had the right shape, but its numbers were **laid out again in the order of memory**: "
                "one column held features of different samples."
            ),
            N_(
                "Take the numbers 1 to 6 in two rows. Which numbers stand in the first column after your operation, and which "
                "should?"
            ),
        ),
        Mistake(
            "rows_reshaped",
            "y",
            lambda x, layer: layer(x.T).reshape(x.shape[0], -1),
            N_(
                "What `layer` gave was right, but on the way back its numbers were **laid out again in the order of "
                "memory**: one row holds numbers of different samples."
            ),
            N_("The first column of Z belongs to the first sample. Does your first row hold the same numbers?"),
        ),
        Mistake(
            "both_reshaped",
            "y",
            lambda x, layer: layer(x.reshape(x.shape[1], x.shape[0])).reshape(x.shape[0], -1),
            N_(
                "There and back, the numbers were **laid out again in the order of memory**: the shapes fit, and no "
                "sample stayed together."
            ),
            N_(
                "Take the numbers 1 to 6 in two rows. Which numbers stand in the first column after your operation, and which "
                "should?"
            ),
        ),
        Mistake(
            "fwd_output_transposed",
            "y",
            lambda x, layer: layer(x.T),
            N_("All numbers are there, but the samples are **still columns**: `{got_shape}`."),
            N_("The samples came as rows. What has to be done to the result before it is returned?"),
        ),
        Mistake(
            "rows_given_as_columns",
            "y",
            lambda x, layer: layer(x),
            N_("The rows went into `layer` **as they are**, and it read the samples as features."),
            N_("`layer` wants one column per sample. What does x have instead?"),
        ),
        Mistake(
            "rows_transposed_only_back",
            "y",
            lambda x, layer: layer(x).T,
            N_("You transposed the result, but the rows went into `layer` **as they are**, and it read the samples as features."),
            N_("`layer` wants one column per sample. What has to happen to x before the call?"),
        ),
        Mistake(
            "layer_not_called",
            "y",
            _notebooks_own_layer,
            N_(
                "Your code computed with the **notebook's own** W and b and did not ask `layer`: the check hands in "
                "other layers, whose weights you do not see."
            ),
            N_("What do you know about a layer that you are given, and what can you do with it?"),
        ),
        Mistake(
            "rows_rotated",
            "y",
            lambda x, layer: layer(_rotated(x)).T,
            N_(
                "You **rotated** the table by 90 degrees: every sample became a column, but with its features from the last to "
                "the first."
            ),
            N_("A transpose mirrors across the main diagonal. Which corner of the table stays where it is?"),
        ),
    ),
    hints=(
        N_("What shape does x have, and what shape does `layer` expect?"),
        N_("Two things are transposed here: what goes into `layer`, and what comes out of it."),
    ),
    minutes=6,
)

# -- linear-batch: y = xAᵀ + b ------------------------------------------------------------------------------------

linear_batch = Exercise(
    id="linear-batch",
    entry="linear",
    title=N_("The layer for a batch of rows"),
    proves=N_(
        "Five rows or one, the line of code is the same: the transpose is there for samples as rows, and the batch only adds "
        "rows."
    ),
    signature="linear(x, W, b)",
    parts=(Part("y", 4, ("N", "out")),),
    draw=draw_rows,
    shown=shown_rows,
    sizes=(GENERIC, GENERIC, OTHER, SINGLE, SINGLE),
    expect=lambda i: linear(i.x, i.W, i.b),
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "fwd_missing_transpose",
            "y",
            lambda x, W, b: x @ W + b,
            N_("The axes that met are `in` of x and `out` of W, {in_} and {out}: W stands here **as it is stored**."),
            N_("Which axis of W should meet the features?"),
        ),
        Mistake(
            "fwd_reshape_not_transpose",
            "y",
            lambda x, W, b: x @ W.reshape(W.shape[1], W.shape[0]) + b,
            N_(
                "Your matrix has the shape ({in_}, {out}), but the numbers of W were **laid out again in the order of memory** "
                "instead of mirrored."
            ),
            N_("Take a 2 × 3 matrix of the numbers 1 to 6 and do the same to it. Where does the 2 go?"),
        ),
        Mistake(
            "result_reshaped",
            "y",
            lambda x, W, b: (W @ x.T).reshape(x.shape[0], -1) + b,
            N_(
                "The product is right, a sample a column, but on the way to rows its numbers were **laid out again in the order "
                "of memory**: one row holds numbers of different samples."
            ),
            N_("Which operation turns a column into a row and keeps its numbers together?"),
        ),
        Mistake(
            "fwd_left_multiply_rows",
            "y",
            lambda x, W, b: W @ x + b,
            N_("W stands on the left of samples that **lie in rows**: its features, {in_}, met the samples."),
            N_("W stood on the left when the samples were columns. On which side do they stand now?"),
        ),
        Mistake(
            "fwd_order_kept",
            "y",
            lambda x, W, b: W.T @ x + b,
            N_("W is transposed, but it stayed **on the left**: its neurons, {out}, met the samples."),
            N_("When a product is transposed, each factor is flipped. What else happens to them?"),
        ),
        Mistake(
            "fwd_output_transposed",
            "y",
            lambda x, W, b: W @ x.T + b[:, None],
            N_("All numbers are right, but y is **transposed**: `{got_shape}` has one column per sample, as in Z = WX + B."),
            N_("In x one row is one sample. In your result, which axis counts the samples?"),
        ),
        Mistake(
            "fwd_product_not_summed",
            "y",
            lambda x, W, b: x[:, None, :] * W,
            N_("Every product of a feature and a weight is there, but they were **never added up**: shape `{got_shape}`."),
            N_("Which axis of your result is not in y, and what happens along it?"),
        ),
        Mistake(
            "fwd_bias_omitted",
            "y",
            lambda x, W, b: x @ W.T,
            N_("The weighted sums are right, but **the bias is missing**: every row differs from y by the same {out} numbers."),
            N_("Which numbers are those, and which argument has that length?"),
        ),
        Mistake(
            "fwd_bias_as_column",
            "y",
            lambda x, W, b: x @ W.T + b[:, None],
            N_("Your `b` went **along the samples** ({N}), and not along the neurons ({out})."),
            N_("Where you add `b`: do the {out} numbers of one sample lie in a row there, or stand in a column?"),
        ),
        Mistake(
            "fwd_bias_inside_the_sum",
            "y",
            lambda x, W, b: x @ W.T + x.shape[1] * b,
            N_("The bias was added **at every feature**, so it counts {in_} times."),
            N_("Is the line with the bias inside the loop over features, or after it?"),
        ),
        Mistake(
            "fwd_first_sample_only",
            "y",
            lambda x, W, b: W @ x[0] + b,
            N_("Only **the first sample** came back: `{got_shape}`."),
            N_("If you loop over the samples: does the `return` stand inside the loop or after it?"),
        ),
        Mistake(
            "fwd_first_row_only",
            "y",
            lambda x, W, b: (W @ x[0] + b)[None],
            N_("Only **the first sample** came back: `{got_shape}`."),
            N_("If you loop over the samples: does the `return` stand inside the loop or after it?"),
        ),
        Mistake(
            "batch_of_one_lost",
            "y",
            lambda x, W, b: (x @ W.T + b).squeeze(),
            N_("Many samples come out right, but a batch of **one** lost its axis: `{got_shape}`."),
            N_("A table with one row is still a table. Which operation removes axes of size 1?"),
        ),
    ),
    hints=(
        N_("What in `linear_row` depends on x having one row?"),
        N_("Write the shapes (N, in) and (out, in) side by side. What has to be done so that the two `in` are neighbours?"),
        N_(
            "The product is (N, out), and `b` is (out,). Line the two shapes up from the right: under which axis "
            "of the product does `b` stand?"
        ),
    ),
    minutes=5,
)

# -- product-shapes: what meets, and what remains -----------------------------------------------------------------


def draw_sizes(rng: Generator, sizes: Sizes) -> Inputs:
    in_, out, N = different_sizes(rng, 3)
    return Inputs(Sizes(N=N, in_=in_, out=out), in_=in_, out=out, N=N)


@but_for
def product_shapes_with(in_: int, out: int, N: int) -> dict[str, tuple[int, ...]]:
    return {"x": (N, in_), "W": (out, in_), "WT": (in_, out), "b": (out,), "y": (N, out), "meet": (in_, in_)}


product_shapes = Exercise(
    id="product-shapes",
    entry="shapes",
    title=N_("The shapes in y = xAᵀ + b"),
    proves=N_("Two `in` meet and disappear; N and out remain, each where it stood."),
    signature="shapes(in_, out, N)",
    parts=tuple(Part(name, 1, shape=True) for name in ("x", "W", "WT", "b", "y", "meet")),
    draw=draw_sizes,
    expect=lambda i: product_shapes_with()(i.in_, i.out, i.N),
    accepts=SEQUENCES,
    mistakes=(
        Mistake(
            "batch_as_columns",
            "x",
            product_shapes_with(x=lambda in_, out, N: (in_, N)),
            N_("For `{called}` you gave x the shape `{gave}`: that is **one column per sample**."),
            N_("In y = xAᵀ + b one row of x is one sample. How many rows are there, then?"),
        ),
        Mistake(
            "weight_allocated_in_out",
            "W",
            product_shapes_with(W=lambda in_, out, N: (in_, out)),
            N_(
                "For `{called}` you gave W the shape `{gave}`. That is how it looks **transposed**; it is stored "
                "with one row per neuron."
            ),
            N_("Has the shape of W changed since lesson 01?"),
        ),
        Mistake(
            "transpose_not_flipped",
            "WT",
            product_shapes_with(WT=lambda in_, out, N: (out, in_)),
            N_("For `{called}` you gave Wᵀ the shape `{gave}`: that is W **before** it is mirrored."),
            N_("When a matrix is mirrored across its main diagonal, what becomes of a row?"),
        ),
        Mistake(
            "bias_as_column",
            "b",
            product_shapes_with(b=lambda in_, out, N: (out, 1)),
            N_("For `{called}` you gave b the shape `{gave}`: that is the **standing** B of Z = WX + B."),
            N_("The samples lie in rows now. Which shape, read from the right, stands under one row of y?"),
        ),
        Mistake(
            "bias_with_two_axes",
            "b",
            product_shapes_with(b=lambda in_, out, N: (1, out)),
            N_(
                "For `{called}` you gave b the shape `{gave}`: the sum would come out right, but these are **two "
                "axes**, and the b of the layer has one."
            ),
            N_("With how many indices do you take the bias of one neuron from b?"),
        ),
        Mistake(
            "bias_per_sample",
            "b",
            product_shapes_with(b=lambda in_, out, N: (N, out)),
            N_("For `{called}` you gave b the shape `{gave}`: a bias **for every sample**."),
            N_("What has a bias: a sample, or a neuron?"),
        ),
        Mistake(
            "bias_of_in_features",
            "b",
            product_shapes_with(b=lambda in_, out, N: (in_,)),
            N_("For `{called}` you gave b the shape `{gave}`: a bias **for every feature**."),
            N_("What has a bias: a feature that comes in, or a neuron?"),
        ),
        Mistake(
            "result_as_columns",
            "y",
            product_shapes_with(y=lambda in_, out, N: (out, N)),
            N_("For `{called}` you gave y the shape `{gave}`: **one column per sample**, as in Z = WX + B."),
            N_("Which size of x remains in the product, and on which side?"),
        ),
        Mistake(
            "result_keeps_features",
            "y",
            product_shapes_with(y=lambda in_, out, N: (N, in_)),
            N_("For `{called}` you gave y the shape `{gave}`: the features are **still there**, as if nothing had met."),
            N_("How many numbers does the layer give for one sample: one per feature, or one per neuron?"),
        ),
        Mistake(
            "meet_without_transpose",
            "meet",
            product_shapes_with(meet=lambda in_, out, N: (in_, out)),
            N_(
                "For `{called}` you let `{gave}` meet: those are the neighbours in **xW**, before W is transposed, and they "
                "differ."
            ),
            N_("Which size does Wᵀ begin with?"),
        ),
        Mistake(
            "meet_what_remains",
            "meet",
            product_shapes_with(meet=lambda in_, out, N: (N, out)),
            N_("For `{called}` you let `{gave}` meet: those are the sizes that **remain**."),
            N_("Which axis of x and which axis of Wᵀ do not appear in y?"),
        ),
        Mistake(
            "meet_once",
            "meet",
            product_shapes_with(meet=lambda in_, out, N: (in_,)),
            N_("For `{called}` you gave `{gave}`: the size is right, but a meeting takes **two** axes."),
            N_("One of them is the last axis of x. Which is the other, and how long is it?"),
        ),
    ),
    hints=(
        N_("Write (N, in) and (in, out) side by side. Which two sizes are neighbours?"),
        N_("The neighbours are equal and disappear. What is left, from left to right?"),
    ),
    minutes=6,
)

# -- four-layouts: what is transposed, and when -----------------------------------------------------------------------

# The layout that asks for most comes first: an answer that stops is told by the first part.
LAYOUTS = (("in,out", "columns"), ("in,out", "rows"), ("out,in", "columns"), ("out,in", "rows"))


def layout_name(weight_layout: str, sample_layout: str) -> str:
    return f"{weight_layout} · {sample_layout}"


def _layouts(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    """Samples and weight both ways round, each laid out in memory as its shape says, so that a reshape is no transpose."""
    return {"x": x, "xᵀ": np.ascontiguousarray(x.T), "W": W, "Wᵀ": np.ascontiguousarray(W.T), "b": b}


def draw_layouts(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, b = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, **_layouts(x, W, b))


def shown_layouts() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, **_layouts(numbers["x"], numbers["W"], numbers["b"]))


def ask_layouts(forward: Any, i: Inputs) -> dict[str, Any]:
    """One call a layout, each for itself: what one layout stops at is no fault of the others."""

    def asked(weight_layout: str, sample_layout: str) -> Later:
        X = i["x" if sample_layout == "rows" else "xᵀ"]
        weight = i["W" if weight_layout == "out,in" else "Wᵀ"]
        return Later(lambda: forward(X, weight, i.b, weight_layout, sample_layout))

    return {layout_name(*layouts): asked(*layouts) for layouts in LAYOUTS}


def expect_layouts(i: Inputs) -> dict[str, np.ndarray]:
    y = linear(i.x, i.W, i.b)
    return {layout_name(weight, samples): y if samples == "rows" else y.T for weight, samples in LAYOUTS}


def _by_layout(W: Any, X: Any, b: Any, sample_layout: str) -> Any:
    """The right result for W (out, in)."""
    return X @ W.T + b if sample_layout == "rows" else W @ X + b[:, None]


def _weight_layout_ignored(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    return _by_layout(weight, X, b, sample_layout)


def _weight_always_transposed(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    return _by_layout(weight.T, X, b, sample_layout)


def _sample_layout_ignored(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    return X @ (weight.T if weight_layout == "out,in" else weight) + b


def _both_layouts_ignored(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    return X @ weight.T + b


def _bias_lying_in_columns(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.T
    return X @ W.T + b if sample_layout == "rows" else W @ X + b


def _bias_standing_in_rows(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.T
    return (X @ W.T if sample_layout == "rows" else W @ X) + b[:, None]


def _bias_omitted(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.T
    return X @ W.T if sample_layout == "rows" else W @ X


def _rows_whatever_came(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.T
    return (X if sample_layout == "rows" else X.T) @ W.T + b


def _kernel_reshaped(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.reshape(weight.shape[1], weight.shape[0])
    return _by_layout(W, X, b, sample_layout)


def _samples_reshaped(X: Any, weight: Any, b: Any, weight_layout: str, sample_layout: str) -> Any:
    W = weight if weight_layout == "out,in" else weight.T
    if sample_layout == "rows":
        return X @ W.T + b
    return (X.reshape(X.shape[1], X.shape[0]) @ W.T + b).T


four_layouts = Exercise(
    id="four-layouts",
    entry="forward",
    title=N_("The layer in all four layouts"),
    proves=N_(
        "W is transposed exactly where its `in` does not yet lie beside the `in` of the samples; how many samples there are "
        "changes nothing."
    ),
    signature="forward(X, weight, b, weight_layout, sample_layout)",
    parts=tuple(
        Part(layout_name(weight, samples), 1, ("N", "out") if samples == "rows" else ("out", "N")) for weight, samples in LAYOUTS
    ),
    draw=draw_layouts,
    shown=shown_layouts,
    ask=ask_layouts,
    expect=expect_layouts,
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "weight_layout_ignored",
            "",
            _weight_layout_ignored,
            N_('The weight came as `"in,out"`, and your code used it **as if one row were one neuron**.'),
            N_("Where does your code look at `weight_layout`, and what does it change there?"),
        ),
        Mistake(
            "weight_always_transposed",
            "",
            _weight_always_transposed,
            N_('Your code **always** transposes the weight. That fits `"in,out"`; `"out,in"` had one row per neuron already.'),
            N_("In which of the two weight layouts is the weight already the W of the formula, with nothing to transpose?"),
        ),
        Mistake(
            "sample_layout_ignored",
            "",
            _sample_layout_ignored,
            N_('The samples came as `"columns"`, and your code computed **as if they were rows**.'),
            N_("On which side of W do columns stand, and on which do rows?"),
        ),
        Mistake(
            "both_layouts_ignored",
            "",
            _both_layouts_ignored,
            N_("This is the formula for rows and a weight (out, in), **whatever was asked for**: neither layout was looked at."),
            N_("There are four cases. In which of them does this line fit?"),
        ),
        Mistake(
            "bias_lying_in_columns",
            "",
            _bias_lying_in_columns,
            N_('For `"columns"` you added `b` **as a row**: it went along the samples, and not along the neurons.'),
            N_("In the layout of columns, does the bias of one layer stand or lie?"),
        ),
        Mistake(
            "bias_standing_in_rows",
            "",
            _bias_standing_in_rows,
            N_('Your bias always stands. That fits `"columns"`; with `"rows"` it went **along the samples**.'),
            N_("In the layout of rows, under which axis of the result does `b` have to lie?"),
        ),
        Mistake(
            "layouts_bias_omitted",
            "",
            _bias_omitted,
            N_("The products are right, but **the bias is missing**."),
            N_("Which argument have you not used?"),
        ),
        Mistake(
            "rows_whatever_came",
            "",
            _rows_whatever_came,
            N_('The numbers are right, but for `"columns"` the result still **lies in rows**: `{got_shape}`.'),
            N_("In which layout should the result come back?"),
        ),
        Mistake(
            "kernel_reshaped_not_transposed",
            "",
            _kernel_reshaped,
            N_(
                'The `"in,out"` weight got the right shape, but its numbers were **laid out again in the order of '
                "memory** instead of mirrored."
            ),
            N_("One column of that weight is one neuron. Does your operation make it a row?"),
        ),
        Mistake(
            "samples_reshaped",
            "",
            _samples_reshaped,
            N_(
                "The columns of samples got the shape of rows, but their numbers were **laid out again in the order of memory** "
                "instead of mirrored."
            ),
            N_("One column of X is one sample. Does your operation make it a row?"),
        ),
    ),
    hints=(
        N_("Bring the weight to (out, in) first, whatever its layout. Then two cases are left instead of four."),
        N_("Rows and columns each have a formula in this lesson. What does `b` look like in each?"),
        N_("The report marks the layouts that fail. Take one of them and write all its shapes side by side."),
    ),
    minutes=10,
)

# -- same-numbers: equal but for rounding -------------------------------------------------------------------------

# By group: which two arrays are compared, and whether they are the same. The lesson's text lists them in this order, and a
# report speaks of "a≈b[3]": change both together. Every group begins with a copy and a neighbour, so that neither a constant
# passes one nor exact equality is taken for "always False".
PAIRS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "a≈b": (
        ("y", "copy", True),
        ("y", "ulp", True),
        ("y", "up", False),
        ("y", "down", False),
        ("y", "scaled", False),
        ("y", "moved", False),
    ),
    "0…10⁹": (
        ("big", "big_copy", True),
        ("big", "big_ulp", True),
        ("big", "big_up", False),
        ("small", "small_scaled", False),
        ("mixed", "mixed_up", False),
        ("zero", "rest", True),
    ),
    "shape": (
        ("row", "row_copy", True),
        ("row", "row_ulp", True),
        ("row", "row_up", False),
        ("rows", "row", False),
        ("row", "rows", False),
        ("row", "flat", False),
    ),
    "NaN": (
        ("y", "copy", True),
        ("y", "ulp", True),
        ("y", "up", False),
        ("y", "nan", False),
        ("nan", "y", False),
        ("nan", "nan_copy", False),
    ),
}


def beside(values: np.ndarray) -> np.ndarray:
    """Every number replaced by the next one that float64 can hold, one up, the next down."""
    up = np.arange(values.size).reshape(values.shape) % 2 == 0
    return np.nextafter(values, np.where(up, np.inf, -np.inf))


def off_by_a_thousandth(values: np.ndarray, sign: int = 1, rows: slice = slice(None)) -> np.ndarray:
    """A copy in which one number, the largest of *rows*, is greater (or with −1 less) by a thousandth of itself."""
    changed = values.copy()
    largest = np.unravel_index(np.abs(values[rows]).argmax(), values[rows].shape)
    changed[rows][largest] += sign * 1e-3 * np.abs(changed[rows][largest])
    return changed


def draw_results(rng: Generator, sizes: Sizes) -> Inputs:
    """Results (N, out) and what stands beside them. We move the numbers ourselves: no two machines round alike."""
    y = normal(rng, sizes.N, sizes.out)
    row = normal(rng, 1, sizes.out)
    big = 1e9 * y
    small = 2e-5 * (y + np.sign(y))  # from 2e-5 up: a thousandth of the smallest is more than the 1e-8 of torch.allclose
    mixed = 1e-2 * y
    mixed[0] = big[0]
    zero, nan = y.copy(), y.copy()
    zero[-1, 0] = 0.0
    rest = zero.copy()
    rest[-1, 0] = 2.0**-53
    nan[-1, 1] = np.nan
    return Inputs(
        sizes,
        y=y,
        copy=y.copy(),
        ulp=beside(y),
        up=off_by_a_thousandth(y),
        down=off_by_a_thousandth(y, -1),
        scaled=y * (1 - 1e-3),
        moved=np.roll(y, 1, axis=0),
        big=big,
        big_copy=big.copy(),
        big_ulp=beside(big),
        big_up=off_by_a_thousandth(big),
        small=small,
        small_scaled=small * (1 + 1e-3),
        mixed=mixed,
        mixed_up=off_by_a_thousandth(mixed, rows=slice(1, None)),
        zero=zero,
        rest=rest,
        row=row,
        row_copy=row.copy(),
        row_ulp=beside(row),
        row_up=off_by_a_thousandth(row),
        rows=np.repeat(row, sizes.N, axis=0),
        flat=row[0].copy(),
        nan=nan,
        nan_copy=nan.copy(),
    )


def ask_pairs(same_numbers: Any, i: Inputs) -> dict[str, Any]:
    """Ask about every pair; by part, the answers in order, or the first thing that is no answer."""
    return {part: answers([same_numbers(i[a], i[b]) for a, b, _ in pairs]) for part, pairs in PAIRS.items()}


def answers(given: list[Any]) -> Any:
    """True and False as one array. Whatever else came is returned in their place, under a type that says what it is."""
    for one in given:
        result = plain(one)
        if result.kind not in LOGICAL:
            return one
        if result.array is None or result.array.shape != () or result.array.dtype != bool:
            what = result.dtype if result.array is None or result.array.shape == () else result.array.shape
            return type(f"{result.kind} {what}", (), {})()
    return np.array([bool(one) for one in given])


same_numbers = Exercise(
    id="same-numbers",
    entry="same_numbers",
    title=N_("The same up to rounding"),
    proves=N_("Two results are the same when their shapes are, and when every entry differs by no more than rounding can cause."),
    signature="same_numbers(a, b)",
    parts=tuple(Part(name, 1) for name in PAIRS),
    draw=draw_results,
    ask=ask_pairs,
    expect=lambda i: {part: np.array([same for _, _, same in pairs]) for part, pairs in PAIRS.items()},
    accepts=LOGICAL,
    mistakes=(
        Mistake(
            "exact_float_equality",
            "",
            lambda a, b: a.shape == b.shape and bool((a == b).all()),
            N_(
                "You ask for **exactly the same numbers**: two results that differ in the last binary digit are called different."
            ),
            N_("By how much may two sums of the same numbers differ when they are added up in another order?"),
        ),
        Mistake(
            "difference_without_abs",
            "a≈b",
            lambda a, b: a.shape == b.shape and bool((a - b < 1e-9).all()),
            N_(
                "A difference counts only when it is positive: where `a` is **smaller** than `b`, however much, they are "
                "called the same."
            ),
            N_("−1000 is less than any tolerance. What has to be done to a difference before it is compared?"),
        ),
        Mistake(
            "differences_cancel",
            "a≈b",
            lambda a, b: a.shape == b.shape and bool((a - b).sum().abs() < 1e-9),
            N_(
                "The differences were **added up first**, and those with opposite signs cancelled: rows in another order pass "
                "for the same."
            ),
            N_("How many entries must agree, and for how many do you compare a number with the tolerance?"),
        ),
        Mistake(
            "one_entry_is_enough",
            "a≈b",
            lambda a, b: a.shape == b.shape and bool(a.isclose(b).any()),
            N_("**One** entry that agrees is enough for you: the others may be anything."),
            N_("In how many entries may two equal results differ?"),
        ),
        Mistake(
            "tolerance_too_wide",
            "",
            lambda a, b: a.shape == b.shape and bool(a.allclose(b, rtol=1e-2)),
            N_("Results that differ by a thousandth are called the same: the **tolerance is too wide**."),
            N_("After how many digits does float64 round, and how far from that is a thousandth?"),
        ),
        Mistake(
            "only_absolute_tolerance",
            "0…10⁹",
            lambda a, b: a.shape == b.shape and bool((a - b).abs().max() < 1e-9),
            N_(
                "Your tolerance is **the same for all sizes**: near 10⁹ neighbouring float64 numbers are about 10⁻⁷ "
                "apart, and you call them different."
            ),
            N_("Rounding keeps about sixteen digits. Does its error grow with the number?"),
        ),
        Mistake(
            "absolute_tolerance_hides_small",
            "0…10⁹",
            lambda a, b: a.shape == b.shape and bool((a - b).abs().max() < 1e-6),
            N_(
                "Your tolerance is **the same for all sizes**: numbers near 10⁻⁵ that differ by a thousandth are called the same."
            ),
            N_(
                "A thousandth of 10⁻⁵ is 10⁻⁸. Can one bound catch that, and still let rounding pass near 10⁹, where "
                "it reaches 10⁻⁷?"
            ),
        ),
        Mistake(
            "absolute_tolerance_fits_neither",
            "0…10⁹",
            lambda a, b: a.shape == b.shape and bool((a - b).abs().max() < 1e-7),
            N_(
                "Your tolerance is **the same for all sizes**: too narrow near 10⁹, where rounding alone is more, "
                "and too wide near 10⁻⁵, where a thousandth passes."
            ),
            N_("By what should the allowed difference be multiplied, so that it grows and shrinks with the number?"),
        ),
        Mistake(
            "tolerance_of_the_largest",
            "0…10⁹",
            lambda a, b: a.shape == b.shape and bool((a - b).abs().max() <= 1e-9 * b.abs().max()),
            N_(
                "Your tolerance is a share of **the largest number**: beside 10⁹, a small number that is off by a "
                "thousandth goes unnoticed."
            ),
            N_("Each entry is rounded by itself. Of which number should the difference that it is allowed be a share?"),
        ),
        Mistake(
            "only_relative_tolerance",
            "0…10⁹",
            lambda a, b: a.shape == b.shape and bool(((a - b).abs() <= 1e-9 * b.abs()).all()),
            N_(
                "Your tolerance is **only a share of the number**: at 0 it is 0, and the little that rounding leaves "
                "there is called a difference."
            ),
            N_("Terms that cancel leave 1.1e−16 in one result and 0 in the other. What must be allowed besides the share?"),
        ),
        Mistake(
            "shape_not_compared",
            "shape",
            lambda a, b: bool(a.allclose(b)),
            N_(
                "A table of equal rows and **one** such row are called the same: broadcasting repeated the row before anything "
                "was compared."
            ),
            N_("What do you have to look at before the first number?"),
        ),
        Mistake(
            "nan_slips_through",
            "NaN",
            lambda a, b: a.shape == b.shape and not bool(((a - b).abs() > 1e-9 + 1e-9 * b.abs()).any()),
            N_(
                "A result with NaN is called the same: you look for an entry that is **too far off**, and NaN is "
                "never greater than a tolerance."
            ),
            N_("Which comparison could you ask of every entry, so that the False that NaN gives counts as a difference?"),
        ),
        Mistake(
            "nan_equals_nan",
            "NaN",
            lambda a, b: a.shape == b.shape and bool(a.allclose(b, equal_nan=True)),
            N_("Two results with NaN in the same place are called **the same**: in your comparison NaN equals NaN."),
            N_("What do two NaN tell you about the numbers that should stand in their place?"),
        ),
    ),
    hints=(
        N_("Three questions in this order: are the shapes equal, how far apart is each entry, is every one of them near enough?"),
        N_(
            "The allowed difference has two terms: one that grows with the number, and a small one that is left where the "
            "number is 0."
        ),
        N_("The answer is one True or one False, and not a table of them."),
    ),
    minutes=10,
)

LESSON = Lesson(
    number="02",
    folder="02_batch_of_rows",
    title=N_("From a column to a row, from one sample to a batch"),
    exercises=(
        linear_row,
        linear_columns,
        rows_through_columns,
        linear_batch,
        product_shapes,
        four_layouts,
        same_numbers,
    ),
)
