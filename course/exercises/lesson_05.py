"""Lesson 05: the chain rule on a graph. Upstream × local along a path, a sum where paths meet, and an engine that does both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

from course.exercise import (
    GENERIC,
    N_,
    SEQUENCES,
    SINGLE,
    Array,
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
from course.exercises.by_hand import AUTOGRAD
from course.exercises.numerical import ALIKE, ROOM_FOR_A_FRACTION, SECOND_POINT, STEP, whole, wrong
from course.gradients import Gradients

Generator = np.random.Generator
Answer = Callable[..., Any]


def numbers(*values: float) -> Array:
    return np.array(values, dtype=np.float64)


def _with(right: dict[str, Answer], wrong: dict[str, Answer]) -> Answer:
    """An answer that gives a tuple, right but for the parts in *wrong*."""
    return lambda *given: tuple(of(*given) for of in (right | wrong).values())


# -- local-backward: three nodes, each on its own -----------------------------------------------------------------


def draw_nodes(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, a=normal(rng, sizes.in_), b=normal(rng, sizes.in_), g=normal(rng, sizes.in_))


def shown_nodes() -> Inputs:
    return Inputs(GENERIC, a=numbers(3, -1, 1, -1), b=numbers(-1, -2, -1, 2), g=numbers(2, -1, 1, 3))


def node_gradients(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients through a + b, a * b and a ** 2, where the same g arrives at each."""

    def of(fn: Callable[..., Any], **parts: str) -> dict[str, Array]:
        return Gradients(of=parts, fn=fn, given=lambda i: {"a": i.a, "b": i.b}, upstream="g")(i)

    add = of(lambda a, b: a + b, da_add="a", db_add="b")
    mul = of(lambda a, b: a * b, da_mul="a", db_mul="b")
    return add | mul | of(lambda a, b: a**2, da_square="a")


def _local(**wrong: Answer) -> Answer:
    right: dict[str, Answer] = {
        "da_add": lambda a, b, g: g,
        "db_add": lambda a, b, g: g,
        "da_mul": lambda a, b, g: g * b,
        "db_mul": lambda a, b, g: g * a,
        "da_square": lambda a, b, g: 2 * a * g,
    }
    return _with(right, wrong)


