//! One operation, over and over: for profilers. `one NAME THREADS`.
use civita_core::{dtype::*, layout::*, ops::*, raw::*, reduce::*};
use std::time::Instant;
fn main() -> civita_core::error::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let threads = std::env::args().nth(2).and_then(|t| t.parse().ok()).unwrap_or(1);
    civita_core::threads::set_threads(threads);
    let n = 1_000_000;
    let dtype = if name.ends_with("64") { DType::F64 } else { DType::F32 };
    let a = Raw::linspace(-10.0, 10.0, n, Endpoint::Included, dtype)?;
    let b = Raw::linspace(0.1, 3.0, n, Endpoint::Included, dtype)?;
    let m = b.sin()?.gt(&Raw::scalar(Scalar::Float(0.7), dtype)?)?;
    let q = Raw::linspace(0.1, 3.0, 4_000_000, Endpoint::Included, dtype)?.reshape(&[2000, 2000])?;
    let p = a.reshape(&[1000, 1000])?;
    let big = Raw::ones(&[4096, 4096], dtype)?.transpose();
    let mut f: Box<dyn FnMut() -> civita_core::error::Result<Raw>> = match name.trim_end_matches("64").trim_end_matches("32") {
        "add" => Box::new(|| a.add(&b)),
        "exp" => Box::new(|| a.exp()),
        "log" => Box::new(|| b.log()),
        "tanh" => Box::new(|| a.tanh()),
        "sin" => Box::new(|| a.sin()),
        "pow" => Box::new(|| b.pow(&a)),
        "floordiv" => Box::new(|| a.floor_divide(&b)),
        "where" => Box::new(|| m.choose(&a, &b)),
        "select" => Box::new(|| a.select(&m)),
        "sum" => Box::new(|| a.sum_all()),
        "max" => Box::new(|| a.reduce(Reduction::Max, Default::default())),
        "argmax" => Box::new(|| a.reduce(Reduction::Argmax, Default::default())),
        "var" => Box::new(|| a.reduce(Reduction::Var, Default::default())),
        "lse" => Box::new(|| a.reduce(Reduction::LogSumExp, Default::default())),
        "cumsum" => Box::new(|| a.cumsum(Some(0), None)),
        "sum0" => Box::new(|| q.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[0]), ..Default::default() })),
        "sum1" => Box::new(|| q.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[1]), ..Default::default() })),
        "at" => Box::new(|| p.add(&p.transpose())),
        "softmax" => Box::new(|| p.softmax(-1)),
        "copyt" => Box::new(|| big.copied()),
        "matmul" => Box::new(|| p.matmul(&p)),
        "take" => Box::new(|| a.take(&Raw::arange(Scalar::Int(0), Scalar::Int(1000), Scalar::Int(1), DType::I64)?, 0, Mode::Raise)),
        "tinysum" => {
            let x = Raw::ones(&[1], dtype)?;
            Box::new(move || { for _ in 0..99 { x.sum_all()?; } x.sum_all() })
        }
        "tinymean" => {
            let x = Raw::ones(&[1], dtype)?;
            Box::new(move || { for _ in 0..99 { x.reduce(Reduction::Mean, Default::default())?; } x.sum_all() })
        }
        "tinyvar" => {
            let x = Raw::ones(&[1], dtype)?;
            Box::new(move || { for _ in 0..99 { x.reduce(Reduction::Var, Default::default())?; } x.sum_all() })
        }
        "tinymax" => {
            let x = Raw::ones(&[1], dtype)?;
            Box::new(move || { for _ in 0..99 { x.reduce(Reduction::Max, Default::default())?; } x.sum_all() })
        }
        "tinycast" => {
            let x = Raw::ones(&[1], dtype)?;
            Box::new(move || { for _ in 0..99 { x.cast(DType::I32)?; } x.sum_all() })
        }
        "tinybcast" => {
            let x = Raw::ones(&[3, 1], dtype)?;
            let y = Raw::ones(&[1, 3], dtype)?;
            Box::new(move || { for _ in 0..99 { x.add(&y)?; } x.sum_all() })
        }
        "tinymatmul" => {
            let x = Raw::ones(&[2, 2], dtype)?;
            Box::new(move || { for _ in 0..99 { x.matmul(&x)?; } x.sum_all() })
        }
        _ => return Ok(()),
    };
    let mut v: Vec<f64> = Vec::new();
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 1.5 {
        let s = Instant::now();
        f()?;
        v.push(s.elapsed().as_secs_f64() * 1e6);
    }
    v.sort_by(f64::total_cmp);
    println!("{name:10} {threads} threads: min {:9.2} median {:9.2} µs", v[0], v[v.len() / 2]);
    Ok(())
}
