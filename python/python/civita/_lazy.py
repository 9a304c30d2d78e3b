"""Which module holds what is imported when it is asked for."""

MODULES = ("autograd", "dtypes", "emath", "exceptions", "fft", "lib", "linalg", "polynomial", "random", "testing", "typing")

_HOMES = {
    "autograd": "jvp vmap",
    "_types": "ScalarType common_type iscomplex iscomplexobj isneginf isposinf isreal isrealobj min_scalar_type mintypecode nan_to_num "
    "real_if_close sctypeDict typecodes typename",
    "_iterators": "broadcast flatiter ndenumerate ndindex nditer nested_iters",
    "_index_tricks": "c_ index_exp mgrid ogrid r_ s_",
    "_functional": "apply_along_axis apply_over_axes frompyfunc fromfunction fromiter get_include getbufsize isscalar iterable "
    "mask_indices piecewise setbufsize show_config show_runtime vectorize",
    "_polynomials": "poly poly1d polyadd polyder polydiv polyfit polyint polymul polysub polyval roots",
    "_text": "base_repr binary_repr",
    "_files": "fromfile fromregex fromstring genfromtxt load loadtxt memmap save savetxt savez savez_compressed",
}
NAMES = {name: module for module, names in _HOMES.items() for name in names.split()}
