//! `repr`, `str` and the print options: NumPy's.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use civita_core::dtype::{DType, Kind};
use civita_core::print::{self, FloatMode, FloatStyle, Legacy, Options, Sign, Trim};
use civita_core::raw::Raw;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::array::Array;
use crate::convert::array_of;
use crate::dtype::{ByteOrder, PyDType, order_of};
use crate::error::{Outcome, type_error, value_error};
use crate::gil;

/// NumPy's `repr`, and at its end what the array is in the gradient graph.
fn repr(array: &Bound<'_, Array>, raw: &Raw) -> Outcome<String> {
    if let Some(text) = opaque(raw) {
        return Ok(text);
    }
    let py = array.py();
    let formatter = formatter(py);
    repr_with(
        py,
        raw,
        array.get().order(),
        &prefix_of(array)?,
        &print::get_options(),
        formatter.as_ref().map(|f| f.bind(py)),
    )
}

/// What stands before the elements: `array(`, of a subclass its name.
fn prefix_of(array: &Bound<'_, PyAny>) -> Outcome<Cow<'static, str>> {
    if !array.is_exact_instance_of::<Array>() && array.is_instance_of::<Array>() {
        return Ok(format!("{}(", array.get_type().name()?).into());
    }
    Ok("array(".into())
}

/// What is written of an array whose value cannot be read: under `vmap`, inside `trace`.
fn opaque(raw: &Raw) -> Option<String> {
    let how = raw.opaque()?;
    let shape = match raw.shape() {
        [n] => format!("({n},)"),
        shape => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    };
    Some(format!(
        "<{how} array, shape {shape}, dtype {}>",
        raw.dtype()
    ))
}

/// NumPy's `str`, without a formatter.
fn text(py: Python<'_>, raw: &Raw) -> Outcome<String> {
    if let Some(text) = opaque(raw) {
        return Ok(text);
    }
    let options = print::get_options();
    if raw.rank() == 0 && options.legacy > Legacy::V1_13 {
        return Ok(raw.display());
    }
    body(py, raw, " ", 0, options.linewidth, &options, None)
}

/// A text as Python's. An exception where there is no memory for it, where `PyString::new` panics.
fn python_text(py: Python<'_>, text: String) -> Outcome<Bound<'_, PyString>> {
    let bytes = text.as_bytes();
    let len = bytes.len() as ffi::Py_ssize_t;
    // SAFETY: attached; so many bytes of UTF-8. A null pointer is an error that is set, else the reference is ours.
    let made = unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyUnicode_FromStringAndSize(bytes.as_ptr().cast(), len),
        )
    };
    Ok(made?.cast_into::<PyString>().map_err(PyErr::from)?)
}

#[pymethods]
impl Array {
    fn __repr__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyString>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let text = match override_repr(py).filter(|_| raw.opaque().is_none()) {
            Some(write) => write.bind(py).call1((slf,))?.extract()?,
            None => repr(slf, &raw)?,
        };
        python_text(py, text)
    }

    fn __str__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyString>> {
        let raw = self.raw();
        let text = match formatter(py).filter(|_| raw.rank() > 0 && raw.opaque().is_none()) {
            Some(formatter) => {
                let options = print::get_options();
                let formatter = Some(formatter.bind(py));
                body(py, &raw, " ", 0, options.linewidth, &options, formatter)?
            }
            None => text(py, &raw)?,
        };
        python_text(py, text)
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, spec: &str) -> Outcome<Bound<'py, PyAny>> {
        let raw = slf.get().raw();
        // without axes it is formatted as the number it holds, which a traced value does not know
        if spec.is_empty() && (raw.rank() != 0 || raw.opaque().is_some()) {
            let py = slf.py();
            return Ok(python_text(py, text(py, &raw)?)?.into_any());
        }
        if raw.rank() != 0 {
            return Err(type_error(
                "unsupported format string passed to civita.ndarray.__format__\n  hint: `.item()` of an array of one element formats as a number",
            ));
        }
        let value = crate::operators::python_scalar(slf.py(), raw.item()?)?;
        Ok(slf
            .py()
            .import("builtins")?
            .getattr("format")?
            .call1((value, spec))?)
    }
}

