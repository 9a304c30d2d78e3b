//! Shape, strides and offset: where each element of a tensor lies in its buffer.
//!
//! All index arithmetic of the project lives here. It counts in elements, knows nothing of types or devices, and is
//! checked: a [`Layout`] that exists cannot overflow. What holds for every one of them:
//!
//! 1. The product of the lengths that are not zero is at most [`MAX_ELEMENTS`], so that no count of elements, nor of
//!    their bytes, overflows an `isize`.
//! 2. Every index that can be reached lies in the buffer that the layout was made for. Views only ever narrow that.
//! 3. A layout without elements is in normal form: C-order strides and offset 0. Nothing is ever computed from it.
//!
//! From 2 it follows that a stride of an axis longer than 1, times any step between two elements of that axis, fits an
//! `isize`. The stride of a shorter axis means nothing; it is kept because users can see it.

mod axis;
mod broadcast;
mod extent;
mod indices;
mod order;
mod reshape;
mod slice;
mod views;
mod walk;

use smallvec::SmallVec;

use crate::error::{Error, Result, shape_text};

pub use axis::{Axes, KeepDims, normalize_axes, normalize_axis, reduced_shape};
pub use broadcast::broadcast_shapes;
pub use indices::Indices;
pub use order::Order;
pub(crate) use order::axes_by_strides;
pub use reshape::resolve_shape;
pub use slice::SliceItem;
pub use walk::Walk;

/// The axes that a layout holds without memory of its own. With four a tensor's handle has 128 bytes, which compilers
/// move by themselves; with six each move was a call of `memcpy`, a tenth of the cost of a small operation.
pub(crate) const INLINE: usize = 4;

/// Something for each axis; inline up to four of them.
pub type PerAxis<T> = SmallVec<[T; INLINE]>;
/// Lengths of axes; inline up to four of them.
pub type Dims = PerAxis<usize>;
/// Steps between neighbours along each axis, in elements; inline up to four of them.
pub type Strides = PerAxis<isize>;

/// The most elements that a tensor may have: as many of the largest dtype (16 bytes) as `isize` counts bytes.
pub const MAX_ELEMENTS: usize = isize::MAX as usize / 16;

/// Where the elements of a tensor lie in its buffer: element `i` at `offset + Σ i[k]·strides[k]`.
///
/// Equal layouts have equal shapes, strides and offsets.
///
/// ```
/// use civita_core::layout::Layout;
/// let a = Layout::contiguous(&[2, 3])?;
/// assert_eq!(a.strides(), [3, 1]);
/// assert_eq!(a.transpose().strides(), [1, 3]);
/// assert_eq!(a.broadcast_to(&[4, 2, 3])?.strides(), [0, 3, 1]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Dims,
    strides: Strides,
    offset: usize,
    /// Product of `shape`.
    len: usize,
    /// C order, without regard to the strides of axes of length 1.
    contiguous: Flag,
}

/// A boolean of a word. The bytes that a struct ends with otherwise are moved in pieces that overlap, and a piece waits for the
/// one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Flag {
    No,
    Yes,
}

impl From<bool> for Flag {
    #[inline(always)]
    fn from(is: bool) -> Flag {
        match is {
            true => Flag::Yes,
            false => Flag::No,
        }
    }
}

impl Clone for Layout {
    #[inline]
    fn clone(&self) -> Layout {
        Layout {
            shape: inline(&self.shape),
            strides: inline(&self.strides),
            ..*self
        }
    }
}

impl Layout {
    /// A tensor of its own, in C order: the last axis has stride 1.
    ///
    /// # Errors
    /// When the lengths multiply to more than [`MAX_ELEMENTS`].
    #[inline]
    pub fn contiguous(shape: &[usize]) -> Result<Layout> {
        Layout::contiguous_then(shape, Ok)
    }

