"""Hints: what stands in back-quotes is Python, with names that exist, and mends what the exception is about."""

import ast
import builtins
import pathlib
import re

import numpy as np
import pytest
from test_bad_input import BAD

import civita as cv

ROOT = pathlib.Path(__file__).parents[2]
SPACES = (cv, cv.linalg, cv.fft, cv.random, cv.io, cv.autograd, builtins)
OPERANDS = {
    *("a", "b", "c", "f", "func", "g", "m", "s", "seed", "x", "y", "i", "index", "mask", "condition", "shape", "axis", "key", "keys", "counter", "sequence"),
    *("scalar", "parameter", "path", "file", "value", "aux", "re", "np", "numpy", "Image", "images", "usecols"),
}
# slices and views of bytes are Rust's alone
RUST = {"contiguous", "to_vec", "at", "to_dyn"}


def code_of(text):
    """The code in the hint of an exception's text."""
    _, _, hint = text.partition("\n  hint: ")
    return re.findall("`([^`]+)`", hint)


def parsed(code, given="x"):
    """Code that may begin with a method of `given`, or be arguments of a function `f`."""
    if code.startswith("."):
        return ast.parse(given + code)
    if re.match(r"\w+=([^=]|$)", code):
        return ast.parse(f"f({code})" if code[-1] != "=" else f"f({code}None)")
    return ast.parse(code)


def check_names(tree, text):
    """Names are those of operands, of civita or built in; methods and attributes exist."""
    bound = {arg.arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for arg in node.args.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            known = node.id in bound | OPERANDS or node.id == "cv" or any(hasattr(space, node.id) for space in SPACES)
            assert known, f"{node.id!r} in {text!r}"
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node).split(".")
            if path[0] == "cv":
                found = cv
                for name in path[1:]:
                    if not name.isidentifier():
                        break
                    assert hasattr(found, name), f"{node.attr!r} in {text!r}"
                    found = getattr(found, name)
            elif path[0] not in ("np", "numpy", "re", "Image"):
                assert any(hasattr(kind, node.attr) for kind in (cv.ndarray, cv.dtype, cv.random.Generator, cv.autograd.Function)), f"{node.attr!r} in {text!r}"


def check(text):
    for code in code_of(text):
        check_names(parsed(code), code)


@pytest.mark.parametrize("name", BAD)
def test_hints_are_python(name):
    with pytest.raises(BAD[name][1]) as caught:
        BAD[name][0]()
    text = str(caught.value)
    for rust in ("::", "(Python", "(Rust", "…", ".t()", "&", "?`"):
        assert rust not in text
    check(text)


class Names(dict):
    """What is given, then the names of the package."""

    def __missing__(self, name):
        for space in SPACES:
            if hasattr(space, name):
                return getattr(space, name)
        raise KeyError(name)


def run(code, names):
    given = {"cv": cv, "np": np, **names}
    exec(compile(parsed(code), code, "exec"), given, Names(given))


def tracked(*shape):
    return cv.ones(shape, requires_grad=True)


def used():
    y = (tracked(2) ** 2).sum()
    y.backward()
    return y


def overwritten():
    x = cv.ones(2)
    y = (tracked(2) * x).sum()
    x += 1
    y.backward()


A, B, V = cv.ones((3, 4)), cv.ones((5, 4)), cv.ones(3)
BITS, PAIR = cv.array([True, False]), cv.array([1.0, 2.0])
READ_ONLY = np.arange(3.0)
READ_ONLY.flags.writeable = False
Z = cv.array([3 + 4j])


def shifted():
    """Memory that is not aligned."""
    raw = np.zeros(41, "uint8")
    return raw[1:].view("float64") if raw.ctypes.data % 8 == 0 else raw[:40].view("float64")


