"""Series over orthogonal polynomials, and over powers: what all of them share.

A basis is a recurrence, `P[n+1] = (A[n] x + B[n]) P[n] - C[n] P[n-1]`, and rules for derivatives and integrals. Everything else
follows: Clenshaw's sum, products (Clenshaw's sum with series in place of numbers), the companion matrix, Vandermonde matrices.
"""

from fractions import Fraction

import civita as cv

from . import polyutils as pu


class Basis:
    """A family of polynomials, by its recurrence."""

    def __init__(self, name, prefix, domain, recurrence, derive, integrate):
        self.name, self.prefix, self.domain = name, prefix, domain
        self._exact, self._derive, self._integrate = recurrence, derive, integrate

    def recurrence(self, n):
        """`A[n]`, `B[n]` and `C[n]`."""
        return tuple(_plain(v) for v in self._exact(n))

    # ---- arithmetic

    def line(self, off, scl):
        """The series of `off + scl * x`."""
        a, b, _ = self.recurrence(0)
        if scl == 0:
            return cv.array([off])
        # a division makes integers floats
        by = scl * a if a in (1, -1) else scl / a
        return cv.array([off - by * b if b else off, by])

    def add(self, c1, c2):
        """The sum of two series."""
        return pu._add(c1, c2)

    def sub(self, c1, c2):
        """The difference of two series."""
        return pu._sub(c1, c2)

    def mulx(self, c):
        """The series times `x`."""
        (c,) = pu.as_series([c])
        if len(c) == 1 and c[0] == 0:
            return c
        return self._mulx(c)

    def _mulx(self, c):
        n = len(c)
        up, same, down = [], [], []
        for k in range(n):
            # whole numbers and fractions: rounded once
            a, b, last = map(Fraction, self._exact(k))
            up.append(float(1 / a))
            same.append(float(-b / a))
            down.append(float(last / a))
        zero = cv.zeros(1, dtype=c.dtype)
        factors = lambda values: cv.array(values, dtype=c.real.dtype)  # noqa: E731
        result = cv.concatenate([zero, c * factors(up)])
        if any(same):
            result = result + cv.concatenate([c * factors(same), zero])
        if n > 1 and any(down):
            result = result + cv.concatenate([c[1:] * factors(down[1:]), cv.zeros(2, dtype=c.dtype)])
        return result

    def mul(self, c1, c2):
        """The product of two series."""
        c1, c2 = pu.as_series([c1, c2])
        if len(c1) > len(c2):
            c1, c2 = c2, c1
        b1 = b2 = None
        for k in range(len(c1) - 1, -1, -1):
            a, b, _ = self.recurrence(k)
            b0 = c1[k] * c2
            if b1 is not None:
                b0 = pu._longer_sum(b0, self._mulx(b1) * a)
                if b:
                    b0 = pu._longer_sum(b0, b1 * b)
            if b2 is not None:
                b0 = pu._longer_sum(b0, b2 * -self.recurrence(k + 1)[2])
            b1, b2 = b0, b1
        return pu.trimseq(b1)

    def div(self, c1, c2):
        """The quotient of two series, and the rest."""
        return pu._div(self.mul, c1, c2)

    def pow(self, c, pow, maxpower=16):
        """The series raised to a power."""
        return pu._pow(self.mul, c, pow, maxpower)

    # ---- values

    def val(self, x, c, tensor=True):
        """The values of a series at points; with `tensor` of every column of `c` at every point."""
        c = pu.coefficients(c)
        if not hasattr(x, "coef"):
            x = cv.asarray(x)
            if tensor:
                c = c.reshape(c.shape + (1,) * x.ndim)
        b1 = b2 = None
        for k in range(len(c) - 1, -1, -1):
            a, b, _ = self.recurrence(k)
            # series of series work too: they stand first, where their own operators are asked
            if b1 is None:
                b0 = x * 0 + c[k]
            else:
                b0 = (a * x + b if b else x if a == 1 else a * x) * b1 + c[k]
            last = self.recurrence(k + 1)[2]
            if b2 is not None and last:
                b0 = b0 - last * b2
            b1, b2 = b0, b1
        return b1

    def val2d(self, x, y, c):
        """The values of a series of two variables at points `(x, y)`."""
        return pu._valnd(self.val, c, x, y)

    def val3d(self, x, y, z, c):
        """The values of a series of three variables at points `(x, y, z)`."""
        return pu._valnd(self.val, c, x, y, z)

    def grid2d(self, x, y, c):
        """The values of a series of two variables on a grid."""
        return pu._gridnd(self.val, c, x, y)

    def grid3d(self, x, y, z, c):
        """The values of a series of three variables on a grid."""
        return pu._gridnd(self.val, c, x, y, z)

    def vander(self, x, deg):
        """The polynomials up to a degree at points, along a new last axis."""
        deg = pu._as_int(deg, "deg")
        if deg < 0:
            raise ValueError("deg must be non-negative")
        x = pu.floats(cv.asarray(x))
        if x.ndim == 0:
            x = x.reshape(1)
        columns = [x * 0 + 1]
        for k in range(deg):
            a, b, c = self.recurrence(k)
            column = (a * x + b) * columns[-1]
            if k and c:
                column = column - c * columns[-2]
            columns.append(column)
        return cv.stack(columns, -1)

    def vander2d(self, x, y, deg):
        """The products of polynomials of two variables at points, along a new last axis."""
        return pu._vander_nd_flat((self.vander, self.vander), (x, y), deg)

    def vander3d(self, x, y, z, deg):
        """The products of polynomials of three variables at points, along a new last axis."""
        return pu._vander_nd_flat((self.vander, self.vander, self.vander), (x, y, z), deg)

    # ---- calculus

    def der(self, c, m=1, scl=1, axis=0):
        """The `m`-th derivative of a series along an axis, times `scl` each time."""
        c = pu.coefficients(c)
        m, axis = pu._as_int(m, "the order of derivation"), pu._as_int(axis, "the axis")
        if m < 0:
            raise ValueError("The order of derivation must be non-negative")
        axis = pu._axis(axis, c.ndim)
        if m == 0:
            return c
        c = cv.moveaxis(c, axis, 0)
        if m >= len(c):
            return cv.moveaxis(c[:1] * 0, 0, axis)
        for _ in range(m):
            c = cv.stack(self._derive([pu._kept(row * scl, c.dtype) for row in c]), 0)
        return cv.moveaxis(c, 0, axis)

    def int(self, c, m=1, k=[], lbnd=0, scl=1, axis=0):  # noqa: B006
        """The `m`-th integral of a series along an axis, times `scl` each time, with constants `k`: the values at `lbnd`."""
        c = pu.coefficients(c)
        k = list(k) if _iterable(k) else [k]
        m, axis = pu._as_int(m, "the order of integration"), pu._as_int(axis, "the axis")
        if m < 0:
            raise ValueError("The order of integration must be non-negative")
        if len(k) > m:
            raise ValueError("Too many integration constants")
        if cv.asarray(lbnd).ndim != 0:
            raise ValueError("lbnd must be a scalar.")
        if cv.asarray(scl).ndim != 0:
            raise ValueError("scl must be a scalar.")
        axis = pu._axis(axis, c.ndim)
        if m == 0:
            return c
        c = cv.moveaxis(c, axis, 0)
        k = k + [0] * (m - len(k))
        for i in range(m):
            c = pu._kept(c * scl, c.dtype)
            if len(c) == 1 and bool((c[0] == 0).all()):
                c = pu._kept(c + k[i], c.dtype)
                continue
            rows = self._integrate(list(c))
            at = self.val(lbnd, cv.stack(rows, 0))
            rows[0] = pu._kept(rows[0] + (k[i] - at), c.dtype)
            c = cv.stack(rows, 0)
        return cv.moveaxis(c, 0, axis)

    # ---- roots

    def fromroots(self, roots):
        """The series with these roots, with leading power 1."""
        return pu._fromroots(self.line, self.mul, roots)

    def companion(self, c):
        """The companion matrix, scaled so that it is symmetric for a single polynomial."""
        (c,) = pu.as_series([c])
        n = len(c) - 1
        if n < 1:
            raise ValueError("Series must have maximum degree of at least 1.")
        values = [self.recurrence(k) for k in range(n + 1)]
        if n == 1:
            a, b, _ = values[0]
            return cv.array([[-(c[0] / c[1] + b) / a]])
        # x in the basis, with P[k] divided by d[k]
        d = [1.0]
        for k in range(n - 1):
            a, after, last = values[k][0], values[k + 1][0], values[k + 1][2]
            d.append(d[-1] * (after / (a * last)) ** 0.5 if last else d[-1])
        rows = [[0.0] * n for _ in range(n)]
        for k in range(n):
            a, b, last = values[k]
            rows[k][k] = -b / a
            if k + 1 < n:
                rows[k + 1][k] = d[k] / d[k + 1] / a
            if k:
                rows[k - 1][k] = last / a * d[k] / d[k - 1]
        scale = cv.array([d[n - 1] / d[k] / values[n - 1][0] for k in range(n)], dtype=c.real.dtype)
        matrix = cv.array(rows, dtype=c.real.dtype)
        column = (matrix[:, -1] - c[:-1] / c[-1] * scale).reshape(n, 1)
        return cv.concatenate([matrix[:, :-1] + column * 0, column], 1)

    def roots(self, c):
        """The roots of a series, sorted."""
        (c,) = pu.as_series([c])
        if len(c) <= 1:
            return cv.array([], dtype=c.dtype)
        matrix = self.companion(c)
        if len(c) == 2:
            return matrix[0]
        from civita import linalg

        return cv.sort(linalg.eigvals(matrix[::-1, ::-1]))

    # ---- other bases

    def from_powers(self, pol):
        """The series of a polynomial, which is given by its powers."""
        (pol,) = pu.as_series([pol])
        result = cv.zeros(1, dtype=cv.result_type(pol.dtype, "float64"))
        for c in reversed(list(pol)):
            result = pu._longer_sum(self._mulx(result) if len(pol) > 1 else result, c.reshape(1))
        return pu.trimseq(result)

    def to_powers(self, c):
        """The powers of a series."""
        (c,) = pu.as_series([c])
        times_x = lambda p: cv.concatenate([cv.zeros(1, dtype=p.dtype), p])  # noqa: E731
        b1 = b2 = None
        for k in range(len(c) - 1, -1, -1):
            a, b, _ = self.recurrence(k)
            b0 = c[k].reshape(1)
            if b1 is not None:
                b0 = pu._longer_sum(b0, times_x(b1) * a)
                if b:
                    b0 = pu._longer_sum(b0, b1 * b)
            if b2 is not None:
                b0 = pu._longer_sum(b0, b2 * -self.recurrence(k + 1)[2])
            b1, b2 = b0, b1
        return b1

    # ---- fits and quadrature

    def fit(self, x, y, deg, rcond=None, full=False, w=None):
        """The series of a degree (or with terms of these degrees) that is nearest to values at points, by least squares."""
        return pu._fit(self.vander, x, y, deg, rcond, full, w)

    def gauss(self, deg, total):
        """Points and weights of Gauss's quadrature with `deg` points; `total` is the integral of the weight."""
        from civita import linalg

        deg = pu._as_int(deg, "deg")
        if deg <= 0:
            raise ValueError("deg must be a positive integer")
        c = cv.array([0.0] * deg + [1.0])
        x = linalg.eigvalsh(self.companion(c)) if deg > 1 else self.companion(c)[0]
        slope = self.der(c)
        # a step of Newton's
        x = x - self.val(x, c) / self.val(x, slope)
        below = self.val(x, c[1:])
        below, slope = below / cv.abs(below).max(), self.val(x, slope)
        slope = slope / cv.abs(slope).max()
        w = 1 / (below * slope)
        return x, w * (total / w.sum())


def _plain(v):
    return int(v) if v == int(v) else float(v)


def _iterable(k):
    try:
        iter(k)
    except TypeError:
        return False
    return True


NAMES = [
    "line", "add", "sub", "mulx", "mul", "div", "pow", "val", "val2d", "val3d", "grid2d", "grid3d", "vander", "vander2d", "vander3d", "der",
    "int", "fromroots", "companion", "roots", "fit",
]  # fmt: skip


def export(basis, namespace):
    """Puts the functions of a basis into a module, by NumPy's names."""
    for name in NAMES:
        namespace[basis.prefix + name] = getattr(basis, name)
    return [basis.prefix + name for name in NAMES]
