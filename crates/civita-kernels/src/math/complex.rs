//! Elementary functions of complex numbers.
//!
//! Special values are those of C99 annex G where NumPy has them; `div` is NumPy's (Smith 1962), `pow` is `npy_cpow`.
//! Branches are left as branches here: complex loops are bound by the real functions that they call.

use num_complex::Complex;

use super::Real;
use crate::isa::Isa;

/// `a · b`, the plain formula, as NumPy's.
#[inline(always)]
pub fn mul<F: Real>(a: Complex<F>, b: Complex<F>) -> Complex<F> {
    Complex {
        re: a.re * b.re - a.im * b.im,
        im: a.re * b.im + a.im * b.re,
    }
}

/// `a / b` by Smith's method, which scales by the larger part of `b` so that its square does not overflow. Branch-free.
#[inline(always)]
pub fn div<F: Real>(a: Complex<F>, b: Complex<F>) -> Complex<F> {
    let wide = b.re.abs() >= b.im.abs();
    let (large, small) = if wide { (b.re, b.im) } else { (b.im, b.re) };
    let ratio = small / large;
    let scale = F::ONE / (large + small * ratio);
    let (re, im) = if wide {
        (a.re + a.im * ratio, a.im - a.re * ratio)
    } else {
        (a.re * ratio + a.im, a.im * ratio - a.re)
    };
    let quotient = Complex {
        re: re * scale,
        im: im * scale,
    };
    let zero = b.re.abs();
    let by_zero = Complex {
        re: a.re / zero,
        im: a.im / zero,
    };
    if (b.re == F::ZERO) & (b.im == F::ZERO) {
        by_zero
    } else {
        quotient
    }
}

/// `1 / z`, with NumPy's roundings and zeros, which are not those of its division.
#[inline(always)]
pub fn recip<F: Real>(z: Complex<F>) -> Complex<F> {
    if z.im.abs() <= z.re.abs() {
        let ratio = z.im / z.re;
        let d = z.re + z.im * ratio;
        Complex {
            re: F::ONE / d,
            im: -ratio / d,
        }
    } else {
        let ratio = z.re / z.im;
        let d = z.re * ratio + z.im;
        Complex {
            re: ratio / d,
            im: -F::ONE / d,
        }
    }
}

/// |z| = √(re² + im²) without overflow.
#[inline(always)]
pub fn abs<F: Real, I: Isa>(z: Complex<F>) -> F {
    z.re.hypot::<I>(z.im)
}

/// The angle of z, from -π to π. NumPy's `angle`.
#[inline(always)]
pub fn arg<F: Real, I: Isa>(z: Complex<F>) -> F {
    z.im.atan2::<I>(z.re)
}

/// e^z = e^re (cos im + i sin im).
#[inline(always)]
pub fn exp<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if im == F::ZERO {
        return Complex {
            re: re.exp::<I>(),
            im,
        };
    }
    if !re.is_finite() {
        if re.is_nan() {
            return Complex { re, im: re };
        }
        if re < F::ZERO && !im.is_finite() {
            return Complex {
                re: F::ZERO,
                im: if im.is_nan() {
                    F::ZERO
                } else {
                    F::ZERO.copysign(im)
                },
            };
        }
        if !im.is_finite() {
            return Complex { re, im: F::NAN };
        }
        let e = if re < F::ZERO { F::ZERO } else { re };
        return Complex {
            re: e * im.cos::<I>(),
            im: e * im.sin::<I>(),
        };
    }
    // in two factors, because e^re may overflow where e^re · cos im does not
    let half = (re * F::HALF).exp::<I>();
    let (c, s) = (im.cos::<I>(), im.sin::<I>());
    let limit = F::EXP_RANGE[1] - F::TWO;
    if re > limit {
        return Complex {
            re: c * half * half,
            im: s * half * half,
        };
    }
    let e = re.exp::<I>();
    Complex {
        re: e * c,
        im: e * s,
    }
}

