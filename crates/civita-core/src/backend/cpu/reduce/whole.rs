//! The fast path: all elements of one contiguous tensor in its compute dtype. Kernels run on the tensor and
//! on numbers on the stack, with no tensor in between: a reduction of few elements costs as much as its allocations, and
//! one of many as much as its passes over memory.
//!
//! What takes two passes (a variance, a sum of exponentials about a maximum) makes both over a piece that stays in the
//! cache, and puts the pieces together by their own rule. Pieces have a fixed length, so that the bits do not depend on
//! how many threads there are.

use super::{Call, driver};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::isa::{Baseline, Kernel};
use crate::kernels::fold::folding;
use crate::kernels::map::kernels;
use crate::kernels::{Slot, cast};
use crate::layout::{KeepDims, Layout};
use crate::math::Real;
use crate::ops::{Fold, Op};
use crate::raw::Raw;
use crate::storage::Storage;
use crate::threads::{self, Parts};

/// Elements that are made before they are folded.
const BLOCK: usize = 1024;

/// A number on the stack.
#[derive(Clone, Copy)]
struct One {
    bytes: Slot,
    dtype: DType,
}

impl One {
    fn new(value: f64, dtype: DType) -> Option<One> {
        let bytes = Slot(Scalar::Float(value).to_bytes(dtype).ok()?);
        Some(One { bytes, dtype })
    }

    fn at(&self) -> *const u8 {
        self.bytes.at()
    }

    fn cast(self, dtype: DType) -> One {
        if self.dtype == dtype {
            return self;
        }
        let mut bytes = Slot::ZERO;
        // SAFETY: one element of each dtype.
        unsafe { cast::kernel(self.dtype, dtype)(1, [self.at(); 3], bytes.at_mut()) };
        One { bytes, dtype }
    }

    /// As a number, which real lanes are without loss, but for large integers.
    fn number(self) -> f64 {
        Scalar::from_bytes(self.dtype, &self.bytes.0).as_f64()
    }
}

/// Elements of a piece: they stay in L2 between two passes.
const PIECE: usize = 1 << 14;

/// A tensor that may take the fast path.
struct Whole<'a> {
    x: &'a Raw,
    call: &'a Call<'a>,
}

