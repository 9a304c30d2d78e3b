//! Guards: an operation's right to touch the bytes of Aliased and Foreign buffers.
//!
//! Each buffer carries one word: how many read it, whether one writes it, whether somebody waits. An operation takes
//! one lock for each distinct buffer, in the order of their addresses, so that two operations never wait for each
//! other. Who waits to write goes before those who come to read later, so that a loop of readers does not keep it out; but no
//! reader waits for that longer than a second, for its thread may hold a guard on the buffer already.
//!
//! Owned buffers need no guard, and an operation on them pays for nothing but the question. Nor does an operation of bindings whose
//! own lock (Python's) lets one thread at a time into the engine, while no other is in it without that lock: two locked instructions
//! a buffer are a third of what such an operation takes on few elements.

use std::marker::PhantomData;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::sync::{Condvar, Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, ptr};

use smallvec::SmallVec;

use super::{Access, Buffer, Storage};
use crate::threads;

/// How many may be in the engine beside a thread that has the bindings' lock: threads that let go of it, and any where there is no such
/// lock.
static BESIDE: AtomicUsize = AtomicUsize::new(1);

/// Says that a lock of the bindings' lets one thread at a time into the engine, but for those between [`beside`] and the drop of
/// what it returns.
///
/// # Safety
/// From now on every call of the engine is made by a thread that holds the lock, or has called [`beside`] while it held it and drops
/// what that returned when it holds it again, or works for such a thread, which waits. Nobody lets go of the lock while it holds
/// guards but those of [`acquire_across_calls`].
pub unsafe fn enter_one_at_a_time() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        BESIDE.fetch_sub(1, Release);
    });
}

/// A thread in the engine that has let go of the bindings' lock.
#[must_use = "dropping it says that the lock is held again"]
pub struct Beside(());

/// To be called before the lock is let go of.
pub fn beside() -> Beside {
    BESIDE.fetch_add(1, Release);
    Beside(())
}

impl Drop for Beside {
    fn drop(&mut self) {
        BESIDE.fetch_sub(1, Release);
    }
}

/// Whether the caller has the bindings' lock and nobody else is in the engine.
#[inline]
fn is_alone() -> bool {
    BESIDE.load(Acquire) == 0
}

/// Locks that an operation holds; released when dropped, in any thread.
#[must_use = "dropping the guards releases the buffers"]
pub struct Guards<'a> {
    /// Where nothing is locked, those that are written: their versions count.
    held: SmallVec<[Held; 4]>,
    locked: bool,
    storages: PhantomData<&'a Storage>,
}

/// A buffer, in the lowest bit whether it is written: one word, so that sorting and moving them is cheap.
#[derive(Clone, Copy)]
struct Held(*const Buffer);

impl Held {
    #[inline]
    fn new(storage: &Storage, mode: Mode) -> Held {
        const { assert!(align_of::<Buffer>() > 1) };
        let buffer: *const Buffer = &*storage.0;
        Held(buffer.map_addr(|address| address | mode as usize))
    }

    #[inline]
    fn buffer(self) -> *const Buffer {
        self.0.map_addr(|address| address & !1)
    }

