"""Lesson 07: a layer that runs both ways. Gradients for any number of axes, the cache, adding up, checks that see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.exercise import GENERIC, LOGICAL, N_, Array, Exercise, Inputs, Later, Mistake, Part, Sizes, normal, thread
from course.exercises import Lesson
from course.exercises.by_hand import AUTOGRAD

Generator = np.random.Generator
Function = Callable[..., Any]
BY_HAND = (*AUTOGRAD, "torch.nn.functional.linear")


def rows(rng: Generator, *shape: int) -> Array:
    """A tensor of many numbers, row by row: that none of hundreds is near zero would be drawn for seconds."""
    drawn = [normal(rng, shape[-1]) for _ in range(int(np.prod(shape[:-1])))]
    return np.array(drawn).reshape(shape)


def by_autograd(x: Array, W: Array, b: Array, *upstream: Array) -> tuple[Array, ...]:
    """y, dX, dW, db of `torch.nn.functional.linear` where *upstream* arrives. x: (*, in), W: (out, in), b: (out,)."""
    import torch

    given = [torch.tensor(one, requires_grad=True) for one in (x, W, b)]
    y = torch.nn.functional.linear(*given)
    return tuple(one.detach().numpy() for one in (y, *torch.autograd.grad(y, given, torch.as_tensor(upstream[0]))))


def flat(tensor: Any) -> Any:
    return tensor.reshape(-1, tensor.shape[-1])


def three(x: Any, W: Any, G: Any) -> tuple[Any, Any, Any]:
    return G @ W, flat(G).T @ flat(x), flat(G).sum(0)


# -- nd-backward --------------------------------------------------------------------------------------------------

RANKS = ("x1", "x2", "x4")


def draw_nd(rng: Generator, sizes: Sizes) -> Inputs:
    x, G = rows(rng, sizes.B, sizes.T, sizes.in_), rows(rng, sizes.B, sizes.T, sizes.out)
    leading = {"1": (), "2": (sizes.N,), "4": (2, 3, 2)}
    others = {
        f"{name}{rank}": rows(rng, *shape, size)
        for rank, shape in leading.items()
        for name, size in (("x", sizes.in_), ("G", sizes.out))
    }
    return Inputs(sizes, x=x, W=normal(rng, sizes.out, sizes.in_), G=G, **others)


def ask_nd(learner: Any, i: Inputs) -> dict[str, Any]:
    """Three axes, and in a part of its own one, two and four, their numbers one after the other."""
    import torch

    dX, dW, db = learner(i.x, i.W, i.G)

    def other() -> Any:
        found = [torch.as_tensor(one) for rank in "124" for one in learner(i[f"x{rank}"], i.W, i[f"G{rank}"])]
        sizes = [size for one in found for size in (*one.shape, 0)]
        return torch.cat([torch.tensor(sizes, dtype=torch.float64), *(one.reshape(-1) for one in found)])

    return {"dX": dX, "dW": dW, "db": db, "other_ranks": Later(other)}


def expect_nd(i: Inputs) -> dict[str, Array]:
    b = np.zeros(len(i.W))
    _, dX, dW, db = by_autograd(i.x, i.W, b, i.G)
    found = [one for rank in "124" for one in by_autograd(i[f"x{rank}"], i.W, b, i[f"G{rank}"])[1:]]
    sizes = np.array([size for one in found for size in (*one.shape, 0)], dtype=np.float64)
    return {"dX": dX, "dW": dW, "db": db, "other_ranks": np.concatenate([sizes, *(one.ravel() for one in found)])}


def _nd(dX: Function | None = None, dW: Function | None = None, db: Function | None = None) -> Function:
    """Right, but for what is given, on inputs of three axes."""

    def answer(x: Any, W: Any, G: Any) -> Any:
        right = three(x, W, G)
        if x.ndim != 3:
            return right
        return tuple(of(x, W, G) if of else one for of, one in zip((dX, dW, db), right, strict=True))

    return answer


nd_backward = Exercise(
    id="nd-backward",
    entry="nd_backward",
    title=N_("Three gradients for any number of axes"),
    proves=N_("To W and b every position is one more sample; to x it is a row of its own, so dX keeps all its axes."),
    signature="nd_backward(x, W, G)",
    parts=(Part("dX", 1, ("B", "T", "in")), Part("dW", 2, ("out", "in")), Part("db", 1, ("out",)), Part("other_ranks", 1)),
    draw=draw_nd,
    ask=ask_nd,
    expect=expect_nd,
    forbidden=BY_HAND,
    mistakes=(
        Mistake(
            "nd_dX_left_flat",
            "dX",
            _nd(dX=lambda x, W, G: flat(G) @ W),
            N_("The numbers of dX are right, but its leading axes were merged and **never put back**: `{got_shape}`."),
            N_("A gradient has the shape of its tensor. Which axes has x? Did they have to be merged at all?"),
        ),
        Mistake(
            "nd_dX_summed",
            "dX",
            _nd(dX=lambda x, W, G: (G @ W).sum(0)),
            N_("In dX the sheets were **added up**: `{got_shape}`. No two rows of x are the same number."),
            N_("How many paths lead from one number of x to y, and through which rows?"),
        ),
        Mistake(
            "nd_dW_batched_not_summed",
            "dW",
            _nd(dW=lambda x, W, G: G.transpose(1, 2) @ x),
            N_("There is a table dW **for every sheet**, `{got_shape}`, and they were not added up."),
            N_("How many W are there, and how many sheets do they serve?"),
        ),
        Mistake(
            "nd_dW_divided_by_batch",
            "dW",
            _nd(dW=lambda x, W, G: flat(G).T @ flat(x) / x.shape[0]),
            N_("Every number of dW is 1/{B} of what it should be, and there are {B} sheets: you **averaged** over them."),
            N_("If there is a mean in L, where is its factor already?"),
        ),
        Mistake(
            "nd_dW_averaged_over_positions",
            "dW",
            _nd(dW=lambda x, W, G: flat(G).T @ flat(x) / (x.shape[0] * x.shape[1])),
            N_("You **averaged** dW over all positions; paths are added, not averaged."),
            N_("If there is a mean in L, where is its factor already?"),
        ),
        Mistake(
            "nd_dW_transposed",
            "dW",
            _nd(dW=lambda x, W, G: flat(x).T @ flat(G)),
            N_("The numbers of dW are right, but **transposed**: `{got_shape}`, one row per feature."),
            N_("Which shape has W, and what does one of its rows belong to?"),
        ),
        Mistake(
            "nd_db_only_first_axis",
            "db",
            _nd(db=lambda x, W, G: G.sum(0)),
            N_("In db only the **first axis** was added up: `{got_shape}` still has the positions."),
            N_("To how many rows of y was b added: one per sheet, or one per position of each sheet?"),
        ),
        Mistake(
            "nd_db_only_positions",
            "db",
            _nd(db=lambda x, W, G: G.sum(1)),
            N_("In db only the **positions** were added up: `{got_shape}` still has the sheets."),
            N_("Do two sheets have biases of their own?"),
        ),
        Mistake(
            "nd_db_last_axis",
            "db",
            _nd(db=lambda x, W, G: G.sum(-1)),
            N_("In db the **neurons** were added up, `{got_shape}`, and those are the ones that have a bias each."),
            N_("Which axis of G should be left?"),
        ),
        Mistake(
            "nd_db_averaged",
            "db",
            _nd(db=lambda x, W, G: flat(G).mean(0)),
            N_("You **averaged** db over all positions; paths are added, not averaged."),
            N_("If there is a mean in L, where is its factor already?"),
        ),
    ),
    hints=(
        N_("For dW and db all positions are alike: `G.reshape(-1, G.shape[-1])` makes a table of them. The same with x."),
        N_("For dX nothing is added but the neurons, and `@` leaves the leading axes as they are."),
    ),
    minutes=7,
)

# -- layers as classes --------------------------------------------------------------------------------------------


def _layer(
    forward: Function = lambda m, x: x @ m.W.T + m.b,
    dX: Function = lambda m, x, G: G @ m.W,
    dW: Function = lambda m, x, G: flat(G).T @ flat(x),
    db: Function = lambda m, x, G: flat(G).sum(0),
    add: Function = lambda before, new: before + new,
    add_b: Function = lambda before, new: before + new,
    take: Function = lambda m: m.cache.pop(),
    gives: Function = lambda m, dX: dX,
    names: tuple[str, str] = ("W", "dW"),
) -> Callable[[Any, Any], Any]:
    """A layer as a learner could write it; its cache is a pile, of which `take` gives the x of this backward."""

    class Layer:
        def __init__(self, W: Any, b: Any) -> None:
            self.W, self.b = W, b
            self.cache: list[Any] = []
            self.given: list[Any] = []
            setattr(self, names[1], W * 0)
            self.db = b * 0

        def forward(self, x: Any) -> Any:
            self.cache.append(x)
            return forward(self, x)

        def backward(self, G: Any) -> Any:
            x = take(self)
            setattr(self, names[1], add(getattr(self, names[1]), dW(self, x, G)))
            self.db = add_b(self.db, db(self, x, G))
            back = dX(self, x, G)
            self.given.append(back)
            return gives(self, back)

    return Layer


def draw_twice(rng: Generator, sizes: Sizes) -> Inputs:
    W, b = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    x, G = rows(rng, sizes.B, 2, sizes.in_), rows(rng, sizes.B, 2, sizes.out)
    x2, G2 = rows(rng, sizes.N, sizes.in_), rows(rng, sizes.N, sizes.out)
    return Inputs(sizes, W=W, b=b, x=x, G=G, x2=x2, G2=G2)


def used_twice(learner: Any, i: Inputs) -> dict[str, Any]:
    """Forward, backward, forward, backward: y and dX of the second time, dW and db of both."""
    layer = learner(i.W, i.b)
    layer.forward(i.x)
    layer.backward(i.G)
    y = layer.forward(i.x2)
    dX = layer.backward(i.G2)
    return {"y": y, "dX": dX, "dW": layer.dW, "db": layer.db}


def expect_twice(i: Inputs) -> dict[str, Array]:
    _, _, dW, db = by_autograd(i.x, i.W, i.b, i.G)
    y, dX, dW2, db2 = by_autograd(i.x2, i.W, i.b, i.G2)
    return {"y": y, "dX": dX, "dW": dW + dW2, "db": db + db2}


def replaced(before: Any, new: Any) -> Any:
    return new


def averaged(before: Any, new: Any) -> Any:
    return (before + new) / 2 if bool((before != 0).any()) else before + new


OVERWRITES = N_("Only the **last** backward counts: it put its gradient in the place of the one that was there.")
WHAT_BECOMES = N_("What should become of the first gradient, if nobody has read it before the second arrives?")

layer_class = Exercise(
    id="layer-class",
    entry="Layer",
    title=N_("A layer with a memory"),
    proves=N_("Backward needs the x of its own forward, and what it finds is added: the layer keeps both until they are used."),
    signature="Layer(W, b)",
    parts=(Part("y", 1, ("N", "out")), Part("dX", 1, ("N", "in")), Part("dW", 2, ("out", "in")), Part("db", 2, ("out",))),
    draw=draw_twice,
    ask=used_twice,
    expect=expect_twice,
    forbidden=BY_HAND,
    mistakes=(
        Mistake("shared_last_use_only", "dW", _layer(add=replaced, add_b=replaced), OVERWRITES, WHAT_BECOMES),
        Mistake(
            "layer_db_overwritten",
            "db",
            _layer(add_b=replaced),
            N_("The layer adds up dW, but db is **overwritten** by each backward."),
            WHAT_BECOMES,
        ),
        Mistake(
            "layer_gradients_averaged",
            "dW",
            _layer(add=averaged, add_b=averaged),
            N_("The gradients of the two uses were **averaged**."),
            N_("Both uses lead to L. What does the chain rule do with paths?"),
        ),
        Mistake(
            "layer_dX_added_up",
            "dX",
            _layer(gives=lambda m, dX: dX + m.given[0].sum() * 0 + (m.given[0].sum() if len(m.given) > 1 else 0)),
            N_(
                "Something of the **first** call is in the second dX. Only the parameters gather, and dX goes on "
                "to whoever asked."
            ),
            N_("Is x a parameter of the layer? To whom does dX of the second call belong?"),
        ),
        Mistake(
            "layer_bias_omitted",
            "y",
            _layer(forward=lambda m, x: x @ m.W.T),
            N_("Going forward, **the bias is missing**."),
            N_("Which of the two things that the layer holds have you not used?"),
        ),
        Mistake(
            "layer_dW_transposed",
            "",
            _layer(dW=lambda m, x, G: flat(x).T @ flat(G)),
            N_("Your dW is **transposed**, (in, out), and cannot be added to a gradient in the shape of W."),
            N_("A gradient has the shape of its tensor. Which factor has to come first?"),
        ),
        Mistake(
            "layer_dX_transposed",
            "",
            _layer(dX=lambda m, x, G: G @ m.W.T),
            N_("In dX the neurons of G met the **features** of W: W was transposed on the way back as well."),
            N_("Going forward W was transposed so that the features met. What has to meet on the way back?"),
        ),
    ),
    hints=(
        N_("`self.x = x` in `forward`: that is the whole memory. `backward` is called after it and finds it there."),
        N_("`self.dW = self.dW + …` adds; the first time there are zeros, so nothing is lost."),
    ),
    minutes=8,
)

# -- affine-class: the same in (in, out) --------------------------------------------------------------------------


def draw_affine(rng: Generator, sizes: Sizes) -> Inputs:
    drawn = draw_twice(rng, sizes)
    w = np.ascontiguousarray(drawn.W.T)
    return Inputs(sizes, w=w, b=drawn.b, x=drawn.x, G=drawn.G, x2=drawn.x2, G2=drawn.G2)


def affine_twice(learner: Any, i: Inputs) -> dict[str, Any]:
    layer = learner(i.w, i.b)
    layer.forward(i.x)
    layer.backward(i.G)
    y = layer.forward(i.x2)
    dX = layer.backward(i.G2)
    return {"y": y, "dX": dX, "dw": layer.dw, "db": layer.db}


def expect_affine(i: Inputs) -> dict[str, Array]:
    found = expect_twice(Inputs(i.sizes, W=np.ascontiguousarray(i.w.T), b=i.b, x=i.x, G=i.G, x2=i.x2, G2=i.G2))
    return {"y": found["y"], "dX": found["dX"], "dw": found["dW"].T, "db": found["db"]}


def _affine(**wrong: Function) -> Callable[[Any, Any], Any]:
    right: dict[str, Function] = {
        "forward": lambda m, x: x @ m.W + m.b,
        "dX": lambda m, x, G: G @ m.W.T,
        "dW": lambda m, x, G: flat(x).T @ flat(G),
    }
    return _layer(**(right | wrong), names=("W", "dw"))


affine_class = Exercise(
    id="affine-class",
    entry="Affine",
    title=N_("The same with weights (in, out)"),
    proves=N_(
        "Both layouts are one layer: its gradients are each other's transposes, and the transpose moves to another product."
    ),
    signature="Affine(w, b)",
    parts=(Part("y", 1, ("N", "out")), Part("dX", 1, ("N", "in")), Part("dw", 1, ("in", "out")), Part("db", 1, ("out",))),
    draw=draw_affine,
    ask=affine_twice,
    expect=expect_affine,
    forbidden=BY_HAND,
    mistakes=(
        Mistake("shared_last_use_only", "dw", _affine(add=replaced, add_b=replaced), OVERWRITES, WHAT_BECOMES),
        Mistake(
            "affine_weight_not_transposed",
            "",
            _affine(dX=lambda m, x, G: G @ m.W),
            N_("In dX the w stands **as it is stored**: its features met the neurons of G."),
            N_("Here w is (in, out). Which of its axes should meet the neurons of G?"),
        ),
        Mistake(
            "affine_dw_of_the_other_layout",
            "",
            _affine(dW=lambda m, x, G: flat(G).T @ flat(x)),
            N_("Your dw is that of the **other** layout, (out, in)."),
            N_("A gradient has the shape of its tensor. Which factor has to come first here?"),
        ),
        Mistake(
            "affine_forward_transposed",
            "",
            _affine(forward=lambda m, x: x @ m.W.T + m.b),
            N_("Going forward w was **transposed**, and here a neuron is already a column."),
            N_("Which axis of w has the features, and where does it stand without any transpose?"),
        ),
        Mistake(
            "affine_bias_omitted",
            "y",
            _affine(forward=lambda m, x: x @ m.W),
            N_("Going forward, **the bias is missing**."),
            N_("Which of the two things that the layer holds have you not used?"),
        ),
    ),
    hints=(N_("Begin with `Layer` and write the shapes beside each product. In which of the three is there a transpose now?"),),
    minutes=6,
)

# -- numerical-gradient -------------------------------------------------------------------------------------------


def draw_numerical(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, G = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.N, sizes.out)
    whole = rng.permutation(np.arange(1, 40))[: sizes.out * sizes.in_].reshape(sizes.out, sizes.in_)
    return Inputs(sizes, W=W, h=0.3, whole=whole, x=x, G=G)


def weighed(x: Any, G: Any) -> Callable[[Any], float]:
    """½ Σ G ⊙ (xWᵀ)²: a parabola along each weight, so that central differences are exact up to rounding."""
    return lambda W: float((G * (x @ W.double().T) ** 2).sum() / 2)


def ask_numerical(learner: Any, i: Inputs) -> dict[str, Any]:
    f = weighed(i.x, i.G)
    return {"gradient": Later(lambda: learner(f, i.W, i.h)), "whole": Later(lambda: learner(f, i.whole, i.h))}


def expect_numerical(i: Inputs) -> dict[str, Array]:
    return {part: (i.G * (i.x @ W.T)).T @ i.x for part, W in (("gradient", i.W), ("whole", i.whole.astype(np.float64)))}


def _numerical(
    quotient: Callable[[Function, Any, Any, Any, float], float] = lambda f, up, here, down, h: (f(up) - f(down)) / (2 * h),
    move: Callable[[Any, int, int, float], Any] | None = None,
    start: Function = lambda W: W.double().clone(),
) -> Function:
    """A numerical gradient as a learner could write it."""

    def moved(W: Any, i: int, j: int, h: float) -> Any:
        other = W.clone()
        other[i, j] = other[i, j] + h
        return other

    def answer(f: Function, W: Any, h: float) -> Any:
        import torch

        W, step = start(W), move or moved
        gradient = torch.zeros(W.shape, dtype=torch.float64)
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                gradient[i, j] = quotient(f, step(W, i, j, h), W, step(W, i, j, -h), h)
        return gradient

    return answer


def _in_place(W: Any, i: int, j: int, h: float) -> Any:
    W = W.clone()
    W[i, j] += h
    return W


numerical_gradient = Exercise(
    id="numerical-gradient",
    entry="numerical_gradient",
    title=N_("The numerical gradient of a matrix"),
    proves=N_("Two values of f for each entry, and no formula: slow, and blind to no mistake of yours in dW."),
    signature="numerical_gradient(f, W, h)",
    parts=(Part("gradient", 3, ("out", "in")), Part("whole", 1, ("out", "in"))),
    draw=draw_numerical,
    ask=ask_numerical,
    expect=expect_numerical,
    forbidden=BY_HAND,
    rtol=1e-7,
    mistakes=(
        Mistake(
            "fd_missing_factor_two",
            "gradient",
            _numerical(lambda f, up, here, down, h: (f(up) - f(down)) / h),
            N_("Every number is exactly **twice** what it should be: the two points lie further apart than you divided by."),
            N_("From W − h to W + h: how far is that?"),
        ),
        Mistake(
            "fd_one_sided",
            "gradient",
            _numerical(lambda f, up, here, down, h: (f(up) - f(here)) / h),
            N_("You took a step to **one side** only: the curve bends between the two points, and that bend is in your numbers."),
            N_("What happens to the bend if you take a point on either side of W?"),
        ),
        Mistake(
            "fd_all_entries_at_once",
            "gradient",
            _numerical(move=lambda W, i, j, h: W + h),
            N_("You moved **all entries at once**, so every number is the same: the sum of all derivatives."),
            N_("Whose derivative do you want at position [i, j]? Which entries have to stay where they are?"),
        ),
        Mistake(
            "fd_aliased_copies",
            "gradient",
            _numerical(lambda f, up, here, down, h: (f(down) - f(down)) / (2 * h)),
            N_("All your numbers are 0: both names stand for **the same tensor**, which was moved up and down again."),
            N_("Does `up = W` make a new tensor? What does?"),
        ),
        Mistake(
            "fd_integer_array",
            "whole",
            _numerical(start=lambda W: W.clone()),
            N_("With whole numbers in W the step is **lost**: a tensor of whole numbers cannot hold W + h."),
            N_("Which type should W have before anything is added to it?"),
        ),
        Mistake(
            "fd_integer_refused",
            "whole",
            _numerical(start=lambda W: W.clone(), move=_in_place),
            N_("W holds whole numbers here, and PyTorch **refuses** to add a fraction to them in place."),
            N_("Which type should W have before anything is added to it?"),
        ),
        Mistake(
            "fd_sign",
            "gradient",
            _numerical(lambda f, up, here, down, h: (f(down) - f(up)) / (2 * h)),
            N_("Every number has the **opposite sign**: you subtracted the value after the step from the value before it."),
            N_("If f grows with W, which of f(up) and f(down) is larger?"),
        ),
    ),
    hints=(
        N_("Lesson 05's `central_difference` did this for one axis. Here a loop over i holds a loop over j."),
        N_("For each entry make two fresh copies of W, move that one entry in them, and ask f twice."),
    ),
    minutes=7,
)

# -- seed-prints: dW and db of a sum ------------------------------------------------------------------------------


def draw_sum(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, b = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, x=x, W=W, b=b)


def shown_sum() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, x=numbers["x"], W=numbers["W"], b=numbers["b"])


def expect_sum(i: Inputs) -> dict[str, Array]:
    _, _, dW, db = by_autograd(i.x, i.W, i.b, np.ones((len(i.x), len(i.b))))
    return {"dW": dW, "db": db}


def _sum(upstream: Function, bias: Function = lambda db: db) -> Function:
    def answer(x: Any, W: Any, b: Any) -> Any:
        G = upstream(x @ W.T + b)
        return G.T @ x, bias(G.sum(0))

    return answer


seed_prints = Exercise(
    id="seed-prints",
    entry="seed_prints",
    title=N_("The same tables from your own layer"),
    proves=N_("A sum sends back ones. All rows of dW are then alike, which is why so few mistakes show on it."),
    signature="seed_prints(x, W, b)",
    parts=(Part("dW", 1, ("out", "in")), Part("db", 1, ("out",))),
    draw=draw_sum,
    shown=shown_sum,
    expect=expect_sum,
    forbidden=BY_HAND,
    mistakes=(
        Mistake(
            "upstream_is_y",
            "dW",
            _sum(lambda y: y),
            N_("You sent **y itself** back. What arrives is how L changes with y, and not how large y is."),
            N_("If one number of y grows by 1, by how much does the sum of all of them grow?"),
        ),
        Mistake(
            "upstream_of_a_mean",
            "dW",
            _sum(lambda y: (y * 0 + 1) / (y.shape[0] * y.shape[1])),
            N_("You sent back 1/{N_out} to every number of y: that is what a **mean** sends, and L is a sum."),
            N_("If one number of y grows by 1, by how much does the sum of all of them grow?"),
        ),
        Mistake(
            "bias_gradient_as_a_table",
            "db",
            _sum(lambda y: y * 0 + 1, lambda db: db[None]),
            N_("Your db is a table, `{got_shape}`. The bias has **one** axis, and so has its gradient."),
            N_("Which shape does `b` have?"),
        ),
    ),
    hints=(N_("L is the sum of all outputs: `torch.ones_like(y)` has the shape of what arrives."),),
    minutes=4,
)

# -- sharp-test: a test that sees ---------------------------------------------------------------------------------


def _but(dX: Function | None = None, dW: Function | None = None, db: Function | None = None) -> Function:
    """A backward that is right but for what is given."""

    def backward(x: Any, W: Any, G: Any) -> Any:
        return tuple(of(x, W, G) if of else one for of, one in zip((dX, dW, db), three(x, W, G), strict=True))

    return backward


def _ones(G: Any) -> Any:
    return G * 0 + 1


RIGHT_ONES: tuple[Function, ...] = (
    three,
    lambda x, W, G: ((W.T @ G.T).T, (x.T @ G).T, G.T.sum(1)),
)
WRONG_ONES: dict[str, tuple[Function, ...]] = {
    "dW": (
        _but(dW=lambda x, W, G: _ones(G).T @ x),  # upstream ignored
        _but(dW=lambda x, W, G: G.T @ x / len(x)),  # batch mean
        _but(dW=lambda x, W, G: G[-1][:, None] * x[-1]),  # last sample only
        _but(dW=lambda x, W, G: G.sum(0)[:, None] * x.sum(0)),  # outer product of sums
        _but(dW=lambda x, W, G: G[0][:, None] * x[0]),  # first sample only
    ),
    "db": (
        _but(db=lambda x, W, G: G[0] * 0 + 1),  # ones
        _but(db=lambda x, W, G: G[0] * 0 + len(x)),  # the size of the batch
        _but(db=lambda x, W, G: G.sum(0) / len(x)),  # batch mean
        _but(db=lambda x, W, G: G[-1].clone()),  # last sample only
    ),
    "dX": (
        _but(dX=lambda x, W, G: _ones(G) @ W),  # upstream ignored
        _but(dX=lambda x, W, G: G @ W / len(x)),  # batch mean
        _but(dX=lambda x, W, G: G.sum(1)[:, None] * W.sum(0)),  # upstream collapsed
        _but(dX=lambda x, W, G: x * 0),  # nothing sent back
    ),
    "shape": (
        _but(db=lambda x, W, G: G.sum(0)[None]),
        _but(dX=lambda x, W, G: (G @ W)[None]),
    ),
}


def run_test(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's test on the wrong functions of each group, beside its answers on the right ones."""
    right = [bool(learner(backward)) for backward in RIGHT_ONES]
    return {part: np.array(right + [bool(learner(backward)) for backward in wrong]) for part, wrong in WRONG_ONES.items()}