# what fails, and what the names in the hint stand for: `x` is what a method is called on, `f` takes arguments
MENDS = {
    "product": (lambda: A @ B, {"a": A, "b": B}),
    "product of the other transpose": (lambda: A @ V, {"a": A, "b": V}),
    "product of batches": (lambda: cv.ones((2, 3, 4)) @ cv.ones((2, 5, 4)), {"a": cv.ones((2, 3, 4)), "b": cv.ones((2, 5, 4))}),
    "product with a scalar": (lambda: cv.array(2.0) @ V, {"a": cv.array(2.0), "b": V}),
    "axes further left": (lambda: A + V, {"x": V}),
    "two axes further left": (lambda: cv.ones((3, 4, 5)) + V, {"x": V}),
    "no broadcast": (lambda: A + cv.ones((5, 6)), {"x": cv.ones((5, 6)), "shape": (5, 1, 6)}),
    "assignment of another shape": (lambda: A.copy().__setitem__(0, V), {"x": V, "shape": (3, 1)}),
    "reshape": (lambda: A.reshape(5, 2), {"x": A}),
    "reshape with -1": (lambda: A.reshape(-1, 5), {"x": A}),
    "reshape without a copy": (lambda: cv.reshape(A.T, 12, copy=False), {"f": lambda copy: cv.reshape(A.T, 12, copy=copy)}),
    "concatenation of numbers": (lambda: cv.concatenate([cv.array(1), cv.array(2)]), {}),
    "splits": (lambda: cv.split(V, 2), {}),
    "item": (lambda: A.item(), {"x": A}),
    "maximum of no elements": (lambda: cv.zeros(0).max(), {"x": cv.zeros(0)}),
    "nonzero of a number": (lambda: cv.array(3).nonzero(), {"a": cv.array(3)}),
    "boolean of many": (lambda: bool(A), {"a": A}),
    "boolean of none": (lambda: bool(cv.zeros(0)), {"a": cv.zeros(0)}),
    "number of many": (lambda: float(V), {"a": cv.ones(1)}),
    "float of a complex number": (lambda: float(cv.array(1j)), {"x": cv.array(1j)}),
    "bits of floats": (lambda: PAIR & PAIR, {"x": PAIR}),
    "difference of booleans": (lambda: BITS - BITS, {"a": BITS, "b": BITS}),
    "negative of booleans": (lambda: -BITS, {"x": BITS}),
    "floor of complex numbers": (lambda: cv.floor(Z), {"x": Z}),
    "number out of range": (lambda: cv.ones(3, "uint8") + 300, {"x": cv.ones(3, "uint8")}),
    "negative power": (lambda: cv.array([1, 2]) ** -1, {"x": cv.array([1, 2])}),
    "sum into integers": (lambda: cv.array([1, 2]).__iadd__(0.5), {"x": cv.array(0.5)}),
    "unsafe cast": (lambda: PAIR.astype("int8", casting="safe"), {"x": PAIR}),
    "8-bit floats": (lambda: cv.ones(2, "float8_e5m2") + PAIR, {"x": cv.ones(2, "float8_e5m2")}),
    "exponents in floating point": (lambda: cv.ldexp(PAIR, PAIR), {}),
    "indices that are floats": (lambda: cv.take(A, [0.5]), {"x": cv.array([0.5])}),
    "choices": (lambda: cv.choose([2], [V[:1], V[:1]]), {"f": lambda mode: cv.choose([2], [V[:1], V[:1]], mode=mode)}),
    "values that do not fit": (lambda: cv.putmask(cv.ones(3, "int64"), cv.ones(3, "bool"), cv.array([0.5, 1.5])), {"x": cv.array([0.5, 1.5])}),
    "weights": (lambda: cv.histogram(PAIR, [0.0, 1.0, 9.0], weights=BITS), {"x": BITS}),
    "quantile of booleans": (lambda: cv.quantile(BITS, 0.5), {"x": BITS}),
    "phases": (lambda: cv.unwrap(cv.array([1, 2], "uint8"), period=4), {"x": cv.array([1, 2], "uint8")}),
    "phases of complex numbers": (lambda: cv.unwrap(Z), {}),
    "write into read-only memory": (lambda: cv.asarray(READ_ONLY).__setitem__(0, 1), {"x": cv.asarray(READ_ONLY)}),
    "write into a broadcast array": (lambda: cv.add(1, 1, out=cv.broadcast_to(cv.ones(1), (3,))), {"x": cv.broadcast_to(cv.ones(1), (3,))}),
    "memory that is not aligned": (lambda: cv.asarray(shifted(), copy=False), {"f": lambda copy: cv.asarray(shifted(), copy=copy)}),
    "view of bytes": (lambda: cv.ones(9, "uint8")[1:].view("float64"), {"x": cv.ones(9, "uint8")[1:]}),
    "view of a variable": (lambda: tracked(2).view("int64"), {"x": tracked(2)}),
    "NumPy's array of a variable": (lambda: np.asarray(tracked(3)), {"x": tracked(3)}),
    "NumPy's array of bfloat16": (lambda: np.asarray(cv.ones(3, "bfloat16")), {"x": cv.ones(3, "bfloat16")}),
    "a generator": (lambda: cv.array(n for n in [1, 2]), {"x": (n for n in [1, 2])}),
    "rfft of complex numbers": (lambda: cv.fft.rfft(Z), {}),
    "8-bit floats in npy": (lambda: cv.save(path_of("x.npy"), cv.ones(2, "float8_e5m2")), {"x": cv.ones(2, "float8_e5m2")}),
    "linear algebra of float16": (lambda: cv.linalg.inv(cv.eye(2, dtype="float16")), {"x": cv.eye(2, dtype="float16")}),
    "backward of many": (lambda: (tracked(3) * 2).backward(), {"y": tracked(3) * 2}),
    "backward of complex numbers": (lambda: tracked(3).astype("complex128").backward(), {"y": tracked(3).astype("complex128")}),
    "backward of a constant": (lambda: cv.ones(()).backward(), {"x": cv.ones(2)}),
    "backward twice": (lambda: used().backward(), {"f": lambda retain_graph: (tracked(2) ** 2).sum().backward(retain_graph=retain_graph)}),
    "a written value": (overwritten, {"x": cv.ones(2), "y": cv.ones(2)}),
    "a written leaf": (lambda: tracked(2).__setitem__(0, 1), {}),
    "variables of integers": (lambda: cv.array([1], requires_grad=True), {"x": cv.array([1])}),
    "grad of a function": (lambda: cv.grad(lambda x: x.sum(), V), {"f": lambda x: x.sum(), "x": tracked(3)}),
    "grad of many": (lambda: cv.autograd.grad(lambda x: x * 2)(V), {}),
    "value of a batch": (lambda: cv.vmap(lambda x: x if x.sum() > 0 else -x)(A), {"mask": A > 0, "a": A, "b": -A}),
    "value in a trace": (lambda: cv.autograd.trace(lambda x: x if x.sum() > 0 else -x, A), {"mask": A > 0, "a": A, "b": -A}),
    "masks of a batch": (lambda: cv.vmap(lambda x: x[x > 0])(A), {"mask": A > 0, "x": A}),
    "draws of a batch": (
        lambda: cv.vmap(lambda x: x + cv.random.Philox4x32(1).normal())(V),
        {"f": lambda x: x + cv.random.Philox4x32(1).normal()},
    ),
    "streams of a batch": (lambda: cv.vmap(lambda x: x + cv.random.default_rng(1).normal(), randomness="different")(V), {"key": 42}),
    "draws of a trace": (lambda: cv.autograd.trace(lambda x: x + cv.random.Philox4x32(1).normal(), V), {"key": 42, "counter": 3}),
    "several keys": (lambda: cv.random.Philox4x32(cv.array([1, 2], "uint64")), {"keys": cv.array([1, 2], "uint64")}),
    "qr": (lambda: cv.linalg.qr(tracked(3, 2), mode="complete")[0].sum().backward(), {"a": tracked(3, 2)}),
    "svd": (lambda: cv.linalg.svd(tracked(3, 2))[0].sum().backward(), {"a": cv.array([[1.0, 2], [3, 5], [8, 1]], requires_grad=True)}),
    "branch of a fused function": (lambda: cv.fuse(lambda x: x if x > 0 else -x)(PAIR), {"condition": PAIR > 1, "a": PAIR, "b": -PAIR}),
    "shape of a variable": (lambda: setattr(tracked(4), "shape", (2, 2)), {"x": tracked(4), "shape": (2, 2)}),
    "signature of one dtype": (lambda: cv.add(1, 2, signature="d"), {"f": lambda dtype: cv.add(1, 2, dtype=dtype)}),
    "where with a single choice": (lambda: cv.where(BITS, PAIR), {"condition": BITS, "x": PAIR, "y": -PAIR}),
    "modulus of a power": (lambda: pow(PAIR, 2, 3), {"a": PAIR, "b": 2, "m": 3}),
    "several lengths": (lambda: cv.zeros(2, 3), {}),
}


