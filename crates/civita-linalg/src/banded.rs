//! Systems of banded matrices.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::{KeepDims, broadcast_shapes};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_tangent, some,
};
use civita_core::raw::{Mode as Take, Raw};
use civita_core::threads::stop_if_told;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, matrices, singular, with_axes};
use crate::divisor::Divisor;
use crate::ops::{conjugate, sum, total};
use crate::scalar::{Scalar, for_dtype};
use crate::scale::Scale;
use crate::systems::Uplo;

/// How many diagonals a banded matrix has below and above the main one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Below.
    pub lower: usize,
    /// Above.
    pub upper: usize,
}

impl Band {
    fn rows(self) -> usize {
        self.lower + self.upper + 1
    }

    fn flipped(self) -> Band {
        Band {
            lower: self.upper,
            upper: self.lower,
        }
    }

    /// For each place `(r, j)` of the diagonals, which hold `A[i, j]` with `i = j + r - upper`: that row, and whether there is one.
    fn row_of_each(self, n: usize) -> Result<(Raw, Raw)> {
        let all = (0..self.rows() * n).map(|k| (k % n + k / n).checked_sub(self.upper));
        let all: Vec<Option<usize>> = all.map(|i| i.filter(|&i| i < n)).collect();
        let rows = all.iter().map(|i| i.unwrap_or(0) as i64).collect();
        let known = all.iter().map(Option::is_some).collect();
        Ok((
            Raw::from_vec::<i64>(rows, &[self.rows(), n])?,
            Raw::from_vec::<bool>(known, &[self.rows(), n])?,
        ))
    }
}

/// `A x = b` for a banded `A`, given by its diagonals: `ab[upper + i - j, j] = A[i, j]`. Both have the same batch, `b` is a matrix.
///
/// Gaussian elimination with partial pivoting within the band, which adds `lower` diagonals above: LAPACK's `gbsv`.
#[derive(Clone, Debug)]
pub struct SolveBanded {
    /// Which diagonals there are.
    pub band: Band,
}

impl HostKernel for SolveBanded {
    fn name(&self) -> &'static str {
        "solve_banded"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.band, x, out))
    }
}

fn run<T: Scalar>(band: Band, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, rows, n) = matrices("solve_banded", x[0].shape())?;
    let k = x[1].shape().last().copied().unwrap_or(0);
    let batch = count(batch);
    let results = parts(out[0].elements::<T>()?, batch, n * k);
    let work = n * (band.lower + 1) * (band.rows() + k) + 100;
    each(batch, work, results, Vec::<T>::new, |ab, i, b| {
        x[1].read(i * n * k, b)?;
        ab.resize(rows * n, T::default());
        x[0].read(i * rows * n, ab)?;
        match solve(band, ab, n, b, k) {
            Outcome::Singular => Err(singular("solve_banded")),
            Outcome::Finite => Ok(()),
            Outcome::Overflow => {
                let mut right = vec![T::default(); n * k];
                x[1].read(i * n * k, &mut right)?;
                solve_near_one(band, ab, n, &mut right, k, b);
                Ok(())
            }
        }
    })
}

/// Solves a system of finite numbers whose solution was not: by multiples near 1 of the matrix and of each column of the right-hand
/// side. `out` keeps what it holds where they do not help.
#[cold]
fn solve_near_one<T: Scalar>(
    band: Band,
    ab: &mut [T],
    n: usize,
    b: &mut [T],
    k: usize,
    out: &mut [T],
) {
    for r in 0..band.rows() {
        for j in 0..n {
            if (j + r).checked_sub(band.upper).is_none_or(|i| i >= n) {
                ab[r * n + j] = T::default();
            }
        }
    }
    if !ab.iter().chain(&*b).all(|x| x.finite()) {
        return;
    }
    let scale = Scale::to_one(ab);
    let scales = Scale::columns_to_one(b, k);
    if solve(band, ab, n, b, k) == Outcome::Finite {
        scale.quotients(b, &scales, out);
    }
}

/// How a system ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// A pivot is zero.
    Singular,
    /// Pivots and the solution are finite.
    Finite,
    /// They are not.
    Overflow,
}

