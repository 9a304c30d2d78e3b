//! One operation, over and over: for profilers, and for a first look at a change.
//!
//! ```text
//! cargo run --release -p civita-core --example profile -- sum f32 1000000 2        name, dtype, elements, threads
//! ```

use std::time::Instant;

use civita_core::dtype::{DType, Scalar};
use civita_core::error::{Error, Result};
use civita_core::graph::Function;
use civita_core::layout::Axes;
use civita_core::ops::{Op, Reduction};
use civita_core::program::Program;
use civita_core::raw::ReduceOptions;
use civita_core::raw::{Endpoint, Raw};

/// Calls that are timed together, so that the clock does not show.
fn together(elements: usize) -> usize {
    (10_000 / elements.max(1)).max(1)
}

fn main() -> Result<()> {
    let arg = |i: usize, default: &str| std::env::args().nth(i).unwrap_or_else(|| default.into());
    let (name, dtype) = (
        arg(1, "add"),
        DType::from_name(&arg(2, "f32")).unwrap_or(DType::F32),
    );
    let n: usize = arg(3, "1000000").parse().unwrap_or(1_000_000);
    civita_core::threads::set_threads(arg(4, "1").parse().unwrap_or(1));

    let side = (n as f64).sqrt() as usize;
    let a = Raw::linspace(-10.0, 10.0, n, Endpoint::Included, dtype)?;
    let b = Raw::linspace(0.1, 3.0, n, Endpoint::Included, dtype)?;
    let mask = b.sin()?.gt(&Raw::scalar(Scalar::Float(0.7), DType::F64)?)?;
    let square =
        Raw::linspace(0.1, 3.0, side * side, Endpoint::Included, dtype)?.reshape(&[side, side])?;
    let turned = square.transpose()?;
    let over = |axis: isize| {
        square.reduce(
            Reduction::Sum,
            ReduceOptions {
                axes: Axes::List(&[axis]),
                ..Default::default()
            },
        )
    };
    // exp(a*b + c) of something: three inputs, three steps
    let fused = Function::new(
        Program::trace(3, |f| (f.input(0) * f.input(1) + f.input(2)).exp()),
        "fused",
    );
    let c = b.neg()?;
    let call = || match name.as_str() {
        "fused" => Raw::call(&fused, &[&a, &b, &c]),
        "sum0" => over(0),
        "sum1" => over(1),
        "max1" => square.reduce(
            Reduction::Max,
            ReduceOptions {
                axes: Axes::List(&[1]),
                ..Default::default()
            },
        ),
        "a+a.T" => square.add(&turned),
        "copy.T" => turned.copied(),
        "matmul" => square.matmul(&square),
        "softmax" => square.softmax(-1),
        "cumsum" => a.cumsum(Some(0), None),
        "select" => a.select(&mask),
        "where" => mask.choose(&a, &b),
        "cast" => a.cast(DType::I32),
        name => match (Op::from_name(name), Reduction::from_name(name)) {
            (Some(op), _) if op.row().arity == 1 => Raw::apply(op, &[(&b).into()]),
            (Some(op), _) => Raw::apply(op, &[(&b).into(), (&a).into()]),
            (None, Some(op)) => a.reduce(op, ReduceOptions::default()),
            (None, None) => Err(Error::value(
                "profile",
                format!("there is no operation `{name}`"),
            )),
        },
    };
    let mut times: Vec<f64> = Vec::new();
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 1.5 {
        let start = Instant::now();
        for _ in 0..together(n) {
            call()?;
        }
        times.push(start.elapsed().as_secs_f64() * 1e6 / together(n) as f64);
    }
    times.sort_by(f64::total_cmp);
    let threads = civita_core::threads::threads();
    println!(
        "{name} {dtype} {n} elements, {threads} thread(s): least {:.3} µs, median {:.3} µs",
        times[0],
        times[times.len() / 2]
    );
    Ok(())
}
