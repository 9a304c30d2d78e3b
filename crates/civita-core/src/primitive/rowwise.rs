//! Statistics and normalisations of rows: several passes over a row that stays in the cache.
//!
//! Each is a list of stages, an elementwise program or a fold at a time (`m = max(x); e = exp(x - m); s = Σe; e / s` is the
//! softmax). A backend may run the stages on one row before it goes to the next, and the CPU does.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind,
    fold::{Over, wide},
    one_gradient, one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::graph::Function;
use crate::layout::KeepDims;
use crate::ops::{Fold as Monoid, Op};
use crate::program::{Builder, Expr, Program};
use crate::raw::Raw;

/// What is computed of each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stat {
    /// `Σx / n`.
    Mean,
    /// `Σ|x - mean|² / (n - ddof)`.
    Var {
        /// Taken off the number of elements.
        ddof: f64,
    },
    /// The square root of the variance.
    Std {
        /// Taken off the number of elements.
        ddof: f64,
    },
    /// `ln Σ eˣ`.
    LogSumExp,
    /// `e^(x - max) / Σ e^(x - max)`, an element for each.
    Softmax,
    /// `x - ln Σ eˣ`, an element for each.
    LogSoftmax,
}

/// One more value, of those before it: value 0 is the operand, in the dtype that the statistic is computed in, value `i` the result
/// of stage `i - 1`.
#[derive(Clone)]
pub enum Stage {
    /// The fold of a value over the axes of a row, which stay with length 1.
    Fold(Monoid, usize),
    /// An elementwise program of values, which broadcast.
    Map(Arc<Function>, SmallVec<[usize; 3]>),
    /// An op of a value and a scalar.
    Scalar(Op, usize, Scalar),
}

/// A [`Stat`] over axes.
#[derive(Clone)]
pub struct Rowwise {
    /// Which.
    pub stat: Stat,
    /// The axes of a row; those of [`Stat::Softmax`] and [`Stat::LogSoftmax`] stay as they are.
    pub over: Over,
    /// Of the result.
    pub dtype: DType,
}

impl std::fmt::Debug for Rowwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name(), self.over.axes)
    }
}

/// `x · scalar`, or another op with a scalar on the right.
pub(crate) fn with_scalar(op: Op, x: &Raw, scalar: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(scalar).into()])
}

impl Rowwise {
    /// The dtype that rows are computed in.
    pub(crate) fn compute(&self, x: DType) -> DType {
        match self.stat {
            Stat::Softmax | Stat::LogSoftmax => wide(self.dtype),
            _ if x.is_complex() => DType::C128,
            _ => DType::F64,
        }
    }

    /// What is computed of rows of `n` elements of dtype `x`; the last value is the result.
    pub(crate) fn stages(&self, n: usize, x: DType) -> SmallVec<[Stage; 6]> {
        let f = functions();
        let mut all = Stages(SmallVec::new());
        match self.stat {
            Stat::Mean => {
                all.mean(n);
            }
            Stat::Var { ddof } => {
                all.var(n, ddof, x);
            }
            Stat::Std { ddof } => {
                let var = all.var(n, ddof, x);
                all.map(Function::of(Op::Sqrt), &[var]);
            }
            Stat::LogSumExp => {
                let shift = all.finite_shift(n, x);
                let exp = all.map(&f.shifted_exp, &[0, shift]);
                let sum = all.fold(Monoid::Sum, exp);
                all.map(&f.shifted_log, &[sum, shift]);
            }
            Stat::Softmax => {
                let shift = all.shift(n, x);
                let exp = all.map(&f.shifted_exp, &[0, shift]);
                let sum = all.fold(Monoid::Sum, exp);
                all.map(Function::of(Op::Div), &[exp, sum]);
            }
            Stat::LogSoftmax => {
                let shift = all.finite_shift(n, x);
                let exp = all.map(&f.shifted_exp, &[0, shift]);
                let sum = all.fold(Monoid::Sum, exp);
                // once for a row, not for each of its elements
                let log = all.map(Function::of(Op::Log), &[sum]);
                all.map(&f.less_both, &[0, shift, log]);
            }
        }
        all.0
    }

    pub(crate) fn keeps_shape(&self) -> bool {
        matches!(self.stat, Stat::Softmax | Stat::LogSoftmax)
    }

    fn kept(&self) -> Over {
        Over {
            axes: self.over.axes.clone(),
            keepdims: KeepDims::Yes,
        }
    }

    /// `x - mean`, in a dtype that does not overflow.
    fn deviation(&self, x: &Raw) -> Result<Raw> {
        let x = x.cast(wide(x.dtype()))?;
        let mean = Rowwise {
            stat: Stat::Mean,
            over: self.kept(),
            dtype: x.dtype(),
        };
        x.sub(&super::bind_one(&mean, &[&x])?)
    }

