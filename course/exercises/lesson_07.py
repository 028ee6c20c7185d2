"""Lesson 07: a layer that runs both ways. N-d gradients, a class with a cache, a numerical check, a test that sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import FunctionType
from typing import Any

import numpy as np

from course.exercise import (
    GENERIC,
    LOGICAL,
    N_,
    OTHER,
    Array,
    Exercise,
    Inputs,
    Later,
    Mistake,
    Part,
    Sizes,
    WrongNumberOfParts,
    normal,
    thread,
)
from course.exercises import Lesson
from course.exercises.by_hand import AUTOGRAD
from course.exercises.lesson_02 import answers
from course.exercises.lesson_06 import Answer, upstream
from course.exercises.numerical import ALIKE, ROOM_FOR_A_FRACTION, SECOND_POINT, STEP, by_entry, central, right_only, whole, wrong

Generator = np.random.Generator
BY_HAND = (*AUTOGRAD, "torch.nn.functional.linear")


def two_sheets() -> tuple[Array, Array]:
    """The lesson's xs (2, 5, 4) and Gs (2, 5, 3)."""
    x, G = thread()["x"], upstream()
    return np.stack([x, x[::-1]]), np.stack([G, G])


TWO_SHEETS = Sizes(B=2, T=5)  # of the whole-number inputs, for the messages that name sizes


def flat(x: Any) -> Any:
    """x (*, in) → (rows, in)."""
    return x.reshape(-1, x.shape[-1])


# -- nd-backward: all leading axes are one batch ------------------------------------------------------------------


def draw_nd(rng: Generator, sizes: Sizes) -> Inputs:
    """The same layer for inputs of three axes, of one and of four."""
    leading = {"1": (), "3": (sizes.B, sizes.T), "4": (2, sizes.B, sizes.T)}
    inputs = Inputs(sizes, W=normal(rng, sizes.out, sizes.in_))
    for axes, shape in leading.items():
        inputs[f"x{axes}"], inputs[f"G{axes}"] = normal(rng, *shape, sizes.in_), normal(rng, *shape, sizes.out)
    return inputs


def shown_nd() -> Inputs:
    xs, Gs = two_sheets()
    x4, G4 = np.stack([xs, -xs]), np.stack([Gs, 2 * Gs])
    return Inputs(TWO_SHEETS, W=thread()["W"], x1=xs[0, 0], G1=Gs[0, 0], x3=xs, G3=Gs, x4=x4, G4=G4)


def ask_nd(learner: Any, i: Inputs) -> dict[str, Any]:
    """Three axes first; one and four by calls of their own."""

    def asked(axes: str) -> dict[str, Any]:
        given = learner(i[f"x{axes}"], i.W, i[f"G{axes}"])
        if not isinstance(given, tuple | list) or len(given) != 3:
            raise WrongNumberOfParts(3, given)
        return dict(zip(("dX", "dW", "db"), given, strict=True))

    three = {f"{name}3": value for name, value in asked("3").items()}
    return three | {
        f"{name}{axes}": Later(lambda name=name, axes=axes: asked(axes)[name])  # type: ignore[misc]
        for axes in ("1", "4")
        for name in ("dW", "db")
    }


