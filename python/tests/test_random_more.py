"""What NumPy's `random` does not have: Xoshiro256, Bernoulli and Wishart draws, sequences of points; the parallel generator's distribution."""

import copy
import doctest
import pickle

import numpy as np
import pytest
import scipy.stats

import civita as cv

R = cv.random
qmc = scipy.stats.qmc


def test_xoshiro_is_a_bit_generator_like_the_others():
    bits = R.Xoshiro256(42)
    # xoshiro256++ from the words of the seed sequence
    state = [int(x) for x in np.random.SeedSequence(42).generate_state(4, np.uint64)]
    mask = 2**64 - 1

    def step():
        a, b, c, d = state
        total = (a + d) & mask
        out = (((total << 23) | (total >> 41)) + a) & mask
        c, d = c ^ a, d ^ b
        state[:] = a ^ d, b ^ c, c ^ (b << 17 & mask), (d << 45 | d >> 19) & mask
        return out

    assert bits.random_raw(5).tolist() == [step() for _ in range(5)]
    assert bits.state["bit_generator"] == "Xoshiro256" and bits.state["state"]["state"].tolist() == state
    rng = R.Generator(bits)
    rng.random(3, dtype="float32")  # leaves a half word
    for other in (pickle.loads(pickle.dumps(rng)), copy.deepcopy(rng)):
        assert other.bit_generator.state["uinteger"] == bits.state["uinteger"]
        assert other.integers(0, 100, 10, dtype="uint32").tolist() == R.Generator(copy.deepcopy(bits)).integers(0, 100, 10, dtype="uint32").tolist()
    saved = bits.state
    first = rng.normal(size=5)
    bits.state = saved
    assert (rng.normal(size=5) == first).all()
    assert (bits.jumped().random_raw(3) != bits.random_raw(3)).all()
    assert len({int(child.random_raw()) for child in R.Xoshiro256(1).spawn(10)}) == 10
    with pytest.raises(ValueError, match="not zero"):
        bits.state = saved | {"state": {"state": cv.zeros(4, dtype="uint64")}}
    with pytest.raises(ValueError, match="must be for a Xoshiro256"):
        bits.state = R.PCG64(1).state


def test_bernoulli_is_a_comparison_of_uniform_draws():
    got = R.default_rng(1).bernoulli(0.3, size=(3, 4))
    assert got.dtype == "bool"
    assert (np.asarray(got) == (np.random.default_rng(1).random((3, 4)) < 0.3)).all()
    p = np.array([0.0, 0.5, 1.0])
    got = np.asarray(R.default_rng(1).bernoulli(p, size=(1000, 3)))
    assert got[:, 0].sum() == 0 and got[:, 2].all() and 400 < got[:, 1].sum() < 600
    assert isinstance(R.default_rng(1).bernoulli(), bool)
    for bad in (-0.1, 1.1, np.nan, [0.5, 2.0]):
        with pytest.raises(ValueError, match="p < 0, p > 1 or p"):
            R.default_rng(1).bernoulli(bad)


def test_wishart_draws_are_scipys():
    for df, scale in [(3, [[2.0, 0.3], [0.3, 1.0]]), (4.5, np.eye(4) + 0.2), (2, 3.0), (5, [1.0, 2.0, 3.0])]:
        for size in (1, 7):
            wanted = scipy.stats.wishart.rvs(df, scale, size, random_state=np.random.default_rng(5))
            got = np.asarray(R.default_rng(5).wishart(df, scale, size))
            n = np.atleast_1d(scale).shape[0] if np.ndim(scale) else 1
            assert got.shape == (*np.atleast_1d(size), n, n)
            np.testing.assert_allclose(got.reshape(-1), np.reshape(wanted, -1), rtol=1e-12)
    assert R.default_rng(1).wishart(3, np.eye(2)).shape == (2, 2)
    assert R.default_rng(1).wishart(3, np.eye(2), (2, 3)).shape == (2, 3, 2, 2)
    x = np.asarray(R.default_rng(1).wishart(6, [[2.0, 0.5], [0.5, 1.0]], 20000))
    np.testing.assert_allclose(x.mean(axis=0), 6 * np.array([[2.0, 0.5], [0.5, 1.0]]), rtol=0.05)
    for df, scale in [(1, np.eye(3)), (3, [[1.0, 2.0], [2.0, 1.0]]), (3, np.ones((2, 3))), (np.nan, np.eye(2)), (3, np.full((2, 2), np.nan)), (3, [])]:
        with pytest.raises(ValueError):
            R.default_rng(1).wishart(df, scale)


@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("d, bits", [(1, None), (2, None), (7, 20), (60, None), (1111, None), (3, 33), (2, 64)])
def test_sobol_points_are_scipys(d, bits, scramble):
    n = 64
    got = R.Sobol(d, scramble=scramble, bits=bits, rng=7)
    wanted = qmc.Sobol(d, scramble=scramble, bits=bits, rng=7)
    for _ in range(2):
        assert (np.asarray(got.random(n)) == wanted.random(n)).all()
    got.reset(), wanted.reset()
    if bits is None or bits <= 32:
        got.fast_forward(5), wanted.fast_forward(5)
        assert (np.asarray(got.random(3)) == wanted.random(3)).all()
        assert got.num_generated == 8


