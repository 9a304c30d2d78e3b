//! Several tensors into one.

use super::Raw;
use crate::dtype::{DType, promote_all};
use crate::error::{Error, Result, shape_text};
use crate::graph::{self, Gradients, Node, Rule};
use crate::layout::normalize_axis;
use std::sync::Arc;

struct Concatenated {
    axis: usize,
    /// Lengths of the inputs along the axis.
    lengths: Vec<usize>,
}

impl Rule for Concatenated {
    fn name(&self) -> &'static str {
        "concatenate"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, wanted: &[bool]) -> Result<Gradients> {
        let mut start = 0;
        let mut out = Gradients::new();
        for (&len, &wanted) in self.lengths.iter().zip(wanted) {
            out.push(
                wanted
                    .then(|| g.narrow(self.axis as isize, start, len))
                    .transpose()?,
            );
            start += len;
        }
        Ok(out)
    }
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let parts = tangents
            .iter()
            .zip(&self.lengths)
            .map(|(t, &len)| match t {
                Some(t) => Ok(t.clone()),
                None => {
                    let mut shape = node.shape().to_vec();
                    shape[self.axis] = len;
                    Raw::zeros(&shape, node.dtype())
                }
            })
            .collect::<Result<Vec<_>>>()?;
        Raw::concatenate(&parts.iter().collect::<Vec<_>>(), self.axis as isize).map(Some)
    }
}

impl Raw {
    /// The elements `start..start + len` along an axis.
    ///
    /// # Errors
    /// When the axis does not exist or is shorter.
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Result<Raw> {
        let at = normalize_axis("narrow", axis, self.rank())?;
        self.layout().narrow(axis, start, len)?; // out of range is an error here, where a slice would clamp
        let mut items = vec![crate::layout::SliceItem::ALL; at];
        items.push(crate::layout::SliceItem::from(
            start as isize..(start + len) as isize,
        ));
        self.slice(&items)
    }

    /// Joins tensors along an axis that they have; their other lengths are equal, their dtypes promote.
    ///
    /// # Errors
    /// When there are none, an axis is missing, or other lengths differ.
    pub fn concatenate(parts: &[&Raw], axis: isize) -> Result<Raw> {
        const OP: &str = "concatenate";
        let Some(first) = parts.first() else {
            return Err(Error::value(OP, "there is nothing to concatenate")
                .hint("give at least one tensor"));
        };
        if first.rank() == 0 {
            return Err(
                Error::shape(OP, "a tensor of rank 0 has no axis to be joined along")
                    .hint("`stack` joins along a new axis"),
            );
        }
        let at = normalize_axis(OP, axis, first.rank())?;
        let mut shape = first.shape().to_vec();
        let mut dtypes: Vec<DType> = vec![first.dtype()];
        let mut lengths = vec![first.shape()[at]];
        for (i, part) in parts.iter().enumerate().skip(1) {
            let fits = part.rank() == shape.len()
                && (0..shape.len()).all(|a| a == at || part.shape()[a] == shape[a]);
            if !fits {
                return Err(Error::shape(
                    OP,
                    format!(
                        "shapes {} (number 0) and {} (number {i}) differ outside axis {at}",
                        shape_text(first.shape()),
                        shape_text(part.shape())
                    ),
                )
                .shapes(&[first.shape(), part.shape()])
                .at_axis(axis)
                .rule("all lengths but the one along the axis must be equal"));
            }
            lengths.push(part.shape()[at]);
            shape[at] = shape[at]
                .checked_add(part.shape()[at])
                .ok_or_else(|| Error::shape(OP, "the result is too long"))?;
            dtypes.push(part.dtype());
        }
        let dtype = promote_all(&dtypes).unwrap_or(first.dtype());
        let out = Raw::for_result(&shape, dtype, parts)?;
        let mut start = 0;
        for (part, &len) in parts.iter().zip(&lengths) {
            out.with_layout(out.layout().narrow(at as isize, start, len)?)
                .write_copy(part)?;
            start += len;
        }
        Ok(graph::record(out, parts, |_| {
            Box::new(Concatenated { axis: at, lengths })
        }))
    }

    /// Joins tensors of one shape along a new axis, at this place of the result.
    ///
    /// # Errors
    /// When there are none, or their shapes differ.
    pub fn stack(parts: &[&Raw], axis: isize) -> Result<Raw> {
        const OP: &str = "stack";
        let Some(first) = parts.first() else {
            return Err(
                Error::value(OP, "there is nothing to stack").hint("give at least one tensor")
            );
        };
        if let Some(other) = parts.iter().find(|p| p.shape() != first.shape()) {
            return Err(Error::shape(
                OP,
                format!(
                    "shapes {} and {} differ",
                    shape_text(first.shape()),
                    shape_text(other.shape())
                ),
            )
            .shapes(&[first.shape(), other.shape()])
            .rule("all tensors of a stack have one shape"));
        }
        let at = normalize_axis(OP, axis, first.rank() + 1)? as isize;
        let rows = parts
            .iter()
            .map(|p| p.expand_dims(&[at]))
            .collect::<Result<Vec<_>>>()?;
        Raw::concatenate(&rows.iter().collect::<Vec<_>>(), at).map_err(|e| e.in_op(OP))
    }
}
