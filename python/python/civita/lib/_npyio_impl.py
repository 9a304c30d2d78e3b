"""Readers and writers under the path where NumPy implements them."""

from .._files import *  # noqa: F403
from .._files import NpzFile, fromregex, genfromtxt, load, loadtxt, save, savetxt, savez, savez_compressed  # noqa: F401

#: NumPy's rows of a table that are read at once; ours are read all at once.
_loadtxt_chunksize = 50000
