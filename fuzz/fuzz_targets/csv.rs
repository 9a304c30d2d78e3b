//! CSV: any bytes under any options, beside a reader of one character at a time; what was read is written and read again.

#![no_main]

use civita_core::dtype::{DType, Scalar};
use civita_core::raw::Raw;
use civita_fuzz::{bounded, seeds};
use civita_io::csv::{self, Column, Options, Written};
use libfuzzer_sys::fuzz_target;

const DELIMITERS: [u8; 4] = *b",;\t ";
const ASKED: [DType; 12] = [
    DType::F64,
    DType::F32,
    DType::I64,
    DType::U64,
    DType::I32,
    DType::U32,
    DType::I16,
    DType::U16,
    DType::I8,
    DType::U8,
    DType::Bool,
    DType::C128,
];

/// The rows of a text, or none where it is no CSV.
fn rows(text: &str, delimiter: char) -> Option<Vec<Vec<String>>> {
    let quotes = text.contains('"');
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut chars = text.chars().peekable();
    // whether the row holds an empty field in quotes, which an empty line does not
    let mut quoted = false;
    while chars.peek().is_some() {
        let mut field = String::new();
        if quotes && chars.peek() == Some(&'"') {
            quoted = true;
            chars.next();
            loop {
                match chars.next()? {
                    '"' if chars.peek() == Some(&'"') => {
                        chars.next();
                        field.push('"');
                    }
                    '"' => break,
                    c => field.push(c),
                }
            }
        }
        loop {
            let next = chars.next();
            let next = match next {
                Some('\r') if chars.peek() == Some(&'\n') => chars.next(),
                next => next,
            };
            match next {
                Some('\n') | None => {
                    row.push(field);
                    if quoted || row != [""] {
                        rows.push(std::mem::take(&mut row));
                    }
                    row.clear();
                    quoted = false;
                    break;
                }
                Some(c) if c == delimiter => {
                    row.push(field);
                    if chars.peek().is_none() {
                        row.push(String::new());
                        rows.push(std::mem::take(&mut row));
                    }
                    break;
                }
                Some(c) => field.push(c),
            }
        }
    }
    Some(rows)
}

fn check(columns: &[(String, Column)], rows: &[Vec<String>], options: &Options<'_>) {
    let body = &rows[usize::from(options.header)..];
    let body = &body[..options.most.unwrap_or(usize::MAX).min(body.len())];
    for (at, (name, column)) in columns.iter().enumerate() {
        let fields = body.iter().map(|row| row[at].as_str());
        let trimmed: Vec<&str> = fields
            .clone()
            .map(|f| f.trim_matches(|c: char| c.is_ascii_whitespace()))
            .collect();
        let missing = |f: &str| f.is_empty() || options.missing.contains(&f);
        let x = match column {
            Column::Text(text) => {
                assert!(text.iter().map(String::as_str).eq(fields));
                let number = |f: &&str| missing(f) || f.parse::<f64>().is_ok();
                let boolean =
                    |f: &&str| f.eq_ignore_ascii_case("true") || f.eq_ignore_ascii_case("false");
                assert!(!trimmed.iter().all(number), "{name:?} is numbers");
                let plain = trimmed
                    .iter()
                    .all(|f| ["true", "True", "TRUE", "false", "False", "FALSE"].contains(f));
                assert!(
                    !(plain && trimmed.iter().all(boolean)),
                    "{name:?} is booleans"
                );
                continue;
            }
            Column::Numbers(x) => x,
        };
        assert_eq!(x.shape(), [body.len()]);
        let whole = trimmed.iter().all(|f| f.parse::<i64>().is_ok());
        let asked = options
            .dtypes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, d)| *d);
        for (field, found) in trimmed.iter().zip(x.scalars().unwrap()) {
            let text = (field, found, x.dtype());
            match found {
                Scalar::Bool(v) if field.parse::<f64>().is_ok() => {
                    assert_eq!(
                        field.parse::<f64>().unwrap(),
                        f64::from(u8::from(v)),
                        "{text:?}"
                    );
                }
                Scalar::Bool(v) => assert_eq!(field.to_lowercase(), v.to_string(), "{text:?}"),
                Scalar::Int(v) => match field.parse::<i128>() {
                    Ok(wanted) => assert_eq!(v, wanted, "{text:?}"),
                    // 1.0 and true are 1 where integers were asked for
                    Err(_) => match field.parse::<f64>() {
                        Ok(wanted) => assert_eq!(v as f64, wanted, "{text:?}"),
                        Err(_) => {
                            assert_eq!(field.to_lowercase(), (v != 0).to_string(), "{text:?}")
                        }
                    },
                },
                Scalar::Float(v) => {
                    assert!(asked.is_some() || !whole || trimmed.is_empty(), "{text:?}");
                    let wanted = match field.parse::<f64>() {
                        Ok(wanted) => wanted,
                        Err(_) if missing(field) => f64::NAN,
                        Err(_) => f64::from(u8::from(field.eq_ignore_ascii_case("true"))),
                    };
                    let wanted = if missing(field) { f64::NAN } else { wanted };
                    let wanted = if x.dtype() == DType::F32 {
                        f64::from(wanted as f32)
                    } else {
                        wanted
                    };
                    // an integer column that became one of floats has no negative zero
                    assert!(
                        v == wanted || v.is_nan() && wanted.is_nan(),
                        "{text:?}: {wanted}"
                    );
                }
                Scalar::Complex(v) => assert!(v.im == 0.0, "{text:?}"),
            }
        }
    }
}

