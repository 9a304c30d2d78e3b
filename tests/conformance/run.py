#!/usr/bin/env python3
"""How many of NumPy's own tests, unmodified and from the installed wheel, pass with Civita in NumPy's place.

    run.py                                everything in two processes, and once NumPy itself: minutes each
    run.py lib/tests/test_io fft          files whose path contains one of the words
    run.py --write                        everything, and write the table in docs/conformance.md
    run.py --resume                       the files that the last run did not reach
    run.py --report                       the tables of the last run

Prints a table of the files, what Civita lacks, and the commonest failures. What counts are the tests that NumPy itself
passes when they are run the same way (shim.py says how), without those that out_of_scope.toml lists with a reason each,
and without those that NumPy marks as slow. A test that is skipped, crashes, or cannot be collected with Civita in
NumPy's place counts as failed.

Results are kept in target/conformance, NumPy's own until its version or shim.py changes.
"""

import argparse
import collections
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "conformance.md"
BEGIN, END = "<!-- figures: written by tests/conformance/run.py -->\n", "<!-- end of figures -->\n"
SITE = Path(numpy.__file__).parent.parent

CORE = """numeric umath ufunc indexing multiarray shape_base item_selection nep50_promotions dlpack getlimits
    umath_accuracy umath_complex arrayprint scalarmath einsum array_api_info scalar_methods scalarprint finfo
    overrides"""
LIB = """function_base nanfunctions twodim_base shape_base arraysetops index_tricks stride_tricks arraypad histograms
    format type_check ufunclike io loadtxt packbits"""
WHOLE = ("linalg", "fft", "polynomial", "random")
# A file that crashes the process is started again behind the test that did it, so often at most.
STARTS = 20


def test_files() -> list[str]:
    """Paths below the folder that holds the installed NumPy, those this version has."""
    parts = (("_core", CORE), ("lib", LIB))
    names = [f"numpy/{part}/tests/test_{name}.py" for part, some in parts for name in some.split()]
    for part in WHOLE:
        names += sorted(str(path.relative_to(SITE)) for path in (SITE / "numpy" / part / "tests").glob("test_*.py"))
    return [name for name in names if (SITE / name).exists()]


