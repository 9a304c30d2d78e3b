"""Versions: that of the NumPy whose functions these are, under NumPy's names, and this package's own.

>>> import civita as cv
>>> cv.__version__ == cv.version.version
True
>>> cv.version.civita_version
'0.1.0'
"""

from ._civita import __version__ as civita_version

# programs choose by NumPy's version what they call and which names they import
version = full_version = short_version = "2.4.6"
release = True
git_revision = "unknown"

__all__ = ["civita_version", "full_version", "git_revision", "release", "short_version", "version"]
