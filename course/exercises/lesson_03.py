"""Lesson 03: nn.Linear, the layer as an object. Parameters and their registration, loading numbers, counting, kernels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from course.exercise import (
    ARRAYS,
    GENERIC,
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
READY_MADE = ("torch.nn.functional.linear", "torch.addmm", "torch.Tensor.addmm", "torch.baddbmm", "torch.Tensor.baddbmm")
BEFORE = 0.25  # what a new layer of the checks holds, so that numbers which were not loaded show


def draw_layer(rng: Generator, sizes: Sizes) -> Inputs:
    W, b, x = normal(rng, sizes.out, sizes.in_), normal(rng, sizes.out), normal(rng, sizes.N, sizes.in_)
    return Inputs(sizes, W=W, b=b, x=x)


def shown_layer() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], b=numbers["b"], x=numbers["x"])


@contextmanager
def new_layers_hold_before() -> Iterator[None]:
    """Inside, what a new nn.Linear starts with is BEFORE instead of chance: numbers that were not loaded show."""
    import torch

    def fill(layer: Any) -> None:
        for parameter in layer.parameters():
            torch.nn.init.constant_(parameter, BEFORE)

    reset = torch.nn.Linear.reset_parameters
    torch.nn.Linear.reset_parameters = fill  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        torch.nn.Linear.reset_parameters = reset  # type: ignore[method-assign]


def new_layer(W: Any, bias: bool = True) -> Any:
    """An nn.Linear in float64 of the sizes of *W* (out, in), whose parameters all hold BEFORE."""
    import torch

    with new_layers_hold_before():
        return torch.nn.Linear(W.shape[1], W.shape[0], bias=bias, dtype=torch.float64)


# -- load-numbers: into a layer that is there ---------------------------------------------------------------------


def ask_load(learner: Any, i: Inputs) -> dict[str, Any]:
    """Load, and call the layer; then change the tensors that were loaded, call it again, and look at the bias itself.

    A bias with a spare axis would pass in y by broadcasting; a weight of another shape stops the call.
    """
    import torch

    layer, W, b = new_layer(i.W), i.W.clone(), i.b.clone()
    learner(layer, W, b)
    y = layer(i.x).detach()
    with torch.no_grad():
        W += 1
        b += 1
    return {"y": y, "bias": Later(lambda: layer.bias.detach()), "later": layer(i.x).detach()}


def _loaded(load: Callable[[Any, Any, Any, Any], None], free: bool = True) -> Callable[..., None]:
    """An answer that calls *load* with torch, the layer and the numbers, inside no_grad where *free*."""

    def answer(layer: Any, W: Any, b: Any) -> None:
        import contextlib

        import torch

        with torch.no_grad() if free else contextlib.nullcontext():
            load(torch, layer, W, b)

    return answer


def _as_parameters(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight, layer.bias = torch.nn.Parameter(W), torch.nn.Parameter(b)


def _as_tensors(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight = W
    layer.bias = b


def _weight_as_parameter(torch: Any, layer: Any, W: Any, b: Any) -> None:
    _as_parameters(torch, layer, W, b.clone())


def _bias_as_parameter(torch: Any, layer: Any, W: Any, b: Any) -> None:
    _as_parameters(torch, layer, W.clone(), b)


def _copied(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight.copy_(W)
    layer.bias.copy_(b)


def _copied_turned(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight.copy_(W.T)
    layer.bias.copy_(b)


def _reshaped(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight.copy_(W.T.reshape(W.shape))
    layer.bias.copy_(b)


def _weight_alone(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight.copy_(W)


def _bias_alone(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.bias.copy_(b)


def _added(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight += W
    layer.bias += b


def _bias_shaped(shaped: Callable[[Any], Any]) -> Callable[..., None]:
    def load(torch: Any, layer: Any, W: Any, b: Any) -> None:
        layer.weight.data, layer.bias.data = W.clone(), shaped(b.clone())

    return _loaded(load)


def _weight_as_sheets(torch: Any, layer: Any, W: Any, b: Any) -> None:
    layer.weight.data, layer.bias.data = W.clone()[None], b.clone()


def _nothing(torch: Any, layer: Any, W: Any, b: Any) -> None:
    weight, bias = W.clone(), b.clone()  # names of their own: the layer knows nothing of them
    del weight, bias


SHAPE_BEFORE = N_("What shape did `layer.bias` have before you loaded it? Which way of loading leaves a shape as it is?")

load_numbers = Exercise(
    id="load-numbers",
    entry="load",
    title=N_("Numbers into a layer"),
    proves=N_("The numbers are in the layer, and they are its own: what happens to W afterwards does not touch them."),
    signature="load(layer, W, b)",
    parts=(Part("y", 1, ("N", "out")), Part("bias", 1, ("out",)), Part("later", 1, ("N", "out"))),
    draw=draw_layer,
    shown=shown_layer,
    ask=ask_load,
    expect=lambda i: dict.fromkeys(("y", "later"), linear(i.x, i.W, i.b)) | {"bias": i.b},
    mistakes=(
        Mistake(
            "load_bias_as_a_table",
            "bias",
            _bias_shaped(lambda b: b[None]),
            N_(
                "`layer.bias` has become **a table**, `{got_shape}`. Broadcasting hides that when the layer is called, but a "
                "plain nn.Linear cannot load such a bias."
            ),
            SHAPE_BEFORE,
        ),
        Mistake(
            "load_bias_as_a_column",
            "",
            _bias_shaped(lambda b: b[:, None]),
            N_("`layer.bias` has become **a column**, and the layer adds it along the samples, not along the neurons."),
            SHAPE_BEFORE,
        ),
        Mistake(
            "load_weight_as_sheets",
            "",
            _loaded(_weight_as_sheets),
            N_("`layer.weight` has **one axis too many**: the layer wants a table, one row per neuron."),
            N_("What shape did `layer.weight` have before you loaded it? Which way of loading leaves a shape as it is?"),
        ),
        Mistake(
            "param_aliases_source_tensor",
            "later",
            _loaded(_as_parameters),
            N_(
                "Right after loading y was right. Then the check added 1 to W and b, and **the layer "
                "changed with them**: it has no numbers of its own, but shares theirs."
            ),
            N_("Which way of loading writes the numbers into the memory that the layer already has?"),
        ),
        Mistake(
            "weight_aliases_source_tensor",
            "later",
            _loaded(_weight_as_parameter),
            N_("The bias is the layer's own, but its weight still shares **the memory of W**: when W changed, so did the layer."),
            N_("How did you load the bias, and how the weight?"),
        ),
        Mistake(
            "bias_aliases_source_tensor",
            "later",
            _loaded(_bias_as_parameter),
            N_("The weight is the layer's own, but its bias still shares **the memory of b**: when b changed, so did the layer."),
            N_("How did you load the weight, and how the bias?"),
        ),
        Mistake(
            "param_assigned_raw_tensor",
            "",
            _loaded(_as_tensors),
            N_(
                "You put **a plain tensor** in the parameter's place, and the layer refused: what is learned must "
                "stay a parameter."
            ),
            N_("The parameter may stay, only its numbers should change. Which operation changes numbers in place?"),
        ),
        Mistake(
            "loaded_where_gradients_are_recorded",
            "",
            _loaded(_copied, free=False),
            N_(
                "PyTorch **records** what happens to a parameter, and it does not let a recorded one be "
                "overwritten in place. Loading is not part of any computation."
            ),
            N_("In which block is nothing recorded?"),
        ),
        Mistake(
            "load_transposed",
            "",
            _loaded(_copied_turned),
            N_("W was **transposed** on its way in, and `weight` keeps one row per neuron, as W does."),
            N_("Compare the shapes of `layer.weight` and W. Is there anything to turn?"),
        ),
        Mistake(
            "load_reshaped",
            "y",
            _loaded(_reshaped),
            N_("The shape of the weight fits, but its numbers were **laid out again in the order of memory**."),
            N_("Is the row of a neuron still together after your operation?"),
        ),
        Mistake(
            "load_bias_forgotten",
            "y",
            _loaded(_weight_alone),
            N_("The weight is loaded, but **the bias still holds its old numbers**."),
            N_("How many parameters does the layer have, and what are they called?"),
        ),
        Mistake(
            "load_weight_forgotten",
            "y",
            _loaded(_bias_alone),
            N_("The bias is loaded, but **the weight still holds its old numbers**."),
            N_("How many parameters does the layer have, and what are they called?"),
        ),
        Mistake(
            "load_added",
            "y",
            _loaded(_added),
            N_("The numbers were **added** to what the layer held before."),
            N_("Should anything of the old numbers be left?"),
        ),
        Mistake(
            "load_nothing",
            "y",
            _loaded(_nothing),
            N_(
                "The layer still holds **its old numbers**: what you made has a name in your function, and the "
                "layer did not get it."
            ),
            N_("Through which names does the layer reach its numbers?"),
        ),
    ),
    hints=(
        N_("What shapes do `layer.weight` and `layer.bias` have? Are they those of W and b?"),
        N_("`copy_` writes into the memory that is there. What has to stand around it, so that PyTorch allows that?"),
    ),
    minutes=6,
)

# -- my-linear: a module of one's own -----------------------------------------------------------------------------


def draw_sizes(rng: Generator, sizes: Sizes) -> Inputs:
    """Never square: a square weight that is kept (in, out) would load, and could not be told from one that is not turned."""
    out = sizes.out + (sizes.out == sizes.in_)
    W, b, x = normal(rng, out, sizes.in_), normal(rng, out), normal(rng, sizes.N, sizes.in_)
    return Inputs(sizes, in_features=sizes.in_, out_features=out, W=W, b=b, x=x)


NAMES = ("weight", "bias")


def ask_module(learner: Any, i: Inputs) -> dict[str, Any]:
    """Make one; is each name on its list of parameters, and is any other? Take over an nn.Linear's state_dict and call it."""
    import torch

    module = learner(i.in_features, i.out_features).double()
    parameters = dict(module.named_parameters())

    def called() -> Any:
        module.load_state_dict({"weight": i.W, "bias": i.b})
        return module(i.x).detach()

    return {
        "registered": np.array([*(name in parameters for name in NAMES), bool(parameters.keys() - NAMES)]),
        "weight": Later(lambda: torch.tensor(module.weight.shape)),
        "bias": Later(lambda: torch.tensor(module.bias.shape)),
        "y": Later(called),
    }


