//! Products of parts of matrices, on the engine's kernels: what blocked factorisations spend their time on.

use std::marker::PhantomData;

use civita_core::error::Result;
use civita_core::kernels::matmul::{Batch, Operand, Problem, matmul};

use crate::scalar::Scalar;

/// A matrix in memory that is read: element `(i, j)` is at `i * down + j * right`.
pub struct View<'a, T> {
    data: *const T,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    down: usize,
    right: usize,
    memory: PhantomData<&'a T>,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for View<'_, T> {}

// SAFETY: it reads elements, as a reference to them does.
unsafe impl<T: Sync> Send for View<'_, T> {}
// SAFETY: the same.
unsafe impl<T: Sync> Sync for View<'_, T> {}

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
            data: data.as_ptr(),
            rows,
            cols,
            down,
            right,
            memory: PhantomData,
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
        View {
            data: self.data.wrapping_add(i * self.down + j * self.right),
            rows,
            cols,
            ..self
        }
    }

    /// The element at `(i, j)`.
    #[inline(always)]
    pub fn at(&self, i: usize, j: usize) -> T {
        assert!(i < self.rows && j < self.cols);
        // SAFETY: it is one of the elements.
        unsafe { *self.data.add(i * self.down + j * self.right) }
    }

    /// A row whose elements are neighbours.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [T] {
        assert!(i < self.rows && (self.right == 1 || self.cols <= 1));
        // SAFETY: they are elements of the matrix, or none.
        unsafe { std::slice::from_raw_parts(self.data.wrapping_add(i * self.down), self.cols) }
    }

    fn operand(&self) -> Operand {
        Operand {
            ptr: self.data.cast(),
            row_stride: self.down as isize,
            col_stride: self.right as isize,
        }
    }

    /// The negative, row-major.
    fn negated(&self) -> Vec<T> {
        let mut out = Vec::with_capacity(self.rows * self.cols);
        for i in 0..self.rows {
            match self.right {
                1 => out.extend(self.row(i).iter().map(|&x| -x)),
                _ => out.extend((0..self.cols).map(|j| -self.at(i, j))),
            }
        }
        out
    }
}

/// A matrix in memory that is written: elements of rows are neighbours, and rows are `apart`. Parts of one matrix beside each other are
/// written at the same time, so it is not a slice.
pub struct Rows<'a, T> {
    data: *mut T,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    apart: usize,
    memory: PhantomData<&'a mut T>,
}

// SAFETY: nobody else reads or writes its elements, as with a reference that is mutable.
unsafe impl<T: Send> Send for Rows<'_, T> {}
// SAFETY: as of such a reference, what is shared can only be read.
unsafe impl<T: Sync> Sync for Rows<'_, T> {}

impl<'a, T: Scalar> Rows<'a, T> {
    /// A matrix in a slice.
    pub fn new(data: &'a mut [T], rows: usize, cols: usize, apart: usize) -> Rows<'a, T> {
        if rows > 0 && cols > 0 {
            assert!(cols <= apart && (rows - 1) * apart + cols <= data.len());
        }
        Rows {
            data: data.as_mut_ptr(),
            rows,
            cols,
            apart,
            memory: PhantomData,
        }
    }

    /// The same, for a while.
    pub fn by_ref(&mut self) -> Rows<'_, T> {
        Rows { ..*self }
    }

    /// To be read.
    pub fn view(&self) -> View<'_, T> {
        View {
            data: self.data,
            rows: self.rows,
            cols: self.cols,
            down: self.apart,
            right: 1,
            memory: PhantomData,
        }
    }

    /// A part that begins so many elements after the first one. One without elements may begin anywhere.
    fn part(&self, from: usize, rows: usize, cols: usize) -> Rows<'a, T> {
        Rows {
            data: self.data.wrapping_add(from),
            rows,
            cols,
            ..*self
        }
    }

    /// The first rows, and the others.
    pub fn split_rows(self, at: usize) -> (Rows<'a, T>, Rows<'a, T>) {
        assert!(at <= self.rows);
        let (rest, cols) = (self.rows - at, self.cols);
        (
            self.part(0, at, cols),
            self.part(at * self.apart, rest, cols),
        )
    }

    /// The first columns, and the others.
    pub fn split_cols(self, at: usize) -> (Rows<'a, T>, Rows<'a, T>) {
        assert!(at <= self.cols);
        let (rows, rest) = (self.rows, self.cols - at);
        (self.part(0, rows, at), self.part(at, rows, rest))
    }

    /// Parts of so many columns, and the last of what is left.
    pub fn stripes(self, width: usize) -> impl Iterator<Item = Rows<'a, T>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let all = rest.take().filter(|all| all.cols > 0)?;
            let width = width.min(all.cols);
            let (stripe, others) = all.split_cols(width);
            rest = Some(others);
            Some(stripe)
        })
    }

    /// A row.
    #[inline(always)]
    pub fn row(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.rows);
        let row = self.data.wrapping_add(i * self.apart);
        // SAFETY: they are elements of the matrix, which is borrowed alone, or none.
        unsafe { std::slice::from_raw_parts_mut(row, self.cols) }
    }

    /// Two different rows.
    #[inline(always)]
    pub fn two_rows(&mut self, i: usize, j: usize) -> [&mut [T]; 2] {
        assert!(i < self.rows && j < self.rows && i != j);
        let rows = [i, j].map(|i| self.data.wrapping_add(i * self.apart));
        // SAFETY: as in `row`, and different rows have no element in common.
        rows.map(|row| unsafe { std::slice::from_raw_parts_mut(row, self.cols) })
    }

    /// Exchanges row `i` with row `rows[i]`, from the first on.
    pub fn exchange(&mut self, rows: &[usize]) {
        for (i, &j) in rows.iter().enumerate() {
            if i != j {
                let [x, y] = self.two_rows(i, j);
                x.swap_with_slice(y);
            }
        }
    }
}

/// `C = C + A B`.
///
/// # Errors
/// When there is no memory to work in; so for the others here.
pub fn add_product<T: Scalar>(c: &mut Rows<'_, T>, a: View<'_, T>, b: View<'_, T>) -> Result<()> {
    let [m, n, k] = [a.rows, b.cols, a.cols];
    assert!(b.rows == k && c.rows == m && c.cols == n);
    if m == 0 || n == 0 {
        return Ok(());
    }
    let problem = Problem {
        m,
        n,
        k,
        a: a.operand(),
        b: b.operand(),
        c: c.data.cast(),
        ldc: c.apart,
        accumulate: true,
    };
    // SAFETY: the elements of all three exist, and those of `C` are borrowed alone; elements of `T` have the layout of their dtype.
    unsafe { matmul(T::DTYPE, &problem, &Batch::default()) }
}

/// `C = C - A B`: the smaller factor is negated, so that the kernel adds.
pub fn subtract_product<T: Scalar>(
    c: &mut Rows<'_, T>,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Result<()> {
    if a.cols == 0 {
        return Ok(());
    }
    if a.rows <= b.cols {
        let negated = a.negated();
        add_product(c, View::row_major(&negated, a.rows, a.cols, a.cols), b)
    } else {
        let negated = b.negated();
        add_product(c, a, View::row_major(&negated, b.rows, b.cols, b.cols))
    }
}
