"""Assertions about arrays, with NumPy's names and messages."""

import builtins
import contextlib
import functools
import operator
import os
import re
import sys
import unittest
import warnings

from .. import _civita as cv

__all__ = [
    "assert_", "assert_allclose", "assert_almost_equal", "assert_approx_equal", "assert_array_almost_equal",
    "assert_array_almost_equal_nulp", "assert_array_compare", "assert_array_equal", "assert_array_less", "assert_array_max_ulp",
    "assert_equal", "assert_no_gc_cycles", "assert_no_warnings", "assert_raises", "assert_raises_regex", "assert_string_equal",
    "assert_warns", "build_err_msg", "break_cycles", "suppress_warnings", "tempdir", "temppath",
    "HAS_REFCOUNT", "IS_64BIT", "IS_EDITABLE", "IS_INSTALLED", "IS_MUSL", "IS_PYPY", "IS_PYSTON", "IS_WASM", "NOGIL_BUILD",
    "NUMPY_ROOT", "SkipTest", "IgnoreException", "KnownFailureException",
]  # fmt: skip

IS_WASM = sys.platform == "emscripten"
IS_PYPY = sys.implementation.name == "pypy"
IS_PYSTON = False
IS_EDITABLE = False
IS_INSTALLED = True
IS_MUSL = False
IS_64BIT = sys.maxsize > 2**32
HAS_REFCOUNT = getattr(sys, "getrefcount", None) is not None
NOGIL_BUILD = not getattr(sys, "_is_gil_enabled", lambda: True)()
NUMPY_ROOT = os.path.dirname(os.path.dirname(__file__))
SkipTest = unittest.SkipTest
verbose = 0


class IgnoreException(Exception):
    """A test that is not run."""


class KnownFailureException(Exception):
    """A test that is known to fail."""


def assert_(val, msg=""):
    """Fails unless a value is true; also where Python runs with `-O`."""
    __tracebackhide__ = True
    if not val:
        raise AssertionError(msg() if callable(msg) else msg)


def build_err_msg(arrays, err_msg, header="Items are not equal:", verbose=True, names=("ACTUAL", "DESIRED"), precision=8):
    """The text of a failed comparison."""
    lines = ["\n" + header]
    err_msg = str(err_msg)
    if err_msg:
        if err_msg.find("\n") == -1 and len(err_msg) < 79 - len(header):
            lines = [lines[0] + " " + err_msg]
        else:
            lines.append(err_msg)
    if verbose:
        for name, a in zip(names, arrays):
            try:
                text = cv.array_repr(a, precision=precision) if isinstance(a, cv.ndarray) else repr(a)
            except Exception as error:
                text = f"[repr failed for <{type(a).__name__}>: {error}]"
            if text.count("\n") > 3:
                text = "\n".join(text.splitlines()[:3]) + "..."
            lines.append(f" {name}: {text}")
    return "\n".join(lines)


def _numeric(x):
    return isinstance(x, (int, float, complex, cv.generic)) or (isinstance(x, cv.ndarray) and x.ndim == 0)


def _is_array(x):
    return isinstance(x, (cv.ndarray, cv.generic)) or hasattr(x, "__array__")


def assert_equal(actual, desired, err_msg="", verbose=True, *, strict=False):
    """Fails unless two objects are equal: numbers, arrays, lists, tuples and dicts of them. NaN equals NaN."""
    __tracebackhide__ = True
    if isinstance(desired, dict):
        if not isinstance(actual, dict):
            raise AssertionError(repr(type(actual)))
        assert_equal(len(actual), len(desired), err_msg, verbose)
        for key in desired:
            if key not in actual:
                raise AssertionError(repr(key))
            assert_equal(actual[key], desired[key], f"key={key!r}\n{err_msg}", verbose)
        return
    if isinstance(desired, (list, tuple)) and isinstance(actual, (list, tuple)):
        assert_equal(len(actual), len(desired), err_msg, verbose)
        for k in range(len(desired)):
            assert_equal(actual[k], desired[k], f"item={k!r}\n{err_msg}", verbose)
        return
    if isinstance(actual, cv.ndarray) or isinstance(desired, cv.ndarray) or _has_axes(actual) or _has_axes(desired):
        assert_array_equal(actual, desired, err_msg, verbose, strict=strict)
        return
    message = build_err_msg([actual, desired], err_msg, verbose=verbose)
    if _numeric(actual) and _numeric(desired):
        a, b = complex(actual), complex(desired)
        parts = [(a.real, b.real), (a.imag, b.imag)]
        if builtins.all(x == y or (x != x and y != y) for x, y in parts):
            # zeros of other signs differ
            signs = ((str(x)[0] == "-") == (str(y)[0] == "-") for x, y in parts if x == 0 == y)
            if isinstance(actual, (float, cv.floating)) and not builtins.all(signs):
                raise AssertionError(message)
            return
        if a == a and b == b or not (isinstance(actual, complex) or isinstance(desired, complex)):
            raise AssertionError(message)
    if not (desired == actual):
        raise AssertionError(message)


