"""What an exercise does without where gradients are to be found by hand. The check still compares with autograd."""

from __future__ import annotations

# Whatever else torch offers ends in one of these: torch.func.vjp, jacrev and grad, torch.autograd.functional, and, forward
# mode, torch.func.jvp, jacfwd and torch.autograd.forward_ad.
AUTOGRAD = ("torch.Tensor.backward", "torch.autograd.backward", "torch.autograd.grad", "torch._make_dual")
