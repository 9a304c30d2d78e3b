//! Signals: sliding products, windows, phases.

use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

use super::nan::any;
use super::shape::keeping_order;
use super::value::*;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::graph::Function;
use crate::layout::{self, SliceItem, normalize_axis};
use crate::ops::Op;
use crate::primitive::{Correlate, CorrelatePlanes, bind_one};
use crate::program::{Builder, Expr, Program};
use crate::raw::Raw;

/// A vector, of which a scalar makes one with one element.
fn vector(op: &'static str, name: &str, x: Array) -> Result<Raw> {
    match x.rank() {
        0 => x.reshape(&[1]),
        1 if x.is_empty() => Err(Error::value(op, format!("{name} cannot be empty"))),
        1 => Ok(x.clone()),
        _ => Err(Error::value(
            op,
            format!(
                "{name} has shape {}: object too deep for desired array",
                shape_text(x.shape())
            ),
        )
        .shapes(&[x.shape()])
        .rule("the operands are vectors")),
    }
}

/// The sliding product of a vector and one that is not longer, and is not conjugated.
fn slid(x: &Raw, w: &Raw, mode: ConvolveMode) -> Result<Raw> {
    let (n, m) = (x.len(), w.len());
    crate::dtype::unmixed("correlate", &[x.dtype(), w.dtype()])?;
    let dtype = crate::dtype::promote(x.dtype(), w.dtype());
    let (x, w) = (x.cast(dtype)?, w.cast(dtype)?);
    // how many products that are not whole stand before and after
    let (before, after) = match mode {
        ConvolveMode::Valid => (0, 0),
        ConvolveMode::Same => (m / 2, m - 1 - m / 2),
        ConvolveMode::Full => (m - 1, m - 1),
    };
    let inexact = dtype.is_float() || dtype.is_complex();
    if before + after > 0 && inexact && any(&w.isfinite()?.logical_not()?)? {
        return whole_and_parts(&x, &w, before, after);
    }
    let zeros = |k: usize| x.like(&[k], dtype, Scalar::Bool(false));
    let wide = match before + after {
        0 => x.clone(),
        _ => Raw::concatenate(&[&zeros(before)?, &x, &zeros(after)?], 0)?,
    };
    debug_assert!(wide.len() == n + before + after);
    bind_one(&Correlate, &[&wide, &w])
}

/// As [`slid`], without zeros around `x`: they would be NaN times what is not finite. The products that are not whole are products
/// of parts.
fn whole_and_parts(x: &Raw, w: &Raw, before: usize, after: usize) -> Result<Raw> {
    let (n, m) = (x.len(), w.len());
    let product = |x: Raw, w: Raw| bind_one(&Correlate, &[&x, &w]);
    let mut all = Vec::with_capacity(before + 1 + after);
    for out in (1..=before).rev() {
        all.push(product(
            x.narrow(0, 0, m - out)?,
            w.narrow(0, out, m - out)?,
        )?);
    }
    all.push(product(x.clone(), w.clone())?);
    for out in 1..=after {
        all.push(product(
            x.narrow(0, n - m + out, m - out)?,
            w.narrow(0, 0, m - out)?,
        )?);
    }
    Raw::concatenate(&all.iter().collect::<Vec<_>>(), 0)
}

fn flipped(x: &Raw) -> Result<Raw> {
    x.flip(layout::Axes::List(&[0]))
}

pub fn convolve(a: Array, v: Array, mode: ConvolveMode) -> Result<Raw> {
    const OP: &str = "convolve";
    let (a, v) = (vector(OP, "a", a)?, vector(OP, "v", v)?);
    let (x, w) = if v.len() > a.len() { (v, a) } else { (a, v) };
    slid(&x, &flipped(&w)?, mode).map_err(|e| e.in_op(OP))
}

