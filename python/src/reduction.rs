//! Reductions: one object for each row of the engine's table, and the methods of arrays.

// what `#[pymethods]` writes inside a macro of ours looks like our own code to the lint
#![allow(unsafe_op_in_unsafe_fn)]

use std::ffi::CStr;

use civita_core::dtype::{Casting, DType, can_cast, promote};
use civita_core::functions::ufuncs::Restriction;
use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::{REDUCTIONS, ReduceClass, Reduction, ReductionRow};
use civita_core::raw::Raw;
use civita_core::raw::ReduceOptions;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyTuple};
use smallvec::SmallVec;

use crate::array::Array;
use crate::call::{Arguments, Callable, CallableClass, with_arguments};
use crate::convert::{Value, array_of, check_constant, value};

use crate::error::{Outcome, type_error, value_error};
use crate::errstate;
use crate::functions::warn;
use crate::gil;
use crate::overrides;
use crate::scalar::{give, make};
use crate::ufunc::output;

// A function that reduces axes. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "_reduction", module = "civita", frozen, subclass)]
pub struct Reducer(&'static ReductionRow);

/// Names beside NumPy's.
const ALIASES: &[(&str, Reduction)] = &[("amax", Reduction::Max), ("amin", Reduction::Min)];

/// The parameters of a class after the array, in NumPy's order; those after `*` go by name only.
fn parameters(class: ReduceClass) -> &'static str {
    match class {
        ReduceClass::Sum => {
            "axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True"
        }
        ReduceClass::Mean => "axis=None, dtype=None, out=None, keepdims=False, *, where=True",
        ReduceClass::RealMean => {
            "axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=None, correction=None"
        }
        ReduceClass::Float => "axis=None, keepdims=False, *, dtype=None, out=None",
        ReduceClass::Index => "axis=None, out=None, *, keepdims=False",
        ReduceClass::Same => "axis=None, out=None, keepdims=False, initial=None, where=True",
        ReduceClass::Bool => "axis=None, out=None, keepdims=False, *, where=True",
    }
}

/// One or several axes, or all of them.
pub enum AxisArg {
    All,
    /// The first, where there is one.
    First,
    One([isize; 1]),
    List(SmallVec<[isize; 4]>),
}

impl AxisArg {
    /// From an int, a tuple of them, or None.
    pub fn parse(ob: &Bound<'_, PyAny>) -> Outcome<AxisArg> {
        if ob.is_none() {
            return Ok(AxisArg::All);
        }
        if ob.is_exact_instance_of::<PyInt>() {
            return Ok(AxisArg::One([ob.extract()?]));
        }
        if ob.is_instance_of::<PyBool>() {
            return Err(type_error(
                "an integer is required: an axis is no boolean\n  hint: `keepdims=True` goes by name",
            ));
        }
        let many = |list: &mut dyn Iterator<Item = Bound<'_, PyAny>>| -> Outcome<AxisArg> {
            let axis = |o: Bound<'_, PyAny>| match o.is_instance_of::<PyBool>() {
                true => Err(type_error("an integer is required: an axis is no boolean")),
                false => o.extract::<isize>().map_err(Into::into),
            };
            list.map(axis).collect::<Outcome<_>>().map(AxisArg::List)
        };
        if let Ok(tuple) = ob.cast::<PyTuple>() {
            return many(&mut tuple.iter());
        }
        if let Ok(list) = ob.cast::<pyo3::types::PyList>() {
            return many(&mut list.iter());
        }
        match ob.extract::<isize>() {
            Ok(axis) => Ok(AxisArg::One([axis])),
            Err(_) => Err(type_error(format!(
                "an axis is an integer, several are a tuple of integers, not '{}'",
                ob.get_type().name()?
            ))),
        }
    }

    /// For the engine.
    pub fn axes(&self) -> Axes<'_> {
        match self {
            AxisArg::All => Axes::All,
            AxisArg::First => Axes::List(&[0]),
            AxisArg::One(axis) => Axes::List(axis),
            AxisArg::List(list) => Axes::List(list),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for AxisArg {
    type Error = PyErr;

    fn extract(ob: Borrowed<'_, 'py, PyAny>) -> PyResult<AxisArg> {
        Ok(AxisArg::parse(&ob)?)
    }
}

impl AxisArg {
    /// For the engine, of an array of this rank: the first axis of one without axes, or the last, is none to reduce, where it is not
    /// named in a tuple.
    pub fn axes_of(&self, rank: usize) -> Axes<'_> {
        match self {
            AxisArg::First if rank == 0 => Axes::All,
            AxisArg::One([0 | -1]) if rank == 0 => Axes::All,
            other => other.axes(),
        }
    }
}

