//! Eigenvalues and eigenvectors of any square matrices.

use std::mem::{replace, take};

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::layout::KeepDims;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;
use faer::{Mat, Par};
use num_complex::Complex;

use crate::balance::balance;
use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares, with_axes};
use crate::dense::{columns, transpose};
use crate::gaps::bind_inverse_gaps;
use crate::lu::bind_solve;
use crate::ops::{adjoint, as_diagonal, conjugate, diagonal, sum, times_columns, total};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::schur::{Reduction, reduce, split_blocks};
use crate::workers::aside;

/// `A V = V diag(w)`: `w` and `V`, whose columns have the norm 1 and a real largest element; or `w` alone. Both are complex.
#[derive(Clone, Debug)]
pub struct Eig {
    /// Whether eigenvectors are computed.
    pub vectors: bool,
}

impl HostKernel for Eig {
    fn name(&self) -> &'static str {
        "eig"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("eig", x[0].shape())?;
    let batch = count(batch);
    let work = 25 * n * n * n + 1000;
    let state = || (vec![T::default(); n * n], vec![T::default(); n * n]);
    let solve = |(rows, a): &mut (Vec<T>, Vec<T>),
                 i: usize,
                 w: &mut [T::Complex],
                 mut v: Option<&mut Mat<T::Complex>>|
     -> Result<()> {
        x[0].read(i * n * n, rows)?;
        if !rows.iter().all(|x| x.finite()) {
            return Err(Error::linalg("eig", "Array must not contain infs or NaNs"));
        }
        if n == 0 {
            return Ok(());
        }
        let scale = Scale::to_one(rows);
        transpose(rows, n, n, a);
        let balanced = balance(a, n);
        // on two threads it takes as long
        let memory = (take(a), v.as_mut().map(|v| replace(*v, Mat::new())));
        let run = move |(a, v): &mut (Vec<T>, Option<Mat<T::Complex>>)| {
            let found = T::eigen(columns(a, n, n), v.as_mut(), Par::Seq).ok();
            let whole = |j: usize, v: &Mat<T::Complex>| {
                let mut largest = 0.0f64;
                (0..n).all(|i| {
                    largest = largest.max(v[(i, j)].size().wide());
                    v[(i, j)].finite()
                }) && largest > 0.0
            };
            match found {
                Some(w)
                    if w.iter().all(|w| w.finite())
                        && v.iter()
                            .all(|v| (0..n).all(|j| whole(j, v)) && !is_graded(&w)) =>
                {
                    Some(w)
                }
                _ => from_schur(a, n, v.as_mut()),
            }
        };
        let (found, values) = aside(n, memory, run)?;
        *a = found.0;
        if let (Some(v), Some(mut found)) = (v, found.1) {
            for j in 0..n {
                balanced.back(found.col_as_slice_mut(j));
            }
            *v = found;
        }
        let values = values
            .filter(|w| w.iter().all(|w| w.finite()))
            .ok_or_else(|| Error::linalg("eig", "Eigenvalues did not converge"))?;
        w.copy_from_slice(&values);
        scale.back(w);
        Ok(())
    };
    match out {
        [w] => {
            let w = parts(w.elements::<T::Complex>()?, batch, n);
            each(batch, work, w, state, |state, i, w| {
                solve(state, i, w, None)
            })
        }
        [w, v] => {
            let w = parts(w.elements::<T::Complex>()?, batch, n);
            let v = parts(v.elements::<T::Complex>()?, batch, n * n);
            each(batch, work, w.zip(v), state, |state, i, (w, to)| {
                let mut v = Mat::<T::Complex>::zeros(n, n);
                solve(state, i, w, Some(&mut v))?;
                for j in 0..n {
                    let scale = unit::<T::Complex>(
                        (0..n).map(|i| v[(i, j)]),
                        w[j].im() == T::Real::default() && !T::COMPLEX,
                    );
                    for i in 0..n {
                        to[i * n + j] = v[(i, j)] * scale;
                    }
                }
                Ok(())
            })
        }
        _ => Ok(()),
    }
}

/// Whether eigenvalues are of so different sizes that a gap between small ones is lost beside the largest, as faer's vectors take it.
fn is_graded<C: Scalar>(w: &[C]) -> bool {
    let sizes = w.iter().map(|w| w.modulus().wide());
    let (least, most) = sizes.fold((f64::INFINITY, 0.0f64), |(least, most), s| {
        (least.min(s), most.max(s))
    });
    least < C::Real::EPSILON.cbrt() * most
}

