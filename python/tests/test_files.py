"""Files of arrays: both directions with NumPy, every dtype, order and version; damaged ones are errors."""

import concurrent.futures
import gzip
import io
import os
import struct
import warnings
import zipfile

import civita as cv
import numpy as np
import pytest

NAMES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
         "complex64", "complex128"]  # fmt: skip


def same(ours, theirs):
    assert isinstance(ours, cv.ndarray) and ours.dtype.name == theirs.dtype.name and ours.shape == theirs.shape
    np.testing.assert_array_equal(np.asarray(ours), theirs)


def layouts(name):
    a = (np.arange(24).reshape(2, 3, 4) % 11).astype(name)
    return [a, np.asfortranarray(a), a[0, 0, 0], a[..., :0], a[:, ::2], a.ravel()]


@pytest.mark.parametrize("name", NAMES)
def test_npy_goes_both_ways_in_every_dtype_order_and_version(name, tmp_path):
    for a in layouts(name):
        x = cv.array(a, order="K")
        ours, theirs = io.BytesIO(), io.BytesIO()
        cv.save(ours, x)
        np.save(theirs, a)
        assert ours.getvalue() == theirs.getvalue()
        same(cv.load(io.BytesIO(theirs.getvalue())), a)
        cv.save(tmp_path / "x", x)
        assert (tmp_path / "x.npy").read_bytes() == theirs.getvalue()
        same(cv.load(tmp_path / "x.npy"), a)
        for version in ((1, 0), (2, 0), (3, 0)):
            f = io.BytesIO()
            np.lib.format.write_array(f, a.astype(a.dtype.newbyteorder(">")), version=version)
            same(cv.load(io.BytesIO(f.getvalue())), a)
            g, h = io.BytesIO(), io.BytesIO()
            cv.lib.format.write_array(g, x, version=version)
            np.lib.format.write_array(h, a, version=version)
            assert g.getvalue() == h.getvalue()


def test_several_arrays_in_one_stream_and_streams_that_cannot_seek():
    f = io.BytesIO()
    for i in range(3):
        cv.save(f, cv.arange(i))
    f.seek(0)
    for i in range(3):
        same(cv.load(f), np.arange(i))
    with pytest.raises(EOFError):
        cv.load(f)

    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self.inner = io.BytesIO(data)

        def readable(self):
            return True

        def read(self, n=-1):
            return self.inner.read(min(n, 7) if n > 0 else n)

    f = io.BytesIO()
    np.save(f, np.arange(5))
    same(cv.lib.format.read_array(Pipe(f.getvalue())), np.arange(5))


def test_npz_goes_both_ways(tmp_path):
    a, b = np.arange(6.0).reshape(2, 3), np.array([True, False])
    for ours, theirs in ((cv.savez, np.savez), (cv.savez_compressed, np.savez_compressed)):
        ours(tmp_path / "x", cv.array(a), b=cv.array(b))
        with np.load(tmp_path / "x.npz") as z:
            assert sorted(z.files) == ["arr_0", "b"]
            np.testing.assert_array_equal(z["arr_0"], a)
            np.testing.assert_array_equal(z["b"], b)
        theirs(tmp_path / "y.npz", a, b=b)
        with cv.load(tmp_path / "y.npz") as z:
            assert sorted(z) == ["arr_0", "b"] and len(z) == 2 and "b" in z and "b.npy" in z and "c" not in z
            same(z["arr_0"], a)
            same(z.f.b, b)
            with pytest.raises(KeyError):
                z["c"]
            assert repr(z).startswith("NpzFile")
    with pytest.raises(ValueError, match="un-named"):
        cv.savez(tmp_path / "z", cv.array(a), arr_0=cv.array(a))


def test_hostile_files_are_errors_in_bounded_memory(tmp_path):
    def npy(text, data=b"", version=1):
        form = "<H" if version == 1 else "<I"
        return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(form, len(text)) + text + data

    good = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
    for data in (
        npy(good),
        npy(good, b"\0" * 15),
        npy(good.replace(b"(2,)", b"(1000000000000,)"), b"\0" * 16),
        npy(good.replace(b"(2,)", b"(4611686018427387904, 4611686018427387904)")),
        npy(good.replace(b"(2,)", b"(-1,)")),
        npy(good.replace(b"(2,)", b"2")),
        npy(good.replace(b"<f8", b"|O")),
        npy(good.replace(b"<f8", b"<U3")),
        npy(good.replace(b"False", b"0")),
        npy(good.replace(b"shape", b"sheep")),
        npy(good + b" + __import__('os').getcwd()"),
        npy(b"[" * 5000),
        npy(b" " * 20000, version=2),
        npy(good, version=9),
        npy(b"\xff\xfe", version=3),
        npy(good)[:20],
        b"\x93NUMPY",
        b"\x80\x04K\x01.",
        b"hello",
        b"PK\x03\x04" + b"\0" * 40,
    ):
        with pytest.raises(ValueError):
            cv.load(io.BytesIO(data))
        path = tmp_path / "bad.npy"
        path.write_bytes(data)
        with pytest.raises(ValueError):
            cv.load(path)
    with pytest.raises(EOFError):
        cv.load(io.BytesIO(b""))
    with pytest.raises(FileNotFoundError):
        cv.load(tmp_path / "none.npy")