/// `initial=` of a fold.
pub enum Initial<'py> {
    /// Left out: the operation's identity, where it has one.
    Identity,
    /// `None`: there is no identity, though the operation has one.
    Nothing,
    Value(Bound<'py, PyAny>),
}

impl<'py> Initial<'py> {
    fn of(given: &Bound<'py, PyAny>) -> Initial<'py> {
        match given.is_none() {
            true => Initial::Nothing,
            false => Initial::Value(given.clone()),
        }
    }

    /// As it was given.
    pub fn given(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        match self {
            Initial::Identity => None,
            Initial::Nothing => Some(py.None().into_bound(py)),
            Initial::Value(given) => Some(given.clone()),
        }
    }

    /// The value; an error where there is none and no identity either, but elements are wanted.
    pub fn value(
        &self,
        name: &str,
        x: &Raw,
        axes: Axes<'_>,
        is_masked: bool,
    ) -> Outcome<Option<Value<'_>>> {
        match self {
            Initial::Identity => Ok(None),
            Initial::Value(given) => match value(given)? {
                Value::Ref(first) if first.rank() > 0 => Err(of_sequence()),
                Value::Own(first) if first.rank() > 0 => Err(of_sequence()),
                first => Ok(Some(first)),
            },
            Initial::Nothing if is_masked => Err(value_error(format!(
                "reduction operation '{name}' does not have an identity, so to use a where mask one has to specify 'initial'"
            ))),
            Initial::Nothing => {
                let axes = axes.resolve("reduce", x.rank())?;
                match axes.iter().any(|&axis| x.shape()[axis] == 0) {
                    true => Err(value_error(format!(
                        "zero-size array to reduction operation {name} which has no identity"
                    ))),
                    false => Ok(None),
                }
            }
        }
    }
}

#[cold]
fn of_sequence() -> crate::error::Fault {
    value_error("setting an array element with a sequence: the initial value of a fold is a number")
}

impl<'py> FromPyObject<'_, 'py> for Initial<'py> {
    type Error = PyErr;

    fn extract(ob: Borrowed<'_, 'py, PyAny>) -> PyResult<Initial<'py>> {
        Ok(Initial::of(&ob))
    }
}

/// What a call says.
struct Call<'py> {
    axis: AxisArg,
    dtype: Option<DType>,
    out: Option<Bound<'py, Array>>,
    keepdims: bool,
    ddof: Option<f64>,
    initial: Initial<'py>,
    mask: Option<Raw>,
    /// About which a variance is asked for.
    mean: Option<Raw>,
}

