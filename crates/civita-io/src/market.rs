//! Matrix Market: matrices as text, of which many collections of sparse matrices consist.
//!
//! ```text
//! %%MatrixMarket matrix coordinate real general      or: array; integer, complex, pattern; symmetric, skew-symmetric, hermitian
//! % comments
//! 3 3 2                                              rows, columns and, of coordinates, entries
//! 1 1 5.0                                            counted from 1; of an array only values, column by column
//! 3 2 -1e-3
//! ```
//! Format: Boisvert, Pozo and Remington, "The Matrix Market Exchange Formats", NISTIR 5935 (1996).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use civita_core::storage;

use num_complex::Complex;

use crate::atomic::{failed, replace};

/// A matrix by its entries. An entry that comes twice counts twice.
#[derive(Clone, Debug)]
pub struct Entries {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Row of each entry, from 0, `int64`.
    pub row: Raw,
    /// Column of each entry, from 0, `int64`.
    pub column: Raw,
    /// Value of each entry: `int64`, `float64` or `complex128`.
    pub value: Raw,
}

/// Matrices with more elements than this are not made dense: coordinates of a few bytes can ask for any shape.
pub const MOST_DENSE: usize = 1 << 27;
/// Elements of a dense matrix for each entry, of those with more than [`ALWAYS_DENSE`].
pub const DENSE_PER_ENTRY: usize = 1 << 12;
/// Matrices of up to so many elements are made dense whatever their entries.
pub const ALWAYS_DENSE: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
enum Field {
    Real,
    Integer,
    Complex,
    Pattern,
}

#[derive(Clone, Copy, PartialEq)]
enum Symmetry {
    General,
    Symmetric,
    Skew,
    Hermitian,
}

fn damaged(line: usize, problem: impl std::fmt::Display) -> Error {
    Error::value("read_matrix_market", format!("line {line}: {problem}"))
}

/// Values of one of the three kinds.
enum Values {
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Complex(Vec<Complex<f64>>),
}

impl Values {
    fn push(&mut self, parts: &[&str]) -> Option<()> {
        match (self, parts) {
            (Values::Integer(v), [x]) => v.push(x.parse().ok()?),
            (Values::Real(v), [x]) => v.push(x.parse().ok()?),
            (Values::Complex(v), [re, im]) => {
                v.push(Complex::new(re.parse().ok()?, im.parse().ok()?));
            }
            _ => return None,
        }
        Some(())
    }

    fn one(&mut self) {
        match self {
            Values::Integer(v) => v.push(1),
            Values::Real(v) => v.push(1.0),
            Values::Complex(v) => v.push(Complex::new(1.0, 0.0)),
        }
    }

    /// The last value once more, as it stands on the other side of the diagonal.
    fn mirror(&mut self, symmetry: Symmetry) {
        match self {
            Values::Integer(v) => {
                let x = v.last().copied().unwrap_or_default();
                v.push(if symmetry == Symmetry::Skew {
                    x.wrapping_neg()
                } else {
                    x
                });
            }
            Values::Real(v) => {
                let x = v.last().copied().unwrap_or_default();
                v.push(if symmetry == Symmetry::Skew { -x } else { x });
            }
            Values::Complex(v) => {
                let x = v.last().copied().unwrap_or_default();
                v.push(match symmetry {
                    Symmetry::Skew => -x,
                    Symmetry::Hermitian => x.conj(),
                    _ => x,
                });
            }
        }
    }

    fn into_raw(self) -> Result<Raw> {
        match self {
            Values::Integer(v) => {
                let n = v.len();
                Raw::from_vec(v, &[n])
            }
            Values::Real(v) => {
                let n = v.len();
                Raw::from_vec(v, &[n])
            }
            Values::Complex(v) => {
                let n = v.len();
                Raw::from_vec(v, &[n])
            }
        }
    }
}

/// The matrix of a file, by its entries; of an array each element is one.
///
/// # Errors
/// When there is no such file, or it is damaged.
pub fn load(path: &Path) -> Result<Entries> {
    let text = fs::read(path).map_err(|e| failed("read_matrix_market", path, &e))?;
    read(&text)
}

