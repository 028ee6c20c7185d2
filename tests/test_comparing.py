"""A learner's gradients over autograd's: which is marked, how it is named, and that the check says the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from course.asking import ask
from course.exercise import thread
from course.exercises import find
from course.graph import Refusal, graph
from course.judging import judge
from course.language import LANGUAGES, catalogue, translate
from course.verdict import State
from course.views import comparing, notebook, widget
from course.views.board import FIRST, MINE, RIGHT, WRONG, Board, asking
from course.views.comparing import compare_board, compared, first_wrong, judged_parts
from tests.learner import define

EXERCISE = find("linear-backward")
shown = EXERCISE.shown


def linear_backward(x, W, G):
    return G @ W, G.T @ x, G.sum(0)


RIGHT_ONES = dict(zip(("dX", "dW", "db"), linear_backward(*map(torch.tensor, shown().values())), strict=True))
NAMED = {"db_batch_mean": "db", "dW_transposed": "dW"}


def marks(board: Board) -> dict[str, str]:
    """Of the cards, by what their gradient is called."""
    names = {id: board.matrix(card.matrices[1]).name for card in board.cards for id in [card.id] if len(card.matrices) > 1}
    return {names[id]: kind for id, kind in board.marks(len(board.steps) - 1).items() if id in names}


def told(board: Board, name: str, language: str = "en") -> str:
    """What the comparing step of the gradient says."""
    at = [i for i, one in enumerate(board.steps) for m in one.marks if "#" not in m.ref and name in one.text("en")]
    return board.steps[at[0]].text(language)


def given_wrong(**wrong) -> Board:
    return compared(EXERCISE, {**RIGHT_ONES, **wrong})


def test_right_gradients_agree_and_nothing_is_wrong():
    board = compared(EXERCISE, RIGHT_ONES)
    assert marks(board) == {"dX": RIGHT, "dW": RIGHT, "db": RIGHT}
    assert first_wrong(board) is None
    assert [one.name for one in board.matrices if one.kind == MINE] == ["db", "dX", "dW"], "in the order of the backward pass"


@pytest.mark.parametrize("name", NAMED)
def test_a_known_mistake_is_named_by_the_judge_and_its_words_are_shown(name):
    known = next(one for one in EXERCISE.mistakes if one.id == name)
    answer = known.answer(*map(torch.tensor, shown().values()))
    part = NAMED[name]
    values = dict(zip(("dX", "dW", "db"), answer, strict=True))
    judged = next(one for one in judged_parts(EXERCISE, values, shown()) if one.part.name == part)
    assert (judged.mark, judged.mistake) == (WRONG, name)
    check = judge(EXERCISE, ask(EXERCISE, known.answer))
    for say in (*check.says, *check.asks):
        assert translate(say, "en").translate({ord("*"): None, ord("`"): None}) in told(compared(EXERCISE, values), part)


@pytest.mark.parametrize("known", EXERCISE.mistakes, ids=lambda one: one.id)
def test_picture_and_check_say_the_same_of_a_function(known):
    verdict = judge(EXERCISE, ask(EXERCISE, known.answer))
    judged = judged_parts(EXERCISE, known.answer, shown())
    assert [(one.part.name, one.mark == RIGHT, one.mistake) for one in judged] == [
        (one.name, one.earned == one.points, one.mistake) for one in verdict.parts
    ]
    wrong = next(one for one in judged if one.mark == WRONG)
    assert wrong.says == (*verdict.says, *verdict.asks)


@pytest.mark.parametrize("known", EXERCISE.mistakes, ids=lambda one: one.id)
def test_the_numbers_of_a_mistake_are_never_named_otherwise_than_the_check_names_it(known):
    verdict = judge(EXERCISE, ask(EXERCISE, known.answer))
    named = {one.name: one.mistake for one in verdict.parts}
    try:
        values = dict(zip(named, known.answer(*map(torch.tensor, shown().values())), strict=True))
    except RuntimeError:
        assert verdict.state is State.FAILED
        return
    for one in judged_parts(EXERCISE, values, shown()):
        assert one.mistake in ("", named[one.part.name])


def test_the_first_wrong_one_is_the_first_of_the_backward_pass():
    board = given_wrong(dW=-RIGHT_ONES["dW"], db=2 * RIGHT_ONES["db"])
    assert marks(board) == {"dX": RIGHT, "dW": WRONG, "db": FIRST}
    at = first_wrong(board)
    assert "db" in board.steps[at].text("en")
    assert board.stops[-1].text == "✗ db"
    assert board.stops[-1].step == at
    assert "twice" in board.steps[at].text("en")
    assert "db comes before it" in told(board, "dW")
    assert board.marks(at - 1) == {}, "not before its step"
    assert marks(given_wrong(dX=RIGHT_ONES["dX"] + 1, dW=-RIGHT_ONES["dW"])) == {"dX": FIRST, "dW": WRONG, "db": RIGHT}


def test_the_stops_of_the_graph_lead_where_they_led():
    trace = graph(EXERCISE.expect.fn, EXERCISE.expect.tensors(shown()), seed=shown().G, letters=EXERCISE.expect.names())
    from course.views.graph_board import graph_board

    plain, board = graph_board(trace), compare_board(trace, RIGHT_ONES, EXERCISE)
    for before, after in zip(plain.stops, board.stops, strict=True):
        assert board.steps[after.step] == plain.steps[before.step]
    assert [one for one in board.steps if not one.marks] == list(plain.steps)


def test_only_the_entries_that_differ_are_marked():
    dW = RIGHT_ONES["dW"].clone()
    dW[1, 2] += 1
    board = given_wrong(dW=dW)
    assert {ref for ref in board.marks(len(board.steps) - 1) if "#" in ref} == {"m:dW#6"}
    assert "dW[1, 2]" in told(board, "dW")
    assert f"<td>✗ {board.matrix('m:dW').entries[6]}</td>" in board.to_html(("en",))
    assert "✗ W: the first wrong gradient on the way back" in board.to_text(("en",))


STRANGE = {
    "none": (None, "is None: nothing was computed"),
    "a text": ("dW", "is of type str"),
    "a list": ([[1.0]], "is of type list"),
    "a number": (3.0, "is of type float"),
    "another shape": (torch.zeros(4, 3, dtype=torch.float64), "has shape (4, 3), and (3, 4) is asked for"),
    "no entries": (torch.zeros(0, 4), "has shape (0, 4)"),
    "a number as tensor": (torch.tensor(1.0), "has shape ()"),
    "nan": (torch.full((3, 4), torch.nan), "NaN"),
    "infinity": (torch.full((3, 4), torch.inf), "NaN or an infinite"),
    "complex": (torch.zeros(3, 4, dtype=torch.complex64), "complex"),
    "objects": (np.array([None, "x"]), "no array of numbers"),
    "many": (torch.zeros(30, 40), "has shape (30, 40)"),
    "whole numbers": (np.zeros((3, 4), dtype=int), "after the decimal point"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_value_is_data_and_gets_a_sentence(name):
    value, words = STRANGE[name]
    board = given_wrong(dW=value)
    assert words in told(board, "dW").replace("`", "")
    for language in ("ru", "zh"):
        assert told(board, "dW", language) != told(board, "dW")
    assert marks(board)["dW"] in (FIRST, "absent")
    board.to_json()
    board.to_text()


def test_a_gradient_that_is_not_given_is_neither_right_nor_wrong():
    board = compared(EXERCISE, {"dW": RIGHT_ONES["dW"]})
    assert marks(board) == {"dX": "absent", "dW": RIGHT, "db": "absent"}
    assert "You gave no db" in told(board, "db")


def test_single_precision_and_a_tensor_with_a_graph_agree():
    W = shown().W
    dW = RIGHT_ONES["dW"].float() * torch.tensor(1.0, requires_grad=True)
    assert marks(given_wrong(dW=dW))["dW"] == RIGHT
    assert marks(compared(EXERCISE, {"dW": RIGHT_ONES["dW"].numpy()}))["dW"] == RIGHT
    assert W.shape == (3, 4)


def test_two_mistakes_that_these_numbers_do_not_tell_apart_are_not_named():
    """Where N is 2, a factor of 2 and a factor of N are one."""
    inputs = {"x": np.arange(8.0).reshape(2, 4), "W": thread()["W"], "G": np.array([[1.0, 2, 0], [3, 1, -1]])}
    given = comparing.inputs_given(EXERCISE, inputs)
    right = EXERCISE.expect(given)
    judged = next(one for one in judged_parts(EXERCISE, {"db": 2 * right["db"]}, given) if one.got is not None)
    assert judged.mark == WRONG
    assert judged.mistake == ""
    assert "more than one known mistake" in judged.says[0].text
    assert compared(EXERCISE, {"db": 2 * right["db"]}, inputs).steps


def test_numbers_of_the_learners_own_are_compared_on_them():
    torch.manual_seed(0)
    x, W, G = torch.randn(2, 4), torch.randn(3, 4), torch.randn(2, 3)
    dX, dW, db = linear_backward(*(one.double() for one in (x, W, G)))
    board = compared(EXERCISE, {"dX": dX, "dW": dW, "db": db / 2}, {"x": x, "W": W, "G": G})
    assert marks(board) == {"dX": RIGHT, "dW": RIGHT, "db": FIRST}


BAD = {
    "no such exercise": (lambda: compared("linear-foreward", {"dW": 1}), "linear-foreward"),
    "no gradients": (lambda: compared(replace(EXERCISE, expect=lambda i: {}), RIGHT_ONES), "does not ask for gradients"),
    "nothing": (lambda: compared(EXERCISE, {}), 'mine={"dX": …, "dW": …, "db": …}'),
    "no names": (lambda: compared(EXERCISE, [1, 2]), "list is neither"),
    "another name": (lambda: compared(EXERCISE, {"dw": 1}), "called dw. Their names are: dX, dW, db"),
    "other inputs": (lambda: compared(EXERCISE, RIGHT_ONES, {"x": 1}), "The inputs are x, W, G"),
    "inputs that do not meet": (
        lambda: compared(EXERCISE, RIGHT_ONES, {"x": np.ones((2, 4)), "W": np.ones((3, 5)), "G": np.ones((2, 3))}),
        "W has the shape (3, 5)",
    ),
    "an input of text": (lambda: compared(EXERCISE, RIGHT_ONES, {"x": "x", "W": 1, "G": 1}), "type str"),
    "a function and inputs": (lambda: compared(EXERCISE, linear_backward, {}), "leave out"),
    "no whole numbers": (lambda: compared(replace(EXERCISE, shown=None), RIGHT_ONES), "no numbers of its own"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_compared_gets_a_sentence(name):
    call, words = BAD[name]
    with pytest.raises(Refusal) as refusal:
        call()
    assert words in str(refusal.value)


def test_a_function_that_raises_is_told_as_the_check_tells_it():
    learner = define("def linear_backward(x, W, G):\n    return G @ W, G @ x, G.sum(0)", "linear_backward")
    board = compared(EXERCISE, learner)
    assert set(marks(board).values()) == {FIRST, WRONG}
    assert "stopped in line 2" in told(board, "db")
    assert all(one.kind != MINE for one in board.matrices)


def test_the_author_is_told_of_a_trace_of_other_numbers():
    trace = graph(
        EXERCISE.expect.fn, {**EXERCISE.expect.tensors(shown()), "W": np.ones((3, 4))}, seed=shown().G, letters={"x": "dX"}
    )
    with pytest.raises(ValueError, match="is not the dX"):
        compare_board(trace, RIGHT_ONES, EXERCISE)
    with pytest.raises(ValueError, match="no gradient called dX"):
        compare_board(graph(lambda a: a * 2, {"a": 1.0}), RIGHT_ONES, EXERCISE)


# -- in a notebook -----------------------------------------------------------------------------------------------------------


class Shown(list):
    """What was displayed, in place of a notebook's outputs."""

    def __call__(self, value, **options):
        self.append(value)
        return self

    def update(self, value, **options):
        self.append(value)

    @property
    def view(self):
        return next(one for one in self if isinstance(one, widget.BoardView))


