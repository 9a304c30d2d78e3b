//! The short way: all elements of one contiguous tensor in its lane, few enough for one thread, nothing to record. Kernels
//! run on the tensor and on numbers on the stack, with no tensor in between: a reduction of few elements costs as much
//! as its allocations.

use super::{Call, driver};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::graph;
use crate::isa::Kernel;
use crate::kernels::cast;
use crate::kernels::fold::folding;
use crate::kernels::map::kernels;
use crate::layout::{KeepDims, Layout};
use crate::ops::{Fold, Op};
use crate::raw::Raw;
use crate::storage::Storage;
use crate::storage::guard::{self, Guards};

/// Elements that are made before they are folded.
const BLOCK: usize = 1024;

/// Room for an element of any lane.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Bytes([u8; 16]);

/// A number on the stack.
#[derive(Clone, Copy)]
struct One {
    bytes: Bytes,
    dtype: DType,
}

impl One {
    fn new(value: f64, dtype: DType) -> Option<One> {
        let bytes = Bytes(Scalar::Float(value).to_bytes(dtype).ok()?);
        Some(One { bytes, dtype })
    }

    fn at(&self) -> *const u8 {
        self.bytes.0.as_ptr()
    }

    fn cast(self, dtype: DType) -> One {
        if self.dtype == dtype {
            return self;
        }
        let mut bytes = Bytes([0; 16]);
        // SAFETY: one element of each dtype.
        unsafe { cast::kernel(self.dtype, dtype)(1, [self.at(); 3], bytes.0.as_mut_ptr()) };
        One { bytes, dtype }
    }

    /// `op(self, b)` in its own dtype; what takes one operand does not look at `b`.
    fn op(self, op: Op, b: One) -> Option<One> {
        let kernel = kernels(op, [self.dtype; 3])?.pick(0);
        let mut bytes = Bytes([0; 16]);
        // SAFETY: one element each, of the dtype that the kernel is for.
        unsafe { kernel(1, [self.at(), b.at(), b.at()], bytes.0.as_mut_ptr()) };
        Some(One { bytes, ..self })
    }
}

/// A tensor that may take the short way, readable while this lives.
struct Whole<'a> {
    x: &'a Raw,
    call: &'a Call<'a>,
    _guards: Guards<'a>,
}

