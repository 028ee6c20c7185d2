"""Lesson 04: any number of axes, (*, in) → (*, out). Only the last axis meets the weight; flattening gives another layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course.exercise import (
    GENERIC,
    LOGICAL,
    N_,
    NUMBERS,
    SEQUENCES,
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
from course.exercises.shapes import different_sizes
from course.reference import linear

Generator = np.random.Generator
READY_MADE = ("torch.nn.functional.linear",)

# -- forward-nd: from one axis to four ----------------------------------------------------------------------------


def draw_axes(rng: Generator, sizes: Sizes) -> Inputs:
    """The same layer for inputs of one, two, three and four axes."""
    W, b = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    shapes = {"x1": (), "x2": (sizes.N,), "x3": (sizes.B, sizes.T), "x4": (2, sizes.B, sizes.T)}
    return Inputs(sizes, W=W, b=b, **{name: normal(rng, *shape, sizes.in_) for name, shape in shapes.items()})


def shown_axes() -> Inputs:
    numbers = thread()
    x = numbers["x"]
    two = np.stack([x[:3], x[1:4]])
    return Inputs(GENERIC, W=numbers["W"], b=numbers["b"], x1=x[0], x2=x, x3=two, x4=np.stack([two, -two]))


def for_each_rank(learner: Any, i: Inputs) -> dict[str, Any]:
    return {f"y{rank}": Later(lambda rank=rank: learner(i[f"x{rank}"], i.W, i.b)) for rank in (1, 2, 3, 4)}  # type: ignore[misc]


def _on(rank: int, wrong: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """Right, but for inputs of *rank* axes."""
    return lambda x, W, b: wrong(x, W, b) if x.ndim == rank else x @ W.T + b


def _regrouped(x: Any, W: Any, b: Any) -> Any:
    B, T, _ = x.shape
    return (x.reshape(B * T, -1) @ W.T + b).reshape(T, B, -1).transpose(0, 1)


def _lettered(equation: str) -> Callable[[Any, Any, Any], Any]:
    def answer(x: Any, W: Any, b: Any) -> Any:
        import torch

        return torch.einsum(equation, *((W, x) if equation.startswith("o") else (x, W))) + b

    return answer


forward_nd = Exercise(
    id="forward-nd",
    entry="linear",
    title=N_("One layer for any number of axes"),
    proves=N_("Whatever stands before the last axis comes back as it went in: the layer meets the features and nothing else."),
    signature="linear(x, W, b)",
    parts=(
        Part("y1", 1, ("out",)),
        Part("y2", 1, ("N", "out")),
        Part("y3", 1, ("B", "T", "out")),
        Part("y4", 1, ("2", "B", "T", "out")),
    ),
    draw=draw_axes,
    shown=shown_axes,
    ask=for_each_rank,
    expect=lambda i: {f"y{rank}": linear(i[f"x{rank}"], i.W, i.b) for rank in (1, 2, 3, 4)},
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "nd_flatten_like_affine",
            "",
            lambda x, W, b: x.reshape(x.shape[0], -1) @ W.T + b,
            N_(
                "You **flattened** everything after the first axis into features. The weight knows {in_} features and not the "
                "product of several sizes, and a single sample lost its features to the batch."
            ),
            N_("Which axis are the features, and what should happen to the ones before it?"),
        ),
        Mistake(
            "nd_leading_axes_lost",
            "",
            lambda x, W, b: x.reshape(-1, x.shape[-1]) @ W.T + b,
            N_(
                "The numbers are right, but the leading axes were merged and **never put back**: the result has the shape "
                "`{got_shape}`."
            ),
            N_("What did the shape of x look like before you merged its axes? Which part of it should come back in the result?"),
        ),
        Mistake(
            "nd_wrong_regrouping",
            "y3",
            _on(3, _regrouped),
            N_(
                "The shape is right, but the rows were **regrouped** in another order than they were merged in: most of them now "
                "stand at another position."
            ),
            N_("In which order do the rows lie after merging B and T? In which order did you take them apart?"),
        ),
        Mistake(
            "nd_features_on_axis_1",
            "y3",
            _on(3, lambda x, W, b: x.transpose(1, 2) @ W.T + b),
            N_("You brought axis 1 to the end, so the weight met **the positions** and not the features."),
            N_("Where does nn.Linear look for the features: on axis 1 or on the last one?"),
        ),
        Mistake(
            "nd_positions_summed",
            "y3",
            _on(3, lambda x, W, b: (x @ W.T).sum(1) + b),
            N_("The positions were **added up**: the result `{got_shape}` has lost the axis T."),
            N_("Does the layer know that two positions belong together?"),
        ),
        *(
            Mistake(
                id,
                "",
                _lettered(equation),
                N_(
                    "Your equation has **a fixed number of letters** for the axes of x, and einsum stops where x has another "
                    "number of axes."
                ),
                N_("How many axes does each of the four inputs have? Which product does not need a letter for every axis?"),
            )
            for id, equation in (
                ("nd_letters_of_a_table", "ni,oi->no"),
                ("nd_letters_of_a_table_after_the_weight", "oi,ni->no"),
                ("nd_letters_of_sheets", "bti,oi->bto"),
            )
        ),
        Mistake(
            "fwd_missing_transpose",
            "",
            lambda x, W, b: x @ W + b,
            N_("The `in` of x met the `out` of W: here W stands **as it is stored**, one row per neuron."),
            N_("Which axis of W should meet the features?"),
        ),
        Mistake(
            "fwd_bias_omitted",
            "",
            lambda x, W, b: x @ W.T,
            N_("The weighted sums are right, but **the bias is missing**."),
            N_("How does broadcasting read `b`, with its single axis, next to four axes?"),
        ),
    ),
    hints=(
        N_(
            "Write the shapes of the four inputs one below the other, and beside each the shape that its result should have. "
            "What is the same in every line?"
        ),
        N_("In a product `@`, which axis of the left factor meets the right factor, and which axes only come along?"),
    ),
    minutes=6,
)

# -- einsum-equation: the same in letters -------------------------------------------------------------------------

LETTERS = ("", "n", "bt", "kbt")


def draw_letters(rng: Generator, sizes: Sizes) -> Inputs:
    inputs = draw_axes(rng, sizes)
    return Inputs(sizes, W=inputs.W, **{f"x{rank}": inputs[f"x{rank}"] for rank in (1, 2, 3, 4)})


def shown_letters() -> Inputs:
    inputs = shown_axes()
    return Inputs(GENERIC, W=inputs.W, **{f"x{rank}": inputs[f"x{rank}"] for rank in (1, 2, 3, 4)})


def computed_by_einsum(learner: Any, i: Inputs) -> dict[str, Any]:
    """torch.einsum with the learner's equation for leading axes called "", "n", "bt" and "kbt"."""
    import torch

    return {
        f"y{rank}": Later(lambda rank=rank: torch.einsum(learner(LETTERS[rank - 1]), i[f"x{rank}"], i.W))  # type: ignore[misc]
        for rank in (1, 2, 3, 4)
    }


