//! What `civita/_files.py` and `civita/io.py` ask of the engine: headers of npy files, whole files, tables of numbers, other formats.

use std::path::{Path, PathBuf};

use civita_core::dtype::{DType, Kind};
use civita_core::error::Result as EngineResult;
use civita_core::raw::Raw;
use civita_io::csv::{self, Column, Written};
#[cfg(feature = "images")]
use civita_io::images;
use civita_io::npy::{self, Header};
use civita_io::text::{self, Delimiter};
use civita_io::{market, safetensors};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::array::{Array, wrap};
use crate::dtype::{ByteOrder, PyDType, parse, parse_in_order};
use crate::error::{Outcome, value_error};
use crate::gil;

/// Dtype, whether in Fortran order, and shape, from the text of a header.
#[pyfunction]
fn _npy_parse<'py>(
    py: Python<'py>,
    text: &str,
) -> Outcome<(Py<PyDType>, bool, Bound<'py, PyTuple>)> {
    let header = Header::parse(text)?;
    header.size()?;
    let order = match header.swapped {
        true => ByteOrder::Swapped,
        false => ByteOrder::Native,
    };
    let dtype = PyDType::in_order(py, header.dtype, order);
    Ok((dtype, header.fortran_order, PyTuple::new(py, header.shape)?))
}

/// Everything that stands before the elements.
#[pyfunction]
fn _npy_header<'py>(
    py: Python<'py>,
    dtype: &Bound<'py, PyAny>,
    fortran_order: bool,
    shape: Vec<usize>,
) -> Outcome<Bound<'py, PyBytes>> {
    let (dtype, order) = parse_in_order(dtype)?;
    let header = Header {
        dtype,
        swapped: order == ByteOrder::Swapped,
        fortran_order,
        shape,
    };
    Ok(PyBytes::new(py, &header.to_bytes()?))
}

/// Writes an array to a file, which is replaced as a whole.
#[pyfunction]
fn _npy_save(py: Python<'_>, path: PathBuf, array: &Bound<'_, Array>) -> Outcome<()> {
    let raw = array.get().raw();
    let raw = &*raw;
    Ok(gil::released(py, || npy::save(&path, raw))?)
}

/// The numbers of a text as an array with two axes.
#[pyfunction]
#[pyo3(signature = (bytes, delimiter, comment, skip, max_rows, columns, dtype))]
#[allow(clippy::too_many_arguments)]
fn _parse_table(
    py: Python<'_>,
    bytes: &Bound<'_, PyBytes>,
    delimiter: Option<&str>,
    comment: Option<&str>,
    skip: usize,
    max_rows: Option<usize>,
    columns: Option<Vec<isize>>,
    dtype: &Bound<'_, PyAny>,
) -> Outcome<Py<PyAny>> {
    let dtype = parse(dtype)?;
    let bytes = bytes.as_bytes();
    let byte = |text: &str| -> Outcome<u8> {
        match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(value_error("a delimiter is one ASCII character")),
        }
    };
    let options = text::Options {
        delimiter: match delimiter {
            None => Delimiter::Blanks,
            Some(text) => Delimiter::Byte(byte(text)?),
        },
        comment: comment.map(byte).transpose()?,
        skip,
        most: max_rows,
        columns: columns.as_deref(),
        kind: dtype.name(),
    };
    let raw = gil::released(py, || -> Outcome<Raw> {
        match dtype.kind() {
            Kind::Signed | Kind::Unsigned => {
                let table = text::table(bytes, &options, text::integer)?;
                let bits = dtype.size() as u32 * 8;
                let fits = |v: &i64| match dtype.kind() {
                    Kind::Unsigned => u64::try_from(*v).is_ok_and(|v| v <= u64::MAX >> (64 - bits)),
                    _ => (i64::MIN >> (64 - bits)..=i64::MAX >> (64 - bits)).contains(v),
                };
                if !table.values.iter().all(fits) {
                    return Err(value_error(format!(
                        "an integer of the table does not fit into {dtype}"
                    )));
                }
                Ok(Raw::from_vec(table.values, &[table.rows, table.columns])?)
            }
            _ => {
                let table = text::table(bytes, &options, text::float)?;
                Ok(Raw::from_vec(table.values, &[table.rows, table.columns])?)
            }
        }
    })?;
    let same = raw.dtype() == dtype || dtype == DType::F64;
    wrap(py, if same { raw } else { raw.cast(dtype)? })
}

