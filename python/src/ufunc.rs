//! Elementwise functions: one object for each row of the engine's table, `cv.add`, `cv.exp`, `cv.where`.

use civita_core::dtype::{Casting, DType, Scalar, can_cast};
use civita_core::functions::ufuncs::{self, Restriction};
use civita_core::layout::KeepDims;
use civita_core::ops::{Class, Op, ROWS, Row};
use civita_core::raw::{Operand, Raw, ReduceOptions, write_elementwise};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;

use crate::array::Array;
use crate::convert::{Value, array_of, value};
use crate::dtype::{casting as casting_rule, parse_optional, type_char};
use crate::error::{Outcome, type_error, value_error};
use crate::fuse;
use crate::gil;
use crate::operators::{apply, apply_to_one, apply_to_two, is_expr, python_scalar};
use crate::reduction::AxisArg;
use crate::scalar::give;

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
    mask: Option<Raw>,
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
            mask: None,
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
                "where" => options.mask = crate::reduction::mask(&given)?,
                // results lie as their operands do; there are no subclasses of arrays to keep
                "order" | "subok" => {}
                other => {
                    return Err(type_error(format!(
                        "{name}() got an unexpected keyword argument '{other}'\n  rule: the keywords are out, where, dtype, casting, order, subok"
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
        let operands: SmallVec<[Operand<'_>; 3]> = values.iter().map(|v| v.operand()).collect();
        if let Some(mask) = options.mask {
            return masked(py, op, &operands, &mask, options.out, options.casting);
        }
        let Some(out) = options.out else {
            let refs: SmallVec<[&Value<'_>; 3]> = values.iter().collect();
            return apply(py, op, &refs);
        };
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

/// An op where a mask is true. Elsewhere the output stays what it was; a new one is zero there, where NumPy's may be anything.
fn masked(
    py: Python<'_>,
    op: Op,
    operands: &[Operand<'_>],
    mask: &Raw,
    out: Option<Bound<'_, Array>>,
    casting: Casting,
) -> Outcome<Py<PyAny>> {
    let result = Raw::apply(op, operands)?;
    let zero = Operand::Scalar(Scalar::Bool(false));
    let Some(out) = out else {
        let all = Raw::apply(Op::Where, &[mask.into(), (&result).into(), zero])?;
        return give(py, all);
    };
    out.get().write(|raw| {
        let result = result.cast_if(raw.dtype(), casting)?;
        let old = raw.clone();
        let all = Raw::apply(Op::Where, &[mask.into(), (&result).into(), (&old).into()])?;
        if all.shape() != raw.shape() {
            return Err(value_error(format!(
                "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
                civita_core::error::shape_text(raw.shape()),
                civita_core::error::shape_text(all.shape()),
            )));
        }
        Ok(raw.assign(&all)?)
    })?;
    Ok(out.into_any().unbind())
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

    /// Applies the function in place to what `indices` picks from `a`, and to `b` where it takes two; again and again for a
    /// place that is picked several times.
    #[pyo3(signature = (a, indices, b=None, /))]
    fn at(
        &self,
        a: &Bound<'_, PyAny>,
        indices: &Bound<'_, PyAny>,
        b: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<()> {
        let Ok(a) = a.cast::<Array>() else {
            return Err(type_error("first operand must be array"));
        };
        crate::assign::at(a.py(), self.0.op, a.get(), indices, b)
    }

    /// `a[0] op a[1] op …` along an axis, or several of them; `None` is all.
    #[pyo3(signature = (array, axis=AxisArg::First, dtype=None, out=None, keepdims=false, initial=None, r#where=None),
        text_signature = "($self, array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=True)")]
    #[allow(clippy::too_many_arguments)]
    fn reduce<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        axis: AxisArg,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
        keepdims: bool,
        initial: Option<Bound<'py, PyAny>>,
        r#where: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let py = array.py();
        let x = array_of(array, None)?;
        let options = ReduceOptions {
            axes: axis.axes_of(x.rank()),
            keepdims: if keepdims {
                KeepDims::Yes
            } else {
                KeepDims::No
            },
            dtype: parse_optional(dtype.as_ref())?,
            ddof: 0.0,
        };
        let mask = match &r#where {
            Some(given) => crate::reduction::mask(given)?,
            None => None,
        };
        let initial = initial.as_ref().map(value).transpose()?;
        let restriction = Restriction {
            mask: mask.as_ref(),
            initial: initial.as_ref().map(|v| v.operand()),
        };
        let op = self.0.op;
        let result = gil::work(py, x.len(), || ufuncs::reduce(op, &x, options, restriction))?;
        self.write_result(py, result, out)
    }

    /// The running fold along an axis.
    #[pyo3(signature = (array, axis=0, dtype=None, out=None))]
    fn accumulate<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        axis: isize,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let py = array.py();
        let x = array_of(array, None)?;
        let (op, dtype) = (self.0.op, parse_optional(dtype.as_ref())?);
        let result = gil::work(py, x.len(), || ufuncs::accumulate(op, &x, axis, dtype))?;
        self.write_result(py, result, out)
    }

    /// The function of each element of `a` with each of `b`.
    #[pyo3(signature = (a, b, /))]
    fn outer<'py>(&self, a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> Outcome<Py<PyAny>> {
        let py = a.py();
        let (a, b) = (array_of(a, None)?, array_of(b, None)?);
        let elements = a.len().saturating_mul(b.len());
        give(
            py,
            gil::work(py, elements, || ufuncs::outer(self.0.op, &a, &b))?,
        )
    }

    /// For each index the fold of `array[index:next]` along an axis.
    #[pyo3(signature = (array, indices, axis=0, dtype=None, out=None))]
    fn reduceat<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        indices: &Bound<'py, PyAny>,
        axis: isize,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let py = array.py();
        let x = array_of(array, None)?;
        let indices: Vec<i64> = array_of(indices, Some(DType::I64))?.to_vec()?;
        let indices: Vec<isize> = indices.into_iter().map(|i| i as isize).collect();
        let (op, dtype) = (self.0.op, parse_optional(dtype.as_ref())?);
        let result = gil::work(py, x.len(), || {
            ufuncs::reduceat(op, &x, &indices, axis, dtype)
        })?;
        self.write_result(py, result, out)
    }

    /// What changes no other operand, or `None`.
    #[getter]
    fn identity<'py>(&self, py: Python<'py>) -> Outcome<Option<Bound<'py, PyAny>>> {
        if self.0.arity != 2 {
            return Ok(None);
        }
        ufuncs::identity(self.0.op)
            .map(|scalar| python_scalar(py, scalar))
            .transpose()
    }

    /// Only generalised ufuncs have one.
    #[getter]
    fn signature(&self) -> Option<&'static str> {
        None
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
            "({}, /, out=None, *, where=True, dtype=None, casting='same_kind', order='K', subok=True)",
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

impl Ufunc {
    /// A result, in the output that was given for it.
    fn write_result(
        &self,
        py: Python<'_>,
        result: Raw,
        out: Option<Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        match out.as_ref().map(output).transpose()?.flatten() {
            Some(out) => crate::reduction::write_out(self.0.numpy, result, out),
            None => give(py, result),
        }
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
