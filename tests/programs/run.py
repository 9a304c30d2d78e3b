#!/usr/bin/env python3
"""Runs public programs with NumPy and with Civita in its place, and compares what they print and draw.

    run.py                     all of programs.toml, and whether each difference has a reason there
    run.py tmm mandelbrot      programs whose project or path contains one of the words
    run.py --write             all of them (or those named; the others as they were last), and write the table in docs/programs.md
    run.py --show tmm          where the outputs differ

The programs are fetched from PyPI, at pinned versions, into target/programs. They are as they were published, but for their
imports of NumPy (and those of the packages that they belong to): `import numpy as np` becomes `import civita as np`. Both
libraries run in processes of their own with the same seeds.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy
from rewrite import rewrite

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / "target" / "programs"
PAGE = ROOT / "docs" / "programs.md"
BEGIN, END = "<!-- table: written by tests/programs/run.py -->\n", "<!-- end of table -->\n"
SECONDS = 300
LIBRARIES = ("numpy", "civita")
# Numbers that agree so far are the same but for the rounding of their last digits.
RTOL, ATOL = 1e-6, 1e-14
# Lines rounded to other pixels: the share of pixels that may differ.
PIXELS = 1e-3

# pip computes a source distribution's metadata to download it, with its build system and often a compiler. These modules
# stand in for the build systems and give what the distribution itself says.
BACKEND = '''
import os, re, sys
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(*_, **__): raise RuntimeError("nothing is built here")
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    text = open("PKG-INFO", encoding="utf-8").read()
    name, version = (re.search(rf"^{key}: *(.+?) *$", text, re.M)[1] for key in ("Name", "Version"))
    info = f"{re.sub('[-_.]+', '_', name)}-{version}.dist-info"
    os.makedirs(os.path.join(folder, info))
    with open(os.path.join(folder, info, "METADATA"), "w") as file:
        file.write(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return info
__legacy__ = sys.modules[__name__]
'''
BACKENDS = ("mesonpy", "setuptools.build_meta", "hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "uv_build")


def write_backends() -> Path:
    folder = FOLDER / "backends"
    for name in BACKENDS:
        *packages, module = name.split(".")
        place = folder
        for package in packages:
            place = place / package
            place.mkdir(parents=True, exist_ok=True)
            (place / "__init__.py").touch()
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{module}.py").write_text(BACKEND)
    return folder


def same_name(a: str, b: str) -> bool:
    return re.sub("[-_.]+", "-", a).lower() == re.sub("[-_.]+", "-", b).lower()


class Sources:
    """The distributions in target/programs."""

    def __init__(self, sha256: dict[str, str]):
        self.sha256 = sha256

    def archive(self, project: str) -> Path:
        name, version = project.split("==")
        for file in self.sha256:
            if same_name(file.removesuffix(".tar.gz").removesuffix(".zip").removesuffix(f"-{version}"), name):
                break
        else:
            raise SystemExit(f"programs.toml has no sha256 of {project}")
        path = FOLDER / "sdists" / file
        if not path.exists():
            print(f"fetch {project}", flush=True)
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-binary", ":all:"]
            command += ["--no-deps", "--no-build-isolation", "--use-pep517", "--dest", str(path.parent), project]
            subprocess.run(command, env=os.environ | {"PYTHONPATH": str(write_backends())}, check=True)
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256[file]:
            raise SystemExit(f"{file} is not the file that programs.toml names")
        return path

    def members(self, project: str):
        """Path inside the distribution, and bytes, of each file."""
        path = self.archive(project)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        yield name.partition("/")[2], archive.read(name)
        else:
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile():
                        yield member.name.partition("/")[2], archive.extractfile(member).read()

    def take(self, project: str, part: str, target: Path, library: str) -> None:
        """Writes a folder or a file of the distribution, with the library's name in the imports of `.py` files."""
        if target.exists():
            return
        prefix = "" if part == "." else part
        for name, data in self.members(project):
            if name == prefix:
                place = target
            elif not prefix or name.startswith(prefix + "/"):
                place = target / name[len(prefix) :].lstrip("/")
            else:
                continue
            if library != "numpy" and name.endswith(".py"):
                try:
                    data = rewrite(data.decode(), library).encode()
                except (SyntaxError, UnicodeDecodeError):
                    pass  # templates and old Python that no program imports
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        if not target.exists():
            raise SystemExit(f"{project} has no {part}")


