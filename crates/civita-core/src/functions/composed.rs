//! Ufuncs that are programs: elementwise functions with several results, with operands of different dtypes, or with a
//! formula that depends on the dtype. A row says how many operands and results there are, which op of the table its dtypes
//! follow, and each result as an expression of ops. So each result is one pass over memory, and gradients, `vmap` and
//! traces are those of every fused program.
//!
//! A function with a kernel of its own belongs into the table of ops; what a few ops say belongs here.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::value::*;
use crate::device::Device;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::float8::f8e4m3;
use crate::graph::Function;
use crate::ops::Op;
use crate::program::{Expr, Program};
use crate::raw::{Operand, Raw, strong};

/// Elements up to which an op and a conversion, one after the other, take less time than a program of both.
const FEW: usize = 1 << 11;

/// A result, from the operands in the dtype that they are computed in.
type Formula = for<'b> fn(&[Expr<'b>], DType) -> Expr<'b>;

/// A ufunc that is a program.
pub struct Composed {
    /// NumPy's name.
    pub name: &'static str,
    /// How many operands it takes.
    pub inputs: usize,
    /// What its dtypes follow.
    pub rule: Rule,
    /// Each result.
    pub outputs: &'static [Formula],
    /// The function of each result, by the dtype that it computes in.
    functions: OnceLock<Vec<OnceLock<Arc<Function>>>>,
}

/// How the dtypes that a row computes in follow from those of its operands.
#[derive(Clone, Copy)]
pub enum Rule {
    /// As those of an op.
    As(Op),
    /// As those of an op of the first operand; the second is an integer.
    AndInteger(Op),
}

const fn row(
    name: &'static str,
    inputs: usize,
    rule: Rule,
    outputs: &'static [Formula],
) -> Composed {
    Composed {
        name,
        inputs,
        rule,
        outputs,
        functions: OnceLock::new(),
    }
}

/// Every one of them.
pub static COMPOSED: &[&Composed] = &[
    &MODF,
    &FREXP,
    &LDEXP,
    &DIVMOD,
    &BITWISE_COUNT,
    &SPACING,
    &NEXTAFTER,
];

static MODF: Composed = row(
    "modf",
    1,
    Rule::As(Op::Exponent),
    &[|x, _| x[0].frac(), |x, _| x[0].trunc()],
);
static FREXP: Composed = row(
    "frexp",
    1,
    Rule::As(Op::Exponent),
    &[
        |x, _| x[0].mantissa(),
        |x, _| x[0].exponent().cast(DType::I32),
    ],
);
static LDEXP: Composed = row(
    "ldexp",
    2,
    Rule::AndInteger(Op::Exponent),
    &[|x, dtype| x[0].scalb(x[1].cast(dtype))],
);
static DIVMOD: Composed = row(
    "divmod",
    2,
    Rule::As(Op::FloorDivide),
    &[|x, _| x[0].floor_divide(x[1]), |x, _| x[0].remainder(x[1])],
);
static BITWISE_COUNT: Composed = row(
    "bitwise_count",
    1,
    Rule::As(Op::Popcount),
    &[|x, _| x[0].popcount().cast(DType::U8)],
);
static SPACING: Composed = row(
    "spacing",
    1,
    Rule::As(Op::Exponent),
    &[|x, dtype| {
        let x = x[0];
        if is_native(dtype) {
            return x.gap();
        }
        let format = Format::of(dtype);
        let endless = x.abs().eq(x.like(format.max));
        let size = endless.choose(x.like(f64::INFINITY), outward(x, &format));
        let gap = x.lt(x.like(0.0)).choose(-size, size);
        x.isfinite().choose(gap, x.like(f64::NAN))
    }],
);
static NEXTAFTER: Composed = row(
    "nextafter",
    2,
    Rule::As(Op::Hypot),
    &[|x, dtype| {
        let (from, to) = (x[0], x[1]);
        if is_native(dtype) {
            return from.next_toward(to);
        }
        let format = Format::of(dtype);
        let (zero, one) = (from.like(0.0), from.like(1.0));
        let up = from.lt(to);
        let out = outward(from, &format);
        // below a power of two numbers lie twice as close, but not below the smallest normal number
        let least = from.like(2f64.powi(format.min_exponent));
        let is_power = from.scalb(one - from.exponent()).abs().eq(one);
        let halved = is_power.logical_and(from.abs().gt(least));
        let inward = halved.choose(out * from.like(0.5), out);
        let is_outward = up.choose(from.ge(zero), from.le(zero));
        let gap = is_outward.choose(out, inward);
        let moved = from + up.choose(gap, -gap);
        let moved = from.eq(zero).choose(moved, moved.copysign(from));
        let moved = from
            .isinf()
            .choose(from.like(format.max).copysign(from), moved);
        // of equal zeros the second, of float16 the first, as in NumPy
        let equal = if dtype == DType::F16 { from } else { to };
        let moved = from.eq(to).choose(equal, moved);
        from.isnan().logical_or(to.isnan()).choose(from + to, moved)
    }],
);

