"""Random numbers: NumPy's generators, distributions and functions, the same numbers for the same seed, to the bit.

>>> import civita as cv
>>> rng = cv.random.default_rng(42)
>>> rng.random(3)
array([0.77395605, 0.43887844, 0.85859792])
>>> rng.integers(1, 7, size=5)
array([1, 5, 2, 1, 4])

`Sobol`, `Halton` and `LatinHypercube` are SciPy's `stats.qmc`: points that fill the unit cube more evenly than random ones.

The functions of the module (`seed`, `rand`, `randn`, `randint` …) are NumPy's legacy interface: the methods of one
`RandomState` that all of the program shares.
"""

import copy as _copy
import warnings as _warnings
from math import isqrt as _isqrt
from operator import index as _index

from ._civita import _random
from ._civita import arange as _arange
from ._civita import asarray as _asarray
from ._civita import floor as _floor
from ._civita import stack as _stack
from ._civita import zeros as _zeros

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
Threefry = _random.Threefry
Threefry4x32 = _random.Threefry4x32
Xoshiro256 = _random.Xoshiro256
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


def seed(seed=None):
    """Begins again with a seed: an integer of 32 bits or several of them; for another bit generator than MT19937 any that it takes."""
    bits = _rand._bit_generator
    if isinstance(bits, MT19937):
        _rand.seed(seed)
    else:
        bits.state = type(bits)(seed).state


def _bits(bit_generator):
    """A bit generator, or a new one of a class of this name: what old pickles hold."""
    return globals()[bit_generator]() if isinstance(bit_generator, str) else bit_generator


def _generator_ctor(bit_generator="MT19937"):
    return Generator(_bits(bit_generator))


def _randomstate_ctor(bit_generator="MT19937"):
    return RandomState(_bits(bit_generator))


def get_bit_generator() -> BitGenerator:
    """The bit generator that the functions of the module draw from."""
    return _rand._bit_generator


def set_bit_generator(bitgen: BitGenerator) -> None:
    """Lets the functions of the module draw from this bit generator."""
    _rand._set_bit_generator(bitgen)


class _Sequence:
    """What the sequences of points have in common."""

    def __init__(self, d, rng):
        d = _index(d)
        if d < 0:
            raise ValueError("d must be a non-negative integer value")
        self.d = d
        # the generator itself is spared: a child draws
        self.rng = default_rng(rng).spawn(1)[0]
        self._rng_at_start = _copy.deepcopy(self.rng)
        self.num_generated = 0

    def random(self, n=1):
        """The next `n` points in [0, 1), the rows of an array."""
        n = _index(n)
        if n < 0:
            raise ValueError("n must be a non-negative integer value")
        points = self._points(n)
        self.num_generated += n
        return points

    def integers(self, l_bounds, *, u_bounds=None, n=1, endpoint=False):
        """`n` points with integer coordinates from `l_bounds` up to `u_bounds`, which are left out unless `endpoint`; up to `l_bounds`
        if they are alone.
        """
        if u_bounds is None:
            l_bounds, u_bounds = 0, l_bounds
        low, high = _asarray(l_bounds), _asarray(u_bounds)
        if low.dtype.kind not in "iu" or high.dtype.kind not in "iu":
            raise ValueError("'u_bounds' and 'l_bounds' must be integers or array-like of integers")
        if endpoint:
            high = high + 1
        if not bool((low < high).all()):
            raise ValueError("Bounds are not consistent 'l_bounds' < 'u_bounds'")
        return _floor(self.random(n) * (high - low) + low).astype("int64")

    def reset(self):
        """Goes back to the first point."""
        self.rng = _copy.deepcopy(self._rng_at_start)
        self.num_generated = 0
        return self

    def fast_forward(self, n):
        """Leaves `n` points out."""
        self.num_generated += _index(n)
        return self


class Sobol(_Sequence):
    """Sobol's sequence in `d` dimensions (at most 1111), scrambled unless `scramble=False`. SciPy's `stats.qmc.Sobol`, the same points for
    the same `rng`: a seed, or a generator, of which a child draws.

    Coordinates have `bits` bits (30), so that there are `2**bits` points. A power of two of them, from the first on, is balanced.

    >>> import civita as cv
    >>> cv.random.Sobol(2, scramble=False).random(4)
    array([[0.  , 0.  ],
           [0.5 , 0.5 ],
           [0.75, 0.25],
           [0.25, 0.75]])
    """

    def __init__(self, d, *, scramble=True, bits=None, rng=None):
        super().__init__(d, rng)
        self.scramble = bool(scramble)
        self.bits = 30 if bits is None else _index(bits)
        if not 1 <= self.bits <= 64:
            raise ValueError("Maximum supported 'bits' is 64")
        self._parts = _random.sobol(self.d, self.bits, self.rng if scramble else None)

    def _points(self, n):
        if self.num_generated == 0 and n & (n - 1):
            _warnings.warn("The balance properties of Sobol' points require n to be a power of 2.", stacklevel=3)
        return _random.sobol_points(*self._parts, self.num_generated, n)

    def random_base2(self, m):
        """The next `2**m` points; all points so far must be a power of two of them."""
        n = 2 ** _index(m)
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                f"The balance properties of Sobol' points require n to be a power of 2. {self.num_generated} points have been "
                f"previously generated, then: n={self.num_generated}+2**{m}={total}. If you still want to do this, the function "
                "'Sobol.random()' can be used."
            )
        return self.random(n)