def _module(
    weight: Callable[[int, int], tuple[int, ...]] = lambda in_, out: (out, in_),
    bias: Callable[[int, int], tuple[int, ...]] = lambda in_, out: (out,),
    forward: Callable[[Any, Any], Any] = lambda m, x: x @ m.weight.T + m.bias,
    registers: tuple[str, ...] = NAMES,
    begins: bool = True,
    names: tuple[str, str] = NAMES,
) -> Callable[[int, int], Any]:
    """A module as a learner could write it, its shapes from (in_features, out_features)."""

    def make(in_features: int, out_features: int) -> Any:
        import torch

        def held(name: str, *shape: int) -> Any:
            tensor = torch.zeros(*shape)
            return torch.nn.Parameter(tensor) if name in registers else tensor

        class MyLinear(torch.nn.Module):
            def __init__(self) -> None:
                if begins:
                    super().__init__()
                setattr(self, names[0], held("weight", *weight(in_features, out_features)))
                setattr(self, names[1], held("bias", *bias(in_features, out_features)))

            def forward(self, x: Any) -> Any:
                return forward(self, x)

        return MyLinear()

    return make


my_linear = Exercise(
    id="my-linear",
    entry="MyLinear",
    title=N_("A layer of your own"),
    proves=N_(
        "Your module registers what nn.Linear registers, under the same names and in the same shapes: their numbers fit both."
    ),
    signature="MyLinear(in_features, out_features)",
    parts=(
        Part("registered", 1),
        Part("weight", 1, shape=True),
        Part("bias", 1, shape=True),
        Part("y", 2, ("N", "out")),
    ),
    draw=draw_sizes,
    ask=ask_module,
    expect=lambda i: {
        "registered": np.array([True, True, False]),
        "weight": np.array(i.W.shape),
        "bias": np.array(i.b.shape),
        "y": linear(i.x, i.W, i.b),
    },
    accepts=ARRAYS | SEQUENCES | {"bool"},
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "params_not_registered",
            "registered",
            _module(registers=()),
            N_(
                "The module's list of parameters is **empty**. A plain tensor does not get on it, nor does anything that is not "
                "kept in `self`."
            ),
            N_("What must a tensor be wrapped in to become a parameter, and where must it be kept?"),
        ),
        *(
            Mistake(
                id,
                "registered",
                _module(names=names),
                N_(
                    "There is a parameter on the module's list **under another name**. An nn.Linear calls "
                    "its two `weight` and `bias`, and saved numbers are loaded by these names."
                ),
                N_("What do you call your parameters in `self`?"),
            )
            for id, names in (
                ("params_under_other_names", ("W", "b")),
                ("weight_under_another_name", ("W", "bias")),
                ("bias_under_another_name", ("weight", "b")),
            )
        ),
        Mistake(
            "weight_not_registered",
            "registered",
            _module(registers=("bias",)),
            N_("`weight` is a **plain tensor** here, so it is not among the parameters; `bias` is."),
            N_("How did you make the one, and how the other?"),
        ),
        Mistake(
            "bias_not_registered",
            "registered",
            _module(registers=("weight",)),
            N_("`bias` is a **plain tensor** here, so it is not among the parameters; `weight` is."),
            N_("How did you make the one, and how the other?"),
        ),
        Mistake(
            "super_init_forgotten",
            "",
            _module(begins=False),
            N_("You made a parameter before the module was **ready to register** any: nn.Module has not been set up yet."),
            N_("Which line of `__init__` has to come first, so that nn.Module prepares its lists?"),
        ),
        Mistake(
            "weight_allocated_in_out",
            "weight",
            _module(weight=lambda in_, out: (in_, out), forward=lambda m, x: x @ m.weight + m.bias),
            N_("`weight` has the shape `{gave}`: one row per **feature**. nn.Linear keeps one row per neuron."),
            N_("In which order are the sizes named when a layer is made, and in which order does `weight` hold them?"),
        ),
        Mistake(
            "bias_allocated_2d",
            "bias",
            _module(bias=lambda in_, out: (1, out)),
            N_(
                "`bias` has the shape `{gave}`. Broadcasting hides that in the forward pass, but an nn.Linear **cannot load** "
                "such a bias, and its gradient would be a table too."
            ),
            N_("How many axes does a list of one number per neuron need?"),
        ),
        Mistake(
            "bias_allocated_per_sample",
            "bias",
            _module(bias=lambda in_, out: (5, 1)),
            N_(
                "`bias` has the shape `{gave}`: a number for **every sample** of the batch, and a layer does not "
                "know its batches."
            ),
            N_("For what does a bias hold a number: for a sample, a feature or a neuron?"),
        ),
        Mistake(
            "bias_one_for_all",
            "bias",
            _module(bias=lambda in_, out: (1,)),
            N_("There is **one** bias for the whole layer. Every neuron has its own."),
            N_("In lesson 01, how many numbers did `b` have?"),
        ),
        Mistake(
            "bias_per_feature",
            "bias",
            _module(bias=lambda in_, out: (in_,), forward=lambda m, x: (x + m.bias) @ m.weight.T),
            N_("`bias` has the shape `{gave}`: a number for every **feature**."),
            N_("To what is the bias added: to the features, or to the sums of the neurons?"),
        ),
        Mistake(
            "fwd_missing_transpose",
            "y",
            _module(forward=lambda m, x: x @ m.weight + m.bias),
            N_("In `forward` the weight stands **as it is stored**, and the features met its neurons."),
            N_("Which axis of `weight` should meet the features, and where does it stand?"),
        ),
        Mistake(
            "fwd_bias_omitted",
            "y",
            _module(forward=lambda m, x: x @ m.weight.T),
            N_("The parameters are there, but `forward` **does not use the bias**."),
            N_("What does the formula of the layer add after the product?"),
        ),
        Mistake(
            "fwd_bias_as_column",
            "y",
            _module(forward=lambda m, x: x @ m.weight.T + m.bias[:, None]),
            N_("In `forward` the bias **stands**, and so it goes along the samples."),
            N_("How must the bias lie for every neuron to get its own number?"),
        ),
    ),
    hints=(
        N_(
            "The first line of `__init__` is `super().__init__()`. After it, `self.weight = "
            "torch.nn.Parameter(…)` registers a weight."
        ),
        N_("The starting numbers do not matter here, only the shapes: the check loads numbers of its own."),
        N_("`forward` is lesson 02's line of code, with `self.weight` for W and `self.bias` for b."),
    ),
    minutes=9,
)

