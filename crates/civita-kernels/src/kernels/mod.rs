//! Loops over contiguous memory, one instruction set at a time. Nothing here knows of shapes, strides or threads.

pub mod cast;
pub mod compress;
pub mod fold;
pub mod fold_rows;
pub mod fourier;

pub mod lane;
pub mod map;
pub mod matmul;

pub mod sort;
pub mod strided;
pub(crate) mod transpose;

/// Room for one element of any dtype, aligned for all of them: where kernels find what is the same for all elements, and
/// leave what they fold.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Slot(pub [u8; 16]);

impl Slot {
    /// All bytes 0.
    pub const ZERO: Slot = Slot([0; 16]);

    /// Where it is.
    #[inline]
    pub const fn at(&self) -> *const u8 {
        self.0.as_ptr()
    }

    /// The same, to write.
    #[inline]
    pub const fn at_mut(&mut self) -> *mut u8 {
        self.0.as_mut_ptr()
    }
}
