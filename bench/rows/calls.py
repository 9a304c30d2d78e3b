"""What a call costs: functions on ten elements beside NumPy, at most its time."""

from .row import beside_numpy

TEN = {"10": 10}
UNARY = """
    abs arcsin arcsinh arctan cbrt ceil conj cos cosh degrees exp exp2 expm1 fabs floor isfinite isinf isnan negative
    positive radians rint sign signbit sin sinh square tan tanh trunc modf frexp spacing
    logical_not sum prod mean std var min max argmin argmax all any ptp median nansum nanmean nanmax nanstd count_nonzero
    cumsum cumprod diff gradient sort argsort unique flatnonzero nonzero
    ravel flip fliplr_of_2d copy transpose atleast_2d squeeze zeros_like ones_like empty_like isreal nan_to_num round
    real imag angle sinc unwrap trapezoid diag tril trace_of_2d triu histogram
"""
POSITIVE = "sqrt log log2 log10 log1p reciprocal"
BINARY = """
    add subtract multiply divide floor_divide remainder fmod divmod power maximum minimum fmax fmin arctan2 hypot copysign
    nextafter logaddexp less equal greater_equal logical_and logical_or heaviside
    dot inner outer vdot kron convolve correlate cross_of_3 array_equal allclose isclose append isin intersect1d union1d
"""
INTEGERS = "bitwise_and bitwise_or bitwise_xor left_shift gcd lcm"
OTHERS = {
    "clip": "xp.clip(x, -1.0, 1.0)",
    "where": "xp.where(m, a, b)",
    "take": "xp.take(x, p)",
    "x[2]": "x[2]",
    "x[2:5]": "x[2:5]",
    "x[m]": "x[m]",
    "x[p]": "x[p]",
    "x[2:5] = 1": "x[2:5] = 1.0",
    "x[None]": "x[None]",
    "x[:, 0]": "d[:, 0]",
    "x[int64]": "x[i]",
    "x[2] = float64": "x[2] = v",
    "array of scalars": "xp.array(q)",
    "concatenate": "xp.concatenate((a, b))",
    "stack": "xp.stack((a, b))",
    "vstack": "xp.vstack((a, b))",
    "tile": "xp.tile(x, 2)",
    "repeat": "xp.repeat(x, 2)",
    "roll": "xp.roll(x, 1)",
    "pad": "xp.pad(x, 1)",
    "split": "xp.split(x, 2)",
    "reshape": "x.reshape(2, 5)",
    "expand_dims": "xp.expand_dims(x, 0)",
    "broadcast_to": "xp.broadcast_to(x, (3, 10))",
    "moveaxis": "xp.moveaxis(x[None], 0, 1)",
    "swapaxes": "xp.swapaxes(x[None], 0, 1)",
    "astype": "x.astype('float32')",
    "quantile": "xp.quantile(x, 0.3)",
    "partition": "xp.partition(x, 3)",
    "searchsorted": "xp.searchsorted(s, x)",
    "digitize": "xp.digitize(x, s)",
    "interp": "xp.interp(x, s, t)",
    "bincount": "xp.bincount(p)",
    "einsum": "xp.einsum('i,i->', a, b)",
    "average": "xp.average(x)",
    "cov": "xp.cov(a, b)",
    "matmul": "a @ b",
    "meshgrid": "xp.meshgrid(a, b)",
    "add.at": "xp.add.at(y, p, a)",
    "arange": "xp.arange(10)",
    "linspace": "xp.linspace(0.0, 1.0, 10)",
    "zeros": "xp.zeros(10)",
    "ones": "xp.ones(10)",
    "full": "xp.full(10, 2.0)",
    "eye": "xp.eye(3)",
    "array of a list": "xp.array([1.0, 2.0, 3.0])",
    "float(x[0])": "float(x[0])",
    "x.shape": "x.shape",
    "fft": "xp.fft.fft(x)",
    "norm": "xp.linalg.norm(x)",
    "x.sum()": "x.sum()",
    "x + 1": "x + 1.0",
    "x += 1": "y += 1.0",
    "x == x": "x == x",
    "repr": "repr(x)",
    "iteration": "list(x)",
}


def call(name, statement, **more) -> object:
    """A row of ten elements; a call is the same at any number of threads."""
    shown = {"float(x[0])": "x", "x[2:5] = 1": "x", "x[2] = float64": "x", "add.at": "None", "x += 1": "None", "repr": "None", "empty_like": "None", "x.shape": "None"}
    more = {"init": dict.fromkeys(("civita", "numpy"), "y = a * 0; i = xp.int64(3); v = xp.float64(0.5); q = list(x); d = x.reshape(2, 5)")} | more
    return beside_numpy(f"call of {name}", statement, TEN, 1, torch=None, dtypes=("float64",), result=shown.get(name), **more)


def named(name, arguments) -> object:
    """A function by its name; `_of_2d` and `_of_3` after it choose other arguments."""
    if name.endswith("_of_2d"):
        return call(name[:-6], f"xp.{name[:-6]}(y)", init=dict.fromkeys(("civita", "numpy"), "y = x.reshape(2, 5)"))
    if name.endswith("_of_3"):
        return call(name[:-5], f"xp.{name[:-5]}(y, g)", init=dict.fromkeys(("civita", "numpy"), "y = a[:3]; g = b[:3]"))
    return call(name, f"xp.{name}({arguments})")


ROWS = [
    *(named(name, "u" if name == "arcsin" else "x") for name in UNARY.split()),
    *(named(name, "a") for name in POSITIVE.split()),
    *(named(name, "x, a" if name not in ("power", "kron") else "a, b") for name in BINARY.split()),
    *(named(name, "p, p") for name in INTEGERS.split()),
    *(call(name, statement) for name, statement in OTHERS.items()),
]
