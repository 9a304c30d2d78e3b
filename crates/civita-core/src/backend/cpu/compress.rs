//! Elements picked by a mask, and put back, on the CPU.

use super::{copy, memory};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::explain;
use crate::isa::kernel;
use crate::kernels::compress::Compress;
use crate::raw::Raw;
use crate::storage::Access;
use crate::threads::{self, Parts};

/// Elements of a task.
const PIECE: usize = 1 << 15;

/// The rows of `x` where the mask is true.
pub(super) fn compress(mask: &Raw, x: &Raw) -> Result<Raw> {
    if let Some(done) = compress_few(mask, x) {
        return done;
    }
    let mask = Mask::new(mask)?;
    let mut shape = vec![mask.count];
    shape.extend_from_slice(&x.shape()[mask.axes..]);
    let source = copy::contiguous(x)?;
    let out = memory::unwritten(&shape, x.dtype())?;
    let inner: usize = shape[1..].iter().product::<usize>() * x.dtype().size();
    explain::note("select", source.len(), || {
        (out.dtype(), explain::Kind::Gather)
    });
    let (from, to) = (Parts(source.ptr()), Parts(out.ptr()));
    mask.each_piece(|bytes, row, place| {
        // SAFETY: `row` counts rows of the source, `place` those of the result before this piece.
        unsafe {
            pick(
                bytes,
                inner,
                from.at(row * inner).cast_const(),
                to.at(place * inner),
            )
        };
    });
    Ok(out)
}

/// The indices of the elements of a vector that are true.
pub(crate) fn places(mask: &Raw) -> Result<Raw> {
    let mask = Mask::new(mask)?;
    explain::note("nonzero", mask.values.len(), || {
        (DType::I64, explain::Kind::Gather)
    });
    let out = memory::unwritten(&[mask.count], DType::I64)?;
    let to = Parts(out.ptr().cast::<i64>());
    mask.each_piece(|bytes, first, mut place| {
        let mut room = [0; 256];
        for (block, bytes) in bytes.chunks(room.len()).enumerate() {
            let start = (first + block * room.len()) as i64;
            let mut many = 0;
            // every index is written, the next one over it where the byte is 0
            for (i, &byte) in (start..).zip(bytes) {
                room[many & 0xff] = i;
                many += usize::from(byte != 0);
            }
            // SAFETY: as many indices as are true in this block, which no other piece has.
            unsafe { std::ptr::copy_nonoverlapping(room.as_ptr(), to.at(place), many) };
            place += many;
        }
    });
    Ok(out)
}

/// Few contiguous elements, each with a byte of the mask: no pieces.
fn compress_few(mask: &Raw, x: &Raw) -> Option<Result<Raw>> {
    let few = x.layout().is_contiguous()
        && mask.layout().is_contiguous()
        && mask.shape() == x.shape()
        && x.len() <= PIECE
        && x.dtype().size() <= 8;
    // the bytes of a foreign mask may change between counting and copying
    if !few || mask.storage().access() == Access::Foreign {
        return None;
    }
    let n = x.len();
    let bytes: &[u8] = if n == 0 {
        &[]
    } else {
        // SAFETY: the bytes of a contiguous mask, which nobody writes under the guard.
        unsafe { std::slice::from_raw_parts(mask.ptr().cast_const(), n) }
    };
    let out = memory::unwritten(&[count(bytes)], x.dtype());
    Some(out.inspect(|out| {
        explain::note("select", n, || (out.dtype(), explain::Kind::Gather));
        // SAFETY: as many elements as bytes, room for as many as are true.
        unsafe { pick(bytes, x.dtype().size(), x.ptr(), out.ptr()) };
    }))
}

