//! The index of an extreme.
//!
//! Rows of contiguous elements are searched block by block: the extreme of a block with the vector fold, and only the
//! block that holds the best one is looked through for its place.

use std::marker::PhantomData;

use num_complex::Complex;

use super::{Call, copy, memory, repeated};
use crate::backend::Number;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::kernels::Slot;
use crate::kernels::fold::folding;
use crate::kernels::lane::{B8, Compare};
use crate::layout::KeepDims;
use crate::ops::Fold;
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Elements of a piece, of which one is looked through.
const PIECE: usize = 1 << 12;
/// Elements of a task.
const TASK: usize = 1 << 15;

/// Writes the index of the first of `n` elements that is equal to the second input, or NaN if that is, as `u64`; `n` if
/// there is none.
struct Find<T>(PhantomData<T>);
impl<T: Compare> Body for Find<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, value, _]: [*const u8; 3], out: *mut u8) {
        const STEP: usize = 64;
        let x = x.cast::<T>();
        // SAFETY: `n` elements, one value, one index.
        unsafe {
            let value = *value.cast::<T>();
            let hit = |i: usize| {
                let v = *x.add(i);
                v.equal(value) | (v.is_nan() & value.is_nan())
            };
            let mut i = 0;
            while i + STEP <= n {
                let mut any = false;
                for k in 0..STEP {
                    any |= hit(i + k);
                }
                if any {
                    break;
                }
                i += STEP;
            }
            // the least of the places, not the first found: that has no branches, and vector instructions
            let many = STEP.min(n - i);
            let mut first = many as u32;
            for k in 0..many {
                first = first.min(if hit(i + k) { k as u32 } else { many as u32 });
            }
            *out.cast::<u64>() = (i + first as usize) as u64;
        }
    }
}

fn find(dtype: DType) -> Kernel {
    macro_rules! table {
        ($($D:ident $t:ty),*) => {
            match dtype {
                $(DType::$D => Shells::<Find<$t>>::BY_LEVEL[level() as usize],)*
                DType::F8E4M3 | DType::F8E5M2 | DType::F16 | DType::BF16 => find(DType::F32),
            }
        };
    }
    table!(Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64,
        C64 Complex<f32>, C128 Complex<f64>)
}

/// Rows whose columns are searched at once.
#[repr(C)]
struct Rows {
    count: usize,
    /// Elements from one to the next.
    stride: isize,
    /// The best of each column so far; before the first row anything.
    best: *mut u8,
}

/// Writes the row of the extreme of each of `n` columns, as `i64`: of equal ones the first, and the first NaN before all.
struct Across<T, const MAX: bool>(PhantomData<T>);
impl<T: Compare, const MAX: bool> Body for Across<T, MAX> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, rows, _]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn row<T: Compare, const MAX: bool>(
            r: i64,
            x: *const T,
            best: &mut [T],
            index: &mut [i64],
        ) {
            for (c, (best, index)) in best.iter_mut().zip(index).enumerate() {
                // SAFETY: the row has as many columns as there are places.
                let v = unsafe { *x.add(c) };
                let beats = if MAX { best.less(v) } else { v.less(*best) };
                let better = (beats | v.is_nan()) & !best.is_nan();
                *best = if better { v } else { *best };
                *index = if better { r } else { *index };
            }
        }
        // SAFETY: `Rows` with a row at least; as many places as columns.
        unsafe {
            let Rows {
                count,
                stride,
                best,
            } = rows.cast::<Rows>().read();
            let (x, best) = (x.cast::<T>(), best.cast::<T>());
            best.copy_from_nonoverlapping(x, n);
            let best = std::slice::from_raw_parts_mut(best, n);
            let index = std::slice::from_raw_parts_mut(out.cast::<i64>(), n);
            index.fill(0);
            for r in 1..count {
                row::<T, MAX>(r as i64, x.offset(r as isize * stride), best, index);
            }
        }
    }
}

fn across(fold: Fold, dtype: DType) -> Kernel {
    macro_rules! table {
        ($($D:ident $t:ty),*) => {
            match (dtype, fold) {
                $((DType::$D, Fold::Max) => Shells::<Across<$t, true>>::BY_LEVEL[level() as usize],
                (DType::$D, _) => Shells::<Across<$t, false>>::BY_LEVEL[level() as usize],)*
                (DType::F8E4M3 | DType::F8E5M2 | DType::F16 | DType::BF16, _) => across(fold, DType::F32),
            }
        };
    }
    table!(Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64,
        C64 Complex<f32>, C128 Complex<f64>)
}

