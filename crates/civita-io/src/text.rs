//! Tables of numbers as text: what `loadtxt` and CSV files hold.

use std::fs;
use std::path::Path;

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;

use crate::atomic::{failed, replace};

/// What separates the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// Blanks and tabs, any number of them.
    Blanks,
    /// One byte.
    Byte(u8),
}

/// The numbers of a table, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T> {
    /// The elements in C order.
    pub values: Vec<T>,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns; 0 without rows.
    pub columns: usize,
}

/// How a table is read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What separates the columns.
    pub delimiter: Delimiter,
    /// The rest of a line behind it is left out.
    pub comment: Option<u8>,
    /// Lines at the beginning that are left out.
    pub skip: usize,
    /// At most so many rows.
    pub most: Option<usize>,
    /// Only these columns; negative ones from the end.
    pub columns: Option<&'a [isize]>,
    /// What fields are, for errors: `float64`.
    pub kind: &'a str,
}

/// What Python takes for blanks, of ASCII.
fn is_blank(b: &u8) -> bool {
    matches!(b, b'\t'..=b'\r' | 0x1c..=0x1f | b' ')
}

fn trimmed(field: &[u8]) -> &[u8] {
    let start = field.iter().position(|b| !is_blank(b));
    let end = field.iter().rposition(|b| !is_blank(b));
    start
        .zip(end)
        .map_or(&[], |(start, end)| &field[start..=end])
}

/// The numbers of a text, one row for each line that is not empty. `parse` reads one field.
///
/// # Errors
/// When a field is no number, or rows differ in length.
pub fn table<T>(
    text: &[u8],
    options: &Options<'_>,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> Result<Table<T>> {
    let mut table = Table {
        values: Vec::new(),
        rows: 0,
        columns: 0,
    };
    let mut fields: Vec<&[u8]> = Vec::new();
    for line in lines(text).skip(options.skip) {
        if options.most.is_some_and(|most| table.rows >= most) {
            break;
        }
        let line = match options
            .comment
            .and_then(|c| line.iter().position(|&b| b == c))
        {
            Some(at) => &line[..at],
            None => line,
        };
        // beside a delimiter blanks are a field
        let nothing = match options.delimiter {
            Delimiter::Blanks => line.iter().all(is_blank),
            Delimiter::Byte(_) => line.is_empty(),
        };
        if nothing {
            continue;
        }
        fields.clear();
        match options.delimiter {
            Delimiter::Blanks => {
                let parts = line.split(is_blank);
                fields.extend(parts.filter(|p| !p.is_empty()));
            }
            Delimiter::Byte(byte) => fields.extend(line.split(|&b| b == byte)),
        }
        let mut count = 0;
        let mut each = |field: &[u8], column: usize| -> Result<()> {
            let field = trimmed(field);
            let value = parse(field).ok_or_else(|| {
                Error::value(
                    "loadtxt",
                    format!(
                        "could not convert string '{}' to {} at row {}, column {}.",
                        String::from_utf8_lossy(field),
                        options.kind,
                        table.rows,
                        column + 1
                    ),
                )
            })?;
            table.values.push(value);
            count += 1;
            Ok(())
        };
        match options.columns {
            None => {
                for (i, field) in fields.iter().enumerate() {
                    each(field, i)?;
                }
            }
            Some(columns) => {
                for &wanted in columns {
                    let at = if wanted < 0 {
                        wanted + fields.len() as isize
                    } else {
                        wanted
                    };
                    let field = usize::try_from(at).ok().and_then(|at| fields.get(at));
                    let Some(field) = field else {
                        return Err(Error::value(
                            "loadtxt",
                            format!(
                                "invalid column index {wanted} at row {} with {} columns",
                                table.rows + 1,
                                fields.len()
                            ),
                        ));
                    };
                    each(field, at as usize)?;
                }
            }
        }
        if table.rows == 0 {
            table.columns = count;
        } else if count != table.columns {
            return Err(Error::value(
                "loadtxt",
                format!(
                    "the number of columns changed from {} to {count} at row {}; use `usecols` to select a subset and avoid this error",
                    table.columns,
                    table.rows + 1
                ),
            ));
        }
        table.rows += 1;
    }
    Ok(table)
}

/// Reads a file of numbers: `float64` with two axes.
///
/// # Errors
/// When there is no such file, a field is no number, or rows differ in length.
pub fn load(path: &Path, options: &Options<'_>) -> Result<Raw> {
    let text = fs::read(path).map_err(|e| failed("loadtxt", path, &e))?;
    let found = table(&text, options, float)?;
    Raw::from_vec(found.values, &[found.rows, found.columns])
}

/// Writes real numbers with one or two axes to a file, a line for each row, as `%.18e` writes them; the file is replaced as a whole.
///
/// # Errors
/// When the array is complex or has more axes, or the system fails; the old file is there still.
pub fn save(path: &Path, x: &Raw, delimiter: u8) -> Result<()> {
    let x = x.concrete("savetxt")?;
    let columns = match *x.shape() {
        _ if x.dtype().is_complex() => {
            return Err(Error::dtype("savetxt", "complex numbers have no text")
                .hint("write the real and the imaginary part"));
        }
        [_] => 1,
        [_, columns] => columns,
        _ => {
            return Err(Error::shape(
                "savetxt",
                format!("a file has rows and columns, the array {} axes", x.rank()),
            )
            .shapes(&[x.shape()]));
        }
    };
    let values = x.cast(DType::F64)?.to_vec::<f64>()?;
    replace("savetxt", path, |writer| {
        let mut line = String::new();
        for row in values.chunks(columns.max(1)) {
            line.clear();
            for (i, &value) in row.iter().enumerate() {
                if i > 0 {
                    line.push(char::from(delimiter));
                }
                line.push_str(&scientific(value));
            }
            line.push('\n');
            writer
                .write_all(line.as_bytes())
                .map_err(|e| Error::io("savetxt", e.to_string()))?;
        }
        Ok(())
    })
}

/// A number as C's `%.18e` writes it.
fn scientific(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let text = format!("{value:.18e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

/// The lines, which end with `\n`, `\r\n` or `\r`.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        if text.is_empty() {
            rest = None;
            return None;
        }
        match text.iter().position(|&b| b == b'\n' || b == b'\r') {
            None => {
                rest = None;
                Some(text)
            }
            Some(at) => {
                let long = text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
                rest = Some(&text[at + 1 + usize::from(long)..]);
                Some(&text[..at])
            }
        }
    })
}

/// A float, as Python's `float` reads it but for underscores.
pub fn float(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    text.parse().ok()
}

/// An integer, as Python's `int` reads it but for underscores.
pub fn integer(field: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(field).ok()?;
    text.parse().ok()
}
