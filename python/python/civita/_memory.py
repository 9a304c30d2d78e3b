"""What others are told about the memory of an array: `ctypes`, and NumPy's functions."""

import ctypes

from . import _civita as cv


class CTypes:
    """The memory of an array for `ctypes`. Keep it as long as the pointers are used: it holds the array."""

    def __init__(self, array):
        self._array = array
        self._data = array.__array_interface__["data"][0]

    @property
    def data(self):
        """The address of the first element."""
        return self._data

    @property
    def shape(self):
        """The lengths of the axes, as an array of `c_ssize_t`; None without axes."""
        return self.shape_as(ctypes.c_ssize_t)

    @property
    def strides(self):
        """Bytes between neighbours along each axis, as an array of `c_ssize_t`; None without axes."""
        return self.strides_as(ctypes.c_ssize_t)

    @property
    def _as_parameter_(self):
        return self.data_as(ctypes.c_void_p)

    def data_as(self, obj):
        """The address as a pointer of a ctypes type; it keeps the array alive."""
        pointer = ctypes.cast(self._data, obj)
        pointer._array = self._array
        return pointer

    def shape_as(self, obj):
        """The lengths of the axes as an array of a ctypes type."""
        n = self._array.ndim
        return (obj * n)(*self._array.shape) if n else None

    def strides_as(self, obj):
        """The strides as an array of a ctypes type."""
        n = self._array.ndim
        return (obj * n)(*self._array.strides) if n else None
