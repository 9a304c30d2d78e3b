"""The worker: times rows of the table in this process, the libraries in turn, and prints one JSON line a cell.

Started by run.py and against.py, once for each number of threads: thread counts are read when a library is imported.
"""

import gc
import importlib
import itertools
import json
import resource
import statistics
import sys
import tempfile
import time

from rows import CELLS, DATA

# A sample lasts about this long: long enough for the clock, short enough that the machine is the same for all three.
SAMPLE_SECONDS = 0.001
ROUNDS = (7, 60)
# A run that lasts so long is not run a second time before it is timed, and timed three times only.
SLOW_SECONDS = 0.5
# From this many elements on libraries use threads, and their idle threads go on spinning for a while after the work:
# a pause lets them sleep before the next library is timed. 2 ms is above what libgomp and OpenBLAS (as run.py sets
# them) spin for.
THREADED, PAUSE_SECONDS = 10_000, 0.002


def load(library: str, threads: int):
    """The module, its `numpy array -> own array`, and what turns its result into NumPy's."""
    module = importlib.import_module(library)
    if library == "scipy":
        module.fft.set_workers(threads).__enter__()  # for the life of the process
        return module, importlib.import_module("numpy").asarray, lambda y: y
    if library == "torch":
        module.set_num_threads(threads)
        module.set_num_interop_threads(1)
        module.set_grad_enabled(False)
        # a copy: an array that NumPy reads too would still lie in a cache when this library's turn comes, and the other way round
        return module, lambda x: module.from_numpy(x.copy()), lambda y: y.to(module.float64).numpy()
    return module, module.asarray if library == "numpy" else module.array, lambda y: y


def names_in(source: str) -> set[str]:
    """The names that a statement has, those inside comprehensions too."""
    codes = [compile(source, "row", "exec")]
    found = set()
    for code in codes:
        found |= set(code.co_names)
        codes += [inner for inner in code.co_consts if hasattr(inner, "co_names")]
    return found


def compile_loop(statement: str, names: list[str]):
    """`timeit`'s loop with every name a local: loop(n, xp, …) runs the statement n times and returns the seconds."""
    source = (
        f"def loop(_n, xp, {', '.join(names)}):\n"
        "    _count = _repeat(None, _n)\n"
        "    _start = _clock()\n"
        "    for _ in _count:\n"
        f"        {statement}\n"
        "    return _clock() - _start\n"
    )
    scope = {"_repeat": itertools.repeat, "_clock": time.perf_counter}
    exec(source, scope)  # the table's own statements, nothing from outside
    return scope["loop"]


class Subject:
    """One library's side of one cell: its arrays, its loop, its times."""

    def __init__(self, library, module, convert, row, arrays, folder):
        statement = row.statement(library)
        values = {name: convert(array) for name, array in arrays.items()}
        init = row.init.get(library)
        if init:
            scope = {"xp": module, "own": convert, "folder": folder, **values}
            exec(init, scope)
            values = {k: v for k, v in scope.items() if k not in ("xp", "own", "folder") and not k.startswith("__")}
        names = sorted(names_in(statement) & values.keys())
        loop, arguments = compile_loop(statement, names), [values[n] for n in names]
        self.library, self.times = library, []
        self.loop = lambda n: loop(n, module, *arguments)
        head, _, last = (statement, "", row.result) if row.result else statement.rpartition(";")
        self.result = lambda: _evaluate(head, last, {"xp": module, **values})

    def calibrate(self):
        """Finds how many runs make a sample; runs everything that is slow only the first time."""
        n, seconds = 1, self.loop(1)
        if seconds < SLOW_SECONDS:
            seconds = self.loop(1)
        while seconds < SAMPLE_SECONDS / 4 and n < 1_000_000:
            n *= 4
            seconds = self.loop(n)
        self.estimate = seconds / n
        self.runs = max(1, round(SAMPLE_SECONDS / self.estimate))

    def sample(self, pause: float):
        if pause:
            time.sleep(pause)
        if self.estimate < 2 * SAMPLE_SECONDS:
            self.loop(1)  # wakes this library's threads and caches; long runs do that by themselves
        self.times.append(self.loop(self.runs) / self.runs)


def _evaluate(head: str, last: str, scope: dict):
    exec(head, scope)
    return eval(last.strip(), scope)


def arrays_of(row, size, dtype, libraries):
    """The row's statement for each library that has one, and the arrays that they name."""
    import numpy as np

    rng = np.random.default_rng(7)
    statements = {name: row.statement(name) for name in libraries}
    statements = {name: s for name, s in statements.items() if s}
    used = set()
    for name, statement in statements.items():
        for source in (statement, row.init.get(name, ""), row.result or ""):
            used |= names_in(source) & DATA.keys()
    shapes = size if isinstance(size, dict) else dict.fromkeys(used, size)
    make_as = "float32" if dtype == "bfloat16" else dtype
    return statements, {name: DATA[name](rng, shapes[name], make_as) for name in sorted(used)}


def parts(result) -> list:
    """The arrays of a result, which may be one or several, as NumPy's."""
    import numpy as np

    if isinstance(result, tuple):
        return [part for each in result for part in parts(each)]
    if type(result).__module__ == "torch":
        result = result.float() if "bfloat16" in str(result.dtype) else result
    elif "bfloat16" in str(getattr(result, "dtype", "")):
        result = result.astype("float32")
    return [np.asarray(result.detach() if hasattr(result, "detach") else result)]