pub fn correlate(a: Array, v: Array, mode: ConvolveMode) -> Result<Raw> {
    const OP: &str = "correlate";
    if a.rank() == 0 || v.rank() == 0 {
        return Err(Error::value(
            OP,
            "object of too small depth for desired array",
        ));
    }
    let (a, v) = (vector(OP, "a", a)?, vector(OP, "v", v)?);
    let v = if v.dtype().is_complex() { v.conj()? } else { v };
    let y = match v.len() > a.len() {
        true => flipped(&slid(&v, &a, mode)?),
        false => slid(&a, &v, mode),
    };
    y.map_err(|e| e.in_op(OP))
}

pub fn convolve2d(
    in1: Array,
    in2: Array,
    mode: ConvolveMode,
    boundary: Boundary,
    fillvalue: Number,
) -> Result<Raw> {
    const OP: &str = "convolve2d";
    let plane = |x: &Raw| match x.shape() {
        [.., h, w] => Ok([*h, *w]),
        _ => Err(
            Error::shape(OP, "convolve2d inputs must both be 2-D arrays")
                .shapes(&[in1.shape(), in2.shape()]),
        ),
    };
    let (mut x, mut w) = (in1, in2);
    let (mut size, mut kernel) = (plane(x)?, plane(w)?);
    if mode == ConvolveMode::Valid {
        let within = |a: [usize; 2], b: [usize; 2]| a[0] <= b[0] && a[1] <= b[1];
        if !within(kernel, size) {
            if !within(size, kernel) {
                return Err(Error::shape(
                    OP,
                    "For 'valid' mode, one must be at least as large as the other in every dimension",
                )
                .shapes(&[in1.shape(), in2.shape()]));
            }
            (x, w) = (in2, in1);
            (size, kernel) = (kernel, size);
        }
    }
    let dtype = crate::dtype::promote(x.dtype(), w.dtype());
    if dtype.is_complex() {
        return of_parts(x, w, mode, boundary, fillvalue);
    }
    // whole numbers wrap as narrow ones do where they are made narrow in the end
    let within = match dtype {
        DType::F64 | DType::F32 => dtype,
        _ if dtype.is_float() => DType::F32,
        DType::I8 | DType::U8 | DType::I16 | DType::U16 | DType::U32 | DType::I32 => DType::I32,
        _ => DType::I64,
    };
    let (x, w) = (x.cast(dtype)?.cast(within)?, w.cast(dtype)?.cast(within)?);
    // rows and columns that are not there before the plane and behind it
    let around = kernel.map(|n| match mode {
        ConvolveMode::Valid => [0, 0],
        ConvolveMode::Full => [n.saturating_sub(1); 2],
        ConvolveMode::Same => [
            n.saturating_sub(1) - n.saturating_sub(1) / 2,
            n.saturating_sub(1) / 2,
        ],
    });
    let wide = match around.iter().flatten().all(|&n| n == 0) {
        true => x,
        false => bordered(&x, around, boundary, &fillvalue.cast(dtype)?.cast(within)?)?,
    };
    debug_assert!(wide.shape()[wide.rank() - 1] == size[1] + around[1][0] + around[1][1]);
    let turned = w.flip(layout::Axes::List(&[-2, -1]))?;
    let y = bind_one(&CorrelatePlanes, &[&wide, &turned])?;
    y.cast(dtype)
}