impl<'a> Whole<'a> {
    #[inline]
    fn new(x: &'a Raw, call: &'a Call<'a>) -> Option<Whole<'a>> {
        let short = call.axes.len() == x.rank()
            && x.layout().is_contiguous()
            && (1..driver::SERIAL).contains(&x.len())
            && x.dtype() == x.dtype().compute()
            && !(x.tracks_gradient() && graph::recording());
        short.then(|| Whole {
            x,
            call,
            _guards: guard::acquire(&[x.storage()], &[]),
        })
    }

    /// Folds runs: `make` says where `n` elements from the `i`-th on are.
    fn runs(
        &self,
        fold: Fold,
        run: usize,
        make: impl FnMut(usize, usize) -> *const u8,
    ) -> Option<One> {
        let folding = folding(fold, self.x.dtype())?;
        explain::note("reduce", self.x.len(), || {
            (folding.acc, explain::Kind::Reduce)
        });
        let mut acc = Bytes(folding.identity);
        let mut make = make;
        for from in (0..self.x.len()).step_by(run) {
            let n = run.min(self.x.len() - from);
            let at = make(from, n);
            // SAFETY: `n` elements, one accumulator.
            unsafe { (folding.along)(n, [at; 3], acc.0.as_mut_ptr()) };
            if folding.settled == Some(acc.0[0]) {
                break;
            }
        }
        Some(One {
            bytes: acc,
            dtype: folding.acc,
        })
    }

    /// Of the elements as they lie. The same runs as the driver's, so the same bits.
    fn fold(&self, fold: Fold) -> Option<One> {
        self.runs(fold, driver::RUN, |from, _| self.element(from))
    }

    /// The sum of `then(x - middle)`.
    fn sum_about(&self, middle: One, then: Op) -> Option<One> {
        let lanes = [self.x.dtype(); 3];
        // the second operand is one value
        let sub: Kernel = kernels(Op::Sub, lanes)?.pick(1);
        let then: Kernel = kernels(then, lanes)?.pick(0);
        let mut rooms = [[const { std::mem::MaybeUninit::<Bytes>::uninit() }; BLOCK / 2]; 2];
        let [first, second] = rooms.each_mut().map(|r| r.as_mut_ptr().cast::<u8>());
        self.runs(Fold::Sum, BLOCK, |from, n| {
            // SAFETY: `n` elements of at most 8 bytes from the tensor, and room for as many.
            unsafe {
                sub(n, [self.element(from), middle.at(), middle.at()], first);
                then(n, [first.cast_const(); 3], second);
            }
            second.cast_const()
        })
    }

    fn element(&self, i: usize) -> *const u8 {
        self.x
            .ptr()
            .wrapping_add(i * self.x.dtype().size())
            .cast_const()
    }

    fn number(&self, value: f64, of: One) -> Option<One> {
        One::new(value, of.dtype)
    }

    fn mean(&self) -> Option<One> {
        let sum = self.fold(Fold::Sum)?;
        sum.op(Op::Div, self.number(self.call.count as f64, sum)?)
    }

    /// The result, in the dtype and the shape that the caller wants.
    fn result(self, value: Option<One>) -> Option<Result<Raw>> {
        let value = value?.cast(self.call.dtype);
        let layout = match self.call.options.keepdims {
            KeepDims::No => Layout::scalar(),
            KeepDims::Yes => Layout::ones(self.x.rank()),
        };
        let out = Storage::uninit(value.dtype.size())
            .map(|storage| Raw::new(storage, layout, value.dtype))
            .and_then(|out| out.in_world_of(self.x));
        Some(out.inspect(|out| {
            // SAFETY: a new tensor of one element of this dtype.
            unsafe { std::ptr::copy_nonoverlapping(value.at(), out.base(), value.dtype.size()) };
        }))
    }
}

fn inexact(x: &Raw) -> bool {
    x.dtype().is_float() || x.dtype().is_complex()
}

/// Is the result of the operand's dtype?
fn same(x: &Raw, call: &Call<'_>) -> bool {
    x.dtype() == call.dtype
}

pub(super) fn fold(fold: Fold, x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    // sums of narrow integers are those of wide ones, and of truth values something else
    let wide = matches!(fold, Fold::Max | Fold::Min) || inexact(x) || x.dtype().size() == 8;
    let whole = Whole::new(x, call).filter(|_| wide && same(x, call))?;
    let value = whole.fold(fold);
    whole.result(value)
}

pub(super) fn truth(fold: Fold, x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let whole = Whole::new(x, call)?;
    let value = whole.fold(fold);
    whole.result(value)
}

pub(super) fn mean(x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let whole = Whole::new(x, call).filter(|_| inexact(x) && same(x, call))?;
    let value = whole.mean();
    whole.result(value)
}

/// Real numbers only.
pub(super) fn variance(x: &Raw, call: &Call<'_>, n: f64) -> Option<Result<Raw>> {
    let whole = Whole::new(x, call).filter(|_| x.dtype().is_float() && same(x, call))?;
    let value = whole.mean().and_then(|mean| {
        // about a mean of the lane; the rest of the mean, squared, is taken off again
        let near = mean.cast(x.dtype());
        let sum = whole.sum_about(near, Op::Square)?;
        let rest = mean.op(Op::Sub, near.cast(mean.dtype))?;
        let rest = rest.op(Op::Square, rest)?;
        let many = whole.number(call.count as f64, sum)?;
        let sum = sum.op(Op::Sub, rest.op(Op::Mul, many)?)?;
        sum.op(Op::Div, whole.number(n, sum)?)
    });
    whole.result(value)
}

/// Real numbers only.
pub(super) fn logsumexp(x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let whole = Whole::new(x, call).filter(|_| x.dtype().is_float() && same(x, call))?;
    let value = whole.fold(Fold::Max).and_then(|max| {
        let infinite = Scalar::from_bytes(max.dtype, &max.bytes.0)
            .as_f64()
            .is_infinite();
        let shift = if infinite {
            whole.number(0.0, max)?
        } else {
            max
        };
        let sum = whole.sum_about(shift, Op::Exp)?;
        sum.op(Op::Log, sum)?.op(Op::Add, shift.cast(sum.dtype))
    });
    whole.result(value)
}
