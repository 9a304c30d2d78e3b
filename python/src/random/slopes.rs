//! Derivatives of quantiles: how a draw `x` moves with a parameter `p` when the value `F(x; p)` of its distribution function stays.
//!
//! ```text
//! dx/dp = -(∂F/∂p) / (∂F/∂x)
//! ```
//!
//! | | |
//! |---|---|
//! | gamma | the series and the continued fraction of `P(a, x)`, and their derivatives |
//! | beta | the continued fraction of `I_x(a, b)` (DLMF 8.17.22) and its derivatives |
//! | t, F | functions of a beta |
//! | Wald | closed |
//! | von Mises | an integral, by Gauss and Legendre's rule |
//! | non-central χ² and F | means of the central ones over the Poisson variable that was drawn, given the draw |
//!
//! Normalising constants cancel, so none is computed. Source: Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients" (2018).

use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// A family of distributions whose draws move with their parameters by an implicit derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// By the shape; of scale 1.
    Gamma,
    /// By both shapes.
    Beta,
    /// By the degrees of freedom.
    StandardT,
    /// By both degrees of freedom.
    F,
    /// By the mean and the scale.
    Wald,
    /// By the mode and the concentration.
    VonMises,
    /// By the degrees of freedom and the non-centrality.
    NoncentralChiSquare,
    /// By both degrees of freedom and the non-centrality.
    NoncentralF,
}

impl Family {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Gamma => "standard_gamma",
            Family::Beta => "beta",
            Family::StandardT => "standard_t",
            Family::F => "f",
            Family::Wald => "wald",
            Family::VonMises => "vonmises",
            Family::NoncentralChiSquare => "noncentral_chisquare",
            Family::NoncentralF => "noncentral_f",
        }
    }

    /// The derivative of the draw `x` by parameter `i` of `p`, of which as many are read as the family has. Draws at an end of their
    /// range do not move.
    pub fn slope(self, i: usize, p: [f64; 3], x: f64) -> f64 {
        let [a, b, c] = p;
        if x.is_nan() || a.is_nan() || b.is_nan() || c.is_nan() {
            return f64::NAN;
        }
        match self {
            Family::Gamma => gamma(a, x),
            Family::Beta => match x > 0.0 && x < 1.0 && a > 0.0 && b > 0.0 {
                true => x * (1.0 - x) * logit(a, b, x, 1.0 - x)[i],
                false => 0.0,
            },
            Family::StandardT => student(a, x),
            Family::F => {
                let ratio = a * x / b;
                if !(ratio > 0.0 && ratio.is_finite()) {
                    return 0.0;
                }
                let moved = logit(0.5 * a, 0.5 * b, ratio / (1.0 + ratio), 1.0 / (1.0 + ratio));
                x * (0.5 * moved[i] + [-1.0 / a, 1.0 / b][i])
            }
            Family::Wald => wald(a, b, x)[i],
            Family::VonMises => match i {
                0 => 1.0,
                _ => von_mises(b, (x - a) - TAU * ((x - a) / TAU).round()),
            },
            Family::NoncentralChiSquare => noncentral_chi_square(a, b, x)[i],
            Family::NoncentralF => noncentral_f([a, b], c, x)[i],
        }
    }
}

/// `Γ'(a) / Γ(a)`: the asymptotic series from 10 on, and the recurrence below.
fn digamma(mut a: f64) -> f64 {
    let mut sum = 0.0;
    while a < 10.0 {
        sum -= 1.0 / a;
        a += 1.0;
    }
    let s = 1.0 / (a * a);
    sum + a.ln() - 0.5 / a - s * SERIES.iter().rev().fold(0.0, |sum, c| sum * s + c)
}

/// `B₂ₖ / 2k`: the asymptotic series of the digamma function in powers of `1 / a²`.
const SERIES: [f64; 6] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32760.0,
];

/// `ψ(a + d) - ψ(a)`, exact for small `d` too.
fn digamma_gap(mut a: f64, d: f64) -> f64 {
    let (mut b, mut sum) = (a + d, 0.0);
    while a < 10.0 || b < 10.0 {
        sum += d / (a * b);
        (a, b) = (a + 1.0, b + 1.0);
    }
    let (s, t) = (1.0 / (a * a), 1.0 / (b * b));
    // the divided difference of the series between s and t, by Horner's scheme
    let (mut divided, mut value) = (0.0, 0.0);
    for c in SERIES.iter().rev().chain(&[0.0]) {
        divided = divided * s + value;
        value = value * t + c;
    }
    let log = match d > -0.5 * a {
        true => (d / a).ln_1p(),
        false => (b / a).ln(),
    };
    sum + log + 0.5 * d / (a * b) + d * (a + b) * s * t * divided
}

