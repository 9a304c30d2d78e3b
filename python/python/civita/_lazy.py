"""Which module holds what is imported when it is asked for."""

MODULES = ("dtypes", "emath", "exceptions", "lib", "testing", "typing")

_HOMES = {
    "_types": "ScalarType common_type iscomplex iscomplexobj isneginf isposinf isreal isrealobj min_scalar_type mintypecode nan_to_num "
    "real_if_close sctypeDict typecodes typename",
    "_iterators": "broadcast flatiter ndenumerate ndindex nditer nested_iters",
    "_index_tricks": "c_ index_exp mgrid ogrid r_ s_",
    "_functional": "apply_along_axis apply_over_axes array_equiv around asarray_chkfinite asfortranarray copyto frompyfunc "
    "fromfunction fromiter get_include getbufsize isfortran isscalar iterable place require round setbufsize show_config "
    "show_runtime vectorize",
    "_text": "base_repr binary_repr",
    "_files": "fromfile fromregex fromstring genfromtxt load loadtxt memmap save savetxt savez savez_compressed",
}
NAMES = {name: module for module, names in _HOMES.items() for name in names.split()}
