"""Classes that programs derive from `ndarray`: which class a result is of, and who is asked for it.

Methods and functions of `ndarray` itself do not come here. Of other arrays they compute on the elements as an `ndarray`, and make
of the result what NumPy makes of it: an array of the class by `__array_wrap__` or `__array_finalize__`, or a plain one.
"""

import warnings

from . import _civita as cv
from ._civita import _as_class

ndarray = cv.ndarray

# functions whose results are of the class of their first array
_KEEP = frozenset(
    "argpartition argsort array_split astype compress count_nonzero cumprod cumsum delete diagonal diagflat dsplit expand_dims extract flip "
    "fliplr flipud gradient hsplit i0 insert matrix_transpose moveaxis nan_to_num nanargmax nanargmin nancumprod nancumsum "
    "nanpercentile nanquantile partition percentile quantile permute_dims ravel real_if_close repeat require reshape roll rollaxis "
    "rot90 setdiff1d sort split squeeze swapaxes take tile trace transpose unstack vsplit".split()
)
# those that are ufuncs in the end: a result without axes is an array, too
_WRAP = frozenset(
    "angle ediff1d isneginf isposinf isreal logspace median nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar ptp".split()
)
# the class may be that of any of the arguments
_ANY = frozenset("clip isclose kron linspace trapezoid".split())
# that of the first array, unless the second has a higher priority
_HIGHER = frozenset("correlate dot inner".split())
# the class is that of the highest `__array_priority__`, `ndarray`'s being 0
_PRIORITY = frozenset(
    "append block column_stack concat concatenate dstack hstack resize setxor1d stack union1d vstack".split()
)
# those that join others to their first array, where these arguments say so
_JOINING = frozenset("diff cumulative_sum cumulative_prod".split())
_JOINED = ("prepend", "append", "include_initial")
# results are of the classes of the arguments, one by one
_EACH = frozenset("atleast_1d atleast_2d atleast_3d meshgrid".split())
# the first result alone; of `unique` the places, too
_FIRST = frozenset("average unique unique_all unique_counts unique_inverse".split())
# the class is kept with `subok=True` alone
_SUBOK = frozenset(("broadcast_to", "broadcast_arrays", "copy"))
# the methods that functions call, which a class may have of its own
_BY_METHOD = frozenset(
    "argmax argmin argsort choose clip compress cumprod cumsum diagonal mean nonzero partition put ravel repeat reshape round "
    "searchsorted squeeze std swapaxes take trace transpose var".split()
)
# reductions that are folds of a ufunc
_FOLDS = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}
_FOLD_PARAMETERS = {
    "sum": ("axis", "dtype", "out", "keepdims", "initial", "where"),
    "max": ("axis", "out", "keepdims", "initial", "where"),
    "any": ("axis", "out", "keepdims", "where"),
}
_FOLD_PARAMETERS |= {"prod": _FOLD_PARAMETERS["sum"], "min": _FOLD_PARAMETERS["max"], "all": _FOLD_PARAMETERS["any"]}
_REDUCTIONS = frozenset((*_FOLDS, "mean", "var", "std", "argmax", "argmin", "logsumexp", "count_nonzero"))


def is_one(value):
    """Returns true for arrays of a class that is derived from `ndarray`."""
    return type(value) is not ndarray and isinstance(value, ndarray)


def overrides_ufuncs(cls):
    """Returns true for classes with an `__array_ufunc__` of their own."""
    return cls.__array_ufunc__ is not ndarray.__array_ufunc__


def plain(value, depth=0):
    """An array as `ndarray`, over the same memory; in lists and tuples down to a depth."""
    if is_one(value):
        return _as_class(ndarray, value, None, True)
    if depth and type(value) in (list, tuple):
        return type(value)(plain(each, depth - 1) for each in value)
    return value


def _found(values, depth):
    for value in values:
        if depth and type(value) in (list, tuple):
            yield from _found(value, depth - 1)
        elif isinstance(value, ndarray):
            yield value


def priority(value):
    """The `__array_priority__` of an array; 0 where its class inherits `ndarray`'s, or is that."""
    found = getattr(value, "__array_priority__", 0.0)
    return 0.0 if found is ndarray.__array_priority__ else found


def _highest(values):
    """The array of a subclass whose class results are of: of those of one priority the first, `ndarray` after them."""
    best, highest = None, float("-inf")
    for value in values:
        if type(value) is ndarray:
            if highest < 0.0:
                best, highest = None, 0.0
        elif isinstance(value, ndarray):
            own = priority(value)
            if highest < own or (own == 0.0 and highest == 0.0 and best is None):
                best, highest = value, own
    return best


def _kept(result, template, scalars=False):
    """Arrays of a result as arrays of the template's class."""
    if type(result) is ndarray or (scalars and isinstance(result, cv.generic)):
        return _as_class(type(template), cv.asarray(result), template, False)
    if type(result) in (list, tuple):
        return type(result)(_kept(each, template, scalars) for each in result)
    return result