def nd_gradients(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients of nn.Linear for each number of axes."""
    import torch

    found: dict[str, Array] = {}
    for axes in ("3", "1", "4"):
        x, W = (torch.tensor(i[name], requires_grad=True) for name in (f"x{axes}", "W"))
        b = torch.zeros(len(i.W), dtype=torch.float64, requires_grad=True)
        y = torch.nn.functional.linear(x, W, b)
        gradients = torch.autograd.grad(y, (x, W, b), torch.tensor(i[f"G{axes}"]))
        found |= {f"{name}{axes}": one.numpy() for name, one in zip(("dX", "dW", "db"), gradients, strict=True)}
    return {part.name: found[part.name] for part in ND_PARTS}


ND_PARTS = (
    Part("dX3", 1, ("B", "T", "in")),
    Part("dW3", 1, ("out", "in")),
    Part("db3", 1, ("out",)),
    Part("dW1", 1, ("out", "in")),
    Part("db1", 1, ("out",)),
    Part("dW4", 1, ("out", "in")),
    Part("db4", 1, ("out",)),
)


def _nd(**wrong: Answer) -> Answer:
    """An answer to nd-backward that is right but for the gradients in *wrong*."""
    right: dict[str, Answer] = {
        "dX": lambda x, W, G: G @ W,
        "dW": lambda x, W, G: flat(G).T @ flat(x),
        "db": lambda x, W, G: flat(G).sum(0),
    }
    return lambda *given: tuple(of(*given) for of in (right | wrong).values())


def _for(axes: int, wrong: Answer, right: Answer) -> Answer:
    """*wrong* where G has that many *axes*, else *right*."""
    return lambda x, W, G: (wrong if G.ndim == axes else right)(x, W, G)


def _three_axes(x: Any, W: Any, G: Any) -> Any:
    import torch

    return torch.einsum("bto,bti->oi", G, x)


def _to_front(x: Any, W: Any, G: Any) -> Any:
    """The features are brought to the front by a reshape, which mixes them."""
    return G.reshape(len(W), -1) @ x.reshape(W.shape[1], -1).T


def _regrouped(x: Any, W: Any, G: Any) -> Any:
    rows = flat(G) @ W
    return rows.reshape(G.shape[1], G.shape[0], -1).transpose(0, 1) if G.ndim == 3 else rows.reshape(x.shape)


nd_backward = Exercise(
    id="nd-backward",
    entry="nd_backward",
    title=N_("Three gradients for any number of axes"),
    proves=N_("To W and b every leading axis is a batch: its paths are added up. dX is left alone, each position on its own."),
    signature="nd_backward(x, W, G)",
    parts=ND_PARTS,
    draw=draw_nd,
    shown=shown_nd,
    ask=ask_nd,
    expect=nd_gradients,
    forbidden=BY_HAND,
    views=False,
    mistakes=(
        Mistake(
            "nd_dX_left_flat",
            "dX3",
            _nd(dX=lambda x, W, G: flat(G) @ W),
            N_(
                "The numbers of dX are right, but its leading axes stayed **merged**: `{got_shape}`, and x is `{expected_shape}`."
            ),
            N_("A gradient has the shape of its tensor. Does G have to be made flat at all for dX?"),
        ),
        Mistake(
            "nd_dX_regrouped",
            "dX3",
            _nd(dX=_regrouped),
            N_("The shape of dX is right, but its rows were **taken apart in another order** than they were merged in."),
            N_("Does `G @ W` need any merging? What does a product do with leading axes?"),
        ),
        Mistake(
            "nd_dX_upstream_ignored",
            "dX3",
            _nd(dX=lambda x, W, G: (G * 0 + 1) @ W),
            N_("In your dX every position has the same row, the sum of the rows of W, **whatever G is**."),
            N_("Suppose L doubles. Which of the arguments changes, and does your dX?"),
        ),
        Mistake(
            "dX_textbook_transpose",
            "",
            _nd(dX=lambda x, W, G: G @ W.T),
            N_("In dX you **transposed** W: its `in` met the neurons of G."),
            N_("On the way back, which axis of W has to meet the neurons of G?"),
        ),
        Mistake(
            "nd_backward_of_a_table",
            "",
            lambda x, W, G: (G @ W, G.T @ x, G.sum(0)),
            N_(
                "That is the backward pass of a **table**: with three axes `.T` turns all of them around, and sheet no longer "
                "meets sheet."
            ),
            N_("What becomes of (B, T, out) under `.T`? And how would the same rows lie as one table?"),
        ),
        Mistake(
            "nd_dW_batched_not_summed",
            "dW3",
            _nd(dW=lambda x, W, G: G.mT @ x),
            N_("You kept a table for **every sheet**: `{got_shape}`. But all sheets share one W: `{expected_shape}`."),
            N_("From one weight, paths lead through every sheet. What do you do with paths?"),
        ),
        Mistake(
            "nd_dW_one_sheet",
            "dW3",
            _nd(dW=lambda x, W, G: G[-1].T @ x[-1] if G.ndim == 3 else flat(G).T @ flat(x)),
            N_("Only the **last sheet** is in your dW."),
            N_("Does your loop add to dW, or put something new in its place?"),
        ),
        Mistake(
            "nd_dW_divided_by_batch",
            "dW3",
            _nd(dW=lambda x, W, G: flat(G).T @ flat(x) / len(G)),
            N_("Every number of your dW is 1/{B} of what it should be, and there are {B} sheets: you **averaged** over them."),
            N_("The layer takes no mean. If L does, in which quantity is it already?"),
        ),
        Mistake(
            "nd_dW_mean_of_all",
            "dW3",
            _nd(dW=lambda x, W, G: flat(G).T @ flat(x) / len(flat(G))),
            N_(
                "Every number of your dW is what it should be, divided by the **number of rows**, {B} · "
                "{T}: you averaged over all positions."
            ),
            N_("The layer takes no mean. If L does, in which quantity is it already?"),
        ),
        Mistake(
            "nd_dW_axes_reshaped",
            "dW3",
            _nd(dW=_to_front),
            N_(
                "The shape of dW is right, but you used a reshape to bring the features **to the front**, "
                "and a reshape cannot do that: it only cuts the same row of numbers in another way."
            ),
            N_("In memory the features of one position lie together. Which axis has to stay last when you merge the others?"),
        ),
        Mistake(
            "dW_transposed",
            "dW3",
            _nd(dW=lambda x, W, G: flat(x).T @ flat(G)),
            N_("The numbers of dW are right, but **transposed**: `{got_shape}`, one row per input."),
            N_("A gradient has the shape of its tensor. What does one row of W belong to?"),
        ),
        Mistake(
            "dW_upstream_ignored",
            "dW3",
            _nd(dW=lambda x, W, G: (flat(G) * 0 + 1).T @ flat(x)),
            N_("All rows of your dW are the same, the sum of all inputs, **whatever G is**."),
            N_("Let one column of G be 0. What should the row of that neuron in dW be?"),
        ),
        Mistake(
            "dW_outer_of_sums",
            "dW3",
            _nd(dW=lambda x, W, G: flat(G).sum(0)[:, None] * flat(x).sum(0)),
            N_("You added up G and added up x **before** you multiplied: inputs of one position met what arrives at others."),
            N_("A path leads through one position. Which x and which G are on it?"),
        ),
        Mistake(
            "nd_db_only_first_axis",
            "db3",
            _nd(db=lambda x, W, G: G.sum(0)),
            N_("You added up **the first axis only**, so the positions are left: `{got_shape}`."),
            N_("To how many rows was `b` added in the forward pass? Which axes of G count those rows?"),
        ),
        Mistake(
            "nd_db_only_positions",
            "db3",
            _nd(db=lambda x, W, G: G.sum(1) if G.ndim > 1 else G * 1),
            N_("You added up **the positions only**, so the sheets are left: `{got_shape}`."),
            N_("To how many rows was `b` added in the forward pass? Which axes of G count those rows?"),
        ),
        Mistake(
            "nd_db_last_axis",
            "db3",
            _nd(db=lambda x, W, G: G.sum(-1)),
            N_("You added up **the neurons**: `{got_shape}`, one number per position."),
            N_("A gradient has the shape of its tensor. Which axis of G does b have?"),
        ),
        Mistake(
            "db_not_summed",
            "db3",
            _nd(db=lambda x, W, G: G * 1),
            N_("You returned `{got_shape}`, one row per position, but all of them share **one** b: `{expected_shape}`."),
            N_("How many rows did the forward pass add b to?"),
        ),
        Mistake(
            "db_total_scalar",
            "db3",
            _nd(db=lambda x, W, G: G.sum()),
            N_("You added up **everything**: all neurons' biases would have one gradient, one number."),
            N_("Which axes of G does b not have? Only these are to disappear."),
        ),
        Mistake(
            "nd_db_divided_by_batch",
            "db3",
            _nd(db=lambda x, W, G: flat(G).sum(0) / len(G)),
            N_("Every number of your db is 1/{B} of what it should be, and there are {B} sheets: you **averaged** over them."),
            N_("The layer takes no mean. If L does, in which quantity is it already?"),
        ),
        Mistake(
            "nd_db_mean_of_all",
            "db3",
            _nd(db=lambda x, W, G: flat(G).sum(0) / len(flat(G))),
            N_(
                "Every number of your db is what it should be, divided by the **number of rows**, {B} · "
                "{T}: you averaged over all positions."
            ),
            N_("The layer takes no mean. If L does, in which quantity is it already?"),
        ),
        Mistake(
            "nd_db_keepdims",
            "db3",
            _nd(db=lambda x, W, G: flat(G).sum(0)[None, None] if G.ndim == 3 else flat(G).sum(0)),
            N_("The numbers of db are right, but the axes that were added up are **still there**: `{got_shape}`."),
            N_("How many axes does b have?"),
        ),
        Mistake(
            "nd_three_axes_only",
            "",
            _nd(dW=_three_axes),
            N_("The letters of your einsum stand for **three axes**, and here there is another number of them."),
            N_("How can any number of leading axes be turned into one, before a product or an einsum is written?"),
        ),
        Mistake(
            "nd_db_three_axes_only",
            "",
            _nd(db=lambda x, W, G: G.sum((0, 1))),
            N_("You add up axes **0 and 1**: right for three axes, and here there is another number of them."),
            N_("How can any number of leading axes be turned into one, before anything is added up?"),
        ),
        Mistake(
            "nd_mT_needs_two_axes",
            "",
            _nd(dW=lambda x, W, G: (G.mT @ x).reshape(-1, *W.shape).sum(0)),
            N_("`.mT` swaps the last two axes, and a **single sample** has only one axis."),
            N_("Which operation makes (in,) into one row, and (B, T, in) into B · T rows?"),
        ),
        Mistake(
            "nd_flatten_needs_two_axes",
            "",
            _nd(dW=lambda x, W, G: G.flatten(0, -2).T @ x.flatten(0, -2)),
            N_("`flatten(0, -2)` merges up to the last axis but one, and a **single sample** has only one axis."),
            N_("Which operation makes (in,) into one row, and (B, T, in) into B · T rows?"),
        ),
        Mistake(
            "nd_db_total_for_one_axis",
            "db1",
            _nd(db=_for(1, lambda x, W, G: G.sum(), lambda x, W, G: flat(G).sum(0))),
            N_(
                "For a **single sample** your db became one number: there is no leading axis to add up, and `sum` without axes "
                "adds up everything."
            ),
            N_("How many rows is a single sample? What would it look like with a leading axis of size 1?"),
        ),
        Mistake(
            "nd_dW_one_axis_left",
            "dW4",
            _nd(dW=_for(4, lambda x, W, G: (G.mT @ x).sum(0), lambda x, W, G: flat(G).T @ flat(x))),
            N_("With four axes a **stack of tables** is left in dW: `{got_shape}`. You added up one leading axis of several."),
            N_("How can any number of leading axes be turned into one, before the product is taken?"),
        ),
    ),
    hints=(
        N_("Lesson 06 did this for a table (N, in). How does a stack of tables become one table, with the features still last?"),
        N_("`reshape(-1, x.shape[-1])` gives B · T rows for (B, T, in), and one row for (in,). Which tensors need it?"),
        N_("`dX` goes back to where `x` came from, position by position. Look at what `@` does with leading axes."),
    ),
    minutes=7,
)

# -- classes: used, and left as they were -------------------------------------------------------------------------


@contextmanager
def left_as_it_was(learner: Any) -> Iterator[None]:
    """Put back what a class keeps on itself: its own attributes, and the values its methods hold as defaults.

    So that each use begins with the class as its cell defined it. Two objects that share such state show it within one use,
    and that has names; what is kept elsewhere, in a global variable, is seen where the first draw is asked again.
    """
    own = vars(learner) if isinstance(learner, type) else {}
    kept, defaults = {}, {}
    for name, value in own.items():
        if isinstance(value, FunctionType):
            defaults[value] = copied(value.__defaults__)
        elif not name.startswith("__") and not callable(value) and not hasattr(value, "__get__"):
            kept[name] = copied(value)
    before = set(own)
    try:
        yield
    finally:
        for name in set(own) - before:
            delattr(learner, name)
        for name, value in kept.items():
            setattr(learner, name, value)
        for function, values in defaults.items():
            function.__defaults__ = values


def copied(value: Any) -> Any:
    try:
        return deepcopy(value)
    except Exception:  # noqa: BLE001 - what cannot be copied stays as it is
        return value


def once(learner: Any, use: Callable[[], Any]) -> Callable[[], Any]:
    """*use*, made when it is first asked for, with the class as it was defined. Where it raises, it does so at every asking."""
    made: list[tuple[Any, Exception | None]] = []

    def asked() -> Any:
        if not made:
            try:
                with left_as_it_was(learner):
                    made.append((use(), None))
            except Exception as error:  # noqa: BLE001 - it is the learner's, and raised again below
                made.append((None, error))
        result, raised = made[0]
        if raised is not None:
            raise raised
        return result

    return asked


def read(thing: Any, name: str) -> Callable[[], Any]:
    """What *thing* holds under *name* now; where it holds nothing, asking raises as Python does."""
    if not hasattr(thing, name):
        return lambda: getattr(thing, name)
    value = getattr(thing, name)
    return lambda: value


def draw_passes(rng: Generator, sizes: Sizes) -> Inputs:
    """A layer and two passes through it."""
    inputs = Inputs(sizes, W=normal(rng, sizes.out, sizes.in_), b=normal(rng, sizes.out))
    for n in (1, 2):
        inputs[f"x{n}"] = normal(rng, sizes.B, sizes.T, sizes.in_)
        inputs[f"G{n}"] = normal(rng, sizes.B, sizes.T, sizes.out)
    return inputs


def shown_passes() -> Inputs:
    numbers, (x1, G1) = thread(), two_sheets()
    x2, G2 = np.stack([x1[1], 2 * x1[0]]), np.stack([np.roll(G1[0], 1, axis=0), -G1[1]])
    return Inputs(TWO_SHEETS, W=numbers["W"], b=numbers["b"], x1=x1, G1=G1, x2=x2, G2=G2)


def use_layer(learner: Any, i: Inputs) -> dict[str, Any]:
    """Forward, backward, forward, backward; and two layers in turn."""

    def twice() -> dict[str, Callable[[], Any]]:
        layer = learner(i.W, i.b)
        layer.forward(i.x1)
        layer.backward(i.G1)
        layer.forward(i.x2)
        dX = layer.backward(i.G2)
        return {"dW": read(layer, "dW"), "db": read(layer, "db"), "dX": lambda: dX}

    def in_turn() -> Callable[[], Any]:
        both()  # whatever stops a single layer is told of that
        one, other = learner(i.W, i.b), learner(i.W, i.b)
        one.forward(i.x1[0])
        other.forward(i.x2[0])
        other.backward(i.G2[0])
        one.backward(i.G1[0])
        return read(one, "dW")

    both, turns = once(learner, twice), once(learner, in_turn)
    return {
        "y": Later(once(learner, lambda: learner(i.W, i.b).forward(i.x1))),
        "dW": Later(lambda: both()["dW"]()),
        "db": Later(lambda: both()["db"]()),
        "dX": Later(lambda: both()["dX"]()),
        "dW₁": Later(lambda: turns()()),
    }


def by_torch(W: Array, b: Array, passes: list[tuple[Array, Array]]) -> dict[str, Array]:
    """y of the first pass, dX of the last, and what `.grad` has collected after all: nn.Linear itself, forward and back."""
    import torch

    layer = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(W))
        layer.bias.copy_(torch.tensor(b))
    results = []
    for x, G in passes:
        leaf = torch.tensor(x, requires_grad=True)
        y = layer(leaf)
        y.backward(torch.tensor(G))
        results.append((y.detach().numpy(), leaf.grad.numpy()))  # type: ignore[union-attr]
    gradients = {"dW": layer.weight.grad.numpy(), "db": layer.bias.grad.numpy()}  # type: ignore[union-attr]
    return {"y": results[0][0], "dX": results[-1][1]} | gradients


def layer_expected(i: Inputs) -> dict[str, Array]:
    alone = by_torch(i.W, i.b, [(i.x1[0], i.G1[0])])
    return by_torch(i.W, i.b, [(i.x1, i.G1), (i.x2, i.G2)]) | {"dW₁": alone["dW"]}


class _Layer:
    """A right layer as a learner could write it; a mistake is another method of it."""

    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b
        self.dW, self.db = W * 0, b * 0

    def forward(self, x: Any) -> Any:
        self.remember(x)
        return x @ self.W.T + self.b

    def remember(self, x: Any) -> None:
        self.x = x

    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        return G @ self.W, flat(G).T @ flat(self.x), flat(G).sum(0)

    def backward(self, G: Any) -> Any:
        dX, dW, db = self.gradients(G)
        self.collect(dW, db)
        return dX

    def collect(self, dW: Any, db: Any) -> None:
        self.dW = self.dW + dW
        self.db = self.db + db


class _WithoutBias(_Layer):
    def forward(self, x: Any) -> Any:
        return super().forward(x) - self.b


class _AsStored(_Layer):
    def forward(self, x: Any) -> Any:
        return x @ self.W + self.b


class _CollectingTheInputToo(_Layer):
    dX: Any = 0  # noqa: N815 - the name of the lesson

    def backward(self, G: Any) -> Any:
        self.dX = self.dX + super().backward(G)
        return self.dX


class _FirstInputGradient(_Layer):
    dX: Any = None  # noqa: N815

    def backward(self, G: Any) -> Any:
        dX = super().backward(G)
        self.dX = dX if self.dX is None else self.dX
        return self.dX


class _Stepping(_Layer):
    """Goes a step against the gradient, as an optimizer would."""

    def collect(self, dW: Any, db: Any) -> None:
        super().collect(dW, db)
        self.W = self.W - 0.1 * dW


class _TextbookTranspose(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        _, dW, db = super().gradients(G)
        return G @ self.W.T, dW, db


class _ForTables(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        return G @ self.W, G.T @ self.x, G.sum(0)


class _Overwriting(_Layer):
    def collect(self, dW: Any, db: Any) -> None:
        self.dW, self.db = dW, db


class _OverwritingBias(_Layer):
    def collect(self, dW: Any, db: Any) -> None:
        self.dW, self.db = self.dW + dW, db


class _KeepingTheFirst(_Layer):
    empty = True

    def collect(self, dW: Any, db: Any) -> None:
        if self.empty:
            super().collect(dW, db)
        self.empty = False


class _KeepingTheFirstBias(_KeepingTheFirst):
    def collect(self, dW: Any, db: Any) -> None:
        super().collect(dW * 0, db)
        self.dW = self.dW + dW


class _RememberingTheFirst(_Layer):
    x: Any = None

    def remember(self, x: Any) -> None:
        self.x = x if self.x is None else self.x


class _RememberingNothing(_Layer):
    """`self.x = None` in `__init__`, and nothing in `forward`."""

    x: Any = None

    def remember(self, x: Any) -> None:
        pass


class _RememberingTheOutput(_Layer):
    def forward(self, x: Any) -> Any:
        self.x = x @ self.W.T + self.b
        return self.x


class _Transposed(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        dX, dW, db = super().gradients(G)
        return dX, dW.T, db


class _Averaging(_Layer):
    passes = 0

    def collect(self, dW: Any, db: Any) -> None:
        self.passes += 1
        self.dW = self.dW + (dW - self.dW) / self.passes
        self.db = self.db + (db - self.db) / self.passes


class _BatchMean(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        dX, dW, db = super().gradients(G)
        return dX, dW / len(flat(G)), db / len(flat(G))


class _NeverCollecting(_Layer):
    def collect(self, dW: Any, db: Any) -> None:
        pass


class _StartingWithOnes(_Layer):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.dW, self.db = W * 0 + 1, b * 0 + 1


class _StartingWithTheWeights(_Layer):
    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.dW, self.db = W * 1, b * 1


class _UnsummedBias(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        dX, dW, _ = super().gradients(G)
        return dX, dW, G


class _FirstAxisBias(_Layer):
    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        dX, dW, _ = super().gradients(G)
        return dX, dW, G.sum(0)


class _CacheOnTheClass(_Layer):
    def remember(self, x: Any) -> None:
        type(self).x = x


class _GradientsOnTheClass(_Layer):
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b
        type(self).dW, type(self).db = W * 0, b * 0

    def collect(self, dW: Any, db: Any) -> None:
        type(self).dW = self.dW + dW
        type(self).db = self.db + db


LAST_ONLY = N_("Only the **last** backward pass is in your {name}: it replaced what the first one brought.")
ADD_OR_REPLACE = N_("When the second gradient arrives, what should become of the first?")
FIRST_ONLY = N_("Only the **first** backward pass is in your {name}: what the second one brought was not taken in.")
BOTH_COUNT = N_("Both passes used the same weights. Which of them does L not depend on?")
FIRST_INPUT = N_("At the second pass your layer still had the **first x** in its cache.")
WHICH_X = N_("When `backward` is called the second time, which `forward` does it answer?")
NONE_KEPT = N_(
    "`backward` met **None** in place of a tensor. Its G comes from outside, and everything else it takes from `self`."
)
WHO_KEEPS = N_("Which line of `forward` keeps x in `self`, and does `backward` read it under the same name?")
DX_COLLECTED = N_("Your `backward` gives the dX of **both passes together**. The second x is another tensor than the first.")
DX_WHOSE = N_("To whom does dX go back, and would they want what belongs to another x?")

layer_class = Exercise(
    id="layer-class",
    entry="Layer",
    title=N_("A layer with a memory"),
    proves=N_("The layer keeps its x until G arrives, hands dX back and collects dW and db, as nn.Linear does in `.grad`."),
    signature="Layer(W, b), .forward(x), .backward(G)",
    parts=(
        Part("y", 1, ("B", "T", "out")),
        Part("dW", 2, ("out", "in")),
        Part("db", 1, ("out",)),
        Part("dX", 1, ("B", "T", "in")),
        Part("dW₁", 1, ("out", "in")),
    ),
    draw=draw_passes,
    shown=shown_passes,
    ask=use_layer,
    expect=layer_expected,
    forbidden=BY_HAND,
    views=False,
    mistakes=(
        Mistake(
            "fwd_bias_omitted",
            "y",
            _WithoutBias,
            N_("`forward` gives the weighted sums **without the bias**."),
            N_("Which of the two things that the layer was made with does `forward` not use?"),
        ),
        Mistake(
            "fwd_missing_transpose",
            "",
            _AsStored,
            N_("In `forward` W stands **as it is stored**, and the features of x met its neurons."),
            N_("Which axis of W should meet the features?"),
        ),
        Mistake("layer_dX_collected", "dX", _CollectingTheInputToo, DX_COLLECTED, DX_WHOSE),
        Mistake(
            "layer_dX_of_the_first",
            "dX",
            _FirstInputGradient,
            N_("The second `backward` gave the dX of the **first** pass once more."),
            N_("Is dX something that the layer keeps, or something that it hands back each time?"),
        ),
        Mistake(
            "layer_changes_its_weights",
            "dX",
            _Stepping,
            N_("After the first pass your W was **no longer the same**: `backward` took a step with it."),
            N_("What is `backward` asked for: gradients, or new weights?"),
        ),
        Mistake(
            "dX_textbook_transpose",
            "",
            _TextbookTranspose,
            N_("In `backward` you **transposed** W for dX: its `in` met the neurons of G."),
            N_("On the way back, which axis of W has to meet the neurons of G?"),
        ),
        Mistake(
            "layer_for_tables_only",
            "",
            _ForTables,
            N_("Your `backward` is that of a **table**, and x has three axes here: `.T` turns all of them around."),
            N_("Which function of yours knows any number of axes already?"),
        ),
        Mistake("shared_last_use_only", "dW", _Overwriting, LAST_ONLY, ADD_OR_REPLACE),
        Mistake("shared_first_use_only", "dW", _KeepingTheFirst, FIRST_ONLY, BOTH_COUNT),
        Mistake("layer_first_input_kept", "dW", _RememberingTheFirst, FIRST_INPUT, WHICH_X),
        Mistake("layer_keeps_nothing", "", _RememberingNothing, NONE_KEPT, WHO_KEEPS),
        Mistake(
            "layer_remembers_its_output",
            "",
            _RememberingTheOutput,
            N_("Your cache holds **y**, the output: its neurons stand where dW needs features."),
            N_("In dW, what is multiplied by the number that arrives at a neuron?"),
        ),
        Mistake(
            "dW_transposed",
            "",
            _Transposed,
            N_("What your `backward` adds to dW is **transposed**, one row per input, and W has one row per neuron."),
            N_("A gradient has the shape of its tensor. Which factor gives the rows of dW: G or x?"),
        ),
        Mistake(
            "layer_passes_averaged",
            "dW",
            _Averaging,
            N_("Your dW is the **mean** of two passes, half of what it should be."),
            N_("Paths to L lead through both calls. What do you do with paths?"),
        ),
        Mistake(
            "dW_batch_mean",
            "dW",
            _BatchMean,
            N_("Your dW is what it should be, divided by the **number of rows**, {B} · {T}: you averaged over all positions."),
            N_("The layer takes no mean. If L does, in which quantity is it already?"),
        ),
        Mistake(
            "layer_collects_nothing",
            "dW",
            _NeverCollecting,
            N_("After two passes dW is **still 0**: what `backward` worked out was not kept."),
            N_("Through which name does the layer reach its dW, and what does your code give a value to?"),
        ),
        Mistake(
            "layer_starts_with_ones",
            "dW",
            _StartingWithOnes,
            N_("Every number of your dW is **1 too large**: the collecting began with ones."),
            N_("How much has been collected before the first `backward`?"),
        ),
        Mistake(
            "layer_starts_with_weights",
            "dW",
            _StartingWithTheWeights,
            N_("In your dW there is **W itself** besides the gradients: the collecting began with a copy of it."),
            N_("How much has been collected before the first `backward`?"),
        ),
        Mistake("db_last_use_only", "db", _OverwritingBias, LAST_ONLY, ADD_OR_REPLACE),
        Mistake("db_first_use_only", "db", _KeepingTheFirstBias, FIRST_ONLY, BOTH_COUNT),
        Mistake(
            "db_not_summed",
            "db",
            _UnsummedBias,
            N_("Your db has a row for **every position**: `{got_shape}`. All of them share one b: `{expected_shape}`."),
            N_("How many rows did the forward pass add b to?"),
        ),
        Mistake(
            "nd_db_only_first_axis",
            "db",
            _FirstAxisBias,
            N_("In db you added up **the first axis only**, so the positions are left: `{got_shape}`."),
            N_("Which axes of G count the rows that b was added to?"),
        ),
        Mistake(
            "layer_cache_on_the_class",
            "dW₁",
            _CacheOnTheClass,
            N_(
                "Two layers were used in turn, and the first worked with the **x of the second**: the cache lies where all "
                "objects share it, on the class or in a global variable."
            ),
            N_("Before which name does `self.` have to stand, so that each object keeps its own?"),
        ),
        Mistake(
            "layer_gradients_on_the_class",
            "dW₁",
            _GradientsOnTheClass,
            N_(
                "Two layers were used in turn, and in the dW of the first is **the gradient of the second** as well: they "
                "collect in one place that all objects share."
            ),
            N_("Before which name does `self.` have to stand, so that each object keeps its own?"),
        ),
    ),
    hints=(
        N_("`forward` is lesson 04's line of code, and before it returns it puts x away under a name of `self`."),
        N_("`backward` has G as its argument, and x and W on `self`: the function of the first exercise does the rest."),
        N_("dW₁ in the report is the dW of one of two layers, used in turn: forward, forward, backward, backward."),
    ),
    minutes=8,
)

# -- affine-class: the same with weights (in, out) ----------------------------------------------------------------


def draw_affine(rng: Generator, sizes: Sizes) -> Inputs:
    inputs = draw_passes(rng, sizes)
    w = np.ascontiguousarray(inputs.W.T)
    return Inputs(sizes, w=w, **{name: inputs[name] for name in ("b", "x1", "G1", "x2", "G2")})


def shown_affine() -> Inputs:
    inputs = shown_passes()
    w = np.ascontiguousarray(inputs.W.T)
    return Inputs(TWO_SHEETS, w=w, **{name: inputs[name] for name in ("b", "x1", "G1", "x2", "G2")})


def use_affine(learner: Any, i: Inputs) -> dict[str, Any]:
    """Forward, backward, forward, backward, while another layer is used in between."""

    def twice() -> dict[str, Callable[[], Any]]:
        layer, other = learner(i.w, i.b), learner(i.w, i.b)
        layer.forward(i.x1)
        layer.backward(i.G1)
        layer.forward(i.x2)
        other.forward(-i.x1)
        other.backward(i.G2)
        dX = layer.backward(i.G2)
        return {"dw": read(layer, "dw"), "db": read(layer, "db"), "dX": lambda: dX}

    both = once(learner, twice)
    return {
        "y": Later(once(learner, lambda: learner(i.w, i.b).forward(i.x1))),
        "dw": Later(lambda: both()["dw"]()),
        "db": Later(lambda: both()["db"]()),
        "dX": Later(lambda: both()["dX"]()),
    }


def affine_expected(i: Inputs) -> dict[str, Array]:
    right = by_torch(np.ascontiguousarray(i.w.T), i.b, [(i.x1, i.G1), (i.x2, i.G2)])
    return {"y": right["y"], "dX": right["dX"], "dw": right["dW"].T, "db": right["db"]}


def _affine(layer: type[_Layer], dw: Callable[[Any], Any] = lambda dW: dW.T) -> type:
    """*layer* with its weights lying the other way, and its mistake with it; *dw* makes dw of its dW."""

    class Affine(layer):  # type: ignore[misc, valid-type]
        def __init__(self, w: Any, b: Any) -> None:
            super().__init__(w.T, b)

        @property
        def dw(self) -> Any:
            return dw(self.dW)

    return Affine


class _WeightsAsInLayer(_Layer):
    """`x @ w.T + b`: the forward pass of the other layout."""

    def forward(self, x: Any) -> Any:
        return x @ self.W + self.b


class _Flattening(_Layer):
    def forward(self, x: Any) -> Any:
        return super().forward(x.reshape(x.shape[0], -1))


class _InTableForm(_Layer):
    """`x.T @ G`, of three axes each."""

    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        return G @ self.W, (self.x.T @ G).T, G.sum(0)


affine_class = Exercise(
    id="affine-class",
    entry="Affine",
    title=N_("The same with weights (in, out)"),
    proves=N_(
        "The layout of the weights changes where the transposes stand, and nothing else: dw is the other layer's dW, transposed."
    ),
    signature="Affine(w, b), .forward(x), .backward(G)",
    parts=(
        Part("y", 1, ("B", "T", "out")),
        Part("dw", 1, ("in", "out")),
        Part("db", 1, ("out",)),
        Part("dX", 1, ("B", "T", "in")),
    ),
    draw=draw_affine,
    shown=shown_affine,
    ask=use_affine,
    expect=affine_expected,
    forbidden=BY_HAND,
    views=False,
    mistakes=(
        Mistake(
            "affine_flattens",
            "",
            _affine(_Flattening),
            N_("`forward` **flattened** x to (B, T · in), and w knows only `in` features."),
            N_("Which axis of x meets the weights, and what happens to the ones before it?"),
        ),
        Mistake(
            "affine_forward_transposed",
            "",
            _affine(_WeightsAsInLayer),
            N_("In `forward` you **transposed** w, as `Layer` does, and w is kept as (in, out) here."),
            N_("Which axis of w should meet the features, and is it not first already?"),
        ),
        Mistake(
            "fwd_bias_omitted",
            "y",
            _affine(_WithoutBias),
            N_("`forward` gives the weighted sums **without the bias**."),
            N_("Which of the two things that the layer was made with does `forward` not use?"),
        ),
        Mistake(
            "affine_dX_not_transposed",
            "",
            _affine(_TextbookTranspose),
            N_("In dX w stands **as it is stored**: its `in` met the neurons of G."),
            N_("On the way back the neurons of G are added up. Which axis of w are the neurons, and where must it stand?"),
        ),
        Mistake(
            "affine_for_tables_only",
            "",
            _affine(_InTableForm),
            N_("Your `backward` is that of a **table**, and x has three axes here: `.T` turns all of them around."),
            N_("How does a stack of tables become one table, with the features still last?"),
        ),
        Mistake("layer_dX_collected", "dX", _affine(_CollectingTheInputToo), DX_COLLECTED, DX_WHOSE),
        Mistake(
            "affine_cache_on_the_class",
            "dw",
            _affine(_CacheOnTheClass),
            N_(
                "Another layer was used between `forward` and `backward`, and yours worked with the **x of the other**: the "
                "cache lies where all objects share it, on the class or in a global variable."
            ),
            N_("Before which name does `self.` have to stand, so that each object keeps its own?"),
        ),
        Mistake(
            "affine_gradients_on_the_class",
            "dw",
            _affine(_GradientsOnTheClass),
            N_(
                "Another layer was used in between, and its **gradient is in your dw** as well: both collect in one place that "
                "all objects share."
            ),
            N_("Before which name does `self.` have to stand, so that each object keeps its own?"),
        ),
        Mistake(
            "affine_dw_as_out_in",
            "dw",
            _affine(_Layer, lambda dW: dW),
            N_("Your dw is that of the **other layout**: `{got_shape}`, one row per neuron, and w has one row per input."),
            N_("A gradient has the shape of its tensor. Which of the two factors gives the rows of dw?"),
        ),
        Mistake(
            "affine_dw_transposed",
            "",
            _affine(_Transposed),
            N_("What your `backward` adds to dw has **one row per neuron**, as in `Layer`, and w has one row per input."),
            N_("A gradient has the shape of its tensor. Which of the two factors gives the rows of dw?"),
        ),
        Mistake(
            "affine_dw_reshaped",
            "dw",
            _affine(_Layer, lambda dW: dW.reshape(dW.shape[1], dW.shape[0])),
            N_("dw has the shape of w, but its numbers were **laid out again in the order of memory** instead of mirrored."),
            N_("Is the column of a neuron still together after your operation?"),
        ),
        Mistake("shared_last_use_only", "dw", _affine(_Overwriting), LAST_ONLY, ADD_OR_REPLACE),
        Mistake("shared_first_use_only", "dw", _affine(_KeepingTheFirst), FIRST_ONLY, BOTH_COUNT),
        Mistake("layer_first_input_kept", "dw", _affine(_RememberingTheFirst), FIRST_INPUT, WHICH_X),
        Mistake("layer_keeps_nothing", "", _affine(_RememberingNothing), NONE_KEPT, WHO_KEEPS),
        Mistake(
            "layer_collects_nothing",
            "dw",
            _affine(_NeverCollecting),
            N_("After two passes dw is **still 0**: what `backward` worked out was not kept."),
            N_("Through which name does the layer reach its dw, and what does your code give a value to?"),
        ),
        Mistake("db_last_use_only", "db", _affine(_OverwritingBias), LAST_ONLY, ADD_OR_REPLACE),
        Mistake("db_first_use_only", "db", _affine(_KeepingTheFirstBias), FIRST_ONLY, BOTH_COUNT),
        Mistake(
            "db_not_summed",
            "db",
            _affine(_UnsummedBias),
            N_("Your db has a row for **every position**: `{got_shape}`. All of them share one b: `{expected_shape}`."),
            N_("How many rows did the forward pass add b to?"),
        ),
        Mistake(
            "nd_db_only_first_axis",
            "db",
            _affine(_FirstAxisBias),
            N_("In db you added up **the first axis only**, so the positions are left: `{got_shape}`."),
            N_("Which axes of G count the rows that b was added to?"),
        ),
    ),
    hints=(
        N_("Take `Layer`'s three lines and put w for Wᵀ in them: a transpose vanishes in one and appears in another."),
        N_("Write the shapes (rows, in), (rows, out) and (in, out). In which order do the first two give the third?"),
    ),
    minutes=6,
)

# -- numerical-gradient: a check that knows no formula ------------------------------------------------------------


def distance(W: Any, x: Any, t: Any) -> Any:
    """W (out, in) → one number. With a cubic term: for a parabola the step would not matter."""
    return ((x @ W.T - t) ** 2).sum() / 2 + (W**3).sum() / 3


def numerical_expected(i: Inputs) -> dict[str, Array]:
    """Autograd's gradient of `distance` at both W."""
    import torch

    found = {}
    for part, name in (("g", "W"), ("g_int", "W_int")):
        W = torch.tensor(i[name], dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(distance(W, torch.tensor(i.x), torch.tensor(i.t)), W)
        found[part] = gradient.numpy()
    return found


def draw_numerical(rng: Generator, sizes: Sizes) -> Inputs:
    """Until no entry of a gradient nearly vanishes: there even a right quotient is far off, in parts of what it should be."""
    while True:
        whole = rng.integers(1, 5, size=(sizes.out, sizes.in_)) * rng.choice([-1, 1], size=(sizes.out, sizes.in_))
        W, x, t = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.N, sizes.in_), normal(rng, sizes.N, sizes.out)
        inputs = Inputs(sizes, W=W, W_int=whole, x=x, t=t)
        if all(np.abs(gradient).min() > 0.2 for gradient in numerical_expected(inputs).values()):
            return inputs


def use_numerical(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's function gets a function that gives Python floats: no graph leads through it."""
    import torch

    def f(W: Any) -> float:
        return float(distance(torch.as_tensor(W).detach().to(torch.float64), i.x, i.t))

    def asked(name: str) -> Any:
        mine = i[name].clone()
        gradient = whole(learner(f, mine, STEP))
        if mine.shape != i[name].shape or not torch.allclose(mine.double(), i[name].double(), rtol=1e-9, atol=1e-9):
            i[name].copy_(mine)  # more than the rounding of moving it there and back: the check then says so
        return gradient

    return {"g": Later(lambda: asked("W")), "g_int": Later(lambda: asked("W_int"))}


def _rows_moved(f: Any, W: Any, shift: Any, h: float) -> float:
    return central(f, W, shift.sum(1, keepdim=True) + W * 0, h)


def _columns_moved(f: Any, W: Any, shift: Any, h: float) -> float:
    return central(f, W, shift.sum(0) + W * 0, h)


ONE_WEIGHT_ASKED = N_("`g[i, j]` asks about one weight. What may move while you ask, and what has to stay?")

numerical_gradient = Exercise(
    id="numerical-gradient",
    entry="numerical_gradient",
    title=N_("The numerical gradient of a matrix"),
    proves=N_("Two forward passes for each weight, and no formula: with this you can check any gradient that you derive."),
    signature="numerical_gradient(f, W, h)",
    parts=(Part("g", 3, ("out", "in")), Part("g_int", 1, ("out", "in"))),
    draw=draw_numerical,
    ask=use_numerical,
    expect=numerical_expected,
    forbidden=AUTOGRAD,
    rtol=1e-6,
    mistakes=(
        wrong(
            "fd_missing_factor_two",
            N_(
                "Every number is exactly **twice** what it should be: the two points are further apart "
                "than the distance you divided by."
            ),
            N_("How far is it from w − h to w + h?"),
        ),
        wrong(
            "fd_one_sided",
            N_("Close, but one of your two points is **W itself**: the error of a one-sided difference is about as large as h."),
            N_(
                "The slope between w and w + h is closest to the slope halfway between them. Which two points have w halfway "
                "between them?"
            ),
        ),
        wrong(
            "fd_one_sided_backwards",
            N_("Close, but one of your two points is **W itself**, and the other lies below: the error is about as large as h."),
            N_(
                "The slope between w − h and w is closest to the slope halfway between them. Which two points have w halfway "
                "between them?"
            ),
        ),
        wrong(
            "fd_one_sided_halved",
            N_("Your numbers are about **half** of what they should be: one of your two points is W itself."),
            N_("How far apart are the two points whose values you subtracted?"),
        ),
        *ALIKE,
        wrong(
            "fd_all_entries_at_once",
            N_("All your numbers are **the same**: you moved all weights together, and got the sum of their derivatives."),
            ONE_WEIGHT_ASKED,
        ),
        wrong(
            "fd_all_entries_in_one_number",
            N_("You gave **one number** for all of W: you moved all weights together, and got the sum of their derivatives."),
            ONE_WEIGHT_ASKED,
        ),
        Mistake(
            "fd_row_at_once",
            "g",
            by_entry(_rows_moved),
            N_("In each row of your table all numbers are **the same**: you moved a whole row of W together."),
            N_("How many indices does one weight have, and how many loops go over them?"),
        ),
        Mistake(
            "fd_column_at_once",
            "g",
            by_entry(_columns_moved),
            N_("In each column of your table all numbers are **the same**: you moved a whole column of W together."),
            N_("How many indices does one weight have, and how many loops go over them?"),
        ),
        wrong(
            "fd_shift_kept",
            N_(
                "Only `g[0, 0]` is right. For the later ones the weights before them had **stayed moved**, and their rise counts "
                "as well."
            ),
            N_("Before the next weight has its turn, where should all the others be?"),
        ),
        wrong(
            "fd_first_entry_only",
            N_("`g[0, 0]` is right, and **all the others are 0**: they never had their turn."),
            N_("How far to the right does `return` stand: inside the loops, or after them?"),
        ),
        Mistake(
            "fd_first_row_only",
            "g",
            right_only(lambda W: 0),
            N_("The first row is right, and **all the others are 0**: they never had their turn."),
            N_("How far to the right does `return` stand, and to which loop does it belong?"),
        ),
        Mistake(
            "fd_diagonal_only",
            "g",
            right_only(lambda W: (range(min(W.shape)), range(min(W.shape)))),
            N_("Only `g[0, 0]`, `g[1, 1]` and so on are filled: **one index** went along both axes."),
            N_("How many pairs of a row and a column are there, and how many does one loop visit?"),
        ),
        *(
            wrong(
                id,
                N_(
                    "Close, but W became `float32`: it holds about seven digits, and of a step as small as h **few of them are "
                    "left**."
                ),
                N_("Which dtype do your copies have, and which one did the W you were given have?"),
            )
            for id in ("fd_single_precision", "fd_single_precision_assigned")
        ),
        wrong(
            "fd_values_returned",
            N_("Your numbers are **values** of f beside W, and not how f changes."),
            SECOND_POINT,
        ),
        wrong(
            "fd_integer_array",
            N_(
                "With a W of whole numbers your g is far too large: W is `int64`, and in a copy of it 3 + h **became 3 again**, "
                "and 3 − h became 2."
            ),
            ROOM_FOR_A_FRACTION,
        ),
        wrong(
            "fd_integer_refused",
            N_("When W holds whole numbers, your code stops: a tensor of dtype `int64` **does not accept** 3.0001 from `+=`."),
            ROOM_FOR_A_FRACTION,
        ),
    ),
    hints=(
        N_("Begin with one weight: two copies of W, in one `W[0, 0]` moved up by h, in the other down by h."),
        N_("The difference of the two values of f, divided by the distance between the two points."),
        N_("Two loops, one over rows and one over columns, with new copies each time. Which dtype can hold w + h?"),
    ),
    minutes=7,
)

# -- seed-prints: the tables of a text on the net -----------------------------------------------------------------


def draw_sum(rng: Generator, sizes: Sizes) -> Inputs:
    x, W, b = normal(rng, sizes.N, sizes.in_), normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out)
    return Inputs(sizes, x=x, W=W, b=b)


def shown_sum() -> Inputs:
    """Four samples, the first of them that of the text."""
    x, W, b = [[10, 20], [1, -2], [-3, 5], [2, -1]], [[11, 12], [21, 22], [31, 32]], [31, 32, 33]
    arrays = {name: np.array(values, dtype=np.float64) for name, values in (("x", x), ("W", W), ("b", b))}
    return Inputs(Sizes(N=4, in_=2, out=3), **arrays)


def sum_gradients(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients of the sum of all outputs of nn.Linear."""
    import torch

    x, W, b = (torch.tensor(i[name], requires_grad=True) for name in ("x", "W", "b"))
    dW, db = torch.autograd.grad(torch.nn.functional.linear(x, W, b).sum(), (W, b))
    return {"dW": dW.numpy(), "db": db.numpy()}


def _through_layer(upstream_of: Callable[[Any], Any], passes: int = 1) -> Answer:
    """dW and db of a right layer where *upstream_of* y arrives."""

    def seed_prints(x: Any, W: Any, b: Any) -> Any:
        layer = _Layer(W, b)
        for _ in range(passes):
            layer.backward(upstream_of(layer.forward(x)))
        return layer.dW, layer.db

    return seed_prints


def _bias_in_a_row(x: Any, W: Any, b: Any) -> Any:
    dW, db = _through_layer(lambda y: y * 0 + 1)(x, W, b)
    return dW, db[None]


PATHS_OF_SAMPLES = N_("There are {N} samples here. What becomes of their paths?")

seed_prints = Exercise(
    id="seed-prints",
    entry="seed_prints",
    title=N_("The same tables from your own layer"),
    proves=N_(
        "From a sum of all outputs a 1 arrives at each of them, so dW repeats the sum of the inputs and db counts samples."
    ),
    signature="seed_prints(x, W, b)",
    parts=(Part("dW", 1, ("out", "in")), Part("db", 1, ("out",))),
    draw=draw_sum,
    shown=shown_sum,
    expect=sum_gradients,
    forbidden=BY_HAND,
    views=False,
    mistakes=(
        Mistake(
            "sum_upstream_is_output",
            "dW",
            _through_layer(lambda y: y),
            N_("You sent **y itself** back. That is what arrives from half the sum of squares, and L is the sum here."),
            N_("If one output grows by 1, by how much does their sum grow?"),
        ),
        Mistake(
            "sum_taken_for_mean",
            "dW",
            _through_layer(lambda y: (y * 0 + 1) / (y.shape[0] * y.shape[1])),
            N_("You sent back what arrives from the **mean** of all outputs: each number is 1/{N_out} of what it should be."),
            N_("If one output grows by 1, by how much does the sum of all grow?"),
        ),
        Mistake(
            "sum_mean_over_samples",
            "dW",
            _through_layer(lambda y: (y * 0 + 1) / len(y)),
            N_("You sent back 1/{N} for each output, as if L were a **mean over samples**."),
            N_("If one output grows by 1, by how much does the sum of all grow?"),
        ),
        Mistake(
            "sum_two_passes",
            "dW",
            _through_layer(lambda y: y * 0 + 1, passes=2),
            N_("Every number is exactly **twice** what it should be: `backward` was called twice, and the layer collects."),
            N_("How often did G come back through this layer object?"),
        ),
        Mistake(
            "sum_one_sample",
            "dW",
            lambda x, W, b: (b[:, None] * 0 + x[0], b * 0 + 1),
            N_(
                "Your dW repeats the **first sample**. With one sample, as in the text, that cannot be told from the right table."
            ),
            PATHS_OF_SAMPLES,
        ),
        Mistake(
            "sum_samples_repeated",
            "dW",
            lambda x, W, b: (x.repeat(len(W), 1), b * 0 + len(x)),
            N_(
                "Your dW repeats the **whole table x**: `{got_shape}`. That fits one sample, but here "
                "there are {N}: dW has a row for each neuron, `{expected_shape}`."
            ),
            PATHS_OF_SAMPLES,
        ),
        Mistake(
            "sum_printed_numbers",
            "dW",
            lambda x, W, b: (W.new_tensor([[10, 20]] * 3), W.new_tensor([1, 1, 1])),
            N_("You returned the **printed numbers** themselves. Here x is different."),
            N_("Which of the numbers printed in the text was the input?"),
        ),
        Mistake(
            "sum_bias_counts_one",
            "db",
            lambda x, W, b: (_through_layer(lambda y: y * 0 + 1)(x, W, b)[0], b * 0 + 1),
            N_("Your db is 1 everywhere. That fits **one sample**, and there are {N}."),
            N_("To how many rows was `b` added?"),
        ),
        Mistake(
            "bias_allocated_2d",
            "db",
            _bias_in_a_row,
            N_("Your db is a **table** of one row, `{got_shape}`, as in the text. The bias of nn.Linear has one axis."),
            N_("Where did the second axis come in: in the bias, or in the sum?"),
        ),
        Mistake(
            "sum_dX_for_dW",
            "dW",
            lambda x, W, b: ((x * 0 + 1)[:, :1] * W.sum(0), b * 0 + len(x)),
            N_("What you gave as dW is **dX**: `backward` returns dX, and dW lies elsewhere."),
            N_("Where does your layer collect dW?"),
        ),
    ),
    hints=(
        N_(
            "L = y₀₀ + y₀₁ + …: what is the derivative of L with respect to each single output? Put these "
            "numbers in the shape of y."
        ),
        N_("Make a `Layer`, go forward, go back with that G, and read what it has collected."),
    ),
    minutes=4,
)

# -- sharp-test: a test that sees ---------------------------------------------------------------------------------


def gives(**wrong: Answer) -> Answer:
    """A function backward(x, W, G) → dX, dW, db that is right but for *wrong*."""
    right: dict[str, Answer] = {
        "dX": lambda x, W, G: G @ W,
        "dW": lambda x, W, G: G.T @ x,
        "db": lambda x, W, G: G.sum(0),
    }
    return lambda x, W, G: tuple(of(x, W, G) for of in (right | wrong).values())


def beside(up: bool) -> Answer:
    """The right answer, every number replaced by the next one of its dtype. We do it ourselves: no two machines round alike."""

    def backward(x: Any, W: Any, G: Any) -> Any:
        import torch

        edge = torch.tensor(np.inf if up else -np.inf)
        gradients = [torch.as_tensor(one) for one in gives()(x, W, G)]
        moved = [torch.nextafter(one, edge.to(one.dtype)) if one.is_floating_point() else one for one in gradients]
        return tuple(moved) if isinstance(x, torch.Tensor) else tuple(one.numpy() for one in moved)

    return backward


def thousandth_off(x: Any, W: Any, G: Any) -> Any:
    """dW with its largest entry off by a thousandth of itself."""
    dW = G.T @ x
    largest = abs(dW) == abs(dW).max()
    return dW + largest * dW * 1e-3


RIGHT = gives()
ALL_WRONG = gives(dX=lambda x, W, G: -2 * (G @ W), dW=lambda x, W, G: -2 * (G.T @ x), db=lambda x, W, G: -2 * G.sum(0))

# By group: what the learner's test is handed, and whether it is right. The hints list them in this order, and a report speaks
# of "dW[2]": change both together. Every group begins with a right one and ends with one that is wrong in all three: so no
# constant passes, and a test that leaves out one gradient is told from a constant.
HANDED: dict[str, tuple[tuple[Answer, bool], ...]] = {
    "dW": (
        (RIGHT, True),
        (gives(dW=lambda x, W, G: (G * 0 + 1).T @ x), False),
        (gives(dW=lambda x, W, G: G.T @ x / len(x)), False),
        (gives(dW=lambda x, W, G: G[-1][:, None] * x[-1]), False),
        (gives(dW=lambda x, W, G: G.sum(0)[:, None] * x.sum(0)), False),
        (gives(dW=lambda x, W, G: -(G.T @ x)), False),
        (ALL_WRONG, False),
    ),
    "dX": (
        (RIGHT, True),
        (gives(dX=lambda x, W, G: (G * 0 + 1) @ W), False),
        (gives(dX=lambda x, W, G: G @ W / len(x)), False),
        (gives(dX=lambda x, W, G: -(G @ W)), False),
        (ALL_WRONG, False),
    ),
    "db": (
        (RIGHT, True),
        (gives(db=lambda x, W, G: G.sum(0) * 0 + 1), False),
        (gives(db=lambda x, W, G: G.sum(0) * 0 + len(x)), False),
        (gives(db=lambda x, W, G: G.sum(0) / len(x)), False),
        (gives(db=lambda x, W, G: G[-1]), False),
        (ALL_WRONG, False),
    ),
    "shape": (
        (RIGHT, True),
        (gives(db=lambda x, W, G: G.sum(0)[None]), False),
        (gives(dW=lambda x, W, G: (G.T @ x)[None]), False),
        (gives(dX=lambda x, W, G: (G @ W)[None]), False),
        (ALL_WRONG, False),
    ),
    "≈": (
        (RIGHT, True),
        (beside(up=True), True),
        (beside(up=False), True),
        (gives(dW=thousandth_off), False),
        (ALL_WRONG, False),
    ),
}


def hand_over(right: Any, i: Inputs) -> dict[str, Any]:
    """The learner's test on every function of every group; by part, its answers in order."""

    def asked(functions: tuple[tuple[Answer, bool], ...]) -> Any:
        return answers([right(backward) for backward, _ in functions])

    return {part: Later(lambda functions=functions: asked(functions)) for part, functions in HANDED.items()}  # type: ignore[misc]


def _near(a: Any, b: Any) -> bool:
    import torch

    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-9, atol=1e-12)


def _exactly(a: Any, b: Any) -> bool:
    import torch

    return torch.equal(a, b)


def _near_by_value(a: Any, b: Any) -> bool:
    import torch

    return torch.allclose(a, b, rtol=1e-9, atol=1e-12)


def _roughly(a: Any, b: Any) -> bool:
    import torch

    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-2, atol=1e-2)


