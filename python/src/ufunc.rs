//! Elementwise functions: one object for each row of the engine's table, `cv.add`, `cv.exp`, `cv.where`.

use std::ffi::CStr;

use civita_core::dtype::{Casting, DType, Scalar, can_cast, promote_all};
use civita_core::functions::composed::Rule;
use civita_core::functions::ufuncs::{self, Restriction};
use civita_core::functions::{COMPOSED, Composed, FunctionRow};
use civita_core::layout::KeepDims;
use civita_core::ops::{Class, ClassResult, Op, ROWS, Row};
use civita_core::raw::{Operand, Raw, ReduceOptions, write_elementwise};
use civita_core::storage::Storage;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyFloat, PyInt, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, wrap};
use crate::call::{Arguments, Callable, CallableClass};
use crate::convert::{Value, array_of, values};
use crate::dtype::{PyDType, casting as casting_rule, from_text, parse_computed, type_char};
use crate::error::{Outcome, type_error, value_error};
use crate::errstate;
use crate::fuse;
use crate::gil;
use crate::operators::{apply, apply_to_one, apply_to_two, is_expr, python_scalar};
use crate::order::{self, Order};
use crate::overrides;
use crate::reduction::{AxisArg, Initial};
use crate::scalar::{give, slots};

// A function that works element by element, with broadcasting and promotion. Without a doc of its own, which would hide the instances'.
#[pyclass(name = "_ufunc", module = "civita", frozen, subclass)]
pub struct Ufunc {
    kind: Kind,
    /// What it calls itself.
    name: &'static str,
}

/// What a ufunc computes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// An op.
    Op(&'static Row),
    /// A program with one result or several, and the row that documents it.
    Composed(&'static Composed, &'static FunctionRow),
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Op(row) => row.numpy,
            Kind::Composed(row, _) => row.name,
        }
    }

    fn function(self) -> Ufunc {
        Ufunc {
            kind: self,
            name: self.name(),
        }
    }

    fn inputs(self) -> usize {
        match self {
            Kind::Op(row) => row.arity,
            Kind::Composed(row, _) => row.inputs,
        }
    }

    fn outputs(self) -> usize {
        match self {
            Kind::Op(_) => 1,
            Kind::Composed(row, _) => row.outputs.len(),
        }
    }

    /// The dtype of the first result.
    fn output(self, dtypes: &[DType]) -> civita_core::error::Result<DType> {
        match self {
            Kind::Op(row) => Ok(row.op.signature(dtypes)?.output),
            Kind::Composed(row, _) => row.output(0, self.compute(dtypes)?[0]),
        }
    }

    /// Whether its results are booleans, whatever the operands.
    fn answers(self) -> bool {
        matches!(self, Kind::Op(row) if row.class.result() == ClassResult::Bool)
    }

    /// Whether this is no dtype of its results, as an integer of a quotient.
    fn never_gives(self, dtype: DType) -> bool {
        match self {
            Kind::Op(row) if row.class == Class::Select => false,
            Kind::Op(_) if self.answers() => dtype != DType::Bool,
            Kind::Op(row) if dtype.is_integer() || dtype == DType::Bool => {
                !row.class.loops().contains(&dtype)
            }
            Kind::Op(_) => false,
            Kind::Composed(row, _) => !letters().any(|(_, loop_)| {
                let mut inputs = vec![loop_; row.inputs];
                if let (Rule::AndInteger(_), Some(second)) = (row.rule, inputs.get_mut(1)) {
                    *second = DType::I32;
                }
                row.compute(&inputs)
                    .is_ok_and(|computed| computed.first() == Some(&loop_))
                    && row.output(0, loop_).is_ok_and(|d| d == dtype)
            }),
        }
    }

    /// The dtype that a fold was asked for, if it has one: comparisons compare booleans alone.
    fn folds_in(self, x: DType, asked: Option<DType>) -> bool {
        let compares = matches!(self, Kind::Op(row) if matches!(
            row.op,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge
        ));
        match asked {
            Some(dtype) => !self.never_gives(dtype),
            None => !compares || x == DType::Bool,
        }
    }

    /// The dtypes that operands of these dtypes are converted to.
    fn compute(self, dtypes: &[DType]) -> civita_core::error::Result<SmallVec<[DType; 3]>> {
        match self {
            Kind::Op(row) => {
                let inputs = row.op.signature(dtypes)?.inputs;
                Ok(inputs[..row.arity].iter().copied().collect())
            }
            Kind::Composed(row, _) => row.compute(dtypes),
        }
    }
}

/// Functions that compute what another one does.
const TWINS: &[(&str, Op)] = &[
    ("degrees", Op::Rad2deg),
    ("eq", Op::Eq),
    ("fix", Op::Trunc),
    ("ge", Op::Ge),
    ("gt", Op::Gt),
    ("le", Op::Le),
    ("lt", Op::Lt),
    ("ne", Op::Ne),
    ("neg", Op::Neg),
    ("radians", Op::Deg2rad),
];

/// Further names of functions: NumPy's and the Array API's.
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
    ("mod", Op::Remainder),
    ("pow", Op::Pow),
    ("true_divide", Op::Div),
];

/// NumPy's letters of dtypes in its order. `q`, `Q`, `g` and `G` are further letters of 64-bit types; `bfloat16` has none.
const LETTERS: &str = "?bBhHiIlLqQefdgFDG";

/// The letters, with their dtypes.
fn letters() -> impl Iterator<Item = (char, DType)> {
    LETTERS
        .chars()
        .filter_map(|letter| Some((letter, from_text(letter.encode_utf8(&mut [0; 4]))?)))
}

type Args<'a> = SmallVec<[Value<'a>; 3]>;

type Outputs<'py> = SmallVec<[Option<Bound<'py, Array>>; 2]>;

/// What else a call can say.
struct Options<'py> {
    /// For each result; empty where none was given.
    out: Outputs<'py>,
    dtype: Option<DType>,
    /// The dtypes of inputs and results, as far as they were said.
    signature: Option<Loop>,
    casting: Casting,
    mask: Option<Raw>,
    /// Whether a result without axes is an array too.
    keeps_array: bool,
    /// How the elements of a new result lie.
    order: Order,
}