/// From this shape on the cube root of a gamma is normal to the last digits that matter (Wilson and Hilferty).
const NORMAL: f64 = 1e7;

fn gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 || a <= 0.0 {
        return 0.0;
    }
    if a > NORMAL {
        let root = (x / a).cbrt();
        let z = (root - 1.0 + 1.0 / (9.0 * a)) * 3.0 * a.sqrt();
        return root.powi(3) + 3.0 * root * root * (1.0 / (9.0 * a) - z / (6.0 * a.sqrt()));
    }
    // P = xᵃ e⁻ˣ S / Γ(a), p = xᵃ⁻¹ e⁻ˣ / Γ(a)
    let weight = x.ln() - digamma(a);
    match x < a + 1.0 {
        true => {
            let [sum, moved] = series(a, x);
            -x * (weight * sum + moved)
        }
        false => {
            let [sum, moved] = fraction(a, x);
            x * (weight * sum + moved)
        }
    }
}

/// `Σ xⁿ / (a (a + 1) … (a + n))` and its derivative by `a`.
fn series(a: f64, x: f64) -> [f64; 2] {
    let (mut term, mut harmonic) = (1.0 / a, 1.0 / a);
    let (mut sum, mut moved) = (term, -term * harmonic);
    let mut n = 0.0;
    loop {
        n += 1.0;
        term *= x / (a + n);
        harmonic += 1.0 / (a + n);
        let step = term * harmonic;
        sum += term;
        moved -= step;
        if step <= f64::EPSILON * 0.1 * -moved && term <= f64::EPSILON * 0.1 * sum {
            return [sum, moved];
        }
    }
}

/// `1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - …)))` and its derivative by `a`, from its convergents.
fn fraction(a: f64, x: f64) -> [f64; 2] {
    // numerators and denominators of the last two convergents, and their derivatives
    let (mut p, mut q) = ([0.0, 1.0], [1.0, x + 1.0 - a]);
    let (mut dp, mut dq) = ([0.0, 0.0], [0.0, -1.0]);
    let mut last = [1.0 / q[1], 1.0 / (q[1] * q[1])];
    for n in 1..100_000 {
        let k = f64::from(n);
        let (factor, step) = (k * (a - k), x + 2.0 * k + 1.0 - a);
        let next = |v: [f64; 2], d: [f64; 2]| {
            [
                step * v[1] + factor * v[0],
                step * d[1] - v[1] + factor * d[0] + k * v[0],
            ]
        };
        let ([p2, dp2], [q2, dq2]) = (next(p, dp), next(q, dq));
        (p, q, dp, dq) = ([p[1], p2], [q[1], q2], [dp[1], dp2], [dq[1], dq2]);
        let largest = q2.abs().max(p2.abs());
        if largest > 1e100 {
            for pair in [&mut p, &mut q, &mut dp, &mut dq] {
                pair.iter_mut().for_each(|v| *v /= largest);
            }
        }
        let value = p[1] / q[1];
        let now = [value, (dp[1] - value * dq[1]) / q[1]];
        let near = |i: usize| (now[i] - last[i]).abs() <= f64::EPSILON * now[i].abs();
        if near(0) && near(1) {
            return now;
        }
        last = now;
    }
    last
}

/// How `ln(x / y)` of a beta draw `x` moves with `a` and `b`, where `y = 1 - x`.
fn logit(a: f64, b: f64, x: f64, y: f64) -> [f64; 2] {
    if x <= 0.0 || y <= 0.0 {
        return [0.0; 2];
    }
    if a > LARGE && b > LARGE {
        return logit_of_large(a, b, x, y);
    }
    match x * (a + b + 2.0) <= a + 1.0 {
        true => logit_below(a, b, x, y),
        // 1 - x is a draw with a and b exchanged
        false => {
            let [by_b, by_a] = logit_below(b, a, y, x);
            [-by_a, -by_b]
        }
    }
}

