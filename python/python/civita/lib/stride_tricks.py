"""Views with strides of the caller's."""

from .. import _civita as _cv
from .._civita import broadcast_arrays, broadcast_shapes, broadcast_to  # noqa: F401

__all__ = ["as_strided", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "sliding_window_view"]


def as_strided(x, shape=None, strides=None, subok=False, writeable=True):
    """A view of an array with another shape and strides in bytes, counted from its first element. What lies outside of the
    array's elements is an error."""
    x = _cv.asanyarray(x) if subok else _cv.asarray(x)
    shape = x.shape if shape is None else tuple(shape) if hasattr(shape, "__iter__") else (shape,)
    strides = x.strides if strides is None else tuple(strides) if hasattr(strides, "__iter__") else (strides,)
    view = _cv._as_strided(x, shape, strides)
    if not writeable:
        view.flags.writeable = False
    return view


def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """Windows of an array as new last axes; a read-only view."""
    x = _cv.asanyarray(x) if subok else _cv.asarray(x)
    window = tuple(window_shape) if hasattr(window_shape, "__iter__") else (window_shape,)
    if any(n < 0 for n in window):
        raise ValueError("`window_shape` cannot contain negative values")
    if axis is None:
        axes = tuple(range(x.ndim))
        if len(window) != len(axes):
            raise ValueError("Since axis is None, must provide window_shape for all dimensions of `x`; got "
                             f"{len(window)} window_shape elements and `x.ndim` is {x.ndim}.")  # fmt: skip
    else:
        axes = []
        for a in axis if hasattr(axis, "__iter__") else (axis,):
            if not -x.ndim <= a < x.ndim:
                raise _cv.AxisError(f"axis {a} is out of bounds for array of dimension {x.ndim}")
            axes.append(a % x.ndim)
        if len(window) != len(axes):
            raise ValueError("Must provide matching length window_shape and axis; got "
                             f"{len(window)} window_shape elements and {len(axes)} axes elements.")  # fmt: skip
    shape = list(x.shape)
    for a, n in zip(axes, window):
        if shape[a] < n:
            raise ValueError("window shape cannot be larger than input array shape")
        shape[a] -= n - 1
    if _cv._is_opaque(x):
        # under `vmap` and `trace` an array has no strides
        for a, n in zip(axes, window):
            x = _cv.unfold(x, a, n, 1)
        return x
    view = _cv._as_strided(x, (*shape, *window), (*x.strides, *(x.strides[a] for a in axes)))
    if not writeable:
        view.flags.writeable = False
    return view
