//! Several tensors into one.

use super::Raw;
use crate::error::{Error, Result, shape_text};
use crate::layout::{Layout, normalize_axis};
use crate::primitive::{Join, Out};

impl Raw {
    /// The elements `start..start + len` along an axis.
    ///
    /// # Errors
    /// When the axis does not exist or is shorter.
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Result<Raw> {
        let at = normalize_axis("narrow", axis, self.rank())?;
        // out of range is an error here, where a slice would clamp
        Layout::contiguous(self.shape())?.narrow(axis, start, len)?;
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
        Raw::concatenate_into(parts, axis, &Out::NONE)
    }

    /// [`Raw::concatenate`], into an output.
    pub(crate) fn concatenate_into(parts: &[&Raw], axis: isize, out: &Out) -> Result<Raw> {
        const OP: &str = "concatenate";
        let Some(first) = parts.first() else {
            return Err(Error::value(OP, "need at least one array to concatenate")
                .hint("give at least one tensor"));
        };
        if first.rank() == 0 {
            return Err(
                Error::shape(OP, "zero-dimensional arrays cannot be concatenated")
                    .hint("`stack` joins along a new axis"),
            );
        }
        let at = normalize_axis(OP, axis, first.rank())?;
        out.bind(&Join { axis: at }, parts)
    }

    /// Joins tensors of one shape along a new axis, at this place of the result.
    ///
    /// # Errors
    /// When there are none, or their shapes differ.
    pub fn stack(parts: &[&Raw], axis: isize) -> Result<Raw> {
        Raw::stack_into(parts, axis, &Out::NONE)
    }

    /// [`Raw::stack`], into an output.
    pub(crate) fn stack_into(parts: &[&Raw], axis: isize, out: &Out) -> Result<Raw> {
        const OP: &str = "stack";
        let Some(first) = parts.first() else {
            return Err(Error::value(OP, "need at least one array to stack")
                .hint("give at least one tensor"));
        };
        if let Some(other) = parts.iter().find(|p| p.shape() != first.shape()) {
            return Err(Error::shape(
                OP,
                format!(
                    "all input arrays must have the same shape, not {} and {}",
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
        Raw::concatenate_into(&rows.iter().collect::<Vec<_>>(), at, out).map_err(|e| e.in_op(OP))
    }
}
