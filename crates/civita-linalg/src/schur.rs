//! The Schur and Hessenberg decompositions.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    bind,
};
use civita_core::raw::Raw;
use faer::linalg::evd::hessenberg::{self, HessenbergParams};
use faer::linalg::householder;
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::prelude::default;
use faer::traits::math_utils as math;
use faer::{Conj, Par, Spec as Tuned};

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares};
use crate::dense::{columns, columns_mut, transpose};
use crate::reflections;
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::scratch::Scratch;
use crate::workers::aside;

/// How far a matrix is reduced by unitary similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// To upper Hessenberg form: one diagonal below the main one.
    Hessenberg,
    /// To Schur form: upper triangular, with blocks of two for pairs of complex eigenvalues of real matrices.
    Schur,
}

/// `A = Z T Zᴴ`: `t` and `z`.
#[derive(Clone, Debug)]
pub struct Reduce {
    /// To which form.
    pub to: Reduction,
}

impl Reduce {
    fn op(&self) -> &'static str {
        match self.to {
            Reduction::Hessenberg => "hessenberg",
            Reduction::Schur => "schur",
        }
    }
}

impl HostKernel for Reduce {
    fn name(&self) -> &'static str {
        self.op()
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.to, x, out))
    }
}

fn run<T: Scalar>(to: Reduction, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let op = Reduce { to }.op();
    let (batch, n) = squares(op, x[0].shape())?;
    let batch = count(batch);
    let [t, z] = out else {
        return Ok(());
    };
    let t = parts(t.elements::<T>()?, batch, n * n);
    let z = parts(z.elements::<T>()?, batch, n * n);
    each(
        batch,
        25 * n * n * n + 1000,
        t.zip(z),
        Vec::new,
        |rows, i, (t, z)| {
            rows.resize(n * n, T::default());
            x[0].read(i * n * n, rows)?;
            if !rows.iter().all(|x| x.finite()) {
                return Err(Error::linalg(op, "array must not contain infs or NaNs"));
            }
            let mut h = vec![T::default(); n * n];
            transpose(rows, n, n, &mut h);
            let q = vec![T::default(); n * n];
            let run = move |(h, q): &mut (Vec<T>, Vec<T>)| reduce(h, q, n, to);
            let ((h, q), found) = aside(n, (h, q), run)?;
            if !found || !h.iter().all(|x| x.finite()) {
                return Err(Error::linalg(op, "Schur form not found"));
            }
            transpose(&h, n, n, t);
            transpose(&q, n, n, z);
            Ok(())
        },
    )
}

/// Reduces a column-major matrix in place; `q`, zero before, becomes the unitary factor. False where it does not converge.
pub fn reduce<T: Scalar>(h: &mut [T], q: &mut [T], n: usize, to: Reduction) -> bool {
    for i in 0..n {
        q[i * n + i] = math::one::<T>();
    }
    if n < 2 {
        return true;
    }
    let scale = Scale::to_one(h);
    if T::COMPLEX && to == Reduction::Hessenberg {
        reflections::hessenberg(h, q, n);
        scale.back(h);
        return true;
    }
    let block = recommended_block_size::<T>(n - 1, n - 1).max(1);
    let kept = h.to_vec();
    to_hessenberg(h, q, n, block, default());
    if ![&*h, q].iter().all(|x| x.iter().all(|x| x.finite())) {
        // the blocked form divides by the factor of each reflection, which is infinite for a zero vector; one by one they do not
        h.copy_from_slice(&kept);
        q.fill(T::default());
        for i in 0..n {
            q[i * n + i] = math::one::<T>();
        }
        let mut one_by_one: Tuned<HessenbergParams, T> = default();
        one_by_one.blocking_threshold = usize::MAX;
        to_hessenberg(h, q, n, 1, one_by_one);
    }
    drop(kept);
    for j in 0..n {
        for i in j + 2..n {
            h[j * n + i] = T::default();
        }
    }
    let fine = to == Reduction::Hessenberg || T::schur(h, q, n);
    scale.back(h);
    fine
}

