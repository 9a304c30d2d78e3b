//! Conversions between any two dtypes, over contiguous memory.
//!
//! Floats to integers go towards zero and saturate (NaN becomes 0), where C, and so NumPy, leaves the result undefined;
//! integers to narrower ones wrap; complex numbers lose their imaginary part; anything but zero is true. `f64` goes to
//! the half-precision floats directly, because on the way through `f32` it would be rounded twice.

use std::marker::PhantomData;

use num_complex::Complex;

use super::lane::{B8, ToBool};
use crate::dtype::DType;
use crate::flags;
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::math::{half, quarter};

/// `f16` in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct F16(u16);
/// `bf16` in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct BF16(u16);
/// `f8e4m3` in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct E4M3(u8);
/// `f8e5m2` in memory.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct E5M2(u8);

trait Cast<U>: Copy {
    /// Whether there are values that [`Cast::loses`].
    const LOSES: bool = false;
    fn convert(self) -> U;

    /// Whether the result says nothing of the value: NaN or something too large becomes an integer, or a finite value infinity. Told
    /// where the processor does not, which chooses such results here.
    #[inline(always)]
    fn loses(self) -> bool {
        false
    }

    /// Converts the first elements of a run where there are instructions for them; says how many it has.
    ///
    /// # Safety
    /// `x` is valid for as many elements as `out` has, and the processor has what `I` says.
    #[inline(always)]
    unsafe fn run<I: Isa>(_x: *const Self, _out: &mut [U]) -> usize {
        0
    }

    /// Whether [`Cast::usual`] is a faster way.
    const HAS_USUAL: bool = false;
    /// The result for usual values, which lose nothing, and whether this was one.
    #[inline(always)]
    fn usual(self) -> (U, bool) {
        (self.convert(), true)
    }
}

macro_rules! numbers {
    ($($a:ident => $($b:ident)*;)*) => { $(
        $( impl Cast<$b> for $a {
            #[inline(always)]
            fn convert(self) -> $b {
                self as $b
            }
        } )*
        impl Cast<B8> for $a {
            #[inline(always)]
            fn convert(self) -> B8 {
                B8::new(self.truth())
            }
        }
        impl Cast<$a> for B8 {
            #[inline(always)]
            fn convert(self) -> $a {
                u8::from(self.get()) as $a
            }
        }
        numbers!(@complex $a f32 f64);
    )* };
    (@complex $a:ident $($f:ident)*) => { $(
        impl Cast<Complex<$f>> for $a {
            #[inline(always)]
            fn convert(self) -> Complex<$f> {
                Complex::new(self as $f, 0.0)
            }
        }
        impl Cast<$a> for Complex<$f> {
            const LOSES: bool = <$f as Cast<$a>>::LOSES;
            #[inline(always)]
            fn convert(self) -> $a {
                self.re.convert()
            }
            #[inline(always)]
            fn loses(self) -> bool {
                Cast::<$a>::loses(self.re)
            }
            const HAS_USUAL: bool = <$f as Cast<$a>>::HAS_USUAL;
            #[inline(always)]
            fn usual(self) -> ($a, bool) {
                self.re.usual()
            }
        }
    )* };
}
numbers! {
    u8 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    u16 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    u32 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    u64 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    i8 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    i16 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    i32 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    i64 => u8 u16 u32 u64 i8 i16 i32 i64 f32 f64;
    f32 => f32 f64;
    f64 => f32 f64;
}

