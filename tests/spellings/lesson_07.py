"""Right answers to the exercises of lesson 07, as learners write them."""

LAYER = """
class {name}:
    def __init__(self, {W}, b):
        self.{W}, self.b = {W}, b
        self.d{W} = torch.zeros_like({W})
        self.db = torch.zeros_like(b)
        self.cache = []

    def forward(self, x):
        self.cache.append(x)
        return {y}

    def backward(self, G):
        x = self.cache.pop()
        rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
        self.d{W} = self.d{W} + {dW}
        self.db = self.db + {db}
        return {dX}
"""

TABLES = {  # how the products are written: forward, dX, dW, db
    "operators": ("x @ self.W.T + self.b", "G @ self.W", "upstream.T @ rows", "upstream.sum(0)"),
    "einsum": (
        "torch.einsum('...i,oi->...o', x, self.W) + self.b",
        "torch.einsum('...o,oi->...i', G, self.W)",
        "torch.einsum('no,ni->oi', upstream, rows)",
        "torch.einsum('no->o', upstream)",
    ),
    "outer products added up": (
        "(x[..., None, :] * self.W).sum(-1) + self.b",
        "(G[..., :, None] * self.W).sum(-2)",
        "(upstream[:, :, None] * rows[:, None, :]).sum(0)",
        "torch.ones(len(upstream), dtype=G.dtype) @ upstream",
    ),
    "NumPy": (
        "torch.from_numpy(x.numpy() @ self.W.numpy().T + self.b.numpy())",
        "torch.from_numpy(np.matmul(G.numpy(), self.W.numpy()))",
        "torch.from_numpy(upstream.numpy().T @ rows.numpy())",
        "torch.from_numpy(upstream.numpy().sum(axis=0))",
    ),
    "a loop over rows": (
        "torch.matmul(x, self.W.t()) + self.b",
        "torch.tensordot(G, self.W, dims=1)",
        "sum(torch.outer(g, row) for g, row in zip(upstream, rows))",
        "sum(g for g in upstream)",
    ),
}


def layers(name: str) -> dict[str, str]:
    return {how: LAYER.format(name=name, W="W", y=y, dX=dX, dW=dW, db=db) for how, (y, dX, dW, db) in TABLES.items()}


