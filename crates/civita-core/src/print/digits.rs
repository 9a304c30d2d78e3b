//! Decimal digits of a binary float: the free-format algorithm of Burger and Dybvig ("Printing Floating-Point Numbers
//! Quickly and Accurately", PLDI 1996), in the variant known as Dragon4 that NumPy uses.
//!
//! ```text
//! value = v / s, half the gap to the neighbour below = m / s, all integers, scaled so that 1/10 <= v/s < 1
//! repeat: v, m *= 10;  digit = v div s;  v = v mod s
//!         low  = v < m           the digits so far already lie nearer to the value than to the neighbour below
//!         high = v + gap > s     the same, when the last digit is rounded up
//! until low or high, or the wanted number of digits is reached; then round the last digit
//! ```
//! The standard library's shortest digits cannot stand in: at powers of two, where the gaps on the two sides differ,
//! and where fewer digits than the shortest are asked for, NumPy's choice is the one that this loop makes.

use std::cmp::Ordering;

use half::{bf16, f16};

use crate::dtype::DType;
use crate::float8::{f8e4m3, f8e5m2};

/// What the algorithm computes with.
trait Integer: Copy + Ord {
    fn new(value: u64) -> Self;
    fn is_zero(&self) -> bool;
    fn multiply(&mut self, factor: u64);
    fn multiply_power_of_ten(&mut self, power: u32);
    fn shift_left(&mut self, bits: u32);
    fn add(&mut self, other: &Self);
    /// Needs `self >= other`.
    fn subtract(&mut self, other: &Self);
}

/// For most numbers: those whose exponent is not far from zero.
impl Integer for u128 {
    fn new(value: u64) -> u128 {
        value.into()
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
    fn multiply(&mut self, factor: u64) {
        *self *= u128::from(factor);
    }
    fn multiply_power_of_ten(&mut self, power: u32) {
        *self *= 10u128.pow(power);
    }
    fn shift_left(&mut self, bits: u32) {
        *self <<= bits;
    }
    fn add(&mut self, other: &u128) {
        *self += other;
    }
    fn subtract(&mut self, other: &u128) {
        *self -= other;
    }
}

/// 1280 bits. The largest number that occurs is a bit over `10^324 * 2^56` (`f64` subnormals), about 1140 bits.
const LIMBS: usize = 20;

/// An unsigned integer of up to [`LIMBS`] limbs, least significant first; limbs at `len` and above are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Natural {
    limbs: [u64; LIMBS],
    len: usize,
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Natural) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Natural) -> Ordering {
        let (a, b) = (
            self.limbs[..self.len].iter(),
            other.limbs[..other.len].iter(),
        );
        self.len.cmp(&other.len).then_with(|| a.rev().cmp(b.rev()))
    }
}

impl Integer for Natural {
    fn new(value: u64) -> Natural {
        let mut limbs = [0; LIMBS];
        limbs[0] = value;
        Natural {
            limbs,
            len: usize::from(value != 0),
        }
    }

    fn is_zero(&self) -> bool {
        self.len == 0
    }

    fn multiply(&mut self, factor: u64) {
        let mut carry = 0u64;
        for limb in &mut self.limbs[..self.len] {
            let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
            *limb = product as u64;
            carry = (product >> 64) as u64;
        }
        if carry != 0 {
            self.limbs[self.len] = carry;
            self.len += 1;
        }
    }

    fn multiply_power_of_ten(&mut self, mut power: u32) {
        while power > 0 {
            let step = power.min(19);
            self.multiply(10u64.pow(step));
            power -= step;
        }
    }

    fn shift_left(&mut self, bits: u32) {
        let whole = (bits / 64) as usize;
        self.limbs.copy_within(..self.len, whole);
        self.limbs[..whole].fill(0);
        self.len += whole;
        self.multiply(1 << (bits % 64));
    }

    fn add(&mut self, other: &Natural) {
        let mut carry = false;
        self.len = self.len.max(other.len);
        for (a, b) in self.limbs[..self.len].iter_mut().zip(other.limbs) {
            let (sum, over) = a.overflowing_add(b);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*a, carry) = (sum, over || over_again);
        }
        if carry {
            self.limbs[self.len] = 1;
            self.len += 1;
        }
    }

    fn subtract(&mut self, other: &Natural) {
        let mut borrow = false;
        for (a, b) in self.limbs[..self.len].iter_mut().zip(other.limbs) {
            let (rest, under) = a.overflowing_sub(b);
            let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
            (*a, borrow) = (rest, under || under_again);
        }
        while self.len > 0 && self.limbs[self.len - 1] == 0 {
            self.len -= 1;
        }
    }
}

/// A finite float taken apart: `±mantissa · 2^exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binary {
    pub negative: bool,
    mantissa: u64,
    exponent: i32,
    /// The gap to the next float above is twice the gap below: the value is a power of two.
    uneven: bool,
}

