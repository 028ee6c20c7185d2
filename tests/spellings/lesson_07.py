"""Right answers of lesson 07 as learners spell them: by exercise, by name, the source of what they define."""

SPELLINGS: dict[str, dict[str, str]] = {
    "nd-backward": {
        "flatten": """
            def nd_backward(x, W, G):
                rows, upstream = x.reshape(-1, W.shape[1]), G.reshape(-1, W.shape[0])
                return torch.matmul(G, W), torch.mm(upstream.t(), rows), torch.sum(upstream, dim=0)
        """,
        "einsum": """
            def nd_backward(x, W, G):
                db = torch.einsum("...o->o", G).clone()
                return torch.einsum("...o,oi->...i", G, W), torch.einsum("...o,...i->oi", G, x), db
        """,
        "loops": """
            def nd_backward(x, W, G):
                rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
                dX, dW, db = torch.zeros_like(rows), torch.zeros_like(W), W.new_zeros(len(W))
                for n in range(len(rows)):
                    dW += torch.outer(upstream[n], rows[n])
                    db += upstream[n]
                    for i in range(len(W)):
                        dX[n] += upstream[n, i] * W[i]
                return dX.reshape(x.shape), dW, db
        """,
        "numpy": """
            def nd_backward(x, W, G):
                x, W, G = x.numpy(), W.numpy(), G.numpy()
                rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
                return np.dot(G, W), np.dot(upstream.T, rows), upstream.sum(axis=0)
        """,
        "broadcast and sum": """
            def nd_backward(x, W, G):
                rows, upstream = x.reshape(-1, x.shape[-1]), G.reshape(-1, G.shape[-1])
                dW = (upstream[:, :, None] * rows[:, None, :]).sum(0)
                return (G[..., None] * W).sum(-2), dW, upstream.sum(0)
        """,
        "stacks added up": """
            def nd_backward(x, W, G):
                if x.ndim == 1:
                    return G @ W, torch.outer(G, x), G.clone()
                dW, db = G.mT @ x, G.sum(-2)
                while dW.ndim > 2:
                    dW, db = dW.sum(0), db.sum(0)
                return G @ W, dW, db
        """,
        "tensordot": """
            def nd_backward(x, W, G):
                axes = list(range(x.ndim - 1))
                db = G.sum(dim=axes) if axes else G.clone()
                return G @ W, torch.tensordot(G, x, dims=(axes, axes)), db
        """,
    },
    "layer-class": {
        "in place": """
            class Layer:
                def __init__(self, W, b):
                    self.W, self.b = W, b
                    self.dW = torch.zeros(W.shape, dtype=W.dtype)
                    self.db = torch.zeros(b.shape, dtype=b.dtype)

                def forward(self, x):
                    self.cache = x
                    return x @ self.W.T + self.b

                def backward(self, G):
                    rows = self.cache.reshape(-1, self.cache.shape[-1])
                    upstream = G.reshape(-1, G.shape[-1])
                    self.dW += upstream.T @ rows
                    self.db += upstream.sum(0)
                    return G @ self.W
        """,
        "einsum, a copy in the cache": """
            class Layer:
                def __init__(self, W, b):
                    self.weight = W.clone()
                    self.bias = b.clone()
                    self.dW = W * 0
                    self.db = b * 0

                def forward(self, x):
                    self.x = x.clone()
                    return torch.einsum("...i,oi->...o", x, self.weight) + self.bias

                def backward(self, G):
                    self.dW = self.dW + torch.einsum("...o,...i->oi", G, self.x)
                    self.db = self.db + torch.einsum("...o->o", G)
                    return torch.einsum("...o,oi->...i", G, self.weight)
        """,
        "rows in the cache": """
            class Layer:
                def __init__(self, W, b):
                    self.W, self.b, self.dW, self.db = W, b, torch.zeros_like(W), torch.zeros_like(b)

                def forward(self, x):
                    self.shape = x.shape
                    self.rows = x.reshape(-1, x.shape[-1])
                    return (self.rows @ self.W.T + self.b).reshape(*x.shape[:-1], -1)

                def backward(self, G):
                    G = G.reshape(-1, G.shape[-1])
                    self.dW.add_(G.T @ self.rows)
                    self.db.add_(G.sum(0))
                    return (G @ self.W).reshape(self.shape)
        """,
        "numpy": """
            class Layer:
                def __init__(self, W, b):
                    self.W, self.b = W.numpy(), b.numpy()
                    self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

                def forward(self, x):
                    self.x = np.asarray(x)
                    return np.dot(self.x, self.W.T) + self.b

                def backward(self, G):
                    G = np.asarray(G)
                    self.dW += np.tensordot(G, self.x, axes=(range(G.ndim - 1), range(G.ndim - 1)))
                    self.db += G.reshape(-1, G.shape[-1]).sum(axis=0)
                    return np.dot(G, self.W)
        """,
        "lists of contributions": """
            class Layer:
                def __init__(self, W, b):
                    self.W, self.b, self.G, self.x = W, b, [], []

                def forward(self, x):
                    self.last = x.reshape(-1, x.shape[-1])
                    return x @ self.W.T + self.b

                def backward(self, G):
                    self.x.append(self.last)
                    self.G.append(G.reshape(-1, G.shape[-1]))
                    return G @ self.W

                @property
                def dW(self):
                    return torch.cat(self.G).T @ torch.cat(self.x)

                @property
                def db(self):
                    return torch.cat(self.G).sum(0)
        """,
        "a module": """
            class Layer(torch.nn.Module):
                def __init__(self, W, b):
                    super().__init__()
                    self.W, self.b = W, b
                    self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)

                def forward(self, x):
                    self.x = x
                    return torch.matmul(x, self.W.t()) + self.b

                def backward(self, G):
                    for g, row in zip(G.reshape(-1, G.shape[-1]), self.x.reshape(-1, self.x.shape[-1])):
                        self.dW += torch.outer(g, row)
                        self.db += g
                    return torch.matmul(G, self.W)
        """,
    },
    "affine-class": {
        "in place": """
            class Affine:
                def __init__(self, w, b):
                    self.w, self.b = w, b
                    self.dw, self.db = torch.zeros_like(w), torch.zeros_like(b)

                def forward(self, x):
                    self.x = x
                    return x @ self.w + self.b

                def backward(self, G):
                    upstream = G.flatten(0, -2)
                    self.dw += self.x.flatten(0, -2).T @ upstream
                    self.db += upstream.sum(0)
                    return G @ self.w.T
        """,
        "the other one, turned": """
            class Affine:
                def __init__(self, w, b):
                    self.W, self.b = w.T, b
                    self.dW, self.db = torch.zeros_like(self.W), torch.zeros_like(b)

                def forward(self, x):
                    self.x = x
                    return x @ self.W.T + self.b

                def backward(self, G):
                    rows, upstream = self.x.reshape(-1, self.x.shape[-1]), G.reshape(-1, G.shape[-1])
                    self.dW = self.dW + upstream.T @ rows
                    self.db = self.db + upstream.sum(0)
                    return G @ self.W

                @property
                def dw(self):
                    return self.dW.T
        """,
        "einsum": """
            class Affine:
                def __init__(self, w, b):
                    self.w, self.b, self.dw, self.db = w, b, w * 0, b * 0

                def forward(self, x):
                    self.x = x
                    return torch.einsum("...i,io->...o", x, self.w) + self.b

                def backward(self, G):
                    self.dw = self.dw + torch.einsum("...i,...o->io", self.x, G)
                    self.db = self.db + G.sum(dim=tuple(range(G.ndim - 1)))
                    return torch.einsum("...o,io->...i", G, self.w)
        """,
        "numpy": """
            class Affine:
                def __init__(self, w, b):
                    self.w, self.b = w.numpy(), b.numpy()
                    self.dw, self.db = 0, 0

                def forward(self, x):
                    self.x = x.numpy()
                    return np.dot(self.x, self.w) + self.b

                def backward(self, G):
                    rows = self.x.reshape(-1, self.x.shape[-1])
                    upstream = G.numpy().reshape(-1, G.shape[-1])
                    self.dw = self.dw + np.dot(rows.T, upstream)
                    self.db = self.db + np.sum(upstream, axis=0)
                    return np.dot(upstream, self.w.T).reshape(self.x.shape)
        """,
        "loops": """
            class Affine:
                def __init__(self, w, b):
                    self.w, self.b = w, b
                    self.dw, self.db = torch.zeros(w.shape).double(), torch.zeros(b.shape).double()

                def forward(self, x):
                    self.rows, self.shape = x.reshape(-1, x.shape[-1]), x.shape
                    return x.matmul(self.w).add(self.b)

                def backward(self, G):
                    dX = []
                    for row, g in zip(self.rows, G.reshape(-1, G.shape[-1])):
                        self.dw += row[:, None] * g
                        self.db += g
                        dX.append(self.w @ g)
                    return torch.stack(dX).reshape(self.shape)
        """,
    },
    "numerical-gradient": {
        "moved and put back": """
            def numerical_gradient(f, W, h):
                W = W.double().clone()
                g = torch.zeros_like(W)
                for i in range(W.shape[0]):
                    for j in range(W.shape[1]):
                        kept = W[i, j].item()
                        W[i, j] = kept + h
                        up = f(W)
                        W[i, j] = kept - h
                        down = f(W)
                        W[i, j] = kept
                        g[i, j] = (up - down) / (2 * h)
                return g
        """,
        "in W itself, and put back": """
            def numerical_gradient(f, W, h):
                if not W.is_floating_point():
                    W = W.to(torch.float64)
                g = torch.zeros_like(W)
                for i in range(len(W)):
                    for j in range(len(W[0])):
                        W[i, j] += h
                        up = f(W)
                        W[i, j] -= 2 * h
                        down = f(W)
                        W[i, j] += h
                        g[i, j] = (up - down) / 2 / h
                return g
        """,
        "tables of one": """
            def numerical_gradient(f, W, h):
                slopes = []
                for k in range(W.numel()):
                    E = torch.zeros(W.numel(), dtype=torch.float64)
                    E[k] = h
                    E = E.reshape(W.shape)
                    slopes.append((f(W + E) - f(W - E)) / (2 * h))
                return torch.tensor(slopes, dtype=torch.float64).reshape(W.shape)
        """,
        "numpy": """
            def numerical_gradient(f, W, h):
                W = W.numpy().astype(np.float64)
                g = np.zeros_like(W)
                for index in np.ndindex(W.shape):
                    up, down = W.copy(), W.copy()
                    up[index] += h
                    down[index] -= h
                    g[index] = (f(torch.from_numpy(up)) - f(torch.from_numpy(down))) / (2 * h)
                return g
        """,
        "a comprehension": """
            def numerical_gradient(f, W, h):
                out, in_ = W.shape
                step = h * torch.eye(out * in_, dtype=torch.float64).reshape(out, in_, out, in_)
                return torch.tensor(
                    [[(f(W + step[i, j]) - f(W - step[i, j])) / (2 * h) for j in range(in_)] for i in range(out)],
                    dtype=torch.float64,
                )
        """,
    },
    "seed-prints": {
        "without a layer": """
            def seed_prints(x, W, b):
                G = torch.ones(len(x), len(W), dtype=x.dtype)
                return G.T @ x, G.sum(0)
        """,
        "sums repeated": """
            def seed_prints(x, W, b):
                return x.sum(0).repeat(len(W), 1), torch.full((len(W),), float(len(x)), dtype=x.dtype)
        """,
        "numpy": """
            def seed_prints(x, W, b):
                G = np.ones((x.shape[0], W.shape[0]))
                return np.dot(G.T, x.numpy()), G.sum(axis=0)
        """,
        "einsum": """
            def seed_prints(x, W, b):
                G = torch.ones_like(x @ W.T + b)
                return torch.einsum("no,ni->oi", G, x), torch.einsum("no->o", G)
        """,
        "a loop": """
            def seed_prints(x, W, b):
                dW, db = torch.zeros_like(W), torch.zeros_like(b)
                for row in x:
                    dW = dW + torch.outer(torch.ones_like(b), row)
                    db = db + 1
                return dW, db
        """,
    },
    "sharp-test": {
        "random numbers": """
            def right(backward):
                x, W, G = (torch.randn(*shape, dtype=torch.float64) for shape in ((5, 4), (3, 4), (5, 3)))
                dX, dW, db = backward(x, W, G)
                for mine, theirs in ((G @ W, dX), (G.T @ x, dW), (G.sum(0), db)):
                    if mine.shape != theirs.shape or not torch.allclose(mine, theirs):
                        return False
                return True
        """,
        "whole numbers, by the largest difference": """
            def right(backward):
                x = torch.tensor([[1.0, 2], [3, -1], [0, 5]], dtype=torch.float64)
                W = torch.tensor([[1.0, -2], [4, 3], [-5, 6]], dtype=torch.float64)
                G = torch.tensor([[1.0, -1, 2], [3, 0, 1], [-2, 4, 5]], dtype=torch.float64)
                dX, dW, db = backward(x, W, G)
                if (dX.shape, dW.shape, db.shape) != (x.shape, W.shape, (3,)):
                    return False
                worst = max((dX - G @ W).abs().max(), (dW - G.T @ x).abs().max(), (db - G.sum(0)).abs().max())
                return bool(worst < 1e-9)
        """,
        "a tensor of truth": """
            def right(backward):
                torch.manual_seed(0)
                x, W, G = torch.rand(6, 2).double(), torch.rand(3, 2).double(), torch.rand(6, 3).double()
                dX, dW, db = backward(x, W, G)
                if dX.shape != x.shape or dW.shape != W.shape or db.shape != (3,):
                    return False
                return torch.isclose(dX, G @ W).all() & torch.isclose(dW, G.T @ x).all() & torch.isclose(db, G.sum(0)).all()
        """,
        "assert_close": """
            def right(backward):
                x, W, G = (torch.randn(shape, dtype=torch.float64) for shape in ((4, 3), (2, 3), (4, 2)))
                try:
                    torch.testing.assert_close(backward(x, W, G), (G @ W, G.T @ x, G.sum(0)))
                except AssertionError:
                    return False
                return True
        """,
        "numpy": """
            def right(backward):
                rng = np.random.default_rng(0)
                x, W, G = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(5, 3))
                expected = G @ W, G.T @ x, G.sum(0)
                return all(a.shape == b.shape and np.allclose(a, b) for a, b in zip(backward(x, W, G), expected))
        """,
        "square": """
            def right(backward):
                x, W, G = torch.randn(3, 4, 4, dtype=torch.float64)
                dX, dW, db = backward(x, W, G)
                if dX.shape != (4, 4) or dW.shape != (4, 4) or db.shape != (4,):
                    return False
                return torch.allclose(dX, G @ W) and torch.allclose(dW, G.T @ x) and torch.allclose(db, G.sum(0))
        """,
    },
    "shared-layer": {
        "a deque": """
            class SharedLayer:
                def __init__(self, W, b):
                    from collections import deque

                    self.W, self.b = W, b
                    self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)
                    self.cache = deque()

                def forward(self, x):
                    self.cache.append(x)
                    return x @ self.W.T + self.b

                def backward(self, G):
                    x = self.cache.pop()
                    self.dW += G.T @ x
                    self.db += G.sum(0)
                    return G @ self.W
        """,
        "newest first": """
            class SharedLayer:
                def __init__(self, W, b):
                    self.W, self.b, self.dW, self.db, self.inputs = W, b, W * 0, b * 0, []

                def forward(self, x):
                    self.inputs.insert(0, x)
                    return torch.addmm(self.b, x, self.W.T)

                def backward(self, G):
                    x, self.inputs = self.inputs[0], self.inputs[1:]
                    self.dW = self.dW + torch.einsum("no,ni->oi", G, x)
                    self.db = self.db + torch.einsum("no->o", G)
                    return torch.mm(G, self.W)
        """,
        "a counter": """
            class SharedLayer:
                def __init__(self, W, b):
                    self.W, self.b = W, b
                    self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)
                    self.seen, self.calls = {}, 0

                def forward(self, x):
                    self.seen[self.calls] = x.clone()
                    self.calls += 1
                    return x @ self.W.t() + self.b

                def backward(self, G):
                    self.calls -= 1
                    self.dW = self.dW + torch.matmul(G.t(), self.seen[self.calls])
                    self.db = self.db + G.sum(dim=0)
                    return torch.matmul(G, self.W)
        """,
        "numpy": """
            class SharedLayer:
                def __init__(self, W, b):
                    self.W, self.b = W.numpy(), b.numpy()
                    self.dW, self.db, self.cache = np.zeros_like(self.W), np.zeros_like(self.b), []

                def forward(self, x):
                    self.cache.append(np.asarray(x))
                    return self.cache[-1] @ self.W.T + self.b

                def backward(self, G):
                    G = np.asarray(G)
                    self.dW += G.T @ self.cache.pop()
                    self.db += G.sum(0)
                    return G @ self.W
        """,
        "a linked stack": """
            class SharedLayer:
                def __init__(self, W, b):
                    self.W, self.b, self.cache = W, b, None
                    self.dW, self.db = torch.zeros_like(W), torch.zeros_like(b)

                def forward(self, x):
                    self.cache = (x, self.cache)
                    return (x[:, None, :] * self.W).sum(-1) + self.b

                def backward(self, G):
                    x, self.cache = self.cache
                    self.dW.add_((G[:, :, None] * x[:, None, :]).sum(0))
                    self.db.add_(G.sum(0))
                    return (G[:, :, None] * self.W).sum(1)
        """,
    },
}
