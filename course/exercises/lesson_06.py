"""Lesson 06: the backward pass of the layer by hand. dX = GW, dW = Gᵀx, db = Σₙ Gₙ, from one column to the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.exercise import GENERIC, N_, Array, Exercise, Inputs, Mistake, Part, Sizes, call, normal, thread
from course.exercises import Lesson
from course.exercises.by_hand import AUTOGRAD
from course.gradients import Gradients

Generator = np.random.Generator

# What arrives at the small layer of whole numbers: y − t, where L is half the squared distance of y from some t.
UPSTREAM = ((2, 1, 2), (-1, 0, 1), (1, 0, 1), (-1, 1, 2), (-2, 1, 0))


def upstream() -> Array:
    return np.array(UPSTREAM, dtype=np.float64)


def draw_layer(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, G = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.N, sizes.out)
    return Inputs(sizes, x=x, W=W, G=G)


def shown_layer() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, x=numbers["x"], W=numbers["W"], G=upstream())


def layer_gradients(**of: str) -> Gradients:
    """Autograd's gradients of y = xWᵀ + b where G arrives: {part: tensor}. No gradient depends on b: it is the lesson's own."""
    return Gradients(
        of=of,
        fn=lambda x, W, b: x @ W.T + b,
        given=lambda i: {"x": i.x, "W": i.W, "b": np.resize(thread()["b"], len(i.W))},
        upstream="G",
        letters={"y": "G"},
    )


# -- one-column-backward: one sample, standing --------------------------------------------------------------------


def draw_column(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, b = normal(rng, sizes.in_, 1), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out, 1)
    return Inputs(sizes, x=x, W=W, b=b, g=normal(rng, sizes.out, 1))


def shown_column() -> Inputs:
    numbers = thread()
    x, b, g = (np.ascontiguousarray(row[:, None]) for row in (numbers["x"][0], numbers["b"], upstream()[0]))
    return Inputs(GENERIC, x=x, W=numbers["W"], b=b, g=g)


Answer = Callable[..., Any]


def _column(**wrong: Answer) -> Answer:
    """An answer to one-column-backward that is right but for the parts in *wrong*."""
    right: dict[str, Answer] = {
        "dx": lambda x, W, b, g: W.T @ g,
        "dW": lambda x, W, b, g: g @ x.T,
        "db": lambda x, W, b, g: g,
    }
    return lambda *given: tuple(of(*given) for of in (right | wrong).values())


one_column_backward = Exercise(
    id="one-column-backward",
    entry="column_backward",
    title=N_("One column, backwards"),
    proves=N_(
        "Each weight gets the number that arrives at its neuron, times its own input: for one sample dW is the table of these "
        "products, g times xᵀ."
    ),
    signature="column_backward(x, W, b, g)",
    parts=(Part("dx", 1, ("in", "1")), Part("dW", 2, ("out", "in")), Part("db", 1, ("out", "1"))),
    draw=draw_column,
    shown=shown_column,
    expect=Gradients(of={"dx": "x", "dW": "W", "db": "b"}, fn=lambda x, W, b: W @ x + b, upstream="g", letters={"z": "g"}),
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake(
            "dW_single_sample_dot",
            "",
            _column(dW=lambda x, W, b, g: g.T @ x),
            N_("You laid `g` down and left `x` standing: that is **a dot product**, one number, and it needs equal lengths."),
            N_(
                "dW has a number for every pair of an output and an input. Which of the two columns must lie to give such a "
                "table?"
            ),
        ),
        Mistake(
            "column_dW_elementwise",
            "",
            _column(dW=lambda x, W, b, g: g * x),
            N_("You multiplied `g` and `x` **entry by entry**: number i of one met number i of the other only."),
            N_("There is a weight from every input to every neuron. How many pairs is that, and how many did you form?"),
        ),
        Mistake(
            "column_dx_weight_as_stored",
            "",
            _column(dx=lambda x, W, b, g: W @ g),
            N_("In your dx, W stands **as in the forward pass**: its axis `in` met the neurons of `g`."),
            N_("On the way back, numbers come in for neurons and go out for inputs. Which axis of W should meet `g`?"),
        ),
        Mistake(
            "column_dx_lies",
            "dx",
            _column(dx=lambda x, W, b, g: g.T @ W),
            N_("The numbers of dx are right, but they **are in a row**, `{got_shape}`, and x is a column."),
            N_("A gradient has the shape of its tensor. What shape does x have?"),
        ),
        Mistake(
            "db_given_itself",
            "db",
            _column(db=lambda x, W, b, g: b.clone()),
            N_("Your db is **b itself**: where the line stands, and not how L changes with it."),
            N_("If b grows by a little, by how much does z grow, and by how much does L?"),
        ),
        Mistake(
            "dX_local_derivative_only",
            "dx",
            _column(dx=lambda x, W, b, g: W),
            N_("Your dx is **W itself**: that is how z changes with x, and what arrives at z is not in it."),
            N_("An input reaches {out} neurons. What does each of them send back, and what becomes of these {out} numbers?"),
        ),
        Mistake(
            "dX_upstream_ignored",
            "dx",
            _column(dx=lambda x, W, b, g: W.sum(0)[:, None]),
            N_("Your dx is the sum of the rows of W, **whatever g is**: each neuron counted once."),
            N_("Suppose L doubles. Which of the arguments changes, and does your dx?"),
        ),
        Mistake(
            "dX_upstream_collapsed",
            "dx",
            _column(dx=lambda x, W, b, g: g.sum() * W.sum(0)[:, None]),
            N_(
                "In dx you added up `g` and added up W **before** you multiplied: the number of one neuron met the weights of "
                "others."
            ),
            N_("Which weight lies on the path from input j to neuron i, and which number of `g` comes along that path?"),
        ),
        Mistake(
            "dW_transposed",
            "dW",
            _column(dW=lambda x, W, b, g: x @ g.T),
            N_("The numbers of dW are right, but **transposed**: `{got_shape}`, one row per input."),
            N_("A gradient has the shape of its tensor. What does one row of W belong to?"),
        ),
        Mistake(
            "dW_upstream_ignored",
            "dW",
            _column(dW=lambda x, W, b, g: (g * 0 + 1) @ x.T),
            N_("All rows of your dW are the same: each is x, **whatever g is**."),
            N_("Let one number of `g` be 0, so that this neuron does not matter to L. What should its row of dW be?"),
        ),
        Mistake(
            "dW_local_derivative_only",
            "dW",
            _column(dW=lambda x, W, b, g: x.T),
            N_("Your dW is **x itself**: that is how one neuron's z changes with its weights, and nothing of L is in it."),
            N_("There are {out} neurons with {in_} weights each. What differs between their rows?"),
        ),
        Mistake(
            "dW_scaled_by_weight",
            "dW",
            _column(dW=lambda x, W, b, g: W * (g @ x.T)),
            N_("Every number of your dW is **multiplied by the weight itself**."),
            N_("If w·x grows with w, by how much does it grow for each 1 of w: does that depend on where w stands now?"),
        ),
        Mistake(
            "dW_sign_flipped",
            "dW",
            _column(dW=lambda x, W, b, g: -g @ x.T),
            N_("Every number of your dW has the **opposite sign**."),
            N_("A gradient says which way L grows. Whose task is it to go the other way?"),
        ),
        Mistake(
            "dW_returned_updated_weight",
            "dW",
            _column(dW=lambda x, W, b, g: W - 0.1 * g @ x.T),
            N_("You returned **new weights**, W after a step of 0.1 against the gradient, and not the gradient."),
            N_("What is the backward pass asked for: how L changes with W, or what W should become?"),
        ),
        Mistake(
            "db_scaled_by_bias",
            "db",
            _column(db=lambda x, W, b, g: g * b),
            N_("Every number of your db is **multiplied by the bias itself**."),
            N_("Add 1 to b. By how much does z change, and does it matter how large b was before?"),
        ),
        Mistake(
            "db_local_derivative_only",
            "db",
            _column(db=lambda x, W, b, g: g * 0 + 1),
            N_("Your db is **1 everywhere**: that is how z changes with b, and what arrives at z is not in it."),
            N_("L changes with z by `g`, and z with b by 1. What is done with numbers along one path?"),
        ),
        Mistake(
            "db_total_scalar",
            "db",
            _column(db=lambda x, W, b, g: g.sum()),
            N_("You **added up** all of `g`: all neurons' biases would have one gradient, one number."),
            N_("Which z does the bias of neuron i enter, and which does it not?"),
        ),
    ),
    hints=(
        N_("Take one weight, `W[2, 1]`. Which z does it enter, and with what is it multiplied there?"),
        N_("A gradient has the shape of its tensor: write the shapes of dx, dW and db before you write a product."),
        N_("A column times a row is a table of all products; a matrix times a column adds up over the axis where they meet."),
    ),
    minutes=6,
)

# -- weight-paths: which entries of y one weight enters -----------------------------------------------------------


def draw_path(rng: Generator, sizes: Sizes) -> Inputs:
    """One weight w_ij; both indices are valid on either axis and differ, so that a swap does not raise."""
    inputs = draw_layer(rng, sizes)
    i, j = rng.permutation(min(sizes.in_, sizes.out))[:2]
    return Inputs(sizes, x=inputs.x, G=inputs.G, i=int(i), j=int(j))


def shown_path() -> Inputs:
    """A weight on which every known mistake shows."""
    return Inputs(GENERIC, x=thread()["x"], G=upstream(), i=2, j=0)


def paths(i: Inputs) -> dict[str, Array]:
    """Autograd's derivative of every entry of y by w_ij, and its dW there."""
    import torch

    x, W = torch.from_numpy(i.x), torch.zeros(i.G.shape[1], i.x.shape[1], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda W: torch.nn.functional.linear(x, W), W)  # (N, out, out, in)
    dW = layer_gradients(dW="W")(Inputs(i.sizes, x=i.x, W=W.numpy(), G=i.G))["dW"]
    return {"local": jacobian[:, :, i.i, i.j].numpy(), "dw": dW[i.i, i.j]}


