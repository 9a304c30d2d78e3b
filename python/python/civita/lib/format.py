"""NumPy's `.npy` format: its functions under NumPy's path."""

from .._files import (  # noqa: F401
    ARRAY_ALIGN,
    EXPECTED_KEYS,
    MAGIC_LEN,
    MAGIC_PREFIX,
    descr_to_dtype,
    dtype_to_descr,
    header_data_from_array_1_0,
    isfileobj,
    magic,
    open_memmap,
    read_array,
    read_array_header_1_0,
    read_array_header_2_0,
    read_magic,
    write_array,
    write_array_header_1_0,
    write_array_header_2_0,
)

BUFFER_SIZE = 2**18
#: Digits that a header leaves room for in the length of the axis that grows.
GROWTH_AXIS_MAX_DIGITS = 21