/// By `I = xᵃ yᵇ C / (a B(a, b))` and `p = xᵃ⁻¹ yᵇ⁻¹ / B(a, b)`, with `C = 1 / (1 + d₁ / (1 + d₂ / (1 + …)))`, which converges
/// fast where `x` is not beyond the mean.
fn logit_below(a: f64, b: f64, x: f64, y: f64) -> [f64; 2] {
    let log = |x: f64, y: f64| if x < 0.5 { x.ln() } else { (-y).ln_1p() };
    // derivatives of the logarithm of xᵃ yᵇ / (a B(a, b))
    let weights = [
        log(x, y) + digamma_gap(a + 1.0, b - 1.0),
        log(y, x) + digamma_gap(b, a),
    ];
    // numerators and denominators of the last two convergents, each with its derivatives by a and b
    let (mut p, mut q) = ([[0.0; 3], [1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]; 2]);
    let mut last = [1.0, 0.0, 0.0];
    for n in 1..100_000 {
        let m = f64::from(n / 2);
        let (first, second) = (a + 2.0 * m, if n % 2 == 0 { -1.0 } else { 1.0 });
        let second = first + second;
        let shrink = 1.0 / first + 1.0 / second;
        let d = if n % 2 == 0 {
            let by_b = m * x / (first * second);
            let d = by_b * (b - m);
            [d, -d * shrink, by_b]
        } else {
            let d = -(a + m) / first * (a + b + m) * x / second;
            let by_b = d / (a + b + m);
            [d, d * (1.0 / (a + m) - shrink) + by_b, by_b]
        };
        for v in [&mut p, &mut q] {
            let [old, new] = *v;
            let next = |i: usize| new[i] + d[0] * old[i] + d[i] * old[0];
            *v = [new, [new[0] + d[0] * old[0], next(1), next(2)]];
        }
        let largest = q[1][0].abs();
        if !(1e-100..1e100).contains(&largest) {
            for v in [&mut p, &mut q] {
                v.as_flattened_mut().iter_mut().for_each(|v| *v /= largest);
            }
        }
        let ([_, p], [_, q]) = (p, q);
        let c = p[0] / q[0];
        let now = [c, (p[1] - c * q[1]) / q[0], (p[2] - c * q[2]) / q[0]];
        let near = |i: usize, scale: f64| {
            (now[i] - last[i]).abs() <= f64::EPSILON * now[i].abs().max(scale.abs())
        };
        let done = near(0, 0.0) && near(1, c * weights[0]) && near(2, c * weights[1]);
        last = now;
        if done {
            break;
        }
    }
    let [c, by_a, by_b] = last;
    [-(c * weights[0] + by_a) / a, -(c * weights[1] + by_b) / a]
}

/// From these shapes on a beta has the derivative of the first terms of its expansion about a normal.
const LARGE: f64 = 1e6;

/// Of large shapes, where `x` is a normal with a little skewness: `x = m + s (z + g (z² - 1) / 6)` (Cornish and Fisher).
fn logit_of_large(a: f64, b: f64, x: f64, y: f64) -> [f64; 2] {
    let n = a + b;
    let s = (a / n * (b / n) / (n + 1.0)).sqrt();
    let g = 2.0 * (b - a) / (n + 2.0) * ((n + 1.0) / a / b).sqrt();
    // (x - m) / s, where x = a / n (1 + …) would cancel
    let far = (x * b - y * a) / n / s;
    let z = far - g * (far * far - 1.0) / 6.0;
    // by the parameter `t`, where `o` is the other
    let moved = |t: f64, o: f64, sign: f64| {
        let dm = sign * o / (n * n);
        let ds = s * 0.5 * (1.0 / t - 2.0 / n - 1.0 / (n + 1.0));
        let dg = -sign * 2.0 / (n + 2.0) * ((n + 1.0) / a / b).sqrt()
            + g * (-1.0 / (n + 2.0) + 0.5 * (1.0 / (n + 1.0) - 1.0 / t));
        let bent = (z * z - 1.0) / 6.0;
        (dm + ds * (z + g * bent) + s * dg * bent) / (x * y)
    };
    [moved(a, b, 1.0), moved(b, a, -1.0)]
}

/// From this many degrees of freedom on the derivative is its asymptotic series.
const ALMOST_NORMAL: f64 = 1e6;

fn student(df: f64, t: f64) -> f64 {
    let square = t * t;
    if df > ALMOST_NORMAL {
        return -t * ((square + 1.0) / 4.0 - square * (square - 1.0) / (12.0 * df)) / (df * df);
    }
    let ratio = square / df;
    if !(ratio > 0.0 && ratio.is_finite()) {
        return 0.0;
    }
    // ratio / (1 + ratio) is a beta of ½ and df / 2
    let moved = logit(0.5, 0.5 * df, ratio / (1.0 + ratio), 1.0 / (1.0 + ratio));
    0.5 * t * (1.0 / df + 0.5 * moved[1])
}

