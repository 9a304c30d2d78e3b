//! Products of parts of matrices, on the engine's kernels: what blocked factorisations spend their time on.

use civita_core::error::Result;
use civita_core::kernels::matmul::{Batch, Operand, Problem, matmul};

use crate::scalar::Scalar;

/// A matrix in a slice: element `(i, j)` is at `i * down + j * right`.
#[derive(Clone, Copy)]
pub struct View<'a, T> {
    data: &'a [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    down: usize,
    right: usize,
}

impl<'a, T: Scalar> View<'a, T> {
    /// A row-major matrix whose rows are `stride` apart.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize, stride: usize) -> View<'a, T> {
        View::new(data, [rows, cols], [stride, 1])
    }

    /// A column-major matrix whose columns are `stride` apart.
    pub fn column_major(data: &'a [T], rows: usize, cols: usize, stride: usize) -> View<'a, T> {
        View::new(data, [rows, cols], [1, stride])
    }

    fn new(data: &'a [T], shape: [usize; 2], [down, right]: [usize; 2]) -> View<'a, T> {
        let [rows, cols] = shape;
        if rows > 0 && cols > 0 {
            assert!((rows - 1) * down + (cols - 1) * right < data.len());
        }
        View {
            data,
            rows,
            cols,
            down,
            right,
        }
    }

    /// The transpose.
    pub fn transposed(self) -> View<'a, T> {
        View {
            rows: self.cols,
            cols: self.rows,
            down: self.right,
            right: self.down,
            ..self
        }
    }

    /// The part of `rows × cols` elements from `(i, j)` on.
    pub fn part(self, [i, j]: [usize; 2], rows: usize, cols: usize) -> View<'a, T> {
        assert!(i + rows <= self.rows && j + cols <= self.cols);
        let from = (i * self.down + j * self.right).min(self.data.len());
        View {
            data: &self.data[from..],
            rows,
            cols,
            ..self
        }
    }

    /// The element at `(i, j)`.
    #[inline(always)]
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.down + j * self.right]
    }

    fn operand(&self) -> Operand {
        Operand {
            ptr: self.data.as_ptr().cast(),
            row_stride: self.down as isize,
            col_stride: self.right as isize,
        }
    }

    /// The negative, row-major.
    fn negated(&self) -> Vec<T> {
        let mut out = Vec::with_capacity(self.rows * self.cols);
        for i in 0..self.rows {
            out.extend((0..self.cols).map(|j| -self.at(i, j)));
        }
        out
    }
}

/// `C = C + A B`; rows of `C` are contiguous and `stride` apart.
///
/// # Errors
/// When there is no memory to work in; so for the others here.
pub fn add_product<T: Scalar>(
    c: &mut [T],
    stride: usize,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Result<()> {
    let [m, n, k] = [a.rows, b.cols, a.cols];
    if m == 0 || n == 0 {
        return Ok(());
    }
    assert!(b.rows == k && n <= stride && (m - 1) * stride + n <= c.len());
    let problem = Problem {
        m,
        n,
        k,
        a: a.operand(),
        b: b.operand(),
        c: c.as_mut_ptr().cast(),
        ldc: stride,
        accumulate: true,
    };
    // SAFETY: views lie within their slices, and so does `C`, as was asserted; `C` is borrowed alone; elements of `T` have the
    // layout of their dtype.
    unsafe { matmul(T::DTYPE, &problem, &Batch::default()) }
}

/// `C = C - A B`: the smaller factor is negated, so that the kernel adds.
pub fn subtract_product<T: Scalar>(
    c: &mut [T],
    stride: usize,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Result<()> {
    if a.cols == 0 {
        return Ok(());
    }
    if a.rows <= b.cols {
        let negated = a.negated();
        let a = View::row_major(&negated, a.rows, a.cols, a.cols);
        add_product(c, stride, a, b)
    } else {
        let negated = b.negated();
        let b = View::row_major(&negated, b.rows, b.cols, b.cols);
        add_product(c, stride, a, b)
    }
}
