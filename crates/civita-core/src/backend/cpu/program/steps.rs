//! The steps of a plan, made ready for the blocks of one task: which kernel, on values that lie where. What can be asked
//! once is not asked for every block, because a block may be a row of ten elements.

use smallvec::SmallVec;

use super::plan::{Code, Plan};
use crate::isa::Kernel;
use crate::program::Src;

/// Inputs, registers and constants, as they are numbered in [`Steps::values`].
type Id = u16;

struct Step {
    kernel: Kernel,
    args: [Id; 3],
    out: Id,
    /// Whether it is one value for all elements.
    one: bool,
    /// Bytes of an element of the first of three operands, where it is one value: kernels want one for each element. Else 0.
    spread: usize,
}

/// The steps of a plan for inputs of which some are one value for all elements of a block.
pub(in crate::backend::cpu) struct Steps {
    /// Where each value lies; those of inputs are set for every block.
    values: SmallVec<[*mut u8; 12]>,
    steps: SmallVec<[Step; 3]>,
    result: Id,
    /// Whether the result is one value for all elements.
    pub one: bool,
}

impl Steps {
    /// `uniform` says of an input whether it is one value, `register` where a register lies.
    pub fn new(
        plan: Plan<'_>,
        uniform: impl Fn(usize) -> bool,
        register: impl Fn(usize) -> *mut u8,
    ) -> Steps {
        let typed = plan.typed;
        let inputs = typed.inputs.len();
        let mut values = SmallVec::with_capacity(inputs + typed.registers + typed.constants.len());
        values.resize(inputs, std::ptr::null_mut());
        values.extend((0..typed.registers).map(register));
        // constants are read only; one type for all keeps the table simple
        values.extend(typed.constants.iter().map(|c| c.at().cast_mut()));
        let id = |src| match src {
            Src::Input(i) => i,
            Src::Reg(r) => inputs as Id + r,
            Src::Const(c) => (inputs + typed.registers) as Id + c,
        };
        let mut uniform_registers = 0u64;
        let is_one = |src, registers: u64| match src {
            Src::Input(i) => uniform(i as usize),
            Src::Reg(r) => registers >> r & 1 == 1,
            Src::Const(_) => true,
        };
        let mut steps = SmallVec::with_capacity(typed.steps.len());
        for (step, code) in typed.steps.iter().zip(plan.codes) {
            let u = step.args.map(|a| is_one(a, uniform_registers));
            let (kernel, one, spread) = match *code {
                Code::Cast(kernel) => (kernel, u[0], 0),
                Code::Op(variants, arity) => {
                    let one = u[..arity as usize].iter().all(|&u| u);
                    let form = match arity {
                        2 if !one => usize::from(u[1]) + 2 * usize::from(u[0]),
                        3 if !one => usize::from(u[2]) + 2 * usize::from(u[1]),
                        _ => 0,
                    };
                    let spread = arity == 3 && u[0] && !one;
                    let size = variants.first_size() * usize::from(spread);
                    (variants.pick(form), one, size)
                }
            };
            uniform_registers = uniform_registers & !(1 << step.out) | u64::from(one) << step.out;
            steps.push(Step {
                kernel,
                args: step.args.map(id),
                out: id(Src::Reg(step.out)),
                one,
                spread,
            });
        }
        Steps {
            values,
            steps,
            result: id(typed.result),
            one: is_one(typed.result, uniform_registers),
        }
    }

    /// Says where an input lies for the next block.
    #[inline]
    pub fn set_input(&mut self, i: usize, at: *const u8) {
        self.values[i] = at.cast_mut();
    }

    /// Runs the steps for a block of `n` elements. The last one writes to `direct`, if that is given and the result is
    /// not one value for all; says whether it did. Else the result is where [`Steps::result`] says. `spread`
    /// makes `n` elements of as many bytes of one.
    ///
    /// # Safety
    /// Inputs lie where [`Steps::set_input`] was told, `n` elements of the lane or one; the registers have room for as
    /// many, and `direct` too; nobody else touches them.
    #[inline]
    pub unsafe fn run(
        &self,
        n: usize,
        direct: Option<*mut u8>,
        spread: impl Fn(*const u8, usize) -> *const u8,
    ) -> bool {
        let at = |id: Id| self.values[id as usize];
        let mut stored = false;
        for (i, step) in self.steps.iter().enumerate() {
            let [a, b, c] = step.args;
            let mut args = [at(a).cast_const(), at(b).cast_const(), at(c).cast_const()];
            if step.spread > 0 {
                args[0] = spread(args[0], step.spread);
            }
            let m = if step.one { 1 } else { n };
            let to = match direct {
                Some(out) if i + 1 == self.steps.len() && m == n => {
                    stored = true;
                    out
                }
                _ => at(step.out),
            };
            // SAFETY: inputs are `m` elements or one, as the kernel's form says; the output is `m` elements of a register
            // or of the output, and no register is written by the step that reads it.
            unsafe { (step.kernel)(m, args, to) };
        }
        stored
    }

    /// Where the result lies after [`Steps::run`], if it was not written to its place.
    #[inline]
    pub fn result(&self) -> *const u8 {
        self.values[self.result as usize].cast_const()
    }
}