def test_damaged_archives_are_errors(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.arange(1000.0))
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 200)):
        broken = bytearray(data)
        broken[at] ^= 0x55
        path.write_bytes(broken)
        try:
            with cv.load(path) as z:
                for name in z:
                    z[name]
        except (ValueError, KeyError, EOFError, OSError, NotImplementedError, RuntimeError):
            pass
        path.write_bytes(data[:at])
        with pytest.raises((ValueError, EOFError)):
            cv.load(path)["x"]
    # a header that promises what deflate cannot hold
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 70) + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }".ljust(70))
    with pytest.raises(ValueError), cv.load(path) as z:
        z["x"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.npz"
    cv.savez(path, x=cv.arange(3))
    before = path.read_bytes()

    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cv.savez(path, x=Broken())
    with pytest.raises(OSError):
        cv.save(tmp_path / "folder" / "x.npy", cv.arange(3))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["x.npz"]


def test_files_are_mapped_into_memory(tmp_path):
    path = tmp_path / "x.npy"
    a = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    np.save(path, a)
    for mode in ("r", "c", "r+"):
        x = cv.load(path, mmap_mode=mode)
        same(x, a)
        assert x.flags.writeable == (mode != "r")
        if mode != "r":
            x[0, 0] = 99
        del x
        assert np.load(path)[0, 0] == (99 if mode == "r+" else 0)
    raw = tmp_path / "raw"
    m = cv.memmap(raw, dtype="f4", mode="w+", shape=(2, 3))
    m[1] = 5
    del m
    same(cv.memmap(raw, "f4", "r", shape=(2, 3)), np.array([[0, 0, 0], [5, 5, 5]], "f4"))
    same(cv.memmap(raw, "f4", "r", offset=12), np.full(3, 5, "f4"))
    made = cv.lib.format.open_memmap(tmp_path / "new.npy", "w+", dtype="i2", shape=(3,))
    made[:] = 7
    del made
    np.testing.assert_array_equal(np.load(tmp_path / "new.npy"), np.full(3, 7, "i2"))
    for wrong in ({"mode": "q"}, {"mode": "w+"}, {"mode": "r", "shape": (1000,)}):
        with pytest.raises(ValueError):
            cv.memmap(raw, "f4", **wrong)


def test_maps_know_their_file_and_are_flushed(tmp_path):
    def seen(m, path):
        made = m.lib.format.open_memmap(path, mode="w+", dtype="f4", shape=(3, 4))
        made[:] = 1
        made[0] = 2
        made.flush()
        known = [(type(x).__name__, x.mode, x.offset, type(x.filename), os.fspath(x.filename) == os.fspath(path)) for x in (made, made[1:], made.T, made.reshape(-1))]
        read = m.load(os.fspath(path), mmap_mode="r")
        read.flush()
        copied = m.load(path, mmap_mode="c")
        copied[0, 0] = 99
        copied.flush()
        kinds = [type(x).__name__ for x in (read + 1, read.sum(), read.sum(0), m.exp(read), read[0, 0], read[[0, 1]], read.copy(), m.asarray(read))]
        raw = m.memmap(path, dtype="f4", mode="r", offset=made.offset + 16)
        with open(path, "rb") as f:
            by_file = m.memmap(f, dtype="u1", mode="readonly")
            named = (by_file.mode, os.fspath(by_file.filename) == os.fspath(path))
        empty = m.memmap(path, dtype="f4", mode="r", offset=made.offset, shape=(0,))
        empty.flush()
        path.with_suffix(".none").touch()
        with pytest.raises(ValueError):
            m.memmap(path.with_suffix(".none"), dtype="f4", mode="r")
        return (read.filename == os.fspath(path), read.offset), known, kinds, (raw.offset, raw.shape, raw.tolist()), named, np.load(path).tolist(), isinstance(read, m.ndarray), repr(read)

    assert seen(cv, tmp_path / "c.npy") == seen(np, tmp_path / "n.npy")


@pytest.mark.parametrize("kwargs", [{}, {"max_rows": 2}, {"skiprows": 1}, {"dtype": int}, {"usecols": 1}, {"unpack": True}])
@pytest.mark.parametrize("lines", [
    ["1 2", "3 4", "5 6"], ["1 2\n", "3 4\n"], ("# c", "1 2", "", "3 4 # d"), [b"1 2", b"3 4"], [b"1 2\n", b"3 4"], ["1 2\n3 4", "5 6"],
    ["1 2\r\n", "3 4\r\n"], ["1 2", b"3 4"], [1, 2], ["é 1", "2 3", "4 5"], [], ["1 2", "3"], ["99999999999999999999 1", "2 3"],
])  # fmt: skip
def test_lines_in_a_list_are_a_table(lines, kwargs):
    def outcome(m):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                table = m.loadtxt(lines, **kwargs)
                again = m.loadtxt((line for line in lines), **kwargs)
            except Exception as error:
                return type(error)
        return str(table.dtype), table.shape, table.tolist(), again.tolist()

    assert outcome(cv) == outcome(np)


def test_raw_bytes_and_texts_of_numbers(tmp_path):
    path = tmp_path / "x.bin"
    for name in NAMES:
        a = (np.arange(12).reshape(3, 4) % 7).astype(name)
        cv.array(a).tofile(path)
        assert path.read_bytes() == a.tobytes()
        same(cv.fromfile(path, dtype=name), a.ravel())
        same(cv.fromfile(path, name, count=2, offset=a.itemsize), a.ravel()[1:3])
        with open(path, "rb") as f:
            same(cv.fromfile(f, name, count=3), a.ravel()[:3])
            same(cv.fromfile(f, name), a.ravel()[3:])
        a.astype(a.dtype.newbyteorder(">")).tofile(path)
        same(cv.fromfile(path, dtype=a.dtype.newbyteorder(">")), a.ravel())
    a = np.array([1.5, -2e10, 0.1])
    cv.array(a).tofile(path, sep=", ")
    same(cv.fromfile(path, sep=","), a)
    cv.array(a).tofile(path, sep=" ", format="%.2f")
    assert path.read_text() == "1.50 -20000000000.00 0.10"
    for text, sep, dtype in (("1 2 3", " ", int), ("1,2,3", ",", float), ("1, 2 ,3", ",", "f4"), (" 1\n2 3 ", " ", "u1"), ("nan inf -inf 1e3", " ", float),
                             ("", " ", float), ("1;2", ";", complex), ("1+2j,3", ",", complex)):  # fmt: skip
        same(cv.fromstring(text, dtype=dtype, sep=sep), np.fromstring(text, dtype=dtype, sep=sep))
    same(cv.fromstring("1 2 3", sep=" ", count=2), np.array([1.0, 2.0]))
    same(cv.fromstring("1 -2.3 0.0", dtype=bool, sep=" "), np.fromstring("1 -2.3 0.0", dtype=bool, sep=" "))
    for text, sep in (("1 2 x 3", " "), ("1.5,,2", ","), ("1.234 1,234", " ")):
        for module in (cv, np):
            with pytest.raises(ValueError, match="could not be read to its end"):
                module.fromstring(text, sep=sep)
    with pytest.raises(ValueError, match="frombuffer"):
        cv.fromstring("abcd", dtype="u1")


def test_frombuffer_shares_memory():
    data = bytearray(np.arange(6, dtype="i4").tobytes())
    x = cv.frombuffer(data, "i4")
    same(x, np.arange(6, dtype="i4"))
    x[0] = 7
    assert data[0] == 7
    same(cv.frombuffer(data, "i4", count=2, offset=4), np.array([1, 2], "i4"))
    same(cv.frombuffer(bytes(9), "u1", offset=9), np.zeros(0, "u1"))
    same(cv.frombuffer(b"x" + np.arange(3.0).tobytes(), offset=1), np.arange(3.0))
    for wrong in (lambda: cv.frombuffer(bytes(9)), lambda: cv.frombuffer(bytes(8), "i4", 3), lambda: cv.frombuffer(bytes(8), "i4", 1, 9),
                  lambda: cv.frombuffer(bytes(8), "i4", 1, -1)):  # fmt: skip
        with pytest.raises(ValueError):
            wrong()


TABLES = [
    ("1 2 3\n4 5 6\n", {}),
    ("# head\n1,2\n3,4 # tail\n\n", {"delimiter": ","}),
    ("1\n2\n3\n", {}),
    ("1 2\n", {}),
    ("5\n", {}),
    ("1 2\n3 4\n", {"ndmin": 2, "unpack": True}),
    ("1\n2\n", {"ndmin": 2}),
    ("7\n", {"ndmin": 1}),
    ("a b\n1 2\n3 4\n5 6", {"skiprows": 1, "max_rows": 2}),
    ("1,2,3\n4,5,6", {"delimiter": ",", "usecols": (2, 0)}),
    ("1,2,3\n4,5,6", {"delimiter": ",", "usecols": -1}),
    ("1 2\n3 4", {"dtype": int}),
    ("1 2\n3 4", {"dtype": "u1"}),
    ("1e3 nan\ninf -1.5E-3", {"dtype": "f4"}),
    ("(1+2j) 3\n4j 5", {"dtype": complex}),
    ("1;2%x\n3;4", {"delimiter": ";", "comments": "%"}),
    ("1 2\n3 4 // c\n", {"comments": ["//", "#"]}),
    ("0x1 2", {"converters": {0: lambda s: int(s, 16)}, "encoding": None}),
    ("1\t2\r\n3\t4\r\n", {"delimiter": "\t"}),
    ('"1" 2\n3 "4"\n', {"quotechar": '"'}),
    ("1_000 2\n", {"dtype": float}),
]


@pytest.mark.parametrize(("text", "options"), TABLES)
def test_loadtxt_reads_what_numpys_reads(text, options, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(text, newline="")
    try:
        wanted = np.loadtxt(io.StringIO(text), **options)
    except ValueError:
        with pytest.raises(ValueError):
            cv.loadtxt(io.StringIO(text), **options)
        return
    same(cv.loadtxt(io.StringIO(text), **options), wanted)
    same(cv.loadtxt(io.BytesIO(text.encode()), **options), wanted)
    same(cv.loadtxt(path, **options), wanted)
    same(cv.loadtxt(text.splitlines(), **options), wanted)
    with gzip.open(tmp_path / "x.txt.gz", "wt") as f:
        f.write(text)
    same(cv.loadtxt(tmp_path / "x.txt.gz", **options), wanted)


def test_loadtxt_tells_where_a_table_is_wrong():
    for text, options, match in (
        ("1 2\n3\n", {}, "number of columns changed from 2 to 1 at row 2"),
        ("1 x\n", {}, "could not convert string 'x' to float64 at row 0, column 2"),
        ("1 x\n", {"dtype": int}, "could not convert string 'x' to int64 at row 0, column 2"),
        ("1 2\n", {"usecols": 5}, "invalid column index 5 at row 1 with 2 columns"),
        ("1 2\n", {"ndmin": 3}, "ndmin"),
        ("300\n", {"dtype": "u1"}, "300|fit|bound"),
    ):
        with pytest.raises((ValueError, OverflowError), match=match):
            cv.loadtxt(io.StringIO(text), **options)
    with pytest.warns(UserWarning, match="no data"):
        assert cv.loadtxt(io.StringIO("# nothing\n")).shape == (0,)
    for wrong in ({"delimiter": ",,"}, {"delimiter": "\n"}, {"usecols": 1.5}, {"converters": 3}):
        with pytest.raises(TypeError):
            cv.loadtxt(io.StringIO("1"), **wrong)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cv.loadtxt(io.StringIO("1 2"))


def test_savetxt_writes_what_numpys_writes(tmp_path):
    a = np.array([[1.5, -2.0], [1e-10, 1e10]])
    for value, options in ((a, {}), (a[0], {}), (a.astype(int), {"fmt": "%d"}), (a, {"fmt": "%.2f", "delimiter": ","}), (a, {"fmt": ["%.1f", "%d"]}),
                           (a, {"fmt": "%.1f|%.3e"}), (a, {"header": "a\nb", "footer": "end"}), (a, {"comments": "% ", "header": "x"}), (a + 1j, {}),
                           (a, {"newline": "\r\n"}), (a.astype(bool), {"fmt": "%d"}), (a - 2j, {"fmt": "%.1f"}), (a[:0], {})):  # fmt: skip
        ours, theirs = io.StringIO(), io.StringIO()
        cv.savetxt(ours, cv.array(value), **options)
        np.savetxt(theirs, value, **options)
        assert ours.getvalue() == theirs.getvalue(), options
        ours = io.BytesIO()
        cv.savetxt(ours, cv.array(value), **options)
        assert ours.getvalue().decode() == theirs.getvalue()
    cv.savetxt(tmp_path / "x.gz", cv.array(a))
    same(cv.loadtxt(tmp_path / "x.gz"), a)
    for wrong in (cv.zeros((2, 2, 2)), cv.array(1)):
        with pytest.raises(ValueError, match="Expected 1D or 2D"):
            cv.savetxt(io.StringIO(), wrong)
    with pytest.raises(ValueError, match="% formats"):
        cv.savetxt(io.StringIO(), cv.array(a), fmt="%d %d %d")


GENERATED = [
    ("1 2 3\n4 5 6", {}),
    ("1,,3\n4,5,", {"delimiter": ","}),
    ("1,x,3\n4,5,6", {"delimiter": ",", "filling_values": -9}),
    ("1,N/A,3\n4,5,6", {"delimiter": ",", "missing_values": "N/A", "filling_values": {1: 7}}),
    ("h\n1 2\n3 4\nf", {"skip_header": 1, "skip_footer": 1}),
    ("1 2\n3 4", {"dtype": None}),
    ("1.5 2.5\n3.5 4.5", {"dtype": None}),
    ("True False\nFalse True", {"dtype": None}),
    (" 12 34\n 56 78", {"delimiter": 3}),
    ("1 2 3\n4 5 6", {"usecols": (0, 2), "unpack": True}),
    ("1,2\n3,4", {"delimiter": ",", "dtype": int, "max_rows": 1}),
    ("5", {}),
]


@pytest.mark.parametrize(("text", "options"), GENERATED)
def test_genfromtxt_reads_what_numpys_reads(text, options):
    same(cv.genfromtxt(io.StringIO(text), **options), np.genfromtxt(io.StringIO(text), **options))


def test_genfromtxt_tells_what_is_wrong():
    with pytest.raises(ValueError, match="columns instead of"):
        cv.genfromtxt(io.StringIO("1 2\n3"))
    for wrong in ({"names": True}, {"usemask": True}):
        with pytest.raises(TypeError):
            cv.genfromtxt(io.StringIO("1 2"), **wrong)


QUOTED = [
    ('"1","2"\n"3","4"\n', {"delimiter": ","}),
    ('1 "2"\n"3" 4# "5"\n', {}),
    (' 3 ,"\u202f2\n"\n', {"delimiter": ","}),
    ('"1"" ","2"\n', {"delimiter": ",", "converters": len}),
    ('1,"2,3",4\n5,"6,",7\n', {"delimiter": ",", "converters": len}),
    ("", {"ndmin": 2}),
]


@pytest.mark.parametrize("text, options", QUOTED)
def test_loadtxt_reads_quoted_fields(text, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (m.loadtxt(io.StringIO(text), quotechar='"', **options) for m in (cv, np))
    same(ours, theirs)


@pytest.mark.parametrize("ndmin", [0, 1, 2])
@pytest.mark.parametrize("usecols", [None, (1, 2, 3)])
@pytest.mark.parametrize("text", ["", "\n\n", "# 1 2\n"])
def test_loadtxt_of_nothing_has_numpys_shape(text, usecols, ndmin):
    for options in ({}, {"max_rows": 3}):
        with pytest.warns(UserWarning, match="no data"):
            ours = cv.loadtxt(io.StringIO(text), ndmin=ndmin, usecols=usecols, **options)
        with pytest.warns(UserWarning, match="no data"):
            same(ours, np.loadtxt(io.StringIO(text), ndmin=ndmin, usecols=usecols, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": ",", "comments": ","},
        {"delimiter": ",", "quotechar": ","},
        {"quotechar": "#"},
        {"delimiter": ",", "comments": ["#", ","]},
        {"comments": " "},
        {"quotechar": "\u2003"},
        {"quotechar": "''"},
        {"quotechar": "\n"},
        {"comments": "\r"},
        {"comments": "ab", "quotechar": "'"},
        {"converters": {"a": int}},
        {"converters": {0: 1}},
        {"converters": {3: int}},
        {"converters": {-3: int}},
        {"skiprows": 1.0},
        {"max_rows": 1.0},
        {"max_rows": -1},
        {"dtype": "u1", "comments": None, "text": "-1\n"},
        {"dtype": "i1", "comments": None, "text": "200\n"},
        {"text": ["1,2\n", "2\n,3\n"], "delimiter": ","},
        {"text": ["1,2\n", "2\r,3\n"], "delimiter": ","},
    ],
)
def test_loadtxt_refuses_what_numpy_refuses(options):
    options = dict(options)
    text = options.pop("text", "1 2\n3 4\n")
    for module in (np, cv):
        with pytest.raises((TypeError, ValueError)) as raised, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module.loadtxt(io.StringIO(text) if isinstance(text, str) else text, **options)
        if module is np:
            expected = raised.type
    assert raised.type is expected


def test_loadtxt_knows_all_newlines_of_files():
    for text in ("1 2\r3 4\r", "1 2\r\n3 4", "1 2\n3 4\r\n"):
        same(cv.loadtxt(io.StringIO(text, newline=""), max_rows=9), np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize("text", ["1\r2\n", "1 2\n\r3 4", "# a\r1\n2\n", "1\r\n2\r\n", "\r", "1 2 # a\r\n", "1\r\r\n2\n"])
@pytest.mark.parametrize("reader", ["loadtxt", "genfromtxt"])
def test_lines_of_an_open_file_end_where_the_file_says(reader, text):
    for make in (io.StringIO, lambda t: io.BytesIO(t.encode())):
        found = []
        for module in (np, cv):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    found.append(np.asarray(getattr(module, reader)(make(text))).tolist())
                except ValueError:
                    found.append(ValueError)
        assert found[0] == found[1] or str(found[0]) == str(found[1]), text


def test_loadtxt_reads_what_cannot_be_read_twice():
    for binary in (False, True):
        read, write = os.pipe()
        os.write(write, "# \u00e9\n1 2\n3 4\n".encode())
        os.close(write)
        with open(read, "rb") if binary else open(read, encoding="utf-8") as f:
            same(cv.loadtxt(f), np.array([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize("text", ["3.", "1e5", "-.5", "1_0", "\uff11", "0x10"])
def test_integers_of_tables_are_no_floats(text):
    for dtype in ("int64", "uint8", "bool"):
        for module in (np, cv):
            with pytest.raises(ValueError, match="could not convert"):
                module.loadtxt(io.StringIO(text), dtype=dtype)


@pytest.mark.parametrize("text", ["1++2j", "(1+-2j)", "-iNf", "NaN+iNfj", "1e5-.5j"])
def test_complex_numbers_of_tables_are_numpys(text):
    same(cv.loadtxt(io.StringIO(text), dtype="complex128"), np.loadtxt(io.StringIO(text), dtype="complex128"))


@pytest.mark.parametrize(("at", "value"), [(6, 1), (8, 99), (6, 32)])
def test_archives_that_cannot_be_unpacked_are_value_errors(at, value):
    file = io.BytesIO()
    np.savez(file, x=np.arange(3))
    for mark, more in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        bytes = bytearray(file.getvalue())
        bytes[bytes.find(mark) + at + more] ^= value
        try:
            found = cv.load(io.BytesIO(bytes))["x"]
        except ValueError:
            continue
        same(found, np.arange(3))


def test_threads_save_under_one_name(tmp_path):
    path = tmp_path / "x.npz"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: cv.savez(path, a=cv.full(10_000, float(i))), range(40)))
    assert len(set(cv.load(path)["a"].tolist())) == 1 and os.listdir(tmp_path) == ["x.npz"]


def test_headers_of_python_2_are_read_with_a_warning():
    data = b"\x93NUMPY\x01\x00F\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }".ljust(69) + b"\n" + np.ones(2).tobytes()
    for module in (np, cv):
        with pytest.warns(UserWarning, match="created on Python 2"):
            same(cv.asarray(module.load(io.BytesIO(data))), np.ones(2))


def test_headers_are_written_as_they_are_given():
    for header in ({"descr": "x", "fortran_order": False, "shape": (1, 2), "extrakey": -1}, {"descr": "<f8", "fortran_order": True, "shape": (3,)}):
        for version in ("1_0", "2_0"):
            written = []
            for module in (np, cv):
                file = io.BytesIO()
                getattr(module.lib.format, f"write_array_header_{version}")(file, header)
                written.append(file.getvalue())
            if "extrakey" in header:
                for module in (np, cv):
                    with pytest.raises(ValueError):
                        getattr(module.lib.format, f"read_array_header_{version}")(io.BytesIO(written[1][8:]))
            else:
                assert written[0] == written[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda xp: xp.loadtxt(io.StringIO("")),
        lambda xp: xp.loadtxt(io.StringIO("# a\n1 2\n"), max_rows=1),
        lambda xp: xp.loadtxt(io.StringIO("# a\n1 2\n"), max_rows=1, converters=float),
        lambda xp: xp.genfromtxt(io.StringIO("")),
        lambda xp: xp.genfromtxt(["1 2", "3"], invalid_raise=False),
        lambda xp: xp.load(io.BytesIO(python_2_file())),
        lambda xp: xp.polyfit([1, 2], [1, 2], 3),
        lambda xp: xp.linalg.qr(xp.eye(2), mode="full"),
    ],
)
def test_warnings_name_the_callers_line(call):
    for xp in (cv, np):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            call(xp)
        # files that earlier tests left open are closed at any time
        seen = [each for each in seen if each.category is not ResourceWarning]
        assert seen and all(each.filename == __file__ for each in seen), (xp, [(each.filename, each.lineno) for each in seen])


def python_2_file():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<d", 1.5)


@pytest.mark.parametrize("text", ["# head\n1 2\n3 4\n", "1 2\n\n3 4\n5 6\n", "1 2 # a\n  # b\n \t\n3 4\n\n", "1 2\n3 4\n\n", "x\n\n1 2\n3 4"])
@pytest.mark.parametrize("max_rows", [0, 1, 2, 3])
@pytest.mark.parametrize("skiprows", [0, 1])
@pytest.mark.parametrize("source", ["path", "lines", "file"])
def test_lines_without_data_are_told_where_rows_are_counted(text, max_rows, skiprows, source, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(text)
    found = []
    for m in (np, cv):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            given = {"path": path, "lines": text.splitlines(), "file": io.StringIO(text)}[source]
            try:
                table = np.asarray(m.loadtxt(given, max_rows=max_rows, skiprows=skiprows)).tolist()
            except ValueError:
                table = ValueError
        told = [str(w.message).split(" contained")[0] for w in told if "will not be counted" in str(w.message)]
        found.append((table, told if table is not ValueError else None))
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64"])
@pytest.mark.parametrize("text", ["3.0 4", "1e2 7", "300 1", "-1 2", "x 1", "4 70000"])
def test_integers_of_genfromtxt_fit_their_dtype(text, dtype):
    results = []
    for m in (cv, np):
        try:
            result = np.asarray(m.genfromtxt([text, text], dtype=dtype))
            results.append((str(result.dtype), result.tolist()))
        except OverflowError:
            results.append("OverflowError")
    assert results[0] == results[1]


def outcome(module, call):
    """What a call gives, or its exception's class, whose message may be another."""
    try:
        found = call(module)
    except (ValueError, TypeError, OverflowError) as error:
        return type(error)
    return found if isinstance(found, (str, bytes, list)) else (str(found.dtype), np.asarray(found).shape, np.asarray(found).tolist())


def agrees(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert repr(outcome(cv, call)) == repr(outcome(np, call))


@pytest.mark.parametrize("fmt", ["%s", "%r", "%8s", "%d", "%x", "%c", "%.3e", "%i|%s"])
@pytest.mark.parametrize("name", NAMES)
def test_savetxt_formats_the_elements_of_their_dtype(name, fmt):
    def write(m):
        m.savetxt(f := io.StringIO(), m.asarray([[0.1, 2.7], [65, 0]]).astype(name), fmt=fmt)
        return f.getvalue()

    agrees(write)


@pytest.mark.parametrize("options", [{}, {"encoding": "latin1"}, {"encoding": "utf-8"}])
@pytest.mark.parametrize("name", ["o.txt", "o.txt.gz", "o.txt.bz2", "o.txt.xz"])
def test_savetxt_encodes_as_open_does(name, options, tmp_path):
    header = "é" if options else "é日本"
    for m, folder in ((cv, tmp_path / "a"), (np, tmp_path / "b")):
        folder.mkdir()
        m.savetxt(folder / name, m.asarray([1.5]), header=header, **options)
        assert np.asarray(m.loadtxt(folder / name, **options)) == 1.5
    ours, theirs = (np.lib._datasource.open(str(tmp_path / k / name), "rt", encoding="latin1").read() for k in "ab")
    assert ours == theirs
    agrees(lambda m: m.savetxt(5, m.asarray([1.0])))


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        # blanks at both ends of a line are no fields, tabs are
        (["1 2 3 ", " 4 5 6"], {"delimiter": " "}),
        (["1\t2\t", "4\t5\t"], {"delimiter": "\t"}),
        (["1, 2 ", " True,False "], {"delimiter": ",", "dtype": bool}),
        (["1 2 ", "   ", "4 5"], {"delimiter": (2, 2)}),
        (["1 2", "", "4 5"], {"delimiter": 0}),
        # columns are counted from the first line
        (["1,2,3", "4,5,6,7"], {"delimiter": ",", "usecols": -1}),
        (["1,2,3", "4,5"], {"delimiter": ",", "usecols": -1}),
        (["1 2 3", "4 5"], {"usecols": (0, -2)}),
        (["1 2 3", "4 5 6"], {"usecols": 9}),
        (["1 2 3", "4 5 6"], {"usecols": 9, "invalid_raise": False}),
        (["1 2", "3 4"], {"usecols": []}),
        (["1 2 3", "4 5", "6 7 8"], {"skip_footer": 1}),
        (["1 2 3", "4 5", "6 7 8", "9 9 9"], {"max_rows": 2, "invalid_raise": False}),
        # converters
        (["6.08", "-0.93"], {"dtype": None, "converters": {0: lambda v: float(v) * 2}}),
        (["6.08", "-0.93"], {"dtype": int, "converters": {0: lambda v: float(v) * 2}}),
        (["6", "-3"], {"dtype": None, "converters": {0: int}}),
        (["1 2", "3 4.5"], {"dtype": None, "converters": {0: lambda v: float(v) * 2}}),
        (["1 2", "3 4"], {"dtype": None, "converters": {0: lambda v: 7}}),
        (["1 2", "x 3"], {"converters": {0: float}}),
        (["1 2", "x 3"], {"converters": {0: float}, "filling_values": {0: 9.0}}),
        (["1 2", "x 3"], {"converters": {0: float}, "loose": False}),
        (["1 2", "3 4"], {"converters": {1: lambda v: float(v) * 2}, "usecols": (1,)}),
        (["1 2", "3 4"], {"converters": {0: lambda v: float(type(v) is bytes)}, "encoding": "bytes"}),
        (["1 2", "3 4"], {"converters": [float]}),
        # missing values
        (["1,-999"], {"delimiter": ",", "missing_values": "-999", "filling_values": 0}),
        (["1,N/A", "2,-"], {"delimiter": ",", "missing_values": "N/A,-", "filling_values": 0, "loose": False}),
        (["1,", "2,"], {"delimiter": ",", "dtype": None}),
        (["1,", "2,3"], {"delimiter": ",", "dtype": None}),
        (["1,-9", "2,3"], {"delimiter": ",", "missing_values": -9, "dtype": int}),
        (["99999999999999999999", "3"], {"dtype": None}),
        (["(1+2j)", "3i"], {"dtype": complex}),
    ],
)  # fmt: skip
def test_genfromtxt_splits_and_converts_as_numpys(lines, options):
    agrees(lambda m: m.genfromtxt(lines, **options))
    agrees(lambda m: m.genfromtxt(io.StringIO("\n".join(lines)), **options))


def test_genfromtxt_of_columns_of_several_dtypes_has_one_that_holds_them():
    # where NumPy makes structures
    same(cv.genfromtxt(["1 2", "3 4"], dtype=None, converters={0: lambda v: float(v) + 0.5}), np.array([[1.5, 2.0], [3.5, 4.0]]))
    same(cv.genfromtxt(["1 2", "3 4"], dtype="i4", converters={0: lambda v: 7.5}), np.array([[7.5, 2.0], [7.5, 4.0]]))
    same(cv.genfromtxt(["1,", "2.5,3"], delimiter=",", dtype=None), np.array([[1.0, np.nan], [2.5, 3.0]]))


@pytest.mark.parametrize("value", [None, -2, 200, 2.5, -2.0, 1j, 1e300, float("nan"), "3", "3x", b"3", [1], "x", np.float32(1.5), np.array([1.0])])
@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint64", "float32", "float64", "complex128"])
def test_results_of_converters_fit_or_name_the_field(dtype, value):
    if isinstance(value, float) and not -100 < value < 100 and dtype == "int8":
        # NumPy wraps what the dtype cannot hold
        with pytest.raises(ValueError, match="could not convert string '1' to"):
            cv.loadtxt(["1", "2"], dtype=dtype, converters=lambda s: value)
        return
    agrees(lambda m: m.loadtxt(["1", "2"], dtype=dtype, converters={0: lambda s: value}))


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.loadtxt(["1", "2"], skiprows=True),
        lambda m: m.loadtxt(["1", "2"], max_rows=True),
        lambda m: m.loadtxt(5),
        lambda m: m.loadtxt(["1", "2"], converters=lambda s: type(s) is bytes, encoding="bytes"),
    ],
)
def test_loadtxt_takes_and_refuses_the_arguments_of_numpys(call):
    agrees(call)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float64"])
@pytest.mark.parametrize("text", ["1 2\r3 4.5\r5 6\r", "# a\r1 2\r18446744073709551615 4\r5 6\r", "1 2\r\n3 4.5\r\n"])
@pytest.mark.parametrize("skiprows", [0, 1])
def test_carriage_returns_end_lines_of_files(text, dtype, skiprows, tmp_path):
    (tmp_path / "t").write_bytes(text.encode())
    agrees(lambda m: m.loadtxt(tmp_path / "t", dtype=dtype, skiprows=skiprows))
    agrees(lambda m: m.genfromtxt(tmp_path / "t", dtype="f8", skip_header=skiprows))


@pytest.mark.parametrize("count", [-1, 0, 1, 2, 5])
@pytest.mark.parametrize("offset", [0, 1, 4, 16])
@pytest.mark.parametrize("dtype", ["f8", "i4", "u1"])
def test_fromfile_leaves_a_file_where_numpys_does(dtype, offset, count, tmp_path):
    (tmp_path / "t").write_bytes(b"0123456789")
    found = []
    for m in (np, cv):
        with open(tmp_path / "t", "rb") as f:
            try:
                found.append((len(m.fromfile(f, dtype, count=count, offset=offset)), f.tell()))
            except ValueError as error:
                # behind the end NumPy counts a negative number of elements, which it refuses unless it rounds to none
                assert m is np and offset > 10 and "negative dimensions" in str(error)
                found.append((0, 16))
    assert found[0] == found[1]


def test_lines_come_from_a_sequence_by_index():
    class Lines:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            if i == 3:
                raise IndexError
            return f"{i}, {i + 1}"

    assert cv.loadtxt(Lines(), dtype=int, delimiter=",").tolist() == np.loadtxt(Lines(), dtype=int, delimiter=",").tolist()
