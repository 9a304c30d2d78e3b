//! Copies and conversions, and the ways in which elements leave a tensor.

use super::Raw;
use crate::dtype::{Casting, DType, Element, Scalar, can_cast};
use crate::error::{Error, Result, shape_text};
use crate::graph::{self, Linear};
use crate::layout::{Layout, SliceItem};
use crate::print::{self, Source as Printed};
use crate::program::{Plan, Source, Target, run};
use crate::storage::{Access, guard};

impl Raw {
    /// A copy of its own, contiguous in C order.
    pub fn copied(&self) -> Result<Raw> {
        let out = Raw::unwritten(self.shape(), self.dtype)?;
        out.write_copy(self)?;
        Ok(self.same_value(out))
    }

    /// The same value in C order: itself where it lies so already, else a copy.
    pub fn contiguous(&self) -> Result<Raw> {
        if self.layout.is_contiguous() {
            return Ok(self.clone());
        }
        let out = Raw::for_result(
            self.shape(),
            self.dtype,
            &[&self.with_layout(Layout::contiguous(&[0])?)],
        )?;
        out.write_copy(self)?;
        Ok(self.same_value(out))
    }

    /// The same value in another dtype. Floats to integers go towards zero and saturate; integers wrap.
    pub fn cast(&self, dtype: DType) -> Result<Raw> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let out = match super::dense::cast(self, dtype) {
            Some(out) => out?,
            None => {
                let out = Raw::for_result(self.shape(), dtype, &[self])?;
                out.write_copy(self)?;
                out
            }
        };
        if !dtype.is_differentiable() {
            return Ok(out);
        }
        let from = self.dtype;
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "cast",
                forward: Box::new(move |t| t.cast(dtype)),
                backward: Box::new(move |g| g.cast(from)),
            },
        ))
    }

    /// As [`Raw::cast`], when the rule allows it.
    ///
    /// # Errors
    /// When it does not.
    pub fn cast_if(&self, dtype: DType, casting: Casting) -> Result<Raw> {
        check_cast("astype", self.dtype, dtype, casting)?;
        self.cast(dtype)
    }

    fn same_value(&self, out: Raw) -> Raw {
        graph::linear(
            out,
            self,
            Linear {
                name: "copy",
                forward: Box::new(|t| Ok(t.clone())),
                backward: Box::new(|g| Ok(g.clone())),
            },
        )
    }

    /// Writes `source`, broadcast and converted, over the elements of this tensor, whoever shares them. The engine's
    /// own way to fill what it just made; the doors go through [`Raw::assign`].
    pub(crate) fn write_copy(&self, source: &Raw) -> Result<()> {
        let plan = Plan::copy(source.dtype, self.dtype);
        let shared = crate::storage::Storage::same_buffer(&self.storage, &source.storage)
            && self.layout.overlaps(&source.layout);
        if shared && self.layout == source.layout && self.dtype == source.dtype {
            return Ok(()); // onto itself
        }
        if shared && self.layout != source.layout || self.touches_foreign(source) {
            // an overlap that is not element on element: through a copy
            return self.write_copy(&source.detach().copied()?);
        }
        let _guards = guard::acquire(&[&source.storage], &[&self.storage]);
        let source = Source {
            ptr: source.base(),
            layout: &source.layout,
        };
        let target = Target {
            ptr: self.base(),
            layout: &self.layout,
            dtype: self.dtype,
            shared,
        };
        // SAFETY: layouts lie within their buffers (constructors check that), the guards keep writers away, and an
        // overlap is element on element.
        unsafe { run(&plan, &[source], target) }
    }

    /// Might this memory be another buffer's too? Two imports of one array are two buffers over the same bytes.
    pub(super) fn touches_foreign(&self, other: &Raw) -> bool {
        let (a, b) = (&self.storage, &other.storage);
        if a.access() == Access::Owned
            || b.access() == Access::Owned
            || crate::storage::Storage::same_buffer(a, b)
        {
            return false;
        }
        let (from, to) = (a.ptr().addr(), b.ptr().addr());
        from < to.saturating_add(b.len()) && to < from.saturating_add(a.len())
    }

    /// Writes `source`, broadcast and converted, into this tensor: `a[...] = b`.
    ///
    /// An Owned tensor is copied first when others hold its bytes; an Aliased one changes for all its views. In a
    /// gradient graph the assignment is recorded: the old elements get no gradient, `source` gets the new ones'.
    ///
    /// # Errors
    /// When `source` does not broadcast, the memory is read-only, or backward would need what is overwritten.
    pub fn assign(&mut self, source: &Raw) -> Result<()> {
        self.assign_slice(&[], source)
    }

    /// As [`Raw::assign`], into a slice: `a[1:3] = b`.
    ///
    /// # Errors
    /// As [`Raw::assign`], and when the slice leaves the tensor.
    pub fn assign_slice(&mut self, slice: &[SliceItem], source: &Raw) -> Result<()> {
        let part = self.layout.slice(slice)?;
        part_takes(&part, source)?;
        self.may_be_written("assign")?;
        if graph::recording() && (self.tracks_gradient() || source.tracks_gradient()) {
            graph::check_in_place(self)?;
            let old = self.clone();
            self.make_unique()?;
            self.node = None;
            self.with_layout(part).write_copy(&source.detach())?;
            let new = graph::assigned(self.clone(), &old, source, slice);
            self.node = new.node;
            return Ok(());
        }
        self.make_unique()?;
        self.with_layout(part).write_copy(source)
    }

    /// # Errors
    /// When the memory is read-only, or an element of it stands for several.
    pub(crate) fn may_be_written(&self, op: &'static str) -> Result<()> {
        if !self.storage.writable() {
            return Err(
                Error::aliasing(op, "the memory is read-only").hint("write into a copy: `.copy()`")
            );
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
    pub(super) fn make_unique(&mut self) -> Result<()> {
        if self.storage.access() == Access::Owned && !self.storage.is_unique() {
            self.storage = self.storage.copied()?;
        }
        Ok(())
    }

    /// The elements in C order.
    ///
    /// # Errors
    /// When `T` is another dtype.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.expect_dtype("to_vec", T::DTYPE)?;
        // bytes that others may change, or that are no truth values, are not read as `T`
        let plain = self.storage.access() == Access::Owned && self.layout.is_contiguous();
        let dense = match plain {
            true => self.detach(),
            false => self.detach().copied()?,
        };
        let n = self.len();
        let mut out = Vec::with_capacity(n);
        // SAFETY: contiguous elements of `T` that nobody writes; room for as many.
        unsafe {
            std::ptr::copy_nonoverlapping(dense.ptr().cast::<T>(), out.as_mut_ptr(), n);
            out.set_len(n);
        }
        Ok(out)
    }

    /// The elements as a slice, without a copy.
    ///
    /// # Errors
    /// When `T` is another dtype, when they are not contiguous in C order, or when the memory may change under the
    /// slice, as what Python made may.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect_dtype("as_slice", T::DTYPE)?;
        if !self.layout.is_contiguous() {
            return Err(
                Error::value("as_slice", "the elements are not contiguous in memory")
                    .shapes(&[self.shape()])
                    .hint("make them so first: `.contiguous()`, or copy them out: `.to_vec()`"),
            );
        }
        if self.storage.access() != Access::Owned {
            return Err(Error::aliasing(
                "as_slice",
                "the memory is shared with code that may write it",
            )
            .hint("copy the elements out: `.to_vec()`"));
        }
        if self.is_empty() {
            return Ok(&[]);
        }
        // SAFETY: Owned bytes never change while shared, the layout lies within the buffer, and they are aligned and of
        // type `T`: the pool aligns to 64 bytes, a vector to its element.
        Ok(unsafe { std::slice::from_raw_parts(self.ptr().cast::<T>(), self.len()) })
    }

    /// The value of a tensor with one element.
    ///
    /// # Errors
    /// When there are more, or none.
    pub fn item(&self) -> Result<Scalar> {
        if self.len() != 1 {
            return Err(Error::shape(
                "item",
                format!(
                    "a tensor of shape {} has {} elements",
                    shape_text(self.shape()),
                    self.len()
                ),
            )
            .shapes(&[self.shape()])
            .rule("`item` takes a tensor of exactly one element")
            .hint("`to_vec()` returns all elements; an index picks one"));
        }
        self.at(&vec![0; self.rank()])
    }

    /// The element at an index, one number for each axis.
    ///
    /// # Errors
    /// When there is no such element.
    pub fn at(&self, index: &[usize]) -> Result<Scalar> {
        let Some(place) = self.layout.index_of(index) else {
            return Err(Error::index(
                "at",
                format!(
                    "there is no element {} in shape {}",
                    shape_text(index),
                    shape_text(self.shape())
                ),
            )
            .shapes(&[self.shape()])
            .rule("an index has a number for each axis, from 0 to one less than its length"));
        };
        let _guard = guard::acquire(&[&self.storage], &[]);
        Ok(self.read_at(place))
    }

    /// Every element in C order, as scalars of any dtype.
    pub fn scalars(&self) -> Result<Vec<Scalar>> {
        let dense = self.detach().copied()?;
        Ok((0..self.len()).map(|i| dense.read_at(i)).collect())
    }

    fn read_at(&self, place: usize) -> Scalar {
        let size = self.dtype.size();
        let mut bytes = [0u8; 16];
        // SAFETY: the layout gave the place, so it lies within the buffer.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.base().add(place * size).cast_const(),
                bytes.as_mut_ptr(),
                size,
            )
        };
        Scalar::from_bytes(self.dtype, &bytes)
    }

    /// What `print` takes: the elements by index.
    fn printed<R>(&self, f: impl FnOnce(&Printed<'_>) -> R) -> R {
        let _guard = guard::acquire(&[&self.storage], &[]);
        let get = |index: &[usize]| {
            self.layout
                .index_of(index)
                .map_or(Scalar::Bool(false), |place| self.read_at(place))
        };
        f(&Printed {
            dtype: self.dtype,
            shape: self.shape(),
            get: &get,
        })
    }

    /// As NumPy's `str` writes it.
    pub fn display(&self) -> String {
        self.printed(|p| print::to_string(p, &print::get_options()))
    }

    /// As [`Raw::display`], with options of the caller's.
    pub fn display_with(&self, options: &print::Options) -> String {
        self.printed(|p| print::to_string(p, options))
    }

    /// As NumPy's `repr` writes it, between a prefix such as `array(` and a suffix.
    pub fn repr(&self, prefix: &str, suffix: &str) -> String {
        self.printed(|p| print::repr(p, prefix, suffix, &print::get_options()))
    }

    fn expect_dtype(&self, op: &'static str, dtype: DType) -> Result<()> {
        if self.dtype == dtype {
            return Ok(());
        }
        Err(Error::dtype(
            op,
            format!("the elements are {}, not {}", self.dtype, dtype),
        )
        .dtypes(&[self.dtype, dtype])
        .rule("elements leave a tensor as what they are")
        .hint(format!("convert first: `.cast::<{}>()`", dtype.rust_name())))
    }
}

fn part_takes(part: &Layout, source: &Raw) -> Result<()> {
    let broadcast = source.layout.broadcast_to(part.shape());
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
        .hint("drop the axes of length 1: `.squeeze()`"));
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
    .hint(format!(
        "convert explicitly: `.cast::<{}>()` (Python: `.astype('{}')`)",
        to.rust_name(),
        to.name()
    )))
}