/// What is read: bytes, or the file of a path.
enum Source<'py> {
    Bytes(Bound<'py, PyBytes>),
    Path(PathBuf),
}

impl<'py> Source<'py> {
    fn of(ob: &Bound<'py, PyAny>) -> Outcome<Source<'py>> {
        match ob.cast::<PyBytes>() {
            Ok(bytes) => Ok(Source::Bytes(bytes.clone())),
            Err(_) => Ok(Source::Path(ob.extract()?)),
        }
    }

    /// Reads with the interpreter released.
    fn read<R: Send>(
        &self,
        py: Python<'_>,
        bytes: impl Fn(&[u8]) -> EngineResult<R> + Send,
        path: impl Fn(&Path) -> EngineResult<R> + Send,
    ) -> Outcome<R> {
        Ok(match self {
            Source::Bytes(b) => {
                let b = b.as_bytes();
                gil::released(py, move || bytes(b))
            }
            Source::Path(p) => gil::released(py, move || path(p)),
        }?)
    }
}

fn delimiter_of(text: &str) -> Outcome<u8> {
    match text.as_bytes() {
        [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(value_error(format!(
            "a delimiter is one ASCII character, no quote and no newline, not {text:?}"
        ))),
    }
}

/// The columns of a CSV file: name and array or list of texts.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn _csv_read(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    delimiter: &str,
    header: bool,
    skip: usize,
    max_rows: Option<usize>,
    columns: Option<Vec<String>>,
    dtypes: Vec<(String, Bound<'_, PyAny>)>,
    missing: Vec<String>,
) -> Outcome<Vec<(String, Py<PyAny>)>> {
    let dtypes = dtypes
        .iter()
        .map(|(name, dtype)| Ok((name.as_str(), parse(dtype)?)))
        .collect::<Outcome<Vec<_>>>()?;
    let columns: Option<Vec<&str>> = columns
        .as_ref()
        .map(|names| names.iter().map(String::as_str).collect());
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let options = csv::Options {
        delimiter: delimiter_of(delimiter)?,
        header,
        skip,
        most: max_rows,
        columns: columns.as_deref(),
        dtypes: &dtypes,
        missing: &missing,
    };
    let found =
        Source::of(source)?.read(py, |b| csv::read(b, &options), |p| csv::load(p, &options))?;
    found
        .into_iter()
        .map(|(name, column)| {
            let column = match column {
                Column::Numbers(raw) => wrap(py, raw)?,
                Column::Text(text) => text.into_pyobject(py)?.into_any().unbind(),
            };
            Ok((name, column))
        })
        .collect()
}

/// Writes columns, arrays or lists of texts, to a CSV file.
#[pyfunction]
fn _csv_write(
    py: Python<'_>,
    path: PathBuf,
    columns: Vec<(String, Bound<'_, PyAny>)>,
    delimiter: &str,
) -> Outcome<()> {
    enum Held {
        Numbers(Raw),
        Text(Vec<String>),
    }
    let delimiter = delimiter_of(delimiter)?;
    let held = columns
        .iter()
        .map(|(name, column)| {
            let column = match column.cast::<Array>() {
                Ok(array) => Held::Numbers(array.get().raw().clone()),
                Err(_) => Held::Text(column.extract()?),
            };
            Ok((name.as_str(), column))
        })
        .collect::<Outcome<Vec<_>>>()?;
    let written: Vec<(&str, Written<'_>)> = held
        .iter()
        .map(|(name, column)| match column {
            Held::Numbers(raw) => (*name, Written::Numbers(raw)),
            Held::Text(text) => (*name, Written::Text(text)),
        })
        .collect();
    Ok(gil::released(py, || csv::save(&path, &written, delimiter))?)
}

/// The tensors of a safetensors file by name, and its texts.
#[pyfunction]
#[allow(clippy::type_complexity)]
fn _safetensors_load(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
) -> Outcome<(Vec<(String, Py<PyAny>)>, Vec<(String, String)>)> {
    let found = Source::of(source)?.read(py, safetensors::read, safetensors::load)?;
    let tensors = found
        .tensors
        .into_iter()
        .map(|(name, raw)| Ok((name, wrap(py, raw)?)))
        .collect::<Outcome<Vec<_>>>()?;
    Ok((tensors, found.metadata))
}

/// Writes tensors and texts to a safetensors file.
#[pyfunction]
fn _safetensors_save(
    py: Python<'_>,
    path: PathBuf,
    tensors: Vec<(String, Bound<'_, Array>)>,
    metadata: Vec<(String, String)>,
) -> Outcome<()> {
    let raws: Vec<(&str, Raw)> = tensors
        .iter()
        .map(|(name, array)| (name.as_str(), array.get().raw().clone()))
        .collect();
    let tensors: Vec<(&str, &Raw)> = raws.iter().map(|(name, raw)| (*name, raw)).collect();
    let metadata: Vec<(&str, &str)> = metadata
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    Ok(gil::released(py, || {
        safetensors::save(&path, &tensors, &metadata)
    })?)
}

/// The matrix of a Matrix Market file.
#[pyfunction]
fn _market_read(py: Python<'_>, source: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let dense = Source::of(source)?.read(
        py,
        |b| market::read(b)?.dense(),
        |p| market::load(p)?.dense(),
    )?;
    wrap(py, dense)
}

/// Values, rows, columns and shape of a Matrix Market file.
#[pyfunction]
#[allow(clippy::type_complexity)]
fn _market_entries(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
) -> Outcome<(Py<PyAny>, Py<PyAny>, Py<PyAny>, (usize, usize))> {
    let found = Source::of(source)?.read(py, market::read, market::load)?;
    Ok((
        wrap(py, found.value)?,
        wrap(py, found.row)?,
        wrap(py, found.column)?,
        (found.rows, found.columns),
    ))
}

/// Writes a matrix to a Matrix Market file.
#[pyfunction]
fn _market_write(py: Python<'_>, path: PathBuf, array: &Bound<'_, Array>) -> Outcome<()> {
    let raw = array.get().raw();
    let raw = &*raw;
    Ok(gil::released(py, || market::save(&path, raw))?)
}

/// The picture of a PNG or JPEG file.
#[cfg(feature = "images")]
#[pyfunction]
fn _image_read(py: Python<'_>, source: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let found = Source::of(source)?.read(py, images::read, images::load)?;
    wrap(py, found)
}

/// Writes a picture to a PNG or JPEG file.
#[cfg(feature = "images")]
#[pyfunction]
fn _image_write(py: Python<'_>, path: PathBuf, array: &Bound<'_, Array>) -> Outcome<()> {
    let raw = array.get().raw();
    let raw = &*raw;
    Ok(gil::released(py, || images::save(&path, raw))?)
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_npy_parse, m)?)?;
    m.add_function(wrap_pyfunction!(_npy_header, m)?)?;
    m.add_function(wrap_pyfunction!(_npy_save, m)?)?;
    m.add_function(wrap_pyfunction!(_csv_read, m)?)?;
    m.add_function(wrap_pyfunction!(_csv_write, m)?)?;
    m.add_function(wrap_pyfunction!(_safetensors_load, m)?)?;
    m.add_function(wrap_pyfunction!(_safetensors_save, m)?)?;
    m.add_function(wrap_pyfunction!(_market_read, m)?)?;
    m.add_function(wrap_pyfunction!(_market_entries, m)?)?;
    m.add_function(wrap_pyfunction!(_market_write, m)?)?;
    #[cfg(feature = "images")]
    m.add_function(wrap_pyfunction!(_image_read, m)?)?;
    #[cfg(feature = "images")]
    m.add_function(wrap_pyfunction!(_image_write, m)?)?;
    m.add_function(wrap_pyfunction!(_parse_table, m)?)
}
