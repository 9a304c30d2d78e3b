//! The pool: memory that was used once is used again.
//!
//! A page of fresh memory costs a page fault when it is first touched, which for large arrays is more than the
//! arithmetic done on them. So blocks come in size classes, four to each doubling, and a block that is given back waits
//! in a list of its class: small ones in a list of the thread (no lock), large ones in one list for all, within a
//! bound. The oldest large blocks go back to the system first, when a newer one is given back; no thread does it in the
//! background. All memory was zero when it came from the system, so a recycled block always reads as *some* value.
//!
//! `CIVITA_POOL_BYTES` sets the bound; 0 switches the pool off, for tools that watch allocations.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::class::{CLASSES, LARGEST, SMALL, SMALL_CLASSES, class_of, class_size};
use super::system::{self, ALIGN};
use crate::error::{Error, Result};

/// What a block holds when it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Anything.
    Any,
    /// Zeros.
    Zero,
}

/// How a block goes back: to the list of its class (`2 * class + 1`), to the system (its size, which is even; the pool
/// would not keep it), or not at all (0: no bytes were asked for). A word and not an `enum`, because copying one byte
/// of a larger value and then the whole stalls the processor for longer than the pool takes.
#[derive(Clone, Copy)]
pub(super) struct Block(usize);

impl Block {
    const NONE: Block = Block(0);

    const fn of_class(class: usize) -> Block {
        Block(2 * class + 1)
    }

    const fn class(self) -> Option<usize> {
        if self.0 % 2 == 1 {
            Some(self.0 / 2)
        } else {
            None
        }
    }
}

/// The address of empty buffers.
pub(super) const NOWHERE: NonNull<u8> = {
    // an aligned address without a byte behind it
    match NonNull::new(ptr::without_provenance_mut(ALIGN)) {
        Some(ptr) => ptr,
        None => unreachable!(),
    }
};

/// Takes a block of at least `bytes` bytes at a multiple of 64.
///
/// # Errors
/// `is_memory()` when there is none.
#[inline(always)]
pub(super) fn take(bytes: usize, fill: Fill) -> Result<(NonNull<u8>, Block)> {
    if bytes == 0 {
        return Ok((NOWHERE, Block::NONE));
    }
    if bytes <= SMALL && pool_limit() > 0 {
        let class = class_of(bytes);
        if let Some(ptr) = Local::with(|local| local.pop(class)).flatten() {
            if fill == Fill::Zero {
                // SAFETY: the block is ours and at least that long.
                unsafe { ptr.write_bytes(0, bytes) };
            }
            return Ok((ptr, Block::of_class(class)));
        }
    }
    take_slowly(bytes, fill)
}

#[cold]
fn take_slowly(bytes: usize, fill: Fill) -> Result<(NonNull<u8>, Block)> {
    let failed = || Error::memory("allocate", format!("cannot allocate {}", bytes_text(bytes)));
    if bytes > isize::MAX as usize - 4095 {
        return Err(failed());
    }
    let class = if bytes <= LARGEST {
        class_of(bytes)
    } else {
        CLASSES
    };
    let (size, block) = if class < CLASSES && class_size(class) <= pool_limit() {
        (class_size(class), Block::of_class(class))
    } else {
        // what will not be kept need not be rounded up either
        let size = bytes.next_multiple_of(ALIGN);
        (size, Block(size))
    };
    if let Some(class) = block.class()
        && class >= SMALL_CLASSES
        && let Some(ptr) = cache().and_then(|mut cache| cache.pop(class))
    {
        if fill == Fill::Zero {
            // SAFETY: the block is ours and at least that long.
            unsafe { ptr.write_bytes(0, bytes) };
        }
        return Ok((ptr, block));
    }
    if let Some(ptr) = system::allocate(size) {
        return Ok((ptr, block));
    }
    // the system has nothing left: what we keep may be what is missing
    trim_pool();
    match system::allocate(size) {
        Some(ptr) => Ok((ptr, block)),
        None => Err(failed()),
    }
}

/// Gives a block back.
///
/// # Safety
/// `ptr` and `block` came from one call of [`take`], and the block is not used any more.
#[inline]
pub(super) unsafe fn give_back(ptr: NonNull<u8>, block: Block) {
    match block.class() {
        // SAFETY: the caller's promise.
        Some(class) if class < SMALL_CLASSES => unsafe { give_back_small(ptr, class) },
        // SAFETY: the caller's promise.
        Some(class) => unsafe { give_back_large(ptr, class) },
        None if block.0 == 0 => {}
        // SAFETY: the caller's promise.
        None => unsafe { system::release(ptr, block.0) },
    }
}

