"""NumPy and SciPy as oracles: what a row of `cv.rows()` should compute, values worth trying, layouts worth trying, and
what counts as equal.

A new row needs nothing here when NumPy or `scipy.special` has a function of its `numpy` name. Otherwise it gets a
formula in `FORMULAS`, and the driver fails until it has one.

NumPy has no bfloat16. On its side such an array is float32 that holds only values of bfloat16, and a result is rounded
to one by `to_bfloat16`.
"""

import ctypes
import ctypes.util
import functools
import math
import warnings

import numpy as np
import scipy.special

import civita as cv



def _rows(kind):
    """The rows of a table, without the loops of the 8-bit floats: `test_float8.py` tests those."""
    found = [row for row in cv.rows() if row["kind"] == kind]
    return [row | {"loops": [(i, o) for i, o in row["loops"] if not i.startswith("float8")]} for row in found]


ROWS = _rows("elementwise")
REDUCTIONS = _rows("reduction")

INTEGERS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
DTYPES = ["bool", *INTEGERS, *FLOATS, *COMPLEX]
NUMPY_DTYPES = [d for d in DTYPES if d != "bfloat16"]

WIDE = {
    "float16": np.float64,
    "bfloat16": np.float64,
    "float32": np.float64,
    "float64": np.longdouble,
    "complex64": np.complex128,
    "complex128": np.clongdouble,
}


def storage(dtype):
    """The NumPy dtype that stands for one of Civita's."""
    return np.dtype("float32" if dtype == "bfloat16" else dtype)


def to_bfloat16(x):
    """Float32 rounded to the nearest bfloat16, ties to even, as float32."""
    x = np.asarray(x)
    if x.dtype != np.float32:
        # rounded to odd first, so that rounding twice is rounding once
        wide, x = x, x.astype(np.float32)
        inexact = (x.astype(wide.dtype) != wide) & np.isfinite(x) & np.isfinite(wide)
        bits = x.view(np.uint32) if x.ndim else x.reshape(1).view(np.uint32).reshape(())
        towards_zero = np.where(np.abs(x).astype(wide.dtype) > np.abs(wide), bits - np.uint32(1), bits)
        x = np.where(inexact, towards_zero | np.uint32(1), bits).astype(np.uint32).view(np.float32).reshape(wide.shape)
    bits = np.ascontiguousarray(x).reshape(x.shape).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = ((bits + (np.uint32(0x7FFF) + odd)) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isnan(x), np.float32(np.nan), rounded)


def rounded(x, dtype):
    """Values of a wider dtype in this one."""
    if dtype == "bfloat16":
        return to_bfloat16(x)
    return np.asarray(x).astype(dtype)


def to_numpy(a):
    """The elements of one of Civita's arrays, bfloat16 as float32."""
    if a.dtype == "bfloat16":
        a = a.detach().astype("float32")
    return np.array(a.detach(), copy=True)


def to_civita(a, dtype):
    """NumPy's array with Civita's dtype, contiguous."""
    return cv.array(a).astype(dtype) if dtype == "bfloat16" else cv.array(np.ascontiguousarray(a).reshape(a.shape))


# ---- what a row computes -----------------------------------------------------------------------------------------


def _sigmoid(x):
    x = np.asarray(x)
    x = x.astype(np.exp(np.zeros(1, x.dtype)).dtype)
    small = x.real < 0
    e = np.exp(np.where(small, x, -x))
    return np.where(small, e, 1) / (1 + e)


def _relu(x):
    # NaN and -0 stay
    return np.where(x < 0, np.zeros_like(x), x)


def _logsumexp(x, axis=None, keepdims=False):
    # of one element without axes SciPy makes an axis
    shape = np.sum(x, axis=axis, keepdims=keepdims).shape
    return np.reshape(scipy.special.logsumexp(x, axis=axis, keepdims=keepdims), shape)


def _log1p(x):
    # NumPy's loop for complex numbers loses what is small beside 1
    x = np.asarray(x)
    y = np.log1p(x)
    if x.dtype.kind != "c":
        return y
    y = np.array(y, copy=True)
    near = np.abs(x) < 0.5
    y.real = np.where(near, 0.5 * np.log1p(x.real * (2 + x.real) + x.imag * x.imag), y.real)
    return y


def _exponent(x):
    m, e = np.frexp(x)
    return e.astype(m.dtype)


