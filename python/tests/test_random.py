"""`cv.random` beside `np.random`: the same numbers for the same seed, to the last bit."""

import copy
import csv
import pathlib
import pickle
import threading
import warnings

import numpy as np
import pytest

import civita as cv

BITS = ["PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"]
N = 10_000


def same(ours, theirs):
    """Equal to the bit, and of the same dtype."""
    theirs = np.asarray(theirs)
    if isinstance(ours, cv.ndarray):
        assert str(ours.dtype) == str(theirs.dtype)
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours, theirs)


def same_state(ours, theirs):
    """Dicts of states hold the same."""
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        for key in theirs:
            same_state(ours[key], theirs[key])
    else:
        assert np.array_equal(np.asarray(ours), np.asarray(theirs)), (ours, theirs)


def pair(seed=12345, bits="PCG64"):
    """Our generator and NumPy's, with one seed."""
    return (
        cv.random.Generator(getattr(cv.random, bits)(seed)),
        np.random.Generator(getattr(np.random, bits)(seed)),
    )


def legacy_pair(seed=12345):
    return cv.random.RandomState(seed), np.random.RandomState(seed)


# ---- seeds and bits --------------------------------------------------------------------------------------------------

SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**64 + 17, 2**200 + 12345, [1, 2, 3], [2**40, 7], (5,), range(4), [], ["0x1f", "12"]]


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_seed_sequences_mix_entropy_as_numpys(seed):
    ours, theirs = cv.random.SeedSequence(seed), np.random.SeedSequence(seed)
    for n in (0, 1, 4, 9, 700):
        same(ours.generate_state(n), theirs.generate_state(n))
        same(ours.generate_state(n, "uint64"), theirs.generate_state(n, np.uint64))
    same(ours.pool, theirs.pool)
    for ours, theirs in zip(ours.spawn(3) + ours.spawn(2), theirs.spawn(3) + theirs.spawn(2), strict=True):
        assert ours.spawn_key == theirs.spawn_key
        same(ours.generate_state(5), theirs.generate_state(5))
        same(ours.spawn(1)[0].generate_state(5), theirs.spawn(1)[0].generate_state(5))


def test_seed_sequences_take_keys_pools_and_arrays():
    for key in [(), (1,), (2**40, 3)]:
        for pool in (4, 5, 8):
            ours = cv.random.SeedSequence(99, spawn_key=key, pool_size=pool)
            theirs = np.random.SeedSequence(99, spawn_key=key, pool_size=pool)
            same(ours.generate_state(12), theirs.generate_state(12))
            assert repr(ours) == repr(theirs)
            assert ours.state == theirs.state
    for dtype in ("uint8", "int64", "uint64", "uint32"):
        a = np.array([1, 2, 200], dtype=dtype)
        theirs = np.random.SeedSequence(a).generate_state(4)
        same(cv.random.SeedSequence(a).generate_state(4), theirs)
        same(cv.random.SeedSequence(cv.array(a)).generate_state(4), theirs)
    assert cv.random.SeedSequence().entropy != cv.random.SeedSequence().entropy
    again = pickle.loads(pickle.dumps(cv.random.SeedSequence(7, spawn_key=(3,), n_children_spawned=2)))
    assert again.state == np.random.SeedSequence(7, spawn_key=(3,), n_children_spawned=2).state


@pytest.mark.parametrize("bits", BITS)
def test_raw_streams_are_those_of_numpys_own_test_vectors(bits):
    name = {"PCG64": "pcg64", "PCG64DXSM": "pcg64dxsm", "Philox": "philox", "SFC64": "sfc64", "MT19937": "mt19937"}[bits]
    folder = pathlib.Path(np.random.__file__).parent / "tests" / "data"
    for i in (1, 2):
        with open(folder / f"{name}-testset-{i}.csv") as file:
            rows = list(csv.reader(file))
        seed, stream = int(rows[0][1].strip(), 0), [int(row[1].strip(), 0) for row in rows[1:]]
        same(getattr(cv.random, bits)(seed).random_raw(len(stream)), np.array(stream, np.uint64))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("seed", [0, 42, 2**100 + 1, [1, 2, 3]], ids=str)
def test_raw_streams_jumps_and_states_are_numpys(bits, seed):
    ours, theirs = getattr(cv.random, bits)(seed), getattr(np.random, bits)(seed)
    same_state(ours.state, theirs.state)
    same(ours.random_raw(N), theirs.random_raw(N))
    same(ours.random_raw((3, 4)), theirs.random_raw((3, 4)))
    assert ours.random_raw() == theirs.random_raw()
    assert ours.random_raw(3, output=False) is None is theirs.random_raw(3, output=False)
    same_state(ours.state, theirs.state)
    if bits != "SFC64":
        same(ours.jumped().random_raw(700), theirs.jumped().random_raw(700))
        same(ours.jumped(3).random_raw(5), theirs.jumped(3).random_raw(5))
    if bits not in ("SFC64", "MT19937"):
        for delta in (1, 10**30, -5, 2**127 + 3):
            assert ours.advance(delta) is ours
            theirs.advance(delta)
            same(ours.random_raw(9), theirs.random_raw(9))
            same_state(ours.state, theirs.state)
    for a, b in zip(ours.spawn(2), theirs.spawn(2), strict=True):
        assert type(a) is type(ours)
        same(a.random_raw(9), b.random_raw(9))


@pytest.mark.parametrize("bits", BITS)
def test_states_are_kept_restored_pickled_copied_and_exchanged_with_numpy(bits):
    ours, theirs = pair(bits=bits)
    ours.integers(0, 9, 3, dtype="int32"), theirs.integers(0, 9, 3, dtype="int32")
    state = ours.bit_generator.state
    same_state(state, theirs.bit_generator.state)
    first = ours.standard_normal(100)
    ours.bit_generator.state = state
    same(ours.standard_normal(100), np.asarray(first))
    theirs.bit_generator.state = state
    same(first, theirs.standard_normal(100))
    ours.bit_generator.state = theirs.bit_generator.state
    same(ours.random(10), theirs.random(10))
    for again in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        assert type(again.bit_generator) is type(ours.bit_generator)
        same_state(again.bit_generator.state, ours.bit_generator.state)
        same(again.spawn(1)[0].random(5), np.asarray(copy.deepcopy(ours).spawn(1)[0].random(5)))
        expected = copy.deepcopy(ours).random(20)
        same(again.random(20), np.asarray(expected))
    # a shallow copy shares its bits, as NumPy's does
    assert copy.copy(ours).bit_generator is ours.bit_generator


def test_philox_takes_keys_and_counters():
    for keywords in ({"key": 5}, {"key": 2**127, "counter": 2**255 + 1}, {"key": [1, 2], "counter": [1, 2, 3, 4]}, {"seed": 3, "counter": 9}):
        same(cv.random.Philox(**keywords).random_raw(50), np.random.Philox(**keywords).random_raw(50))
    full = {"key": 1, "counter": 2**256 - 2}
    same(cv.random.Philox(**full).random_raw(20), np.random.Philox(**full).random_raw(20))


def test_default_rng_takes_seeds_bits_and_generators():
    same(cv.random.default_rng(3).random(5), np.random.default_rng(3).random(5))
    bits = cv.random.SFC64(1)
    assert cv.random.default_rng(bits).bit_generator is bits
    rng = cv.random.default_rng()
    assert cv.random.default_rng(rng) is rng
    same(cv.random.default_rng(cv.random.SeedSequence(5)).random(3), np.random.default_rng(5).random(3))
    same(cv.random.default_rng(np.random.SeedSequence(5)).random(3), np.random.default_rng(5).random(3))
    same(cv.random.default_rng(cv.random.RandomState(5)).random(3), np.random.default_rng(np.random.RandomState(5)).random(3))
    for a, b in zip(cv.random.default_rng(9).spawn(3), np.random.default_rng(9).spawn(3), strict=True):
        same(a.random(4), b.random(4))
    assert str(rng) == "Generator(PCG64)"


