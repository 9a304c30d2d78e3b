"""`cv.poly1d` and its functions, and `cv.polynomial`, beside NumPy's."""

import pickle
import warnings

import numpy as np
import numpy.polynomial as theirs_all
import pytest

import civita as cv

FAMILIES = {"polynomial": "poly", "chebyshev": "cheb", "legendre": "leg", "hermite": "herm", "hermite_e": "herme", "laguerre": "lag"}
CLASSES = {"polynomial": "Polynomial", "chebyshev": "Chebyshev", "legendre": "Legendre", "hermite": "Hermite", "hermite_e": "HermiteE", "laguerre": "Laguerre"}


def near(ours, theirs, tolerance=1e-11):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * max(1.0, np.abs(theirs).max(initial=0)))


def both(family, name):
    prefix = FAMILIES[family]
    return getattr(getattr(cv.polynomial, family), prefix + name), getattr(getattr(theirs_all, family), prefix + name)


@pytest.mark.parametrize("family", FAMILIES)
def test_arithmetic_of_series_is_numpys(family, rng):
    for m in range(1, 7):
        for n in range(1, 6):
            a, b = rng.standard_normal(m), rng.standard_normal(n)
            for name in ("add", "sub", "mul"):
                ours, theirs = both(family, name)
                near(ours(a, b), theirs(a, b))
            ours, theirs = both(family, "div")
            for x, y in zip(ours(a, b), theirs(a, b)):
                near(x, y, 1e-8)
        ours, theirs = both(family, "mulx")
        near(ours(a), theirs(a))
        ours, theirs = both(family, "pow")
        for power in range(4):
            near(ours(a, power), theirs(a, power))
    ours, theirs = both(family, "add")
    near(ours([1, 2, 3], [0, 0, -3]), theirs([1, 2, 3], [0, 0, -3]))
    ours, theirs = both(family, "line")
    near(ours(2.0, 3.0), theirs(2.0, 3.0))
    near(ours(2.0, 0), theirs(2.0, 0))


@pytest.mark.parametrize("family", FAMILIES)
def test_values_of_series_are_numpys(family, rng):
    ours, theirs = both(family, "val")
    for shape in [(), (5,), (2, 3)]:
        x = rng.standard_normal(shape)
        for c in [(4,), (1,), (2,), (3, 2), (3, 2, 2)]:
            c = rng.standard_normal(c)
            near(ours(x, c), theirs(x, c))
    x, y, z = rng.standard_normal((3, 4))
    c2, c3 = rng.standard_normal((3, 4)), rng.standard_normal((2, 3, 2))
    for name, args in [("val2d", (x, y, c2)), ("val3d", (x, y, z, c3)), ("grid2d", (x, y, c2)), ("grid3d", (x, y, z, c3))]:
        ours, theirs = both(family, name)
        near(ours(*args), theirs(*args))
    for name, args in [("vander", (x, 4)), ("vander", (x.reshape(2, 2), 0)), ("vander2d", (x, y, [2, 3])), ("vander3d", (x, y, z, [1, 2, 1]))]:
        ours, theirs = both(family, name)
        near(ours(*args), theirs(*args))


@pytest.mark.parametrize("family", FAMILIES)
def test_calculus_of_series_is_numpys(family, rng):
    der, their_der = both(family, "der")
    integral, their_integral = both(family, "int")
    for shape in [(1,), (2,), (3,), (4,), (7,), (4, 3), (3, 2, 2)]:
        c = rng.standard_normal(shape)
        for m in range(0, 4):
            near(der(c, m), their_der(c, m))
            near(integral(c, m), their_integral(c, m))
            near(integral(c, m, [1.5] * m, 0.3, 2.0), their_integral(c, m, [1.5] * m, 0.3, 2.0))
        near(der(c, 1, 3.0, -1), their_der(c, 1, 3.0, -1))
        near(integral(c, axis=-1), their_integral(c, axis=-1))
    for wrong in (lambda f: f(c, -1), lambda f: f(c, 0.5), lambda f: f(c, 1, axis=5)):
        for f in (der, integral):
            with pytest.raises((ValueError, TypeError)):
                wrong(f)