/// Functions that write arrays, as `set_printoptions` left them.
struct Hooks {
    /// Those that write elements.
    formatter: Option<Py<PyDict>>,
    /// The one that writes whole arrays for `repr`.
    override_repr: Option<Py<PyAny>>,
}

thread_local! {
    static HOOKS: RefCell<Hooks> = const {
        RefCell::new(Hooks {
            formatter: None,
            override_repr: None,
        })
    };
}

fn formatter(py: Python<'_>) -> Option<Py<PyDict>> {
    HOOKS.with_borrow(|held| held.formatter.as_ref().map(|f| f.clone_ref(py)))
}

fn override_repr(py: Python<'_>) -> Option<Py<PyAny>> {
    HOOKS.with_borrow(|held| held.override_repr.as_ref().map(|f| f.clone_ref(py)))
}

/// What was there is dropped when nothing is borrowed: dropping may run Python.
fn replace_hooks(new: Hooks) {
    drop(HOOKS.replace(new));
}

/// The function of a formatter for elements of this dtype: later keys are more general.
fn function_of<'py>(
    formatter: &Bound<'py, PyDict>,
    dtype: DType,
) -> Outcome<Option<Bound<'py, PyAny>>> {
    let kind: &[&str] = match dtype.kind() {
        Kind::Bool => &["bool", "all"],
        Kind::Signed | Kind::Unsigned => &["int", "int_kind", "all"],
        Kind::Float => &["float", "float_kind", "all"],
        Kind::Complex => &["complexfloat", "complex_kind", "all"],
    };
    for key in kind {
        if let Some(function) = formatter.get_item(key)?
            && !function.is_none()
        {
            return Ok(Some(function));
        }
    }
    Ok(None)
}

/// The text of the elements behind `indent` characters in lines of `width`; by a formatter where one answers for the dtype.
fn body(
    py: Python<'_>,
    raw: &Raw,
    separator: &str,
    indent: usize,
    width: usize,
    options: &Options,
    formatter: Option<&Bound<'_, PyDict>>,
) -> Outcome<String> {
    let function = match formatter {
        Some(formatter) => function_of(formatter, raw.dtype())?,
        None => None,
    };
    // of more elements it shows the corners
    let shown = match raw.len() > options.threshold {
        true => 0,
        false => raw.len(),
    };
    let Some(function) = function else {
        return Ok(gil::work(py, shown, || {
            raw.array_text(separator, indent, width, options)
        })?);
    };
    let mut words = Vec::new();
    words
        .try_reserve(shown)
        .map_err(|_| crate::lists::no_memory(shown))?;
    for (k, value) in raw.shown(options)?.into_iter().enumerate() {
        if k % (1 << 12) == 0 {
            py.check_signals()?;
        }
        let scalar = crate::scalar::make(py, value, raw.dtype())?;
        words.push(function.call1((scalar,))?.str()?.to_string());
    }
    Ok(print::lay_out(
        raw.shape(),
        words,
        separator,
        indent,
        width,
        options,
    )?)
}

/// `repr` with options and a formatter.
fn repr_with(
    py: Python<'_>,
    raw: &Raw,
    order: ByteOrder,
    prefix: &str,
    options: &Options,
    formatter: Option<&Bound<'_, PyDict>>,
) -> Outcome<String> {
    let suffix = match raw.node() {
        None => ")".to_owned(),
        Some(node) if node.is_leaf() => ", requires_grad=True)".to_owned(),
        Some(node) => format!(", grad_fn=<{}>)", node.op()),
    };
    let width = options.width_before(&suffix);
    let body = body(
        py,
        raw,
        ", ",
        prefix.chars().count(),
        width,
        options,
        formatter,
    )?;
    let name = match order {
        ByteOrder::Native => None,
        ByteOrder::Swapped => {
            let dtype = PyDType::in_order(py, raw.dtype(), order);
            Some(format!("'{}'", dtype.bind(py).str()?))
        }
    };
    Ok(print::repr_around(
        body,
        raw.dtype(),
        name.as_deref(),
        raw.shape(),
        prefix,
        &suffix,
        options,
    )?)
}