# ---- standard draws ----------------------------------------------------------------------------------------------------

STANDARD = {
    "random": [{}, {"dtype": "float32"}],
    "standard_normal": [{}, {"dtype": "float32"}],
    "standard_exponential": [{}, {"dtype": "float32"}, {"method": "inv"}, {"method": "inv", "dtype": "float32"}],
    "standard_gamma": [{"shape": s, "dtype": d} for s in (0.0, 0.1, 0.5, 1.0, 1.5, 3, 100.0, 1e6) for d in ("float64", "float32")],
}


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("name", STANDARD)
def test_standard_draws_are_numpys(bits, name):
    for keywords in STANDARD[name]:
        ours, theirs = pair(bits=bits)
        a, b = getattr(ours, name), getattr(theirs, name)
        same(a(size=5 * N, **keywords), b(size=5 * N, **keywords))
        same(a(size=(3, 0, 2), **keywords), b(size=(3, 0, 2), **keywords))
        same(a(size=(3, 5), **keywords), b(size=(3, 5), **keywords))
        value = a(**keywords)
        assert type(value) is float and value == b(**keywords)
        same_state(ours.bit_generator.state, theirs.bit_generator.state)


def test_draws_go_into_out():
    for dtype in ("float64", "float32"):
        for name, arguments in [("random", ()), ("standard_normal", ()), ("standard_exponential", ()), ("standard_gamma", (2.5,))]:
            ours, theirs = pair()
            out, expected = cv.zeros((3, 4), dtype), np.zeros((3, 4), dtype)
            assert getattr(ours, name)(*arguments, dtype=dtype, out=out) is out
            getattr(theirs, name)(*arguments, dtype=dtype, out=expected)
            same(out, expected)
            if name != "standard_gamma":
                # in Fortran order, elements are filled as they lie
                out, expected = cv.zeros((3, 4), dtype).T, np.zeros((3, 4), dtype).T
                getattr(ours, name)(*arguments, dtype=dtype, out=out)
                getattr(theirs, name)(*arguments, dtype=dtype, out=expected)
                same(out, expected)
    ours, theirs = pair()
    out, expected = cv.zeros((2, 3)), np.zeros((2, 3))
    ours.standard_gamma([1.0, 2.0, 3.0], out=out)
    theirs.standard_gamma([1.0, 2.0, 3.0], out=expected)
    same(out, expected)
    same(ours.standard_gamma([[0.5], [2.0]], (2, 3), dtype="float32"), theirs.standard_gamma([[0.5], [2.0]], (2, 3), dtype="float32"))


# ---- integers ----------------------------------------------------------------------------------------------------------

INTEGERS = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]


def ranges(dtype):
    """Bounds, both included."""
    low, high = (0, 1) if dtype == "bool" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    wanted = [(0, 0), (0, 1), (0, 9), (3, 100), (low, high), (low, high - 1), (low + 1, high), (0, high), (high, high), (-5, 5), (0, 2**31), (0, 2**32 - 1), (0, 2**33)]
    return [(a, b) for a, b in wanted if low <= a <= b <= high]


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_numpys(bits, dtype):
    ours, theirs = pair(bits=bits)
    for low, high in ranges(dtype):
        for endpoint in (False, True):
            bounds = (low, high + (not endpoint))
            same(
                ours.integers(*bounds, size=N + 1, dtype=dtype, endpoint=endpoint),
                theirs.integers(*bounds, size=N + 1, dtype=dtype, endpoint=endpoint),
            )
            value = ours.integers(*bounds, dtype=dtype, endpoint=endpoint)
            assert value.dtype == dtype
            assert value == theirs.integers(*bounds, dtype=dtype, endpoint=endpoint)
    same_state(ours.bit_generator.state, theirs.bit_generator.state)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_between_arrays_are_numpys(dtype):
    ours, theirs = pair()
    top = 2 if dtype == "bool" else 100
    highs = np.arange(1, top + 1) if dtype != "bool" else np.array([1, 2, 2])
    cases = [(0, highs, None), (0, highs, (50, len(highs))), ([[0], [0]], highs, None), (highs - 1, highs, None), (0.0, highs * 1.0, None)]
    for low, high, size in cases:
        same(ours.integers(low, high, size, dtype=dtype), theirs.integers(low, high, size, dtype=dtype))
        same(ours.integers(low, high - 1, size, dtype=dtype, endpoint=True), theirs.integers(low, high - 1, size, dtype=dtype, endpoint=True))
    if dtype != "bool":
        most = int(np.iinfo(dtype).max)
        bounds = [most + 1, most, 5]
        same(ours.integers(0, bounds, (40, 3), dtype=dtype), theirs.integers(0, bounds, (40, 3), dtype=dtype))


@pytest.mark.parametrize("legacy", [False, True])
def test_parameters_are_read_in_blocks(legacy):
    """Of more elements than a block has, whatever axis the blocks are cut along."""
    ours, theirs = (cv.random.RandomState(3), np.random.RandomState(3)) if legacy else pair(3)
    shapes = [((70_001,), (1,)), ((70_001, 1), (3,)), ((2, 1, 70_000), (3, 1)), ((3, 1, 1), (41_000, 2)), ((140_000,), (140_000,)), ((1, 300, 1), (300, 1, 3))]
    numbers = np.random.default_rng(7)
    for a, b in shapes:
        low, high = numbers.integers(-50, 50, a), numbers.integers(60, 90, b)
        for dtype in ("int64", "uint8", "uint64"):
            least = low if dtype == "int64" else low + 50
            top = (high + 60).astype(dtype)
            draw = "randint" if legacy else "integers"
            same(getattr(ours, draw)(cv.array(least), cv.array(top), dtype=dtype), getattr(theirs, draw)(least, top, dtype=dtype))
        same(ours.uniform(cv.array(low), cv.array(high)), theirs.uniform(low, high))
        same(ours.normal(cv.array(low), cv.array(high)), theirs.normal(low, high))
        same(ours.triangular(cv.array(low), cv.array(high), cv.array(high + 1)), theirs.triangular(low, high, high + 1))
        same(ours.binomial(cv.array(high), 0.25, size=np.broadcast_shapes(a, b)), theirs.binomial(high, 0.25, size=np.broadcast_shapes(a, b)))
    # the last element of all is wrong, and nothing is drawn
    bad = np.full(140_000, 10)
    bad[-1] = 0
    for name, arguments in [("randint" if legacy else "integers", (0, bad)), ("normal", (0.0, -1.0 + bad)), ("binomial", (bad - 1, 0.5)), ("triangular", (1, bad, 10))]:
        with pytest.raises(ValueError) as wanted:
            getattr(theirs, name)(*arguments)
        with pytest.raises(ValueError) as raised:
            getattr(ours, name)(*(cv.array(a) if isinstance(a, np.ndarray) else a for a in arguments))
        assert str(raised.value).split("\n")[0] == str(wanted.value)
    same(ours.random(5) if not legacy else ours.rand(5), theirs.random(5) if not legacy else theirs.rand(5))