def _has_axes(x):
    return hasattr(x, "__array__") and getattr(x, "ndim", 0) > 0


def print_assert_equal(test_string, actual, desired):
    """Fails unless two objects are equal, with the name of the test."""
    __tracebackhide__ = True
    if actual != desired:
        raise AssertionError(f"{test_string} failed\nACTUAL: \n{actual!r}\nDESIRED: \n{desired!r}")


def assert_almost_equal(actual, desired, decimal=7, err_msg="", verbose=True):
    """Fails unless two numbers or arrays differ by less than `1.5 * 10**-decimal`."""
    __tracebackhide__ = True
    if isinstance(actual, (cv.ndarray, list, tuple)) or isinstance(desired, (cv.ndarray, list, tuple)) or _has_axes(actual):
        assert_array_almost_equal(actual, desired, decimal, err_msg)
        return
    message = build_err_msg([actual, desired], err_msg, verbose=verbose,
                            header=f"Arrays are not almost equal to {decimal} decimals")  # fmt: skip
    if isinstance(actual, complex) or isinstance(desired, complex):
        a, b = complex(actual), complex(desired)
        try:
            assert_almost_equal(a.real, b.real, decimal)
            assert_almost_equal(a.imag, b.imag, decimal)
        except AssertionError:
            raise AssertionError(message) from None
        return
    a, b = float(actual), float(desired)
    inf = float("inf")
    if builtins.abs(a) == inf or builtins.abs(b) == inf or a != a or b != b:
        if not (a == b or (a != a and b != b)):
            raise AssertionError(message)
        return
    if builtins.abs(b - a) >= 1.5 * 10.0**-decimal:
        raise AssertionError(message)


def assert_approx_equal(actual, desired, significant=7, err_msg="", verbose=True):
    """Fails unless two numbers agree in so many significant digits."""
    import math

    __tracebackhide__ = True
    actual, desired = float(actual), float(desired)
    if desired == actual:
        return
    size = 0.5 * (builtins.abs(desired) + builtins.abs(actual))
    scale = 10.0 ** math.floor(math.log10(size)) if math.isfinite(size) and size else 0.0
    a, b = (actual / scale, desired / scale) if scale else (0.0, 0.0)
    message = build_err_msg([actual, desired], err_msg, verbose=verbose,
                            header=f"Items are not equal to {significant} significant digits:")  # fmt: skip
    if not (math.isfinite(actual) and math.isfinite(desired)):
        if not (actual == desired or (actual != actual and desired != desired)):
            raise AssertionError(message)
        return
    if builtins.abs(b - a) >= 10.0 ** -(significant - 1):
        raise AssertionError(message)


def _where(x, flag):
    """Where a float is NaN or infinite; None where no element can be."""
    return flag(x) if x.dtype.kind in "fc" else None


