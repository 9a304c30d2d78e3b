//! Fork-join threads: [`run`] calls a body for each task index on the calling thread and on helper threads.
//!
//! ```text
//! run:     lock the pool or run serially · write down the job · open the gate · wake sleepers
//!          take tasks until none is left: that closes the gate · wait until no helper is inside
//! helper:  gate open? enter, take tasks until none is left, leave · 20 µs without a job? sleep
//! ```
//! The gate is one word, for every line of memory that two threads pass to each other costs about 50 ns: how many
//! helpers may enter, how many are inside, which task is next. It is shut when there is no next task, so a helper that
//! comes late cannot enter, and the caller waits for tasks that were begun and never for a thread that is waking up. An
//! empty fork-join costs about 0.2 µs, where rayon's from outside its pool costs 14–20 µs.
//!
//! Work must be split by size alone, never by [`threads`], so that results have the same bits for any number of
//! threads; [`run_ranges`] does that. Tasks take no lock.
//!
//! There is one pool for the process. A call that finds it taken (by another user thread, or because it comes from
//! inside a task) runs serially. After `fork` the child starts with no helpers and spawns its own.
//!
//! [`interruptible`] has the calling thread ask, between its tasks, while it waits for helpers, and at most every [`EVERY`], whether
//! to go on. Long tasks have places to stop at ([`stop_if_told`]), for helpers too.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;
#[cfg(all(unix, not(miri)))]
use std::sync::Once;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use place::{Place, here};

use crate::flags;

/// The most threads that a fork-join uses, the caller among them.
pub const MAX_THREADS: usize = 256;
const MAX_HELPERS: usize = MAX_THREADS - 1;

/// How long a helper looks for the next job before it sleeps: longer than the serial stretch between two operations,
/// shorter than what anyone would notice in a processor's load.
const SPIN: Duration = Duration::from_micros(20);

thread_local! {
    /// The count that [`with_threads`] set on this thread, 1 inside a task; 0 when the process's count holds.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// The process's count; 0 until it is first asked for.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many threads a fork-join started here would use: what [`with_threads`] or [`set_threads`] said, else
/// `CIVITA_NUM_THREADS`, else the processors that this process may use. It is 1 inside a task.
#[inline]
pub fn threads() -> usize {
    match LIMIT.get() {
        0 => match COUNT.load(Relaxed) {
            0 => default_threads(),
            n => n,
        },
        n => n,
    }
}

#[cold]
fn default_threads() -> usize {
    let asked = std::env::var("CIVITA_NUM_THREADS").ok();
    let n = asked
        .and_then(|text| text.trim().parse().ok())
        .filter(|&n| n > 0)
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .min(MAX_THREADS);
    // another thread may have called set_threads meanwhile: its word counts
    match COUNT.compare_exchange(0, n, Relaxed, Relaxed) {
        Ok(_) => n,
        Err(theirs) => theirs,
    }
}

/// Sets the number of threads for the whole process, between 1 and [`MAX_THREADS`].
pub fn set_threads(n: usize) {
    COUNT.store(n.clamp(1, MAX_THREADS), Relaxed);
}

/// Calls `f` with [`threads`] being `n` on this thread.
///
/// ```
/// use civita_kernels::threads::{threads, with_threads};
/// assert_eq!(with_threads(2, threads), 2);
/// ```
pub fn with_threads<R>(n: usize, f: impl FnOnce() -> R) -> R {
    let _limit = Limit::set(n.clamp(1, MAX_THREADS));
    f()
}

/// Puts the thread's limit back when dropped, also by a panic.
struct Limit(usize);

impl Limit {
    fn set(n: usize) -> Limit {
        Limit(LIMIT.replace(n))
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        LIMIT.set(self.0);
    }
}

/// Calls `body(0)` to `body(tasks - 1)`, each once, in any order, on up to [`threads`] threads, and returns when all
/// are done. Whatever the tasks wrote is visible to the caller afterwards.
///
/// # Panics
/// With the first panic of a task, once no task runs any more.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// let sum = AtomicUsize::new(0);
/// civita_kernels::threads::run(10, &|i| _ = sum.fetch_add(i, Ordering::Relaxed));
/// assert_eq!(sum.into_inner(), 45);
/// ```
#[inline]
pub fn run(tasks: usize, body: &(dyn Fn(usize) + Sync)) {
    if tasks > 1 {
        let threads = threads();
        if threads > 1 && POOL.run(tasks, threads - 1, body) {
            return;
        }
    }
    for task in 0..tasks {
        stop_if_told();
        body(task);
    }
}

/// What [`interruptible`] says when it was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// How often the calling thread of a long fork-join asks whether to go on.
pub const EVERY: Duration = Duration::from_millis(10);

/// How long the next question waits at most: the thread may have lost its processor while it asked.
const LATEST: Duration = Duration::from_millis(100);

/// What a thread asks, and when next.
struct Question<'a> {
    ask: &'a mut dyn FnMut() -> bool,
    /// By [`coarse_time`].
    next: Duration,
}

