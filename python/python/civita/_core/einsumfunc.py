"""The subscripts of `einsum` as text, which differentiating packages work with."""

import string

from .. import _civita as cv

__all__ = ["_parse_einsum_input"]

_LETTERS = string.ascii_uppercase + string.ascii_lowercase


def _written(labels):
    """A list of subscripts, numbers and ellipses, as text."""
    text = ""
    for label in labels:
        if label is Ellipsis:
            text += "..."
        elif 0 <= label < len(_LETTERS):
            text += _LETTERS[label]
        else:
            raise ValueError(f"subscript {label} is not within the valid range [0, {len(_LETTERS)})")
    return text


def _parse_einsum_input(operands):
    """Subscripts of the inputs, those of the result, and the arrays: `("ij,jk", "ik", [a, b])`. Ellipses become letters."""
    if not operands:
        raise ValueError("No input operands")
    if isinstance(operands[0], str):
        text, arrays = operands[0].replace(" ", ""), [cv.asanyarray(x) for x in operands[1:]]
    else:
        pairs = list(operands)
        output = pairs.pop() if len(pairs) % 2 else None
        arrays = [cv.asanyarray(x) for x in pairs[::2]]
        text = ",".join(map(_written, pairs[1::2])) + ("" if output is None else "->" + _written(output))
    inputs, arrow, output = text.partition("->")
    if any(c not in _LETTERS for c in (inputs + output).replace("...", "").replace(",", "")) or "," in output:
        raise ValueError(f"'{text}' is no valid text of subscripts")
    terms = inputs.split(",")
    if len(terms) != len(arrays):
        raise ValueError("Number of einsum subscripts must be equal to the number of operands.")
    free = [c for c in _LETTERS if c not in text]
    longest = 0
    for k, (term, array) in enumerate(zip(terms, arrays)):
        if "..." not in term:
            continue
        count = array.ndim - len(term) + 3
        if count < 0:
            raise ValueError("Ellipses lengths do not match.")
        longest = max(longest, count)
        terms[k] = term.replace("...", "".join(free[len(free) - count :]))
    several = "".join(free[len(free) - longest :])
    inputs = ",".join(terms)
    if arrow:
        output = output.replace("...", several)
    else:
        once = sorted(c for c in set(inputs) - {","} - set(several) if inputs.count(c) == 1)
        output = several + "".join(once)
    for c in output:
        if output.count(c) != 1:
            raise ValueError(f"Output character {c} appeared more than once in the output.")
        if c not in inputs:
            raise ValueError(f"Output character {c} did not appear in the input")
    return inputs, output, arrays
