//! Stable sorts of rows.
//!
//! ```text
//! bring the axis to the end, copy
//! for each row, on any thread:
//!   code(x) = an unsigned integer in the order of x: signs turned, NaN the largest, -0 as 0
//!   8 and 16 bits: count the codes; 32 and 64 bits: radix sort by bytes that differ; short rows: the library's sort
//!   values alone of 32 and 64 bits: `codes`; their indices: `argsort`
//! ```
//!
//! A row that is sorted already, or strictly the other way round, is found so in one pass that stops where it is not.
//!
//! What moves are the elements themselves, or elements with their indices: a radix sort is stable, so NaN payloads and the
//! order of -0 and 0 survive, and equal elements keep their indices in order.

use half::{bf16, f16};
use num_complex::Complex;

use super::codes::{self, Coded};
use super::{argsort, copy, memory};
use crate::dtype::{DType, Element};
use crate::error::Result;
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::isa::{Isa, Wide, wide};
use crate::primitive::{Direction, Outputs, Sort, Sorted};
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements of a task.
const PIECE: usize = 1 << 13;
/// Below so many elements the library's sort is faster than passes over histograms.
const SHORT: usize = 256;

/// What can be sorted.
pub(super) trait Item: Copy {
    /// An integer in NumPy's order of the elements.
    type Code: Ord + Copy;
    /// How many bytes of it [`Item::digits`] holds; 0 where a radix sort does not pay.
    const DIGITS: usize;
    fn code(self) -> Self::Code;
    /// The code as a number.
    fn digits(self) -> u64;
}

macro_rules! items { ($($T:ty, $Code:ty: |$x:ident| $code:expr;)*) => { $(
    impl Item for $T {
        type Code = $Code;
        const DIGITS: usize = size_of::<$Code>();
        #[inline(always)]
        fn code(self) -> $Code {
            let $x = self;
            $code
        }
        #[inline(always)]
        fn digits(self) -> u64 {
            self.code().into()
        }
    }
)* } }
items! {
    u8, u8: |x| x;
    u16, u16: |x| x;
    u32, u32: |x| x;
    u64, u64: |x| x;
    i8, u8: |x| x as u8 ^ 1 << 7;
    i16, u16: |x| x as u16 ^ 1 << 15;
    i32, u32: |x| x as u32 ^ 1 << 31;
    i64, u64: |x| x as u64 ^ 1 << 63;
    f32, u32: |x| {
        let bits = (x + 0.0).to_bits(); // -0 becomes 0
        let mask = ((bits as i32 >> 31) as u32) | 1 << 31;
        if x.is_nan() { u32::MAX } else { bits ^ mask }
    };
    f64, u64: |x| {
        let bits = (x + 0.0).to_bits();
        let mask = ((bits as i64 >> 63) as u64) | 1 << 63;
        if x.is_nan() { u64::MAX } else { bits ^ mask }
    };
    Narrow<f8e4m3>, u8: |x| narrow_code(x.0.to_bits(), 0x7e);
    Narrow<f8e5m2>, u8: |x| narrow_code(x.0.to_bits(), 0x7c);
    Narrow<f16>, u16: |x| half_code(x.0.to_bits(), 0x7c00);
    Narrow<bf16>, u16: |x| half_code(x.0.to_bits(), 0x7f80);
}

/// A float of 8 or 16 bits.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Narrow<T>(T);

/// `last` is the largest that is a number, infinity or not.
#[inline(always)]
fn narrow_code(bits: u8, last: u8) -> u8 {
    let size = bits & 0x7f;
    match size {
        0 => 1 << 7,
        _ if size > last => u8::MAX,
        _ => bits ^ (((bits as i8 >> 7) as u8) | 1 << 7),
    }
}

#[inline(always)]
fn half_code(bits: u16, infinity: u16) -> u16 {
    let size = bits & 0x7fff;
    match size {
        0 => 1 << 15,
        _ if size > infinity => u16::MAX,
        _ => bits ^ (((bits as i16 >> 15) as u16) | 1 << 15),
    }
}