/// The time since some moment, as exact as the system's tick, which is some milliseconds, where that takes less to read: a question is
/// prepared for every operation, but asked by long ones alone.
#[inline]
fn coarse_time() -> Duration {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        let mut now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: writes the time to a local.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut now) };
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

thread_local! {
    /// The question of this thread; null where there is none; [`HELPS`] on a helper, whose caller asks.
    static QUESTION: Cell<*mut Question<'static>> = const { Cell::new(null_mut()) };
}

/// The question of a helper, which is never followed: whether its caller was told to stop.
const HELPS: *mut Question<'static> = std::ptr::dangling_mut();

/// Calls `f`. Whenever [`EVERY`] has passed, `ask` is called between two tasks that `f` has this thread do; once it returns true,
/// tasks that have not begun are left out, and `f` is unwound. What it was writing is then written in part.
///
/// Asking takes at most a twentieth of the time: after a slow answer the next question comes later, by a tenth of a second at most.
///
/// # Errors
/// [`Interrupted`], when `ask` returned true.
///
/// ```
/// use civita_kernels::threads::{Interrupted, interruptible, run};
/// let sleep = |_| std::thread::sleep(std::time::Duration::from_millis(1));
/// assert_eq!(interruptible(&mut || true, || run(10_000, &sleep)), Err(Interrupted));
/// assert_eq!(interruptible(&mut || false, || run(20, &sleep)), Ok(()));
/// ```
pub fn interruptible<R>(
    ask: &mut dyn FnMut() -> bool,
    f: impl FnOnce() -> R,
) -> Result<R, Interrupted> {
    struct Restore(*mut Question<'static>);
    impl Drop for Restore {
        fn drop(&mut self) {
            QUESTION.set(self.0);
        }
    }
    let mut question = Question {
        ask,
        next: coarse_time() + EVERY,
    };
    // the lifetime is erased; `Restore` takes the pointer away before the question ends
    let question: *mut Question<'_> = &mut question;
    let restore = Restore(QUESTION.replace(question.cast()));
    let outcome = catch_unwind(AssertUnwindSafe(f));
    drop(restore);
    outcome.or_else(|payload| match payload.downcast::<Interrupted>() {
        Ok(interrupted) => Err(*interrupted),
        Err(other) => resume_unwind(other),
    })
}

/// Whether this thread can be told to stop: it is inside [`interruptible`].
pub fn is_interruptible() -> bool {
    let question = QUESTION.get();
    !question.is_null() && question != HELPS
}

/// A place to stop at, in a long task or for a thread that waits for others: unwinds as [`run`] does where [`interruptible`] was
/// told to stop.
#[inline]
pub fn stop_if_told() {
    if is_interrupted() {
        resume_unwind(Box::new(Interrupted));
    }
}

/// Asks, where it is time for it.
#[inline]
fn is_interrupted() -> bool {
    let question = QUESTION.get();
    !question.is_null() && answer(question)
}

#[cold]
fn answer(question: *mut Question<'static>) -> bool {
    if question == HELPS {
        return POOL.stopped.load(Relaxed);
    }
    let now = coarse_time();
    // SAFETY: `interruptible` on this thread put it there and has not returned; nobody else borrows it, for the pointer is
    // taken away while the question is asked.
    let asked = unsafe { &mut *question };
    if now < asked.next {
        return false;
    }
    QUESTION.set(null_mut());
    let stop = (asked.ask)();
    let end = coarse_time();
    asked.next = end + ((end - now) * 20).clamp(EVERY, LATEST);
    if !stop {
        // once told to stop nobody asks again: what is dropped by unwinding may do tasks
        QUESTION.set(question);
    }
    stop
}

/// Calls `body` for `0..grain`, `grain..2 * grain`, …, the last range ending at `len`. The ranges depend on nothing
/// but the two sizes, so what is computed for each of them is the same for any number of threads.
///
/// # Panics
/// As [`run`]. A `grain` of 0 counts as 1.
#[inline]
pub fn run_ranges(len: usize, grain: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
    let grain = grain.max(1);
    if len <= grain {
        if len > 0 {
            body(0..len);
        }
        return;
    }
    run(len.div_ceil(grain), &|task| {
        let start = task * grain;
        body(start..len.min(start.saturating_add(grain)));
    });
}

/// A pointer that tasks share; each reads and writes its own part of what is there.
#[derive(Clone, Copy)]
pub struct Parts<T>(pub *mut T);

// SAFETY: an address is a number; who follows it answers for that.
unsafe impl<T> Send for Parts<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Parts<T> {}

impl<T> Parts<T> {
    /// Element `i`, which need not exist.
    #[inline]
    pub fn at(&self, i: usize) -> *mut T {
        self.0.wrapping_add(i)
    }
}

/// A job with its borrow erased: the gate keeps helpers from reaching it after `run` returned.
#[derive(Clone, Copy)]
struct Job {
    body: *const (dyn Fn(usize) + Sync),
    tasks: usize,
    /// The processor of the thread whose job it is.
    cpu: i32,
}

// The gate, from its lowest bits: tasks taken at the low end, to which FULL - tasks is added (24 bits) | tasks taken at
// the high end (24) | helpers inside (8) | helpers that may enter (8). It is shut when the first two make FULL. Takers
// that come too late count on without harm: there are at most 256.
const FIELD: u64 = (1 << 24) - 1;
const FULL: u64 = 1 << 23;
const ONE_INSIDE: u64 = 1 << 48;
const ALL_INSIDE: u64 = 0xff << 48;

/// The end of the tasks that a thread takes from. The caller takes from the low end and its first helper from the high
/// one, so that in one operation after the other each works on the part that its cache knows.
#[derive(Clone, Copy)]
#[repr(u64)]
enum End {
    Low = 1,
    High = 1 << 24,
}

fn opened(helpers: usize, tasks: usize) -> u64 {
    (helpers as u64) << 56 | (FULL - tasks as u64)
}
fn may_enter(gate: u64) -> usize {
    (gate >> 56) as usize
}
fn is_open(gate: u64) -> bool {
    (gate & FIELD) + (gate >> 24 & FIELD) < FULL
}

impl Job {
    /// The next task at this end.
    fn task(&self, gate: u64, end: End) -> Option<usize> {
        is_open(gate).then(|| match end {
            End::Low => (gate & FIELD) as usize + self.tasks - FULL as usize,
            End::High => self.tasks - 1 - (gate >> 24 & FIELD) as usize,
        })
    }
}

struct Slot {
    state: AtomicU8,
    place: Place,
    /// Written by the one that holds `Pool::busy` while the gate is shut; read by it and by those inside the gate.
    thread: UnsafeCell<Option<Thread>>,
}

const ABSENT: u8 = 0;
const AWAKE: u8 = 1;
const ASLEEP: u8 = 2;
/// Somebody is about to wake it.
const STIRRED: u8 = 3;
/// The system gave no thread (as on WASM); not asked for again.
const REFUSED: u8 = 4;

/// The gate, and the job behind it on the line that a helper has to fetch anyway. Alone on its line and the next: x86
/// prefetches them in pairs.
#[repr(align(128))]
struct Gate(AtomicU64, UnsafeCell<Option<Job>>);

struct Pool {
    gate: Gate,
    /// Held by the thread whose job it is.
    busy: AtomicBool,
    /// The first panic of the job.
    panic: AtomicPtr<Box<dyn Any + Send>>,
    /// The floating-point flags that helpers raised.
    raised: AtomicU8,
    /// Whether the caller was told to stop.
    stopped: AtomicBool,
    slots: [Slot; MAX_HELPERS],
}

// SAFETY: the cells are written by the holder of `busy` while no helper is inside the gate, and read inside the gate.
unsafe impl Sync for Pool {}

static POOL: Pool = {
    Pool {
        gate: Gate(AtomicU64::new(FULL), UnsafeCell::new(None)),
        busy: AtomicBool::new(false),
        panic: AtomicPtr::new(null_mut()),
        raised: AtomicU8::new(0),
        stopped: AtomicBool::new(false),
        slots: [const {
            Slot {
                state: AtomicU8::new(ABSENT),
                place: Place::new(),
                thread: UnsafeCell::new(None),
            }
        }; MAX_HELPERS],
    }
};

/// A woken thread wakes this many more, so that waking many takes logarithmic time.
const FAN: usize = 4;

impl Pool {
    /// Does the job with up to `helpers` helpers, or returns false at once when the pool is taken.
    fn run(&'static self, tasks: usize, helpers: usize, body: &(dyn Fn(usize) + Sync)) -> bool {
        if tasks as u64 > FULL || self.busy.load(Relaxed) || self.busy.swap(true, Acquire) {
            return false;
        }
        let helpers = helpers.min(tasks - 1).min(MAX_HELPERS);
        for index in 0..helpers {
            if self.slots[index].state.load(Relaxed) == ABSENT {
                self.spawn(index);
            }
        }
        let limit = Limit::set(1);
        let Gate(gate, cell) = &self.gate;
        // SAFETY: only the lifetime is erased. Helpers use it inside the gate alone, and we do not return before they left.
        let body = unsafe {
            std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync)>(
                body,
            )
        };
        let job = Job {
            body,
            tasks,
            cpu: here(),
        };
        // SAFETY: `busy` is ours and the gate is shut with nobody inside.
        unsafe { *cell.get() = Some(job) };
        self.stopped.store(false, Relaxed);
        // The first task is ours. SeqCst here, in `wake` and in `sleep`: either the sleeper sees the open gate, or we see
        // that it sleeps.
        let open = opened(helpers, tasks);
        gate.store(open + End::Low as u64, SeqCst);
        self.wake(0..helpers.min(FAN));
        self.work(job, job.task(open, End::Low), End::Low);

        let mut turns = 0u32;
        let mut stop = false;
        while gate.load(Acquire) & ALL_INSIDE != 0 {
            turns += 1;
            // the helper's processor may have been taken from it: then ours is better used by it than by us
            if turns > 2000 || cfg!(miri) {
                if is_interrupted() {
                    self.shut();
                    stop = true;
                }
                thread::yield_now()
            } else {
                spin_loop()
            }
        }
        let raised = self.raised.load(Relaxed);
        if raised != 0 {
            self.raised.store(0, Relaxed);
            flags::raise(raised);
        }
        let panic = self.panic.load(Acquire);
        self.panic.store(null_mut(), Relaxed);
        self.busy.store(false, Release);
        drop(limit);
        if !panic.is_null() {
            // SAFETY: it came from `Box::into_raw` in `work`, and was taken out while `busy` was ours.
            resume_unwind(*unsafe { Box::from_raw(panic) });
        }
        if stop {
            resume_unwind(Box::new(Interrupted));
        }
        true
    }

    /// Does `task`, then takes tasks until none is left.
    fn work(&self, job: Job, mut task: Option<usize>, end: End) {
        // SAFETY: we are the caller or inside the gate, so `run` has not returned and its borrow is alive.
        let body = unsafe { &*job.body };
        let take = || job.task(self.gate.0.fetch_add(end as u64, Relaxed), end);
        while let Err(payload) = catch_unwind(AssertUnwindSafe(|| {
            while let Some(now) = task {
                stop_if_told();
                body(now);
                task = take();
            }
        })) {
            // told between two tasks or within one
            if payload.is::<Interrupted>() {
                self.shut();
            }
            let payload = Box::into_raw(Box::new(payload));
            if self
                .panic
                .compare_exchange(null_mut(), payload, Release, Relaxed)
                .is_err()
            {
                // SAFETY: made by `Box::into_raw` two lines above and not stored.
                drop(unsafe { Box::from_raw(payload) });
            }
            task = take();
        }
    }

    /// Leaves out the tasks that nobody has begun, and has helpers leave theirs at the next place to stop at.
    #[cold]
    fn shut(&self) {
        self.stopped.store(true, Relaxed);
        let mut seen = self.gate.0.load(Relaxed);
        while is_open(seen) {
            let left = FULL - (seen & FIELD) - (seen >> 24 & FIELD);
            match self
                .gate
                .0
                .compare_exchange(seen, seen + left, AcqRel, Relaxed)
            {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// What a helper does.
    fn help(&'static self, index: usize) {
        LIMIT.set(1);
        QUESTION.set(HELPS);
        self.slots[index].place.start();
        let Gate(gate, cell) = &self.gate;
        let end = if index.is_multiple_of(2) {
            End::High
        } else {
            End::Low
        };
        let mut spin = Spin::start();
        loop {
            let seen = gate.load(Relaxed);
            if is_open(seen) && index < may_enter(seen) {
                // Entering takes a task. Should the gate have been shut and opened again since, this is another job and
                // just as good.
                if gate
                    .compare_exchange(seen, seen + ONE_INSIDE + end as u64, Acquire, Relaxed)
                    .is_ok()
                {
                    let first = FAN * (index + 1);
                    let helpers = may_enter(seen);
                    self.wake(first.min(helpers)..(first + FAN).min(helpers));
                    // SAFETY: inside the gate the cell is not written.
                    let job = unsafe { *cell.get() };
                    if let Some(job) = job {
                        flags::clear();
                        self.work(job, job.task(seen, end), end);
                        let raised = flags::raised();
                        if raised != 0 {
                            self.raised.fetch_or(raised, Relaxed);
                        }
                    }
                    gate.fetch_sub(ONE_INSIDE, Release);
                    if let Some(job) = job {
                        self.slots[index].place.leave(job.cpu);
                    }
                    spin = Spin::start();
                }
            } else if !spin.again() {
                // miri wants every thread to have ended when `main` does
                if cfg!(miri) {
                    self.slots[index].state.store(ABSENT, Release);
                    return;
                }
                self.sleep(index);
                spin = Spin::start();
            }
        }
    }

    fn sleep(&self, index: usize) {
        let Slot { state, place, .. } = &self.slots[index];
        state.store(ASLEEP, SeqCst);
        let seen = self.gate.0.load(SeqCst);
        if is_open(seen) && index < may_enter(seen) {
            // when this fails, somebody is waking us, and we wait for that
            let _ = state.compare_exchange(ASLEEP, AWAKE, Relaxed, Relaxed);
        }
        while state.load(Acquire) != AWAKE {
            thread::park();
        }
        place.arrive();
    }

    fn wake(&self, slots: Range<usize>) {
        for Slot {
            state,
            place,
            thread,
        } in &self.slots[slots]
        {
            if state.load(SeqCst) == ASLEEP
                && state
                    .compare_exchange(ASLEEP, STIRRED, AcqRel, Relaxed)
                    .is_ok()
            {
                place.keep_off();
                state.store(AWAKE, Release);
                // SAFETY: we hold `busy` or are inside the gate; the cell is written under `busy` before it opens.
                if let Some(thread) = unsafe { &*thread.get() } {
                    thread.unpark();
                }
            }
        }
    }

    #[cold]
    fn spawn(&'static self, index: usize) {
        survive_fork();
        let slot = &self.slots[index];
        slot.state.store(AWAKE, Relaxed);
        let name = format!("civita-{}", index + 1);
        match thread::Builder::new()
            .name(name)
            .spawn(move || self.help(index))
        {
            // SAFETY: `busy` is ours and nobody is inside the gate.
            Ok(handle) => unsafe { *slot.thread.get() = Some(handle.thread().clone()) },
            Err(_) => slot.state.store(REFUSED, Relaxed),
        }
    }
}

/// Waiting without sleeping, for [`SPIN`].
struct Spin {
    since: Instant,
    turns: u32,
}

impl Spin {
    fn start() -> Spin {
        Spin {
            since: Instant::now(),
            turns: 0,
        }
    }

    fn again(&mut self) -> bool {
        self.turns += 1;
        if cfg!(miri) {
            thread::yield_now();
            return self.turns < 16;
        }
        spin_loop();
        !self.turns.is_multiple_of(64) || self.since.elapsed() < SPIN
    }
}

/// How many forks lie between the process that was started first and this one, from when [`survive_fork`] was called on.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the process that was started first and this one: locks that another thread held when this process
/// was forked off have an owner no more.
#[inline]
pub fn forks() -> u32 {
    FORKS.load(Relaxed)
}

/// Has the child of a `fork`, which gets none of our helpers, begin with an empty pool, and counts it in [`forks`].
pub fn survive_fork() {
    #[cfg(all(unix, not(miri)))]
    {
        extern "C" fn in_child() {
            FORKS.fetch_add(1, Relaxed);
            POOL.gate.0.store(FULL, Relaxed);
            for slot in &POOL.slots {
                slot.state.store(ABSENT, Relaxed);
            }
            POOL.busy.store(false, Relaxed);
        }
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            // SAFETY: the handler only stores to atomics, which is allowed between `fork` and anything else. Should the
            // registration fail, a forked child runs its jobs without helpers and is right all the same.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
    }
}

mod place;
#[cfg(test)]
#[path = "threads/tests.rs"]
mod tests;
