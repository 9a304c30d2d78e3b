"""Functions whose domain is the real line, continued: where a value lies outside, the result is complex."""

from . import _civita as cv

__all__ = ["arccos", "arcsin", "arctanh", "log", "log10", "log2", "logn", "power", "sqrt"]


def _complex(x):
    return x.astype("complex64" if x.dtype.itemsize <= 4 and x.dtype.kind == "f" else "complex128")


def _continued(x, outside):
    x = cv.asarray(x)
    if x.dtype.kind in "biuf" and bool(outside(x).any()):
        return _complex(x)
    return x


def _negative(x):
    return x < 0


def _beyond_one(x):
    return abs(x) > 1


def _result(x):
    return x[()] if isinstance(x, cv.ndarray) and x.ndim == 0 else x


def sqrt(x):
    """The square root; of negative numbers complex."""
    return _result(cv.sqrt(_continued(x, _negative)))


def log(x):
    """The natural logarithm; of negative numbers complex."""
    return _result(cv.log(_continued(x, _negative)))


def log10(x):
    """The logarithm to base 10; of negative numbers complex."""
    return _result(cv.log10(_continued(x, _negative)))


def log2(x):
    """The logarithm to base 2; of negative numbers complex."""
    return _result(cv.log2(_continued(x, _negative)))


def logn(n, x):
    """The logarithm to base `n`; of negative numbers complex."""
    return _result(cv.log(_continued(x, _negative)) / cv.log(_continued(n, _negative)))


def power(x, p):
    """`x` to the power `p`; of negative numbers complex."""
    x, p = _continued(x, _negative), cv.asarray(p)
    if p.dtype.kind in "iu" and bool((p < 0).any()):
        p = p * 1.0
    return _result(cv.power(x, p))


def arccos(x):
    """The inverse cosine; beyond 1 complex."""
    return _result(cv.arccos(_continued(x, _beyond_one)))


def arcsin(x):
    """The inverse sine; beyond 1 complex."""
    return _result(cv.arcsin(_continued(x, _beyond_one)))


def arctanh(x):
    """The inverse hyperbolic tangent; beyond 1 complex."""
    return _result(cv.arctanh(_continued(x, _beyond_one)))
