//! Special functions that are compositions of elementwise ops.

use std::sync::{Arc, OnceLock};

use super::value::*;
use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::ops::Class;
use crate::program::Program;
use crate::raw::Raw;

/// In a float, or a complex dtype.
fn inexact(dtype: DType) -> DType {
    Class::ToFloat.compute(dtype).unwrap_or(DType::F64)
}

pub fn xlogy(x: Array, y: Array) -> Result<Raw> {
    static F: OnceLock<Arc<Function>> = OnceLock::new();
    let function = F.get_or_init(|| {
        let program = Program::trace(2, |b| {
            let (x, y) = (b.input(0), b.input(1));
            // 0 stays 0 where the logarithm is no number, and has no derivative there; the derivative is the logarithm elsewhere, as in PyTorch
            let (low, high) = (y.le(y.like(0.0)), y.eq(y.like(f64::INFINITY)));
            let zero = x.eq(x.like(0.0)).logical_and(low.logical_or(high));
            let safe = zero.choose(y.like(1.0), y);
            x * safe.log()
        });
        Function::new(program, "xlogy")
    });
    let dtype = inexact(promote(x.dtype(), y.dtype()));
    Raw::call(function, &[&x.cast(dtype)?, &y.cast(dtype)?])
}

pub fn expit(x: Array) -> Result<Raw> {
    x.sigmoid()
}

pub fn log_expit(x: Array) -> Result<Raw> {
    static F: OnceLock<Arc<Function>> = OnceLock::new();
    let function = F.get_or_init(|| {
        let program = Program::trace(1, |b| {
            let x = b.input(0);
            // ln(1 / (1 + e⁻ˣ)), whose exponential never overflows, and whose derivative is that of a smooth function at 0 too
            -x.like(0.0).logaddexp(-x)
        });
        Function::new(program, "log_expit")
    });
    let Some(dtype) = Class::RealFloat.compute(x.dtype()) else {
        return Err(Error::dtype("log_expit", "takes real numbers").dtypes(&[x.dtype()]));
    };
    Raw::call(function, &[&x.cast(dtype)?])
}

pub fn log_softmax(x: Array, axis: Axis) -> Result<Raw> {
    x.log_softmax(axis)
}