Compared = Callable[[Any, Any], bool]
DX_DW_DB = (0, 1, 2)


def _test(
    samples: int = 5,
    ones: bool = False,
    seed: bool = False,
    same: Compared = _near,
    of: tuple[int, ...] = DX_DW_DB,
    all_of: Callable[[list[bool]], bool] = all,
) -> Answer:
    """A test as a learner could write it, on the lesson's numbers: how many *samples*, with *ones* arriving, or the *seed*'s."""

    def right(backward: Any) -> bool:
        import torch

        x, W, G = (torch.from_numpy(one.copy()) for one in (thread()["x"], thread()["W"], upstream()))
        if seed:
            x, W, G = (torch.tensor(one, dtype=torch.float64) for one in ([[10, 20]], [[11, 12], [21, 22], [31, 32]], [[1] * 3]))
        x, G = x[:samples], G[:samples]
        G = G * 0 + 1 if ones else G
        pairs = list(zip(backward(x, W, G), RIGHT(x, W, G), strict=True))
        return all_of([same(*pairs[one]) for one in of])

    return right


def _inputs_only(rng: Generator, sizes: Sizes) -> Inputs:
    """The test chooses its numbers itself."""
    return Inputs(sizes)


sharp_test = Exercise(
    id="sharp-test",
    entry="right",
    title=N_("A test that catches mistakes"),
    proves=N_(
        "Several samples, a G that is not all ones, all three gradients with their shapes, and a "
        "tolerance: none of the wrong functions in the check slipped through."
    ),
    signature="right(backward)",
    parts=tuple(Part(name, 2 if name == "dW" else 1) for name in HANDED),
    draw=_inputs_only,
    ask=hand_over,
    expect=lambda i: {part: np.array([right for _, right in functions]) for part, functions in HANDED.items()},
    accepts=LOGICAL,
    forbidden=BY_HAND,
    mistakes=(
        Mistake(
            "sharp_accepts_everything",
            "",
            lambda backward: True,
            N_("Your test says **True to every function**, right or wrong. One equal gradient of three is not enough."),
            N_("How many of the three have to agree, and is every comparison really used in the result?"),
        ),
        Mistake(
            "sharp_rejects_everything",
            "",
            lambda backward: False,
            N_("Your test says **False to every function**, the right one too."),
            N_("What does it say to your own `nd_backward`? Compare the two sides one gradient at a time."),
        ),
        Mistake(
            "sharp_answers_reversed",
            "",
            lambda backward: not _test()(backward),
            N_("Your test sees every mistake, but it **answers the other way round**: True to wrong ones."),
            N_("For which of them is True asked for?"),
        ),
        Mistake(
            "sharp_seed_numbers",
            "dW",
            _test(seed=True),
            N_("All four wrong dW **pass** your test: with one sample and ones for G they give the right table."),
            N_("How can a sum, a mean and the last one differ if there is only one sample? How many samples do you need?"),
        ),
        Mistake(
            "sharp_one_sample",
            "dW",
            _test(samples=1),
            N_("The mean, the last sample and the product of sums **pass** your test: for one sample they are all the same."),
            N_("From how many samples on do a sum and a mean differ?"),
        ),
        Mistake(
            "sharp_upstream_of_ones",
            "dW",
            _test(ones=True),
            N_("The function that **forgets the upstream gradient** passes your test: it puts a 1 in its place, and so do you."),
            N_("Which G would give another table than a G of ones?"),
        ),
        Mistake(
            "sharp_dW_not_compared",
            "dW",
            _test(of=(0, 2)),
            N_("Every wrong **dW** passes your test: it is not compared, or your numbers make right and wrong equal."),
            N_("Three things come back from `backward`. Which of them does your result depend on?"),
        ),
        Mistake(
            "sharp_dX_not_compared",
            "dX",
            _test(of=(1, 2)),
            N_("Every wrong **dX** passes your test: it is not compared, or your numbers make right and wrong equal."),
            N_("Three things come back from `backward`. Which of them does your result depend on?"),
        ),
        Mistake(
            "sharp_db_not_compared",
            "db",
            _test(of=(0, 1)),
            N_("Every wrong **db** passes your test: it is not compared, or your numbers make right and wrong equal."),
            N_("Three things come back from `backward`. Which of them does your result depend on?"),
        ),
        Mistake(
            "sharp_shapes_not_compared",
            "shape",
            _test(same=_near_by_value),
            N_("A db of shape (1, out) **passes** your test: broadcasting made the shapes equal before anything was compared."),
            N_("What do you have to look at before the first number?"),
        ),
        Mistake(
            "sharp_exact_equality",
            "≈",
            _test(same=_exactly),
            N_("You ask for **exactly the same numbers**: a right function that rounds its last digit another way is rejected."),
            N_("By how much may two sums of the same numbers differ when they are added up in another order?"),
        ),
        Mistake(
            "sharp_tolerance_too_wide",
            "≈",
            _test(same=_roughly),
            N_("A dW that is off by a thousandth in one number **passes**: the tolerance is too wide."),
            N_("After how many digits does float64 round, and how far from that is a thousandth?"),
        ),
    ),
    hints=(
        N_("Take numbers on which nothing is equal by chance: several samples, G of different numbers, in and out different."),
        N_("For each of the three gradients: the shapes first, then the numbers with a tolerance. All three must agree."),
        N_(
            "The report counts from 0: number 0 of each group is right, the last is wrong in all three. "
            "Between them, in `dW`: G forgotten, mean, last sample, product of sums, sign. In `dX`: G "
            "forgotten, mean, sign. In `db`: ones, N, mean, last sample. In `shape`: db, dW, dX with one "
            "axis too many, of size 1. In `≈`: two right ones, rounded, and one that is off by a "
            "thousandth."
        ),
    ),
    minutes=8,
)

