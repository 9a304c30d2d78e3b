"""Classes of dtypes under NumPy's names: `isinstance(x.dtype, cv.dtypes.Float64DType)`."""

from . import _civita as cv


class _Class(type):
    def __instancecheck__(cls, ob):
        return isinstance(ob, cv.dtype) and ob.name == cls._name

    def __call__(cls):
        return cv.dtype(cls._name)


def _made(name, dtype):
    doc = f"The class of the dtype {dtype}: a class to ask with `isinstance`."
    return _Class(name, (), {"_name": dtype, "type": cv.dtype(dtype).type, "__doc__": doc, "__module__": __name__})


BoolDType = _made("BoolDType", "bool")
Int8DType = ByteDType = _made("Int8DType", "int8")
UInt8DType = UByteDType = _made("UInt8DType", "uint8")
Int16DType = ShortDType = _made("Int16DType", "int16")
UInt16DType = UShortDType = _made("UInt16DType", "uint16")
Int32DType = IntDType = _made("Int32DType", "int32")
UInt32DType = UIntDType = _made("UInt32DType", "uint32")
Int64DType = LongDType = LongLongDType = _made("Int64DType", "int64")
UInt64DType = ULongDType = ULongLongDType = _made("UInt64DType", "uint64")
Float16DType = _made("Float16DType", "float16")
BFloat16DType = _made("BFloat16DType", "bfloat16")
Float8E4M3FNDType = _made("Float8E4M3FNDType", "float8_e4m3fn")
Float8E5M2DType = _made("Float8E5M2DType", "float8_e5m2")
Float32DType = _made("Float32DType", "float32")
Float64DType = LongDoubleDType = _made("Float64DType", "float64")
Complex64DType = _made("Complex64DType", "complex64")
Complex128DType = CLongDoubleDType = _made("Complex128DType", "complex128")

__all__ = [name for name in dir() if name.endswith("DType")]
