//! What is measured. How each library writes a row is in `civita_rows`, `ndarray_rows` and `numr_rows`.

/// The element type of a row's inputs.
#[derive(Clone, Copy)]
pub enum Real {
    F32,
    F64,
    I64,
}

impl Real {
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::I64 => "int64",
        }
    }
}

/// A named shape.
pub struct Size {
    pub label: &'static str,
    pub shape: &'static [usize],
}

pub struct Row {
    pub name: &'static str,
    pub sizes: &'static [Size],
    pub reals: &'static [Real],
}

const fn size(label: &'static str, shape: &'static [usize]) -> Size {
    Size { label, shape }
}

const GRID: &[Size] = &[
    size("1", &[1]),
    size("100", &[100]),
    size("10K", &[10_000]),
    size("100K", &[100_000]),
    size("1M", &[1_000_000]),
    size("10M", &[10_000_000]),
];
const MATRICES: &[Size] = &[
    size("16", &[16, 16]),
    size("64", &[64, 64]),
    size("128", &[128, 128]),
    size("256", &[256, 256]),
    size("512", &[512, 512]),
    size("1000", &[1000, 1000]),
    size("1024", &[1024, 1024]),
    size("2048", &[2048, 2048]),
];
const FLOATS: &[Real] = &[Real::F32, Real::F64];

const fn grid(name: &'static str) -> Row {
    Row {
        name,
        sizes: GRID,
        reals: FLOATS,
    }
}

const fn one(name: &'static str, sizes: &'static [Size]) -> Row {
    Row {
        name,
        sizes,
        reals: FLOATS,
    }
}

pub const ROWS: &[Row] = &[
    grid("neg"),
    grid("abs"),
    grid("exp"),
    grid("log"),
    grid("tanh"),
    grid("relu"),
    grid("floor"),
    grid("isnan"),
    grid("add"),
    grid("sub"),
    grid("mul"),
    grid("div"),
    grid("floor_divide"),
    grid("maximum"),
    grid("pow"),
    grid("lt"),
    grid("eq"),
    grid("where"),
    grid("sum"),
    grid("mean"),
    grid("max"),
    grid("argmax"),
    grid("var"),
    grid("logsumexp"),
    grid("any"),
    grid("cumsum"),
    one("boolean select", &[size("1M", &[1_000_000])]),
    one("sum over axis 0", &[size("2000x2000", &[2000, 2000])]),
    one(
        "sum over axis 1",
        &[
            size("2000x2000", &[2000, 2000]),
            size("1000x100", &[1000, 100]),
            size("1000x10", &[1000, 10]),
        ],
    ),
    // loops over elements and rows, as programs have that are not written for whole arrays
    one("read each x[[i, j]]", &[size("100x100", &[100, 100])]),
    one("write each x[[i, j]]", &[size("100x100", &[100, 100])]),
    one("each of rows()", &[size("1000x10", &[1000, 10])]),
    one("a += &b", &[size("1", &[1])]),
    one("sum().item()", &[size("1", &[1])]),
    one("dot().item()", &[size("1", &[1])]),
    one("outer add", &[size("(1000,1)+(1,1000)", &[1000])]),
    one("a + a.T", &[size("1000x1000", &[1000, 1000])]),
    one("copy of a.T", &[size("4096x4096", &[4096, 4096])]),
    one("softmax", &[size("1000x1000", &[1000, 1000])]),
    one("exp(a*b + c) fused", &[size("1M", &[1_000_000])]),
    one("matmul", MATRICES),
    Row {
        name: "matmul",
        sizes: &[size("256", &[256, 256])],
        reals: &[Real::I64],
    },
];
