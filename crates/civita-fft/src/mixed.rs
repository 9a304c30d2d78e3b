//! Transforms of moderate length: short powers of two by rustfft's kernels, and passes of any radix with exact twiddle factors.
//!
//! ```text
//! n = f₁ · f₂ · … · q, q a power of two
//! rows of q:  row r takes every (n / q)th element from residue(r) on, and is transformed
//! for each f: f neighbouring rows of length L become one of length f · L, in place:
//!             element k of each is twisted by w(s · k / fL), then an f-point transform puts element r at k + r · L
//! ```
//!
//! An odd radix pairs inputs `s` and `f - s`: their sums meet cosines and their differences sines, which halves the products. rustfft
//! alone would be as fast, but its factors come from rounded angles: at 30030 its error is 1.6 times pocketfft's.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftDirection, FftPlanner};

use crate::direct::{self, Direct, Halves};
use crate::float::{Float, root};
use crate::plan::Direction;

/// The largest prime that has passes. Beyond about 200 Bluestein's convolution is faster, but its error is 1.5 times that of a pass, and
/// twice that of a pass within a transform of real numbers.
pub(crate) const LARGEST_RADIX: usize = direct::LONGEST;

/// A plan of passes.
pub(crate) struct Mixed<T> {
    len: usize,
    base: Option<Arc<dyn Fft<T>>>,
    /// Where each row of the base begins.
    starts: Vec<u32>,
    passes: Vec<Pass<T>>,
}

struct Pass<T> {
    radix: usize,
    /// Length of the rows that it joins.
    rows: usize,
    /// `w(s · k / (radix · rows))` for s from 1, and k.
    twists: Vec<Complex<T>>,
    /// Cosine and sine of `2π j / radix` for an odd radix, with the direction's sign.
    waves: Vec<Complex<T>>,
    /// The tables of a large prime radix.
    direct: Option<Direct<T>>,
    /// ±1: the sign of the exponent.
    sign: T,
}

impl<T: Float> Mixed<T> {
    /// A length whose odd prime factors are at most [`LARGEST_RADIX`]; powers of two up to `base` are left to rustfft.
    pub(crate) fn new(len: usize, direction: Direction, base: usize) -> Mixed<T> {
        let towards = |k: usize, n: usize| {
            let w = root::<T>(k as u64, n as u64);
            match direction {
                Direction::Forward => w,
                Direction::Inverse => w.conj(),
            }
        };
        let twos = 1 << len.trailing_zeros();
        let mut rest = len / twos;
        let q = twos.min(base);
        // odd radices first, where rows are short; what is left of the power of two in fours
        let mut radices = Vec::new();
        let mut p = 3;
        while rest > 1 {
            while rest.is_multiple_of(p) {
                radices.push(p);
                rest /= p;
            }
            p += 2;
        }
        radices.reverse();
        let mut over = twos / q;
        while over > 1 {
            let radix = if over.is_multiple_of(4) { 4 } else { 2 };
            radices.push(radix);
            over /= radix;
        }
        // the last pass joins the residues of its radix, each of which the pass before has joined
        let mut starts = vec![0u32];
        let mut step = 1u32;
        for &radix in radices.iter().rev() {
            starts = starts
                .iter()
                .flat_map(|&start| (0..radix as u32).map(move |s| start + s * step))
                .collect();
            step *= radix as u32;
        }
        let mut rows = q;
        let passes = radices
            .iter()
            .map(|&radix| {
                let joined = radix * rows;
                let of = |s: usize| (0..rows).map(move |k| (s * k, joined));
                let pass = Pass {
                    radix,
                    rows,
                    twists: (1..radix)
                        .flat_map(of)
                        .map(|(k, n)| towards(k, n))
                        .collect(),
                    waves: (0..radix).map(|j| towards(j, radix)).collect(),
                    direct: direct::suits(radix).then(|| Direct::new(radix)),
                    sign: match direction {
                        Direction::Forward => -T::one(),
                        Direction::Inverse => T::one(),
                    },
                };
                rows = joined;
                pass
            })
            .collect();
        let way = match direction {
            Direction::Forward => FftDirection::Forward,
            Direction::Inverse => FftDirection::Inverse,
        };
        Mixed {
            len,
            base: (q > 1).then(|| FftPlanner::new().plan_fft(q, way)),
            starts,
            passes,
        }
    }

    pub(crate) fn scratch(&self) -> usize {
        let base = self.base.as_ref().map_or(0, |base| {
            base.get_outofplace_scratch_len()
                .max(base.get_immutable_scratch_len())
        });
        self.len + base
    }

