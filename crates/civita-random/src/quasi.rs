//! Points that fill the unit cube more evenly than random ones: Sobol's and Halton's sequences, Latin hypercubes. SciPy's `stats.qmc`,
//! the same numbers for the same generator.

use crate::bits::BitGenerator;
use crate::distributions::{Integers, StandardUniform};
use crate::error::{Error, Result};
use crate::order;

/// The largest number of dimensions of [`Sobol`]: all primitive polynomials of degrees up to 13.
pub const SOBOL_DIMENSIONS: usize = 1111;

/// Polynomials and initial direction numbers: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections"
/// (2008), file `new-joe-kuo-6`, packed by `data/make_sobol.py`.
static TABLE: &[u8] = include_bytes!("../data/sobol.bin");

/// Sobol's sequence in Gray-code order: point `i` is the shift xor the direction numbers of the bits of `i ^ (i >> 1)`.
///
/// Any part of it can be computed by itself, so threads may share one. Scrambled by Matoušek's linear matrices and a digital shift
/// ("On the L2-discrepancy for anchored boxes", 1998), every point is uniformly distributed and the sequence as even as before.
///
/// ```
/// use civita_random::Sobol;
///
/// let mut sobol = Sobol::new(2, 30)?;
/// let mut points = [0.0; 8];
/// sobol.fill(&mut points)?;
/// assert_eq!(points, [0.0, 0.0, 0.5, 0.5, 0.75, 0.25, 0.25, 0.75]);
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sobol {
    bits: u32,
    directions: Vec<u64>,
    shift: Vec<u64>,
    next: u64,
}

impl Sobol {
    /// The sequence in so many dimensions, with coordinates of so many bits: it has `2^bits` points. SciPy has 30.
    ///
    /// # Errors
    /// When there are more than [`SOBOL_DIMENSIONS`] dimensions, or not 1 to 64 bits.
    pub fn new(dimensions: usize, bits: u32) -> Result<Sobol> {
        if dimensions > SOBOL_DIMENSIONS {
            return Err(Error::value(format!(
                "Maximum supported dimensionality is {SOBOL_DIMENSIONS}."
            )));
        }
        if !(1..=64).contains(&bits) {
            return Err(Error::value("Maximum supported 'bits' is 64"));
        }
        let mut table = TABLE
            .chunks_exact(2)
            .map(|pair| u64::from(u16::from_le_bytes([pair[0], pair[1]])));
        let bits_usize = bits as usize;
        let mut directions = Vec::with_capacity(dimensions * bits_usize);
        for dimension in 0..dimensions {
            let mut v = vec![1_u64; bits_usize];
            if dimension > 0 {
                let polynomial = table.next().unwrap_or(3);
                let degree = polynomial.ilog2() as usize;
                // all of them are taken from the table, also those that are not needed
                let numbers: Vec<u64> = table.by_ref().take(degree).collect();
                for (to, number) in v.iter_mut().zip(numbers) {
                    *to = number;
                }
                for j in degree..bits_usize {
                    v[j] = v[j - degree];
                    for k in 0..degree {
                        if polynomial >> (degree - 1 - k) & 1 == 1 {
                            v[j] ^= v[j - k - 1] << (k + 1);
                        }
                    }
                }
            }
            for (j, number) in v.iter_mut().enumerate() {
                *number <<= bits_usize - 1 - j;
            }
            directions.extend(v);
        }
        Ok(Sobol {
            bits,
            directions,
            shift: vec![0; dimensions],
            next: 0,
        })
    }

    /// A sequence of given parts: `bits` direction numbers for each dimension, and a shift for each.
    ///
    /// # Errors
    /// When lengths do not fit, or there are not 1 to 64 bits.
    pub fn from_parts(bits: u32, directions: Vec<u64>, shift: Vec<u64>) -> Result<Sobol> {
        let fits = (1..=64).contains(&bits)
            && Some(directions.len()) == shift.len().checked_mul(bits as usize);
        match fits {
            true => Ok(Sobol {
                bits,
                directions,
                shift,
                next: 0,
            }),
            false => Err(Error::value(
                "a Sobol sequence has `bits` direction numbers and a shift for each dimension",
            )),
        }
    }