# -- without-bias: a parameter that is not there ------------------------------------------------------------------


def ask_both_kinds(learner: Any, i: Inputs) -> dict[str, Any]:
    """The learner's function on a layer with a bias and on one without."""
    import torch

    layers = {"with_bias": new_layer(i.W), "without_bias": new_layer(i.W, bias=False)}
    with torch.no_grad():
        for layer in layers.values():
            layer.weight.copy_(i.W)
        layers["with_bias"].bias.copy_(i.b)
    return {part: Later(lambda layer=layer: _plain(learner(layer, i.x))) for part, layer in layers.items()}  # type: ignore[misc]


def _plain(y: Any) -> Any:
    """A result that requires grad, as a layer's does, is as good as any."""
    return y.detach() if hasattr(y, "detach") else y


without_bias = Exercise(
    id="without-bias",
    entry="forward",
    title=N_("A layer without a bias"),
    proves=N_("Without a bias there is no tensor of zeros but nothing at all, None, and the forward pass has to ask."),
    signature="forward(layer, x)",
    parts=(Part("with_bias", 1, ("N", "out")), Part("without_bias", 2, ("N", "out"))),
    draw=draw_layer,
    shown=shown_layer,
    ask=ask_both_kinds,
    expect=lambda i: {"with_bias": linear(i.x, i.W, i.b), "without_bias": linear(i.x, i.W, None)},
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "bias_false_expected_zeros",
            "without_bias",
            lambda layer, x: x @ layer.weight.T + layer.bias,
            N_("You added `layer.bias`, but this layer **has none**: there is `None`, not a tensor of zeros."),
            N_("How do you find out whether `layer.bias` is `None`, before you add it?"),
        ),
        Mistake(
            "bias_never_added",
            "with_bias",
            lambda layer, x: x @ layer.weight.T,
            N_("Your answer is right for the layer without a bias; where there is a bias, you **left it out**."),
            N_("What has to happen only if there is a bias?"),
        ),
        Mistake(
            "bias_asked_for_its_truth",
            "with_bias",
            lambda layer, x: x @ layer.weight.T + layer.bias if layer.bias else x @ layer.weight.T,
            N_("`if layer.bias` asks a tensor of several numbers whether it is **true**, and it cannot answer."),
            N_("You want to know whether there is a bias at all. With what should it be compared?"),
        ),
        Mistake(
            "fwd_missing_transpose",
            "",
            lambda layer, x: x @ layer.weight if layer.bias is None else x @ layer.weight + layer.bias,
            N_("The weight stands **as it is stored**, and the features met its neurons."),
            N_("Which axis of `weight` should meet the features?"),
        ),
    ),
    hints=(
        N_("Look at `torch.nn.Linear(4, 3, bias=False).bias`: what is it?"),
        N_("`if layer.bias is None` asks the question. What is returned in each case?"),
    ),
    minutes=4,
)

