//! Random orders and choices.

use crate::bits::BitGenerator;
use crate::distributions::{
    Integers, Method, Shared, StandardUniform, Word, interval, kahan_sum_pausing,
};
use crate::error::{Error, Result};

/// Fisher and Yates' shuffle, from the end, by masked draws: NumPy's `shuffle`.
pub fn shuffle<B: BitGenerator, T>(bits: &mut B, values: &mut [T]) {
    shuffle_by(bits, values.len(), |i, j| values.swap(i, j));
}

/// The exchanges of a shuffle of `n` things: `swap(i, j)` is called for each, `j <= i`. For things that are no slice.
pub fn shuffle_by<B: BitGenerator>(bits: &mut B, n: usize, mut swap: impl FnMut(usize, usize)) {
    let mut left = n;
    while left > 1 {
        let i = left - 1;
        let Ok(largest) = u32::try_from(i) else {
            left = i;
            swap(i, interval(bits, i as u64) as usize);
            continue;
        };
        // those of as many bits are drawn together: the exchanges wait for memory, not for draws that were rejected
        let mut draws = [0; 256];
        let alike = i + 1 - (1 << largest.ilog2());
        let draws = &mut draws[..alike.min(256)];
        bits.fill_below(largest, draws);
        for &mut j in draws {
            left -= 1;
            swap(left, j as usize);
        }
    }
}

/// The numbers below the length of a slice in random order, written into it.
pub fn permute<B: BitGenerator>(bits: &mut B, out: &mut [i64]) {
    for (k, part) in out.chunks_mut(STEP).enumerate() {
        bits.pause(part.len());
        ((k * STEP) as i64..)
            .zip(part)
            .for_each(|(i, slot)| *slot = i);
    }
    shuffle(bits, out);
}

/// The numbers below `n` in random order.
pub fn permutation<B: BitGenerator>(bits: &mut B, n: usize) -> Vec<i64> {
    let mut order = Vec::with_capacity(n);
    in_order(bits, &mut order, n);
    shuffle(bits, &mut order);
    order
}

/// Elements of a loop without draws from one pause to the next.
const STEP: usize = 1 << 16;

/// Appends the numbers below `n`, for which there is room.
fn in_order<B: BitGenerator>(bits: &mut B, order: &mut Vec<i64>, n: usize) {
    for first in (0..n).step_by(STEP) {
        bits.pause(STEP);
        order.extend(first as i64..n.min(first + STEP) as i64);
    }
}

/// A shuffle by Lemire's draws, down to the place `first`: that of `choice`.
fn shuffle_tail<B: BitGenerator>(bits: &mut B, first: usize, values: &mut [i64]) {
    let mut shared = Shared::default();
    for i in (first..values.len()).rev() {
        let j = u64::bounded(bits, &mut shared, 0, i as u64, Method::Lemire);
        values.swap(i, j as usize);
    }
}

/// Whether the order of a choice without replacement is random too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every order is as likely as any other.
    Random,
    /// Some order, which is faster.
    Any,
}

/// `n` of the numbers below `population`, with replacement.
///
/// # Errors
/// When there are none to choose from.
pub fn choose<B: BitGenerator>(bits: &mut B, population: usize, n: usize) -> Result<Vec<i64>> {
    let mut out = vec![0; n];
    if n > 0 {
        let integers = Integers::<i64>::below(0, population as i128)?;
        bits.fill(&integers, &mut out);
    }
    Ok(out)
}

/// `n` different numbers below `population`: NumPy's `Generator.choice(population, n, replace=False)`. Floyd's method with a hash
/// table, or the tail of a shuffle where that takes no longer.
///
/// # Errors
/// When there are fewer than `n`.
pub fn choose_distinct<B: BitGenerator>(
    bits: &mut B,
    population: usize,
    n: usize,
    order: Order,
) -> Result<Vec<i64>> {
    if n > population {
        return Err(Error::value(
            "Cannot take a larger sample than population when replace is False",
        ));
    }
    let cutoff = match order {
        Order::Random => 50,
        Order::Any => 20,
    };
    if population > 10_000 && n > population / cutoff {
        let mut all: Vec<i64> = Vec::new();
        all.try_reserve_exact(population)
            .map_err(|_| Error::value(format!("cannot allocate {population} integers")))?;
        in_order(bits, &mut all, population);
        shuffle_tail(bits, (population - n).max(1), &mut all);
        let mut tail = Vec::with_capacity(n);
        for part in all[population - n..].chunks(STEP) {
            bits.pause(STEP);
            tail.extend_from_slice(part);
        }
        return Ok(tail);
    }
    let mut out = vec![0; n];
    let mut seen = Seen::new(n);
    let mut shared = Shared::default();
    for (slot, j) in out.iter_mut().zip(population - n..) {
        let value = u64::bounded(bits, &mut shared, 0, j as u64, Method::Lemire);
        *slot = if seen.insert(value) {
            value as i64
        } else {
            seen.insert(j as u64);
            j as i64
        };
    }
    if order == Order::Random {
        shuffle_tail(bits, 1, &mut out);
    }
    Ok(out)
}

