//! What follows from `P A = L U`: systems, inverses, determinants.

use std::ops::Range;

use civita_core::backend::Backend;
use civita_core::dtype::{DType, Scalar as Value};
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::Axes;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;
use faer::traits::math_utils as math;

use crate::batch::{each, parts};
use crate::checks::{
    compute_dtype, count, external, external_on_lanes, on_lanes, singular, squares,
};
use crate::dense::Lu;
use crate::lanes::{self, Memory, Task};
use crate::norms::{self, Order};
use crate::ops::{
    adjoint, as_diagonal, conjugate, diagonal, kept, mask, times, total, trace_of_product,
    transposed,
};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::small::{self, SMALL, known};
use crate::svd;
use crate::systems::number;

/// The row-major elements of one matrix, in memory of the stack where they are few.
fn with_matrix<T: Scalar, R>(
    heap: &mut Vec<T>,
    x: &HostInput<'_>,
    i: usize,
    n: usize,
    f: impl FnOnce(&mut [T]) -> Result<R>,
) -> Result<R> {
    if n <= 4 {
        let mut a = [T::default(); 16];
        x.read(i * n * n, &mut a[..n * n])?;
        return f(&mut a[..n * n]);
    }
    if heap.is_empty() {
        // zeros that the system need not write
        *heap = vec![T::default(); n * n];
    }
    x.read(i * n * n, heap)?;
    f(heap)
}

// ---- solve -----------------------------------------------------------------------------------------------------------

/// `A x = b` for square `A`; both have the same batch, and `b` is a matrix.
#[derive(Clone, Debug)]
pub struct Solve;

impl HostKernel for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => solve::<T>(x, out))
    }
}

fn solve<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("solve", x[0].shape())?;
    let k = x[1].shape().last().copied().unwrap_or(0);
    let batch = count(batch);
    if n * k <= lanes::SIZE && k > 0 && on_lanes(x[0].shape()) {
        match x[0].dtype() {
            DType::F32 => return solve_on_lanes::<f32>(x, n, k, batch, out),
            DType::F64 => return solve_on_lanes::<f64>(x, n, k, batch, out),
            _ => {}
        }
    }
    let results = parts(out[0].elements::<T>()?, batch, n * k);
    each(
        batch,
        n * n * (n + 2 * k) + 50,
        results,
        Vec::new,
        |heap, i, b| {
            x[1].read(i * n * k, b)?;
            with_matrix::<T, _>(heap, &x[0], i, n, |a| {
                let scale = match n > SMALL {
                    true => Scale::from_tiny(a),
                    false => Scale::ONE,
                };
                if !solve_in(a, n, b, k)? {
                    return Err(singular("solve"));
                }
                scale.divide(b);
                if in_range(a, n, b) {
                    return Ok(());
                }
                let mut right = vec![T::default(); n * k];
                x[1].read(i * n * k, &mut right)?;
                x[0].read(i * n * n, a)?;
                solve_near_one(a, n, &mut right, k, b)
            })
        },
    )
}

/// Solves in place of `b`; false where there is no solution.
fn solve_in<T: Scalar>(a: &mut [T], n: usize, b: &mut [T], k: usize) -> Result<bool> {
    if n <= SMALL {
        return Ok(known!(n, |n| match k {
            1 => solve_small(a, n, b, 1),
            k => solve_small(a, n, b, k),
        }));
    }
    let lu = Lu::new(a, n, n)?;
    if lu.is_singular() {
        return Ok(false);
    }
    lu.solve(b, k)?;
    Ok(true)
}

/// Whether the pivots and the solution are finite: a pivot that is infinite makes a zero of what it divides.
fn in_range<T: Scalar>(a: &[T], n: usize, x: &[T]) -> bool {
    let pivots = a.iter().step_by(n + 1);
    pivots.chain(x).all(|x| x.finite())
}

