"""Random numbers: NumPy's generators, distributions and functions, the same numbers for the same seed, to the bit.

>>> import civita as cv
>>> rng = cv.random.default_rng(42)
>>> rng.random(3)
array([0.77395605, 0.43887844, 0.85859792])
>>> rng.integers(1, 7, size=5)
array([5, 1, 4, 6, 1])

The functions of the module (`seed`, `rand`, `randn`, `randint` …) are NumPy's legacy interface: the methods of one
`RandomState` that all of the program shares.
"""

from ._civita import _random

BitGenerator = _random.BitGenerator
Generator = _random.Generator
MT19937 = _random.MT19937
PCG64 = _random.PCG64
PCG64DXSM = _random.PCG64DXSM
Philox = _random.Philox
Philox4x32 = _random.Philox4x32
RandomState = _random.RandomState
SFC64 = _random.SFC64
SeedSequence = _random.SeedSequence
default_rng = _random.default_rng

_rand = RandomState()

beta = _rand.beta
binomial = _rand.binomial
bytes = _rand.bytes
chisquare = _rand.chisquare
choice = _rand.choice
dirichlet = _rand.dirichlet
exponential = _rand.exponential
f = _rand.f
gamma = _rand.gamma
geometric = _rand.geometric
get_state = _rand.get_state
gumbel = _rand.gumbel
hypergeometric = _rand.hypergeometric
laplace = _rand.laplace
logistic = _rand.logistic
lognormal = _rand.lognormal
logseries = _rand.logseries
multinomial = _rand.multinomial
multivariate_normal = _rand.multivariate_normal
negative_binomial = _rand.negative_binomial
noncentral_chisquare = _rand.noncentral_chisquare
noncentral_f = _rand.noncentral_f
normal = _rand.normal
pareto = _rand.pareto
permutation = _rand.permutation
poisson = _rand.poisson
power = _rand.power
rand = _rand.rand
randint = _rand.randint
randn = _rand.randn
random = _rand.random
random_integers = _rand.random_integers
random_sample = _rand.random_sample
ranf = _rand.random_sample
rayleigh = _rand.rayleigh
sample = _rand.random_sample
seed = _rand.seed
set_state = _rand.set_state
shuffle = _rand.shuffle
standard_cauchy = _rand.standard_cauchy
standard_exponential = _rand.standard_exponential
standard_gamma = _rand.standard_gamma
standard_normal = _rand.standard_normal
standard_t = _rand.standard_t
triangular = _rand.triangular
uniform = _rand.uniform
vonmises = _rand.vonmises
wald = _rand.wald
weibull = _rand.weibull
zipf = _rand.zipf


def get_bit_generator() -> BitGenerator:
    """The bit generator that the functions of the module draw from."""
    return _rand._bit_generator


def set_bit_generator(bitgen: BitGenerator) -> None:
    """Lets the functions of the module draw from this bit generator."""
    _rand._set_bit_generator(bitgen)


__all__ = [
    "BitGenerator", "Generator", "MT19937", "PCG64", "PCG64DXSM", "Philox", "Philox4x32", "RandomState", "SFC64", "SeedSequence",
    "beta", "binomial", "bytes", "chisquare", "choice", "default_rng", "dirichlet", "exponential", "f", "gamma", "geometric",
    "get_bit_generator", "get_state", "gumbel", "hypergeometric", "laplace", "logistic", "lognormal", "logseries", "multinomial",
    "multivariate_normal", "negative_binomial", "noncentral_chisquare", "noncentral_f", "normal", "pareto", "permutation",
    "poisson", "power", "rand", "randint", "randn", "random", "random_integers", "random_sample", "ranf", "rayleigh", "sample",
    "seed", "set_bit_generator", "set_state", "shuffle", "standard_cauchy", "standard_exponential", "standard_gamma",
    "standard_normal", "standard_t", "triangular", "uniform", "vonmises", "wald", "weibull", "zipf",
]  # fmt: skip