    pub(crate) fn numbers(&self) -> usize {
        let tables = |p: &Pass<T>| p.direct.as_ref().map_or(0, Direct::numbers) / 2;
        self.passes.iter().map(|p| p.twists.len() + tables(p)).sum()
    }

    /// Rows that lie one after the other.
    pub(crate) fn run(&self, x: &[Complex<T>], y: &mut [Complex<T>], scratch: &mut [Complex<T>]) {
        let (gathered, rest) = scratch.split_at_mut(self.len);
        for (x, y) in x.chunks_exact(self.len).zip(y.chunks_exact_mut(self.len)) {
            self.run_one(x, y, gathered, rest);
        }
    }

    fn run_one(
        &self,
        x: &[Complex<T>],
        y: &mut [Complex<T>],
        gathered: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) {
        let stride = self.starts.len();
        match &self.base {
            Some(base) if stride == 1 => base.process_immutable_with_scratch(x, y, scratch),
            Some(base) => {
                let q = self.len / stride;
                for (row, &start) in gathered.chunks_exact_mut(q).zip(&self.starts) {
                    let from = x[start as usize..].iter().step_by(stride);
                    row.iter_mut().zip(from).for_each(|(to, x)| *to = *x);
                }
                base.process_outofplace_with_scratch(gathered, y, scratch);
            }
            None => {
                for (y, &start) in y.iter_mut().zip(&self.starts) {
                    *y = x[start as usize];
                }
            }
        }
        for pass in &self.passes {
            pass.run(y);
        }
    }
}

