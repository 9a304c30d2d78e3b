//! From indices of a tensor to indices of its buffer, one element at a time.

use super::{Dims, Layout};

impl Layout {
    /// Index in the buffer of the element at `index`; `None` when `index` is outside the shape.
    #[inline]
    pub fn index_of(&self, index: &[usize]) -> Option<usize> {
        let (shape, strides) = (&self.shape[..], &self.strides[..]);
        // of one length, which a caller's array makes known: no loop is left
        if shape.len() != index.len() || strides.len() != index.len() {
            return None;
        }
        let mut at = self.offset;
        for axis in 0..index.len() {
            if index[axis] >= shape[axis] {
                return None;
            }
            at = at.wrapping_add(index[axis].wrapping_mul(strides[axis] as usize));
        }
        Some(at)
    }

    /// As [`Layout::index_of`] of a layout of few axes, which has them within itself: a caller's array then leaves one comparison
    /// of lengths. `None` of all others.
    #[inline]
    pub(crate) fn index_of_few(&self, index: &[usize]) -> Option<usize> {
        if self.shape.spilled() || self.strides.spilled() {
            return None;
        }
        self.index_of(index)
    }

    /// Index in the buffer of each element, in C order of the elements.
    ///
    /// ```
    /// use civita_core::layout::Layout;
    /// let t = Layout::contiguous(&[2, 3])?.transpose();
    /// assert_eq!(t.indices().collect::<Vec<_>>(), [0, 3, 1, 4, 2, 5]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    pub fn indices(&self) -> Indices<'_> {
        Indices {
            layout: self,
            index: Dims::from_elem(0, self.rank()),
            at: self.offset as isize,
            left: self.len,
        }
    }
}

/// What [`Layout::indices`] gives.
#[derive(Clone, Debug)]
pub struct Indices<'a> {
    layout: &'a Layout,
    index: Dims,
    at: isize,
    left: usize,
}

impl Iterator for Indices<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let now = self.at as usize;
        let Layout { shape, strides, .. } = self.layout;
        for axis in (0..shape.len()).rev() {
            self.index[axis] += 1;
            self.at = self.at.wrapping_add(strides[axis]);
            if self.index[axis] < shape[axis] {
                break;
            }
            self.index[axis] = 0;
            self.at = self
                .at
                .wrapping_sub((shape[axis] as isize).wrapping_mul(strides[axis]));
        }
        Some(now)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Indices<'_> {}
