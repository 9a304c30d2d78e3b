//! The stages of a statistic on one row before the next, which finds in the cache what the stage before left there.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use super::program::{GRAIN, Once, Plan, Steps};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::isa::Kernel;
use crate::kernels::fold::{Folding, folding};
use crate::kernels::strided::{Tile, fill};
use crate::kernels::{Slot, cast};
use crate::primitive::{Rowwise, Stage, Stat};
use crate::program::Typed;
use crate::raw::Raw;
use crate::storage::Storage;
use crate::threads::{self, Parts};

/// Bytes of a row, and of each value that is one: all of them together stay in L2.
const ROW: usize = 1 << 16;

/// Runs the stages of `p` for every row of `x` along its last axis into `out`, which has a row for each. Returns false where rows do
/// not lie as kernels want them: in C order, in a lane that is their dtype, short enough for the cache.
pub(super) fn run(p: &Rowwise, x: &Raw, out: &Raw) -> Result<bool> {
    let (dtype, n) = (x.dtype(), x.shape().last().copied().unwrap_or(0));
    let fits = dtype.is_float()
        && dtype == dtype.compute()
        && (1..=ROW / dtype.size()).contains(&n)
        && x.layout().is_contiguous()
        && out.layout().is_contiguous();
    let Some(stages) = fits.then(|| Stages::of(p, dtype)).flatten() else {
        return Ok(false);
    };
    let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
    let row = n * dtype.size();
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    threads::run_ranges(x.len() / n, (GRAIN / n).max(1), &|range| {
        let rows = Rows {
            from: from.at(range.start * row),
            to: to.at(range.start * row),
            count: range.len(),
            n,
            size: dtype.size(),
        };
        // SAFETY: the rows of the range lie within the operand and the output, whose rows are this task's alone; guards keep
        // writers away.
        if let Err(error) = unsafe { stages.run(&rows) } {
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// A stage with what it needs of the tables.
enum Ready {
    Fold {
        folding: Folding,
        /// From the accumulator.
        round: Kernel,
        of: usize,
    },
    Map {
        typed: Arc<Typed>,
        of: SmallVec<[usize; 3]>,
    },
}

/// The stages of a normalisation in a lane.
struct Stages {
    all: Vec<Ready>,
    /// Whether each value, the operand first, is one number for the row.
    one: SmallVec<[bool; 8]>,
    /// Rows of registers that a stage needs at most.
    registers: usize,
}

/// Rows one behind the other, and as many rows of results.
struct Rows {
    from: *mut u8,
    to: *mut u8,
    count: usize,
    n: usize,
    size: usize,
}

impl Stages {
    /// They are the same for all rows that have an element; `None` where there are none of that lane.
    fn of(p: &Rowwise, dtype: DType) -> Option<&'static Stages> {
        static ALL: [[OnceLock<Option<Stages>>; 2]; 2] =
            [const { [const { OnceLock::new() }; 2] }; 2];
        let stat = match p.stat {
            Stat::Softmax => 0,
            Stat::LogSoftmax => 1,
            _ => return None,
        };
        let slot = &ALL[stat][usize::from(dtype == DType::F64)];
        slot.get_or_init(|| Stages::new(&p.stages(1, dtype), dtype))
            .as_ref()
    }

    /// `None` where a stage gives another dtype, or has no kernel.
    fn new(stages: &[Stage], dtype: DType) -> Option<Stages> {
        let mut ready = Stages {
            all: Vec::with_capacity(stages.len()),
            one: SmallVec::from_elem(false, 1),
            registers: 0,
        };
        for stage in stages {
            match stage {
                Stage::Fold(fold, of) => {
                    let folding = folding(*fold, dtype)?;
                    let round = cast::kernel(folding.acc, dtype);
                    ready.one.push(true);
                    ready.all.push(Ready::Fold {
                        folding,
                        round,
                        of: *of,
                    });
                }
                Stage::Map(function, of) => {
                    let dtypes: SmallVec<[DType; 3]> = of.iter().map(|_| dtype).collect();
                    let typed = function.typed(Device::Cpu, &dtypes).ok()?;
                    if typed.output != dtype || typed.widest > dtype.size() {
                        return None;
                    }
                    ready.registers = ready.registers.max(typed.registers);
                    ready.one.push(of.iter().all(|&i| ready.one[i]));
                    ready.all.push(Ready::Map {
                        typed,
                        of: of.clone(),
                    });
                }
                Stage::Scalar(..) => return None,
            }
        }
        Some(ready)
    }

    /// # Safety
    /// The rows lie where they say, and those of the results are the caller's alone.
    unsafe fn run(&self, rows: &Rows) -> Result<()> {
        let (n, size) = (rows.n, rows.size);
        let row = (n * size).next_multiple_of(64);
        let values = self.one.len();
        // values that are rows, then the registers of a stage, then booleans
        let scratch = Storage::uninit((values + self.registers + 1) * row)?;
        let part = |i: usize| scratch.ptr().wrapping_add(i * row);
        let mut ones: SmallVec<[Slot; 8]> = SmallVec::from_elem(Slot::ZERO, values);
        let mut at: SmallVec<[*mut u8; 8]> = (0..values)
            .map(|i| {
                if self.one[i] {
                    ones[i].at_mut()
                } else {
                    part(i)
                }
            })
            .collect();
        let mut once: SmallVec<[Once; 8]> = self.all.iter().map(|_| Once::default()).collect();
        let mut steps: SmallVec<[Option<Steps>; 8]> = (self.all.iter().zip(&mut once))
            .map(|(stage, once)| match stage {
                Ready::Fold { .. } => None,
                Ready::Map { typed, of } => {
                    let one = |i: usize| self.one[of[i]];
                    let plan = Plan::of(typed, once);
                    Some(Steps::new(plan, one, |r| part(values + r)))
                }
            })
            .collect();
        for r in 0..rows.count {
            at[0] = rows.from.wrapping_add(r * n * size);
            at[values - 1] = rows.to.wrapping_add(r * n * size);
            for (i, (stage, steps)) in self.all.iter().zip(&mut steps).enumerate() {
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
                            let spread = |value: *const u8, size: usize| {
                                let line = Tile {
                                    rows: 1,
                                    cols: n,
                                    row_stride: 0,
                                    col_stride: 1,
                                };
                                let row = part(values + self.registers);
                                fill(size, line, value, row);
                                row.cast_const()
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
