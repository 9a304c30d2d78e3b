"""Views with strides under the path where NumPy implements them."""

from .stride_tricks import as_strided, broadcast_arrays, broadcast_shapes, broadcast_to, sliding_window_view  # noqa: F401


def _broadcast_shape(*args):
    """The shape to which arrays broadcast."""
    from .. import _civita as cv

    return broadcast_shapes(*(cv.asarray(a).shape for a in args))
