"""Products of matrices, einsum, convolution."""

from .row import beside_numpy, special

MATMUL = {str(n): (n, n) for n in (16, 64, 128, 256, 512, 1000, 1024, 2048)}


def einsum(subscripts, names, sizes) -> object:
    """NumPy is told to look for a path, without which it would not call BLAS."""
    call = f"xp.einsum('{subscripts}', {names}"
    return special(f"einsum {subscripts}", call + ")", sizes, 1, numpy=call + ", optimize=True)")


ROWS = [
    beside_numpy("matmul", "a @ b", MATMUL, 0.95, quick=("64", "512")),
    beside_numpy("matmul", "i @ i", {"256": (256, 256)}, 15, dtypes=("int64",)),
    special(
        "matmul of int8 to int32",
        "xp.matmul(i, j, dtype='int32')",
        {"512": (512, 512)},
        1,
        dtypes=("int8",),
        torch="xp._int_mm(i, j)",
    ),
    special(
        "matmul",
        "v @ v",
        {"512": (512, 512)},
        0.4,
        dtypes=("bfloat16",),
        numpy=None,
        init={"civita": "v = w.astype(xp.bfloat16)", "torch": "v = w.to(xp.bfloat16)"},
    ),
    special(
        "matmul of float8 to float32",
        "xp.matmul(v, v, dtype='float32')",
        {"512": (512, 512)},
        1,
        dtypes=("float32",),
        numpy=None,
        torch="v.float() @ v.float()",
        init={"civita": "v = w.astype(xp.float8_e4m3fn)", "torch": "v = w.to(xp.float8_e4m3fn)"},
    ),
    einsum("bij,bjk->bik", "a, b", {"64x64x64": (64, 64, 64)}),
    einsum("ij,kj->", "a, b", {"500x500": (500, 500)}),
    einsum("ijk,kl->ijl", "a, b", {"100x100x100": {"a": (100, 100, 100), "b": (100, 100)}}),
    einsum("ij,ij->i", "a, b", {"1000x1000": (1000, 1000)}),
    einsum("ij,jk,kl->il", "a, b, x", {"300x300": (300, 300)}),
    special("vecdot", "xp.vecdot(a, b)", {"1000x1000": (1000, 1000)}, 1, torch="xp.linalg.vecdot(a, b)"),
    special("kron", "xp.kron(a, b)", {"32x32": (32, 32)}, 1.5),
    special("outer", "xp.outer(a, b)", {"1000": 1000}, 1.5),
    special(
        "convolve",
        "xp.convolve(a, b)",
        {"100K with 1K": {"a": 100_000, "b": 1000}, "1K with 10": {"a": 1000, "b": 10}},
        1,
        torch="xp.nn.functional.conv1d(a[None, None], b.flip(0)[None, None], padding=b.numel() - 1)[0, 0]",
    ),
    special(
        "fftconvolve",
        "xp.fft.fftconvolve(a, b)",
        {"100K with 1K": {"a": 100_000, "b": 1000}},
        1,
        numpy=None,
        torch=None,
        scipy="xp.signal.fftconvolve(a, b)",
    ),
]
