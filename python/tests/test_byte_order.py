"""Arrays in the other byte order: dtypes, values and bytes are NumPy's, and what would show other bytes refuses."""

import copy
import hashlib
import io
import pickle

import numpy as np
import pytest

import civita as cv

# imaginary parts are dropped on purpose
pytestmark = pytest.mark.filterwarnings("ignore:Casting complex values")

CODES = [">f2", ">f4", ">f8", ">i2", ">i4", ">i8", ">u2", ">u4", ">u8", ">c8", ">c16"]


def both(code, shape=(3, 4)):
    """The same numbers, in the other byte order, for either package."""
    values = (np.arange(np.prod(shape)).reshape(shape) * 300 + 1).astype(code)
    if np.dtype(code).kind == "c":
        values = (values * (1 + 2j)).astype(code)
    return cv.array(values), values


def assert_same(ours, numpys):
    """Dtype, values and bytes."""
    assert str(ours.dtype) == str(numpys.dtype) and ours.dtype.byteorder == numpys.dtype.byteorder
    assert ours.shape == numpys.shape
    assert ours.tolist() == numpys.tolist()
    assert ours.tobytes() == numpys.tobytes()
    seen = np.asarray(ours)
    assert seen.dtype == numpys.dtype and np.array_equal(seen, numpys)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "make",
    [
        lambda m, d: m.array([[1, 2], [3, 4]], dtype=d),
        lambda m, d: m.array(5, dtype=d),
        lambda m, d: m.array([[1, 2], [3, 4]], dtype=d, order="F", ndmin=3),
        lambda m, d: m.asarray([1, 2], d),
        lambda m, d: m.zeros((2, 3), d),
        lambda m, d: m.ones(3, dtype=d, order="F"),
        lambda m, d: m.empty(0, d),
        lambda m, d: m.full((2, 2), 7, d),
        lambda m, d: m.full(2, m.array(7, d)),
        lambda m, d: m.zeros_like([1.0, 2.0], dtype=d),
        lambda m, d: m.full_like(m.array([1, 2], d), 3),
        lambda m, d: m.ones_like(m.array([1, 2], d)),
        lambda m, d: m.ones_like(m.array([1, 2], d), dtype="f4"),
        lambda m, d: m.arange(5, dtype=d),
        lambda m, d: m.linspace(0, 8, 5, dtype=d),
        lambda m, d: m.eye(3, dtype=d),
        lambda m, d: m.identity(2, d),
        lambda m, d: m.tri(3, dtype=d),
        lambda m, d: m.indices((2, 2), dtype=d),
        lambda m, d: m.fromiter([1, 2], d),
        lambda m, d: m.frombuffer(bytes(range(64)), d),
        lambda m, d: m.frombuffer(bytes(range(64)), d, count=2, offset=16),
        lambda m, d: m.ndarray((2, 2), d, bytes(range(64))),
        lambda m, d: m.concatenate([[1, 2], [3]], dtype=d, casting="unsafe"),
        lambda m, d: m.stack([[1, 2], [3, 4]], dtype=d, casting="unsafe"),
        lambda m, d: m.ascontiguousarray([[1, 2]], dtype=d),
        lambda m, d: m.require(m.array([1, 2]), d),
        lambda m, d: m.array([1, 2]).astype(d),
        lambda m, d: m.array([1, 2]).astype(d, copy=False),
        lambda m, d: m.array([1.5, 2]).astype(m.dtype(d).newbyteorder("=")).astype(d),
        lambda m, d: m.array([1, 2], d).astype("f8"),
        lambda m, d: m.array(m.array([1, 2], d)),
        lambda m, d: m.array(m.array([1, 2], d), dtype="f4"),
        lambda m, d: m.array(m.array([1, 2], d), dtype=m.dtype(d).newbyteorder("=")),
    ],
)
def test_new_arrays(make, code):
    if code in (">c8", ">c16", ">f2"):
        # NumPy reads the real part alone of complex text; bytes may be NaN
        try:
            wanted = make(np, code)
        except (TypeError, ValueError):
            pytest.skip("NumPy refuses")
        if not np.array_equal(wanted, wanted):
            return
    else:
        wanted = make(np, code)
    got = make(cv, code)
    if wanted.tobytes() == b"" or np.array_equal(wanted, wanted):
        assert_same(got, wanted)
    else:
        assert got.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "of",
    [
        lambda m, x: x,
        lambda m, x: x.T,
        lambda m, x: x[1:, ::2],
        lambda m, x: x[::-1],
        lambda m, x: x[0],
        lambda m, x: x[..., 0],
        lambda m, x: x[0, 0, ...],
        lambda m, x: x[:0],
        lambda m, x: x[[2, 0]],
        lambda m, x: x[x.real > 1000],
        lambda m, x: list(x)[1],
        lambda m, x: x.reshape(2, 6),
        lambda m, x: x.T.reshape(-1),
        lambda m, x: x.ravel(),
        lambda m, x: x.T.ravel(),
        lambda m, x: x.flatten("F"),
        lambda m, x: x.copy(),
        lambda m, x: copy.copy(x),
        lambda m, x: copy.deepcopy(x),
        lambda m, x: x.view(),
        lambda m, x: x.view(m.ndarray),
        lambda m, x: x.view(x.dtype),
        lambda m, x: x.byteswap().byteswap(),
        lambda m, x: x.squeeze(),
        lambda m, x: x.swapaxes(0, 1),
        lambda m, x: x.transpose(1, 0),
        lambda m, x: x.diagonal(),
        lambda m, x: x.take([1, 2]),
        lambda m, x: x.repeat(2),
        lambda m, x: x.real,
        lambda m, x: x.imag,
        lambda m, x: m.real(x),
        lambda m, x: m.take(x, [0], axis=1),
        lambda m, x: m.repeat(x, 2, axis=0),
        lambda m, x: m.sort(x[::-1]),
        lambda m, x: m.partition(x.ravel(), 3)[:3],
        lambda m, x: m.roll(x, 1),
        lambda m, x: m.compress([True, False, True], x, axis=0),
        lambda m, x: m.delete(x, 0, axis=0),
        lambda m, x: m.insert(x, 0, 5, axis=0),
        lambda m, x: m.tile(x, 2),
        lambda m, x: m.pad(x, 1),
        lambda m, x: m.copy(x),
        lambda m, x: m.unique(x),
        lambda m, x: m.extract(x.real > 1000, x),
        lambda m, x: m.diag(x[:, :3]),
        lambda m, x: m.flip(x),
        lambda m, x: m.rot90(x),
        lambda m, x: m.moveaxis(x, 0, 1),
        lambda m, x: m.expand_dims(x, 0),
        lambda m, x: m.atleast_3d(x),
        lambda m, x: m.broadcast_to(x, (2, 3, 4)),
        lambda m, x: m.split(x, 3)[1],
        lambda m, x: m.asarray(x),
        lambda m, x: m.asanyarray(x),
        lambda m, x: m.ascontiguousarray(x.T),
        lambda m, x: m.asfortranarray(x),
        lambda m, x: m.zeros_like(x),
        lambda m, x: m.concatenate([x, x]),
        lambda m, x: m.stack([x, x]),
        lambda m, x: m.where(x.real > 1000, x, x),
        lambda m, x: m.tril(x),
        lambda m, x: x + x,
        lambda m, x: x * 2,
        lambda m, x: -x if x.dtype.kind != "u" else m.square(x),
        lambda m, x: x @ x.T,
        lambda m, x: x.sum(axis=0),
        lambda m, x: x.cumsum(axis=0),
        lambda m, x: x.mean(axis=0),
        lambda m, x: m.sqrt(x),
        lambda m, x: x == x,
        lambda m, x: m.argsort(x, axis=0),
        lambda m, x: m.take_along_axis(x, m.argsort(x, axis=0), 0),
        lambda m, x: m.lib.stride_tricks.as_strided(x, (2, 2), x[:2, :2].strides),
    ],
)
def test_views_copies_and_results(of, code):
    ours, numpys = both(code)
    got, wanted = of(cv, ours), of(np, numpys)
    if code in (">f2", ">c8", ">f4") and not np.array_equal(np.asarray(got), wanted):
        # sums and roots in single precision are rounded elsewhere
        np.testing.assert_allclose(np.asarray(got), wanted, rtol=2e-3)
        assert str(got.dtype) == str(wanted.dtype)
        return
    if wanted.dtype.kind in "fc" and wanted.dtype.isnative and np.allclose(np.asarray(got), wanted, rtol=1e-14):
        assert str(got.dtype) == str(wanted.dtype)
        return
    assert_same(got, wanted)


