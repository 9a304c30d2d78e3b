//! `cv.errstate`, `cv.seterr`: what happens when floating-point arithmetic has no finite result.
//!
//! As NumPy, a call takes the processor's flags down ([`watch`]) and reads them when it is done. They may be up for nothing
//! (`civita_core::flags`), so where one is up the results are looked at, and what they show is told: warned of by default,
//! under the name of the function. Integers divided by zero raise no flag; there the divisor is looked at. Underflow is told of
//! `nextafter` and `spacing` alone. Nothing is told of results with a gradient, a tangent, a batch or a trace.

use std::cell::Cell;
use std::sync::Mutex;

use civita_core::dtype::{DType, Kind, Scalar};
use civita_core::error::Result;
use civita_core::flags;
use civita_core::functions::ufuncs;
use civita_core::ops::{Op, Reduction};
use civita_core::raw::{Operand, Raw};
use pyo3::exceptions::PyFloatingPointError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Outcome, value_error};

/// What is done about a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
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
const UNDER: usize = 2;
const INVALID: usize = 3;

/// What is done about each fault.
pub type State = [Mode; 4];

/// What calls this: it names the fault.
#[derive(Clone, Copy)]
enum Caller {
    /// A function of arrays.
    Function,
    /// An operator of scalars.
    Scalar,
    /// A function that is made of others.
    Named(&'static str),
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new([Mode::Warn, Mode::Warn, Mode::Ignore, Mode::Warn]) };
    static CALLER: Cell<Caller> = const { Cell::new(Caller::Function) };
}

static CALLBACK: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// What this thread does about faults.
pub fn current() -> State {
    STATE.get()
}

/// Until dropped, this thread does about faults what another one does.
pub struct Reaction(State);

impl Reaction {
    /// Begins it.
    pub fn enter(state: State) -> Reaction {
        Reaction(STATE.replace(state))
    }
}

impl Drop for Reaction {
    fn drop(&mut self) {
        STATE.set(self.0);
    }
}

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
    STATE.set(changed(all, [divide, over, under, invalid])?);
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
        STATE.set(state);
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

/// Until dropped, faults on this thread are those of an operator of scalars, or of a function of this name.
pub struct Within(Caller);

impl Within {
    /// An operator of scalars, if it is not part of a named one.
    pub fn scalar() -> Within {
        let before = CALLER.get();
        if !matches!(before, Caller::Named(_)) {
            CALLER.set(Caller::Scalar);
        }
        Within(before)
    }

    /// A function that is made of others.
    pub fn function(name: &'static str) -> Within {
        Within(CALLER.replace(Caller::Named(name)))
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        CALLER.set(self.0);
    }
}

/// To be called before what is checked.
#[inline]
pub fn watch() {
    flags::clear();
}

/// Tells of the faults of an op on operands without tags.
#[inline]
pub fn check(py: Python<'_>, op: Op, operands: &[Operand<'_>], result: &Raw) -> Outcome<()> {
    check_weak(py, operands, compared_in(operands, result.dtype()))?;
    match is_up(op, result) {
        true => check_raised(py, op, operands, result, None),
        false => Ok(()),
    }
}

