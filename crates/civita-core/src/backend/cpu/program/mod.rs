//! Elementwise ops and programs on the CPU.

mod plan;
mod run;
mod steps;

use smallvec::SmallVec;

use std::sync::Arc;

use super::{Cpu, dense};
use crate::backend::elementwise;
use crate::error::Result;
use crate::explain;
use crate::graph::Function;
use crate::ops::Op;
use crate::program::Typed;
use crate::raw::{Operand, Raw};
pub(crate) use plan::{Once, Plan, is_one_pass};
pub(crate) use run::{GRAIN, Source, Target, run};
pub(super) use steps::Steps;

/// One op: by the fast path where the operands allow it.
#[inline(always)]
pub(super) fn apply(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
    dense::apply(op, operands, || elementwise::op(&Cpu, op, operands))
}

/// One op into memory that is there.
pub(super) fn apply_into(op: Op, operands: &[Operand<'_>], out: &Raw) -> Result<()> {
    if dense::apply_into(op, operands, out).is_some() {
        return Ok(());
    }
    elementwise::op_into(&Cpu, op, operands, out)
}

/// A fused function: one pass over memory.
pub(super) fn call(function: &Arc<Function>, inputs: &[&Raw]) -> Result<Raw> {
    elementwise::program(&Cpu, function, inputs)
}

/// A fused function of inputs that broadcast to `out`, into new memory that nobody else sees.
pub(super) fn call_into(function: &Arc<Function>, inputs: &[&Raw], out: &Raw) -> Result<()> {
    let typed = elementwise::typed(function, inputs)?;
    run_into(function.name(), &typed, inputs, out, false)
}

/// A typed program, which `explain` lists.
#[inline]
pub(super) fn run_into(
    op: &'static str,
    typed: &Typed,
    inputs: &[&Raw],
    out: &Raw,
    shared: bool,
) -> Result<()> {
    explain::note(op, out.len(), || (typed.output, explain::Kind::Elementwise));
    run_typed(typed, inputs, out, shared)
}

/// The one place where an elementwise program meets memory.
#[inline]
pub(super) fn run_typed(typed: &Typed, inputs: &[&Raw], out: &Raw, shared: bool) -> Result<()> {
    let sources: SmallVec<[Source<'_>; 4]> = inputs
        .iter()
        .map(|x| Source {
            ptr: x.base(),
            layout: x.layout(),
        })
        .collect();
    let target = Target {
        ptr: out.base(),
        layout: out.layout(),
        dtype: out.dtype(),
        shared,
    };
    let mut once = Once::default();
    // SAFETY: layouts lie within their buffers, the guards keep writers away, `shared` is told, and the program was typed for
    // these dtypes.
    unsafe { run(Plan::of(typed, &mut once), &sources, target) }
}
