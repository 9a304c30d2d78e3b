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
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::layout::{Dims, KeepDims};
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
    /// `Σ|x|² / n` of real numbers.
    MeanSquare,
    /// `(x - mean) / √(var + eps)`, or without the mean `x / √(Σx² / n + eps)`, an element for each. The operands behind the
    /// first have the shape of a row, which is the last axes.
    Norm {
        /// Whether the mean is taken off: layer normalisation, else that by the root of the mean square.
        centered: bool,
        /// Added under the root.
        eps: f64,
        /// Whether an operand multiplies the result.
        weight: bool,
        /// Whether an operand, the last one, is added to the result.
        bias: bool,
    },
    /// `ln Σ eˣ - t`: with an element `t` of the row, the negative logarithm of its softmax. The second operand is `t`, with axes
    /// of length 1 for those of a row.
    LogLoss,
}

/// One more value, of those before it. The first values are the operands, in the dtype that the statistic is computed in; each stage
/// adds one.
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
    /// The axes of a row; they stay as they are where the result has an element for each.
    pub over: Over,
    /// Dtype of the result.
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
            Stat::Softmax | Stat::LogSoftmax | Stat::Norm { .. } | Stat::LogLoss => {
                wide(self.dtype)
            }
            _ if x.is_complex() => DType::C128,
            _ => DType::F64,
        }
    }

    /// How many operands it has.
    pub(crate) fn operands(&self) -> usize {
        match self.stat {
            Stat::Norm { weight, bias, .. } => 1 + usize::from(weight) + usize::from(bias),
            Stat::LogLoss => 2,
            _ => 1,
        }
    }

    /// What is computed of rows of `n` elements of dtype `x`; the last value is the result.
    pub(crate) fn stages(&self, n: usize, x: DType) -> SmallVec<[Stage; 8]> {
        let f = functions();
        let mut all = Stages {
            operands: self.operands(),
            all: SmallVec::new(),
        };
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
                let log = all.map(&f.finite_log, &[sum]);
                all.map(&f.less_both, &[0, shift, log]);
            }
            Stat::MeanSquare => {
                let squares = all.map(Function::of(Op::Square), &[0]);
                let sum = all.fold(Monoid::Sum, squares);
                all.scalar(Op::Div, sum, n as f64);
            }
            Stat::Norm { centered, eps, .. } => {
                let mean = centered.then(|| all.mean(n));
                let squares = match mean {
                    Some(mean) => all.map(&f.square_deviation, &[0, mean]),
                    None => all.map(Function::of(Op::Square), &[0]),
                };
                let sum = all.fold(Monoid::Sum, squares);
                let square = all.scalar(Op::Div, sum, n as f64);
                let square = all.scalar(Op::Add, square, eps);
                let scale = all.map(Function::of(Op::Rsqrt), &[square]);
                let mut of: SmallVec<[usize; 5]> = SmallVec::from_elem(0, 1);
                of.extend(mean);
                of.push(scale);
                of.extend(1..all.operands);
                all.map(&f.norm[self.norm_index()], &of);
            }
            Stat::LogLoss => {
                let shift = all.finite_shift(n, x);
                let exp = all.map(&f.shifted_exp, &[0, shift]);
                let sum = all.fold(Monoid::Sum, exp);
                all.map(&f.log_loss, &[sum, 1, shift]);
            }
        }
        all.all
    }

    pub(crate) fn keeps_shape(&self) -> bool {
        matches!(
            self.stat,
            Stat::Softmax | Stat::LogSoftmax | Stat::Norm { .. }
        )
    }

    /// A number for what a [`Stat::Norm`] does beside the statistic, below 8.
    pub(crate) fn norm_index(&self) -> usize {
        match self.stat {
            Stat::Norm {
                centered,
                weight,
                bias,
                ..
            } => usize::from(centered) + 2 * usize::from(weight) + 4 * usize::from(bias),
            _ => 0,
        }
    }

    /// The result of a [`Stat::Norm`] before weight and bias, and the factor of each row, in a dtype that does not overflow.
    fn normalised(&self, x: &Raw, centered: bool, eps: f64) -> Result<(Raw, Raw)> {
        let x = x.cast(wide(x.dtype()))?;
        let of = |stat| Rowwise {
            stat,
            over: self.kept(),
            dtype: x.dtype(),
        };
        let norm = of(Stat::Norm {
            centered,
            eps,
            weight: false,
            bias: false,
        });
        let square = of(match centered {
            true => Stat::Var { ddof: 0.0 },
            false => Stat::MeanSquare,
        });
        let square = with_scalar(Op::Add, &super::bind_one(&square, &[&x])?, eps)?;
        Ok((super::bind_one(&norm, &[&x])?, square.rsqrt()?))
    }

    /// The derivative of a [`Stat::Norm`] before weight and bias, applied to `t`: it is its own transpose.
    fn norm_map(&self, (y, scale): &(Raw, Raw), centered: bool, t: &Raw) -> Result<Raw> {
        let t = t.cast(y.dtype())?;
        let mean = |x: &Raw| {
            let mean = Rowwise {
                stat: Stat::Mean,
                over: self.kept(),
                dtype: y.dtype(),
            };
            super::bind_one(&mean, &[x])
        };
        let along = mean(&t.mul(y)?)?;
        let f = functions();
        match centered {
            true => Raw::call(&f.norm_map[1], &[&t, y, scale, &along, &mean(&t)?]),
            false => Raw::call(&f.norm_map[0], &[&t, y, scale, &along]),
        }
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

    /// The sum of shares of a tangent; none where all operands stand still.
    fn sum_of(&self, shares: &[Raw]) -> Result<Tangents> {
        let mut sum: Option<Raw> = None;
        for share in shares {
            sum = Some(match &sum {
                Some(sum) => mixed(Op::Add, sum, share)?,
                None => share.clone(),
            });
        }
        let sum = sum.map(|sum| sum.cast(self.dtype)).transpose()?;
        Ok(one_tangent(sum))
    }

    /// The softmax of each row, in a dtype that does not overflow.
    fn softmax(&self, x: &Raw) -> Result<Raw> {
        let softmax = Rowwise {
            stat: Stat::Softmax,
            over: self.kept(),
            dtype: wide(x.dtype()),
        };
        super::bind_one(&softmax, &[x])
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
        let choose = |other: f64, y: &Raw| {
            let other = y.filled(Scalar::Float(other))?;
            Raw::apply(Op::Where, &[(&zero).into(), (&other).into(), y.into()])
        };
        // 1 takes the place of 0 first: a quotient by 0 has no derivative, though it is not chosen
        let scale = with_scalar(Op::Mul, &choose(1.0, &y)?, self.divisor(x, ddof))?;
        choose(0.0, &scale.reciprocal()?)
    }
}

