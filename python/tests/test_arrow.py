"""`__arrow_c_array__`: the structures of Arrow's C data interface, read by ctypes as any library would."""

import ctypes
import gc

import civita as cv
import numpy as np
import pytest


class Schema(ctypes.Structure):
    pass


class Elements(ctypes.Structure):
    pass


Schema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p), ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))), ("private", ctypes.c_void_p),
]  # fmt: skip
Elements._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64), ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Elements))), ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(Elements))), ("private", ctypes.c_void_p),
]  # fmt: skip

pointer = ctypes.pythonapi.PyCapsule_GetPointer
pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
CODES = {"bool": "b", "int8": "c", "uint8": "C", "int16": "s", "uint16": "S", "int32": "i", "uint32": "I", "int64": "l",
         "uint64": "L", "float16": "e", "float32": "f", "float64": "g"}  # fmt: skip


def structures(capsules):
    schema = ctypes.cast(pointer(capsules[0], b"arrow_schema"), ctypes.POINTER(Schema)).contents
    elements = ctypes.cast(pointer(capsules[1], b"arrow_array"), ctypes.POINTER(Elements)).contents
    return schema, elements


def read(schema, elements, dtype):
    """The elements as a list, by what the structures say."""
    assert elements.null_count == 0 and elements.offset == 0 and schema.flags == 0
    if schema.format.startswith(b"+w:"):
        n = int(schema.format[3:])
        assert (schema.n_children, elements.n_children, elements.n_buffers, elements.buffers[0]) == (1, 1, 1, None)
        inner = read(schema.children[0].contents, elements.children[0].contents, dtype)
        assert len(inner) == n * elements.length
        return [inner[i * n : i * n + n] for i in range(elements.length)]
    assert schema.format.decode() == CODES[dtype] and (schema.n_children, elements.n_children) == (0, 0)
    assert elements.n_buffers == 2 and elements.buffers[0] is None
    count = elements.length
    size = -(-count // 8) if dtype == "bool" else count * np.dtype(dtype).itemsize
    data = ctypes.string_at(elements.buffers[1], size) if size else b""
    if dtype == "bool":
        return np.unpackbits(np.frombuffer(data, "uint8"), bitorder="little")[:count].astype(bool).tolist()
    return np.frombuffer(data, dtype).tolist()


@pytest.mark.parametrize("dtype", CODES)
def test_elements_in_every_dtype_and_layout(dtype):
    a = (cv.arange(60) % 7 > 2) if dtype == "bool" else cv.arange(60).astype(dtype)
    for x in (a, a[3:], a[::-2], a.reshape(3, 4, 5), a.reshape(3, 20).T, a[:0], a.reshape(12, 5)[:0], a.reshape(60, 1)[:, :0]):
        capsules = x.__arrow_c_array__()
        assert read(*structures(capsules), dtype) == x.tolist()


def test_the_copy_outlives_the_array_and_is_not_written():
    a = cv.arange(1000.0)
    capsules = a.__arrow_c_array__(None)
    a[:] = -1
    del a
    gc.collect()
    assert read(*structures(capsules), "float64") == list(range(1000))


def test_consumers_release():
    capsules = cv.ones((2, 3)).__arrow_c_array__()
    schema, elements = structures(capsules)
    schema.release(ctypes.byref(schema))
    elements.release(ctypes.byref(elements))
    assert not schema.release and not elements.release
    del capsules  # nothing is released twice
    gc.collect()


def test_nothing_leaks():
    resource = pytest.importorskip("resource")
    a = cv.ones((1000, 1000))
    for _ in range(3):
        a.__arrow_c_array__()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(50):
        a.__arrow_c_array__()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes; 400 MB if it leaked


@pytest.mark.parametrize("x", [cv.ones(2, dtype="complex64"), cv.ones(2, dtype="bfloat16")])
def test_dtypes_that_arrow_lacks(x):
    with pytest.raises(TypeError, match="Arrow has no"):
        x.__arrow_c_array__()


def test_gradients_are_not_lost():
    with pytest.raises(RuntimeError, match="lose the gradient"):
        cv.ones(2, requires_grad=True).__arrow_c_array__()


def test_no_axes():
    with pytest.raises(ValueError, match="without axes"):
        cv.asarray(1.0).__arrow_c_array__()


def test_to_numpy():
    a = cv.arange(3)
    assert np.shares_memory(a.to_numpy(), np.asarray(a))
    with pytest.raises(TypeError):
        cv.ones(2, requires_grad=True).to_numpy()