def test_integers_with_one_bound_none_and_no_draws():
    ours, theirs = pair()
    same(ours.integers(10, size=20), theirs.integers(10, size=20))
    same(ours.integers(3.9, size=20), theirs.integers(3.9, size=20))
    same(ours.integers(5, 1, size=(0, 3)), theirs.integers(5, 1, size=(0, 3)))
    assert ours.integers(5, dtype="int8") == theirs.integers(5, dtype="int8")


# ---- distributions ---------------------------------------------------------------------------------------------------------

CONTINUOUS = {
    "beta": [(0.5, 0.5), (1, 1), (1e-5, 1e-5), (1e-200, 1e-200), (0.01, 0.9), (2, 3), (1, 5), (100, 0.3), (1e5, 1e5)],
    "chisquare": [(0.1,), (1,), (2,), (5.5,), (1000,)],
    "exponential": [(), (0,), (2.5,), (1e300,)],
    "f": [(1, 1), (2, 0.5), (5, 20), (0.1, 100)],
    "gamma": [(0, 1), (0.3, 2), (1, 1), (1.0, 0.5), (2.5, 3), (1000, 0.1)],
    "gumbel": [(), (0, 0), (-3, 2.5)],
    "laplace": [(), (0, 0), (-3, 2.5)],
    "logistic": [(), (0, 0), (-3, 2.5)],
    "lognormal": [(), (0, 0), (1, 0.25), (-3, 2.5)],
    "noncentral_chisquare": [(0.5, 0), (0.5, 3), (1, 2), (3, 0.1), (3, 100), (0.1, 1000)],
    "noncentral_f": [(1, 2, 0), (0.5, 3, 2), (5, 20, 100)],
    "normal": [(), (0, 0), (3, 2.5), (-1e10, 1e-3)],
    "pareto": [(0.1,), (1,), (3.5,)],
    "power": [(0.1,), (1,), (3.5,)],
    "rayleigh": [(), (0,), (2.5,)],
    "standard_cauchy": [()],
    "standard_t": [(0.3,), (1,), (5,), (1e6,)],
    "triangular": [(0, 0.5, 1), (-1, -1, 2), (0, 3, 3), (-1e5, 0, 1)],
    "uniform": [(), (-1, 1), (5, 5), (0, 1e308)],
    "vonmises": [(0, 0), (0, 1e-9), (1, 1e-6), (1, 0.5), (-3, 4), (3, 100), (10, 2), (0, 1e5), (0.5, 2e6), (1, 1e10)],
    "wald": [(1, 1), (0.1, 10), (5, 0.3), (1e3, 1e-3), (1e-3, 1e6)],
    "weibull": [(0,), (0.3,), (1,), (5,)],
}
DISCRETE = {
    "binomial": [(0, 0.5), (10, 0), (10, 1), (10, 0.3), (10, 0.9), (100, 0.5), (1000, 0.01), (1000, 0.7), (10**6, 0.3), (10**6, 1e-6), (10**12, 0.4), (2**62, 0.5), (60, 0.5), (61, 0.5)],
    "geometric": [(1e-12,), (0.01,), (0.2,), (1 / 3,), (0.5,), (1,)],
    "hypergeometric": [(0, 5, 3), (5, 0, 3), (10, 20, 1), (10, 20, 9), (10, 20, 12), (10, 20, 29), (100, 200, 100), (1000, 50, 700), (10**6, 10**7, 10**5), (10**8, 10**8, 10**8), (15, 5, 5)],
    "logseries": [(0.001,), (0.1,), (0.5,), (0.9,), (0.999,)],
    "negative_binomial": [(1, 0.5), (0.3, 0.01), (100, 0.1), (5, 1.0), (1e4, 1e-4)],
    "poisson": [(), (0,), (0.01,), (3,), (9.99,), (10,), (50,), (1e4,), (1e10,), (9e18,)],
    "zipf": [(1.0001,), (1.5,), (2,), (5,), (100,), (2000,)],
}
ALL = {**CONTINUOUS, **DISCRETE}
# NumPy does not return from these
HANGS = {("zipf", (2000,))}


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("name", ALL)
def test_distributions_are_numpys(bits, name):
    ours, theirs = pair(bits=bits)
    for parameters in ALL[name]:
        same(getattr(ours, name)(*parameters, size=N), getattr(theirs, name)(*parameters, size=N))
        value = getattr(ours, name)(*parameters)
        assert value == getattr(theirs, name)(*parameters)
        assert type(value) is (int if name in DISCRETE else float)
    same_state(ours.bit_generator.state, theirs.bit_generator.state)


@pytest.mark.parametrize("name", [*ALL, "standard_normal", "standard_exponential", "standard_gamma", "random_sample"])
def test_legacy_distributions_are_numpys(name):
    ours, theirs = legacy_pair()
    cases = ALL.get(name, [()] if name != "standard_gamma" else [(s,) for s in (0, 0.1, 0.5, 1, 1.5, 3, 100.0, 1e6)])
    for parameters in cases:
        if (name, parameters) in HANGS or (name == "hypergeometric" and 0 in parameters[:2]):
            continue
        same(getattr(ours, name)(*parameters, size=N), getattr(theirs, name)(*parameters, size=N))
        value = getattr(ours, name)(*parameters)
        assert value == getattr(theirs, name)(*parameters)
        assert type(value) is (int if name in DISCRETE else float)
    same_state(ours.get_state(legacy=False), theirs.get_state(legacy=False))


