"""Functions that call functions of the user's: `vectorize`, `apply_along_axis`, `fromfunction` and the like."""

import functools
import operator

from . import _civita as cv
from ._iterators import ndindex
from ._caller import warn
from ._overrides import overridable, takes_like

_NO_SIGNATURE = object()


def iterable(y):
    """Returns true where an object can be iterated over."""
    try:
        iter(y)
    except TypeError:
        return False
    return True


def isscalar(element):
    """Returns true for scalars: NumPy's and Python's numbers, text and bytes."""
    import numbers

    return isinstance(element, (cv.generic, numbers.Number, str, bytes))


@takes_like
def fromfunction(function, shape, *, dtype=float, like=None, **kwargs):
    """The array of a function of its indices: the function gets one array of coordinates for each axis."""
    shape = tuple(operator.index(n) for n in shape)
    grids = cv.indices(shape, dtype=dtype)
    return function(*[grids[i] for i in range(len(shape))], **kwargs)


@takes_like
def fromiter(iter, dtype, count=-1, *, like=None):
    """An array with one axis of the values that an iterable gives."""
    import itertools

    dtype = cv.dtype(dtype)
    if count < -1:
        count = -1
    values = list(iter if count < 0 else itertools.islice(iter, count))
    if 0 <= count != len(values):
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(values)} items.")
    if not values:
        return cv.zeros(0, dtype=dtype)
    result = cv.array(values, dtype=dtype)
    if result.ndim != 1:
        raise ValueError("setting an array element with a sequence.")
    return result


def _pad_by(array, pad_width, mode, **options):
    """What `pad` is for a mode that is a function: it gets each line of the array with its border, and writes the border."""
    array = cv.asarray(array)
    padded = cv.pad(array, pad_width)
    for axis, widths in enumerate(_pairs(pad_width, padded.ndim)):
        lines = cv.moveaxis(padded, axis, -1)
        for index in ndindex(lines.shape[:-1]):
            mode(lines[index], widths, axis, options)
    return padded