/// Those with a NaN last, first by which part it is, then by the parts.
macro_rules! complex_items { ($($T:ty, $Part:ty;)*) => { $(
    impl Item for Complex<$T> {
        type Code = (bool, bool, $Part, $Part);
        const DIGITS: usize = 0;
        #[inline(always)]
        fn code(self) -> Self::Code {
            (self.re.is_nan(), self.im.is_nan(), self.re.code(), self.im.code())
        }
        fn digits(self) -> u64 {
            0
        }
    }
)* } }
complex_items! {
    f32, u32;
    f64, u64;
}

/// An element with its index.
#[derive(Clone, Copy)]
struct Numbered<T, I>(T, I);
impl<T: Item, I: Copy> Item for Numbered<T, I> {
    type Code = T::Code;
    const DIGITS: usize = T::DIGITS;
    #[inline(always)]
    fn code(self) -> T::Code {
        self.0.code()
    }
    #[inline(always)]
    fn digits(self) -> u64 {
        self.0.digits()
    }
}

/// How a row lies that needs no sort.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lies {
    /// Each element comes no later than the next.
    Sorted,
    /// Each element comes after the next: none equal, so that the sort is stable.
    Reversed,
}

/// Elements that are compared with the next before it is asked whether one was out of order; shorter rows are sorted.
const LOOK: usize = 64;
/// The same at the beginning: those of most rows tell.
const FIRST_LOOK: usize = 4;

/// Whether a row lies so that it needs no sort.
fn lies<T: Item>(row: &[T], direction: Direction) -> Option<Lies> {
    /// Whether the function says true of no two neighbours.
    struct NoPair<'a, T, F>(&'a [T], F);
    impl<T: Item, F: Fn(T::Code, T::Code) -> bool> Wide for NoPair<'_, T, F> {
        type Out = bool;
        #[inline(always)]
        fn run<I: Isa>(self) -> bool {
            let NoPair(mut row, is_wrong) = self;
            let mut look = FIRST_LOOK;
            while row.len() > 1 {
                let n = look.min(row.len() - 1);
                look = LOOK;
                let pairs = row[..n].iter().zip(&row[1..=n]);
                if pairs.fold(false, |any, (a, b)| any | is_wrong(a.code(), b.code())) {
                    return false;
                }
                row = &row[n..];
            }
            true
        }
    }
    let [first, second, ..] = row else {
        return None;
    };
    if row.len() < LOOK {
        return None;
    }
    // the first two say which it may be
    let (first, second) = (first.code(), second.code());
    let (is, lies) = match direction {
        Direction::Ascending if first <= second => (wide(NoPair(row, |a, b| a > b)), Lies::Sorted),
        Direction::Ascending => (wide(NoPair(row, |a, b| a <= b)), Lies::Reversed),
        Direction::Descending if first >= second => (wide(NoPair(row, |a, b| a < b)), Lies::Sorted),
        Direction::Descending => (wide(NoPair(row, |a, b| a >= b)), Lies::Reversed),
    };
    is.then_some(lies)
}

/// Sorts `data`; `spare` is memory that is used and grown as needed.
fn sort_row<E: Item>(data: &mut [E], spare: &mut Vec<E>, direction: Direction) {
    if E::DIGITS == 0 || data.len() < SHORT {
        return match direction {
            Direction::Ascending => data.sort_by_key(|x| x.code()),
            Direction::Descending => data.sort_by_key(|x| std::cmp::Reverse(x.code())),
        };
    }
    let flip = match direction {
        Direction::Ascending => 0,
        Direction::Descending => !0,
    };
    spare.clear();
    spare.extend_from_slice(data);
    radix(data, spare, flip);
}

