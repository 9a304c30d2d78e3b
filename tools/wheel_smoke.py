"""Runs what an installed wheel must do, in an environment where nothing else is installed. Used by tools/wheels.sh."""

import importlib.util
import inspect
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import civita as cv


def main() -> None:
    assert importlib.util.find_spec("numpy") is None, "NumPy is here: this checks a place without it"
    package = Path(cv.__file__).parent
    assert "site-packages" in str(package), package
    assert (package / "py.typed").exists() and (package / "__init__.pyi").exists()

    a = cv.arange(12.0).reshape(3, 4)
    assert (a @ a.T).tolist() == [[14.0, 38.0, 62.0], [38.0, 126.0, 214.0], [62.0, 214.0, 366.0]]
    assert repr(a[1]) == "array([4., 5., 6., 7.])"
    assert cv.allclose(cv.linalg.inv(cv.eye(3) * 2), cv.eye(3) / 2)
    assert cv.allclose(cv.fft.ifft(cv.fft.fft(a)).real, a)
    assert cv.random.default_rng(1).random() == 0.5118216247002567
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    assert (pickle.loads(pickle.dumps(a)) == a).all()
    assert memoryview(a).shape == (3, 4) and cv.asarray([1, 2, 3]).dtype == "int64"

    with tempfile.TemporaryDirectory() as folder:
        cv.save(folder + "/a.npy", a)
        assert (cv.load(folder + "/a.npy") == a).all()
        cv.savez(folder + "/all.npz", a=a, b=a[0])
        assert (cv.load(folder + "/all.npz")["b"] == a[0]).all()

    for name in ("add", "sum", "reshape", "einsum"):
        assert inspect.getdoc(getattr(cv, name)), name
        inspect.signature(getattr(cv, name))

    totals = []
    threads = [threading.Thread(target=lambda: totals.append(float(cv.exp(cv.ones(100_000)).sum()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(totals)) == 1

    try:
        a.numpy()
        raise SystemExit("a.numpy() without NumPy must be an error")
    except ModuleNotFoundError:
        pass

    # in an interpreter of its own, the best of five
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
        bare = time.perf_counter() - start
        start = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", "import civita"], check=True)
        seconds.append(time.perf_counter() - start - bare)
    print(f"civita {cv.version.civita_version} from {package}: works; import takes {min(seconds) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