impl Binary {
    /// The parts of `value`, which `dtype` holds exactly; for a complex dtype, of a real or imaginary part.
    pub fn new(value: f64, dtype: DType) -> Binary {
        // bits, fraction bits, exponent bits
        let (bits, fraction_bits, exponent_bits) = match dtype {
            DType::F8E4M3 => (u64::from(f8e4m3::from_f64(value).to_bits()), 3, 4),
            DType::F8E5M2 => (u64::from(f8e5m2::from_f64(value).to_bits()), 2, 5),
            DType::F16 => (u64::from(f16::from_f64(value).to_bits()), 10, 5),
            DType::BF16 => (u64::from(bf16::from_f64(value).to_bits()), 7, 8),
            DType::F32 | DType::C64 => (u64::from((value as f32).to_bits()), 23, 8),
            _ => (value.to_bits(), 52, 11),
        };
        let fraction = bits & ((1 << fraction_bits) - 1);
        let biased = (bits >> fraction_bits) as i32 & ((1 << exponent_bits) - 1);
        let bias = (1 << (exponent_bits - 1)) - 1 + fraction_bits;
        Binary {
            negative: value.is_sign_negative(),
            mantissa: if biased == 0 {
                fraction
            } else {
                fraction | 1 << fraction_bits
            },
            exponent: biased.max(1) - bias,
            uneven: biased > 1 && fraction == 0,
        }
    }
}

/// Where digits are counted from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Count {
    /// From the decimal point.
    AfterPoint,
    /// From the first digit that is not zero.
    Significant,
}

/// How many digits to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    /// Stop once the digits identify the value among those of its dtype; else only at an exact end or at `most`.
    pub unique: bool,
    pub count: Count,
    pub most: Option<i32>,
    pub least: Option<i32>,
}

/// Digits `d₀d₁d₂…` (as ASCII) that mean `d₀.d₁d₂… · 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    pub digits: Vec<u8>,
    pub exponent: i32,
}

/// The digits of the absolute value.
pub(super) fn decimal(value: Binary, amount: Amount) -> Decimal {
    if value.mantissa == 0 {
        return Decimal {
            digits: vec![b'0'],
            exponent: 0,
        };
    }
    // `point` = floor(log10(value)) + 1, at first one too small at most
    let top = 63 - value.mantissa.leading_zeros() as i32 + value.exponent;
    let mut point = (f64::from(top) * std::f64::consts::LOG10_2 - 0.69).ceil() as i32;
    if let (Some(most), Count::AfterPoint) = (amount.most, amount.count) {
        // a value below the last wanted digit still has to round to that digit
        point = point.max(1 - most);
    }
    // a mantissa of 53 bits, two more for halves of gaps, and up to ten times as much on the way
    let [up, down] = [value.exponent, -value.exponent].map(|e| e.max(0).unsigned_abs());
    let [large, small] = [point, -point].map(|p| p.max(0).unsigned_abs());
    let bits = (61 + up + 4 * small).max(8 + down + 4 * large);
    match bits < u128::BITS {
        true => generated::<u128>(value, amount, point),
        false => generated::<Natural>(value, amount, point),
    }
}

fn generated<N: Integer>(value: Binary, amount: Amount, mut point: i32) -> Decimal {
    let even = value.mantissa.is_multiple_of(2);
    // value = v / s, margin below = m / s; the factors keep half a gap, or a quarter, an integer
    let factor = 1 + u32::from(value.uneven);
    let (mut v, mut s, mut m) = (N::new(value.mantissa), N::new(1), N::new(1));
    if value.exponent > 0 {
        let exponent = value.exponent.unsigned_abs();
        v.shift_left(exponent + factor);
        s.shift_left(factor);
        m.shift_left(exponent);
    } else {
        v.shift_left(factor);
        s.shift_left(value.exponent.unsigned_abs() + factor);
    }

    if point > 0 {
        s.multiply_power_of_ten(point.unsigned_abs());
    } else {
        v.multiply_power_of_ten(point.unsigned_abs());
        m.multiply_power_of_ten(point.unsigned_abs());
    }
    if v >= s {
        point += 1;
    } else {
        v.multiply(10);
        m.multiply(10);
    }

    let last = |digits: i32| match amount.count {
        Count::Significant => point - digits,
        Count::AfterPoint => -digits,
    };
    let earliest = amount.least.map_or(point, |least| last(least).min(point));
    let latest = amount.most.map_or(i32::MIN, last);

    let mut out = Decimal {
        digits: Vec::with_capacity(20),
        exponent: point - 1,
    };
    let (mut low, mut high) = (false, false);
    let mut place = point;
    let digit = loop {
        place -= 1;
        let mut digit = 0u8;
        while v >= s {
            v.subtract(&s);
            digit += 1;
        }
        let done = if amount.unique {
            let mut above = v;
            above.add(&m);
            if value.uneven {
                above.add(&m);
            }
            let (to_low, to_high) = (v.cmp(&m), above.cmp(&s));
            low = to_low.is_lt() || (even && to_low.is_eq());
            high = to_high.is_gt() || (even && to_high.is_eq());
            (low || high) && place <= earliest
        } else {
            v.is_zero()
        };
        if done || place == latest {
            break digit;
        }
        out.digits.push(b'0' + digit);
        v.multiply(10);
        // past `s` the margin's size no longer matters, and it must not outgrow its limbs
        if m < s {
            m.multiply(10);
        }
    };

    let up = if low == high {
        let rest = v;
        v.add(&rest);
        let to_half = v.cmp(&s);
        to_half.is_gt() || (to_half.is_eq() && digit % 2 == 1)
    } else {
        high
    };
    out.digits.push(b'0' + digit);
    if up {
        round_up(&mut out);
    }
    out
}

/// Adds one to the last digit; nines that carry go, since nothing but zeros would follow.
fn round_up(out: &mut Decimal) {
    while out.digits.last() == Some(&b'9') {
        out.digits.pop();
    }
    match out.digits.last_mut() {
        Some(digit) => *digit += 1,
        None => {
            out.digits.push(b'1');
            out.exponent += 1;
        }
    }
}
