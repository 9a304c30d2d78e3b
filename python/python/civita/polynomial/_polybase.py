"""Series as objects: coefficients, a domain that is mapped to the window of the polynomials, and a symbol."""

import math
import numbers
import os
from decimal import Decimal

import civita as cv

from . import polyutils as pu

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class ABCPolyBase:
    """A series over a basis of polynomials: arithmetic, values, calculus, roots, fits.

    `domain` is mapped to `window`, where the polynomials live; both are intervals. Classes differ in their basis only.
    """

    __hash__ = None
    __array_ufunc__ = None
    maxpower = 100
    basis_name = None
    _use_unicode = os.name != "nt"
    # by each class: _basis, domain, window

    def __init__(self, coef, domain=None, window=None, symbol="x"):
        (self.coef,) = pu.as_series([coef], trim=False)
        self.domain = self._interval(domain, "Domain", type(self).domain)
        self.window = self._interval(window, "Window", type(self).window)
        if not isinstance(symbol, str):
            raise TypeError("Symbol must be a non-empty string")
        if not symbol:
            raise ValueError("Symbol must be a non-empty string")
        if not symbol.isidentifier():
            raise ValueError("Symbol string must be a valid Python identifier")
        self._symbol = symbol

    @staticmethod
    def _interval(given, name, default):
        if given is None:
            return default
        (interval,) = pu.as_series([given], trim=False)
        if len(interval) != 2:
            raise ValueError(f"{name} has wrong number of elements.")
        return interval

    @property
    def symbol(self):
        """The name of the variable."""
        return self._symbol

    # ---- comparisons

    def has_samecoef(self, other):
        """Returns true where the coefficients are the same."""
        return len(self.coef) == len(other.coef) and bool((self.coef == other.coef).all())

    def has_samedomain(self, other):
        """Returns true where the domains are the same."""
        return bool((self.domain == other.domain).all())

    def has_samewindow(self, other):
        """Returns true where the windows are the same."""
        return bool((self.window == other.window).all())

    def has_sametype(self, other):
        """Returns true where the other is a series over the same basis."""
        return isinstance(other, self.__class__)

    def __eq__(self, other):
        return (
            isinstance(other, self.__class__)
            and bool((self.domain == other.domain).all())
            and bool((self.window == other.window).all())
            and self.coef.shape == other.coef.shape
            and bool((self.coef == other.coef).all())
            and self.symbol == other.symbol
        )

    def __ne__(self, other):
        return not self == other

    def _get_coefficients(self, other):
        if not isinstance(other, ABCPolyBase):
            return other
        if not isinstance(other, self.__class__):
            raise TypeError("Polynomial types differ")
        if not self.has_samedomain(other):
            raise TypeError("Domains differ")
        if not self.has_samewindow(other):
            raise TypeError("Windows differ")
        if self.symbol != other.symbol:
            raise ValueError("Polynomial symbols differ")
        return other.coef

    def _like(self, coef):
        return self.__class__(coef, self.domain, self.window, self.symbol)

    # ---- arithmetic

    def _binary(self, other, function, reflected=False):
        try:
            theirs = self._get_coefficients(other)
            pair = (theirs, self.coef) if reflected else (self.coef, theirs)
            return function(*pair)
        except (TypeError, ValueError):
            if isinstance(other, ABCPolyBase):
                raise
            return NotImplemented

    def _wrapped(self, coef):
        return coef if coef is NotImplemented else self._like(coef)

    def __neg__(self):
        return self._like(-self.coef)

    def __pos__(self):
        return self

    def __add__(self, other):
        return self._wrapped(self._binary(other, self._basis.add))

    def __sub__(self, other):
        return self._wrapped(self._binary(other, self._basis.sub))

    def __mul__(self, other):
        return self._wrapped(self._binary(other, self._basis.mul))

    def __radd__(self, other):
        return self._wrapped(self._binary(other, self._basis.add, True))

    def __rsub__(self, other):
        return self._wrapped(self._binary(other, self._basis.sub, True))

    def __rmul__(self, other):
        return self._wrapped(self._binary(other, self._basis.mul, True))

    def __truediv__(self, other):
        if not isinstance(other, numbers.Number) or isinstance(other, bool):
            raise TypeError(f"unsupported types for true division: '{type(self)}', '{type(other)}'")
        return self.__floordiv__(other)

    def __rtruediv__(self, other):
        return NotImplemented

    def __divmod__(self, other):
        pair = self._binary(other, self._basis.div)
        return pair if pair is NotImplemented else tuple(map(self._like, pair))

    def __rdivmod__(self, other):
        pair = self._binary(other, self._basis.div, True)
        return pair if pair is NotImplemented else tuple(map(self._like, pair))

    def __floordiv__(self, other):
        pair = self.__divmod__(other)
        return pair if pair is NotImplemented else pair[0]

    def __mod__(self, other):
        pair = self.__divmod__(other)
        return pair if pair is NotImplemented else pair[1]

    def __rfloordiv__(self, other):
        pair = self.__rdivmod__(other)
        return pair if pair is NotImplemented else pair[0]

    def __rmod__(self, other):
        pair = self.__rdivmod__(other)
        return pair if pair is NotImplemented else pair[1]

    def __pow__(self, other):
        return self._like(self._basis.pow(self.coef, other, maxpower=self.maxpower))

    # ---- a container of coefficients

    def __len__(self):
        return len(self.coef)

    def __iter__(self):
        return iter(self.coef)

    def __call__(self, arg):
        """The values at points of the domain."""
        return self._basis.val(pu.mapdomain(arg, self.domain, self.window), self.coef)

    def __getstate__(self):
        return {"coef": self.coef.copy(), "domain": self.domain.copy(), "window": self.window.copy(), "_symbol": self._symbol}

    def __setstate__(self, state):
        self.__dict__.update(state)

    def copy(self):
        """A copy."""
        return self.__class__(self.coef.copy(), self.domain.copy(), self.window.copy(), self.symbol)

    def degree(self):
        """The highest degree, whose coefficient may be 0."""
        return len(self) - 1

    def cutdeg(self, deg):
        """The series without terms above a degree."""
        return self.truncate(deg + 1)

    def trim(self, tol=0):
        """The series without last coefficients that are at most `tol`."""
        return self._like(pu.trimcoef(self.coef, tol))

    def truncate(self, size):
        """The series with so many coefficients at most."""
        count = int(size)
        if count != size or count < 1:
            raise ValueError("size must be a positive integer")
        return self._like(self.coef if count >= len(self.coef) else self.coef[:count])

    # ---- other bases, calculus, roots

    def convert(self, domain=None, kind=None, window=None):
        """The same polynomial as a series over another basis, domain or window."""
        kind = self.__class__ if kind is None else kind
        domain = kind.domain if domain is None else domain
        window = kind.window if window is None else window
        return self(kind.identity(domain, window=window, symbol=self.symbol))

    def mapparms(self):
        """`off` and `scl` of the map from the domain to the window."""
        return pu.mapparms(self.domain, self.window)

    def integ(self, m=1, k=[], lbnd=None):  # noqa: B006
        """The `m`-th integral, with constants `k`: the values at `lbnd`."""
        off, scl = self.mapparms()
        lbnd = 0 if lbnd is None else off + scl * lbnd
        return self._like(self._basis.int(self.coef, m, k, lbnd, 1.0 / scl))

    def deriv(self, m=1):
        """The `m`-th derivative."""
        _, scl = self.mapparms()
        return self._like(self._basis.der(self.coef, m, scl))

    def roots(self):
        """The roots, in the domain."""
        return pu.mapdomain(self._basis.roots(self.coef), self.window, self.domain)

    def linspace(self, n=100, domain=None):
        """`n` points of an interval, by default the domain, and the values there."""
        domain = self.domain if domain is None else domain
        x = cv.linspace(domain[0], domain[1], n)
        return x, self(x)

    @classmethod
    def fit(cls, x, y, deg, domain=None, rcond=None, full=False, w=None, window=None, symbol="x"):
        """The series of a degree that is nearest to values at points, by least squares; the domain is that of the points."""
        if domain is None:
            domain = pu.getdomain(x)
            if domain[0] == domain[1]:
                domain = domain + cv.array([-1.0, 1.0])
        elif isinstance(domain, list) and len(domain) == 0:
            domain = cls.domain
        window = cls.window if window is None else window
        result = cls._basis.fit(pu.mapdomain(x, domain, window), y, deg, w=w, rcond=rcond, full=full)
        if full:
            return cls(result[0], domain=domain, window=window, symbol=symbol), result[1]
        return cls(result, domain=domain, window=window, symbol=symbol)

    @classmethod
    def fromroots(cls, roots, domain=[], window=None, symbol="x"):  # noqa: B006
        """The series with these roots; `domain=None` takes that of the roots."""
        (roots,) = pu.as_series([roots], trim=False)
        if domain is None:
            domain = pu.getdomain(roots)
        elif isinstance(domain, list) and len(domain) == 0:
            domain = cls.domain
        window = cls.window if window is None else window
        off, scl = pu.mapparms(domain, window)
        coef = cls._basis.fromroots(off + scl * roots) / scl ** len(roots)
        return cls(coef, domain=domain, window=window, symbol=symbol)

    @classmethod
    def identity(cls, domain=None, window=None, symbol="x"):
        """The series whose value is its variable."""
        domain = cls.domain if domain is None else domain
        window = cls.window if window is None else window
        off, scl = pu.mapparms(window, domain)
        return cls(cls._basis.line(off, scl), domain, window, symbol)

    @classmethod
    def basis(cls, deg, domain=None, window=None, symbol="x"):
        """A single polynomial of a degree."""
        degree = int(deg)
        if degree != deg or degree < 0:
            raise ValueError("deg must be non-negative integer")
        return cls([0] * degree + [1], domain, window, symbol)

    @classmethod
    def cast(cls, series, domain=None, window=None):
        """Another series as one of this class."""
        domain = cls.domain if domain is None else domain
        window = cls.window if window is None else window
        return series.convert(domain, cls, window)

    # ---- texts

    def __repr__(self):
        parts = [repr(part)[6:-1] for part in (self.coef, self.domain, self.window)]
        return f"{type(self).__name__}({parts[0]}, domain={parts[1]}, window={parts[2]}, symbol='{self.symbol}')"

    def __format__(self, style):
        style = style or ("unicode" if self._use_unicode else "ascii")
        if style not in ("unicode", "ascii"):
            raise ValueError(f"Unsupported format string '{style}' passed to {self.__class__}.__format__. Valid options are 'ascii' and 'unicode'")
        return self._text(style == "unicode")

    def __str__(self):
        return self._text(self._use_unicode)

    def _text(self, unicode):
        term = self._term_unicode if unicode else self._term_ascii
        out = _number(self.coef[0])
        scaled, needs = self._scaled_symbol()
        if needs:
            scaled = f"({scaled})"
        width = max(cv.get_printoptions()["linewidth"], 1)
        last = len(self.coef) - 1
        for i, coef in enumerate(self.coef[1:], 1):
            is_negative = coef.dtype.kind != "c" and not coef >= 0
            text = ("- " + _number(-coef, True)) if is_negative else ("+ " + _number(coef, coef.dtype.kind != "c"))
            text += term(str(i), scaled)
            # the sign of the next term stays on this line
            length = len(out.rsplit("\n", 1)[-1]) + 1 + len(text) + (2 if i < last else 0)
            out += " " + (text.replace(" ", "\n", 1) if length >= width else text)
        return out

    def _scaled_symbol(self):
        off, scl = self.mapparms()
        if off == 0 and scl == 1:
            return self.symbol, False
        if scl == 1:
            return f"{_number(off)} + {self.symbol}", True
        if off == 0:
            return f"{_number(scl)}{self.symbol}", True
        return f"{_number(off)} + {_number(scl)}{self.symbol}", True

    def _repr_latex_(self):
        name, needs = self._scaled_symbol()
        # numbers within the name are text
        if needs:
            off, scl = self.mapparms()
            parts = ([] if off == 0 else [self._repr_latex_scalar(off)]) + [("" if scl == 1 else self._repr_latex_scalar(scl)) + self.symbol]
            name = " + ".join(parts)
        body = ""
        for i, c in enumerate(self.coef):
            if i == 0:
                part = self._repr_latex_scalar(c)
            elif c.dtype.kind == "c":
                part = f" + ({self._repr_latex_scalar(c)})"
            elif c >= 0:
                part = f" + {self._repr_latex_scalar(c, True)}"
            else:
                part = f" - {self._repr_latex_scalar(-c, True)}"
            term = self._term_latex(i, name, needs)
            if term != "1":
                part += rf"\,{term}"
            body += rf"\color{{LightGray}}{{{part}}}" if c == 0 else part
        return rf"${self.symbol} \mapsto {body or '0'}$"

    @staticmethod
    def _repr_latex_scalar(x, parens=False):
        return rf"\text{{{_number(x, parens)}}}"

    @classmethod
    def _term_latex(cls, i, name, needs):
        if cls.basis_name is None:
            raise NotImplementedError("Subclasses must define either a basis name, or override _repr_latex_term(i, arg_str, needs_parens)")
        return f"{{{cls.basis_name}}}_{{{i}}}({name})"

    @classmethod
    def _term_unicode(cls, i, arg):
        if cls.basis_name is None:
            raise NotImplementedError
        return f"·{cls.basis_name}{i.translate(_SUBSCRIPTS)}({arg})"

    @classmethod
    def _term_ascii(cls, i, arg):
        if cls.basis_name is None:
            raise NotImplementedError
        return f" {cls.basis_name}_{i}({arg})"


