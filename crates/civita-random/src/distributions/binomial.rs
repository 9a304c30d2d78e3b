//! Binomial draws: inversion, and BTPE for large means.

use super::discrete::truncated;
use crate::bits::BitGenerator;

/// A binomial distribution with what its draws need of `n` and `p`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    n: i64,
    method: Method,
    /// Whether failures are drawn, because successes are more likely.
    failures: bool,
}

#[derive(Clone, Copy, Debug)]
enum Method {
    Zero,
    Inversion(Inversion),
    Btpe(Btpe),
}

/// Which of NumPy's two interfaces: they differ in the last bits of a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Modern,
    Legacy,
}

impl Prepared {
    pub(crate) fn new(n: i64, p: f64) -> Prepared {
        let mut prepared = Prepared::of(n, p, Kind::Modern);
        if n == 0 || p == 0.0 {
            prepared.method = Method::Zero;
            prepared.failures = false;
        }
        prepared
    }

    /// As the legacy interface draws, which takes a uniform even for `n = 0`.
    pub(crate) fn legacy(n: i64, p: f64) -> Prepared {
        Prepared::of(n, p, Kind::Legacy)
    }

    fn of(n: i64, p: f64, kind: Kind) -> Prepared {
        let failures = !(p <= 0.5);
        let p = if failures { 1.0 - p } else { p };
        let method = if p * n as f64 <= 30.0 {
            Method::Inversion(Inversion::new(n, p, kind))
        } else {
            Method::Btpe(Btpe::new(n, p))
        };
        Prepared {
            n,
            method,
            failures,
        }
    }

    #[inline]
    pub(crate) fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        let drawn = match &self.method {
            Method::Zero => 0,
            Method::Inversion(inversion) => inversion.draw(bits),
            Method::Btpe(btpe) => btpe.draw(bits),
        };
        if self.failures { self.n - drawn } else { drawn }
    }
}

/// The distribution function is summed up until it exceeds a uniform.
#[derive(Clone, Copy, Debug)]
struct Inversion {
    n: i64,
    p: f64,
    q: f64,
    /// The probability of zero.
    none: f64,
    /// Ten standard deviations above the mean: rounding may take the sum no further.
    bound: i64,
}

impl Inversion {
    fn new(n: i64, p: f64, kind: Kind) -> Inversion {
        let (q, mean) = (1.0 - p, n as f64 * p);
        let log_q = match kind {
            Kind::Modern => (-p).ln_1p(),
            Kind::Legacy => q.ln(),
        };
        let limit = mean + 10.0 * (mean * q + 1.0).sqrt();
        Inversion {
            n,
            p,
            q,
            none: (n as f64 * log_q).exp(),
            bound: truncated(if (n as f64) < limit { n as f64 } else { limit }),
        }
    }

    #[inline]
    fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        let (mut x, mut probability, mut u) = (0, self.none, bits.next_f64());
        while u > probability {
            x += 1;
            if x > self.bound {
                (x, probability, u) = (0, self.none, bits.next_f64());
            } else {
                u -= probability;
                probability = (self.n - x + 1) as f64 * self.p * probability / (x as f64 * self.q);
            }
        }
        x
    }
}

/// BTPE: rejection under a triangle, two parallelograms and two exponential tails. Names are the paper's.
#[derive(Clone, Copy, Debug)]
struct Btpe {
    n: i64,
    r: f64,
    q: f64,
    m: i64,
    p1: f64,
    xm: f64,
    xl: f64,
    xr: f64,
    c: f64,
    laml: f64,
    lamr: f64,
    p2: f64,
    p3: f64,
    p4: f64,
}

/// The error of Stirling's formula.
#[inline]
fn stirling(x: f64) -> f64 {
    let x2 = x * x;
    (13_680.0 - (462.0 - (132.0 - (99.0 - 140.0 / x2) / x2) / x2) / x2) / x / 166_320.0
}

