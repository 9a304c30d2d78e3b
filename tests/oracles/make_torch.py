#!/usr/bin/env python3
"""Write tests/oracles/torch.json: PyTorch's values and first and second derivatives of Civita's operations.

    python tests/oracles/make_torch.py            # writes the file; needs PyTorch
    python tests/oracles/make_torch.py --check    # computes everything again and compares with the file

Each line of the file is one case:

    name        what is special about it; unique
    op, kwargs  the operation, NumPy's name, and its arguments that are not arrays
    inputs      arrays {shape, dtype, data}; data is flat, row-major; a complex number is two numbers, re, im;
                infinities and NaN are the strings "inf", "-inf", "nan". bool and int64 inputs have no derivative
    output      op(*inputs, **kwargs)
    cotangent   v, of the output's shape
    grads       one per input (null without derivative): what backward(v) leaves in it
    weights     w, one per input, of the input's shape (null without derivative)
    second      one per input: what the gradients' own backward(w) leaves in it, v held fixed
    jvp         forward mode: the output's derivative along w

Complex gradients follow PyTorch: backward(v) gives conj(dy/dx) v for a holomorphic op, and the gradient of a real
loss points uphill. Inputs have three decimals, so that the decimal text is the input.
"""

import argparse
import json
import math
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.autograd.forward_ad as forward_ad

FILE = Path(__file__).resolve().parent / "torch.json"

AXIS = lambda k: {"dim": tuple(k["axis"]) if isinstance(k["axis"], list) else k["axis"], "keepdim": k["keepdims"]}


def reduce(full, over):
    """A reduction that PyTorch writes one way over everything and another over axes."""
    return lambda x, **k: full(x) if k["axis"] is None and not k["keepdims"] else over(x, k)


def every(x, k):
    """`axis=None`, spelled out for PyTorch."""
    return {"dim": tuple(range(x.ndim)), "keepdim": k["keepdims"]} if k["axis"] is None else AXIS(k)


OPS = {
    **{name: getattr(torch, name) for name in "neg abs exp log tanh relu sqrt square sin cos".split()},
    **{name: getattr(torch, name) for name in "add sub mul div maximum pow where matmul".split()},
    "conj": lambda x: torch.conj(x).resolve_conj(),
    "sum": reduce(torch.sum, lambda x, k: torch.sum(x, **every(x, k))),
    "mean": reduce(torch.mean, lambda x, k: torch.mean(x, **every(x, k))),
    "max": reduce(torch.amax, lambda x, k: torch.amax(x, **every(x, k))),
    "var": lambda x, ddof=0, **k: torch.var(x, correction=ddof, **every(x, k)),
    "logsumexp": lambda x, **k: torch.logsumexp(x, **every(x, k)),
    "cumsum": lambda x, axis: torch.cumsum(x, axis),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "take": lambda x, indices, axis: torch.index_select(x, axis, indices),
    "concatenate": lambda *xs, axis: torch.cat(xs, axis),
    "broadcast_to": lambda x, shape: x.broadcast_to(shape).clone(),
    "transpose": lambda x, axes: x.permute(axes).clone(),
    "gather": lambda x, index, dim: torch.gather(x, dim, index),
    "scatter": lambda x, index, src, dim: torch.scatter(x, dim, index, src),
    "scatter_add": lambda x, index, src, dim: torch.scatter_add(x, dim, index, src),
    "scatter_reduce": lambda x, index, src, dim, **k: torch.scatter_reduce(x, dim, index, src, **k),
    "index_select": lambda x, index, dim: torch.index_select(x, dim, index),
    "index_add": lambda x, index, source, dim, **k: torch.index_add(x, dim, index, source, **k),
    "index_put": lambda x, rows, columns, values, accumulate: torch.index_put(x, (rows, columns), values, accumulate),
    "masked_fill": torch.masked_fill,
    "masked_select": torch.masked_select,
    "masked_scatter": torch.masked_scatter,
    "embedding": torch.nn.functional.embedding,
    "unfold": lambda x, **k: x.unfold(**k).clone(),
    "einsum": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
}

CASES = []


def case(name, op, *inputs, **kwargs):
    CASES.append((name, op, inputs, kwargs))


class Numbers:
    """Input values with three decimals, the same in every run, from a seed made of the case's name."""

    def __init__(self, name):
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def make(self, spec):
        if not callable(spec):
            return torch.tensor(spec)
        return torch.from_numpy(np.asarray(spec(self.rng)))


