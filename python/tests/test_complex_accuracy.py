"""Complex functions beside mpmath: near branch cuts, zeros, poles and overflow, and on both sides of the cuts."""

import civita as cv
import mpmath
import numpy as np
import pytest



def itself_near_zero(f):
    """A function that is its argument to more digits than mpmath keeps where it cancels."""
    return lambda z: z if abs(z) < mpmath.mpf(10) ** -30 else f(z)


# name, mpmath's function
FUNCTIONS = {
    "exp": mpmath.exp,
    "exp2": lambda z: mpmath.exp(z * mpmath.log(2)),
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log2": lambda z: mpmath.log(z) / mpmath.log(2),
    "log10": lambda z: mpmath.log(z) / mpmath.log(10),
    "log1p": itself_near_zero(lambda z: mpmath.log(1 + z)),
    "sqrt": mpmath.sqrt,
    "square": lambda z: z * z,
    "reciprocal": lambda z: 1 / z,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": itself_near_zero(mpmath.atan),
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": itself_near_zero(mpmath.atanh),
}
# The arguments of these are multiplied by a constant first: the phase of a large number is known to fewer digits.
SCALED = {"exp2"}
POLES = {"log": [0], "log2": [0], "log10": [0], "log1p": [-1], "arctan": [1j, -1j], "arctanh": [1, -1]}


def points(dtype):
    """Numbers near what is special: zeros, poles, ends of cuts, the cuts from both sides, overflow, and all magnitudes."""
    real = np.dtype(dtype).type(0).real.dtype
    info = np.finfo(real)
    rng = np.random.default_rng(5)
    eps, most = float(info.eps), float(np.log(float(info.max)))
    near = [0.0, -0.0, eps, -eps / 3, 1e-3, float(info.tiny)]
    centres = [0, 1, -1, 1j, -1j, 0.5, -2, 2j, -2j, np.pi, np.pi / 2, 1j * np.pi / 2, 1j * np.pi, -0.5j]
    z = [complex(complex(c).real + a, complex(c).imag + b) for c in centres for a in near for b in near]
    # the sides of the cuts, which a sum with 0 would lose
    z += [complex(x, s) for x in (-3.5, -1.0, -0.25, 0.25, 1.0, 3.5) for s in (0.0, -0.0)]
    z += [complex(s, y) for y in (-3.5, -1.0, -0.25, 0.25, 1.0, 3.5) for s in (0.0, -0.0)]
    # about the overflow of exp, and the phases there
    z += [complex(most + d, y) for d in (-1, -0.1, -1e-3) for y in (0.0, 0.5, 1.5, 3.0, -2.0, 100.0)]
    z += [complex(y, most + d) for d in (-1, -0.1) for y in (0.0, 0.5, 1.5, -2.0)]
    # all magnitudes, and all magnitudes beside each other
    low, high = np.log10(float(info.tiny)) / 2, np.log10(float(info.max)) / 2.1
    size = 10.0 ** rng.uniform(low, high, (150, 2)) * rng.choice([-1, 1], (150, 2))
    z += [complex(*parts) for parts in size]
    z += list(rng.normal(size=150) * 3 + 1j * rng.normal(size=150) * 3)
    # near the circles |z| = 1 and |1 + z| = 1, where logarithms vanish
    phase = rng.uniform(-np.pi, np.pi, 60)
    z += list(np.exp(1j * phase)) + list(np.exp(1j * phase) - 1)
    return np.array(z, dtype)


def exact(f, z):
    """mpmath's value; the sign of a zero says on which side of a cut the argument is."""
    side = mpmath.mpf(10) ** -100_000
    re = mpmath.mpf(float(z.real)) if z.real else (-side if np.signbit(z.real) else side)
    im = mpmath.mpf(float(z.imag)) if z.imag else (-side if np.signbit(z.imag) else side)
    try:
        return f(mpmath.mpc(re, im))
    except (ZeroDivisionError, ValueError):
        return None


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_beside_mpmath(name, dtype):
    z = points(dtype)
    with cv.errstate(all="ignore"):
        got = np.asarray(getattr(cv, name)(cv.array(z)))
    info = np.finfo(got.dtype)
    eps, tiny, most = float(info.eps), float(info.smallest_subnormal), float(info.max)
    worst = []
    # half of these digits go where logarithms vanish
    with mpmath.workdps(60):
        for x, y in zip(z, got):
            want = exact(FUNCTIONS[name], x)
            if want is None or abs(want) > most / 2 or complex(x) in POLES.get(name, ()):
                continue  # poles and overflow have C's values, which the row tests compare with NumPy's
            size = abs(want)
            error = abs(mpmath.mpc(float(y.real), float(y.imag)) - want)
            allowed = 4 * eps * size + 4 * tiny
            if name in SCALED:
                allowed += eps * size * (abs(x.real) + abs(x.imag))
            if not (np.isfinite(y) and error <= allowed):
                worst.append((complex(x), complex(y), complex(want), float(error / (eps * size))))
    assert not worst, f"{len(worst)} of {len(z)}: {sorted(worst, key=lambda w: -w[3])[:5]}"
