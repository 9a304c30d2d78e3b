//! `cv.rows()`: the engine's tables as data, for tests, stubs and documentation.

use civita_core::dtype::DType;
use civita_core::functions::{FUNCTIONS, Form, FunctionRow, Property, Returns};
use civita_core::ops::{Gradient, REDUCTIONS, ROWS, gradient_of};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// One dict for each row of the engine's tables. Elementwise rows: `name`, `numpy`, `torch`, `doc`, `arity`, `class`,
/// `loops` (dtypes of the inputs, dtype of the result), `samples`, `differentiable`, `zero_gradient`, `why_not`,
/// `example`, `prints`, `device`, `kind` = "elementwise". Reductions: `kind` = "reduction", `empty`, and the same where it makes sense. Functions: `kind` = "function",
/// `aliases`, `signature`, `stub`, `method`, `laws`, `oracle`, `rust`, `reads_values` (a batch of them can be an error), and the same where it makes sense.
#[pyfunction]
fn rows(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for row in ROWS {
        let d = PyDict::new(py);
        d.set_item("kind", "elementwise")?;
        d.set_item("name", row.name)?;
        d.set_item("numpy", row.numpy)?;
        d.set_item("torch", row.torch)?;
        d.set_item("doc", lines(row.doc))?;
        d.set_item("arity", row.arity)?;
        d.set_item("class", format!("{:?}", row.class))?;
        // which dtype comes out of inputs that are all of one dtype; those that the op refuses are missing
        let loops = PyList::empty(py);
        for dtype in DType::ALL {
            let inputs = vec![dtype; row.arity];
            if let Ok(signature) = row.op.signature(&inputs) {
                loops.append((dtype.name(), signature.output.name()))?;
            }
        }
        d.set_item("loops", loops)?;
        let samples: Vec<Vec<f64>> = row
            .samples
            .iter()
            .map(|s| s[..row.arity].to_vec())
            .collect();
        d.set_item("samples", samples)?;
        let (differentiable, zero, why) = match gradient_of(row.op) {
            Gradient::Zero => (true, true, None),
            Gradient::None(why) => (false, false, Some(why)),
            _ => (true, false, None),
        };
        d.set_item("differentiable", differentiable)?;
        d.set_item("zero_gradient", zero)?;
        d.set_item("why_not", why)?;
        d.set_item("device", row.device)?;
        d.set_item("example", row.example.0)?;
        d.set_item("prints", row.example.1)?;
        list.append(d)?;
    }
    for row in REDUCTIONS {
        let d = PyDict::new(py);
        d.set_item("kind", "reduction")?;
        d.set_item("name", row.name)?;
        d.set_item("numpy", row.numpy)?;
        d.set_item("torch", row.torch)?;
        d.set_item("doc", lines(row.doc))?;
        d.set_item("arity", 1)?;
        d.set_item("class", format!("{:?}", row.class))?;
        let loops: Vec<(&str, &str)> = DType::ALL
            .into_iter()
            .map(|t| (t.name(), row.class.result(t).name()))
            .collect();
        d.set_item("loops", loops)?;
        d.set_item("empty", row.empty)?;
        d.set_item("differentiable", row.no_gradient.is_none())?;
        d.set_item("why_not", row.no_gradient)?;
        d.set_item("example", row.example.0)?;
        d.set_item("prints", row.example.1)?;
        list.append(d)?;
    }
    for row in FUNCTIONS {
        list.append(function(py, row)?)?;
    }
    Ok(list)
}

fn function<'py>(py: Python<'py>, row: &FunctionRow) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    d.set_item("kind", "function")?;
    d.set_item("name", row.name)?;
    d.set_item("numpy", row.name)?;
    d.set_item("written", matches!(row.returns, Returns::Written))?;
    d.set_item("aliases", row.aliases)?;
    d.set_item("torch", row.torch)?;
    d.set_item("doc", lines(row.doc))?;
    let of = |form: Form| -> Vec<&str> {
        let params = row.params.iter().filter(|p| p.form == form);
        params.map(|p| p.name).collect()
    };
    d.set_item("arrays", of(Form::Array))?;
    d.set_item("dtypes", of(Form::DType))?;
    d.set_item(
        "parameters",
        row.params.iter().map(|p| p.name).collect::<Vec<_>>(),
    )?;
    d.set_item("positional", row.positional)?;
    d.set_item("positional_only", row.positional_only)?;
    d.set_item("signature", row.signature(false))?;
    d.set_item(
        "stub",
        format!("{} -> {}", row.signature(true), returns(row.returns)),
    )?;
    d.set_item("method", row.method)?;
    d.set_item(
        "method_stub",
        format!("{} -> {}", row.method_signature(true), returns(row.returns)),
    )?;
    d.set_item("differentiable", row.no_gradient.is_none())?;
    d.set_item("why_not", row.no_gradient)?;
    d.set_item("reads_values", row.has(Property::ReadsValues))?;
    d.set_item("samples", row.samples)?;
    d.set_item("laws", row.laws)?;
    d.set_item("oracle", row.oracle)?;
    d.set_item("example", row.example.python)?;
    d.set_item("prints", row.example.prints)?;
    d.set_item("rust", row.example.rust)?;
    Ok(d)
}

fn returns(returns: Returns) -> &'static str {
    match returns {
        Returns::One(_) => "ndarray",
        Returns::List(_) => "list[ndarray]",
        Returns::Tuple(_) => "tuple[ndarray, ...]",
        Returns::OneOrTuple(_) | Returns::Asked(_) => "Any",
        Returns::Plain(stub) => stub,
        Returns::Written => "None",
    }
}

fn lines(doc: &str) -> String {
    doc.lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

/// Adds the function to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(rows, m)?)
}