# -- parameter-count ----------------------------------------------------------------------------------------------


def draw_count(rng: Generator, sizes: Sizes) -> Inputs:
    in_, out = different_sizes(rng, 2)
    return Inputs(sizes, in_=int(in_), out=int(out))


parameter_count = Exercise(
    id="parameter-count",
    entry="count",
    title=N_("How many numbers a layer learns"),
    proves=N_(
        "A weight for every pair of a feature and a neuron, a bias for every neuron: how many samples pass does not matter."
    ),
    signature="count(in_, out, bias)",
    parts=(Part("with_bias", 1, given={"bias": True}), Part("without_bias", 1, given={"bias": False})),
    draw=draw_count,
    ask=lambda learner, i: {"with_bias": learner(i.in_, i.out, True), "without_bias": learner(i.in_, i.out, False)},
    expect=lambda i: {"with_bias": np.array(i.in_ * i.out + i.out), "without_bias": np.array(i.in_ * i.out)},
    accepts=NUMBERS,
    mistakes=(
        Mistake(
            "params_count_without_bias",
            "with_bias",
            lambda in_, out, bias: in_ * out,
            N_("You counted the weights of {in_} features and {out} neurons, but **no biases**, even where the layer has some."),
            N_("How many biases does a layer with {out} neurons have?"),
        ),
        Mistake(
            "params_count_single_bias",
            "with_bias",
            lambda in_, out, bias: in_ * out + bool(bias),
            N_("You counted **one bias** for the whole layer, and there are {out} neurons."),
            N_("Do two neurons share a bias, or does each have its own?"),
        ),
        Mistake(
            "params_count_bias_per_feature",
            "with_bias",
            lambda in_, out, bias: in_ * out + in_ * bool(bias),
            N_("You counted a bias for each of the {in_} **features**."),
            N_("To which sum is a bias added, and how many such sums are there?"),
        ),
        Mistake(
            "params_count_bias_always",
            "without_bias",
            lambda in_, out, bias: in_ * out + out,
            N_("The layer has **no bias**, and yet you counted {out} of them."),
            N_("Which parameters are left with `bias=False`?"),
        ),
        Mistake(
            "params_count_sizes_added_alone",
            "with_bias",
            lambda in_, out, bias: in_ + out,
            N_("You **added** the numbers of features and neurons: that would be one weight for each, not one for each pair."),
            N_("How many links lead from {in_} features to {out} neurons?"),
        ),
        Mistake(
            "params_count_sizes_added",
            "",
            lambda in_, out, bias: in_ + out + out * bool(bias),
            N_("You **added** the numbers of features and neurons: that would be one weight for each, not one for each pair."),
            N_("How many links lead from {in_} features to {out} neurons?"),
        ),
    ),
    hints=(
        N_("The sizes of `weight` are (out, in). How many numbers stand in such a matrix, and how many in `bias`?"),
        N_("`bias` is `True` or `False`: which part of the sum depends on it?"),
    ),
    minutes=3,
)

