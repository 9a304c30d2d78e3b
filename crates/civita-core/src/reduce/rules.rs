//! The derivatives of reductions that are not linear.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::Result;
use crate::graph::{Gradients, Node, Rule, Saved};
use crate::layout::{Axes, KeepDims, PerAxis};
use crate::ops::Fold;
use crate::raw::Raw;

/// The gradient of an extreme goes to the elements that are equal to it, in equal parts.
pub(super) struct Extreme {
    x: Saved,
    y: Saved,
    axes: PerAxis<isize>,
}

impl Extreme {
    pub fn new(x: &Raw, kept: &Raw, axes: &[usize]) -> Extreme {
        Extreme {
            x: Saved::new(x),
            y: Saved::output(kept),
            axes: axes.iter().map(|&a| a as isize).collect(),
        }
    }

    /// Each element's share: `1 / k` for each of `k` equal ones, 0 elsewhere.
    fn share(&self) -> Result<Raw> {
        let (x, y) = (self.x.get("max")?.detach(), self.y.get("max")?);
        let equal = x.eq(y)?;
        let nan = x.isnan()?.logical_and(&y.isnan()?)?;
        let equal = equal.logical_or(&nan)?.cast(x.dtype())?;
        let count = equal.fold(Fold::Sum, Axes::List(&self.axes), KeepDims::Yes)?;
        equal.div(&count)
    }
}

impl Rule for Extreme {
    fn name(&self) -> &'static str {
        "max"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, _: &[bool]) -> Result<Gradients> {
        Ok(SmallVec::from_iter([Some(g.mul(&self.share()?)?)]))
    }
    fn forward(&self, _: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let Some(t) = &tangents[0] else {
            return Ok(None);
        };
        t.mul(&self.share()?)?
            .fold(Fold::Sum, Axes::List(&self.axes), KeepDims::Yes)
            .map(Some)
    }
}

/// `∂Πx / ∂xᵢ = Π_{j≠i} xⱼ`, without a division: right with any number of zeros, and so are its own derivatives.
pub(super) struct Product {
    x: Saved,
    axes: PerAxis<isize>,
}

impl Product {
    pub fn new(x: &Raw, axes: &[usize]) -> Product {
        Product {
            x: Saved::new(x),
            axes: axes.iter().map(|&a| a as isize).collect(),
        }
    }

    /// The product of the others, for each element.
    fn partials(&self) -> Result<Raw> {
        let x = self.x.get("prod")?;
        let stays = |axis: &isize| !self.axes.contains(axis);
        let order: Vec<isize> = (0..x.rank() as isize)
            .filter(stays)
            .chain(self.axes.iter().copied())
            .collect();
        let mut back = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            back[from as usize] = to as isize;
        }
        let moved = x.permute(&order)?;
        let mut shape = moved.shape()[..x.rank() - self.axes.len()].to_vec();
        shape.push(self.axes.iter().map(|&a| x.shape()[a as usize]).product());
        products_of_others(&moved.reshape(&shape)?)?
            .reshape(moved.shape())?
            .permute(&back)
    }
}

/// Along the last axis, the product of all elements but each one: halves are multiplied with each other until one
/// product is left, then on the way back each half gets the other's. `4n` multiplications, all of them recorded.
fn products_of_others(x: &Raw) -> Result<Raw> {
    let ones = |like: &Raw, len: usize| {
        let mut shape = like.shape().to_vec();
        shape[like.rank() - 1] = len;
        Raw::ones(&shape, like.dtype())
    };
    let mut halves = Vec::new();
    let mut products = x.clone();
    let length = |x: &Raw| x.shape()[x.rank() - 1];
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

impl Rule for Product {
    fn name(&self) -> &'static str {
        "prod"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, _: &[bool]) -> Result<Gradients> {
        Ok(SmallVec::from_iter([Some(
            g.mul(&self.partials()?.conj()?)?,
        )]))
    }
    fn forward(&self, _: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let Some(t) = &tangents[0] else {
            return Ok(None);
        };
        t.mul(&self.partials()?)?
            .fold(Fold::Sum, Axes::List(&self.axes), KeepDims::Yes)
            .map(Some)
    }
}