/// Moves the elements by each byte of their codes, from the last to the first. `spare` is as long as `data` and, on entry,
/// equal to it.
pub(super) fn radix<E: Item>(data: &mut [E], spare: &mut [E], flip: u64) {
    let mut counts = vec![[0usize; 256]; E::DIGITS];
    for x in data.iter() {
        let digits = x.digits() ^ flip;
        for (d, counts) in counts.iter_mut().enumerate() {
            counts[(digits >> (8 * d) & 0xff) as usize] += 1;
        }
    }
    let (mut from, mut to) = (&mut *data, &mut *spare);
    let mut swapped = false;
    for (d, counts) in counts.iter_mut().enumerate() {
        // a byte that all share moves nothing
        if counts.contains(&from.len()) {
            continue;
        }
        let mut at = 0;
        for count in counts.iter_mut() {
            (*count, at) = (at, at + *count);
        }
        for x in from.iter() {
            let place = &mut counts[((x.digits() ^ flip) >> (8 * d) & 0xff) as usize];
            to[*place] = *x;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
        swapped = !swapped;
    }
    if swapped {
        to.copy_from_slice(from);
    }
}

/// Sorts a row that [`lies`] knows, where it lies, and writes the indices that sort it. False, and nothing done, where it is another.
pub(super) fn known<T: Item>(values: &mut [T], indices: Option<&mut [i64]>, p: &Sort) -> bool {
    let Some(lies) = lies(values, p.direction) else {
        return false;
    };
    if lies == Lies::Reversed && p.outputs != Sorted::Indices {
        values.reverse();
    }
    if let Some(indices) = indices {
        let last = indices.len() as i64 - 1;
        for (i, to) in (0..).zip(indices) {
            *to = match lies {
                Lies::Sorted => i,
                Lies::Reversed => last - i,
            };
        }
    }
    true
}

/// Sorts rows of `n` elements where they lie, or writes the indices that sort them, or both.
///
/// # Safety
/// `rows * n` elements of `T` lie at `values`, and as many `i64` at `indices` if there are any; both are ours alone.
unsafe fn rows<T: Item>(
    values: *mut u8,
    indices: Option<*mut u8>,
    [rows, n]: [usize; 2],
    p: &Sort,
) -> Result<()> {
    let values = Parts(values.cast::<T>());
    let indices = indices.map(|i| Parts(i.cast::<i64>()));
    threads::run_ranges(rows, (PIECE / n.max(1)).max(1), &|range| {
        let mut spare = Vec::new();
        let (mut small, mut small_spare) = (Vec::new(), Vec::new());
        let (mut large, mut large_spare) = (Vec::new(), Vec::new());
        for row in range {
            // SAFETY: a row that no other task has.
            let row_values = unsafe { std::slice::from_raw_parts_mut(values.at(row * n), n) };
            let Some(indices) = &indices else {
                if !known(row_values, None, p) {
                    sort_row(row_values, &mut spare, p.direction);
                }
                continue;
            };
            // SAFETY: as above.
            let row_indices = unsafe { std::slice::from_raw_parts_mut(indices.at(row * n), n) };
            if known(row_values, Some(row_indices), p) {
                continue;
            }
            if u32::try_from(n).is_ok() {
                let number = |i: usize| i as u32;
                numbered(
                    row_values,
                    row_indices,
                    number,
                    i64::from,
                    (&mut small, &mut small_spare),
                    p,
                );
            } else {
                let number = |i: usize| i as i64;
                numbered(
                    row_values,
                    row_indices,
                    number,
                    |i| i,
                    (&mut large, &mut large_spare),
                    p,
                );
            }
        }
    });
    Ok(())
}

/// As [`rows`], where the values have codes of their own size.
///
/// # Safety
/// As of [`rows`].
unsafe fn coded_rows<T: Item + Coded + Element>(
    values: *mut u8,
    indices: Option<*mut u8>,
    [rows, n]: [usize; 2],
    p: &Sort,
) -> Result<()> {
    if let Some(indices) = indices {
        // SAFETY: the caller's contract.
        return unsafe { argsort::rows::<T>(values, indices, [rows, n], p) };
    }
    let values = Parts(values.cast::<T::Bits>());
    let one = |row: usize, sort: &mut dyn FnMut(&mut [T::Bits])| {
        // SAFETY: a row that no other task has; each as what it holds.
        let own = unsafe { std::slice::from_raw_parts_mut(values.at(row * n).cast::<T>(), n) };
        if known(own, None, p) {
            return;
        }
        // SAFETY: as above.
        let bits = unsafe { std::slice::from_raw_parts_mut(values.at(row * n), n) };
        if !codes::is_plain::<T>(bits) {
            // SAFETY: the same row as what it holds.
            let row = unsafe { std::slice::from_raw_parts_mut(values.at(row * n).cast::<T>(), n) };
            return sort_row(row, &mut Vec::new(), p.direction);
        }
        sort(bits);
        if p.direction == Direction::Descending {
            bits.reverse();
        }
    };
    // the threads share a long row, or each has rows of its own
    if rows < threads::threads() && codes::is_long(n) {
        for row in 0..rows {
            one(row, &mut codes::sort_long::<T>);
        }
        return Ok(());
    }
    threads::run_ranges(rows, (PIECE / n.max(1)).max(1), &|range| {
        let mut spare = Vec::new();
        for row in range {
            one(row, &mut |bits| codes::sort_bits::<T>(bits, &mut spare));
        }
    });
    Ok(())
}

/// Codes with their places.
type Pairs<T, I> = Vec<Numbered<T, I>>;

fn numbered<T: Item, I: Copy>(
    values: &mut [T],
    indices: &mut [i64],
    number: impl Fn(usize) -> I,
    index: impl Fn(I) -> i64,
    (pairs, spare): (&mut Pairs<T, I>, &mut Pairs<T, I>),
    p: &Sort,
) {
    pairs.clear();
    pairs.extend(
        values
            .iter()
            .enumerate()
            .map(|(i, &x)| Numbered(x, number(i))),
    );
    sort_row(pairs, spare, p.direction);
    for (to, Numbered(_, i)) in indices.iter_mut().zip(pairs.iter()) {
        *to = index(*i);
    }
    if p.outputs == Sorted::Both {
        for (to, Numbered(x, _)) in values.iter_mut().zip(pairs.iter()) {
            *to = *x;
        }
    }
}

/// The same memory with the last axis at this place, or the other way round.
fn moved(x: &Raw, from: usize, to: usize) -> Result<Raw> {
    let mut order: Vec<usize> = (0..x.layout().rank()).collect();
    let axis = order.remove(from);
    order.insert(to, axis);
    let order: Vec<isize> = order.into_iter().map(|axis| axis as isize).collect();
    Ok(x.with_layout(x.layout().permute(&order)?))
}

/// The values, the indices, or both.
pub(super) fn sort(p: &Sort, x: &Raw) -> Result<Outputs<Raw>> {
    explain::note("sort", x.len(), || (x.dtype(), explain::Kind::Sort));
    let last = x.layout().rank() - 1;
    // new memory with the axis last, sorted where it lies
    let values = copy::copied(&moved(x, p.axis, last)?, x.dtype())?;
    let indices = match p.outputs {
        Sorted::Values => None,
        Sorted::Indices | Sorted::Both => Some(memory::unwritten(values.shape(), DType::I64)?),
    };
    let n = values.shape()[last];
    let at = indices.as_ref().map(Raw::ptr);
    let of: unsafe fn(*mut u8, Option<*mut u8>, [usize; 2], &Sort) -> Result<()> = match x.dtype() {
        DType::Bool | DType::U8 => rows::<u8>,
        DType::U16 => rows::<u16>,
        DType::U32 => coded_rows::<u32>,
        DType::U64 => coded_rows::<u64>,
        DType::I8 => rows::<i8>,
        DType::I16 => rows::<i16>,
        DType::I32 => coded_rows::<i32>,
        DType::I64 => coded_rows::<i64>,
        DType::F8E4M3 => rows::<Narrow<f8e4m3>>,
        DType::F8E5M2 => rows::<Narrow<f8e5m2>>,
        DType::F16 => rows::<Narrow<f16>>,
        DType::BF16 => rows::<Narrow<bf16>>,
        DType::F32 => coded_rows::<f32>,
        DType::F64 => coded_rows::<f64>,
        DType::C64 => rows::<Complex<f32>>,
        DType::C128 => rows::<Complex<f64>>,
    };
    if !values.is_empty() {
        // SAFETY: both are new, contiguous and of these dtypes.
        unsafe { of(values.ptr(), at, [values.len() / n, n], p)? };
    }
    let back = |y: Raw| -> Result<Raw> {
        if p.axis == last {
            return Ok(y);
        }
        let y = moved(&y, last, p.axis)?;
        copy::copied(&y, y.dtype())
    };
    Ok(match (p.outputs, indices) {
        (Sorted::Indices, Some(indices)) => Outputs::One(back(indices)?),
        (_, Some(indices)) => Outputs::Several(vec![back(values)?, back(indices)?]),
        (_, None) => Outputs::One(back(values)?),
    })
}