# -- from-kernel: a weight that is kept the other way round -------------------------------------------------------


def draw_kernel(rng: Generator, sizes: Sizes) -> Inputs:
    K, b, x = normal(rng, sizes.in_, sizes.out), normal(rng, sizes.out), normal(rng, sizes.N, sizes.in_)
    return Inputs(sizes, kernel=K, b=b, x=x)


def shown_kernel() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, kernel=np.ascontiguousarray(numbers["W"].T), b=numbers["b"], x=numbers["x"])


def ask_kernel(learner: Any, i: Inputs) -> dict[str, Any]:
    """The layer that the learner makes, called, and its weight; called again when what it was made from has changed."""
    import torch

    kernel, b = i.kernel.clone(), i.b.clone()
    with new_layers_hold_before():
        layer = learner(kernel, b)

    def called() -> Any:
        return layer(i.x.to(layer.weight.dtype)).detach()  # in float32 where the layer is: that has a sentence of its own

    def called_later() -> Any:
        with torch.no_grad():
            kernel.add_(1)
            b.add_(1)
        return called()

    return {
        "y": Later(called),
        "weight": Later(lambda: layer.weight.detach().clone()),
        "later": Later(called_later),
    }


def _from_kernel(load: Callable[[Any, Any, Any], None], bias: bool = True) -> Callable[[Any, Any], Any]:
    """An answer that makes a layer of the kernel's sizes and calls *load* with it, the kernel and b."""

    def take_over(kernel: Any, b: Any) -> Any:
        import torch

        layer = torch.nn.Linear(kernel.shape[0], kernel.shape[1], bias=bias, dtype=torch.float64)
        with torch.no_grad():
            load(layer, kernel, b)
        return layer

    return take_over


