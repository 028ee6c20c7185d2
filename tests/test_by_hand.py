"""Where gradients are to be found by hand, every way that torch has of finding them is seen."""

import pytest

from course.asking import ask
from course.exercises import find
from course.judging import judge
from course.verdict import State
from tests.learner import define

WAYS = {
    "backward": """
        def bias_gradient(x, W, G):
            b = torch.zeros(len(W), dtype=W.dtype, requires_grad=True)
            (x @ W.T + b).backward(G)
            return b.grad
    """,
    "autograd.backward": """
        from torch.autograd import backward as back

        def bias_gradient(x, W, G):
            b = torch.zeros(len(W), dtype=W.dtype, requires_grad=True)
            back(x @ W.T + b, G)
            return b.grad
    """,
    "autograd.grad": """
        def bias_gradient(x, W, G):
            b = torch.zeros(len(W), dtype=W.dtype, requires_grad=True)
            return torch.autograd.grad(x @ W.T + b, b, G)[0]
    """,
    "func.vjp": """
        def bias_gradient(x, W, G):
            return torch.func.vjp(lambda b: x @ W.T + b, torch.zeros(len(W), dtype=W.dtype))[1](G)[0]
    """,
    "func.grad": """
        def bias_gradient(x, W, G):
            return torch.func.grad(lambda b: (G * (x @ W.T + b)).sum())(torch.zeros(len(W), dtype=W.dtype))
    """,
    "func.jvp": """
        def bias_gradient(x, W, G):
            b = torch.zeros(len(W), dtype=W.dtype)
            tangents = torch.eye(len(W), dtype=W.dtype)
            return torch.stack([(G * torch.func.jvp(lambda b: x @ W.T + b, (b,), (t,))[1]).sum() for t in tangents])
    """,
    "func.jacfwd": """
        def bias_gradient(x, W, G):
            J = torch.func.jacfwd(lambda b: x @ W.T + b)(torch.zeros(len(W), dtype=W.dtype))
            return torch.einsum("no,nob->b", G, J)
    """,
    "functional.jacobian": """
        def bias_gradient(x, W, G):
            J = torch.autograd.functional.jacobian(lambda b: x @ W.T + b, torch.zeros(len(W), dtype=W.dtype))
            return torch.einsum("no,nob->b", G, J)
    """,
    "forward_ad": """
        import torch.autograd.forward_ad as forward

        def bias_gradient(x, W, G):
            found = []
            for t in torch.eye(len(W), dtype=W.dtype):
                with forward.dual_level():
                    b = forward.make_dual(torch.zeros(len(W), dtype=W.dtype), t)
                    found.append((G * forward.unpack_dual(x @ W.T + b).tangent).sum())
            return torch.stack(found)
    """,
    "a layer": """
        def bias_gradient(x, W, G):
            layer = torch.nn.Linear(x.shape[1], len(W), dtype=W.dtype)
            layer(x).backward(G)
            return layer.bias.grad
    """,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_way_around_the_hand_earns_points(way: str):
    exercise = find("bias-gradient")
    verdict = judge(exercise, ask(exercise, define(WAYS[way], exercise.entry)))
    assert (verdict.state, verdict.earned) == (State.FORBIDDEN, 0)
