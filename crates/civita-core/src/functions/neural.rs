//! Normalisations and losses of networks, as PyTorch's: rows that are computed in one pass.

use super::value::*;
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout::{Axes as Over, KeepDims};
use crate::ops::{Class, Op, Reduction};
use crate::primitive::wide;
use crate::raw::{Mode, Raw, ReduceOptions};

/// The dtype that results of all these arrays have.
fn real(op: &'static str, all: &[Option<&Raw>]) -> Result<DType> {
    let dtypes = all.iter().flatten().map(|x| x.dtype());
    let dtype = dtypes.reduce(promote).unwrap_or(DType::F64);
    Class::RealFloat
        .compute(dtype)
        .ok_or_else(|| Error::dtype(op, "takes real numbers").dtypes(&[dtype]))
}

/// The arrays in one dtype, after checks of their shapes: the last axes of the first are those of a row.
fn rows(
    op: &'static str,
    x: &Raw,
    shape: &[usize],
    weight: Option<&Raw>,
    bias: Option<&Raw>,
) -> Result<(Raw, Option<Raw>, Option<Raw>)> {
    if shape.is_empty() || !x.shape().ends_with(shape) {
        return Err(
            Error::shape(op, "the normalized axes are the last ones of the input")
                .shapes(&[x.shape(), shape]),
        );
    }
    for row in [weight, bias].into_iter().flatten() {
        if row.shape() != shape {
            return Err(
                Error::shape(op, "weight and bias have the shape of the normalized axes")
                    .shapes(&[row.shape(), shape]),
            );
        }
    }
    let dtype = real(op, &[Some(x), weight, bias])?;
    let cast = |x: Option<&Raw>| x.map(|x| x.cast(dtype)).transpose();
    Ok((x.cast(dtype)?, cast(weight)?, cast(bias)?))
}

pub fn layer_norm(
    input: Array,
    normalized_shape: Shape,
    weight: OptArray,
    bias: OptArray,
    eps: Float,
) -> Result<Raw> {
    let shape = &normalized_shape.0;
    let (x, weight, bias) = rows("layer_norm", input, shape, weight.as_ref(), bias.as_ref())?;
    x.layer_norm(shape.len(), weight.as_ref(), bias.as_ref(), eps)
}

pub fn rms_norm(
    input: Array,
    normalized_shape: Shape,
    weight: OptArray,
    eps: OptFloat,
) -> Result<Raw> {
    let shape = &normalized_shape.0;
    let (x, weight, _) = rows("rms_norm", input, shape, weight.as_ref(), None)?;
    // that of the dtype that rows are computed in
    let eps = eps.0.unwrap_or(match wide(x.dtype()) {
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    });
    x.rms_norm(shape.len(), weight.as_ref(), eps)
}

pub fn cross_entropy(
    input: Array,
    target: Array,
    weight: OptArray,
    ignore_index: Int,
    reduction: LossReduction,
    label_smoothing: Float,
) -> Result<Raw> {
    const OP: &str = "cross_entropy";
    if input.rank() == 0 {
        return Err(Error::shape(OP, "the input has an axis of classes").shapes(&[input.shape()]));
    }
    if !(0.0..=1.0).contains(&label_smoothing) {
        return Err(Error::value(
            OP,
            format!("label_smoothing is between 0 and 1, not {label_smoothing}"),
        ));
    }
    let axis = usize::from(input.rank() > 1);
    let classes = input.shape()[axis];
    let dtype = real(OP, &[Some(input), weight.as_ref()])?;
    let weight = match weight {
        Some(weight) if weight.shape() != [classes] => {
            return Err(
                Error::shape(OP, "the weight is a vector with an element for each class")
                    .shapes(&[weight.shape(), input.shape()]),
            );
        }
        Some(weight) => Some(weight.cast(wide(dtype))?),
        None => None,
    };
    let loss = Loss {
        x: input.cast(dtype)?,
        axis,
        classes,
        weight,
        smoothing: label_smoothing,
        reduction,
    };
    let y = match target.dtype().kind() {
        Kind::Float => loss.of_probabilities(target)?,
        Kind::Signed | Kind::Unsigned => loss.of_classes(target, ignore_index)?,
        _ => {
            return Err(Error::dtype(
                OP,
                "the target holds indices of classes, or their probabilities",
            )
            .dtypes(&[target.dtype()]));
        }
    };
    y.cast(dtype)
}

/// The arguments of `cross_entropy`, checked.
struct Loss {
    x: Raw,
    axis: usize,
    classes: usize,
    weight: Option<Raw>,
    smoothing: f64,
    reduction: LossReduction,
}

fn by(op: Op, x: &Raw, scalar: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(scalar).into()])
}

/// 0 where the mask is true.
fn zero_where(mask: &Raw, x: &Raw) -> Result<Raw> {
    Raw::apply(
        Op::Where,
        &[mask.into(), Scalar::Float(0.0).into(), x.into()],
    )
}

