"""Polynomials as series: powers, Chebyshev, Legendre, Hermite and Laguerre.

>>> import civita as cv
>>> p = cv.polynomial.Polynomial([1, 2, 3])
>>> p(2.0)
np.float64(17.0)
>>> p.deriv().coef
array([2., 6.])

NumPy's modules and classes, by NumPy's names. Coefficients are arrays, so values and fits have gradients.
"""

from . import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial, polyutils
from ._polybase import ABCPolyBase
from .chebyshev import Chebyshev
from .hermite import Hermite
from .hermite_e import HermiteE
from .laguerre import Laguerre
from .legendre import Legendre
from .polynomial import Polynomial


def set_default_printstyle(style):
    """Sets the style in which series are printed: "unicode" or "ascii"."""
    if style not in ("unicode", "ascii"):
        raise ValueError(f"Unsupported format string '{style}'. Valid options are 'ascii' and 'unicode'")
    ABCPolyBase._use_unicode = style == "unicode"


__all__ = [
    "ABCPolyBase", "Chebyshev", "Hermite", "HermiteE", "Laguerre", "Legendre", "Polynomial", "chebyshev", "hermite", "hermite_e",
    "laguerre", "legendre", "polynomial", "polyutils", "set_default_printstyle",
]  # fmt: skip
