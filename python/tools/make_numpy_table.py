"""Writes the tables of functions in docs/numpy.md, from the rows of the engine's tables.

    python python/tools/make_numpy_table.py            writes the tables
    python python/tools/make_numpy_table.py --check    says whether they are up to date
"""

import pathlib
import sys

import civita as cv
import numpy as np

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "numpy.md"
NAMES = ("elementwise", "reductions", "functions")


def rows(kind):
    return sorted((row for row in cv.rows() if row["kind"] == kind), key=lambda row: row["numpy"].lower())


def python_call(row, arguments):
    """A call of NumPy's function; of Civita's where NumPy has none."""
    return f"`{'np' if hasattr(np, row['numpy']) else 'cv'}.{row['numpy']}({arguments})`"


def torch_name(row):
    name = row["torch"]
    return f"`{name if '(' in name else 'torch.' + name}`" if name else ""


def elementwise():
    """Each op with its operands; a condition is `c`."""
    lines = ["| NumPy | Civita | PyTorch |", "|---|---|---|"]
    for row in rows("elementwise"):
        operands = {1: "x", 2: "x, y", 3: "c, x, y" if row["name"] == "choose" else "x, y, z"}[row["arity"]]
        first, *others = operands.split(", ")
        rust = f"{first}.{row['name']}({', '.join('&' + other for other in others)}){'?' if others else ''}"
        lines.append(f"| {python_call(row, operands)} | `{rust}` | {torch_name(row)} |")
    return "\n".join(lines) + "\n"


def reductions():
    lines = ["| NumPy | Civita | PyTorch |", "|---|---|---|"]
    for row in rows("reduction"):
        name = row["name"]
        lines.append(f"| {python_call(row, 'x, axis=0')} | `x.{name}()`, `x.over(0).{name}()?` | {torch_name(row)} |")
    return "\n".join(lines) + "\n"


def functions():
    lines = ["| NumPy | Civita | PyTorch |", "|---|---|---|"]
    for row in sorted((row for row in cv.rows() if row["kind"] == "function"), key=lambda row: row["name"]):
        python, rust = row["example"].replace("|", "\\|"), row["rust"].replace("|", "\\|")
        numpy = f"`cv.{python}`" if row["oracle"] else f"`np.{python}`"
        lines.append(f"| {numpy} | `{rust}` | {'`' + row['torch'] + '`' if row['torch'] else ''} |")
    return "\n".join(lines) + "\n"


def page(text):
    """The page with the tables as they should be."""
    for name, table in zip(NAMES, (elementwise, reductions, functions), strict=True):
        begin, end = f"<!-- {name}: written by python/tools/make_numpy_table.py -->\n", f"<!-- end of {name} -->\n"
        before, rest = text.split(begin)
        text = before + begin + table() + end + rest.split(end)[1]
    return text


def main():
    old = PAGE.read_text()
    new = page(old)
    if "--check" in sys.argv:
        if old != new:
            sys.exit("docs/numpy.md is not up to date: run python/tools/make_numpy_table.py")
        return
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