def real(*shape, low=-2.0, high=2.0, dtype="float64"):
    return lambda rng: rng.uniform(low, high, shape).round(3).astype(dtype)


def positive(*shape):
    return real(*shape, low=0.3, high=3.0)


def apart(*shape):
    """Distinct values, a tenth apart at least: no reduction's maximum is a near tie."""
    return lambda rng: (rng.permutation(math.prod(shape)).reshape(shape) * 0.137 - 1.0).round(3)


def complex_(*shape, dtype="complex128"):
    return lambda rng: (rng.uniform(-2, 2, shape).round(3) + 1j * rng.uniform(-2, 2, shape).round(3)).astype(dtype)


def given(*values, shape=None, dtype="float64"):
    return lambda rng: np.array(values, dtype=dtype).reshape(shape if shape is not None else (len(values),))


def mask(*shape):
    return lambda rng: rng.uniform(size=shape) < 0.5


# ---- elementwise
for op in "neg abs exp tanh relu square sin cos".split():
    case(op, op, real(2, 3))
    case(f"{op}, 0-d", op, real())
for op in "log sqrt".split():
    case(op, op, positive(2, 3))
case("exp, empty", "exp", real(0, 3))
case("abs at zero", "abs", given(-1.0, 0.0, 2.0))
case("relu at zero", "relu", given(-1.0, 0.0, 2.0))
case("tanh far out", "tanh", given(-30.0, -5.0, 5.0, 30.0))
case("log near zero", "log", given(1e-6, 1e-3, 1e6))

for op in "add sub mul div maximum".split():
    divisor = positive if op == "div" else real
    case(op, op, real(2, 3), divisor(2, 3))
    case(f"{op}, broadcasting a row", op, real(2, 3), divisor(3))
    case(f"{op}, broadcasting a column", op, real(2, 1), divisor(2, 3))
    case(f"{op}, broadcasting both", op, real(3, 1), divisor(1, 2))
    case(f"{op}, broadcasting 0-d", op, real(), divisor(2, 2))
    case(f"{op}, more axes on the right", op, real(2), divisor(2, 1, 2))
case("maximum, ties", "maximum", given(1.0, 2.0, 3.0), given(1.0, 5.0, 3.0))
case("pow", "pow", positive(2, 3), real(2, 3))
case("pow, broadcasting both", "pow", positive(3, 1), real(1, 2))
case("pow, whole exponents of negative bases", "pow", given(-2.0, -1.5, 0.5), given(2.0, 3.0, 2.0))
case("pow, exponents 0 and 1", "pow", given(2.0, 2.0, 0.5), given(0.0, 1.0, 0.0))
case("where", "where", mask(2, 3), real(2, 3), real(2, 3))
case("where, broadcasting all", "where", mask(2, 1), real(3), real(1, 1))

# ---- reductions and scans
AXES = [(None, False), (None, True), (0, False), (1, True), (-1, False), ([0, 2], False), ([0, 2], True)]
for op in "sum mean max var logsumexp".split():
    values = apart if op == "max" else real
    for axis, keepdims in AXES:
        kept = ", keepdims" if keepdims else ""
        case(f"{op} over {axis}{kept}", op, values(2, 3, 2), axis=axis, keepdims=keepdims)
    case(f"{op} of one element", op, values(1), axis=None, keepdims=False)
case("max, ties", "max", given(1.0, 3.0, 3.0, 2.0, 2.0, 0.0, shape=(2, 3)), axis=1, keepdims=False)
case("max, ties over all", "max", given(1.0, 3.0, 3.0, 2.0, 3.0, 0.0, shape=(2, 3)), axis=None, keepdims=False)
case("var over 1, ddof 1", "var", real(2, 4), axis=1, keepdims=False, ddof=1)
case("logsumexp of large numbers", "logsumexp", given(1000.0, 1000.5, 999.0), axis=0, keepdims=False)
for axis in (0, 1, -1):
    case(f"cumsum along {axis}", "cumsum", real(2, 3, 2), axis=axis)
    case(f"softmax along {axis}", "softmax", real(2, 3, 2), axis=axis)
case("softmax of large numbers", "softmax", given(1000.0, 1000.5, 999.0), axis=0)