/// Solves a system of finite numbers whose solution was not: by multiples near 1 of the matrix and of each column of the right-hand
/// side. `out` keeps what it holds where they do not help: where small pivots vanish beside large elements.
#[cold]
fn solve_near_one<T: Scalar>(
    a: &mut [T],
    n: usize,
    b: &mut [T],
    k: usize,
    out: &mut [T],
) -> Result<()> {
    if !a.iter().chain(&*b).all(|x| x.finite()) {
        return Ok(());
    }
    let scale = Scale::to_one(a);
    let scales = Scale::columns_to_one(b, k);
    if !solve_in(a, n, b, k)? || !in_range(a, n, b) {
        return Ok(());
    }
    scale.quotients(b, &scales, out);
    Ok(())
}

fn solve_on_lanes<S: Real>(
    x: &[HostInput<'_>],
    n: usize,
    k: usize,
    batch: usize,
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    struct Solving<'a>(&'a [HostInput<'a>], usize);
    impl<S: Real> Task<S> for Solving<'_> {
        fn len(&self, n: usize) -> usize {
            n * self.1
        }
        fn run(&self, memory: &mut Memory<S>, n: usize, first: usize, count: usize) -> Result<()> {
            let k = self.1;
            memory.read(&self.0[1], first, count, n * k)?;
            let Memory { a, b, .. } = memory;
            let exceptional = lanes::solve(a, n, b, k);
            a[..n * k].copy_from_slice(&b[..n * k]);
            if exceptional == [0; lanes::LANES] {
                return Ok(());
            }
            for l in 0..count {
                if exceptional[l] != 0 {
                    solve_alone::<S>(self.0, n, k, first + l, |i, x| a[i][l] = x)?;
                }
            }
            Ok(())
        }
    }
    let task = Solving(x, k);
    lanes::run(&task, &x[0], n, batch, out[0].elements::<S>()?)
}

/// Solves one system of a batch, for which the loops on lanes are not: singular, or with elements near the ends of the range.
#[cold]
fn solve_alone<S: Real>(
    x: &[HostInput<'_>],
    n: usize,
    k: usize,
    i: usize,
    mut write: impl FnMut(usize, f64),
) -> Result<()> {
    let (mut a, mut b) = (
        wide_elements::<S>(&x[0], i, n * n)?,
        wide_elements::<S>(&x[1], i, n * k)?,
    );
    let (mut again, mut right) = (a.clone(), b.clone());
    if !solve_in(&mut a, n, &mut b, k)? {
        return Err(singular("solve"));
    }
    if !in_range(&a, n, &b) {
        solve_near_one(&mut again, n, &mut right, k, &mut b)?;
    }
    for (i, x) in b.into_iter().enumerate() {
        write(i, x);
    }
    Ok(())
}

/// The elements of one operand of a batch.
fn wide_elements<S: Real>(x: &HostInput<'_>, i: usize, size: usize) -> Result<Vec<f64>> {
    let mut elements = vec![S::default(); size];
    x.read(i * size, &mut elements)?;
    Ok(elements.into_iter().map(Real::wide).collect())
}

#[inline(always)]
fn solve_small<T: Scalar>(a: &mut [T], n: usize, b: &mut [T], k: usize) -> bool {
    let (_, zero) = small::lu(a, n, |i, j| {
        for c in 0..k {
            b.swap(i * k + c, j * k + c);
        }
    });
    if zero.is_some() {
        return false;
    }
    if k > 0 {
        small::solve_lu(a, n, b, k);
    }
    true
}

impl Primitive for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("solve", [x[0].dtype, x[1].dtype])?;
        let (batch, n) = squares("solve", &x[0].shape)?;
        match &*x[1].shape {
            [b @ .., m, _] if *m == n && b == batch => {
                Ok(Outputs::One(Spec::new(&x[1].shape, dtype)))
            }
            b => Err(Error::shape(
                "solve",
                format!(
                    "a of shape {} and b of shape {} do not fit",
                    shape_text(&x[0].shape),
                    shape_text(b)
                ),
            )
            .shapes(&[&x[0].shape, b])
            .rule("b has as many rows as a")),
        }
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external_on_lanes(self, backend, x)
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
            Some(t) => Some(t.matmul(&y[0])?.neg()?),
            None => None,
        };
        let right = total([from_a, t[1].clone()])?;
        let moved = right.map(|r| bind_solve(&x[0], &r)).transpose()?;
        Ok(one_tangent(moved))
    }
    /// `gb = A⁻ᴴ g`, `gA = -gb xᴴ`.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let gb = bind_solve(&adjoint(&x[0])?, some(g, 0)?)?;
        let ga = match wanted[0] {
            true => Some(gb.matmul(&adjoint(&y[0])?)?.neg()?),
            false => None,
        };
        Ok(Gradients::from_iter([ga, Some(gb)]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// `A⁻¹ b` of matrices with the same batch.
pub fn bind_solve(a: &Raw, b: &Raw) -> Result<Raw> {
    bind_one(&Solve, &[a, b])
}

// ---- inv -------------------------------------------------------------------------------------------------------------

/// What becomes of a matrix that has no inverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singular {
    /// An error.
    Error,
    /// A matrix of NaN.
    Nan,
}

/// `A⁻¹`.
#[derive(Clone, Debug)]
pub struct Inv {
    /// What becomes of singular matrices.
    pub singular: Singular,
}

impl HostKernel for Inv {
    fn name(&self) -> &'static str {
        "inv"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => inv::<T>(self.singular, x, out))
    }
}

