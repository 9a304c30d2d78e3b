//! Arguments of functions by rows: Python's objects as values of the forms that parameters ask for.

use civita_core::dtype::DType;
use civita_core::functions::{Form, Held, Param, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PySequence, PySlice, PyString, PyTuple};
use smallvec::SmallVec;

use crate::array::Array;
use crate::convert::{self, array_of};
use crate::dtype::{ByteOrder, parse_in_order};
use crate::error::{Outcome, type_error};
use crate::gil;
use crate::ufunc::output;

/// Lists may be nested as deep as arrays have axes.
pub(super) const DEEPEST: usize = 64;

/// An argument, by the form that its parameter asks for.
#[inline]
pub(super) fn value_of<'a>(ob: &'a Bound<'_, PyAny>, form: Form) -> Outcome<Value<'a>> {
    match array_as_it_is(ob, form) {
        Some(array) => Ok(array),
        None => own_value_of(ob, form),
    }
}

/// Most arguments: an array where a parameter takes one.
#[inline]
fn array_as_it_is<'a>(ob: &'a Bound<'_, PyAny>, form: Form) -> Option<Value<'a>> {
    let takes = matches!(
        form,
        Form::Array
            | Form::Operand
            | Form::OptionalArray
            | Form::OptionalOperand
            | Form::Indices
            | Form::EachArray
            | Form::EachIndices
    );
    match ob.cast_exact::<Array>() {
        Ok(array) if takes => Some(Value::Array(array.get().raw())),
        _ => None,
    }
}

/// As [`value_of`], beyond the life of the object.
fn own_value_of(ob: &Bound<'_, PyAny>, form: Form) -> Outcome<Value<'static>> {
    match form {
        Form::OptionalArray | Form::OptionalOperand if ob.is_none() => Ok(Value::None),
        Form::Array | Form::EachArray | Form::OptionalArray | Form::Values => {
            Ok(array_of(ob, None)?.into())
        }
        Form::Operand | Form::OptionalOperand => match convert::scalar_exact(ob)? {
            Some(scalar) => Ok(Value::Scalar(scalar)),
            None => Ok(array_of(ob, None)?.into()),
        },
        Form::Indices | Form::EachIndices => {
            let x = array_of(ob, None)?;
            let is_list = ob.is_instance_of::<PyList>() || ob.is_instance_of::<PyTuple>();
            let is_empty_list = x.is_empty() && is_list;
            Ok(match is_empty_list {
                true => x.cast(DType::I64)?.into(),
                false => x.into(),
            })
        }
        Form::Target => match ob.cast::<Array>() {
            Ok(array) => Ok(array.get().raw().clone().into()),
            Err(_) => Err(type_error(format!(
                "argument 1 must be civita.ndarray, not {}\n  hint: `cv.asarray(a)` shares the memory of a NumPy array",
                ob.get_type().name()?
            ))),
        },
        Form::Arrays => many(ob),
        Form::Operands => operands(ob),
        Form::Nested => nested(ob, 0),
        Form::Subscripts => Ok(Value::None),
        Form::DType if ob.is_none() => Ok(Value::None),
        Form::DType => Ok(Value::DType(crate::dtype::parse(ob)?)),
        Form::Plain | Form::Each => plain(ob, 0),
        Form::Integers => match integers(ob) {
            Some(all) => Ok(Value::Ints(all)),
            None => plain(ob, 0),
        },
        Form::Out => Ok(Value::None),
    }
}

/// The integers of a list or tuple that has nothing else.
fn integers(ob: &Bound<'_, PyAny>) -> Option<SmallVec<[isize; 4]>> {
    let integer = |item: Bound<'_, PyAny>| match item.is_exact_instance_of::<PyInt>() {
        true => item.extract().ok(),
        false => None,
    };
    if let Ok(tuple) = ob.cast_exact::<PyTuple>() {
        return tuple.iter().map(integer).collect();
    }
    ob.cast_exact::<PyList>()
        .ok()?
        .iter()
        .map(integer)
        .collect()
}