def _scalb(a, b):
    dtype = np.hypot(a, b).dtype
    a, b = np.broadcast_arrays(np.asarray(a, dtype), np.asarray(b, dtype))
    n = np.clip(np.nan_to_num(b.astype(np.float64)), -5000, 5000).astype(np.int64)
    return np.where(np.isnan(b), b, np.ldexp(a, n))


def _next_toward(a, b):
    dtype = np.result_type(np.hypot(a, b).dtype, np.float32)
    return np.nextafter(np.asarray(a, dtype), np.asarray(b, dtype))


def _wide(f):
    """A formula of real floats in the dtype that they meet in; 16-bit floats are computed in float32 and rounded once."""

    def computed(*operands):
        dtype = functools.reduce(lambda so_far, x: np.hypot(np.zeros(1, so_far), x).dtype, operands[2:], np.hypot(*operands[:2]).dtype)
        wide = np.float32 if dtype == np.float16 else dtype
        return np.asarray(f(*(np.asarray(x).astype(dtype).astype(wide) for x in operands))).astype(dtype)

    return computed


def _fma(a, b, c):
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    f, number = (libm.fma, ctypes.c_double) if a.dtype == np.float64 else (libm.fmaf, ctypes.c_float)
    f.restype, f.argtypes = number, [number] * 3
    return np.vectorize(f, otypes=[a.dtype])(a, b, c)


def _lerp(a, b, w):
    across, one = b - a, w.dtype.type(1)
    return np.where(np.abs(w) < 0.5, a + w * across, b - across * (one - w))


def _clamp(x, low, high):
    # of equals `x`, as with bounds that are numbers; NumPy's gives the bound where bounds vary along a row
    if np.result_type(x, low, high).kind == "c":
        return np.minimum(np.maximum(x, low), high)
    y = np.where(x < low, low, x)
    y = np.where(y > high, high, y)
    return np.where(np.isnan(x) | np.isnan(low) | np.isnan(high), y.dtype.type(np.nan), y) if y.dtype.kind == "f" else y


def _popcount(x):
    x = np.asarray(x)
    return np.bitwise_count(x).astype(np.int8 if x.dtype == bool else x.dtype)


def _real(function):
    """A function of `float64`, in the dtype in which NumPy's functions of real floats compute."""
    return lambda x: np.asarray(function(np.asarray(x).astype("float64"))).astype(np.cbrt(x).dtype)


def _real_floats(*arrays):
    """Arrays as `float64`, and the dtype in which functions of real floats compute for them."""
    arrays = [np.asarray(a) for a in arrays]
    dtype = np.cbrt(np.zeros((), np.result_type(*(a.dtype for a in arrays)))).dtype
    return [a.astype("float64") for a in arrays], dtype


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    given = [a for a in (weight, bias) if a is not None]
    (x, *given), dtype = _real_floats(input, *given)
    axes = tuple(range(-np.size(normalized_shape), 0))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    if weight is not None:
        y = y * given[0]
    if bias is not None:
        y = y + given[-1]
    return y.astype(dtype)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    given = [a for a in (weight,) if a is not None]
    (x, *given), dtype = _real_floats(input, *given)
    axes = tuple(range(-np.size(normalized_shape), 0))
    eps = np.finfo(np.result_type(dtype, "float32")).eps if eps is None else eps
    y = x / np.sqrt((x * x).mean(axes, keepdims=True) + eps)
    return (y * given[0] if given else y).astype(dtype)