/// ln z = ln |z| + i arg z.
#[inline(always)]
pub fn log<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let im = z.im.atan2::<I>(z.re);
    let (x, y) = (z.re.abs(), z.im.abs());
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    let near_one = large > F::HALF && large < F::TWO && small < F::TWO;
    if near_one {
        // ln |z| = log1p(|z|² - 1) / 2 loses nothing near |z| = 1; the squares in two parts each
        let (a, a_low) = super::pow::product::<F, I>(large, large);
        let (b, b_low) = super::pow::product::<F, I>(small, small);
        let excess = (((a - F::ONE) + b) + a_low) + b_low;
        if excess > -F::HALF && excess < F::TWO {
            return Complex {
                re: F::HALF * excess.log1p::<I>(),
                im,
            };
        }
    }
    // a subnormal magnitude keeps its bits when scaled first
    let tiny = large < F::MIN_POSITIVE / F::EPSILON;
    let up = F::ONE / (F::EPSILON * F::EPSILON);
    let scale = if tiny { up } else { F::ONE };
    let huge = large > F::MAX * (F::HALF * F::HALF) && large < F::INFINITY;
    let scale = if huge { F::HALF * F::HALF } else { scale };
    let shift = if scale == F::ONE {
        F::ZERO
    } else {
        scale.log::<I>()
    };
    Complex {
        re: (x * scale).hypot::<I>(y * scale).log::<I>() - shift,
        im,
    }
}

/// The principal root: its real part is not negative, its imaginary part has the sign of z's (Kahan 1987).
#[inline(always)]
pub fn sqrt<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if re == F::ZERO && im == F::ZERO {
        return Complex { re: F::ZERO, im };
    }
    if im.abs() == F::INFINITY {
        return Complex {
            re: F::INFINITY,
            im,
        };
    }
    if re.is_nan() {
        return Complex { re, im: F::NAN };
    }
    if re.abs() == F::INFINITY {
        let rest = if im.is_nan() { im } else { F::ZERO };
        return if re < F::ZERO {
            Complex {
                re: rest.abs(),
                im: re.abs().copysign(im),
            }
        } else {
            Complex {
                re,
                im: if im.is_nan() { im } else { rest.copysign(im) },
            }
        };
    }
    // scaled by a power of 4 so that |z| + |re| neither overflows nor loses bits
    let larger = if re.abs() > im.abs() {
        re.abs()
    } else {
        im.abs()
    };
    let quarter = F::HALF * F::HALF;
    let (scale, back) = if larger > F::MAX * quarter {
        (quarter * quarter, F::TWO + F::TWO)
    } else if larger < F::MIN_POSITIVE / F::EPSILON {
        (F::ONE / (F::EPSILON * F::EPSILON), F::EPSILON)
    } else {
        (F::ONE, F::ONE)
    };
    let (re, im) = (re * scale, im * scale);
    let t = ((re.abs() + re.hypot::<I>(im)) * F::HALF).sqrt();
    let other = im.abs() / (t + t);
    if re >= F::ZERO {
        Complex {
            re: t * back,
            im: (other * back).copysign(im),
        }
    } else {
        Complex {
            re: other * back,
            im: (t * back).copysign(im),
        }
    }
}

/// sinh z = sinh re cos im + i cosh re sin im.
#[inline(always)]
pub fn sinh<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if im == F::ZERO {
        return Complex {
            re: re.sinh::<I>(),
            im,
        };
    }
    if re == F::ZERO {
        return Complex {
            re: if im.is_finite() {
                re * im.cos::<I>()
            } else {
                re
            },
            im: im.sin::<I>(),
        };
    }
    if re.abs() == F::INFINITY && !im.is_finite() {
        // C99 leaves the sign open, as in `sin`
        return Complex {
            re: F::INFINITY,
            im: F::NAN,
        };
    }
    if re.abs() > F::EXP_RANGE[1] - F::TWO && re.is_finite() {
        let w = large::<F, I>(re.abs(), im);
        return Complex {
            re: if re < F::ZERO { -w.re } else { w.re },
            im: w.im,
        };
    }
    Complex {
        re: re.sinh::<I>() * im.cos::<I>(),
        im: re.cosh::<I>() * im.sin::<I>(),
    }
}