/// Solves in place of `b`, a row-major `n × k` matrix.
fn solve<T: Scalar>(band: Band, ab: &[T], n: usize, b: &mut [T], k: usize) -> Outcome {
    let Band { lower, upper } = band;
    let mut finite = true;
    // row i holds columns from i - lower to i + upper + lower, those that exist or not
    let width = 2 * lower + upper + 1;
    let mut a = vec![T::default(); n * width];
    for r in 0..=lower + upper {
        for j in 0..n {
            if let Some(i) = (j + r).checked_sub(upper).filter(|&i| i < n) {
                a[i * width + j + lower - i] = ab[r * n + j];
            }
        }
    }
    for j in 0..n {
        stop_if_told();
        let last = (j + lower).min(n - 1);
        let size = |a: &[T], i: usize| a[i * width + j + lower - i].size();
        let mut pivot = j;
        for i in j + 1..=last {
            if size(&a, i) > size(&a, pivot) {
                pivot = i;
            }
        }
        let end = (j + upper + lower).min(n - 1);
        if pivot != j {
            for c in j..=end {
                a.swap(j * width + c + lower - j, pivot * width + c + lower - pivot);
            }
            for c in 0..k {
                b.swap(j * k + c, pivot * k + c);
            }
        }
        let p = a[j * width + lower];
        if p == T::default() {
            return Outcome::Singular;
        }
        finite &= p.finite();
        let pivot = Divisor::new(p);
        let (head, tail) = a.split_at_mut((j + 1) * width);
        let known = &head[j * width + lower..][..end - j + 1];
        let (above, below) = b.split_at_mut((j + 1) * k);
        let right = &above[j * k..];
        for i in j + 1..=last {
            let row = &mut tail[(i - j - 1) * width + j + lower - i..][..end - j + 1];
            let factor = pivot.of(row[0]);
            for (x, &y) in row.iter_mut().zip(known) {
                *x -= factor * y;
            }
            for (x, &y) in below[(i - j - 1) * k..][..k].iter_mut().zip(right) {
                *x -= factor * y;
            }
        }
    }
    for j in (0..n).rev() {
        let row = &a[j * width + lower..][..((upper + lower).min(n - 1 - j)) + 1];
        let (above, below) = b.split_at_mut((j + 1) * k);
        let known = &mut above[j * k..];
        for (c, &factor) in row.iter().enumerate().skip(1) {
            for (x, &y) in known.iter_mut().zip(&below[(c - 1) * k..][..k]) {
                *x -= factor * y;
            }
        }
        let pivot = Divisor::new(row[0]);
        known.iter_mut().for_each(|x| *x = pivot.of(*x));
    }
    match finite && b.iter().all(|x| x.finite()) {
        true => Outcome::Finite,
        false => Outcome::Overflow,
    }
}

/// Rows of `x`, of `(batch) n × k` matrices, for each place of the diagonals: `(batch) rows × n × k`.
fn rows_of(x: &Raw, rows: &Raw) -> Result<Raw> {
    x.take(rows, -2, Take::Raise)
}

/// `A x` for a banded `A`.
fn product(band: Band, ab: &Raw, x: &Raw) -> Result<Raw> {
    // that is the sum over the diagonals of Aᵀ, whose rows are the columns of A
    let t = transposed(band, ab)?;
    let n = x.shape()[x.rank() - 2];
    let (rows, _) = band.flipped().row_of_each(n)?;
    let terms = t.expand_dims(&[-1])?.mul(&rows_of(x, &rows)?)?;
    sum(&terms, &[-3], KeepDims::No)
}

/// The diagonals of `Aᵀ`.
fn transposed(band: Band, ab: &Raw) -> Result<Raw> {
    let n = ab.shape()[ab.rank() - 1];
    // Aᵀ[i, j] = A[j, i] stands at (upper + j - i, i), the place (rows - 1 - r, i) for r = lower + i - j
    let (columns, known) = band.flipped().row_of_each(n)?;
    let turned = ab.flip(civita_core::layout::Axes::List(&[-2]))?;
    let columns = columns.broadcast_to(turned.shape())?;
    let all = turned.take_along_axis(&columns, -1)?;
    known.choose(&all, &Raw::zeros(&[], ab.dtype())?)
}

