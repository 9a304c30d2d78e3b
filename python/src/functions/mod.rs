//! Functions of the engine's third table: one object for each row, `cv.roll`, `cv.pad`, `cv.concatenate`.
//!
//! A call binds arguments by the row's signature, converts each once, by the form that the parameter's kind names, and
//! hands them to the row. What comes back is wrapped as the row says.
//!
//! What is no row: arrays made from Python's data or filled (`array`, `asarray`, `zeros`, `full`, `arange` …: `create`), ufuncs
//! and reductions (tables of their own), `fuse` and gradients (they take functions), dtypes, printing, and methods that
//! take `*shape` or `*axes` (`x.reshape(2, 3)`: `methods`).

mod arguments;
mod faults;

use std::ffi::CStr;

use civita_core::dtype::{Casting, DType, Scalar, can_cast, promote};
use civita_core::functions::{
    Composed, FUNCTIONS, Form, FunctionRow, Given, Held, Kind, Param, Property, Returned, Returns,
    Value, take_warnings,
};
use civita_core::primitive::Out;
use civita_core::raw::Raw;
use civita_core::storage::{Access, Storage};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBool, PyDict, PyList, PyString, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, in_order, wrap, wrap_view};
use crate::call::{Arguments, Callable, CallableClass, with_arguments};
use crate::convert;
use crate::dtype::{ByteOrder, order_of};
use crate::error::{Outcome, type_error, value_error};
use crate::errstate;
use crate::gil;
use crate::overrides;
use crate::reduction::{dtype_for, write_out_as};
use crate::scalar::{Generic, give};
use crate::ufunc::signature_object;
use arguments::{Aside, DEEPEST, argument, short, subscripts, value_of};
use faults::{Inputs, TELLS};

// A function of whole arrays. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "_function", module = "civita", frozen, subclass)]
pub struct Function {
    row: &'static FunctionRow,
    manner: Manner,
}

/// What a row says of how its function is called, looked up once.
#[derive(Clone, Copy)]
struct Manner {
    /// The signature of a generalised ufunc, whose calls ask `__array_ufunc__`.
    generalised: Option<&'static str>,
    makes_arrays: bool,
    takes_like: bool,
    makes_leaves: bool,
    takes_out_or_dtype: bool,
    /// The class of its tuples, where that has a name.
    named: Option<&'static str>,
    /// How deep arrays may lie in lists and tuples.
    depth: usize,
    /// Whether a call without keywords goes to the row as it is.
    plain: bool,
    /// Whether a scalar's result is a scalar.
    keeps_scalars: bool,
    /// Whether no element is touched, however many there are.
    views: bool,
    /// Whether the faults of its arithmetic are told.
    multiplies: bool,
    /// Under what name faults are told that the result shows.
    tells: Option<&'static str>,
    /// Whether the result cannot be written.
    read_only: bool,
    /// Bit n: whether n arguments by position need no binding.
    by_position: u32,
    /// Whether its axes are those of a fold, which are no booleans.
    folds: bool,
    /// The place of a parameter `casting`.
    casting: Option<usize>,
    /// The place of the output.
    out: Option<usize>,
    /// The place of a parameter `dtype`.
    dtype: Option<usize>,
    /// The place of the array in whose dtype and byte order the result is, though it is a copy.
    keeps_order: Option<usize>,
    /// Whether an argument that is as asked is returned itself.
    keeps_itself: bool,
    /// Whether elements of a list must fit the dtype, as where an array is made of it.
    fits: bool,
    /// Whether floats without a fraction are integers.
    whole_floats: bool,
    /// Whether `dtype` is what is computed in, so that its byte order is not the result's.
    computes_in: bool,
}

impl Manner {
    fn of(row: &FunctionRow) -> Manner {
        let depth = |param: &Param| match param.form {
            Form::Nested => DEEPEST,
            Form::Arrays | Form::Operands => 1,
            _ => 0,
        };
        Manner {
            generalised: row.properties.iter().find_map(|property| match property {
                Property::Generalised(signature) => Some(*signature),
                _ => None,
            }),
            makes_arrays: row.has(Property::MakesArrays),
            takes_like: row.has(Property::TakesLike),
            makes_leaves: row.has(Property::MakesLeaves),
            takes_out_or_dtype: row.has(Property::OutOrDtype),
            named: row
                .properties
                .iter()
                .find_map(named_tuple)
                .map(|(class, _)| class),
            depth: row.params.iter().map(depth).max().unwrap_or(0),
            plain: !["pad", "trace", "nan_to_num"].contains(&row.name),
            keeps_scalars: row.has(Property::ScalarMethod),
            views: row.has(Property::View),
            multiplies: row.has(Property::Product),
            tells: (TELLS.iter())
                .find(|(name, _)| *name == row.name)
                .map(|(_, told)| *told),
            read_only: row.has(Property::ReadOnly),
            by_position: (0..=row.positional.min(31))
                .filter(|&n| row.takes_by_position(n))
                .fold(0, |all, n| all | 1 << n),
            folds: REFUSE_BOOLEANS.contains(&row.name),
            casting: row.params.iter().position(|p| p.name == "casting"),
            out: row.params.iter().position(|p| p.form == Form::Out),
            dtype: row.params.iter().position(|p| p.name == "dtype"),
            keeps_order: row.properties.iter().find_map(|property| match property {
                Property::KeepsOrder(at) => Some(*at),
                _ => None,
            }),
            keeps_itself: row.has(Property::KeepsItself),
            fits: row.name == "asarray_chkfinite",
            whole_floats: row.has(Property::WholeFloats),
            computes_in: row.has(Property::Folds),
        }
    }

