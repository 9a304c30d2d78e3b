//! Elementwise kernels: every row of the table × every lane of its class × every instruction set.
//!
//! A kernel reads contiguous lanes and writes contiguous lanes. An operand that is the same for the whole block is a
//! variant of the kernel, not a filled block. Inputs are read through raw pointers, because memory that Python sees may
//! not be lent as a slice; the output is a slice of its own, which is what lets the loop vectorise without a run-time
//! test for overlap.

use std::marker::PhantomData;

use num_complex::Complex;

use super::lane::*;
use crate::dtype::DType;
use crate::flags;
use crate::isa::{Body, Isa, Kernel, Shells, level};
use crate::ops::{ClassResult, Op, Row, elementwise_rows};

/// The kernels of an op for one lane, by which operands are the same for the whole block.
///
/// Unary: `[each]`. Binary: `[both vary, b is one value, a is one value]`. Ternary: `[all vary, third is one value,
/// second is one value, second and third are]`; the first always varies.
#[derive(Clone, Copy)]
pub struct Variants {
    by_form: [[Kernel; 3]; 4],
    first: u8,
}

impl Variants {
    /// The kernel for this machine in one of the forms above.
    #[inline]
    pub fn pick(&self, form: usize) -> Kernel {
        self.by_form[form][level() as usize]
    }

    /// The kernel for an instruction set.
    #[cfg(test)]
    pub(crate) fn at(&self, form: usize, level: crate::isa::Level) -> Kernel {
        self.by_form[form][level as usize]
    }

    /// Bytes of an element of the first operand.
    #[inline]
    pub fn first_size(&self) -> usize {
        usize::from(self.first)
    }
}

/// What an op of one or two operands makes of these numbers, by the kernel that computes arrays: the same bits. `None` where it
/// takes more or fewer, or has no result of `f64`.
pub fn of_numbers(op: Op, operands: &[f64]) -> Option<f64> {
    let (Row { arity, class, .. }, Some(first), Some(last)) =
        (op.row(), operands.first(), operands.last())
    else {
        return None;
    };
    let is_float = class.loops().contains(&DType::F64) && class.result() != ClassResult::Bool;
    if !is_float || operands.len() != *arity || *arity > 2 {
        return None;
    }
    let [first, last] = [first, last].map(|x| std::ptr::from_ref(x).cast::<u8>());
    let mut result = 0.0;
    let kernel = kernels(op, [DType::F64; 3])?.pick(0);
    // SAFETY: one number for each operand, and one for the result, of the dtype that the kernel is for.
    unsafe { kernel(1, [first, last, last], (&raw mut result).cast()) };
    Some(result)
}

/// Raises the floating-point flags where complex results, which formulas choose without raising any, are not finite.
///
/// Functions of real numbers raise them by the way, as arithmetic does: an overflow overflows, and of a number outside
/// the domain a root is taken or a difference of infinities. Looking at a million results costs a sixth of their
/// exponentials, so only those look that choose all results outside the domain ([`Map1::CHOOSES`]), while they have
/// them at hand; runs of their own (`own_run`) look where they treat rare arguments. The tests of [`crate::flags`]
/// hold every row to it.
#[inline(always)]
fn tell_complex<T: Lane>(results: &[T]) {
    if T::COMPLEX && T::any_not_finite(results) {
        flags::raise_all();
    }
}

trait Map1<T: Lane> {
    type Out: Lane;
    /// Whether there are infinities or NaN that are chosen, and whose arguments raise no flag.
    const CHOOSES: bool;
    fn at<I: Isa>(x: T) -> Self::Out;

    /// # Safety
    /// `x` is valid for as many elements as `out` has.
    #[inline(always)]
    unsafe fn run<I: Isa>(x: *const T, out: &mut [Self::Out]) {
        let mut seen = Default::default();
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = Self::at::<I>(unsafe { *x.add(i) });
            if Self::CHOOSES {
                seen = o.look(seen);
            }
        }
        if Self::Out::saw_not_finite(seen) {
            flags::raise_all();
        }
    }
}
trait Map2<T: Lane> {
    type Out: Lane;
    fn at<I: Isa>(a: T, b: T) -> Self::Out;

