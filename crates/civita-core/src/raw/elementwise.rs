//! Elementwise calls: one op, or one fused function, on whole tensors.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Raw;
use super::copy::check_cast;
use crate::backend;
use crate::device::Device;
use crate::dtype::{Casting, DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::graph::Function;
use crate::layout::broadcast_shapes;
use crate::ops::{ClassResult, Op, elementwise_heads};
use crate::primitive::{Apply, Fused, Out, Untagged, bind_in_place, bind_into, bind_op};
use crate::program::Typed;
use crate::storage::Access;

/// What an op is applied to.
#[derive(Clone, Copy)]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(&'a Raw),
    /// A scalar of the host language, which takes the tensors' dtype (NEP 50).
    Scalar(Scalar),
}

impl<'a> From<&'a Raw> for Operand<'a> {
    fn from(x: &'a Raw) -> Operand<'a> {
        Operand::Tensor(x)
    }
}
impl From<Scalar> for Operand<'_> {
    fn from(x: Scalar) -> Self {
        Operand::Scalar(x)
    }
}

impl Raw {
    /// Applies an op, with broadcasting and promotion.
    ///
    /// ```
    /// use civita_core::{dtype::{DType, Scalar}, ops::Op, raw::Raw};
    /// let x = Raw::from_vec(vec![1.0f32, 2.0], &[2])?;
    /// let y = Raw::apply(Op::Mul, &[(&x).into(), Scalar::Float(2.5).into()])?;
    /// assert_eq!(y.to_vec::<f32>()?, [2.5, 5.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shapes do not broadcast, the op takes no such dtypes or another number of operands, or an argument has no
    /// result.
    #[inline]
    pub fn apply(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        check_count(op, operands.len())?;
        if matches!(op, Op::Pow | Op::Abs)
            && let Some(simpler) = simplified(op, operands)
        {
            return simpler;
        }
        match Untagged::of(operands) {
            Some(call) => call.run(op, operands),
            None => with_scalar_attribute(op, operands, bind_op),
        }
    }

    /// Applies a fused function: one pass over memory.
    ///
    /// # Errors
    /// As [`Raw::apply`]; and when the number of inputs is not what the function takes.
    pub fn call(function: &Arc<Function>, inputs: &[&Raw]) -> Result<Raw> {
        Raw::call_into(function, inputs, &Out::NONE)
    }

