"""Thirteen programs of a first hour, written as for NumPy and PyTorch with the import changed."""

import json
import math

import civita as np


def test_least_squares():
    x = np.linspace(0, 1, 50)
    y = 3 * x - 1
    a = np.stack([x, np.ones_like(x)], axis=1)
    slope, intercept = np.linalg.lstsq(a, y)[0]
    assert math.isclose(slope, 3) and math.isclose(intercept, -1)
    assert f"{slope:.2f} {intercept:+.1f}" == "3.00 -1.0"


def test_game_of_life():
    world = np.zeros((8, 8), dtype=int)
    world[[0, 1, 2, 2, 2], [1, 2, 0, 1, 2]] = 1
    start = world.copy()
    for _ in range(4):
        n = sum(np.roll(world, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
        world = ((n == 3) | ((n == 2) & (world == 1))).astype(int)
    assert (world == np.roll(start, (1, 1), axis=(0, 1))).all()


def test_monte_carlo():
    rng = np.random.default_rng(1)
    points = rng.random((100_000, 2))
    pi = 4 * ((points**2).sum(axis=1) < 1).mean()
    assert abs(pi - math.pi) < 0.02 and isinstance(pi, float)


def test_moving_average():
    x = np.array([1.0, 2, 4, 8, 16])
    sums = np.cumsum(np.insert(x, 0, 0))
    assert np.allclose((sums[3:] - sums[:-3]) / 3, np.convolve(x, np.ones(3) / 3, mode="valid"))
    windows = np.lib.stride_tricks.sliding_window_view(x, 3)
    assert np.allclose(windows.mean(axis=-1), (x[:-2] + x[1:-1] + x[2:]) / 3)


def test_k_means():
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(0, 0.1, (50, 2)), rng.normal([3, 4], 0.1, (50, 2))])
    centres = points[[0, -1]]
    for _ in range(5):
        nearest = ((points[:, None] - centres) ** 2).sum(-1).argmin(axis=1)
        centres = np.array([points[nearest == k].mean(axis=0) for k in range(2)])
    assert np.allclose(centres, [[0, 0], [3, 4]], atol=0.1)


def test_primes():
    sieve = np.ones(100, dtype=bool)
    sieve[:2] = False
    for p in range(2, 10):
        if sieve[p]:
            sieve[p * p :: p] = False
    primes = np.flatnonzero(sieve)
    assert len(primes) == 25 and primes[-1] == 97
    assert {int(p): i for i, p in enumerate(primes)}[primes[3]] == 3


def test_eigenvalues():
    a = np.array([[2.0, 1], [1, 3]])
    v = np.ones(2)
    for _ in range(50):
        v = a @ v
        v /= np.linalg.norm(v)
    assert np.isclose(v @ a @ v, np.linalg.eigvalsh(a).max())
    assert round(np.linalg.det(a), 6) == 5


def test_logistic_regression():
    x = np.array([[-2.0, 1], [-1, 1], [1, 1], [2, 1]])
    y = np.array([0.0, 0, 1, 1])
    w = np.zeros(2, requires_grad=True)
    losses = []
    for _ in range(200):
        p = 1 / (1 + np.exp(-(x @ w)))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
        loss.backward()
        with np.no_grad():
            w -= 0.5 * w.grad
        w.grad = None
        losses.append(loss.item())
    assert losses[-1] < 0.05 < losses[0]
    assert ((x @ w.detach() > 0) == (y == 1)).all()


def test_denoise():
    rng = np.random.default_rng(2)
    t = np.arange(256) / 256
    tone = np.sin(2 * np.pi * 12 * t)
    spectrum = np.fft.rfft(tone + 0.2 * rng.standard_normal(256))
    spectrum[np.abs(spectrum) < np.abs(spectrum).max() / 2] = 0
    assert np.abs(np.fft.irfft(spectrum) - tone).mean() < 0.05


def test_scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("name,first,second\nAda,80,90\nCarl,70,60\nEmmy,95,97\n")
    scores = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(1, 2))
    means = scores.mean(axis=1)
    assert means.tolist() == [85, 65, 96]
    assert np.argsort(-means).tolist() == [2, 0, 1]
    z = (scores - scores.mean(0)) / scores.std(0, ddof=1)
    assert np.allclose(z.mean(0), 0)
    report = json.dumps({"best": float(means.max()), "mean": means.mean(), "above": (means > 80).tolist()})
    assert json.loads(report) == {"best": 96.0, "mean": 82.0, "above": [True, False, True]}


def test_mandelbrot():
    x, y = np.linspace(-2, 0.5, 26), np.linspace(-1, 1, 21)
    c = x + 1j * y[:, None]
    z, steps = np.zeros_like(c), np.zeros(c.shape, dtype=int)
    for _ in range(50):
        inside = np.abs(z) <= 2
        steps += inside
        z[inside] = z[inside] ** 2 + c[inside]
    assert steps[10, 20] == 50 and steps[0, 0] == 1
    picture = ["".join("*" if n == 50 else " " for n in row) for row in steps]
    assert "****" in picture[10]


def test_counts():
    text = "to be or not to be that is the question to be".split()
    words = sorted(set(text))
    counts = np.bincount([words.index(w) for w in text])
    best = np.argmax(counts)
    assert (words[best], counts[best], counts.sum()) == ("be", 3, 12)
    values, counts = np.unique([3, 1, 3, 3, 1, 2], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist())) == {1: 2, 2: 1, 3: 3}
    hist, edges = np.histogram([0.1, 0.4, 0.45, 0.9], bins=4, range=(0, 1))
    assert hist.tolist() == [1, 2, 0, 1] and edges.shape == (5,)


def test_saving_and_a_picture(tmp_path):
    height, width = 32, 48
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.stack([rows * 8, columns * 5, np.hypot(rows - 16, columns - 24) * 8], axis=-1).clip(0, 255).astype(np.uint8)
    path = tmp_path / "picture.ppm"
    path.write_bytes(f"P6 {width} {height} 255\n".encode() + picture.tobytes())
    assert path.stat().st_size == 13 + picture.nbytes
    np.savez(tmp_path / "all.npz", picture=picture, mean=picture.mean((0, 1)))
    with np.load(tmp_path / "all.npz") as back:
        assert (back["picture"] == picture).all() and back["mean"].shape == (3,)
    blurred = (picture[1:-1].astype(float) + picture[:-2] + picture[2:]) / 3
    assert blurred.shape == (30, 48, 3) and picture[..., 0].max() == 248