@pytest.mark.parametrize("legacy", [False, True], ids=["Generator", "RandomState"])
@pytest.mark.parametrize("name", [name for name in ALL if any(ALL[name])])
def test_parameters_broadcast_in_numpys_order_of_draws(legacy, name):
    cases = [c for c in ALL[name] if c and len(c) == max(map(len, ALL[name]))]
    cases = [c for c in cases if (name, c) not in HANGS and not (legacy and name == "hypergeometric" and 0 in c[:2])]
    ours, theirs = legacy_pair() if legacy else pair()
    columns = [np.array(column) for column in zip(*cases, strict=True)]
    if name in ("binomial", "hypergeometric"):
        columns[0] = columns[0].astype("int64")
    for size in (None, (7, len(cases))):
        a = getattr(ours, name)(*map(cv.array, columns), size=size)
        b = getattr(theirs, name)(*columns, size=size)
        same(a, b)
    first = [columns[0].reshape(-1, 1), *(column[-1:] for column in columns[1:])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = getattr(theirs, name)(*first)
        except ValueError as error:
            with pytest.raises(ValueError, match=str(error)[:9]):
                getattr(ours, name)(*first)
        else:
            same(getattr(ours, name)(*first), expected)


def test_huge_integers_do_not_hang():
    for source in (cv.random.default_rng(1), cv.random.RandomState(1)):
        for good, bad, sample in [(2**62, 2**62 - 1, 1000), (2**62, 2**62 - 1, 2**61), (2**63 - 1, 1, 1), (2**54, 2**54, 2**53), (2**54, 3, 2**54)]:
            try:
                source.hypergeometric(good, bad, sample)
            except ValueError as error:
                assert "too large" in str(error) or "must be less" in str(error)
        assert 0 < source.binomial(2**63 - 1, 0.5) < 2**63
        assert source.multinomial(2**63 - 1, [0.5, 0.5]).sum() == 2**63 - 1


def test_no_nan_and_no_infinity_hangs():
    rng, legacy = cv.random.default_rng(1), cv.random.RandomState(1)
    for name, cases in ALL.items():
        for source in (rng, legacy):
            for value in (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0):
                for parameters in cases:
                    for i in range(len(parameters)):
                        mixed = [*parameters]
                        mixed[i] = value
                        try:
                            getattr(source, name)(*mixed, size=3)
                        except (ValueError, OverflowError, TypeError, MemoryError):
                            pass


# ---- vectors ---------------------------------------------------------------------------------------------------------------


def test_multinomial_is_numpys():
    ours, theirs = pair()
    for n, p, size in [
        (20, [1 / 6] * 6, None),
        (20, [1 / 6] * 6, 100),
        (1000, [0.1, 0.2, 0.7], (3, 4)),
        (0, [0.5, 0.5], 3),
        (10, [1.0], 2),
        ([10, 20, 30], [0.2, 0.8], None),
        ([[10], [1000]], [[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]], None),
        (50, [[0.2, 0.8], [0.9, 0.1]], (5, 2)),
    ]:
        same(ours.multinomial(n, p, size), theirs.multinomial(n, p, size))
    ours, theirs = legacy_pair()
    for n, p, size in [(20, [1 / 6] * 6, None), (20, [1 / 6] * 6, 100), (1000, [0.1, 0.2, 0.7], (3, 4)), (0, [0.5, 0.5], 3)]:
        same(ours.multinomial(n, p, size), theirs.multinomial(n, p, size))
    same(ours.random(5), theirs.random_sample(5))


def test_dirichlet_is_numpys():
    ours, theirs = pair()
    for alpha in ([1.0, 2.0, 3.0], [0.01, 0.02, 0.05], [0.5], [0.0, 0.0], [0.05, 0.0, 0.01], [10.0, 0.1]):
        same(ours.dirichlet(alpha, 1000), theirs.dirichlet(alpha, 1000))
        same(ours.dirichlet(alpha), theirs.dirichlet(alpha))
    ours, theirs = legacy_pair()
    for alpha in ([1.0, 2.0, 3.0], [0.5], [10.0, 0.1]):
        same(ours.dirichlet(alpha, (50, 2)), theirs.dirichlet(alpha, (50, 2)))


def test_multivariate_hypergeometric_is_numpys():
    ours, theirs = pair()
    for method in ("marginals", "count"):
        for colors, n in [([16, 8, 4], 6), ([16, 8, 4], 20), ([100, 200, 0, 300], 150), ([5], 3), ([0, 0], 0), ([3, 4], 0)]:
            same(
                ours.multivariate_hypergeometric(colors, n, size=200, method=method),
                theirs.multivariate_hypergeometric(colors, n, size=200, method=method),
            )
    same(ours.multivariate_hypergeometric([5, 6], 3), theirs.multivariate_hypergeometric([5, 6], 3))


def test_multivariate_normal_takes_numpys_draws():
    mean, cov = [1.0, -2.0, 0.5], [[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]]
    ours, theirs = pair()
    a, b = ours.multivariate_normal(mean, cov, 50, method="cholesky"), theirs.multivariate_normal(mean, cov, 50, method="cholesky")
    np.testing.assert_allclose(np.asarray(a), b, rtol=1e-13)
    for source in (pair()[0], legacy_pair()[0]):
        for method in ("svd", "eigh"):
            keywords = {} if isinstance(source, cv.random.RandomState) else {"method": method}
            x = np.asarray(source.multivariate_normal(mean, cov, 200_000, **keywords))
            np.testing.assert_allclose(x.mean(0), mean, atol=0.02)
            np.testing.assert_allclose(np.cov(x.T), cov, atol=0.05)
    # of a diagonal no signs are open
    for (ours, theirs) in (pair(), legacy_pair()):
        a = ours.multivariate_normal([1, 2, 3], np.diag([1.0, 4.0, 2.0]), (4, 5))
        np.testing.assert_allclose(np.asarray(a), theirs.multivariate_normal([1, 2, 3], np.diag([1.0, 4.0, 2.0]), (4, 5)), rtol=1e-13)
        same(ours.standard_normal(3), theirs.standard_normal(3))
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        ours.multivariate_normal([0, 0], [[1, 2], [2, 1]])
    with pytest.raises(ValueError, match="positive-semidefinite"):
        ours.multivariate_normal([0, 0], [[1, 2], [2, 1]], check_valid="raise")


# ---- choices and orders ----------------------------------------------------------------------------------------------------

CHOICES = [
    {"a": 10, "size": 1000},
    {"a": 10},
    {"a": 5, "size": (3, 4)},
    {"a": 5, "size": ()},
    {"a": 2**40, "size": 50},
    {"a": 100, "size": 30, "replace": False},
    {"a": 100, "size": 100, "replace": False},
    {"a": 20_000, "size": 10, "replace": False},
    {"a": 20_000, "size": 5000, "replace": False},
    {"a": 5, "size": 0},
    {"a": 0, "size": 0},
    {"a": 4, "size": 500, "p": [0.1, 0.2, 0.3, 0.4]},
    {"a": 4, "size": 3, "p": [0.1, 0.2, 0.0, 0.7], "replace": False},
    {"a": 4, "p": [0.1, 0.2, 0.3, 0.4]},
    {"a": 50, "size": 50, "p": [0.02] * 50, "replace": False},
    {"a": [1.5, 2.5, 3.5], "size": 20},
    {"a": [1, 2, 3], "size": (2, 2), "p": [0.5, 0.25, 0.25]},
    {"a": [True, False], "size": 9},
]


@pytest.mark.parametrize("keywords", CHOICES, ids=str)
def test_choices_are_numpys(keywords):
    ours, theirs = pair()
    for _ in range(5):
        same(ours.choice(**keywords), theirs.choice(**keywords))
        same(ours.choice(**keywords, shuffle=False), theirs.choice(**keywords, shuffle=False))
    if keywords["a"] != 2**40:
        ours, theirs = legacy_pair()
        for _ in range(5):
            same(ours.choice(**keywords), theirs.choice(**keywords))
    same(ours.random(3), theirs.random(3))


def test_choices_along_an_axis_and_of_things():
    a = np.arange(24.0).reshape(4, 6)
    ours, theirs = pair()
    for axis in (0, 1, -1):
        for size in (None, 3, (2, 2)):
            for replace in (True, False):
                same(ours.choice(a, size, replace, axis=axis), theirs.choice(a, size, replace, axis=axis))
                same(ours.choice(cv.array(a), size, replace, axis=axis), theirs.choice(a, size, replace, axis=axis))
    names = ["heads", "tails"]
    assert ours.choice(names) == theirs.choice(names)
    assert ours.choice(names, 20) == list(theirs.choice(names, 20))
    assert ours.choice(names, 20, p=[0.9, 0.1]) == list(theirs.choice(names, 20, p=[0.9, 0.1]))


@pytest.mark.parametrize("legacy", [False, True], ids=["Generator", "RandomState"])
def test_shuffles_and_permutations_are_numpys(legacy):
    ours, theirs = legacy_pair() if legacy else pair()
    for n in (0, 1, 2, 10, 1000, 100_000):
        same(ours.permutation(n), theirs.permutation(n))
    for dtype in ("bool", "uint8", "float32", "complex128"):
        x = (np.arange(60) % 7).astype(dtype)
        for a in (x, x.reshape(5, 12), x.reshape(3, 4, 5), x[::2], x.reshape(5, 12).T, x[:0]):
            same(ours.permutation(a), theirs.permutation(a))
            b, c = cv.array(a), a.copy()
            ours.shuffle(b)
            theirs.shuffle(c)
            same(b, c)
            # NumPy's own arrays are shuffled where they are
            b, c = a.copy(), a.copy()
            ours.shuffle(b)
            theirs.shuffle(c)
            same(b, c)
    b, c = list("abcdefgh"), list("abcdefgh")
    ours.shuffle(b)
    theirs.shuffle(c)
    assert b == c
    assert ours.permutation(b) == list(theirs.permutation(c))
    # a view is shuffled within its array
    b, c = cv.arange(20), np.arange(20)
    ours.shuffle(b[3:15:2])
    theirs.shuffle(c[3:15:2])
    same(b, c)


def test_permuted_is_numpys():
    ours, theirs = pair()
    x = np.arange(60).reshape(3, 4, 5)
    for a in (x, x.transpose(2, 0, 1), x[:, ::2], x.T, x[0, 0], np.asfortranarray(x)):
        for axis in (None, *range(a.ndim), -1):
            same(ours.permuted(a, axis=axis), theirs.permuted(a, axis=axis))
    out, expected = cv.zeros((4, 5), "int64"), np.zeros((4, 5), "int64")
    assert ours.permuted(x[0], axis=1, out=out) is out
    theirs.permuted(x[0], axis=1, out=expected)
    same(out, expected)
    y, z = cv.array(x[0]), x[0].copy()
    ours.permuted(y, axis=0, out=y)
    theirs.permuted(z, axis=0, out=z)
    same(y, z)
    for axis in (0, 1, 2, -1):
        same(ours.permutation(x, axis=axis), theirs.permutation(x, axis=axis))
        b, c = cv.array(x), x.copy()
        ours.shuffle(b, axis=axis)
        theirs.shuffle(c, axis=axis)
        same(b, c)


def test_bytes_are_numpys():
    for ours, theirs in (pair(), pair(bits="MT19937"), legacy_pair()):
        for n in (0, 1, 3, 4, 5, 1000):
            assert ours.bytes(n) == theirs.bytes(n)


# ---- the legacy interface -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1, [1], [1, 2, 3], list(range(700)), np.array([5, 6]), np.int64(9), np.array([7]), True], ids=str)
def test_legacy_seeds_are_numpys(seed):
    ours, theirs = cv.random.RandomState(seed), np.random.RandomState(seed)
    same_state(ours.get_state(legacy=False), theirs.get_state(legacy=False))
    same(ours.rand(1000), theirs.rand(1000))
    same(ours.randn(3, 4), theirs.randn(3, 4))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_legacy_integers_are_numpys(dtype):
    ours, theirs = legacy_pair()
    for low, high in ranges(dtype):
        same(ours.randint(low, high + 1, N + 1, dtype), theirs.randint(low, high + 1, N + 1, dtype))
        assert ours.randint(low, high + 1, dtype=dtype) == theirs.randint(low, high + 1, dtype=dtype)
    highs = np.array([1, 2, 2]) if dtype == "bool" else np.arange(1, 100)
    same(ours.randint(0, highs, dtype=dtype), theirs.randint(0, highs, dtype=dtype))
    same(ours.randint(0, highs, (5, len(highs)), dtype), theirs.randint(0, highs, (5, len(highs)), dtype))


def test_legacy_states_are_kept_restored_and_exchanged_with_numpy():
    ours, theirs = legacy_pair()
    ours.randn(3), theirs.randn(3)  # the fourth is kept
    a, b = ours.get_state(), theirs.get_state()
    assert a[0] == b[0] and a[2:] == b[2:] and a[3] == 1
    same(a[1], b[1])
    first = ours.randn(5)
    ours.set_state(a)
    same(ours.randn(5), np.asarray(first))
    theirs.set_state(a)
    same(first, theirs.randn(5))
    ours.set_state(b)
    same(ours.randn(5), np.asarray(first))
    for again in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        same(again.randn(7), np.asarray(copy.deepcopy(ours).randn(7)))
    ours.set_state(b[:3])
    theirs.set_state(b[:3])
    same(ours.randn(4), theirs.randn(4))


def test_the_functions_of_the_module_share_one_state():
    cv.random.seed(5), np.random.seed(5)
    for name, arguments in [
        ("rand", (3, 2)), ("randn", (3,)), ("randint", (0, 10, 5)), ("random", (4,)), ("random_sample", (4,)), ("ranf", (4,)), ("sample", (4,)),
        ("normal", (1, 2, 5)), ("uniform", (3, 1, 5)), ("choice", (5, 3)), ("permutation", (6,)), ("poisson", (3.0, 5)), ("randn", ()),
        ("standard_normal", ()), ("bytes", (5,)), ("dirichlet", ([1.0, 2.0],)), ("multinomial", (9, [0.5, 0.5])), ("binomial", (9, 0.5, 4)),
    ]:  # fmt: skip
        ours, theirs = getattr(cv.random, name)(*arguments), getattr(np.random, name)(*arguments)
        assert ours == theirs if isinstance(theirs, bytes) else (same(ours, theirs) is None)
    state = cv.random.get_state()
    a = cv.random.rand(3)
    cv.random.set_state(state)
    same(cv.random.rand(3), np.asarray(a))
    missing = {n for n in np.random.__all__ if not n.startswith("_")} - {*dir(cv.random)}
    assert missing == set()
    for name in cv.random.__all__:
        assert getattr(cv.random, name).__doc__, name


def test_random_state_draws_from_any_bits():
    for bits in BITS:
        ours, theirs = cv.random.RandomState(getattr(cv.random, bits)(3)), np.random.RandomState(getattr(np.random, bits)(3))
        for name in ("randn", "rand"):
            same(getattr(ours, name)(100), getattr(theirs, name)(100))
        same(ours.gamma(2.5, size=100), theirs.gamma(2.5, size=100))
        same(ours.randint(0, 1000, 100), theirs.randint(0, 1000, 100))


# ---- errors ----------------------------------------------------------------------------------------------------------------

WRONG = [
    ("random", (-1,), {}),
    ("random", (3.5,), {}),
    ("random", (3,), {"dtype": "float16"}),
    ("random", (3,), {"dtype": "int32"}),
    ("integers", (5, 5), {}),
    ("integers", (5, 4), {"endpoint": True}),
    ("integers", (-3,), {}),
    ("integers", (0, 300), {"dtype": "uint8"}),
    ("integers", (-1, 3), {"dtype": "uint8"}),
    ("integers", (0, 2**80), {}),
    ("integers", (0, 2**200), {}),
    ("integers", ([0, 5], [4, 5]), {}),
    ("integers", (0, [0, 5]), {}),
    ("integers", (0, [0, 500]), {"dtype": "int8"}),
    ("integers", (10,), {"dtype": "float64"}),
    ("integers", (0, float("nan")), {}),
    ("normal", (0, -1), {}),
    ("normal", (0, [1, -1]), {}),
    ("normal", (1j,), {}),
    ("normal", ("a",), {}),
    ("normal", (None,), {"scale": Ellipsis}),
    ("normal", ([1, 2],), {"size": 3}),
    ("normal", ([1, 2],), {"size": 1}),
    ("normal", ([1, 2], [1, 2, 3]), {}),
    ("normal", (), {"loc": 0, "wrong": 1}),
    ("exponential", (-0.0,), {}),
    ("gamma", (-1, 1), {}),
    ("beta", (0, 1), {}),
    ("beta", ([1, 2], [0.5, -1]), {}),
    ("poisson", (-1,), {}),
    ("poisson", (1e19,), {}),
    ("poisson", (float("nan"),), {}),
    ("poisson", ([1, float("nan")],), {}),
    ("binomial", (10, 1.5), {}),
    ("binomial", (-1, 0.5), {}),
    ("binomial", (10, [0.5, float("nan")]), {}),
    ("binomial", (np.array([1.5]), 0.5), {}),
    ("geometric", (0,), {}),
    ("geometric", ([0.5, 2],), {}),
    ("logseries", (1,), {}),
    ("zipf", (1,), {}),
    ("negative_binomial", (0, 0.5), {}),
    ("negative_binomial", (float("nan"), 0.5), {}),
    ("negative_binomial", (1e18, 1e-5), {}),
    ("hypergeometric", (5, 5, 11), {}),
    ("hypergeometric", (-1, 5, 3), {}),
    ("hypergeometric", (10**9, 5, 3), {}),
    ("hypergeometric", ([5, 5], 5, [3, 11]), {}),
    ("triangular", (1, 0, 2), {}),
    ("triangular", (0, 3, 2), {}),
    ("triangular", (1, 1, 1), {}),
    ("triangular", ([0, 1], 1, 1), {}),
    ("uniform", (3, 1), {}),
    ("uniform", (0, float("inf")), {}),
    ("uniform", (0, [1, float("nan")]), {}),
    ("vonmises", (0, -1), {}),
    ("wald", (0, 1), {}),
    ("multinomial", (5, [0.5, 0.9, 0.1]), {}),
    ("multinomial", (-5, [0.5]), {}),
    ("multinomial", (5, []), {}),
    ("multinomial", (5, [0.5, 2.0]), {}),
    ("dirichlet", ([1, -1],), {}),
    ("dirichlet", (3,), {}),
    ("multivariate_hypergeometric", ([3, 4], 8), {}),
    ("multivariate_hypergeometric", ([3, -4], 1), {}),
    ("multivariate_hypergeometric", ([3, 4], -1), {}),
    ("multivariate_hypergeometric", ([3, 4], 1.5), {}),
    ("multivariate_hypergeometric", ([3, 4], 1), {"method": "x"}),
    ("multivariate_normal", ([0], [[1, 2], [3, 4]]), {}),
    ("multivariate_normal", ([[0]], [[1]]), {}),
    ("multivariate_normal", ([], np.zeros((0, 0))), {}),
    ("multivariate_normal", ([0], [1]), {}),
    ("multivariate_normal", ([0], [[1]]), {"method": "x"}),
    ("multivariate_normal", ([0], [[1]]), {"check_valid": "x"}),
    ("choice", (0,), {}),
    ("choice", (-3,), {}),
    ("choice", ([],), {}),
    ("choice", (3.5,), {}),
    ("choice", ("ab",), {}),
    ("choice", (5, 3), {"p": [0.2] * 4}),
    ("choice", (2, 3), {"p": [0.2, 0.2]}),
    ("choice", (2, 3), {"p": [1.5, -0.5]}),
    ("choice", (2, 3), {"p": [0.5, float("nan")]}),
    ("choice", (2, 3), {"p": [[0.5, 0.5]]}),
    ("choice", (3, 5), {"replace": False}),
    ("choice", (3, 2), {"replace": False, "p": [1, 0, 0]}),
    ("choice", (3, -1), {}),
    ("shuffle", (5,), {}),
    ("shuffle", ((1, 2, 3),), {}),
    ("shuffle", ([1, 2, 3],), {"axis": 1}),
    ("permutation", (3.5,), {}),
    ("permutation", ([[1, 2]],), {"axis": 2}),
    ("permuted", ([[1, 2]],), {"axis": 2}),
    ("standard_gamma", (-1,), {"dtype": "float32"}),
    ("standard_gamma", ([1, -1],), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "keywords"), WRONG, ids=str)
def test_wrong_arguments_have_numpys_errors(name, arguments, keywords):
    ours, theirs = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as expected:
            getattr(theirs, name)(*arguments, **keywords)
        with pytest.raises(Exception) as found:
            getattr(ours, name)(*arguments, **keywords)
    expected, found = expected.value, found.value
    kinds = [kind for kind in type(expected).__mro__ if kind.__module__ == "builtins"]
    assert isinstance(found, kinds[0]), (repr(expected), repr(found))
    if type(expected) is ValueError and "shape mismatch" not in str(expected):
        assert str(expected).split(". ")[0][:40] in str(found), (str(expected), str(found))
    # nothing was drawn, or as much
    if name != "multivariate_normal" and "p" not in keywords:
        same(ours.random(3), theirs.random(3))


def test_wrong_seeds_and_states_have_numpys_errors():
    for make in (
        lambda r: r.default_rng(-1),
        lambda r: r.default_rng(1.5),
        lambda r: r.default_rng("a"),
        lambda r: r.default_rng([1, 2.5]),
        lambda r: r.SeedSequence([1, -2]),
        lambda r: r.SeedSequence(1, pool_size=3),
        lambda r: r.SeedSequence(1).generate_state(3, "int32"),
        lambda r: r.RandomState(-1),
        lambda r: r.RandomState(2**32),
        lambda r: r.RandomState(1.5),
        lambda r: r.RandomState([]),
        lambda r: r.RandomState([[1]]),
        lambda r: r.RandomState([2**32]),
        lambda r: r.RandomState([-1]),
        lambda r: r.RandomState("a"),
        lambda r: r.PCG64(1).advance(1.5),
        lambda r: r.Philox(1, key=2),
        lambda r: r.Philox(key=2**128),
        lambda r: r.Philox(key=-1),
        lambda r: r.Philox(key=[1, 2, 3]),
        lambda r: r.BitGenerator(1),
        lambda r: setattr(r.PCG64(1), "state", 5),
        lambda r: setattr(r.PCG64(1), "state", {}),
        lambda r: setattr(r.PCG64(1), "state", r.SFC64(1).state),
        lambda r: setattr(r.MT19937(1), "state", ("MT19937", [1])),
        lambda r: r.RandomState(1).set_state(5),
        lambda r: r.RandomState(1).set_state({}),
        lambda r: r.RandomState(1).set_state(("PCG64", [1], 2)),
        lambda r: r.RandomState(r.PCG64(1)).seed(3),
        lambda r: r.Philox(key=3).spawn(2),
    ):
        with pytest.raises(Exception) as expected:
            make(np.random)
        with pytest.raises(Exception) as found:
            make(cv.random)
        kinds = [kind for kind in type(expected.value).__mro__ if kind.__module__ == "builtins"]
        assert isinstance(found.value, kinds[0]), (expected.value, found.value)
    for spawn in (cv.random.SeedSequence(1).spawn, cv.random.PCG64(1).spawn, cv.random.default_rng(1).spawn):
        with pytest.raises(ValueError, match="n_children must be non-negative"):
            spawn(-1)
    for wrong in ({"key": [1] * 3, "pos": 0}, {"key": [1] * 624, "pos": 625}, {"key": [1] * 624, "pos": -1}):
        with pytest.raises(ValueError, match="MT19937"):
            cv.random.MT19937(1).state = {"bit_generator": "MT19937", "state": wrong}
    with pytest.raises(TypeError, match="default_rng"):
        cv.random.Generator(np.random.PCG64(1))


def test_wrong_outputs_are_refused():
    rng = cv.random.default_rng(1)
    for out, size, kind in [
        (cv.zeros(3, "float32"), 3, TypeError),
        (cv.zeros((4, 4))[::2], None, ValueError),
        (cv.zeros(4), 3, ValueError),
        (np.zeros(3), None, TypeError),
    ]:
        with pytest.raises(kind):
            rng.random(size, out=out)
    with pytest.raises(ValueError, match="C-contiguous"):
        rng.standard_gamma(1.0, out=cv.zeros((2, 3)).T)
    with pytest.raises(ValueError, match="same shape"):
        rng.permuted(cv.arange(3), out=cv.zeros(4, "int64"))
    with pytest.raises((ValueError, MemoryError)):
        rng.random((2**40, 2**40))
    with pytest.raises((ValueError, MemoryError)):
        rng.permutation(2**60)
    with pytest.raises((ValueError, MemoryError)):
        rng.choice(2**60, 2**59, replace=False)


# ---- threads and transformations -------------------------------------------------------------------------------------------


def test_threads_share_a_generator_without_losing_or_repeating_a_draw():
    rng, parts = cv.random.default_rng(7), []

    def work():
        parts.extend(np.asarray(rng.random(size)) for size in (1, 100_000, 3, 50_000))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drawn = np.sort(np.concatenate(parts))
    np.testing.assert_array_equal(drawn, np.sort(np.random.default_rng(7).random(drawn.size)))


def test_draws_inside_vmap_and_trace_are_errors():
    rng, legacy = cv.random.default_rng(1), cv.random.RandomState(1)
    for draw in (
        lambda: rng.random(3),
        lambda: rng.normal(),
        lambda: rng.normal([0.0, 1.0]),
        lambda: rng.integers(5),
        lambda: rng.permutation(3),
        lambda: rng.choice(3),
        lambda: rng.bytes(3),
        lambda: rng.multinomial(3, [0.5, 0.5]),
        lambda: legacy.randn(3),
        lambda: legacy.dirichlet([1.0]),
        lambda: rng.bit_generator.random_raw(),
    ):
        f, x = lambda x: x + cv.asarray(len(str(draw()))), cv.arange(3.0)
        with pytest.raises(ValueError, match="a random number is drawn inside `vmap`"):
            cv.vmap(f)(x)
        with pytest.raises(ValueError, match="a generator with a stream cannot draw different numbers"):
            cv.vmap(f, randomness="different")(x)
        with pytest.raises(ValueError, match="is drawn inside `trace`"):
            cv.autograd.trace(f, x)
        with pytest.raises(ValueError, match="is drawn inside `checkpoint`"):
            cv.autograd.checkpoint(f)(x)
    # all samples share one
    noise = cv.vmap(lambda x: (x, rng.random(3)), out_axes=(0, None), randomness="same")(cv.arange(3.0))[1]
    same(noise, np.random.default_rng(1).random(3))
    rng = cv.random.default_rng(1)
    # a constant of a gradient
    same(cv.autograd.grad(lambda x: (x * rng.random(3)).sum())(cv.ones(3)), np.random.default_rng(1).random(3))
    assert rng.random() < 1


@pytest.mark.parametrize("page, least", [("random.md", 4), ("numpy.md", 1)])
def test_the_blocks_of_the_page_run(page, least):
    names = {}
    text = (pathlib.Path(__file__).parents[2] / "docs" / page).read_text()
    blocks = text.split("```python\n")[1:]
    assert len(blocks) >= least
    for block in blocks:
        exec(block.split("```")[0], names)


# ---- by key and counter ----------------------------------------------------------------------------------------------------

BY_KEY = pytest.mark.parametrize("by_key", [cv.random.Philox4x32, cv.random.Threefry4x32], ids=lambda c: c.__name__)


def test_threefry_by_key_has_random123s_words():
    """A reference of Threefry4x32-20 in integers, which has Random123's known answers; a draw is the upper 24 bits of each word."""
    mask, rotations = 2**32 - 1, [(10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20)]

    def block(counter, key):
        keys = [*key, 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]]
        x = [(c + k) & mask for c, k in zip(counter, key)]
        for r in range(20):
            for i, j, turn in ((0, 1, 0), (2, 3, 1)) if r % 2 == 0 else ((0, 3, 0), (2, 1, 1)):
                x[i] = (x[i] + x[j]) & mask
                bits = rotations[r % 8][turn]
                x[j] = ((x[j] << bits | x[j] >> (32 - bits)) & mask) ^ x[i]
            if r % 4 == 3:
                s = r // 4 + 1
                x = [(x[q] + keys[(q + s) % 5] + (s if q == 3 else 0)) & mask for q in range(4)]
        return x

    pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89]
    assert block([0] * 4, [0] * 4) == [0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8]
    assert block([mask] * 4, [mask] * 4) == [0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732]
    assert block(pi[:4], pi[4:]) == [0x59CD1DBB, 0xB8879579, 0x86B5D00C, 0xAC8B6D84]
    for key, counter in ((0, 0), (2**64 - 1, 2**128 - 2), (0x299F31D0A4093822, 2**96 + 5)):
        drawn = np.asarray(cv.random.Threefry4x32(key, counter).uniform(40, "float32"))
        words = []
        for i in range(10):
            place = (counter + i) % 2**128
            words += block([place >> 32 * q & mask for q in range(4)], [key & mask, key >> 32, 0, 0])
        np.testing.assert_array_equal(drawn, (np.array(words) >> 8) / 2**24)
    assert cv.random.Threefry4x32(7).key == 7 and cv.random.Threefry4x32(7).split(3).key != cv.random.Philox4x32(7).split(3).key


