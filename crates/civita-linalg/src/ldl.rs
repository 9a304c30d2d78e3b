//! The factorisation of symmetric and Hermitian indefinite matrices.

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    bind, some,
};
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use faer::traits::math_utils as math;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares, with_axes};
use crate::divisor::Divisor;
use crate::lu::bind_solve;
use crate::ops::{adjoint, kept, mask, times, transposed};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::systems::Uplo;
use crate::triangular::{Triangle, bind_triangular};

/// What a matrix equals: its transpose or its conjugate transpose. Of real ones that is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// `a = aᵀ`.
    Symmetric,
    /// `a = aᴴ`; imaginary parts of the diagonal are not read.
    Hermitian,
}

impl Symmetry {
    /// The transpose of that kind.
    fn turned(self, x: &Raw) -> Result<Raw> {
        match self {
            Symmetry::Symmetric => transposed(x),
            Symmetry::Hermitian => adjoint(x),
        }
    }
}

/// `A[p][:, p] = L D Lᴴ` (or `L D Lᵀ`) with a unit triangular `L` and a `D` of blocks of one and two rows: `L`, `D`, and `p` as `int64`.
///
/// ```text
/// for each step: a pivot of one row where it is large enough beside its column (α = (1 + √17) / 8), otherwise the
/// largest of the column's row, otherwise both as a pivot of two rows; exchange; eliminate
/// ```
///
/// Source: Bunch and Kaufman (1977), with the choices of LAPACK's `sytf2` and `hetf2`.
#[derive(Clone, Debug)]
pub struct Ldl {
    /// Which triangle is read, and the kind of `L`.
    pub uplo: Uplo,
    /// What the matrix equals.
    pub symmetry: Symmetry,
}

impl HostKernel for Ldl {
    fn name(&self) -> &'static str {
        "ldl"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self, x, out))
    }
}

fn run<T: Scalar>(this: &Ldl, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("ldl", x[0].shape())?;
    let batch = count(batch);
    let [l, d, order] = out else {
        return Ok(());
    };
    let l = parts(l.elements::<T>()?, batch, n * n);
    let d = parts(d.elements::<T>()?, batch, n * n);
    let order = parts(order.elements::<i64>()?, batch, n);
    let upper = this.uplo == Uplo::Upper;
    let hermitian = T::COMPLEX && this.symmetry == Symmetry::Hermitian;
    each(
        batch,
        n * n * n + 100,
        l.zip(d).zip(order),
        Vec::<T>::new,
        |a, i, ((l, d), order)| {
            a.resize(n * n, T::default());
            x[0].read(i * n * n, a)?;
            if upper {
                // backwards the upper triangle is the lower one
                a.reverse();
            }
            if (0..n).any(|i| !a[i * n..=i * n + i].iter().all(|x| x.finite())) {
                return Err(Error::linalg("ldl", "array must not contain infs or NaNs"));
            }
            for i in 0..n {
                for j in 0..i {
                    let x = a[i * n + j];
                    a[j * n + i] = if hermitian { x.conjugate() } else { x };
                }
                if hermitian {
                    a[i * n + i] = T::of(a[i * n + i].re(), T::Real::default());
                }
            }
            let scale = Scale::from_tiny(a);
            factor(a, n, hermitian, upper, d, order);
            scale.back(d);
            for i in 0..n {
                for j in 0..n {
                    l[i * n + j] = match j.cmp(&i) {
                        std::cmp::Ordering::Less => a[i * n + j],
                        std::cmp::Ordering::Equal => math::one::<T>(),
                        std::cmp::Ordering::Greater => T::default(),
                    };
                }
            }
            if upper {
                l.reverse();
                d.reverse();
                order.reverse();
                order.iter_mut().for_each(|row| *row = n as i64 - 1 - *row);
            }
            Ok(())
        },
    )
}