fuzz_target!(init: seeds::write("csv"), |data: &[u8]| {
    let [a, b, c, d, text @ ..] = data else { return };
    let delimiter = DELIMITERS[usize::from(a % 4)];
    let names = ["x", "a", "column_1", "column_2", ""];
    let dtypes = [(names[usize::from(b % 5)], ASKED[usize::from(b / 5) % 12])];
    let chosen = [names[usize::from(c % 5)], names[usize::from(c / 5 % 5)]];
    let options = Options {
        delimiter,
        header: a & 4 == 0,
        skip: usize::from(a >> 3 & 3),
        most: (a & 32 != 0).then_some(usize::from(d % 4)),
        columns: (c & 128 != 0).then_some(&chosen),
        dtypes: if a & 64 != 0 { &dtypes } else { &[] },
        missing: if a & 128 != 0 { &["NA", "-"] } else { &[] },
    };
    // a field of two bytes is a number of eight, or twice a text of its own with its header; vectors grow by doubling
    let Ok(columns) = bounded(text.len(), 150, || csv::read(text, &options)) else { return };
    // a file of one column whose only field is empty is none
    if let Ok(text) = std::str::from_utf8(text)
        && options.skip == 0
        && options.columns.is_none()
        && !text.replace("\r\n", "\n").contains('\r')
    {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match rows(text, char::from(delimiter)) {
            // what is wrong behind the last row that was asked for is not looked at
            None => assert!(options.most.is_some()),
            Some(rows) if rows.is_empty() => assert!(columns.is_empty()),
            Some(rows) => check(&columns, &rows, &options),
        }
    }
    let written: Vec<(&str, Written<'_>)> = columns
        .iter()
        .map(|(name, column)| {
            let column = match column {
                Column::Numbers(x) => Written::Numbers(x),
                Column::Text(text) => Written::Text(text),
            };
            (name.as_str(), column)
        })
        .collect();
    let complex = |x: &Raw| x.dtype().is_complex();
    // a file without columns has a line
    if written.is_empty() || written.iter().any(|(_, c)| matches!(c, Written::Numbers(x) if complex(x))) {
        return;
    }
    let bytes = seeds::saved("x.csv", |p| csv::save(p, &written, delimiter));
    let plain = Options { delimiter, ..Options::default() };
    let back = csv::read(&bytes, &plain).unwrap();
    assert_eq!(back.len(), columns.len());
    for ((name, found), (wanted_name, wanted)) in back.iter().zip(&columns) {
        // names are trimmed, fields of texts are not
        assert_eq!(name, wanted_name);
        match (found, wanted) {
            (Column::Text(a), Column::Text(b)) => assert_eq!(a, b),
            (Column::Numbers(a), Column::Numbers(b)) => {
                let double = b.dtype() == DType::F64;
                let (a, b) = (a.scalars().unwrap(), b.scalars().unwrap());
                assert_eq!(a.len(), b.len());
                for (a, b) in a.into_iter().zip(b) {
                    // an f32 is written with the digits of an f32
                    let (a, b) = match b {
                        Scalar::Float(_) if !double => (a.as_f64() as f32 as f64, b.as_f64() as f32 as f64),
                        _ => (a.as_f64(), b.as_f64()),
                    };
                    assert!(a == b || a.is_nan() && b.is_nan());
                }
            }
            // without the words for missing values a column of texts may be one of numbers, and the other way round
            _ => {}
        }
    }
});
