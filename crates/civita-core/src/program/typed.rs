//! Typed programs: a program with the dtypes of its inputs known. Casts are put where the signature classes ask for them, and
//! every intermediate value has a register. A backend makes of it what it runs: the CPU picks kernels, a GPU writes a text.

use std::any::Any;
use std::sync::OnceLock;

use smallvec::SmallVec;

use super::expr::{MOST_NODES, Node, Program};
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::error::{Error, Result};
use crate::kernels::Slot;
use crate::ops::{Class, Op};

/// Where a step finds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Src {
    /// An input, in its lane.
    Input(u16),
    /// A register.
    Reg(u16),
    /// A constant.
    Const(u16),
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An op of the table, on operands in its lanes.
    Op(Op),
    /// A conversion from one lane to another.
    Cast,
}

/// One value from others.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// The lanes of the operands; of those that it does not take, anything.
    pub lanes: [DType; 3],
    /// The lane of the result.
    pub lane: DType,
    /// The operands; those that it does not take are the first.
    pub args: [Src; 3],
    /// The register of the result.
    pub out: u16,
}

/// What to run for inputs of certain dtypes. Values are computed in lanes ([`DType::compute`]): an input is converted to its
/// own first, the result from [`Typed::lane`] to [`Typed::output`] last.
pub struct Typed {
    /// The dtype of each input as it lies in memory.
    pub inputs: SmallVec<[DType; 3]>,
    /// Each in the lane of the step that reads it.
    pub constants: SmallVec<[Slot; 1]>,
    /// In an order in which they can run.
    pub steps: SmallVec<[Step; 2]>,
    /// Where the result is found.
    pub result: Src,
    /// How many there are.
    pub registers: usize,
    /// Dtype of the result while it is computed.
    pub lane: DType,
    /// Dtype of the result.
    pub output: DType,
    /// Bytes of the widest lane.
    pub widest: usize,
    /// Cost of an element, in additions.
    pub weight: usize,
    /// Whether there is an op with no result for some values, an integer power whose exponent may be negative.
    pub partial: bool,
    kept: bool,
    compiled: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// A value while the program is typed.
#[derive(Clone, Copy)]
struct Value {
    src: Src,
    dtype: DType,
    weak: Option<Scalar>,
}

impl Typed {
    /// What the backend of the inputs' device made of it, which is kept beside it; `None` where the typed program itself is not
    /// kept.
    #[inline]
    pub fn compiled<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        if !self.kept {
            return None;
        }
        self.compiled
            .get_or_init(|| Box::new(make()))
            .downcast_ref()
    }

    /// To be run many times, on one device.
    pub(crate) fn kept(self) -> Typed {
        Typed { kept: true, ..self }
    }

    /// `program` for inputs of these dtypes; a scalar that is weak (NEP 50) stands beside its dtype.
    ///
    /// # Errors
    /// When an op takes no such dtypes, or the program is larger than programs can be.
    pub fn new(program: &Program, inputs: &[DType]) -> Result<Typed> {
        if program.overflows() {
            return Err(Error::value(
                "fuse",
                format!("the program has more than {MOST_NODES} steps"),
            )
            .hint("cut it into several fused functions"));
        }
        let mut typed = Typed::empty(inputs);
        let mut values: Vec<Value> = Vec::with_capacity(program.nodes().len());
        for node in program.nodes() {
            let value = match *node {
                Node::Input(i) => Value {
                    src: Src::Input(i),
                    dtype: inputs[i as usize],
                    weak: None,
                },
                Node::Const(c) => Value {
                    src: Src::Const(0),
                    dtype: c.default_dtype(),
                    weak: Some(c),
                },
                Node::Like(of, c) => {
                    let dtype = values[of as usize].dtype;
                    Value {
                        src: typed.constant(c, dtype)?,
                        dtype,
                        weak: None,
                    }
                }
                Node::Cast(of, dtype) => {
                    let of = typed.strong(values[of as usize])?;
                    Value {
                        src: typed.convert(of.src, of.dtype, dtype),
                        dtype,
                        weak: None,
                    }
                }
                Node::Meet(of, with) => {
                    let (of, with) = (values[of as usize], values[with as usize].dtype);
                    let dtype = met(of.dtype, of.weak, with);
                    let src = match of.weak {
                        Some(c) => typed.constant(c, dtype)?,
                        None => typed.convert(of.src, of.dtype, dtype),
                    };
                    Value {
                        src,
                        dtype,
                        weak: None,
                    }
                }
                Node::Op(op, ids) => {
                    let args: SmallVec<[Value; 3]> = ids[..op.row().arity]
                        .iter()
                        .map(|&i| values[i as usize])
                        .collect();
                    typed.op(op, &args)?
                }
            };
            values.push(value);
        }
        let result = typed.strong(values[program.output() as usize])?;
        typed.end(result.src, result.dtype);
        typed.share_registers();
        Ok(typed)
    }

