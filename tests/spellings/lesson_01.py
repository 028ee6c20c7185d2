"""Right answers of lesson 01 in the spellings that learners use: each earns all points."""

SPELLINGS: dict[str, dict[str, str]] = {
    "weight-of-link": {
        "two indices": """
def weight_of(W, source, target):
    return W[target, source]
""",
        "row, then column": """
def weight_of(W, source, target):
    row = W[target]
    return row[source]
""",
        "a Python number": """
def weight_of(W, source, target):
    return W[target, source].item()
""",
        "NumPy": """
def weight_of(W, source, target):
    return np.asarray(W)[target][source]
""",
        "through the transpose": """
def weight_of(W, source, target):
    return W.T[source, target]
""",
        "what one feature alone sends": """
def weight_of(W, source, target):
    x = torch.zeros(W.shape[1], dtype=W.dtype)
    x[source] = 1
    return (W @ x)[target]
""",
    },
    "one-neuron": {
        "@": """
def z_i(W, x, b, i):
    return W[i] @ x + b[i]
""",
        "sum of products": """
def z_i(W, x, b, i):
    return (W[i] * x).sum() + b[i]
""",
        "loop": """
def z_i(W, x, b, i):
    z = b[i].clone()
    for j in range(W.shape[1]):
        z += W[i, j] * x[j]
    return z
""",
        "loop over pairs of Python numbers": """
def z_i(W, x, b, i):
    total = b[i].item()
    for weight, feature in zip(W[i].tolist(), x.tolist()):
        total += weight * feature
    return total
""",
        "einsum": """
def z_i(W, x, b, i):
    return torch.einsum("j,j->", W[i], x) + b[i]
""",
        "dot": """
def z_i(W, x, b, i):
    return torch.dot(W[i], x) + b[i]
""",
        "NumPy": """
def z_i(W, x, b, i):
    return np.dot(W[i].numpy(), x.numpy()) + b[i].numpy()
""",
        "one of all neurons": """
def z_i(W, x, b, i):
    return (W @ x + b)[i]
""",
        "bias as one more weight": """
def z_i(W, x, b, i):
    return torch.cat([W[i], b[i : i + 1]]) @ torch.cat([x, torch.ones(1, dtype=x.dtype)])
""",
    },
    "linear-column": {
        "@": """
def linear_column(W, X, b):
    return W @ X + b[:, None]
""",
        "matmul and reshape": """
def linear_column(W, X, b):
    return torch.matmul(W, X) + b.reshape(-1, 1)
""",
        "mm and unsqueeze": """
def linear_column(W, X, b):
    return torch.mm(W, X).add(b.unsqueeze(1))
""",
        "einsum": """
def linear_column(W, X, b):
    return torch.einsum("ij,jk->ik", W, X) + b.view(-1, 1)
""",
        "loops": """
def linear_column(W, X, b):
    out, in_ = W.shape
    Z = torch.zeros(out, 1, dtype=W.dtype)
    for i in range(out):
        for j in range(in_):
            Z[i, 0] += W[i, j] * X[j, 0]
        Z[i, 0] += b[i]
    return Z
""",
        "broadcast and sum": """
def linear_column(W, X, b):
    return (W * X[:, 0]).sum(1, keepdim=True) + b[:, None]
""",
        "a neuron at a time": """
def linear_column(W, X, b):
    return torch.stack([W[i] @ X[:, 0] + b[i] for i in range(len(b))])[:, None]
""",
        "one axis, then a column": """
def linear_column(W, X, b):
    z = W @ X[:, 0] + b
    return z.reshape(len(z), 1)
""",
        "NumPy": """
def linear_column(W, X, b):
    return np.dot(W.numpy(), X.numpy()) + b.numpy()[:, np.newaxis]
""",
        "as a row and back": """
def linear_column(W, X, b):
    return (X.T @ W.T + b).T
""",
        "a column for each feature": """
def linear_column(W, X, b):
    Z = b[:, None].clone()
    for j in range(len(X)):
        Z += W[:, j : j + 1] * X[j, 0]
    return Z
""",
        "bias as one more column": """
def linear_column(W, X, b):
    ones = torch.ones(1, 1, dtype=X.dtype)
    return torch.cat([W, b[:, None]], 1) @ torch.cat([X, ones], 0)
""",
        "Python lists": """
def linear_column(W, X, b):
    rows = []
    for row, bias in zip(W.tolist(), b.tolist()):
        rows.append([sum(w * x for w, (x,) in zip(row, X.tolist())) + bias])
    return torch.tensor(rows, dtype=W.dtype)
""",
    },
    "column-shapes": {
        "tuples": """
def shapes(in_, out):
    return (out, in_), (in_, 1), (out, 1), (out, 1)
""",
        "lists": """
def shapes(in_, out):
    return [[out, in_], [in_, 1], [out, 1], [out, 1]]
""",
        "read from tensors": """
def shapes(in_, out):
    W = torch.empty(out, in_)
    X = torch.empty(in_, 1)
    B = torch.empty(out, 1)
    return W.shape, X.shape, B.shape, (W @ X + B).shape
""",
        "from one another": """
def shapes(in_, out):
    W = (out, in_)
    X = (W[1], 1)
    Z = (W[0], X[1])
    return W, X, Z, Z
""",
        "by name": """
def shapes(in_, out):
    return {"W": (out, in_), "X": (in_, 1), "B": (out, 1), "Z": (out, 1)}
""",
    },
    "mended-layer": {
        "@": """
def mended(W, x, b2, b3):
    return W @ x + b2
""",
        "mended loops": """
def mended(W, x, b2, b3):
    out, in_ = W.shape
    z2 = torch.zeros_like(b2)
    for i in range(out):
        for j in range(in_):
            z2[i] = z2[i] + W[i, j] * x[j]
        z2[i] = z2[i] + b2[i]
    return z2
""",
        "the lesson's code with three changes": """
def mended(W, x, b2, b3):
    out, in_ = W.shape
    z2 = torch.zeros(out, dtype=x.dtype)
    for i in range(out):
        for j in range(in_):
            z2[i] = z2[i] + W[i, j] * x[j]
    return z2 + b2
""",
        "mended loops, bias at the end": """
def mended(W, x, b2, b3):
    z2 = torch.zeros_like(b2)
    for i in range(len(b2)):
        for j in range(len(x)):
            z2[i] += W[i, j] * x[j]
    return z2 + b2
""",
        "loops from a copy of the bias": """
def mended(W, x, b2, b3):
    z = b2.clone()
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            z[i] += W[i, j] * x[j]
    return z
""",
        "row by row": """
def mended(W, x, b2, b3):
    return torch.stack([(row * x).sum() + bias for row, bias in zip(W, b2)])
""",
        "broadcast and sum": """
def mended(W, x, b2, b3):
    return (W * x).sum(1) + b2
""",
        "einsum": """
def mended(W, x, b2, b3):
    return torch.einsum("ij,j->i", W, x) + b2
""",
        "mv": """
def mended(W, x, b2, b3):
    return torch.mv(W, x) + b2
""",
        "through a column": """
def mended(W, x, b2, b3):
    return (W @ x[:, None] + b2[:, None])[:, 0]
""",
        "NumPy": """
def mended(W, x, b2, b3):
    return np.matmul(W.numpy(), x.numpy()) + b2.numpy()
""",
    },
}
