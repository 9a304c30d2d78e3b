//! Running sums.

use std::marker::PhantomData;

use num_complex::Complex;

use super::Raw;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::graph::{self, Linear};
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::kernels::lane::{Lane, Ring};
use crate::layout::{Axes, normalize_axis};
use crate::ops::ReduceClass;
use crate::threads::{self, Parts};

/// Turns `n` elements into their running sums, in place, from the sum at the first input; leaves the last sum there.
struct Running<T>(PhantomData<T>);
impl<T: Ring> Body for Running<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [carry, ..]: [*const u8; 3], out: *mut u8) {
        // SAFETY: `n` elements at `out`, one at `carry`, which is writable and elsewhere.
        unsafe {
            let carry = carry.cast::<T>().cast_mut();
            let out = std::slice::from_raw_parts_mut(out.cast::<T>(), n);
            let mut sum = *carry;
            // in blocks of eight: their inner sums do not wait for what came before
            let mut blocks = out.chunks_exact_mut(8);
            for b in &mut blocks {
                let mut s: [T; 8] = std::array::from_fn(|i| b[i]);
                for step in [1, 2, 4] {
                    let before = s;
                    for i in step..8 {
                        s[i] = before[i - step].add(before[i]);
                    }
                }
                for i in 0..8 {
                    b[i] = sum.add(s[i]);
                }
                sum = sum.add(s[7]);
            }
            for v in blocks.into_remainder() {
                sum = sum.add(*v);
                *v = sum;
            }
            *carry = sum;
        }
    }
}

/// `out[i] ← out[i] + x[i]`.
struct Added<T, const ONE: bool>(PhantomData<T>);
impl<T: Ring, const ONE: bool> Body for Added<T, ONE> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<T: Ring, const ONE: bool>(x: *const T, out: &mut [T]) {
            // SAFETY: `n` elements at `x`, or one.
            unsafe {
                let first = *x;
                for (i, o) in out.iter_mut().enumerate() {
                    *o = if ONE { first } else { *x.add(i) }.add(*o);
                }
            }
        }
        if n > 0 {
            // SAFETY: the contract of `Kernel`.
            unsafe { each::<T, ONE>(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)) }
        }
    }
}

/// Running sum, sum of two, sum with one.
fn kernels(dtype: DType) -> [Kernel; 3] {
    fn of<T: Ring + Lane>() -> [Kernel; 3] {
        let l = level() as usize;
        [
            Shells::<Running<T>>::BY_LEVEL[l],
            Shells::<Added<T, false>>::BY_LEVEL[l],
            Shells::<Added<T, true>>::BY_LEVEL[l],
        ]
    }
    match dtype {
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
    kernels(lane)[1]
}

/// Elements of a piece of a long row.
const PIECE: usize = 1 << 14;

impl Raw {
    /// The running sum along an axis, or over all elements in C order. Integers and truth values are summed in 64 bits.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cumsum(&self, axis: Option<isize>, dtype: Option<DType>) -> Result<Raw> {
        let Some(axis) = axis else {
            return self.reshape(&[self.len()])?.cumsum(Some(0), dtype);
        };
        let at = normalize_axis("cumsum", axis, self.rank())?;
        let dtype = dtype.unwrap_or_else(|| ReduceClass::Sum.result(self.dtype()));
        let lane = if dtype == DType::Bool {
            DType::I64
        } else {
            dtype.compute()
        };
        // summed in place, in a copy of its own
        let out = Raw::unwritten(self.shape(), lane)?.in_world_of(self)?;
        out.write_copy(self)?;
        explain::note("cumsum", self.len(), || (dtype, explain::Kind::Scan));
        let n = self.shape()[at];
        let inner: usize = self.shape()[at + 1..].iter().product();
        let outer: usize = self.shape()[..at].iter().product();
        if !out.is_empty() {
            // SAFETY: the copy is contiguous, new, and of the lane.
            unsafe { running(out.ptr(), lane, outer, n, inner) };
        }
        let out = out.cast(dtype)?;
        let from = at as isize;
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "cumsum",
                forward: Box::new(move |t| t.cumsum(Some(from), None)),
                backward: Box::new(move |g| {
                    let back = Axes::List(std::slice::from_ref(&from));
                    g.flip(back)?.cumsum(Some(from), None)?.flip(back)
                }),
            },
        ))
    }
}

/// # Safety
/// `outer × n × inner` elements lie at `at`, which nobody else touches.
unsafe fn running(at: *mut u8, lane: DType, outer: usize, n: usize, inner: usize) {
    let [running, two, one] = kernels(lane);
    let size = lane.size();
    let shared = Parts::<u8>(at);
    if inner > 1 {
        // row by row: each is added to the next
        let width = inner.min(4096);
        let tiles = inner.div_ceil(width);
        let group = (PIECE / (n * width)).max(1);
        threads::run_ranges(outer * tiles, group, &|range| {
            for task in range {
                let first = task / tiles * n * inner + task % tiles * width;
                let m = width.min(inner - task % tiles * width);
                for r in 1..n {
                    let row = shared.at((first + r * inner) * size);
                    // SAFETY: two rows of the same tile.
                    unsafe { two(m, [row.wrapping_sub(inner * size).cast_const(); 3], row) };
                }
            }
        });
        return;
    }
    let pieces = n.div_ceil(PIECE);
    if pieces <= 2 {
        let group = (PIECE / n).max(1);
        threads::run_ranges(outer, group, &|range| {
            for row in range {
                let mut carry = [0u128; 1];
                // SAFETY: one row.
                unsafe {
                    running(
                        n,
                        [carry.as_mut_ptr().cast::<u8>().cast_const(); 3],
                        shared.at(row * n * size),
                    )
                };
            }
        });
        return;
    }
    // long rows: each piece by itself, then what came before it
    let mut carries = vec![0u128; outer * pieces];
    let sums = Parts::<u8>(carries.as_mut_ptr().cast());
    let piece = |task: usize| {
        let p = task % pieces;
        (
            shared.at((task / pieces * n + p * PIECE) * size),
            PIECE.min(n - p * PIECE),
        )
    };
    threads::run(outer * pieces, &|task| {
        let (at, m) = piece(task);
        // SAFETY: one piece, one carry.
        unsafe { running(m, [sums.at(task * 16).cast_const(); 3], at) };
    });
    for row in 0..outer {
        for p in 1..pieces {
            let task = row * pieces + p;
            // SAFETY: two carries.
            unsafe {
                two(
                    1,
                    [sums.at((task - 1) * 16).cast_const(); 3],
                    sums.at(task * 16),
                )
            };
        }
    }
    threads::run(outer * pieces, &|task| {
        let (at, m) = piece(task);
        if task % pieces > 0 {
            // SAFETY: one piece, the sum of those before it.
            unsafe { one(m, [sums.at((task - 1) * 16).cast_const(); 3], at) };
        }
    });
}
