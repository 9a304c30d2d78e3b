"""Transformations of functions: gradients, Jacobians, `vmap`, traces, in any nesting.

A function takes and returns arrays, or tuples, lists and dicts of arrays. What comes back is a function with the same
arguments:

>>> import civita as cv
>>> cv.autograd.grad(lambda x: (x * x).sum())(cv.array([1.0, 2.0, 3.0]))
array([2., 4., 6.])
>>> cv.autograd.vmap(cv.autograd.grad(cv.sin))(cv.array([0.0, 1.0, 2.0]))
array([ 1.        ,  0.54030231, -0.41614684])

They see arguments only: an array that the function reads from elsewhere is a constant to them.
"""

from __future__ import annotations

import functools

from . import _civita
from ._civita import (
    check_gradients as gradcheck,
    check_second_gradients as gradgradcheck,
    generic,
    is_grad_enabled,
    ndarray,
)
from ._modes import enable_grad, no_grad, set_grad_enabled

TYPE_CHECKING = False  # as checkers understand it, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Literal

    from . import enable_grad, generic, ndarray, no_grad, set_grad_enabled  # noqa: F811

__all__ = [
    "Context",
    "Function",
    "Graph",
    "Scope",
    "checkpoint",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "inference_mode",
    "is_grad_enabled",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "no_grad",
    "once_differentiable",
    "set_grad_enabled",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
]

inference_mode = no_grad


class Scope:
    """What holds on a thread: the transformations that run there, whether gradients are recorded, what random numbers
    mean, `errstate`. A new thread has none of it; one that enters a scope computes as the thread does on which the
    scope was made:

    >>> import civita as cv
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> def work(scope, x):
    ...     with scope:
    ...         return (x * 2).requires_grad
    >>> w = cv.array(3.0, requires_grad=True)
    >>> with cv.no_grad(), ThreadPoolExecutor() as pool:
    ...     scope = cv.autograd.Scope.current()
    ...     pool.submit(work, scope, w).result()
    False

    Several threads may be in one scope at once, and a thread in several, one inside the other. Leave it before the
    transformation ends in which it was made.
    """

    __slots__ = ("_scope",)

    def __init__(self) -> None:
        self._scope = _civita._Scope()

    @classmethod
    def current(cls) -> Scope:
        """The scope of this thread, as it is now."""
        return cls()

    def __enter__(self) -> Scope:
        self._scope.enter()
        return self

    def __exit__(self, *error: object) -> None:
        self._scope.leave()

# ---- tuples, lists and dicts of arrays ---------------------------------------------------------------------------


class _Leaf:
    """The place of an array in a structure."""

    def __repr__(self) -> str:
        return "*"


class _Static:
    """What is no array, in its place."""

    def __init__(self, value: Any):
        self.value = value


_LEAF = _Leaf()
_ARRAYS = {ndarray}


def _like(node: Any, items: Iterator[Any]) -> Any:
    """A tuple or list of the same type."""
    if isinstance(node, tuple):
        return type(node)(*items) if hasattr(node, "_fields") else tuple(items)
    return list(items)


# These walk trees by functions of the module: one inside another that calls itself is a cycle, and would keep the arrays that it
# sees until the garbage collector runs. Most trees are one array or a tuple of arrays, and are not walked.


def _is_flat(structure: Any) -> bool:
    """Whether a structure is a tuple of arrays and nothing else."""
    return structure.__class__ is tuple and structure.count(_LEAF) == len(structure)


def _flatten(tree: Any, is_leaf: Callable[[Any], bool] = lambda node: True) -> tuple[list[Any], Any]:
    """The leaves from left to right, and the structure around them, in which everything else stays as it is."""
    if tree.__class__ is ndarray:
        return [tree], _LEAF
    if tree.__class__ is tuple and set(map(type, tree)) == _ARRAYS:
        return list(tree), (_LEAF,) * len(tree)
    leaves: list[Any] = []
    return leaves, _structure(tree, is_leaf, leaves)


