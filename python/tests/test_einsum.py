"""`einsum` and its kin against NumPy's, on random equations, shapes, dtypes and layouts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv

ERRORS = (TypeError, ValueError, RuntimeError)


def near(got, want, message=""):
    want = np.asarray(want)
    got = np.asarray(got)
    assert (got.shape, got.dtype) == (want.shape, want.dtype), f"{message}: {got.dtype} {got.shape}, want {want.dtype} {want.shape}"
    if want.dtype.kind not in "fc":
        assert (got == want).all(), message
        return
    eps = np.finfo(want.dtype).eps
    size = np.max(np.abs(want), initial=1)
    np.testing.assert_allclose(got, want, rtol=200 * eps, atol=200 * eps * size, err_msg=message)


@st.composite
def equations(draw):
    """A valid equation and its arrays."""
    letters = "abcde"
    sizes = {c: draw(st.integers(1, 4)) for c in letters}
    dots = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        term = draw(st.lists(st.sampled_from(letters), max_size=3))
        shape = [1 if draw(st.integers(0, 9)) == 0 and term.count(c) == 1 else sizes[c] for c in term]
        if dots and draw(st.booleans()):
            count = draw(st.integers(0, len(dots)))
            at = draw(st.integers(0, len(term)))
            own = [draw(st.sampled_from([1, n])) for n in dots[len(dots) - count :]]
            term, shape = [*term[:at], "...", *term[at:]], [*shape[:at], *own, *shape[at:]]
        terms.append("".join(term))
        shapes.append(tuple(shape))
    text = ",".join(terms)
    if draw(st.booleans()):
        known = sorted(set("".join(terms)) - {"."})
        result = draw(st.permutations(known))[: draw(st.integers(0, len(known)))]
        if "." in text:
            at = draw(st.integers(0, len(result)))
            result = [*result[:at], "...", *result[at:]]
        text += "->" + "".join(result)
    dtype = draw(st.sampled_from(["float64", "float32", "complex128", "int64", "int8", "bool"]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    arrays = []
    for shape in shapes:
        x = rng.integers(-3, 4, shape[::-1]) if draw(st.booleans()) else rng.integers(-3, 4, shape).T
        arrays.append(x.T.astype(dtype) if draw(st.booleans()) else np.asfortranarray(x.T.astype(dtype)) if x.ndim else x.astype(dtype))
    return text, arrays


@settings(max_examples=500, deadline=None)
@given(equations(), st.sampled_from([False, True, "greedy", "optimal"]))
def test_random_equations_have_numpys_values(equation, optimize):
    text, arrays = equation
    arrays = [np.asarray(x) for x in arrays]
    try:
        want = np.einsum(text, *arrays)
    except ERRORS:
        with pytest.raises(ERRORS):
            cv.einsum(text, *map(cv.asarray, arrays), optimize=optimize)
        return
    near(cv.einsum(text, *map(cv.asarray, arrays), optimize=optimize), want, f"{text} {[x.shape for x in arrays]}")


def test_the_result_of_one_array_is_a_view():
    x = cv.arange(27.0).reshape(3, 3, 3)
    for text in ["ijk", "kji", "iij->ij", "iii->i", "...", "...ii->...i"]:
        y = cv.einsum(text, x)
        assert cv.shares_memory(x, y), text
        near(y, np.einsum(text, np.asarray(x)), text)
    cv.einsum("iii->i", x)[...] = -1
    assert x[1, 1, 1] == -1 and x[2, 2, 2] == -1


def test_lists_of_subscripts_are_numpys():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for make in [
        lambda xp, a, b: xp.einsum(a, [0, 1], b, [1, 2]),
        lambda xp, a, b: xp.einsum(a, [0, 1], b, [1, 2], [2, 0]),
        lambda xp, a, b: xp.einsum(a, [Ellipsis, 1], b, [1, 2], [Ellipsis, 2]),
        lambda xp, a, b: xp.einsum(a, (30, 51), b, (51, 3)),
        lambda xp, a, b: xp.einsum(a, range(2), b, range(1, 3)),
    ]:
        near(make(cv, cv.asarray(a), cv.asarray(b)), make(np, a, b))


def test_options_are_numpys():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    x, y = cv.asarray(a), cv.asarray(b)
    out = cv.zeros((2, 4))
    assert cv.einsum("ij,jk->ik", x, y, out=out) is out
    near(out, a @ b)
    near(cv.einsum("ij,jk->ik", x, y, dtype="complex128"), (a @ b).astype("complex128"))
    near(cv.einsum("ij,jk->ik", x, y, dtype="float32", casting="same_kind"), (a @ b).astype("float32"))
    for order, flag in [("C", "C_CONTIGUOUS"), ("F", "F_CONTIGUOUS")]:
        assert np.asarray(cv.einsum("ij,jk->ki", x, y, order=order)).flags[flag]
    for wrong in [dict(dtype="float32"), dict(order="Z"), dict(casting="blah"), dict(optimize="no such"), dict(optimize=["einsum_path", (0, 5)])]:
        with pytest.raises((TypeError, ValueError, KeyError, RuntimeError)):
            cv.einsum("ij,jk->ik", x, y, **wrong)
    for path in [(0, 0)], [(0, 1, 1)], [(0, 1), (0, 0)]:
        for f in (cv.einsum, cv.einsum_path):
            with pytest.raises(ValueError, match="path"):
                f("ij,jk->ik", x, y, optimize=["einsum_path", *path])


@pytest.mark.parametrize(
    "call",
    [
        ("", 0, 0), (",", [0]), ("i", 0), ("ij", [0, 0]), ("...i", 0), ("i..", [0, 0]), (".i...", [0, 0]), ("j->..j", [0, 0]), ("i%...", [0, 0]),
        ("i->&", [0, 0]), ("i->ij", [0, 0]), ("ij->jij", [[0, 0], [0, 0]]), ("ii", [[0, 1, 2], [3, 4, 5]]), ("i->i->i", [0]), ("i-i", [0]), ("ij,jk", [[1, 2]], [[1]] * 3), ("...->", [1]),
    ],
)  # fmt: skip
def test_wrong_equations_are_errors(call):
    for f in (cv.einsum, cv.einsum_path):
        with pytest.raises(ValueError):
            f(*call)


def test_paths_and_their_texts_are_numpys():
    rng = np.random.default_rng(3)
    for text in ["ij,jk,kl->il", "ea,fb,abcd,gc,hd->efgh", "a,ab,abc->abc", "ab,bc,cd,de,ef->af", "aab,bc->ac", "ij,jk->ik", "a,b,c->abc", "ab,ab,c->", "abc,bd,ad->cd", "eb,cb,fb->cef"]:
        sizes = dict(zip("abcdefghijkl", rng.integers(2, 6, 12)))
        arrays = [rng.random([sizes[c] for c in term]) for term in text.split("->")[0].split(",")]
        for optimize in (False, True, "greedy", "optimal", ("greedy", 20), ("optimal", 30), ["einsum_path", tuple(range(len(arrays)))]):
            want, got = np.einsum_path(text, *arrays, optimize=optimize), cv.einsum_path(text, *map(cv.asarray, arrays), optimize=optimize)
            assert got[0] == [p if isinstance(p, str) else tuple(map(int, p)) for p in want[0]], (text, optimize)
            assert got[1] == want[1], f"{text} {optimize}\n{got[1]}\n{want[1]}"
            near(cv.einsum(text, *map(cv.asarray, arrays), optimize=got[0]), np.einsum(text, *arrays), text)


def test_gradients_and_batches():
    a, b, c = cv.asarray(np.random.default_rng(0).normal(size=(2, 3))), cv.ones((3, 4)) * 2, cv.arange(8.0).reshape(4, 2)
    f = lambda a, b, c: cv.einsum("ij,jk,ki->i", a, b, c)
    assert cv.check_gradients(f, [a, b, c]) and cv.check_second_gradients(lambda *x: f(*x) ** 2, [a, b, c])
    many = cv.stack([a, a * 2, a * 3])
    got = cv.vmap(lambda a: cv.einsum("ij,jk->ki", a, b))(many)
    near(got, np.einsum("bij,jk->bki", np.asarray(many), np.asarray(b)))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_products_of_vectors_and_matrices_are_numpys(data):
    n, m = data.draw(st.integers(0, 40)), data.draw(st.integers(1, 4))
    batch = lambda: tuple(data.draw(st.lists(st.sampled_from([1, 2]), max_size=2)))
    dtype = data.draw(st.sampled_from(["float64", "complex64", "int16", "bool"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))

    def make(*shape):
        x = rng.integers(-3, 4, shape) + 0j
        return (x + 1j * rng.integers(-3, 4, shape) if dtype == "complex64" else x.real).astype(dtype)

    vectors = make(*batch(), n), make(*batch(), n)
    near(cv.vecdot(*map(cv.asarray, vectors)), np.vecdot(*vectors), "vecdot")
    matrix, vector = make(*batch(), m, n), make(*batch(), n)
    near(cv.matvec(cv.asarray(matrix), cv.asarray(vector)), np.matvec(matrix, vector), "matvec")
    vector, matrix = make(*batch(), n), make(*batch(), n, m)
    near(cv.vecmat(cv.asarray(vector), cv.asarray(matrix)), np.vecmat(vector, matrix), "vecmat")


def test_vecdot_along_another_axis_and_errors():
    a, b = np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(3, 2) + 1
    near(cv.vecdot(cv.asarray(a), cv.asarray(b), axis=0), np.vecdot(a, b, axis=0))
    for call in [lambda: cv.vecdot([1, 2], [1, 2, 3]), lambda: cv.matvec([1], [1]), lambda: cv.vecmat([1, 2], [[1]]), lambda: cv.vecdot(1, 2)]:
        with pytest.raises(ValueError):
            call()


@pytest.mark.parametrize("subscripts", ["ii", "ii->i", "iji->j", "ij,ii->j"])
def test_a_diagonal_is_of_axes_of_one_length(subscripts):
    shapes = {"ii": [(1, 4)], "ii->i": [(4, 1)], "iji->j": [(1, 2, 3)], "ij,ii->j": [(3, 2), (1, 3)]}[subscripts]
    for m in (cv, np):
        with pytest.raises(ValueError):
            m.einsum(subscripts, *(m.ones(shape) for shape in shapes))
