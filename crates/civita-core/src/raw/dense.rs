//! The short way of an op whose operands already lie as its kernel wants them: contiguous, of one shape or one value, in
//! the lane. Most calls are like that, and small ones are as dear as the way to the kernel is long: here it is a table
//! look-up, one allocation and the kernel.

use std::sync::OnceLock;

use super::{Operand, Raw};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::isa::Kernel;
use crate::kernels::cast;
use crate::kernels::map::{Variants, kernels};
use crate::layout::Layout;
use crate::ops::{Class, Op, ROWS};
use crate::program::GRAIN;
use crate::storage::{Access, Storage, guard};
use crate::threads::{self, Parts};

/// An op on operands of one dtype that is a lane of its class, and whose result is one too.
#[derive(Clone, Copy)]
struct Entry {
    kernels: &'static Variants,
    output: DType,
    weight: usize,
}

fn entry(op: Op, dtype: DType) -> Option<Entry> {
    static TABLE: OnceLock<Vec<Option<Entry>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = Vec::with_capacity(ROWS.len() * DType::ALL.len());
        for row in ROWS {
            for dtype in DType::ALL {
                let mut inputs = [dtype; 3];
                if row.class == Class::Select {
                    inputs[0] = DType::Bool;
                }
                let signature = row.op.signature(&inputs[..row.arity]).ok().filter(|s| {
                    s.inputs[1] == dtype
                        && dtype.compute() == dtype
                        && s.output.compute() == s.output
                });
                table.push(signature.and_then(|s| {
                    Some(Entry {
                        kernels: kernels(row.op, inputs)?,
                        output: s.output,
                        weight: row.op.weight(),
                    })
                }));
            }
        }
        table
    });
    table[op as usize * DType::ALL.len() + dtype as usize]
}

/// A value that is the same for all elements, as bytes.
#[repr(align(16))]
struct One([u8; 16]);

