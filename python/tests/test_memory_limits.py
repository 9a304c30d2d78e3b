"""Where memory ends: `MemoryError`, never an abort; and objects that lie, in threads or from outside, never a panic."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import civita as cv

resource = pytest.importorskip("resource")

TOO_LARGE = {
    "a sum of a view": "cv.broadcast_to(cv.array(1), (2**50,)).sum()",
    "a maximum of a view": "cv.broadcast_to(cv.array(1.0), (2**50,)).max()",
    "an index of a maximum": "cv.broadcast_to(cv.array(1.0), (2**50,)).argmax()",
    "a variance of a view": "cv.broadcast_to(cv.array(1.0), (2**50,)).var()",
    "x[i]": "cv.zeros(10)[repeated]",
    "take": "cv.take(cv.zeros(10), repeated)",
    "nonzero": "cv.nonzero(repeated)",
    "argsort": "cv.argsort(repeated)",
    "sort": "cv.sort(repeated)",
    "unique": "cv.unique(repeated)",
    "cumsum": "cv.cumsum(repeated)",
    "tolist": "repeated.tolist()",
    "tobytes": "repeated.tobytes()",
    "one_hot": "cv.one_hot(repeated, 2)",
    "a list": "cv.array(numbers)",
    "a list of integers": "cv.array([1] * 2**26)",
    "lists in lists": "cv.array([numbers[: 2**25]] * 4)",
    "a list of mixed numbers": "cv.array([1.5, 1] * 2**25)",
    "pickle": "pickle.dumps(large)",
    "tobytes of bytes": "large.tobytes()",
    "copy": "large.copy(); large.copy()",
    "repeat": "cv.repeat(large, 3)",
    "concatenate": "cv.concatenate([large, large])",
    "ones": "cv.ones(2**40)",
    "arange": "cv.arange(2**40)",
    "where": "cv.where(repeated > 0, 1.0, 2.0)",
    "matmul": "cv.ones((100_000, 1)) @ cv.ones((1, 100_000))",
    "fft": "cv.fft.fft(repeated)",
    "histogram": "cv.histogram(repeated)",
    "median": "cv.median(repeated)",
    "bincount": "cv.bincount([2**40])",
    "bincount of many": "cv.bincount(repeated, minlength=2**30)",
    "fft of a prime length": "cv.fft.fft(cv.broadcast_to(cv.array(1.0), (20_000_003,)))",
    "rfft": "cv.fft.rfft(repeated)",
    "dct": "cv.fft.dct(repeated)",
    "fftconvolve": "cv.fft.fftconvolve(repeated, repeated)",
    "toeplitz": "cv.linalg.toeplitz(cv.ones(12000))",
    "hankel": "cv.linalg.hankel(cv.ones(12000))",
    "hilbert": "cv.linalg.hilbert(12000)",
    "hadamard": "cv.linalg.hadamard(16384)",
    "a range": "cv.array(range(2**28))",
    "svd": "cv.linalg.svd(cv.broadcast_to(cv.array(1.0), (12000, 12000)))",
    "read_csv": "cv.io.read_csv(table)",
    "str": "str(cv.array([cv.nan]))",
    "str of many": "whole(); str(cv.broadcast_to(cv.array(0.1), (2**26,)))",
    "repr of many": "whole(); repr(cv.broadcast_to(cv.array(1), (2**13, 2**13)))",
    "format of many": "whole(); format(cv.broadcast_to(cv.array(1.5), (2**26,)))",
    "array2string": "cv.array2string(cv.broadcast_to(cv.array(True), (2**26,)), threshold=2**30)",
    "array2string in a few lines": "cv.array2string(cv.broadcast_to(cv.array(1j), (2**26,)), threshold=2**30, max_line_width=10**9)",
    "array2string by a formatter": "cv.array2string(large[: 2**26], threshold=2**30, formatter={'all': lambda v: 'x' * 1000})",
    "array_repr": "whole(); cv.array_repr(cv.broadcast_to(cv.array(0.1), (2**26,)))",
    "array_str": "whole(); cv.array_str(cv.broadcast_to(cv.array(0.1), (2**26,)))",
    "the text of long lines": "whole(); str(cv.broadcast_to(cv.array(1), (2**24, 1, 1, 1, 1, 1, 1, 1, 1)))",
    "savetxt": "cv.savetxt(open('/dev/null', 'w'), cv.broadcast_to(cv.array(1.0), (2, 2**24)))",
    "tolist of floats": "cv.broadcast_to(cv.array(1.0), (2**26,)).tolist()",
    "a shuffled list": "cv.random.default_rng(1).shuffle([None] * 2**25)",
    "integers between bounds": "cv.random.default_rng(1).integers(cv.broadcast_to(cv.array(0), (2**27,)), cv.broadcast_to(cv.array(9), (2**27,)))",
    "Halton's permutations": "cv.random.Halton(5000)",
    "choice by probabilities": "cv.random.default_rng(1).choice(2**26, 3, p=cv.broadcast_to(cv.array(0.5**26), (2**26,)))",
}


def python(program):
    folder = os.path.dirname(os.path.dirname(cv.__file__))
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]), CIVITA_NUM_THREADS="2")
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, env=env, timeout=120)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_little_memory_is_a_memory_error(name):
    done = python(
        f"""
        import pickle, resource
        import civita as cv
        repeated = cv.broadcast_to(cv.array(1), (2**30,))
        large = cv.zeros(3 << 28, dtype="int8")
        table = b"a,b\\n" + b"1.5,2.5\\n" * 20_000_000 if {"table" in TOO_LARGE[name]} else None
        whole = lambda: cv.set_printoptions(threshold=2**40)
        numbers = [1.0] * 2**27 if {"numbers" in TOO_LARGE[name]} else None
        [(cv.ones(1 << 21) + 1).sum() for _ in range(20)]  # threads have begun
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() if {sys.platform == "linux"} else 0
        resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 29),) * 2)
        try:
            {TOO_LARGE[name].replace("; ", "; ")}
            print("enough")
        except MemoryError:
            print("MemoryError")
        print((cv.ones(1000) + 1).sum())
        """
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.split() in (["MemoryError", "2000.0"], ["enough", "2000.0"])
    if name not in ("str", "histogram", "copy", "a list of integers", "a shuffled list"):
        assert done.stdout.split()[0] == "MemoryError"


@pytest.mark.parametrize("call", ["svd(a)", "lstsq(a, a)", "pinv(a)", "eigh(a + a.T)", "eig(a)", "qr(a)", "schur(a)", "expm(a)"])
def test_a_decomposition_with_too_little_memory_is_a_memory_error(call):
    for mib in (30, 80):
        done = python(
            f"""
            import resource
            import civita as cv
            a = cv.random.default_rng(1).random((1000, 1000))
            cv.linalg.svd(a[:300, :300])  # threads have begun
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() if {sys.platform == "linux"} else 0
            resource.setrlimit(resource.RLIMIT_AS, (used + ({mib} << 20),) * 2)
            try:
                cv.linalg.{call}
                print("enough")
            except MemoryError:
                print("MemoryError")
            """
        )
        assert done.returncode == 0 and done.stdout.strip() in ("enough", "MemoryError"), f"{mib} MiB: {done.stderr[-300:]}"


def test_a_list_takes_the_memory_of_its_array():
    done = python(
        """
        import resource
        import civita as cv
        numbers = [1.0] * 5_000_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        x = cv.array(numbers)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        """
    )
    kib = int(done.stdout) if sys.platform != "darwin" else int(done.stdout) // 1024
    assert kib < 60_000


def test_arrays_of_more_axes_than_the_stack_is_deep():
    done = python(
        """
        import civita as cv
        x = cv.ones((1,) * 100_000)
        assert len(str(x)) == 200_002 and repr(x).startswith("array([[[")
        nested = x.tolist()
        depth = 0
        while isinstance(nested, list):
            (nested,), depth = nested, depth + 1
        print(depth, nested)
        y = cv.arange(4).reshape((2,) + (1,) * 70 + (2,))
        flat = y.tolist()
        while len(flat) == 1 or isinstance(flat[0], list) and len(flat) == 1:
            flat = flat[0]
        print(len(flat), str(y).count("["), str(y).replace("[", "").replace("]", "").split())
        """
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.split("\n")[:2] == ["100000 1.0", "2 143 ['0', '1', '2', '3']"]


def test_a_conversion_that_does_not_convert_is_an_error():
    class Stubborn(np.ndarray):
        def astype(self, *args, **kwargs):
            return self

    with pytest.raises(TypeError, match="byte order"):
        cv.array(np.arange(3).astype(">i8").view(Stubborn))


@pytest.mark.parametrize(
    "x",
    [
        np.arange(3).astype(">i4"),
        np.frombuffer(b"\0" * 13, dtype="i1")[1:].view("i4"),
        np.zeros(3, dtype=[("a", "i1"), ("b", "i4")])["b"],
        np.zeros(3, dtype=[("a", "i1"), ("b", "f8")])["b"],
        np.arange(4).astype(">c16"),
    ],
    ids=["big-endian", "unaligned", "packed", "packed float", "big-endian complex"],
)
@pytest.mark.parametrize("convert", [cv.asarray, cv.array])
def test_what_must_be_copied_is_not_shared(x, convert):
    with pytest.raises(ValueError, match="[Uu]nable to avoid copy"):
        convert(x, copy=False)
    assert convert(x, copy=None).tolist() == x.tolist()


@pytest.mark.parametrize("x", [np.arange(3), np.arange(6).reshape(2, 3).T, np.arange(9)[::-2], cv.ones(3), np.zeros((0, 3)), np.array(3.0)])
def test_what_can_be_shared_is(x):
    y = cv.asarray(x, copy=False)
    assert y.tolist() == x.tolist()
    assert y.size == 0 or np.shares_memory(np.asarray(y), np.asarray(x))


def test_no_grad_counts_for_the_thread_that_enters_it():
    one, seen = cv.no_grad(), []

    def other():
        try:
            one.__exit__(None, None, None)
        except RuntimeError as error:
            seen.append("thread" in str(error))
        with one:
            seen.append(cv.is_grad_enabled())
        seen.append(cv.is_grad_enabled())

    with one:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        seen.append(cv.is_grad_enabled())
        with one:
            pass
        seen.append(cv.is_grad_enabled())
    assert seen == [True, False, True, False, False] and cv.is_grad_enabled()
    first, second = cv.no_grad(), cv.no_grad()
    first.__enter__(), second.__enter__()
    first.__exit__(None, None, None), second.__exit__(None, None, None)
    assert cv.is_grad_enabled()


@pytest.mark.parametrize("option", ["nanstr", "infstr"])
def test_a_long_name_of_what_is_no_number(option):
    with cv.printoptions(**{option: "n" * 100_000}):
        text = str(cv.array([cv.nan, cv.inf, 1.0]))
    assert text.count("n" * 100_000) == 1 and len(text) > 300_000


@pytest.mark.parametrize("function", ["real", "conj", "imag"])
def test_parts_of_a_complex_array_into_itself(function):
    x = np.array([1 + 2j, 3 - 4j] * 500)
    y = cv.array(x)
    f = getattr(cv, function)
    if function == "conj":
        f(y, out=y)
        assert y.tolist() == x.conj().tolist()
    else:
        y.real[...] = f(y)
        x.real[...] = getattr(np, function)(x)
        assert y.tolist() == x.tolist()


def test_gradients_of_many_inputs_take_linear_time():
    import time

    def seconds(n):
        xs = [cv.array(1.0, requires_grad=True) for _ in range(n)]
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        since = time.perf_counter()
        cv.grad(total, xs)
        return time.perf_counter() - since

    seconds(1000)
    small, large = min(seconds(2000) for _ in range(5)), min(seconds(20_000) for _ in range(3))
    assert large / small < 40  # ten times the inputs; 100 were it quadratic


@pytest.mark.parametrize("mode", ["constant", "edge", "linear_ramp", "mean", "maximum", "median", "wrap", "reflect", "symmetric"])
def test_a_border_that_no_memory_holds_is_refused_at_once(mode):
    for array in (cv.ones(4), cv.ones((2, 3)), cv.ones(4, dtype="int8"), cv.asfortranarray(cv.ones((2, 3)))):
        for width in (2**40, (0, 2**40), (2**61, 2**61)):
            with pytest.raises((MemoryError, ValueError)):
                cv.pad(array, width, mode=mode)


def test_lists_of_indices_that_no_memory_holds_are_refused():
    with pytest.raises(MemoryError):
        cv.diag_indices(2, 2**40)