def _structure(node: Any, is_leaf: Callable[[Any], bool], leaves: list[Any]) -> Any:
    if isinstance(node, dict):
        return {key: _structure(value, is_leaf, leaves) for key, value in node.items()}
    if isinstance(node, (tuple, list)):
        return _like(node, (_structure(item, is_leaf, leaves) for item in node))
    if node is None or not is_leaf(node):
        return _Static(node)
    leaves.append(node)
    return _LEAF


def _unflatten(structure: Any, leaves: Any) -> Any:
    if _is_flat(structure):
        return tuple(leaves)
    return _filled(structure, iter(leaves))


def _filled(node: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, leaves) for key, value in node.items()}
    if isinstance(node, (tuple, list)):
        return _like(node, (_filled(item, leaves) for item in node))
    return node.value if isinstance(node, _Static) else next(leaves)


def _leaves_like(structure: Any, tree: Any, op: str, what: str, like: str) -> list[Any]:
    """The leaves of a tree that has this structure."""
    if _is_flat(structure) and tree.__class__ is tuple and len(tree) == len(structure) and set(map(type, tree)) == _ARRAYS:
        return list(tree)
    leaves: list[Any] = []
    _collect(structure, tree, f"{op}: {what} must have the structure of {like}", leaves)
    return leaves


def _collect(node: Any, tree: Any, rule: str, leaves: list[Any]) -> None:
    if isinstance(node, dict):
        if not isinstance(tree, dict) or tree.keys() != node.keys():
            raise ValueError(f"{rule}: a dict with the keys {list(node)}")
        for key, value in node.items():
            _collect(value, tree[key], rule, leaves)
    elif isinstance(node, (tuple, list)):
        if not isinstance(tree, (tuple, list)) or len(tree) != len(node):
            raise ValueError(f"{rule}: a {type(node).__name__} of {len(node)}")
        for item, value in zip(node, tree):
            _collect(item, value, rule, leaves)
    elif node is _LEAF:
        if isinstance(tree, (tuple, list, dict)) or tree is None:
            raise ValueError(f"{rule}: an array, not {type(tree).__name__}")
        leaves.append(tree)


def _same_constants(node: Any, tree: Any) -> None:
    """What is no array is a constant of the trace: another one is an error."""
    if isinstance(node, dict):
        for key, value in node.items():
            _same_constants(value, tree[key])
    elif isinstance(node, (tuple, list)):
        for item, value in zip(node, tree):
            _same_constants(item, value)
    elif isinstance(node, _Static) and tree is not node.value and (_is_value(tree) or tree != node.value):
        raise ValueError(
            f"graph: {tree!r} was {node.value!r} in the trace, a constant"
            "\n  hint: trace the function again for these inputs"
        )


def _axes_of(structure: Any, axes: Any, name: str) -> list[int | None]:
    """An axis for each leaf: `axes` is one for all below it, or has the structure."""
    found: list[int | None] = []
    _collect_axes(structure, axes, name, found)
    return found


def _collect_axes(node: Any, axes: Any, name: str, found: list[int | None]) -> None:
    if isinstance(node, (tuple, list)) and isinstance(axes, (tuple, list)):
        if len(axes) != len(node):
            raise ValueError(f"vmap: {name} has {len(axes)} entries for {len(node)} values")
        for item, axis in zip(node, axes):
            _collect_axes(item, axis, name, found)
    elif isinstance(node, dict) and isinstance(axes, dict):
        if axes.keys() != node.keys():
            raise ValueError(f"vmap: {name} has the keys {list(axes)}, the values {list(node)}")
        for key, item in node.items():
            _collect_axes(item, axes[key], name, found)
    elif axes is not None and not isinstance(axes, int):
        raise ValueError(f"vmap: {name} is an axis, None, or has the structure of the values, not {axes!r}")
    elif isinstance(node, dict):
        for item in node.values():
            _collect_axes(item, axes, name, found)
    elif isinstance(node, (tuple, list)):
        for item in node:
            _collect_axes(item, axes, name, found)
    elif node is _LEAF:
        found.append(axes)


