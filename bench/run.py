#!/usr/bin/env python3
"""Civita, NumPy, SciPy and PyTorch on the same statements, interleaved in one run; medians and ratios.

    bench/run.py                      everything, about ten minutes
    bench/run.py --quick              fewer sizes, shorter samples: about three minutes
    bench/run.py --only 'matmul|sum'  rows whose `group/name` matches; --threads 1 or --threads 2 chooses one of the halves
    bench/run.py --only ^linear/      a group: a file of rows/
    bench/run.py --runs 5             five rounds through the table, shorter ones; ratios are medians of the five
    bench/run.py --markdown           print the tables of the last run (bench/results/latest.json) and stop
    bench/run.py --docs               write tables of the last run into README.md and docs/speed.md and stop

Writes bench/results/latest.json and latest.png, and prints tables. A ratio is the other's time ÷ Civita's time, so
above 1 Civita is faster. rows/ holds what is measured and what is promised, measure.py how.
"""

import argparse
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import docs
import report
from rows import CELLS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
# Time for one cell's samples. Cells without a promise get less; slow ones take at least three rounds.
CELL_SECONDS = 0.3


def threads_environment(threads: int) -> dict:
    """Every library's own way to be told how many threads it may use; read when it is imported."""
    names = ("OPENBLAS", "OMP", "MKL", "CIVITA")
    counts = {f"{name}_NUM_THREADS": str(threads) for name in names}
    # OpenBLAS's idle threads spin for 2^26 cycles otherwise, libgomp's (PyTorch's) for 300,000 pauses, which is 4 to 7 ms
    # on Zen 5: through the next library's turn. As they are here, both still wait awake between two calls.
    return os.environ | counts | {"OPENBLAS_THREAD_TIMEOUT": "20", "GOMP_SPINCOUNT": "50000"}


def worker(job: dict, threads: int):
    """Runs measure.py and yields its records as they come."""
    command = [sys.executable, str(HERE / "measure.py"), json.dumps(job)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=threads_environment(threads)) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        print(f"the worker for {job} ended with status {process.returncode}", file=sys.stderr)


def machine(libraries: list[str]) -> dict:
    cpu = platform.processor() or platform.machine()
    try:
        cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()).group(1)
    except (OSError, AttributeError):
        pass
    versions = {}
    for name in libraries:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "?"
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "date": time.strftime("%Y-%m-%d"),
        "load": round(os.getloadavg()[0], 2),
    }


def choose(only: str, quick: bool, threads: int | None = None) -> list[int]:
    """The numbers of the cells to run, in the table's order; of one number of threads, those that promise something."""
    return [
        number
        for number, (row, label, _, _) in enumerate(CELLS)
        if re.search(only, f"{row.group}/{row.name}")
        and (not quick or row.is_quick(label))
        and (threads != 1 or row.promises(label, 1))
    ]


def judge(record: dict) -> dict:
    """Adds the ratios, those to NumPy and to the best of the others, and whether the promises are kept."""
    seconds = record["seconds"]
    ours = seconds.get("civita")
    ratios = {name: s / ours for name, s in seconds.items() if ours and name != "civita"}
    if "turns" in record:
        ratios = {name: statistics.median(r[name] / r["civita"] for r in record["turns"]) for name in ratios}
    against = {"numpy": ratios.get("numpy"), "best": min(ratios.values(), default=None)}
    # Judged as printed, to two digits: the third is noise.
    kept = [round(against[name], 2) >= ratio for name, ratio in record["promised"].items() if against[name] is not None]
    return record | {"ratios": ratios, "against": against, "kept": all(kept) if kept else None}


def merged(rounds: list[list[dict]]) -> list[dict]:
    """The records of several rounds as one each: median times, and the times of each round."""
    if len(rounds) == 1:
        return rounds[0]
    together = []
    for same in zip(*rounds, strict=True):
        each = [record["seconds"] for record in same]
        names = [name for name in each[0] if all(name in seconds for seconds in each)]
        median = {name: statistics.median(seconds[name] for seconds in each) for name in names}
        together.append(judge(same[0] | {"seconds": median, "turns": each}))
    return together


