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
            let mut keep = |i: i64, byte: u8| {
                room[many & 0xff] = i;
                many += usize::from(byte != 0);
            };
            let (eights, rest) = bytes.as_chunks::<8>();
            for (k, eight) in eights.iter().enumerate() {
                // most bytes of a sparse mask
                if u64::from_ne_bytes(*eight) != 0 {
                    for (j, &byte) in eight.iter().enumerate() {
                        keep(start + (8 * k + j) as i64, byte);
                    }
                }
            }
            for (i, &byte) in (start + 8 * eights.len() as i64..).zip(rest) {
                keep(i, byte);
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

/// Whether there are as many rows as the mask is true.
fn check_rows(op: &'static str, mask: &Mask, few: &Raw) -> Result<()> {
    let rows = few.shape().first().copied().unwrap_or(0);
    if rows == mask.count {
        return Ok(());
    }
    Err(Error::shape(
        op,
        format!("{rows} rows for a mask that is true {} times", mask.count),
    ))
}

/// Writes the rows of `few` into the contiguous `base` where the mask is true.
pub(super) fn place(base: &Raw, mask: &Raw, few: &Raw) -> Result<()> {
    let mask = Mask::new(mask)?;
    check_rows("assign", &mask, few)?;
    explain::note("assign", base.len(), || {
        (base.dtype(), explain::Kind::Gather)
    });
    // what others may write, or is written here, is read from a copy
    let own = few.storage().access() != Access::Foreign && few.base() != base.base();
    let source = match own {
        true => copy::contiguous(few)?,
        false => copy::copied(few, few.dtype())?,
    };
    let inner: usize = few.shape()[1..].iter().product::<usize>() * few.dtype().size();
    let (from, to) = (Parts(source.ptr()), Parts(base.ptr()));
    mask.each_piece(|bytes, row, before| {
        let (from, to) = (from.at(before * inner).cast_const(), to.at(row * inner));
        // SAFETY: `row` counts rows of the base, `before` those of the source; both have those of this piece.
        unsafe { put(bytes, inner, from, to) };
    });
    Ok(())
}

/// Zeros with the rows of `few` where the mask is true.
pub(super) fn expand(mask: &Raw, few: &Raw) -> Result<Raw> {
    let found = Mask::new(mask)?;
    check_rows("expand", &found, few)?;
    let mut shape = mask.shape().to_vec();
    shape.extend_from_slice(&few.shape()[1..]);
    let source = copy::contiguous(few)?;
    let out = Raw::zeros(&shape, few.dtype())?;
    let inner: usize = few.shape()[1..].iter().product::<usize>() * few.dtype().size();
    let (from, to) = (Parts(source.ptr()), Parts(out.ptr()));
    found.each_piece(|bytes, row, before| {
        let (from, to) = (from.at(before * inner).cast_const(), to.at(row * inner));
        // SAFETY: as in `place`.
        unsafe { put(bytes, inner, from, to) };
    });
    Ok(out)
}

/// Writes rows of `inner` bytes, one after the other, where the mask byte is not 0.
///
/// # Safety
/// As many rows at `to` as there are bytes, as many at `from` as are true, of bytes that the elements' types may have.
unsafe fn put(bytes: &[u8], inner: usize, from: *const u8, to: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe {
        match inner {
            1 => put_elements::<u8>(bytes, from, to),
            2 => put_elements::<u16>(bytes, from, to),
            4 => put_elements::<u32>(bytes, from, to),
            8 => put_elements::<u64>(bytes, from, to),
            16 => put_elements::<[u64; 2]>(bytes, from, to),
            _ => {
                let meant = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
                for (place, (i, _)) in meant.enumerate() {
                    std::ptr::copy_nonoverlapping(
                        from.add(place * inner),
                        to.add(i * inner),
                        inner,
                    );
                }
            }
        }
    }
}

/// Masks come in runs: eight bytes that are all 0 or all 1 are known at a glance. In the others each element is written, one
/// that is not meant with what it was, for a branch would be foretold wrong half of the time.
///
/// # Safety
/// As [`put`]; the addresses are aligned for bytes only.
unsafe fn put_elements<T: Copy>(bytes: &[u8], from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    let count = count(bytes);
    if count == 0 {
        return;
    }
    let (mut taken, mut i) = (0, 0);
    // SAFETY: `i` is below the number of bytes, and `taken` of those that are true, held below `count`.
    unsafe {
        let mixed = |i: usize, taken: &mut usize| {
            let new = from.add((*taken).min(count - 1)).read_unaligned();
            let old = to.add(i).read_unaligned();
            to.add(i)
                .write_unaligned(if bytes[i] != 0 { new } else { old });
            *taken += usize::from(bytes[i] != 0);
        };
        while let Some(eight) = bytes[i..].first_chunk::<8>() {
            match u64::from_ne_bytes(*eight) {
                0 => {}
                0x0101_0101_0101_0101 => {
                    std::ptr::copy_nonoverlapping(from.add(taken), to.add(i), 8);
                    taken += 8;
                }
                _ => (i..i + 8).for_each(|i| mixed(i, &mut taken)),
            }
            i += 8;
        }
        (i..bytes.len()).for_each(|i| mixed(i, &mut taken));
    }
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
