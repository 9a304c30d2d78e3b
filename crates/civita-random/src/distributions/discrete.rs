//! Draws of integers.

use std::hint::black_box;

use super::continuous::gamma;
use super::ziggurat::standard_exponential;
use crate::bits::BitGenerator;

/// The integer part, as C's cast does on x86: the least integer where it does not fit.
#[inline]
pub(crate) fn truncated(x: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&x) {
        x as i64
    } else {
        i64::MIN
    }
}

/// `ln Γ(x)`. Zhang and Jin, "Computation of special functions" (1996).
pub(crate) fn log_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        8.333333333333333e-02,
        -2.777777777777778e-03,
        7.936507936507937e-04,
        -5.952380952380952e-04,
        8.417508417508418e-04,
        -1.917526917526918e-03,
        6.41025641025641e-03,
        -2.955065359477124e-02,
        1.796443723688307e-01,
        -1.39243221690590e+00,
    ];
    const LN_2PI: f64 = 1.837_877_066_409_345_3;
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let n = if x < 7.0 { truncated(7.0 - x) } else { 0 };
    let mut x0 = x + n as f64;
    let x2 = (1.0 / x0) * (1.0 / x0);
    let series = COEFFICIENTS
        .iter()
        .rev()
        .skip(1)
        .fold(COEFFICIENTS[9], |sum, c| sum * x2 + c);
    let mut log = series / x0 + 0.5 * LN_2PI + (x0 - 0.5) * x0.ln() - x0;
    if x < 7.0 {
        for _ in 0..n {
            log -= (x0 - 1.0).ln();
            x0 -= 1.0;
        }
    }
    log
}

/// A Poisson distribution with what its draws need of the mean.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PreparedPoisson {
    /// The mean is zero.
    Zero,
    /// How many uniforms can be multiplied before the product falls to `exp(-mean)`.
    Product { least: f64 },
    /// Hörmann's PTRS.
    Rejection(Ptrs),
}

/// The constants of PTRS, by their names in the paper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ptrs {
    mean: f64,
    log_mean: f64,
    a: f64,
    b: f64,
    log_inverse_alpha: f64,
    v_r: f64,
}

impl PreparedPoisson {
    #[inline]
    pub(crate) fn new(mean: f64) -> PreparedPoisson {
        if mean >= 10.0 {
            let b = 0.931 + 2.53 * mean.sqrt();
            PreparedPoisson::Rejection(Ptrs {
                mean,
                log_mean: mean.ln(),
                a: -0.059 + 0.02483 * b,
                b,
                log_inverse_alpha: (1.1239 + 1.1328 / (b - 3.4)).ln(),
                v_r: 0.9277 - 3.6224 / (b - 2.0),
            })
        } else if mean == 0.0 {
            PreparedPoisson::Zero
        } else {
            PreparedPoisson::Product {
                least: (-mean).exp(),
            }
        }
    }

    #[inline]
    pub(crate) fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        match self {
            PreparedPoisson::Zero => 0,
            PreparedPoisson::Product { least } => {
                let (mut n, mut product) = (0, 1.0);
                loop {
                    product *= bits.next_f64();
                    if !(product > *least) {
                        return n;
                    }
                    n += 1;
                }
            }
            PreparedPoisson::Rejection(constants) => constants.draw(bits),
        }
    }
}

impl Ptrs {
    #[inline]
    fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        loop {
            let u = bits.next_f64() - 0.5;
            let v = bits.next_f64();
            let us = 0.5 - u.abs();
            let k = truncated(((2.0 * self.a / us + self.b) * u + self.mean + 0.43).floor());
            if us >= 0.07 && v <= self.v_r {
                return k;
            }
            if k < 0 || us < 0.013 && v > us {
                continue;
            }
            let log_v = v.ln() + self.log_inverse_alpha - (self.a / (us * us) + self.b).ln();
            let log_p = -self.mean + k as f64 * self.log_mean - log_gamma(k as f64 + 1.0);
            if log_v <= log_p {
                return k;
            }
        }
    }
}

#[inline]
pub(crate) fn poisson<B: BitGenerator>(bits: &mut B, mean: f64) -> i64 {
    PreparedPoisson::new(mean).draw(bits)
}

pub(crate) fn negative_binomial<B: BitGenerator>(bits: &mut B, n: f64, p: f64) -> i64 {
    let mean = gamma(bits, n, (1.0 - p) / p);
    poisson(bits, mean)
}

pub(crate) fn geometric_search<B: BitGenerator>(bits: &mut B, p: f64) -> i64 {
    let (mut n, mut sum, mut product) = (1, p, p);
    let u = bits.next_f64();
    // the sum may end below 1
    while u > sum && product > 0.0 {
        product *= 1.0 - p;
        sum += product;
        n += 1;
    }
    n
}

pub(crate) fn geometric<B: BitGenerator>(bits: &mut B, p: f64) -> i64 {
    if p >= 1.0 / 3.0 {
        return geometric_search(bits, p);
    }
    // saturates
    (-standard_exponential(bits) / (-p).ln_1p()).ceil() as i64
}

pub(crate) fn log_series<B: BitGenerator>(bits: &mut B, p: f64) -> i64 {
    let r = (-p).ln_1p();
    loop {
        let v = bits.next_f64();
        if v >= p {
            return 1;
        }
        let u = bits.next_f64();
        let q = -(r * u).exp_m1();
        if v <= q * q {
            let n = truncated((1.0 + v.ln() / q.ln()).floor());
            if n < 1 || v == 0.0 {
                continue;
            }
            return n;
        }
        return if v >= q { 1 } else { 2 };
    }
}

/// `2^x` by `pow`, which the optimiser would replace by `exp2`, whose last bits are others.
#[inline]
pub(crate) fn power_of_two(x: f64) -> f64 {
    black_box(2.0_f64).powf(x)
}

pub(crate) fn zipf<B: BitGenerator>(bits: &mut B, a: f64) -> i64 {
    // `b` would overflow; a value above 1 has no chance
    if a >= 1025.0 {
        return 1;
    }
    let a1 = a - 1.0;
    let b = power_of_two(a1);
    // below, x would be too large
    let least = (i64::MAX as f64).powf(-a1);
    loop {
        let u = bits.next_f64();
        let u = u * least + (1.0 - u);
        let v = bits.next_f64();
        if let Some(x) = zipf_accepted(u, v, a1, b) {
            return x;
        }
    }
}

/// The value at `u`, if `v` accepts it.
#[inline]
pub(crate) fn zipf_accepted(u: f64, v: f64, a1: f64, b: f64) -> Option<i64> {
    let x = u.powf(-1.0 / a1).floor();
    if x > i64::MAX as f64 || x < 1.0 {
        return None;
    }
    let t = (1.0 + 1.0 / x).powf(a1);
    (v * x * (t - 1.0) / (b - 1.0) <= t / b).then(|| truncated(x))
}
