//! What this machine has, and what Civita makes of it.

use std::fmt;

use crate::isa::{Level, level};
use crate::{storage, threads};

/// What this process runs on.
#[derive(Clone, Debug)]
pub struct Info {
    /// Version of the engine.
    pub version: &'static str,
    /// Processor architecture.
    pub arch: &'static str,
    /// Instruction set in use.
    pub isa: Level,
    /// The widest that the processor has.
    pub widest: Level,
    /// Threads that operations may use.
    pub threads: usize,
    /// Bytes that the pool may keep for later.
    pub pool_limit: usize,
    /// Elements of the tables: elementwise ops, reductions.
    pub ops: (usize, usize),
}

/// What this process runs on.
///
/// ```
/// let info = civita_core::info::info();
/// assert!(info.threads >= 1);
/// ```
pub fn info() -> Info {
    Info {
        version: env!("CARGO_PKG_VERSION"),
        arch: std::env::consts::ARCH,
        isa: level(),
        widest: Level::detect(),
        threads: threads::threads(),
        pool_limit: storage::pool::pool_limit(),
        ops: (crate::ops::ROWS.len(), crate::ops::REDUCTIONS.len()),
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "civita {}", self.version)?;
        writeln!(
            f,
            "  processor         {} with {} (in use: {})",
            self.arch,
            self.widest.name(),
            self.isa.name()
        )?;
        writeln!(f, "  threads           {}", self.threads)?;
        writeln!(f, "  memory kept       up to {} MiB", self.pool_limit >> 20)?;
        writeln!(f, "  devices           cpu")?;
        write!(
            f,
            "  ops               {} elementwise, {} reductions",
            self.ops.0, self.ops.1
        )
    }
}
