//! The bytes of tensors: who may touch them, and where they come from.
//!
//! A [`Storage`] is a shared handle on one buffer; views share it. The three kinds of [`Access`] differ in when bytes
//! may change, and so in what the rest of the engine may do with them:
//!
//! | access | bytes change | read | written |
//! |---|---|---|---|
//! | Owned | only through the sole handle | by reference, no lock | by the sole handle |
//! | Aliased | through any handle | by pointer under a read guard | by pointer under a write guard |
//! | Foreign | at any time, by others too | as Aliased, and nothing read is trusted twice | as Aliased, if writable |
//!
//! [`guard::acquire`] takes what each of them needs. Memory comes from [`pool`].

mod class;
pub mod guard;
pub mod pool;
mod shared;
mod system;

#[cfg(test)]
mod tests;

use std::alloc::Layout;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32};
use std::sync::{Arc, OnceLock};

use crate::backend;
use crate::device::Device;
use crate::dtype::Element;
use crate::error::{Error, Result};
use crate::transform::{Cell, current_scope};
use guard::Lock;
use pool::{Block, Fill};
pub use shared::{Reserved, Shared};

/// Asks for so much memory and gives it back, before code that allocates without a way to fail: a `Vec` that is collected, scratch
/// of another crate. Where there is none, that would end the process.
///
/// # Errors
/// When there is none.
pub fn room(op: &'static str, bytes: usize) -> Result<()> {
    let mut all: Vec<u8> = Vec::new();
    all.try_reserve_exact(bytes).map_err(|_| {
        let text = format!("cannot allocate {}", pool::bytes_text(bytes));
        Error::memory(op, text)
    })
}

/// When the bytes of a buffer may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    /// Only through the sole handle (every tensor made in Rust): values are immutable while shared.
    Owned,
    /// Through any handle, under a write guard (every array made in Python).
    Aliased,
    /// At any time: the memory was imported from, or exported to, code that knows no guards.
    Foreign,
}

/// A shared handle on one buffer of bytes.
///
/// ```
/// use civita_core::storage::{Access, Storage};
/// let mut a = Storage::zeroed(24)?;
/// assert_eq!((a.len(), a.access(), a.is_unique()), (24, Access::Owned, true));
/// let b = a.clone();
/// assert!(Storage::same_buffer(&a, &b) && !a.is_unique());
/// # Ok::<(), civita_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Storage(Shared<Buffer, INLINE>);

/// Bytes that lie behind their buffer, in the same block of the pool: a small tensor takes one block instead of two.
const INLINE: usize = 64;

struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    lock: Lock,
    /// An [`Access`].
    access: AtomicU8,
    writable: bool,
    version: AtomicU32,
    /// What transformations know of the arrays that share the buffer: a counted pointer, or null.
    cell: AtomicPtr<Cell>,
    /// How many arrays of the host language are over it. They are made and dropped one at a time.
    arrays: AtomicU32,
    memory: Memory,
}

/// Where the bytes are given back.
enum Memory {
    Pool(Block),
    /// Behind the buffer: its block takes them along.
    Inline,
    /// A `Vec`'s allocation: its bytes, and the logarithm of its alignment.
    Heap {
        bytes: usize,
        align: u8,
    },
    /// Nothing to give back but the owner. Held for its `Drop` only.
    Owner {
        _owner: Box<Box<dyn Send + Sync>>,
    },
    /// Memory of a device, which its backend knows by a handle.
    Device {
        device: Device,
        handle: u64,
    },
    /// There are no bytes: a graph has kept a shape only.
    Absent,
}

/// With its count a buffer is a cache line.
const _: () = assert!(size_of::<Buffer>() <= 56);

// SAFETY: a buffer is plain bytes. They are written by the sole handle, under a write guard, or (Foreign) by those who
// answer for it; the fields beside them are atomics or never change while shared.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

const _: () = {
    const fn threads_share<T: Send + Sync>() {}
    threads_share::<Storage>();
};

impl Buffer {
    #[inline(always)]
    fn new(ptr: NonNull<u8>, len: usize, memory: Memory, access: Access, writable: bool) -> Buffer {
        Buffer {
            ptr,
            len,
            lock: Lock::new(),
            access: AtomicU8::new(access as u8),
            writable,
            version: AtomicU32::new(0),
            cell: AtomicPtr::new(std::ptr::null_mut()),
            arrays: AtomicU32::new(0),
            memory,
        }
    }
}

