//! `order=`: where the elements of new arrays lie in memory.

use civita_core::dtype::DType;
use civita_core::functions;
use civita_core::functions::shape::{self, by_steps, in_memory_order, inverse};
use civita_core::raw::Raw;
use pyo3::prelude::*;

use crate::error::{Outcome, type_error, value_error};

/// NumPy's orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last axis innermost.
    C,
    /// The first axis innermost.
    F,
    /// Fortran order where the elements lie so already, else C order.
    Any,
    /// As the elements lie already.
    Keep,
}

impl Order {
    /// # Errors
    /// When the object names no order.
    pub fn parse(ob: Option<&Bound<'_, PyAny>>, default: Order) -> Outcome<Order> {
        let Some(ob) = ob.filter(|ob| !ob.is_none()) else {
            return Ok(default);
        };
        let Ok(text) = ob.extract::<String>() else {
            return Err(type_error(format!(
                "order must be str, not {}",
                ob.get_type().name()?
            )));
        };
        match text.as_str() {
            "C" | "c" => Ok(Order::C),
            "F" | "f" => Ok(Order::F),
            "A" | "a" => Ok(Order::Any),
            "K" | "k" => Ok(Order::Keep),
            _ => Err(value_error(format!(
                "order must be one of 'C', 'F', 'A', or 'K' (got '{text}')"
            ))),
        }
    }

    /// As [`Order::parse`], of a new array that resembles no other: C or Fortran order.
    pub fn parse_new(ob: Option<&Bound<'_, PyAny>>) -> Outcome<Order> {
        match Order::parse(ob, Order::C)? {
            Order::C => Ok(Order::C),
            Order::F => Ok(Order::F),
            _ => Err(value_error(
                "only 'C' or 'F' order is permitted\n  rule: a new array resembles no other",
            )),
        }
    }
}

/// Whether the array is in Fortran order and not in C order too.
pub fn is_fortran(x: &Raw) -> bool {
    shape::is_fortran(x, functions::Order::A)
}

/// A copy whose elements lie in this order.
pub fn copied(x: &Raw, order: Order) -> Outcome<Raw> {
    let order = match order {
        Order::C => functions::Order::C,
        Order::F => functions::Order::F,
        Order::Any => functions::Order::A,
        Order::Keep => functions::Order::K,
    };
    Ok(shape::copy(x, order)?)
}

/// Whether the elements lie in this order already.
pub fn fits(x: &Raw, order: Order) -> bool {
    match order {
        Order::Keep => true,
        Order::C => !x.is_plain() || x.layout().is_contiguous(),
        Order::F => x.is_plain() && x.layout().is_fortran_contiguous(),
        Order::Any => {
            !x.is_plain() || x.layout().is_contiguous() || x.layout().is_fortran_contiguous()
        }
    }
}

/// A new tensor of a shape, made by `make` and lying in C or Fortran order.
#[inline(always)]
pub fn new(
    shape: &[usize],
    dtype: DType,
    order: Order,
    make: impl Fn(&[usize], DType) -> civita_core::error::Result<Raw>,
) -> Outcome<Raw> {
    match order != Order::F || shape.len() < 2 {
        true => Ok(make(shape, dtype)?),
        false => new_fortran(shape, dtype, make),
    }
}

#[cold]
fn new_fortran(
    shape: &[usize],
    dtype: DType,
    make: impl Fn(&[usize], DType) -> civita_core::error::Result<Raw>,
) -> Outcome<Raw> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    Ok(make(&reversed, dtype)?.transpose()?)
}

/// As [`new`], lying as another tensor does where it has its shape.
pub fn new_like(
    like: &Raw,
    shape: &[usize],
    dtype: DType,
    order: Order,
    make: impl Fn(&[usize], DType) -> civita_core::error::Result<Raw>,
) -> Outcome<Raw> {
    like.lengths_are_read("like");
    match order {
        Order::Any if is_fortran(like) => new(shape, dtype, Order::F, make),
        Order::Keep if !like.layout().is_contiguous() && like.rank() == shape.len() => {
            let axes = by_steps(like);
            let permuted: Vec<usize> = axes.iter().map(|&a| shape[a as usize]).collect();
            Ok(make(&permuted, dtype)?.permute(&inverse(&axes))?)
        }
        Order::F => new(shape, dtype, Order::F, make),
        _ => Ok(make(shape, dtype)?),
    }
}

/// The elements along one axis, in this order of the indices; a view where the memory allows it.
pub fn raveled(x: &Raw, order: Order) -> Outcome<Raw> {
    let flat = [-1];
    match order {
        Order::F => Ok(x.transpose()?.reshape_to(&flat)?),
        Order::Any if is_fortran(x) => Ok(x.transpose()?.reshape_to(&flat)?),
        Order::Keep if !x.layout().is_contiguous() && x.rank() > 1 => {
            Ok(in_memory_order(x)?.reshape_to(&flat)?)
        }
        _ => Ok(x.reshape_to(&flat)?),
    }
}