// ---- small blocks: lists of the thread ----

/// Takes a block of a small class, whatever it holds.
#[inline]
pub(super) fn take_small(class: usize) -> Option<NonNull<u8>> {
    match Local::with(|local| local.pop(class)) {
        Some(Some(ptr)) => Some(ptr),
        _ => system::allocate(class_size(class)),
    }
}

/// Gives a block of a small class back.
///
/// # Safety
/// It came from [`take_small`] or [`take`] with that class, and is not used any more.
#[inline]
pub(super) unsafe fn give_back_small(ptr: NonNull<u8>, class: usize) {
    // SAFETY: the caller's promise; a block of this class has its size.
    let keep = |local: &mut Local| unsafe { local.push(ptr, class) };
    if pool_limit() == 0 || Local::with(keep) != Some(true) {
        // SAFETY: the caller's promise, and no list has it.
        unsafe { system::release(ptr, class_size(class)) };
    }
}

/// What the first bytes of a waiting block hold.
struct Waiting {
    next: *mut Waiting,
}

#[derive(Clone, Copy)]
struct List {
    first: *mut Waiting,
    count: usize,
}

struct Local {
    lists: [List; SMALL_CLASSES],
}

thread_local! {
    static LOCAL: UnsafeCell<Local> = const {
        UnsafeCell::new(Local { lists: [List { first: ptr::null_mut(), count: 0 }; SMALL_CLASSES] })
    };
}

/// A thread keeps up to 128 KiB of each class, in between 4 and 128 blocks.
const fn most_kept(class: usize) -> usize {
    let count = (128 << 10) / class_size(class);
    if count > 128 {
        128
    } else if count < 4 {
        4
    } else {
        count
    }
}

static MOST_KEPT: [u8; SMALL_CLASSES] = {
    let mut most = [0; SMALL_CLASSES];
    let mut class = 0;
    while class < SMALL_CLASSES {
        most[class] = most_kept(class) as u8;
        class += 1;
    }
    most
};

impl Local {
    /// Calls `f` with this thread's lists; `None` when the thread is ending and has taken them down.
    #[inline]
    fn with<R>(f: impl FnOnce(&mut Local) -> R) -> Option<R> {
        // SAFETY: the cell is the thread's own, and no `f` in this file calls anything that comes back here.
        LOCAL.try_with(|local| f(unsafe { &mut *local.get() })).ok()
    }

    #[inline]
    fn pop(&mut self, class: usize) -> Option<NonNull<u8>> {
        let list = &mut self.lists[class];
        let block = NonNull::new(list.first)?;
        // SAFETY: `push` wrote it, and nobody has touched the block since.
        list.first = unsafe { block.as_ref() }.next;
        list.count -= 1;
        Some(block.cast())
    }

    /// Keeps a block, unless there are enough of its class.
    ///
    /// # Safety
    /// The block has the size of the class and is not used any more.
    #[inline]
    unsafe fn push(&mut self, ptr: NonNull<u8>, class: usize) -> bool {
        let list = &mut self.lists[class];
        if list.count >= usize::from(MOST_KEPT[class]) {
            return false;
        }
        let block = ptr.cast::<Waiting>();
        // SAFETY: 64 bytes or more at a multiple of 64, and ours.
        unsafe { block.write(Waiting { next: list.first }) };
        list.first = block.as_ptr();
        list.count += 1;
        true
    }