/// A product of complex planes by those of their parts.
fn of_parts(x: &Raw, w: &Raw, mode: ConvolveMode, boundary: Boundary, fill: Number) -> Result<Raw> {
    let dtype = crate::dtype::promote(x.dtype(), w.dtype());
    let fill = fill.cast(dtype)?;
    let part = |op: Op, x: &Raw| -> Result<Option<Raw>> {
        match (op, x.dtype().is_complex()) {
            (Op::Imag, false) => Ok(None),
            (_, false) => Ok(Some(x.clone())),
            (op, true) => Raw::apply(op, &[x.into()]).map(Some),
        }
    };
    // beyond the borders the parts are those of the value
    let of = |a: Op, b: Op| -> Result<Option<Raw>> {
        let (Some(x), Some(w)) = (part(a, x)?, part(b, w)?) else {
            return Ok(None);
        };
        let fill = Number::Array(Raw::apply(a, &[(&fill).into()])?);
        convolve2d(&x, &w, mode, boundary, fill).map(Some)
    };
    let minus = |a: Option<Raw>, b: Option<Raw>| match (a, b) {
        (Some(a), Some(b)) => a.sub(&b).map(Some),
        (a, _) => Ok(a),
    };
    let plus = |a: Option<Raw>, b: Option<Raw>| match (a, b) {
        (Some(a), Some(b)) => a.add(&b).map(Some),
        (a, b) => Ok(a.or(b)),
    };
    let re = minus(of(Op::Real, Op::Real)?, of(Op::Imag, Op::Imag)?)?;
    let im = plus(of(Op::Real, Op::Imag)?, of(Op::Imag, Op::Real)?)?;
    let i = Scalar::Complex(num_complex::Complex::new(0.0, 1.0));
    match (re, im) {
        (Some(re), Some(im)) => {
            let im = Raw::apply(Op::Mul, &[(&im.cast(dtype)?).into(), i.into()])?;
            re.cast(dtype)?.add(&im)
        }
        (re, im) => re.or(im).map_or_else(|| x.cast(dtype), |y| y.cast(dtype)),
    }
}

/// A plane with what lies beyond its borders, so many rows and columns before and behind it.
fn bordered(x: &Raw, around: [[usize; 2]; 2], boundary: Boundary, fill: &Raw) -> Result<Raw> {
    use super::pad::{Edges, OptReflectType, OptWidths, Widths};
    let mode = match boundary {
        Boundary::Fill => PadMode::Constant,
        Boundary::Wrap => PadMode::Wrap,
        Boundary::Symm => PadMode::Symmetric,
    };
    if boundary == Boundary::Fill {
        let mut wide = x.clone();
        for (axis, [before, after]) in [-2isize, -1].into_iter().zip(around) {
            let value = |n: usize| -> Result<Raw> {
                let mut shape = wide.shape().to_vec();
                let at = shape.len() - axis.unsigned_abs();
                shape[at] = n;
                fill.to_device(x.device())?.broadcast_to(&shape)
            };
            wide = Raw::concatenate(&[&value(before)?, &wide, &value(after)?], axis)?;
        }
        return Ok(wide);
    }
    let mut widths = vec![[0isize; 2]; x.rank() - 2];
    widths.extend(around.map(|pair| pair.map(|n| n as isize)));
    super::pad::pad(
        x,
        Widths::each(&widths),
        mode,
        OptWidths(None),
        Edges(None),
        Edges(None),
        OptReflectType(None),
    )
}

/// `value(n)` for n = 1 - M, 3 - M, …, M - 1.
fn window(m: f64, value: impl Fn(f64) -> f64) -> Result<Raw> {
    if m == 1.0 {
        return Raw::ones(&[1], DType::F64);
    }
    // so many steps of 2 fit between the ends
    let count = if m < 1.0 { 0.0 } else { (m - 0.5).ceil() };
    filled(count, |i| value(1.0 - m + 2.0 * i))
}

fn filled(count: f64, value: impl Fn(f64) -> f64) -> Result<Raw> {
    if !count.is_finite() {
        return Err(Error::value("window", "the length must be finite"));
    }
    Raw::written_by::<f64, Error>(&[count.max(0.0) as usize], |all| {
        for (i, y) in all.iter_mut().enumerate() {
            *y = value(i as f64);
        }
        Ok(())
    })
}

pub fn bartlett(m: Float) -> Result<Raw> {
    window(m, |n| match n <= 0.0 {
        true => 1.0 + n / (m - 1.0),
        false => 1.0 - n / (m - 1.0),
    })
}

pub fn blackman(m: Float) -> Result<Raw> {
    let turn = |n: f64, k: f64| (k * PI * n / (m - 1.0)).cos();
    window(m, |n| 0.42 + 0.5 * turn(n, 1.0) + 0.08 * turn(n, 2.0))
}

pub fn hamming(m: Float) -> Result<Raw> {
    window(m, |n| 0.54 + 0.46 * (PI * n / (m - 1.0)).cos())
}