def _test(N: int = 5, ones: bool = False, looks_at: tuple[int, ...] = (0, 1, 2), same: Function | None = None) -> Function:
    """A test on drawn numbers, which compares the results of *looks_at* by *same*."""

    def close(a: Any, b: Any) -> bool:
        return a.shape == b.shape and bool(abs(a - b).max() < 1e-9)

    def answer(backward: Function) -> bool:
        import torch

        rng = np.random.default_rng(7)
        x, W, G = (torch.from_numpy(normal(rng, *shape)) for shape in ((N, 4), (3, 4), (N, 3)))
        G = _ones(G) if ones else G
        pairs = list(zip(backward(x, W, G), three(x, W, G), strict=True))
        return all((same or close)(*pairs[at]) for at in looks_at)

    return answer


sharp_test = Exercise(
    id="sharp-test",
    entry="right",
    title=N_("A test that sees"),
    proves=N_(
        "A batch of several samples, numbers that all differ, each of the three gradients with its shape: this test is not blind."
    ),
    signature="right(backward)",
    parts=(Part("dW", 2), Part("db", 1), Part("dX", 2), Part("shape", 1)),
    draw=lambda rng, sizes: Inputs(sizes),
    ask=run_test,
    expect=lambda i: {part: np.array([True] * len(RIGHT_ONES) + [False] * len(wrong)) for part, wrong in WRONG_ONES.items()},
    accepts=LOGICAL,
    mistakes=(
        Mistake(
            "test_batch_of_one",
            "dW",
            _test(N=1),
            N_("Your test has **one sample**, and for one the mean, the last one and the sum are the same."),
            N_("From how many samples on do a sum and a mean differ?"),
        ),
        Mistake(
            "test_upstream_of_ones",
            "dW",
            _test(ones=True),
            N_("What arrives in your test is **all ones**, and so nobody can tell whether it was used."),
            N_("What would change in your test if a function never looked at G?"),
        ),
        Mistake(
            "test_only_shapes",
            "dW",
            _test(same=lambda a, b: a.shape == b.shape),
            N_("Your test compares **shapes** alone. All the wrong ones have the right shape."),
            N_("What else is there in a tensor besides its shape?"),
        ),
        Mistake(
            "test_never_looks_at_dX",
            "dX",
            _test(looks_at=(1, 2)),
            N_("Functions with a wrong **dX** passed: your test does not look at it."),
            N_("How many results come back, and how many do you compare?"),
        ),
        Mistake(
            "test_never_looks_at_db",
            "db",
            _test(looks_at=(0, 1)),
            N_("Functions with a wrong **db** passed: your test does not look at it."),
            N_("How many results come back, and how many do you compare?"),
        ),
        Mistake(
            "test_broadcasts",
            "shape",
            _test(same=lambda a, b: bool(abs(a - b).max() < 1e-9)),
            N_("A result with an axis too many passed: in your comparison **broadcasting** stretched it to fit."),
            N_("Which two things did lesson 02 compare before it compared numbers?"),
        ),
    ),
    hints=(
        N_("Several samples, and numbers in G that all differ: then no two of the mistakes give the same."),
        N_("Compare each of the three results with that of your `nd_backward`: first the shape, then the numbers."),
    ),
    minutes=8,
)

