//! Plans: a typed program with the kernels of its steps.

use smallvec::SmallVec;

use super::run::MOST;
use crate::isa::Kernel;
use crate::kernels::cast;
use crate::kernels::map::{Variants, kernels};
use crate::program::{Action, Typed};

/// The kernel of a step.
#[derive(Clone, Copy)]
pub(super) enum Code {
    /// By which operands are one value for all elements, and how many there are.
    Op(&'static Variants, u8),
    Cast(Kernel),
}

type Codes = SmallVec<[Code; 2]>;

/// The most values that a plan has at once: their scratch must stay in L1, and a word has a bit for each.
const MOST_REGISTERS: usize = 64;

/// What the driver runs.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub typed: &'a Typed,
    /// One for each step.
    pub(super) codes: &'a [Code],
}

impl<'a> Plan<'a> {
    /// The plan of a typed program; its kernels are kept there, or in `once`.
    #[inline]
    pub fn of(typed: &'a Typed, once: &'a mut Once) -> Plan<'a> {
        let codes = match typed.compiled(|| codes(typed)) {
            Some(codes) => codes,
            None => once.0.insert(codes(typed)),
        };
        Plan { typed, codes }
    }
}

/// Where the kernels of a typed program are that is run once.
#[derive(Default)]
pub(crate) struct Once(Option<Codes>);

/// Whether it can run as one pass. Programs with too many inputs or too many values at once run op by op.
pub(crate) fn is_one_pass(typed: &Typed) -> bool {
    typed.registers <= MOST_REGISTERS && typed.inputs.len() <= MOST
}

#[inline]
fn codes(typed: &Typed) -> Codes {
    let code = |step: &crate::program::Step| match step.action {
        Action::Cast => Code::Cast(cast::kernel(step.lanes[0], step.lane)),
        Action::Op(op) => match kernels(op, step.lanes) {
            Some(variants) => Code::Op(variants, op.row().arity as u8),
            None => unreachable!(
                "{op:?} has no kernel for {:?}, which its class lists: a bug of the tables",
                step.lanes
            ),
        },
    };
    typed.steps.iter().map(code).collect()
}
