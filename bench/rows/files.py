"""Files, and Python lists. Each library writes a file of its own in a folder of the cell."""

from .row import special

BIG = {"100 MB": 12_500_000}
TEXT = "import numpy; path = folder + '/{}.txt'; numpy.savetxt(path, numpy.asarray(x))"
LIST = "import numpy; l = numpy.asarray(x).tolist()"


def each(statement: str, libraries=("civita", "numpy")) -> dict:
    """An `init` for each library with its name put in."""
    return {name: statement.format(name) for name in libraries}


ROWS = [
    special("npy save", "xp.save(path, x)", BIG, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.npy'"), result="xp.load(path)"),
    special("npy load", "xp.load(path)", BIG, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.npy'; xp.save(path, x)")),
    special("npz save, compressed", "xp.savez_compressed(path, x)", {"1M": 1_000_000}, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.npz'"), result="xp.load(path)['arr_0']"),
    special("loadtxt", "xp.loadtxt(path)", {"10000x10": (10_000, 10)}, 1, torch=None, dtypes=("float64",), init=each(TEXT)),
    special("savetxt", "xp.savetxt(path, x)", {"10000x10": (10_000, 10)}, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.txt'"), result="xp.loadtxt(path)"),
    special("tofile", "x.tofile(path)", {"1M": 1_000_000}, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.bin'"), result="xp.fromfile(path)"),
    special("fromfile", "xp.fromfile(path)", {"1M": 1_000_000}, 1, torch=None, dtypes=("float64",), init=each("path = folder + '/{}.bin'; x.tofile(path)")),
    special("tolist", "x.tolist()", {"100K": 100_000}, 1),
    special("tolist of rows", "x.tolist()", {"1000x100": (1000, 100)}, 1, dtypes=("float64",)),
    special("asarray of a list", "xp.asarray(l)", {"100K": 100_000}, 1, dtypes=("float64",), torch="xp.asarray(l, dtype=xp.float64)", init=each(LIST, ("civita", "numpy", "torch"))),
    special("asarray of a list of lists", "xp.asarray(l)", {"1000x100": (1000, 100)}, 1, dtypes=("float64",), torch="xp.asarray(l, dtype=xp.float64)", init=each(LIST, ("civita", "numpy", "torch"))),
]
