"""Right answers to the exercises of lesson 00, as learners write them."""

SPELLINGS = {
    "first-check": {
        "multiply and add": """
def weighted_sum(w, x):
    return (w * x).sum()
""",
        "matrix product": """
def weighted_sum(w, x):
    return w @ x
""",
        "dot": """
def weighted_sum(w, x):
    return torch.dot(w, x)
""",
        "einsum": """
def weighted_sum(w, x):
    return torch.einsum("j,j->", w, x)
""",
        "a loop": """
def weighted_sum(w, x):
    z = 0
    for j in range(len(x)):
        z = z + w[j] * x[j]
    return z
""",
        "a loop that changes its own tensor": """
def weighted_sum(w, x):
    z = torch.zeros((), dtype=x.dtype)
    for weight, feature in zip(w, x):
        z += weight * feature
    return z
""",
        "Python's sum over a generator": """
def weighted_sum(w, x):
    return sum(w[j] * x[j] for j in range(x.shape[0]))
""",
        "a Python number": """
def weighted_sum(w, x):
    return sum(a * b for a, b in zip(w.tolist(), x.tolist()))
""",
        "NumPy": """
def weighted_sum(w, x):
    return np.dot(w, x)
""",
        "NumPy's sum": """
def weighted_sum(w, x):
    return np.sum(w.numpy() * x.numpy())
""",
        "nn.functional.linear with one neuron": """
def weighted_sum(w, x):
    return torch.nn.functional.linear(x, w[None])[0]
""",
    }
}