def cross_entropy(input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    # a list of weights is `float64`, as it is to Civita
    (x, *given), dtype = _real_floats(input, *([] if weight is None else [weight]))
    target, axis = np.asarray(target), min(x.ndim - 1, 1)
    classes = x.shape[axis]
    along = [1] * x.ndim
    along[axis] = classes
    weight = (given[0] if given else np.ones(classes)).reshape(along)
    counts = target.dtype.kind == "f" or target != ignore_index
    if target.dtype.kind == "f":
        p = target
    else:
        p = (np.expand_dims(target, axis) == np.arange(classes).reshape(along)).astype("float64")
    p = p * (1 - label_smoothing) + label_smoothing / classes
    largest = x.max(axis, keepdims=True)
    logs = x - largest - np.log(np.exp(x - largest).sum(axis, keepdims=True))
    loss = np.where(counts, -(p * logs * weight).sum(axis), 0.0)
    if reduction == "none":
        return loss.astype(dtype)[()]
    if reduction == "sum":
        return loss.sum().astype(dtype)
    if target.dtype.kind == "f":
        return loss.mean().astype(dtype)
    each = np.where(counts, weight.reshape(-1)[np.where(counts, target, 0)], 0.0)
    return (loss.sum() / each.sum()).astype(dtype)


# Rows whose name is neither NumPy's nor scipy.special's, or means something else there.
FORMULAS = {
    "sigmoid": _sigmoid,
    "erf": _real(scipy.special.erf),
    # SciPy's is off by hundreds of units in the last place
    "erfc": _real(np.vectorize(math.erfc, otypes=["float64"])),
    "relu": _relu,
    "logsumexp": _logsumexp,
    "rsqrt": lambda x: np.reciprocal(np.sqrt(x)),
    "log1p": _log1p,
    "exponent": _exponent,
    "next_toward": _next_toward,
    "frac": lambda x: np.modf(x)[0],
    "gap": lambda x: np.spacing(np.asarray(x).astype(np.result_type(np.cbrt(x).dtype, np.float32))),
    "clamp": _clamp,
    "mantissa": lambda x: np.frexp(x)[0],
    "scalb": _scalb,
    "popcount": _popcount,
    "leaky_relu": _wide(lambda x, slope: np.where(x > 0, x, x * slope)),
    "fma": _wide(_fma),
    "lerp": _wide(_lerp),
}

# Rows of a class that rounds freely (`exp`), which must be rounded correctly all the same.
EXACT = {"sqrt", "rint", "fabs", "copysign", "heaviside", "exponent", "mantissa", "frac", "scalb", "leaky_relu", "fma", "lerp"}
# Rows of a class that rounds correctly (`add`), which may err by a few units in the last place.
ROUNDED = {"power", "float_power"}
# Rows whose complex loop multiplies by a constant first, which leaves no phase of a large number: NumPy's own value counts.
SCALED = {"exp2"}
# Rows whose result may cancel: as accurate as their larger operand.
CANCELLING = {"logaddexp", "logaddexp2"}
# Rows that round correctly for complex numbers too; NumPy's other complex loops fuse multiplications on some machines.
EXACT_COMPLEX = {"negative", "positive", "conjugate", "real", "imag", "add", "subtract", "rint"}


def reference(row):
    """NumPy's function of a row, or SciPy's, or a formula."""
    name = row["numpy"]
    found = FORMULAS.get(name) or getattr(np, name, None) or getattr(scipy.special, name, None)
    assert found is not None, f"the row '{name}' has no function in NumPy or scipy.special: add a formula to FORMULAS"
    return found


def ulps(row, dtype, complex_inputs=False):
    """How far from the true value a result may be."""
    free = row["class"] in ("ToFloat", "RealFloat") and row["numpy"] not in EXACT
    inexact = row["numpy"] in ROUNDED or free
    if complex_inputs or dtype in COMPLEX:
        free = row["class"] in ("Select", "Ordered") or row["numpy"] in EXACT_COMPLEX
        return 4 if dtype in FLOATS + COMPLEX and not free else 0
    if dtype not in FLOATS or not inexact:
        return 0
    # 16-bit floats are computed in float32
    return 1 if dtype in ("float16", "bfloat16") else 4


def widened(a, dtype):
    return a.astype(WIDE[dtype]) if dtype in WIDE else a


def expected(row, arrays, result):
    """What a row should give: NumPy's value, the true one (of a wider computation) in the same dtype, and how much the
    true one changes when the inputs do by half a unit in the last place (complex results only, else 0)."""
    f = reference(row)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        own = np.asarray(f(*arrays))
        if result == "bfloat16":
            own = to_bfloat16(own.astype(np.float32))
        if row["numpy"] in SCALED and result in COMPLEX:
            return own, own, 0
        if not ulps(row, result, any(a.dtype.kind == "c" for a in arrays)):
            return own, own, 0
        compute = str(np.result_type(*arrays)) if any(a.dtype.kind == "c" for a in arrays) else result
        wide = [widened(a.astype(storage(compute)), compute) for a in arrays]
        try:
            true = np.asarray(f(*wide))
        except TypeError:
            return own, own, 0
        slack = 0
        if compute in COMPLEX:
            # the problem's own condition: no method in this precision can do better
            eps = np.finfo(compute).eps
            for k, x in enumerate(wide):
                for re, im in ((1, 0), (0, 1), (2, 3), (-3, 2)):
                    nudged = np.empty_like(x)
                    nudged.real, nudged.imag = x.real * (1 + re * eps), x.imag * (1 + im * eps)
                    change = np.abs(f(*wide[:k], nudged, *wide[k + 1 :]) - true)
                    slack = slack + np.where(np.isnan(change), np.inf, change)
            finite = np.all(np.broadcast_arrays(*(np.isfinite(x) for x in wide)), axis=0)
            # infinities and NaN are tables, NumPy's own
            return own, np.where(finite, rounded(true, result), own), np.where(finite, slack, 0)
        if row["numpy"] in CANCELLING:
            eps = 2.0**-7 if result == "bfloat16" else float(np.finfo(result).eps)
            slack = eps * np.minimum(np.abs(np.maximum(*arrays)), 1)
    return own, rounded(true, result), slack


# ---- what counts as equal ----------------------------------------------------------------------------------------


def ordered(x):
    """Floats as integers in the same order, one apart where they are neighbours."""
    x = np.ascontiguousarray(x).reshape(np.shape(x))
    kind = {2: np.int16, 4: np.int32, 8: np.int64}[x.dtype.itemsize]
    bits = x.view(kind).astype(np.int64)
    low = np.int64(np.iinfo(kind).min)
    return np.where(bits < 0, low - bits, bits)


def distance(got, want, dtype):
    """Units in the last place between two arrays of real floats; NaN beside NaN is 0, beside a number the most."""
    far = np.iinfo(np.int64).max
    a, b = ordered(got), ordered(want)
    with np.errstate(over="ignore"):
        gap = np.abs(a - b).astype(np.int64)
    gap = np.where((a < 0) != (b < 0), np.where(np.abs(a / 2 - b / 2) > 2**61, far, gap), gap)
    if dtype == "bfloat16":
        gap = gap >> 16
    both = np.isnan(got) & np.isnan(want)
    either = np.isnan(got) ^ np.isnan(want)
    return np.where(both, 0, np.where(either, far, gap))


def _first(bad, got, want, inputs):
    at = tuple(int(i[0]) for i in np.nonzero(bad))
    texts = [f"{np.broadcast_to(a, np.shape(got))[at]!r}" for a in inputs]
    return f"{int(np.sum(bad))} of {bad.size} differ; at {at}: got {got[at]!r}, want {want[at]!r}, inputs {texts}"


def assert_same(got, want, dtype=None, limit=0, message="", inputs=(), slack=None):
    """Equal dtype, shape, values (within `limit` ULP for floats), NaN in the same places, zeros of the same sign."""
    dtype = dtype or str(want.dtype)
    assert isinstance(got, (cv.ndarray, cv.generic)), f"{message}: not an array: {type(got)}"
    assert str(got.dtype) == dtype, f"{message}: dtype {got.dtype}, want {dtype}"
    assert got.shape == np.shape(want), f"{message}: shape {got.shape}, want {np.shape(want)}"
    same_values(to_numpy(got), np.asarray(want), dtype, limit, message, inputs, slack)


def same_values(got, want, dtype, limit=0, message="", inputs=(), slack=None):
    if got.dtype.kind == "c":
        if not limit:
            same_values(got.real, want.real, dtype, 0, f"{message} (real part)", inputs)
            same_values(got.imag, want.imag, dtype, 0, f"{message} (imaginary part)", inputs)
            return
        near_complex(got, want, limit, message, inputs, 0 if slack is None else slack)
        return
    if got.dtype.kind != "f":
        bad = got != want
        assert not bad.any(), f"{message}: {_first(bad, got, want, inputs)}"
        return
    want = want.astype(got.dtype)
    bad = (distance(got, want, dtype) > limit) | ((np.signbit(got) != np.signbit(want)) & ~np.isnan(want))
    if slack is not None:
        with np.errstate(invalid="ignore"):
            bad &= ~((np.abs(got - want) <= limit * slack) & (np.asarray(slack) > 0))
    assert not bad.any(), f"{message}: {_first(bad, got, want, inputs)}"


def either_zero(got, want, inputs):
    """`want` with the zeros of `got` where both inputs are zero: the larger of 0 and -0 is either, in NumPy by
    instruction set and place."""
    got, want = to_numpy(got), np.asarray(want)
    if want.dtype.kind != "f" or got.shape != want.shape:
        return want
    zeros = (want == 0) & (got == 0) & (inputs[0] == 0) & (inputs[1] == 0)
    return np.where(zeros, got.astype(want.dtype), want)


def near_complex(got, want, limit, message, inputs, slack):
    """The parts of a complex result are accurate together, not each. Where one overflows, so does the other's."""
    info = np.finfo(got.dtype)
    finite = np.isfinite(got) & np.isfinite(want)
    size = np.maximum(np.abs(want.real), np.abs(want.imag))
    near = np.abs(got.astype(WIDE[str(got.dtype)]) - want) <= limit * (
        info.eps * size + slack + 4 * info.smallest_subnormal
    )
    neither = ~np.isfinite(got) & ~np.isfinite(want)
    edge = (size + limit * slack) >= info.max * (1 - limit * info.eps)
    bad = ~np.where(finite, near, neither | edge) & ~(limit * slack >= size)
    assert not bad.any(), f"{message}: {_first(bad, got, want, inputs)}"


def same_class(got, want, message, inputs):
    """Infinities, NaN and zeros of complex results where NumPy has them, of the same sign."""
    for part in ("real", "imag"):
        g, w = getattr(got, part), getattr(want, part)
        bad = (_class(g) != _class(w)) | ((w == 0) & (g == 0) & (np.signbit(g) != np.signbit(w)))
        assert not bad.any(), f"{message} ({part} part): {_first(bad, got, want, inputs)}"


def _class(x):
    """0 finite, 1 inf, -1 -inf, 2 NaN."""
    return np.where(np.isnan(x), 2, np.where(np.isinf(x), np.sign(x), 0))


# ---- values ------------------------------------------------------------------------------------------------------


def specials(dtype):
    """Values at which something usually breaks."""
    if dtype == "bool":
        return np.array([False, True])
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        all_ = {
            info.min,
            info.min + 1,
            info.max,
            info.max - 1,
            info.max // 2,
            info.max // 2 + 1,
            0,
            1,
            2,
            3,
            7,
            10,
            -1,
            -2,
            -7,
            64,
            100,
        }
        return np.array(sorted(v for v in all_ if info.min <= v <= info.max), dtype)
    if dtype in COMPLEX:
        part = np.array(
            [0.0, -0.0, 1.0, -1.5, 0.5, 30.0, np.inf, -np.inf, np.nan], "float32" if dtype == "complex64" else "float64"
        )
        z = np.empty((len(part), len(part)), dtype)
        z.real, z.imag = part[:, None], part[None, :]
        return z.ravel()
    real = np.float32 if dtype == "bfloat16" else np.dtype(dtype).type
    if dtype == "bfloat16":
        largest, tiny, least, eps = 3.3895314e38, 1.1754944e-38, 9.1835e-41, 2.0**-7
    else:
        info = np.finfo(dtype)
        largest, tiny, least, eps = info.max, info.tiny, info.smallest_subnormal, info.eps
    values = [
        0.0,
        0.25,
        0.5,
        0.75,
        1.0,
        1.5,
        2.0,
        2.5,
        3.0,
        3.5,
        7.25,
        10.0,
        88.0,
        100.0,
        710.0,
        1e4,
        largest,
        tiny,
        least,
        3 * least,
        eps,
        1 + eps,
        1 - eps / 2,
        np.inf,
        np.pi,
        np.e,
    ]
    values = np.array([real(v) for v in values], real)
    values = np.concatenate([values, -values, np.array([np.nan], real)])
    return to_bfloat16(values) if dtype == "bfloat16" else values


def ordinary(rng, dtype, n):
    """Random values of moderate size; integers of all sizes."""
    if dtype == "bool":
        return rng.integers(0, 2, n).astype(bool)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        large = rng.integers(info.min, info.max, n, dtype=dtype, endpoint=True)
        small = rng.integers(max(info.min, -9), 10, n).astype(dtype)
        return np.where(rng.random(n) < 0.5, large, small)
    if dtype in COMPLEX:
        part = "float32" if dtype == "complex64" else "float64"
        return (ordinary(rng, part, n) + 1j * ordinary(rng, part, n)).astype(dtype)
    x = rng.normal(size=n) * np.exp2(rng.integers(-6, 5, n))
    return to_bfloat16(x.astype(np.float32)) if dtype == "bfloat16" else x.astype(dtype)


def any_bits(rng, dtype, n):
    """Floats of all magnitudes: random bits."""
    if dtype in COMPLEX:
        part = "float32" if dtype == "complex64" else "float64"
        z = np.empty(n, dtype)
        z.real, z.imag = any_bits(rng, part, n), any_bits(rng, part, n)
        return z
    if dtype not in FLOATS:
        return ordinary(rng, dtype, n)
    size = storage(dtype).itemsize
    bits = (
        rng.integers(0, 1 << (8 * size), n, dtype=f"uint{8 * size}")
        if size < 8
        else rng.integers(0, 2**64 - 1, n, dtype="uint64", endpoint=True)
    )
    if dtype == "bfloat16":
        bits &= np.uint32(0xFFFF0000)
    return bits.view(storage(dtype))


# ---- layouts -----------------------------------------------------------------------------------------------------

# Each makes a view of `r` × `c` from an array of twice as many rows and columns, the same way in both libraries.
LAYOUTS = {
    "contiguous": lambda xp, big, r, c: xp.reshape(xp.ravel(big)[: r * c], (r, c)),
    "offset": lambda xp, big, r, c: xp.reshape(xp.ravel(big)[1 : 1 + r * c], (r, c)),
    "rows of a larger": lambda xp, big, r, c: big[:r, :c],
    "transposed": lambda xp, big, r, c: xp.reshape(xp.ravel(big)[: r * c], (c, r)).T,
    "stepped": lambda xp, big, r, c: big[: 2 * r : 2, : 2 * c : 2],
    "reversed": lambda xp, big, r, c: big[:r, :c][::-1, ::-1],
    "reversed rows": lambda xp, big, r, c: big[:r, :c][::-1],
    "reversed columns": lambda xp, big, r, c: xp.reshape(xp.ravel(big)[: r * c], (r, c))[:, ::-1],
    "broadcast row": lambda xp, big, r, c: xp.broadcast_to(big[0, :c], (r, c)),
    "broadcast column": lambda xp, big, r, c: xp.broadcast_to(big[:r, :1], (r, c)),
    "broadcast 0-d": lambda xp, big, r, c: xp.broadcast_to(big[1, 1], (r, c)),
}

# 0, 1, and one to either side of every vector width up to 64 lanes of twice.
LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 95, 127, 128, 129, 130]
# One to either side of the blocks that stay in L1, and enough for several threads.
LONG = [1023, 1025, 4099, 70_001]


