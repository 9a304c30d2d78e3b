"""Questions about dtypes that need no engine."""

from . import _civita as cv
from ._overrides import overridable

#: NumPy's one-letter codes by kind; those of text, dates and objects are not there.
typecodes = {
    "Character": "",
    "Integer": "bhilqnp",
    "UnsignedInteger": "BHILQNP",
    "Float": "efdg",
    "Complex": "FDG",
    "AllInteger": "bBhHiIlLqQnNpP",
    "AllFloat": "efdgFDG",
    "Datetime": "",
    "All": "?bhilqnpBHILQNPefdgFDG",
}

_NAMES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip
_ALIASES = (
    "byte", "ubyte", "short", "ushort", "intc", "uintc", "int_", "uint", "long", "ulong", "longlong", "ulonglong",
    "intp", "uintp", "half", "single", "double", "longdouble", "csingle", "cdouble", "clongdouble", "bool_",
)  # fmt: skip


def _class(name):
    return cv.dtype(name).type


#: Scalar classes by every name and code of theirs.
sctypeDict = {name: _class(name) for name in _NAMES}
sctypeDict |= {name: getattr(cv, name) for name in _ALIASES}
sctypeDict |= {"int": cv.int64, "float": cv.float64, "complex": cv.complex128}
for _name in _NAMES:
    _dtype = cv.dtype(_name)
    if _dtype.isbuiltin == 1:
        sctypeDict[_dtype.str[1:]] = sctypeDict[_dtype.char] = _dtype.type
        sctypeDict[_dtype.num] = _dtype.type
for _char in typecodes["All"]:
    sctypeDict.setdefault(_char, _class(_char))

#: Classes whose instances are scalars.
ScalarType = (int, float, complex, bool, bytes, str, memoryview) + tuple(_class(name) for name in _NAMES)

_TYPENAMES = {
    "S1": "character", "?": "bool", "b": "signed char", "B": "unsigned char", "h": "short", "H": "unsigned short",
    "i": "integer", "I": "unsigned integer", "l": "long integer", "L": "unsigned long integer",
    "q": "long long integer", "Q": "unsigned long long integer", "f": "single precision", "d": "double precision",
    "g": "long precision", "F": "complex single precision", "D": "complex double precision",
    "G": "complex long double precision", "S": "string", "U": "unicode", "V": "void", "O": "object",
}  # fmt: skip


def typename(char):
    """The words that describe a type code."""
    return _TYPENAMES[char]


@overridable
def min_scalar_type(a, /):
    """The smallest dtype that holds the value of a scalar; of an array with axes its dtype."""
    a = cv.asarray(a)
    if a.ndim > 0 or a.dtype == "bool":
        return a.dtype
    value = a.item()
    if a.dtype.kind in "iu":
        names = ("uint8", "uint16", "uint32", "uint64") if value >= 0 else ("int8", "int16", "int32", "int64")
        return next(cv.dtype(n) for n in names if cv.iinfo(n).min <= value <= cv.iinfo(n).max)
    parts = (value.real, value.imag)
    names = ("float16", "float32", "float64") if a.dtype.kind == "f" else ("complex64", "complex128")
    for name in names:
        limit = float(cv.finfo(name).max)
        if all(abs(p) <= limit or p != p or abs(p) == float("inf") for p in parts):
            return cv.dtype(name)
    return a.dtype


@overridable
def common_type(*arrays):
    """The inexact scalar class that holds the elements of all arrays; of integers `float64`."""
    if not arrays:
        return cv.float16
    found = []
    for a in arrays:
        dtype = cv.asarray(a).dtype
        if dtype.kind == "b":
            raise TypeError("can't get common type for non-numeric array")
        found.append(cv.dtype("float64") if dtype.kind in "iu" else dtype)
    return cv.result_type(*found).type


_BY_SIZE = "GDFgdf"


def mintypecode(typechars, typeset="GDFgdf", default="d"):
    """The smallest of the codes in `typeset` to which all given ones can be cast."""
    codes = [t if isinstance(t, str) else cv.asarray(t).dtype.char for t in typechars]
    found = {t for t in codes if t in typeset}
    if not found:
        return default
    if "F" in found and "d" in found:
        return "D"
    return min(found, key=_BY_SIZE.index)


def _dtype_of(x):
    return cv.asarray(x).dtype


def iscomplexobj(x):
    """Returns true where an object is complex or an array of complex numbers."""
    dtype = getattr(x, "dtype", None)
    if dtype is not None:
        # the dtypes of other packages name a class of scalars
        return issubclass(getattr(dtype, "type", cv.generic), (cv.complexfloating, complex)) or getattr(dtype, "kind", "") == "c"
    return _dtype_of(x).kind == "c"


def isrealobj(x):
    """Returns true where an object is no complex number and no array of them."""
    return not iscomplexobj(x)


def _plain(x):
    return x if x.ndim else x[()]


def iscomplex(x):
    """Returns true where the imaginary part is not zero."""
    x = cv.asarray(x)
    return _plain(x.imag != 0) if x.dtype.kind == "c" else _plain(cv.zeros(x.shape, dtype="bool"))


def isreal(x):
    """Returns true where the imaginary part is zero."""
    x = cv.asarray(x)
    return _plain(x.imag == 0) if x.dtype.kind == "c" else _plain(cv.ones(x.shape, dtype="bool"))


def _infinite(name, x, out, sign):
    x = cv.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError(f"This operation is not supported for {x.dtype.name} values because it would be ambiguous.")
    return cv.logical_and(cv.isinf(x), cv.signbit(x) == sign, **({} if out is None else {"out": out}))


def isposinf(x, out=None):
    """Returns true where an element is positive infinity."""
    return _infinite("isposinf", x, out, False)


def isneginf(x, out=None):
    """Returns true where an element is negative infinity."""
    return _infinite("isneginf", x, out, True)


def real_if_close(a, tol=100):
    """The real part where all imaginary parts are within `tol` times `eps` of zero, else the array."""
    a = cv.asanyarray(a)
    if a.dtype.kind != "c":
        return a
    limit = tol * float(cv.finfo(a.dtype).eps) if tol > 1 else tol
    return a.real if bool((abs(a.imag) < limit).all()) else a