@pytest.mark.parametrize("code", CODES)
def test_numbers_and_texts(code):
    ours, numpys = both(code)
    assert type(ours[1, 1]).__name__ == type(numpys[1, 1]).__name__ and ours[1, 1] == numpys[1, 1]
    assert str(ours[1, 1].dtype) == str(numpys[1, 1].dtype) and ours.item(3) == numpys.item(3)
    assert repr(ours) == repr(numpys) and str(ours) == str(numpys)
    assert ours.dtype == numpys.dtype and ours.dtype == code and ours.dtype != code[1:]
    assert not ours.dtype.isnative and ours.dtype.newbyteorder() == np.dtype(code[1:])
    assert ours.itemsize == numpys.itemsize and ours.nbytes == numpys.nbytes and ours.strides == numpys.strides


@pytest.mark.parametrize("code", CODES)
def test_views_share_memory_and_keep_the_order(code):
    ours, numpys = both(code)
    for m, x in ((cv, ours), (np, numpys)):
        x[1] = 7
        x.T[0] = 9
        x[x.real == 7] = 5
        x.ravel()[2:4] = 3
        x.view()[2, 3] = 11
        x.flat[5] = 6
        x += 1
        m.add(x, 1, out=x)
        m.copyto(x[:1], 2)
        x.sort(axis=0)
    assert_same(ours, numpys)
    assert cv.shares_memory(ours, ours.view()) and cv.shares_memory(ours, cv.asarray(ours, dtype=code))
    assert not cv.shares_memory(ours, ours.astype(code[1:], copy=False))
    assert not cv.shares_memory(ours, cv.asarray(ours, dtype=code[1:]))
    native = cv.ones(3, code[1:])
    assert not cv.shares_memory(native, native.astype(code, copy=False))
    assert not cv.shares_memory(native, cv.astype(native, code, copy=False))
    assert not cv.shares_memory(native, cv.asarray(native, code))
    assert not cv.shares_memory(native, cv.ascontiguousarray(native, code))