def _number(x, parentheses=False):
    """A number with as many digits as arrays are printed with."""
    if not isinstance(x, (float, cv.floating)):
        return str(x)
    options = cv.get_printoptions()
    value, precision = float(x), options["precision"]
    if math.isnan(value):
        return options["nanstr"]
    if math.isinf(value):
        return options["infstr"]
    shortest = Decimal(str(x))
    is_fixed = options["floatmode"] == "fixed"
    if value != 0 and (abs(value) >= 1e8 or abs(value) < 10 ** min(0, -(precision - 1) // 2)):
        digits = min(precision, len(shortest.as_tuple().digits) - 1)
        mantissa, exponent = f"{value:.{precision if is_fixed else digits}e}".split("e")
        text = f"{_trimmed(mantissa, is_fixed)}e{exponent}"
        return f"({text})" if parentheses else text
    digits = min(precision, max(0, -shortest.as_tuple().exponent))
    return _trimmed(f"{value:.{precision if is_fixed else digits}f}", is_fixed)


def _trimmed(text, keep):
    if keep:
        return text
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def make(name, basis, domain, window, basis_name, doc):
    """A class of series over a basis."""
    return type(
        name,
        (ABCPolyBase,),
        {
            "__doc__": doc,
            "__module__": f"civita.polynomial.{basis.name}",
            "_basis": basis,
            "domain": cv.array(domain),
            "window": cv.array(window),
            "basis_name": basis_name,
        },
    )