/// `e^x / 2 · (cos y + i sin y)` in two factors, because `e^x` may overflow where a part of the product does not.
#[inline(always)]
fn large<F: Real, I: Isa>(x: F, y: F) -> Complex<F> {
    let half = (x * F::HALF).exp::<I>();
    Complex {
        re: y.cos::<I>() * half * F::HALF * half,
        im: y.sin::<I>() * half * F::HALF * half,
    }
}

/// cosh z = cosh re cos im + i sinh re sin im.
#[inline(always)]
pub fn cosh<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if im == F::ZERO {
        let sign = if re.is_nan() {
            F::ZERO
        } else {
            F::ONE.copysign(re)
        };
        return Complex {
            re: re.cosh::<I>(),
            im: im * sign,
        };
    }
    if re == F::ZERO {
        return Complex {
            re: im.cos::<I>(),
            im: if im.is_finite() {
                re * im.sin::<I>()
            } else {
                F::ZERO
            },
        };
    }
    if re.abs() == F::INFINITY && !im.is_finite() {
        return Complex {
            re: F::INFINITY,
            im: F::NAN,
        };
    }
    if re.abs() > F::EXP_RANGE[1] - F::TWO && re.is_finite() {
        let w = large::<F, I>(re.abs(), im);
        return Complex {
            re: w.re,
            im: if re < F::ZERO { -w.im } else { w.im },
        };
    }
    Complex {
        re: re.cosh::<I>() * im.cos::<I>(),
        im: re.sinh::<I>() * im.sin::<I>(),
    }
}

/// sin z = -i sinh(i z).
#[inline(always)]
pub fn sin<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    if z.im.abs() == F::INFINITY && !z.re.is_finite() {
        // C99 leaves the sign open; it is the one that NumPy's C libraries give
        return Complex {
            re: F::NAN,
            im: F::INFINITY,
        };
    }
    let w = sinh::<F, I>(Complex {
        re: -z.im,
        im: z.re,
    });
    Complex {
        re: w.im,
        im: -w.re,
    }
}

/// cos z = cosh(i z).
#[inline(always)]
pub fn cos<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    cosh::<F, I>(Complex {
        re: -z.im,
        im: z.re,
    })
}

/// tanh z by Kahan's formula ("Branch cuts for complex elementary functions", 1987):
/// ```text
/// t = tan im, s = sinh re, b = 1 + t², r = √(1 + s²):   (b r s + i t) / (1 + b s²)
/// ```
#[inline(always)]
pub fn tanh<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if !re.is_finite() {
        if re.is_nan() {
            return Complex {
                re,
                im: if im == F::ZERO { im } else { re },
            };
        }
        let sign = if im.is_finite() {
            im.sin::<I>() * im.cos::<I>()
        } else {
            im
        };
        return Complex {
            re: F::ONE.copysign(re),
            im: F::ZERO.copysign(sign),
        };
    }
    if !im.is_finite() {
        return Complex {
            re: if re == F::ZERO { re } else { F::NAN },
            im: F::NAN,
        };
    }
    if re.abs() >= F::from_f64(22.0) {
        // 1 - tanh is below a rounding error; the imaginary part is 4 sin cos e^(-2|re|)
        let e = (-re.abs()).exp::<I>();
        let four = F::TWO + F::TWO;
        return Complex {
            re: F::ONE.copysign(re),
            im: four * im.sin::<I>() * im.cos::<I>() * e * e,
        };
    }
    let t = im.tan::<I>();
    let b = F::ONE + t * t;
    let s = re.sinh::<I>();
    let r = (F::ONE + s * s).sqrt();
    if t.abs() == F::INFINITY {
        return Complex {
            re: r / s,
            im: F::ONE / t,
        };
    }
    let d = F::ONE + b * s * s;
    Complex {
        re: b * r * s / d,
        im: t / d,
    }
}

/// tan z = -i tanh(i z).
#[inline(always)]
pub fn tan<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let w = tanh::<F, I>(Complex {
        re: -z.im,
        im: z.re,
    });
    Complex {
        re: w.im,
        im: -w.re,
    }
}

