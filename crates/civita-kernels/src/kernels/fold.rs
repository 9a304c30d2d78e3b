//! Reductions of contiguous memory: one result for a run (`along`), or one for each column of some rows (`across`).
//!
//! ```text
//! along:  part[l]  ← fold of 8 vectors, lane by lane, in the type of parts
//!         wide[l]  ← wide[l] ∘ part[l], in the accumulator's type
//!         result   ← tree over wide
//! across: part     ← fold of 8 rows, in the type of parts
//!         out[c]   ← out[c] ∘ part
//! ```
//!
//! Sums of `f32` are kept in `f64`, so only eight additions round in `f32` before one does in `f64`: ten million 0.1s sum
//! to 1e-7, where one running `f32` sum is off by 10%. In `f64` the same blocks, and the tree that the driver makes of
//! them, are pairwise summation (Higham, Accuracy and Stability of Numerical Algorithms, §4.2).

use std::marker::PhantomData;

use num_complex::Complex;

use super::Slot;
use super::fold_rows;
use super::lane::{B8, Lane, Ordered, Ring};
use crate::dtype::DType;
use crate::isa::{Body, Isa, Kernel, Shells, level};

/// What two accumulators become: the monoids that kernels fold with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    /// `a + b`, from 0.
    Sum,
    /// `a · b`, from 1.
    Prod,
    /// The larger, NaN if either is.
    Max,
    /// The smaller, NaN if either is.
    Min,
    /// Whether either is true (anything but 0).
    Any,
    /// Whether both are.
    All,
}

/// The kernels of a fold over one lane.
pub struct Folding {
    /// `out ← out ∘ fold of n elements`.
    pub along: Kernel,
    /// `out[c] ← out[c] ∘ fold of a column`, for `n` columns; the second input is [`Rows`].
    pub across: Kernel,
    /// `out[i] ← out[i] ∘ x[i]`, both accumulators.
    pub merge: Kernel,
    /// `out[r] ← fold of a row`, for many short rows at once, to the bits of `along`: see [`fold_rows`].
    pub rows: Option<Kernel>,
    /// Dtype of the accumulator.
    pub acc: DType,
    /// An accumulator that changes nothing.
    pub identity: Slot,
    /// The first byte of one that nothing changes any more, where there is such: the rest need not be looked at.
    pub absorbing: Option<u8>,
}

/// The rows that `across` folds.
#[repr(C)]
pub struct Rows {
    /// How many.
    pub count: usize,
    /// Elements from one to the next.
    pub stride: isize,
}

trait Monoid<T: Lane>: 'static {
    /// What few elements are folded in.
    type Part: Copy;
    /// What is kept of them beside their fold.
    type Mark: Copy;
    /// What all of them are.
    type Acc: Lane;
    const IDENTITY: Self::Acc;
    /// Whether parts lose nothing, however many elements they are of.
    const EXACT: bool;
    const ABSORBING: Option<u8> = None;
    /// [`Folding::rows`].
    const ROWS: [Option<Kernel>; 3] = [None; 3];
    fn mark(x: T) -> Self::Mark;
    fn marks(a: Self::Mark, b: Self::Mark) -> Self::Mark;
    fn start(x: T) -> Self::Part;
    fn part<I: Isa>(a: Self::Part, b: Self::Part) -> Self::Part;
    fn lift(part: Self::Part, mark: Self::Mark) -> Self::Acc;
    fn merge<I: Isa>(a: Self::Acc, b: Self::Acc) -> Self::Acc;

    #[inline(always)]
    fn one(x: T) -> Self::Acc {
        Self::lift(Self::start(x), Self::mark(x))
    }

    /// The fold by a kernel of the instruction set's own, where it has one.
    ///
    /// # Safety
    /// `x` is valid for `n` elements.
    #[inline(always)]
    unsafe fn own<I: Isa>(_x: *const T, _n: usize) -> Option<Self::Acc> {
        None
    }
}

/// Elements folded in their own type before they go to the accumulator.
const DEPTH: usize = 8;

struct Along<M, T>(PhantomData<(M, T)>);
struct Across<M, T>(PhantomData<(M, T)>);
struct Merge<M, T>(PhantomData<(M, T)>);

