"""pandas and polars take Civita's arrays, and Civita takes their columns."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import civita as cv

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_pandas_series(dtype):
    a = cv.asarray([0, 1, 1], dtype=dtype)
    s = pd.Series(a)
    assert s.dtype == dtype and s.tolist() == a.tolist()
    back = cv.asarray(s)
    assert back.dtype == dtype and (back == a).all()


def test_pandas_frame():
    a = cv.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(a, columns=list("abc"))
    assert frame.shape == (4, 3) and frame["b"].tolist() == a[:, 1].tolist()
    frame = pd.DataFrame({"x": a[:, 0], "n": cv.arange(4, dtype="int32")})
    assert frame["x"].dtype == "float64" and frame["n"].dtype == "int32"
    assert (cv.asarray(frame) == cv.stack([a[:, 0], cv.arange(4.0)], axis=1)).all()


def test_pandas_assigns_selects_and_computes():
    a = cv.arange(4.0)
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    frame["y"] = a
    frame.loc[:, "z"] = a * 2
    assert frame["y"].tolist() == a.tolist() and frame["z"].sum() == 12
    assert frame[np.asarray(a > 1)].shape == (2, 3)
    assert frame.loc[cv.asarray([0, 3])].shape == (2, 3)
    assert (frame["x"] + a).tolist() == [1.0, 3.0, 5.0, 7.0]
    assert pd.cut(frame["x"], cv.asarray([0.0, 2.0, 5.0])).cat.codes.tolist() == [0, 0, 1, 1]
    assert pd.Index(cv.asarray([3, 1, 2])).get_indexer(cv.asarray([1, 2])).tolist() == [1, 2]
    assert frame.groupby(cv.asarray([0, 0, 1, 1]).numpy())["x"].sum().tolist() == [3.0, 7.0]
    assert pd.unique(pd.Series(cv.asarray([2, 2, 1]))).tolist() == [2, 1]


def test_pandas_takes_a_mask():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    assert frame[cv.arange(4.0) > 1].shape == (2, 1)


def test_pandas_groups_by_an_array():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    assert frame.groupby(cv.asarray([0, 0, 1, 1]))["x"].sum().tolist() == [3.0, 7.0]


def test_ufuncs_of_civita_take_series():
    s = pd.Series([1.0, 4.0, 9.0])
    assert cv.sqrt(cv.asarray(s)).tolist() == [1.0, 2.0, 3.0]
    assert np.sqrt(s).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_polars_series(dtype):
    a = cv.asarray([0, 1, 1], dtype=dtype)
    s = pl.Series("x", np.asarray(a))
    assert s.to_list() == a.tolist()
    back = cv.asarray(s)
    assert back.dtype == dtype and (back == a).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_polars_takes_arrays_as_they_are(dtype):
    a = cv.asarray([0, 1, 1], dtype=dtype)
    s = pl.Series("x", a)
    assert s.to_list() == a.tolist()
    assert s.to_numpy().dtype == dtype


def test_polars_frame():
    a = cv.arange(12.0).reshape(4, 3)
    frame = pl.DataFrame({"a": a[:, 0], "b": a[:, 1]})
    assert frame["b"].to_list() == a[:, 1].tolist()
    assert (cv.asarray(frame) == a[:, :2]).all()
    frame = pl.DataFrame(a.numpy(), schema=["a", "b", "c"])
    assert frame.select(pl.col("c").sum()).item() == 26


def test_polars_takes_axes_as_lists():
    a = cv.arange(24, dtype="float32").reshape(2, 3, 4)
    s = pl.Series("x", a)
    assert s.dtype == pl.Array(pl.Array(pl.Float32, 4), 3) and s.to_list() == a.tolist()
    s = pl.Series("x", (a > 5)[:, :, 1])
    assert s.to_list() == (a > 5)[:, :, 1].tolist()
    assert pl.Series("x", a[:0]).len() == 0
    # Arrow's memory never changes
    b = cv.arange(3)
    s = pl.Series("x", b)
    b[0] = 9
    assert s.to_list() == [0, 1, 2]