def assert_array_compare(comparison, x, y, err_msg="", verbose=True, header="", precision=6, equal_nan=True, equal_inf=True, *,
                         strict=False, names=("ACTUAL", "DESIRED")):  # fmt: skip
    """Fails unless a comparison is true of all elements; NaN and infinities are compared by their places."""
    __tracebackhide__ = True
    x, y = cv.asanyarray(x), cv.asanyarray(y)
    originals = (x, y)

    def fail(text):
        raise AssertionError(build_err_msg(originals, err_msg + text, verbose=verbose, header=header, names=names, precision=precision))

    same = x.shape == y.shape and x.dtype == y.dtype if strict else x.shape == () or y.shape == () or x.shape == y.shape
    if not same:
        if x.shape != y.shape:
            fail(f"\n(shapes {x.shape}, {y.shape} mismatch)")
        fail(f"\n(dtypes {x.dtype}, {y.dtype} mismatch)")
    flagged = None

    def same_places(flag, name):
        nonlocal flagged
        a, b = _where(x, flag), _where(y, flag)
        if a is None and b is None:
            return
        a = cv.zeros(x.shape, dtype="bool") if a is None else cv.asarray(a)
        b = cv.zeros(y.shape, dtype="bool") if b is None else cv.asarray(b)
        if not bool((a == b).all()):
            fail(f"\n{name} location mismatch:")
        both = cv.logical_and(a, b)
        if not bool(both.any()):
            return
        flagged = both if flagged is None else cv.logical_or(flagged, both)

    if equal_nan:
        same_places(cv.isnan, "nan")
    if equal_inf:
        same_places(cv.isinf, "inf")
        if not _same_infinities(x, y):
            originals = tuple(cv.asarray(v)[cv.isinf(v)] if v.ndim else v for v in (x, y))
            fail("\ninf values mismatch:")
    if flagged is not None:
        keep = cv.logical_not(cv.asarray(flagged))
        if x.shape == () and y.shape == ():
            return
        shape = keep.shape
        x, y = cv.broadcast_to(x, shape)[keep], cv.broadcast_to(y, shape)[keep]
        places = [tuple(int(i) for i in at) for at in zip(*(p.tolist() for p in cv.nonzero(keep)))] if x.size else []
        if x.size == 0:
            return
    else:
        places = None
    result = comparison(x, y)
    result = cv.asarray(result)
    if bool(result.all()):
        return
    bad = cv.broadcast_to(cv.logical_not(result), result.shape).ravel()
    count, total = int(bad.sum()), (result.size if flagged is None else flagged.size)
    percent = 100 * count / total
    remarks = [f"Mismatched elements: {count} / {total} ({percent:.3g}%)"]
    shape = cv.broadcast_shapes(originals[0].shape, originals[1].shape)
    if shape:
        first = cv.nonzero(bad)[0][:5].tolist()
        index = (lambda k: places[k]) if places is not None else (lambda k: _index(k, shape))
        head = "Mismatch at index:" if count == 1 else "Mismatch at indices:" if count <= 5 else "First 5 mismatches are at indices:"
        remarks.append(head)
        left, right = names
        for k in first:
            at = index(k)
            a = cv.broadcast_to(originals[0], shape)[at]
            b = cv.broadcast_to(originals[1], shape)[at]
            remarks.append(f" [{', '.join(map(str, at))}]: {a} ({left}), {b} ({right})")
    remarks += _differences(cv.broadcast_to(x, result.shape).ravel()[bad], cv.broadcast_to(y, result.shape).ravel()[bad])
    fail("\n" + "\n".join(remarks))


def _same_infinities(x, y):
    """Infinities stand at the same places, with the same signs."""
    for sign in (cv.inf, -cv.inf):
        a = (x == sign) if x.dtype.kind in "fc" else None
        b = (y == sign) if y.dtype.kind in "fc" else None
        if a is None and b is None:
            continue
        a = cv.asarray(False if a is None else a)
        b = cv.asarray(False if b is None else b)
        if not bool((a == b).all()):
            return False
    return True


def _index(k, shape):
    index = []
    for n in reversed(shape):
        k, i = divmod(k, n)
        index.append(i)
    return tuple(reversed(index))


def _differences(x, y):
    if x.dtype.kind == "b" and y.dtype.kind == "b":
        return []
    wide = cv.result_type(x.dtype, y.dtype)
    if wide.kind in "iu":
        a, b = x.astype(wide), y.astype(wide)
        error = cv.where(a > b, a - b, b - a)
    else:
        error = abs(cv.asarray(x) - cv.asarray(y))
    lines = [f"Max absolute difference among violations: {_text(error.max())}"]
    nonzero = y != 0
    relative = cv.where(nonzero, error / cv.where(nonzero, abs(y.astype(wide)), 1), 0)
    if bool(nonzero.any()):
        lines.append(f"Max relative difference among violations: {_text(relative[nonzero].max())}")
    else:
        lines.append("Max relative difference among violations: inf")
    return lines


def _text(value):
    return cv.array2string(cv.asarray(value))