    #[inline]
    fn mode(self) -> Mode {
        if self.0.addr() & 1 == 0 {
            Mode::Read
        } else {
            Mode::Write
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

// SAFETY: the buffers are `Sync` and borrowed for the guards' lifetime, and the locks belong to no thread.
unsafe impl Send for Guards<'_> {}
// SAFETY: a shared reference to the guards does nothing.
unsafe impl Sync for Guards<'_> {}

/// Waits until every buffer of `reads` may be read and every one of `writes` written. A buffer in both is written.
///
/// The caller holds no lock that a holder of a guard could want: in Python, not the GIL ([`try_acquire`] first). It
/// holds no guard on any of `writes` already, for it would wait for itself.
#[inline(never)]
pub fn acquire<'a>(reads: &[&'a Storage], writes: &[&'a Storage]) -> Guards<'a> {
    if is_alone() {
        return wanted(&[], writes, false);
    }
    locked(reads, writes)
}

/// As [`acquire`] of a buffer that is read, by a caller who may let go of the bindings' lock meanwhile.
pub fn acquire_across_calls(read: &Storage) -> Guards<'_> {
    locked(&[read], &[])
}

fn locked<'a>(reads: &[&'a Storage], writes: &[&'a Storage]) -> Guards<'a> {
    let guards = wanted(reads, writes, true);
    for held in &guards.held {
        // SAFETY: the buffers are borrowed for `'a`.
        unsafe { &*held.buffer() }.lock.acquire(held.mode());
    }
    guards
}

/// Runs `f` while no operation reads or writes the buffer. It is no write: nothing counts it.
pub(super) fn exclusively(storage: &Storage, f: impl FnOnce()) {
    if storage.access() == Access::Owned {
        return f();
    }
    let lock = &storage.0.lock;
    lock.acquire(Mode::Write);
    f();
    lock.release(Mode::Write);
}

/// Locks of two buffers at most: [`acquire`] without a list.
#[must_use = "dropping the guards releases the buffers"]
pub struct TwoGuards<'a> {
    held: [Option<(&'a Buffer, Mode)>; 2],
    locked: bool,
}

/// As [`acquire`], of two buffers that are read.
#[inline]
pub fn acquire_two<'a>(a: Option<&'a Storage>, b: Option<&'a Storage>) -> TwoGuards<'a> {
    two(a, Mode::Read, b)
}

/// As [`acquire`], of a buffer that is written and another that is read.
#[inline]
pub fn acquire_write<'a>(write: &'a Storage, read: Option<&'a Storage>) -> TwoGuards<'a> {
    two(Some(write), Mode::Write, read)
}

#[inline(always)]
fn two<'a>(a: Option<&'a Storage>, mode: Mode, b: Option<&'a Storage>) -> TwoGuards<'a> {
    let shared = |storage: Option<&'a Storage>, mode| -> Option<(&'a Buffer, Mode)> {
        Some((&*storage.filter(|s| s.access() != Access::Owned)?.0, mode))
    };
    if is_alone() {
        let written = a.filter(|_| mode == Mode::Write);
        return TwoGuards {
            held: [shared(written, mode), None],
            locked: false,
        };
    }
    let address = |held: Option<(&Buffer, Mode)>| held.map_or(0, |(b, _)| ptr::from_ref(b).addr());
    let (mut first, mut second) = (shared(a, mode), shared(b, Mode::Read));
    if address(first) == address(second) {
        // the first may be written, which is enough for both
        second = None;
    } else if address(first) > address(second) {
        mem::swap(&mut first, &mut second);
    }
    for (buffer, mode) in [first, second].into_iter().flatten() {
        buffer.lock.acquire(mode);
    }
    TwoGuards {
        held: [first, second],
        locked: true,
    }
}

impl Drop for TwoGuards<'_> {
    #[inline]
    fn drop(&mut self) {
        for (buffer, mode) in self.held.into_iter().flatten() {
            buffer.release(mode, self.locked);
        }
    }
}

impl Buffer {
    /// Gives a lock back, if there is one; a write counts.
    #[inline]
    fn release(&self, mode: Mode, locked: bool) {
        if mode == Mode::Write {
            // no other writer is there, so counting needs no read-modify-write
            let version = self.version.load(Relaxed).wrapping_add(1);
            self.version.store(version, Release);
        }
        if locked {
            self.lock.release(mode);
        }
    }
}

/// As [`acquire`] when that needs no waiting, else `None` with nothing taken.
#[inline]
pub fn try_acquire<'a>(reads: &[&'a Storage], writes: &[&'a Storage]) -> Option<Guards<'a>> {
    let mut guards = wanted(reads, writes, true);
    for i in 0..guards.held.len() {
        let held = guards.held[i];
        // SAFETY: the buffers are borrowed for `'a`.
        if !unsafe { &*held.buffer() }.lock.try_acquire(held.mode()) {
            // what was not taken must not be released, and what was taken not counted as written
            for held in guards.held.drain(..).take(i) {
                // SAFETY: as above.
                unsafe { &*held.buffer() }.lock.release(held.mode());
            }
            return None;
        }
    }
    Some(guards)
}

/// Runs a wait that may be long: what [`set_wait_hook`] takes.
pub type WaitHook = fn(&mut dyn FnMut());

static WAIT: OnceLock<WaitHook> = OnceLock::new();

/// Says what is done around every wait for a guard, on the thread that waits. The hook calls its argument once, which
/// returns when the guard is taken. The Python bindings let go of the interpreter meanwhile, because the holder of the
/// guard may want it. The first hook stays.
pub fn set_wait_hook(hook: WaitHook) {
    _ = WAIT.set(hook);
}

/// The distinct buffers that need a lock, in the order of their addresses, none taken yet. Nothing may unwind between
/// here and the taking, else the drop would release what was never held.
#[inline(always)]
fn wanted<'a>(reads: &[&'a Storage], writes: &[&'a Storage], locked: bool) -> Guards<'a> {
    let mut guards = Guards {
        held: SmallVec::new(),
        locked,
        storages: PhantomData,
    };
    for (storages, mode) in [(writes, Mode::Write), (reads, Mode::Read)] {
        for storage in storages {
            if storage.access() != Access::Owned {
                insert(&mut guards.held, Held::new(storage, mode));
            }
        }
    }
    guards
}

/// Insertion sort: an operation has few buffers. Writes come first, so a buffer that is there already is locked enough.
#[inline]
fn insert(held: &mut SmallVec<[Held; 4]>, new: Held) {
    let mut at = held.len();
    while at > 0 && held[at - 1].buffer() >= new.buffer() {
        at -= 1;
        if held[at].buffer() == new.buffer() {
            return;
        }
    }
    let mut moved = new;
    for held in &mut held[at..] {
        moved = mem::replace(held, moved);
    }
    held.push(moved);
}

impl Drop for Guards<'_> {
    #[inline]
    fn drop(&mut self) {
        for held in &self.held {
            // SAFETY: the buffers are borrowed for the guards' lifetime.
            unsafe { &*held.buffer() }.release(held.mode(), self.locked);
        }
    }
}

