"""Equal bits on any number of threads; Python's threads on shared memory; fork."""

import os
import threading
import time

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import REDUCTIONS, ROWS

SIZES = [1, 1000, 100_000, 1_000_003]


def bits(a):
    return oracle.to_numpy(a).tobytes()


def same_on_any_number(threads, f):
    found = []
    for n in (1, 2, 3):
        threads(n)
        found.append(bits(f()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["numpy"])
def test_elementwise_rows_give_equal_bits_on_any_number_of_threads(row, threads, rng):
    loops = dict(row["loops"])
    dtypes = [d for d in ("float32", "float64", "bfloat16", "complex64", "int64") if d in loops][:3]
    for dtype in dtypes:
        for n in SIZES:
            if n > 500_000 and dtype != dtypes[0]:
                continue
            kinds = ["bool", dtype, dtype] if row["class"] == "Select" else [dtype] * row["arity"]
            values = [np.abs(oracle.ordinary(rng, d, n)) if d == "int64" else oracle.ordinary(rng, d, n) for d in kinds]
            if row["numpy"] == "power" and dtype == "int64":
                values[1] = np.abs(values[1] % 7)
            arrays = [oracle.to_civita(v, d) for v, d in zip(values, kinds)]
            f = getattr(cv, row["numpy"])
            same_on_any_number(threads, lambda: f(*arrays))
            same_on_any_number(threads, lambda: f(*(a[::-2] for a in arrays)))


@pytest.mark.parametrize("row", REDUCTIONS, ids=lambda r: r["numpy"])
def test_reductions_give_equal_bits_on_any_number_of_threads(row, threads, rng):
    f = getattr(cv, row["numpy"])
    for dtype in ("float32", "float64"):
        for n in SIZES:
            x = cv.array(rng.normal(size=n).astype(dtype))
            same_on_any_number(threads, lambda: f(x))
            same_on_any_number(threads, lambda: f(x[::-3]))
        x = cv.array(rng.normal(size=(700, 900)).astype(dtype))
        for axis in (0, 1):
            same_on_any_number(threads, lambda: f(x, axis=axis))
            same_on_any_number(threads, lambda: f(x.T, axis=axis))


# what is no row of a table, and operands that lie as those of no sample do; rows of functions are in `test_row_laws.py`
WITHOUT_A_ROW = {
    "a product with the transposed": lambda x: x.T @ x,
    "an index by a mask": lambda x: x[x > 0.3],
    "an index by integers": lambda x: x[::-1][cv.arange(299, -1, -2)],
    "a copy of the transposed": lambda x: x.T.copy(),
    "a sum with the transposed": lambda x: x[:, :300] + x[:, :300].T,
    "a conversion": lambda x: x.T.astype("float16"),
    "a gradient of a composition": lambda x: cv.autograd.grad(lambda x: (cv.tanh(x @ x.T) ** 2).sum())(x),
}


@pytest.mark.parametrize("name", WITHOUT_A_ROW)
def test_what_has_no_row_gives_equal_bits_on_any_number_of_threads(name, threads, rng):
    for dtype in ("float32", "float64"):
        x = cv.array(rng.normal(size=(300, 330)).astype(dtype))
        same_on_any_number(threads, lambda: WITHOUT_A_ROW[name](x))


def test_fused_programs_give_equal_bits_on_any_number_of_threads(threads, rng):
    f = cv.fuse(lambda a, b: cv.exp(a * b + 1.0))
    x, y = cv.array(rng.normal(size=200_001)), cv.array(rng.normal(size=200_001))
    same_on_any_number(threads, lambda: f(x, y))


# ---- Python's threads --------------------------------------------------------------------------------------------


def in_threads(*functions, seconds=1.0):
    """Runs functions again and again in a thread each; what one raises is raised here."""
    stop, errors = time.monotonic() + seconds, []

    def loop(f):
        try:
            while time.monotonic() < stop and not errors:
                f()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    workers = [threading.Thread(target=loop, args=(f,)) for f in functions]
    for w in workers:
        w.start()
    for w in workers:
        w.join(timeout=60)
        assert not w.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]


