"""Gradients of random programs with named views and in-place writes, against central differences of the same program
run by NumPy.

A program may be refused with an error only if it writes in place to a leaf or to a buffer that backward needs; a
gradient that is wrong without an error fails, and the program is printed as Python source, with every statement dropped
that the failure does not need.

    CIVITA_RANDOM_PROGRAMS=20000       how many programs, 3000 otherwise
    CIVITA_RANDOM_PROGRAMS_SEED=7      other programs than the usual ones
    CIVITA_RANDOM_PROGRAMS_MODE=...    `reverse` (`backward`, the default), `forward` (`cv.jvp`), `batched` (`cv.vmap` against
                                       a loop), or `dual`: the dual numbers below instead of civita, which tests the generator
                                       and the differences
"""

import os
import random
import re
from collections import Counter
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import pytest

import civita as cv

COUNT = int(os.environ.get("CIVITA_RANDOM_PROGRAMS", "3000"))
SEED = int(os.environ.get("CIVITA_RANDOM_PROGRAMS_SEED", "0"))
MODE = os.environ.get("CIVITA_RANDOM_PROGRAMS_MODE", "reverse")
BLOCK = 250

STEP = 1e-5
# Differences of numbers up to LARGE are good to 1e-9; a program's derivatives are at most STEEP.
LARGE, STEEP = 8.0, 300.0
# How near an argument may be to where its function has a kink.
KINK = 0.01
TOLERANCE = 1e-5


class Unfit(Exception):
    """A statement that the test cannot use: of no size, too large, too near a kink."""


class Wrong(Exception):
    """What civita does with a program is wrong."""


# ---- programs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """A line of a program, and what has to be known to say whether backward may refuse it."""

    text: str
    defines: str | None = None
    writes: str | None = None
    reads: tuple = ()  # names whose values reach what it defines or writes
    needs: tuple = ()  # (name, names): the derivative reads `name` if a gradient reaches one of `names`
    needs_result: tuple = ()  # the derivative reads the result if a gradient reaches one of these
    apart: tuple = ()  # expressions that must keep away from zero
    ordered: str | None = None  # `reshape` is a view or a copy, which depends on the order of this array
    copied: str | None = None  # the same line with its operand copied first: what an overlapping assignment means

    def renamed(self, old: str, new: str) -> "Statement":
        """The statement with another name for one of its operands."""

        def change(x):
            if isinstance(x, tuple):
                return tuple(map(change, x))
            return re.sub(rf"\b{old}\b", new, x) if isinstance(x, str) else x

        return Statement(**{field.name: change(getattr(self, field.name)) for field in fields(self)})


@lru_cache(4096)
def code(text: str):
    return compile(text, "statement", "exec")


class Trace:
    """Runs statements one by one in NumPy, and follows which buffers a gradient reaches and which backward needs."""

    def __init__(self, leaves: dict):
        self.values = {"xp": np} | {name: x.copy() for name, x in leaves.items()}
        self.buffer, self.shared = {name: name for name in leaves}, Counter(leaves.keys())
        self.leaves, self.reached, self.needed, self.ordered = set(leaves), set(leaves), set(), set(leaves)
        self.may_refuse = False

    def names(self) -> list:
        return [name for name in self.values if name not in ("xp", "__builtins__", "loss")]

    def reaches(self, names) -> bool:
        return any(self.buffer[name] in self.reached for name in names)

    def run(self, s: Statement):
        """Raises Unfit, or NameError after a statement that this one needs was dropped."""
        if s.ordered and s.ordered not in self.ordered:
            raise Unfit
        for name in (*s.reads, *([s.writes] if s.writes else [])):
            if name not in self.values:
                raise NameError(name)
        reaching = self.reaches(s.reads)
        for name, when in s.needs:
            if self.reaches(when):
                self.needed.add(self.buffer[name])
        try:
            for text in s.apart:
                if np.abs(eval(text, self.values)).min(initial=1.0) < KINK:
                    raise Unfit
            exec(code(s.copied or s.text), self.values)
        except (IndexError, ValueError, TypeError) as error:
            raise Unfit from error
        result = self.values[s.defines or s.writes]
        if not 0 < result.size <= 24 or not np.abs(result).max() <= LARGE:
            raise Unfit
        if s.writes:
            buffer = self.buffer[s.writes]
            self.may_refuse |= buffer in self.needed or buffer in self.leaves
        else:
            buffer = self.place(s, result)
        if reaching:
            self.reached.add(buffer)
        if self.reaches(s.needs_result):
            self.needed.add(buffer)

    def place(self, s: Statement, result) -> str:
        """Notes where the array that the statement defines has its elements."""
        arrays = [name for name in s.reads if isinstance(self.values[name], np.ndarray)]
        base = next((n for n in arrays if n != s.defines and np.may_share_memory(self.values[n], result)), None)
        # New arrays of NumPy take the order of the operands, civita's are in C order.
        known = base in self.ordered if base else all(self.values[n].flags.c_contiguous for n in arrays)
        if known:
            self.ordered.add(s.defines)
        self.buffer[s.defines] = buffer = self.buffer[base] if base else s.defines
        self.shared[buffer] += 1
        return buffer


