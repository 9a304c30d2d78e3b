//! Factorisations and triangular systems of matrices with more rows than `small` takes: LAPACK's blocked algorithms on row-major
//! memory, whose work is matrix products on all threads.
//!
//! ```text
//! LU        a panel of columns, copied to column-major memory, is factored by recursion (Toledo 1997); rows are swapped; then
//!           U₁₂ = L₁₁⁻¹ A₁₂ and A₂₂ -= L₂₁ U₁₂
//! Cholesky  A₁₁ = L₁₁ L₁₁ᴴ, L₂₁ᴴ = L₁₁⁻¹ A₂₁ᴴ, A₂₂ -= L₂₁ L₂₁ᴴ (its lower triangle)
//! systems   halves: x₁ = A₁₁⁻¹ b₁, b₂ -= A₂₁ x₁, x₂ = A₂₂⁻¹ b₂
//! ```
//!
//! How the work is cut depends on sizes alone, so bits are equal for any number of threads.

use civita_core::error::Result;
use civita_core::isa::{Isa, Wide, wide};

use crate::divisor::Divisor;
use crate::gemm::{View, add_product, subtract_product};
use crate::scalar::Scalar;

/// Rows of a triangular system that is solved row by row.
const BASE: usize = 16;
/// Columns of a panel that is factored column by column.
const NARROW: usize = 8;
/// Elements of a row that are computed together, in registers.
const LANES: usize = 8;

/// Columns of a panel.
fn block(n: usize) -> usize {
    match n {
        ..512 => 32,
        512..1536 => 64,
        _ => 128,
    }
}

/// Writes the transpose of a matrix of this shape; its rows, and those of the result, are so far apart.
pub fn transpose<T: Scalar>(
    from: &[T],
    apart: usize,
    shape: [usize; 2],
    to: &mut [T],
    stride: usize,
) {
    wide(Transpose {
        from,
        apart,
        shape,
        to,
        stride,
    });
}

struct Transpose<'a, T> {
    from: &'a [T],
    apart: usize,
    shape: [usize; 2],
    to: &'a mut [T],
    stride: usize,
}

impl<T: Scalar> Wide for Transpose<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Transpose {
            from,
            apart,
            shape: [rows, cols],
            to,
            stride,
        } = self;
        for i in (0..rows).step_by(LANES) {
            let high = LANES.min(rows - i);
            for j in (0..cols).step_by(LANES) {
                let across = LANES.min(cols - j);
                if high < LANES || across < LANES {
                    for jj in j..j + across {
                        for ii in i..i + high {
                            to[jj * stride + ii] = from[ii * apart + jj];
                        }
                    }
                    continue;
                }
                let mut block = [[T::default(); LANES]; LANES];
                for (l, row) in block.iter_mut().enumerate() {
                    row.copy_from_slice(&from[(i + l) * apart + j..][..LANES]);
                }
                for l in 0..LANES {
                    let line: [T; LANES] = std::array::from_fn(|k| block[k][l]);
                    to[(j + l) * stride + i..][..LANES].copy_from_slice(&line);
                }
            }
        }
    }
}

/// About half of `n`, in whole bases.
fn half(n: usize) -> usize {
    (n / 2).next_multiple_of(BASE)
}

// ---- triangular systems ----------------------------------------------------------------------------------------------

/// Whether the diagonal of a triangle is read, or is 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Diagonal {
    /// It is read.
    Own,
    /// It is 1.
    Unit,
}

/// Solves `L x = b` for lower triangular `L`, in place of a row-major `b` of `k` columns, whose rows are `stride` apart.
///
/// # Errors
/// When there is no memory to work in; so for the others here.
pub fn solve_lower<T: Scalar>(
    l: View<'_, T>,
    diagonal: Diagonal,
    b: &mut [T],
    k: usize,
    stride: usize,
) -> Result<()> {
    let n = l.rows;
    if n == 0 || k == 0 {
        return Ok(());
    }
    if n <= BASE {
        wide(Substitution {
            a: l,
            diagonal,
            lower: true,
            b,
            k,
            stride,
        });
        return Ok(());
    }
    let h = half(n);
    let (top, bottom) = b.split_at_mut(h * stride);
    solve_lower(l.part([0, 0], h, h), diagonal, top, k, stride)?;
    let known = View::row_major(top, h, k, stride);
    subtract_product(bottom, stride, l.part([h, 0], n - h, h), known)?;
    solve_lower(l.part([h, h], n - h, n - h), diagonal, bottom, k, stride)
}