fn inv<T: Scalar>(on: Singular, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("inv", x[0].shape())?;
    let batch = count(batch);
    let results = parts(out[0].elements::<T>()?, batch, n * n);
    each(
        batch,
        3 * n * n * n + 50,
        results,
        Vec::new,
        |heap, i, y| {
            with_matrix::<T, _>(heap, &x[0], i, n, |a| {
                let scale = match n > SMALL {
                    true => Scale::from_tiny(a),
                    false => Scale::ONE,
                };
                if !invert_in(a, n, y)? {
                    return without_inverse(on, y);
                }
                scale.divide(y);
                if in_range(a, n, y) {
                    return Ok(());
                }
                x[0].read(i * n * n, a)?;
                invert_near_one(a, n, y)
            })
        },
    )
}

/// Writes the inverse; false where there is none.
fn invert_in<T: Scalar>(a: &mut [T], n: usize, y: &mut [T]) -> Result<bool> {
    if n > SMALL {
        let lu = Lu::new(a, n, n)?;
        if lu.is_singular() {
            return Ok(false);
        }
        lu.invert(y)?;
        return Ok(true);
    }
    y.fill(T::default());
    y.iter_mut()
        .step_by(n + 1)
        .for_each(|x| *x = math::one::<T>());
    Ok(known!(n, |n| solve_small(a, n, y, n)))
}

/// As [`solve_near_one`].
#[cold]
fn invert_near_one<T: Scalar>(a: &mut [T], n: usize, y: &mut [T]) -> Result<()> {
    if !a.iter().all(|x| x.finite()) {
        return Ok(());
    }
    let scale = Scale::to_one(a);
    let mut inverse = vec![T::default(); n * n];
    if invert_in(a, n, &mut inverse)? && in_range(a, n, &inverse) {
        scale.divide(&mut inverse);
        y.copy_from_slice(&inverse);
    }
    Ok(())
}

fn without_inverse<T: Scalar>(on: Singular, y: &mut [T]) -> Result<()> {
    if on == Singular::Error {
        return Err(singular("inv"));
    }
    let nan = T::of(Real::of(f64::NAN), Real::of(f64::NAN));
    y.fill(nan);
    Ok(())
}

