"""The tables of the last run in README.md and docs/speed.md, between comments that name this file."""

import math
import re
from pathlib import Path

import report

ROOT = Path(__file__).resolve().parent.parent
# What README shows of each group: rows and sizes, at two threads.
SHOWN = [
    ("add", "1"), ("add", "100"), ("add", "1M"), ("add", "10M"), ("exp", "1M"), ("tanh", "1M"), ("where", "1M"),
    ("exp(a*b + c), fused", "1M"), ("a + a.T", "1000x1000"), ("copy of a.T", "4096x4096"),
    ("sum", "1M"), ("var", "1M"), ("cumsum", "1M"), ("sum over axis 0", "2000x2000"), ("max over axis 1", "2000x2000"),
    ("argmax over axis 0", "2000x2000"), ("softmax", "1000x1000"),
    ("boolean select", "1M"), ("x[p], integers", "1M"), ("add.at", "1M"), ("sort", "1M"), ("argsort", "1M"), ("median", "1M"), ("histogram, 100 bins", "1M"),
    ("matmul", "16"), ("matmul", "256"), ("matmul", "1000"), ("matmul", "2048"), ("einsum bij,bjk->bik", None),
    ("solve 10", "10"), ("solve 1000", "1000"), ("svd 500", "500"), ("eigh 500", "500"), ("solve of a batch", "10000 of 3"),
    ("fft", "2^10"), ("fft", "2^20"), ("rfft", "1000000"), ("fft2", "1024x1024"),
    ("standard_normal", "1M"), ("integers", "1M"), ("counted normal", "1M"), ("loadtxt", "10000x10"), ("asarray of a list", "100K"),
]
# Cells that take longer than the best of the others by more than this are listed.
BEHIND = 0.8


def cell(row: str, size: str) -> str:
    return row if row.split()[-1] == size else f"{row}, {size}"


def mean(ratios: list[float]) -> str:
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}" if ratios else "–"


def groups(records: list[dict]) -> str:
    """A line a group: its cells, the geometric means of the ratios, and how many cells are behind the best."""
    named = dict.fromkeys(r["group"] for r in records)
    lines = []
    for name in [*named, "all"]:
        found = [r for r in records if name in (r["group"], "all") and r["against"]["best"]]
        to = lambda library: mean([r["ratios"][library] for r in found if r["ratios"].get(library)])
        best = [r["against"]["best"] for r in found]
        behind = sum(ratio < 0.95 for ratio in best)
        lines.append([name, str(len(found)), mean(best), to("numpy"), to("torch"), str(behind)])
    return report.table(["group", "cells", "to the best", "to NumPy", "to PyTorch", "behind the best"], lines)


def shown(records: list[dict]) -> str:
    """A line a row, each cell `f32 / f64`, with everybody's times."""
    lines = []
    for name, size in SHOWN:
        found = [r for r in records if r["row"] == name and size in (None, r["size"]) and r["threads"] == 2]
        if not found:
            continue
        dtypes = [report.SHORT.get(r["dtype"], r["dtype"]) for r in found]
        label = cell(name, found[0]["size"]) + ("" if dtypes == report.DTYPE_PAIR else f", {' / '.join(dtypes)}")
        times = [
            " / ".join(report.duration(r["seconds"][library]) if library in r["seconds"] else "–" for r in found)
            if any(library in r["seconds"] for r in found)
            else "–"
            for library in ("numpy", "scipy", "torch", "civita")
        ]
        ratio = " / ".join("–" if not r["against"]["best"] else f"{r['against']['best']:.2f}" for r in found)
        lines.append([label, *times, ratio])
    return report.table(["2 threads, f32 / f64", "NumPy", "SciPy", "PyTorch", "Civita", "best ÷ Civita"], lines)


def behind(records: list[dict]) -> str:
    """The cells below BEHIND, the lowest ratio first."""
    found = sorted((r for r in records if (r["against"]["best"] or 1) < BEHIND), key=lambda r: r["against"]["best"])
    lines = []
    for r in found:
        others = {k: v for k, v in r["seconds"].items() if k != "civita"}
        best = min(others, key=others.get)
        where = f"{r['group']}: {cell(r['row'], r['size'])}, {report.SHORT.get(r['dtype'], r['dtype'])}, {r['threads']} thread{'s' * (r['threads'] > 1)}"
        theirs = f"{report.duration(others[best])} ({report.LIBRARIES[best]})"
        lines.append([where, theirs, report.duration(r["seconds"]["civita"]), f"{r['against']['best']:.2f}"])
    return report.table(["cell", "best of the others", "Civita", "ratio"], lines)


def setting(run: dict) -> str:
    m = run["machine"]
    versions = [f"{report.LIBRARIES[k]} {v}" for k, v in m["versions"].items() if k != "civita"]
    return f"{m['date']}: {m['cores']} cores of an {m['cpu']}, {', '.join(versions)}."


def write(run: dict) -> list[Path]:
    """Replaces what stands between `<!-- NAME: written by bench/docs.py -->` and `<!-- end -->`."""
    records = run["records"]
    one_thread = f"NumPy's time ÷ Civita's on one thread, f32 / f64, by number of elements:\n\n{report.grid(records, 1)}"
    parts = {
        "README.md": {"speed": [setting(run), groups(records), shown(records)]},
        "docs/speed.md": {"speed": [setting(run), groups(records), one_thread], "behind": [behind(records)]},
    }
    for name, sections in parts.items():
        path = ROOT / name
        text = path.read_text()
        for section, paragraphs in sections.items():
            head = f"<!-- {section}: written by bench/docs.py -->"
            body = "\n\n".join(paragraphs)
            text, count = re.subn(rf"{re.escape(head)}.*?<!-- end -->", lambda _: f"{head}\n{body}\n<!-- end -->", text, flags=re.S)
            if count != 1:
                raise SystemExit(f"{name}: no section `{head}`")
        path.write_text(text)
    return [ROOT / name for name in parts]
