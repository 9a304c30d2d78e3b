"""Sorting, searching, ranks and counts."""

from .row import million, special

ODD = {"1M": 1_000_001}  # PyTorch's median of an even number of elements is another one
ORDERED = ("float32", "float64", "int64")

ROWS = [
    million("sort", "xp.sort(v)", 2, torch="xp.sort(v)[0]", dtypes=ORDERED, one_thread=1.0),
    million("argsort", "xp.argsort(v)", 3, dtypes=ORDERED, result="v[xp.argsort(v)]"),
    million("argsort of sorted numbers", "xp.argsort(s)", None, result="s[xp.argsort(s)]"),
    special("sort of rows", "xp.sort(v, 1)", {"1000x1000": (1000, 1000)}, 2, torch="xp.sort(v, 1)[0]"),
    million("partition", "xp.partition(x, 1000)[1000]", 2, torch="xp.kthvalue(x, 1001)[0]"),
    million("partition in the middle", "xp.partition(x, 500000)[500000]", 2, torch="xp.kthvalue(x, 500001)[0]"),
    million("topk, 100", "xp.topk(x, 100)[0]", 2, numpy="xp.sort(xp.partition(x, -100)[-100:])[::-1]"),
    million("unique", "xp.unique(v)", 1.5, dtypes=("int64",)),
    million("unique of 200 values", "xp.unique(i)", 1.5, dtypes=("int64",)),
    million("unique with counts", "xp.unique(k, return_counts=True)[1]", None, torch="xp.unique(k, return_counts=True)[1]", dtypes=("int64",)),
    million("isin, 10 numbers", "xp.isin(k, k[:10])", None, dtypes=("int64",)),
    special("median", "xp.median(x)", ODD, 2),
    million("quantile", "xp.quantile(x, 0.3)", 2),
    million("histogram, 100 bins", "xp.histogram(x, 100)[0]", 3, torch="xp.histogram(x, 100)[0]", differs=("torch",)),
    million("bincount", "xp.bincount(k)", 1.5, dtypes=("int64",)),
    million("bincount, weights", "xp.bincount(k, a)", 1.5, dtypes=("float64",)),
    special(
        "digitize in 1000 bins",
        "xp.digitize(x, s)",
        {"1M": {"x": 1_000_000, "s": 1000}},
        2,
        torch="xp.bucketize(x, s, right=True)",
    ),
    special("searchsorted in 100K", "xp.searchsorted(s, x)", {"1M": {"x": 1_000_000, "s": 100_000}}, 2),
    special("searchsorted, one number", "xp.searchsorted(s, 0.5)", {"1M": 1_000_000}, None),
    special(
        "interp in 1000 points",
        "xp.interp(x, s, t)",
        {"1M": {"x": 1_000_000, "s": 1000, "t": 1000}},
        1.5,
        torch=None,
        dtypes=("float64",),
    ),
]