local_backward = Exercise(
    id="local-backward",
    entry="local_backward",
    title=N_("Three nodes, backwards"),
    proves=N_(
        "A node needs no more than what arrives at it and its own local derivative: it multiplies the two and passes them on."
    ),
    signature="local_backward(a, b, g)",
    parts=tuple(Part(name, 1, ("in",)) for name in ("da_add", "db_add", "da_mul", "db_mul", "da_square")),
    draw=draw_nodes,
    shown=shown_nodes,
    expect=node_gradients,
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake(
            "local_upstream_ignored",
            "",
            _local(
                da_add=lambda a, b, g: g * 0 + 1,
                db_add=lambda a, b, g: g * 0 + 1,
                da_mul=lambda a, b, g: b,
                db_mul=lambda a, b, g: a,
                da_square=lambda a, b, g: 2 * a,
            ),
            N_("You gave the **local derivative alone**: how the node's result moves, and not how L moves. `g` is not in it."),
            N_("Let `g` be 0 everywhere, so that L does not depend on this node at all. What would your answer be then?"),
        ),
        Mistake(
            "local_added_to_upstream",
            "",
            _local(
                da_add=lambda a, b, g: g + 1,
                db_add=lambda a, b, g: g + 1,
                da_mul=lambda a, b, g: g + b,
                db_mul=lambda a, b, g: g + a,
                da_square=lambda a, b, g: g + 2 * a,
            ),
            N_("You **added** the upstream gradient and the local derivative. They lie one after the other on the same path."),
            N_(
                "If a grows by 1, the node grows by its local derivative; and for each 1 of the node, L grows by `g`. By how "
                "much "
                "does L grow?"
            ),
        ),
        Mistake(
            "local_summed_to_a_number",
            "",
            _local(
                da_add=lambda a, b, g: g.sum(),
                db_add=lambda a, b, g: g.sum(),
                da_mul=lambda a, b, g: (g * b).sum(),
                db_mul=lambda a, b, g: (g * a).sum(),
                da_square=lambda a, b, g: (2 * a * g).sum(),
            ),
            N_("You **added up** all entries into one number, and the operand has {in_} entries, each with a path of its own."),
            N_("Which entries of the result does `a[0]` enter? What shape does the gradient of `a` have?"),
        ),
        Mistake(
            "local_forward_again",
            "",
            lambda a, b, g: (a + b, a + b, a * b, a * b, a**2),
            N_("You computed the **results of the nodes** once more: that is the forward pass, and not how L changes."),
            N_("Is what arrives, `g`, anywhere in your answer?"),
        ),
        Mistake(
            "local_upstream_collapsed",
            "",
            _local(
                da_add=lambda a, b, g: g * 0 + g.sum(),
                db_add=lambda a, b, g: g * 0 + g.sum(),
                da_mul=lambda a, b, g: g.sum() * b,
                db_mul=lambda a, b, g: g.sum() * a,
                da_square=lambda a, b, g: g.sum() * 2 * a,
            ),
            N_("You added up `g` first, so **every entry got what arrived at all of them**."),
            N_("Entry 0 of the result depends on entry 0 of the operand. Which entry of `g` arrives there?"),
        ),
        Mistake(
            "local_add_shares_by_half",
            "",
            _local(da_add=lambda a, b, g: g / 2, db_add=lambda a, b, g: g / 2),
            N_("At the addition you **divided `g` between** the two operands, half for each."),
            N_("Let a grow by 1 and leave b alone. By how much does a + b grow: by 1, or by half?"),
        ),
        Mistake(
            "local_add_scaled_by_value",
            "",
            _local(da_add=lambda a, b, g: g * a, db_add=lambda a, b, g: g * b),
            N_("At the addition you multiplied `g` by the **operand itself**."),
            N_("If a grows by 1, by how much does a + b grow? Does it matter how large a was?"),
        ),
        Mistake(
            "local_add_as_product",
            "",
            _local(da_add=lambda a, b, g: g * b, db_add=lambda a, b, g: g * a),
            N_("At the addition each operand got `g` times **the other one**: that is what a product does, not a sum."),
            N_("If a grows by 1, by how much does a + b grow? Does it matter how large b is?"),
        ),
        Mistake(
            "local_mul_operands_swapped",
            "",
            _local(da_mul=lambda a, b, g: g * a, db_mul=lambda a, b, g: g * b),
            N_("At the product each operand got `g` times **its own** value: the two have changed places."),
            N_(
                "With a = 3 and b = −1 the product is −3. Let a grow by 1: what is it now, and which of the two numbers tells "
                "how "
                "far it moved?"
            ),
        ),
        Mistake(
            "local_mul_by_the_result",
            "",
            _local(da_mul=lambda a, b, g: g * a * b, db_mul=lambda a, b, g: g * a * b),
            N_("At the product you multiplied `g` by the **result** a · b, and not by how the result changes."),
            N_("If a grows by 1 and b stays, by how much does a · b grow?"),
        ),
        Mistake(
            "local_mul_as_sum",
            "",
            _local(da_mul=lambda a, b, g: g.clone(), db_mul=lambda a, b, g: g.clone()),
            N_("At the product you passed `g` on **as it came**: that is what a sum does."),
            N_("If a grows by 1 and b is 10, by how much does a · b grow?"),
        ),
        Mistake(
            "local_square_factor_forgotten",
            "da_square",
            _local(da_square=lambda a, b, g: a * g),
            N_("At the square every number is **half** of what it should be: a² is a · a, and a stands there twice."),
            N_("With a = 3: by how much does a² grow when a becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "local_square_by_the_result",
            "da_square",
            _local(da_square=lambda a, b, g: a**2 * g),
            N_("At the square you multiplied `g` by the **result** a², and not by how a² changes."),
            N_("With a = 3: by how much does a² grow when a becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "local_square_grown_by_one",
            "da_square",
            _local(da_square=lambda a, b, g: (2 * a + 1) * g),
            N_(
                "At the square you took the growth over **a whole step of 1**, and on that step the curve has already become "
                "steeper."
            ),
            N_("With a = 3: by how much does a² grow when a becomes 3.01? And when it becomes 3.0001? Divide by the step."),
        ),
        Mistake(
            "local_square_slope_of_a_line",
            "da_square",
            _local(da_square=lambda a, b, g: 2 * g),
            N_("At the square you multiplied `g` by **2 alone**: then the curve would be equally steep everywhere."),
            N_("Where does a² grow faster: near a = 1 or near a = 10?"),
        ),
        Mistake(
            "local_square_of_the_upstream",
            "da_square",
            _local(da_square=lambda a, b, g: 2 * g * g),
            N_("At the square you took the derivative **at g** and not at a: the square was taken of a."),
            N_("Which number went into the square in the forward pass?"),
        ),
    ),
    hints=(
        N_(
            "For each node ask: if this operand grows by a little and the other stays, how many times as much does the result "
            "grow?"
        ),
        N_("That number is the local derivative. What arrives at the node says how many times as fast as the result L grows."),
        N_("Everything is done entry by entry: five tensors, each of the shape of its operand."),
    ),
    minutes=5,
)

# -- vector-jacobian: one step back through a Jacobian, one through an elementwise function -----------------------


def draw_steps(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, x=normal(rng, sizes.in_), J=normal(rng, sizes.out, sizes.in_), g=normal(rng, sizes.out))


def shown_steps() -> Inputs:
    J = np.array([[1, 0, 2, -1], [0, -1, 1, 1], [2, 1, 0, 1]], dtype=np.float64)
    return Inputs(GENERIC, x=numbers(3, -1, 1, -1), J=J, g=numbers(2, -1, 1))


def steps_back(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients at s and at x, where y has the Jacobian J at s = x²; and the Jacobian of s."""
    import torch

    x, J, g = (torch.from_numpy(i[name]) for name in ("x", "J", "g"))
    x = x.requires_grad_()
    s = x**2
    ds, dx = torch.autograd.grad(J @ s, (s, x), g)
    S = torch.autograd.functional.jacobian(lambda x: x**2, x.detach())
    return {"ds": ds.numpy(), "S": S.numpy(), "dx": dx.numpy()}


def _diagonal(v: Any) -> Any:
    import torch

    return torch.diag(v)


def _steps(**wrong: Answer) -> Answer:
    """An answer that is right but for the parts in *wrong*; a wrong dx is given what came before it, ds."""
    right: dict[str, Answer] = {
        "ds": lambda x, J, g: g @ J,
        "S": lambda x, J, g: _diagonal(2 * x),
        "dx": lambda x, J, g: g @ J * 2 * x,
    }
    return _with(right, wrong)


vector_jacobian = Exercise(
    id="vector-jacobian",
    entry="back_through",
    title=N_("Back through a Jacobian"),
    proves=N_(
        "What goes back through a step is the product of what arrives and the step's Jacobian; where a function works entry by "
        "entry, the Jacobian is a diagonal, and nobody needs to build it."
    ),
    signature="back_through(x, J, g)",
    parts=(Part("ds", 2, ("in",)), Part("S", 2, ("in", "in")), Part("dx", 1, ("in",))),
    draw=draw_steps,
    shown=shown_steps,
    expect=steps_back,
    forbidden=AUTOGRAD,
    views=False,
    mistakes=(
        Mistake(
            "vjp_jacobian_times_vector",
            "",
            _steps(ds=lambda x, J, g: J @ g),
            N_(
                "You put `g` where a change of s belongs. That is how J is used on the way **forward**: "
                "there its `in` axis meets the vector."
            ),
            N_("What arrives has a number for every row of J. Which axis of J does it have to meet?"),
        ),
        Mistake(
            "vjp_upstream_ignored",
            "ds",
            _steps(ds=lambda x, J, g: J.sum(0)),
            N_("Your ds is the sum of the rows of J, **whatever `g` is**: every y counted with weight 1."),
            N_("Let one number of `g` be 0. Should the row of J for that y still count?"),
        ),
        Mistake(
            "vjp_upstream_collapsed",
            "ds",
            _steps(ds=lambda x, J, g: g.sum() * J.sum(0)),
            N_("You added up `g` and added up J **before** you multiplied: what arrived at one y met the derivatives of others."),
            N_("On the path from s[k] to y[i], which one number of J and which one number of `g` are met?"),
        ),
        Mistake(
            "vjp_paths_not_summed",
            "ds",
            _steps(ds=lambda x, J, g: g[:, None] * J),
            N_("You gave a number for **every path**, `{got_shape}`: upstream times local, and s[k] has {out} paths to y."),
            N_("What is done with the paths that leave the same s[k]? Which axis disappears then?"),
        ),
        Mistake(
            "vjp_paths_averaged",
            "ds",
            _steps(ds=lambda x, J, g: g @ J / J.shape[0]),
            N_("Every number of your ds is 1/{out} of what it should be, and y has {out} entries: you **averaged the paths**."),
            N_("Let s[k] grow by 1. Does y[0] feel that in full, or does it have to share with y[1]?"),
        ),
        Mistake(
            "vjp_one_path_only",
            "ds",
            _steps(ds=lambda x, J, g: g[-1] * J[-1]),
            N_("Only the **last** y is in your ds."),
            N_("If there is a loop over y: does it add to ds, or put something new in its place?"),
        ),
        Mistake(
            "vjp_local_derivative_only",
            "ds",
            _steps(ds=lambda x, J, g: J.clone()),
            N_("Your ds is **J itself**, `{got_shape}`: all the local derivatives, and what arrives is not in it."),
            N_("A gradient has the shape of its tensor. What shape does s have?"),
        ),
        Mistake(
            "jacobian_as_a_vector",
            "S",
            _steps(S=lambda x, J, g: 2 * x),
            N_(
                "You gave the **diagonal alone**, `{got_shape}`: the numbers are right, but S has a place for each pair of s "
                "and x."
            ),
            N_("How much does s[0] move when x[1] moves? Where does that number stand in S?"),
        ),
        Mistake(
            "jacobian_full_rows",
            "S",
            _steps(S=lambda x, J, g: 2 * x + 0 * x[:, None]),
            N_("In your S **every** s moves with every x."),
            N_("s[0] = x[0]². How much does it move when x[1] moves?"),
        ),
        Mistake(
            "jacobian_full_columns",
            "S",
            _steps(S=lambda x, J, g: 2 * x[:, None] + 0 * x),
            N_("In your S **every** s moves with every x."),
            N_("s[0] = x[0]². How much does it move when x[1] moves?"),
        ),
        Mistake(
            "jacobian_of_values",
            "S",
            _steps(S=lambda x, J, g: _diagonal(x**2)),
            N_("On the diagonal of your S stand the **values** x², and not how they change."),
            N_("With x = 3: by how much does x² grow when x becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "jacobian_factor_forgotten",
            "S",
            _steps(S=lambda x, J, g: _diagonal(x)),
            N_("On the diagonal of your S every number is **half** of what it should be."),
            N_("With x = 3: by how much does x² grow when x becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "jacobian_of_ones",
            "S",
            _steps(S=lambda x, J, g: _diagonal(x * 0 + 1)),
            N_("Your S is the **identity**: it says that s moves exactly as x does."),
            N_("The places are right. With x = 3, by how much does x² grow when x becomes 3.01?"),
        ),
        Mistake(
            "jacobian_slope_of_a_line",
            "S",
            _steps(S=lambda x, J, g: _diagonal(x * 0 + 2)),
            N_("Every number on the diagonal of your S is **2**: then the curve x² would be equally steep everywhere."),
            N_("The places are right. Where does x² grow faster: near x = 1 or near x = 10?"),
        ),
        Mistake(
            "jacobian_of_the_other_step",
            "S",
            _steps(S=lambda x, J, g: J * 2 * x),
            N_("Your S is the Jacobian of **both steps** together, from x to y, `{got_shape}`."),
            N_("S belongs to the first step alone: how many numbers does it take, and how many does it give?"),
        ),
        Mistake(
            "dx_first_step_forgotten",
            "dx",
            _steps(dx=lambda x, J, g: g @ J),
            N_("Your dx is **ds once more**: you stopped before the first step, s = x²."),
            N_("ds says how L moves with s. How does s move with x?"),
        ),
        Mistake(
            "dx_second_step_forgotten",
            "dx",
            _steps(dx=lambda x, J, g: 2 * x),
            N_("Your dx is how **s** moves with x. What came back to s is not in it."),
            N_("For the step s = x², which tensor is the upstream gradient?"),
        ),
        Mistake(
            "dx_steps_added",
            "dx",
            _steps(dx=lambda x, J, g: g @ J + 2 * x),
            N_("You **added** two steps of the same path."),
            N_("Where are numbers added: along one path, or where two paths meet?"),
        ),
        Mistake(
            "dx_factor_forgotten",
            "dx",
            _steps(dx=lambda x, J, g: g @ J * x),
            N_("Every number of your dx is **half** of what it should be: for s = x² you multiplied by x."),
            N_("What stands on the diagonal of S?"),
        ),
    ),
    hints=(
        N_("Take one number, `s[0]`. It enters every y: the numbers `J[:, 0]` say how much. What arrives at each y?"),
        N_("S first: write down the four numbers `S[0, 0]`, `S[0, 1]`, `S[1, 0]`, `S[1, 1]` on paper."),
        N_("The second step back is like the first, with ds as what arrives, and S in the place of J."),
    ),
    minutes=7,
)

# -- residual-paths: two paths from one tensor --------------------------------------------------------------------


def draw_residual(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, x=normal(rng, sizes.in_), w=normal(rng, sizes.in_), g=normal(rng, sizes.in_))


def shown_residual() -> Inputs:
    return Inputs(GENERIC, x=numbers(3, -1, 1, -1), w=numbers(-1, -2, 2, 3), g=numbers(2, -1, 1, 3))


def _residual(**wrong: Answer) -> Answer:
    return _with({"dx": lambda x, w, g: g + g * w, "dw": lambda x, w, g: g * x}, wrong)


residual_paths = Exercise(
    id="residual-paths",
    entry="residual_paths",
    title=N_("Two paths from x"),
    proves=N_("Along one path numbers are multiplied; where paths meet again, what came along each is added."),
    signature="residual_paths(x, w, g)",
    parts=(Part("dx", 3, ("in",)), Part("dw", 1, ("in",))),
    draw=draw_residual,
    shown=shown_residual,
    expect=Gradients(of={"dx": "x", "dw": "w"}, fn=lambda x, w: x + w * x, upstream="g", letters={"y": "g"}),
    forbidden=AUTOGRAD,
    views=False,
    mistakes=(
        Mistake(
            "path_skip_forgotten",
            "dx",
            _residual(dx=lambda x, w, g: g * w),
            N_("Your dx has **one path**, through the product. There is another arrow that leaves x."),
            N_("Mark every arrow that leaves x. How many are there, and where does each lead?"),
        ),
        Mistake(
            "path_layer_forgotten",
            "dx",
            _residual(dx=lambda x, w, g: g.clone()),
            N_(
                "Your dx is **g alone**: the path that leads past the product. What came back through the product is missing, or "
                "was overwritten."
            ),
            N_("If there are two lines with `dx =`: does the second add to dx, or put something new in its place?"),
        ),
        Mistake(
            "path_contributions_multiplied",
            "dx",
            _residual(dx=lambda x, w, g: g * (g * w)),
            N_("You **multiplied** what came back along the two paths."),
            N_("Along one path numbers are multiplied. What is done where two paths meet?"),
        ),
        Mistake(
            "path_contributions_averaged",
            "dx",
            _residual(dx=lambda x, w, g: (g + g * w) / 2),
            N_("Every number of your dx is exactly **half**: you took the mean of two paths."),
            N_("Let x grow by 1. Does y feel that along both paths in full, or along each by half?"),
        ),
        Mistake(
            "residual_upstream_ignored",
            "dx",
            _residual(dx=lambda x, w, g: 1 + w),
            N_("Both paths are in your dx, but only their **local derivatives**: how y moves, and not how L moves."),
            N_("Let `g` be 0 everywhere. What should dx be then?"),
        ),
        Mistake(
            "residual_skip_as_one",
            "dx",
            _residual(dx=lambda x, w, g: 1 + g * w),
            N_("For the path past the product you added **1**, its local derivative, and what arrives is not in it."),
            N_("The local derivative is 1. Times what?"),
        ),
        Mistake(
            "residual_upstream_once",
            "dx",
            _residual(dx=lambda x, w, g: g + w),
            N_("On the path through the product `g` is **missing**: you added w itself."),
            N_("What arrives at the product on the way back, and with what does it go on to x?"),
        ),
        Mistake(
            "residual_value_added",
            "dx",
            _residual(dx=lambda x, w, g: x + g * w),
            N_("To a gradient you added **the value of x**, as the forward pass does."),
            N_("On the way back, what travels along the path past the product: values or gradients?"),
        ),
        Mistake(
            "residual_forward_again",
            "dx",
            _residual(dx=lambda x, w, g: x + w * x),
            N_("You computed **y**, the forward pass, and not how L changes with x."),
            N_("Is `g` anywhere in your dx?"),
        ),
        Mistake(
            "residual_wrong_operand",
            "dx",
            _residual(dx=lambda x, w, g: g + g * x),
            N_("Both paths are in your dx, but at the product you multiplied by **x itself**."),
            N_("In w ⊙ x, let x grow by 1. Which of the two numbers says how far the product moves?"),
        ),
        Mistake(
            "residual_by_the_result",
            "dx",
            _residual(dx=lambda x, w, g: g + g * w * x),
            N_("On the path through the product you multiplied by its **result** w ⊙ x, and not by how it changes with x."),
            N_("In w ⊙ x, let x grow by 1. Which of the two numbers says how far the product moves?"),
        ),
        Mistake(
            "residual_dx_is_dw",
            "dx",
            _residual(dx=lambda x, w, g: g * x),
            N_("What stands in the place of dx is **the gradient of w**."),
            N_("Which gradient is asked for first? And how many arrows leave x?"),
        ),
        Mistake(
            "dW_upstream_ignored",
            "dw",
            _residual(dw=lambda x, w, g: x.clone()),
            N_("Your dw is **x**, whatever `g` is: that is how y moves with w, and not how L does."),
            N_("Let one number of `g` be 0, so that this entry of y does not matter to L. What should its dw be?"),
        ),
        Mistake(
            "residual_dw_with_skip",
            "dw",
            _residual(dw=lambda x, w, g: g + g * x),
            N_("Your dw has one path **too many**: w is not on the path that leads past the product."),
            N_("y = x + w ⊙ x. In which of the two terms does w stand?"),
        ),
        Mistake(
            "residual_dw_wrong_operand",
            "dw",
            _residual(dw=lambda x, w, g: g * w),
            N_("In dw you multiplied by **w itself**: that is the factor for x."),
            N_("In w ⊙ x, let w grow by 1. Which of the two numbers says how far the product moves?"),
        ),
        Mistake(
            "residual_dw_upstream_alone",
            "dw",
            _residual(dw=lambda x, w, g: g.clone()),
            N_("Your dw is **g as it came**: the local derivative of the product is missing."),
            N_("In w ⊙ x, let w grow by 1 where x is 10. By how much does y move?"),
        ),
        Mistake(
            "residual_dw_from_both_paths",
            "dw",
            _residual(dw=lambda x, w, g: (g + g * w) * x),
            N_("In dw you used **dx** in the place of `g`: that is what arrives at x, and not what arrives at the product."),
            N_("What arrives at the product itself, on the way back from y?"),
        ),
    ),
    hints=(
        N_("Give the product a name, p = w ⊙ x. Then y = x + p. Draw the arrows: which leave x, which leave w?"),
        N_("What arrives at p? It is what an addition passes on."),
        N_("dx: for each path from x to y, what arrives times the local derivatives on it; then the paths together."),
    ),
    minutes=5,
)

# -- broadcast-operand: what broadcasting used many times ---------------------------------------------------------


def draw_broadcast(rng: Generator, sizes: Sizes) -> Inputs:
    x, s, c = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.in_), normal(rng, sizes.N, 1)
    return Inputs(sizes, x=x, s=s, c=c, G=normal(rng, sizes.N, sizes.in_))


def shown_broadcast() -> Inputs:
    G = np.array([[2, 1, -1, 0], [-1, 0, 1, 2], [1, 0, 1, -1], [-1, 1, 2, 0], [-2, 1, 0, 1]], dtype=np.float64)
    return Inputs(GENERIC, x=thread()["x"], s=numbers(2, -1, 3, 1), c=numbers(1, 0, -1, 2, -2)[:, None], G=G)


def _broadcast(**wrong: Answer) -> Answer:
    right: dict[str, Answer] = {
        "dx": lambda x, s, c, G: G * s,
        "ds": lambda x, s, c, G: (G * x).sum(0),
        "dc": lambda x, s, c, G: G.sum(1)[:, None],
    }
    return _with(right, wrong)


broadcast_operand = Exercise(
    id="broadcast-operand",
    entry="broadcast_backward",
    title=N_("A number that is used many times"),
    proves=N_(
        "Broadcasting uses one number many times, so many paths lead back to it, and they add up: a gradient has the "
        "shape of its "
        "tensor."
    ),
    signature="broadcast_backward(x, s, c, G)",
    parts=(Part("dx", 1, ("N", "in")), Part("ds", 2, ("in",)), Part("dc", 2, ("N", "1"))),
    draw=draw_broadcast,
    shown=shown_broadcast,
    expect=Gradients(of={"dx": "x", "ds": "s", "dc": "c"}, fn=lambda x, s, c: x * s + c, upstream="G", letters={"y": "G"}),
    forbidden=AUTOGRAD,
    views=False,
    mistakes=(
        Mistake(
            "db_not_summed",
            "ds",
            _broadcast(ds=lambda x, s, c, G: G * x),
            N_("Your ds is `{got_shape}`, **a row for every sample**, and all the rows share one s."),
            N_("In how many rows of y does `s[0]` appear? What becomes of the paths that lead back to it?"),
        ),
        Mistake(
            "broadcast_wrong_axis",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * x).sum(1)),
            N_("You added up the products **along each row**: that gives a number for every sample, `{got_shape}`."),
            N_("s has one number for each feature. Along which axis was it repeated in the forward pass?"),
        ),
        Mistake(
            "broadcast_total_scalar",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * x).sum()),
            N_("You added up **everything** into one number, and s has {in_}."),
            N_("Which entries of y does `s[0]` enter, and which does it not?"),
        ),
        Mistake(
            "broadcast_keepdims",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * x).sum(0)[None, :]),
            N_("The numbers of ds are right, but an axis of size 1 was **kept**: `{got_shape}`, and s has one axis."),
            N_("A gradient has the shape of its tensor. Which of s and c has an axis of size 1?"),
        ),
        Mistake(
            "broadcast_mean",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * x).mean(0)),
            N_("Every number of your ds is exactly 1/{N} of what it should be, and there are {N} rows: you **averaged** them."),
            N_("Let `s[0]` grow by 1. Does each row of y feel that in full, or do the rows share it?"),
        ),
        Mistake(
            "broadcast_upstream_ignored",
            "ds",
            _broadcast(ds=lambda x, s, c, G: x.sum(0)),
            N_("Your ds is the sum of the rows of x, **whatever G is**."),
            N_("Before the paths are added up: what does each of them carry besides its local derivative?"),
        ),
        Mistake(
            "broadcast_local_ignored",
            "ds",
            _broadcast(ds=lambda x, s, c, G: G.sum(0)),
            N_("You added up G, but the **local derivative** of the product is missing from ds."),
            N_("Let `s[0]` grow by 1. By how much does `y[n, 0]` grow: is it the same for every n?"),
        ),
        Mistake(
            "broadcast_sums_multiplied",
            "ds",
            _broadcast(ds=lambda x, s, c, G: G.sum(0) * x.sum(0)),
            N_("You added up G and x **before** you multiplied: what arrived at one row met the x of another."),
            N_("On one path, how many rows are met? Which comes first, the product along it or the sum over all?"),
        ),
        Mistake(
            "broadcast_last_row",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * x)[-1]),
            N_("Only the **last row** is in your ds."),
            N_("If there is a loop over the rows: does it add to ds, or put something new in its place?"),
        ),
        Mistake(
            "broadcast_wrong_operand",
            "ds",
            _broadcast(ds=lambda x, s, c, G: (G * s).sum(0)),
            N_("In ds you multiplied by **s itself**: that is the factor for x."),
            N_("In x ⊙ s, let s grow by 1. Which of the two numbers says how far the product moves?"),
        ),
        Mistake(
            "broadcast_matrix_product",
            "ds",
            _broadcast(ds=lambda x, s, c, G: G.T @ x),
            N_("For ds you took a **matrix product**, `{got_shape}`: in it every feature of G met every feature of x."),
            N_("x ⊙ s goes entry by entry. Which features of x does `s[0]` meet?"),
        ),
        Mistake(
            "broadcast_added_not_summed",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.clone()),
            N_("Your dc is **G as it came**, `{got_shape}`: a number for every entry of y. But a whole row of y shares one c."),
            N_("In how many entries of y does `c[0, 0]` stand?"),
        ),
        Mistake(
            "broadcast_added_axis_lost",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.sum(1)),
            N_("The numbers of dc are right, but they **lie in a row**: `{got_shape}`, and c is a column."),
            N_("A sum removes its axis. How do you keep the axis, with size 1?"),
        ),
        Mistake(
            "broadcast_added_wrong_axis",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.sum(0)),
            N_("For dc you added up **over the rows**: that gives a number for every feature, `{got_shape}`."),
            N_("c has one number for each row. Along which axis was it repeated in the forward pass?"),
        ),
        Mistake(
            "broadcast_added_wrong_axis_kept",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.sum(0)[None, :]),
            N_("For dc you added up **over the rows**: that gives a number for every feature, `{got_shape}`."),
            N_("c has one number for each row. Along which axis was it repeated in the forward pass?"),
        ),
        Mistake(
            "broadcast_added_total",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.sum()),
            N_("For dc you added up **everything** into one number, and c has {N}."),
            N_("Which entries of y does `c[0, 0]` enter, and which does it not?"),
        ),
        Mistake(
            "broadcast_added_mean",
            "dc",
            _broadcast(dc=lambda x, s, c, G: G.mean(1)[:, None]),
            N_("Every number of your dc is exactly 1/{in_} of what it should be: you **averaged** along the row."),
            N_("Let `c[0, 0]` grow by 1. Does each entry of the row feel that in full, or do they share it?"),
        ),
        Mistake(
            "broadcast_added_counted",
            "dc",
            _broadcast(dc=lambda x, s, c, G: c * 0 + G.shape[1]),
            N_("Your dc counts the paths, {in_} for each c, **whatever G is**."),
            N_("Local derivative 1 on each path, times what?"),
        ),
        Mistake(
            "broadcast_added_through_product",
            "dc",
            _broadcast(dc=lambda x, s, c, G: (G * s).sum(1)[:, None]),
            N_("In dc you multiplied by **s**, as if c had gone through the product."),
            N_("y = x ⊙ s + c. Which operation does c enter, and what does it do to what arrives?"),
        ),
        Mistake(
            "broadcast_dx_summed",
            "dx",
            _broadcast(dx=lambda x, s, c, G: (G * s).sum(0)),
            N_("In dx you **added up the rows**, but x was not repeated: each of its numbers enters one entry of y."),
            N_("A gradient has the shape of its tensor. How many paths leave `x[0, 0]`?"),
        ),
        Mistake(
            "broadcast_dx_row_summed",
            "dx",
            _broadcast(dx=lambda x, s, c, G: G @ s),
            N_("In dx you **added up each row** into one number, `{got_shape}`, but each number of x enters one entry of y."),
            N_("A gradient has the shape of its tensor. How many paths leave `x[0, 0]`?"),
        ),
        Mistake(
            "broadcast_dx_upstream_ignored",
            "dx",
            _broadcast(dx=lambda x, s, c, G: s + x * 0),
            N_("Every row of your dx is **s**, whatever G is."),
            N_("Let one number of G be 0, so that this entry of y does not matter to L. What should its dx be?"),
        ),
        Mistake(
            "broadcast_dx_upstream_alone",
            "dx",
            _broadcast(dx=lambda x, s, c, G: G.clone()),
            N_("Your dx is **G as it came**: the local derivative of the product is missing."),
            N_("If `s[0]` is 10 and `x[0, 0]` grows by 1, by how much does y move?"),
        ),
    ),
    hints=(
        N_("Write the shapes of dx, ds and dc first: a gradient has the shape of its tensor."),
        N_("Take `s[0]`: write down every entry of y in which it stands, and beside what. Then the same for `c[0, 0]`."),
        N_("Each of these entries is a path: what arrives there times its local derivative. Then the paths together."),
    ),
    minutes=6,
)

# -- engine: a class that records what is computed and goes back through it ---------------------------------------

DIAMONDS = 10  # in a row: 2¹⁰ paths, few enough for an engine that walks along each of them


def draw_engine(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, leaves=normal(rng, 5), factors=normal(rng, DIAMONDS))


def shown_engine() -> Inputs:
    return Inputs(SINGLE, leaves=numbers(3, -1, 2, 1, -3), factors=numbers(1, -2, 1, -2, 2, 1, -2, -3, 1, -2))


Graph = tuple[Any, tuple[Any, ...]]  # where the backward pass starts, and whose gradients are read


def graph_path(a: Any, b: Any, c: Any, d: Any, e: Any, *factors: Any) -> list[Graph]:
    """No fan-out."""
    return [((a * b + c) * d, (a, b, c, d))]


def graph_diamond(a: Any, b: Any, c: Any, d: Any, e: Any, *factors: Any) -> list[Graph]:
    """A node used twice, as the first operand and as the second: so that every order but the right one goes wrong."""
    s, t = a + b, d * e
    return [(s * (s + c), (s, a, b)), ((t + c) * t, (t, d, e))]


def graph_chain(a: Any, b: Any, c: Any, d: Any, e: Any, *factors: Any) -> list[Graph]:
    """Ten diamonds, one behind the other."""
    x = a
    for factor in factors:
        x = x * factor + x
    return [(x, (a, *factors))]


def graph_reuse(a: Any, b: Any, c: Any, d: Any, e: Any, *factors: Any) -> list[Graph]:
    """The same operand on both sides, or a square, which some write as such a product."""
    return [(a * a, (a,)), (b + b, (b,)), (c.square(), (c,))]


GRAPHS = {"path": graph_path, "diamond": graph_diamond, "chain": graph_chain, "reuse": graph_reuse}


def run_engine(learner: Any, i: Inputs) -> dict[str, Any]:
    """Each part on Values of its own, and asked on its own."""

    def values() -> list[Any]:
        return [learner(float(number)) for number in (*i.leaves, *i.factors)]

    def data() -> list[Any]:
        a, b, c, *_ = values()
        return [value.data for value in (a + b, a * b, a.square(), a * b + c, (a * b + c).square())]

    def gradients(graphs: Callable[..., list[Graph]]) -> list[Any]:
        found = []
        for root, watched in graphs(*values()):
            root.backward()
            found += [value.grad for value in watched]
        return found

    def again() -> list[Any]:
        a, b, c, d, e, *_ = values()
        for root in (a * b, (a + b) * e):
            root.backward()
        twice = (c + d) * e
        twice.backward()
        twice.backward()
        return [value.grad for value in (a, b, c, d)]

    asked = {part: Later(partial(gradients, graphs)) for part, graphs in GRAPHS.items()}
    return {"data": Later(data), **asked, "again": Later(again)}


def engine_gradients(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients in the same graphs."""
    import torch

    leaves = [torch.tensor(float(number), dtype=torch.float64, requires_grad=True) for number in (*i.leaves, *i.factors)]
    a, b, c = (float(number) for number in i.leaves[:3])
    right = {"data": np.array([a + b, a * b, a**2, a * b + c, (a * b + c) ** 2])}
    for part, graphs in GRAPHS.items():
        found = [torch.autograd.grad(root, watched, retain_graph=True) for root, watched in graphs(*leaves)]
        right[part] = np.array([float(one) for gradients in found for one in gradients])
    A, B, C, D, E, *_ = leaves
    found = [torch.autograd.grad((one + other) * E, (one, other)) for one, other in ((A, B), (C, D))]
    return right | {"again": np.array([float(one) for gradients in found for one in gradients])}


class _Value:
    """A right engine, for the wrong ones to differ from in one thing."""

    def __init__(self, data: Any, parents: tuple[Any, ...] = (), local: tuple[Any, ...] = ()) -> None:
        self.data, self.grad, self.parents, self.local = data, 0.0, parents, local

    def __add__(self, other: Any) -> Any:
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Any:
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def square(self) -> Any:
        return type(self)(self.data**2, (self,), (2 * self.data,))

    def order(self) -> list[Any]:
        found: list[Any] = []

        waiting = [self]
        while waiting:  # a value whose parents are all there is next; the others wait
            missing = [parent for parent in waiting[-1].parents if parent not in found]
            if missing:
                waiting += missing
            else:
                value = waiting.pop()
                found += [] if value in found else [value]
        return found

    def start(self) -> None:
        for value in self.order():
            value.grad = 0.0
        self.grad = 1.0

    def pass_on(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad += self.grad * local

    def backward(self) -> None:
        self.start()
        for value in reversed(self.order()):
            value.pass_on()


class _Overwriting(_Value):
    def pass_on(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad = self.grad * local


class _OverwritingInDepth(_Value):
    def backward(self) -> None:
        self.grad = 1.0
        self.visit()

    def visit(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad = self.grad * local
            parent.visit()


class _Averaging(_Value):
    def backward(self) -> None:
        self.start()
        order = self.order()
        for value in reversed(order):
            arrived = sum(parent is value for child in order for parent in child.parents)
            value.grad /= max(arrived, 1)
            value.pass_on()


class _Multiplying(_Value):
    def start(self) -> None:
        for value in self.order():
            value.grad = 1.0

    def pass_on(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad *= self.grad * local


class _WithoutUpstream(_Value):
    def pass_on(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad += local


class _OwnOperand(_Value):
    def __mul__(self, other: Any) -> Any:
        return type(self)(self.data * other.data, (self, other), (self.data, other.data))


class _SquareWithoutTwo(_Value):
    def square(self) -> Any:
        return type(self)(self.data**2, (self,), (self.data,))


class _SumAsProduct(_Value):
    def __add__(self, other: Any) -> Any:
        return type(self)(self.data + other.data, (self, other), (other.data, self.data))


class _SumByValue(_Value):
    def __add__(self, other: Any) -> Any:
        return type(self)(self.data + other.data, (self, other), (self.data, other.data))


class _ProductByResult(_Value):
    def __mul__(self, other: Any) -> Any:
        product = self.data * other.data
        return type(self)(product, (self, other), (product, product))


class _SquareAsLine(_Value):
    def square(self) -> Any:
        return type(self)(self.data**2, (self,), (2.0,))


class _SquareByResult(_Value):
    def square(self) -> Any:
        return type(self)(self.data**2, (self,), (self.data**2,))


class _ChangingItsOperand(_Value):
    def __add__(self, other: Any) -> Any:
        self.data += other.data
        return self


class _AddingLocal(_Value):
    def pass_on(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad += self.grad + local


class _StartingWithTheValue(_Value):
    def start(self) -> None:
        super().start()
        self.grad = self.data


class _EachAsTheRoot(_Value):
    """Without fan-out, a product that passes on what arrives gives the same: 1 everywhere."""

    def backward(self) -> None:
        self.grad = 1.0
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad += self.grad * local
            parent.backward()


class _NeverStarting(_Value):
    def start(self) -> None:
        for value in self.order():
            value.grad = 0.0


class _OneStep(_Value):
    """As where a loop runs from the leaves to the root: only the root has anything to pass on."""

    def backward(self) -> None:
        self.start()
        self.pass_on()


class _InDepth(_Value):
    """Each value is visited once, at its first arrival, and passes on what it has by then."""

    def backward(self) -> None:
        self.start()
        self.visit([])

    def visit(self, seen: list[Any]) -> None:
        if self not in seen:
            seen.append(self)
            for parent, local in zip(self.parents, self.local, strict=True):
                parent.grad += self.grad * local
                parent.visit(seen)


class _FromTheRoot(_Value):
    """In the order in which one comes by them from the root, operand by operand."""

    def order(self) -> list[Any]:
        found = [self]
        for value in found:
            found += [parent for parent in dict.fromkeys(value.parents) if parent not in found]
        return found[::-1]


class _InOrderAgain(_Value):
    """Depth first, without a look at what is in the order already."""

    def order(self) -> list[Any]:
        return [value for parent in self.parents for value in parent.order()] + [self]


class _InQueueAgain(_Value):
    """Breadth first, without a look at what is in the order already."""

    def order(self) -> list[Any]:
        found = [self]
        for value in found:
            found += value.parents
        return found[::-1]


class _OneListForAll(_Value):
    """What `order` found stays in a list of the class (here: its end, so that it does not grow for ever)."""

    found: ClassVar[list[Any]] = []

    def order(self) -> list[Any]:
        self.visit_into(self.found)
        del self.found[:-60]
        return list(self.found)

    def visit_into(self, found: list[Any]) -> None:
        if self not in found:
            for parent in self.parents:
                parent.visit_into(found)
            found.append(self)


class _PassingAllAgain(_Value):
    def backward(self) -> None:
        self.start()
        self.visit()

    def visit(self) -> None:
        for parent, local in zip(self.parents, self.local, strict=True):
            parent.grad += self.grad * local
            parent.visit()


class _OneEdgeEach(_Value):
    def pass_on(self) -> None:
        for parent, local in dict(zip(self.parents, self.local, strict=True)).items():
            parent.grad += self.grad * local


class _Keeping(_Value):
    def start(self) -> None:
        self.grad = 1.0


class _KeepingAll(_Value):
    def start(self) -> None:
        self.grad += 1.0


class _KeepingInside(_Value):
    def start(self) -> None:
        for value in self.order():
            if not value.parents:
                value.grad = 0.0
        self.grad = 1.0


OVERWRITES = N_(
    "Where a value is used twice, only **one** of the two paths is in its gradient: the later one was put in the place of the "
    "earlier one."
)
ADD_OR_REPLACE = N_("When something arrives at a value that has a gradient already: what should become of the two numbers?")
AGAIN_IN_ORDER = N_("In your order a value stands **more than once**: it passes on again what it has passed on before.")
ONCE_EACH = N_("How often should each value stand in the order, and how can you tell that it is there already?")
KEEPS = N_("A second backward **adds to what the first one left**: the old gradients are in the new ones.")
WHERE_TO_START = N_("With which gradients should a backward begin: for L itself, and for all the values it goes back to?")

engine = Exercise(
    id="engine",
    entry="Value",
    title=N_("An engine of your own"),
    proves=N_(
        "Backward is one walk: each value waits until everything has arrived, adds it up, and passes it on, times the local "
        "derivative. With that, a graph of any form gets its gradients."
    ),
    signature="Value(data)",
    parts=(
        Part("data", 1),
        Part("path", 1),
        Part("diamond", 1),
        Part("chain", 2),
        Part("reuse", 1),
        Part("again", 1),
    ),
    draw=draw_engine,
    shown=shown_engine,
    ask=run_engine,
    expect=engine_gradients,
    sizes=(SINGLE, SINGLE, SINGLE),  # five leaves are no batch of five
    accepts=SEQUENCES,
    forbidden=AUTOGRAD,
    mistakes=(
        Mistake("path_layer_forgotten", "diamond", _Overwriting, OVERWRITES, ADD_OR_REPLACE),
        Mistake("engine_overwrites_in_depth", "diamond", _OverwritingInDepth, OVERWRITES, ADD_OR_REPLACE),
        Mistake(
            "path_contributions_averaged",
            "diamond",
            _Averaging,
            N_("Where two paths meet you took their **mean**."),
            N_("Let s grow by 1. Does L feel that along both paths in full, or along each by half?"),
        ),
        Mistake(
            "path_contributions_multiplied",
            "diamond",
            _Multiplying,
            N_("Where two paths meet you **multiplied** what came along them. With one path alone, that does not show."),
            N_("Along one path numbers are multiplied. What is done where two paths meet?"),
        ),
        Mistake(
            "engine_upstream_ignored",
            "",
            _WithoutUpstream,
            N_("Your values pass on their **local derivatives alone**: their own gradient is not in it."),
            N_("When a value passes something on, what has already arrived at it, and is that in what it passes on?"),
        ),
        Mistake(
            "engine_wrong_operand",
            "",
            _OwnOperand,
            N_("At a product each operand gets **its own** number as local derivative: the two have changed places."),
            N_("In a · b, let a grow by 1. Which of the two numbers says how far the product moves?"),
        ),
        Mistake(
            "engine_add_as_product",
            "path",
            _SumAsProduct,
            N_("At a sum each operand gets **the other one's** number as local derivative: that is what a product does."),
            N_("If a grows by 1, by how much does a + b grow? Does it matter how large b is?"),
        ),
        Mistake(
            "engine_add_scaled_by_value",
            "path",
            _SumByValue,
            N_("At a sum each operand gets **its own** number as local derivative."),
            N_("If a grows by 1, by how much does a + b grow? Does it matter how large a was?"),
        ),
        Mistake(
            "engine_mul_by_the_result",
            "path",
            _ProductByResult,
            N_("At a product the local derivative is the **result** a · b, and not how it changes."),
            N_("If a grows by 1 and b stays, by how much does a · b grow?"),
        ),
        Mistake(
            "engine_square_slope_of_a_line",
            "reuse",
            _SquareAsLine,
            N_("At a square the local derivative is **2 alone**: then the curve would be equally steep everywhere."),
            N_("Where does a² grow faster: near a = 1 or near a = 10?"),
        ),
        Mistake(
            "engine_square_by_the_result",
            "reuse",
            _SquareByResult,
            N_("At a square the local derivative is the **result** a², and not how it changes."),
            N_("With a = 3: by how much does a² grow when a becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "engine_operand_changed",
            "data",
            _ChangingItsOperand,
            N_("`a + b` changed **a itself**: after the sum, a no longer holds its own number."),
            N_("What should an operation give back: one of its operands, or a new Value?"),
        ),
        Mistake(
            "engine_added_to_upstream",
            "path",
            _AddingLocal,
            N_("Your values **add** the local derivative to their own gradient. They lie one after the other on the same path."),
            N_("Where are numbers added: along one path, or where two paths meet?"),
        ),
        Mistake(
            "engine_root_starts_with_its_value",
            "path",
            _StartingWithTheValue,
            N_("Your backward begins with the **value** of L, where ∂L/∂L belongs."),
            N_("If L grows by 1, by how much does L grow?"),
        ),
        Mistake(
            "engine_all_ones",
            "path",
            _EachAsTheRoot,
            N_("All your gradients are **1**, although products lie on the way."),
            N_("What does a product pass on to its operands? And of which value is it true that its gradient begins with 1?"),
        ),
        Mistake(
            "engine_square_factor_forgotten",
            "",
            _SquareWithoutTwo,
            N_("At a square the local derivative is **half** of what it should be: a² is a · a, and a stands there twice."),
            N_("With a = 3: by how much does a² grow when a becomes 3.01? Divide that by 0.01."),
        ),
        Mistake(
            "engine_nothing_arrives",
            "path",
            _NeverStarting,
            N_("All the gradients are **0**: nothing reached the operands, not even those of L itself."),
            N_(
                "What is ∂L/∂L, and does L hold that number when it passes something on? And which parents and local "
                "derivatives does the result of an operation keep?"
            ),
        ),
        Mistake(
            "engine_one_step",
            "path",
            _OneStep,
            N_("Only the operands of L itself have a gradient. **Farther away all are 0**."),
            N_(
                "Which values pass something on after L, and in which order? And does every operation "
                "tell its result what its parents are?"
            ),
        ),
        Mistake(
            "engine_passed_on_at_first_arrival",
            "diamond",
            _InDepth,
            N_(
                "A value passed on what it had **when it was first reached**; what arrived later along another path stayed "
                "with it."
            ),
            N_("L = s · (s + c). How many times does something arrive at s, and when may s tell a and b?"),
        ),
        Mistake(
            "engine_order_from_the_root",
            "diamond",
            _FromTheRoot,
            N_(
                "Your order goes from L to its operands and on to theirs. So a value close to L has its "
                "turn **before all of its users** have had theirs."
            ),
            N_(
                "L = s · (s + c). Which has to pass on first: s, or s + c? What order of the values makes sure of that in any "
                "graph?"
            ),
        ),
        Mistake(
            "engine_passes_all_again",
            "diamond",
            _PassingAllAgain,
            N_("At each arrival a value passed on **all it had so far**: what came first went down to its operands twice."),
            N_("How often should a value pass something on, and what must have happened before?"),
        ),
        Mistake("engine_in_order_again", "diamond", _InOrderAgain, AGAIN_IN_ORDER, ONCE_EACH),
        Mistake("engine_in_queue_again", "diamond", _InQueueAgain, AGAIN_IN_ORDER, ONCE_EACH),
        Mistake(
            "engine_double_edge_lost",
            "reuse",
            _OneEdgeEach,
            N_("In a * a or in b + b only **one** of the two edges counts: the same operand stands there twice."),
            N_("What becomes of two equal entries in a set, or as keys of a dictionary?"),
        ),
        Mistake("engine_keeps_gradients", "again", _Keeping, KEEPS, WHERE_TO_START),
        Mistake("engine_keeps_the_root_too", "again", _KeepingAll, KEEPS, WHERE_TO_START),
        Mistake(
            "engine_one_list_for_all",
            "again",
            _OneListForAll,
            N_(
                "A backward set to 0 the gradients of values that are **not in its graph**: the list of "
                "`order` still holds values from an earlier one."
            ),
            N_("Where is that list made: only once, or again for each backward?"),
        ),
        Mistake(
            "engine_keeps_inside",
            "again",
            _KeepingInside,
            N_("A second backward from the same L finds **old gradients inside the graph**: only the leaves began at 0."),
            N_("Which values does a backward go through besides the leaves, and what do they hold from the time before?"),
        ),
    ),
    hints=(
        N_("First the way forward: each operation returns a new Value that knows its operands and a local derivative for each."),
        N_(
            "`order`: to visit a value, visit its parents first, then append it; what is in the list already is not "
            "visited again."
        ),
        N_("`backward`: go through the order from the end. The gradient of L is 1; then each value passes on to its parents."),
        N_("If only `diamond` and `chain` are wrong: print which value passes on when, for s = a + b, L = s * (s + c)."),
    ),
    minutes=15,
)

# -- central-difference: a derivative by two evaluations ----------------------------------------------------------


def draw_difference(rng: Generator, sizes: Sizes) -> Inputs:
    """Until no gradient nearly vanishes: there even a right quotient is far off, in parts of what it should be."""
    while True:
        whole = rng.permutation([-4, -3, -2, -1, 1, 2, 3, 4])[: sizes.in_]
        inputs = Inputs(sizes, x=normal(rng, sizes.in_), x_int=whole, w=normal(rng, sizes.in_), h=STEP)
        both_signs = whole.min() < 0 < whole.max()
        if both_signs and all(np.abs(gradient).min() > 0.3 for gradient in difference_gradients(inputs).values()):
            return inputs


def curve(x: Any, w: Any) -> Any:
    """x, w: (in,) → one number. Not quadratic, or a one-sided quotient's error would be the same everywhere."""
    return (w * x).sum() ** 2 + (x**3).sum() / 3


def difference_gradients(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients of `curve` at both x."""
    of = Gradients(of={"g": "x"}, fn=curve, given=lambda i: {"x": i.x, "w": i.w})
    whole = Inputs(i.sizes, x=i.x_int.astype(np.float64), w=i.w)
    return {"g": of(i)["g"], "g_int": of(whole)["g"]}


def run_difference(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's function gets a function that gives Python floats: no graph leads through it."""
    import torch

    def f(x: Any) -> float:
        return float(curve(torch.as_tensor(x).detach().to(torch.float64), i.w))

    return {"g": Later(lambda: whole(learner(f, i.x, i.h))), "g_int": Later(lambda: whole(learner(f, i.x_int, i.h)))}


ONE_ENTRY_ASKED = N_("g[k] asks about x[k] alone. What may move while you ask, and what has to stay?")
FEW_DIGITS_LEFT = N_(
    "Close, but x became `float32`: it holds about seven digits, and of a step as small as h **few of them are left**."
)
DTYPE_OF_COPIES = N_("Which dtype do your copies have, and which one did the x you were given have?")

central_difference = Exercise(
    id="central-difference",
    entry="central_difference",
    title=N_("A derivative without a formula"),
    proves=N_("Two evaluations on either side of a point give its slope, entry by entry: a check that knows no chain rule."),
    signature="central_difference(f, x, h)",
    parts=(Part("g", 2, ("in",)), Part("g_int", 1, ("in",))),
    draw=draw_difference,
    ask=run_difference,
    expect=difference_gradients,
    forbidden=AUTOGRAD,
    rtol=1e-6,
    mistakes=(
        wrong(
            "fd_missing_factor_two",
            N_("Every number is exactly **twice** what it should be: the rise was divided by too short a distance."),
            N_("How far apart are the two points at which you evaluated f?"),
        ),
        wrong(
            "fd_one_sided",
            N_("Close, but you took a step to **one side** of x only: the error is of the order of h."),
            N_(
                "The slope between x and x + h is closest to the slope halfway between them. Which two "
                "points have x halfway between them?"
            ),
        ),
        wrong(
            "fd_one_sided_backwards",
            N_("Close, but you took a step to **one side** of x only, downwards: the error is of the order of h."),
            N_(
                "The slope between x − h and x is closest to the slope halfway between them. Which two "
                "points have x halfway between them?"
            ),
        ),
        wrong(
            "fd_one_sided_halved",
            N_("Your numbers are about **half** of what they should be: one of the two points is x itself."),
            N_("How far apart are the two points at which you evaluated f?"),
        ),
        *ALIKE,
        wrong(
            "fd_all_entries_at_once",
            N_("All your numbers are **the same**: you moved all entries of x together, and got the sum of the derivatives."),
            ONE_ENTRY_ASKED,
        ),
        wrong(
            "fd_all_entries_in_one_number",
            N_("You gave **one number** for all of x: you moved all its entries together, and got the sum of the derivatives."),
            ONE_ENTRY_ASKED,
        ),
        wrong(
            "fd_shift_kept",
            N_(
                "Only g[0] is right. For the later ones x had **stayed moved** in the entries before, and their rise counts as "
                "well."
            ),
            N_("Before the next entry has its turn, where should all the others be?"),
        ),
        wrong(
            "fd_first_entry_only",
            N_("g[0] is right, and **all the others are 0**: they never had their turn."),
            N_("How far to the right does `return` stand: inside the loop, or after it?"),
        ),
        wrong("fd_single_precision", FEW_DIGITS_LEFT, DTYPE_OF_COPIES),
        wrong("fd_single_precision_assigned", FEW_DIGITS_LEFT, DTYPE_OF_COPIES),
        wrong(
            "fd_values_returned",
            N_("Your numbers are **values** of f beside x, and not how f changes."),
            SECOND_POINT,
        ),
        wrong(
            "fd_integer_array",
            N_(
                "Where x holds whole numbers, your g is enormous: x is `int64`, and in a copy of it 3 + h "
                "**became 3 again**, and 3 − h became 2."
            ),
            ROOM_FOR_A_FRACTION,
        ),
        wrong(
            "fd_integer_refused",
            N_("When x holds whole numbers, your code stops: a tensor of dtype `int64` **does not accept** 3.0001 from `+=`."),
            ROOM_FOR_A_FRACTION,
        ),
    ),
    hints=(
        N_("Begin with one entry: two copies of x, one with x[0] moved up by h, one with x[0] moved down by h."),
        N_("The rise of f between the two, divided by the distance between them."),
        N_("A tensor of whole numbers keeps no fraction: give the copies a dtype that does."),
    ),
    minutes=5,
)

LESSON = Lesson(
    number="05",
    folder="05_chain_rule",
    title=N_("The chain rule on a graph: upstream × local, and sums over paths"),
    exercises=(local_backward, vector_jacobian, residual_paths, broadcast_operand, engine, central_difference),
)