/// Whether there is a kernel on the bits of this dtype; narrow floats are computed in `f32`, by arithmetic.
fn is_native(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64)
}

/// A floating-point format: `min_exponent` is that of the smallest normal number, `fraction` counts bits.
struct Format {
    min_exponent: i32,
    fraction: i32,
    max: f64,
}

impl Format {
    fn of(dtype: DType) -> Format {
        let (min_exponent, fraction) = match dtype {
            DType::F8E4M3 => (-6, 3),
            DType::F8E5M2 => (-14, 2),
            DType::F16 => (-14, 10),
            _ => (-126, 7),
        };
        let max = match dtype {
            // without infinities the largest exponent is one of numbers
            DType::F8E4M3 => f8e4m3::MAX.to_f64(),
            _ => (2.0 - 2f64.powi(-fraction)) * 2f64.powi(1 - min_exponent),
        };
        Format {
            min_exponent,
            fraction,
            max,
        }
    }
}

/// The distance to the neighbour that is farther from zero.
fn outward<'b>(x: Expr<'b>, format: &Format) -> Expr<'b> {
    let least = x.like(f64::from(format.min_exponent));
    let exponent = x.exponent() - x.like(1.0);
    let exponent = x.eq(x.like(0.0)).choose(least, exponent.maximum(least));
    x.like(1.0)
        .scalb(exponent - x.like(f64::from(format.fraction)))
}

