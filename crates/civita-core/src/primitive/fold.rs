//! Sums, products, extremes and truth over axes.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, one_gradient,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::layout::{Axes, KeepDims, PerAxis, reduced_shape};
use crate::ops::{Fold as Monoid, Op};
use crate::raw::Raw;

/// Which axes go, and whether they stay with length 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// In increasing order.
    pub axes: PerAxis<usize>,
    /// Whether they stay, with length 1.
    pub keepdims: KeepDims,
}

impl Over {
    pub(crate) fn shape(&self, x: &[usize]) -> PerAxis<usize> {
        reduced_shape(x, &self.axes, self.keepdims)
    }

    /// The result with the axes that went, for broadcasting against the operand.
    pub(crate) fn kept(&self, y: &Raw, x: &[usize]) -> Result<Raw> {
        match self.keepdims {
            KeepDims::Yes => Ok(y.clone()),
            KeepDims::No => y.reshape(&reduced_shape(x, &self.axes, KeepDims::Yes)),
        }
    }

    /// Elements to a result.
    pub(crate) fn count(&self, x: &[usize]) -> usize {
        self.axes.iter().map(|&a| x[a]).product()
    }

    pub(crate) fn signed(&self) -> PerAxis<isize> {
        self.axes.iter().map(|&a| a as isize).collect()
    }

    /// The same axes behind one more.
    pub(crate) fn behind(&self) -> Over {
        Over {
            axes: self.axes.iter().map(|a| a + 1).collect(),
            keepdims: self.keepdims,
        }
    }

    /// The axes of an operand in the order in which they lie in memory, which of them then go, and where those of a result have to go: so
    /// the result lies as the operand does (NumPy's `order='K'`). `None` where they lie in order, or none is left.
    pub(crate) fn in_memory_order(
        &self,
        x: &Raw,
    ) -> Option<(PerAxis<usize>, Over, PerAxis<usize>)> {
        if self.axes.len() == x.rank() {
            return None;
        }
        let order = x.layout().memory_order()?;
        let mut axes: PerAxis<usize> = PerAxis::new();
        let mut left: PerAxis<usize> = PerAxis::new();
        for (place, axis) in order.iter().enumerate() {
            let goes = self.axes.contains(axis);
            if goes {
                axes.push(place);
            }
            if !goes || self.keepdims == KeepDims::Yes {
                left.push(*axis);
            }
        }
        let mut back: PerAxis<usize> = (0..left.len()).collect();
        back.sort_by_key(|&place| left[place]);
        let keepdims = self.keepdims;
        Some((order, Over { axes, keepdims }, back))
    }

    /// The sum of `x` over these axes, in its dtype.
    pub(crate) fn sum(&self, x: &Raw) -> Result<Raw> {
        let sum = Fold {
            fold: Monoid::Sum,
            over: self.clone(),
            dtype: x.dtype(),
        };
        bind_one(&sum, &[x])
    }
}

/// A fold over axes.
#[derive(Clone)]
pub struct Fold {
    /// What two elements become.
    pub fold: Monoid,
    /// Over which axes.
    pub over: Over,
    /// Dtype of the result.
    pub dtype: DType,
}

impl std::fmt::Debug for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name(), self.over.axes)
    }
}

/// The dtype in which shares of a gradient are computed: one that counts elements without overflow.
pub(crate) fn wide(dtype: DType) -> DType {
    dtype.compute()
}

/// What a share of [`wide`] dtype multiplies: 8-bit floats are not promoted.
fn beside_share(x: &Raw) -> Result<Raw> {
    match x.dtype().is_float8() {
        true => x.cast(wide(x.dtype())),
        false => Ok(x.clone()),
    }
}

impl Fold {
    /// `∂max/∂x`: equal elements share it.
    fn share(&self, x: &Raw, y: &Raw) -> Result<Raw> {
        let (x, y) = (x.detach(), self.over.kept(&y.detach(), x.shape())?);
        let equal = x.eq(&y)?;
        let nan = x.isnan()?.logical_and(&y.isnan()?)?;
        let equal = equal.logical_or(&nan)?.cast(wide(x.dtype()))?;
        let keep = Over {
            axes: self.over.axes.clone(),
            keepdims: KeepDims::Yes,
        };
        equal.div(&keep.sum(&equal)?)
    }

