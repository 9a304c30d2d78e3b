"""Methods and protocols of `ndarray` that are written in Python: they are asked for rarely, or are other functions' work."""

import enum
import functools
import math
import operator
import types

from . import _civita as cv
from ._overrides import __array_function__

ndarray = cv.ndarray


def _package():
    import civita

    return civita


class _CopyMode(enum.Enum):
    """NumPy's other way to say `copy=`."""

    ALWAYS = True
    NEVER = False
    IF_NEEDED = 2

    def __bool__(self):
        if self is _CopyMode.IF_NEEDED:
            raise ValueError(f"{self} is neither True nor False.")
        return self is _CopyMode.ALWAYS


def _new_flat(self):
    """The elements in C order: an iterator that can be indexed and assigned to."""
    global _flatiter
    if _flatiter is None:
        from ._iterators import flatiter as _flatiter
    return _flatiter(self)


# what an import statement finds costs more than the iterator
_flatiter = None


def _set_flat(self, value):
    self.flat[...] = value


def _ctypes(self):
    """The memory for `ctypes`: `data`, `shape`, `strides`, `data_as(type)`."""
    from ._memory import CTypes

    return CTypes(self)


def compress(self, /, condition, axis=None, out=None):
    """The slices along an axis at which `condition` is true; see `cv.compress`."""
    return _package().compress(condition, self, axis=axis, out=out)


def choose(self, /, *choices, out=None, mode="raise"):
    # the choices are one sequence, or given one by one
    return cv.choose(self, choices[0] if len(choices) == 1 else choices, out=out, mode=mode)


choose.__doc__ = cv.choose.__doc__


def partition(self, /, kth, axis=-1, kind="introselect", order=None):
    """Partitions the elements along an axis in place; see `cv.partition`."""
    self[...] = cv.partition(self, kth, axis=axis, kind=kind)


def setflags(self, /, write=None, align=None, uic=None):
    """Sets whether the elements may be written; `align` and `uic` are NumPy's and change nothing."""
    if uic:
        raise ValueError("cannot set WRITEBACKIFCOPY flag to True")
    if write is not None:
        self.flags.writeable = cv.bool(write).item()


def resize(self, /, *new_shape, refcheck=True):
    """Another shape in place, of as many elements: memory that views share keeps its size. `cv.resize(a, shape)` returns another array."""
    if not new_shape or new_shape[0] is None:
        return
    try:
        shape = tuple(operator.index(n) for n in new_shape)
    except TypeError:
        shape = tuple(operator.index(n) for n in new_shape[0])
    if any(n < 0 for n in shape):
        raise ValueError("negative dimensions not allowed")
    if shape == self.shape:
        return
    if math.prod(shape) == self.size and self.flags.c_contiguous:
        self.shape = shape
        return
    raise ValueError(
        "cannot resize this array: its memory may be shared\n  hint: `a = cv.resize(a, shape)` makes another array"
    )


def tofile(self, /, fid, sep="", format="%s"):
    """Writes the elements to a file, as bytes or as text between separators."""
    from ._files import tofile

    return tofile(self, fid, sep, format)


def dumps(self, /):
    """The array as bytes of a pickle."""
    import pickle

    return pickle.dumps(self)


def dump(self, /, file):
    """Writes the array as a pickle to a file or a path."""
    import pickle

    if hasattr(file, "write"):
        pickle.dump(self, file)
        return
    import os

    with open(os.fspath(file), "wb") as f:
        pickle.dump(self, f)


