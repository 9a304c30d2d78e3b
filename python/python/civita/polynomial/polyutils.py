"""What the modules of `civita.polynomial` share: coefficients, domains, fits."""

import operator

import civita as cv

from ..exceptions import RankWarning


def floats(x):
    """Floats and complex numbers as they are, others as `float64`."""
    return x if x.dtype.kind in "fc" else x.astype("float64")


def coefficients(c):
    """Coefficients as an array with an axis at least, of floats."""
    c = cv.asarray(c)
    return floats(c.reshape(1) if c.ndim == 0 else c)


def trimseq(seq):
    """A series without zeros of the highest degrees; one coefficient stays."""
    if len(seq) == 0 or seq[-1] != 0:
        return seq
    n = len(seq)
    while n > 1 and seq[n - 1] == 0:
        n -= 1
    return seq[:n]


def as_series(alist, trim=True):
    """Vectors of coefficients, all of one dtype, without zeros of the highest degrees."""
    arrays = [coefficients(a) for a in alist]
    for a in arrays:
        if a.size == 0:
            raise ValueError("Coefficient array is empty")
        if a.ndim != 1:
            raise ValueError("Coefficient array is not 1-d")
    if trim:
        arrays = [trimseq(a) for a in arrays]
    dtype = cv.result_type(*arrays)
    return [a if a.dtype == dtype else a.astype(dtype) for a in arrays]


def trimcoef(c, tol=0):
    """A series without the coefficients of the highest degrees that are at most `tol`."""
    if tol < 0:
        raise ValueError("tol must be non-negative")
    (c,) = as_series([c])
    n = len(c)
    while n > 0 and abs(c[n - 1]) <= tol:
        n -= 1
    return c[:1] * 0 if n == 0 else c[:n].copy()


def getdomain(x):
    """The smallest interval that holds the points; of complex points the smallest rectangle."""
    (x,) = as_series([x], trim=False)
    if x.dtype.kind == "c":
        low, high = [complex(f(x.real), f(x.imag)) for f in (cv.min, cv.max)]
        return cv.array([low, high])
    return cv.array([float(x.min()), float(x.max())])


def mapparms(old, new):
    """`off` and `scl` of the linear map from one interval to another."""
    length, target = old[1] - old[0], new[1] - new[0]
    return (old[1] * new[0] - old[0] * new[1]) / length, target / length


def mapdomain(x, old, new):
    """Points mapped from one interval to another."""
    if not isinstance(x, (int, float, complex, cv.generic)) and not hasattr(x, "coef"):
        x = cv.asarray(x)
    off, scl = mapparms(old, new)
    return off + scl * x


def _longer_sum(a, b):
    if len(a) < len(b):
        a, b = b, a
    if len(a) == len(b):
        return a + b
    return cv.concatenate([a[: len(b)] + b, a[len(b) :]])


def _add(c1, c2):
    c1, c2 = as_series([c1, c2])
    return trimseq(_longer_sum(c1, c2))


def _sub(c1, c2):
    c1, c2 = as_series([c1, c2])
    return trimseq(_longer_sum(c1, -c2))


def _kept(x, dtype):
    """Coefficients in the dtype that they had, where a factor is of a wider dtype of their kind."""
    return x.astype(dtype) if x.dtype.kind == dtype.kind else x


def _div(mul, c1, c2):
    c1, c2 = as_series([c1, c2])
    if c2[-1] == 0:
        raise ZeroDivisionError
    if len(c1) < len(c2):
        return c1[:1] * 0, c1
    if len(c2) == 1:
        return c1 / c2[-1], c1[:1] * 0
    quotient = []
    rest = c1
    for i in range(len(c1) - len(c2), -1, -1):
        product = mul(cv.array([0.0] * i + [1.0], dtype=c2.dtype), c2)
        q = rest[-1] / product[-1]
        rest = rest[:-1] - q * product[:-1]
        quotient.append(q)
    return cv.stack(quotient[::-1]), trimseq(rest)


def _pow(mul, c, pow, maxpower):
    (c,) = as_series([c])
    power = int(pow)
    if power != pow or power < 0:
        raise ValueError("Power must be a non-negative integer.")
    if maxpower is not None and power > maxpower:
        raise ValueError("Power is too large")
    if power == 0:
        return cv.array([1], dtype=c.dtype)
    product = c
    for _ in range(power - 1):
        product = mul(product, c)
    return product


