//! Arguments as NumPy's random functions take them: sizes, and parameters that are numbers or arrays.

use civita_core::dtype::{Casting, DType, Scalar, can_cast};
use civita_core::error::{Error, Result};
use civita_core::layout::broadcast_shapes;
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use civita_random::Range;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyList, PyString, PyTuple};

use super::draw::PART;
use super::order::check_room;
use super::path::refuse;
use crate::array::Array;
use crate::convert::{Value, array_of, value};
use crate::create::{Given, shape_of};
use crate::error::{Outcome, type_error, value_error};
use crate::gil;

/// `size=`: a shape, or `None` for one value that is no array.
pub fn size_of(size: Option<&Bound<'_, PyAny>>) -> Outcome<Option<Vec<usize>>> {
    if size.is_some_and(has_boolean) {
        return Err(type_error(
            "expected a sequence of integers or a single integer, got a boolean",
        ));
    }
    match size {
        Some(size) if size.is_instance_of::<Array>() => {
            // an array of lengths, or of one
            shape_of(&size.call_method0("tolist")?).map(|shape| Some(shape.into_vec()))
        }
        Some(size) if !size.is_none() => shape_of(size).map(|shape| Some(shape.into_vec())),
        _ => Ok(None),
    }
}

/// Whether a size is a boolean, or a sequence with one.
fn has_boolean(size: &Bound<'_, PyAny>) -> bool {
    let boolean = |ob: &Bound<'_, PyAny>| ob.is_instance_of::<PyBool>();
    if let Ok(array) = size.cast::<Array>() {
        return array.get().raw().dtype() == DType::Bool;
    }
    match (size.cast::<PyTuple>(), size.cast::<PyList>()) {
        (Ok(lengths), _) => lengths.iter().any(|n| boolean(&n)),
        (_, Ok(lengths)) => lengths.iter().any(|n| boolean(&n)),
        _ => boolean(size),
    }
}

/// A parameter: a number, or an array of them with one axis at least.
pub enum Parameter {
    One(f64),
    Many(Raw),
    /// An array without axes that a derivative is taken by, and its value.
    Tracked(f64, Raw),
}

impl Parameter {
    /// From a number, an array, or what becomes one.
    pub fn of(ob: &Bound<'_, PyAny>) -> Outcome<Parameter> {
        if let Ok(number) = ob.cast_exact::<PyFloat>() {
            return Ok(Parameter::One(number.value()));
        }
        if let Ok(text) = ob.cast::<PyString>() {
            return Err(value_error(format!(
                "could not convert string to float: {}",
                text.repr()?
            )));
        }
        let raw = match value(ob)? {
            Value::Weak(Scalar::Complex(_)) => return Err(complex()),
            Value::Weak(scalar) => return Ok(Parameter::One(scalar.as_f64())),
            Value::Ref(raw) => raw.clone(),
            Value::Own(raw) => *raw,
        };
        if raw.dtype().is_complex() {
            return Err(complex());
        }
        readable(&raw)?;
        let raw = raw.cast(DType::F64)?;
        Ok(match raw.rank() {
            0 if raw.is_differentiated() => Parameter::Tracked(raw.item()?.as_f64(), raw),
            0 => Parameter::One(raw.item()?.as_f64()),
            _ => Parameter::Many(raw),
        })
    }

    /// From the parameter of draws that no derivative goes through.
    pub fn constant(op: &'static str, ob: &Bound<'_, PyAny>) -> Outcome<Parameter> {
        let parameter = Parameter::of(ob)?;
        if let Parameter::Many(raw) | Parameter::Tracked(_, raw) = &parameter {
            refuse(op, raw)?;
        }
        Ok(parameter)
    }

    /// Whether a derivative is taken by it.
    pub fn is_differentiated(&self) -> bool {
        match self {
            Parameter::One(_) => false,
            Parameter::Many(raw) => raw.is_differentiated(),
            Parameter::Tracked(..) => true,
        }
    }

    /// It as a tensor of `float64`.
    pub fn tensor(&self) -> Result<Raw> {
        match self {
            Parameter::One(x) => Raw::scalar(Scalar::Float(*x), DType::F64),
            Parameter::Many(raw) | Parameter::Tracked(_, raw) => Ok(raw.clone()),
        }
    }

