//! Running sums.

use std::marker::PhantomData;

use num_complex::Complex;

use super::{copy, memory};
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::kernels::Slot;
use crate::kernels::lane::{Lane, Ring};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Where the sum of a piece stands.
#[derive(Clone, Copy)]
#[repr(C)]
struct Carry {
    /// Sum of the pieces before: what is added to each running sum of this one.
    before: Slot,
    /// Sum of this piece so far.
    inside: Slot,
}

impl Carry {
    /// Nothing yet: what changes no number, not even -0.
    fn none(lane: DType) -> Carry {
        let mut zero = Slot::ZERO;
        match lane {
            DType::F32 | DType::C64 => {
                zero.0.as_chunks_mut::<4>().0.fill((-0f32).to_ne_bytes());
            }
            DType::F64 | DType::C128 => {
                zero.0.as_chunks_mut::<8>().0.fill((-0f64).to_ne_bytes());
            }
            _ => {}
        }
        Carry {
            before: zero,
            inside: zero,
        }
    }

    /// That of the piece after this one.
    fn next(mut self, lane: DType, scan: Scan) -> Carry {
        // SAFETY: one element of the lane each.
        unsafe { (scan.added)(1, [self.before.at(); 3], self.inside.at_mut()) };
        Carry {
            before: self.inside,
            ..Carry::none(lane)
        }
    }

    /// As it was before its piece was summed.
    fn restarted(self, lane: DType) -> Carry {
        Carry {
            before: self.before,
            ..Carry::none(lane)
        }
    }
}

/// `out[i] ← before + (inside + x[0] + … + x[i])`; then `inside` is the sum of all. The [`Carry`] is the second input and
/// may be written; without `WRITE` it is all that is. The output may be the first input.
///
/// So a piece has the same bits whoever sums it, and the pieces before it may be summed later.
struct Running<T, const WRITE: bool>(PhantomData<T>);
impl<T: Ring, const WRITE: bool> Body for Running<T, WRITE> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, carry, _]: [*const u8; 3], out: *mut u8) {
        // SAFETY: `n` elements at `x` and `out`, a carry.
        unsafe {
            let (x, out) = (x.cast::<T>(), out.cast::<T>());
            // in blocks of a vector: their inner sums do not wait for what came before
            match size_of::<T>() {
                ..=4 => blocks::<T, WRITE, 16>(n, x, carry.cast_mut().cast(), out),
                _ => blocks::<T, WRITE, 8>(n, x, carry.cast_mut().cast(), out),
            }
        }
    }
}

/// # Safety
/// As [`Running`].
#[inline(always)]
unsafe fn blocks<T: Ring, const WRITE: bool, const W: usize>(
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
                    s[k] = old[k - step].add(old[k]);
                }
                step *= 2;
            }
            if WRITE {
                let sums: [T; W] = std::array::from_fn(|k| before.add(sum.add(s[k])));
                out.add(i).cast::<[T; W]>().write(sums);
            }
            sum = sum.add(s[W - 1]);
            i += W;
        }
        while i < n {
            sum = sum.add(*x.add(i));
            if WRITE {
                *out.add(i) = before.add(sum);
            }
            i += 1;
        }
        *inside = sum;
    }
}

/// `out[i] ← out[i] + x[i]`.
struct Added<T>(PhantomData<T>);
impl<T: Ring> Body for Added<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<T: Ring>(x: *const T, out: &mut [T]) {
            for (i, o) in out.iter_mut().enumerate() {
                // SAFETY: `n` elements at `x`.
                *o = unsafe { *x.add(i) }.add(*o);
            }
        }
        // SAFETY: the contract of `Kernel`.
        unsafe { each::<T>(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)) }
    }
}

/// The kernels of running sums over a lane.
#[derive(Clone, Copy)]
struct Scan {
    /// Running sums.
    running: Kernel,
    /// Their last alone: nothing is written but the carry.
    total: Kernel,
    /// `out[i] ← out[i] + x[i]`.
    added: Kernel,
}

