"""One seed for everything, and floating-point warnings off: the tests provoke them on purpose."""

import pathlib
import tempfile

import hypothesis
import hypothesis.configuration
import numpy as np
import pytest

import civita as cv

# what it remembers between runs would make them differ
hypothesis.configuration.set_hypothesis_home_dir(pathlib.Path(tempfile.gettempdir()) / "hypothesis-of-civita")
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None, print_blob=False)
hypothesis.settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"), cv.errstate(all="ignore"):
        yield


@pytest.fixture
def rng(request):
    """Random numbers that depend on the test's name alone."""
    return np.random.default_rng(list(request.node.name.encode()))


@pytest.fixture
def threads():
    """`cv.set_num_threads`, put back afterwards."""
    before = cv.get_num_threads()
    yield cv.set_num_threads
    cv.set_num_threads(before)