/// Each method adds a stage and gives the number of its value.
struct Stages {
    operands: usize,
    all: SmallVec<[Stage; 8]>,
}

impl Stages {
    fn add(&mut self, stage: Stage) -> usize {
        self.all.push(stage);
        self.operands + self.all.len() - 1
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
    /// `ln s`, and NaN of infinity: beside an infinite element no other has a logarithm of its share.
    pub finite_log: Arc<Function>,
    /// `x - m - l`.
    pub less_both: Arc<Function>,
    /// `ln s - (t - m)`.
    pub log_loss: Arc<Function>,
    /// `(x - mean) · scale · weight + bias`, by [`Rowwise::norm_index`].
    pub norm: [Arc<Function>; 8],
    /// `(t - y · along) · scale`, and with the mean of `t` taken off.
    pub norm_map: [Arc<Function>; 2],
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
            finite_log: of(1, "log_softmax", |b| {
                let s = b.input(0);
                s.eq(s.like(f64::INFINITY))
                    .choose(s.like(f64::NAN), s.log())
            }),
            less_both: of(3, "log_softmax", |b| b.input(0) - b.input(1) - b.input(2)),
            log_loss: of(3, "log_loss", |b| {
                b.input(0).log() - (b.input(1) - b.input(2))
            }),
            norm: [
                of(2, "rms_norm", |b| b.input(0) * b.input(1)),
                of(3, "layer_norm", |b| (b.input(0) - b.input(1)) * b.input(2)),
                of(3, "rms_norm", |b| b.input(0) * b.input(1) * b.input(2)),
                of(4, "layer_norm", |b| {
                    (b.input(0) - b.input(1)) * b.input(2) * b.input(3)
                }),
                of(3, "rms_norm", |b| b.input(0) * b.input(1) + b.input(2)),
                of(4, "layer_norm", |b| {
                    (b.input(0) - b.input(1)) * b.input(2) + b.input(3)
                }),
                of(4, "rms_norm", |b| {
                    b.input(0) * b.input(1) * b.input(2) + b.input(3)
                }),
                of(5, "layer_norm", |b| {
                    (b.input(0) - b.input(1)) * b.input(2) * b.input(3) + b.input(4)
                }),
            ],
            norm_map: [
                of(4, "rms_norm", |b| {
                    (b.input(0) - b.input(1) * b.input(3)) * b.input(2)
                }),
                of(5, "layer_norm", |b| {
                    (b.input(0) - b.input(4) - b.input(1) * b.input(3)) * b.input(2)
                }),
            ],
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
            Stat::MeanSquare => "mean_square",
            Stat::Norm { centered: true, .. } => "layer_norm",
            Stat::Norm {
                centered: false, ..
            } => "rms_norm",
            Stat::LogLoss => "log_loss",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        for operand in &x[1..] {
            let row: Dims = match self.stat {
                Stat::LogLoss => self.kept().shape(&x[0].shape),
                _ => self.over.axes.iter().map(|&a| x[0].shape[a]).collect(),
            };
            if row != operand.shape {
                return Err(Error::shape(self.name(), "the operands of rows do not fit")
                    .shapes(&[&operand.shape, &row]));
            }
        }
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
        let moved = match x {
            [x] if !self.keeps_shape() => self.over.in_memory_order(x),
            _ => None,
        };
        let Some((order, over, back)) = moved else {
            return backend.rowwise(self, x).map(Outputs::One);
        };
        let rowwise = Rowwise {
            over,
            ..self.clone()
        };
        let y = backend.rowwise(&rowwise, &[&x[0].reordered(&order)?])?;
        y.reordered(&back).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.stat {
            Stat::Mean => Reads::SHAPES,
            Stat::Var { .. } | Stat::MeanSquare => Reads::INPUTS,
            Stat::Norm { weight, .. } => Reads::of_inputs(&[true, weight]),
            Stat::LogLoss => Reads::of_inputs(&[true, false]),
            Stat::Std { .. } | Stat::LogSumExp => Reads::ALL,
            Stat::Softmax | Stat::LogSoftmax => Reads::OUTPUTS,
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let (all, y) = (x, &y[0]);
        let x = &all[0];
        let moved = || some(t, 0);
        let wide_t = || moved().and_then(|t| t.cast(wide(t.dtype())));
        let sum = |x: &Raw| self.over.sum(x);
        let n = self.over.count(x.shape()) as f64;
        Ok(one_tangent(Some(match self.stat {
            Stat::Mean => with_scalar(Op::Div, &sum(&wide_t()?)?, n)?,
            Stat::MeanSquare => {
                let x = x.cast(wide(x.dtype()))?;
                with_scalar(Op::Mul, &sum(&x.mul(&wide_t()?)?)?, 2.0 / n)?
            }
            Stat::Var { ddof } => {
                let d = real(conj(&self.deviation(x)?)?.mul(&wide_t()?)?)?;
                with_scalar(Op::Mul, &sum(&d)?, 2.0 / self.divisor(x, ddof))?
            }
            Stat::Std { ddof } => {
                let d = real(conj(&self.deviation(x)?)?.mul(&wide_t()?)?)?;
                let scale = self.over_std(x, y, ddof)?;
                let moved = self.kept().sum(&d)?.mul(&scale)?;
                moved.reshape(&self.over.shape(x.shape()))?
            }
            Stat::LogSumExp => sum(&self.weights(x, y)?.mul(moved()?)?)?,
            Stat::Softmax => {
                let t = moved()?;
                y.mul(&t.sub(&self.kept().sum(&y.mul(t)?)?)?)?
            }
            Stat::LogSoftmax => {
                let t = moved()?;
                t.sub(&self.kept().sum(&y.exp()?.mul(t)?)?)?
            }
            Stat::Norm {
                centered,
                eps,
                weight,
                bias,
            } => {
                let normal = self.normalised(x, centered, eps)?;
                let mut shares: SmallVec<[Raw; 3]> = SmallVec::new();
                if let Some(t) = &t[0] {
                    let t = self.norm_map(&normal, centered, t)?;
                    shares.push(match weight {
                        true => mixed(Op::Mul, &t, &all[1])?,
                        false => t,
                    });
                }
                if let Some(t) = weight.then(|| t[1].as_ref()).flatten() {
                    shares.push(mixed(Op::Mul, &normal.0, t)?);
                }
                if let Some(t) = bias.then(|| t[all.len() - 1].as_ref()).flatten() {
                    shares.push(t.broadcast_to(x.shape())?);
                }
                return self.sum_of(&shares);
            }
            Stat::LogLoss => {
                let mut shares: SmallVec<[Raw; 3]> = SmallVec::new();
                if let Some(t) = &t[0] {
                    shares.push(sum(&mixed(Op::Mul, &self.softmax(x)?, t)?)?);
                }
                if let Some(t) = &t[1] {
                    shares.push(t.neg()?.reshape(&self.over.shape(x.shape()))?);
                }
                return self.sum_of(&shares);
            }
        })))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let (all, y, g) = (x, &y[0], some(g, 0)?);
        let x = &all[0];
        let n = self.over.count(x.shape()) as f64;
        let wide_g = || self.over.kept(&g.cast(wide(g.dtype()))?, x.shape());
        Ok(one_gradient(match self.stat {
            Stat::Mean => with_scalar(Op::Div, &wide_g()?, n)?.broadcast_to(x.shape())?,
            Stat::MeanSquare => mixed(Op::Mul, x, &with_scalar(Op::Mul, &wide_g()?, 2.0 / n)?)?,
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
            Stat::Norm {
                centered,
                eps,
                weight,
                bias,
            } => {
                let mut found: Gradients = SmallVec::from_elem(None, all.len());
                let normal = self.normalised(x, centered, eps)?;
                let g = g.cast(normal.0.dtype())?;
                if wanted[0] {
                    let inner = match weight {
                        true => mixed(Op::Mul, &g, &all[1])?,
                        false => g.clone(),
                    };
                    found[0] = Some(self.norm_map(&normal, centered, &inner)?);
                }
                // the graph sums over the axes that the operands lack
                if weight && wanted[1] {
                    found[1] = Some(normal.0.mul(&g)?);
                }
                if bias && wanted[all.len() - 1] {
                    found[all.len() - 1] = Some(g);
                }
                return Ok(found);
            }
            Stat::LogLoss => {
                let g = self.over.kept(g, x.shape())?;
                let softmax = wanted[0]
                    .then(|| mixed(Op::Mul, &self.softmax(x)?, &g))
                    .transpose()?;
                return Ok(SmallVec::from_iter([softmax, Some(g.neg()?)]));
            }
        }))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let next = Rowwise {
            over: self.over.behind(),
            ..self.clone()
        };
        match self.stat {
            // an operand for each sample is not one for all rows: it is applied behind
            Stat::Norm {
                centered,
                eps,
                weight,
                bias,
            } if !batched[0] || batched[1..].contains(&true) => {
                let own = if batched[0] { &next } else { self };
                let bare = Rowwise {
                    stat: Stat::Norm {
                        centered,
                        eps,
                        weight: false,
                        bias: false,
                    },
                    dtype: wide(self.dtype),
                    ..own.clone()
                };
                let mut y = super::bind_one(&bare, &x[..1])?;
                let rank = x[0].rank() + usize::from(!batched[0]);
                let row = |i: usize| -> Result<Raw> {
                    if !batched[i] {
                        return Ok(x[i].clone());
                    }
                    let mut shape: Dims = SmallVec::from_elem(1, rank);
                    let row = &x[i].shape()[1..];
                    shape[rank - row.len()..].copy_from_slice(row);
                    shape[0] = x[i].shape()[0];
                    x[i].reshape(&shape)
                };
                if weight {
                    y = mixed(Op::Mul, &y, &row(1)?)?;
                }
                if bias {
                    y = mixed(Op::Add, &y, &row(x.len() - 1)?)?;
                }
                Ok(Outputs::One(y.cast(self.dtype)?))
            }
            Stat::LogLoss if batched.contains(&false) => {
                let lacking = usize::from(batched[0]);
                let mut shape: Dims = SmallVec::from_slice(x[lacking].shape());
                shape.insert(0, x[1 - lacking].shape()[0]);
                let whole = x[lacking].broadcast_to(&shape)?;
                match lacking {
                    0 => bind(&next, &[&whole, x[1]]),
                    _ => bind(&next, &[x[0], &whole]),
                }
            }
            _ => bind(&next, x),
        }
    }
}

/// Operands of different dtypes, which promote.
fn mixed(op: Op, a: &Raw, b: &Raw) -> Result<Raw> {
    Raw::apply(op, &[a.into(), b.into()])
}
