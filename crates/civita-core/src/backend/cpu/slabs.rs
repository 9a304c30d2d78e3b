//! Statistics of rows that are computed row by row where rows lie as kernels want them, else slab by slab: normalisations, which
//! have an element for each of the operand's, and the loss of an element.

use std::sync::{Mutex, PoisonError};

use smallvec::SmallVec;

use super::reduce::fold_keeping;
use super::{copy, memory, program, rows};
use crate::error::{Error, Result};
use crate::explain;
use crate::layout::{KeepDims, Layout, reduced_shape};
use crate::primitive::{Primitive, Rowwise, Stage};
use crate::raw::Raw;
use crate::threads;

/// Elements that are worked on at once: they stay in L2.
const SLAB: usize = 1 << 15;

pub(super) fn by_rows(p: &Rowwise, operands: &[&Raw]) -> Result<Raw> {
    let x = operands[0];
    let out = match p.keeps_shape() {
        true => memory::unwritten(x.shape(), p.dtype)?,
        false => memory::unwritten(
            &reduced_shape(x.shape(), &p.over.axes, KeepDims::Yes),
            p.dtype,
        )?,
    };
    if !out.is_empty() {
        into_rows(p, operands, &out)?;
    }
    if p.keeps_shape() || p.over.keepdims == KeepDims::Yes {
        return Ok(out);
    }
    let shape = p.over.shape(x.shape());
    Ok(out.with_layout(Layout::contiguous(&shape)?))
}

/// The axes of the result are those of the operand, or have length 1.
fn into_rows(p: &Rowwise, operands: &[&Raw], out: &Raw) -> Result<()> {
    let x = operands[0];
    let compute = p.compute(x.dtype());
    let last = x.rank() - p.over.axes.len();
    let along_last = p.over.axes.iter().copied().eq(last..x.rank());
    let as_it_is = p.dtype == compute && operands.iter().all(|x| x.dtype() == compute);
    if along_last && as_it_is && rows::run(p, operands, out)? {
        explain::note(p.name(), x.len(), || (p.dtype, explain::Kind::Elementwise));
        return Ok(());
    }
    let stages = p.stages(p.over.count(x.shape()), x.dtype());
    by_slabs(p, &stages, operands, out)
}

/// Along the longest other axis; within a slab, each stage finds in L2 what the one before left there.
fn by_slabs(p: &Rowwise, stages: &[Stage], operands: &[&Raw], out: &Raw) -> Result<()> {
    let x = operands[0];
    let other = (0..x.rank())
        .filter(|a| !p.over.axes.contains(a))
        .max_by_key(|&a| x.shape()[a]);
    let Some(other) = other.filter(|_| x.len() > SLAB) else {
        return slab(p, stages, operands, out);
    };
    let len = x.shape()[other];
    let step = (SLAB * len / x.len()).clamp(1, len);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let one = |i: usize| -> Result<()> {
        let many = step.min(len - i * step);
        let narrow = |x: &Raw| -> Result<Raw> {
            Ok(x.with_layout(x.layout().narrow(other as isize, i * step, many)?))
        };
        let parts = operands.iter().map(|&operand| match operand.rank() {
            rank if rank == x.rank() => narrow(operand),
            // one row for all
            _ => Ok(operand.clone()),
        });
        let parts: SmallVec<[Raw; 3]> = parts.collect::<Result<_>>()?;
        let parts: SmallVec<[&Raw; 3]> = parts.iter().collect();
        slab(p, stages, &parts, &narrow(out)?)
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
fn slab(p: &Rowwise, stages: &[Stage], operands: &[&Raw], out: &Raw) -> Result<()> {
    let compute = p.compute(operands[0].dtype());
    let mut values: SmallVec<[Raw; 8]> = SmallVec::new();
    for x in operands {
        values.push(copy::cast(x, compute)?);
    }
    for (i, stage) in stages.iter().enumerate() {
        let value = match stage {
            Stage::Fold(fold, of) => {
                fold_keeping(*fold, &values[*of], &p.over.axes, values[*of].dtype())?
            }
            Stage::Map(function, of) => {
                let of: SmallVec<[&Raw; 5]> = of.iter().map(|&i| &values[i]).collect();
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
