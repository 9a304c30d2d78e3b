//! `cv.fuse`: a Python function of symbols becomes one pass over memory.

// what `#[pymethods]` writes inside a macro of ours looks like our own code to the lint
#![allow(unsafe_op_in_unsafe_fn)]

use std::sync::{Arc, Mutex, PoisonError};

use civita_core::dtype::Scalar;
use civita_core::graph::Function;
use civita_core::ops::Op;
use civita_core::program::{Builder, Id};
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use crate::convert::{Value, array_of, scalar_exact, value};
use crate::dtype::parse;
use crate::error::{Outcome, type_error, value_error};
use crate::gil;
use crate::scalar::give;

/// Steps that a fused function may have: registers and constants are counted in a byte.
const STEPS: usize = 200;

/// A value of a function that is being fused: described, not computed.
#[pyclass(name = "Expr", module = "civita", frozen)]
pub struct PyExpr {
    builder: Arc<Mutex<Builder>>,
    id: Id,
}

fn locked(builder: &Mutex<Builder>) -> std::sync::MutexGuard<'_, Builder> {
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An op on symbols and scalars, as the next step of their function.
pub fn apply(py: Python<'_>, op: Op, args: &[Bound<'_, PyAny>]) -> Outcome<Py<PyAny>> {
    enum Part {
        Id(Id),
        Scalar(Scalar),
    }
    let mut builder: Option<Arc<Mutex<Builder>>> = None;
    let mut parts: SmallVec<[Part; 3]> = SmallVec::new();
    for arg in args {
        if let Ok(expr) = arg.cast_exact::<PyExpr>() {
            let expr = expr.get();
            if builder
                .as_ref()
                .is_some_and(|b| !Arc::ptr_eq(b, &expr.builder))
            {
                return Err(value_error(
                    "the symbols belong to different fused functions",
                ));
            }
            builder = Some(expr.builder.clone());
            parts.push(Part::Id(expr.id));
        } else if let Some(scalar) = scalar_exact(arg)? {
            parts.push(Part::Scalar(scalar));
        } else {
            let name = arg.get_type().name()?.to_string();
            return Err(type_error(format!(
                "a fused function cannot use a value of type '{name}' that is not one of its arguments\n  hint: give it as an argument, or take a Python number"
            )));
        }
    }
    let Some(builder) = builder else {
        return Err(type_error("there is no symbol among the operands"));
    };
    let id = {
        let b = locked(&builder);
        let exprs: SmallVec<[civita_core::program::Expr<'_>; 3]> = parts
            .iter()
            .map(|p| match p {
                Part::Id(id) => b.at(*id),
                Part::Scalar(s) => b.constant(*s),
            })
            .collect();
        b.op(op, &exprs).id()
    };
    finished(py, builder, id)
}

fn finished(py: Python<'_>, builder: Arc<Mutex<Builder>>, id: Id) -> Outcome<Py<PyAny>> {
    if usize::from(id) >= STEPS {
        return Err(value_error(format!(
            "a fused function has at most {STEPS} steps\n  hint: split it"
        )));
    }
    Ok(Py::new(py, PyExpr { builder, id })?.into_any())
}

fn binary(
    op: Op,
    this: &Bound<'_, PyExpr>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let this = this.as_any().clone();
    let args = if reflected {
        [other.clone(), this]
    } else {
        [this, other.clone()]
    };
    apply(other.py(), op, &args)
}

macro_rules! operators {
    ($($name:ident $reflected:ident $Op:ident,)*) => {
        #[pymethods]
        impl PyExpr {
            $(
                fn $name(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    binary(Op::$Op, slf, other, false)
                }
                fn $reflected(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    binary(Op::$Op, slf, other, true)
                }
            )*
        }
    };
}
operators! {
    __add__ __radd__ Add,
    __sub__ __rsub__ Sub,
    __mul__ __rmul__ Mul,
    __truediv__ __rtruediv__ Div,
    __floordiv__ __rfloordiv__ FloorDivide,
    __mod__ __rmod__ Remainder,
    __and__ __rand__ BitwiseAnd,
    __or__ __ror__ BitwiseOr,
    __xor__ __rxor__ BitwiseXor,
}

#[pymethods]
impl PyExpr {
    fn __pow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        _modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        binary(Op::Pow, slf, other, false)
    }
    fn __rpow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        _modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        binary(Op::Pow, slf, other, true)
    }
    fn __neg__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        apply(slf.py(), Op::Neg, &[slf.as_any().clone()])
    }
    fn __abs__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        apply(slf.py(), Op::Abs, &[slf.as_any().clone()])
    }
    fn __invert__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        apply(slf.py(), Op::Invert, &[slf.as_any().clone()])
    }
    fn __richcmp__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        op: CompareOp,
    ) -> Outcome<Py<PyAny>> {
        let op = match op {
            CompareOp::Lt => Op::Lt,
            CompareOp::Le => Op::Le,
            CompareOp::Eq => Op::Eq,
            CompareOp::Ne => Op::Ne,
            CompareOp::Gt => Op::Gt,
            CompareOp::Ge => Op::Ge,
        };
        binary(op, slf, other, false)
    }
    fn __bool__(&self) -> Outcome<bool> {
        Err(type_error(
            "a fused function cannot branch on values, which are not known yet\n  hint: `cv.where(condition, a, b)`",
        ))
    }

    /// The same value in another dtype.
    fn astype(&self, py: Python<'_>, dtype: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let dtype = parse(dtype)?;
        let id = locked(&self.builder).at(self.id).cast(dtype).id();
        finished(py, self.builder.clone(), id)
    }

    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;
    #[classattr]
    fn __array_priority__() -> f64 {
        1000.0
    }
    #[classattr]
    fn __array_ufunc__() -> Option<Py<PyAny>> {
        None
    }

    fn __repr__(&self) -> String {
        format!("<civita.Expr {}>", self.id)
    }
}

