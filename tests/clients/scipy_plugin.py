"""A pytest plugin: SciPy's own tests of its array API support run on Civita's arrays, instead of other libraries'."""

import civita
import pytest
from scipy import conftest

conftest.xp_known_backends.add("civita")
conftest.xp_available_backends.clear()
conftest.xp_available_backends["civita"] = civita
conftest.xp_skip_np_only_backends.clear()
conftest.xp_skip_np_only_backends.add("civita")
# pytest keeps the parameters of a fixture in a frozen object
parameters = (pytest.param(civita, id="civita", marks=pytest.mark.array_api_backends),)
object.__setattr__(conftest.xp._fixture_function_marker, "params", parameters)
