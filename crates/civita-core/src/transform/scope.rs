//! Scopes: when a transformation began, and which graphs grow.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::TagRef;
use super::draw::{Frame, all_frames, replace_frames};
use crate::error::{Error, Result};
use crate::raw::Raw;

/// When a transformation began. Later ones have larger levels and see an operation first. A scope takes two: its own, and
/// the next one for leaves that `requires_grad` makes inside it.
pub(crate) type Level = u64;

/// The level of leaves that are made outside of all transformations.
pub(crate) const GLOBAL: Level = 1;

thread_local! {
    /// The innermost open scope of this thread; 0 outside of all.
    pub(crate) static SCOPE: Cell<Level> = const { Cell::new(0) };
    /// Graphs up to this level do not grow: `no_grad` silences those that began outside of it.
    static QUIET: Cell<Level> = const { Cell::new(0) };
}

/// The running of one transformation on this thread. While it lives, tensors that it tagged are under way.
pub(crate) struct OpenScope {
    pub(crate) level: Level,
    outer: Level,
    thread: PhantomData<*const ()>,
}

/// Scopes that are open in the process: while there are none, nobody needs to ask his thread.
static OPEN: AtomicU32 = AtomicU32::new(0);

/// The innermost open scope of this thread, 0 outside of all.
#[inline]
pub(crate) fn current_scope() -> Level {
    if OPEN.load(Relaxed) == 0 {
        0
    } else {
        SCOPE.get()
    }
}

impl OpenScope {
    /// Opens one inside of those that are open.
    pub(crate) fn open() -> OpenScope {
        static NEXT: AtomicU64 = AtomicU64::new(2);
        let level = NEXT.fetch_add(2, Relaxed);
        OPEN.fetch_add(1, Relaxed);
        OpenScope {
            level,
            outer: SCOPE.replace(level),
            thread: PhantomData,
        }
    }

    /// A result on its way out: the value under this scope's tag, and the tag.
    ///
    /// # Errors
    /// When it belongs to a transformation inside of this one that is over.
    pub(crate) fn leave(&self, op: &'static str, y: &Raw) -> Result<(Raw, Option<TagRef>)> {
        if y.level() > Some(self.level) {
            return Err(Error::gradient(
                op,
                "the function returns a tensor that tracks a gradient of its own inside",
            )
            .rule("a leaf that was made inside a transformation has no gradient outside")
            .hint("return `.detach()` of it"));
        }
        Ok(y.pop(self.level))
    }
}

impl Drop for OpenScope {
    fn drop(&mut self) {
        SCOPE.set(self.outer);
        OPEN.fetch_sub(1, Relaxed);
    }
}

/// What holds on a thread: the transformations that are open there, [`no_grad`], and what random numbers mean. A worker thread
/// that enters it computes as the thread that it was taken on does.
///
/// ```
/// use civita_core::{dtype::DType, raw::Raw, transform::{Scope, no_grad, recording}};
///
/// no_grad(|| {
///     let scope = Scope::current();
///     std::thread::scope(|s| {
///         s.spawn(|| {
///             assert!(recording());
///             let _inside = scope.enter();
///             assert!(!recording());
///         });
///     });
/// });
/// ```
#[derive(Clone)]
pub struct Scope {
    level: Level,
    quiet: Level,
    draws: Vec<Frame>,
}

impl Scope {
    /// What holds on this thread now.
    pub fn current() -> Scope {
        Scope {
            level: SCOPE.get(),
            quiet: QUIET.get(),
            draws: all_frames(),
        }
    }

    /// Lets it hold on this thread until the result is dropped. It is left before the transformations end that were open where
    /// it was taken: what is computed afterwards belongs to none.
    #[must_use = "the scope is left when this is dropped"]
    pub fn enter(&self) -> EnteredScope {
        OPEN.fetch_add(1, Relaxed);
        EnteredScope {
            outer: Scope {
                level: SCOPE.replace(self.level),
                quiet: QUIET.replace(self.quiet),
                draws: replace_frames(self.draws.clone()),
            },
            thread: PhantomData,
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("level", &self.level)
            .field("recording", &(self.level + 1 > self.quiet))
            .finish()
    }
}

/// A [`Scope`] that holds on this thread while this lives.
#[derive(Debug)]
pub struct EnteredScope {
    outer: Scope,
    thread: PhantomData<*const ()>,
}

impl Drop for EnteredScope {
    fn drop(&mut self) {
        SCOPE.set(self.outer.level);
        QUIET.set(self.outer.quiet);
        replace_frames(std::mem::take(&mut self.outer.draws));
        OPEN.fetch_sub(1, Relaxed);
    }
}

/// Whether a graph of this level grows.
#[inline]
pub(crate) fn grows(level: Level) -> bool {
    level > QUIET.get()
}

/// Whether the graphs are recorded that leaves made here and now would belong to.
#[inline]
pub fn recording() -> bool {
    grows(SCOPE.get() + 1)
}

/// Nothing is recorded on this thread while it lives. See [`no_grad`].
#[derive(Debug)]
pub struct NoGrad {
    outer: Level,
    thread: PhantomData<*const ()>,
}

impl NoGrad {
    /// Stops recording on this thread until it is dropped.
    #[must_use = "recording goes on when this is dropped"]
    pub fn new() -> NoGrad {
        NoGrad {
            outer: QUIET.replace(SCOPE.get() + 1),
            thread: PhantomData,
        }
    }
}

impl Default for NoGrad {
    fn default() -> NoGrad {
        NoGrad::new()
    }
}

impl Drop for NoGrad {
    fn drop(&mut self) {
        QUIET.set(self.outer);
    }
}

/// Runs `f` without recording gradients on this thread. Forward mode goes on, and so does a `grad` that begins inside.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _pause = NoGrad::new();
    f()
}

/// Everything is recorded on this thread while it lives, inside of [`NoGrad`] too. See [`enable_grad`].
#[derive(Debug)]
pub struct EnableGrad {
    outer: Level,
    thread: PhantomData<*const ()>,
}

impl EnableGrad {
    /// Records on this thread until it is dropped.
    #[must_use = "recording is as before when this is dropped"]
    pub fn new() -> EnableGrad {
        EnableGrad {
            outer: QUIET.replace(0),
            thread: PhantomData,
        }
    }
}

impl Default for EnableGrad {
    fn default() -> EnableGrad {
        EnableGrad::new()
    }
}

impl Drop for EnableGrad {
    fn drop(&mut self) {
        QUIET.set(self.outer);
    }
}

/// Runs `f` with gradients recorded, also inside of [`no_grad`].
pub fn enable_grad<R>(f: impl FnOnce() -> R) -> R {
    let _record = EnableGrad::new();
    f()
}