def pair(values, dtype):
    """The same values in both libraries."""
    return values, to_civita(values, dtype)


def promoted(a, b):
    """NumPy's promotion, with bfloat16 as the float of half float32's size that is not float16."""
    if a == b == "bfloat16":
        return "bfloat16"
    if "bfloat16" in (a, b):
        other = b if a == "bfloat16" else a
        if other in ("bool", "uint8", "int8"):
            return "bfloat16"
        return str(np.promote_types("float32", other)) if other != "float16" else "float32"
    return str(np.promote_types(a, b))


# ---- PyTorch's gathers and scatters, by loops ----------------------------------------------------------------------


def places(index, dim, ndim):
    """For each index its own place, and the place that it names."""
    index = np.asarray(index)
    for own in np.ndindex(index.shape):
        at = list(own)
        at[dim % ndim] = int(index[own])
        yield own, tuple(at)


def gather(input, dim, index):
    y = np.empty(np.shape(index), input.dtype)
    for own, at in places(index, dim, input.ndim):
        y[own] = input[at]
    return y


def scatter(input, dim, index, src):
    y = input.copy()
    src = np.broadcast_to(np.asarray(src).astype(y.dtype), np.shape(index)) if np.ndim(src) == 0 else src
    for own, at in places(index, dim, y.ndim):
        y[at] = src[own]
    return y


