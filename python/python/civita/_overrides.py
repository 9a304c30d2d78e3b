"""`__array_function__` (NEP 18) and `__array_ufunc__` (NEP 13), both ways: other classes take over functions of this package,
and arrays of this package take over NumPy's.

The extension module asks here only where an argument's class has such a method that is neither `ndarray`'s nor NumPy's.
"""

import functools
import importlib

from . import _civita as cv
from . import _subclasses


def _flat(values, depth):
    for value in values:
        if depth and type(value) in (list, tuple):
            yield from _flat(value, depth - 1)
        else:
            yield value


def _overriding(values, method):
    """The first instance of each class that has the method: from left to right, subclasses before their bases."""
    found = []
    for value in values:
        cls = type(value)
        if getattr(cls, method, None) is None or any(type(other) is cls for other in found):
            continue
        before = (i for i, other in enumerate(found) if issubclass(cls, type(other)))
        found.insert(next(before, len(found)), value)
    return found


def _is_array(cls):
    """Returns true for the classes of plain arrays, ours and NumPy's: they have the protocols, and override nothing."""
    return cls is cv.ndarray or (cls.__name__ == "ndarray" and cls.__module__ == "numpy")


def _keeps(cls, method):
    """Returns true for plain arrays, and for subclasses of `ndarray` that have left it the method."""
    return _is_array(cls) or (issubclass(cls, cv.ndarray) and getattr(cls, method) is getattr(cv.ndarray, method))


def function(public, args, kwargs, depth):
    """What the first of the arguments' classes answers that knows the function."""
    kwargs = kwargs or {}
    found = _overriding(_flat((*args, *kwargs.values()), depth), "__array_function__")
    types = tuple(map(type, found))
    if all(_keeps(cls, "__array_function__") for cls in types):
        return _subclasses.function(public, args, kwargs, depth)
    for value in found:
        if not _is_array(type(value)):
            result = value.__array_function__(public, types, args, kwargs)
            if result is not NotImplemented:
                return result
    raise TypeError(
        f"no implementation found for 'civita.{public.__name__}' on types that implement __array_function__: {list(types)}"
    )


def made_like(name, like, args, kwargs):
    """The array that the class of `like` makes; None where that class is this package's or NumPy's."""
    if like is None or _is_array(type(like)) or (isinstance(like, cv.ndarray) and _keeps(type(like), "__array_function__")):
        return None
    if not hasattr(type(like), "__array_function__"):
        raise TypeError("The `like` argument must be an array-like that implements the `__array_function__` protocol.")
    public = getattr(importlib.import_module("civita"), name)
    result = like.__array_function__(public, (type(like),), args, kwargs)
    if result is NotImplemented:
        raise TypeError(f"no implementation found for 'civita.{name}' on types that implement __array_function__: {[type(like)]}")
    return result


def takes_like(function):
    """Gives a function that makes arrays the parameter `like`: an array of the package that shall make them."""

    @functools.wraps(function)
    def call(*args, like=None, **kwargs):
        made = made_like(function.__name__, like, args, kwargs)
        return function(*args, **kwargs) if made is None else made

    return call


def overridable(function_):
    """Gives a function that is written in Python the protocol: classes of the arguments that are no arrays of ours may take over."""

    @functools.wraps(function_)
    def call(*args, **kwargs):
        for value in _flat((*args, *kwargs.values()), 1):
            cls = type(value)
            if hasattr(cls, "__array_function__") and not issubclass(cls, cv.ndarray) and not _is_array(cls):
                public = getattr(importlib.import_module("civita"), function_.__name__)
                return function(public, args, kwargs, 1)
        return function_(*args, **kwargs)

    call._implementation = function_
    return call


