//! Functions of the engine's third table: one object for each row, `cv.roll`, `cv.pad`, `cv.concatenate`.
//!
//! A call binds arguments by the row's signature, converts each once, by the form that the parameter's kind names, and
//! hands them to the row. What comes back is wrapped as the row says.
//!
//! What is no row: arrays made from Python's data or filled (`array`, `asarray`, `zeros`, `full`, `arange` …: `create`), ufuncs
//! and reductions (tables of their own), `fuse` and gradients (they take functions), dtypes, printing, and methods that
//! take `*shape` or `*axes` (`x.reshape(2, 3)`: `methods`).

use civita_core::dtype::DType;
use civita_core::functions::{
    FUNCTIONS, Form, FunctionRow, Given, Param, Returned, Returns, Value, take_warnings,
};
use civita_core::raw::Raw;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PySequence, PySlice, PyString, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, wrap};
use crate::convert::{self, array_of};
use crate::error::{Outcome, type_error};
use crate::gil;
use crate::reduction::write_out;
use crate::scalar::give;
use crate::ufunc::{output, signature_object};

// A function of whole arrays. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "function", module = "civita", frozen)]
pub struct Function(&'static FunctionRow);

/// Functions that return an array without axes where others return a scalar: those that make arrays, or views of them.
const ARRAYS: &[&str] = &[
    "array",
    "asarray",
    "ascontiguousarray",
    "asfortranarray",
    "astype",
    "broadcast_arrays",
    "broadcast_to",
    "copy",
    "cov",
    "diagonal",
    "empty_like",
    "expand_dims",
    "full_like",
    "isin",
    "matrix_transpose",
    "moveaxis",
    "ones_like",
    "pad",
    "permute_dims",
    "ravel",
    "reshape",
    "roll",
    "rollaxis",
    "squeeze",
    "swapaxes",
    "tensordot",
    "transpose",
    "unstack",
    "where",
    "zeros_like",
];

/// Lists may be nested as deep as arrays have axes.
const DEEPEST: usize = 64;

/// An argument, by the form that its parameter asks for.
fn value_of(ob: &Bound<'_, PyAny>, form: Form) -> Outcome<Value> {
    match form {
        Form::OptionalArray | Form::OptionalOperand if ob.is_none() => Ok(Value::None),
        Form::Array | Form::EachArray | Form::OptionalArray => {
            Ok(Value::Array(array_of(ob, None)?))
        }
        Form::Operand | Form::OptionalOperand => match convert::scalar_exact(ob)? {
            Some(scalar) => Ok(Value::Scalar(scalar)),
            None => Ok(Value::Array(array_of(ob, None)?)),
        },
        Form::Indices => {
            let x = array_of(ob, None)?;
            let of_nothing = x.is_empty() && ob.is_instance_of::<PyList>();
            Ok(Value::Array(if of_nothing {
                x.cast(DType::I64)?
            } else {
                x
            }))
        }
        Form::Arrays => many(ob),
        Form::DType if ob.is_none() => Ok(Value::None),
        Form::DType => Ok(Value::DType(crate::dtype::parse(ob)?)),
        Form::Plain | Form::Each => plain(ob, 0),
        Form::Out => Ok(Value::None),
    }
}

/// The arrays of a sequence, or the rows of an array.
fn many(ob: &Bound<'_, PyAny>) -> Outcome<Value> {
    let each = |items: &mut dyn Iterator<Item = Bound<'_, PyAny>>| -> Outcome<Value> {
        items
            .map(|o| Ok(Value::Array(array_of(&o, None)?)))
            .collect::<Outcome<_>>()
            .map(Value::List)
    };
    if let Ok(list) = ob.cast::<PyList>() {
        return each(&mut list.iter());
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        return each(&mut tuple.iter());
    }
    if ob.is_instance_of::<Array>()
        || ob.cast::<PySequence>().is_ok()
        || crate::buffer::has_buffer(ob)
    {
        let all = array_of(ob, None)?;
        let row = |i: usize| all.slice(&[civita_core::layout::SliceItem::Index(i as isize)]);
        let rows =
            (0..all.shape().first().copied().unwrap_or(0)).map(|i| Ok(Value::Array(row(i)?)));
        return rows.collect::<Outcome<_>>().map(Value::List);
    }
    Err(type_error(
        "the arrays to join are given as one sequence\n  hint: `cv.concatenate([a, b])`",
    ))
}