/// Dtypes of a loop: inputs, then results.
type Loop = SmallVec<[Option<DType>; 4]>;

impl Ufunc {
    fn options<'py>(&self, all: Arguments<'_, 'py>) -> Outcome<Options<'py>> {
        let (name, inputs, outputs) = (self.name, self.kind.inputs(), self.kind.outputs());
        let mut options = Options {
            out: Outputs::new(),
            dtype: None,
            signature: None,
            casting: Casting::SameKind,
            mask: None,
            keeps_array: false,
            order: Order::Keep,
        };
        for out in &all.positional()[inputs..] {
            if is_ellipsis(out) {
                return Err(type_error("out=... is only allowed as a keyword argument."));
            }
            options.out.push(output(out)?);
        }
        for (key, given) in all.named() {
            match key.to_str()? {
                "out" if !options.out.is_empty() => {
                    return Err(type_error(format!("{name}() got the output twice")));
                }
                "out" if given.is_none() => {}
                "out" if is_ellipsis(given) => options.keeps_array = true,
                "out" => match given.cast::<PyTuple>() {
                    Ok(all) if all.len() == outputs => {
                        for out in all.iter() {
                            if is_ellipsis(&out) {
                                return Err(type_error(
                                    "must use `...` as `out=...` and not per-operand/in a tuple",
                                ));
                            }
                            options.out.push(output(&out)?);
                        }
                    }
                    Ok(all) => {
                        let entries = match outputs {
                            1 => "one entry".to_owned(),
                            n => format!("{n} entries"),
                        };
                        return Err(value_error(format!(
                            "the 'out' tuple must have exactly {entries}, not {}",
                            all.len()
                        )));
                    }
                    Err(_) if outputs > 1 => {
                        return Err(type_error("'out' must be a tuple of arrays"));
                    }
                    Err(_) => options.out.push(output(given)?),
                },
                "dtype" => options.dtype = parse_computed(Some(given))?,
                "signature" | "sig" if options.signature.is_some() => {
                    return Err(type_error("cannot specify both 'sig' and 'signature'"));
                }
                "signature" | "sig" => options.signature = self.signature_of(given)?,
                "casting" => options.casting = casting_rule(&given.extract::<String>()?)?,
                "where" => options.mask = crate::reduction::mask(given)?,
                "order" => options.order = Order::parse(Some(given), Order::Keep)?,
                // there are no subclasses of arrays to keep
                "subok" => {}
                other => {
                    return Err(type_error(format!(
                        "{name}() got an unexpected keyword argument '{other}'\n  rule: the keywords are out, where, dtype, casting, order, subok, signature"
                    )));
                }
            }
        }
        if options.dtype.is_some() && options.signature.is_some() {
            return Err(type_error(format!(
                "{name}: cannot specify both 'signature' and 'dtype'"
            )));
        }
        Ok(options)
    }

