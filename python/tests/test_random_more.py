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


# the distribution in SciPy, and parameters
IMPLICIT = {
    "beta": (scipy.stats.beta, [(2.0, 3.0), (0.4, 0.7), (1.0, 1.0), (0.05, 2.0), (30.0, 4.0), (500.0, 800.0)]),
    "standard_t": (scipy.stats.t, [(3.0,), (0.8,), (40.0,)]),
    "f": (scipy.stats.f, [(3.0, 5.0), (1.0, 20.0), (60.0, 7.0)]),
    "wald": (lambda mean, scale: scipy.stats.invgauss(mean / scale, scale=scale), [(3.0, 5.0), (1.0, 0.2), (1.0, 30.0)]),
    "noncentral_chisquare": (scipy.stats.ncx2, [(3.0, 2.0), (0.7, 1.5), (2.5, 40.0), (60.0, 3.0), (4.0, 1000.0)]),
    "noncentral_f": (scipy.stats.ncf, [(3.0, 5.0, 2.0), (8.0, 30.0, 20.0), (1.5, 9.0, 0.5)]),
    "vonmises": (lambda mode, k: scipy.stats.vonmises(k, loc=mode), [(0.0, 2.0), (0.0, 0.3), (0.0, 30.0)]),
}


@pytest.mark.parametrize("name", sorted(IMPLICIT))
@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
def test_draws_move_as_quantiles_do(make, name):
    """`dx/dp` with `F(x; p)` held: a difference quotient of SciPy's quantiles, from the nearer end of the distribution."""
    distribution, all_values = IMPLICIT[name]
    for values in all_values:
        parameters = [cv.full(40, x, requires_grad=True) for x in values]
        draw = lambda *p: getattr(getattr(cv.random, make)(5), name)(*p, size=40)
        x = draw(*parameters)
        plain = getattr(getattr(np.random, make)(5), name)(*values, size=40)
        np.testing.assert_array_equal(x.detach(), plain)
        x.sum().backward()
        of = distribution(*values)
        below, above = of.cdf(plain), of.sf(plain)
        slopes = []
        for i, value in enumerate(values):
            h = 1e-4 * (value or 1)
            at = lambda k: distribution(*(v + k * h * (j == i) for j, v in enumerate(values)))
            quantiles = lambda k: np.where(below < 0.5, at(k).ppf(below), at(k).isf(above))
            slope = (8 * (quantiles(1) - quantiles(-1)) - (quantiles(2) - quantiles(-2))) / (12 * h)
            # draws next to an end of the range do not move in float64
            near = np.isfinite(slope) & (np.minimum(below, above) > 1e-4)
            assert near.sum() > 20
            np.testing.assert_allclose(np.asarray(parameters[i].grad)[near], slope[near], rtol=2e-6, atol=1e-9 * np.abs(plain[near]).max())
            slopes.append(np.asarray(parameters[i].grad))
        # forward mode, by all parameters at once
        _, moved = cv.jvp(draw, [cv.full(40, v) for v in values], [cv.full(40, i + 1.0) for i in range(len(values))])
        np.testing.assert_allclose(moved, sum((i + 1) * s for i, s in enumerate(slopes)), rtol=1e-12)
        assert np.isfinite(np.asarray(moved)).all()


def test_implicit_derivatives_of_large_and_small_shapes():
    """Limits: a beta of large shapes is a normal, a t of many degrees of freedom too, and a beta of a large second shape a gamma."""
    a = cv.array([4e6, 9e6], requires_grad=True)
    x = cv.random.default_rng(1).beta(a, a.detach())
    x.sum().backward()
    # by its mean and deviation, to first order
    n, z = 2 * np.asarray(a.detach()), (np.asarray(x.detach()) - 0.5) * 2 * np.sqrt(2 * np.asarray(a.detach()))
    np.testing.assert_allclose(a.grad, 0.5 / n - z * 0.25 / n**1.5, rtol=1e-3)
    df = cv.full(5, 5e6, requires_grad=True)
    t = cv.random.default_rng(1).standard_t(df)
    t.sum().backward()
    t = np.asarray(t.detach())
    np.testing.assert_allclose(df.grad, -(t**3 + t) / (4 * 25e12), rtol=1e-5)
    shape = cv.full(5, 0.7, requires_grad=True)
    x = cv.random.default_rng(1).beta(shape, 1e9)
    x.sum().backward()
    g, h = np.asarray(x.detach()) * 1e9, 1e-4
    u = scipy.special.gammainc(0.7, g)
    slope = (scipy.special.gammaincinv(0.7 + h, u) - scipy.special.gammaincinv(0.7 - h, u)) / (2 * h)
    np.testing.assert_allclose(np.asarray(shape.grad) * 1e9, slope, rtol=1e-5)
    for draw in (lambda p: cv.random.default_rng(1).beta(p, 1e-8), lambda p: cv.random.default_rng(1).f(p + 0.01, 0.1), lambda p: cv.random.default_rng(1).vonmises(0.0, 1e8 * p)):
        p = cv.array([1e-8, 1e-3, 1.0, 1e3], requires_grad=True)
        draw(p).sum().backward()
        assert np.isfinite(np.asarray(p.grad)).all()


