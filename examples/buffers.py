"""Five million sums, seven ways: what lists cost, and what buffers save. `python examples/buffers.py [count]`"""

import importlib.util
import sys
import time
from array import array
from collections.abc import Callable

import civita as cv
from civita import buffers


def best(call: Callable[[], object], seconds: float = 1.0) -> float:
    """The shortest of several runs, in milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    x, y = [i * 0.5 for i in range(count)], [i * 0.25 for i in range(count)]
    a, b, out = array("f", x), array("f", y), array("f", bytes(4 * count))
    u, v = cv.asarray(a), cv.asarray(b)
    w = cv.empty_like(u)
    rows: list[tuple[str, Callable[[], object]]] = [
        ("lists, a loop in Python", lambda: [p + q for p, q in zip(x, y)]),
        ("lists, buffers.add_lists", lambda: buffers.add_lists(x, y)),
        ("buffers, buffers.add_into", lambda: buffers.add_into(a, b, out)),
        ("civita, u + v", lambda: u + v),
        ("civita, add(u, v, out=w)", lambda: cv.add(u, v, out=w)),
    ]
    if importlib.util.find_spec("numpy"):
        import numpy as np

        p, q = np.asarray(a), np.asarray(b)
        r = np.empty_like(p)
        rows += [
            ("NumPy, p + q", lambda: p + q),
            ("NumPy, add(p, q, out=r)", lambda: np.add(p, q, out=r)),
        ]
    found = [(name, best(call)) for name, call in rows]
    for name, milliseconds in found:
        print(f"{name:<28}{milliseconds:10.2f} ms{found[0][1] / milliseconds:9.1f} times the loop's speed")


if __name__ == "__main__":
    main()
