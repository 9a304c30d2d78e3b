//! `cv.errstate`, `cv.seterr`: what happens when floating-point arithmetic has no finite result.
//!
//! NumPy reads the processor's flags after every call. Civita's kernels run on many threads and set no flags on purpose, so
//! results are looked at instead, and only where somebody asked for it: by default everything is ignored, which costs
//! nothing. Underflow is never told.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::ops::{Op, Reduction};
use civita_core::raw::{Operand, Raw};
use pyo3::exceptions::{PyFloatingPointError, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Outcome, value_error};

/// What is done about a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ignore,
    Warn,
    Raise,
    Call,
    Print,
    Log,
}

const MODES: [(&str, Mode); 6] = [
    ("ignore", Mode::Ignore),
    ("warn", Mode::Warn),
    ("raise", Mode::Raise),
    ("call", Mode::Call),
    ("print", Mode::Print),
    ("log", Mode::Log),
];

/// The faults, in the order of a [`State`].
const FAULTS: [&str; 4] = ["divide", "over", "under", "invalid"];
const DIVIDE: usize = 0;
const OVER: usize = 1;
const INVALID: usize = 3;

type State = [Mode; 4];

thread_local! {
    static STATE: Cell<State> = const { Cell::new([Mode::Ignore; 4]) };
}

/// How often a state that looks at results was set: while it is 0 nobody asks further.
static USED: AtomicUsize = AtomicUsize::new(0);
static CALLBACK: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

fn parse(name: &str) -> Outcome<Mode> {
    MODES
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, mode)| *mode)
        .ok_or_else(|| {
            value_error(format!(
                "invalid error mode {name:?}\n  rule: the modes are ignore, warn, raise, call, print, log"
            ))
        })
}

fn as_dict(py: Python<'_>, state: State) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (fault, mode) in FAULTS.into_iter().zip(state) {
        let name = MODES.iter().find(|(_, m)| *m == mode).map(|(n, _)| *n);
        dict.set_item(fault, name)?;
    }
    Ok(dict)
}

fn changed(all: Option<&str>, each: [Option<&str>; 4]) -> Outcome<State> {
    let mut state = STATE.get();
    for (mode, given) in state.iter_mut().zip(each) {
        if let Some(name) = given.or(all) {
            *mode = parse(name)?;
        }
    }
    Ok(state)
}

fn set(state: State) {
    if state.iter().any(|mode| *mode != Mode::Ignore) {
        USED.fetch_add(1, Relaxed);
    }
    STATE.set(state);
}

/// What happens on faults from now on in this thread; returns what happened before.
#[pyfunction]
#[pyo3(signature = (all=None, divide=None, over=None, under=None, invalid=None))]
fn seterr<'py>(
    py: Python<'py>,
    all: Option<&str>,
    divide: Option<&str>,
    over: Option<&str>,
    under: Option<&str>,
    invalid: Option<&str>,
) -> Outcome<Bound<'py, PyDict>> {
    let before = as_dict(py, STATE.get())?;
    set(changed(all, [divide, over, under, invalid])?);
    Ok(before)
}

/// What happens on faults in this thread.
#[pyfunction]
fn geterr(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    as_dict(py, STATE.get())
}

/// The function that mode `call` calls, or the object whose `write` mode `log` calls; returns the one before.
#[pyfunction]
fn seterrcall(func: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
    let mut callback = CALLBACK
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut callback, func)
}

/// What [`seterrcall`] was given.
#[pyfunction]
fn geterrcall(py: Python<'_>) -> Option<Py<PyAny>> {
    CALLBACK
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .as_ref()
        .map(|f| f.clone_ref(py))
}

/// Another way to treat faults for a block: `with cv.errstate(divide="raise"): …`; also a decorator.
#[pyclass(name = "errstate", module = "civita", frozen)]
struct ErrState {
    all: Option<String>,
    each: [Option<String>; 4],
    call: Option<Py<PyAny>>,
    before: Mutex<Vec<(State, Option<Py<PyAny>>)>>,
}