def test_expectations_have_the_derivatives_of_their_formulas():
    """`E[x]` of a beta is `a / (a + b)`, `E[x**2]` of a t is `n / (n - 2)`, `E[cos x]` of a von Mises the ratio of Bessel functions."""
    n = 300_000
    a, b = (cv.array(x, requires_grad=True) for x in (0.6, 0.9))
    cv.random.default_rng(0).beta(a, b, n).mean().backward()
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [0.9 / 1.5**2, -0.6 / 1.5**2], rtol=0.01)
    df = cv.array(9.0, requires_grad=True)
    (cv.random.default_rng(0).standard_t(df, n) ** 2).mean().backward()
    np.testing.assert_allclose(df.grad.item(), -2 / 49, rtol=0.05)
    k = cv.array(1.5, requires_grad=True)
    cv.cos(cv.random.default_rng(0).vonmises(0.0, k, n)).mean().backward()
    ratio = scipy.special.i1(1.5) / scipy.special.i0(1.5)
    np.testing.assert_allclose(k.grad.item(), 1 - ratio / 1.5 - ratio**2, rtol=0.02)


@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
@pytest.mark.parametrize("alpha", [[0.5, 2.0, 3.0], [0.05, 0.09, 0.02, 0.08], [0.05], [4.0]])
def test_dirichlet_is_differentiable_by_its_concentrations(make, alpha):
    """Through the gammas that it is made of, or the betas where all are below 0.1, whose quantiles SciPy moves."""
    a = cv.array(alpha, requires_grad=True)
    x = getattr(cv.random, make)(3).dirichlet(a, 30)
    plain = getattr(np.random, make)(3).dirichlet(alpha, 30)
    np.testing.assert_allclose(x.detach(), plain, rtol=1e-14)
    weights = np.random.default_rng(1).standard_normal(x.shape)
    (x * cv.asarray(weights)).sum().backward()
    alpha, d, h = np.array(alpha), len(alpha), 1e-5
    if max(alpha) < 0.1 and make == "default_rng":
        rest = lambda a: np.cumsum(a[::-1])[::-1][1:]
        left = np.concatenate([np.ones((30, 1)), 1 - np.cumsum(plain, axis=1)[:, : d - 1]], axis=1)
        # what is left by rounding alone has no digits: such rows are not compared, and have no part in the sum
        parts = plain[:, :-1] / left[:, :-1]
        rows = ((left[:, 1:] > 1e-3) & (parts > 1e-3) & (parts < 0.999)).all(axis=1)
        def moved(at):
            p, q = at[:-1], rest(at)
            v = scipy.stats.beta(p, q).ppf(scipy.stats.beta(alpha[:-1], rest(alpha)).cdf(parts[rows]))
            stick = np.concatenate([np.ones((rows.sum(), 1)), np.cumprod(1 - v, axis=1)], axis=1)
            return np.concatenate([v, np.ones((rows.sum(), 1))], axis=1) * stick
    else:
        rows = np.ones(30, bool)
        rng = getattr(np.random, make)(3)
        gammas = rng.standard_gamma(np.broadcast_to(alpha, (30, d)))
        u = scipy.special.gammainc(alpha, gammas)
        def moved(at):
            g = np.where(u < 0.5, scipy.special.gammaincinv(at, u), scipy.special.gammainccinv(at, scipy.special.gammaincc(alpha, gammas)))
            return g / g.sum(axis=1, keepdims=True)
    if rows.all() or d == 1:
        slopes = [((moved(alpha + h * e) - moved(alpha - h * e)) / (2 * h) * weights[rows]).sum() for e in np.eye(d)]
        np.testing.assert_allclose(a.grad, slopes, rtol=1e-5, atol=1e-7)
    else:
        leaf = cv.array(alpha, requires_grad=True)
        some = getattr(cv.random, make)(3).dirichlet(leaf, 30)[np.flatnonzero(rows)]
        (some * cv.asarray(weights[rows])).sum().backward()
        slopes = [((moved(alpha + h * e) - moved(alpha - h * e)) / (2 * h) * weights[rows]).sum() for e in np.eye(d)]
        np.testing.assert_allclose(leaf.grad, slopes, rtol=1e-4, atol=1e-6)
    assert np.isfinite(np.asarray(a.grad)).all()


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


