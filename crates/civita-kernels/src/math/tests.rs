//! Laws of the elementary functions, on every instruction set that this processor has.

use num_complex::Complex;

use super::divide::{self, Division};
use super::{Real, area, complex, exp, inverse, log, pow, scale, trig};
use crate::isa::{Baseline, Body, Isa, Kernel, Level, Shells};

macro_rules! kernels {
    ($($name:ident($x:ident, $y:ident, $out:ident) $body:block)*) => { $(
        struct $name<F>(std::marker::PhantomData<F>);
        impl<F: pow::Power + trig::Trig> Body for $name<F> {
            #[inline(always)]
            unsafe fn run<I: Isa>(n: usize, inputs: [*const u8; 3], out: *mut u8) {
                // SAFETY: `run` below passes two inputs and one output of `n` elements each, all distinct.
                let ($x, $y, $out) = unsafe {
                    (
                        std::slice::from_raw_parts(inputs[0].cast::<F>(), n),
                        std::slice::from_raw_parts(inputs[1].cast::<F>(), n),
                        std::slice::from_raw_parts_mut(out.cast::<F>(), n),
                    )
                };
                let _ = $y;
                $body
            }
        }
    )* };
}
macro_rules! unary {
    ($($name:ident $method:ident;)*) => {
        kernels! { $($name(x, y, out) {
            for (o, &x) in out.iter_mut().zip(x) {
                *o = x.$method::<I>();
            }
        })* }
    };
}
macro_rules! binary {
    ($($name:ident $method:ident;)*) => {
        kernels! { $($name(x, y, out) {
            for ((o, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *o = x.$method::<I>(y);
            }
        })* }
    };
}
unary! {
    Exp exp; Exp2 exp2; Expm1 expm1; Log log; Log2 log2; Log10 log10; Log1p log1p;
    Sin sin; Cos cos; Tan tan; Sinh sinh; Cosh cosh; Tanh tanh; Asin asin; Acos acos; Atan atan;
    Asinh asinh; Acosh acosh; Atanh atanh; Cbrt cbrt; Erf erf; Erfc erfc;
    Floor floor; Ceil ceil; Trunc trunc; Rint rint;
}
binary! { Pow pow; Atan2 atan2; Hypot hypot; }
kernels! {
    SinSlice(x, y, out) { trig::sin_slice::<F, I>(x, out) }
    CosSlice(x, y, out) { trig::cos_slice::<F, I>(x, out) }
    TanSlice(x, y, out) { trig::tan_slice::<F, I>(x, out) }
    ExpSlice(x, y, out) { exp::exp_slice::<F, I>(x, out) }
    Exp2Slice(x, y, out) { exp::exp2_slice::<F, I>(x, out) }
    AsinSlice(x, y, out) { inverse::asin_slice::<F, I>(x, out) }
    AtanSlice(x, y, out) { inverse::atan_slice::<F, I>(x, out) }
    Atan2Run(x, y, out) {
        // SAFETY: as many of both as of the output.
        if !unsafe { inverse::atan2_run::<F, I, 0>(x.as_ptr(), y.as_ptr(), out) } {
            for ((o, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *o = x.atan2::<I>(y);
            }
        }
    }
    TanhSlice(x, y, out) { exp::tanh_slice::<F, I>(x, out) }
    LogSlice(x, y, out) { log::log_slice::<F, I>(x, out) }
    Log2Slice(x, y, out) { log::log2_slice::<F, I>(x, out) }
    CbrtSlice(x, y, out) { area::cbrt_slice::<F, I>(x, out) }
    Scalb(x, y, out) {
        // SAFETY: as many of both as of the output.
        unsafe { scale::scalb_run::<F, I, 0>(x.as_ptr(), y.as_ptr(), out) }
    }
    Mantissa(x, y, out) { scale::mantissa_slice(x, out) }
    NextToward(x, y, out) {
        // SAFETY: as many of both as of the output.
        unsafe { scale::next_toward_run::<F, 0>(x.as_ptr(), y.as_ptr(), out) }
    }
    Exponent(x, y, out) {
        scale::exponent_slice(x, out);
    }
    Log10Slice(x, y, out) { log::log10_slice::<F, I>(x, out) }
    FloorDivide(x, y, out) { divide::each::<divide::Floor, F, I>(x, y, out) }
    Remainder(x, y, out) { divide::each::<divide::Remainder, F, I>(x, y, out) }
    PowExponent(x, y, out) { pow::pow_exponent::<F, I>(x, y[0], out) }
    PowSlice(x, y, out) { pow::pow_slice::<F, I>(x, y, out) }
}

fn run<F: Real>(kernel: Kernel, x: &[F], y: &[F]) -> Vec<F> {
    assert_eq!(x.len(), y.len());
    let mut out = vec![F::ZERO; x.len()];
    let inputs = [x.as_ptr().cast(), y.as_ptr().cast(), std::ptr::null()];
    // SAFETY: two inputs and an output of that length, and the callers ask for available levels only.
    unsafe { kernel(x.len(), inputs, out.as_mut_ptr().cast()) };
    out
}

/// `f64` bits in the order of the numbers, so that a difference counts the numbers between.
fn rank(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

/// Both NaN, or equal with the same sign.
fn same(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a == b && a.is_sign_negative() == b.is_sign_negative())
}

/// The standard library has none; that of `f64` is compared with exact values below.
fn erf(x: f64) -> f64 {
    Real::erf::<crate::isa::Baseline>(x)
}
fn erfc(x: f64) -> f64 {
    Real::erfc::<crate::isa::Baseline>(x)
}

#[test]
fn f32_functions_stay_within_their_error_over_all_exponents() {
    type Row = (&'static str, [Kernel; 3], fn(f64) -> f64, f64);
    let rows: &[Row] = &[
        ("exp", Shells::<Exp<f32>>::BY_LEVEL, f64::exp, 1.1),
        ("exp2", Shells::<Exp2<f32>>::BY_LEVEL, f64::exp2, 1.1),
        (
            "exp2 slice",
            Shells::<Exp2Slice<f32>>::BY_LEVEL,
            f64::exp2,
            1.1,
        ),
        ("expm1", Shells::<Expm1<f32>>::BY_LEVEL, f64::exp_m1, 1.5),
        ("log", Shells::<Log<f32>>::BY_LEVEL, f64::ln, 1.0),
        ("log slice", Shells::<LogSlice<f32>>::BY_LEVEL, f64::ln, 1.0),
        ("log2", Shells::<Log2<f32>>::BY_LEVEL, f64::log2, 1.5),
        ("log10", Shells::<Log10<f32>>::BY_LEVEL, f64::log10, 1.5),
        (
            "log2 slice",
            Shells::<Log2Slice<f32>>::BY_LEVEL,
            f64::log2,
            1.5,
        ),
        (
            "log10 slice",
            Shells::<Log10Slice<f32>>::BY_LEVEL,
            f64::log10,
            1.5,
        ),
        ("log1p", Shells::<Log1p<f32>>::BY_LEVEL, f64::ln_1p, 1.1),
        ("sin", Shells::<Sin<f32>>::BY_LEVEL, f64::sin, 1.6),
        ("cos", Shells::<Cos<f32>>::BY_LEVEL, f64::cos, 1.6),
        ("tan", Shells::<Tan<f32>>::BY_LEVEL, f64::tan, 3.5),
        (
            "sin slice",
            Shells::<SinSlice<f32>>::BY_LEVEL,
            f64::sin,
            1.6,
        ),
        (
            "cos slice",
            Shells::<CosSlice<f32>>::BY_LEVEL,
            f64::cos,
            1.6,
        ),
        (
            "tan slice",
            Shells::<TanSlice<f32>>::BY_LEVEL,
            f64::tan,
            3.5,
        ),
        ("sinh", Shells::<Sinh<f32>>::BY_LEVEL, f64::sinh, 2.5),
        ("cosh", Shells::<Cosh<f32>>::BY_LEVEL, f64::cosh, 1.6),
        ("tanh", Shells::<Tanh<f32>>::BY_LEVEL, f64::tanh, 4.0),
        ("asin", Shells::<Asin<f32>>::BY_LEVEL, f64::asin, 1.0),
        ("acos", Shells::<Acos<f32>>::BY_LEVEL, f64::acos, 1.0),
        ("atan", Shells::<Atan<f32>>::BY_LEVEL, f64::atan, 2.2),
        (
            "asin slice",
            Shells::<AsinSlice<f32>>::BY_LEVEL,
            f64::asin,
            1.0,
        ),
        (
            "atan slice",
            Shells::<AtanSlice<f32>>::BY_LEVEL,
            f64::atan,
            2.2,
        ),
        ("asinh", Shells::<Asinh<f32>>::BY_LEVEL, f64::asinh, 0.6),
        ("acosh", Shells::<Acosh<f32>>::BY_LEVEL, f64::acosh, 0.6),
        ("atanh", Shells::<Atanh<f32>>::BY_LEVEL, f64::atanh, 0.6),
        ("cbrt", Shells::<Cbrt<f32>>::BY_LEVEL, f64::cbrt, 0.6),
        (
            "cbrt slice",
            Shells::<CbrtSlice<f32>>::BY_LEVEL,
            f64::cbrt,
            0.6,
        ),
        ("erf", Shells::<Erf<f32>>::BY_LEVEL, erf, 2.0),
        ("erfc", Shells::<Erfc<f32>>::BY_LEVEL, erfc, 4.0),
    ];
    let mut x: Vec<f32> = (0..=u32::MAX).step_by(20_011).map(f32::from_bits).collect();
    x.extend((-100_000..100_000).map(|i| i as f32 * 1e-4));
    // where what the reduction of an angle loses shows most
    let multiples = (0..660_000).map(|n| (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32);
    x.extend(multiples.step_by(7).flat_map(|x| [x, -x.next_up()]));
    x.extend([
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1.0,
        -1.0,
        f32::MIN_POSITIVE,
    ]);
    for &(name, shells, truth, limit) in rows {
        for level in Level::available() {
            for (&x, &y) in x.iter().zip(&run(shells[level as usize], &x, &x)) {
                let wanted = truth(x as f64);
                let nearest = wanted as f32;
                if nearest.is_nan() || nearest.is_infinite() || nearest == 0.0 {
                    let ok = same(y as f64, nearest as f64) || (nearest == 0.0 && y.abs() <= 1e-45);
                    assert!(
                        ok,
                        "{name} {} of {x:e}: {y:e}, not {nearest:e}",
                        level.name()
                    );
                    continue;
                }
                let exponent = wanted.abs().log2().floor().max(-126.0);
                let error = (y as f64 - wanted).abs() / (exponent - 23.0).exp2();
                assert!(
                    error <= limit,
                    "{name} {} of {x:e}: {y:e}, off by {error}",
                    level.name()
                );
            }
        }
    }
}

#[test]
fn f64_functions_agree_with_values_in_1400_bits() {
    // name, kernel, numbers that may lie between the result and the exactly rounded one
    let rows: &[(&str, [Kernel; 3], i64)] = &[
        ("exp", Shells::<Exp<f64>>::BY_LEVEL, 1),
        ("exp", Shells::<ExpSlice<f64>>::BY_LEVEL, 1),
        ("exp2", Shells::<Exp2<f64>>::BY_LEVEL, 1),
        ("exp2", Shells::<Exp2Slice<f64>>::BY_LEVEL, 1),
        ("expm1", Shells::<Expm1<f64>>::BY_LEVEL, 1),
        ("log", Shells::<Log<f64>>::BY_LEVEL, 1),
        ("log", Shells::<LogSlice<f64>>::BY_LEVEL, 1),
        ("log2", Shells::<Log2<f64>>::BY_LEVEL, 1),
        ("log2", Shells::<Log2Slice<f64>>::BY_LEVEL, 1),
        ("log10", Shells::<Log10<f64>>::BY_LEVEL, 1),
        ("log10", Shells::<Log10Slice<f64>>::BY_LEVEL, 1),
        ("log1p", Shells::<Log1p<f64>>::BY_LEVEL, 1),
        ("sin", Shells::<Sin<f64>>::BY_LEVEL, 1),
        ("sin", Shells::<SinSlice<f64>>::BY_LEVEL, 1),
        ("cos", Shells::<Cos<f64>>::BY_LEVEL, 1),
        ("cos", Shells::<CosSlice<f64>>::BY_LEVEL, 1),
        ("tan", Shells::<Tan<f64>>::BY_LEVEL, 2),
        ("tan", Shells::<TanSlice<f64>>::BY_LEVEL, 2),
        ("sinh", Shells::<Sinh<f64>>::BY_LEVEL, 2),
        ("cosh", Shells::<Cosh<f64>>::BY_LEVEL, 1),
        ("tanh", Shells::<Tanh<f64>>::BY_LEVEL, 2),
        ("tanh", Shells::<TanhSlice<f64>>::BY_LEVEL, 2),
        ("asin", Shells::<Asin<f64>>::BY_LEVEL, 1),
        ("acos", Shells::<Acos<f64>>::BY_LEVEL, 1),
        ("atan", Shells::<Atan<f64>>::BY_LEVEL, 2),
        ("asinh", Shells::<Asinh<f64>>::BY_LEVEL, 2),
        ("acosh", Shells::<Acosh<f64>>::BY_LEVEL, 2),
        ("atanh", Shells::<Atanh<f64>>::BY_LEVEL, 2),
        ("cbrt", Shells::<Cbrt<f64>>::BY_LEVEL, 1),
        ("cbrt", Shells::<CbrtSlice<f64>>::BY_LEVEL, 1),
        ("erf", Shells::<Erf<f64>>::BY_LEVEL, 1),
        ("erfc", Shells::<Erfc<f64>>::BY_LEVEL, 4),
    ];
    let bits = |text: &str| f64::from_bits(u64::from_str_radix(text, 16).unwrap());
    for &(name, shells, limit) in rows {
        let (x, wanted): (Vec<f64>, Vec<f64>) = include_str!("golden.csv")
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|fields| fields[0] == name)
            .map(|fields| (bits(fields[1]), bits(fields[2])))
            .unzip();
        assert!(!x.is_empty(), "no values for {name}");
        for level in Level::available() {
            let y = run(shells[level as usize], &x, &x);
            for ((x, y), wanted) in x.iter().zip(y).zip(&wanted) {
                let apart = (rank(y) - rank(*wanted)).abs();
                assert!(
                    apart <= limit,
                    "{name} {} of {x:e}: {y:e}, not {wanted:e}",
                    level.name()
                );
            }
        }
    }
}

/// Pairs of every value here with every other.
fn pairs() -> (Vec<f64>, Vec<f64>) {
    let mut values = vec![
        0.0,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        4.0,
        1e10,
        1e300,
        5e-324,
        1e-310,
        f64::MAX,
        f64::INFINITY,
    ];
    values.extend([
        9_007_199_254_740_991.0,
        9_007_199_254_740_993.0,
        1.0 + f64::EPSILON,
        0.999,
        f64::NAN,
    ]);
    values.extend(values.clone().iter().map(|v| -v));
    let x = values
        .iter()
        .flat_map(|&x| values.iter().map(move |_| x))
        .collect();
    let y = values.iter().flat_map(|_| values.iter().copied()).collect();
    (x, y)
}

#[test]
fn functions_of_two_numbers_have_the_special_values_of_c99() {
    type Row<F> = (&'static str, [Kernel; 3], fn(F, F) -> F);
    let wide: &[Row<f64>] = &[
        ("pow", Shells::<Pow<f64>>::BY_LEVEL, f64::powf),
        ("pow slice", Shells::<PowSlice<f64>>::BY_LEVEL, f64::powf),
        ("atan2", Shells::<Atan2<f64>>::BY_LEVEL, f64::atan2),
        ("hypot", Shells::<Hypot<f64>>::BY_LEVEL, f64::hypot),
    ];
    let narrow: &[Row<f32>] = &[
        ("pow", Shells::<Pow<f32>>::BY_LEVEL, f32::powf),
        ("pow slice", Shells::<PowSlice<f32>>::BY_LEVEL, f32::powf),
        ("atan2", Shells::<Atan2<f32>>::BY_LEVEL, f32::atan2),
        ("atan2 run", Shells::<Atan2Run<f32>>::BY_LEVEL, f32::atan2),
        ("hypot", Shells::<Hypot<f32>>::BY_LEVEL, f32::hypot),
    ];
    let (x, y) = pairs();
    for level in Level::available() {
        for &(name, shells, truth) in wide {
            for ((&x, &y), r) in x.iter().zip(&y).zip(run(shells[level as usize], &x, &y)) {
                let wanted = truth(x, y);
                let close = same(r, wanted) || (rank(r) - rank(wanted)).abs() <= 2 && !r.is_nan();
                assert!(
                    close,
                    "{name} {} of {x:e}, {y:e}: {r:e}, not {wanted:e}",
                    level.name()
                );
            }
        }
        let x: Vec<f32> = x.iter().map(|&v| v as f32).collect();
        let y: Vec<f32> = y.iter().map(|&v| v as f32).collect();
        for &(name, shells, truth) in narrow {
            for ((&x, &y), r) in x.iter().zip(&y).zip(run(shells[level as usize], &x, &y)) {
                let wanted = truth(x, y);
                let apart = (r as f64 - wanted as f64).abs();
                let close = same(r as f64, wanted as f64)
                    || apart <= wanted.abs() as f64 * 2.4e-7 + 1.5e-45;
                assert!(
                    close,
                    "{name} {} of {x:e}, {y:e}: {r:e}, not {wanted:e}",
                    level.name()
                );
            }
        }
    }
}

/// Their squares are exact in `f64`.
#[test]
fn hypot_of_f32_is_accurate_over_all_exponents() {
    let mut state = 1_u64;
    let mut bits = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u32
    };
    let any: Vec<f32> = (0..40_000)
        .map(|_| f32::from_bits(bits() << 1))
        .filter(|x| x.is_finite())
        .collect();
    // the smaller one matters where it is within twelve exponents
    let near: Vec<f32> = any
        .iter()
        .map(|x| x * 2_f32.powi((bits() % 25) as i32 - 12) * 0.83)
        .collect();
    for level in Level::available() {
        for (x, y) in [(&any, &near), (&near, &any)] {
            let h = run(Shells::<Hypot<f32>>::BY_LEVEL[level as usize], x, y);
            for ((&x, &y), h) in x.iter().zip(y).zip(h) {
                let exact = (f64::from(x).powi(2) + f64::from(y).powi(2)).sqrt();
                let wanted = exact as f32;
                let unit = f64::from(wanted.next_up()) - f64::from(wanted);
                // a subnormal result is rounded twice
                let most = if wanted.is_normal() { 0.53 } else { 0.77 };
                let near = (f64::from(h) - exact).abs() <= most * unit;
                assert!(
                    h == wanted || near && wanted.is_finite(),
                    "{x:e}, {y:e}: {h:e}, not {exact:e}, {level:?}"
                );
            }
        }
    }
}

#[test]
fn rounding_is_exact_with_and_without_an_instruction() {
    type Row = (&'static str, [Kernel; 3], fn(f64) -> f64);
    let rows: &[Row] = &[
        ("floor", Shells::<Floor<f64>>::BY_LEVEL, f64::floor),
        ("ceil", Shells::<Ceil<f64>>::BY_LEVEL, f64::ceil),
        ("trunc", Shells::<Trunc<f64>>::BY_LEVEL, f64::trunc),
        ("rint", Shells::<Rint<f64>>::BY_LEVEL, f64::round_ties_even),
    ];
    let mut x: Vec<f64> = (-40..=40).map(|i| i as f64 / 8.0).collect();
    for near in [
        4_503_599_627_370_496.0_f64,
        2_251_799_813_685_248.0,
        1.0,
        f64::MIN_POSITIVE,
    ] {
        for bits in near.to_bits() - 3..near.to_bits() + 4 {
            x.extend([
                f64::from_bits(bits),
                -f64::from_bits(bits),
                f64::from_bits(bits) + 0.5,
            ]);
        }
    }
    x.extend([
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ]);
    for &(name, shells, truth) in rows {
        for level in Level::available() {
            for (&x, y) in x.iter().zip(run(shells[level as usize], &x, &x)) {
                assert!(same(y, truth(x)), "{name} {} of {x:e}: {y:e}", level.name());
            }
        }
    }
}

#[test]
fn floor_division_and_remainder_are_those_of_fmod() {
    let (mut x, mut y) = pairs();
    let mut state = 1_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    for i in 0..20_000 {
        // near whole quotients of every size, where rounding the quotient goes wrong
        let b = random();
        let a = b * (random() * f64::from(i % 60).exp2()).round();
        x.extend([a, a.next_up(), a.next_down()]);
        y.extend([b; 3]);
    }
    fn agrees<F: pow::Power + super::trig::Trig>(x: &[F], y: &[F]) {
        type Row<F> = (&'static str, [Kernel; 3], fn(F, F) -> F);
        let rows: [Row<F>; 2] = [
            (
                "floor_divide",
                Shells::<FloorDivide<F>>::BY_LEVEL,
                divide::Floor::full::<F, Baseline>,
            ),
            (
                "remainder",
                Shells::<Remainder<F>>::BY_LEVEL,
                divide::Remainder::full::<F, Baseline>,
            ),
        ];
        for (name, shells, truth) in rows {
            for level in Level::available() {
                for ((&x, &y), r) in x.iter().zip(y).zip(run(shells[level as usize], x, y)) {
                    let wanted = truth(x, y);
                    assert!(
                        same(r.to_f64(), wanted.to_f64()),
                        "{name} {} of {x}, {y}: {r}, not {wanted}",
                        level.name()
                    );
                }
            }
        }
    }
    agrees(&x, &y);
    let narrow = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<_>>();
    agrees(&narrow(&x), &narrow(&y));
}

#[test]
fn powers_of_short_runs_and_of_one_exponent_are_those_of_long_runs() {
    let x: Vec<f64> = (0..300).map(|i| f64::from(i) * 0.25 - 3.0).collect();
    for exponent in [2.0, 0.5, 1.0, -1.0, 3.0, -0.75] {
        let y = vec![exponent; x.len()];
        for level in Level::available() {
            let long = run(Shells::<PowSlice<f64>>::BY_LEVEL[level as usize], &x, &y);
            for n in [1, 7, 8, 9, 100, 257, 300] {
                let one = run(
                    Shells::<PowExponent<f64>>::BY_LEVEL[level as usize],
                    &x[..n],
                    &y[..n],
                );
                let each = run(
                    Shells::<PowSlice<f64>>::BY_LEVEL[level as usize],
                    &x[..n],
                    &y[..n],
                );
                for i in 0..n {
                    let close = same(one[i], long[i]) || (rank(one[i]) - rank(long[i])).abs() <= 1;
                    assert!(close, "{} ^ {exponent}: {}, not {}", x[i], one[i], long[i]);
                    assert!(same(each[i], long[i]));
                }
            }
        }
    }
}

fn c(re: f64, im: f64) -> Complex<f64> {
    Complex { re, im }
}

fn near(a: Complex<f64>, b: Complex<f64>) -> bool {
    let part = |a: f64, b: f64, scale: f64| same(a, b) || (a - b).abs() <= 1e-14 * scale;
    let scale = b.re.abs().max(b.im.abs());
    part(a.re, b.re, scale) && part(a.im, b.im, scale)
}

#[test]
fn complex_functions_agree_with_num_complex() {
    type Row = (
        &'static str,
        fn(Complex<f64>) -> Complex<f64>,
        fn(Complex<f64>) -> Complex<f64>,
    );
    let rows: &[Row] = &[
        ("exp", complex::exp::<f64, Baseline>, Complex::exp),
        ("log", complex::log::<f64, Baseline>, Complex::ln),
        ("sqrt", complex::sqrt::<f64, Baseline>, Complex::sqrt),
        ("sin", complex::sin::<f64, Baseline>, Complex::sin),
        ("cos", complex::cos::<f64, Baseline>, Complex::cos),
        ("tan", complex::tan::<f64, Baseline>, Complex::tan),
        ("sinh", complex::sinh::<f64, Baseline>, Complex::sinh),
        ("cosh", complex::cosh::<f64, Baseline>, Complex::cosh),
        ("tanh", complex::tanh::<f64, Baseline>, Complex::tanh),
    ];
    for &(name, ours, theirs) in rows {
        for i in -12..=12 {
            for j in -12..=12 {
                let z = c(i as f64 * 0.37 + 0.013, j as f64 * 0.29 + 0.007);
                assert!(
                    near(ours(z), theirs(z)),
                    "{name} of {z}: {}, not {}",
                    ours(z),
                    theirs(z)
                );
            }
        }
    }
    let (a, b) = (c(1.5, -2.0), c(0.3, 0.7));
    assert!(near(complex::div(a, b), a / b) && near(complex::mul(a, b), a * b));
    assert!(near(complex::pow::<f64, Baseline>(a, b), a.powc(b)));
    assert!(near(
        complex::pow::<f64, Baseline>(a, c(-5.0, 0.0)),
        a.powi(-5)
    ));
}

#[test]
fn cube_roots_of_the_ends_of_the_range() {
    for level in Level::available() {
        let wide = [f64::MAX, -f64::MAX, 5e-324, 1e300, f64::MIN_POSITIVE];
        let y = run(Shells::<Cbrt<f64>>::BY_LEVEL[level as usize], &wide, &wide);
        for (x, y) in wide.iter().zip(y) {
            assert!((rank(y) - rank(x.cbrt())).abs() <= 1, "{x:e}: {y:e}");
        }
        let narrow = [f32::MAX, -f32::MAX, 1e-45, 1e38, f32::MIN_POSITIVE];
        let y = run(
            Shells::<Cbrt<f32>>::BY_LEVEL[level as usize],
            &narrow,
            &narrow,
        );
        for (x, y) in narrow.iter().zip(y) {
            assert!((y / x.cbrt() - 1.0).abs() < 2e-7, "{x:e}: {y:e}");
        }
        // a run that has numbers of each kind, of zeros and usual ones only, of each alone
        let mixed = [f64::INFINITY, -0.0, 8.0, f64::NAN, 5e-324];
        for x in [&mixed[..], &mixed[1..3], &mixed[..1], &mixed[3..4]] {
            let y = run(Shells::<CbrtSlice<f64>>::BY_LEVEL[level as usize], x, x);
            for (x, y) in x.iter().zip(y) {
                let near = (rank(y) - rank(x.cbrt())).abs() <= 1;
                assert!(same(x.cbrt(), y) || near && *x != 0.0, "{x:e}: {y:e}");
            }
        }
    }
}

/// In `f64` every `f32` is normal and its products with these powers are exact.
#[test]
fn products_with_powers_of_two_are_rounded_once_and_exponents_exact() {
    let x: Vec<f32> = (0..=u32::MAX)
        .step_by(3_000_017)
        .chain([0, 1, 2, 3, 0x7f_ffff, 0x80_0000, 0x7f80_0000, 0x8000_0000])
        .map(f32::from_bits)
        .collect();
    for level in Level::available() {
        for n in (-300..=300).step_by(7).chain([126, 127, -126, -127]) {
            let y = run(
                Shells::<Scalb<f32>>::BY_LEVEL[level as usize],
                &x,
                &vec![n as f32; x.len()],
            );
            for (&x, y) in x.iter().zip(y) {
                let wanted = (f64::from(x) * 2_f64.powi(n)) as f32;
                assert!(same(wanted.into(), y.into()), "{x:e} · 2^{n}: {y:e}");
            }
        }
        // blocks that have rare numbers, and blocks that have none
        let usual: Vec<f32> = x.iter().copied().filter(|x| x.is_normal()).collect();
        for x in [&x, &usual] {
            let y = run(Shells::<Exponent<f32>>::BY_LEVEL[level as usize], x, x);
            for (&x, y) in x.iter().zip(y) {
                let exponent = (f64::from(x).to_bits() >> 52 & 0x7ff) as f32 - 1022.0;
                let is_none = x == 0.0 || !x.is_finite();
                assert_eq!(y, if is_none { 0.0 } else { exponent }, "of {x:e}");
            }
            let y = run(Shells::<Mantissa<f32>>::BY_LEVEL[level as usize], x, x);
            for (&x, y) in x.iter().zip(y) {
                let exponent = (f64::from(x).to_bits() >> 52 & 0x7ff) as i32 - 1022;
                let is_none = x == 0.0 || !x.is_finite();
                let wanted = if is_none {
                    f64::from(x)
                } else {
                    f64::from(x) * 2_f64.powi(-exponent)
                };
                assert!(same(wanted, y.into()), "of {x:e}: {y:e}");
            }
        }
        let wide = [5e-324, 1e-310, f64::MIN_POSITIVE, 1.0, f64::MAX];
        let y = run(
            Shells::<Exponent<f64>>::BY_LEVEL[level as usize],
            &wide,
            &wide,
        );
        assert_eq!(y, [-1073.0, -1029.0, -1021.0, 1.0, 1024.0]);
        let y = run(
            Shells::<Mantissa<f64>>::BY_LEVEL[level as usize],
            &wide,
            &wide,
        );
        assert_eq!(y[..4], [0.5, 0.575_261_803_155_939_3, 0.5, 0.5]);
        assert_eq!(y[4], 1.0_f64.next_down());
        let powers = [1074.0, -1074.0, -1075.0, 2098.0, f64::NAN];
        let x = [5e-324, 1.0, 1.5, 5e-324, 1.0];
        let y = run(Shells::<Scalb<f64>>::BY_LEVEL[level as usize], &x, &powers);
        assert_eq!(y[..3], [1.0, 5e-324, 5e-324]);
        assert!(y[3] == f64::INFINITY && y[4].is_nan(), "{y:?}");
    }
}

/// The neighbours are those of the standard library.
#[test]
fn the_next_number_is_the_neighbour() {
    macro_rules! check {
        ($($t:ident),*) => { $({
            let mut x: Vec<$t> = vec![
                0.0, -0.0, $t::from_bits(1), -$t::from_bits(1), 1.0, -1.0, 1.5, $t::MIN_POSITIVE, -$t::MIN_POSITIVE,
                $t::MIN_POSITIVE.next_down(), $t::MAX, $t::MIN, $t::INFINITY, $t::NEG_INFINITY, $t::NAN, 3.0e-5, -7.25e20,
            ];
            x.extend((0..100).map(|i| (i as $t - 50.0) * 0.37));
            for level in Level::available() {
                for &to in &x {
                    let y = run(Shells::<NextToward<$t>>::BY_LEVEL[level as usize], &x, &vec![to; x.len()]);
                    for (&x, y) in x.iter().zip(y) {
                        let wanted = if x.is_nan() || to.is_nan() {
                            $t::NAN
                        } else if x == to {
                            to
                        } else if x < to {
                            x.next_up()
                        } else {
                            x.next_down()
                        };
                        assert!(same(wanted.into(), y.into()), "{x:e} towards {to:e}: {y:e}, {level:?}");
                    }
                }
            }
        })* };
    }
    check!(f32, f64);
}

#[test]
fn complex_special_values_are_numpys() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    type Row = (Complex<f64>, Complex<f64>);
    let rows: &[Row] = &[
        (complex::exp::<f64, Baseline>(c(-INF, INF)), c(0.0, 0.0)),
        (complex::exp::<f64, Baseline>(c(INF, 0.0)), c(INF, 0.0)),
        (complex::exp::<f64, Baseline>(c(INF, NAN)), c(INF, NAN)),
        (complex::exp::<f64, Baseline>(c(0.0, INF)), c(NAN, NAN)),
        (complex::log::<f64, Baseline>(c(0.0, 0.0)), c(-INF, 0.0)),
        (
            complex::log::<f64, Baseline>(c(-0.0, 0.0)),
            c(-INF, std::f64::consts::PI),
        ),
        (
            complex::log::<f64, Baseline>(c(-INF, INF)),
            c(INF, 0.75 * std::f64::consts::PI),
        ),
        (complex::log::<f64, Baseline>(c(NAN, INF)), c(INF, NAN)),
        (
            complex::log::<f64, Baseline>(c(1e308, 1e308)),
            c(709.542_782_232_446, std::f64::consts::FRAC_PI_4),
        ),
        (
            complex::log::<f64, Baseline>(c(1.0, 1e-10)),
            c(5e-21, 1e-10),
        ),
        (complex::sqrt::<f64, Baseline>(c(-0.0, -0.0)), c(0.0, -0.0)),
        (complex::sqrt::<f64, Baseline>(c(NAN, INF)), c(INF, INF)),
        (complex::sqrt::<f64, Baseline>(c(-INF, 1.0)), c(0.0, INF)),
        (complex::sqrt::<f64, Baseline>(c(-4.0, -0.0)), c(0.0, -2.0)),
        (complex::tanh::<f64, Baseline>(c(INF, 1.0)), c(1.0, 0.0)),
        (complex::tanh::<f64, Baseline>(c(1.0, INF)), c(NAN, NAN)),
        (complex::tanh::<f64, Baseline>(c(800.0, 1.0)), c(1.0, 0.0)),
        (complex::div(c(1.0, 1.0), c(0.0, 0.0)), c(INF, INF)),
        (complex::div(c(1e300, 1e300), c(1e300, 1e300)), c(1.0, 0.0)),
        (
            complex::pow::<f64, Baseline>(c(0.0, 0.0), c(0.0, 0.0)),
            c(1.0, 0.0),
        ),
        (
            complex::pow::<f64, Baseline>(c(NAN, NAN), c(0.0, 0.0)),
            c(1.0, 0.0),
        ),
        (
            complex::pow::<f64, Baseline>(c(0.0, 0.0), c(2.0, 0.0)),
            c(0.0, 0.0),
        ),
        (
            complex::pow::<f64, Baseline>(c(0.0, 0.0), c(-1.0, 0.0)),
            c(NAN, NAN),
        ),
    ];
    for (i, &(ours, wanted)) in rows.iter().enumerate() {
        assert!(near(ours, wanted), "row {i}: {ours}, not {wanted}");
    }
}