def test_sequences_take_seeds_and_generators_as_scipys():
    assert (np.asarray(R.Sobol(3, rng=3).random(4)) == qmc.Sobol(3, rng=3).random(4)).all()
    # a generator is spared: a child draws
    mine, theirs = R.default_rng(3), np.random.default_rng(3)
    assert (np.asarray(R.Halton(3, rng=mine).random(4)) == qmc.Halton(3, rng=theirs).random(4)).all()
    assert (np.asarray(R.Halton(3, rng=mine).random(4)) == qmc.Halton(3, rng=theirs).random(4)).all()
    assert mine.random() == theirs.random()
    assert R.Sobol(2).random(2).shape == (2, 2)


@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("d", [0, 1, 2, 10, 200])
def test_halton_points_are_scipys(d, scramble):
    got, wanted = R.Halton(d, scramble=scramble, rng=7), qmc.Halton(d, scramble=scramble, rng=7)
    for n in (1, 50, 3):
        np.testing.assert_array_equal(np.asarray(got.random(n)), wanted.random(n))
    got.reset(), wanted.reset()
    got.fast_forward(1000), wanted.fast_forward(1000)
    np.testing.assert_array_equal(np.asarray(got.random(5)), wanted.random(5))


@pytest.mark.parametrize("scramble", [False, True])
def test_latin_hypercubes_are_scipys(scramble):
    got, wanted = R.LatinHypercube(3, scramble=scramble, rng=7), qmc.LatinHypercube(3, scramble=scramble, rng=7)
    for n in (1, 10, 100):
        np.testing.assert_array_equal(np.asarray(got.random(n)), wanted.random(n))


@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("d, n", [(0, 4), (1, 49), (2, 4), (3, 4), (4, 9), (6, 25), (8, 49)])
def test_latin_hypercubes_of_strength_two_are_scipys(d, n, scramble):
    got, wanted = (make(d, scramble=scramble, strength=2, rng=7) for make in (R.LatinHypercube, qmc.LatinHypercube))
    for _ in range(3):
        np.testing.assert_array_equal(np.asarray(got.random(n)), wanted.random(n))


def test_latin_hypercubes_of_strength_two_refuse_other_numbers():
    for make in (R.LatinHypercube, qmc.LatinHypercube):
        for d, n in ((2, 5), (2, 16), (2, 1), (4, 4)):
            with pytest.raises(ValueError, match="prime number|too small"):
                make(d, strength=2, rng=1).random(n)
        with pytest.raises(ValueError, match="strength"):
            make(2, strength=3)


def test_integer_points_are_scipys():
    got = R.Halton(2, rng=7).integers([0, 10], u_bounds=[5, 20], n=10)
    assert got.tolist() == qmc.Halton(2, rng=7).integers([0, 10], u_bounds=[5, 20], n=10).tolist()
    got = R.Sobol(2, rng=7).integers(6, n=8, endpoint=True)
    assert got.tolist() == qmc.Sobol(2, rng=7).integers(6, n=8, endpoint=True).tolist()


def test_sequences_are_pickled_and_copied():
    for make in (R.Sobol, R.Halton, R.LatinHypercube):
        sequence = make(3, rng=1)
        sequence.random(4)
        for other in (pickle.loads(pickle.dumps(sequence)), copy.deepcopy(sequence)):
            again = copy.deepcopy(sequence)
            assert (other.random(4) == again.random(4)).all()