impl Primitive for Inv {
    fn name(&self) -> &'static str {
        "inv"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("inv", [x[0].dtype])?;
        squares("inv", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&x[0].shape, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::OUTPUTS
    }
    /// `dY = -Y dA Y`.
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let y = &y[0];
        let moved = y.matmul(some(t, 0)?)?.matmul(y)?.neg()?;
        Ok(one_tangent(Some(moved)))
    }
    /// `gA = -Yᴴ g Yᴴ`.
    fn vjp(&self, _: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let y = adjoint(&y[0])?;
        Ok(one_gradient(y.matmul(some(g, 0)?)?.matmul(&y)?.neg()?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// `A⁻¹`.
pub fn bind_inv(a: &Raw) -> Result<Raw> {
    bind_one(
        &Inv {
            singular: Singular::Error,
        },
        &[a],
    )
}

// ---- determinants ----------------------------------------------------------------------------------------------------

/// Calls `f` with the pivots of a matrix, the parity of its permutation and the power of two by which the matrix was divided.
fn with_pivots<T: Scalar, R>(
    heap: &mut Vec<T>,
    x: &HostInput<'_>,
    i: usize,
    n: usize,
    f: impl Fn(&mut dyn Iterator<Item = T>, bool, Scale) -> R,
) -> Result<R> {
    with_matrix::<T, _>(heap, x, i, n, |a| {
        let (odd, scale) = pivots(a, n, |a| x.read(i * n * n, a))?;
        Ok(f(&mut a.iter().step_by(n + 1).copied(), odd, scale))
    })
}

/// Leaves the pivots on the diagonal; `read` writes the matrix again.
fn pivots<T: Scalar>(
    a: &mut [T],
    n: usize,
    read: impl FnOnce(&mut [T]) -> Result<()>,
) -> Result<(bool, Scale)> {
    let mut scale = match n > SMALL {
        true => Scale::from_tiny(a),
        false => Scale::ONE,
    };
    let mut odd = eliminate(a, n)?;
    if (a.iter().step_by(n + 1)).any(|x| !x.modulus().wide().is_finite()) {
        read(a)?;
        if a.iter().all(|x| x.finite()) {
            scale = Scale::to_one(a);
        }
        odd = eliminate(a, n)?;
    }
    Ok((odd, scale))
}

/// Leaves the pivots on the diagonal; whether the permutation is odd.
fn eliminate<T: Scalar>(a: &mut [T], n: usize) -> Result<bool> {
    if n > SMALL {
        return Ok(Lu::new(a, n, n)?.odd);
    }
    Ok(known!(n, |n| small::lu(a, n, |_, _| ())).0)
}

/// The determinant.
#[derive(Clone, Debug)]
pub struct Det;

impl HostKernel for Det {
    fn name(&self) -> &'static str {
        "det"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => det::<T>(x, out))
    }
}

/// In the middle of the range of exponents, so that a product of small and large numbers does not leave it.
const MIDDLE: Range<f64> = 1e-15..1e15;

/// The product of pivots of a matrix divided by a power of two, of an odd permutation or an even one.
fn determinant<T: Scalar>(pivots: &mut dyn Iterator<Item = T>, odd: bool, of: Scale) -> T {
    let (mut product, mut exponent) = (math::one::<T>(), 0i64);
    for mut pivot in pivots {
        // both factors near 1, so that their product is in the range
        for x in [&mut pivot, &mut product] {
            let size = x.re().wide().abs().max(x.im().wide().abs());
            if size > 0.0 && size.is_finite() && !MIDDLE.contains(&size) {
                let shift = size.log2() as i32;
                *x = times_power(*x, -shift);
                exponent += i64::from(shift);
            }
        }
        product *= pivot;
        exponent += i64::from(of.exponent());
    }
    // beyond that everything is zero or infinite
    let scaled = times_power(product, exponent.clamp(-5000, 5000) as i32);
    if odd { -scaled } else { scaled }
}

/// [`determinant`] of matrices beside each other.
struct Determinants<'a>(&'a HostInput<'a>);

impl<S: Real> Task<S> for Determinants<'_> {
    fn len(&self, _: usize) -> usize {
        1
    }
    fn run(&self, memory: &mut Memory<S>, n: usize, first: usize, count: usize) -> Result<()> {
        let a = &mut memory.a;
        let (mut products, inside) = lanes::products(a, n, MIDDLE);
        let all = inside == [!0; lanes::LANES];
        for l in if all { 0..0 } else { 0..count } {
            if inside[l] == 0 {
                let elements = wide_elements::<S>(self.0, first + l, n * n)?;
                let mut alone = elements.clone();
                let (odd, scale) = pivots(&mut alone, n, |a| {
                    a.copy_from_slice(&elements);
                    Ok(())
                })?;
                let mut pivots = alone.into_iter().step_by(n + 1);
                products[l] = determinant(&mut pivots, odd, scale);
            }
        }
        a[0] = products;
        Ok(())
    }
}

