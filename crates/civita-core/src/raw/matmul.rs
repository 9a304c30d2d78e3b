//! Products.

use super::Raw;
use super::copy::check_cast;
use crate::backend::Number;
use crate::dtype::{Casting, DType};
use crate::error::Result;
use crate::primitive::{Matmul, Out, bind_one, number, number_beside};

impl Raw {
    /// The matrix product over the last two axes, batched over the rest, by NumPy's rules: a vector on the left is a row,
    /// on the right a column, and that axis leaves the result.
    ///
    /// # Errors
    /// When the inner lengths differ, the batch axes do not broadcast, or an operand has rank 0.
    #[inline]
    pub fn matmul(&self, rhs: &Raw) -> Result<Raw> {
        bind_one(&Matmul { sums: None }, &[self, rhs])
    }

    /// [`Raw::matmul`], into an output.
    pub(crate) fn matmul_into(&self, rhs: &Raw, out: &Out) -> Result<Raw> {
        out.bind(&Matmul { sums: None }, &[self, rhs])
    }

    /// The product of two vectors: [`Raw::matmul`], for small ones with less around it.
    ///
    /// # Errors
    /// As [`Raw::matmul`].
    pub fn dot_vectors(&self, rhs: &Raw) -> Result<Raw> {
        let mut sum = Number::EMPTY;
        if number([self, rhs], |device| device.dot(self, rhs, &mut sum)).is_some() {
            return number_beside(&sum, 0, [self, rhs]);
        }
        self.matmul(rhs).map_err(|e| e.in_op("dot"))
    }

    /// [`Raw::matmul`] of operands converted to a dtype. `i8` with sums of `i32` is multiplied as it lies, several elements at a time.
    ///
    /// # Errors
    /// As [`Raw::matmul`], and when the rule does not allow the conversion.
    pub fn matmul_in(&self, rhs: &Raw, dtype: DType, casting: Casting, out: &Out) -> Result<Raw> {
        for x in [self, rhs] {
            check_cast("astype", x.dtype(), dtype, casting)?;
        }
        if [self.dtype(), rhs.dtype(), dtype] == [DType::I8, DType::I8, DType::I32] {
            return out.bind(&Matmul { sums: Some(dtype) }, &[self, rhs]);
        }
        self.cast(dtype)?.matmul_into(&rhs.cast(dtype)?, out)
    }
}
