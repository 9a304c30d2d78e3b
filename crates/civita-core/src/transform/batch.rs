//! `vmap`: one run of a function on tensors that carry a batch which it does not see.

use smallvec::SmallVec;

use super::draw::{Frame, Within, batching};
use super::{Kind, Level, OpenScope, Tags, Under, refs};
use crate::error::{Error, Result};
use crate::layout::{Dims, normalize_axis};
use crate::primitive::{Outputs, Primitive};
use crate::raw::Raw;
use crate::storage::Storage;

/// What random numbers do under `vmap`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Randomness {
    /// Drawing is an error.
    #[default]
    Error,
    /// Each sample draws its own.
    Different,
    /// All samples share one draw.
    Same,
}

pub(super) fn run_batched(
    p: &dyn Primitive,
    level: Level,
    x: &[Raw],
    tags: &Tags<'_>,
) -> Result<Outputs<Raw>> {
    let batched: SmallVec<[bool; 4]> = tags.iter().map(Option::is_some).collect();
    batching(level);
    let y = p.batch(&refs(x), &batched)?;
    let size = batch_size(&refs(x), &batched);
    debug_assert!(
        y.as_slice()
            .iter()
            .all(|y| y.shape().first() == Some(&size)),
        "{p:?}: the batching rule loses the batch"
    );
    let mut y = y;
    for y in y.as_mut_slice() {
        if let Some(enclosing) = enclosing(y, x)? {
            *y = enclosing;
        }
    }
    Ok(y.map(|_, y| y.push(level, Kind::Batch)))
}

/// A new value in memory in which the batch encloses its samples, where it does not already: elements lie as those of an operand did,
/// whose batch may have been any of its axes. Samples in one piece can be written through all views that a sample by itself has.
fn enclosing(y: &Raw, x: &[Raw]) -> Result<Option<Raw>> {
    let hidden = y.layout().rank() - y.rank();
    let (shape, strides) = (y.shape(), &y.layout().strides()[hidden..]);
    let inner = (1..shape.len()).filter(|&a| shape[a] > 1);
    let encloses =
        shape.first().is_none_or(|&n| n <= 1) || inner.map(|a| strides[a]).all(|s| s < strides[0]);
    let is_new = |x: &Raw| !Storage::same_buffer(x.storage(), y.storage());
    if encloses || y.layout().has_internal_overlap() || !x.iter().all(is_new) {
        return Ok(None);
    }
    let mut order: Vec<isize> = (0..shape.len() as isize).collect();
    order[1..].sort_by_key(|&a| std::cmp::Reverse(strides[a as usize]));
    let mut back = vec![0; order.len()];
    for (i, &a) in order.iter().enumerate() {
        back[a as usize] = i as isize;
    }
    y.permute(&order)?.copied()?.permute(&back).map(Some)
}

/// `f` of each element along an axis of the inputs (`None`: the same for all), its results stacked along an axis of the
/// outputs (`None`: a result that the batch does not reach, as it is). `f` runs once.
///
/// # Errors
/// When no input has a batch, batches have different lengths, an axis does not exist, or `f` fails.
pub fn vmap(
    f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
    inputs: &[Raw],
    in_axes: &[Option<isize>],
    out_axes: &dyn Fn(usize) -> Option<isize>,
) -> Result<Vec<Raw>> {
    vmap_with(f, inputs, in_axes, out_axes, Randomness::Error)
}

/// As [`vmap`], with a meaning of random numbers that a generator of the host draws inside `f`.
///
/// # Errors
/// As there.
pub fn vmap_with(
    f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
    inputs: &[Raw],
    in_axes: &[Option<isize>],
    out_axes: &dyn Fn(usize) -> Option<isize>,
    randomness: Randomness,
) -> Result<Vec<Raw>> {
    map(f, inputs, in_axes, out_axes, (randomness, None))
}