@pytest.fixture
def displayed(monkeypatch):
    found = Shown()
    monkeypatch.setattr("IPython.display.display", found)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return found


def loss(x, W, t):
    y = x @ W.T
    L = ((y - t) ** 2).sum()
    return L


INPUTS = {"x": [[1.0, 2.0]], "W": [[3.0, -1.0]], "t": [[0.0]]}


def edit(view, **texts):
    """What the browser sends."""
    view.edits = {**{view_id(view, name): list(one) for name, one in texts.items()}, "": view.pong + 1}


def view_id(view, name):
    return next(one.id for one in view.board.matrices if one.name == name)


def last(board, name):
    return board.state(len(board.steps) - 1)[next(one.id for one in board.matrices if one.name == name)]


def test_graph_shows_the_picture_and_its_table(displayed):
    assert notebook.graph(loss, INPUTS) is None
    assert last(displayed.view.board, "dW") == ["2", "4"]
    assert "dW" in displayed[1]["text/html"]


def test_edited_entries_are_computed_anew_by_torch(displayed):
    notebook.graph(loss, INPUTS)
    view = displayed.view
    view.step = 3
    edit(view, W=["3", "−2,5"], x=["1", "2"], t=["0"])
    assert last(view.board, "dW") == ["−4", "−8"], "2(3 − 5) = −4, times x"
    assert (view.step, view.trouble) == (3, {})
    assert view.picture == view.board.to_json()
    assert "−2.5" in displayed[-1]["text/html"], "the table that is saved is the new one's"
    assert INPUTS["W"] == [[3.0, -1.0]], "the learner's numbers are left alone"
    edit(view, x=["1", "1"])  # the other edit is kept
    assert last(view.board, "W") == ["3", "−2.5"]