/// As [`solve_lower`] for upper triangular `U`.
pub fn solve_upper<T: Scalar>(
    u: View<'_, T>,
    diagonal: Diagonal,
    b: &mut [T],
    k: usize,
    stride: usize,
) -> Result<()> {
    let n = u.rows;
    if n == 0 || k == 0 {
        return Ok(());
    }
    if n <= BASE {
        wide(Substitution {
            a: u,
            diagonal,
            lower: false,
            b,
            k,
            stride,
        });
        return Ok(());
    }
    let h = half(n);
    let (top, bottom) = b.split_at_mut(h * stride);
    solve_upper(u.part([h, h], n - h, n - h), diagonal, bottom, k, stride)?;
    let known = View::row_major(bottom, n - h, k, stride);
    subtract_product(top, stride, u.part([0, h], h, n - h), known)?;
    solve_upper(u.part([0, 0], h, h), diagonal, top, k, stride)
}

/// Writes `L⁻¹` of a lower triangle with ones on its diagonal; `out` holds zeros, its rows are `stride` apart.
pub fn invert_unit_lower<T: Scalar>(l: View<'_, T>, out: &mut [T], stride: usize) -> Result<()> {
    let n = l.rows;
    if n <= BASE {
        for i in 0..n {
            out[i * stride + i] = T::of(unit::<T>(), T::Real::default());
        }
        return solve_lower(l, Diagonal::Unit, out, n, stride);
    }
    let h = half(n);
    let (top, bottom) = out.split_at_mut(h * stride);
    let rest = l.part([h, h], n - h, n - h);
    invert_unit_lower(l.part([0, 0], h, h), top, stride)?;
    invert_unit_lower(rest, &mut bottom[h..], stride)?;
    let known = View::row_major(top, h, h, stride);
    subtract_product(bottom, stride, l.part([h, 0], n - h, h), known)?;
    solve_lower(rest, Diagonal::Unit, bottom, h, stride)
}

fn unit<T: Scalar>() -> T::Real {
    <T::Real as crate::scalar::Real>::of(1.0)
}

/// Substitution in a triangle of up to [`BASE`] rows.
struct Substitution<'a, T> {
    a: View<'a, T>,
    diagonal: Diagonal,
    lower: bool,
    b: &'a mut [T],
    k: usize,
    stride: usize,
}

impl<T: Scalar> Wide for Substitution<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let (n, stride) = (self.a.rows, self.stride);
        let mut factors = [T::default(); BASE];
        for step in 0..n {
            let (i, first, count) = match self.lower {
                true => (step, 0, step),
                false => (n - 1 - step, n - step, step),
            };
            for (s, factor) in factors[..count].iter_mut().enumerate() {
                *factor = self.a.at(i, first + s);
            }
            let scale = (self.diagonal == Diagonal::Own).then(|| self.a.at(i, i));
            let (before, from) = self.b.split_at_mut(i * stride);
            let (row, after) = from.split_at_mut(self.k.max(stride.min(from.len())));
            let (row, others) = match self.lower {
                true => (&mut row[..self.k], &*before),
                false => (&mut row[..self.k], &*after),
            };
            substitute(row, others, stride, &factors[..count], scale);
        }
    }
}

/// `row = (row - Σ factor · others) / scale`.
#[inline(always)]
fn substitute<T: Scalar>(
    row: &mut [T],
    others: &[T],
    stride: usize,
    factors: &[T],
    scale: Option<T>,
) {
    let mut chunks = row.chunks_exact_mut(LANES);
    let mut at = 0;
    for chunk in &mut chunks {
        let mut sum: [T; LANES] = std::array::from_fn(|l| chunk[l]);
        for (s, &factor) in factors.iter().enumerate() {
            let other = &others[s * stride + at..s * stride + at + LANES];
            for l in 0..LANES {
                sum[l] -= factor * other[l];
            }
        }
        if let Some(d) = scale {
            sum = divided(sum, d);
        }
        chunk.copy_from_slice(&sum);
        at += LANES;
    }
    for (l, x) in chunks.into_remainder().iter_mut().enumerate() {
        let mut sum = *x;
        for (s, &factor) in factors.iter().enumerate() {
            sum -= factor * others[s * stride + at + l];
        }
        *x = match scale {
            Some(d) => divided([sum], d)[0],
            None => sum,
        };
    }
}

/// Quotients; of complex numbers by the inverse, which does not overflow on the way.
#[inline(always)]
fn divided<T: Scalar, const L: usize>(x: [T; L], d: T) -> [T; L] {
    if T::COMPLEX {
        let divisor = Divisor::new(d);
        return x.map(|x| divisor.of(x));
    }
    x.map(|x| x / d)
}

// ---- LU --------------------------------------------------------------------------------------------------------------