    /// As [`of`](Self::of), or the default where it is not given. `None` is no number.
    pub fn or(given: &Given<'_>, default: f64) -> Outcome<Parameter> {
        match &given.0 {
            None => Ok(Parameter::One(default)),
            Some(ob) if ob.is_none() => Err(type_error("must be real number, not NoneType")),
            Some(ob) => Parameter::of(ob),
        }
    }

    /// The number, if it is one.
    pub fn one(&self) -> Option<f64> {
        match self {
            Parameter::One(x) | Parameter::Tracked(x, _) => Some(*x),
            Parameter::Many(_) => None,
        }
    }

    /// The lengths of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Parameter::One(_) | Parameter::Tracked(..) => &[],
            Parameter::Many(raw) => raw.shape(),
        }
    }

    /// Checks that the range holds all its numbers.
    pub fn check(&self, py: Python<'_>, name: &str, range: Range) -> Outcome<()> {
        match self {
            Parameter::One(x) | Parameter::Tracked(x, _) => Ok(range.check_all(name, &[*x])?),
            Parameter::Many(raw) => {
                check_room(raw)?;
                let along = self.along(raw.shape())?;
                if !along.all(py, raw.len(), |x| range.holds(x))? {
                    // what it says may depend on all of them
                    range.check_all(name, &raw.to_vec()?)?;
                }
                Ok(())
            }
        }
    }

    /// Its numbers for each element of a result.
    pub fn along(&self, shape: &[usize]) -> Outcome<Along<f64>> {
        match self {
            Parameter::One(x) | Parameter::Tracked(x, _) => Ok(Along::One(*x)),
            Parameter::Many(raw) => Along::of(raw, shape, |part| Ok(part.to_vec()?)),
        }
    }
}

/// An integer parameter: a number, or an array of them with one axis at least.
pub enum Whole {
    One(i64),
    Many(Raw),
}

impl Whole {
    /// From an integer, an array of them, or what becomes one. A number loses its fraction; an array of floats is refused,
    /// and one of integers that `int64` does not hold.
    pub fn of(ob: &Bound<'_, PyAny>) -> Outcome<Whole> {
        let array = ob.is_instance_of::<Array>() || ob.hasattr("dtype")?;
        // scalars have a dtype too, but nothing to write into
        let is_scalar = !array || !ob.hasattr("__setitem__")?;
        let raw = if array {
            array_of(ob, None)?
        } else {
            array_of(ob, Some(DType::I64))?
        };
        if (raw.rank() > 0 || !is_scalar) && !can_cast(raw.dtype(), DType::I64, Casting::Safe) {
            return Err(type_error(format!(
                "Cannot cast {} from dtype('{}') to dtype('int64') according to the rule 'safe'",
                if raw.rank() > 0 {
                    "array data"
                } else {
                    "scalar"
                },
                raw.dtype()
            )));
        }
        if raw.dtype().is_complex() {
            return Err(complex());
        }
        readable(&raw)?;
        refuse("random", &raw)?;
        let raw = raw.cast(DType::I64)?;
        Ok(match raw.rank() {
            0 => match raw.item()? {
                Scalar::Int(n) => Whole::One(n as i64),
                other => Whole::One(other.as_f64() as i64),
            },
            _ => Whole::Many(raw),
        })
    }

    /// The lengths of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Whole::One(_) => &[],
            Whole::Many(raw) => raw.shape(),
        }
    }

    /// Whether none of its numbers is negative.
    pub fn is_natural(&self, py: Python<'_>) -> Outcome<bool> {
        if let Whole::Many(raw) = self {
            check_room(raw)?;
        }
        let len = self.shape().iter().product();
        self.along(self.shape())?.all(py, len, |n| n >= 0)
    }

    /// Its numbers for each element of a result.
    pub fn along(&self, shape: &[usize]) -> Outcome<Along<i64>> {
        match self {
            Whole::One(n) => Ok(Along::One(*n)),
            Whole::Many(raw) => Along::of(raw, shape, |part| Ok(part.to_vec()?)),
        }
    }
}

