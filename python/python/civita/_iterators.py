"""Iterators over elements and indices: `flatiter`, `ndindex`, `ndenumerate`, `broadcast`, `nditer`."""

import builtins
import itertools
import math
import operator
import warnings

from . import _civita as cv


def _coordinates(place, shape):
    """The index of the element at a place of the elements in C order."""
    index = []
    for n in reversed(shape):
        place, i = divmod(place, n)
        index.append(i)
    return tuple(reversed(index))


_BAD_INDEX = "only integers, slices (`:`), ellipsis (`...`) and integer or boolean arrays are valid indices"
_NO_BOOLEANS = (
    "boolean indices for iterators are not supported because of previous behavior that was confusing (valid boolean indices "
    "are expected to work in the future)"
)


def _is_one_row(array):
    """Whether `reshape(-1)` is a view whose elements are those of `flat`."""
    if type(array) is not cv.ndarray:
        return False
    try:
        return array.flags.c_contiguous
    except ValueError:  # a batch or a variable of a trace
        return False


class flatiter:
    """The elements of an array in C order. It can be indexed and assigned to, and iterated over once."""

    __module__ = "civita"

    # of one axis, where the elements lie in order: a view, so that what is written meanwhile is seen
    __slots__ = ("_array", "_base", "_place", "_row")
    __hash__ = None

    def __init__(self, array):
        if not isinstance(array, cv.ndarray):
            raise TypeError("flatiter takes an array; `a.flat` makes one")
        self._array = self._base = array
        self._place = 0
        self._row = None

    @property
    def base(self):
        """The array; of an iterator of `broadcast` the one before it was broadcast."""
        return self._base

    @property
    def index(self):
        """The place of the next element."""
        return self._place

    @property
    def coords(self):
        """The index of the next element."""
        shape = self._array.shape
        return _coordinates(self._place, shape) if self._array.size else (0,) * len(shape)

    def copy(self, /):
        """The elements as a new array with one axis."""
        return self._array.flatten()

    def __array__(self, /, dtype=None, copy=None):
        import numpy

        return numpy.asarray(self._array.flatten(), dtype=dtype)

    def __iter__(self):
        return self

    def __len__(self):
        return self._array.size

    def __next__(self):
        place = self._place
        row = self._row
        if row is None:
            array = self._array
            if place >= array.size:
                raise StopIteration
            if not _is_one_row(array):
                self._place = place + 1
                return array[_coordinates(place, array.shape)]
            self._row = row = array.reshape(-1)
        elif place >= len(row):
            raise StopIteration
        self._place = place + 1
        return row[place]

    def _key(self, key):
        if isinstance(key, tuple):
            if len(key) == 0:
                return Ellipsis
            if len(key) > 1:
                raise IndexError(
                    f"too many indices for flat iterator: flat iterator is 1-dimensional, but {len(key)} were indexed"
                )
            key = key[0]
            if isinstance(key, (bool, cv.bool)):
                raise IndexError(_NO_BOOLEANS)
        if isinstance(key, slice) or key is Ellipsis or type(key) is int:
            return key
        if isinstance(key, bool) or (isinstance(key, cv.ndarray) and key.ndim == 0 and key.dtype.kind == "b"):
            warnings.warn(
                "Indexing flat iterators with a 0-dimensional boolean index is deprecated and may be removed in a future "
                "version. (Deprecated NumPy 2.4)",
                DeprecationWarning,
                stacklevel=3,
            )
            return 0 if key else cv.zeros(0, dtype="int64")
        if isinstance(key, cv.bool):
            raise IndexError(_NO_BOOLEANS)
        if key is None or isinstance(key, (str, complex)):
            raise IndexError(_BAD_INDEX)
        if isinstance(key, flatiter):
            key = key.copy()
        if isinstance(key, cv.ndarray):
            if key.dtype.kind == "b" and key.shape != (self._array.size,):
                raise IndexError(
                    "boolean index did not match indexed flat iterator along axis 0; size of axis is "
                    f"{self._array.size} but size of corresponding boolean axis is {len(key)}"
                )
            return key
        if hasattr(key, "__index__"):
            return key
        places = cv.asarray(key)
        if places.size == 0:
            return cv.zeros(places.shape, dtype="int64")
        if places.dtype.kind == "b":
            raise IndexError(_NO_BOOLEANS)
        if places.dtype.kind == "f":
            warnings.warn(
                "Invalid non-array indices for iterator objects are deprecated and will be removed in a future version. "
                "(Deprecated NumPy 2.4)",
                DeprecationWarning,
                stacklevel=3,
            )
            return places.astype("int64")
        return places

    def __getitem__(self, key):
        key = self._key(key)
        if key is Ellipsis:
            return self._array.flatten()
        result = self._array.ravel()[key]
        return result.copy() if isinstance(result, cv.ndarray) else result

    def __delitem__(self, key):
        raise TypeError("Cannot delete iterator elements")

    def __setitem__(self, key, value):
        array = self._array
        try:
            writable = array.flags.writeable
        except ValueError:  # a batch or a variable of a trace
            writable = True
        if not writable:
            raise ValueError("underlying array is read-only")
        if isinstance(key, tuple) and not key:
            raise IndexError("Assigning to a flat iterator with a 0-D index is not supported")
        key = self._key(key)
        own = isinstance(value, (bool, int, float, complex, list, tuple, range))
        # numbers of Python's own must fit
        value = cv.asarray(value, dtype=array.dtype if own else None).ravel()
        try:
            flat = array.reshape(-1, copy=False)
        except ValueError:
            places = cv.arange(array.size)[key]
            count = places.size
            if isinstance(places, cv.ndarray):
                places = places.ravel()
                index = []
                for n in reversed(array.shape):
                    index.append(places % n)
                    places = places // n
                target, where = array, tuple(reversed(index))
            else:
                target, where = array, _coordinates(int(places), array.shape)
        else:
            target, where = flat, key
            count = flat[key].size
        if count == 0:
            return
        if value.size == 0:
            raise ValueError("Error setting single item of array." if count == 1 else "cannot assign an empty sequence")
        if count == 1 and not isinstance(key, slice) and key is not Ellipsis:
            target[where] = value[0].astype(array.dtype) if value.dtype != array.dtype else value[0]
            return
        if value.size != count:
            value = value[cv.arange(count) % value.size]
        picked = target[where]
        target[where] = value.reshape(picked.shape)

    def _compare(self, other, how):
        other = other.copy() if isinstance(other, flatiter) else other
        return how(self._array.flatten(), other)

    def __eq__(self, other):
        return self._compare(other, operator.eq)

    def __ne__(self, other):
        return self._compare(other, operator.ne)

    def __lt__(self, other):
        return self._compare(other, operator.lt)

    def __le__(self, other):
        return self._compare(other, operator.le)

    def __gt__(self, other):
        return self._compare(other, operator.gt)

    def __ge__(self, other):
        return self._compare(other, operator.ge)