    /// [`Raw::apply`], into an output.
    pub(crate) fn apply_into(op: Op, operands: &[Operand<'_>], out: &Out) -> Result<Raw> {
        if out.is_none() {
            return Raw::apply(op, operands);
        }
        check_count(op, operands.len())?;
        with_scalar_attribute(op, operands, |p, x| out.bind(p, x))
    }

    /// [`Raw::call`], into an output.
    pub(crate) fn call_into(function: &Arc<Function>, inputs: &[&Raw], out: &Out) -> Result<Raw> {
        if inputs.len() != function.program().inputs() || inputs.is_empty() {
            return Err(Error::value(
                "fuse",
                format!(
                    "the function takes {} inputs, not {}",
                    function.program().inputs(),
                    inputs.len()
                ),
            )
            .rule("a fused function takes one input or more, and is called with as many"));
        }
        if let Some((mentioned, function)) = function.pruned() {
            let inputs: SmallVec<[&Raw; 8]> = mentioned.iter().map(|&i| inputs[i]).collect();
            return out.bind(&Fused(function.clone()), &inputs);
        }
        out.bind(&Fused(function.clone()), inputs)
    }
}

/// The primitive of an op, and its tensors: one scalar is an attribute, several become tensors.
#[inline]
fn with_scalar_attribute<R>(
    op: Op,
    operands: &[Operand<'_>],
    run: impl FnOnce(&Apply, &[&Raw]) -> Result<R>,
) -> Result<R> {
    match *operands {
        [Operand::Tensor(x)] => run(&Apply { op, scalar: None }, &[x]),
        [Operand::Tensor(a), Operand::Tensor(b)] => run(&Apply { op, scalar: None }, &[a, b]),
        [Operand::Tensor(x), Operand::Scalar(s)] => run(
            &Apply {
                op,
                scalar: Some((1, s)),
            },
            &[x],
        ),
        [Operand::Scalar(s), Operand::Tensor(x)] => run(
            &Apply {
                op,
                scalar: Some((0, s)),
            },
            &[x],
        ),
        _ => any_attributes(op, operands, run),
    }
}

fn any_attributes<R>(
    op: Op,
    operands: &[Operand<'_>],
    run: impl FnOnce(&Apply, &[&Raw]) -> Result<R>,
) -> Result<R> {
    let mut tensors: SmallVec<[&Raw; 4]> = SmallVec::new();
    let mut scalar = None;
    let mut scalars = 0;
    for (i, operand) in operands.iter().enumerate() {
        match operand {
            Operand::Tensor(x) => tensors.push(x),
            Operand::Scalar(s) => {
                scalar = Some((i, *s));
                scalars += 1;
            }
        }
    }
    if scalars <= 1 && !tensors.is_empty() {
        return run(&Apply { op, scalar }, &tensors);
    }
    let values = strong(op, operands)?;
    let values: SmallVec<[&Raw; 4]> = values.iter().collect();
    run(&Apply { op, scalar: None }, &values)
}

/// Every operand as a tensor; scalars in the dtype that they take beside the tensors.
pub(crate) fn strong(op: Op, operands: &[Operand<'_>]) -> Result<SmallVec<[Raw; 3]>> {
    let first = usize::from(op.row().class == crate::ops::Class::Select);
    let met = operands[first.min(operands.len())..]
        .iter()
        .filter_map(|o| match o {
            Operand::Tensor(x) => Some(x.dtype()),
            Operand::Scalar(_) => None,
        })
        .reduce(crate::dtype::promote);
    // scalars among themselves: the latest kind decides
    let alone = operands
        .iter()
        .skip(first)
        .filter_map(|o| match o {
            Operand::Scalar(s) => Some(s.default_dtype()),
            Operand::Tensor(_) => None,
        })
        .reduce(crate::dtype::promote);
    operands
        .iter()
        .enumerate()
        .map(|(i, o)| match o {
            Operand::Tensor(x) => Ok((*x).clone()),
            Operand::Scalar(s) if i < first => Raw::scalar(
                Scalar::Bool(s.as_complex() != num_complex::Complex::ZERO),
                DType::Bool,
            ),
            Operand::Scalar(s) => {
                let dtype = match met {
                    Some(met) => s.weak_with(met),
                    None => alone.unwrap_or(s.default_dtype()),
                };
                // true division and the like compute integers in a float that holds more
                let dtype = if s.to_bytes(dtype).is_err() {
                    s.default_dtype()
                } else {
                    dtype
                };
                Raw::scalar(*s, dtype)
            }
        })
        .collect()
}

/// Whether the operands and the output are of one dtype that stays, and of the output's shape or scalars.
#[inline]
fn fits_plainly(op: Op, operands: &[Operand<'_>], out: &Raw) -> bool {
    let (class, dtype) = (op.row().class, out.dtype());
    let fits = |o: &Operand<'_>| match o {
        Operand::Tensor(x) => x.dtype() == dtype && x.shape() == out.shape(),
        Operand::Scalar(s) => s.weak_with(dtype) == dtype,
    };
    class.result() == ClassResult::Same
        && class.compute(dtype) == Some(dtype)
        && operands.iter().all(fits)
        && operands.iter().any(|o| matches!(o, Operand::Tensor(_)))
}

/// Applies an op and writes the result into `out`, which its views see: NumPy's `out=` and `a += b`.
///
/// # Errors
/// As [`Raw::apply`]; when the result does not have `out`'s shape, `casting` does not allow its dtype, or the memory may
/// not be written.
pub fn write_elementwise(
    op: Op,
    operands: &[Operand<'_>],
    out: &mut Raw,
    casting: Casting,
) -> Result<()> {
    check_count(op, operands.len())?;
    let name = op.row().name;
    out.may_be_output(name)?;
    if !fits_plainly(op, operands, out) {
        let values = strong(op, operands)?;
        let dtypes: SmallVec<[DType; 3]> = values.iter().map(Raw::dtype).collect();
        let typed = Typed::single(op, &dtypes, None)?;
        check_cast(name, typed.output, out.dtype(), casting)?;
        let shapes: SmallVec<[&[usize]; 4]> = values.iter().map(Raw::shape).collect();
        let shape = broadcast_shapes(name, &shapes)?;
        let both = broadcast_shapes(name, &[&shape, out.shape()]);
        if both.ok().as_deref() != Some(out.shape()) {
            return Err(Error::shape(
                name,
                format!(
                    "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
                    shape_text(out.shape()),
                    shape_text(&shape)
                ),
            )
            .shapes(&[&shape, out.shape()])
            .rule("an output must have the shape to which the inputs broadcast"));
        }
        // kernels compute floats of 8 and 16 bits in 32 bits: the result is rounded before it is converted
        if typed.output.is_narrow_float() && out.dtype() != typed.output {
            return out.assign(&Raw::apply(op, operands)?);
        }
    }
    match Untagged::of(operands) {
        Some(call) if out.tag().is_none() && call.device() == out.device() => {
            call.run_into(op, operands, out)
        }
        _ => with_scalar_attribute(op, operands, |p, x| bind_into(p, x, out)),
    }
}

/// `a op= b` in the memory of `a`, and whether that was possible: `a` is the only handle on Owned bytes, nothing is
/// recorded, and the result has its shape and dtype. If not, nothing was done.
///
/// ```
/// use civita_core::{dtype::Scalar, ops::Op, raw::{Raw, apply_in_place}};
/// let mut x = Raw::from_vec(vec![1.0, 2.0], &[2])?;
/// assert!(apply_in_place(Op::Add, &mut x, Scalar::Float(0.5).into())?);
/// assert_eq!(x.to_vec::<f64>()?, [1.5, 2.5]);
/// let other = x.clone();
/// assert!(!apply_in_place(Op::Add, &mut x, Scalar::Float(0.5).into())?);
/// # drop(other);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`Raw::apply`].
pub fn apply_in_place(op: Op, a: &mut Raw, b: Operand<'_>) -> Result<bool> {
    check_count(op, 2)?;
    if let Some(done) = in_place_plainly(op, a, b) {
        return done.map(|()| true);
    }
    let (dtypes, weak): (SmallVec<[DType; 2]>, _) = match b {
        Operand::Tensor(b) => {
            let both = broadcast_shapes(op.row().name, &[a.shape(), b.shape()]);
            if both.ok().as_deref() != Some(a.shape()) {
                return Ok(false);
            }
            (SmallVec::from_slice(&[a.dtype(), b.dtype()]), None)
        }
        Operand::Scalar(s) => (SmallVec::from_slice(&[a.dtype()]), Some((1, s))),
    };
    let apply = Apply { op, scalar: weak };
    let fits = |a: &Raw| {
        Ok(fits_plainly(op, &[a.into(), b], a)
            || Typed::single(op, &dtypes, weak)?.output == a.dtype())
    };
    match b {
        Operand::Tensor(b) => bind_in_place(&apply, a, &[b], fits),
        Operand::Scalar(_) => bind_in_place(&apply, a, &[], fits),
    }
}

/// As [`apply_in_place`], where the operand has the same shape and dtype and nothing but memory is to be written: most are like that.
/// `None` is for the general path.
fn in_place_plainly(op: Op, a: &mut Raw, b: Operand<'_>) -> Option<Result<()>> {
    let beside = match b {
        Operand::Tensor(b) => b.is_plain() && b.storage().access() == Access::Owned,
        Operand::Scalar(_) => true,
    };
    // powers of integers look at their exponents first
    let alone = beside && a.is_plain() && a.is_sole_owner();
    if alone && backend::of(Device::Cpu).op_in_place(op, a, b) {
        a.storage().bump_version();
        return Some(Ok(()));
    }
    let plain = alone
        && (op != Op::Pow || a.dtype().is_float())
        && !a.layout().has_internal_overlap()
        && fits_plainly(op, &[(&*a).into(), b], a);
    if !plain {
        return None;
    }
    let out: &Raw = a;
    let done = backend::of(Device::Cpu).op_into(op, &[out.into(), b], out);
    out.storage().bump_version();
    Some(done)
}

/// Halves from which on their magnitude is taken as bits: three calls cost more than a few conversions.
const MANY: usize = 1 << 12;

/// What another op says with the same result and less work: squares of integers, square roots of complex numbers, magnitudes of
/// half floats, which are their bits without the first.
#[inline]
fn simplified(op: Op, operands: &[Operand<'_>]) -> Option<Result<Raw>> {
    let Operand::Tensor(x) = operands.first()? else {
        return None;
    };
    if !x.is_plain() {
        return None;
    }
    match (op, operands.get(1)) {
        (Op::Pow, Some(Operand::Scalar(Scalar::Int(2)))) if x.dtype().is_integer() => {
            Some(Raw::apply(Op::Square, &operands[..1]))
        }
        (Op::Pow, Some(Operand::Scalar(Scalar::Float(0.5)))) if x.dtype().is_complex() => {
            Some(Raw::apply(Op::Sqrt, &operands[..1]))
        }
        (Op::Abs, None) if matches!(x.dtype(), DType::F16 | DType::BF16) && x.len() >= MANY => {
            let magnitude = || {
                let bits = x.reinterpret(DType::U16)?;
                let without_sign = [(&bits).into(), Scalar::Int(0x7fff).into()];
                Raw::apply(Op::BitwiseAnd, &without_sign)?.reinterpret(x.dtype())
            };
            Some(magnitude())
        }
        _ => None,
    }
}

/// Checks that there are as many operands as the op takes.
#[inline]
fn check_count(op: Op, given: usize) -> Result<()> {
    if given == op.row().arity {
        Ok(())
    } else {
        Err(wrong_count(op, given))
    }
}

#[cold]
fn wrong_count(op: Op, given: usize) -> Error {
    let row = op.row();
    Error::value(
        row.name,
        format!("takes {} operands, not {given}", row.arity),
    )
}

macro_rules! methods {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $numpy1:ident $name1:ident($x:ident): $class1:ident $example1:literal $prints1:literal;)* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $numpy2:ident $name2:ident($a:ident, $b:ident): $class2:ident $example2:literal $prints2:literal;)* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $numpy3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident $example3:literal $prints3:literal;)* }) => {
        /// One method for each row. Errors as [`Raw::apply`].
        impl Raw {
            $($(#[doc = $doc1])*
            pub fn $name1(&self) -> Result<Raw> {
                Raw::apply(Op::$Op1, &[self.into()])
            })*
            $($(#[doc = $doc2])*
            pub fn $name2(&self, $b: &Raw) -> Result<Raw> {
                Raw::apply(Op::$Op2, &[self.into(), $b.into()])
            })*
            $($(#[doc = $doc3])*
            pub fn $name3(&self, $p: &Raw, $q: &Raw) -> Result<Raw> {
                Raw::apply(Op::$Op3, &[self.into(), $p.into(), $q.into()])
            })*
        }
    };
}
elementwise_heads!(methods);
