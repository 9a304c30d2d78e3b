//! The gradient of elementwise programs.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use super::{Gradients, Node, Rule, Saved, record};
use crate::dtype::DType;
use crate::error::Result;
use crate::ops::{Op, ROWS};
use crate::program::{Plan, Program};
use crate::raw::Raw;

/// A program with what was made from it so far: plans by dtypes, derivatives by input.
pub struct Function {
    program: Program,
    name: &'static str,
    plans: Mutex<Vec<Planned>>,
    vjps: Vec<OnceLock<Option<Arc<Function>>>>,
}

/// A plan, by the dtypes of the inputs that it is for.
type Planned = (SmallVec<[DType; 4]>, Arc<Plan>);

/// The most plans that a function keeps; programs see few combinations of dtypes.
const PLANS: usize = 16;

impl Function {
    /// A function that computes this program; the name is for texts.
    pub fn new(program: Program, name: &'static str) -> Arc<Function> {
        let vjps = (0..program.inputs()).map(|_| OnceLock::new()).collect();
        Arc::new(Function {
            program,
            name,
            plans: Mutex::new(Vec::new()),
            vjps,
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

    /// Its plan for inputs of these dtypes.
    pub fn plan(&self, dtypes: &[DType]) -> Result<Arc<Plan>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = plans.iter().find(|(d, _)| d.as_slice() == dtypes) {
            return Ok(plan.clone());
        }
        let plan = Arc::new(Plan::new(&self.program, dtypes)?);
        if plans.len() == PLANS {
            plans.remove(0);
        }
        plans.push((SmallVec::from_slice(dtypes), plan.clone()));
        Ok(plan)
    }

    /// The gradient of input `i`, a function of the inputs, the output and the output's gradient.
    fn vjp(&self, i: usize) -> Option<&Arc<Function>> {
        self.vjps[i]
            .get_or_init(|| self.program.vjp(i).map(|p| Function::new(p, self.name)))
            .as_ref()
    }
}

struct Elementwise {
    function: Arc<Function>,
    /// The inputs that some derivative reads, or that has to lend its dtype.
    inputs: SmallVec<[Option<Saved>; 3]>,
    output: Option<Saved>,
}

/// Records that `out` is `function` of `inputs`.
pub(crate) fn elementwise(out: Raw, function: &Arc<Function>, inputs: &[&Raw]) -> Raw {
    record(out, inputs, |out| {
        let n = inputs.len();
        let mut reads: SmallVec<[bool; 8]> = SmallVec::from_elem(false, n + 1);
        for (i, input) in inputs.iter().enumerate() {
            if !input.tracks_gradient() {
                continue;
            }
            if let Some(vjp) = function.vjp(i) {
                for (k, read) in reads.iter_mut().enumerate() {
                    *read |= vjp.program.reads(k);
                }
            }
        }
        Box::new(Elementwise {
            function: function.clone(),
            inputs: inputs
                .iter()
                .zip(&reads)
                .map(|(x, &read)| read.then(|| Saved::new(x)))
                .collect(),
            output: reads[n].then(|| Saved::output(out)),
        })
    })
}

impl Elementwise {
    /// Inputs and output, with a stand-in for what the derivative does not read.
    fn values(&self, node: &Arc<Node>, stand_in: &Raw) -> Result<Vec<Raw>> {
        let name = self.function.name;
        let mut values = Vec::with_capacity(self.inputs.len() + 2);
        for saved in &self.inputs {
            values.push(
                saved
                    .as_ref()
                    .map_or(Ok(stand_in), |s| s.get(name))
                    .cloned()?,
            );
        }
        values.push(match &self.output {
            Some(saved) => saved.get_output(name, node)?,
            None => stand_in.clone(),
        });
        Ok(values)
    }
}

impl Rule for Elementwise {
    fn name(&self) -> &'static str {
        self.function.name
    }

    fn backward(&self, node: &Arc<Node>, gradient: &Raw, wanted: &[bool]) -> Result<Gradients> {
        // what is not read must not widen the shape: a scalar without elements of its own
        let stand_in = Raw::zeros(&[], gradient.dtype())?;
        let mut values = self.values(node, &stand_in)?;
        values.push(gradient.clone());
        let values: Vec<&Raw> = values.iter().collect();
        wanted
            .iter()
            .enumerate()
            .map(|(i, &wanted)| match self.function.vjp(i) {
                Some(vjp) if wanted => Raw::call(vjp, &values).map(Some),
                _ => Ok(None),
            })
            .collect()
    }

    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let stand_in = Raw::zeros(&[], node.dtype)?;
        let mut values = self.values(node, &stand_in)?;
        values.extend(
            tangents
                .iter()
                .map(|t| t.clone().unwrap_or_else(|| stand_in.clone())),
        );
        let moving: Vec<bool> = tangents.iter().map(Option::is_some).collect();
        let Some(program) = self.function.program.jvp(&moving) else {
            return Ok(None);
        };
        let values: Vec<&Raw> = values.iter().collect();
        Raw::call(&Function::new(program, self.function.name), &values).map(Some)
    }
}
