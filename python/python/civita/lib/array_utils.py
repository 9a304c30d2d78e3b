"""Small questions about arrays."""

import operator

from .. import _civita as _cv

__all__ = ["byte_bounds", "normalize_axis_index", "normalize_axis_tuple"]


def byte_bounds(a):
    """The address of the first byte of an array and that behind its last."""
    described = a.__array_interface__
    low = high = described["data"][0]
    if a.size:
        for n, step in zip(a.shape, a.strides):
            if step < 0:
                low += (n - 1) * step
            else:
                high += (n - 1) * step
        high += a.itemsize
    return low, high


def normalize_axis_index(axis, ndim, msg_prefix=None):
    """An axis counted from the front."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        prefix = f"{msg_prefix}: " if msg_prefix else ""
        raise _cv.AxisError(f"{prefix}axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


def normalize_axis_tuple(axis, ndim, argname=None, allow_duplicate=False):
    """Axes counted from the front, each once."""
    try:
        axes = (operator.index(axis),)
    except TypeError:
        axes = tuple(axis)
    axes = tuple(normalize_axis_index(a, ndim, argname) for a in axes)
    if not allow_duplicate and len(set(axes)) != len(axes):
        raise ValueError(f"repeated axis in `{argname}` argument" if argname else "repeated axis")
    return axes