/// Pieces that [`whole`] looks at: as many as one task.
const FEW: usize = TASK / PIECE;

/// The index of the extreme of all of a few contiguous pieces, without rows and tasks.
pub(super) fn whole(fold: Fold, x: &Raw, to: &mut Number) -> Option<()> {
    if x.len() > TASK || x.dtype() != x.dtype().compute() || !x.layout().is_contiguous() {
        return None;
    }
    let folding = folding(fold, x.dtype())?;
    let (n, size, find) = (x.len(), x.dtype().size(), find(x.dtype()));
    let at = |piece: usize| x.ptr().wrapping_add(piece * PIECE * size).cast_const();
    let many = |piece: usize| PIECE.min(n - piece * PIECE);
    let pieces = n.div_ceil(PIECE);
    let mut best = [const { std::mem::MaybeUninit::<Slot>::uninit() }; FEW];
    let mut value = folding.identity;
    // SAFETY: the elements of a contiguous tensor that nobody writes; accumulators, of which the first `pieces` are
    // written; one index.
    let found = unsafe {
        for (piece, best) in best[..pieces].iter_mut().enumerate() {
            let to = best.write(folding.identity).at_mut();
            (folding.along)(many(piece), [at(piece); 3], to);
            (folding.merge)(1, [to.cast_const(); 3], value.at_mut());
        }
        let value = value.at();
        // the first piece whose extreme it is holds the first such element
        let holds = |piece: usize| {
            let mut index = 1u64;
            find(
                1,
                [best[piece].as_ptr().cast(), value, value],
                (&raw mut index).cast(),
            );
            index == 0
        };
        let last = pieces.saturating_sub(1);
        let piece = (0..last).find(|&piece| holds(piece)).unwrap_or(last);
        let mut index = 0u64;
        let from = at(piece);
        find(many(piece), [from, value, from], (&raw mut index).cast());
        ((piece * PIECE) as i64 + index as i64).min(n as i64 - 1)
    };
    to.set_index(found);
    Some(())
}

pub(super) fn arg(fold: Fold, x: &Raw, call: &Call<'_>) -> Result<Raw> {
    let name = "argmax";
    // over all axes the index counts elements in C order; over one axis along it
    let all = call.axes.len() == x.rank();
    let lane = x.dtype().compute();
    let mut found = Number::EMPTY;
    if all && whole(fold, x, &mut found).is_some() {
        return found.tensor(call.rank(x));
    }
    let rows = copy::cast(x, lane)?;
    if let Some(columns) = Columns::of(&rows, call) {
        return columns.search(fold, lane, &rows, x, call);
    }
    let rows = if all {
        memory::reshaped(&rows, &[1, x.len()])?
    } else {
        rows.with_layout(rows.layout().move_axis(call.axes[0] as isize, -1)?)
    };
    let rows = copy::contiguous(&rows)?;
    let Some(folding) = folding(fold, lane) else {
        return Err(Error::dtype(name, format!("takes no {}", x.dtype())));
    };
    let (n, size, find) = (call.count, lane.size(), find(lane));
    let outputs = rows.len().checked_div(n).unwrap_or(0);
    let kept = crate::layout::reduced_shape(x.shape(), call.axes, KeepDims::Yes);
    let out = memory::unwritten(&kept, DType::I64)?;
    if n <= PIECE {
        let (from, to) = (Parts(rows.ptr()), Parts(out.ptr().cast::<i64>()));
        threads::run_ranges(outputs, (TASK / n.max(1)).max(1), &|range| {
            for row in range {
                let at = from.at(row * n * size).cast_const();
                let mut value = folding.identity;
                let mut index = 0u64;
                // SAFETY: a row and one result.
                unsafe {
                    (folding.along)(n, [at; 3], value.at_mut());
                    find(n, [at, value.at(), at], (&raw mut index).cast());
                    *to.at(row) = (index as i64).min(n as i64 - 1);
                }
            }
        });
        return call.finish(out);
    }
    // one row may be longer than a task: its pieces have extremes of their own, the first of the best wins
    let pieces = n.div_ceil(PIECE);
    let mut best = repeated(folding.identity, outputs * pieces)?;
    let (from, bests, to) = (
        Parts(rows.ptr()),
        Parts(best.as_mut_ptr()),
        Parts(out.ptr().cast::<i64>()),
    );
    threads::run_ranges(outputs * pieces, TASK / PIECE, &|range| {
        for task in range {
            let (row, piece) = (task / pieces, task % pieces);
            let at = from.at((row * n + piece * PIECE) * size).cast_const();
            let many = PIECE.min(n - piece * PIECE);
            // SAFETY: a piece, and an accumulator that holds the identity, of this task alone.
            unsafe { (folding.along)(many, [at; 3], bests.at(task).cast()) };
        }
    });
    threads::run_ranges(outputs, (TASK / n).max(1), &|range| {
        for row in range {
            // SAFETY: the row and its extremes; one result.
            unsafe {
                let mut value = folding.identity;
                for p in 0..pieces {
                    (folding.merge)(
                        1,
                        [bests.at(row * pieces + p).cast::<u8>().cast_const(); 3],
                        value.at_mut(),
                    );
                }
                // the first piece whose extreme it is holds the first such element
                let mut index = 1u64;
                let mut piece = 0;
                while piece + 1 < pieces {
                    find(
                        1,
                        [
                            bests.at(row * pieces + piece).cast::<u8>().cast_const(),
                            value.at(),
                            value.at(),
                        ],
                        (&raw mut index).cast(),
                    );
                    if index == 0 {
                        break;
                    }
                    piece += 1;
                }
                let (start, many) = (piece * PIECE, PIECE.min(n - piece * PIECE));
                find(
                    many,
                    [
                        from.at((row * n + start) * size).cast_const(),
                        value.at(),
                        value.at(),
                    ],
                    (&raw mut index).cast(),
                );
                *to.at(row) = (start as i64 + index as i64).min(n as i64 - 1);
            }
        }
    });
    call.finish(out)
}