/// The arrays of a sequence, or the rows of an array.
fn many(ob: &Bound<'_, PyAny>) -> Outcome<Value<'static>> {
    let each = |items: &mut dyn Iterator<Item = Bound<'_, PyAny>>| -> Outcome<Value<'static>> {
        items
            .map(|o| Ok(array_of(&o, None)?.into()))
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
        all.length_is_read("iteration", 0);
        let row = |i: usize| all.slice(&[civita_core::layout::SliceItem::Index(i as isize)]);
        let rows = (0..all.shape().first().copied().unwrap_or(0)).map(|i| Ok(row(i)?.into()));
        return rows.collect::<Outcome<_>>().map(Value::List);
    }
    Err(type_error(
        "arrays to stack must be passed as a \"sequence\" type such as list or tuple.\n  hint: `cv.concatenate([a, b])`",
    ))
}

/// The elements of a sequence, of which numbers of Python's own stay what they are.
fn operands(ob: &Bound<'_, PyAny>) -> Outcome<Value<'static>> {
    let each = |items: &mut dyn Iterator<Item = Bound<'_, PyAny>>| -> Outcome<Value<'static>> {
        let items = items.map(|item| own_value_of(&item, Form::Operand));
        items.collect::<Outcome<_>>().map(Value::List)
    };
    if let Ok(list) = ob.cast::<PyList>() {
        return each(&mut list.iter());
    }
    match ob.cast::<PyTuple>() {
        Ok(tuple) => each(&mut tuple.iter()),
        Err(_) => many(ob),
    }
}

/// Arrays in nested lists.
fn nested(ob: &Bound<'_, PyAny>, depth: usize) -> Outcome<Value<'static>> {
    if ob.is_instance_of::<PyTuple>() {
        return Err(type_error(
            "block: a tuple stands where a list is meant. Only lists can be used to arrange blocks, and np.block does not allow implicit conversion from tuple to ndarray.",
        ));
    }
    match ob.cast::<PyList>() {
        Ok(list) if depth < DEEPEST => {
            let items = list.iter().map(|item| nested(&item, depth + 1));
            items.collect::<Outcome<_>>().map(Value::List)
        }
        _ => own_value_of(ob, Form::Array),
    }
}

/// Subscripts and arrays, or arrays each followed by a list of subscripts.
pub(super) fn subscripts<'a>(all: &[&'a Bound<'_, PyAny>]) -> Outcome<Value<'a>> {
    let by_text = all
        .first()
        .is_some_and(|first| first.is_instance_of::<PyString>());
    let one = |(at, ob): (usize, &&'a Bound<'_, PyAny>)| -> Outcome<Value<'a>> {
        // the last of an odd number of lists is that of the result
        let is_array = match by_text {
            true => at > 0,
            false => at % 2 == 0 && at + 1 < all.len(),
        };
        value_of(ob, if is_array { Form::Array } else { Form::Plain })
    };
    let values = all.iter().enumerate().map(one);
    values.collect::<Outcome<_>>().map(Value::List)
}

/// An object by its own type. What no kind takes is told by the name of its type.
fn plain(ob: &Bound<'_, PyAny>, depth: usize) -> Outcome<Value<'static>> {
    if ob.is_none() {
        return Ok(Value::None);
    }
    if let Some(scalar) = convert::scalar_exact(ob)? {
        return Ok(Value::Scalar(scalar));
    }
    if let Ok(text) = ob.cast::<PyString>() {
        return Ok(Value::Text(text.to_string().into()));
    }
    if depth < DEEPEST
        && let Ok(dict) = ob.cast::<PyDict>()
    {
        type Item<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
        let pair = |(key, value): Item<'_>| -> Outcome<(Value<'static>, Value<'static>)> {
            Ok((plain(&key, depth + 1)?, plain(&value, depth + 1)?))
        };
        return dict
            .iter()
            .map(pair)
            .collect::<Outcome<_>>()
            .map(Value::Dict);
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
        return Ok(raw.into());
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

/// The argument of a parameter behind others; an output, or the array to write, is put aside.
#[inline]
pub(super) fn argument<'a, 'py>(
    ob: &'a Bound<'py, PyAny>,
    param: &Param,
    before: &[Value<'_>],
    aside: &mut Aside<'py>,
) -> Outcome<Value<'a>> {
    match array_as_it_is(ob, param.form) {
        Some(array) => Ok(array),
        None => other_argument(ob, param, before, aside),
    }
}

/// What a call has beside the values of its parameters.
#[derive(Default)]
pub(super) struct Aside<'py> {
    pub(super) out: Option<Bound<'py, Array>>,
    pub(super) target: Option<Bound<'py, Array>>,
    /// The byte order that a dtype said.
    pub(super) order: Option<ByteOrder>,
}

#[inline(never)]
fn other_argument<'a, 'py>(
    ob: &'a Bound<'py, PyAny>,
    param: &Param,
    before: &[Value<'_>],
    aside: &mut Aside<'py>,
) -> Outcome<Value<'a>> {
    match param.form {
        Form::Target => aside.target = ob.cast::<Array>().ok().cloned(),
        Form::Out => aside.out = output(ob)?,
        Form::Values => {
            if let Some(Value::Array(first)) = before.first() {
                return Ok(convert::fitting(ob, first.dtype())?.into());
            }
        }
        Form::DType if !ob.is_none() => {
            let (dtype, order) = parse_in_order(ob)?;
            aside.order = Some(order);
            return Ok(Value::DType(dtype));
        }
        _ => {}
    }
    // numbers of Python's are conditions; ends of a range with dtypes have a part in that of the bins
    let is_list = ob.is_instance_of::<PyList>() || ob.is_instance_of::<PyTuple>();
    if param.name == "where"
        && param.form == Form::Array
        && (is_list || convert::scalar_exact(ob)?.is_some())
    {
        return Ok(array_of(ob, Some(DType::Bool))?.into());
    }
    if param.name == "range" && is_list && are_typed(ob)? {
        return Ok(array_of(ob, None)?.into());
    }
    if param.name == "dimensions" && ob.is_instance_of::<PyInt>() {
        return Err(type_error(
            "'int' object is not iterable: dimensions are a sequence",
        ));
    }
    if param.name == "casting"
        && let Ok(rule) = ob.cast::<PyString>()
    {
        crate::dtype::casting(rule.to_str()?)?;
    }
    // for NumPy no order is the function's own
    if ob.is_none() && param.name == "order" && param.default.is_some() {
        return Ok(param.default_value());
    }
    own_value_of(ob, param.form)
}

/// Whether the numbers of a sequence all have dtypes of their own.
fn are_typed(list: &Bound<'_, PyAny>) -> Outcome<bool> {
    for item in list.try_iter()? {
        let item = item?;
        let is_sequence = item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>();
        if is_sequence
            || item.is_none()
            || !matches!(
                convert::value(&item)?,
                convert::Value::Own(_) | convert::Value::Ref(_)
            )
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A short array as it is, which no other class, transformation or byte order has a part in.
#[inline]
pub(super) fn short<'a>(ob: &'a Bound<'_, PyAny>) -> Option<Held<'a>> {
    let array = ob.cast_exact::<Array>().ok()?.get();
    let raw = array.raw();
    let is_usual =
        raw.is_plain() && !gil::is_large(raw.len()) && array.order() == ByteOrder::Native;
    is_usual.then_some(raw)
}