impl Composed {
    /// The row of a name.
    pub fn find(name: &str) -> Option<&'static Composed> {
        COMPOSED.iter().copied().find(|row| row.name == name)
    }

    /// The dtypes that operands of these dtypes are converted to; the first is that of the computation.
    ///
    /// # Errors
    /// When it takes no such dtypes.
    pub fn compute(&self, dtypes: &[DType]) -> Result<SmallVec<[DType; 3]>> {
        let renamed = |e: Error| e.in_op(self.name);
        match self.rule {
            Rule::As(op) => {
                let inputs = op.signature(dtypes).map_err(renamed)?.inputs;
                Ok(inputs[..self.inputs].iter().copied().collect())
            }
            Rule::AndInteger(op) => {
                let first = op.signature(&dtypes[..1]).map_err(renamed)?.inputs[0];
                let second = dtypes[1];
                if !(second.is_integer() || second == DType::Bool) || second == DType::U64 {
                    return Err(Error::dtype(
                        self.name,
                        format!("the second operand is an integer, not {second}"),
                    )
                    .dtypes(dtypes)
                    .hint("`scalb` takes exponents in floating point"));
                }
                Ok(SmallVec::from_slice(&[first, second]))
            }
        }
    }

    /// Its results.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or it takes no such dtypes or values.
    pub fn call(&self, operands: &[Operand<'_>]) -> Result<Vec<Raw>> {
        let plain = self.plain(operands);
        let few = operands.iter().all(|o| match o {
            Operand::Tensor(x) => x.len() <= FEW,
            Operand::Scalar(_) => true,
        });
        let mut converted = None;
        let mut results = Vec::with_capacity(self.outputs.len());
        for k in 0..self.outputs.len() {
            // a result that is one op takes the operands as they are: calls of few elements are dominated by what stands here
            let alone = plain
                .and_then(|dtype| self.function(k, dtype).program().as_converted_op())
                .filter(|(_, to)| to.is_none() || few);
            results.push(match alone {
                Some((op, to)) => {
                    let y = Raw::apply(op, operands).map_err(|e| e.in_op(self.name))?;
                    match to {
                        Some(dtype) => y.cast(dtype)?,
                        None => y,
                    }
                }
                None => {
                    let values = match converted.take() {
                        Some(values) => values,
                        None => self.converted(operands)?,
                    };
                    self.result(k, converted.insert(values))?
                }
            });
        }
        Ok(results)
    }

    /// The dtype of all operands where they need no conversion: tensors of one dtype, and floating-point numbers beside them.
    fn plain(&self, operands: &[Operand<'_>]) -> Option<DType> {
        let Rule::As(op) = self.rule else {
            return None;
        };
        let mut dtype = None;
        let mut numbers = false;
        for operand in operands {
            match operand {
                Operand::Tensor(x) => {
                    if *dtype.get_or_insert(x.dtype()) != x.dtype() {
                        return None;
                    }
                }
                Operand::Scalar(Scalar::Float(_)) => numbers = true,
                Operand::Scalar(_) => return None,
            }
        }
        let dtype = dtype?;
        let fits = op.row().class.loops().contains(&dtype) && (dtype.is_float() || !numbers);
        (fits && operands.len() == self.inputs).then_some(dtype)
    }

    /// The dtype of a result where it computes in `dtype`.
    pub fn output(&self, k: usize, dtype: DType) -> Result<DType> {
        let mut inputs: SmallVec<[DType; 3]> = SmallVec::from_elem(dtype, self.inputs);
        if let (Rule::AndInteger(_), [_, second]) = (self.rule, inputs.as_mut_slice()) {
            *second = DType::I32;
        }
        Ok(self.function(k, dtype).typed(Device::Cpu, &inputs)?.output)
    }

    fn converted(&self, operands: &[Operand<'_>]) -> Result<SmallVec<[Raw; 3]>> {
        if operands.len() != self.inputs {
            return Err(Error::value(
                self.name,
                format!("takes {} operands, not {}", self.inputs, operands.len()),
            ));
        }
        let mut values: SmallVec<[Raw; 3]> = match self.rule {
            Rule::As(op) => self.met(op, operands)?,
            Rule::AndInteger(_) => operands
                .iter()
                .map(|o| match o {
                    Operand::Tensor(x) => Ok((*x).clone()),
                    Operand::Scalar(v) => Raw::scalar(*v, v.default_dtype()),
                })
                .collect::<Result<_>>()?,
        };
        let dtypes: SmallVec<[DType; 3]> = values.iter().map(Raw::dtype).collect();
        for (x, dtype) in values.iter_mut().zip(self.compute(&dtypes)?) {
            if x.dtype() != dtype {
                *x = x.cast(dtype)?;
            }
        }
        Ok(values)
    }

    /// Operands as tensors: a number has the dtype that it is computed in beside the others, and an integer must fit into it.
    fn met(&self, op: Op, operands: &[Operand<'_>]) -> Result<SmallVec<[Raw; 3]>> {
        let tensors = operands.iter().filter_map(|o| match o {
            Operand::Tensor(x) => Some(x.dtype()),
            Operand::Scalar(_) => None,
        });
        let Some(met) = tensors.reduce(promote) else {
            return strong(op, operands);
        };
        let dtypes: SmallVec<[DType; 3]> = operands
            .iter()
            .map(|o| match o {
                Operand::Tensor(x) => x.dtype(),
                Operand::Scalar(v) => v.weak_with(met),
            })
            .collect();
        let converted = operands.iter().zip(self.compute(&dtypes)?);
        converted
            .map(|(o, dtype)| match o {
                Operand::Tensor(x) => Ok((*x).clone()),
                Operand::Scalar(v) => Raw::scalar(*v, dtype),
            })
            .collect()
    }

    fn result(&self, k: usize, values: &[Raw]) -> Result<Raw> {
        let refs: SmallVec<[&Raw; 3]> = values.iter().collect();
        Raw::call(self.function(k, values[0].dtype()), &refs).map_err(|e| e.in_op(self.name))
    }

    fn function(&self, k: usize, dtype: DType) -> &Arc<Function> {
        let outputs = self.outputs.len();
        let functions = self.functions.get_or_init(|| {
            std::iter::repeat_with(OnceLock::new)
                .take(DType::ALL.len() * outputs)
                .collect()
        });
        functions[dtype as usize * outputs + k].get_or_init(|| {
            let program = Program::trace(self.inputs, |b| {
                let x: SmallVec<[Expr<'_>; 3]> = (0..self.inputs).map(|i| b.input(i)).collect();
                (self.outputs[k])(&x, dtype)
            });
            Function::new(program, self.name)
        })
    }
}

pub fn modf(x: Number) -> Result<Vec<Raw>> {
    MODF.call(&[x.operand()])
}
pub fn frexp(x: Number) -> Result<Vec<Raw>> {
    FREXP.call(&[x.operand()])
}
pub fn ldexp(x1: Number, x2: Number) -> Result<Raw> {
    one(LDEXP.call(&[x1.operand(), x2.operand()])?)
}
pub fn divmod(x1: Number, x2: Number) -> Result<Vec<Raw>> {
    DIVMOD.call(&[x1.operand(), x2.operand()])
}
pub fn bitwise_count(x: Number) -> Result<Raw> {
    one(BITWISE_COUNT.call(&[x.operand()])?)
}
pub fn spacing(x: Number) -> Result<Raw> {
    one(SPACING.call(&[x.operand()])?)
}
pub fn nextafter(x1: Number, x2: Number) -> Result<Raw> {
    one(NEXTAFTER.call(&[x1.operand(), x2.operand()])?)
}

fn one(mut all: Vec<Raw>) -> Result<Raw> {
    Ok(all.remove(0))
}
