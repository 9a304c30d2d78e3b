"""Writes the tables of functions in docs/numpy.md, from the rows of the engine's tables.

    python python/tools/make_numpy_table.py            writes the tables
    python python/tools/make_numpy_table.py --check    says whether they are up to date
"""

import itertools
import pathlib
import re
import sys

import civita as cv
import numpy as np

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "numpy.md"
DIFFERENCES = PAGE.parent / "differences.md"
NAMES = ("elementwise", "reductions", "functions", "names")
RUST = PAGE.parent.parent / "crates" / "civita" / "src"


def rows(kind):
    return sorted((row for row in cv.rows() if row["kind"] == kind), key=lambda row: row["numpy"].lower())


def python_call(row, arguments):
    """A call of NumPy's function; of Civita's where NumPy has none."""
    return f"`{'np' if hasattr(np, row['numpy']) else 'cv'}.{row['numpy']}({arguments})`"


def torch_name(row):
    name = row["torch"]
    return f"`{name if '(' in name else 'torch.' + name}`" if name else ""


def differences():
    """What `differences.md` says of each name that it has in code: links to the sections, under the bold words of the items."""
    found, section = {}, ""
    for part in re.split(r"\n(?=- |## )", DIFFERENCES.read_text()):
        if part.startswith("## "):
            section = part[3:].split("\n")[0].strip()
        # what is not NumPy's, and the differences from another standard
        if not part.startswith("- ") or section in ("What NumPy does not have", "The array API standard"):
            continue
        lead = re.match(r"- \*\*((?:`[^`]*`|[^*`])+)\*\*", part)
        words = " ".join((lead[1] if lead else " ".join(part[2:].split()[:7]) + " …").split())
        link = f"[{words}](differences.md#{section.lower().replace(' ', '-')})"
        for code in re.findall(r"`([^`]+)`", part):
            name = re.match(r"(?:cv\.|np\.|a\.|x\.)?((?:linalg\.|random\.|fft\.)?[A-Za-z_]\w*)(?:\(|\.(?:reduce|at)\b|$)", code)
            links = found.setdefault(name[1], []) if name else []
            if link not in links:
                links.append(link)
    return found


def told(known, *names):
    """The cell of differences of a function with these names."""
    return "; ".join(dict.fromkeys(link for name in names for link in known.get(name, ()))).replace("|", "\\|")


def elementwise():
    """Each op with its operands; a condition is `c`."""
    known = differences()
    lines = ["| NumPy | Civita | PyTorch | Differences |", "|---|---|---|---|"]
    for row in rows("elementwise"):
        operands = {1: "x", 2: "x, y", 3: "c, x, y" if row["name"] == "choose" else "x, y, z"}[row["arity"]]
        first, *others = operands.split(", ")
        rust = f"{first}.{row['name']}({', '.join('&' + other for other in others)}){'?' if others else ''}"
        lines.append(f"| {python_call(row, operands)} | `{rust}` | {torch_name(row)} | {told(known, row['numpy'])} |")
    return "\n".join(lines) + "\n"


def reductions():
    known = differences()
    lines = ["| NumPy | Civita | PyTorch | Differences |", "|---|---|---|---|"]
    for row in rows("reduction"):
        name = row["name"]
        lines.append(f"| {python_call(row, 'x, axis=0')} | `x.{name}()`, `x.over(0).{name}()?` | {torch_name(row)} | {told(known, row['numpy'])} |")
    return "\n".join(lines) + "\n"