    /// Whether so many arguments by position need no binding.
    #[inline]
    fn takes_by_position(&self, given: usize) -> bool {
        given < 32 && self.by_position >> given & 1 == 1
    }
}

/// Functions whose axis is no boolean, as that of folds is none; others take `True` for 1, as NumPy's do.
const REFUSE_BOOLEANS: [&str; 14] = [
    "nansum",
    "nanprod",
    "nanmax",
    "nanmin",
    "nanmean",
    "nanvar",
    "nanstd",
    "nanargmax",
    "nanargmin",
    "ptp",
    "count_nonzero",
    "squeeze",
    "trapezoid",
    "unwrap",
];

/// An axis of a fold is no boolean, alone or in a tuple.
#[inline]
fn check_no_boolean(axis: &Bound<'_, PyAny>) -> Outcome<()> {
    let is = |ob: &Bound<'_, PyAny>| ob.is_instance_of::<PyBool>();
    let found = match axis.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().any(|ob| is(&ob)),
        Err(_) => is(axis),
    };
    match found {
        true => Err(type_error("an integer is required: an axis is no boolean")),
        false => Ok(()),
    }
}

/// By the rule `'no'` the arrays have the byte order of the result too.
#[cold]
fn check_orders(
    rule: &Bound<'_, PyAny>,
    given: &[Bound<'_, PyAny>],
    said: Option<ByteOrder>,
) -> Outcome<()> {
    let Some(arrays) = given.first().filter(|_| rule.eq("no").unwrap_or(false)) else {
        return Ok(());
    };
    let order = said.unwrap_or(ByteOrder::Native);
    for array in arrays.try_iter()? {
        let array = array?;
        // single bytes have no order
        if order_of(&array)? != order
            && convert::array_of(&array, None)?.dtype().to_real().size() > 1
        {
            return Err(type_error(
                "Cannot cast array data to the other byte order according to the rule 'no'",
            ));
        }
    }
    Ok(())
}

/// The class and the fields of a tuple that has names.
fn named_tuple(property: &Property) -> Option<(&'static str, &'static [&'static str])> {
    match property {
        Property::Named(class, fields) => Some((class, fields)),
        _ => None,
    }
}

/// Adds the classes of tuples that have names.
fn add_named_tuples(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let namedtuple = py.import("collections")?.getattr("namedtuple")?;
    let module = PyDict::new(py);
    module.set_item("module", "civita")?;
    let properties = FUNCTIONS.iter().flat_map(|row| row.properties);
    for (class, fields) in properties.filter_map(named_tuple) {
        let fields = PyList::new(py, fields)?;
        m.add(class, namedtuple.call((class, fields), Some(&module))?)?;
    }
    Ok(())
}

/// About how many elements a call works on: those of its arrays but the output, times what integers may repeat.
fn elements(values: &[Value<'_>], out: Option<usize>) -> usize {
    let values = values.iter().enumerate();
    let inputs = values.filter(|(at, _)| Some(*at) != out).map(|(_, v)| v);
    inputs.fold(1, |all: usize, value| {
        let times = match value {
            Value::Array(x) => x.len(),
            Value::List(items) => {
                let arrays = items.iter().filter_map(|v| match v {
                    Value::Array(x) => Some(x.len()),
                    _ => None,
                });
                arrays.sum()
            }
            Value::Scalar(Scalar::Int(n)) => usize::try_from(*n).unwrap_or(1),
            _ => 1,
        };
        all.saturating_mul(times.max(1))
    })
}

impl Function {
    fn new(row: &'static FunctionRow) -> Function {
        Function {
            row,
            manner: Manner::of(row),
        }
    }

    fn apply<'py>(&self, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        let (py, row, manner) = (given.py(), self.row, &self.manner);
        let mut aside = Aside::default();
        let args = given.positional();
        let mut values: SmallVec<[Value<'_>; 6]> = SmallVec::new();
        if !given.has_names() && manner.takes_by_position(args.len()) {
            for (ob, param) in args.iter().zip(row.params) {
                values.push(argument(ob, param, &values, &mut aside)?);
            }
        } else {
            let mut keywords: SmallVec<[_; 4]> = SmallVec::new();
            for (name, value) in given.named() {
                keywords.push((PyBackedStr::try_from(name)?, value));
            }
            let bound = row
                .bind(args.iter(), keywords)
                .map_err(|e| type_error(e.to_string()))?;
            for (param, given) in row.params.iter().zip(bound) {
                values.push(match given {
                    Given::Default => param.default_value(),
                    Given::One(ob) => argument(ob, param, &values, &mut aside)?,
                    Given::Rest(all) if param.form == Form::Subscripts => subscripts(&all)?,
                    Given::Rest(all) => {
                        let all = all.iter().map(|ob| value_of(ob, param.form));
                        Value::List(all.collect::<Outcome<_>>()?)
                    }
                });
            }
        }
        if manner.fits
            && let Some(Value::DType(dtype)) = values.get(1)
            && let Some(list) = given.get(0, "a").filter(|ob| !ob.is_instance_of::<Array>())
        {
            convert::array_of(list, Some(*dtype))?;
        }
        if manner.whole_floats {
            values.iter_mut().for_each(without_fraction);
        }
        let said = aside.order;
        if manner.folds
            && let Some(axis) = given.get(1, "axis")
        {
            check_no_boolean(axis)?;
        }
        if let Some(out) = aside.out {
            return self.written(py, values, out);
        }
        if let Some(target) = aside.target {
            return target.get().write(|x| {
                values[0] = x.clone().into();
                let written = narrowed(row, &values, x.dtype());
                errstate::watch();
                if let Returned::One(new) =
                    gil::work(py, elements(&values, None), || row.call(&mut values))?
                {
                    *x = new;
                }
                for source in &written {
                    errstate::check_written(py, source, x.dtype())?;
                }
                Ok(py.None())
            });
        }
        if let Some(rule) = given.keyword("casting")
            && row.has(Property::Joins)
        {
            check_orders(rule, given.all(), said)?;
        }
        let mut result = self.run(py, &mut values)?;
        // where it is: a result that is moved waits for what was just written
        if manner.read_only
            && let Returned::One(x) = &mut result
            && (row.name != "diag" || x.rank() == 1)
        {
            x.set_frozen(true);
        }
        // what may be a view of the first argument that is no text
        let is_array = |ob: &&Bound<'py, PyAny>| !ob.is_instance_of::<PyString>();
        let first = given.all().iter().find(is_array);
        let source = first.filter(|ob| ob.is_exact_instance_of::<Array>());
        if let Returned::One(x) = &result
            && (source.is_none() || !manner.plain)
        {
            if manner.keeps_scalars && first.is_some_and(|ob| ob.is_instance_of::<Generic>()) {
                return give(py, x.clone());
            }
            if row.name == "nan_to_num"
                && let Some(copy) = given.get(1, "copy")
                && !copy.is_truthy()?
            {
                return in_place(py, x.clone(), given.get(0, "x"));
            }
        }
        let asked = manner.keeps_order.is_some() || said.is_some();
        if manner.computes_in || !asked {
            return match result {
                Returned::One(x) => self.one(py, x, source),
                other => self.returned(py, other, source),
            };
        }
        let own = match manner.keeps_order.unwrap_or(0) {
            0 => first,
            at => given.get(at, row.params[at].name),
        };
        let own = own.map(order_of).transpose()?;
        self.in_order(py, result, source, own.unwrap_or(ByteOrder::Native), said)
    }

    /// A result in the byte order that was asked for, or in that of the array whose elements it has; of several all,
    /// or the first.
    fn in_order(
        &self,
        py: Python<'_>,
        result: Returned,
        source: Option<&Bound<'_, PyAny>>,
        own: ByteOrder,
        said: Option<ByteOrder>,
    ) -> Outcome<Py<PyAny>> {
        let order = said.unwrap_or(own);
        let x = match result {
            Returned::One(x) => x,
            several => {
                let made = self.returned(py, several, source)?;
                let all = match made.bind(py).cast::<PyTuple>() {
                    Ok(all) => all.iter().collect(),
                    Err(_) => vec![made.bind(py).clone()],
                };
                let many = if said.is_some() { all.len() } else { 1 };
                for one in all.into_iter().take(many) {
                    in_order(py, Ok(one.unbind()), order)?;
                }
                return Ok(made);
            }
        };
        let made = match order == own {
            true => self.one(py, x, source),
            // memory is seen in one order only
            false if x.storage().access() == Access::Owned => self.one(py, x, None),
            false => self.one(py, x.copied()?, None),
        };
        in_order(py, made, order)
    }

    /// Runs the row, and shows its warnings.
    #[inline]
    fn run(&self, py: Python<'_>, values: &mut [Value<'_>]) -> Outcome<Returned> {
        let row = self.row;
        let n = match self.manner.views {
            true => 1,
            false => elements(values, self.manner.out),
        };
        if self.manner.multiplies {
            return self.product(py, n, values);
        }
        let inputs = self.manner.tells.map(|_| Inputs::of(row, values));
        errstate::watch();
        let result = gil::work(py, n, || row.call(values));
        if let (Some(name), Some(inputs), Ok(result)) = (self.manner.tells, inputs, &result) {
            inputs.check(py, name, result)?;
        }
        let warnings = take_warnings();
        if warnings.is_empty() {
            return Ok(result?);
        }
        let result = result?;
        for text in warnings {
            if !errstate::told(py, &text)? {
                warn(py, &text)?;
            }
        }
        Ok(result)
    }

    /// As [`Function::run`], of a product.
    fn product(&self, py: Python<'_>, n: usize, values: &mut [Value<'_>]) -> Outcome<Returned> {
        let arrays = values.iter().filter_map(|value| match value {
            Value::Array(x) => Some(x.again()),
            _ => None,
        });
        let inputs: SmallVec<[Held<'_>; 2]> = arrays.collect();
        errstate::watch();
        let result = gil::work(py, n, || self.row.call(values))?;
        if let Returned::One(x) = &result {
            let inputs: SmallVec<[&Raw; 2]> = inputs.iter().map(|x| &**x).collect();
            errstate::check_fold(py, self.row.name, &inputs, x)?;
        }
        Ok(result)
    }

    /// A call whose result goes into an array.
    #[cold]
    fn written(
        &self,
        py: Python<'_>,
        mut values: SmallVec<[Value<'_>; 6]>,
        out: Bound<'_, Array>,
    ) -> Outcome<Py<PyAny>> {
        let (row, manner) = (self.row, &self.manner);
        let given = values.len();
        values.extend(
            row.params[given..]
                .iter()
                .map(|param| param.default_value()),
        );
        if manner.takes_out_or_dtype
            && manner
                .dtype
                .is_some_and(|at| !matches!(values[at], Value::None))
        {
            return Err(type_error(format!(
                "{}() only takes `out` or `dtype` as an argument, but both were provided.",
                row.name
            )));
        }
        // folds of one array compute in the dtype of an output of floats
        if let (Some(at), Value::Array(x)) = (manner.dtype, &values[0])
            && !manner.takes_out_or_dtype
            && row.params[1..]
                .iter()
                .all(|param| param.form != Form::Array)
            && matches!(values[at], Value::None)
            && let Some(dtype) = dtype_for(x.dtype(), out.get().raw().dtype())
        {
            values[at] = Value::DType(dtype);
        }
        widened(row, manner, &mut values, out.get().raw().dtype())?;
        let is_inexact = matches!(&values[0], Value::Array(x) if x.dtype().is_differentiable());
        let casting = manner
            .casting
            .and_then(|at| Casting::from_value(values[at].clone()).ok());
        if row.has(Property::ExactOut) {
            let dtypes = values.iter().filter_map(|value| match value {
                Value::Array(x) => Some(x.dtype()),
                _ => None,
            });
            let to = out.get().raw();
            if !to.layout().is_contiguous() || dtypes.reduce(promote) != Some(to.dtype()) {
                return Err(value_error(
                    "output array is not acceptable (must have the right datatype, number of dimensions, and be a C-Array)",
                ));
            }
        }
        // where bytes alone change, the row may write them itself
        let plain = Some(out.get().raw().clone()).filter(Raw::is_plain);
        if let (Some(at), Some(to)) = (manner.out, &plain) {
            values[at] = to.clone().into();
        }
        let x = match self.run(py, &mut values)? {
            Returned::One(x) if plain.as_ref().is_some_and(|to| Out::holds(to, &x)) => {
                return Ok(out.into_any().unbind());
            }
            Returned::One(x) if row.has(Property::Spreads) => {
                x.broadcast_to(out.get().raw().shape())?
            }
            Returned::One(x) if manner.generalised.is_some() => {
                looped(manner.generalised, &values, x, out.get().raw().shape())?
            }
            Returned::One(x) => x,
            several => return self.returned(py, several, None),
        };
        let casting = casting.unwrap_or(match row.has(Property::WritesBack) {
            true if row.name == "choose"
                || can_cast(out.get().raw().dtype(), x.dtype(), Casting::Safe) =>
            {
                Casting::Unsafe
            }
            // what was in the output is read as elements of the result
            true => {
                return Err(type_error(format!(
                    "{}: Cannot cast array data from {} to {} according to the rule 'safe'",
                    row.name,
                    out.get().raw().dtype(),
                    x.dtype()
                )));
            }
            _ if row.has(Property::Folds) => Casting::Unsafe,
            // a mean of integers is divided where the sum is
            _ if row.name == "nanmean" && !is_inexact => Casting::Unsafe,
            _ => Casting::SameKind,
        });
        write_out_as(row.name, x, out, casting)
    }
}

/// What takes the dtype of an output into account beside `dtype=`: `einsum` computes in that of all operands and of the output, and
/// extremes beside an initial value, and differences of booleans, in that of both.
fn widened(
    row: &FunctionRow,
    manner: &Manner,
    values: &mut [Value<'_>],
    out: DType,
) -> Outcome<()> {
    if row.name == "einsum"
        && let Some(at) = manner.dtype
        && matches!(values[at], Value::None)
        && let Value::List(operands) = &values[0]
    {
        let arrays = operands.iter().filter_map(|value| match value {
            Value::Array(x) => Some(x.dtype()),
            _ => None,
        });
        values[at] = Value::DType(arrays.fold(out, promote));
    }
    let is_beside = match row.name {
        "nanmax" | "nanmin" => !matches!(values[4], Value::None),
        "ptp" => matches!(&values[0], Value::Array(x) if x.dtype() == DType::Bool),
        _ => false,
    };
    if is_beside && let Value::Array(x) = &values[0] {
        values[0] = x.cast(promote(x.dtype(), out))?.into();
    }
    Ok(())
}

/// A float that is an integer, as that.
fn without_fraction(value: &mut Value<'_>) {
    let scalar = match value {
        Value::Scalar(v) => Some(*v),
        Value::Array(x) if x.rank() == 0 && x.dtype().is_float() => x.item().ok(),
        _ => None,
    };
    if let Some(Scalar::Float(v)) = scalar
        && v.fract() == 0.0
    {
        *value = Value::Scalar(Scalar::Int(v as i128));
    }
}

/// The result of a generalised ufunc, broadcast to an output along the axes that it loops over. Those of its core stay as they are.
fn looped(signature: Option<&str>, values: &[Value<'_>], x: Raw, shape: &[usize]) -> Outcome<Raw> {
    let core = signature.and_then(|text| text.split("->").nth(1));
    let core: Vec<&str> = core
        .unwrap_or_default()
        .trim_matches(['(', ')'])
        .split(',')
        .filter(|name| !name.is_empty())
        .collect();
    let vectors = values.iter().take(2);
    let vectors = vectors.filter(|value| matches!(value, Value::Array(x) if x.rank() == 1));
    // a vector lacks an axis that may be lacking
    let lacking = vectors.count() * usize::from(core.iter().any(|name| name.ends_with('?')));
    let core = core.len().saturating_sub(lacking).min(x.rank());
    let same_core =
        shape.len() >= x.rank() && shape[shape.len() - core..] == x.shape()[x.rank() - core..];
    match same_core.then(|| x.broadcast_to(shape)) {
        Some(Ok(spread)) => Ok(spread),
        _ => Ok(x),
    }
}

/// The values that are written into an array of a dtype with few large numbers, where they may be larger.
fn narrowed(row: &FunctionRow, values: &[Value<'_>], dtype: DType) -> SmallVec<[Raw; 1]> {
    if !errstate::is_narrow(dtype) {
        return SmallVec::new();
    }
    let is_index = |form: Form| matches!(form, Form::Indices | Form::EachIndices);
    let given = row.params.iter().zip(values).skip(1);
    let given = given.filter(|(param, _)| !is_index(param.form));
    given
        .filter_map(|(_, value)| match value {
            Value::Array(x) if x.dtype() != DType::Bool && x.dtype() != dtype => {
                Some((**x).clone())
            }
            Value::Scalar(s) if errstate::overflows(*s, dtype) => {
                Raw::scalar(*s, s.default_dtype()).ok()
            }
            _ => None,
        })
        .collect()
}

/// A result written over the array that it was computed from; a new array where that was none.
fn in_place(py: Python<'_>, x: Raw, array: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let Some(Ok(array)) = array.map(|ob| ob.cast::<Array>()) else {
        return give(py, x);
    };
    array.get().write(|raw| Ok(raw.assign(&x)?))?;
    Ok(array.clone().into_any().unbind())
}

/// Gives a `RuntimeWarning`, which a filter may turn into an error.
#[cold]
pub fn warn(py: Python<'_>, text: &str) -> Outcome<()> {
    warn_as(py, py.get_type::<PyRuntimeWarning>().as_any(), text)
}

/// Gives a warning of a class, of the line that called into the package.
#[cold]
pub fn warn_as(py: Python<'_>, class: &Bound<'_, PyAny>, text: &str) -> Outcome<()> {
    let warn = py.import("civita._caller")?.getattr("warn")?;
    warn.call1((text, class))?;
    Ok(())
}

impl Function {
    /// A result that is one array, as an object.
    #[inline(always)]
    fn one(&self, py: Python<'_>, x: Raw, source: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        if self.manner.keeps_itself
            && let Some(source) = source
            && let Ok(array) = source.cast_exact::<Array>()
            && is_same(&x, &array.get().raw())
        {
            return Ok(source.clone().unbind());
        }
        match source {
            Some(source) if self.manner.makes_arrays || x.rank() > 0 => wrap_view(py, x, source),
            None if self.manner.makes_arrays => wrap(py, x),
            _ => give(py, x),
        }
    }

    /// What a call returned, as an object.
    fn returned(
        &self,
        py: Python<'_>,
        result: Returned,
        source: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let row = self.row;
        let one = |x: Raw| self.one(py, x, source);
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
        if let Some(class) = self.manner.named {
            let all = match result {
                Returned::Several(all) => all,
                Returned::Asked(all) => all.into_iter().flatten().collect(),
                _ => Vec::new(),
            };
            let fields = PyTuple::new(py, objects(all)?)?;
            let class = py.import("civita._civita")?.getattr(class)?;
            return Ok(class.call1(fields)?.unbind());
        }
        match (result, row.returns) {
            (Returned::One(x), _) => one(x),
            (Returned::Several(all), Returns::List(_)) => {
                Ok(PyList::new(py, objects(all)?)?.into_any().unbind())
            }
            (Returned::Several(all), Returns::Tuple(_)) | (Returned::Tuple(all), _) => {
                Ok(PyTuple::new(py, objects(all)?)?.into_any().unbind())
            }
            (Returned::Several(all), _) => one_or_tuple(objects(all)?),
            (Returned::WithList(both), _) => {
                let (x, all) = *both;
                let all = PyList::new(py, objects(all)?)?.into_any().unbind();
                Ok(PyTuple::new(py, [one(x)?, all])?.into_any().unbind())
            }
            (Returned::Asked(all), _) => {
                one_or_tuple(objects(all.into_iter().flatten().collect())?)
            }
            (Returned::Bool(v), _) => Ok(v.into_py_any(py)?),
            (Returned::Count(n), _) => Ok(n.into_py_any(py)?),
            (Returned::Path(steps, text), _) => {
                let path = PyList::new(py, ["einsum_path"])?;
                for step in steps {
                    path.append(PyTuple::new(py, step)?)?;
                }
                Ok((path, text).into_py_any(py)?)
            }
            (Returned::Shape(shape), _) => Ok(PyTuple::new(py, shape)?.into_any().unbind()),
        }
    }
}

/// Whether these are the same elements of the same memory.
fn is_same(x: &Raw, y: &Raw) -> bool {
    x.dtype() == y.dtype()
        && Storage::same_buffer(x.storage(), y.storage())
        && x.layout() == y.layout()
}

/// The example as a session shows it.
fn example(row: &FunctionRow) -> String {
    let text = row.example.python;
    let Returns::Written = row.returns else {
        return format!(">>> print(cv.{text})");
    };
    // `put([1, 2], …)` writes a list that stands for an array
    let inside = &text[row.name.len() + 1..];
    let mut depth = 0;
    let end = inside.find(|c| {
        depth += match c {
            '[' | '(' => 1,
            ']' | ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    });
    let (first, rest) = inside.split_at(end.unwrap_or(inside.len()));
    format!(
        ">>> a = cv.array({first})\n>>> cv.{}(a{rest}\n>>> print(a)",
        row.name
    )
}

/// The row of a name that Python's own functions and methods of arrays call too.
pub fn call_row(name: &'static str, given: Arguments<'_, '_>) -> Outcome<Py<PyAny>> {
    let Some(row) = FunctionRow::find(name) else {
        return Err(type_error(format!("there is no function {name}")));
    };
    Function::new(row).apply(given)
}

impl Function {
    /// What the row makes of one short array, or of few of one dtype, without a list of values.
    #[inline]
    fn of_few(&self, ob: &Bound<'_, PyAny>) -> Outcome<Option<Py<PyAny>>> {
        let py = ob.py();
        if let Some(alone) = self.row.alone
            && let Some(x) = short(ob)
        {
            let made = match alone(&x)? {
                Returned::One(x) => self.one(py, x, Some(ob)),
                other => self.returned(py, other, Some(ob)),
            };
            return made.map(Some);
        }
        let (Some(together), Ok(all)) = (self.row.together, ob.cast_exact::<PyTuple>()) else {
            return Ok(None);
        };
        const FEW: usize = 8;
        if all.len() > FEW {
            return Ok(None);
        }
        // a tuple holds its items for as long as the call lasts
        let held: SmallVec<[Bound<'_, PyAny>; FEW]> = all.iter().collect();
        let Some(held) = held
            .iter()
            .map(short)
            .collect::<Option<SmallVec<[Held<'_>; FEW]>>>()
        else {
            return Ok(None);
        };
        let arrays: SmallVec<[&Raw; FEW]> = held.iter().map(|x| &**x).collect();
        match arrays.split_first() {
            Some((first, rest)) if rest.iter().all(|x| x.dtype() == first.dtype()) => {
                self.one(py, together(&arrays)?, None).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What of Python answers a call with keywords that the row does not have.
    fn helper(&self, given: Arguments<'_, '_>) -> Option<&'static str> {
        let has = |name: &str| given.keyword(name).is_some();
        match self.manner.generalised {
            Some(_) if has("axes") || has("keepdims") || has("signature") => Some("_along_axes"),
            Some(_) if self.row.name != "vecdot" && has("axis") => Some("_along_axes"),
            None if self.row.has(Property::TakesSubok) && has("subok") => Some("_without_subok"),
            None if self.row.name == "clip" && (has("dtype") || has("where")) => Some("_clip"),
            _ => None,
        }
    }

    /// The signature, with what a leaf takes beside the row's parameters.
    fn signed(&self) -> String {
        let own = self.row.signature(false);
        let star = if own.contains("*, ") { "" } else { "*, " };
        match own.strip_suffix(')') {
            Some(own) if self.manner.makes_leaves => format!("{own}, {star}requires_grad=False)"),
            _ => own,
        }
    }

    #[cold]
    fn lacks(&self, name: &str) -> PyErr {
        let function = self.row.name;
        pyo3::exceptions::PyAttributeError::new_err(format!(
            "function '{function}' has no attribute '{name}'"
        ))
    }
}

impl Callable for Function {
    const NAME: &'static CStr = c"civita.function";

    fn call<'py>(slf: &Bound<'py, Function>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        let Function { row, manner } = slf.get();
        if let ([ob], false) = (given.positional(), given.has_names())
            && let Some(made) = slf.get().of_few(ob)?
        {
            return Ok(made);
        }
        if manner.generalised.is_some()
            && let Some(answer) = overrides::ufunc(slf, given)?
        {
            return Ok(answer);
        }
        if manner.takes_like
            && let Some(like) = given.keyword("like")
            && let Some(kwargs) = given.dict()?
        {
            kwargs.del_item("like")?;
            let args = given.tuple()?;
            return match overrides::made_like(like, row.name, &args, &kwargs)? {
                Some(made) => Ok(made),
                None => with_arguments(&args, Some(&kwargs), |given| slf.get().apply(given)),
            };
        }
        if manner.makes_leaves
            && let Some(wanted) = given.keyword("requires_grad")
            && let Some(kwargs) = given.dict()?
        {
            kwargs.del_item("requires_grad")?;
            let made = slf.call(given.tuple()?, Some(&kwargs))?;
            return Ok(match wanted.is_truthy()? {
                true => made.call_method0("requires_grad_")?.unbind(),
                false => made.unbind(),
            });
        }
        if let Some(answer) = overrides::function(slf, given, manner.depth)? {
            return Ok(answer);
        }
        if manner.plain && !given.has_names() {
            return slf.get().apply(given);
        }
        // the mode of a border may be a function of the user's
        if row.name == "pad"
            && let Some(mode) = given.get(2, "mode")
        {
            if mode.is_callable() {
                return python(given, "_pad_by", None);
            }
            check_pad(mode, given)?;
        }
        // results that others of NumPy's arguments of generalised ufuncs and of `clip` ask for
        if given.has_names()
            && let Some(helper) = slf.get().helper(given)
        {
            return python(given, helper, Some(slf));
        }
        // the sum of a diagonal in NumPy, a function as data in JAX: what is called with tells them apart
        if row.name == "trace"
            && let Some(first) = given.positional().first()
            && first.is_callable()
        {
            let trace = given.py().import("civita.autograd")?.getattr("trace")?;
            return Ok(trace.call(given.tuple()?, given.dict()?.as_ref())?.unbind());
        }
        slf.get().apply(given)
    }
}

/// A call of a function that is written in Python, with an object in front.
#[cold]
fn python<'py>(
    given: Arguments<'_, 'py>,
    name: &str,
    front: Option<&Bound<'py, Function>>,
) -> Outcome<Py<PyAny>> {
    let py = given.py();
    let function = py.import("civita._functional")?.getattr(name)?;
    let front = front.map(|f| f.as_any());
    let all: SmallVec<[_; 6]> = front.into_iter().chain(given.positional()).collect();
    let all = PyTuple::new(py, all)?;
    Ok(function.call(all, given.dict()?.as_ref())?.unbind())
}

#[pymethods]
impl Function {
    /// The function without asking other classes: what `ndarray.__array_function__` of NumPy calls.
    #[pyo3(signature = (*args, **kwargs))]
    fn _implementation<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        with_arguments(args, kwargs, |given| self.apply(given))
    }

    /// NumPy's name of the function.
    #[getter]
    fn __name__(&self) -> &'static str {
        self.row.name
    }

    /// The axes that a generalised ufunc works along.
    #[getter]
    fn signature(&self) -> PyResult<&'static str> {
        self.manner
            .generalised
            .ok_or_else(|| self.lacks("signature"))
    }

    /// Number of inputs of a generalised ufunc.
    #[getter]
    fn nin(&self) -> PyResult<usize> {
        self.manner
            .generalised
            .map(|_| 2)
            .ok_or_else(|| self.lacks("nin"))
    }

    /// Number of results of a generalised ufunc.
    #[getter]
    fn nout(&self) -> PyResult<usize> {
        self.manner
            .generalised
            .map(|_| 1)
            .ok_or_else(|| self.lacks("nout"))
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.row.name
    }

    #[getter]
    fn __doc__(&self) -> String {
        let row = self.row;
        let doc: Vec<&str> = row.doc.lines().map(str::trim).collect();
        let torch = match row.torch {
            "" => String::new(),
            name => format!("\n\nIn PyTorch `{name}`."),
        };
        format!(
            "{}{}\n\n{}\n\n{}\n{}{torch}",
            row.name,
            self.signed(),
            doc.join("\n").trim(),
            example(row),
            row.example.prints,
        )
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        self.signed()
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        signature_object(py, &self.signed())
    }

    fn __repr__(&self) -> String {
        format!("<function '{}'>", self.row.name)
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.row.name
    }
}

// A function as an attribute of the array class: on an array it is a bound method. Without a doc of its own, as above.
#[pyclass(name = "_method", module = "civita", frozen, subclass)]
struct Method(Py<Function>);

impl Callable for Method {
    const NAME: &'static CStr = c"civita.method";
    const IS_METHOD: bool = true;

    fn call<'py>(slf: &Bound<'py, Method>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        let function = slf.get().0.bind(given.py());
        if let Some((first, rest)) = given.positional().split_first()
            && !first.is_exact_instance_of::<Array>()
            && first.is_instance_of::<Array>()
        {
            let rest = PyTuple::new(given.py(), rest)?;
            let method = crate::subclass::method(function, first)?;
            return Ok(method.call(rest, given.dict()?.as_ref())?.unbind());
        }
        Function::call(function, given)
    }
}

#[pymethods]
impl Method {
    #[getter]
    fn __doc__(&self, py: Python<'_>) -> String {
        self.0.bind(py).get().__doc__()
    }

    /// The name of the attribute.
    #[getter]
    fn __name__(&self, py: Python<'_>) -> &'static str {
        let row = self.0.bind(py).get().row;
        row.method.unwrap_or(row.name)
    }

    #[getter]
    fn __qualname__(&self, py: Python<'_>) -> String {
        format!("ndarray.{}", self.__name__(py))
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let row = self.0.bind(py).get().row;
        let text = row.method_signature(false).replacen("$self", "self, /", 1);
        // one mark of positional parameters is enough
        let text = match text.matches(", /").count() {
            0 | 1 => text,
            _ => text.replacen(", /", "", 1),
        };
        signature_object(py, &text)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!(
            "<method '{}' of 'civita.ndarray' objects>",
            self.__name__(py)
        )
    }
}

/// Refuses modes that are no names, and arguments that a mode of `pad` does not have.
fn check_pad(mode: &Bound<'_, PyAny>, given: Arguments<'_, '_>) -> Outcome<()> {
    const NAMES: [&str; 7] = [
        "array",
        "pad_width",
        "mode",
        "constant_values",
        "end_values",
        "stat_length",
        "reflect_type",
    ];
    // of calls that no function takes the arguments are told first
    let mut keys = Vec::new();
    for (key, _) in given.named() {
        keys.push(PyBackedStr::try_from(key)?);
    }
    let given = given.positional().len();
    let known = |key: &PyBackedStr| NAMES[given.min(3)..].contains(&&**key);
    if given > 3 || !keys.iter().all(known) {
        return Ok(());
    }
    let Ok(name) = mode.extract::<PyBackedStr>() else {
        return Err(crate::error::value_error(format!(
            "mode '{}' is not supported",
            mode.str()?
        )));
    };
    let own: &[&str] = match &*name {
        "constant" => &["constant_values"],
        "linear_ramp" => &["end_values"],
        "maximum" | "mean" | "median" | "minimum" => &["stat_length"],
        "reflect" | "symmetric" => &["reflect_type"],
        "edge" | "empty" | "wrap" => &[],
        _ => return Ok(()),
    };
    for key in keys {
        if !own.contains(&&*key) && !NAMES[..3].contains(&&*key) {
            return Err(crate::error::value_error(format!(
                "unsupported keyword arguments for mode '{name}': {{'{key}'}}"
            )));
        }
    }
    Ok(())
}

/// Adds a function for each row, under its name and its aliases, and the methods that rows name.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    add_named_tuples(m)?;
    let arrays = py.get_type::<Array>();
    let sample = Bound::new(py, Function::new(&FUNCTIONS[0]))?;
    let function_class = CallableClass::new(&sample)?;
    m.add("function", function_class.class(py))?;
    let method_class = CallableClass::new(&Bound::new(py, Method(sample.unbind()))?)?;
    // those that are ufuncs are objects of that class
    let plain = |row: &&FunctionRow| Composed::find(row.name).is_none();
    for row in FUNCTIONS.iter().filter(plain) {
        let function = function_class.object(py, Function::new(row))?.unbind();
        for name in std::iter::once(&row.name).chain(row.aliases) {
            m.add(*name, &function)?;
        }
        if let Some(name) = row.method {
            arrays.setattr(name, method_class.object(py, Method(function))?)?;
        }
    }
    Ok(())
}
