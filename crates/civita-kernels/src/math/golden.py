"""Makes golden.csv: f64 arguments and exactly rounded results of the elementary functions, as hexadecimal bits.

Run with Python 3 and mpmath: `python golden.py > golden.csv`.
"""

import random
import struct

from mpmath import mp

mp.prec = 1400  # enough to reduce arguments near 1e308


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def number(x):
    return mp.mpf(x)


FUNCTIONS = {
    # name: (function, ranges of log2 |x|, signs)
    "exp": (mp.exp, [(-30, 9.4)], (1, -1)),
    "exp2": (lambda x: mp.power(2, x), [(-30, 9.9)], (1, -1)),
    "expm1": (mp.expm1, [(-1070, -20), (-5, 9.4)], (1, -1)),
    "log": (mp.log, [(-1073, 1023), (-0.6, 0.6)], (1,)),
    "log2": (lambda x: mp.log(x) / mp.log(2), [(-1073, 1023), (-0.6, 0.6)], (1,)),
    "log10": (lambda x: mp.log(x) / mp.log(10), [(-1073, 1023), (-0.6, 0.6)], (1,)),
    "log1p": (lambda x: mp.log(1 + x), [(-300, 1023), (-3, 3)], (1,)),
    "sin": (mp.sin, [(-300, 1023.9), (-3, 22)], (1, -1)),
    "cos": (mp.cos, [(-30, 1023.9), (-3, 22)], (1, -1)),
    "tan": (mp.tan, [(-300, 1023.9), (-3, 22)], (1, -1)),
    "sinh": (mp.sinh, [(-300, -20), (-5, 9.4)], (1, -1)),
    "cosh": (mp.cosh, [(-20, 9.4)], (1, -1)),
    "tanh": (mp.tanh, [(-300, -20), (-5, 5)], (1, -1)),
    "asin": (mp.asin, [(-300, 0), (-3, 0)], (1, -1)),
    "acos": (mp.acos, [(-60, 0), (-3, 0)], (1, -1)),
    "atan": (mp.atan, [(-300, 300), (-5, 5)], (1, -1)),
    "asinh": (mp.asinh, [(-300, 1023), (-5, 5)], (1, -1)),
    "acosh": (mp.acosh, [(0, 1023), (0, 1)], (1,)),
    "atanh": (mp.atanh, [(-300, 0), (-4, 0)], (1, -1)),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), [(-1073, 1023), (-3, 3)], (1, -1)),
    "erf": (mp.erf, [(-1070, -20), (-5, 3)], (1, -1)),
    "erfc": (mp.erfc, [(-30, 4.7), (-3, 1.5)], (1, -1)),
}

random.seed(1)
for name, (function, ranges, signs) in FUNCTIONS.items():
    for low, high in ranges:
        for _ in range(40):
            x = random.choice(signs) * 2.0 ** random.uniform(low, high)
            print(f"{name},{bits(x):016x},{bits(float(function(number(x)))):016x}")