/// What `as` does, in steps that have vector instructions: `as` itself is compiled element by element (7× slower,
/// measured). `$through` is an integer that the processor converts to.
macro_rules! saturated {
    ($($f:ident => $($t:ident $through:ident)*;)*) => { $( $(
        impl Cast<$t> for $f {
            const LOSES: bool = true;
            #[inline(always)]
            fn loses(self) -> bool {
                // what is cut off to the least integer is told as well, for the caller to see that nothing is lost
                !(self >= $t::MIN as $f && self < ($t::MAX / 2 + 1) as $f * 2.0)
            }
            #[inline(always)]
            fn convert(self) -> $t {
                // both are powers of two or 0, and so exact
                const LOW: $f = $t::MIN as $f;
                const ABOVE: $f = ($t::MAX / 2 + 1) as $f * 2.0;
                const HIGH: $f = ABOVE.next_down();
                let number = if self == self { self } else { 0.0 };
                let low = if number > LOW { number } else { LOW };
                let inside = if low < HIGH { low } else { HIGH };
                // SAFETY: between the least and the greatest, so it has a value of the type, and of the wider one.
                let whole = unsafe { inside.to_int_unchecked::<$through>() } as $t;
                if low < ABOVE { whole } else { $t::MAX }
            }
            const HAS_USUAL: bool = true;
            #[inline(always)]
            fn usual(self) -> ($t, bool) {
                const LOW: $f = $t::MIN as $f;
                const HIGH: $f = (($t::MAX / 2 + 1) as $f * 2.0).next_down();
                // NaN is not less
                let inside = if self < HIGH { self } else { HIGH };
                let inside = if inside > LOW { inside } else { LOW };
                // SAFETY: as above.
                let whole = unsafe { inside.to_int_unchecked::<$through>() } as $t;
                (whole, inside == self)
            }
        }
    )* )* };
}
saturated! {
    f32 => u8 i32 u16 i32 u32 u32 u64 u64 i8 i32 i16 i32 i32 i32 i64 i64;
    f64 => u8 i32 u16 i32 u32 u32 u64 u64 i8 i32 i16 i32 i32 i32 i64 i64;
}

macro_rules! complexes {
    ($($f:ident)*) => { $(
        impl Cast<Complex<f32>> for Complex<$f> {
            #[inline(always)]
            fn convert(self) -> Complex<f32> {
                Complex::new(self.re as f32, self.im as f32)
            }
        }
        impl Cast<Complex<f64>> for Complex<$f> {
            #[inline(always)]
            fn convert(self) -> Complex<f64> {
                Complex::new(self.re as f64, self.im as f64)
            }
        }
        impl Cast<B8> for Complex<$f> {
            #[inline(always)]
            fn convert(self) -> B8 {
                B8::new(self.truth())
            }
        }
        impl Cast<Complex<$f>> for B8 {
            #[inline(always)]
            fn convert(self) -> Complex<$f> {
                Complex::new(Cast::<$f>::convert(self), 0.0)
            }
        }
    )* };
}
complexes!(f32 f64);
impl Cast<B8> for B8 {
    #[inline(always)]
    fn convert(self) -> B8 {
        B8::new(self.get())
    }
}