impl Buffer {
    fn take_cell(&self) -> Option<Arc<Cell>> {
        let cell = self.cell.swap(std::ptr::null_mut(), AcqRel);
        // SAFETY: a pointer that is not null came from `Arc::into_raw`, and the swap makes us its only owner.
        (!cell.is_null()).then(|| unsafe { Arc::from_raw(cell) })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if !self.cell.get_mut().is_null() {
            drop(self.take_cell());
        }
        match self.memory {
            // SAFETY: the block was given to this buffer alone and dies with it.
            Memory::Pool(block) => unsafe { pool::give_back(self.ptr, block) },
            Memory::Heap { bytes, align } if bytes > 0 => {
                // SAFETY: `from_vec` took over an allocation of this layout from its `Vec`.
                unsafe {
                    let layout = Layout::from_size_align_unchecked(bytes, 1 << align);
                    std::alloc::dealloc(self.ptr.as_ptr(), layout);
                }
            }
            Memory::Device { device, handle } => backend::of(device).release(handle),
            Memory::Inline | Memory::Heap { .. } | Memory::Owner { .. } | Memory::Absent => {}
        }
    }
}

/// Handles on one buffer that were counted at once.
#[derive(Clone)]
pub(crate) struct Handles(Reserved<Buffer, INLINE>);

impl Handles {
    /// The next one.
    #[inline]
    pub(crate) fn take(&mut self) -> Storage {
        Storage(self.0.take())
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handles")
    }
}

impl Storage {
    /// So many handles, beside this one.
    pub(crate) fn handles(&self, count: usize) -> Handles {
        Handles(Reserved::new(self.0.clone(), count))
    }

    #[inline]
    fn pooled(bytes: usize, fill: Fill) -> Result<Storage> {
        if bytes <= INLINE {
            return Ok(Storage(Shared::made_by(|tail| {
                if fill == Fill::Zero {
                    // SAFETY: the tail is that long, and nobody else has it yet.
                    unsafe { tail.write_bytes(0, INLINE) };
                }
                Buffer::new(tail, bytes, Memory::Inline, Access::Owned, true)
            })));
        }
        let (ptr, block) = pool::take(bytes, fill)?;
        // the closure builds the buffer where it stays; from a value it would be copied there
        Ok(Storage(Shared::made_by(move |_| {
            Buffer::new(ptr, bytes, Memory::Pool(block), Access::Owned, true)
        })))
    }

    /// `bytes` bytes of any value, at an address that is a multiple of 64. They are initialised (they read as some
    /// value), so the name means only that nobody chose them.
    ///
    /// # Errors
    /// `is_memory()` when there is not that much.
    pub fn uninit(bytes: usize) -> Result<Storage> {
        Storage::pooled(bytes, Fill::Any)
    }

    /// `bytes` zeros, at an address that is a multiple of 64. Large ones cost nothing before they are touched.
    ///
    /// # Errors
    /// `is_memory()` when there is not that much.
    pub fn zeroed(bytes: usize) -> Result<Storage> {
        Storage::pooled(bytes, Fill::Zero)
    }

    /// The elements of a `Vec`, without copying them. Aligned as `T` is, no more.
    pub fn from_vec<T: Element>(vec: Vec<T>) -> Storage {
        let mut vec = ManuallyDrop::new(vec);
        // a `Vec` exists, so neither product overflows
        let len = vec.len() * size_of::<T>();
        let memory = Memory::Heap {
            bytes: vec.capacity() * size_of::<T>(),
            align: align_of::<T>().trailing_zeros() as u8,
        };
        // SAFETY: a `Vec`'s pointer is never null.
        let ptr = unsafe { NonNull::new_unchecked(vec.as_mut_ptr().cast()) };
        Storage(Shared::new(Buffer::new(
            ptr,
            len,
            memory,
            Access::Owned,
            true,
        )))
    }

