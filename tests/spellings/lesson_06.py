"""Right answers of lesson 06 as learners spell them: by exercise, by name, the source of the function."""

SPELLINGS: dict[str, dict[str, str]] = {
    "one-column-backward": {
        "matmul and t": """
            def column_backward(x, W, b, g):
                return torch.matmul(W.t(), g), torch.mm(g, x.t()), g
        """,
        "broadcasting": """
            def column_backward(x, W, b, g):
                return (W * g).sum(0)[:, None], g * x.T, g.clone()
        """,
        "einsum": """
            def column_backward(x, W, b, g):
                return torch.einsum("oi,ok->ik", W, g), torch.einsum("ok,ik->oi", g, x), g * 1
        """,
        "outer of vectors": """
            def column_backward(x, W, b, g):
                g1, x1 = g[:, 0], x[:, 0]
                return (g1 @ W)[:, None], torch.outer(g1, x1), g1.reshape(-1, 1)
        """,
        "loops": """
            def column_backward(x, W, b, g):
                out, in_ = W.shape
                dx, dW, db = torch.zeros_like(x), torch.zeros_like(W), torch.zeros_like(b)
                for i in range(out):
                    db[i, 0] += g[i, 0]
                    for j in range(in_):
                        dW[i, j] += g[i, 0] * x[j, 0]
                        dx[j, 0] += g[i, 0] * W[i, j]
                return dx, dW, db
        """,
        "numpy": """
            def column_backward(x, W, b, g):
                x, W, g = x.numpy(), W.numpy(), g.numpy()
                return np.dot(W.T, g), np.dot(g, x.T), g
        """,
    },
    "weight-paths": {
        "one column filled": """
            def weight_paths(x, G, i, j):
                local = torch.zeros(G.shape, dtype=G.dtype)
                local[:, i] = x[:, j]
                return local, G[:, i] @ x[:, j]
        """,
        "loops": """
            def weight_paths(x, G, i, j):
                N, out = G.shape
                local, dw = torch.zeros_like(G), 0.0
                for n in range(N):
                    for k in range(out):
                        local[n, k] = x[n, j] if k == i else 0
                        dw += float(G[n, k] * local[n, k])
                return local, dw
        """,
        "a weight of one": """
            def weight_paths(x, G, i, j):
                E = torch.zeros(G.shape[1], x.shape[1], dtype=x.dtype)
                E[i, j] = 1
                local = x @ E.T
                return local, torch.sum(G * local)
        """,
        "a difference": """
            def weight_paths(x, G, i, j):
                W = torch.zeros(G.shape[1], x.shape[1], dtype=x.dtype)
                moved = W.clone()
                moved[i, j] += 1
                local = x @ moved.T - x @ W.T
                return local, torch.einsum("nk,nk->", G, local)
        """,
        "numpy": """
            def weight_paths(x, G, i, j):
                local = np.zeros(G.shape)
                local[:, i] = x[:, j].numpy()
                return local, np.sum(G.numpy() * local)
        """,
        "where": """
            def weight_paths(x, G, i, j):
                mine = torch.arange(G.shape[1]) == i
                local = torch.where(mine, x[:, j, None], torch.zeros((), dtype=x.dtype))
                return local, (G * local).sum().item()
        """,
    },
    "sample-contributions": {
        "outer in a loop": """
            def contributions(x, G):
                return torch.stack([torch.outer(g, v) for g, v in zip(G, x)])
        """,
        "a batch of products": """
            def contributions(x, G):
                return G.unsqueeze(2) @ x.unsqueeze(1)
        """,
        "bmm": """
            def contributions(x, G):
                return torch.bmm(G[:, :, None], x[:, None])
        """,
        "einsum": """
            def contributions(x, G):
                return torch.einsum("ni,nj->nij", G, x)
        """,
        "filled table by table": """
            def contributions(x, G):
                C = torch.zeros(len(x), G.shape[1], x.shape[1], dtype=x.dtype)
                for n in range(len(x)):
                    C[n] = G[n].reshape(-1, 1) @ x[n].reshape(1, -1)
                return C
        """,
        "numpy": """
            def contributions(x, G):
                return G.numpy()[:, :, np.newaxis] * x.numpy()[:, np.newaxis, :]
        """,
    },
    "weight-gradient": {
        "matmul and t": """
            def weight_gradient(x, W, G):
                return torch.matmul(G.t(), x)
        """,
        "the other order, transposed": """
            def weight_gradient(x, W, G):
                return (x.T @ G).T
        """,
        "einsum": """
            def weight_gradient(x, W, G):
                return torch.einsum("no,ni->oi", G, x)
        """,
        "a loop over samples that adds": """
            def weight_gradient(x, W, G):
                dW = torch.zeros_like(W)
                for n in range(len(x)):
                    dW += torch.outer(G[n], x[n])
                return dW
        """,
        "broadcast and sum": """
            def weight_gradient(x, W, G):
                return (G[:, :, None] * x[:, None, :]).sum(0)
        """,
        "three loops": """
            def weight_gradient(x, W, G):
                dW = torch.zeros(W.shape, dtype=W.dtype)
                for i in range(W.shape[0]):
                    for j in range(W.shape[1]):
                        for n in range(x.shape[0]):
                            dW[i, j] += G[n, i] * x[n, j]
                return dW
        """,
        "numpy": """
            def weight_gradient(x, W, G):
                return np.dot(G.numpy().T, x.numpy())
        """,
        "tensordot": """
            def weight_gradient(x, W, G):
                return torch.tensordot(G, x, dims=([0], [0]))
        """,
    },
    "input-gradient": {
        "mm": """
            def input_gradient(x, W, G):
                return torch.mm(G, W)
        """,
        "through columns": """
            def input_gradient(x, W, G):
                return (W.T @ G.T).T
        """,
        "einsum": """
            def input_gradient(x, W, G):
                return torch.einsum("no,oi->ni", G, W)
        """,
        "row by row": """
            def input_gradient(x, W, G):
                dX = torch.zeros_like(x)
                for n in range(len(x)):
                    dX[n] = W.T @ G[n]
                return dX
        """,
        "neuron by neuron": """
            def input_gradient(x, W, G):
                dX = torch.zeros_like(x)
                for i in range(len(W)):
                    dX += G[:, i, None] * W[i]
                return dX
        """,
        "numpy": """
            def input_gradient(x, W, G):
                return G.numpy() @ W.numpy()
        """,
    },
    "bias-gradient": {
        "named axis": """
            def bias_gradient(x, W, G):
                return torch.sum(G, dim=0)
        """,
        "a row of ones": """
            def bias_gradient(x, W, G):
                return torch.ones(len(G), dtype=G.dtype) @ G
        """,
        "einsum": """
            def bias_gradient(x, W, G):
                return torch.einsum("no->o", G)
        """,
        "a loop that adds": """
            def bias_gradient(x, W, G):
                db = torch.zeros(W.shape[0], dtype=G.dtype)
                for row in G:
                    db = db + row
                return db
        """,
        "columns one by one": """
            def bias_gradient(x, W, G):
                return torch.stack([G[:, i].sum() for i in range(G.shape[1])])
        """,
        "numpy": """
            def bias_gradient(x, W, G):
                return np.sum(G.numpy(), axis=0)
        """,
    },
    "linear-backward": {
        "three products": """
            def linear_backward(x, W, G):
                return G @ W, G.T @ x, G.sum(0)
        """,
        "names first": """
            def linear_backward(x, W, G):
                dX = torch.matmul(G, W)
                dW = torch.matmul(G.t(), x)
                db = G.sum(dim=0)
                return dX, dW, db
        """,
        "einsum": """
            def linear_backward(x, W, G):
                return torch.einsum("no,oi->ni", G, W), torch.einsum("no,ni->oi", G, x), torch.einsum("no->o", G)
        """,
        "by parts": """
            def linear_backward(x, W, G):
                return {"dX": G @ W, "dW": G.T @ x, "db": G.sum(0)}
        """,
        "a loop over samples": """
            def linear_backward(x, W, G):
                dX, dW, db = torch.zeros_like(x), torch.zeros_like(W), torch.zeros(len(W), dtype=W.dtype)
                for n in range(len(x)):
                    dX[n] = G[n] @ W
                    dW += torch.outer(G[n], x[n])
                    db += G[n]
                return dX, dW, db
        """,
        "numpy": """
            def linear_backward(x, W, G):
                x, W, G = x.numpy(), W.numpy(), G.numpy()
                return np.dot(G, W), np.dot(G.T, x), np.sum(G, axis=0)
        """,
        "functions of one's own": """
            def input_gradient(x, W, G):
                return G @ W

            def weight_gradient(x, W, G):
                return G.T @ x

            def bias_gradient(x, W, G):
                return G.sum(0)

            def linear_backward(x, W, G):
                return input_gradient(x, W, G), weight_gradient(x, W, G), bias_gradient(x, W, G)
        """,
    },
    "residual-backward": {
        "one product": """
            def residual_backward(x, W, G):
                return G @ (W + torch.eye(len(W), dtype=W.dtype)), G.T @ x
        """,
        "path by path": """
            def residual_backward(x, W, G):
                dX = G.clone()
                dX += torch.matmul(G, W)
                return dX, torch.matmul(G.t(), x)
        """,
        "einsum": """
            def residual_backward(x, W, G):
                return G + torch.einsum("no,oi->ni", G, W), torch.einsum("no,ni->oi", G, x)
        """,
        "sample by sample": """
            def residual_backward(x, W, G):
                dX, dW = torch.zeros_like(x), torch.zeros_like(W)
                for n in range(len(x)):
                    dX[n] = G[n] + W.T @ G[n]
                    dW += torch.outer(G[n], x[n])
                return dX, dW
        """,
        "broadcast and sum": """
            def residual_backward(x, W, G):
                return G + (G[:, :, None] * W).sum(1), (G[:, :, None] * x[:, None, :]).sum(0)
        """,
        "numpy": """
            def residual_backward(x, W, G):
                x, W, G = x.numpy(), W.numpy(), G.numpy()
                return G + np.dot(G, W), np.dot(G.T, x)
        """,
    },
}
