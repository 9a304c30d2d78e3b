//! Where a function writes its result.

use smallvec::SmallVec;

use super::{Copy, Outputs, Primitive, Spec, bind_into, bind_one};
use crate::error::Result;
use crate::raw::Raw;
use crate::storage::{Access, Storage};

/// The array that a result is written to, if there is one: NumPy's `out=`.
///
/// A function hands it to its last step (`Out::bind`), which writes there instead of into new memory, where the output has the
/// result's shape and dtype and no transformation looks on. Whoever gave the output sees by [`Out::holds`] whether that was so, and
/// writes the result there if not.
#[derive(Clone, Debug, Default)]
pub struct Out(Option<Box<Raw>>);

impl Out {
    /// No output: results are new.
    pub const NONE: Out = Out(None);

    /// An output whose memory others see, too.
    pub fn of(out: Raw) -> Out {
        Out(Some(Box::new(out)))
    }

    /// As [`bind_one`]; the result is the output where it was written there.
    pub(crate) fn bind(&self, p: &dyn Primitive, x: &[&Raw]) -> Result<Raw> {
        match &self.0 {
            Some(out) if fits(out, p, x) => {
                let mut out = (**out).clone();
                bind_into(p, x, &mut out)?;
                Ok(out)
            }
            _ => bind_one(p, x),
        }
    }

    /// A copy of the elements.
    pub(crate) fn copy(&self, x: &Raw) -> Result<Raw> {
        self.bind(&Copy::new(x.dtype()), &[x])
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a result lies in the elements of `out`: it has been written.
    pub fn holds(out: &Raw, result: &Raw) -> bool {
        result.ptr() == out.ptr()
            && result.dtype() == out.dtype()
            && result.layout() == out.layout()
    }
}

/// Whether the result of a primitive is one that the output takes as it is.
fn fits(out: &Raw, p: &dyn Primitive, x: &[&Raw]) -> bool {
    let shared = |x: &&Raw| Storage::same_buffer(x.storage(), out.storage());
    // a write to Owned memory that has other handles is one to a copy
    if x.iter().any(|x| x.tag().is_some())
        || !p.is_elementwise() && x.iter().any(shared)
        || out.tag().is_some()
        || out.storage().access() == Access::Owned
        || x.iter().any(|x| x.device() != out.device())
    {
        return false;
    }
    let specs: SmallVec<[Spec; 4]> = x.iter().map(|x| Spec::of(x)).collect();
    let specs: SmallVec<[&Spec; 4]> = specs.iter().collect();
    match p.infer(&specs) {
        Ok(Outputs::One(spec)) => spec.dtype == out.dtype() && spec.shape[..] == *out.shape(),
        _ => false,
    }
}