/// The text of an array as `repr` writes it.
#[pyfunction]
#[pyo3(signature = (arr, max_line_width=None, precision=None, suppress_small=None))]
fn array_repr<'py>(
    py: Python<'py>,
    arr: &Bound<'_, PyAny>,
    max_line_width: Option<usize>,
    precision: Option<usize>,
    suppress_small: Option<bool>,
) -> Outcome<Bound<'py, PyString>> {
    let raw = array_of(arr, None)?;
    if let Some(text) = opaque(&raw) {
        return python_text(py, text);
    }
    if let Some(write) = override_repr(py) {
        return python_text(py, write.bind(py).call1((arr,))?.extract()?);
    }
    let mut options = print::get_options();
    options.linewidth = max_line_width.unwrap_or(options.linewidth);
    options.precision = precision.unwrap_or(options.precision);
    options.suppress_small = suppress_small.unwrap_or(options.suppress_small);
    let formatter = formatter(py);
    let text = repr_with(
        py,
        &raw,
        order_of(arr)?,
        &prefix_of(arr)?,
        &options,
        formatter.as_ref().map(|f| f.bind(py)),
    )?;
    python_text(py, text)
}

/// The text of an array as `str` writes it.
#[pyfunction]
#[pyo3(signature = (a, max_line_width=None, precision=None, suppress_small=None))]
fn array_str<'py>(
    py: Python<'py>,
    a: &Bound<'_, PyAny>,
    max_line_width: Option<usize>,
    precision: Option<usize>,
    suppress_small: Option<bool>,
) -> Outcome<Bound<'py, PyString>> {
    let raw = array_of(a, None)?;
    if raw.rank() == 0 || raw.opaque().is_some() {
        return python_text(py, text(py, &raw)?);
    }
    let mut options = print::get_options();
    options.linewidth = max_line_width.unwrap_or(options.linewidth);
    options.precision = precision.unwrap_or(options.precision);
    options.suppress_small = suppress_small.unwrap_or(options.suppress_small);
    let formatter = formatter(py);
    let width = options.linewidth;
    let text = body(
        py,
        &raw,
        " ",
        0,
        width,
        &options,
        formatter.as_ref().map(|f| f.bind(py)),
    )?;
    python_text(py, text)
}

/// The text of an array's elements, with options for this call. `formatter` maps kinds of elements (`'int'`, `'float_kind'`,
/// `'all'` …) to functions that write one.
#[pyfunction]
#[pyo3(signature = (a, max_line_width=None, precision=None, suppress_small=None, separator=" ", prefix="", *, formatter=None,
    threshold=None, edgeitems=None, sign=None, floatmode=None, suffix="", legacy=None))]
#[allow(clippy::too_many_arguments)]
fn array2string<'py>(
    py: Python<'py>,
    a: &Bound<'_, PyAny>,
    max_line_width: Option<usize>,
    precision: Option<usize>,
    suppress_small: Option<bool>,
    separator: &str,
    prefix: &str,
    formatter: Option<&Bound<'_, PyDict>>,
    threshold: Option<&Bound<'_, PyAny>>,
    edgeitems: Option<usize>,
    sign: Option<&str>,
    floatmode: Option<&str>,
    suffix: &str,
    legacy: Option<&Bound<'_, PyAny>>,
) -> Outcome<Bound<'py, PyString>> {
    let raw = array_of(a, None)?;
    let mut options = print::get_options();
    change(
        &mut options,
        Change {
            precision,
            threshold,
            edgeitems,
            linewidth: max_line_width,
            suppress: suppress_small,
            nanstr: None,
            infstr: None,
            sign,
            floatmode,
            legacy,
        },
    )?;
    let width = options.width_before(suffix);
    let global = self::formatter(py);
    let formatter = formatter.or(global.as_ref().map(|f| f.bind(py)));
    let text = body(
        py,
        &raw,
        separator,
        prefix.chars().count(),
        width,
        &options,
        formatter,
    )?;
    python_text(py, text)
}

