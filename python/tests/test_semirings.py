"""Products over semirings, by groups and of planes, beside SciPy and NumPy; the rows' samples are in test_functions.py."""

import itertools

import numpy as np
import oracle
import pytest
import scipy.signal
import scipy.sparse.csgraph

import civita as cv

RANDOM = np.random.default_rng(11)


def test_convolve2d_is_scipys():
    for _ in range(400):
        h, w, i, j = RANDOM.integers(1, 9, 4)
        mode, boundary = RANDOM.choice(["full", "same", "valid"]), RANDOM.choice(["fill", "wrap", "symm"])
        dtype = RANDOM.choice(["float32", "float64", "int64", "int32", "int8", "uint16", "complex64", "complex128"])
        x, k = (RANDOM.normal(0, 9, shape).astype(dtype) for shape in ((h, w), (i, j)))
        try:
            expected = scipy.signal.convolve2d(x, k, mode, boundary, 3)
        except ValueError:
            with pytest.raises(ValueError):
                cv.convolve2d(x, k, mode, boundary, 3)
            continue
        found = np.asarray(cv.convolve2d(cv.array(x), cv.array(k), mode, boundary, 3))
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-3 if dtype in ("float32", "complex64") else 1e-9)


@pytest.mark.parametrize("shape,kernel", [((90, 700), (5, 11)), ((40, 3000), (9, 9)), ((64, 80), (60, 75)), ((70, 300), (3, 299))])
def test_convolve2d_of_many_tasks_and_long_kernels(shape, kernel):
    x, k = RANDOM.normal(size=shape), RANDOM.normal(size=kernel)
    expected = scipy.signal.convolve2d(x, k, "valid")
    np.testing.assert_allclose(cv.convolve2d(x, k, "valid"), expected, rtol=1e-10, atol=1e-10)
    wide = cv.array(np.repeat(np.repeat(x, 2, 0), 2, 1))[::2, ::-2]  # strides, and one that is negative
    np.testing.assert_allclose(cv.convolve2d(wide, k, "valid"), scipy.signal.convolve2d(x[:, ::-1], k, "valid"), rtol=1e-10, atol=1e-10)


def test_convolve2d_refuses():
    with pytest.raises(ValueError, match="2-D"):
        cv.convolve2d(cv.ones(3), cv.ones((2, 2)))
    with pytest.raises(ValueError, match="one must be at least as large"):
        cv.convolve2d(cv.ones((2, 3)), cv.ones((3, 2)), "valid")
    with pytest.raises(ValueError):
        cv.convolve2d(cv.ones((2, 3)), cv.ones((0, 2)))


def test_powers_over_min_of_sums_are_shortest_paths():
    n = 60
    lengths = RANDOM.uniform(1, 9, (n, n))
    lengths[RANDOM.random((n, n)) < 0.9] = np.inf
    np.fill_diagonal(lengths, 0)
    d = cv.array(lengths)
    for _ in range(6):
        d = cv.semiring_matmul(d, d)
    expected = scipy.sparse.csgraph.floyd_warshall(np.where(np.isinf(lengths), 0, lengths))
    np.testing.assert_allclose(d, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "uint16", "uint64", "bool"])
def test_semirings_of_every_dtype_across_tasks(dtype):
    a, b = ((RANDOM.normal(0, 50, shape)).astype(dtype) for shape in ((2, 7, 37), (37, 2100)))
    for add, multiply in itertools.product(["min", "max", "or", "and"], ["add", "multiply", "min", "max", "or", "and"]):
        found = np.asarray(cv.semiring_matmul(cv.array(a), cv.array(b), add, multiply))
        expected = oracle.semiring_matmul(a, b, add, multiply)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected, err_msg=f"{add} {multiply}")


def test_semirings_keep_nan():
    a, b = RANDOM.normal(size=(5, 9)), RANDOM.normal(size=(9, 70))
    for where, value in ((a, np.nan), (a, np.inf), (b, -np.inf), (b, 0.0), (a, 0.0), (b, np.inf)):
        where[RANDOM.integers(where.shape[0]), RANDOM.integers(where.shape[1])] = value
        for add, multiply in itertools.product(["min", "max"], ["add", "multiply", "min", "max"]):
            with np.errstate(invalid="ignore"):
                expected = oracle.semiring_matmul(a, b, add, multiply)
            np.testing.assert_array_equal(cv.semiring_matmul(a, b, add, multiply), expected, err_msg=f"{add} {multiply}")


def test_semirings_refuse():
    with pytest.raises(ValueError, match="inner dimension is 0"):
        cv.semiring_matmul(cv.ones((2, 0)), cv.ones((0, 3)))
    with pytest.raises(ValueError, match="inner dimension is 0"):
        cv.semiring_matmul(cv.ones((2, 0), dtype="int16"), cv.ones((0, 3), dtype="int16"))
    with pytest.raises(ValueError):
        cv.semiring_matmul(cv.ones((2, 3)), cv.ones((2, 3)))
    with pytest.raises(ValueError):
        cv.semiring_matmul(cv.ones(3), cv.ones((3, 2)))
    with pytest.raises(TypeError):
        cv.semiring_matmul(cv.ones((2, 2), dtype="complex64"), cv.ones((2, 2)))
    with pytest.raises(ValueError):
        cv.semiring_matmul(cv.ones((2, 2)), cv.ones((2, 2)), "sum")


def test_the_gradient_of_a_path_is_its_edges():
    a = cv.array([[1.0, 5.0], [2.0, 0.5]], requires_grad=True)
    b = cv.array([[3.0, 1.0], [0.0, 9.0]], requires_grad=True)
    y = cv.semiring_matmul(a, b)  # [[min(4, 5), min(2, 14)], [min(5, .5), min(3, 9.5)]]
    np.testing.assert_array_equal(y.detach(), [[4, 2], [0.5, 3]])
    (y * cv.array([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()
    np.testing.assert_array_equal(a.grad, [[11, 0], [1000, 100]])
    np.testing.assert_array_equal(b.grad, [[1, 1010], [100, 0]])


def test_grouped_matmul_refuses():
    a, b = cv.ones((4, 3)), cv.ones((2, 3, 2))
    for ends in ([3, 2], [2, 5], [-1, 2], [4]):
        with pytest.raises(ValueError):
            cv.grouped_matmul(a, b, ends)
    with pytest.raises(ValueError, match="matmul"):
        cv.grouped_matmul(cv.ones((2, 3, 3)), b, [1, 2])


def test_a_bias_is_added_to_no_memory_of_others():
    x = cv.eye(2)
    w = cv.array([[1.0, 2.0], [3.0, 4.0]])
    y = cv.matmul_bias(x, w, w[0])
    np.testing.assert_array_equal(y, [[2, 4], [4, 6]])
    np.testing.assert_array_equal(w, [[1, 2], [3, 4]])
    assert cv.matmul_bias(cv.ones((2, 2), dtype="float32"), cv.ones((2, 2), dtype="float32"), cv.ones(2)).dtype == "float64"