def wrapped(result, template, context=None, is_output=False):
    """A result as `__array_wrap__` of an array returns it, which may make a scalar of a new one without axes."""
    array = result if isinstance(result, ndarray) else cv.asarray(result)
    return_scalar = not is_output and array.ndim == 0
    wrap = template.__array_wrap__
    try:
        return wrap(array, context, return_scalar)
    except TypeError as error:
        # methods from before NumPy 2 take fewer arguments
        for given in ((array, context), (array,)):
            try:
                answer = wrap(*given)
            except TypeError:
                continue
            warnings.warn(
                "__array_wrap__ must accept context and return_scalar arguments (positionally) in the future. (Deprecated NumPy 2.0)",
                DeprecationWarning,
                stacklevel=4,
            )
            return answer
        raise error


def _with_outputs(results, outputs, context, template, keeps_arrays):
    """The results of a ufunc: outputs are what was given, others of the template's class."""
    several = isinstance(results, tuple)
    answers = []
    for i, result in enumerate(results if several else (results,)):
        given = outputs[i] if i < len(outputs) else None
        own = context and (*context, i)
        if given is not None:
            answers.append(wrapped(given, given, own, is_output=True) if is_one(given) else given)
        elif template is not None:
            answers.append(wrapped(result, template, own, keeps_arrays))
        else:
            answers.append(result)
    return tuple(answers) if several else answers[0]


def ufunc(public, method, args, kwargs):
    """A call of a ufunc, or of one of its methods, whose operands override nothing."""
    kwargs = dict(kwargs)
    outputs = kwargs.get("out", ())
    keeps_arrays = outputs is ...
    if keeps_arrays:
        outputs = ()
    elif outputs:
        kwargs["out"] = tuple(map(plain, outputs))
    subok = kwargs.pop("subok", True)
    kwargs = {key: plain(value) for key, value in kwargs.items()}
    results = getattr(public, method)(*map(plain, args), **kwargs)
    if method == "at":
        return results
    inputs = args if method in ("__call__", "outer") else args[:1]
    context = (public, (*args, *outputs)) if method == "__call__" else None
    # a choice between two is no ufunc of NumPy's
    template = _highest(inputs) if subok and public is not cv.where else None
    return _with_outputs(results, outputs, context, template, keeps_arrays)


def _bound(name, args, kwargs):
    """The arguments of a fold by name."""
    return dict(zip(_FOLD_PARAMETERS[name], args)) | kwargs


def reduction(name, array, args, kwargs):
    """The method of an array that reduces its axes."""
    kwargs = kwargs or {}
    if name in _FOLDS and overrides_ufuncs(type(array)):
        named = _bound(name, args, kwargs)
        return getattr(cv, _FOLDS[name]).reduce(array, axis=named.pop("axis", None), **named)
    function = getattr(cv, name)
    if name in _FOLD_PARAMETERS:
        args, kwargs = (), _bound(name, args, kwargs)
    out = kwargs.get("out")
    result = function(plain(array), *map(plain, args), **{key: plain(value) for key, value in kwargs.items()})
    if out is not None:
        return out
    if name in ("argmax", "argmin"):
        return _kept(result, array)
    return wrapped(result, array)


def _is_alone(name, args):
    """Returns true where nothing is joined: `block` of no list, an empty array to repeat."""
    if name == "resize" and is_one(args[0]) and len(args) > 1:
        lengths = args[1] if isinstance(args[1], (tuple, list)) else (args[1],)
        return 0 in lengths or args[0].size == 0
    return name == "block" and not isinstance(args[0], list)


def _calls_own(name, array):
    own = getattr(type(array), name, None)
    return own is not None and own is not getattr(ndarray, name, None) and not _same_function(own, name)


def _same_function(own, name):
    # functions as attributes are bound anew each time they are asked for
    return getattr(own, "__func__", own) is vars(ndarray).get(name)


def _template(name, args, kwargs, depth):
    """The array whose class the results of a function are of, or None."""
    given = (*args, *(value for key, value in kwargs.items() if key not in ("out", "where")))
    if name in _SUBOK:
        arrays = list(_found(given, depth))
        if name == "broadcast_arrays":
            return next(filter(is_one, arrays), None) if kwargs.get("subok") else None
        return arrays[0] if kwargs.get("subok") and arrays and is_one(arrays[0]) else None
    if name in _ANY or name == "average":
        return _highest(_found(given, depth))
    if name in _HIGHER:
        first, second = (*_found(given, depth), None, None)[:2]
        if name == "correlate" and second is not None and first.size < second.size:
            first, second = second, first
        template = second if second is not None and priority(second) > priority(first) else first
        return template if is_one(template) else None
    joins = name in _JOINING and (len(args) > 3 or any(kwargs.get(key) is not None and kwargs[key] is not False for key in _JOINED))
    if joins or (name in _PRIORITY and not _is_alone(name, args)):
        best = _highest(_found(given, depth))
        return best if best is not None and priority(best) > 0.0 else None
    place = 1 if name in ("compress", "extract") else 0
    first = given[place] if len(given) > place else None
    return first if is_one(first) and _keeps(name, first, args, kwargs) else None


