"""Right answers to the exercises of lesson 05, as learners write them."""

from __future__ import annotations

SPELLINGS: dict[str, dict[str, str]] = {
    "local-backward": {
        "operators": """
def local_backward(a, b, g):
    return g, g, g * b, g * a, g * 2 * a
""",
        "copies": """
def local_backward(a, b, g):
    return g.clone(), g.clone(), b * g, a * g, a * g + a * g
""",
        "ones as local derivatives": """
def local_backward(a, b, g):
    one = torch.ones_like(g)
    return one * g, one * g, b * g, a * g, 2 * a * g
""",
        "NumPy": """
def local_backward(a, b, g):
    a, b, g = a.numpy(), b.numpy(), g.numpy()
    return g.copy(), g.copy(), np.multiply(g, b), np.multiply(g, a), 2 * a * g
""",
        "einsum": """
def local_backward(a, b, g):
    return g, g, torch.einsum("i,i->i", g, b), torch.einsum("i,i->i", g, a), 2 * torch.einsum("i,i->i", g, a)
""",
        "a loop": """
def local_backward(a, b, g):
    da_add, db_add, da_mul, db_mul, da_square = (torch.zeros_like(g) for _ in range(5))
    for k in range(len(g)):
        da_add[k] = g[k]
        db_add[k] = g[k]
        da_mul[k] = g[k] * b[k]
        db_mul[k] = g[k] * a[k]
        da_square[k] = g[k] * 2 * a[k]
    return da_add, db_add, da_mul, db_mul, da_square
""",
    },
    "vector-jacobian": {
        "operators": """
def back_through(x, J, g):
    ds = g @ J
    S = torch.diag(2 * x)
    return ds, S, ds @ S
""",
        "transposed": """
def back_through(x, J, g):
    ds = J.T @ g
    S = 2 * x * torch.eye(len(x), dtype=x.dtype)
    return ds, S, 2 * x * ds
""",
        "einsum": """
def back_through(x, J, g):
    ds = torch.einsum("i,ik->k", g, J)
    S = torch.diag(x + x)
    return ds, S, torch.einsum("i,ik->k", ds, S)
""",
        "multiply and add up": """
def back_through(x, J, g):
    ds = (g[:, None] * J).sum(0)
    S = torch.diag_embed(2 * x)
    return ds, S, (ds[:, None] * S).sum(0)
""",
        "columns": """
def back_through(x, J, g):
    ds = torch.mm(J.T, g.reshape(-1, 1)).reshape(-1)
    S = torch.zeros(len(x), len(x), dtype=x.dtype)
    S.fill_diagonal_(1)
    S = S * 2 * x
    return ds, S, torch.matmul(S.T, ds)
""",
        "NumPy": """
def back_through(x, J, g):
    x, J, g = x.numpy(), J.numpy(), g.numpy()
    ds = np.dot(g, J)
    return ds, np.diag(2 * x), ds * 2 * x
""",
        "loops": """
def back_through(x, J, g):
    out, in_ = J.shape
    ds = torch.zeros(in_, dtype=x.dtype)
    S = torch.zeros(in_, in_, dtype=x.dtype)
    for k in range(in_):
        S[k, k] = 2 * x[k]
        for i in range(out):
            ds[k] += g[i] * J[i, k]
    return ds, S, ds @ S
""",
    },
    "residual-paths": {
        "two terms": """
def residual_paths(x, w, g):
    return g + g * w, g * x
""",
        "one factor": """
def residual_paths(x, w, g):
    return g * (1 + w), x * g
""",
        "path by path": """
def residual_paths(x, w, g):
    dx = g.clone()
    dp = g
    dx += dp * w
    return dx, dp * x
""",
        "einsum": """
def residual_paths(x, w, g):
    return g + torch.einsum("i,i->i", g, w), torch.einsum("i,i->i", g, x)
""",
        "NumPy": """
def residual_paths(x, w, g):
    x, w, g = x.numpy(), w.numpy(), g.numpy()
    return np.add(g, g * w), g * x
""",
        "a loop": """
def residual_paths(x, w, g):
    dx, dw = torch.zeros_like(x), torch.zeros_like(w)
    for k in range(len(x)):
        dx[k] += g[k]
        dx[k] += g[k] * w[k]
        dw[k] += g[k] * x[k]
    return dx, dw
""",
    },
    "broadcast-operand": {
        "sums": """
def broadcast_backward(x, s, c, G):
    return G * s, (G * x).sum(0), G.sum(1, keepdim=True)
""",
        "an axis added": """
def broadcast_backward(x, s, c, G):
    return s * G, torch.sum(x * G, dim=0), G.sum(dim=1)[:, None]
""",
        "einsum": """
def broadcast_backward(x, s, c, G):
    return torch.einsum("ni,i->ni", G, s), torch.einsum("ni,ni->i", G, x), torch.einsum("ni->n", G).unsqueeze(1)
""",
        "matrix products": """
def broadcast_backward(x, s, c, G):
    return G @ torch.diag(s), torch.diag(G.T @ x), G @ torch.ones(G.shape[1], 1, dtype=G.dtype)
""",
        "shapes": """
def broadcast_backward(x, s, c, G):
    return G * s.expand_as(G), (G * x).sum(0).reshape(s.shape), G.sum(-1).reshape(c.shape)
""",
        "sum_to_size": """
def broadcast_backward(x, s, c, G):
    return G * s, (G * x).sum_to_size(s.shape), G.sum_to_size(c.shape)
""",
        "NumPy": """
def broadcast_backward(x, s, c, G):
    x, s, G = x.numpy(), s.numpy(), G.numpy()
    return G * s, np.sum(G * x, axis=0), np.sum(G, axis=1, keepdims=True)
""",
        "a loop": """
def broadcast_backward(x, s, c, G):
    dx, ds, dc = torch.zeros_like(x), torch.zeros_like(s), torch.zeros_like(c)
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            dx[n, i] = G[n, i] * s[i]
            ds[i] += G[n, i] * x[n, i]
            dc[n, 0] += G[n, i]
    return dx, ds, dc
""",
    },
    "engine": {
        "edges with local derivatives": """
class Value:
    def __init__(self, data, parents=(), local=()):
        self.data, self.grad, self.parents, self.local = data, 0.0, parents, local

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def square(self):
        return Value(self.data ** 2, (self,), (2 * self.data,))

    def order(self):
        found = []

        def visit(value):
            if value not in found:
                for parent in value.parents:
                    visit(parent)
                found.append(value)

        visit(self)
        return found

    def backward(self):
        order = self.order()
        for value in order:
            value.grad = 0.0
        self.grad = 1.0
        for value in reversed(order):
            for parent, local in zip(value.parents, value.local):
                parent.grad += value.grad * local
""",
        "closures and a set": """
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = data, 0
        self._prev, self._backward = set(children), lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = back
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = back
        return out

    def square(self):
        return self * self

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)

        build(self)
        for v in topo:
            v.grad = 0
        self.grad = 1
        for v in reversed(topo):
            v._backward()
""",
        "by age": """
class Value:
    made = 0

    def __init__(self, data, edges=()):
        Value.made += 1
        self.age, self.data, self.edges, self.grad = Value.made, data, edges, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, [(self, 1), (other, 1)])

    def __mul__(self, other):
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def square(self):
        return Value(self.data * self.data, [(self, 2 * self.data)])

    def backward(self):
        waiting, reached = [self], []
        while waiting:
            value = waiting.pop()
            if value not in reached:
                reached.append(value)
                waiting.extend(parent for parent, _ in value.edges)
        reached.sort(key=lambda value: value.age, reverse=True)
        for value in reached:
            value.grad = 0.0
        self.grad = 1.0
        for value in reached:
            for parent, local in value.edges:
                parent.grad = parent.grad + value.grad * local
""",
        "counting arrivals": """
class Value:
    def __init__(self, data, parents=(), local=()):
        self.data, self.grad, self.parents, self.local = data, 0.0, parents, local

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def square(self):
        return Value(self.data ** 2, (self,), (2 * self.data,))

    def backward(self):
        uses, stack, seen = {}, [self], {self}
        while stack:
            value = stack.pop()
            value.grad = 0.0
            for parent in value.parents:
                uses[parent] = uses.get(parent, 0) + 1
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        self.grad = 1.0
        ready = [self]
        while ready:
            value = ready.pop()
            for parent, local in zip(value.parents, value.local):
                parent.grad += value.grad * local
                uses[parent] -= 1
                if uses[parent] == 0:
                    ready.append(parent)
""",
        "along every path": """
class Value:
    def __init__(self, data, edges=()):
        self.data, self.edges, self.grad = data, edges, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def square(self):
        return Value(self.data ** 2, [(self, 2 * self.data)])

    def clear(self):
        self.grad = 0.0
        for parent, _ in self.edges:
            parent.clear()

    def walk(self, arrived):
        self.grad += arrived
        for parent, local in self.edges:
            parent.walk(arrived * local)

    def backward(self):
        self.clear()
        self.walk(1.0)
""",
        "0-d tensors": """
class Value:
    def __init__(self, data, parents=(), local=()):
        self.data = torch.as_tensor(data, dtype=torch.float64)
        self.grad, self.parents, self.local = torch.zeros((), dtype=torch.float64), parents, local

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def square(self):
        return Value(self.data ** 2, (self,), (2 * self.data,))

    def order(self):
        found = []

        def visit(value):
            if value not in found:
                for parent in value.parents:
                    visit(parent)
                found.append(value)

        visit(self)
        return found

    def backward(self):
        order = self.order()
        for value in order:
            value.grad = torch.zeros((), dtype=torch.float64)
        self.grad = torch.ones((), dtype=torch.float64)
        for value in order[::-1]:
            for parent, local in zip(value.parents, value.local):
                parent.grad = parent.grad + value.grad * local
""",
    },
    "central-difference": {
        "two copies": """
def central_difference(f, x, h):
    x = x.double()
    g = torch.zeros_like(x)
    for k in range(len(x)):
        up, down = x.clone(), x.clone()
        up[k] += h
        down[k] -= h
        g[k] = (f(up) - f(down)) / (2 * h)
    return g
""",
        "a unit vector": """
def central_difference(f, x, h):
    rows = torch.eye(len(x), dtype=torch.float64)
    return torch.tensor([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in rows], dtype=torch.float64)
""",
        "moved and put back": """
def central_difference(f, x, h):
    x = x.to(torch.float64).clone()
    g = torch.empty_like(x)
    for k in range(len(x)):
        kept = x[k].item()
        x[k] = kept + h
        above = f(x)
        x[k] = kept - h
        below = f(x)
        x[k] = kept
        g[k] = (above - below) / h / 2
    return g
""",
        "NumPy": """
def central_difference(f, x, h):
    x = np.array(x, dtype=float)
    g = np.zeros(x.shape)
    for k in range(x.size):
        step = np.zeros(x.shape)
        step[k] = h
        g[k] = (f(x + step) - f(x - step)) / (2 * h)
    return g
""",
        "a mean of both sides": """
def central_difference(f, x, h):
    g = torch.zeros(len(x), dtype=torch.float64)
    for k in range(len(x)):
        step = torch.zeros(len(x), dtype=torch.float64)
        step[k] = h
        g[k] = ((f(x + step) - f(x)) / h + (f(x) - f(x - step)) / h) / 2
    return g
""",
        "a smaller step": """
def central_difference(f, x, h):
    x, h = x.double(), h / 10
    return torch.stack([torch.tensor((f(x + h * e) - f(x - h * e)) / (2 * h)) for e in torch.eye(len(x)).double()]).double()
""",
    },
}
