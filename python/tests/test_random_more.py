"""What NumPy's `random` does not have: Threefry, Xoshiro256, Bernoulli and Wishart draws, sequences of points; the parallel generator's distribution."""

import copy
import doctest
import pickle

import numpy as np
import pytest
import scipy.special
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


def threefry(counter, key):
    """Threefry4x64-20 by the paper's definition (Salmon et al. 2011, section 3.2), in Python's integers."""
    mask, rotations = 2**64 - 1, [(14, 16), (52, 57), (23, 40), (5, 37), (25, 33), (46, 12), (58, 22), (32, 32)]
    keys = [*key, 0x1BD11BDAA9FC1A22 ^ key[0] ^ key[1] ^ key[2] ^ key[3]]
    x = [(c + k) & mask for c, k in zip(counter, keys)]
    for d in range(20):
        for (i, j), r in zip([(0, 1), (2, 3)] if d % 2 == 0 else [(0, 3), (2, 1)], rotations[d % 8]):
            x[i] = (x[i] + x[j]) & mask
            x[j] = (x[j] << r | x[j] >> 64 - r) & mask ^ x[i]
        if d % 4 == 3:
            s = d // 4 + 1
            x = [(word + keys[(i + s) % 5]) & mask for i, word in enumerate(x)]
            x[3] = (x[3] + s) & mask
    return x


def words(n):
    return [n >> 64 * i & 2**64 - 1 for i in range(4)]


def test_threefry_has_the_known_answers_and_a_stream_by_key_and_counter():
    # Random123's kat_vectors; the first block is that of the counter plus one
    pi = [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89]
    pi_key = [0x452821E638D01377, 0xBE5466CF34E90C6C, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD]
    for counter, key, answer in [
        ([0] * 4, [0] * 4, "09218ebde6c85537 55941f5266d86105 4bd25e16282434dc ee29ec846bd2e40b"),
        ([2**64 - 1] * 4, [2**64 - 1] * 4, "29c24097942bba1b 0371bbfb0f6f4e11 3c231ffa33f83a1c cd29113fde32d168"),
        (pi, pi_key, "a7e8fde591651bd9 baafd0c30138319b 84a5c1a729e685b9 901d406ccebc1ba4"),
    ]:
        answer = [int(word, 16) for word in answer.split()]
        bits = R.Threefry(counter=np.array(counter, np.uint64), key=np.array(key, np.uint64))
        bits.advance(-1)
        assert bits.random_raw(4).tolist() == answer == threefry(counter, key)
    for key, counter in ((5, 0), (2**255 + 7, 2**256 - 2), (2**64, 2**64 - 2)):
        got = R.Threefry(key=key, counter=counter).random_raw(12).tolist()
        assert got == [w for i in (1, 2, 3) for w in threefry(words((counter + i) % 2**256), words(key))]
    # randomgen 2.5, ThreeFry(42): the key is the seed sequence's first four words
    bits = R.Threefry(42)
    assert bits.state["state"]["key"].tolist() == np.random.SeedSequence(42).generate_state(4, np.uint64).tolist()
    assert bits.random_raw(5).tolist() == [
        2473921411710000963, 4922554754268117878, 4107559696496651179, 14478890770757813327, 4698530639258864276,
    ]  # fmt: skip
    assert R.Threefry(5).jumped(3).random_raw(2).tolist() == [6743937233135633837, 6339977481860948291]
    far, near = R.Threefry(1, counter=9), R.Threefry(1, counter=2)
    assert near.advance(7) is near and near.random_raw(5).tolist() == far.random_raw(5).tolist()


def test_threefry_is_saved_copied_and_split_like_the_others():
    bits = R.Threefry(42)
    rng = R.Generator(bits)
    rng.random(3, dtype="float32")  # leaves a half word
    assert bits.state["bit_generator"] == "Threefry" and bits.state["has_uint32"] == 1
    for other in (pickle.loads(pickle.dumps(rng)), copy.deepcopy(rng)):
        assert other.integers(0, 100, 10, dtype="uint32").tolist() == R.Generator(copy.deepcopy(bits)).integers(0, 100, 10, dtype="uint32").tolist()
    saved = bits.state
    first = rng.normal(size=5)
    bits.state = saved
    assert (rng.normal(size=5) == first).all()
    children = R.Threefry(1).spawn(10)
    assert len({int(child.random_raw()) for child in children}) == 10 and type(children[0]) is R.Threefry
    assert (R.RandomState(R.Threefry(3)).rand(4) != R.RandomState(R.Threefry(4)).rand(4)).all()
    for bad in ({"seed": 1, "key": 2}, {"key": 2**256}, {"key": -1}, {"key": [1, 2]}, {"counter": [1] * 5}):
        with pytest.raises(ValueError):
            R.Threefry(**bad)
    with pytest.raises(ValueError, match="must be for a Threefry"):
        bits.state = R.Philox(1).state


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


