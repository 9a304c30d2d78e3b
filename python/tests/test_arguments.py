"""Arguments in all the forms that NumPy's functions take, and results in the forms that they return: NumPy is asked beside us."""

import warnings

import civita as cv
import numpy as np
import pytest


def same(ours, theirs):
    assert type(ours).__name__ == type(theirs).__name__
    assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def both(call):
    return call(cv), call(np)


# ── pad ──


@pytest.mark.parametrize("widths", [2, (1, 3), [[1, 3]], [[1], [2]], ((1, 2), (3, 0)), {0: 1}, {-1: (1, 2)}, {0: (2, 0), 1: 3}])
def test_widths_of_a_border_have_many_forms(widths):
    same(*both(lambda m: m.pad(m.arange(6).reshape(2, 3), widths)))


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "float64"])
@pytest.mark.parametrize("lengths", [None, 1, 2, (3, 2), ((1, 4), (2, 2))])
def test_a_border_of_medians(dtype, lengths):
    values = np.random.default_rng(1).integers(0, 50, (4, 5)).astype(dtype)
    same(*both(lambda m: m.pad(m.asarray(values), ((1, 2), (2, 1)), "median", stat_length=lengths)))


@pytest.mark.parametrize("mode", ["constant", "edge", "linear_ramp", "mean", "median", "maximum", "reflect", "symmetric", "wrap", "empty"])
def test_a_border_keeps_the_order_of_the_elements(mode):
    for order in "CF":
        x = np.arange(12.0).reshape(3, 4, order=order).copy(order=order)
        ours, theirs = both(lambda m: m.pad(m.asarray(x), ((1, 2), (2, 1)), mode))
        assert (ours.flags.c_contiguous, ours.flags.f_contiguous) == (theirs.flags.c_contiguous, theirs.flags.f_contiguous)
        if mode != "empty":
            same(ours, theirs)


def test_a_border_that_a_function_writes():
    def write(vector, widths, axis, options):
        vector[: widths[0]] = options["by"] + axis
        if widths[1]:
            vector[-widths[1] :] = -options["by"]

    for widths in (1, (2, 0), ((0, 1), (2, 2)), {1: 2}):
        same(*both(lambda m: m.pad(m.arange(6).reshape(2, 3), widths, write, by=10)))


@pytest.mark.parametrize(
    ("widths", "options", "error"),
    [
        (1.5, {}, TypeError),
        ((1, 2, 3), {}, ValueError),
        (((1, 2), (3, 4), (5, 6)), {}, ValueError),
        ((((1,), (2,)),), {}, ValueError),
        (-1, {}, ValueError),
        ({0: -1}, {}, ValueError),
        (1, {"mode": "edge", "constant_values": 3}, ValueError),
        (1, {"mode": "mean", "stat_length": -1}, ValueError),
        (0, {"mode": "maximum", "stat_length": 0}, ValueError),
        (1, {"mode": "nothing"}, ValueError),
    ],
)
def test_borders_that_make_no_sense(widths, options, error):
    for m in (cv, np):
        with pytest.raises(error):
            m.pad(m.ones((2, 3)), widths, **options)


# ── numbers of Python's own beside arrays (NEP 50) ──


def test_numbers_take_the_dtype_of_the_arrays_that_they_are_joined_to():
    same(*both(lambda m: m.concatenate([m.float32(1), 1.0], axis=None)))
    same(*both(lambda m: m.concatenate([m.array([1], dtype="uint8"), 3], axis=None)))
    same(*both(lambda m: m.choose(1, [m.float32(1), 1.0])))
    same(*both(lambda m: m.choose(m.array([0, 1]), (1, m.array([2, 3], dtype="uint8")))))


def test_closeness_is_judged_in_the_dtype_of_the_array():
    below = float(1.0 - np.finfo("f8").eps)
    cases = [
        lambda m: m.isclose(m.float32(below), below, atol=0, rtol=0),
        lambda m: m.isclose(m.float32(below), m.float64(below), atol=0, rtol=0),
        lambda m: m.isclose(m.float32(1), m.float32(0), atol=below),
        lambda m: m.isclose(m.float32(1), m.float32(0), atol=m.float64(below)),
        lambda m: m.isclose(m.float32(1), 2, atol=0, rtol=below / 2),
        lambda m: m.isclose(m.array([1, 2, 300]), 2.000001),
        lambda m: m.isclose(2, m.array([1.0, 2.0, np.nan, np.inf])),
        lambda m: m.isclose(1, 1.0000001),
        lambda m: m.isclose(m.inf, -m.inf),
        lambda m: m.allclose(m.array([1 + 1e-9j]), 1),
    ]
    for case in cases:
        same(*both(case))