impl<'py> Call<'py> {
    fn set(&mut self, row: &ReductionRow, name: &str, given: &Bound<'py, PyAny>) -> Outcome<()> {
        match name {
            "axis" => self.axis = AxisArg::parse(given)?,
            "dtype" => self.dtype = crate::dtype::parse_computed(Some(given))?,
            "out" => self.out = output(given)?,
            "keepdims" => self.keepdims = given.is_truthy()?,
            "initial" => self.initial = Initial::of(given),
            "where" => self.mask = mask(given)?,
            "mean" if given.is_none() => {}
            "mean" => self.mean = Some(array_of(given, None)?),
            "ddof" | "correction" if given.is_none() => {}
            "ddof" | "correction" => {
                if self.ddof.is_some_and(|d| d != 0.0) {
                    return Err(value_error(
                        "ddof and correction can't be provided simultaneously.",
                    ));
                }
                check_constant(given)?;
                self.ddof = Some(given.extract()?);
            }
            other => {
                return Err(type_error(format!(
                    "{}() got an unexpected keyword argument '{other}'",
                    row.numpy
                )));
            }
        }
        Ok(())
    }

    /// Binds arguments to the parameters of a row, by the text that `inspect` reads.
    fn bind(
        row: &ReductionRow,
        args: &[Bound<'py, PyAny>],
        given: Arguments<'_, 'py>,
    ) -> Outcome<Call<'py>> {
        let mut call = Call {
            axis: AxisArg::All,
            dtype: None,
            out: None,
            keepdims: false,
            ddof: None,
            initial: Initial::Identity,
            mask: None,
            mean: None,
        };
        if args.is_empty() && !given.has_names() {
            return Ok(call);
        }
        let names = || {
            parameters(row.class)
                .split(", ")
                .map(|p| p.split('=').next().unwrap_or(p))
        };
        let mut positional = names().take_while(|n| *n != "*");
        for arg in args {
            let Some(name) = positional.next() else {
                return Err(type_error(format!(
                    "{}() takes at most {} arguments after the array",
                    row.numpy,
                    names().take_while(|n| *n != "*").count()
                )));
            };
            call.set(row, name, arg)?;
        }
        let taken = args.len();
        for (key, given) in given.named() {
            let key = key.to_str()?;
            match names().filter(|n| *n != "*").position(|n| n == key) {
                Some(at) if at < taken => {
                    return Err(type_error(format!(
                        "{}() got multiple values for argument '{key}'",
                        row.numpy
                    )));
                }
                Some(_) => call.set(row, key, given)?,
                None => {
                    return Err(type_error(format!(
                        "{}() got an unexpected keyword argument '{key}'\n  rule: the signature is {}(a, {})",
                        row.numpy,
                        row.numpy,
                        parameters(row.class)
                    )));
                }
            }
        }
        Ok(call)
    }
}

/// The mask that `where=` gives; `True` is none.
pub fn mask(given: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    if given.is_none() || given.extract::<bool>().is_ok_and(|all| all) {
        return Ok(None);
    }
    let is_list = given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>();
    let mask = array_of(given, is_list.then_some(DType::Bool))?;
    if mask.dtype() != DType::Bool {
        return Err(type_error(format!(
            "where= takes booleans, not {}",
            mask.dtype()
        )));
    }
    Ok(Some(mask))
}

/// The dtype that a fold computes in for an output, where none was asked for: the output has a part in it where one of the two is of
/// floats, as in NumPy.
pub fn dtype_for(x: DType, out: DType) -> Option<DType> {
    let both = promote(x, out);
    ((out.is_differentiable() || x.is_float()) && both != x).then_some(both)
}

/// The number that all elements of a short array are reduced to, where the backend does that at once and no average is of too few.
#[inline]
fn number(
    py: Python<'_>,
    row: &ReductionRow,
    x: &Raw,
    options: ReduceOptions<'_>,
) -> Outcome<Option<Py<PyAny>>> {
    let averages = matches!(row.class, ReduceClass::Mean | ReduceClass::RealMean);
    if averages && x.is_empty() || gil::is_large(x.len()) {
        return Ok(None);
    }
    // those that only compare raise nothing that is told
    let computes = !matches!(
        row.class,
        ReduceClass::Same | ReduceClass::Index | ReduceClass::Bool
    );
    if computes {
        errstate::watch();
    }
    let Some((value, dtype)) = x.reduce_number(row.op, options) else {
        return Ok(None);
    };
    // most calls have nothing to tell; what they have is looked for in a tensor
    if computes && !errstate::is_quiet(dtype) {
        errstate::check_fold(py, "reduce", &[x], &Raw::scalar(value, dtype)?)?;
    }
    make(py, value, dtype).map(Some)
}