def assert_array_equal(actual, desired, err_msg="", verbose=True, *, strict=False):
    """Fails unless two arrays have one shape and equal elements. NaN equals NaN."""
    __tracebackhide__ = True
    assert_array_compare(operator.eq, actual, desired, err_msg=err_msg, verbose=verbose, header="Arrays are not equal", precision=8,
                         strict=strict)  # fmt: skip


def assert_array_almost_equal(actual, desired, decimal=6, err_msg="", verbose=True):
    """Fails unless the elements of two arrays differ by less than `1.5 * 10**-decimal`."""
    __tracebackhide__ = True

    def close(x, y):
        x, y = cv.asarray(x), cv.asarray(y)
        wide = cv.result_type(x.dtype, y.dtype, "float64")
        return abs(x.astype(wide) - y.astype(wide)) < 1.5 * 10.0**-decimal

    assert_array_compare(close, actual, desired, err_msg=err_msg, verbose=verbose,
                         header=f"Arrays are not almost equal to {decimal} decimals", precision=decimal)  # fmt: skip


def assert_array_less(x, y, err_msg="", verbose=True, *, strict=False):
    """Fails unless each element of one array is less than that of the other."""
    __tracebackhide__ = True
    assert_array_compare(operator.lt, x, y, err_msg=err_msg, verbose=verbose, header="Arrays are not strictly ordered `x < y`",
                         equal_inf=False, strict=strict, names=("x", "y"))  # fmt: skip


def assert_allclose(actual, desired, rtol=1e-07, atol=0, equal_nan=True, err_msg="", verbose=True, *, strict=False):
    """Fails unless `|actual - desired| <= atol + rtol * |desired|` for all elements."""
    __tracebackhide__ = True

    def close(x, y):
        return cv.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)

    header = f"Not equal to tolerance rtol={rtol:g}, atol={atol:g}"
    assert_array_compare(close, actual, desired, err_msg=str(err_msg), verbose=verbose, header=header, equal_nan=equal_nan,
                         strict=strict, precision=8)  # fmt: skip


def assert_array_almost_equal_nulp(x, y, nulp=1):
    """Fails unless two arrays differ by at most `nulp` units in the last place."""
    __tracebackhide__ = True
    x, y = cv.asarray(x), cv.asarray(y)
    larger = cv.where(abs(x) > abs(y), abs(x), abs(y))
    allowed = nulp * cv.spacing(larger)
    if not bool((abs(x - y) <= allowed).all()):
        if x.dtype.kind == "c" or y.dtype.kind == "c":
            raise AssertionError(f"Arrays are not equal to {nulp} ULP")
        most = cv.max(_ulps(x, y))
        raise AssertionError(f"Arrays are not equal to {nulp} ULP (max is {most:g})")


def _ulps(x, y):
    if "b" in (x.dtype.kind, y.dtype.kind):
        raise TypeError("can't get common type for non-numeric array")
    # integers are compared as the floats that they become
    dtype = cv.result_type(x, y, *["float64"] * (x.dtype.kind in "iu" or y.dtype.kind in "iu"))
    if dtype.kind == "c":
        raise NotImplementedError("_nulp not implemented for complex array")
    if x.shape != y.shape:
        raise ValueError(f"Arrays do not have the same shape: {x.shape} - {y.shape}")
    bits = {2: "int16", 4: "int32", 8: "int64"}[dtype.itemsize]

    def ordered(v):
        v = cv.atleast_1d(v.astype(dtype)).view(bits)
        least = cv.iinfo(bits).min
        return cv.where(v < 0, least - v, v).astype("float64")

    return abs(ordered(x) - ordered(y))


def assert_array_max_ulp(a, b, maxulp=1, dtype=None):
    """Fails unless two arrays differ by at most `maxulp` units in the last place; returns the differences."""
    __tracebackhide__ = True
    a, b = cv.asarray(a, dtype=dtype), cv.asarray(b, dtype=dtype)
    found = _ulps(a, b)
    if not bool((found <= maxulp).all()):
        raise AssertionError(f"Arrays are not almost equal up to {maxulp:g} ULP (max difference is {float(found.max()):g} ULP)")
    return found