impl<'a> Whole<'a> {
    #[inline]
    fn new(x: &'a Raw, call: &'a Call<'a>) -> Option<Whole<'a>> {
        let short = call.axes.len() == x.rank()
            && x.layout().is_contiguous()
            && !x.is_empty()
            && x.dtype() == x.dtype().compute();
        short.then_some(Whole { x, call })
    }

    /// Whether the result is of the operand's dtype.
    fn keeps_dtype(&self) -> bool {
        self.x.dtype() == self.call.dtype
    }

    fn note(&self) {
        explain::note("reduce", self.x.len(), || {
            (self.call.dtype, explain::Kind::Reduce)
        });
    }

    /// Folds elements `from..to`, run after run: `make` says where `n` elements from the `i`-th on are.
    fn runs(
        &self,
        fold: Fold,
        (from, to): (usize, usize),
        run: usize,
        mut make: impl FnMut(usize, usize) -> *const u8,
    ) -> Option<One> {
        let folding = folding(fold, self.x.dtype())?;
        let mut acc = folding.identity;
        for from in (from..to).step_by(run) {
            let n = run.min(to - from);
            let at = make(from, n);
            // SAFETY: `n` elements, one accumulator.
            unsafe { (folding.along)(n, [at; 3], acc.at_mut()) };
            if folding.absorbing == Some(acc.0[0]) {
                break;
            }
        }
        Some(One {
            bytes: acc,
            dtype: folding.acc,
        })
    }

    /// The fold of the elements as they lie, in the driver's runs: the same bits.
    fn fold(&self, fold: Fold, part: (usize, usize)) -> Option<One> {
        self.runs(fold, part, driver::RUN, |from, _| self.element(from))
    }

    /// All of few elements.
    fn fold_few(&self, fold: Fold) -> Option<One> {
        self.note();
        self.fold(fold, (0, self.x.len()))
    }

    /// The sum of `then(x - middle)`.
    fn sum_about(&self, middle: One, then: Op, part: (usize, usize)) -> Option<f64> {
        let lanes = [self.x.dtype(); 3];
        // the second operand is one value
        let sub: Kernel = kernels(Op::Sub, lanes)?.pick(1);
        let then: Kernel = kernels(then, lanes)?.pick(0);
        let mut rooms = [[const { std::mem::MaybeUninit::<Slot>::uninit() }; BLOCK / 2]; 2];
        let [first, second] = rooms.each_mut().map(|r| r.as_mut_ptr().cast::<u8>());
        let sum = self.runs(Fold::Sum, part, BLOCK, |from, n| {
            // SAFETY: `n` elements of at most 8 bytes from the tensor, and room for as many.
            unsafe {
                sub(n, [self.element(from), middle.at(), middle.at()], first);
                then(n, [first.cast_const(); 3], second);
            }
            second.cast_const()
        })?;
        Some(sum.number())
    }

    fn element(&self, i: usize) -> *const u8 {
        self.x
            .ptr()
            .wrapping_add(i * self.x.dtype().size())
            .cast_const()
    }

    /// What `of` makes of each piece, put together from the first to the last.
    fn pieces(
        &self,
        of: impl Fn((usize, usize)) -> Option<Piece> + Sync,
        join: impl Fn(Piece, Piece) -> Piece,
    ) -> Option<Piece> {
        self.note();
        let n = self.x.len();
        if n <= PIECE {
            return of((0, n));
        }
        let mut found = vec![None; n.div_ceil(PIECE)];
        let places = Parts(found.as_mut_ptr());
        threads::run(found.len(), &|i| {
            let piece = of((i * PIECE, n.min((i + 1) * PIECE)));
            // SAFETY: a place of this task's own.
            unsafe { *places.at(i) = piece };
        });
        let mut found = found.into_iter();
        let first = found.next()??;
        found.try_fold(first, |all, piece| Some(join(all, piece?)))
    }

    /// The result, in the dtype and the shape that the caller wants.
    fn result(self, value: Option<One>) -> Option<Result<Raw>> {
        let value = value?.cast(self.call.dtype);
        let layout = match self.call.keepdims {
            KeepDims::No => Layout::scalar(),
            KeepDims::Yes => Layout::ones(self.x.rank()),
        };
        let out = Storage::uninit(value.dtype.size())
            .map(|storage| Raw::new(storage, layout, value.dtype));
        Some(out.inspect(|out| {
            // SAFETY: a new tensor of one element of this dtype.
            unsafe { std::ptr::copy_nonoverlapping(value.at(), out.base(), value.dtype.size()) };
        }))
    }

    fn number(self, value: Option<f64>) -> Option<Result<Raw>> {
        let value = One::new(value?, DType::F64);
        self.result(value)
    }
}

/// Elements that were looked at: how many, about which number, and the sum of what they are about it.
#[derive(Clone, Copy)]
struct Piece {
    count: f64,
    middle: f64,
    sum: f64,
}

fn inexact(x: &Raw) -> bool {
    x.dtype().is_float() || x.dtype().is_complex()
}

/// Longer ones are for many threads.
fn few(x: &Raw) -> bool {
    x.len() < driver::SERIAL
}

pub(super) fn fold(fold: Fold, x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    // sums of narrow integers are those of wide ones, and of booleans something else
    let wide = matches!(fold, Fold::Max | Fold::Min) || inexact(x) || x.dtype().size() == 8;
    let whole = Whole::new(x, call).filter(|w| wide && few(x) && w.keeps_dtype())?;
    let value = whole.fold_few(fold);
    whole.result(value)
}

pub(super) fn boolean(fold: Fold, x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let whole = Whole::new(x, call).filter(|_| few(x))?;
    let value = whole.fold_few(fold);
    whole.result(value)
}

/// Real numbers only.
pub(super) fn mean(x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let real = x.dtype().is_float() && few(x);
    let whole = Whole::new(x, call).filter(|w| real && w.keeps_dtype())?;
    let sum = whole.fold_few(Fold::Sum);
    whole.number(sum.map(|sum| sum.number() / call.count as f64))
}

/// Real numbers only. Pieces are joined as in Chan, Golub and LeVeque, "Algorithms for computing the sample variance"
/// (1983), formula 2.1b.
pub(super) fn variance(x: &Raw, call: &Call<'_>, n: f64) -> Option<Result<Raw>> {
    let real = x.dtype().is_float();
    let whole = Whole::new(x, call).filter(|w| real && w.keeps_dtype())?;
    let of = |part: (usize, usize)| {
        let count = (part.1 - part.0) as f64;
        let mean = whole.fold(Fold::Sum, part)?.number() / count;
        // about a mean of the lane; the rest of the mean, squared, is taken off again
        let near = One::new(mean, DType::F64)?.cast(x.dtype());
        let rest = mean - near.number();
        let sum = whole.sum_about(near, Op::Square, part)? - rest * rest * count;
        Some(Piece {
            count,
            middle: mean,
            sum,
        })
    };
    let join = |a: Piece, b: Piece| {
        let (count, apart) = (a.count + b.count, b.middle - a.middle);
        Piece {
            count,
            middle: a.middle + apart * (b.count / count),
            sum: a.sum + b.sum + apart * apart * (a.count * b.count / count),
        }
    };
    let all = whole.pieces(of, join);
    whole.number(all.map(|all| all.sum / n))
}

/// Real numbers only.
pub(super) fn logsumexp(x: &Raw, call: &Call<'_>) -> Option<Result<Raw>> {
    let real = x.dtype().is_float();
    let whole = Whole::new(x, call).filter(|w| real && w.keeps_dtype())?;
    let of = |part: (usize, usize)| {
        let max = whole.fold(Fold::Max, part)?;
        let shift = if max.number().is_infinite() {
            One::new(0.0, x.dtype())?
        } else {
            max
        };
        Some(Piece {
            count: 0.0,
            middle: shift.number(),
            sum: whole.sum_about(shift, Op::Exp, part)?,
        })
    };
    let join = |a: Piece, b: Piece| {
        // nothing but -∞ adds nothing, about whatever; to ∞ nothing adds but NaN
        if a.sum == 0.0 || b.sum.is_nan() || (b.sum.is_infinite() && !a.sum.is_nan()) {
            return b;
        }
        if b.sum == 0.0 || !a.sum.is_finite() {
            return a;
        }
        let (high, low) = if a.middle >= b.middle { (a, b) } else { (b, a) };
        let less = Real::exp::<Baseline>(low.middle - high.middle);
        Piece {
            sum: high.sum + low.sum * less,
            ..high
        }
    };
    let all = whole.pieces(of, join);
    whole.number(all.map(|all| Real::log::<Baseline>(all.sum) + all.middle))
}
