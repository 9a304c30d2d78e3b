//! Memory that a thread keeps for its next transform.

use std::cell::Cell;

use civita_core::raw::Raw;
use civita_kernels::dtype::DType;
use num_complex::Complex;

use crate::float::Float;

/// There is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// Plain numbers: every pattern of bits is one, and they have no destructor.
///
/// # Safety
/// That is so.
pub unsafe trait Plain: Copy + Default + Send + Sync {
    /// As an element type.
    const DTYPE: DType;
}
// SAFETY: two floats are plain.
unsafe impl<T: Float> Plain for Complex<T> {
    const DTYPE: DType = T::COMPLEX;
}
// SAFETY: a float is plain.
unsafe impl Plain for f32 {
    const DTYPE: DType = DType::F32;
}
// SAFETY: as above.
unsafe impl Plain for f64 {
    const DTYPE: DType = DType::F64;
}

/// A line of a cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [u64; 8]); // read as numbers

/// What a thread keeps at most.
const MOST: usize = (2 << 20) / size_of::<Line>();

thread_local! {
    static KEPT: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with three arrays of so many numbers, of any contents.
pub(crate) fn with<A: Plain, B: Plain, C: Plain, R>(
    [a, b, c]: [usize; 3],
    f: impl FnOnce(&mut [A], &mut [B], &mut [C]) -> R,
) -> Result<R, NoMemory> {
    let lines = |n: usize, size: usize| Some(n.checked_mul(size)?.div_ceil(size_of::<Line>()));
    let parts = [
        lines(a, size_of::<A>()),
        lines(b, size_of::<B>()),
        lines(c, size_of::<C>()),
    ];
    let [Some(la), Some(lb), Some(lc)] = parts else {
        return Err(NoMemory);
    };
    let all = la
        .checked_add(lb)
        .and_then(|n| n.checked_add(lc))
        .ok_or(NoMemory)?;
    // much of it comes from the engine's pool, which keeps it for all threads
    if all > MOST {
        let bytes = all.checked_mul(size_of::<Line>()).ok_or(NoMemory)?;
        let pooled = Raw::empty(&[bytes], DType::U8).map_err(|_| NoMemory)?;
        assert!(pooled.ptr().cast::<Line>().is_aligned());
        // SAFETY: memory of the pool is initialised and aligned to 64 bytes; it is new, and ours until `pooled` is dropped.
        let lines = unsafe { std::slice::from_raw_parts_mut(pooled.ptr().cast::<Line>(), all) };
        let (first, rest) = lines.split_at_mut(la);
        let (second, third) = rest.split_at_mut(lb);
        return Ok(f(numbers(first, a), numbers(second, b), numbers(third, c)));
    }
    // taken out, so that a transform within a transform has its own
    let mut kept = KEPT.take();
    if kept.len() < all {
        kept.clear();
        kept.try_reserve_exact(all).map_err(|_| NoMemory)?;
        kept.resize(all, Line([0; 8]));
    }
    let (first, rest) = kept.split_at_mut(la);
    let (second, third) = rest.split_at_mut(lb);
    let result = f(
        numbers(first, a),
        numbers(second, b),
        numbers(&mut third[..lc], c),
    );
    KEPT.set(kept);
    Ok(result)
}

fn numbers<T: Plain>(lines: &mut [Line], n: usize) -> &mut [T] {
    assert!(n * size_of::<T>() <= size_of_val(lines));
    // SAFETY: the lines hold so many numbers, are aligned to 64 bytes, and any bits are numbers; what is written are numbers
    // without padding, which are lines again.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), n) }
}