impl Primitive for SolveBanded {
    fn name(&self) -> &'static str {
        "solve_banded"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("solve_banded", [x[0].dtype, x[1].dtype])?;
        Ok(Outputs::One(Spec::new(&x[1].shape, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, wanted: &[bool]) -> Reads {
        Reads {
            inputs: 0b01,
            outputs: u32::from(wanted[0]),
        }
    }
    /// `dx = A⁻¹ (db - dA x)`.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let from_a = match &t[0] {
            Some(t) => Some(product(self.band, t, &y[0])?.neg()?),
            None => None,
        };
        let right = total([from_a, t[1].clone()])?;
        let moved = right.map(|r| bind_one(self, &[&x[0], &r])).transpose()?;
        Ok(one_tangent(moved))
    }
    /// `gb = A⁻ᴴ g`, and `gA = -gb xᴴ` on the diagonals.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let adjoint = SolveBanded {
            band: self.band.flipped(),
        };
        let ah = conjugate(&transposed(self.band, &x[0])?)?;
        let gb = bind_one(&adjoint, &[&ah, some(g, 0)?])?;
        let ga = match wanted[0] {
            true => {
                let n = x[0].shape()[x[0].rank() - 1];
                let (rows, known) = self.band.row_of_each(n)?;
                let columns = conjugate(&y[0])?.expand_dims(&[-3])?;
                let terms = rows_of(&gb, &rows)?.mul(&columns)?;
                let all = sum(&terms, &[-1], KeepDims::No)?.neg()?;
                Some(known.choose(&all, &Raw::zeros(&[], all.dtype())?)?)
            }
            false => None,
        };
        Ok(Gradients::from_iter([ga, Some(gb)]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// Solves `a x = b` for a banded `a`, given by its diagonals as `ab[upper + i - j, j] = a[i, j]`: a matrix with `lower + upper + 1`
/// rows, of which the places outside of `a` are not read. `b` is a vector where it has one axis. SciPy's `linalg.solve_banded`.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{Band, solve_banded};
/// // [[2, 1, 0], [1, 2, 1], [0, 1, 2]]
/// let ab = Raw::from_vec(vec![0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 0.0], &[3, 3])?;
/// let b = Raw::from_vec(vec![4.0, 8.0, 8.0], &[3])?;
/// let x = solve_banded(Band { lower: 1, upper: 1 }, &ab, &b)?;
/// let apart = x.to_vec::<f64>()?.iter().zip([1.0, 2.0, 3.0]).fold(0.0, |most: f64, (x, y)| most.max((x - y).abs()));
/// assert!(apart < 1e-14);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the number of diagonals is another, `b` does not fit, a matrix is singular, or there is no linear algebra of the dtype.
pub fn solve_banded(band: Band, ab: &Raw, b: &Raw) -> Result<Raw> {
    const OP: &str = "solve_banded";
    let (batch, rows, n) = matrices(OP, ab.shape())?;
    let expected = band.lower.checked_add(band.upper).map(|n| n + 1);
    if expected != Some(rows) {
        return Err(Error::shape(
            OP,
            format!(
                "invalid values for the number of lower and upper diagonals: l+u+1 ({}+{}+1) does not equal ab.shape[-2] ({rows})",
                band.lower, band.upper
            ),
        )
        .shapes(&[ab.shape()]));
    }
    let vector = b.rank() == 1;
    let b = match vector {
        true => b.expand_dims(&[1])?,
        false => b.clone(),
    };
    let misfit = || {
        Error::shape(
            OP,
            format!(
                "shapes of ab {} and b {} are not compatible",
                shape_text(ab.shape()),
                shape_text(b.shape())
            ),
        )
        .rule("b has as many rows as ab has columns, and batches broadcast")
    };
    let (other, m, k) = matrices(OP, b.shape()).map_err(|_| misfit())?;
    if m != n {
        return Err(misfit());
    }
    let dtype = compute_dtype(OP, [ab.dtype(), b.dtype()])?;
    let all = broadcast_shapes(OP, &[batch, other])?;
    let ab = ab.cast(dtype)?.broadcast_to(&with_axes(&all, &[rows, n]))?;
    let b = b.cast(dtype)?.broadcast_to(&with_axes(&all, &[n, k]))?;
    if n == 0 {
        return if vector {
            b.squeeze(Some(&[-1]))
        } else {
            Ok(b)
        };
    }
    // diagonals beyond the matrix hold nothing, and would cost memory
    let kept = Band {
        lower: band.lower.min(n - 1),
        upper: band.upper.min(n - 1),
    };
    let ab = ab.narrow(-2, band.upper - kept.upper, kept.rows())?;
    let x = bind_one(&SolveBanded { band: kept }, &[&ab, &b])?;
    if vector {
        x.squeeze(Some(&[-1]))
    } else {
        Ok(x)
    }
}

/// Solves `a x = b` for a Hermitian banded `a`, given by the diagonals of one triangle: `ab[u + i - j, j] = a[i, j]` for the upper one
/// with `u` diagonals beside the main one, `ab[i - j, j] = a[i, j]` for the lower one. SciPy's `linalg.solveh_banded`; `a` need not be
/// positive definite.
///
/// # Errors
/// As [`solve_banded`].
pub fn solveh_banded(ab: &Raw, b: &Raw, uplo: Uplo) -> Result<Raw> {
    let (_, rows, n) = matrices("solveh_banded", ab.shape())?;
    if rows == 0 {
        return Err(Error::shape("solveh_banded", "ab holds no diagonal").shapes(&[ab.shape()]));
    }
    let off = rows - 1;
    if n == 0 || off == 0 {
        let band = Band {
            lower: 0,
            upper: off,
        };
        return solve_banded(band, ab, b);
    }
    let dtype = compute_dtype("solveh_banded", [ab.dtype()])?;
    let ab = ab.cast(dtype)?;
    let one = match uplo {
        Uplo::Upper => Band {
            lower: 0,
            upper: off,
        },
        Uplo::Lower => Band {
            lower: off,
            upper: 0,
        },
    };
    let other = conjugate(&transposed(one, &ab)?)?;
    let (upper, lower) = match uplo {
        Uplo::Upper => (&ab, &other),
        Uplo::Lower => (&other, &ab),
    };
    let all = Raw::concatenate(&[upper, &lower.narrow(-2, 1, off)?], -2)?;
    let band = Band {
        lower: off,
        upper: off,
    };
    solve_banded(band, &all, b)
}
