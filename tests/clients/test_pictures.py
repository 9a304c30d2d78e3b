"""matplotlib draws Civita's arrays, Pillow takes and gives them. Pictures are compared with those of NumPy's arrays, pixel by pixel."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

import civita as cv

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

X = np.linspace(0, 6, 50)
Z = np.sin(X)[:, None] * np.cos(X)[None, :]

PLOTS = {
    "plot": lambda ax, m: ax.plot(m(X), m(np.sin(X))),
    "plot of one": lambda ax, m: ax.plot(m(X)),
    "plot of columns": lambda ax, m: ax.plot(m(Z[:, :4])),
    "scatter": lambda ax, m: ax.scatter(m(X), m(np.cos(X)), c=m(X), s=m(X * 10)),
    "bar": lambda ax, m: ax.bar(m(np.arange(5)), m(X[:5])),
    "barh": lambda ax, m: ax.barh(m(np.arange(5)), m(X[:5]), left=m(X[5:10])),
    "hist": lambda ax, m: ax.hist(m(np.sin(X)), bins=m(np.linspace(-1, 1, 9))),
    "hist2d": lambda ax, m: ax.hist2d(m(X), m(np.sin(X)), bins=5),
    "imshow": lambda ax, m: ax.imshow(m(Z)),
    "imshow of colours": lambda ax, m: ax.imshow(m((Z * 100 + 100).astype("uint8")[..., None].repeat(3, 2))),
    "contour": lambda ax, m: ax.contour(m(X), m(X), m(Z), levels=m(np.linspace(-1, 1, 5))),
    "contourf": lambda ax, m: ax.contourf(m(Z)),
    "pcolormesh": lambda ax, m: ax.pcolormesh(m(X), m(X), m(Z)),
    "quiver": lambda ax, m: ax.quiver(m(X[:5]), m(X[:5]), m(X[:5]), m(X[:5])),
    "fill_between": lambda ax, m: ax.fill_between(m(X), m(np.sin(X)), m(np.cos(X)), where=m(X > 2)),
    "errorbar": lambda ax, m: ax.errorbar(m(X[:9]), m(X[:9]), yerr=m(X[:9] / 9)),
    "boxplot": lambda ax, m: ax.boxplot(m(Z[:, :3])),
    "violinplot": lambda ax, m: ax.violinplot(m(Z[:, :3])),
    "stem": lambda ax, m: ax.stem(m(X[:9]), m(np.sin(X[:9]))),
    "step": lambda ax, m: ax.step(m(X), m(np.sin(X))),
    "hexbin": lambda ax, m: ax.hexbin(m(X), m(np.sin(X)), gridsize=8),
    "limits and ticks": lambda ax, m: (ax.set_xlim(m(X)[3], m(X)[9]), ax.set_yticks(m(X[:4]))),
    "scalars": lambda ax, m: (ax.axhline(m(X)[3]), ax.axvspan(m(X).min(), m(X).mean()), ax.text(m(X)[0], m(X)[1], "a")),
}


def drawn(plot, convert):
    figure, ax = plt.subplots(figsize=(3, 3), dpi=50)
    plot(ax, convert)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba()).copy()
    plt.close(figure)
    return pixels


@pytest.mark.parametrize("name", PLOTS)
def test_matplotlib(name):
    np.testing.assert_array_equal(drawn(PLOTS[name], cv.asarray), drawn(PLOTS[name], np.asarray))


@pytest.mark.parametrize(
    "mode, shape, dtype",
    [("L", (4, 5), "uint8"), ("RGB", (4, 5, 3), "uint8"), ("RGBA", (4, 5, 4), "uint8"), ("F", (4, 5), "float32"),
     ("I", (4, 5), "int32"), ("I;16", (4, 5), "uint16"), ("1", (4, 8), "bool")],
)  # fmt: skip
def test_pillow(mode, shape, dtype):
    a = (cv.arange(cv.prod(cv.asarray(shape))).reshape(shape) % 7 > 3) if dtype == "bool" else cv.arange(
        int(np.prod(shape)), dtype=dtype).reshape(shape)  # fmt: skip
    picture = Image.fromarray(a)
    assert picture.mode == mode and picture.size == (shape[1], shape[0])
    back = cv.asarray(picture)
    assert back.dtype == dtype and (back == a).all()


def test_pillow_reads_what_civita_drew():
    a = cv.arange(48, dtype="uint8").reshape(4, 4, 3)
    file = io.BytesIO()
    Image.fromarray(a).save(file, "PNG")
    assert (cv.asarray(Image.open(file)) == a).all()
