//! Numbers on the stack: what kernels leave where no tensor is wanted yet.

use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::kernels::{Slot, cast};
use crate::layout::Layout;
use crate::raw::Raw;
use crate::storage::Storage;

/// A number of any dtype.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    bytes: Slot,
    dtype: DType,
}

impl Number {
    /// A boolean, to be set.
    pub(crate) const EMPTY: Number = Number {
        bytes: Slot::ZERO,
        dtype: DType::Bool,
    };

    /// These bytes as an element.
    #[inline]
    pub(crate) fn set(&mut self, bytes: Slot, dtype: DType) {
        self.bytes = bytes;
        self.dtype = dtype;
    }

    /// A float of 64 bits.
    #[inline]
    pub(crate) fn set_f64(&mut self, value: f64) {
        self.bytes.0[..8].copy_from_slice(&value.to_ne_bytes());
        self.dtype = DType::F64;
    }

    /// An index.
    #[inline]
    pub(crate) fn set_index(&mut self, index: i64) {
        self.bytes.0[..8].copy_from_slice(&index.to_ne_bytes());
        self.dtype = DType::I64;
    }

    /// Where it is.
    #[inline]
    pub(crate) fn at(&self) -> *const u8 {
        self.bytes.at()
    }

    /// As [`Number::at`], to write an element of the dtype that was set.
    #[inline]
    pub(crate) fn at_mut(&mut self) -> *mut u8 {
        self.bytes.at_mut()
    }

    /// The same value in another dtype.
    #[inline]
    pub(crate) fn convert(&mut self, dtype: DType) {
        if self.dtype != dtype {
            let from = *self;
            self.dtype = dtype;
            // SAFETY: one element of each dtype.
            unsafe { cast::kernel(from.dtype, dtype)(1, [from.at(); 3], self.at_mut()) };
        }
    }

    /// The value, which real lanes have without loss, but for large integers.
    #[inline]
    pub(crate) fn as_f64(&self) -> f64 {
        match self.dtype {
            DType::F64 => f64::from_ne_bytes(self.first()),
            DType::F32 => f32::from_ne_bytes(self.first()).into(),
            _ => self.scalar().as_f64(),
        }
    }

    /// Its dtype.
    #[inline]
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// The first bytes.
    #[inline]
    pub(crate) fn first<const N: usize>(&self) -> [u8; N] {
        std::array::from_fn(|i| self.bytes.0[i])
    }

    /// The value.
    #[inline]
    pub(crate) fn scalar(&self) -> Scalar {
        Scalar::from_bytes(self.dtype, &self.bytes.0)
    }

    /// Whether it is infinite, NaN, or (if asked for) 0.
    pub(crate) fn is_suspect(&self, zeros: bool) -> bool {
        let v = self.scalar().as_complex();
        !(v.re.is_finite() && v.im.is_finite()) || zeros && v == num_complex::Complex::ZERO
    }

    /// A tensor of one element, with this many axes.
    ///
    /// # Errors
    /// When there is no memory.
    #[inline(always)]
    pub(crate) fn tensor(&self, rank: usize) -> Result<Raw> {
        let storage = Storage::uninit(self.dtype.size())?;
        let to = storage.ptr();
        // SAFETY: new memory of one element of this dtype, at a multiple of 64. A copy of a size that is known is one instruction.
        unsafe {
            match self.dtype.size() {
                8 => to.cast::<u64>().write(u64::from_ne_bytes(self.first())),
                4 => to.cast::<u32>().write(u32::from_ne_bytes(self.first())),
                size => std::ptr::copy_nonoverlapping(self.at(), to, size),
            }
        }
        let layout = match rank {
            0 => Layout::scalar(),
            _ => Layout::ones(rank),
        };
        Ok(Raw::new(storage, layout, self.dtype))
    }
}
