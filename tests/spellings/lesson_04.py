"""Right answers to the exercises of lesson 04, as learners write them."""

SPELLINGS = {
    "forward-nd": {
        "operator": """
def linear(x, W, b):
    return x @ W.T + b
""",
        "einsum": """
def linear(x, W, b):
    return torch.einsum("...i,oi->...o", x, W) + b
""",
        "merged and put back": """
def linear(x, W, b):
    return (x.reshape(-1, x.shape[-1]) @ W.T + b).reshape(*x.shape[:-1], W.shape[0])
""",
        "NumPy": """
def linear(x, W, b):
    return np.matmul(x.numpy(), W.numpy().T) + b.numpy()
""",
        "a sum": """
def linear(x, W, b):
    return (x[..., None, :] * W).sum(-1) + b
""",
        "tensordot": """
def linear(x, W, b):
    return torch.tensordot(x, W, dims=([-1], [1])) + b
""",
        "a loop over neurons": """
def linear(x, W, b):
    return torch.stack([(x * W[k]).sum(-1) + b[k] for k in range(len(b))], dim=-1)
""",
        "recursion over the leading axes": """
def linear(x, W, b):
    if x.ndim == 1:
        return W @ x + b
    return torch.stack([linear(one, W, b) for one in x])
""",
    },
    "einsum-equation": {
        "added": """
def equation(leading):
    return leading + "i,oi->" + leading + "o"
""",
        "an f-string": """
def equation(leading):
    return f"{leading}i,oi->{leading}o"
""",
        "dots": """
def equation(leading):
    return "...i,oi->...o"
""",
        "the factors as a format": """
def equation(leading):
    return "{0}i,oi->{0}o".format(leading)
""",
        "joined": """
def equation(leading):
    return "->".join(["{}i,oi".format(leading), "{}o".format(leading)])
""",
        "with spaces": """
def equation(leading):
    return leading + "i, oi -> " + leading + "o"
""",
    },
    "affine-blocks": {
        "blocks by slices": """
def blocks(W, T):
    out, in_ = W.shape
    D = torch.zeros(T * in_, T * out, dtype=W.dtype)
    for t in range(T):
        D[t * in_ : (t + 1) * in_, t * out : (t + 1) * out] = W.T
    return D
""",
        "kron": """
def blocks(W, T):
    return torch.kron(torch.eye(T, dtype=W.dtype), W.T.contiguous())
""",
        "block_diag": """
def blocks(W, T):
    return torch.block_diag(*[W.T] * T)
""",
        "NumPy": """
def blocks(W, T):
    return np.kron(np.eye(T), W.numpy().T)
""",
        "einsum": """
def blocks(W, T):
    four = torch.einsum("st,oi->sito", torch.eye(T, dtype=W.dtype), W)
    return four.reshape(T * W.shape[1], T * W.shape[0])
""",
        "entry by entry": """
def blocks(W, T):
    out, in_ = W.shape
    D = torch.zeros(T * in_, T * out, dtype=W.dtype)
    for t in range(T):
        for i in range(in_):
            for o in range(out):
                D[t * in_ + i, t * out + o] = W[o, i]
    return D
""",
        "what it does to each unit row": """
def blocks(W, T):
    in_ = W.shape[1]
    rows = torch.eye(T * in_, dtype=W.dtype)
    return (rows.reshape(-1, T, in_) @ W.T).reshape(T * in_, -1)
""",
    },
    "affine-agrees": {
        "two axes": """
def agree(shape):
    return len(shape) == 2
""",
        "tried out": """
def agree(shape):
    x = torch.randn(shape)
    layer = torch.nn.Linear(shape[-1], 3, bias=False)
    try:
        flat = x.reshape(x.shape[0], -1) @ layer.weight.T
    except RuntimeError:
        return False
    return flat.shape == layer(x).shape and torch.allclose(flat, layer(x))
""",
    },
    "which-sizes": {
        "split": """
def which_sizes(message):
    if "dtype" in message:
        return None
    left, right = message.split("(")[1].rstrip(")").split(" and ")
    return int(left.split("x")[1]), int(right.split("x")[0])
""",
        "the last four numbers": r"""
import re

def which_sizes(message):
    numbers = [int(number) for number in re.findall(r"\d+", message)]
    return [numbers[-3], numbers[-2]] if len(numbers) >= 4 and "x" in message.split("(")[-1] and "(" in message else None
""",
        "what stands on both sides of and": r"""
import re

def which_sizes(message):
    found = re.search(r"(\d+) and (\d+)", message)
    return None if found is None else tuple(int(size) for size in found.groups())
""",
    },
    "mixes-positions": {
        "each other position": """
def mixes_positions(f, x):
    y = f(x)
    T = x.shape[1]
    for t in range(T):
        changed = x.clone()
        changed[:, t] = changed[:, t] + torch.randn(x.shape[0], x.shape[2], dtype=x.dtype)
        z = f(changed)
        for s in range(T):
            if s != t and not torch.allclose(y[:, s], z[:, s]):
                return True
    return False
""",
        "one position left": """
def mixes_positions(f, x):
    y = f(x)
    for t in range(x.shape[1]):
        alone = torch.zeros_like(x)
        alone[:, t] = x[:, t]
        if not torch.allclose(f(alone)[:, t], y[:, t]):
            return True
    return False
""",
    },
}