class Program:
    def __init__(self, leaves: dict, statements: list, trace: Trace | None = None):
        self.leaves, self.statements = leaves, statements
        if trace is None:
            trace = Trace(leaves)
            for s in statements:
                trace.run(s)
        self.may_refuse = trace.may_refuse
        self.names = trace.names()
        body = "".join(f"    {s.text}\n" for s in statements)
        shown = ", ".join(f"{name!r}: {name}" for name in self.names)
        scope = {}
        exec(f"def program(xp, {', '.join(leaves)}):\n{body}    return loss, {{{shown}}}\n", scope)
        self.call = scope["program"]
        self.loss, self.values = self.numpy(leaves)
        # NumPy itself gets some overlapping assignments wrong.
        for name in self.names:
            if not np.array_equal(self.values[name], trace.values[name]):
                raise Unfit
        self.gradients = self.differences()
        if any(np.abs(g).max(initial=0) > STEEP for g in self.gradients.values()):
            raise Unfit

    def numpy(self, leaves: dict):
        return self.call(np, **{name: x.copy() for name, x in leaves.items()})

    def differences(self) -> dict:
        gradients = {}
        for name, x in self.leaves.items():
            slopes = np.empty(x.size)
            for i in range(x.size):
                ends = []
                for step in (STEP, -STEP):
                    moved = x.copy()
                    moved.reshape(-1)[i] += step
                    ends.append(self.numpy(self.leaves | {name: moved})[0])
                slopes[i] = (ends[0] - ends[1]) / (2 * STEP)
            gradients[name] = slopes.reshape(x.shape)
        return gradients

    def source(self) -> str:
        text = "\n".join(s.text for s in self.statements)
        lines = ["import civita as xp"]
        for name, x in self.leaves.items():
            if name in {n for s in self.statements for n in (*s.reads, s.writes)}:
                lines.append(f"{name} = xp.array({x.tolist()}, requires_grad=True)")
        last = "loss.backward()" if MODE == "reverse" else "# its derivative along `direction`, below"
        return "\n".join([*lines, text, last])


# ---- the generator -----------------------------------------------------------------------------------------------

LEAF_SHAPES = [(3,), (4,), (2, 3), (3, 2), (2, 2), (1, 3), (2, 1, 2)]
NEW_SHAPES = [(3,), (4,), (2, 3), (3, 2), (6,)]
SLICES = [":", ":", "1:", ":-1", "::2", "::-1", "::-2", "1::2", "0:2", "-2:", ":1"]
UNARY = ["xp.sin({})", "xp.cos({})", "xp.tanh({})", "xp.exp(0.3 * {})", "xp.sqrt({0} * {0} + 1.0)", "{} ** 2"]
LINEAR = ["-{}", "{} * 0.7", "1.5 - {}", "{} + 0.25", "0.5 * {}", "{} / 1.6", "{}.copy()"]


