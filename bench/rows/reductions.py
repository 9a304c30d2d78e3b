"""Sums and extremes of all elements or along an axis, scans, and what normalises along an axis."""

from .row import Row, beside_numpy, million, special

SQUARE = {"1000x1000": (1000, 1000)}
TALL = {"2000x2000": (2000, 2000)}
SHORT = {"1000x32": (1000, 32), "1000x100": (1000, 100)}

ROWS = [
    Row("sum", "x.sum()", targets={"1M": 5}),
    Row("mean", "x.mean()"),
    Row("max", "x.max()", targets={"1M": 1.3}),
    Row("argmax", "x.argmax()"),
    Row("var", "x.var()", torch="x.var(correction=0)", targets={"1M": 3}),
    Row(
        "logsumexp",
        "xp.logsumexp(x)",
        numpy="t = x.max(); xp.log(xp.exp(x - t).sum()) + t",
        torch="xp.logsumexp(x, 0)",
    ),
    Row("any", "z.any()"),
    Row("cumsum", "xp.cumsum(x, 0)", targets={"1M": 3}),
    beside_numpy("sum over axis 0", "x.sum(0)", TALL, 1.5),
    beside_numpy("sum over axis 1", "x.sum(1)", TALL, 1.5),
    beside_numpy("max over axis 1", "x.max(1)", TALL, 1, torch="x.amax(1)"),
    beside_numpy("sum of short rows", "x.sum(1)", SHORT, 1.5),
    beside_numpy("max of short rows", "x.max(1)", SHORT, 1, torch="x.amax(1)"),
    beside_numpy("argmax over axis 0", "x.argmax(0)", TALL, 1),
    beside_numpy("sum of integers", "i.sum()", {"1M": 1_000_000}, 1, dtypes=("int16", "int32")),
    million("nansum", "xp.nansum(n)", 2),
    million("nanmean", "xp.nanmean(n)", 2),
    million("cumprod", "xp.cumprod(y, 0)", 2, init=dict.fromkeys(("civita", "numpy", "torch"), "y = xp.sign(x)")),
    million("diff", "xp.diff(x)", 2),
    million("add.reduceat, parts of 10", "xp.add.reduceat(x, q)", None, torch=None, init=dict.fromkeys(("civita", "numpy"), "q = xp.arange(0, 1000000, 10)")),
    million("gradient", "xp.gradient(x)", 2, torch="xp.gradient(x)[0]"),
    beside_numpy(
        "softmax",
        "xp.softmax(x, axis=-1)",
        SQUARE,
        3,
        best=1.3,
        numpy="e = xp.exp(x - x.max(-1, keepdims=True)); e / e.sum(-1, keepdims=True)",
        torch="xp.softmax(x, -1)",
    ),
    special(
        "log_softmax",
        "xp.log_softmax(x, axis=-1)",
        SQUARE,
        1.3,
        numpy="e = x - x.max(-1, keepdims=True); e - xp.log(xp.exp(e).sum(-1, keepdims=True))",
        torch="xp.log_softmax(x, -1)",
    ),
]
