"""Tables and a picture from the records of a run."""

import math
from pathlib import Path

MISSED = "▼"  # a ratio under its promise
SHORT = {"float32": "f32", "float64": "f64", "int64": "i64", "bfloat16": "bf16"}


def elements(label: str) -> float:
    return float(label.replace("K", "e3").replace("M", "e6"))


def duration(seconds: float) -> str:
    for unit, scale in (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)):
        if seconds < 999.5 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def ratio_text(record: dict | None, against: str = "numpy") -> str:
    ratio = None if record is None else record["against"][against]
    if ratio is None:
        return "–"
    text = f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
    promised = record["promised"].get(against)
    return f"**{text}** {MISSED}" if promised is not None and round(ratio, 2) < promised else text


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def grid(records: list[dict], threads: int) -> str:
    """Rows × sizes, each cell `f32 / f64`."""
    chosen = [r for r in records if r["grid"] and r["threads"] == threads]
    found = {(r["row"], r["size"], r["dtype"]): r for r in chosen}
    rows_with = lambda size: len({r["row"] for r in chosen if r["size"] == size})
    most = max(map(rows_with, {r["size"] for r in chosen}))
    # 100K is a size of `add` alone: among other rows its column would be empty.
    sizes = [s for s in sorted({r["size"] for r in chosen}, key=elements) if rows_with(s) == most]
    rows = []
    for name in dict.fromkeys(r["row"] for r in chosen):
        cells = [[found.get((name, size, dtype)) for dtype in ("float32", "float64")] for size in sizes]
        rows.append([f"`{name}`"] + [" / ".join(map(ratio_text, pair)) for pair in cells])
    return table([f"{threads} thread{'s' * (threads > 1)}", *sizes], rows)


LIBRARIES = {"numpy": "NumPy", "scipy": "SciPy", "torch": "PyTorch", "civita": "Civita"}
DTYPE_PAIR = ["f32", "f64"]


def promises(records: list[dict]) -> str:
    """The cells with a promise of their own, with everybody's times: a line a size and promise, each cell `f32 / f64`."""
    lines: dict[tuple, list[dict]] = {}
    for r in records:
        for against, promised in r["promised"].items():
            if not r["grid"] or r["threads"] > 1:
                lines.setdefault((r["row"], r["size"], r["threads"], against, promised), []).append(r)
    rows = []
    for (row, size, threads, against, promised), found in lines.items():
        dtypes = [SHORT.get(r["dtype"], r["dtype"]) for r in found]
        name = f"{row}, {size}" + ("" if dtypes == DTYPE_PAIR else f", {' / '.join(dtypes)}") + (", 1 thread" if threads == 1 else "")
        times = [
            " / ".join(duration(r["seconds"][library]) if library in r["seconds"] else "–" for r in found)
            if any(library in r["seconds"] for r in found)
            else "–"
            for library in LIBRARIES
        ]
        promise = f"{promised:g}" + (" of NumPy" if against == "numpy" else "")
        rows.append([name, *times, " / ".join(ratio_text(r, against) for r in found), promise])
    return table(["2 threads, f32 / f64", *LIBRARIES.values(), "ratio", "promised"], rows)


def summary(records: list[dict]) -> str:
    """A line a group: how many promises, how many kept, and the geometric mean of the ratios."""
    rows = []
    for group in dict.fromkeys(r["group"] for r in records):
        found = [
            (r["against"][against], promised)
            for r in records
            for against, promised in r["promised"].items()
            if r["group"] == group and r["against"][against] is not None
        ]
        if found:
            mean = math.exp(sum(math.log(ratio) for ratio, _ in found) / len(found))
            missed = sum(round(ratio, 2) < promised for ratio, promised in found)
            low = min(ratio / promised for ratio, promised in found)
            rows.append([group, str(len(found)), str(missed), f"{mean:.2f}", f"{low:.2f}"])
    return table(["group", "promises", "missed", "geometric mean of the ratios", "lowest ratio ÷ promise"], rows)


def memory(found: list[dict]) -> str:
    parts = [f"{m['library']} {m['arrays']:.2f}" for m in found]
    return "Peak memory of `a + b`, 16M f64, in arrays (two inputs and the result are 3): " + ", ".join(parts)


