"""Lesson 00: a first check. A weighted sum, z = Σ wⱼxⱼ, the beginning of every neuron."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.exercise import GENERIC, N_, NUMBERS, Exercise, Inputs, Mistake, Part, Sizes, normal, thread
from course.exercises import Lesson
from course.reference import linear

# -- first-check: a weighted sum ----------------------------------------------------------------------------------


def draw_weighted_sum(rng: np.random.Generator, sizes: Sizes) -> Inputs:
    """A row of weights w (in,) and a row of features x (in,)."""
    return Inputs(sizes, w=normal(rng, sizes.in_), x=normal(rng, sizes.in_))


def shown_weighted_sum() -> Inputs:
    numbers = thread()
    return Inputs(GENERIC, w=numbers["W"][0], x=numbers["x"][0])


def _returned_from_the_loop(w: Any, x: Any) -> Any:
    z = 0.0
    for j in range(len(w)):
        z = z + w[j] * x[j]
        return z
    return z


def _overwritten_in_the_loop(w: Any, x: Any) -> Any:
    z = 0.0
    for j in range(len(w)):
        z = w[j] * x[j]
    return z


first_check = Exercise(
    id="first-check",
    entry="weighted_sum",
    title=N_("A weighted sum"),
    proves=N_("Each weight says how much its feature counts, and all the contributions together are one number."),
    signature="weighted_sum(w, x)",
    parts=(Part("z", 1),),
    draw=draw_weighted_sum,
    shown=shown_weighted_sum,
    expect=lambda i: linear(i.x, i.w[None], None)[0],
    accepts=NUMBERS,
    mistakes=(
        Mistake(
            "weights_ignored",
            "z",
            lambda w, x: x.sum(),
            N_("You added up the features as they are: **the weights were left out**, so every feature counts the same."),
            N_("What should happen to a feature whose weight is 0? And to one whose weight is 2?"),
        ),
        Mistake(
            "features_ignored",
            "z",
            lambda w, x: w.sum(),
            N_("You added up the weights alone: **the features were left out**, so every sample would give the same number."),
            N_("A weight says how much something counts. What is it that counts?"),
        ),
        Mistake(
            "products_not_summed",
            "z",
            lambda w, x: w * x,
            N_("All {in_} products of weight and feature are there, but they were **never added up**."),
            N_("How many numbers does a weighted sum give, and how many do you have?"),
        ),
        Mistake(
            "sums_multiplied",
            "z",
            lambda w, x: w.sum() * x.sum(),
            N_("You added first and multiplied afterwards, so **every weight met every feature**, and not only its own."),
            N_("How many features should the first weight meet?"),
        ),
        Mistake(
            "weights_added",
            "z",
            lambda w, x: (w + x).sum(),
            N_("Each weight was **added** to its feature: a feature of weight 0 still counts in full."),
            N_("What should happen to a feature whose weight is 0? Which operation does that?"),
        ),
        Mistake(
            "only_the_first_product",
            "z",
            _returned_from_the_loop,
            N_("Only **the first product** came back; the other features have no say."),
            N_("If there is a loop: does `return` stand inside it or after it?"),
        ),
        Mistake(
            "only_the_last_product",
            "z",
            _overwritten_in_the_loop,
            N_("Only **the last product** came back: what was there before was overwritten."),
            N_("What should a step of the loop do with what the steps before it have gathered?"),
        ),
        Mistake(
            "mean_instead_of_sum",
            "z",
            lambda w, x: (w * x).mean(),
            N_("You took **the mean** of the products: their sum has been divided by {in_}, the number of features."),
            N_("Which operation divides by how many there are, and did anybody ask for that?"),
        ),
        Mistake(
            "first_product_skipped",
            "z",
            lambda w, x: (w * x)[1:].sum(),
            N_("**The first product is missing**; all the others are in the sum."),
            N_("At which index does your loop begin, and what is the index of the first feature in Python?"),
        ),
        Mistake(
            "last_product_skipped",
            "z",
            lambda w, x: (w * x)[:-1].sum(),
            N_("**The last product is missing**; all the others are in the sum."),
            N_("At which index does your loop end, and is `range` up to a number with that number or without it?"),
        ),
        Mistake(
            "all_pairs",
            "z",
            lambda w, x: w[:, None] * x,
            N_(
                "You multiplied **every weight by every feature**: a whole table of shape `{got_shape}`, and one number is "
                "asked for."
            ),
            N_("Which entries of that table hold a weight with its own feature, and what does a weighted sum do with them?"),
        ),
    ),
    hints=(
        N_("Begin with one feature: what does it contribute, if you know its weight?"),
        N_("In `x * x` above, each number met the number in the same place. Then `x.sum()` made one number out of four."),
    ),
    minutes=4,
)

LESSON = Lesson(
    number="00",
    folder="00_welcome",
    title=N_("The first fifteen minutes"),
    exercises=(first_check,),
)
