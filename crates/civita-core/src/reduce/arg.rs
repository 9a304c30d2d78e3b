//! The index of an extreme.
//!
//! Rows of contiguous elements are searched block by block: the extreme of a block with the vector fold, and only the
//! block that holds the best one is looked through for its place.

use std::marker::PhantomData;

use num_complex::Complex;

use super::Call;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::kernels::fold::{Folding, folding};
use crate::kernels::lane::{B8, Compare};
use crate::layout::KeepDims;
use crate::ops::Fold;
use crate::raw::Raw;
use crate::storage::guard;
use crate::threads::{self, Parts};

/// Elements that are folded at once, and of a piece, of which one is looked through.
const BLOCK: usize = 1 << 12;
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
            while i < n && !hit(i) {
                i += 1;
            }
            *out.cast::<u64>() = i as u64;
        }
    }
}

fn find(dtype: DType) -> Kernel {
    macro_rules! table {
        ($($D:ident $t:ty),*) => {
            match dtype {
                $(DType::$D => Shells::<Find<$t>>::BY_LEVEL[level() as usize],)*
                DType::F16 | DType::BF16 => find(DType::F32),
            }
        };
    }
    table!(Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64,
        C64 Complex<f32>, C128 Complex<f64>)
}

/// An element of any lane, where kernels may read and write it.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Value([u8; 16]);

pub(crate) fn argmax(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    arg(Fold::Max, x, call)
}

pub(crate) fn argmin(x: &Raw, call: &Call<'_>) -> Result<Raw> {
    arg(Fold::Min, x, call)
}

/// Pieces that [`short`] looks at: as many as one task.
const FEW: usize = TASK / PIECE;

/// The index in a few contiguous pieces, without rows and tasks.
fn short(folding: &Folding, x: &Raw, call: &Call<'_>) -> Result<Raw> {
    let shape = crate::layout::reduced_shape(x.shape(), &call.axes, call.options.keepdims);
    let out = Raw::unwritten(&shape, DType::I64)?.in_world_of(x)?;
    let guard = guard::acquire(&[x.storage()], &[]);
    let (n, size, find) = (x.len(), x.dtype().size(), find(x.dtype()));
    let at = |piece: usize| x.ptr().wrapping_add(piece * PIECE * size).cast_const();
    let many = |piece: usize| PIECE.min(n - piece * PIECE);
    let pieces = n.div_ceil(PIECE);
    let mut best = [const { std::mem::MaybeUninit::<Value>::uninit() }; FEW];
    let mut value = Value(folding.identity);
    // SAFETY: the elements of a contiguous tensor that nobody writes; accumulators, of which the first `pieces` are
    // written; one index, one new result.
    unsafe {
        for (piece, best) in best[..pieces].iter_mut().enumerate() {
            let to = best.write(Value(folding.identity)).0.as_mut_ptr();
            (folding.along)(many(piece), [at(piece); 3], to);
            (folding.merge)(1, [to.cast_const(); 3], value.0.as_mut_ptr());
        }
        let value = value.0.as_ptr();
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
        *out.ptr().cast::<i64>() = ((piece * PIECE) as i64 + index as i64).min(n as i64 - 1);
    }
    drop(guard);
    Ok(out)
}

fn arg(fold: Fold, x: &Raw, call: &Call<'_>) -> Result<Raw> {
    let name = call.op.row().name;
    // over all axes the index counts elements in C order; over one axis along it
    let whole = call.axes.len() == x.rank();
    if !whole && call.axes.len() != 1 {
        return Err(Error::axis(
            name,
            format!("{} axes have no common index", call.axes.len()),
        )
        .rule("an index counts along one axis, or over all of them")
        .hint("join the axes first with `reshape`"));
    }
    let lane = x.dtype().compute();
    if whole
        && x.layout().is_contiguous()
        && x.dtype() == lane
        && x.len() <= TASK
        && let Some(folding) = folding(fold, lane)
    {
        return short(&folding, x, call);
    }
    let rows = x.detach().cast(lane)?;
    let rows = if whole {
        rows.reshape(&[1, x.len()])?
    } else {
        rows.move_axis(call.axes[0] as isize, -1)?.contiguous()?
    };
    let rows = rows.contiguous()?;
    let Some(folding) = folding(fold, lane) else {
        return Err(Error::dtype(name, format!("takes no {}", x.dtype())));
    };
    let (n, size, find) = (call.count, lane.size(), find(lane));
    let outputs = rows.len().checked_div(n).unwrap_or(0);
    let kept = crate::layout::reduced_shape(x.shape(), &call.axes, KeepDims::Yes);
    let out = Raw::unwritten(&kept, DType::I64)?;
    let out = if x.storage().access() == crate::storage::Access::Owned {
        out
    } else {
        out.into_aliased()?
    };
    let _guards = guard::acquire(&[rows.storage()], &[out.storage()]);
    // one row may be longer than a task: its pieces have extremes of their own, the first of the best wins
    let pieces = n.div_ceil(PIECE).max(1);
    let mut best = vec![Value([0; 16]); outputs * pieces];
    let (from, bests, to) = (
        Parts(rows.ptr()),
        Parts(best.as_mut_ptr()),
        Parts(out.ptr().cast::<i64>()),
    );
    let extreme_of = |at: *const u8, n: usize, to: *mut u8| {
        // SAFETY: `n` elements from `at`, an accumulator at `to`.
        unsafe {
            std::ptr::copy_nonoverlapping(folding.identity.as_ptr(), to, 16);
            let mut done = 0;
            while done < n {
                let m = BLOCK.min(n - done);
                (folding.along)(m, [at.add(done * size); 3], to);
                done += m;
            }
        }
    };
    let group = (TASK / n.max(1)).max(1);
    threads::run_ranges(
        outputs * pieces,
        if pieces > 1 { TASK / PIECE } else { group },
        &|range| {
            for task in range {
                let (row, piece) = (task / pieces, task % pieces);
                let first = row * n + piece * PIECE;
                let many = PIECE.min(n - piece * PIECE);
                extreme_of(from.at(first * size), many, bests.at(task).cast());
            }
        },
    );
    threads::run_ranges(outputs, group, &|range| {
        for row in range {
            // SAFETY: the row and its extremes; one result.
            unsafe {
                let mut value = Value(folding.identity);
                for p in 0..pieces {
                    (folding.merge)(
                        1,
                        [bests.at(row * pieces + p).cast::<u8>().cast_const(); 3],
                        value.0.as_mut_ptr(),
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
                            value.0.as_ptr(),
                            value.0.as_ptr(),
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
                        value.0.as_ptr(),
                        value.0.as_ptr(),
                    ],
                    (&raw mut index).cast(),
                );
                *to.at(row) = (start as i64 + index as i64).min(n as i64 - 1);
            }
        }
    });
    drop(_guards);
    call.finish(out)
}