def test_what_is_not_copied_is_refused():
    x = cv.ones(3, ">f8")
    assert cv.asarray(x, copy=False) is x
    for refused in (
        lambda: cv.asarray(x, "f8", copy=False),
        lambda: cv.asarray(cv.ones(3), ">f8", copy=False),
        lambda: cv.asarray(np.ones(3, ">f8"), copy=False),
        lambda: np.asarray(x, copy=False),
        lambda: x.__array__(copy=False),
    ):
        with pytest.raises(ValueError, match="Unable to avoid copy"):
            refused()


def test_memory_is_not_handed_out():
    x = cv.arange(4, dtype=">i4")
    for refused in (memoryview, bytes, lambda a: hashlib.sha1(a), lambda a: io.BytesIO().write(a)):
        with pytest.raises(BufferError, match="byte order"):
            refused(x)
    with pytest.raises(BufferError, match="native byte order"):
        x.__dlpack__()
    with pytest.raises(BufferError):
        np.arange(4, dtype=">i4").__dlpack__()
    with pytest.raises(AttributeError, match="byte order"):
        x.__array_interface__
    for dtype in ("u1", "i4", "f4", ">f8", ">i2", "S4"):
        with pytest.raises(TypeError):
            x.view(dtype)
    with pytest.raises(TypeError, match="byte order"):
        x.getfield("i2", 2)
    with pytest.raises(TypeError, match="byte order"):
        cv.arange(4, dtype="i4").view(">i4")
    with pytest.raises(TypeError, match="byte order"):
        x.dtype = "i4"
    # what the error offers in the place of a view
    with pytest.raises(TypeError, match=r"x.byteswap\(\).astype\(dtype\)"):
        x.view("i4")
    y = np.arange(4, dtype=">i4")
    assert_same(x.byteswap().astype("i4"), y.view("i4"))
    assert_same(cv.frombuffer(x.tobytes(), "u1"), y.view("u1"))
    assert_same(x, np.arange(4, dtype=">i4"))


def test_bits_of_elements_of_one_size_are_seen():
    x, y = cv.array([1.5, -2.0], ">f8"), np.array([1.5, -2.0], ">f8")
    assert_same(x.view(">i8"), y.view(">i8"))
    assert_same(cv.array([1 + 2j], ">c16").view(">f8"), np.array([1 + 2j], ">c16").view(">f8"))
    x.view(">i8")[0] = 0
    y.view(">i8")[0] = 0
    assert_same(x, y)
    x.dtype = y.dtype = ">u8"
    assert_same(x, y)


def test_numpys_copy_cannot_be_written_by_mistake():
    x = cv.ones(3, ">f8")
    seen = np.asarray(x)
    assert seen.dtype == ">f8" and not seen.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 2
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 2
    own = np.array(x)
    own[0] = 2
    assert own.dtype == ">f8" and x.tolist() == [1.0, 1.0, 1.0]
    assert np.asarray(x, dtype="f4").dtype == "f4"
    out = cv.zeros(3, ">f8")
    assert np.add(x, 1, out=out) is out
    assert_same(out, np.full(3, 2, ">f8"))


