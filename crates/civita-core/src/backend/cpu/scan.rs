//! Running folds.

use std::marker::PhantomData;

use num_complex::Complex;

use super::{copy, memory, reduce};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::kernels::Slot;
use crate::kernels::lane::{Lane, Ordered, Ring};
use crate::ops::Fold;
use crate::primitive::{Primitive, host};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// What two elements become.
trait Combine<T>: 'static {
    /// What changes no element.
    const NEUTRAL: Neutral;
    fn of<I: Isa>(a: T, b: T) -> T;
}
/// What changes no element, for each kind of lane.
#[derive(Clone, Copy)]
enum Neutral {
    /// 0, and -0 of floats: it does not change -0 either.
    Zero,
    One,
    Least,
    Most,
}
struct Add;
impl<T: Ring> Combine<T> for Add {
    const NEUTRAL: Neutral = Neutral::Zero;
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        a.add(b)
    }
}
struct Multiply;
impl<T: Ring> Combine<T> for Multiply {
    const NEUTRAL: Neutral = Neutral::One;
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        a.mul::<I>(b)
    }
}
struct Larger;
impl<T: Ordered> Combine<T> for Larger {
    const NEUTRAL: Neutral = Neutral::Least;
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        a.maximum(b)
    }
}
struct Smaller;
impl<T: Ordered> Combine<T> for Smaller {
    const NEUTRAL: Neutral = Neutral::Most;
    #[inline(always)]
    fn of<I: Isa>(a: T, b: T) -> T {
        a.minimum(b)
    }
}

impl Neutral {
    /// As an element of the lane.
    fn slot(self, lane: DType) -> Slot {
        let mut slot = Slot::ZERO;
        let (integer, float) = match self {
            Neutral::Zero => (0, -0.0),
            Neutral::One => (1, 1.0),
            Neutral::Least => (least(lane), f64::NEG_INFINITY),
            Neutral::Most => (most(lane), f64::INFINITY),
        };
        // the imaginary part of 1 is 0; the other neutral elements have equal parts
        let second = if matches!(self, Neutral::One) {
            0.0
        } else {
            float
        };
        match lane {
            DType::F32 | DType::C64 => {
                let parts = slot.0.as_chunks_mut::<4>().0;
                parts[0] = (float as f32).to_ne_bytes();
                parts[1] = (second as f32).to_ne_bytes();
            }
            DType::F64 | DType::C128 => {
                let parts = slot.0.as_chunks_mut::<8>().0;
                parts[0] = float.to_ne_bytes();
                parts[1] = second.to_ne_bytes();
            }
            lane => {
                let size = lane.size();
                let bytes = Scalar::Int(integer).to_bytes(lane).unwrap_or([0; 16]);
                slot.0[..size].copy_from_slice(&bytes[..size]);
            }
        }
        slot
    }
}

fn least(lane: DType) -> i128 {
    match lane {
        DType::I8 => i8::MIN.into(),
        DType::I16 => i16::MIN.into(),
        DType::I32 => i32::MIN.into(),
        DType::I64 => i64::MIN.into(),
        _ => 0,
    }
}

fn most(lane: DType) -> i128 {
    match lane {
        DType::I8 => i8::MAX.into(),
        DType::I16 => i16::MAX.into(),
        DType::I32 => i32::MAX.into(),
        DType::I64 => i64::MAX.into(),
        DType::U8 => u8::MAX.into(),
        DType::U16 => u16::MAX.into(),
        DType::U32 => u32::MAX.into(),
        DType::U64 => u64::MAX.into(),
        _ => 0,
    }
}

/// Where the fold of a piece stands.
#[derive(Clone, Copy)]
#[repr(C)]
struct Carry {
    /// Fold of the pieces before: what is combined with each running fold of this one.
    before: Slot,
    /// Fold of this piece so far.
    inside: Slot,
}

impl Carry {
    /// Nothing yet.
    fn none(scan: Scan) -> Carry {
        Carry {
            before: scan.neutral,
            inside: scan.neutral,
        }
    }

    /// That of the piece after this one.
    fn next(mut self, scan: Scan) -> Carry {
        // SAFETY: one element of the lane each.
        unsafe { (scan.combined)(1, [self.before.at(); 3], self.inside.at_mut()) };
        Carry {
            before: self.inside,
            ..Carry::none(scan)
        }
    }

    /// As it was before its piece was folded.
    fn restarted(self, scan: Scan) -> Carry {
        Carry {
            before: self.before,
            ..Carry::none(scan)
        }
    }
}