    /// [`Layout::contiguous`], and what `then` makes of it.
    ///
    /// Most ranks as words that the compiler keeps in registers until they are where they stay: an array that a loop has written
    /// is copied from memory, and a copy right after the writes waits for them longer than all of this takes.
    #[inline(always)]
    pub(crate) fn contiguous_then<R>(
        shape: &[usize],
        then: impl FnOnce(Layout) -> Result<R>,
    ) -> Result<R> {
        match *shape {
            [n] if n > 0 && n <= MAX_ELEMENTS => then(Layout::of_axes([(n, 1)], 0, n)),
            [m, n] if m > 0 && n > 0 && m.checked_mul(n).is_some_and(|len| len <= MAX_ELEMENTS) => {
                then(Layout::of_axes([(m, n as isize), (n, 1)], 0, m * n))
            }
            _ => then(Layout::contiguous_dims(inline(shape))?),
        }
    }

    /// As [`Layout::contiguous`], of a shape that is already there.
    #[inline]
    pub(crate) fn contiguous_dims(shape: Dims) -> Result<Layout> {
        let len = checked_len("layout", &shape)?;
        let strides = c_strides(&shape);
        Ok(Layout {
            shape,
            strides,
            offset: 0,
            len,
            contiguous: Flag::Yes,
        })
    }

    /// The layout of a contiguous one from the start of a buffer of its own.
    #[inline]
    pub(crate) fn dense_like(like: &Layout) -> Layout {
        debug_assert!(like.is_contiguous());
        Layout {
            shape: inline(&like.shape),
            strides: inline(&like.strides),
            offset: 0,
            ..*like
        }
    }

    /// Whether the lengths of the axes are the same. The standard comparison of slices is a call, which takes longer than all of
    /// a few axes.
    #[inline]
    pub(crate) fn has_shape_of(&self, other: &Layout) -> bool {
        let (a, b) = (self.shape(), other.shape());
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
    }

    /// A tensor of rank 0: one element, at offset 0.
    #[inline]
    pub fn scalar() -> Layout {
        let (shape, strides) = (Dims::new(), Strides::new());
        Layout {
            shape,
            strides,
            offset: 0,
            len: 1,
            contiguous: Flag::Yes,
        }
    }

    /// One element, with this many axes.
    pub(crate) fn ones(rank: usize) -> Layout {
        Layout {
            shape: sized(rank, 1),
            strides: sized(rank, 1),
            ..Layout::scalar()
        }
    }

    /// A layout from outside (NumPy, DLPack, a file) over a buffer of `buffer_len` elements.
    ///
    /// # Errors
    /// When `shape` and `strides` differ in length, when the shape overflows, or when some index reaches outside
    /// `0..buffer_len`.
    pub fn from_parts(
        shape: &[usize],
        strides: &[isize],
        offset: usize,
        buffer_len: usize,
    ) -> Result<Layout> {
        if shape.len() != strides.len() {
            let problem = format!(
                "the shape {} has {} axes but there are {} strides",
                shape_text(shape),
                shape.len(),
                strides.len()
            );
            return Err(Error::shape("layout", problem).shapes(&[shape]));
        }
        let len = checked_len("layout", shape)?;
        if len == 0 {
            return Ok(Layout::derived_with(
                Dims::from_slice(shape),
                Strides::new(),
                0,
                0,
            ));
        }
        let (mut low, mut high) = (offset as i128, offset as i128);
        for (&n, &stride) in shape.iter().zip(strides) {
            // at most 2⁵⁹·2⁶³ each, and all but a few lengths are 1
            let reach = (n as i128 - 1) * stride as i128;
            if reach < 0 {
                low += reach
            } else {
                high += reach
            }
        }
        if low < 0 || high >= buffer_len.min(isize::MAX as usize) as i128 {
            let problem = format!(
                "shape {} with strides {strides:?} and offset {offset} reaches the elements {low} to {high} of a \
                 buffer of {buffer_len}",
                shape_text(shape)
            );
            return Err(Error::index("layout", problem)
                .shapes(&[shape])
                .rule("every element must lie inside the buffer"));
        }
        // a stride that is never walked may be anything, but must not overflow when it is negated or shown in bytes
        let tame = |(&n, &s): (&usize, &isize)| {
            if n == 1 && s.unsigned_abs() > MAX_ELEMENTS {
                0
            } else {
                s
            }
        };
        let strides = shape.iter().zip(strides).map(tame).collect();
        Ok(Layout::derived_with(
            Dims::from_slice(shape),
            strides,
            offset as isize,
            len,
        ))
    }

