//! The order of the eigenvalues in a Schur form.
//!
//! ```text
//! for each selected block on the diagonal, from the top: exchange it with the blocks above it until it stands behind the selected ones
//! exchange of T₁ and T₂: X with T₁ X - X T₂ = T₁₂; the columns of (-X, 1) span the invariant subspace of T₂, so the reflections that
//! make them a triangle bring T₂ to the top
//! ```
//!
//! An exchange whose result is no Schur form but for rounding is refused. Sources: Bai and Demmel 1993; LAPACK's `trsen`, `trexc`, `laexc`.

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    bind,
};
use civita_core::raw::Raw;
use num_complex::Complex;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external_in, squares, with_axes};
use crate::dense::wide_columns;
use crate::francis::block_rotation;
use crate::givens::Givens;
use crate::ops::diagonal;
use crate::scalar::{Real, Scalar, for_dtype};
use crate::schur::schur;

/// The eigenvalues of a Schur form, complex: its diagonal, and those of the blocks of two of a real one.
///
/// # Errors
/// When a matrix is not square, or there is no linear algebra of the dtype.
pub fn schur_eigenvalues(t: &Raw) -> Result<Raw> {
    const OP: &str = "schur";
    let (batch, n) = squares(OP, t.shape())?;
    let dtype = compute_dtype(OP, [t.dtype()])?;
    let t = t.cast(dtype)?;
    let values = diagonal(&t)?;
    if dtype.is_complex() || n < 2 {
        return values.cast(dtype.to_complex());
    }
    // of [[a, b], [c, a]] they are a ± i √|b c|
    let off = |row: usize, column: usize| -> Result<Raw> {
        let part = t.narrow(-2, row, n - 1)?.narrow(-1, column, n - 1)?;
        diagonal(&part)?.abs()?.sqrt()
    };
    let below = off(1, 0)?;
    let sizes = below.mul(&off(0, 1)?)?;
    let none = Raw::zeros(&with_axes(batch, &[1]), dtype)?;
    let first = Raw::concatenate(&[&sizes, &none], -1)?;
    let second = Raw::concatenate(&[&none, &sizes], -1)?;
    let im = first.sub(&second)?;
    let wide = dtype.to_complex();
    let i = Raw::from_vec(vec![Complex::new(0.0, 1.0)], &[])?.cast(wide)?;
    values.cast(wide)?.add(&im.cast(wide)?.mul(&i)?)
}

/// A Schur form `(t, z)` with the selected eigenvalues first, in their order; `which` has a boolean for each place on the diagonal. Both of a
/// pair of complex eigenvalues of a real form move where one is selected. LAPACK's `trsen`.
///
/// # Errors
/// When the shapes do not fit, an element is not finite, two eigenvalues are too close to be exchanged, or there is no linear algebra of the dtype.
pub fn schur_reorder(t: &Raw, z: &Raw, which: &Raw) -> Result<(Raw, Raw)> {
    const OP: &str = "schur";
    let (batch, n) = squares(OP, t.shape())?;
    if t.shape() != z.shape() || which.shape() != with_axes(batch, &[n]) {
        return Err(Error::shape(
            OP,
            "t and z have one shape, and `which` one value for each eigenvalue",
        )
        .shapes(&[t.shape(), z.shape(), which.shape()]));
    }
    let dtype = compute_dtype(OP, [t.dtype(), z.dtype()])?;
    let (t, z) = (t.cast(dtype)?, z.cast(dtype)?);
    let which = which.cast(DType::Bool)?;
    crate::systems::two(OP, bind(&Reorder, &[&t, &z, &which])?.into_vec())
}

/// The Schur decomposition `a = z t zᴴ` with the selected eigenvalues first: `(t, z)` and how many are selected, for each matrix. Both of a
/// pair of complex eigenvalues of a real matrix are where `select` takes one. SciPy's `linalg.schur(a, sort=select)`.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![1.0, 2.0, 0.0, -3.0], &[2, 2])?;
/// let (t, _, counts) = civita_linalg::schur_sorted(&a, |w| w.re < 0.0)?;
/// assert_eq!(counts, [1]);
/// assert_eq!(t.to_vec::<f64>()?[0], -3.0);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`schur`] and [`schur_reorder`]; when rounding in the exchanges moves an eigenvalue over the border of the selection; and under `vmap` and
/// `trace`, where no value can be asked.
pub fn schur_sorted(
    a: &Raw,
    mut select: impl FnMut(Complex<f64>) -> bool,
) -> Result<(Raw, Raw, Vec<usize>)> {
    let (t, z) = schur(a)?;
    let mut mask = |t: &Raw| -> Result<Raw> {
        let w = schur_eigenvalues(t)?;
        let all: Vec<Complex<f64>> = w.cast(DType::C128)?.to_vec()?;
        Raw::from_vec(
            all.into_iter().map(&mut select).collect::<Vec<bool>>(),
            w.shape(),
        )
    };
    let which = mask(&t)?;
    let (t, z) = schur_reorder(&t, &z, &which)?;
    let counts = schur_counts(&t, &mask(&t)?)?;
    Ok((t, z, counts))
}