pub fn hanning(m: Float) -> Result<Raw> {
    window(m, |n| 0.5 + 0.5 * (PI * n / (m - 1.0)).cos())
}

pub fn kaiser(m: Float, beta: Float) -> Result<Raw> {
    if m == 1.0 {
        return Raw::ones(&[1], DType::F64);
    }
    let alpha = (m - 1.0) / 2.0;
    let whole = bessel(beta);
    filled(m.ceil(), |n| {
        let place = (n - alpha) / alpha;
        bessel(beta * (1.0 - place * place).sqrt()) / whole
    })
}

/// `exp(-x) I₀(x)` on [0, 8]: a Chebyshev series in `x / 2 - 2` (Cephes).
const BESSEL_SMALL: [f64; 30] = [
    -4.4153416464793395e-18,
    3.3307945188222384e-17,
    -2.431279846547955e-16,
    1.715391285555133e-15,
    -1.1685332877993451e-14,
    7.676185498604936e-14,
    -4.856446783111929e-13,
    2.95505266312964e-12,
    -1.726826291441556e-11,
    9.675809035373237e-11,
    -5.189795601635263e-10,
    2.6598237246823866e-09,
    -1.300025009986248e-08,
    6.046995022541919e-08,
    -2.670793853940612e-07,
    1.1173875391201037e-06,
    -4.4167383584587505e-06,
    1.6448448070728896e-05,
    -5.754195010082104e-05,
    0.00018850288509584165,
    -0.0005763755745385824,
    0.0016394756169413357,
    -0.004324309995050576,
    0.010546460394594998,
    -0.02373741480589947,
    0.04930528423967071,
    -0.09490109704804764,
    0.17162090152220877,
    -0.3046826723431984,
    0.6767952744094761,
];
/// `exp(-x) √x I₀(x)` beyond 8: one in `32 / x - 2` (Cephes).
const BESSEL_LARGE: [f64; 25] = [
    -7.233180487874754e-18,
    -4.830504485944182e-18,
    4.46562142029676e-17,
    3.461222867697461e-17,
    -2.8276239805165836e-16,
    -3.425485619677219e-16,
    1.7725601330565263e-15,
    3.8116806693526224e-15,
    -9.554846698828307e-15,
    -4.150569347287222e-14,
    1.54008621752141e-14,
    3.8527783827421426e-13,
    7.180124451383666e-13,
    -1.7941785315068062e-12,
    -1.3215811840447713e-11,
    -3.1499165279632416e-11,
    1.1889147107846439e-11,
    4.94060238822497e-10,
    3.3962320257083865e-09,
    2.266668990498178e-08,
    2.0489185894690638e-07,
    2.8913705208347567e-06,
    6.889758346916825e-05,
    0.0033691164782556943,
    0.8044904110141088,
];

fn chebyshev(x: f64, series: &[f64]) -> f64 {
    let (mut b0, mut b1, mut b2) = (0.0, 0.0, 0.0);
    for c in series {
        (b2, b1) = (b1, b0);
        b0 = x * b1 - b2 + c;
    }
    0.5 * (b0 - b2)
}

fn bessel(x: f64) -> f64 {
    let x = x.abs();
    match x <= 8.0 {
        true => x.exp() * chebyshev(x / 2.0 - 2.0, &BESSEL_SMALL),
        false => x.exp() * chebyshev(32.0 / x - 2.0, &BESSEL_LARGE) / x.sqrt(),
    }
}

/// As [`chebyshev`], of an expression.
fn series<'b>(x: Expr<'b>, series: &[f64]) -> Expr<'b> {
    let zero = x.like(0.0);
    let (mut b0, mut b1, mut b2) = (zero, zero, zero);
    for &c in series {
        (b2, b1) = (b1, b0);
        b0 = x * b1 - b2 + x.like(c);
    }
    (b0 - b2) * x.like(0.5)
}