def _field(self, dtype, offset):
    dtype = cv.dtype(dtype)
    if offset < 0 or offset + dtype.itemsize > self.itemsize:
        raise ValueError(f"Need 0 <= offset <= {self.itemsize - dtype.itemsize} for requested type")
    if self.ndim == 0:
        return _field(self.reshape(1), dtype, offset).reshape(())
    if offset % dtype.itemsize or self.itemsize % dtype.itemsize:
        raise ValueError(f"a field of {dtype.name} at offset {offset} of {self.dtype.name} is not aligned")
    # an axis of length 1 in front of it lets any array see its elements in parts
    parts = self[..., None].view(dtype)
    return parts[..., offset // dtype.itemsize]


def getfield(self, /, dtype, offset=0):
    """A view of part of each element's bytes as another dtype."""
    return _field(self, dtype, offset)


def setfield(self, /, val, dtype, offset=0):
    """Writes into part of each element's bytes."""
    _field(self, dtype, offset)[...] = val


def __array_wrap__(self, /, array, context=None, return_scalar=False):
    """A result as an array of this one's class; with `return_scalar` an `ndarray` without axes is its element."""
    if not isinstance(array, ndarray):
        raise TypeError("can only be called with ndarray object")
    if type(self) is ndarray and return_scalar and array.ndim == 0:
        return array[()]
    return array if type(array) is type(self) else cv._as_class(type(self), array, self, True)


def __array_finalize__(self, /, obj):
    """Called of a new array of a subclass: `obj` is what it was made from, or `None`. An `ndarray` has nothing to do."""


def __reduce_ex__(self, /, protocol):
    """A pickle; from protocol 5 on the elements go as a buffer, out of band where the pickler asks for it."""
    if type(self) is not ndarray:
        return self.__reduce__()
    flags = self.flags if not getattr(self, "requires_grad", False) else None
    if protocol < 5 or self.dtype.isbuiltin == 2 or not self.dtype.isnative or flags is None:
        return self.__reduce__()
    from pickle import PickleBuffer

    if flags.forc:
        order = "C" if flags.c_contiguous else "F"
        flat = (self if order == "C" else self.T).reshape(-1)
        return _from_pickled, (PickleBuffer(flat), self.dtype.name, self.shape, order)
    # other orders of axes have no gaps either
    axes = tuple(sorted(range(self.ndim), key=lambda axis: -self.strides[axis]))
    dense = self.transpose(axes)
    if not dense.flags.c_contiguous:
        return self.__reduce__()
    return _from_pickled, (PickleBuffer(dense.reshape(-1)), self.dtype.name, dense.shape, axes)


def _from_pickled(buffer, dtype, shape, order):
    """The array that was pickled with its elements in a buffer."""
    if isinstance(order, tuple):
        dense = cv.frombuffer(buffer, dtype).reshape(shape)
        return dense.transpose(tuple(order.index(axis) for axis in range(len(order))))
    return cv.frombuffer(buffer, dtype).reshape(shape, order=order)


def __setstate__(self, /, state):
    if type(self) is not ndarray:
        from ._subclasses import setstate

        return setstate(self, state)
    raise TypeError("an array is rebuilt by the function that its pickle names; there is no state to set")


def __reversed__(self):
    if self.ndim == 0:
        raise TypeError("len() of unsized object")
    return iter(self[::-1])


_METHODS = (choose, compress, partition, setflags, resize, tofile, dumps, dump, getfield, setfield, __array_wrap__,
            __array_finalize__, __array_function__, __reduce_ex__, __setstate__, __reversed__)  # fmt: skip


def as_integer_ratio(self, /):
    """The numerator and the denominator of the fraction that the number is."""
    return float(self).as_integer_ratio()


def bit_count(self, /):
    """Number of ones in the absolute value, in base 2."""
    return int(self).bit_count()


def to_device(self, device, /, *, stream=None):
    """The scalar: there is one device."""
    if stream is not None:
        raise ValueError("The stream argument in to_device() is not supported")
    if device != "cpu":
        raise ValueError(f"Device not understood. Only \"cpu\" is allowed, but received: {device}")
    return self


# methods that return an array without axes for one, and a scalar for a scalar
_GIVE_SCALARS = frozenset("astype byteswap conj copy getfield reshape squeeze transpose view".split())


def _as_scalar(method, /, *args, **kwargs):
    result = method(*args, **kwargs)
    return result[()] if result.ndim == 0 else result


class _ScalarMethod:
    """A method of arrays as one of scalars: the array without axes has it."""

    def __init__(self, name):
        self.__name__ = name
        self.__qualname__ = f"generic.{name}"
        self.__doc__ = getattr(ndarray, name).__doc__

    def __get__(self, scalar, owner=None):
        if scalar is None:
            return self
        method = getattr(cv.asarray(scalar), self.__name__)
        return functools.partial(_as_scalar, method) if self.__name__ in _GIVE_SCALARS else method

    def __call__(self, scalar, /, *args, **kwargs):
        return self.__get__(scalar)(*args, **kwargs)

    @property
    def __signature__(self):
        import inspect

        return inspect.signature(getattr(ndarray, self.__name__))


class _NumPyDType:
    """What `numpy.dtype` reads of a class of scalars: the dtype of NumPy's that it is."""

    def __get__(self, scalar, owner=None):
        try:
            import numpy

            return numpy.dtype(owner.__name__)
        except (ImportError, TypeError):
            raise AttributeError("__numpy_dtype__") from None


class _ScalarSignature:
    """What `inspect.signature` says of the classes of dtypes."""

    def __get__(self, scalar, owner=None):
        if not hasattr(owner, "dtype") or owner.__module__ != "civita" or owner in _ABSTRACT:
            raise AttributeError("__signature__")
        import inspect

        return inspect.Signature([inspect.Parameter("value", inspect.Parameter.POSITIONAL_ONLY, default=0)])


_ABSTRACT = (cv.generic, cv.number, cv.integer, cv.signedinteger, cv.unsignedinteger, cv.inexact, cv.floating, cv.complexfloating)


def _wrap_scalar(self, /, array, context=None, return_scalar=True):
    """The array, or its element where it has no axes."""
    return array[()] if array.ndim == 0 and (return_scalar is None or return_scalar) else array


def _scalar_ufunc(self, /, ufunc, method, *inputs, **kwargs):
    """NumPy's ufuncs on scalars are ours, as on arrays; beside an array of NumPy's the result is NumPy's."""
    own = [cv.asarray(x) if isinstance(x, cv.generic) else x for x in inputs]
    if all(isinstance(x, (ndarray, int, float, complex)) for x in own) and not kwargs:
        return own[[isinstance(x, cv.generic) for x in inputs].index(True)].__array_ufunc__(ufunc, method, *own)
    plain = [x.numpy() if isinstance(y, cv.generic) else x for x, y in zip(own, inputs, strict=True)]
    return getattr(ufunc, method)(*plain, **kwargs)


_SCALAR_METHODS = (
    "__array_namespace__ all any argmax argmin argsort astype byteswap choose clip compress conj copy cumprod cumsum "
    "diagonal dump dumps fill flatten getfield max mean min nonzero prod put ravel repeat reshape resize round searchsorted "
    "setfield setflags sort squeeze std sum swapaxes take tobytes tofile trace transpose var view"
).split()


def _subscripted(most):
    def __class_getitem__(cls, item, /):
        count = len(item) if isinstance(item, tuple) else 1
        if cls in _ABSTRACT[1:] or cls is cv.bool:
            if not 1 <= count <= most:
                raise TypeError(f"Too {'many' if count else 'few'} arguments for {cls}")
            return types.GenericAlias(cls, item)
        raise TypeError(f"There are no type variables left in {cls}")

    return classmethod(__class_getitem__)


def _attach():
    # `scalar[()]` is the scalar, which is no reason to iterate over it
    cv.generic.__iter__ = None
    cv.floating.as_integer_ratio = as_integer_ratio
    cv.integer.bit_count = bit_count
    cv.generic.to_device = to_device
    cv.generic.device = property(lambda self: "cpu", doc="Where the value lives.")
    cv.number.__class_getitem__ = cv.bool.__class_getitem__ = _subscripted(1)
    cv.complexfloating.__class_getitem__ = _subscripted(2)
    for method in _METHODS:
        method.__qualname__ = f"ndarray.{method.__name__}"
        method.__module__ = "civita"
        setattr(ndarray, method.__name__, method)
    cv.generic.__array_wrap__ = _wrap_scalar
    cv.generic.__array_ufunc__ = _scalar_ufunc
    cv.generic.__signature__ = _ScalarSignature()
    cv.generic.__numpy_dtype__ = _NumPyDType()
    for name in _SCALAR_METHODS:
        setattr(cv.generic, name, _ScalarMethod(name))
    ndarray.flat = property(_new_flat, _set_flat, doc=_new_flat.__doc__)
    ndarray.ctypes = property(_ctypes, doc=_ctypes.__doc__)
    ndarray.__class_getitem__ = classmethod(types.GenericAlias)


_attach()
