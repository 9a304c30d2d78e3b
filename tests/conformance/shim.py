"""A pytest plugin that runs NumPy's test files, unmodified, with another module in NumPy's place. run.py starts it.

A test file gets an `__import__` of its own: `numpy` and what lies under it are `Namespace`s, which look names up in the
target ($CONFORMANCE_TARGET). pytest, hypothesis and `numpy.testing` keep the real NumPy; arrays of the target become
NumPy's before NumPy's assertions compare them.

A name that the target lacks is an AttributeError inside a test. While a file is imported and its tests are collected
(decorators, parameters), the real NumPy lends its own; a statement of the file that fails is run again with all names
lent. Lent values never take the target's place in a test: arrays, dtypes and functions among them are replaced by the
target's before a test sees them, and a lent function that has no counterpart raises when a test calls it.

Writes a line of JSON for each test, and for each statement that needed lending, to $CONFORMANCE_LOG.
"""

import ast
import builtins
import faulthandler
import importlib
import json
import os
import signal
import sys
import types
from functools import wraps
from pathlib import Path

import hypothesis
import numpy
import numpy.testing
import pytest
from _pytest.assertion.rewrite import rewrite_asserts

TARGET = os.environ["CONFORMANCE_TARGET"]
LOG = os.environ["CONFORMANCE_LOG"]
SECONDS = int(os.environ["CONFORMANCE_SECONDS"])
# NumPy's private homes of names that are public in the target.
PRIVATE = ("_core", "core", "lib")
PUBLIC = {name: f"lib.array_utils.{name}" for name in ("normalize_axis_index", "normalize_axis_tuple")}
# Helpers of the tests themselves.
REAL = ("numpy.testing", "numpy._core.tests", "numpy.lib.tests", "numpy.random.tests", "numpy._utils")
# Modules of assertions, which take the target's arrays.
ASSERTIONS = ("numpy.testing", "numpy.ma.testutils")

target = importlib.import_module(TARGET)


def log(**line):
    with open(LOG, "a") as file:
        file.write(json.dumps(line) + "\n")


def first_line(error):
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:300]


class State:
    collecting = False  # files are imported, parameters made
    lending = False  # a statement is run again, with the real NumPy's names


class Missing:
    """What the target lacks: NumPy's is lent while tests are collected; inside a test it is an AttributeError."""

    def __init__(self, real, name):
        self.__dict__.update(_real=real, _name=name)

    def _lend(self):
        if State.collecting:
            return self._real
        raise AttributeError(f"{TARGET} has no {self._name!r}")

    def __call__(self, *args, **options):
        value = self._lend()(*args, **options)
        return value if State.lending else adopt(value)

    def __getattr__(self, name):
        if name in ("__name__", "__qualname__", "__doc__"):
            return getattr(self._real, name)
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._lend(), name)

    def __mro_entries__(self, bases):
        return (object,)


class Base:
    """The target's ndarray where a file derives a class from it and the target does not allow that."""

    def __call__(self, *args, **options):
        return target.ndarray(*args, **options)

    def __getattr__(self, name):
        return getattr(target.ndarray, name)

    def __mro_entries__(self, bases):
        # A class of the file's own would bring NumPy's arrays into tests; one that a function makes is gone by then.
        return (object,) if sys._getframe(1).f_code.co_name == "<module>" else (numpy.ndarray,)

    def __instancecheck__(self, value):
        return isinstance(value, target.ndarray)


def look_up(root, path):
    """The object at a dotted path below a module, which may have to be imported."""
    value = root
    for part in path.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            if not isinstance(value, types.ModuleType):
                raise
            try:
                value = importlib.import_module(f"{value.__name__}.{part}")
            except ImportError:
                raise AttributeError(path) from None
    return value


def places(path):
    """Where the target may have what NumPy has at a path."""
    name = path.rpartition(".")[2]
    return (path, name, PUBLIC.get(name, name)) if path.startswith(PRIVATE) else (path,)


