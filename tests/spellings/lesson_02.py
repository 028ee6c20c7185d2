"""Right answers of lesson 02 as learners spell them: by exercise, by name, the source of the function."""

SPELLINGS: dict[str, dict[str, str]] = {
    "linear-row": {
        "the column result, laid on its side": """
            def linear_row(x, W, b):
                return (W @ x.T + b[:, None]).T
        """,
        "matmul and t": """
            def linear_row(x, W, b):
                return torch.matmul(x, W.t()) + b
        """,
        "einsum": """
            def linear_row(x, W, b):
                return torch.einsum("ni,oi->no", x, W) + b
        """,
        "a loop over the neurons": """
            def linear_row(x, W, b):
                y = torch.zeros(1, len(b), dtype=x.dtype)
                for i in range(len(b)):
                    y[0, i] = W[i] @ x[0] + b[i]
                return y
        """,
        "broadcast and sum": """
            def linear_row(x, W, b):
                return (W * x).sum(dim=1)[None, :] + b
        """,
        "numpy": """
            def linear_row(x, W, b):
                return np.dot(x.numpy(), W.numpy().T) + b.numpy()
        """,
    },
    "linear-columns": {
        "a view with a second axis": """
            def linear_columns(W, X, b):
                B = b.view(-1, 1)
                return torch.mm(W, X) + B, B
        """,
        "unsqueeze": """
            def linear_columns(W, X, b):
                B = b.unsqueeze(1)
                return torch.add(W @ X, B), B
        """,
        "einsum": """
            def linear_columns(W, X, b):
                B = b.reshape(len(b), 1)
                return torch.einsum("oi,in->on", W, X) + B, B
        """,
        "one column after the other": """
            def linear_columns(W, X, b):
                B = b[:, None]
                return torch.cat([W @ X[:, n:n + 1] + B for n in range(X.shape[1])], dim=1), B
        """,
        "three loops": """
            def linear_columns(W, X, b):
                Z = torch.zeros(W.shape[0], X.shape[1], dtype=X.dtype)
                for i in range(W.shape[0]):
                    for n in range(X.shape[1]):
                        Z[i, n] = b[i]
                        for j in range(W.shape[1]):
                            Z[i, n] += W[i, j] * X[j, n]
                return [Z, b[:, None]]
        """,
        "numpy": """
            def linear_columns(W, X, b):
                B = b.numpy()[:, np.newaxis]
                return W.numpy() @ X.numpy() + B, B
        """,
    },
    "rows-through-columns": {
        "t and t": """
            def through_columns(x, layer):
                return layer(x.t()).t()
        """,
        "transpose with its axes": """
            def through_columns(x, layer):
                return torch.transpose(layer(torch.transpose(x, 0, 1)), 0, 1)
        """,
        "permute, copied": """
            def through_columns(x, layer):
                return layer(x.permute(1, 0).contiguous()).permute(1, 0).contiguous()
        """,
        "one sample after the other": """
            def through_columns(x, layer):
                return torch.stack([layer(sample[:, None])[:, 0] for sample in x])
        """,
        "numpy": """
            def through_columns(x, layer):
                return np.transpose(layer(x.numpy().T).numpy())
        """,
        "columns put together": """
            def through_columns(x, layer):
                X = torch.stack(list(x), dim=1)
                Z = layer(X)
                return torch.stack([Z[:, n] for n in range(Z.shape[1])])
        """,
    },
    "linear-batch": {
        "bias first": """
            def linear(x, W, b):
                return b + x @ W.mT
        """,
        "mm": """
            def linear(x, W, b):
                return torch.mm(x, W.transpose(0, 1)).add(b)
        """,
        "einsum": """
            def linear(x, W, b):
                return torch.einsum("ni,oi->no", x, W) + b
        """,
        "broadcast and sum": """
            def linear(x, W, b):
                return (x[:, None, :] * W[None, :, :]).sum(dim=2) + b
        """,
        "the columns of lesson 01, turned": """
            def linear(x, W, b):
                return (W @ x.T + b[:, None]).T
        """,
        "one row after the other": """
            def linear(x, W, b):
                return torch.stack([W @ sample + b for sample in x])
        """,
        "three loops": """
            def linear(x, W, b):
                y = torch.zeros(x.shape[0], W.shape[0], dtype=x.dtype)
                for n in range(x.shape[0]):
                    for i in range(W.shape[0]):
                        y[n, i] = b[i]
                        for j in range(W.shape[1]):
                            y[n, i] += x[n, j] * W[i, j]
                return y
        """,
        "tensordot": """
            def linear(x, W, b):
                return torch.tensordot(x, W, dims=([1], [1])) + b
        """,
        "numpy": """
            def linear(x, W, b):
                return np.matmul(x.numpy(), W.numpy().T) + b.numpy()
        """,
        "a bias feature of ones": """
            def linear(x, W, b):
                ones = torch.ones(x.shape[0], 1, dtype=x.dtype)
                return torch.cat([x, ones], dim=1) @ torch.cat([W, b[:, None]], dim=1).T
        """,
    },
    "product-shapes": {
        "lists": """
            def shapes(in_, out, N):
                return [N, in_], [out, in_], [in_, out], [out], [N, out], [in_, in_]
        """,
        "read from tensors": """
            def shapes(in_, out, N):
                x, W, b = torch.zeros(N, in_), torch.zeros(out, in_), torch.zeros(out)
                y = x @ W.T + b
                return x.shape, W.shape, W.T.shape, b.shape, y.shape, (x.shape[1], W.T.shape[0])
        """,
    },
    "four-layouts": {
        "four branches": """
            def forward(X, weight, b, weight_layout, sample_layout):
                if weight_layout == "out,in" and sample_layout == "rows":
                    return X @ weight.T + b
                if weight_layout == "in,out" and sample_layout == "rows":
                    return X @ weight + b
                if weight_layout == "out,in":
                    return weight @ X + b[:, None]
                return weight.T @ X + b[:, None]
        """,
        "to rows and back": """
            def forward(X, weight, b, weight_layout, sample_layout):
                x = X if sample_layout == "rows" else X.T
                kernel = weight if weight_layout == "in,out" else weight.T
                y = x @ kernel + b
                return y if sample_layout == "rows" else y.T
        """,
        "einsum with named axes": """
            def forward(X, weight, b, weight_layout, sample_layout):
                w = "oi" if weight_layout == "out,in" else "io"
                s, r = ("ni", "no") if sample_layout == "rows" else ("in", "on")
                y = torch.einsum(f"{s},{w}->{r}", X, weight)
                return y + (b if sample_layout == "rows" else b.reshape(-1, 1))
        """,
        "a match statement": """
            def forward(X, weight, b, weight_layout, sample_layout):
                match weight_layout, sample_layout:
                    case "out,in", "rows":
                        return torch.matmul(X, weight.t()) + b
                    case "in,out", "rows":
                        return torch.matmul(X, weight) + b
                    case "out,in", "columns":
                        return torch.matmul(weight, X) + b.unsqueeze(1)
                    case _:
                        return torch.matmul(weight.t(), X) + b.unsqueeze(1)
        """,
        "numpy": """
            def forward(X, weight, b, weight_layout, sample_layout):
                X, weight, b = X.numpy(), weight.numpy(), b.numpy()
                W = weight if weight_layout == "out,in" else weight.T
                return np.dot(X, W.T) + b if sample_layout == "rows" else np.dot(W, X) + b[:, np.newaxis]
        """,
        "loops": """
            def forward(X, weight, b, weight_layout, sample_layout):
                samples = list(X) if sample_layout == "rows" else [X[:, n] for n in range(X.shape[1])]
                neurons = list(weight) if weight_layout == "out,in" else [weight[:, i] for i in range(weight.shape[1])]
                y = torch.stack([torch.stack([w @ s + c for w, c in zip(neurons, b)]) for s in samples])
                return y if sample_layout == "rows" else y.T
        """,
    },
    "same-numbers": {
        "torch's own tolerance": """
            def same_numbers(a, b):
                return a.shape == b.shape and torch.allclose(a, b)
        """,
        "torch.testing": """
            def same_numbers(a, b):
                try:
                    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
                except AssertionError:
                    return False
                return True
        """,
        "by hand": """
            def same_numbers(a, b):
                if a.shape != b.shape:
                    return False
                return bool(((a - b).abs() <= 1e-12 + 1e-9 * b.abs()).all())
        """,
        "a tensor of one truth value": """
            def same_numbers(a, b):
                if a.shape != b.shape:
                    return torch.tensor(False)
                return ((a - b).abs() <= 1e-12 + 1e-9 * torch.maximum(a.abs(), b.abs())).all()
        """,
        "entry by entry": """
            def same_numbers(a, b):
                if list(a.shape) != list(b.shape):
                    return False
                for p, q in zip(a.flatten().tolist(), b.flatten().tolist()):
                    if not abs(p - q) <= 1e-12 + 1e-9 * abs(q):
                        return False
                return True
        """,
        "isclose": """
            def same_numbers(a, b):
                return a.size() == b.size() and torch.isclose(a, b, rtol=1e-7).all().item()
        """,
        "numpy": """
            def same_numbers(a, b):
                a, b = np.asarray(a), np.asarray(b)
                return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12)
        """,
        "the standard library, entry by entry": """
            def same_numbers(a, b):
                import math
                if a.shape != b.shape:
                    return False
                pairs = zip(a.flatten().tolist(), b.flatten().tolist())
                return all(math.isclose(p, q, rel_tol=1e-9, abs_tol=1e-12) for p, q in pairs)
        """,
        "the largest excess": """
            def same_numbers(a, b):
                if a.shape != b.shape:
                    return False
                return bool(((a - b).abs() - 1e-12 - 1e-9 * b.abs()).max() <= 0)
        """,
    },
}