def test_entries_that_were_left_alone_keep_all_their_digits(displayed):
    seen = []

    def third(a, b):
        seen.append(a.detach().clone())
        return (a * b).sum()

    notebook.graph(third, {"a": torch.tensor([1 / 3, 2.0], dtype=torch.float64), "b": [1.0, 1.0]})
    edit(displayed.view, a=[displayed.view.board.state(0)[view_id(displayed.view, "a")][0], "5"])
    assert seen[-1].tolist() == [1 / 3, 5.0]


def test_an_edit_that_is_no_number_or_stops_the_code_is_told_and_changes_nothing(displayed):
    def picky(a):
        if float(a.detach()) == 10:
            raise RuntimeError("too large")
        return a * a

    notebook.graph(picky, {"a": 3.0})
    view = displayed.view
    before = view.picture
    for typed, words in (("two", "“two” is no number"), ("10", "RuntimeError: too large"), ("inf", "inf"), ("", "no number")):
        pong = view.pong
        edit(view, a=[typed])
        assert words in view.trouble["en"] or "∞" in view.trouble["en"]
        assert set(view.trouble) == set(LANGUAGES)
        assert view.picture == before
        assert view.pong > pong, "the browser hears that it was answered"
    edit(view, a=["4"])
    assert view.trouble == {}
    assert last(view.board, "da") == ["8"]


