//! Where values stand in a sorted vector.
//!
//! ```text
//! codes = unsigned integers in the order of the elements (`sort`), so that a comparison is one instruction
//! for sixteen values at a time, on any thread:
//!   sixteen binary searches step by step beside each other, without a branch: their loads overlap
//! ```

use std::hint::select_unpredictable;

use half::{bf16, f16};
use num_complex::Complex;

use super::sort::{Item, Narrow};
use super::{copy, memory};
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Values of a task.
const PIECE: usize = 1 << 13;
/// Searches beside each other.
const MANY: usize = 16;

/// How many codes come before each of these: those that are smaller, or with `OR_EQUAL` not larger.
#[inline(always)]
pub(super) fn places<C: Ord + Copy, const OR_EQUAL: bool>(
    codes: &[C],
    values: [C; MANY],
) -> [usize; MANY] {
    let mut places = [0; MANY];
    let Some(_) = codes.first() else {
        return places;
    };
    let is_before = |at: usize, value: C| {
        debug_assert!(at < codes.len());
        // SAFETY: `place + left` is at most the number of codes throughout, and `at` lies below it: a check of the bounds would be a
        // branch in front of each load.
        let code = unsafe { *codes.get_unchecked(at) };
        match OR_EQUAL {
            true => code <= value,
            false => code < value,
        }
    };
    let mut left = codes.len();
    while left > 1 {
        let half = left / 2;
        for (place, &value) in places.iter_mut().zip(&values) {
            let is_before = is_before(*place + half - 1, value);
            // half of all guesses of a branch are wrong: it takes thirty times as long
            *place = select_unpredictable(is_before, *place + half, *place);
        }
        left -= half;
    }
    for (place, &value) in places.iter_mut().zip(&values) {
        *place += usize::from(is_before(*place, value));
    }
    places
}

/// In blocks of [`MANY`] values: `write` gets the number of the first, and the places of those that are there.
#[inline(always)]
pub(super) fn in_blocks<T: Item, const OR_EQUAL: bool>(
    codes: &[T::Code],
    values: &[T],
    mut write: impl FnMut(usize, &[usize]),
) {
    for (i, block) in values.chunks(MANY).enumerate() {
        let mut wanted = [block[0].code(); MANY];
        for (to, x) in wanted.iter_mut().zip(block) {
            *to = x.code();
        }
        let found = places::<T::Code, OR_EQUAL>(codes, wanted);
        write(i * MANY, &found[..block.len()]);
    }
}

/// An address, and how many elements lie there.
type Given = (*const u8, usize);

/// # Safety
/// As many elements of `T` as the counts say lie at the addresses, and so many `i64` may be written at `out`.
unsafe fn run<T: Item + Send + Sync>(sorted: Given, values: Given, after_equal: bool, out: *mut u8)
where
    T::Code: Send + Sync,
{
    // SAFETY: as the caller says.
    let (sorted, values) = unsafe {
        (
            std::slice::from_raw_parts(sorted.0.cast::<T>(), sorted.1),
            std::slice::from_raw_parts(values.0.cast::<T>(), values.1),
        )
    };
    let codes: Vec<T::Code> = sorted.iter().map(|x| x.code()).collect();
    let out = Parts(out.cast::<i64>());
    threads::run_ranges(values.len(), PIECE, &|range| {
        let start = range.start;
        let write = |first: usize, places: &[usize]| {
            for (i, &place) in places.iter().enumerate() {
                // SAFETY: an element of the result that no other task has.
                unsafe { *out.at(start + first + i) = place as i64 };
            }
        };
        match after_equal {
            false => in_blocks::<T, false>(&codes, &values[range], write),
            true => in_blocks::<T, true>(&codes, &values[range], write),
        }
    });
}

/// The search for one dtype: the sorted elements, the values, and where the places go.
type Run = unsafe fn((*const u8, usize), (*const u8, usize), bool, *mut u8);

/// Where values stand in a sorted vector of the same dtype: before what equals them, or behind it.
pub(crate) fn search(sorted: &Raw, values: &Raw, after_equal: bool) -> Result<Raw> {
    explain::note("search", values.len(), || {
        (values.dtype(), explain::Kind::Sort)
    });
    let (sorted, values) = (copy::contiguous(sorted)?, copy::contiguous(values)?);
    let out = memory::unwritten(values.shape(), DType::I64)?;
    let of: Run = match sorted.dtype() {
        DType::Bool | DType::U8 => run::<u8>,
        DType::U16 => run::<u16>,
        DType::U32 => run::<u32>,
        DType::U64 => run::<u64>,
        DType::I8 => run::<i8>,
        DType::I16 => run::<i16>,
        DType::I32 => run::<i32>,
        DType::I64 => run::<i64>,
        DType::F8E4M3 => run::<Narrow<f8e4m3>>,
        DType::F8E5M2 => run::<Narrow<f8e5m2>>,
        DType::F16 => run::<Narrow<f16>>,
        DType::BF16 => run::<Narrow<bf16>>,
        DType::F32 => run::<f32>,
        DType::F64 => run::<f64>,
        DType::C64 => run::<Complex<f32>>,
        DType::C128 => run::<Complex<f64>>,
    };
    if !values.is_empty() {
        let given = |x: &Raw| match x.is_empty() {
            true => (
                std::ptr::NonNull::<u128>::dangling()
                    .as_ptr()
                    .cast::<u8>()
                    .cast_const(),
                0,
            ),
            false => (x.ptr().cast_const(), x.len()),
        };
        // SAFETY: contiguous tensors of one dtype that guards keep, and a new one.
        unsafe { of(given(&sorted), given(&values), after_equal, out.ptr()) };
    }
    Ok(out)
}