    /// The number that the sum of squares is divided by.
    fn divisor(&self, x: &Raw, ddof: f64) -> f64 {
        (self.over.count(x.shape()) as f64 - ddof).max(0.0)
    }

    /// `∂y/∂x` of [`Stat::LogSumExp`], the softmax. Where all of a row is `-∞` it is 0.
    fn weights(&self, x: &Raw, y: &Raw) -> Result<Raw> {
        let y = self.over.kept(y, x.shape())?;
        let real = if y.dtype().is_complex() {
            y.real()?
        } else {
            y.clone()
        };
        let nothing = Raw::apply(
            Op::Eq,
            &[
                (&real.detach()).into(),
                Scalar::Float(f64::NEG_INFINITY).into(),
            ],
        )?;
        let shift = Raw::apply(
            Op::Where,
            &[
                (&nothing).into(),
                (&y.filled(Scalar::Bool(false))?).into(),
                (&y).into(),
            ],
        )?;
        x.sub(&shift)?.exp()
    }

    /// `1 / (n y)` of [`Stat::Std`], 0 where the deviation is 0.
    fn over_std(&self, x: &Raw, y: &Raw, ddof: f64) -> Result<Raw> {
        let y = self.over.kept(y, x.shape())?.cast(wide(y.dtype()))?;
        let zero = Raw::apply(Op::Eq, &[(&y.detach()).into(), Scalar::Float(0.0).into()])?;
        let scale = with_scalar(Op::Mul, &y, self.divisor(x, ddof))?.reciprocal()?;
        Raw::apply(
            Op::Where,
            &[
                (&zero).into(),
                (&scale.filled(Scalar::Bool(false))?).into(),
                (&scale).into(),
            ],
        )
    }
}

/// Each method adds a stage and gives the number of its value.
struct Stages(SmallVec<[Stage; 6]>);

impl Stages {
    fn add(&mut self, stage: Stage) -> usize {
        self.0.push(stage);
        self.0.len()
    }
    fn fold(&mut self, fold: Monoid, of: usize) -> usize {
        self.add(Stage::Fold(fold, of))
    }
    fn map(&mut self, function: &Arc<Function>, of: &[usize]) -> usize {
        self.add(Stage::Map(function.clone(), SmallVec::from_slice(of)))
    }
    fn scalar(&mut self, op: Op, of: usize, scalar: f64) -> usize {
        self.add(Stage::Scalar(op, of, Scalar::Float(scalar)))
    }
    fn mean(&mut self, n: usize) -> usize {
        let sum = self.fold(Monoid::Sum, 0);
        self.scalar(Op::Div, sum, n as f64)
    }
    fn var(&mut self, n: usize, ddof: f64, x: DType) -> usize {
        let f = functions();
        let mean = self.mean(n);
        let deviation = match x.is_complex() {
            true => &f.complex_deviation,
            false => &f.square_deviation,
        };
        let squares = self.map(deviation, &[0, mean]);
        let sum = self.fold(Monoid::Sum, squares);
        self.scalar(Op::Div, sum, (n as f64 - ddof).max(0.0))
    }
    /// The maximum, by which exponents are shifted so that none overflows.
    fn shift(&mut self, n: usize, x: DType) -> usize {
        if n == 0 {
            return self.fold(Monoid::Sum, 0); // there is nothing to shift
        }
        let real = match x.is_complex() {
            true => self.map(&functions().real, &[0]),
            false => 0,
        };
        self.fold(Monoid::Max, real)
    }
    /// As [`Stages::shift`], 0 where the maximum is infinite: infinity less infinity would be NaN.
    fn finite_shift(&mut self, n: usize, x: DType) -> usize {
        let shift = self.shift(n, x);
        self.map(&functions().finite, &[shift])
    }
}

/// The programs of stages.
pub(crate) struct Functions {
    /// `(x - m)²`.
    pub square_deviation: Arc<Function>,
    /// `|x - m|²`.
    pub complex_deviation: Arc<Function>,
    /// The real part.
    pub real: Arc<Function>,
    /// `m` where it is finite or NaN, else 0.
    pub finite: Arc<Function>,
    /// `e^(x - m)`.
    pub shifted_exp: Arc<Function>,
    /// `m + ln s`.
    pub shifted_log: Arc<Function>,
    /// `x - m - l`.
    pub less_both: Arc<Function>,
}

