//! New tensors: from values, filled, counted.

use super::Raw;
use crate::backend::cpu::copy::copy_into;
use crate::backend::cpu::memory::unwritten;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::layout::Layout;
use crate::primitive::host;
use crate::storage::Storage;

fn bytes_of(layout: &Layout, dtype: DType) -> usize {
    // a layout's length is bounded so that the largest element type does not overflow
    layout.len() * dtype.size()
}

impl Raw {
    /// An uninitialised tensor: its contents are arbitrary, but reading them is defined.
    pub fn empty(shape: &[usize], dtype: DType) -> Result<Raw> {
        if dtype == DType::Bool {
            return Raw::zeros(shape, dtype); // other bytes than 0 and 1 are no booleans
        }
        unwritten(shape, dtype)
    }

    /// Zeros.
    pub fn zeros(shape: &[usize], dtype: DType) -> Result<Raw> {
        let made = Layout::contiguous_then(shape, |layout| {
            let storage = Storage::zeroed(bytes_of(&layout, dtype))?;
            Ok(Raw::new(storage, layout, dtype))
        });
        made.map_err(|e| e.in_op("zeros"))
    }

    /// Ones.
    pub fn ones(shape: &[usize], dtype: DType) -> Result<Raw> {
        Raw::full(shape, Scalar::Bool(true), dtype)
    }

    /// One value everywhere.
    pub fn full(shape: &[usize], value: Scalar, dtype: DType) -> Result<Raw> {
        let one = Raw::scalar(value, dtype)?;
        let out = unwritten(shape, dtype)?;
        copy_into(&one, &out)?;
        Ok(out)
    }

    /// A tensor of rank 0.
    #[inline]
    pub fn scalar(value: Scalar, dtype: DType) -> Result<Raw> {
        let bytes = value.to_bytes(dtype)?;
        let storage = Storage::uninit(dtype.size())?;
        let out = Raw::new(storage, Layout::scalar(), dtype);
        host::upload(&bytes[..dtype.size()], &out);
        Ok(out)
    }

    /// The elements of a vector in C order, without a copy.
    ///
    /// # Errors
    /// When `shape` has another number of elements.
    pub fn from_vec<T: Element>(values: Vec<T>, shape: &[usize]) -> Result<Raw> {
        let layout = fitting(values.len(), shape)?;
        Ok(Raw::new(Storage::from_vec(values), layout, T::DTYPE))
    }

    /// A new tensor whose elements, in C order, `write` fills. They are zeros or arbitrary before.
    ///
    /// # Errors
    /// When there is no memory, or `write` fails.
    pub fn written_by<T: Element, E: From<Error>>(
        shape: &[usize],
        write: impl FnOnce(&mut [T]) -> Result<(), E>,
    ) -> Result<Raw, E> {
        let mut out = Raw::empty(shape, T::DTYPE)?;
        write(host::slice_mut(&mut out))?;
        Ok(out)
    }

