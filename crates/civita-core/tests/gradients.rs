//! Derivatives against finite differences, forward mode against reverse mode: every row and every structured op, first
//! and second order, `float64` and `complex128`. A new row gets its tests by being a row.

use std::sync::{Arc, Weak};

use civita_core::dtype::{Casting, DType, Scalar};
use civita_core::error::Result;
use civita_core::functions::compare::clip;
use civita_core::functions::{Number, Out};
use civita_core::graph::{
    Function, Keep, Tolerance, backward, check_gradients, check_second_gradients, grad, jvp,
    no_grad,
};
use civita_core::layout::{Axes, KeepDims, SliceItem};
use civita_core::ops::{Gradient, Op, REDUCTIONS, ROWS, Reduction, gradient_of};
use civita_core::program::Program;
use civita_core::raw::ReduceOptions;
use civita_core::raw::{Mode, Raw};
use num_complex::Complex;

/// Numbers between -1 and 1 that look random: the fractional parts of multiples of the golden ratio.
fn noise(n: usize, seed: f64) -> Vec<f64> {
    (0..n)
        .map(|i| 2.0 * ((i as f64 + seed) * 0.618_033_988_749_894_9 + seed * 0.377).fract() - 1.0)
        .collect()
}

fn reals(values: Vec<f64>, shape: &[usize]) -> Raw {
    Raw::from_vec(values, shape).unwrap()
}

fn real(shape: &[usize], seed: f64) -> Raw {
    reals(noise(shape.iter().product(), seed), shape)
}

fn complex(shape: &[usize], seed: f64) -> Raw {
    let n = shape.iter().product();
    let parts = noise(n, seed).into_iter().zip(noise(n, seed + 0.5));
    Raw::from_vec(parts.map(|(re, im)| Complex::new(re, im)).collect(), shape).unwrap()
}

/// An array of this dtype and shape.
fn of(dtype: DType, shape: &[usize], seed: f64) -> Raw {
    if dtype.is_complex() {
        complex(shape, seed)
    } else {
        real(shape, seed)
    }
}

/// `Re Σ conj(a) · b`.
fn product(a: &Raw, b: &Raw) -> Result<f64> {
    Ok(a.conj()?
        .mul(b)?
        .real()?
        .sum_all()?
        .cast(DType::F64)?
        .item()?
        .as_f64())
}

/// `⟨w, J·v⟩ = ⟨Jᵀ·w, v⟩`: the two modes describe one linear map.
fn check_duality(
    f: &dyn Fn(&[Raw]) -> Result<Raw>,
    inputs: &[Raw],
) -> std::result::Result<(), String> {
    let inner = || -> Result<(f64, f64)> {
        let v: Vec<Raw> = inputs
            .iter()
            .enumerate()
            .map(|(i, x)| of(x.dtype(), x.shape(), 0.3 + i as f64))
            .collect();
        let (y, jv) = jvp(|x| Ok(vec![f(x)?]), inputs, &v)?;
        let w = of(y[0].dtype(), y[0].shape(), 0.7);
        let forward = product(&w, &jv[0])?;
        let leaves = inputs
            .iter()
            .map(Raw::requires_grad)
            .collect::<Result<Vec<_>>>()?;
        let y = f(&leaves)?;
        if !y.tracks_gradient() {
            return Ok((forward, 0.0));
        }
        let gradients = grad(
            &[(&y, Some(&w))],
            &leaves.iter().collect::<Vec<_>>(),
            Keep::Nothing,
        )?;
        let mut backward = 0.0;
        for (g, v) in gradients.iter().zip(&v) {
            backward += product(g, v)?;
        }
        Ok((forward, backward))
    };
    let (forward, backward) = inner().map_err(|e| e.to_string())?;
    let near = (forward - backward).abs() <= 1e-10 * (1.0 + forward.abs());
    if near {
        Ok(())
    } else {
        Err(format!("forward mode {forward}, reverse mode {backward}"))
    }
}

/// What failed, of many cases, so that one run tells all.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn check(&mut self, name: &str, f: &dyn Fn(&[Raw]) -> Result<Raw>, inputs: &[Raw]) {
        let tolerance = Tolerance::default();
        if let Err(e) = check_gradients(f, inputs, tolerance) {
            self.0.push(format!("{name}, first: {e}"));
        }
        if let Err(e) = check_second_gradients(
            f,
            inputs,
            Tolerance {
                step: 1e-5,
                ..tolerance
            },
        ) {
            self.0.push(format!("{name}, second: {e}"));
        }
        if let Err(e) = check_duality(f, inputs) {
            self.0.push(format!("{name}, duality: {e}"));
        }
    }

    /// The same for real and for complex inputs of these shapes.
    fn both(&mut self, name: &str, f: &dyn Fn(&[Raw]) -> Result<Raw>, shapes: &[&[usize]]) {
        for dtype in [DType::F64, DType::C128] {
            let inputs: Vec<Raw> = shapes
                .iter()
                .enumerate()
                .map(|(i, s)| of(dtype, s, 1.1 + i as f64))
                .collect();
            self.check(&format!("{name} of {dtype}"), f, &inputs);
        }
    }

    fn real(&mut self, name: &str, f: &dyn Fn(&[Raw]) -> Result<Raw>, shapes: &[&[usize]]) {
        let inputs: Vec<Raw> = shapes
            .iter()
            .enumerate()
            .map(|(i, s)| real(s, 1.1 + i as f64))
            .collect();
        self.check(name, f, &inputs);
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(
                self.0.is_empty(),
                "{} failed:\n{}",
                self.0.len(),
                self.0.join("\n")
            );
        }
    }
}

