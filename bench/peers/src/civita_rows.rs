//! The rows as a user of Civita writes them.

use std::hint::black_box;

use civita::prelude::*;

use crate::measure::{Run, timed, timed_try};
use crate::numbers;
use crate::rows::Real;

/// The timed loop of a row.
pub fn subject(real: Real, row: &str, shape: &[usize]) -> Option<Run> {
    match (real, shape) {
        (Real::F32, [_]) => vector::f32(row, shape[0]),
        (Real::F64, [_]) => vector::f64(row, shape[0]),
        (Real::F32, _) => matrix::f32(row, [shape[0], shape[1]]),
        (Real::F64, _) => matrix::f64(row, [shape[0], shape[1]]),
        (Real::I64, _) => integer(row, [shape[0], shape[1]]),
    }
}

fn try_timed<R>(work: impl FnMut() -> civita::Result<R> + 'static) -> Option<Run> {
    timed_try("civita", work)
}

fn integer(row: &str, shape: [usize; 2]) -> Option<Run> {
    let i = Vector::from_vec(numbers::i(shape[0] * shape[1]))
        .reshape(shape)
        .ok()?;
    match row {
        "matmul" => try_timed(move || i.matmul(&i)),
        _ => None,
    }
}

mod vector {
    use super::*;

    macro_rules! rows {
        ($t:ident) => {
            pub fn $t(row: &str, n: usize) -> Option<Run> {
                let load = |values: Vec<f64>| -> Vector<$t> {
                    Vector::from_vec(values.into_iter().map(|v| v as $t).collect())
                };
                let (x, a, b) = (
                    load(numbers::x(n)),
                    load(numbers::a(n)),
                    load(numbers::b(n)),
                );
                match row {
                    "neg" => timed(move || -&x),
                    "abs" => timed(move || x.abs()),
                    "exp" => timed(move || x.exp()),
                    "log" => timed(move || a.log()),
                    "tanh" => timed(move || x.tanh()),
                    "relu" => timed(move || x.relu()),
                    "floor" => timed(move || x.floor()),
                    "isnan" => timed(move || x.isnan()),
                    "add" => timed(move || &a + &b),
                    "sub" => timed(move || &a - &b),
                    "mul" => timed(move || &a * &b),
                    "div" => timed(move || &a / &b),
                    "floor_divide" => try_timed(move || x.floor_divide(&a)),
                    "maximum" => try_timed(move || x.maximum(&a)),
                    "pow" => try_timed(move || a.pow(&b)),
                    "lt" => try_timed(move || x.lt(&a)),
                    "eq" => try_timed(move || x.eq(&a)),
                    "where" => {
                        let m = Vector::from_vec(numbers::m(n));
                        try_timed(move || m.choose(&a, &b))
                    }
                    "sum" => timed(move || x.sum()),
                    "mean" => timed(move || x.mean()),
                    "max" => timed(move || x.max()),
                    "argmax" => timed(move || x.argmax()),
                    "var" => timed(move || x.var()),
                    "logsumexp" => timed(move || x.logsumexp()),
                    "any" => {
                        let z = Vector::<$t>::zeros(n);
                        timed(move || z.any())
                    }
                    "a += &b" => {
                        let mut y = a;
                        timed(move || y += &b)
                    }
                    "sum().item()" => timed(move || x.sum().item()),
                    "dot().item()" => try_timed(move || a.dot(&b)?.item()),
                    "cumsum" => try_timed(move || x.cumsum(0)),
                    "boolean select" => {
                        let m = Vector::from_vec(numbers::m(n));
                        try_timed(move || x.select(&m))
                    }
                    "outer add" => {
                        let (a, b) = (a.reshape([n, 1]).ok()?, b.reshape([1, n]).ok()?);
                        timed(move || &a + &b)
                    }
                    "exp(a*b + c) fused" => {
                        let c = load(numbers::c(n));
                        let fused = fuse!(|a, b, c| (a * b + c).exp());
                        try_timed(move || fused.call((&a, &b, &c)))
                    }
                    _ => None,
                }
            }
        };
    }
    rows!(f32);
    rows!(f64);
}

mod matrix {
    use super::*;

    macro_rules! rows {
        ($t:ident) => {
            pub fn $t(row: &str, shape: [usize; 2]) -> Option<Run> {
                let n = shape[0] * shape[1];
                let load = |values: Vec<f64>| -> Option<Matrix<$t>> {
                    let values: Vec<$t> = values.into_iter().map(|v| v as $t).collect();
                    Vector::from_vec(values).reshape(shape).ok()
                };
                let (x, a, b) = (
                    load(numbers::x(n))?,
                    load(numbers::a(n))?,
                    load(numbers::b(n))?,
                );
                match row {
                    "sum over axis 0" => try_timed(move || x.over(0).sum()),
                    "sum over axis 1" => try_timed(move || x.over(1).sum()),
                    "read each x[[i, j]]" => timed(move || {
                        let mut sum = 0.0;
                        for i in 0..shape[0] {
                            for j in 0..shape[1] {
                                sum += x[[i, j]];
                            }
                        }
                        sum
                    }),
                    "write each x[[i, j]]" => {
                        let mut x = x;
                        timed(move || {
                            for i in 0..shape[0] {
                                for j in 0..shape[1] {
                                    x[[i, j]] = (i + j) as $t;
                                }
                            }
                        })
                    }
                    "each of rows()" => timed(move || {
                        for row in x.rows() {
                            black_box(row);
                        }
                    }),
                    "a + a.T" => timed(move || &a + &a.t()),
                    "copy of a.T" => timed(move || a.t().contiguous()),
                    "softmax" => try_timed(move || x.softmax(-1)),
                    "matmul" => try_timed(move || a.matmul(&b)),
                    _ => None,
                }
            }
        };
    }
    rows!(f32);
    rows!(f64);
}
