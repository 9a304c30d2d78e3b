//! Elementwise ops and programs on the CPU.

use std::sync::Arc;

use smallvec::SmallVec;

use super::memory::Meeting;
use super::{copy, dense, memory};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::explain;
use crate::graph::Function;
use crate::layout::broadcast_shapes;
use crate::ops::Op;
use crate::program::{Node, Plan, Program, Source, Target, met, run};
use crate::raw::{Operand, Raw, strong};
use crate::storage::{Access, Storage};

type Inputs<'a> = SmallVec<[&'a Raw; 3]>;

/// One op: by the fast path where the operands allow it.
#[inline(always)]
pub(super) fn apply(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
    dense::apply(op, operands, || apply_any(op, operands))
}

fn apply_any(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
    let (inputs, weak) = split(operands);
    if weak.len() > 1 || inputs.is_empty() {
        // scalars among themselves
        let values = strong(op, operands)?;
        let values: SmallVec<[Operand<'_>; 3]> = values.iter().map(Operand::Tensor).collect();
        return apply(op, &values);
    }
    let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = Plan::single(op, &dtypes, weak.first().copied())?;
    if plan.is_partial() {
        check_exponent(operands)?;
    }
    run_new(op.row().name, &plan, &inputs)
}

/// One op into memory that is there.
pub(super) fn apply_into(op: Op, operands: &[Operand<'_>], out: &Raw) -> Result<()> {
    if dense::apply_into(op, operands, out).is_some() {
        return Ok(());
    }
    let (inputs, weak) = split(operands);
    let crossed = |x: &&Raw| memory::meeting(x, out) == Meeting::Crossed;
    if weak.len() > 1 || inputs.is_empty() || inputs.iter().any(crossed) {
        return copy::copy_into(&apply(op, operands)?, out);
    }
    let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = Plan::single(op, &dtypes, weak.first().copied())?;
    if plan.is_partial() {
        check_exponent(operands)?;
    }
    let shared = inputs
        .iter()
        .any(|x| memory::meeting(x, out) == Meeting::Aligned);
    run_into(op.row().name, &plan, &inputs, out, shared)
}

/// A fused function: one pass over memory.
pub(super) fn call(function: &Arc<Function>, inputs: &[&Raw]) -> Result<Raw> {
    let dtypes: SmallVec<[DType; 4]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = function.plan(&dtypes)?;
    if plan.is_one_pass() {
        run_new(function.name(), &plan, inputs)
    } else {
        by_steps(function.program(), plan.output(), inputs)
    }
}

/// A fused function of inputs that broadcast to `out`, into new memory that nobody else sees.
pub(super) fn call_into(function: &Arc<Function>, inputs: &[&Raw], out: &Raw) -> Result<()> {
    let dtypes: SmallVec<[DType; 4]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = function.plan(&dtypes)?;
    run_into(function.name(), &plan, inputs, out, false)
}

/// Might the memory of `a` be another buffer's too? Two imports of one array are two buffers over the same bytes.
pub(super) fn touches_foreign(a: &Raw, b: &Raw) -> bool {
    let (a, b) = (a.storage(), b.storage());
    if a.access() == Access::Owned || b.access() == Access::Owned || Storage::same_buffer(a, b) {
        return false;
    }
    let (from, to) = (a.ptr().addr(), b.ptr().addr());
    from < to.saturating_add(b.len()) && to < from.saturating_add(a.len())
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
fn by_steps(program: &Program, output: DType, inputs: &[&Raw]) -> Result<Raw> {
    #[derive(Clone)]
    enum Value {
        Tensor(Raw),
        Weak(Scalar),
        Gone,
    }
    let operand = |v: &Value| match v {
        Value::Tensor(x) => Ok(x.clone()),
        Value::Weak(c) => Raw::scalar(*c, c.default_dtype()),
        Value::Gone => Raw::zeros(&[], output),
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
            Node::Like(of, c) => {
                Value::Tensor(Raw::scalar(c, operand(&values[of as usize])?.dtype())?)
            }
            Node::Cast(of, dtype) => {
                Value::Tensor(copy::cast(&operand(&values[of as usize])?, dtype)?)
            }
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
                Value::Tensor(copy::cast(&of, dtype)?)
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
                Value::Tensor(apply(op, &operands)?)
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
    let result = copy::cast(&operand(&values[program.output() as usize])?, output)?;
    let shape = common_shape("fuse", inputs)?;
    if result.shape() == shape.as_slice() {
        Ok(result)
    } else {
        let wide = result.with_layout(result.layout().broadcast_to(&shape)?);
        copy::copied(&wide, output)
    }
}

#[inline]
fn common_shape(op: &'static str, inputs: &[&Raw]) -> Result<crate::layout::Dims> {
    let first = inputs[0].shape();
    if inputs[1..].iter().all(|x| x.shape() == first) {
        return Ok(crate::layout::Dims::from_slice(first));
    }
    let shapes: SmallVec<[&[usize]; 4]> = inputs.iter().map(|x| x.shape()).collect();
    broadcast_shapes(op, &shapes)
}

#[inline]
fn run_new(op: &'static str, plan: &Plan, inputs: &[&Raw]) -> Result<Raw> {
    let shape = common_shape(op, inputs)?;
    let out = memory::for_result(&shape, plan.output(), inputs)?;
    run_into(op, plan, inputs, &out, false)?;
    Ok(out)
}

/// The one place where an elementwise plan meets memory.
#[inline]
pub(super) fn run_into(
    op: &'static str,
    plan: &Plan,
    inputs: &[&Raw],
    out: &Raw,
    shared: bool,
) -> Result<()> {
    let sources: SmallVec<[Source<'_>; 4]> = inputs
        .iter()
        .map(|x| Source {
            ptr: x.base(),
            layout: x.layout(),
        })
        .collect();
    let target = Target {
        ptr: out.base(),
        layout: out.layout(),
        dtype: out.dtype(),
        shared,
    };
    explain::note(op, out.len(), || {
        (plan.output(), explain::Kind::Elementwise)
    });
    // SAFETY: layouts lie within their buffers, the guards keep writers away, `shared` is told, and the plan was made for
    // these dtypes.
    unsafe { run(plan, &sources, target) }
}

/// An integer to a negative integer power is a fraction: refused, as in NumPy.
fn check_exponent(operands: &[Operand<'_>]) -> Result<()> {
    if let Operand::Tensor(base) = operands[0]
        && base.is_empty()
    {
        return Ok(());
    }
    let negative = match operands[1] {
        Operand::Scalar(s) => s.as_f64() < 0.0,
        Operand::Tensor(b) if b.is_empty() => false,
        Operand::Tensor(b) => {
            let least = super::reduce::least(b)?;
            least.as_f64() < 0.0
        }
    };
    if negative {
        return Err(
            Error::value("pow", "integers to negative integer powers are not allowed")
                .rule("integers stay integers, and such a power is a fraction")
                .hint("convert the base first: `.cast::<f64>()` (Python: `.astype('float64')`)"),
        );
    }
    Ok(())
}