def _is_array(value: Any) -> bool:
    return isinstance(value, ndarray) or hasattr(value, "__array__")


def _is_value(value: Any) -> bool:
    return _is_array(value) or isinstance(value, (bool, int, float, complex))


def _arrays(leaves: list[Any]) -> list[ndarray]:
    return [leaf if isinstance(leaf, ndarray) else _civita.asarray(leaf) for leaf in leaves]


def _wraps(f: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    if not callable(f):
        raise TypeError(f"a function is transformed, not {type(f).__name__}\n  hint: `cv.autograd.grad(f)(x)`; of arrays that were computed: `cv.grad(y, x)`")
    return functools.wraps(f, updated=())


class _Flat:
    """A function of a tree as a function of its leaves, whose results are a list; `outputs` is their structure."""

    def __init__(self, f: Callable[..., Any], inputs: Any, outputs: Any = None):
        self.f, self.inputs, self.outputs = f, inputs, outputs

    def __call__(self, *leaves: ndarray) -> list[Any]:
        values, self.outputs = _flatten(self.f(*_unflatten(self.inputs, leaves)), _is_value)
        return values

    def result(self, leaves: Any) -> Any:
        return _unflatten(self.outputs, leaves)


def _chosen(op: str, argnums: int | Sequence[int], args: tuple[Any, ...]) -> list[int]:
    """The positions that argnums names."""
    chosen = []
    for i in [argnums] if isinstance(argnums, int) else list(argnums):
        if not isinstance(i, int) or not -len(args) <= i < len(args):
            raise ValueError(f"{op}: argnums names argument {i!r} of {len(args)}")
        chosen.append(i % len(args))
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{op}: argnums names an argument twice: {argnums!r}")
    return chosen


def _of_chosen(f: Callable[..., Any], chosen: list[int], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any]:
    """`f` as a function of some of its arguments."""

    def partial(*some: Any) -> Any:
        new = list(args)
        for i, value in zip(chosen, some):
            new[i] = value
        return f(*new, **kwargs)

    return partial


def _pairs(f: Callable[..., Any], op: str) -> Callable[..., Any]:
    """`f` with a check that it returns a pair."""

    def checked(*args: Any, **kwargs: Any) -> Any:
        result = f(*args, **kwargs)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"{op}: with has_aux=True the function returns a pair `(result, aux)`, not {type(result).__name__}")
        return result

    return checked


def _one_or_all(argnums: int | Sequence[int], values: Any) -> Any:
    return values[0] if isinstance(argnums, int) else tuple(values)


# ---- transformations ---------------------------------------------------------------------------------------------