SPELLINGS = {
    "nd-backward": {
        "flattened": """
def nd_backward(x, W, G):
    rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
    return G @ W, upstream.T @ rows, upstream.sum(0)
""",
        "einsum": """
def nd_backward(x, W, G):
    dW = torch.einsum("...o,...i->oi", G, x)
    return torch.einsum("...o,oi->...i", G, W), dW, torch.einsum("...o->o", G)
""",
        "NumPy": """
def nd_backward(x, W, G):
    x, W, G = x.numpy(), W.numpy(), G.numpy()
    rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
    return np.matmul(G, W), upstream.T @ rows, upstream.sum(axis=0)
""",
        "tensordot": """
def nd_backward(x, W, G):
    leading = list(range(x.ndim - 1))
    db = G.sum(dim=leading) if leading else G.clone()
    return torch.tensordot(G, W, dims=1), torch.tensordot(G, x, dims=(leading, leading)), db
""",
        "one leading axis after the other": """
def nd_backward(x, W, G):
    if x.ndim == 1:
        return G @ W, torch.outer(G, x), G.clone()
    each = [nd_backward(one, W, g) for one, g in zip(x, G)]
    return torch.stack([dX for dX, _, _ in each]), sum(dW for _, dW, _ in each), sum(db for _, _, db in each)
""",
    },
    "layer-class": layers("Layer"),
    "shared-layer": layers("SharedLayer"),
    "affine-class": {
        how: LAYER.format(name="Affine", W="w", y=y, dX=dX, dW=dW, db=db)
        for how, (y, dX, dW, db) in {
            "operators": ("x @ self.w + self.b", "G @ self.w.T", "rows.T @ upstream", "upstream.sum(0)"),
            "einsum": (
                "torch.einsum('...i,io->...o', x, self.w) + self.b",
                "torch.einsum('...o,io->...i', G, self.w)",
                "torch.einsum('ni,no->io', rows, upstream)",
                "torch.einsum('no->o', upstream)",
            ),
            "outer products added up": (
                "(x[..., :, None] * self.w).sum(-2) + self.b",
                "(G[..., None, :] * self.w).sum(-1)",
                "(rows[:, :, None] * upstream[:, None, :]).sum(0)",
                "torch.ones(len(upstream), dtype=G.dtype) @ upstream",
            ),
            "NumPy": (
                "torch.from_numpy(x.numpy() @ self.w.numpy() + self.b.numpy())",
                "torch.from_numpy(G.numpy() @ self.w.numpy().T)",
                "torch.from_numpy(rows.numpy().T @ upstream.numpy())",
                "torch.from_numpy(upstream.numpy().sum(axis=0))",
            ),
            "the other layout, turned": (
                "torch.matmul(x, self.w) + self.b",
                "G @ self.w.t()",
                "(upstream.T @ rows).T",
                "sum(g for g in upstream)",
            ),
        }.items()
    },
    "numerical-gradient": {
        "two copies": """
def numerical_gradient(f, W, h):
    W = W.double()
    gradient = torch.zeros_like(W)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            up, down = W.clone(), W.clone()
            up[i, j] += h
            down[i, j] -= h
            gradient[i, j] = (f(up) - f(down)) / (2 * h)
    return gradient
""",
        "a step as a tensor": """
def numerical_gradient(f, W, h):
    W = W.to(torch.float64)
    gradient = torch.empty_like(W)
    for at in np.ndindex(*W.shape):
        step = torch.zeros_like(W)
        step[at] = h
        gradient[at] = (f(W + step) - f(W - step)) / h / 2
    return gradient
""",
        "one flat index": """
def numerical_gradient(f, W, h):
    found = []
    for k in range(W.numel()):
        step = torch.zeros(W.numel(), dtype=torch.float64)
        step[k] = h
        step = step.reshape(W.shape)
        found.append((f(W + step) - f(W - step)) / (2 * h))
    return torch.tensor(found, dtype=torch.float64).reshape(W.shape)
""",
        "lists": """
def numerical_gradient(f, W, h):
    W = W.double()
    def slope(i, j):
        step = torch.zeros_like(W)
        step[i, j] = h
        return (f(W + step) - f(W - step)) / (2 * h)
    return torch.tensor([[slope(i, j) for j in range(W.shape[1])] for i in range(W.shape[0])], dtype=torch.float64)
""",
        "there and back in one copy": """
def numerical_gradient(f, W, h):
    moved = W.double().clone()
    gradient = torch.zeros_like(moved)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            before = float(moved[i, j])
            moved[i, j] = before + h
            above = f(moved)
            moved[i, j] = before - h
            gradient[i, j] = (above - f(moved)) / (2 * h)
            moved[i, j] = before
    return gradient
""",
    },
    "seed-prints": {
        "by hand": """
def seed_prints(x, W, b):
    G = torch.ones(len(x), len(W), dtype=x.dtype)
    return G.T @ x, G.sum(0)
""",
        "all rows alike": """
def seed_prints(x, W, b):
    return x.sum(0).repeat(len(b), 1), torch.full_like(b, len(x))
""",
        "einsum": """
def seed_prints(x, W, b):
    G = torch.ones_like(x @ W.T + b)
    return torch.einsum("no,ni->oi", G, x), torch.einsum("no->o", G)
""",
        "NumPy": """
def seed_prints(x, W, b):
    G = np.ones((x.shape[0], W.shape[0]))
    return G.T @ x.numpy(), G.sum(axis=0)
""",
        "expanded": """
def seed_prints(x, W, b):
    return x.sum(0).expand(W.shape).clone(), torch.ones_like(b) * x.shape[0]
""",
    },
    "sharp-test": {
        "random": """
def right(backward):
    torch.manual_seed(0)
    x, W, G = (torch.randn(*shape, dtype=torch.float64) for shape in ((5, 4), (3, 4), (5, 3)))
    dX, dW, db = backward(x, W, G)
    pairs = ((dX, G @ W), (dW, G.T @ x), (db, G.sum(0)))
    return all(one.shape == other.shape and torch.allclose(one, other) for one, other in pairs)
""",
    },
}
