"""Types for annotations, under NumPy's names."""

import typing as _typing

from ._civita import dtype, generic, ndarray

#: What `cv.asarray` takes.
ArrayLike = _typing.Any
#: What `cv.dtype` takes.
DTypeLike = _typing.Any
_Scalar = _typing.TypeVar("_Scalar", bound=generic)
#: An array of a scalar class: `NDArray[cv.float64]`.
NDArray = ndarray[_typing.Any, dtype[_Scalar]]

__all__ = ["ArrayLike", "DTypeLike", "NBitBase", "NDArray"]


class NBitBase:
    """NumPy's base of precisions, for annotations."""
