"""Every function of one float32 at all 2^32 bit patterns, beside NumPy and SciPy in double precision.

    python tests/exhaustive/run.py [--stride N] [NAME …]

A row that rounds freely may be as far from the true value as `oracle.ulps` says (4 units in the last place; 2 for `erf`), the
others must equal NumPy's own float32. Prints the largest error of each row and where it is; fails where one is larger.
`CIVITA_ISA` picks an instruction set. All of them take some three hours on two cores; `--stride 257` takes every 257th pattern.
"""

import argparse
import multiprocessing
import pathlib
import sys
import time
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python" / "tests"))

import civita as cv  # noqa: E402
import oracle  # noqa: E402

BLOCK = 1 << 20
# The issue of special functions: what single precision can do with little more than its own digits.
TIGHTER = {"erf": 2}
ROWS = {
    row["numpy"]: row
    for row in oracle.ROWS
    if row["arity"] == 1 and "float32" in dict(row["loops"]) and len(row["outputs"] if "outputs" in row else [0]) == 1
}


def limit_of(row):
    return TIGHTER.get(row["numpy"], oracle.ulps(row, dict(row["loops"])["float32"]))


def block(task):
    """The largest error of a block, and the argument."""
    name, start, stride = task
    row = ROWS[name]
    bits = start + stride * np.arange(min(BLOCK, -(-(2**32 - start) // stride)), dtype=np.int64)
    x = bits.astype(np.uint32).view(np.float32)
    result = dict(row["loops"])["float32"]
    with warnings.catch_warnings(), np.errstate(all="ignore"), cv.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        got = oracle.to_numpy(getattr(cv, name)(cv.array(x)))
        _, want, _ = oracle.expected(row, [x], result)
        want = want.astype(got.dtype)
        if got.dtype.kind != "f":
            gap = (got != want).astype(np.int64)
        else:
            gap = oracle.distance(got, want, result)
            # a zero of the other sign is wrong by as much as a number may be
            gap = np.where((np.signbit(got) != np.signbit(want)) & ~np.isnan(want), np.iinfo(np.int64).max, gap)
    at = int(np.argmax(gap))
    return int(gap[at]), int(bits[at])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--stride", type=int, default=1)
    options = parser.parse_args()
    names = options.names or list(ROWS)
    failed = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for name in names:
            began = time.time()
            tasks = [(name, start, options.stride) for start in range(0, 2**32, BLOCK * options.stride)]
            most, bits = max(pool.imap_unordered(block, tasks), key=lambda found: found[0])
            limit = limit_of(ROWS[name])
            at = np.array([bits], np.uint32).view(np.float32)[0]
            verdict = "ok" if most <= limit else "WRONG"
            print(f"{name:<16} {most:>4} ULP (may be {limit}) at {at!r:<32} {time.time() - began:6.1f} s  {verdict}", flush=True)
            if most > limit:
                failed.append(name)
    if failed:
        sys.exit(f"too far from the true value: {', '.join(failed)}")


if __name__ == "__main__":
    main()
