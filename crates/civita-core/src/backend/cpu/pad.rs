//! Arrays with a border, made in one piece of memory.
//!
//! The array is written into the middle. Then one axis after another gets its border from what is written already: from the
//! array along that axis, with the borders of the axes before it. So corners are borders of borders, as in NumPy.

use super::{copy, memory};
use crate::error::Result;
use crate::explain;
use crate::layout::{Axes, Layout};
use crate::raw::Raw;

/// What a border holds.
pub(crate) enum Border<'a> {
    /// For each axis the values before and after, which broadcast to the border.
    Constant(&'a [[Raw; 2]]),
    /// The outermost elements.
    Edge,
    /// What lies next to the outermost elements, mirrored.
    Reflect,
    /// The outermost elements and what lies next to them, mirrored.
    Symmetric,
    /// What lies at the other end.
    Wrap,
}

impl Border<'_> {
    /// Whether a border of these widths is made of elements that an axis of this length has.
    pub(crate) fn reaches(&self, n: usize, [before, after]: [usize; 2]) -> bool {
        let most = match self {
            Border::Constant(_) => return true,
            Border::Edge if n > 0 => return true,
            Border::Edge => 0,
            Border::Reflect => n.saturating_sub(1),
            Border::Symmetric | Border::Wrap => n,
        };
        before.max(after) <= most
    }
}

/// `len` elements along an axis from `start` on, in turned order if they are mirrored.
fn part(x: &Raw, axis: usize, start: usize, len: usize, mirrored: bool) -> Result<Raw> {
    let layout: Layout = x.layout().narrow(axis as isize, start, len)?;
    Ok(x.with_layout(match mirrored {
        true => layout.flip(Axes::List(&[axis as isize]))?,
        false => layout,
    }))
}

/// `x` with the widths before and after each axis, which [`Border::reaches`].
pub(crate) fn padded(x: &Raw, widths: &[[usize; 2]], border: &Border<'_>) -> Result<Raw> {
    let lens = || x.shape().iter().zip(widths);
    let shape: Vec<usize> = lens()
        .map(|(&n, [before, after])| n.saturating_add(*before).saturating_add(*after))
        .collect();
    let whole = memory::unwritten(&shape, x.dtype())?;
    explain::note("pad", whole.len(), || {
        (x.dtype(), explain::Kind::Elementwise)
    });
    // what is written so far: the middle of the axes to come
    let mut within = whole.clone();
    for (axis, (&n, [before, _])) in lens().enumerate() {
        within = part(&within, axis, *before, n, false)?;
    }
    copy::copy_into(x, &within)?;
    for (axis, (&n, &[before, after])) in lens().enumerate() {
        // the axis whole, those before it too
        let mut wide = whole.clone();
        for (other, (&n, [before, _])) in lens().enumerate().skip(axis + 1) {
            wide = part(&wide, other, *before, n, false)?;
        }
        let sides = [(before, 0, before), (after, before + n, before + n)];
        for (side, (width, at, edge)) in sides.into_iter().enumerate() {
            if width == 0 {
                continue;
            }
            let first = side == 0;
            let to = part(&wide, axis, at, width, false)?;
            let from = match border {
                Border::Constant(values) => values[axis][side].clone(),
                Border::Edge if first => part(&wide, axis, edge, 1, false)?,
                Border::Edge => part(&wide, axis, edge - 1, 1, false)?,
                Border::Reflect if first => part(&wide, axis, edge + 1, width, true)?,
                Border::Reflect => part(&wide, axis, edge - 1 - width, width, true)?,
                Border::Symmetric if first => part(&wide, axis, edge, width, true)?,
                Border::Symmetric => part(&wide, axis, edge - width, width, true)?,
                Border::Wrap if first => part(&wide, axis, edge + n - width, width, false)?,
                Border::Wrap => part(&wide, axis, before, width, false)?,
            };
            let from = from.with_layout(from.layout().broadcast_to(to.shape())?);
            copy::copy_into(&from, &to)?;
        }
    }
    Ok(whole)
}
