//! Folds, and what statistics make of them.

mod arg;
mod driver;
mod whole;

use num_complex::Complex;
use smallvec::SmallVec;

use super::program::{Once, Plan, Source, Target, run, run_typed};
use super::{copy, memory, program, slabs};
use crate::backend::Number;
use crate::device::Device;
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::explain;
use crate::graph::Function;
use crate::kernels::fold::{Folding, folding, folding_of_numbers};
use crate::kernels::strided::{Tile, fill};
use crate::layout::{KeepDims, Layout, PerAxis, reduced_shape};
use crate::ops::{Fold as Monoid, Fold, Op};
use crate::primitive::{self, Rowwise, Stat, functions};
use crate::program::Typed;
use crate::raw::{Operand, Raw};
use crate::storage::Storage;
use crate::threads;
use whole::Whole;
pub(super) use whole::reduce as whole;

/// A reduction of a tensor.
struct Call<'a> {
    axes: &'a [usize],
    keepdims: KeepDims,
    /// Elements to a result.
    count: usize,
    /// Dtype of the result.
    dtype: DType,
}

impl<'a> Call<'a> {
    fn new(over: &'a primitive::Over, x: &Raw, dtype: DType) -> Call<'a> {
        Call {
            axes: &over.axes,
            keepdims: over.keepdims,
            count: over.count(x.shape()),
            dtype,
        }
    }

    /// As this one, but the axes stay.
    fn kept(&self, dtype: DType) -> Call<'a> {
        Call {
            keepdims: KeepDims::Yes,
            dtype,
            ..*self
        }
    }

