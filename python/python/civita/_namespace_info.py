"""What the array API's inspection says about this package."""

from . import _civita as cv

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


def _check_device(device):
    if device not in (None, "cpu"):
        raise ValueError(f'Device not understood. Only "cpu" is allowed, but received: {device}')


class __array_namespace_info__:
    """The inspection namespace of the array API: `civita.__array_namespace_info__()`.

    >>> import civita as cv
    >>> info = cv.__array_namespace_info__()
    >>> info.default_dtypes()["real floating"]
    dtype('float64')
    >>> list(info.dtypes(kind="complex floating"))
    ['complex64', 'complex128']
    """

    __module__ = "civita"

    def capabilities(self):
        """What the array API leaves open: boolean indexing, shapes that depend on data, the largest number of axes."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self):
        """The device of new arrays: `"cpu"`."""
        return "cpu"

    def default_dtypes(self, *, device=None):
        """The dtypes of new arrays by kind: `"real floating"`, `"complex floating"`, `"integral"`, `"indexing"`."""
        _check_device(device)
        return {
            "real floating": cv.dtype("float64"),
            "complex floating": cv.dtype("complex128"),
            "integral": cv.dtype("int64"),
            "indexing": cv.dtype("int64"),
        }

    def dtypes(self, *, device=None, kind=None):
        """The array API's dtypes by name, all of them or those of a kind or of a tuple of kinds; the kinds are `isdtype`'s."""
        _check_device(device)
        if kind is None:
            kind = ("bool", "numeric")
        found = {}
        for one in kind if isinstance(kind, tuple) else (kind,):
            if one not in _KINDS:
                raise ValueError(f"unsupported kind: {one!r}")
            found |= {name: cv.dtype(name) for name in _KINDS[one]}
        return found

    def devices(self):
        """The devices that arrays can be on: `["cpu"]`."""
        return ["cpu"]