@pytest.mark.parametrize("family", FAMILIES)
def test_roots_and_bases_are_numpys(family, rng):
    ours, theirs = both(family, "fromroots")
    for n in range(6):
        roots = rng.standard_normal(n)
        near(ours(roots), theirs(roots), 1e-9)
    ours, theirs = both(family, "companion")
    for n in range(2, 7):
        c = rng.standard_normal(n)
        near(ours(c), theirs(c), 1e-10)
    if family != "polynomial":
        prefix = FAMILIES[family]
        for n in range(1, 7):
            c = rng.standard_normal(n)
            for name in ("poly2" + prefix, prefix + "2poly"):
                near(getattr(getattr(cv.polynomial, family), name)(c), getattr(getattr(theirs_all, family), name)(c))
        x = rng.random(4)
        ours, theirs = both(family, "weight")
        near(ours(cv.array(x)), theirs(x))


@pytest.mark.parametrize("family", FAMILIES)
def test_roots_fits_and_quadrature_are_numpys(family, rng):
    ours, theirs = both(family, "roots")
    for n in range(1, 7):
        c = rng.standard_normal(n)
        near(np.sort_complex(np.asarray(ours(c))), np.sort_complex(theirs(c)), 1e-8)
    ours, theirs = both(family, "fit")
    x = np.linspace(-1, 1, 20)
    y = rng.standard_normal((20, 2))
    w = rng.random(20) + 0.5
    for args in [(x, y[:, 0], 3), (x, y, 2), (x, y, [0, 2, 3])]:
        near(ours(*args), theirs(*args), 1e-9)
        near(ours(*args, w=w), theirs(*args, w=w), 1e-9)
    if family != "polynomial":
        ours, theirs = both(family, "gauss")
        for deg in (1, 2, 5, 10):
            for a, b in zip(ours(deg), theirs(deg)):
                near(a, b, 1e-8)


def test_chebyshev_points_and_interpolation_are_numpys():
    ours, theirs = cv.polynomial.chebyshev, theirs_all.chebyshev
    for n in (2, 3, 8):
        near(ours.chebpts1(n), theirs.chebpts1(n))
        near(ours.chebpts2(n), theirs.chebpts2(n))
        near(ours.chebinterpolate(lambda x: x**3 - x, n), theirs.chebinterpolate(lambda x: x**3 - x, n))
    near(cv.polynomial.Chebyshev.interpolate(lambda x: x * x, 4, [0, 3]).coef, theirs_all.Chebyshev.interpolate(lambda x: x * x, 4, [0, 3]).coef)


@pytest.mark.parametrize("family", CLASSES)
def test_objects_are_numpys(family, rng):
    ours_class, theirs_class = getattr(cv.polynomial, CLASSES[family]), getattr(theirs_all, CLASSES[family])
    c, d = rng.standard_normal(4), rng.standard_normal(3)
    near(ours_class.domain, theirs_class.domain)
    near(ours_class.window, theirs_class.window)
    for domain in (None, [-2, 3]):
        p, q = ours_class(c, domain), ours_class(d, domain)
        r, s = theirs_class(c, domain), theirs_class(d, domain)
        x = rng.standard_normal(5)
        near(p(x), r(x))
        for f in [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a // b, lambda a, b: a % b, lambda a, b: 2 * a, lambda a, b: a / 2,
                  lambda a, b: 1 - a, lambda a, b: [1.0, 2.0] + a, lambda a, b: a**3, lambda a, b: -a, lambda a, b: a.deriv(), lambda a, b: a.integ(2, [1, 2], 0.5),
                  lambda a, b: a.truncate(2), lambda a, b: a.cutdeg(1), lambda a, b: a.trim(10), lambda a, b: a.copy()]:  # fmt: skip
            near(f(p, q).coef, f(r, s).coef, 1e-8)
        assert p.degree() == r.degree() and len(p) == len(r)
        near(p.mapparms(), r.mapparms())
        near(p.linspace(5)[1], r.linspace(5)[1])
        near(p.convert(kind=cv.polynomial.Polynomial).coef, r.convert(kind=theirs_all.Polynomial).coef, 1e-9)
        near(ours_class.cast(cv.polynomial.Chebyshev(c)).coef, theirs_class.cast(theirs_all.Chebyshev(c)).coef, 1e-9)
        near(ours_class.fromroots([1, 2, 3], domain or []).coef, theirs_class.fromroots([1, 2, 3], domain or []).coef)
        near(ours_class.identity(domain).coef, theirs_class.identity(domain).coef)
        near(ours_class.basis(3).coef, theirs_class.basis(3).coef)
        assert p == p.copy() and p != q and not p == 3
        near(pickle.loads(pickle.dumps(p)).coef, r.coef)
    with pytest.raises(TypeError):
        ours_class([1, 2]) + ours_class([1, 2], [0, 5])
    with pytest.raises(ValueError):
        ours_class([])
    a, b = ours_class([1.0, -2.0, 3.5]), theirs_class([1.0, -2.0, 3.5])
    assert str(a) == str(b)
    assert f"{a:ascii}" == f"{b:ascii}"
    assert repr(a) == repr(b)