def test_booleans_are_two_objects():
    assert (cv.True_ | cv.True_) is cv.True_
    assert (cv.True_ & cv.False_) is cv.False_
    assert cv.bool(1) is cv.True_ and cv.bool(0) is cv.False_
    assert cv.array([True, False])[1] is cv.False_
    assert cv.float64(2) > 1 and (cv.float64(2) > 1) is cv.True_
    assert cv.any(cv.ones(3)) is cv.True_


def test_texts_of_numbers_become_numbers_where_a_dtype_says_so():
    cases = [(["1", "2.5"], float), ([["1", 2]], "int16"), ("1.5", "float32"), (["1+2j"], complex), ([b"7"], int), (["nan", 1], float)]
    for values, dtype in cases:
        same(*both(lambda m: m.array(values, dtype=dtype)))
    for values, dtype, error in ((["1.5"], int, ValueError), (["a"], float, ValueError), (["300"], "int8", OverflowError)):
        for m in (cv, np):
            with pytest.raises(error):
                m.array(values, dtype=dtype)
    with pytest.raises(TypeError):
        cv.array(["1"])


# ── results ──


def test_counting_wraps_around_like_numpys():
    same(*both(lambda m: m.arange(300, dtype="int8")))
    same(*both(lambda m: m.arange(65536, dtype="int16")))
    for m in (cv, np):
        with pytest.raises(OverflowError):
            m.arange(200, 600, 200, dtype="int8")


@pytest.mark.parametrize("shape", [(4,), (2, 3), (0,), ()])
def test_sparse_indices_are_a_tuple(shape):
    ours, theirs = both(lambda m: m.indices(shape, sparse=True))
    assert isinstance(ours, tuple) and len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        same(a, b)


@pytest.mark.parametrize("by", [2**64 + 1, -(2**70), 2**100 + 7, [2**64, 3]])
def test_arrays_roll_by_integers_of_any_size(by):
    axis = 0 if isinstance(by, int) else (0, 1)
    same(*both(lambda m: m.roll(m.arange(12).reshape(3, 4), by, axis=axis)))
    if isinstance(by, int):
        same(*both(lambda m: m.roll(m.arange(5), by)))


def test_whole_quantiles_are_elements():
    cases = [
        lambda m: m.quantile(m.array([3, 1, 2]), 1),
        lambda m: m.quantile(m.array([3, 1, 2]), [0, 1]),
        lambda m: m.quantile(m.array([True, False]), True),
        lambda m: m.quantile(m.array([False, True, True]), m.array([False, True, True])),
        lambda m: m.nanquantile(m.array([3, 1, 2]), 0),
        lambda m: m.quantile(m.array([3.0, 1.0]), 1),
        lambda m: m.percentile(m.array([3, 1, 2]), 100),
        lambda m: m.quantile(m.array([3, 1, 2]), 1, method="hazen"),
    ]
    for case in cases:
        same(*both(case))


def test_a_percentile_fills_a_longer_output():
    for m in (cv, np):
        out = m.zeros(2)
        m.percentile(m.arange(12), 50, out=out)
        assert out.tolist() == [5.5, 5.5]


def test_real_and_imaginary_parts_of_an_array_without_axes_are_arrays():
    for value in (1, 2.5, 1 + 2j):
        same(*both(lambda m: m.real(m.array(value))))
        same(*both(lambda m: m.imag(m.array(value))))
    assert not isinstance(cv.real(1 + 2j), cv.ndarray)


def test_nan_to_num_without_a_copy_writes_the_array():
    x = cv.array([1.0, np.nan, np.inf])
    assert cv.nan_to_num(x, copy=False, posinf=7) is x
    assert x.tolist() == [1.0, 0.0, 7.0]
    y = cv.array([np.nan])
    assert cv.nan_to_num(y) is not y and np.isnan(y.tolist()[0])


