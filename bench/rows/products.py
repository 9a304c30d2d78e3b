"""Products of matrices, einsum, convolution."""

from .row import beside_numpy, special

MATMUL = {str(n): (n, n) for n in (16, 64, 128, 256, 512, 1000, 1024, 2048)}


def einsum(subscripts, names, sizes) -> object:
    """NumPy is told to look for a path, without which it would not call BLAS."""
    call = f"xp.einsum('{subscripts}', {names}"
    return special(f"einsum {subscripts}", call + ")", sizes, 1, numpy=call + ", optimize=True)")


ROWS = [
    beside_numpy("matmul", "a @ b", MATMUL, 0.95, quick=("64", "512")),
    beside_numpy("matmul of many", "a @ b", {"10000x3x3": (10_000, 3, 3), "10000x2x2": (10_000, 2, 2), "1000x4x4": (1000, 4, 4)}, None),
    beside_numpy("rows times a vector", "a @ b", {"10000x3": {"a": (10_000, 3), "b": 3}}, None),
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
        "khatri_rao",
        "xp.khatri_rao(a, b)",
        {"100x64 with 100x64": (100, 64)},
        1,
        numpy="(a[:, None] * b).reshape(-1, 64)",
        torch="(a[:, None] * b).reshape(-1, 64)",
        scipy="xp.linalg.khatri_rao(a, b)",
    ),
    special(
        "matmul_bias",
        "xp.matmul_bias(a, b, x)",
        {"512, 512x512": {"a": (512, 512), "b": (512, 512), "x": 512}, "64, 64x64": {"a": (64, 64), "b": (64, 64), "x": 64}},
        1,
        numpy="a @ b + x",
        torch="xp.addmm(x, a, b)",
    ),
    special(
        "grouped_matmul, 16 groups",
        "xp.grouped_matmul(a, b, range(64, 1025, 64))",
        {"1024x128 with 16x128x128": {"a": (1024, 128), "b": (16, 128, 128)}},
        1,
        numpy="xp.concatenate([a[64 * g : 64 * g + 64] @ b[g] for g in range(16)])",
        torch="xp.cat([a[64 * g : 64 * g + 64] @ b[g] for g in range(16)])",
    ),
    special(
        "semiring_matmul, min of sums",
        "xp.semiring_matmul(a, b)",
        {"200": (200, 200)},
        5,
        numpy="xp.min(a[:, :, None] + b, axis=1)",
        torch="(a[:, :, None] + b).amin(1)",
    ),
    special(
        "convolve2d",
        "xp.convolve2d(a, b, 'valid')",
        {"1000x1000 with 9x9": {"a": (1000, 1000), "b": (9, 9)}, "100x100 with 3x3": {"a": (100, 100), "b": (3, 3)}},
        1,
        numpy="xp.einsum('rcij,ij->rc', xp.lib.stride_tricks.sliding_window_view(a, b.shape), b[::-1, ::-1])",
        torch="xp.nn.functional.conv2d(a[None, None], b.flip(0, 1)[None, None])[0, 0]",
        scipy="xp.signal.convolve2d(a, b, 'valid')",
    ),
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
