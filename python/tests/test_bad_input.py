"""What is wrong is refused in words: the exception's type and what its text must name. Never a panic."""

import gc

import numpy as np
import pytest

import civita as cv

A34, A56 = cv.ones((3, 4)), cv.ones((5, 6))
F32, I64, BOOL, C128 = cv.ones(3, "float32"), cv.ones(3, "int64"), cv.ones(3, "bool"), cv.ones(3, "complex128")
READ_ONLY = np.arange(3.0)
READ_ONLY.flags.writeable = False

BAD = {
    # shapes
    "matmul": (lambda: A34 @ A56, ValueError, [r"(3, 4)", r"(5, 6)", "4 ≠ 5", "hint"]),
    "matmul says which transpose was meant": (
        lambda: cv.ones((3, 4)) @ cv.ones((5, 4)),
        ValueError,
        ["(3, 4)", "(5, 4)", "(3, 5)", "hint"],
    ),
    "matmul of 0-d": (lambda: cv.array(1.0) @ A34, ValueError, ["matmul", "()"]),
    "matmul batches": (lambda: cv.ones((2, 3, 4)) @ cv.ones((3, 4, 5)), ValueError, ["(2, 3, 4)", "(3, 4, 5)"]),
    "dot": (lambda: cv.dot(cv.ones(3), cv.ones(4)), ValueError, ["(3,)", "(4,)"]),
    "broadcast": (lambda: A34 + A56, ValueError, ["(3, 4)", "(5, 6)", "broadcast"]),
    "broadcast of three": (lambda: cv.where(BOOL, A34, A56), ValueError, ["(3,)", "(3, 4)", "(5, 6)"]),
    "broadcast_to": (lambda: cv.broadcast_to(A34, (3, 5)), ValueError, ["(3, 4)", "(3, 5)"]),
    "broadcast_shapes": (lambda: cv.broadcast_shapes((2, 3), (4,)), ValueError, ["(2, 3)", "(4,)"]),
    "reshape": (lambda: A34.reshape(5, 3), ValueError, ["(3, 4)", "(5, 3)", "12", "15"]),
    "reshape with two unknowns": (lambda: A34.reshape(-1, -1), ValueError, ["-1"]),
    "reshape to a negative length": (lambda: A34.reshape(-2, 6), ValueError, ["-2"]),
    "reshape unknown of nothing": (lambda: cv.zeros((0, 3)).reshape(0, -1), ValueError, ["-1"]),
    "reshape without a copy": (lambda: cv.reshape(A34.T, 12, copy=False), ValueError, ["copy"]),
    "concatenate": (lambda: cv.concatenate([A34, A56]), ValueError, ["(3, 4)", "(5, 6)"]),
    "concatenate of nothing": (lambda: cv.concatenate([]), ValueError, ["concatenate"]),
    "concatenate of 0-d": (lambda: cv.concatenate([cv.array(1), cv.array(2)]), ValueError, ["stack"]),
    "stack": (lambda: cv.stack([A34, A56]), ValueError, ["(3, 4)", "(5, 6)"]),
    "squeeze": (lambda: A34.squeeze(0), ValueError, ["3"]),
    "assignment": (lambda: A34.copy().__setitem__(0, cv.ones(3)), ValueError, ["(4,)", "(3,)"]),
    "in place beyond the shape": (lambda: cv.ones(3).__iadd__(A34.T), ValueError, ["(3,)", "(4, 3)"]),
    "ragged lists": (lambda: cv.array([[1, 2], [3]]), ValueError, ["ragged"]),
    "ragged depth": (lambda: cv.array([1, [2]]), ValueError, ["ragged"]),
    "ragged depth first": (lambda: cv.array([[1], 2]), ValueError, ["ragged"]),
    "mT of a vector": (lambda: cv.ones(3).mT, ValueError, ["1"]),
    # sizes
    "a length that overflows": (lambda: cv.zeros((2**63 - 1, 2)), (ValueError, MemoryError), ["9223372036854775807"]),
    "a length beyond memory": (lambda: cv.zeros(2**64), (ValueError, OverflowError), ["memory"]),
    "allocation": (lambda: cv.zeros(2**50), MemoryError, ["PiB"]),
    "allocation of ones": (lambda: cv.ones((2**24, 2**24)), MemoryError, ["PiB"]),
    "allocation of a result": (lambda: cv.broadcast_to(cv.ones(1), (2**50,)) + 1, MemoryError, ["PiB"]),
    "broadcasting that overflows": (
        lambda: cv.broadcast_to(cv.ones(1), (2**62, 2**62)),
        (ValueError, MemoryError),
        ["4611686018427387904"],
    ),
    "arange beyond memory": (lambda: cv.arange(0, 1e18), (MemoryError, ValueError), ["memory|large|PiB|EiB"]),
    "arange without end": (lambda: cv.arange(0, float("inf")), (ValueError, OverflowError), ["arange"]),
    "eye beyond memory": (lambda: cv.eye(2**40), (MemoryError, ValueError), []),
    "one_hot beyond memory": (lambda: cv.one_hot(cv.array([0, 2**60])), (MemoryError, ValueError), []),
    "negative length": (lambda: cv.zeros(-1), ValueError, ["negative", "-1"]),
    "lists nested too deep": (
        lambda: cv.array(__import__("functools").reduce(lambda a, _: [a], range(100), 1)),
        ValueError,
        ["64"],
    ),
    "array of strings": (lambda: cv.array(["a"]), TypeError, ["'str'", "arrays of strings are not supported", "docs/differences.md"]),
    "choice of strings": (lambda: cv.where(BOOL, "#", "."), TypeError, ["'str'", "arrays of strings are not supported"]),
    "array of bytes": (lambda: cv.array([b"a"]), TypeError, ["'bytes'", "arrays of strings are not supported"]),
    "array of objects": (lambda: cv.array([1, None]), TypeError, ["'NoneType'", "arrays of objects are not supported", "docs/differences.md"]),
    "array of dates": (
        lambda: cv.array([__import__("datetime").date(2020, 1, 2)]),
        TypeError,
        ["'date'", "arrays of dates and times are not supported"],
    ),
    "array of a generator": (lambda: cv.array(n for n in [1, 2]), TypeError, ["'generator'", "list("]),
    "date": (lambda: cv.datetime64("2020-01-02"), TypeError, ["'datetime64'", "dates and times are not supported", "docs/differences.md"]),
    "time": (lambda: cv.timedelta64(1, "D"), TypeError, ["'timedelta64'", "dates and times are not supported"]),
    "string": (lambda: cv.str_("a"), TypeError, ["'str_'", "strings are not supported"]),
    "object": (lambda: cv.object_(), TypeError, ["'object_'", "objects are not supported"]),
    "structure": (lambda: cv.void(b"a"), TypeError, ["'void'", "structures are not supported"]),
    # axes
    "axis": (lambda: A34.sum(axis=2), cv.AxisError, ["2", "(3, 4)|2 axes|rank 2|dimension 2"]),
    "negative axis": (lambda: A34.sum(axis=-3), cv.AxisError, ["-3"]),
    "axis twice": (lambda: A34.sum(axis=(0, -2)), ValueError, ["0", "-2", "same axis"]),
    "axis of 0-d": (lambda: cv.array(1).sum(axis=1), cv.AxisError, ["1"]),
    "axis of a wrong type": (lambda: A34.sum(axis=1.5), TypeError, ["float", "axis"]),
    "axis of text": (lambda: A34.sum(axis="x"), TypeError, ["axis"]),
    "transpose": (lambda: A34.transpose(0, 0), ValueError, ["0"]),
    "transpose of other axes": (lambda: A34.transpose(0, 1, 2), ValueError, ["2|3"]),
    "softmax axis": (lambda: cv.softmax(A34, 5), cv.AxisError, ["5"]),
    "cumsum axis": (lambda: cv.cumsum(A34, 2), cv.AxisError, ["2"]),
    "stack axis": (lambda: cv.stack([A34, A34], axis=3 + 1), cv.AxisError, ["4"]),
    "take axis": (lambda: cv.take(A34, [0], axis=2), cv.AxisError, ["2"]),
    "max of nothing": (lambda: cv.zeros(0).max(), ValueError, ["max"]),
    "argmin of nothing along an axis": (lambda: cv.zeros((2, 0)).argmin(axis=1), ValueError, ["argmin"]),
    # dtypes
    "bits of floats": (lambda: F32 & F32, TypeError, ["float32", "bitwise_and"]),
    "minus of booleans": (lambda: BOOL - BOOL, TypeError, ["bool", "a ^ b"]),
    "negative of booleans": (lambda: -BOOL, TypeError, ["bool", "~x"]),
    "floor of complex": (lambda: cv.floor(C128), TypeError, ["complex128", "floor"]),
    "remainder of complex": (lambda: C128 % 2, TypeError, ["complex128"]),
    "unknown dtype": (lambda: cv.zeros(3, "float128"), TypeError, ["float128", "float64"]),
    "objects": (lambda: cv.array([object()]), TypeError, ["object"]),
    "text": (lambda: cv.array("text"), TypeError, ["str"]),
    "None": (lambda: cv.array(None), TypeError, ["None"]),
    "NumPy's objects": (
        lambda: cv.array(np.array([1, "a", None], dtype=object)),
        (TypeError, ValueError),
        ["object|O"],
    ),
    "NumPy's dates": (lambda: cv.array(np.array(["2020-01-01"], "M8[D]")), (TypeError, ValueError), []),
    "NumPy's structures": (lambda: cv.array(np.zeros(2, [("a", "i4")])), (TypeError, ValueError), []),
    "a set": (lambda: cv.array({1, 2}), TypeError, ["set"]),
    "a scalar that does not fit": (lambda: cv.ones(3, "uint8") + 300, OverflowError, ["300", "uint8"]),
    "a negative scalar beside unsigned": (lambda: cv.ones(3, "uint8") + -1, OverflowError, ["-1", "uint8"]),
    "an integer beyond all dtypes": (lambda: I64 + 2**200, OverflowError, []),
    "negative powers of integers": (lambda: I64 ** cv.array([-1, 2, 3]), ValueError, ["negative"]),
    "a negative power of integers": (lambda: I64**-1, ValueError, ["negative"]),
    "out of another dtype": (
        lambda: cv.add(F32, 1.5, out=cv.zeros(3, "int64")),
        TypeError,
        ["float32", "int64", "same_kind"],
    ),
    "in place of another dtype": (lambda: I64.copy().__iadd__(1.5), TypeError, ["float64", "int64"]),
    "casting": (lambda: F32.astype("int8", casting="safe"), TypeError, ["float32", "int8", "safe"]),
    "an unknown casting": (lambda: F32.astype("int8", casting="maybe"), ValueError, ["maybe", "same_kind"]),
    "NaN in an integer array": (lambda: I64.copy().__setitem__(0, float("nan")), ValueError, ["NaN"]),
    "infinity in an integer array": (lambda: cv.array([float("inf")], dtype="int64"), OverflowError, ["infinity"]),
    "an integer too large for its dtype": (
        lambda: cv.array([1, 2**63], dtype="int64"),
        OverflowError,
        ["9223372036854775808|too large"],
    ),
    "check_gradients in float32": (lambda: cv.check_gradients(lambda x: x, [F32]), TypeError, ["float64"]),
    # indices
    "index": (lambda: A34[3], IndexError, ["3"]),
    "negative index": (lambda: A34[0, -5], IndexError, ["-5", "4"]),
    "a huge index": (lambda: A34[10**30], IndexError, []),
    "too many indices": (lambda: A34[0, 0, 0], IndexError, ["too many|3"]),
    "two ellipses": (lambda: A34[..., ...], IndexError, ["ellipsis|..."]),
    "a float as index": (lambda: A34[1.0], IndexError, ["integers"]),
    "text as index": (lambda: A34["a"], IndexError, ["integers|str"]),
    "a float array as index": (lambda: A34[cv.array([0.5])], IndexError, ["float64"]),
    "step 0": (lambda: A34[::0], ValueError, ["step|0"]),
    "an index array out of range": (lambda: A34[cv.array([0, 3])], IndexError, ["3"]),
    "a mask of another length": (lambda: A34[cv.ones(4, "bool")], IndexError, ["4", "3"]),
    "a mask of another shape": (lambda: A34[cv.ones((4, 3), "bool")], IndexError, ["(4, 3)|4", "(3, 4)|3"]),
    "mask values of another length": (
        lambda: cv.arange(3).__setitem__(cv.array([True, True, False]), cv.arange(3)),
        ValueError,
        ["3", "2"],
    ),
    "take": (lambda: cv.take(A34, [12]), IndexError, ["12"]),
    "take of floats": (lambda: cv.take(A34, [0.5]), (TypeError, IndexError), ["float64"]),
    "take in an unknown mode": (lambda: cv.take(A34, [0], mode="bounce"), ValueError, ["bounce", "clip"]),
    "take from nothing": (lambda: cv.take(cv.zeros(0), [0]), IndexError, ["0"]),
    "one_hot out of range": (lambda: cv.one_hot(cv.array([3]), 3), (IndexError, ValueError), ["3"]),
    "one_hot of floats": (lambda: cv.one_hot(F32), TypeError, ["integer|float"]),
    "deletion": (lambda: A34.__delitem__(0), ValueError, ["delete"]),
    "length of 0-d": (lambda: len(cv.array(1)), TypeError, ["unsized|axes"]),
    "iterating over 0-d": (lambda: list(cv.array(1)), TypeError, ["0-d"]),
    # single values
    "item of many": (lambda: A34.item(), ValueError, ["(3, 4)", "12", "one element"]),
    "item of none": (lambda: cv.zeros(0).item(), ValueError, ["0"]),
    "item out of range": (lambda: A34.item(12), IndexError, ["12"]),
    "truth of many": (lambda: bool(A34), ValueError, ["ambiguous", "any"]),
    "truth of none": (lambda: bool(cv.zeros(0)), ValueError, ["ambiguous|empty"]),
    "float of many": (lambda: float(A34), (TypeError, ValueError), ["one element|1"]),
    "int of NaN": (lambda: int(cv.array(float("nan"))), ValueError, ["NaN"]),
    "float of complex": (lambda: float(cv.array(1j)), TypeError, ["complex"]),
    "index by a float array": (lambda: [1, 2][cv.array(1.0)], TypeError, ["integer"]),
    # memory
    "writing into a broadcast view": (
        lambda: cv.broadcast_to(cv.ones(1), (3,)).__setitem__(0, 1),
        ValueError,
        ["read-only|same memory"],
    ),
    "adding into a broadcast view": (
        lambda: cv.add(1, 1, out=cv.broadcast_to(cv.ones(1), (3,))),
        ValueError,
        ["read-only|same memory"],
    ),
    "writing into read-only memory": (lambda: cv.asarray(READ_ONLY).__setitem__(0, 1), ValueError, ["read-only"]),
    "in place into read-only memory": (lambda: cv.asarray(READ_ONLY).__iadd__(1), ValueError, ["read-only"]),
    "out of read-only memory": (lambda: cv.add(1.0, READ_ONLY, out=cv.asarray(READ_ONLY)), ValueError, ["read-only"]),
    "writing into bytes": (lambda: cv.asarray(memoryview(b"abcd")).__setitem__(0, 1), ValueError, ["read-only"]),
    "out that is a list": (lambda: cv.add(1, 2, out=[0]), TypeError, ["ndarray"]),
    "out of two": (lambda: cv.add(1, 2, out=(cv.zeros(()), cv.zeros(()))), ValueError, ["one"]),
    "out of another shape": (lambda: cv.add(A34, 1, out=cv.zeros(4)), ValueError, ["(3, 4)", "(4,)"]),
    "no copy where one is needed": (lambda: cv.asarray([1, 2], copy=False), ValueError, ["copy"]),
    "no copy to another dtype": (lambda: cv.asarray(F32, dtype="int8", copy=False), ValueError, ["copy"]),
    # calls
    "too few arguments": (lambda: cv.add(1), TypeError, ["add", "1"]),
    "too many arguments": (lambda: cv.exp(1, None, 3), TypeError, ["exp", "3"]),
    "an unknown keyword": (lambda: cv.add(1, 2, colour="red"), TypeError, ["colour"]),
    "an unknown keyword of a reduction": (lambda: cv.sum(A34, colour="red"), TypeError, ["colour", "axis"]),
    "an argument twice": (lambda: cv.sum(A34, 0, axis=1), TypeError, ["axis"]),
    "an operand that is none": (lambda: A34 + "text", TypeError, []),
    "None as operand": (lambda: A34 + None, TypeError, []),
    "an object as operand": (lambda: cv.add(A34, object()), TypeError, ["object"]),
    "threads": (lambda: cv.set_num_threads(0), ValueError, ["0"]),
    "a device": (lambda: cv.zeros(3, device="cuda"), ValueError, ["cuda", "cpu"]),
    "an order": (lambda: cv.zeros(3, order="Z"), ValueError, ["Z"]),
    "linspace": (lambda: cv.linspace(0, 1, -2), ValueError, ["-2"]),
    "arange without step": (lambda: cv.arange(0, 5, 0), ZeroDivisionError, ["0"]),
    "arange of complex": (lambda: cv.arange(1j), TypeError, ["complex"]),
    # gradients
    "gradients of integers": (lambda: cv.array([1], requires_grad=True), (TypeError, RuntimeError), ["int64"]),
    "backward of many": (lambda: cv.ones(3, requires_grad=True).__mul__(2).backward(), RuntimeError, ["(3,)", "sum()"]),
    "backward of a constant": (lambda: cv.ones(()).backward(), RuntimeError, ["requires"]),
    "backward with another shape": (
        lambda: cv.ones(3, requires_grad=True).__mul__(2).backward(cv.ones(4)),
        ValueError,
        ["(4,)", "(3,)"],
    ),
    "grad of a function": (lambda: cv.grad(lambda x: x, F32), TypeError, ["function"]),
    "NumPy of what tracks": (lambda: np.asarray(cv.ones(3, requires_grad=True)), RuntimeError, ["detach"]),
    "bfloat16 for NumPy": (lambda: np.asarray(cv.ones(3, "bfloat16")), TypeError, ["bfloat16", "float32"]),
    "fusing what needs values": (lambda: cv.fuse(lambda x: x if x > 0 else -x)(F32), (TypeError, ValueError), []),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused_in_words(name):
    call, kind, words = BAD[name]
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert "panic" not in text and "unwrap" not in text
    for word in words:
        assert any(part in text for part in word.split("|")), f"{word!r} is not in: {text}"


def test_a_buffer_of_booleans_with_other_bytes():
    """Bytes other than 0 and 1 count as true, and never reach Rust as a `bool`."""
    raw = np.array([0, 1, 2, 255, 128, 0] * 20, "uint8")
    a = cv.asarray(raw.view(bool))
    want = (raw != 0).tolist()
    assert a.tolist() == want
    assert cv.logical_not(a).tolist() == [not v for v in want]
    assert (a == cv.array(want)).all().item()
    assert (a & cv.ones(120, "bool")).tolist() == want
    assert a.astype("int64").tolist() == [int(v) for v in want]
    assert a.sum().item() == sum(want)
    assert a.any().item() and not a.all().item()
    assert cv.arange(120)[a].tolist() == [i for i, v in enumerate(want) if v]
    assert cv.where(a, 1, 0).tolist() == [int(v) for v in want]
    assert a.copy().tolist() == want and a.reshape(2, 60).T.copy().T.reshape(-1).tolist() == want
    assert repr(a[:4]) == "array([False,  True,  True,  True])"
    assert a.max().item() is True and a.argmax().item() == 1
    assert (a @ a).item() is True
    assert cv.cumsum(a).tolist() == np.cumsum(want).tolist()
    assert cv.concatenate([a, a]).sum().item() == 2 * sum(want)
    assert set(np.asarray(a.copy()).view("uint8").tolist()) <= {0, 1}


def test_memory_outlives_its_owner():
    x = np.arange(1000.0)
    a = cv.asarray(x)
    del x
    gc.collect()
    assert a.sum().item() == 499_500
    y = np.asarray(cv.arange(1000.0))
    gc.collect()
    assert y.sum() == 499_500
    data = bytearray(b"\x01" * 64)
    b = cv.asarray(memoryview(data))
    with pytest.raises(BufferError):
        data.extend(b"more")
    del b
    gc.collect()
    data.extend(b"more")


def test_more_axes_than_numpy_has():
    a = cv.ones((1,) * 70)
    assert (a + a).sum().item() == 2 and a.T.reshape(1).tolist() == [1]
    with pytest.raises((ValueError, BufferError)):
        np.asarray(a)


def test_a_failed_operation_changes_nothing():
    a = cv.arange(6)
    for call in (
        lambda: a.__setitem__(slice(0, 3), cv.ones(4)),
        lambda: cv.add(a, 0.5, out=a),
        lambda: a.__iadd__(cv.ones(5, "int64")),
        lambda: a.__setitem__(cv.array([0, 99]), 7),
    ):
        with pytest.raises((ValueError, TypeError, IndexError)):
            call()
    assert a.tolist() == [0, 1, 2, 3, 4, 5]


def test_unaligned_and_odd_buffers():
    raw = np.zeros(41, "uint8")
    raw[1:] = np.frombuffer(np.arange(5.0).tobytes(), "uint8")
    unaligned = raw[1:].view("float64")
    assert not unaligned.flags.aligned or unaligned.ctypes.data % 8 == 0
    a = cv.asarray(unaligned)
    assert a.tolist() == [0, 1, 2, 3, 4]
    assert (a + 1).tolist() == [1, 2, 3, 4, 5]
    packed = np.zeros(4, np.dtype([("a", "i1"), ("b", "f8")]))
    packed["b"] = [1, 2, 3, 4]
    assert cv.array(packed["b"]).tolist() == [1, 2, 3, 4]
    strided = np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 8))
    assert cv.asarray(strided).tolist() == strided.tolist()


def test_exceptions_of_callbacks_come_through():
    class Broken:
        def __array__(self, *_, **__):
            raise KeyError("mine")

    class Sequence:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            raise ZeroDivisionError("mine")

    with pytest.raises(KeyError):
        cv.array(Broken())
    with pytest.raises((ZeroDivisionError, TypeError)):
        cv.array(Sequence())

    def fails(x):
        raise LookupError("mine")

    with pytest.raises(LookupError):
        cv.check_gradients(fails, [cv.ones(2)])
    with pytest.raises(LookupError):
        cv.jvp(fails, [cv.ones(2)], [cv.ones(2)])
    with pytest.raises(LookupError):
        cv.fuse(fails)(cv.ones(2))
