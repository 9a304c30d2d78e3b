//! The QR factorisation with column pivoting.

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::Result;
use civita_core::primitive::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    bind_one, one_tangent,
};
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use faer::traits::math_utils as math;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, matrices, with_axes};
use crate::ops::last_two;
use crate::qr::{Mode, factors};
use crate::scalar::{Real, Scalar, for_dtype};

/// The order of the columns in which each next one has the largest part orthogonal to those before it, as `int64`.
///
/// ```text
/// for each step: exchange the current column with the one of the largest remaining norm; reflect; subtract what the
/// reflection moved into the current row from the squares of the norms, or compute a norm again where too little is left
/// ```
///
/// Source: Businger and Golub (1965), with the norms of LAPACK's `geqp3` (Drmač and Bujanović 2008).
#[derive(Clone, Debug)]
pub struct PivotOrder;

impl HostKernel for PivotOrder {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("qr", x[0].shape())?;
    let batch = count(batch);
    let orders = parts(out[0].elements::<i64>()?, batch, n);
    let work = 4 * m * n * m.min(n) + 100;
    each(batch, work, orders, Vec::<T>::new, |rows, i, order| {
        rows.resize(m * n, T::default());
        x[0].read(i * m * n, rows)?;
        let mut a = vec![T::default(); m * n];
        crate::dense::transpose(rows, m, n, &mut a);
        choose(&mut a, m, n, order);
        Ok(())
    })
}

/// The squares of the norm, scaled by nothing: NaN and infinity stay what they are.
fn norm<T: Scalar>(x: &[T]) -> f64 {
    x.iter()
        .map(|x| x.modulus().wide().powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Chooses the order of the columns of a column-major matrix, which is overwritten.
fn choose<T: Scalar>(a: &mut [T], m: usize, n: usize, order: &mut [i64]) {
    for (j, to) in order.iter_mut().enumerate() {
        *to = j as i64;
    }
    if m == 0 {
        return;
    }
    // squares neither overflow nor vanish
    let largest = a.iter().map(|x| x.size().wide()).fold(0.0, f64::max);
    if largest > 0.0 && largest.is_finite() {
        let scale = T::of(T::Real::of(1.0 / largest), T::Real::default());
        if scale.finite() {
            a.iter_mut().for_each(|x| *x *= scale);
        }
    }
    let mut left: Vec<f64> = a.chunks_exact(m).map(norm).collect();
    let mut whole = left.clone();
    let small = T::Real::EPSILON.sqrt();
    for k in 0..m.min(n) {
        stop_if_told();
        // the first of the largest; NaN is never one
        let mut best = k;
        for j in k + 1..n {
            if left[j] > left[best] {
                best = j;
            }
        }
        if best != k {
            let (head, tail) = a.split_at_mut(best * m);
            head[k * m..(k + 1) * m].swap_with_slice(&mut tail[..m]);
            order.swap(k, best);
            left[best] = left[k];
            whole[best] = whole[k];
        }
        let (head, tail) = a.split_at_mut((k + 1) * m);
        let column = &mut head[k * m + k..];
        let size = norm(column);
        if size == 0.0 || !size.is_finite() {
            continue;
        }
        // v = x + phase ‖x‖ e₁, and H = I - 2 v vᴴ / ‖v‖²
        let first = column[0];
        let phase = match first.modulus().wide() {
            0.0 => math::one::<T>(),
            r => first * T::of(T::Real::of(1.0 / r), T::Real::default()),
        };
        column[0] = first + phase * T::of(T::Real::of(size), T::Real::default());
        let square: f64 = column.iter().map(|x| x.modulus().wide().powi(2)).sum();
        let factor = T::of(T::Real::of(2.0 / square), T::Real::default());
        for (j, other) in (k + 1..n).zip(tail.chunks_exact_mut(m)) {
            let other = &mut other[k..];
            let mut dot = T::default();
            for (x, v) in other.iter().zip(&*column) {
                dot += v.conjugate() * *x;
            }
            let dot = dot * factor;
            for (x, v) in other.iter_mut().zip(&*column) {
                *x += -(*v * dot);
            }
            if left[j] == 0.0 {
                continue;
            }
            let moved = other[0].modulus().wide() / left[j];
            let rest = (1.0 - moved * moved).max(0.0);
            if rest * (left[j] / whole[j]).powi(2) <= small {
                left[j] = norm(&other[1..]);
                whole[j] = left[j];
            } else {
                left[j] *= rest.sqrt();
            }
        }
    }
}

impl Primitive for PivotOrder {
    fn name(&self) -> &'static str {
        "pivot_order"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        compute_dtype("qr", [x[0].dtype])?;
        let (batch, _, n) = matrices("qr", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&with_axes(batch, &[n]), DType::I64)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(None))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The QR factorisation with column pivoting, `a[:, p] = q r` with a diagonal of `r` whose absolute values descend: the factors of
/// [`qr`](crate::qr) of that mode, and `p` as `int64`. SciPy's `linalg.qr(a, pivoting=True)`. Gradients are those for fixed `p`.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{Mode, qr_pivoted};
/// let a = Raw::from_vec(vec![0.0, 3.0, 1.0, 0.0], &[2, 2])?;
/// let (factors, p) = qr_pivoted(&a, Mode::Reduced)?;
/// assert_eq!(p.to_vec::<i64>()?, [1, 0]);
/// assert_eq!(factors[1].abs()?.to_vec::<f64>()?, [3.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes, or there is no linear algebra of the dtype.
pub fn qr_pivoted(a: &Raw, mode: Mode) -> Result<(Vec<Raw>, Raw)> {
    matrices("qr", a.shape())?;
    let order = bind_one(&PivotOrder, &[&a.detach()])?;
    let (_, n) = last_two(a);
    let permuted = match n {
        0 => a.clone(),
        _ => {
            let columns = order.expand_dims(&[-2])?.broadcast_to(a.shape())?;
            a.take_along_axis(&columns, -1)?
        }
    };
    Ok((factors(&permuted, mode)?, order))
}
