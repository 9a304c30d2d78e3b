"""`civita.buffers`: arithmetic on buffers of others, and on lists."""

import operator
from array import array

import civita as cv
import numpy as np
import pytest
from civita import buffers

OPERATIONS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv}


def floats(*values):
    return array("f", values)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("count", [0, 1, 7, 1000, 100_000])
def test_results_are_numpys(name, count):
    rng = np.random.default_rng(count)
    a, b = rng.uniform(1, 2, (2, count)).astype("float32")
    out = np.zeros(count, "float32")
    assert getattr(buffers, f"{name}_into")(a, b, out) is None
    np.testing.assert_array_equal(out, OPERATIONS[name](a, b))
    lists = getattr(buffers, f"{name}_lists")(a.tolist(), tuple(b.tolist()))
    assert isinstance(lists, list) and lists == [OPERATIONS[name](x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]


def test_buffers_of_many_kinds():
    out = bytearray(12)
    buffers.add_into(cv.asarray([1, 2, 3], dtype="float32"), floats(1, 1, 1), memoryview(out).cast("f"))
    assert memoryview(out).cast("f").tolist() == [2.0, 3.0, 4.0]
    base = np.arange(6, dtype="float32")
    buffers.mul_into(base[:2], base[2:4], base[4:])  # neighbours do not overlap
    assert base.tolist() == [0, 1, 2, 3, 0, 3]


@pytest.mark.parametrize(
    "a, b, out, error, words",
    [
        (floats(1, 2), floats(1), floats(0, 0), ValueError, "same length, not 2, 1 and 2"),
        (floats(1, 2), floats(1, 2), floats(0), ValueError, "same length"),
        (np.ones((2, 2), "float32"), floats(1), floats(0), ValueError, "a must have 1 dimension, not 2"),
        (floats(1), np.float32(1), floats(0), ValueError, "b must have 1 dimension, not 0"),
        (np.ones(4, "float32")[::2], floats(1, 2), floats(0, 0), ValueError, "a must be contiguous"),
        (floats(1, 2), floats(1, 2), np.ones(4, "float32")[::2], ValueError, "out must be contiguous"),
        (floats(1), floats(2), bytes(4), TypeError, "out must hold float32"),
        (floats(1), floats(2), memoryview(bytes(4)).cast("f"), ValueError, "out is read-only"),
        (floats(1), array("d", [1]), floats(0), TypeError, "b must hold float32 .* not format 'd'"),
        (np.ones(1, ">f4"), floats(1), floats(0), TypeError, "a must hold float32"),
        ([1.0], floats(1), floats(0), TypeError, "a must support the buffer protocol, not list"),
    ],
)
def test_what_does_not_fit_is_an_error(a, b, out, error, words):
    with pytest.raises(error, match=words):
        buffers.add_into(a, b, out)


@pytest.mark.parametrize("start", range(-3, 4))
def test_overlaps_are_errors(start):
    base = np.arange(20, dtype="float32")
    out = base[8 + start : 12 + start]
    with pytest.raises(ValueError, match="out overlaps a"):
        buffers.add_into(base[8:12], np.ones(4, "float32"), out)
    with pytest.raises(ValueError, match="out overlaps b"):
        buffers.add_into(np.ones(4, "float32"), base[8:12], out)
    assert base.tolist() == list(range(20))


@pytest.mark.parametrize(
    "a, b, error",
    [([1.0], [1.0, 2.0], ValueError), ([1.0], 2.0, TypeError), ([[1.0]], [[1.0]], ValueError), (["x"], [1.0], (TypeError, ValueError))],
)
def test_lists_that_do_not_fit(a, b, error):
    with pytest.raises(error):
        buffers.add_lists(a, b)


def test_names():
    assert sorted(buffers.__all__) == sorted(name for name in dir(buffers) if name.endswith(("_into", "_lists")) and name[0] != "_")
