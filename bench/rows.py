"""What is measured: a table of rows, each a statement that NumPy, Civita and PyTorch run on the same numbers.

A statement is Python source over `xp` (numpy, civita or torch) and the arrays it names; DATA says what each name
holds. Where the libraries write a thing differently, the row has a statement for each; `torch=None` leaves it out.

`targets` are the promised ratios, reference time ÷ Civita's time, at two threads, by size. At one thread every row of
the grid (elementwise, reductions) promises 1.0 at every size.
"""

from dataclasses import dataclass, field

import numpy as np

GRID = {"1": 1, "100": 100, "10K": 10_000, "1M": 1_000_000, "10M": 10_000_000}
FLOATS = ("float32", "float64")

# name -> numbers, from a random generator, a shape and a dtype
DATA = {
    "x": lambda rng, shape, dtype: rng.standard_normal(shape).astype(dtype) * 2,  # both signs
    "a": lambda rng, shape, dtype: rng.uniform(0.5, 2.0, shape).astype(dtype),  # safe for log, division and powers
    "b": lambda rng, shape, dtype: rng.uniform(0.5, 2.0, shape).astype(dtype),
    "c": lambda rng, shape, dtype: rng.uniform(-2.0, 0.5, shape).astype(dtype),
    "z": lambda rng, shape, dtype: rng.uniform(0, 1, shape).astype(dtype) * 0,  # `any` must look at every element
    "m": lambda rng, shape, dtype: rng.uniform(0, 1, shape) < 0.5,  # an unpredictable mask
    "i": lambda rng, shape, dtype: rng.integers(-100, 100, shape).astype(dtype),
    "p": lambda rng, shape, dtype: rng.integers(0, shape if isinstance(shape, int) else shape[0], shape),  # places
    "n": lambda rng, shape, dtype: np.where(rng.uniform(0, 1, shape) < 0.1, np.nan, rng.standard_normal(shape)).astype(dtype),
    "s": lambda rng, shape, dtype: np.sort(rng.standard_normal(shape)).astype(dtype) * 2,
    "t": lambda rng, shape, dtype: rng.standard_normal(shape).astype(dtype),
    "w": lambda rng, shape, dtype: rng.standard_normal(shape).astype("float32"),  # converted by each library's `init`
}


@dataclass
class Row:
    name: str
    civita: str
    numpy: str | None = ""  # "": the same statement; None: the library has no such thing
    torch: str | None = ""
    sizes: dict = field(default_factory=lambda: dict(GRID))  # label -> n, a shape, or {name: shape}
    dtypes: tuple = FLOATS
    targets: dict = field(default_factory=dict)  # size label (or "*") -> promised ratio at two threads
    grid: bool = True  # promises 1.0 at one thread
    reference: str = "numpy"  # whose time is divided by Civita's
    init: dict = field(default_factory=dict)  # library -> statement run once before, may define names

    def statement(self, library: str) -> str | None:
        chosen = getattr(self, library)
        return self.civita if chosen == "" else chosen

    def target(self, label: str, threads: int) -> float | None:
        if threads == 1:
            return 1.0 if self.grid else None
        return self.targets.get(label, self.targets.get("*"))


def special(name, civita, sizes, target, **more) -> Row:
    return Row(name, civita, sizes=sizes, targets={"*": target}, grid=False, **more)


# a matrix far from singular, and a right-hand side
MATRIX = "import numpy; x = xp.asarray(numpy.asarray(x) + 4 * numpy.eye(x.shape[-1], dtype=numpy.asarray(x).dtype)); y = x[..., :1]"
# name, call, and the promised ratios for 3, 10, 100 and 500 rows
LINEAR = [
    ("solve", "xp.linalg.solve(x, y)", (2, 2, 1, 1)),
    ("inv", "xp.linalg.inv(x)", (2, 2, 1, 1)),
    ("det", "xp.linalg.det(x)", (2, 2, 1, 1)),
    ("cholesky", "xp.linalg.cholesky(x @ xp.swapaxes(x, -1, -2))", (2, 2, 1, 1)),
    ("qr", "xp.linalg.qr(x)", (2, 2, 1, 1)),
    ("svd", "xp.linalg.svd(x)", (2, 2, 1, 1)),
    ("eigh", "xp.linalg.eigh(x)", (2, 2, 1, 1)),
    ("eig", "xp.linalg.eig(x)", (2, 2, 2, 2)),
]