def test_whole_numbers_stay_whole(displayed):
    labels = torch.tensor([1])
    notebook.graph(lambda p, k: torch.nn.functional.cross_entropy(p, k), {"p": torch.tensor([[1.0, 2.0]]), "k": labels})
    view = displayed.view
    if view_id(view, "k") in view.board.editable:
        edit(view, k=["0.5"])
        assert "whole numbers" in view.trouble["en"]
    assert labels.tolist() == [1]


def test_only_what_can_be_computed_again_answers_a_ping(displayed):
    notebook.graph(loss, INPUTS)
    displayed.view.ping = 7
    assert displayed.view.pong == 7
    still = widget.BoardView(displayed.view.board)
    still.ping = 7
    assert still.pong == 0


def test_graph_record_shows_the_learners_own_code(displayed):
    x, W = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]], requires_grad=True)
    with notebook.graph.record(x=x, W=W, fold={"L": "Σ(·)²"}) as r:
        y = x @ W.T
        L = (y**2).sum()
    board = displayed.view.board
    assert last(board, "dW") == ["2", "4"]
    assert {"x", "W", "y", "L"} <= {one.name for one in board.matrices}
    assert board.editable == ()
    assert r.recording.calls
    assert float(L.detach()) == 1


def test_a_refusal_is_shown_in_every_language_and_raises_nothing(displayed):
    notebook.graph(lambda a: a * a, {"a": [1.0, 2.0]})
    with notebook.graph.record():
        pass
    notebook.compare("no-such-exercise", mine={})
    notebook.graph(loss, INPUTS, predict=["dQ"])
    assert len(displayed) == 4
    for one in displayed:
        assert all(f'lang="{language}"' in one["text/html"] for language in LANGUAGES)
    assert "backward pass starts at one number" in displayed[0]["text/plain"]
    assert "dQ" in displayed[3]["text/plain"]


