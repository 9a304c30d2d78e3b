"""Results lie in memory as NumPy's do: in C order, in Fortran order, or as their operands (`order='K'`)."""

import numpy as np
import pytest

import civita as cv

# Each is evaluated with `x`, an array of NumPy's or ours in one of the layouts below, and `m`, the module.
CALLS = """
x[:, [0, 1]]
x[[0, 1]]
x[[0, 1], :]
x[[0, 1], [1, 0]]
x[..., [1, 0, 1]]
x[:, [[0, 1], [1, 1]]]
x[:, m.array([True, False, True])]
x[m.array([True, True, False, True])]
x[:, 0][[1, 0]]
x[m.ones(x.shape, bool)]
m.sort(x, axis=0)
m.sort(x, axis=1)
m.sort(x, axis=-1)
m.argsort(x, axis=0)
m.argsort(x, axis=1)
m.partition(x, 1, axis=0)
m.partition(x, 1, axis=1)
m.cumsum(x, axis=0)
m.cumsum(x, axis=1)
m.cumprod(x, axis=0)
m.cumulative_sum(x, axis=1)
m.nancumsum(x, axis=0)
m.add.accumulate(x, axis=1)
m.maximum.accumulate(x, axis=0)
m.fmax.accumulate(x, axis=1)
m.sum(x, axis=0)
m.sum(x, axis=1)
m.sum(x, axis=1, keepdims=True)
m.prod(x, axis=-1)
m.max(x, axis=0)
m.min(x, axis=1)
m.any(x, axis=1)
m.all(x, axis=0)
m.mean(x, axis=1)
m.var(x, axis=0)
m.std(x, axis=1)
m.ptp(x, axis=1)
m.argmax(x, axis=1)
m.count_nonzero(x, axis=1)
m.average(x, axis=0)
m.median(x, axis=0)
m.median(x, axis=1)
m.nansum(x, axis=1)
m.nanmax(x, axis=0)
m.nanmean(x, axis=1)
m.nanmedian(x, axis=1)
m.take(x, [0, 1], axis=0)
m.take(x, [0, 1], axis=1)
m.take_along_axis(x, m.zeros(x.shape, int), axis=0)
m.take_along_axis(x, m.zeros(x.shape, int), axis=1)
m.compress([True, False, True], x, axis=1)
m.delete(x, 1, axis=0)
m.concatenate([x, x], axis=1)
m.repeat(x, 2, axis=0)
m.roll(x, 1, axis=0)
m.diff(x, axis=0)
m.clip(x, 0, 1)
m.where(x > 0, x, 0)
m.select([x > 0], [x])
m.choose(m.zeros_like(x, dtype=int), [x, x])
m.copy(x)
m.array([x])
m.array([x, x])
m.array(x, dtype='float32')
x.astype('float32')
x + 1
m.unwrap(x, axis=0)
m.trapezoid(x, axis=0)
m.unpackbits(x.astype('uint8'), axis=0)
m.tril(x)
m.nan_to_num(x)
m.zeros_like(x)
"""

LAYOUTS = {
    "C": lambda m, shape: m.ones(shape),
    "F": lambda m, shape: m.ones(shape, order="F"),
    "moved": lambda m, shape: m.moveaxis(m.ones((*shape[1:], shape[0])), -1, 0),
    "swapped": lambda m, shape: m.swapaxes(m.ones((shape[1], shape[0], *shape[2:])), 0, 1),
    "stepped": lambda m, shape: m.ones((*shape[:-1], 2 * shape[-1]), order="F")[..., ::2],
}


def lying(x):
    """Strides of the axes along which there are several elements."""
    return tuple(step for step, n in zip(x.strides, x.shape) if n > 1)


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_results_lie_as_those_of_numpy(call):
    for name, make in LAYOUTS.items():
        for shape in [(4, 3), (4, 3, 2)]:
            got, want = (eval(call, {"m": m, "x": make(m, shape)}) for m in (cv, np))
            assert got.shape == want.shape and lying(got) == lying(want), (name, shape, got.strides, want.strides)


def test_what_several_axes_of_indices_pick_lies_as_they_do_where_no_axis_is_left():
    for m in (cv, np):
        places = m.asarray(m.zeros((3, 2), int), order="F")
        assert m.ones(5)[places].flags.f_contiguous
        assert m.ones((5, 2))[places, places].flags.f_contiguous
        assert m.ones((5, 2))[places].flags.c_contiguous
        assert m.ones((5, 2))[:, places].strides == (8, 80, 40)


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij,jk->ki", "ij,kj->ik", "ij,ij->ij", "ij,ij->ji", "ij,j->ij", "ij,kl->ikjl", "ijk,jl->il"])
def test_einsum_lies_as_numpys_does(subscripts):
    sizes = {"i": 4, "j": 3, "k": 5, "l": 2}
    terms = subscripts.split("->")[0].split(",")
    for orders in ["CC", "FF", "CF", "FC"]:
        got, want = (m.einsum(subscripts, *(m.ones([sizes[i] for i in term], order=order) for term, order in zip(terms, orders))) for m in (cv, np))
        assert lying(got) == lying(want), (orders, got.strides, want.strides)


@pytest.mark.parametrize("order", "CFAK")
def test_bytes_and_elements_of_results_are_numpys_in_every_order(order):
    values = np.arange(24.0).reshape(4, 3, 2)
    for lay in [np.ascontiguousarray, np.asfortranarray]:
        theirs, ours = lay(values), cv.array(lay(values), order="K")
        for call in ["x[:, [2, 0]]", "m.sort(x, 0)", "m.cumsum(x, 1)", "m.sum(x, 1)", "m.take_along_axis(x, m.zeros((1, 3, 2), int), 0)"]:
            got, want = eval(call, {"m": cv, "x": ours}), eval(call, {"m": np, "x": theirs})
            assert got.tobytes(order if order != "K" else "A") == want.tobytes(order if order != "K" else "A")
            np.testing.assert_array_equal(np.asarray(got.ravel(order)), want.ravel(order))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "float32", "float64", "complex128"])
def test_elements_picked_from_columns_are_the_right_ones(dtype):
    rng = np.random.default_rng(1)
    for shape in [(7, 5), (300, 5), (5, 300), (3, 140, 4)]:
        values = (rng.random(shape) * 100).astype(dtype)
        for lay in [np.ascontiguousarray, np.asfortranarray, lambda v: v[::-1], lambda v: np.repeat(v, 2, -1)[..., ::2]]:
            theirs = lay(values)
            ours = cv.asarray(theirs)
            for axis in range(len(shape)):
                places = rng.integers(-shape[axis], shape[axis], (2, 3))
                for key in [places[0], places, places[:, :0]]:
                    at = (slice(None),) * axis + (key,)
                    np.testing.assert_array_equal(np.asarray(ours[at]), theirs[at])
