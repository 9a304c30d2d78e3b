#!/usr/bin/env python3
"""Does what docs/adding-an-op.md says: puts its code into a copy of the tree, builds that, and runs the tests that the new rows
give in both languages. The copy and what is built of it stay in target/adding, so that a second run is quicker.

In the page a comment above a block of code says where the block goes: `<!-- into FILE, before `TEXT` -->`, `after`, or
`at the end`. TEXT stands once in the file, or the first place counts.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/adding-an-op.md"
COPY = ROOT / "target" / "adding" / "tree"
BUILT = ROOT / "target" / "adding" / "build"

PLACE = re.compile(r"<!-- into (\S+), (before|after) `(.*)` -->|<!-- into (\S+), at the end -->")
OP, FUNCTION = "huber", "interleave"
LIMIT = 40


def copy():
    """The files that git knows or would know. One that is as it was keeps its time, so that nothing is built again."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
    wanted = {name for name in os.fsdecode(listed.stdout).split("\0") if name and (ROOT / name).is_file()}
    for old in sorted(COPY.rglob("*")) if COPY.exists() else []:
        if old.is_file() and str(old.relative_to(COPY)) not in wanted and old.suffix != ".so":
            old.unlink()
    return {name: (ROOT / name).read_bytes() for name in wanted}


def blocks(page):
    """Each block of code with a place: `(file, relation, text, code)`."""
    found = []
    for match in PLACE.finditer(page):
        fence, _, rest = page[match.end() :].lstrip("\n").partition("\n")
        assert fence.startswith("```"), f"no code below {match.group()}"
        code = rest[: rest.index("\n```") + 1]
        file, relation, text, last = match.groups()
        found.append((file or last, relation or "end", text, code))
    assert found, f"{PAGE} has no code with a place"
    return found


def put(source, relation, text, code):
    """The source with the code in it, indented like the line that the place names."""
    if relation == "end":
        return source + "\n" + code
    lines = source.splitlines(keepends=True)
    at = next((i for i, line in enumerate(lines) if text in line), None)
    assert at is not None, f"no line has {text!r}"
    lead = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    at += relation == "after"
    return "".join([*lines[:at], *(lead + line if line.strip() else line for line in code.splitlines(keepends=True)), *lines[at:]])


def run(*command, expect, **env):
    """Runs a command in the copy, whose output says by `expect` that there were tests."""
    print("$", *command, flush=True)
    done = subprocess.run(
        command, cwd=COPY, env={**os.environ, "CARGO_TARGET_DIR": str(BUILT), **env}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    print(done.stdout[-8000:] if done.returncode else "\n".join(re.findall(r".*(?:passed|test result).*", done.stdout)), flush=True)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    assert re.search(expect, done.stdout), f"no tests ran:\n{done.stdout[-4000:]}"


def main():
    files = copy()
    walk = blocks(files[PAGE].decode())
    for file, relation, text, code in walk:
        files[file] = put(files[file].decode(), relation, text, code).encode()
    lines = sum(len(code.splitlines()) for *_, code in walk if FUNCTION in code)
    assert 0 < lines < LIMIT, f"the function takes {lines} lines"
    for name, content in files.items():
        path = COPY / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod((ROOT / name).stat().st_mode)
    print(f"{PAGE}: {len(walk)} blocks in place; the function takes {lines} lines", flush=True)

    passed = r"test result: ok\. [1-9]"
    test = ("cargo", "test", "--release", "--package")
    run(*test, "civita-core", "--test", "gradients", "--test", "device_texts", expect=passed)
    run(*test, "civita-core", "--lib", "functions::", expect=passed)
    run(*test, "civita", "--doc", OP, expect=passed)
    run(*test, "civita", "--doc", FUNCTION, expect=passed)

    run("cargo", "build", "--release", "--package", "civita-python", expect="Finished")
    suffix = {"darwin": "dylib"}.get(sys.platform, "so")
    shutil.copy2(BUILT / "release" / f"lib_civita.{suffix}", COPY / "python/python/civita/_civita.abi3.so")
    python = {"PYTHONPATH": str(COPY / "python/python")}
    run(sys.executable, "python/tools/make_stubs.py", expect="", **python)
    stub = (COPY / "python/python/civita/__init__.pyi").read_text()
    assert f"{OP}: ufunc" in stub or f"def {OP}(" in stub, "the stub lacks the op"
    assert f"def {FUNCTION}(" in stub, "the stub lacks the function"
    tests = [f"python/tests/{name}.py" for name in ("test_elementwise", "test_gradients", "test_functions", "test_fuse", "test_threads")]
    run(sys.executable, "-m", "pytest", "-q", *tests, "-k", f"{OP} or {FUNCTION}", expect=r"[1-9]\d* passed", **python)
    print("docs/adding-an-op.md: done as it says, and everything passed")


if __name__ == "__main__":
    main()
