//! `Raw`, the untyped tensor: storage, layout, dtype, device, and the tags of the transformations that look at it.
//!
//! Every operation on it makes a primitive and binds it; the typed API and the Python bindings are shells around these
//! methods. Every function here returns a `Result`, and none panics on arguments from outside.

mod copy;
mod create;
mod elementwise;
mod gather;
mod index;
mod join;
mod leave;
mod matmul;
mod order;
mod reduce;
mod reinterpret;
mod view;

pub use create::Endpoint;
pub(crate) use elementwise::strong;
pub use elementwise::{Operand, apply_in_place, write_elementwise};
pub use gather::Mode;
pub use index::Key;
pub(crate) use order::place_of;
pub use reduce::ReduceOptions;
pub use view::Lines;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::Result;
use crate::layout::Layout;
use crate::primitive::Spec;
use crate::storage::{Access, Storage};
use crate::transform::TagRef;

/// An n-dimensional array whose element type and rank are known at run time only.
///
/// A clone is another handle on the same value; its bytes are shared. `Owned` values never change under a handle: a
/// write copies first when others hold the bytes. `Aliased` ones, which Python makes, change for all views at once.
#[derive(Clone)]
pub struct Raw {
    storage: Storage,
    layout: Layout,
    marks: Marks,
    tag: Option<TagRef>,
}

/// The dtype, the device, and what is true of this view of the memory and of the views that are made of it, in one word.
///
/// A tensor is moved with registers of sixteen bytes, and bytes that were written one by one are not there yet when they are moved
/// right after: a move cost four nanoseconds.
#[derive(Clone, Copy)]
struct Marks(usize);

impl Marks {
    /// It is read-only, whatever the buffer allows. Below this bit is the number of the dtype.
    const FROZEN: usize = 1 << 8;
    /// It stands apart from what its memory's other handles track.
    const APART: usize = 1 << 9;
    /// It sees the memory of another array in another dtype.
    const RECAST: usize = 1 << 10;
    /// An operand that was no tensor: the memory is another library's, whose user may write it after the call.
    const LENT: usize = 1 << 11;
    /// It stands apart because it was made where nothing is recorded.
    const UNRECORDED: usize = 1 << 12;
    /// It stands for a scalar of NumPy's, which is never written.
    const NUMBER: usize = 1 << 13;
    /// From this bit on.
    const DEVICE: u32 = 16;

    #[inline(always)]
    fn new(dtype: DType, device: Device) -> Marks {
        Marks(dtype as usize | device.number() << Marks::DEVICE)
    }

    #[inline(always)]
    fn device(self) -> Device {
        Device::of_number(self.0 >> Marks::DEVICE)
    }

    #[inline(always)]
    fn dtype(self) -> DType {
        // SAFETY: `new` puts the number of a dtype there, and marks are other bits.
        unsafe { std::mem::transmute::<u8, DType>(self.0 as u8) }
    }

    #[inline(always)]
    fn has(self, mark: usize) -> bool {
        self.0 & mark != 0
    }

    #[inline(always)]
    fn with(self, mark: usize, on: bool) -> Marks {
        Marks(if on { self.0 | mark } else { self.0 & !mark })
    }
}

const _: () = {
    const fn threads_share<T: Send + Sync>() {}
    threads_share::<Raw>();
    // what compilers move without calling `memcpy`
    assert!(size_of::<Raw>() <= 128);
};

impl Raw {
    /// A tensor over these bytes.
    #[inline]
    pub(crate) fn new(storage: Storage, layout: Layout, dtype: DType) -> Raw {
        Raw {
            storage,
            layout,
            marks: Marks::new(dtype, Device::Cpu),
            tag: None,
        }
    }

