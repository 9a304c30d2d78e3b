"""Changes the imports of NumPy in a source text to those of another library."""

import ast


def renamed(alias: ast.alias, library: str) -> list[ast.alias]:
    if alias.name != "numpy" and not alias.name.startswith("numpy."):
        return [alias]
    name = library + alias.name.removeprefix("numpy")
    if alias.asname:
        return [ast.alias(name, alias.asname)]
    # `import numpy.linalg` binds `numpy`
    return [ast.alias(library, "numpy"), *([ast.alias(name)] if "." in name else [])]


def rewrite(text: str, library: str) -> str:
    """The text with `import numpy as np` made `import library as np`, and so on; the rest byte by byte as it was."""
    if "numpy" not in text:
        return text
    lines = text.splitlines(keepends=True)
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Import, ast.ImportFrom))]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if isinstance(node, ast.Import):
            names = [new for alias in node.names for new in renamed(alias, library)]
            new = ast.unparse(ast.Import(names))
        else:
            module = node.module or ""
            if node.level or (module != "numpy" and not module.startswith("numpy.")):
                continue
            new = ast.unparse(ast.ImportFrom(library + module.removeprefix("numpy"), node.names, 0))
        if isinstance(node, ast.Import) and new == ast.unparse(node):
            continue
        first, last = lines[node.lineno - 1].encode(), lines[node.end_lineno - 1].encode()
        changed = first[: node.col_offset] + new.encode() + last[node.end_col_offset :]
        # as many lines as before, for the numbers in tracebacks
        lines[node.lineno - 1 : node.end_lineno] = [changed.decode(), *["\n"] * (node.end_lineno - node.lineno)]
    return "".join(lines)