/// The dtype that numbers of Python's are converted to: that of the result, or of what is compared.
#[inline]
fn compared_in(operands: &[Operand<'_>], result: DType) -> DType {
    match (result, operands) {
        (DType::Bool, [Operand::Tensor(x), Operand::Scalar(_)]) => x.dtype(),
        (DType::Bool, [Operand::Scalar(_), Operand::Tensor(x)]) => x.dtype(),
        _ => result,
    }
}

/// Whether there are integers that are infinite in it.
#[inline]
fn holds_few(dtype: DType) -> bool {
    dtype.is_float8() || dtype == DType::F16
}

/// Whether finite numbers of a wider dtype may be infinite in it.
#[inline]
pub fn is_narrow(dtype: DType) -> bool {
    dtype.is_narrow_float() || matches!(dtype, DType::F32 | DType::C64)
}

/// Whether a number of Python's is finite and this dtype has none as large.
#[inline]
pub fn overflows(scalar: Scalar, dtype: DType) -> bool {
    is_too_large(&Operand::Scalar(scalar), dtype)
}

/// Tells of numbers that became infinite in a dtype, where `wide` gives them as they were.
#[inline]
pub fn check_narrowed(
    py: Python<'_>,
    made: &Raw,
    wide: impl FnOnce() -> Outcome<Raw>,
) -> Outcome<()> {
    // a finite sum has finite terms
    let sum = made.reduce_number(Reduction::Sum, Default::default());
    let is_finite = |(sum, _): (Scalar, DType)| match sum {
        Scalar::Float(v) => v.is_finite(),
        Scalar::Complex(v) => v.is_finite(),
        _ => true,
    };
    if sum.is_some_and(is_finite) || !made.is_plain() {
        return Ok(());
    }
    if ignores_all() || !any(&is_infinite(made)?)? {
        return Ok(());
    }
    let new = is_infinite(made)?.logical_and(&is_infinite(&wide()?)?.logical_not()?)?;
    match any(&new)? {
        true => tell(py, "cast", &[OVER]),
        false => Ok(()),
    }
}

/// As [`check_cast`], of a value that was written into an array of this dtype.
#[inline]
pub fn check_written(py: Python<'_>, source: &Raw, dtype: DType) -> Outcome<()> {
    let is_quiet = flags::raised() == 0 && !holds_few(dtype);
    match source.dtype() == dtype || is_quiet || !source.is_plain() {
        true => Ok(()),
        false => check_cast_raised(py, source, &source.cast(dtype)?),
    }
}

/// Tells of numbers of Python's that became infinite in the dtype that is computed in.
#[inline]
pub fn check_weak(py: Python<'_>, operands: &[Operand<'_>], dtype: DType) -> Outcome<()> {
    match operands.iter().any(|o| is_too_large(o, dtype)) {
        // also of an operator of scalars
        true => react(py, OVER, "cast"),
        false => Ok(()),
    }
}

/// A number of Python's as a tensor of its own; integers beyond 64 bits are floats.
fn of_number(s: Scalar) -> Result<Raw> {
    match s {
        Scalar::Int(v) if i64::try_from(v).is_err() && u64::try_from(v).is_err() => {
            Raw::scalar(Scalar::Float(v as f64), DType::F64)
        }
        s => Raw::scalar(s, s.default_dtype()),
    }
}

/// Whether it is a finite number that became infinite beside an array of few bits.
#[inline]
fn is_too_large(operand: &Operand<'_>, dtype: DType) -> bool {
    let value = match operand {
        Operand::Scalar(Scalar::Int(value)) => *value as f64,
        Operand::Scalar(Scalar::Float(value)) if value.is_finite() => *value,
        Operand::Scalar(Scalar::Complex(value)) if value.is_finite() => {
            value.re.abs().max(value.im.abs())
        }
        _ => return false,
    };
    let most = match dtype.to_real() {
        DType::F8E4M3 => 448.0,
        DType::F8E5M2 => 57_344.0,
        DType::F16 => 65_504.0,
        DType::F32 | DType::BF16 => f64::from(f32::MAX),
        _ => return false,
    };
    value.abs() > most
}

/// Whether there is something to look at.
#[inline]
pub fn is_up(op: Op, result: &Raw) -> bool {
    flags::raised() != 0 || (result.dtype().is_integer() && divides(op))
}

