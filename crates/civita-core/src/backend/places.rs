//! Indices as places along an axis: one rule for all backends.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::primitive::OUTSIDE;
use crate::raw::Mode;

/// Indices are integers.
pub(super) fn check_dtype(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_integer() {
        return Ok(());
    }
    let error = Error::dtype(op, format!("indices are integers, not {dtype}")).dtypes(&[dtype]);
    Err(match dtype {
        DType::Bool => error.hint_in(
            "a boolean mask goes to `select`",
            "a boolean mask is an index: `x[mask]`",
        ),
        _ => error.hint_cast("convert them first", DType::I64),
    })
}

/// Each index as a place along an axis of this length.
pub(super) fn of_indices(
    op: &'static str,
    values: Vec<i64>,
    len: usize,
    mode: Mode,
) -> Result<Vec<usize>> {
    let n = len as i64;
    values
        .into_iter()
        .map(|i| {
            let at = match mode {
                Mode::Raise if i < 0 => i + n,
                Mode::Raise => i,
                Mode::Wrap if n > 0 => i.rem_euclid(n),
                Mode::Clip if n > 0 => i.clamp(0, n - 1),
                Mode::Wrap | Mode::Clip => -1, // nothing is in range
            };
            if (0..n).contains(&at) {
                return Ok(at as usize);
            }
            if i == OUTSIDE {
                return Err(
                    Error::index(op, "an index is out of bounds for its axis").rule(format!(
                        "each of several indices is checked against its own axis; together they have {len} places"
                    )),
                );
            }
            let error = Error::index(
                op,
                format!("index {i} is out of range for an axis of length {len}"),
            );
            Err(match n {
                0 => error.rule("an axis of length 0 has no element"),
                _ => error.rule(format!("indices go from {} to {}", -n, n - 1)),
            })
        })
        .collect()
}
