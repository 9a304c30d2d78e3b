//! Fourier transforms of several signals at once: their points lie side by side, so that a butterfly is arithmetic on whole registers
//! without shuffles between points.
//!
//! ```text
//! element k of signal l at k · WIDTH + l, complex numbers as pairs
//! for each factor r of n:  r points apart become r neighbours, twisted        Stockham's autosort: no reversal of digits at the end
//! ```
//!
//! A pass reads one buffer and writes the other. Registers hold pairs as they lie in memory; a product with a twiddle factor is a
//! swap of the pair, a product and a fused add-subtract. Radix 4 has its own butterfly; odd radices pair points `s` and `P - s`,
//! whose sums meet cosines and whose differences sines.

use num_complex::Complex;

use crate::isa::{Level, level};

/// Radices that have passes, in the order in which they are tried: large ones first, so that there are few passes.
const RADICES: [usize; 7] = [13, 11, 7, 5, 4, 3, 2];

/// The plan of a transform of some signals of one length.
pub struct Together<T> {
    n: usize,
    inverse: bool,
    passes: Vec<Pass<T>>,
}

struct Pass<T> {
    radix: usize,
    /// Points apart before it is run: `n` over all radices up to this one.
    rest: usize,
    /// For each of them, and each element but the first: its twiddle factor.
    twists: Vec<Complex<T>>,
    /// Cosine and sine of `2π j / radix`, of odd radices.
    waves: Vec<Complex<T>>,
}

/// What transforms are computed in.
pub trait Real: Copy + Send + Sync + 'static {
    /// Signals that are transformed together: 64 bytes of complex numbers.
    const WIDTH: usize;
    #[doc(hidden)]
    /// # Safety
    /// The processor has AVX2, and AVX-512 if the level says so; both buffers are as long as the signals.
    unsafe fn run(plan: &Together<Self>, a: *mut Self, b: *mut Self);
}

impl<T: Real> Together<T> {
    /// For `n` points; `root(k, m)` is `exp(-2πi k / m)`. `None` where the length has a factor without a pass, or the processor no
    /// registers that are worth it.
    pub fn new(
        n: usize,
        inverse: bool,
        root: &dyn Fn(usize, usize) -> Complex<T>,
        conj: &dyn Fn(Complex<T>) -> Complex<T>,
    ) -> Option<Together<T>> {
        if level() == Level::Baseline || n < 2 {
            return None;
        }
        let towards = |k: usize, m: usize| match inverse {
            true => conj(root(k, m)),
            false => root(k, m),
        };
        let (mut passes, mut left) = (Vec::new(), n);
        for radix in RADICES {
            while left.is_multiple_of(radix) {
                let rest = left / radix;
                let of = |p: usize| (1..radix).map(move |k| (p * k, left));
                passes.push(Pass {
                    radix,
                    rest,
                    twists: (0..rest).flat_map(of).map(|(k, m)| towards(k, m)).collect(),
                    waves: (0..radix).map(|j| root(j, radix)).collect(),
                });
                left = rest;
            }
        }
        (left == 1).then_some(Together { n, inverse, passes })
    }

    /// How many numbers its tables hold.
    pub fn numbers(&self) -> usize {
        self.passes.iter().map(|p| p.twists.len() + p.radix).sum()
    }

    /// Transforms [`Real::WIDTH`] signals that lie side by side in `a`; `b` is as long, and of any contents. Returns the one of the
    /// two that the transforms are in.
    pub fn run<'a>(
        &self,
        a: &'a mut [Complex<T>],
        b: &'a mut [Complex<T>],
    ) -> &'a mut [Complex<T>] {
        assert!(a.len() == self.n * T::WIDTH && b.len() == a.len());
        // SAFETY: `new` found the instruction set; the buffers are that long, borrowed and apart.
        unsafe { T::run(self, a.as_mut_ptr().cast(), b.as_mut_ptr().cast()) };
        match self.passes.len() % 2 {
            0 => a,
            _ => b,
        }
    }
}