/// The op by the short way, or `None` when the operands need the long one.
#[inline]
pub(super) fn apply(op: Op, operands: &[Operand<'_>]) -> Option<Result<Raw>> {
    match *operands {
        [Operand::Tensor(x)] => {
            let entry = entry(op, x.dtype())?;
            if !x.layout().is_contiguous() {
                return None;
            }
            Some(run(op, entry, x, [x.ptr(); 2], 0, &[x.storage()]))
        }
        [Operand::Tensor(a), Operand::Tensor(b)] if a.dtype() == b.dtype() => {
            let entry = entry(op, a.dtype())?;
            if !a.layout().is_contiguous()
                || !b.layout().is_contiguous()
                || (op == Op::Pow && !a.dtype().is_float())
            {
                return None;
            }
            let (like, form) = if a.shape() == b.shape() {
                (a, 0)
            } else if b.len() == 1 && b.rank() <= a.rank() {
                (a, 1)
            } else if a.len() == 1 && a.rank() <= b.rank() {
                (b, 2)
            } else {
                return None;
            };
            Some(run(
                op,
                entry,
                like,
                [a.ptr(), b.ptr()],
                form,
                &[a.storage(), b.storage()],
            ))
        }
        [Operand::Tensor(c), Operand::Tensor(a), Operand::Tensor(b)] => {
            let entry = entry(op, a.dtype())
                .filter(|_| c.dtype() == DType::Bool && a.dtype() == b.dtype())?;
            let contiguous = [c, a, b].iter().all(|x| x.layout().is_contiguous());
            let fits = |x: &Raw| x.shape() == c.shape() || (x.len() == 1 && x.rank() <= c.rank());
            if !contiguous || !fits(a) || !fits(b) {
                return None;
            }
            let size = a.dtype().size();
            let vary = [a, b].map(|x| x.shape() == c.shape());
            let steps = [1, size * usize::from(vary[0]), size * usize::from(vary[1])];
            let kernel = entry
                .kernels
                .pick(usize::from(!vary[1]) + 2 * usize::from(!vary[0]));
            let reads = [c.storage(), a.storage(), b.storage()];
            Some(run_kernel(
                op.row().name,
                kernel,
                entry.weight,
                entry.output,
                c,
                [c.ptr(), a.ptr(), b.ptr()],
                steps,
                &reads,
            ))
        }
        [Operand::Tensor(x), Operand::Scalar(s)] => scalar(op, x, s, 1),
        [Operand::Scalar(s), Operand::Tensor(x)] => scalar(op, x, s, 2),
        _ => None,
    }
}

#[inline]
fn scalar(op: Op, x: &Raw, s: Scalar, form: usize) -> Option<Result<Raw>> {
    let dtype = x.dtype();
    if s.weak_with(dtype) != dtype
        || !x.layout().is_contiguous()
        || (op == Op::Pow && !dtype.is_float())
    {
        return None;
    }
    let entry = entry(op, dtype)?;
    // what does not fit is for the long way to refuse, or to compare
    let one = One(s.to_bytes(dtype).ok()?);
    let one = one.0.as_ptr().cast_mut();
    let args = if form == 1 {
        [x.ptr(), one]
    } else {
        [one, x.ptr()]
    };
    Some(run(op, entry, x, args, form, &[x.storage()]))
}

/// The conversion of a contiguous tensor, or `None` when it is not.
#[inline]
pub(super) fn cast(x: &Raw, dtype: DType) -> Option<Result<Raw>> {
    if !x.layout().is_contiguous() {
        return None;
    }
    let kernel = cast::kernel(x.dtype(), dtype);
    Some(run_kernel(
        "cast",
        kernel,
        2,
        dtype,
        x,
        [x.ptr(); 3],
        [x.dtype().size(); 3],
        &[x.storage()],
    ))
}

/// # Errors
/// When there is no memory for the result.
#[inline]
fn run(
    op: Op,
    entry: Entry,
    like: &Raw,
    [a, b]: [*mut u8; 2],
    form: usize,
    reads: &[&Storage],
) -> Result<Raw> {
    let size = like.dtype().size();
    let steps = [
        size * usize::from(form != 2),
        size * usize::from(form != 1),
        0,
    ];
    run_kernel(
        op.row().name,
        entry.kernels.pick(form),
        entry.weight,
        entry.output,
        like,
        [a, b, b],
        steps,
        reads,
    )
}

/// `steps` are bytes from an element to the next, 0 for one value.
#[allow(clippy::too_many_arguments)] // inlined into each of the three above
#[inline]
fn run_kernel(
    name: &'static str,
    kernel: Kernel,
    weight: usize,
    output: DType,
    like: &Raw,
    args: [*mut u8; 3],
    steps: [usize; 3],
    reads: &[&Storage],
) -> Result<Raw> {
    let n = like.len();
    let mut storage = Storage::uninit(n * output.size())?;
    let owned = reads.iter().all(|s| s.access() == Access::Owned);
    if !owned {
        storage = storage.into_aliased()?;
    }
    let out = Raw::new(storage, Layout::dense_like(like.layout()), output);
    let _guards = (!owned).then(|| guard::acquire(reads, &[]));
    explain::note(name, n, || (output, explain::Kind::Elementwise));
    let grain = (GRAIN / weight.min(16)).max(512);
    if n < 2 * grain {
        // SAFETY: contiguous operands of `n` elements, or of one where the form says so; new memory for the result,
        // which nobody else sees; the guards keep writers away.
        unsafe { kernel(n, args.map(|p| p.cast_const()), out.base()) };
        return Ok(out);
    }
    let (args, to) = (args.map(Parts), Parts(out.base()));
    let size = output.size();
    threads::run_ranges(n, grain, &|range| {
        // SAFETY: as above, for a part that no other task has.
        unsafe {
            let from = std::array::from_fn(|k| args[k].at(range.start * steps[k]).cast_const());
            kernel(range.len(), from, to.at(range.start * size));
        }
    });
    Ok(out)
}