/// The values of a parameter, one for each element of a result.
pub enum Along<T> {
    One(T),
    Many(Blocks<T>),
}

/// The values of an array in C order, read in blocks of [`PART`] at most: parameters may be as long as what is drawn, and a copy
/// of them all as large as it.
pub struct Blocks<T> {
    view: Raw,
    read: Read<T>,
    /// The block read last, and the place of its first value.
    block: Vec<T>,
    first: usize,
}

/// Reads the values of a block.
type Read<T> = fn(&Raw) -> Outcome<Vec<T>>;

impl<T: Copy + Send> Along<T> {
    /// The values of an array, broadcast to a shape.
    pub fn of(raw: &Raw, shape: &[usize], read: Read<T>) -> Outcome<Along<T>> {
        Ok(Along::Many(Blocks {
            view: raw.detach().broadcast_to(shape)?,
            read,
            block: Vec::new(),
            first: 0,
        }))
    }

    /// The value for element `i`, which exists. Neighbours are in the same block.
    #[inline]
    pub fn at(&mut self, i: usize) -> Outcome<T> {
        match self {
            Along::One(x) => Ok(*x),
            Along::Many(blocks) => match blocks.block.get(i.wrapping_sub(blocks.first)) {
                Some(x) => Ok(*x),
                None => blocks.read(i),
            },
        }
    }

    /// Whether a condition holds for the values of the first `len` elements.
    pub fn all(
        mut self,
        py: Python<'_>,
        len: usize,
        holds: impl Fn(T) -> bool + Send + Sync,
    ) -> Outcome<bool> {
        gil::work(py, len, || {
            for i in 0..len {
                if !holds(self.at(i)?) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}

impl<T: Copy> Blocks<T> {
    /// Reads the block around element `i`. A place to stop at.
    #[cold]
    fn read(&mut self, i: usize) -> Outcome<T> {
        stop_if_told();
        let mut view = self.view.clone();
        let mut place = i;
        let mut left: usize = view.shape().iter().product();
        while left > PART {
            let slice = left / view.shape()[0];
            let at = place / slice;
            place -= at * slice;
            if slice <= PART {
                let several = (PART / slice).min(view.shape()[0] - at);
                view = view.narrow(0, at, several)?;
                break;
            }
            view = view.select_index(0, at as isize)?;
            left = slice;
        }
        self.block = (self.read)(&view)?;
        self.first = i - place;
        Ok(self.block[place])
    }
}

/// Refuses a parameter whose values cannot be read: draws of a generator with a state are made of values.
fn readable(parameter: &Raw) -> Outcome<()> {
    match parameter.opaque() {
        None => Ok(()),
        Some(_) => Err(Error::value(
            "random",
            "a parameter of a draw is an argument of `vmap` or `trace`, and has no value that a generator with a state could draw by",
        )
        .rule("draws with parameters are made of values; by key and counter there are standard draws, for each sample its own")
        .hint("draw with `cv.random.Philox4x32`, and scale: `x * cv.random.Philox4x32(1).normal(3)`")
        .into()),
    }
}

#[cold]
fn complex() -> crate::error::Fault {
    type_error("float() argument must be a string or a real number, not 'complex'")
}

/// The shape of a result: what the parameters broadcast to, which `size` must be if it is given.
pub fn result_shape(size: Option<Vec<usize>>, parameters: &[&[usize]]) -> Outcome<Vec<usize>> {
    let mut shapes: Vec<&[usize]> = size.iter().map(Vec::as_slice).collect();
    shapes.extend_from_slice(parameters);
    let all = broadcast_shapes("random", &shapes).map_err(|_| {
        let texts: Vec<String> = shapes
            .iter()
            .map(|s| civita_core::error::shape_text(s))
            .collect();
        value_error(format!(
            "shape mismatch: objects cannot be broadcast to a single shape: {}",
            texts.join(", ")
        ))
    })?;
    match size {
        Some(size) if size != all[..] => Err(value_error(format!(
            "Output size {} is not compatible with broadcast dimensions of inputs {}.",
            civita_core::error::shape_text(&size),
            civita_core::error::shape_text(&all)
        ))),
        _ => Ok(all.to_vec()),
    }
}
