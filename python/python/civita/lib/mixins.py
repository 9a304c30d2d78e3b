"""Operators for classes that define `__array_ufunc__`."""

from .. import _civita as cv

__all__ = ["NDArrayOperatorsMixin"]


def _disables(other):
    """Does the other operand want its own operators to be asked?"""
    return getattr(other, "__array_ufunc__", False) is None


def _binary(name, ufunc):
    def forward(self, other):
        return NotImplemented if _disables(other) else ufunc(self, other)

    def reflected(self, other):
        return NotImplemented if _disables(other) else ufunc(other, self)

    def in_place(self, other):
        return ufunc(self, other, out=(self,))

    forward.__name__, reflected.__name__, in_place.__name__ = f"__{name}__", f"__r{name}__", f"__i{name}__"
    return forward, reflected, in_place


def _unary(name, ufunc):
    def operator(self):
        return ufunc(self)

    operator.__name__ = f"__{name}__"
    return operator


class NDArrayOperatorsMixin:
    """Defines all operators by the ufuncs of the same meaning, which ask `__array_ufunc__` of the class.

    >>> import civita as cv
    >>> class Logged(cv.lib.mixins.NDArrayOperatorsMixin):
    ...     def __init__(self, values):
    ...         self.values = cv.asarray(values)
    ...     def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
    ...         print(ufunc.__name__)
    ...         return Logged(ufunc(*(getattr(x, "values", x) for x in inputs)))
    >>> (1 + Logged([1, 2])).values
    add
    array([2, 3])
    """

    __slots__ = ()

    __lt__ = _binary("lt", cv.less)[0]
    __le__ = _binary("le", cv.less_equal)[0]
    __eq__ = _binary("eq", cv.equal)[0]
    __ne__ = _binary("ne", cv.not_equal)[0]
    __gt__ = _binary("gt", cv.greater)[0]
    __ge__ = _binary("ge", cv.greater_equal)[0]
    __hash__ = None

    __add__, __radd__, __iadd__ = _binary("add", cv.add)
    __sub__, __rsub__, __isub__ = _binary("sub", cv.subtract)
    __mul__, __rmul__, __imul__ = _binary("mul", cv.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _binary("truediv", cv.divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _binary("floordiv", cv.floor_divide)
    __mod__, __rmod__, __imod__ = _binary("mod", cv.remainder)
    __divmod__, __rdivmod__, _ = _binary("divmod", cv.divmod)
    __pow__, __rpow__, __ipow__ = _binary("pow", cv.power)
    __lshift__, __rlshift__, __ilshift__ = _binary("lshift", cv.left_shift)
    __rshift__, __rrshift__, __irshift__ = _binary("rshift", cv.right_shift)
    __and__, __rand__, __iand__ = _binary("and", cv.bitwise_and)
    __xor__, __rxor__, __ixor__ = _binary("xor", cv.bitwise_xor)
    __or__, __ror__, __ior__ = _binary("or", cv.bitwise_or)
    del _

    def __matmul__(self, other):
        return NotImplemented if _disables(other) else cv.matmul(self, other)

    def __rmatmul__(self, other):
        return NotImplemented if _disables(other) else cv.matmul(other, self)

    __neg__ = _unary("neg", cv.negative)
    __pos__ = _unary("pos", cv.positive)
    __abs__ = _unary("abs", cv.absolute)
    __invert__ = _unary("invert", cv.invert)
