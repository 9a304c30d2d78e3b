//! Several tensors into one.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, one_tangent, some,
};
use crate::backend::{Backend, Meeting, meeting};
use crate::dtype::{DType, Scalar, promote, unmixed};
use crate::error::{Error, Result, shape_text};
use crate::layout::Dims;
use crate::raw::Raw;
use crate::transform::{all_with_batch, refs};

/// Tensors joined along an axis that they have; their other lengths are equal, their dtypes promote.
#[derive(Clone)]
pub struct Join {
    /// Along which.
    pub axis: usize,
}

impl std::fmt::Debug for Join {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "concatenate[{}]", self.axis)
    }
}

/// Why a part, the `i`-th, cannot be joined to the first.
fn misfit(first: &[usize], part: &[usize], at: usize, i: usize) -> Option<String> {
    if part.len() != first.len() {
        return Some(format!(
            "all the input arrays must have same number of dimensions, but the array at index 0 has {} dimension(s) and the array at index {i} has {} dimension(s)",
            first.len(),
            part.len()
        ));
    }
    let axis = (0..first.len()).find(|&a| a != at && part[a] != first[a])?;
    Some(format!(
        "all the input array dimensions except for the concatenation axis must match exactly, but along dimension {axis}, the array at index 0 has size {} and the array at index {i} has size {}",
        first[axis], part[axis]
    ))
}

impl Join {
    /// Shape and dtype of the result of parts of these shapes and dtypes.
    fn result<'a>(&self, mut parts: impl Iterator<Item = (&'a [usize], DType)>) -> Result<Spec> {
        const OP: &str = "concatenate";
        let at = self.axis;
        let Some((first, mut dtype)) = parts.next() else {
            return Err(Error::value(OP, "need at least one array to concatenate"));
        };
        let mut shape = Dims::from_slice(first);
        for (i, (part, of_part)) in parts.enumerate() {
            if let Some(why) = misfit(first, part, at, i + 1) {
                let shapes = [first, part].map(shape_text);
                let why = format!("{why}: shapes {} and {}", shapes[0], shapes[1]);
                return Err(Error::shape(OP, why)
                    .shapes(&[first, part])
                    .at_axis(at as isize)
                    .rule("all lengths but the one along the axis must be equal"));
            }
            shape[at] = shape[at]
                .checked_add(part[at])
                .ok_or_else(|| Error::shape(OP, "the result is too long"))?;
            unmixed(OP, &[dtype, of_part])?;
            dtype = promote(dtype, of_part);
        }
        Ok(Spec { shape, dtype })
    }
}

impl Primitive for Join {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let parts = x.iter().map(|x| (&x.shape[..], x.dtype));
        self.result(parts).map(Outputs::One)
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let spec = self.result(x.iter().map(|x| (x.shape(), x.dtype())))?;
        let out = backend.result(&spec.shape, spec.dtype, x)?;
        if !backend.join_small(self.axis, x, &out) {
            self.run_into(backend, x, &out)?;
        }
        Ok(Outputs::One(out))
    }

    fn run_into(&self, backend: &dyn Backend, x: &[&Raw], out: &Raw) -> Result<()> {
        // a part would be written over another that is still to be read
        if x.iter().any(|x| meeting(x, out) != Meeting::Apart) {
            return backend.copy_into(&self.run(backend, x)?.one(), out);
        }
        let mut start = 0;
        for part in x {
            let len = part.shape()[self.axis];
            let layout = out.layout().narrow(self.axis as isize, start, len)?;
            backend.copy_into(part, &out.with_layout(layout))?;
            start += len;
        }
        Ok(())
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let parts = t
            .iter()
            .zip(x)
            .map(|(t, x)| match t {
                Some(t) => Ok(t.clone()),
                None => x.filled(Scalar::Bool(false)),
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(one_tangent(Some(bind_one(self, &refs(&parts))?)))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let mut start = 0;
        x.iter()
            .zip(wanted)
            .map(|(x, &wanted)| {
                let len = x.shape()[self.axis];
                let from = start;
                start += len;
                wanted
                    .then(|| g.narrow(self.axis as isize, from, len))
                    .transpose()
            })
            .collect()
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let join = Join {
            axis: self.axis + 1,
        };
        bind(&join, &refs(&all_with_batch(x, batched)?))
    }
}