/// Runs `$body` with the halves of `$lanes`, each a number that the compiler knows: lanes at places that it does not know
/// would lie in memory.
macro_rules! halves {
    ($lanes:ident, $half:ident, $body:block) => {
        halves!($lanes, $half, $body, 128 64 32 16 8 4 2 1)
    };
    ($lanes:ident, $half:ident, $body:block, $($h:literal)*) => { $(
        if $lanes > $h {
            let $half = $h;
            $body
        }
    )* };
}

/// Four vectors of the widest instruction set or more: enough independent chains to hide the latency of an addition. 64
/// lanes and not 32, because a loop so short that the compiler unrolls it whole is put together again from the narrowest
/// vectors (seen with `f64`: half the speed).
macro_rules! along {
    ($M:ty, $T:ty, $I:ty, $lanes:expr, $n:expr, $x:expr) => {{
        const L: usize = $lanes;
        let mut wide = [<$M as Monoid<$T>>::IDENTITY; L];
        let mut i = 0;
        while i + L <= $n {
            // as many as there are: a number known to the compiler makes it read lane by lane, eight rows each, which no
            // processor reads ahead of
            let depth = DEPTH.min(($n - i) / L);
            // SAFETY: `i + L · depth ≤ n`.
            unsafe {
                // two arrays, not one of pairs: pairs would have to be taken apart for every vector
                let mut part: [<$M as Monoid<$T>>::Part; L] =
                    std::array::from_fn(|l| <$M as Monoid<$T>>::start(*$x.add(i + l)));
                let mut mark: [<$M as Monoid<$T>>::Mark; L] =
                    std::array::from_fn(|l| <$M as Monoid<$T>>::mark(*$x.add(i + l)));
                for d in 1..depth {
                    for l in 0..L {
                        let v = *$x.add(i + d * L + l);
                        part[l] = <$M as Monoid<$T>>::part::<$I>(part[l], <$M as Monoid<$T>>::start(v));
                        mark[l] = <$M as Monoid<$T>>::marks(mark[l], <$M as Monoid<$T>>::mark(v));
                    }
                }
                for l in 0..L {
                    wide[l] = <$M as Monoid<$T>>::merge::<$I>(
                        wide[l],
                        <$M as Monoid<$T>>::lift(part[l], mark[l]),
                    );
                }
            }
            i += L * depth;
        }
        // SAFETY: `n - i` elements lie there.
        let rest = unsafe { along_few::<$T, $M, $I>($n - i, $x.add(i)) };
        halves!(L, half, {
            for l in 0..half {
                wide[l] = <$M as Monoid<$T>>::merge::<$I>(wide[l], wide[l + half]);
            }
        });
        <$M as Monoid<$T>>::merge::<$I>(wide[0], rest)
    }};
}

/// A short run, or what a long one leaves: eight lanes, which the compiler keeps in vectors, and one chain of its own.
///
/// # Safety
/// `n` elements lie at `x`.
#[inline(always)]
unsafe fn along_few<T: Lane, M: Monoid<T>, I: Isa>(n: usize, x: *const T) -> M::Acc {
    const L: usize = 8;
    let mut lanes = [M::IDENTITY; L];
    let mut i = 0;
    while i + L <= n {
        for (l, lane) in lanes.iter_mut().enumerate() {
            // SAFETY: `i + l < n`.
            *lane = M::merge::<I>(*lane, M::one(unsafe { *x.add(i + l) }));
        }
        i += L;
    }
    let mut rest = M::IDENTITY;
    while i < n {
        // SAFETY: `i < n`.
        rest = M::merge::<I>(rest, M::one(unsafe { *x.add(i) }));
        i += 1;
    }
    halves!(L, half, {
        for l in 0..half {
            lanes[l] = M::merge::<I>(lanes[l], lanes[l + half]);
        }
    });
    M::merge::<I>(lanes[0], rest)
}

