//! Eager elementwise calls: one op, or one fused function, on whole tensors.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Raw;
use super::copy::check_cast;
use crate::dtype::{Casting, DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::explain;
use crate::graph::{self, Function};
use crate::layout::{Axes, KeepDims, PerAxis, broadcast_shapes};
use crate::ops::{Fold, Op, elementwise_heads};
use crate::program::{Node, Plan, Program, Source, Target, run};
use crate::storage::{Access, Storage, guard};

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

type Inputs<'a> = SmallVec<[&'a Raw; 3]>;

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
        let recorded = graph::recording()
            && operands
                .iter()
                .any(|o| matches!(o, Operand::Tensor(x) if x.tracks_gradient()));
        if !recorded && let Some(done) = super::dense::apply(op, operands) {
            return done;
        }
        Raw::apply_any(op, operands)
    }

    fn apply_any(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        let (inputs, weak) = split(operands);
        if inputs.iter().any(|x| x.tracks_gradient()) && graph::recording() {
            return Raw::apply_recorded(op, operands);
        }
        if weak.len() > 1 || inputs.is_empty() {
            // scalars among themselves
            let values = strong(op, operands)?;
            return Raw::apply(
                op,
                &values
                    .iter()
                    .map(Operand::Tensor)
                    .collect::<SmallVec<[_; 3]>>(),
            );
        }
        let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
        let plan = Plan::single(op, &dtypes, weak.first().copied())?;
        if plan.is_partial() {
            check_exponent(operands)?;
        }
        run_new(op.row().name, &plan, &inputs)
    }

    /// As [`Raw::apply`] when a gradient may reach an operand: scalars become tensors, and the call is recorded.
    #[cold]
    fn apply_recorded(op: Op, operands: &[Operand<'_>]) -> Result<Raw> {
        let values = strong(op, operands)?;
        let inputs: Inputs<'_> = values.iter().collect();
        let out = graph::no_grad(|| {
            Raw::apply(
                op,
                &inputs
                    .iter()
                    .map(|x| Operand::Tensor(x))
                    .collect::<SmallVec<[_; 3]>>(),
            )
        })?;
        Ok(graph::elementwise(out, Function::of(op), &inputs))
    }

    /// Applies a fused function: one pass over memory.
    ///
    /// # Errors
    /// As [`Raw::apply`]; and when the number of inputs is not what the function takes.
    pub fn call(function: &Arc<Function>, inputs: &[&Raw]) -> Result<Raw> {
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
        let dtypes: SmallVec<[DType; 4]> = inputs.iter().map(|x| x.dtype()).collect();
        let plan = function.plan(&dtypes)?;
        let out = if plan.is_one_pass() {
            run_new(function.name(), &plan, inputs)?
        } else {
            graph::no_grad(|| by_steps(function.program(), plan.output(), inputs))?
        };
        Ok(graph::elementwise(out, function, inputs))
    }

    /// Sums over the axes along which `shape` was broadcast to this tensor's: the transpose of broadcasting.
    pub(crate) fn sum_to(&self, shape: &[usize]) -> Result<Raw> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let extra = self.rank().saturating_sub(shape.len());
        let axes: PerAxis<isize> = (0..self.rank())
            .filter(|&a| a < extra || (shape[a - extra] == 1 && self.shape()[a] != 1))
            .map(|a| a as isize)
            .collect();
        let sum = self.fold(Fold::Sum, Axes::List(&axes), KeepDims::Yes)?;
        sum.reshape(shape)
    }
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
            Node::Input(n) => Value::Tensor(inputs[n as usize].detach()),
            Node::Const(c) => Value::Weak(c),
            Node::Like(of, c) => {
                Value::Tensor(Raw::scalar(c, operand(&values[of as usize])?.dtype())?)
            }
            Node::Cast(of, dtype) => Value::Tensor(operand(&values[of as usize])?.cast(dtype)?),
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
                Value::Tensor(Raw::apply(op, &operands)?)
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
    let result = operand(&values[program.output() as usize])?.cast(output)?;
    let shape = common_shape("fuse", inputs)?;
    if result.shape() == shape.as_slice() {
        Ok(result)
    } else {
        result.broadcast_to(&shape)?.copied()
    }
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

