//! Copies, conversions and writes.

use super::Raw;
use crate::device::Device;
use crate::dtype::{Casting, DType, can_cast};
use crate::error::{Error, Result, shape_text};
use crate::layout::{Layout, SliceItem};
use crate::primitive::host;
use crate::primitive::{Copy, Order, Transfer, View, Write, bind_into_part, bind_one};
use crate::storage::Access;
use crate::transform::{Opaque, grows, lost};

impl Raw {
    /// A copy of its own, contiguous in C order.
    pub fn copied(&self) -> Result<Raw> {
        bind_one(&Copy::new(self.dtype()), &[self])
    }

    /// The same value in C order: itself where it lies so already, else a copy.
    pub fn contiguous(&self) -> Result<Raw> {
        if self.layout.is_contiguous() {
            return Ok(self.clone());
        }
        self.copied()
    }

    /// The same value in another dtype. Floats to integers go towards zero and saturate; integers wrap.
    pub fn cast(&self, dtype: DType) -> Result<Raw> {
        if dtype == self.dtype() {
            return Ok(self.clone());
        }
        let copy = Copy {
            dtype,
            order: Order::Keep,
        };
        bind_one(&copy, &[self])
    }

    /// The same value in the memory of a device: itself where it is there already.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn to_device(&self, device: Device) -> Result<Raw> {
        if device == self.device() {
            return Ok(self.clone());
        }
        let transfer = Transfer {
            to: device,
            from: self.device(),
        };
        bind_one(&transfer, &[self])
    }

    /// As [`Raw::cast`], when the rule allows it.
    ///
    /// # Errors
    /// When it does not.
    pub fn cast_if(&self, dtype: DType, casting: Casting) -> Result<Raw> {
        self.check_cast(dtype, casting)?;
        self.cast(dtype)
    }

    /// # Errors
    /// When the rule does not allow the cast.
    pub(crate) fn check_cast(&self, dtype: DType, casting: Casting) -> Result<()> {
        check_cast("astype", self.dtype(), dtype, casting)
    }

    /// Writes `source`, broadcast and converted, into this tensor: `a[...] = b`.
    ///
    /// An Owned tensor is copied first when others hold its bytes; an Aliased one changes for all its views. In a
    /// gradient graph the assignment is recorded: the old elements get no gradient, `source` gets the new ones'.
    ///
    /// # Errors
    /// When `source` does not broadcast, the memory is read-only, or the tensor is a leaf that requires a gradient outside
    /// of `no_grad`.
    pub fn assign(&mut self, source: &Raw) -> Result<()> {
        self.assign_slice(&[], source)
    }

    /// As [`Raw::assign`], into a slice: `a[1:3] = b`.
    ///
    /// # Errors
    /// As [`Raw::assign`], and when the slice leaves the tensor.
    pub fn assign_slice(&mut self, slice: &[SliceItem], source: &Raw) -> Result<()> {
        if self.tag.is_none() && source.tag.is_none() && self.device() == source.device() {
            // bytes alone change
            self.may_be_written("assign")?;
            let part = self.layout.slice(slice)?;
            part_takes(&part, source)?;
            self.make_unique()?;
            return bind_into_part(source, self, part);
        }
        let part = Layout::contiguous(self.shape())?.slice(slice)?;
        part_takes(&part, source)?;
        let view = View::Slice(slice.iter().copied().collect());
        self.written("assign", &[source], |x, in_place| {
            let write = Write {
                view: view.clone(),
                in_place,
            };
            bind_one(&write, x)
        })
    }

    /// Writes the bytes of an element over a slice, and whether it did: few elements of one axis, of Aliased memory without tags that
    /// may be written. The fast path of `a[1:3] = 2.5` in Python, which needs no tensor for the number.
    pub fn write_few(&self, slice: &[SliceItem], bytes: &[u8; 16]) -> bool {
        const FEW: usize = 64;
        if !self.is_plain() || self.storage.access() == Access::Owned || !self.is_writable() {
            return false;
        }
        let written = self.layout.slice_then(slice, |part| {
            let is_short = part.rank() == 1 && part.len() <= FEW;
            if is_short {
                host::write_few(self, &part, bytes);
            }
            is_short
        });
        // what is wrong is for the general path to say
        written.unwrap_or(false)
    }

    /// Replaces this tensor by what a primitive makes of it and the others, in its own memory: `run` gets the operands and
    /// whether the first may be written.
    ///
    /// # Errors
    /// When the memory may not be written, or the tensor is a leaf that requires a gradient outside of `no_grad`.
    pub(super) fn written(
        &mut self,
        op: &'static str,
        rest: &[&Raw],
        run: impl Fn(&[&Raw], bool) -> Result<Raw>,
    ) -> Result<()> {
        self.may_be_written(op)?;
        self.make_unique()?;
        let levels = rest.iter().map(|x| x.level()).chain([self.level()]);
        if self.storage.access() != Access::Owned
            && levels
                .flatten()
                .any(|level| level > self.storage.born() + 1)
        {
            let is_lost = |x: &Raw| x.opaque() == Some(Opaque::Lost);
            return Err(match is_lost(self) || rest.iter().any(|x| is_lost(x)) {
                true => lost(op),
                false => crosses_scopes(op),
            });
        }
        if self.is_apart()
            && rest
                .iter()
                .copied()
                .chain([&*self])
                .any(Raw::is_differentiated)
        {
            return Err(stands_apart(op));
        }
        let followed = |x: &&Raw| x.is_differentiated() || x.is_transformed();
        if self.is_recast() && self.storage.access() != Access::Owned && rest.iter().any(followed) {
            return Err(recast(op));
        }
        if let Some(leaf) = self.leaf_to_write(op)? {
            // inside `no_grad` a leaf stays one, whatever is written
            let value = self.untagged().with_tag(leaf.below.clone());
            let mut x = vec![&value];
            x.extend_from_slice(rest);
            let new = run(&x, true)?;
            if new.level() > leaf.below.as_ref().map(|tag| tag.level) {
                return Err(crosses_scopes(op));
            }
            let tag = self.tag.take();
            *self = new.with_tag(tag);
            return Ok(());
        }
        let new = {
            let mut x = vec![&*self];
            x.extend_from_slice(rest);
            run(&x, true)?
        };
        *self = new;
        Ok(())
    }

    /// The tag of a leaf that is about to be written, which is allowed where its graph does not grow.
    fn leaf_to_write(&self, op: &'static str) -> Result<Option<crate::transform::TagRef>> {
        let Some((tag, node)) = self.tag.as_ref().zip(self.node()) else {
            return Ok(None);
        };
        if !node.is_leaf() {
            return Ok(None);
        }
        if grows(tag.level) {
            return Err(Error::gradient(
                op,
                "a leaf that requires a gradient cannot be written in place",
            )
            .rule("the gradient of a leaf is that of the value it was made with")
            .hint("write inside `no_grad`, as an optimizer does; or write into a copy"));
        }
        Ok(Some(tag.clone()))
    }

    /// # Errors
    /// When the memory is read-only, or an element of it stands for several.
    pub(crate) fn may_be_written(&self, op: &'static str) -> Result<()> {
        self.may_be(op, "assignment destination is read-only")
    }

    /// As [`Raw::may_be_written`], of the output of an op.
    pub(crate) fn may_be_output(&self, op: &'static str) -> Result<()> {
        self.may_be(op, "output array is read-only")
    }

    fn may_be(&self, op: &'static str, what: &'static str) -> Result<()> {
        if !self.storage.writable() || self.is_frozen() {
            return Err(Error::aliasing(op, what).hint("write into a copy: `.copy()`"));
        }
        if self.is_out_of_record() {
            return Err(out_of_record(op));
        }
        if self.layout.has_internal_overlap() {
            return Err(Error::aliasing(
                op,
                "several elements of the tensor are the same memory, as after broadcasting",
            )
            .hint("write into a copy: `.copy()`"));
        }
        Ok(())
    }

    /// Copies the bytes of an Owned tensor if others hold them, so that they may be written. The whole buffer, so that
    /// every layout within it stays true.
    pub(crate) fn make_unique(&mut self) -> Result<()> {
        if self.storage.access() == Access::Owned && !self.storage.is_unique() {
            self.storage = self.storage.copied()?;
        }
        Ok(())
    }
}