# -- shared-layer: in two places of a network ---------------------------------------------------------------------

THREE_USES = (OTHER, Sizes(N=6, in_=3, out=2))  # where the layer is used a third time: two slots are no stack


def uses(i: Inputs) -> int:
    return 3 if i.sizes in THREE_USES else 2


def draw_shared(rng: Generator, sizes: Sizes) -> Inputs:
    W, b = normal(rng, sizes.in_, sizes.in_), normal(rng, sizes.in_)
    return Inputs(sizes, W=W, b=b, x=normal(rng, sizes.N, sizes.in_), G=normal(rng, sizes.N, sizes.in_))


def shown_shared() -> Inputs:
    W = [[1, 0, 2, -1], [0, -1, 1, 1], [-2, 1, 0, 1], [1, 1, -1, 2]]
    G = [[1, 0, 2, -1], [0, 1, -1, 1], [2, -1, 0, 1], [-1, 1, 1, 0], [1, 2, 0, -2]]
    arrays = {name: np.array(one, dtype=np.float64) for name, one in (("W", W), ("b", [1, -1, 2, 0]), ("G", G))}
    return Inputs(GENERIC, x=thread()["x"], **arrays)


def use_shared(learner: Any, i: Inputs) -> dict[str, Any]:
    """All the forward passes, then all the backward passes, while another layer is used in between."""

    def forward(layer: Any) -> Any:
        h = i.x
        for _ in range(uses(i)):
            h = layer.forward(h)
        return h

    def both_ways() -> dict[str, Callable[[], Any]]:
        layer, other = learner(i.W, i.b), learner(i.W, i.b)
        forward(layer)
        other.forward(i.G)
        g = i.G
        for _ in range(uses(i)):
            g = layer.backward(g)
        other.backward(i.x)
        return {"dW": read(layer, "dW"), "db": read(layer, "db"), "dX": lambda: g}

    both = once(learner, both_ways)
    return {
        "y": Later(once(learner, lambda: forward(learner(i.W, i.b)))),
        "dW": Later(lambda: both()["dW"]()),
        "db": Later(lambda: both()["db"]()),
        "dX": Later(lambda: both()["dX"]()),
    }