    /// `∂Πx / ∂xᵢ = Π_{j≠i} xⱼ`, without a division: right with any number of zeros, and so are its own derivatives.
    fn others(&self, x: &Raw) -> Result<Raw> {
        let axes = self.over.signed();
        let order: Vec<isize> = (0..x.rank() as isize)
            .filter(|axis| !axes.contains(axis))
            .chain(axes.iter().copied())
            .collect();
        let mut back = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            back[from as usize] = to as isize;
        }
        let moved = x.permute(&order)?;
        let mut shape = moved.shape()[..x.rank() - axes.len()].to_vec();
        shape.push(self.over.count(x.shape()));
        products_of_others(&moved.reshape(&shape)?)?
            .reshape(moved.shape())?
            .permute(&back)
    }
}

/// Along the last axis, the product of all elements but each one: halves are multiplied with each other until one
/// product is left, then on the way back each half gets the other's. `4n` multiplications, all of them ops.
fn products_of_others(x: &Raw) -> Result<Raw> {
    let ones = |like: &Raw, len: usize| {
        let mut shape = like.shape().to_vec();
        shape[like.rank() - 1] = len;
        like.like(&shape, like.dtype(), Scalar::Bool(true))
    };
    let length = |x: &Raw| x.shape()[x.rank() - 1];
    let mut halves = Vec::new();
    let mut products = x.clone();
    while length(&products) > 1 {
        let n = length(&products);
        let half = n.div_ceil(2);
        let low = products.narrow(-1, 0, half)?;
        let mut high = products.narrow(-1, half, n - half)?;
        if n % 2 == 1 {
            high = Raw::concatenate(&[&high, &ones(&high, 1)?], -1)?;
        }
        products = low.mul(&high)?;
        halves.push((n, low, high));
    }
    let mut others = ones(&products, length(&products))?;
    for (n, low, high) in halves.iter().rev() {
        let both = [others.mul(high)?, others.mul(low)?];
        others = Raw::concatenate(&[&both[0], &both[1]], -1)?.narrow(-1, 0, *n)?;
    }
    Ok(others)
}

impl Primitive for Fold {
    fn name(&self) -> &'static str {
        match self.fold {
            Monoid::Sum => "sum",
            Monoid::Prod => "prod",
            Monoid::Max => "max",
            Monoid::Min => "min",
            Monoid::Any => "any",
            Monoid::All => "all",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec {
            shape: self.over.shape(&x[0].shape),
            dtype: self.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        match self.over.in_memory_order(x[0]) {
            None => backend.fold(self, x[0]).map(Outputs::One),
            Some((order, over, back)) => {
                let fold = Fold {
                    over,
                    ..self.clone()
                };
                backend
                    .fold(&fold, &x[0].reordered(&order)?)?
                    .reordered(&back)
                    .map(Outputs::One)
            }
        }
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.fold {
            Monoid::Max | Monoid::Min => Reads::ALL,
            Monoid::Prod => Reads::INPUTS,
            Monoid::Sum | Monoid::Any | Monoid::All => Reads::SHAPES,
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        let moved = match self.fold {
            Monoid::Sum => t.clone(),
            Monoid::Prod => t.mul(&self.others(&x[0])?)?,
            Monoid::Max | Monoid::Min => beside_share(t)?.mul(&self.share(&x[0], &y[0])?)?,
            Monoid::Any | Monoid::All => return Ok(one_tangent(None)),
        };
        Ok(one_tangent(Some(self.over.sum(&moved)?)))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let x = &x[0];
        let g = self.over.kept(some(g, 0)?, x.shape())?;
        Ok(one_gradient(match self.fold {
            Monoid::Prod => Raw::apply(Op::Mul, &[(&g).into(), (&self.others(x)?.conj()?).into()])?,
            Monoid::Max | Monoid::Min => beside_share(&g)?.mul(&self.share(x, &y[0])?)?,
            Monoid::Sum | Monoid::Any | Monoid::All => g.broadcast_to(x.shape())?,
        }))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let fold = Fold {
            over: self.over.behind(),
            ..self.clone()
        };
        bind(&fold, x)
    }
}

impl Raw {
    /// Sums over the axes along which `shape` was broadcast to this tensor's: the transpose of broadcasting.
    pub(crate) fn sum_to(&self, shape: &[usize]) -> Result<Raw> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let extra = self.rank().saturating_sub(shape.len());
        let axes: PerAxis<isize> = (0..self.rank())
            .filter(|&a| a < extra || (shape[a - extra] == 1 && self.shape()[a] != 1))
            .map(|a| a as isize)
            .collect();
        let sum = self.fold(Monoid::Sum, Axes::List(&axes), KeepDims::Yes)?;
        sum.reshape(shape)
    }
}