def test_a_number_has_one_element_to_sort():
    same(*both(lambda m: m.argsort(3)))
    same(*both(lambda m: m.float64(3).argsort()))


def test_an_output_or_a_dtype_but_not_both():
    for m in (cv, np):
        for join in (m.concatenate, m.stack):
            with pytest.raises(TypeError, match="both were provided"):
                join([m.ones(2), m.ones(2)], out=m.ones(4), dtype=float)


def test_modes_of_a_convolution_have_numbers():
    for mode in (0, 1, 2):
        same(*both(lambda m: m.convolve(m.arange(5), m.array([1, 2, 3]), mode)))
        same(*both(lambda m: m.correlate(m.arange(5), m.array([1, 2, 3]), mode)))
    for m in (cv, np):
        with pytest.raises(ValueError):
            m.convolve([1], [1], -1)


def test_orders_may_be_written_small():
    x = np.ones((2, 3))
    for order in "cfak":
        assert cv.ravel(cv.asarray(x), order).shape == (6,)
    assert cv.einsum("ij->ij", cv.asarray(x), order="f").flags.f_contiguous


def test_einsum_of_one_array_is_a_view():
    a = cv.arange(6.0).reshape(2, 3)
    b = cv.einsum("ij->ji", a)
    b[0, 0] = 9
    assert a[0, 0] == 9 and b.base is a.base


# ── like= ──


class Elsewhere:
    def __array_function__(self, function, types, args, kwargs):
        return (function.__name__, args, kwargs)


def test_functions_that_make_arrays_let_another_package_make_them():
    like = Elsewhere()
    calls = {
        "ascontiguousarray": ([1],), "asfortranarray": ([1],), "require": ([1],), "eye": (2,), "identity": (2,), "tri": (2,),
        "asanyarray": ([1],), "frombuffer": (b"\0" * 8,), "fromiter": (range(2), int), "fromfunction": (max, (2,)),
    }  # fmt: skip
    for name, args in calls.items():
        made = getattr(cv, name)(*args, like=like)
        assert made[0] == name and made[1] == args
        with pytest.raises(TypeError, match="The `like` argument must be an array-like"):
            getattr(cv, name)(*args, like=1)
    for like in (None, cv.ones(1), np.ones(1)):
        assert cv.ascontiguousarray([1, 2], like=like).tolist() == [1, 2]
        assert cv.fromiter(range(2), int, like=like).tolist() == [0, 1]


# ── printing ──


def test_the_text_of_arrays_in_numpy_1_13():
    rng = np.random.default_rng(3)
    arrays = [
        np.arange(4.0), np.array([1.234e9]), np.array([-1.234e9]), np.array(1.0), np.array(0.1, "float32"), np.array([0.0, -0.0]),
        np.array([1 + 1j, 1.123456789 + 1.123456789j]), np.arange(10000), np.arange(27).reshape(3, 3, 3), np.zeros((3, 3, 1, 1)),
        np.full(70, 2), rng.normal(size=(3, 4)), rng.normal(size=30) * 1e6, np.array([True, False]), np.array([np.nan, 1.5, -np.inf]),
        np.array([1e-8, 1.0]), np.array(3 + 4j), np.float32([1.5, 2.25]), np.zeros((2, 0)), np.array(True),
    ]  # fmt: skip
    for options in ({}, {"linewidth": 30}, {"edgeitems": 1, "threshold": 1}, {"precision": 3}):
        with cv.printoptions(legacy="1.13", **options), np.printoptions(legacy="1.13", **options):
            for x in arrays:
                assert repr(cv.asarray(x)) == repr(x)
                assert str(cv.asarray(x)) == str(x)


@pytest.mark.parametrize("legacy", ["1.13", "1.21", "1.25", "2.1", "2.2", False])
def test_the_text_of_scalars_in_older_versions(legacy):
    numbers = [1.0, 1.123456789123456789, 1e16, 1e-5, -2.5, float("nan"), complex(1, float("nan")), 3j, 1 - 2j, 65500.0]
    with cv.printoptions(legacy=legacy), np.printoptions(legacy=legacy):
        assert cv.get_printoptions()["legacy"] == np.get_printoptions()["legacy"]
        for number in numbers:
            kinds = ("complex64", "complex128") if isinstance(number, complex) else ("float16", "float32", "float64")
            for kind in kinds:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    ours, theirs = getattr(cv, kind)(number), getattr(np, kind)(number)
                assert str(ours) == str(theirs)
                assert repr(ours) == repr(theirs)


