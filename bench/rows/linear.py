"""Linear algebra on one matrix of 3 to 1000 rows, and on many small ones."""

from .row import for_all, special

# A matrix far from singular at any size, of a determinant that does not overflow; a right-hand side; and a symmetric
# positive definite matrix.
MATRIX = for_all("""
import numpy
x = numpy.asarray(x)
x = x / (8 * x.shape[-1] ** 0.5) + numpy.eye(x.shape[-1], dtype=x.dtype)
y, h = x[..., :1].copy(), x @ numpy.swapaxes(x, -1, -2)
x, y, h = own(x), own(y), own(h)
""")
SIZES = (3, 10, 100, 500, 1000)
# name; call; what is promised for each size; what is compared, where results may differ in signs or order
NAMES = [
    ("solve", "solve(x, y)", (2, 2, 1, 1, 1), None),
    ("inv", "inv(x)", (2, 2, 1, 1, 1), None),
    ("det", "det(x)", (2, 2, 1, 1, 1), None),
    ("lu", "lu(x)", (2, 2, 1, 1, 1), "xp.linalg.lu(x)[2]"),
    ("cholesky", "cholesky(h)", (2, 2, 1, 1, 1), None),
    ("qr", "qr(x)", (2, 2, 1, 1, 1), "abs(xp.linalg.qr(x)[1])"),
    ("svd", "svd(x)", (2, 2, 1, 1, 1), "xp.linalg.svd(x)[1]"),
    ("eigh", "eigh(h)", (2, 2, 1, 1, 1), "xp.linalg.eigh(h)[0]"),
    ("eig", "eig(x)", (2, 2, 2, 2, 2), "sorted(abs(v) for v in xp.linalg.eig(x)[0].tolist())"),
]
# SciPy's calls that NumPy has not
SCIPY = {
    "lu": {"numpy": None, "scipy": "xp.linalg.lu(x)"},
    "solve": {"scipy": "xp.linalg.solve(x, y)"},
    "inv": {"scipy": "xp.linalg.inv(x)"},
    "cholesky": {"scipy": "xp.linalg.cholesky(h, lower=True)"},
}


def matrix(name, call, n, best, result) -> object:
    """A row of one matrix."""
    statement = f"xp.linalg.{call}"
    more = {"init": MATRIX, "dtypes": ("float64",), "result": result, "quick": None if n in (10, 500) else ("none",)}
    return special(f"{name} {n}", statement, {f"{n}": (n, n)}, best, **more, **SCIPY.get(name, {}))


def batch(name, statement) -> object:
    """A row of many small matrices."""
    return special(name, statement, {"10000 of 3": (10_000, 3, 3), "1000 of 8": (1000, 8, 8)}, 2, init=MATRIX)


ROWS = [
    *(matrix(name, call, n, best, result) for name, call, promised, result in NAMES for n, best in zip(SIZES, promised)),
    special("lstsq", "xp.linalg.lstsq(a, b)[0]", {"1000x100": {"a": (1000, 100), "b": (1000, 1)}}, 1, dtypes=("float64",), numpy="xp.linalg.lstsq(a, b, rcond=None)[0]"),
    special("expm", "xp.linalg.expm(x)", {"100": (100, 100)}, 1, dtypes=("float64",), init=MATRIX, numpy=None, scipy="xp.linalg.expm(x)", torch="xp.linalg.matrix_exp(x)"),
    batch("solve of a batch", "xp.linalg.solve(x, y)"),
    batch("inv of a batch", "xp.linalg.inv(x)"),
    batch("det of a batch", "xp.linalg.det(x)"),
    batch("cholesky of a batch", "xp.linalg.cholesky(h)"),
]
