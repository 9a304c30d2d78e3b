//! Factorisations and triangular systems of matrices with more rows than `small` takes: LAPACK's blocked algorithms on row-major
//! memory, whose work is matrix products.
//!
//! ```text
//! LU        a panel of columns, copied to column-major memory, is factored by recursion (Toledo 1997); rows are swapped; then
//!           U₁₂ = L₁₁⁻¹ A₁₂ and A₂₂ -= L₂₁ U₁₂
//! Cholesky  A₁₁ = L₁₁ L₁₁ᴴ, L₂₁ᴴ = L₁₁⁻¹ A₂₁ᴴ, A₂₂ -= L₂₁ L₂₁ᴴ (its lower triangle)
//! systems   halves: x₁ = A₁₁⁻¹ b₁, b₂ -= A₂₁ x₁, x₂ = A₂₂⁻¹ b₂
//! ```
//!
//! The columns after a panel are updated in stripes, each a task. The first holds the next panel and factors it as well, while other
//! threads have the others: nobody waits for a panel (*look-ahead*; Strazdins 1998).
//!
//! How the work is cut depends on sizes alone, so bits are equal for any number of threads.

use civita_core::error::Result;
use civita_core::isa::{Isa, Wide, wide};

use crate::batch::each;
use crate::divisor::Divisor;
use crate::gemm::{Rows, View, add_product, subtract_product};
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

/// Columns that are updated together: a task where there are threads.
const STRIPE: usize = 128;

/// Multiply-adds that take as long as an elementary operation of [`each`]: up to a hundred rows a step is not worth waking a thread.
pub const PRODUCTS: usize = 16;

/// Writes the transpose of a row-major matrix.
pub fn transpose<T: Scalar>(from: View<'_, T>, to: Rows<'_, T>) {
    wide(Transpose { from, to });
}

struct Transpose<'a, 'b, T> {
    from: View<'a, T>,
    to: Rows<'b, T>,
}

