#!/usr/bin/env python3
"""Runs other people's libraries, unmodified, on Civita's arrays.

    run.py                 all of them, and whether each failure has a reason in reasons.toml
    run.py scipy dask      only these
    run.py --write         all of them (or those named; the others as they were last), and write the table in docs/clients.md

Where a library has tests of its own for arrays that are not NumPy's, these run: a plugin (`scipy_plugin.py` and so on) names
Civita as the library to test. The other libraries have test files here, which compare with the results of NumPy's arrays.
Versions are pinned in tools/requirements-clients.txt.
"""

import argparse
import collections
import fnmatch
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "clients.md"
BEGIN, END = "<!-- table: written by tests/clients/run.py -->\n", "<!-- end of table -->\n"


@dataclass
class Client:
    """A library, and what is run of it."""

    name: str
    packages: str
    what: str
    files: tuple[str, ...]
    plugin: str | None = None
    options: tuple[str, ...] = ()
    results: list[dict] = field(default_factory=list)

    def version(self) -> str:
        return ", ".join(importlib.metadata.version(p) for p in self.packages.split())

    def site(self) -> Path:
        return Path(importlib.util.find_spec("numpy").origin).parent.parent

    def read(self, folder: Path) -> None:
        """The results of the last run."""
        log = folder / f"{self.name}.jsonl"
        self.results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def run(self, folder: Path) -> None:
        log = folder / f"{self.name}.jsonl"
        log.unlink(missing_ok=True)
        paths = [HERE / f if f.startswith("test_") else self.site() / f for f in self.files]
        environment = os.environ | {
            "CLIENTS_LOG": str(log),
            "SCIPY_ARRAY_API": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "EINOPS_TEST_BACKENDS": "numpy",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])),
        }
        command = [sys.executable, "-m", "pytest", "-p", "record", "-p", "no:cacheprovider", "-c", os.devnull]
        command += ["-q", "--tb=no", "-rN", "-W", "ignore", *(["-p", self.plugin] if self.plugin else []), *self.options]
        for root in (self.site(), HERE):
            # conftest.py files count up to the root
            group = [str(p) for p in paths if p.is_relative_to(root)]
            where = ["--rootdir", str(root), "--confcutdir", str(root)]
            if group:
                subprocess.run([*command, *where, *group], env=environment, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        self.read(folder)

    def count(self, outcome: str) -> int:
        return sum(r["outcome"] == outcome for r in self.results)


SCIPY = "cluster constants differentiate fft integrate interpolate ndimage optimize signal spatial special stats _lib"
SKLEARN = """decomposition/tests/test_pca.py linear_model/tests/test_ridge.py metrics/cluster/tests/test_common.py
    metrics/cluster/tests/test_supervised.py metrics/tests/test_classification.py metrics/tests/test_common.py
    metrics/tests/test_pairwise.py mixture/tests/test_gaussian_mixture.py model_selection/tests/test_search.py
    model_selection/tests/test_split.py model_selection/tests/test_validation.py preprocessing/tests/test_data.py
    preprocessing/tests/test_label.py preprocessing/tests/test_polynomial.py tests/test_calibration.py
    tests/test_naive_bayes.py tests/test_discriminant_analysis.py utils/tests/test_array_api.py utils/tests/test_extmath.py
    utils/tests/test_indexing.py utils/tests/test_multiclass.py utils/tests/test_stats.py utils/tests/test_validation.py"""

CLIENTS = [
    Client("scipy", "scipy", "its own array API tests with `SCIPY_ARRAY_API=1`: " + SCIPY.replace(" _lib", "").replace(" ", ", "),
           tuple(f"scipy/{part}" for part in SCIPY.split()), "scipy_plugin", ("-m", "array_api_backends")),
    Client("scikit-learn", "scikit-learn", "its own array API tests with `array_api_dispatch=True`: estimators, transformers, metrics, "
           "model selection", tuple(f"sklearn/{part}" for part in SKLEARN.split()), "sklearn_plugin"),
    Client("array-api", "array-api-compat array-api-extra hypothesis", "array-api-compat, every function of array-api-extra, "
           "hypothesis' strategies for arrays", ("test_array_api_libraries.py",)),
    Client("xarray", "xarray", "its own test of array API arrays; 44 methods of `DataArray`", ("xarray/tests/test_array_api.py", "test_xarray.py"),
           "xarray_plugin"),
    Client("einops", "einops", "its own tests", ("einops/tests",), "einops_plugin"),
    Client("opt_einsum", "opt_einsum", "its own tests", ("opt_einsum/tests",), "opt_einsum_plugin"),
    Client("dask", "dask distributed", "50 operations on chunks of Civita, threads, a cluster of two workers", ("test_dask.py",)),
    Client("pictures", "matplotlib Pillow", "matplotlib: 23 kinds of plots, the pixels of NumPy's; Pillow: seven modes both ways",
           ("test_pictures.py",)),
    Client("dataframes", "pandas polars", "pandas and polars: columns, frames, indexing, both ways", ("test_dataframes.py",)),
    Client("numpy", "numpy", "`numpy.testing`, memory shared both ways, its functions by protocol, files, pickles, copies", ("test_numpy.py",)),
]  # fmt: skip


class Reasons:
    """reasons.toml."""

    def __init__(self):
        entries = tomllib.loads((HERE / "reasons.toml").read_text())
        self.entries = [(client, e["tests"], e["why"]) for client, found in entries.items() for e in found]

    def why(self, client: str, test: str) -> str | None:
        test = test.replace("[", "(").replace("]", ")")
        for name, patterns, why in self.entries:
            if name == client and any(fnmatch.fnmatch(test, "*" + p.replace("[", "(").replace("]", ")")) for p in patterns):
                return why
        return None


def table(clients: list[Client], reasons: Reasons) -> str:
    lines = ["| client | version | what runs | passed | failed | skipped by its tests |", "|---|---|---|--:|--:|--:|"]
    notes = []
    for c in clients:
        skipped = c.count("skipped") + c.count("failed as expected")
        lines.append(f"| {c.name} | {c.version()} | {c.what} | {c.count('passed'):,} | {c.count('failed')} | {skipped:,} |")
        why = collections.Counter(reasons.why(c.name, r["test"]) for r in c.results if r["outcome"] == "failed")
        notes += [f"- **{c.name}** ({n}): {text}" for text, n in why.items()]
    return "\n".join([*lines, "", "What fails, and why:", "", *notes]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    chosen = [c for c in CLIENTS if not arguments.names or c.name in arguments.names]
    folder = ROOT / "target" / "clients"
    folder.mkdir(parents=True, exist_ok=True)
    reasons = Reasons()
    unexplained = 0
    for client in chosen:
        print(f"{client.name} {client.version()}", flush=True)
        client.run(folder)
        failed = [r for r in client.results if r["outcome"] == "failed"]
        print(f"    {client.count('passed')} passed, {len(failed)} failed, {client.count('skipped')} skipped", flush=True)
        new = [r for r in failed if reasons.why(client.name, r["test"]) is None]
        for r in new:
            print(f"    {r['test']}: {r['why'].splitlines()[0] if r['why'] else ''}")
        unexplained += len(new) + (client.count("passed") == 0)
    if arguments.write:
        for client in CLIENTS:
            client.read(folder)
        page = PAGE.read_text()
        head, rest = page.split(BEGIN)
        PAGE.write_text(head + BEGIN + table(CLIENTS, reasons) + END + rest.split(END)[1])
    print(f"{unexplained} failures without a reason" if unexplained else "every failure has its reason in reasons.toml")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
