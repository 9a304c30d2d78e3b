//! Which kernel ran: `explain` collects it for a closure, `CIVITA_LOG=ops` prints it as it happens.

use std::cell::RefCell;
use std::fmt;
use std::sync::OnceLock;

use crate::dtype::DType;
use crate::isa::{Level, level};
use crate::threads;

/// The family of the primitive that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An elementwise program.
    Elementwise,
    /// A fold over axes.
    Reduce,
    /// A running fold.
    Scan,
    /// A matrix product.
    Matmul,
    /// Elements picked or placed by index.
    Gather,
    /// Elements sorted.
    Sort,
}

/// One operation, as it ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The op.
    pub op: &'static str,
    /// The primitive.
    pub kind: Kind,
    /// Dtype of the result.
    pub dtype: DType,
    /// Elements that were worked on.
    pub elements: usize,
    /// Instruction set.
    pub isa: Level,
    /// Threads that were at hand.
    pub threads: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<14} {:<11} {:<10} {:>10} elements  {}  {} thread{}",
            self.op,
            format!("{:?}", self.kind).to_lowercase(),
            self.dtype.name(),
            self.elements,
            self.isa.name(),
            self.threads,
            if self.threads == 1 { "" } else { "s" }
        )
    }
}

thread_local! {
    static NOTES: RefCell<Option<Vec<Note>>> = const { RefCell::new(None) };
}

/// Whether anyone listens on this thread. Off, it costs one load.
#[inline]
fn logging() -> bool {
    static LOG: OnceLock<bool> = OnceLock::new();
    *LOG.get_or_init(|| std::env::var("CIVITA_LOG").is_ok_and(|v| v.split(',').any(|w| w == "ops")))
}

/// Fewer elements than this run on the calling thread alone.
const PARALLEL: usize = 1 << 15;

#[inline]
pub(crate) fn note(op: &'static str, elements: usize, what: impl FnOnce() -> (DType, Kind)) {
    let log = logging();
    let listening = LISTENING.with(std::cell::Cell::get);
    if log || listening {
        write_down(op, elements, what(), [log, listening]);
    }
}

#[cold]
fn write_down(
    op: &'static str,
    elements: usize,
    (dtype, kind): (DType, Kind),
    [log, listening]: [bool; 2],
) {
    let threads = if elements < PARALLEL {
        1
    } else {
        threads::threads()
    };
    let note = Note {
        op,
        kind,
        dtype,
        elements,
        isa: level(),
        threads,
    };
    if log {
        eprintln!("civita: {note}");
    }
    if listening {
        NOTES.with(|n| {
            if let Ok(mut notes) = n.try_borrow_mut()
                && let Some(notes) = notes.as_mut()
            {
                notes.push(note);
            }
        });
    }
}

thread_local! {
    static LISTENING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs `f` and returns what it returned with a note for each operation that ran on this thread.
///
/// ```
/// use civita_core::{explain::explain, raw::Raw};
/// let x = Raw::from_vec(vec![1.0f32, 2.0], &[2])?;
/// let (_, notes) = explain(|| x.exp());
/// assert_eq!(notes[0].op, "exp");
/// # Ok::<(), civita_core::error::Error>(())
/// ```
pub fn explain<R>(f: impl FnOnce() -> R) -> (R, Vec<Note>) {
    struct Restore(Option<Vec<Note>>, bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            NOTES.with(|n| *n.borrow_mut() = self.0.take());
            LISTENING.with(|l| l.set(self.1));
        }
    }
    let outer = Restore(
        NOTES.with(|n| n.borrow_mut().replace(Vec::new())),
        LISTENING.with(|l| l.replace(true)),
    );
    let result = f();
    let notes = NOTES.with(|n| n.borrow_mut().take()).unwrap_or_default();
    drop(outer);
    (result, notes)
}
