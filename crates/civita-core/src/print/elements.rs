//! The common format of an array's elements: all printed values are looked at once, then each is written with the same
//! notation, width and number of digits. The rules are those of NumPy's `FloatingFormat`, `IntegerFormat` and so on.

use super::digits::Binary;
use super::float::{self, Style, Trim};
use super::options::{FloatMode, Legacy, Options, Sign};
use super::watched;
use crate::dtype::{DType, Kind, Scalar};
use crate::float8::{f8e4m3, f8e5m2};

/// Digits after the point are never more than this, however many the options ask for (NumPy's buffer is as long).
const MOST_DIGITS: usize = 16_384;

/// How every element of one array is written.
pub(super) enum ElementFormat<'a> {
    /// Blanks before `True` where it stands beside `False`.
    Bool { width: usize },
    /// Right-aligned.
    Int { width: usize, sign: Sign },
    /// A real float.
    Float(FloatFormat<'a>),
    /// Real and imaginary part, each with its own format.
    Complex(FloatFormat<'a>, FloatFormat<'a>),
}

impl<'a> ElementFormat<'a> {
    /// The format that suits these values.
    pub fn new(values: &[Scalar], dtype: DType, options: &'a Options) -> ElementFormat<'a> {
        match dtype.kind() {
            Kind::Bool => ElementFormat::Bool { width: 5 },
            Kind::Unsigned | Kind::Signed => int_format(values, options.sign),
            Kind::Float => ElementFormat::Float(FloatFormat::new(
                values.iter().map(|v| v.as_f64()),
                dtype,
                options,
                options.sign,
                options.floatmode,
            )),
            Kind::Complex => {
                let re = values.iter().map(|v| v.as_complex().re);
                let im = values.iter().map(|v| v.as_complex().im);
                let real = dtype.to_real();
                let (of_re, of_im) = match options.legacy {
                    Legacy::V1_13 => (FloatMode::MaxPrecEqual, FloatMode::MaxPrec),
                    _ => (options.floatmode, options.floatmode),
                };
                ElementFormat::Complex(
                    FloatFormat::new(re, real, options, options.sign, of_re),
                    FloatFormat::new(im, real, options, Sign::Plus, of_im),
                )
            }
        }
    }

    /// One element's text.
    pub fn text(&self, value: Scalar) -> String {
        match self {
            ElementFormat::Bool { width } => format!("{:>width$}", bool_text(value)),
            ElementFormat::Int { width, sign } => {
                format!("{:>width$}", signed(as_int(value), *sign))
            }
            ElementFormat::Float(format) => format.text(value.as_f64()),
            ElementFormat::Complex(re, im) => {
                let value = value.as_complex();
                let mut text = re.text(value.re);
                let im = im.text(value.im);
                let end = im.trim_end_matches(' ').len();
                text.push_str(&im[..end]);
                text.push('j');
                text.push_str(&im[end..]);
                text
            }
        }
    }
}

/// `True` or `False`.
pub(super) fn bool_text(value: Scalar) -> &'static str {
    let truth = match value {
        Scalar::Bool(v) => v,
        other => other.as_f64() != 0.0,
    };
    if truth { "True" } else { "False" }
}

/// The value of an integer element.
pub(super) fn as_int(value: Scalar) -> i128 {
    match value {
        Scalar::Int(v) => v,
        other => other.as_f64() as i128,
    }
}

fn signed(value: i128, sign: Sign) -> String {
    match sign {
        Sign::Plus => format!("{value:+}"),
        Sign::Space if value >= 0 => format!(" {value}"),
        _ => value.to_string(),
    }
}

fn int_format<'a>(values: &[Scalar], sign: Sign) -> ElementFormat<'a> {
    let all = || values.iter().map(|&v| as_int(v));
    let (least, most) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    // beside negative numbers the blank is there already, as padding
    let sign = if sign == Sign::Space && least < 0 {
        Sign::Minus
    } else {
        sign
    };
    let width = signed(most, sign).len().max(least.to_string().len());
    ElementFormat::Int { width, sign }
}

/// The common format of real floats.
pub(super) struct FloatFormat<'a> {
    style: Style,
    sign: Sign,
    dtype: DType,
    /// The width of `nan` and `inf`.
    width: usize,
    options: &'a Options,
}

