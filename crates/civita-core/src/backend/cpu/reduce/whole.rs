//! The fast path: all elements of one contiguous tensor in its compute dtype. Kernels run on the tensor and
//! on numbers on the stack, with no tensor in between: a reduction of few elements costs as much as its allocations, and
//! one of many as much as its passes over memory. What comes out is a number too; the caller makes the tensor, where it stays.
//!
//! What takes two passes (a variance, a sum of exponentials about a maximum) makes both over a piece that stays in the
//! cache, and puts the pieces together by their own rule. Pieces have a fixed length, so that the bits do not depend on
//! how many threads there are.

use super::{arg, driver};
use crate::backend::Number;
use crate::dtype::DType;
use crate::explain;
use crate::isa::{Baseline, Kernel};
use crate::kernels::Slot;
use crate::kernels::fold::folding;
use crate::kernels::map::kernels;
use crate::math::Real;
use crate::ops::{Compute, Fold, Op, Reduction};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements that are made before they are folded.
const BLOCK: usize = 1024;

/// Elements of a piece: they stay in L2 between two passes.
const PIECE: usize = 1 << 14;

/// A tensor that may take the fast path.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    x: &'a Raw,
    /// Of the result.
    dtype: DType,
}

impl<'a> Whole<'a> {
    #[inline]
    pub(super) fn new(x: &'a Raw, dtype: DType) -> Option<Whole<'a>> {
        let short = x.layout().is_contiguous() && !x.is_empty() && x.dtype() == x.dtype().compute();
        short.then_some(Whole { x, dtype })
    }

    /// Whether the result is of the operand's dtype.
    fn keeps_dtype(&self) -> bool {
        self.x.dtype() == self.dtype
    }

    /// Longer ones are for many threads.
    fn is_short(&self) -> bool {
        self.x.len() < driver::SERIAL
    }

    fn is_real(&self) -> bool {
        self.x.dtype().is_float()
    }

    #[inline]
    fn note(&self) {
        explain::note("reduce", self.x.layout().len(), || {
            (self.dtype, explain::Kind::Reduce)
        });
    }

    /// Folds elements `from..to`, run after run: `make` says where `n` elements from the `i`-th on are.
    fn runs(
        &self,
        fold: Fold,
        (from, to): (usize, usize),
        run: usize,
        mut make: impl FnMut(usize, usize) -> *const u8,
        acc: &mut Number,
    ) -> Option<()> {
        let folding = folding(fold, self.x.dtype())?;
        acc.set(folding.identity, folding.acc);
        for from in (from..to).step_by(run) {
            let n = run.min(to - from);
            let at = make(from, n);
            // SAFETY: `n` elements, one accumulator.
            unsafe { (folding.along)(n, [at; 3], acc.at_mut()) };
            if folding.absorbing == Some(acc.first::<1>()[0]) {
                break;
            }
        }
        Some(())
    }

    /// The fold of the elements as they lie, in the driver's runs: the same bits.
    fn fold(&self, fold: Fold, part: (usize, usize), acc: &mut Number) -> Option<()> {
        self.runs(fold, part, driver::RUN, |from, _| self.element(from), acc)
    }

    /// All of few elements.
    #[inline]
    fn fold_few(&self, fold: Fold, acc: &mut Number) -> Option<()> {
        self.note();
        let n = self.x.layout().len();
        if n > driver::RUN {
            return self.fold(fold, (0, n), acc);
        }
        let folding = folding(fold, self.x.dtype())?;
        acc.set(folding.identity, folding.acc);
        // SAFETY: all elements of a contiguous tensor, one accumulator.
        unsafe { (folding.along)(n, [self.element(0); 3], acc.at_mut()) };
        Some(())
    }

    /// The sum of `then(x - middle)`.
    fn sum_about(&self, middle: &Number, then: Op, part: (usize, usize)) -> Option<f64> {
        let lanes = [self.x.dtype(); 3];
        // the second operand is one value
        let sub: Kernel = kernels(Op::Sub, lanes)?.pick(1);
        let then: Kernel = kernels(then, lanes)?.pick(0);
        let mut rooms = [[const { std::mem::MaybeUninit::<Slot>::uninit() }; BLOCK / 2]; 2];
        let [first, second] = rooms.each_mut().map(|r| r.as_mut_ptr().cast::<u8>());
        let mut sum = Number::EMPTY;
        let make = |from, n| {
            // SAFETY: `n` elements of at most 8 bytes from the tensor, and room for as many.
            unsafe {
                sub(n, [self.element(from), middle.at(), middle.at()], first);
                then(n, [first.cast_const(); 3], second);
            }
            second.cast_const()
        };
        self.runs(Fold::Sum, part, BLOCK, make, &mut sum)?;
        Some(sum.as_f64())
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
}

/// Elements that were looked at: how many, about which number, and the sum of what they are about it.
#[derive(Clone, Copy)]
struct Piece {
    count: f64,
    middle: f64,
    sum: f64,
}

/// The reduction by its row, in the row's dtype.
pub(in super::super) fn reduce(op: Reduction, x: &Raw, ddof: f64, to: &mut Number) -> Option<()> {
    let whole = Whole::new(x, op.row().class.result(x.dtype()))?;
    let n = (x.len() as f64 - ddof).max(0.0);
    match op.row().compute {
        Compute::Fold(Fold::Prod) => {
            whole.monoid(Fold::Prod, to)?;
            // one that is infinite, NaN or 0 is looked at again
            (x.dtype().is_integer() || !to.is_suspect(true)).then_some(())
        }
        Compute::Fold(fold @ (Fold::Any | Fold::All)) => whole.boolean(fold, to),
        Compute::Fold(fold) => whole.monoid(fold, to),
        Compute::Arg(fold) => arg::whole(fold, x, to),
        Compute::Mean => whole.mean(to),
        Compute::Var => whole.variance(n, to),
        Compute::Std => {
            whole.variance(n, to)?;
            to.convert(whole.dtype);
            to.set_f64(to.as_f64().sqrt());
            Some(())
        }
        Compute::LogSumExp => whole.logsumexp(to),
    }?;
    to.convert(whole.dtype);
    Some(())
}

/// Numbers are written where they stay: what a kernel has just stored byte by byte is slow to copy in one piece.
impl Whole<'_> {
    pub(super) fn monoid(self, fold: Fold, to: &mut Number) -> Option<()> {
        // sums of narrow integers are those of wide ones, and of booleans something else
        let dtype = self.x.dtype();
        let inexact = dtype.is_float() || dtype.is_complex();
        let wide = matches!(fold, Fold::Max | Fold::Min) || inexact || dtype.size() == 8;
        if !(wide && self.is_short() && self.keeps_dtype()) {
            return None;
        }
        self.fold_few(fold, to)
    }

    pub(super) fn boolean(self, fold: Fold, to: &mut Number) -> Option<()> {
        if !self.is_short() {
            return None;
        }
        self.fold_few(fold, to)
    }

    /// Real numbers only.
    pub(super) fn mean(self, to: &mut Number) -> Option<()> {
        if !(self.is_real() && self.is_short() && self.keeps_dtype()) {
            return None;
        }
        self.fold_few(Fold::Sum, to)?;
        to.set_f64(to.as_f64() / self.x.len() as f64);
        Some(())
    }

    /// Real numbers only; `n` is what the sum of squares is divided by. Pieces are joined as in Chan, Golub and LeVeque,
    /// "Algorithms for computing the sample variance" (1983), formula 2.1b.
    pub(super) fn variance(self, n: f64, to: &mut Number) -> Option<()> {
        if !(self.is_real() && self.keeps_dtype()) {
            return None;
        }
        let of = |part: (usize, usize)| {
            let count = (part.1 - part.0) as f64;
            let mut near = Number::EMPTY;
            self.fold(Fold::Sum, part, &mut near)?;
            let mean = near.as_f64() / count;
            // about a mean of the lane; the rest of the mean, squared, is taken off again
            near.set_f64(mean);
            near.convert(self.x.dtype());
            let rest = mean - near.as_f64();
            let sum = self.sum_about(&near, Op::Square, part)? - rest * rest * count;
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
        to.set_f64(self.pieces(of, join)?.sum / n);
        Some(())
    }

    /// Real numbers only.
    pub(super) fn logsumexp(self, to: &mut Number) -> Option<()> {
        if !(self.is_real() && self.keeps_dtype()) {
            return None;
        }
        let of = |part: (usize, usize)| {
            let mut shift = Number::EMPTY;
            self.fold(Fold::Max, part, &mut shift)?;
            if shift.as_f64().is_infinite() {
                shift.set_f64(0.0);
                shift.convert(self.x.dtype());
            }
            Some(Piece {
                count: 0.0,
                middle: shift.as_f64(),
                sum: self.sum_about(&shift, Op::Exp, part)?,
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
        let all = self.pieces(of, join)?;
        to.set_f64(Real::log::<Baseline>(all.sum) + all.middle);
        Some(())
    }
}
