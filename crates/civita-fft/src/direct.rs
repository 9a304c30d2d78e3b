//! Transforms of prime lengths by their definition: the products of two matrices, of cosines and of sines, with vectors.
//!
//! ```text
//! sⱼ = xⱼ + xₚ₋ⱼ        dⱼ = xⱼ - xₚ₋ⱼ        j from 1 to h = (p - 1) / 2
//! evenₖ = Σ sⱼ cos(2π jk / p)      oddₖ = Σ dⱼ sin(2π jk / p)
//! yₖ, yₚ₋ₖ = x₀ + evenₖ ∓ i oddₖ
//! ```
//!
//! At p = 211 these are 22,000 products of one real row, of tables that stay in the L2 cache, and no shuffle: 4 µs, where a complex pass
//! took 22. Sums are of blocks of 8, so that their rounding errors are half those of one chain.

use civita_kernels::isa::{Isa, Wide, wide};

use crate::float::{Float, root};

/// The shortest prime that is transformed so; shorter ones are passes that are compiled for their length, or short loops.
pub(crate) const SHORTEST: usize = 37;
/// The longest.
pub(crate) const LONGEST: usize = 311;
/// Results that are summed side by side.
const LANES: usize = 16;
/// Products in a row of a sum.
const BLOCK: usize = 8;

/// The most numbers in half a row.
pub(crate) const MOST: usize = LONGEST / 2;

/// The tables of a prime length.
pub(crate) struct Direct<T> {
    half: usize,
    /// For each [`LANES`] results one row for each `j`.
    cosines: Vec<[T; LANES]>,
    sines: Vec<[T; LANES]>,
}

/// Whether a prime is transformed so.
pub(crate) fn suits(prime: usize) -> bool {
    (SHORTEST..=LONGEST).contains(&prime)
}

impl<T: Float> Direct<T> {
    /// The tables of a prime that [`suits`].
    pub(crate) fn new(prime: usize) -> Direct<T> {
        let half = prime / 2;
        let mut cosines = Vec::with_capacity(half.div_ceil(LANES) * half);
        let mut sines = cosines.clone();
        for first in (1..=half).step_by(LANES) {
            for j in 1..=half {
                let waves: [_; LANES] = std::array::from_fn(|l| {
                    root::<T>(((first + l) * j % prime) as u64, prime as u64)
                });
                cosines.push(waves.map(|w| w.re));
                sines.push(waves.map(|w| -w.im));
            }
        }
        Direct {
            half,
            cosines,
            sines,
        }
    }

    /// Numbers in half a row.
    pub(crate) fn half(&self) -> usize {
        self.half
    }

    /// Numbers in the tables.
    pub(crate) fn numbers(&self) -> usize {
        2 * LANES * self.cosines.len()
    }

    /// The even and odd parts of `R` rows beside each other.
    pub(crate) fn run<const R: usize>(&self, x: &Halves<T, R>, y: &mut Halves<T, R>) {
        wide(Task { plan: self, x, y });
    }
}

/// Sums and differences of `R` rows beside each other, or the even and odd parts of their transforms.
pub(crate) struct Halves<T, const R: usize> {
    /// The sums, or the even parts.
    pub even: [[T; R]; MOST],
    /// The differences, or the odd parts.
    pub odd: [[T; R]; MOST],
}

impl<T: Float, const R: usize> Halves<T, R> {
    pub(crate) fn new() -> Halves<T, R> {
        Halves {
            even: [[T::zero(); R]; MOST],
            odd: [[T::zero(); R]; MOST],
        }
    }
}

struct Task<'a, T, const R: usize> {
    plan: &'a Direct<T>,
    x: &'a Halves<T, R>,
    y: &'a mut Halves<T, R>,
}

impl<T: Float, const R: usize> Wide for Task<'_, T, R> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let h = self.plan.half;
        let (sums, differences) = (&self.x.even[..h], &self.x.odd[..h]);
        let tables = (self.plan.cosines.chunks_exact(h)).zip(self.plan.sines.chunks_exact(h));
        for (g, (cosines, sines)) in tables.enumerate() {
            let mut total = [[[T::zero(); LANES]; R]; 2];
            for at in (0..h).step_by(BLOCK) {
                let mut part = [[[T::zero(); LANES]; R]; 2];
                for j in at..h.min(at + BLOCK) {
                    for r in 0..R {
                        for l in 0..LANES {
                            part[0][r][l] = cosines[j][l].fused::<I>(sums[j][r], part[0][r][l]);
                        }
                        for l in 0..LANES {
                            part[1][r][l] =
                                sines[j][l].fused::<I>(differences[j][r], part[1][r][l]);
                        }
                    }
                }
                for (total, part) in total.iter_mut().zip(part) {
                    for (total, part) in total.iter_mut().zip(part) {
                        for (total, part) in total.iter_mut().zip(part) {
                            *total += part;
                        }
                    }
                }
            }
            let first = g * LANES;
            let [even, odd] = &total;
            for (r, (even, odd)) in even.iter().zip(odd).enumerate() {
                let sums = even.iter().zip(odd).take(LANES.min(h - first));
                for (l, (&even, &odd)) in sums.enumerate() {
                    self.y.even[first + l][r] = even;
                    self.y.odd[first + l][r] = odd;
                }
            }
        }
    }
}
