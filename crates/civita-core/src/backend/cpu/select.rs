//! Order statistics of rows: the elements that a sort would put at a few places, without the sort.
//!
//! ```text
//! short rows: copy, quickselect
//! long rows: sort a sample; for places that are near each other
//!   low, high = elements of the sample that bracket the places with a margin
//!   in pieces, on any thread: count what is below `low`, collect what lies from `low` to `high`
//!   quickselect among the collected; should a place lie outside (one in 10⁴), quickselect among all
//! ```
//!
//! After Floyd and Rivest, Expected Time Bounds for Selection, 1975: one pass over the row, and a few percent of it once more.
//! The sample is a fixed sequence, so equal rows cost the same and the result depends on no thread.

use half::{bf16, f16};
use num_complex::Complex;

use super::codes::{self, Coded};
use super::sort::{Item, Narrow};
use super::{argsort, copy, memory};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::kernels;
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements of a task.
const PIECE: usize = 1 << 15;
/// Elements of a sample.
const SAMPLE: usize = 2048;
/// Places in a sample on either side of where an element is expected: three and a half standard deviations.
const MARGIN: usize = 80;

/// An element that may be no number.
trait Numeric: Item {
    /// Returns true where it is NaN.
    fn is_nan(self) -> bool {
        false
    }
}
macro_rules! numeric {
    ($($T:ty),*) => { $(impl Numeric for $T {})* };
    (nan $($T:ty: |$x:ident| $nan:expr;)*) => { $(impl Numeric for $T {
        #[inline(always)]
        fn is_nan(self) -> bool {
            let $x = self;
            $nan
        }
    })* };
}
numeric!(u8, u16, u32, u64, i8, i16, i32, i64);
numeric! {
    nan
    f32: |x| x.is_nan();
    f64: |x| x.is_nan();
    Narrow<f8e4m3>: |x| x.code() == u8::MAX;
    Narrow<f8e5m2>: |x| x.code() == u8::MAX;
    Narrow<f16>: |x| x.code() == u16::MAX;
    Narrow<bf16>: |x| x.code() == u16::MAX;
    Complex<f32>: |x| x.re.is_nan() || x.im.is_nan();
    Complex<f64>: |x| x.re.is_nan() || x.im.is_nan();
}

/// Moves the elements of these increasing places to where a sort would put them.
fn select<T: Item>(data: &mut [T], places: &[usize]) {
    let Some(middle) = places.len().checked_sub(1).map(|last| last / 2) else {
        return;
    };
    let place = places[middle];
    let (before, _, behind) = data.select_nth_unstable_by_key(place, |x| x.code());
    select(before, &places[..middle]);
    // equal places are one
    let next = middle + places[middle..].partition_point(|&p| p == place);
    let rest: Vec<usize> = places[next..].iter().map(|p| p - place - 1).collect();
    select(behind, &rest);
}

/// The elements of a row at these increasing places.
fn of_short<T: Numeric>(row: &[T], places: &[usize], spare: &mut Vec<T>, out: &mut [T]) {
    spare.clear();
    spare.extend_from_slice(row);
    select(spare, places);
    for (to, &place) in out.iter_mut().zip(places) {
        *to = spare[place];
    }
}

/// How many elements are below the bracket, and those within.
struct Piece<T> {
    below: usize,
    within: Vec<T>,
}

/// What lies between two elements of a sample; an end without one is open.
fn within<T: Item + Send + Sync>(row: &[T], low: Option<&T>, high: Option<&T>) -> Vec<Piece<T>> {
    let first = row[0];
    let (open_below, open_above) = (low.is_none(), high.is_none());
    let (low, high) = (low.unwrap_or(&first), high.unwrap_or(&first));
    let pieces = row.len().div_ceil(PIECE);
    let mut found: Vec<Piece<T>> = Vec::new();
    found.resize_with(pieces, || Piece {
        below: 0,
        within: Vec::new(),
    });
    let slots = Parts(found.as_mut_ptr());
    threads::run_ranges(row.len(), PIECE, &|range| {
        let task = range.start / PIECE;
        let part = &row[range];
        let (low, high) = (low.code(), high.code());
        let mut below = 0;
        let mut within = Vec::with_capacity(part.len() / 8);
        let mut buffer = [part[0]; 256];
        for block in part.chunks(192) {
            let mut many = 0;
            for &x in block {
                let code = x.code();
                let is_below = !open_below & (code < low);
                below += usize::from(is_below);
                buffer[many] = x;
                many += usize::from(!is_below & (open_above | (code <= high)));
            }
            within.extend_from_slice(&buffer[..many]);
        }
        // SAFETY: one slot for each task; the vector outlives the tasks.
        unsafe { *slots.at(task) = Piece { below, within } };
    });
    found
}