@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
def test_multivariate_normal_is_differentiable_by_its_covariance(make):
    """Through the Cholesky factor, whatever factor the draws are made by: `x = mean + L(cov) L0^-1 (x0 - mean)`."""
    mean, root = np.array([1.0, -2.0, 0.5]), np.random.default_rng(2).standard_normal((3, 3))
    covariance = root @ root.T + np.eye(3)
    weights = np.random.default_rng(1).standard_normal((4, 5, 3))
    methods = ["cholesky", "svd", "eigh"] if make == "default_rng" else [None]
    for how in ({"method": m} if m else {} for m in methods):
        cov, middle = cv.array(covariance, requires_grad=True), cv.array(mean, requires_grad=True)
        x = getattr(cv.random, make)(7).multivariate_normal(middle, cov, (4, 5), **how)
        plain = getattr(cv.random, make)(7).multivariate_normal(mean, covariance, (4, 5), **how)
        np.testing.assert_allclose(x.detach(), plain, rtol=1e-15)
        (x * cv.asarray(weights)).sum().backward()
        np.testing.assert_allclose(middle.grad, weights.sum((0, 1)), rtol=1e-13)
        noise = np.linalg.solve(np.linalg.cholesky(covariance), (np.asarray(plain) - mean).reshape(-1, 3).T)
        loss = lambda c: ((np.linalg.cholesky(c) @ noise).T * weights.reshape(-1, 3)).sum()
        for i in range(3):
            for j in range(i + 1):
                e = np.zeros((3, 3))
                e[i, j] = e[j, i] = 1e-6
                slope = (loss(covariance + e) - loss(covariance - e)) / 2e-6
                np.testing.assert_allclose((np.asarray(cov.grad) * e).sum() * 1e6, slope, rtol=1e-6, atol=1e-7)
    # NumPy's own draws by Cholesky's factor move so
    if make == "default_rng":
        draws = lambda c: np.random.default_rng(7).multivariate_normal(mean, c, 6, method="cholesky")
        e = 1e-6 * np.eye(3)
        _, moved = cv.jvp(lambda c: cv.random.default_rng(7).multivariate_normal(mean, c, 6, method="cholesky"), [cv.array(covariance)], [cv.eye(3)])
        np.testing.assert_allclose(moved, (draws(covariance + e) - draws(covariance - e)) / 2e-6, rtol=1e-6, atol=1e-8)
    flat = cv.ones((2, 2), requires_grad=True)
    with pytest.raises(Exception, match="not positive definite"):
        getattr(cv.random, make)(7).multivariate_normal([0.0, 0.0], flat, 3)


def test_noncentral_draws_of_large_and_no_noncentrality():
    """Without it they are the central ones, and of a large one the draw is `nonc + 2 sqrt(nonc) z` and its derivative `1 + z / sqrt(nonc)`."""
    nonc, df = cv.full(50, 0.0, requires_grad=True), cv.full(50, 3.0, requires_grad=True)
    x = cv.random.default_rng(3).noncentral_chisquare(df, nonc)
    x.sum().backward()
    np.testing.assert_allclose(nonc.grad, np.asarray(x.detach()) / 3, rtol=1e-14)
    same = cv.full(50, 3.0, requires_grad=True)
    cv.random.default_rng(3).chisquare(same).sum().backward()
    np.testing.assert_allclose(df.grad, same.grad, rtol=1e-14)
    for large in (1e6, 1e9, 1e12, 1e15):
        nonc = cv.full(50, large, requires_grad=True)
        x = cv.random.default_rng(3).noncentral_chisquare(4.0, nonc)
        x.sum().backward()
        moved = (np.asarray(x.detach()) - large) / (2 * large)
        np.testing.assert_allclose(np.asarray(nonc.grad) - 1, moved, atol=20 / large)
    for draw in (lambda p: cv.random.default_rng(1).noncentral_f(p, 2 * p, 1e3), lambda p: cv.random.default_rng(1).noncentral_f(3.0, 4.0, p)):
        p = cv.array([1e-8, 1e-3, 1.0, 1e3, 1e6], requires_grad=True)
        draw(p).sum().backward()
        assert np.isfinite(np.asarray(p.grad)).all()