class Namespace(types.ModuleType):
    """Stands for `numpy` or one of its modules in a test file."""

    known = {}

    def __new__(cls, path):
        return cls.known.setdefault(path, super().__new__(cls, path))

    def __init__(self, path):
        super().__init__(f"numpy.{path}" if path else "numpy")
        self.__path__ = []
        object.__setattr__(self, "_path", path)

    def __dir__(self):
        return dir(importlib.import_module(self.__name__))

    @property
    def __dict__(self):  # test files look for ufuncs in `np._core.umath.__dict__`
        names = [name for name in vars(importlib.import_module(self.__name__)) if not name.startswith("__")]
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def __getattr__(self, name):
        path = f"{self._path}.{name}" if self._path else name
        if f"numpy.{path}" in ASSERTIONS:
            return Assertions(f"numpy.{path}")
        if State.lending:
            return self._lent(name, path)
        for place in places(path):
            try:
                value = look_up(target, place)
            except AttributeError:
                continue
            return Namespace(path) if isinstance(value, types.ModuleType) else value
        real = look_up(numpy, path)
        if isinstance(real, types.ModuleType):
            return Namespace(path)
        if not State.collecting:
            raise AttributeError(f"{TARGET} has no {path!r}")
        return Missing(real, path) if callable(real) else adopt(real)

    def _lent(self, name, path):
        real = look_up(numpy, path)
        if isinstance(real, types.ModuleType):
            return Namespace(path)
        if real is numpy.ndarray:
            return Base()
        return Missing(real, path) if callable(real) and not isinstance(real, type) else real


def counterpart(path, real):
    """The target's function or class under a name of NumPy's."""
    for place in places(path):
        try:
            return look_up(target, place)
        except AttributeError:
            pass
    return real if isinstance(real, type) else Missing(real, path)


def adopt(value):
    """The target's array, dtype, class or function for a lent one; without a counterpart, what raises in a test."""
    if isinstance(value, numpy.dtype):
        try:
            return target.dtype(value.char if value.char in "gG" else value)
        except Exception:
            return value  # the target refuses it again in the test
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        try:
            array = target.array(value)
            return array if isinstance(value, numpy.ndarray) else array[()]
        except Exception:
            return Missing(value, f"array of {value.dtype}")
    if isinstance(value, type) and value.__module__.startswith("numpy"):
        return counterpart(value.__name__, value)
    if isinstance(value, numpy.ufunc):
        return counterpart(value.__name__, value)
    if isinstance(value, Missing):
        return counterpart(value._name, value._real)
    if type(value) in (list, tuple):
        return type(value)(map(adopt, value))
    if type(value) is dict:
        return {key: adopt(entry) for key, entry in value.items()}
    if type(value).__module__.startswith("numpy"):
        return Missing(value, type(value).__name__)
    return value


def as_numpy(value):
    """What NumPy's assertions compare."""
    if isinstance(value, (target.ndarray, target.generic)):
        try:
            return numpy.asarray(value)[()] if isinstance(value, target.generic) else numpy.asarray(value)
        except Exception:
            return value
    if type(value) in (list, tuple):
        return type(value)(map(as_numpy, value))
    if type(value) is dict:
        return {key: as_numpy(entry) for key, entry in value.items()}
    return value


class Assertions(types.ModuleType):
    """A module of NumPy's assertions, which compare the target's arrays."""

    CALLS = ("assert_raises", "assert_raises_regex", "assert_warns", "assert_no_warnings", "assert_no_gc_cycles")
    __path__ = []

    def __getattr__(self, name):
        real = look_up(importlib.import_module(self.__name__), name)
        if not name.startswith("assert") or name in self.CALLS:
            return real

        @wraps(real)
        def assertion(*args, **options):
            return real(*map(as_numpy, args), **as_numpy(options))

        return assertion


def import_in_test(name, namespace=None, scope=None, names=(), level=0):
    """`__import__` of a test file."""
    if level or not (name == "numpy" or name.startswith("numpy.")):
        return builtins.__import__(name, namespace, scope, names, level)
    if name in ASSERTIONS and names:
        return Assertions(name)
    if name.startswith(REAL) and names:
        return builtins.__import__(name, namespace, scope, names, level)
    importlib.import_module(name)  # an ImportError where NumPy's would be one
    return Namespace(name[6:] if names else "")