def test_fits_of_objects_are_numpys(rng):
    x = np.linspace(0, 10, 30)
    y = np.sin(x)
    for name in CLASSES.values():
        ours, theirs = getattr(cv.polynomial, name).fit(x, y, 5), getattr(theirs_all, name).fit(x, y, 5)
        near(ours.coef, theirs.coef, 1e-8)
        near(ours.domain, theirs.domain)
        near(np.sort_complex(np.asarray(ours.roots())), np.sort_complex(theirs.roots()), 1e-6)


def test_series_have_gradients():
    c = cv.array([1.0, 2.0, 3.0, -1.0])
    x = cv.array([0.3, -0.7])
    for family in FAMILIES:
        ours, _ = both(family, "val")
        cv.check_gradients(lambda x, c: ours(x, c), [x, c])
    cv.check_gradients(lambda p, x: cv.polyval(p, x), [c, x])
    cv.check_gradients(lambda a, b: cv.polymul(a, b), [c, c[:2]])


# ---- the older interface ---------------------------------------------------------------------------------------------


def test_functions_of_coefficients_are_numpys(rng):
    for m in range(1, 6):
        for n in range(1, 5):
            a, b = rng.standard_normal(m), rng.standard_normal(n)
            for name in ("polyadd", "polysub", "polymul", "polydiv"):
                ours, theirs = getattr(cv, name)(a, b), getattr(np, name)(a, b)
                for x, y in zip(ours, theirs) if name == "polydiv" else [(ours, theirs)]:
                    near(x, y, 1e-9)
        for k in range(4):
            near(cv.polyder(a, k), np.polyder(a, k))
            near(cv.polyint(a, k), np.polyint(a, k))
        near(cv.polyint(a, 2, [1, 2]), np.polyint(a, 2, [1, 2]))
        near(cv.polyint(a, 2, 3), np.polyint(a, 2, 3))
        for x in (0.5, [1.0, 2.0], np.arange(6.0).reshape(2, 3)):
            near(cv.polyval(a, x), np.polyval(a, x))
    near(cv.poly([1, 2, 3]), np.poly([1, 2, 3]))
    near(cv.poly([1j, -1j, 2]), np.poly([1j, -1j, 2]))
    assert np.asarray(cv.poly([1j, -1j, 2])).dtype == np.poly([1j, -1j, 2]).dtype
    near(cv.poly([1j, 2]), np.poly([1j, 2]))
    assert cv.poly([]) == np.poly([])
    with pytest.raises(ValueError):
        cv.poly(np.zeros((2, 3)))
    with pytest.raises(ValueError):
        cv.polyder([1, 2], -1)


def test_roots_and_fits_are_numpys(rng):
    for p in ([1, -3, 2], [0, 0, 1, 2, 0, 0], [3], [], [0, 0], [1, 0, 1], rng.standard_normal(7)):
        near(np.sort_complex(np.asarray(cv.roots(p))), np.sort_complex(np.roots(p)), 1e-9)
    near(cv.poly(np.arange(9.0).reshape(3, 3)), np.poly(np.arange(9.0).reshape(3, 3)))
    x, y = np.linspace(0, 4, 12), rng.standard_normal((12, 2))
    w = rng.random(12) + 0.5
    for args in [(x, y[:, 0], 3), (x, y, 2)]:
        near(cv.polyfit(*args), np.polyfit(*args), 1e-9)
        near(cv.polyfit(*args, w=w), np.polyfit(*args, w=w), 1e-9)
        for cov in (True, "unscaled"):
            for a, b in zip(cv.polyfit(*args, cov=cov), np.polyfit(*args, cov=cov)):
                near(a, b, 1e-8)
        for a, b in zip(cv.polyfit(*args, full=True), np.polyfit(*args, full=True)):
            near(a, b, 1e-8)