# -- shared-layer: one layer in two places ------------------------------------------------------------------------


def draw_shared(rng: Generator, sizes: Sizes) -> Inputs:
    W, b = normal(rng, sizes.in_, sizes.in_), normal(rng, sizes.in_)
    return Inputs(sizes, W=W, b=b, x=normal(rng, sizes.N, sizes.in_), G=normal(rng, sizes.N, sizes.in_))


def two_places(learner: Any, i: Inputs) -> dict[str, Any]:
    """y = layer(layer(x)), and back."""
    layer = learner(i.W, i.b)
    y = layer.forward(layer.forward(i.x))
    dX = layer.backward(layer.backward(i.G))
    return {"y": y, "dX": dX, "dW": layer.dW, "db": layer.db}


def expect_shared(i: Inputs) -> dict[str, Array]:
    import torch

    x, W, b = (torch.tensor(one, requires_grad=True) for one in (i.x, i.W, i.b))
    linear = torch.nn.functional.linear
    y = linear(linear(x, W, b), W, b)
    found = torch.autograd.grad(y, (x, W, b), torch.as_tensor(i.G))
    return dict(zip(("y", "dX", "dW", "db"), (one.detach().numpy() for one in (y, *found)), strict=True))


def kept_if_there(before: Any, new: Any) -> Any:
    return before if bool((before != 0).any()) else new