def _weight_from_kernel(weight: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def load(layer: Any, kernel: Any, b: Any) -> None:
        layer.weight.copy_(weight(kernel))
        layer.bias.copy_(b)

    return _from_kernel(load)


def _kernel_itself(layer: Any, kernel: Any, b: Any) -> None:
    import torch

    layer.weight, layer.bias = torch.nn.Parameter(kernel.T), torch.nn.Parameter(b)


def _kernel_itself_bias_copied(layer: Any, kernel: Any, b: Any) -> None:
    _kernel_itself(layer, kernel, b.clone())


def _kernel_copied_bias_itself(layer: Any, kernel: Any, b: Any) -> None:
    _kernel_itself(layer, kernel.clone(), b)


from_kernel = Exercise(
    id="from-kernel",
    entry="from_kernel",
    title=N_("Taking over a kernel"),
    proves=N_("A kernel (in, out) is the same layer written column by column: it is transposed once, when it is taken over."),
    signature="from_kernel(kernel, b)",
    parts=(Part("y", 1, ("N", "out")), Part("weight", 1, ("out", "in")), Part("later", 1, ("N", "out"))),
    draw=draw_kernel,
    shown=shown_kernel,
    ask=ask_kernel,
    expect=lambda i: {"weight": i.kernel.T} | dict.fromkeys(("y", "later"), linear(i.x, np.ascontiguousarray(i.kernel.T), i.b)),
    mistakes=(
        Mistake(
            "kernel_reshaped_not_transposed",
            "y",
            _weight_from_kernel(lambda kernel: kernel.reshape(kernel.shape[1], kernel.shape[0])),
            N_(
                "The shape of the weight is right, but the kernel was **laid out again in the order of memory**: no neuron kept "
                "its weights."
            ),
            N_("In the kernel a neuron is a column. Where are the numbers of one column after your operation?"),
        ),
        Mistake(
            "kernel_as_it_is",
            "",
            _weight_from_kernel(lambda kernel: kernel),
            N_(
                "The kernel went into the layer **as it came**, (in, out), and the layer multiplies by the "
                "transpose of what it holds."
            ),
            N_("What shape does `weight` have in a layer of these sizes, and which operation makes rows out of columns?"),
        ),
        Mistake(
            "kernel_bias_forgotten",
            "y",
            _from_kernel(lambda layer, kernel, b: layer.weight.copy_(kernel.T)),
            N_("The weight is right, but **the bias still holds the numbers of a new layer**."),
            N_("Which argument have you not used?"),
        ),
        Mistake(
            "kernel_weight_forgotten",
            "y",
            _from_kernel(lambda layer, kernel, b: layer.bias.copy_(b)),
            N_("The bias is loaded, but **the weight still holds the numbers of a new layer**."),
            N_("Where in your function do the numbers of the kernel get into the layer?"),
        ),
        Mistake(
            "kernel_nothing_loaded",
            "y",
            _from_kernel(lambda layer, kernel, b: None),
            N_("The layer has the right sizes, but it still holds **the numbers of a new layer**."),
            N_("Which of the layer's parameters should hold the numbers of the kernel, and which those of b?"),
        ),
        Mistake(
            "kernel_layer_without_bias",
            "y",
            _from_kernel(lambda layer, kernel, b: layer.weight.copy_(kernel.T), bias=False),
            N_("You made a layer **without a bias**, so b has no place in it."),
            N_("What does `bias=False` do when a layer is made?"),
        ),
        Mistake(
            "kernel_aliased",
            "later",
            _from_kernel(_kernel_itself),
            N_(
                "Right after it was made, y was right. Then the check added 1 to the kernel and to b, and **the layer changed "
                "with them**: `kernel.T` is the same memory, looked at the other way round."
            ),
            N_("Which way of loading writes the numbers into the memory that the layer already has?"),
        ),
        Mistake(
            "kernel_weight_aliased",
            "later",
            _from_kernel(_kernel_itself_bias_copied),
            N_(
                "The bias is the layer's own, but its weight still shares **the memory of the kernel**: "
                "`kernel.T` only changes how it is read."
            ),
            N_("Besides transposing the numbers, what must you do with them so that the layer has its own?"),
        ),
        Mistake(
            "kernel_bias_aliased",
            "later",
            _from_kernel(_kernel_copied_bias_itself),
            N_("The weight is the layer's own, but its bias still shares **the memory of b**."),
            N_("How did you load the weight, and how the bias?"),
        ),
    ),
    hints=(
        N_("Which axis of the kernel counts the features and which the neurons? Make an nn.Linear with these two sizes."),
        N_("One row of `weight` is a neuron, and in the kernel a neuron is a column."),
    ),
    minutes=5,
)

# -- dot-of-a-batch: np.dot(W, x), mended -------------------------------------------------------------------------


def ask_sample_and_batch(learner: Any, i: Inputs) -> dict[str, Any]:
    return {"sample": Later(lambda: learner(i.W, i.x[0])), "batch": Later(lambda: learner(i.W, i.x))}


def draw_dot(rng: Generator, sizes: Sizes) -> Inputs:
    inputs = draw_layer(rng, sizes)
    return Inputs(sizes, W=inputs.W, x=inputs.x)


def shown_dot() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, W=numbers["W"], x=numbers["x"])