class Halton(_Sequence):
    """Halton's sequence in `d` dimensions, scrambled unless `scramble=False`. SciPy's `stats.qmc.Halton`, the same points for the same
    `rng`: a seed, or a generator, of which a child draws.

    >>> import civita as cv
    >>> cv.random.Halton(2, scramble=False).random(3)
    array([[0.        , 0.        ],
           [0.5       , 0.33333333],
           [0.25      , 0.66666667]])
    """

    def __init__(self, d, *, scramble=True, rng=None):
        super().__init__(d, rng)
        self.scramble = bool(scramble)
        self._permutations = _random.halton(self.d, self.rng) if scramble else None

    def _points(self, n):
        return _random.halton_points(self.d, self._permutations, self.num_generated, n)


class LatinHypercube(_Sequence):
    """Latin hypercubes in `d` dimensions: of `n` points each of `n` equal intervals of each axis holds one, anywhere in it or in its
    middle with `scramble=False`. SciPy's `stats.qmc.LatinHypercube`, the same points for the same `rng`.

    With `strength=2` so do the squares of each two axes: `n` is the square of a prime `p`, each of the `p` by `p` squares holds one point,
    and `d` is at most `p + 1`.

    >>> import civita as cv
    >>> points = cv.random.LatinHypercube(2, rng=1).random(4)
    >>> cv.sort((points * 4).astype(int), axis=0)
    array([[0, 0],
           [1, 1],
           [2, 2],
           [3, 3]])
    """

    def __init__(self, d, *, scramble=True, strength=1, rng=None):
        super().__init__(d, rng)
        if strength not in (1, 2):
            raise ValueError(f"{strength!r} is not a valid strength. It must be one of {{1, 2}}")
        self.scramble, self.strength = bool(scramble), int(strength)

    def _points(self, n):
        if self.strength == 2:
            return self._orthogonal(n)
        return _random.latin_hypercube(self.rng, n, self.d, not self.scramble)

    def _orthogonal(self, n):
        """From an orthogonal array of Bose's: column `c` holds the digit `i + c j` of the point `(i, j)`, in an order of its own, and among
        the points of each digit the places within it are a Latin hypercube (Tang 1993)."""
        p = _isqrt(n)
        primes = [q for q in range(2, p + 2) if all(q % f for f in range(2, _isqrt(q) + 1))]
        if p not in primes or n != p * p:
            close = [q * q for q in primes[-2:]]
            raise ValueError(f"n is not the square of a prime number. Close values are {close}")
        if self.d > p + 1:
            raise ValueError("n is too small for d. Must be n > (d-1)**2")
        point = _arange(n)
        first, second = point % p, point // p
        digits = [first, second, *((first + factor * second) % p for factor in range(1, p))]
        digits = [self.rng.permutation(p)[column] for column in digits]
        places = LatinHypercube(1, scramble=self.scramble, rng=self.rng)
        found = []
        for column in digits:
            value = _zeros(n)
            for digit in range(p):
                # the places of a digit are filled in their order
                value[column == digit] = places.random(p)[:, 0] + digit
            found.append(value / p)
        return _stack(found[: self.d], axis=-1) if self.d else _zeros((n, 0))

    def fast_forward(self, n):
        """Leaves `n` points out."""
        self.random(n)
        return self


__all__ = [
    "BitGenerator", "Generator", "Halton", "LatinHypercube", "MT19937", "PCG64", "PCG64DXSM", "Philox", "Philox4x32", "RandomState", "SFC64", "SeedSequence",
    "Sobol", "Threefry", "Threefry4x32", "Xoshiro256",
    "beta", "binomial", "bytes", "chisquare", "choice", "default_rng", "dirichlet", "exponential", "f", "gamma", "geometric",
    "get_bit_generator", "get_state", "gumbel", "hypergeometric", "laplace", "logistic", "lognormal", "logseries", "multinomial",
    "multivariate_normal", "negative_binomial", "noncentral_chisquare", "noncentral_f", "normal", "pareto", "permutation",
    "poisson", "power", "rand", "randint", "randn", "random", "random_integers", "random_sample", "ranf", "rayleigh", "sample",
    "seed", "set_bit_generator", "set_state", "shuffle", "standard_cauchy", "standard_exponential", "standard_gamma",
    "standard_normal", "standard_t", "triangular", "uniform", "vonmises", "wald", "weibull", "zipf",
]  # fmt: skip
