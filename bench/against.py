#!/usr/bin/env python3
"""This checkout against another commit, on the rows of rows/: what became slower.

    bench/against.py COMMIT                            everything: about half an hour, after two builds
    bench/against.py COMMIT --only matmul --runs 3     rows whose name matches, fewer runs
    bench/against.py COMMIT --quick                    fewer sizes, shorter blocks: about eight minutes

Builds the commit (in a worktree under target/against) and the checkout, each with a Python package in a folder of its
own. A run starts a process for each; they time a cell in turns, a block each (before, now, now, before), so that
whatever the machine does meanwhile happens to both. A cell's ratio in a run is the commit's time ÷ the checkout's (the
first quartile of the samples): above 1 the checkout is faster. What counts is the median over the runs. A cell below the
limit is measured in as many runs again before it is called slower.

`a + b` of one element from Rust is measured too (bench/one_element, with its allocations), built beside both commits.

Ends with status 1 if a cell is below 0.95 or the geometric mean of all is below 1; cells that only one of the two can
run are listed and do not count. Writes bench/results/against.json.
"""

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import duration
from rows import CELLS
from run import HERE, RESULTS, choose, machine, threads_environment

ROOT = HERE.parent
FOLDER = ROOT / "target" / "against"
LIMIT, MEAN_LIMIT = 0.95, 1.0
SIDES = ("before", "now")
# Who times a block when: each side is first as often as the other.
TURNS = (("before", "now", "now", "before"), ("now", "before", "before", "now"))
BLOCK_SECONDS, QUICK_BLOCK_SECONDS = 0.02, 0.008
SAMPLES_IN_BLOCK = 20


def call(*command, **more) -> str:
    """Runs a program, shows what it prints when it fails, and returns what it printed."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, **more)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(map(str, command))}: status {done.returncode}")
    return done.stdout.strip()


def build(side: str, checkout: Path, targets: Path) -> None:
    """Installs the checkout's Python package into FOLDER/side/site and its Rust program into FOLDER/side."""
    place = FOLDER / side
    shutil.rmtree(place, ignore_errors=True)
    environment = os.environ | {"CARGO_TARGET_DIR": str(targets)}
    print(f"building {side}", flush=True)
    manifest = checkout / "python" / "Cargo.toml"
    python = sys.executable
    maturin = Path(python).with_name("maturin")
    call(maturin, "build", "--release", "-q", "-i", python, "-m", manifest, "--out", place, env=environment)
    (wheel,) = place.glob("*.whl")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    call(*pip, "--target", place / "site", wheel)

    package = checkout / "bench" / "one_element"
    if checkout != ROOT:  # the same program on both sides
        shutil.rmtree(package, ignore_errors=True)
        shutil.copytree(HERE / "one_element", package, ignore=shutil.ignore_patterns("target"))
    manifest = package / "Cargo.toml"
    built = subprocess.run(["cargo", "build", "-q", "--release", "--manifest-path", str(manifest)], env=environment)
    if built.returncode == 0:
        shutil.copy(targets / "release" / "one_element", place)


def build_both(commit: str) -> None:
    """The commit is built once: `FOLDER/before/commit` names what lies there, with which program of one element."""
    source, built = FOLDER / "source", FOLDER / "before" / "commit"
    git = ("git", "-C", str(ROOT))
    name = call(*git, "rev-parse", f"{commit}^{{commit}}") + (HERE / "one_element" / "src" / "main.rs").read_text()
    FOLDER.mkdir(parents=True, exist_ok=True)
    remove = (*git, "worktree", "remove", "--force", str(source))
    if not (built.exists() and built.read_text() == name):
        subprocess.run(remove, stderr=subprocess.DEVNULL)  # what a run that was cut off left behind
        call(*git, "worktree", "add", "--quiet", "--force", "--detach", source, commit)
        try:
            build("before", source, FOLDER / "cargo")
            built.write_text(name)
        finally:
            subprocess.run(remove, check=False)
    build("now", ROOT, ROOT / "target")


