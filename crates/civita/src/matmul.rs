//! Products of matrices and vectors.

use crate::rank::{MatmulRank, Rank, wrap};
use crate::{Dtype, Result, Tensor, Vector};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// The matrix product over the last two axes, batched over the rest, by NumPy's rules: a vector on the left is a row,
    /// on the right a column, and that axis leaves the result.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// let y: Vector<f64> = x.matmul(&tensor![1.0, 10.0])?;
    /// assert_eq!(y.to_string(), "[21. 43.]");
    /// assert_eq!(x.matmul(&x)?.to_string(), "[[ 7. 10.]\n [15. 22.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the inner lengths differ, or the batch axes do not broadcast.
    #[doc(alias = "mm")]
    #[doc(alias = "bmm")]
    pub fn matmul<const M: usize>(
        &self,
        rhs: &Tensor<T, M>,
    ) -> Result<<Rank<N> as MatmulRank<M>>::Out<T>>
    where
        Rank<N>: MatmulRank<M>,
    {
        self.raw.matmul(&rhs.raw).map(wrap)
    }
}

impl<T: Dtype> Vector<T> {
    /// The inner product `Σ aᵢ bᵢ`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2, 3].dot(&tensor![1, 10, 100])?.to_string(), "321");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the lengths differ.
    #[doc(alias = "inner")]
    pub fn dot(&self, rhs: &Vector<T>) -> Result<Tensor<T, 0>> {
        self.raw.dot_vectors(&rhs.raw).map(wrap)
    }
}
