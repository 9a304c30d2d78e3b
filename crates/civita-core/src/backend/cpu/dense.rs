//! The fast path of an op whose operands already lie as its kernel wants them: contiguous, of the same shape or scalars, in
//! the compute dtype. Most calls are like that, and small ones are dominated by dispatch overhead: here it is a table
//! look-up, one allocation and the kernel.

use std::sync::OnceLock;

use super::program::GRAIN;
use crate::backend::overlap::{Meeting, meeting};
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::isa::Kernel;
use crate::kernels::map::{Variants, kernels};
use crate::kernels::{Slot, cast};
use crate::layout::{Layout, PerAxis};
use crate::ops::{Class, Op, ROWS};
use crate::raw::{Operand, Raw};
use crate::storage::{Access, Storage};
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
                        weight: row.op.weight(dtype),
                    })
                }));
            }
        }
        table
    });
    table[op as usize * DType::ALL.len() + dtype as usize]
}

/// The op by the fast path, or `general` when the operands need another. (One way out for the result: handed on in an `Option`
/// it would be moved, which for a small call costs as much as the kernel.)
#[inline(always)]
pub(crate) fn apply(
    op: Op,
    operands: &[Operand<'_>],
    general: impl FnOnce() -> Result<Raw>,
) -> Result<Raw> {
    'general: {
        match *operands {
            [Operand::Tensor(x)] => {
                if let Op::Real | Op::Imag = op
                    && let Some(part) = part_of(op, x)
                {
                    return part;
                }
                let Some(entry) = entry(op, x.dtype()) else {
                    break 'general;
                };
                if !x.layout().is_contiguous() {
                    break 'general;
                }
                return run(op, entry, x, [x.ptr(); 2], 0);
            }
            [Operand::Tensor(a), Operand::Tensor(b)] if a.dtype() == b.dtype() => {
                let Some(entry) = entry(op, a.dtype()) else {
                    break 'general;
                };
                if !a.layout().is_contiguous()
                    || !b.layout().is_contiguous()
                    || (op == Op::Pow && !a.dtype().is_float())
                {
                    break 'general;
                }
                let (like, form) = if a.shape() == b.shape() {
                    (a, 0)
                } else if b.len() == 1 && b.rank() <= a.rank() {
                    (a, 1)
                } else if a.len() == 1 && a.rank() <= b.rank() {
                    (b, 2)
                } else {
                    break 'general;
                };
                return run(op, entry, like, [a.ptr(), b.ptr()], form);
            }
            [Operand::Tensor(c), Operand::Tensor(a), Operand::Tensor(b)] => {
                let first = match op.row().class {
                    Class::Select => DType::Bool,
                    _ => a.dtype(),
                };
                let Some(entry) =
                    entry(op, a.dtype()).filter(|_| c.dtype() == first && a.dtype() == b.dtype())
                else {
                    break 'general;
                };
                let contiguous = [c, a, b].iter().all(|x| x.layout().is_contiguous());
                let fits =
                    |x: &Raw| x.shape() == c.shape() || (x.len() == 1 && x.rank() <= c.rank());
                if !contiguous || !fits(a) || !fits(b) {
                    break 'general;
                }
                let size = a.dtype().size();
                let vary = [a, b].map(|x| x.shape() == c.shape());
                let steps = [
                    first.size(),
                    size * usize::from(vary[0]),
                    size * usize::from(vary[1]),
                ];
                let kernel = entry
                    .kernels
                    .pick(usize::from(!vary[1]) + 2 * usize::from(!vary[0]));
                return run_kernel(
                    op.row().name,
                    kernel,
                    entry.weight,
                    entry.output,
                    c,
                    [c.ptr(), a.ptr(), b.ptr()],
                    steps,
                );
            }
            [Operand::Tensor(x), Operand::Scalar(s)] | [Operand::Scalar(s), Operand::Tensor(x)] => {
                let dtype = x.dtype();
                if s.weak_with(dtype) != dtype
                    || !x.layout().is_contiguous()
                    || (op == Op::Pow && !dtype.is_float())
                {
                    break 'general;
                }
                // what does not fit is for the general path to refuse, or to compare
                let (Some(entry), Ok(bytes)) = (entry(op, dtype), s.to_bytes(dtype)) else {
                    break 'general;
                };
                let one = Slot(bytes);
                let one = one.at().cast_mut();
                let (args, form) = match operands[0] {
                    Operand::Tensor(_) => ([x.ptr(), one], 1),
                    Operand::Scalar(_) => ([one, x.ptr()], 2),
                };
                return run(op, entry, x, args, form);
            }
            _ => {}
        }
    }
    general()
}