/// The same of a fold whose parts lose nothing: one pass in the element type, `n ≥ lanes`. What is left at the end is
/// folded together with elements that were folded already, which changes nothing.
macro_rules! along_exactly {
    ($M:ty, $T:ty, $I:ty, $lanes:expr, $n:expr, $x:expr) => {{
        const L: usize = $lanes;
        // SAFETY: `L ≤ n`, and every index below is under `n`.
        unsafe {
            let mut part: [<$M as Monoid<$T>>::Part; L] =
                std::array::from_fn(|l| <$M as Monoid<$T>>::start(*$x.add(l)));
            let mut mark: [<$M as Monoid<$T>>::Mark; L] =
                std::array::from_fn(|l| <$M as Monoid<$T>>::mark(*$x.add(l)));
            let mut i = L;
            while i + L <= $n {
                for l in 0..L {
                    let v = *$x.add(i + l);
                    part[l] = <$M as Monoid<$T>>::part::<$I>(part[l], <$M as Monoid<$T>>::start(v));
                    mark[l] = <$M as Monoid<$T>>::marks(mark[l], <$M as Monoid<$T>>::mark(v));
                }
                i += L;
            }
            for l in 0..L {
                let v = *$x.add($n - L + l);
                part[l] = <$M as Monoid<$T>>::part::<$I>(part[l], <$M as Monoid<$T>>::start(v));
                mark[l] = <$M as Monoid<$T>>::marks(mark[l], <$M as Monoid<$T>>::mark(v));
            }
            // What is taken apart lies in memory. The compiler is kept from seeing that these arrays are those above,
            // because then it would keep those there too (up to four times slower, and not the same types each time).
            let (mut best, mut kept) = (part, mark);
            std::hint::black_box(&mut best);
            std::hint::black_box(&mut kept);
            halves!(L, half, {
                for l in 0..half {
                    best[l] = <$M as Monoid<$T>>::part::<$I>(best[l], best[l + half]);
                    kept[l] = <$M as Monoid<$T>>::marks(kept[l], kept[l + half]);
                }
            });
            <$M as Monoid<$T>>::lift(best[0], kept[0])
        }
    }};
}

impl<T: Lane, M: Monoid<T>> Body for Along<M, T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        let x = x.cast::<T>();
        // of a chain of integers, which may be folded in any order, the compiler makes lanes
        let is_short = n < 8 || n < 32 && !T::DTYPE.is_float();
        // SAFETY: `n` elements lie there.
        let own = unsafe { M::own::<I>(x, n) };
        let result = if let Some(result) = own {
            result
        } else if is_short {
            let mut acc = M::IDENTITY;
            for i in 0..n {
                // SAFETY: `i < n`.
                acc = M::merge::<I>(acc, M::one(unsafe { *x.add(i) }));
            }
            acc
        } else if M::EXACT {
            // as many lanes as the row has: a longer one would be idle, a shorter one slow
            match size_of::<T>() {
                1 if n >= 256 => along_exactly!(M, T, I, 256, n, x),
                1 | 2 if n >= 128 => along_exactly!(M, T, I, 128, n, x),
                ..=4 if n >= 64 => along_exactly!(M, T, I, 64, n, x),
                // of extremes of floats the compiler makes better code with 32
                8 if n >= 64 && !(T::DTYPE.is_float() && size_of::<M::Acc>() == 8) => {
                    along_exactly!(M, T, I, 64, n, x)
                }
                // not of 4 bytes: 32 lanes of those are put together from narrow vectors
                1 | 2 | 8.. if n >= 32 => along_exactly!(M, T, I, 32, n, x),
                _ => along_exactly!(M, T, I, 8, n, x),
            }
        } else {
            match size_of::<T>() {
                // SAFETY: `n` elements lie there.
                ..=8 if n < 64 => unsafe { along_few::<T, M, I>(n, x) },
                ..=8 => along!(M, T, I, 64, n, x),
                _ => along!(M, T, I, 16, n, x),
            }
        };
        // SAFETY: the output is one accumulator.
        unsafe {
            let out = out.cast::<M::Acc>();
            *out = M::merge::<I>(*out, result);
        }
    }
}

