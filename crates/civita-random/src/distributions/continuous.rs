//! Draws of real numbers.

use std::f64::consts::PI;

use super::discrete::poisson;
use super::ziggurat::{
    standard_exponential, standard_exponential_f32, standard_normal, standard_normal_f32,
};
use crate::bits::BitGenerator;

#[inline(always)]
pub(crate) fn standard_uniform<B: BitGenerator>(bits: &mut B) -> f64 {
    bits.next_f64()
}

#[inline(always)]
pub(crate) fn uniform<B: BitGenerator>(bits: &mut B, low: f64, range: f64) -> f64 {
    low + range * bits.next_f64()
}

#[inline(always)]
pub(crate) fn normal<B: BitGenerator>(bits: &mut B, loc: f64, scale: f64) -> f64 {
    loc + scale * standard_normal(bits)
}

#[inline]
pub(crate) fn log_normal<B: BitGenerator>(bits: &mut B, mean: f64, sigma: f64) -> f64 {
    normal(bits, mean, sigma).exp()
}

#[inline(always)]
pub(crate) fn exponential<B: BitGenerator>(bits: &mut B, scale: f64) -> f64 {
    scale * standard_exponential(bits)
}

#[inline]
pub(crate) fn inverse_exponential<B: BitGenerator>(bits: &mut B) -> f64 {
    -(-bits.next_f64()).ln_1p()
}

#[inline]
pub(crate) fn inverse_exponential_f32<B: BitGenerator>(bits: &mut B) -> f32 {
    // in double precision, as NumPy does
    -(-f64::from(bits.next_f32())).ln_1p() as f32
}