/// How a number that is no array is written.
fn styled(x: &Bound<'_, PyAny>, style: &FloatStyle) -> Outcome<String> {
    // NumPy's buffer is as long
    const LONGEST: usize = 16_384;
    let wanted = [
        style.precision.unwrap_or(0),
        style.min_digits.unwrap_or(0),
        style.pad_left,
        style.pad_right,
        style.exponent_digits,
    ];
    if wanted.into_iter().any(|n| n >= LONGEST) {
        return Err(crate::error::runtime_error(
            "Float formatting result too large",
        ));
    }
    let raw = array_of(x, None)?;
    let dtype = match raw.dtype() {
        d if d.is_float() => d,
        d if d.is_complex() => {
            return Err(type_error(
                "a complex number is written part by part\n  hint: `x.real`",
            ));
        }
        _ => DType::F64,
    };
    Ok(print::format_float(raw.item()?.as_f64(), dtype, style))
}

fn trim_of(name: &str) -> Outcome<Trim> {
    match name {
        "k" => Ok(Trim::Fill),
        "." => Ok(Trim::Point),
        "0" => Ok(Trim::OneZero),
        "-" => Ok(Trim::Bare),
        _ => Err(type_error("trim must be one of 'k', '.', '0' or '-'")),
    }
}

fn digits(n: Option<isize>, name: &str) -> Outcome<Option<usize>> {
    match n {
        None => Ok(None),
        Some(n) => usize::try_from(n)
            .map(Some)
            .map_err(|_| value_error(format!("{name} must be >= 0"))),
    }
}

/// A float in positional notation: `12.5`.
#[pyfunction]
#[pyo3(signature = (x, precision=None, unique=true, fractional=true, trim="k", sign=false, pad_left=None, pad_right=None, min_digits=None))]
#[allow(clippy::too_many_arguments)]
fn format_float_positional(
    x: &Bound<'_, PyAny>,
    precision: Option<isize>,
    unique: bool,
    fractional: bool,
    trim: &str,
    sign: bool,
    pad_left: Option<isize>,
    pad_right: Option<isize>,
    min_digits: Option<isize>,
) -> Outcome<String> {
    let (precision, min_digits) = (
        digits(precision, "precision")?,
        digits(min_digits, "min_digits")?,
    );
    check_digits(precision, min_digits, unique)?;
    if !fractional && precision == Some(0) {
        return Err(value_error(
            "precision must be greater than 0 if fractional=False",
        ));
    }
    styled(
        x,
        &FloatStyle {
            scientific: false,
            precision,
            min_digits,
            unique,
            fractional,
            trim: trim_of(trim)?,
            sign,
            pad_left: digits(pad_left, "pad_left")?.unwrap_or(0),
            pad_right: digits(pad_right, "pad_right")?.unwrap_or(0),
            exponent_digits: 2,
        },
    )
}

fn check_digits(precision: Option<usize>, min_digits: Option<usize>, unique: bool) -> Outcome<()> {
    if !unique && precision.is_none() {
        return Err(type_error(
            "in non-unique mode `precision` must be supplied",
        ));
    }
    if let (Some(most), Some(least)) = (precision, min_digits)
        && most > 0
        && least > most
    {
        return Err(value_error(
            "min_digits must be less than or equal to precision",
        ));
    }
    Ok(())
}

