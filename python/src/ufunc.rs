//! Elementwise functions: one object for each row of the engine's table, `cv.add`, `cv.exp`, `cv.where`.

use civita_core::dtype::{Casting, DType, can_cast};
use civita_core::ops::{Class, Op, ROWS, Row};
use civita_core::raw::{Operand, write_elementwise};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use crate::array::Array;
use crate::convert::{Value, value};
use crate::dtype::{casting as casting_rule, parse_optional, type_char};
use crate::error::{Outcome, type_error, value_error};
use crate::fuse;
use crate::gil;
use crate::operators::{apply, apply_to_one, apply_to_two, is_expr};

// A function that works element by element, with broadcasting and promotion. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "ufunc", module = "civita", frozen)]
pub struct Ufunc(pub &'static Row);

/// Names beside NumPy's: PyTorch's, Rust's, the Array API's.
const ALIASES: &[(&str, Op)] = &[
    ("abs", Op::Abs),
    ("acos", Op::Acos),
    ("acosh", Op::Acosh),
    ("asin", Op::Asin),
    ("asinh", Op::Asinh),
    ("atan", Op::Atan),
    ("atan2", Op::Atan2),
    ("atanh", Op::Atanh),
    ("bitwise_invert", Op::Invert),
    ("bitwise_left_shift", Op::LeftShift),
    ("bitwise_not", Op::Invert),
    ("bitwise_right_shift", Op::RightShift),
    ("conj", Op::Conj),
    ("degrees", Op::Rad2deg),
    ("eq", Op::Eq),
    ("fix", Op::Trunc),
    ("ge", Op::Ge),
    ("gt", Op::Gt),
    ("le", Op::Le),
    ("lt", Op::Lt),
    ("mod", Op::Remainder),
    ("ne", Op::Ne),
    ("neg", Op::Neg),
    ("pow", Op::Pow),
    ("radians", Op::Deg2rad),
    ("true_divide", Op::Div),
];

type Args<'a> = SmallVec<[Value<'a>; 3]>;

/// What else a call can say.
struct Options<'py> {
    out: Option<Bound<'py, Array>>,
    dtype: Option<DType>,
    casting: Casting,
}

