//! Inverse trigonometric and hyperbolic functions of complex numbers in `f64`, with the branch cuts and special values of
//! C99 annex G. The formulas are those of Kahan, "Branch cuts for complex elementary functions" (1987): no difference in
//! them cancels.

use std::f64::consts::{FRAC_PI_2, LN_2};

use num_complex::Complex;

use super::{Real, complex};
use crate::isa::Baseline;

type C = Complex<f64>;

/// Parts beyond this have squares that overflow or roots that lose bits: the first term of the series is the value.
const HUGE: f64 = 1e100;

fn root(re: f64, im: f64) -> C {
    complex::sqrt::<f64, Baseline>(Complex { re, im })
}

fn area_sine(x: f64) -> f64 {
    Real::asinh::<Baseline>(x)
}

fn angle(y: f64, x: f64) -> f64 {
    Real::atan2::<Baseline>(y, x)
}

/// ln |2z| of a large z, without overflow.
fn log_double(z: C) -> f64 {
    complex::log::<f64, Baseline>(z).re + LN_2
}

fn large(z: C) -> bool {
    z.re.abs() > HUGE || z.im.abs() > HUGE
}

/// i z.
fn turned(z: C) -> C {
    Complex {
        re: -z.im,
        im: z.re,
    }
}

/// -i z.
fn turned_back(z: C) -> C {
    Complex {
        re: z.im,
        im: -z.re,
    }
}

/// asin z = -i asinh(i z).
#[inline(never)]
pub fn asin(z: C) -> C {
    if z.re.is_infinite() && z.im.is_nan() {
        // C99 leaves the sign open; it is the one that NumPy's C libraries give, as in `acos`
        return Complex {
            re: z.im,
            im: f64::INFINITY,
        };
    }
    turned_back(asinh(turned(z)))
}

/// With w = -i z, r = √(1 - w), s = √(1 + w):
/// ```text
/// asinh z = i asin w = -asinh(Im(r* s)) + i atan(Re w / Re(r s))
/// ```
#[inline(never)]
pub fn asinh(z: C) -> C {
    let Complex { re: x, im: y } = z;
    if x.is_nan() {
        return match y {
            0.0 => z,
            y if y.is_infinite() => Complex { re: y.abs(), im: x },
            _ => Complex {
                re: x,
                im: f64::NAN,
            },
        };
    }
    if y.is_nan() {
        return Complex {
            re: if x.is_infinite() { x } else { f64::NAN },
            im: y,
        };
    }
    if large(z) {
        return Complex {
            re: log_double(z).copysign(x),
            im: angle(y, x.abs()),
        };
    }
    let (r, s) = (root(1.0 - y, x), root(1.0 + y, -x));
    let width = r.re * s.im - r.im * s.re;
    Complex {
        re: -area_sine(width),
        im: angle(y, r.re * s.re - r.im * s.im),
    }
}

/// With r = √(1 - z), s = √(1 + z):
/// ```text
/// acos z = 2 atan(Re r / Re s) + i asinh(Im(s* r))
/// ```
#[inline(never)]
pub fn acos(z: C) -> C {
    let Complex { re: x, im: y } = z;
    if x.is_nan() || y.is_nan() {
        return match (x, y) {
            (x, y) if x.is_infinite() => Complex {
                re: y,
                im: f64::NEG_INFINITY,
            },
            (x, y) if y.is_infinite() => Complex { re: x, im: -y },
            (0.0, y) => Complex {
                re: FRAC_PI_2,
                im: y,
            },
            _ => Complex {
                re: f64::NAN,
                im: f64::NAN,
            },
        };
    }
    if large(z) {
        return Complex {
            re: angle(y.abs(), x),
            im: log_double(z).copysign(-y),
        };
    }
    let (r, s) = (root(1.0 - x, -y), root(1.0 + x, y));
    Complex {
        re: 2.0 * angle(r.re, s.re),
        im: area_sine(s.re * r.im - s.im * r.re),
    }
}

/// acosh z = ±i acos z, of which the real part is not negative.
#[inline(never)]
pub fn acosh(z: C) -> C {
    let w = acos(z);
    if w.re.is_nan() && w.im.is_nan() || !w.re.is_nan() && !w.im.is_nan() {
        return Complex {
            re: w.im.abs(),
            im: w.re.copysign(z.im),
        };
    }
    Complex {
        re: w.im.abs(),
        im: w.re,
    }
}

/// atan z = -i atanh(i z).
#[inline(never)]
pub fn atan(z: C) -> C {
    turned_back(atanh(turned(z)))
}

/// ```text
/// atanh z = log1p(4x / ((1 - x)² + y²)) / 4 + i atan(2y / ((1 - x)(1 + x) - y²)) / 2
/// ```
#[inline(never)]
pub fn atanh(z: C) -> C {
    let Complex { re: x, im: y } = z;
    let right = FRAC_PI_2.copysign(y);
    if y.is_infinite() {
        return Complex {
            re: 0.0_f64.copysign(x),
            im: right,
        };
    }
    if x.is_nan() {
        return Complex {
            re: x,
            im: f64::NAN,
        };
    }
    if y.is_nan() {
        return Complex {
            re: match x {
                0.0 => x,
                x if x.is_infinite() => 0.0_f64.copysign(x),
                _ => f64::NAN,
            },
            im: y,
        };
    }
    if x.abs() > 1e17 || y.abs() > 1e17 {
        // 1 / z
        let re = if x.is_infinite() {
            0.0_f64.copysign(x)
        } else {
            let h = Real::hypot::<Baseline>(x * 0.25, y * 0.25);
            0.25 * (x * 0.25 / h) / h
        };
        return Complex { re, im: right };
    }
    if x.abs() < 1e-100 && y.abs() < 1e-100 {
        return z;
    }
    let a = x.abs();
    let re = if a == 1.0 && y.abs() < 1e-100 {
        0.5 * (LN_2 - Real::log::<Baseline>(y.abs()))
    } else {
        0.25 * Real::log1p::<Baseline>(4.0 * a / ((1.0 - a) * (1.0 - a) + y * y))
    };
    Complex {
        re: re.copysign(x),
        im: 0.5 * angle(2.0 * y, (1.0 - a) * (1.0 + a) - y * y),
    }
}