def _fromroots(line, mul, roots):
    if len(roots) == 0:
        return cv.ones(1)
    (roots,) = as_series([roots], trim=False)
    parts = [line(-r, 1) for r in cv.sort(roots)]
    while len(parts) > 1:
        half, odd = divmod(len(parts), 2)
        joined = [mul(parts[i], parts[i + half]) for i in range(half)]
        if odd:
            joined[0] = mul(joined[0], parts[-1])
        parts = joined
    return parts[0]


def _valnd(val, c, *args):
    args = [cv.asarray(a) for a in args]
    if any(a.shape != args[0].shape for a in args):
        raise ValueError("x, y, z are incompatible" if len(args) == 3 else "x, y are incompatible" if len(args) == 2 else "ordinates are incompatible")
    c = val(args[0], c)
    for x in args[1:]:
        c = val(x, c, tensor=False)
    return c


def _gridnd(val, c, *args):
    for x in args:
        c = val(x, c)
    return c


def _vander_nd(vanders, points, degrees):
    n = len(vanders)
    if n != len(points):
        raise ValueError(f"Expected {n} dimensions of sample points, got {len(points)}")
    if n != len(degrees):
        raise ValueError(f"Expected {n} dimensions of degrees, got {len(degrees)}")
    if n == 0:
        raise ValueError("Unable to guess a dtype or shape when no points are given")
    points = cv.broadcast_arrays(*[floats(cv.asarray(p)) for p in points])
    product = None
    for i, (vander, x) in enumerate(zip(vanders, points)):
        v = vander(x, degrees[i])
        v = v.reshape(v.shape[:-1] + (1,) * i + v.shape[-1:] + (1,) * (n - 1 - i))
        product = v if product is None else product * v
    return product


def _vander_nd_flat(vanders, points, degrees):
    v = _vander_nd(vanders, points, degrees)
    return v.reshape(v.shape[: v.ndim - len(degrees)] + (-1,))


def _fit(vander, x, y, deg, rcond=None, full=False, w=None):
    from civita import linalg

    x, y = floats(cv.asarray(x)), floats(cv.asarray(y))
    deg = cv.asarray(deg)
    if deg.ndim > 1 or deg.dtype.kind not in "iu" or deg.size == 0:
        raise TypeError("deg must be an int or non-empty 1-D array of int")
    if deg.min() < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if len(x) != len(y):
        raise TypeError("expected x and y to have same length")
    if deg.ndim == 0:
        order, terms = int(deg) + 1, None
        a = vander(x, order - 1)
    else:
        terms = sorted(int(d) for d in deg)
        order = len(terms)
        a = vander(x, terms[-1])[:, cv.array(terms)]
    right = y
    if w is not None:
        w = floats(cv.asarray(w))
        if w.ndim != 1:
            raise TypeError("expected 1D vector for w")
        if len(x) != len(w):
            raise TypeError("expected x and w to have same length")
        a = a * w[:, None]
        right = right * (w if y.ndim == 1 else w[:, None])
    if rcond is None:
        rcond = len(x) * float(cv.finfo(x.dtype).eps)
    # columns of one length make the condition better
    scale = cv.sqrt((cv.abs(a) ** 2).sum(0))
    scale = cv.where(scale == 0, 1.0, scale)
    c, residuals, rank, singular = linalg.lstsq(a / scale, right, rcond)
    c = c / (scale if y.ndim == 1 else scale[:, None])
    if terms is not None:
        whole = cv.zeros((terms[-1] + 1,) + c.shape[1:], dtype=c.dtype)
        whole[cv.array(terms)] = c
        c = whole
    if rank != order and not full:
        import warnings

        warnings.warn("The fit may be poorly conditioned", RankWarning, stacklevel=3)
    return (c, [residuals, rank, singular, rcond]) if full else c


def _as_int(x, description):
    try:
        return operator.index(x)
    except TypeError as e:
        raise TypeError(f"{description} must be an integer, received {x}") from e


def _axis(axis, ndim):
    if not -ndim <= axis < ndim:
        raise cv.AxisError(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


__all__ = ["RankWarning", "as_series", "getdomain", "mapdomain", "mapparms", "trimcoef", "trimseq"]