    /// A kernel of its own, for rows that have one. Says whether there was one.
    ///
    /// # Safety
    /// As [`Loop2`] says for the form.
    #[inline(always)]
    unsafe fn run<I: Isa, const FORM: usize>(
        _a: *const T,
        _b: *const T,
        _out: &mut [Self::Out],
    ) -> bool {
        false
    }
}
trait Map3<T: Lane> {
    /// The first operand: a condition, or a number like the others.
    type First: Lane;
    type Out: Lane;
    fn at<I: Isa>(c: Self::First, a: T, b: T) -> Self::Out;
}

// A body is a pair of a row and its loop, the row first: rustc compiles a method of a tuple with the module of its first
// type, so every row is compiled by itself.

struct Loop1<T>(PhantomData<T>);
impl<T: Lane, K: Map1<T>> Body for (K, Loop1<T>) {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        // SAFETY: the contract of `Kernel`: `n` elements each, the output disjoint from the input.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out.cast(), n);
            K::run::<I>(x.cast(), out);
            tell_complex(out);
        }
    }
}

/// `FORM`: 0 both vary, 1 `b` is one value, 2 `a` is one value.
struct Loop2<A, B, const FORM: usize>(PhantomData<(A, B)>);
impl<A: Lane, B: Lane, T: Lane + From<A> + From<B>, K: Map2In<A, B, T = T>, const FORM: usize> Body
    for (K, Loop2<A, B, FORM>)
{
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [a, b, _]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<A: Lane, B: Lane, K: Map2In<A, B>, I: Isa, const FORM: usize>(
            a: *const A,
            b: *const B,
            out: &mut [K::Out],
        ) {
            // SAFETY: `i < n`, and an operand that varies is valid for `n` elements, one that does not for one.
            unsafe {
                if K::run::<I, FORM>(a, b, out) {
                    return;
                }
                match FORM {
                    0 => {
                        for (i, o) in out.iter_mut().enumerate() {
                            *o = K::at::<I>((*a.add(i)).into(), (*b.add(i)).into());
                        }
                    }
                    1 => {
                        let b: K::T = (*b).into();
                        for (i, o) in out.iter_mut().enumerate() {
                            *o = K::at::<I>((*a.add(i)).into(), b);
                        }
                    }
                    _ => {
                        let a: K::T = (*a).into();
                        for (i, o) in out.iter_mut().enumerate() {
                            *o = K::at::<I>(a, (*b.add(i)).into());
                        }
                    }
                }
            }
        }
        // SAFETY: the contract of `Kernel`.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out.cast(), n);
            each::<A, B, K, I, FORM>(a.cast(), b.cast(), out);
            tell_complex(out);
        }
    }
}

/// A binary op whose operands lie in memory as `A` and `B` and are computed in `T`: the same type but for `u64` with
/// `i64`, which are compared in [`Wide`].
trait Map2In<A: Lane, B: Lane> {
    type T: Lane + From<A> + From<B>;
    type Out: Lane;
    fn at<I: Isa>(a: Self::T, b: Self::T) -> Self::Out;

    /// As [`Map2::run`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn run<I: Isa, const FORM: usize>(
        _a: *const A,
        _b: *const B,
        _out: &mut [Self::Out],
    ) -> bool {
        false
    }
}
struct Plain;
impl<T: Lane, K: Map2<T>> Map2In<T, T> for (K, Plain) {
    type T = T;
    type Out = K::Out;
    #[inline(always)]
    fn at<I: Isa>(a: T, b: T) -> K::Out {
        K::at::<I>(a, b)
    }
    #[inline(always)]
    unsafe fn run<I: Isa, const FORM: usize>(a: *const T, b: *const T, out: &mut [K::Out]) -> bool {
        // SAFETY: the caller's contract.
        unsafe { K::run::<I, FORM>(a, b, out) }
    }
}
struct Exact;
macro_rules! exact {
    ($($a:ty, $b:ty);*) => { $(
        impl<K: Map2<Wide>> Map2In<$a, $b> for (K, Exact) {
            type T = Wide;
            type Out = K::Out;
            #[inline(always)]
            fn at<I: Isa>(a: Wide, b: Wide) -> K::Out {
                K::at::<I>(a, b)
            }
        }
    )* };
}
exact!(u64, i64; i64, u64);

