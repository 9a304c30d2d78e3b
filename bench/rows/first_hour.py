"""What users met in their first hour that was slow beside NumPy: masks in runs, powers, ranges, lists, scalars."""

from .row import million, special

BOTH = ("civita", "numpy")
RUNS = dict.fromkeys(BOTH, "y = x * 1; r = xp.arange(len(x)) % 20000 < 10000; g = a[r]; q = (x * 0).astype('int64')")
COMPLEX = dict.fromkeys(BOTH, "cz = xp.asarray(x + 1j * a)")
SINGLE = dict.fromkeys(BOTH, "cz = (x + 1j * a).astype('complex64')")
HALVES = dict.fromkeys(BOTH, "h = a.astype('float16')")
BYTES = dict.fromkeys(BOTH, "h = i.astype('int8')")
FEW = {"5000": 5000}
DOUBLE = ("float64",)

MANDELBROT = """
def mandelbrot():
    total = 0
    for re in range(-10, 10):
        for im in range(-10, 10):
            c, z, n = xp.complex128(complex(re / 8, im / 8)), xp.complex128(0), 0
            while abs(z) <= 2 and n < 30:
                z, n = z * z + c, n + 1
            total += n
    return total
"""
INTEGERS = """
def collatz():
    longest = 0
    for n in xp.arange(1, 300):
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, steps)
    return longest
"""
REALS = """
def mandelbrot():
    total = 0
    for re in xp.linspace(-2, 0.5, 20):
        for im in xp.linspace(-1, 1, 20):
            x, y, n = xp.float64(0), xp.float64(0), 0
            while x * x + y * y <= 4 and n < 30:
                x, y, n = x * x - y * y + re, 2 * x * y + im, n + 1
            total += n
    return total
"""

ROWS = [
    million("mask in runs, a number", "y[r] = 1.5", 1, torch=None, init=RUNS, result="y", dtypes=DOUBLE),
    million("mask in runs, an array", "y[r] = g", 1, torch=None, init=RUNS, result="y", dtypes=DOUBLE),
    million("n[mask] += 1", "q[r] += 1", 1, torch=None, init=RUNS, result="q", differs=("numpy",), dtypes=DOUBLE),
    million("nonzero of a sparse mask", "xp.nonzero(sparse)", 1, torch=None, init=dict.fromkeys(BOTH, "sparse = a > 1.98"), dtypes=DOUBLE),
    million("square of integers", "i ** 2", 1, torch=None, dtypes=("int64",)),
    special("square of integers, few", "i ** 2", {"1000": 1000}, 1, torch=None, dtypes=("int64",)),
    million("linspace", "xp.linspace(0, 1, 1000000)", 1, torch=None, dtypes=DOUBLE),
    million("arange", "xp.arange(1000000)", 1, torch=None, dtypes=("int64",)),
    special("root of complex numbers", "cz ** 0.5", {"100K": 100_000}, 1, torch=None, init=COMPLEX, dtypes=DOUBLE),
    special("abs, complex128", "xp.abs(cz)", {"100K": 100_000}, 1, torch=None, init=COMPLEX, dtypes=DOUBLE),
    special("abs, complex64", "xp.abs(cz)", {"100K": 100_000}, None, torch=None, init=SINGLE, differs=("numpy",), dtypes=DOUBLE),
    special("abs, float16", "xp.abs(h)", {"100K": 100_000}, 1, torch=None, init=HALVES, dtypes=DOUBLE),
    special("sin, float16", "xp.sin(h)", {"100K": 100_000}, 1, torch=None, init=HALVES, dtypes=DOUBLE),
    special("log, float16", "xp.log(h)", {"100K": 100_000}, 1, torch=None, init=HALVES, dtypes=DOUBLE),
    special("int8 // 3", "h // 3", {"1000": 1000, "1M": 1_000_000}, None, torch=None, init=BYTES, dtypes=("int64",)),
    special("x[p]", "x[p]", FEW, 1, torch=None, dtypes=DOUBLE),
    special("x[p] = a", "y[p] = a", FEW, None, torch=None, init=dict.fromkeys(BOTH, "y = x * 1"), result="y", dtypes=DOUBLE),
    special("argmax of short rows", "x.argmax(1)", {"10000x30": (10_000, 30)}, None, torch=None),
    special("a loop of complex scalars", "mandelbrot()", {"20x20": 1}, 1, torch=None, init=dict.fromkeys(BOTH, MANDELBROT), dtypes=DOUBLE),
    special("a loop of float64 scalars", "mandelbrot()", {"20x20": 1}, 1, torch=None, init=dict.fromkeys(BOTH, REALS), dtypes=DOUBLE),
    special("a loop of int64 scalars", "collatz()", {"300": 1}, 1, torch=None, init=dict.fromkeys(BOTH, INTEGERS), dtypes=DOUBLE),
]
