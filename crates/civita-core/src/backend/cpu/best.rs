//! The first few elements in sorted order, in one pass that reads each element once.
//!
//! ```text
//! for each piece, on any thread:
//!   bound = the code of the k-th best so far; blocks in which no code is below it are passed over
//!   else the codes below it, with their indices, join the candidates; when there are 2 k, the best k stay
//! the candidates of all pieces: the best k, sorted
//! ```
//!
//! Of random elements some `k log(n / k)` become candidates. Equal elements keep the order of their indices.

use half::{bf16, f16};

use super::sort::{Item, Narrow};
use super::{copy, memory};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::explain;
use crate::float8::{f8e4m3, f8e5m2};
use crate::primitive::Direction;
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements of a task.
const PIECE: usize = 1 << 16;
/// Elements that are looked at together.
const BLOCK: usize = 64;

/// A code, turned so that the best is the least, and the index of its element.
type Candidate = (u64, usize);

/// Keeps the best `k`.
fn keep(candidates: &mut Vec<Candidate>, k: usize) {
    if candidates.len() > k {
        candidates.select_nth_unstable(k - 1);
        candidates.truncate(k);
    }
}

/// The best `k` of elements whose first has this index.
fn of_piece<T: Item>(values: &[T], first: usize, k: usize, flip: u64) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::with_capacity((2 * k).min(values.len()) + BLOCK);
    let start = k.min(values.len());
    let code = |x: T| x.digits() ^ flip;
    candidates.extend(
        values[..start]
            .iter()
            .enumerate()
            .map(|(i, &x)| (code(x), first + i)),
    );
    let mut bound = candidates.iter().map(|c| c.0).max().unwrap_or(u64::MAX);
    for (number, block) in values[start..].chunks(BLOCK).enumerate() {
        // an equal element that comes later is behind
        if !block.iter().fold(false, |any, &x| any | (code(x) < bound)) {
            continue;
        }
        let first = first + start + number * BLOCK;
        for (i, &x) in block.iter().enumerate() {
            if code(x) < bound {
                candidates.push((code(x), first + i));
            }
        }
        if candidates.len() >= 2 * k {
            keep(&mut candidates, k);
            bound = candidates.iter().map(|c| c.0).max().unwrap_or(u64::MAX);
        }
    }
    keep(&mut candidates, k);
    candidates
}

/// # Safety
/// `n` elements of `T` lie at `values`, which nobody writes, and `k` `i64` at `out`, which are ours alone.
unsafe fn best_of<T: Item + Send + Sync>(
    values: *const u8,
    n: usize,
    k: usize,
    flip: u64,
    out: *mut u8,
) {
    // SAFETY: the caller's contract.
    let values = unsafe { std::slice::from_raw_parts(values.cast::<T>(), n) };
    let mut found = vec![Vec::new(); n.div_ceil(PIECE)];
    let places = Parts(found.as_mut_ptr());
    threads::run_ranges(n, PIECE, &|range| {
        let (number, first) = (range.start / PIECE, range.start);
        let piece = of_piece(&values[range], first, k, flip);
        // SAFETY: a place of this task's own.
        unsafe { *places.at(number) = piece };
    });
    let mut all = found.concat();
    keep(&mut all, k);
    all.sort_unstable();
    for (i, (_, index)) in all.into_iter().enumerate() {
        // SAFETY: one of `k` places.
        unsafe { *out.cast::<i64>().add(i) = index as i64 };
    }
}

/// The indices of the `k` first elements of a vector of real numbers in a direction, in order.
pub(crate) fn best(x: &Raw, k: usize, direction: Direction) -> Result<Raw> {
    let flip = match direction {
        Direction::Ascending => 0,
        Direction::Descending => !0,
    };
    let of: unsafe fn(*const u8, usize, usize, u64, *mut u8) = match x.dtype() {
        DType::Bool | DType::U8 => best_of::<u8>,
        DType::U16 => best_of::<u16>,
        DType::U32 => best_of::<u32>,
        DType::U64 => best_of::<u64>,
        DType::I8 => best_of::<i8>,
        DType::I16 => best_of::<i16>,
        DType::I32 => best_of::<i32>,
        DType::I64 => best_of::<i64>,
        DType::F8E4M3 => best_of::<Narrow<f8e4m3>>,
        DType::F8E5M2 => best_of::<Narrow<f8e5m2>>,
        DType::F16 => best_of::<Narrow<f16>>,
        DType::BF16 => best_of::<Narrow<bf16>>,
        DType::F32 => best_of::<f32>,
        DType::F64 => best_of::<f64>,
        complex @ (DType::C64 | DType::C128) => {
            return Err(Error::dtype("topk", "takes real numbers").dtypes(&[complex]));
        }
    };
    let x = copy::contiguous(x)?;
    let out = memory::unwritten(&[k], DType::I64)?;
    explain::note("topk", x.len(), || (x.dtype(), explain::Kind::Sort));
    // SAFETY: a contiguous vector of this dtype under the guard, and new memory.
    unsafe { of(x.ptr().cast_const(), x.len(), k, flip, out.ptr()) };
    Ok(out)
}
