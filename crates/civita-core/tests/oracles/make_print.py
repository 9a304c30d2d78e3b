"""Writes `print.txt`: arrays beside the text that NumPy prints for them, for the tests of `civita_core::print`.

    python make_print.py > print.txt            the cases that are kept
    python make_print.py 20000 1 > print.txt    as many random cases from this seed, to hunt for differences

A case is a line `@ dtype shape option=value ...` (shape `2,3`, or `-` without axes), a line `= values` (integers as
decimals, floats as the bits in hexadecimal, complex numbers as two of them; repeated until the shape is full), the
lines of `str(a)` behind `|` and those of `repr(a)` behind `>`.
"""

import sys

import numpy as np

INTS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
ALL = ["bool", *INTS, *FLOATS, *COMPLEX]
BITS = {"float16": "u2", "float32": "u4", "float64": "u8", "complex64": "u4", "complex128": "u8"}


def encode(values):
    name = values.dtype.name
    if name == "bool":
        return " ".join(str(int(v)) for v in values)
    if name in INTS:
        return " ".join(str(v) for v in values.tolist())
    bits = [f"{b:x}" for b in values.view(BITS[name]).tolist()]
    if name in COMPLEX:
        bits = [f"{re}:{im}" for re, im in zip(bits[::2], bits[1::2])]
    return " ".join(bits)


def case(values, shape, **options):
    """One case, of an array of `shape` that repeats `values`."""
    values = np.asarray(values).ravel()
    if values.size == 1:  # takes no memory, however large
        array = np.broadcast_to(values.reshape(()), shape)
    elif 0 in shape:
        array = np.empty(shape, values.dtype)
    else:
        array = np.resize(values, shape)
    words = [f"{k}={int(v) if isinstance(v, bool) else v}".replace(" ", "_") for k, v in options.items()]
    print("@", values.dtype.name, ",".join(map(str, shape)) or "-", *words)
    print("=", encode(values))
    with np.printoptions(**options):
        for mark, text in (("|", str(array)), (">", repr(array))):
            print("\n".join(mark + line for line in text.split("\n")))


def special(dtype):
    """Values at which something changes."""
    if dtype == "bool":
        return np.array([True, False])
    if dtype in INTS:
        info = np.iinfo(dtype)
        return np.array([0, 1, 9, 10, 100, info.min, info.max, info.max - 1], dtype)
    if dtype in COMPLEX:
        parts = special("float32" if dtype == "complex64" else "float64")
        other = np.roll(parts, 7)
        return join(parts, other, dtype)
    info = np.finfo(dtype)
    ten = [10.0**k for k in range(-6, 18)]
    with np.errstate(over="ignore"):
        near = np.array(ten, dtype)
    edge = [v for end in (0, np.inf) for v in np.nextafter(near, np.array(end, dtype)).tolist()]
    other = [0.0, -0.0, 0.1, 0.5, 1 / 3, -2 / 3, 1.5, 2.5, 1024, 9.9999999, 99.99999999, 1e22, 1e23, 123456.789,
             np.nan, np.inf, -np.inf, info.max, info.min, info.tiny, info.smallest_subnormal, info.eps, 2.0**-44]
    with np.errstate(over="ignore"):
        return np.array(ten + edge + other, dtype)


def join(re, im, dtype):
    out = np.empty(re.shape, dtype)
    out.real, out.imag = re, im
    return out


def random_floats(rng, dtype, n):
    bits = np.dtype(BITS[dtype])
    way = rng.integers(12)
    with np.errstate(over="ignore", under="ignore"):
        if way == 0:  # any bits at all
            return rng.integers(0, 2**64, n, np.uint64).astype(bits).view(dtype)
        if way == 1:
            return rng.standard_normal(n).astype(dtype)
        if way == 2:
            return rng.integers(-1000, 1000, n).astype(dtype)
        if way == 3:  # few digits
            return np.round(rng.standard_normal(n) * 10.0 ** rng.integers(0, 5), rng.integers(0, 5)).astype(dtype)
        if way == 4:
            return (10.0 ** rng.uniform(-5, 9, n)).astype(dtype)
        if way == 5:
            return (10.0 ** rng.integers(-8, 9, n)).astype(dtype)
        if way == 6:  # powers of two have uneven neighbours
            return (rng.choice([-1.0, 1.0], n) * 2.0 ** rng.integers(-60, 60, n)).astype(dtype)
        if way == 7:
            return rng.choice(special(dtype), n)
        if way == 8:
            out = rng.standard_normal(n).astype(dtype)
            out[rng.random(n) < 0.3] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
            return out
        if way == 9:  # one magnitude
            return (rng.uniform(1, 10, n) * 10.0 ** rng.integers(-9, 12)).astype(dtype)
        if way == 10:  # around a ratio of 1000
            return rng.choice(np.array([1.0, 1000.0, 1000.5, 999.5, 1001.0, 1000.2]), n).astype(dtype)
        return (rng.integers(0, 2**20, n) / 2.0 ** rng.integers(0, 20)).astype(dtype)  # exact halves


