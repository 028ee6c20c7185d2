"""The words and marks of a report. A colour never speaks alone: each state has a mark, and each mark a word."""

from __future__ import annotations

from course.exercise import N_
from course.verdict import State

# state → (mark, class of its colour, what a screen reader hears)
MARKS = {
    State.NOT_DEFINED: ("?", "quiet", N_("Not defined.")),
    State.NOT_ATTEMPTED: ("–", "quiet", N_("Not attempted.")),
    State.WRONG: ("✗", "wrong", N_("Wrong.")),
    State.CLOSE: ("≈", "close", N_("Close.")),
    State.RIGHT: ("✓", "right", N_("Right.")),
    State.FORBIDDEN: ("⊘", "wrong", N_("Not allowed.")),
    State.FAILED: ("!", "wrong", N_("Failed to run.")),
    State.OUT_OF_TIME: ("…", "wrong", N_("Out of time.")),
}

BROKEN = N_(
    "The check of `{id}` failed itself, with `{error}`. This is a fault of the course and not of your answer: "
    "show this line to whoever gave you the course."
)
UNKNOWN = N_(
    "The course that is installed here has no exercise `{id}`, so **nothing was judged**. Is the id written as in the released "
    "notebook? Then the notebook is newer than the course: update the course."
)
WAITING = N_("{title}: waiting for your code")

EXPECTED = N_("expected")
GOT = N_("got")
WORST = N_("furthest off")
ONE_SHEET = N_("There are {count} numbers. Shown is the sheet with the largest difference.")
ONE_ENTRY = N_("There are {count} numbers. Shown is the one with the largest difference.")
INPUTS = N_("Inputs: {names}")

HINT = N_("Hint {number} of {total}")
SHOW_SOLUTION = N_("Show the solution")
TRY_AGAIN = N_("Would you rather try once more yourself? If not, look: it does not change your points.")
SHOW_IT = N_("Yes, show the solution")
WHERE_SOLUTION = N_("Where is the solution?")
NO_SOURCE = N_('Your instructor has it. `check.solution("{id}")` shows it where the source of the course is at hand.')
MORE_HINTS = N_("More hints: {count}. They open one by one in the report in the notebook.")

PRINTED = N_("Printed by your code")
PRINTED_LINES = N_("Your code printed {lines} lines in all; the first ones are shown.")
WARNED = N_("Warnings from your code: {count}")
RANDOM = N_("random numbers")
RANDOM_SHOWN_WHOLE = N_("random numbers; the example shown has whole numbers")