/// ln(1 + z), accurate near 0.
#[inline(always)]
pub fn log1p<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let Complex { re, im } = z;
    if re.abs() < F::HALF && im.abs() < F::HALF {
        // ln |1 + z| = log1p(|1 + z|² - 1) / 2
        let excess = re * (F::TWO + re) + im * im;
        return Complex {
            re: F::HALF * excess.log1p::<I>(),
            im: im.atan2::<I>(F::ONE + re),
        };
    }
    log::<F, I>(Complex {
        re: re + F::ONE,
        im,
    })
}

/// e^z - 1, accurate near 0: its real part is (e^re - 1) cos im - 2 sin²(im / 2).
#[inline(always)]
pub fn expm1<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let half = (z.im * F::HALF).sin::<I>();
    Complex {
        re: z.re.expm1::<I>() * z.im.cos::<I>() - F::TWO * half * half,
        im: z.re.exp::<I>() * z.im.sin::<I>(),
    }
}

/// 2^z.
#[inline(always)]
pub fn exp2<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    exp::<F, I>(Complex {
        re: z.re * F::LN_2,
        im: z.im * F::LN_2,
    })
}

/// Logarithm to base 2.
#[inline(always)]
pub fn log2<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let y = log::<F, I>(z);
    Complex {
        re: y.re * F::LOG2_E[0],
        im: y.im * F::LOG2_E[0],
    }
}

/// Logarithm to base 10.
#[inline(always)]
pub fn log10<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    let y = log::<F, I>(z);
    Complex {
        re: y.re * F::LOG10_E[0],
        im: y.im * F::LOG10_E[0],
    }
}

/// The nearest whole number, part by part, ties to even.
#[inline(always)]
pub fn rint<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
    Complex {
        re: z.re.rint::<I>(),
        im: z.im.rint::<I>(),
    }
}

/// The inverse functions in `f64` on any instruction set, one copy of each: nobody runs them on millions of elements.
macro_rules! inverse {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => { $(
        $(#[doc = $doc])*
        #[inline(always)]
        pub fn $name<F: Real, I: Isa>(z: Complex<F>) -> Complex<F> {
            let w = super::complex_inverse::$name(Complex {
                re: z.re.to_f64(),
                im: z.im.to_f64(),
            });
            Complex {
                re: F::from_f64(w.re),
                im: F::from_f64(w.im),
            }
        }
    )* };
}
inverse! {
    /// Arc sine.
    asin;
    /// Arc cosine.
    acos;
    /// Arc tangent.
    atan;
    /// Inverse hyperbolic sine.
    asinh;
    /// Inverse hyperbolic cosine.
    acosh;
    /// Inverse hyperbolic tangent.
    atanh;
}

/// z^w as NumPy's `npy_cpow`: z^0 is 1; 0^w is 0 for w of positive real part and NaN else; small integer exponents by repeated
/// multiplication; everything else e^(w ln z).
#[inline(always)]
pub fn pow<F: Real, I: Isa>(z: Complex<F>, w: Complex<F>) -> Complex<F> {
    let one = Complex {
        re: F::ONE,
        im: F::ZERO,
    };
    if w.re == F::ZERO && w.im == F::ZERO {
        return one;
    }
    if z.re == F::ZERO && z.im == F::ZERO {
        return if w.re > F::ZERO {
            Complex {
                re: F::ZERO,
                im: F::ZERO,
            }
        } else {
            Complex {
                re: F::NAN,
                im: F::NAN,
            }
        };
    }
    let hundred = F::from_f64(100.0);
    if w.im == F::ZERO && w.re.abs() < hundred && w.re.trunc::<I>() == w.re {
        // NumPy's own order of multiplications, so that the roundings agree
        let n = w.re.to_f64() as i32;
        match n {
            1 => return z,
            2 => return mul(z, z),
            3 => return mul(z, mul(z, z)),
            _ => {}
        }
        let mut left = n.unsigned_abs();
        let (mut result, mut power) = (one, z);
        loop {
            if left & 1 != 0 {
                result = mul(result, power);
            }
            left >>= 1;
            if left == 0 {
                break;
            }
            power = mul(power, power);
        }
        return if n < 0 { div(one, result) } else { result };
    }
    exp::<F, I>(mul(w, log::<F, I>(z)))
}