    /// A loop as it was written: `'dd->d'`, `'d'` for the first result, or a dtype or `None` for each operand.
    fn signature_of(&self, given: &Bound<'_, PyAny>) -> Outcome<Option<Loop>> {
        let (inputs, all) = (self.kind.inputs(), self.kind.inputs() + self.kind.outputs());
        if given.is_none() {
            return Ok(None);
        }
        if let Ok(tuple) = given.cast::<PyTuple>() {
            if tuple.len() != all {
                return Err(type_error(format!(
                    "a type-tuple must be specified of length {all} for ufunc '{}'",
                    self.name
                )));
            }
            let entries = tuple.iter().map(|d| parse_computed(Some(&d)));
            return Ok(Some(entries.collect::<Outcome<Loop>>()?));
        }
        let text = match given.extract::<String>() {
            Ok(text) => text,
            Err(_) => match given.extract::<&[u8]>() {
                Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Err(_) => {
                    return Err(type_error(
                        "the signature object to ufunc must be a string or a tuple.",
                    ));
                }
            },
        };
        let letters: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | '>')).collect();
        let form: String = text
            .chars()
            .map(|c| if matches!(c, '-' | '>') { c } else { '.' })
            .collect();
        let whole = format!("{}->{}", ".".repeat(inputs), ".".repeat(all - inputs));
        let dtypes = letters
            .iter()
            .map(|c| from_text(c.encode_utf8(&mut [0; 4])));
        let dtypes: Option<Vec<DType>> = dtypes.collect();
        match dtypes {
            Some(dtypes) if form == whole => Ok(Some(dtypes.into_iter().map(Some).collect())),
            Some(_) if form == "." => Err(type_error(format!(
                "The signature '{text}' is one dtype\n  rule: a single dtype is what `dtype=` takes\n  hint: `dtype='{text}'`"
            ))),
            _ => Err(value_error(format!(
                "'{text}' is no signature of ufunc '{}'\n  rule: a letter for each operand, as in '{}'",
                self.name,
                whole.replace('.', "d")
            ))),
        }
    }

    /// The dtype in which a signature says to compute.
    fn dtype_of(&self, signature: &Loop) -> Outcome<Option<DType>> {
        let inputs = self.kind.inputs();
        let said: SmallVec<[DType; 4]> = signature.iter().flatten().copied().collect();
        let Some(&first) = said.first() else {
            return Ok(None);
        };
        let fits = |computed: DType| -> bool {
            let mut dtypes: SmallVec<[DType; 3]> = SmallVec::from_elem(computed, inputs);
            for (own, given) in dtypes.iter_mut().zip(signature) {
                *own = given.unwrap_or(*own);
            }
            let Ok(lanes) = self.kind.compute(&dtypes) else {
                return false;
            };
            let Ok(result) = self.kind.output(&dtypes) else {
                return false;
            };
            lanes == dtypes
                && signature
                    .get(inputs)
                    .copied()
                    .flatten()
                    .is_none_or(|d| d == result)
        };
        // a loop of one dtype, or of what was said for the inputs
        match fits(first) {
            true => Ok(Some(first)),
            false => Err(self.no_loop()),
        }
    }

    #[cold]
    fn no_loop(&self) -> crate::error::Fault {
        type_error(format!(
            "No loop matching the specified signature and casting was found for ufunc {}",
            self.name
        ))
    }

    /// A call with any arguments.
    #[inline(never)]
    fn apply(&self, all: Arguments<'_, '_>) -> Outcome<Py<PyAny>> {
        let py = all.py();
        let arity = self.kind.inputs();
        let given = all.positional().len();
        if given < arity || given > arity + self.kind.outputs() {
            if self.is_where() && given == 1 && !all.has_names() {
                return crate::functions::call_row("nonzero", all);
            }
            return Err(self.wrong_count(given));
        }
        let inputs = &all.positional()[..arity];
        if inputs.iter().any(is_expr) {
            if given != arity || all.has_names() {
                return Err(type_error(format!(
                    "{}() takes neither out nor dtype inside a fused function",
                    self.name
                )));
            }
            return match self.kind {
                Kind::Op(row) => fuse::apply(py, row.op, inputs),
                Kind::Composed(row, _) => Err(type_error(format!(
                    "{} is no step of a fused function\n  hint: write it with the ops that it is made of",
                    row.name
                ))),
            };
        }
        if let Kind::Op(Row {
            op: op @ (Op::Eq | Op::Ne),
            ..
        }) = self.kind
            && let Some(at) = inputs.iter().position(|ob| ob.is_none())
            && given == arity
            && !all.has_names()
        {
            // no element is None
            let other = array_of(&inputs[1 - at], None)?;
            let answer = Raw::scalar(Scalar::Bool(*op == Op::Ne), DType::Bool)?;
            return give(py, answer.broadcast_to(other.shape())?.copied()?);
        }
        let mut values: Args<'_> = values(inputs)?;
        if let Kind::Composed(row, _) = self.kind
            && matches!(row.rule, Rule::AndInteger(_))
            && !["dtype", "signature", "sig"]
                .iter()
                .any(|name| all.keyword(name).is_some())
        {
            narrow_integer(&mut values)?;
        }
        if given == arity && !all.has_names() {
            match self.kind {
                Kind::Op(row) => {
                    let refs: SmallVec<[&Value<'_>; 3]> = values.iter().collect();
                    return apply(py, row.op, &refs);
                }
                Kind::Composed(row, _) => return composed(py, row, &values, Outputs::new(), None),
            }
        }
        let options = self.options(all)?;
        // of several operands all lie so, or C order is meant
        let order = match options.order {
            Order::Any
                if values.iter().all(|v| match v {
                    Value::Ref(x) => order::fits(x, Order::F),
                    Value::Own(x) => order::fits(x, Order::F),
                    Value::Weak(_) => true,
                }) =>
            {
                Order::F
            }
            Order::Any => Order::C,
            order => order,
        };
        let is_new = options.out.is_empty();
        let result = self.call_with(py, values, options)?;
        match is_new && order != Order::Keep {
            true => in_order(py, result, order),
            false => Ok(result),
        }
    }

    /// Everything but the plain call with as many arguments as there are inputs.
    #[cold]
    fn call_with(
        &self,
        py: Python<'_>,
        mut values: Args<'_>,
        mut options: Options<'_>,
    ) -> Outcome<Py<PyAny>> {
        let name = self.name;
        if let Some(signature) = &options.signature {
            options.dtype = self.dtype_of(signature)?;
        } else if let Some(dtype) = options.dtype
            && self.kind.never_gives(dtype)
        {
            return Err(self.no_loop());
        }
        // what answers with booleans computes in the dtype of its operands
        if options.dtype == Some(DType::Bool) && self.kind.answers() {
            options.dtype = None;
        }
        // conditions and exponents keep their dtype
        let kept = match self.kind {
            Kind::Op(row) if row.class == Class::Select => Some(0),
            Kind::Composed(row, _) if matches!(row.rule, Rule::AndInteger(_)) => Some(1),
            _ => None,
        };
        if let Some(dtype) = options.dtype {
            for (i, v) in values.iter_mut().enumerate() {
                if kept == Some(i) {
                    continue;
                }
                *v = match &*v {
                    Value::Weak(s) if !weak_fits(*s, dtype, options.casting) => {
                        return Err(type_error(format!(
                            "Cannot cast ufunc '{name}' input {i} from {} to {dtype} with this casting rule",
                            s.default_dtype()
                        )));
                    }
                    Value::Weak(s) => {
                        errstate::check_weak(py, &[Operand::Scalar(*s)], dtype)?;
                        Value::Own(Box::new(crate::convert::scalar_array(*s, Some(dtype))?))
                    }
                    Value::Ref(raw) => Value::Own(Box::new(
                        raw.cast_if(dtype, options.casting)
                            .map_err(|e| e.in_op(name))?,
                    )),
                    Value::Own(raw) => Value::Own(Box::new(
                        raw.cast_if(dtype, options.casting)
                            .map_err(|e| e.in_op(name))?,
                    )),
                };
            }
        } else if options.casting != Casting::Unsafe && options.casting != Casting::SameKind {
            self.check_casting(&values, options.casting)?;
        }
        let op = match self.kind {
            Kind::Op(row) => row.op,
            Kind::Composed(row, _) => {
                let result = composed(py, row, &values, options.out, options.mask.as_ref())?;
                return match (options.keeps_array, result.bind(py).cast::<PyTuple>()) {
                    (false, _) => Ok(result),
                    (true, Err(_)) => as_array(result.bind(py)),
                    (true, Ok(all)) => {
                        let all: Outcome<Vec<_>> = all.iter().map(|x| as_array(&x)).collect();
                        Ok(PyTuple::new(py, all?)?.into_any().unbind())
                    }
                };
            }
        };
        let operands: SmallVec<[Operand<'_>; 3]> = values.iter().map(|v| v.operand()).collect();
        let out = options.out.into_iter().flatten().next();
        if let Some(mask) = options.mask {
            errstate::watch();
            let result = Raw::apply(op, &operands)?;
            if errstate::is_up(op, &result) {
                errstate::check_raised(py, op, &operands, &result, Some(&mask))?;
            }
            return masked(py, &result, &mask, out, options.casting);
        }
        let Some(out) = out else {
            let refs: SmallVec<[&Value<'_>; 3]> = values.iter().collect();
            let result = apply(py, op, &refs)?;
            return match options.keeps_array {
                true => as_array(result.bind(py)),
                false => Ok(result),
            };
        };
        if let Some(&dtype) = strong_dtypes(&values).first() {
            errstate::check_weak(py, &operands, dtype)?;
        }
        out.get().write(|raw| {
            errstate::watch();
            gil::work(py, raw.len(), || {
                write_elementwise(op, &operands, raw, options.casting)
            })?;
            let overwritten = |o: &Operand<'_>| {
                matches!(o, Operand::Tensor(x) if Storage::same_buffer(x.storage(), raw.storage()))
            };
            if operands.iter().any(overwritten) {
                return errstate::check_in_place(py, op, operands.get(1).copied(), raw);
            }
            // integers tell of zeros, whatever the dtype of the output
            if !raw.dtype().is_integer()
                && self.kind.output(&strong_dtypes(&values)).is_ok_and(DType::is_integer)
            {
                return errstate::check_integers(py, op, &operands, raw);
            }
            match errstate::is_up(op, raw) {
                true => errstate::check_raised(py, op, &operands, raw, None),
                false => Ok(()),
            }
        })?;
        Ok(out.into_any().unbind())
    }

    /// `casting='no'` and `'safe'` limit what the inputs may become.
    fn check_casting(&self, values: &Args<'_>, casting: Casting) -> Outcome<()> {
        // operands of any dtypes are booleans
        if matches!(self.kind, Kind::Op(row) if matches!(
            row.op,
            Op::LogicalAnd | Op::LogicalOr | Op::LogicalXor | Op::LogicalNot
        )) {
            return Ok(());
        }
        let mut dtypes = strong_dtypes(values);
        if let Kind::Composed(row, _) = self.kind
            && matches!(row.rule, Rule::AndInteger(_))
            && let Some(Value::Weak(exponent)) = values.get(1)
        {
            dtypes[1] = exponent.default_dtype();
        }
        let compute = self.kind.compute(&dtypes)?;
        for (i, (&from, &to)) in dtypes.iter().zip(&compute).enumerate() {
            // numbers of Python's that stand beside another operand take any dtype of theirs or a higher kind; booleans have their own
            let from = match values[i] {
                Value::Weak(Scalar::Bool(_)) => DType::Bool,
                Value::Weak(_) if values.len() > 1 => continue,
                _ => from,
            };
            if !can_cast(from, to, casting) {
                return Err(type_error(format!(
                    "{}: cannot cast input {i} from {from} to {to} according to the casting rule",
                    self.name
                )));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_count(&self, found: usize) -> crate::error::Fault {
        if self.is_where() && found == 2 {
            return value_error(
                "where() takes a condition and both choices, or the condition alone\n  hint: `cv.where(condition, x, y)`",
            );
        }
        type_error(format!(
            "{}() takes from {} to {} positional arguments but {found} were given",
            self.name,
            self.kind.inputs(),
            self.kind.inputs() + self.kind.outputs()
        ))
    }

    fn parameters(&self) -> &'static [&'static str] {
        match self.kind.inputs() {
            _ if self.is_where() => &["condition", "x", "y"],
            1 => &["x"],
            2 => &["x1", "x2"],
            _ => &["x1", "x2", "x3"],
        }
    }

    fn is_where(&self) -> bool {
        matches!(self.kind, Kind::Op(row) if row.op == Op::Where)
    }

    /// The program of two operands and one result that this is, if it is one.
    fn folding(&self) -> Option<&'static Composed> {
        match self.kind {
            Kind::Composed(row, _) if (row.inputs, row.outputs.len()) == (2, 1) => Some(row),
            _ => None,
        }
    }

    /// A fold by a program.
    fn folded(
        &self,
        py: Python<'_>,
        row: &'static Composed,
        x: &Raw,
        axis: isize,
        dtype: Option<DType>,
        along: ufuncs::Along<'_>,
    ) -> Outcome<Raw> {
        let x = match dtype {
            Some(dtype) => x.cast(dtype)?,
            None => x.clone(),
        };
        // the result of one step is an operand of the next
        let first = row.output(0, row.compute(&[x.dtype(), x.dtype()])?[0])?;
        errstate::watch();
        let y = gil::work(py, x.len(), || ufuncs::fold_by(row, &x, axis, first, along))?;
        errstate::check_fold(py, row.name, &[&x], &y)?;
        Ok(y)
    }

    /// The op that a method of ufuncs folds with.
    fn op(&self, method: &str) -> Outcome<Op> {
        match self.kind {
            Kind::Op(row) => Ok(row.op),
            Kind::Composed(row, _) => Err(value_error(match (row.inputs, row.outputs.len()) {
                (1, _) => format!("{method} only supported for binary functions"),
                (_, 1) => format!("{}.{method} does not exist: it has no fold", row.name),
                _ => format!("{method} only supported for functions returning a single value"),
            })),
        }
    }
}

/// A number beside an exponent that is an array or a scalar is computed in the first dtype that takes integers, as in NumPy; beside
/// booleans, which are of a lower kind than it, as a number alone.
fn narrow_integer(values: &mut Args<'_>) -> Outcome<()> {
    let beside = match &values[..] {
        [_, Value::Ref(exponent)] => Some(exponent.dtype()),
        [_, Value::Own(exponent)] => Some(exponent.dtype()),
        _ => None,
    };
    if let (Some(Value::Weak(x @ Scalar::Int(_))), Some(exponent)) = (values.first(), beside)
        && exponent != DType::Bool
    {
        values[0] = Value::Own(Box::new(Raw::scalar(*x, DType::I64)?.cast(DType::F16)?));
    }
    Ok(())
}

/// The results of a program.
fn composed(
    py: Python<'_>,
    row: &'static Composed,
    values: &Args<'_>,
    out: Outputs<'_>,
    mask: Option<&Raw>,
) -> Outcome<Py<PyAny>> {
    let operands: SmallVec<[Operand<'_>; 3]> = values.iter().map(|v| v.operand()).collect();
    let elements = operands.iter().map(|o| match o {
        Operand::Tensor(x) => x.len(),
        Operand::Scalar(_) => 1,
    });
    errstate::watch();
    let results = gil::work(py, elements.max().unwrap_or(1), || row.call(&operands))?;
    check_composed(py, row, &operands, &results, mask)?;
    let mut out = out.into_iter();
    let mut objects = Vec::with_capacity(results.len());
    for result in results {
        let out = out.next().flatten();
        objects.push(match (mask, out) {
            (Some(mask), out) => masked(py, &result, mask, out, Casting::SameKind)?,
            (None, Some(out)) => {
                let shape = out.get().raw().shape().to_vec();
                // as far as operands would have been, results are broadcast
                let result = match result.shape() == shape {
                    true => result,
                    false => result.broadcast_to(&shape).map_err(|_| {
                        value_error(format!(
                            "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
                            civita_core::error::shape_text(&shape),
                            civita_core::error::shape_text(result.shape()),
                        ))
                    })?,
                };
                crate::reduction::write_out(row.name, result, out)?
            }
            (None, None) => give(py, result)?,
        });
    }
    match objects.len() {
        1 => Ok(objects.remove(0)),
        _ => Ok(PyTuple::new(py, objects)?.into_any().unbind()),
    }
}

/// Tells of the faults of a program: `divmod` is two ops, of others the first result says what there is.
fn check_composed(
    py: Python<'_>,
    row: &'static Composed,
    operands: &[Operand<'_>],
    results: &[Raw],
    mask: Option<&Raw>,
) -> Outcome<()> {
    if let [quotient, rest] = results
        && row.name == "divmod"
    {
        let _within = errstate::Within::function("divmod");
        if errstate::is_up(Op::FloorDivide, quotient) {
            errstate::check_raised(py, Op::FloorDivide, operands, quotient, mask)?;
            if !quotient.dtype().is_integer() {
                errstate::check_raised(py, Op::Remainder, operands, rest, mask)?;
            }
        }
        return Ok(());
    }
    let inputs: SmallVec<[&Raw; 3]> = operands
        .iter()
        .filter_map(|o| match o {
            Operand::Tensor(x) => Some(*x),
            Operand::Scalar(_) => None,
        })
        .collect();
    match mask {
        None if matches!(row.name, "nextafter" | "spacing") => {
            errstate::check_neighbours(py, row.name, operands, &results[0])
        }
        None => errstate::check_fold(py, row.name, &inputs, &results[0]),
        Some(_) => Ok(()),
    }
}

/// A result where a mask is true. Elsewhere the output stays what it was; a new one is zero there, where NumPy's may be anything.
fn masked(
    py: Python<'_>,
    result: &Raw,
    mask: &Raw,
    out: Option<Bound<'_, Array>>,
    casting: Casting,
) -> Outcome<Py<PyAny>> {
    let zero = Operand::Scalar(Scalar::Bool(false));
    let Some(out) = out else {
        let all = Raw::apply(Op::Where, &[mask.into(), result.into(), zero])?;
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

/// The dtypes of operands; numbers of Python's take the dtype of what they meet (NEP 50).
fn strong_dtypes(values: &Args<'_>) -> SmallVec<[DType; 3]> {
    let own = |v: &Value<'_>| match v {
        Value::Ref(r) => Some(r.dtype()),
        Value::Own(r) => Some(r.dtype()),
        Value::Weak(_) => None,
    };
    let arrays: SmallVec<[DType; 3]> = values.iter().filter_map(own).collect();
    let all = promote_all(&arrays);
    let dtype = |v: &Value<'_>| match (v, all) {
        (Value::Ref(r), _) => r.dtype(),
        (Value::Own(r), _) => r.dtype(),
        (Value::Weak(s), Some(all)) => s.weak_with(all),
        (Value::Weak(s), None) => s.default_dtype(),
    };
    values.iter().map(dtype).collect()
}

/// Whether a Python number may become this dtype. One of the dtype's own kind may, whatever the rule.
fn weak_fits(s: Scalar, dtype: DType, casting: Casting) -> bool {
    let own = s.default_dtype();
    match casting {
        Casting::Unsafe => true,
        Casting::SameKind | Casting::Safe | Casting::No => {
            own.kind() <= dtype.kind() || (own.is_integer() && dtype.is_integer())
        }
    }
}

fn is_ellipsis(ob: &Bound<'_, PyAny>) -> bool {
    ob.is(ob.py().Ellipsis())
}

/// Results whose elements lie in this order.
#[cold]
fn in_order(py: Python<'_>, result: Py<PyAny>, order: Order) -> Outcome<Py<PyAny>> {
    let one = |x: &Bound<'_, PyAny>| match x.cast::<Array>() {
        Ok(array) if !order::fits(&array.get().raw(), order) => {
            wrap(py, order::copied(&array.get().raw(), order)?)
        }
        _ => Ok(x.clone().unbind()),
    };
    match result.bind(py).cast::<PyTuple>() {
        Ok(all) => {
            let all = all.iter().map(|x| one(&x)).collect::<Outcome<Vec<_>>>()?;
            Ok(PyTuple::new(py, all)?.into_any().unbind())
        }
        Err(_) => one(result.bind(py)),
    }
}

/// A scalar as an array without axes.
fn as_array(result: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    match result.is_instance_of::<Array>() {
        true => Ok(result.clone().unbind()),
        false => crate::array::wrap(result.py(), array_of(result, None)?),
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

impl Callable for Ufunc {
    const NAME: &'static CStr = c"civita.ufunc";

    #[inline]
    fn call<'py>(slf: &Bound<'py, Ufunc>, given: Arguments<'_, 'py>) -> Outcome<Py<PyAny>> {
        let py = given.py();
        if !given.has_names()
            && let Kind::Op(&Row { op, .. }) = slf.get().kind
            && given.positional().len() == op.row().arity
        {
            // arrays and nothing else: the fast path
            match given.positional() {
                [a] if let Ok(a) = a.cast_exact::<Array>() => {
                    return match op {
                        // views, as the attributes are
                        Op::Real => Ok(a.getattr(intern!(py, "real"))?.unbind()),
                        Op::Imag => Ok(a.getattr(intern!(py, "imag"))?.unbind()),
                        _ => apply_to_one(py, op, &a.get().raw()),
                    };
                }
                [a, b] => {
                    if let (Ok(a), Ok(b)) = (a.cast_exact::<Array>(), b.cast_exact::<Array>()) {
                        return apply_to_two(py, op, &a.get().raw(), &b.get().raw());
                    }
                }
                _ => {}
            }
            // numbers: without arrays
            if let Some(number) = slots::ufunc(op, given.positional()) {
                return Ok(number);
            }
        }
        // functions in NumPy that are ufuncs here
        if matches!(slf.get().name, "real" | "imag" | "where" | "fix")
            && given.all().iter().any(|ob| !ob.is_instance_of::<Array>())
            && let Some(answer) = overrides::function(slf, given, 0)?
        {
            return Ok(answer);
        }
        match overrides::ufunc(slf, given)? {
            Some(answer) => Ok(answer),
            None => slf.get().apply(given),
        }
    }
}

#[pymethods]
impl Ufunc {
    /// Applies the function in place to what `indices` picks from `a`, and to `b` where it takes two; again and again for a
    /// place that is picked several times.
    #[pyo3(signature = (a, indices, b=None, /))]
    fn at<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
        indices: &Bound<'py, PyAny>,
        b: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<()> {
        let all: SmallVec<[_; 3]> = [Some(a), Some(indices), b].into_iter().flatten().collect();
        if overrides::method(slf, "at", &all, &[])?.is_some() {
            return Ok(());
        }
        let Ok(a) = a.cast::<Array>() else {
            return Err(type_error("first operand must be array"));
        };
        crate::assign::at(a.py(), slf.get().op("at")?, a.get(), indices, b)
    }

    /// `a[0] op a[1] op …` along an axis, or several of them; `None` is all.
    #[pyo3(signature = (array, axis=AxisArg::First, dtype=None, out=None, keepdims=false, initial=Initial::Identity, r#where=None),
        text_signature = "($self, array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=True)")]
    #[allow(clippy::too_many_arguments)]
    fn reduce<'py>(
        slf: &Bound<'py, Self>,
        array: &Bound<'py, PyAny>,
        axis: AxisArg,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
        keepdims: bool,
        initial: Initial<'py>,
        r#where: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let py = array.py();
        let given = initial.given(py);
        let named = [
            ("dtype", &dtype),
            ("out", &out),
            ("initial", &given),
            ("where", &r#where),
        ];
        if let Some(answer) = overrides::reduction(slf, array, &axis, keepdims, &named)? {
            return Ok(answer);
        }
        let this = slf.get();
        let x = array_of(array, None)?;
        let dtype = this.fold_dtype(&x, dtype.as_ref(), out.as_ref())?;
        let options = ReduceOptions {
            axes: axis.axes_of(x.rank()),
            keepdims: if keepdims {
                KeepDims::Yes
            } else {
                KeepDims::No
            },
            dtype,
            ddof: 0.0,
        };
        let mask = match &r#where {
            Some(given) => crate::reduction::mask(given)?,
            None => None,
        };
        if let Some(row) = this.folding() {
            if mask.is_some() || matches!(initial, Initial::Value(_)) {
                return Err(value_error(format!(
                    "{}.reduce takes neither `initial` nor `where`",
                    row.name
                )));
            }
            let axes = options.axes.resolve(row.name, x.rank())?;
            let [axis] = axes[..] else {
                return Err(value_error(format!(
                    "reduction operation '{}' is not reorderable, so at most one axis may be specified",
                    row.name
                )));
            };
            let y = this.folded(py, row, &x, axis as isize, dtype, ufuncs::Along::Whole)?;
            let result = match keepdims {
                true => y,
                false => y.squeeze(Some(&[axis as isize]))?,
            };
            return this.write_result(py, result, out);
        }
        let initial = initial.value(this.name, &x, options.axes, mask.is_some())?;
        let restriction = Restriction {
            mask: mask.as_ref(),
            initial: initial.as_ref().map(|v| v.operand()),
        };
        let op = this.op("reduce")?;
        errstate::watch();
        let result = gil::work(py, x.len(), || ufuncs::reduce(op, &x, options, restriction))?;
        errstate::check_fold(py, "reduce", &[&x], &result)?;
        if let civita_core::layout::Axes::List(&[axis]) = axis.axes_of(x.rank()) {
            errstate::check_integer_fold(py, "reduce", op, &x, axis)?;
        }
        this.write_result(py, result, out)
    }

    /// The running fold along an axis.
    #[pyo3(signature = (array, axis=0, dtype=None, out=None))]
    fn accumulate<'py>(
        slf: &Bound<'py, Self>,
        array: &Bound<'py, PyAny>,
        axis: isize,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, this) = (array.py(), slf.get());
        let place = PyInt::new(py, axis).into_any();
        let named = [
            ("axis", (axis != 0).then_some(&place)),
            ("dtype", dtype.as_ref()),
            ("out", out.as_ref()),
        ];
        if let Some(answer) = overrides::method(slf, "accumulate", &[array], &named)? {
            return Ok(answer);
        }
        let x = array_of(array, None)?;
        let dtype = this.fold_dtype(&x, dtype.as_ref(), out.as_ref())?;
        if let Some(row) = this.folding() {
            let result = this.folded(py, row, &x, axis, dtype, ufuncs::Along::Running)?;
            return this.write_result(py, result, out);
        }
        let op = this.op("accumulate")?;
        errstate::watch();
        let result = gil::work(py, x.len(), || ufuncs::accumulate(op, &x, axis, dtype))?;
        errstate::check_fold(py, "accumulate", &[&x], &result)?;
        this.write_result(py, result, out)
    }

    /// The function of each element of `a` with each of `b`; by name what a call of the function takes.
    #[pyo3(signature = (a, b, /, **kwargs))]
    fn outer<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
        b: &Bound<'py, PyAny>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, this) = (a.py(), slf.get());
        let mut given = Vec::new();
        for (key, ob) in kwargs.into_iter().flatten() {
            given.push((key.extract::<String>()?, ob));
        }
        let named: Vec<_> = given.iter().map(|(k, ob)| (&**k, Some(ob))).collect();
        if let Some(answer) = overrides::method(slf, "outer", &[a, b], &named)? {
            return Ok(answer);
        }
        let (a, b) = (array_of(a, None)?, array_of(b, None)?);
        if !named.is_empty() {
            let mut shape = a.shape().to_vec();
            shape.resize(a.rank() + b.rank(), 1);
            let pair = (wrap(py, a.reshape(&shape)?)?, wrap(py, b)?);
            return Ok(slf.call(pair, kwargs)?.unbind());
        }
        let elements = a.len().saturating_mul(b.len());
        let op = match this.kind {
            Kind::Op(row) => row.op,
            Kind::Composed(row, _) if row.inputs == 2 => {
                let shape: Vec<usize> = a
                    .shape()
                    .iter()
                    .copied()
                    .chain(b.shape().iter().map(|_| 1))
                    .collect();
                let values = Args::from_iter([
                    Value::Own(Box::new(a.reshape(&shape)?)),
                    Value::Own(Box::new(b)),
                ]);
                return composed(py, row, &values, Outputs::new(), None);
            }
            Kind::Composed(..) => this.op("outer")?,
        };
        give(py, gil::work(py, elements, || ufuncs::outer(op, &a, &b))?)
    }

    /// For each index the fold of `array[index:next]` along an axis.
    #[pyo3(signature = (array, indices, axis=0, dtype=None, out=None))]
    fn reduceat<'py>(
        slf: &Bound<'py, Self>,
        array: &Bound<'py, PyAny>,
        indices: &Bound<'py, PyAny>,
        axis: isize,
        dtype: Option<Bound<'py, PyAny>>,
        out: Option<Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, this) = (array.py(), slf.get());
        let place = PyInt::new(py, axis).into_any();
        let named = [
            ("axis", (axis != 0).then_some(&place)),
            ("dtype", dtype.as_ref()),
            ("out", out.as_ref()),
        ];
        if let Some(answer) = overrides::method(slf, "reduceat", &[array, indices], &named)? {
            return Ok(answer);
        }
        let x = array_of(array, None)?;
        let indices: Vec<i64> = array_of(indices, Some(DType::I64))?.to_vec()?;
        let indices: Vec<isize> = indices.into_iter().map(|i| i as isize).collect();
        let dtype = this.fold_dtype(&x, dtype.as_ref(), out.as_ref())?;
        if let Some(row) = this.folding() {
            let along = ufuncs::Along::Between(&indices);
            let result = this.folded(py, row, &x, axis, dtype, along)?;
            return this.write_result(py, result, out);
        }
        let op = this.op("reduceat")?;
        errstate::watch();
        let result = gil::work(py, x.len(), || {
            ufuncs::reduceat(op, &x, &indices, axis, dtype)
        })?;
        errstate::check_fold(py, "reduceat", &[&x], &result)?;
        this.write_result(py, result, out)
    }

    /// The dtypes that a call computes in and returns: `int`, `float` and `complex` stand for numbers of Python's, `None` for
    /// results that are to be found.
    #[pyo3(signature = (dtypes, *, signature=None, casting=None, reduction=false))]
    fn resolve_dtypes<'py>(
        &self,
        dtypes: &Bound<'py, PyTuple>,
        signature: Option<&Bound<'py, PyAny>>,
        casting: Option<&str>,
        reduction: bool,
    ) -> Outcome<Bound<'py, PyTuple>> {
        let (py, inputs) = (dtypes.py(), self.kind.inputs());
        let all = inputs + self.kind.outputs();
        if dtypes.len() != all {
            return Err(type_error(format!(
                "resolve_dtypes: `dtypes` must be a tuple of {all} entries, one for each operand of '{}'",
                self.name
            )));
        }
        if reduction && (inputs, all) != (2, 3) {
            return Err(value_error(
                "resolve_dtypes: only ufuncs of two inputs and one result reduce",
            ));
        }
        let casting = casting_rule(casting.unwrap_or("same_kind"))?;
        let mut values = Args::new();
        for (i, given) in dtypes.iter().take(inputs).enumerate() {
            // the first operand of a reduction is its result
            let given = match reduction && i == 0 && given.is_none() {
                true => dtypes.get_item(1)?,
                false => given,
            };
            let weak = [
                (py.get_type::<PyInt>().into_any(), Scalar::Int(0)),
                (py.get_type::<PyFloat>().into_any(), Scalar::Float(0.0)),
                (
                    py.get_type::<PyComplex>().into_any(),
                    Scalar::Complex(num_complex::Complex::new(0.0, 0.0)),
                ),
            ];
            values.push(match weak.iter().find(|(class, _)| given.is(class)) {
                Some((_, scalar)) => Value::Weak(*scalar),
                None if given.is_none() => {
                    return Err(type_error(format!(
                        "resolve_dtypes: input {i} of '{}' has no dtype",
                        self.name
                    )));
                }
                None => Value::Own(Box::new(Raw::zeros(
                    &[0],
                    crate::dtype::parse_in_order(&given)?.0,
                )?)),
            });
        }
        let said = match signature {
            Some(signature) => match self.signature_of(signature)? {
                Some(signature) => self.dtype_of(&signature)?,
                None => None,
            },
            None => None,
        };
        let operands = strong_dtypes(&values);
        let from: SmallVec<[DType; 3]> = match said {
            Some(dtype) => SmallVec::from_elem(dtype, inputs),
            None => operands.clone(),
        };
        let computed = self.kind.compute(&from)?;
        for (i, (&from, &to)) in operands.iter().zip(&computed).enumerate() {
            if matches!(values[i], Value::Ref(_) | Value::Own(_)) && !can_cast(from, to, casting) {
                return Err(type_error(format!(
                    "Cannot cast ufunc '{}' input {i} from dtype('{from}') to dtype('{to}') with this casting rule",
                    self.name
                )));
            }
        }
        let mut found: Vec<DType> = computed.iter().copied().collect();
        for k in 0..self.kind.outputs() {
            let result = match self.kind {
                Kind::Op(_) => self.kind.output(&from)?,
                Kind::Composed(row, _) => row.output(k, computed[0])?,
            };
            let given = parse_computed(Some(&dtypes.get_item(inputs + k)?))?;
            if let Some(given) = given
                && !can_cast(result, given, casting)
            {
                return Err(type_error(format!(
                    "Cannot cast ufunc '{}' output from dtype('{result}') to dtype('{given}') with this casting rule",
                    self.name
                )));
            }
            found.push(result);
        }
        let found: Vec<_> = found.into_iter().map(|d| PyDType::of(py, d)).collect();
        Ok(PyTuple::new(py, found)?)
    }

    /// What changes no other operand, or `None`.
    #[getter]
    fn identity<'py>(&self, py: Python<'py>) -> Outcome<Option<Bound<'py, PyAny>>> {
        let Kind::Op(&Row { op, arity: 2, .. }) = self.kind else {
            return Ok(None);
        };
        ufuncs::identity(op)
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
        self.name
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __doc__(&self) -> String {
        let (doc, rust, torch) = match self.kind {
            Kind::Op(row) => (row.doc, row.name, row.torch),
            Kind::Composed(_, row) => (row.doc, row.name, row.torch),
        };
        let example = match self.kind {
            Kind::Op(_) => String::new(),
            Kind::Composed(_, row) => format!(
                ">>> print(cv.{})\n{}\n\n",
                row.example.python, row.example.prints
            ),
        };
        let doc: Vec<&str> = doc.lines().map(str::trim).collect();
        let torch = match torch {
            "" => String::new(),
            name => format!(", in PyTorch `{name}`"),
        };
        format!(
            "{}{}\n\n{}\n\n{example}In Rust `{rust}`{torch}.",
            self.name,
            self.__text_signature__(),
            doc.join("\n").trim(),
        )
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        let outputs = match self.kind.outputs() {
            1 => "/, out=None",
            _ => "/, out=(None, None)",
        };
        format!(
            "({}, {outputs}, *, where=True, casting='same_kind', order='K', dtype=None, subok=True, signature=None)",
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
        self.kind.inputs()
    }

    /// Number of outputs.
    #[getter]
    fn nout(&self) -> usize {
        self.kind.outputs()
    }

    /// Number of inputs and outputs.
    #[getter]
    fn nargs(&self) -> usize {
        self.kind.inputs() + self.kind.outputs()
    }

    /// Number of loops.
    #[getter]
    fn ntypes(&self) -> usize {
        self.types().len()
    }

    /// The dtypes that it computes in and returns, in NumPy's letters: `dd->d`.
    #[getter]
    fn types(&self) -> Vec<String> {
        let letters = |all: &[DType]| -> String { all.iter().map(|&d| type_char(d)).collect() };
        self::letters()
            .filter_map(|(letter, dtype)| match self.kind {
                Kind::Op(row) if row.class.loops().contains(&dtype) => {
                    let signature = row.op.signature(&vec![dtype; row.arity]).ok()?;
                    let own = |d: DType| if d == dtype { letter } else { type_char(d) };
                    let inputs: String = signature.inputs[..row.arity]
                        .iter()
                        .map(|&d| own(d))
                        .collect();
                    Some(format!("{inputs}->{}", own(signature.output)))
                }
                Kind::Op(_) => None,
                Kind::Composed(row, _) => {
                    let mut inputs = vec![dtype; row.inputs];
                    if matches!(row.rule, Rule::AndInteger(_)) {
                        inputs[1] = DType::I32;
                    }
                    (row.compute(&inputs).ok()?.first() == Some(&dtype)).then(|| {
                        let outputs: Vec<DType> = (0..row.outputs.len())
                            .filter_map(|k| row.output(k, dtype).ok())
                            .collect();
                        format!("{}->{}", letters(&inputs), letters(&outputs))
                    })
                }
            })
            .collect()
    }

    fn __repr__(&self) -> String {
        format!("<ufunc '{}'>", self.name)
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.name
    }
}