def list_parameters(node, names):
    """Makes lists of the iterators among the parameters of tests that a statement defines, while names can be lent."""
    if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return
    defined = names[node.name]
    for function in vars(defined).values() if isinstance(defined, type) else (defined,):
        for mark in getattr(function, "pytestmark", ()):
            if mark.name == "parametrize" and len(mark.args) > 1:
                object.__setattr__(mark, "args", (mark.args[0], list(mark.args[1]), *mark.args[2:]))


class TestFile(pytest.Module):
    """A test file, run statement by statement."""

    def _getobj(self):
        text = self.path.read_text(encoding="utf-8")
        module = types.ModuleType(self.path.stem)
        site = Path(numpy.__file__).parent.parent
        module.__file__ = str(self.path)
        module.__package__ = ".".join(self.path.parent.relative_to(site).parts)
        tree = ast.parse(text, module.__file__)
        rewrite_asserts(tree, text.encode(), module.__file__, self.config)
        if TARGET != "numpy":
            module.__builtins__ = vars(builtins) | {"__import__": import_in_test}
        sys.modules[module.__name__] = module
        for node in tree.body:
            code = compile(ast.Module([node], []), module.__file__, "exec")
            try:
                exec(code, module.__dict__)
                list_parameters(node, module.__dict__)
            except pytest.skip.Exception:
                raise
            except Exception as error:
                if TARGET == "numpy":
                    raise
                self.lend(node, code, module.__dict__, error)
        return module

    def lend(self, node, code, names, error):
        log(lent=f"{self.path.name}:{node.lineno}", why=first_line(error))
        before = dict(names)
        State.lending = True
        try:
            exec(code, names)
            list_parameters(node, names)
        except Exception as again:
            log(left_out=f"{self.path.name}:{node.lineno}", why=first_line(again))
        finally:
            State.lending = False
        for name, value in names.items():
            if before.get(name) is not value:
                names[name] = adopt(value)


def pytest_pycollect_makemodule(module_path, parent):
    return TestFile.from_parent(parent, path=module_path)


def pytest_configure(config):
    for marker in ("slow", "leaks_references", "thread_unsafe", "parametrize_device", "iterations"):
        config.addinivalue_line("markers", marker)
    # as NumPy's own conftest.py does for np.test()
    hypothesis.settings.register_profile(
        "conformance",
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("conformance")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    State.collecting = True
    try:
        return (yield)
    finally:
        State.collecting = False


def pytest_collectreport(report):
    if report.failed:
        log(left_out=report.nodeid, why=str(report.longrepr).strip().splitlines()[-1][:300])


def pytest_collection_modifyitems(config, items):
    with open(LOG) as file:
        done = {line["test"] for line in map(json.loads, file) if "test" in line}
    items[:] = [item for item in items if item.nodeid not in done]
    for item in items:
        if TARGET != "numpy" and hasattr(item, "callspec"):
            item.callspec.params.update(adopt(item.callspec.params))
        item.repr_failure = failure  # pytest's own parses the file again for each failure


def failure(error, style=None):
    place = [entry.lineno + 1 for entry in error.traceback if "/tests/test_" in str(entry.path)]
    return f"{error.type.__name__}: {str(error.value)[:500]}\nline {place[-1] if place else '?'}"


def too_long(*_):
    raise TimeoutError(f"{SECONDS} s of processor time")


def pytest_runtest_logstart(nodeid, location):
    log(start=nodeid)
    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    faulthandler.dump_traceback_later(10 * SECONDS, exit=True)  # for what waits, or no signal interrupts


outcomes = {}


def pytest_runtest_logreport(report):
    outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
    if outcome != "passed" or report.when == "call":
        outcomes.setdefault(report.nodeid, (outcome, str(report.longrepr) if outcome == "failed" else ""))


def pytest_runtest_logfinish(nodeid, location):
    signal.setitimer(signal.ITIMER_PROF, 0)
    faulthandler.cancel_dump_traceback_later()
    outcome, why = outcomes.pop(nodeid, ("passed", ""))
    log(test=nodeid, outcome=outcome, why=why)


def pytest_sessionfinish(session, exitstatus):
    log(end=int(exitstatus))
