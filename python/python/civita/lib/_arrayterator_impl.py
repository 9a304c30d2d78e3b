"""Blocks of large arrays."""

import itertools
import math

__all__ = ["Arrayterator"]


class Arrayterator:
    """Reads an array in blocks of at most `buf_size` elements, whole along the last axes; a file that is mapped to memory, say.

    What stands in brackets chooses a part, without reading it. Attributes are the array's, but for `shape`.

    >>> import civita as cv
    >>> for block in cv.lib.Arrayterator(cv.arange(6).reshape(2, 3), 2):
    ...     print(block)
    [[0 1]]
    [[2]]
    [[3 4]]
    [[5]]
    """

    def __init__(self, var, buf_size=None):
        self.var = var
        self.buf_size = buf_size
        self.start = [0] * var.ndim
        self.stop = list(var.shape)
        self.step = [1] * var.ndim

    def __getattr__(self, name):
        return getattr(self.var, name)

    def __getitem__(self, index):
        index = list(index) if isinstance(index, tuple) else [index]
        if len(index) > self.var.ndim + sum(part is Ellipsis for part in index):
            raise IndexError(f"too many indices for an array of {self.var.ndim} dimensions")
        whole = slice(None)
        places = [i for i, part in enumerate(index) if part is Ellipsis]
        for i in reversed(places):
            # the first fills the axes that are left, others stand for one
            index[i : i + 1] = [whole] * (self.var.ndim - len(index) + 1 if i == places[0] else 1)
        index += [whole] * (self.var.ndim - len(index))
        part = type(self)(self.var, self.buf_size)
        for axis, (key, n) in enumerate(zip(index, self.shape)):
            if not isinstance(key, slice):
                key = range(n)[key]
                key = slice(key, key + 1)
            start, stop, step = key.indices(n)
            if step < 0:
                raise ValueError("blocks are read forwards: a step is positive")
            first, own = self.start[axis], self.step[axis]
            part.start[axis] = first + start * own
            part.step[axis] = own * step
            part.stop[axis] = min(self.stop[axis], first + stop * own)
        return part

    def __array__(self, dtype=None, copy=None):
        return self.var[tuple(map(slice, self.start, self.stop, self.step))]

    @property
    def flat(self):
        """The elements one by one."""
        for block in self:
            yield from block.flat

    @property
    def shape(self):
        """Lengths of the part that is read."""
        return tuple((stop - start - 1) // step + 1 for start, stop, step in zip(self.start, self.stop, self.step))

    def __iter__(self):
        shape = self.shape
        if any(n <= 0 for n in shape):
            return
        left = self.buf_size or math.prod(shape)
        lengths = []
        for n in reversed(shape):
            lengths.append(max(1, min(left, n)))
            left //= n
        axes = []
        for start, stop, step, length in zip(self.start, self.stop, self.step, reversed(lengths)):
            firsts = range(start, stop, step * length)
            axes.append([slice(first, min(stop, first + step * length), step) for first in firsts])
        for block in itertools.product(*axes):
            yield self.var[block]