/// An object by its own type. What no kind takes is told by the name of its type.
fn plain(ob: &Bound<'_, PyAny>, depth: usize) -> Outcome<Value> {
    if ob.is_none() {
        return Ok(Value::None);
    }
    if let Some(scalar) = convert::scalar_exact(ob)? {
        return Ok(Value::Scalar(scalar));
    }
    if let Ok(text) = ob.cast::<PyString>() {
        return Ok(Value::Text(text.to_string()));
    }
    if let Ok(slice) = ob.cast::<PySlice>() {
        let end = |name: &str| -> Outcome<Option<isize>> { Ok(slice.getattr(name)?.extract()?) };
        return Ok(Value::Slice([end("start")?, end("stop")?, end("step")?]));
    }
    if let Some(raw) = crate::scalar::raw_of(ob)? {
        return Ok(Value::Scalar(raw.item()?));
    }
    let is_sequence = ob.is_instance_of::<PyList>() || ob.is_instance_of::<PyTuple>();
    if !is_sequence && let Some(raw) = convert::imported(ob)? {
        return Ok(Value::Array(raw));
    }
    if !is_sequence && let Some(scalar) = convert::scalar_like(ob)? {
        return Ok(Value::Scalar(scalar));
    }
    match ob.cast::<PySequence>() {
        Ok(sequence) if depth < DEEPEST => {
            let items = (0..sequence.len()?).map(|i| plain(&sequence.get_item(i)?, depth + 1));
            items.collect::<Outcome<_>>().map(Value::List)
        }
        _ => Ok(Value::Other(ob.get_type().name()?.to_string())),
    }
}

/// About how many elements a call works on: those of its arrays, times what integers may repeat.
fn elements(values: &[Value]) -> usize {
    values.iter().fold(1, |all: usize, value| {
        let times = match value {
            Value::Array(x) => x.len(),
            Value::List(items) => {
                let arrays = items.iter().filter_map(|v| match v {
                    Value::Array(x) => Some(x.len()),
                    _ => None,
                });
                arrays.sum()
            }
            Value::Scalar(civita_core::dtype::Scalar::Int(n)) => usize::try_from(*n).unwrap_or(1),
            _ => 1,
        };
        all.saturating_mul(times.max(1))
    })
}

impl Function {
    fn call<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, row) = (args.py(), self.0);
        let mut out = None;
        let mut values: SmallVec<[Value; 6]> = SmallVec::new();
        if kwargs.is_none() && row.takes_by_position(args.len()) {
            for (i, param) in row.params.iter().enumerate() {
                values.push(if i < args.len() {
                    argument(&args.get_item(i)?, param, &mut out)?
                } else {
                    param.default_value()
                });
            }
        } else {
            let mut keywords = Vec::new();
            for (name, value) in kwargs.iter().flat_map(|k| k.iter()) {
                keywords.push((name.extract::<PyBackedStr>()?, value));
            }
            let bound = row
                .bind(args.iter(), keywords)
                .map_err(|e| type_error(e.to_string()))?;
            for (param, given) in row.params.iter().zip(bound) {
                values.push(match given {
                    Given::Default => param.default_value(),
                    Given::One(ob) => argument(&ob, param, &mut out)?,
                    Given::Rest(all) => {
                        let all = all.iter().map(|ob| value_of(ob, param.form));
                        Value::List(all.collect::<Outcome<_>>()?)
                    }
                });
            }
        }
        let result = gil::work(py, elements(&values), || row.call(&mut values));
        let warnings = take_warnings();
        let result = result?;
        for text in warnings {
            warn(py, text)?;
        }
        match (result, out) {
            (Returned::One(x), Some(out)) => write_out(row.name, x, out),
            (result, _) => returned(py, row, result),
        }
    }
}

#[cold]
fn warn(py: Python<'_>, text: &str) -> Outcome<()> {
    let text = std::ffi::CString::new(text).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)?;
    Ok(())
}

/// The argument of a parameter; an output is put aside.
fn argument<'py>(
    ob: &Bound<'py, PyAny>,
    param: &Param,
    out: &mut Option<Bound<'py, Array>>,
) -> Outcome<Value> {
    if param.form == Form::Out {
        *out = output(ob)?;
    }
    value_of(ob, param.form)
}