pub(crate) fn functions() -> &'static Functions {
    static ALL: OnceLock<Functions> = OnceLock::new();
    ALL.get_or_init(|| {
        let of = |inputs, name, f: for<'b> fn(&'b Builder) -> Expr<'b>| {
            Function::new(Program::trace(inputs, f), name)
        };
        Functions {
            square_deviation: of(2, "var", |b| (b.input(0) - b.input(1)).square()),
            complex_deviation: of(2, "var", |b| {
                let d = b.input(0) - b.input(1);
                d.real().square() + d.imag().square()
            }),
            real: of(1, "real", |b| b.input(0).real()),
            finite: of(1, "logsumexp", |b| {
                let m = b.input(0);
                m.abs().eq(m.like(f64::INFINITY)).choose(m.like(0.0), m)
            }),
            shifted_exp: of(2, "logsumexp", |b| (b.input(0) - b.input(1)).exp()),
            shifted_log: of(2, "logsumexp", |b| b.input(1) + b.input(0).log()),
            less_both: of(3, "log_softmax", |b| b.input(0) - b.input(1) - b.input(2)),
        }
    })
}

fn conj(x: &Raw) -> Result<Raw> {
    if x.dtype().is_complex() {
        x.conj()
    } else {
        Ok(x.clone())
    }
}

fn real(x: Raw) -> Result<Raw> {
    if x.dtype().is_complex() {
        x.real()
    } else {
        Ok(x)
    }
}

impl Primitive for Rowwise {
    fn name(&self) -> &'static str {
        match self.stat {
            Stat::Mean => "mean",
            Stat::Var { .. } => "var",
            Stat::Std { .. } => "std",
            Stat::LogSumExp => "logsumexp",
            Stat::Softmax => "softmax",
            Stat::LogSoftmax => "log_softmax",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec {
            shape: if self.keeps_shape() {
                x[0].shape.clone()
            } else {
                self.over.shape(&x[0].shape)
            },
            dtype: self.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.rowwise(self, x[0]).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.stat {
            Stat::Mean => Reads::SHAPES,
            Stat::Var { .. } => Reads::INPUTS,
            Stat::Std { .. } | Stat::LogSumExp => Reads::ALL,
            Stat::Softmax | Stat::LogSoftmax => Reads::OUTPUTS,
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let (x, y, t) = (&x[0], &y[0], some(t, 0)?);
        let sum = |x: &Raw| self.over.sum(x);
        let n = self.over.count(x.shape()) as f64;
        Ok(one_tangent(Some(match self.stat {
            Stat::Mean => with_scalar(Op::Div, &sum(&t.cast(wide(t.dtype()))?)?, n)?,
            Stat::Var { ddof } => {
                let d = real(conj(&self.deviation(x)?)?.mul(&t.cast(wide(t.dtype()))?)?)?;
                with_scalar(Op::Mul, &sum(&d)?, 2.0 / self.divisor(x, ddof))?
            }
            Stat::Std { ddof } => {
                let d = real(conj(&self.deviation(x)?)?.mul(&t.cast(wide(t.dtype()))?)?)?;
                let scale = self.over_std(x, y, ddof)?;
                let moved = self.kept().sum(&d)?.mul(&scale)?;
                moved.reshape(&self.over.shape(x.shape()))?
            }
            Stat::LogSumExp => sum(&self.weights(x, y)?.mul(t)?)?,
            Stat::Softmax => y.mul(&t.sub(&self.kept().sum(&y.mul(t)?)?)?)?,
            Stat::LogSoftmax => t.sub(&self.kept().sum(&y.exp()?.mul(t)?)?)?,
        })))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let (x, y, g) = (&x[0], &y[0], some(g, 0)?);
        let n = self.over.count(x.shape()) as f64;
        let wide_g = || self.over.kept(&g.cast(wide(g.dtype()))?, x.shape());
        Ok(one_gradient(match self.stat {
            Stat::Mean => with_scalar(Op::Div, &wide_g()?, n)?.broadcast_to(x.shape())?,
            Stat::Var { ddof } => {
                let scale = with_scalar(Op::Mul, &wide_g()?, 2.0 / self.divisor(x, ddof))?;
                mixed(Op::Mul, &self.deviation(x)?, &scale)?
            }
            Stat::Std { ddof } => {
                let scale = wide_g()?.mul(&self.over_std(x, y, ddof)?)?;
                mixed(Op::Mul, &self.deviation(x)?, &scale)?
            }
            Stat::LogSumExp => {
                let g = self.over.kept(g, x.shape())?;
                conj(&self.weights(x, y)?)?.mul(&g)?
            }
            Stat::Softmax => {
                let y = conj(y)?;
                y.mul(&g.sub(&self.kept().sum(&y.mul(g)?)?)?)?
            }
            Stat::LogSoftmax => {
                let weights = conj(&y.exp()?)?;
                g.sub(&weights.mul(&self.kept().sum(g)?)?)?
            }
        }))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let next = Rowwise {
            over: self.over.behind(),
            ..self.clone()
        };
        bind(&next, x)
    }
}

/// Operands of different dtypes, which promote.
fn mixed(op: Op, a: &Raw, b: &Raw) -> Result<Raw> {
    Raw::apply(op, &[a.into(), b.into()])
}
