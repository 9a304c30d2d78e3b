"""Elements chosen by masks and integers: read, assigned, accumulated."""

from .row import beside_numpy, million, special

THREE = ("civita", "numpy", "torch")
ZEROS = dict.fromkeys(THREE, "y = x * 0")
COPY = dict.fromkeys(THREE, "y = x * 1")
ROWS_OF_100 = {"10000x100": {"x": (10_000, 100), "p": 10_000}}
COLUMNS = {"1000x1000": {"x": (1000, 1000), "p": 1000}}

ROWS = [
    beside_numpy("boolean select", "x[m]", {"1M": 1_000_000}, 5, best=1.5),
    million("boolean assign, a number", "y[m] = 1.5", 1.5, init=COPY, result="y"),
    million("boolean assign, an array", "y[m] = g", 1.5, init=dict.fromkeys(THREE, "y = x * 1; g = a[m]"), result="y"),
    million("x[p], integers", "x[p]", 1.5),
    # With repeated places PyTorch's threads decide who is last.
    million("x[p] = a, integers", "y[p] = a", 1.5, init=COPY, result="y", differs=("torch",)),
    special("x[p], rows", "x[p]", ROWS_OF_100, 1.5),
    special("x[:, p], columns", "x[:, p]", COLUMNS, 1.5),
    million("take", "xp.take(x, p)", 1.5),
    million("add.at", "xp.add.at(y, p, a)", 2, torch="y.index_add_(0, p, a)", init=ZEROS, result="y"),
    million("add.at, one value", "xp.add.at(y, p, 1)", None, torch=None, init=ZEROS, result="y"),
    special("x[:, p] = v, columns", "x[:, p] = t", {"1000x1000": {"x": (1000, 1000), "p": 1000, "t": (1000, 1000)}}, None, result="x", differs=("torch",)),
    special("x[p] = v, one row", "x[p] = t", {"10000x100": {"x": (10_000, 100), "p": 10_000, "t": 100}}, None, result="x"),
    million("multiply.at", "xp.multiply.at(y, p, g)", 2, torch=None, init=dict.fromkeys(THREE, "y = x * 1; g = a * 0 + 1"), result="y"),
    million("logaddexp.at", "xp.logaddexp.at(y, p, a)", None, torch=None, init=COPY, result="y"),
    million("scatter_add", "xp.scatter_add(x, 0, p, a)", 2, numpy="y = x.copy(); xp.add.at(y, p, a); y"),
    million("put", "xp.put(y, p, a)", 1.5, torch="y.put_(p, a)", init=COPY, result="y", differs=("torch",)),
    million("putmask", "xp.putmask(y, m, a)", 1.3, torch=None, init=COPY, result="y"),
    million("place", "xp.place(y, m, a)", 1.3, torch="y.masked_scatter_(m, a)", init=COPY, result="y"),
    million("compress", "xp.compress(m, x)", 1.5, torch="x.masked_select(m)"),
    million("choose", "xp.choose(g, (x, a, b))", 2, torch=None, init=dict.fromkeys(("civita", "numpy"), "g = p % 3")),
    million("select", "xp.select((m, x > 1), (a, b), 0.0)", 2, torch=None),
    million("nonzero", "xp.nonzero(m)", 1.5, torch="xp.nonzero(m, as_tuple=True)", dtypes=("bool",)),
    million("unravel_index", "xp.unravel_index(p, (100, 100, 100))", 1.5, dtypes=("int64",)),
    million("ravel_multi_index", "xp.ravel_multi_index((p, p), (1000000, 1000000))", 1.5, torch=None, dtypes=("int64",)),
    million("packbits", "xp.packbits(m)", None, torch=None, dtypes=("bool",)),
    million("unpackbits", "xp.unpackbits(g)", None, torch=None, dtypes=("uint8",), init=dict.fromkeys(("civita", "numpy"), "g = p.astype('uint8')")),
]
