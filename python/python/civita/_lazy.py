"""Which module holds what is imported when it is asked for."""

MODULES = ("autograd", "buffers", "dtypes", "emath", "exceptions", "fft", "io", "lib", "linalg", "polynomial", "random", "testing", "typing", "version")

_HOMES = {
    "autograd": "jvp vmap",
    "_modes": "enable_grad no_grad set_grad_enabled",
    "_types": "ScalarType common_type iscomplex iscomplexobj isneginf isposinf isreal isrealobj min_scalar_type mintypecode "
    "real_if_close sctypeDict typecodes typename",
    "_iterators": "broadcast flatiter ndenumerate ndindex nditer nested_iters",
    "_index_tricks": "c_ index_exp mgrid ogrid r_ s_",
    "_functional": "apply_along_axis apply_over_axes frompyfunc fromfunction fromiter get_include getbufsize isscalar iterable "
    "mask_indices piecewise row_stack setbufsize show_config show_runtime vectorize",
    "_polynomials": "poly poly1d polyadd polyder polydiv polyfit polyint polymul polysub polyval roots",
    "_namespace_info": "__array_namespace_info__",
    "_text": "base_repr binary_repr",
    "_files": "fromfile fromregex fromstring genfromtxt load loadtxt memmap save savetxt savez savez_compressed",
}
NAMES = {name: module for module, names in _HOMES.items() for name in names.split()}

# names of NumPy's that are left out, and why
_WHY = {
    "long double is `float64` here, as where C's is a `double`: there is `longdouble`": "float96 float128 complex192 complex256",
    "dates are no numbers: there are no such dtypes": "isnat datetime_as_string datetime_data busday_count "
    "busday_offset busdaycalendar is_busday",
    "there are no dtypes of text, objects and structures": "record recarray rec char strings",
    "matrices are arrays with two axes: `a @ b` is their product": "matrix asmatrix bmat",
    "there are no masked arrays": "ma",
    "NumPy's own internals and tools: its C sources, its compiler of Fortran, its tests": "core ctypeslib f2py test",
}
LEFT_OUT = {name: why for why, names in _WHY.items() for name in names.split()}
