//! Values on their way out of tensors, and into them: the one place where elements meet the host's types.

use crate::backend::cpu::copy;
use crate::dtype::{DType, Element, Scalar};
use crate::error::Result;
use crate::layout::Layout;
use crate::raw::Raw;
use crate::storage::{Access, Storage, guard};
use crate::threads::{self, Parts};

/// The elements in C order in memory that nobody writes: the tensor itself where it is so, else a copy.
pub(crate) fn owned(x: &Raw) -> Result<Raw> {
    if x.storage().access() == Access::Owned && x.layout().is_contiguous() {
        return Ok(x.clone());
    }
    let _guard = guard::acquire(&[x.storage()], &[]);
    copy::copied(x, x.dtype())
}

/// The elements of an Owned contiguous tensor of this dtype.
pub(crate) fn slice<T: Element>(x: &Raw) -> &[T] {
    debug_assert!(x.storage().access() == Access::Owned && x.layout().is_contiguous());
    debug_assert!(x.dtype() == T::DTYPE);
    if x.is_empty() {
        return &[];
    }
    // SAFETY: Owned bytes never change while shared, the layout lies within the buffer, and they are aligned and of type
    // `T`: the pool aligns to 64 bytes, a vector to its element.
    unsafe { std::slice::from_raw_parts(x.ptr().cast::<T>(), x.layout().len()) }
}

/// Copies elements of a contiguous tensor of this dtype, from number `start` on. Booleans are in Owned memory.
pub(crate) fn read_elements<T: Element>(x: &Raw, start: usize, to: &mut [T]) {
    debug_assert!(x.layout().is_contiguous() && x.dtype() == T::DTYPE);
    assert!(start + to.len() <= x.layout().len());
    if to.is_empty() {
        return;
    }
    // SAFETY: the elements lie within the buffer and `to` is a borrow of other memory. Others may write meanwhile; what is
    // copied is then any bytes, which every element but a boolean may have.
    unsafe {
        std::ptr::copy_nonoverlapping(
            x.ptr().cast::<T>().cast_const().add(start),
            to.as_mut_ptr(),
            to.len(),
        );
    }
}

/// As [`read_elements`] from the first on, while nobody writes.
pub(crate) fn read_guarded<T: Element>(x: &Raw, to: &mut [T]) {
    let _guard = guard::acquire_two(Some(x.storage()), None);
    read_elements(x, 0, to);
}

/// The element at a place of the buffer that the layout of an Owned tensor of this dtype gave.
#[inline]
pub(crate) fn element_ref<T: Element>(x: &Raw, place: usize) -> &T {
    debug_assert!(x.storage().access() == Access::Owned && x.dtype() == T::DTYPE);
    debug_assert!((place + 1) * size_of::<T>() <= x.storage().len());
    // SAFETY: Owned bytes never change while shared; the place lies within the buffer, aligned and of type `T`.
    unsafe { &*x.base().cast::<T>().add(place) }
}

/// As [`element_ref`], of the only handle.
#[inline]
pub(crate) fn element_mut<T: Element>(x: &mut Raw, place: usize) -> &mut T {
    debug_assert!(x.storage().access() == Access::Owned && x.dtype() == T::DTYPE);
    debug_assert!((place + 1) * size_of::<T>() <= x.storage().len());
    // SAFETY: as above, and the caller made this the only handle, which is borrowed.
    unsafe { &mut *x.base().cast::<T>().add(place) }
}

/// As [`slice`], of the only handle.
pub(crate) fn slice_mut<T: Element>(x: &mut Raw) -> &mut [T] {
    debug_assert!(x.storage().access() == Access::Owned && x.layout().is_contiguous());
    debug_assert!(x.dtype() == T::DTYPE);
    if x.is_empty() {
        return &mut [];
    }
    // SAFETY: as in `slice`, and the caller made this the only handle, which is borrowed.
    unsafe { std::slice::from_raw_parts_mut(x.ptr().cast::<T>(), x.layout().len()) }
}

