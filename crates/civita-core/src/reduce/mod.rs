//! Reductions of tensors: the fold primitive, and what the rows of the table make of it.

mod arg;
mod driver;
mod rules;
mod whole;

use smallvec::SmallVec;

pub(crate) use arg::{argmax, argmin};
use rules::{Extreme, Product};

use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::explain;
use crate::graph::{self, Function, Linear};
use crate::kernels::fold::{Folding, folding};
use crate::kernels::strided::{Tile, fill};
use crate::layout::{Axes, KeepDims, Layout, PerAxis, reduced_shape};
use crate::ops::{Fold, Op, Reduction};
use crate::program::{Plan, Program, Source, Target, run};
use crate::raw::Raw;
use crate::storage::{Storage, guard};
use crate::threads;

/// How a reduction is called.
#[derive(Clone, Copy, Debug)]
pub struct ReduceOptions<'a> {
    /// Over which axes.
    pub axes: Axes<'a>,
    /// Do they stay, with length 1?
    pub keepdims: KeepDims,
    /// The dtype to compute in and return, where the rule's is not wanted.
    pub dtype: Option<DType>,
    /// What is subtracted from the number of elements in a variance.
    pub ddof: f64,
}

impl Default for ReduceOptions<'_> {
    /// Over all axes, which go.
    fn default() -> Self {
        ReduceOptions {
            axes: Axes::All,
            keepdims: KeepDims::No,
            dtype: None,
            ddof: 0.0,
        }
    }
}

/// A call that has been checked: axes in range.
pub(crate) struct Call<'a> {
    pub op: Reduction,
    pub axes: PerAxis<usize>,
    pub options: ReduceOptions<'a>,
    /// Elements to a result.
    pub count: usize,
    /// Dtype of the result.
    pub dtype: DType,
}

impl Raw {
    /// Reduces axes, by the rule of a row.
    ///
    /// ```
    /// use civita_core::{layout::Axes, ops::Reduction, raw::Raw, reduce::ReduceOptions};
    /// let x = Raw::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// let y = x.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[0]), ..Default::default() })?;
    /// assert_eq!(y.to_vec::<f32>()?, [4.0, 6.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis does not exist or is named twice, the dtype cannot be reduced so, or there is nothing to reduce and
    /// the reduction has no value for that.
    pub fn reduce(&self, op: Reduction, options: ReduceOptions<'_>) -> Result<Raw> {
        let row = op.row();
        let axes = options.axes.resolve(row.name, self.rank())?;
        let count: usize = axes.iter().map(|&a| self.shape()[a]).product();
        if count == 0 {
            let results = reduced_shape(self.shape(), &axes, KeepDims::No);
            op.check_elements(count, results.iter().product())?;
        }
        let dtype = options
            .dtype
            .unwrap_or_else(|| row.class.result(self.dtype()));
        (row.compute)(
            self,
            &Call {
                op,
                axes,
                options,
                count,
                dtype,
            },
        )
    }

    /// The bare fold over axes, in the row's dtype: for the engine's own sums and extremes.
    pub(crate) fn fold(&self, fold: Fold, axes: Axes<'_>, keepdims: KeepDims) -> Result<Raw> {
        let op = match fold {
            Fold::Sum => Reduction::Sum,
            Fold::Prod => Reduction::Prod,
            Fold::Max => Reduction::Max,
            Fold::Min => Reduction::Min,
            Fold::Any => Reduction::Any,
            Fold::All => Reduction::All,
        };
        // a sum keeps the dtype of floats; integers that were summed away stay what they are elsewhere
        self.reduce(
            op,
            ReduceOptions {
                axes,
                keepdims,
                ..Default::default()
            },
        )
    }

    /// The sum of all elements.
    pub fn sum_all(&self) -> Result<Raw> {
        self.reduce(Reduction::Sum, ReduceOptions::default())
    }
}