class Worker:
    """A process that times one side's package; started again if it ends."""

    def __init__(self, side: str, threads: int):
        self.side, self.threads, self.process = side, threads, None

    def start(self):
        path = FOLDER / self.side / "site"
        job = {"serve": True, "threads": self.threads, "libraries": ["civita"], "cells": []}
        # With a fixed seed of hashes, two processes do the same.
        environment = threads_environment(self.threads) | {"PYTHONPATH": str(path), "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "measure.py"), json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        if not line or not Path(json.loads(line)["file"]).is_relative_to(path):
            sys.exit(f"the worker of {self.side} does not run the package in {path}: {line}")

    def ask(self, **order) -> dict:
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        status = self.process.wait()
        self.process = None
        return {"error": f"the process ended with status {status}"}

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def time_cell(workers: dict, cell: int, turns: tuple, block: float) -> dict:
    """`{side: seconds}` of one run, or `{side: error}` under "errors"."""
    ready = {side: workers[side].ask(cell=cell) for side in SIDES}
    errors = {side: answer["error"] for side, answer in ready.items() if "error" in answer}
    if errors:
        return {"errors": errors}
    slowest = max(answer["estimate"] for answer in ready.values())
    samples = max(1 if slowest > 0.1 else 3, min(SAMPLES_IN_BLOCK, int(block / max(slowest, 0.001))))
    times = {side: [] for side in SIDES}
    for side in turns:
        answer = workers[side].ask(samples=samples)
        if "error" in answer:
            return {"errors": {side: answer["error"]}}
        times[side] += answer["times"]
    # The quartile, not the median: what the machine does meanwhile only ever adds.
    return {side: sorted(times[side])[len(times[side]) // 4] for side in SIDES}


class Table:
    """What was measured: name of a cell -> its runs."""

    def __init__(self):
        self.runs, self.errors, self.allocations = {}, {}, {}

    def add(self, name: tuple, found: dict):
        if "errors" in found:
            self.errors[name] = found["errors"]
        else:
            self.runs.setdefault(name, []).append((found["before"], found["now"]))

    def ratio(self, name: tuple) -> float:
        return statistics.median(before / now for before, now in self.runs[name])

    def compared(self) -> list[tuple]:
        return [name for name in self.runs if name not in self.errors]

    def below(self) -> list[tuple]:
        """The cells below the limit, as printed: the third digit is noise."""
        return sorted((n for n in self.compared() if round(self.ratio(n), 2) < LIMIT), key=self.ratio)

    def mean(self, names: list[tuple]) -> float:
        return math.exp(statistics.fmean(math.log(self.ratio(n)) for n in names)) if names else math.nan

    def line(self, name: tuple) -> str:
        row, size, dtype, threads = name
        before, now = (statistics.median(times) for times in zip(*self.runs[name]))
        ratios = [before / now for before, now in self.runs[name]]
        where = f"{row} {size} {dtype}, {threads} thread{'s' * (threads > 1)}"
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        text = f"{where:50} {duration(before):>9} {duration(now):>9}  {self.ratio(name):5.2f}  ({spread})"
        if name in self.allocations:
            text += "  {before:g} -> {now:g} allocations".format(**self.allocations[name])
        return text + ("  BELOW" if round(self.ratio(name), 2) < LIMIT else "")

    def records(self) -> list[dict]:
        fields = ("row", "size", "dtype", "threads")
        return [
            dict(zip(fields, name))
            | {"ratio": self.ratio(name) if name in self.runs else None, "runs": self.runs.get(name, [])}
            | {"errors": self.errors.get(name, {}), "allocations": self.allocations.get(name)}
            for name in self.runs | self.errors
        ]


RUST = {"a + b": ("Rust a + b", "1", "float64", 1), "a + b, recorded": ("Rust a + b, recorded", "1", "float64", 1)}


def python_run(table: Table, names: list[tuple], numbers: dict, run: int, block: float):
    """One run of the cells: new processes, since where a process happens to have its memory is part of its speed."""
    for threads in sorted({name[3] for name in names}):
        workers = {side: Worker(side, threads) for side in SIDES}
        chosen = [name for name in names if name[3] == threads]
        for i, name in enumerate(chosen):
            table.add(name, time_cell(workers, numbers[name], TURNS[(i + run) % 2], block))
            if sys.stdout.isatty():
                print(f"\r{threads} thread(s): {i + 1}/{len(chosen)}", end="", flush=True)
        for worker in workers.values():
            worker.stop()
    if sys.stdout.isatty():
        print("\r\033[K", end="")


def rust_run(table: Table, names: list[tuple], run: int):
    found = {side: {} for side in SIDES}
    for side in TURNS[run % 2]:
        program = FOLDER / side / "one_element"
        if not program.exists():
            for name in names:
                table.errors[name] = {side: "bench/one_element does not build"}
            return
        for line in call(program, env=threads_environment(1)).splitlines():
            record = json.loads(line)
            found[side].setdefault(RUST[record["case"]], []).append(record)
    for name in names:
        medians = {side: statistics.median(r["ns"] for r in found[side][name]) / 1e9 for side in SIDES}
        table.add(name, medians)
        table.allocations[name] = {side: found[side][name][0]["allocations"] for side in SIDES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--threads", type=int, action="append", metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N")
    parser.add_argument("--out", type=Path, default=RESULTS / "against.json")
    args = parser.parse_args()

    show = ("git", "-C", ROOT, "log", "-1", "--format=%h %s")
    commit = call(*show, args.commit)
    build_both(args.commit)
    setting = machine(["numpy"])
    if setting["load"] > 1.5:  # the builds themselves leave some
        print(f"note: the machine is busy (load {setting['load']})")

    numbers = {}
    for threads in args.threads or [1, 2]:
        for number in choose(args.only, args.quick):
            row, label, _, dtype = CELLS[number]
            numbers[row.name, label, dtype, threads] = number
    rust = [name for name in RUST.values() if re.search(args.only, name[0])]
    block = QUICK_BLOCK_SECONDS if args.quick else BLOCK_SECONDS
    table, started = Table(), time.monotonic()

    def runs(python_names: list[tuple], rust_names: list[tuple], first: int):
        for run in range(first, first + args.runs):
            if rust_names:
                rust_run(table, rust_names, run)
            python_run(table, python_names, numbers, run, block)
            print(f"run {run + 1}: {time.monotonic() - started:.0f} s", flush=True)

    runs(list(numbers), rust, 0)
    again = table.below()
    if again:
        print(f"{len(again)} cells are below {LIMIT}; once more")
        runs([n for n in again if n in numbers], [n for n in again if n in rust], args.runs)

    changes = " and changes" if call("git", "-C", ROOT, "status", "--short") else ""
    print(f"\nbefore: {commit}\nnow:    {call(*show, 'HEAD')}{changes}")
    print(f"{'':50} {'before':>9} {'now':>9}  ratio  (over runs)")
    for name in table.compared():
        print(table.line(name))
    for name, errors in table.errors.items():
        print(f"not on both sides: {name[0]} {name[1]} {name[2]}, {name[3]} thread(s): {errors}")
    slower = table.below()
    if slower:
        print(f"\nbelow {LIMIT}:")
        for name in slower:
            print(table.line(name))
    print()
    for threads in sorted({name[3] for name in table.compared()}):
        of = [name for name in table.compared() if name[3] == threads]
        print(f"geometric mean of {len(of)} cells, {threads} thread(s): {table.mean(of):.3f}")
    mean = table.mean(table.compared())
    # As printed: runs of one and the same build differ in the third digit.
    kept = not slower and round(mean, 2) >= MEAN_LIMIT
    verdict = "not slower" if kept else "SLOWER"
    print(f"geometric mean {mean:.3f}; {len(slower)} of {len(table.compared())} cells below {LIMIT}: {verdict}")

    args.out.parent.mkdir(parents=True, exist_ok=True)
    result = {"machine": setting, "commit": commit, "mean": mean, "records": table.records()}
    args.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