pub fn i0(x: Array) -> Result<Raw> {
    static FUNCTION: OnceLock<Arc<Function>> = OnceLock::new();
    if x.dtype().is_complex() {
        return Err(Error::dtype("i0", "i0 not supported for complex values").dtypes(&[x.dtype()]));
    }
    let function = FUNCTION.get_or_init(|| {
        let program = Program::trace(1, |b: &Builder| {
            let x = b.input(0);
            // not `abs`, whose derivative at 0 is 0: the second derivative there is that of the series
            let x = x.lt(x.like(0.0)).choose(-x, x);
            let is_small = x.le(x.like(8.0));
            // each series sees arguments that it is for; not `minimum`, which halves the gradient where both are equal
            let (small, large) = (
                is_small.choose(x, x.like(8.0)),
                is_small.choose(x.like(8.0), x),
            );
            let small = series(small * x.like(0.5) - x.like(2.0), &BESSEL_SMALL);
            let tail = series(x.like(32.0) / large - x.like(2.0), &BESSEL_LARGE) / large.sqrt();
            x.exp() * b.op(Op::Where, &[is_small, small, tail])
        });
        Function::new(program, "i0")
    });
    Raw::call(function, &[&inexact(x)?])
}

/// Floats as they are, others as `float64`.
fn inexact(x: &Raw) -> Result<Raw> {
    match x.dtype().is_float() || x.dtype().is_complex() {
        true => Ok(x.clone()),
        false => x.cast(DType::F64),
    }
}

pub fn sinc(x: Array) -> Result<Raw> {
    static FUNCTION: OnceLock<Arc<Function>> = OnceLock::new();
    let function = FUNCTION.get_or_init(|| {
        let program = Program::trace(1, |b: &Builder| {
            let y = b.input(0) * b.input(0).like(PI);
            // near zero the first terms of the series, so that derivatives of every order are right there
            let is_near = y.abs().lt(y.abs().like(0.25));
            let inner = is_near.choose(y, y.like(0.0));
            let square = inner * inner;
            let mut near = y.like(0.0);
            for k in (0..8).rev() {
                near =
                    y.like(1.0) - near * square * y.like(1.0 / ((2 * k + 2) * (2 * k + 3)) as f64);
            }
            let away = b.op(Op::Where, &[is_near, y.like(1.0), y]);
            b.op(Op::Where, &[is_near, near, away.sin() / away])
        });
        Function::new(program, "sinc")
    });
    Raw::call(function, &[&inexact(x)?])
}

pub fn unwrap(p: Array, discont: OptNumber, axis: Axis, period: Number) -> Result<Raw> {
    const OP: &str = "unwrap";
    let at = normalize_axis(OP, axis, p.rank())?;
    let dtype = match &period {
        Number::Array(x) => crate::dtype::promote(p.dtype(), x.dtype()),
        Number::Scalar(v) => v.weak_with(p.dtype()),
    };
    if dtype.is_complex() {
        return Err(Error::dtype(OP, "phases are real numbers")
            .dtypes(&[dtype])
            .hint("`angle` gives those of complex numbers"));
    }
    if dtype.kind() == crate::dtype::Kind::Unsigned {
        return Err(
            Error::dtype(OP, "unsigned integers have no negative half of a period")
                .dtypes(&[dtype])
                .hint_cast("convert first, for example", DType::I64),
        );
    }
    keeping_order(p, at, |p, at| unwrapped(p, at, &discont, &period, dtype))
}