/// Factors a row-major matrix, both triangles given: `L` below the diagonal of `a`, and `d` and `order`.
fn factor<T: Scalar>(
    a: &mut [T],
    n: usize,
    hermitian: bool,
    ties_last: bool,
    d: &mut [T],
    order: &mut [i64],
) {
    let alpha = (1.0 + 17f64.sqrt()) / 8.0;
    let turned = |x: T| if hermitian { x.conjugate() } else { x };
    let size = |x: T| x.size().wide();
    // the largest of some, and where
    let most = |all: &mut dyn Iterator<Item = (usize, f64)>| {
        all.fold((usize::MAX, -1.0f64), |best, one| {
            let better = one.1 > best.1 || ties_last && one.1 == best.1;
            if better { one } else { best }
        })
    };
    d.fill(T::default());
    for (i, to) in order.iter_mut().enumerate() {
        *to = i as i64;
    }
    let mut k = 0;
    while k < n {
        stop_if_told();
        let diagonal = size(a[k * n + k]);
        let (row, below) = most(&mut (k + 1..n).map(|i| (i, size(a[i * n + k]))));
        let (mut pivot, mut two) = (k, false);
        if diagonal.max(below) > 0.0 && diagonal < alpha * below {
            let beside = (k..n).filter(|&j| j != row);
            let (_, across) = most(&mut beside.map(|j| (j, size(a[row * n + j]))));
            if diagonal < alpha * below * (below / across) {
                pivot = row;
                two = size(a[row * n + row]) < alpha * across;
            }
        }
        let at = if two { k + 1 } else { k };
        if pivot != at {
            // rows with the part of L before them, then columns of what is left
            for j in 0..n {
                a.swap(at * n + j, pivot * n + j);
            }
            for i in k..n {
                a.swap(i * n + at, i * n + pivot);
            }
            order.swap(at, pivot);
        }
        let rest = at + 1;
        if !two {
            let p = a[k * n + k];
            d[k * n + k] = p;
            if p != T::default() {
                let pivot = Divisor::new(p);
                for i in rest..n {
                    let factor = pivot.of(a[i * n + k]);
                    for j in rest..=i {
                        let x = factor * turned(a[j * n + k]);
                        a[i * n + j] -= x;
                    }
                }
                for i in rest..n {
                    a[i * n + k] = pivot.of(a[i * n + k]);
                }
            }
        } else {
            let (p, q, r) = (a[k * n + k], a[at * n + k], a[at * n + at]);
            (d[k * n + k], d[at * n + k], d[k * n + at], d[at * n + at]) = (p, q, turned(q), r);
            // D⁻¹ by its entries over the off-diagonal one, which is the largest
            let (low, high) = (q.inverse(), turned(q).inverse());
            let scale = ((p * high) * (r * low) - math::one::<T>()).inverse();
            // columns of L first, the old ones are still needed
            let pairs: Vec<(T, T)> = (rest..n)
                .map(|i| {
                    let (x, y) = (a[i * n + k], a[i * n + at]);
                    // [x y] D⁻¹, and det D = q turned(q) (p r / (q turned(q)) - 1)
                    let left = (r * low * x - y) * high * scale;
                    let right = (p * high * y - x) * low * scale;
                    (left, right)
                })
                .collect();
            for i in rest..n {
                let (left, right) = pairs[i - rest];
                for j in rest..=i {
                    let x = left * turned(a[j * n + k]) + right * turned(a[j * n + at]);
                    a[i * n + j] -= x;
                }
            }
            for i in rest..n {
                (a[i * n + k], a[i * n + at]) = pairs[i - rest];
            }
            a[at * n + k] = T::default();
        }
        for i in rest..n {
            for j in rest..i {
                a[j * n + i] = turned(a[i * n + j]);
            }
            if hermitian {
                a[i * n + i] = T::of(a[i * n + i].re(), T::Real::default());
            }
        }
        k = rest;
    }
}

