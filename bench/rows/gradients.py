"""What a gradient costs: recording, backward passes, per-sample gradients, forward mode; beside PyTorch.

A statement that collects into `.grad` forgets it first, in every library alike. PyTorch records in this group only, which is
the last one.
"""

from .row import special

SINGLE = ("float32",)
RECORDING = "xp.set_grad_enabled(True)\n"
LEAVES = {
    "civita": "va, vb = a.copy().requires_grad_(), b.copy().requires_grad_()",
    "torch": RECORDING + "va, vb = a.clone().requires_grad_(), b.clone().requires_grad_()",
}

# 64 - 64 - 10, weights as variables (`ws`) and as constants (`cs`), inputs `q`, targets of one-hot rows `g`
MLP = """
def mlp(w1, b1, w2, b2, q):
    return xp.tanh(q @ w1 + b1) @ w2 + b2
def loss(w1, b1, w2, b2, q, g):
    return ((mlp(w1, b1, w2, b2, q) - g) ** 2).mean()
cs = (x[:64], x[64], x[65:129, :10], x[129, :10])
ws = [w.{copy}().requires_grad_() for w in cs]
ts = (x[130:194], x[194], x[195:259, :10], x[259, :10])
q, g = a[:256], b[:256, :10]
def backward():
    for w in ws: w.grad = None
    loss(*ws, q, g).backward()
    return ws[0].grad
def sgd():
    grads = {grad}(loss(*ws, q, g), ws)
    with {no_grad}:
        for w, d in zip(ws, grads): w -= 0.0 * d
    return ws[2]
"""
NAMES = {
    "civita": {"copy": "copy", "grad": "xp.grad", "no_grad": "xp.no_grad()"},
    "torch": {"copy": "clone", "grad": "xp.autograd.grad", "no_grad": "xp.no_grad()"},
}
NETWORK = {library: MLP.format(**names) for library, names in NAMES.items()}
NETWORK["torch"] = RECORDING + NETWORK["torch"]
WEIGHTS = {"64-64-10, 256 samples": (260, 64)}
PER_SAMPLE = {
    "civita": NETWORK["civita"] + "each = xp.vmap(xp.autograd.grad(loss, argnums=(0, 1, 2, 3)), in_axes=(None, None, None, None, 0, 0))",
    "torch": NETWORK["torch"] + "each = xp.func.vmap(xp.func.grad(loss, argnums=(0, 1, 2, 3)), in_dims=(None, None, None, None, 0, 0))",
}
FORWARD = {
    "civita": NETWORK["civita"] + "forward = lambda: xp.jvp(lambda *w: mlp(*w, q), cs, ts)[1]",
    "torch": NETWORK["torch"] + "forward = lambda: xp.func.jvp(lambda *w: mlp(*w, q), cs, ts)[1]",
}
ROSENBROCK = "f = lambda v: (100 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2).sum()\n"
SECOND = {
    "civita": ROSENBROCK + "hessian = lambda: xp.autograd.hessian(f)(a)\nhvp = lambda: xp.autograd.hvp(f, a, b)",
    "torch": RECORDING + ROSENBROCK + "hessian = lambda: xp.func.hessian(f)(a)\nhvp = lambda: xp.func.jvp(xp.func.grad(f), (a,), (b,))[1]",
}
MANY = {
    "civita": "vs = [xp.asarray(float(v), dtype=a.dtype).requires_grad_() for v in a]\nmany = lambda: xp.grad(sum(v * v for v in vs), vs)[7]",
    "torch": RECORDING + "vs = [v.clone().requires_grad_() for v in a]\nmany = lambda: xp.autograd.grad(sum(v * v for v in vs), vs)[7]",
}


def passes(statement: str) -> dict:
    """The gradient of a statement by `va`, and by `vb` where it has one."""
    return {
        "civita": f"{LEAVES['civita']}\nrun = lambda: xp.grad({statement}, [va, vb])[0]",
        "torch": f"{LEAVES['torch']}\nF = xp.nn.functional\nrun = lambda: xp.autograd.grad({statement}, [va, vb])[0]",
    }


def gradient(name, statement, sizes, torch=None, **more):
    init = passes(statement)
    if torch is not None:
        init["torch"] = passes(torch)["torch"]
    return special(name, "run()", sizes, 1, numpy=None, init=init, **more)


def beside_torch(name, call, sizes, init, **more):
    return special(name, call, sizes, 1, numpy=None, init=init, dtypes=SINGLE, **more)


ROWS = [
    special("a + b, recorded", "va + vb", {"1": 1}, 1, numpy=None, init=LEAVES, dtypes=SINGLE),
    gradient("gradient of a chain of ten", "(xp.exp(xp.tanh(va * 2 + vb) * va - 1) * 0.5 + vb).sum()", {"10": 10}),
    gradient("gradient of exp(sin(a) b)", "xp.exp(xp.sin(va) * vb).sum()", {"1000": 1000, "1M": 1_000_000}),
    gradient("gradient of a product", "(va @ vb).sum()", {"64": (64, 64), "512": (512, 512)}),
    gradient(
        "gradient of softmax and its logarithm",
        "-(xp.log_softmax(va, -1) * vb).sum()",
        {"1000x1000": (1000, 1000)},
        torch="-(F.log_softmax(va, -1) * vb).sum()",
    ),
    gradient("gradient of a mean and a variance over rows", "(va.mean(1) * vb.var(1)).sum()", {"1000x1000": (1000, 1000)},
             torch="(va.mean(1) * vb.var(1, correction=0)).sum()"),
    gradient("gradient through a sort and a running sum", "(xp.sort(va) * xp.cumsum(vb)).sum()", {"100K": 100_000},
             torch="(va.sort().values * vb.cumsum(0)).sum()"),
    gradient("gradient through x[p]", "(va[p] * vb).sum()", {"100K": 100_000}),
    beside_torch("backward of a network", "backward()", WEIGHTS, NETWORK),
    beside_torch("a step of descent", "sgd()", WEIGHTS, NETWORK),
    beside_torch("gradients of each sample", "each(*cs, q, g)[0]", WEIGHTS, PER_SAMPLE),
    beside_torch("jvp of a network", "forward()", WEIGHTS, FORWARD),
    beside_torch("hessian of Rosenbrock's function", "hessian()", {"100": 100}, SECOND),
    beside_torch("hessian times a vector", "hvp()", {"100": 100, "100K": 100_000}, SECOND),
    beside_torch("gradient by 2000 variables", "many()", {"2000": 2000}, MANY),
]