def shared_expected(i: Inputs) -> dict[str, Array]:
    """Autograd's gradients of the network in which the layer stands several times."""
    import torch

    x, W, b = (torch.tensor(i[name], requires_grad=True) for name in ("x", "W", "b"))
    y = x
    for _ in range(uses(i)):
        y = torch.nn.functional.linear(y, W, b)
    dX, dW, db = torch.autograd.grad(y, (x, W, b), torch.tensor(i.G))
    return {"y": y.detach().numpy(), "dX": dX.numpy(), "dW": dW.numpy(), "db": db.numpy()}


class _Stack(_Layer):
    """A right SharedLayer."""

    def __init__(self, W: Any, b: Any) -> None:
        super().__init__(W, b)
        self.stack: list[Any] = []

    def remember(self, x: Any) -> None:
        self.stack.append(x)

    def taken(self) -> Any:
        return self.stack.pop()

    def gradients(self, G: Any) -> tuple[Any, Any, Any]:
        self.x = self.taken()
        return super().gradients(G)


def _with_a_stack(layer: type[_Layer]) -> type[_Layer]:
    """A mistaken *layer* that keeps its inputs as a right SharedLayer does."""
    return type(f"{layer.__name__}WithAStack", (layer, _Stack), {})


class _Queue(_Stack):
    def taken(self) -> Any:
        return self.stack.pop(0)


