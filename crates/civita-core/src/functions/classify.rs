//! What elements are: real, complex, infinite; and numbers made simpler: rounded, without an imaginary part.

use std::sync::{Arc, OnceLock};

use super::join::flat;
use super::nan::{any, complex};
use super::value::*;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::float8::{f8e4m3, f8e5m2};
use crate::graph::Function;
use crate::ops::Op;
use crate::primitive::Direction;
use crate::program::Program;
use crate::raw::{Operand, Raw};

fn with_float(op: Op, x: &Raw, v: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(v).into()])
}

pub fn iscomplexobj(x: Array) -> Result<bool> {
    Ok(x.dtype().is_complex())
}

pub fn isrealobj(x: Array) -> Result<bool> {
    Ok(!x.dtype().is_complex())
}

fn imaginary(x: &Raw, op: Op, otherwise: bool) -> Result<Raw> {
    let x = x.detach();
    match x.dtype().is_complex() {
        true => with_float(op, &x.imag()?, 0.0),
        false => x.like(x.shape(), DType::Bool, Scalar::Bool(otherwise)),
    }
}

pub fn iscomplex(x: Array) -> Result<Raw> {
    imaginary(x, Op::Ne, false)
}

pub fn isreal(x: Array) -> Result<Raw> {
    imaginary(x, Op::Eq, true)
}

fn infinite(op: &'static str, x: &Raw, value: f64, out: &Out) -> Result<Raw> {
    if x.dtype().is_complex() {
        return Err(Error::dtype(
            op,
            format!(
                "This operation is not supported for {} values because it would be ambiguous.",
                x.dtype()
            ),
        )
        .dtypes(&[x.dtype()]));
    }
    let x = x.detach();
    match x.dtype().is_float() {
        true => Raw::apply_into(Op::Eq, &[(&x).into(), Scalar::Float(value).into()], out),
        false => x.like(x.shape(), DType::Bool, Scalar::Bool(false)),
    }
}

pub fn isposinf(x: Array, out: Out) -> Result<Raw> {
    infinite("isposinf", x, f64::INFINITY, &out)
}

pub fn isneginf(x: Array, out: Out) -> Result<Raw> {
    infinite("isneginf", x, f64::NEG_INFINITY, &out)
}

pub fn angle(z: Array, deg: Bool) -> Result<Raw> {
    let angle = match z.dtype().is_complex() {
        true => z.imag()?.atan2(&z.real()?)?,
        false => {
            let zero: Operand<'_> = Scalar::Int(0).into();
            Raw::apply(Op::Atan2, &[zero, z.into()])?
        }
    };
    match deg {
        true => with_float(Op::Mul, &angle, 180.0 / std::f64::consts::PI),
        false => Ok(angle),
    }
}

/// The distance from 1 to the next number.
fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F8E4M3 => f8e4m3::EPSILON.to_f64(),
        DType::F8E5M2 => f8e5m2::EPSILON.to_f64(),
        DType::F16 => half::f16::EPSILON.to_f64(),
        DType::BF16 => half::bf16::EPSILON.to_f64(),
        DType::F32 => f32::EPSILON.into(),
        _ => f64::EPSILON,
    }
}

pub fn real_if_close(a: Array, tol: Float) -> Result<Raw> {
    if !a.dtype().is_complex() {
        return Ok(a.clone());
    }
    let tolerance = match tol > 1.0 {
        true => tol * epsilon(a.dtype().to_real()),
        false => tol,
    };
    let size = a.concrete("real_if_close")?.imag()?.abs()?;
    match any(&with_float(Op::Lt, &size, tolerance)?.logical_not()?)? {
        true => Ok(a.clone()),
        false => a.real(),
    }
}

pub fn sort_complex(a: Array) -> Result<Raw> {
    let sorted = match a.rank() {
        0 => flat(a)?,
        _ => a.clone(),
    }
    .sort(-1, Direction::Ascending)?;
    let dtype = match sorted.dtype() {
        DType::I8 | DType::U8 | DType::I16 | DType::U16 => DType::C64,
        dtype if dtype.is_complex() => dtype,
        _ => DType::C128,
    };
    sorted.cast(dtype)
}

pub fn round(a: Array, decimals: Int, out: Out) -> Result<Raw> {
    if a.dtype().is_complex() {
        return complex(
            &rounded(&a.real()?, decimals, &Out::NONE)?,
            &rounded(&a.imag()?, decimals, &Out::NONE)?,
        );
    }
    rounded(a, decimals, &out)
}

/// To so many decimals; negative ones are places before the point.
fn rounded(x: &Raw, decimals: isize, out: &Out) -> Result<Raw> {
    if x.dtype().is_integer() && decimals >= 0 {
        return out.copy(x);
    }
    if decimals == 0 {
        return Raw::apply_into(Op::Rint, &[x.into()], out);
    }
    if x.dtype() == DType::Bool {
        return Err(Error::dtype("round", "booleans have no decimals").dtypes(&[x.dtype()]));
    }
    let scale = 10f64.powi(decimals.unsigned_abs().min(400) as i32);
    if let Some(y) = rounded_at_once(x, decimals > 0, scale, out)? {
        return Ok(y);
    }
    let (there, back) = match decimals > 0 {
        true => (Op::Mul, Op::Div),
        false => (Op::Div, Op::Mul),
    };
    let whole = with_float(there, x, scale)?.rint()?;
    let y = with_float(back, &whole, scale)?;
    match x.dtype().is_integer() {
        true => y.cast(x.dtype()),
        false => Ok(y),
    }
}

/// Scaled, rounded and scaled back in one pass, where that has the bits of three and no transformation looks on: half floats are
/// rounded by each of them.
fn rounded_at_once(x: &Raw, decimals: bool, scale: f64, out: &Out) -> Result<Option<Raw>> {
    static PROGRAMS: [OnceLock<Arc<Function>>; 2] = [const { OnceLock::new() }; 2];
    let dtype = x.dtype();
    let fits = match dtype {
        DType::F32 => (scale as f32).is_finite(),
        dtype => dtype == DType::F64 && scale.is_finite(),
    };
    if !fits || x.tracks_gradient() || x.is_transformed() {
        return Ok(None);
    }
    let function = PROGRAMS[usize::from(decimals)].get_or_init(|| {
        let program = Program::trace(2, |b| {
            let (x, scale) = (b.input(0), b.input(1));
            match decimals {
                true => (x * scale).rint() / scale,
                false => (x / scale).rint() * scale,
            }
        });
        Function::new(program, "round")
    });
    let scale = Raw::scalar(Scalar::Float(scale), dtype)?.to_device(x.device())?;
    Raw::call_into(function, &[x, &scale], out).map(Some)
}