impl<T: Lane, M: Monoid<T>> Body for Across<M, T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, rows, _]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn rows_of<T: Lane, M: Monoid<T>, I: Isa, const D: usize>(
            x: *const T,
            stride: isize,
            out: &mut [M::Acc],
        ) {
            // SAFETY: the caller has D rows of as many columns as `out` from `x` on.
            let row: [*const T; D] =
                std::array::from_fn(|d| unsafe { x.offset(d as isize * stride) });
            for (c, o) in out.iter_mut().enumerate() {
                // SAFETY: as above.
                let first = unsafe { *row[0].add(c) };
                let (mut part, mut mark) = (M::start(first), M::mark(first));
                for row in &row[1..] {
                    // SAFETY: as above.
                    let v = unsafe { *row.add(c) };
                    part = M::part::<I>(part, M::start(v));
                    mark = M::marks(mark, M::mark(v));
                }
                *o = M::merge::<I>(*o, M::lift(part, mark));
            }
        }
        // SAFETY: the second input is `Rows`; `count` rows of `n` columns lie from `x` on; `n` accumulators at `out`.
        unsafe {
            let Rows { count, stride } = *rows.cast::<Rows>();
            let out = std::slice::from_raw_parts_mut(out.cast::<M::Acc>(), n);
            let x = x.cast::<T>();
            let mut r = 0;
            while r + DEPTH <= count {
                rows_of::<T, M, I, DEPTH>(x.offset(r as isize * stride), stride, out);
                r += DEPTH;
            }
            while r < count {
                rows_of::<T, M, I, 1>(x.offset(r as isize * stride), stride, out);
                r += 1;
            }
        }
    }
}

impl<T: Lane, M: Monoid<T>> Body for Merge<M, T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(n: usize, [x, ..]: [*const u8; 3], out: *mut u8) {
        #[inline(always)]
        unsafe fn each<T: Lane, M: Monoid<T>, I: Isa>(x: *const M::Acc, out: &mut [M::Acc]) {
            for (i, o) in out.iter_mut().enumerate() {
                // SAFETY: `i < n`.
                *o = M::merge::<I>(*o, unsafe { *x.add(i) });
            }
        }
        // SAFETY: the contract of `Kernel`, with `n` accumulators in and out.
        unsafe { each::<T, M, I>(x.cast(), std::slice::from_raw_parts_mut(out.cast(), n)) }
    }
}

struct Sum;
struct Prod;
struct Max;
struct Min;

/// `$t` is summed in `$part` eight at a time, and those in `$acc`; products are taken in `$acc` at once, but for floats.
macro_rules! sums {
    ($($t:ty, $zero:expr, $one:expr; $part:ty, $start:expr, $lift:expr; $factor:ty, $first:expr, $last:expr; $acc:ty;)*) => { $(
        sums!(@one Sum $t, $zero, $part, $start, $lift, $acc, |a, b| Ring::add(a, b));
        sums!(@one Prod $t, $one, $factor, $first, $last, $acc, |a, b| Ring::mul::<I>(a, b));
    )* };
    (@one $M:ident $t:ty, $identity:expr, $part:ty, $start:expr, $lift:expr, $acc:ty, |$a:ident, $b:ident| $fold:expr) => {
        impl Monoid<$t> for $M {
            type Part = $part;
            type Mark = ();
            type Acc = $acc;
            const IDENTITY: $acc = $identity;
            const EXACT: bool = false;
            const ROWS: [Option<Kernel>; 3] =
                fold_rows::by_level(Fold::$M, <$t as Lane>::DTYPE);
            #[inline(always)]
            fn mark(_: $t) {}
            #[inline(always)]
            fn marks(_: (), _: ()) {}
            #[inline(always)]
            fn start(x: $t) -> $part {
                $start(x)
            }
            #[inline(always)]
            fn part<I: Isa>($a: $part, $b: $part) -> $part {
                $fold
            }
            #[inline(always)]
            fn lift(x: $part, (): ()) -> $acc {
                $lift(x)
            }
            #[inline(always)]
            fn merge<I: Isa>($a: $acc, $b: $acc) -> $acc {
                $fold
            }
        }
    };
}
/// Eight numbers of up to 16 bits fit 32; of 32 bits they need 64, as all products do.
macro_rules! integer_sums {
    ($($t:ty, $part:ty, $acc:ty;)*) => { sums! { $(
        $t, 0, 1; $part, |x| x as $part, |x| x as $acc; $acc, |x| x as $acc, |x| x; $acc;
    )* } };
}
integer_sums! {
    i8, i32, i64; i16, i32, i64; i32, i64, i64; i64, i64, i64;
    u8, u32, u64; u16, u32, u64; u32, u64, u64; u64, u64, u64;
}
const ZERO64: Complex<f64> = Complex::new(0.0, 0.0);
const ONE64: Complex<f64> = Complex::new(1.0, 0.0);
#[inline(always)]
fn widened(x: Complex<f32>) -> Complex<f64> {
    Complex::new(x.re.into(), x.im.into())
}
sums! {
    // booleans are counted
    B8, 0, 1; i32, |x: B8| i32::from(x.get()), i64::from; i64, |x: B8| i64::from(x.get()), |x| x; i64;
    f32, 0.0, 1.0; f32, |x| x, f64::from; f32, |x| x, f64::from; f64;
    f64, 0.0, 1.0; f64, |x| x, |x| x; f64, |x| x, |x| x; f64;
    Complex<f32>, ZERO64, ONE64; Complex<f32>, |x| x, widened; Complex<f32>, |x| x, widened; Complex<f64>;
    Complex<f64>, ZERO64, ONE64; Complex<f64>, |x| x, |x| x; Complex<f64>, |x| x, |x| x; Complex<f64>;
}

