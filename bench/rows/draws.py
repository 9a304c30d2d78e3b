"""Random numbers: NumPy's streams, and numbers by key and counter."""

from .row import million

START = "rng = xp.random.default_rng(1); old = xp.random.RandomState(1)"


def draws(name, statement, best, torch=None, dtypes=("float64",), **more) -> object:
    """A row of random numbers: Civita and NumPy draw the same from one seed, and then go on drawing."""
    init = {"civita": START, "numpy": START, "torch": "rate = x * 0 + 50; trials = x * 0 + 1000; third = x * 0 + 0.3"}
    return million(name, statement, best, torch=torch, dtypes=dtypes, **{"init": init, "differs": ("torch",)} | more)


def counted(name, statement, numpy, torch, dtype) -> object:
    """A row of numbers by key and counter, beside NumPy's and PyTorch's own."""
    init = {"civita": "rng = xp.random.Philox4x32(1)", "numpy": "rng = xp.random.default_rng(1)"}
    return draws(name, statement, 4, numpy=numpy, torch=torch, dtypes=(dtype,), init=init, differs=("numpy", "torch"))


ROWS = [
    draws("random", "rng.random(x.size)", 1.3, torch="xp.rand_like(x)"),
    draws("random, float32", "rng.random(x.size, dtype='float32')", 1.3, torch="xp.rand_like(x)", dtypes=("float32",)),
    draws("uniform", "rng.uniform(-1.0, 2.0, x.size)", 1.3, torch="xp.empty_like(x).uniform_(-1, 2)"),
    draws("standard_normal", "rng.standard_normal(x.size)", 1, torch="xp.randn_like(x)"),
    draws("normal", "rng.normal(1.0, 2.0, x.size)", 1, torch="xp.empty_like(x).normal_(1, 2)"),
    draws("standard_exponential", "rng.standard_exponential(x.size)", 1, torch="xp.empty_like(x).exponential_()"),
    draws("integers", "rng.integers(0, 100, x.size)", 1, torch="xp.randint(0, 100, (1000000,))"),
    draws("permutation", "rng.permutation(x.size)", 1, torch="xp.randperm(1000000)"),
    draws("choice", "rng.choice(1000, x.size)", 1, torch="xp.randint(0, 1000, (1000000,))"),
    draws("standard_gamma", "rng.standard_gamma(2.5, x.size)", 1, torch="xp._standard_gamma(rate)"),
    draws("poisson", "rng.poisson(50, x.size)", 1, torch="xp.poisson(rate)"),
    draws("binomial", "rng.binomial(1000, 0.3, x.size)", 1, torch="xp.binomial(trials, third)"),
    draws("legacy rand", "old.random_sample(x.size)", 1),
    draws("legacy randn", "old.standard_normal(x.size)", 1),
    draws("legacy randint", "old.randint(0, 100, x.size)", 1),
    counted("counted uniform", "rng.uniform(x.size)", "rng.random(x.size)", "xp.rand_like(x)", "float64"),
    counted("counted normal", "rng.normal(x.size)", "rng.standard_normal(x.size)", "xp.randn_like(x)", "float64"),
    counted("counted uniform", "rng.uniform(x.size, 'float32')", "rng.random(x.size, 'float32')", "xp.rand_like(x)", "float32"),
    counted("counted normal", "rng.normal(x.size, 'float32')", "rng.standard_normal(x.size, 'float32')", "xp.randn_like(x)", "float32"),
]