einsum_equation = Exercise(
    id="einsum-equation",
    entry="equation",
    title=N_("The layer in letters"),
    proves=N_("Every axis has a letter: the one that is missing on the right was summed over, and the others stayed."),
    signature="equation(leading)",
    parts=(
        Part("y1", 1, ("out",)),
        Part("y2", 1, ("N", "out")),
        Part("y3", 1, ("B", "T", "out")),
        Part("y4", 1, ("2", "B", "T", "out")),
    ),
    draw=draw_letters,
    shown=shown_letters,
    ask=computed_by_einsum,
    expect=lambda i: {f"y{rank}": linear(i[f"x{rank}"], i.W, None) for rank in (1, 2, 3, 4)},
    mistakes=(
        Mistake(
            "einsum_weight_as_in_out",
            "",
            lambda leading: f"{leading}i,io->{leading}o",
            N_("In your equation W has the axes `io`: its **rows** would be the features. W is kept as (out, in)."),
            N_("Which letter belongs to the rows of W and which to its columns?"),
        ),
        Mistake(
            "einsum_out_summed",
            "",
            lambda leading: f"{leading}i,oi->{leading}",
            N_("The letter `o` is missing on the right, so the **neurons were added up**: `{got_shape}`."),
            N_("Which letters should be left, and which one disappears?"),
        ),
        *(
            Mistake(
                id,
                "",
                lambda leading, kept=kept: f"{leading}i,oi->{leading}{kept}",
                N_("The letter `i` still stands on the right, so the products were **not added up**: `{got_shape}`."),
                N_("What does einsum do with a letter that is missing on the right?"),
            )
            for id, kept in (("einsum_in_kept", "oi"), ("einsum_in_kept_before_out", "io"))
        ),
        Mistake(
            "einsum_out_first",
            "y2",
            lambda leading: f"{leading}i,oi->o{leading}",
            N_("The numbers are right, but the **neurons come first**: `{got_shape}`."),
            N_("The letters on the right name the axes of the result in their order. Where does `o` belong?"),
        ),
        Mistake(
            "einsum_leading_summed",
            "y2",
            lambda leading: f"{leading}i,oi->o",
            N_("The leading letters are missing on the right, so **samples and positions were added up**: `{got_shape}`."),
            N_("Which axes should come back as they went in?"),
        ),
        Mistake(
            "einsum_for_one_batch",
            "y1",
            lambda leading: "ni,oi->no",
            N_("Your equation is the same for **every** number of leading axes, and x has one axis here."),
            N_("How many letters does x need, and which of them are in `leading`?"),
        ),
    ),
    hints=(
        N_("For a batch the equation is written with three letters: n, i, o. Which two does x have, which two W, which two y?"),
        N_("`leading` is a string, and `+` joins strings. Put it where the letter n would stand."),
    ),
    minutes=5,
)