#[cold]
fn crosses_scopes(op: &'static str) -> Error {
    Error::gradient(
        op,
        "the value belongs to a transformation in which the tensor takes no part",
    )
    .rule("a tensor made outside of `vmap`, `jvp`, `grad` or `trace` cannot hold a value of theirs")
    .hint("return the value from the function instead")
}

#[cold]
fn recast(op: &'static str) -> Error {
    Error::gradient(
        op,
        "a value that a gradient, a batch or a trace follows cannot be written through a view of another dtype, as the real part of a \
         complex array is",
    )
    .rule("what follows values knows of elements, not of the bytes that they share with those of another dtype")
    .hint_in(
        "write whole elements into the array itself, not through its real part",
        "write whole elements into the array itself: `x[...] = y + 1j * x.imag`",
    )
}

fn stands_apart(op: &'static str) -> Error {
    Error::gradient(
        op,
        "the array was detached from a tracked one, or viewed inside `no_grad`, and shares its memory: the write would reach both, the \
         gradient one of them",
    )
    .rule("what is tracked is not written through a detached array")
    .hint_in(
        "write into a copy: `.detach().copied()?`",
        "write into a copy: `.detach().copy()`",
    )
}

#[cold]
fn out_of_record(op: &'static str) -> Error {
    Error::gradient(
        op,
        "a view of a tracked array that was made inside `no_grad` is written where gradients are recorded: the graph would not see it",
    )
    .rule("what is viewed inside `no_grad` is written inside `no_grad`")
    .hint("make the view outside of `no_grad`, or write inside it")
}

fn part_takes(part: &Layout, source: &Raw) -> Result<()> {
    if source.rank() == 0 || source.shape() == part.shape() {
        return Ok(());
    }
    let broadcast = Layout::contiguous(source.shape())?.broadcast_to(part.shape());
    // NumPy lets leading axes of length 1 go in an assignment
    let extra = source.rank().saturating_sub(part.rank());
    if broadcast.is_err() && source.shape()[..extra].iter().all(|&n| n == 1) && extra > 0 {
        return Err(Error::shape(
            "assign",
            format!(
                "a value of shape {} has more axes than the place of shape {}",
                shape_text(source.shape()),
                shape_text(part.shape())
            ),
        )
        .shapes(&[part.shape(), source.shape()])
        .hint_in(
            "drop the axes of length 1: `.squeeze_all()`",
            "drop the axes of length 1: `.squeeze()`",
        ));
    }
    broadcast.map(drop).map_err(|e| e.in_op("assign"))
}

/// # Errors
/// When `casting` does not allow it.
pub(super) fn check_cast(op: &'static str, from: DType, to: DType, casting: Casting) -> Result<()> {
    if can_cast(from, to, casting) {
        return Ok(());
    }
    let rule = match casting {
        Casting::No => "no",
        Casting::Safe => "safe",
        Casting::SameKind => "same_kind",
        Casting::Unsafe => "unsafe",
    };
    Err(Error::dtype(
        op,
        format!("cannot cast {from} to {to} according to the rule '{rule}'"),
    )
    .dtypes(&[from, to])
    .hint_cast("convert explicitly", to))
}