/// `out[i] ← before + (inside + x[0] + … + x[i])`, with what `C` does for `+`; then `inside` is the fold of all. The
/// [`Carry`] is the second input and may be written; without `WRITE` it is all that is. The output may be the first input.
///
/// So a piece has the same bits whoever sums it, and the pieces before it may be summed later.
struct Running<T, C, const WRITE: bool>(PhantomData<(T, C)>);
impl<T: Lane, C: Combine<T>, const WRITE: bool> Body for Running<T, C, WRITE> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, carry, _]: [*const u8; 3], out: *mut u8) {
        // SAFETY: `n` elements at `x` and `out`, a carry.
        unsafe {
            let (x, out) = (x.cast::<T>(), out.cast::<T>());
            // in blocks of a vector: their inner folds do not wait for what came before
            match size_of::<T>() {
                ..=4 => blocks::<I, T, C, WRITE, 16>(n, x, carry.cast_mut().cast(), out),
                _ => blocks::<I, T, C, WRITE, 8>(n, x, carry.cast_mut().cast(), out),
            }
        }
    }
}

/// # Safety
/// As [`Running`].
#[inline(always)]
unsafe fn blocks<I: Isa, T: Lane, C: Combine<T>, const WRITE: bool, const W: usize>(
    n: usize,
    x: *const T,
    carry: *mut Carry,
    out: *mut T,
) {
    // SAFETY: the caller's contract; a lane fits 16 bytes.
    unsafe {
        let before = (&raw const (*carry).before).cast::<T>().read();
        let inside = (&raw mut (*carry).inside).cast::<T>();
        let mut sum = *inside;
        let mut i = 0;
        while i + W <= n {
            // read as a whole and written as a whole: the output may lie on the input
            let mut s = x.add(i).cast::<[T; W]>().read();
            let mut step = 1;
            while step < W {
                let old = s;
                for k in step..W {
                    s[k] = C::of::<I>(old[k - step], old[k]);
                }
                step *= 2;
            }
            if WRITE {
                let sums: [T; W] =
                    std::array::from_fn(|k| C::of::<I>(before, C::of::<I>(sum, s[k])));
                out.add(i).cast::<[T; W]>().write(sums);
            }
            sum = C::of::<I>(sum, s[W - 1]);
            i += W;
        }
        while i < n {
            sum = C::of::<I>(sum, *x.add(i));
            if WRITE {
                *out.add(i) = C::of::<I>(before, sum);
            }
            i += 1;
        }
        *inside = sum;
    }
}

/// `out[i] ← x[i] + out[i]`, with what `C` does for `+`.
struct Combined<T, C>(PhantomData<(T, C)>);
impl<T: Lane, C: Combine<T>> Body for Combined<T, C> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<I: Isa, T: Lane, C: Combine<T>>(x: *const T, out: &mut [T]) {
            for (i, o) in out.iter_mut().enumerate() {
                // SAFETY: `n` elements at `x`.
                *o = C::of::<I>(unsafe { *x.add(i) }, *o);
            }
        }
        // SAFETY: the contract of `Kernel`.
        unsafe { each::<I, T, C>(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)) }
    }
}

/// `out[index[k]] ← rows[k] + out[index[k]]` one after the other, with what `C` does for `+`, for the indices of a range.
/// The inputs are indices that exist, rows, and an [`IndexRange`]; `out` begins at that range.
struct Indexed<T, C>(PhantomData<(T, C)>);
/// Elements `first..first + len` of `all`.
#[repr(C)]
pub(super) struct IndexRange {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) all: usize,
    /// From one row to the next: 1, or 0 where all have the same.
    pub(super) step: usize,
}

/// Indices that are looked at before what is in a range is done.
const LOOK: usize = 512;

impl IndexRange {
    /// Calls `f(at, k)` for each index that is in the range, in their order: the `k`-th is that of element `first + at`.
    ///
    /// Which index is in the range cannot be guessed, so they are picked without a branch, and then done.
    #[inline(always)]
    pub(super) fn each(&self, index: &[i64], mut f: impl FnMut(usize, usize)) {
        let at = |i: i64| super::gather::row_of(i, self.all).wrapping_sub(self.first);
        if self.len == self.all {
            for (k, &i) in index.iter().enumerate() {
                f(at(i), k);
            }
            return;
        }
        let mut found = [(0, 0); LOOK];
        for (number, some) in index.chunks(LOOK).enumerate() {
            let mut many = 0;
            for (k, &i) in some.iter().enumerate() {
                let at = at(i);
                found[many & (LOOK - 1)] = (at, k);
                many += usize::from(at < self.len);
            }
            for &(at, k) in &found[..many] {
                f(at, number * LOOK + k);
            }
        }
    }
}
impl<T: Lane, C: Combine<T>> Body for Indexed<T, C> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [index, rows, range]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<I: Isa, T: Lane, C: Combine<T>>(
            index: &[i64],
            rows: *const T,
            range: &IndexRange,
            out: *mut T,
        ) {
            // SAFETY: a row by its number, an element of the range.
            range.each(index, |at, k| unsafe {
                let place = out.add(at);
                *place = C::of::<I>(*rows.add(k * range.step), *place);
            });
        }
        // SAFETY: the contract of `Kernel` and of this body.
        unsafe {
            each::<I, T, C>(
                std::slice::from_raw_parts(index.cast(), n),
                rows.cast(),
                &*range.cast(),
                out.cast(),
            )
        }
    }
}

