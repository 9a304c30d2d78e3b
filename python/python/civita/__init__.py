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
from . import _array, _civita
from ._array import _CopyMode  # noqa: F401
from .version import version as __version__  # noqa: F401
from ._lazy import LEFT_OUT as _LEFT_OUT, MODULES as _MODULES, NAMES as _NAMES

# not in `*`: they hide Python's own
from ._civita import abs, all, any, bool, max, min, pow, sum  # noqa: F401, A004

__array_api_version__ = "2025.12"
little_endian = __import__("sys").byteorder == "little"


def __getattr__(name):
    # what not every program asks for is imported when it does
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"civita.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"civita.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    why = f"\n  hint: {_LEFT_OUT[name]}" if name in _LEFT_OUT else ""
    raise AttributeError(f"module 'civita' has no attribute {name!r}{why}")


def __dir__():
    return sorted({*globals(), *_NAMES, *_MODULES})


__all__ = [name for name in dir(_civita) if not name.startswith("_")]
__all__ += [name for name in _NAMES if name not in __all__]
__all__ += ["little_endian", "trace", *_MODULES]