class Generator:
    """Makes one program. `self.trace` has run all statements so far, so that values and shapes are known."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        numbers = np.random.default_rng(list(seed.encode()))
        shapes = self.random.choices(LEAF_SHAPES, k=self.random.choice([1, 2, 2, 3]))
        self.leaves = {name: numbers.uniform(-1.4, 1.4, s).round(2) for name, s in zip("abc", shapes)}
        self.leaves["t"] = np.array([0.5])  # is never written: the loss always has a gradient
        self.statements, self.count = [], 0
        self.trace = Trace(self.leaves)
        # Most programs should be taken: these write where they must not only now and then.
        self.careless = self.random.random() < 0.15

    # -- choices

    def shape(self, name):
        return self.trace.values[name].shape

    def pick(self, fits=lambda name: True):
        names = [n for n in self.trace.names() if n != "t" and fits(n)]
        if not names:
            raise Unfit
        # Later names more often, so that programs are deep, and names of shared buffers, so that views are used.
        buffer, shared = self.trace.buffer, self.trace.shared
        weights = [(3 + i) * min(shared[buffer[n]], 4) for i, n in enumerate(names)]
        return self.random.choices(names, weights)[0]

    def writable(self, name) -> bool:
        x = self.trace.values[name]
        if not isinstance(x, np.ndarray) or not x.flags.writeable:
            return False
        buffer = self.trace.buffer[name]
        return self.careless or buffer not in self.trace.needed | self.trace.leaves

    def like(self, shape):
        """An array that broadcasts to the shape."""


        def fits(name):
            own = self.shape(name)
            return len(own) <= len(shape) and all(n in (1, m) for n, m in zip(own[::-1], shape[::-1]))

        return self.pick(fits)

    def key(self, name) -> str:
        """An index of slices, integers and new axes."""
        shape = self.shape(name)
        if not shape:
            raise Unfit
        entries = []
        for length in shape[: self.random.choice([1, len(shape)])]:
            whole = self.random.random() < 0.3
            entries.append(str(self.random.randrange(-length, length)) if whole else self.random.choice(SLICES))
        if self.random.random() < 0.15:
            entries.insert(self.random.randrange(len(entries) + 1), "None")
        if self.random.random() < 0.1 and all(not e.lstrip("-").isdigit() for e in entries):
            entries.append("...")
        return ", ".join(entries)

    def places(self, name, count=None) -> list:
        shape = self.shape(name)
        if not shape:
            raise Unfit
        return [self.random.randrange(-shape[0], shape[0]) for _ in range(count or self.random.choice([1, 2, 3]))]

    def new(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def level(self) -> float:
        return self.random.choice([-0.5, 0.1, 0.4])

    # -- statements that make arrays

    def unary(self):
        v, n = self.pick(), self.new()
        text = self.random.choice(UNARY).format(v)
        return Statement(f"{n} = {text}", defines=n, reads=(v,), needs=((v, (v,)),), needs_result=(v,))

    def linear(self):
        v, n = self.pick(), self.new()
        return Statement(f"{n} = {self.random.choice(LINEAR).format(v)}", defines=n, reads=(v,))

    def binary(self):
        v, n = self.pick(), self.new()
        w = self.like(self.shape(v))
        if self.random.random() < 0.5:
            v, w = w, v
        both = {"defines": n, "reads": (v, w)}
        kind = self.random.choice(["+", "-", "*", "*", "/", "maximum", "where"])
        if kind in "+-":
            return Statement(f"{n} = {v} {kind} {w}", **both)
        product = ((v, (w,)), (w, (v,)))
        if kind == "*":
            return Statement(f"{n} = {v} * {w}", needs=product, **both)
        if kind == "/":
            needs = (*product, (w, (w,)))
            return Statement(f"{n} = {v} / ({w} * {w} + 1.0)", needs=needs, needs_result=(w,), **both)
        apart = (f"{v} - {w}",) if v != w else ()
        if kind == "maximum":
            needs = ((v, (v, w)), (w, (v, w)))
            return Statement(f"{n} = xp.maximum({v}, {w})", needs=needs, needs_result=(v, w), apart=apart, **both)
        return Statement(f"{n} = xp.where({v} > {w}, {v}, 0.5 * {w})", apart=apart, **both)

    def view(self):
        # NumPy's results without axes are scalars, whose views are copies
        v, n = self.pick(lambda name: self.shape(name)), self.new()
        shape = self.shape(v)
        more = {}
        others = ["T", "transpose", "reshape", "reshape", "newaxis", "broadcast", "chain"]
        kind = self.random.choice(["key"] * 6 + others)
        if kind == "key":
            text = f"{v}[{self.key(v)}]"
        elif kind == "chain":
            text = f"{v}[{self.key(v)}].T[{self.random.choice(SLICES)}]"
        elif kind == "T":
            text = f"{v}.T"
        elif kind == "transpose":
            axes = list(range(len(shape)))
            self.random.shuffle(axes)
            text = f"xp.transpose({v}, {tuple(axes)})"
        elif kind == "newaxis":
            text = self.random.choice([f"{v}[None]", f"{v}[..., None]", f"{v}[...]"])
        elif kind == "reshape":
            size = int(np.prod(shape))
            shapes = [(-1,), (1, -1), (-1, 1)] + [(2, -1)] * (size % 2 == 0) + [(3, -1)] * (size % 3 == 0)
            text = f"{v}.reshape({self.random.choice(shapes + [()] * (size == 1))})"
            more["ordered"] = v
        else:
            text = f"xp.broadcast_to({v}, {(self.random.choice([1, 2]), *shape)})"
        return Statement(f"{n} = {text}", defines=n, reads=(v,), **more)

    def taken(self):
        v, n = self.pick(), self.new()
        if self.random.random() < 0.5:
            return Statement(f"{n} = {v}[{self.places(v)}]", defines=n, reads=(v,))
        level = self.level()
        return Statement(f"{n} = {v}[{v} > {level}]", defines=n, reads=(v,), apart=(f"{v} - {level}",))

    def reduced(self):
        v, n = self.pick(lambda name: self.shape(name)), self.new()
        axis = self.random.randrange(len(self.shape(v)))
        texts = ["{0}.sum()", "{0}.sum({1})", "{0}.mean({1})", "xp.cumsum({0}, {1})", "xp.prod({0}, {1})"]
        text = self.random.choice(texts)
        more = {"needs": ((v, (v,)),), "needs_result": (v,)} if "prod" in text else {}
        return Statement(f"{n} = {text.format(v, axis)}", defines=n, reads=(v,), **more)

    def joined(self):
        v, n = self.pick(lambda name: self.shape(name)), self.new()
        w = self.pick(lambda name: self.shape(name) == self.shape(v))
        f = self.random.choice(["concatenate", "stack"])
        return Statement(f"{n} = xp.{f}([{v}, {w}])", defines=n, reads=(v, w))

    def product(self):
        v, n = self.pick(lambda name: self.shape(name)), self.new()
        w = self.pick(lambda name: self.shape(name)[-2:][:1] == self.shape(v)[-1:])
        return Statement(f"{n} = {v} @ {w}", defines=n, reads=(v, w), needs=((v, (w,)), (w, (v,))))

    def constant(self):
        n, shape = self.new(), self.random.choice(NEW_SHAPES)
        made = [f"xp.zeros({shape})", f"xp.ones({shape})", f"xp.linspace(-0.7, 1.1, {np.prod(shape)}).reshape{shape}"]
        return Statement(f"{n} = {self.random.choice(made)}", defines=n)

    # -- statements that write

    def write_all(self):
        v = self.pick(self.writable)
        w = self.like(self.shape(v))
        return Statement(f"{v}[...] = {w}", writes=v, reads=(w,), copied=f"{v}[...] = xp.array({w})")

    def keyed(self):
        """A name and an index, and the shape that they select."""
        v = self.pick(self.writable)
        key = self.key(v)
        try:
            return v, key, eval(f"{v}[{key}]", self.trace.values).shape
        except (IndexError, ValueError) as error:
            raise Unfit from error

    def write_part(self):
        v, key, shape = self.keyed()
        w = self.like(shape)
        kind = self.random.choice(["plain", "plain", "function", "number"])
        if kind == "number":
            return Statement(f"{v}[{key}] = 0.3", writes=v)
        if kind == "function":
            return Statement(f"{v}[{key}] = xp.sin({w}) * 1.2", writes=v, reads=(w,), needs=((w, (w,)),))
        return Statement(f"{v}[{key}] = {w}", writes=v, reads=(w,), copied=f"{v}[{key}] = xp.array({w})")

    def fill(self):
        """`y = zeros(n); y[i] = f(x)`: one of the writes."""
        v = self.pick(lambda n: self.writable(n) and len(self.shape(n)) == 1)
        w = self.pick(lambda n: len(self.shape(n)) == 1)
        (i,), (j,) = self.places(v, 1), self.places(w, 1)
        return Statement(f"{v}[{i}] = xp.tanh({w}[{j}]) + 0.1", writes=v, reads=(w,), needs=((w, (w,)),))

    def augment(self, part=False):
        if part:
            v, key, shape = self.keyed()
            target = f"{v}[{key}]"
        else:
            v = self.pick(self.writable)
            target, shape = v, self.shape(v)
        if self.random.random() < 0.35:
            how = self.random.choice(["+= 0.3", "-= 0.2", "*= 0.7", "*= -1.1", "/= 1.4"])
            return Statement(f"{target} {how}", writes=v)
        w = self.like(shape)
        how = self.random.choice(["+=", "-=", "*=", "/="])
        # The old value is read if a gradient reaches the factor, which most programs must avoid.
        if how in ("*=", "/=") and self.trace.reaches((w,)) and not self.careless:
            how = "+="
        product = ((v, (w,)), (w, (v,)))
        if how == "*=":
            return Statement(f"{target} *= {w}", writes=v, reads=(w,), needs=product)
        if how == "/=":
            needs = (*product, (w, (w,)))
            return Statement(f"{target} /= {w} * {w} + 1.0", writes=v, reads=(w,), needs=needs, needs_result=(w,))
        return Statement(f"{target} {how} {w}", writes=v, reads=(w,))

    def augment_part(self):
        return self.augment(part=True)

    def write_mask(self):
        v, level = self.pick(self.writable), self.level()
        more = {"writes": v, "apart": (f"{v} - {level}",)}
        kind = self.random.choice(["number", "scalar", "array", "scaled"])
        if kind == "number":
            return Statement(f"{v}[{v} > {level}] = 0.2", **more)
        if kind == "scaled":
            return Statement(f"{v}[{v} > {level}] *= 0.5", **more)
        w = self.pick(lambda n: kind == "scalar" or self.shape(n) == self.shape(v))
        if kind == "scalar":
            return Statement(f"{v}[{v} > {level}] = {w}.sum()", reads=(w,), **more)
        return Statement(f"{v}[{v} > {level}] = {w}[{v} > {level}]", reads=(w,), **more)

    def write_places(self):
        v = self.pick(lambda n: self.writable(n) and self.shape(n))
        rest = self.shape(v)[1:]
        places = self.places(v)
        kind = self.random.choice(["number", "like", "taken", "added"])
        if kind == "number":
            return Statement(f"{v}[{places}] = 0.4", writes=v)
        if kind == "taken":
            w = self.pick(lambda n: self.shape(n)[1:] == rest and self.shape(n))
            return Statement(f"{v}[{places}] = {w}[{self.places(w, len(places))}]", writes=v, reads=(w,))
        w = self.like((len(places), *rest))
        if kind == "added":
            return Statement(f"{v}[{places}] += {w}", writes=v, reads=(w,))
        return Statement(f"{v}[{places}] = {w}", writes=v, reads=(w,), copied=f"{v}[{places}] = xp.array({w})")

    KINDS = (
        [(unary, 8), (linear, 8), (binary, 10), (view, 26), (taken, 4), (reduced, 3), (joined, 2), (product, 2)]
        + [(constant, 6), (write_all, 5), (write_part, 12), (fill, 6), (augment, 10), (augment_part, 6)]
        + [(write_mask, 6), (write_places, 6)]
    )

    # -- the program

    def add(self, make):
        """Adds a statement if it is fit; a statement that is not may have written, so the others run again."""
        try:
            s = make()
        except Unfit:
            return
        try:
            self.trace.run(s)
            self.statements.append(s)
        except Unfit:
            self.trace = Trace(self.leaves)
            for earlier in self.statements:
                self.trace.run(earlier)

    def term(self):
        v = self.pick(lambda name: self.trace.reaches((name,)))
        shape = self.shape(v)
        if self.random.random() < 0.5:
            text = f"xp.sin({v} + 0.2).sum()"
            needs = ((v, (v,)),)
        else:
            size = int(np.prod(shape))
            text = f"({v} * xp.arange(0.5, {size}).reshape({shape})).sum() * {round(2 / size, 2)}"
            needs = ()
        return Statement(f"loss = loss + {text}", defines="loss", reads=(v, "loss"), needs=needs)

    def program(self) -> Program:
        makes, weights = zip(*self.KINDS)
        for _ in range(self.random.randrange(6, 26)):
            make = self.random.choices(makes, weights)[0]
            self.add(lambda: make(self))
        self.add(lambda: Statement("loss = t.sum()", defines="loss", reads=("t",)))
        for _ in range(self.random.choice([2, 3, 4])):
            self.add(self.term)
        return Program(self.leaves, self.statements, self.trace)


def programs(first: int, count: int):
    """`count` programs; the same for the same arguments."""
    made, seed = 0, 0
    while made < count:
        seed += 1
        try:
            yield Generator(f"{SEED} {first} {seed}").program()
        except Unfit:
            continue
        made += 1


# ---- dual numbers: forward mode of a few lines, which views cannot get wrong -------------------------------------


class Dual:
    """A NumPy array and its tangent. Views are views of both, and a write writes both."""

    __array_ufunc__ = None
    __hash__ = None

    def __init__(self, value, tangent=None):
        self.value = value
        self.tangent = np.zeros_like(value) if tangent is None else tangent

    def chain(self, value, slope):
        return Dual(value, slope * self.tangent)

    def __neg__(self):
        return self.chain(-self.value, -1.0)

    def __add__(self, other):
        other = dual(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other):
        return self + -dual(other)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)

    def __truediv__(self, other):
        other = dual(other)
        y = self.value / other.value
        return Dual(y, (self.tangent - y * other.tangent) / other.value)

    def __matmul__(self, other):
        return Dual(self.value @ other.value, self.tangent @ other.value + self.value @ other.tangent)

    def __pow__(self, n):
        return self.chain(self.value**n, n * self.value ** (n - 1))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return dual(other) - self

    def _assign(self, new):
        if not isinstance(self.value, np.ndarray):  # one of NumPy's scalars: a value
            return new
        self[...] = new
        return self

    def __iadd__(self, other):
        return self._assign(self + other)

    def __isub__(self, other):
        return self._assign(self - other)

    def __imul__(self, other):
        return self._assign(self * other)

    def __itruediv__(self, other):
        return self._assign(self / other)

    def __gt__(self, other):
        return self.value > dual(other).value

    def __getitem__(self, key):
        return Dual(self.value[key], self.tangent[key])

    def __setitem__(self, key, new):
        new = dual(new)
        self.value[key], self.tangent[key] = np.array(new.value), np.array(new.tangent)

    @property
    def T(self):  # noqa: N802
        return Dual(self.value.T, self.tangent.T)

    def each(self, f):
        return Dual(f(self.value), f(self.tangent))

    def reshape(self, *shape):
        return self.each(lambda x: x.reshape(*shape))

    def copy(self):
        return self.each(lambda x: x.copy())

    def sum(self, *axis):
        return self.each(lambda x: x.sum(*axis))

    def mean(self, axis):
        return self.each(lambda x: x.mean(axis))


def dual(x) -> Dual:
    return x if isinstance(x, Dual) else Dual(np.float64(x))


class DualSpace:
    """The functions of `xp` that programs call."""

    sin = staticmethod(lambda x: x.chain(np.sin(x.value), np.cos(x.value)))
    cos = staticmethod(lambda x: x.chain(np.cos(x.value), -np.sin(x.value)))
    tanh = staticmethod(lambda x: x.chain(np.tanh(x.value), 1 - np.tanh(x.value) ** 2))
    exp = staticmethod(lambda x: x.chain(np.exp(x.value), np.exp(x.value)))
    sqrt = staticmethod(lambda x: x.chain(np.sqrt(x.value), 0.5 / np.sqrt(x.value)))
    zeros = staticmethod(lambda shape: Dual(np.zeros(shape)))
    ones = staticmethod(lambda shape: Dual(np.ones(shape)))
    linspace = staticmethod(lambda *args: Dual(np.linspace(*args)))
    arange = staticmethod(lambda *args: Dual(np.arange(*args)))
    transpose = staticmethod(lambda x, axes: x.each(lambda x: np.transpose(x, axes)))
    cumsum = staticmethod(lambda x, axis: x.each(lambda x: np.cumsum(x, axis)))
    broadcast_to = staticmethod(lambda x, shape: x.each(lambda x: np.broadcast_to(x, shape)))

    @staticmethod
    def maximum(a, b):
        return DualSpace.where(a.value > b.value, a, b)

    @staticmethod
    def where(c, a, b):
        return Dual(np.where(c, a.value, b.value), np.where(c, a.tangent, b.tangent))

    @staticmethod
    def concatenate(xs):
        return Dual(np.concatenate([x.value for x in xs]), np.concatenate([x.tangent for x in xs]))

    @staticmethod
    def stack(xs):
        return Dual(np.stack([x.value for x in xs]), np.stack([x.tangent for x in xs]))

    @staticmethod
    def prod(x, axis):
        factors = np.moveaxis(x.value, axis, 0)
        others = [np.prod(np.delete(factors, i, 0), 0) for i in range(len(factors))]
        return Dual(np.prod(factors, 0), (np.moveaxis(x.tangent, axis, 0) * np.stack(others)).sum(0))


# ---- the checks --------------------------------------------------------------------------------------------------


def near(got, want) -> bool:
    got = np.asarray(got)
    return got.shape == np.shape(want) and bool(np.all(np.abs(got - want) <= TOLERANCE * (1 + np.abs(want))))


def expect(got, want, what: str):
    if not near(got, want):
        raise Wrong(f"{what} is {np.asarray(got).tolist()}, not {np.asarray(want).tolist()}")


def direction(leaves: dict) -> dict:
    return {name: np.cos(np.arange(1.0, x.size + 1)).reshape(x.shape) + 0.1 for name, x in leaves.items()}


def along(program: Program) -> float:
    moved = direction(program.leaves)
    return sum(float((g * moved[name]).sum()) for name, g in program.gradients.items())


def check_dual(program: Program):
    moved = direction(program.leaves)
    loss, values = program.call(DualSpace, **{n: Dual(x.copy(), moved[n].copy()) for n, x in program.leaves.items()})
    for name, want in program.values.items():
        expect(values[name].value, want, name)
    expect(loss.tangent, along(program), "the directional derivative")


def check_forward(program: Program):
    moved = direction(program.leaves)
    names, leaves = list(program.leaves), [cv.array(x) for x in program.leaves.values()]
    f = lambda *xs: program.call(cv, **dict(zip(names, xs)))[0]
    loss, change = cv.jvp(f, leaves, [cv.array(moved[name]) for name in names])
    expect(loss, program.loss, "loss")
    expect(change, along(program), "the directional derivative")


def check_reverse(program: Program):
    _, plain = program.call(cv, **{name: cv.array(x) for name, x in program.leaves.items()})
    for name, want in program.values.items():
        expect(plain[name], want, f"{name}, of constants,")
    leaves = {name: cv.array(x, requires_grad=True) for name, x in program.leaves.items()}
    loss, values = program.call(cv, **leaves)
    for name, want in program.values.items():
        expect(values[name].detach(), want, name)
    loss.backward()
    for name, want in program.gradients.items():
        found = leaves[name].grad
        expect(np.zeros_like(want) if found is None else found.detach(), want, f"{name}.grad")


def check_batched(program: Program):
    """`vmap` of the program and of its gradient, against a loop: each sample has leaves of its own, but for the first, which all share."""
    shared, *names = program.leaves
    samples = [{name: cv.array(x * (1 + 0.01 * k)) for name, x in program.leaves.items()} for k in range(3)]
    stacks = [cv.stack([leaves[name] for leaves in samples]) for name in names]
    places = tuple(range(len(names)))

    def f(*xs):
        return program.call(cv, **{shared: cv.array(program.leaves[shared])}, **dict(zip(names, xs)))[0]

    try:
        found, slopes = cv.vmap(f)(*stacks), cv.vmap(cv.autograd.grad(f, argnums=places))(*stacks)
    except ValueError as error:
        if "each mask of a batch" in str(error):  # it decides how many elements there are
            return
        raise
    for k, leaves in enumerate(samples):
        xs = [leaves[name] for name in names]
        expect(found[k], f(*xs).item(), f"loss of sample {k}")
        for name, g, want in zip(names, slopes, cv.autograd.grad(f, argnums=places)(*xs)):
            expect(g[k], want, f"the gradient of sample {k} by {name}")


CHECKS = {"reverse": check_reverse, "forward": check_forward, "batched": check_batched, "dual": check_dual}


def refused(program: Program, check) -> bool:
    """Whether the program is refused with an error that it deserves; raises Wrong for every other fault."""
    try:
        check(program)
    except (RuntimeError, ValueError) as error:
        if not program.may_refuse or "panicked" in str(error):
            raise Wrong(f"{type(error).__name__}: {error}") from error
        return True
    except (TypeError, IndexError, AttributeError, NotImplementedError) as error:
        raise Wrong(f"{type(error).__name__}: {error}") from error
    return False


def fault(leaves: dict, statements: list, check) -> str | None:
    """What is wrong with civita's answer to these statements; None where there is nothing, or no program."""
    try:
        refused(Program(leaves, statements), check)
    except Wrong as wrong:
        return str(wrong)
    except (Unfit, NameError):
        pass
    return None


