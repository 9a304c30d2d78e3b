//! Normalisations: statistics of rows that have an element for each of the operand's. Row by row where rows lie as kernels want
//! them, else slab by slab.

use std::sync::{Mutex, PoisonError};

use smallvec::SmallVec;

use super::reduce::fold_keeping;
use super::{copy, memory, program, rows};
use crate::error::{Error, Result};
use crate::explain;
use crate::primitive::{Primitive, Rowwise, Stage};
use crate::raw::Raw;
use crate::threads;

/// Elements that are worked on at once: they stay in L2.
const SLAB: usize = 1 << 15;

pub(super) fn normalised(p: &Rowwise, x: &Raw) -> Result<Raw> {
    let out = memory::unwritten(x.shape(), p.dtype)?;
    if out.is_empty() {
        return Ok(out);
    }
    let compute = p.compute(x.dtype());
    let along_last = p.over.axes.as_slice() == [x.rank().wrapping_sub(1)];
    let as_it_is = x.dtype() == compute && p.dtype == compute;
    if along_last && as_it_is && rows::run(p, x, &out)? {
        explain::note(p.name(), x.len(), || (p.dtype, explain::Kind::Elementwise));
        return Ok(out);
    }
    let stages = p.stages(p.over.count(x.shape()), x.dtype());
    by_slabs(p, &stages, x, &out)?;
    Ok(out)
}

/// Along the longest other axis; within a slab, each stage finds in L2 what the one before left there.
fn by_slabs(p: &Rowwise, stages: &[Stage], x: &Raw, out: &Raw) -> Result<()> {
    let other = (0..x.rank())
        .filter(|a| !p.over.axes.contains(a))
        .max_by_key(|&a| x.shape()[a]);
    let Some(other) = other.filter(|_| x.len() > SLAB) else {
        return slab(p, stages, x, out);
    };
    let len = x.shape()[other];
    let step = (SLAB * len / x.len()).clamp(1, len);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let one = |i: usize| -> Result<()> {
        let many = step.min(len - i * step);
        let part = x.with_layout(x.layout().narrow(other as isize, i * step, many)?);
        let to = out.with_layout(out.layout().narrow(other as isize, i * step, many)?);
        slab(p, stages, &part, &to)
    };
    threads::run(len.div_ceil(step), &|i| {
        if let Err(error) = one(i) {
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Each stage for all rows before the next; the last one into `out`.
fn slab(p: &Rowwise, stages: &[Stage], x: &Raw, out: &Raw) -> Result<()> {
    let mut values: SmallVec<[Raw; 6]> = SmallVec::new();
    values.push(copy::cast(x, p.compute(x.dtype()))?);
    for (i, stage) in stages.iter().enumerate() {
        let value = match stage {
            Stage::Fold(fold, of) => {
                fold_keeping(*fold, &values[*of], &p.over.axes, values[*of].dtype())?
            }
            Stage::Map(function, of) => {
                let of: SmallVec<[&Raw; 3]> = of.iter().map(|&i| &values[i]).collect();
                if i + 1 == stages.len() {
                    return program::call_into(function, &of, out);
                }
                program::call(function, &of)?
            }
            Stage::Scalar(op, of, scalar) => {
                program::apply(*op, &[(&values[*of]).into(), (*scalar).into()])?
            }
        };
        values.push(value);
    }
    copy::copy_into(&values[values.len() - 1], out)
}