def path_of(name):
    import tempfile

    return pathlib.Path(tempfile.mkdtemp()) / name


@pytest.mark.parametrize("name", MENDS)
def test_the_code_of_hints_runs(name):
    fails, names = MENDS[name]
    with pytest.raises((ValueError, TypeError, IndexError, RuntimeError, OverflowError)) as caught:
        fails()
    code = code_of(str(caught.value))
    assert code, f"no code in: {caught.value}"
    for each in code:
        run(each, names)


def test_hints_mend():
    assert (A @ B.T).shape == (3, 5)
    with pytest.raises(ValueError, match=re.escape("`a @ b.T` multiplies (3, 4) by (4, 5) and gives (3, 5)")):
        A @ B
    with pytest.raises(ValueError, match=re.escape("`.reshape(3, 1)` (or `x[..., None]`) makes it fit")):
        A + V
    assert (A + V.reshape(3, 1)).tolist() == (A + V[..., None]).tolist()
    with pytest.raises(ValueError, match=re.escape("`.reshape(3, 1, 1)` (or `x[..., None, None]`) makes it fit")):
        cv.ones((3, 4, 5)) + V
    assert (cv.ones((3, 4, 5)) + V[..., None, None]).shape == (3, 4, 5)
    with pytest.raises(ValueError, match=re.escape("`.reshape(6, 2)` has 12 elements")):
        A.reshape(5, 2)