def _unlike(x: Any, sample: Callable[[Any], Any], batch: Callable[[Any], Any]) -> Any:
    return sample(x) if x.ndim == 1 else batch(x)


def _row_by_row(W: Any, x: Any) -> Any:
    import torch

    return torch.stack([W @ row for row in x])


dot_of_a_batch = Exercise(
    id="dot-of-a-batch",
    entry="product",
    title=N_("A product that holds for a batch"),
    proves=N_(
        "W on the left is right for a sample with one axis; `x @ W.T` is right for that one and for a batch of rows as well."
    ),
    signature="product(W, x)",
    parts=(Part("sample", 1, ("out",)), Part("batch", 2, ("N", "out"))),
    draw=draw_dot,
    shown=shown_dot,
    ask=ask_sample_and_batch,
    expect=lambda i: {"sample": linear(i.x[0], i.W, None), "batch": linear(i.x, i.W, None)},
    forbidden=READY_MADE,
    mistakes=(
        Mistake(
            "dot_weight_on_the_left",
            "batch",
            lambda W, x: W @ x,
            N_("For one sample with one axis this is right. For a batch the `in` of W met **the samples**."),
            N_("On which side of the product must the rows of x stand for their features to meet those of W?"),
        ),
        Mistake(
            "dot_elementwise",
            "",
            lambda W, x: W * x,
            N_("You multiplied **entry by entry**, and nothing was added up: each entry of W kept a product of its own."),
            N_("How many numbers does one neuron give for one sample, and what becomes of its {in_} products?"),
        ),
        Mistake(
            "dot_summed_row_by_row",
            "batch",
            lambda W, x: (W * x).sum(-1),
            N_(
                "For one sample with one axis this is right. In a batch the rows of W met **the rows of "
                "x** in pairs: the first neuron met the first sample, and so on."
            ),
            N_("How many samples should each neuron meet?"),
        ),
        Mistake(
            "dot_row_by_row_alone",
            "sample",
            _row_by_row,
            N_("Your loop takes **a row at a time**; one sample with one axis has no rows, only single numbers."),
            N_("Which product treats one sample and a batch alike, without a loop?"),
        ),
        Mistake(
            "dot_batch_as_columns",
            "batch",
            lambda W, x: _unlike(x, lambda x: W @ x, lambda x: W @ x.T),
            N_("The numbers of the batch are right, but the samples came out as **columns**: `{got_shape}`."),
            N_("The samples went in as rows. What must you do to the result?"),
        ),
        Mistake(
            "dot_batch_of_the_first",
            "batch",
            lambda W, x: _unlike(x, lambda x: W @ x, lambda x: W @ x[0]),
            N_("Of the batch only **the first sample** came back."),
            N_("How many rows should the result have?"),
        ),
        Mistake(
            "dot_sample_as_a_row",
            "sample",
            lambda W, x: _unlike(x, lambda x: x[None] @ W.T, lambda x: x @ W.T),
            N_("For one sample with one axis you gave `{got_shape}`: an axis for a batch that **nobody handed in**."),
            N_("How many axes did this sample have, and how many should its result have?"),
        ),
        Mistake(
            "fwd_missing_transpose",
            "",
            lambda W, x: x @ W,
            N_("W stands on the right, but **as it is stored**: the features met its neurons."),
            N_("Which axis of W has to come first there?"),
        ),
    ),
    hints=(
        N_("In `W @ x` the last axis of W meets the features of a sample with one axis. Which axis of a batch does it meet?"),
        N_(
            "On which side of the product must a batch stand for its features to meet those of W? Try that "
            "side with one sample too."
        ),
    ),
    minutes=4,
)

