"""NumPy's older polynomials: coefficients from the highest power to the lowest. `civita.polynomial` is the newer interface."""

import numbers

import civita as cv

from ._caller import warn
from ._overrides import overridable


def _vector(x):
    x = cv.asarray(x)
    return x.reshape(1) if x.ndim == 0 else x


def _is_scalar(x):
    return isinstance(x, (numbers.Number, cv.generic))


@overridable
def poly(seq_of_zeros):
    """The coefficients of the polynomial with these roots, or the characteristic polynomial of a matrix.

    >>> import civita as cv
    >>> cv.poly([1, 2])
    array([ 1., -3.,  2.])
    """
    zeros = _vector(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] and zeros.shape[0] != 0:
        from civita import linalg

        zeros = linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    if zeros.dtype.kind not in "fc" or zeros.dtype == cv.float16:
        zeros = zeros.astype("float64")
    if len(zeros) == 0:
        return 1.0
    a = cv.ones(1, dtype=zeros.dtype)
    for zero in zeros:
        a = cv.convolve(a, cv.stack([zero * 0 + 1, -zero]), mode="full")
    if a.dtype.kind == "c":
        # pairs of conjugate roots make real coefficients
        above = cv.sort(zeros[zeros.imag > 0])
        below = cv.sort(cv.conj(zeros[zeros.imag < 0]))
        if len(above) == len(below) and bool((above == below).all()):
            a = a.real.copy()
    return a


