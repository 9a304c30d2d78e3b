//! CSV with a dtype for each column (RFC 4180: quoted fields, doubled quotes, newlines in quotes).
//!
//! ```text
//! read the whole file; are there quotes?      no: cut it at newlines into pieces for the threads; yes: one piece
//! each piece, line by line, field by field    push to the column's values as booleans, int64 or float64, whatever held so far
//! a field does not fit                        the column becomes wider: int64 to float64, at last text
//! join the pieces of each column              the widest of them; text is collected by a second walk over the lines
//! ```

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use civita_core::dtype::{DType, Scalar};
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use civita_core::threads;

use crate::atomic::{failed, replace};

/// Columns that a file has at most: each costs memory, and a line of commas costs nothing.
pub const MOST_COLUMNS: usize = 100_000;

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The byte between fields.
    pub delimiter: u8,
    /// The first line holds the names of the columns; else they are `column_1`, `column_2`, …
    pub header: bool,
    /// Lines at the beginning that are left out.
    pub skip: usize,
    /// At most so many rows.
    pub most: Option<usize>,
    /// Only these columns, in this order.
    pub columns: Option<&'a [&'a str]>,
    /// The dtypes of columns that are not to be found out, by name.
    pub dtypes: &'a [(&'a str, DType)],
    /// Fields, besides empty ones, that stand for a missing value.
    pub missing: &'a [&'a str],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            delimiter: b',',
            header: true,
            skip: 0,
            most: None,
            columns: None,
            dtypes: &[],
            missing: &[],
        }
    }
}

/// A column.
#[derive(Clone, Debug)]
pub enum Column {
    /// Booleans (`true`, `false`), `int64`, `float64` with NaN for what is missing, or the dtype asked for.
    Numbers(Raw),
    /// Anything else.
    Text(Vec<String>),
}

/// The values of a column in a piece, as narrow as its fields allow.
enum Values {
    /// Only missing ones so far.
    Missing(usize),
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Text,
}

fn boolean(field: &[u8]) -> Option<bool> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A decimal integer.
fn integer(field: &[u8]) -> Option<i64> {
    let (negative, digits) = match field {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, field),
    };
    if digits.is_empty() {
        return None;
    }
    let digits = match digits.len() {
        0..=19 => digits,
        // leading zeros are no digits of a number
        len => &digits[digits.iter().position(|&c| c != b'0').unwrap_or(len - 1)..],
    };
    if digits.len() > 19 {
        return None;
    }
    let mut value = 0u64;
    for &c in digits {
        let digit = c.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    match negative {
        false => i64::try_from(value).ok(),
        true => (value <= 1 << 63).then(|| (value as i64).wrapping_neg()),
    }
}

/// A float: short decimals exactly by one multiplication or division (Clinger), the others by the standard library.
fn float(field: &[u8]) -> Option<f64> {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let (negative, digits) = match field {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, field),
    };
    if digits.len() <= 19 {
        let (mut value, mut places, mut seen, mut point) = (0u64, 0usize, 0usize, false);
        let mut plain = true;
        for &c in digits {
            let digit = c.wrapping_sub(b'0');
            if digit <= 9 {
                value = value * 10 + u64::from(digit);
                places += usize::from(point);
                seen += 1;
            } else if c == b'.' && !point {
                point = true;
            } else {
                plain = false;
                break;
            }
        }
        // the digits and the power of ten are exact, so the quotient is rounded once
        if plain && seen > 0 && value < 1 << 53 {
            let value = value as f64 / POWERS[places];
            return Some(if negative { -value } else { value });
        }
    }
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// A whole number, exactly, also of `25.0` and `1e3`; none where it is not whole or has more than 38 digits.
fn whole(field: &[u8]) -> Option<i128> {
    let (negative, rest) = match field {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, field),
    };
    let (digits, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&rest[..at], std::str::from_utf8(&rest[at + 1..]).ok()?),
        None => (rest, "0"),
    };
    let mut places = i64::from(exponent.parse::<i32>().ok()?);
    let (mut value, mut seen, mut point) = (0i128, false, false);
    for &c in digits {
        let digit = c.wrapping_sub(b'0');
        if digit <= 9 {
            value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
            places -= i64::from(point);
            seen = true;
        } else if c == b'.' && !point {
            point = true;
        } else {
            return None;
        }
    }
    while places != 0 && value != 0 {
        if places > 0 {
            value = value.checked_mul(10)?;
            places -= 1;
        } else if value % 10 == 0 {
            value /= 10;
            places += 1;
        } else {
            return None;
        }
    }
    seen.then_some(if negative { -value } else { value })
}

