//! Printing against NumPy's own output, kept in `tests/oracles/print.txt` (`make_print.py` beside it says how).

use std::borrow::Cow;
use std::cell::Cell;

use half::{bf16, f16};
use num_complex::Complex;

use super::{
    FloatMode, FloatStyle, Options, Sign, Source, Trim, format_float, repr, scalar_text, to_string,
};
use crate::dtype::{DType, Scalar};

fn float(bits: &str, dtype: DType) -> f64 {
    let bits = u64::from_str_radix(bits, 16).unwrap();
    match dtype {
        DType::F16 => f16::from_bits(bits as u16).to_f64(),
        DType::F32 | DType::C64 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits),
    }
}

fn scalar(text: &str, dtype: DType) -> Scalar {
    if dtype == DType::Bool {
        Scalar::Bool(text == "1")
    } else if dtype.is_integer() {
        Scalar::Int(text.parse().unwrap())
    } else if let Some((re, im)) = text.split_once(':') {
        Scalar::Complex(Complex::new(float(re, dtype), float(im, dtype)))
    } else {
        Scalar::Float(float(text, dtype))
    }
}

fn options<'a>(words: impl Iterator<Item = &'a str>) -> Options {
    let mut options = Options::DEFAULT;
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        let number = || value.parse::<usize>().unwrap();
        match key {
            "precision" => options.precision = number(),
            "threshold" => options.threshold = number(),
            "edgeitems" => options.edgeitems = number(),
            "linewidth" => options.linewidth = number(),
            "suppress" => options.suppress_small = value == "1",
            "sign" => options.sign = Sign::from_name(&value.replace('_', " ")).unwrap(),
            "floatmode" => options.floatmode = FloatMode::from_name(value).unwrap(),
            "nanstr" => options.nanstr = Cow::Owned(value.to_owned()),
            "infstr" => options.infstr = Cow::Owned(value.to_owned()),
            other => panic!("no option {other}"),
        }
    }
    options
}

/// The lines of a case behind `mark`.
fn expected(case: &str, mark: char) -> String {
    let lines: Vec<&str> = case
        .lines()
        .filter_map(|line| line.strip_prefix(mark))
        .collect();
    lines.join("\n")
}

#[test]
fn arrays_print_as_in_numpy() {
    let golden = include_str!("../../tests/oracles/print.txt");
    let (mut count, mut wrong) = (0, Vec::new());
    for case in golden.split("@ ").skip(1) {
        let mut lines = case.lines();
        let mut words = lines.next().unwrap().split(' ');
        let dtype = DType::from_name(words.next().unwrap()).unwrap();
        let shape = words.next().unwrap().trim_start_matches('-');
        let shape: Vec<usize> = shape
            .split_terminator(',')
            .map(|n| n.parse().unwrap())
            .collect();
        let options = options(words);
        let values = lines
            .next()
            .unwrap()
            .trim_start_matches('=')
            .split_whitespace();
        let values: Vec<Scalar> = values.map(|text| scalar(text, dtype)).collect();
        let get = |index: &[usize]| {
            let flat = index
                .iter()
                .zip(&shape)
                .fold(0, |flat, (i, n)| flat * n + i);
            values[flat % values.len()]
        };
        let source = Source {
            dtype,
            shape: &shape,
            get: &get,
        };
        let (str, repr) = (
            to_string(&source, &options).unwrap(),
            repr(&source, "array(", ")", &options).unwrap(),
        );
        if (&str, &repr) != (&expected(case, '|'), &expected(case, '>')) {
            wrong.push(format!("{case}but printed\n{str}\n{repr}\n"));
        }
        count += 1;
    }
    assert!(count > 100);
    let first = &wrong[..wrong.len().min(5)];
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        first.join("\n")
    );
}

#[test]
fn only_what_is_printed_is_fetched() {
    let fetched = Cell::new(0);
    let get = |_: &[usize]| {
        fetched.set(fetched.get() + 1);
        Scalar::Float(0.5)
    };
    let source = Source {
        dtype: DType::F32,
        shape: &[1 << 40, 1 << 40],
        get: &get,
    };
    let text = repr(&source, "tensor(", ")", &Options::DEFAULT).unwrap();
    assert!(text.starts_with("tensor([[0.5, "));
    assert_eq!(fetched.get(), 36);
}

#[test]
fn bf16_prints_as_f16_does() {
    let values = [0.1f32, 1.0, 3.140625, -2.5].map(|v| bf16::from_f32(v).to_f64());
    let get = |index: &[usize]| Scalar::Float(values[index[0]]);
    let source = Source {
        dtype: DType::BF16,
        shape: &[4],
        get: &get,
    };
    assert_eq!(
        to_string(&source, &Options::DEFAULT).unwrap(),
        "[ 0.1   1.    3.14 -2.5 ]"
    );
    assert_eq!(scalar_text(Scalar::Float(values[0]), DType::BF16), "0.1");
}

#[test]
fn bf16_has_the_fewest_digits_that_identify_a_value() {
    let at = |bits: u16| bf16::from_bits(bits).to_f64();
    for bits in 1..0x7f7f {
        let value = at(bits);
        // halfway to the neighbours, exact in f64
        let (low, high) = ((at(bits - 1) + value) / 2.0, (value + at(bits + 1)) / 2.0);
        let identifies = |text: &str| {
            let back: f64 = text.parse().unwrap();
            low < back && back < high || (bits % 2 == 0 && (back == low || back == high))
        };
        let text = scalar_text(Scalar::Float(value), DType::BF16);
        assert!(identifies(&text), "{text}");
        let mantissa = text.split('e').next().unwrap().replace('.', "");
        let digits = mantissa.trim_matches('0').len();
        if digits > 1 {
            let fewer = format!("{value:.*e}", digits - 2);
            assert!(!identifies(&fewer), "{text} but {fewer} would do");
        }
    }
}

#[test]
fn points_and_padding_are_those_of_numpys_dragon4() {
    let style = FloatStyle {
        scientific: true,
        precision: None,
        min_digits: None,
        unique: true,
        fractional: true,
        trim: Trim::Bare,
        sign: false,
        pad_left: 0,
        pad_right: 0,
        exponent_digits: 2,
    };
    let text = |value, style: FloatStyle| format_float(value, DType::F64, &style);
    assert_eq!(text(50.0, style), "5e+01");
    let zeros = FloatStyle {
        min_digits: Some(10),
        ..style
    };
    assert_eq!(text(50.0, zeros), "5.e+01");
    let no_digits = FloatStyle {
        exponent_digits: 0,
        ..style
    };
    assert_eq!(text(-3.0, no_digits), "-3e+");
    let padded = FloatStyle {
        scientific: false,
        pad_right: 3,
        ..style
    };
    assert_eq!(text(54.0, padded), "54    ");
    assert_eq!(text(54.5, padded), "54.5  ");
}