def linear(name, statement, n, target) -> Row:
    """A row of linear algebra on one matrix, beside NumPy."""
    return special(f"{name} {n}", statement, {f"{n}": (n, n)}, target, torch=None, dtypes=("float64",), init={"civita": MATRIX, "numpy": MATRIX})


def batches(name, statement, sizes) -> Row:
    """A row of linear algebra on many small matrices, beside NumPy."""
    return special(name, statement, sizes, 2.0, torch=None, init={"civita": MATRIX, "numpy": MATRIX})


def draws(name, statement, target, **more) -> Row:
    """A row of random numbers: the same seed for each library, which then go on drawing."""
    start = "rng = xp.random.default_rng(1); old = xp.random.RandomState(1)"
    more = {"torch": None, "dtypes": ("float64",), "init": {"civita": start, "numpy": start}} | more
    return special(name, statement, {"1M": 1_000_000}, target, **more)


def counted(name, statement, numpy, **more) -> Row:
    """A row of numbers by key and counter, beside NumPy's own."""
    init = {"civita": "rng = xp.random.Philox4x32(1)", "numpy": "rng = xp.random.default_rng(1)"}
    return draws(name, statement, 4, numpy=numpy, init=init, **more)


LENGTHS = {f"2^{k}": 1 << k for k in (6, 10, 16, 20)} | {str(n): n for n in (30030, 10**6, 10007, 1000003)}


def transform(name, statement, sizes, target, **more) -> Row:
    """A row of Fourier transforms: of `x`, or of `z` with imaginary parts."""
    complexes = "z = x + 1j * x[..., ::-1]"
    init = {"civita": complexes, "numpy": "import scipy.fft as scipy_fft; " + complexes, "torch": "z = xp.complex(x, x.flip(-1))"}
    return special(name, statement, sizes, target, init=init, **more)


MATMUL = {str(n): (n, n) for n in (16, 64, 128, 256, 512, 1000, 1024, 2048)}

