"""Right answers to the exercises of lesson NN, as learners write them."""

SPELLINGS = {
    "scale-NN": {
        "broadcast": """
def scale(x, a):
    return x * a
""",
        "a row": """
def scale(x, a):
    return x * a[None, :]
""",
        "matrix product": """
def scale(x, a):
    return x @ torch.diag(a)
""",
        "einsum": """
def scale(x, a):
    return torch.einsum("ni,i->ni", x, a)
""",
        "NumPy": """
def scale(x, a):
    return x.numpy() * a.numpy()
""",
        "a loop": """
def scale(x, a):
    y = torch.zeros_like(x)
    for n in range(len(x)):
        y[n] = x[n] * a
    return y
""",
    },
    "scale-backward-NN": {
        "broadcast and sum": """
def scale_backward(x, a, G):
    return G * a, (G * x).sum(0)
""",
        "einsum": """
def scale_backward(x, a, G):
    return torch.einsum("ni,i->ni", G, a), torch.einsum("ni,ni->i", G, x)
""",
        "matrix product": """
def scale_backward(x, a, G):
    return G @ torch.diag(a), torch.diag(G.T @ x)
""",
        "NumPy": """
def scale_backward(x, a, G):
    x, a, G = x.numpy(), a.numpy(), G.numpy()
    return G * a, np.sum(G * x, axis=0)
""",
        "a loop": """
def scale_backward(x, a, G):
    da = torch.zeros_like(a)
    for n in range(len(x)):
        da = da + G[n] * x[n]
    return G * a, da
""",
    },
    "scale-layer-NN": {
        name: f"""
class Scale:
    def __init__(self, a):
        self.a, self.da = a, torch.zeros_like(a)

    def forward(self, x):
        self.x = x
        return x * self.a

    def backward(self, G):
        self.da = self.da + {da}
        return G * self.a
"""
        for name, da in {
            "sum": "(G * self.x).sum(0)",
            "einsum": "torch.einsum('ni,ni->i', G, self.x)",
            "diagonal": "torch.diag(G.T @ self.x)",
            "NumPy": "torch.from_numpy((G.numpy() * self.x.numpy()).sum(0))",
            "a loop": "sum(g * x for g, x in zip(G, self.x))",
        }.items()
    },
}