def ask_paths(learner: Any, i: Inputs) -> Any:
    """Ask; a dw that is a plain Python number is as good as a tensor of no axes."""
    given = call(learner, i)
    if isinstance(given, tuple | list) and len(given) == 2 and type(given[1]) in (int, float):
        return given[0], np.array(given[1], dtype=np.float64)
    return given


def _paths(local: Answer | None = None, dw: Answer | None = None) -> Answer:
    """An answer to weight-paths that is right but for what is given."""

    def right(x: Any, G: Any, i: int, j: int) -> Any:
        table = G * 0
        table[:, i] = x[:, j]
        return table

    def sum_over_paths(x: Any, G: Any, i: int, j: int) -> Any:
        return (G * right(x, G, i, j)).sum()

    return lambda *given: ((local or right)(*given), (dw or sum_over_paths)(*given))


def _set(where: Callable[..., Any], to: Callable[..., Any]) -> Answer:
    """A table of zeros, but *to* at *where*; both are called with x, i, j."""

    def table(x: Any, G: Any, i: int, j: int) -> Any:
        zeros = G * 0
        zeros[where(i, j)] = to(x, i, j)
        return zeros

    return table


EVERY = slice(None)

weight_paths = Exercise(
    id="weight-paths",
    entry="weight_paths",
    title=N_("Where one weight reaches"),
    proves=N_("One weight enters one number of every sample's row: its gradient is a sum of N products, upstream times input."),
    signature="weight_paths(x, G, i, j)",
    parts=(Part("local", 2, ("N", "out")), Part("dw", 1)),
    draw=draw_path,
    shown=shown_path,
    sizes=(GENERIC, GENERIC, GENERIC, GENERIC, Sizes(N=7, in_=6, out=4)),
    ask=ask_paths,
    expect=paths,
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake(
            "paths_indices_swapped",
            "local",
            _paths(local=_set(lambda i, j: (EVERY, j), lambda x, i, j: x[:, i])),
            N_("For `W[{i}, {j}]` you filled column {j} with feature {i}: **row and column of W have changed places**."),
            N_("A row of W is a neuron. Which column of y does that neuron write, and which feature does its weight read?"),
        ),
        Mistake(
            "paths_every_neuron",
            "local",
            _paths(local=lambda x, G, i, j: G * 0 + x[:, j][:, None]),
            N_("In your table `W[{i}, {j}]` enters **every column** of y."),
            N_("Whose weight is `W[{i}, {j}]`? What does it have to do with the sums of the other neurons?"),
        ),
        Mistake(
            "paths_one_sample",
            "local",
            _paths(local=_set(lambda i, j: (0, i), lambda x, i, j: x[0, j])),
            N_("In your table `W[{i}, {j}]` enters only **one sample's** row of y."),
            N_("How often did the forward pass use this weight: once, or once for every row of x?"),
        ),
        Mistake(
            "paths_same_indices",
            "local",
            _paths(local=_set(lambda i, j: (i, j), lambda x, i, j: x[i, j])),
            N_(
                "You took the indices of **W** for those of **y** and **x**. There, the first index of "
                "`[{i}, {j}]` would be sample {i}."
            ),
            N_("W has no axis for samples. Which of its two indices is found again in y, and along which axis?"),
        ),
        Mistake(
            "paths_only_marked",
            "local",
            _paths(local=_set(lambda i, j: (EVERY, i), lambda x, i, j: 1)),
            N_(
                "Your table marks the right places, but with **ones**: it says where the weight reaches, not how much it moves y."
            ),
            N_("If the weight grows by 1, by how much does that entry of y grow? Compare two samples."),
        ),
        Mistake(
            "paths_feature_of_the_neuron",
            "local",
            _paths(local=_set(lambda i, j: (EVERY, i), lambda x, i, j: x[:, i])),
            N_("The column is right, but the numbers are **feature {i}** of x, and `W[{i}, {j}]` is never multiplied by it."),
            N_("In the sum of neuron {i}, beside which feature does this weight stand?"),
        ),
        Mistake(
            "paths_only_the_column",
            "local",
            _paths(local=lambda x, G, i, j: x[:, j].clone()),
            N_("You returned only the column of x, `{got_shape}`: it does not say **which entries of y** move by these numbers."),
            N_("The table has a place for every entry of y. What stands where the weight does not reach?"),
        ),
        Mistake(
            "paths_table_of_x",
            "local",
            _paths(local=lambda x, G, i, j: _set(lambda i, j: (EVERY, j), lambda x, i, j: x[:, j])(x, x, i, j)),
            N_("Your table has the shape of **x**, `{got_shape}`, and the question was about the entries of y."),
            N_("Which column of y does `W[{i}, {j}]` help to compute?"),
        ),
        Mistake(
            "paths_upstream_inside",
            "local",
            _paths(local=lambda x, G, i, j: _paths()(x, G, i, j)[0] * G),
            N_("Your table holds **products with G** already: it says how L changes, and the question was how y changes."),
            N_("Which of the two factors belongs to the layer alone, and would be the same for any L?"),
        ),
        Mistake(
            "dW_upstream_ignored",
            "dw",
            _paths(dw=lambda x, G, i, j: x[:, j].sum()),
            N_("Your dw is the sum of the local derivatives, **whatever G is**."),
            N_("What is there for every entry of y besides its local derivative, before the paths are added up?"),
        ),
        Mistake(
            "dW_batch_mean",
            "dw",
            _paths(dw=lambda x, G, i, j: (G[:, i] * x[:, j]).mean()),
            N_("Your dw is exactly 1/{N} of what it should be, and there are {N} samples: you **averaged over the batch**."),
            N_("If L itself takes the mean, which quantity already holds the factor 1/{N}?"),
        ),
        Mistake(
            "dW_element_mean",
            "dw",
            _paths(dw=lambda x, G, i, j: (G[:, i] * x[:, j]).sum() / (G.shape[0] * G.shape[1])),
            N_("Your dw is 1/{N_out} of what it should be, and y has {N_out} entries: you **averaged over all of them**."),
            N_("What does lesson 05 do with what arrives along different paths?"),
        ),
        Mistake(
            "dW_outer_of_sums",
            "dw",
            _paths(dw=lambda x, G, i, j: G[:, i].sum() * x[:, j].sum()),
            N_("You added up the samples **before** you multiplied: what arrives at one sample met the input of another."),
            N_("Along one path, from w to y and on to L, how many samples are met?"),
        ),
        Mistake(
            "dW_last_sample_only",
            "dw",
            _paths(dw=lambda x, G, i, j: G[-1, i] * x[-1, j]),
            N_("Only the **last sample** is in your dw."),
            N_("If there is a loop: does it add to dw, or put something new in its place?"),
        ),
        Mistake(
            "dW_per_sample_not_summed",
            "dw",
            _paths(dw=lambda x, G, i, j: G[:, i] * x[:, j]),
            N_("You gave {N} numbers for dw, **one per sample**, and there is one weight."),
            N_("All {N} paths start at the same weight. What happens where paths meet?"),
        ),
        Mistake(
            "paths_per_neuron",
            "dw",
            _paths(dw=lambda x, G, i, j: (_paths()(x, G, i, j)[0] * G).sum(0)),
            N_("You gave {out} numbers for dw, **one per neuron**, and there is one weight."),
            N_("All but one of them are 0. Over which axes do the paths from this weight run?"),
        ),
        Mistake(
            "paths_upstream_of_every_neuron",
            "dw",
            _paths(dw=lambda x, G, i, j: (G.sum(1) * x[:, j]).sum()),
            N_("What arrived at **all neurons** of a sample went into dw."),
            N_("Which entries of y does the weight not reach at all, and what is its local derivative there?"),
        ),
    ),
    hints=(
        N_("Write out the sum for `y[n, k]`. For which k does `W[i, j]` appear in it, and what is it multiplied by?"),
        N_("Start from a table of zeros in the shape of G, and fill only what the weight reaches."),
        N_("dw: for every entry of y, multiply what arrives there by the local derivative; then add everything up."),
    ),
    minutes=7,
)

