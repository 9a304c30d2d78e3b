"""Runs one program with one library, in a process of its own: run.py starts it.

    play.py LIBRARY RESULT PROGRAM    with a description of the program in JSON

Random numbers without a seed would differ from run to run: generators are seeded first, and `default_rng()` is `default_rng(0)`.
Figures are drawn by matplotlib's Agg where the program shows them, or at its end.
"""

import contextlib
import doctest
import functools
import importlib
import io
import json
import random
import sys
import time
import traceback
import types
import warnings
from pathlib import Path

FRAMES = 20  # of an animation


def seed(library) -> None:
    random.seed(0)
    library.random.seed(0)
    default = library.random.default_rng
    library.random.default_rng = lambda seed=0: default(0 if seed is None else seed)


def told(error: BaseException) -> dict:
    """An error's words, and its class with the classes that it is derived from."""
    return {"error": f"{type(error).__name__}: {error}", "classes": [c.__name__ for c in type(error).__mro__]}


class Figures:
    """The pixels of what was drawn."""

    def __init__(self, folder: Path):
        self.folder, self.count, self.seconds = folder, 0, 0.0

    def keep(self) -> None:
        """In place of `plt.show`."""
        from matplotlib import pyplot as plt

        begin = time.perf_counter()
        for number in plt.get_fignums():
            figure = plt.figure(number)
            figure.savefig(self.folder / f"figure{self.count}.png", dpi=figure.dpi)
            self.count += 1
        plt.close("all")
        self.seconds += time.perf_counter() - begin

    def animate(self, names: dict) -> None:
        if "matplotlib.animation" not in sys.modules:
            return
        from matplotlib.animation import Animation

        for value in names.values():
            if isinstance(value, Animation):
                value._init_draw()
                for frame, _ in zip(value.new_frame_seq(), range(FRAMES), strict=False):
                    value._draw_next_frame(frame, False)


def play_script(program: dict, figures: Figures, found: dict) -> None:
    """What the program prints, up to an error too."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            if program["module"]:
                names = vars(importlib.import_module(program["module"]))
            else:
                main = sys.modules["__main__"] = types.ModuleType("__main__")
                main.__file__, main.__builtins__ = program["file"], __builtins__
                names = vars(main)
                exec(compile(Path(program["file"]).read_text(encoding="utf-8"), program["file"], "exec"), names)
            if program["call"]:
                exec(program["call"], names)
            figures.animate(names)
    finally:
        found["text"] = out.getvalue()


def examples(program: dict) -> list[doctest.DocTest]:
    if program["module"]:
        module = importlib.import_module(program["module"])
        return [t for t in doctest.DocTestFinder(exclude_empty=True).find(module, program["module"]) if t.examples]
    text = Path(program["file"]).read_text(encoding="utf-8")
    return [doctest.DocTestParser().get_doctest(text, {}, Path(program["file"]).name, program["file"], 0)]


def play_doctests(program: dict, library, rewrite, found: dict) -> None:
    """What every example prints, or the error that it raises."""
    steps = found["steps"] = []
    for test in examples(program):
        names = test.globs | {"np": library, "__name__": "__main__"}
        random.seed(0)
        library.random.seed(0)
        for example in test.examples:
            if example.options.get(doctest.SKIP):
                continue
            out, error = io.StringIO(), {}
            try:
                with contextlib.redirect_stdout(out):
                    exec(compile(rewrite(example.source), "<example>", "single"), names)
            except Exception as raised:
                error = told(raised)
            steps.append({"source": example.source, "text": out.getvalue(), **error})


def main() -> None:
    name, result, program = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    library = importlib.import_module(name)
    warnings.simplefilter("ignore")
    sys.argv = [program["file"]]
    sys.path[:0] = program["paths"]
    seed(library)
    figures = Figures(result.parent)
    with contextlib.suppress(ImportError):
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot as plt

        # matplotlib gives the function a signature, which a method cannot take
        plt.show = lambda *_, **__: figures.keep()
    from rewrite import rewrite

    found = {}
    begin = time.perf_counter()
    try:
        if program["doctests"]:
            play_doctests(program, library, functools.partial(rewrite, library=name), found)
        else:
            play_script(program, figures, found)
    except (Exception, SystemExit) as raised:
        lines = traceback.format_exc().splitlines()
        found |= told(raised) | {"trace": "\n".join(lines[-40:])}
    found["seconds"] = time.perf_counter() - begin - figures.seconds
    if "matplotlib" in sys.modules and "error" not in found:
        try:
            figures.keep()
        except Exception as raised:
            found |= told(raised) | {"trace": traceback.format_exc()}
    found["figures"] = figures.count
    result.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