def test_a_function_may_write_whole_arrays():
    with cv.printoptions(override_repr=lambda x: f"<{x.shape}>"):
        assert repr(cv.ones((2, 3))) == "<(2, 3)>"
    assert repr(cv.ones(2)) == "array([1., 1.])"


# ── small things that programs of NumPy say ──


def test_choices_are_given_one_by_one():
    same(*both(lambda m: m.array([0, 1, 1]).choose([1, 2, 3], [4, 5, 6])))
    same(*both(lambda m: m.array([0, 1, 1]).choose([[1, 2, 3], [4, 5, 6]])))
    same(*both(lambda m: m.array([0, 3, 1]).choose([1, 2, 3], [4, 5, 6], mode="clip", out=m.zeros(3, int))))


def test_a_conjugate_is_written():
    for m in (np, cv):
        for x in (m.array([1 - 1j, 2]), m.array([1.0, 2.0])):
            out = m.zeros_like(x)
            assert x.conj(out) is out and x.conjugate(out) is out and out.tolist() == x.conj().tolist()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda m: m.arange(0, m.inf), "size exceeded"),
        (lambda m: m.arange(0, 1, m.nan), "cannot compute length"),
        (lambda m: m.array([[1]], ndmin=2, ndmax=1), "ndmin must be <= ndmax"),
        (lambda m: m.array([[[1]]], ndmax=2), "would exceed the maximum number of dimension of 2"),
        (lambda m: m.concatenate([[1], [2]], casting="same_value"), "^casting must be one of"),
    ],
)
def test_errors_say_what_numpys_say(call, words):
    for m in (np, cv):
        with pytest.raises(ValueError, match=words):
            call(m)


def test_results_of_ufuncs_lie_in_the_order_that_was_asked_for():
    x = np.arange(24.0).reshape(2, 3, 4)
    for order in "CFAK":
        for axes in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
            for f in (lambda m, a: m.add(a, 1, order=order), lambda m, a: m.sin(a, order=order), lambda m, a: m.add(a, a, order=order),
                      lambda m, a: m.modf(a, order=order)[1], lambda m, a: m.add(a, a[..., :1], order=order)):  # fmt: skip
                got, want = (f(m, m.array(x).transpose(axes)) for m in (cv, np))
                np.testing.assert_allclose(np.asarray(got), want)
                if order != "K":
                    assert (got.flags.c_contiguous, got.flags.f_contiguous) == (want.flags.c_contiguous, want.flags.f_contiguous)
    with pytest.raises(ValueError):
        cv.add(1, 2, order="X")


CASTS = [
    lambda m, r: m.add(m.array([1.0]), 2, casting=r),
    lambda m, r: m.add(m.array([1], "float32"), 2.5, casting=r),
    lambda m, r: m.add(m.array([1.0]), True, casting=r),
    lambda m, r: m.add(m.array([1]), 2.5, casting=r),
    lambda m, r: m.add(1, 2.5, casting=r),
    lambda m, r: m.sin(1, casting=r),
    lambda m, r: m.sin(1.0, casting=r),
    lambda m, r: m.sin(True, casting=r),
    lambda m, r: m.logical_and(m.array([1.0]), m.array([2]), casting=r),
    lambda m, r: m.logical_xor(m.array([1], "int8"), m.array([2]), casting=r),
    lambda m, r: m.logical_not(m.array([1.0]), casting=r),
    lambda m, r: m.ldexp(m.array([1.0]), 1, casting=r),
    lambda m, r: m.add(m.array([1.0]), m.array([1]), casting=r),
    lambda m, r: m.less(m.array([1], "int8"), 2, casting=r),
]


@pytest.mark.parametrize("rule", ["no", "safe", "same_kind", "unsafe"])
@pytest.mark.parametrize("call", range(len(CASTS)))
def test_python_numbers_are_cast_by_the_rules_of_numpy(call, rule):
    results = []
    for m in (cv, np):
        try:
            result = np.asarray(CASTS[call](m, rule))
            results.append((result.dtype, result.tolist()))
        except TypeError:
            results.append("TypeError")
    assert results[0] == results[1]