impl<'a> FloatFormat<'a> {
    fn new(
        values: impl Iterator<Item = f64> + Clone,
        dtype: DType,
        options: &'a Options,
        sign: Sign,
        mode: FloatMode,
    ) -> Self {
        let is_old = options.legacy <= Legacy::V1_13;
        let sign = match sign {
            Sign::Minus if is_old => Sign::Space,
            sign => sign,
        };
        let finite = values.clone().filter(|v| v.is_finite());
        let scientific = wants_scientific(finite.clone(), dtype, options);
        let fixed = mode == FloatMode::Fixed || (is_old && scientific);
        let mut style = Style {
            scientific,
            unique: !fixed,
            precision: match mode {
                FloatMode::Unique => None,
                _ => Some(options.precision.min(MOST_DIGITS) as i32),
            },
            trim: if fixed { Trim::Fill } else { Trim::Point },
            plus: sign == Sign::Plus,
            ..Style::SHORTEST
        };

        // a first pass writes every value without padding, to learn the widths
        let (mut whole, mut fraction, mut exponent) = (0, 0, 0);
        for value in watched(finite.clone()) {
            let text = float::parts(Binary::new(value, dtype), &style);
            whole = whole.max(match is_old {
                true => 1 + text.whole.trim_start_matches(['-', '+']).len(),
                false => text.whole.len(),
            });
            fraction = fraction.max(text.fraction.len());
            exponent = exponent.max(text.exponent.len());
        }
        (style.pad_left, style.pad_right) = (whole, fraction);
        let digits = Some(fraction as i32);
        if style.scientific {
            if is_old {
                style.pad_left = 3;
            }
            (style.precision, style.least, style.trim) = (digits, digits, Trim::Fill);
            // without the `e` and its sign
            style.exponent_digits = exponent.saturating_sub(2);
            style.pad_right = fraction + exponent;
        } else if matches!(mode, FloatMode::Fixed | FloatMode::MaxPrecEqual) {
            (style.precision, style.least, style.trim) = (digits, digits, Trim::Fill);
        } else {
            // every digit before the point, also those that identify nothing: 65504 in half precision
            style.least = Some(0);
        }

        if sign == Sign::Space && !is_old && !finite.clone().any(f64::is_sign_negative) {
            style.pad_left += 1;
        }
        if values.clone().any(|v| !v.is_finite()) {
            let signed = sign != Sign::Minus || values.clone().any(|v| v == f64::NEG_INFINITY);
            let nan = options.nanstr.chars().count();
            let inf = options.infstr.chars().count() + usize::from(signed);
            // what does not fit right of the point and on it
            let needed = nan.max(inf).saturating_sub(style.pad_right + 1);
            style.pad_left = style.pad_left.max(needed);
        }
        FloatFormat {
            style,
            sign,
            dtype,
            width: style.pad_left + style.pad_right + 1,
            options,
        }
    }

    fn text(&self, value: f64) -> String {
        if value.is_finite() {
            return float::text(Binary::new(value, self.dtype), &self.style);
        }
        let plus = if self.sign == Sign::Plus { "+" } else { "" };
        let (sign, name) = if value.is_nan() {
            (plus, &self.options.nanstr)
        } else {
            (if value < 0.0 { "-" } else { plus }, &self.options.infstr)
        };
        // `format!` pads to 65,535 at most
        let text = format!("{sign}{name}");
        " ".repeat(self.width.saturating_sub(text.chars().count())) + &text
    }
}

/// Whether these finite values are written as `1.e+08`: when the largest has more digits than the dtype knows, and when the
/// smallest would show few digits or none (unless small numbers may be written as zero).
fn wants_scientific(finite: impl Iterator<Item = f64>, dtype: DType, options: &Options) -> bool {
    let sizes = finite.filter(|v| *v != 0.0).map(f64::abs);
    let (least, most) = sizes.fold((f64::INFINITY, 0.0), |(least, most), v| {
        (v.min(least), v.max(most))
    });
    if most == 0.0 {
        return false;
    }
    let too_large = match dtype {
        _ if options.legacy <= Legacy::V2_2 => 1e8,
        narrow if narrow.is_narrow_float() => 1e3,
        DType::F32 => 1e6,
        _ => 1e8,
    };
    // NumPy compares and divides in the array's dtype, with half precision by way of `f32`
    let in_dtype = |v: f64| match dtype {
        DType::F8E4M3 => f8e4m3::from_f32(v as f32).to_f64(),
        DType::F8E5M2 => f8e5m2::from_f32(v as f32).to_f64(),
        DType::F16 => half::f16::from_f32(v as f32).to_f64(),
        DType::BF16 => half::bf16::from_f32(v as f32).to_f64(),
        DType::F32 => f64::from(v as f32),
        _ => v,
    };
    most >= too_large
        || (!options.suppress_small && (least < in_dtype(1e-4) || in_dtype(most / least) > 1000.0))
}
