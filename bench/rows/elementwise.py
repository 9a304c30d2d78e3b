"""Functions of each element: the grid over sizes, and the rest at a million elements."""

from .row import Row, beside_numpy, million, special

# name, statement, and what differs from it in another library
ONE_INPUT = [
    ("clip", "xp.clip(x, -1.0, 1.0)", {}),
    ("sign", "xp.sign(x)", {}),
    ("round", "xp.round(x)", {}),
    ("sin", "xp.sin(x)", {}),
    ("cos", "xp.cos(x)", {}),
    ("tan", "xp.tan(x)", {}),
    ("arcsin", "xp.arcsin(u)", {}),
    ("arctan", "xp.arctan(x)", {}),
    ("cbrt", "xp.cbrt(x)", {"torch": None, "scipy": "xp.special.cbrt(x)"}),
    ("log2", "xp.log2(a)", {}),
    ("log10", "xp.log10(a)", {}),
    ("log1p", "xp.log1p(a)", {}),
    ("expm1", "xp.expm1(x)", {}),
    ("exp2", "xp.exp2(x)", {}),
    ("erf", "xp.erf(x)", {"numpy": None, "scipy": "xp.special.erf(x)"}),
]
TWO_INPUTS = [
    ("remainder", "xp.remainder(x, a)", {}),
    ("arctan2", "xp.arctan2(x, a)", {}),
    ("hypot", "xp.hypot(x, a)", {}),
    ("power", "xp.power(a, b)", {"torch": "xp.pow(a, b)"}),
]
# Parts of numbers: nothing is promised but not to be slower.
PARTS = [
    ("modf", "xp.modf(x)", {"torch": None}),
    ("frexp", "xp.frexp(x)", {}),
    ("ldexp", "xp.ldexp(x, e)", {"init": dict.fromkeys(("civita", "numpy"), "e = i.astype('int32')") | {"torch": "e = i.to(xp.int32)"}}),
    ("divmod", "xp.divmod(x, a)", {"torch": "(xp.floor_divide(x, a), xp.remainder(x, a))"}),
    ("nextafter", "xp.nextafter(x, a)", {}),
]
LOGICAL = [
    ("logical_and of masks", "xp.logical_and(m, o)"),
    ("logical_or of masks", "xp.logical_or(m, o)"),
    ("logical_xor of masks", "xp.logical_xor(m, o)"),
    ("logical_not of a mask", "xp.logical_not(m)"),
]

ROWS = [
    # ---- one input
    Row("neg", "-x"),
    Row("abs", "xp.abs(x)"),
    Row("exp", "xp.exp(x)", targets={"1M": 2.5}),
    Row("log", "xp.log(a)", targets={"1M": 2.5}),
    Row("tanh", "xp.tanh(x)", targets={"1M": 2.5}),
    Row("relu", "xp.relu(x)", numpy="xp.maximum(x, 0)"),
    Row("floor", "xp.floor(x)"),
    Row("isnan", "xp.isnan(x)"),
    Row("conj", "xp.conj(x)", torch=None),
    # ---- two and three inputs
    Row(
        "add",
        "a + b",
        sizes={"1": 1, "100": 100, "10K": 10_000, "100K": 100_000, "1M": 1_000_000, "10M": 10_000_000},
        targets={"1": 1.5, "100": 1.5, "100K": 1.6, "1M": 1.6, "10M": 1.6},
    ),
    Row("sub", "a - b"),
    Row("mul", "a * b"),
    Row("div", "a / b"),
    Row("floor_divide", "x // a"),
    Row("maximum", "xp.maximum(x, a)"),
    Row("pow", "a ** b"),
    Row("lt", "x < a"),
    Row("eq", "x == a"),
    Row("logical_and", "xp.logical_and(x, a)"),
    Row("where", "xp.where(m, a, b)", targets={"1M": 15}),
    # ---- at a million elements
    *(million(name, call, 1.5, one_thread=1.0, **more) for name, call, more in ONE_INPUT + TWO_INPUTS),
    million("floor, rounded down", "xp.floor(x)", 1.5, one_thread=1.0),
    *(million(name, call, 1.0, **more) for name, call, more in PARTS),
    *(million(f"{name} of integers", call, 1.3, dtypes=("int64",)) for name, call in (("lt", "i < j"), ("eq", "i == j"), ("ge", "i >= j"))),
    *(million(name, call, 1.3, dtypes=("bool",)) for name, call in LOGICAL),
    million("logical_and of integers", "xp.logical_and(i, j)", 1.3, dtypes=("int64",)),
    # ---- broadcast, transposed, fused
    beside_numpy("to int32", "x.astype('int32')", {"1M": 1_000_000}, 1, torch="x.to(xp.int32)"),
    beside_numpy("outer add", "a + b", {"(1000,1)+(1,1000)": {"a": (1000, 1), "b": (1, 1000)}}, 5),
    beside_numpy("a + a.T", "a + a.T", {"1000x1000": (1000, 1000)}, 2),
    beside_numpy("copy of a.T", "a.T.copy()", {"4096x4096": (4096, 4096)}, 2.5, torch="a.T.contiguous()"),
    beside_numpy(
        "exp(a*b + c), fused",
        "fused(a, b, c)",
        {"1M": 1_000_000},
        3,
        numpy="xp.exp(a * b + c)",
        torch="xp.exp(a * b + c)",
        init={"civita": "fused = xp.fuse(lambda a, b, c: xp.exp(a * b + c))"},
    ),
]