# ---- matrices
for left, right in [
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3), (3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 1)),
    ((1, 2, 3), (2, 3, 1)),
]:
    case(f"matmul {left} @ {right}".replace(",)", ")"), "matmul", real(*left), real(*right))

# ---- selecting and shaping
case("take along 0", "take", real(4, 2), given(2, 0, 3, dtype="int64"), axis=0)
case("take along 1, an index twice", "take", real(2, 3), given(1, 1, 0, 2, dtype="int64"), axis=1)
case("concatenate along 0", "concatenate", real(2, 2), real(1, 2), real(3, 2), axis=0)
case("concatenate along 1", "concatenate", real(2, 1), real(2, 3), axis=1)
case("broadcast_to", "broadcast_to", real(2, 1), shape=[3, 2, 2])
case("transpose", "transpose", real(2, 3, 2), axes=[2, 0, 1])


def integers(*values):
    return lambda rng: np.array(values, dtype="int64")


case("gather along 0", "gather", real(3, 4), integers([2, 0, 1, 1]), dim=0)
case("gather along 1, an index twice", "gather", real(3, 4), integers([0, 3, 0], [2, 2, 1]), dim=1)
case("scatter along 0", "scatter", real(3, 4), integers([2, 0, 1, 1]), real(1, 4), dim=0)
case("scatter along 1", "scatter", real(3, 4), integers([0, 3], [2, 1]), real(2, 2), dim=1)
case("scatter_add along 1", "scatter_add", real(3, 4), integers([0, 3, 0], [2, 1, 2]), real(2, 3), dim=1)
for way in "sum prod mean amax amin".split():
    for own in (True, False):
        name = f"scatter_reduce, {way}" + ("" if own else ", without the element that is there")
        case(name, "scatter_reduce", apart(5), integers(4, 0, 4), apart(3), dim=0, reduce=way, include_self=own)