    /// A single op, without a program: the way of every eager call. `weak` holds the inputs that are Python
    /// or Rust scalars; they are constants, and not counted among `inputs`.
    #[inline]
    pub fn single(op: Op, inputs: &[DType], weak: Option<(usize, Scalar)>) -> Result<Typed> {
        let mut typed = Typed::empty(inputs);
        let arity = op.row().arity;
        let mut args = SmallVec::<[Value; 3]>::new();
        let mut next = 0;
        for i in 0..arity {
            args.push(match weak {
                Some((at, c)) if at == i => Value {
                    src: Src::Const(0),
                    dtype: c.default_dtype(),
                    weak: Some(c),
                },
                _ => {
                    next += 1;
                    Value {
                        src: Src::Input(next as u16 - 1),
                        dtype: inputs[next - 1],
                        weak: None,
                    }
                }
            });
        }
        let result = typed.op(op, &args)?;
        typed.end(result.src, result.dtype);
        Ok(typed)
    }

    /// A copy of one input, in another dtype.
    #[inline]
    pub fn copy(from: DType, to: DType) -> Typed {
        let mut typed = Typed::empty(&[from]);
        typed.end(Src::Input(0), from);
        typed.output = to; // the store converts, in one rounding
        if from == DType::Bool && to == DType::Bool {
            // foreign bytes may be anything; what the engine makes is 0 and 1
            let out = typed.register();
            typed.steps.push(Step {
                action: Action::Cast,
                lanes: [from; 3],
                lane: to,
                args: [Src::Input(0); 3],
                out,
            });
            typed.result = Src::Reg(out);
        }
        typed
    }

    /// One input in the lane of `to`, for kernels that go on in it.
    pub fn copy_to_lane(from: DType, to: DType) -> Typed {
        let mut typed = Typed::empty(&[from]);
        let src = typed.convert(Src::Input(0), from, to);
        typed.end(src, to.compute());
        typed
    }

    /// Whether the only input passes unchanged, in its lane already.
    pub fn is_identity(&self) -> bool {
        self.steps.is_empty() && self.inputs.len() == 1 && self.inputs[0] == self.lane
    }

    fn empty(inputs: &[DType]) -> Typed {
        Typed {
            inputs: SmallVec::from_slice(inputs),
            constants: SmallVec::new(),
            steps: SmallVec::new(),
            result: Src::Input(0),
            registers: 0,
            lane: DType::F32,
            widest: inputs.iter().map(|d| d.compute().size()).max().unwrap_or(1),
            weight: 1,
            output: DType::F32,
            partial: false,
            kept: false,
            compiled: OnceLock::new(),
        }
    }

    fn end(&mut self, result: Src, dtype: DType) {
        self.result = result;
        self.output = dtype;
        self.lane = dtype.compute();
        self.widest = self.widest.max(self.lane.size());
    }

    fn constant(&mut self, c: Scalar, dtype: DType) -> Result<Src> {
        // rounded to the dtype first, then widened to its lane: as if it had been an element
        let bytes = c.to_bytes(dtype)?;
        let lane = dtype.compute();
        let bytes = if lane == dtype {
            bytes
        } else {
            Scalar::from_bytes(dtype, &bytes).to_bytes(lane)?
        };
        self.constants.push(Slot(bytes));
        Ok(Src::Const(self.constants.len() as u16 - 1))
    }

    /// A weak value by itself takes its default dtype.
    fn strong(&mut self, v: Value) -> Result<Value> {
        match v.weak {
            Some(c) => Ok(Value {
                src: self.constant(c, v.dtype)?,
                dtype: v.dtype,
                weak: None,
            }),
            None => Ok(v),
        }
    }

    fn register(&mut self) -> u16 {
        self.registers += 1;
        self.registers as u16 - 1
    }

    /// From the lane of one dtype to the lane of another.
    fn convert(&mut self, src: Src, from: DType, to: DType) -> Src {
        let (a, b) = (from.compute(), to.compute());
        if a == b {
            return src;
        }
        let out = self.register();
        self.widest = self.widest.max(b.size());
        self.steps.push(Step {
            action: Action::Cast,
            lanes: [a; 3],
            lane: b,
            args: [src; 3],
            out,
        });
        Src::Reg(out)
    }