/// As [`load`], of the bytes of a file.
///
/// ```
/// let text = b"%%MatrixMarket matrix coordinate integer symmetric\n2 2 2\n1 1 5\n2 1 7\n";
/// let dense = civita_io::market::read(text)?.dense()?;
/// assert_eq!(dense.to_vec::<i64>()?, [5, 7, 7, 0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When they are damaged.
pub fn read(text: &[u8]) -> Result<Entries> {
    let text = std::str::from_utf8(text)
        .map_err(|e| Error::value("read_matrix_market", format!("the file is not UTF-8: {e}")))?;
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
    let first = lines.next().map_or("", |(_, line)| line).to_lowercase();
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    let &["%%matrixmarket", "matrix", format, field, symmetry] = &words[..] else {
        return Err(damaged(
            1,
            "a file begins with `%%MatrixMarket matrix`, a format, a field and a symmetry",
        ));
    };
    let coordinates = match format {
        "coordinate" => true,
        "array" => false,
        _ => return Err(damaged(1, format!("unknown format {format:?}"))),
    };
    let field = match field {
        "real" | "double" => Field::Real,
        "integer" => Field::Integer,
        "complex" => Field::Complex,
        "pattern" if coordinates => Field::Pattern,
        _ => return Err(damaged(1, format!("unknown field {field:?}"))),
    };
    let symmetry = match symmetry {
        "general" => Symmetry::General,
        "symmetric" => Symmetry::Symmetric,
        "skew-symmetric" if field != Field::Pattern => Symmetry::Skew,
        "hermitian" if field == Field::Complex => Symmetry::Hermitian,
        _ => return Err(damaged(1, format!("unknown symmetry {symmetry:?}"))),
    };
    let mut lines = lines.filter(|(_, line)| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with('%')
    });
    let (at, line) = lines
        .next()
        .ok_or_else(|| damaged(1, "the size is missing"))?;
    let sizes: Option<Vec<usize>> = line
        .split_ascii_whitespace()
        .map(|w| w.parse().ok())
        .collect();
    let (rows, columns, entries) = match sizes.as_deref() {
        Some(&[rows, columns, entries]) if coordinates => (rows, columns, Some(entries)),
        Some(&[rows, columns]) if !coordinates => (rows, columns, None),
        _ => {
            return Err(damaged(
                at,
                "the size is whole numbers: rows, columns and, of coordinates, entries",
            ));
        }
    };
    if i64::try_from(rows).is_err() || i64::try_from(columns).is_err() {
        return Err(damaged(at, "the size overflows"));
    }
    if symmetry != Symmetry::General && rows != columns {
        return Err(damaged(
            at,
            "a symmetric matrix has as many rows as columns",
        ));
    }
    let mut values = match field {
        Field::Integer => Values::Integer(Vec::new()),
        Field::Complex => Values::Complex(Vec::new()),
        _ => Values::Real(Vec::new()),
    };
    let (mut row, mut column): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
    let mut parts = Vec::new();
    // the place of the next value of an array: column by column, of symmetric ones the lower triangle
    let above = |j: usize| match symmetry {
        Symmetry::General => 0,
        Symmetry::Skew => j + 1,
        _ => j,
    };
    let mut place = (above(0), 0usize);
    let mut found = 0usize;
    for (at, line) in lines {
        parts.clear();
        parts.extend(line.split_ascii_whitespace());
        let (i, j, rest) = if coordinates {
            let (Some(i), Some(j)) = (
                parts.first().and_then(|w| w.parse::<usize>().ok()),
                parts.get(1).and_then(|w| w.parse::<usize>().ok()),
            ) else {
                return Err(damaged(at, "an entry begins with its row and its column"));
            };
            if i == 0 || j == 0 || i > rows || j > columns {
                return Err(damaged(
                    at,
                    format!("entry ({i}, {j}) lies outside of {rows} × {columns}"),
                ));
            }
            (i - 1, j - 1, &parts[2..])
        } else {
            // at most once: only the last column of a triangle is empty, and without rows there are no values
            if place.0 >= rows && rows > 0 {
                place.1 += 1;
                place.0 = above(place.1);
            }
            let (i, j) = place;
            if i >= rows || j >= columns {
                return Err(damaged(at, "there are more values than elements"));
            }
            place.0 += 1;
            (i, j, &parts[..])
        };
        found += 1;
        if entries.is_some_and(|n| found > n) {
            return Err(damaged(at, "there are more entries than the size says"));
        }
        if field == Field::Pattern && rest.is_empty() {
            values.one();
        } else if values.push(rest).is_none() {
            return Err(damaged(
                at,
                format!("could not read the value {:?}", rest.join(" ")),
            ));
        }
        row.push(i as i64);
        column.push(j as i64);
        if symmetry != Symmetry::General && i != j {
            values.mirror(symmetry);
            row.push(j as i64);
            column.push(i as i64);
        }
    }
    let wanted = match (entries, symmetry) {
        (Some(n), _) => Some(n),
        (None, Symmetry::General) => rows.checked_mul(columns),
        (None, Symmetry::Skew) => rows.checked_mul(rows.saturating_sub(1)).map(|n| n / 2),
        (None, _) => rows
            .checked_add(1)
            .and_then(|n| n.checked_mul(rows))
            .map(|n| n / 2),
    };
    if wanted != Some(found) {
        return Err(Error::value(
            "read_matrix_market",
            format!("the file ends after {found} values; its size asks for more"),
        ));
    }
    let n = row.len();
    Ok(Entries {
        rows,
        columns,
        row: Raw::from_vec(row, &[n])?,
        column: Raw::from_vec(column, &[n])?,
        value: values.into_raw()?,
    })
}