/// `A`, `B`: whether the second, the third operand varies.
struct Loop3<T, const A: bool, const B: bool>(PhantomData<T>);
impl<T: Lane, K: Map3<T>, const A: bool, const B: bool> Body for (K, Loop3<T, A, B>) {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [c, a, b]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<T: Lane, K: Map3<T>, I: Isa, const A: bool, const B: bool>(
            c: *const K::First,
            a: *const T,
            b: *const T,
            out: &mut [K::Out],
        ) {
            // SAFETY: `i < n`, and an operand that varies is valid for `n` elements, one that does not for one.
            unsafe {
                let (a0, b0) = (*a, *b);
                for (i, o) in out.iter_mut().enumerate() {
                    *o = K::at::<I>(
                        *c.add(i),
                        if A { *a.add(i) } else { a0 },
                        if B { *b.add(i) } else { b0 },
                    );
                }
            }
        }
        if n == 0 {
            return;
        }
        // SAFETY: the contract of `Kernel`, and there is an element to read.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out.cast(), n);
            each::<T, K, I, A, B>(c.cast(), a.cast(), b.cast(), out);
            tell_complex(out);
        }
    }
}

struct Table<K>(PhantomData<K>);
impl<K> Table<K> {
    const fn unary<T: Lane>() -> Variants
    where
        K: Map1<T>,
    {
        let each = Shells::<(K, Loop1<T>)>::BY_LEVEL;
        Variants {
            by_form: [each; 4],
            first: size_of::<T>() as u8,
        }
    }
    const fn binary<A: Lane, B: Lane>() -> Variants
    where
        K: Map2In<A, B>,
    {
        let both = Shells::<(K, Loop2<A, B, 0>)>::BY_LEVEL;
        Variants {
            by_form: [
                both,
                Shells::<(K, Loop2<A, B, 1>)>::BY_LEVEL,
                Shells::<(K, Loop2<A, B, 2>)>::BY_LEVEL,
                both,
            ],
            first: size_of::<A>() as u8,
        }
    }
    const fn ternary<T: Lane>() -> Variants
    where
        K: Map3<T>,
    {
        Variants {
            by_form: [
                Shells::<(K, Loop3<T, true, true>)>::BY_LEVEL,
                Shells::<(K, Loop3<T, true, false>)>::BY_LEVEL,
                Shells::<(K, Loop3<T, false, true>)>::BY_LEVEL,
                Shells::<(K, Loop3<T, false, false>)>::BY_LEVEL,
            ],
            first: size_of::<K::First>() as u8,
        }
    }
}

/// Rows with kernels of their own beside the element's formula: they treat the rare arguments of a block apart.
macro_rules! own_run {
    (Exp) => { own_run!(@unary exp_run); };
    (Exp2) => { own_run!(@unary exp2_run); };
    (Asin) => { own_run!(@unary asin_run); };
    (Atan) => { own_run!(@unary atan_run); };
    (Tanh) => { own_run!(@unary tanh_run); };
    (Log) => { own_run!(@unary log_run); };
    (Log2) => { own_run!(@unary log2_run); };
    (Log10) => { own_run!(@unary log10_run); };
    (Tan) => { own_run!(@unary tan_run); };
    (Cbrt) => { own_run!(@unary cbrt_run); };
    (Mantissa) => { own_run!(@unary mantissa_run); };
    (Exponent) => { own_run!(@unary exponent_run); };
    (Gap) => { own_run!(@unary gap_run); };
    (Sin) => { own_run!(@unary sin_run); };
    (Cos) => { own_run!(@unary cos_run); };
    (Atan2) => { own_run!(@binary atan2_run); };
    (NextToward) => { own_run!(@binary next_toward_run); };
    (Scalb) => { own_run!(@binary scalb_run); };
    (Pow) => { own_run!(@binary pow_run); };
    (FloatPower) => { own_run!(@binary pow_run); };
    (FloorDivide) => { own_run!(@binary floor_div_run); };
    (Remainder) => { own_run!(@binary rem_run); };
    (Fmod) => { own_run!(@binary fmod_run); };
    (@binary $run:ident) => {
        #[inline(always)]
        unsafe fn run<I: Isa, const FORM: usize>(a: *const T, b: *const T, out: &mut [T]) -> bool {
            // SAFETY: the caller's contract.
            unsafe { T::$run::<I, FORM>(a, b, out) }
        }
    };
    (@unary $run:ident) => {
        #[inline(always)]
        unsafe fn run<I: Isa>(x: *const T, out: &mut [T]) {
            // SAFETY: the caller's contract.
            unsafe { T::$run::<I>(x, out) }
        }
    };
    ($Other:ident) => {};
}