/// Columns that lie side by side, searched row by row: reading them one by one would be a transposition.
struct Columns {
    outer: usize,
    rows: usize,
    columns: usize,
    /// Elements from one row to the next.
    stride: isize,
}

/// Columns of a tile: their extremes and indices stay in L1.
const TILE: usize = 1 << 10;
/// Fewer are not worth a kernel's vectors.
const FEWEST: usize = 8;

impl Columns {
    /// None when the elements along the axis are what lies side by side.
    fn of(x: &Raw, call: &Call<'_>) -> Option<Columns> {
        let (&[axis], rows) = (call.axes, call.count) else {
            return None;
        };
        let (shape, strides) = (x.shape(), x.layout().strides());
        let found = if x.layout().is_contiguous() {
            let columns = shape[axis + 1..].iter().product();
            Columns {
                outer: shape[..axis].iter().product(),
                rows,
                columns,
                stride: columns as isize,
            }
        } else if x.rank() == 2 && strides[1 - axis] == 1 {
            Columns {
                outer: 1,
                rows,
                columns: shape[1 - axis],
                stride: strides[axis],
            }
        } else {
            return None;
        };
        (found.columns >= FEWEST && rows > 0 && found.outer > 0).then_some(found)
    }

    fn search(&self, fold: Fold, lane: DType, rows: &Raw, x: &Raw, call: &Call<'_>) -> Result<Raw> {
        let kept = crate::layout::reduced_shape(x.shape(), call.axes, KeepDims::Yes);
        let out = memory::unwritten(&kept, DType::I64)?;
        let (kernel, size) = (across(fold, lane), lane.size());
        let (from, to) = (Parts(rows.ptr()), Parts(out.ptr().cast::<i64>()));
        let tiles = self.columns.div_ceil(TILE);
        let group = (TASK / (self.rows * self.columns.min(TILE))).max(1);
        threads::run_ranges(self.outer * tiles, group, &|range| {
            let mut best = [const { std::mem::MaybeUninit::<Slot>::uninit() }; TILE];
            for task in range {
                let (outer, first) = (task / tiles, task % tiles * TILE);
                let at = from.at((outer * self.rows * self.columns + first) * size);
                let places = Rows {
                    count: self.rows,
                    stride: self.stride,
                    best: best.as_mut_ptr().cast(),
                };
                let n = TILE.min(self.columns - first);
                // SAFETY: columns of the tensor, and their results, of this task alone; a lane has at most the size of
                // a `Slot`.
                unsafe {
                    let at = at.cast_const();
                    let to = to.at(outer * self.columns + first);
                    kernel(n, [at, (&raw const places).cast(), at], to.cast());
                }
            }
        });
        call.finish(out)
    }
}
