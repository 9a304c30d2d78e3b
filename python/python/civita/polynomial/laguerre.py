"""Series over Laguerre's polynomials."""

from fractions import Fraction

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import make


def _derive(c):
    c, n = list(c), len(c) - 1
    out = [None] * n
    for j in range(n, 1, -1):
        out[j - 1] = -c[j]
        c[j - 1] = c[j - 1] + c[j]
    out[0] = -c[1]
    return out


def _integrate(c):
    out = [c[0], -c[0]] + [c[0] * 0 for _ in c[1:]]
    for j in range(1, len(c)):
        out[j] = out[j] + c[j]
        out[j + 1] = out[j + 1] - c[j]
    return out


_basis = Basis("laguerre", "lag", [0.0, 1.0], lambda n: (Fraction(-1, n + 1), Fraction(2 * n + 1, n + 1), Fraction(n, n + 1)), _derive, _integrate)
__all__ = export(_basis, globals())

lagzero = cv.array([0])
lagone = cv.array([1])
lagx = _basis.line(0, 1)
lagdomain = cv.array([0.0, 1.0])
lagtrim = pu.trimcoef
poly2lag = _basis.from_powers
lag2poly = _basis.to_powers


def lagweight(x):
    """The weight with respect to which the polynomials are orthogonal: `exp(-x)`."""
    return cv.exp(-x)


def laggauss(deg):
    """Points and weights of Gauss's quadrature with `deg` points."""
    return _basis.gauss(deg, 1.0)


Laguerre = make("Laguerre", _basis, [0.0, 1.0], [0.0, 1.0], "L", "A series over Laguerre's polynomials, with a domain that is mapped to its window.")

__all__ += ["Laguerre", "lag2poly", "lagdomain", "laggauss", "lagone", "lagtrim", "lagweight", "lagx", "lagzero", "poly2lag"]