# -- sample-contributions: one table a sample ---------------------------------------------------------------------


def draw_samples(rng: Generator, sizes: Sizes) -> Inputs:
    inputs = draw_layer(rng, sizes)
    return Inputs(sizes, x=inputs.x, G=inputs.G)


def shown_samples() -> Inputs:
    return Inputs(GENERIC, x=thread()["x"], G=upstream())


def per_sample(i: Inputs) -> Array:
    """Autograd's dW of each sample alone, (N, out, in)."""
    dW = layer_gradients(dW="W")
    W = np.zeros((i.G.shape[1], i.x.shape[1]))
    return np.stack([dW(Inputs(i.sizes, x=x[None], W=W, G=g[None]))["dW"] for x, g in zip(i.x, i.G, strict=True)])


def _stacked(one: Callable[[Any, Any], Any]) -> Answer:
    """An answer to sample-contributions that computes *one* (x[n], G[n]) after the other."""

    def contributions(x: Any, G: Any) -> Any:
        import torch

        return torch.stack([one(x[n], G[n]) for n in range(len(x))])

    return contributions


def _filled(one: Callable[[Any, Any], Any]) -> Answer:
    """As `_stacked`, but each *one* is put into its place in a tensor of the right shape."""

    def contributions(x: Any, G: Any) -> Any:
        C = x.new_zeros(len(x), G.shape[1], x.shape[1])
        for n in range(len(x)):
            C[n] = one(x[n], G[n])
        return C

    return contributions