def without(statements: list, i: int, operand: str | None) -> list:
    """The statements without one; where an operand is given, it is read instead of what that one defined."""
    gone, fewer = statements[i], statements[:i]
    for s in statements[i + 1 :]:
        if operand:
            s = s.renamed(gone.defines, operand)
        fewer.append(s)
    return fewer


def smallest(program: Program, check) -> str:
    """The program without the statements that its failure does not need, as source, and the failure."""
    statements, going = program.statements, True
    while going:
        going = False
        for i in reversed(range(len(statements))):
            s = statements[i]
            for operand in (None, *(s.reads if s.defines else ())):
                fewer = without(statements, i, operand)
                if fault(program.leaves, fewer, check):
                    statements, going = fewer, True
                    break
    left = Program(program.leaves, statements)
    return f"{left.source()}\n# {fault(program.leaves, statements, check)}"


def run(first: int, count: int, check) -> tuple[int, int]:
    """How many programs agree and how many are refused; fails with the first three that are wrong."""
    outcomes, wrong = [], []
    for program in programs(first, count):
        try:
            outcomes.append(refused(program, check))
        except Wrong:
            wrong.append(program)
    if wrong:
        shown = "\n\n".join(smallest(program, check) for program in wrong[:3])
        pytest.fail(f"{len(wrong)} of {count} programs are wrong:\n\n{shown}", pytrace=False)
    return outcomes.count(False), outcomes.count(True)


