"""Series over Hermite's (the physicists') polynomials."""

import math

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import make


def _derive(c):
    return [2 * k * c[k] for k in range(1, len(c))]


def _integrate(c):
    return [c[0] * 0] + [c[k] / (2 * (k + 1)) for k in range(len(c))]


_basis = Basis("hermite", "herm", [-1.0, 1.0], lambda n: (2, 0, 2 * n), _derive, _integrate)
__all__ = export(_basis, globals())

hermzero = cv.array([0])
hermone = cv.array([1])
hermx = _basis.line(0, 1)
hermdomain = cv.array([-1.0, 1.0])
hermtrim = pu.trimcoef
poly2herm = _basis.from_powers
herm2poly = _basis.to_powers


def hermweight(x):
    """The weight with respect to which the polynomials are orthogonal: `exp(-x²)`."""
    return cv.exp(-(x**2))


def hermgauss(deg):
    """Points and weights of Gauss's quadrature with `deg` points."""
    return _basis.gauss(deg, math.sqrt(math.pi))


Hermite = make("Hermite", _basis, [-1.0, 1.0], [-1.0, 1.0], "H", "A series over Hermite's (the physicists') polynomials, with a domain that is mapped to its window.")

__all__ += ["Hermite", "herm2poly", "hermdomain", "hermgauss", "hermone", "hermtrim", "hermweight", "hermx", "hermzero", "poly2herm"]