class _FirstOfTheStack(_Stack):
    def taken(self) -> Any:
        return self.stack[0]


class _TwoSlots(_Stack):
    """The first x and the last one: enough for two uses."""

    def remember(self, x: Any) -> None:
        self.stack[1:] = [x] if self.stack else []
        self.stack[:1] = self.stack[:1] or [x]

    def taken(self) -> Any:
        return self.stack.pop() if len(self.stack) > 1 else self.stack[0]


class _StackOfOutputs(_Stack):
    def forward(self, x: Any) -> Any:
        y = x @ self.W.T + self.b
        self.stack.append(y)
        return y


class _StackOnTheClass(_Stack):
    """`cache = []` in the body of the class."""

    stack: list[Any] = []  # noqa: RUF012

    def __init__(self, W: Any, b: Any) -> None:
        _Layer.__init__(self, W, b)


shared_layer = Exercise(
    id="shared-layer",
    entry="SharedLayer",
    title=N_("A layer in two places in a network"),
    proves=N_("Each backward pass takes the x of its own forward pass from the stack, and dW and db collect from all of them."),
    signature="SharedLayer(W, b), .forward(x), .backward(G)",
    parts=(
        Part("y", 1, ("N", "in")),
        Part("dW", 1, ("in", "in")),
        Part("db", 1, ("in",)),
        Part("dX", 1, ("N", "in")),
    ),
    draw=draw_shared,
    shown=shown_shared,
    ask=use_shared,
    expect=shared_expected,
    sizes=(GENERIC, GENERIC, *THREE_USES),
    forbidden=BY_HAND,
    views=False,
    mistakes=(
        Mistake(
            "fwd_bias_omitted",
            "y",
            _with_a_stack(_WithoutBias),
            N_("`forward` gives the weighted sums **without the bias**."),
            N_("Which of the two things that the layer was made with does `forward` not use?"),
        ),
        Mistake(
            "fwd_missing_transpose",
            "y",
            _with_a_stack(_AsStored),
            N_("In `forward` W stands **as it is stored**. It is square here, so nothing stopped you."),
            N_("Which axis of W should meet the features?"),
        ),
        Mistake(
            "path_textbook_transpose",
            "",
            _with_a_stack(_TextbookTranspose),
            N_("On the way back W is **transposed**. It is square here, so nothing stopped you."),
            N_("Would the same line run for a layer with {in_} inputs and 3 outputs?"),
        ),
        Mistake(
            "shared_dX_collected",
            "",
            _with_a_stack(_CollectingTheInputToo),
            N_("Your `backward` **collects dX** as well: what belongs to h was added to what belongs to x."),
            N_("To whom does each of the two dX go, and which one do they need?"),
        ),
        Mistake(
            "shared_cache_overwritten",
            "dW",
            _Layer,
            N_(
                "On the way back every pass worked with the **last input**: the earlier ones were written over, or the last one "
                "was read and never taken away."
            ),
            N_("How many inputs have to be kept at the same time, and which one is needed first?"),
        ),
        Mistake(
            "shared_first_of_the_stack",
            "dW",
            _FirstOfTheStack,
            N_("All backward passes worked with the **first input**, x: what lies on top of it was not used."),
            N_("The first `backward` answers the last `forward`. Where on the stack is its input?"),
        ),
        Mistake(
            "shared_cache_first_in_first_out",
            "dW",
            _Queue,
            N_("The inputs were taken in the **order of the forward pass**: the last layer got x, and the first one h."),
            N_("You go back from the end. Which of the inputs is needed first, and from which side does `pop` take?"),
        ),
        Mistake(
            "shared_two_slots",
            "dW",
            _TwoSlots,
            N_("With two uses your dW is right, and with **three** it is not: of several inputs only two are kept."),
            N_("What would hold as many inputs as there were calls of `forward`?"),
        ),
        Mistake(
            "shared_last_use_only",
            "dW",
            _with_a_stack(_Overwriting),
            N_("Only **one** of the layer's places is in your dW: each `backward` overwrote what the one before had brought."),
            ADD_OR_REPLACE,
        ),
        Mistake(
            "shared_first_use_only",
            "dW",
            _with_a_stack(_KeepingTheFirst),
            N_("Only **one** of the layer's places is in your dW: after the first `backward` nothing more was taken in."),
            N_("Through how many places does L depend on the same weight?"),
        ),
        Mistake(
            "shared_places_averaged",
            "dW",
            _with_a_stack(_Averaging),
            N_("Your dW is the **mean** over the layer's places."),
            N_("Paths to L lead through every place. What do you do with paths?"),
        ),
        Mistake(
            "shared_stack_of_outputs",
            "dW",
            _StackOfOutputs,
            N_("Your stack holds **outputs**: the last layer worked with y, and the first one with h."),
            N_("In dW, what is multiplied by the number that arrives at a neuron?"),
        ),
        Mistake(
            "shared_stack_on_the_class",
            "dW",
            _StackOnTheClass,
            N_(
                "Another layer of the class was used as well, and yours took **its input** from the "
                "stack: there is one stack for all objects."
            ),
            N_("Where is the empty list made: once for the class, or in `__init__` for each object?"),
        ),
        Mistake(
            "db_last_use_only",
            "db",
            _with_a_stack(_OverwritingBias),
            N_("Only **one** of the layer's places is in your db: each `backward` overwrote what the one before had brought."),
            ADD_OR_REPLACE,
        ),
        Mistake(
            "db_first_use_only",
            "db",
            _with_a_stack(_KeepingTheFirstBias),
            N_("Only **one** of the layer's places is in your db: after the first `backward` nothing more was taken in."),
            N_("Through how many places does L depend on the same bias?"),
        ),
    ),
    hints=(
        N_("Start from your `Layer`. Only the cache changes: a list in place of one x."),
        N_("`forward` appends to the list, `backward` takes from its end. The rest of `backward` stays as it was."),
    ),
    minutes=6,
)

LESSON = Lesson(
    number="07",
    folder="07_both_ways",
    title=N_("A layer that runs both ways"),
    exercises=(
        nd_backward,
        layer_class,
        affine_class,
        numerical_gradient,
        seed_prints,
        sharp_test,
        shared_layer,
    ),
)