    fn clear(&mut self) {
        for class in 0..SMALL_CLASSES {
            while let Some(ptr) = self.pop(class) {
                // SAFETY: a block of that class, on no list any more.
                unsafe { system::release(ptr, class_size(class)) };
            }
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.clear();
    }
}

// ---- large blocks: one cache for all threads ----

struct Cache {
    /// Blocks by class, the newest at the back: it is the likeliest to be in the processor's caches.
    lists: [VecDeque<(NonNull<u8>, u64)>; CLASSES],
    bytes: usize,
    /// Counts what was given back, to tell older from newer.
    clock: u64,
}

// SAFETY: the pointers are to blocks that belong to the cache alone.
unsafe impl Send for Cache {}

static CACHE: Mutex<Cache> = Mutex::new(Cache {
    lists: [const { VecDeque::new() }; CLASSES],
    bytes: 0,
    clock: 0,
});

/// The cache, unless another thread stays in it for long: going without costs a few page faults. So nobody sleeps here,
/// and the child of a `fork` that happened while another thread was inside goes on without it.
fn cache() -> Option<MutexGuard<'static, Cache>> {
    for _ in 0..200 {
        match CACHE.try_lock() {
            Ok(cache) => return Some(cache),
            Err(TryLockError::Poisoned(cache)) => return Some(cache.into_inner()),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    None
}

impl Cache {
    fn pop(&mut self, class: usize) -> Option<NonNull<u8>> {
        let (ptr, _) = self.lists[class].pop_back()?;
        self.bytes -= class_size(class);
        Some(ptr)
    }

    fn push(&mut self, ptr: NonNull<u8>, class: usize) {
        self.clock += 1;
        self.lists[class].push_back((ptr, self.clock));
        self.bytes += class_size(class);
    }

    /// Takes out the block that waits longest.
    fn pop_oldest(&mut self) -> Option<(NonNull<u8>, usize)> {
        let waits = |(class, list): (usize, &VecDeque<_>)| list.front().map(|&(_, at)| (at, class));
        let (_, class) = self.lists.iter().enumerate().filter_map(waits).min()?;
        let (ptr, _) = self.lists[class].pop_front()?;
        self.bytes -= class_size(class);
        Some((ptr, class))
    }
}

/// # Safety
/// As [`give_back`], for a large class.
unsafe fn give_back_large(ptr: NonNull<u8>, class: usize) {
    let limit = pool_limit();
    let Some(mut cache) = cache() else {
        // SAFETY: the caller's promise.
        return unsafe { system::release(ptr, class_size(class)) };
    };
    cache.push(ptr, class);
    let full = cache.bytes > limit;
    drop(cache);
    if full {
        trim_to(limit);
    }
}

/// Gives the oldest blocks back to the system until at most `bytes` are kept.
fn trim_to(bytes: usize) {
    // one at a time: unmapping takes long, and happens outside the lock
    while let Some((ptr, class)) = cache()
        .filter(|cache| cache.bytes > bytes)
        .and_then(|mut cache| cache.pop_oldest())
    {
        // SAFETY: a block of that class, on no list any more.
        unsafe { system::release(ptr, class_size(class)) };
    }
}

// ---- the bound ----

/// The bound in bytes; `usize::MAX` until it is first asked for.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

#[inline]
/// How many bytes of large blocks may be kept for use again.
pub fn pool_limit() -> usize {
    match LIMIT.load(Relaxed) {
        usize::MAX => default_limit(),
        bytes => bytes,
    }
}

#[cold]
fn default_limit() -> usize {
    let asked = std::env::var("CIVITA_POOL_BYTES")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let bytes = asked
        .unwrap_or_else(|| system::memory_bytes().map_or(256 << 20, |all| (all / 16).min(1 << 30)))
        .min(LARGEST);
    match LIMIT.compare_exchange(usize::MAX, bytes, Relaxed, Relaxed) {
        Ok(_) => bytes,
        Err(theirs) => theirs,
    }
}

/// Sets how many bytes of large blocks (over 64 KiB) are kept for use again, and gives back to the system what is kept
/// beyond. The default is 1 GiB or a sixteenth of the machine's memory, whichever is less; `CIVITA_POOL_BYTES` sets
/// another. With 0 nothing is kept, small blocks included.
pub fn set_pool_limit(bytes: usize) {
    let bytes = bytes.min(LARGEST);
    LIMIT.store(bytes, Relaxed);
    trim_to(bytes);
    if bytes == 0 {
        Local::with(Local::clear);
    }
}

/// The bytes of large blocks that are kept now.
pub fn pool_bytes() -> usize {
    cache().map_or(0, |cache| cache.bytes)
}

/// Gives everything that is kept back to the system: all large blocks and this thread's small ones.
pub fn trim_pool() {
    trim_to(0);
    Local::with(Local::clear);
}

/// `1.5 GiB (1610612736 bytes)`.
pub(super) fn bytes_text(bytes: usize) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let power = (bytes.ilog2() / 10) as usize;
    let scaled = bytes as f64 / (1u64 << (10 * power)) as f64;
    format!("{scaled:.1} {} ({bytes} bytes)", UNITS[power - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_for_people() {
        assert_eq!(bytes_text(17), "17 bytes");
        assert_eq!(bytes_text(1536 << 20), "1.5 GiB (1610612736 bytes)");
        assert_eq!(
            bytes_text(usize::MAX),
            format!("16.0 EiB ({} bytes)", usize::MAX)
        );
    }
}
