//! Timings of the engine by itself.

use civita_core::{raw::*, dtype::*, ops::*, reduce::*, layout::*};
use std::time::Instant;
fn t(name: &str, mut f: impl FnMut()) {
    let mut v: Vec<f64> = (0..60).map(|_| { let s = Instant::now(); f(); s.elapsed().as_secs_f64() * 1e6 }).collect();
    v.sort_by(f64::total_cmp);
    println!("{name:28} {:9.2} µs", v[v.len() / 2]);
}
fn main() -> civita_core::error::Result<()> {
    println!("{}", civita_core::info::info());
    let x = Raw::arange(Scalar::Int(0), Scalar::Int(12), Scalar::Int(1), DType::F64)?.reshape(&[3, 4])?;
    println!("{x:?}");
    println!("{:?}", x.add(&x.reshape(&[12])?.slice(&[SliceItem::from(0..4)])?)?);
    println!("{:?}", x.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[0]), ..Default::default() })?);
    println!("{:?}", x.reduce(Reduction::Var, ReduceOptions { axes: Axes::List(&[1]), ..Default::default() })?);
    println!("{:?}", x.reduce(Reduction::LogSumExp, ReduceOptions { axes: Axes::List(&[1]), ..Default::default() })?);
    println!("{:?}", x.transpose().matmul(&x)?);
    println!("{:?}", x.softmax(-1)?);
    println!("{:?}", x.cumsum(Some(0), None)?);
    let w = x.requires_grad()?;
    let y = w.mul(&w)?.exp()?.sum_all()?;
    y.backward()?;
    println!("{:?}", w.grad());
    for threads in [1, 2] {
        civita_core::threads::set_threads(threads);
        println!("--- {threads}");
        let one = Raw::ones(&[1], DType::F64)?;
        let s = Instant::now();
        for _ in 0..100000 { std::hint::black_box(one.add(&one)?); }
        println!("add 1: {:.1} ns", s.elapsed().as_secs_f64() * 1e4);
        let n = 1_000_000;
        let a = Raw::linspace(-10.0, 10.0, n, Endpoint::Included, DType::F32)?;
        let b = Raw::linspace(0.1, 3.0, n, Endpoint::Included, DType::F32)?;
        let m = b.gt(&Raw::scalar(Scalar::Float(1.5), DType::F32)?)?;
        t("add", || { a.add(&b).unwrap(); });
        t("exp", || { a.exp().unwrap(); });
        t("log", || { b.log().unwrap(); });
        t("tanh", || { a.tanh().unwrap(); });
        t("where", || { m.choose(&a, &b).unwrap(); });
        t("select", || { a.select(&m).unwrap(); });
        t("sum", || { a.sum_all().unwrap(); });
        t("max", || { a.reduce(Reduction::Max, Default::default()).unwrap(); });
        t("argmax", || { a.reduce(Reduction::Argmax, Default::default()).unwrap(); });
        t("var", || { a.reduce(Reduction::Var, Default::default()).unwrap(); });
        t("cumsum", || { a.cumsum(Some(0), None).unwrap(); });
        let q = Raw::linspace(0.1, 3.0, 4_000_000, Endpoint::Included, DType::F32)?.reshape(&[2000, 2000])?;
        t("sum0 2000", || { q.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[0]), ..Default::default() }).unwrap(); });
        t("sum1 2000", || { q.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[1]), ..Default::default() }).unwrap(); });
        let p = a.reshape(&[1000, 1000])?;
        let pt = p.transpose();
        t("a+a.T 1000", || { p.add(&pt).unwrap(); });
        t("softmax 1000", || { p.softmax(-1).unwrap(); });
        let col = a.slice(&[SliceItem::from(0..1000)])?;
        let c1 = col.reshape(&[1000, 1])?;
        let r1 = col.reshape(&[1, 1000])?;
        t("bcast 1000", || { c1.add(&r1).unwrap(); });
        let big = Raw::ones(&[4096, 4096], DType::F32)?;
        let bt = big.transpose();
        t("copy T 4096", || { bt.copied().unwrap(); });
        t("matmul 1000 f32", || { p.matmul(&p).unwrap(); });
        let f = civita_core::graph::Function::new(civita_core::program::Program::trace(3, |b| (b.input(0) * b.input(1) + b.input(2)).exp()), "f");
        t("fused", || { Raw::call(&f, &[&a, &b, &b]).unwrap(); });
    }
    Ok(())
}