#[inline]
fn reduce<'py>(
    py: Python<'py>,
    row: &'static ReductionRow,
    x: &Raw,
    args: &[Bound<'py, PyAny>],
    given: Arguments<'_, 'py>,
) -> Outcome<Py<PyAny>> {
    // most calls: the whole array, and nothing else is asked for
    if args.is_empty()
        && !given.has_names()
        && let Some(made) = number(py, row, x, ReduceOptions::default())?
    {
        return Ok(made);
    }
    let mut call = Call::bind(row, args, given)?;
    if row.class == ReduceClass::Index && matches!(call.axis, AxisArg::List(_)) {
        return Err(type_error(
            "'tuple' object cannot be interpreted as an integer: the index is along one axis, or None",
        ));
    }
    if let (None, Some(out)) = (call.dtype, &call.out) {
        let to = out.get().raw().dtype();
        call.dtype = match row.class {
            ReduceClass::Sum | ReduceClass::Mean => dtype_for(x.dtype(), to),
            ReduceClass::RealMean if !x.dtype().is_complex() => dtype_for(x.dtype(), to.to_real()),
            _ => None,
        };
    }
    if let Some(out) = &call.out {
        let to = out.get().raw().dtype();
        if row.class == ReduceClass::Index && !can_cast(to, DType::I64, Casting::Safe) {
            return Err(type_error(format!(
                "{}: Cannot cast array data from {to} to int64 according to the rule 'safe'",
                row.numpy
            )));
        }
        // an initial value between two integers stays what it is in an output of floats
        if row.class == ReduceClass::Same
            && matches!(call.initial, Initial::Value(_))
            && let Some(dtype) = dtype_for(x.dtype(), to)
        {
            return folded(py, row, &x.cast(dtype)?, call);
        }
    }
    folded(py, row, x, call)
}

/// What a call makes of an array.
fn folded<'py>(
    py: Python<'py>,
    row: &'static ReductionRow,
    x: &Raw,
    call: Call<'py>,
) -> Outcome<Py<PyAny>> {
    let options = ReduceOptions {
        // what divides by a length wants the axis
        axes: match row.class {
            ReduceClass::Mean | ReduceClass::RealMean => call.axis.axes(),
            _ => call.axis.axes_of(x.rank()),
        },
        keepdims: if call.keepdims {
            KeepDims::Yes
        } else {
            KeepDims::No
        },
        dtype: call.dtype,
        ddof: call.ddof.unwrap_or(0.0),
    };
    errstate::watch();
    let averages = matches!(row.class, ReduceClass::Mean | ReduceClass::RealMean);
    let is_whole =
        matches!(call.initial, Initial::Identity) && call.mask.is_none() && call.mean.is_none();
    let counts = averages && (x.is_empty() || call.ddof.is_some());
    if is_whole
        && !(counts || call.keepdims || call.out.is_some())
        && let Some(made) = number(py, row, x, options)?
    {
        return Ok(made);
    }
    let result = if is_whole {
        gil::work(py, x.len(), || x.reduce(row.op, options))?
    } else if let Some(mean) = &call.mean {
        let mask = call.mask.as_ref();
        gil::work(py, x.len(), || {
            x.deviation_about(mean, row.op, options, mask)
        })?
    } else {
        let folds = match row.op {
            Reduction::Sum => "add",
            Reduction::Prod => "multiply",
            Reduction::Max => "maximum",
            Reduction::Min => "minimum",
            _ => row.numpy,
        };
        let initial = (call.initial).value(folds, x, options.axes, call.mask.is_some())?;
        let restriction = Restriction {
            mask: call.mask.as_ref(),
            initial: initial.as_ref().map(|v| v.operand()),
        };
        gil::work(py, x.len(), || x.reduce_where(row.op, options, restriction))?
    };
    errstate::check_fold(py, "reduce", &[x], &result)?;
    if counts || averages && call.mask.is_some() {
        warn_of_few(py, row, x, &call, options, &result)?;
    }
    match call.out {
        None => give(py, result),
        // folds go into outputs of any dtype; the root of a variance is a ufunc
        Some(out) => match row.numpy {
            "std" => write_out(row.numpy, result, out),
            _ => write_out_as(row.numpy, result, out, Casting::Unsafe),
        },
    }
}

