//! What every backend does with ops and fused functions before it runs a typed program: operands are split from scalars, the
//! program is typed, memory is found, an overlap decided.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Backend;
use super::overlap::{Meeting, meeting};
use crate::device::Device;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::layout::{Dims, KeepDims, broadcast_shapes};
use crate::ops::{Fold as Monoid, Op};
use crate::primitive::{Fold, Over};
use crate::program::{Node, Program, Typed, met};
use crate::raw::{Operand, Raw, strong};

type Inputs<'a> = SmallVec<[&'a Raw; 3]>;

/// One op, as [`Backend::op`].
pub(super) fn op<B: Backend + ?Sized>(
    backend: &B,
    op: Op,
    operands: &[Operand<'_>],
) -> Result<Raw> {
    let (inputs, weak) = split(operands);
    if weak.len() > 1 || inputs.is_empty() {
        // scalars among themselves
        let device = inputs.first().map_or(Device::Cpu, |x| x.device());
        let values = strong(op, operands)?
            .iter()
            .map(|x| x.to_device(device))
            .collect::<Result<SmallVec<[Raw; 3]>>>()?;
        let values: SmallVec<[Operand<'_>; 3]> = values.iter().map(Operand::Tensor).collect();
        return backend.op(op, &values);
    }
    let typed = single(backend, op, operands, &inputs, weak.first().copied())?;
    run_new(backend, op.row().name, &typed, &inputs)
}

/// One op into memory that is there, as [`Backend::op_into`].
pub(super) fn op_into<B: Backend + ?Sized>(
    backend: &B,
    op: Op,
    operands: &[Operand<'_>],
    out: &Raw,
) -> Result<()> {
    let (inputs, weak) = split(operands);
    let crossed = |x: &&Raw| meeting(x, out) == Meeting::Crossed;
    if weak.len() > 1 || inputs.is_empty() || inputs.iter().any(crossed) {
        return backend.copy_into(&backend.op(op, operands)?, out);
    }
    let typed = single(backend, op, operands, &inputs, weak.first().copied())?;
    let shared = inputs.iter().any(|x| meeting(x, out) == Meeting::Aligned);
    backend.elementwise(op.row().name, &typed, &inputs, out, shared)
}

/// A fused function, as [`Backend::program`]: one pass over memory where the backend can do it in one.
pub(super) fn program<B: Backend + ?Sized>(
    backend: &B,
    function: &Arc<Function>,
    inputs: &[&Raw],
) -> Result<Raw> {
    let typed = typed(function, inputs)?;
    if !typed.partial && backend.takes(&typed) {
        run_new(backend, function.name(), &typed, inputs)
    } else {
        by_steps(backend, function.program(), typed.output, inputs)
    }
}

/// A fused function into memory that is there, as [`Backend::program_into`].
pub(super) fn program_into<B: Backend + ?Sized>(
    backend: &B,
    function: &Arc<Function>,
    inputs: &[&Raw],
    out: &Raw,
) -> Result<()> {
    let typed = typed(function, inputs)?;
    let crossed = inputs.iter().any(|x| meeting(x, out) == Meeting::Crossed);
    if crossed || typed.partial || !backend.takes(&typed) {
        return backend.copy_into(&backend.program(function, inputs)?, out);
    }
    let shared = inputs.iter().any(|x| meeting(x, out) == Meeting::Aligned);
    backend.elementwise(function.name(), &typed, inputs, out, shared)
}

/// The function for operands of these dtypes on their device.
pub(super) fn typed(function: &Function, inputs: &[&Raw]) -> Result<Arc<Typed>> {
    let dtypes: SmallVec<[DType; 4]> = inputs.iter().map(|x| x.dtype()).collect();
    let device = inputs.first().map_or(Device::Cpu, |x| x.device());
    function.typed(device, &dtypes)
}

fn single<B: Backend + ?Sized>(
    backend: &B,
    op: Op,
    operands: &[Operand<'_>],
    inputs: &Inputs<'_>,
    weak: Option<(usize, Scalar)>,
) -> Result<Typed> {
    let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
    let typed = Typed::single(op, &dtypes, weak)?;
    if typed.partial {
        check_exponent(backend, operands)?;
    }
    Ok(typed)
}

fn split<'a>(operands: &[Operand<'a>]) -> (Inputs<'a>, SmallVec<[(usize, Scalar); 2]>) {
    let mut inputs = Inputs::new();
    let mut weak = SmallVec::new();
    for (i, operand) in operands.iter().enumerate() {
        match operand {
            Operand::Tensor(x) => inputs.push(*x),
            Operand::Scalar(s) => weak.push((i, *s)),
        }
    }
    (inputs, weak)
}

/// A program that is too large for one pass, op by op.
fn by_steps<B: Backend + ?Sized>(
    backend: &B,
    program: &Program,
    output: DType,
    inputs: &[&Raw],
) -> Result<Raw> {
    #[derive(Clone)]
    enum Value {
        Tensor(Raw),
        Weak(Scalar),
        Gone,
    }
    let device = inputs.first().map_or(Device::Cpu, |x| x.device());
    let scalar = |c, dtype| Raw::scalar(c, dtype)?.to_device(device);
    let operand = |v: &Value| match v {
        Value::Tensor(x) => Ok(x.clone()),
        Value::Weak(c) => scalar(*c, c.default_dtype()),
        Value::Gone => scalar(Scalar::Bool(false), output),
    };
    let cast = |x: Raw, dtype: DType| match x.dtype() == dtype {
        true => Ok(x),
        false => backend.cast(&x, dtype),
    };
    let mut last = vec![program.nodes().len(); program.nodes().len()];
    for (i, node) in program.nodes().iter().enumerate() {
        node.for_each_argument(|a| last[a as usize] = i);
    }
    let mut values: Vec<Value> = Vec::with_capacity(last.len());
    for (i, node) in program.nodes().iter().enumerate() {
        let value = match *node {
            Node::Input(n) => Value::Tensor(inputs[n as usize].clone()),
            Node::Const(c) => Value::Weak(c),
            Node::Like(of, c) => Value::Tensor(scalar(c, operand(&values[of as usize])?.dtype())?),
            Node::Cast(of, dtype) => Value::Tensor(cast(operand(&values[of as usize])?, dtype)?),
            Node::Meet(of, with) => {
                let weak = match values[of as usize] {
                    Value::Weak(c) => Some(c),
                    _ => None,
                };
                let (of, with) = (
                    operand(&values[of as usize])?,
                    operand(&values[with as usize])?,
                );
                let dtype = met(of.dtype(), weak, with.dtype());
                Value::Tensor(cast(of, dtype)?)
            }
            Node::Op(op, args) => {
                let args: SmallVec<[Value; 3]> = args[..op.row().arity]
                    .iter()
                    .map(|&a| values[a as usize].clone())
                    .collect();
                let gone = Scalar::Bool(false);
                let operands: SmallVec<[Operand<'_>; 3]> = args
                    .iter()
                    .map(|v| match v {
                        Value::Tensor(x) => Operand::Tensor(x),
                        Value::Weak(c) => Operand::Scalar(*c),
                        Value::Gone => Operand::Scalar(gone),
                    })
                    .collect();
                Value::Tensor(backend.op(op, &operands)?)
            }
        };
        values.push(value);
        // memory goes back when a value was used for the last time
        node.for_each_argument(|a| {
            if last[a as usize] == i && a != program.output() {
                values[a as usize] = Value::Gone;
            }
        });
    }
    let result = cast(operand(&values[program.output() as usize])?, output)?;
    let shape = common_shape("fuse", inputs)?;
    if result.shape() == shape.as_slice() {
        Ok(result)
    } else {
        let wide = result.with_layout(result.layout().broadcast_to(&shape)?);
        backend.copy(&wide, output)
    }
}

#[inline]
fn common_shape(op: &'static str, inputs: &[&Raw]) -> Result<Dims> {
    let first = inputs[0].shape();
    if inputs[1..].iter().all(|x| x.shape() == first) {
        return Ok(Dims::from_slice(first));
    }
    let shapes: SmallVec<[&[usize]; 4]> = inputs.iter().map(|x| x.shape()).collect();
    broadcast_shapes(op, &shapes)
}

#[inline]
fn run_new<B: Backend + ?Sized>(
    backend: &B,
    op: &'static str,
    typed: &Typed,
    inputs: &[&Raw],
) -> Result<Raw> {
    let shape = common_shape(op, inputs)?;
    let out = backend.result(&shape, typed.output, inputs)?;
    backend.elementwise(op, typed, inputs, &out, false)?;
    Ok(out)
}

/// An integer to a negative integer power is a fraction: refused, as in NumPy.
fn check_exponent<B: Backend + ?Sized>(backend: &B, operands: &[Operand<'_>]) -> Result<()> {
    if let Operand::Tensor(base) = operands[0]
        && base.is_empty()
    {
        return Ok(());
    }
    let negative = match operands[1] {
        Operand::Scalar(s) => s.as_f64() < 0.0,
        Operand::Tensor(b) if b.is_empty() => false,
        Operand::Tensor(b) => {
            let least = Fold {
                fold: Monoid::Min,
                over: Over {
                    axes: (0..b.rank()).collect(),
                    keepdims: KeepDims::No,
                },
                dtype: b.dtype(),
            };
            backend.fold(&least, b)?.item()?.as_f64() < 0.0
        }
    };
    if negative {
        return Err(
            Error::value("pow", "integers to negative integer powers are not allowed")
                .rule("integers stay integers, and such a power is a fraction")
                .hint_cast("convert the base first", DType::F64),
        );
    }
    Ok(())
}
