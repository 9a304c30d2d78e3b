//! How often numbers are there, and how many lie between edges.
//!
//! Each task counts into counters of its own, which are added at the end: counts are integers, so the order does not matter.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use half::{bf16, f16};
use num_complex::Complex;

use super::search::in_blocks;
use super::{copy, memory};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::isa::{Isa, Wide, wide};
use crate::primitive::host;
use crate::raw::Raw;
use crate::storage;
use crate::threads;

/// Elements of a task.
const PIECE: usize = 1 << 16;

/// Calls `count` for parts of the elements, with counters that are added up.
fn counted(
    bins: usize,
    len: usize,
    count: &(dyn Fn(std::ops::Range<usize>, &mut [i64]) + Sync),
) -> Result<Raw> {
    let mut all = Raw::zeros(&[bins], DType::I64)?;
    let counts = host::slice_mut::<i64>(&mut all);
    if len <= PIECE {
        count(0..len, counts);
        return Ok(all);
    }
    // threads have counters of their own
    let tasks = len.div_ceil(PIECE.max(2 * bins)).min(threads::threads());
    storage::room("bincount", bins.saturating_mul(8 * tasks))?;
    let counts = Mutex::new(counts);
    // as many counters as elements at most
    threads::run_ranges(len, PIECE.max(2 * bins), &|range| {
        let mut own = vec![0i64; bins];
        count(range, &mut own);
        let mut counts = counts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (all, own) in counts.iter_mut().zip(own) {
            *all += own;
        }
    });
    Ok(all)
}

/// The elements of a contiguous tensor of `T`, under the caller's guard.
fn elements<T>(x: &Raw) -> &[T] {
    debug_assert!(x.layout().is_contiguous() && x.dtype().size() == size_of::<T>());
    if x.is_empty() {
        return &[];
    }
    // SAFETY: a contiguous tensor lies within its buffer, aligned to its elements; a guard keeps writers away.
    unsafe { std::slice::from_raw_parts(x.ptr().cast_const().cast::<T>(), x.len()) }
}

/// The smallest and the largest of a tensor of `i64` that has elements.
pub(crate) fn extremes(x: &Raw) -> Result<(i64, i64)> {
    let mut copy = None;
    let x = elements::<i64>(copy::in_c_order(x, &mut copy)?);
    let within = |low_high: (i64, i64), &v: &i64| (low_high.0.min(v), low_high.1.max(v));
    if x.len() <= PIECE {
        return Ok(x.iter().fold((i64::MAX, i64::MIN), within));
    }
    let all = Mutex::new((i64::MAX, i64::MIN));
    threads::run_ranges(x.len(), PIECE, &|range| {
        let own = x[range].iter().fold((i64::MAX, i64::MIN), within);
        let mut all = all
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *all = (all.0.min(own.0), all.1.max(own.1));
    });
    Ok(all
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// How often each of `0..bins` is among these `i64`, which lie in that range.
pub(crate) fn bincount(x: &Raw, bins: usize) -> Result<Raw> {
    explain::note("bincount", x.len(), || (x.dtype(), explain::Kind::Reduce));
    let mut copy = None;
    let x = elements::<i64>(copy::in_c_order(x, &mut copy)?);
    counted(bins, x.len(), &|range, counts| {
        for &v in &x[range] {
            if let Some(count) = counts.get_mut(v as usize) {
                *count += 1;
            }
        }
    })
}

/// How many elements are not zero; NaN is not.
pub(crate) fn nonzero(x: &Raw) -> Result<Raw> {
    explain::note("count_nonzero", x.len(), || {
        (x.dtype(), explain::Kind::Reduce)
    });
    let mut copy = None;
    let x = copy::in_c_order(x, &mut copy)?;
    macro_rules! counted {
        ($($D:ident $T:ty),*) => {
            match x.dtype() {
                $(DType::$D => nonzero_of(elements::<$T>(x)),)*
                // others may have written any byte
                DType::Bool => nonzero_of(elements::<u8>(x)),
                DType::F8E4M3 => nonzero_of(elements::<f8e4m3>(x)),
                DType::F8E5M2 => nonzero_of(elements::<f8e5m2>(x)),
                DType::F16 => nonzero_of(elements::<f16>(x)),
                DType::BF16 => nonzero_of(elements::<bf16>(x)),
                DType::C64 => nonzero_of(elements::<Complex<f32>>(x)),
                DType::C128 => nonzero_of(elements::<Complex<f64>>(x)),
            }
        };
    }
    let count = counted!(U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64);
    Raw::scalar(Scalar::Int(count as i128), DType::I64)
}

fn nonzero_of<T: Default + PartialEq + Send + Sync>(x: &[T]) -> usize {
    struct Count<'a, T>(&'a [T]);
    impl<T: Default + PartialEq> Wide for Count<'_, T> {
        type Out = usize;
        #[inline(always)]
        fn run<I: Isa>(self) -> usize {
            // blocks that a byte can count, so that as many lanes as possible count at once
            let blocks = self.0.chunks(usize::from(u8::MAX));
            let of_block = |block: &[T]| {
                block
                    .iter()
                    .map(|v| u8::from(*v != T::default()))
                    .sum::<u8>()
            };
            blocks.map(|block| usize::from(of_block(block))).sum()
        }
    }
    if x.len() <= PIECE {
        return wide(Count(x));
    }
    let all = AtomicUsize::new(0);
    threads::run_ranges(x.len(), PIECE, &|range| {
        all.fetch_add(wide(Count(&x[range])), Relaxed);
    });
    all.into_inner()
}