impl Loss {
    /// A reduction along the classes, which stay as an axis of length 1, in a dtype that does not overflow.
    fn along(&self, reduction: Reduction, x: &Raw) -> Result<Raw> {
        let options = ReduceOptions {
            axes: Over::List(&[self.axis as isize]),
            keepdims: KeepDims::Yes,
            dtype: Some(wide(x.dtype())),
            ..Default::default()
        };
        x.reduce(reduction, options)
    }

    /// The weight of each class, to be multiplied by the input.
    fn spread(&self, weight: &Raw) -> Result<Raw> {
        let mut shape = vec![1; self.x.rank()];
        shape[self.axis] = self.classes;
        weight.reshape(&shape)
    }

    fn reduced(&self, loss: Raw, count: impl FnOnce() -> Result<Raw>) -> Result<Raw> {
        let sum = |x: &Raw| x.reduce(Reduction::Sum, ReduceOptions::default());
        match self.reduction {
            LossReduction::None => Ok(loss),
            LossReduction::Sum => sum(&loss),
            LossReduction::Mean => sum(&loss)?.div(&sum(&count()?)?),
        }
    }

    fn of_classes(&self, target: &Raw, ignored: isize) -> Result<Raw> {
        const OP: &str = "cross_entropy";
        let mut shape = self.x.shape().to_vec();
        shape.remove(self.axis);
        if target.shape() != shape {
            return Err(Error::shape(
                OP,
                "indices of classes have the axes of the input without that of the classes",
            )
            .shapes(&[target.shape(), self.x.shape()]));
        }
        let target = target.detach().cast(DType::I64)?;
        let int = |n: usize| Scalar::Int(n as i128);
        let of = |op, x: &Raw, scalar: Scalar| Raw::apply(op, &[x.into(), scalar.into()]);
        let ignored = of(Op::Eq, &target, Scalar::Int(ignored as i128))?;
        let target = Raw::apply(
            Op::Where,
            &[(&ignored).into(), int(0).into(), (&target).into()],
        )?;
        // a negative class is none: it becomes an index that is out of range
        let below = of(Op::Sub, &target, int(self.classes))?;
        let target = of(Op::Lt, &target, int(0))?.choose(&below, &target)?;
        let picked = self
            .x
            .take_along_axis(
                &target.expand_dims(&[self.axis as isize])?,
                self.axis as isize,
            )
            .map_err(|e| e.in_op(OP))?
            .cast(wide(self.x.dtype()))?;

        let (near, far) = (1.0 - self.smoothing, self.smoothing);
        let Some(weight) = &self.weight else {
            let picked = match far == 0.0 {
                true => picked,
                false => {
                    let mean = self.along(Reduction::Mean, &self.x)?;
                    by(Op::Mul, &picked, near)?.add(&by(Op::Mul, &mean, far)?)?
                }
            };
            let loss = self.x.log_loss(&picked, self.axis as isize)?;
            let loss = zero_where(&ignored, &loss)?;
            return self.reduced(loss, || ignored.logical_not()?.cast(wide(self.x.dtype())));
        };
        let each = weight.take(&target, 0, Mode::Raise)?;
        let mut loss = self.x.log_loss(&picked, self.axis as isize)?.mul(&each)?;
        if far > 0.0 {
            let total = weight.reduce(Reduction::Sum, ReduceOptions::default())?;
            let x = self.x.cast(wide(self.x.dtype()))?;
            let mean = self
                .along(Reduction::Sum, &x.mul(&self.spread(weight)?)?)?
                .div(&total)?;
            let share = by(Op::Mul, &total, far / self.classes as f64)?;
            let smooth = self.x.log_loss(&mean, self.axis as isize)?.mul(&share)?;
            loss = by(Op::Mul, &loss, near)?.add(&smooth)?;
        }
        self.reduced(zero_where(&ignored, &loss)?, || zero_where(&ignored, &each))
    }

    fn of_probabilities(&self, target: &Raw) -> Result<Raw> {
        if target.shape() != self.x.shape() {
            return Err(Error::shape(
                "cross_entropy",
                "probabilities of classes have the shape of the input",
            )
            .shapes(&[target.shape(), self.x.shape()]));
        }
        let mut p = target.cast(wide(self.x.dtype()))?;
        if self.smoothing > 0.0 {
            let share = self.smoothing / self.classes as f64;
            p = by(Op::Add, &by(Op::Mul, &p, 1.0 - self.smoothing)?, share)?;
        }
        if let Some(weight) = &self.weight {
            p = p.mul(&self.spread(weight)?)?;
        }
        let logs = self.x.log_softmax(self.axis as isize)?;
        let logs = logs.cast(p.dtype())?;
        let loss = self.along(Reduction::Sum, &p.mul(&logs)?)?.neg()?;
        let loss = loss.squeeze(Some(&[self.axis as isize]))?;
        let ones = loss.detach().filled(Scalar::Float(1.0))?;
        self.reduced(loss, || Ok(ones))
    }
}