/// As [`check`], of the elements where the mask is true alone.
#[cold]
pub fn check_raised(
    py: Python<'_>,
    op: Op,
    operands: &[Operand<'_>],
    result: &Raw,
    mask: Option<&Raw>,
) -> Outcome<()> {
    if ignores_all() || !result.is_plain() || result.is_empty() {
        return Ok(());
    }
    let found = faults(op, operands, result, mask)?;
    tell(py, op.row().numpy, &found)
}

/// Tells of zeros that integers were divided by, on the way to a result of another dtype.
#[cold]
pub fn check_integers(
    py: Python<'_>,
    op: Op,
    operands: &[Operand<'_>],
    result: &Raw,
) -> Outcome<()> {
    if ignores_all() || !divides(op) || !result.is_plain() || result.is_empty() {
        return Ok(());
    }
    let found = faults_of_integers(op, operands, result, &any)?;
    tell(py, op.row().numpy, &found)
}

/// Tells of what the result of a fold, a product or a function that is made of ops shows.
#[inline]
pub fn check_fold(
    py: Python<'_>,
    name: &'static str,
    inputs: &[&Raw],
    result: &Raw,
) -> Outcome<()> {
    match is_quiet(result.dtype()) {
        true => Ok(()),
        false => check_fold_raised(py, name, inputs, result, flags::raised()),
    }
}

/// Whether nothing was raised on the way to a result of this dtype. Floats of 8 and 16 bits are rounded from wider ones, which raises
/// nothing.
#[inline]
pub fn is_quiet(dtype: DType) -> bool {
    flags::raised() == 0 && !dtype.is_narrow_float()
}

#[cold]
fn check_fold_raised(
    py: Python<'_>,
    name: &'static str,
    inputs: &[&Raw],
    result: &Raw,
    raised: u8,
) -> Outcome<()> {
    let is_inexact = |x: &&&Raw| x.dtype().is_float() || x.dtype().is_complex();
    if ignores_all() || !result.is_plain() || !is_inexact(&&result) {
        return Ok(());
    }
    let (mut nan, mut infinite) = (any(&is_nan(result)?)?, any(&is_infinite(result)?)?);
    if nan || infinite {
        for x in inputs.iter().filter(is_inexact) {
            let known = any(&is_nan(x)?)?;
            nan &= !known;
            infinite &= !known && !any(&is_infinite(x)?)?;
        }
    }
    let mut found = Vec::new();
    if infinite {
        let pole = raised & flags::OVERFLOW == 0 && raised & flags::DIVIDE != 0;
        found.push(if pole { DIVIDE } else { OVER });
    }
    if nan && raised != 0 {
        found.push(INVALID);
    }
    tell(py, name, &found)
}

/// Tells of the faults of `nextafter` and `spacing`. A neighbour is infinite for it overflowed, though infinity lay that way; and these
/// underflow where they step among subnormal numbers. As NumPy's, they tell of NaN in `float16` alone, of underflow elsewhere.
#[inline]
pub fn check_neighbours(
    py: Python<'_>,
    name: &'static str,
    operands: &[Operand<'_>],
    result: &Raw,
) -> Outcome<()> {
    let wide = matches!(result.dtype(), DType::F32 | DType::F64);
    match flags::raised() & flags::OVERFLOW == 0 && wide && STATE.get()[UNDER] == Mode::Ignore {
        true => Ok(()),
        false => check_neighbours_raised(py, name, operands, result),
    }
}

#[cold]
fn check_neighbours_raised(
    py: Python<'_>,
    name: &'static str,
    operands: &[Operand<'_>],
    result: &Raw,
) -> Outcome<()> {
    if ignores_all() || !result.is_plain() || result.is_empty() {
        return Ok(());
    }
    let dtype = result.dtype();
    let from = match operands[0] {
        Operand::Tensor(x) => x.cast(dtype)?,
        Operand::Scalar(s) => of_number(s)?.cast(dtype)?,
    };
    let compare = |op: Op, a: &Raw, b: f64| Raw::apply(op, &[a.into(), Scalar::Float(b).into()]);
    let mut found = Vec::new();
    let finite = Raw::apply(Op::IsFinite, &[(&from).into()])?;
    if any(&is_infinite(result)?.logical_and(&finite)?)? {
        found.push(OVER);
    }
    let least = match dtype {
        DType::F32 => f64::from(f32::MIN_POSITIVE),
        DType::F64 => f64::MIN_POSITIVE,
        _ => 0.0,
    };
    let stepped = match name {
        "spacing" => {
            compare(Op::Lt, &from.abs()?, least)?.logical_and(&compare(Op::Ne, &from, 0.0)?)?
        }
        _ => compare(Op::Lt, &result.abs()?, least)?.logical_and(&from.ne(result)?)?,
    };
    if any(&stepped)? {
        found.push(UNDER);
    }
    if name == "spacing" && dtype == DType::F16 && any(&is_nan(result)?)? {
        found.push(INVALID);
    }
    tell(py, name, &found)
}

/// Tells of zeros that integers were divided by in a fold, which raise no flag.
pub fn check_integer_fold(
    py: Python<'_>,
    name: &'static str,
    op: Op,
    x: &Raw,
    axis: isize,
) -> Outcome<()> {
    let axis = if axis < 0 {
        axis + x.rank() as isize
    } else {
        axis
    };
    let n = x.shape().get(axis as usize).copied().unwrap_or(0);
    if !divides(op) || !x.dtype().is_integer() || n < 2 || x.is_empty() || ignores_all() {
        return Ok(());
    }
    // each step: what came out so far, divided by the next
    let so_far = ufuncs::accumulate(op, x, axis, None)?;
    let operands = [so_far.narrow(axis, 0, n - 1)?, x.narrow(axis, 1, n - 1)?];
    let result = so_far.narrow(axis, 1, n - 1)?;
    let operands = operands.each_ref().map(Operand::Tensor);
    let found = faults_of_integers(op, &operands, &result, &any)?;
    tell(py, name, &found)
}

/// Tells of the faults of an op whose operands are not what they were: its result is where one of them was.
#[inline]
pub fn check_in_place(
    py: Python<'_>,
    op: Op,
    operand: Option<Operand<'_>>,
    result: &Raw,
) -> Outcome<()> {
    match is_up(op, result) {
        true => check_in_place_raised(py, op, operand, result, flags::raised()),
        false => Ok(()),
    }
}

#[cold]
fn check_in_place_raised(
    py: Python<'_>,
    op: Op,
    operand: Option<Operand<'_>>,
    result: &Raw,
    raised: u8,
) -> Outcome<()> {
    if ignores_all() || !result.is_plain() || result.is_empty() {
        return Ok(());
    }
    let by_zero = match operand {
        Some(by) if divides(op) || op == Op::Div => any(&equal(&by, 0)?)?,
        _ => false,
    };
    let mut found = Vec::new();
    if result.dtype().is_integer() {
        if by_zero {
            found.push(DIVIDE);
        }
    } else if result.dtype().is_float() || result.dtype().is_complex() {
        if any(&too_large(result)?)? {
            if raised & flags::DIVIDE != 0 && by_zero {
                found.push(DIVIDE);
            } else if raised & flags::OVERFLOW != 0
                && !operand.is_some_and(|by| is_too_large(&by, result.dtype()))
            {
                found.push(OVER);
            }
        }
        if raised & flags::INVALID != 0 && any(&is_nan(result)?)? {
            found.push(INVALID);
        }
    }
    tell(py, op.row().numpy, &found)
}

/// Where the result is what becomes of numbers that are too large: infinite, or NaN in a dtype without infinities.
fn too_large(x: &Raw) -> Result<Raw> {
    match x.dtype().greatest_float().is_finite() {
        true => is_nan(x),
        false => is_infinite(x),
    }
}

/// Tells of values that a conversion could not keep.
#[inline]
pub fn check_cast(py: Python<'_>, x: &Raw, result: &Raw) -> Outcome<()> {
    // integers that are infinite in a float of few bits raise no flag
    if flags::raised() == 0 && !(x.dtype().is_integer() && holds_few(result.dtype())) {
        return Ok(());
    }
    check_cast_raised(py, x, result)
}

#[cold]
fn check_cast_raised(py: Python<'_>, x: &Raw, result: &Raw) -> Outcome<()> {
    let inexact = |d: DType| d.is_float() || d.is_complex();
    let inexact_result = inexact(result.dtype());
    if ignores_all() || !result.is_plain() || !(inexact(x.dtype()) || inexact_result) {
        return Ok(());
    }
    let fault = if inexact_result {
        let new = too_large(result)?.logical_and(&Raw::apply(Op::IsFinite, &[x.into()])?)?;
        any(&new)?.then_some(OVER)
    } else if result.dtype() == DType::Bool {
        None
    } else {
        let (real, kept) = (
            Raw::apply(Op::Real, &[x.into()])?,
            result.cast(x.dtype().to_real())?,
        );
        let whole = Raw::apply(Op::Trunc, &[(&real).into()])?;
        any(&Raw::apply(Op::Ne, &[(&whole).into(), (&kept).into()])?)?.then_some(INVALID)
    };
    tell(py, "cast", fault.as_slice())
}

/// Warns of imaginary parts that a conversion drops.
#[inline]
pub fn check_complex(py: Python<'_>, from: DType, to: DType) -> Outcome<()> {
    match from.is_complex() && !to.is_complex() && to != DType::Bool {
        true => warn_complex(py),
        false => Ok(()),
    }
}

#[cold]
fn warn_complex(py: Python<'_>) -> Outcome<()> {
    let class = py.import("civita.exceptions")?.getattr("ComplexWarning")?;
    let text = "Casting complex values to real discards the imaginary part";
    crate::functions::warn_as(py, &class, text)
}

/// Tells that the integer of an operator of scalars is not the exact one.
pub fn overflowed(py: Python<'_>, op: Op) -> Outcome<()> {
    tell(py, op.row().numpy, &[OVER])
}

fn ignores_all() -> bool {
    STATE.get().iter().all(|mode| *mode == Mode::Ignore)
}

#[cold]
fn tell(py: Python<'_>, name: &'static str, found: &[usize]) -> Outcome<()> {
    let name = match CALLER.get() {
        Caller::Function => name.to_owned(),
        Caller::Scalar => format!("scalar {name}"),
        Caller::Named(name) => name.to_owned(),
    };
    (found.iter()).try_for_each(|&fault| react(py, fault, &name))
}

/// Reacts to the text of a function's warning if it says a fault, as in "overflow encountered in dot"; returns whether it does.
pub fn told(py: Python<'_>, text: &str) -> Outcome<bool> {
    let Some((what, name)) = text.split_once(" encountered in ") else {
        return Ok(false);
    };
    let found = [DIVIDE, OVER, UNDER, INVALID]
        .into_iter()
        .find(|&fault| called(fault) == what);
    match found {
        Some(fault) => react(py, fault, name).map(|()| true),
        None => Ok(false),
    }
}

fn called(fault: usize) -> &'static str {
    match fault {
        DIVIDE => "divide by zero",
        OVER => "overflow",
        UNDER => "underflow",
        _ => "invalid value",
    }
}

/// Does about a fault what this thread does.
fn react(py: Python<'_>, fault: usize, name: &str) -> Outcome<()> {
    let what = called(fault);
    let text = format!("{what} encountered in {name}");
    match STATE.get()[fault] {
        Mode::Ignore => {}
        Mode::Warn => crate::functions::warn(py, &text)?,
        Mode::Raise => return Err(PyFloatingPointError::new_err(text).into()),
        Mode::Print => {
            py.import("builtins")?
                .getattr("print")?
                .call1((format!("Warning: {text}"),))?;
        }
        Mode::Call => {
            let Some(call) = geterrcall(py) else {
                return Err(value_error(format!(
                    "python callback specified for {what} (in {name}) but no function found."
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
    Ok(())
}

/// Ops that integers do not survive with a zero.
fn divides(op: Op) -> bool {
    matches!(
        op,
        Op::FloorDivide | Op::Remainder | Op::Fmod | Op::Reciprocal
    )
}

fn any(mask: &Raw) -> Result<bool> {
    Ok(mask.reduce(Reduction::Any, Default::default())?.item()? == Scalar::Bool(true))
}

fn is_nan(x: &Raw) -> Result<Raw> {
    Raw::apply(Op::IsNan, &[x.into()])
}

fn is_infinite(x: &Raw) -> Result<Raw> {
    Raw::apply(Op::IsInf, &[x.into()])
}

/// Where an operand is this integer.
fn equal(x: &Operand<'_>, to: i128) -> Result<Raw> {
    match x {
        Operand::Tensor(x) if x.dtype() == DType::Bool => x
            .cast(DType::U8)
            .and_then(|x| Raw::apply(Op::Eq, &[(&x).into(), Scalar::Int(to).into()])),
        Operand::Tensor(x) => Raw::apply(Op::Eq, &[(*x).into(), Scalar::Int(to).into()]),
        Operand::Scalar(s) => Raw::scalar(Scalar::Bool(s.as_f64() == to as f64), DType::Bool),
    }
}

/// The faults that a result shows: NaN that no operand had, infinity of finite operands, integers divided by 0.
fn faults(
    op: Op,
    operands: &[Operand<'_>],
    result: &Raw,
    mask: Option<&Raw>,
) -> Result<Vec<usize>> {
    let counted = |found: &Raw| match mask {
        Some(mask) => any(&found.logical_and(mask)?),
        None => any(found),
    };
    if result.dtype().is_integer() {
        return faults_of_integers(op, operands, result, &counted);
    }
    let mut found = Vec::new();
    if !(result.dtype().is_float() || result.dtype().is_complex()) || op == Op::Where {
        return Ok(found);
    }
    let finite = Raw::apply(Op::IsFinite, &[result.into()])?;
    if finite.reduce(Reduction::All, Default::default())?.item()? == Scalar::Bool(true) {
        return Ok(found);
    }
    let values = operands
        .iter()
        .map(|o| match o {
            Operand::Tensor(x) if x.dtype().is_float() || x.dtype().is_complex() => {
                Ok((*x).clone())
            }
            Operand::Tensor(x) => x.cast(DType::F64),
            // as it is beside the array: what became infinite on the way was told
            Operand::Scalar(s) => of_number(*s)?.cast(result.dtype()),
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
    let poles = match op {
        Op::Div | Op::FloorDivide | Op::Remainder => Some(zero(&values[1])?),
        Op::Pow | Op::Reciprocal | Op::FloatPower => Some(zero(&values[0])?),
        Op::Log | Op::Log2 | Op::Log10 | Op::Log1p | Op::Atanh => Some(infinite.clone()),
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
        if counted(&mask)? {
            found.push(fault);
        }
    }
    Ok(found)
}

/// Integers divided by 0; the least one by -1, whose quotient is too large by one.
fn faults_of_integers(
    op: Op,
    operands: &[Operand<'_>],
    result: &Raw,
    counted: &dyn Fn(&Raw) -> Result<bool>,
) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    let by = match operands {
        _ if !divides(op) => return Ok(found),
        // `divmod` told it of the quotient
        _ if op == Op::Remainder && matches!(CALLER.get(), Caller::Named(_)) => return Ok(found),
        [by] | [_, by] => by,
        _ => return Ok(found),
    };
    let all_differ_from_zero = match by {
        Operand::Scalar(s) => s.as_f64() != 0.0,
        Operand::Tensor(by) => {
            by.reduce(Reduction::All, Default::default())?.item()? == Scalar::Bool(true)
        }
    };
    if !all_differ_from_zero && counted(&equal(by, 0)?)? {
        found.push(DIVIDE);
    }
    if op == Op::FloorDivide && result.dtype().kind() == Kind::Signed {
        let least = -1i128 << (8 * result.dtype().size() - 1);
        let low = |x: &Operand<'_>| equal(x, least);
        let result = Operand::Tensor(result);
        // the quotient is the least one where the dividend was, for few divisors
        if let Operand::Tensor(q) = &result
            && q.reduce(Reduction::Min, Default::default())?.item()? == Scalar::Int(least)
            && counted(&low(&result)?.logical_and(&equal(by, -1)?)?)?
        {
            found.push(OVER);
        }
    }
    Ok(found)
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
