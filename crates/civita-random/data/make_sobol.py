"""Writes sobol.bin from SciPy's copy of the direction numbers of Joe and Kuo (new-joe-kuo-6.21201).

    python make_sobol.py

For each dimension from the second on: the primitive polynomial with its leading and last coefficient, then as many initial direction
numbers as its degree, all as 16-bit little-endian integers; those of degrees up to 13.
"""

import pathlib

import numpy
import scipy.stats

table = numpy.load(pathlib.Path(scipy.stats.__file__).parent / "_sobol_direction_numbers.npz")
words = []
for polynomial, numbers in zip(table["poly"][1:], table["vinit"][1:]):
    degree = int(polynomial).bit_length() - 1
    if degree > 13:
        break
    words += [int(polynomial), *map(int, numbers[:degree])]
path = pathlib.Path(__file__).with_name("sobol.bin")
path.write_bytes(numpy.array(words, "<u2").tobytes())
