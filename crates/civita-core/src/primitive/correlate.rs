//! Sliding products of vectors.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind_one, product_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::promote;
use crate::error::{Error, Result};
use crate::layout::Dims;
use crate::raw::Raw;

/// `y[…, k] = Σ x[…, k + j] · w[…, j]` wherever `w` lies wholly inside `x`; the other axes broadcast as those of a matrix product.
/// `w` is not conjugated.
///
/// It is the product of `w` with the matrix of shifted copies of `x`, which is a view: each row begins one element later.
#[derive(Clone, Copy, Debug)]
pub struct Correlate;

impl Correlate {
    fn lengths(x: &[usize], w: &[usize]) -> Result<(usize, usize)> {
        match (x.last(), w.last()) {
            (Some(&n), Some(&m)) if 0 < m && m <= n => Ok((n, m)),
            _ => Err(Error::shape(
                "correlate",
                "the first operand is shorter than the second, or one is empty",
            )
            .shapes(&[x, w])),
        }
    }
}

/// With zeros before and after along the last axis.
fn padded(x: &Raw, before: usize, after: usize) -> Result<Raw> {
    let zeros = |n: usize| -> Result<Raw> {
        let mut shape = x.shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = n;
        }
        x.like(&shape, x.dtype(), crate::dtype::Scalar::Bool(false))
    };
    Raw::concatenate(&[&zeros(before)?, x, &zeros(after)?], -1)
}

fn flipped(x: &Raw) -> Result<Raw> {
    x.flip(crate::layout::Axes::List(&[-1]))
}

fn conj(x: &Raw) -> Result<Raw> {
    match x.dtype().is_complex() {
        true => x.conj(),
        false => Ok(x.clone()),
    }
}

impl Primitive for Correlate {
    fn name(&self) -> &'static str {
        "correlate"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (n, m) = Correlate::lengths(&x[0].shape, &x[1].shape)?;
        let outer = |s: &Spec| Dims::from_slice(&s.shape[..s.shape.len() - 1]);
        let mut shape = crate::layout::broadcast_shapes(
            "correlate",
            &[outer(x[0]).as_slice(), outer(x[1]).as_slice()],
        )?;
        shape.push(n - m + 1);
        Ok(Outputs::One(Spec {
            shape,
            dtype: promote(x[0].dtype, x[1].dtype),
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let (n, m) = Correlate::lengths(x[0].shape(), x[1].shape())?;
        let shifted = x[0].layout().unfold(-1, n - m + 1, 1)?;
        let shifted = x[0].with_layout(shifted);
        if x[1].rank() == 1 {
            return backend.matmul(x[1], &shifted, None).map(Outputs::One);
        }
        let row = x[1].with_layout(x[1].layout().expand_dims(&[-2])?);
        let y = backend.matmul(&row, &shifted, None)?;
        let y = y.with_layout(y.layout().squeeze(Some(&[-2]))?);
        Ok(Outputs::One(y))
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        // each gradient reads the other operand
        Reads::of_inputs(&[wanted[1], wanted[0]])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        product_tangent(x, t, |x, w| bind_one(self, &[x, w]))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let mut gradients = Gradients::from_iter([None, None]);
        if wanted[0] {
            // every place of `w` that met an element
            let m = x[1].shape().last().copied().unwrap_or(1);
            let wide = padded(g, m - 1, m - 1)?;
            gradients[0] = Some(bind_one(self, &[&wide, &flipped(&conj(&x[1])?)?])?);
        }
        if wanted[1] {
            gradients[1] = Some(bind_one(self, &[&conj(&x[0])?, g])?);
        }
        Ok(gradients)
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        super::batch_broadcast(self, x, batched)
    }
}
