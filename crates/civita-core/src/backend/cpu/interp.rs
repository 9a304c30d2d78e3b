//! Straight lines between points.

use std::ops::{Add, Div, Mul, Sub};

use num_complex::Complex;

use super::search::in_blocks;
use super::sort::Item;
use super::{copy, memory};
use crate::dtype::{DType, Element};
use crate::error::Result;
use crate::explain;
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Values of a task.
const PIECE: usize = 1 << 13;

trait Value:
    Element
    + Copy
    + PartialEq
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    fn is_nan(self) -> bool;
    const NAN: Self;
}
impl Value for f64 {
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
    const NAN: f64 = f64::NAN;
}
impl Value for Complex<f64> {
    fn is_nan(self) -> bool {
        self.re.is_nan() || self.im.is_nan()
    }
    const NAN: Complex<f64> = Complex::new(f64::NAN, 0.0);
}

/// How many points come before or at a value, as NumPy finds it where points are NaN and nothing is sorted.
fn place_among_nan(xp: &[f64], x: f64) -> usize {
    let n = xp.len();
    if x > xp[n - 1] {
        return n;
    }
    if x < xp[0] {
        return 0;
    }
    if n <= 4 {
        return 1 + (1..n).take_while(|&i| x >= xp[i]).count();
    }
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if x >= xp[middle] {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// # Safety
/// As many elements as the slices say lie at the addresses; as many `V` as there are values may be written at `out`.
unsafe fn run<V: Value>(x: &Raw, xp: &Raw, fp: &Raw, ends: [&Raw; 2], out: *mut u8) {
    // SAFETY: contiguous tensors of these dtypes, under guards.
    let (x, xp, fp, left, right) = unsafe {
        (
            std::slice::from_raw_parts(x.ptr().cast_const().cast::<f64>(), x.len()),
            std::slice::from_raw_parts(xp.ptr().cast_const().cast::<f64>(), xp.len()),
            std::slice::from_raw_parts(fp.ptr().cast_const().cast::<V>(), fp.len()),
            *ends[0].ptr().cast_const().cast::<V>(),
            *ends[1].ptr().cast_const().cast::<V>(),
        )
    };
    let last = xp.len() - 1;
    let codes: Vec<u64> = xp.iter().map(|x| x.code()).collect();
    let slope = |i: usize| (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]);
    let slopes: Vec<V> = match last <= x.len() {
        true => (0..last).map(slope).collect(),
        false => Vec::new(),
    };
    let at = |x: f64, place: usize| -> V {
        if x.is_nan() {
            return if last == 0 { fp[0] } else { V::NAN };
        }
        if place == 0 {
            return left;
        }
        if place > last {
            return if x > xp[last] { right } else { fp[last] };
        }
        let i = place - 1;
        if xp[i] == x {
            return fp[i]; // also where the line is infinitely steep
        }
        let slope = slopes.get(i).copied().unwrap_or_else(|| slope(i));
        let y = slope * (x - xp[i]) + fp[i];
        if !y.is_nan() {
            return y;
        }
        let y = slope * (x - xp[i + 1]) + fp[i + 1];
        if y.is_nan() && fp[i] == fp[i + 1] {
            return fp[i];
        }
        y
    };
    let out = Parts(out.cast::<V>());
    if xp.iter().any(|x| x.is_nan()) {
        for (i, &v) in x.iter().enumerate() {
            // SAFETY: an element of the result; there are no tasks yet.
            unsafe { *out.at(i) = at(v, place_among_nan(xp, v)) };
        }
        return;
    }
    let sorted = xp.is_sorted();
    threads::run_ranges(x.len(), PIECE, &|range| {
        let start = range.start;
        let part = &x[range];
        // values that rise, as those of a finer grid: each is found beside the one before, in half of the time
        if sorted && xp.len() <= 4 * part.len() && part.is_sorted() {
            let mut place = xp.partition_point(|&p| p <= part[0]);
            for (i, &v) in part.iter().enumerate() {
                while place <= last && xp[place] <= v {
                    place += 1;
                }
                // SAFETY: an element of the result that no other task has.
                unsafe { *out.at(start + i) = at(v, place) };
            }
            return;
        }
        in_blocks::<f64, true>(&codes, part, |first, places| {
            for (i, &place) in places.iter().enumerate() {
                // SAFETY: an element of the result that no other task has.
                unsafe { *out.at(start + first + i) = at(part[first + i], place) };
            }
        });
    });
}

/// The values at `x` of the straight lines through the points `(xp, fp)`, `left` and `right` of them what stands in `ends`. `x`
/// and `xp` are `f64`, the others `f64` or `c128`; `xp` increases.
pub(crate) fn interp(x: &Raw, xp: &Raw, fp: &Raw, ends: [&Raw; 2]) -> Result<Raw> {
    explain::note("interp", x.len(), || {
        (fp.dtype(), explain::Kind::Elementwise)
    });
    let [x, xp, fp] = [x, xp, fp].map(copy::contiguous);
    let (x, xp, fp) = (x?, xp?, fp?);
    let out = memory::unwritten(x.shape(), fp.dtype())?;
    if !x.is_empty() {
        // SAFETY: contiguous tensors of these dtypes that guards keep, of which `xp` and `fp` have elements, and a new one.
        unsafe {
            match fp.dtype() {
                DType::C128 => run::<Complex<f64>>(&x, &xp, &fp, ends, out.ptr()),
                _ => run::<f64>(&x, &xp, &fp, ends, out.ptr()),
            }
        }
    }
    Ok(out)
}
