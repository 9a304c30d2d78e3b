"""Series over Chebyshev's polynomials of the first kind."""

import math

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import make


def _derive(c):
    c, n = list(c), len(c) - 1
    out = [None] * n
    for j in range(n, 2, -1):
        out[j - 1] = 2 * j * c[j]
        c[j - 2] = c[j - 2] + j * c[j] / (j - 2)
    if n > 1:
        out[1] = 4 * c[2]
    out[0] = c[1]
    return out


def _integrate(c):
    out = [c[0] * 0, c[0]] + [c[0] * 0 for _ in c[1:]]
    if len(c) > 1:
        out[2] = c[1] / 4
    for j in range(2, len(c)):
        out[j + 1] = out[j + 1] + c[j] / (2 * (j + 1))
        out[j - 1] = out[j - 1] - c[j] / (2 * (j - 1))
    return out


_basis = Basis("chebyshev", "cheb", [-1.0, 1.0], lambda n: (2 if n else 1, 0, 1 if n else 0), _derive, _integrate)
__all__ = export(_basis, globals())

chebzero = cv.array([0])
chebone = cv.array([1])
chebx = cv.array([0, 1])
chebdomain = cv.array([-1.0, 1.0])
chebtrim = pu.trimcoef
poly2cheb = _basis.from_powers
cheb2poly = _basis.to_powers


def chebweight(x):
    """The weight with respect to which the polynomials are orthogonal: `1 / √(1 - x²)`."""
    return 1.0 / (cv.sqrt(1.0 + x) * cv.sqrt(1.0 - x))


def chebgauss(deg):
    """Points and weights of Gauss's quadrature with `deg` points."""
    deg = pu._as_int(deg, "deg")
    if deg <= 0:
        raise ValueError("deg must be a positive integer")
    x = cv.cos(math.pi * cv.arange(1, 2 * deg, 2) / (2.0 * deg))
    return x, cv.ones(deg) * (math.pi / deg)


def chebpts1(npts):
    """The points where the polynomial of degree `npts` is zero."""
    n = int(npts)
    if n != npts:
        raise ValueError("npts must be integer")
    if n < 1:
        raise ValueError("npts must be >= 1")
    return cv.sin(0.5 * math.pi / n * cv.arange(-n + 1, n + 1, 2))


def chebpts2(npts):
    """The points where the polynomial of degree `npts - 1` has its extremes."""
    n = int(npts)
    if n != npts:
        raise ValueError("npts must be integer")
    if n < 2:
        raise ValueError("npts must be >= 2")
    return cv.cos(cv.linspace(-math.pi, 0, n))


def chebinterpolate(func, deg, args=()):
    """The series that has a function's values at Chebyshev's points."""
    deg = pu._as_int(deg, "deg")
    if deg < 0:
        raise ValueError("expected deg >= 0")
    order = deg + 1
    x = chebpts1(order)
    c = chebvander(x, deg).T @ func(x, *args)  # noqa: F821
    return cv.concatenate([c[:1] / order, c[1:] / (0.5 * order)])


Chebyshev = make("Chebyshev", _basis, [-1.0, 1.0], [-1.0, 1.0], "T", "A Chebyshev series, with a domain that is mapped to its window.")


def _interpolate(cls, func, deg, domain=None, args=()):
    """The series that has a function's values at Chebyshev's points of the domain."""
    domain = cls.domain if domain is None else domain
    coef = chebinterpolate(lambda x: func(pu.mapdomain(x, cls.window, domain), *args), deg)
    return cls(coef, domain=domain)


Chebyshev.interpolate = classmethod(_interpolate)

__all__ += [
    "Chebyshev", "cheb2poly", "chebdomain", "chebgauss", "chebinterpolate", "chebone", "chebpts1", "chebpts2", "chebtrim", "chebweight",
    "chebx", "chebzero", "poly2cheb",
]  # fmt: skip