impl Entries {
    /// The matrix with all its elements, zeros included.
    ///
    /// # Errors
    /// When it has more than [`MOST_DENSE`] elements, or more than [`ALWAYS_DENSE`] and [`DENSE_PER_ENTRY`] for each entry, and not
    /// as many entries; when there is no memory.
    pub fn dense(&self) -> Result<Raw> {
        let entries = self.value.len();
        let most = entries
            .saturating_mul(DENSE_PER_ENTRY)
            .clamp(ALWAYS_DENSE, MOST_DENSE)
            .max(entries);
        let count = self.rows.checked_mul(self.columns);
        let Some(count) = count.filter(|&n| n <= most) else {
            return Err(Error::value(
                "read_matrix_market",
                format!(
                    "a dense matrix of {} × {} elements for {} entries",
                    self.rows,
                    self.columns,
                    self.value.len()
                ),
            )
            .hint_in(
                "ask for the entries",
                "ask for the entries: `cv.io.read_matrix_market(file, entries=True)`",
            ));
        };
        let (row, column) = (self.row.to_vec::<i64>()?, self.column.to_vec::<i64>()?);
        let at = |k: usize| row[k] as usize * self.columns + column[k] as usize;
        let shape = [self.rows, self.columns];
        macro_rules! filled {
            ($t:ty, $add:expr) => {{
                storage::room("read_matrix_market", count * size_of::<$t>())?;
                let mut all = vec![<$t>::default(); count];
                for (k, v) in self.value.to_vec::<$t>()?.into_iter().enumerate() {
                    let place = &mut all[at(k)];
                    *place = $add(*place, v);
                }
                Raw::from_vec(all, &shape)
            }};
        }
        match self.value.dtype() {
            DType::I64 => filled!(i64, |a: i64, b: i64| a.wrapping_add(b)),
            DType::C128 => filled!(Complex<f64>, |a: Complex<f64>, b: Complex<f64>| a + b),
            _ => filled!(f64, |a: f64, b: f64| a + b),
        }
    }
}

/// Writes a matrix as an array, all its elements, to a file, which is replaced as a whole.
///
/// # Errors
/// When it has another number of axes than 2, or the system fails; the old file is there still.
pub fn save(path: &Path, x: &Raw) -> Result<()> {
    let &[rows, columns] = x.shape() else {
        return Err(Error::value(
            "write_matrix_market",
            format!("a matrix has 2 axes, not {}", x.shape().len()),
        ));
    };
    let x = x.concrete("write_matrix_market")?.transpose()?;
    let mut text = String::new();
    let field = match x.dtype() {
        d if d.is_complex() => "complex",
        d if d.is_float() => "real",
        _ => "integer",
    };
    _ = writeln!(
        text,
        "%%MatrixMarket matrix array {field} general\n{rows} {columns}"
    );
    match field {
        "complex" => {
            for v in x.cast(DType::C128)?.to_vec::<Complex<f64>>()? {
                _ = writeln!(text, "{:e} {:e}", v.re, v.im);
            }
        }
        "real" => {
            for v in x.cast(DType::F64)?.to_vec::<f64>()? {
                _ = writeln!(text, "{v:e}");
            }
        }
        _ if x.dtype() == DType::U64 => {
            for v in x.to_vec::<u64>()? {
                _ = writeln!(text, "{v}");
            }
        }
        _ => {
            for v in x.cast(DType::I64)?.to_vec::<i64>()? {
                _ = writeln!(text, "{v}");
            }
        }
    }
    replace("write_matrix_market", path, |writer| {
        writer
            .write_all(text.as_bytes())
            .map_err(|e| Error::io("write_matrix_market", e.to_string()))
    })
}
