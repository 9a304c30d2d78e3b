//! Where values stand in a sorted vector.
//!
//! ```text
//! codes = unsigned integers in the order of the elements (`sort`), so that a comparison is one instruction
//! for sixteen values at a time, on any thread:
//!   sixteen binary searches step by step beside each other, without a branch: their loads overlap
//! few values make codes of the elements that they meet alone
//! ```

use std::hint::select_unpredictable;

use half::{bf16, f16};
use num_complex::Complex;

use super::sort::{Item, Narrow};
use super::{copy, memory};
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Values of a task.
const PIECE: usize = 1 << 13;
/// Searches beside each other.
const MANY: usize = 16;

/// How many of `n` codes come before each of these: those that are smaller, or with `OR_EQUAL` not larger. `code` is asked for
/// places below `n` alone.
#[inline(always)]
fn places<C: Ord + Copy, const N: usize, const OR_EQUAL: bool>(
    n: usize,
    code: impl Fn(usize) -> C,
    values: [C; N],
) -> [usize; N] {
    let mut places = [0; N];
    if n == 0 {
        return places;
    }
    let is_before = |at: usize, value: C| {
        debug_assert!(at < n);
        let code = code(at);
        match OR_EQUAL {
            true => code <= value,
            false => code < value,
        }
    };
    let mut left = n;
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
        // SAFETY: `at` is a place below the number of codes: a check of the bounds would be a branch in front of each load.
        let code = |at: usize| unsafe { *codes.get_unchecked(at) };
        let found = places::<T::Code, MANY, OR_EQUAL>(codes.len(), code, wanted);
        write(i * MANY, &found[..block.len()]);
    }
}

/// Sorted elements where they lie, `step` elements apart, of this dtype.
#[derive(Clone, Copy)]
struct Sorted {
    first: *const u8,
    n: usize,
    step: isize,
    dtype: DType,
}
// SAFETY: only read.
unsafe impl Sync for Sorted {}

impl Sorted {
    fn new(x: &Raw) -> Sorted {
        let (dtype, layout) = (x.dtype(), x.layout());
        Sorted {
            first: x
                .base()
                .wrapping_add(layout.offset() * dtype.size())
                .cast_const(),
            n: x.len(),
            step: layout.strides()[0],
            dtype,
        }
    }

    fn at(&self, i: usize) -> *const u8 {
        let bytes = i as isize * self.step * self.dtype.size() as isize;
        self.first.wrapping_offset(bytes)
    }

    /// The element in another dtype, which holds it.
    ///
    /// # Safety
    /// There is such an element, and it fits a `T`, whose dtype is this.
    unsafe fn converted<T: Copy>(&self, i: usize, dtype: DType) -> T {
        // SAFETY: the caller's contract; a dtype's element has at most 16 bytes.
        unsafe {
            let bytes = std::slice::from_raw_parts(self.at(i), self.dtype.size());
            let element = Scalar::from_bytes(self.dtype, bytes).to_bytes(dtype);
            let element = element.unwrap_or([0; 16]);
            element.as_ptr().cast::<T>().read_unaligned()
        }
    }
}

/// Whether so many searches look at fewer elements than there are.
fn is_few(values: usize, n: usize) -> bool {
    values.saturating_mul(n.max(1).ilog2() as usize + 1) < n
}

/// As [`run`], without codes of all: `OR_EQUAL` as there.
///
/// # Safety
/// `values` are elements of `dtype`, which is that of `T` and holds what is sorted; as many `i64` may be written at `out`.
unsafe fn run_few<T: Item + Sync, const OR_EQUAL: bool>(
    sorted: Sorted,
    values: &[T],
    dtype: DType,
    out: Parts<i64>,
) where
    T::Code: Send + Sync,
{
    let same = sorted.dtype == dtype;
    threads::run_ranges(values.len(), PIECE, &|range| {
        let sorted = &sorted;
        // SAFETY: `places` asks for elements that there are.
        let code = |at: usize| unsafe {
            match same {
                true => sorted.at(at).cast::<T>().read_unaligned().code(),
                false => sorted.converted::<T>(at, dtype).code(),
            }
        };
        let mut at = range.start;
        // SAFETY: an element of the result that no other task has.
        let mut write = |place: usize| unsafe {
            *out.at(at) = place as i64;
            at += 1;
        };
        let (blocks, rest) = values[range].as_chunks::<MANY>();
        for block in blocks {
            let wanted = std::array::from_fn(|i| block[i].code());
            let found = places::<T::Code, MANY, OR_EQUAL>(sorted.n, code, wanted);
            found.into_iter().for_each(&mut write);
        }
        for x in rest {
            let found = places::<T::Code, 1, OR_EQUAL>(sorted.n, code, [x.code()]);
            found.into_iter().for_each(&mut write);
        }
    });
}

/// # Safety
/// `values` is contiguous and has elements of `T`; as many `i64` may be written at `out`. What is sorted has one axis and a dtype
/// that converts to that of `values` without a loss of order.
unsafe fn run<T: Item + Send + Sync>(
    sorted: &Raw,
    values: &Raw,
    after_equal: bool,
    out: *mut u8,
) -> Result<()>
where
    T::Code: Send + Sync,
{
    let (out, dtype) = (Parts(out.cast::<i64>()), values.dtype());
    // SAFETY: as the caller says, and there are values.
    let values =
        unsafe { std::slice::from_raw_parts(values.ptr().cast_const().cast::<T>(), values.len()) };
    // narrow floats are converted in steps of their own
    let direct = sorted.dtype() == dtype || dtype.compute() == dtype;
    if direct && is_few(values.len(), sorted.len()) {
        let sorted = Sorted::new(sorted);
        // SAFETY: the caller's contract.
        unsafe {
            match after_equal {
                false => run_few::<T, false>(sorted, values, dtype, out),
                true => run_few::<T, true>(sorted, values, dtype, out),
            }
        }
        return Ok(());
    }
    let sorted = copy::contiguous(&copy::cast(sorted, dtype)?)?;
    let codes: Vec<T::Code> = match sorted.len() {
        0 => Vec::new(),
        // SAFETY: contiguous elements of this dtype.
        n => unsafe { std::slice::from_raw_parts(sorted.ptr().cast_const().cast::<T>(), n) }
            .iter()
            .map(|x| x.code())
            .collect(),
    };
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
    Ok(())
}

/// The search for one dtype: the sorted elements, the values, and where the places go.
type Run = unsafe fn(&Raw, &Raw, bool, *mut u8) -> Result<()>;

/// Where values stand in a sorted vector, in their dtype, which promotion makes of both: before what equals them, or behind it.
pub(crate) fn search(sorted: &Raw, values: &Raw, after_equal: bool) -> Result<Raw> {
    explain::note("search", values.len(), || {
        (values.dtype(), explain::Kind::Sort)
    });
    let values = copy::contiguous(values)?;
    let out = memory::unwritten(values.shape(), DType::I64)?;
    let of: Run = match values.dtype() {
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
        // SAFETY: tensors that guards keep, and a new one.
        unsafe { of(sorted, &values, after_equal, out.ptr())? };
    }
    Ok(out)
}
