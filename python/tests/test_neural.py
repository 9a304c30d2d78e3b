"""Normalisations and losses: large and strided operands, half precision, shared operands, errors."""

import numpy as np
import pytest

import civita as cv
import oracle

ag = cv.autograd


def close(found, expected, rtol=1e-12):
    np.testing.assert_allclose(np.asarray(found, "float64"), np.asarray(expected, "float64"), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-12), ("float32", 2e-5), ("float16", 4e-3)])
@pytest.mark.parametrize("shape", [(3, 5), (700, 96), (2, 40000), (1, 1), (64, 8, 33)])
def test_rows_of_any_length_are_normalised(shape, dtype, rtol, rng):
    x, w, b = (rng.normal(size=s).astype(dtype) for s in (shape, shape[-1:], shape[-1:]))
    ours = [cv.array(a) for a in (x, w, b)]
    n = shape[-1:]
    close(cv.layer_norm(ours[0], n, *ours[1:]), oracle.layer_norm(x, n, w, b), rtol)
    close(cv.rms_norm(ours[0], n, ours[1]), oracle.rms_norm(x, n, w), rtol)
    # over all axes
    close(cv.layer_norm(ours[0], shape), oracle.layer_norm(x, shape), rtol)
    # strided: an operand that lies across the memory, and every other element
    for view in (lambda a: a[..., ::2], lambda a: a.swapaxes(0, -1)):
        v = view(x)
        close(cv.layer_norm(view(ours[0]), v.shape[-1:]), oracle.layer_norm(v, v.shape[-1:]), rtol)


@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-12), ("float32", 2e-5), ("float16", 4e-3)])
@pytest.mark.parametrize("shape", [(5, 7), (900, 50), (3, 70000), (4, 6, 300), (2, 3, 5, 4)])
def test_losses_of_any_shape(shape, dtype, rtol, rng):
    x = (rng.normal(size=shape) * 4).astype(dtype)
    target = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    target[0] = -100
    weight = rng.uniform(0.5, 2, shape[1]).astype(dtype)
    p = rng.uniform(0, 1, shape)
    p /= p.sum(1, keepdims=True)
    for options in ({}, {"label_smoothing": 0.1}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.3}):
        ours = {k: cv.array(v) if k == "weight" else v for k, v in options.items()}
        for reduction in ("none", "mean"):
            found = cv.cross_entropy(cv.array(x), cv.array(target), reduction=reduction, **ours)
            assert found.dtype == dtype
            close(found, oracle.cross_entropy(x, target, reduction=reduction, **options), rtol)
        close(cv.cross_entropy(cv.array(x), cv.array(p), **ours), oracle.cross_entropy(x, p, **options), rtol)


def test_a_small_loss_beside_large_logits_keeps_its_digits():
    x = cv.array([[1000.0, 980.0, -cv.inf]])
    close(cv.cross_entropy(x, [0]), np.log1p(np.exp(-20.0)))
    assert cv.cross_entropy(x, [2]) == cv.inf
    g = ag.grad(lambda x: cv.cross_entropy(x, [2]))(x)
    close(g, [[1.0, np.exp(-20.0), -1.0]], 1e-8)


def test_gradients_are_those_of_formulas(rng):
    x, w, b = (cv.array(rng.normal(size=s)) for s in ((6, 9), (9,), (9,)))

    def composed(x, w, b):
        d = x - x.mean(1, keepdims=True)
        return d / cv.sqrt((d * d).mean(1, keepdims=True) + 1e-5) * w + b

    loss = lambda f: lambda *args: (cv.sin(f(*args))).sum()
    ours = ag.grad(loss(lambda x, w, b: cv.layer_norm(x, 9, w, b)), (0, 1, 2))(x, w, b)
    for found, expected in zip(ours, ag.grad(loss(composed), (0, 1, 2))(x, w, b)):
        close(found, expected, 1e-10)
    target = cv.array(rng.integers(0, 9, 6))
    rows = cv.arange(6)
    plain = lambda x: -cv.log_softmax(x, 1)[rows, target].mean()
    close(ag.grad(lambda x: cv.cross_entropy(x, target))(x), ag.grad(plain)(x), 1e-12)
    close(ag.hessian(lambda x: cv.cross_entropy(x, target))(x), ag.hessian(plain)(x), 1e-10)


