"""Six threads do anything at once to the same objects: nothing crashes, hangs or fails but for what is said.

With the interpreter's lock they meet where it is let go, without it (`make free-threaded`) everywhere.
"""

import os
import random
import subprocess
import sys
import threading
import time

import pytest

import civita as cv

SECONDS = 4
THREADS = 6

# What may be raised stands behind the statement.
STATEMENTS = [
    ("x += 1", ()),
    ("x[...] = 0.5", ()),
    ("x[::2] *= 0.5", ()),
    ("x[x > 3] = 2.0", ()),
    ("x[[1, 2]] += 1", ()),
    ("cv.add(x, 1, out=x)", ()),
    ("cv.sin(x, out=x.T[::-1].T)", ()),
    ("x.sort(axis=r.randrange(2))", ()),
    ("generator.shuffle(whole)", ()),
    ("state.shuffle(whole)", ()),
    ("flat[r.randrange(1200)] = 1.0", ()),
    ("next(flat)", StopIteration),
    ("next(rows)", StopIteration),
    ("next(numbered)", StopIteration),
    ("next(indices)", StopIteration),
    ("for row in x[:5]: row.sum()", ()),
    ("x.sum(axis=0), x.mean(), cv.sort(x), cv.argsort(whole)", ()),
    ("x.tolist(), repr(x), memoryview(x).tobytes(), pickle.loads(pickle.dumps(x)), copy.deepcopy(leaf)", ()),
    ("cv.from_dlpack(x), cv.asarray(x), x.astype('float32'), x.view('int64')", ()),
    ("cv.einsum('ij,kj->ik', x, x), x @ x.T", ()),
    ("cv.fft.fft(cv.ones(r.randrange(2, 200)))", ()),
    ("cv.linalg.svd(cv.eye(6) + 1), cv.linalg.solve(cv.eye(3), cv.ones(3))", ()),
    ("cv.take(x, [0, 2], axis=1), x[[1, 2]], x[1:3, ::-1], x[2][3]", ()),
    ("fused(x, x), cv.fuse(lambda a, b: a + b * 2)(x, x)", ()),
    ("graph.run(leaf.detach())", ()),
    # its shape and its flags are others' too
    ("shaped.shape = r.choice([(1200,), (30, 40), (40, 30)])", ()),
    ("shaped.sum(axis=0), shaped + 1, repr(shaped)", ()),
    ("shaped.flags.writeable = r.random() < 0.8", ()),
    ("shaped[...] = 3", ValueError),
    # gradients of the same leaves
    ("(leaf * other).sum().backward()", ()),
    ("leaf.grad", ()),
    ("leaf.grad = None", ()),
    ("leaf.grad = other.grad", ()),
    ("leaf.requires_grad = True", ()),
    ("y = leaf * 3; h = y.register_hook(lambda g: g * 1); y.sum().backward(); h.remove()", ()),
    # what its derivative reads may be written meanwhile
    ("cv.autograd.grad(lambda a: (a * a).sum())(x)", RuntimeError),
    ("cv.vmap(lambda row: row * 2)(x), cv.jvp(cv.sin, (x,), (x,))", ()),
    ("with cv.no_grad(): leaf * 2", ()),
    # state of the process and of threads
    ("generator.normal(size=10), generator.integers(0, 10, 5), generator.spawn(2), generator.bit_generator.state", ()),
    ("cv.random.seed(r.randrange(10)), cv.random.rand(3), cv.random.get_state(), state.rand(4)", ()),
    ("cv.set_num_threads(r.choice([1, 2, 3]))", ()),
    ("cv.set_printoptions(precision=r.randrange(2, 8)), str(x)", ()),
    ("with cv.errstate(all='ignore'): cv.divide(x, 0)", ()),
    ("cv.seterr(all=r.choice(['ignore', 'warn']))", ()),
    ("r.random() < 0.02 and gc.collect()", ()),
]

BEFORE = """
import copy, gc, pickle, warnings
import civita as cv
warnings.simplefilter("ignore")
x, shaped, whole = cv.arange(1200.0).reshape(30, 40), cv.zeros(1200), cv.arange(1200)
flat, rows, numbered, indices = x.flat, iter(x), cv.ndenumerate(x), cv.ndindex(300, 400)
generator, state = cv.random.default_rng(0), cv.random.RandomState(1)
leaf, other = cv.array([1.0, 2.0, 3.0]), cv.array([3.0, 2.0, 1.0])
leaf.requires_grad = other.requires_grad = True
fused = cv.fuse(lambda a, b: a * b + 1)
graph = cv.trace(lambda a: cv.sin(a) * 2 + cv.sum(a), leaf.detach())
"""


def main(seed):
    names, errors, counts = {}, [], [0] * len(STATEMENTS)
    exec(BEFORE, names)
    compiled = [compile(text, text, "exec") for text, _ in STATEMENTS]
    stop = time.monotonic() + SECONDS

    def work(number):
        r = random.Random(seed * THREADS + number)
        while time.monotonic() < stop and not errors:
            k = r.randrange(len(STATEMENTS))
            try:
                exec(compiled[k], names, {"r": r})
                counts[k] += 1
            except STATEMENTS[k][1]:
                pass
            except BaseException as error:  # noqa: BLE001
                errors.append(f"{STATEMENTS[k][0]}: {error!r}")

    workers = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    never = [f"{text}: never done" for (text, allowed), count in zip(STATEMENTS, counts) if not count and not allowed]
    print(*(errors or never), sep="\n", end="")


@pytest.mark.parametrize("seed", range(2))
def test_threads_that_do_anything_at_once(seed):
    folder = os.path.dirname(os.path.dirname(cv.__file__))
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]))
    child = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__, str(seed)], capture_output=True, text=True, env=env, timeout=120
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")


if __name__ == "__main__":
    main(int(sys.argv[1]))
