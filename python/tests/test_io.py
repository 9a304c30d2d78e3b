"""`civita.io`: CSV, safetensors, Matrix Market and pictures go both ways; damaged files are errors in bounded time and memory."""

import io
import json
import os
import signal
import struct
import subprocess
import sys

import civita as cv
import numpy as np
import pytest
import scipy.io

HAS_PICTURES = hasattr(cv._civita, "_image_read")
pictures = pytest.mark.skipif(not HAS_PICTURES, reason="built without the feature `images`")


# ---- CSV


def test_csv_columns_are_typed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('flag,n,x,name,gap\ntrue,1,0.5,"a, b",\nfalse,2,1e3,"c ""d""",7\n')
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), io.StringIO(path.read_text())):
        table = cv.io.read_csv(source)
        assert list(table) == ["flag", "n", "x", "name", "gap"]
        assert [getattr(c, "dtype", None) for c in table.values()] == ["bool", "int64", "float64", None, "float64"]
        assert table["name"] == ["a, b", 'c "d"'] and table["x"].tolist() == [0.5, 1000.0]
        assert cv.isnan(table["gap"]).tolist() == [True, False]


def test_csv_options():
    text = b"junk\na;b;c\n1;-;3\n4;5;6\n"
    table = cv.io.read_csv(text, delimiter=";", skip=1, columns=["c", "b"], dtypes={"c": "uint8"}, missing="-")
    assert list(table) == ["c", "b"] and table["c"].dtype == "uint8" and cv.isnan(table["b"][0])
    assert cv.io.read_csv(b"1,2\n3,4\n", header=False, max_rows=1)["column_2"].tolist() == [2]
    assert cv.io.read_csv(b"") == {} and cv.io.read_csv(b"a,b\n")["a"].shape == (0,)


@pytest.mark.parametrize(
    "text, options, words",
    [
        (b"a,b\n1\n", {}, "a row has 1 fields and the first line 2"),
        (b'a\n"open\n', {}, "does not end"),
        (b"a\n\xff\n", {}, "not UTF-8"),
        (b"a,a\n1,2\n", {}, "two columns have the name 'a'"),
        (b"a\n1\n", {"columns": ["b"]}, 'no column "b"'),
        (b"a\nx\n", {"dtypes": {"a": "float64"}}, 'could not convert "x" to float64'),
        (b"a\n1.5\n", {"dtypes": {"a": "int32"}}, "do not fit into int32"),
        (b"a\n1\n", {"delimiter": ",,"}, "one ASCII character"),
    ],
)
def test_csv_errors(text, options, words):
    with pytest.raises(ValueError, match=words):
        cv.io.read_csv(text, **options)