    /// A view made by this module out of a valid layout.
    ///
    /// # Errors
    /// When the lengths multiply to more than [`MAX_ELEMENTS`] (a view may repeat elements).
    fn derived(op: &'static str, shape: Dims, strides: Strides, offset: isize) -> Result<Layout> {
        let len = checked_len(op, &shape)?;
        Ok(Layout::derived_with(shape, strides, offset, len))
    }

    /// As [`Layout::derived`], of a known number of elements.
    #[inline]
    fn derived_with(shape: Dims, strides: Strides, offset: isize, len: usize) -> Layout {
        if len == 0 {
            let strides = c_strides(&shape);
            return Layout {
                shape,
                strides,
                offset: 0,
                len,
                contiguous: Flag::Yes,
            };
        }
        debug_assert!(offset >= 0 && shape.len() == strides.len());
        let contiguous = is_c_order(&shape, &strides).into();
        Layout {
            shape,
            strides,
            offset: offset as usize,
            len,
            contiguous,
        }
    }

    /// A view of `rank` axes, each with a length and a stride, and what `then` makes of it.
    ///
    /// A view costs less than moving it: a copy waits for the words that were written just before, and on its way to a caller a
    /// layout is copied three or four times. Of up to three axes all is in registers here, and is written where `then` puts it.
    #[inline(always)]
    fn viewed<R>(
        rank: usize,
        offset: isize,
        len: usize,
        axis: impl Fn(usize) -> (usize, isize),
        then: impl FnOnce(Layout) -> R,
    ) -> R {
        match rank {
            1 => then(Layout::of_axes([axis(0)], offset, len)),
            2 => then(Layout::of_axes([axis(0), axis(1)], offset, len)),
            3 => then(Layout::of_axes([axis(0), axis(1), axis(2)], offset, len)),
            _ => {
                let shape = by_axis(rank, |k| axis(k).0);
                let strides = by_axis(rank, |k| axis(k).1);
                then(Layout::derived_with(shape, strides, offset, len))
            }
        }
    }

    /// As [`Layout::derived_with`], of lengths and strides in registers.
    #[inline(always)]
    fn of_axes<const N: usize>(axes: [(usize, isize); N], offset: isize, len: usize) -> Layout {
        let shape = axes.map(|(n, _)| n);
        let mut strides = axes.map(|(_, stride)| stride);
        if len == 0 {
            let mut step = 1;
            for (stride, n) in strides.iter_mut().zip(shape).rev() {
                *stride = step as isize;
                step *= n.max(1);
            }
        }
        Layout {
            shape: inline(&shape),
            strides: inline(&strides),
            offset: if len == 0 { 0 } else { offset as usize },
            len,
            contiguous: (len == 0 || is_c_order(&shape, &strides)).into(),
        }
    }

    /// The same, so many elements further on, given to `then`; one without elements stays where it is.
    ///
    /// A vector, which most parts of an axis are, is put together from words in registers where `then` wants it. What two branches
    /// of a `match` made would be moved there, by registers that wait for the words just written.
    #[inline(always)]
    pub(crate) fn shifted_then<R>(&self, by: isize, then: impl FnOnce(Layout) -> R) -> R {
        let offset = match self.len {
            0 => self.offset,
            _ => (self.offset as isize).wrapping_add(by) as usize,
        };
        match (self.shape(), self.strides()) {
            (&[n], &[stride]) => then(Layout {
                shape: SmallVec::from_buf_and_len([n, 0, 0, 0], 1),
                strides: SmallVec::from_buf_and_len([stride, 0, 0, 0], 1),
                offset,
                ..*self
            }),
            _ => then(Layout {
                offset,
                ..self.clone()
            }),
        }
    }

