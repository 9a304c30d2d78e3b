//! Eigenvalues and eigenvectors of two square matrices.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::Reduction;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind,
};
use civita_core::raw::Raw;
use num_complex::Complex;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares, with_axes};
use crate::dense::wide_columns;
use crate::eig::unit;
use crate::lu::bind_solve;
use crate::norms::{Order, matrix_norm};
use crate::ops::{
    adjoint, as_diagonal, conjugate, diagonal, reduce, sum, times_columns, total, unit as identity,
};
use crate::qz::{Pencil, Triangular};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::{Scale, multiply};
use crate::workers::aside;

/// `A V diag(beta) = B V diag(alpha)`: `alpha`, `beta` and `V`, whose columns have the norm 1 and a real largest element. All are complex.
#[derive(Clone, Debug)]
struct GeneralizedEig;

impl HostKernel for GeneralizedEig {
    fn name(&self) -> &'static str {
        "eig_generalized"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

/// A matrix near 1 in column-major order and double precision, and what it was divided by.
fn near_one<T: Scalar, W: Scalar<Real = f64>>(rows: &[T], n: usize) -> (Vec<W>, i32) {
    let mut a = wide_columns::<T, W>(rows, n);
    let scale = Scale::to_one(&mut a);
    (a, scale.exponent())
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    match T::COMPLEX {
        true => solve::<T, Complex<f64>>(x, out),
        false => solve::<T, f64>(x, out),
    }
}

fn solve<T: Scalar, W: Scalar<Real = f64>>(
    x: &[HostInput<'_>],
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    let (batch, n) = squares("eig", x[0].shape())?;
    let batch = count(batch);
    let [alpha, beta, v] = out else {
        return Ok(());
    };
    let alpha = parts(alpha.elements::<T::Complex>()?, batch, n);
    let beta = parts(beta.elements::<T::Complex>()?, batch, n);
    let v = parts(v.elements::<T::Complex>()?, batch, n * n);
    let work = 70 * n * n * n + 1000;
    let all = alpha.zip(beta).zip(v);
    each(batch, work, all, Vec::new, |rows, i, ((alpha, beta), v)| {
        rows.resize(n * n, T::default());
        let mut read = |x: &HostInput<'_>| {
            x.read(i * n * n, rows)?;
            match rows.iter().all(|x| x.finite()) {
                true => Ok(near_one::<T, W>(rows, n)),
                false => Err(Error::linalg("eig", "Array must not contain infs or NaNs")),
            }
        };
        let ((a, of_a), (b, of_b)) = (read(&x[0])?, read(&x[1])?);
        let memory = Some((a, b));
        let (_, found) = aside(n, memory, move |memory: &mut Option<(Vec<W>, Vec<W>)>| {
            let (a, b) = memory.take()?;
            let mut pencil = Pencil::new(a, b, n);
            let found = pencil.schur();
            found.then(|| pencil.triangular()).flatten()
        })?;
        let Some(found) = found else {
            return Err(Error::linalg("eig", "Eigenvalues did not converge"));
        };
        // a common factor keeps both in the range of f32
        let largest = of_a.max(of_b);
        let common = largest - largest.clamp(-120, 120);
        for (j, value) in found.values.iter().enumerate() {
            let (mut p, mut q) = ([value.alpha], [value.beta]);
            multiply(&mut p, of_a - common);
            multiply(&mut q, of_b - common);
            alpha[j] = narrow(p[0]);
            beta[j] = narrow(q[0].into());
        }
        write_vectors(&found, n, v, T::COMPLEX);
        Ok(())
    })
}

fn narrow<C: Scalar>(x: Complex<f64>) -> C {
    C::of(C::Real::of(x.re), C::Real::of(x.im))
}

fn write_vectors<C: Scalar>(found: &Triangular, n: usize, to: &mut [C], is_complex: bool) {
    found.vectors(|j, v| {
        let real = !is_complex && found.values[j].alpha.im == 0.0;
        let scale = unit::<Complex<f64>>(v.iter().copied(), real);
        for (i, x) in v.iter().enumerate() {
            to[i * n + j] = narrow(*x * scale);
        }
    });
}

/// What derivatives are made of. With `A v = alpha p` and `B v = beta p` the vectors `p` are the columns of `P`, and
/// `E = P⁻¹ dA V`, `F = P⁻¹ dB V` are the changes in the bases of `P` and `V`: `dalpha = diag(E)`, `dbeta = diag(F)`, up to a common factor
/// of both, and `dV = V X` with `xⱼᵢ = (αᵢ fⱼᵢ - βᵢ eⱼᵢ) / (αⱼ βᵢ - αᵢ βⱼ)`.
struct Bases {
    alpha: Raw,
    beta: Raw,
    v: Raw,
    p: Raw,
}

impl Bases {
    fn new(x: &[Raw], y: &[Raw]) -> Result<Bases> {
        let (alpha, beta, v) = (&y[0], &y[1], &y[2]);
        let size = |x: &Raw| matrix_norm(&x.detach(), Order::Frobenius, [-2, -1], KeepDims::No);
        let share = |value: &Raw, x: &Raw| -> Result<Raw> {
            value.detach().abs()?.div(&size(x)?.expand_dims(&[-1])?)
        };
        let by_a = share(alpha, &x[0])?.ge(&share(beta, &x[1])?)?;
        let columns = by_a.expand_dims(&[-2])?;
        let image = |x: &Raw| -> Result<Raw> { x.cast(v.dtype())?.matmul(v) };
        let image = columns.choose(&image(&x[0])?, &image(&x[1])?)?;
        let p = image.div(&by_a.choose(alpha, beta)?.expand_dims(&[-2])?)?;
        Ok(Bases {
            alpha: alpha.clone(),
            beta: beta.clone(),
            v: v.clone(),
            p,
        })
    }

