//! How values leave the engine: numbers, slices, text. All of it goes through [`Raw::concrete`].

use super::Raw;
use crate::device::Device;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::primitive::host;
use crate::print::{self, Source as Printed};
use crate::storage::Access;

impl Raw {
    /// The elements in C order.
    ///
    /// # Errors
    /// When `T` is another dtype, and when there is no memory for them.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.expect_dtype("to_vec", T::DTYPE)?;
        let mut all = room_for(self.len())?;
        // bytes that others may change, or that are no booleans, are not read as `T`
        all.extend_from_slice(host::slice::<T>(&host::owned(&self.concrete("to_vec")?)?));
        Ok(all)
    }

    /// Appends the elements to a vector, in one copy. Returns false where that is not one: where they do not lie in C order, are
    /// of another dtype, or a transformation or a gradient looks at the tensor.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_slice(&[1.0, 2.0], &[2])?;
    /// let mut all = vec![0.5];
    /// assert!(x.append_to(&mut all)? && !x.append_to(&mut vec![1_i64])?);
    /// assert_eq!(all, [0.5, 1.0, 2.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no memory.
    pub fn append_to<T: Element + Default>(&self, all: &mut Vec<T>) -> Result<bool> {
        if self.dtype() != T::DTYPE || !self.is_plain() || !self.layout.is_contiguous() {
            return Ok(false);
        }
        let (start, len) = (all.len(), self.len());
        if all.try_reserve(len).is_err() {
            // its text is that of all other places that need memory
            room_for::<T>(start.saturating_add(len))?;
        }
        if self.storage.access() == Access::Owned || T::DTYPE == DType::Bool {
            all.extend_from_slice(host::slice::<T>(&host::owned(self)?));
        } else {
            all.resize(start + len, T::default());
            host::read_guarded(self, &mut all[start..]);
        }
        Ok(true)
    }

    /// The elements in C order in memory that nobody writes, which [`Raw::as_slice`] lends: this tensor where it is so, else a copy.
    ///
    /// # Errors
    /// When there is no memory, or the values are not known (inside `vmap` and `trace`).
    pub fn owned(&self) -> Result<Raw> {
        host::owned(&self.concrete("owned")?)
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
        if self.device() != Device::Cpu {
            return Err(on_device("as_slice", self.device()));
        }
        self.concrete("as_slice")?;
        Ok(host::slice(self))
    }

    /// The memory from the lowest to the highest element, without a copy, and where in it the first one is; the layout's
    /// strides lead from there.
    ///
    /// # Errors
    /// As [`Raw::as_slice`], but for elements in another order.
    pub fn as_span<T: Element>(&self) -> Result<(&[T], usize)> {
        self.expect_dtype("as_span", T::DTYPE)?;
        self.concrete("as_span")?;
        if self.storage.access() != Access::Owned {
            return Err(Error::aliasing(
                "as_span",
                "the memory is shared with code that may write it",
            )
            .hint("copy the elements out: `.to_vec()`"));
        }
        Ok(host::span(self))
    }

    /// A reference to one element of a tensor without tags, in memory that does not change; of others what `other` says, which calls
    /// [`Raw::element`].
    #[inline]
    pub fn element_or<'a, T: Element>(
        &'a self,
        index: &[usize],
        other: impl FnOnce(&'a Raw) -> Result<&'a T>,
    ) -> Result<&'a T> {
        let plain =
            self.is_plain() && self.dtype() == T::DTYPE && self.storage.access() == Access::Owned;
        match self.layout.index_of_few(index) {
            Some(place) if plain => Ok(host::element_ref(self, place)),
            _ => other(self),
        }
    }

    /// As [`Raw::element_or`], to be written: of the only handle on the memory; `other` calls [`Raw::element_mut`].
    #[inline]
    pub fn element_mut_or<'a, T: Element>(
        &'a mut self,
        index: &[usize],
        other: impl FnOnce(&'a mut Raw) -> Result<&'a mut T>,
    ) -> Result<&'a mut T> {
        let plain = self.is_plain()
            && self.dtype() == T::DTYPE
            && self.is_sole_owner()
            && !self.layout.has_internal_overlap();
        match self.layout.index_of_few(index) {
            Some(place) if plain => Ok(host::element_mut(self, place)),
            _ => other(self),
        }
    }

    /// A reference to one element.
    ///
    /// # Errors
    /// When there is no such element, `T` is another dtype, the value is not known (inside `vmap` and `trace`), or the memory
    /// may change under the reference.
    pub fn element<T: Element>(&self, index: &[usize]) -> Result<&T> {
        if self.dtype() == T::DTYPE
            && self.storage.access() == Access::Owned
            && (self.is_plain() || self.device() == Device::Cpu && self.opaque().is_none())
            && let Some(place) = self.layout.index_of(index)
        {
            return Ok(host::element_ref(self, place));
        }
        Err(self.no_element::<T>(index))
    }

    /// A reference to the only element of a tensor without tags, in memory that does not change. `None` is for [`Raw::item`], which
    /// knows all others.
    #[inline]
    pub fn only_element<T: Element>(&self) -> Option<&T> {
        let plain = self.dtype() == T::DTYPE
            && self.layout.len() == 1
            && self.is_plain()
            && self.storage.access() == Access::Owned;
        // the place of the only element is where all indices are 0
        plain.then(|| host::element_ref(self, self.layout.offset()))
    }

    /// A reference to one element, to be written; the elements are copied first if other handles share them.
    ///
    /// # Errors
    /// As [`Raw::element`], and when the tensor is tracked.
    pub fn element_mut<T: Element>(&mut self, index: &[usize]) -> Result<&mut T> {
        if !(self.dtype() == T::DTYPE && self.is_plain() && self.is_sole_owner())
            || self.layout.has_internal_overlap()
        {
            self.prepare_slice::<T>("index", false)?;
        }
        match self.layout.index_of(index) {
            Some(place) => Ok(host::element_mut(self, place)),
            None => Err(self.no_element::<T>(index)),
        }
    }

    /// The elements in C order, to be written; copied first if other handles share them or they lie otherwise.
    ///
    /// # Errors
    /// When `T` is another dtype, the tensor is tracked, or the memory is shared with code that may write it.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        self.prepare_slice::<T>("as_mut_slice", true)?;
        Ok(host::slice_mut(self))
    }

    /// Makes this the only handle on Owned memory of its own, in C order if asked for.
    fn prepare_slice<T: Element>(&mut self, op: &'static str, in_order: bool) -> Result<()> {
        self.expect_dtype(op, T::DTYPE)?;
        if self.device() != Device::Cpu {
            return Err(on_device(op, self.device()));
        }
        if !self.is_plain() {
            self.concrete(op)?;
            return Err(Error::gradient(
                op,
                "a slice of a tensor that tracks a gradient cannot be written",
            )
            .rule("a graph does not see what is written through a reference")
            .hint("write into a constant: `.detach()`"));
        }
        if self.storage.access() != Access::Owned {
            return Err(
                Error::aliasing(op, "the memory is shared with code that may write it")
                    .hint("write into a copy: `.copy()`"),
            );
        }
        if self.layout.has_internal_overlap() || in_order && !self.layout.is_contiguous() {
            *self = self.copied()?;
        }
        self.make_unique()?;
        self.storage.bump_version();
        Ok(())
    }

    #[cold]
    fn no_element<T: Element>(&self, index: &[usize]) -> Error {
        let checked = self
            .expect_dtype("index", T::DTYPE)
            .and_then(|_| self.concrete("index").map(drop));
        if let Err(error) = checked {
            return error;
        }
        if self.device() != Device::Cpu {
            return on_device("index", self.device());
        }
        if self.storage.access() != Access::Owned {
            return Error::aliasing(
                "index",
                "the memory is shared with code that may write it, so there are no references to it",
            )
            .hint(format!("read the value: `.at({index:?})`"));
        }
        Error::index(
            "index",
            format!(
                "there is no element {} in shape {}",
                shape_text(index),
                shape_text(self.shape())
            ),
        )
        .shapes(&[self.shape()])
        .rule("an index has a number for each axis, from 0 to one less than its length")
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
            .hint_in(
                "`.to_vec()` returns all elements; an index picks one",
                "`.tolist()` returns all elements; an index picks one",
            ));
        }
        if self.is_plain() {
            // the place of the only element is where all indices are 0
            return Ok(host::element(self, self.layout.offset()));
        }
        if self.opaque().is_some() {
            self.concrete("item")?;
        }
        self.at(&vec![0; self.rank()])
    }

    /// The element at an index, one number for each axis.
    ///
    /// # Errors
    /// When there is no such element.
    pub fn at(&self, index: &[usize]) -> Result<Scalar> {
        if self.is_plain()
            && let Some(place) = self.layout.index_of(index)
        {
            return Ok(host::element(self, place));
        }
        let value = self.concrete("at")?;
        let Some(place) = value.layout.index_of(index) else {
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
        Ok(host::element(&value, place))
    }

    /// The element at a place of the buffer that [`Layout::index_of`](crate::layout::Layout::index_of) gave, of a tensor
    /// without tags.
    pub fn value_at(&self, place: usize) -> Scalar {
        debug_assert!(self.is_plain());
        host::element(self, place)
    }

    /// Returns true where no transformation looks at it, no gradient reaches it, and its elements lie where the host reads them.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.tag.is_none() && self.device() == Device::Cpu
    }

    /// Every element in C order, as scalars of any dtype.
    pub fn scalars(&self) -> Result<Vec<Scalar>> {
        let mut all = room_for(self.len())?;
        let dense = host::owned(&self.concrete("to_vec")?)?;
        let first = dense.layout.offset();
        all.extend((0..self.len()).map(|i| host::element(&dense, first + i)));
        Ok(all)
    }

    /// What `print` takes: the elements by index.
    fn printed<R>(&self, f: impl FnOnce(&Printed<'_>) -> R) -> Result<R> {
        let value = self.untagged().to_device(Device::Cpu)?;
        Ok(host::reading(&value, |element| {
            let get = |index: &[usize]| {
                value
                    .layout
                    .index_of(index)
                    .map_or(Scalar::Bool(false), element)
            };
            f(&Printed {
                dtype: self.dtype(),
                shape: value.shape(),
                get: &get,
            })
        }))
    }

    fn text(&self, f: impl FnOnce(&Printed<'_>) -> Result<String>) -> String {
        self.text_or_error(f)
            .unwrap_or_else(|error| format!("<{error}>"))
    }

    fn text_or_error(&self, f: impl FnOnce(&Printed<'_>) -> Result<String>) -> Result<String> {
        match self.hidden_text() {
            Some(text) => Ok(text),
            None => self.printed(f)?,
        }
    }

    /// What is written of a tensor whose value cannot be read: that it stands for a batch, or for a variable of a trace.
    fn hidden_text(&self) -> Option<String> {
        let how = self.opaque()?;
        let shape = shape_text(self.shape());
        Some(format!(
            "<{how} tensor, shape {shape}, dtype {}>",
            self.dtype()
        ))
    }

    /// As NumPy's `str` writes it.
    pub fn display(&self) -> String {
        self.text(|p| print::to_string(p, &print::get_options()))
    }

    /// As [`Raw::display`], with options of the caller's.
    pub fn display_with(&self, options: &print::Options) -> String {
        self.text(|p| print::to_string(p, options))
    }

    /// The bracketed elements, as they stand behind `indent` characters in lines of `width` (NumPy's `array2string`).
    ///
    /// # Errors
    /// When there is no memory for the text.
    pub fn array_text(
        &self,
        separator: &str,
        indent: usize,
        width: usize,
        options: &print::Options,
    ) -> Result<String> {
        self.text_or_error(|p| print::array_text(p, separator, indent, width, options))
    }

    /// The elements that a text of the tensor shows, in their order.
    ///
    /// # Errors
    /// Under `vmap` and `trace`, and when there is no memory for them.
    pub fn shown(&self, options: &print::Options) -> Result<Vec<Scalar>> {
        self.concrete("print")?;
        self.printed(|p| print::shown(p, options))?
    }

    /// As [`Raw::repr`], with options of the caller's.
    pub fn repr_with(&self, prefix: &str, suffix: &str, options: &print::Options) -> String {
        self.text(|p| print::repr(p, prefix, suffix, options))
    }

    /// As NumPy's `repr` writes it, between a prefix such as `array(` and a suffix.
    pub fn repr(&self, prefix: &str, suffix: &str) -> String {
        self.text(|p| print::repr(p, prefix, suffix, &print::get_options()))
    }

    fn expect_dtype(&self, op: &'static str, dtype: DType) -> Result<()> {
        if self.dtype() == dtype {
            return Ok(());
        }
        Err(Error::dtype(
            op,
            format!("the elements are {}, not {}", self.dtype(), dtype),
        )
        .dtypes(&[self.dtype(), dtype])
        .rule("elements leave a tensor as what they are")
        .hint_cast("convert first", dtype))
    }
}

/// An empty vector with room for so many elements.
fn room_for<T>(elements: usize) -> Result<Vec<T>> {
    let mut all = Vec::new();
    match all.try_reserve_exact(elements) {
        Ok(()) => Ok(all),
        Err(_) => Err(Error::memory(
            "to_vec",
            format!("cannot allocate {elements} elements"),
        )),
    }
}

#[cold]
fn on_device(op: &'static str, device: Device) -> Error {
    Error::device(
        op,
        format!("the elements lie in the memory of `{device}`, not the host's"),
    )
    .hint_in(
        "copy them first: `.to_device(Device::Cpu)`",
        "copy them first: `.to_device('cpu')`",
    )
}