/// With Mills' ratio `M` at `z = √(l / x) (x / m + 1)`, by which the second term of the distribution function is `φ M`:
/// `dx/dm = 2 x √(l x) M / m²`, and `dx/dl` from `m dx/dm + l dx/dl = x`.
fn wald(mean: f64, scale: f64, x: f64) -> [f64; 2] {
    if x <= 0.0 || mean <= 0.0 || scale <= 0.0 || !x.is_finite() {
        return [0.0; 2];
    }
    let z = (scale / x).sqrt() * (x / mean + 1.0);
    let [mills, rest] = mills(z);
    let by_mean = 2.0 * x / mean * ((scale * x).sqrt() / mean) * mills;
    // x - m dx/dm cancels where the scale is large
    let total = x + mean;
    let by_scale = x / scale * ((mean - x) / total + 2.0 * x / total * rest);
    [by_mean, by_scale]
}

/// Mills' ratio `M = (1 - Φ(z)) / φ(z)`, and `1 - z M`.
fn mills(z: f64) -> [f64; 2] {
    if z < 2.0 {
        let (mut term, mut sum, mut n) = (z, 0.0, 1.0);
        while term > f64::EPSILON * 0.01 * sum {
            sum += term;
            n += 2.0;
            term *= z * z / n;
        }
        let ratio = FRAC_PI_2.sqrt() * (0.5 * z * z).exp() - sum;
        return [ratio, 1.0 - z * ratio];
    }
    // 1 / (z + 1 / (z + 2 / (z + 3 / …))); 1 - z M is M times the second fraction
    let mut below = z;
    for n in (2..80).rev() {
        below = z + f64::from(n) / below;
    }
    let ratio = 1.0 / (z + 1.0 / below);
    [ratio, ratio / below]
}

/// From this concentration on the distribution is taken for a normal, as NumPy does.
const CONCENTRATED: f64 = 1e6;

/// Of the draw `w` about 0: `-∫₀ʷ (cos t - A) exp(k (cos t - cos w)) dt` with `A = I₁(k) / I₀(k)`; in the tails the integral from `w` to π
/// with the opposite sign, whose exponents are negative.
fn von_mises(kappa: f64, w: f64) -> f64 {
    if kappa > CONCENTRATED {
        return -0.5 * w / kappa;
    }
    let x = w.abs().min(PI);
    let rest = one_minus_bessel_ratio(kappa);
    let density = |t: f64| {
        let half = (0.5 * t).sin();
        let exponent = -2.0 * kappa * (0.5 * (t + x)).sin() * (0.5 * (t - x)).sin();
        (rest - 2.0 * half * half) * exponent.exp()
    };
    let half = (0.5 * x).sin();
    let moved = if 2.0 * kappa * half * half < 1.0 {
        -gauss(0.0, x, density)
    } else {
        let width = 3.0 / (kappa * x.sin() + kappa.sqrt());
        let (mut from, mut sum) = (x, 0.0);
        while from < PI && 2.0 * kappa * (0.5 * (from + x)).sin() * (0.5 * (from - x)).sin() < 40.0
        {
            let to = (from + width).min(PI);
            sum += gauss(from, to, density);
            from = to;
        }
        sum
    };
    moved.copysign(moved * w.signum())
}

/// `1 - I₁(k) / I₀(k)`: by the continued fraction, or by the asymptotic series.
fn one_minus_bessel_ratio(k: f64) -> f64 {
    if k < 100.0 {
        let mut ratio = 0.0;
        for n in (1..200).rev() {
            ratio = k / (2.0 * f64::from(n) + k * ratio);
        }
        return 1.0 - ratio;
    }
    let s = 1.0 / k;
    [
        1.0 / 2.0,
        1.0 / 8.0,
        1.0 / 8.0,
        25.0 / 128.0,
        13.0 / 32.0,
        1073.0 / 1024.0,
        103.0 / 32.0,
    ]
    .iter()
    .rev()
    .fold(0.0, |sum, c| (sum + c) * s)
}

/// Half the nodes of Gauss and Legendre's rule of 16 points on [-1, 1], and their weights.
const GAUSS: [[f64; 2]; 8] = [
    [0.09501250983763744, 0.18945061045506864],
    [0.2816035507792589, 0.18260341504492364],
    [0.45801677765722737, 0.16915651939500265],
    [0.6178762444026438, 0.1495959888165767],
    [0.755404408355003, 0.12462897125553407],
    [0.8656312023878318, 0.0951585116824926],
    [0.9445750230732326, 0.062253523938647456],
    [0.9894009349916499, 0.027152459411754176],
];