def missed_bars(records: list[dict], reach: float = 0.95) -> list[str]:
    """The promises that are not held to within 5%, by groups, and how many of how many those are."""
    lines, promised, missed = [], 0, 0
    for record in records:
        held = [record["against"][name] >= reach * bar for name, bar in record["promised"].items() if record["against"][name] is not None]
        promised += bool(held)
        if not all(held):
            missed += 1
            where = f"{record['group']}/{record['row']} {record['size']} {record['dtype']}, {record['threads']} thread(s)"
            bars = ", ".join(f"{record['against'][name]:.2f} of {bar:g} ({name})" for name, bar in record["promised"].items())
            lines.append(f"  {where:64} {bars}")
    return [f"{missed} of {promised} promises are missed by more than 5%:", *lines]


def progress(record: dict, done: int, total: int):
    where = f"{record['group']}/{record['row']} {record['size']} {record['dtype']}, {record['threads']} thread(s)"
    times = "  ".join(f"{name} {report.duration(s)}" for name, s in record["seconds"].items())
    ratios = record["against"].values()
    verdict = "" if None in ratios else "  " + " ".join(f"{r:.2f}x" for r in dict.fromkeys(ratios))
    if record["kept"] is False:
        verdict += "  BELOW " + ", ".join(f"{ratio:g} of {name}" for name, ratio in record["promised"].items())
    for name, error in record["errors"].items():
        verdict += f"  [{name}: {error}]"
    print(f"[{done:3}/{total}] {where:60} {times}{verdict}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--runs", type=int, default=1, metavar="N")
    parser.add_argument("--threads", type=int, action="append", metavar="N")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS / "latest.json")
    args = parser.parse_args()

    if args.markdown:
        print(report.markdown(json.loads(args.out.read_text())))
        return 0

    if args.docs:
        for path in docs.write(json.loads(args.out.read_text())):
            print(f"wrote {path.name}")
        return 0

    libraries = ["numpy", "scipy", "civita", "torch"]
    for name in list(libraries):
        if importlib.util.find_spec(name) is None:
            print(f"note: {name} is not installed; its column stays empty")
            libraries.remove(name)

    setting = machine(libraries)
    if setting["load"] > 0.5:
        print(f"note: the machine is busy (load {setting['load']}); figures at two threads will suffer most")
    cells = {count: choose(args.only, args.quick, count) for count in args.threads or [1, 2]}
    total = args.runs * sum(map(len, cells.values()))
    started, rounds = time.monotonic(), []
    for _ in range(args.runs):
        records = []
        for count, chosen in cells.items():
            job = {
                "threads": count,
                "libraries": libraries,
                "cells": chosen,
                "budget": (CELL_SECONDS / 4 if args.quick else CELL_SECONDS) / min(args.runs, 3),
            }
            for record in worker(job, count):
                records.append(judge(record))
                progress(records[-1], len(rounds) * total // args.runs + len(records), total)
        rounds.append(records)
    records = merged(rounds)
    memory = [found for name in libraries if name != "scipy" for found in worker({"memory": name}, 2)] if not args.only else []

    run = {"machine": setting, "records": records, "memory": memory}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(run, indent=1) + "\n")
    print("\n" + report.markdown(run))
    picture = report.chart(run, args.out.with_suffix(".png"))
    print("\n" + "\n".join(missed_bars(records)))
    missed = [r for r in records if r["kept"] is False]
    print(
        f"\n{len(records)} cells in {time.monotonic() - started:.0f} s, {len(missed)} below their promise; "
        f"{args.out.name}{' and ' + picture.name if picture else ''} in {args.out.parent.name}/"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