/// Places that share a bracket, and its ends in the sorted sample.
struct Group {
    places: std::ops::Range<usize>,
    low: usize,
    high: usize,
}

fn of_long<T: Numeric + Send + Sync>(row: &[T], places: &[usize], out: &mut [T]) {
    let n = row.len();
    // a sequence that meets no period of the data
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut sample: Vec<T> = (0..SAMPLE)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            row[((u128::from(state) * n as u128) >> 64) as usize]
        })
        .collect();
    sample.sort_unstable_by_key(|x| x.code());
    let mut groups: Vec<Group> = Vec::new();
    for (i, &place) in places.iter().enumerate() {
        let expected = (place as f64 / n as f64 * SAMPLE as f64) as usize;
        let (low, high) = (
            expected.saturating_sub(MARGIN),
            (expected + MARGIN).min(SAMPLE - 1),
        );
        match groups.last_mut() {
            Some(last) if low <= last.high => {
                last.places.end = i + 1;
                last.high = high;
            }
            _ => groups.push(Group {
                places: i..i + 1,
                low,
                high,
            }),
        }
    }
    for Group {
        places: range,
        low,
        high,
    } in groups
    {
        let wanted = &places[range.clone()];
        let out = &mut out[range];
        let least = if low > 0 { sample.get(low) } else { None };
        let most = if high + 1 < SAMPLE {
            sample.get(high)
        } else {
            None
        };
        let found = within(row, least, most);
        let below: usize = found.iter().map(|piece| piece.below).sum();
        let mut all: Vec<T> = Vec::with_capacity(found.iter().map(|p| p.within.len()).sum());
        for piece in &found {
            all.extend_from_slice(&piece.within);
        }
        let inside = wanted
            .iter()
            .all(|&place| below <= place && place - below < all.len());
        if inside {
            let shifted: Vec<usize> = wanted.iter().map(|place| place - below).collect();
            select(&mut all, &shifted);
            for (to, &place) in out.iter_mut().zip(&shifted) {
                *to = all[place];
            }
        } else {
            of_short(row, wanted, &mut all, out);
        }
    }
}

/// A NaN of the row, if there is one.
fn nan_of<T: Numeric + Send + Sync>(row: &[T]) -> Option<T> {
    let any = |part: &[T]| {
        part.chunks(1024)
            .find(|block| block.iter().fold(false, |any, x| any | x.is_nan()))
            .and_then(|block| block.iter().find(|x| x.is_nan()).copied())
    };
    if row.len() <= PIECE {
        return any(row);
    }
    let mut found = vec![None; row.len().div_ceil(PIECE)];
    let slots = Parts(found.as_mut_ptr());
    threads::run_ranges(row.len(), PIECE, &|range| {
        let task = range.start / PIECE;
        // SAFETY: one slot for each task; the vector outlives the tasks.
        unsafe { *slots.at(task) = any(&row[range]) };
    });
    found.into_iter().flatten().next()
}

/// What a NaN does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nan {
    /// It makes all results of its row NaN.
    Spreads,
    /// It is larger than all numbers.
    Last,
}