ROWS = [
    # ---- elementwise, one input
    Row("neg", "-x"),
    Row("abs", "xp.abs(x)"),
    Row("exp", "xp.exp(x)", targets={"1M": 2.5}),
    Row("log", "xp.log(a)", targets={"1M": 2.5}),
    Row("tanh", "xp.tanh(x)", targets={"1M": 2.5}),
    Row("relu", "xp.relu(x)", numpy="xp.maximum(x, 0)"),
    Row("floor", "xp.floor(x)"),
    Row("isnan", "xp.isnan(x)"),
    Row("conj", "xp.conj(x)", torch=None),
    # ---- elementwise, two and three inputs
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
    # ---- reductions and scans
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
    # ---- shapes, views, selections
    special("boolean select", "x[m]", {"1M": 1_000_000}, 5),
    special("x[p], integers", "x[p]", {"1M": 1_000_000}, 1),
    special("x[p] = a, integers", "x[p] = a", {"1M": 1_000_000}, None),
    special("add.at", "xp.add.at(y, p, a)", {"1M": 1_000_000}, 2, torch="y.index_add_(0, p, a)", init=dict.fromkeys(("civita", "numpy", "torch"), "y = x * 0")),
    special("multiply.at", "xp.multiply.at(y, p, o)", {"1M": 1_000_000}, 2, torch=None, init=dict.fromkeys(("civita", "numpy"), "y = x * 1; o = a * 0 + 1")),
    special("logaddexp.at", "xp.logaddexp.at(y, p, a)", {"1M": 1_000_000}, None, torch=None, init=dict.fromkeys(("civita", "numpy"), "y = x * 1")),
    special("scatter_add", "xp.scatter_add(x, 0, p, a)", {"1M": 1_000_000}, 2, numpy="y = x.copy(); xp.add.at(y, p, a)"),
    special("put", "xp.put(y, p, a)", {"1M": 1_000_000}, 1.5, torch="y.put_(p, a)", init=dict.fromkeys(("civita", "numpy", "torch"), "y = x * 1")),
    special("putmask", "xp.putmask(y, m, a)", {"1M": 1_000_000}, 1.3, torch=None, init=dict.fromkeys(("civita", "numpy"), "y = x * 1")),
    special("place", "xp.place(y, m, a)", {"1M": 1_000_000}, 1.3, torch="y.masked_scatter_(m, a)", init=dict.fromkeys(("civita", "numpy", "torch"), "y = x * 1")),
    special("compress", "xp.compress(m, x)", {"1M": 1_000_000}, 1.5, torch="x.masked_select(m)"),
    special("choose", "xp.choose(k, (x, a, b))", {"1M": 1_000_000}, 2, torch=None, init=dict.fromkeys(("civita", "numpy"), "k = p % 3")),
    special("select", "xp.select((m, x > 1), (a, b), 0.0)", {"1M": 1_000_000}, 2, torch=None),
    special("unravel_index", "xp.unravel_index(p, (100, 100, 100))", {"1M": 1_000_000}, 1.5, torch="xp.unravel_index(p, (100, 100, 100))", dtypes=("float64",)),
    special("ravel_multi_index", "xp.ravel_multi_index((p, p), (1000000, 1000000))", {"1M": 1_000_000}, 1.5, torch=None, dtypes=("float64",)),
    special("packbits", "xp.packbits(m)", {"1M": 1_000_000}, None, torch=None, dtypes=("float64",)),
    special("unpackbits", "xp.unpackbits(u)", {"1M": 1_000_000}, None, torch=None, dtypes=("float64",), init=dict.fromkeys(("civita", "numpy"), "u = p.astype('uint8')")),
    special("einsum bij,bjk->bik", "xp.einsum('bij,bjk->bik', a, b)", {"64x64x64": (64, 64, 64)}, 1, numpy="xp.einsum('bij,bjk->bik', a, b, optimize=True)"),
    special("einsum ij,kj->", "xp.einsum('ij,kj->', a, b)", {"500x500": (500, 500)}, 1, numpy="xp.einsum('ij,kj->', a, b, optimize=True)"),
    special("einsum ijk,kl->ijl", "xp.einsum('ijk,kl->ijl', a, b)", {"100x100x100": {"a": (100, 100, 100), "b": (100, 100)}}, 1, numpy="xp.einsum('ijk,kl->ijl', a, b, optimize=True)"),
    special("einsum ij,ij->i", "xp.einsum('ij,ij->i', a, b)", {"1000x1000": (1000, 1000)}, 1),
    special("einsum, three matrices", "xp.einsum('ij,jk,kl->il', a, b, x)", {"300x300": (300, 300)}, 1, numpy="xp.einsum('ij,jk,kl->il', a, b, x, optimize=True)"),
    special("vecdot", "xp.vecdot(a, b)", {"1000x1000": (1000, 1000)}, 1, torch="xp.linalg.vecdot(a, b)"),
    special("sum over axis 0", "x.sum(0)", {"2000x2000": (2000, 2000)}, 1.5),
    special("sum over axis 1", "x.sum(1)", {"2000x2000": (2000, 2000)}, 1.5),
    special("max over axis 1", "x.max(1)", {"2000x2000": (2000, 2000)}, 1, torch="x.amax(1)"),
    special("argmax over axis 0", "x.argmax(0)", {"2000x2000": (2000, 2000)}, 1),
    special("sum of integers", "i.sum()", {"1M": 1_000_000}, 1, dtypes=("int16", "int32")),
    special("to int32", "x.astype('int32')", {"1M": 1_000_000}, 1, torch="x.to(xp.int32)"),
    special("outer add", "a + b", {"(1000,1)+(1,1000)": {"a": (1000, 1), "b": (1, 1000)}}, 5),
    special("a + a.T", "a + a.T", {"1000x1000": (1000, 1000)}, 2),
    special("copy of a.T", "a.T.copy()", {"4096x4096": (4096, 4096)}, 2.5, torch="a.T.contiguous()"),
    special(
        "softmax",
        "xp.softmax(x, axis=-1)",
        {"1000x1000": (1000, 1000)},
        3,
        numpy="e = xp.exp(x - x.max(-1, keepdims=True)); e / e.sum(-1, keepdims=True)",
        torch="xp.softmax(x, -1)",
    ),
    special(
        "exp(a*b + c), fused",
        "fused(a, b, c)",
        {"1M": 1_000_000},
        3,
        numpy="xp.exp(a * b + c)",
        torch="xp.exp(a * b + c)",
        init={"civita": "fused = xp.fuse(lambda a, b, c: xp.exp(a * b + c))"},
    ),
    # ---- linear algebra
    *(
        linear(name, call, n, target)
        for name, call, targets in LINEAR
        for n, target in zip((3, 10, 100, 500), targets)
    ),
    batches("solve of a batch", "xp.linalg.solve(x, y)", {"10000 of 3": (10_000, 3, 3), "1000 of 8": (1000, 8, 8)}),
    batches("inv of a batch", "xp.linalg.inv(x)", {"10000 of 3": (10_000, 3, 3), "1000 of 8": (1000, 8, 8)}),
    # ---- statistics and order
    special("median", "xp.median(x)", {"1M": 1_000_000}, 2, torch=None),
    special("quantile", "xp.quantile(x, 0.3)", {"1M": 1_000_000}, 2),
    special("nansum", "xp.nansum(n)", {"1M": 1_000_000}, 2),
    special("nanmean", "xp.nanmean(n)", {"1M": 1_000_000}, 2),
    special("histogram, 100 bins", "xp.histogram(x, 100)[0]", {"1M": 1_000_000}, 3),
    special("interp in 1000 points", "xp.interp(x, s, t)", {"1M": {"x": 1_000_000, "s": 1000, "t": 1000}}, 1.5, torch=None, dtypes=("float64",)),
    special("searchsorted in 100K", "xp.searchsorted(s, x)", {"1M": {"x": 1_000_000, "s": 100_000}}, 2, dtypes=("float64",)),
    special("topk, 100", "xp.topk(x, 100)[0]", {"1M": 1_000_000}, 2, numpy="xp.sort(xp.partition(x, -100)[-100:])[::-1]"),
    special("partition", "xp.partition(x, 1000)[1000]", {"1M": 1_000_000}, 2, torch=None),
    # ---- random numbers: NumPy's
    draws("random", "rng.random(x.size)", 1.3),
    draws("random, float32", "rng.random(x.size, dtype='float32')", 1.3, dtypes=("float32",)),
    draws("standard_normal", "rng.standard_normal(x.size)", 1.0),
    draws("standard_exponential", "rng.standard_exponential(x.size)", 1.0),
    draws("integers", "rng.integers(0, 100, x.size)", 1.0),
    draws("permutation", "rng.permutation(x.size)", 1.0),
    draws("choice", "rng.choice(1000, x.size)", 1.0),
    draws("standard_gamma", "rng.standard_gamma(2.5, x.size)", 1.0),
    draws("poisson", "rng.poisson(50, x.size)", 1.0),
    draws("binomial", "rng.binomial(1000, 0.3, x.size)", 1.0),
    draws("legacy rand", "old.random_sample(x.size)", 1.0),
    draws("legacy randn", "old.standard_normal(x.size)", 1.0),
    draws("legacy randint", "old.randint(0, 100, x.size)", 1.0),
    # ---- random numbers by key and counter
    counted("counted uniform", "rng.uniform(x.size)", "rng.random(x.size)"),
    counted("counted normal", "rng.normal(x.size)", "rng.standard_normal(x.size)"),
    counted("counted uniform", "rng.uniform(x.size, 'float32')", "rng.random(x.size, 'float32')", dtypes=("float32",)),
    counted("counted normal", "rng.normal(x.size, 'float32')", "rng.standard_normal(x.size, 'float32')", dtypes=("float32",)),
    # ---- Fourier transforms: along the last axis
    transform("fft", "xp.fft.fft(z)", LENGTHS, 1.0),
    transform("rfft", "xp.fft.rfft(x)", LENGTHS, 1.0),
    transform("fft2", "xp.fft.fft2(z)", {"1024x1024": (1024, 1024)}, 1.0),
    transform("rfft of rows", "xp.fft.rfft(x)", {"1000x1024": (1000, 1024)}, 1.5),
    transform("fft over axis 0", "xp.fft.fft(z, axis=0)", {"1024x1000": (1024, 1000)}, 1.0, torch="xp.fft.fft(z, dim=0)"),
    transform("dct", "xp.fft.dct(x)", {"1024": 1024, "1M": 1 << 20}, 1.0, numpy="scipy_fft.dct(x)", torch=None),
    special(
        "convolve",
        "xp.convolve(a, b)",
        {"100K with 1K": {"a": (100_000,), "b": (1000,)}, "1K with 10": {"a": (1000,), "b": (10,)}},
        1.0,
        torch=None,
        dtypes=("float64", "float32"),
    ),
    # ---- matrices
    special("matmul", "a @ b", MATMUL, 0.95),
    special("matmul", "i @ i", {"256": (256, 256)}, 15, dtypes=("int64",)),
    special(
        "matmul",
        "v @ v",
        {"512": (512, 512)},
        0.4,
        dtypes=("bfloat16",),
        numpy=None,
        reference="torch",
        init={"civita": "v = w.astype(xp.bfloat16)", "torch": "v = w.to(xp.bfloat16)"},
    ),
]

# (row, size label, size, dtype): what one line of a table shows
CELLS = [(row, label, size, dtype) for row in ROWS for label, size in row.sizes.items() for dtype in row.dtypes]