/// An argument as far as the program depends on it: a scalar is part of the program.
#[derive(Clone)]
enum Part {
    Array,
    Scalar(Scalar),
}

/// Scalars are the same where their bits are: a program for 0.0 is none for -0.0.
impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Array, Part::Array) => true,
            (Part::Scalar(a), Part::Scalar(b)) => a.same_bits(*b),
            _ => false,
        }
    }
}

/// Programs that a fused function keeps, one for each pattern of scalar arguments.
const KEPT: usize = 32;

type Traced = (Vec<Part>, Arc<Function>);

// A function that runs as one pass over memory. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "fused", module = "civita", frozen, dict)]
pub struct Fused {
    function: Py<PyAny>,
    name: &'static str,
    kept: Mutex<Vec<Traced>>,
}

impl Fused {
    fn trace(&self, py: Python<'_>, parts: &[Part]) -> Outcome<Arc<Function>> {
        let builder = Arc::new(Mutex::new(Builder::new()));
        let mut inputs = 0;
        let mut args: Vec<Py<PyAny>> = Vec::with_capacity(parts.len());
        for part in parts {
            args.push(match part {
                Part::Scalar(s) => crate::operators::python_scalar(py, *s)?.unbind(),
                Part::Array => {
                    let id = locked(&builder).input(inputs).id();
                    inputs += 1;
                    Py::new(
                        py,
                        PyExpr {
                            builder: builder.clone(),
                            id,
                        },
                    )?
                    .into_any()
                }
            });
        }
        let result = self.function.bind(py).call1(PyTuple::new(py, args)?)?;
        let id = match result.cast_exact::<PyExpr>() {
            Ok(expr) if Arc::ptr_eq(&expr.get().builder, &builder) => expr.get().id,
            _ => {
                let name = result.get_type().name()?.to_string();
                return Err(type_error(format!(
                    "a fused function must return one value computed from its arguments, not a '{name}'"
                )));
            }
        };
        let b = locked(&builder);
        let program = b.finish(inputs, b.at(id));
        drop(b);
        Ok(Function::new(program, self.name))
    }

    fn function_for(&self, py: Python<'_>, parts: Vec<Part>) -> Outcome<Arc<Function>> {
        if let Some((_, f)) = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|(p, _)| *p == parts)
        {
            return Ok(f.clone());
        }
        // the function runs without the lock: it may call itself
        let f = self.trace(py, &parts)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((parts, f.clone()));
        Ok(f)
    }
}