fn gauss(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let sum: f64 = GAUSS
        .iter()
        .map(|[x, w]| w * (f(middle - half * x) + f(middle + half * x)))
        .sum();
    half * sum
}

/// A distribution that is a mixture over a Poisson variable `j` moves as the mean of its parts does, over `j` given the draw.
struct Mixture<R> {
    /// The weight of `j + 1` by that of `j`.
    ratio: R,
    /// Where it is 1.
    mode: f64,
    /// The standard deviation of a normal with the curvature at the mode.
    deviation: f64,
}

/// From this deviation on the mean of a function is its value at the mode.
const NARROW: f64 = 1e4;

impl<R: Fn(f64) -> f64> Mixture<R> {
    /// The mean of functions of `j`. Where the weights are wide it is a sum over every so many, which has the same value for functions
    /// that are smooth on their scale.
    fn mean<const N: usize>(&self, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
        let mode = self.mode.max(0.0).floor();
        if self.deviation.is_nan() || self.deviation >= NARROW {
            return f(mode);
        }
        let stride = (self.deviation / 2.0).floor().max(1.0);
        let (mut sum, mut total) = (f(mode), 1.0);
        let mut add = |j: f64, weight: f64| {
            for (sum, x) in sum.iter_mut().zip(f(j)) {
                *sum += weight * x;
            }
            total += weight;
        };
        let steps = stride as usize;
        let least = 1e-18;
        let (mut j, mut weight) = (mode, 1.0);
        loop {
            for _ in 0..steps {
                weight *= (self.ratio)(j);
                j += 1.0;
            }
            if weight.is_nan() || weight <= least {
                break;
            }
            add(j, weight);
        }
        (j, weight) = (mode, 1.0);
        while j >= stride {
            for _ in 0..steps {
                j -= 1.0;
                weight /= (self.ratio)(j);
            }
            if weight.is_nan() || weight <= least {
                break;
            }
            add(j, weight);
        }
        sum.map(|x| x / total)
    }
}

/// By degrees of freedom and non-centrality. Given the draw, the Poisson variable has the weights `(λ x / 4)ʲ / (j! Γ(df / 2 + j))`.
fn noncentral_chi_square(df: f64, nonc: f64, x: f64) -> [f64; 2] {
    let (half, rate) = (0.5 * df, 0.25 * nonc * x);
    if !(x > 0.0 && half > 0.0 && rate >= 0.0 && rate.is_finite()) {
        return [0.0; 2];
    }
    let mode = 0.5 * (((half - 1.0) * (half - 1.0) + 4.0 * rate).sqrt() - half - 1.0);
    let at = mode.max(0.0);
    let mixture = Mixture {
        ratio: |j: f64| rate / ((j + 1.0) * (half + j)),
        mode,
        deviation: (1.0 / (1.0 / (at + 1.0) + 1.0 / (half + at))).sqrt(),
    };
    mixture.mean(|j| [gamma(half + j, 0.5 * x), 0.5 * x / (half + j)])
}

/// By both degrees of freedom and the non-centrality. With the beta `y` of the draw, the Poisson variable has the weights
/// `(λ y / 2)ʲ Γ(a + b + j) / (j! Γ(a + j))`.
fn noncentral_f([dfnum, dfden]: [f64; 2], nonc: f64, x: f64) -> [f64; 3] {
    let (a, b) = (0.5 * dfnum, 0.5 * dfden);
    let ratio = dfnum * x / dfden;
    if !(ratio > 0.0 && ratio.is_finite() && nonc >= 0.0 && nonc.is_finite()) {
        return [0.0; 3];
    }
    let (y, rest) = (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio));
    let rate = 0.5 * nonc * y;
    let middle = rate - a - 1.0;
    let mode = 0.5
        * ((middle * middle + 4.0 * (rate * (a + b) - a))
            .max(0.0)
            .sqrt()
            + middle);
    let at = mode.max(0.0);
    let curvature = 1.0 / (at + 1.0) + 1.0 / (a + at) - 1.0 / (a + b + at);
    let mixture = Mixture {
        ratio: |j: f64| rate * (a + b + j) / ((j + 1.0) * (a + j)),
        mode,
        deviation: (1.0 / curvature).sqrt(),
    };
    let [by_a, by_b, by_nonc] = mixture.mean(|j| {
        let [by_a, by_b] = logit(a + j, b, y, rest);
        [by_a, by_b, 0.5 / (a + j)]
    });
    [
        x * (0.5 * by_a - 1.0 / dfnum),
        x * (0.5 * by_b + 1.0 / dfden),
        x * by_nonc,
    ]
}
