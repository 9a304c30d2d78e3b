"""NumPy's `lib`: functions under the paths that programs import them by."""

from . import _npyio_impl, _stride_tricks_impl, array_utils, format, mixins, npyio, scimath, stride_tricks  # noqa: A004, F401
from ._arrayterator_impl import Arrayterator

__all__ = ["Arrayterator", "NumpyVersion", "array_utils", "format", "mixins", "npyio", "scimath", "stride_tricks"]


class NumpyVersion:
    """A version number that compares: `NumpyVersion("1.2.3") < "2.0.0"`."""

    def __init__(self, vstring):
        import re

        self.vstring = vstring
        found = re.match(r"(\d+)\.(\d+)\.(\d+)(.*)$", vstring)
        if not found:
            raise ValueError("Not a valid numpy version string")
        self.version = ".".join(found.groups()[:3])
        self.major, self.minor, self.bugfix = (int(n) for n in found.groups()[:3])
        rest = found.group(4)
        pre = re.match(r"(a|b|rc)(\d+)", rest)
        self.is_devversion = ".dev" in rest
        self._key = (self.major, self.minor, self.bugfix, (pre[1], int(pre[2])) if pre else ("z", 0), not self.is_devversion)

    def _other(self, other):
        return (other if isinstance(other, NumpyVersion) else NumpyVersion(other))._key

    def __lt__(self, other):
        return self._key < self._other(other)

    def __le__(self, other):
        return self._key <= self._other(other)

    def __eq__(self, other):
        return self._key == self._other(other)

    def __ne__(self, other):
        return self._key != self._other(other)

    def __gt__(self, other):
        return self._key > self._other(other)

    def __ge__(self, other):
        return self._key >= self._other(other)

    def __repr__(self):
        return f"NumpyVersion({self.vstring})"
