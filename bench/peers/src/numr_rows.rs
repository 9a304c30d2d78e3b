//! The rows as a user of numr writes them: methods of a client, which carries out work on its device.

use numr::prelude::*;

use crate::measure::{Run, timed_try};
use crate::numbers;
use crate::rows::Real;

type Numbers = Tensor<CpuRuntime>;

/// The timed loop of a row; none where numr has no such thing, or refuses it.
pub fn subject(real: Real, row: &str, shape: &[usize]) -> Option<Run> {
    match real {
        Real::F32 => rows(row, shape, |v, s, d| {
            let v: Vec<f32> = v.into_iter().map(|v| v as f32).collect();
            Numbers::from_slice(&v, s, d).ok()
        }),
        Real::F64 => rows(row, shape, |v, s, d| Numbers::from_slice(&v, s, d).ok()),
        Real::I64 => integer(row, shape),
    }
}

fn timed<R>(work: impl FnMut() -> Result<R> + 'static) -> Option<Run> {
    timed_try("numr", work)
}

fn integer(row: &str, shape: &[usize]) -> Option<Run> {
    let device = CpuDevice::new();
    let client = CpuRuntime::default_client(&device);
    let i = Numbers::from_slice(&numbers::i(shape.iter().product()), shape, &device).ok()?;
    match row {
        "matmul" => timed(move || client.matmul(&i, &i)),
        _ => None,
    }
}

fn rows(
    row: &str,
    shape: &[usize],
    load: impl Fn(Vec<f64>, &[usize], &CpuDevice) -> Option<Numbers>,
) -> Option<Run> {
    let device = CpuDevice::new();
    let n = shape.iter().product();
    let (x, a, b) = (numbers::x(n), numbers::a(n), numbers::b(n));
    let (x, a, b) = (
        load(x, shape, &device)?,
        load(a, shape, &device)?,
        load(b, shape, &device)?,
    );
    let mask = || {
        let bytes: Vec<u8> = numbers::m(n).into_iter().map(u8::from).collect();
        Numbers::from_slice(&bytes, shape, &device).ok()
    };
    let client = CpuRuntime::default_client(&device);
    match row {
        "neg" => timed(move || client.neg(&x)),
        "abs" => timed(move || client.abs(&x)),
        "exp" => timed(move || client.exp(&x)),
        "log" => timed(move || client.log(&a)),
        "tanh" => timed(move || client.tanh(&x)),
        "relu" => timed(move || client.relu(&x)),
        "floor" => timed(move || client.floor(&x)),
        "isnan" => timed(move || client.isnan(&x)),
        "add" => timed(move || client.add(&a, &b)),
        "sub" => timed(move || client.sub(&a, &b)),
        "mul" => timed(move || client.mul(&a, &b)),
        "div" => timed(move || client.div(&a, &b)),
        "floor_divide" => timed(move || client.floor(&client.div(&x, &a)?)),
        "maximum" => timed(move || client.maximum(&x, &a)),
        "pow" => timed(move || client.pow(&a, &b)),
        "lt" => timed(move || client.lt(&x, &a)),
        "eq" => timed(move || client.eq(&x, &a)),
        "where" => {
            let m = mask()?;
            timed(move || client.where_cond(&m, &a, &b))
        }
        "sum" => timed(move || client.sum(&x, &[0], false)),
        "mean" => timed(move || client.mean(&x, &[0], false)),
        "max" => timed(move || client.max(&x, &[0], false)),
        "argmax" => timed(move || client.argmax(&x, 0, false)),
        "var" => timed(move || client.var(&x, &[0], false, 0)),
        "logsumexp" => timed(move || client.logsumexp(&x, &[0], false)),
        "any" => {
            let z = load(vec![0.0; n], shape, &device)?;
            timed(move || client.any(&z, &[0], false))
        }
        "cumsum" => timed(move || client.cumsum(&x, 0)),
        "boolean select" => {
            let m = mask()?;
            timed(move || client.masked_select(&x, &m))
        }
        "sum over axis 0" => timed(move || client.sum(&x, &[0], false)),
        "sum over axis 1" => timed(move || client.sum(&x, &[1], false)),
        "outer add" => {
            let (a, b) = (a.reshape(&[n, 1]).ok()?, b.reshape(&[1, n]).ok()?);
            timed(move || client.add(&a, &b))
        }
        "a + a.T" => timed(move || client.add(&a, &a.transpose(0, 1)?)),
        "copy of a.T" => timed(move || a.transpose(0, 1)?.contiguous()),
        "softmax" => timed(move || client.softmax(&x, -1)),
        "exp(a*b + c) fused" => {
            let c = load(numbers::c(n), shape, &device)?;
            timed(move || client.exp(&client.fused_mul_add(&a, &b, &c)?))
        }
        "matmul" => timed(move || client.matmul(&a, &b)),
        _ => None,
    }
}