fn det<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("det", x[0].shape())?;
    let batch = count(batch);
    if on_lanes(x[0].shape()) {
        let task = &Determinants(&x[0]);
        match x[0].dtype() {
            DType::F32 => return lanes::run(task, &x[0], n, batch, out[0].elements::<f32>()?),
            DType::F64 => return lanes::run(task, &x[0], n, batch, out[0].elements::<f64>()?),
            _ => {}
        }
    }
    let results = out[0].elements::<T>()?.iter_mut();
    each(batch, n * n * n + 50, results, Vec::new, |heap, i, y| {
        *y = with_pivots::<T, _>(heap, &x[0], i, n, determinant)?;
        Ok(())
    })
}

/// `x · 2ᵉ`, of numbers that are not near the ends of the range.
fn times_power<T: Scalar>(x: T, e: i32) -> T {
    let step = if T::Real::EPSILON > 1e-10 { 60 } else { 500 };
    let (mut x, mut e) = (x, e);
    while e != 0 {
        let now = e.clamp(-step, step);
        x = x.scaled(T::Real::of(2f64.powi(now)));
        e -= now;
    }
    x
}

impl Primitive for Det {
    fn name(&self) -> &'static str {
        "det"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("det", [x[0].dtype])?;
        let (batch, _) = squares("det", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(batch, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external_on_lanes(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    /// `tr(adj(A) dA)`.
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let adjugate = bind_one(&Adjugate, &[&x[0]])?;
        let moved = trace_of_product(&adjugate, some(t, 0)?)?;
        Ok(one_tangent(Some(moved)))
    }
    /// `g · adj(A)ᴴ`.
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let adjugate = bind_one(&Adjugate, &[&x[0]])?;
        let g = some(g, 0)?.expand_dims(&[-2, -1])?;
        Ok(one_gradient(g.mul(&adjoint(&adjugate)?)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The adjugate, `det(A) A⁻¹` where there is an inverse.
#[derive(Clone, Debug)]
pub struct Adjugate;

impl HostKernel for Adjugate {
    fn name(&self) -> &'static str {
        "det"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => adjugate::<T>(x, out))
    }
}

fn adjugate<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("det", x[0].shape())?;
    let batch = count(batch);
    let results = parts(out[0].elements::<T>()?, batch, n * n);
    each(
        batch,
        4 * n * n * n + 100,
        results,
        Vec::new,
        |heap, i, y| {
            with_matrix::<T, _>(heap, &x[0], i, n, |a| {
                // the adjugate has the degree n - 1 in the elements
                let scale = Scale::to_one(a);
                let mut factors = a.to_vec();
                let lu = Lu::new(&mut factors, n, n)?;
                let sizes = lu.pivots().map(|p| p.size().wide());
                let (least, most) = sizes.fold((f64::INFINITY, 0f64), |(least, most), s| {
                    (least.min(s), most.max(s))
                });
                // of a matrix that is singular but for rounding `det · inv` is noise; singular values are not
                let fine = least > most * T::Real::EPSILON * n as f64 || !most.is_finite();
                if fine {
                    let mut det = lu.pivots().fold(math::one::<T>(), |all, p| all * p);
                    if lu.odd {
                        det = -det;
                    }
                    lu.invert(y)?;
                    y.iter_mut().for_each(|x| *x *= det);
                } else {
                    svd::adjugate(a, n, y)?;
                }
                let power = scale.exponent().saturating_mul(n as i32 - 1);
                if power != 0 {
                    let power = power.clamp(-5000, 5000);
                    y.iter_mut().for_each(|x| *x = times_power(*x, power));
                }
                Ok(())
            })
        },
    )
}

impl Primitive for Adjugate {
    fn name(&self) -> &'static str {
        "adjugate"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("det", [x[0].dtype])?;
        squares("det", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&x[0].shape, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::ALL
    }
    /// `tr(Y dA) A⁻¹ - A⁻¹ dA Y`, or of a matrix that has no good inverse [`Factored::moved`].
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        let Some(inverse) = good_inverse(&x[0])? else {
            return Ok(one_tangent(Some(Factored::of(&x[0])?.moved(t)?)));
        };
        let trace = trace_of_product(&y[0], t)?.expand_dims(&[-2, -1])?;
        let moved = trace
            .mul(&inverse)?
            .sub(&inverse.matmul(t)?.matmul(&y[0])?)?;
        Ok(one_tangent(Some(moved)))
    }
    /// `⟨A⁻¹, g⟩ Yᴴ - A⁻ᴴ g Yᴴ`, or of a matrix that has no good inverse [`Factored::back`].
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let Some(inverse) = good_inverse(&x[0])? else {
            return Ok(one_gradient(Factored::of(&x[0])?.back(g)?));
        };
        let (inverse, y) = (adjoint(&inverse)?, adjoint(&y[0])?);
        let share = trace_of_product(&inverse, g)?.expand_dims(&[-2, -1])?;
        let back = share.mul(&y)?.sub(&inverse.matmul(g)?.matmul(&y)?)?;
        Ok(one_gradient(back))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The inverse, where a matrix has one in which few digits are lost: the two terms of the adjugate's derivative are its multiples,
/// and cancel where it is large. Of a batch or a variable of a trace nothing is known.
fn good_inverse(a: &Raw) -> Result<Option<Raw>> {
    const WORST: f64 = 1e3;
    if a.opaque().is_some() {
        return Ok(None);
    }
    let condition = norms::cond(&a.detach(), Order::P(1.0))?;
    match condition.scalars()?.iter().all(|c| c.as_f64() < WORST) {
        true => bind_inv(a).map(Some),
        false => Ok(None),
    }
}

/// A square matrix `A = U S Vᴴ`, and what the derivative of its adjugate is made of: with `M = Uᴴ dA V` that of `S` moves by
///
/// ```text
/// D(M) = diag(P diag(M)) - P ∘ M,    P[i, j] = Π s[k] over all k but i and j,    P[i, i] = 0
/// ```
///
/// and `d adj(A) = det(U) det(Vᴴ) · V D(M) Uᴴ`. There is no division, so it holds for singular matrices too.
struct Factored {
    u: Raw,
    vh: Raw,
    /// `det(U) det(Vᴴ)`.
    turn: Raw,
    without_two: Raw,
}

impl Factored {
    fn of(a: &Raw) -> Result<Factored> {
        let [u, s, vh] = svd::three(a, svd::Vectors::Thin)?;
        let turn = bind_one(&Det, &[&u])?.mul(&bind_one(&Det, &[&vh])?)?;
        Ok(Factored {
            turn: turn.expand_dims(&[-2, -1])?,
            without_two: products_without_two(&s)?,
            u,
            vh,
        })
    }

    /// `D`, which is its own adjoint.
    fn of_singular_values(&self, m: &Raw) -> Result<Raw> {
        let p = self.without_two.cast(m.dtype())?;
        let along = p.matmul(&diagonal(m)?.expand_dims(&[-1])?)?;
        as_diagonal(&along.squeeze(Some(&[-1]))?)?.sub(&p.mul(m)?)
    }

    fn moved(&self, t: &Raw) -> Result<Raw> {
        let (uh, v) = (adjoint(&self.u)?, adjoint(&self.vh)?);
        let moved = self.of_singular_values(&uh.matmul(t)?.matmul(&v)?)?;
        self.turn.mul(&v.matmul(&moved)?.matmul(&uh)?)
    }

    fn back(&self, g: &Raw) -> Result<Raw> {
        let g = conjugate(&self.turn)?.mul(g)?;
        let back = self.of_singular_values(&self.vh.matmul(&g)?.matmul(&self.u)?)?;
        self.u.matmul(&back)?.matmul(&self.vh)
    }
}

/// The products of all numbers but two, as a symmetric matrix with a diagonal of zeros.
fn products_without_two(s: &Raw) -> Result<Raw> {
    let n = s.shape().last().copied().unwrap_or(0);
    let one = number(1.0, s.dtype())?;
    let last = Axes::List(&[-1]);
    // without the first of the two: those before the second, and those behind it
    let others = mask(n, n, |i, k| i != k)?.choose(&s.expand_dims(&[-2])?, &one)?;
    let behind = products_before(&s.flip(last)?)?.flip(last)?;
    let all = products_before(&others)?.mul(&behind.expand_dims(&[-2])?)?;
    let above = kept(&all, |i, j| i < j)?;
    above.add(&transposed(&above)?)
}

/// The products of all numbers before each, along the last axis.
fn products_before(x: &Raw) -> Result<Raw> {
    let n = x.shape().last().copied().unwrap_or(0);
    let first = x.narrow(-1, 0, n.min(1))?.filled(Value::Float(1.0))?;
    let others = x.narrow(-1, 0, n.saturating_sub(1))?;
    Raw::concatenate(&[&first, &others.cumprod(Some(-1), None)?], -1)
}

/// The sign of the determinant and the logarithm of its absolute value.
#[derive(Clone, Debug)]
pub struct Slogdet;

impl HostKernel for Slogdet {
    fn name(&self) -> &'static str {
        "slogdet"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => slogdet::<T>(x, out))
    }
}