    /// `1 / (αⱼ βᵢ - αᵢ βⱼ)` at row `j` and column `i`, zero on the diagonal.
    fn inverse_gaps(&self) -> Result<Raw> {
        let products = self
            .alpha
            .expand_dims(&[-1])?
            .mul(&self.beta.expand_dims(&[-2])?)?;
        let gaps = products.sub(&products.swap_axes(-2, -1)?)?;
        let n = self.v.shape().last().copied().unwrap_or(0);
        let one = identity(n, gaps.dtype())?;
        let gaps = gaps.add(&one)?;
        if gaps.opaque().is_none() && !gaps.is_empty() && least(&gaps)? == 0.0 {
            return Err(Error::gradient(
                "eig",
                "the derivatives of eigenvectors do not exist where two eigenvalues are equal",
            )
            .hint("differentiate a function of the values alone, or separate the values by a perturbation"));
        }
        gaps.reciprocal()?.sub(&one)
    }

    fn changes(&self, t: &Option<Raw>) -> Result<Option<Raw>> {
        let Some(t) = t else { return Ok(None) };
        let moved = t.cast(self.v.dtype())?.matmul(&self.v)?;
        Ok(Some(bind_solve(&self.p, &moved)?))
    }
}

impl Primitive for GeneralizedEig {
    fn name(&self) -> &'static str {
        "eig_generalized"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("eig", x.iter().map(|x| x.dtype))?.to_complex();
        let (batch, n) = squares("eig", &x[0].shape)?;
        let values = Spec::new(&with_axes(batch, &[n]), dtype);
        let vectors = Spec::new(&x[0].shape, dtype);
        Ok(Outputs::Several(vec![values.clone(), values, vectors]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::ALL
    }
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let bases = Bases::new(x, y)?;
        let (e, f) = (bases.changes(&t[0])?, bases.changes(&t[1])?);
        let of_e = e.as_ref().map(|e| times_columns(e, &bases.beta.neg()?));
        let of_f = f.as_ref().map(|f| times_columns(f, &bases.alpha));
        let dv = match total([of_e.transpose()?, of_f.transpose()?])? {
            Some(inside) => {
                let free = bases.v.matmul(&bases.inverse_gaps()?.mul(&inside)?)?;
                let growth = sum(&conjugate(&bases.v)?.mul(&free)?, &[-2], KeepDims::No)?.real()?;
                Some(free.sub(&times_columns(&bases.v, &growth)?)?)
            }
            None => None,
        };
        let values = |x: Option<Raw>| x.as_ref().map(diagonal).transpose();
        Ok(Tangents::from_iter([values(e)?, values(f)?, dv]))
    }
    /// `P⁻ᴴ (diag(galpha) - K diag(conj(beta))) Vᴴ` and `P⁻ᴴ (diag(gbeta) + K diag(conj(alpha))) Vᴴ`, where `K = conj(G) ∘ (Vᴴ g)` with the
    /// inverse gaps `G` and the gradient `g` of `V` less its share along each column.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let bases = Bases::new(x, y)?;
        let (v, vh) = (&bases.v, adjoint(&bases.v)?);
        let k = match &g[2] {
            Some(gv) => {
                let share = sum(&conjugate(v)?.mul(gv)?, &[-2], KeepDims::No)?.real()?;
                let gv = gv.sub(&times_columns(v, &share)?)?;
                Some(conjugate(&bases.inverse_gaps()?)?.mul(&vh.matmul(&gv)?)?)
            }
            None => None,
        };
        let ph = adjoint(&bases.p)?;
        let back = |i: usize, values: &Raw| -> Result<Option<Raw>> {
            if !wanted[i] {
                return Ok(None);
            }
            let of_v = match &k {
                Some(k) => Some(times_columns(k, &conjugate(values)?)?),
                None => None,
            };
            let of_values = g[i].as_ref().map(as_diagonal).transpose()?;
            let Some(inside) = total([of_values, of_v])? else {
                return Ok(None);
            };
            let back = bind_solve(&ph, &inside.matmul(&vh)?)?;
            Ok(Some(match x[i].dtype().is_complex() {
                true => back,
                false => back.real()?,
            }))
        };
        let of_a = back(0, &bases.beta.neg()?)?;
        Ok(Gradients::from_iter([of_a, back(1, &bases.alpha)?]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

fn least(x: &Raw) -> Result<f64> {
    let sizes = x.detach().abs()?;
    let least = reduce(&sizes, Reduction::Min, Axes::All, KeepDims::No)?;
    Ok(least.item()?.as_f64())
}

/// `alpha`, `beta` and the vectors of two matrices of one shape and dtype.
pub fn three(a: &Raw, b: &Raw) -> Result<(Raw, Raw, Raw)> {
    let outputs = bind(&GeneralizedEig, &[a, b])?.into_vec();
    match <[Raw; 3]>::try_from(outputs) {
        Ok([alpha, beta, v]) => Ok((alpha, beta, v)),
        Err(_) => Err(Error::value("eig", "there are three outputs")),
    }
}
