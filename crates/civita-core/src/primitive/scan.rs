//! Running folds.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, one_gradient,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::layout::Axes;
use crate::ops::{Fold as Monoid, Op};
use crate::raw::{Raw, place_of};

/// The running fold along an axis.
#[derive(Clone)]
pub struct Scan {
    /// `Sum`, `Prod`, `Max` or `Min`.
    pub fold: Monoid,
    /// Along which.
    pub axis: usize,
    /// Dtype of the result.
    pub dtype: DType,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.name(), self.axis)
    }
}

impl Scan {
    /// Where each running extreme is: of equal ones the last, from the first NaN on the last NaN.
    fn sources(&self, x: &Raw, y: &Raw) -> Result<Raw> {
        let (x, y) = (x.detach(), y.detach());
        let is_new = x.eq(&y)?.logical_or(&x.isnan()?)?;
        let n = Scalar::Int(x.shape()[self.axis] as i128);
        let mut shape = vec![1; x.rank()];
        shape[self.axis] = x.shape()[self.axis];
        let places = Raw::arange(Scalar::Int(0), n, Scalar::Int(1), DType::I64)?
            .to_device(x.device())?
            .reshape(&shape)?;
        let places = Raw::apply(
            Op::Where,
            &[(&is_new).into(), (&places).into(), Scalar::Int(0).into()],
        )?;
        let last = Scan {
            fold: Monoid::Max,
            axis: self.axis,
            dtype: DType::I64,
        };
        bind_one(&last, &[&places])
    }

    /// `before[k] = y[k - 1]`, and 1 for the first.
    fn before(&self, y: &Raw) -> Result<Raw> {
        shifted(y, self.axis, Scalar::Bool(true))
    }
}

/// The elements one place later along an axis, behind a constant.
fn shifted(x: &Raw, axis: usize, first: Scalar) -> Result<Raw> {
    let n = x.shape()[axis];
    if n == 0 {
        return Ok(x.clone());
    }
    let mut shape = x.shape().to_vec();
    shape[axis] = 1;
    let axis = axis as isize;
    let first = x.like(&shape, x.dtype(), first)?;
    Raw::concatenate(&[&first, &x.narrow(axis, 0, n - 1)?], axis)
}

/// `h[k] = a[k] · h[k - 1] + b[k]` along an axis, with 0 before the first. In `log n` steps, each of which doubles how far
/// back an element has looked; all of them ops, without a division, so it and its derivatives are right with zeros.
fn recurrence(a: &Raw, b: &Raw, axis: usize) -> Result<Raw> {
    let n = b.shape()[axis];
    let (mut a, mut b) = (a.clone(), b.clone());
    let axis = axis as isize;
    let mut step = 1;
    while step < n {
        let late = |x: &Raw| x.narrow(axis, step, n - step);
        let early = |x: &Raw| x.narrow(axis, 0, n - step);
        let head = |x: &Raw| x.narrow(axis, 0, step);
        let next = late(&a)?.mul(&early(&b)?)?.add(&late(&b)?)?;
        let next = Raw::concatenate(&[&head(&b)?, &next], axis)?;
        let factors = late(&a)?.mul(&early(&a)?)?;
        a = Raw::concatenate(&[&head(&a)?, &factors], axis)?;
        b = next;
        step *= 2;
    }
    Ok(b)
}

impl Primitive for Scan {
    fn name(&self) -> &'static str {
        match self.fold {
            Monoid::Prod => "cumprod",
            Monoid::Max => "cummax",
            Monoid::Min => "cummin",
            _ => "cumsum",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec {
            shape: x[0].shape.clone(),
            dtype: self.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        // the result lies as the operand does
        let Some(order) = x[0].layout().memory_order() else {
            return backend.scan(self, x[0]).map(Outputs::One);
        };
        let scan = Scan {
            axis: place_of(&order, self.axis),
            ..self.clone()
        };
        let y = backend.scan(&scan, &x[0].reordered(&order)?)?;
        y.in_former_order(&order).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.fold {
            Monoid::Prod | Monoid::Max | Monoid::Min => Reads::ALL,
            _ => Reads::SHAPES,
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        Ok(one_tangent(Some(match self.fold {
            // y[k] = y[k - 1] · x[k]
            Monoid::Prod => {
                let fresh = self.before(&y[0])?.mul(&t.cast(self.dtype)?)?;
                recurrence(&x[0].cast(self.dtype)?, &fresh, self.axis)?
            }
            Monoid::Max | Monoid::Min => {
                t.take_along_axis(&self.sources(&x[0], &y[0])?, self.axis as isize)?
            }
            _ => bind_one(self, &[t])?,
        })))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let back = |x: &Raw| x.flip(Axes::List(&[self.axis as isize]));
        Ok(one_gradient(match self.fold {
            // what reaches y[k]: g[k], and through y[k + 1] = y[k] · x[k + 1] what reaches that
            Monoid::Prod => {
                let (x, before) = (x[0].cast(self.dtype)?, self.before(&y[0])?);
                let factors = shifted(&back(&x.conj()?)?, self.axis, Scalar::Bool(false))?;
                let reaching = back(&recurrence(&factors, &back(g)?, self.axis)?)?;
                reaching.mul(&before.conj()?)?
            }
            Monoid::Max | Monoid::Min => {
                let sources = self.sources(&x[0], &y[0])?;
                g.added_along_axis(&sources, self.axis, x[0].shape()[self.axis])?
            }
            _ => back(&bind_one(self, &[&back(g)?])?)?,
        }))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let scan = Scan {
            axis: self.axis + 1,
            ..self.clone()
        };
        bind(&scan, x)
    }
}

impl Raw {
    /// The running largest (or smallest) elements along an axis, and where each is: of equal ones the last.
    pub(crate) fn running_extremes(&self, fold: Monoid, axis: usize) -> Result<(Raw, Raw)> {
        let scan = Scan {
            fold,
            axis,
            dtype: self.dtype(),
        };
        let y = bind_one(&scan, &[self])?;
        let sources = scan.sources(self, &y)?;
        Ok((y, sources))
    }
}
