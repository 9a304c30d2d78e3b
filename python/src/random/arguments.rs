//! Arguments as NumPy's random functions take them: sizes, and parameters that are numbers or arrays.

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::broadcast_shapes;
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use crate::array::Array;
use crate::convert::{Value, array_of, value};
use crate::create::shape_of;
use crate::error::{Outcome, type_error, value_error};

/// `size=`: a shape, or `None` for one value that is no array.
pub fn size_of(size: Option<&Bound<'_, PyAny>>) -> Outcome<Option<Vec<usize>>> {
    match size {
        Some(size) if size.is_instance_of::<Array>() => {
            // an array of lengths, or of one
            shape_of(&size.call_method0("tolist")?).map(|shape| Some(shape.into_vec()))
        }
        Some(size) if !size.is_none() => shape_of(size).map(|shape| Some(shape.into_vec())),
        _ => Ok(None),
    }
}

/// A parameter: a number, or an array of them with one axis at least.
pub enum Parameter {
    One(f64),
    Many(Raw),
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
        let raw = raw.cast(DType::F64)?;
        Ok(match raw.rank() {
            0 => Parameter::One(raw.item()?.as_f64()),
            _ => Parameter::Many(raw),
        })
    }

    /// As [`of`](Self::of), or the default.
    pub fn or(ob: Option<&Bound<'_, PyAny>>, default: f64) -> Outcome<Parameter> {
        ob.map_or(Ok(Parameter::One(default)), Parameter::of)
    }

    /// The number, if it is one.
    pub fn one(&self) -> Option<f64> {
        match self {
            Parameter::One(x) => Some(*x),
            Parameter::Many(_) => None,
        }
    }

    /// The lengths of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Parameter::One(_) => &[],
            Parameter::Many(raw) => raw.shape(),
        }
    }

    /// All its numbers.
    pub fn numbers(&self) -> Outcome<Vec<f64>> {
        match self {
            Parameter::One(x) => Ok(vec![*x]),
            Parameter::Many(raw) => Ok(raw.to_vec()?),
        }
    }

    /// Its numbers for each element of a result.
    pub fn along(&self, shape: &[usize]) -> Outcome<Along<f64>> {
        match self {
            Parameter::One(x) => Ok(Along::One(*x)),
            Parameter::Many(raw) => Ok(Along::Many(raw.broadcast_to(shape)?.to_vec()?)),
        }
    }
}

/// An integer parameter: a number, or an array of them with one axis at least.
pub enum Whole {
    One(i64),
    Many(Raw),
}

impl Whole {
    /// From an integer, an array of them, or what becomes one. A number loses its fraction; an array of floats is refused.
    pub fn of(ob: &Bound<'_, PyAny>) -> Outcome<Whole> {
        let array = ob.is_instance_of::<Array>() || ob.hasattr("dtype")?;
        let raw = if array {
            array_of(ob, None)?
        } else {
            array_of(ob, Some(DType::I64))?
        };
        if raw.rank() > 0 && !(raw.dtype().is_integer() || raw.dtype() == DType::Bool) {
            return Err(type_error(format!(
                "Cannot cast array data from dtype('{}') to dtype('int64') according to the rule 'safe'",
                raw.dtype()
            )));
        }
        if raw.dtype().is_complex() {
            return Err(complex());
        }
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

    /// All its numbers.
    pub fn numbers(&self) -> Outcome<Vec<i64>> {
        match self {
            Whole::One(n) => Ok(vec![*n]),
            Whole::Many(raw) => Ok(raw.to_vec()?),
        }
    }

    /// Its numbers for each element of a result.
    pub fn along(&self, shape: &[usize]) -> Outcome<Along<i64>> {
        match self {
            Whole::One(n) => Ok(Along::One(*n)),
            Whole::Many(raw) => Ok(Along::Many(raw.broadcast_to(shape)?.to_vec()?)),
        }
    }
}

/// The values of a parameter, one for each element of a result.
pub enum Along<T> {
    One(T),
    Many(Vec<T>),
}

impl<T: Copy> Along<T> {
    #[inline]
    pub fn at(&self, i: usize) -> T {
        match self {
            Along::One(x) => *x,
            Along::Many(all) => all[i],
        }
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