    /// What `write` makes of all elements, where the axes are all axes and the fast path is open.
    fn whole(
        &self,
        x: &Raw,
        write: impl FnOnce(Whole<'_>, &mut Number) -> Option<()>,
    ) -> Option<Result<Raw>> {
        let whole = Whole::new(x, self.dtype).filter(|_| self.axes.len() == x.rank())?;
        let mut number = Number::EMPTY;
        write(whole, &mut number)?;
        number.convert(self.dtype);
        Some(number.tensor(self.rank(x)))
    }

    /// Axes of the result where all go.
    fn rank(&self, x: &Raw) -> usize {
        match self.keepdims {
            KeepDims::No => 0,
            KeepDims::Yes => x.rank(),
        }
    }

    /// A result that kept the axes, as the caller wants it.
    fn finish(&self, kept: Raw) -> Result<Raw> {
        if self.keepdims == KeepDims::Yes {
            return Ok(kept);
        }
        let shape: PerAxis<usize> = kept
            .shape()
            .iter()
            .enumerate()
            .filter(|(a, _)| !self.axes.contains(a))
            .map(|(_, &n)| n)
            .collect();
        memory::reshaped(&kept, &shape)
    }
}

fn apply(op: Op, a: &Raw, b: Operand<'_>) -> Result<Raw> {
    program::apply(op, &[a.into(), b])
}

pub(super) fn fold(p: &primitive::Fold, x: &Raw) -> Result<Raw> {
    let call = Call::new(&p.over, x, p.dtype);
    match p.fold {
        Monoid::Any | Monoid::All => {
            if let Some(done) = call.whole(x, |all, to| all.boolean(p.fold, to)) {
                return done;
            }
            let typed = Typed::copy_to_lane(x.dtype(), x.dtype().compute());
            call.finish(fold_typed(p.fold, &typed, &[x], x.shape(), call.axes)?)
        }
        _ => {
            let y = match call.whole(x, |all, to| all.monoid(p.fold, to)) {
                Some(done) => done?,
                None => call.finish(folded(p.fold, x, &call, p.dtype)?)?,
            };
            if p.fold == Monoid::Prod && p.dtype.kind() >= Kind::Float && lost_range(x, &y)? {
                return product_in_range(p, x);
            }
            Ok(y)
        }
    }
}

/// A vector of one value, where there is memory for it: a view that repeats an element has more pieces than bytes.
fn repeated<T: Clone>(value: T, n: usize) -> Result<Vec<T>> {
    let mut all = Vec::new();
    all.try_reserve_exact(n).map_err(|_| {
        let bytes = n.saturating_mul(size_of::<T>());
        Error::memory(
            "reduce",
            format!("cannot allocate {bytes} bytes for partial results"),
        )
    })?;
    all.resize(n, value);
    Ok(all)
}

/// Whether partial products may have overflowed or underflowed where the whole does not: `[1e10, 1e-10, 1e10, …]` is infinity times 0 in
/// lanes.
fn lost_range(x: &Raw, y: &Raw) -> Result<bool> {
    let zero = Scalar::Bool(false);
    // a product of 0 is right where a factor is 0
    Ok(is_suspect(y, true)? && (is_suspect(y, false)? || !any(x, Op::Eq, zero)?))
}

/// Whether an element of an output is infinite, NaN, or (if asked for) 0.
pub(super) fn is_suspect(y: &Raw, zeros: bool) -> Result<bool> {
    if y.len() == 1 {
        let v = primitive::host::element_of_output(y, y.layout().offset()).as_complex();
        return Ok(!(v.re.is_finite() && v.im.is_finite()) || zeros && v == Complex::ZERO);
    }
    let finite = program::apply(Op::IsFinite, &[y.into()])?;
    Ok(any(&finite, Op::Eq, Scalar::Bool(false))? || zeros && any(y, Op::Eq, Scalar::Bool(false))?)
}

/// Whether a comparison holds for any element.
fn any(x: &Raw, test: Op, with: Scalar) -> Result<bool> {
    let is = apply(test, x, with.into())?;
    let axes: PerAxis<usize> = (0..is.rank()).collect();
    let call = Call {
        axes: &axes,
        keepdims: KeepDims::No,
        count: is.len(),
        dtype: DType::Bool,
    };
    let any = match call.whole(&is, |all, to| all.boolean(Monoid::Any, to)) {
        Some(done) => done?,
        None => folded(Monoid::Max, &is, &call, DType::Bool)?,
    };
    Ok(any.item()? == Scalar::Bool(true))
}

/// Products whose exponent has a counter of its own: they overflow and underflow where the true product does.
fn product_in_range(p: &primitive::Fold, x: &Raw) -> Result<Raw> {
    let axes = &p.over.axes;
    let order: PerAxis<isize> = (0..x.rank())
        .filter(|a| !axes.contains(a))
        .chain(axes.iter().copied())
        .map(|a| a as isize)
        .collect();
    let moved = x.with_layout(x.layout().permute(&order)?);
    let (count, shape) = (p.over.count(x.shape()), p.over.shape(x.shape()));
    let complex = p.dtype.is_complex();
    let wide = if complex { DType::C128 } else { DType::F64 };
    // rounded to the dtype first, as the elements are that the fold sees
    let rows = copy::cast(&copy::copied(&moved, p.dtype)?, wide)?;
    let made = if complex {
        let rows: &[Complex<f64>] = primitive::host::slice(&rows);
        let each = rows.chunks_exact(count).map(|row| {
            let (mut product, mut exponent) = (Complex::ONE, 0);
            for &x in row {
                let ((x, k), (m, e)) = (scaled_complex(x), scaled_complex(product));
                (product, exponent) = (m * x, exponent + k + e);
            }
            Complex::new(
                unscaled(product.re, exponent),
                unscaled(product.im, exponent),
            )
        });
        Raw::from_vec(each.collect::<Vec<_>>(), &shape)?
    } else {
        let rows: &[f64] = primitive::host::slice(&rows);
        let each = rows.chunks_exact(count).map(|row| {
            let (mut product, mut exponent) = (1.0, 0);
            for &x in row {
                let ((x, k), (m, e)) = (scaled(x), scaled(product));
                (product, exponent) = (m * x, exponent + k + e);
            }
            unscaled(product, exponent)
        });
        Raw::from_vec(each.collect::<Vec<_>>(), &shape)?
    };
    copy::cast(&made, p.dtype)
}

/// A number between 2⁻⁵⁰⁰ and 2⁵⁰⁰, and the power of two that it lacks; 0, infinity and NaN stay.
fn scaled(x: f64) -> (f64, i64) {
    const LARGE: f64 = f64::from_bits((1023 + 500) << 52);
    const SMALL: f64 = f64::from_bits((1023 - 500) << 52);
    const UP: f64 = f64::from_bits((1023 + 600) << 52);
    const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
    match x.abs() {
        a if a > LARGE && a.is_finite() => (x * DOWN, 600),
        a if a < SMALL && a != 0.0 => (x * UP, -600),
        _ => (x, 0),
    }
}

/// As [`scaled`], by the larger part.
fn scaled_complex(x: Complex<f64>) -> (Complex<f64>, i64) {
    let larger = if x.re.abs() > x.im.abs() { x.re } else { x.im };
    match scaled(larger).1 {
        0 => (x, 0),
        k => {
            let by = f64::from_bits(((1023 - k) as u64) << 52);
            (Complex::new(x.re * by, x.im * by), k)
        }
    }
}

/// `x · 2ᵏ`, rounded once more only where it is subnormal.
fn unscaled(mut x: f64, mut k: i64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    while k != 0 {
        let step = k.clamp(-1000, 1000);
        // on the way down the last step alone may leave the normal numbers
        let step = if step < 0 && k - step != 0 {
            step.max(-500)
        } else {
            step
        };
        x *= f64::from_bits(((1023 + step) as u64) << 52);
        k -= step;
        if x == 0.0 || x.is_infinite() {
            break;
        }
    }
    x
}

pub(super) fn arg_fold(p: &primitive::ArgFold, x: &Raw) -> Result<Raw> {
    arg::arg(p.fold, x, &Call::new(&p.over, x, DType::I64))
}

pub(super) fn rowwise(p: &Rowwise, operands: &[&Raw]) -> Result<Raw> {
    let x = operands[0];
    let call = Call::new(&p.over, x, p.dtype);
    match p.stat {
        Stat::Mean => mean(x, &call),
        Stat::Var { ddof } => var(x, &call, ddof),
        Stat::Std { ddof } => {
            // the variance of narrow floats may lie beyond them where its root does not
            let wide = Call {
                dtype: primitive::wide(p.dtype),
                ..call
            };
            let std = program::apply(Op::Sqrt, &[(&var(x, &wide, ddof)?).into()])?;
            copy::cast(&std, p.dtype)
        }
        Stat::LogSumExp => logsumexp(x, &call),
        Stat::MeanSquare => {
            let sum = fold_of(
                Fold::Sum,
                Function::of(Op::Square),
                &[x],
                &p.over,
                DType::F64,
            )?;
            let mean = apply(Op::Div, &sum, Scalar::Float(call.count as f64).into())?;
            copy::cast(&mean, p.dtype)
        }
        Stat::LogSoftmax if call.axes != [x.rank().wrapping_sub(1)] => {
            // across the memory: in passes over all of it, which fold whole rows. The maximum goes first, for beside a large one the
            // logarithm of the sum is lost
            let x = copy::cast(x, primitive::wide(p.dtype))?;
            let [shift, sums] = shifted_sums(&x, &call.kept(x.dtype()))?;
            let log = program::call(&functions().finite_log, &[&sums])?;
            let log = copy::cast(&log, x.dtype())?;
            let y = program::call(&functions().less_both, &[&x, &shift, &log])?;
            copy::cast(&y, p.dtype)
        }
        Stat::Softmax | Stat::LogSoftmax | Stat::Norm { .. } | Stat::LogLoss => {
            slabs::by_rows(p, operands)
        }
    }
}

/// A fold over what a program makes of the operands, which broadcast to the shape of the first: no array of it is made.
pub(crate) fn fold_of(
    fold: Fold,
    function: &Function,
    x: &[&Raw],
    over: &primitive::Over,
    dtype: DType,
) -> Result<Raw> {
    if x.iter().all(|other| other.rank() == x[0].rank())
        && let Some((order, over, back)) = over.in_memory_order(x[0])
    {
        let moved = x.iter().map(|x| x.reordered(&order));
        let moved = moved.collect::<Result<SmallVec<[Raw; 4]>>>()?;
        let moved: SmallVec<[&Raw; 4]> = moved.iter().collect();
        return fold_of(fold, function, &moved, &over, dtype)?.reordered(&back);
    }
    let dtypes: SmallVec<[DType; 4]> = x.iter().map(|x| x.dtype()).collect();
    let typed = function.typed(Device::Cpu, &dtypes)?;
    let call = Call::new(over, x[0], dtype);
    let acc = fold_typed(fold, &typed, x, x[0].shape(), call.axes)?;
    call.finish(copy::cast(&acc, dtype)?)
}

/// A fold of the elements that are no NaN, if it has a kernel, in the dtype of the operand.
pub(crate) fn fold_numbers(fold: Fold, x: &Raw, over: &primitive::Over) -> Option<Result<Raw>> {
    if let Some((order, over, back)) = over.in_memory_order(x) {
        let moved = x.reordered(&order);
        return Some(match moved {
            Ok(moved) => fold_numbers(fold, &moved, &over)?.and_then(|y| y.reordered(&back)),
            Err(error) => Err(error),
        });
    }
    let folding = folding_of_numbers(fold, x.dtype())?;
    let call = Call::new(over, x, x.dtype());
    let typed = Typed::copy_to_lane(x.dtype(), x.dtype());
    let fold = || {
        let acc = fold_by(folding, &typed, &[x], x.shape(), call.axes)?;
        call.finish(copy::cast(&acc, x.dtype())?)
    };
    Some(fold())
}

/// The fold over axes, which stay, in the dtype of the operand: for the CPU's own sums and extremes.
pub(super) fn fold_keeping(fold: Fold, x: &Raw, axes: &[usize], dtype: DType) -> Result<Raw> {
    let call = Call {
        axes,
        keepdims: KeepDims::Yes,
        count: 0,
        dtype,
    };
    folded(fold, x, &call, dtype)
}

/// Elements that are made for a fold at once, where the operand is not folded as it lies: they stay in L2.
const SLAB: usize = 1 << 15;

/// `fold` over the axes of what `typed` makes of the inputs, which broadcast to `shape`; the axes stay. The result is an
/// accumulator, in its dtype.
fn fold_typed(
    fold: Fold,
    typed: &Typed,
    inputs: &[&Raw],
    shape: &[usize],
    axes: &[usize],
) -> Result<Raw> {
    match folding(fold, typed.lane) {
        Some(folding) => fold_by(folding, typed, inputs, shape, axes),
        None => Err(Error::dtype(
            "reduce",
            format!("cannot fold {}", typed.output),
        )),
    }
}

/// As [`fold_typed`], by these kernels.
fn fold_by(
    folding: &Folding,
    typed: &Typed,
    inputs: &[&Raw],
    shape: &[usize],
    axes: &[usize],
) -> Result<Raw> {
    let kept = reduced_shape(shape, axes, KeepDims::Yes);
    if let Some(done) = fold_whole(folding, typed, inputs, shape, axes, &kept) {
        return done;
    }
    let total: usize = shape.iter().product();
    if !typed.is_identity() && total <= SLAB && total > 0 {
        // one slab: made whole, then folded as it lies
        let made = memory::for_result(shape, typed.lane, inputs)?;
        run_typed(typed, inputs, &made, false)?;
        return fold_by(
            folding,
            &Typed::copy_to_lane(typed.lane, typed.lane),
            &[&made],
            shape,
            axes,
        );
    }
    let out = identity(folding, &kept)?;
    let strides: PerAxis<isize> = (0..shape.len())
        .map(|a| {
            if axes.contains(&a) {
                0
            } else {
                out.layout().strides()[a]
            }
        })
        .collect();
    let result = out.clone();
    explain::note("reduce", shape.iter().product(), || {
        (folding.acc, explain::Kind::Reduce)
    });
    let size = typed.lane.size();
    if typed.is_identity() && inputs[0].shape() == shape {
        let x = inputs[0];
        // SAFETY: layouts lie within their buffers, guards keep writers away, the result is new.
        unsafe { driver::fold(folding, size, x.base(), x.layout(), out.base(), &strides, 0)? };
        return Ok(result);
    }
    // slab by slab: along the longest kept axis, and if that is not enough along the longest reduced one
    let longest = |reduced: bool| {
        (0..shape.len())
            .filter(|a| axes.contains(a) == reduced)
            .max_by_key(|&a| shape[a])
    };
    let (k, r) = (longest(false), longest(true));
    let cut = |axis: Option<usize>, elements: usize| {
        let len = axis.map_or(1, |a| shape[a]);
        let step = len
            .div_ceil(elements.div_ceil(SLAB).clamp(1, len.max(1)))
            .max(1);
        (step, len.div_ceil(step).max(1))
    };
    let (step_k, cuts_k) = cut(k, total);
    let (step_r, cuts_r) = cut(r, total / cuts_k);
    let layouts = inputs
        .iter()
        .map(|x| x.layout().broadcast_to(shape))
        .collect::<Result<SmallVec<[Layout; 4]>>>()?;
    let mut once = Once::default();
    let plan = Plan::of(typed, &mut once);
    // each cut of the reduced axis has partial results of its own
    let partial = identity(folding, &[cuts_r, out.len()])?;
    let task = |index: usize| -> Result<()> {
        let (ik, ir) = (index / cuts_r, index % cuts_r);
        let narrow = |layout: &Layout| -> Result<Layout> {
            let mut layout = layout.clone();
            for (axis, i, step) in [(k, ik, step_k), (r, ir, step_r)] {
                if let Some(axis) = axis {
                    layout =
                        layout.narrow(axis as isize, i * step, step.min(shape[axis] - i * step))?;
                }
            }
            Ok(layout)
        };
        let parts = layouts
            .iter()
            .map(narrow)
            .collect::<Result<SmallVec<[Layout; 4]>>>()?;
        let sources: SmallVec<[Source<'_>; 4]> = inputs
            .iter()
            .zip(&parts)
            .map(|(x, layout)| Source {
                ptr: x.base(),
                layout,
            })
            .collect();
        let slab = Layout::contiguous(parts[0].shape())?;
        let memory = Storage::uninit(slab.len() * size)?;
        let target = Target {
            ptr: memory.ptr(),
            layout: &slab,
            dtype: typed.lane,
            shared: false,
        };
        let offset = k.map_or(0, |axis| ik * step_k * strides[axis] as usize) + ir * out.len();
        // SAFETY: the slab is new; partial results of distinct slabs are distinct, since the cut axes lead to them.
        unsafe {
            run(plan, &sources, target)?;
            driver::fold(
                folding,
                size,
                memory.ptr(),
                &slab,
                partial.base(),
                &strides,
                offset,
            )
        }
    };
    let failed = std::sync::Mutex::new(None);
    threads::run(cuts_k * cuts_r, &|index| {
        if let Err(error) = task(index) {
            *failed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
    });
    if let Some(error) = failed
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        return Err(error);
    }
    // a tree over the cuts
    let (mut left, row) = (cuts_r, out.len() * folding.acc.size());
    while left > 1 {
        let half = left / 2;
        // SAFETY: rows of the partial results; the halves do not overlap.
        unsafe {
            let from = partial.base().add((left - half) * row).cast_const();
            (folding.merge)(half * out.len(), [from; 3], partial.base());
        }
        left -= half;
    }
    // SAFETY: the first row is as long as the result.
    unsafe { std::ptr::copy_nonoverlapping(partial.base(), out.base(), row) };
    Ok(result)
}

/// The fast path: all elements of one contiguous tensor, few enough for one thread. The same runs as the driver's, so
/// the same bits.
fn fold_whole(
    folding: &Folding,
    typed: &Typed,
    inputs: &[&Raw],
    shape: &[usize],
    axes: &[usize],
    kept: &[usize],
) -> Option<Result<Raw>> {
    let x = inputs[0];
    let short = typed.is_identity()
        && axes.len() == shape.len()
        && x.layout().is_contiguous()
        && x.shape() == shape;
    if !short || x.len() >= driver::SERIAL {
        return None;
    }
    Some(memory::unwritten(kept, folding.acc).inspect(|out| {
        explain::note("reduce", x.len(), || (folding.acc, explain::Kind::Reduce));
        let (acc, size) = (out.base(), x.dtype().size());
        // SAFETY: one new accumulator; runs of a contiguous tensor that nobody writes.
        unsafe {
            std::ptr::copy_nonoverlapping(folding.identity.at(), acc, folding.acc.size());
            for from in (0..x.len()).step_by(driver::RUN) {
                let n = driver::RUN.min(x.len() - from);
                (folding.along)(n, [x.ptr().add(from * size).cast_const(); 3], acc);
            }
        }
    }))
}

/// Accumulators that change nothing.
fn identity(folding: &Folding, shape: &[usize]) -> Result<Raw> {
    let out = memory::unwritten(shape, folding.acc)?;
    let line = Tile {
        rows: 1,
        cols: out.len(),
        row_stride: 0,
        col_stride: 1,
    };
    // SAFETY: a new contiguous tensor; one accumulator to fill it with.
    unsafe { fill(folding.acc.size(), line, folding.identity.at(), out.base()) };
    Ok(out)
}

/// The fold of `x` in the compute dtype of `dtype`, as a tensor of `dtype`, axes kept.
fn folded(fold: Fold, x: &Raw, call: &Call<'_>, dtype: DType) -> Result<Raw> {
    // sums of narrow integers are those of wide ones, wrapped, and so folded as they lie; of booleans the sum is their or,
    // the product their and
    let whole = x.dtype().is_integer() || x.dtype() == DType::Bool;
    let (fold, lane) = match (fold, dtype.kind()) {
        (Fold::Sum, Kind::Bool) => (Fold::Max, dtype),
        (Fold::Prod, Kind::Bool) => (Fold::Min, dtype),
        (Fold::Sum | Fold::Prod, Kind::Signed | Kind::Unsigned) if whole => (fold, x.dtype()),
        _ => (fold, dtype),
    };
    let typed = Typed::copy_to_lane(x.dtype(), lane);
    let acc = fold_typed(fold, &typed, &[x], x.shape(), call.axes)?;
    copy::cast(&acc, dtype)
}

fn mean(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = call.whole(x, |all, to| all.mean(to)) {
        return done;
    }
    // in the accumulator's dtype until the division, so that only one rounding is seen; of narrow integers the sum is exact
    let whole = x.dtype().is_integer() || x.dtype() == DType::Bool;
    let exact = whole && x.dtype().size() <= 4 && call.count < 1 << 31 && call.dtype == DType::F64;
    let lane = if exact { x.dtype() } else { call.dtype };
    let typed = Typed::copy_to_lane(x.dtype(), lane);
    let acc = fold_typed(Fold::Sum, &typed, &[x], x.shape(), call.axes)?;
    let acc = if exact {
        copy::cast(&acc, DType::F64)?
    } else {
        acc
    };
    let mean = apply(Op::Div, &acc, Scalar::Float(call.count as f64).into())?;
    call.finish(copy::cast(&mean, call.dtype)?)
}

fn var(x: &Raw, call: &Call<'_>, ddof: f64) -> Result<Raw> {
    let n = (call.count as f64 - ddof).max(0.0);
    match call.whole(x, |all, to| all.variance(n, to)) {
        Some(done) => done,
        None => call.finish(variance(x, call, n)?),
    }
}

fn variance(x: &Raw, call: &Call<'_>, n: f64) -> Result<Raw> {
    // computed in a float, complex if need be; the result is real
    let x = match x.dtype() {
        d if d.is_complex() => x.clone(),
        d if d.is_float() && d.size() >= call.dtype.size() => x.clone(),
        _ => copy::cast(x, call.dtype)?,
    };
    let compute = x.dtype();
    // the mean stays in the accumulator's dtype: rounded to f32 or f16 it would shift the variance
    let typed = Typed::copy_to_lane(x.dtype(), compute);
    let acc = fold_typed(Fold::Sum, &typed, &[&x], x.shape(), call.axes)?;
    let mean = apply(Op::Div, &acc, Scalar::Float(call.count as f64).into())?;
    let deviation = match compute {
        dtype if dtype.is_float() && dtype.compute() == DType::F32 => {
            // (x - m)² in f32 about a mean of f32: the rest of the mean, squared, is taken off again below
            let m32 = copy::cast(&mean, DType::F32)?;
            let function = &functions().square_deviation;
            let typed = function.typed(Device::Cpu, &[x.dtype(), DType::F32])?;
            let acc = fold_typed(Fold::Sum, &typed, &[&x, &m32], x.shape(), call.axes)?;
            let rest = apply(Op::Sub, &mean, (&copy::cast(&m32, DType::F64)?).into())?;
            let rest = program::apply(Op::Square, &[(&rest).into()])?;
            let shift = apply(Op::Mul, &rest, Scalar::Float(call.count as f64).into())?;
            apply(Op::Sub, &acc, (&shift).into())?
        }
        _ => {
            let function = if compute.is_complex() {
                &functions().complex_deviation
            } else {
                &functions().square_deviation
            };
            let typed = function.typed(Device::Cpu, &[x.dtype(), mean.dtype()])?;
            fold_typed(Fold::Sum, &typed, &[&x, &mean], x.shape(), call.axes)?
        }
    };
    let var = apply(Op::Div, &deviation, Scalar::Float(n).into())?;
    copy::cast(&var, call.dtype)
}

/// `m + ln Σ e^(x - m)` about the maximum `m`, or about 0 where that is infinite.
fn logsumexp(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = call.whole(x, |all, to| all.logsumexp(to)) {
        return done;
    }
    let [shift, sums] = shifted_sums(&copy::cast(x, call.dtype)?, call)?;
    let log = program::apply(Op::Log, &[(&sums).into()])?;
    let sum = apply(Op::Add, &log, (&shift).into())?;
    call.finish(copy::cast(&sum, call.dtype)?)
}

/// The maximum `m` of the real parts, or 0 where that is infinite, and `Σ e^(x - m)` in the dtype of its accumulator. The axes stay.
fn shifted_sums(x: &Raw, call: &Call<'_>) -> Result<[Raw; 2]> {
    let shift = if call.count == 0 {
        let shape = reduced_shape(x.shape(), call.axes, KeepDims::Yes);
        Raw::zeros(&shape, x.dtype().to_real())?
    } else {
        let real = if x.dtype().is_complex() {
            program::apply(Op::Real, &[x.into()])?
        } else {
            x.clone()
        };
        let m = folded(Fold::Max, &real, call, x.dtype().to_real())?;
        let size = program::apply(Op::Abs, &[(&m).into()])?;
        let infinite = apply(Op::Eq, &size, Scalar::Float(f64::INFINITY).into())?;
        let zero = Scalar::Float(0.0);
        program::apply(Op::Where, &[(&infinite).into(), zero.into(), (&m).into()])?
    };
    let typed = functions()
        .shifted_exp
        .typed(Device::Cpu, &[x.dtype(), shift.dtype()])?;
    let sums = fold_typed(Fold::Sum, &typed, &[x, &shift], x.shape(), call.axes)?;
    Ok([shift, sums])
}