def test_csv_goes_both_ways(tmp_path):
    rng = np.random.default_rng(0)
    columns = {
        "f8": cv.asarray(rng.standard_normal(1000) * 10.0 ** rng.integers(-300, 300, 1000)),
        "f4": cv.asarray(rng.standard_normal(1000).astype("float32")),
        "u8": cv.asarray(rng.integers(0, 2**64, 1000, "uint64")),
        "b": cv.asarray(rng.integers(0, 2, 1000).astype(bool)),
        "text": [f'{i},"\n{i}' for i in range(1000)],
    }
    cv.io.write_csv(tmp_path / "x.csv", columns)
    back = cv.io.read_csv(tmp_path / "x.csv", dtypes={"f4": "float32"}, columns=["f8", "f4", "b", "text"])
    for name in ("f8", "f4", "b"):
        assert back[name].dtype == columns[name].dtype and (back[name] == columns[name]).all()
    assert back["text"] == columns["text"]
    with pytest.raises(ValueError, match="has 2 values"):
        cv.io.write_csv(tmp_path / "x.csv", {"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(ValueError, match="not an array of real numbers"):
        cv.io.write_csv(tmp_path / "x.csv", {"a": cv.ones((2, 2))})
    assert list(cv.io.read_csv(tmp_path / "x.csv")) == list(columns)


# ---- safetensors


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int32", "uint64", "float16", "bfloat16", "float32", "float64", "complex64"])
def test_safetensors_go_both_ways(dtype, tmp_path):
    a = cv.arange(24).reshape(2, 3, 4).astype(dtype)
    arrays = {"a": a, "view": a[:, ::2].T, "empty": a[:0], "scalar": cv.asarray(a[0, 0, 1])}
    cv.io.save_safetensors(tmp_path / "x.safetensors", arrays, metadata={"made by": "é"})
    back, texts = cv.io.load_safetensors(tmp_path / "x.safetensors", metadata=True)
    assert texts == {"made by": "é"} and set(back) == set(arrays)
    for name, x in arrays.items():
        assert back[name].dtype == dtype and back[name].shape == x.shape and (back[name] == x).all()
    raw = (tmp_path / "x.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    assert (8 + size) % 8 == 0 and json.loads(raw[8 : 8 + size])["a"]["shape"] == [2, 3, 4]


def test_damaged_safetensors(tmp_path):
    path = tmp_path / "x.safetensors"
    cv.io.save_safetensors(path, {"a": cv.ones(3)})
    good = path.read_bytes()
    for end in range(len(good)):
        with pytest.raises(ValueError):
            cv.io.load_safetensors(good[:end])
    for shape in ("[1000000000000]", "[4]", "[-3]", "[4611686018427387904,4]"):
        with pytest.raises(ValueError):
            cv.io.load_safetensors(good.replace(b"[3]", shape.encode()))
    with pytest.raises(TypeError, match="no complex128"):
        cv.io.save_safetensors(path, {"z": cv.ones(2, dtype="complex128")})
    assert path.read_bytes() == good
    with pytest.raises(OSError):
        cv.io.load_safetensors(tmp_path / "none")


# ---- Matrix Market


@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric", "hermitian"])
@pytest.mark.parametrize("dtype", ["int64", "float64", "complex128"])
@pytest.mark.parametrize("sparse", [False, True])
def test_matrices_of_scipy_are_read(symmetry, dtype, sparse):
    if symmetry == "hermitian" and dtype != "complex128":
        return
    rng = np.random.default_rng(1)
    a = rng.integers(-5, 6, (6, 6)).astype(dtype)
    if dtype == "complex128":
        a += 1j * rng.integers(-5, 6, (6, 6))
    a = {"general": a, "symmetric": a + a.T, "skew-symmetric": a - a.T, "hermitian": a + a.conj().T}[symmetry]
    f = io.BytesIO()
    scipy.io.mmwrite(f, scipy.sparse.coo_array(a) if sparse else a, symmetry=symmetry)
    x = cv.io.read_matrix_market(f.getvalue())
    assert x.dtype == dtype
    np.testing.assert_array_equal(np.asarray(x), a)
    if symmetry == "general" and sparse:
        values, places, shape = cv.io.read_matrix_market(f.getvalue(), entries=True)
        places = tuple(map(np.asarray, places))
        np.testing.assert_array_equal(scipy.sparse.coo_array((np.asarray(values), places), shape).toarray(), a)


def test_matrices_are_written(tmp_path):
    for dtype in ("int8", "uint64", "float32", "float64", "complex64", "complex128"):
        a = cv.arange(6).reshape(2, 3).astype(dtype) / 3 if "f" in dtype else cv.arange(6).reshape(2, 3).astype(dtype)
        cv.io.write_matrix_market(tmp_path / "x.mtx", a)
        np.testing.assert_array_equal(scipy.io.mmread(tmp_path / "x.mtx"), np.asarray(a))


def test_hostile_matrices():
    head = "%%MatrixMarket matrix coordinate real general\n"
    huge = cv.io.read_matrix_market(f"{head}9000000000 9000000000 1\n1 1 1\n".encode(), entries=True)
    assert huge[2] == (9_000_000_000, 9_000_000_000)
    for body in ("9000000000 9000000000 1\n1 1 1\n", "2 2 1\n3 1 1\n", "2 2 1000000000000\n1 1 1\n", "x"):
        with pytest.raises(ValueError):
            cv.io.read_matrix_market((head + body).encode())


# ---- pictures


@pictures
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 2), (4, 6, 3), (4, 6, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pngs_go_both_ways(shape, dtype, tmp_path):
    a = cv.arange(int(np.prod(shape)), dtype=dtype).reshape(shape) * 7
    cv.io.write_image(tmp_path / "x.png", a)
    back = cv.io.read_image(tmp_path / "x.png")
    assert back.dtype == dtype and (back == a).all()


@pictures
def test_damaged_pictures(tmp_path):
    cv.io.write_image(tmp_path / "x.png", cv.zeros((8, 8), dtype="uint8"))
    good = (tmp_path / "x.png").read_bytes()
    for end in (0, 8, 20, 40, len(good) - 20):
        with pytest.raises(ValueError):
            cv.io.read_image(good[:end])
    with pytest.raises(ValueError, match="neither PNG nor JPEG"):
        cv.io.read_image(b"GIF89a")


@pytest.mark.skipif(HAS_PICTURES, reason="built with the feature `images`")
def test_builds_without_pictures_say_so():
    with pytest.raises(NotImplementedError, match="Pillow"):
        cv.io.read_image(b"")


# ---- a kill while saving

WRITER = """
import sys, civita as cv
a = cv.full(4_000_000, float(sys.argv[2]))
print("ready", flush=True)
while True:
    if sys.argv[3] == "npy": cv.save(sys.argv[1], a)
    elif sys.argv[3] == "npz": cv.savez(sys.argv[1], a=a)
    else: cv.io.save_safetensors(sys.argv[1], {"a": a})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_a_kill_while_saving_leaves_a_whole_file(kind, tmp_path):
    path = tmp_path / f"x.{kind}"
    load = {"npy": cv.load, "npz": lambda p: cv.load(p)["a"], "safetensors": lambda p: cv.io.load_safetensors(p)["a"]}[kind]
    first = cv.full(4_000_000, 1.0)
    {"npy": cv.save, "npz": lambda p, a: cv.savez(p, a=a), "safetensors": lambda p, a: cv.io.save_safetensors(p, {"a": a})}[kind](path, first)
    for delay in (0.0, 0.02, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path, "2", kind], stdout=subprocess.PIPE)
        writer.stdout.readline()
        try:
            writer.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        a = load(path)
        assert a.shape == (4_000_000,) and len(set(a[::1000].tolist())) == 1
    for left in tmp_path.iterdir():
        if left != path:
            os.unlink(left)  # what the killed process was writing


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a limit on file sizes")
@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_a_full_disk_leaves_the_old_file(kind, tmp_path):
    program = WRITER.replace("while True:", "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                             "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\nwhile True:")  # fmt: skip
    path = tmp_path / f"x.{kind}"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", program, path, "2", kind], capture_output=True, text=True)
    assert done.returncode == 1 and "OSError" in done.stderr, done.stderr
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == [path.name]
