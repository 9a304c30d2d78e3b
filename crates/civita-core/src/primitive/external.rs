//! Host code of other crates as primitives: factorisations, Fourier transforms.
//!
//! A crate outside the engine implements [`Primitive`] itself, and a [`HostKernel`] that computes it. Its `run` is
//!
//! ```text
//! backend.external(&kernel, &[dtype of each input], self.infer(specs)?, x)
//! ```
//!
//! The backend brings the inputs into C order and the dtypes that the kernel asks for, allocates the outputs, and calls the
//! kernel with typed access to both. The kernel sees no tags, guards or pointers.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::{Outputs, Primitive, Spec, host};
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::raw::Raw;
use crate::storage::Access;
use crate::transform::{align, all_with_batch, refs};

/// Host code that computes a primitive. [`Backend::external`](crate::backend::Backend::external) calls it.
pub trait HostKernel: Sync {
    /// The name that errors show.
    fn name(&self) -> &'static str;

    /// Fills the outputs, whose contents are arbitrary before.
    ///
    /// # Errors
    /// Whatever the computation cannot do; it reaches the user as it is.
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()>;
}

/// An operand of a [`HostKernel`]: elements in C order, of the dtype that was asked for.
pub struct HostInput<'a>(&'a Raw);

impl<'a> HostInput<'a> {
    /// A contiguous tensor without tags. `bind` holds its guard.
    pub(crate) fn new(x: &'a Raw) -> HostInput<'a> {
        debug_assert!(x.layout().is_contiguous() && x.tag().is_none());
        HostInput(x)
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &'a [usize] {
        self.0.layout().shape()
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.0.dtype()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.layout().len()
    }

    /// Returns true where there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements where nobody can write them meanwhile, `None` where others can: then [`read`](HostInput::read) copies.
    ///
    /// # Errors
    /// When the elements are of another type.
    pub fn borrow<T: Element>(&self) -> Result<Option<&'a [T]>> {
        self.check::<T>()?;
        Ok((self.0.storage().access() == Access::Owned).then(|| host::slice(self.0)))
    }

    /// The elements: borrowed where nobody can write them meanwhile, else a copy.
    ///
    /// # Errors
    /// When the elements are of another type.
    pub fn elements<T: Element>(&self) -> Result<Cow<'a, [T]>> {
        if let Some(elements) = self.borrow()? {
            return Ok(Cow::Borrowed(elements));
        }
        let mut copy = vec![T::default(); self.len()];
        self.read(0, &mut copy)?;
        Ok(Cow::Owned(copy))
    }

    /// Copies the elements from number `start` on, as many as `to` takes.
    ///
    /// # Errors
    /// When there are fewer, or they are of another type.
    #[inline]
    pub fn read<T: Element>(&self, start: usize, to: &mut [T]) -> Result<()> {
        self.check::<T>()?;
        if start
            .checked_add(to.len())
            .is_none_or(|end| end > self.len())
        {
            return Err(Error::index(
                "external",
                format!(
                    "elements {start} to {start} + {} of {}",
                    to.len(),
                    self.len()
                ),
            ));
        }
        host::read_elements(self.0, start, to);
        Ok(())
    }

    #[inline]
    fn check<T: Element>(&self) -> Result<()> {
        check::<T>(self.dtype())
    }
}

/// A result of a [`HostKernel`]: new memory in C order.
pub struct HostOutput<'a> {
    tensor: Raw,
    during: PhantomData<&'a mut ()>,
}

impl HostOutput<'_> {
    /// A new contiguous tensor.
    pub(crate) fn new(tensor: Raw) -> Self {
        debug_assert!(tensor.layout().is_contiguous());
        HostOutput {
            tensor,
            during: PhantomData,
        }
    }

    pub(crate) fn into_tensor(self) -> Raw {
        self.tensor
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        self.tensor.layout().shape()
    }

    /// Type of the elements.
    pub fn dtype(&self) -> DType {
        self.tensor.dtype()
    }

    /// The elements, to be written.
    ///
    /// # Errors
    /// When they are of another type.
    #[inline]
    pub fn elements<T: Element>(&mut self) -> Result<&mut [T]> {
        check::<T>(self.dtype())?;
        Ok(host::slice_mut(&mut self.tensor))
    }

    /// Calls `write` for parts of `grain` elements, on several threads: with the number of a part's first element, and the part.
    ///
    /// # Errors
    /// When the elements are of another type.
    pub fn write_in_parts<T: Element>(
        &mut self,
        grain: usize,
        write: &(dyn Fn(usize, &mut [T]) + Sync),
    ) -> Result<()> {
        check::<T>(self.dtype())?;
        host::write_parts(&mut self.tensor, grain, write);
        Ok(())
    }
}

#[inline]
fn check<T: Element>(found: DType) -> Result<()> {
    if found == T::DTYPE {
        return Ok(());
    }
    Err(Error::dtype(
        "external",
        format!("a kernel takes {} for {found}", T::DTYPE),
    ))
}

/// The batching rule of primitives whose leading axes are a batch already, the same one of every operand: the batch stands in front,
/// those that have none repeat theirs, and the primitive is bound again. Where leading axes broadcast it is [`batch_broadcast`].
///
/// # Errors
/// As binding it.
pub fn batch_in_front(p: &dyn Primitive, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
    if let [x] = x {
        return super::bind(p, &[x]);
    }
    super::bind(p, &refs(&all_with_batch(x, batched)?))
}

/// The batching rule of primitives whose leading axes broadcast: operands with a batch get axes of length 1 behind it until they have
/// as many as the one with most, so that the batch meets no axis of a sample, and the primitive is bound again. All operands have
/// the same number of axes that do not lead.
///
/// # Errors
/// As binding it.
pub fn batch_broadcast(p: &dyn Primitive, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
    super::bind(p, &refs(&align(x, batched)?))
}

/// The specs of tensors, for [`Primitive::infer`] in `run`.
pub fn specs(x: &[&Raw]) -> Vec<Spec> {
    x.iter().map(|x| Spec::of(x)).collect()
}