/// How many eigenvalues of each reordered Schur form are selected, both of a pair where one is.
///
/// # Errors
/// When they are not the first: rounding moved an eigenvalue over the border of the selection.
pub fn schur_counts(t: &Raw, which: &Raw) -> Result<Vec<usize>> {
    let (_, n) = squares("schur", t.shape())?;
    if n == 0 {
        return Ok(vec![0; count(&t.shape()[..t.rank() - 2])]);
    }
    let subdiagonal = match (t.dtype().is_complex(), n) {
        (false, 2..) => {
            let part = t.narrow(-2, 1, n - 1)?.narrow(-1, 0, n - 1)?;
            diagonal(&part)?
                .ne(&Raw::zeros(&[], t.dtype())?)?
                .to_vec::<bool>()?
        }
        _ => vec![false; count(&t.shape()[..t.rank() - 2]) * (n - 1)],
    };
    let which: Vec<bool> = which.to_vec()?;
    let mut counts = Vec::new();
    for (i, which) in which.chunks_exact(n).enumerate() {
        let mut which = which.to_vec();
        for k in 0..n - 1 {
            if subdiagonal[i * (n - 1) + k] {
                let either = which[k] || which[k + 1];
                (which[k], which[k + 1]) = (either, either);
            }
        }
        let first = which.iter().take_while(|&&w| w).count();
        if which[first..].contains(&true) {
            return Err(Error::linalg(
                "schur",
                "Leading eigenvalues do not satisfy sort condition.",
            )
            .rule(
                "rounding in the exchanges moves no eigenvalue over the border of the selection",
            ));
        }
        counts.push(first);
    }
    Ok(counts)
}

/// What [`schur_reorder`] runs.
#[derive(Clone, Debug)]
struct Reorder;

impl HostKernel for Reorder {
    fn name(&self) -> &'static str {
        "schur"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    match T::COMPLEX {
        true => reorder::<T, Complex<f64>>(x, out),
        false => reorder::<T, f64>(x, out),
    }
}

fn reorder<T: Scalar, W: Scalar<Real = f64>>(
    x: &[HostInput<'_>],
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    let (batch, n) = squares("schur", x[0].shape())?;
    let batch = count(batch);
    let which = x[2].elements::<bool>()?;
    let [t, z] = out else {
        return Ok(());
    };
    let t = parts(t.elements::<T>()?, batch, n * n);
    let z = parts(z.elements::<T>()?, batch, n * n);
    let work = 10 * n * n * n + 1000;
    each(batch, work, t.zip(z), Vec::new, |rows, i, (t, z)| {
        rows.resize(n * n, T::default());
        let mut read = |x: &HostInput<'_>| {
            x.read(i * n * n, rows)?;
            match rows.iter().all(|x| x.finite()) {
                true => Ok(wide_columns::<T, W>(rows, n)),
                false => Err(Error::linalg(
                    "schur",
                    "array must not contain infs or NaNs",
                )),
            }
        };
        let mut form = Form {
            t: read(&x[0])?,
            z: read(&x[1])?,
            n,
        };
        form.select(&which[i * n..(i + 1) * n]).ok_or_else(|| {
            Error::linalg(
                "schur",
                "Eigenvalues could not be separated for reordering.",
            )
            .rule("eigenvalues that are exchanged differ by more than rounding")
        })?;
        // of a column-major matrix the elements are those of the transpose
        for (from, to) in [(&form.t, t), (&form.z, z)] {
            for (row, to) in to.chunks_exact_mut(n.max(1)).enumerate() {
                for (j, to) in to.iter_mut().enumerate() {
                    let x = from[j * n + row];
                    *to = T::of(T::Real::of(x.re()), T::Real::of(x.im()));
                }
            }
        }
        Ok(())
    })
}

/// A Schur form in column-major order.
struct Form<T> {
    t: Vec<T>,
    z: Vec<T>,
    n: usize,
}

impl<T: Scalar<Real = f64>> Form<T> {
    fn at(&self, i: usize, j: usize) -> T {
        self.t[j * self.n + i]
    }

