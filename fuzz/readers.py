#!/usr/bin/env python3
"""Python's readers on damaged files, beside NumPy's: `load` of npy and npz, memory maps, `loadtxt`, `genfromtxt`.

    readers.py [--seconds 60] [--seed 0] [READER ...]

Seeds are files that NumPy writes; mutations are random (bytes, words of the format, spans left out, doubled, exchanged with those of
another file). What NumPy reads, Civita reads bit for bit, or refuses with an error that is in `REFUSED`; what NumPy refuses of npy
and npz, Civita refuses. (Of texts it reads a little more: `(1+2i)`, blanks behind a quoted field.) No file takes more than a gigabyte, five seconds of the processor, or another exception than `ALLOWED`. The first file
that does is written beside this script, and the program ends with 1.
"""

import argparse
import io
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings

import civita as cv
import numpy as np

ALLOWED = (ValueError, OSError, EOFError, TypeError, KeyError, OverflowError)
# what Civita says of files of NumPy's that it does not read
REFUSED = ("counterpart", "structures", "pickle", "do not exist", "not understood", "Object arrays", "no number", "behind its dict", "cannot be mapped", "expected", "correct keys")
FOLDER = tempfile.mkdtemp(prefix="civita-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
PATH = os.path.join(FOLDER, "file")

DTYPES = ["?", "u1", "i1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8", "<c8", ">c16"]


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(save):
    file = io.BytesIO()
    save(file, a=np.arange(6.0).reshape(2, 3), b=np.arange(4, dtype=">i2"), c=np.float32(1))
    return file.getvalue()


def arrays():
    for dtype in DTYPES:
        a = np.arange(6).astype(dtype).reshape(2, 3)
        yield npy(a)
        yield npy(np.asfortranarray(a))
    yield npy(np.zeros((0, 4)))
    yield npy(np.array(1.5))
    yield npy(np.array(["a", "b"]))
    yield npy(np.array([{}], dtype=object))
    yield npy(np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]))
    for version in [(2, 0), (3, 0)]:
        file = io.BytesIO()
        np.lib.format.write_array(file, np.arange(3.0), version=version)
        yield file.getvalue()


TABLES = [
    b"1 2 3\n4 5 6\n",
    b"# head\n1.5e3 nan\n-inf .5 # tail\n",
    b"1,2\n3,4\n",
    b"1,,3\n4,5,\n",
    b"(1+2j) 3\n",
    b"0x1p3 1e400\n",
    b"9223372036854775807 -9223372036854775808\n",
    b'"1" "2"\n',
    "1\u20092\n\u0661 2\n".encode(),
    b"",
]
WORDS = {
    "npy": [b"'descr'", b"'shape'", b"'fortran_order'", b"True", b"False", b"(3,)", b"-1", b"9223372036854775807", b"|O", b"<f8", b">i4", b"<M8[ns]", b"1L"],
    "text": [b"nan", b"inf", b"-", b"1e5", b"0x10", b"1_000", b"#", b",", b'"', b"\r\n", b"\r", b"\t", b"\x00", b"\xff", b"\xc2\xa0", b"1j", b"(", b"18446744073709551615"],
}  # fmt: skip


def bits(x):
    a = np.asarray(x)
    if a.dtype == bool:
        # NumPy keeps bytes of booleans that are neither 0 nor 1
        a = a.view("u1") != 0
    return a.shape, a.dtype.newbyteorder("=").str, a.astype(a.dtype.newbyteorder("=")).tobytes()


def everything(archive):
    return [(name, archive[name]) for name in archive.files]


def opened(module, data, **options):
    with open(PATH, "wb") as f:
        f.write(data)
    return module.load(PATH, **options)


def text(data):
    # the separators of ASCII end lines for some of Python's functions and not for others
    return io.StringIO(data.translate(None, b"\x1c\x1d\x1e\x1f\x85").decode("latin1"))