def vmap(
    f: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    randomness: Literal["error", "different", "same"] = "error",
) -> Callable[..., Any]:
    """A function that maps `f` over an axis of its arguments: `f` runs once, on arrays that stand for a whole batch.

    Parameters
    ----------
    f : callable
        Takes and returns arrays, or tuples, lists and dicts of them. It sees arrays without the mapped axis. Reading a value
        inside (`item`, `bool`, `float`, `tolist`, `np.asarray`) is an error; choose by `where`.
    in_axes : int, None, or a tuple with an entry for each argument
        The axis to map over; None passes an argument as it is. An entry may have the structure of its argument. Keyword
        arguments are passed as they are.
    out_axes : int, None, or the structure of the results
        Where the mapped axis stands in the results; None for a result that is the same for the whole batch.
    randomness : {"error", "different", "same"}
        What a draw from a `random.Philox4x32` inside `f` means: an error; numbers of its own for each element, those that a
        loop with one draw would give it; or the same for all, which generators with streams draw too.

    Examples
    --------
    >>> x, w = cv.array([[1.0, 2.0], [3.0, 4.0]]), cv.array([1.0, 10.0])
    >>> cv.vmap(lambda row, w: row @ w, in_axes=(0, None))(x, w)
    array([21., 43.])
    """
    if randomness not in ("error", "different", "same"):
        raise ValueError(f'vmap: randomness is "error", "different" or "same", not {randomness!r}')

    @_wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        values, structure = _flatten(args)
        axes = _axes_of(structure, in_axes, "in_axes")
        moving = [i for i, axis in enumerate(axes) if axis is not None]
        flat = _Flat(lambda *args: f(*args, **kwargs), structure)

        def run(*batches: ndarray) -> tuple[list[Any], list[int | None]]:
            new = list(values)
            for i, x in zip(moving, batches):
                new[i] = x
            return flat(*new), _axes_of(flat.outputs, out_axes, "out_axes")

        batches = _arrays([values[i] for i in moving])
        return flat.result(_civita._vmap(run, batches, [axes[i] for i in moving], randomness))

    return mapped


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the value of `f`, which is one real number, and its gradient: `(f(x), ∂f/∂x)`.

    Parameters
    ----------
    f : callable
        Returns an array of one real number; with `has_aux` a pair of that and anything else.
    argnums : int or sequence of int
        The arguments to differentiate with respect to: of one the gradient has the structure of that argument, of several it
        is a tuple.
    has_aux : bool
        Return `((f(x), aux), gradient)`.

    Examples
    --------
    >>> cv.autograd.value_and_grad(lambda x: (x**2).sum())(cv.array([1.0, 2.0]))
    (array(5.), array([2., 4.]))
    """

    @_wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        chosen = _chosen("grad", argnums, args)
        leaves, structure = _flatten([args[i] for i in chosen])
        partial = _of_chosen(_pairs(f, "grad") if has_aux else lambda *args, **kwargs: (f(*args, **kwargs), None), chosen, args, kwargs)

        def of_one_number(*some: Any) -> Any:
            result = partial(*some)
            if not _is_value(result[0]):
                raise TypeError(
                    f"grad: the function returns {type(result[0]).__name__}, not an array of one number\n"
                    "  hint: `has_aux=True` takes a pair `(value, aux)`"
                )
            return result

        flat = _Flat(of_one_number, structure)
        values, found = _civita._value_and_grad(flat, _arrays(leaves))
        value, aux = flat.result(values)
        gradients = _one_or_all(argnums, _unflatten(structure, found))
        return ((value, aux) if has_aux else value), gradients

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of `f`, which returns one real number. See `value_and_grad`.

    With `has_aux` it returns `(gradient, aux)`. Of outputs that are computed already, `cv.grad(outputs, inputs)` gives the
    gradients.

    Examples
    --------
    >>> cv.autograd.grad(cv.autograd.grad(lambda x: x**3))(2.0)
    array(12.)
    """
    both = value_and_grad(f, argnums, has_aux)

    @_wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of `f`, and the function from gradients of its results to gradients of its arguments, a tuple: `vᵀ J`.

    With `has_aux`, `f` returns a pair of results and anything else, which comes third.

    Examples
    --------
    >>> y, back = cv.autograd.vjp(cv.sin, cv.array([0.0, 1.0]))
    >>> back(cv.array([1.0, 1.0]))
    (array([1.        , 0.54030231]),)
    """
    leaves, structure = _flatten(primals)
    flat = _Flat(_pairs(f, "vjp") if has_aux else f, structure)
    values, pullback = _civita._vjp(flat, _arrays(leaves))
    result = flat.result(values)
    outputs = flat.outputs[0] if has_aux else flat.outputs

    def back(cotangents: Any) -> tuple[Any, ...]:
        seeds = _arrays(_leaves_like(outputs, cotangents, "vjp", "the cotangent", "the result"))
        seeds += [_civita.zeros_like(y) for y in values[len(seeds) :]]
        return _unflatten(structure, pullback(seeds))

    return (result[0], back, result[1]) if has_aux else (result, back)


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of `f` at `primals`, and how it changes when they move along `tangents`: `(f(x), J·v)`, in one pass.

    `primals` and `tangents` are tuples or lists with an entry for each argument, or an array for a single one. With
    `has_aux`, `f` returns a pair of results and anything else, which comes third.

    Examples
    --------
    >>> cv.jvp(lambda x: x * x, (cv.array([1.0, 2.0]),), (cv.array([1.0, 0.5]),))
    (array([1., 4.]), array([2., 2.]))
    """
    args = tuple(primals) if isinstance(primals, (tuple, list)) else (primals,)
    moves = tuple(tangents) if isinstance(tangents, (tuple, list)) else (tangents,)
    leaves, structure = _flatten(args)
    along = _leaves_like(structure, moves, "jvp", "tangents", "primals")
    flat = _Flat(_pairs(f, "jvp") if has_aux else f, structure)
    values, changes = _civita._jvp(flat, _arrays(leaves), _arrays(along))
    value, change = flat.result(values), flat.result(changes)
    return (value[0], change[0], value[1]) if has_aux else (value, change)