/// The memory from the lowest to the highest element of an Owned tensor of this dtype, and where in it the first one is.
pub(crate) fn span<T: Element>(x: &Raw) -> (&[T], usize) {
    debug_assert!(x.storage().access() == Access::Owned && x.dtype() == T::DTYPE);
    if x.is_empty() {
        return (&[], 0);
    }
    let (mut below, mut above) = (0, 0);
    for (&n, &stride) in x.layout().shape().iter().zip(x.layout().strides()) {
        let reach = (n - 1) * stride.unsigned_abs();
        if stride < 0 {
            below += reach
        } else {
            above += reach
        }
    }
    let first = x.layout().offset() - below;
    // SAFETY: as in `slice`: all that lies between two elements of the layout lies within the buffer, initialised, for
    // buffers that the typed API sees are written whole.
    let span =
        unsafe { std::slice::from_raw_parts(x.base().cast::<T>().add(first), below + above + 1) };
    (span, below)
}

/// Calls `write` for parts of `grain` elements of a new contiguous tensor, on several threads.
pub(crate) fn write_parts<T: Element>(
    x: &mut Raw,
    grain: usize,
    write: &(dyn Fn(usize, &mut [T]) + Sync),
) {
    let elements = slice_mut::<T>(x);
    let (start, len) = (Parts(elements.as_mut_ptr()), elements.len());
    threads::run_ranges(len, grain, &|range| {
        // SAFETY: the ranges lie within the elements, which are borrowed while the tasks run, and are apart.
        let part = unsafe { std::slice::from_raw_parts_mut(start.at(range.start), range.len()) };
        write(range.start, part);
    });
}

/// The element at a place of the buffer that the tensor's layout gave.
pub(crate) fn element(x: &Raw, place: usize) -> Scalar {
    let _guard = guard::acquire_two(Some(x.storage()), None);
    read(x, place)
}

/// As [`element`], of memory that a kernel writes: it is new, or its guard is held.
pub(crate) fn element_of_output(x: &Raw, place: usize) -> Scalar {
    read(x, place)
}

/// Lets `f`, which may call the user's code, read elements by their places in the buffer, which the tensor's layout gave.
pub(crate) fn reading<R>(x: &Raw, f: impl FnOnce(&dyn Fn(usize) -> Scalar) -> R) -> R {
    let _guard = guard::acquire_across_calls(x.storage());
    f(&|place| read(x, place))
}

fn read(x: &Raw, place: usize) -> Scalar {
    // most elements, without a copy of bytes that waits for itself
    match x.dtype() {
        DType::F64 => Scalar::Float(read_as(x, place)),
        DType::I64 => Scalar::Int(read_as::<i64>(x, place).into()),
        DType::F32 => Scalar::Float(read_as::<f32>(x, place).into()),
        dtype => Scalar::from_bytes(dtype, &read_bytes(x, place)),
    }
}

/// An element, of a dtype of which every byte is a value.
#[inline(always)]
fn read_as<T: Element>(x: &Raw, place: usize) -> T {
    assert!(x.dtype() == T::DTYPE && (place + 1) * size_of::<T>() <= x.storage().len());
    // SAFETY: within the buffer, which nobody writes meanwhile: the callers have a guard.
    unsafe { x.storage().ptr().cast::<T>().add(place).read_unaligned() }
}

/// A boolean is 0 or 1, whatever byte others have written.
fn read_bytes(x: &Raw, place: usize) -> [u8; 16] {
    let size = x.dtype().size();
    let mut bytes = [0u8; 16];
    assert!((place + 1) * size <= x.storage().len());
    // SAFETY: within the buffer.
    unsafe {
        std::ptr::copy_nonoverlapping(
            x.storage().ptr().add(place * size).cast_const(),
            bytes.as_mut_ptr(),
            size,
        )
    };
    if x.dtype() == DType::Bool {
        bytes[0] = u8::from(bytes[0] != 0);
    }
    bytes
}

/// Writes a number at a place of the buffer that the tensor's layout gave; false where the dtype does not hold it.
#[inline]
pub fn write_number(x: &Raw, place: usize, number: Scalar) -> bool {
    if let (DType::F64, Scalar::Float(value)) = (x.dtype(), number) {
        // most numbers, without a copy of bytes that waits for itself
        assert!((place + 1) * size_of::<f64>() <= x.storage().len());
        let _guards = guard::acquire_write(x.storage(), None);
        // SAFETY: within the buffer, which the guard gives us alone.
        unsafe {
            x.storage()
                .ptr()
                .cast::<f64>()
                .add(place)
                .write_unaligned(value)
        };
        return true;
    }
    match number.to_bytes(x.dtype()) {
        Ok(bytes) => {
            write_element(x, place, &bytes);
            true
        }
        Err(_) => false,
    }
}