@pytest.mark.parametrize("first", range(0, COUNT, BLOCK))
def test_gradients_of_random_programs_are_the_differences_or_an_error(first):
    agree, refusals = run(first, min(BLOCK, COUNT - first), CHECKS[MODE])
    print(f"{agree} programs agree, {refusals} are refused")
    assert refusals <= agree


@pytest.mark.parametrize("mode", ["forward", "batched"])
@pytest.mark.parametrize("first", range(3 * 10**6, 3 * 10**6 + 500, BLOCK))
def test_random_programs_under_other_transformations(first, mode):
    agree, refusals = run(first, BLOCK, CHECKS[mode])
    assert refusals <= agree


def test_the_programs_write_into_views_and_reach_every_kind_of_statement():
    """A generator that made only dull programs would find nothing."""
    made = list(programs(0, 150))
    texts = [s.text for program in made for s in program.statements]
    parts = ["[...] =", "*=", "+=", "/=", ".T", "reshape", "broadcast_to", "None", "::-", "] = xp.tanh", "[v", "> "]
    for part in parts:
        assert sum(part in text for text in texts) >= 10, part
    # In most the loss moves with a leaf; in many one name of a buffer is read after another was written.
    moving = [p for p in made if sum(np.abs(g).max() > 1e-3 for g in p.gradients.values()) > 1]
    assert len(moving) > 100
    assert sum(p.may_refuse for p in made) < 60

    def written_elsewhere(program):
        trace, names = Trace(program.leaves), set()
        for s in program.statements:
            if any(n in names for n in s.reads):
                return True
            trace.run(s)
            if s.writes:
                buffer = trace.buffer[s.writes]
                names |= {n for n, b in trace.buffer.items() if b == buffer and n != s.writes}
        return False

    assert sum(map(written_elsewhere, made)) > 40


def test_the_differences_are_those_of_dual_numbers():
    assert run(10**6, 150, check_dual) == (150, 0)


def test_a_wrong_derivative_is_found_and_its_program_made_small(monkeypatch):
    """The checks themselves: dual numbers that forget what is written through a view."""

    whole = Dual.__setitem__

    def forgetful(self, key, new):
        whole(self, key, Dual(dual(new).value, 0.0) if self.value.base is not None else new)

    monkeypatch.setattr(Dual, "__setitem__", forgetful)
    wrong = []
    for program in programs(2 * 10**6, 100):
        try:
            check_dual(program)
        except Wrong:
            wrong.append(program)
    assert len(wrong) > 10
    source = smallest(wrong[0], check_dual)
    assert source.count("\n") < 12 and "directional derivative is" in source