/// Every operand as a tensor; scalars in the dtype that they take beside the tensors.
fn strong(op: Op, operands: &[Operand<'_>]) -> Result<SmallVec<[Raw; 3]>> {
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
    let out = Raw::for_result(&shape, plan.output(), inputs)?;
    run_into(op, plan, inputs, &out, false)?;
    Ok(out)
}

/// The one place where an elementwise plan meets memory.
#[inline]
fn run_into(op: &'static str, plan: &Plan, inputs: &[&Raw], out: &Raw, shared: bool) -> Result<()> {
    let reads: SmallVec<[&Storage; 4]> = inputs.iter().map(|x| x.storage()).collect();
    let _guards = guard::acquire(&reads, &[out.storage()]);
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
    out.may_be_written(name)?;
    let recorded = graph::recording()
        && (out.tracks_gradient()
            || operands
                .iter()
                .any(|o| matches!(o, Operand::Tensor(x) if x.tracks_gradient())));
    if !recorded
        && out.storage().access() != Access::Owned
        && super::dense::apply_into(op, operands, out).is_some()
    {
        return Ok(());
    }
    let values = strong(op, operands)?;
    let inputs: Inputs<'_> = values.iter().collect();
    let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = Plan::single(op, &dtypes, None)?;
    check_cast(name, plan.output(), out.dtype(), casting)?;
    let shape = common_shape(name, &inputs)?;
    if broadcast_shapes(name, &[&shape, out.shape()])
        .ok()
        .as_deref()
        != Some(out.shape())
    {
        return Err(Error::shape(
            name,
            format!(
                "the result of shape {} does not fit into the output of shape {}",
                shape_text(&shape),
                shape_text(out.shape())
            ),
        )
        .shapes(&[&shape, out.shape()])
        .rule("an output must have the shape to which the inputs broadcast"));
    }
    if recorded {
        let result = Raw::apply(op, operands)?;
        return out.assign(&result);
    }
    if plan.is_partial() {
        check_exponent(operands)?;
    }
    let overlap = |x: &&Raw| {
        Storage::same_buffer(x.storage(), out.storage()) && x.layout().overlaps(out.layout())
    };
    let shared = inputs.iter().any(overlap);
    if inputs
        .iter()
        .any(|x| x.touches_foreign(out) || overlap(x) && x.layout() != out.layout())
    {
        // an element would be written before another reads it
        let result = Raw::apply(op, operands)?;
        return out.assign(&result);
    }
    if out.storage().access() == Access::Owned {
        let result = Raw::apply(op, operands)?;
        return out.assign(&result);
    }
    run_into(name, &plan, &inputs, out, shared)
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
    let alone = a.storage().access() == Access::Owned
        && a.storage.is_unique()
        && !a.tracks_gradient()
        && !a.layout().has_internal_overlap();
    let name = op.row().name;
    let a: &Raw = a;
    let (inputs, weak): (Inputs<'_>, _) = match b {
        Operand::Tensor(b) if b.tracks_gradient() && graph::recording() => return Ok(false),
        Operand::Tensor(b) => (SmallVec::from_slice(&[a, b]), None),
        Operand::Scalar(s) => (SmallVec::from_slice(&[a]), Some((1, s))),
    };
    let fits = |x: &&Raw| {
        let both = broadcast_shapes(name, &[a.shape(), x.shape()]);
        both.is_ok_and(|shape| shape.as_slice() == a.shape())
    };
    if !alone || !inputs.iter().all(fits) {
        return Ok(false);
    }
    if super::dense::apply_into(op, &[a.into(), b], a).is_some() {
        a.storage().bump_version();
        return Ok(true);
    }
    let dtypes: SmallVec<[DType; 3]> = inputs.iter().map(|x| x.dtype()).collect();
    let plan = Plan::single(op, &dtypes, weak)?;
    if plan.output() != a.dtype() {
        return Ok(false);
    }
    if plan.is_partial() {
        check_exponent(&[a.into(), b])?;
    }
    run_into(name, &plan, &inputs, a, true)?;
    a.storage().bump_version();
    Ok(true)
}

/// As many operands as the op takes?
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

/// An integer to a negative integer power is a fraction: refused, as in NumPy.
fn check_exponent(operands: &[Operand<'_>]) -> Result<()> {
    let negative = match operands[1] {
        Operand::Scalar(s) => s.as_f64() < 0.0,
        Operand::Tensor(b) if b.is_empty() => false,
        Operand::Tensor(b) => {
            let least = b.detach().fold(Fold::Min, Axes::All, KeepDims::No)?;
            least.item()?.as_f64() < 0.0
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

/// A fused function of inputs that broadcast to `out`, into new memory that nobody else sees.
pub(crate) fn call_into(function: &Arc<Function>, inputs: &[&Raw], out: &Raw) -> Result<()> {
    let dtypes: SmallVec<[DType; 4]> = inputs.iter().map(|x| x.dtype()).collect();
    run_into(
        function.name(),
        &*function.plan(&dtypes)?,
        inputs,
        out,
        false,
    )
}
