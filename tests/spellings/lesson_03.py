"""Right answers to the exercises of lesson 03, as learners write them."""

MODULE = """
class MyLinear(torch.nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = torch.nn.Parameter({weight})
        self.bias = torch.nn.Parameter({bias})

    def forward(self, x):
        return {y}
"""
ZEROS = {"weight": "torch.zeros(out_features, in_features)", "bias": "torch.zeros(out_features)"}

SPELLINGS = {
    "load-numbers": {
        "copy_": """
def load(layer, W, b):
    with torch.no_grad():
        layer.weight.copy_(W)
        layer.bias.copy_(b)
""",
        "a state_dict": """
def load(layer, W, b):
    layer.load_state_dict({"weight": W, "bias": b})
""",
        "slices": """
def load(layer, W, b):
    with torch.no_grad():
        layer.weight[:] = W
        layer.bias[:] = b
""",
        "parameters of copies": """
def load(layer, W, b):
    layer.weight = torch.nn.Parameter(W.clone())
    layer.bias = torch.nn.Parameter(b.clone())
""",
        "data of copies": """
def load(layer, W, b):
    layer.weight.data = W.clone()
    layer.bias.data = b.clone()
""",
        "copy_ on data": """
def load(layer, W, b):
    layer.weight.data.copy_(W)
    layer.bias.data.copy_(b)
""",
        "NumPy, in place": """
def load(layer, W, b):
    layer.weight.detach().numpy()[:] = W.numpy()
    layer.bias.detach().numpy()[:] = b.numpy()
    return layer
""",
    },
    "my-linear": {
        "zeros and @": MODULE.format(**ZEROS, y="x @ self.weight.T + self.bias"),
        "random": MODULE.format(
            weight="torch.randn(out_features, in_features) / in_features**0.5",
            bias="torch.rand(out_features)",
            y="torch.matmul(x, self.weight.t()) + self.bias",
        ),
        "einsum": MODULE.format(**ZEROS, y="torch.einsum('ni,oi->no', x, self.weight) + self.bias"),
        "empty, and a sum": MODULE.format(
            weight="torch.empty(out_features, in_features)",
            bias="torch.empty(out_features)",
            y="(x[:, None, :] * self.weight).sum(-1) + self.bias",
        ),
        "in float64, from the left": MODULE.format(
            weight="torch.ones((out_features, in_features), dtype=torch.float64)",
            bias="torch.ones(out_features, dtype=torch.float64)",
            y="(self.weight @ x.T + self.bias[:, None]).T",
        ),
        "register_parameter": """
class MyLinear(torch.nn.Module):
    def __init__(self, in_features, out_features):
        super(MyLinear, self).__init__()
        self.register_parameter("bias", torch.nn.Parameter(torch.zeros(out_features)))
        self.register_parameter("weight", torch.nn.Parameter(torch.zeros(out_features, in_features)))

    def forward(self, x):
        return torch.stack([self.weight @ row + self.bias for row in x])
""",
    },
    "without-bias": {
        "asked": """
def forward(layer, x):
    if layer.bias is None:
        return x @ layer.weight.T
    return x @ layer.weight.T + layer.bias
""",
        "asked the other way round": """
def forward(layer, x):
    y = torch.matmul(x, layer.weight.t())
    if layer.bias is not None:
        y = y + layer.bias
    return y
""",
        "zeros in its place": """
def forward(layer, x):
    b = torch.zeros(layer.out_features, dtype=x.dtype) if layer.bias is None else layer.bias
    return torch.einsum("ni,oi->no", x, layer.weight) + b
""",
        "0 in its place": """
def forward(layer, x):
    return x @ layer.weight.detach().T + (0 if layer.bias is None else layer.bias.detach())
""",
        "the list of parameters": """
def forward(layer, x):
    parameters = dict(layer.named_parameters())
    y = (x[:, None, :] * parameters["weight"]).sum(-1)
    return y + parameters["bias"] if "bias" in parameters else y
""",
        "NumPy": """
def forward(layer, x):
    y = x.numpy() @ layer.weight.detach().numpy().T
    return y if layer.bias is None else y + layer.bias.detach().numpy()
""",
    },
    "parameter-count": {
        "sum": """
def count(in_, out, bias):
    return in_ * out + out * bias
""",
        "one more feature": """
def count(in_, out, bias):
    return (in_ + 1) * out if bias else in_ * out
""",
        "counted": """
def count(in_, out, bias):
    return sum(p.numel() for p in torch.nn.Linear(in_, out, bias=bias).parameters())
""",
    },
    "from-kernel": {
        "copy_": """
def from_kernel(kernel, b):
    layer = torch.nn.Linear(kernel.shape[0], kernel.shape[1], dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(kernel.T)
        layer.bias.copy_(b)
    return layer
""",
        "a state_dict": """
def from_kernel(kernel, b):
    layer = torch.nn.Linear(*kernel.shape, dtype=kernel.dtype)
    layer.load_state_dict({"weight": kernel.T, "bias": b})
    return layer
""",
        "parameters": """
def from_kernel(kernel, b):
    layer = torch.nn.Linear(*kernel.shape, dtype=kernel.dtype)
    layer.weight = torch.nn.Parameter(kernel.t().contiguous())
    layer.bias = torch.nn.Parameter(b.clone())
    return layer
""",
        "column by column": """
def from_kernel(kernel, b):
    in_, out = kernel.shape
    layer = torch.nn.Linear(in_, out).double()
    with torch.no_grad():
        for i in range(out):
            layer.weight[i] = kernel[:, i]
            layer.bias[i] = b[i]
    return layer
""",
        "permute": """
def from_kernel(kernel, b):
    layer = torch.nn.Linear(kernel.size(0), kernel.size(1), dtype=torch.float64)
    layer.weight.data.copy_(kernel.permute(1, 0))
    layer.bias.data.copy_(b)
    return layer
""",
    },
    "dot-of-a-batch": {
        "operator": """
def product(W, x):
    return x @ W.T
""",
        "einsum": """
def product(W, x):
    return torch.einsum("...i,oi->...o", x, W)
""",
        "NumPy": """
def product(W, x):
    return np.dot(x.numpy(), W.numpy().T)
""",
        "two cases": """
def product(W, x):
    if x.ndim == 1:
        return W @ x
    return torch.stack([W @ row for row in x])
""",
        "there and back": """
def product(W, x):
    return torch.matmul(W, x.T).T if x.ndim == 2 else torch.mv(W, x)
""",
        "a sum": """
def product(W, x):
    return (x[..., None, :] * W).sum(-1)
""",
    },
    "telling-input": {
        "a list": """
def telling_input(in_):
    return list(range(in_))
""",
        "powers": """
def telling_input(in_):
    return [2.0**j for j in range(in_)]
""",
        "random": """
def telling_input(in_):
    torch.manual_seed(0)
    return torch.randn(in_, dtype=torch.float64)
""",
        "NumPy": """
def telling_input(in_):
    return np.linspace(-1, 1, in_)
""",
    },
}