@BY_KEY
def test_counted_draws_are_the_same_for_any_number_of_threads(by_key):
    for name in ("uniform", "normal"):
        for dtype in ("float32", "float64"):
            before = cv.get_num_threads()
            try:
                drawn = []
                for threads in (1, 2, 5):
                    cv.set_num_threads(threads)
                    drawn.append(np.asarray(getattr(by_key(7, 2**100), name)((333, 1001), dtype)))
            finally:
                cv.set_num_threads(before)
            np.testing.assert_array_equal(drawn[0], drawn[1])
            np.testing.assert_array_equal(drawn[0], drawn[2])
            # a longer draw begins with the shorter one
            short = getattr(by_key(7, 2**100), name)(1000, dtype)
            np.testing.assert_array_equal(np.asarray(short), drawn[0].ravel()[:1000])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@BY_KEY
def test_counted_draws_have_their_distributions(by_key, dtype):
    from scipy import stats

    n = 1_000_000
    u = np.asarray(by_key(1).uniform(n, dtype)).astype("float64")
    assert u.min() >= 0 and u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    x = np.asarray(by_key(2).normal(n, dtype)).astype("float64")
    assert stats.kstest(x, "norm").pvalue > 1e-3
    moments = [x.mean(), (x**2).mean() - 1, (x**3).mean(), (x**4).mean() - 3]
    assert np.all(np.abs(moments) < 5 * np.sqrt(np.array([1, 2, 15, 96]) / n))
    # neighbours, and streams that were split, are independent
    for y in (x[1:], np.asarray(by_key(2).split(0).normal(n - 1, dtype))):
        assert abs(np.corrcoef(x[:-1], y)[0, 1]) < 5 / np.sqrt(n)