/// Reduces a column-major matrix to Hessenberg form, with reflections below it, and turns `q`, a unit matrix before.
fn to_hessenberg<T: Scalar>(
    h: &mut [T],
    q: &mut [T],
    n: usize,
    block: usize,
    params: Tuned<HessenbergParams, T>,
) {
    let par = Par::Seq;
    let factor = hessenberg::hessenberg_in_place_scratch::<T>(n, block, par, params);
    let apply = householder::apply_block_householder_sequence_on_the_right_in_place_scratch::<T>(
        n - 1,
        block,
        n - 1,
    );
    let mut scratch = Scratch::new(factor.or(apply));
    let mut factors = vec![T::default(); block * (n - 1)];
    hessenberg::hessenberg_in_place(
        columns_mut(h, n, n),
        columns_mut(&mut factors, block, n - 1),
        par,
        scratch.stack(),
        params,
    );
    householder::apply_block_householder_sequence_on_the_right_in_place_with_conj(
        columns(h, n, n).submatrix(1, 0, n - 1, n - 1),
        columns(&factors, block, n - 1),
        Conj::No,
        columns_mut(q, n, n).submatrix_mut(1, 1, n - 1, n - 1),
        par,
        scratch.stack(),
    );
}

/// Brings a complex column-major Hessenberg matrix to triangular form by the QR iteration with Wilkinson's shifts, and turns `q`
/// with it. False where it does not converge.
pub fn triangularize<C: Scalar>(h: &mut [C], q: &mut [C], n: usize) -> bool {
    let eps = C::Real::EPSILON;
    let size = |x: C| x.size().wide();
    let (mut last, mut steps) = (n - 1, 0usize);
    while last > 0 {
        let mut first = last;
        while first > 0 {
            let below = size(h[(first - 1) * n + first]);
            let beside = size(h[(first - 1) * n + first - 1]) + size(h[first * n + first]);
            if below <= eps * beside || below <= C::Real::TINY {
                h[(first - 1) * n + first] = C::default();
                break;
            }
            first -= 1;
        }
        if first == last {
            (last, steps) = (last - 1, 0);
            continue;
        }
        steps += 1;
        if steps > 300 {
            return false;
        }
        let shift = match steps % 10 {
            // a shift of its own where the usual ones go in circles
            0 => h[last * n + last] + h[(last - 1) * n + last],
            _ => wilkinson(
                h[(last - 1) * n + last - 1],
                h[last * n + last - 1],
                h[(last - 1) * n + last],
                h[last * n + last],
            ),
        };
        let (mut x, mut y) = (h[first * n + first] - shift, h[first * n + first + 1]);
        for k in first..last {
            let from = k.saturating_sub(1).max(first);
            rotate(h, q, n, k, (x, y), from, (k + 3).min(last + 1));
            if k + 1 < last {
                (x, y) = (h[k * n + k + 1], h[k * n + k + 2]);
            }
        }
    }
    for j in 0..n {
        h[j * n + j + 1..(j + 1) * n].fill(C::default());
    }
    true
}

/// Turns rows `k` and `k + 1` from a column on so that `(x, y)` becomes `(·, 0)`, and columns `k` and `k + 1` down to a row with them.
fn rotate<C: Scalar>(
    h: &mut [C],
    q: &mut [C],
    n: usize,
    k: usize,
    (x, y): (C, C),
    from: usize,
    rows: usize,
) {
    let norm = x.modulus().wide().hypot(y.modulus().wide());
    if norm > 0.0 {
        let scale = C::of(C::Real::of(1.0 / norm), C::Real::default());
        let (c, s) = (x * scale, y * scale);
        for j in from..n {
            let (a, b) = (h[j * n + k], h[j * n + k + 1]);
            h[j * n + k] = c.conjugate() * a + s.conjugate() * b;
            h[j * n + k + 1] = c * b - s * a;
        }
        turn(h, n, k, rows, c, s);
        turn(q, n, k, n, c, s);
    }
}

/// Turns columns `k` and `k + 1`, down to a row.
fn turn<C: Scalar>(a: &mut [C], n: usize, k: usize, rows: usize, c: C, s: C) {
    let (left, right) = a[k * n..].split_at_mut(n);
    for (x, y) in left[..rows].iter_mut().zip(&mut right[..rows]) {
        let (u, v) = (*x, *y);
        *x = c * u + s * v;
        *y = c.conjugate() * v - s.conjugate() * u;
    }
}

/// The eigenvalue of `[[a, b], [c, d]]` that is nearer to `d`.
fn wilkinson<C: Scalar>(a: C, b: C, c: C, d: C) -> C {
    let half = C::of(C::Real::of(0.5), C::Real::default());
    let gap = (a - d) * half;
    let root = math::sqrt(&(gap * gap + b * c));
    let (plus, minus) = (gap + root, gap - root);
    let far = match plus.modulus() >= minus.modulus() {
        true => plus,
        false => minus,
    };
    if far == C::default() {
        return d;
    }
    d - b * c * far.inverse()
}