/// Gamma of scale 1, of any two sources of normals and exponentials.
macro_rules! gamma_by {
    ($(#[$attribute:meta])* $name:ident, $float:ident, $source:ty, $uniform:expr, $exponential:expr, $normal:expr) => {
        $(#[$attribute])*
        pub(crate) fn $name<B: BitGenerator>(bits: &mut $source, shape: $float) -> $float {
            if shape == 1.0 {
                return $exponential(bits);
            }
            if shape == 0.0 {
                return shape;
            }
            if shape < 1.0 {
                loop {
                    let u: $float = $uniform(bits);
                    let v: $float = $exponential(bits);
                    if u <= 1.0 - shape {
                        let x = u.powf(1.0 / shape);
                        if x <= v {
                            return x;
                        }
                    } else {
                        let y = -((1.0 - u) / shape).ln();
                        let x = (1.0 - shape + shape * y).powf(1.0 / shape);
                        if x <= v + y {
                            return x;
                        }
                    }
                }
            }
            let b = shape - 1.0 / 3.0;
            let c = 1.0 / (9.0 * b).sqrt();
            loop {
                let (x, v) = loop {
                    let x: $float = $normal(bits);
                    let v = 1.0 + c * x;
                    // NaN of NaN, for as many draws as a number takes
                    if v > 0.0 || v.is_nan() {
                        break (x, v);
                    }
                };
                let v = v * v * v;
                let u: $float = $uniform(bits);
                if u < 1.0 - 0.0331 * (x * x) * (x * x)
                    || u.ln() < 0.5 * x * x + b * (1.0 - v + v.ln())
                {
                    return b * v;
                }
            }
        }
    };
}
pub(crate) use gamma_by;

gamma_by!(
    #[inline]
    standard_gamma,
    f64,
    B,
    BitGenerator::next_f64,
    standard_exponential,
    standard_normal
);
gamma_by!(
    #[inline]
    standard_gamma_f32,
    f32,
    B,
    BitGenerator::next_f32,
    standard_exponential_f32,
    standard_normal_f32
);

#[inline]
pub(crate) fn gamma<B: BitGenerator>(bits: &mut B, shape: f64, scale: f64) -> f64 {
    scale * standard_gamma(bits, shape)
}

/// Below this, a draw in (0, 1) has no chance: 0 or 1, in proportion.
const TINY: f64 = 3e-103;

pub(crate) fn beta<B: BitGenerator>(bits: &mut B, a: f64, b: f64) -> f64 {
    if !(a <= 1.0 && b <= 1.0) {
        let x = standard_gamma(bits, a);
        let y = standard_gamma(bits, b);
        return x / (x + y);
    }
    if a < TINY && b < TINY {
        let u = bits.next_f64();
        return if (a + b) * u < a { 1.0 } else { 0.0 };
    }
    loop {
        let u = bits.next_f64();
        let v = bits.next_f64();
        let (x, y) = (u.powf(1.0 / a), v.powf(1.0 / b));
        let sum = x + y;
        // both zero is 1 in 10¹⁰⁶
        if sum <= 1.0 && u + v > 0.0 {
            if x > 0.0 && y > 0.0 {
                return x / sum;
            }
            // a power underflowed: logarithms
            let delta = u.ln() / a - v.ln() / b;
            return if delta > 0.0 {
                (-(-delta).exp().ln_1p()).exp()
            } else {
                (delta - delta.exp().ln_1p()).exp()
            };
        }
    }
}

#[inline]
pub(crate) fn chi_square<B: BitGenerator>(bits: &mut B, df: f64) -> f64 {
    2.0 * standard_gamma(bits, df / 2.0)
}

pub(crate) fn noncentral_chi_square<B: BitGenerator>(bits: &mut B, df: f64, nonc: f64) -> f64 {
    if nonc.is_nan() {
        return f64::NAN;
    }
    if nonc == 0.0 {
        return chi_square(bits, df);
    }
    if 1.0 < df {
        let central = chi_square(bits, df - 1.0);
        let n = standard_normal(bits) + nonc.sqrt();
        return central + n * n;
    }
    let i = poisson(bits, nonc / 2.0);
    chi_square(bits, df + i.wrapping_mul(2) as f64)
}

pub(crate) fn f<B: BitGenerator>(bits: &mut B, dfnum: f64, dfden: f64) -> f64 {
    let numerator = chi_square(bits, dfnum) * dfden;
    let denominator = chi_square(bits, dfden) * dfnum;
    numerator / denominator
}

pub(crate) fn noncentral_f<B: BitGenerator>(
    bits: &mut B,
    dfnum: f64,
    dfden: f64,
    nonc: f64,
) -> f64 {
    let t = noncentral_chi_square(bits, dfnum, nonc) * dfden;
    t / (chi_square(bits, dfden) * dfnum)
}

#[inline]
pub(crate) fn standard_cauchy<B: BitGenerator>(bits: &mut B) -> f64 {
    let numerator = standard_normal(bits);
    numerator / standard_normal(bits)
}

pub(crate) fn standard_t<B: BitGenerator>(bits: &mut B, df: f64) -> f64 {
    let numerator = standard_normal(bits);
    let denominator = standard_gamma(bits, df / 2.0);
    (df / 2.0).sqrt() * numerator / denominator.sqrt()
}

#[inline]
pub(crate) fn pareto<B: BitGenerator>(bits: &mut B, a: f64) -> f64 {
    (standard_exponential(bits) / a).exp_m1()
}

#[inline]
pub(crate) fn weibull<B: BitGenerator>(bits: &mut B, a: f64) -> f64 {
    if a == 0.0 {
        return 0.0;
    }
    standard_exponential(bits).powf(1.0 / a)
}

#[inline]
pub(crate) fn power<B: BitGenerator>(bits: &mut B, a: f64) -> f64 {
    (-(-standard_exponential(bits)).exp_m1()).powf(1.0 / a)
}

#[inline]
pub(crate) fn laplace<B: BitGenerator>(bits: &mut B, loc: f64, scale: f64) -> f64 {
    loop {
        let u = bits.next_f64();
        if u >= 0.5 {
            return loc - scale * (2.0 - u - u).ln();
        }
        if u > 0.0 {
            return loc + scale * (u + u).ln();
        }
    }
}

#[inline]
pub(crate) fn gumbel<B: BitGenerator>(bits: &mut B, loc: f64, scale: f64) -> f64 {
    loop {
        let u = 1.0 - bits.next_f64();
        if u < 1.0 {
            return loc - scale * (-u.ln()).ln();
        }
    }
}

#[inline]
pub(crate) fn logistic<B: BitGenerator>(bits: &mut B, loc: f64, scale: f64) -> f64 {
    loop {
        let u = bits.next_f64();
        if u > 0.0 {
            return loc + scale * (u / (1.0 - u)).ln();
        }
    }
}

#[inline]
pub(crate) fn rayleigh<B: BitGenerator>(bits: &mut B, scale: f64) -> f64 {
    scale * (2.0 * standard_exponential(bits)).sqrt()
}

pub(crate) fn wald<B: BitGenerator>(bits: &mut B, mean: f64, scale: f64) -> f64 {
    let y = standard_normal(bits);
    let y = mean * y * y;
    let d = 1.0 + (1.0 + 4.0 * scale / y).sqrt();
    let x = mean * (1.0 - 2.0 / d);
    let u = bits.next_f64();
    if u <= mean / (mean + x) {
        x
    } else {
        mean * mean / x
    }
}

pub(crate) fn triangular<B: BitGenerator>(bits: &mut B, left: f64, mode: f64, right: f64) -> f64 {
    let base = right - left;
    let left_base = mode - left;
    let ratio = left_base / base;
    let u = bits.next_f64();
    if u <= ratio {
        left + (u * (left_base * base)).sqrt()
    } else {
        right - ((1.0 - u) * ((right - mode) * base)).sqrt()
    }
}

/// What the draws of a von Mises distribution need of its concentration.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Constants {
    /// No number.
    Nan,
    /// So little concentration that it is uniform.
    Uniform,
    /// So much that it is a normal, which wraps around.
    Normal { kappa: f64 },
    /// Best and Fisher's rejection.
    Rejection { kappa: f64, s: f64 },
}

impl Constants {
    /// Concentrations above `largest` are taken for a normal.
    pub(crate) fn new(kappa: f64, largest: f64) -> Constants {
        if kappa.is_nan() {
            return Constants::Nan;
        }
        if kappa < 1e-8 {
            return Constants::Uniform;
        }
        if kappa > largest {
            return Constants::Normal { kappa };
        }
        let s = if kappa < 1e-5 {
            1.0 / kappa + kappa
        } else {
            let r = 1.0 + (1.0 + 4.0 * kappa * kappa).sqrt();
            let rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa);
            (1.0 + rho * rho) / (2.0 * rho)
        };
        if s.is_finite() {
            Constants::Rejection { kappa, s }
        } else {
            Constants::Nan
        }
    }
}