fn wide<C: Scalar>(x: C) -> Complex<f64> {
    Complex::new(x.re().wide(), x.im().wide())
}

/// Eigenvalues and vectors of a column-major matrix near 1 from its Schur form, as LAPACK's `trevc` has them: a gap between eigenvalues that is
/// nothing but rounding of the eigenvalue counts as rounding, and a vector is made smaller before it leaves the range. So each vector has a small residual
/// where eigenvalues repeat and there are fewer directions. None where there is no Schur form.
fn from_schur<T: Scalar>(
    a: &[T],
    n: usize,
    vectors: Option<&mut Mat<T::Complex>>,
) -> Option<Vec<T::Complex>> {
    const LARGE: f64 = 1e100;
    let (mut t, mut q) = (a.to_vec(), vec![T::default(); n * n]);
    if !reduce(&mut t, &mut q, n, Reduction::Schur) {
        return None;
    }
    let complex = |x: &[T]| Vec::from_iter(x.iter().map(|x| T::Complex::of(x.re(), x.im())));
    let (mut t, mut q) = (complex(&t), complex(&q));
    let mut first_of_pair = vec![false; n];
    if !T::COMPLEX {
        for k in 0..n.saturating_sub(1) {
            first_of_pair[k] = t[k * n + k + 1] != T::Complex::default();
        }
        split_blocks(&mut t, &mut q, n);
    }
    let mut values = Vec::from_iter((0..n).map(|i| t[i * n + i]));
    for k in 0..n {
        first_of_pair[k] &= values[k].im() != T::Real::default();
        if first_of_pair[k] {
            // the one of a positive imaginary part is first, and they are conjugates to the last bit
            if values[k].im() < T::Real::default() {
                values[k] = values[k].conjugate();
            }
            values[k + 1] = values[k].conjugate();
        }
    }
    let Some(v) = vectors else {
        return Some(values);
    };
    let t = Vec::from_iter(t.into_iter().map(wide));
    let q = Vec::from_iter(q.into_iter().map(wide));
    let smallest = f64::MIN_POSITIVE / f64::EPSILON * n as f64;
    let mut x = vec![Complex::new(0.0, 0.0); n];
    let mut sum = x.clone();
    for j in 0..n {
        if j > 0 && first_of_pair[j - 1] {
            for i in 0..n {
                v[(i, j)] = v[(i, j - 1)].conjugate();
            }
            continue;
        }
        let value = t[j * n + j];
        for (x, t) in x[..j].iter_mut().zip(&t[j * n..]) {
            *x = -*t;
        }
        x[j] = Complex::new(1.0, 0.0);
        let least = (T::Real::EPSILON * (value.re.abs() + value.im.abs())).max(smallest);
        for i in (0..j).rev() {
            let gap = t[i * n + i] - value;
            let gap = match gap.norm() < least {
                true => Complex::new(least, 0.0),
                false => gap,
            };
            let distance = gap.norm();
            let (size, room) = (x[i].norm(), LARGE * distance);
            if size > room {
                x[..=j].iter_mut().for_each(|x| *x *= room / size / LARGE);
            }
            // the square of a small gap is 0
            x[i] = x[i].unscale(distance) * gap.unscale(distance).conj();
            let factor = x[i];
            for (x, t) in x[..i].iter_mut().zip(&t[i * n..]) {
                *x -= *t * factor;
            }
        }
        let most = x[..=j].iter().fold(0.0f64, |most, x| most.max(x.norm()));
        sum.fill(Complex::new(0.0, 0.0));
        for (i, x) in x[..=j].iter().enumerate() {
            let factor = *x / most;
            for (sum, q) in sum.iter_mut().zip(&q[i * n..(i + 1) * n]) {
                *sum += *q * factor;
            }
        }
        // a real eigenvalue of a real matrix: the real part is a vector too, once the phase makes it the larger
        if !T::COMPLEX && value.im == 0.0 {
            let top = sum.iter().fold(Complex::new(0.0, 0.0), |top, x| {
                if x.norm() > top.norm() { *x } else { top }
            });
            let phase = top.conj() / top.norm();
            for x in &mut sum {
                *x = Complex::new((*x * phase).re, 0.0);
            }
        }
        let turned = first_of_pair[j] && value.im < 0.0;
        for (i, x) in sum.iter().enumerate() {
            let im = if turned { -x.im } else { x.im };
            v[(i, j)] = T::Complex::of(T::Real::of(x.re), T::Real::of(im));
        }
    }
    Some(values)
}

