//! The derivatives of reductions that are not linear.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dtype::Scalar;
use crate::error::Result;
use crate::graph::{Gradients, Node, Rule, Saved};
use crate::layout::{Axes, KeepDims};
use crate::ops::{Fold, Op};
use crate::raw::Raw;

/// The gradient of an extreme goes to the elements that are equal to it, in equal parts.
pub(super) struct Extreme {
    x: Saved,
    y: Saved,
    axes: SmallVec<[isize; 6]>,
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

/// `∂Πx / ∂xᵢ = Π_{j≠i} xⱼ`: the product over what is left when `xᵢ` is set to 1, which is right for zeros too.
pub(super) struct Product {
    x: Saved,
    axes: SmallVec<[isize; 6]>,
    y: Saved,
}

impl Product {
    pub fn new(x: &Raw, kept: &Raw, axes: &[usize]) -> Product {
        Product {
            x: Saved::new(x),
            y: Saved::output(kept),
            axes: axes.iter().map(|&a| a as isize).collect(),
        }
    }

    fn partials(&self, node: &Arc<Node>) -> Result<Raw> {
        let x = self.x.get("prod")?;
        let zero = Raw::apply(Op::Eq, &[(&x.detach()).into(), Scalar::Float(0.0).into()])?;
        let zeros = zero.fold(Fold::Sum, Axes::List(&self.axes), KeepDims::Yes)?;
        // where no other element is zero: product of the others = y / x, or for the zero itself the product without it
        let one = Scalar::Float(1.0);
        let safe = Raw::apply(Op::Where, &[(&zero).into(), one.into(), x.into()])?;
        let others = safe.fold(Fold::Prod, Axes::List(&self.axes), KeepDims::Yes)?;
        let y = self.y.get_output("prod", node)?;
        let at_zero = Raw::apply(Op::Eq, &[(&zeros).into(), Scalar::Int(1).into()])?;
        let nothing = Scalar::Float(0.0);
        let for_zero = Raw::apply(
            Op::Where,
            &[(&at_zero).into(), (&others).into(), nothing.into()],
        )?;
        let plain = y.div(&safe)?;
        Raw::apply(
            Op::Where,
            &[(&zero).into(), (&for_zero).into(), (&plain).into()],
        )
    }
}

impl Rule for Product {
    fn name(&self) -> &'static str {
        "prod"
    }
    fn backward(&self, node: &Arc<Node>, g: &Raw, _: &[bool]) -> Result<Gradients> {
        Ok(SmallVec::from_iter([Some(
            g.mul(&self.partials(node)?.conj()?)?,
        )]))
    }
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let Some(t) = &tangents[0] else {
            return Ok(None);
        };
        t.mul(&self.partials(node)?)?
            .fold(Fold::Sum, Axes::List(&self.axes), KeepDims::Yes)
            .map(Some)
    }
}
