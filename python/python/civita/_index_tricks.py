"""Arrays by slicing syntax: `r_`, `c_`, `mgrid`, `ogrid`, `s_`, `index_exp`."""

import builtins
import math

from . import _civita as cv


class _IndexExpression:
    """What stands between the brackets: `cv.s_[1:3, ::2]`."""

    def __init__(self, always_tuple):
        self.maketuple = always_tuple

    def __getitem__(self, item):
        return (item,) if self.maketuple and not isinstance(item, tuple) else item


s_ = _IndexExpression(False)
index_exp = _IndexExpression(True)


def _is_number(x):
    return isinstance(x, (int, float, complex, cv.generic)) and not isinstance(x, bool)


def _count(part):
    """Start, step, number of points and whether the step is one of a complex number of points."""
    start = 0 if part.start is None else part.start
    step = 1 if part.step is None else part.step
    if isinstance(step, (complex, cv.complexfloating)):
        points = int(builtins.abs(complex(step)))
        stop = start if part.stop is None else part.stop
        width = (stop - start) / (points - 1) if points > 1 else stop - start
        return start, width, points, True
    return start, step, max(0, math.ceil((part.stop - start) / (step * 1.0))), False


class _Grid:
    def __init__(self, sparse):
        self.sparse = sparse

    def __getitem__(self, key):
        if not isinstance(key, tuple):
            if not isinstance(key.step, (complex, cv.complexfloating)):
                return cv.arange(0 if key.start is None else key.start, key.stop, key.step)
            start, step, points, _ = _count(key)
            return self._line(start, step, points, cv.result_type(start, step, 0.0))
        parts = [_count(part) for part in key]
        numbers = [0]
        for part, (start, step, _, complete) in zip(key, parts):
            numbers += [start, 0.0] if complete else [start, step]
            if part.stop is not None:
                numbers.append(part.stop)
        dtype = cv.result_type(*numbers)
        lines = [self._line(start, step, points, dtype) for start, step, points, _ in parts]
        rank = len(lines)
        open_grid = [line.reshape([-1 if i == axis else 1 for i in range(rank)]) for axis, line in enumerate(lines)]
        if self.sparse:
            return tuple(open_grid)
        shape = tuple(points for _, _, points, _ in parts)
        return cv.stack([cv.broadcast_to(line, shape) for line in open_grid]) if rank else cv.zeros((0,), dtype=dtype)

    @staticmethod
    def _line(start, step, points, dtype):
        line = cv.arange(points, dtype=dtype) if dtype.kind != "b" else cv.arange(points)
        return (line * step + start).astype(dtype)


#: Grids of coordinates, each of the whole shape: `cv.mgrid[0:2, 0:3]`.
mgrid = _Grid(sparse=False)
#: Grids of coordinates that broadcast: `cv.ogrid[0:2, 0:3]`.
ogrid = _Grid(sparse=True)


class _Joiner:
    def __init__(self, axis=0, matrix=False, ndmin=1, trans1d=-1):
        self.axis, self.matrix, self.ndmin, self.trans1d = axis, matrix, ndmin, trans1d

    def __getitem__(self, key):
        if isinstance(key, str):
            raise NotImplementedError("matrices from text (`bmat`) do not exist\n  hint: `cv.block`")
        if not isinstance(key, tuple):
            key = (key,)
        axis, ndmin, trans1d = self.axis, self.ndmin, self.trans1d
        arrays, scalars = [], []
        for k, item in enumerate(key):
            if isinstance(item, slice):
                start, step, points, complete = _count(item)
                if complete:
                    new = cv.linspace(start, item.stop, points)
                else:
                    new = cv.arange(start, item.stop, step)
                if ndmin > 1:
                    new = cv.array(new, ndmin=ndmin)
                    if trans1d != -1:
                        new = new.swapaxes(-1, trans1d)
            elif isinstance(item, str):
                if k != 0:
                    raise ValueError("special directives must be the first entry.")
                if item in ("r", "c"):
                    raise NotImplementedError("r_ and c_ make no matrices\n  hint: arrays with two axes")
                try:
                    numbers = [int(n) for n in item.split(",")]
                except ValueError:
                    raise ValueError(f"unknown special directive {item!r}") from None
                axis = numbers[0]
                ndmin = numbers[1] if len(numbers) > 1 else ndmin
                trans1d = numbers[2] if len(numbers) > 2 else trans1d
                continue
            elif _is_number(item) or isinstance(item, bool):
                scalars.append(len(arrays))
                new = item
            else:
                new = cv.asarray(item)
                rank = new.ndim
                if rank < ndmin:
                    new = new.reshape((1,) * (ndmin - rank) + new.shape)
                    if trans1d != -1:
                        # old axes go where `trans1d` says, new ones around them
                        after = rank
                        place = trans1d if trans1d >= 0 else trans1d + ndmin + 1 - after
                        axes = list(range(ndmin))
                        old, fresh = axes[ndmin - rank :], axes[: ndmin - rank]
                        new = new.transpose(fresh[:place] + old + fresh[place:])
            arrays.append(new)
        if scalars:
            dtype = cv.result_type(*arrays)
            for i in scalars:
                arrays[i] = cv.array(arrays[i], dtype=dtype, ndmin=ndmin)
        return cv.concatenate(arrays, axis=axis)

    def __len__(self):
        return 0


#: Joins along the first axis: `cv.r_[1:4, 0, [5, 6]]`.
r_ = _Joiner(axis=0)
#: Joins columns: `cv.c_[a, b]`.
c_ = _Joiner(axis=-1, ndmin=2, trans1d=0)