impl Values {
    fn push(&mut self, field: &[u8], missing: bool) {
        loop {
            match self {
                Values::Text => return,
                Values::Missing(n) if missing => {
                    *n += 1;
                    return;
                }
                Values::Missing(n) => {
                    *self = if *n > 0 {
                        Values::Float(vec![f64::NAN; *n])
                    } else if boolean(field).is_some() {
                        Values::Bool(Vec::new())
                    } else {
                        Values::Int(Vec::new())
                    };
                }
                Values::Bool(v) => match boolean(field) {
                    Some(value) if !missing => {
                        v.push(value);
                        return;
                    }
                    _ => *self = Values::Text,
                },
                Values::Int(v) => match integer(field) {
                    Some(value) if !missing => {
                        v.push(value);
                        return;
                    }
                    _ => *self = Values::Float(v.iter().map(|&v| v as f64).collect()),
                },
                Values::Float(v) => {
                    if missing {
                        v.push(f64::NAN);
                        return;
                    }
                    match float(field) {
                        Some(value) => {
                            v.push(value);
                            return;
                        }
                        None => *self = Values::Text,
                    }
                }
            }
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Values::Missing(_) => 0,
            Values::Bool(_) => 1,
            Values::Int(_) => 2,
            Values::Float(_) => 3,
            Values::Text => 4,
        }
    }
}

/// The fields of lines.
struct Lines<'a> {
    rest: &'a [u8],
    delimiter: u8,
    quotes: bool,
}

impl<'a> Lines<'a> {
    /// Reads the next line's fields; false behind the last one. Empty lines are left out.
    fn next(&mut self, fields: &mut Vec<Cow<'a, [u8]>>) -> Result<bool> {
        loop {
            fields.clear();
            if self.rest.is_empty() {
                return Ok(false);
            }
            if !self.quotes {
                let end = newline(self.rest);
                let line = &self.rest[..end];
                self.rest = self.rest.get(end + 1..).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if line.is_empty() {
                    continue;
                }
                let parts = line.split(|&b| b == self.delimiter).map(Cow::Borrowed);
                fields.extend(parts.take(MOST_COLUMNS + 1));
                return Ok(true);
            }
            self.quoted(fields)?;
            // `""` is an empty field
            if !matches!(&fields[..], [Cow::Borrowed(b"")]) {
                return Ok(true);
            }
        }
    }