@dataclass(frozen=True)
class InLoop:
    """What a loop over samples would put, or add, into a table that is there already: told alike for C and for dW.

    Where sizes differ it raises, and no result is left to tell it by; where they are equal it fills the table.
    """

    id: str
    one: Callable[[Any, Any], Any]
    message: str
    hint: str


WHICH_STANDS = N_(
    "You need every pair of an output and an input. Which of the two must stand upright, and how does it get a second axis?"
)
NUMBER_BY_NUMBER = (
    N_("You multiplied G and x **entry by entry**: neuron i met feature i only."),
    N_("How many pairs of a neuron and a feature has one sample? Give each of the two its own axis."),
)

DOT_OF_A_SAMPLE = N_(
    "For one sample you multiplied `G[n]` and `x[n]` as **a dot product**: that gives one number, and it needs equal lengths. "
    "`.T` does not help: in a tensor of one axis there is nothing to swap."
)

IN_A_LOOP = (
    InLoop("dot_in_a_loop", lambda x, g: g @ x, DOT_OF_A_SAMPLE, WHICH_STANDS),
    InLoop("elementwise_in_a_loop", lambda x, g: g * x, *NUMBER_BY_NUMBER),
    InLoop(
        "column_meets_vector",
        lambda x, g: g[:, None] @ x,
        N_(
            "`G[n]` stands as a column now, but `x[n]` still has **one axis**: on the right of `@` it counts as a column too, "
            "and its {in_} numbers met the axis of size 1."
        ),
        N_("A column times a row gives a table. What shape does `x[n]` have as a row, and how many axes is that?"),
    ),
    InLoop(
        "row_meets_row",
        lambda x, g: g @ x[None, :],
        N_(
            "`x[n]` is a row with two axes now, but `G[n]` does not **stand upright**: on the left of `@` "
            "it counts as a row too, and its {out} numbers met the axis of size 1."
        ),
        N_("In the table each number of `G[n]` has a row of its own. In what shape do these numbers stand one below the other?"),
    ),
)

sample_contributions = Exercise(
    id="sample-contributions",
    entry="contributions",
    title=N_("What each sample gives"),
    proves=N_("Every sample gives a table of its own, G[n] times x[n], in the shape of W. None of them knows of the others."),
    signature="contributions(x, G)",
    parts=(Part("C", 2, ("N", "out", "in")),),
    draw=draw_samples,
    shown=shown_samples,
    expect=per_sample,
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake(
            "dW_single_sample_dot",
            "C",
            _stacked(lambda x, g: x @ g),
            N_(
                "For one sample you multiplied two tensors of **one axis** by `@`: that is a dot product, one number. Their `.T` "
                "changes nothing, for there is nothing to swap."
            ),
            WHICH_STANDS,
        ),
        Mistake(
            "contributions_transposed",
            "C",
            _stacked(lambda x, g: x[:, None] * g),
            N_("Each table is right, but **transposed**: `{got_shape}`, one row per input."),
            N_("Each table is a gradient of W. What does a row of W belong to?"),
        ),
        Mistake(
            "contributions_already_summed",
            "C",
            lambda x, G: G.T @ x,
            N_("You gave `{got_shape}`: the tables of all samples are **already added up**."),
            N_("What is the first index of C, and how many tables have to be kept apart?"),
        ),
        Mistake(
            "dW_upstream_ignored",
            "C",
            _stacked(lambda x, g: (g * 0 + 1)[:, None] * x),
            N_("In each table all rows are the same, x[n], **whatever G is**."),
            N_("Where `G[n, i]` is 0, neuron i does not matter to L. What should row i of the table hold?"),
        ),
        Mistake(
            "contributions_of_one_sample",
            "C",
            lambda x, G: G[:, :, None] * x[-1],
            N_("In every table there is the input of the **same sample**, the last one."),
            N_("Which index of x has to change together with the index of G?"),
        ),
        Mistake(
            "contributions_only_the_last",
            "C",
            lambda x, G: G[-1][:, None] * x[-1],
            N_("You gave **one table**, `{got_shape}`: that of the last sample. The others were overwritten."),
            N_("In your loop, where is the table of each sample kept?"),
        ),
        Mistake(
            "contributions_samples_crossed",
            "C",
            lambda x, G: G[:, None, :, None] * x[None, :, None, :],
            N_("You multiplied what arrived at **every** sample by the input of **every other**: `{got_shape}`."),
            N_("Can a weight's path to L begin at the input of one sample and end in the row of another?"),
        ),
        Mistake(
            "contributions_batch_mean",
            "C",
            lambda x, G: G[:, :, None] * x[:, None, :] / len(x),
            N_(
                "Every number is exactly 1/{N} of what it should be, and N = {N}: you have divided "
                "already, as for an **average over the batch**."
            ),
            N_("C[n] is what one sample gives. Should that number depend on how many others there are?"),
        ),
        Mistake("contributions_elementwise", "C", lambda x, G: G * x, *NUMBER_BY_NUMBER),
        Mistake(
            "contributions_axes_aligned",
            "C",
            lambda x, G: G[:, None] * x[:, None],
            N_(
                "With your new axis the **neurons of G and the features of x** come to stand in the same "
                "axis, and broadcasting pairs them."
            ),
            N_("Write the two shapes, right-aligned. Where should there be a 1 in each, so that every pair is formed?"),
        ),
        Mistake(
            "contributions_samples_met",
            "C",
            lambda x, G: G @ x.T,
            N_("In your product the **features** of x met the **neurons** of G; they are different things."),
            N_("In what one sample gives to dW nothing is added up at all. Which operation only multiplies?"),
        ),
        Mistake(
            "contributions_row_meets_column",
            "C",
            lambda x, G: G[:, None] @ x[:, :, None],
            N_(
                "Your axes of size 1 stand so that for each sample **a row meets a column**: that is a "
                "dot product, one number, and it needs equal lengths."
            ),
            N_("A column times a row gives a table. In which of G and x must the axis of size 1 come last?"),
        ),
        Mistake(
            "contributions_tables_turned",
            "C",
            _filled(lambda x, g: x[:, None] * g),
            N_("Each table that you put into C is **transposed**, one row per input, so it does not fit."),
            N_("Each table is a gradient of W. What does a row of W belong to?"),
        ),
        *(Mistake(f"contributions_{one.id}", "C", _filled(one.one), one.message, one.hint) for one in IN_A_LOOP),
    ),
    hints=(
        N_(
            "The first exercise, one-column-backward, did this for one sample. What did the table look "
            "like there, and what was its shape?"
        ),
        N_("Either a loop over n that collects the tables, or one product of two tensors with three axes each."),
        N_("For broadcasting: C[n, i, j] has i from G and j from x. Which axis of size 1 does each of the two need, and where?"),
    ),
    minutes=5,
)