    /// Memory of somebody else, kept alive by `owner`.
    ///
    /// # Safety
    /// The `bytes` bytes at `ptr` stay allocated and initialised until `owner` is dropped, and may be read (and written,
    /// if `writable`) from any thread until then. `ptr` may be null or dangling when `bytes` is 0.
    pub unsafe fn foreign(
        ptr: *mut u8,
        bytes: usize,
        owner: Box<dyn Send + Sync>,
        writable: bool,
    ) -> Storage {
        let ptr = NonNull::new(ptr).unwrap_or(pool::NOWHERE);
        let memory = Memory::Owner {
            _owner: Box::new(owner),
        };
        Storage(Shared::new(Buffer::new(
            ptr,
            bytes,
            memory,
            Access::Foreign,
            writable,
        )))
    }

    /// Memory of a device with memory of its own, which its backend knows by `handle` and releases with the last handle on the
    /// storage.
    #[cfg_attr(
        not(any(test, feature = "reference")),
        expect(dead_code, reason = "the CPU has no memory apart")
    )]
    pub(crate) fn of_device(device: Device, handle: u64, bytes: usize) -> Storage {
        let (memory, access) = (Memory::Device { device, handle }, Access::Owned);
        Storage(Shared::new(Buffer::new(
            pool::NOWHERE,
            bytes,
            memory,
            access,
            true,
        )))
    }

    /// By what its backend knows it, of memory that a device has for itself.
    pub fn handle(&self) -> Option<(Device, u64)> {
        match self.0.memory {
            Memory::Device { device, handle } => Some((device, handle)),
            _ => None,
        }
    }

    /// The storage of values that a graph did not keep. It has no bytes, and `bind` refuses to read it.
    pub(crate) fn absent() -> Storage {
        static ABSENT: OnceLock<Storage> = OnceLock::new();
        let made = || {
            let (memory, access) = (Memory::Absent, Access::Foreign);
            Storage(Shared::new(Buffer::new(
                pool::NOWHERE,
                0,
                memory,
                access,
                false,
            )))
        };
        ABSENT.get_or_init(made).clone()
    }

    /// Whether it has no bytes because nobody kept them.
    #[inline]
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.0.memory, Memory::Absent)
    }

    /// The first byte. Reading through it needs what [`Access`] says; writing, also that [`Storage::writable`].
    #[inline]
    pub fn ptr(&self) -> *mut u8 {
        self.0.ptr.as_ptr()
    }

    /// Bytes.
    #[inline]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a size in bytes; emptiness is the layout's"
    )]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// When the bytes may change.
    #[inline]
    pub fn access(&self) -> Access {
        match self.0.access.load(Acquire) {
            0 => Access::Owned,
            1 => Access::Aliased,
            _ => Access::Foreign,
        }
    }

    /// Whether the bytes may be written at all: only imported memory may be read-only.
    #[inline]
    pub fn writable(&self) -> bool {
        self.0.writable
    }

    /// Whether this is the only handle: then nobody else reaches the bytes of an Owned buffer, and nobody can until this handle
    /// is cloned.
    #[inline]
    pub fn is_unique(&mut self) -> bool {
        Shared::get_mut(&mut self.0).is_some()
    }

    /// Whether these are handles on the same buffer.
    #[inline]
    pub fn same_buffer(a: &Storage, b: &Storage) -> bool {
        Shared::ptr_eq(&a.0, &b.0)
    }

    /// How often the bytes were written through a guard. A saved tensor compares it to know whether it is what it was.
    #[inline]
    pub fn version(&self) -> u64 {
        self.0.version.load(Acquire).into()
    }

    /// Counts a write, for one that needed no guard (through the sole handle).
    #[inline]
    pub fn bump_version(&self) {
        self.0.version.fetch_add(1, Release);
    }

    /// Says that others got the address (buffer protocol, DLPack): from now on the buffer is Foreign. Waits for operations that
    /// are under way: they have looked at the access, and trust what they have checked.
    ///
    /// # Safety
    /// Nobody holds a reference to the bytes (`as_slice`) or may get one from an Owned handle: the buffer is Aliased, or this
    /// is its only handle.
    pub unsafe fn mark_exported(&self) {
        guard::exclusively(self, || {
            self.0.access.store(Access::Foreign as u8, Release);
        });
    }

    /// The innermost transformation that was under way when the buffer became Aliased.
    pub(crate) fn born(&self) -> u64 {
        self.cell().map_or(0, |cell| cell.born())
    }

    /// Arrays that are made inside a transformation may hold its values: their cell says so.
    #[inline]
    fn mark_birth(&self, access: Access) {
        let scope = current_scope();
        if scope != 0 && access == Access::Aliased && !self.has_cell() {
            self.set_cell(Arc::new(Cell::blank(scope)));
        }
    }

    /// What transformations know of the arrays that share the buffer.
    #[inline]
    pub(crate) fn cell(&self) -> Option<Arc<Cell>> {
        let cell = self.0.cell.load(Acquire);
        if cell.is_null() {
            return None;
        }
        // SAFETY: the pointer came from `Arc::into_raw` and is given up only when the last array over the buffer is
        // dropped; the caller has one, or the buffer alone.
        unsafe {
            Arc::increment_strong_count(cell);
            Some(Arc::from_raw(cell))
        }
    }

    /// Whether the buffer has a cell.
    #[inline]
    pub(crate) fn has_cell(&self) -> bool {
        !self.0.cell.load(Acquire).is_null()
    }

    /// How often the cell changed; 0 without one.
    #[inline]
    pub(crate) fn cell_version(&self) -> u32 {
        let cell = self.0.cell.load(Acquire);
        if cell.is_null() {
            return 0;
        }
        // SAFETY: as in `cell`.
        unsafe { (*cell).version() }
    }

    /// Sets the cell, of a buffer that has none.
    pub(crate) fn set_cell(&self, cell: Arc<Cell>) {
        let new = Arc::into_raw(cell).cast_mut();
        let old = self
            .0
            .cell
            .compare_exchange(std::ptr::null_mut(), new, AcqRel, Acquire);
        if old.is_err() {
            // SAFETY: what was not stored is still ours.
            drop(unsafe { Arc::from_raw(new) });
        }
    }

    pub(crate) fn forget_cell(&self) -> Option<Arc<Cell>> {
        self.0.take_cell()
    }

    /// Arrays of the host language over the buffer.
    #[inline]
    pub(crate) fn arrays(&self) -> &AtomicU32 {
        &self.0.arrays
    }

    /// The same bytes as an Aliased buffer: itself when it is one, moved when this is the only handle on an Owned one,
    /// else copied.
    ///
    /// # Errors
    /// `is_memory()` when the copy does not fit.
    pub fn into_aliased(self) -> Result<Storage> {
        self.into_access(Access::Aliased)
    }

    /// The same bytes as an Owned buffer: itself when it is one, moved when this is the only handle on an Aliased one,
    /// else copied, under a read guard.
    ///
    /// # Errors
    /// `is_memory()` when the copy does not fit.
    pub fn into_owned(self) -> Result<Storage> {
        self.into_access(Access::Owned)
    }

    /// Makes a new buffer Aliased, which this is the only handle on: what a result becomes among arrays that alias.
    #[inline]
    pub(crate) fn alias_unique(&mut self) -> bool {
        match Shared::get_mut(&mut self.0) {
            Some(buffer) => {
                *buffer.access.get_mut() = Access::Aliased as u8;
                self.mark_birth(Access::Aliased);
                true
            }
            None => false,
        }
    }

    fn into_access(mut self, wanted: Access) -> Result<Storage> {
        let found = self.access();
        if found == wanted {
            return Ok(self);
        }
        if found != Access::Foreign
            && let Some(buffer) = Shared::get_mut(&mut self.0)
        {
            *buffer.access.get_mut() = wanted as u8;
            self.mark_birth(wanted);
            return Ok(self);
        }
        let copy = self.copied()?;
        copy.0.access.store(wanted as u8, Release);
        copy.mark_birth(wanted);
        Ok(copy)
    }

    /// An Owned copy of the bytes, made under a read guard.
    ///
    /// # Errors
    /// `is_memory()` when it does not fit.
    pub fn copied(&self) -> Result<Storage> {
        if let Some((device, _)) = self.handle() {
            let _guards = guard::acquire(&[self], &[]);
            return backend::of(device).duplicate(self);
        }
        let copy = Storage::uninit(self.len())?;
        let _guards = guard::acquire(&[self], &[]);
        // SAFETY: both hold `len` bytes, the copy is new and so apart, and the guard (or Owned access) keeps writers
        // that know of guards away.
        unsafe { self.ptr().copy_to_nonoverlapping(copy.ptr(), self.len()) };
        Ok(copy)
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("ptr", &self.ptr())
            .field("len", &self.len())
            .field("access", &self.access())
            .field("version", &self.version())
            .finish()
    }
}