impl<T: Scalar> Wide for Transpose<'_, '_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Transpose { from, mut to } = self;
        let (rows, cols) = (from.rows, from.cols);
        assert!(to.rows == cols && to.cols == rows);
        for i in (0..rows).step_by(LANES) {
            let high = LANES.min(rows - i);
            for j in (0..cols).step_by(LANES) {
                let across = LANES.min(cols - j);
                if high < LANES || across < LANES {
                    for jj in j..j + across {
                        let line = &mut to.row(jj)[i..i + high];
                        for (ii, x) in line.iter_mut().enumerate() {
                            *x = from.at(i + ii, jj);
                        }
                    }
                    continue;
                }
                let mut block = [[T::default(); LANES]; LANES];
                for (l, row) in block.iter_mut().enumerate() {
                    row.copy_from_slice(&from.row(i + l)[j..][..LANES]);
                }
                for (l, j) in (j..j + LANES).enumerate() {
                    let line: [T; LANES] = std::array::from_fn(|k| block[k][l]);
                    to.row(j)[i..][..LANES].copy_from_slice(&line);
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

/// Solves `L x = b` for lower triangular `L`, in place of `b`.
///
/// # Errors
/// When there is no memory to work in; so for the others here.
pub fn solve_lower<T: Scalar>(l: View<'_, T>, diagonal: Diagonal, b: Rows<'_, T>) -> Result<()> {
    let n = l.rows;
    if n == 0 || b.cols == 0 {
        return Ok(());
    }
    if n <= BASE {
        wide(Substitution {
            a: l,
            diagonal,
            lower: true,
            b,
        });
        return Ok(());
    }
    let h = half(n);
    let (mut top, mut bottom) = b.split_rows(h);
    solve_lower(l.part([0, 0], h, h), diagonal, top.by_ref())?;
    subtract_product(&mut bottom, l.part([h, 0], n - h, h), top.view())?;
    solve_lower(l.part([h, h], n - h, n - h), diagonal, bottom)
}

/// As [`solve_lower`] for upper triangular `U`.
pub fn solve_upper<T: Scalar>(u: View<'_, T>, diagonal: Diagonal, b: Rows<'_, T>) -> Result<()> {
    let n = u.rows;
    if n == 0 || b.cols == 0 {
        return Ok(());
    }
    if n <= BASE {
        wide(Substitution {
            a: u,
            diagonal,
            lower: false,
            b,
        });
        return Ok(());
    }
    let h = half(n);
    let (mut top, mut bottom) = b.split_rows(h);
    solve_upper(u.part([h, h], n - h, n - h), diagonal, bottom.by_ref())?;
    subtract_product(&mut top, u.part([0, h], h, n - h), bottom.view())?;
    solve_upper(u.part([0, 0], h, h), diagonal, top)
}

/// Writes `L⁻¹` of a lower triangle with ones on its diagonal; `out` holds zeros.
fn invert_unit_lower<T: Scalar>(l: View<'_, T>, mut out: Rows<'_, T>) -> Result<()> {
    let n = l.rows;
    if n <= BASE {
        for i in 0..n {
            out.row(i)[i] = T::of(unit::<T>(), T::Real::default());
        }
        return solve_lower(l, Diagonal::Unit, out);
    }
    let h = half(n);
    let (top, bottom) = out.split_rows(h);
    let (mut first, _) = top.split_cols(h);
    let (mut corner, last) = bottom.split_cols(h);
    let rest = l.part([h, h], n - h, n - h);
    invert_unit_lower(l.part([0, 0], h, h), first.by_ref())?;
    invert_unit_lower(rest, last)?;
    subtract_product(&mut corner, l.part([h, 0], n - h, h), first.view())?;
    solve_lower(rest, Diagonal::Unit, corner)
}

fn unit<T: Scalar>() -> T::Real {
    <T::Real as crate::scalar::Real>::of(1.0)
}

/// Substitution in a triangle of up to [`BASE`] rows.
struct Substitution<'a, 'b, T> {
    a: View<'a, T>,
    diagonal: Diagonal,
    lower: bool,
    b: Rows<'b, T>,
}

impl<T: Scalar> Wide for Substitution<'_, '_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let n = self.a.rows;
        let mut factors = [T::default(); BASE];
        for step in 0..n {
            let (i, first, split) = match self.lower {
                true => (step, 0, step),
                false => (n - 1 - step, n - step, n - step),
            };
            for (s, factor) in factors[..step].iter_mut().enumerate() {
                *factor = self.a.at(i, first + s);
            }
            let scale = (self.diagonal == Diagonal::Own).then(|| self.a.at(i, i));
            let (mut above, mut below) = self.b.by_ref().split_rows(split);
            let (row, others) = match self.lower {
                true => (below.row(0), above.view()),
                false => (above.row(i), below.view()),
            };
            substitute(row, others, &factors[..step], scale);
        }
    }
}

/// `row = (row - Σ factor · others) / scale`.
#[inline(always)]
fn substitute<T: Scalar>(row: &mut [T], others: View<'_, T>, factors: &[T], scale: Option<T>) {
    let mut chunks = row.chunks_exact_mut(LANES);
    let mut at = 0;
    for chunk in &mut chunks {
        let mut sum: [T; LANES] = std::array::from_fn(|l| chunk[l]);
        for (s, &factor) in factors.iter().enumerate() {
            let other = &others.row(s)[at..at + LANES];
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
            sum -= factor * others.at(s, at + l);
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
    let width = block(steps).min(steps.max(1));
    // of each panel its own, counted from its first row
    let mut pivots = vec![0; steps];
    let (mut panel, mut next) = (Vec::new(), Vec::new());
    let mut all = Rows::new(a, m, n, n);
    let (first, _) = all.by_ref().split_cols(width.min(steps));
    columns_to_panel(first.view(), &mut panel, &mut pivots[..width.min(steps)])?;
    for from in (0..steps).step_by(width) {
        let (w, h) = (width.min(steps - from), m - from);
        let (own, later) = pivots[from..].split_at_mut(w);
        let factored = View::column_major(&panel, h, w, h);
        let (_, below) = all.by_ref().split_rows(from);
        let (_, right) = below.split_cols(from);
        let (place, right) = right.split_cols(w);
        let ahead = width.min(steps - from - w);
        let (following, others) = right.split_cols(ahead);
        let (next, later) = (&mut next, &mut later[..ahead]);
        let tasks = others.cols.div_ceil(STRIPE) + 2;
        let parts = std::iter::once(Part::Next(following, next, later))
            .chain(others.stripes(STRIPE).map(Part::Beside))
            .chain([Part::Panel(place)]);
        let update = |columns: &mut Rows<'_, T>| -> Result<()> {
            columns.exchange(own);
            let (mut top, mut bottom) = columns.by_ref().split_rows(w);
            solve_lower(factored.part([0, 0], w, w), Diagonal::Unit, top.by_ref())?;
            subtract_product(&mut bottom, factored.part([w, 0], h - w, w), top.view())
        };
        each(
            tasks,
            h * w * STRIPE.min(n) / PRODUCTS,
            parts,
            || (),
            |(), _, part| match part {
                Part::Next(mut columns, panel, pivots) => {
                    update(&mut columns)?;
                    let (_, below) = columns.split_rows(w);
                    columns_to_panel(below.view(), panel, pivots)
                }
                Part::Beside(mut columns) => update(&mut columns),
                Part::Panel(columns) => {
                    transpose(factored.transposed(), columns);
                    Ok(())
                }
            },
        )?;
        std::mem::swap(&mut panel, next);
    }
    // what later panels exchanged in those before them
    let (left, _) = all.split_cols(steps);
    let before = left.stripes(width).zip((width..).step_by(width));
    each(
        steps.div_ceil(width),
        steps * width,
        before,
        || (),
        |(), _, (columns, from)| {
            let (_, mut below) = columns.split_rows(from.min(m));
            for own in pivots[from.min(steps)..].chunks(width) {
                below.exchange(own);
                (_, below) = below.split_rows(own.len());
            }
            Ok(())
        },
    )?;
    let mut odd = false;
    for (j, &p) in pivots.iter().enumerate() {
        let panel = j - j % width;
        rows.swap(j, panel + p);
        odd ^= j != panel + p;
    }
    Ok(odd)
}

/// What there is to do beside each other once a panel of LU is factored.
enum Part<'a, 'b, T> {
    /// The columns of the next one, what it is copied to and its exchanges of rows.
    Next(Rows<'a, T>, &'b mut Vec<T>, &'b mut [usize]),
    /// Other columns.
    Beside(Rows<'a, T>),
    /// Where the panel came from.
    Panel(Rows<'a, T>),
}

/// Copies columns to column-major memory and factors them.
fn columns_to_panel<T: Scalar>(
    columns: View<'_, T>,
    panel: &mut Vec<T>,
    pivots: &mut [usize],
) -> Result<()> {
    let (h, w) = (columns.rows, columns.cols);
    panel.resize(h * w, T::default());
    transpose(columns, Rows::new(panel, w, h, h));
    factor_panel(panel, h, 0, w, pivots)
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
        let mut bottom = Rows::new(&mut right[top + first..], w - first, below.rows, h);
        let solved = View::row_major(&solved, w - first, first, first);
        subtract_product(&mut bottom, solved, below.transposed())?;
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
/// Factors the lower triangle of a row-major Hermitian matrix in place: `A = L Lᴴ`, zeros above. False where it is not positive
/// definite.
pub fn cholesky<T: Scalar>(a: &mut [T], n: usize) -> Result<bool> {
    let width = if n < 1536 { 64 } else { CORNER }.min(n);
    // `-L₂₁ᴴ` of a panel and of the next one
    let (mut panel, mut next) = (Vec::new(), Vec::new());
    let mut all = Rows::new(a, n, n, n);
    let (first, _) = all.by_ref().split_cols(width);
    let mut fine = columns_of_cholesky(first, &mut panel)?;
    for from in (0..n).step_by(width) {
        if !fine {
            return Ok(false);
        }
        let w = width.min(n - from);
        let h = n - from - w;
        if h == 0 {
            break;
        }
        let (_, below) = all.by_ref().split_rows(from + w);
        let (left, rest) = below.split_cols(from + w);
        let left = left.view().part([0, from], h, w);
        let right = View::row_major(&panel, w, h, h);
        let (following, others) = rest.split_cols(width.min(h));
        let (ahead, tasks) = (following.cols, others.cols.div_ceil(STRIPE) + 1);
        let stripes = others.stripes(STRIPE).enumerate();
        let parts = std::iter::once((following, 0, Some((&mut next, &mut fine))))
            .chain(stripes.map(|(i, stripe)| (stripe, ahead + i * STRIPE, None)));
        each(
            tasks,
            h * w * STRIPE.min(n) / PRODUCTS,
            parts,
            || (),
            |(), _, (columns, i, next)| {
                // from the diagonal down
                let (rows, cols) = (h - i, columns.cols);
                let (_, mut below) = columns.split_rows(i);
                let (left, right) = (left.part([i, 0], rows, w), right.part([0, i], w, cols));
                add_product(&mut below, left, right)?;
                if let Some((next, fine)) = next {
                    *fine = columns_of_cholesky(below, next)?;
                }
                Ok(())
            },
        )?;
        std::mem::swap(&mut panel, &mut next);
    }
    for i in 0..n {
        all.row(i)[i + 1..].fill(T::default());
    }
    Ok(true)
}

/// Factors columns from the diagonal down, and writes `-L₂₁ᴴ`, row-major. False where the corner is not positive definite.
fn columns_of_cholesky<T: Scalar>(columns: Rows<'_, T>, adjoint: &mut Vec<T>) -> Result<bool> {
    let w = columns.cols;
    let h = columns.rows - w;
    let (mut corner, below) = columns.split_rows(w);
    if !wide(Corner(corner.by_ref())) {
        return Ok(false);
    }
    if h == 0 {
        return Ok(true);
    }
    adjoint.resize(w * h, T::default());
    transpose(below.view(), Rows::new(adjoint, w, h, h));
    conjugate(adjoint);
    let right = Rows::new(adjoint, w, h, h);
    solve_lower(corner.view(), Diagonal::Own, right)?;
    conjugate(adjoint);
    transpose(View::row_major(adjoint, w, h, h), below);
    for x in adjoint {
        *x = -x.conjugate();
    }
    Ok(true)
}

fn conjugate<T: Scalar>(x: &mut [T]) {
    if T::COMPLEX {
        x.iter_mut().for_each(|x| *x = x.conjugate());
    }
}

/// The factor of a diagonal block, below the diagonal.
struct Corner<'a, T>(Rows<'a, T>);

impl<T: Scalar> Wide for Corner<'_, T> {
    type Out = bool;
    #[inline(always)]
    fn run<I: Isa>(self) -> bool {
        let Corner(mut a) = self;
        let w = a.rows;
        let mut column = [T::default(); CORNER];
        for j in 0..w {
            let d = a.row(j)[j].re();
            let positive = d > T::Real::default();
            // NaN is not
            if !positive {
                return false;
            }
            let root = faer::traits::math_utils::sqrt(&d);
            let root = T::of(root, T::Real::default());
            a.row(j)[j] = root;
            for (i, column) in column[..w].iter_mut().enumerate().skip(j + 1) {
                let x = &mut a.row(i)[j];
                *x = divided([*x], root)[0];
                *column = x.conjugate();
            }
            for i in j + 1..w {
                let (before, row) = a.row(i).split_at_mut(j + 1);
                let factor = before[j];
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
    let mut all = Rows::new(&mut x, n, n, n);
    invert_unit_lower(factors, all.by_ref())?;
    solve_upper(factors, Diagonal::Own, all)?;
    for (from, to) in x.chunks_exact(n.max(1)).zip(out.chunks_exact_mut(n.max(1))) {
        for (&v, &j) in from.iter().zip(rows) {
            to[j] = v;
        }
    }
    Ok(())
}