# -- the three gradients of the batch -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A mistake in one of the three gradients, told alike where the function is asked alone and where all three are.

    stops: it raises where sizes differ, so in `linear_backward` no gradient comes back, and it is told by any of them.
    """

    id: str
    of: str
    wrong: Answer
    message: str
    hint: str
    stops: bool = False


OF_X = (
    Known(
        "dX_textbook_transpose",
        "dX",
        lambda x, W, G: G @ W.T,
        N_("You **transposed** W: its `in` met the neurons of G. Books that keep a weight as (in, out) write it that way."),
        N_("Here W is (out, in). Which axis of G is added up, and which axis of W has to meet it?"),
        stops=True,
    ),
    Known(
        "dX_weight_on_the_left",
        "dX",
        lambda x, W, G: W.T @ G,
        N_("Wᵀ stands on the left, as for one column, but the samples of G **lie in rows**: its rows met the neurons of W."),
        N_("Where must W stand for each row of G to meet it by its neurons?"),
        stops=True,
    ),
    Known(
        "dX_column_layout",
        "dX",
        lambda x, W, G: W.T @ G.T,
        N_("The numbers of dX are right, but the samples **stand in columns**: `{got_shape}`."),
        N_("A gradient has the shape of its tensor. How do the samples lie in x?"),
    ),
    Known(
        "dX_reshaped_to_fit",
        "dX",
        lambda x, W, G: (W.T @ G.T).reshape(x.shape),
        N_("The numbers of dX are all there, but in other places: `reshape` laid them out again **in the order of memory**."),
        N_("Which product gives the shape ({N}, {in_}) by itself?"),
    ),
    Known(
        "dX_local_derivative_only",
        "dX",
        lambda x, W, G: W,
        N_("Your dX is **W itself**, `{got_shape}`: that is how y changes with x, and what arrives at y is not in it."),
        N_("Every sample has its own row in G. What does it do with the rows of W?"),
    ),
    Known(
        "dX_upstream_ignored",
        "dX",
        lambda x, W, G: (G * 0 + 1) @ W,
        N_("All rows of your dX are the same: in place of G there are **ones**."),
        N_("Two samples with different rows in G: should L be equally sensitive to their inputs?"),
    ),
    Known(
        "dX_upstream_collapsed",
        "dX",
        lambda x, W, G: G.sum(1)[:, None] * W.sum(0),
        N_("You added up the neurons **before** you multiplied: what arrived at one neuron met the weights of others."),
        N_("From feature j a path leads to each neuron i. Which weight is on it, and which number of G comes back along it?"),
    ),
    Known(
        "dX_summed_over_batch",
        "dX",
        lambda x, W, G: (G @ W).sum(0),
        N_("You **added up the samples**: `{got_shape}` has one row for all, and every sample has an input of its own."),
        N_("Which tensors do all samples share, and which do they not?"),
    ),
    Known(
        "dX_batch_mean",
        "dX",
        lambda x, W, G: G @ W / len(x),
        N_("Every number of your dX is exactly 1/{N} of what it should be, and N = {N}: an **average over the batch**."),
        N_("A sample's row of dX has paths to its own row of y only. Over what would one average?"),
    ),
    Known(
        "dX_result_for_upstream",
        "dX",
        lambda x, W, G: x @ W.T @ W,
        N_("What you sent back through W is **the result y**, where G should be: no loss has a say in your dX."),
        N_("Change G. Does your dX change?"),
    ),
    Known(
        "dX_last_sample_only",
        "dX",
        lambda x, W, G: G[-1] @ W,
        N_("Your dX is the row of **one sample**, the last: `{got_shape}`."),
        N_("A loop over samples has to keep {N} rows. Where does yours put each of them?"),
    ),
)

OF_W = (
    Known(
        "dW_transposed",
        "dW",
        lambda x, W, G: x.T @ G,
        N_(
            "The numbers of dW are right, but **transposed**: `{got_shape}`. Books that keep a weight as "
            "(in, out) write it that way."
        ),
        N_("A gradient has the shape of its tensor. How does this layer keep W?"),
    ),
    Known(
        "dW_reshaped_to_fit",
        "dW",
        lambda x, W, G: (x.T @ G).reshape(W.shape),
        N_("The numbers of dW are all there, but in other places: `reshape` laid them out again **in the order of memory**."),
        N_("Which product gives the shape ({out}, {in_}) by itself?"),
    ),
    Known(
        "dW_batch_mean",
        "dW",
        lambda x, W, G: G.T @ x / len(x),
        N_(
            "Every number of your dW is exactly 1/{N} of what it should be, and there are {N} samples: you **averaged over "
            "the batch**."
        ),
        N_("If L itself takes the mean, which quantity already holds the factor 1/{N}?"),
    ),
    Known(
        "dW_element_mean",
        "dW",
        lambda x, W, G: G.T @ x / (G.shape[0] * G.shape[1]),
        N_(
            "Every number of your dW is 1/{N_out} of what it should be, and y has {N_out} entries: you **averaged over all "
            "of them**."
        ),
        N_("The layer itself takes no mean. Where could one have been taken, so that it is in G already?"),
    ),
    Known(
        "dW_upstream_ignored",
        "dW",
        lambda x, W, G: (G * 0 + 1).T @ x,
        N_("All rows of your dW are the same: in place of G there are **ones**, as if L were the sum of y."),
        N_("Suppose L doubles. Which of the arguments changes, and does your dW?"),
    ),
    Known(
        "dW_outer_of_sums",
        "dW",
        lambda x, W, G: G.sum(0)[:, None] * x.sum(0),
        N_("You added up the samples **before** you multiplied: what arrived at one sample met the input of another."),
        N_("Which comes first: the table of one sample, or the sum over samples?"),
    ),
    Known(
        "dW_last_sample_only",
        "dW",
        lambda x, W, G: G[-1][:, None] * x[-1],
        N_("Only the **last sample** is in your dW."),
        N_("Does your loop add to dW, or put something new in its place?"),
    ),
    Known(
        "dW_per_sample_not_summed",
        "dW",
        lambda x, W, G: G[:, :, None] * x[:, None, :],
        N_("You gave one table **per sample**, `{got_shape}`, and there is one W for all."),
        N_("All samples' paths start at the same weight. What happens where paths meet?"),
    ),
    Known(
        "dW_sign_flipped",
        "dW",
        lambda x, W, G: -(G.T @ x),
        N_("Every number of your dW has the **opposite sign**."),
        N_("A gradient says which way L grows. Whose task is it to go the other way?"),
    ),
    Known(
        "dW_returned_updated_weight",
        "dW",
        lambda x, W, G: W - 0.1 * (G.T @ x),
        N_("You returned **new weights**, W after a step of 0.1 against the gradient, and not the gradient."),
        N_("What is the backward pass asked for: how L changes with W, or what W should become?"),
    ),
    Known(
        "dW_subtracted_from_weight",
        "dW",
        lambda x, W, G: W - G.T @ x,
        N_("You returned **new weights**, W minus the gradient, and not the gradient."),
        N_("What is the backward pass asked for: how L changes with W, or what W should become?"),
    ),
    Known(
        "dW_scaled_by_weight",
        "dW",
        lambda x, W, G: W * (G.T @ x),
        N_("Every number of your dW is **multiplied by the weight itself**."),
        N_("If w·x grows with w, by how much does it grow for each 1 of w: does that depend on where w stands now?"),
    ),
    Known(
        "dW_local_derivative_only",
        "dW",
        lambda x, W, G: x,
        N_("Your dW is **x itself**, `{got_shape}`: that is how y changes with W, and what arrives at y is not in it."),
        N_("There are {out} neurons with {in_} weights each. What differs between their rows, and what became of the samples?"),
    ),
    Known(
        "dW_chain_rule_in_order",
        "dW",
        lambda x, W, G: G @ x,
        N_(
            "You multiplied G by x **as they stand**, as the chain rule is written for numbers: the neurons of G met the "
            "samples of x."
        ),
        N_("Which axis do G and x have in common, and where must it stand in each to be added up?"),
        stops=True,
    ),
    Known(
        "dW_entry_by_entry",
        "dW",
        lambda x, W, G: G * x,
        N_(
            "`G * x` multiplies **entry by entry**, as the formula for single numbers reads, and a neuron of G met a feature of "
            "x only where both stand in the same place."
        ),
        N_("There is a weight for every pair of a neuron and a feature. Which product forms all pairs?"),
        stops=True,
    ),
    Known(
        "dW_tables_turned",
        "dW",
        lambda x, W, G: W * 0 + x.T @ G,
        N_("Each table that you add up is **transposed**, one row per input, so it does not fit into dW."),
        N_("A row of dW belongs to a neuron. Which of the two, G[n] or x[n], should give the rows of the table?"),
        stops=True,
    ),
    Known(
        "dW_features_added_up",
        "dW",
        lambda x, W, G: G @ x.T,
        N_("In your product the **features** of x met the **neurons** of G."),
        N_("dW keeps neurons and features. Which axis is left to be added up, and where must it stand in each?"),
        stops=True,
    ),
    *(
        Known(
            f"dW_{known.id}",
            "dW",
            lambda x, W, G, one=known.one: _filled(one)(x, G).sum(0),
            known.message,
            known.hint,
            stops=True,
        )
        for known in IN_A_LOOP
    ),
)

OF_B = (
    Known(
        "db_not_summed",
        "db",
        lambda x, W, G: G.clone(),
        N_("You returned `{got_shape}`, one row per sample, but all samples share **one** b: `{expected_shape}`."),
        N_("How many rows did the forward pass add b to?"),
    ),
    Known(
        "db_wrong_axis",
        "db",
        lambda x, W, G: G.sum(1),
        N_("You added up **the neurons**, so there is one number per sample: `{got_shape}`."),
        N_("A gradient has the shape of its tensor. Which axis of G does b have, and which one does it not?"),
    ),
    Known(
        "db_total_scalar",
        "db",
        lambda x, W, G: G.sum(),
        N_("You added up **everything**: all neurons' biases would have one gradient, one number."),
        N_("Which column of y does the bias of neuron i enter, and which does it not?"),
    ),
    Known(
        "db_batch_mean",
        "db",
        lambda x, W, G: G.mean(0),
        N_(
            "Every number of your db is exactly 1/{N} of what it should be, and there are {N} samples: you **averaged over "
            "the batch**."
        ),
        N_("If L itself takes the mean, which quantity already holds the factor 1/{N}?"),
    ),
    Known(
        "db_element_mean",
        "db",
        lambda x, W, G: G.sum(0) / (G.shape[0] * G.shape[1]),
        N_(
            "Every number of your db is 1/{N_out} of what it should be, and y has {N_out} entries: you **averaged over all "
            "of them**."
        ),
        N_("The layer itself takes no mean. Where could one have been taken, so that it is in G already?"),
    ),
    Known(
        "db_batch_size",
        "db",
        lambda x, W, G: G[0] * 0 + len(G),
        N_("Your db is {N} everywhere: you **counted the samples**, 1 for each."),
        N_("Change G. Does your db change?"),
    ),
    Known(
        "db_local_derivative_only",
        "db",
        lambda x, W, G: G[0] * 0 + 1,
        N_("Your db is **1 everywhere**: that is how y changes with b, and what arrives at y is not in it."),
        N_(
            "L changes with y by G, and y with b by 1. What is done with numbers along one path, and with the paths of {N} "
            "samples?"
        ),
    ),
    Known(
        "db_keepdims",
        "db",
        lambda x, W, G: G.sum(0)[None, :],
        N_("The numbers of db are right, but there is **one axis too many**, of size 1: `{got_shape}`."),
        N_("How many axes does b have?"),
    ),
    Known(
        "db_last_sample_only",
        "db",
        lambda x, W, G: G[-1].clone(),
        N_("Only the **last sample** is in your db."),
        N_("Does your loop add to db, or put something new in its place?"),
    ),
)


def alone(known: tuple[Known, ...]) -> tuple[Mistake, ...]:
    """Where only this gradient is asked for."""
    return tuple(Mistake(one.id, one.of, one.wrong, one.message, one.hint) for one in known)


def joined(known: tuple[Known, ...]) -> tuple[Mistake, ...]:
    """Where all three are asked for: the other two are right."""

    def answer(one: Known) -> Answer:
        right: dict[str, Answer] = {
            "dX": lambda x, W, G: G @ W,
            "dW": lambda x, W, G: G.T @ x,
            "db": lambda x, W, G: G.sum(0),
        }
        return lambda *given: tuple(of(*given) for of in (right | {one.of: one.wrong}).values())

    return tuple(Mistake(one.id, "" if one.stops else one.of, answer(one), one.message, one.hint) for one in known)


weight_gradient = Exercise(
    id="weight-gradient",
    entry="weight_gradient",
    title=N_("dW for the whole batch"),
    proves=N_("The sum over samples is a matrix product: the axis N meets itself and disappears, and W is not needed for it."),
    signature="weight_gradient(x, W, G)",
    parts=(Part("dW", 4, ("out", "in")),),
    draw=draw_layer,
    shown=shown_layer,
    expect=layer_gradients(dW="W"),
    forbidden=AUTOGRAD,
    mistakes=(
        *alone(OF_W),
        Mistake(
            "dW_single_sample_dot",
            "dW",
            lambda x, W, G: sum(g @ one for g, one in zip(G, x, strict=True)),
            DOT_OF_A_SAMPLE,
            WHICH_STANDS,
        ),
    ),
    hints=(
        N_("In what shape does dW have to come out? Write it first, and beside it the shapes of x and G."),
        N_("The sum runs over samples. A product adds along the last axis of the left factor and the first of the right one."),
        N_("With small numbers: add up the tables of `contributions`, and compare."),
    ),
    minutes=5,
)

input_gradient = Exercise(
    id="input-gradient",
    entry="input_gradient",
    title=N_("dX"),
    proves=N_("An input reaches all neurons of its own row: `out` is added up and disappears, and samples never meet."),
    signature="input_gradient(x, W, G)",
    parts=(Part("dX", 3, ("N", "in")),),
    draw=draw_layer,
    shown=shown_layer,
    expect=layer_gradients(dX="x"),
    forbidden=AUTOGRAD,
    mistakes=alone(OF_X),
    hints=(
        N_("Which entries of y does `x[n, j]` enter, and with which weights?"),
        N_("For one column, W had to be transposed. Now the sample is a row: what does lesson 02 say happens to the product?"),
        N_("Write the shapes of G and W side by side. Which two sizes are equal, and are they neighbours already?"),
    ),
    minutes=5,
)

bias_gradient = Exercise(
    id="bias-gradient",
    entry="bias_gradient",
    title=N_("db"),
    proves=N_("One b went into N rows, so what comes back from N rows is added up. The layer takes no mean."),
    signature="bias_gradient(x, W, G)",
    parts=(Part("db", 2, ("out",)),),
    draw=draw_layer,
    shown=shown_layer,
    expect=layer_gradients(db="b"),
    forbidden=AUTOGRAD,
    mistakes=alone(OF_B),
    hints=(
        N_("What shape does b have, and which axis of G is not in it?"),
        N_("The local derivative is 1. So what arrives along each path, and how many paths begin at `b[i]`?"),
    ),
    minutes=4,
)

linear_backward = Exercise(
    id="linear-backward",
    entry="linear_backward",
    title=N_("The backward pass in one function"),
    proves=N_("This is what autograd does in nn.Linear: three sums over paths, and for each of them one short line."),
    signature="linear_backward(x, W, G)",
    parts=(Part("dX", 1, ("N", "in")), Part("dW", 1, ("out", "in")), Part("db", 1, ("out",))),
    draw=draw_layer,
    shown=shown_layer,
    expect=layer_gradients(dX="x", dW="W", db="b"),
    forbidden=AUTOGRAD,
    mistakes=(
        *joined(OF_X),
        *joined(OF_W),
        *joined(OF_B),
        Mistake(
            "linear_backward_in_another_order",
            "dX",
            lambda x, W, G: (G.T @ x, G @ W, G.sum(0)),
            N_("In the place of dX stands **dW**: the results are not in the order that is asked for."),
            N_("In which order does the exercise name the three gradients?"),
        ),
    ),
    hints=(
        N_("The three functions above do the work. Each is called with the same three tensors."),
        N_("The order of the results is that of the layer's tensors: x, W, b."),
    ),
    minutes=2,
)

# -- residual-backward: where shapes do not decide ----------------------------------------------------------------


def draw_residual(rng: Generator, sizes: Sizes) -> Inputs:
    x, W = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.in_, sizes.in_)
    return Inputs(sizes, x=x, W=W, G=normal(rng, sizes.N, sizes.in_))


def shown_residual() -> Inputs:
    W = [[1, 0, 2, -1], [0, -1, 1, 1], [-2, 1, 0, 1], [1, 1, -1, 2]]
    G = [[1, 0, 2, -1], [0, 1, -1, 1], [2, -1, 0, 1], [-1, 1, 1, 0], [1, 2, 0, -2]]
    return Inputs(GENERIC, x=thread()["x"], W=np.array(W, dtype=np.float64), G=np.array(G, dtype=np.float64))


def _residual(dX: Answer | None = None, dW: Answer | None = None) -> Answer:
    """An answer to residual-backward that is right but for what is given."""
    return lambda x, W, G: (dX(x, W, G) if dX else G + G @ W, dW(x, W, G) if dW else G.T @ x)


def _identity(W: Any) -> Any:
    import torch

    return torch.eye(len(W), dtype=W.dtype)


residual_backward = Exercise(
    id="residual-backward",
    entry="residual_backward",
    title=N_("A residual connection"),
    proves=N_(
        "Two paths from x add up. And where every wrong order fits as well, shapes cannot tell W from Wᵀ, "
        "and the derivation has to: shapes check, they do not prove."
    ),
    signature="residual_backward(x, W, G)",
    parts=(Part("dX", 2, ("N", "in")), Part("dW", 2, ("in", "in"))),
    draw=draw_residual,
    shown=shown_residual,
    expect=Gradients(of={"dX": "x", "dW": "W"}, fn=lambda x, W: x + x @ W.T, upstream="G", letters={"r": "G"}),
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake(
            "path_textbook_transpose",
            "dX",
            _residual(dX=lambda x, W, G: G + G @ W.T),
            N_("Both paths are in your dX, but on one of them W is **transposed**. It is square here, so nothing stopped you."),
            N_("Would the same line run for a layer with {in_} inputs and 3 outputs?"),
        ),
        Mistake(
            "path_skip_forgotten",
            "dX",
            _residual(dX=lambda x, W, G: G @ W),
            N_("Your dX has **one path**, through the layer. x reaches r on another one as well."),
            N_("Mark every arrow that leaves x. How many are there?"),
        ),
        Mistake(
            "path_layer_forgotten",
            "dX",
            _residual(dX=lambda x, W, G: G.clone()),
            N_(
                "Your dX is **G alone**: the path around the layer. What came back through the layer is missing, or was "
                "overwritten."
            ),
            N_("Does the second line of your code add to dX, or put something new in its place?"),
        ),
        Mistake(
            "path_contributions_multiplied",
            "dX",
            _residual(dX=lambda x, W, G: G * (G @ W)),
            N_("You **multiplied** what came back along two paths."),
            N_("Along one path numbers are multiplied. And where two paths meet?"),
        ),
        Mistake(
            "path_contributions_averaged",
            "dX",
            _residual(dX=lambda x, W, G: (G + G @ W) / 2),
            N_("Your dX is exactly **half**: you took the mean of two paths."),
            N_("Add 1 to x. Does r feel that along both paths in full, or along each by half?"),
        ),
        Mistake(
            "residual_skip_as_one",
            "dX",
            _residual(dX=lambda x, W, G: 1 + G @ W),
            N_(
                "For the path around the layer you added **1**, its local derivative, and left out the "
                "gradient that arrives at r."
            ),
            N_("Local derivative 1, times what?"),
        ),
        Mistake(
            "residual_value_added",
            "dX",
            _residual(dX=lambda x, W, G: x + G @ W),
            N_("To a gradient you added **x itself**, as the forward pass does."),
            N_("On the way back, what travels along the path around the layer: values or gradients?"),
        ),
        Mistake(
            "residual_forward_again",
            "dX",
            _residual(dX=lambda x, W, G: G + x @ W.T),
            N_("Through the layer you sent **x once more**, as in the forward pass, and not what comes back."),
            N_("On the way back through the layer: what comes in at its output, and which product leads to its input?"),
        ),
        Mistake(
            "residual_weight_on_the_left",
            "",
            _residual(dX=lambda x, W, G: G + W.T @ G),
            N_("Wᵀ stands on the left, as for one column, but the samples of G **lie in rows**: its rows met the neurons of W."),
            N_("Where must W stand for each row of G to meet it by its neurons?"),
        ),
        Mistake(
            "dW_transposed",
            "dW",
            _residual(dW=lambda x, W, G: x.T @ G),
            N_("The numbers of dW are right, but **transposed**. W is square here, so the shape does not show it."),
            N_("Take one weight, `W[0, 1]`. Which column of r does it enter, and which feature of x does it read?"),
        ),
        Mistake(
            "residual_dW_with_skip",
            "dW",
            _residual(dW=lambda x, W, G: (G + G @ W).T @ x),
            N_("In place of G you used **dX**, where both paths are already added up. W is not on the path around the layer."),
            N_("What arrives at the output of the layer itself, before it is multiplied by W on the way back?"),
        ),
        Mistake(
            "residual_dW_with_one",
            "dW",
            _residual(dW=lambda x, W, G: G.T @ x + _identity(W)),
            N_("On the diagonal of your dW there is **1 too much**: you counted the path around the layer, and W is not on it."),
            N_("r = x + xWᵀ. In which of the two terms does a weight stand?"),
        ),
        Mistake(
            "residual_dW_of_output",
            "dW",
            _residual(dW=lambda x, W, G: G.T @ (x + x @ W.T)),
            N_("You multiplied G by **r**, the output. A weight is multiplied by what comes into the layer."),
            N_("In `x @ W.T`, what stands beside W?"),
        ),
        Mistake(
            "dW_batch_mean",
            "dW",
            _residual(dW=lambda x, W, G: G.T @ x / len(x)),
            N_(
                "Every number of your dW is exactly 1/{N} of what it should be, and there are {N} samples: you **averaged over "
                "the batch**."
            ),
            N_("If L itself takes the mean, which quantity already holds the factor 1/{N}?"),
        ),
    ),
    hints=(
        N_("Give the layer's output a name, s = xWᵀ. Then r = x + s. What arrives at s, and what at x?"),
        N_("For s you have all you need from this lesson. Do not look at shapes: here they fit in every order."),
        N_("To be sure, take a W that is 0 except for one number, and see which column of dX can differ from G."),
    ),
    minutes=6,
)

LESSON = Lesson(
    number="06",
    folder="06_backward_by_hand",
    title=N_("The backward pass of the layer: dX, dW, db"),
    exercises=(
        one_column_backward,
        weight_paths,
        sample_contributions,
        weight_gradient,
        input_gradient,
        bias_gradient,
        linear_backward,
        residual_backward,
    ),
)