/// Floats of 8 and 16 bits go through `f32`, which holds them exactly; integers and `f64` come to them in one rounding.
macro_rules! halves {
    ($($H:ident $math:ident $widen:ident $from32:ident $from64:ident $largest:literal $([$widen_run:ident $narrow_run:ident])?;)*) => { $(
        impl $H {
            #[inline(always)]
            fn widen(self) -> f32 {
                $math::$widen(self.0)
            }
        }
        halves!(@to $H; B8, u8, u16, u32, u64, i8, i16, i32, i64, f64, Complex<f32>, Complex<f64>, F16, BF16, E4M3, E5M2);
        impl Cast<f32> for $H {
            #[inline(always)]
            fn convert(self) -> f32 {
                self.widen()
            }
            $(
                #[inline(always)]
                unsafe fn run<I: Isa>(x: *const $H, out: &mut [f32]) -> usize {
                    // SAFETY: the caller's contract; the type is its bits.
                    unsafe { $math::$widen_run::<I>(x.cast(), out) }
                }
            )?
        }
        impl Cast<$H> for f32 {
            const LOSES: bool = true;
            $(
                #[inline(always)]
                unsafe fn run<I: Isa>(x: *const f32, out: &mut [$H]) -> usize {
                    // SAFETY: the type is its bits.
                    let bits = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), out.len()) };
                    // SAFETY: the caller's contract.
                    unsafe { $math::$narrow_run::<I>(x, bits) }
                }
            )?
            #[inline(always)]
            fn loses(self) -> bool {
                self.abs() > $largest && self.abs() < f32::INFINITY
            }
            #[inline(always)]
            fn convert(self) -> $H {
                $H($math::$from32(self))
            }
        }
        impl Cast<$H> for f64 {
            const LOSES: bool = true;
            #[inline(always)]
            fn loses(self) -> bool {
                self.abs() > $largest && self.abs() < f64::INFINITY
            }
            #[inline(always)]
            fn convert(self) -> $H {
                $H($math::$from64(self))
            }
        }
        halves!(@from $H f32; B8, u8, u16, i8, i16, Complex<f32>);
        halves!(@from $H f64; u32, u64, i32, i64, Complex<f64>);
    )* };
    (@to $H:ident; $($t:ty),*) => { $(
        impl Cast<$t> for $H {
            const LOSES: bool = <f32 as Cast<$t>>::LOSES;
            #[inline(always)]
            fn convert(self) -> $t {
                self.widen().convert()
            }
            #[inline(always)]
            fn loses(self) -> bool {
                Cast::<$t>::loses(self.widen())
            }
            const HAS_USUAL: bool = <f32 as Cast<$t>>::HAS_USUAL;
            #[inline(always)]
            fn usual(self) -> ($t, bool) {
                self.widen().usual()
            }
        }
    )* };
    (@from $H:ident $through:ident; $($t:ty),*) => { $(
        impl Cast<$H> for $t {
            const LOSES: bool = true;
            #[inline(always)]
            fn convert(self) -> $H {
                Cast::<$through>::convert(self).convert()
            }
            #[inline(always)]
            fn loses(self) -> bool {
                Cast::<$H>::loses(Cast::<$through>::convert(self))
            }
        }
    )* };
}
halves! {
    F16 half f16_to_f32 f32_to_f16 f64_to_f16 65504.0 [widen_f16 narrow_f16];
    BF16 half bf16_to_f32 f32_to_bf16 f64_to_bf16 3.389_531_4e38;
    E4M3 quarter e4m3_to_f32 f32_to_e4m3 f64_to_e4m3 448.0;
    E5M2 quarter e5m2_to_f32 f32_to_e5m2 f64_to_e5m2 57344.0;
}

struct Convert<A, B>(PhantomData<(A, B)>);
impl<A: Cast<B> + 'static, B: Copy + 'static> Body for Convert<A, B> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<A: Cast<B>, B>(x: *const A, out: &mut [B]) {
            let mut lost = false;
            for (i, o) in out.iter_mut().enumerate() {
                // SAFETY: `i < n`, and `x` is valid for `n` elements.
                let value = unsafe { *x.add(i) };
                *o = value.convert();
                lost |= A::LOSES && value.loses();
            }
            if lost {
                flags::raise_all();
            }
        }
        /// As `each`, which runs on blocks where rare values are.
        #[inline(always)]
        unsafe fn blocks<A: Cast<B>, B>(x: *const A, out: &mut [B]) {
            const BLOCK: usize = 512;
            for (block, out) in out.chunks_mut(BLOCK).enumerate() {
                // SAFETY: as many elements lie before it.
                let x = unsafe { x.add(block * BLOCK) };
                let mut rare = false;
                for (i, o) in out.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let (value, is_usual) = unsafe { *x.add(i) }.usual();
                    *o = value;
                    rare |= !is_usual;
                }
                if rare {
                    // SAFETY: as above.
                    unsafe { each::<A, B>(x, out) };
                }
            }
        }
        // SAFETY: the contract of `Kernel`.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out.cast(), n);
            let x = x.cast::<A>();
            let done = A::run::<I>(x, out);
            let (x, out) = (x.add(done), &mut out[done..]);
            match A::HAS_USUAL {
                true => blocks::<A, B>(x, out),
                false => each::<A, B>(x, out),
            }
        }
    }
}

macro_rules! table {
    ($from:ident, $to:ident; $($D:ident $t:ty),*) => { table!(@rows $from, $to; [$($D $t),*]; $($D $t),*) };
    (@rows $from:ident, $to:ident; $all:tt; $($D:ident $t:ty),*) => {
        match $from { $(DType::$D => table!(@row $t, $to; $all),)* }
    };
    (@row $a:ty, $to:ident; [$($D:ident $t:ty),*]) => {
        match $to { $(DType::$D => Shells::<Convert<$a, $t>>::BY_LEVEL[level() as usize],)* }
    };
}