    /// The size of the block that begins at a row.
    fn block(&self, k: usize) -> usize {
        match k + 1 < self.n && self.at(k + 1, k) != T::default() {
            true => 2,
            false => 1,
        }
    }

    /// Brings the selected eigenvalues to the top. None where two are too close to each other.
    fn select(&mut self, which: &[bool]) -> Option<()> {
        let (mut k, mut top) = (0, 0);
        while k < self.n {
            let size = self.block(k);
            if which[k..k + size].contains(&true) {
                self.raise(k, top)?;
                top += size;
            }
            k += size;
        }
        Some(())
    }

    /// Moves the block at a row up.
    fn raise(&mut self, mut at: usize, to: usize) -> Option<()> {
        let size = self.block(at);
        while at > to {
            let above = match at >= 2 && self.at(at - 1, at - 2) != T::default() {
                true => 2,
                false => 1,
            };
            at -= above;
            match (above, size) {
                (1, 1) => self.exchange_values(at),
                _ => self.exchange_blocks(at, above, size)?,
            }
            if size == 2 && self.block(at) == 1 {
                // the pair has become real
                self.raise(at, to)?;
                return self.raise(at + 1, to + 1);
            }
        }
        Some(())
    }

    /// Exchanges eigenvalues `k` and `k + 1`.
    fn exchange_values(&mut self, k: usize) {
        let n = self.n;
        let (a, b) = (self.at(k, k), self.at(k + 1, k + 1));
        let (turn, _) = Givens::to_first(self.at(k, k + 1), b - a);
        turn.rows(&mut self.t, n, [k, k + 1], k + 2);
        let back = turn.conjugate();
        back.columns(&mut self.t, n, [k, k + 1], k);
        self.t[k * n + k] = b;
        self.t[(k + 1) * n + k + 1] = a;
        back.columns(&mut self.z, n, [k, k + 1], n);
    }

    /// Exchanges neighbouring blocks of `p` and `q` rows, of which one has two.
    fn exchange_blocks(&mut self, k: usize, p: usize, q: usize) -> Option<()> {
        let (n, size) = (self.n, p + q);
        let mut d = [[0.0; 4]; 4];
        for (i, row) in d[..size].iter_mut().enumerate() {
            for (j, x) in row[..size].iter_mut().enumerate() {
                *x = self.at(k + i, k + j).re();
            }
        }
        let largest = d.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
        // nearer to 1, so that no product leaves the range
        d.iter_mut().flatten().for_each(|x| *x /= largest);
        let turn = exchange(&d, p, q);
        let moved = product(&transposed(&turn), &product(&d, &turn));
        let mut kept = (q..size).flat_map(|i| (0..q).map(move |j| (i, j)));
        let is_small = |(i, j): (usize, usize)| moved[i][j].abs() <= 10.0 * f64::EPSILON;
        if !kept.all(is_small) {
            return None;
        }
        self.apply(&turn, k, size);
        for i in q..size {
            for j in 0..q {
                self.t[(k + j) * n + k + i] = T::default();
            }
        }
        for (at, size) in [(k, q), (k + q, p)] {
            if size == 2 {
                self.standardize(at);
            }
        }
        Some(())
    }

    /// `T = Qᵀ T Q` and `Z = Z Q` for an orthogonal matrix at a row and column.
    fn apply(&mut self, turn: &[[f64; 4]; 4], k: usize, size: usize) {
        let n = self.n;
        let combine = |old: &[T; 4], j: usize| {
            let mut sum = T::default();
            for (x, row) in old[..size].iter().zip(turn) {
                sum += x.scaled(row[j]);
            }
            sum
        };
        for column in self.t.chunks_exact_mut(n).skip(k) {
            let mut old = [T::default(); 4];
            old[..size].copy_from_slice(&column[k..k + size]);
            for (j, x) in column[k..k + size].iter_mut().enumerate() {
                *x = combine(&old, j);
            }
        }
        for (m, rows) in [(&mut self.t, k + size), (&mut self.z, n)] {
            for i in 0..rows {
                let mut old = [T::default(); 4];
                for (j, old) in old[..size].iter_mut().enumerate() {
                    *old = m[(k + j) * n + i];
                }
                for j in 0..size {
                    m[(k + j) * n + i] = combine(&old, j);
                }
            }
        }
    }