/// A float in scientific notation: `1.25e+01`.
#[pyfunction]
#[pyo3(signature = (x, precision=None, unique=true, trim="k", sign=false, pad_left=None, exp_digits=None, min_digits=None))]
#[allow(clippy::too_many_arguments)]
fn format_float_scientific(
    x: &Bound<'_, PyAny>,
    precision: Option<isize>,
    unique: bool,
    trim: &str,
    sign: bool,
    pad_left: Option<isize>,
    exp_digits: Option<isize>,
    min_digits: Option<isize>,
) -> Outcome<String> {
    let (precision, min_digits) = (
        digits(precision, "precision")?,
        digits(min_digits, "min_digits")?,
    );
    check_digits(precision, min_digits, unique)?;
    styled(
        x,
        &FloatStyle {
            scientific: true,
            precision,
            min_digits,
            unique,
            fractional: true,
            trim: trim_of(trim)?,
            sign,
            pad_left: digits(pad_left, "pad_left")?.unwrap_or(0),
            pad_right: 0,
            exponent_digits: digits(exp_digits, "exp_digits")?.unwrap_or(2),
        },
    )
}

/// Options that a call gives.
struct Change<'a, 'py> {
    precision: Option<usize>,
    threshold: Option<&'a Bound<'py, PyAny>>,
    edgeitems: Option<usize>,
    linewidth: Option<usize>,
    suppress: Option<bool>,
    nanstr: Option<String>,
    infstr: Option<String>,
    sign: Option<&'a str>,
    floatmode: Option<&'a str>,
    legacy: Option<&'a Bound<'py, PyAny>>,
}

fn change(options: &mut Options, given: Change<'_, '_>) -> Outcome<()> {
    if let Some(v) = given.precision {
        options.precision = v;
    }
    if let Some(v) = given.threshold {
        options.threshold = match v.extract::<usize>() {
            Ok(n) => n,
            // sys.maxsize, math.inf: all of it
            Err(_) => match v.extract::<f64>() {
                Ok(n) if n == f64::INFINITY => usize::MAX,
                Ok(n) if n.is_nan() => {
                    return Err(value_error(
                        "threshold must be non-NAN, try sys.maxsize for untruncated representation",
                    ));
                }
                Ok(n) if n >= 0.0 => n as usize,
                Ok(_) => 0,
                Err(_) => return Err(type_error("threshold must be numeric")),
            },
        };
    }
    if let Some(v) = given.edgeitems {
        options.edgeitems = v;
    }
    if let Some(v) = given.linewidth {
        options.linewidth = v;
    }
    if let Some(v) = given.suppress {
        options.suppress_small = v;
    }
    if let Some(v) = given.nanstr {
        options.nanstr = Cow::Owned(v);
    }
    if let Some(v) = given.infstr {
        options.infstr = Cow::Owned(v);
    }
    if let Some(v) = given.sign {
        options.sign = Sign::from_name(v)
            .ok_or_else(|| value_error("sign option must be one of ' ', '+', or '-'"))?;
    }
    if let Some(v) = given.floatmode {
        options.floatmode = FloatMode::from_name(v).ok_or_else(|| {
            value_error(
                "floatmode option must be one of \"fixed\", \"unique\", \"maxprec\", \"maxprec_equal\"",
            )
        })?;
    }
    if let Some(v) = given.legacy {
        options.legacy = match v.extract::<String>() {
            Ok(name) => Legacy::from_name(&name).ok_or_else(|| {
                value_error(
                    "legacy printing option can currently only be '1.13', '1.21', '1.25', '2.1', '2.2', or `False`",
                )
            })?,
            Err(_) if !v.is_truthy()? => Legacy::None,
            Err(_) => return Err(value_error("legacy must be a version as text, or `False`")),
        };
    }
    Ok(())
}