def test_functions_of_arrays_take_poly1d_as_its_coefficients():
    def results(m):
        p, x = m.poly1d([1, 2, 3]), m.array([1.0, 2.0, 9.0])
        yield from (x * p, x + p, x - p, x / p, x**p, x < p, x == p, p == x, m.array(2) * p, m.float64(2) * p, m.float32(2) * p)
        yield from (m.int64(2) + p, m.square(p), m.add(p, 1), m.negative(p), m.sin(p), m.sum(p), m.dot(p, [1, 2, 3]), m.ones(3) @ p)
        yield from (p * x, p * m.float64(2), p / 2, p == p, p != p, p == m.poly1d([1, 2]), p == 3, m.where([1, 0, 1], p, 0))

    for number, (got, want) in enumerate(zip(results(cv), results(np), strict=True)):
        assert type(got).__name__ == type(want).__name__, (number, got, want)
        if type(got).__name__ in ("ndarray", "poly1d"):
            assert got.coeffs.dtype == want.coeffs.dtype if hasattr(want, "coeffs") else got.dtype == want.dtype, number
            near(getattr(got, "coeffs", got), getattr(want, "coeffs", want))
        else:
            assert repr(got) == repr(want), number


def test_lines_of_integers_are_integers():
    for basis in ("polynomial", "chebyshev", "legendre", "hermite", "hermite_e", "laguerre"):
        line = {"polynomial": "poly", "chebyshev": "cheb", "legendre": "leg", "hermite": "herm", "hermite_e": "herme", "laguerre": "lag"}
        for off, scl in [(3, 2), (1, -1), (1, 0), (0.5, 3), (2, 1.5), (1j, 2)]:
            got, want = (getattr(getattr(m.polynomial, basis), line[basis] + "line")(off, scl) for m in (cv, np))
            assert repr(got) == repr(want), (basis, off, scl)


def test_poly1d_is_numpys():
    p, r = cv.poly1d([1, -2, 3]), np.poly1d([1, -2, 3])
    q, s = cv.poly1d([2, 1]), np.poly1d([2, 1])
    for f in [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a**2, lambda a, b: -a, lambda a, b: 2 * a, lambda a, b: a / 2, lambda a, b: 1 - a,
              lambda a, b: a.deriv(), lambda a, b: a.integ(2, 1), lambda a, b: a(b), lambda a, b: (a / b)[0], lambda a, b: (a / b)[1]]:  # fmt: skip
        near(f(p, q).coeffs, f(r, s).coeffs)
    assert p(3) == r(3) and p[1] == r[1] and p[7] == 0 and len(p) == len(r) and p.order == 2 and p.variable == "x"
    assert p == cv.poly1d([0, 0, 1, -2, 3]) and p != q
    near(cv.poly1d([1, 2], True).coeffs, np.poly1d([1, 2], True).coeffs)
    p[3], r[3] = 5, 5
    near(p.coeffs, r.coeffs)
    near(np.asarray(p), np.asarray(r))
    for c in ([1, 2, 3], [1, 0, -2.5], [0], [-1, 1], [0.5, 0, 0], [1 + 2j, 3], [4]):
        assert str(cv.poly1d(c)) == str(np.poly1d(c)), c
        assert repr(cv.poly1d(c)) == repr(np.poly1d(c)), c
    with pytest.raises(ValueError):
        cv.poly1d([[1, 2], [3, 4]])
    with pytest.raises(AttributeError):
        p.coeffs = [1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cv.poly1d(p) == p


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_dtypes_are_numpys(family, dtype):
    prefix = FAMILIES[family]
    calls = [
        "{}roots(c)", "{}roots(c[:2])", "{}companion(c)", "{}companion(c[:2])", "{}add(c, c[:2])", "{}sub(c, c)", "{}mulx(c)", "{}mul(c, c)", "{}div(c, c[:2])[0]",
        "{}pow(c, 2)", "{}val(c, c)", "{}der(c)", "{}der(c, 2, scl=2.5)", "{}int(c)", "{}int(c, 2, scl=2.5)", "{}fromroots(c)", "{}vander(c, 2)",
    ]  # fmt: skip
    calls += [] if family == "polynomial" else [f"{prefix}2poly(c)", f"poly2{prefix}(c)"]
    for call in calls:
        call = call.format(prefix)
        got, want = (eval(call, {**vars(getattr(m.polynomial, family)), "c": m.array([3, 1, 2, 4], dtype)}) for m in (cv, np))
        assert got.dtype == want.dtype, call
        np.testing.assert_allclose(np.asarray(got), want, rtol=2e-4, atol=1e-5, err_msg=call)
