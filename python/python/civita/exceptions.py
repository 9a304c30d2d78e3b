"""NumPy's exceptions and warnings."""

from ._civita import AxisError

__all__ = ["AxisError", "ComplexWarning", "DTypePromotionError", "ModuleDeprecationWarning", "RankWarning", "TooHardError",
           "VisibleDeprecationWarning"]  # fmt: skip


class ComplexWarning(RuntimeWarning):
    """The imaginary part of a complex number was dropped."""


class ModuleDeprecationWarning(DeprecationWarning):
    """A module is about to go."""


class VisibleDeprecationWarning(UserWarning):
    """A feature is about to go, shown to users by default."""


class RankWarning(RuntimeWarning):
    """A polynomial fit is badly conditioned."""


class TooHardError(RuntimeError):
    """The answer would take more work than was allowed."""


class DTypePromotionError(TypeError):
    """Two dtypes have no common one."""