    /// Splits a block of two real eigenvalues; gives one of two complex ones equal elements on the diagonal.
    fn standardize(&mut self, k: usize) {
        let n = self.n;
        let [a, b, c, d] =
            [(k, k), (k, k + 1), (k + 1, k), (k + 1, k + 1)].map(|(i, j)| self.at(i, j).re());
        let Some(found) = block_rotation([a, b, c, d]) else {
            return;
        };
        let turn = Givens {
            c: found.cs,
            s: T::of(found.sn, 0.0),
        };
        turn.rows(&mut self.t, n, [k, k + 1], k);
        turn.columns(&mut self.t, n, [k, k + 1], k + 2);
        turn.columns(&mut self.z, n, [k, k + 1], n);
        if found.is_real {
            self.t[k * n + k + 1] = T::default();
        } else {
            let middle = (self.at(k, k) + self.at(k + 1, k + 1)).scaled(0.5);
            self.t[k * n + k] = middle;
            self.t[(k + 1) * n + k + 1] = middle;
        }
    }
}

fn transposed(a: &[[f64; 4]; 4]) -> [[f64; 4]; 4] {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
}

fn product(a: &[[f64; 4]; 4], b: &[[f64; 4]; 4]) -> [[f64; 4]; 4] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..4).map(|k| a[i][k] * b[k][j]).sum()))
}

/// The orthogonal matrix that exchanges the blocks of `p` and `q` rows of a matrix near 1.
fn exchange(d: &[[f64; 4]; 4], p: usize, q: usize) -> [[f64; 4]; 4] {
    let x = sylvester(d, p, q);
    let size = p + q;
    // the columns of (-X, 1)
    let mut basis = [[0.0; 4]; 2];
    for (j, column) in basis[..q].iter_mut().enumerate() {
        for (i, y) in column[..p].iter_mut().enumerate() {
            *y = -x[i][j];
        }
        column[p + j] = 1.0;
    }
    let mut turn: [[f64; 4]; 4] =
        std::array::from_fn(|i| std::array::from_fn(|j| f64::from(i == j)));
    for j in 0..q {
        let mut v = [0.0; 4];
        v[j..size].copy_from_slice(&basis[j][j..size]);
        let largest = v.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if largest == 0.0 {
            continue;
        }
        v.iter_mut().for_each(|x| *x /= largest);
        let dot = |a: &[f64; 4], b: &[f64; 4]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        v[j] += dot(&v, &v).sqrt().copysign(v[j]);
        let half = dot(&v, &v) / 2.0;
        for row in basis.iter_mut().chain(&mut turn) {
            let along = dot(row, &v) / half;
            row.iter_mut().zip(&v).for_each(|(x, v)| *x -= along * v);
        }
    }
    turn
}

/// `X` with `T₁ X - X T₂ = T₁₂`, by elimination with complete pivoting; pivots that are but rounding count as rounding.
fn sylvester(d: &[[f64; 4]; 4], p: usize, q: usize) -> [[f64; 2]; 2] {
    let unknowns = p * q;
    let mut m = [[0.0; 5]; 4];
    for i in 0..p {
        for j in 0..q {
            let row = &mut m[i * q + j];
            for k in 0..p {
                row[k * q + j] += d[i][k];
            }
            for k in 0..q {
                row[i * q + k] -= d[p + k][p + j];
            }
            row[4] = d[i][p + j];
        }
    }
    let mut order = [0, 1, 2, 3];
    for k in 0..unknowns {
        let places = (k..unknowns).flat_map(|i| (k..unknowns).map(move |j| (i, j)));
        let (i, j) = places.fold((k, k), |best, at| {
            match m[at.0][at.1].abs() > m[best.0][best.1].abs() {
                true => at,
                false => best,
            }
        });
        m.swap(k, i);
        order.swap(k, j);
        m.iter_mut().for_each(|row| row.swap(k, j));
        if m[k][k].abs() < f64::EPSILON {
            m[k][k] = f64::EPSILON;
        }
        let pivot = m[k];
        for row in &mut m[k + 1..unknowns] {
            let factor = row[k] / pivot[k];
            for (x, y) in row[k..].iter_mut().zip(&pivot[k..]) {
                *x -= factor * y;
            }
        }
    }
    let mut x = [[0.0; 2]; 2];
    for k in (0..unknowns).rev() {
        let known: f64 = (k + 1..unknowns)
            .map(|j| m[k][j] * x[order[j] / q][order[j] % q])
            .sum();
        x[order[k] / q][order[k] % q] = (m[k][4] - known) / m[k][k];
    }
    x
}

impl Primitive for Reorder {
    fn name(&self) -> &'static str {
        "schur"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::Several(vec![x[0].clone(), x[1].clone()]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let dtype = x[0].dtype();
        external_in(self, backend, &[dtype, dtype, DType::Bool], x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient("schur", "the Schur form has no derivative"))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
