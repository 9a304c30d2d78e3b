//! The bytes of tensors, for files.

use std::fs::File;
use std::io::{BufWriter, Write};

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use civita_core::threads;

/// Lets `f` see the bytes of the elements in C order.
pub(crate) fn of<R>(x: &Raw, f: impl FnOnce(&[u8]) -> R) -> Result<R> {
    let dense = x.concrete("save")?.copied()?;
    let len = dense.len() * dense.dtype().size();
    if len == 0 {
        return Ok(f(&[]));
    }
    // SAFETY: the copy is contiguous and ours alone, and has that many bytes.
    Ok(f(unsafe {
        std::slice::from_raw_parts(dense.ptr().cast_const(), len)
    }))
}

/// Lets `f` see the bytes of the elements in C order, in pieces. What lies in C order is copied piece by piece, into memory that
/// stays in the cache: somebody else may write to it meanwhile, so that no slice of it may exist.
pub(crate) fn pieces(x: &Raw, mut f: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    const PIECE: usize = 1 << 18;
    let x = x.concrete("save")?;
    if !x.layout().is_contiguous() {
        return of(&x, f)?;
    }
    let flat = x.reshape(&[x.len()])?;
    let step = PIECE / x.dtype().size();
    let mut start = 0;
    while start < flat.len() {
        let len = step.min(flat.len() - start);
        let piece = flat.narrow(0, start, len)?;
        // a piece is copied faster than other threads wake up
        threads::with_threads(1, || of(&piece, &mut f))??;
        start += len;
    }
    Ok(())
}

/// Writes the elements in C order to a file: as they lie, where they lie so and the system can read them.
pub(crate) fn to_file(op: &'static str, writer: &mut BufWriter<File>, x: &Raw) -> Result<()> {
    let failed = |e: std::io::Error| Error::io(op, e.to_string());
    #[cfg(target_os = "linux")]
    {
        let x = x.concrete("save")?;
        if x.layout().is_contiguous() {
            // SAFETY: a contiguous tensor has that many bytes from its pointer on, and holds them.
            let done = unsafe {
                crate::atomic::write_shared(
                    writer,
                    x.ptr().cast_const(),
                    x.len() * x.dtype().size(),
                )
            };
            return done.map_err(failed);
        }
    }
    pieces(x, |piece| writer.write_all(piece).map_err(failed))
}

/// A new tensor whose bytes, in C order, `fill` writes.
pub(crate) fn filled<E: From<civita_core::error::Error>>(
    shape: &[usize],
    dtype: DType,
    fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
) -> Result<Raw, E> {
    let x = Raw::empty(shape, dtype)?;
    let len = x.len() * dtype.size();
    if len == 0 {
        fill(&mut [])?;
        return Ok(x);
    }
    // SAFETY: the tensor is new, contiguous and ours alone, and has that many bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(x.ptr(), len) };
    fill(bytes)?;
    if dtype == DType::Bool {
        // other bytes than 0 and 1 are true
        bytes.iter_mut().for_each(|b| *b = u8::from(*b != 0));
    }
    Ok(x)
}

/// Reverses the bytes of each element; of complex numbers those of each part.
pub(crate) fn swap(bytes: &mut [u8], dtype: DType) {
    let size = dtype.to_real().size();
    if size > 1 {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}