/// The kernels of running folds over a lane.
#[derive(Clone, Copy)]
struct Scan {
    /// Running folds.
    running: Kernel,
    /// Their last alone: nothing is written but the carry.
    total: Kernel,
    /// `out[i] ← x[i] + out[i]`.
    combined: Kernel,
    /// `out[index[k]] ← rows[k] + out[index[k]]`.
    indexed: Kernel,
    /// What changes no element.
    neutral: Slot,
    /// Whether it changes none at all. A complex infinity times 1 is NaN.
    is_neutral: bool,
}

fn kernels(fold: Fold, lane: DType) -> Scan {
    fn with<T: Lane, C: Combine<T>>() -> Scan {
        let l = level() as usize;
        Scan {
            running: Shells::<Running<T, C, true>>::BY_LEVEL[l],
            total: Shells::<Running<T, C, false>>::BY_LEVEL[l],
            combined: Shells::<Combined<T, C>>::BY_LEVEL[l],
            indexed: Shells::<Indexed<T, C>>::BY_LEVEL[l],
            neutral: C::NEUTRAL.slot(T::DTYPE),
            is_neutral: !(T::DTYPE.is_complex() && matches!(C::NEUTRAL, Neutral::One)),
        }
    }
    macro_rules! by_fold { ($($Lane:ident $T:ty),*) => {
        match (fold, lane) {
            $((Fold::Prod, DType::$Lane) => with::<$T, Multiply>(),
            (Fold::Max, DType::$Lane) => with::<$T, Larger>(),
            (Fold::Min, DType::$Lane) => with::<$T, Smaller>(),
            (_, DType::$Lane) => with::<$T, Add>(),)*
            (Fold::Prod, _) => with::<i64, Multiply>(),
            (Fold::Max, _) => with::<i64, Larger>(),
            (Fold::Min, _) => with::<i64, Smaller>(),
            _ => with::<i64, Add>(),
        }
    } }
    by_fold!(I8 i8, I16 i16, I32 i32, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>)
}

/// Combines `n` elements of a lane with those of the output.
pub(super) fn combined(fold: Fold, lane: DType) -> Kernel {
    kernels(fold, lane).combined
}

/// Combines elements of a lane with those of the output at indices; the inputs are those of [`Indexed`].
pub(super) fn indexed(fold: Fold, lane: DType) -> Kernel {
    kernels(fold, lane).indexed
}

/// Elements of a piece of a long row.
const PIECE: usize = 1 << 14;

/// The running fold along an axis.
pub(super) fn scan(p: &crate::primitive::Scan, x: &Raw) -> Result<Raw> {
    let lane = if p.dtype == DType::Bool {
        DType::I64
    } else {
        p.dtype.compute()
    };
    let out = memory::output(x.shape(), lane)?;
    // what does not lie as the kernels want it is brought over first, and summed where it then is
    let here = x.layout().is_contiguous() && x.dtype() == lane;
    if !here {
        copy::copy_into(x, &out)?;
    }
    explain::note(p.name(), x.len(), || (p.dtype, explain::Kind::Scan));
    let (shape, at) = (x.shape(), p.axis);
    let inner: usize = shape[at + 1..].iter().product();
    let outer: usize = shape[..at].iter().product();
    if !out.is_empty() {
        let from = if here { x.ptr() } else { out.ptr() };
        let (scan, lens) = (kernels(p.fold, lane), [outer, shape[at], inner]);
        // SAFETY: both are contiguous and of the lane; the output is new.
        unsafe { running(from, out.ptr(), scan, lane.size(), lens) };
        if lost_range(p.fold, &out, at)? {
            if !here {
                copy::copy_into(x, &out)?;
            }
            let (from, to) = (Parts(from), Parts(out.ptr()));
            // SAFETY: as above.
            unsafe { rows(from, to, scan.combined, lane.size(), lens) };
        }
    }
    copy::cast(&out, p.dtype)
}