#[pymethods]
impl Fused {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        let py = args.py();
        let args = &match kwargs {
            None => args.clone(),
            // by name, and the defaults of those that are missing
            Some(kwargs) => {
                let signature = py
                    .import("inspect")?
                    .call_method1("signature", (self.function.bind(py),))?;
                let bound = signature.call_method("bind", args, Some(kwargs))?;
                bound.call_method0("apply_defaults")?;
                bound
                    .getattr("args")?
                    .cast_into::<PyTuple>()
                    .map_err(PyErr::from)?
            }
        };
        let obs: Vec<Bound<'_, PyAny>> = args.iter().collect();
        if obs.iter().any(crate::operators::is_expr) {
            // inside another fused function it is written out
            return Ok(self.function.bind(py).call1(args)?.unbind());
        }
        let values = obs.iter().map(value).collect::<Outcome<Vec<Value<'_>>>>()?;
        let parts: Vec<Part> = values
            .iter()
            .map(|v| match v {
                Value::Weak(s) => Part::Scalar(*s),
                _ => Part::Array,
            })
            .collect();
        if parts.iter().all(|p| *p != Part::Array) {
            // scalars alone: the first one becomes an array, so that there is something to compute on
            let raws = obs
                .iter()
                .map(|ob| array_of(ob, None))
                .collect::<Outcome<Vec<Raw>>>()?;
            let f = self.function_for(py, vec![Part::Array; raws.len()])?;
            return give(py, Raw::call(&f, &raws.iter().collect::<Vec<_>>())?);
        }
        let f = self.function_for(py, parts)?;
        let inputs: SmallVec<[&Raw; 8]> = values
            .iter()
            .filter_map(|v| match v {
                Value::Ref(raw) => Some(&**raw),
                Value::Own(raw) => Some(raw),
                Value::Weak(_) => None,
            })
            .collect();
        let lens: SmallVec<[usize; 8]> = inputs.iter().map(|x| x.len()).collect();
        give(
            py,
            gil::work(py, gil::broadcast_len(&lens), || Raw::call(&f, &inputs))?,
        )
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __wrapped__(&self, py: Python<'_>) -> Py<PyAny> {
        self.function.clone_ref(py)
    }

    #[getter]
    fn __doc__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.function.getattr(py, "__doc__")
    }

    /// The program for arguments that are all arrays, as nested calls.
    fn program(&self, py: Python<'_>) -> Outcome<Vec<String>> {
        let _ = py;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.iter().map(|(_, f)| f.program().to_string()).collect())
    }

    fn __repr__(&self) -> String {
        format!("<civita.fused '{}'>", self.name)
    }
}

/// A name that lives as long as the process; each is kept once.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = names.iter().find(|n| **n == name) {
        return found;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.push(name);
    name
}

/// Makes one pass over memory of a function of arrays.
///
/// The function is called once with symbols; operators and ufuncs on them are written down and compiled to a program
/// that runs over blocks which stay in the cache. It takes at most 8 arrays; Python numbers among the arguments become
/// part of the program. Gradients flow through it.
///
/// >>> f = cv.fuse(lambda a, b: cv.exp(a * b + 1))
/// >>> f(cv.array([0.0, 1.0]), cv.array([1.0, 1.0]))
/// array([2.71828183, 7.3890561 ])
#[pyfunction]
#[pyo3(signature = (function, /))]
fn fuse(py: Python<'_>, function: Py<PyAny>) -> Outcome<Fused> {
    if !function.bind(py).is_callable() {
        return Err(type_error("fuse takes a function"));
    }
    let name = match function.getattr(py, "__name__") {
        Ok(name) => name
            .extract::<String>(py)
            .unwrap_or_else(|_| "fused".to_owned()),
        Err(_) => "fused".to_owned(),
    };
    Ok(Fused {
        function,
        name: interned(&name),
        kept: Mutex::new(Vec::new()),
    })
}

/// Adds `fuse` and the classes behind it.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyExpr>()?;
    m.add_class::<Fused>()?;
    m.add_function(wrap_pyfunction!(fuse, m)?)?;
    Ok(())
}
