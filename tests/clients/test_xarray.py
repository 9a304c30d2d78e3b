"""xarray keeps Civita's arrays in its variables; results are those of NumPy's arrays."""

import numpy as np
import pytest
import xarray as xr

import civita as cv

DATA = np.array([[1.0, 2.0, np.nan, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 1.0, 2.0, 3.0]])


def made(convert):
    return xr.DataArray(
        convert(DATA.copy()), dims=("x", "y"), coords={"x": [10, 20, 30], "y": list("abcd"), "w": ("x", convert(np.arange(3.0)))}, name="v"
    )


CALLS = {
    "arithmetic": lambda a: a * 2 + a - 1,
    "comparison": lambda a: a > 3,
    "ufunc": lambda a: np.exp(a),
    "sum": lambda a: a.sum("x"),
    "mean": lambda a: a.mean("y"),
    "mean of all": lambda a: a.mean(),
    "std": lambda a: a.std("x"),
    "var": lambda a: a.var("x", ddof=1),
    "max": lambda a: a.max("y"),
    "argmax": lambda a: a.fillna(0).argmax("y"),
    "median": lambda a: a.fillna(0).median("y"),
    "quantile": lambda a: a.fillna(0).quantile(0.3, "y"),
    "count": lambda a: a.count("y"),
    "prod": lambda a: a.prod("y"),
    "cumsum": lambda a: a.cumsum("y"),
    "diff": lambda a: a.diff("x"),
    "shift": lambda a: a.shift(x=1),
    "roll": lambda a: a.roll(y=1),
    "isel": lambda a: a.isel(x=[0, 2], y=slice(1, None)),
    "sel": lambda a: a.sel(x=20),
    "sel of labels": lambda a: a.sel(y=["b", "d"]),
    "where": lambda a: a.where(a > 2),
    "where with other": lambda a: a.where(a > 2, -1),
    "fillna": lambda a: a.fillna(0.0),
    "isnull": lambda a: a.isnull(),
    "transpose": lambda a: a.transpose("y", "x"),
    "stack": lambda a: a.stack(z=("x", "y")),
    "broadcast": lambda a: a + xr.DataArray([1.0, 2.0], dims="k"),
    "align": lambda a: a + a.isel(x=[1, 2]),
    "concat": lambda a: xr.concat([a, a], "x"),
    "groupby": lambda a: a.groupby(xr.DataArray([0, 0, 1], dims="x", name="g")).mean(),
    "coarsen": lambda a: a.coarsen(x=3).sum(),
    "rolling": lambda a: a.rolling(y=2).sum(),
    "dot": lambda a: xr.dot(a.fillna(0), a.fillna(0), dim="y"),
    "weighted": lambda a: a.weighted(a["w"]).mean("x"),
    "pad": lambda a: a.pad(x=1, constant_values=0.0),
    "clip": lambda a: a.clip(2, 5),
    "astype": lambda a: a.fillna(0).astype("int32"),
    "apply_ufunc": lambda a: xr.apply_ufunc(lambda v: v - v.mean(axis=-1, keepdims=True), a, input_core_dims=[["y"]], output_core_dims=[["y"]]),
    "sortby": lambda a: a.sortby("x", ascending=False),
    "to_dataset": lambda a: a.to_dataset().assign(u=a * 2)["u"],
    "differentiate": lambda a: a.differentiate("x"),
    "integrate": lambda a: a.fillna(0).integrate("x"),
    "interp": lambda a: a.fillna(0).interp(x=[15, 25]),
    "polyfit": lambda a: a.fillna(0).polyfit("x", 1)["polyfit_coefficients"],
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_numpy(name):
    ours, theirs = CALLS[name](made(cv.asarray)), CALLS[name](made(np.asarray))
    assert type(ours.data).__module__ == "civita", type(ours.data)
    xr.testing.assert_allclose(ours.as_numpy(), theirs.as_numpy())


def test_arrays_are_kept():
    assert isinstance(made(cv.asarray).data, cv.ndarray)
    assert isinstance(xr.Dataset({"a": ("x", cv.arange(3.0))})["a"].data, cv.ndarray)
    assert "array([0., 1., 2., 3.])" in repr(xr.DataArray(cv.arange(4.0)))