    /// A tensor over memory of a device.
    #[cfg_attr(
        not(any(test, feature = "reference")),
        expect(dead_code, reason = "the CPU has no memory apart")
    )]
    pub(crate) fn on_device(storage: Storage, layout: Layout, dtype: DType) -> Raw {
        let device = storage.handle().map_or(Device::Cpu, |(device, _)| device);
        Raw {
            marks: Marks::new(dtype, device),
            ..Raw::new(storage, layout, dtype)
        }
    }

    /// The same elements seen through another layout, which lies within the same buffer; without tags.
    #[inline(always)]
    pub(crate) fn with_layout(&self, layout: Layout) -> Raw {
        self.with_parts(self.storage.clone(), layout)
    }

    /// As [`Raw::with_layout`], of a handle on the same buffer.
    #[inline(always)]
    fn with_parts(&self, storage: Storage, layout: Layout) -> Raw {
        debug_assert!(Storage::same_buffer(&storage, &self.storage));
        Raw {
            storage,
            layout,
            marks: self.marks,
            tag: None,
        }
    }

    /// A shape and a dtype without elements: a value that a graph did not keep. Reading it is an error.
    pub(crate) fn absent(spec: &Spec, device: Device) -> Result<Raw> {
        Ok(Raw {
            marks: Marks::new(spec.dtype, device),
            ..Raw::new(
                Storage::absent(),
                Layout::contiguous(&spec.shape)?,
                spec.dtype,
            )
        })
    }

    /// The newest tag.
    #[inline]
    pub(crate) fn tag(&self) -> Option<&TagRef> {
        self.tag.as_ref()
    }

    pub(crate) fn take_tag(&mut self) -> Option<TagRef> {
        self.tag.take()
    }

    pub(crate) fn set_tag(&mut self, tag: TagRef) {
        self.tag = Some(tag);
    }

    #[inline]
    pub(crate) fn with_tag(mut self, tag: Option<TagRef>) -> Raw {
        self.tag = tag;
        self
    }

    /// The value under all tags: its leading axes may be batches.
    #[inline]
    pub(crate) fn untagged(&self) -> Raw {
        Raw {
            tag: None,
            ..self.clone()
        }
    }

    #[inline]
    fn hidden(&self) -> usize {
        self.tag.as_ref().map_or(0, |tag| tag.hidden)
    }

    /// Lengths of the axes; those of batches under way are not shown.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.layout.shape()[self.hidden()..]
    }

    /// Number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        match self.hidden() {
            0 => self.layout.len(),
            _ => self.shape().iter().product(),
        }
    }

    /// Returns true where there are no elements. A trace remembers the answer, where values decide it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        if self.tag.is_some() {
            self.emptiness_is_read();
        }
        self.len() == 0
    }

    /// Type of the elements.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.marks.dtype()
    }

    /// Where the elements lie in the buffer, those of batches under way included.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The bytes.
    #[inline]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Returns true where the elements may be written: the buffer allows it, this view was not made read-only, and no two
    /// elements are the same memory.
    pub fn is_writable(&self) -> bool {
        self.storage.writable()
            && !self.is_frozen()
            && !self.is_out_of_record()
            && !self.layout.has_internal_overlap()
    }

    /// Returns true where this view was made read-only.
    #[inline]
    pub fn is_frozen(&self) -> bool {
        self.marks.has(Marks::FROZEN | Marks::NUMBER)
    }

    /// The same value, read-only or not: views of it are what it is (NumPy's `flags.writeable`).
    #[must_use]
    pub fn with_frozen(mut self, frozen: bool) -> Raw {
        self.set_frozen(frozen);
        self
    }

    /// As [`Raw::with_frozen`], of this handle.
    pub fn set_frozen(&mut self, frozen: bool) {
        self.marks = self.marks.with(Marks::FROZEN, frozen);
    }

    /// Whether it stands apart from what the other handles on its memory track: it was detached from a tracked array, or is a view that
    /// was made where nothing is recorded. It follows no write through them, and nothing tracked is written through it.
    #[inline]
    pub fn is_apart(&self) -> bool {
        self.marks.has(Marks::APART)
    }

    /// The same value, apart or not: views of it are what it is.
    #[must_use]
    pub fn with_apart(mut self, apart: bool) -> Raw {
        self.set_apart(apart);
        self
    }

    /// As [`Raw::with_apart`], of this handle.
    #[inline]
    pub fn set_apart(&mut self, apart: bool) {
        let marks = self.marks.with(Marks::UNRECORDED, false);
        self.marks = marks.with(Marks::APART, apart);
    }

    /// Apart, as a view of a tracked array that is made where nothing is recorded.
    pub(crate) fn set_unrecorded(&mut self) {
        self.marks = self.marks.with(Marks::APART | Marks::UNRECORDED, true);
    }

    /// Returns true for a view of a tracked array that was made inside `no_grad`, where gradients are recorded: a write through it would
    /// change what the graph does not see.
    #[inline]
    pub(crate) fn is_out_of_record(&self) -> bool {
        self.marks.has(Marks::UNRECORDED) && crate::transform::recording()
    }

    /// As another view of the same memory: read-only if that is, and apart if that is.
    pub(crate) fn marked_as(mut self, other: &Raw) -> Raw {
        const SHARED: usize = Marks::FROZEN | Marks::APART | Marks::UNRECORDED;
        self.marks = Marks(self.marks.0 & !SHARED | other.marks.0 & SHARED);
        self
    }

    /// As [`Raw::marked_as`], in another dtype than `other` has.
    pub(crate) fn recast_as(self, other: &Raw) -> Raw {
        let mut view = self.marked_as(other);
        view.marks = view.marks.with(Marks::RECAST, true);
        view
    }

    /// Returns true where it sees memory in another dtype than the array that the memory was made for.
    pub(crate) fn is_recast(&self) -> bool {
        self.marks.has(Marks::RECAST)
    }

    /// Returns true for an operand that was no tensor: see [`Raw::set_lent`].
    #[inline]
    pub fn is_lent(&self) -> bool {
        self.marks.has(Marks::LENT)
    }

    /// Says that this is an operand made for one call of an object of another library, whose memory it shares. What a gradient needs of
    /// it is kept in a copy.
    #[inline]
    pub fn set_lent(&mut self, lent: bool) {
        self.marks = self.marks.with(Marks::LENT, lent);
    }

    /// Returns true for a result that would be a scalar if nothing looked at it: see [`Raw::set_number`].
    #[inline]
    pub fn is_number(&self) -> bool {
        self.marks.has(Marks::NUMBER)
    }

    /// Says that it is a result without axes, of which NumPy makes a scalar: nobody writes into it, operators in place make another one.
    #[inline]
    pub fn set_number(&mut self, number: bool) {
        self.marks = self.marks.with(Marks::NUMBER, number);
    }

    /// Where it lives.
    #[inline]
    pub fn device(&self) -> Device {
        self.marks.device()
    }

    /// Makes new bytes Aliased, and whether this is the only handle on them.
    #[inline]
    pub fn alias_unique(&mut self) -> bool {
        self.storage.alias_unique()
    }

    /// Whether no other handle reaches the bytes.
    pub(crate) fn is_only_handle(&mut self) -> bool {
        self.storage.is_unique()
    }

    /// Whether it is the only handle on Owned bytes.
    #[inline]
    pub(crate) fn is_sole_owner(&mut self) -> bool {
        self.storage.access() == Access::Owned && self.storage.is_unique()
    }

    /// Address of the first byte of the buffer.
    #[inline]
    pub(crate) fn base(&self) -> *mut u8 {
        self.storage.ptr()
    }

    /// Address of the element at index 0 on every axis. It may be read under the rules of the storage's access.
    #[inline]
    pub fn ptr(&self) -> *mut u8 {
        // the offset of an empty view may be anywhere; wrapping keeps it a plain address
        self.base()
            .wrapping_add(self.layout.offset() * self.dtype().size())
    }

    /// The same value in memory that views alias: without a copy when nobody else holds the bytes.
    #[inline]
    pub fn into_aliased(mut self) -> Result<Raw> {
        if self.storage.access() != Access::Owned || self.storage.alias_unique() {
            return Ok(self);
        }
        Ok(Raw {
            storage: self.storage.into_aliased()?,
            ..self
        })
    }

    /// The same value in memory that never changes under a handle.
    pub fn into_owned(self) -> Result<Raw> {
        match self.storage.access() {
            Access::Owned => Ok(self),
            // ops that only move bytes (`take`, `where`) leave foreign booleans as others wrote them: other bytes than 0
            // and 1 must not become a Rust `bool`, and a copy turns them into these
            Access::Aliased if self.dtype() != DType::Bool => Ok(Raw {
                storage: self.storage.into_owned()?,
                marks: self
                    .marks
                    .with(Marks::APART | Marks::UNRECORDED | Marks::RECAST, false),
                ..self
            }),
            // bytes that others chose are looked at once, in a copy
            Access::Aliased | Access::Foreign => {
                let tag = self.tag.clone();
                let copy = self.untagged().copied()?;
                Ok(Raw {
                    storage: copy.storage.into_owned()?,
                    layout: copy.layout,
                    marks: Marks::new(self.dtype(), self.device()),
                    tag,
                })
            }
        }
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.display())?;
        write!(
            f,
            " dtype={} shape={} device={}",
            self.dtype(),
            crate::error::shape_text(self.shape()),
            self.device()
        )
    }
}