def test_sequences_refuse_what_they_cannot():
    with pytest.warns(UserWarning, match="power of 2"):
        R.Sobol(2, rng=1).random(3)
    with pytest.raises(ValueError, match="power of 2"):
        sobol = R.Sobol(2, rng=1)
        sobol.random(4)
        sobol.random_base2(3)
    assert R.Sobol(2, rng=1).random_base2(3).shape == (8, 2)
    for bad in (
        lambda: R.Sobol(1112),
        lambda: R.Sobol(-1),
        lambda: R.Sobol(2, bits=65),
        lambda: R.Sobol(2, bits=0),
        lambda: R.Sobol(1, bits=2).random(8),
        lambda: R.Sobol(2).random(-1),
        lambda: R.Halton(-1),
        lambda: R.Halton(2).integers([5, 5], u_bounds=[5, 6]),
        lambda: R.Halton(2).integers(1.5),
    ):
        with pytest.raises(ValueError):
            bad()
    for bad in (lambda: R.Sobol(1.5), lambda: R.Halton("2"), lambda: R.LatinHypercube(None)):
        with pytest.raises(TypeError):
            bad()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_parallel_generator_has_the_distributions_that_it_says(dtype):
    n = 1_000_000
    u = np.asarray(R.Philox4x32(2024).uniform(n, dtype=dtype), dtype="float64")
    z = np.asarray(R.Philox4x32(2024).normal(n, dtype=dtype), dtype="float64")
    # 1.95 / sqrt(n) is the 0.1 % point of Kolmogorov and Smirnov
    assert scipy.stats.kstest(u, "uniform").statistic < 1.95 / np.sqrt(n)
    assert scipy.stats.kstest(z, "norm").statistic < 1.95 / np.sqrt(n)
    assert 0 <= u.min() and u.max() < 1
    for k in range(1, 5):
        spread = np.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / n)
        assert abs((u**k).mean() - 1 / (k + 1)) < 4 * spread, k
    for k, (mean, square) in enumerate([(0, 1), (1, 3), (0, 15), (3, 105)], 1):
        spread = np.sqrt((square - mean**2) / n)
        assert abs((z**k).mean() - mean) < 4 * spread, k
    # neighbours and pairs are independent
    for x in (u - 0.5, z):
        for lag in (1, 2, 4, 8):
            assert abs(np.corrcoef(x[:-lag], x[lag:])[0, 1]) < 4 / np.sqrt(n)
    # keys and children give other streams
    other = np.asarray(R.Philox4x32(2025).uniform(n, dtype=dtype), dtype="float64")
    child = np.asarray(R.Philox4x32(2024).split(0).uniform(n, dtype=dtype), dtype="float64")
    for x in (other, child):
        assert abs(np.corrcoef(u, x)[0, 1]) < 4 / np.sqrt(n)
        assert scipy.stats.kstest(x, "uniform").statistic < 1.95 / np.sqrt(n)


def test_one_integer_of_a_dtype_is_a_scalar_of_it():
    rng = R.default_rng(1)
    for dtype in ("int8", "uint64", "bool", "int64"):
        assert rng.integers(0, 2, dtype=dtype).dtype == dtype
        assert R.randint(0, 2, dtype=dtype).dtype == dtype
    assert type(rng.integers(0, 2, dtype=int)) is int and type(rng.integers(0, 2, dtype=bool)) is bool


def test_one_draw_is_of_the_class_that_numpys_is_of():
    def drawn(random):
        random.seed(1)
        rng = random.default_rng(1)
        yield from (random.randint(5), random.randint(5, dtype="i4"), random.randint(5, dtype=int), random.choice(5))
        yield from (random.choice([1.5, 2]), random.choice([True, False]), random.choice([1.5, 2], p=[0.5, 0.5]), random.choice([3, 4], ()))
        yield from (random.choice([3.5, 4], 1), random.RandomState(1).choice([1, 2]), random.rand(), random.poisson(3))
        yield from (rng.integers(5), rng.integers(5, dtype="u1"), rng.integers(5, dtype=int), rng.integers(0, 1, endpoint=True))
        yield from (rng.choice(5), rng.choice([1.5, 2]), rng.choice([True, False]), rng.choice([[1, 2], [3, 4]]), rng.choice([1.5, 2], ()))
        yield from (rng.choice(np.float32([1.5, 2])), rng.choice([1 + 2j, 2], replace=False), rng.random(), rng.binomial(5, 0.5))
        with pytest.warns(DeprecationWarning):
            yield from (random.random_integers(5), random.random_integers(2, 9))

    for got, want in zip(drawn(R), drawn(np.random), strict=True):
        assert type(got).__name__ == type(want).__name__ and repr(got) == repr(want)


def test_what_pickles_and_numpys_programs_ask_of_generators():
    rng = R.Generator(R.PCG64DXSM(0))
    make, (bits,), _ = rng.__reduce__()
    again = make("PCG64DXSM")
    again.bit_generator.state = bits.state
    assert again.random() == rng.random()
    state = R.RandomState(3)
    kept = state.__getstate__()
    first = state.standard_normal()
    state.__setstate__(kept)
    assert state.standard_normal() == first
    held = R.get_bit_generator()
    try:
        R.set_bit_generator(R.PCG64(0))
        R.seed(5)
        assert R.get_state(legacy=False)["state"] == R.PCG64(5).state["state"]
    finally:
        R.set_bit_generator(held)
    with pytest.raises(ValueError, match="not its class"):
        R.Generator(R.PCG64)
    with pytest.raises(cv.linalg.LinAlgError):
        rng.multivariate_normal([0, 0], [[1, 2], [2, 1]], method="cholesky")
    assert rng.multivariate_normal([0, 0], np.eye(2), cv.array([2, 2])).shape == (2, 2, 2)
    with pytest.raises(ValueError, match="contain NaN"):
        rng.choice([1, 2, 3], p=[None, None, None])


def test_examples_of_the_module():
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for test in [*finder.find(R, globs={}, module=False)[:1], *(t for c in (R.Sobol, R.Halton, R.LatinHypercube) for t in finder.find(c, globs={}))]:
        runner.run(test)
    assert runner.failures == 0 and runner.tries > 6