/// # Safety
/// `rows * n` elements of `T` lie at `x`, and `rows * places.len()` may be written at `out`.
unsafe fn rows<T: Numeric + Send + Sync>(
    x: *const u8,
    out: *mut u8,
    [rows, n]: [usize; 2],
    places: &[usize],
    nan: Nan,
) {
    let (x, out) = (Parts(x.cast_mut().cast::<T>()), Parts(out.cast::<T>()));
    let many = places.len();
    let one = |row: usize, spare: &mut Vec<T>, long: bool| {
        // SAFETY: a row of the operand, and a row of the result that no other task has.
        let (row, out) = unsafe {
            (
                std::slice::from_raw_parts(x.at(row * n).cast_const(), n),
                std::slice::from_raw_parts_mut(out.at(row * many), many),
            )
        };
        if nan == Nan::Spreads
            && let Some(nan) = nan_of(row)
        {
            out.fill(nan);
        } else if long {
            of_long(row, places, out);
        } else {
            of_short(row, places, spare, out);
        }
    };
    // the threads share a long row, or each has rows of its own
    if n > 2 * PIECE && many <= 16 && T::DIGITS > 0 {
        for row in 0..rows {
            one(row, &mut Vec::new(), true);
        }
        return;
    }
    threads::run_ranges(rows, (PIECE / 4 / n.max(1)).max(1), &|range| {
        let mut spare = Vec::new();
        for row in range {
            one(row, &mut spare, false);
        }
    });
}

/// The elements that a sort of the last axis would put at these increasing places, in its place.
pub(crate) fn ranked(x: &Raw, places: &[usize], nan: Nan) -> Result<Raw> {
    explain::note("select", x.len(), || (x.dtype(), explain::Kind::Sort));
    let x = copy::contiguous(x)?;
    let mut shape = x.shape().to_vec();
    let Some(n) = shape.pop() else {
        return Ok(x);
    };
    shape.push(places.len());
    let out = memory::unwritten(&shape, x.dtype())?;
    let of: unsafe fn(*const u8, *mut u8, [usize; 2], &[usize], Nan) = match x.dtype() {
        DType::Bool | DType::U8 => rows::<u8>,
        DType::U16 => rows::<u16>,
        DType::U32 => rows::<u32>,
        DType::U64 => rows::<u64>,
        DType::I8 => rows::<i8>,
        DType::I16 => rows::<i16>,
        DType::I32 => rows::<i32>,
        DType::I64 => rows::<i64>,
        DType::F8E4M3 => rows::<Narrow<f8e4m3>>,
        DType::F8E5M2 => rows::<Narrow<f8e5m2>>,
        DType::F16 => rows::<Narrow<f16>>,
        DType::BF16 => rows::<Narrow<bf16>>,
        DType::F32 => rows::<f32>,
        DType::F64 => rows::<f64>,
        DType::C64 => rows::<Complex<f32>>,
        DType::C128 => rows::<Complex<f64>>,
    };
    debug_assert!(places.windows(2).all(|w| w[0] <= w[1]) && places.last() < Some(&n));
    if !out.is_empty() {
        let counts = [x.len() / n, n];
        // SAFETY: a contiguous tensor that a guard keeps, and a new one, of these dtypes.
        unsafe { of(x.ptr().cast_const(), out.ptr(), counts, places, nan) };
    }
    Ok(out)
}

/// Partitions rows where they lie.
///
/// # Safety
/// `rows * n` elements of `T` lie at `x`, which is ours alone.
unsafe fn partition_rows<T: Numeric>(x: *mut u8, [rows, n]: [usize; 2], places: &[usize]) {
    let x = Parts(x.cast::<T>());
    threads::run_ranges(rows, (PIECE / 4 / n.max(1)).max(1), &|range| {
        for row in range {
            // SAFETY: a row that no other task has.
            let row = unsafe { std::slice::from_raw_parts_mut(x.at(row * n), n) };
            select(row, places);
        }
    });
}

/// As [`partition_rows`], by codes of the values' own size.
///
/// # Safety
/// As of [`partition_rows`].
unsafe fn partition_coded<T: Numeric + Coded>(x: *mut u8, [rows, n]: [usize; 2], places: &[usize]) {
    let x = Parts(x.cast::<T::Bits>());
    threads::run_ranges(rows, (PIECE / 4 / n.max(1)).max(1), &|range| {
        for row in range {
            // SAFETY: a row that no other task has.
            let bits = unsafe { std::slice::from_raw_parts_mut(x.at(row * n), n) };
            if codes::is_plain::<T>(bits) {
                codes::as_codes::<T>(bits, |codes| kernels::sort::select(codes, places));
            } else {
                // SAFETY: the same row as what it holds.
                let row = unsafe { std::slice::from_raw_parts_mut(x.at(row * n).cast::<T>(), n) };
                select(row, places);
            }
        }
    });
}

