"""A pytest plugin: xarray's own tests of arrays that follow the array API run on Civita's."""

import sys
import types

import civita

# the library that these tests name
sys.modules["array_api_strict"] = civita
sys.modules["array_api_strict._array_object"] = types.SimpleNamespace(Array=civita.ndarray)