shared_layer = Exercise(
    id="shared-layer",
    entry="SharedLayer",
    title=N_("A layer in two places of a network"),
    proves=N_("Each backward belongs to one forward, the last that is not answered yet; W gathers a gradient from both places."),
    signature="SharedLayer(W, b)",
    parts=(Part("y", 1, ("N", "in")), Part("dX", 1, ("N", "in")), Part("dW", 1, ("in", "in")), Part("db", 1, ("in",))),
    draw=draw_shared,
    ask=two_places,
    expect=expect_shared,
    forbidden=BY_HAND,
    mistakes=(
        Mistake("shared_last_use_only", "dW", _layer(add=replaced, add_b=replaced), OVERWRITES, WHAT_BECOMES),
        Mistake(
            "shared_first_use_only",
            "dW",
            _layer(add=kept_if_there, add_b=kept_if_there),
            N_("Only the **first** backward counts: what the second one found was thrown away."),
            N_("W stands in two places. Through how many of them does it reach L?"),
        ),
        Mistake(
            "cache_of_one",
            "dW",
            _layer(take=lambda m: m.cache[-1]),
            N_("Both backwards used **the x of the last forward**: it was written over that of the first."),
            N_("Two calls of forward are waiting for their backward. How many x have to be kept?"),
        ),
        Mistake(
            "cache_from_the_wrong_end",
            "dW",
            _layer(take=lambda m: m.cache.pop(0)),
            N_("The first backward took the x of the **first** forward. Going back, the last call comes first."),
            N_("From which end of the list should backward take, and what does `.pop()` take?"),
        ),
        Mistake(
            "cache_never_taken",
            "dW",
            _layer(take=lambda m: m.cache[0]),
            N_("Both backwards used **the x of the first forward**."),
            N_("Which forward does the first call of backward answer?"),
        ),
    ),
    hints=(
        N_("Keep a list: `self.cache = []`. What does `forward` do with it, and what does `backward`?"),
        N_("`.append(x)` puts on top, `.pop()` takes the top off and gives it back."),
    ),
    minutes=6,
)

LESSON = Lesson(
    number="07",
    folder="07_both_ways",
    title=N_("A layer that runs both ways"),
    exercises=(nd_backward, layer_class, affine_class, numerical_gradient, seed_prints, sharp_test, shared_layer),
)