    /// A new tensor whose elements, in C order, `write` fills part by part, on several threads: it gets the place of the first
    /// element of a part, and the part, `grain` elements long or less.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn written_in_parts<T: Element>(
        shape: &[usize],
        grain: usize,
        write: &(dyn Fn(usize, &mut [T]) + Sync),
    ) -> Result<Raw> {
        let mut out = Raw::empty(shape, T::DTYPE)?;
        host::write_parts(&mut out, grain, write);
        Ok(out)
    }

    /// A copy of the elements of a slice in C order.
    pub fn from_slice<T: Element>(values: &[T], shape: &[usize]) -> Result<Raw> {
        let layout = fitting(values.len(), shape).map_err(|e| e.in_op("from_slice"))?;
        let storage = Storage::uninit(size_of_val(values))?;
        let out = Raw::new(storage, layout, T::DTYPE);
        host::upload(host::bytes_of(values), &out);
        Ok(out)
    }

    /// A tensor over memory that others may write at any time.
    ///
    /// # Errors
    /// When the strides (in elements, from `base`) leave the `bytes`, or `base` is not aligned as elements are.
    ///
    /// # Safety
    /// `base` is valid for reads of `bytes` bytes (and for writes, if `writable`) until `owner` is dropped.
    #[allow(clippy::too_many_arguments)] // what a buffer's description has, no less
    pub unsafe fn foreign(
        base: *mut u8,
        bytes: usize,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        offset: usize,
        owner: Box<dyn Send + Sync>,
        writable: bool,
    ) -> Result<Raw> {
        let layout = Layout::from_parts(shape, strides, offset, bytes / dtype.size())?;
        let align = if dtype.is_complex() {
            dtype.size() / 2
        } else {
            dtype.size()
        };
        if !layout.is_empty() && !base.addr().is_multiple_of(align) {
            return Err(Error::aliasing(
                "asarray",
                format!("the memory of {dtype} is not aligned to {align} bytes"),
            )
            .dtypes(&[dtype])
            .rule("elements lie at multiples of their size, complex ones of half of it")
            .hint("copy it first: `np.copy(a)`"));
        }
        // SAFETY: the caller's contract.
        let storage = unsafe { Storage::foreign(base, bytes, owner, writable) };
        Ok(Raw::new(storage, layout, dtype))
    }

    /// `start`, `start + step`, … below `stop` (above it for a negative step): `⌈(stop - start) / step⌉` elements.
    ///
    /// # Errors
    /// When the step is zero, one of the three is NaN, or a value does not fit.
    pub fn arange(start: Scalar, stop: Scalar, step: Scalar, dtype: DType) -> Result<Raw> {
        let len = match (start, stop, step) {
            (Scalar::Int(a), Scalar::Int(b), Scalar::Int(s)) if s != 0 => {
                let span = b.checked_sub(a).ok_or_else(|| too_long("arange"))?;
                if (span > 0) != (s > 0) {
                    0
                } else {
                    (span.unsigned_abs().div_ceil(s.unsigned_abs())) as f64 as u128
                }
            }
            _ => {
                let (a, b, s) = (start.as_f64(), stop.as_f64(), step.as_f64());
                let steps = (b - a) / s;
                // a step that is infinite, or a quotient that is too small for a float, leaves the first element
                let len = match steps {
                    0.0 if b != a && steps.is_sign_positive() => 1.0,
                    _ => steps.ceil(),
                };
                if s == 0.0 || len.is_nan() {
                    return Err(Error::value(
                        "arange",
                        format!("cannot count from {start} to {stop} in steps of {step}"),
                    )
                    .rule("the step must not be zero, and none of the three may be NaN"));
                }
                if len.is_infinite() && len > 0.0 {
                    return Err(too_long("arange"));
                }
                len.max(0.0) as u128
            }
        };
        let len = usize::try_from(len).map_err(|_| too_long("arange"))?;
        if dtype == DType::Bool && len > 2 {
            return Err(
                Error::dtype("arange", "there are only two booleans to count").dtypes(&[dtype]),
            );
        }
        let mut out = unwritten(&[len], dtype)?;
        if len == 0 {
            return Ok(out);
        }
        // NumPy's rule: the first two values are rounded to the dtype, and what is added each time is their difference
        let next = Scalar::Float(start.as_f64() + step.as_f64());
        if dtype.kind() <= crate::dtype::Kind::Signed {
            let whole = |s: Scalar| match s {
                Scalar::Int(v) => v,
                Scalar::Bool(v) => v.into(),
                other => other.as_f64() as i128,
            };
            let first = whole(start);
            let by = match (start, step) {
                (Scalar::Int(_), Scalar::Int(s)) => s,
                _ => whole(next).saturating_sub(first),
            };
            // NumPy's rule too: the first two values must fit, the others wrap around
            for value in [first, first.saturating_add(by)].into_iter().take(len) {
                Scalar::Int(value)
                    .to_bytes(dtype)
                    .map_err(|e| e.in_op("arange"))?;
            }
            // wrapping arithmetic in 64 bits is exact modulo the width
            fill_counted(&mut out, |i| {
                (first as i64).wrapping_add((by as i64).wrapping_mul(i as i64))
            })?;
        } else {
            let real = dtype.to_real();
            let rounded = |v: Scalar| Raw::scalar(v, real)?.item().map(Scalar::as_f64);
            let (first, second) = (rounded(Scalar::Float(start.as_f64()))?, rounded(next)?);
            if real == DType::F64 {
                let by = second - first;
                fill_counted(&mut out, |i| first + i as f64 * by)?;
            } else {
                // the narrower dtypes count in `float32`, as NumPy's do
                let (first, by) = (first as f32, second as f32 - first as f32);
                fill_counted(&mut out, |i| first + i as f32 * by)?;
            }
            for (i, value) in [first, second].into_iter().enumerate().take(len) {
                host::write_element(&out, i, &Scalar::Float(value).to_bytes(dtype)?);
            }
        }
        Ok(out)
    }

    /// `num` values evenly spaced from `start` to `stop`, which is the last one, or would be the next one without
    /// `endpoint`.
    pub fn linspace(
        start: f64,
        stop: f64,
        num: usize,
        endpoint: Endpoint,
        dtype: DType,
    ) -> Result<Raw> {
        let mut out = unwritten(&[num], dtype)?;
        let gaps = match endpoint {
            Endpoint::Included => num.saturating_sub(1),
            Endpoint::Excluded => num,
        };
        let step = (stop - start) / gaps as f64;
        let last = num.wrapping_sub(1);
        // integers are rounded down, as NumPy does
        let whole = dtype.kind() <= crate::dtype::Kind::Signed;
        if whole && num > 0 && !(start.is_finite() && stop.is_finite()) {
            return Err(Error::value(
                "linspace",
                format!("no integers lie between {start} and {stop}"),
            )
            .rule("both ends of a range of integers are finite"));
        }
        if !whole && gaps > 0 && step != 0.0 {
            fill_counted(&mut out, |i| start + i as f64 * step)?;
            if endpoint == Endpoint::Included {
                let stop = Scalar::Float(stop).to_bytes(dtype)?;
                host::write_element(&out, last, &stop);
            }
            return Ok(out);
        }
        fill_counted(&mut out, |i| {
            let v = if gaps == 0 {
                start
            } else if i == last && endpoint == Endpoint::Included {
                stop
            } else if step == 0.0 {
                // the step underflows: scale afterwards
                start + (i as f64 / gaps as f64) * (stop - start)
            } else {
                start + i as f64 * step
            };
            if whole { v.floor() } else { v }
        })?;
        Ok(out)
    }

    /// Ones on the `k`-th diagonal of an `n × m` matrix, zeros elsewhere.
    pub fn eye(n: usize, m: usize, k: isize, dtype: DType) -> Result<Raw> {
        let out = Raw::zeros(&[n, m], dtype)?;
        if k.unsigned_abs() < if k < 0 { n } else { m } {
            let diagonal = out.with_layout(out.layout.diagonal(k, 0, 1)?);
            copy_into(&Raw::scalar(Scalar::Bool(true), dtype)?, &diagonal)?;
        }
        Ok(out)
    }

    /// One value everywhere, in the shape, dtype and device of this tensor and in the memory of one.
    pub fn filled(&self, value: Scalar) -> Result<Raw> {
        Raw::scalar(value, self.dtype())?
            .to_device(self.device())?
            .broadcast_to(self.shape())
    }

    /// A new tensor of one value on the device of this one.
    pub fn like(&self, shape: &[usize], dtype: DType, value: Scalar) -> Result<Raw> {
        if shape == self.shape() {
            self.lengths_are_read("full_like");
        }
        match value {
            Scalar::Bool(false) => Raw::zeros(shape, dtype),
            _ => Raw::full(shape, value, dtype),
        }?
        .to_device(self.device())
    }
}