/// Whether a partial fold may have overflowed or underflowed where one in order does not. Blocks combine other elements with each
/// other than a loop does. What is lost stays lost, so the last element of a row tells.
fn lost_range(fold: Fold, out: &Raw, axis: usize) -> Result<bool> {
    let last = out.shape()[axis] - 1;
    let of = match fold {
        Fold::Sum | Fold::Prod if out.dtype().is_float() && last > 0 => out.layout(),
        _ => return Ok(false),
    };
    if out.len() == last + 1 {
        let value = host::element_of_output(out, of.offset() + last).as_f64();
        return Ok(!value.is_finite() || fold == Fold::Prod && value == 0.0);
    }
    let last = out.with_layout(of.narrow(axis as isize, last, 1)?);
    reduce::is_suspect(&last, fold == Fold::Prod)
}

/// Running folds along the middle one of three axes.
///
/// # Safety
/// That many elements of the lane lie at `x` and at `out`, which is `x` itself or elsewhere; nobody writes the one or
/// touches the other meanwhile.
unsafe fn running(
    x: *const u8,
    out: *mut u8,
    scan: Scan,
    size: usize,
    [outer, n, inner]: [usize; 3],
) {
    let (x, out) = (Parts(x.cast_mut()), Parts(out));
    if inner > 1 || !scan.is_neutral {
        // SAFETY: the caller's contract.
        return unsafe { rows(x, out, scan.combined, size, [outer, n, inner]) };
    }
    let pieces = n.div_ceil(PIECE);
    let at = |task: usize| {
        let piece = task % pieces;
        let (first, many) = (piece * PIECE, PIECE.min(n - piece * PIECE));
        ((task / pieces * n + first) * size, many)
    };
    if pieces == 1 || threads::threads() == 1 {
        let group = (PIECE / n).max(1);
        threads::run_ranges(outer, group, &|range| {
            for row in range {
                let mut carry = Carry::none(scan);
                for task in row * pieces..(row + 1) * pieces {
                    let (at, many) = at(task);
                    // SAFETY: a piece of a row that no other task has.
                    unsafe {
                        let from = x.at(at).cast_const();
                        let state = (&raw mut carry).cast::<u8>();
                        (scan.running)(many, [from, state, from], out.at(at));
                        carry = carry.next(scan);
                    }
                }
            }
        });
        return;
    }
    // long rows on many threads: the fold of each piece, then its running folds from those before it
    let mut carries = vec![Carry::none(scan); outer * pieces];
    let state = Parts(carries.as_mut_ptr());
    threads::run(outer * pieces, &|task| {
        let (at, many) = at(task);
        let (from, state) = (x.at(at), state.at(task).cast::<u8>());
        // SAFETY: one piece, one carry; no output is written.
        unsafe { (scan.total)(many, [from, state, from].map(|p| p.cast_const()), from) };
    });
    for row in carries.chunks_mut(pieces) {
        let mut before = Carry::none(scan);
        for carry in row {
            before.inside = carry.inside;
            let next = before.next(scan);
            *carry = before.restarted(scan);
            before = next;
        }
    }
    let state = Parts(carries.as_mut_ptr());
    threads::run(outer * pieces, &|task| {
        let (at, many) = at(task);
        let (from, state) = (x.at(at).cast_const(), state.at(task).cast::<u8>());
        // SAFETY: one piece, one carry.
        unsafe { (scan.running)(many, [from, state.cast_const(), from], out.at(at)) };
    });
}

/// Row after row, each combined with the one before.
///
/// # Safety
/// As [`running`].
unsafe fn rows(
    x: Parts<u8>,
    out: Parts<u8>,
    combined: Kernel,
    size: usize,
    [outer, n, inner]: [usize; 3],
) {
    let width = inner.min(4096);
    let tiles = inner.div_ceil(width);
    let group = (PIECE / (n * width)).max(1);
    threads::run_ranges(outer * tiles, group, &|range| {
        for task in range {
            let first = task / tiles * n * inner + task % tiles * width;
            let many = width.min(inner - task % tiles * width);
            for r in 0..n {
                let at = (first + r * inner) * size;
                let (from, to) = (x.at(at).cast_const(), out.at(at));
                // SAFETY: two rows of a tile that no other task has.
                unsafe {
                    if from != to.cast_const() {
                        std::ptr::copy_nonoverlapping(from, to, many * size);
                    }
                    if r > 0 {
                        let above = to.wrapping_sub(inner * size).cast_const();
                        combined(many, [above; 3], to);
                    }
                }
            }
        }
    });
}