#[pymethods]
impl ErrState {
    #[new]
    #[pyo3(signature = (*, call=None, all=None, divide=None, over=None, under=None, invalid=None))]
    fn new(
        call: Option<Py<PyAny>>,
        all: Option<String>,
        divide: Option<String>,
        over: Option<String>,
        under: Option<String>,
        invalid: Option<String>,
    ) -> Outcome<ErrState> {
        let each = [divide, over, under, invalid];
        for name in each.iter().chain([&all]).flatten() {
            parse(name)?;
        }
        Ok(ErrState {
            all,
            each,
            call,
            before: Mutex::new(Vec::new()),
        })
    }

    fn __enter__(slf: Py<Self>, py: Python<'_>) -> Outcome<()> {
        let this = slf.get();
        let state = changed(
            this.all.as_deref(),
            this.each.each_ref().map(Option::as_deref),
        )?;
        let call = this
            .call
            .as_ref()
            .map(|f| seterrcall(Some(f.clone_ref(py))))
            .unwrap_or_else(|| geterrcall(py));
        this.before
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push((STATE.get(), call));
        set(state);
        Ok(())
    }

    fn __exit__(&self, _kind: Py<PyAny>, _value: Py<PyAny>, _trace: Py<PyAny>) {
        let before = self
            .before
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        if let Some((state, call)) = before {
            STATE.set(state);
            seterrcall(call);
        }
    }

    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        func: Bound<'py, PyAny>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let py = slf.py();
        let names = PyDict::new(py);
        names.set_item("state", slf)?;
        names.set_item("func", func)?;
        let code = c"import functools\n@functools.wraps(func)\ndef inner(*args, **kwargs):\n    with state:\n        return func(*args, **kwargs)\n";
        py.run(code, Some(&names), None)?;
        names
            .get_item("inner")?
            .ok_or_else(|| value_error("the function cannot be wrapped"))
    }
}

/// Has anybody asked for faults?
#[inline]
pub fn is_used() -> bool {
    USED.load(Relaxed) > 0
}

/// Looks at the result of an op on operands without tags, where the thread asked for that.
#[inline]
pub fn check(py: Python<'_>, op: Op, operands: &[Operand<'_>], result: &Raw) -> Outcome<()> {
    if !is_used() {
        return Ok(());
    }
    check_asked(py, op, operands, result)
}

#[cold]
fn check_asked(py: Python<'_>, op: Op, operands: &[Operand<'_>], result: &Raw) -> Outcome<()> {
    let state = STATE.get();
    if state.iter().all(|mode| *mode == Mode::Ignore) || !result.is_plain() {
        return Ok(());
    }
    for fault in faults(op, operands, result)? {
        let what = match fault {
            DIVIDE => "divide by zero",
            OVER => "overflow",
            _ => "invalid value",
        };
        let text = format!("{what} encountered in {}", op.row().numpy);
        match state[fault] {
            Mode::Ignore => {}
            Mode::Warn => {
                let text = std::ffi::CString::new(text).unwrap_or_default();
                PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)?;
            }
            Mode::Raise => return Err(PyFloatingPointError::new_err(text).into()),
            Mode::Print => {
                py.import("builtins")?
                    .getattr("print")?
                    .call1((format!("Warning: {text}"),))?;
            }
            Mode::Call => {
                let Some(call) = geterrcall(py) else {
                    return Err(value_error(format!(
                        "python callback specified for {what} (in {}) but no function found.",
                        op.row().numpy
                    )));
                };
                // NumPy's flags: divide 1, over 2, under 4, invalid 8
                call.call1(py, (what, 1 << fault))?;
            }
            Mode::Log => {
                if let Some(log) = geterrcall(py) {
                    log.call_method1(py, "write", (format!("Warning: {text}\n"),))?;
                }
            }
        }
    }
    Ok(())
}

