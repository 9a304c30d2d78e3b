//! Products of matrices and vectors.

use crate::rank::{DotRank, MatmulRank, Rank, wrap};
use crate::{AsTensor, Dtype, Result, Tensor};

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
    /// assert_eq!(x.matmul(x.t())?, [[5.0, 11.0], [11.0, 25.0]]); // borrowed or not
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the inner lengths differ, or the batch axes do not broadcast.
    #[doc(alias = "mm")]
    #[doc(alias = "bmm")]
    pub fn matmul<const M: usize>(
        &self,
        rhs: impl AsTensor<T, M>,
    ) -> Result<<Rank<N> as MatmulRank<M>>::Out<T>>
    where
        Rank<N>: MatmulRank<M>,
    {
        self.raw.matmul(rhs.raw()).map(wrap)
    }

    /// The inner product `Σ aᵢ bᵢ` of vectors; of matrices and of both their product, as [`matmul`](Tensor::matmul). Of more
    /// axes it sums over the last of `self` and the second to last of `rhs`, and all others are left (NumPy's `dot`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2, 3].dot(&tensor![1, 10, 100])?.item()?, 321);
    /// assert_eq!(tensor![[1, 2], [3, 4]].dot(&tensor![1, 10])?.to_string(), "[21 43]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the lengths differ.
    #[doc(alias = "inner")]
    pub fn dot<const M: usize>(
        &self,
        rhs: impl AsTensor<T, M>,
    ) -> Result<<Rank<N> as DotRank<M>>::Out<T>>
    where
        Rank<N>: DotRank<M>,
    {
        match N == 1 && M == 1 {
            true => self.raw.dot_vectors(rhs.raw()),
            false => civita_core::functions::product::dot(
                &self.raw,
                rhs.raw(),
                civita_core::functions::Out::NONE,
            ),
        }
        .map(wrap)
    }
}