/// The kernel that converts contiguous elements.
pub fn kernel(from: DType, to: DType) -> Kernel {
    table!(from, to; Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64,
        F8E4M3 E4M3, F8E5M2 E5M2, F16 F16, BF16 BF16, F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernels, which may have instructions for them, and the functions give equal bits, whole vectors and the rest.
    #[test]
    fn runs_of_halves_are_converted_as_each_is() {
        type Kernels<A, B> = Shells<Convert<A, B>>;
        let halves: Vec<u16> = (0..=u16::MAX).collect();
        let near = [0_u32, 1, 0x0fff, 0x1000, 0x1001];
        let floats: Vec<f32> = (0..=u16::MAX)
            .flat_map(|high| near.map(|low| f32::from_bits(u32::from(high) << 16 | low)))
            .collect();
        for level in crate::isa::Level::available() {
            for n in [halves.len(), 1, 7, 8, 15, 16, 17, 31] {
                let mut wide = vec![0_f32; n];
                let kernel = Kernels::<F16, f32>::BY_LEVEL[level as usize];
                // SAFETY: at least `n` elements on either side.
                unsafe { kernel(n, [halves.as_ptr().cast(); 3], wide.as_mut_ptr().cast()) };
                for (&x, y) in halves.iter().zip(wide) {
                    assert_eq!(y.to_bits(), half::f16_to_f32(x).to_bits(), "{x:#06x}");
                }
            }
            for n in [floats.len(), 1, 7, 8, 15, 16, 17, 31] {
                let mut narrow = vec![0_u16; n];
                let kernel = Kernels::<f32, F16>::BY_LEVEL[level as usize];
                // SAFETY: as above.
                unsafe { kernel(n, [floats.as_ptr().cast(); 3], narrow.as_mut_ptr().cast()) };
                for (&x, y) in floats.iter().zip(narrow) {
                    assert_eq!(y, half::f32_to_f16(x), "{:#010x}", x.to_bits());
                }
            }
            for (at, x) in (0..40).flat_map(|at| [(at, 65504.0_f32), (at, 65520.0)]) {
                let mut floats = [1.0_f32; 40];
                floats[at] = x;
                let mut narrow = [0_u16; 40];
                flags::clear();
                let kernel = Kernels::<f32, F16>::BY_LEVEL[level as usize];
                // SAFETY: as above.
                unsafe { kernel(40, [floats.as_ptr().cast(); 3], narrow.as_mut_ptr().cast()) };
                if cfg!(not(miri)) {
                    assert_eq!(
                        flags::raised() & flags::OVERFLOW != 0,
                        x > 65504.0,
                        "{x} at {at}"
                    );
                }
            }
        }
    }

    /// About the ends of the integers, with `as` for the truth.
    #[test]
    fn floats_become_integers_as_as_does() {
        macro_rules! check {
            ($f:ident => $($t:ident)*) => { $(
                let ends = [$t::MIN as $f, 0.0, 1.0, -1.0, $t::MAX as $f, 255.5, -128.5, 65_535.9];
                let special = [$f::NAN, $f::INFINITY, $f::NEG_INFINITY, -0.0, $f::MAX, $f::MIN, $f::MIN_POSITIVE];
                let near = ends.iter().flat_map(|&e| [e, e.next_up(), e.next_down(), e + 0.5, e - 0.5, e * 2.0]);
                for x in near.chain(special) {
                    let got: $t = x.convert();
                    assert_eq!(got, x as $t, "{x:e} to {}", stringify!($t));
                    let (got, is_usual): ($t, bool) = x.usual();
                    assert!(!is_usual || got == x as $t, "{x:e} to {}", stringify!($t));
                    assert!(!is_usual || !Cast::<$t>::loses(x), "{x:e} to {}", stringify!($t));
                }
            )* };
        }
        check!(f32 => u8 u16 u32 u64 i8 i16 i32 i64);
        check!(f64 => u8 u16 u32 u64 i8 i16 i32 i64);
    }
}