def assert_string_equal(actual, desired):
    """Fails unless two texts are equal, and shows where they differ."""
    import difflib

    __tracebackhide__ = True
    for text in (actual, desired):
        if not isinstance(text, str):
            raise AssertionError(repr(type(text)))
    if actual == desired:
        return
    lines = list(difflib.Differ().compare(actual.splitlines(True), desired.splitlines(True)))
    raise AssertionError(f"Differences in strings:\n{''.join(line for line in lines if line[0] not in '? ')}".rstrip())


_case = unittest.TestCase()
_case.longMessage = True


def assert_raises(*args, **kwargs):
    """Fails unless a call, or the `with` block, raises the exception."""
    __tracebackhide__ = True
    return _case.assertRaises(*args, **kwargs)


def assert_raises_regex(exception_class, expected_regexp, *args, **kwargs):
    """As `assert_raises`, with a pattern for the message."""
    __tracebackhide__ = True
    return _case.assertRaisesRegex(exception_class, expected_regexp, *args, **kwargs)


@contextlib.contextmanager
def _warns(category, name=None):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    if category is None:
        if seen:
            raise AssertionError(f"Got warnings{f' when calling {name}' if name else ''}: {seen}")
    elif not builtins.any(issubclass(w.category, category) for w in seen):
        raise AssertionError("No warning raised" + (f" when calling {name}" if name else ""))


def assert_warns(warning_class, *args, **kwargs):
    """Fails unless a call, or the `with` block, warns."""
    if not args:
        return _warns(warning_class)
    func, args = args[0], args[1:]
    with _warns(warning_class, func.__name__):
        return func(*args, **kwargs)


def assert_no_warnings(*args, **kwargs):
    """Fails where a call, or the `with` block, warns."""
    if not args:
        return _warns(None)
    func, args = args[0], args[1:]
    with _warns(None, func.__name__):
        return func(*args, **kwargs)


@contextlib.contextmanager
def _no_cycles(name=None):
    import gc

    gc.collect()
    was = gc.isenabled()
    gc.disable()
    try:
        yield
        found = gc.collect()
    finally:
        if was:
            gc.enable()
    if found:
        raise AssertionError(f"Reference cycles were found{f' when calling {name}' if name else ''}: {found} objects were collected")


def assert_no_gc_cycles(*args, **kwargs):
    """Fails where a call, or the `with` block, leaves cycles of references."""
    if not args:
        return _no_cycles()
    func, args = args[0], args[1:]
    with _no_cycles(func.__name__):
        func(*args, **kwargs)


def break_cycles():
    """Collects garbage."""
    import gc

    gc.collect()


@contextlib.contextmanager
def tempdir(*args, **kwargs):
    """A folder for the length of a `with` block."""
    import tempfile

    with tempfile.TemporaryDirectory(*args, **kwargs) as folder:
        yield folder


@contextlib.contextmanager
def temppath(*args, **kwargs):
    """The path of a file for the length of a `with` block."""
    import tempfile

    fd, path = tempfile.mkstemp(*args, **kwargs)
    os.close(fd)
    try:
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


class suppress_warnings:
    """Warnings that are left out, or recorded, in a `with` block or a function."""

    def __init__(self, forwarding_rule="always"):
        if forwarding_rule not in {"always", "module", "once", "location"}:
            raise ValueError("unsupported forwarding rule.")
        self._filters, self._block = [], None
        self.log = []

    def filter(self, category=Warning, message="", module=None):
        """Leaves warnings out."""
        self._add(category, message, None)

    def record(self, category=Warning, message="", module=None):
        """Records warnings in a list, which is returned."""
        log = []
        self._add(category, message, log)
        return log

    def _add(self, category, message, log):
        self._filters.append((category, re.compile(message, re.I), log))

    def __enter__(self):
        self._block = warnings.catch_warnings()
        self._block.__enter__()
        shown = warnings.showwarning
        warnings.simplefilter("always")

        def show(message, category, *args, **kwargs):
            for wanted, pattern, log in reversed(self._filters):
                if issubclass(category, wanted) and pattern.match(str(message)):
                    if log is not None:
                        entry = warnings.WarningMessage(message, category, *args, **kwargs)
                        log.append(entry)
                        self.log.append(entry)
                    return
            shown(message, category, *args, **kwargs)

        warnings.showwarning = show
        return self

    def __exit__(self, *error):
        self._block.__exit__(*error)

    def __call__(self, func):
        @functools.wraps(func)
        def wrapped(*args, **kwargs):
            with self:
                return func(*args, **kwargs)

        return wrapped
