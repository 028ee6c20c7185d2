"""Asking withstands what a learner's code does, and brings it back as data."""

from __future__ import annotations

import logging
import os
import sys
import threading

import numpy as np
import pytest
import torch

from course.answer import Asked, Purpose
from course.asking import Clock, OutOfTime, ask, captured, guarded, plain
from course.exercise import Exercise, Inputs, Later, Part, normal, rng
from tests.learner import define

twice = Exercise(
    id="twice",
    entry="twice",
    title="twice",
    proves="",
    signature="twice(x)",
    parts=(Part("y", 1, ("N", "in")),),
    draw=lambda generator, sizes: Inputs(sizes, x=normal(generator, sizes.N, sizes.in_)),
    expect=lambda i: 2 * i.x,
    forbidden=("torch.nn.functional.linear", "torch.addmm", "torch.Tensor.backward"),
)


def asked(source: str, **more: object) -> Asked:
    return ask(twice, define(source, "twice"), **more)


def only(source: str, **more: object):
    return asked(source, **more).trials[0].answer


def test_a_right_answer_comes_back_as_arrays_of_every_draw():
    brought = asked("def twice(x):\n    return 2 * x")
    assert [trial.sizes.N for trial in brought.trials] == [5, 5, 7, 5]
    assert all(trial.answer.results["y"].kind == "tensor" for trial in brought.trials)
    assert not np.array_equal(brought.trials[0].answer.results["y"].array, brought.trials[1].answer.results["y"].array)


def test_the_same_numbers_come_again_and_a_secret_gives_others():
    first, again = (asked("def twice(x):\n    return x").trials[0].answer.results["y"].array for _ in range(2))
    other = asked("def twice(x):\n    return x", secret="spring").trials[0].answer.results["y"].array
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_exception_keeps_the_learners_line_and_the_blamed_expression():
    answer = only("""
        def twice(x):
            y = 2 * x
            return y @ x
    """)
    error = answer.raised
    assert error.type == "RuntimeError"
    assert [line.number for line in error.lines] == [1, 2, 3]
    here = error.lines[-1]
    assert here.here
    assert here.text[here.start : here.end] == "y @ x"


def test_an_exception_below_a_helper_of_the_learners_shows_the_helpers_line():
    answer = only("""
        def helper(x):
            return np.linalg.inv(np.zeros((2, 2)))

        def twice(x):
            return helper(x)
    """)
    assert answer.raised.type == "LinAlgError"
    assert [line.text.strip() for line in answer.raised.lines if line.here] == ["return np.linalg.inv(np.zeros((2, 2)))"]


@pytest.mark.parametrize(
    "raising",
    ["raise SystemExit(3)", "raise GeneratorExit", "exit()", "raise BaseException('x')", "twice(x)", "assert False"],
    ids=str,
)
def test_whatever_is_raised_is_a_fact(raising):
    assert only(f"def twice(x):\n    {raising}").raised is not None


def test_an_exception_that_cannot_say_what_it_is_is_a_fact_too():
    answer = only("""
        class Mute(Exception):
            def __str__(self):
                raise ValueError

        def twice(x):
            raise Mute
    """)
    assert answer.raised.type == "Mute"
    assert answer.raised.message == ""


def test_the_readers_own_interrupt_passes():
    with pytest.raises(KeyboardInterrupt):
        asked("def twice(x):\n    raise KeyboardInterrupt")


def test_not_implemented_means_not_attempted_and_nothing_more_is_asked():
    brought = asked("def twice(x):\n    raise NotImplementedError")
    assert len(brought.trials) == 1
    assert brought.trials[0].answer.not_attempted


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n        pass",
        "while True:\n        try:\n            while True: pass\n        except BaseException:\n            pass",
        "import time\n    time.sleep(1_000)",
        "while True:\n        try:\n            x @ x.T\n        finally:\n            pass",
    ],
    ids=["plain", "swallows exceptions", "sleeps", "in torch"],
)
def test_an_endless_loop_is_stopped_and_nothing_more_is_asked(loop):
    brought = asked(f"def twice(x):\n    {loop}", limit=0.2)
    assert len(brought.trials) == 1
    assert brought.trials[0].answer.out_of_time is not None


def test_where_a_loop_was_stopped_is_told():
    answer = only("def twice(x):\n    n = 0\n    while n < len(x):\n        y = x[n]\n    return x", limit=0.2)
    assert any(line.here and line.number in (3, 4) for line in answer.out_of_time)


