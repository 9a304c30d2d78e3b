//! The input numbers, the same for every library: `bench/rows/row.py` names and describes them.

/// A small generator (Knuth's MMIX constants), so that the benchmark needs no other crate.
struct Lcg(u64);

impl Lcg {
    /// In [0, 1).
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn uniform(seed: u64, n: usize, low: f64, high: f64) -> Vec<f64> {
    let mut lcg = Lcg(seed);
    (0..n).map(|_| low + (high - low) * lcg.next()).collect()
}

/// Both signs.
pub fn x(n: usize) -> Vec<f64> {
    uniform(1, n, -4.0, 4.0)
}

/// Positive, near 1: fit for logarithms, divisors and powers.
pub fn a(n: usize) -> Vec<f64> {
    uniform(2, n, 0.5, 2.0)
}

/// Like `a`, other numbers.
pub fn b(n: usize) -> Vec<f64> {
    uniform(3, n, 0.5, 2.0)
}

/// What is added before `exp` in the fused row.
pub fn c(n: usize) -> Vec<f64> {
    uniform(4, n, -2.0, 0.5)
}

/// An unpredictable mask.
pub fn m(n: usize) -> Vec<bool> {
    uniform(5, n, 0.0, 1.0)
        .into_iter()
        .map(|v| v < 0.5)
        .collect()
}

/// Whole numbers.
pub fn i(n: usize) -> Vec<i64> {
    uniform(6, n, -100.0, 100.0)
        .into_iter()
        .map(|v| v as i64)
        .collect()
}