impl<T: Float> Pass<T> {
    fn run(&self, y: &mut [Complex<T>]) {
        if let Some(direct) = &self.direct {
            return self.large(direct, y);
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has them.
            return unsafe { self.run_avx2(y) };
        }
        match self.radix {
            2 => self.twos(y),
            4 => self.fours(y),
            _ => self.any(y),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2(&self, y: &mut [Complex<T>]) {
        match self.radix {
            2 => self.twos(y),
            4 => self.fours(y),
            3 => self.odd::<3, 1>(y),
            5 => self.odd::<5, 2>(y),
            7 => self.odd::<7, 3>(y),
            11 => self.odd::<11, 5>(y),
            13 => self.odd::<13, 6>(y),
            _ => self.any(y),
        }
    }

    #[inline(always)]
    fn twos(&self, y: &mut [Complex<T>]) {
        let n = self.rows;
        for y in y.chunks_exact_mut(2 * n) {
            let (a, b) = y.split_at_mut(n);
            for ((a, b), w) in a.iter_mut().zip(b).zip(&self.twists) {
                let turned = times(*b, *w);
                (*a, *b) = (*a + turned, *a - turned);
            }
        }
    }

    #[inline(always)]
    fn fours(&self, y: &mut [Complex<T>]) {
        let n = self.rows;
        let (w1, rest) = self.twists.split_at(n);
        let (w2, w3) = rest.split_at(n);
        for y in y.chunks_exact_mut(4 * n) {
            let (a, y) = y.split_at_mut(n);
            let (b, y) = y.split_at_mut(n);
            let (c, d) = y.split_at_mut(n);
            let (a, b, c, d) = (&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]);
            let (w1, w2, w3) = (&w1[..n], &w2[..n], &w3[..n]);
            for k in 0..n {
                let (tb, tc, td) = (times(b[k], w1[k]), times(c[k], w2[k]), times(d[k], w3[k]));
                let (even, odd) = (a[k] + tc, a[k] - tc);
                let (sum, difference) = (tb + td, tb - td);
                // ±i times the difference
                let turned = Complex::new(-self.sign * difference.im, self.sign * difference.re);
                a[k] = even + sum;
                b[k] = odd + turned;
                c[k] = even - sum;
                d[k] = odd - turned;
            }
        }
    }

    #[inline(always)]
    fn odd<const P: usize, const H: usize>(&self, y: &mut [Complex<T>]) {
        let n = self.rows;
        let mut cosines = [[T::zero(); H]; H];
        let mut sines = [[T::zero(); H]; H];
        for r in 0..H {
            for s in 0..H {
                let w = self.waves[(r + 1) * (s + 1) % P];
                (cosines[r][s], sines[r][s]) = (w.re, w.im);
            }
        }
        let twists: [&[Complex<T>]; P] = std::array::from_fn(|s| match s {
            0 => &[][..],
            _ => &self.twists[(s - 1) * n..s * n],
        });
        for y in y.chunks_exact_mut(P * n) {
            for k in 0..n {
                let first = y[k];
                let mut sums = [Complex::<T>::default(); H];
                let mut differences = [Complex::<T>::default(); H];
                for s in 0..H {
                    let a = times(y[(s + 1) * n + k], twists[s + 1][k]);
                    let b = times(y[(P - 1 - s) * n + k], twists[P - 1 - s][k]);
                    sums[s] = a + b;
                    differences[s] = a - b;
                }
                let mut all = first;
                for sum in sums {
                    all = all + sum;
                }
                y[k] = all;
                for r in 0..H {
                    let (mut even, mut odd) = (first, Complex::<T>::default());
                    for s in 0..H {
                        even = even + sums[s] * cosines[r][s];
                        odd = odd + differences[s] * sines[r][s];
                    }
                    // i times the odd part
                    let odd = Complex::new(-odd.im, odd.re);
                    y[(r + 1) * n + k] = even + odd;
                    y[(P - 1 - r) * n + k] = even - odd;
                }
            }
        }
    }

    /// As [`Pass::odd`], of a large prime radix.
    fn large(&self, direct: &Direct<T>, y: &mut [Complex<T>]) {
        let (p, n, h) = (self.radix, self.rows, direct.half());
        let (mut halves, mut parts) = (Halves::<T, 2>::new(), Halves::<T, 2>::new());
        for y in y.chunks_exact_mut(p * n) {
            for k in 0..n {
                let first = y[k];
                // four sums: a shorter chain, and smaller rounding errors
                let mut all = [Complex::<T>::default(); 4];
                for s in 1..=h {
                    let a = times(y[s * n + k], self.twists[(s - 1) * n + k]);
                    let b = times(y[(p - s) * n + k], self.twists[(p - s - 1) * n + k]);
                    let (sum, difference) = (a + b, a - b);
                    halves.even[s - 1] = [sum.re, sum.im];
                    halves.odd[s - 1] = [difference.re, difference.im];
                    all[s % 4] = all[s % 4] + sum;
                }
                y[k] = first + ((all[0] + all[1]) + (all[2] + all[3]));
                direct.run(&halves, &mut parts);
                for r in 1..=h {
                    let ([re, im], [odd_re, odd_im]) = (parts.even[r - 1], parts.odd[r - 1]);
                    let even = first + Complex::new(re, im);
                    // ±i times the odd part
                    let odd = Complex::new(-self.sign * odd_im, self.sign * odd_re);
                    y[r * n + k] = even + odd;
                    y[(p - r) * n + k] = even - odd;
                }
            }
        }
    }

    /// As [`Pass::odd`], of a radix that is not known before.
    #[inline(always)]
    fn any(&self, y: &mut [Complex<T>]) {
        let (p, n) = (self.radix, self.rows);
        let h = p / 2;
        let mut sums = [Complex::default(); direct::SHORTEST / 2];
        let mut differences = [Complex::default(); direct::SHORTEST / 2];
        for y in y.chunks_exact_mut(p * n) {
            for k in 0..n {
                let first = y[k];
                let mut all = first;
                for s in 1..=h {
                    let a = times(y[s * n + k], self.twists[(s - 1) * n + k]);
                    let b = times(y[(p - s) * n + k], self.twists[(p - s - 1) * n + k]);
                    sums[s - 1] = a + b;
                    differences[s - 1] = a - b;
                    all = all + sums[s - 1];
                }
                y[k] = all;
                for r in 1..=h {
                    // four sums each: shorter chains, and smaller rounding errors
                    let mut evens = [Complex::<T>::default(); 4];
                    let mut odds = evens;
                    let mut at = 0;
                    for s in 0..h {
                        at += r;
                        if at >= p {
                            at -= p;
                        }
                        let w = self.waves[at];
                        evens[s % 4] = evens[s % 4] + sums[s] * w.re;
                        odds[s % 4] = odds[s % 4] + differences[s] * w.im;
                    }
                    let of = |v: [Complex<T>; 4]| (v[0] + v[1]) + (v[2] + v[3]);
                    let (even, odd) = (first + of(evens), of(odds));
                    let odd = Complex::new(-odd.im, odd.re);
                    y[r * n + k] = even + odd;
                    y[(p - r) * n + k] = even - odd;
                }
            }
        }
    }
}

/// The product, without the checks for infinities that the operator of some types has.
#[inline(always)]
fn times<T: Float>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    Complex::new(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
}