class ndindex:
    """The indices of a shape in C order: `for i, j in cv.ndindex(2, 3)`."""

    __module__ = "civita"

    def __init__(self, *shape):
        if len(shape) == 1 and isinstance(shape[0], tuple):
            shape = shape[0]
        shape = tuple(operator.index(n) for n in shape)
        if any(n < 0 for n in shape):
            raise ValueError("negative dimensions are not allowed")
        self._shape = shape
        self._indices = itertools.product(*map(range, shape))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._indices)


class ndenumerate:
    """Pairs of an index and the element there, in C order."""

    __module__ = "civita"

    def __init__(self, arr):
        self.iter = cv.asarray(arr).flat

    def __iter__(self):
        return self

    def __next__(self):
        index = self.iter.coords
        return index, next(self.iter)


class broadcast:
    """Arrays that are broadcast to one shape: an iterator over tuples of their elements."""

    __module__ = "civita"

    def __init__(self, *arrays):
        parts = []
        for a in arrays:
            parts.extend(a._arrays if isinstance(a, broadcast) else [cv.asarray(a)])
        if len(parts) > 64:
            raise ValueError("Need at least 0 and at most 64 array objects.")
        self._arrays = parts
        self.shape = _broadcast_shape([a.shape for a in parts])
        self.index = 0

    @property
    def nd(self):
        """Number of axes."""
        return len(self.shape)

    ndim = nd

    @property
    def size(self):
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def numiter(self):
        """Number of arrays."""
        return len(self._arrays)

    @property
    def iters(self):
        """An iterator over the elements of each array."""
        iterators = tuple(cv.broadcast_to(a, self.shape).flat for a in self._arrays)
        for iterator, a in zip(iterators, self._arrays):
            iterator._base = a
        return iterators

    def reset(self, /):
        """Begins again."""
        self.index = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.index >= self.size:
            raise StopIteration
        index = _coordinates(self.index, self.shape)
        self.index += 1
        return tuple(cv.broadcast_to(a, self.shape)[index] for a in self._arrays)