/// What makes a vector one of norm 1 whose largest element is real, as LAPACK does; a real one keeps its sign.
pub fn unit<C: Scalar>(v: impl Iterator<Item = C> + Clone, real: bool) -> C {
    let largest = v.clone().fold(C::default(), |best, x| {
        if x.modulus() > best.modulus() {
            x
        } else {
            best
        }
    });
    let size = largest.modulus().wide();
    if size == 0.0 {
        return C::of(C::Real::of(1.0), C::Real::default());
    }
    // relative to the largest element, so that no square leaves the range
    let squares = v.map(|x| (x.modulus().wide() / size).powi(2));
    let norm = squares.sum::<f64>().sqrt() * size;
    let scale = C::of(C::Real::of(1.0 / norm), C::Real::default());
    if real {
        return scale;
    }
    let phase = C::of(
        C::Real::of(largest.re().wide() / size),
        C::Real::of(-largest.im().wide() / size),
    );
    scale * phase
}

impl Primitive for Eig {
    fn name(&self) -> &'static str {
        "eig"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("eig", [x[0].dtype])?.to_complex();
        let (batch, n) = squares("eig", &x[0].shape)?;
        let w = Spec::new(&with_axes(batch, &[n]), dtype);
        Ok(match self.vectors {
            false => Outputs::One(w),
            true => Outputs::Several(vec![w, Spec::new(&x[0].shape, dtype)]),
        })
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        match self.vectors {
            true => Reads::OUTPUTS,
            false => Reads::INPUTS,
        }
    }
    /// With `P = V⁻¹ dA V`: `dw = diag(P)`, and `dV = V (G ∘ P)` less what would change the norm of a column.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        if !self.vectors {
            let (_, v) = both(&x[0])?;
            let p = bind_solve(&v, &t.cast(v.dtype())?.matmul(&v)?)?;
            return Ok(one_tangent(Some(diagonal(&p)?)));
        }
        let (w, v) = (&y[0], &y[1]);
        let p = bind_solve(v, &t.cast(v.dtype())?.matmul(v)?)?;
        let free = v.matmul(&bind_inverse_gaps(w, "eig")?.mul(&p)?)?;
        let growth = sum(&conjugate(v)?.mul(&free)?, &[-2], KeepDims::No)?.real()?;
        let dv = free.sub(&times_columns(v, &growth)?)?;
        Ok(Tangents::from_iter([Some(diagonal(&p)?), Some(dv)]))
    }
    /// `V⁻ᴴ (diag(gw) + conj(G) ∘ (Vᴴ g)) Vᴴ`, where `g` is the gradient of `V` less its share along each column.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let real = !x[0].dtype().is_complex();
        let fit = |back: Raw| -> Result<Gradients> {
            Ok(one_gradient(if real { back.real()? } else { back }))
        };
        if !self.vectors {
            let (_, v) = both(&x[0])?;
            let vh = adjoint(&v)?;
            let inside = as_diagonal(some(g, 0)?)?;
            return fit(bind_solve(&vh, &inside.matmul(&vh)?)?);
        }
        let (w, v) = (&y[0], &y[1]);
        let vh = adjoint(v)?;
        let from_v = match &g[1] {
            Some(gv) => {
                let share = sum(&conjugate(v)?.mul(gv)?, &[-2], KeepDims::No)?.real()?;
                let gv = gv.sub(&times_columns(v, &share)?)?;
                let gaps = conjugate(&bind_inverse_gaps(w, "eig")?)?;
                Some(gaps.mul(&vh.matmul(&gv)?)?)
            }
            None => None,
        };
        let from_w = g[0].as_ref().map(as_diagonal).transpose()?;
        match total([from_v, from_w])? {
            Some(inside) => fit(bind_solve(&vh, &inside.matmul(&vh)?)?),
            None => Ok(Gradients::from_iter([None])),
        }
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// Eigenvalues and eigenvectors, complex.
pub fn both(a: &Raw) -> Result<(Raw, Raw)> {
    let outputs = bind(&Eig { vectors: true }, &[a])?.into_vec();
    match <[Raw; 2]>::try_from(outputs) {
        Ok([w, v]) => Ok((w, v)),
        Err(_) => Err(Error::value("eig", "there are two outputs")),
    }
}

/// Eigenvalues, complex.
pub fn values(a: &Raw) -> Result<Raw> {
    bind_one(&Eig { vectors: false }, &[a])
}