# parameters, and by which of them there is a derivative
PATHS = {
    "normal": ((0.7, 1.3), (0, 1)),
    "uniform": ((-0.5, 2.0), (0, 1)),
    "exponential": ((1.7,), (0,)),
    "laplace": ((0.3, 1.2), (0, 1)),
    "logistic": ((0.3, 1.2), (0, 1)),
    "gumbel": ((0.3, 1.2), (0, 1)),
    "lognormal": ((0.2, 0.6), (0, 1)),
    "rayleigh": ((1.4,), (0,)),
    "weibull": ((1.6,), (0,)),
    "pareto": ((2.5,), (0,)),
    "power": ((2.5,), (0,)),
    "triangular": ((-1.0, 0.3, 2.0), (0, 1, 2)),
    "gamma": ((2.2, 1.5), (1,)),
}


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
def test_draws_are_differentiable_by_their_parameters(make, name):
    """The same stream at parameters nearby is NumPy's: a difference quotient of its draws is the derivative along the path."""
    values, by = PATHS[name]
    ours = lambda: getattr(getattr(cv.random, make)(5), name)
    numpys = lambda: getattr(getattr(np.random, make)(5), name)
    weights = np.random.default_rng(1).standard_normal(20)
    for shape in ((), (20,)):
        parameters = [cv.full(shape, x) for x in values]
        for i in by:
            parameters[i] = cv.full(shape, values[i], requires_grad=True)
        x = ours()(*parameters, size=20)
        np.testing.assert_allclose(x.detach(), numpys()(*values, size=20), rtol=1e-14, atol=1e-16)
        (x * cv.asarray(weights)).sum().backward()
        for i in by:
            h = 1e-6
            up, down = list(values), list(values)
            up[i] += h
            down[i] -= h
            slope = (numpys()(*up, size=20) - numpys()(*down, size=20)) / (2 * h) * weights
            np.testing.assert_allclose(parameters[i].grad, slope.sum() if shape == () else slope, rtol=2e-7, atol=2e-8)
    if all(i in by for i in range(len(values))):
        # forward mode, and one value without a size
        tangents = [cv.ones(()) for _ in values]
        x, moved = cv.jvp(lambda *p: ours()(*p, size=20), [cv.asarray(x) for x in values], tangents)
        up, down = ([x + s * 1e-6 for x in values] for s in (1, -1))
        np.testing.assert_allclose(moved, (numpys()(*up, size=20) - numpys()(*down, size=20)) / 2e-6, rtol=2e-7, atol=2e-8)
        one = ours()(*(cv.array(x, requires_grad=True) for x in values))
        assert one.shape == () and one.requires_grad


@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
def test_gamma_draws_have_the_implicit_derivative_by_their_shape(make):
    """`-(dP/da) / p` of SciPy's distribution at the draw; the series, the continued fraction and large shapes."""
    special = scipy.special

    def slope(a, x):
        h = 1e-4 * np.minimum(a, 1) * np.maximum(1, np.sqrt(a))
        moved = (special.gammainc(a + h, x) - special.gammainc(a - h, x)) / (2 * h)
        return -moved / np.exp((a - 1) * np.log(x) - x - special.gammaln(a))

    shapes = np.repeat([0.05, 0.4, 1.0, 1.5, 3.0, 9.0, 40.0, 1e3, 1e5, 3e7], 20)
    for draw, of in (
        (lambda rng, a: rng.standard_gamma(a), lambda a, x: slope(a, x)),
        (lambda rng, a: rng.gamma(a, 2.5), lambda a, x: 2.5 * slope(a, x / 2.5)),
        (lambda rng, a: rng.chisquare(a), lambda a, x: slope(a / 2, x / 2)),
    ):
        a = cv.asarray(shapes.copy()).requires_grad_()
        x = draw(getattr(cv.random, make)(5), a)
        np.testing.assert_array_equal(x.detach(), draw(getattr(np.random, make)(5), shapes))
        x.sum().backward()
        np.testing.assert_allclose(a.grad, of(shapes, np.asarray(x.detach())), rtol=3e-7)
        one = cv.array(2.2, requires_grad=True)
        (first,) = cv.grad(draw(getattr(cv.random, make)(5), one), one, create_graph=True)
        with pytest.raises(Exception, match="no second derivative"):
            cv.grad(first, one)