    fn op(&mut self, op: Op, args: &[Value]) -> Result<Value> {
        let row = op.row();
        // weak scalars take the dtype that the others promote to, unless they are of a later kind
        let first = usize::from(row.class == Class::Select);
        let met = args[first..]
            .iter()
            .filter(|v| v.weak.is_none())
            .map(|v| v.dtype)
            .reduce(promote);
        let mut dtypes = SmallVec::<[DType; 3]>::new();
        for (i, v) in args.iter().enumerate() {
            dtypes.push(match (v.weak, met) {
                (Some(c), Some(met)) if i >= first => weak_dtype(row.class, c, met),
                _ => v.dtype,
            });
        }
        if matches!(op, Op::Conj | Op::Real) && !dtypes[0].is_complex() && dtypes[0] != DType::Bool
        {
            return self.strong(args[0]); // what is real is its own conjugate and its own real part
        }
        let signature = op.signature(&dtypes)?;
        let mut srcs = [Src::Const(0); 3];
        for (i, v) in args.iter().enumerate() {
            srcs[i] = match v.weak {
                Some(c) => {
                    // through the scalar's own dtype where the op computes in a float: `u8 / 300` is fine
                    let fits = c.to_bytes(signature.inputs[i]).is_ok();
                    let dtype = if fits { signature.inputs[i] } else { dtypes[i] };
                    let src = self.constant(c, dtype)?;
                    self.convert(src, dtype, signature.inputs[i])
                }
                None => self.convert(v.src, v.dtype, signature.inputs[i]),
            };
        }
        // what an op does not take is never read: it may as well be the first
        let first = srcs[0];
        srcs[args.len()..].fill(first);
        if op == Op::Pow && signature.output.kind() == Kind::Signed {
            self.partial |= match args[1].weak {
                Some(c) => c.as_f64() < 0.0,
                None => args[1].dtype.kind() == Kind::Signed,
            };
        }
        let lanes = signature.inputs.map(DType::compute);
        let out = self.register();
        self.weight += op.weight(lanes[0]);
        self.widest = self
            .widest
            .max(signature.output.compute().size())
            .max(lanes[0].size());
        self.steps.push(Step {
            action: Action::Op(op),
            lanes,
            lane: signature.output.compute(),
            args: srcs,
            out,
        });
        Ok(Value {
            src: Src::Reg(out),
            dtype: signature.output,
            weak: None,
        })
    }

    /// Gives registers back after their last use, so that a long chain stays in L1. A step never writes where it reads.
    fn share_registers(&mut self) {
        let mut last = vec![usize::MAX; self.registers];
        for (i, step) in self.steps.iter().enumerate() {
            for arg in step.args {
                if let Src::Reg(r) = arg {
                    last[r as usize] = i;
                }
            }
        }
        let mut place = vec![0u16; self.registers];
        let mut free: Vec<u16> = Vec::new();
        let mut used = 0;
        for i in 0..self.steps.len() {
            let step = &mut self.steps[i];
            let out = free.pop().unwrap_or_else(|| {
                used += 1;
                used - 1
            });
            place[step.out as usize] = out;
            let mut done: SmallVec<[u16; 3]> = SmallVec::new();
            for arg in &mut step.args {
                if let Src::Reg(r) = *arg {
                    if last[r as usize] == i && !done.contains(&r) {
                        done.push(r);
                    }
                    *arg = Src::Reg(place[r as usize]);
                }
            }
            step.out = out;
            free.extend(done.iter().map(|&r| place[r as usize]));
        }
        if let Src::Reg(r) = self.result {
            self.result = Src::Reg(place[r as usize]);
        }
        self.registers = used as usize;
    }
}

/// The dtype of a weak scalar beside `met`. A comparison with an integer that `met` cannot hold is exact, as in NumPy.
/// The dtype of a [`Node::Meet`].
pub(crate) fn met(of: DType, weak: Option<Scalar>, with: DType) -> DType {
    match weak {
        _ if !with.is_differentiable() => of,
        Some(c) => c.weak_with(with),
        None => promote(of, with),
    }
}

fn weak_dtype(class: Class, c: Scalar, met: DType) -> DType {
    let dtype = c.weak_with(met);
    if class == Class::Compare && dtype.kind() <= Kind::Signed && c.to_bytes(dtype).is_err() {
        return c.default_dtype();
    }
    dtype
}