/// The real part of real numbers, which is the tensor itself, and parts of complex numbers where views alias: there they
/// are views, as NumPy's.
#[cold]
fn part_of(op: Op, x: &Raw) -> Option<Result<Raw>> {
    let dtype = x.dtype();
    if !dtype.is_complex() {
        return (op == Op::Real && dtype != DType::Bool).then(|| Ok(x.clone()));
    }
    if x.storage().access() == Access::Owned {
        return None;
    }
    let part = usize::from(op == Op::Imag);
    let real = dtype.to_real();
    let layout = x.layout();
    // a real number is half a complex one
    let strides: PerAxis<isize> = layout
        .strides()
        .iter()
        .map(|s| s.checked_mul(2))
        .collect::<Option<_>>()?;
    let of_buffer = x.storage().len() / real.size();
    Some(
        Layout::from_parts(
            layout.shape(),
            &strides,
            2 * layout.offset() + part,
            of_buffer,
        )
        .map(|layout| Raw::new(x.storage().clone(), layout, real).recast_as(x)),
    )
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
    ))
}

/// Bytes up to which a copy is not worth a plan.
const SMALL_COPY: usize = 4096;

/// Writes the elements of `x`, or its only one, over `out`, where the two are of one dtype, small and apart, and lie without gaps or
/// along one axis; false where they do not, and nothing was done.
#[inline]
pub(super) fn copy_small(x: &Raw, out: &Raw) -> bool {
    let size = out.dtype().size();
    let bytes = out.len() * size;
    // a byte that others chose is no `bool`
    if x.dtype() != out.dtype()
        || x.dtype() == DType::Bool
        || bytes > SMALL_COPY
        || !x.layout().is_contiguous()
    {
        return false;
    }
    if !out.layout().is_contiguous() {
        let &[stride] = out.layout().strides() else {
            return false;
        };
        if x.len() != 1 || x.rank() > 1 {
            return false;
        }
        for at in 0..out.len() as isize {
            // SAFETY: one element, apart from the output, over each of that, whose layout lies within its buffer; the guards of `bind`
            // keep others away.
            unsafe {
                let to = out.ptr().offset(at * stride * size as isize);
                std::ptr::copy_nonoverlapping(x.ptr().cast_const(), to, size);
            }
        }
    } else if x.shape() == out.shape() {
        // SAFETY: as many contiguous elements, which do not overlap; the guards of `bind` keep writers away.
        unsafe { std::ptr::copy_nonoverlapping(x.ptr().cast_const(), out.ptr(), bytes) };
    } else if x.len() == 1 && x.rank() <= out.rank() {
        for at in (0..bytes).step_by(size) {
            // SAFETY: one element, over each element of the output.
            unsafe { std::ptr::copy_nonoverlapping(x.ptr().cast_const(), out.ptr().add(at), size) };
        }
    } else {
        return false;
    }
    explain::note("copy", out.len(), || {
        (out.dtype(), explain::Kind::Elementwise)
    });
    true
}

/// Writes contiguous parts of one dtype one after the other over `out`, new memory whose elements they are along this axis, where that
/// is their order in memory and they are small; false where it is not so, and nothing was done.
pub(super) fn join_small(axis: usize, parts: &[&Raw], out: &Raw) -> bool {
    let (dtype, size) = (out.dtype(), out.dtype().size());
    // a byte that others chose is no `bool`
    let fits = dtype != DType::Bool
        && out.len() * size <= SMALL_COPY
        && out.layout().is_contiguous()
        && out.shape()[..axis].iter().all(|&n| n == 1)
        && parts
            .iter()
            .all(|x| x.dtype() == dtype && x.layout().is_contiguous());
    if !fits {
        return false;
    }
    let mut to = out.ptr();
    for part in parts {
        let bytes = part.len() * size;
        // SAFETY: contiguous elements, which lie one part after the other in the output; new memory, and the guards of `bind` keep
        // writers away.
        unsafe {
            std::ptr::copy_nonoverlapping(part.ptr().cast_const(), to, bytes);
            to = to.add(bytes);
        }
    }
    explain::note("copy", out.len(), || (dtype, explain::Kind::Elementwise));
    true
}