/// See [`Map1::CHOOSES`].
macro_rules! chooses {
    (Log1p) => {
        true
    };
    (Acosh) => {
        true
    };
    (Atanh) => {
        true
    };
    ($Other:ident) => {
        false
    };
}

/// The lane that comes out, by class.
macro_rules! out_lane {
    (ToReal $T:ident) => {
        <$T as Lane>::Real
    };
    (ToBool $T:ident) => {
        B8
    };
    (RealToBool $T:ident) => {
        B8
    };
    (Compare $T:ident) => {
        B8
    };
    ($Other:ident $T:ident) => {
        $T
    };
}

/// The lane of the first of three operands.
macro_rules! first_lane {
    (Select $T:ident) => {
        B8
    };
    ($Other:ident $T:ident) => {
        $T
    };
}

/// The lanes that a class computes in: the compute dtypes of [`crate::ops::Class::loops`], as types.
macro_rules! with_lanes {
    (Ring => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (Ordered => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (ToReal => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (ToBool => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (Compare => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (Select => $m:ident!($($args:tt)*)) => { with_lanes!(@every $m!($($args)*)) };
    (Subtractive => $m:ident!($($args:tt)*)) => { with_lanes!(@numbers $m!($($args)*)) };
    (Numeric => $m:ident!($($args:tt)*)) => { with_lanes!(@numbers $m!($($args)*)) };
    (RealSame => $m:ident!($($args:tt)*)) => {
        $m!($($args)*; Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64)
    };
    (RealToBool => $m:ident!($($args:tt)*)) => { with_lanes!(RealSame => $m!($($args)*)) };
    (RealPair => $m:ident!($($args:tt)*)) => {
        $m!($($args)*; U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64)
    };
    (ToFloat => $m:ident!($($args:tt)*)) => { $m!($($args)*; F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>) };
    (TrueDiv => $m:ident!($($args:tt)*)) => { $m!($($args)*; F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>) };
    (RealFloat => $m:ident!($($args:tt)*)) => { $m!($($args)*; F32 f32, F64 f64) };
    (Native => $m:ident!($($args:tt)*)) => { $m!($($args)*; F32 f32, F64 f64) };
    (Double => $m:ident!($($args:tt)*)) => { $m!($($args)*; F64 f64, C128 Complex<f64>) };
    (Integer => $m:ident!($($args:tt)*)) => { with_lanes!(Whole => $m!($($args)*)) };
    (Whole => $m:ident!($($args:tt)*)) => {
        $m!($($args)*; U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64)
    };
    (Bits => $m:ident!($($args:tt)*)) => {
        $m!($($args)*; Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64)
    };
    (@every $m:ident!($($args:tt)*)) => {
        $m!($($args)*; Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64,
            F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>)
    };
    (@numbers $m:ident!($($args:tt)*)) => {
        $m!($($args)*; U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64,
            F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>)
    };
}
macro_rules! unary_table {
    ($Op:ident, $dtype:ident; $($D:ident $t:ty),*) => {
        match $dtype { $(DType::$D => Some(const { &Table::<$Op>::unary::<$t>() }),)* #[allow(unreachable_patterns)] _ => None }
    };
}
macro_rules! binary_table {
    ($Op:ident, $dtype:ident; $($D:ident $t:ty),*) => {
        match $dtype { $(DType::$D => Some(const { &Table::<($Op, Plain)>::binary::<$t, $t>() }),)* #[allow(unreachable_patterns)] _ => None }
    };
}
macro_rules! ternary_table {
    ($Op:ident, $dtype:ident; $($D:ident $t:ty),*) => {
        match $dtype { $(DType::$D => Some(const { &Table::<$Op>::ternary::<$t>() }),)* #[allow(unreachable_patterns)] _ => None }
    };
}
/// The exact comparison of 64-bit integers of either sign, where the class has one.
macro_rules! exact_table {
    (Compare $Op:ident $first:ident) => {
        match $first {
            DType::U64 => Some(const { &Table::<($Op, Exact)>::binary::<u64, i64>() }),
            _ => Some(const { &Table::<($Op, Exact)>::binary::<i64, u64>() }),
        }
    };
    ($Other:ident $Op:ident $first:ident) => {
        None
    };
}

macro_rules! define {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $name1:ident($x:ident): $class1:ident {
        numpy: $numpy1:ident, torch: $torch1:literal, kernel: $kernel1:expr, device: $device1:literal, gradient: $gradient1:expr,
        samples: [$($sample1:expr),*], example: $example1:literal => $prints1:literal,
    })* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $name2:ident($a:ident, $b:ident): $class2:ident {
        numpy: $numpy2:ident, torch: $torch2:literal, kernel: $kernel2:expr, device: $device2:literal, gradient: $gradient2:expr,
        samples: [$($sample2:expr),*], example: $example2:literal => $prints2:literal,
    })* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident {
        numpy: $numpy3:ident, torch: $torch3:literal, kernel: $kernel3:expr, device: $device3:literal, gradient: $gradient3:expr,
        samples: [$($sample3:expr),*], example: $example3:literal => $prints3:literal,
    })* }) => {
        $(
            mod $name1 {
                pub struct $Op1;
            }
            use $name1::$Op1;
            impl<T: $class1> Map1<T> for $Op1 {
                type Out = out_lane!($class1 T);
                const CHOOSES: bool = chooses!($Op1);
                #[inline(always)]
                fn at<I: Isa>($x: T) -> Self::Out {
                    $kernel1
                }
                own_run!($Op1);
            }
        )*
        $(
            mod $name2 {
                pub struct $Op2;
            }
            use $name2::$Op2;
            impl<T: $class2> Map2<T> for $Op2 {
                type Out = out_lane!($class2 T);
                #[inline(always)]
                fn at<I: Isa>($a: T, $b: T) -> Self::Out {
                    $kernel2
                }
                own_run!($Op2);
            }
        )*
        $(
            mod $name3 {
                pub struct $Op3;
            }
            use $name3::$Op3;
            impl<T: $class3> Map3<T> for $Op3 {
                type First = first_lane!($class3 T);
                type Out = out_lane!($class3 T);
                #[inline(always)]
                fn at<I: Isa>($c: Self::First, $p: T, $q: T) -> Self::Out {
                    $kernel3
                }
            }
        )*
        /// The kernels of `op` for inputs of these compute dtypes; `None` where its class has no such lane.
        pub fn kernels(op: Op, inputs: [DType; 3]) -> Option<&'static Variants> {
            let (first, last) = (inputs[0], inputs[op.row().arity - 1]);
            match op {
                $(Op::$Op1 => with_lanes!($class1 => unary_table!($Op1, first)),)*
                $(Op::$Op2 if first != last => exact_table!($class2 $Op2 first),)*
                $(Op::$Op2 => with_lanes!($class2 => binary_table!($Op2, first)),)*
                $(Op::$Op3 => with_lanes!($class3 => ternary_table!($Op3, last)),)*
            }
        }
    };
}
elementwise_rows!(define);