/// As [`bincount`], the sums of weights, which are `f64`.
pub(crate) fn weighted(x: &Raw, weights: &Raw, bins: usize) -> Result<Raw> {
    explain::note("bincount", x.len(), || (x.dtype(), explain::Kind::Reduce));
    let (x, weights) = (copy::contiguous(x)?, copy::contiguous(weights)?);
    let mut out = memory::unwritten(&[bins], DType::F64)?;
    let sums = host::slice_mut::<f64>(&mut out);
    sums.fill(0.0);
    for (&v, &w) in elements::<i64>(&x).iter().zip(elements::<f64>(&weights)) {
        if let Some(sum) = sums.get_mut(v as usize) {
            *sum += w;
        }
    }
    Ok(out)
}

/// The edges of bins.
pub(crate) struct Edges<'a> {
    /// In increasing order, one more than bins.
    pub(crate) edges: &'a [f64],
    /// Whether all bins are of one width.
    pub(crate) uniform: bool,
}

/// A number that goes into a bin.
trait Number: Copy + Send + Sync {
    fn number(self) -> f64;
}
macro_rules! numbers { ($($T:ty: |$x:ident| $number:expr;)*) => { $(impl Number for $T {
    #[inline(always)]
    fn number(self) -> f64 {
        let $x = self;
        $number
    }
})* } }
numbers! {
    u8: |x| x.into();
    u16: |x| x.into();
    u32: |x| x.into();
    u64: |x| x as f64;
    i8: |x| x.into();
    i16: |x| x.into();
    i32: |x| x.into();
    i64: |x| x as f64;
    f8e4m3: |x| x.to_f64();
    f8e5m2: |x| x.to_f64();
    f16: |x| x.to_f64();
    bf16: |x| x.to_f64();
    f32: |x| x.into();
    f64: |x| x;
}

/// Numbers whose bins are found beside each other.
const BLOCK: usize = 64;
/// Bins of which a task counts in several tables.
const FEW: usize = 1 << 12;

/// Bins of one width: the number of a bin is a product, but for what is next to an edge.
struct OfOneWidth {
    ends: [f64; 2],
    scale: f64,
    /// The least number of each bin, and the least above.
    low: Vec<f64>,
    high: Vec<f64>,
}

/// The bin of each number, and as many as there are of what lies outside of all: without a branch, so that as many lanes as possible
/// look.
struct Places<'a>(&'a OfOneWidth, &'a [f64; BLOCK], &'a mut [i32; BLOCK]);

impl Wide for Places<'_> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Places(bins, numbers, places) = self;
        let [first, last] = bins.ends;
        let (low, high) = (&*bins.low, &*bins.high);
        let end = low.len().min(high.len());
        for (place, &v) in places.iter_mut().zip(numbers) {
            let guess = ((v - first) * bins.scale).max(0.0).min((end - 1) as f64);
            // SAFETY: from 0 (also of NaN) to the last bin which the caller has found to be below 2^31.
            let guess: i32 = unsafe { guess.to_int_unchecked() };
            // SAFETY: as above.
            let (low, high) = unsafe {
                (
                    *low.get_unchecked(guess as usize),
                    *high.get_unchecked(guess as usize),
                )
            };
            let bin = guess - i32::from(v < low) + i32::from(v >= high);
            let is_inside = v >= first && v <= last;
            *place = if is_inside { bin } else { end as i32 };
        }
    }
}