@overridable
def roots(p):
    """The roots of a polynomial, as eigenvalues of its companion matrix."""
    p = _vector(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    places = cv.flatnonzero(p)
    if len(places) == 0:
        return cv.array([])
    first, last = int(places[0]), int(places[-1])
    at_zero = len(p) - last - 1
    p = p[first : last + 1]
    if p.dtype.kind not in "fc":
        p = p.astype("float64")
    n = len(p)
    if n > 1:
        from civita import linalg

        companion = cv.concatenate([(-p[1:] / p[0]).reshape(1, n - 1), cv.eye(n - 2, n - 1, dtype=p.dtype)], 0)
        found = linalg.eigvals(companion)
    else:
        found = cv.array([])
    return cv.concatenate([found, cv.zeros(at_zero, dtype=found.dtype)])


@overridable
def polyval(p, x):
    """The values of a polynomial at points, by Horner's rule; at another polynomial their composition.

    >>> import civita as cv
    >>> cv.polyval([3, 0, 1], 5)
    np.int64(76)
    """
    p = _vector(p)
    if isinstance(x, poly1d):
        y = 0
    else:
        x = cv.asarray(x)
        y = cv.zeros_like(x)
    for c in p:
        y = y * x + c
    return y


@overridable
def polyadd(a1, a2):
    """The sum of two polynomials."""
    return _sum(a1, a2, 1)


@overridable
def polysub(a1, a2):
    """The difference of two polynomials."""
    return _sum(a1, a2, -1)


def _sum(a1, a2, sign):
    is_object = isinstance(a1, poly1d) or isinstance(a2, poly1d)
    a1, a2 = _vector(a1), _vector(a2)
    n = max(len(a1), len(a2))
    a1, a2 = (cv.concatenate([cv.zeros(n - len(a), dtype=a.dtype), a]) for a in (a1, a2))
    value = a1 + a2 if sign > 0 else a1 - a2
    return poly1d(value) if is_object else value


@overridable
def polymul(a1, a2):
    """The product of two polynomials."""
    is_object = isinstance(a1, poly1d) or isinstance(a2, poly1d)
    value = cv.convolve(poly1d(a1).coeffs, poly1d(a2).coeffs)
    return poly1d(value) if is_object else value


@overridable
def polydiv(u, v):
    """The quotient of two polynomials and the rest."""
    is_object = isinstance(u, poly1d) or isinstance(v, poly1d)
    u, v = _vector(u) + 0.0, _vector(v) + 0.0
    dtype = (u[:1] + v[:1]).dtype
    m, n = len(u) - 1, len(v) - 1
    scale = 1.0 / v[0]
    rest = u.astype(dtype)
    quotient = []
    for k in range(m - n + 1):
        d = scale * rest[k]
        quotient.append(d)
        parts = [rest[:k], rest[k : k + n + 1] - d * v, rest[k + n + 1 :]]
        rest = cv.concatenate([part for part in parts if len(part)])
    q = cv.stack(quotient) if quotient else cv.zeros(1, dtype=dtype)
    while len(rest) > 1 and not cv._is_opaque(rest) and cv.allclose(rest[0], 0, rtol=1e-14):
        rest = rest[1:]
    return (poly1d(q), poly1d(rest)) if is_object else (q, rest)


@overridable
def polyder(p, m=1):
    """The `m`-th derivative of a polynomial."""
    m = int(m)
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    is_object = isinstance(p, poly1d)
    p = _vector(p)
    for _ in range(m):
        n = len(p) - 1
        p = p[:-1] * cv.arange(n, 0, -1)
    return poly1d(p) if is_object else p


@overridable
def polyint(p, m=1, k=None):
    """The `m`-th integral of a polynomial, with constants `k`, by default 0."""
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    k = cv.zeros(m) if k is None else _vector(k)
    if len(k) == 1 and m > 1:
        k = k[0] * cv.ones(m)
    if len(k) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    is_object = isinstance(p, poly1d)
    p = _vector(p)
    for i in range(m):
        p = cv.concatenate([p / cv.arange(len(p), 0, -1), k[i : i + 1]])
    return poly1d(p) if is_object else p


@overridable
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The polynomial of a degree that is nearest to values at points, by least squares.

    Returns the coefficients; with `full` also the residuals, rank, singular values and `rcond`; with `cov` also their covariance, scaled
    by chi-square unless it is "unscaled".
    """
    from civita import linalg

    order = int(deg) + 1
    x, y = cv.asarray(x) + 0.0, cv.asarray(y) + 0.0
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if rcond is None:
        rcond = len(x) * float(cv.finfo(x.dtype).eps)
    left, right = cv.vander(x, order), y
    if w is not None:
        w = cv.asarray(w) + 0.0
        if w.ndim != 1:
            raise TypeError("expected a 1-d array for weights")
        if w.shape[0] != y.shape[0]:
            raise TypeError("expected w and y to have the same length")
        left = left * w[:, None]
        right = right * (w[:, None] if right.ndim == 2 else w)
    # columns of one length make the condition better
    scale = cv.sqrt((left * left).sum(0))
    left = left / scale
    c, residuals, rank, singular = linalg.lstsq(left, right, rcond)
    c = (c.T / scale).T
    if not (full or cv._is_opaque(c)) and rank != order:
        from .polynomial.polyutils import RankWarning

        warn("Polyfit may be poorly conditioned", RankWarning)
    if full:
        return c, residuals, rank, singular, rcond
    if cov:
        base = linalg.inv(left.T @ left)
        base = base / cv.outer(scale, scale)
        if cov == "unscaled":
            factor = 1
        else:
            if len(x) <= order:
                raise ValueError("the number of data points must exceed order to scale the covariance matrix")
            factor = residuals / (len(x) - order)
        if y.ndim == 1:
            return c, base * factor
        return c, base[:, :, None] * factor
    return c


class poly1d:
    """A polynomial: its coefficients from the highest power to the lowest, or with `r=True` its roots.

    >>> import civita as cv
    >>> p = cv.poly1d([1, 2, 3])
    >>> p(0.5)
    np.float64(4.25)
    >>> (p * p).coeffs
    array([ 1,  4, 10, 12,  9])
    """

    __hash__ = None

    def __init__(self, c_or_r, r=False, variable=None):
        if isinstance(c_or_r, poly1d):
            self._coeffs = c_or_r._coeffs
            self._variable = c_or_r._variable if variable is None else variable
            return
        if r:
            c_or_r = poly(c_or_r)
        c = _vector(c_or_r)
        if c.ndim > 1:
            raise ValueError("Polynomial must be 1d only.")
        # under `vmap` and `trace` nobody knows which are zero
        c = c if cv._is_opaque(c) else cv.trim_zeros(c, trim="f")
        self._coeffs = cv.zeros(1, dtype=c.dtype) if len(c) == 0 else c
        self._variable = "x" if variable is None else variable

    @property
    def coeffs(self):
        """The coefficients, from the highest power to the lowest."""
        return self._coeffs

    @coeffs.setter
    def coeffs(self, value):
        if value is not self._coeffs:
            raise AttributeError("Cannot set attribute")

    c = coef = coefficients = coeffs

    @property
    def variable(self):
        """The name of the variable."""
        return self._variable

    @property
    def order(self):
        """The degree."""
        return len(self._coeffs) - 1

    o = order

    @property
    def roots(self):
        """The roots."""
        return roots(self._coeffs)

    r = roots

    def __array__(self, dtype=None, copy=None):
        import numpy

        return numpy.array(self._coeffs, dtype=dtype)

    def __repr__(self):
        return f"poly1d({repr(self.coeffs)[6:-1]})"

    def __len__(self):
        return self.order

    def __str__(self):
        out = "0"
        coeffs = self.coeffs[cv.cumsum(cv.asarray(self.coeffs != 0).astype("int64")) > 0]
        n = len(coeffs) - 1
        for k, c in enumerate(coeffs):
            if c.dtype.kind != "c" or c.imag == 0:
                text = _short(c.real)
            elif c.real == 0:
                text = f"{_short(c.imag)}j"
            else:
                text = f"({_short(c.real)} + {_short(c.imag)}j)"
            power = n - k
            if power == 0:
                term = text if text != "0" or k == 0 else ""
            elif text == "0":
                term = ""
            else:
                term = f"{text} {self.variable}" + (f"**{power}" if power > 1 else "")
            if k == 0:
                out = term
            elif term:
                out += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
        return _raise_powers(out)

    def __call__(self, val):
        return polyval(self.coeffs, val)

    def __neg__(self):
        return poly1d(-self.coeffs)

    def __pos__(self):
        return self

    def __mul__(self, other):
        if _is_scalar(other):
            return poly1d(self.coeffs * other)
        return poly1d(polymul(self.coeffs, poly1d(other).coeffs))

    __rmul__ = __mul__

    def __add__(self, other):
        return poly1d(polyadd(self.coeffs, poly1d(other).coeffs))

    __radd__ = __add__

    def __sub__(self, other):
        return poly1d(polysub(self.coeffs, poly1d(other).coeffs))

    def __rsub__(self, other):
        return poly1d(polysub(poly1d(other).coeffs, self.coeffs))

    def __pow__(self, val):
        if not _is_scalar(val) or int(val) != val or val < 0:
            raise ValueError("Power to non-negative integers only.")
        result = poly1d([1])
        for _ in range(int(val)):
            result = self * result
        return result

    def __truediv__(self, other):
        if _is_scalar(other):
            return poly1d(self.coeffs / other)
        return polydiv(self, poly1d(other))

    def __rtruediv__(self, other):
        if _is_scalar(other):
            return poly1d(other / self.coeffs)
        return polydiv(poly1d(other), self)

    def __eq__(self, other):
        if not isinstance(other, poly1d):
            return NotImplemented
        return self.coeffs.shape == other.coeffs.shape and (self.coeffs == other.coeffs).all()

    def __ne__(self, other):
        if not isinstance(other, poly1d):
            return NotImplemented
        return not self == other

    def __getitem__(self, val):
        if val > self.order or val < 0:
            return self.coeffs.dtype.type(0)
        return self.coeffs[self.order - val]

    def __setitem__(self, key, val):
        if key < 0:
            raise ValueError("Does not support negative powers.")
        if key > self.order:
            self._coeffs = cv.concatenate([cv.zeros(key - self.order, dtype=self.coeffs.dtype), self.coeffs])
        else:
            self._coeffs = self._coeffs.copy()
        self._coeffs[len(self._coeffs) - 1 - key] = val

    def __iter__(self):
        return iter(self.coeffs)

    def integ(self, m=1, k=0):
        """The `m`-th integral, with constants `k`."""
        return poly1d(polyint(self.coeffs, m=m, k=k))

    def deriv(self, m=1):
        """The `m`-th derivative."""
        return poly1d(polyder(self.coeffs, m=m))


def _short(x):
    text = f"{float(x):.4g}"
    return text[:-5] if text.endswith(".0000") else text


def _raise_powers(text, wrap=70):
    import re

    n = 0
    output = " "
    line1, line2 = "", ""
    for match in re.finditer(r"\*\*([0-9]+)", text):
        power = match.group(1)
        part = text[n : match.start()]
        n = match.end()
        below, above = part + " " * (len(power) - 1), " " * (len(part) - 1) + power
        if len(line2) + len(below) > wrap or len(line1) + len(above) > wrap:
            output += line1 + "\n" + line2 + "\n "
            line1, line2 = above, below
        else:
            line2 += part + " " * (len(power) - 1)
            line1 += " " * (len(part) - 1) + power
    output += line1 + "\n" + line2
    return output + text[n:]


for _name in ("poly", "poly1d", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots"):
    globals()[_name].__module__ = "civita"

__all__ = ["poly", "poly1d", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots"]