def test_second_derivatives_of_draws():
    """`exp(mean + sigma z)`: the second derivative by sigma is `z**2` times the draw."""
    sigma = cv.array(0.6, requires_grad=True)
    x = cv.random.default_rng(3).lognormal(0.2, sigma, size=50).sum()
    (first,) = cv.grad(x, sigma, create_graph=True)
    (second,) = cv.grad(first, sigma)
    z = np.random.default_rng(3).standard_normal(50)
    np.testing.assert_allclose(second, (z**2 * np.exp(0.2 + 0.6 * z)).sum(), rtol=1e-12)


def test_the_reparameterised_elbo_of_a_normal():
    """Gradients of `E[x**2]` by mean and deviation are `2 mean` and `2 deviation` of the expectation."""
    mean, deviation = (cv.array(x, requires_grad=True) for x in (0.5, 1.5))
    (cv.random.default_rng(0).normal(mean, deviation, 400_000) ** 2).mean().backward()
    assert abs(mean.grad.item() - 1.0) < 0.02 and abs(deviation.grad.item() - 3.0) < 0.02


def test_multivariate_normal_is_differentiable_by_its_mean():
    mean = cv.array([1.0, -2.0], requires_grad=True)
    cov = [[2.0, 0.5], [0.5, 1.0]]
    x = cv.random.default_rng(1).multivariate_normal(mean, cov, 100, method="cholesky")
    np.testing.assert_allclose(x.detach(), np.random.default_rng(1).multivariate_normal([1.0, -2.0], cov, 100, method="cholesky"), rtol=1e-12)
    x.sum().backward()
    np.testing.assert_array_equal(mean.grad, [100.0, 100.0])


WITHOUT = {
    "poisson": lambda rng, p: rng.poisson(p),
    "poisson of an array": lambda rng, p: rng.poisson(cv.stack([p, p])),
    "binomial": lambda rng, p: rng.binomial(10, p),
    "geometric": lambda rng, p: rng.geometric(p),
    "negative_binomial": lambda rng, p: rng.negative_binomial(3, p),
    "logseries": lambda rng, p: rng.logseries(p),
    "zipf": lambda rng, p: rng.zipf(p + 2),
    "multinomial": lambda rng, p: rng.multinomial(5, cv.stack([p, 1 - p])),
    "choice": lambda rng, p: rng.choice(2, 5, p=cv.stack([p, 1 - p])),
    "dirichlet": lambda rng, p: rng.dirichlet(cv.stack([p, p])),
    "beta": lambda rng, p: rng.beta(p, 2.0),
    "f": lambda rng, p: rng.f(p, 2.0),
    "standard_t": lambda rng, p: rng.standard_t(p),
    "vonmises": lambda rng, p: rng.vonmises(p, 2.0),
    "wald": lambda rng, p: rng.wald(p, 2.0),
    "noncentral_chisquare": lambda rng, p: rng.noncentral_chisquare(2.0, p),
    "covariance": lambda rng, p: rng.multivariate_normal([0.0], cv.stack([p])[:, None]),
}


@pytest.mark.parametrize("name", sorted(WITHOUT))
@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
def test_draws_without_a_derivative_refuse_tracked_parameters(make, name):
    """A constant would be a wrong derivative in silence."""
    draw = WITHOUT[name]
    rng = getattr(cv.random, make)(0)
    p = cv.array(0.4, requires_grad=True)
    with pytest.raises(Exception, match="derivative"):
        draw(rng, p)
    with pytest.raises(Exception, match="derivative"):
        cv.jvp(lambda p: cv.asarray(draw(rng, p)).astype("float64"), [cv.array(0.4)], [cv.array(1.0)])
    # its value is fine, and so is a place where nothing is recorded
    draw(rng, p.detach())
    with cv.no_grad():
        draw(rng, p)


def test_orders_and_choices_of_tracked_arrays_keep_the_gradient():
    for draw in (lambda rng, x: rng.permutation(x), lambda rng, x: rng.choice(x, 6), lambda rng, x: rng.permuted(x)):
        x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
        y = draw(cv.random.default_rng(0), x)
        (y * y).sum().backward()
        plain = np.asarray(draw(cv.random.default_rng(0), x.detach()))
        np.testing.assert_allclose(x.grad, [2 * v * (plain == v).sum() for v in (1.0, 2.0, 3.0)])