/// The faults that a result shows: NaN that no operand had, infinity of finite operands, integers divided by 0.
fn faults(op: Op, operands: &[Operand<'_>], result: &Raw) -> Result<Vec<usize>> {
    let any = |x: &Raw| -> Result<bool> {
        Ok(x.reduce(Reduction::Any, Default::default())?.item()? == Scalar::Bool(true))
    };
    let divides = matches!(
        op.row().numpy,
        "divide" | "floor_divide" | "remainder" | "fmod"
    );
    let mut found = Vec::new();
    if result.dtype().is_integer() {
        if divides
            && let Some(by) = operands.get(1)
            && any(&Raw::apply(Op::Eq, &[*by, Scalar::Int(0).into()]).or_else(|_| tested(by))?)?
        {
            found.push(DIVIDE);
        }
        return Ok(found);
    }
    if !(result.dtype().is_float() || result.dtype().is_complex()) || op == Op::Where {
        return Ok(found);
    }
    let is_nan = |x: &Raw| Raw::apply(Op::IsNan, &[x.into()]);
    let is_infinite = |x: &Raw| {
        let size = Raw::apply(Op::Abs, &[x.into()])?;
        Raw::apply(
            Op::Eq,
            &[(&size).into(), Scalar::Float(f64::INFINITY).into()],
        )
    };
    let values = operands
        .iter()
        .map(|o| match o {
            Operand::Tensor(x) if x.dtype().is_float() || x.dtype().is_complex() => {
                Ok((*x).clone())
            }
            Operand::Tensor(x) => x.cast(DType::F64),
            Operand::Scalar(s) => Raw::scalar(*s, s.default_dtype())?.cast(match s {
                Scalar::Complex(_) => DType::C128,
                _ => DType::F64,
            }),
        })
        .collect::<Result<Vec<Raw>>>()?;
    let (mut nan, mut infinite) = (is_nan(result)?, is_infinite(result)?);
    for x in &values {
        let known = is_nan(x)?;
        let also = known.logical_or(&is_infinite(x)?)?;
        nan = nan.logical_and(&known.logical_not()?)?;
        infinite = infinite.logical_and(&also.logical_not()?)?;
    }
    let zero = |x: &Raw| Raw::apply(Op::Eq, &[x.into(), Scalar::Float(0.0).into()]);
    let poles = match op.row().numpy {
        "divide" | "floor_divide" | "remainder" => Some(zero(&values[1])?),
        "power" | "reciprocal" | "float_power" => Some(zero(&values[0])?),
        "log" | "log2" | "log10" | "log1p" | "arctanh" => Some(infinite.clone()),
        _ => None,
    };
    let (at_pole, over) = match poles {
        Some(poles) => (
            infinite.logical_and(&poles)?,
            infinite.logical_and(&poles.logical_not()?)?,
        ),
        None => (Raw::zeros(&[], DType::Bool)?, infinite),
    };
    for (fault, mask) in [(DIVIDE, at_pole), (OVER, over), (INVALID, nan)] {
        if any(&mask)? {
            found.push(fault);
        }
    }
    Ok(found)
}

/// Is a scalar 0?
fn tested(by: &Operand<'_>) -> Result<Raw> {
    match by {
        Operand::Tensor(x) => Raw::apply(Op::Eq, &[(*x).into(), Scalar::Int(0).into()]),
        Operand::Scalar(s) => Raw::scalar(Scalar::Bool(s.as_f64() == 0.0), DType::Bool),
    }
}

/// Adds the functions and the class.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<ErrState>()?;
    m.add_function(wrap_pyfunction!(seterr, m)?)?;
    m.add_function(wrap_pyfunction!(geterr, m)?)?;
    m.add_function(wrap_pyfunction!(seterrcall, m)?)?;
    m.add_function(wrap_pyfunction!(geterrcall, m)?)?;
    Ok(())
}