def markdown(run: dict) -> str:
    m, records = run["machine"], run["records"]
    versions = ", ".join(f"{name} {v}" for name, v in m["versions"].items())
    parts = [f"{m['cpu']}, {m['cores']} cores, {m['system']}; Python {m['python']}, {versions}; {m['date']}."]
    parts.append(summary(records))
    for group in dict.fromkeys(r["group"] for r in records):
        found = [r for r in records if r["group"] == group and r["promised"] and (not r["grid"] or r["threads"] > 1)]
        if found:
            parts.append(f"### {group}\n\n{promises(found)}")
    for threads in sorted({r["threads"] for r in records if r["grid"]}):
        parts.append(f"NumPy's time ÷ Civita's, f32 / f64, by number of elements:\n\n{grid(records, threads)}")
    if run["memory"]:
        parts.append(memory(run["memory"]))
    failed = {}
    for r in records:
        for library, error in r["errors"].items():
            failed.setdefault((r["row"], library, error), []).append(f"{r['size']} {SHORT.get(r['dtype'], r['dtype'])}")
    if failed:
        where = lambda cells: ", ".join(dict.fromkeys(cells))
        lines = [f"- `{row}` ({where(cells)}): {lib}: {e}" for (row, lib, e), cells in failed.items()]
        parts.append("Not measured, or not right:\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


INK, SOFT, GRID, BLUE, ORANGE, RED = "#1f2933", "#66727f", "#e4e8ec", "#2563eb", "#d9660a", "#d64545"


def dress(axis, names: list[str], title: str, ratios: list[float]):
    """One row a name, ratios across on a logarithmic axis around a line at 1."""
    axis.set_xscale("log")
    axis.set_xlim(min(0.7, *ratios) / 1.15, max(2.0, *ratios) * 1.15)
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.axvline(1, color=INK, linewidth=1)
    axis.grid(axis="x", color=GRID)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    low, high = axis.get_xlim()
    ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if low <= t <= high]
    axis.set_xticks(ticks, [f"{t:g}×" for t in ticks])
    axis.minorticks_off()
    axis.set_title(title, loc="left", fontweight="bold", fontsize=13, pad=34)
    axis.set_xlabel("NumPy's time ÷ Civita's: right of 1 Civita is faster")


def above(axis, handles: list):
    """A legend in one line between a panel's title and its axes."""
    axis.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(handles),
        frameon=False, handletextpad=0.3, columnspacing=1.2, borderaxespad=0.2,
    )


def draw_grid(axis, records: list[dict]):
    from matplotlib import colormaps
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(r["row"] for r in records))
    sizes = sorted({r["size"] for r in records}, key=elements)
    shades = colormaps["viridis_r"]
    color = {size: shades(0.12 + 0.85 * i / max(len(sizes) - 1, 1)) for i, size in enumerate(sizes)}
    for r in records:
        shift, marker = (-0.15, "o") if r["dtype"] == "float32" else (0.15, "s")
        edge = RED if r["kept"] is False else "none"
        axis.scatter(
            r["against"]["numpy"], names.index(r["row"]) + shift,
            s=30, color=color[r["size"]], marker=marker, edgecolors=edge, linewidths=1.6, zorder=3,
        )
    dress(axis, names, "One thread, by number of elements", [r["against"]["numpy"] for r in records])
    dot = lambda label, color, marker="o": Line2D([], [], color=color, marker=marker, linestyle="", label=label)
    above(axis, [dot(s, color[s]) for s in sizes] + [dot("f32", SOFT), dot("f64", SOFT, "s")])


def draw_promises(axis, records: list[dict]):
    """A line a row, of the calls one for all; across, the ratio in parts of what is promised."""
    from matplotlib.lines import Line2D

    name_of = lambda r: r["group"] if r["group"] == "calls" else r["row"]
    names = list(dict.fromkeys(map(name_of, records)))
    shown = []
    for r in records:
        for against, promised in r["promised"].items():
            if r["against"][against]:
                x = r["against"][against] / promised
                shown.append(x)
                marker = "o" if r["dtype"] == "float32" else "s"
                color = RED if round(r["against"][against], 2) < promised else BLUE
                axis.scatter(x, names.index(name_of(r)), s=22, color=color, marker=marker, alpha=0.8, zorder=3)
    dress(axis, names, "Two threads, the promised rows", shown)
    axis.set_xlabel("ratio ÷ promise: right of 1 it is kept")
    dot = lambda label, color, marker="o": Line2D([], [], color=color, marker=marker, linestyle="", label=label)
    above(axis, [dot("kept", BLUE), dot("missed", RED), dot("f32", SOFT), dot("f64 and others", SOFT, "s")])


def chart(run: dict, path: Path) -> Path | None:
    """Left every grid row at one thread, right the promises at two. None when there is nothing to draw."""
    left = [r for r in run["records"] if r["grid"] and r["threads"] == 1 and r["against"]["numpy"]]
    right = [r for r in run["records"] if r["threads"] > 1 and r["promised"] and any(r["against"].values())]
    panels = [(draw, records) for draw, records in ((draw_grid, left), (draw_promises, right)) if records]
    if not panels:
        return None
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 10, "text.color": INK, "axes.edgecolor": SOFT, "axes.labelcolor": INK})
    tall = max(len({r["row"] for r in left}), len({r["row"] for r in right if r["group"] != "calls"}), 8)
    size = (8.2 * len(panels), 2.2 + 0.25 * tall)
    figure, axes = plt.subplots(1, len(panels), figsize=size, layout="constrained", squeeze=False)
    for axis, (draw, records) in zip(axes[0], panels):
        draw(axis, records)
    m = run["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in m["versions"].items())
    figure.supxlabel(f"{m['cpu']}, {m['cores']} cores — {versions} — {m['date']}", fontsize=9, color=SOFT)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