# relative to the largest element
TOLERANCE = {"float32": 1e-4, "bfloat16": 3e-2}


def agree(ours, theirs, dtype: str) -> bool:
    """Whether two results are equal, floating-point numbers to the tolerance."""
    import numpy as np

    ours, theirs = parts(ours), parts(theirs)
    if [x.shape for x in ours] != [y.shape for y in theirs]:
        return False
    tolerance = TOLERANCE.get(dtype, 1e-9)
    for x, y in zip(ours, theirs):
        if y.dtype.kind in "fc":
            finite = np.abs(y[np.isfinite(y)])
            scale = finite.max() if finite.size else 1.0
            if not np.allclose(x, y, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
                return False
        elif not np.array_equal(x, y):
            return False
    return True


def compare(subjects: list, row, dtype: str, errors: dict):
    """Runs each library once and notes where Civita's result is not another's."""
    results = {}
    for subject in list(subjects):
        try:
            results[subject.library] = subject.result()
        except Exception as error:  # a row that a library cannot do is a result, not the end of the run
            errors[subject.library] = f"{type(error).__name__}: {error}"[:200]
            subjects.remove(subject)
    ours = results.pop("civita", None)
    differing = [name for name, theirs in results.items() if ours is not None and name not in row.differs and not agree(ours, theirs, dtype)]
    if differing:
        errors["civita"] = "result differs from that of " + ", ".join(differing)


def measure(row, label, size, dtype, libraries, budget, threads):
    """Times one cell and returns its record."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_in(folder, row, label, size, dtype, libraries, budget, threads)


def measure_in(folder, row, label, size, dtype, libraries, budget, threads):
    statements, arrays = arrays_of(row, size, dtype, libraries)
    elements = max((array.size for array in arrays.values()), default=0)

    record = {"group": row.group, "row": row.name, "size": label, "dtype": dtype, "threads": threads, "statement": row.civita}
    subjects, errors = [], {}
    for name in statements:
        module, convert, _ = libraries[name]
        try:
            subjects.append(Subject(name, module, convert, row, arrays, folder))
        except Exception as error:
            errors[name] = f"{type(error).__name__}: {error}"[:200]
    compare(subjects, row, dtype, errors)
    for subject in subjects:
        subject.calibrate()
    if not subjects:
        return record | {"errors": errors, "seconds": {}}

    one_round = sum(max(s.estimate * s.runs, SAMPLE_SECONDS) for s in subjects)
    pause = PAUSE_SECONDS if threads > 1 and elements >= THREADED and len(subjects) > 1 else 0.0
    rounds = int(budget / (one_round + pause * len(subjects)))
    # Seven rounds of half a second would be too long; three give a median.
    rounds = max(3 if one_round > SLOW_SECONDS else ROUNDS[0], min(ROUNDS[1], rounds))
    for turn in range(rounds):
        first = turn % len(subjects)
        for subject in subjects[first:] + subjects[:first]:
            subject.sample(pause)
    seconds = {s.library: statistics.median(s.times) for s in subjects}
    return record | {"seconds": seconds, "rounds": rounds, "errors": errors}


def peak_memory(library: str) -> dict:
    """How many times the size of one array the process grows by, over two inputs and `a + b`: 3 is the least."""
    module, convert, _ = load(library, 2)
    import numpy as np

    tiny = convert(np.ones(1000))
    tiny = tiny + tiny
    n = 16_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    make = module.ones
    a = make((n,), dtype=module.float64)
    b = make((n,), dtype=module.float64)
    c = a + b
    assert float(c[-1]) == 2.0
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"library": library, "arrays": (after - before) * 1024 / (n * 8)}


def serve(libraries: dict):
    """The worker of against.py: takes orders from its standard input, so that two builds in two processes alternate.

    `{"cell": i}` makes that cell ready, `{"samples": n}` times it n times; each is answered by a line.
    """
    ((library, (module, convert, _)),) = libraries.items()
    subject, folder = None, tempfile.TemporaryDirectory()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if "cell" in order:
                subject = None
                gc.collect()
                folder.cleanup()
                folder = tempfile.TemporaryDirectory()
                row, _, size, dtype = CELLS[order["cell"]]
                _, arrays = arrays_of(row, size, dtype, [library])
                subject = Subject(library, module, convert, row, arrays, folder.name)
                subject.calibrate()
                answer = {"estimate": subject.estimate}
            else:
                subject.times.clear()
                for _ in range(order["samples"]):
                    subject.sample(0.0)
                answer = {"times": subject.times}
        except Exception as error:  # a row that only one build has is a result
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


def main():
    job = json.loads(sys.argv[1])
    if "memory" in job:
        print(json.dumps(peak_memory(job["memory"])))
        return
    libraries = {name: load(name, job["threads"]) for name in job["libraries"]}
    gc.disable()
    if job.get("serve"):
        print(json.dumps({"file": libraries["civita"][0].__file__}), flush=True)
        return serve(libraries)
    for row, label, size, dtype in (CELLS[i] for i in job["cells"]):
        promised = row.promises(label, job["threads"])
        budget = job["budget"] * (1.0 if promised else 0.4)
        record = measure(row, label, size, dtype, libraries, budget, job["threads"])
        record |= {"promised": promised, "grid": row.grid}
        print(json.dumps(record), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