def test_a_read_buffer_is_not_written():
    memory = bytearray(16)
    x = cv.frombuffer(memory, ">f8")
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1
    assert x.copy().flags.writeable


@pytest.mark.parametrize("code", CODES)
def test_pickles_and_files(code, tmp_path):
    ours, numpys = both(code)
    for view in (lambda a: a, lambda a: a.T, lambda a: a[:, ::-1], lambda a: a[:0]):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert_same(pickle.loads(pickle.dumps(view(ours), protocol)), view(numpys))
        cv.save(tmp_path / "ours.npy", view(ours))
        np.save(tmp_path / "numpys.npy", view(numpys))
        assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpys.npy").read_bytes()
        read = cv.load(tmp_path / "ours.npy")
        assert_same(read, view(numpys))
        assert read.flags.writeable
        stream = io.BytesIO()
        cv.save(stream, view(ours))
        assert stream.getvalue() == (tmp_path / "numpys.npy").read_bytes()
        cv.savez(tmp_path / "x.npz", view(ours))
        assert_same(cv.load(tmp_path / "x.npz")["arr_0"], view(numpys))
        view(ours).tofile(tmp_path / "raw")
        assert (tmp_path / "raw").read_bytes() == view(numpys).tobytes()
        read = cv.fromfile(tmp_path / "raw", code)
        assert_same(read, np.fromfile(tmp_path / "raw", code))
        assert read.flags.writeable


def test_tables(tmp_path):
    (tmp_path / "t").write_text("1 2\n3 4\n")
    for code in (">f8", ">i4"):
        # NumPy's has the bytes of the other order
        assert_same(cv.fromstring("1 2 3", dtype=code, sep=" "), np.array([1, 2, 3], code))
        assert_same(cv.loadtxt(tmp_path / "t", dtype=code), np.loadtxt(tmp_path / "t", dtype=code))


def test_subclasses_keep_the_order():
    def of(m):
        class Named(m.ndarray):
            seen = None

            def __array_finalize__(self, obj):
                self.seen = str(self.dtype)

        return m.array([3, 1, 2], ">i4").view(Named)

    ours, numpys = of(cv), of(np)
    assert ours.seen == numpys.seen == ">i4"
    for get in (
        lambda x: x[1:],
        lambda x: x[[0, 1]],
        lambda x: x.copy(),
        lambda x: x.reshape(3, 1),
        lambda x: x.astype(">f8"),
        lambda x: x.view(),
    ):
        got, wanted = get(ours), get(numpys)
        assert type(got).__name__ == "Named" and got.seen == str(got.dtype) == str(wanted.dtype)
        assert got.tobytes() == wanted.tobytes()


def test_casts_say_no():
    for rule in ("no", "equiv", "safe", "same_kind", "unsafe"):
        for to in (">f8", "f8", ">f4"):
            for of in (lambda m, d="f8": m.ones(2, d), lambda m: m.ones(2, ">f8")):
                assert cv.can_cast(of(cv).dtype, to, rule) == np.can_cast(of(np).dtype, to, rule)
                if np.can_cast(of(np).dtype, to, rule):
                    assert_same(of(cv).astype(to, casting=rule), of(np).astype(to, casting=rule))
                else:
                    with pytest.raises(TypeError, match="(?i)cannot cast"):
                        of(cv).astype(to, casting=rule)
    for call in (lambda m: m.add(1, 2, dtype=">f8"), lambda m: m.ones(3).sum(dtype=">f8"), lambda m: m.mean([1.0], dtype=">f8")):
        for m in (cv, np):
            with pytest.raises(TypeError, match="byte"):
                call(m)


def test_single_bytes_have_no_order():
    for code in (">u1", ">i1", "|b1"):
        assert cv.dtype(code) == np.dtype(code) == code[1:] and cv.zeros(2, code).dtype.isnative
    assert cv.dtype("i1") == ">i1"


def test_dtypes_of_operations_are_native():
    x, y = cv.ones(2, ">f4"), np.ones(2, ">f4")
    assert str(cv.result_type(x, x)) == str(np.result_type(y, y)) == "float32"
    assert str(cv.result_type(np.dtype(">f4"), "i2")) == "float32"
    assert str(cv.promote_types(">i4", ">i8")) == str(np.promote_types(">i4", ">i8"))
    w = cv.array([1.0, 2.0], ">f8", requires_grad=True)
    (w * w).sum().backward()
    assert w.grad.tolist() == [2.0, 4.0] and w.grad.dtype == "f8"