# -- affine-agrees: when flattening is the same layer -------------------------------------------------------------

OTHER_SHAPES = ("one_axis", "three_axes", "four_axes")


def asked_of_shapes(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's answer for every shape of a group, beside that for shapes where both agree."""
    right = [learner(tuple(shape)) for shape in i.two_axes]
    return {group: right + [learner(tuple(shape)) for shape in i[group]] for group in OTHER_SHAPES}


def agree_called(group: str, i: Inputs, k: int) -> str:
    """The call that gave answer *k* of a *group*."""
    return f"agree({(*i.two_axes, *i[group])[k]})"


def draw_shapes(rng: Generator, sizes: Sizes) -> Inputs:
    """The same shapes, in sizes of the draw: the features last, and as many as the lesson's W has."""
    N, B, T = different_sizes(rng, 3)
    in_ = 4
    return Inputs(
        sizes,
        two_axes=((N, in_), (1, in_), (B, in_)),
        one_axis=((in_,),),
        three_axes=((B, T, in_), (B, 1, in_), (1, 1, in_)),
        four_axes=((2, B, T, in_), (1, B, 1, in_)),
    )


WHAT_FLATTENING_CHANGES = N_("For x of shape (5, 4): what does flattening change?")

affine_agrees = Exercise(
    id="affine-agrees",
    entry="agree",
    title=N_("When flattening is the same layer"),
    proves=N_("The two agree on tables and on nothing else: even an axis of size 1 is an axis, and flattening loses it."),
    signature="agree(shape)",
    parts=tuple(Part(group, 1, entry=partial(agree_called, group)) for group in OTHER_SHAPES),
    draw=draw_shapes,
    ask=asked_of_shapes,
    expect=lambda i: {group: np.array([True] * 3 + [False] * len(i[group])) for group in OTHER_SHAPES},
    accepts=LOGICAL | {"list"},
    mistakes=(
        Mistake(
            "agrees_on_one_sample",
            "one_axis",
            lambda shape: len(shape) <= 2,
            N_("You say yes to **one sample with one axis**, `(4,)`. There the first axis is the features."),
            N_("What does `x.reshape(x.shape[0], -1)` make of a shape (4,), and what meets the weight then?"),
        ),
        Mistake(
            "agrees_where_the_product_fits",
            "three_axes",
            lambda shape: len(shape) >= 2 and int(np.prod(shape[1:])) == shape[-1],
            N_(
                "You say yes to three axes where the flattened features **fit the weight**, as with `(5, 1, 4)`. The product "
                "then runs, but an axis of size 1 is gone."
            ),
            N_("For x of shape (5, 1, 4): what shape does each of the two layers give?"),
        ),
        Mistake(
            "agrees_with_any_batch",
            "three_axes",
            lambda shape: len(shape) >= 2,
            N_(
                "You say yes to **every** shape with a batch axis. With three axes, flattening makes one row out "
                "of several positions."
            ),
            N_("How many features has one row after flattening (5, 7, 4), and how many columns has W?"),
        ),
        Mistake(
            "agrees_where_leading_axes_are_one",
            "three_axes",
            lambda shape: len(shape) == 2 or (len(shape) > 2 and set(shape[:-1]) == {1}),
            N_("With three axes you say yes to `(1, 1, 4)`: **the numbers** are the same there, the shapes are not."),
            N_("For x of shape (1, 1, 4): what shape does each of the two layers give?"),
        ),
        Mistake(
            "agrees_with_four_axes",
            "four_axes",
            lambda shape: len(shape) in (2, 4),
            N_("You say yes to **every** shape with four axes. Flattening leaves two of them."),
            N_("For x of shape (2, 5, 7, 4): what does each of the two layers do with it?"),
        ),
        Mistake(
            "agrees_the_other_way_round",
            "",
            lambda shape: len(shape) != 2,
            N_("You say yes where the two **differ**, and where they agree you say no."),
            WHAT_FLATTENING_CHANGES,
        ),
        Mistake(
            "agrees_never",
            "",
            lambda shape: False,
            N_("You say no to **every** shape, including tables such as `(5, 4)`."),
            WHAT_FLATTENING_CHANGES,
        ),
    ),
    hints=(N_("Write the shapes of the two results one below the other. Equal numbers need equal shapes first."),),
    minutes=4,
)

# -- affine-blocks: the weight that makes flattening do the same --------------------------------------------------


def draw_blocks(rng: Generator, sizes: Sizes) -> Inputs:
    T = int(rng.integers(2, 5))
    return Inputs(sizes, W=normal(rng, sizes.out, sizes.in_), T=T)


def shown_blocks() -> Inputs:
    return Inputs(Sizes(in_=3, out=2, T=2), W=np.array([[1.0, 2, 3], [4, 5, 6]]), T=2)


def _kron(W: Any, T: int, turned: bool = True, first: bool = True) -> Any:
    import torch

    eye, block = torch.eye(T, dtype=W.dtype), W.T if turned else W
    return torch.kron(eye, block.contiguous()) if first else torch.kron(block.contiguous(), eye)


def _filled(block: Callable[[Any], Any], turned: bool = False, first_only: bool = False) -> Callable[[Any, int], Any]:
    """An answer that fills blocks of a matrix of zeros; *turned*: with the two sizes of W mixed up."""

    def answer(W: Any, T: int) -> Any:
        import torch

        in_, out = W.shape if turned else W.shape[::-1]
        D = torch.zeros(T * in_, T * out, dtype=W.dtype)
        for t in range(1 if first_only else T):
            D[t * in_ : (t + 1) * in_, t * out : (t + 1) * out] = block(W)
        return D

    return answer


def _kron_of_a_view(W: Any, T: int) -> Any:
    import torch

    return torch.kron(torch.eye(T, dtype=W.dtype), W.T)


AXIS_OF_A_BLOCK = N_("Which axis of each block should meet the features of its position?")

affine_blocks = Exercise(
    id="affine-blocks",
    entry="blocks",
    title=N_("The same layer, flattened"),
    proves=N_(
        "Flattened, the layer is a large matrix of zeros except for the blocks on its diagonal: no "
        "position has a weight for another."
    ),
    signature="blocks(W, T)",
    parts=(Part("D", 3),),
    draw=draw_blocks,
    shown=shown_blocks,
    expect=lambda i: np.kron(np.eye(i["T"]), i.W.T),
    mistakes=(
        Mistake(
            "blocks_not_transposed",
            "D",
            lambda W, T: _kron(W, T, turned=False),
            N_(
                "Your blocks are W **as it is stored**, and D has the shape `{got_shape}`. A row of the "
                "flattened x stands on the left of it."
            ),
            AXIS_OF_A_BLOCK,
        ),
        Mistake(
            "blocks_assigned_untransposed",
            "D",
            _filled(lambda W: W),
            N_("The place for a block is (in, out), and you put W there **as it is stored**, (out, in): it does not fit."),
            AXIS_OF_A_BLOCK,
        ),
        Mistake(
            "blocks_sizes_mixed_up",
            "D",
            _filled(lambda W: W.T, turned=True),
            N_("The block is right, but its **place** in D has the two sizes the other way round."),
            N_("Which of the two sizes of `W.shape` comes first? Which of them do the rows of D need?"),
        ),
        Mistake(
            "blocks_reshaped",
            "D",
            _filled(lambda W: W.reshape(W.shape[::-1])),
            N_(
                "The blocks stand in their places, but W was **reshaped**, not transposed: its numbers "
                "were laid out again in the order of memory."
            ),
            N_("A column of a block should be one neuron. Are the numbers of one row of W still together in yours?"),
        ),
        Mistake(
            "blocks_first_alone",
            "D",
            _filled(lambda W: W.T, first_only=True),
            N_("Only the **first** block is filled: all positions but position 0 would give zeros."),
            N_("How many positions does one flattened row hold, and where do the numbers of each begin?"),
        ),
        Mistake(
            "blocks_of_a_view",
            "D",
            _kron_of_a_view,
            N_(
                "The function that you call here **stops** at a transposed tensor, as `torch.kron` does: "
                "`W.T` is the memory of W, read in another order."
            ),
            N_("Which method lays the numbers of `W.T` out anew, in the order in which they are read?"),
        ),
        Mistake(
            "blocks_interleaved",
            "D",
            lambda W, T: _kron(W, T, first=False),
            N_(
                "The shape is right, but the blocks are **interleaved**: as if first feature of all positions "
                "came, then the second."
            ),
            N_("In which order do the numbers of (T, in) lie in a flattened row: position by position or feature by feature?"),
        ),
        Mistake(
            "blocks_everywhere",
            "D",
            lambda W, T: W.T.repeat(T, T),
            N_("Every block is filled, so **every position acts on every other**."),
            N_("Which positions of y depend on position 0 of x? What stands in all the other blocks?"),
        ),
        Mistake(
            "blocks_side_by_side",
            "D",
            lambda W, T: W.T.repeat(T, 1),
            N_("The blocks stand **one below the other**, `{got_shape}`: all positions would be added up into one."),
            N_("How many numbers does one flattened row of y have?"),
        ),
        Mistake(
            "blocks_reversed",
            "D",
            lambda W, T: _kron(W, T).flip(0, 1),
            N_("The blocks go along the **other diagonal** or were turned round: position 0 meets the last one."),
            N_("Which block does the first position of x meet, and which position of y does it write?"),
        ),
    ),
    hints=(
        N_("Begin with a matrix of zeros of shape (T·in, T·out). Which rows belong to position t, which columns?"),
        N_("For position t only one block is filled, and it is the same for every t. What is in it?"),
    ),
    minutes=6,
)

# -- count-positions ----------------------------------------------------------------------------------------------


def draw_positions(rng: Generator, sizes: Sizes) -> Inputs:
    in_, out, T = different_sizes(rng, 3)
    return Inputs(sizes, in_=in_, out=out, T=T)


count_positions = Exercise(
    id="count-positions",
    entry="count",
    title=N_("Weights for a sheet of positions"),
    proves=N_(
        "nn.Linear has one small W for all positions. Affine needs, for each neuron, a weight for every "
        "feature at every position of a sheet."
    ),
    signature="count(in_, out, T)",
    parts=(Part("linear", 1), Part("affine", 1)),
    draw=draw_positions,
    expect=lambda i: {"linear": np.array(i.in_ * i.out + i.out), "affine": np.array(i["T"] * i.in_ * i.out + i.out)},
    accepts=NUMBERS,
    mistakes=(
        Mistake(
            "params_count_per_position",
            "linear",
            lambda in_, out, T: (T * (in_ * out + out), T * in_ * out + out),
            N_("For nn.Linear you counted the parameters **once for each of the {T} positions**."),
            N_("Do two positions have weights of their own in nn.Linear, or do they share one W?"),
        ),
        Mistake(
            "params_count_without_bias",
            "linear",
            lambda in_, out, T: (in_ * out, T * in_ * out),
            N_("You counted **no biases**."),
            N_("How many neurons does each of the two layers have?"),
        ),
        Mistake(
            "params_count_the_other_way_round",
            "linear",
            lambda in_, out, T: (T * in_ * out + out, in_ * out + out),
            N_("The two numbers are right, but **in the other order**: first nn.Linear, then Affine."),
            N_("Which of the two layers has fewer parameters?"),
        ),
        Mistake(
            "affine_counted_without_bias",
            "affine",
            lambda in_, out, T: (in_ * out + out, T * in_ * out),
            N_("For Affine you counted the weights, but **no biases**."),
            N_("How many numbers does Affine give for one sheet, and what is added to each of them?"),
        ),
        Mistake(
            "affine_counted_like_linear",
            "affine",
            lambda in_, out, T: (in_ * out + out, in_ * out + out),
            N_("For Affine you counted {in_} features. After flattening, **one row is longer** than that."),
            N_("How many numbers has one row of `x.reshape(x.shape[0], -1)`, where x is (N, T, in)?"),
        ),
        Mistake(
            "affine_bias_per_position",
            "affine",
            lambda in_, out, T: (in_ * out + out, T * (in_ * out + out)),
            N_("For Affine you counted a bias **for each position**. Affine gives {out} numbers for a whole sheet."),
            N_("How many numbers does Affine return for one sample, and how many biases are added?"),
        ),
    ),
    hints=(N_("Affine flattens (N, T, in) to (N, T·in) first. What is the shape of its weight then?"),),
    minutes=3,
)

# -- which-sizes: reading an error message ------------------------------------------------------------------------


def draw_message(rng: Generator, sizes: Sizes) -> Inputs:
    """What torch says of nn.Linear(in_features, out_features) where x has another last axis, and where the dtypes differ."""
    N, given, in_features, out = different_sizes(rng, 4)
    x_type, W_type = (("Long", "Float"), ("Double", "Float"), ("Float", "Double"))[int(rng.integers(3))]
    return Inputs(
        sizes,
        product=f"mat1 and mat2 shapes cannot be multiplied ({N}x{given} and {in_features}x{out})",
        dtype=f"mat1 and mat2 must have the same dtype, but got {x_type} and {W_type}",
        given=given,
        in_features=in_features,
    )


BOTH_SHAPES, ONE_SHAPE = r"\((\d+)x(\d+) and (\d+)x(\d+)\)", r"\((\d+)x(\d+)\)"


def asked_of_messages(learner: Any, i: Inputs) -> dict[str, Any]:
    """Asked of both messages. Where something reads sizes, but not those of the message, its None there is [], no sizes."""

    def sizes() -> Any:
        given = learner(i.product)
        return [] if given is None and reads_one_shape(learner) else given

    def told_apart() -> Any:
        other = learner(i.dtype)
        return np.array([learner(i.product) is not None or reads_one_shape(learner), other is None])

    return {"sizes": Later(sizes), "dtype": Later(told_apart)}


def reads_one_shape(learner: Any) -> bool:
    """Does it find sizes in the text that the lesson's own pattern is tried on? It may then stop, wanting four of them."""
    try:
        return learner("a (12x34)") is not None
    except (IndexError, ValueError):
        return True


def _read(pick: Callable[[list[int]], Any], dtype: Any = None, pattern: str = BOTH_SHAPES) -> Callable[[str], Any]:
    def answer(message: str) -> Any:
        import re

        found = re.search(pattern, message)
        return pick([int(number) for number in found.groups()]) if found else dtype

    return answer


def _untested(pick: Callable[[Any], Any]) -> Callable[[str], Any]:
    """An answer that goes on with what was found, without asking whether anything was."""

    def answer(message: str) -> Any:
        import re

        return pick(re.search(BOTH_SHAPES, message))

    return answer


def _every_number(first: int) -> Callable[[str], Any]:
    """An answer that takes two of all the numbers in the message, from the *first* on."""

    def answer(message: str) -> Any:
        import re

        numbers = [int(number) for number in re.findall(r"\d+", message)] + [0]
        return numbers[first], numbers[first + 1]

    return answer


WHICH_SIZES_MEET = N_("Which axis of x meets the weight, and which size of the weight does it meet?")

which_sizes = Exercise(
    id="which-sizes",
    entry="which_sizes",
    title=N_("What an error message says"),
    proves=N_(
        "The message shows both shapes as they were multiplied, the weight already transposed: the two inner sizes did not meet."
    ),
    signature="which_sizes(message)",
    parts=(Part("sizes", 2, given={"message": lambda i: i.product}), Part("dtype", 1)),
    draw=draw_message,
    ask=asked_of_messages,
    expect=lambda i: {"sizes": np.array([i.given, i.in_features]), "dtype": np.array([True, True])},
    accepts=SEQUENCES | LOGICAL,
    mistakes=(
        Mistake(
            "one_shape_searched",
            "sizes",
            _read(lambda n: (n[0], n[1]), pattern=ONE_SHAPE),
            N_(
                "In a message about sizes your pattern finds **nothing**, and `None` came back. It looks "
                "for one shape in brackets, but in the message the brackets hold two."
            ),
            N_("What stands between the two shapes in the message, and what should the pattern have in that place?"),
        ),
        *(
            Mistake(
                id,
                "",
                _untested(pick),
                N_("A search that finds nothing gives `None`, and your code goes on **as if something had been found**."),
                N_("In which messages does your pattern find nothing, and what should be returned for those?"),
            )
            for id, pick in (
                ("none_asked_for_groups", lambda found: [int(found.groups()[k]) for k in (1, 2)]),
                ("none_asked_for_a_group", lambda found: [int(found.group(k)) for k in (2, 3)]),
            )
        ),
        Mistake(
            "in_features_mismatch",
            "sizes",
            _read(lambda n: (n[1], n[3])),
            N_(
                "You gave `{gave}`: for W you took the last number of the message. The weight is "
                "**already transposed** there, (in, out)."
            ),
            N_("Which two of the four numbers stand next to each other in the product and should be equal?"),
        ),
        Mistake(
            "outer_sizes_read",
            "sizes",
            _read(lambda n: (n[0], n[3])),
            N_("You gave `{gave}`, the **outer** sizes: the batch and the neurons. These never meet."),
            N_("Which axis of the left factor meets which axis of the right one?"),
        ),
        Mistake(
            "first_sizes_read",
            "sizes",
            _read(lambda n: (n[0], n[2])),
            N_("You gave `{gave}`, the **first** size of each factor."),
            N_("Which axis of the left factor meets the first axis of the right one?"),
        ),
        Mistake(
            "both_sizes_of_x_read",
            "sizes",
            _read(lambda n: (n[0], n[1])),
            N_("You gave `{gave}`: **both** are sizes of x, but one of the two should be a size of W."),
            WHICH_SIZES_MEET,
        ),
        Mistake(
            "both_sizes_of_the_weight_read",
            "sizes",
            _read(lambda n: (n[2], n[3])),
            N_("You gave `{gave}`: **both** are sizes of the weight, but one of the two should be a size of x."),
            WHICH_SIZES_MEET,
        ),
        Mistake(
            "sizes_in_the_other_order",
            "sizes",
            _read(lambda n: (n[2], n[1])),
            N_("The two numbers are right, but **in the other order**: first the size in x, then the size in W."),
            N_("In which order does the message name x and the weight?"),
        ),
        Mistake(
            "names_taken_for_sizes",
            "sizes",
            _every_number(0),
            N_("You gave `{gave}`: these are the digits of the **names** mat1 and mat2, not sizes."),
            N_("Where in the message do the shapes begin? Which sign stands before them?"),
        ),
        Mistake(
            "name_and_batch_taken_for_sizes",
            "sizes",
            _every_number(1),
            N_("You gave `{gave}`: the digits in the **names** mat1 and mat2 were read as sizes."),
            N_("Where in the message do the shapes begin? Which sign stands before them?"),
        ),
        Mistake(
            "dtype_mismatch",
            "dtype",
            _read(lambda n: (n[1], n[2]), dtype=(0, 0)),
            N_("For a message about **dtypes** you gave sizes as well. There the shapes are not to blame."),
            N_("What does a message about sizes contain that this one does not?"),
        ),
    ),
    hints=(
        N_('`re.search(r"\\((\\d+)x(\\d+) and (\\d+)x(\\d+)\\)", message)` finds the four numbers in brackets, or `None`.'),
        N_("Of (5x6 and 4x3): x is (5, 6), the transposed weight (4, 3). Which two sizes should have been equal?"),
    ),
    minutes=5,
)

# -- mixes-positions: a question to a layer that one cannot see into ----------------------------------------------


def layers(i: Inputs) -> dict[str, Callable[[Any], Any]]:
    """Layers on (B, T, in): the first two treat each position alone, the others let positions reach each other."""
    import torch

    W, T = i.W, i.x.shape[1]
    # every position of y from all positions of x, most from its own
    D = torch.kron(torch.ones(T, T, dtype=W.dtype) + torch.eye(T, dtype=W.dtype), W.T.contiguous())

    def affine(x: Any) -> Any:
        return (x.reshape(x.shape[0], -1) @ D).reshape(x.shape[0], x.shape[1], -1)

    def from_the_middle(x: Any) -> Any:
        at = x.shape[1] // 2
        return (x + x[:, at : at + 1]) @ W.T

    return {
        "linear": lambda x: x @ W.T,
        "own_bias": lambda x: x @ W.T + torch.arange(x.shape[1], dtype=x.dtype)[:, None],
        "affine": affine,
        "earlier": lambda x: (x @ W.T).cumsum(1),
        "later": lambda x: (x @ W.T).flip(1).cumsum(1).flip(1),
        "from_the_first": lambda x: torch.cat([x[:, :1], x[:, 1:] + x[:, :1]], 1) @ W.T,
        "from_the_last": lambda x: torch.cat([x[:, :-1] + x[:, -1:], x[:, -1:]], 1) @ W.T,
        "from_the_middle": from_the_middle,
    }


def draw_mixing(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, x=normal(rng, 2, sizes.T, sizes.in_), W=normal(rng, sizes.out, sizes.in_))


MIXING = {
    "affine": ("affine",),
    "one_way": ("earlier", "later"),
    "one_position": ("from_the_first", "from_the_last", "from_the_middle"),
}


def asked_of_layers(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's answer on layers that mix, beside that on two that do not. Each gets x itself: a change in it shows."""
    made = layers(i)
    apart = [bool(learner(made[name], i.x)) for name in ("linear", "own_bias")]
    return {part: np.array(apart + [bool(learner(made[name], i.x)) for name in names]) for part, names in MIXING.items()}


def _changes(positions: Callable[[int], list[int]], seen: Callable[[Any, int], Any]) -> Callable[[Any, Any], bool]:
    """An answer that changes each of *positions*(T) in turn and looks at what *seen*(difference, position) of y moves."""

    def answer(f: Any, x: Any) -> bool:
        before = f(x)
        for t in positions(x.shape[1]):
            other = x.clone()
            other[:, t] += 1
            if bool((seen((f(other) - before).abs(), t) > 1e-9).any()):
                return True
        return False

    return answer


def _others(moved: Any, t: int) -> Any:
    moved = moved.clone()
    moved[:, t] = 0
    return moved


mixes_positions = Exercise(
    id="mixes-positions",
    entry="mixes_positions",
    title=N_("Does this layer mix positions?"),
    proves=N_(
        "Change one position, look at all the others, and do so for every position: that is how a layer is asked what it does."
    ),
    signature="mixes_positions(f, x)",
    parts=(Part("affine", 1), Part("one_way", 2), Part("one_position", 1)),
    draw=draw_mixing,
    ask=asked_of_layers,
    expect=lambda i: {part: np.array([False, False] + [True] * len(names)) for part, names in MIXING.items()},
    accepts=LOGICAL,
    mistakes=(
        Mistake(
            "mixing_seen_everywhere",
            "affine",
            _changes(lambda T: list(range(T)), lambda moved, t: moved),
            N_("You say yes to **every** layer: you looked at the changed position too, and that one may change."),
            N_("Which positions of y must stay as they are, if the layer treats each position alone?"),
        ),
        Mistake(
            "mixing_asked_of_the_first",
            "one_way",
            _changes(lambda T: [0], _others),
            N_(
                "You changed only the **first** position. A layer in which a later position acts on an "
                "earlier one went unnoticed."
            ),
            N_("If only the last position reaches the others, which one has to be changed for that to show?"),
        ),
        Mistake(
            "mixing_asked_of_the_last",
            "one_way",
            _changes(lambda T: [T - 1], _others),
            N_(
                "You changed only the **last** position. A layer in which an earlier position acts on a later one went unnoticed."
            ),
            N_("If only the first position reaches the others, which one has to be changed for that to show?"),
        ),
        Mistake(
            "mixing_asked_of_both_ends",
            "one_position",
            _changes(lambda T: [0, T - 1], _others),
            N_("You changed the first and the last position, and **the ones between** were never asked."),
            N_("Is there a layer in which only a middle position reaches the others?"),
        ),
        Mistake(
            "mixing_asked_of_one_between",
            "one_position",
            _changes(lambda T: [1], _others),
            N_("You changed **one position**. A layer in which only another one reaches the others was not noticed."),
            N_("If a single position reaches all others and you do not know which, how many have to be tried?"),
        ),
    ),
    hints=(
        N_("Make a copy of x, add 1 to all features of one position, and compare f of both."),
        N_("If nothing is mixed, only the changed position of y differs. One position alone is not enough to be sure."),
    ),
    minutes=7,
)

LESSON = Lesson(
    number="04",
    folder="04_any_axes",
    title=N_("Any number of axes"),
    exercises=(
        forward_nd,
        einsum_equation,
        affine_agrees,
        affine_blocks,
        count_positions,
        which_sizes,
        mixes_positions,
    ),
)
