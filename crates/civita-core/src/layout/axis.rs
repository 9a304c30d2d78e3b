//! Which axis is meant: negative numbers count from the end, as in NumPy.

use smallvec::SmallVec;

use super::{Dims, INLINE};
use crate::error::{Error, Result};

/// The axes that a reduction runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axes<'a> {
    /// All of them (NumPy's `axis=None`).
    All,
    /// These, in any order, negative ones counted from the end. An empty list reduces nothing.
    List(&'a [isize]),
}

impl Axes<'_> {
    /// The axes as numbers below `rank`, ascending.
    ///
    /// # Errors
    /// When an axis does not exist or is named twice.
    pub fn resolve(self, op: &'static str, rank: usize) -> Result<Dims> {
        match self {
            // most have few axes: no loop that pushes
            Axes::All if rank <= INLINE => {
                Ok(SmallVec::from_buf_and_len(std::array::from_fn(|a| a), rank))
            }
            Axes::All => Ok((0..rank).collect()),
            Axes::List(list) => {
                let mut axes = normalize_axes(op, list, rank)?;
                axes.sort_unstable();
                Ok(axes)
            }
        }
    }
}

/// `axis` as a number below `rank`; -1 is the last.
///
/// # Errors
/// When `axis` is not in `-rank..rank`.
#[inline]
pub fn normalize_axis(op: &'static str, axis: isize, rank: usize) -> Result<usize> {
    // adding the rank to a negative number cannot overflow; a rank is the length of a slice, thus an `isize`
    let at = if axis < 0 { axis + rank as isize } else { axis };
    if at >= 0 && (at as usize) < rank {
        Ok(at as usize)
    } else {
        Err(no_axis(op, axis, rank))
    }
}

#[cold]
fn no_axis(op: &'static str, axis: isize, rank: usize) -> Error {
    let axes = match rank {
        1 => "1 axis".to_owned(),
        _ => format!("{rank} axes"),
    };
    let error = Error::axis(
        op,
        format!("axis {axis} is out of bounds for a tensor with {axes}"),
    )
    .at_axis(axis);
    match rank {
        0 => error.rule("a scalar (rank 0) has no axis"),
        _ => error.rule(format!(
            "axes go from {} to {}; -1 is the last",
            -(rank as isize),
            rank - 1
        )),
    }
}

/// All of `axes` as numbers below `rank`, in the order given.
///
/// # Errors
/// When one does not exist, or two are the same.
pub fn normalize_axes(op: &'static str, axes: &[isize], rank: usize) -> Result<Dims> {
    let mut out: Dims = SmallVec::new();
    for &axis in axes {
        let at = normalize_axis(op, axis, rank)?;
        // checked one by one, so that a list from outside never grows past the rank
        if let Some(first) = out.iter().position(|&seen| seen == at) {
            let problem = if axes[first] == axis {
                format!("axis {axis} is named twice in {axes:?}")
            } else {
                format!("{} and {axis} in {axes:?} are the same axis", axes[first])
            };
            return Err(Error::axis(op, problem)
                .at_axis(axis)
                .rule("each axis may be named once; negative ones count from the end"));
        }
        out.push(at);
    }
    Ok(out)
}

/// `shape` after a reduction over `axes` (as [`Axes::resolve`] gives them).
pub fn reduced_shape(shape: &[usize], axes: &[usize], keep: KeepDims) -> Dims {
    let reduced = |axis: usize| axes.contains(&axis);
    match keep {
        KeepDims::Yes => shape
            .iter()
            .enumerate()
            .map(|(k, &n)| if reduced(k) { 1 } else { n })
            .collect(),
        KeepDims::No => shape
            .iter()
            .enumerate()
            .filter(|&(k, _)| !reduced(k))
            .map(|(_, &n)| n)
            .collect(),
    }
}

/// Whether reduced axes stay, with length 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepDims {
    /// They go.
    No,
    /// They stay, so that the result broadcasts against the operand.
    Yes,
}