impl Ufunc {
    fn options<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Options<'py>> {
        let name = self.0.numpy;
        let mut options = Options {
            out: None,
            dtype: None,
            casting: Casting::SameKind,
        };
        if args.len() > self.0.arity {
            options.out = output(&args.get_item(self.0.arity)?)?;
        }
        for (key, given) in kwargs.iter().flat_map(|k| k.iter()) {
            match key.extract::<std::borrow::Cow<'_, str>>()?.as_ref() {
                "out" if options.out.is_some() => {
                    return Err(type_error(format!("{name}() got the output twice")));
                }
                "out" => options.out = output(&given)?,
                "dtype" => options.dtype = parse_optional(Some(&given))?,
                "casting" => options.casting = casting_rule(&given.extract::<String>()?)?,
                other => {
                    return Err(type_error(format!(
                        "{name}() got an unexpected keyword argument '{other}'\n  rule: the keywords are out, dtype, casting"
                    )));
                }
            }
        }
        Ok(options)
    }

    /// A call with any arguments.
    #[inline(never)]
    fn call<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        let py = args.py();
        let arity = self.0.arity;
        let given = args.len();
        if given != arity && given != arity + 1 {
            if self.0.op == Op::Where && given == 1 && kwargs.is_none() {
                return crate::functions::call_row(py, "nonzero", &args.get_item(0)?, None);
            }
            return Err(self.wrong_count(given));
        }
        let inputs: SmallVec<[Bound<'py, PyAny>; 3]> = args.iter().take(arity).collect();
        if inputs.iter().any(is_expr) {
            if given != arity || kwargs.is_some() {
                return Err(type_error(format!(
                    "{}() takes neither out nor dtype inside a fused function",
                    self.0.numpy
                )));
            }
            return fuse::apply(py, self.0.op, &inputs);
        }
        let values = inputs.iter().map(value).collect::<Outcome<Args<'_>>>()?;
        if given == arity && kwargs.is_none() {
            let refs: SmallVec<[&Value<'_>; 3]> = values.iter().collect();
            return apply(py, self.0.op, &refs);
        }
        self.call_with(py, values, self.options(args, kwargs)?)
    }

    /// Everything but the plain call with as many arguments as there are inputs.
    #[cold]
    fn call_with(
        &self,
        py: Python<'_>,
        mut values: Args<'_>,
        options: Options<'_>,
    ) -> Outcome<Py<PyAny>> {
        let op = self.0.op;
        let select = self.0.class == Class::Select;
        if let Some(dtype) = options.dtype {
            for (i, v) in values.iter_mut().enumerate() {
                if select && i == 0 {
                    continue;
                }
                *v = match &*v {
                    Value::Weak(s) => {
                        Value::Own(Box::new(crate::convert::scalar_array(*s, Some(dtype))?))
                    }
                    Value::Ref(raw) => Value::Own(Box::new(
                        raw.cast_if(dtype, options.casting)
                            .map_err(|e| e.in_op(self.0.name))?,
                    )),
                    Value::Own(raw) => Value::Own(Box::new(
                        raw.cast_if(dtype, options.casting)
                            .map_err(|e| e.in_op(self.0.name))?,
                    )),
                };
            }
        } else if options.casting != Casting::Unsafe && options.casting != Casting::SameKind {
            self.check_casting(&values, options.casting)?;
        }
        let Some(out) = options.out else {
            let refs: SmallVec<[&Value<'_>; 3]> = values.iter().collect();
            return apply(py, op, &refs);
        };
        let operands: SmallVec<[Operand<'_>; 3]> = values.iter().map(|v| v.operand()).collect();
        out.get().write(|raw| {
            Ok(gil::work(py, raw.len(), || {
                write_elementwise(op, &operands, raw, options.casting)
            })?)
        })?;
        Ok(out.into_any().unbind())
    }

    /// `casting='no'` and `'safe'` limit what the inputs may become.
    fn check_casting(&self, values: &Args<'_>, casting: Casting) -> Outcome<()> {
        let dtypes: SmallVec<[DType; 3]> = values
            .iter()
            .map(|v| match v {
                Value::Ref(r) => r.dtype(),
                Value::Own(r) => r.dtype(),
                Value::Weak(s) => s.default_dtype(),
            })
            .collect();
        let signature = self.0.op.signature(&dtypes)?;
        for (i, (&from, &to)) in dtypes.iter().zip(&signature.inputs).enumerate() {
            if !matches!(values[i], Value::Weak(_)) && !can_cast(from, to, casting) {
                return Err(type_error(format!(
                    "{}: cannot cast input {i} from {from} to {to} according to the casting rule",
                    self.0.numpy
                )));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_count(&self, found: usize) -> crate::error::Fault {
        if self.0.op == Op::Where && found == 2 {
            return value_error(
                "where() takes a condition and both choices, or the condition alone\n  hint: `cv.where(condition, x, y)`",
            );
        }
        type_error(format!(
            "{}() takes from {} to {} positional arguments but {found} were given",
            self.0.numpy,
            self.0.arity,
            self.0.arity + 1
        ))
    }

    fn parameters(&self) -> &'static [&'static str] {
        match (self.0.op, self.0.arity) {
            (Op::Where, _) => &["condition", "x", "y"],
            (_, 1) => &["x"],
            (_, 2) => &["x1", "x2"],
            _ => &["x1", "x2", "x3"],
        }
    }
}

/// The array that results go into; NumPy also takes a tuple of one.
pub fn output<'py>(ob: &Bound<'py, PyAny>) -> Outcome<Option<Bound<'py, Array>>> {
    if ob.is_none() {
        return Ok(None);
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        if tuple.len() != 1 {
            return Err(value_error("the 'out' tuple must have exactly one entry"));
        }
        return output(&tuple.get_item(0)?);
    }
    match ob.cast::<Array>() {
        Ok(array) => Ok(Some(array.clone())),
        Err(_) => Err(type_error(
            "return arrays must be of civita.ndarray\n  hint: `cv.asarray(a)` shares the memory of a NumPy array",
        )),
    }
}

/// A signature as `inspect.signature` returns it, from its text.
pub fn signature_object<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let code = format!("def f{text}: ...");
    let names = PyDict::new(py);
    py.import("builtins")?
        .getattr("exec")?
        .call1((code, &names))?;
    py.import("inspect")?
        .getattr("signature")?
        .call1((names.get_item("f")?,))
}

#[pymethods]
impl Ufunc {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, op) = (args.py(), self.0.op);
        if kwargs.is_none() && args.len() == self.0.arity {
            // arrays and nothing else: the short way
            let a = args.get_borrowed_item(0)?;
            if let Ok(a) = a.cast_exact::<Array>() {
                match self.0.arity {
                    1 => return apply_to_one(py, op, &a.get().raw()),
                    2 => {
                        let b = args.get_borrowed_item(1)?;
                        if let Ok(b) = b.cast_exact::<Array>() {
                            return apply_to_two(py, op, &a.get().raw(), &b.get().raw());
                        }
                    }
                    _ => {}
                }
            }
        }
        self.call(args, kwargs)
    }

    /// Applies the function in place to what `indices` picks from `a`, and `b`; at equal places all of it adds up. Only
    /// `add` and `subtract` have it.
    #[pyo3(signature = (a, indices, b, /))]
    fn at(
        &self,
        a: &Bound<'_, Array>,
        indices: &Bound<'_, PyAny>,
        b: &Bound<'_, PyAny>,
    ) -> Outcome<()> {
        let subtract = self.0.op == Op::Sub;
        if !subtract && self.0.op != Op::Add {
            return Err(type_error(format!(
                "{}.at does not exist\n  rule: add and subtract have `at`",
                self.0.numpy
            )));
        }
        if subtract && a.get().raw().dtype() == DType::Bool {
            return Err(type_error(
                "subtract.at: booleans cannot be subtracted\n  hint: `logical_xor` is their difference",
            ));
        }
        crate::assign::accumulate(a.py(), a.get(), indices, b, subtract)
    }

    /// NumPy's name of the function.
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
        let row = self.0;
        let doc: Vec<&str> = row.doc.lines().map(str::trim).collect();
        format!(
            "{}{}\n\n{}\n\nIn Rust `{}`, in PyTorch `{}`.",
            row.numpy,
            self.__text_signature__(),
            doc.join("\n").trim(),
            row.name,
            row.torch
        )
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        format!(
            "({}, /, out=None, *, dtype=None, casting='same_kind')",
            self.parameters().join(", ")
        )
    }

    /// What `inspect.signature` reads.
    #[getter]
    fn __signature__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        signature_object(py, &self.__text_signature__())
    }

    /// Number of inputs.
    #[getter]
    fn nin(&self) -> usize {
        self.0.arity
    }

    /// Number of outputs.
    #[getter]
    fn nout(&self) -> usize {
        1
    }

    /// Number of inputs and outputs.
    #[getter]
    fn nargs(&self) -> usize {
        self.0.arity + 1
    }

    /// Number of loops.
    #[getter]
    fn ntypes(&self) -> usize {
        self.0.class.loops().len()
    }

    /// The dtypes that it computes in and returns, in NumPy's letters: `dd->d`.
    #[getter]
    fn types(&self) -> Vec<String> {
        self.0
            .class
            .loops()
            .iter()
            .filter_map(|&d| {
                let inputs = vec![d; self.0.arity];
                let signature = self.0.op.signature(&inputs).ok()?;
                let inputs: String = signature.inputs[..self.0.arity]
                    .iter()
                    .map(|&d| type_char(d))
                    .collect();
                Some(format!("{inputs}->{}", type_char(signature.output)))
            })
            .collect()
    }

    fn __repr__(&self) -> String {
        format!("<ufunc '{}'>", self.0.numpy)
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.0.numpy
    }
}

/// Adds a function for each row, under NumPy's name and its other ones.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Ufunc>()?;
    let functions = ROWS
        .iter()
        .map(|row| Py::new(m.py(), Ufunc(row)))
        .collect::<PyResult<Vec<_>>>()?;
    for (row, function) in ROWS.iter().zip(&functions) {
        m.add(row.numpy, function)?;
    }
    for (alias, op) in ALIASES {
        m.add(*alias, &functions[*op as usize])?;
    }
    Ok(())
}
