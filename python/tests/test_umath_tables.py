"""NumPy's own accuracy tables, on every instruction set of this machine.

The tables lie in NumPy's wheel. Each instruction set needs a process of its own: this file runs itself in one with
`CIVITA_ISA` set.
"""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import civita as cv
import oracle

HERE = pathlib.Path(__file__).parent
TABLES = pathlib.Path(np.__file__).parent / "_core" / "tests" / "data"
ISAS = ["baseline", "avx2", "avx512", "neon"]


def rows():
    """The rows that have a table."""
    return [row for row in cv.rows() if row["kind"] == "elementwise" and table(row).exists()]


def table(row):
    return TABLES / f"umath-validation-set-{row['numpy']}.csv"


def read(path):
    """`dtype,input,output,ulperror` lines: hexadecimal bits."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith("np."):
            dtype, x, y, ulp = line.split(",")
            found.setdefault(dtype.removeprefix("np."), []).append((int(x, 16), int(y, 16), int(ulp)))
    return found


def floats(bits, dtype):
    return np.array(bits, f"uint{8 * np.dtype(dtype).itemsize}").view(dtype)


def check_all():
    """Every table against the instruction set in use: one line for each row and dtype, and how many values were off."""
    wrong = 0
    for row in rows():
        for dtype, lines in read(table(row)).items():
            x, want = floats([l[0] for l in lines], dtype), floats([l[1] for l in lines], dtype)
            limit = np.array([l[2] for l in lines])
            # in several places of a vector, and alone
            padded = np.concatenate([np.ones(3, dtype), x, np.ones(5, dtype)])
            got = np.asarray(getattr(cv, row["numpy"])(cv.array(padded)))[3:-5]
            off = ~within(got, want, limit)
            for i in np.nonzero(off)[0][:5]:
                print(f"{row['numpy']} {dtype}: x={x[i]!r} got={got[i]!r} want={want[i]!r} limit={limit[i]}")
            print(f"{row['numpy']} {dtype}: {len(lines)} values, {int(off.sum())} off")
            wrong += int(off.sum())
    return wrong


def within(got, want, limit):
    gap = oracle.distance(got, want, str(got.dtype))
    return (gap <= limit) | (np.isnan(got) & np.isnan(want))


def run_on(isa, *arguments):
    """Python in a process of its own that uses this instruction set."""
    path = os.pathsep.join([str(HERE), *sys.path])
    environment = {**os.environ, "CIVITA_ISA": isa, "PYTHONPATH": path}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=1200)


@pytest.fixture(scope="module")
def isas():
    """The instruction sets that this machine has."""
    found = []
    for isa in ISAS:
        done = run_on(isa, "-c", "import civita as cv; print(cv.info().isa)")
        if done.returncode == 0 and done.stdout.strip() == isa:
            found.append(isa)
    assert "baseline" in found
    return found


def test_there_are_tables_for_the_rows():
    assert {"exp", "log", "tanh", "sin", "cos"} <= {row["numpy"] for row in rows()}


def test_tables_pass_on_every_instruction_set(isas):
    for isa in isas:
        done = run_on(isa, "-c", "import test_umath_tables as t, sys; sys.exit(min(t.check_all(), 100))")
        assert done.returncode == 0, f"{isa}:\n{done.stdout}{done.stderr}"


def test_every_test_of_a_row_passes_on_every_instruction_set(isas):
    """The row-driven tests again, under the instruction sets that are not the one in use."""
    files = [str(HERE / f"test_{name}.py") for name in ("elementwise", "reductions", "products_and_sums")]
    # of functions their values and derivatives; layouts, batches and signatures lead to the same kernels
    files += [str(HERE / "test_functions.py::test_samples_give_numpys_results_in_every_dtype")]
    files += [str(HERE / "test_row_laws.py::test_forward_mode_is_the_transpose_of_reverse_mode")]
    for isa in isas:
        if isa == cv.info().isa:
            continue
        done = run_on(isa, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files)
        assert done.returncode == 0, f"{isa}:\n{done.stdout[-3000:]}{done.stderr[-2000:]}"


OF_HALVES = [r["numpy"] for r in cv.rows() if r["kind"] == "elementwise" and r["arity"] == 1 and ("float16", "float16") in r["loops"]]


@pytest.mark.parametrize("name", OF_HALVES)
def test_every_half_precision_number(name):
    """As NumPy's own test of its loops: within a unit of what single precision gives."""
    function = getattr(cv, name)
    x = np.arange(65536, dtype=np.uint16).view(np.float16)
    got, want = np.asarray(function(cv.array(x))), np.asarray(function(cv.array(x.astype(np.float32))))
    if want.dtype == np.float32:
        with np.errstate(over="ignore"):
            want = want.astype(np.float16)
        np.testing.assert_array_max_ulp(got, want, maxulp=1)
    else:
        np.testing.assert_array_equal(got, want)