/// What a call returned, as an object.
fn returned(py: Python<'_>, row: &FunctionRow, result: Returned) -> Outcome<Py<PyAny>> {
    let one = |x: Raw| match ARRAYS.contains(&row.name) {
        true => wrap(py, x),
        false => give(py, x),
    };
    let objects = |all: Vec<Raw>| all.into_iter().map(one).collect::<Outcome<Vec<_>>>();
    let one_or_tuple = |mut all: Vec<Py<PyAny>>| -> Outcome<Py<PyAny>> {
        match all.pop() {
            Some(one) if all.is_empty() => Ok(one),
            last => {
                all.extend(last);
                Ok(PyTuple::new(py, all)?.into_any().unbind())
            }
        }
    };
    match (result, row.returns) {
        (Returned::One(x), _) => one(x),
        (Returned::Several(all), Returns::List(_)) => {
            Ok(PyList::new(py, objects(all)?)?.into_any().unbind())
        }
        (Returned::Several(all), Returns::Tuple(_)) => {
            Ok(PyTuple::new(py, objects(all)?)?.into_any().unbind())
        }
        (Returned::Several(all), _) => one_or_tuple(objects(all)?),
        (Returned::WithList(x, all), _) => {
            let all = PyList::new(py, objects(all)?)?.into_any().unbind();
            Ok(PyTuple::new(py, [one(x)?, all])?.into_any().unbind())
        }
        (Returned::Asked(all), _) => one_or_tuple(objects(all.into_iter().flatten().collect())?),
        (Returned::Bool(v), _) => Ok(v.into_py_any(py)?),
        (Returned::Count(n), _) => Ok(n.into_py_any(py)?),
        (Returned::Shape(shape), _) => Ok(PyTuple::new(py, shape)?.into_any().unbind()),
    }
}

/// The row of a name that Python's own functions and methods of arrays call too.
pub fn call_row(
    py: Python<'_>,
    name: &'static str,
    first: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> Outcome<Py<PyAny>> {
    let Some(row) = FunctionRow::find(name) else {
        return Err(type_error(format!("there is no function {name}")));
    };
    Function(row).call(&PyTuple::new(py, [first])?, options)
}

#[pymethods]
impl Function {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        // the sum of a diagonal in NumPy, a function as data in JAX: what is called with tells them apart
        if self.0.name == "trace"
            && let Ok(first) = args.get_item(0)
            && first.is_callable()
        {
            let trace = args.py().import("civita.autograd")?.getattr("trace")?;
            return Ok(trace.call(args, kwargs)?.unbind());
        }
        self.call(args, kwargs)
    }

    /// NumPy's name of the function.
    #[getter]
    fn __name__(&self) -> &'static str {
        self.0.name
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.0.name
    }

    #[getter]
    fn __doc__(&self) -> String {
        let row = self.0;
        let doc: Vec<&str> = row.doc.lines().map(str::trim).collect();
        let torch = match row.torch {
            "" => String::new(),
            name => format!("\n\nIn PyTorch `{name}`."),
        };
        format!(
            "{}{}\n\n{}\n\n>>> print(cv.{})\n{}{torch}",
            row.name,
            row.signature(false),
            doc.join("\n").trim(),
            row.example.python,
            row.example.prints,
        )
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        self.0.signature(false)
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        signature_object(py, &self.0.signature(false))
    }

    fn __repr__(&self) -> String {
        format!("<function '{}'>", self.0.name)
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.0.name
    }
}

/// A function as an attribute of the array class: on an array it is a bound method.
#[pyclass(module = "civita", frozen)]
struct Method(Py<Function>);

#[pymethods]
impl Method {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        array: &Bound<'py, PyAny>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = owner;
        let (py, function) = (slf.py(), &slf.get().0);
        if array.is_none() {
            return Ok(function.bind(py).clone().into_any());
        }
        static BOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let bound = BOUND.get_or_try_init(py, || {
            Ok::<_, PyErr>(py.import("types")?.getattr("MethodType")?.unbind())
        })?;
        bound.bind(py).call1((function, array))
    }

    #[getter]
    fn __doc__(&self, py: Python<'_>) -> String {
        self.0.bind(py).get().__doc__()
    }
}

/// Adds a function for each row, under its name and its aliases, and the methods that rows name.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add_class::<Function>()?;
    let arrays = py.get_type::<Array>();
    for row in FUNCTIONS {
        let function = Py::new(py, Function(row))?;
        for name in std::iter::once(&row.name).chain(row.aliases) {
            m.add(*name, &function)?;
        }
        if let Some(name) = row.method {
            arrays.setattr(name, Method(function))?;
        }
    }
    Ok(())
}