def random_values(rng, dtype, n):
    if dtype == "bool":
        return rng.random(n) < 0.5
    if dtype in INTS:
        info = np.iinfo(dtype)
        small = [max(info.min, -rng.integers(1, 2000)), min(info.max, rng.integers(1, 2000))]
        low, high = (info.min, info.max) if rng.random() < 0.3 else small
        return rng.integers(low, high, n, dtype, endpoint=True)
    if dtype in COMPLEX:
        part = "float32" if dtype == "complex64" else "float64"
        return join(random_floats(rng, part, n), random_floats(rng, part, n), dtype)
    return random_floats(rng, dtype, n)


def random_shape(rng):
    way = rng.integers(10)
    if way == 0:
        return ()
    if way < 4:
        return (int(rng.integers(1, 40)),)
    if way < 6:
        return tuple(rng.integers(1, 9, 2).tolist())
    if way < 8:
        return tuple(rng.integers(1, 4, rng.integers(1, 6)).tolist())
    if way == 8:
        return tuple(rng.integers(0, 3, rng.integers(1, 4)).tolist())
    return tuple(rng.integers(1, 14, rng.integers(1, 5)).tolist())


def random_options(rng):
    if rng.random() < 0.4:
        return {}
    choices = {
        "precision": lambda: int(rng.integers(0, 20)),
        "threshold": lambda: int(rng.choice([0, 3, 10, 50])),
        "edgeitems": lambda: int(rng.integers(1, 5)),
        "linewidth": lambda: int(rng.choice([1, 10, 20, 40, 60, 74, 80, 120])),
        "suppress": lambda: True,
        "sign": lambda: str(rng.choice(["+", " ", "-"])),
        "floatmode": lambda: str(rng.choice(["fixed", "unique", "maxprec", "maxprec_equal"])),
        "nanstr": lambda: str(rng.choice(["NaN", "?", "missing"])),
        "infstr": lambda: str(rng.choice(["Inf", "oo", "infinity"])),
    }
    return {k: f() for k, f in choices.items() if rng.random() < 0.3}


def random_cases(count, seed, largest=100_000):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        dtype, shape = str(rng.choice(ALL)), random_shape(rng)
        if rng.random() < 0.5 and dtype not in FLOATS + COMPLEX:
            dtype = str(rng.choice(FLOATS + COMPLEX))
        if np.prod(shape) > largest:
            continue
        n = min(int(np.prod(shape)), 30)
        case(random_values(rng, dtype, n), shape, **random_options(rng))


def kept_cases():
    for dtype in ALL:
        values = special(dtype)
        for shape in [(), (1,), (0,), (0, 3), (3, 0, 2), (2, 2), (1, 1, 1), (1001,)]:
            case(values[1:4], shape)
        case(values, (len(values),), threshold=2000)
        if dtype in ["bool", "int16", "float32", "complex128"]:
            case(values[1:4], (40, 40))
            case(values[1:4], (2, 3, 200))
        if dtype in FLOATS + COMPLEX:
            for value in values if dtype == "float64" else values[::3]:
                case([value], ())
            for floatmode in ["fixed", "unique", "maxprec", "maxprec_equal"]:
                for precision in [0, 3]:
                    case(values[[0, 5, 6, 9, -23, -20, -15]], (7,), floatmode=floatmode, precision=precision)
                    case(values[[5, 6, 8, 9]], (4,), floatmode=floatmode, precision=precision, suppress=True)
    for dtype in FLOATS:  # at a ratio of 1000, and beyond it
        case(np.array([0.5, 500], dtype), (2,))
        case(np.array([0.5, 500.5], dtype), (2,))
    case(np.zeros(1, "float32"), (10**4, 10**4))
    case(np.zeros(1, "int64"), (10**9,))
    case(np.arange(12), (3, 4), threshold=0, edgeitems=1)
    case(np.arange(24), (2, 3, 4), threshold=5, edgeitems=1, linewidth=10)
    case(np.arange(9), (9,), threshold=0, edgeitems=0)
    random_cases(200, 0, largest=16)


if len(sys.argv) > 1:
    random_cases(int(sys.argv[1]), int(sys.argv[2]))
else:
    kept_cases()