case("scatter_reduce, prod, one zero", "scatter_reduce", real(3), integers(0, 0, 1), given(0.0, 2.0, 3.0), dim=0, reduce="prod")
case("scatter_reduce, amax, ties", "scatter_reduce", given(2.0, 5.0), integers(0, 0, 1), given(2.0, 2.0, 5.0), dim=0, reduce="amax")
case("index_select along 1", "index_select", real(2, 3), integers(2, 2, 0), dim=1)
case("index_add along 0, alpha", "index_add", real(3, 2), integers(2, 0, 2), real(3, 2), dim=0, alpha=2.5)
case("index_put", "index_put", real(3, 4), integers(0, 2), integers(1, 3), real(2), accumulate=False)
case("index_put, accumulated", "index_put", real(3, 4), integers(0, 0), integers(1, 1), real(2), accumulate=True)
case("masked_fill", "masked_fill", real(2, 3), mask(2, 3), real())
case("masked_select", "masked_select", real(2, 3), mask(2, 3))
case("masked_scatter", "masked_scatter", real(2, 3), mask(2, 3), real(6))
case("embedding", "embedding", integers([1, 0], [1, 2]), real(3, 2))
case("unfold", "unfold", real(2, 5), dimension=1, size=2, step=1)
for subscripts, shapes in {"ij,jk->ik": [(2, 3), (3, 2)], "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)], "ij,kj->": [(2, 3), (2, 3)], "ii->i": [(3, 3)], "ij,jk,kl->il": [(2, 3), (3, 2), (2, 2)]}.items():
    case(f"einsum {subscripts}", "einsum", *(real(*shape) for shape in shapes), subscripts=subscripts)

# ---- complex numbers
for dtype in ("complex128", "complex64"):
    for op in "neg exp log abs conj square".split():
        case(f"{op}, {dtype}", op, complex_(3, dtype=dtype))
    for op in "add mul div".split():
        case(f"{op}, {dtype}", op, complex_(3, dtype=dtype), complex_(3, dtype=dtype))
case("sum, complex128", "sum", complex_(2, 2), axis=0, keepdims=False)
case("abs at zero, complex128", "abs", given(0.0, 1 + 1j, dtype="complex128"))
case("mul of complex128 by float64", "mul", complex_(3), real(3))
case("mul of float64 by complex128, broadcasting", "mul", real(2, 1), complex_(2))
case("matmul, complex128", "matmul", complex_(2, 2), complex_(2, 2))
case("tanh, complex128", "tanh", complex_(3))


def differentiable(x) -> bool:
    return x.is_floating_point() or x.is_complex()


def evaluate(name, op, specs, kwargs) -> dict:
    numbers = Numbers(name)
    inputs = [numbers.make(spec) for spec in specs]
    function = OPS[op]
    moving = [i for i, x in enumerate(inputs) if differentiable(x)]
    leaves = [x.clone().requires_grad_() if differentiable(x) else x for x in inputs]
    like = lambda x: numbers.make((complex_ if x.is_complex() else real)(*x.shape)).to(x.dtype)

    output = function(*leaves, **kwargs)
    cotangent = like(output)
    weights = [like(leaves[i]) for i in moving]
    chosen = [leaves[i] for i in moving]
    grads = torch.autograd.grad(output, chosen, cotangent, create_graph=True)
    second = [None] * len(chosen)
    curved = [(g, w) for g, w in zip(grads, weights) if g.requires_grad]  # the gradient of a linear op is constant
    if curved:
        outputs, cotangents = zip(*curved)
        second = torch.autograd.grad(outputs, chosen, cotangents, allow_unused=True)
    second = [torch.zeros_like(x) if s is None else s for s, x in zip(second, chosen)]

    with forward_ad.dual_level():
        tangents = iter(weights)
        duals = [forward_ad.make_dual(x, next(tangents)) if differentiable(x) else x for x in inputs]
        jvp = forward_ad.unpack_dual(function(*duals, **kwargs)).tangent
    jvp = torch.zeros_like(output) if jvp is None else jvp

    def spread(found):
        each = iter(found)
        return [encode(next(each)) if i in moving else None for i in range(len(inputs))]

    return {
        "name": name,
        "op": op,
        "kwargs": kwargs,
        "inputs": [encode(x) for x in inputs],
        "output": encode(output),
        "cotangent": encode(cotangent),
        "grads": spread(grads),
        "weights": spread(weights),
        "second": spread(second),
        "jvp": encode(jvp),
    }


def encode(x) -> dict:
    dtype = str(x.dtype).removeprefix("torch.")
    array = x.detach().resolve_conj().resolve_neg().numpy(force=True).reshape(-1)
    single = array.dtype in (np.float32, np.complex64)
    if x.is_complex():
        array = np.stack([array.real, array.imag], axis=-1).reshape(-1)
    # f32 values are written with the nine digits that name them.
    data = [float(f"{v:.9g}") if single else v for v in array.tolist()]
    return {"shape": list(x.shape), "dtype": dtype, "data": [number(v) for v in data]}


def number(v):
    if isinstance(v, float) and not math.isfinite(v):
        return "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")
    return v


def same(kept, now, tolerance=1e-12) -> bool:
    """Equal structure, and numbers equal up to rounding (complex64 cases to f32's)."""
    if isinstance(kept, dict) and isinstance(now, dict):
        loose = max(tolerance, 1e-6 if kept.get("dtype") in ("complex64", "float32") else 0)
        return kept.keys() == now.keys() and all(same(kept[k], now[k], loose) for k in kept)
    if isinstance(kept, list) and isinstance(now, list):
        return len(kept) == len(now) and all(same(a, b, tolerance) for a, b in zip(kept, now))
    if isinstance(kept, float) and isinstance(now, float):
        return math.isclose(kept, now, rel_tol=tolerance, abs_tol=tolerance)
    return kept == now


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, compare with the file")
    args = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning, module="torch")
    found = [evaluate(*c) for c in CASES]
    assert len({c["name"] for c in found}) == len(found), "two cases have one name"
    if args.check:
        kept = json.loads(FILE.read_text())["cases"]
        wrong = [c["name"] for c in found if not any(same(k, c) for k in kept if k["name"] == c["name"])]
        gone = {k["name"] for k in kept} - {c["name"] for c in found}
        print(f"{len(found) - len(wrong)} passed, {len(wrong) + len(gone)} failed")
        for name in [*wrong, *gone]:
            print(f"  differs from {FILE.name}: {name}")
        return 1 if wrong or gone else 0
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in found)
    head = f'"torch":"{torch.__version__.split("+")[0]}","made_by":"tests/oracles/make_torch.py"'
    text = f'{{{head},"cases":[\n{lines}\n]}}\n'
    FILE.write_text(text)
    print(f"{FILE.name}: {len(found)} cases, {len(text) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