/// Factors a row-major `m × n` matrix in place with row exchanges: `P A = L U`, `L` below the diagonal and `U` on and above it.
/// `rows` is permuted along; returns whether the permutation is odd.
pub fn lu<T: Scalar>(a: &mut [T], m: usize, n: usize, rows: &mut [usize]) -> Result<bool> {
    let steps = m.min(n);
    let width = block(steps);
    let mut panel = vec![T::default(); m * width.min(steps)];
    let mut pivots = vec![0; width];
    let mut odd = false;
    for from in (0..steps).step_by(width) {
        let (w, h) = (width.min(steps - from), m - from);
        let panel = &mut panel[..h * w];
        let block = &mut a[from * n..];
        transpose(&block[from..], n, [h, w], panel, h);
        factor_panel(panel, h, 0, w, &mut pivots[..w])?;
        for (j, &p) in pivots[..w].iter().enumerate() {
            if p == j {
                continue;
            }
            odd = !odd;
            rows.swap(from + j, from + p);
            let (upper, lower) = block.split_at_mut(p * n);
            let (x, y) = (&mut upper[j * n..(j + 1) * n], &mut lower[..n]);
            x[..from].swap_with_slice(&mut y[..from]);
            x[from + w..].swap_with_slice(&mut y[from + w..]);
        }
        transpose(panel, h, [w, h], &mut block[from..], n);
        let rest = n - from - w;
        if rest == 0 {
            continue;
        }
        let factored = View::column_major(panel, h, w, h);
        let (top, bottom) = block.split_at_mut(w * n);
        let right = &mut top[from + w..];
        solve_lower(factored.part([0, 0], w, w), Diagonal::Unit, right, rest, n)?;
        if h > w {
            let right = View::row_major(right, w, rest, n);
            let below = factored.part([w, 0], h - w, w);
            subtract_product(&mut bottom[from + w..], n, below, right)?;
        }
    }
    Ok(odd)
}

/// Factors the columns of a panel from row `top` on; columns are `h` apart. `pivots[j]` is the row that row `top + j` is exchanged
/// with, counted from `top`.
fn factor_panel<T: Scalar>(
    panel: &mut [T],
    h: usize,
    top: usize,
    w: usize,
    pivots: &mut [usize],
) -> Result<()> {
    if w <= NARROW {
        wide(Columns {
            panel,
            h,
            top,
            pivots,
        });
        return Ok(());
    }
    let first = w / 2;
    let (left, right) = panel.split_at_mut(first * h);
    let (early, late) = pivots.split_at_mut(first);
    factor_panel(left, h, top, first, early)?;
    exchange(right, h, top, early);
    let known = View::column_major(&left[top..], h - top, first, h);
    for column in right.chunks_exact_mut(h) {
        let column = &mut column[top..];
        for j in 0..first {
            let x = column[j];
            for (i, y) in column[..first].iter_mut().enumerate().skip(j + 1) {
                *y -= known.at(i, j) * x;
            }
        }
    }
    // the transpose of `bottom -= below · solved`, whose rows are contiguous
    let solved: Vec<T> = right
        .chunks_exact(h)
        .flat_map(|c| c[top..top + first].iter().copied())
        .collect();
    if h > top + first {
        let below = known.part([first, 0], h - top - first, first);
        subtract_product(
            &mut right[top + first..],
            h,
            View::row_major(&solved, w - first, first, first),
            below.transposed(),
        )?;
    }
    factor_panel(right, h, top + first, w - first, late)?;
    exchange(left, h, top + first, late);
    late.iter_mut().for_each(|p| *p += first);
    Ok(())
}

/// Exchanges rows of all columns.
fn exchange<T: Scalar>(columns: &mut [T], h: usize, top: usize, pivots: &[usize]) {
    for column in columns.chunks_exact_mut(h) {
        for (j, &p) in pivots.iter().enumerate() {
            column.swap(top + j, top + p);
        }
    }
}

/// The columns of a narrow panel, one after the other.
struct Columns<'a, T> {
    panel: &'a mut [T],
    h: usize,
    top: usize,
    pivots: &'a mut [usize],
}

impl<T: Scalar> Wide for Columns<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let (h, top) = (self.h, self.top);
        for j in 0..self.pivots.len() {
            let column = &self.panel[j * h + top..(j + 1) * h];
            let p = largest(&column[j..]) + j;
            self.pivots[j] = p;
            if p != j {
                for column in self.panel.chunks_exact_mut(h) {
                    column.swap(top + j, top + p);
                }
            }
            let (left, right) = self.panel.split_at_mut((j + 1) * h);
            let column = &mut left[j * h + top + j..];
            let Some((&mut pivot, below)) = column.split_first_mut() else {
                continue;
            };
            // a column of zeros stays as it is, and the factor is singular
            if pivot != T::default() {
                let mut chunks = below.chunks_exact_mut(LANES);
                for chunk in &mut chunks {
                    let x: [T; LANES] = std::array::from_fn(|l| chunk[l]);
                    chunk.copy_from_slice(&divided(x, pivot));
                }
                for x in chunks.into_remainder() {
                    *x = divided([*x], pivot)[0];
                }
            }
            for other in right.chunks_exact_mut(h) {
                let other = &mut other[top + j..];
                let factor = other[0];
                for (y, &l) in other[1..].iter_mut().zip(&*below) {
                    *y -= l * factor;
                }
            }
        }
    }
}