def test_all_draws_share_one_limit():
    """A slow answer does not get the limit anew for every draw."""
    brought = asked("import time\ndef twice(x):\n    time.sleep(0.3)\n    return x", limit=0.5)
    assert [trial.answer.out_of_time is not None for trial in brought.trials] == [False, True]


def test_a_loop_in_another_thread_than_the_main_one_is_stopped():
    found: list[Asked] = []
    loop = define("def twice(x):\n    while True:\n        pass", "twice")
    thread = threading.Thread(target=lambda: found.append(ask(twice, loop, limit=0.2)))
    thread.start()
    thread.join(30)
    assert found[0].trials[0].answer.out_of_time is not None


def test_the_clock_leaves_our_own_code_alone():
    """Only what runs below `guarded` may be struck: else a report could be torn in the middle."""
    clock = Clock(0.01)
    with clock:
        for _ in range(300_000):
            pass
    with pytest.raises(OutOfTime), clock:
        guarded(lambda: sum(1 for _ in iter(int, 1)))


def test_a_million_lines_are_counted_and_not_kept():
    answer = only(
        """
        def twice(x):
            for n in range(1_000_000):
                print(n)
            return 2 * x
    """,
        limit=60,
    )
    assert answer.output_lines == 1_000_000
    assert answer.output.startswith("0\n1\n2\n")
    assert len(answer.output) <= 4_000


@pytest.mark.parametrize(
    "noise",
    [
        "import warnings; warnings.warn('careful')",
        "import sys; print('to stderr', file=sys.stderr)",
        "import os; os.write(2, b'past Python')",
        "import logging; logging.warning('logged')",
        "torch.tensor([1., 2.]).T",
    ],
    ids=["warning", "stderr", "file descriptor", "logging", "torch"],
)
def test_nothing_a_learner_writes_reaches_stderr(noise, capfd):
    """nbgrader scores a graded cell 0 for one line on stderr."""
    logging.root.addHandler(handler := logging.StreamHandler(sys.stderr))
    torch.set_warn_always(True)  # torch warns once in a process, and another test may have had that one
    try:
        answer = only(f"def twice(x):\n    {noise}\n    return 2 * x")
    finally:
        logging.root.removeHandler(handler)
        torch.set_warn_always(False)
    assert capfd.readouterr() == ("", "")
    assert answer.output or answer.warnings
    assert answer.raised is None


def test_streams_are_given_back_after_an_exception():
    before = sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)
    with pytest.raises(ZeroDivisionError), captured():
        raise ZeroDivisionError
    assert (sys.stdout, sys.stderr, os.fstat(1), os.fstat(2)) == before


@pytest.mark.parametrize("change", ["x += 1", "x[0, 0] = 7", "x.t_()", "x.resize_(2, 2)", "x.numpy()[:] = 0"], ids=str)
def test_inputs_changed_in_place_are_told(change):
    assert only(f"def twice(x):\n    y = 2 * x\n    {change}\n    return y").changed == ("x",)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("torch.nn.functional.linear(x, torch.eye(4).double())", "torch.nn.functional.linear"),
        ("F.linear(x, torch.eye(4).double())", "torch.nn.functional.linear"),
        ("torch.nn.Linear(4, 4, dtype=torch.float64)(x)", "torch.nn.functional.linear"),
        ("torch._C._nn.linear(x, torch.eye(4).double())", "torch.nn.functional.linear"),
        ("torch.addmm(x, x, torch.eye(4).double())", "torch.addmm"),
        ("x.clone().requires_grad_().sum().backward()", "torch.Tensor.backward"),
    ],
    ids=str,
)
def test_forbidden_functions_are_seen_through_any_alias(call, name):
    answer = only(f"""
        def twice(x):
            {call}
            return 2 * x
    """)
    assert answer.forbidden == (name,)
    assert [line.number for line in answer.forbidden_lines if line.here] == [2]


@pytest.mark.parametrize(
    ("value", "kind", "shape"),
    [
        (None, "None", None),
        (3, "number", ()),
        (True, "bool", ()),
        (10**400, "number", ()),
        ([[1, 2], [3, 4]], "list", (2, 2)),
        ([[1, 2], [3]], "list", None),
        ("text", "str", None),
        (np.float64(2), "array", ()),
        (np.array(["a"]), "array", None),
        ({"y": 1}, "dict", None),
    ],
    ids=repr,
)
def test_any_kind_of_result_becomes_plain_data(value, kind, shape):
    result = plain(value)
    assert result.kind == kind
    assert (None if result.array is None else result.array.shape) == shape