/// A set of numbers below `u64::MAX`: open addressing, a fifth of the places free at least.
struct Seen {
    /// The complements, so that places that are free are zero, as new memory is.
    places: Vec<u64>,
    mask: usize,
}

impl Seen {
    const FREE: u64 = 0;

    fn new(n: usize) -> Seen {
        let len = ((n as f64 * 1.2) as usize + 1).next_power_of_two();
        Seen {
            places: vec![Seen::FREE; len],
            mask: len - 1,
        }
    }

    /// Puts a number into the set, and says whether it was new.
    fn insert(&mut self, value: u64) -> bool {
        let mut at = value as usize & self.mask;
        while self.places[at] != Seen::FREE && self.places[at] != !value {
            at = (at + 1) & self.mask;
        }
        let new = self.places[at] == Seen::FREE;
        self.places[at] = !value;
        new
    }
}

/// Probabilities to choose by, as NumPy's `choice(p=…)` takes them.
#[derive(Clone, Debug)]
pub struct Weights {
    p: Vec<f64>,
}

impl Weights {
    /// Probabilities that sum to one, up to a tolerance of √ε of their type (1.5e-8 for `f64`).
    ///
    /// # Errors
    /// When they do not, or one is negative or NaN.
    pub fn new(p: Vec<f64>, tolerance: f64) -> Result<Weights> {
        Weights::new_pausing(p, tolerance, || ())
    }

    /// As [`Weights::new`], with a call of `pause` every so many elements.
    ///
    /// # Errors
    /// As there.
    pub fn new_pausing(p: Vec<f64>, tolerance: f64, pause: impl FnMut()) -> Result<Weights> {
        let sum = kahan_sum_pausing(&p, pause);
        Err(Error::value(if sum.is_nan() {
            "Probabilities contain NaN"
        } else if p.iter().any(|&p| p < 0.0) {
            "Probabilities are not non-negative"
        } else if (sum - 1.0).abs() > tolerance {
            "Probabilities do not sum to 1. See Notes section of docstring for more information."
        } else {
            return Ok(Weights { p });
        }))
    }

    /// The distribution function, the last value 1.
    fn cumulative<B: BitGenerator>(bits: &mut B, p: &[f64]) -> Vec<f64> {
        let mut sum = 0.0;
        let mut cdf: Vec<f64> = Vec::with_capacity(p.len());
        for part in p.chunks(STEP) {
            bits.pause(STEP);
            let first = cdf.is_empty();
            cdf.extend(part.iter().enumerate().map(|(i, &p)| {
                sum = if first && i == 0 { p } else { sum + p };
                sum
            }));
        }
        for part in cdf.chunks_mut(STEP) {
            bits.pause(STEP);
            part.iter_mut().for_each(|x| *x /= sum);
        }
        cdf
    }

    /// `n` places, with replacement: one uniform number for each.
    pub fn choose<B: BitGenerator>(&self, bits: &mut B, n: usize) -> Vec<i64> {
        let cdf = Weights::cumulative(bits, &self.p);
        let mut found = Vec::with_capacity(n);
        uniforms(bits, n, |u| found.push(place(&cdf, u)));
        found
    }

    /// `n` different places.
    ///
    /// # Errors
    /// When fewer have a probability above zero.
    pub fn choose_distinct<B: BitGenerator>(&self, bits: &mut B, n: usize) -> Result<Vec<i64>> {
        if positive(bits, &self.p) < n {
            return Err(Error::value("Fewer non-zero entries in p than size"));
        }
        let mut p = self.p.clone();
        let mut found: Vec<i64> = Vec::with_capacity(n);
        while found.len() < n {
            // what has been found is not found again, each at its first draw
            let cdf = Weights::cumulative(bits, &p);
            uniforms(bits, n - found.len(), |u| {
                let i = place(&cdf, u);
                if let Some(weight) = p.get_mut(i as usize)
                    && *weight > 0.0
                {
                    *weight = 0.0;
                    found.push(i);
                }
            });
            // the rest underflows: nothing more will be found
            if found.len() < n && positive(bits, &p) == 0 {
                return Err(Error::value("Fewer non-zero entries in p than size"));
            }
        }
        Ok(found)
    }
}

/// How many numbers are above zero.
fn positive<B: BitGenerator>(bits: &mut B, p: &[f64]) -> usize {
    let of_part = |part: &[f64]| {
        bits.pause(STEP);
        part.iter().filter(|&&p| p > 0.0).count()
    };
    p.chunks(STEP).map(of_part).sum()
}

/// Calls `each` with `n` uniform numbers in their order.
fn uniforms<B: BitGenerator>(bits: &mut B, n: usize, mut each: impl FnMut(f64)) {
    let mut draws = vec![0.0; n.min(1 << 12)];
    let mut left = n;
    while left > 0 {
        let part = left.min(draws.len());
        let part = &mut draws[..part];
        left -= part.len();
        bits.fill(&StandardUniform {}, part);
        part.iter().for_each(|u| each(*u));
    }
}

/// The first place whose sum is above `u`.
fn place(cdf: &[f64], u: f64) -> i64 {
    cdf.partition_point(|&sum| sum <= u) as i64
}