/// Changes the print options of this thread that are given: `precision`, `threshold`, `edgeitems`, `linewidth`, `suppress`, `nanstr`,
/// `infstr`, `formatter`, `sign`, `floatmode`, `legacy`.
#[pyfunction]
#[pyo3(signature = (precision=None, threshold=None, edgeitems=None, linewidth=None, suppress=None, nanstr=None, infstr=None, formatter=None, sign=None, floatmode=None, *, legacy=None, override_repr=None))]
#[allow(clippy::too_many_arguments)]
fn set_printoptions(
    precision: Option<usize>,
    threshold: Option<&Bound<'_, PyAny>>,
    edgeitems: Option<usize>,
    linewidth: Option<usize>,
    suppress: Option<bool>,
    nanstr: Option<String>,
    infstr: Option<String>,
    formatter: Option<&Bound<'_, PyDict>>,
    sign: Option<&str>,
    floatmode: Option<&str>,
    legacy: Option<&Bound<'_, PyAny>>,
    override_repr: Option<&Bound<'_, PyAny>>,
) -> Outcome<()> {
    let mut options = print::get_options();
    change(
        &mut options,
        Change {
            precision,
            threshold,
            edgeitems,
            linewidth,
            suppress,
            nanstr,
            infstr,
            sign,
            floatmode,
            legacy,
        },
    )?;
    if options.legacy == Legacy::V1_13 {
        options.sign = Sign::Minus;
    }
    print::set_options(options);
    // as in NumPy every call sets them, or takes them away
    replace_hooks(Hooks {
        formatter: formatter.map(|f| f.clone().unbind()),
        override_repr: override_repr
            .filter(|f| !f.is_none())
            .map(|f| f.clone().unbind()),
    });
    Ok(())
}

/// The print options as a dict.
#[pyfunction]
fn get_printoptions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let Options {
        precision,
        threshold,
        edgeitems,
        linewidth,
        suppress_small,
        sign,
        floatmode,
        nanstr,
        infstr,
        legacy,
        ..
    } = print::get_options();
    let dict = PyDict::new(py);
    dict.set_item("edgeitems", edgeitems)?;
    dict.set_item("threshold", threshold)?;
    dict.set_item("floatmode", floatmode.name())?;
    dict.set_item("precision", precision)?;
    dict.set_item("suppress", suppress_small)?;
    dict.set_item("linewidth", linewidth)?;
    dict.set_item("nanstr", nanstr)?;
    dict.set_item("infstr", infstr)?;
    dict.set_item("sign", sign.name())?;
    dict.set_item("formatter", formatter(py))?;
    match legacy.name() {
        None => dict.set_item("legacy", false)?,
        Some(name) => dict.set_item("legacy", name)?,
    }
    dict.set_item("override_repr", override_repr(py))?;
    Ok(dict)
}

/// Options for the length of a `with` block.
#[pyclass(name = "printoptions", module = "civita", frozen)]
struct PrintOptions {
    wanted: Py<PyDict>,
    before: Mutex<Vec<(Options, Hooks)>>,
}

#[pymethods]
impl PrintOptions {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<Bound<'_, PyDict>>) -> PrintOptions {
        PrintOptions {
            wanted: options.unwrap_or_else(|| PyDict::new(py)).unbind(),
            before: Default::default(),
        }
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let hooks = Hooks {
            formatter: formatter(py),
            override_repr: override_repr(py),
        };
        let before = (print::get_options(), hooks);
        py.import("civita._civita")?
            .getattr("set_printoptions")?
            .call((), Some(self.wanted.bind(py)))?;
        self.before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(before);
        get_printoptions(py)
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        if let Some(before) = self
            .before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
        {
            print::set_options(before.0);
            replace_hooks(before.1);
        }
    }
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(array_repr, m)?)?;
    m.add_function(wrap_pyfunction!(array_str, m)?)?;
    m.add_function(wrap_pyfunction!(array2string, m)?)?;
    m.add_function(wrap_pyfunction!(format_float_positional, m)?)?;
    m.add_function(wrap_pyfunction!(format_float_scientific, m)?)?;
    m.add_function(wrap_pyfunction!(set_printoptions, m)?)?;
    m.add_function(wrap_pyfunction!(get_printoptions, m)?)?;
    m.add_class::<PrintOptions>()?;
    Ok(())
}
