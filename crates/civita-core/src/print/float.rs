//! The text of one finite float, in positional (`12.5`) or scientific (`1.25e+01`) notation: digits, trailing zeros,
//! sign and padding.

use super::digits::{Amount, Binary, Count, decimal};

/// What becomes of trailing zeros and of a decimal point without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trim {
    /// Zeros are added up to the wanted number of digits: `1.500`.
    Fill,
    /// Zeros go, the point stays: `1.`.
    Point,
    /// As `Point`, but one zero stays: `1.0`.
    OneZero,
    /// The point goes too: `1`.
    Bare,
}

/// How to write a float.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub scientific: bool,
    /// Stop at the digits that identify the value among those of its dtype.
    pub unique: bool,
    /// The most digits after the point.
    pub precision: Option<i32>,
    /// The fewest digits after the point, for `unique`.
    pub least: Option<i32>,
    pub trim: Trim,
    /// Write `+` before positive numbers.
    pub plus: bool,
    /// Blanks are put before, until so many characters stand left of the point.
    pub pad_left: usize,
    /// Blanks are put behind, until so many characters stand right of the point. Positional only.
    pub pad_right: usize,
    /// The fewest digits of the exponent.
    pub exponent_digits: usize,
    /// Digits are counted from the first that is not zero, in positional notation too.
    pub significant: bool,
}

impl Style {
    /// All digits that identify the value, nothing else.
    pub const SHORTEST: Style = Style {
        scientific: false,
        unique: true,
        precision: None,
        least: None,
        trim: Trim::Bare,
        plus: false,
        pad_left: 0,
        pad_right: 0,
        exponent_digits: 2,
        significant: false,
    };
}

/// The parts of a float's text: sign and digits before the point, digits behind it, exponent (`e+01`, or empty).
pub(super) struct Text {
    pub whole: String,
    pub fraction: String,
    pub exponent: String,
    /// Whether a point stands behind `whole`.
    pub point: bool,
}

/// The parts of the text of `value`, without padding.
pub(super) fn parts(value: Binary, style: &Style) -> Text {
    let extra = i32::from(style.scientific);
    let amount = Amount {
        unique: style.unique,
        count: if style.scientific || style.significant {
            Count::Significant
        } else {
            Count::AfterPoint
        },
        most: style.precision.map(|n| n.saturating_add(extra)),
        least: style.least.map(|n| n.saturating_add(extra)),
    };
    let found = decimal(value, amount);
    let mut digits: String = found.digits.iter().map(|&d| char::from(d)).collect();

    // the number of digits before the point; for 0.00123 negative or zero
    let before = if style.scientific {
        1
    } else {
        found.exponent + 1
    };
    let before = match usize::try_from(before) {
        Ok(before) if before > 0 => before,
        _ => {
            digits.insert_str(0, &"0".repeat(before.unsigned_abs() as usize + 1));
            1
        }
    };
    if digits.len() < before {
        digits.push_str(&"0".repeat(before - digits.len()));
    }
    let mut fraction = digits.split_off(before);
    let found_more = !fraction.is_empty();
    if style.trim == Trim::Fill {
        let wanted = if style.unique {
            style.least
        } else {
            style.precision
        };
        let wanted = wanted.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let wanted = match style.significant {
            true => wanted.saturating_sub(before),
            false => wanted,
        };
        fraction.push_str(&"0".repeat(wanted.saturating_sub(fraction.len())));
    } else {
        fraction.truncate(fraction.trim_end_matches('0').len());
        if style.trim == Trim::OneZero && fraction.is_empty() {
            fraction.push('0');
        }
    }

    // in scientific notation NumPy leaves the point where zeros went that were found as digits
    let point =
        style.trim != Trim::Bare || !fraction.is_empty() || (style.scientific && found_more);

    let sign = match (value.negative, style.plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    };
    let exponent = if style.scientific {
        let sign = if found.exponent < 0 { '-' } else { '+' };
        let (size, width) = (found.exponent.unsigned_abs(), style.exponent_digits);
        match (size, width) {
            (0, 0) => format!("e{sign}"),
            _ => format!("e{sign}{size:0width$}"),
        }
    } else {
        String::new()
    };
    digits.insert_str(0, sign);
    Text {
        whole: digits,
        fraction,
        exponent,
        point,
    }
}

/// The text of `value`.
pub(super) fn text(value: Binary, style: &Style) -> String {
    let Text {
        whole,
        fraction,
        exponent,
        point,
    } = parts(value, style);
    let (left, right) = (
        style.pad_left,
        if style.scientific { 0 } else { style.pad_right },
    );
    // `format!` pads to 65,535 at most, and the name that a user gives to NaN may be longer
    let (before, behind) = (
        left.saturating_sub(whole.len()),
        // a blank for the point too
        right.saturating_sub(fraction.len()) + usize::from(right > 0 && !point),
    );
    let blanks = before + behind;
    let mut text =
        String::with_capacity(whole.len() + 1 + fraction.len() + exponent.len() + blanks);
    text.extend(std::iter::repeat_n(' ', before));
    text.push_str(&whole);
    if point {
        text.push('.');
    }
    text.push_str(&fraction);
    text.extend(std::iter::repeat_n(' ', behind));
    text.push_str(&exponent);
    text
}