# -- telling-input: a sample that is not blind --------------------------------------------------------------------


def draw_telling(rng: Generator, sizes: Sizes) -> Inputs:
    return Inputs(sizes, in_=sizes.in_, W=normal(rng, sizes.out, sizes.in_))


def swaps_seen(learner: Any, i: Inputs) -> Any:
    """seen[j, k]: does the learner's x tell W from W with columns j and k exchanged? All True where x is no such input."""
    import torch

    x = torch.as_tensor(learner(i.in_), dtype=torch.float64)
    seen = np.ones((i.in_, i.in_), dtype=bool)
    if x.shape != (i.in_,):
        return seen
    for j, k in itertools.product(range(i.in_), repeat=2):
        other = i.W.clone()
        other[:, [j, k]] = i.W[:, [k, j]]
        seen[j, k] = not torch.allclose(i.W @ x, other @ x, rtol=1e-9, atol=1e-12)
    return seen


telling_input = Exercise(
    id="telling-input",
    entry="telling_input",
    title=N_("An input that sees the order of the columns"),
    proves=N_(
        "Only an input whose numbers all differ tells the columns of W apart. A test of ones sees their sum and nothing else."
    ),
    signature="telling_input(in_)",
    parts=(Part("seen", 2, ("in", "in")),),
    draw=draw_telling,
    ask=swaps_seen,
    expect=lambda i: ~np.eye(i.in_, dtype=bool),
    accepts=frozenset({"array", "bool"}),
    mistakes=(
        Mistake(
            "telling_input_all_alike",
            "seen",
            lambda in_: [1.0] * in_,
            N_(
                "On your input **no swap of two columns shows**: its numbers are all alike, and the product is then the same in "
                "any order of the columns."
            ),
            N_("If two columns of W change places, which two numbers of x must differ for the product to notice?"),
        ),
        Mistake(
            "telling_input_of_another_shape",
            "seen",
            lambda in_: np.eye(in_),
            N_("What you gave is not **one axis of {in_} numbers**, and only such an x can meet the columns of W."),
            N_("What shape does one sample with {in_} features have?"),
        ),
        Mistake(
            "telling_input_one_hot",
            "seen",
            lambda in_: [1.0] + [0.0] * (in_ - 1),
            N_(
                "Your input notices only swaps with **the first column**; between the others, whose features are "
                "alike, it is blind."
            ),
            N_("Which features of your x are equal? What happens if their columns change places?"),
        ),
        Mistake(
            "telling_input_two_in_turn",
            "seen",
            lambda in_: [1.0, -1.0] * (in_ // 2) + [1.0] * (in_ % 2),
            N_(
                "Your input holds only **two different numbers**, in turn: two columns that meet the same "
                "number may change places, and nothing shows."
            ),
            N_("How many of the {in_} numbers may be equal, if every pair of columns is to be told apart?"),
        ),
        Mistake(
            "telling_input_rest_zero",
            "seen",
            lambda in_: [1.0, 2.0] + [0.0] * (in_ - 2),
            N_(
                "The first two numbers differ from all others, but **the others are alike**: swaps among their columns do not "
                "show."
            ),
            N_("Does it help that a number is not zero, or that it is unlike the others?"),
        ),
        Mistake(
            "telling_input_last_repeated",
            "seen",
            lambda in_: [*(1.0 + n for n in range(in_ - 1)), 1.0],
            N_("The first and the last number of your input are **equal**: a swap of these two columns does not show."),
            N_("Which two columns may change places without your x noticing it?"),
        ),
    ),
    hints=(N_("Two columns change places. In the product, with which numbers of x are they multiplied before and after?"),),
    minutes=4,
)

LESSON = Lesson(
    number="03",
    folder="03_linear_object",
    title=N_("nn.Linear, the layer as an object"),
    exercises=(
        load_numbers,
        my_linear,
        without_bias,
        parameter_count,
        from_kernel,
        dot_of_a_batch,
        telling_input,
    ),
)