fn slogdet<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("slogdet", x[0].shape())?;
    let batch = count(batch);
    let [signs, logs] = out else {
        return Ok(());
    };
    let signs = signs.elements::<T>()?.iter_mut();
    let logs = logs.elements::<<T as faer::traits::ComplexField>::Real>()?;
    let results = signs.zip(logs);
    each(
        batch,
        n * n * n + 50,
        results,
        Vec::new,
        |heap, i, (s, l)| {
            (*s, *l) = with_pivots::<T, _>(heap, &x[0], i, n, |pivots, odd, scale| {
                let (mut sign, mut log) = (math::one::<T>(), 0.0);
                for pivot in pivots {
                    let size = pivot.modulus();
                    if size == T::Real::default() {
                        return (T::default(), T::Real::of(f64::NEG_INFINITY));
                    }
                    // of real numbers that are infinite or NaN it is 1 or -1 too
                    sign *= match (T::COMPLEX, pivot.re() < T::Real::default()) {
                        (true, _) => T::of(pivot.re() / size, pivot.im() / size),
                        (false, true) => -math::one::<T>(),
                        (false, false) => math::one::<T>(),
                    };
                    log += size.wide().ln();
                }
                log += f64::from(scale.exponent()) * n as f64 * std::f64::consts::LN_2;
                (if odd { -sign } else { sign }, T::Real::of(log))
            })?;
            Ok(())
        },
    )
}