def _pairs(pad_width, ndim):
    """The counts before and after each axis that `pad_width` means."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = tuple(width) if isinstance(width, tuple) else (width, width)
        return pairs
    widths = cv.asarray(pad_width)
    if widths.size == 2 and widths.shape != (2, 1):
        widths = widths.reshape(1, 2)
    return [tuple(pair) for pair in cv.broadcast_to(widths, (ndim, 2)).tolist()]


def row_stack(tup, *, dtype=None, casting="same_kind"):
    """`vstack` under its old name, which NumPy has deprecated."""
    warn("`row_stack` alias is deprecated. Use `vstack` directly.", DeprecationWarning)
    return cv.vstack(tup, dtype=dtype, casting=casting)


@overridable
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """A function of vectors, applied to each vector along an axis."""
    arr = cv.asanyarray(arr)
    if not -arr.ndim <= axis < arr.ndim:
        raise cv.AxisError(f"axis {axis} is out of bounds for array of dimension {arr.ndim}")
    axis %= arr.ndim
    moved = cv.moveaxis(arr, axis, -1)
    outer = moved.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    parts = [cv.asanyarray(func1d(moved[index], *args, **kwargs)) for index in ndindex(*outer)]
    first = parts[0]
    parts = [cv.asarray(part) for part in parts]
    inner = parts[0].shape
    stacked = cv.stack([part.astype(parts[0].dtype, copy=False) for part in parts]).reshape(outer + inner)
    # the axes of the results stand where the axis was
    order = list(range(axis)) + list(range(len(outer), stacked.ndim)) + list(range(axis, len(outer)))
    if stacked.ndim > 1:
        stacked = stacked.transpose(order)
    return stacked if type(first) is cv.ndarray else first.__array_wrap__(stacked)


def apply_over_axes(func, a, axes):
    """A function of an array and an axis, applied over several axes one after the other."""
    value = cv.asarray(a)
    rank = value.ndim
    for axis in [axes] if cv.asarray(axes).ndim == 0 else axes:
        axis = operator.index(axis)
        axis = axis + rank if axis < 0 else axis
        result = cv.asarray(func(value, axis))
        if result.ndim != value.ndim:
            result = cv.expand_dims(result, axis)
            if result.ndim != value.ndim:
                raise ValueError("function is not returning an array of the correct shape")
        value = result
    return value


def frompyfunc(func, /, nin, nout, *, identity=None):
    """Refused: its results are objects, which have no dtype here."""
    raise TypeError("frompyfunc makes arrays of objects, which do not exist\n  hint: `cv.vectorize(func)`")


def _parsed(signature):
    import re

    name = r"\w+"
    one = rf"\(\s*(?:{name}(?:\s*,\s*{name})*)?\s*,?\s*\)"
    many = rf"{one}(?:\s*,\s*{one})*"
    if not re.match(rf"^\s*{many}\s*->\s*{many}\s*$", signature):
        raise ValueError(f"not a valid gufunc signature: {signature}")
    return tuple([tuple(re.findall(name, part)) for part in re.findall(one, side)] for side in signature.split("->"))


class vectorize:
    """A Python function of scalars as a function of arrays; with a signature (`"(m,n),(n)->(m)"`) one of vectors and matrices.

    It is a loop in Python: for speed, write the function with array operations.
    """

    __module__ = "civita"

    def __init__(self, pyfunc=_NO_SIGNATURE, otypes=None, doc=None, excluded=None, cache=False, signature=None):
        if pyfunc is not _NO_SIGNATURE and not callable(pyfunc):
            part = "a function" if signature is None and otypes is None else "a callable"
            raise TypeError("When used as a decorator, only accepts keyword arguments." if isinstance(pyfunc, str)
                            else f"pyfunc must be {part}")  # fmt: skip
        self.pyfunc, self.cache, self.signature = pyfunc, cache, signature
        self._doc = doc
        self.otypes = self._dtypes(otypes)
        self.excluded = set() if excluded is None else set(excluded)
        self._in_and_out = _parsed(signature) if signature is not None else None
        self.__doc__ = doc
        if pyfunc is not _NO_SIGNATURE:
            self._wrap(pyfunc)

    @staticmethod
    def _dtypes(otypes):
        if otypes is None:
            return None
        for char in otypes if isinstance(otypes, str) else ():
            try:
                cv.dtype(char)
            except TypeError:
                raise ValueError(f"Invalid otype specified: {char}") from None
        if isinstance(otypes, str) or hasattr(otypes, "__iter__"):
            return "".join(cv.dtype(t).char for t in otypes)
        raise ValueError("Invalid otype specification")

    def _wrap(self, pyfunc):
        self.pyfunc = pyfunc
        name = getattr(pyfunc, "__name__", None)
        if name is not None:
            self.__name__ = name
        self.__doc__ = getattr(pyfunc, "__doc__", None) if self._doc is None else self._doc

    def __call__(self, *args, **kwargs):
        if self.pyfunc is _NO_SIGNATURE:
            self._wrap(args[0])
            return self
        if not self.excluded and not kwargs:
            return self._apply(self.pyfunc, args)
        # excluded arguments and those by name are bound, the others are mapped
        names = [n for n in kwargs if n not in self.excluded]
        places = [i for i in range(len(args)) if i not in self.excluded]
        fixed = list(args)

        def func(*mapped):
            for at, i in enumerate(places):
                fixed[i] = mapped[at]
            bound = dict(kwargs)
            bound.update(zip(names, mapped[len(places) :]))
            return self.pyfunc(*fixed, **bound)

        return self._apply(func, [args[i] for i in places] + [kwargs[n] for n in names])

    def _apply(self, func, args):
        if self._in_and_out is not None:
            return self._apply_signature(func, args)
        if not args:
            return func()
        arrays = cv.broadcast_arrays(*[cv.asarray(a) for a in args])
        shape = arrays[0].shape
        if arrays[0].size == 0:
            if self.otypes is None:
                raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
            results = tuple(cv.zeros(shape, dtype=t) for t in self.otypes)
            return results[0] if len(results) == 1 else results
        # elements are Python's numbers, as in NumPy's arrays of objects; arrays where gradients and batches are to stay
        as_numbers = all(map(cv._is_plain, arrays))
        values = []
        if self.otypes is None:
            # NumPy first calls the function with scalars, to see what it returns
            first = func(*[a.ravel()[0] for a in arrays])
            values = [first] if self.cache else []
        rows = zip(*[a.ravel().tolist() if as_numbers else a.ravel() for a in arrays])
        values += [func(*row) for row in (rows if not values else list(rows)[1:])]
        several = isinstance(values[0], tuple)
        lists = list(zip(*values)) if several else [values]
        if self.otypes is not None and len(self.otypes) not in (0, len(lists)):
            raise ValueError("otypes must name a dtype for each output")
        results = []
        for i, column in enumerate(lists):
            if self.otypes:
                dtype = cv.dtype(self.otypes[i])
            else:
                dtype = cv.asarray(first[i] if several else first).dtype
            if all(isinstance(v, cv.ndarray) and v.ndim == 0 for v in column):
                # as arrays: what gradients and batches know of them stays
                result = cv.stack([v.astype(dtype) for v in column])
            else:
                result = cv.array([_number(v) for v in column], dtype=dtype)
            if result.ndim != 1:
                raise ValueError("setting an array element with a sequence.")
            results.append(result.reshape(shape))
        return tuple(results) if several else results[0]

    def _apply_signature(self, func, args):
        inputs, outputs = self._in_and_out
        if len(args) != len(inputs):
            raise TypeError(f"wrong number of positional arguments: expected {len(inputs)!r}, got {len(args)!r}")
        args = [cv.asarray(a) for a in args]
        lengths, outer = {}, []
        for a, names in zip(args, inputs):
            if a.ndim < len(names):
                raise ValueError(
                    f"{a.ndim}-dimensional argument does not have enough dimensions for all core dimensions {names!r}"
                )
            _learn(lengths, a.shape[a.ndim - len(names) :], names)
            outer.append(a.shape[: a.ndim - len(names)])
        shape = cv.broadcast_shapes(*outer) if outer else ()
        args = [cv.broadcast_to(a, shape + a.shape[a.ndim - len(n) :]) for a, n in zip(args, inputs)]
        if 0 in shape:
            if self.otypes is None:
                raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
            for names in outputs:
                for n in names:
                    if n not in lengths:
                        raise ValueError("cannot call `vectorize` with a signature including new output dimensions on size 0 inputs")
            made = [cv.zeros(shape + tuple(lengths[n] for n in names), dtype=t) for names, t in zip(outputs, self.otypes)]
            return made[0] if len(made) == 1 else tuple(made)
        columns = None
        for index in ndindex(*shape):
            results = func(*[a[index] for a in args])
            count = len(results) if isinstance(results, tuple) else 1
            if len(outputs) != count:
                raise ValueError(f"wrong number of outputs from pyfunc: expected {len(outputs)!r}, got {count!r}")
            results = [cv.asarray(r) for r in (results if isinstance(results, tuple) else (results,))]
            for result, names in zip(results, outputs):
                if result.ndim != len(names):
                    raise ValueError(f"{result.ndim}-dimensional argument does not have enough dimensions for all core dimensions {names!r}")
                _learn(lengths, result.shape, names)
            columns = [[] for _ in outputs] if columns is None else columns
            for column, result in zip(columns, results):
                column.append(result)
        made = []
        for i, column in enumerate(columns):
            dtype = cv.dtype(self.otypes[i]) if self.otypes else column[0].dtype
            made.append(cv.stack([c.astype(dtype, copy=False) for c in column]).reshape(shape + column[0].shape))
        return made[0] if len(made) == 1 else tuple(made)


def _number(value):
    return value.item() if isinstance(value, cv.ndarray) and value.ndim == 0 else value


def _learn(lengths, shape, names):
    for n, name in zip(shape, names):
        if lengths.setdefault(name, n) != n:
            raise ValueError(f"inconsistent size for core dimension {name!r}: {n!r} vs {lengths[name]!r}")


def _without_subok(function, *args, subok, **kwargs):
    """A function of arrays that are `ndarray` all: there is no class to keep."""
    return function(*args, **kwargs)


def _along_axes(function, *args, axes=None, axis=None, keepdims=False, out=None, signature=None, **options):
    """A generalised ufunc along other axes than the last: `axes=` names those of each operand, `axis=` the one that all have."""
    name = function.__name__
    *inputs, result = [part.strip("()") for part in function.signature.replace("->", ",(").replace("),(", "|").split("|")]
    cores = [[n for n in part.strip("(),").split(",") if n] for part in (*inputs, result)]
    if signature is not None:
        if options.get("dtype") is not None:
            raise TypeError("cannot specify both 'signature' and 'dtype'")
        entries = signature.replace("->", "") if isinstance(signature, str) else signature
        options["dtype"] = next((entry for entry in reversed(entries) if entry is not None), None)
    if len(args) == 3 and out is None:
        *args, out = args
    out = out[0] if isinstance(out, tuple) else out
    operands = [cv.asarray(a) for a in args]
    if axes is not None and axis is not None:
        raise TypeError("cannot specify both 'axis' and 'axes'")
    if (axis is not None or keepdims) and (result or any(core != cores[0] for core in cores[:2])):
        raise TypeError(f"{name} does not support {'axis' if axis is not None else 'keepdims'}: its results have axes of their own")
    if axis is not None:
        axes = [(operator.index(axis),)] * 2 + [(operator.index(axis),) if keepdims else ()]
    if axes is None:
        axes = [tuple(range(-len(core), 0)) for core in cores]
        axes[2] = (-1,) if keepdims else axes[2]
    if not isinstance(axes, list):
        raise TypeError("axes should be a list.")
    kept = len(cores[2]) or int(keepdims)
    if len(axes) == 2 and not kept:
        axes = [*axes, ()]
    if len(axes) == 2 and keepdims:
        axes = [*axes, axes[0]]
    if len(axes) != 3:
        raise ValueError("axes should be a list with an entry for all inputs and outputs; entries for outputs can only be omitted if none of them has core axes.")
    moved = []
    lost = 0
    for i, (x, core, places) in enumerate(zip(operands, cores, axes)):
        places = _places(name, i, places)
        # of a vector the other axis of a product of matrices is missing
        need = min(len(core), max(x.ndim, 1)) if any(n.endswith("?") for n in core) else len(core)
        lost += len(core) - need
        if len(places) != need:
            raise ValueError(f"{name}: operand {i} has {need} core dimensions, but {len(places)} dimensions are specified by axes tuple.")
        moved.append(cv.moveaxis(x, places, tuple(range(-need, 0))) if places else x)
    found = function(*moved, **options)
    places = _places(name, 2, axes[2])
    if keepdims:
        found = cv.expand_dims(found, -1)
    need = kept - lost if not keepdims else 1
    if len(places) != need:
        raise ValueError(f"{name}: operand 2 has {need} core dimensions, but {len(places)} dimensions are specified by axes tuple.")
    if places:
        found = cv.moveaxis(found, tuple(range(-need, 0)), places)
    if out is None or out is ...:
        return found
    cv.copyto(out, found, casting=options.get("casting", "same_kind"))
    return out


def _places(name, operand, places):
    try:
        return tuple(operator.index(place) for place in places) if isinstance(places, tuple) else (operator.index(places),)
    except TypeError:
        raise TypeError(f"{name}: axes item {operand} should be a tuple, or an integer where there is one core axis") from None


def _clip(function, a, a_min=None, a_max=None, out=None, *, dtype=None, where=True, casting="same_kind", **options):
    """`clip` with the keywords of ufuncs that choose a dtype and a part of the elements."""
    if dtype is not None:
        def cast(x):
            strong = not isinstance(x, (type(None), bool, int, float, complex))
            if strong and not cv.can_cast(cv.asarray(x).dtype, dtype, casting):
                raise TypeError(f"Cannot cast ufunc 'clip' input from {cv.asarray(x).dtype!r} to {cv.dtype(dtype)!r} with casting rule {casting!r}")
            return x if x is None else cv.asarray(x, dtype=dtype)

        a, a_min, a_max = cast(a), cast(a_min), cast(a_max)
        options = {name: cast(bound) for name, bound in options.items()}
    found = function(a, a_min, a_max, **options)
    if where is not True:
        given = out[0] if isinstance(out, tuple) else out
        found = cv.asarray(found)
        out = cv.zeros_like(found) if given is None else given
        cv.copyto(out, found, casting=casting, where=where)
        return out
    if out is None:
        return found
    out = out[0] if isinstance(out, tuple) else out
    cv.copyto(out, found, casting=casting)
    return out


def getbufsize():
    """Elements of the buffers of NumPy's ufuncs, for programs that ask; ours have none."""
    return _buffer[0]


