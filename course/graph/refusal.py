"""Why a computation cannot be drawn: one exception, and every sentence that it can say.

A picture of numbers that are not autograd's would teach something wrong, so whatever cannot be drawn as it is gets a
sentence instead: which operation or tensor it is, and what to do. A learner's own exception is never one of these.
"""

from __future__ import annotations

from typing import Any

from course.exercise import N_
from course.language import shown_languages, translate
from course.verdict import Say


class Refusal(Exception):
    """
    The recorded computation cannot be drawn. `say` tells the reader which operation it is and what to do.

    at: the id of the operation at which it went wrong, or "". As text: the sentence in the languages of plain text.
    """

    def __init__(self, text: str, at: str = "", /, **values: Any) -> None:
        super().__init__(text.format(**values) if values else text)
        self.say = Say(text, values)
        self.at = at

    def __str__(self) -> str:
        return "\n".join(translate(self.say, language) for language in shown_languages())


# -- what was recorded ----------------------------------------------------------------------------------------------

NOTHING = N_("No operation was recorded that leads to a result. Compute something from the tensors inside of the recorded code.")
OTHER_PARAMETERS = N_(
    "{function} takes these parameters: {parameters}; and these inputs were given: {names}. Give every parameter one input."
)
NOT_A_TENSOR = N_("The recorded code gave {kind}, not a tensor. Return the tensor whose computation is to be drawn, such as L.")
NOT_RECORDED = N_("The tensor that is to be drawn was not computed by the recorded code. Compute it inside, or name another one.")
NO_SUCH_NAME = N_("No recorded tensor is called {name}. The recorded names are: {names}.")
TOO_MANY = N_(
    "There are {count} operations, and a picture holds {limit}. Draw a smaller part of the computation, or fold steps that "
    'belong together into one: `fold={{"L": "½ Σ(·)²"}}`.'
)
COMPLEX = N_("The tensor {name} holds complex numbers, which this picture does not draw. Draw its real and imaginary part.")
NOT_DENSE = N_("The tensor {name} is not stored as a plain array ({layout}). Turn it into one first: `{name}.to_dense()`.")
NO_NUMBERS = N_("The tensor {name} has a shape and no numbers (it lies on the device “meta”). Give it numbers.")
EMPTY = N_("The tensor {name} has the shape {shape} and no entries. Draw an example with at least one entry on every axis.")

# -- what cannot be undone ------------------------------------------------------------------------------------------

IN_PLACE = N_(
    "The operation {operation} changes the tensor {name} in place, so the value that the backward pass needs is gone. "
    "Write the result into a new tensor: {name} = …, without the underscore, without += and without an index on the left."
)
CHANGED = N_(
    "The numbers of the tensor {name} were changed behind autograd's back (through .data, .detach() or a NumPy array). "
    "Compute a new tensor instead."
)
NOT_AGAIN = N_(
    "The operation {operation} gave another value when it was run again on the same numbers, so its derivative cannot be shown. "
    "Draw a computation without chance and without memory."
)

# -- the backward pass ----------------------------------------------------------------------------------------------

NOT_A_NUMBER_TO_START = N_(
    "The result {name} has the shape {shape}, and a backward pass starts at one number. Sum it up to a loss L, or give the "
    "upstream gradient: `seed=G`, of the shape {shape}."
)
SEED_SHAPE = N_("The upstream gradient has the shape {got}; it needs the shape {shape} of {name}.")
NO_DERIVATIVE = N_(
    "The operation {operation} has no derivative, and the result depends on {names} through it alone. Replace it by one that "
    "can be differentiated, or let {names} need no gradient."
)
NO_FORMULA = N_("PyTorch knows no derivative of the operation {operation}. Replace it by operations that have one.")

# -- numbers that are none --------------------------------------------------------------------------------------------

INPUT_NOT_FINITE = N_("The tensor {name} holds {number} at {index} before anything is computed. Give it ordinary numbers.")
NOT_FINITE = N_(
    "Forward pass, operation {step}: {operation} gives {number} at {index}; all its operands are still ordinary numbers. "
    "Look at that entry of its operands, or draw a smaller example."
)
GRADIENT_NOT_FINITE = N_(
    "Backward pass, operation {operation}: the gradient of {name} becomes {number} at {index}; what arrives there is still an "
    "ordinary number. The local derivative has no value at that point: look at that entry of the operand."
)

# -- when the replay and autograd disagree ------------------------------------------------------------------------------

NO_SUCH_WAY = N_(
    "The recording leads from {operation} back to {name}, and autograd's own graph has no such way. The picture is not drawn, "
    "because one of its lines would be wrong."
)
WAY_MISSING = N_(
    "Autograd's own graph leads from {operation} back to a tensor that the recording does not hold among its operands. The "
    "picture is not drawn, because a line would be missing."
)
NOT_LINEAR = N_(
    "The backward pass of {operation} is not what arrives times the local derivative: for {name} the two differ at {index} by "
    "{difference}. In a Function of your own, look at what `backward` does with the gradient that it is given."
)
NOT_THE_SUM = N_(
    "At {operation} the sum over the axes that were repeated is not the gradient of {name}: they differ at {index} by "
    "{difference}. The picture is not drawn, because its numbers would be wrong."
)
WRONG_SHAPE = N_("At {operation} the gradient of {name} has the shape {got} instead of {shape}. The picture is not drawn.")
NOT_AUTOGRADS = N_(
    "For {name} the contributions add up to another gradient than autograd's: they differ at {index} by {difference}. The last "
    "contribution comes from {operation}. The picture is not drawn, because its numbers would be wrong."
)