def test_torch_results_become_numpy_whatever_their_kind():
    base = torch.arange(4.0)
    for value in (base.to_sparse(), base.bfloat16(), base.requires_grad_(), torch.nn.Parameter(base.detach())):
        assert np.array_equal(plain(value).array, [0, 1, 2, 3])
    assert plain(torch.empty(3, device="meta")).array is None
    assert plain(torch.zeros(1).expand(2_000_000)).array.shape == (2_000_000,)
    loop: list = []
    loop.append(loop)
    assert plain(loop).array is None


def test_a_result_that_is_its_input_is_told():
    assert only("def twice(x):\n    return x").results["y"].aliases == "x"
    assert only("def twice(x):\n    return x.clone()").results["y"].aliases == ""


def test_an_answer_that_raises_is_asked_on_square_inputs_too():
    brought = asked("def twice(x):\n    return x @ x")
    assert [trial.purpose for trial in brought.trials] == [Purpose.GENERIC] * 3 + [Purpose.SQUARE] * 2
    assert brought.trials[-1].answer.raised is None


def test_the_first_draw_is_asked_once_more_after_the_others():
    brought = asked("def twice(x):\n    return 2 * x")
    assert [trial.purpose for trial in brought.trials] == [Purpose.GENERIC] * 3 + [Purpose.AGAIN]
    assert brought.trials[0].seed == brought.trials[-1].seed


def test_a_sparse_result_is_called_so_and_keeps_its_numbers():
    result = only("def twice(x):\n    return (2 * x).to_sparse()").results["y"]
    assert result.kind == "sparse tensor"
    assert result.array is not None


def test_something_that_cannot_be_called_is_told():
    assert ask(twice, 3) == Asked("twice", callable=False, kind="int")


@pytest.mark.parametrize("seed", range(50))
def test_draws_hide_nothing(seed):
    """Both signs, nothing near zero, no number twice: an all-positive draw would hide an extra ReLU."""
    values = normal(rng(seed), 5, 3)
    assert values.min() < -0.05
    assert values.max() > 0.05
    assert np.abs(values).min() > 0.05
    assert len(np.unique(np.abs(values))) == 15


apart = Exercise(
    id="apart",
    entry="f",
    title="",
    proves="",
    signature="f(x)",
    parts=(Part("head", 1), Part("tail", 1)),
    draw=lambda generator, sizes: Inputs(sizes, x=normal(generator, sizes.N)),
    ask=lambda f, i: {"head": Later(lambda: f(i.x[:2])), "tail": Later(lambda: f(i.x[2:]))},
    expect=lambda i: {"head": i.x[:2], "tail": i.x[2:]},
)


def test_a_part_that_raises_leaves_the_other_parts_their_results():
    answer = ask(apart, define("def f(x):\n    return x if len(x) == 2 else x[9]", "f")).trials[0].answer
    assert list(answer.results) == ["head"]
    assert answer.stopped["tail"].type == "IndexError"


def test_all_parts_not_implemented_is_not_attempted_and_one_of_them_is_not():
    nothing = ask(apart, define("def f(x):\n    raise NotImplementedError", "f"))
    half = ask(apart, define("def f(x):\n    if len(x) != 2: raise NotImplementedError\n    return x", "f"))
    assert nothing.trials[0].answer.not_attempted
    assert not half.trials[0].answer.not_attempted
    assert half.trials[0].answer.stopped["tail"].type == "NotImplementedError"


@pytest.mark.parametrize(("file", "struck"), [(torch.overrides.__file__, False), ("<cell>", True)], ids=["torch's own", "theirs"])
def test_the_clock_does_not_strike_while_torch_moves_its_modes(file, struck):
    """An exception there loses the mode that watches for forbidden functions, and the check itself fails at its end."""
    names = {"strike": lambda: Clock(1.0).strike(0, sys._getframe(1))}
    exec(compile("def moment():\n    strike()", file, "exec"), names)
    if struck:
        with pytest.raises(OutOfTime):
            guarded(names["moment"])
    else:
        guarded(names["moment"])


def test_a_mode_that_is_gone_does_not_break_the_check():
    answer = only("def twice(x):\n    torch._C._pop_torch_function_stack()\n    return 2 * x")
    assert answer.raised is None
    assert torch._C._len_torch_function_stack() == 0
