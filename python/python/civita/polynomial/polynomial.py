"""Power series: `c[0] + c[1] x + c[2] x² …`"""

import civita as cv

from . import polyutils as pu
from ._basis import Basis, export
from ._polybase import _SUPERSCRIPTS, make


def _derive(c):
    return [k * c[k] for k in range(1, len(c))]


def _integrate(c):
    return [c[0] * 0] + [c[k] / (k + 1) for k in range(len(c))]


class _Powers(Basis):
    def mul(self, c1, c2):
        """The product of two series."""
        c1, c2 = pu.as_series([c1, c2])
        return pu.trimseq(cv.convolve(c1, c2))


_basis = _Powers("polynomial", "poly", [-1.0, 1.0], lambda n: (1, 0, 0), _derive, _integrate)
__all__ = export(_basis, globals())

polyzero = cv.array([0])
polyone = cv.array([1])
polyx = cv.array([0, 1])
polydomain = cv.array([-1.0, 1.0])
polytrim = pu.trimcoef


def polyvalfromroots(x, r, tensor=True):
    """The values at points of the polynomials with these roots."""
    r = cv.asarray(r)
    r = pu.floats(r.reshape(1) if r.ndim == 0 else r)
    x = cv.asarray(x)
    if tensor:
        r = r.reshape(r.shape + (1,) * x.ndim)
    elif x.ndim >= r.ndim:
        raise ValueError("x.ndim must be < r.ndim when tensor == False")
    return (x - r).prod(0)


Polynomial = make("Polynomial", _basis, [-1.0, 1.0], [-1.0, 1.0], None, "A power series, with a domain that is mapped to its window.")


def _unicode(cls, i, arg):
    return f"·{arg}" if i == "1" else f"·{arg}{i.translate(_SUPERSCRIPTS)}"


def _ascii(cls, i, arg):
    return f" {arg}" if i == "1" else f" {arg}**{i}"


def _latex(cls, i, name, needs):
    if needs:
        name = rf"\left({name}\right)"
    return "1" if i == 0 else name if i == 1 else f"{name}^{{{i}}}"


Polynomial._term_unicode, Polynomial._term_ascii, Polynomial._term_latex = classmethod(_unicode), classmethod(_ascii), classmethod(_latex)

__all__ += ["Polynomial", "polydomain", "polyone", "polytrim", "polyvalfromroots", "polyx", "polyzero"]