/// NumPy's warnings of averages over fewer elements than they need.
#[cold]
fn warn_of_few(
    py: Python<'_>,
    row: &ReductionRow,
    x: &Raw,
    call: &Call<'_>,
    options: ReduceOptions<'_>,
    result: &Raw,
) -> Outcome<()> {
    if result.is_empty() {
        return Ok(());
    }
    let fewest = match &call.mask {
        None => Some((x.len() / result.len()) as f64),
        // values are not known under `vmap` and `trace`
        Some(mask) => fewest(mask, x, options).ok(),
    };
    let Some(fewest) = fewest else {
        return Ok(());
    };
    match row.class {
        ReduceClass::Mean if fewest == 0.0 => warn(py, "Mean of empty slice"),
        ReduceClass::RealMean if fewest <= options.ddof => {
            warn(py, "Degrees of freedom <= 0 for slice")
        }
        _ => Ok(()),
    }
}

/// The smallest number of elements that a mask leaves for one result.
fn fewest(mask: &Raw, x: &Raw, options: ReduceOptions<'_>) -> Outcome<f64> {
    let options = ReduceOptions {
        dtype: None,
        ddof: 0.0,
        ..options
    };
    let counts = mask
        .broadcast_to(x.shape())?
        .reduce(Reduction::Sum, options)?;
    let fewest = counts.reduce(Reduction::Min, ReduceOptions::default())?;
    Ok(fewest.concrete("where")?.item()?.as_f64())
}

/// Puts a result into the array that was given for it.
pub fn write_out(name: &str, result: Raw, out: Bound<'_, Array>) -> Outcome<Py<PyAny>> {
    write_out_as(name, result, out, Casting::SameKind)
}

/// As [`write_out`], as far as the rule allows it.
pub fn write_out_as(
    name: &str,
    result: Raw,
    out: Bound<'_, Array>,
    casting: Casting,
) -> Outcome<Py<PyAny>> {
    out.get().write(|raw| {
        if raw.shape() != result.shape() {
            return Err(value_error(format!(
                "{name}: the result has shape {}, the output {}",
                civita_core::error::shape_text(result.shape()),
                civita_core::error::shape_text(raw.shape())
            )));
        }
        let result = result.cast_if(raw.dtype(), casting)?;
        Ok(raw.assign(&result)?)
    })?;
    Ok(out.into_any().unbind())
}

impl Reducer {
    #[inline]
    fn apply(&self, given: Arguments<'_, '_>) -> Outcome<Py<PyAny>> {
        let Some((first, rest)) = given.positional().split_first() else {
            return Err(type_error(format!(
                "{}() missing 1 required positional argument: 'a'",
                self.0.numpy
            )));
        };
        if let Ok(array) = first.cast_exact::<Array>() {
            return reduce(given.py(), self.0, &array.get().raw(), rest, given);
        }
        reduce(given.py(), self.0, &array_of(first, None)?, rest, given)
    }
}

impl Callable for Reducer {
    const NAME: &'static CStr = c"civita.reduction";

    #[inline]
    fn call<'py>(slf: &Bound<'py, Reducer>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        match overrides::function(slf, given, 0)? {
            Some(answer) => Ok(answer),
            None => slf.get().apply(given),
        }
    }
}

