"""NumPy's functions whose arguments are Python functions, or whose result is an object of Python's own: `piecewise`,
`fromfunction`, `mask_indices`, `broadcast`."""

from . import _civita as cv

__all__ = ["broadcast", "fromfunction", "mask_indices", "piecewise"]


def piecewise(x, condlist, funclist, *args, **kw):
    """The elements through a function each of its own: `funclist[k]` where `condlist[k]` is true, of several the last; zero
    where none is. A function may be a number. One function more than conditions is for the elements where none is true.

    >>> print(cv.piecewise(cv.array([-2.0, 1.0]), [cv.array([True, False])], [abs, 7]))
    [2. 7.]
    """
    x = cv.asarray(x)
    count = len(funclist)
    is_single = not isinstance(condlist, (list, tuple)) and getattr(condlist, "ndim", 0) == 0
    if is_single or (x.ndim > 0 and not isinstance(condlist[0], (list, tuple)) and getattr(condlist[0], "ndim", 0) == 0):
        condlist = [condlist]
    conditions = cv.asarray(condlist).astype(bool)
    if len(conditions) == count - 1:
        otherwise = cv.logical_not(cv.any(conditions, axis=0, keepdims=True))
        conditions = cv.concatenate([conditions, otherwise], axis=0)
    elif len(conditions) != count:
        raise ValueError(f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} functions are expected")
    y = cv.zeros_like(x)
    for condition, function in zip(conditions, funclist):
        if not callable(function):
            y[condition] = function
            continue
        part = x[condition]
        if part.size > 0:
            y[condition] = function(part, *args, **kw)
    return y


def fromfunction(function, shape, *, dtype=float, like=None, **kwargs):
    """What a function makes of the indices along each axis of an array of this shape.

    >>> print(cv.fromfunction(lambda i, j: i + j, (2, 3), dtype=int))
    [[0 1 2]
     [1 2 3]]
    """
    return function(*cv.indices(shape, dtype=dtype), **kwargs)


def mask_indices(n, mask_func, k=0):
    """The indices of the elements of an `n` × `n` matrix that a function such as `triu` leaves.

    >>> print(cv.mask_indices(3, cv.triu, 1)[1])
    [1 2 2]
    """
    return cv.nonzero(mask_func(cv.ones((n, n), int), k) != 0)


class broadcast:
    """Arrays that broadcast together: an iterator over tuples of their elements.

    >>> b = cv.broadcast([[1], [2]], [3, 4])
    >>> b.shape
    (2, 2)
    >>> [tuple(map(int, pair)) for pair in b]
    [(1, 3), (1, 4), (2, 3), (2, 4)]
    """

    def __init__(self, *arrays):
        parts = []
        for array in arrays:
            parts += array._arrays if isinstance(array, broadcast) else [cv.asarray(array)]
        if len(parts) > 64:
            raise ValueError(f"Need at least 0 and at most 64 array objects, not {len(parts)}.")
        self._arrays = parts
        self._wide = list(cv.broadcast_arrays(*parts)) if parts else []
        self._shape = cv.broadcast_shapes(*(part.shape for part in parts))
        self._index = 0

    @property
    def shape(self):
        """Lengths of the axes of the result."""
        return tuple(self._shape)

    @property
    def ndim(self):
        """Number of axes of the result."""
        return len(self._shape)

    nd = ndim

    @property
    def size(self):
        """Number of elements of the result."""
        n = 1
        for length in self._shape:
            n *= length
        return n

    @property
    def numiter(self):
        """Number of arrays."""
        return len(self._arrays)

    @property
    def index(self):
        """The number of tuples that were taken."""
        return self._index

    @property
    def iters(self):
        """An iterator over the elements of each array."""
        return tuple(iter(wide.reshape(-1)) for wide in self._wide)

    def reset(self):
        """Back to the first elements."""
        self._index = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self._index >= self.size:
            raise StopIteration
        at, place = [], self._index
        for length in reversed(self._shape):
            place, i = divmod(place, length)
            at.append(i)
        self._index += 1
        key = tuple(reversed(at))
        return tuple(wide[key] for wide in self._wide)