def test_an_exception_of_the_learners_own_passes_through(displayed):
    def broken(a):
        return a / None

    with pytest.raises(TypeError, match="NoneType"):
        notebook.graph(broken, {"a": 1.0})
    with pytest.raises(ZeroDivisionError), notebook.graph.record():
        print(1 / 0)
    assert displayed == []


def test_compare_opens_at_the_first_wrong_gradient(displayed, monkeypatch):
    monkeypatch.setattr(comparing, "find", lambda name: EXERCISE)
    notebook.compare("linear-backward", mine={**RIGHT_ONES, "dW": RIGHT_ONES["dW"].T})
    assert displayed.view.step == first_wrong(displayed.view.board) > 0


def test_while_nbgrader_grades_there_is_only_the_table(displayed, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook.graph(loss, INPUTS)
    assert [set(one) for one in displayed] == [{"text/html", "text/plain"}]


# -- predict, then reveal ----------------------------------------------------------------------------------------------------


def test_a_question_stands_at_the_step_that_brings_its_answer(displayed):
    notebook.graph(loss, INPUTS, predict=("dW[0, 1]", "y"))
    board = displayed.view.board
    asked = [(at, one.question) for at, one in enumerate(board.steps) if one.question]
    assert [(one.text, one.answer) for _, one in asked] == [("(1, 1)", (1.0, 1.0)), ("4", (4.0,))]
    at = asked[1][0]
    assert board.state(at - 1)[view_id(displayed.view, "dW")] == [None, None]
    assert board.state(at)[view_id(displayed.view, "dW")] == ["2", "4"]


@pytest.mark.parametrize("wanted", ["dQ", "dW[0]", "dW[0, 9]", "x", "dW[a]"])
def test_what_cannot_be_asked_is_the_authors_to_mend(displayed, wanted):
    notebook.graph(loss, INPUTS)
    with pytest.raises(ValueError, match=r"no 'dQ'|no entry \[|no 'x'"):
        asking(displayed.view.board, wanted)


def test_a_step_asks_one_thing(displayed):
    notebook.graph(loss, INPUTS)
    with pytest.raises(ValueError, match="asks for something else already"):
        asking(displayed.view.board, "dW", "dW[0, 1]")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_sentence_is_translated(language):
    modules = (comparing, notebook, widget)
    said = [(name, value) for one in modules for name, value in vars(one).items() if name.isupper() and isinstance(value, str)]
    texts = [value for name, value in said if " " in value and name != "ONLY_ONE"]
    assert len(texts) > 15
    assert [one for one in texts if not catalogue(language).get(one)] == []
