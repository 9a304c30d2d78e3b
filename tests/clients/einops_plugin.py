"""A pytest plugin: einops' own tests run on Civita's arrays.

`einops.array_api` takes them as they are. `einops.rearrange` knows libraries by a class each, which anyone can add: `Civita` here.
"""

import einops.tests
import numpy
from einops import _backends

import civita


class Civita(_backends.NumpyBackend):
    """What einops asks of a library; the methods are those of NumPy's class."""

    framework_name = "civita"

    def __init__(self):
        self.np = civita

    def is_appropriate_type(self, tensor):
        return isinstance(tensor, civita.ndarray)

    def from_numpy(self, x):
        # as the class of PyTorch does: floats take part in gradients
        return civita.array(x, requires_grad=x.dtype.kind == "f")

    def to_numpy(self, x):
        return numpy.asarray(x.detach())


def _backends_to_test(symbolic=False, layers=False):
    return [] if symbolic or layers else [Civita()]


einops.tests.collect_test_backends = _backends_to_test
einops.tests.parse_backends_to_test = lambda: ["civita"]
# the array that the tests of `einops.array_api` begin with
numpy.from_dlpack = civita.from_dlpack
