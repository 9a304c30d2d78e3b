//! The same bytes as elements of another dtype: NumPy's `a.view(dtype)`.

use super::Raw;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::{Dims, Layout, Strides};
use crate::storage::Access;

impl Raw {
    /// The bytes as elements of another dtype, without a copy. A dtype of another size changes the length of the last
    /// axis, which must then be contiguous.
    ///
    /// ```
    /// use civita_core::{dtype::DType, raw::Raw};
    /// let x = Raw::from_vec(vec![1.0f32, -2.0], &[2])?;
    /// assert_eq!(x.reinterpret(DType::U32)?.to_vec::<u32>()?, [0x3f80_0000, 0xc000_0000]);
    /// assert_eq!(x.reinterpret(DType::U8)?.shape(), [8]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the last axis does not divide into elements of the dtype, is not contiguous or not aligned to them; when the
    /// tensor is tracked, batched or traced.
    pub fn reinterpret(&self, dtype: DType) -> Result<Raw> {
        const OP: &str = "view";
        if !self.is_plain() {
            self.concrete(OP)?;
            return Err(Error::gradient(
                OP,
                "the bytes of a tensor that requires a gradient have no derivative",
            )
            .hint("view a constant: `.detach()`"));
        }
        if dtype == self.dtype() {
            return Ok(self.clone());
        }
        if dtype == DType::Bool && self.storage.access() == Access::Owned {
            // other bytes than 0 and 1 must not become a Rust `bool`
            return self.clone().into_aliased()?.reinterpret(dtype);
        }
        let (old, new) = (self.dtype().size(), dtype.size());
        let layout = &self.layout;
        let (mut shape, mut strides) = (
            Dims::from_slice(layout.shape()),
            Strides::from_slice(layout.strides()),
        );
        if old != new {
            let (Some(n), Some(step)) = (shape.last_mut(), strides.last_mut()) else {
                return Err(Error::shape(
                    OP,
                    "Changing the dtype of a 0d array is only supported if the itemsize is unchanged",
                ));
            };
            let bytes = *n * old;
            if layout.len() > 1 && *n != 1 && *step != 1 {
                return Err(Error::shape(
                    OP,
                    "To change to a dtype of a different size, the last axis must be contiguous",
                )
                .shapes(&[layout.shape()]));
            }
            if bytes % new != 0 {
                return Err(Error::shape(
                    OP,
                    "When changing to a larger dtype, its size must be a divisor of the total size in bytes of the last \
                     axis of the array.",
                )
                .shapes(&[layout.shape()])
                .dtypes(&[self.dtype(), dtype]));
            }
            *n = bytes / new;
            *step = 1;
        }
        let last = strides.len().wrapping_sub(1);
        let whole = |bytes: isize| -> Option<isize> {
            (bytes % new as isize == 0).then_some(bytes / new as isize)
        };
        let mut aligned = true;
        for (axis, stride) in strides.iter_mut().enumerate() {
            if old == new || axis == last {
                continue;
            }
            let steps = stride.checked_mul(old as isize).and_then(whole);
            match steps {
                Some(steps) => *stride = steps,
                None if shape[axis] <= 1 => *stride = 1,
                None => aligned = false,
            }
        }
        let offset = layout.offset() * old;
        let align = dtype.to_real().size();
        aligned &= offset.is_multiple_of(new) && self.base().addr().is_multiple_of(align);
        if !aligned && !layout.is_empty() {
            return Err(Error::aliasing(
                OP,
                format!("the elements do not lie at multiples of the {new} bytes of a {dtype}"),
            )
            .dtypes(&[self.dtype(), dtype])
            .rule("elements lie at multiples of their size")
            .hint("view a copy: `.copy()`"));
        }
        let layout = Layout::from_parts(&shape, &strides, offset / new, self.storage.len() / new)?;
        Ok(Raw::new(self.storage.clone(), layout, dtype).marked_as(self))
    }

    /// As [`Raw::reinterpret`], of an array beside which others see the memory in its own dtype: what transformations follow is not
    /// written through it.
    ///
    /// # Errors
    /// As [`Raw::reinterpret`].
    pub fn seen_as(&self, dtype: DType) -> Result<Raw> {
        let view = self.reinterpret(dtype)?;
        Ok(match dtype == self.dtype() {
            true => view,
            false => view.recast_as(self),
        })
    }

    /// The buffer seen through any shape and strides (in elements), from the first element on: NumPy's `as_strided`, held to the
    /// buffer.
    ///
    /// # Errors
    /// When an element lies outside of the buffer; when the tensor is tracked, batched or traced.
    pub fn restrided(&self, shape: &[usize], strides: &[isize]) -> Result<Raw> {
        const OP: &str = "as_strided";
        if !self.is_plain() {
            self.concrete(OP)?;
            return Err(Error::gradient(
                OP,
                "a view that reaches beyond its elements has no derivative",
            )
            .hint("slice the tensor, or `.detach()` it"));
        }
        let elements = self.storage.len() / self.dtype().size();
        let layout = Layout::from_parts(shape, strides, self.layout.offset(), elements)
            .map_err(|e| e.in_op(OP))?;
        Ok(self.with_layout(layout))
    }
}