impl Primitive for Slogdet {
    fn name(&self) -> &'static str {
        "slogdet"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("slogdet", [x[0].dtype])?;
        let (batch, _) = squares("slogdet", &x[0].shape)?;
        Ok(Outputs::Several(vec![
            Spec::new(batch, dtype),
            Spec::new(batch, dtype.to_real()),
        ]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads {
            inputs: 1,
            outputs: 1,
        }
    }
    /// With `w = tr(A⁻¹ dA)`: the logarithm moves by its real part, the sign by `i · im(w)` times itself.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        let w = crate::ops::diagonal(&bind_solve(&x[0], t)?)?;
        let w = crate::ops::sum(&w, &[-1], civita_core::layout::KeepDims::No)?;
        if !w.dtype().is_complex() {
            return Ok(Tangents::from_iter([None, Some(w)]));
        }
        let re = w.real()?;
        let turned = w.sub(&re.cast(w.dtype())?)?.mul(&y[0])?;
        Ok(Tangents::from_iter([Some(turned), Some(re)]))
    }
    /// `(g_log + i · im(conj(sign) g_sign)) A⁻ᴴ`: the adjoint of the map above.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let inverse = adjoint(&bind_inv(&x[0])?)?;
        let from_sign = match &g[0] {
            Some(g) if y[0].dtype().is_complex() => {
                // the tangent of the sign is (w - w̄)/2 · sign: its adjoint is (z - z̄)/2 with z = conj(sign) g
                let z = conjugate(&y[0])?.mul(g)?;
                Some(times(&z.sub(&conjugate(&z)?)?, 0.5)?)
            }
            _ => None,
        };
        Ok(match total([from_sign, g[1].clone()])? {
            Some(share) => one_gradient(share.expand_dims(&[-2, -1])?.mul(&inverse)?),
            None => Gradients::from_iter([None]),
        })
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
