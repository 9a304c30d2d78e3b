//! Floating-point faults that functions tell of, as NumPy's do: in which ufunc they happen.

use civita_core::dtype::Scalar;
use civita_core::functions::{FunctionRow, Property, Returned, Value};
use civita_core::raw::{Operand, Raw};
use pyo3::prelude::*;
use smallvec::SmallVec;

use crate::error::Outcome;
use crate::errstate;

/// Functions that tell of the faults of their arithmetic, under the names by which NumPy's are told: those of the ufuncs that they are made
/// of.
pub(super) const TELLS: &[(&str, &str)] = &[
    ("clip", "cast"),
    ("concatenate", "cast"),
    ("cross", "multiply"),
    ("cumprod", "accumulate"),
    ("cumsum", "accumulate"),
    ("cumulative_prod", "accumulate"),
    ("cumulative_sum", "accumulate"),
    ("diff", "subtract"),
    ("ediff1d", "subtract"),
    ("geomspace", "cast"),
    ("gradient", "subtract"),
    ("hstack", "cast"),
    ("i0", "exp"),
    ("kron", "multiply"),
    ("linspace", "cast"),
    ("logspace", "power"),
    ("median", "reduce"),
    ("nan_to_num", "cast"),
    ("nancumprod", "accumulate"),
    ("nancumsum", "accumulate"),
    ("nanmean", "reduce"),
    ("nanprod", "reduce"),
    ("nanstd", "multiply"),
    ("nansum", "reduce"),
    ("nanvar", "multiply"),
    ("outer", "multiply"),
    ("pad", "cast"),
    ("ptp", "subtract"),
    ("round", "multiply"),
    ("select", "cast"),
    ("sinc", "sin"),
    ("stack", "cast"),
    ("trapezoid", "add"),
    ("unwrap", "remainder"),
    ("vander", "accumulate"),
    ("vstack", "cast"),
];

/// What a function that tells of faults was given.
pub(super) struct Inputs {
    arrays: SmallVec<[Raw; 2]>,
    numbers: SmallVec<[Scalar; 2]>,
    /// Whether a number is infinite or NaN, or elements are arbitrary: then nothing can be told of the result.
    unknown: bool,
    /// Whether no element changes: arrays that are joined in a dtype of their own.
    unchanged: bool,
}

impl Inputs {
    pub(super) fn of(row: &FunctionRow, values: &[Value<'_>]) -> Inputs {
        let mut inputs = Inputs {
            arrays: SmallVec::new(),
            numbers: SmallVec::new(),
            unknown: false,
            unchanged: row.has(Property::Joins)
                && !values.iter().any(|v| matches!(v, Value::DType(_))),
        };
        if !inputs.unchanged {
            values.iter().for_each(|value| inputs.note(value));
        }
        inputs
    }

    fn note(&mut self, value: &Value<'_>) {
        match value {
            Value::Array(x) => self.arrays.push((**x).clone()),
            Value::Scalar(s) => {
                let v = s.as_complex();
                self.numbers.push(*s);
                self.unknown |= !(v.re.is_finite() && v.im.is_finite());
            }
            Value::List(all) => all.iter().for_each(|value| self.note(value)),
            Value::Dict(all) => all.iter().for_each(|(_, value)| self.note(value)),
            Value::Text(word) => self.unknown |= &**word == "empty",
            _ => {}
        }
    }

    pub(super) fn check(
        &self,
        py: Python<'_>,
        name: &'static str,
        result: &Returned,
    ) -> Outcome<()> {
        let first = match result {
            Returned::One(x) => Some(x),
            Returned::Several(all) | Returned::Tuple(all) => all.first(),
            Returned::Asked(all) => all.first().and_then(Option::as_ref),
            Returned::WithList(all) => Some(&all.0),
            _ => None,
        };
        let Some(x) = first else {
            return Ok(());
        };
        // what overflows on the way to fewer bits, and the rest, where it was told already
        let narrow = name != "cast" || errstate::is_narrow(x.dtype());
        if name == "cast"
            && narrow
            && self
                .numbers
                .iter()
                .any(|s| errstate::overflows(*s, x.dtype()))
        {
            let numbers: SmallVec<[Operand<'_>; 2]> =
                self.numbers.iter().map(|s| Operand::Scalar(*s)).collect();
            return errstate::check_weak(py, &numbers, x.dtype());
        }
        if self.unknown || self.unchanged || !narrow || errstate::is_quiet(x.dtype()) {
            return Ok(());
        }
        let arrays: SmallVec<[&Raw; 2]> = self.arrays.iter().collect();
        errstate::check_fold(py, name, &arrays, x)
    }
}
