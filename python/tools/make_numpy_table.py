"""Writes the table of functions in docs/numpy.md, from the rows of the engine's table.

    python python/tools/make_numpy_table.py            writes the table
    python python/tools/make_numpy_table.py --check    says whether it is up to date
"""

import pathlib
import sys

import civita as cv

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "numpy.md"
BEGIN, END = "<!-- functions: written by python/tools/make_numpy_table.py -->\n", "<!-- end of functions -->\n"


def table():
    lines = ["| NumPy | Civita | PyTorch |", "|---|---|---|"]
    for row in sorted((row for row in cv.rows() if row["kind"] == "function"), key=lambda row: row["name"]):
        python, rust = row["example"].replace("|", "\\|"), row["rust"].replace("|", "\\|")
        numpy = f"`cv.{python}`" if row["oracle"] else f"`np.{python}`"
        lines.append(f"| {numpy} | `{rust}` | {'`' + row['torch'] + '`' if row['torch'] else ''} |")
    return "\n".join(lines) + "\n"


def page(text):
    """The page with the table as it should be."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


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
