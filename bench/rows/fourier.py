"""Fourier transforms along the last axis, and cosine transforms."""

from .row import special

LENGTHS = {f"2^{k}": 1 << k for k in (6, 10, 16, 20)} | {str(n): n for n in (30030, 10**6, 10007, 1000003)}
POWERS = {f"2^{k}": 1 << k for k in (10, 16, 20)}
# `z` is `x` with imaginary parts.
COMPLEX = {"torch": "z = xp.complex(x, x.flip(-1))"} | dict.fromkeys(("civita", "numpy", "scipy"), "z = x + 1j * x[..., ::-1]")
HALF = {"torch": "z = xp.fft.rfft(x)"} | dict.fromkeys(("civita", "numpy", "scipy"), "z = xp.fft.rfft(x)")


def transform(name, statement, sizes, best, init=COMPLEX, **more) -> object:
    """A row beside NumPy, SciPy and PyTorch."""
    return special(name, statement, sizes, best, init=init, scipy="", **more)


ROWS = [
    transform("fft", "xp.fft.fft(z)", LENGTHS, 1, quick=("2^10", "2^16", "2^20", "10007")),
    transform("ifft", "xp.fft.ifft(z)", POWERS, 1, quick=("2^16",)),
    transform("rfft", "xp.fft.rfft(x)", LENGTHS, 1, quick=("2^10", "2^16", "2^20", "10007")),
    transform("irfft", "xp.fft.irfft(z)", POWERS, 1, init=HALF, quick=("2^16",)),
    transform("fft2", "xp.fft.fft2(z)", {"1024x1024": (1024, 1024)}, 1),
    transform("rfft of rows", "xp.fft.rfft(x)", {"1000x1024": (1000, 1024)}, 1.5),
    transform("fft of rows", "xp.fft.fft(z)", {"1000x1000": (1000, 1000)}, 1),
    transform("fft over axis 0", "xp.fft.fft(z, axis=0)", {"1024x1000": (1024, 1000)}, 1, torch="xp.fft.fft(z, dim=0)"),
    transform("dct", "xp.fft.dct(x)", POWERS, 1, numpy=None, torch=None),
]