    /// The sequence scrambled by draws from a generator, at its first point.
    #[must_use]
    pub fn scrambled<B: BitGenerator>(&self, generator: &mut B) -> Sobol {
        let mut it = self.clone();
        it.next = 0;
        let bits = self.bits as usize;
        // NumPy draws from the narrowest type that holds the numbers
        let draw = |generator: &mut B, out: &mut [bool]| {
            if self.bits <= 32 {
                let mut words = vec![0_u32; out.len()];
                if let Ok(binary) = Integers::<u32>::below(0, 2) {
                    generator.fill(&binary, &mut words);
                }
                out.iter_mut().zip(words).for_each(|(o, w)| *o = w == 1);
            } else {
                let mut words = vec![0_u64; out.len()];
                if let Ok(binary) = Integers::<u64>::below(0, 2) {
                    generator.fill(&binary, &mut words);
                }
                out.iter_mut().zip(words).for_each(|(o, w)| *o = w == 1);
            }
        };
        let mut shift = vec![false; self.shift.len() * bits];
        draw(generator, &mut shift);
        for (to, drawn) in it.shift.iter_mut().zip(shift.chunks_exact(bits)) {
            let word = drawn
                .iter()
                .rev()
                .fold(0, |w, &bit| w << 1 | u64::from(bit));
            *to = word;
        }
        let mut square = vec![false; bits * bits];
        for directions in it.directions.chunks_exact_mut(bits) {
            draw(generator, &mut square);
            // a lower triangle with ones on the diagonal, highest bits first
            let rows: Vec<u64> = (0..bits)
                .map(|p| {
                    let row = &square[p * bits..p * bits + p];
                    let low = row.iter().fold(0_u64, |w, &bit| w << 1 | u64::from(bit));
                    (low << 1 | 1) << (bits - 1 - p)
                })
                .collect();
            for number in directions {
                let parity = |row: &u64| u64::from((row & *number).count_ones() & 1);
                *number = rows.iter().fold(0, |w, row| w << 1 | parity(row));
            }
        }
        it
    }

    /// The number of coordinates of a point.
    pub fn dimensions(&self) -> usize {
        self.shift.len()
    }

    /// The bits of a coordinate.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The direction numbers: `bits` for each dimension.
    pub fn directions(&self) -> &[u64] {
        &self.directions
    }

    /// The shift of each dimension.
    pub fn shift(&self) -> &[u64] {
        &self.shift
    }

    /// The number of the point that [`fill`](Self::fill) writes next; setting it goes anywhere.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Moves to a point.
    pub fn set_position(&mut self, point: u64) {
        self.next = point;
    }

    /// Fills a slice with the next points, one after the other.
    ///
    /// # Errors
    /// When there are no more.
    pub fn fill(&mut self, out: &mut [f64]) -> Result<()> {
        self.fill_at(self.next, out)?;
        let points = out.len() / self.dimensions().max(1);
        self.next = self.next.saturating_add(points as u64);
        Ok(())
    }

    /// Checks that there are so many points from a given one on.
    ///
    /// # Errors
    /// When there are not.
    pub fn check(&self, first: u64, points: usize) -> Result<()> {
        let bits = self.bits;
        match u128::from(first) + points as u128 <= 1 << bits {
            true => Ok(()),
            false => Err(Error::value(format!(
                "At most 2**{bits} distinct points can be generated. {first} points have been previously generated, then: n={points}."
            ))),
        }
    }

    /// Fills a slice with the points from a given one on; what is left at its end is not written.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn fill_at(&self, first: u64, out: &mut [f64]) -> Result<()> {
        let d = self.dimensions();
        if d == 0 {
            return Ok(());
        }
        self.check(first, out.len() / d)?;
        let bits = self.bits as usize;
        let scale = 0.5_f64.powi(bits as i32);
        let mut now = self.shift.clone();
        let gray = first ^ (first >> 1);
        for (x, directions) in now.iter_mut().zip(self.directions.chunks_exact(bits)) {
            for (j, number) in directions.iter().enumerate() {
                if gray >> j & 1 == 1 {
                    *x ^= number;
                }
            }
        }
        for (i, point) in out.chunks_exact_mut(d).enumerate() {
            for (to, &x) in point.iter_mut().zip(&now) {
                *to = x as f64 * scale;
            }
            let changed = (first + i as u64).trailing_ones() as usize;
            if changed < bits {
                for (k, x) in now.iter_mut().enumerate() {
                    *x ^= self.directions[k * bits + changed];
                }
            }
        }
        Ok(())
    }
}

/// The first primes.
fn primes(n: usize) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::with_capacity(n);
    let mut candidate = 2;
    while found.len() < n {
        let mut smaller = found.iter().take_while(|&&p| p * p <= candidate);
        if smaller.all(|p| candidate % p != 0) {
            found.push(candidate);
        }
        candidate += if candidate == 2 { 1 } else { 2 };
    }
    found
}

/// Digits of 54 bits in a base.
fn digits_of(base: u64) -> usize {
    (54.0 / (base as f64).log2()).ceil() as usize - 1
}

/// Halton's sequence: coordinate `k` of point `i` has the digits of `i` in the `k`-th prime base, behind the point and reversed.
///
/// Scrambled, each digit is permuted by a random permutation of its place: Owen, "A randomized Halton algorithm in R" (2017).
///
/// ```
/// use civita_random::Halton;
///
/// let mut points = [0.0; 6];
/// Halton::new(2).fill(&mut points);
/// assert_eq!(points, [0.0, 0.0, 0.5, 1.0 / 3.0, 0.25, 2.0 / 3.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halton {
    bases: Vec<u64>,
    /// For each dimension a permutation for each digit, one after the other; nothing where it is not scrambled.
    permutations: Vec<Vec<u32>>,
    next: u64,
}