impl Primitive for Ldl {
    fn name(&self) -> &'static str {
        "ldl"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("ldl", [x[0].dtype])?;
        let (batch, n) = squares("ldl", &x[0].shape)?;
        let factor = Spec::new(&x[0].shape, dtype);
        let order = Spec::new(&with_axes(batch, &[n]), DType::I64);
        Ok(Outputs::Several(vec![factor.clone(), factor, order]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::OUTPUTS
    }
    /// With `M = L⁻¹ dA L⁻ᴴ` in the order of the pivots: `dD` is `M` within the blocks of `D`, and `dL = L N D⁻¹`, where `N` is `M`
    /// outside of them in the triangle of `L`.
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let (l, d, order) = (&y[0], &y[1], &y[2]);
        let t = some(t, 0)?;
        let t = times(&t.add(&self.symmetry.turned(t)?)?, 0.5)?;
        let t = permuted(&permuted(&t, order, -2)?, order, -1)?;
        let triangle = match self.uplo {
            Uplo::Lower => Triangle::UnitLower,
            Uplo::Upper => Triangle::UnitUpper,
        };
        let left = bind_triangular(l, &t, triangle)?;
        let both = bind_triangular(l, &self.symmetry.turned(&left)?, triangle)?;
        let m = self.symmetry.turned(&both)?;
        let (n, _) = crate::ops::last_two(d);
        let zero = Raw::zeros(&[], d.dtype())?;
        let inside = d.detach().ne(&zero)?.choose(&m, &zero)?;
        let dd = mask(n, n, |i, j| i == j)?.choose(&m, &inside)?;
        let beside = match self.uplo {
            Uplo::Lower => kept(&m.sub(&dd)?, |i, j| i > j)?,
            Uplo::Upper => kept(&m.sub(&dd)?, |i, j| i < j)?,
        };
        // N D⁻¹ from the other side
        let solved = transposed(&bind_solve(&transposed(d)?, &transposed(&beside)?)?)?;
        Ok(Tangents::from_iter([
            Some(l.matmul(&solved)?),
            Some(dd),
            None,
        ]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// Rows or columns in another order.
fn permuted(x: &Raw, order: &Raw, axis: isize) -> Result<Raw> {
    if x.is_empty() {
        return Ok(x.clone());
    }
    let index = order.expand_dims(&[if axis == -1 { -2 } else { -1 }])?;
    x.take_along_axis(&index.broadcast_to(x.shape())?, axis)
}

/// The factorisation `a = l d lᴴ` (of symmetric complex matrices `l d lᵀ`): `(l, d, p)` with a block diagonal `d`, and rows `p` of `l`
/// that make a unit triangle. One triangle of `a` is read. SciPy's `linalg.ldl`. Gradients are those for fixed pivots and a symmetric
/// (Hermitian) `a`; they need an invertible `d`.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{Symmetry, Uplo, ldl};
/// let a = Raw::from_vec(vec![0.0, 2.0, 2.0, 0.0], &[2, 2])?;
/// let (l, d, p) = ldl(&a, Uplo::Lower, Symmetry::Symmetric)?;
/// assert_eq!(l.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0]);
/// assert_eq!(d.to_vec::<f64>()?, [0.0, 2.0, 2.0, 0.0]);
/// assert_eq!(p.to_vec::<i64>()?, [0, 1]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not square, an element is not finite, or there is no linear algebra of the dtype.
pub fn ldl(a: &Raw, uplo: Uplo, symmetry: Symmetry) -> Result<(Raw, Raw, Raw)> {
    let outputs = bind(&Ldl { uplo, symmetry }, &[a])?.into_vec();
    let Ok([l, d, order]) = <[Raw; 3]>::try_from(outputs) else {
        return Err(Error::value("ldl", "there are three outputs"));
    };
    let back = order.argsort(-1, civita_core::primitive::Direction::Ascending)?;
    Ok((permuted(&l, &back, -2)?, d, order))
}