def split(text):
    """The parts of a list between commas that are in no brackets."""
    parts, depth = [""], 0
    for at, letter in enumerate(text):
        depth += letter in "([{<"
        depth -= letter in ")]}" or letter == ">" and text[at - 1] != "-"
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def within(text, start):
    """What is in the parentheses that open at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if not depth:
            return text[start + 1 : at]


def written_parameters():
    """The names of the parameters of the functions that are written by hand for their types."""
    text, found = (RUST / "np" / "by_hand.rs").read_text(), {}
    for head in re.finditer(r"^ *(?:pub )?fn (\w+)\b", text, re.MULTILINE):
        # behind type parameters, which may have parentheses
        rest, depth, at = text[head.end() :], 0, 0
        while depth or rest[at] != "(":
            depth += (rest[at] in "[<") - (rest[at] == "]" or rest[at] == ">" and rest[at - 1] not in "-=")
            at += 1
        found[head[1]] = [part.split(":")[0].removeprefix("mut ").strip() for part in split(within(rest, at))]
    return found


def parameter_names(row, by_hand):
    """` (x, n, axis)`, of a call in Rust with several arguments, all of which have a name."""
    call = re.search(rf"np::{row['name']}_?\(", row["rust"])
    if not call:
        return ""
    given = split(within(row["rust"], call.end() - 1))
    names = by_hand.get(row["name"], row["parameters"][: row["positional"]])
    return f" ({', '.join(names)})" if 1 < len(given) == len(names) else ""


def functions():
    known, by_hand = differences(), written_parameters()
    lines = ["| NumPy | Civita | PyTorch | Differences |", "|---|---|---|---|"]
    for row in sorted((row for row in cv.rows() if row["kind"] == "function"), key=lambda row: row["name"]):
        python, rust = row["example"].replace("|", "\\|"), row["rust"].replace("|", "\\|")
        numpy = f"`cv.{python}`" if row["oracle"] else f"`np.{python}`"
        lines.append(f"| {numpy} | `{rust}`{parameter_names(row, by_hand)} | {'`' + row['torch'] + '`' if row['torch'] else ''} | {told(known, row['name'], *row['aliases'])} |")
    return "\n".join(lines) + "\n"


def rust_functions(*files):
    """Names of the public functions in files of the Rust crate."""
    texts = (path.read_text() for name in files for path in sorted(RUST.glob(name)))
    # functions, names of other modules, rows of macros (`fftn fft2 Fft Spectrum;`)
    forms = r"^ *pub fn (\w+)|\w+ as (\w+)[,}]|^    ([a-z]\w*)(?: ([a-z]\w*))? [A-Z]\w+ [A-Z]\w+;"
    return {name for text in texts for found in re.findall(forms, text, re.MULTILINE) for name in found if name}


def names():
    """All other names of NumPy's namespaces: those with a Rust form of the same name, those that are Python's alone, and those left out."""
    known = {name for row in cv.rows() for name in (row["name"], row["numpy"], *row.get("aliases", ()))}
    methods = rust_functions("methods.rs", "tensor.rs", "create.rs", "elements.rs", "reduce.rs")
    notes = differences()

    def differing(group, module):
        # of two functions of one name that of the module goes by its whole name
        own = lambda name: (f"{module}.{name}",) if module and name in np.__all__ else (name, f"{module}.{name}")
        return "; ".join(f"`{name}`: {told(notes, *own(name))}" for name in group if told(notes, *own(name)))

    lines = ["| Names of NumPy | in Python | in Rust | Differences |", "|---|---|---|---|"]
    spaces = {"np": np.__all__, "np.linalg": np.linalg.__all__, "np.fft": np.fft.__all__, "np.random": np.random.__all__}
    for space, found in spaces.items():
        module = space.partition(".")[2]
        home = getattr(cv, module) if module else cv
        own = rust_functions(f"{module}.rs", f"{module}/*.rs") if module else rust_functions("np.rs", "np/*.rs")
        rest = sorted(name for name in found if hasattr(home, name) and (module or name not in known))
        in_rust = [name for name in rest if name in own]
        as_methods = [name for name in rest if name not in own and not module and name in methods]
        files = rust_functions("io.rs") if not module else set()
        in_files = [name for name in rest if name not in own and name not in as_methods and name in files]
        other = [name for name in rest if name not in {*in_rust, *as_methods, *in_files}]
        path = module or "np"
        for group, rust in ((in_rust, f"`{path}::` and the name"), (as_methods, "a method or constructor of that name"), (in_files, "`io::` and the name"), (other, "–")):
            if group:
                lines.append(f"| {' '.join(f'`{space}.{name}`' for name in group)} | the same | {rust} | {differing(group, module)} |")
    for why, group in itertools.groupby(sorted((why, name) for name, why in cv._LEFT_OUT.items() if hasattr(np, name) or name in np.__all__), lambda pair: pair[0]):
        lines.append(f"| {' '.join(f'`np.{name}`' for _, name in group)} | left out: {why} | left out | |")
    return "\n".join(lines) + "\n"


def page(text):
    """The page with the tables as they should be."""
    for name, table in zip(NAMES, (elementwise, reductions, functions, names), strict=True):
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