const WRITER: u32 = 1 << 31;
const WAITERS: u32 = 1 << 30;
/// Somebody waits to write.
const PENDING: u32 = 1 << 29;
/// In which process the lock was taken last, by the number of forks before it. What a word of another process says holds no more:
/// the threads that held the lock are not in this one.
const PROCESS: u32 = 0xff << PROCESS_SHIFT;
const PROCESS_SHIFT: u32 = 21;
const READERS: u32 = (1 << PROCESS_SHIFT) - 1;

/// A word of this process without holders.
#[inline]
fn free() -> u32 {
    threads::forks() << PROCESS_SHIFT & PROCESS
}

/// The word, if it is of this process.
#[inline]
fn current(word: u32) -> u32 {
    let free = free();
    if word & PROCESS == free { word } else { free }
}
/// How long a reader lets a writer go first.
const PATIENCE: Duration = Duration::from_secs(1);

/// One buffer's lock.
pub(super) struct Lock(AtomicU32);

impl Lock {
    pub(super) const fn new() -> Lock {
        Lock(AtomicU32::new(0))
    }

    /// The word with this lock taken, if it is free for it.
    #[inline]
    fn taken(word: u32, mode: Mode, barred: u32) -> Option<u32> {
        let word = current(word);
        match mode {
            // a lock that two million readers hold is not free for one more
            Mode::Read if word & barred == 0 && word & READERS != READERS => Some(word + 1),
            Mode::Write if word & (WRITER | READERS) == 0 => Some(word & !PENDING | WRITER),
            _ => None,
        }
    }

