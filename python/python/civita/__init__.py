"""Civita: NumPy's arrays and PyTorch's gradients on one fast engine.

>>> import civita as cv
>>> a = cv.array([[1.0, 2.0], [3.0, 4.0]])
>>> a.T @ a
array([[10., 14.],
       [14., 20.]])
>>> x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
array([2., 4., 6.])
"""

from ._civita import *  # noqa: F403
from ._civita import __version__  # noqa: F401
from . import _civita, autograd, fft, random
from .autograd import jvp, vmap
from ._polynomials import poly, poly1d, polyadd, polyder, polydiv, polyfit, polyint, polymul, polysub, polyval, roots

# not in `*`: they hide Python's own
from ._civita import abs, all, any, bool, max, min, pow, sum  # noqa: F401, A004

__array_api_version__ = "2025.12"
__all__ = [name for name in dir(_civita) if not name.startswith("_")] + [
    "autograd", "fft", "jvp", "poly", "poly1d", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polynomial", "polysub",
    "polyval", "random", "roots", "trace", "vmap",
]  # fmt: skip


def __getattr__(name):
    # imported when it is first asked for
    if name == "polynomial":
        import importlib

        return importlib.import_module("civita.polynomial")
    raise AttributeError(f"module 'civita' has no attribute '{name}'")
