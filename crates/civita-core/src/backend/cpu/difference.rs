//! Central differences of values at even distances.

use super::memory;
use super::program::GRAIN;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::raw::Raw;
use crate::threads::{self, Parts};

trait Float:
    Copy + std::ops::Sub<Output = Self> + std::ops::Mul<Output = Self> + std::ops::Div<Output = Self>
{
    fn twice(self) -> Self;
    /// The inverse of a power of two, by which a product is what a quotient is.
    fn exact_inverse(self) -> Option<Self>;
}
macro_rules! floats { ($($T:ty),*) => { $(impl Float for $T {
    fn twice(self) -> $T {
        2.0 * self
    }
    fn exact_inverse(self) -> Option<$T> {
        let inverse = 1.0 / self;
        let is_power = self.to_bits().trailing_zeros() >= <$T>::MANTISSA_DIGITS - 1;
        (is_power && self.is_normal() && inverse.is_normal()).then_some(inverse)
    }
})* } }
floats!(f32, f64);

#[inline(always)]
fn each<T: Float>(before: &[T], behind: &[T], out: &mut [T], divided: impl Fn(T) -> T) {
    for ((to, &a), &b) in out.iter_mut().zip(before).zip(behind) {
        *to = divided(b - a);
    }
}

/// # Safety
/// `len` elements lie at `x`, in planes of `n` rows of `inner` elements, `n` at least 2; as many may be written at `out`.
unsafe fn run<T: Float + Send + Sync>(x: &Raw, [n, inner]: [usize; 2], step: T, out: &Raw) {
    let (len, plane) = (x.len(), n * inner);
    // SAFETY: a contiguous tensor that a guard keeps.
    let x = unsafe { std::slice::from_raw_parts(x.ptr().cast_const().cast::<T>(), len) };
    let out = Parts(out.ptr().cast::<T>());
    threads::run_ranges(len, GRAIN, &|range| {
        // SAFETY: a part of the result that no other task has.
        let out = unsafe { std::slice::from_raw_parts_mut(out.at(range.start), range.len()) };
        let mut at = range.start;
        while at < range.end {
            let (first, inside) = (at - at % plane, at % plane);
            // from which rows, to where in the plane, over how much
            let (low, high, end, by) = if inside < inner {
                (0, inner, inner, step)
            } else if inside < plane - inner {
                (inner, inner, plane - inner, step.twice())
            } else {
                (inner, 0, plane, step)
            };
            let end = (first + end).min(range.end);
            let to = &mut out[at - range.start..end - range.start];
            let (before, behind) = (&x[at - low..end - low], &x[at + high..end + high]);
            match by.exact_inverse() {
                Some(inverse) => each(before, behind, to, |d| d * inverse),
                None => each(before, behind, to, |d| d / by),
            }
            at = end;
        }
    });
}

/// The differences along an axis of a contiguous tensor of `f32` or `f64` over the distance, which is a number of that dtype:
/// of both neighbours inside, of one at the ends. The axis has at least two elements.
pub(crate) fn central(x: &Raw, axis: usize, step: &Raw) -> Result<Raw> {
    explain::note("gradient", x.len(), || {
        (x.dtype(), explain::Kind::Elementwise)
    });
    let out = memory::unwritten(x.shape(), x.dtype())?;
    let rows = [x.shape()[axis], x.shape()[axis + 1..].iter().product()];
    if x.is_empty() {
        return Ok(out);
    }
    // SAFETY: a contiguous tensor and a number of this dtype, both under guards, and a new tensor.
    unsafe {
        match x.dtype() {
            DType::F32 => run(x, rows, *step.ptr().cast_const().cast::<f32>(), &out),
            _ => run(x, rows, *step.ptr().cast_const().cast::<f64>(), &out),
        }
    }
    Ok(out)
}
