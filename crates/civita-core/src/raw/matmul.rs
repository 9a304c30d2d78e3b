//! Products.

use super::Raw;
use crate::error::Result;
use crate::primitive::{Matmul, bind_one};

impl Raw {
    /// The matrix product over the last two axes, batched over the rest, by NumPy's rules: a vector on the left is a row,
    /// on the right a column, and that axis leaves the result.
    ///
    /// # Errors
    /// When the inner lengths differ, the batch axes do not broadcast, or an operand has rank 0.
    #[inline]
    pub fn matmul(&self, rhs: &Raw) -> Result<Raw> {
        bind_one(&Matmul, &[self, rhs])
    }
}