    fn quoted(&mut self, fields: &mut Vec<Cow<'a, [u8]>>) -> Result<()> {
        loop {
            if fields.len() > MOST_COLUMNS {
                return Err(too_wide(fields.len()));
            }
            let all = self.rest;
            if all.first() == Some(&b'"') {
                let mut text = Vec::new();
                let mut at = 1;
                loop {
                    let Some(step) = all[at..].iter().position(|&b| b == b'"') else {
                        return Err(Error::value("read_csv", "a quoted field does not end"));
                    };
                    text.extend_from_slice(&all[at..at + step]);
                    at += step + 1;
                    if all.get(at) != Some(&b'"') {
                        break;
                    }
                    text.push(b'"');
                    at += 1;
                }
                // what stands between the quote and the delimiter belongs to the field
                let end = at + field_end(&all[at..], self.delimiter);
                text.extend_from_slice(all[at..end].strip_suffix(b"\r").unwrap_or(&all[at..end]));
                fields.push(Cow::Owned(text));
                self.rest = &all[end..];
            } else {
                let end = field_end(all, self.delimiter);
                let field = &all[..end];
                let ends_line = all.get(end) != Some(&self.delimiter);
                let field = match field.strip_suffix(b"\r") {
                    Some(field) if ends_line => field,
                    _ => field,
                };
                fields.push(Cow::Borrowed(field));
                self.rest = &all[end..];
            }
            match self.rest.split_first() {
                Some((&b, rest)) if b == self.delimiter => self.rest = rest,
                Some((_, rest)) => {
                    self.rest = rest;
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }
}

fn newline(text: &[u8]) -> usize {
    text.iter().position(|&b| b == b'\n').unwrap_or(text.len())
}

fn field_end(text: &[u8], delimiter: u8) -> usize {
    let ends = |&b: &u8| b == delimiter || b == b'\n';
    text.iter().position(ends).unwrap_or(text.len())
}

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

/// Cuts text behind newlines into pieces of about [`PIECE`] bytes.
fn pieces(mut text: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while text.len() > PIECE {
        let cut = (PIECE + newline(&text[PIECE..]) + 1).min(text.len());
        found.push(&text[..cut]);
        text = &text[cut..];
    }
    if !text.is_empty() {
        found.push(text);
    }
    found
}

/// The columns of a file by name, in its order or in that of the options.
///
/// # Errors
/// When there is no such file, a row has more or fewer fields than the first line, a quoted field does not end, a column that was
/// asked for is not there, or a field does not fit the dtype that was asked for.
pub fn load(path: &Path, options: &Options<'_>) -> Result<Vec<(String, Column)>> {
    let text = fs::read(path).map_err(|e| failed("read_csv", path, &e))?;
    read(&text, options)
}

/// As [`load`], of the bytes of a file.
///
/// ```
/// use civita_io::csv::{self, Column};
/// let columns = csv::read(b"x,n,name\n0.5,1,a\n,2,\"b, c\"\n", &csv::Options::default())?;
/// let Column::Numbers(x) = &columns[0].1 else { panic!() };
/// assert!(x.to_vec::<f64>()?[1].is_nan());
/// let Column::Text(names) = &columns[2].1 else { panic!() };
/// assert_eq!(names[1], "b, c");
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`load`].
pub fn read(text: &[u8], options: &Options<'_>) -> Result<Vec<(String, Column)>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut rest = text;
    for _ in 0..options.skip {
        if rest.is_empty() {
            break;
        }
        rest = rest.get(newline(rest) + 1..).unwrap_or_default();
    }
    let quotes = rest.contains(&b'"');
    let lines = |text| Lines {
        rest: text,
        delimiter: options.delimiter,
        quotes,
    };
    let mut first = lines(rest);
    let mut fields = Vec::new();
    if !first.next(&mut fields)? {
        return Ok(Vec::new());
    }
    let width = fields.len();
    if width > MOST_COLUMNS {
        return Err(too_wide(width));
    }
    let names: Vec<String> = match options.header {
        true => fields
            .iter()
            .map(|f| text_of(f.trim_ascii()))
            .collect::<Result<_>>()?,
        false => (1..=width).map(|i| format!("column_{i}")).collect(),
    };
    if options.header {
        rest = first.rest;
    }
    let wanted = chosen(&names, options)?;
    if let Some((name, _)) = options
        .dtypes
        .iter()
        .find(|(n, _)| !names.iter().any(|m| m == n))
    {
        return Err(missing_column(name, &names));
    }
    let pieces = match quotes || options.most.is_some() {
        true => vec![rest],
        false => pieces(rest),
    };
    let walk = Walk {
        options,
        width,
        wanted: &wanted,
    };
    // a number of each piece, and in its column
    let about = rest.iter().filter(|&&b| b == b'\n').count() * wanted.len();
    civita_core::storage::room("read_csv", about.saturating_mul(16))?;
    let parts = each_piece(&pieces, |piece| walk.values(lines(piece)))?;
    let mut columns = Vec::with_capacity(wanted.len());
    let rows: usize = parts.iter().map(|p| p.rows).sum();
    let kinds: Vec<u8> = (0..wanted.len())
        .map(|c| joined_rank(parts.iter().map(|p| &p.values[c])))
        .collect();
    let asked_of = |at: usize| {
        let asked = options.dtypes.iter().find(|(n, _)| *n == names[at]);
        asked.map(|(_, dtype)| *dtype)
    };
    // floats do not hold all of the integers that are asked for: these are read from their digits
    let from_digits =
        |c: usize| kinds[c] == 3 && asked_of(wanted[c]).is_some_and(DType::is_integer);
    let texts: Vec<usize> = (0..wanted.len())
        .filter(|&c| kinds[c] == 4 || from_digits(c))
        .collect();
    let mut text_columns = Vec::new();
    if !texts.is_empty() {
        let at: Vec<usize> = texts.iter().map(|&c| wanted[c]).collect();
        let found = each_piece(&pieces, |piece| walk.texts(lines(piece), &at))?;
        text_columns = vec![Vec::with_capacity(rows); at.len()];
        for part in found {
            for (column, more) in text_columns.iter_mut().zip(part) {
                column.extend(more);
            }
        }
    }
    let mut text_columns = text_columns.into_iter();
    for (c, &at) in wanted.iter().enumerate() {
        let name = &names[at];
        let asked = asked_of(at);
        let column = match kinds[c] {
            3 if from_digits(c) => {
                let text = text_columns.next().unwrap_or_default();
                Column::Numbers(integers(&text, name, asked.unwrap_or(DType::I64))?)
            }
            4 => {
                let text = text_columns.next().unwrap_or_default();
                if let Some(dtype) = asked {
                    let wrong = text
                        .iter()
                        .position(|t| float(t.trim().as_bytes()).is_none());
                    let wrong = wrong.unwrap_or_default();
                    return Err(Error::value(
                        "read_csv",
                        format!(
                            "could not convert {:?} to {dtype} in column {name:?}, row {}",
                            text.get(wrong).map_or("", String::as_str),
                            wrong + 1
                        ),
                    ));
                }
                Column::Text(text)
            }
            kind => Column::Numbers(joined(
                parts.iter().map(|p| &p.values[c]),
                kind,
                rows,
                name,
                asked,
            )?),
        };
        columns.push((name.clone(), column));
    }
    Ok(columns)
}

fn too_wide(width: usize) -> Error {
    Error::value(
        "read_csv",
        format!("a line has {width} fields or more; a file has at most {MOST_COLUMNS} columns"),
    )
    .hint("`loadtxt` reads wide tables of numbers")
}

fn text_of(field: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(field).map_err(|_| {
        Error::value(
            "read_csv",
            format!("{:?} is not UTF-8", String::from_utf8_lossy(field)),
        )
    })?;
    Ok(text.to_owned())
}

fn missing_column(name: &str, names: &[String]) -> Error {
    let shown = &names[..names.len().min(20)];
    Error::value("read_csv", format!("there is no column {name:?}"))
        .hint(format!("the columns are {shown:?}"))
}

/// The places of the columns that are read.
fn chosen(names: &[String], options: &Options<'_>) -> Result<Vec<usize>> {
    let Some(columns) = options.columns else {
        return Ok((0..names.len()).collect());
    };
    let find = |name: &&str| {
        let found = names.iter().position(|n| n == name);
        found.ok_or_else(|| missing_column(name, names))
    };
    columns.iter().map(find).collect()
}

/// Calls `f` for each piece, on the engine's threads; the first error in the file's order.
fn each_piece<'a, R: Send>(
    pieces: &[&'a [u8]],
    f: impl Fn(&'a [u8]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let found: Vec<Mutex<Option<Result<R>>>> = pieces.iter().map(|_| Mutex::new(None)).collect();
    threads::run(pieces.len(), &|i| {
        let result = f(pieces[i]);
        if let Ok(mut place) = found[i].lock() {
            *place = Some(result);
        }
    });
    let lost = || Error::value("read_csv", "a thread did not finish");
    found
        .into_iter()
        .map(|place| {
            place
                .into_inner()
                .ok()
                .flatten()
                .unwrap_or_else(|| Err(lost()))
        })
        .collect()
}

struct Walk<'a> {
    options: &'a Options<'a>,
    width: usize,
    wanted: &'a [usize],
}

/// The columns of a piece.
struct Part {
    rows: usize,
    values: Vec<Values>,
}

impl Walk<'_> {
    fn rows(
        &self,
        mut lines: Lines<'_>,
        mut each: impl FnMut(&[Cow<'_, [u8]>]) -> Result<()>,
    ) -> Result<usize> {
        let mut fields = Vec::with_capacity(self.width);
        let mut rows = 0;
        while self.options.most.is_none_or(|most| rows < most) && lines.next(&mut fields)? {
            if fields.len() != self.width {
                let line: Vec<_> = fields
                    .iter()
                    .take(8)
                    .map(|f| String::from_utf8_lossy(f))
                    .collect();
                return Err(Error::value(
                    "read_csv",
                    format!(
                        "a row has {} fields and the first line {}: {}",
                        fields.len(),
                        self.width,
                        line.join(",")
                    ),
                ));
            }
            each(&fields)?;
            rows += 1;
        }
        Ok(rows)
    }

    fn values(&self, lines: Lines<'_>) -> Result<Part> {
        let mut values: Vec<Values> = self.wanted.iter().map(|_| Values::Missing(0)).collect();
        let rows = self.rows(lines, |fields| {
            for (column, &at) in values.iter_mut().zip(self.wanted) {
                let field = fields[at].trim_ascii();
                let missing = field.is_empty() || self.is_missing(field);
                column.push(field, missing);
            }
            Ok(())
        })?;
        Ok(Part { rows, values })
    }

    fn texts(&self, lines: Lines<'_>, columns: &[usize]) -> Result<Vec<Vec<String>>> {
        let mut texts = vec![Vec::new(); columns.len()];
        self.rows(lines, |fields| {
            for (text, &at) in texts.iter_mut().zip(columns) {
                text.push(text_of(&fields[at])?);
            }
            Ok(())
        })?;
        Ok(texts)
    }

    fn is_missing(&self, field: &[u8]) -> bool {
        self.options.missing.iter().any(|m| m.as_bytes() == field)
    }
}

/// The kind that holds the values of all pieces.
fn joined_rank<'a>(parts: impl Iterator<Item = &'a Values>) -> u8 {
    let (mut widest, mut booleans, mut missing) = (0, false, false);
    for part in parts {
        widest = widest.max(part.rank());
        booleans |= matches!(part, Values::Bool(_));
        missing |= matches!(part, Values::Missing(n) if *n > 0);
    }
    match widest {
        // only missing ones: floats
        0 => 3,
        1 if missing => 4,
        2 | 3 if booleans => 4,
        2 if missing => 3,
        _ => widest,
    }
}

fn unfit(name: &str, dtype: DType) -> Error {
    Error::value(
        "read_csv",
        format!("column {name:?} has values that do not fit into {dtype}"),
    )
}

/// Integers of a dtype from their digits.
fn integers(text: &[String], name: &str, dtype: DType) -> Result<Raw> {
    let fits = |v: &i128| Scalar::Int(*v).to_bytes(dtype).is_ok();
    let value = |t: &String| {
        let value = whole(t.as_bytes().trim_ascii()).filter(fits);
        value.ok_or_else(|| unfit(name, dtype))
    };
    // the low bits are those of either sign
    let values = text
        .iter()
        .map(|t| Ok(value(t)? as i64))
        .collect::<Result<Vec<i64>>>()?;
    let n = values.len();
    Raw::from_vec(values, &[n])?.cast(dtype)
}

/// The values of all pieces behind each other.
fn joined<'a>(
    parts: impl Iterator<Item = &'a Values>,
    kind: u8,
    rows: usize,
    name: &str,
    asked: Option<DType>,
) -> Result<Raw> {
    let raw = match kind {
        1 => {
            let mut all = Vec::with_capacity(rows);
            for part in parts {
                if let Values::Bool(v) = part {
                    all.extend_from_slice(v);
                }
            }
            Raw::from_vec(all, &[rows])?
        }
        2 => {
            let mut all = Vec::with_capacity(rows);
            for part in parts {
                if let Values::Int(v) = part {
                    all.extend_from_slice(v);
                }
            }
            Raw::from_vec(all, &[rows])?
        }
        _ => {
            let mut all = Vec::with_capacity(rows);
            for part in parts {
                match part {
                    Values::Missing(n) => all.resize(all.len() + n, f64::NAN),
                    Values::Int(v) => all.extend(v.iter().map(|&v| v as f64)),
                    Values::Float(v) => all.extend_from_slice(v),
                    _ => {}
                }
            }
            Raw::from_vec(all, &[rows])?
        }
    };
    let Some(dtype) = asked.filter(|&d| d != raw.dtype()) else {
        return Ok(raw);
    };
    let cast = raw.cast(dtype)?;
    // nothing may be lost but the last digits of floats
    if dtype.is_integer() && raw.dtype() == DType::I64 {
        let values = raw.to_vec::<i64>()?;
        let fits = |v: &i64| Scalar::Int(i128::from(*v)).to_bytes(dtype).is_ok();
        if !(values.iter().min().is_none_or(fits) && values.iter().max().is_none_or(fits)) {
            return Err(unfit(name, dtype));
        }
    } else if !dtype.is_float() {
        let back = cast.cast(raw.dtype())?;
        let same = match raw.dtype() {
            DType::F64 => back.to_vec::<f64>()? == raw.to_vec::<f64>()?,
            DType::I64 => back.to_vec::<i64>()? == raw.to_vec::<i64>()?,
            _ => true,
        };
        if !same {
            return Err(unfit(name, dtype));
        }
    }
    Ok(cast)
}

/// A column to write.
#[derive(Clone, Copy, Debug)]
pub enum Written<'a> {
    /// An array with one axis.
    Numbers(&'a Raw),
    /// Texts.
    Text(&'a [String]),
}

/// Writes columns under names to a file, which is replaced as a whole. Floats are written with as many digits as it takes to read
/// the same value, NaN as an empty field.
///
/// # Errors
/// When columns differ in length, an array is complex or has not one axis, or the system fails; the old file is there still.
pub fn save(path: &Path, columns: &[(&str, Written<'_>)], delimiter: u8) -> Result<()> {
    let fault = |text: String| Error::value("write_csv", text);
    let mut cells: Vec<Vec<String>> = Vec::with_capacity(columns.len());
    for (name, column) in columns {
        cells.push(match column {
            Written::Text(text) => text.iter().map(|t| quoted(t, delimiter)).collect(),
            Written::Numbers(x) => {
                if x.shape().len() != 1 || x.dtype().is_complex() {
                    return Err(fault(format!(
                        "column {name:?} is not an array of real numbers with one axis"
                    )));
                }
                let x = x.concrete("write_csv")?;
                match x.dtype() {
                    DType::Bool => x.to_vec::<bool>()?.iter().map(bool::to_string).collect(),
                    DType::U64 => x.to_vec::<u64>()?.iter().map(u64::to_string).collect(),
                    // the fewest digits of its own precision
                    DType::F32 => x
                        .to_vec::<f32>()?
                        .iter()
                        .map(|v| shown(v.is_nan(), v))
                        .collect(),
                    d if d.is_float() => {
                        let x = x.cast(DType::F64)?;
                        x.to_vec::<f64>()?
                            .iter()
                            .map(|v| shown(v.is_nan(), v))
                            .collect()
                    }
                    _ => {
                        let x = x.cast(DType::I64)?;
                        x.to_vec::<i64>()?.iter().map(i64::to_string).collect()
                    }
                }
            }
        });
    }
    let rows = cells.first().map_or(0, Vec::len);
    if let Some(i) = cells.iter().position(|c| c.len() != rows) {
        return Err(fault(format!(
            "column {:?} has {} values and the first {rows}",
            columns[i].0,
            cells[i].len()
        )));
    }
    replace("write_csv", path, |writer| {
        let failed = |e: std::io::Error| Error::io("write_csv", e.to_string());
        let mut line = String::new();
        let names: Vec<String> = columns.iter().map(|(n, _)| quoted(n, delimiter)).collect();
        let mut put = |fields: &mut dyn Iterator<Item = &str>| -> Result<()> {
            line.clear();
            for (i, field) in fields.enumerate() {
                if i > 0 {
                    line.push(char::from(delimiter));
                }
                line.push_str(field);
            }
            // an empty line would be left out when read
            if line.is_empty() {
                line.push_str("\"\"");
            }
            line.push('\n');
            writer.write_all(line.as_bytes()).map_err(failed)
        };
        put(&mut names.iter().map(String::as_str))?;
        for row in 0..rows {
            put(&mut cells.iter().map(|c| c[row].as_str()))?;
        }
        Ok(())
    })
}

/// A float by the fewest digits that are read as the same value.
fn shown<T: std::fmt::Debug>(nan: bool, value: &T) -> String {
    if nan {
        String::new()
    } else {
        format!("{value:?}")
    }
}

fn quoted(text: &str, delimiter: u8) -> String {
    let special = |b: u8| b == delimiter || matches!(b, b'"' | b'\n' | b'\r');
    // a byte order mark at the beginning of a file is no part of its first name
    if text.starts_with('\u{feff}') || text.bytes().any(special) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
