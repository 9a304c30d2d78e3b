"""Integers as text in other bases."""

import operator

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base_repr(number, base=2, padding=0):
    """An integer in a base from 2 to 36, behind `padding` zeros."""
    if base > len(_DIGITS):
        raise ValueError("Bases greater than 36 not handled in base_repr.")
    if base < 2:
        raise ValueError("Bases less than 2 not handled in base_repr.")
    rest = abs(operator.index(number))
    digits = ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
    sign = "-" if number < 0 else ""
    return sign + "0" * padding + digits if digits or padding else "0"


def binary_repr(num, width=None):
    """An integer in base 2: of `width` digits, negative ones as their two's complement; without it with a sign."""
    num = operator.index(num)
    if num == 0:
        return "0" * (width or 1)
    if num > 0:
        text = format(num, "b")
        return _checked(text, width, num).zfill(width or 0)
    if width is None:
        return "-" + format(-num, "b")
    # the fewest digits of the two's complement, with its sign
    least = (-num - 1).bit_length() + 1
    text = format((1 << least) + num, "b").rjust(least, "1")
    return _checked(text, width, num).rjust(width, "1")


def _checked(text, width, num):
    if width is not None and len(text) > width:
        raise ValueError(f"Insufficient bit width={width} provided for binwidth={len(text)}")
    return text