/// As [`vmap_with`], for another `vmap` whose place it takes.
pub(super) fn map(
    f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
    inputs: &[Raw],
    in_axes: &[Option<isize>],
    out_axes: &dyn Fn(usize) -> Option<isize>,
    (randomness, stands_for): (Randomness, Option<Level>),
) -> Result<Vec<Raw>> {
    const OP: &str = "vmap";
    if inputs.len() != in_axes.len() {
        return Err(Error::value(
            OP,
            format!("{} inputs but {} in_axes", inputs.len(), in_axes.len()),
        ));
    }
    let mut size = None;
    let mut axes = Vec::with_capacity(inputs.len());
    for (i, (x, axis)) in inputs.iter().zip(in_axes).enumerate() {
        let Some(axis) = axis else {
            axes.push(None);
            continue;
        };
        let at = normalize_axis(OP, *axis, x.rank())?;
        let n = x.shape()[at];
        if size.is_some_and(|size| size != n) {
            return Err(Error::shape(
                OP,
                format!(
                    "input {i} has a batch of {n}, an earlier one of {}",
                    size.unwrap_or(0)
                ),
            )
            .rule("all batches of a call have one length"));
        }
        size = Some(n);
        axes.push(Some(at));
    }
    let Some(size) = size else {
        return Err(
            Error::value(OP, "no input has a batch").rule("at least one of in_axes is an axis")
        );
    };
    let scope = OpenScope::open();
    let _draws = Within::new(Frame::Batch {
        level: scope.level,
        size,
        randomness,
        stands_for,
    });
    let marked = inputs
        .iter()
        .zip(&axes)
        .map(|(x, axis)| match axis {
            Some(axis) => Ok(x
                .move_axis(*axis as isize, 0)?
                .push(scope.level, Kind::Batch)),
            None => Ok(x.clone()),
        })
        .collect::<Result<Vec<_>>>()?;
    let outputs = f(&marked)?;
    outputs
        .iter()
        .enumerate()
        .map(|(i, y)| {
            let (y, tag) = scope.leave(OP, y)?;
            match (out_axes(i), tag.is_some()) {
                (None, false) => Ok(y),
                (None, true) => Err(Error::value(
                    OP,
                    format!("output {i} depends on the batch, but its out_axes is None"),
                )
                .rule("`None` is for outputs that are the same for all samples")),
                (Some(axis), batched) => {
                    let y = with_batch(&y, batched, size)?;
                    let at = normalize_axis(OP, axis, y.rank())?;
                    y.move_axis(0, at as isize)
                }
            }
        })
        .collect()
}

fn batch_size(x: &[&Raw], batched: &[bool]) -> usize {
    x.iter()
        .zip(batched)
        .find_map(|(x, &batched)| batched.then(|| x.shape()[0]))
        .unwrap_or(1)
}

/// An input with the batch in front, whether it had one or not.
///
/// # Errors
/// When there is no such view.
pub fn with_batch(x: &Raw, batched: bool, size: usize) -> Result<Raw> {
    if batched {
        return Ok(x.clone());
    }
    let shape: Dims = [size]
        .into_iter()
        .chain(x.shape().iter().copied())
        .collect();
    x.broadcast_to(&shape)
}

/// All inputs with the batch in front.
///
/// # Errors
/// When there is no such view.
pub fn all_with_batch(x: &[&Raw], batched: &[bool]) -> Result<Vec<Raw>> {
    let size = batch_size(x, batched);
    x.iter()
        .zip(batched)
        .map(|(x, &batched)| with_batch(x, batched, size))
        .collect()
}

/// Inputs with as many axes after the batch as the one that has most, as broadcasting from the right wants it.
///
/// # Errors
/// When there is no memory.
pub fn align(x: &[&Raw], batched: &[bool]) -> Result<Under> {
    let ranks = x
        .iter()
        .zip(batched)
        .map(|(x, &b)| x.rank() - usize::from(b));
    let rank = ranks.max().unwrap_or(0);
    x.iter()
        .zip(batched)
        .map(|(x, &batched)| match batched {
            true => with_batch_rank(x, rank),
            false => Ok((*x).clone()),
        })
        .collect()
}

/// A batch whose samples have at least this many axes: new ones of length 1 stand behind the batch.
pub(crate) fn with_batch_rank(x: &Raw, rank: usize) -> Result<Raw> {
    let own = x.rank() - 1;
    if own >= rank {
        return Ok(x.clone());
    }
    let shape: Dims = [x.shape()[0]]
        .into_iter()
        .chain(std::iter::repeat_n(1, rank - own))
        .chain(x.shape()[1..].iter().copied())
        .collect();
    x.reshape(&shape)
}