@BY_KEY
def test_counters_count_blocks_and_restore(by_key):
    rng = by_key(42)
    rng.uniform(5, "float32")
    assert rng.counter == 2
    rng.uniform(5)
    assert rng.counter == 5
    assert type(rng.normal()) is float
    assert rng.counter == 6
    again = pickle.loads(pickle.dumps(rng))
    assert (again.key, again.counter) == (rng.key, rng.counter) == (42, 6)
    same(again.normal(7), np.asarray(rng.normal(7)))
    same(by_key(42, 2).uniform(5), np.asarray(by_key(42).uniform(9))[4:])
    assert by_key(1, 2**128 - 1).uniform(50).shape == (50,)
    for wrong in [(-1,), (2**64,), (1, -1), (1, 2**128)]:
        with pytest.raises(ValueError, match="must be positive and less than"):
            by_key(*wrong)
    with pytest.raises(TypeError):
        by_key(1.5)
    with pytest.raises((ValueError, MemoryError)):
        rng.uniform((2**40, 2**40))
    with pytest.raises(ValueError, match="inside `vmap`"):
        cv.vmap(lambda x: x + rng.normal())(cv.arange(3.0))


@BY_KEY
def test_counted_draws_under_vmap(by_key):
    def loop(n, *size):
        rng = by_key(42, 2**70)
        return np.stack([np.asarray(rng.normal(*size)) for _ in range(n)])

    x = cv.zeros((4, 3))
    for size in [((3,),), ()]:
        rng = by_key(42, 2**70)
        same(cv.vmap(lambda x: cv.zeros(3) + rng.normal(*size), randomness="different")(x), loop(4, *size).reshape(4, -1) + np.zeros(3))
        assert rng.counter == 2**70 + 4 * (2 if size else 1)
        rng = by_key(42, 2**70)
        same(cv.vmap(lambda x: x + rng.normal(*size), randomness="same")(x), np.broadcast_to(loop(1, *size), (4, 3)))
    rng = by_key(42, 2**70)
    nested = cv.vmap(cv.vmap(lambda x: x + rng.normal(), randomness="different"), randomness="different")
    same(nested(x), loop(12).reshape(4, 3))
    rng = by_key(42, 2**70)
    keep = cv.vmap(lambda x: cv.where(rng.uniform(3, "float32") < 0.5, x, 0), randomness="different")(x + 1)
    assert keep.shape == (4, 3) and {0.0, 1.0} == set(np.asarray(keep).ravel().tolist())
    # keys that are arrays need no flag
    keys = by_key(42).keys(5)
    assert keys.dtype == "uint64" and keys.tolist() == [by_key(42).split(i).key for i in range(5)]
    found = cv.vmap(lambda key: by_key(key, 7).uniform((2, 3), "float32"))(keys)
    same(found, np.stack([np.asarray(by_key(key, 7).uniform((2, 3), "float32")) for key in keys.tolist()]))