fn kernels(lane: DType) -> Scan {
    fn of<T: Ring + Lane>() -> Scan {
        let l = level() as usize;
        Scan {
            running: Shells::<Running<T, true>>::BY_LEVEL[l],
            total: Shells::<Running<T, false>>::BY_LEVEL[l],
            added: Shells::<Added<T>>::BY_LEVEL[l],
        }
    }
    match lane {
        DType::I8 => of::<i8>(),
        DType::I16 => of::<i16>(),
        DType::I32 => of::<i32>(),
        DType::U8 => of::<u8>(),
        DType::U16 => of::<u16>(),
        DType::U32 => of::<u32>(),
        DType::U64 => of::<u64>(),
        DType::F32 => of::<f32>(),
        DType::F64 => of::<f64>(),
        DType::C64 => of::<Complex<f32>>(),
        DType::C128 => of::<Complex<f64>>(),
        _ => of::<i64>(),
    }
}

/// Adds `n` elements of a lane to the output.
pub(super) fn add_to(lane: DType) -> Kernel {
    kernels(lane).added
}

/// Elements of a piece of a long row.
const PIECE: usize = 1 << 14;

/// The running sum along an axis.
pub(super) fn cumsum(p: &crate::primitive::Scan, x: &Raw) -> Result<Raw> {
    let lane = if p.dtype == DType::Bool {
        DType::I64
    } else {
        p.dtype.compute()
    };
    let out = memory::unwritten(x.shape(), lane)?;
    // what does not lie as the kernels want it is brought over first, and summed where it then is
    let here = x.layout().is_contiguous() && x.dtype() == lane;
    if !here {
        copy::copy_into(x, &out)?;
    }
    explain::note("cumsum", x.len(), || (p.dtype, explain::Kind::Scan));
    let (shape, at) = (x.shape(), p.axis);
    let inner: usize = shape[at + 1..].iter().product();
    let outer: usize = shape[..at].iter().product();
    if !out.is_empty() {
        let from = if here { x.ptr() } else { out.ptr() };
        // SAFETY: both are contiguous and of the lane; the output is new.
        unsafe { running(from, out.ptr(), lane, [outer, shape[at], inner]) };
    }
    copy::cast(&out, p.dtype)
}

/// Running sums along the middle one of three axes.
///
/// # Safety
/// That many elements of the lane lie at `x` and at `out`, which is `x` itself or elsewhere; nobody writes the one or
/// touches the other meanwhile.
unsafe fn running(x: *const u8, out: *mut u8, lane: DType, [outer, n, inner]: [usize; 3]) {
    let scan = kernels(lane);
    let size = lane.size();
    let (x, out) = (Parts(x.cast_mut()), Parts(out));
    if inner > 1 {
        // SAFETY: the caller's contract.
        return unsafe { rows(x, out, lane, [outer, n, inner]) };
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
                let mut carry = Carry::none(lane);
                for task in row * pieces..(row + 1) * pieces {
                    let (at, many) = at(task);
                    // SAFETY: a piece of a row that no other task has.
                    unsafe {
                        let from = x.at(at).cast_const();
                        let state = (&raw mut carry).cast::<u8>();
                        (scan.running)(many, [from, state, from], out.at(at));
                        carry = carry.next(lane, scan);
                    }
                }
            }
        });
        return;
    }
    // long rows on many threads: the sum of each piece, then its running sums from those before it
    let mut carries = vec![Carry::none(lane); outer * pieces];
    let state = Parts(carries.as_mut_ptr());
    threads::run(outer * pieces, &|task| {
        let (at, many) = at(task);
        let (from, state) = (x.at(at), state.at(task).cast::<u8>());
        // SAFETY: one piece, one carry; no output is written.
        unsafe { (scan.total)(many, [from, state, from].map(|p| p.cast_const()), from) };
    });
    for row in carries.chunks_mut(pieces) {
        let mut before = Carry::none(lane);
        for carry in row {
            before.inside = carry.inside;
            let next = before.next(lane, scan);
            *carry = before.restarted(lane);
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

/// Row after row, each added to the one before.
///
/// # Safety
/// As [`running`].
unsafe fn rows(x: Parts<u8>, out: Parts<u8>, lane: DType, [outer, n, inner]: [usize; 3]) {
    let added = kernels(lane).added;
    let size = lane.size();
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
                        added(many, [above; 3], to);
                    }
                }
            }
        }
    });
}
