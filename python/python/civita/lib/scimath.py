"""The functions of `emath` under NumPy's other path."""

from ..emath import *  # noqa: F403