def test_operations_have_numpys_names():
    for call, name in (
        (lambda: BITS - BITS, "subtract"),
        (lambda: -BITS, "negative"),
        (lambda: cv.array([2]) ** -1, "power"),
        (lambda: cv.where(BITS, A, B), "where"),
        (lambda: cv.choose(cv.array([0, 1]), [A, B]), "choose"),
        (lambda: A.transpose(0, 0), "transpose"),
        (lambda: A.swapaxes(0, 2), "swapaxes"),
        (lambda: cv.moveaxis(A, 0, 2), "moveaxis"),
    ):
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
        assert str(caught.value).startswith(name + ": ")


def literals(source):
    """The places and values of the string literals of Rust source."""
    for found in re.finditer(r'"((?:[^"\\]|\\.)*)"', source, re.DOTALL):
        text = re.sub(r"\\\n\s*", "", found[1]).replace('\\"', '"').replace("\\n", "\n")
        yield found.start(), re.sub(r"\{[^{}]*\}", "x", text)


def arguments(source, start):
    """The arguments of a call, from its parenthesis on."""
    depth, quoted, parts, last, i = 0, False, [], start + 1, start
    while True:
        c = source[i]
        if quoted:
            i += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return [*parts, source[last:i]]
        elif c == "," and depth == 1:
            parts.append(source[last:i])
            last = i + 1
        i += 1


def texts_of_rust(path):
    source = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    for call in re.finditer(r"\.hint(_in)?\(", source):
        given = arguments(source, call.end() - 1)
        for _, text in literals(given[1 if call[1] else 0]):
            yield "\n  hint: " + text
    for _, text in literals(source):
        if "hint: " in text:
            yield "\n  hint: " + text.partition("hint: ")[2]


def texts_of_python(path):
    for node in ast.walk(ast.parse(path.read_text())):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
        if isinstance(node, ast.JoinedStr | ast.Constant) and "\n  hint: " in text:
            yield text


@pytest.mark.skipif(not (ROOT / "crates").is_dir(), reason="the sources are not here")
def test_the_code_of_all_hints_is_python():
    """Also of those that no test reaches."""
    engine = [p for crate in ("core", "kernels", "fft", "io", "linalg", "random") for p in (ROOT / f"crates/civita-{crate}/src").rglob("*.rs")]
    texts = [(p, t) for p in [*engine, *(ROOT / "python/src").rglob("*.rs")] if "tests" not in (p.stem, *p.parts) for t in texts_of_rust(p)]
    texts += [(p, t) for p in (ROOT / "python/python").rglob("*.py") for t in texts_of_python(p)]
    assert len(texts) > 150
    wrong = []
    for path, text in texts:
        for code in code_of(text):
            if code.startswith(("make ", "--")) or code.lstrip(".").partition("(")[0] in RUST:
                continue
            try:
                check_names(parsed(code), code)
            except (AssertionError, SyntaxError) as error:
                wrong.append(f"{path.relative_to(ROOT)}: {code!r}: {error}")
    assert not wrong, "\n".join(wrong)


def test_names_that_are_left_out_say_what_is_there():
    import civita._lazy as lazy

    for why in set(lazy.LEFT_OUT.values()):
        check("\n  hint: " + why)