/// # Errors
/// When there is no memory for the result.
#[inline]
fn run(op: Op, entry: Entry, like: &Raw, [a, b]: [*mut u8; 2], form: usize) -> Result<Raw> {
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
) -> Result<Raw> {
    let n = like.len();
    let storage = Storage::uninit(n * output.size())?;
    let out = Raw::new(storage, Layout::dense_like(like.layout()), output);
    explain::note(name, n, || (output, explain::Kind::Elementwise));
    // SAFETY: contiguous operands of `n` elements, or of one where the form says so; new memory for the result, which
    // nobody else sees; the guards of `bind` keep writers away.
    unsafe { execute(kernel, weight, n, args, steps, out.base(), output.size()) };
    Ok(out)
}

/// Elements of a task, by what one costs: of an op of an instruction or two as many as [`GRAIN`] elements of `f64` are in bytes,
/// for it takes as long as its operands take to come. (Two threads gained nothing on 100,000 elements of one or two bytes.) Tasks
/// end where cache lines do: else each store of the next would meet two.
fn grain(weight: usize, size: usize) -> usize {
    let elements = match weight {
        1 => GRAIN * 8 / size,
        _ => GRAIN / weight.min(16),
    };
    elements.max(512).next_multiple_of(64)
}

/// Bytes of the widest element that an op reads or writes; the output's of no fewer.
fn widest(steps: [usize; 3], size: usize) -> usize {
    steps.into_iter().fold(size, usize::max)
}

/// # Safety
/// As [`Kernel`], for operands whose elements are `steps` bytes apart, and elements of `size` bytes from `out` on.
#[inline]
unsafe fn execute(
    kernel: Kernel,
    weight: usize,
    n: usize,
    args: [*mut u8; 3],
    steps: [usize; 3],
    out: *mut u8,
    size: usize,
) {
    let grain = grain(weight, widest(steps, size));
    if n < 2 * grain {
        // SAFETY: the caller's contract.
        unsafe { kernel(n, args.map(|p| p.cast_const()), out) };
        return;
    }
    let (args, to) = (args.map(Parts), Parts(out));
    threads::run_ranges(n, grain, &|range| {
        let from = std::array::from_fn(|k| args[k].at(range.start * steps[k]).cast_const());
        // SAFETY: as above, for a part that no other task has.
        unsafe { kernel(range.len(), from, to.at(range.start * size)) };
    });
}

/// Bytes that are made beside the output where an operand is the output itself: a kernel never writes where it reads.
const BLOCK: usize = 4096;

#[repr(align(64))]
struct Scratch([std::mem::MaybeUninit<u8>; BLOCK]);

/// As [`execute`] where an operand lies where the output does, element on element.
///
/// # Safety
/// As there, but for that overlap.
unsafe fn execute_in_place(
    kernel: Kernel,
    weight: usize,
    n: usize,
    args: [*mut u8; 3],
    steps: [usize; 3],
    out: *mut u8,
    size: usize,
) {
    let (args, to) = (args.map(Parts), Parts(out));
    threads::run_ranges(n, grain(weight, widest(steps, size)), &|range| {
        let mut scratch = Scratch([const { std::mem::MaybeUninit::uninit() }; BLOCK]);
        let scratch = scratch.0.as_mut_ptr().cast::<u8>();
        for start in range.clone().step_by(BLOCK / size) {
            let many = (BLOCK / size).min(range.end - start);
            let from = std::array::from_fn(|k| args[k].at(start * steps[k]).cast_const());
            // SAFETY: the caller's contract, for a part that no other task has, which fits the scratch.
            unsafe {
                kernel(many, from, scratch);
                std::ptr::copy_nonoverlapping(scratch, to.at(start * size), many * size);
            }
        }
    });
}