def test_batches_of_every_operand(rng):
    x, w, b = (cv.array(rng.normal(size=s)) for s in ((4, 3, 5), (4, 5), (4, 5)))
    norm = lambda x, w, b: cv.layer_norm(x, 5, w, b)
    for axes in [(0, None, None), (0, 0, None), (None, 0, 0), (0, None, 0), (0, 0, 0)]:
        args = [a if axis == 0 else a[0] for a, axis in zip((x, w, b), axes)]
        found = cv.vmap(norm, in_axes=axes)(*args)
        for i in range(4):
            close(found[i], norm(*(a[i] if axis == 0 else a for a, axis in zip(args, axes))))
    target = cv.array(rng.integers(0, 5, (4, 3)))
    for axes in [(0, 0), (0, None), (None, 0)]:
        args = [a if axis == 0 else a[0] for a, axis in zip((x, target), axes)]
        found = cv.vmap(cv.cross_entropy, in_axes=axes)(*args)
        for i in range(4):
            close(found[i], cv.cross_entropy(*(a[i] if axis == 0 else a for a, axis in zip(args, axes))))


def test_a_traced_network_runs_again(rng):
    x, target = cv.array(rng.normal(size=(4, 6))), cv.array([0, 1, 2, 3])
    f = lambda x, target: cv.cross_entropy(cv.layer_norm(x, 6), target)
    graph = cv.trace(ag.value_and_grad(f), x, target)
    other, there = cv.array(rng.normal(size=(4, 6))), cv.array([5, 4, 5, 4])
    for found, expected in zip(graph(other, there), ag.value_and_grad(f)(other, there)):
        close(found, expected)
    assert "layer_norm" in str(graph) and "log_loss" in str(graph)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda x: cv.layer_norm(x, 3), ValueError, "the normalized axes are the last ones of the input"),
        (lambda x: cv.layer_norm(x, ()), ValueError, "the normalized axes are the last ones of the input"),
        (lambda x: cv.layer_norm(x, 4, cv.ones(3)), ValueError, "weight and bias have the shape of the normalized axes"),
        (lambda x: cv.rms_norm(x + 1j, 4), TypeError, "rms_norm: takes real numbers"),
        (lambda x: cv.cross_entropy(x, [0, 1]), ValueError, "indices of classes have the axes of the input without that of the classes"),
        (lambda x: cv.cross_entropy(x, [0, 1, 4]), IndexError, "cross_entropy: index -?\\d is out of range"),
        (lambda x: cv.cross_entropy(x, [0, 1, -1]), IndexError, "cross_entropy: index -?\\d is out of range"),
        (lambda x: cv.cross_entropy(x, cv.ones(3)), ValueError, "probabilities of classes have the shape of the input"),
        (lambda x: cv.cross_entropy(x, cv.ones(3, dtype=bool)), TypeError, "indices of classes, or their probabilities"),
        (lambda x: cv.cross_entropy(x, [0, 1, 2], cv.ones(3)), ValueError, "an element for each class"),
        (lambda x: cv.cross_entropy(x, [0, 1, 2], label_smoothing=2), ValueError, "label_smoothing is between 0 and 1"),
        (lambda x: cv.cross_entropy(x, [0, 1, 2], reduction="max"), ValueError, "reduction"),
        (lambda x: cv.cross_entropy(cv.array(1.0), 0), ValueError, "the input has an axis of classes"),
    ],
)
def test_errors_say_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call(cv.ones((3, 4)))


def test_nothing_counts_where_all_targets_are_ignored():
    x = cv.array([[1.0, 2.0]], requires_grad=True)
    assert cv.cross_entropy(x, [-100], reduction="sum") == 0
    assert cv.isnan(cv.cross_entropy(x, [-100]))
    cv.cross_entropy(x, [-100], reduction="sum").backward()
    close(x.grad, [[0.0, 0.0]])