@dataclass
class Program:
    """An entry of programs.toml."""

    project: str
    path: str
    what: str
    doctests: bool = False
    packages: list[str] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)
    call: str | None = None
    varies: str | None = None
    atol: float = ATOL
    why: str | None = None
    outcome: str = ""
    difference: str = ""

    @property
    def key(self) -> str:
        return self.project.split("==")[0] + "-" + re.sub(r"\W+", "-", self.path.rsplit(".", 1)[0])

    @property
    def folder(self) -> Path:
        return FOLDER / "results" / self.key

    def prepare(self, library: str, sources: Sources) -> dict:
        """What play.py is told."""
        trees = FOLDER / library
        here = trees / self.project
        paths, module = [], None
        for project, part in [(self.project, p) for p in self.packages] + list(self.needs.items()):
            name = project.split("==")[0] if part == "." else Path(part).name
            sources.take(project, part, trees / project / "lib" / name, library)
            paths.append(str(trees / project / "lib"))
            inside = self.path if part == "." else self.path.removeprefix(part + "/") if self.path.startswith(part + "/") else None
            # a module with relative imports or examples in its docstrings is imported as a part of its package
            if project == self.project and inside and inside.endswith(".py") and (self.doctests or part == "."):
                module = f"{name}.{inside.removesuffix('.py').replace('/', '.')}"
        folder = str(Path(self.path).parent)
        file = here / "files" / self.path
        sources.take(self.project, folder, here / "files" / folder, library)
        if not module:
            paths.insert(0, str(file.parent))
        return {"file": str(file), "module": module, "paths": list(dict.fromkeys(paths)), "doctests": self.doctests, "call": self.call}

    def run(self, library: str, sources: Sources) -> None:
        described = self.prepare(library, sources)
        folder = self.folder / library
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "work").mkdir(parents=True)
        result = folder / "result.json"
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "agg",
        }
        command = [sys.executable, str(HERE / "play.py"), library, str(result), json.dumps(described)]
        try:
            with (folder / "output").open("w") as output:
                done = subprocess.run(command, env=environment, cwd=folder / "work", stdout=output, stderr=output, timeout=SECONDS)
            error = f"the process ended with status {done.returncode}"
        except subprocess.TimeoutExpired:
            error = f"not finished after {SECONDS} s"
        if not result.exists():
            result.write_text(json.dumps({"error": error, "classes": [], "seconds": SECONDS, "figures": 0}))

    def results(self) -> list[dict] | None:
        """What the last run found, with NumPy and with Civita."""
        files = [self.folder / library / "result.json" for library in LIBRARIES]
        return [json.loads(f.read_text()) for f in files] if all(f.exists() for f in files) else None

    def compare(self) -> None:
        """Sets `outcome` and `difference`."""
        results = self.results()
        if results is None:
            self.outcome = "not run"
            return
        expected, got = results
        if "error" in got:
            if same_error(expected, got):
                self.outcome = "stops with both"
                self.difference = expected["error"]
            else:
                self.outcome, self.difference = "fails", got["error"]
            return
        if "error" in expected:
            self.outcome, self.difference = "fails with NumPy", expected["error"]
            return
        found, notes = [], []
        if self.doctests:
            steps = list(zip(expected["steps"], got["steps"], strict=True))
            verdicts = [self.step(a, b) for a, b in steps]
            same = sum(v != "differs" for v in verdicts)
            notes.append(f"{same} of {len(steps)} examples")
            found += verdicts
        else:
            found.append(self.step(expected, got))
        if expected["figures"] or got["figures"]:
            verdict, note = self.pictures(expected["figures"], got["figures"])
            found.append(verdict)
            notes += [note] * bool(note)
        order = ("differs", "digits", "same")
        worst = min(found, key=order.index, default="same")
        self.outcome = {"same": "same", "digits": "same but for last digits", "differs": "differs"}[worst]
        self.difference = ", ".join(notes)

    def step(self, expected: dict, got: dict) -> str:
        """How what was printed, or an error, compares."""
        if "error" in expected or "error" in got:
            return "same" if same_error(expected, got) else "differs"
        a, b = self.plain(expected), self.plain(got)
        if a == b:
            return "same"
        # without the spaces, whose count depends on the digits
        bare = [re.sub(r"\s+", "", NUMBER.sub("#", t)) for t in (a, b)]
        if bare[0] != bare[1]:
            return "differs"
        x, y = (numpy.array([float(n) for n in NUMBER.findall(t)]) for t in (a, b))
        return "digits" if x.shape == y.shape and numpy.allclose(x, y, RTOL, self.atol, equal_nan=True) else "differs"

    def plain(self, result: dict) -> str:
        """What was printed, with what cannot be equal made equal: the library's own name, addresses, the folder."""
        output = re.sub(r"0x[0-9a-f]{6,}", "0x", result.get("text", ""))
        output = output.replace(str(FOLDER / "civita"), str(FOLDER / "numpy")).replace("civita", "numpy")
        return re.sub(self.varies, "", output) if self.varies else output

    def pictures(self, expected: int, got: int) -> tuple[str, str]:
        """Compares the pixels of all figures."""
        from matplotlib.image import imread

        if expected != got:
            return "differs", f"{got} figures, with NumPy {expected}"
        shares = []
        for number in range(expected):
            a, b = (imread(self.folder / library / f"figure{number}.png") for library in LIBRARIES)
            if a.shape != b.shape:
                return "differs", f"figure {number + 1} has another size"
            shares.append(float((a != b).any(axis=-1).mean()))
        worst = max(shares)
        figures = f"{expected} figure{'s' * (expected != 1)}"
        if worst == 0:
            return "same", figures
        note = f"{figures}, {100 * worst:.2g}% of the pixels of figure {shares.index(worst) + 1} differ"
        return "digits" if worst <= PIXELS else "differs", note

    def row(self) -> str:
        name, version = self.project.split("==")
        results = self.results()
        seconds = [f"{r['seconds']:.2f}" for r in results] if results else ["", ""]
        said = (self.difference.splitlines() or [""])[0].replace("|", "\\|")
        cells = (name, version, f"`{self.path}`", self.what, self.outcome, said[:120], *seconds)
        return "| " + " | ".join(cells) + " |"