/// Whether the end of a range is part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Yes.
    Included,
    /// No.
    Excluded,
}

fn fitting(len: usize, shape: &[usize]) -> Result<Layout> {
    let layout = Layout::contiguous(shape)?;
    if layout.len() != len {
        return Err(Error::shape(
            "from_vec",
            format!(
                "{len} values do not fill shape {}, which has {}",
                shape_text(shape),
                layout.len()
            ),
        )
        .shapes(&[shape])
        .hint("the product of the lengths must be the number of values"));
    }
    Ok(layout)
}

#[cold]
fn too_long(op: &'static str) -> Error {
    Error::shape(op, "the result has more elements than memory has addresses")
}

/// Fills a new contiguous tensor with a function of the index, converted to its dtype block by block.
fn fill_counted<T: Element>(out: &mut Raw, f: impl Fn(usize) -> T + Sync) -> Result<()> {
    const BLOCK: usize = 1024;
    const GRAIN: usize = 1 << 15;
    if out.dtype() == T::DTYPE {
        host::write_parts(out, GRAIN, &|start, part| {
            for (i, v) in part.iter_mut().enumerate() {
                *v = f(start + i);
            }
        });
        return Ok(());
    }
    for at in (0..out.len()).step_by(BLOCK) {
        let n = BLOCK.min(out.len() - at);
        let values: Vec<T> = (at..at + n).map(&f).collect();
        let part = out.with_layout(out.layout.narrow(0, at, n)?);
        copy_into(&Raw::from_vec(values, &[n])?, &part)?;
    }
    Ok(())
}
