"""Series over Hermite's (the probabilists') polynomials."""

import math

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import make


def _derive(c):
    return [k * c[k] for k in range(1, len(c))]


def _integrate(c):
    return [c[0] * 0] + [c[k] / (k + 1) for k in range(len(c))]


_basis = Basis("hermite_e", "herme", [-1.0, 1.0], lambda n: (1, 0, n), _derive, _integrate)
__all__ = export(_basis, globals())

hermezero = cv.array([0])
hermeone = cv.array([1])
hermex = _basis.line(0, 1)
hermedomain = cv.array([-1.0, 1.0])
hermetrim = pu.trimcoef
poly2herme = _basis.from_powers
herme2poly = _basis.to_powers


def hermeweight(x):
    """The weight with respect to which the polynomials are orthogonal: `exp(-x² / 2)`."""
    return cv.exp(-0.5 * x**2)


def hermegauss(deg):
    """Points and weights of Gauss's quadrature with `deg` points."""
    return _basis.gauss(deg, math.sqrt(2 * math.pi))


HermiteE = make("HermiteE", _basis, [-1.0, 1.0], [-1.0, 1.0], "He", "A series over Hermite's (the probabilists') polynomials, with a domain that is mapped to its window.")

__all__ += ["HermiteE", "herme2poly", "hermedomain", "hermegauss", "hermeone", "hermetrim", "hermeweight", "hermex", "hermezero", "poly2herme"]
