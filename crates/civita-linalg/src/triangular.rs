//! Triangular systems.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result, shape_text};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_tangent, some,
};
use civita_core::raw::Raw;

use crate::batch::{each, parts};
use crate::blocked::{self, Diagonal};
use crate::checks::{compute_dtype, count, external, squares};
use crate::divisor::Divisor;
use crate::gemm::{Rows, View};
use crate::ops::{adjoint, kept, total};
use crate::scalar::{Scalar, for_dtype};
use crate::scale::Scale;
use crate::small::SMALL;

/// Which elements of a matrix a triangular system reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// Those on and below the diagonal.
    Lower,
    /// Those on and above the diagonal.
    Upper,
    /// Those below the diagonal, which is 1.
    UnitLower,
    /// Those above the diagonal, which is 1.
    UnitUpper,
}

impl Triangle {
    /// That of the transpose.
    pub fn flipped(self) -> Triangle {
        match self {
            Triangle::Lower => Triangle::Upper,
            Triangle::Upper => Triangle::Lower,
            Triangle::UnitLower => Triangle::UnitUpper,
            Triangle::UnitUpper => Triangle::UnitLower,
        }
    }

    fn is_lower(self) -> bool {
        matches!(self, Triangle::Lower | Triangle::UnitLower)
    }

    fn is_unit(self) -> bool {
        matches!(self, Triangle::UnitLower | Triangle::UnitUpper)
    }

    /// What of `x` the system reads.
    fn part(self, x: &Raw) -> Result<Raw> {
        match self {
            Triangle::Lower => kept(x, |i, j| i >= j),
            Triangle::Upper => kept(x, |i, j| i <= j),
            Triangle::UnitLower => kept(x, |i, j| i > j),
            Triangle::UnitUpper => kept(x, |i, j| i < j),
        }
    }
}

/// `A x = b` for triangular `A`; both have the same batch, and `b` is a matrix.
#[derive(Clone, Debug)]
pub struct TriangularSolve {
    /// Which elements of `A` count.
    pub triangle: Triangle,
}

impl HostKernel for TriangularSolve {
    fn name(&self) -> &'static str {
        "solve_triangular"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.triangle, x, out))
    }
}

