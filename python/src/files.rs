//! What `civita/_files.py` asks of the engine: headers of npy files, whole files, tables of numbers.

use std::path::PathBuf;

use civita_core::dtype::{DType, Kind};
use civita_core::raw::Raw;
use civita_io::npy::{self, Header};
use civita_io::text::{self, Delimiter};
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
    Ok(PyBytes::new(py, &header.to_bytes()))
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

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_npy_parse, m)?)?;
    m.add_function(wrap_pyfunction!(_npy_header, m)?)?;
    m.add_function(wrap_pyfunction!(_npy_save, m)?)?;
    m.add_function(wrap_pyfunction!(_parse_table, m)?)
}