def ufunc(public, method, args, kwargs):
    """What the first of the operands' classes answers that knows the ufunc."""
    kwargs = dict(kwargs or {})
    if method == "__call__" and len(args) > public.nin:
        args, out = args[: public.nin], args[public.nin :]
        if any(each is not None for each in out):
            # outputs that were left out are none
            kwargs["out"] = out + (None,) * (public.nout - len(out))
    out = kwargs.get("out")
    if out is None:
        kwargs.pop("out", None)
    elif isinstance(out, tuple):
        if all(each is None for each in out):
            del kwargs["out"]
        elif len(out) != (public.nout if method == "__call__" else 1):
            raise ValueError(f"The 'out' tuple must have exactly {public.nout} entries: one per output")
    elif method == "__call__" and public.nout > 1 and out is not ...:
        raise TypeError("'out' must be a tuple of arrays")
    elif out is not ...:
        kwargs["out"] = (out,)
    outputs = kwargs.get("out", ())
    operands = args if outputs is ... else (*args, *outputs)
    if "where" in kwargs:
        operands = (*operands, kwargs["where"])
    for value in operands:
        if getattr(type(value), "__array_ufunc__", True) is None:
            raise TypeError(f"operand '{type(value).__name__}' does not support ufuncs (__array_ufunc__=None)")
    found = _overriding(operands, "__array_ufunc__")
    if all(_keeps(type(value), "__array_ufunc__") for value in found):
        return _subclasses.ufunc(public, method, args, kwargs)
    for value in found:
        if not _keeps(type(value), "__array_ufunc__"):
            result = value.__array_ufunc__(public, method, *args, **kwargs)
            if result is not NotImplemented:
                return result
    names = ", ".join(repr(type(value).__name__) for value in operands)
    raise TypeError(f"operand type(s) all returned NotImplemented from __array_ufunc__({public!r}, {method!r}, ...): {names}")


def _ours(func):
    """The function of this package under the name of one of NumPy's, or None."""
    module, name = getattr(func, "__module__", None), getattr(func, "__name__", None)
    if not module or not name:
        return None
    root, *path = module.split(".")
    if root != "numpy" or any(part.startswith("_") for part in path):
        return None
    try:
        home = importlib.import_module(".".join(["civita", *path]))
    except ModuleNotFoundError:
        return None
    return getattr(home, name, None)


def _numpys(value):
    """A value for NumPy: arrays in it as NumPy's, over the same memory."""
    if type(value) is cv.ndarray:
        return value.__array__()
    if type(value) in (list, tuple):
        return type(value)(map(_numpys, value))
    if type(value) is dict:
        return {key: _numpys(each) for key, each in value.items()}
    return value


def _wrapped(value, given):
    """A result of NumPy's: arrays in it as ours, where they have a dtype of ours."""
    if value is None or isinstance(value, (int, float, complex, str)):
        return value
    cls = type(value)
    if cls.__name__ == "ndarray" and cls.__module__ == "numpy":
        known = given.get(value.__array_interface__["data"][0])
        if known is not None and known.shape == value.shape and known.strides == value.strides and known.dtype == value.dtype:
            return known
        try:
            return cv.asarray(value)
        except (TypeError, ValueError):
            return value
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return cls._make(_wrapped(each, given) for each in value)
    return cls(_wrapped(each, given) for each in value) if cls in (list, tuple) else value


# they write their first argument, which may be an array of NumPy's
_WRITING = frozenset(("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"))


def __array_function__(self, /, func, types, args, kwargs):
    """NumPy's functions of arrays of this package are this package's, by name; what it lacks runs in NumPy, on the same memory.

    >>> import civita as cv, numpy as np
    >>> np.concatenate([cv.array([1.0]), cv.array([2.0])])
    array([1., 2.])
    """
    if not all(_is_array(cls) or issubclass(cls, cv.ndarray) for cls in types):
        return NotImplemented
    if func.__module__.partition(".")[0] == "civita":
        if not all(map(_is_array, types)):
            return _subclasses.function(func, args, kwargs, 64 if func.__name__ == "block" else 1)
        return getattr(func, "_implementation", func)(*args, **kwargs)
    ours = _ours(func)
    out = kwargs.get("out")
    into_numpy = any(each is not None and type(each) is not cv.ndarray for each in (out if isinstance(out, tuple) else (out,)))
    if func.__name__ in _WRITING:
        into_numpy = into_numpy or not args or type(args[0]) is not cv.ndarray
    if ours is not None and not into_numpy:
        try:
            return ours(*args, **kwargs)
        except TypeError as error:
            # a parameter that only NumPy's function has
            if "unexpected keyword argument" not in str(error):
                raise
    result = func(*_numpys(tuple(args)), **_numpys(dict(kwargs)))
    if into_numpy:
        return result
    ours_given = [value for value in _flat((*args, *kwargs.values()), 1) if type(value) is cv.ndarray]
    return _wrapped(result, {value.__array_interface__["data"][0]: value for value in ours_given})
