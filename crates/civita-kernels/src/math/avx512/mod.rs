//! Kernels with tables, and of angles in `f32`, for AVX-512 only.
//!
//! That instruction set looks up 16 doubles in one instruction, without memory, and takes numbers apart and puts them
//! together for subnormals too (`getexp`, `getmant`, `scalef`). Tables shorten the polynomials, and most special cases
//! need no code. The compiler finds none of these instructions by itself, hence intrinsics.
//!
//! ```text
//! x = 2^k m,  m from ¾ to 1½      c = the multiple of 1/16 nearest to m      r = m / c - 1, |r| < 1/18
//! log x = k log 2 + log c + log1p(r)                                         1/c and log c from tables
//! e^x = 2^⌊n⌋ · 2^(n - ⌊n⌋) · e^(x - n log 2),  n = x / log 2 in sixteenths   2^(i/16) from a table
//! ```
//! (Tang 1989, 1990.) c = 1 near 1, so that the result has all its bits there. For `f64`, 1/c is rounded to so few bits
//! that r is exact.
//!
//! Loops are over whole vectors; the last one is a masked vector, so that short runs are fast.

mod narrow;
mod wide;

pub use narrow::{
    asin as asin32, atan as atan32, atan2 as atan2_32, cos as cos32, exp as exp32, exp2 as exp2_32,
    log as log32, log2 as log2_32, log10 as log10_32, pow as pow32, sin as sin32, tan as tan32,
    tanh as tanh32,
};
pub use wide::{
    exp as exp64, exp2 as exp2_64, log as log64, log2 as log2_64, log10 as log10_64, pow as pow64,
    tanh as tanh64,
};

use super::Real;

/// A kernel of one argument. It wants AVX-512 F, VL, DQ and BW, and as many elements as the output has.
type Unary<T> = unsafe fn(*const T, &mut [T]);

/// `out = f(x)` by the kernel for the type, as far as both reach.
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ and BW.
#[inline]
pub unsafe fn run<F: Real>(narrow: Unary<f32>, wide: Unary<f64>, x: &[F], out: &mut [F]) {
    let (n, x, out) = (x.len().min(out.len()), x.as_ptr(), out.as_mut_ptr());
    // SAFETY: `Real` is `f32` or `f64`, by its size; both slices reach that far.
    unsafe {
        match size_of::<F>() {
            4 => narrow(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)),
            _ => wide(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)),
        }
    }
}

/// The same of a kernel for `f32` alone; says whether it is one.
///
/// # Safety
/// As above.
#[inline]
pub unsafe fn run_narrow<F: Real>(narrow: Unary<f32>, x: &[F], out: &mut [F]) -> bool {
    let n = x.len().min(out.len());
    if size_of::<F>() == 4 {
        // SAFETY: `Real` of four bytes is `f32`; both slices reach that far.
        unsafe {
            narrow(
                x.as_ptr().cast(),
                std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), n),
            )
        };
    }
    size_of::<F>() == 4
}

/// Elements worked on at a time.
const BLOCK: usize = 256;

/// Scratch for a block, in the L1 cache.
#[repr(align(64))]
struct Scratch<T>([std::mem::MaybeUninit<T>; BLOCK]);

