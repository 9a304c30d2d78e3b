//! [`Shared`]: a reference-counted box for the small objects that every operation makes.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicUsize, fence};

use super::class::small_class_of;
use super::pool;
use super::system::ALIGN;

/// An `Arc` without weak handles, from the pool. To make and drop one that nobody else ever held takes no atomic
/// read-modify-write (an `Arc` takes two) and no call of the system's allocator: 5 ns instead of 20, measured. Behind the value
/// lie `TAIL` bytes, at a multiple of 64, for whatever it points to.
pub struct Shared<T, const TAIL: usize = 0> {
    counted: NonNull<Counted<T>>,
    owns: PhantomData<Counted<T>>,
}

struct Counted<T> {
    count: AtomicUsize,
    value: T,
}

// SAFETY: as for `Arc`: handles on several threads give `&T` to each, and `T` is dropped on any of them.
unsafe impl<T: Send + Sync, const TAIL: usize> Send for Shared<T, TAIL> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, const TAIL: usize> Sync for Shared<T, TAIL> {}

impl<T, const TAIL: usize> Shared<T, TAIL> {
    /// Where the tail begins.
    const HEAD: usize = size_of::<Counted<T>>().next_multiple_of(ALIGN);
    const CLASS: usize = {
        assert!(align_of::<Counted<T>>() <= ALIGN);
        small_class_of(Self::HEAD + TAIL)
    };

    /// Puts `value` into a box of its own. Ends the program when there is no memory, as `Arc::new` does.
    #[inline]
    pub fn new(value: T) -> Shared<T, TAIL> {
        Shared::made_by(|_| value)
    }

    /// As [`Shared::new`], with the value made after its memory was taken: then the compiler builds it there, where it
    /// would copy it from the stack, which takes as long as all the rest. `make` gets the address of the tail, whose bytes are
    /// initialised and move with the box only.
    #[inline(always)]
    pub fn made_by(make: impl FnOnce(NonNull<u8>) -> T) -> Shared<T, TAIL> {
        let Some(block) = pool::take_small(Self::CLASS) else {
            handle_alloc_error(Layout::new::<Counted<T>>())
        };
        let counted = block.cast::<Counted<T>>();
        // SAFETY: the block is ours, large enough by its class for the value and the tail, and aligned by the assertion above.
        unsafe {
            counted.write(Counted {
                count: AtomicUsize::new(1),
                value: make(block.add(Self::HEAD)),
            })
        };
        Shared {
            counted,
            owns: PhantomData,
        }
    }

    /// The value, if this is the only handle.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: a handle keeps the box alive.
        if unsafe { self.counted.as_ref() }.count.load(Acquire) != 1 {
            return None;
        }
        // SAFETY: nobody else has a handle, and Acquire makes what they did with theirs happen before.
        Some(unsafe { &mut self.counted.as_mut().value })
    }

    /// Whether this is the only handle.
    #[inline]
    pub fn is_only(this: &Self) -> bool {
        // SAFETY: a handle keeps the box alive.
        unsafe { this.counted.as_ref() }.count.load(Acquire) == 1
    }

    /// Whether these are handles on the same box.
    #[inline]
    pub fn ptr_eq(a: &Self, b: &Self) -> bool {
        a.counted == b.counted
    }

    /// Counts more handles.
    #[inline]
    fn count(&self, more: usize) {
        // SAFETY: a handle keeps the box alive.
        let before = unsafe { self.counted.as_ref() }
            .count
            .fetch_add(more, Relaxed);
        // only `mem::forget` in a loop gets there, and a count that wraps would free what is in use
        if before > isize::MAX as usize - more {
            std::process::abort();
        }
    }

    /// # Safety
    /// No handle is left but the one that is being dropped.
    #[inline(never)]
    unsafe fn end(&mut self) {
        // SAFETY: the last handle: the value is dropped once and its memory not used any more.
        unsafe {
            ptr::drop_in_place(&raw mut (*self.counted.as_ptr()).value);
            let block = self.counted.cast::<u8>();
            // the value's padding was never initialised, but a block of the pool must be
            block.write_bytes(0, size_of::<Counted<T>>());
            pool::give_back_small(block, Self::CLASS);
        }
    }
}

/// Handles that were counted at once: to take one is no atomic operation, which is half of what a handle costs.
pub struct Reserved<T, const TAIL: usize = 0> {
    source: Shared<T, TAIL>,
    /// Counted, and not taken yet.
    left: usize,
}

impl<T, const TAIL: usize> Reserved<T, TAIL> {
    /// More are not counted at once: the count has room for as many such reservations as memory has for them.
    const MOST: usize = 1 << 20;

    /// `count` handles on the box of `source`, beside that one.
    pub fn new(source: Shared<T, TAIL>, count: usize) -> Self {
        let left = count.min(Self::MOST);
        source.count(left);
        Reserved { source, left }
    }

    /// The next; one of its own when all are taken.
    #[inline]
    pub fn take(&mut self) -> Shared<T, TAIL> {
        if self.left == 0 {
            return self.source.clone();
        }
        self.left -= 1;
        Shared {
            counted: self.source.counted,
            owns: PhantomData,
        }
    }
}

impl<T, const TAIL: usize> Clone for Reserved<T, TAIL> {
    fn clone(&self) -> Self {
        Reserved::new(self.source.clone(), self.left)
    }
}

impl<T, const TAIL: usize> Drop for Reserved<T, TAIL> {
    fn drop(&mut self) {
        // SAFETY: `source` keeps the box alive. It is not the last handle that goes here, so nobody ends the box; Release makes
        // what was done with the box happen before its end.
        unsafe { self.source.counted.as_ref() }
            .count
            .fetch_sub(self.left, Release);
    }
}

impl<T, const TAIL: usize> Deref for Shared<T, TAIL> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a handle keeps the box alive, and only `get_mut` gives `&mut`.
        unsafe { &self.counted.as_ref().value }
    }
}

impl<T, const TAIL: usize> Clone for Shared<T, TAIL> {
    #[inline]
    fn clone(&self) -> Self {
        self.count(1);
        Shared {
            counted: self.counted,
            owns: PhantomData,
        }
    }
}

impl<T, const TAIL: usize> Drop for Shared<T, TAIL> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a handle keeps the box alive.
        let count = unsafe { &self.counted.as_ref().count };
        // a count of 1 stays 1: to raise it takes a handle, and this is the only one
        if count.load(Acquire) != 1 {
            if count.fetch_sub(1, Release) != 1 {
                return;
            }
            fence(Acquire);
        }
        // SAFETY: this was the last handle, and what the others did happened before.
        unsafe { self.end() };
    }
}