impl Call<'_> {
    fn keep<'b>(&self, keepdims: KeepDims, dtype: DType) -> Call<'b> {
        Call {
            op: self.op,
            axes: self.axes.clone(),
            options: ReduceOptions {
                axes: Axes::All,
                keepdims,
                dtype: None,
                ddof: self.options.ddof,
            },
            count: self.count,
            dtype,
        }
    }

    /// A result that kept the axes, as the caller wants it.
    fn finish(&self, kept: Raw) -> Result<Raw> {
        match self.options.keepdims {
            KeepDims::Yes => Ok(kept),
            KeepDims::No => kept.reshape(&reduced_shape_of_kept(&kept, &self.axes)),
        }
    }
}

fn reduced_shape_of_kept(kept: &Raw, axes: &[usize]) -> PerAxis<usize> {
    kept.shape()
        .iter()
        .enumerate()
        .filter(|(a, _)| !axes.contains(a))
        .map(|(_, &n)| n)
        .collect()
}

/// Elements that are made for a fold at once, where the operand is not folded as it lies: they stay in L2.
const SLAB: usize = 1 << 15;

/// `fold` over the axes of what `plan` makes of the inputs, which broadcast to `shape`; the axes stay. The result is an
/// accumulator, in its dtype.
fn fold_planned(
    fold: Fold,
    plan: &Plan,
    inputs: &[&Raw],
    shape: &[usize],
    axes: &[usize],
) -> Result<Raw> {
    let Some(folding) = folding(fold, plan.lane()) else {
        return Err(Error::dtype(
            "reduce",
            format!("cannot fold {}", plan.output()),
        ));
    };
    let kept = reduced_shape(shape, axes, KeepDims::Yes);
    if let Some(done) = fold_whole(&folding, plan, inputs, shape, axes, &kept) {
        return done;
    }
    let total: usize = shape.iter().product();
    if !plan.is_identity() && total <= SLAB && total > 0 {
        // one slab: made whole, then folded as it lies
        let made = Raw::for_result(shape, plan.lane(), inputs)?;
        {
            let reads: SmallVec<[&Storage; 4]> = inputs.iter().map(|x| x.storage()).collect();
            let _guards = guard::acquire(&reads, &[made.storage()]);
            let sources: SmallVec<[Source<'_>; 4]> = inputs
                .iter()
                .map(|x| Source {
                    ptr: x.base(),
                    layout: x.layout(),
                })
                .collect();
            let target = Target {
                ptr: made.base(),
                layout: made.layout(),
                dtype: plan.lane(),
                shared: false,
            };
            // SAFETY: layouts lie within their buffers, guards keep writers away, the target is new.
            unsafe { run(plan, &sources, target)? };
        }
        return fold_planned(
            fold,
            &Plan::copy_to_lane(plan.lane(), plan.lane()),
            &[&made],
            shape,
            axes,
        );
    }
    let out = identity(&folding, &kept, inputs)?;
    let strides: PerAxis<isize> = (0..shape.len())
        .map(|a| {
            if axes.contains(&a) {
                0
            } else {
                out.layout().strides()[a]
            }
        })
        .collect();
    let reads: SmallVec<[&Storage; 4]> = inputs.iter().map(|x| x.storage()).collect();
    let result = out.clone();
    let _guards = guard::acquire(&reads, &[out.storage()]);
    explain::note("reduce", shape.iter().product(), || {
        (folding.acc, explain::Kind::Reduce)
    });
    let size = plan.lane().size();
    if plan.is_identity() && inputs[0].shape() == shape {
        let x = inputs[0];
        // SAFETY: layouts lie within their buffers, guards keep writers away, the result is new.
        unsafe {
            driver::fold(
                &folding,
                size,
                x.base(),
                x.layout(),
                out.base(),
                &strides,
                0,
            )?
        };
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
    // each cut of the reduced axis has partial results of its own
    let partial = identity(&folding, &[cuts_r, out.len()], inputs)?;
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
            dtype: plan.lane(),
            shared: false,
        };
        let offset = k.map_or(0, |axis| ik * step_k * strides[axis] as usize) + ir * out.len();
        // SAFETY: the slab is new; partial results of distinct slabs are distinct, since the cut axes lead to them.
        unsafe {
            run(plan, &sources, target)?;
            driver::fold(
                &folding,
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

/// The short way: all elements of one contiguous tensor, few enough for one thread. The same runs as the driver's, so
/// the same bits.
fn fold_whole(
    folding: &Folding,
    plan: &Plan,
    inputs: &[&Raw],
    shape: &[usize],
    axes: &[usize],
    kept: &[usize],
) -> Option<Result<Raw>> {
    let x = inputs[0];
    let short = plan.is_identity()
        && axes.len() == shape.len()
        && x.layout().is_contiguous()
        && x.shape() == shape;
    if !short || x.len() >= driver::SERIAL {
        return None;
    }
    Some(
        Raw::unwritten(kept, folding.acc)
            .and_then(|out| out.in_world_of(x))
            .inspect(|out| {
                let _guard = guard::acquire(&[x.storage()], &[]);
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
            }),
    )
}

/// Accumulators that change nothing.
fn identity(folding: &Folding, shape: &[usize], inputs: &[&Raw]) -> Result<Raw> {
    let out = Raw::unwritten(shape, folding.acc)?;
    let line = Tile {
        rows: 1,
        cols: out.len(),
        row_stride: 0,
        col_stride: 1,
    };
    // SAFETY: a new contiguous tensor; one accumulator to fill it with.
    unsafe { fill(folding.acc.size(), line, folding.identity.at(), out.base()) };
    if inputs
        .iter()
        .any(|x| x.storage().access() != crate::storage::Access::Owned)
    {
        out.into_aliased()
    } else {
        Ok(out)
    }
}

/// The fold of `x` in the lane of `dtype`, as a tensor of `dtype`, axes kept; not recorded.
fn folded(fold: Fold, x: &Raw, call: &Call<'_>, dtype: DType) -> Result<Raw> {
    // sums of narrow integers are those of wide ones, wrapped, and so folded as they lie; of truth values the sum is their
    // or, the product their and
    let whole = x.dtype().is_integer() || x.dtype() == DType::Bool;
    let (fold, lane) = match (fold, dtype.kind()) {
        (Fold::Sum, Kind::Bool) => (Fold::Max, dtype),
        (Fold::Prod, Kind::Bool) => (Fold::Min, dtype),
        (Fold::Sum | Fold::Prod, Kind::Signed | Kind::Unsigned) if whole => (fold, x.dtype()),
        _ => (fold, dtype),
    };
    let plan = Plan::copy_to_lane(x.dtype(), lane);
    let acc = fold_planned(fold, &plan, &[x], x.shape(), &call.axes)?;
    acc.cast(dtype)
}

/// The transpose of a sum over kept axes is broadcasting.
fn summed(x: &Raw, kept: Raw) -> Raw {
    if !x.tracks_gradient() {
        return kept;
    }
    let (full, few) = (x.shape().to_vec(), kept.shape().to_vec());
    graph::linear(
        kept,
        x,
        Linear {
            name: "sum",
            forward: Box::new(move |t| t.sum_to(&few)),
            backward: Box::new(move |g| g.broadcast_to(&full)),
        },
    )
}

pub(crate) fn sum(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = whole::fold(Fold::Sum, x, call) {
        return done;
    }
    call.finish(summed(x, folded(Fold::Sum, x, call, call.dtype)?))
}

pub(crate) fn prod(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = whole::fold(Fold::Prod, x, call) {
        return done;
    }
    let kept = folded(Fold::Prod, x, call, call.dtype)?;
    call.finish(graph::record(kept, &[x], |_| {
        Box::new(Product::new(x, &call.axes))
    }))
}

pub(crate) fn mean(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = whole::mean(x, call) {
        return done;
    }
    // in the accumulator's dtype until the division, so that only one rounding is seen; of narrow integers the sum is exact
    let whole = x.dtype().is_integer() || x.dtype() == DType::Bool;
    let exact = whole && x.dtype().size() <= 4 && call.count < 1 << 31 && call.dtype == DType::F64;
    let lane = if exact { x.dtype() } else { call.dtype };
    let plan = Plan::copy_to_lane(x.dtype(), lane);
    let acc = fold_planned(Fold::Sum, &plan, &[x], x.shape(), &call.axes)?;
    let acc = if exact { acc.cast(DType::F64)? } else { acc };
    let mean = Raw::apply(
        Op::Div,
        &[(&acc).into(), Scalar::Float(call.count as f64).into()],
    )?
    .cast(call.dtype)?;
    let (full, axes, n) = (x.shape().to_vec(), call.axes.clone(), call.count as f64);
    let share = move |g: Raw| Raw::apply(Op::Div, &[(&g).into(), Scalar::Float(n).into()]);
    let few = mean.shape().to_vec();
    let _ = axes;
    call.finish(graph::linear(
        mean,
        x,
        Linear {
            name: "mean",
            forward: Box::new(move |t| share(t.sum_to(&few)?)),
            backward: Box::new(move |g| share(g.clone())?.broadcast_to(&full)),
        },
    ))
}

pub(crate) fn var(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    let n = (call.count as f64 - call.options.ddof).max(0.0);
    match whole::variance(x, call, n) {
        Some(done) => done,
        None => call.finish(variance(x, call, n)?),
    }
}

pub(crate) fn std(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    var(x, call)?.sqrt()
}

fn variance(x: &Raw, call: &Call<'_>, n: f64) -> Result<Raw> {
    // computed in a float, complex if need be; the result is real
    let compute = match x.dtype() {
        d if d.is_complex() || d.is_float() => d,
        _ => DType::F64,
    };
    let compute = call
        .options
        .dtype
        .filter(|d| d.is_float() || d.is_complex())
        .unwrap_or(compute);
    let x = x.cast(compute)?;
    let mean_of = call.keep(KeepDims::Yes, compute);
    if x.tracks_gradient() && graph::recording() {
        let d = x.sub(&mean(&x, &mean_of)?)?;
        let square = if compute.is_complex() {
            d.mul(&d.conj()?)?.real()?
        } else {
            d.square()?
        };
        let real = call.keep(KeepDims::Yes, compute.to_real());
        return Raw::apply(
            Op::Div,
            &[(&sum(&square, &real)?).into(), Scalar::Float(n).into()],
        )?
        .cast(call.dtype);
    }
    // the mean stays in the accumulator's dtype: rounded to f32 or f16 it would shift the variance
    let plan = Plan::copy_to_lane(x.dtype(), compute);
    let acc = fold_planned(Fold::Sum, &plan, &[&x], x.shape(), &call.axes)?;
    let mean = Raw::apply(
        Op::Div,
        &[(&acc).into(), Scalar::Float(call.count as f64).into()],
    )?;
    let deviation = match compute {
        DType::F16 | DType::BF16 | DType::F32 => {
            // (x - m)² in f32 about a mean of f32: the rest of the mean, squared, is taken off again below
            let m32 = mean.cast(DType::F32)?;
            let plan = Function::of_square_deviation().plan(&[x.dtype(), DType::F32])?;
            let acc = fold_planned(Fold::Sum, &plan, &[&x, &m32], x.shape(), &call.axes)?;
            let rest = mean.sub(&m32.cast(DType::F64)?)?.square()?;
            acc.sub(&Raw::apply(
                Op::Mul,
                &[(&rest).into(), Scalar::Float(call.count as f64).into()],
            )?)?
        }
        _ => {
            let function = if compute.is_complex() {
                Function::of_complex_deviation()
            } else {
                Function::of_square_deviation()
            };
            let plan = function.plan(&[x.dtype(), mean.dtype()])?;
            fold_planned(Fold::Sum, &plan, &[&x, &mean], x.shape(), &call.axes)?
        }
    };
    Raw::apply(Op::Div, &[(&deviation).into(), Scalar::Float(n).into()])?.cast(call.dtype)
}

pub(crate) fn max(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    extreme(Fold::Max, x, call)
}

pub(crate) fn min(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    extreme(Fold::Min, x, call)
}

fn extreme(fold: Fold, x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = whole::fold(fold, x, call) {
        return done;
    }
    let kept = folded(fold, x, call, call.dtype)?;
    call.finish(graph::record(kept, &[x], |kept| {
        Box::new(Extreme::new(x, kept, &call.axes))
    }))
}

pub(crate) fn any(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    truth(Fold::Any, x, call)
}

pub(crate) fn all(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    truth(Fold::All, x, call)
}

fn truth(fold: Fold, x: &Raw, call: &Call<'_>) -> Result<Raw> {
    let x = x.detach();
    if let Some(done) = whole::truth(fold, &x, call) {
        return done;
    }
    let plan = Plan::copy_to_lane(x.dtype(), x.dtype().compute());
    call.finish(fold_planned(fold, &plan, &[&x], x.shape(), &call.axes)?)
}

/// `m + ln Σ e^(x - m)` about the maximum `m`, or about 0 where that is infinite.
pub(crate) fn logsumexp(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    if let Some(done) = whole::logsumexp(x, call) {
        return done;
    }
    let x = x.cast(call.dtype)?;
    let shift = if call.count == 0 {
        Raw::zeros(
            &reduced_shape(x.shape(), &call.axes, KeepDims::Yes),
            x.dtype().to_real(),
        )?
    } else {
        let real = if x.dtype().is_complex() {
            x.detach().real()?
        } else {
            x.detach()
        };
        let m = folded(Fold::Max, &real, call, x.dtype().to_real())?;
        let zero = Scalar::Float(0.0);
        if m.len() == 1 {
            if m.item()?.as_f64().is_infinite() {
                Raw::zeros(m.shape(), m.dtype())?.in_world_of(&m)?
            } else {
                m
            }
        } else {
            let infinite = Raw::apply(
                Op::Eq,
                &[(&m.abs()?).into(), Scalar::Float(f64::INFINITY).into()],
            )?;
            Raw::apply(Op::Where, &[(&infinite).into(), zero.into(), (&m).into()])?
        }
    };
    if x.tracks_gradient() && graph::recording() {
        let e = x.sub(&shift)?.exp()?;
        return call.finish(
            sum(&e, &call.keep(KeepDims::Yes, x.dtype()))?
                .log()?
                .add(&shift)?,
        );
    }
    let plan = Function::of_shifted_exp().plan(&[x.dtype(), shift.dtype()])?;
    let acc = fold_planned(Fold::Sum, &plan, &[&x, &shift], x.shape(), &call.axes)?;
    call.finish(acc.log()?.add(&shift)?.cast(call.dtype)?)
}

impl Function {
    /// `(x - m)²`.
    fn of_square_deviation() -> &'static std::sync::Arc<Function> {
        static F: std::sync::OnceLock<std::sync::Arc<Function>> = std::sync::OnceLock::new();
        F.get_or_init(|| {
            Function::new(
                Program::trace(2, |b| (b.input(0) - b.input(1)).square()),
                "var",
            )
        })
    }
    /// `|x - m|²`.
    fn of_complex_deviation() -> &'static std::sync::Arc<Function> {
        static F: std::sync::OnceLock<std::sync::Arc<Function>> = std::sync::OnceLock::new();
        F.get_or_init(|| {
            Function::new(
                Program::trace(2, |b| {
                    let d = b.input(0) - b.input(1);
                    d.real().square() + d.imag().square()
                }),
                "var",
            )
        })
    }
    /// `e^(x - m)`.
    pub(crate) fn of_shifted_exp() -> &'static std::sync::Arc<Function> {
        static F: std::sync::OnceLock<std::sync::Arc<Function>> = std::sync::OnceLock::new();
        F.get_or_init(|| {
            Function::new(
                Program::trace(2, |b| (b.input(0) - b.input(1)).exp()),
                "logsumexp",
            )
        })
    }
}