/// Writes the bytes of an element at a place of the buffer that the tensor's layout gave.
pub fn write_element(x: &Raw, place: usize, bytes: &[u8; 16]) {
    let size = x.dtype().size();
    assert!((place + 1) * size <= x.storage().len());
    let _guards = guard::acquire_write(x.storage(), None);
    // SAFETY: within the buffer, which the guard gives us alone.
    unsafe { put(bytes, x.storage().ptr().add(place * size), size) };
}

/// Writes the first `size` bytes; a copy of a size that is known is one instruction.
///
/// # Safety
/// So many bytes at `to`, which are ours alone.
#[inline(always)]
unsafe fn put(bytes: &[u8; 16], to: *mut u8, size: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        match size {
            1 => to.write(bytes[0]),
            8 => to
                .cast::<[u8; 8]>()
                .write(*bytes.first_chunk().unwrap_or(&[0; 8])),
            4 => to
                .cast::<[u8; 4]>()
                .write(*bytes.first_chunk().unwrap_or(&[0; 4])),
            _ => std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, size),
        }
    }
}

/// Writes the bytes of an element over a part of few elements along one axis, which lies in the tensor's buffer.
pub(crate) fn write_few(x: &Raw, part: &Layout, bytes: &[u8; 16]) {
    let (size, storage) = (x.dtype().size(), x.storage());
    let (&[n], &[stride]) = (part.shape(), part.strides()) else {
        unreachable!("callers ask for one axis");
    };
    let _guards = guard::acquire_write(storage, None);
    for i in 0..n as isize {
        let place = (part.offset() as isize + i * stride) as usize;
        debug_assert!((place + 1) * size <= storage.len());
        // SAFETY: a place of a layout over the buffer, which the guard gives us alone.
        unsafe { put(bytes, storage.ptr().add(place * size), size) };
    }
}

/// Copies the elements at these indices of a vector into new memory; false where one is out of range. Each index is read once: others
/// may write them meanwhile.
pub(crate) fn pick(x: &Raw, indices: &Raw, to: &Storage) -> bool {
    let (&[n], &[stride]) = (x.layout().shape(), x.layout().strides()) else {
        return false;
    };
    let (&[count], &[step]) = (indices.layout().shape(), indices.layout().strides()) else {
        return false;
    };
    let size = x.dtype().size();
    assert!(indices.dtype() == DType::I64 && count * size <= to.len());
    let _guards = guard::acquire_two(Some(x.storage()), Some(indices.storage()));
    let (n, first) = (n as isize, indices.ptr().cast::<i64>());
    for k in 0..count {
        // SAFETY: an element of a layout over the buffer, which the guard keeps others from writing.
        let i = unsafe { first.offset(k as isize * step).read_unaligned() } as isize;
        let i = if i < 0 { i.wrapping_add(n) } else { i };
        if !(0..n).contains(&i) {
            return false;
        }
        // SAFETY: an element of the vector, and a place within new memory, which is ours alone; of the sizes that elements have.
        unsafe {
            let from = x.ptr().offset(i * stride * size as isize);
            let to = to.ptr().add(k * size);
            match size {
                8 => to.cast::<[u8; 8]>().write(from.cast::<[u8; 8]>().read()),
                4 => to.cast::<[u8; 4]>().write(from.cast::<[u8; 4]>().read()),
                _ => std::ptr::copy_nonoverlapping(from, to, size),
            }
        }
    }
    true
}

/// The bytes of an Owned contiguous tensor.
#[cfg(any(test, feature = "reference"))]
pub(crate) fn bytes(x: &Raw) -> &[u8] {
    assert!(x.storage().access() == Access::Owned && x.layout().is_contiguous());
    // SAFETY: Owned bytes never change while shared, and the layout lies within the buffer.
    unsafe { std::slice::from_raw_parts(x.ptr().cast_const(), x.layout().len() * x.dtype().size()) }
}

/// A new contiguous tensor of as many bytes.
pub(crate) fn upload(bytes: &[u8], out: &Raw) {
    assert!(out.layout().is_contiguous() && out.storage().len() >= bytes.len());
    // SAFETY: a new buffer, ours alone, as long as the bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.storage().ptr(), bytes.len()) };
}

/// The bytes of elements.
pub(crate) fn bytes_of<T: Element>(values: &[T]) -> &[u8] {
    // SAFETY: elements are plain bytes without padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}