impl Btpe {
    fn new(n: i64, p: f64) -> Btpe {
        let count = n as f64;
        let r = if p < 1.0 - p { p } else { 1.0 - p };
        let q = 1.0 - r;
        let fm = count * r + r;
        let m = truncated(fm.floor());
        let p1 = (2.195 * (count * r * q).sqrt() - 4.6 * q).floor() + 0.5;
        let xm = m as f64 + 0.5;
        let (xl, xr) = (xm - p1, xm + p1);
        let c = 0.134 + 20.5 / (15.3 + m as f64);
        let a = (fm - xl) / (fm - xl * r);
        let laml = a * (1.0 + a / 2.0);
        let a = (xr - fm) / (xr * q);
        let lamr = a * (1.0 + a / 2.0);
        let p2 = p1 * (1.0 + 2.0 * c);
        let p3 = p2 + c / laml;
        Btpe {
            n,
            r,
            q,
            m,
            p1,
            xm,
            xl,
            xr,
            c,
            laml,
            lamr,
            p2,
            p3,
            p4: p3 + c / lamr,
        }
    }

    fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        loop {
            let u = bits.next_f64() * self.p4;
            let v = bits.next_f64();
            // the triangle, or NaN
            if !(u > self.p1) {
                return truncated((self.xm - self.p1 * v + u).floor());
            }
            let (y, v) = if u <= self.p2 {
                let x = self.xl + (u - self.p1) / self.c;
                let v = v * self.c + 1.0 - (self.m as f64 - x + 0.5).abs() / self.p1;
                if v > 1.0 {
                    continue;
                }
                (truncated(x.floor()), v)
            } else if u <= self.p3 {
                let y = truncated((self.xl + v.ln() / self.laml).floor());
                if y < 0 || v == 0.0 {
                    continue;
                }
                (y, v * (u - self.p2) * self.laml)
            } else {
                let y = truncated((self.xr - v.ln() / self.lamr).floor());
                if y > self.n || v == 0.0 {
                    continue;
                }
                (y, v * (u - self.p3) * self.lamr)
            };
            if self.accepts(y, v) {
                return y;
            }
        }
    }

    /// Whether `v` is below the probability of `y`, relative to that of `m`.
    fn accepts(&self, y: i64, v: f64) -> bool {
        let (n, m, r, q) = (self.n, self.m, self.r, self.q);
        let variance = n as f64 * r * q;
        let k = y.wrapping_sub(m).wrapping_abs();
        if !(k > 20 && (k as f64) < variance / 2.0 - 1.0) {
            // the ratio, factor by factor
            let s = r / q;
            let a = s * (n as f64 + 1.0);
            let mut f = 1.0;
            for i in m + 1..=y {
                f *= a / i as f64 - s;
            }
            for i in y + 1..=m {
                f /= a / i as f64 - s;
            }
            return !(v > f);
        }
        // squeezes, then Stirling's formula
        let kf = k as f64;
        let rho = (kf / variance)
            * ((kf * (kf / 3.0 + 0.625) + 0.166_666_666_666_666_66) / variance + 0.5);
        let t = k.wrapping_neg().wrapping_mul(k) as f64 / (2.0 * variance);
        let a = v.ln();
        if a < t - rho {
            return true;
        }
        if a > t + rho {
            return false;
        }
        let (n, m, y) = (n as f64, m as f64, y as f64);
        let (x1, f1, z, w) = (y + 1.0, m + 1.0, n + 1.0 - m, n - y + 1.0);
        let main = self.xm * (f1 / x1).ln()
            + (n - m + 0.5) * (z / w).ln()
            + (y - m) * (w * r / (x1 * q)).ln();
        // two misprints of the paper, which NumPy's streams keep: 13680 for 13860, and the last two terms are to be subtracted
        let bound = main + stirling(f1) + stirling(z) + stirling(x1) + stirling(w);
        !(a > bound)
    }
}