/// Writes a function for this instruction set.
macro_rules! avx512 {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:tt: $t:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => { $(
        $(#[$attribute])*
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        $visibility fn $name($($argument: $t),*) $(-> $result)? $body
    )* };
}
use avx512;

/// What both widths have. The file that uses it names its vectors `V`, its masks `Mask`, and the intrinsics for them.
macro_rules! width {
    ($t:ident, $LANES:literal) => {
        /// Two vectors that are looked into, by the low bits of an index.
        #[repr(align(64))]
        struct Table([$t; 2 * $LANES]);

        /// A table in registers.
        #[derive(Clone, Copy)]
        struct Loaded(V, V);

        avx512! {
            fn registers(table: &Table) -> Loaded {
                // SAFETY: two vectors, aligned to 64 bytes.
                unsafe { Loaded(load_aligned(table.0.as_ptr()), load_aligned(table.0.as_ptr().add($LANES))) }
            }
            fn look_up(table: Loaded, index: V) -> V {
                permute(table.0, bits(index), table.1)
            }
            /// Where it is infinite or NaN.
            fn not_finite(x: V) -> Mask {
                classify::<0x99>(x)
            }
            /// Between two bounds; NaN stays.
            fn clamp(x: V, low: $t, high: $t) -> V {
                // both return their second operand where one is NaN
                larger(all(low), smaller(all(high), x))
            }
            /// k and m of `x = 2^k m`, `m` from ¾ to 1½, of the magnitude.
            fn split(x: V) -> (V, V) {
                let m = mantissa::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_ZERO>(x);
                (exponent_for(x, m), m)
            }
            /// The k that belongs to this m.
            fn exponent_for(x: V, m: V) -> V {
                let k = exponent(x);
                let below = compare::<_CMP_LT_OQ>(m, all(1.0));
                add_where(k, below, k, all(1.0))
            }
        }

        /// The first `n` lanes.
        #[inline(always)]
        fn first(n: usize) -> Mask {
            if n >= $LANES { !0 } else { (1 << n) - 1 }
        }

        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        unsafe fn load<const VARIES: bool>(p: *const $t, i: usize, mask: Mask) -> V {
            // SAFETY: the caller vouches for the elements that the mask names, and for the first one.
            unsafe {
                if !VARIES {
                    all(*p)
                } else if mask == !0 {
                    load_whole(p.add(i))
                } else {
                    // nothing that is computed of 1 raises a flag
                    load_some(all(1.0), mask, p.add(i))
                }
            }
        }

        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        unsafe fn store(p: *mut $t, mask: Mask, v: V) {
            // SAFETY: the caller vouches for the elements that the mask names.
            unsafe {
                if mask == !0 {
                    store_whole(p, v);
                } else {
                    store_some(p, mask, v);
                }
            }
        }

        /// `out = x ^ y`. `X`, `Y`: whether they vary.
        ///
        /// # Safety
        /// The processor has AVX-512 F, VL, DQ and BW. What varies is valid for as many elements as `out` has, what does
        /// not for one.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn pow<const X: bool, const Y: bool>(x: *const $t, y: *const $t, out: &mut [$t]) {
            let mut scratch = [const { Scratch([const { std::mem::MaybeUninit::<$t>::uninit() }; BLOCK]) }; 2];
            let [high, low] = scratch.each_mut().map(|s| s.0.as_mut_ptr().cast::<$t>());
            let n = out.len();
            let out = out.as_mut_ptr();
            let mut start = 0;
            while start < n {
                let len = (n - start).min(BLOCK);
                let tables = LOGARITHM.map(|t| registers(t));
                for i in (0..len).step_by($LANES) {
                    let mask = first(len - i);
                    // SAFETY: the mask names elements below `n` only.
                    let (a, b) = unsafe { (load::<X>(x, start + i, mask), load::<Y>(y, start + i, mask)) };
                    let (h, l) = log_in_two(a, tables);
                    let p = mul(b, h);
                    // the low part of an infinite product would be NaN
                    let small = compare::<_CMP_LT_OQ>(magnitude(p), all(POWERS));
                    let p_low = fma(b, l, fms(b, h, p));
                    // SAFETY: the scratch has whole vectors.
                    unsafe {
                        store_aligned(high.add(i), p);
                        store_aligned(low.add(i), keep(small, p_low));
                    }
                }
                let tables = EXPONENTIAL.map(|t| registers(t));
                for i in (0..len).step_by($LANES) {
                    let mask = first(len - i);
                    // SAFETY: written above; and the mask.
                    let (p, p_low, a) = unsafe {
                        (load_aligned(high.add(i)), load_aligned(low.add(i)), load::<X>(x, start + i, mask))
                    };
                    let mut r = exp_sum(p, p_low, tables);
                    if compare::<_CMP_UNORD_Q>(r, r) | signs(bits(a)) != 0 {
                        // SAFETY: as above.
                        r = finish(a, unsafe { load::<Y>(y, start + i, mask) }, r);
                        if not_finite(r) != 0 {
                            flags::raise_all();
                        }
                    }
                    // SAFETY: as above.
                    unsafe { store(out.add(start + i), mask, r) };
                }
                start += len;
            }
        }
    };
}
use width;

/// `out = f(x)` by vectors. `looks`: results are looked at, because infinities and NaN come without a flag.
macro_rules! unary {
    ($t:ident, $LANES:literal; $($(#[$doc:meta])* $name:ident = $f:ident[$($from:ident),*] $($looks:ident)?;)*) => { $(
        $(#[$doc])*
        ///
        /// # Safety
        /// The processor has AVX-512 F, VL, DQ and BW, and `x` is valid for as many elements as `out` has.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $name(x: *const $t, out: &mut [$t]) {
            let tables = [$(registers(&$from)),*];
            let n = out.len();
            let out = out.as_mut_ptr();
            let mut seen: Mask = 0;
            for i in (0..n).step_by($LANES) {
                let mask = first(n - i);
                // SAFETY: the mask names elements below `n` only.
                let r = $f(unsafe { load::<true>(x, i, mask) }, tables);
                unary!(@ $($looks)? seen r);
                // SAFETY: as above.
                unsafe { store(out.add(i), mask, r) };
            }
            if seen != 0 {
                flags::raise_all();
            }
        }
    )* };
    (@ looks $seen:ident $r:ident) => { $seen |= not_finite($r); };
    (@ $seen:ident $r:ident) => { let _ = &mut $seen; };
}
use unary;
