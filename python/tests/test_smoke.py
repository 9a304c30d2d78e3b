"""The package loads and does one of each thing."""

import numpy as np
import pytest

import civita as cv


def test_arithmetic_prints_as_numpy_does():
    a = cv.array([1.0, 2.0])
    assert repr(a) == "array([1., 2.])"
    assert repr(a + 1) == "array([2., 3.])"
    assert repr(cv.add(a, a)) == "array([2., 4.])"


def test_views_alias():
    a = cv.arange(5)
    b = a[1:]
    b[0] = 50
    assert a.tolist() == [0, 50, 2, 3, 4]


def test_memory_is_shared_with_numpy_both_ways():
    n = np.arange(6.0).reshape(2, 3)
    a = cv.asarray(n)
    n[0, 0] = 7
    assert a[0, 0].item() == 7
    np.asarray(a)[1, 1] = 9
    assert n[1, 1] == 9


def test_gradients_flow():
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4, 6]


def test_errors_are_pythons():
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(5, 6\)"):
        cv.zeros((3, 4)) @ cv.zeros((5, 6))
    with pytest.raises(cv.AxisError):
        cv.zeros(3).sum(1)
