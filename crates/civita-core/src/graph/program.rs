//! Elementwise programs with what is made of them: typed ones by dtypes, derivatives by input.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::Result;
use crate::ops::{Op, ROWS};
use crate::program::{Node, Program, Typed};
use crate::raw::Raw;

/// A program with what was made from it so far.
pub struct Function {
    program: Program,
    name: &'static str,
    typed: Mutex<Vec<ForDTypes>>,
    vjps: Vec<OnceLock<Option<Pulled>>>,
    /// Without the inputs that it does not mention, and which it mentions; `None` where it mentions all.
    pruned: OnceLock<Option<(Vec<usize>, Arc<Function>)>>,
    /// By which inputs move.
    jvps: Mutex<Vec<Pushed>>,
}

/// The gradient of an input, and what of the function it reads: a bit for each input, and whether the output.
struct Pulled {
    function: Arc<Function>,
    inputs: u32,
    output: bool,
}

/// A typed program, by the device and the dtypes of the inputs that it is for.
type ForDTypes = (Device, SmallVec<[DType; 4]>, Arc<Typed>);
/// A tangent map, by which inputs move.
type Pushed = (u32, Option<Arc<Function>>);

/// The most typed programs and derivatives that a function keeps; programs see few combinations of dtypes.
const KEPT: usize = 16;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.program)
    }
}

impl Function {
    /// A function that computes this program; the name is for texts.
    pub fn new(program: Program, name: &'static str) -> Arc<Function> {
        let vjps = (0..program.inputs()).map(|_| OnceLock::new()).collect();
        Arc::new(Function {
            program,
            name,
            typed: Mutex::new(Vec::new()),
            vjps,
            pruned: OnceLock::new(),
            jvps: Mutex::new(Vec::new()),
        })
    }

    /// The function of a single op.
    pub fn of(op: Op) -> &'static Arc<Function> {
        static ALL: OnceLock<Vec<OnceLock<Arc<Function>>>> = OnceLock::new();
        let all = ALL.get_or_init(|| ROWS.iter().map(|_| OnceLock::new()).collect());
        all[op as usize].get_or_init(|| Function::new(Program::of(op), op.row().name))
    }

    /// What it computes.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The same function of the inputs that it mentions, and which they are; `None` where it mentions all of them. The others
    /// have no part in the shape of the result.
    pub(crate) fn pruned(&self) -> Option<(&[usize], &Arc<Function>)> {
        let pruned = self.pruned.get_or_init(|| {
            let mentioned: Vec<usize> = (0..self.program.inputs())
                .filter(|&i| self.program.nodes().contains(&Node::Input(i as u16)))
                .collect();
            if mentioned.len() == self.program.inputs() || mentioned.is_empty() {
                return None;
            }
            let program = Program::trace(mentioned.len(), |b| {
                let all: Vec<_> = (0..self.program.inputs())
                    .map(|i| b.input(mentioned.iter().position(|&m| m == i).unwrap_or(0)))
                    .collect();
                b.inline(&self.program, &all)[self.program.output() as usize]
            });
            Some((mentioned, Function::new(program, self.name)))
        });
        let (mentioned, function) = pruned.as_ref()?;
        Some((mentioned, function))
    }

    /// The program for inputs of these dtypes, on a device.
    ///
    /// # Errors
    /// When an op takes no such dtypes.
    pub fn typed(&self, device: Device, dtypes: &[DType]) -> Result<Arc<Typed>> {
        let mut all = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(on, d, _): &&ForDTypes| *on == device && d.as_slice() == dtypes;
        if let Some((.., typed)) = all.iter().find(is_it) {
            return Ok(typed.clone());
        }
        let typed = Arc::new(Typed::new(&self.program, dtypes)?.kept());
        if all.len() == KEPT {
            all.remove(0);
        }
        all.push((device, SmallVec::from_slice(dtypes), typed.clone()));
        Ok(typed)
    }

    /// The gradient of input `i`, a function of the inputs, the output and the output's gradient.
    fn vjp(&self, i: usize) -> Option<&Pulled> {
        let made = || {
            let program = self.program.vjp(i)?;
            let n = self.program.inputs();
            // inputs beyond the 31st share a bit
            let bit = |k: usize| u32::from(program.reads(k)) << k.min(31);
            Some(Pulled {
                inputs: (0..n).map(bit).fold(0, |all, bit| all | bit),
                output: program.reads(n),
                function: Function::new(program, self.name),
            })
        };
        self.vjps[i].get_or_init(made).as_ref()
    }

    /// The tangent of the output, a function of the inputs, the output and the tangents of all inputs.
    fn jvp(&self, moving: &[bool]) -> Option<Arc<Function>> {
        let mask = moving
            .iter()
            .rev()
            .fold(0u32, |mask, &m| mask << 1 | u32::from(m));
        let mut jvps = self.jvps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, jvp)) = jvps.iter().find(|(m, _)| *m == mask) {
            return jvp.clone();
        }
        let jvp = self
            .program
            .jvp(moving)
            .map(|p| Function::new(p, self.name));
        if jvps.len() == KEPT {
            jvps.remove(0);
        }
        jvps.push((mask, jvp.clone()));
        jvp
    }

    /// What the gradients of the wanted inputs read: a bit for each input, and whether the output.
    pub(crate) fn reads(&self, wanted: impl Iterator<Item = bool>) -> (u32, bool) {
        let (mut inputs, mut output) = (0, false);
        for (i, wanted) in wanted.enumerate() {
            if let (true, Some(vjp)) = (wanted, self.vjp(i)) {
                inputs |= vjp.inputs;
                output |= vjp.output;
            }
        }
        (inputs, output)
    }

    /// The gradient of input `i`. What is not read may be anything.
    pub(crate) fn pull(&self, i: usize, x: &[&Raw], y: &Raw, g: &Raw) -> Result<Option<Raw>> {
        let Some(vjp) = self.vjp(i) else {
            return Ok(None);
        };
        let mut values: SmallVec<[&Raw; 5]> = x.iter().copied().collect();
        values.extend([y, g]);
        vjp.function.call(&values).map(Some)
    }

    /// The tangent of the output.
    pub(crate) fn push(&self, x: &[&Raw], y: &Raw, t: &[Option<&Raw>]) -> Result<Option<Raw>> {
        let moving: SmallVec<[bool; 4]> = t.iter().map(Option::is_some).collect();
        let Some(jvp) = self.jvp(&moving) else {
            return Ok(None);
        };
        let mut values: SmallVec<[&Raw; 5]> = x.iter().copied().collect();
        values.push(y);
        // a tangent that stands still is not read
        let anything = t.iter().copied().flatten().next().unwrap_or(y);
        values.extend(t.iter().map(|t| t.unwrap_or(anything)));
        jvp.call(&values).map(Some)
    }

    /// The value of the program where some operands are not read: those do not take part in the shape.
    fn call(self: &Arc<Function>, values: &[&Raw]) -> Result<Raw> {
        // what is not read must not widen the shape, nor be looked at: a scalar of its dtype
        let stand_ins = values
            .iter()
            .enumerate()
            .map(|(k, x)| match self.program.reads(k) {
                true => Ok(None),
                false => Raw::zeros(&[], x.dtype()).map(Some),
            })
            .collect::<Result<SmallVec<[Option<Raw>; 5]>>>()?;
        let values: SmallVec<[&Raw; 5]> = values
            .iter()
            .zip(&stand_ins)
            .map(|(x, stand_in)| stand_in.as_ref().unwrap_or(x))
            .collect();
        Raw::call(self, &values)
    }
}
