"""Fourier transforms: NumPy's functions, and SciPy's cosine and sine transforms.

>>> import civita as cv
>>> cv.fft.fft([1.0, 2.0, 3.0, 4.0])
array([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])
>>> cv.fft.irfft(cv.fft.rfft([1.0, 2.0, 3.0, 4.0]))
array([1., 2., 3., 4.])

All have gradients of every order, and run under `vmap`, `jvp` and `trace`.
"""

import operator

from . import _civita
from ._civita import _fft

fft = _fft.fft
ifft = _fft.ifft
rfft = _fft.rfft
irfft = _fft.irfft
hfft = _fft.hfft
ihfft = _fft.ihfft
fftn = _fft.fftn
ifftn = _fft.ifftn
rfftn = _fft.rfftn
irfftn = _fft.irfftn
fft2 = _fft.fft2
ifft2 = _fft.ifft2
rfft2 = _fft.rfft2
irfft2 = _fft.irfft2
dct = _fft.dct
idct = _fft.idct
dst = _fft.dst
idst = _fft.idst
dctn = _fft.dctn
idctn = _fft.idctn
dstn = _fft.dstn
idstn = _fft.idstn
fftconvolve = _fft.fftconvolve
fwht = _fft.fwht
next_fast_len = _fft.next_fast_len
prev_fast_len = _fft.prev_fast_len


def fftfreq(n, d=1.0, device=None, *, dtype=None):
    """The frequencies of a transform of `n` points that are `d` apart: 0, 1, …, then the negative ones, divided by `n * d`, in
    `float64` or another real `dtype`.

    >>> import civita as cv
    >>> cv.fft.fftfreq(5)
    array([ 0. ,  0.2,  0.4, -0.4, -0.2])
    """
    n = _whole(n)
    step = 1.0 / (n * d)
    positive = _civita.arange((n - 1) // 2 + 1, device=device)
    negative = _civita.arange(-(n // 2), 0, device=device)
    return _real(_civita.concatenate([positive, negative]) * step, dtype)


def rfftfreq(n, d=1.0, device=None, *, dtype=None):
    """The frequencies of half a transform, as `rfft` returns it.

    >>> import civita as cv
    >>> cv.fft.rfftfreq(5)
    array([0. , 0.2, 0.4])
    """
    n = _whole(n)
    step = 1.0 / (n * d)
    return _real(_civita.arange(n // 2 + 1, device=device) * step, dtype)


def _real(x, dtype):
    if dtype is None:
        return x
    if not _civita.isdtype(_civita.dtype(dtype), "real floating"):
        raise TypeError(f"frequencies are real floating-point numbers, not {_civita.dtype(dtype)}")
    return x.astype(dtype)


def _whole(n):
    try:
        n = operator.index(n)
    except TypeError:
        raise ValueError("n should be an integer") from None
    if n < 0:
        raise ValueError("negative dimensions are not allowed")
    return n


def fftshift(x, axes=None):
    """The elements with frequency zero in the middle of the axes, by default of all.

    >>> import civita as cv
    >>> cv.fft.fftshift(cv.fft.fftfreq(5))
    array([-0.4, -0.2,  0. ,  0.2,  0.4])
    """
    return _shifted(x, axes, 1)


def ifftshift(x, axes=None):
    """The inverse of `fftshift`."""
    return _shifted(x, axes, -1)


def _shifted(x, axes, sign):
    x = _civita.asarray(x)
    if axes is None:
        axes = tuple(range(x.ndim))
    else:
        try:
            axes = (operator.index(axes),)
        except TypeError:
            axes = tuple(axes)
    return _civita.roll(x, tuple(sign * (x.shape[axis] // 2) for axis in axes), axes)


__all__ = [
    "dct", "dctn", "dst", "dstn", "fft", "fft2", "fftconvolve", "fftfreq", "fftn", "fftshift", "fwht", "hfft", "idct", "idctn",
    "idst", "idstn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft", "irfft2", "irfftn", "next_fast_len", "prev_fast_len",
    "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