fn run<T: Scalar>(
    triangle: Triangle,
    x: &[HostInput<'_>],
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    let (batch, n) = squares("solve_triangular", x[0].shape())?;
    let k = x[1].shape().last().copied().unwrap_or(0);
    let batch = count(batch);
    let results = parts(out[0].elements::<T>()?, batch, n * k);
    each(batch, n * n * k + 50, results, Vec::new, |heap, i, b| {
        x[1].read(i * n * k, b)?;
        heap.resize(n * n, T::default());
        x[0].read(i * n * n, heap)?;
        if !triangle.is_unit()
            && let Some(at) = (0..n).find(|&j| heap[j * n + j] == T::default())
        {
            return Err(Error::linalg(
                "solve_triangular",
                format!("singular matrix: the diagonal is zero at {at}"),
            ));
        }
        solve_in_place(triangle, heap, n, b, k)?;
        if b.iter().all(|x| x.finite()) {
            return Ok(());
        }
        let mut right = vec![T::default(); n * k];
        x[1].read(i * n * k, &mut right)?;
        solve_near_one(triangle, heap, n, &mut right, k, b)
    })
}

/// Solves a system of finite numbers whose solution was not: by multiples near 1 of the triangle and of each column of the right-hand
/// side. `out` keeps what it holds where they do not help.
#[cold]
fn solve_near_one<T: Scalar>(
    triangle: Triangle,
    a: &mut [T],
    n: usize,
    b: &mut [T],
    k: usize,
    out: &mut [T],
) -> Result<()> {
    for i in 0..n {
        let (before, from) = a[i * n..(i + 1) * n].split_at_mut(i);
        let (diagonal, after) = from.split_at_mut(1);
        match triangle.is_lower() {
            true => after.fill(T::default()),
            false => before.fill(T::default()),
        }
        if triangle.is_unit() {
            diagonal.fill(T::default());
        }
    }
    if !a.iter().chain(&*b).all(|x| x.finite()) {
        return Ok(());
    }
    let scale = match triangle.is_unit() {
        true => Scale::ONE,
        false => Scale::to_one(a),
    };
    let scales = Scale::columns_to_one(b, k);
    let vanished = !triangle.is_unit() && (0..n).any(|i| a[i * n + i] == T::default());
    if !vanished {
        solve_in_place(triangle, a, n, b, k)?;
    }
    if vanished || !b.iter().all(|x| x.finite()) {
        return Ok(());
    }
    scale.quotients(b, &scales, out);
    Ok(())
}

/// Solves `A x = b` in place of `b`; both are row-major.
pub fn solve_in_place<T: Scalar>(
    triangle: Triangle,
    a: &[T],
    n: usize,
    b: &mut [T],
    k: usize,
) -> Result<()> {
    if n == 0 || k == 0 {
        return Ok(());
    }
    if n <= SMALL {
        small(triangle, a, n, b, k);
        return Ok(());
    }
    let a = View::row_major(a, n, n, n);
    let diagonal = match triangle.is_unit() {
        true => Diagonal::Unit,
        false => Diagonal::Own,
    };
    let b = Rows::new(b, n, k, k);
    match triangle.is_lower() {
        true => blocked::solve_lower(a, diagonal, b),
        false => blocked::solve_upper(a, diagonal, b),
    }
}

fn small<T: Scalar>(triangle: Triangle, a: &[T], n: usize, b: &mut [T], k: usize) {
    for step in 0..n {
        let lower = triangle.is_lower();
        let i = if lower { step } else { n - 1 - step };
        let others = if lower { 0..i } else { i + 1..n };
        for j in others {
            let factor = a[i * n + j];
            for c in 0..k {
                let x = b[j * k + c];
                b[i * k + c] -= factor * x;
            }
        }
        if !triangle.is_unit() {
            let divisor = Divisor::new(a[i * n + i]);
            b[i * k..(i + 1) * k]
                .iter_mut()
                .for_each(|x| *x = divisor.of(*x));
        }
    }
}

impl Primitive for TriangularSolve {
    fn name(&self) -> &'static str {
        "solve_triangular"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("solve_triangular", [x[0].dtype, x[1].dtype])?;
        let (batch, n) = squares("solve_triangular", &x[0].shape)?;
        match &*x[1].shape {
            [b @ .., m, _] if *m == n && b == batch => {
                Ok(Outputs::One(Spec::new(&x[1].shape, dtype)))
            }
            b => Err(Error::shape(
                "solve_triangular",
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
            Some(t) => Some(self.triangle.part(t)?.matmul(&y[0])?.neg()?),
            None => None,
        };
        let right = total([from_a, t[1].clone()])?;
        let moved = right
            .map(|r| bind_triangular(&x[0], &r, self.triangle))
            .transpose()?;
        Ok(one_tangent(moved))
    }
    /// `gb = A⁻ᴴ g`, `gA = -gb xᴴ`.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let gb = bind_triangular(&adjoint(&x[0])?, some(g, 0)?, self.triangle.flipped())?;
        let ga = match wanted[0] {
            true => Some(self.triangle.part(&gb.matmul(&adjoint(&y[0])?)?.neg()?)?),
            false => None,
        };
        Ok(Gradients::from_iter([ga, Some(gb)]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// `A⁻¹ b` of triangular matrices with the batch of `b`.
pub fn bind_triangular(a: &Raw, b: &Raw, triangle: Triangle) -> Result<Raw> {
    bind_one(&TriangularSolve { triangle }, &[a, b])
}

/// `b A⁻¹` of triangular matrices with the batch of `b`.
pub fn bind_triangular_right(b: &Raw, a: &Raw, triangle: Triangle) -> Result<Raw> {
    let x = bind_triangular(
        &crate::ops::transposed(a)?,
        &crate::ops::transposed(b)?,
        triangle.flipped(),
    )?;
    crate::ops::transposed(&x)
}
