//! The stages of a statistic on one row before the next, which finds in the cache what the stage before left there.

use std::sync::{Arc, Mutex, PoisonError};

use smallvec::SmallVec;

use super::program::{GRAIN, Once, Plan, Steps};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::isa::Kernel;
use crate::kernels::fold::{Folding, folding};
use crate::kernels::{Slot, cast};
use crate::primitive::Stage;
use crate::program::Typed;
use crate::raw::Raw;
use crate::storage::Storage;
use crate::threads::{self, Parts};

/// Bytes of a row, and of each value that is one: all of them together stay in L2.
const ROW: usize = 1 << 16;

/// Runs `stages` for every row of `x` along its last axis into `out`, which has an element or a row for each. Returns false where
/// rows do not lie as kernels want them: in C order, in a lane that is their dtype, short enough for the cache.
pub(super) fn run(stages: &[Stage], x: &Raw, out: &Raw) -> Result<bool> {
    let (dtype, n) = (x.dtype(), x.shape().last().copied().unwrap_or(0));
    let fits = dtype.is_float()
        && dtype == dtype.compute()
        && (1..=ROW / dtype.size()).contains(&n)
        && x.layout().is_contiguous()
        && out.layout().is_contiguous();
    let typed = match fits {
        true => stages
            .iter()
            .map(|s| typed(s, dtype))
            .collect::<Result<Vec<_>>>()?,
        false => return Ok(false),
    };
    let mut once: Vec<Once> = stages.iter().map(|_| Once::default()).collect();
    let Some(job) = Job::new(stages, &typed, &mut once, dtype, n) else {
        return Ok(false);
    };
    let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
    let (rows, width) = (x.len() / n, out.len() / (x.len() / n) * dtype.size());
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    threads::run_ranges(rows, (GRAIN / 8 / n).max(1), &|range| {
        // SAFETY: the rows of the range lie within the operand and the output, whose rows are this task's alone; guards keep
        // writers away.
        let done = unsafe {
            let first = from.at(range.start * n * dtype.size());
            job.rows(first, to.at(range.start * width), width, range.len())
        };
        if let Err(error) = done {
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// The program of a stage that has one.
fn typed(stage: &Stage, dtype: DType) -> Result<Option<Arc<Typed>>> {
    Ok(match stage {
        Stage::Fold(..) => None,
        Stage::Map(function, of) => {
            let dtypes: SmallVec<[DType; 3]> = of.iter().map(|_| dtype).collect();
            Some(function.typed(Device::Cpu, &dtypes)?)
        }
        Stage::Scalar(op, _, scalar) => {
            Some(Arc::new(Typed::single(*op, &[dtype], Some((1, *scalar)))?))
        }
    })
}

/// A stage with its kernels.
enum Ready<'a> {
    Fold {
        folding: Folding,
        /// From the accumulator.
        round: Kernel,
        of: usize,
    },
    Map {
        plan: Plan<'a>,
        of: SmallVec<[usize; 3]>,
    },
}

struct Job<'a> {
    stages: Vec<Ready<'a>>,
    /// Of each value, the operand first: is it one number for the row?
    one: Vec<bool>,
    /// Rows of registers that a stage needs at most.
    registers: usize,
    size: usize,
    n: usize,
}
// SAFETY: plans hold addresses of constants, which nobody writes.
unsafe impl Sync for Job<'_> {}

impl<'a> Job<'a> {
    /// `None` where a stage gives another dtype, or has no kernel.
    fn new(
        stages: &[Stage],
        typed: &'a [Option<Arc<Typed>>],
        once: &'a mut [Once],
        dtype: DType,
        n: usize,
    ) -> Option<Job<'a>> {
        let mut job = Job {
            stages: Vec::with_capacity(stages.len()),
            one: vec![false],
            registers: 0,
            size: dtype.size(),
            n,
        };
        for ((stage, typed), once) in stages.iter().zip(typed).zip(once) {
            let of: SmallVec<[usize; 3]> = match stage {
                Stage::Map(_, of) => of.clone(),
                Stage::Fold(_, of) | Stage::Scalar(_, of, _) => SmallVec::from_elem(*of, 1),
            };
            let all_one = of.iter().all(|&i| job.one[i]);
            match (stage, typed) {
                (Stage::Fold(fold, of), _) => {
                    let folding = folding(*fold, dtype)?;
                    let round = cast::kernel(folding.acc, dtype);
                    job.stages.push(Ready::Fold {
                        folding,
                        round,
                        of: *of,
                    });
                    job.one.push(true);
                }
                (_, Some(typed)) => {
                    if typed.output != dtype || typed.widest > dtype.size() {
                        return None;
                    }
                    job.registers = job.registers.max(typed.registers);
                    let plan = Plan::of(typed, once);
                    job.stages.push(Ready::Map { plan, of });
                    job.one.push(all_one);
                }
                (_, None) => return None,
            }
        }
        Some(job)
    }

    /// # Safety
    /// `count` rows lie at `from`, one behind the other; as many results of `width` bytes at `to` are the caller's alone.
    unsafe fn rows(&self, from: *mut u8, to: *mut u8, width: usize, count: usize) -> Result<()> {
        let (n, size) = (self.n, self.size);
        let row = (n * size).next_multiple_of(64);
        let values = self.one.len();
        // values that are rows, then the registers of a stage, then booleans
        let scratch = Storage::uninit((values + self.registers + 1) * row)?;
        let part = |i: usize| scratch.ptr().wrapping_add(i * row);
        let mut ones = vec![Slot::ZERO; values];
        let mut at: Vec<*mut u8> = (0..values)
            .map(|i| {
                if self.one[i] {
                    ones[i].at_mut()
                } else {
                    part(i)
                }
            })
            .collect();
        let mut steps: Vec<Option<Steps>> = self
            .stages
            .iter()
            .map(|stage| match stage {
                Ready::Fold { .. } => None,
                Ready::Map { plan, of } => {
                    let one = |i: usize| self.one[of[i]];
                    Some(Steps::new(*plan, one, |r| part(values + r)))
                }
            })
            .collect();
        for r in 0..count {
            at[0] = from.wrapping_add(r * n * size);
            at[values - 1] = to.wrapping_add(r * width);
            for (i, (stage, steps)) in self.stages.iter().zip(&mut steps).enumerate() {
                let (one, to) = (self.one[i + 1], at[i + 1]);
                // SAFETY: values before this one have been computed; each is a row of `n` elements, or one; its own place is
                // as long and nobody else's.
                unsafe {
                    match (stage, steps) {
                        (Ready::Fold { folding, round, of }, _) => {
                            let mut acc = folding.identity;
                            (folding.along)(n, [at[*of].cast_const(); 3], acc.at_mut());
                            round(1, [acc.at(); 3], to);
                        }
                        (Ready::Map { of, .. }, Some(steps)) => {
                            for (k, &of) in of.iter().enumerate() {
                                steps.set_input(k, at[of].cast_const());
                            }
                            let many = if one { 1 } else { n };
                            let spread = |value: *const u8| {
                                let booleans = part(values + self.registers);
                                booleans.write_bytes(value.read(), n);
                                booleans.cast_const()
                            };
                            if !steps.run(many, Some(to), spread) {
                                // an input passes unchanged, or one value is for all
                                let value = steps.result();
                                let step = if steps.one { 0 } else { size };
                                for k in 0..many {
                                    to.add(k * size)
                                        .copy_from_nonoverlapping(value.add(k * step), size);
                                }
                            }
                        }
                        (Ready::Map { .. }, None) => {}
                    }
                }
            }
        }
        Ok(())
    }
}