def same_error(expected: dict, got: dict) -> bool:
    """An error counts by its class, as `except` sees it: its words are each library's own."""
    return "error" in got and "error" in expected and got["classes"][:1] == [c for c in expected["classes"] if c in got["classes"][:1]]


# Floats; integers must be the same.
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?(?=j?(?![\w.]))", re.I)


def show(program: Program) -> None:
    expected, got = program.results()
    for result, library in ((expected, "numpy"), (got, "civita")):
        if "error" in result:
            print(f"---- {library}\n{result.get('trace', result['error'])}")
    if program.doctests:
        for a, b in zip(expected.get("steps", []), got.get("steps", []), strict=False):
            if program.step(a, b) == "differs":
                print(f">>> {a['source']}numpy:  {a.get('error', a['text'])}\ncivita: {b.get('error', b['text'])}\n")
    else:
        lines = [program.plain(r).splitlines() for r in (expected, got)]
        print("\n".join(difflib.unified_diff(*lines, *LIBRARIES, lineterm="", n=1)))


def table(programs: list[Program]) -> str:
    counts = {}
    for p in programs:
        counts[p.outcome] = counts.get(p.outcome, 0) + 1
    summary = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items(), key=lambda c: -c[1]))
    lines = [f"{len(programs)} programs: {summary}.", ""]
    lines += ["| from | version | program | what it computes | outcome | | NumPy s | Civita s |", "|---|---|---|---|---|---|--:|--:|"]
    lines += [p.row() for p in programs]
    reasons = [f"- **{p.project.split('==')[0]}, {Path(p.path).name}**: {p.why}" for p in programs if p.why]
    return "\n".join([*lines, "", "What differs, and why:", "", *reasons]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--show", action="store_true", help="print where the outputs of the last run differ")
    arguments = parser.parse_args()
    entries = tomllib.loads((HERE / "programs.toml").read_text())
    programs = [Program(**e) for e in entries["program"]]
    chosen = [p for p in programs if not arguments.names or any(n in f"{p.project} {p.path}" for n in arguments.names)]
    sources = Sources(entries["sha256"])
    if arguments.show:
        for p in chosen:
            print(f"======== {p.project} {p.path}")
            show(p)
        return 0
    for library in LIBRARIES:
        shutil.rmtree(FOLDER / library, ignore_errors=True)
    unexplained = 0
    for p in chosen:
        for library in LIBRARIES:
            p.run(library, sources)
        p.compare()
        times = " and ".join(f"{r['seconds']:.2f} s" for r in p.results())
        print(f"{p.outcome:25} {p.project:26} {p.path}  {times}  {(p.difference.splitlines() or [''])[0]}", flush=True)
        fine = p.outcome in ("same", "same but for last digits")
        if not fine and p.why is None:
            unexplained += 1
    if arguments.write:
        for p in programs:
            p.compare()
        page = PAGE.read_text()
        head, rest = page.split(BEGIN)
        PAGE.write_text(head + BEGIN + table(programs) + END + rest.split(END)[1])
    print(f"{unexplained} differences without a reason" if unexplained else "every difference has its reason in programs.toml")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
