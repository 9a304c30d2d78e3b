//! The stages of a statistic on one row before the next, which finds in the cache what the stage before left there.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use super::program::{GRAIN, Once, Plan, Steps};
use crate::device::Device;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::graph::Function;
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

/// Runs the stages of `p` for every row of the first operand along its last axes into `out`, which has a row or an element for each.
/// All are of one dtype. Returns false where rows do not lie as kernels want them: in C order, in a lane that is their dtype, short
/// enough for the cache.
pub(super) fn run(p: &Rowwise, operands: &[&Raw], out: &Raw) -> Result<bool> {
    let x = operands[0];
    let (dtype, n) = (x.dtype(), p.over.count(x.shape()));
    let fits = dtype.is_float()
        && dtype == dtype.compute()
        && (1..=ROW / dtype.size()).contains(&n)
        && operands.iter().all(|x| x.layout().is_contiguous())
        && out.layout().is_contiguous();
    let Some(stages) = fits.then(|| Stages::of(p, dtype)).flatten() else {
        return Ok(false);
    };
    let count = x.len() / n;
    // bytes from the operand's part for a row to that for the next
    let step = |operand: &Raw| match operand.len() {
        len if len == x.len() && operand.rank() == x.rank() => n * dtype.size(),
        len if len == count && operand.rank() == x.rank() => dtype.size(),
        // one row for all
        _ => 0,
    };
    let from: SmallVec<[(Parts<u8>, usize); 3]> = operands
        .iter()
        .map(|operand| (Parts(operand.ptr()), step(operand)))
        .collect();
    let (to, row) = (Parts(out.ptr()), dtype.size() * (out.len() / count));
    let scalars = scalars(&p.stages(n, dtype), dtype);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    threads::run_ranges(count, (GRAIN / n).max(1), &|range| {
        let from = from
            .iter()
            .map(|(from, step)| (from.at(range.start * step), *step));
        let rows = Rows {
            from: from.collect(),
            to: (to.at(range.start * row), row),
            scalars: &scalars,
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
        folding: &'static Folding,
        /// From the accumulator.
        round: Kernel,
        of: usize,
    },
    Map {
        typed: Arc<Typed>,
        of: SmallVec<[usize; 5]>,
        /// Whether a scalar is the last input.
        scalar: bool,
    },
}

/// The scalars of stages in their order, as elements of the dtype.
fn scalars(stages: &[Stage], dtype: DType) -> SmallVec<[Slot; 2]> {
    let each = stages.iter().filter_map(|stage| match stage {
        Stage::Scalar(_, _, Scalar::Float(value)) => Some(*value),
        _ => None,
    });
    let slot = |value: f64| {
        let mut slot = Slot::ZERO;
        match dtype {
            DType::F32 => slot.0[..4].copy_from_slice(&(value as f32).to_ne_bytes()),
            _ => slot.0[..8].copy_from_slice(&value.to_ne_bytes()),
        }
        slot
    };
    each.map(slot).collect()
}

/// The stages of a statistic in a lane.
struct Stages {
    all: Vec<Ready>,
    /// Whether each value, the operands first, is one number for the row.
    one: SmallVec<[bool; 12]>,
    /// How many operands there are.
    operands: usize,
    /// Rows of registers that a stage needs at most.
    registers: usize,
}

/// Rows one behind the other, and as many rows of results, or elements.
struct Rows<'a> {
    /// Where each operand's part for the first row lies, and how many bytes further that for the next.
    from: SmallVec<[(*mut u8, usize); 3]>,
    to: (*mut u8, usize),
    scalars: &'a [Slot],
    count: usize,
    n: usize,
    size: usize,
}

impl Stages {
    /// They are the same for all rows that have an element, but for scalars; `None` where there are none of that lane.
    fn of(p: &Rowwise, dtype: DType) -> Option<&'static Stages> {
        static ALL: [[OnceLock<Option<Stages>>; 2]; 11] =
            [const { [const { OnceLock::new() }; 2] }; 11];
        let stat = match p.stat {
            Stat::Softmax => 0,
            Stat::LogSoftmax => 1,
            Stat::LogLoss => 2,
            Stat::Norm { .. } => 3 + p.norm_index(),
            Stat::Mean
            | Stat::MeanSquare
            | Stat::Var { .. }
            | Stat::Std { .. }
            | Stat::LogSumExp => return None,
        };
        let slot = &ALL[stat][usize::from(dtype == DType::F64)];
        slot.get_or_init(|| {
            let one = |i: usize| p.stat == Stat::LogLoss && i == 1;
            let operands = (0..p.operands()).map(one).collect();
            Stages::new(&p.stages(1, dtype), dtype, operands)
        })
        .as_ref()
    }

    /// `None` where a stage gives another dtype, or has no kernel.
    fn new(stages: &[Stage], dtype: DType, one: SmallVec<[bool; 12]>) -> Option<Stages> {
        let mut ready = Stages {
            all: Vec::with_capacity(stages.len()),
            operands: one.len(),
            one,
            registers: 0,
        };
        let typed = |function: &Arc<Function>, inputs: usize| {
            let dtypes: SmallVec<[DType; 5]> = SmallVec::from_elem(dtype, inputs);
            let typed = function.typed(Device::Cpu, &dtypes).ok()?;
            (typed.output == dtype && typed.widest <= dtype.size()).then_some(typed)
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
                    let typed = typed(function, of.len())?;
                    ready.registers = ready.registers.max(typed.registers);
                    ready.one.push(of.iter().all(|&i| ready.one[i]));
                    ready.all.push(Ready::Map {
                        typed,
                        of: SmallVec::from_slice(of),
                        scalar: false,
                    });
                }
                Stage::Scalar(op, of, Scalar::Float(_)) => {
                    let typed = typed(Function::of(*op), 2)?;
                    ready.registers = ready.registers.max(typed.registers);
                    ready.one.push(ready.one[*of]);
                    ready.all.push(Ready::Map {
                        typed,
                        of: SmallVec::from_elem(*of, 1),
                        scalar: true,
                    });
                }
                Stage::Scalar(..) => return None,
            }
        }
        Some(ready)
    }

    /// # Safety
    /// The rows lie where they say, and those of the results are the caller's alone.
    unsafe fn run(&self, rows: &Rows<'_>) -> Result<()> {
        let (n, size) = (rows.n, rows.size);
        let row = (n * size).next_multiple_of(64);
        let values = self.one.len();
        // values that are rows, then the registers of a stage, then booleans
        let scratch = Storage::uninit((values + self.registers + 1) * row)?;
        let part = |i: usize| scratch.ptr().wrapping_add(i * row);
        let mut ones: SmallVec<[Slot; 12]> = SmallVec::from_elem(Slot::ZERO, values);
        let mut at: SmallVec<[*mut u8; 12]> = (0..values)
            .map(|i| {
                if self.one[i] {
                    ones[i].at_mut()
                } else {
                    part(i)
                }
            })
            .collect();
        let mut once: SmallVec<[Once; 8]> = self.all.iter().map(|_| Once::default()).collect();
        let mut scalars = rows.scalars.iter();
        let mut steps: SmallVec<[Option<Steps>; 8]> = (self.all.iter().zip(&mut once))
            .map(|(stage, once)| match stage {
                Ready::Fold { .. } => None,
                Ready::Map { typed, of, scalar } => {
                    let one = |i: usize| of.get(i).is_none_or(|&of| self.one[of]);
                    let plan = Plan::of(typed, once);
                    let mut steps = Steps::new(plan, one, |r| part(values + r));
                    if let Some(scalar) = scalar.then(|| scalars.next()).flatten() {
                        steps.set_input(of.len(), scalar.at());
                    }
                    Some(steps)
                }
            })
            .collect();
        for r in 0..rows.count {
            for (at, (from, step)) in at.iter_mut().zip(&rows.from) {
                *at = from.wrapping_add(r * step);
            }
            at[values - 1] = rows.to.0.wrapping_add(r * rows.to.1);
            for (i, (stage, steps)) in self.all.iter().zip(&mut steps).enumerate() {
                let value = self.operands + i;
                let (one, to) = (self.one[value], at[value]);
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