impl Ufunc {
    /// The dtype that a fold was asked for.
    fn fold_dtype(
        &self,
        x: &Raw,
        dtype: Option<&Bound<'_, PyAny>>,
        out: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Option<DType>> {
        let mut dtype = parse_computed(dtype)?;
        if dtype.is_none()
            && !self.kind.answers()
            && let Some(out) = out.filter(|out| !is_ellipsis(out))
            && let Some(out) = output(out)?
        {
            dtype = crate::reduction::dtype_for(x.dtype(), out.get().raw().dtype())
                .filter(|&dtype| !self.kind.never_gives(dtype));
        }
        match self.kind.folds_in(x.dtype(), dtype) {
            true => Ok(dtype),
            false => Err(self.no_loop()),
        }
    }

    /// A result, in the output that was given for it.
    fn write_result(
        &self,
        py: Python<'_>,
        result: Raw,
        out: Option<Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if out.as_ref().is_some_and(is_ellipsis) {
            return as_array(give(py, result)?.bind(py));
        }
        match out.as_ref().map(output).transpose()?.flatten() {
            Some(out) => crate::reduction::write_out_as(self.name, result, out, Casting::Unsafe),
            None => give(py, result),
        }
    }
}

/// Adds a function for each row, under NumPy's name and its other ones.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let class = CallableClass::new(&Bound::new(py, Kind::Op(&ROWS[0]).function())?)?;
    m.add("ufunc", class.class(py))?;
    let functions = ROWS
        .iter()
        .map(|row| class.object(py, Kind::Op(row).function()))
        .collect::<PyResult<Vec<_>>>()?;
    for (row, function) in ROWS.iter().zip(&functions) {
        m.add(row.numpy, function)?;
    }
    for row in COMPOSED.iter().copied() {
        if let Some(function) = FunctionRow::find(row.name) {
            let ufunc = Kind::Composed(row, function).function();
            m.add(row.name, class.object(py, ufunc)?)?;
        }
    }
    for &(name, op) in TWINS {
        let kind = Kind::Op(op.row());
        m.add(name, class.object(py, Ufunc { kind, name })?)?;
    }
    for (alias, op) in ALIASES {
        m.add(*alias, &functions[*op as usize])?;
    }
    Ok(())
}