    /// Lengths of the axes.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Steps along the axes, in elements; 0 repeats, negative walks back.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Index of the first element in the buffer.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true where there are no elements.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns true where the elements lie one after the other in C order. Strides of axes of length 1 do not matter; a layout
    /// without elements is contiguous.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.contiguous == Flag::Yes
    }
}

/// `SmallVec::from_slice` without its call to `memcpy`, which costs more than the copy for the usual ranks.
#[inline]
pub(crate) fn inline<T: Copy + Default>(values: &[T]) -> SmallVec<[T; INLINE]> {
    let o = T::default();
    match *values {
        [] => SmallVec::new(),
        [a] => SmallVec::from_buf_and_len([a, o, o, o], 1),
        [a, b] => SmallVec::from_buf_and_len([a, b, o, o], 2),
        [a, b, c] => SmallVec::from_buf_and_len([a, b, c, o], 3),
        [a, b, c, d] => SmallVec::from_buf_and_len([a, b, c, d], 4),
        _ => SmallVec::from_slice(values),
    }
}

/// `(0..rank).map(f).collect()`, which pushes one by one, from registers where that fits.
#[inline]
fn by_axis<T: Copy + Default>(rank: usize, mut f: impl FnMut(usize) -> T) -> SmallVec<[T; INLINE]> {
    // words, for what a loop writes is copied from memory
    match rank {
        0 => SmallVec::new(),
        1 => inline(&[f(0)]),
        2 => inline(&[f(0), f(1)]),
        3 => inline(&[f(0), f(1), f(2)]),
        4 => inline(&[f(0), f(1), f(2), f(3)]),
        _ => (0..rank).map(f).collect(),
    }
}

/// `SmallVec::from_elem`, which pushes one by one, from an array where that fits.
#[inline]
fn sized<T: Copy>(len: usize, value: T) -> SmallVec<[T; INLINE]> {
    if len <= INLINE {
        SmallVec::from_buf_and_len([value; INLINE], len)
    } else {
        SmallVec::from_elem(value, len)
    }
}

/// Number of elements of `shape`, if no count in it can overflow.
#[inline]
pub(crate) fn checked_len(op: &'static str, shape: &[usize]) -> Result<usize> {
    let mut product = 1usize;
    let mut empty = false;
    for &n in shape {
        if n == 0 {
            empty = true;
            continue;
        }
        product = match product.checked_mul(n) {
            Some(p) if p <= MAX_ELEMENTS => p,
            _ => return Err(too_large(op, shape)),
        };
    }
    Ok(if empty { 0 } else { product })
}

#[cold]
fn too_large(op: &'static str, shape: &[usize]) -> Error {
    let problem = format!(
        "the shape {} has more elements than memory has addresses",
        shape_text(shape)
    );
    Error::shape(op, problem).shapes(&[shape]).rule(format!(
        "the lengths that are not 0 must multiply to at most {MAX_ELEMENTS}"
    ))
}

/// Strides of C order. Lengths of 0 count as 1, as in NumPy. The product must have been checked.
#[inline]
fn c_strides(shape: &[usize]) -> Strides {
    let mut strides: Strides = sized(shape.len(), 1);
    let mut step = 1usize;
    for (stride, &n) in strides.iter_mut().zip(shape).rev() {
        *stride = step as isize;
        step *= n.max(1);
    }
    strides
}

/// Whether `strides` walk a block of `shape` in C order. For shapes without a 0.
#[inline]
fn is_c_order(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1;
    for (&n, &stride) in shape.iter().zip(strides).rev() {
        if n != 1 {
            if stride != step {
                return false;
            }
            step *= n as isize;
        }
    }
    true
}

#[cfg(test)]
mod tests;