/// The last bin has its right end; what lies outside of all is not counted, nor is NaN.
fn histogram_of<T: Number>(x: &[T], edges: &Edges<'_>) -> Result<Raw> {
    let Edges { edges, uniform } = *edges;
    let bins = edges.len() - 1;
    let (first, last) = (edges[0], edges[bins]);
    let scale = bins as f64 / (last - first);
    if uniform && scale.is_finite() && i32::try_from(bins).is_ok() {
        // rounding puts what is next to an edge on its other side; those of the ends have no other side
        let (mut low, mut high) = (edges[..bins].to_vec(), edges[1..].to_vec());
        (low[0], high[bins - 1]) = (f64::NEG_INFINITY, f64::INFINITY);
        let of_one_width = &OfOneWidth {
            ends: [first, last],
            scale,
            low,
            high,
        };
        return counted(bins, x.len(), &|range, counts| {
            // of numbers that lie together the next count would wait for the one before
            let tables = if bins < FEW { 4 } else { 1 };
            let mut own = vec![0i64; tables * (bins + 1)];
            let (mut room, mut places) = ([0.0; BLOCK], [0; BLOCK]);
            for block in x[range].chunks(BLOCK) {
                for (to, x) in room.iter_mut().zip(block) {
                    *to = x.number();
                }
                wide(Places(of_one_width, &room, &mut places));
                for (i, &bin) in places[..block.len()].iter().enumerate() {
                    own[i % tables * (bins + 1) + bin as usize] += 1;
                }
            }
            for table in own.chunks_exact(bins + 1) {
                for (count, &own) in counts.iter_mut().zip(table) {
                    *count += own;
                }
            }
        });
    }
    let codes: Vec<u64> = edges.iter().map(|x| super::sort::Item::code(*x)).collect();
    counted(bins, x.len(), &|range, counts| {
        let mut room = [0.0; 256];
        for block in x[range].chunks(room.len()) {
            for (to, x) in room.iter_mut().zip(block) {
                *to = x.number();
            }
            let block = &room[..block.len()];
            in_blocks::<f64, true>(&codes, block, |first_of, places| {
                for (&place, &v) in places.iter().zip(&block[first_of..]) {
                    let bin = if v == last { bins } else { place };
                    if (1..=bins).contains(&bin) {
                        counts[bin - 1] += 1;
                    }
                }
            });
        }
    })
}

/// How many elements lie in each bin.
pub(crate) fn histogram(x: &Raw, edges: &Edges<'_>) -> Result<Raw> {
    explain::note("histogram", x.len(), || (x.dtype(), explain::Kind::Reduce));
    let x = copy::contiguous(x)?;
    match x.dtype() {
        DType::Bool | DType::U8 => histogram_of::<u8>(elements(&x), edges),
        DType::U16 => histogram_of::<u16>(elements(&x), edges),
        DType::U32 => histogram_of::<u32>(elements(&x), edges),
        DType::U64 => histogram_of::<u64>(elements(&x), edges),
        DType::I8 => histogram_of::<i8>(elements(&x), edges),
        DType::I16 => histogram_of::<i16>(elements(&x), edges),
        DType::I32 => histogram_of::<i32>(elements(&x), edges),
        DType::I64 => histogram_of::<i64>(elements(&x), edges),
        DType::F8E4M3 => histogram_of::<f8e4m3>(elements(&x), edges),
        DType::F8E5M2 => histogram_of::<f8e5m2>(elements(&x), edges),
        DType::F16 => histogram_of::<f16>(elements(&x), edges),
        DType::BF16 => histogram_of::<bf16>(elements(&x), edges),
        DType::F32 => histogram_of::<f32>(elements(&x), edges),
        DType::F64 => histogram_of::<f64>(elements(&x), edges),
        // complex numbers lie in no interval
        DType::C64 | DType::C128 => Raw::zeros(&[edges.edges.len() - 1], DType::I64),
    }
}