def test_expectations_of_noncentral_draws_have_the_derivatives_of_their_formulas():
    """`E x = df + nonc` and `E x² = 2 (df + 2 nonc) + (df + nonc)²`; of F `E x = dfden (dfnum + nonc) / (dfnum (dfden - 2))`."""
    n = 200_000
    df, nonc = cv.array(1.4, requires_grad=True), cv.array(2.5, requires_grad=True)
    x = cv.random.default_rng(8).noncentral_chisquare(df, nonc, size=n)
    ((x * x).mean()).backward()
    assert abs(df.grad.item() - (2 + 2 * 3.9)) < 0.15 and abs(nonc.grad.item() - (4 + 2 * 3.9)) < 0.15
    df, other, nonc = (cv.array(v, requires_grad=True) for v in (3.0, 12.0, 2.0))
    cv.random.default_rng(8).noncentral_f(df, other, nonc, size=n).mean().backward()
    np.testing.assert_allclose([df.grad.item(), other.grad.item(), nonc.grad.item()], [-12 * 2 / 9 / 10, 5 / 3 * (-2 / 100), 12 / 30], rtol=0.03)


def test_wishart_draws_move_with_their_scale_and_degrees_of_freedom():
    """By the scale a difference quotient of the draws of the same stream; by the degrees of freedom the diagonal of Bartlett's factor moves as χ² do."""
    root = np.random.default_rng(2).standard_normal((3, 3))
    covariance = root @ root.T + np.eye(3)
    weights = np.random.default_rng(1).standard_normal((4, 3, 3))
    scale, df = cv.array(covariance, requires_grad=True), cv.array(5.5, requires_grad=True)
    x = cv.random.default_rng(7).wishart(df, scale, 4)
    plain = np.asarray(cv.random.default_rng(7).wishart(5.5, covariance, 4))
    np.testing.assert_array_equal(x.detach(), plain)
    (x * cv.asarray(weights)).sum().backward()
    loss = lambda c: (np.asarray(cv.random.default_rng(7).wishart(5.5, c, 4)) * weights).sum()
    for i in range(3):
        for j in range(i + 1):
            e = np.zeros((3, 3))
            e[i, j] = e[j, i] = 1e-6
            slope = (loss(covariance + e) - loss(covariance - e)) / 2e-6
            np.testing.assert_allclose((np.asarray(scale.grad) * e).sum() * 1e6, slope, rtol=1e-6, atol=1e-6)
    # one row is `scale` times a χ²
    for value, shape in ((2.0, ()), ([2.0], (1,)), ([[2.0]], (1, 1))):
        scale, df = cv.array(value, requires_grad=True), cv.array(3.5, requires_grad=True)
        cv.random.default_rng(7).wishart(df, scale, 6).sum().backward()
        same = cv.array(3.5, requires_grad=True)
        chi = cv.random.default_rng(7).chisquare(same, 6)
        chi.sum().backward()
        assert scale.grad.shape == shape
        np.testing.assert_allclose(scale.grad.ravel(), [chi.detach().sum().item()], rtol=1e-12)
        np.testing.assert_allclose(df.grad, 2 * same.grad, rtol=1e-12)
    # the expectation is `df scale`, so that of its trace moves by `df` and by `trace(scale)`
    scale, df = cv.array(covariance, requires_grad=True), cv.array(6.0, requires_grad=True)
    x = cv.random.default_rng(3).wishart(df, scale, 40_000)
    x.trace(axis1=1, axis2=2).mean().backward()
    np.testing.assert_allclose(scale.grad, 6 * np.eye(3), atol=0.1)
    np.testing.assert_allclose(df.grad, np.trace(covariance), rtol=0.02)
    # forward mode, and a diagonal
    variances = cv.array([1.0, 2.0, 0.5])
    _, moved = cv.jvp(lambda v: cv.random.default_rng(7).wishart(4.0, v), [variances], [cv.array([0.1, 0.2, 0.3])])
    at = lambda h: np.asarray(cv.random.default_rng(7).wishart(4.0, np.array([1.0, 2.0, 0.5]) + h * np.array([0.1, 0.2, 0.3])))
    np.testing.assert_allclose(moved, (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-7, atol=1e-8)
    with pytest.raises(TypeError):
        cv.random.default_rng(7).wishart("four", covariance)
    with pytest.raises(TypeError):
        cv.random.default_rng(7).wishart(cv.array([4.0, 5.0]), covariance)


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


# ---- arguments at the edge ---------------------------------------------------------------------------------------------


def test_negative_counts_are_numpys_outcome_or_named():
    rng = cv.random.Philox4x32(1)
    for call in (lambda: rng.keys(-1), lambda: rng.split(-1), lambda: cv.random.SeedSequence(1).generate_state(-1)):
        with pytest.raises(ValueError, match="negative|positive"):
            call()
    ours, theirs = cv.random.MT19937(1).jumped(-1), np.random.MT19937(1).jumped(-1)
    assert ours.random_raw(3).tolist() == theirs.random_raw(3).tolist()


def test_choices_of_integers_have_no_axis():
    ours, theirs = cv.random.default_rng(3), np.random.default_rng(3)
    assert ours.choice(5, axis=None) == theirs.choice(5, axis=None)
    with pytest.raises(TypeError):
        ours.choice([1, 2], axis=None)
    assert ours.choice(-1, 0).shape == (0,)
    for source in (ours, cv.random.RandomState(1)):
        with pytest.raises(ValueError, match="larger sample"):
            source.choice(-1, 0, replace=False)
    with pytest.raises(TypeError):
        ours.permuted(5)


@pytest.mark.parametrize("cov", [[[np.nan, 0], [0, 1]], [[1, np.nan], [0, 1]], [[1, 0], [np.nan, 1]]])
def test_covariances_with_nan(cov):
    ours, theirs = cv.random.default_rng(3), np.random.default_rng(3)
    for keywords in ({}, {"check_valid": "ignore"}, {"method": "svd", "check_valid": "raise"}):
        with pytest.raises(cv.linalg.LinAlgError, match="converge"):
            ours.multivariate_normal([0, 0], cov, **keywords)
        with pytest.raises(np.linalg.LinAlgError):
            theirs.multivariate_normal([0, 0], cov, **keywords)
    for check in ("ignore", "warn"):
        with pytest.raises(cv.linalg.LinAlgError, match="converge"):
            cv.random.RandomState(1).multivariate_normal([0, 0], cov, check_valid=check)


def test_parameters_of_a_batch_are_refused_by_name():
    rng = cv.random.default_rng(1)
    for draw in (
        lambda m: rng.normal(m, 1.0),
        lambda m: rng.poisson(m),
        lambda m: cv.random.RandomState(1).normal(m),
        lambda m: rng.binomial(m.astype(int), 0.5),
    ):
        with pytest.raises(ValueError, match="parameter of a draw[\\s\\S]*Philox4x32"):
            cv.vmap(draw, randomness="same")(cv.ones(3))


def test_zipf_near_one_returns():
    # NumPy does not: hardly a draw is below 2**63
    x = np.asarray(cv.random.RandomState(1).zipf(1 + 1e-12, 100))
    assert (x >= 1).all() and np.log2(x.astype(float)).std() > 10


def test_parts_of_whole_blocks_join():
    for dtype, block in (("float64", 2), ("float32", 4)):
        for name in ("uniform", "normal"):
            whole, parts = cv.random.Philox4x32(7), cv.random.Philox4x32(7)
            n = 125 * block
            joined = [*getattr(parts, name)(n, dtype).tolist(), *getattr(parts, name)(501, dtype).tolist()]
            assert getattr(whole, name)(n + 501, dtype).tolist() == joined
            # a draw begins at a block: what is left of the last one is passed over
            assert parts.counter == 125 + -(-501 // block)


def draws(make, call):
    """What a call of NumPy's generator and of ours gives: the numbers, or the class of the error."""
    found = []
    for m in (np, cv):
        try:
            found.append(np.asarray(call(getattr(m.random, make)(1), m)).tolist())
        except Exception as error:
            found.append(type(error).__name__)
    return found


@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
@pytest.mark.parametrize(
    "count",
    [
        lambda m: m.array(5.7), lambda m: m.array(5.0), lambda m: m.array(m.nan), lambda m: m.array(5, dtype="f2"), lambda m: m.array(5, dtype="u8"),
        lambda m: m.array([5], dtype="u8"), lambda m: m.array([5.0]), lambda m: m.array(5, dtype="u4"), lambda m: m.array([5], dtype="u4"),
        lambda m: m.array(5), lambda m: m.array(True), lambda m: m.uint64(5), lambda m: m.float64(5.7), lambda m: m.float32(5), lambda m: 5.7,
    ],
)  # fmt: skip
def test_counts_are_integers_or_scalars(make, count):
    calls = [
        lambda g, m: g.binomial(count(m), 0.5),
        lambda g, m: g.binomial(count(m), [0.5, 0.5]),
        lambda g, m: g.hypergeometric(count(m), 3, 2),
        lambda g, m: g.hypergeometric(3, count(m), 2),
        lambda g, m: g.hypergeometric([4], 4, count(m)),
    ]
    if make == "default_rng":
        calls.append(lambda g, m: g.multinomial(count(m), [0.5, 0.5]))
    for call in calls:
        theirs, ours = draws(make, call)
        assert theirs == ours


@pytest.mark.parametrize("make", ["default_rng", "RandomState"])
@pytest.mark.parametrize("size", [None, 2, 0])
@pytest.mark.parametrize(
    ("name", "count"),
    [("normal", 2), ("exponential", 1), ("uniform", 2), ("poisson", 1), ("gumbel", 2), ("laplace", 2), ("logistic", 2), ("lognormal", 2), ("rayleigh", 1), ("gamma", 2)],
)  # fmt: skip
def test_none_is_no_parameter(make, name, count, size):
    for i in range(count):
        given = [1.0] * count
        given[i] = None
        assert draws(make, lambda g, m: getattr(g, name)(*given, size=size)) == ["TypeError"] * 2
    # left out they are the defaults
    if name != "gamma":
        theirs, ours = draws(make, lambda g, m: getattr(g, name)(size=size))
        assert theirs == ours


@pytest.mark.parametrize(
    ("make", "call"),
    [
        (make, call)
        for make, calls in {
            "default_rng": [
                lambda g, m: [g.integers(0, 5, endpoint=flag, size=20).tolist() for flag in (1, 0, None, m.bool_(True), "yes")],
                lambda g, m: [g.choice(9, 5, replace=flag, shuffle=flag).tolist() for flag in (1, 0, None)],
                lambda g, m: [g.bit_generator.random_raw(output=flag) for flag in (1, 0, None)][0],
                lambda g, m: g.permutation(m.array(5)),
                lambda g, m: g.permuted(m.array(5), axis=0),
                lambda g, m: g.permuted(m.array(5)),
            ],
            "RandomState": [
                lambda g, m: [g.choice(9, 5, replace=flag).tolist() for flag in (1, 0, None)],
                lambda g, m: g.permutation(m.array(5)),
                lambda g, m: g.rand(True),
                lambda g, m: g.randn(2, False),
            ],
        }.items()
        for call in [
            *calls,
            lambda g, m: g.random(True),
            lambda g, m: g.normal(size=(2, True)),
            lambda g, m: g.normal(size=m.array([True])),
            # parameters are checked also where nothing is drawn
            lambda g, m: g.uniform(3, [1], size=(0,)),
            lambda g, m: g.uniform([3], [m.inf], size=(0, 1)),
            lambda g, m: g.uniform(3, [], size=(0,)),
            lambda g, m: g.hypergeometric([33], 127, 164, size=(2, 0)),
            lambda g, m: g.hypergeometric(33, 127, [164, 2], size=(0, 2)),
            lambda g, m: g.hypergeometric([33], 127, 16, size=(2, 0)),
            lambda g, m: g.triangular([3], 2, 1, size=(0,)),
            lambda g, m: g.triangular([0], [1, 2], 2, size=(3, 2)),
            lambda g, m: g.triangular([0], [1, 5], 2, size=(3, 2)),
            lambda g, m: g.triangular([0], 1, 2, size=(0,)),
        ]
    ],
)
def test_arguments_are_taken_and_refused_as_numpys(make, call):
    theirs, ours = draws(make, call)
    assert theirs == ours