impl Primitive for Reduce {
    fn name(&self) -> &'static str {
        self.op()
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype(self.op(), [x[0].dtype])?;
        squares(self.op(), &x[0].shape)?;
        let spec = Spec::new(&x[0].shape, dtype);
        Ok(Outputs::Several(vec![spec.clone(), spec]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient(
            self.op(),
            "the decomposition has no derivative: its unitary factor is not determined by the matrix",
        )
        .hint("differentiate a function of the eigenvalues, `eigvals`, or a matrix function"))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The Schur decomposition `a = z t zᴴ`: `(t, z)`, with a triangular `t`; that of real matrices has blocks of two for pairs of complex
/// eigenvalues. Convert to complex first for a triangle. SciPy's `linalg.schur`.
///
/// # Errors
/// When a matrix is not square, an element is not finite, or there is no linear algebra of the dtype.
pub fn schur(a: &Raw) -> Result<(Raw, Raw)> {
    let reduce = Reduce {
        to: Reduction::Schur,
    };
    crate::systems::two("schur", bind(&reduce, &[a])?.into_vec())
}

/// The Hessenberg decomposition `a = q h qᴴ`: `(h, q)`. SciPy's `linalg.hessenberg`.
///
/// # Errors
/// As [`schur`].
pub fn hessenberg(a: &Raw) -> Result<(Raw, Raw)> {
    let reduce = Reduce {
        to: Reduction::Hessenberg,
    };
    crate::systems::two("hessenberg", bind(&reduce, &[a])?.into_vec())
}

/// The complex Schur form `(t, z)` of the real one: blocks of two become triangles, by one rotation each. SciPy's `linalg.rsf2csf`.
///
/// # Errors
/// When a matrix is not square, the shapes differ, or there is no linear algebra of the dtype.
pub fn rsf2csf(t: &Raw, z: &Raw) -> Result<(Raw, Raw)> {
    const OP: &str = "rsf2csf";
    squares(OP, t.shape())?;
    if t.shape() != z.shape() {
        return Err(Error::shape(OP, "t and z have one shape").shapes(&[t.shape(), z.shape()]));
    }
    let dtype = compute_dtype(OP, [t.dtype(), z.dtype()])?.to_complex();
    let pair = [t, z].map(|x| x.cast(dtype));
    let [t, z] = pair;
    crate::systems::two(OP, bind(&Triangles, &[&t?, &z?])?.into_vec())
}

/// What [`rsf2csf`] runs.
#[derive(Clone, Debug)]
struct Triangles;

impl HostKernel for Triangles {
    fn name(&self) -> &'static str {
        "rsf2csf"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        match x[0].dtype() {
            civita_core::dtype::DType::C64 => triangles::<num_complex::Complex<f32>>(x, out),
            _ => triangles::<num_complex::Complex<f64>>(x, out),
        }
    }
}

fn triangles<C: Scalar<Complex = C>>(
    x: &[HostInput<'_>],
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    let (batch, n) = squares("rsf2csf", x[0].shape())?;
    let batch = count(batch);
    let [t, z] = out else {
        return Ok(());
    };
    let t = parts(t.elements::<C>()?, batch, n * n);
    let z = parts(z.elements::<C>()?, batch, n * n);
    let work = n * n * n + 100;
    each(batch, work, t.zip(z), Vec::new, |rows, i, (t, z)| {
        rows.resize(n * n, C::default());
        let mut h = vec![C::default(); n * n];
        x[0].read(i * n * n, rows)?;
        transpose(rows, n, n, &mut h);
        let mut q = vec![C::default(); n * n];
        x[1].read(i * n * n, rows)?;
        transpose(rows, n, n, &mut q);
        split_blocks(&mut h, &mut q, n);
        transpose(&h, n, n, t);
        transpose(&q, n, n, z);
        Ok(())
    })
}

/// Makes triangles of the blocks of two on the diagonal of a column-major matrix, and turns `q` with them.
pub fn split_blocks<C: Scalar>(h: &mut [C], q: &mut [C], n: usize) {
    for k in (0..n.saturating_sub(1)).rev() {
        let below = h[k * n + k + 1];
        let beside = h[k * n + k].size().wide() + h[(k + 1) * n + k + 1].size().wide();
        if below.size().wide() > C::Real::EPSILON * beside {
            let corner = h[(k + 1) * n + k + 1];
            let value = wilkinson(h[k * n + k], h[(k + 1) * n + k], below, corner);
            rotate(h, q, n, k, (value - corner, below), k, k + 2);
        }
        h[k * n + k + 1] = C::default();
    }
}

impl Primitive for Triangles {
    fn name(&self) -> &'static str {
        "rsf2csf"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::Several(vec![x[0].clone(), x[1].clone()]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient(
            "rsf2csf",
            "the Schur form has no derivative",
        ))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