/// A copy whose last axis has the elements at these increasing places where a sort would put them, smaller ones before, larger
/// ones behind.
pub(crate) fn partitioned(x: &Raw, places: &[usize]) -> Result<Raw> {
    explain::note("partition", x.len(), || (x.dtype(), explain::Kind::Sort));
    let out = copy::copied(x, x.dtype())?;
    let of: unsafe fn(*mut u8, [usize; 2], &[usize]) = match x.dtype() {
        DType::Bool | DType::U8 => partition_rows::<u8>,
        DType::U16 => partition_rows::<u16>,
        DType::U32 => partition_coded::<u32>,
        DType::U64 => partition_coded::<u64>,
        DType::I8 => partition_rows::<i8>,
        DType::I16 => partition_rows::<i16>,
        DType::I32 => partition_coded::<i32>,
        DType::I64 => partition_coded::<i64>,
        DType::F8E4M3 => partition_rows::<Narrow<f8e4m3>>,
        DType::F8E5M2 => partition_rows::<Narrow<f8e5m2>>,
        DType::F16 => partition_rows::<Narrow<f16>>,
        DType::BF16 => partition_rows::<Narrow<bf16>>,
        DType::F32 => partition_coded::<f32>,
        DType::F64 => partition_coded::<f64>,
        DType::C64 => partition_rows::<Complex<f32>>,
        DType::C128 => partition_rows::<Complex<f64>>,
    };
    if let Some(&n) = out.shape().last()
        && !out.is_empty()
    {
        debug_assert!(places.windows(2).all(|w| w[0] < w[1]) && places.last() < Some(&n));
        // SAFETY: a new contiguous tensor of this dtype.
        unsafe { of(out.ptr(), [out.len() / n, n], places) };
    }
    Ok(out)
}

/// The indices of [`partitioned`]; not of complex numbers, whose order is in no integer.
pub(crate) fn argpartitioned(x: &Raw, places: &[usize]) -> Result<Raw> {
    let of: unsafe fn(*const u8, *mut u8, [usize; 2], &[usize]) = match x.dtype() {
        DType::Bool | DType::U8 => argsort::partition_rows::<u8>,
        DType::U16 => argsort::partition_rows::<u16>,
        DType::U32 => argsort::partition_rows::<u32>,
        DType::U64 => argsort::partition_rows::<u64>,
        DType::I8 => argsort::partition_rows::<i8>,
        DType::I16 => argsort::partition_rows::<i16>,
        DType::I32 => argsort::partition_rows::<i32>,
        DType::I64 => argsort::partition_rows::<i64>,
        DType::F8E4M3 => argsort::partition_rows::<Narrow<f8e4m3>>,
        DType::F8E5M2 => argsort::partition_rows::<Narrow<f8e5m2>>,
        DType::F16 => argsort::partition_rows::<Narrow<f16>>,
        DType::BF16 => argsort::partition_rows::<Narrow<bf16>>,
        DType::F32 => argsort::partition_rows::<f32>,
        DType::F64 => argsort::partition_rows::<f64>,
        DType::C64 | DType::C128 => {
            return Err(Error::dtype("argpartition", "takes real numbers").dtypes(&[x.dtype()]));
        }
    };
    explain::note("argpartition", x.len(), || (x.dtype(), explain::Kind::Sort));
    let x = copy::contiguous(x)?;
    let out = memory::unwritten(x.shape(), DType::I64)?;
    if let Some(&n) = x.shape().last()
        && !x.is_empty()
    {
        debug_assert!(places.windows(2).all(|w| w[0] < w[1]) && places.last() < Some(&n));
        // SAFETY: a contiguous tensor that a guard keeps, of this dtype, and a new one of as many indices.
        unsafe { of(x.ptr().cast_const(), out.ptr(), [x.len() / n, n], places) };
    }
    Ok(out)
}