macro_rules! extremes {
    ($($t:ty, $least:expr, $most:expr;)*) => { $(
        extremes!(@one Max $t, $least, maximum);
        extremes!(@one Min $t, $most, minimum);
    )* };
    (@one $M:ident $t:ty, $identity:expr, $f:ident) => {
        impl Monoid<$t> for $M {
            type Part = $t;
            type Mark = ();
            type Acc = $t;
            const IDENTITY: $t = $identity;
            const EXACT: bool = true;
            #[inline(always)]
            fn start(x: $t) -> $t {
                x
            }
            #[inline(always)]
            fn mark(_: $t) {}
            #[inline(always)]
            fn marks(_: (), _: ()) {}
            #[inline(always)]
            fn part<I: Isa>(a: $t, b: $t) -> $t {
                Ordered::$f(a, b)
            }
            #[inline(always)]
            fn lift(x: $t, (): ()) -> $t {
                x
            }
            #[inline(always)]
            fn merge<I: Isa>(a: $t, b: $t) -> $t {
                Ordered::$f(a, b)
            }
        }
    };
}
extremes! {
    B8, B8(0), B8(1);
    u8, u8::MIN, u8::MAX;
    u16, u16::MIN, u16::MAX;
    u32, u32::MIN, u32::MAX;
    u64, u64::MIN, u64::MAX;
    i8, i8::MIN, i8::MAX;
    i16, i16::MIN, i16::MAX;
    i32, i32::MIN, i32::MAX;
    i64, i64::MIN, i64::MAX;
    Complex<f32>, Complex::new(f32::NEG_INFINITY, f32::NEG_INFINITY), Complex::new(f32::INFINITY, f32::INFINITY);
    Complex<f64>, Complex::new(f64::NEG_INFINITY, f64::NEG_INFINITY), Complex::new(f64::INFINITY, f64::INFINITY);
}

/// Extremes of floats. To carry a NaN along takes two comparisons and a blend one after the other, twice as long as
/// memory takes. So a part keeps the extreme of what is no NaN, in one instruction, and beside it the largest magnitude
/// as bits, which is above infinity's when there was a NaN.
///
/// With AVX-512 the extreme is one instruction, one comparison looks for NaN in two vectors, and a mask reads what is left at
/// the end: short rows cost as little as their vectors.
macro_rules! float_extremes {
    ($($t:ident $bits:ident $own:ident;)*) => { $(
        float_extremes!(@one Max $t $bits $own max, $t::NEG_INFINITY, maximum, >);
        float_extremes!(@one Min $t $bits $own min, $t::INFINITY, minimum, <);
    )* };
    (@one $M:ident $t:ident $bits:ident $own:ident $name:ident, $identity:expr, $f:ident, $better:tt) => {
        impl Monoid<$t> for $M {
            type Part = $t;
            type Mark = $bits;
            type Acc = $t;
            const IDENTITY: $t = $identity;
            const EXACT: bool = true;
            #[inline(always)]
            fn start(x: $t) -> $t {
                x
            }
            #[inline(always)]
            fn mark(x: $t) -> $bits {
                x.abs().to_bits()
            }
            #[inline(always)]
            fn marks(a: $bits, b: $bits) -> $bits {
                a.max(b)
            }
            #[inline(always)]
            fn part<I: Isa>(best: $t, x: $t) -> $t {
                if x $better best { x } else { best }
            }
            #[inline(always)]
            fn lift(best: $t, magnitude: $bits) -> $t {
                if magnitude > $t::INFINITY.to_bits() { $t::NAN } else { best }
            }
            #[inline(always)]
            fn merge<I: Isa>(a: $t, b: $t) -> $t {
                Ordered::$f(a, b)
            }
            #[inline(always)]
            unsafe fn own<I: Isa>(x: *const $t, n: usize) -> Option<$t> {
                #[cfg(target_arch = "x86_64")]
                if I::VECTOR_BYTES == 64 {
                    // SAFETY: the caller's contract; `I` is `Avx512` only in its shell.
                    return Some(unsafe { $own::$name(x, n) });
                }
                let _ = (x, n);
                None
            }
        }
    };
}
float_extremes! {
    f32 u32 narrow;
    f64 u64 wide;
}