def _broadcast_shape(shapes):
    rank = max((len(s) for s in shapes), default=0)
    result, source = [1] * rank, [0] * rank
    for which, shape in enumerate(shapes):
        for axis, n in enumerate(shape, rank - len(shape)):
            if n != 1 and result[axis] not in (1, n):
                first = source[axis]
                raise ValueError(
                    "shape mismatch: objects cannot be broadcast to a single shape.  Mismatch is between "
                    f"arg {first} with shape {tuple(shapes[first])} and arg {which} with shape {tuple(shape)}."
                )
            if n != 1:
                result[axis], source[axis] = n, which
    return tuple(result)


_FLAGS = {
    "buffered", "c_index", "common_dtype", "copy_if_overlap", "delay_bufalloc", "external_loop", "f_index", "grow_inner",
    "multi_index", "ranged", "reduce_ok", "refs_ok", "zerosize_ok",
}  # fmt: skip
_OP_FLAGS = {
    "readonly", "readwrite", "writeonly", "no_broadcast", "contig", "aligned", "nbo", "copy", "updateifcopy", "allocate",
    "no_subtype", "virtual", "arraymask", "writemasked", "overlap_assume_elementwise",
}  # fmt: skip


class nditer:
    """Elements of one or several arrays that are broadcast together, in memory order unless another one is asked for.

    A simple one: `multi_index`, `c_index`, `f_index`, `external_loop`, operands that are read, written or allocated, `op_dtypes`.
    `op_axes`, `itershape` and masks are not there.
    """

    __module__ = "civita"

    def __init__(self, op, flags=(), op_flags=None, op_dtypes=None, order="K", casting="safe", op_axes=None, itershape=None,
                 buffersize=0):  # fmt: skip
        unknown = set(flags or ()) - _FLAGS
        if unknown:
            raise ValueError(f'Unexpected iterator global flag "{sorted(unknown)[0]}"')
        if op_axes is not None or itershape is not None:
            raise NotImplementedError("nditer takes neither op_axes nor itershape\n  hint: transpose and reshape the operands")
        flags = set(flags or ())
        several = isinstance(op, (list, tuple))
        operands = list(op) if several else [op]
        if not operands:
            raise ValueError("Must provide at least one operand")
        given = self._flags_of(op_flags, len(operands), operands)
        dtypes = op_dtypes if isinstance(op_dtypes, (list, tuple)) else [op_dtypes] * len(operands)
        arrays, self._written = [], []
        for a, own, dtype in zip(operands, given, dtypes):
            writes = bool(own & {"readwrite", "writeonly"})
            if a is None:
                arrays.append(None)
                self._written.append(None)
                continue
            a = cv.asarray(a)
            if writes and not a.flags.writeable:
                raise ValueError("output array is read-only")
            target = a
            if dtype is not None and a.dtype != dtype:
                if not ({"copy", "updateifcopy"} & own or "buffered" in flags):
                    raise TypeError(
                        "Iterator operand required copying or buffering, but neither copying nor buffering was enabled"
                    )
                if not cv.can_cast(a.dtype, dtype, casting):
                    raise TypeError(
                        f"Iterator operand {len(arrays)} dtype could not be cast from {a.dtype!r} to {cv.dtype(dtype)!r} according to the "
                        f"rule '{casting}'"
                    )
                if writes and not cv.can_cast(dtype, a.dtype, casting):
                    raise TypeError(
                        f"Iterator requested dtype could not be cast from {cv.dtype(dtype)!r} to {a.dtype!r}, the operand "
                        f"{len(arrays)} dtype, according to the rule '{casting}'"
                    )
                a = a.astype(dtype)
            arrays.append(a)
            self._written.append(target if writes and target is not a else None)
        shape = _broadcast_shape([a.shape for a in arrays if a is not None])
        if math.prod(shape) == 0 and "zerosize_ok" not in flags:
            raise ValueError("Iteration of zero-sized operands is not enabled")
        found = [a.dtype for a in arrays if a is not None]
        common = cv.result_type(*found) if found else cv.dtype("float64")
        self._shape = shape
        self._order, self._flipped = self._axes_of(order, [_steps(a, len(shape)) for a in arrays if a is not None])
        for i, a in enumerate(arrays):
            if a is None:
                lying = cv.zeros([shape[k] for k in self._order], dtype=dtypes[i] if dtypes[i] is not None else common)
                arrays[i] = lying.transpose([self._order.index(k) for k in range(len(shape))])
            elif "common_dtype" in flags and a.dtype != common:
                arrays[i] = a.astype(common)
        for a, own in zip(arrays, given):
            if own & {"readwrite", "writeonly"} and a.shape != shape and "reduce_ok" not in flags:
                raise ValueError("non-broadcastable operand with shape "
                                 f"{a.shape} doesn't match the broadcast shape {shape}")  # fmt: skip
        self.operands = tuple(arrays)
        self._given = given
        self._flags = flags
        self._views = [cv.broadcast_to(a, shape) if a.shape != shape else a for a in arrays]
        writable = [bool(own & {"readwrite", "writeonly"}) for own in given]
        # what may be written is a view of one element, else a read-only one
        flips = tuple(builtins.slice(None, None, -1) if k in self._flipped else builtins.slice(None) for k in self._order)
        self._turned = [v.transpose(self._order)[flips] for v in self._views]
        self._writable = writable
        self._inner = self._inner_axes()
        self.reset()

    @staticmethod
    def _flags_of(op_flags, count, operands):
        if op_flags is None:
            return [{"readonly"} if a is not None else {"writeonly", "allocate"} for a in operands]
        op_flags = list(op_flags)
        if not op_flags or isinstance(op_flags[0], str):
            op_flags = [op_flags] * count
        if len(op_flags) != count:
            raise ValueError("op_flags must be a tuple or array of per-op flag-tuples")
        for own in op_flags:
            unknown = set(own) - _OP_FLAGS
            if unknown:
                raise ValueError(f'Unexpected per-op iterator flag "{sorted(unknown)[0]}"')
        return [set(own) for own in op_flags]

    def _axes_of(self, order, steps):
        """The axes from the outermost to the innermost, and those that are walked backwards; `steps` are those of each operand."""
        rank = len(self._shape)
        axes = builtins.list(range(rank))
        if order == "F":
            return axes[::-1], ()
        if order == "C":
            return axes, ()
        if order not in ("K", "A"):
            raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
        if order == "A":
            given = [a for a in steps if builtins.sum(s != 0 for s in a) > 1]
            falling = [builtins.all(abs(a) <= abs(b) for a, b in itertools.pairwise([s for s in own if s])) for own in given]
            return (axes[::-1] if given and builtins.all(falling) else axes), ()
        # memory order: an axis goes inside of another where some operand wants it and none is against it
        inside_out = []
        for axis in reversed(axes):
            place = len(inside_out)
            for k in range(len(inside_out) - 1, -1, -1):
                pairs = [(abs(own[axis]), abs(own[inside_out[k]])) for own in steps if own[axis] and own[inside_out[k]]]
                if not pairs:
                    continue
                if not builtins.all(a < b for a, b in pairs):
                    break
                place = k
            inside_out.insert(place, axis)
        backwards = tuple(
            k for k in axes if builtins.all(own[k] <= 0 for own in steps) and builtins.any(own[k] < 0 for own in steps)
        )
        return inside_out[::-1], backwards

    def _inner_axes(self):
        """How many of the innermost axes are one run of even steps in every operand: what `external_loop` gives at once."""
        lengths = [self._shape[k] for k in self._order]
        if "buffered" in self._flags and not builtins.any(self._writable):
            return len(lengths)
        count, steps, runs = 0, [None] * len(self._turned), 1
        for k in range(len(lengths) - 1, -1, -1):
            if lengths[k] != 1:
                found = [v.strides[k] for v in self._turned]
                if steps[0] is not None and builtins.any(s != own * runs for s, own in zip(found, steps)):
                    break
                if steps[0] is None:
                    steps = found
                runs *= lengths[k]
            count += 1
        return count

    def reset(self):
        """Begins again."""
        self.iterindex = 0
        self._started = False

    @property
    def itersize(self):
        """Number of steps that visit one element each."""
        return math.prod(self._shape)

    @property
    def shape(self):
        """Lengths of the axes that are iterated over."""
        return self._shape

    @property
    def ndim(self):
        """Number of axes."""
        return len(self._shape)

    @property
    def nop(self):
        """Number of operands."""
        return len(self.operands)

    @property
    def dtypes(self):
        """Dtypes of the operands."""
        return tuple(a.dtype for a in self.operands)

    @property
    def itviews(self):
        """The operands as they are iterated over."""
        return tuple(self._turned)

    @property
    def finished(self):
        """Returns true behind the last element."""
        return self.iterindex >= self.itersize

    @property
    def has_multi_index(self):
        """Returns true where the index was asked for."""
        return "multi_index" in self._flags

    @property
    def has_index(self):
        """Returns true where the place in C or Fortran order was asked for."""
        return bool({"c_index", "f_index"} & self._flags)

    @property
    def multi_index(self):
        """The index of the current element."""
        if not self.has_multi_index:
            raise ValueError("Iterator is not tracking a multi-index")
        if self.finished:
            raise ValueError("Iterator is past the end")
        return self._index()

    def _index(self):
        turned = _coordinates(self.iterindex, [self._shape[k] for k in self._order])
        index = [0] * len(turned)
        for k, i in zip(self._order, turned):
            index[k] = self._shape[k] - 1 - i if k in self._flipped else i
        return tuple(index)

    @property
    def index(self):
        """The place of the current element in C or Fortran order."""
        if not self.has_index:
            raise ValueError("Iterator does not have an index")
        pairs = list(zip(self._index(), self._shape))
        if "f_index" in self._flags:
            pairs.reverse()
        place = 0
        for i, n in pairs:
            place = place * n + i
        return place

    @property
    def value(self):
        """The current elements."""
        if self.finished:
            raise ValueError("Iterator is past the end")
        return self._current()

    def _current(self):
        if "external_loop" in self._flags:
            outer = len(self._order) - self._inner
            lengths = [self._shape[k] for k in self._order[:outer]]
            at = (*_coordinates(self.iterindex // builtins.max(self._step(), 1), lengths), ...)
            runs = [(view[at].reshape(-1), writable) for view, writable in zip(self._turned, self._writable)]
            parts = [run if writable else _read_only(run) for run, writable in runs]
        else:
            index = self._index()
            parts = [v[(*index, ...)] if w else _read_only(v[(*index, ...)]) for v, w in zip(self._views, self._writable)]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def __getitem__(self, key):
        current = self._current()
        return (current if isinstance(current, tuple) else (current,))[key]

    def __setitem__(self, key, value):
        self[key][...] = value

    def __len__(self):
        return self.nop

    def _step(self):
        """How many elements come at once."""
        if "external_loop" not in self._flags:
            return 1
        return math.prod(self._shape[k] for k in self._order[len(self._order) - self._inner :])

    def iternext(self):
        """Goes to the next element; false behind the last."""
        self.iterindex += builtins.max(self._step(), 1)
        return not self.finished

    def __iter__(self):
        self._started = False
        return self

    def __next__(self):
        if self._started:
            self.iternext()
        if self.finished:
            self._started = False
            raise StopIteration
        self._started = True
        return self._current()

    def copy(self):
        """Another iterator at the same element."""
        other = object.__new__(nditer)
        other.__dict__.update(self.__dict__)
        return other

    def remove_axis(self, i):
        """Not there: index the operands instead."""
        raise NotImplementedError("nditer.remove_axis does not exist\n  hint: index the operands first")

    def remove_multi_index(self):
        """Forgets the index."""
        self._flags = self._flags - {"multi_index"}

    def enable_external_loop(self):
        """From now on all elements come at once."""
        self._flags = self._flags | {"external_loop"}

    def close(self):
        """Writes what was buffered back into the operands."""
        for target, a in zip(self._written, self.operands):
            if target is not None:
                target[...] = a.astype(target.dtype)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _steps(a, rank):
    """The strides of an array that is broadcast to so many axes: 0 where it repeats."""
    own = [0 if n == 1 else step for n, step in zip(a.shape, a.strides)]
    return [0] * (rank - len(own)) + own


def _read_only(view):
    view = view.view()
    view.flags.writeable = False
    return view


def nested_iters(*args, **kwargs):
    """Not there: nest loops over `ndindex` instead."""
    raise NotImplementedError("nested_iters does not exist\n  hint: nest loops over `cv.ndindex` of parts of the shape")