/// Samples of a row as arguments: column `k`, moved a little so that no two arguments tie.
fn samples(row: &civita_core::ops::Row, k: usize, dtype: DType) -> Vec<Scalar> {
    let shift = if row.arity > 1 && k == row.arity - 2 {
        0.0625 + 0.0078125
    } else {
        0.0
    };
    let at = |(i, s): (usize, &[f64; 3])| match dtype.is_complex() {
        true => Scalar::Complex(Complex::new(
            s[k] + shift,
            0.3 - 0.2 * i as f64 + 0.5 * k as f64,
        )),
        false => Scalar::Float(s[k] + shift),
    };
    row.samples.iter().enumerate().map(at).collect()
}

/// The values again and again, until they fill the shape.
fn tensor(values: &[Scalar], shape: &[usize], dtype: DType) -> Raw {
    let values: Vec<Scalar> = values
        .iter()
        .copied()
        .cycle()
        .take(shape.iter().product())
        .collect();
    let raw = match dtype.is_complex() {
        true => Raw::from_vec(values.iter().map(|v| v.as_complex()).collect(), shape),
        false => Raw::from_vec(values.iter().map(|v| v.as_f64()).collect(), shape),
    };
    raw.unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn every_differentiable_row_has_the_derivatives_that_differences_say() {
    let mut failures = Failures::default();
    for row in ROWS
        .iter()
        .filter(|r| !matches!(gradient_of(r.op), Gradient::None(_)))
    {
        for dtype in [DType::F64, DType::C128]
            .into_iter()
            .filter(|d| row.class.loops().contains(d))
        {
            let name = format!("{} of {dtype}", row.name);
            let n = row.samples.len();
            let column = |k: usize, shape: &[usize]| tensor(&samples(row, k, dtype), shape, dtype);
            match row.arity {
                1 => failures.check(
                    &name,
                    &|x| Raw::apply(row.op, &[(&x[0]).into()]),
                    &[column(0, &[n])],
                ),
                2 => {
                    let f = |x: &[Raw]| Raw::apply(row.op, &[(&x[0]).into(), (&x[1]).into()]);
                    failures.check(&name, &f, &[column(0, &[n]), column(1, &[n])]);
                    failures.check(
                        &format!("{name}, broadcast"),
                        &f,
                        &[column(0, &[n, 1]), column(1, &[1, n])],
                    );
                    failures.check(
                        &format!("{name}, ranks"),
                        &f,
                        &[column(0, &[n]), column(1, &[1, n, 1])],
                    );
                    let g = |x: &[Raw]| {
                        Raw::apply(
                            row.op,
                            &[(&x[0]).into(), Scalar::Float(row.samples[0][1]).into()],
                        )
                    };
                    failures.check(&format!("{name}, scalar right"), &g, &[column(0, &[n])]);
                    let g = |x: &[Raw]| {
                        Raw::apply(
                            row.op,
                            &[
                                Scalar::Float(row.samples[0][0] + 0.0703125).into(),
                                (&x[0]).into(),
                            ],
                        )
                    };
                    failures.check(&format!("{name}, scalar left"), &g, &[column(1, &[n])]);
                    // an integer operand is the float that the op makes of it, in the derivative too
                    let whole = Raw::from_vec(vec![2i64, 3, 5], &[3, 1]).unwrap();
                    let beside = Scalar::Float(0.0703125); // of an integer, where some functions jump
                    let fused = Function::of(row.op);
                    for (k, side) in [(0, "right"), (1, "left")] {
                        let both = |x: &Raw| {
                            let x = Raw::apply(Op::Add, &[x.into(), beside.into()]).unwrap();
                            match k {
                                0 => [x, whole.clone()],
                                _ => [whole.clone(), x],
                            }
                        };
                        failures.check(
                            &format!("{name}, integers {side}"),
                            &|x| {
                                let [a, b] = both(&x[0]);
                                Raw::apply(row.op, &[(&a).into(), (&b).into()])
                            },
                            &[column(k, &[n])],
                        );
                        failures.check(
                            &format!("{name}, integers {side}, fused"),
                            &|x| {
                                let [a, b] = both(&x[0]);
                                Raw::call(fused, &[&a, &b])
                            },
                            &[column(k, &[n])],
                        );
                    }
                }
                _ => {
                    let c = Raw::from_vec(vec![true, false], &[2, 1]).unwrap();
                    let f = |x: &[Raw]| {
                        Raw::apply(row.op, &[(&c).into(), (&x[0]).into(), (&x[1]).into()])
                    };
                    failures.check(&name, &f, &[column(1, &[n]), column(2, &[2, n])]);
                    failures.check(
                        &format!("{name}, broadcast"),
                        &f,
                        &[
                            column(1, &[n]),
                            tensor(&samples(row, 2, dtype)[..1], &[1], dtype),
                        ],
                    );
                }
            }
        }
    }
}

#[test]
fn what_has_no_derivative_is_no_part_of_the_graph() {
    let x = real(&[3], 1.0).requires_grad().unwrap();
    for row in ROWS.iter().filter(|r| {
        matches!(gradient_of(r.op), Gradient::None(_)) && r.class.loops().contains(&DType::F64)
    }) {
        let operands = vec![(&x).into(); row.arity];
        let y = Raw::apply(row.op, &operands).unwrap();
        assert!(!y.tracks_gradient(), "{}", row.name);
    }
}

fn options(axes: Axes<'_>, keepdims: KeepDims) -> ReduceOptions<'_> {
    ReduceOptions {
        axes,
        keepdims,
        ..Default::default()
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn every_differentiable_reduction_has_the_derivatives_that_differences_say() {
    let mut failures = Failures::default();
    for row in REDUCTIONS.iter().filter(|r| r.no_gradient.is_none()) {
        let dtypes: &[DType] = &[DType::F64, DType::C128];
        for &dtype in dtypes {
            let ordered = matches!(row.op, Reduction::Max | Reduction::Min);
            if ordered && dtype.is_complex() {
                continue;
            }
            for axes in [
                Axes::All,
                Axes::List(&[0]),
                Axes::List(&[-1]),
                Axes::List(&[0, 2]),
                Axes::List(&[]),
            ] {
                if matches!((row.op, axes), (Reduction::Std, Axes::List([]))) {
                    continue; // the root of a variance of 0 has no derivative
                }
                for keepdims in [KeepDims::Yes, KeepDims::No] {
                    let name = format!("{} of {dtype} over {axes:?}", row.name);
                    let f = |x: &[Raw]| x[0].reduce(row.op, options(axes, keepdims));
                    failures.check(&name, &f, &[of(dtype, &[2, 3, 2], 1.3)]);
                }
            }
            let transposed = |x: &[Raw]| {
                x[0].transpose()?
                    .reduce(row.op, options(Axes::List(&[0]), KeepDims::No))
            };
            failures.check(
                &format!("{} of {dtype}, transposed", row.name),
                &transposed,
                &[of(dtype, &[2, 3], 2.3)],
            );
        }
    }
    let sample = |x: &[Raw]| {
        x[0].reduce(
            Reduction::Var,
            ReduceOptions {
                ddof: 1.0,
                ..Default::default()
            },
        )
    };
    failures.both("var with ddof 1", &sample, &[&[5]]);
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn a_product_with_zeros_has_first_and_second_derivatives() {
    let mut failures = Failures::default();
    let prod = |axes: &'static [isize]| {
        move |x: &[Raw]| {
            let options = ReduceOptions {
                axes: if axes.is_empty() {
                    Axes::All
                } else {
                    Axes::List(axes)
                },
                ..Default::default()
            };
            x[0].reduce(Reduction::Prod, options)
        }
    };
    for zeros in 0..5 {
        let mut x = vec![1.5, 2.0, -1.5, 0.5, -2.0];
        x[..zeros].fill(0.0);
        x.swap(1, 3);
        failures.check(
            &format!("prod with {zeros} zeros"),
            &prod(&[]),
            &[reals(x, &[5])],
        );
    }
    let x = vec![0.0, 2.0, 0.0, 0.5, 1.5, 0.0, -2.0, 0.0, 3.0, 1.0, 0.5, -0.5];
    for axes in [&[0isize] as &[_], &[1], &[-1, 0], &[0, 1, 2]] {
        let x = reals(x.clone(), &[2, 3, 2]);
        failures.check(
            &format!("prod over {axes:?}"),
            &prod(axes),
            std::slice::from_ref(&x),
        );
        failures.check(
            &format!("prod of transposed over {axes:?}"),
            &prod(axes),
            &[x.transpose().unwrap()],
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn matrix_products_of_all_ranks() {
    let mut failures = Failures::default();
    let f = |x: &[Raw]| x[0].matmul(&x[1]);
    let shapes: &[(&[usize], &[usize])] = &[
        (&[3], &[3]),
        (&[3], &[3, 2]),
        (&[2, 3], &[3]),
        (&[2, 3], &[3, 4]),
        (&[2, 2, 3], &[3]),
        (&[3], &[2, 3, 2]),
        (&[2, 2, 3], &[3, 2]),
        (&[2, 3], &[2, 3, 2]),
        (&[2, 1, 2, 3], &[3, 3, 1]),
        (&[1, 1], &[1, 1]),
        (&[2, 0], &[0, 2]),
    ];
    for (a, b) in shapes {
        failures.both(&format!("matmul {a:?} {b:?}"), &f, &[a, b]);
    }
    let f = |x: &[Raw]| x[0].transpose()?.matmul(&x[1].transpose()?);
    failures.both("matmul of transposed", &f, &[&[3, 2], &[2, 3]]);
    let f = |x: &[Raw]| x[0].matmul(&x[0]);
    failures.both("a square", &f, &[&[3, 3]]);
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn running_sums_and_softmax() {
    let mut failures = Failures::default();
    for axis in [None, Some(0), Some(-1)] {
        failures.both(
            &format!("cumsum {axis:?}"),
            &|x| x[0].cumsum(axis, None),
            &[&[3, 4]],
        );
    }
    for axis in [0, 1, -1] {
        failures.real(
            &format!("softmax {axis}"),
            &|x| x[0].softmax(axis),
            &[&[3, 4]],
        );
    }
    failures.both("softmax", &|x| x[0].softmax(-1), &[&[2, 3]]);
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn picking_and_placing() {
    let mut failures = Failures::default();
    let indices = Raw::from_vec(vec![2i64, 0, -1, 2], &[2, 2]).unwrap();
    for axis in [0, 1, -1] {
        failures.both(
            &format!("take {axis}"),
            &|x| x[0].take(&indices, axis, Mode::Raise),
            &[&[3, 3]],
        );
    }
    failures.both(
        "take wrapped",
        &|x| x[0].take(&Raw::from_vec(vec![7i32, -5], &[2])?, 0, Mode::Wrap),
        &[&[3]],
    );
    failures.both(
        "take clipped",
        &|x| x[0].take(&Raw::from_vec(vec![7i8, -5], &[2])?, 0, Mode::Clip),
        &[&[3]],
    );
    let mask = Raw::from_vec(vec![true, false, true], &[3]).unwrap();
    failures.both("select", &|x| x[0].select(&mask), &[&[3]]);
    failures.both("select rows", &|x| x[0].select(&mask), &[&[3, 2]]);
    let assign = |slice: Vec<SliceItem>| {
        move |x: &[Raw]| {
            let mut y = x[0].square()?;
            y.assign_slice(&slice, &x[1])?;
            y.square()
        }
    };
    failures.both(
        "assign_slice",
        &assign(vec![SliceItem::ALL, (1..3).into()]),
        &[&[3, 3], &[3, 2]],
    );
    failures.both(
        "assign_slice, broadcast",
        &assign(vec![SliceItem::from(-1)]),
        &[&[3, 3], &[1]],
    );
    failures.both(
        "assign_slice, reversed",
        &assign(vec![SliceItem::ALL.step_by(-2)]),
        &[&[3, 2], &[2, 2]],
    );
    let f = |x: &[Raw]| {
        let mut y = x[0].square()?;
        y.assign_where(&mask, &x[1])?;
        y.square()
    };
    failures.both("assign_where", &f, &[&[3], &[2]]);
    failures.both("assign_where, broadcast", &f, &[&[3, 2], &[1]]);
    // into a constant: only what is written has a gradient
    let f = |x: &[Raw]| {
        let mut y = Raw::ones(&[3], x[0].dtype())?;
        y.assign_slice(&[(1..).into()], &x[0])?;
        y.square()
    };
    failures.both("assign_slice into a constant", &f, &[&[2]]);
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn joining_and_views() {
    let mut failures = Failures::default();
    failures.both(
        "concatenate 0",
        &|x| Raw::concatenate(&[&x[0], &x[1]], 0)?.square(),
        &[&[2, 2], &[1, 2]],
    );
    failures.both(
        "concatenate -1",
        &|x| Raw::concatenate(&[&x[0], &x[1], &x[0]], -1)?.square(),
        &[&[2, 1], &[2, 2]],
    );
    failures.both(
        "stack",
        &|x| Raw::stack(&[&x[0], &x[1], &x[0]], 1)?.square(),
        &[&[2], &[2]],
    );
    let one: &[&[usize]] = &[&[2, 3]];
    failures.both(
        "slice",
        &|x| {
            x[0].slice(&[SliceItem::from(1..), SliceItem::ALL.step_by(-1)])?
                .square()
        },
        one,
    );
    failures.both(
        "slice with a new axis",
        &|x| {
            x[0].slice(&[SliceItem::NewAxis, SliceItem::Ellipsis, SliceItem::from(-1)])?
                .square()
        },
        one,
    );
    failures.both("permute", &|x| x[0].permute(&[1, 0])?.square(), one);
    failures.both(
        "permute 3",
        &|x| x[0].permute(&[2, -3, 1])?.square(),
        &[&[2, 3, 2]],
    );
    failures.both("transpose", &|x| x[0].transpose()?.square(), one);
    failures.both("swap_axes", &|x| x[0].swap_axes(0, -1)?.square(), one);
    failures.both(
        "move_axis",
        &|x| x[0].move_axis(0, -1)?.square(),
        &[&[2, 3, 1]],
    );
    failures.both("flip", &|x| x[0].flip(Axes::List(&[-1]))?.square(), one);
    failures.both("flip all", &|x| x[0].flip(Axes::All)?.square(), one);
    failures.both("reshape", &|x| x[0].reshape(&[3, 2])?.square(), one);
    failures.both(
        "reshape of transposed",
        &|x| x[0].transpose()?.reshape(&[6])?.square(),
        one,
    );
    failures.both(
        "broadcast_to",
        &|x| x[0].broadcast_to(&[2, 2, 3])?.square(),
        one,
    );
    failures.both(
        "broadcast_to from ones",
        &|x| x[0].broadcast_to(&[2, 3])?.square(),
        &[&[2, 1]],
    );
    failures.both(
        "expand_dims",
        &|x| x[0].expand_dims(&[0, -1])?.square(),
        one,
    );
    failures.both("squeeze", &|x| x[0].squeeze(None)?.square(), &[&[1, 2, 1]]);
    failures.both("narrow", &|x| x[0].narrow(1, 1, 2)?.square(), one);
    failures.both("copied", &|x| x[0].transpose()?.copied()?.square(), one);
    failures.both(
        "contiguous",
        &|x| x[0].transpose()?.contiguous()?.square(),
        one,
    );
    failures.real(
        "cast to complex",
        &|x| x[0].cast(DType::C128)?.mul(&complex(&[2, 3], 3.0)),
        one,
    );
    failures.check(
        "cast to real",
        &|x| x[0].cast(DType::F64)?.square(),
        &[complex(&[2, 3], 3.0)],
    );
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn real_and_complex_operands_together() {
    let mut failures = Failures::default();
    let inputs = || [real(&[2, 1], 1.0), complex(&[3], 2.0)];
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Div] {
        failures.check(
            &format!("{op:?}"),
            &|x| Raw::apply(op, &[(&x[0]).into(), (&x[1]).into()]),
            &inputs(),
        );
        failures.check(
            &format!("{op:?} reversed"),
            &|x| Raw::apply(op, &[(&x[1]).into(), (&x[0]).into()]),
            &inputs(),
        );
    }
    failures.check(
        "matmul",
        &|x| x[0].matmul(&x[1]),
        &[real(&[2, 3], 1.0), complex(&[3, 2], 2.0)],
    );
    failures.check(
        "where",
        &|x| Raw::from_vec(vec![true, false, true], &[3])?.choose(&x[0], &x[1]),
        &inputs(),
    );
    let c = Raw::from_vec(vec![Complex::new(0.5, -1.5)], &[]).unwrap();
    failures.check(
        "times a complex constant",
        &|x| x[0].mul(&c)?.exp(),
        &[real(&[3], 1.0)],
    );
    failures.check(
        "|z| times a complex number",
        &|x| x[0].abs()?.mul(&x[1]),
        &[complex(&[3], 1.0), complex(&[3], 2.0)],
    );
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn fused_programs_have_fused_derivatives() {
    let mut failures = Failures::default();
    let mut check = |name: &'static str, program: Program, inputs: &[Raw]| {
        let f = Function::new(program, name);
        failures.check(
            name,
            &|x| Raw::call(&f, &x.iter().collect::<Vec<_>>()),
            inputs,
        );
    };
    let three = || [real(&[2, 1], 1.0), real(&[3], 2.0), real(&[2, 3], 3.0)];
    let complexes = || {
        [
            complex(&[2, 1], 1.0),
            complex(&[3], 2.0),
            complex(&[2, 3], 3.0),
        ]
    };
    let chain = || Program::trace(3, |b| (b.input(0) * b.input(1) + b.input(2)).exp());
    check("a chain", chain(), &three());
    check("a complex chain", chain(), &complexes());
    check(
        "a mixed chain",
        chain(),
        &[real(&[2, 1], 1.0), complex(&[3], 2.0), real(&[2, 3], 3.0)],
    );
    let magnitude = || {
        Program::trace(3, |b| {
            b.input(0).abs() * b.input(1) + b.input(2).real() * b.input(1)
        })
    };
    check("magnitudes", magnitude(), &three());
    check("complex magnitudes", magnitude(), &complexes());
    let shared = Program::trace(1, |b| {
        let e = b.input(0).exp();
        e * e / (e + 1.0) - e.tanh()
    });
    check("shared values", shared, &three()[..1]);
    check(
        "an input alone",
        Program::trace(1, |b| b.input(0)),
        &three()[..1],
    );
    check(
        "an unused input",
        Program::trace(2, |b| b.input(1).sin()),
        &three()[..2],
    );
    let choice = Program::trace(2, |b| {
        b.input(0)
            .gt(b.input(1))
            .choose(b.input(0).square(), b.input(1).exp())
    });
    check("a choice", choice, &three()[1..]);
    let many = |n: usize| {
        Program::trace(n, |b| {
            (1..n).fold(b.input(0), |sum, i| sum * 0.5 + b.input(i) * b.input(i - 1))
        })
    };
    for n in [4, 7, 8] {
        let inputs: Vec<Raw> = (0..n).map(|i| real(&[2], i as f64)).collect();
        check("many inputs", many(n), &inputs);
    }
}

#[test]
fn the_third_derivative_of_tanh() -> Result<()> {
    // y' = 1 - y², y'' = -2y(1 - y²), y''' = (6y² - 2)(1 - y²)
    let x = reals(vec![-1.5, -0.25, 0.0, 0.5, 2.0], &[5]).requires_grad()?;
    let mut y = x.tanh()?;
    for _ in 0..3 {
        let ones = Raw::ones(&[5], DType::F64)?;
        y = grad(&[(&y, Some(&ones))], &[&x], Keep::Differentiable)?.remove(0);
    }
    for (x, found) in x.to_vec::<f64>()?.into_iter().zip(y.to_vec::<f64>()?) {
        let t = x.tanh();
        let wanted = (6.0 * t * t - 2.0) * (1.0 - t * t);
        assert!((found - wanted).abs() < 1e-12, "{x}: {found} {wanted}");
    }
    Ok(())
}

#[test]
fn a_chain_of_a_million_ops_neither_overflows_the_stack_nor_leaks() -> Result<()> {
    const N: usize = if cfg!(miri) { 200 } else { 1_000_000 };
    let x = reals(vec![0.5], &[]).requires_grad()?;
    // a hook lives as long as its node
    let chain = |step: &dyn Fn(&Raw) -> Result<Raw>| -> Result<(Raw, Vec<Weak<()>>)> {
        let (mut y, mut seen) = (x.clone(), Vec::new());
        for i in 0..N {
            y = step(&y)?;
            if i % (N / 100) == 0 {
                let held = Arc::new(());
                seen.push(Arc::downgrade(&held));
                y.register_hook(Arc::new(move |_| {
                    assert!(Arc::strong_count(&held) > 0);
                    Ok(None)
                }))?;
            }
        }
        Ok((y, seen))
    };
    let dropped = |seen: Vec<Weak<()>>| {
        assert!(seen.len() == 100 && seen.iter().all(|n| n.strong_count() == 0))
    };
    // what is kept for the derivative: outputs; inputs, which hold their nodes too
    for op in [Op::Tanh, Op::Sin] {
        let (y, seen) = chain(&|y| Raw::apply(op, &[y.into()]))?;
        y.backward()?;
        assert!(x.grad().is_some());
        drop(y);
        dropped(seen);
    }
    // without backward, and on a thread whose stack is small; sums keep no values
    for step in [Raw::mul, Raw::add] {
        let (y, seen) = chain(&|y| step(y, &x))?;
        std::thread::Builder::new()
            .stack_size(64 << 10)
            .spawn(move || drop(y))
            .unwrap()
            .join()
            .unwrap();
        dropped(seen);
    }
    Ok(())
}

#[test]
fn an_op_that_returns_its_operand_has_a_node_of_its_own() -> Result<()> {
    let x = reals(vec![0.5, -2.0], &[2]).requires_grad()?;
    let own = x.node().map(std::ptr::from_ref);
    for y in [
        Raw::apply(Op::Real, &[(&x).into()])?,
        x.cast(DType::F64)?,
        Raw::apply(Op::Real, &[(&x.mul(&x)?).into()])?,
    ] {
        let gradient = grad(&[(&y, Some(&y.detach()))], &[&x], Keep::Nothing)?.remove(0);
        let is_square = y.detach().to_vec::<f64>()?[0] == 0.25;
        let wanted = if is_square {
            [0.25, -16.0]
        } else {
            [0.5, -2.0]
        };
        assert_eq!(gradient.to_vec::<f64>()?, wanted);
        assert_eq!(x.node().map(std::ptr::from_ref), own);
    }
    // where the graph does not grow there is no node at all
    let y = no_grad(|| Raw::apply(Op::Real, &[(&x).into()]))?;
    assert!(!y.tracks_gradient());
    Ok(())
}

#[test]
fn a_graph_is_dropped_with_its_tensors() -> Result<()> {
    struct Flag {
        _alive: Arc<()>,
    }
    let alive = Arc::new(());
    {
        let mut memory = vec![1.0f64, 2.0];
        let owner = Flag {
            _alive: alive.clone(),
        };
        let ptr = memory.as_mut_ptr().cast();
        // SAFETY: the vector outlives the tensor.
        let x = unsafe { Raw::foreign(ptr, 16, DType::F64, &[2], &[1], 0, Box::new(owner), true) }?
            .requires_grad()?;
        let y = x.sin()?.mul(&x)?.tanh()?.sum_all()?;
        y.backward()?;
        assert_eq!(Arc::strong_count(&alive), 2);
        x.set_grad(None);
        drop((x, y));
        drop(memory);
    }
    assert_eq!(Arc::strong_count(&alive), 1);
    Ok(())
}

#[test]
fn no_grad_records_nothing() -> Result<()> {
    let x = real(&[2], 1.0).requires_grad()?;
    assert!(x.exp()?.tracks_gradient());
    let y = no_grad(|| x.exp()?.matmul(&x)?.sum_all())?;
    assert!(!y.tracks_gradient());
    let nested = no_grad(|| {
        no_grad(|| ());
        x.exp()
    })?;
    assert!(!nested.tracks_gradient());
    assert!(x.exp()?.tracks_gradient(), "recording goes on afterwards");
    let elsewhere = no_grad(|| std::thread::scope(|s| s.spawn(|| x.exp()).join().unwrap()))?;
    assert!(elsewhere.tracks_gradient(), "other threads record");
    let mut leaf = x.clone();
    no_grad(|| leaf.assign(&Raw::zeros(&[2], DType::F64)?))?;
    assert_eq!(leaf.to_vec::<f64>()?, [0.0, 0.0]);
    Ok(())
}

#[test]
fn a_value_that_backward_needs_must_not_be_written() -> Result<()> {
    let x = real(&[3], 1.0).into_aliased()?.requires_grad()?;
    let y = x.square()?; // Aliased, as its operand
    let z = y.sin()?; // keeps y
    let mut alias = y.detach();
    alias.assign(&Raw::zeros(&[3], DType::F64)?)?;
    let error = z.sum_all()?.backward().unwrap_err();
    assert!(error.is_gradient());
    assert_eq!(
        error.to_string(),
        "sin: a value that backward needs was written in place\n  \
         rule: what the derivative reads must stay as it was until backward has run\n  \
         hint: write into a copy instead: `x = x.copy()` before the assignment"
    );
    // what the derivative does not need may be written
    let y = x.square()?;
    let z = y.add(&y)?;
    y.detach().assign(&Raw::zeros(&[3], DType::F64)?)?;
    z.sum_all()?.backward()?;
    // an Owned value never changes under a handle
    let x = real(&[3], 1.0).requires_grad()?;
    let y = x.square()?;
    let z = y.sin()?;
    y.detach().assign(&Raw::zeros(&[3], DType::F64)?)?;
    z.sum_all()?.backward()
}

#[test]
fn integers_have_no_gradient() -> Result<()> {
    let x = Raw::from_vec(vec![1i32, 2], &[2])?;
    let error = x.requires_grad().err().unwrap();
    assert_eq!(
        error.to_string(),
        "requires_grad: a tensor of int32 has no gradient\n  \
         rule: only floats and complex numbers can require gradients\n  \
         hint: convert first: `.cast::<f64>()`"
    );
    assert!(error.is_gradient());
    Ok(())
}

#[test]
fn gradients_add_up_until_they_are_forgotten() -> Result<()> {
    let x = reals(vec![1.0, 2.0], &[2]).requires_grad()?;
    for round in 1..=3 {
        x.square()?.sum_all()?.backward()?;
        assert_eq!(
            x.grad().unwrap().to_vec::<f64>()?,
            [2.0 * f64::from(round), 4.0 * f64::from(round)]
        );
    }
    x.set_grad(None);
    assert!(x.grad().is_none());
    Ok(())
}

#[test]
fn a_graph_can_be_walked_twice() -> Result<()> {
    let x = reals(vec![3.0], &[]).requires_grad()?;
    let y = x.square()?.exp()?;
    backward(&y, None, Keep::Graph)?;
    let once = x.grad().unwrap().item()?.as_f64();
    y.backward()?;
    assert_eq!(x.grad().unwrap().item()?.as_f64(), 2.0 * once);
    // the second pass has kept nothing
    let error = y.backward().unwrap_err();
    assert!(error.to_string().contains("freed"), "{error}");
    Ok(())
}

#[test]
fn shared_subexpressions_are_counted_once_for_each_use() -> Result<()> {
    // y₀ = x, yᵢ₊₁ = yᵢ + yᵢ: 2⁶⁰ paths, 60 nodes
    let x = reals(vec![1.0], &[]).requires_grad()?;
    let mut y = x.clone();
    for _ in 0..60 {
        y = y.add(&y)?;
    }
    y.backward()?;
    assert_eq!(x.grad().unwrap().item()?.as_f64(), (1u64 << 60) as f64);
    Ok(())
}

#[test]
fn of_subgradients_at_ties_the_smallest_counts() {
    let leaf = |values: &[f64]| {
        let x = reals(values.to_vec(), &[values.len()]);
        x.requires_grad().unwrap()
    };
    let x = leaf(&[-1.0, 0.0, 0.5, 1.0, 2.0]);
    let gradients = |y: &Raw, of: &[&Raw]| -> Vec<Vec<f64>> {
        let all = grad(&[(&y.sum_all().unwrap(), None)], of, Keep::Nothing).unwrap();
        all.iter().map(|g| g.to_vec().unwrap()).collect()
    };
    let one = Number::Scalar(Scalar::Float(1.0));
    let low = leaf(&[0.0; 5]);
    let bound = Some(Number::Array(low.clone()));
    let y = clip(
        &x,
        bound,
        Some(one),
        Out::NONE,
        None,
        None,
        Casting::SameKind,
    )
    .unwrap();
    assert_eq!(y.to_vec::<f64>().unwrap(), [0.0, 0.0, 0.5, 1.0, 1.0]);
    let found = gradients(&y, &[&x, &low]);
    assert_eq!(found[0], [0.0, 0.5, 1.0, 0.0, 0.0]);
    assert_eq!(found[1], [1.0, 0.5, 0.0, 0.0, 0.0]);

    let (a, b) = (leaf(&[1.0, 1.0, f64::NAN]), leaf(&[1.0, f64::NAN, 1.0]));
    for y in [a.fmax(&b).unwrap(), a.fmin(&b).unwrap()] {
        let found = gradients(&y, &[&a, &b]);
        assert_eq!(found, [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]);
    }
    // the square of the second underflows
    let small = 2f64.powi(-1000);
    let (a, b) = (leaf(&[0.0, small]), leaf(&[0.0, 0.0]));
    let found = gradients(&a.atan2(&b).unwrap(), &[&a, &b]);
    assert_eq!(found, [[0.0, 0.0], [0.0, -1.0 / small]]);
}

#[test]
fn logarithms_of_sums_have_gradients_beside_infinities() {
    let infinity = f64::INFINITY;
    let a = reals(vec![infinity, -infinity, 1.0], &[3])
        .requires_grad()
        .unwrap();
    let b = reals(vec![0.0, 0.0, -infinity], &[3]);
    for op in [Op::LogAddExp, Op::LogAddExp2] {
        let y = Raw::apply(op, &[(&a).into(), (&b).into()]).unwrap();
        let g = grad(&[(&y.sum_all().unwrap(), None)], &[&a], Keep::Nothing).unwrap();
        assert_eq!(g[0].to_vec::<f64>().unwrap(), [1.0, 0.0, 1.0]);
    }
}

#[test]
fn a_gradient_has_the_shape_and_dtype_of_its_tensor() -> Result<()> {
    for dtype in [
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
    ] {
        let x = Raw::ones(&[3, 1], dtype)?.requires_grad()?;
        let y = x.mul(&Raw::ones(&[2, 3, 4], DType::F64)?)?;
        backward(&y, Some(&Raw::ones(&[2, 3, 4], DType::F64)?), Keep::Nothing)?;
        let g = x.grad().unwrap();
        assert_eq!((g.shape(), g.dtype()), (&[3, 1][..], dtype));
        assert_eq!(g.scalars()?[0].as_complex(), Complex::new(8.0, 0.0));
    }
    Ok(())
}

#[test]
fn gradients_of_views_of_one_leaf_meet_in_it() -> Result<()> {
    let x = real(&[4], 1.0).requires_grad()?;
    let left = x.slice(&[(..2).into()])?;
    let right = x.slice(&[(2..).into()])?;
    left.mul(&right)?.sum_all()?.backward()?;
    let v = x.to_vec::<f64>()?;
    assert_eq!(x.grad().unwrap().to_vec::<f64>()?, [v[2], v[3], v[0], v[1]]);
    Ok(())
}

#[test]
fn an_extreme_shares_its_gradient_among_equals() -> Result<()> {
    let x = reals(vec![1.0, 3.0, 3.0, 2.0], &[4]).requires_grad()?;
    x.reduce(Reduction::Max, ReduceOptions::default())?
        .backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f64>()?, [0.0, 0.5, 0.5, 0.0]);
    Ok(())
}

#[test]
fn an_input_that_nothing_depends_on_has_a_gradient_of_zeros() -> Result<()> {
    let (x, z) = (
        real(&[2], 1.0).requires_grad()?,
        real(&[3], 1.0).requires_grad()?,
    );
    let y = x.exp()?.sum_all()?;
    let g = grad(&[(&y, None)], &[&x, &z], Keep::Nothing)?;
    assert_eq!(g[1].to_vec::<f64>()?, [0.0; 3]);
    Ok(())
}

#[test]
fn threads_can_walk_graphs_that_share_leaves() -> Result<()> {
    let x = real(&[8], 1.0).requires_grad()?;
    let rounds = if cfg!(miri) { 2 } else { 100 };
    std::thread::scope(|s| {
        let walk = || {
            for _ in 0..rounds {
                let y = x.sin().unwrap().sum_all().unwrap();
                let g = grad(&[(&y, None)], &[&x], Keep::Nothing).unwrap();
                assert_eq!(
                    g[0].to_vec::<f64>().unwrap(),
                    x.detach().cos().unwrap().to_vec::<f64>().unwrap()
                );
            }
        };
        for _ in 0..3 {
            s.spawn(walk);
        }
    });
    Ok(())
}