#[cfg(target_arch = "x86_64")]
macro_rules! extremes_of_vectors {
    ($module:ident $t:ident, $Mask:ident, $LANES:literal; $all:ident $load:ident $load_some:ident $max:ident $reduce_max:ident $min:ident $reduce_min:ident $unordered:ident) => {
        mod $module {
            use std::arch::x86_64::{$all, $load, $load_some, $max, $reduce_max, $min, $reduce_min, $unordered, _CMP_UNORD_Q};

            extremes_of_vectors!(@one max $max $reduce_max, $t::NEG_INFINITY; $t, $Mask, $LANES; $all $load $load_some $unordered);
            extremes_of_vectors!(@one min $min $reduce_min, $t::INFINITY; $t, $Mask, $LANES; $all $load $load_some $unordered);
        }
    };
    (@one $name:ident $extreme:ident $reduce:ident, $identity:expr; $t:ident, $Mask:ident, $LANES:literal; $all:ident $load:ident $load_some:ident $unordered:ident) => {
        /// # Safety
        /// The processor has AVX-512 F, and `x` is valid for `n` elements.
        #[inline]
        #[target_feature(enable = "avx512f")]
        pub unsafe fn $name(x: *const $t, n: usize) -> $t {
            const L: usize = $LANES;
            let identity = $all($identity);
            let mut best = [identity; 4];
            let mut nan: std::arch::x86_64::$Mask = 0;
            let mut i = 0;
            // SAFETY: every vector lies before `n`, and the mask names elements before it.
            unsafe {
                while i + 4 * L <= n {
                    let v: [_; 4] = [$load(x.add(i)), $load(x.add(i + L)), $load(x.add(i + 2 * L)), $load(x.add(i + 3 * L))];
                    nan |= $unordered::<_CMP_UNORD_Q>(v[0], v[1]) | $unordered::<_CMP_UNORD_Q>(v[2], v[3]);
                    // where one is NaN, the second operand
                    best = [$extreme(v[0], best[0]), $extreme(v[1], best[1]), $extreme(v[2], best[2]), $extreme(v[3], best[3])];
                    i += 4 * L;
                }
                while i < n {
                    let mask = if n - i >= L { !0 } else { (1 << (n - i)) - 1 };
                    let v = $load_some(identity, mask, x.add(i));
                    nan |= $unordered::<_CMP_UNORD_Q>(v, v);
                    best[0] = $extreme(v, best[0]);
                    i += L;
                }
                if nan != 0 {
                    return $t::NAN;
                }
                $reduce($extreme($extreme(best[0], best[1]), $extreme(best[2], best[3])))
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
extremes_of_vectors!(narrow f32, __mmask16, 16; _mm512_set1_ps _mm512_loadu_ps _mm512_mask_loadu_ps _mm512_max_ps _mm512_reduce_max_ps _mm512_min_ps _mm512_reduce_min_ps _mm512_cmp_ps_mask);
#[cfg(target_arch = "x86_64")]
extremes_of_vectors!(wide f64, __mmask8, 8; _mm512_set1_pd _mm512_loadu_pd _mm512_mask_loadu_pd _mm512_max_pd _mm512_reduce_max_pd _mm512_min_pd _mm512_reduce_min_pd _mm512_cmp_pd_mask);

/// Another fold over what is no NaN.
struct Numbers<M>(PhantomData<M>);

/// A fold that can do without an element.
trait Neutral<T: Lane>: Monoid<T> {
    /// What changes nothing.
    const NEUTRAL: T;
}
macro_rules! neutrals { ($($t:ident)*) => { $(
    impl Neutral<$t> for Sum {
        const NEUTRAL: $t = 0.0;
    }
    impl Neutral<$t> for Max {
        const NEUTRAL: $t = $t::NEG_INFINITY;
    }
    impl Neutral<$t> for Min {
        const NEUTRAL: $t = $t::INFINITY;
    }
)* } }
neutrals!(f32 f64);

#[inline(always)]
fn kept<T: Lane + PartialEq, M: Neutral<T>>(x: T) -> T {
    #[allow(clippy::eq_op)] // NaN is equal to nothing
    if x == x { x } else { M::NEUTRAL }
}

impl<T: Lane + PartialEq, M: Neutral<T>> Monoid<T> for Numbers<M> {
    type Part = M::Part;
    type Mark = M::Mark;
    type Acc = M::Acc;
    const IDENTITY: M::Acc = M::IDENTITY;
    const EXACT: bool = M::EXACT;
    #[inline(always)]
    fn start(x: T) -> M::Part {
        M::start(kept::<T, M>(x))
    }
    #[inline(always)]
    fn mark(x: T) -> M::Mark {
        M::mark(kept::<T, M>(x))
    }
    #[inline(always)]
    fn marks(a: M::Mark, b: M::Mark) -> M::Mark {
        M::marks(a, b)
    }
    #[inline(always)]
    fn part<I: Isa>(a: M::Part, b: M::Part) -> M::Part {
        M::part::<I>(a, b)
    }
    #[inline(always)]
    fn lift(part: M::Part, mark: M::Mark) -> M::Acc {
        M::lift(part, mark)
    }
    #[inline(always)]
    fn merge<I: Isa>(a: M::Acc, b: M::Acc) -> M::Acc {
        M::merge::<I>(a, b)
    }
}

struct Any;
struct All;

/// Truth. What is kept of elements are bits as wide as they are: of `Any` those of the numbers, without the sign of a
/// zero; of `All` a mask of where there was a zero.
macro_rules! truths {
    ($($t:ty, $bits:ident, $of:expr;)*) => { $(
        truths!(@one Any $t, $bits, 0, 1, |x| $of(x), |bits| bits != 0, |a, b| a | b);
        truths!(@one All $t, $bits, 1, 0, |x| if $of(x) == 0 { $bits::MAX } else { 0 }, |zeros| zeros == 0, |a, b| a & b);
    )* };
    (@one $M:ident $t:ty, $bits:ident, $identity:literal, $absorbing:literal, |$x:ident| $mark:expr, |$kept:ident| $truth:expr, |$a:ident, $b:ident| $merge:expr) => {
        impl Monoid<$t> for $M {
            type Part = ();
            type Mark = $bits;
            type Acc = B8;
            const IDENTITY: B8 = B8($identity);
            const EXACT: bool = true;
            const ABSORBING: Option<u8> = Some($absorbing);
            #[inline(always)]
            fn start(_: $t) {}
            #[inline(always)]
            fn mark($x: $t) -> $bits {
                $mark
            }
            #[inline(always)]
            fn marks(a: $bits, b: $bits) -> $bits {
                a | b
            }
            #[inline(always)]
            fn part<I: Isa>(_: (), _: ()) {}
            #[inline(always)]
            fn lift(_: (), $kept: $bits) -> B8 {
                B8::new($truth)
            }
            #[inline(always)]
            fn merge<I: Isa>(B8($a): B8, B8($b): B8) -> B8 {
                B8($merge)
            }
        }
    };
}
truths! {
    B8, u8, |x: B8| x.0;
    u8, u8, |x| x;
    u16, u16, |x| x;
    u32, u32, |x| x;
    u64, u64, |x| x;
    i8, u8, |x| x as u8;
    i16, u16, |x| x as u16;
    i32, u32, |x| x as u32;
    i64, u64, |x| x as u64;
    f32, u32, |x: f32| x.to_bits() << 1;
    f64, u64, |x: f64| x.to_bits() << 1;
    Complex<f32>, u32, |x: Complex<f32>| (x.re.to_bits() | x.im.to_bits()) << 1;
    Complex<f64>, u64, |x: Complex<f64>| (x.re.to_bits() | x.im.to_bits()) << 1;
}

struct Table<M, T>(PhantomData<(M, T)>);
impl<T: Lane, M: Monoid<T>> Table<M, T> {
    /// By level. Constants, so that a reduction of few elements does not put them together first.
    const BY_LEVEL: [Folding; 3] = [Self::at(0), Self::at(1), Self::at(2)];

    const fn at(level: usize) -> Folding {
        let mut identity = Slot::ZERO;
        let value = M::IDENTITY;
        // SAFETY: a lane is at most 16 bytes of plain data.
        unsafe {
            std::ptr::copy_nonoverlapping(
                (&raw const value).cast::<u8>(),
                identity.at_mut(),
                size_of::<M::Acc>(),
            )
        };
        Folding {
            along: Shells::<Along<M, T>>::BY_LEVEL[level],
            across: Shells::<Across<M, T>>::BY_LEVEL[level],
            merge: Shells::<Merge<M, T>>::BY_LEVEL[level],
            rows: M::ROWS[level],
            acc: M::Acc::DTYPE,
            identity,
            absorbing: M::ABSORBING,
        }
    }
}

macro_rules! table {
    ($M:ty, $lane:ident; $($D:ident $t:ty),*) => {
        match $lane { $(DType::$D => Some(&Table::<$M, $t>::BY_LEVEL[level() as usize]),)* _ => None }
    };
}

macro_rules! all_lanes {
    ($M:ident, $lane:ident) => {
        table!($M, $lane; Bool B8, U8 u8, U16 u16, U32 u32, U64 u64, I8 i8, I16 i16, I32 i32, I64 i64,
            F32 f32, F64 f64, C64 Complex<f32>, C128 Complex<f64>)
    };
}

/// The kernels that fold lanes of this dtype. Sums and products of integers and booleans have accumulators of 64 bits.
pub fn folding(fold: Fold, lane: DType) -> Option<&'static Folding> {
    match fold {
        Fold::Sum => all_lanes!(Sum, lane),
        Fold::Prod => all_lanes!(Prod, lane),
        Fold::Max => all_lanes!(Max, lane),
        Fold::Min => all_lanes!(Min, lane),
        Fold::Any => all_lanes!(Any, lane),
        Fold::All => all_lanes!(All, lane),
    }
}

/// The kernels that fold what is no NaN, of the folds and lanes that have them.
pub fn folding_of_numbers(fold: Fold, lane: DType) -> Option<&'static Folding> {
    match fold {
        Fold::Sum => table!(Numbers<Sum>, lane; F32 f32, F64 f64),
        Fold::Max => table!(Numbers<Max>, lane; F32 f32, F64 f64),
        Fold::Min => table!(Numbers<Min>, lane; F32 f32, F64 f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Level;

    #[test]
    fn extremes_of_runs_are_those_of_a_loop_and_keep_nan() {
        macro_rules! check {
            ($($t:ident)*) => { $(
                for level in Level::available() {
                    for n in 1..200usize {
                        let mut x: Vec<$t> = (0..n).map(|i| ((i * 7919) % 263) as $t - 131.0).collect();
                        let fold = |kernel: Kernel, x: &[$t], start: $t| {
                            let mut out = start;
                            // SAFETY: as many elements, and one accumulator.
                            unsafe { kernel(x.len(), [x.as_ptr().cast(); 3], (&raw mut out).cast()) };
                            out
                        };
                        let max = Shells::<Along<Max, $t>>::BY_LEVEL[level as usize];
                        let min = Shells::<Along<Min, $t>>::BY_LEVEL[level as usize];
                        let largest = x.iter().copied().fold($t::NEG_INFINITY, |a, b| if a < b { b } else { a });
                        let least = x.iter().copied().fold($t::INFINITY, |a, b| if b < a { b } else { a });
                        assert_eq!(fold(max, &x, $t::NEG_INFINITY), largest, "max of {n}, {level:?}");
                        assert_eq!(fold(min, &x, $t::INFINITY), least, "min of {n}, {level:?}");
                        assert_eq!(fold(max, &x, 1000.0), 1000.0);
                        for at in [0, n / 3, n / 2, n - 1] {
                            let before = std::mem::replace(&mut x[at], $t::NAN);
                            assert!(fold(max, &x, 0.0).is_nan(), "max of {n}, NaN at {at}, {level:?}");
                            assert!(fold(min, &x, 0.0).is_nan(), "min of {n}, NaN at {at}, {level:?}");
                            x[at] = before;
                        }
                    }
                }
            )* };
        }
        check!(f32 f64);
    }
}