fn unwrapped(
    p: &Raw,
    at: usize,
    discont: &OptNumber,
    period: &Number,
    dtype: DType,
) -> Result<Raw> {
    let (n, axis) = (p.shape()[at], at as isize);
    if n < 2 {
        return p.cast(dtype)?.copied();
    }
    let differences = super::along::diff(p, 1, axis, None, None)?;
    let op = |op, a: &Raw, b: &Number| Raw::apply(op, &[a.into(), b.operand()]);
    let two = Scalar::Int(2);
    let whole = dtype.kind() == crate::dtype::Kind::Signed;
    let period_array = period.cast(dtype)?;
    let half = |op| Raw::apply(op, &[(&period_array).into(), two.into()]);
    let high = half(if whole { Op::FloorDivide } else { Op::Div })?;
    let low = high.neg()?;
    // an interval whose ends are the same angle contains one of them
    let has_ends = match whole {
        true => half(Op::Remainder)?.logical_not()?,
        false => Raw::full(&[], Scalar::Bool(true), DType::Bool)?,
    };
    let moved = op(Op::Remainder, &differences.sub(&low)?, period)?.add(&low)?;
    let zero = Scalar::Bool(false);
    let rises = Raw::apply(Op::Gt, &[(&differences).into(), zero.into()])?;
    let at_low = moved
        .eq(&low)?
        .logical_and(&rises)?
        .logical_and(&has_ends)?;
    let moved = Raw::apply(
        Op::Where,
        &[(&at_low).into(), (&high).into(), (&moved).into()],
    )?;
    let correction = moved.sub(&differences)?;
    let is_small = match discont {
        Some(discont) => op(Op::Lt, &differences.abs()?, discont)?,
        None => differences.abs()?.lt(&half(Op::Div)?)?,
    };
    let correction = Raw::apply(
        Op::Where,
        &[(&is_small).into(), zero.into(), (&correction).into()],
    )?;
    let rest = p
        .narrow(axis, 1, n - 1)?
        .add(&correction.cumsum(Some(axis), None)?)?;
    Raw::concatenate(
        &[&p.narrow(axis, 0, 1)?.cast(dtype)?, &rest.cast(dtype)?],
        axis,
    )
}

pub fn trim_zeros(filt: Array, trim: TrimEnds, axis: Axes) -> Result<Raw> {
    const OP: &str = "trim_zeros";
    let rank = filt.rank();
    let over = axis.as_layout().resolve(OP, rank)?;
    let is_nonzero = Raw::apply(
        Op::Ne,
        &[(&filt.detach()).into(), Scalar::Bool(false).into()],
    )?;
    let mut items = vec![SliceItem::ALL; rank];
    for &axis in &over {
        // where along this axis there is anything
        let others: Vec<isize> = (0..rank)
            .filter(|&a| a != axis)
            .map(|a| a as isize)
            .collect();
        let along = is_nonzero.reduce(
            crate::ops::Reduction::Any,
            crate::raw::ReduceOptions {
                axes: layout::Axes::List(&others),
                keepdims: layout::KeepDims::No,
                dtype: None,
                ddof: 0.0,
            },
        )?;
        let along: Vec<bool> = along.to_vec().map_err(|e| e.in_op("trim_zeros"))?;
        let first = along.iter().position(|&v| v);
        let last = along.iter().rposition(|&v| v);
        let (start, stop) = match (first, last) {
            (Some(first), Some(last)) => (
                trim.front.then_some(first as isize),
                trim.back.then_some(last as isize + 1),
            ),
            _ => (Some(0), Some(0)),
        };
        items[axis] = SliceItem::Range {
            start,
            stop,
            step: 1,
        };
    }
    filt.slice(&items)
}

/// From which ends zeros go.
#[derive(Clone, Copy, Debug)]
pub struct TrimEnds {
    front: bool,
    back: bool,
}

impl Kind for TrimEnds {
    const EXPECTS: &'static str = "'f', 'b' or 'fb'";
    const STUB: &'static str = "Literal['f', 'b', 'fb']";
    fn from_value(value: Value) -> std::result::Result<TrimEnds, Refused> {
        let Value::Text(word) = value else {
            return Err(Refused::Type);
        };
        let lower = word.to_lowercase();
        match lower.as_str() {
            "f" | "b" | "fb" | "bf" => Ok(TrimEnds {
                front: lower.contains('f'),
                back: lower.contains('b'),
            }),
            _ => Err(Error::value(
                "trim_zeros",
                format!("unexpected character(s) in `trim`: '{word}'"),
            )
            .into()),
        }
    }
}

impl TrimEnds {
    /// Both.
    pub const BOTH: TrimEnds = TrimEnds {
        front: true,
        back: true,
    };

    /// As NumPy writes it.
    pub fn name(self) -> &'static str {
        match (self.front, self.back) {
            (true, false) => "f",
            (false, true) => "b",
            _ => "fb",
        }
    }
}
