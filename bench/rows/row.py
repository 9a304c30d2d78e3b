"""A row: one statement that Civita, NumPy, SciPy and PyTorch run on the same numbers, and what is promised of it.

A statement is Python source over `xp` (civita, numpy, scipy or torch) and the arrays it names; DATA says what each name
holds. Where the libraries write a thing differently, the row has a statement for each; None leaves a library out.

Promises are ratios, the other's time ÷ Civita's: against NumPy (`targets`), or against the fastest of the others
(`best`). They hold at two threads; at one thread every row of the grid promises 1.0 of NumPy's time at every size, and a
row with `one_thread` that much of the best.
"""

from dataclasses import dataclass, field

import numpy as np

LIBRARIES = ("civita", "numpy", "scipy", "torch")
GRID = {"1": 1, "100": 100, "10K": 10_000, "1M": 1_000_000, "10M": 10_000_000}
MILLION = {"1M": 1_000_000}
FLOATS = ("float32", "float64")


def distinct(rng, shape, dtype):
    """Numbers that hardly repeat: normal, or integers from a range as wide as the dtype's."""
    if np.dtype(dtype).kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    bound = np.iinfo(dtype).max // 2
    return rng.integers(-bound, bound, shape, dtype=dtype)


# name -> numbers, from a random generator, a shape and a dtype
DATA = {
    "x": lambda rng, shape, dtype: rng.standard_normal(shape).astype(dtype) * 2,  # both signs
    "a": lambda rng, shape, dtype: rng.uniform(0.5, 2.0, shape).astype(dtype),  # safe for log, division and powers
    "b": lambda rng, shape, dtype: rng.uniform(0.5, 2.0, shape).astype(dtype),
    "c": lambda rng, shape, dtype: rng.uniform(-2.0, 0.5, shape).astype(dtype),
    "z": lambda rng, shape, dtype: rng.uniform(0, 1, shape).astype(dtype) * 0,  # `any` must look at every element
    "m": lambda rng, shape, dtype: rng.uniform(0, 1, shape) < 0.5,  # an unpredictable mask
    "o": lambda rng, shape, dtype: rng.uniform(0, 1, shape) < 0.5,  # another one
    "i": lambda rng, shape, dtype: rng.integers(-100, 100, shape).astype(dtype),
    "j": lambda rng, shape, dtype: rng.integers(-100, 100, shape).astype(dtype),
    "k": lambda rng, shape, dtype: rng.integers(0, 1000, shape),  # numbers of bins
    "p": lambda rng, shape, dtype: rng.integers(0, shape if isinstance(shape, int) else shape[0], shape),  # places
    "n": lambda rng, shape, dtype: np.where(rng.uniform(0, 1, shape) < 0.1, np.nan, rng.standard_normal(shape)).astype(dtype),
    "s": lambda rng, shape, dtype: np.sort(rng.standard_normal(shape)).astype(dtype) * 2,
    "t": lambda rng, shape, dtype: rng.standard_normal(shape).astype(dtype),
    "u": lambda rng, shape, dtype: rng.uniform(-1, 1, shape).astype(dtype),  # safe for arcsin
    "v": distinct,
    "w": lambda rng, shape, dtype: rng.standard_normal(shape).astype("float32"),  # converted by each library's `init`
}


@dataclass
class Row:
    name: str
    civita: str
    numpy: str | None = ""  # "": the same statement; None: the library has no such thing
    torch: str | None = ""
    scipy: str | None = None  # of use only where NumPy has no such function, or a slower one
    sizes: dict = field(default_factory=lambda: dict(GRID))  # label -> n, a shape, or {name: shape}
    dtypes: tuple = FLOATS
    targets: dict = field(default_factory=dict)  # size label (or "*") -> promised ratio to NumPy at two threads
    best: float | None = None  # promised ratio to the fastest of the others at two threads
    one_thread: float | None = None  # the same at one thread
    grid: bool = True  # promises 1.0 of NumPy's time at one thread
    quick: tuple | None = None  # the sizes of a quick run; None: all, of the grid three
    init: dict = field(default_factory=dict)  # library -> statement run once before, may define names; sees `own` and `folder`
    result: str | None = None  # what is compared after the statement; None: the value of its last expression
    differs: tuple = ()  # libraries whose result may be another one
    group: str = ""  # the name of the file that has the row

    def statement(self, library: str) -> str | None:
        chosen = getattr(self, library)
        return self.civita if chosen == "" else chosen

    def promises(self, label: str, threads: int) -> dict:
        """{"numpy": ratio, "best": ratio}, of what is promised."""
        if threads == 1:
            found = {"numpy": 1.0 if self.grid else None, "best": self.one_thread}
        else:
            found = {"numpy": self.targets.get(label, self.targets.get("*")), "best": self.best}
        return {against: ratio for against, ratio in found.items() if ratio is not None}

    def is_quick(self, label: str) -> bool:
        chosen = self.quick or (("1", "10K", "1M") if self.grid else None)
        return chosen is None or label in chosen


def special(name, civita, sizes, best, **more) -> Row:
    """A row outside the grid: what it promises, it promises against the best of the others."""
    return Row(name, civita, sizes=sizes, best=best, grid=False, **more)


def beside_numpy(name, civita, sizes, target, **more) -> Row:
    """A row outside the grid that promises a ratio to NumPy's time."""
    return special(name, civita, sizes, more.pop("best", None), targets={"*": target}, **more)


def million(name, civita, best, **more) -> Row:
    """A row outside the grid on a million elements."""
    return special(name, civita, dict(MILLION), best, **more)


def for_all(statement: str) -> dict:
    """An `init` that is the same for all libraries."""
    return dict.fromkeys(LIBRARIES, statement)