class Results:
    """What a target did with the test files: a file of JSON lines for each."""

    def __init__(self, target: str, seconds: int):
        self.target, self.seconds = target, seconds
        key = hashlib.sha1((numpy.__version__ + (HERE / "shim.py").read_text()).encode()).hexdigest()[:12]
        self.folder = ROOT / "target" / "conformance" / (f"numpy-{key}" if target == "numpy" else target)

    def log(self, file: str) -> Path:
        return self.folder / (file.replace("/", ".") + ".jsonl")

    def lines(self, file: str) -> list[dict]:
        return [json.loads(line) for line in self.log(file).read_text().splitlines()]

    def complete(self, file: str) -> bool:
        return self.log(file).exists() and any("end" in line for line in self.lines(file))

    def run(self, file: str) -> None:
        """Runs the file's tests in a process of their own; after a crash the rest in another one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.log(file)
        log.write_text("")
        environment = os.environ | {
            "CONFORMANCE_TARGET": self.target,
            "CONFORMANCE_LOG": str(log),
            "CONFORMANCE_SECONDS": str(self.seconds),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NPY_AVAILABLE_MEM": "1 GB",
            "OPENBLAS_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "pytest", "-p", "shim", "--noconftest", "-p", "no:cacheprovider"]
        command += ["-c", os.devnull, "-q", "--tb=no", "-rN", "-m", "not slow", "--continue-on-collection-errors"]
        command += ["--rootdir", str(SITE), str(SITE / file)]
        for _ in range(STARTS):
            with log.with_suffix(".out").open("a") as output:
                done = subprocess.run(command, env=environment, cwd=self.folder, stdout=output, stderr=output)
            lines = self.lines(file)
            if any("end" in line for line in lines):
                return
            running = [line["start"] for line in lines if "start" in line]
            finished = {line["test"] for line in lines if "test" in line}
            crashed = running and running[-1] not in finished
            why = f"the process ended with status {done.returncode}"
            record = {"test": running[-1], "outcome": "failed", "why": why} if crashed else {"end": done.returncode}
            with log.open("a") as output:
                output.write(json.dumps(record) + "\n")

    def cases(self, file: str) -> dict[str, list[tuple]]:
        """Test function -> (what pytest puts in brackets, outcome, why) of its cases, in order."""
        found = collections.defaultdict(list)
        for line in self.lines(file):
            if "test" in line:
                name, bracket, case = line["test"].partition("::")[2].partition("[")
                found[name].append((bracket + case, line["outcome"], line["why"]))
        return found


class Scope:
    """out_of_scope.toml."""

    def __init__(self):
        self.categories = tomllib.loads((HERE / "out_of_scope.toml").read_text())

    @functools.cache
    def patterns(self, file: str) -> list[tuple]:
        place = file.removeprefix("numpy/")
        return [
            (category, re.compile(".*".join(map(re.escape, pattern.split("*")))))
            for category, entry in self.categories.items()
            for pattern in entry["tests"].get(place, [])
        ]

    def category(self, file: str, name: str, case: str) -> str | None:
        for category, pattern in self.patterns(file):
            if pattern.fullmatch(name) or pattern.fullmatch(name + case):
                return category
        return None


class Figures:
    """The comparison of one file, or of all."""

    def __init__(self):
        self.passed, self.lent = 0, 0
        self.failures, self.outside = [], collections.Counter()

    @property
    def total(self) -> int:
        return self.passed + len(self.failures)

    def add(self, other: "Figures") -> None:
        self.passed += other.passed
        self.lent += other.lent
        self.failures += other.failures
        self.outside.update(other.outside)

    def cells(self) -> tuple:
        share = f"{100 * self.passed / self.total:.1f}" if self.total else ""
        outside = self.outside.total()
        return self.total + outside, outside, self.total, self.passed, len(self.failures), share, self.lent


COLUMNS = ("NumPy passes", "out of scope", "in scope", "passed", "failed", "%", "lent")


def compare(file: str, reference: Results, results: Results, scope: Scope) -> Figures:
    figures, found = Figures(), results.cases(file)
    figures.lent = sum("lent" in line for line in results.lines(file))
    left_out = [line["why"] for line in results.lines(file) if "left_out" in line]
    for name, expected in reference.cases(file).items():
        mine = found.get(name, [])
        by_case = {case: (outcome, why) for case, outcome, why in mine}
        for number, (case, outcome, _) in enumerate(expected):
            if outcome != "passed":
                continue
            category = scope.category(file, name, case)
            if category:
                figures.outside[category] += 1
                continue
            # Cases have other names where NumPy has a class and Civita an object: then the one of the same number.
            if case in by_case:
                got = by_case[case]
            elif len(mine) == len(expected):
                got = mine[number][1:]
            else:
                got = ("failed", "not collected: " + (left_out[0] if left_out else "the parameters differ"))
            if got[0] == "passed":
                figures.passed += 1
            else:
                figures.failures.append((file, name + case, got[1] if got[0] == "failed" else got[0]))
    return figures


MISSING = re.compile(
    r"civita has no '([\w.]+)'|module 'civita([\w.]*)' has no attribute '(\w+)'"
    r"|'civita\.(\w+)' object has no attribute '(\w+)'|type object '(?:civita\.)?(\w+)' has no attribute '(\w+)'"
)


def missing_name(why: str) -> str | None:
    match = MISSING.search(why)
    return match and ".".join(part.strip(".") for part in match.groups() if part)


def kinds(failures: list) -> tuple[collections.Counter, dict[str, list]]:
    """Missing names, by the tests that stop at them; and the other failures, by the first line of what they say."""
    names, wrong = collections.Counter(), collections.defaultdict(list)
    for file, test, why in failures:
        name = missing_name(why)
        if name:
            names[name] += 1
        else:
            text = " ".join(why.partition("\nline ")[0].split())
            # numbers differ from test to test, folders from machine to machine
            text = re.sub(r"'/[^']*/(civita|numpy)/", r"'…/\1/", re.sub(r"0x\w+|-?\d[\d.e+-]*", "#", text))
            wrong[text[:110]].append(f"{file.removeprefix('numpy/')}::{test}")
    return names, dict(sorted(wrong.items(), key=lambda kind: -len(kind[1])))


def print_tables(rows: dict[str, Figures], everything: Figures, count: int) -> None:
    width = max(map(len, rows), default=0) + 2
    print(f"\n{'NumPy ' + numpy.__version__:{width}}" + "".join(f"{column:>14}" for column in COLUMNS))
    for file, figures in [*rows.items(), ("all", everything)]:
        print(f"{file:{width}}" + "".join(f"{cell:>14}" for cell in figures.cells()))
    print("\nout of scope: " + ", ".join(f"{name} {n}" for name, n in everything.outside.most_common()))
    names, wrong = kinds(everything.failures)
    missing = ", ".join(f"{name} {n}" for name, n in names.most_common(count * 2))
    print("\nmissing, with the tests that stop there: " + missing)
    print("\nother failures:")
    for text, tests in list(wrong.items())[:count]:
        print(f"{len(tests):6}  {text}\n        {tests[0][:120]}")
    print(f"\n{everything.passed} of {everything.total} in scope pass ({everything.cells()[5]} %)")


def page(rows: dict[str, Figures], everything: Figures, scope: Scope, unmeasured: list[str]) -> str:
    """What docs/conformance.md has between its markers."""
    share = f"{everything.passed:,} of {everything.total:,} tests in scope pass, {everything.cells()[5]} %"
    lines = [f"NumPy {numpy.__version__}: **{share}**; {everything.outside.total():,} are out of scope.", ""]
    if unmeasured:
        names = ", ".join(file.removeprefix("numpy/") for file in unmeasured)
        lines += [f"{len(unmeasured)} files are not measured yet (`ARGS='--resume --write'`): {names}.", ""]
    lines += ["| file | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for file, figures in [*rows.items(), ("all", everything)]:
        lines.append(f"| {file.removeprefix('numpy/')} | " + " | ".join(map(str, figures.cells())) + " |")
    lines += ["", "| out of scope | tests | because |", "|---|---:|---|"]
    for category, entry in scope.categories.items():
        lines.append(f"| {category} | {everything.outside[category]} | {entry['reason']} |")
    names, wrong = kinds(everything.failures)
    lines += ["", "Missing, with the number of tests that stop there: "]
    lines[-1] += ", ".join(f"`{name}` {number}" for name, number in names.most_common(40)) + "."
    lines += ["", "The commonest other failures:", "", "| tests | what they say | for example |", "|---:|---|---|"]
    for text, tests in list(wrong.items())[:20]:
        text = text.replace("|", "\\|").replace("`", "'")
        lines.append(f"| {len(tests)} | `{text}` | `{tests[0][:90].replace('|', '/')}` |")
    return "\n".join(lines) + "\n"


def write(text: str) -> None:
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + text + END + rest.split(END)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="files whose path contains one of these")
    parser.add_argument("--target", default="civita", help="the module in NumPy's place")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=60, help="of processor time for a test")
    parser.add_argument("--top", type=int, default=30, help="how many kinds of failures are shown")
    parser.add_argument("--resume", action="store_true", help="run the files that have no results")
    parser.add_argument("--report", action="store_true", help="run nothing, show the last results")
    parser.add_argument("--write", action="store_true", help="write the table in docs/conformance.md")
    args = parser.parse_args()
    if args.write and args.words:
        parser.error("--write takes all files")

    files = [file for file in test_files() if not args.words or any(word in file for word in args.words)]
    reference, results = Results("numpy", args.seconds), Results(args.target, args.seconds)
    if not args.report:
        kept = (reference, results) if args.resume else (reference,)
        jobs = [(which, file) for file in files for which in (reference, results)]
        jobs = [(which, file) for which, file in jobs if which not in kept or not which.complete(file)]
        jobs.sort(key=lambda job: (SITE / job[1]).stat().st_size)  # small ones first: something to see early
        with concurrent.futures.ThreadPoolExecutor(args.workers) as pool:
            running = {pool.submit(which.run, file): f"{which.target}: {file}" for which, file in jobs}
            for number, done in enumerate(concurrent.futures.as_completed(running), 1):
                done.result()
                print(f"{number}/{len(jobs)} {running[done]}", file=sys.stderr, flush=True)

    scope, everything = Scope(), Figures()
    measured = [file for file in files if reference.complete(file) and results.complete(file)]
    rows = {file: compare(file, reference, results, scope) for file in measured}
    for figures in rows.values():
        everything.add(figures)
    print_tables(rows, everything, args.top)
    if args.write:
        write(page(rows, everything, scope, [file for file in files if file not in rows]))


if __name__ == "__main__":
    main()