@BY_KEY
def test_a_graph_draws_by_a_key_and_a_counter(by_key):
    def step(x, key, counter):
        rng = by_key(key, counter)
        y = x * rng.normal(3) + rng.split(1).uniform()
        return y, rng.counter

    x, key, counter = cv.arange(1.0, 4.0), cv.array(42, dtype="uint64"), cv.array(5, dtype="uint64")
    graph = cv.trace(step, x, key, counter)
    cipher = "" if by_key is cv.random.Philox4x32 else "threefry4x32, "
    assert f"random[{cipher}normal, [3], float64]" in str(graph)
    host = by_key(42, 5)
    expected = np.asarray(x) * np.asarray(host.normal(3)) + host.split(1).uniform()
    for f in (step, graph.run):
        y, after = f(x, key, counter)
        same(y, expected)
        assert int(after) == host.counter == 7 and after.dtype == "uint64"
        assert (np.asarray(f(x, key, after)[0]) != expected).all()
    rng = by_key(key, counter)
    assert repr(rng) == f"{by_key.__name__}(key=array(42, dtype=uint64), counter=array(5, dtype=uint64))"
    again = pickle.loads(pickle.dumps(rng))
    same(again.normal(3), np.asarray(rng.normal(3)))
    for wrong in (cv.array([1, 2], dtype="uint64"), (cv.array(1, dtype="uint64"), -1)):
        with pytest.raises(ValueError):
            by_key(*(wrong if isinstance(wrong, tuple) else (wrong,)))
    with pytest.raises(TypeError, match="uint64"):
        cv.vmap(lambda key: by_key(key).normal())(cv.arange(3))