def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of `f` at `primals`, and its linear part there: a function from tangents to the tangent of the result.

    `f` runs once; the linear part is a trace, in which what depends on `primals` alone is a constant.

    Examples
    --------
    >>> y, linear = cv.autograd.linearize(cv.sin, cv.array([0.0, 1.0]))
    >>> linear(cv.array([1.0, 2.0]))
    array([1.        , 1.08060461])
    """
    leaves, structure = _flatten(primals)
    primals = _unflatten(structure, _arrays(leaves))
    zeros = _unflatten(structure, [_civita.zeros_like(x) for x in _arrays(leaves)])
    values: list[Any] = []

    def tangent(*tangents: Any) -> Any:
        value, change = jvp(f, primals, tangents)
        values.append(value)
        return change

    linear = trace(tangent, *zeros)
    return values[0], linear.run


def _jacobian(f: Callable[..., Any], argnums: int | Sequence[int], op: str, of: Callable[..., list[list[Any]]]) -> Callable[..., Any]:
    @_wraps(f)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        chosen = _chosen(op, argnums, args)
        leaves, structure = _flatten([args[i] for i in chosen])
        flat = _Flat(_of_chosen(f, chosen, args, kwargs), structure)
        rows = of(flat, _arrays(leaves))
        return flat.result([_one_or_all(argnums, _unflatten(structure, row)) for row in rows])

    return jacobian


def jacfwd(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of `f`, column by column, in forward mode: for more results than arguments.

    Each array has the shape of the result followed by that of the argument. The structure is that of the result, and in the
    place of each array that of the argument; of several `argnums` a tuple.

    Examples
    --------
    >>> cv.autograd.jacfwd(lambda x: x * x)(cv.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def columns(flat: _Flat, leaves: list[ndarray]) -> list[list[Any]]:
        of_each_input = [_civita._jacfwd(flat, leaves, i) for i in range(len(leaves))]
        return [list(row) for row in zip(*of_each_input)]

    return _jacobian(f, argnums, "jacfwd", columns)


def jacrev(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of `f`, row by row, in reverse mode: for more arguments than results.

    The same as `jacfwd` but for rounding.

    Examples
    --------
    >>> cv.autograd.jacrev(lambda x: (x * x).sum())(cv.array([1.0, 2.0]))
    array([2., 4.])
    """
    return _jacobian(f, argnums, "jacrev", _civita._jacrev)


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of `f`: forward mode over reverse mode.

    Examples
    --------
    >>> cv.autograd.hessian(lambda x: x[0] ** 2 * x[1])(cv.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacfwd(jacrev(f, argnums), argnums)


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The Hessian of `f`, which returns one real number, times `tangents`, without the Hessian.

    `primals` and `tangents` are as in `jvp`; so is the structure of the product.

    Examples
    --------
    >>> cv.autograd.hvp(lambda x: (x**3).sum(), cv.array([1.0, 2.0]), cv.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    if isinstance(primals, (tuple, list)):
        return jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]
    return jvp(grad(f), primals, tangents)[1]


class Graph:
    """A function as data: what `trace` returns. `str` prints it, `run` runs it on arrays of the shapes and dtypes that it was
    traced with."""

    __slots__ = ("_graph", "_inputs", "_outputs")

    def __init__(self, graph: Any, inputs: Any, outputs: Any):
        self._graph, self._inputs, self._outputs = graph, inputs, outputs

    def run(self, *inputs: Any, out: Any = None) -> Any:
        """The results of the function for other inputs. Gradients and transformations go through.

        With `out`, arrays of the results' structure, shapes and dtypes, they are written there and `out` is returned: the same
        bits, and no memory for a result that can be computed where it lies.

        Examples
        --------
        >>> graph = cv.trace(lambda x: cv.exp(x * 2), cv.zeros(2))
        >>> y = cv.empty(2)
        >>> graph.run(cv.array([0.0, 1.0]), out=y) is y
        True
        """
        leaves = _leaves_like(self._inputs, inputs, "graph", "the inputs", "those of the trace")
        if not _is_flat(self._inputs):
            _same_constants(self._inputs, inputs)
        if out is None:
            return _unflatten(self._outputs, self._graph.run(_arrays(leaves)))
        places = _leaves_like(self._outputs, out, "graph", "`out`", "the results")
        if not all(isinstance(place, ndarray) for place in places):
            raise TypeError("graph: `out` must be arrays")
        self._graph.run_into(_arrays(leaves), places)
        return out

    __call__ = run

    def __len__(self) -> int:
        """How many primitives it runs."""
        return len(self._graph)

    def __str__(self) -> str:
        return str(self._graph)

    __repr__ = __str__


def trace(f: Callable[..., Any], *inputs: Any) -> Graph:
    """What `f` does with arrays of these shapes and dtypes, as a `Graph`: it prints, and runs again.

    `f` runs once. Numbers and arrays among the inputs are variables; everything else is a constant. Reading the value of a
    variable inside (`item`, `bool`, `float`, `tolist`, `np.asarray`) is an error; choose by `where`.

    Examples
    --------
    >>> graph = cv.trace(lambda x: x * x + 1, cv.array([1.0, 2.0]))
    >>> graph.run(cv.array([3.0, 4.0]))
    array([10., 17.])
    """
    leaves, structure = _flatten(inputs, _is_value)
    flat = _Flat(f, structure)
    graph = _civita._trace(flat, _arrays(leaves))
    return Graph(graph, structure, flat.outputs)


def checkpoint(f: Callable[..., Any], *arguments: Any) -> Any:
    """The same function with less memory: of a call a graph keeps the arguments only, and its backward pass runs `f` again.

    `f` returns the same each time. An array that requires a gradient is an argument: one that `f` reads from elsewhere is an
    error. With arguments the function is called, as PyTorch's `checkpoint(f, x)` is.

    Examples
    --------
    >>> x = cv.array([1.0, 2.0], requires_grad=True)
    >>> cv.autograd.checkpoint(lambda x: cv.exp(cv.sin(x)))(x).sum().backward()
    >>> x.grad
    array([ 1.25338077, -1.03311687])
    >>> cv.autograd.checkpoint(cv.exp, cv.array([0.0, 1.0]))
    array([1.        , 2.71828183])
    """

    @_wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = _flatten((args, kwargs), _is_array)
        flat = _Flat(lambda args, kwargs: f(*args, **kwargs), structure)
        values = _civita._checkpoint(flat, _arrays(leaves))
        return flat.result(values)

    return checkpointed(*arguments) if arguments else checkpointed


# ---- derivatives of one's own ------------------------------------------------------------------------------------


class Context:
    """What `forward` of a `Function` leaves for its derivatives: attributes of any kind, and saved arrays."""

    needs_input_grad: tuple[bool, ...]
    """Which arguments a gradient is wanted of."""

    def __init__(self) -> None:
        self._saved: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()

    def mark_non_differentiable(self, *arrays: ndarray) -> None:
        """Names results through which no gradient and no tangent passes: indices, counts. `backward` gets zeros for them."""
        self._constant = arrays

    def mark_dirty(self, *arrays: ndarray) -> None:
        """Not there: a `Function` returns new arrays."""
        raise RuntimeError(
            "a Function does not write its arguments: its derivatives could not read what they were"
            "\n  hint: return a new array, and write it where it is used: `x[...] = y`"
        )

    def save_for_backward(self, *arrays: ndarray | None) -> None:
        """Keeps arrays for `backward` and `jvp`, which find them in `saved_tensors`."""
        self._saved = arrays

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The arrays that `forward` saved."""
        return self._saved


class Function:
    """A function with derivatives of its own, as in PyTorch: a subclass with static methods, called by `apply`.

    `forward(ctx, *args)` returns an array or a tuple of them; nothing inside it is recorded. It may be written in two parts,
    `forward(*args)` and `setup_context(ctx, inputs, output)`, which then saves what the derivatives need. `backward(ctx, *gradients)` takes
    the gradients of the results, and returns one for each argument, None for none. `jvp(ctx, *tangents)`, which may be left
    out, takes the tangents of the arguments and returns those of the results; without it forward mode comes from `backward`.
    All of it goes through `vmap`, `jvp`, `trace` and higher derivatives.

    Examples
    --------
    >>> class Square(cv.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * g
    >>> cv.autograd.grad(Square.apply)(3.0)
    array(6.)
    """

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} is not instantiated\n  hint: `{type(self).__name__}.apply(x)`")

    @staticmethod
    def forward(ctx: Context, *args: Any) -> Any:
        """The results."""
        raise NotImplementedError("a subclass of Function defines `forward(ctx, *args)`")

    @staticmethod
    def setup_context(ctx: Context, inputs: tuple[Any, ...], output: Any) -> None:
        """Saves what the derivatives need, where `forward` takes no `ctx`."""
        raise NotImplementedError("a subclass of Function may define `setup_context(ctx, inputs, output)`")

    @staticmethod
    def backward(ctx: Context, *gradients: Any) -> Any:
        """The gradients of the arguments."""
        raise NotImplementedError("a subclass of Function defines `backward(ctx, *gradients)`")

    @staticmethod
    def jvp(ctx: Context, *tangents: Any) -> Any:
        """The tangents of the results."""
        raise NotImplementedError("a subclass of Function may define `jvp(ctx, *tangents)`")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The results for these arguments."""
        call = _Call(cls, args)
        tangent = None if cls.jvp is Function.jvp else call.tangent
        results = _civita._apply_function(cls.__name__, call.forward, call.backward, tangent, call.arrays)
        for i in call.constant:
            results[i] = results[i].detach()
        return results[0] if call.single else tuple(results)


class _Call:
    """A call of a Function: the maps that the engine runs, of arrays alone."""

    def __init__(self, cls: type[Function], args: tuple[Any, ...]):
        self.cls, self.args, self.single = cls, list(args), True
        # the results that are constants
        self.constant: list[int] = []
        self.at = [i for i, arg in enumerate(args) if isinstance(arg, ndarray)]
        self.arrays = [args[i] for i in self.at]
        self.needs = tuple(isinstance(arg, ndarray) and arg.requires_grad for arg in args)
        # `ctx` as a tree, and where each array of it stands among inputs, outputs and what else is kept
        self.held: Any = {}
        self.places: list[int] = []

    def _with(self, arrays: Sequence[Any], others: list[Any]) -> list[Any]:
        for i, x in zip(self.at, arrays):
            others[i] = x
        return others

    def _context(self, values: Sequence[Any], needs: tuple[bool, ...]) -> Context:
        ctx = Context()
        vars(ctx).update(_unflatten(self.held, [values[i] for i in self.places]))
        ctx.needs_input_grad = needs
        return ctx

    def forward(self, *arrays: ndarray) -> tuple[list[Any], list[Any], list[int]]:
        ctx = Context()
        ctx.needs_input_grad = self.needs
        args = self._with(arrays, list(self.args))
        if self.cls.setup_context is Function.setup_context:
            results = self.cls.forward(ctx, *args)
        else:
            results = self.cls.forward(*args)
            self.cls.setup_context(ctx, tuple(args), results)
        self.single = not isinstance(results, (tuple, list))
        # what was computed without axes is a scalar: each becomes one array, wherever it stands
        made: dict[int, ndarray] = {}

        def array(value: Any) -> Any:
            if not isinstance(value, generic):
                return value
            return made.setdefault(id(value), _civita.asarray(value))

        results = [results] if self.single else results
        outputs = _arrays([array(x) for x in results])
        vars(ctx).pop("needs_input_grad", None)
        marked = vars(ctx).pop("_constant")
        self.constant = [i for i, x in enumerate(results) if any(x is y for y in marked)]
        leaves, self.held = _flatten(vars(ctx), lambda value: isinstance(value, (ndarray, generic)))
        leaves = [array(leaf) for leaf in leaves]
        known, self.places = [*arrays, *outputs], []
        for leaf in leaves:
            place = next((i for i, x in enumerate(known) if x is leaf), len(known))
            if place == len(known):
                known.append(leaf)
            self.places.append(place)
        return outputs, known[len(arrays) + len(outputs) :], self.places

    def backward(self, values: list[Any], gradients: list[ndarray], wanted: tuple[bool, ...]) -> list[Any]:
        needs = tuple(self._with(wanted, [False] * len(self.args)))
        found = self.cls.backward(self._context(values, needs), *gradients)
        if not isinstance(found, (tuple, list)):
            found = (found,)
        if len(found) != len(self.args):
            raise RuntimeError(
                f"{self.cls.__name__}.backward returned {len(found)} gradients for {len(self.args)} arguments"
                "\n  rule: one for each argument of `forward`, None for what has no gradient"
            )
        return [found[i] for i in self.at]

    def tangent(self, values: list[Any], tangents: list[ndarray]) -> list[Any]:
        moves = self._with(tangents, [None] * len(self.args))
        found = self.cls.jvp(self._context(values, self.needs), *moves)
        return list(found) if isinstance(found, (tuple, list)) else [found]


class _Once(Function):
    """Gradients as they are, which cannot be differentiated: of a `backward` that is not made of differentiable steps."""

    @staticmethod
    def forward(ctx: Context, count: int, *values: ndarray) -> Any:
        return tuple(value.copy() for value in values[:count])

    @staticmethod
    def backward(ctx: Context, *gradients: Any) -> Any:
        raise RuntimeError("a `backward` under `once_differentiable` has no derivative of its own")


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A `backward` of a `Function` that is not recorded: `@staticmethod`, `@once_differentiable`, `def backward(ctx, *gradients)`.
    A second derivative through it is an error.

    Examples
    --------
    >>> class Square(cv.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     @cv.autograd.once_differentiable
    ...     def backward(ctx, g):
    ...         return 2 * ctx.saved_tensors[0] * g
    >>> cv.autograd.grad(Square.apply)(3.0)
    array(6.)
    """

    @_wraps(backward)
    def once(ctx: Context, *gradients: Any) -> Any:
        followed = [x for x in (*gradients, *ctx.saved_tensors) if isinstance(x, ndarray) and x.requires_grad]
        with no_grad():
            found = backward(ctx, *gradients)
        if not followed or not is_grad_enabled():
            return found
        found = list(found) if isinstance(found, (tuple, list)) else [found]
        at = [i for i, x in enumerate(found) if x is not None]
        for i, x in zip(at, _Once.apply(len(at), *_arrays([found[i] for i in at]), *followed)):
            found[i] = x
        return tuple(found)

    return once