/// `a = op(a, b)` for contiguous tensors of one shape and dtype, which the result keeps, or a number; false where it is not
/// so. Nothing else reaches the memory of `a`, so that `b` lies apart.
#[inline]
pub(super) fn apply_in_place(op: Op, a: &Raw, b: Operand<'_>) -> bool {
    let dtype = a.dtype();
    let Some(entry) = entry(op, dtype).filter(|entry| entry.output == dtype) else {
        return false;
    };
    if !a.layout().is_contiguous() || op == Op::Pow && !dtype.is_float() {
        return false;
    }
    let size = dtype.size();
    let number;
    let (from, step) = match b {
        Operand::Scalar(s) => {
            let Ok(bytes) = s.to_bytes(dtype) else {
                return false;
            };
            if s.weak_with(dtype) != dtype {
                return false;
            }
            number = Slot(bytes);
            (number.at().cast_mut(), 0)
        }
        Operand::Tensor(b) => {
            if b.dtype() != dtype || !b.layout().is_contiguous() {
                return false;
            }
            if b.layout().has_shape_of(a.layout()) {
                (b.ptr(), size)
            } else if b.len() == 1 && b.rank() <= a.rank() {
                (b.ptr(), 0)
            } else {
                return false;
            }
        }
    };
    let n = a.len();
    let kernel = entry.kernels.pick(usize::from(step == 0));
    explain::note(op.row().name, n, || (dtype, explain::Kind::Elementwise));
    let args = [a.ptr(), from, from];
    if n * size <= size_of::<Slot>() {
        let mut result = Slot::ZERO;
        // SAFETY: contiguous operands of `n` elements, or one number, under the guards of `bind`; as many results as the slot holds,
        // which go where only `a` is.
        unsafe {
            kernel(n, args.map(|p| p.cast_const()), result.at_mut());
            std::ptr::copy_nonoverlapping(result.at(), a.ptr(), n * size);
        }
        return true;
    }
    // SAFETY: contiguous operands of as many elements, or one number; `a` has no other handle, so that only it lies where the
    // output does.
    unsafe {
        execute_in_place(
            kernel,
            entry.weight,
            n,
            args,
            [size, step, step],
            a.ptr(),
            size,
        )
    };
    true
}

/// [`apply`] into memory that is there: `None` when the operands or `out` need the general path, or overlap otherwise than
/// element on element. Nothing is recorded, and `out` may be written.
pub(super) fn apply_into(op: Op, operands: &[Operand<'_>], out: &Raw) -> Option<()> {
    let mut one = None;
    let dtype = operands.iter().find_map(|o| match o {
        Operand::Tensor(x) => Some(x.dtype()),
        Operand::Scalar(_) => None,
    })?;
    let entry = entry(op, dtype)?;
    let plain = out.dtype() == entry.output
        && out.layout().is_contiguous()
        && operands.len() == op.row().arity
        && operands.len() <= 2
        && (op != Op::Pow || dtype.is_float());
    if !plain {
        return None;
    }
    let size = dtype.size();
    let mut args = [(out.ptr(), 0); 2];
    let (mut in_place, mut whole) = (false, false);
    for (arg, operand) in args.iter_mut().zip(operands) {
        *arg = match operand {
            Operand::Scalar(s) if s.weak_with(dtype) == dtype => {
                let one = one.insert(Slot(s.to_bytes(dtype).ok()?));
                (one.at().cast_mut(), 0)
            }
            Operand::Tensor(x) if x.dtype() == dtype && x.layout().is_contiguous() => {
                let same = x.shape() == out.shape();
                if !same && (x.len() != 1 || x.rank() > out.rank()) {
                    return None;
                }
                match meeting(x, out) {
                    Meeting::Apart => {}
                    Meeting::Aligned => in_place = true,
                    Meeting::Crossed => return None,
                }
                whole |= same;
                (x.ptr(), size * usize::from(same))
            }
            _ => return None,
        };
    }
    // one value alone does not fill an output
    if !whole {
        return None;
    }
    let form = match (operands.len(), args[0].1, args[1].1) {
        (1, ..) => 0,
        (_, 0, _) => 2,
        (_, _, 0) => 1,
        _ => 0,
    };
    let kernel = entry.kernels.pick(form);
    explain::note(op.row().name, out.len(), || {
        (out.dtype(), explain::Kind::Elementwise)
    });
    let run = if in_place { execute_in_place } else { execute };
    let [(a, step_a), (b, step_b)] = args;
    // SAFETY: contiguous operands of as many elements as the output, or of one where the form says so, which nobody else
    // writes under the guards; none of them overlaps the output but element on element.
    unsafe {
        run(
            kernel,
            entry.weight,
            out.len(),
            [a, b, b],
            [step_a, step_b, step_b],
            out.ptr(),
            out.dtype().size(),
        )
    };
    Some(())
}