#[pymethods]
impl Reducer {
    /// The function without asking other classes: what `ndarray.__array_function__` of NumPy calls.
    #[pyo3(signature = (*args, **kwargs))]
    fn _implementation<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        with_arguments(args, kwargs, |given| self.apply(given))
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.0.numpy
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.0.numpy
    }

    #[getter]
    fn __doc__(&self) -> String {
        let doc: Vec<&str> = self.0.doc.lines().map(str::trim).collect();
        format!(
            "{}{}\n\n{}\n\nIn PyTorch `{}`.",
            self.0.numpy,
            self.__text_signature__(),
            doc.join("\n").trim(),
            self.0.torch
        )
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        format!("(a, {})", parameters(self.0.class))
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::ufunc::signature_object(py, &self.__text_signature__())
    }

    fn __repr__(&self) -> String {
        format!("<reduction '{}'>", self.0.numpy)
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.0.numpy
    }
}

// A reduction as an attribute of the array class. Without a doc of its own, as above.
#[pyclass(name = "_reduction_method", module = "civita", frozen, subclass)]
struct Method {
    row: &'static ReductionRow,
    name: &'static str,
}

impl Callable for Method {
    const NAME: &'static CStr = c"civita.reduction_method";
    const IS_METHOD: bool = true;

    #[inline]
    fn call<'py>(slf: &Bound<'py, Method>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        let &Method { row, name } = slf.get();
        let first = given.positional().split_first();
        let Some((Ok(array), rest)) = first.map(|(a, rest)| (a.cast::<Array>(), rest)) else {
            return Err(type_error(format!(
                "method '{name}' of 'civita.ndarray' needs an array in front"
            )));
        };
        if !array.is_exact_instance_of::<Array>() {
            let rest = PyTuple::new(given.py(), rest)?;
            return crate::subclass::reduction(row.numpy, array, &rest, given.dict()?.as_ref());
        }
        reduce(given.py(), row, &array.get().raw(), rest, given)
    }
}

#[pymethods]
impl Method {
    #[getter]
    fn __doc__(&self) -> String {
        let doc: Vec<&str> = self.row.doc.lines().map(str::trim).collect();
        doc.join("\n").trim().to_owned()
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __qualname__(&self) -> String {
        format!("ndarray.{}", self.name)
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = format!("(self, /, {})", parameters(self.row.class));
        crate::ufunc::signature_object(py, &text)
    }

    fn __repr__(&self) -> String {
        format!("<method '{}' of 'civita.ndarray' objects>", self.name)
    }
}

macro_rules! methods {
    ($($(#[doc = $doc:literal])* $Op:ident $name:ident: $class:ident {
        numpy: $numpy:ident, torch: $torch:literal, compute: $compute:expr, empty: $nothing:expr, gradient: $yes:ident $($why:literal)?,
        example: $example:literal => $prints:literal,
    })*) => {
        /// The methods of arrays.
        const METHODS: &[(&str, Reduction)] = &[$((stringify!($name), Reduction::$Op)),*];
    };
}
civita_core::ops::reduction_rows!(methods);

/// Adds a function for each row.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let class = CallableClass::new(&Bound::new(py, Reducer(&REDUCTIONS[0]))?)?;
    m.add("reduction", class.class(py))?;
    for row in REDUCTIONS {
        m.add(row.numpy, class.object(py, Reducer(row))?)?;
    }
    for (alias, op) in ALIASES {
        m.add(*alias, class.object(py, Reducer(op.row()))?)?;
    }
    let method = |&(name, op): &(&'static str, Reduction)| Method {
        row: op.row(),
        name,
    };
    let class = CallableClass::new(&Bound::new(py, method(&METHODS[0]))?)?;
    for entry in METHODS {
        let object = class.object(py, method(entry))?;
        py.get_type::<Array>().setattr(entry.0, object)?;
    }
    Ok(())
}
