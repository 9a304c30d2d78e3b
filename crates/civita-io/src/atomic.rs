//! Files that are replaced as a whole.
//!
//! A file is written beside the old one and renamed, so whoever reads sees the old file or the new one, and a full disk, an error
//! or a kill leaves the old one. Nothing is flushed to the disk (`fsync`): that would take five times as long as writing, and guard
//! against loss of power only, against which NumPy's files are not guarded either. Linux' ext4, XFS and Btrfs write the bytes
//! before such a rename by themselves.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use civita_core::error::{Error, Result};

/// Names an error of the system, with the file.
pub(crate) fn failed(op: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(op, format!("{}: {error}", path.display()))
}

/// Lets `write` fill a file beside `path`, which then takes the name `path`. When anything fails the old file stays.
///
/// # Errors
/// When the system or `write` fails.
pub fn replace(
    op: &'static str,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let (temporary, file) = beside(op, path)?;
    let mut writer = BufWriter::with_capacity(1 << 18, file);
    let written = write(&mut writer).and_then(|()| {
        writer
            .into_inner()
            .map(drop)
            .map_err(|e| failed(op, &temporary, e.error()))
    });
    let done =
        written.and_then(|()| fs::rename(&temporary, path).map_err(|e| failed(op, path, &e)));
    if done.is_err() {
        // the error that is on its way says more than one of this
        _ = fs::remove_file(&temporary);
    }
    done
}

/// A new file in the folder of `path`.
fn beside(op: &'static str, path: &Path) -> Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".{name}.{}.{n}.tmp", std::process::id()));
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((temporary, file)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(failed(op, path, &e)),
        }
    }
}
