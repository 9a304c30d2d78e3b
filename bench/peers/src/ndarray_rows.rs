//! The rows as a user of ndarray writes them: its operators and methods, `Zip` and `mapv` where it has no method.

use std::hint::black_box;

use ndarray::{Array, Array1, Array2, Axis, Ix2, IxDyn, Zip};

use crate::measure::{Run, timed};
use crate::numbers;
use crate::rows::Real;

/// The timed loop of a row; none where ndarray has no such thing.
pub fn subject(real: Real, row: &str, shape: &[usize]) -> Option<Run> {
    match real {
        Real::F32 => float::f32(row, shape),
        Real::F64 => float::f64(row, shape),
        Real::I64 => integer(row, shape),
    }
}

fn array<T>(values: Vec<T>, shape: &[usize]) -> Array<T, IxDyn> {
    Array::from_shape_vec(IxDyn(shape), values).expect("as many numbers as the shape has room for")
}

fn integer(row: &str, shape: &[usize]) -> Option<Run> {
    let i: Array2<i64> = array(numbers::i(shape.iter().product()), shape)
        .into_dimensionality::<Ix2>()
        .ok()?;
    match row {
        "matmul" => timed(move || i.dot(&i)),
        _ => None,
    }
}

mod float {
    use super::*;

    macro_rules! rows {
        ($t:ident) => {
            pub fn $t(row: &str, shape: &[usize]) -> Option<Run> {
                if shape.len() == 2 {
                    matrix::$t(row, shape)
                } else {
                    vector::$t(row, shape)
                }
            }
        };
    }
    rows!(f32);
    rows!(f64);
}

mod vector {
    use super::*;

    macro_rules! rows {
        ($t:ident) => {
            pub fn $t(row: &str, shape: &[usize]) -> Option<Run> {
                let n = shape[0];
                let load = |values: Vec<f64>| -> Array1<$t> {
                    values.into_iter().map(|v| v as $t).collect()
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
                    "log" => timed(move || a.ln()),
                    "tanh" => timed(move || x.tanh()),
                    "relu" => timed(move || x.mapv(|v| v.max(0.0))),
                    "floor" => timed(move || x.floor()),
                    "isnan" => timed(move || x.mapv(|v| v.is_nan())),
                    "add" => timed(move || &a + &b),
                    "sub" => timed(move || &a - &b),
                    "mul" => timed(move || &a * &b),
                    "div" => timed(move || &a / &b),
                    "floor_divide" => {
                        timed(move || Zip::from(&x).and(&a).map_collect(|x, a| (x / a).floor()))
                    }
                    "maximum" => timed(move || Zip::from(&x).and(&a).map_collect(|x, a| x.max(*a))),
                    "pow" => timed(move || Zip::from(&a).and(&b).map_collect(|a, b| a.powf(*b))),
                    "lt" => timed(move || Zip::from(&x).and(&a).map_collect(|x, a| x < a)),
                    "eq" => timed(move || Zip::from(&x).and(&a).map_collect(|x, a| x == a)),
                    "where" => {
                        let m = Array1::from_vec(numbers::m(n));
                        timed(move || {
                            Zip::from(&m)
                                .and(&a)
                                .and(&b)
                                .map_collect(|m, a, b| if *m { *a } else { *b })
                        })
                    }
                    "sum" => timed(move || x.sum()),
                    "mean" => timed(move || x.mean()),
                    "max" => timed(move || x.fold($t::NEG_INFINITY, |m, v| m.max(*v))),
                    "argmax" => timed(move || {
                        let best = x.iter().enumerate().max_by(|l, r| l.1.total_cmp(r.1));
                        best.map(|(i, _)| i)
                    }),
                    "var" => timed(move || x.var(0.0)),
                    "logsumexp" => timed(move || {
                        let max = x.fold($t::NEG_INFINITY, |m, v| m.max(*v));
                        max + x.mapv(|v| (v - max).exp()).sum().ln()
                    }),
                    "any" => {
                        let z = Array1::<$t>::zeros(n);
                        timed(move || z.iter().any(|v| *v != 0.0))
                    }
                    "a += &b" => {
                        let mut y = a;
                        timed(move || y += &b)
                    }
                    "sum().item()" => timed(move || x.sum()),
                    "dot().item()" => timed(move || a.dot(&b)),
                    "cumsum" => timed(move || {
                        let mut y = x.clone();
                        y.accumulate_axis_inplace(Axis(0), |before, now| *now += before);
                        y
                    }),
                    "boolean select" => {
                        let m = numbers::m(n);
                        timed(move || -> Array1<$t> {
                            x.iter()
                                .zip(&m)
                                .filter(|(_, m)| **m)
                                .map(|(x, _)| *x)
                                .collect()
                        })
                    }
                    "outer add" => {
                        let a = a.into_shape_with_order((n, 1)).ok()?;
                        let b = b.into_shape_with_order((1, n)).ok()?;
                        timed(move || &a + &b)
                    }
                    "exp(a*b + c) fused" => {
                        let c = load(numbers::c(n));
                        timed(move || {
                            Zip::from(&a)
                                .and(&b)
                                .and(&c)
                                .map_collect(|a, b, c| (a * b + c).exp())
                        })
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
            pub fn $t(row: &str, shape: &[usize]) -> Option<Run> {
                let load = |values: Vec<f64>| -> Option<Array2<$t>> {
                    let values = array(values.into_iter().map(|v| v as $t).collect(), shape);
                    values.into_dimensionality::<Ix2>().ok()
                };
                let sides = [shape[0], shape[1]];
                let n = shape.iter().product();
                let (x, a, b) = (
                    load(numbers::x(n))?,
                    load(numbers::a(n))?,
                    load(numbers::b(n))?,
                );
                match row {
                    "sum over axis 0" => timed(move || x.sum_axis(Axis(0))),
                    "sum over axis 1" => timed(move || x.sum_axis(Axis(1))),
                    "read each x[[i, j]]" => timed(move || {
                        let mut sum = 0.0;
                        for i in 0..sides[0] {
                            for j in 0..sides[1] {
                                sum += x[[i, j]];
                            }
                        }
                        sum
                    }),
                    "write each x[[i, j]]" => {
                        let mut x = x;
                        timed(move || {
                            for i in 0..sides[0] {
                                for j in 0..sides[1] {
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
                    "copy of a.T" => timed(move || a.t().as_standard_layout().into_owned()),
                    "softmax" => timed(move || {
                        let max =
                            x.map_axis(Axis(1), |r| r.fold($t::NEG_INFINITY, |m, v| m.max(*v)));
                        let e = (&x - &max.insert_axis(Axis(1))).exp();
                        let sum = e.sum_axis(Axis(1)).insert_axis(Axis(1));
                        e / sum
                    }),
                    "matmul" => timed(move || a.dot(&b)),
                    _ => None,
                }
            }
        };
    }
    rows!(f32);
    rows!(f64);
}