impl Halton {
    /// The sequence in so many dimensions.
    pub fn new(dimensions: usize) -> Halton {
        Halton {
            bases: primes(dimensions),
            permutations: Vec::new(),
            next: 0,
        }
    }

    /// The sequence scrambled by draws from a generator, at its first point.
    #[must_use]
    pub fn scrambled<B: BitGenerator>(&self, generator: &mut B) -> Halton {
        let permutations = self.bases.iter().map(|&base| {
            let digits = digits_of(base);
            let mut all = Vec::with_capacity(digits * base as usize);
            for _ in 0..digits {
                let start = all.len();
                all.extend(0..base as u32);
                order::shuffle(generator, &mut all[start..]);
            }
            all
        });
        Halton {
            bases: self.bases.clone(),
            permutations: permutations.collect(),
            next: 0,
        }
    }

    /// How many digits the permutations of a scrambled sequence have, all of them together: their memory grows with the square of the
    /// dimensions.
    pub fn digits_to_permute(&self) -> usize {
        self.bases
            .iter()
            .map(|&base| digits_of(base) * base as usize)
            .sum()
    }

    /// A sequence of given permutations: for each dimension the digits `0..prime` in a new order, once or more.
    ///
    /// # Errors
    /// When one has another length, or other digits.
    pub fn from_permutations(permutations: Vec<Vec<u32>>) -> Result<Halton> {
        let bases = primes(permutations.len());
        for (all, &base) in permutations.iter().zip(&bases) {
            let whole = !all.is_empty() && all.len().is_multiple_of(base as usize);
            if !whole || all.iter().any(|&digit| u64::from(digit) >= base) {
                return Err(Error::value("permutations are of the digits of each prime"));
            }
        }
        Ok(Halton {
            bases,
            permutations,
            next: 0,
        })
    }

    /// The number of coordinates of a point.
    pub fn dimensions(&self) -> usize {
        self.bases.len()
    }

    /// The permutations of digits: for each dimension those of each place, one after the other. Empty where it is not scrambled.
    pub fn permutations(&self) -> &[Vec<u32>] {
        &self.permutations
    }

    /// The number of the point that [`fill`](Self::fill) writes next.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Moves to a point.
    pub fn set_position(&mut self, point: u64) {
        self.next = point;
    }

    /// Fills a slice with the next points, one after the other.
    pub fn fill(&mut self, out: &mut [f64]) {
        self.fill_at(self.next, out);
        let points = out.len() / self.dimensions().max(1);
        self.next = self.next.wrapping_add(points as u64);
    }

    /// Fills a slice with the points from a given one on; what is left at its end is not written.
    pub fn fill_at(&self, first: u64, out: &mut [f64]) {
        let d = self.dimensions();
        for (i, point) in out.chunks_exact_mut(d.max(1)).enumerate() {
            let number = first.wrapping_add(i as u64);
            for (k, (to, &base)) in point.iter_mut().zip(&self.bases).enumerate() {
                *to = match self.permutations.get(k) {
                    None => reversed(number, base),
                    Some(all) => permuted(number, base, all),
                };
            }
        }
    }
}

fn reversed(mut number: u64, base: u64) -> f64 {
    let (mut x, mut place) = (0.0, 1.0 / base as f64);
    while number > 0 && 1.0 - place < 1.0 {
        x += (number % base) as f64 * place;
        place /= base as f64;
        number /= base;
    }
    x
}

fn permuted(mut number: u64, base: u64, permutations: &[u32]) -> f64 {
    let (mut x, mut place) = (0.0, 1.0 / base as f64);
    for digits in permutations.chunks_exact(base as usize) {
        x += f64::from(digits[(number % base) as usize]) * place;
        place /= base as f64;
        number /= base;
    }
    x
}

/// Where a point of a Latin hypercube lies in its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Anywhere, uniformly.
    Random,
    /// In the middle.
    Middle,
}

/// A Latin hypercube of `n` points in `d` dimensions, one after the other: each of the `n` equal intervals of each axis holds one point.
/// McKay, Beckman and Conover (1979).
///
/// ```
/// use civita_random::{Pcg64, Within, latin_hypercube};
///
/// let points = latin_hypercube(&mut Pcg64::new(42), 4, 2, Within::Random);
/// let mut rows: Vec<i32> = points.chunks(2).map(|p| (p[0] * 4.0) as i32).collect();
/// rows.sort();
/// assert_eq!(rows, [0, 1, 2, 3]);
/// ```
pub fn latin_hypercube<B: BitGenerator>(
    generator: &mut B,
    n: usize,
    d: usize,
    within: Within,
) -> Vec<f64> {
    let mut points = vec![0.5; n * d];
    if within == Within::Random {
        generator.fill(&StandardUniform {}, &mut points);
    }
    for k in 0..d {
        let mut order: Vec<u64> = (1..=n as u64).collect();
        order::shuffle(generator, &mut order);
        for (i, place) in order.into_iter().enumerate() {
            let x = &mut points[i * d + k];
            *x = (place as f64 - *x) / n as f64;
        }
    }
    points
}