@BY_KEY
def test_a_checkpoint_draws_again_what_it_drew(by_key):
    ag = cv.autograd

    def dropout(rng):
        return lambda x: (cv.where(rng.uniform(4) < 0.5, x, 0) * x * rng.normal()).sum()

    x = cv.arange(1.0, 5.0)
    expected = ag.grad(dropout(by_key(3)))(x)
    same(ag.grad(ag.checkpoint(dropout(by_key(3))))(x), np.asarray(expected))
    leaf = cv.array(np.arange(1.0, 5.0), requires_grad=True)
    ag.checkpoint(dropout(by_key(3)))(leaf).backward()
    same(leaf.grad, np.asarray(expected))
    rows = cv.arange(12.0).reshape(3, 4)
    plain, kept = (
        cv.vmap(ag.grad(wrapped(dropout(by_key(3)))), randomness="different")(rows)
        for wrapped in (lambda f: f, ag.checkpoint)
    )
    same(kept, np.asarray(plain))


def test_shuffles_of_arrays_larger_than_memory_end_at_once():
    x = cv.broadcast_to(cv.array(3), (2**28, 2**28))
    legacy, rng = cv.random.RandomState(0), cv.random.default_rng(0)
    before = rng.bit_generator.state
    for draw in (lambda: legacy.permutation(x), lambda: rng.permutation(x), lambda: rng.permutation(x, axis=1), lambda: rng.permuted(x),
                 lambda: legacy.randint(x), lambda: rng.integers(x), lambda: rng.normal(x), lambda: legacy.normal(0, x), lambda: rng.binomial(x, 0.5),
                 lambda: rng.gamma(x), lambda: legacy.beta(x, x), lambda: rng.poisson(x)):  # fmt: skip
        with pytest.raises(MemoryError):
            draw()
    # one that is broadcast is read-only
    for shuffle in (legacy.shuffle, rng.shuffle):
        with pytest.raises(ValueError, match="read-only"):
            shuffle(x)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("name, parameters", [("standard_gamma", (np.nan,)), ("chisquare", (np.nan,)), ("beta", (1.0, np.nan)), ("f", (np.nan, 2.0)), ("dirichlet", ([np.nan, 1.0],)), ("standard_t", (np.nan,)), ("negative_binomial", (np.nan, 0.5))])  # fmt: skip
def test_draws_from_nan_take_as_many_bits_as_those_of_numpy(name, parameters):
    for make in (lambda m: m.random.RandomState(3), lambda m: m.random.default_rng(3)):
        results = []
        for m in (cv, np):
            rng = make(m)
            try:
                drawn = np.asarray(getattr(rng, name)(*parameters, size=5)).tolist()
            except ValueError:
                drawn = "ValueError"
            results.append((str(drawn), np.asarray(rng.normal(size=2)).tolist()))
        assert results[0] == results[1]


def test_every_generator_draws_its_own_doubles_for_vectors_of_draws():
    """MT19937 makes a double of two words of 32 bits; what watches for Ctrl-C stands between it and the distribution."""
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        ours, theirs = (m.Generator(getattr(m, name)(3)) for m in (cv.random, np.random))
        for alpha in ([0.5, 0.5], [0.1, 2.0, 0.7], [3.0, 4.0]):
            np.testing.assert_array_equal(ours.dirichlet(alpha, 50), theirs.dirichlet(alpha, 50), err_msg=name)
        p = [0.1, 0.2, 0.3, 0.4]
        np.testing.assert_array_equal(ours.choice(4, 50, p=p), theirs.choice(4, 50, p=p), err_msg=name)
        np.testing.assert_array_equal(ours.multinomial(20, p, 50), theirs.multinomial(20, p, 50), err_msg=name)
        np.testing.assert_array_equal(ours.choice(100, 30, replace=False), theirs.choice(100, 30, replace=False), err_msg=name)
    ours, theirs = cv.random.RandomState(5), np.random.RandomState(5)
    np.testing.assert_array_equal(ours.choice(4, 50, p=p), theirs.choice(4, 50, p=p))
    np.testing.assert_array_equal(ours.dirichlet([0.5, 0.5], 50), theirs.dirichlet([0.5, 0.5], 50))