def _keeps(name, first, args, kwargs):
    """Returns true where the result of a function is of the class of its first array."""
    if name == "diag":
        return first.ndim == 2
    if name == "round":
        # NumPy rounds to digits in a new array
        decimals = args[1] if len(args) > 1 else kwargs.get("decimals", 0)
        return decimals == 0 or (decimals > 0 and first.dtype.kind in "iu")
    if name == "unique" and (len(args) > 4 or kwargs.get("axis") is not None):
        return False
    return name in _KEEP or name in _WRAP or name in _FIRST or name in _JOINING or name in ("block", "resize")


def function(public, args, kwargs, depth):
    """A call of a function whose arguments override nothing."""
    name = public.__name__
    first = args[0] if args else None
    if is_one(first):
        if name in _REDUCTIONS and isinstance(public, cv.reduction):
            if _calls_own(name, first):
                named = _bound(name, args[1:], kwargs) if name in _FOLDS else None
                if named is None:
                    return getattr(first, name)(*args[1:], **kwargs)
                return getattr(first, name)(axis=named.pop("axis", None), out=named.pop("out", None), **named)
            return reduction(name, first, args[1:], kwargs)
        if name in _BY_METHOD and _calls_own(name, first):
            return getattr(first, name)(*args[1:], **kwargs)
    return _computed(public, name, args, kwargs, max(depth, 1))


def _computed(public, name, args, kwargs, depth):
    template = _template(name, args, kwargs, depth)
    if name in _SUBOK:
        kwargs = {key: value for key, value in kwargs.items() if key != "subok"}
    if name == "require" and "E" in _requirements(*args[2:], **kwargs):
        template = None
    out = kwargs.get("out")
    result = public(*(plain(each, depth) for each in args), **{key: plain(value, depth) for key, value in kwargs.items()})
    if out is not None and not isinstance(out, tuple):
        return out
    if name == "require" and template is not None and plain(first := args[0]).__array_interface__ == result.__array_interface__:
        return first
    if name in _EACH or (name == "broadcast_arrays" and template is not None):
        several = type(result) in (list, tuple)
        given = zip(result if several else (result,), args)
        each = [_kept(one, arg) if is_one(arg) else one for one, arg in given]
        return type(result)(each) if several else each[0]
    if template is None:
        return result
    if name in _FIRST:
        one = wrapped if name == "average" else _kept
        if not isinstance(result, tuple):
            return one(result, template)
        values = [one(result[0], template), *result[1:]]
        if name == "unique_all" or (name == "unique" and (args[1:2] == (True,) or kwargs.get("return_index"))):
            values[1] = _kept(values[1], template)
        return type(result)._make(values) if hasattr(result, "_make") else tuple(values)
    if name in _WRAP or name in _ANY:
        return tuple(wrapped(each, template) for each in result) if isinstance(result, tuple) else wrapped(result, template)
    return _kept(result, template)


def _requirements(requirements=None, **others):
    return [str(one)[:1].upper() for one in requirements or ()]


def method(public, array):
    """The method of an array that is a function of this package."""

    def call(*args, **kwargs):
        return _computed(public, public.__name__, (array, *args), kwargs, 1)

    call.__name__ = public.__name__
    call.__qualname__ = f"ndarray.{public.__name__}"
    call.__doc__ = public.__doc__
    call.__self__ = array
    return call


def defers(array, other):
    """Returns true where an operator leaves the answer to an operand of a class without ufuncs: it has a higher priority."""
    if hasattr(type(other), "__array_ufunc__") or isinstance(other, type(array)):
        return False
    try:
        return priority(array) < float(other.__array_priority__)
    except Exception:  # noqa: BLE001: an attribute that cannot be read is no priority
        return False


def reduce(array):
    """The pickle of an array: the elements are the constructor's, so that a class's own `__setstate__` finds them."""
    dense = plain(array)
    fortran = dense.flags.fnc
    data = dense.tobytes("F" if fortran else "C")
    return _rebuilt, (type(array), array.shape, array.dtype, fortran, data), (1, array.shape, array.dtype, fortran, None)


def _rebuilt(cls, shape, dtype, fortran, data):
    """The array that was pickled."""
    elements = cv.frombuffer(bytearray(data), dtype) if data else cv.empty(0, dtype)
    if not dtype.isnative:
        # a copy that can be written
        elements = elements.copy()
    return _as_class(cls, elements.reshape(shape, order="F" if fortran else "C"), None, False)


def setstate(array, state):
    """Takes the state of a pickle, whose elements the array has unless they are given."""
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise TypeError("the state of an array is (version, shape, dtype, is_fortran, data)")
    shape, dtype, fortran, data = state[-4:]
    if data is not None:
        dtype = cv.dtype(dtype)
        elements = cv.frombuffer(bytearray(data), dtype) if data else cv.empty(0, dtype)
        elements = elements.reshape(shape, order="F" if fortran else "C")
        if array.shape != elements.shape or array.dtype != dtype:
            raise ValueError("the memory of an array keeps its size: this state is of another shape or dtype")
        plain(array)[...] = elements
