"""A NumPy program with its import changed: `python examples/numpy_program.py [numpy]` prints the same with either library."""

import sys
import time

if sys.argv[1:] == ["numpy"]:
    import numpy as np
else:
    import civita as np

start = time.perf_counter()
rng = np.random.default_rng(7)
t = np.linspace(0, 1, 1_000_000, endpoint=False)
wave = np.sin(2 * np.pi * 50 * t)
signal = wave + 0.5 * rng.standard_normal(t.size)

spectrum = np.fft.rfft(signal)
spectrum[np.abs(spectrum) < 0.1 * np.abs(spectrum).max()] = 0
clean = np.fft.irfft(spectrum)
print("noise left:", np.sqrt(np.mean((clean - wave) ** 2)).round(6))
print("percentiles:", np.percentile(signal, [5, 50, 95]))

counts, edges = np.histogram(signal, np.linspace(-2, 2, 9))
print("histogram:", counts)

a = rng.normal(size=(400, 400))
x = np.linalg.solve(a, np.ones(400))
print("solved:", np.allclose(a @ x, 1))
values, vectors = np.linalg.eigh(a + a.T)
print("eigenvalues:", values[[0, -1]])
print("largest:", np.sort(signal)[-3:], "at", np.argmax(signal))
print(f"{np.__name__}: {time.perf_counter() - start:.2f} s", file=sys.stderr)