def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    y = input.copy()
    if y.dtype.kind == "c" and reduce in ("amax", "amin"):
        raise TypeError("complex numbers have no order")
    add = np.logical_or if y.dtype == bool else np.add
    multiply = np.logical_and if y.dtype == bool else np.multiply
    function = {"sum": add, "mean": add, "prod": multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
    count = np.zeros(y.shape, "int64") + include_self
    for own, at in places(index, dim, y.ndim):
        y[at] = src[own] if count[at] == 0 else function(y[at], src[own])
        count[at] += 1
    if reduce != "mean":
        return y
    count = np.maximum(count, 1)
    return (y // count).astype(y.dtype) if y.dtype.kind in "iub" else (y / count).astype(y.dtype)


def scatter_add(input, dim, index, src):
    return scatter_reduce(input, dim, index, src, "sum")


def index_put(input, indices, values, accumulate=False):
    y = input.copy()
    key = tuple(np.asarray(index) for index in indices)
    if accumulate:
        np.add.at(y, key, np.asarray(values).astype(y.dtype))
    else:
        y[key] = values
    return y


def index_add(input, dim, index, source, *, alpha=1):
    y = input.copy()
    source = (source * np.asarray(alpha).astype(source.dtype) if alpha != 1 else source).astype(y.dtype)
    np.add.at(np.moveaxis(y, dim, 0), np.asarray(index), np.moveaxis(source, dim, 0))
    return y


def masked_scatter(input, mask, source):
    x, m = np.broadcast_arrays(input, mask)
    y = x.copy()
    y[m] = source.ravel()[: np.count_nonzero(m)]
    return y


# ---- functions that NumPy has not


def grouped_matmul(a, b, offs):
    """Products of slices, put together."""
    starts = [0, *offs[:-1]]
    groups = [slice(start, end) for start, end in zip(starts, offs)]
    dtype = np.result_type(a, b)
    if a.ndim == b.ndim == 2:
        return np.stack([np.matmul(a[:, g], b[g]) for g in groups]).astype(dtype)
    rows = a.ndim == 2
    out = np.zeros((a.shape[0] if rows else a.shape[1], b.shape[-1]), dtype)
    for i, g in enumerate(groups):
        if rows:
            out[g] = np.matmul(a[g], b[i])
        else:
            out[:, g] = np.matmul(a[i], b[:, g])
    return out


def semiring_matmul(a, b, add="min", multiply="add"):
    """The extremes of all products, which stand beside each other."""
    dtype = np.result_type(a, b)
    if np.issubdtype(dtype, np.complexfloating):
        raise TypeError("no order")
    names = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum, "or": np.logical_or, "and": np.logical_and}
    extremes = {"min": np.min, "max": np.max, "or": np.any, "and": np.all}
    if {add, multiply} & {"or", "and"}:
        dtype = bool
    products = names[multiply](a[..., :, :, None].astype(dtype), b[..., None, :, :].astype(dtype))
    return extremes[add](products, axis=-2)


def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    """The sum of shifted planes with weights, on the last two axes."""
    x, w = in1, in2
    if mode == "valid" and any(m > n for m, n in zip(w.shape[-2:], x.shape[-2:])):
        x, w = w, x
    dtype = np.result_type(x, w)
    x, w = x.astype(dtype), w.astype(dtype)
    (h, v), (i, j) = x.shape[-2:], w.shape[-2:]
    kind = {"fill": "constant", "wrap": "wrap", "symm": "symmetric"}[boundary]
    values = {"constant_values": fillvalue} if boundary == "fill" else {}
    around = [(0, 0)] * (x.ndim - 2) + [(i - 1, i - 1), (j - 1, j - 1)]
    wide = np.pad(x, around, kind, **values)
    flipped = w[..., ::-1, ::-1]
    wider = np.float32 if dtype == np.float16 else dtype
    shape = np.broadcast_shapes(x.shape[:-2], w.shape[:-2]) + (h + i - 1, v + j - 1)
    y = np.zeros(shape, wider)
    for r in range(i):
        for c in range(j):
            y += wide[..., r : r + h + i - 1, c : c + v + j - 1].astype(wider) * flipped[..., r, c, None, None].astype(wider)
    y = y.astype(dtype)
    if mode == "same":
        y = y[..., (i - 1) // 2 : (i - 1) // 2 + h, (j - 1) // 2 : (j - 1) // 2 + v]
    if mode == "valid":
        y = y[..., i - 1 : h, j - 1 : v]
    return y
