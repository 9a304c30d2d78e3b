"""Arithmetic on buffers of `float32` that belong to somebody else, into a third one; and the same on lists.

>>> from array import array
>>> from civita import buffers
>>> a, b, out = array("f", [1, 2, 3]), array("f", [10, 20, 30]), array("f", [0, 0, 0])
>>> buffers.add_into(a, b, out)
>>> out.tolist()
[11.0, 22.0, 33.0]
>>> buffers.add_lists([1.0, 2.0], [3.0, 4.0])
[4.0, 6.0]

`examples/buffers.py` shows what the four ways to add five million numbers cost.
"""

import sys

from . import _civita as cv

__all__ = [f"{name}_{form}" for name in ("add", "sub", "mul", "div") for form in ("into", "lists")]


def _view(name, value, writable=False):
    """A buffer as an array over its memory."""
    try:
        view = memoryview(value)
    except TypeError:
        raise TypeError(f"{name} must support the buffer protocol, not {type(value).__name__}") from None
    if view.ndim != 1:
        raise ValueError(f"{name} must have 1 dimension, not {view.ndim}")
    if view.format not in ("f", "<f" if sys.byteorder == "little" else ">f", "=f", "@f"):
        raise TypeError(f"{name} must hold float32 (format 'f'), not format {view.format!r}")
    if not view.c_contiguous:
        raise ValueError(f"{name} must be contiguous")
    if writable and view.readonly:
        raise ValueError(f"{name} is read-only")
    # no bytes are no buffer to share
    return cv.frombuffer(view, "float32") if len(view) else cv.empty(0, dtype="float32")


def _into(function, a, b, out):
    x, y, z = _view("a", a), _view("b", b), _view("out", out, writable=True)
    if not len(x) == len(y) == len(z):
        raise ValueError(f"a, b and out must have the same length, not {len(x)}, {len(y)} and {len(z)}")
    start = z.ctypes.data
    for name, operand in (("a", x), ("b", y)):
        if len(z) and abs(operand.ctypes.data - start) < z.nbytes:
            raise ValueError(f"out overlaps {name}")
    # into an array of Civita as an operation writes it, so that a graph that needs what was there knows
    function(x, y, out=out if isinstance(out, cv.ndarray) else z)


def add_into(a, b, out, /):
    """Writes `a + b` into `out`: one-dimensional contiguous buffers of `float32` of one length, of which `out` is writable and
    overlaps neither other."""
    _into(cv.add, a, b, out)


def sub_into(a, b, out, /):
    """Writes `a - b` into `out`; see `add_into`."""
    _into(cv.subtract, a, b, out)


def mul_into(a, b, out, /):
    """Writes `a * b` into `out`; see `add_into`."""
    _into(cv.multiply, a, b, out)


def div_into(a, b, out, /):
    """Writes `a / b` into `out`; see `add_into`. A division by zero gives infinity or NaN."""
    _into(cv.divide, a, b, out)


def _lists(function, a, b):
    for name, value in (("a", a), ("b", b)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{name} must be a list or a tuple, not {type(value).__name__}")
    if len(a) != len(b):
        raise ValueError(f"a and b must have the same length, not {len(a)} and {len(b)}")
    x, y = cv.asarray(a, dtype="float64"), cv.asarray(b, dtype="float64")
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError("a and b must hold numbers")
    return function(x, y).tolist()


def add_lists(a, b, /):
    """The list of `a[i] + b[i]`, as floats. Each number is an object of Python's: for more than a few thousand, `add_into`."""
    return _lists(cv.add, a, b)


def sub_lists(a, b, /):
    """The list of `a[i] - b[i]`; see `add_lists`."""
    return _lists(cv.subtract, a, b)


def mul_lists(a, b, /):
    """The list of `a[i] * b[i]`; see `add_lists`."""
    return _lists(cv.multiply, a, b)


def div_lists(a, b, /):
    """The list of `a[i] / b[i]`; see `add_lists`."""
    return _lists(cv.divide, a, b)