@pytest.mark.parametrize("n", [100, 60_000])
def test_readers_see_whole_writes(n):
    """A write holds its buffer's guard: a reader of the whole array sees one writer's values, never a mixture."""
    a = cv.zeros(n)
    turned = a[::-1]

    def write(value, view):
        def f():
            view[:] = value

        return f

    def read():
        copy = np.asarray(a.copy())
        assert (copy == copy[0]).all(), "a torn write"

    def total():
        low, high = cv.min(a).item(), cv.max(a).item()
        assert low in (0, 1, 2) and high in (0, 1, 2)

    in_threads(write(1.0, a), write(2.0, turned), read, read, total)


def test_threads_that_write_aliasing_views_while_others_read():
    a = cv.ones((200, 210))
    views = [a, a.T, a[::2], a[:, ::-1], a[50:150, 20:].T]
    checks = [0]

    def adds(view):
        def f(view=view):
            view += 1.0
            view *= 0.5

        return f

    def reads():
        assert np.isfinite(cv.sum(a).item())
        assert np.isfinite(np.asarray((a.T @ a[:, :5]))).all()
        cv.where(a > 1, a, -a[::-1])
        a[a > 0.5]
        checks[0] += 1

    def exchanges():
        a[:100], a[100:] = a[100:].copy(), a[:100].copy()
        a[...] = a.T[:200, :200].T[0, 0] + cv.zeros((200, 210))

    in_threads(*(adds(v) for v in views), reads, reads, exchanges, seconds=2)
    assert checks[0] > 0


def test_numpy_writes_while_civita_reads():
    """Foreign memory may change at any time: no crash, and indices are looked at once."""
    x = np.arange(5000) % 5000
    index, table = cv.asarray(x), cv.arange(5000)
    flags = np.ones(5000, bool)
    mask = cv.asarray(flags)

    def spoil():
        x[:] = np.random.default_rng(1).integers(-(10**6), 10**6, 5000)
        x[:] = np.arange(5000)
        flags[::3] ^= True

    def use():
        for f in (lambda: cv.take(table, index), lambda: table[index], lambda: table[mask]):
            try:
                assert (np.asarray(f()) < 5000).all()
            except IndexError:
                pass

    in_threads(spoil, use, use)


def test_threads_compute_what_one_computes(rng):
    x = cv.array(rng.normal(size=(120, 130)))
    want = (cv.tanh(x @ x.T).sum(axis=0) + 1).tolist()

    def f():
        assert (cv.tanh(x @ x.T).sum(axis=0) + 1).tolist() == want

    in_threads(f, f, f, f)


def test_gradients_in_threads():
    w = cv.ones((20, 20), requires_grad=True)

    def f():
        (g,) = cv.grad((w @ w).sum(), w)
        assert g.tolist() == [[40.0] * 20] * 20

    def quiet():
        with cv.no_grad():
            assert not (w * 2).requires_grad

    in_threads(f, f, quiet)


def test_the_number_of_threads_may_change_while_others_work(threads):
    x = cv.ones(300_000)

    def work():
        assert cv.sum(x + x).item() == 600_000

    def change():
        for n in (1, 2, 4, 1):
            cv.set_num_threads(n)

    in_threads(work, work, change)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes(threads):
    threads(2)
    x = cv.ones(500_000)
    assert (x + x).sum().item() == 1_000_000
    # factorisations of this size have threads of their own
    large = cv.eye(300) * 2.0
    assert cv.linalg.eigvalsh(large).sum().item() == 600
    for busy in (False, True):
        others = []
        if busy:
            stop = threading.Event()
            others = [threading.Thread(target=lambda: [cv.sum(x + x) for _ in iter(lambda: stop.is_set(), True)])]
            others[0].start()
        try:
            child = os.fork()
            if child == 0:
                try:
                    y = cv.full(500_000, 2.0)
                    fine = (y * y).sum().item() == 2_000_000 and (cv.ones((300, 300)) @ cv.ones((300, 300)))[
                        0, 0
                    ].item() == 300
                    fine = fine and cv.linalg.eigvalsh(large).sum().item() == 600
                    fine = fine and cv.linalg.solve(large, large).sum().item() == 300
                    os._exit(0 if fine else 3)
                except BaseException:  # noqa: BLE001
                    os._exit(4)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    break
                time.sleep(0.01)
            else:
                os.kill(child, 9)
                os.waitpid(child, 0)
                pytest.fail("the child hangs")
            assert os.waitstatus_to_exitcode(status) == 0
        finally:
            if busy:
                stop.set()
                others[0].join()
    assert (x + x).sum().item() == 1_000_000