# name: seeds, words, and what reads in either module
READERS = {
    "load": (lambda: list(arrays()), "npy", lambda m, d: m.load(io.BytesIO(d))),
    "load_path": (lambda: list(arrays()), "npy", lambda m, d: opened(m, d)),
    "mmap": (lambda: list(arrays()), "npy", lambda m, d: opened(m, d, mmap_mode="r")),
    "npz": (lambda: [npz(np.savez), npz(np.savez_compressed)], "npy", lambda m, d: everything(m.load(io.BytesIO(d)))),
    "loadtxt": (lambda: TABLES, "text", lambda m, d: m.loadtxt(text(d))),
    "loadtxt_comma": (lambda: TABLES, "text", lambda m, d: m.loadtxt(text(d), delimiter=",", ndmin=2)),
    "loadtxt_int": (lambda: TABLES, "text", lambda m, d: m.loadtxt(text(d), dtype="int64", max_rows=3)),
    "loadtxt_uint8": (lambda: TABLES, "text", lambda m, d: m.loadtxt(text(d), dtype="uint8")),
    "loadtxt_complex": (lambda: TABLES, "text", lambda m, d: m.loadtxt(text(d), dtype="complex128", usecols=0)),
    "genfromtxt": (lambda: TABLES, "text", lambda m, d: m.genfromtxt(text(d))),
    "genfromtxt_comma": (lambda: TABLES, "text", lambda m, d: m.genfromtxt(text(d), delimiter=",")),
}  # fmt: skip


WORDS_OF = {name: words for name, (_, words, _) in READERS.items()}


def mutated(rng, seeds, words):
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice([1, 2, 4, 16]))
        what = rng.randrange(8)
        if what == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif what == 1 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif what == 2:
            data[at:at] = rng.choice(words)
        elif what == 3:
            data[at:end] = rng.choice(words)
        elif what == 4:
            del data[at:end]
        elif what == 5:
            data[at:at] = data[at:end]
        elif what == 6:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            data[at:end] = other[start : start + rng.choice([1, 4, 16])]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def outcome(read, module, data):
    try:
        return read(module, data), None
    except BaseException as error:  # noqa: BLE001, a panic is none of Exception
        return None, error


def plain(result):
    """Whether all that NumPy read is of dtypes that Civita has."""
    arrays = [a for _, a in result] if isinstance(result, list) else [result]
    known = lambda a: isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in "biufc" and a.dtype.char not in "gG"  # noqa: E731
    return all(map(known, arrays))


def judge(name, read, data):
    """A sentence where something is wrong."""
    wanted, refusal = outcome(read, np, data)
    found, error = outcome(read, cv, data)
    if error is not None:
        if not isinstance(error, ALLOWED):
            return f"{type(error).__name__}: {error}"
        if refusal is None and plain(wanted) and not any(word in str(error) for word in REFUSED):
            return f"refused, and NumPy reads it: {type(error).__name__}: {error}"
        return None
    if refusal is not None and WORDS_OF[name] == "npy":
        return f"read as {found!r}, and NumPy: {type(refusal).__name__}: {refusal}"
    if refusal is not None:
        return None
    if isinstance(wanted, list):
        same = [n for n, _ in wanted] == [n for n, _ in found] and [bits(a) for _, a in wanted] == [bits(a) for _, a in found]
    else:
        same = bits(wanted) == bits(found)
    return None if same else f"read as {found!r}, and by NumPy as {wanted!r}"


def too_long(*_):
    raise KeyboardInterrupt("five seconds of the processor")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for all readers together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep-going", action="store_true", help="show every kind of finding")
    parser.add_argument("readers", nargs="*", metavar="READER")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() if os.path.exists("/proc/self/statm") else 8 << 30
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2)
    signal.signal(signal.SIGPROF, too_long)
    names = options.readers or list(READERS)
    findings, rng = 0, random.Random(options.seed)
    for name in names:
        seeds, words, read = READERS[name]
        seeds, words = seeds(), WORDS[words]
        count, began, seen = 0, time.process_time(), set()
        while time.process_time() - began < options.seconds / len(names):
            data = rng.choice(seeds) if count < 2 * len(seeds) else mutated(rng, seeds, words)
            signal.setitimer(signal.ITIMER_PROF, 5)
            wrong = judge(name, read, data)
            signal.setitimer(signal.ITIMER_PROF, 0)
            count += 1
            kind = wrong and wrong[:60]
            if wrong and kind not in seen:
                seen.add(kind)
                findings += 1
                print(f"{name}: {data[:300]!r}\n    {wrong[:300]}", flush=True)
                if not options.keep_going:
                    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"finding-{name}"), "wb") as f:
                        f.write(data)
                    return 1
            if len(seen) > 12:
                break
        print(f"{name}: {count:,} files, {len(seen)} findings", flush=True)
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main())