/// A register of complex numbers as pairs of reals.
///
/// # Safety
/// Every function may only run where its instruction set is present; pointers are valid for [`Reg::N`] reals.
trait Reg: Copy {
    type Real: Real;
    /// Reals in a register.
    const N: usize;
    unsafe fn load(p: *const Self::Real) -> Self;
    unsafe fn store(self, p: *mut Self::Real);
    unsafe fn splat(x: Self::Real) -> Self;
    unsafe fn one() -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self · b + c`.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// `self · b - c` of real parts, `self · b + c` of imaginary ones.
    unsafe fn add_sub(self, b: Self, c: Self) -> Self;
    /// The other way round.
    unsafe fn sub_add(self, b: Self, c: Self) -> Self;
    /// Real and imaginary parts exchanged.
    unsafe fn swap(self) -> Self;
}

/// `a · w`, whose parts are `re` and `im` everywhere.
#[inline(always)]
unsafe fn twisted<R: Reg>(a: R, [re, im]: [R; 2]) -> R {
    // SAFETY: the caller's contract.
    unsafe { a.add_sub(re, a.swap().mul(im)) }
}

/// A pass: `s` reals that lie side by side, of each point.
///
/// # Safety
/// The instruction set of `R`; `x` and `y` hold `radix · rest · s` reals and are apart; `s` is a multiple of `R::N`.
#[expect(
    clippy::needless_range_loop,
    reason = "the indices say which points meet"
)]
#[inline(always)]
unsafe fn pass<R: Reg, const P: usize, const INVERSE: bool>(
    p: &Pass<R::Real>,
    s: usize,
    x: *const R::Real,
    y: *mut R::Real,
) {
    // of the differences of an odd radix the sines, of the sums the cosines: element k takes wave j · k
    // SAFETY: the caller's contract.
    let one = unsafe { R::one() };
    let mut waves = [[[one; 2]; 7]; 7];
    if P % 2 == 1 {
        for k in 1..=P / 2 {
            for j in 1..=P / 2 {
                let w = p.waves[j * k % P];
                // SAFETY: the caller's contract. The root's imaginary part is minus the sine.
                waves[k][j] = unsafe { [R::splat(w.re), R::splat(w.im)] };
            }
        }
    }
    for group in 0..p.rest {
        let mut twist = [[one; 2]; P];
        for k in 1..P {
            let w = p.twists[group * (P - 1) + k - 1];
            // SAFETY: the caller's contract.
            twist[k] = unsafe { [R::splat(w.re), R::splat(w.im)] };
        }
        for i in (0..s).step_by(R::N) {
            // SAFETY: element `group + rest · j` of the input, `P · group + k` of the output.
            unsafe {
                let mut a = [one; P];
                for j in 0..P {
                    a[j] = R::load(x.add((group + p.rest * j) * s + i));
                }
                let b = match P {
                    2 => two::<R, P>(a),
                    4 => four::<R, P>(a),
                    _ => odd::<R, P>(a, &waves),
                };
                for k in 0..P {
                    // the inverse transform is the forward one in another order
                    let from = if INVERSE { (P - k) % P } else { k };
                    let b = match k == 0 || group == 0 {
                        true => b[from],
                        false => twisted(b[from], twist[k]),
                    };
                    b.store(y.add((P * group + k) * s + i));
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn two<R: Reg, const P: usize>(a: [R; P]) -> [R; P] {
    let mut b = a;
    // SAFETY: the caller's contract.
    unsafe {
        b[0] = a[0].add(a[1]);
        b[1] = a[0].sub(a[1]);
    }
    b
}

#[inline(always)]
unsafe fn four<R: Reg, const P: usize>(a: [R; P]) -> [R; P] {
    let mut b = a;
    // SAFETY: the caller's contract.
    unsafe {
        let (even, odd) = (a[0].add(a[2]), a[1].add(a[3]));
        let (less, turned) = (a[0].sub(a[2]), a[1].sub(a[3]).swap());
        b[0] = even.add(odd);
        b[2] = even.sub(odd);
        // less ∓ i · (a₁ - a₃)
        b[1] = less.sub_add(R::one(), turned);
        b[3] = less.add_sub(R::one(), turned);
    }
    b
}

#[inline(always)]
unsafe fn odd<R: Reg, const P: usize>(a: [R; P], waves: &[[[R; 2]; 7]; 7]) -> [R; P] {
    let h = P / 2;
    let mut b = a;
    // SAFETY: the caller's contract.
    unsafe {
        let (mut sums, mut differences) = (a, a);
        for j in 1..=h {
            sums[j] = a[j].add(a[P - j]);
            differences[j] = a[j].sub(a[P - j]);
        }
        let mut all = a[0];
        for sum in &sums[1..=h] {
            all = all.add(*sum);
        }
        b[0] = all;
        for k in 1..=h {
            let mut even = sums[1].mul_add(waves[k][1][0], a[0]);
            let mut odd = differences[1].mul(waves[k][1][1]);
            for j in 2..=h {
                even = sums[j].mul_add(waves[k][j][0], even);
                odd = differences[j].mul_add(waves[k][j][1], odd);
            }
            // even ± i · odd
            let turned = odd.swap();
            b[k] = even.add_sub(R::one(), turned);
            b[P - k] = even.sub_add(R::one(), turned);
        }
    }
    b
}

/// # Safety
/// As [`Real::run`], for the instruction set of `R`.
#[inline(always)]
unsafe fn passes<R: Reg, const INVERSE: bool>(
    plan: &Together<R::Real>,
    a: *mut R::Real,
    b: *mut R::Real,
) {
    let mut s = 2 * R::Real::WIDTH;
    let (mut x, mut y) = (a, b);
    for p in &plan.passes {
        // SAFETY: the caller's contract; the radices are those of `RADICES`.
        unsafe {
            match p.radix {
                2 => pass::<R, 2, INVERSE>(p, s, x, y),
                3 => pass::<R, 3, INVERSE>(p, s, x, y),
                4 => pass::<R, 4, INVERSE>(p, s, x, y),
                5 => pass::<R, 5, INVERSE>(p, s, x, y),
                7 => pass::<R, 7, INVERSE>(p, s, x, y),
                11 => pass::<R, 11, INVERSE>(p, s, x, y),
                _ => pass::<R, 13, INVERSE>(p, s, x, y),
            }
        }
        s *= p.radix;
        (x, y) = (y, x);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Real, Reg, Together, passes};
    use crate::isa::{Level, level};

    macro_rules! registers { ($($(#[$doc:meta])* $Name:ident($V:ty): $T:ty, $n:literal, $load:ident, $store:ident, $splat:ident, $add:ident,
        $sub:ident, $mul:ident, $mul_add:ident, $add_sub:ident, $sub_add:ident, |$x:ident| $swap:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $Name($V);
        // SAFETY of all: the trait's contract.
        impl Reg for $Name {
            type Real = $T;
            const N: usize = $n;
            #[inline(always)]
            unsafe fn load(p: *const $T) -> Self {
                // SAFETY: the trait's contract, here and below.
                unsafe { $Name($load(p)) }
            }
            #[inline(always)]
            unsafe fn store(self, p: *mut $T) {
                // SAFETY: as above.
                unsafe { $store(p, self.0) }
            }
            #[inline(always)]
            unsafe fn splat(x: $T) -> Self {
                // SAFETY: as above.
                unsafe { $Name($splat(x)) }
            }
            #[inline(always)]
            unsafe fn one() -> Self {
                // SAFETY: as above.
                unsafe { $Name($splat(1.0)) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($add(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($sub(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($mul(self.0, other.0)) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($mul_add(self.0, b.0, c.0)) }
            }
            #[inline(always)]
            unsafe fn add_sub(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($add_sub(self.0, b.0, c.0)) }
            }
            #[inline(always)]
            unsafe fn sub_add(self, b: Self, c: Self) -> Self {
                // SAFETY: as above.
                unsafe { $Name($sub_add(self.0, b.0, c.0)) }
            }
            #[inline(always)]
            unsafe fn swap(self) -> Self {
                let $x = self.0;
                // SAFETY: as above.
                unsafe { $Name($swap) }
            }
        }
    )* } }
    registers! {
        /// Four complex numbers of `f32`.
        Four(__m256): f32, 8, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps,
            _mm256_fmadd_ps, _mm256_fmaddsub_ps, _mm256_fmsubadd_ps, |x| _mm256_permute_ps::<0b1011_0001>(x);
        /// Two of `f64`.
        Two(__m256d): f64, 4, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd,
            _mm256_fmadd_pd, _mm256_fmaddsub_pd, _mm256_fmsubadd_pd, |x| _mm256_permute_pd::<0b0101>(x);
        /// Eight of `f32`.
        WideEight(__m512): f32, 16, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps,
            _mm512_fmadd_ps, _mm512_fmaddsub_ps, _mm512_fmsubadd_ps, |x| _mm512_permute_ps::<0b1011_0001>(x);
        /// Four of `f64`.
        WideFour(__m512d): f64, 8, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd,
            _mm512_fmadd_pd, _mm512_fmaddsub_pd, _mm512_fmsubadd_pd, |x| _mm512_permute_pd::<0b0101_0101>(x);
    }

    macro_rules! reals { ($($T:ty: $width:literal, $narrow:ident $Narrow:ty, $wide:ident $Wide:ty;)*) => { $(
        /// # Safety
        /// AVX2 and FMA, and the contract of [`passes`].
        #[target_feature(enable = "avx2,fma")]
        unsafe fn $narrow(plan: &Together<$T>, a: *mut $T, b: *mut $T) {
            // SAFETY: the caller's contract.
            unsafe {
                match plan.inverse {
                    false => passes::<$Narrow, false>(plan, a, b),
                    true => passes::<$Narrow, true>(plan, a, b),
                }
            }
        }
        /// # Safety
        /// AVX-512, and the contract of [`passes`].
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        unsafe fn $wide(plan: &Together<$T>, a: *mut $T, b: *mut $T) {
            // SAFETY: the caller's contract.
            unsafe {
                match plan.inverse {
                    false => passes::<$Wide, false>(plan, a, b),
                    true => passes::<$Wide, true>(plan, a, b),
                }
            }
        }
        impl Real for $T {
            const WIDTH: usize = $width;
            unsafe fn run(plan: &Together<$T>, a: *mut $T, b: *mut $T) {
                // SAFETY: the caller's contract.
                unsafe {
                    match level() {
                        Level::Avx512 => $wide(plan, a, b),
                        _ => $narrow(plan, a, b),
                    }
                }
            }
        }
    )* } }
    reals! {
        f32: 8, narrow_f32 Four, wide_f32 WideEight;
        f64: 4, narrow_f64 Two, wide_f64 WideFour;
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod others {
    use super::{Real, Together};

    macro_rules! reals { ($($T:ty: $width:literal;)*) => { $(
        impl Real for $T {
            const WIDTH: usize = $width;
            unsafe fn run(_: &Together<$T>, _: *mut $T, _: *mut $T) {
                unreachable!("there is no plan without AVX2")
            }
        }
    )* } }
    reals! { f32: 8; f64: 4; }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum that defines the transform.
    fn defined(x: &[Complex<f64>], inverse: bool) -> Vec<Complex<f64>> {
        let n = x.len();
        let sign = if inverse { 1.0 } else { -1.0 };
        let term = |j: usize, k: usize| {
            let angle = sign * std::f64::consts::TAU * (j * k % n) as f64 / n as f64;
            x[j] * Complex::new(angle.cos(), angle.sin())
        };
        (0..n).map(|k| (0..n).map(|j| term(j, k)).sum()).collect()
    }

    fn check<T: Real>(n: usize, of: fn(f64) -> T, back: fn(T) -> f64, tolerance: f64)
    where
        Complex<T>: Copy,
    {
        for inverse in [false, true] {
            let root = |k: usize, m: usize| {
                let angle = -std::f64::consts::TAU * (k % m) as f64 / m as f64;
                Complex::new(of(angle.cos()), of(angle.sin()))
            };
            let conj = |w: Complex<T>| Complex::new(w.re, of(-back(w.im)));
            let Some(plan) = Together::new(n, inverse, &root, &conj) else {
                return;
            };
            let value = |i: usize| Complex::new((i as f64 * 0.7).sin(), (i as f64 * 1.3).cos());
            let mut a: Vec<Complex<T>> = (0..n * T::WIDTH)
                .map(|i| Complex::new(of(value(i).re), of(value(i).im)))
                .collect();
            let mut b = a.clone();
            let y = plan.run(&mut a, &mut b);
            for l in 0..T::WIDTH {
                let x: Vec<_> = (0..n).map(|k| value(k * T::WIDTH + l)).collect();
                for (k, wanted) in defined(&x, inverse).into_iter().enumerate() {
                    let found = y[k * T::WIDTH + l];
                    let apart = Complex::new(back(found.re), back(found.im)) - wanted;
                    assert!(
                        apart.norm() < tolerance * n as f64,
                        "{n} points, element {k} of signal {l}: {} + {}i, not {wanted}",
                        back(found.re),
                        back(found.im)
                    );
                }
            }
        }
    }

    #[test]
    fn all_radices_as_the_sum_that_defines_them() {
        for n in [
            2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 60, 77, 91, 128, 143, 240, 1000,
        ] {
            check::<f64>(n, |x| x, |x| x, 2e-15);
            check::<f32>(n, |x| x as f32, f64::from, 1e-6);
        }
    }
}