pub(crate) fn von_mises<B: BitGenerator>(bits: &mut B, mu: f64, constants: &Constants) -> f64 {
    match *constants {
        Constants::Nan => f64::NAN,
        Constants::Uniform => PI * (2.0 * bits.next_f64() - 1.0),
        Constants::Normal { kappa } => {
            let mut x = mu + (1.0 / kappa).sqrt() * standard_normal(bits);
            if x < -PI {
                x += 2.0 * PI;
            }
            if x > PI {
                x -= 2.0 * PI;
            }
            x
        }
        Constants::Rejection { kappa, s } => {
            let w = loop {
                let z = (PI * bits.next_f64()).cos();
                let w = (1.0 + s * z) / (s + z);
                let y = kappa * (s - w);
                let v = bits.next_f64();
                // v = 0 accepts where y >= 0 and rejects else
                if y * (2.0 - y) - v >= 0.0 || (y / v).ln() + 1.0 - y >= 0.0 {
                    break w;
                }
            };
            let u = bits.next_f64();
            let angle = w.acos();
            wrapped(mu + if u < 0.5 { -angle } else { angle })
        }
    }
}

/// The angle in [−π, π].
pub(crate) fn wrapped(x: f64) -> f64 {
    let angle = (x.abs() + PI) % (2.0 * PI) - PI;
    if x < 0.0 { -angle } else { angle }
}