/// Zeros with the rows of `few` where the mask is true.
pub(super) fn expand(mask: &Raw, few: &Raw) -> Result<Raw> {
    let found = Mask::new(mask)?;
    if few.shape().first() != Some(&found.count) {
        return Err(Error::shape(
            "expand",
            format!(
                "{} rows for a mask that is true {} times",
                few.shape().first().copied().unwrap_or(0),
                found.count
            ),
        ));
    }
    let mut shape = mask.shape().to_vec();
    shape.extend_from_slice(&few.shape()[1..]);
    let source = copy::contiguous(few)?;
    let out = Raw::zeros(&shape, few.dtype())?;
    let inner: usize = few.shape()[1..].iter().product::<usize>() * few.dtype().size();
    let (from, to) = (Parts(source.ptr()), Parts(out.ptr()));
    found.each_piece(|bytes, row, place| {
        let meant = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
        for (place, (i, _)) in (place..).zip(meant) {
            // SAFETY: a row of each.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    from.at(place * inner).cast_const(),
                    to.at((row + i) * inner),
                    inner,
                );
            }
        }
    });
    Ok(out)
}

/// A mask whose bytes nobody else can change, and how many of them are true before each piece.
struct Mask {
    values: Raw,
    /// Axes of the operand that it covers.
    axes: usize,
    before: Vec<usize>,
    count: usize,
}

/// In bytes first: 255 of them fit, and 64 at a time are one vector.
fn count(bytes: &[u8]) -> usize {
    bytes
        .chunks(128)
        .map(|c| c.iter().fold(0u8, |s, &b| s + u8::from(b != 0)) as usize)
        .sum()
}

impl Mask {
    fn new(mask: &Raw) -> Result<Mask> {
        let values = match mask.storage().access() {
            Access::Owned if mask.layout().is_contiguous() => mask.clone(),
            _ => copy::copied(mask, mask.dtype())?,
        };
        let pieces = values.len().div_ceil(PIECE);
        let mut before = vec![0usize; pieces + 1];
        let (from, to) = (Parts(values.ptr()), Parts(before.as_mut_ptr()));
        let n = values.len();
        threads::run(pieces, &|p| {
            let many = PIECE.min(n - p * PIECE);
            // SAFETY: a piece of the mask, one count.
            unsafe {
                let bytes = std::slice::from_raw_parts(from.at(p * PIECE).cast_const(), many);
                *to.at(p + 1) = count(bytes);
            }
        });
        for p in 0..pieces {
            before[p + 1] += before[p];
        }
        let count = before[pieces];
        Ok(Mask {
            axes: mask.rank(),
            values,
            before,
            count,
        })
    }

    /// Calls `f` with the bytes of each piece, the number of its first row, and how many were true before it.
    fn each_piece(&self, f: impl Fn(&[u8], usize, usize) + Sync) {
        let (from, n) = (Parts(self.values.ptr()), self.values.len());
        threads::run(n.div_ceil(PIECE), &|p| {
            let many = PIECE.min(n - p * PIECE);
            // SAFETY: a piece of a mask that is ours alone.
            let bytes =
                unsafe { std::slice::from_raw_parts(from.at(p * PIECE).cast_const(), many) };
            f(bytes, p * PIECE, self.before[p]);
        });
    }
}

/// Copies the rows of `inner` bytes whose mask byte is not 0.
///
/// # Safety
/// As many rows as there are bytes from `src`, as many as are true at `out`.
unsafe fn pick(bytes: &[u8], inner: usize, src: *const u8, out: *mut u8) {
    let inputs = [src, bytes.as_ptr(), src];
    // SAFETY: the caller's contract.
    unsafe {
        match inner {
            1 => kernel::<Compress<u8>>()(bytes.len(), inputs, out),
            2 => kernel::<Compress<u16>>()(bytes.len(), inputs, out),
            4 => kernel::<Compress<u32>>()(bytes.len(), inputs, out),
            8 => kernel::<Compress<u64>>()(bytes.len(), inputs, out),
            _ => {
                let meant = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
                for (place, (i, _)) in meant.enumerate() {
                    std::ptr::copy_nonoverlapping(
                        src.add(i * inner),
                        out.add(place * inner),
                        inner,
                    );
                }
            }
        }
    }
}