    #[inline]
    fn try_acquire(&self, mode: Mode) -> bool {
        self.try_past(mode, WRITER | PENDING)
    }

    /// As [`Lock::try_acquire`], for a reader whom these bits keep out.
    #[inline]
    fn try_past(&self, mode: Mode, barred: u32) -> bool {
        let mut word = self.0.load(Relaxed);
        while let Some(taken) = Lock::taken(word, mode, barred) {
            match self.0.compare_exchange_weak(word, taken, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    #[inline]
    fn acquire(&self, mode: Mode) {
        if !self.try_acquire(mode) {
            self.wait(mode);
        }
    }

    #[inline]
    fn release(&self, mode: Mode) {
        let before = match mode {
            Mode::Read => self.0.fetch_sub(1, Release),
            // the bit is set, so subtracting clears it: one instruction on x86, where fetch_and is a loop
            Mode::Write => self.0.fetch_sub(WRITER, Release),
        };
        let freed = mode == Mode::Write || before & READERS == 1;
        if freed && before & WAITERS != 0 {
            self.wake();
        }
    }

    /// Spins for about as long as a small operation takes, then sleeps.
    #[cold]
    fn wait(&self, mode: Mode) {
        for _ in 0..if cfg!(miri) { 4 } else { 100 } {
            std::hint::spin_loop();
            if self.try_acquire(mode) {
                return;
            }
        }
        let mut sleep = || self.sleep(mode);
        match WAIT.get() {
            Some(hook) => hook(&mut sleep),
            None => sleep(),
        }
    }

    fn sleep(&self, mode: Mode) {
        let bed = self.bed();
        let mut asleep = bed.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let announced = match mode {
            Mode::Read => WAITERS,
            Mode::Write => WAITERS | PENDING,
        };
        let since = Instant::now();
        loop {
            // Announced before looking again: a holder that releases after our look sees it, and its `wake` cannot pass
            // the mutex before we sleep.
            let seen = self.0.load(Relaxed);
            if current(seen) != seen {
                // nobody of this process holds it: the next try takes it
                _ = self
                    .0
                    .compare_exchange(seen, current(seen), Relaxed, Relaxed);
            }
            self.0.fetch_or(announced, Relaxed);
            let waited = since.elapsed();
            let barred = if waited < PATIENCE {
                WRITER | PENDING
            } else {
                WRITER
            };
            if self.try_past(mode, barred) {
                return;
            }
            let rest = PATIENCE
                .saturating_sub(waited)
                .max(Duration::from_millis(1));
            asleep = match mode {
                Mode::Read if waited < PATIENCE => {
                    let woken = bed.morning.wait_timeout(asleep, rest);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                _ => bed
                    .morning
                    .wait(asleep)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    #[cold]
    fn wake(&self) {
        let bed = self.bed();
        let _asleep = bed.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        // those who still have to wait will announce themselves again
        self.0.fetch_and(!WAITERS, Relaxed);
        bed.morning.notify_all();
    }

    /// Where the waiters of this lock sleep. Beds are shared: a lock has no room for one of its own. A process has its own,
    /// for another thread may have been at a bed's mutex when it was forked off.
    fn bed(&self) -> &'static Bed {
        let address = ptr::from_ref(self).addr() as u64;
        // Fibonacci hashing (Knuth, vol. 3, section 6.4): addresses differ in their middle bits
        let place = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        &BEDS[(free() >> PROCESS_SHIFT) as usize][place as usize]
    }
}

struct Bed {
    asleep: Mutex<()>,
    morning: Condvar,
}

static BEDS: [[Bed; 16]; 256] = [const {
    [const {
        Bed {
            asleep: Mutex::new(()),
            morning: Condvar::new(),
        }
    }; 16]
}; 256];
