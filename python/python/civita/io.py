"""Files of other formats than NumPy's: CSV, safetensors, Matrix Market, and where built in PNG and JPEG.

>>> import civita as cv
>>> table = cv.io.read_csv(b"x,n,name\\n0.5,1,a\\n1.5,2,b\\n")
>>> table["x"], table["n"].dtype, table["name"]
(array([0.5, 1.5]), dtype('int64'), ['a', 'b'])

A source is a path, an open binary file, or bytes. Readers take no more memory than the file can fill, and damaged files are a
`ValueError`. Writers replace a file as a whole: an error, a full disk or a kill leaves the old one.
"""

import os

from . import _civita as cv

__all__ = [
    "load_safetensors", "read_csv", "read_image", "read_matrix_market", "save_safetensors", "write_csv", "write_image",
    "write_matrix_market",
]  # fmt: skip


def _source(file):
    """The bytes of an open file, else what was given: a path, or bytes."""
    if hasattr(file, "read"):
        data = file.read()
        return data.encode() if isinstance(data, str) else bytes(data)
    if isinstance(file, (bytes, bytearray, memoryview)):
        return bytes(file)
    return os.fspath(file)


def read_csv(file, *, delimiter=",", header=True, skip=0, max_rows=None, columns=None, dtypes=None, missing=()):
    """The columns of a CSV file by name: arrays of `bool`, `int64` or `float64`, whatever holds all fields of a column, else lists of
    `str`.

    Fields may be quoted, and hold delimiters and newlines then. An empty field, or one of `missing`, is NaN in columns of numbers.
    The first line holds the names, or with `header=False` they are `column_1`, `column_2`, …; `skip` lines before it are left out.
    `columns` chooses by name, `dtypes` maps names to dtypes. A row of another length than the first line is an error.

    >>> import civita as cv
    >>> cv.io.read_csv(b"a;b\\n1;\\n2;0.5\\n", delimiter=";", dtypes={"a": "float32"})
    {'a': array([1., 2.], dtype=float32), 'b': array([nan, 0.5])}
    """
    wanted = None if columns is None else [str(c) for c in columns]
    asked = [(str(name), cv.dtype(dtype)) for name, dtype in (dtypes or {}).items()]
    missing = [missing] if isinstance(missing, str) else [str(m) for m in missing]
    found = cv._csv_read(_source(file), delimiter, bool(header), skip, max_rows, wanted, asked, missing)
    names = [name for name, _ in found]
    if len(set(names)) < len(names):
        twice = next(n for i, n in enumerate(names) if n in names[:i])
        raise ValueError(f"read_csv: two columns have the name {twice!r}\n  hint: `header=False, skip=1` numbers them")
    return dict(found)


def write_csv(file, columns, *, delimiter=","):
    """Writes columns, a dict of arrays with one axis and lists of `str`, to a CSV file. Floats have as many digits as it takes to
    read the same value; NaN is an empty field."""
    found = []
    for name, column in columns.items():
        is_text = isinstance(column, (list, tuple)) and any(isinstance(v, str) for v in column)
        found.append((str(name), [str(v) for v in column] if is_text else cv.asarray(column)))
    cv._csv_write(os.fspath(file), found, delimiter)


def load_safetensors(file, *, metadata=False):
    """The tensors of a safetensors file by name; with `metadata=True` the pair of them and of the dict of its texts.

    >>> import civita as cv
    >>> cv.io.save_safetensors("/tmp/w.safetensors", {"w": cv.ones((2, 2), dtype="bfloat16")})
    >>> cv.io.load_safetensors("/tmp/w.safetensors")["w"].dtype
    dtype('bfloat16')
    """
    tensors, texts = cv._safetensors_load(_source(file))
    return (dict(tensors), dict(texts)) if metadata else dict(tensors)


def save_safetensors(file, tensors, *, metadata=None):
    """Writes arrays, a dict by name, and the texts of the dict `metadata`, to a safetensors file."""
    arrays = [(str(name), cv.asarray(x)) for name, x in tensors.items()]
    texts = [(str(name), str(text)) for name, text in (metadata or {}).items()]
    cv._safetensors_save(os.fspath(file), arrays, texts)


def read_matrix_market(file, *, entries=False):
    """The matrix of a Matrix Market file, `int64`, `float64` or `complex128`, with all its elements; with `entries=True` those of
    the file as `(values, (rows, columns), shape)`, which `scipy.sparse.coo_array` takes.

    >>> import civita as cv
    >>> cv.io.read_matrix_market(b"%%MatrixMarket matrix coordinate real symmetric\\n2 2 2\\n1 1 5\\n2 1 7\\n")
    array([[5., 7.],
           [7., 0.]])
    """
    if entries:
        values, row, column, shape = cv._market_entries(_source(file))
        return values, (row, column), shape
    return cv._market_read(_source(file))


def write_matrix_market(file, a):
    """Writes a matrix, all its elements, to a Matrix Market file."""
    cv._market_write(os.fspath(file), cv.asarray(a))


def _built(name):
    function = getattr(cv, name, None)
    if function is None:
        raise NotImplementedError(
            "this build of civita reads and writes no images\n  hint: the feature `images` is left out by default: "
            "`make python FEATURES=images` builds with it; Pillow does as well: `cv.asarray(Image.open(file))`, `Image.fromarray(a)`"
        )
    return function


def read_image(file):
    """The picture of a PNG or JPEG file: `uint8` or `uint16`, with the axes rows, columns and, but for grey ones, channels.

    Only in packages that were built with the feature `images` (`make python FEATURES=images`); Pillow's `Image` is as good: `cv.asarray(Image.open(file))`."""
    return _built("_image_read")(_source(file))


def write_image(file, a):
    """Writes a picture to a file, as PNG or JPEG by its ending: `uint8` (PNG also `uint16`) with the axes rows, columns and 1 to 4
    channels: grey, grey and opacity, colours, colours and opacity. See `read_image`."""
    _built("_image_write")(os.fspath(file), cv.asarray(a))
