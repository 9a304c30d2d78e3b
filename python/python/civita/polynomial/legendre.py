"""Series over Legendre's polynomials."""

from fractions import Fraction

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import make


def _derive(c):
    c, n = list(c), len(c) - 1
    out = [None] * n
    for j in range(n, 0, -1):
        out[j - 1] = (2 * j - 1) * c[j]
        if j > 2:
            c[j - 2] = c[j - 2] + c[j]
    return out


def _integrate(c):
    out = [c[0] * 0, c[0]] + [c[0] * 0 for _ in c[1:]]
    if len(c) > 1:
        out[2] = c[1] / 3
    for j in range(2, len(c)):
        t = c[j] / (2 * j + 1)
        out[j + 1] = out[j + 1] + t
        out[j - 1] = out[j - 1] - t
    return out


_basis = Basis("legendre", "leg", [-1.0, 1.0], lambda n: (Fraction(2 * n + 1, n + 1), 0, Fraction(n, n + 1)), _derive, _integrate)
__all__ = export(_basis, globals())

legzero = cv.array([0])
legone = cv.array([1])
legx = _basis.line(0, 1)
legdomain = cv.array([-1.0, 1.0])
legtrim = pu.trimcoef
poly2leg = _basis.from_powers
leg2poly = _basis.to_powers


def legweight(x):
    """The weight with respect to which the polynomials are orthogonal: `1`."""
    return x * 0.0 + 1.0


def leggauss(deg):
    """Points and weights of Gauss's quadrature with `deg` points."""
    return _basis.gauss(deg, 2.0)


Legendre = make("Legendre", _basis, [-1.0, 1.0], [-1.0, 1.0], "P", "A series over Legendre's polynomials, with a domain that is mapped to its window.")

__all__ += ["Legendre", "leg2poly", "legdomain", "leggauss", "legone", "legtrim", "legweight", "legx", "legzero", "poly2leg"]