/// Where the largest element is, the first of equals.
#[inline(always)]
fn largest<T: Scalar>(x: &[T]) -> usize {
    let mut best = (0, x[0].size());
    for (i, &v) in x.iter().enumerate().skip(1) {
        if v.size() > best.1 {
            best = (i, v.size());
        }
    }
    best.0
}

// ---- Cholesky --------------------------------------------------------------------------------------------------------

/// Rows of a diagonal block, at most.
const CORNER: usize = 128;
/// Rows of `A₂₂` that are updated by one product: less work above the diagonal, or larger products.
const STRIPE: usize = 192;

/// Factors the lower triangle of a row-major Hermitian matrix in place: `A = L Lᴴ`, zeros above. False where it is not positive
/// definite.
pub fn cholesky<T: Scalar>(a: &mut [T], n: usize) -> Result<bool> {
    let width = if n < 1536 { 64 } else { CORNER };
    let mut across = vec![T::default(); n * width];
    for from in (0..n).step_by(width) {
        let w = width.min(n - from);
        let (top, bottom) = a[from * n..].split_at_mut(w * n);
        let corner = &mut top[from..];
        if !wide(Corner { a: corner, n, w }) {
            return Ok(false);
        }
        for (i, row) in top.chunks_exact_mut(n).enumerate() {
            row[from + i + 1..].fill(T::default());
        }
        let h = n - from - w;
        if h == 0 {
            break;
        }
        // L₂₁ᴴ, row-major
        let across = &mut across[..w * h];
        transpose(&bottom[from..], n, [h, w], across, h);
        conjugate(across);
        let known = View::row_major(&top[from..], w, w, n);
        solve_lower(known, Diagonal::Own, across, h, h)?;
        transpose(across, h, [w, h], &mut bottom[from..], n);
        let mut below = Vec::with_capacity(h * w);
        for row in bottom.chunks_exact_mut(n) {
            conjugate(&mut row[from..from + w]);
            below.extend(row[from..from + w].iter().map(|&x| -x));
        }
        for (s, stripe) in bottom.chunks_mut(STRIPE * n).enumerate() {
            let (i, rows) = (s * STRIPE, stripe.len() / n);
            let left = View::row_major(&below[i * w..], rows, w, w);
            let right = View::row_major(across, w, i + rows, h);
            add_product(&mut stripe[from + w..], n, left, right)?;
        }
    }
    Ok(true)
}

fn conjugate<T: Scalar>(x: &mut [T]) {
    if T::COMPLEX {
        x.iter_mut().for_each(|x| *x = x.conjugate());
    }
}

/// The factor of a diagonal block, whose rows are `n` apart.
struct Corner<'a, T> {
    a: &'a mut [T],
    n: usize,
    w: usize,
}

impl<T: Scalar> Wide for Corner<'_, T> {
    type Out = bool;
    #[inline(always)]
    fn run<I: Isa>(self) -> bool {
        let Corner { a, n, w } = self;
        let mut column = [T::default(); CORNER];
        for j in 0..w {
            let d = a[j * n + j].re();
            let positive = d > T::Real::default();
            // NaN is not
            if !positive {
                return false;
            }
            let root = faer::traits::math_utils::sqrt(&d);
            let root = T::of(root, T::Real::default());
            a[j * n + j] = root;
            for i in j + 1..w {
                let x = divided([a[i * n + j]], root)[0];
                a[i * n + j] = x;
                column[i] = x.conjugate();
            }
            for i in j + 1..w {
                let factor = a[i * n + j];
                let row = &mut a[i * n + j + 1..i * n + i + 1];
                for (y, &x) in row.iter_mut().zip(&column[j + 1..=i]) {
                    *y -= factor * x;
                }
            }
        }
        true
    }
}

/// Writes the inverse of a matrix from its factors.
pub fn invert<T: Scalar>(packed: &[T], rows: &[usize], n: usize, out: &mut [T]) -> Result<()> {
    let factors = View::row_major(packed, n, n, n);
    let mut x = vec![T::default(); n * n];
    invert_unit_lower(factors, &mut x, n)?;
    solve_upper(factors, Diagonal::Own, &mut x, n, n)?;
    for (from, to) in x.chunks_exact(n.max(1)).zip(out.chunks_exact_mut(n.max(1))) {
        for (&v, &j) in from.iter().zip(rows) {
            to[j] = v;
        }
    }
    Ok(())
}