def setbufsize(size):
    """Remembers a buffer size and returns the last; it changes nothing."""
    size = operator.index(size)
    if size < 0:
        raise ValueError("buffer size must be non-negative")
    if size < 5:
        raise ValueError(f"buffer size {size} is too small")
    if size > 10_000_000:
        raise ValueError(f"buffer size {size} is too large")
    before, _buffer[0] = _buffer[0], size
    return before


_buffer = [8192]


def show_config(mode="stdout"):
    """Prints what the package was built with; with `mode="dicts"` returns it."""
    found = cv.info() if hasattr(cv, "info") else {"version": cv.__version__}
    if mode == "dicts":
        return found
    print(found)


show_runtime = functools.partial(show_config)


def get_include():
    """Refused: there are no C headers."""
    raise RuntimeError("there is no C API, so no headers\n  hint: the buffer protocol and DLPack share memory with C")


@overridable
def piecewise(x, condlist, funclist, *args, **kw):
    """The elements through a function each of its own: `funclist[k]` where `condlist[k]` is true, of several the last; zero
    where none is. A function may be a number. One function more than conditions is for the elements where none is true. Where a
    transformation decides the conditions, a function gets all elements, and must be one of each by itself.

    >>> print(cv.piecewise(cv.array([-2.0, 1.0]), [cv.array([True, False])], [abs, 7]))
    [2. 7.]
    """
    x = cv.asanyarray(x)
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
        if cv._is_opaque(condition):
            # under `vmap` and `trace` nobody knows how many there are: the function sees all of them
            value = cv.asarray(function(x, *args, **kw) if callable(function) else function)
            y = cv.where(condition, value.astype(y.dtype), y)
            continue
        if not callable(function):
            y[condition] = function
            continue
        part = x[condition]
        if part.size > 0:
            y[condition] = function(part, *args, **kw)
    return y


def mask_indices(n, mask_func, k=0):
    """The indices of the elements of an `n` × `n` matrix that a function such as `triu` leaves.

    >>> print(cv.mask_indices(3, cv.triu, 1)[1])
    [1 2 2]
    """
    return cv.nonzero(mask_func(cv.ones((n, n), int), k) != 0)
