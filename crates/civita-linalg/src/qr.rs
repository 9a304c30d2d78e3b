//! The QR factorisation.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind, one_tangent, some,
};
use civita_core::raw::Raw;
use civita_core::transform::transposed_jvp;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, matrices, with_axes};
use crate::dense::transpose;
use crate::ops::{adjoint, as_diagonal, conjugate, diagonal, kept, times};
use crate::reflections::{self, Phase, Reflections};
use crate::scalar::{Scalar, for_dtype};
use crate::scale::Scale;
use crate::svd::first_alone;
use crate::triangular::{Triangle, bind_triangular_right};

/// Which factors a `Qr` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `Q` with as many columns as the shorter side, and `R`.
    Reduced,
    /// A square `Q`, and `R` with as many rows as the matrix.
    Complete,
    /// `R` alone, with as many rows as the shorter side.
    R,
    /// LAPACK's reflectors, transposed, and their factors.
    Raw,
}

/// `A = Q R` with orthonormal columns of `Q` and an upper triangular `R` with a real diagonal.
#[derive(Clone, Debug)]
pub struct Qr {
    /// Which factors.
    pub mode: Mode,
}

impl HostKernel for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.mode, x, out))
    }
}

struct Work<T> {
    rows: Vec<T>,
    a: Vec<T>,
    factors: Vec<T>,
    block: usize,
    q: Vec<T>,
}

fn run<T: Scalar>(mode: Mode, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("qr", x[0].shape())?;
    let (batch, k) = (count(batch), m.min(n));
    let work = 4 * m * n * k + 500;
    let wide = if mode == Mode::Complete { m } else { k };
    let state = || {
        // one reflector a block where the factors are asked for
        let block = match mode {
            Mode::Raw => 1,
            _ => reflections::block::<T>(m, n),
        };
        Work {
            rows: vec![T::default(); m * n],
            a: vec![T::default(); m * n],
            factors: vec![T::default(); block * k],
            block,
            q: vec![T::default(); m * wide],
        }
    };
    let factor = |work: &mut Work<T>, i: usize| -> Result<Scale> {
        x[0].read(i * m * n, &mut work.rows)?;
        let scale = Scale::from_tiny(&mut work.rows);
        transpose(&work.rows, m, n, &mut work.a);
        if k > 0 {
            let (a, factors) = (&mut work.a, &mut work.factors);
            reflections::factor(a, [m, n], factors, work.block, Phase::Real)?;
        }
        Ok(scale)
    };
    let upper = |a: &[T], rows: usize, r: &mut [T]| {
        for i in 0..rows {
            for j in 0..n {
                r[i * n + j] = match j < i {
                    true => T::default(),
                    false => a[j * m + i],
                };
            }
        }
    };
    match (mode, out) {
        (Mode::R, [r]) => {
            let r = parts(r.elements::<T>()?, batch, k * n);
            each(batch, work, r, state, |work, i, r| {
                let scale = factor(work, i)?;
                upper(&work.a, k, r);
                scale.back(r);
                Ok(())
            })
        }
        (Mode::Raw, [h, tau]) => {
            let h = parts(h.elements::<T>()?, batch, n * m);
            let tau = parts(tau.elements::<T>()?, batch, k);
            each(batch, work, h.zip(tau), state, |work, i, (h, tau)| {
                let scale = factor(work, i)?;
                h.copy_from_slice(&work.a);
                for (j, column) in h.chunks_exact_mut(m.max(1)).enumerate() {
                    scale.back(&mut column[..m.min(j + 1)]);
                }
                for (to, factor) in tau.iter_mut().zip(&work.factors) {
                    // kept as the inverse
                    *to = match reflections::is_none(*factor) {
                        true => T::default(),
                        false => factor.inverse(),
                    };
                }
                Ok(())
            })
        }
        (_, [q, r]) => {
            let q = parts(q.elements::<T>()?, batch, m * wide);
            let r = parts(r.elements::<T>()?, batch, wide * n);
            each(batch, work, q.zip(r), state, |work, i, (q, r)| {
                let scale = factor(work, i)?;
                upper(&work.a, wide, r);
                scale.back(r);
                let found = Reflections {
                    a: &work.a,
                    m,
                    factors: &work.factors,
                    block: work.block,
                };
                found.form(&mut work.q)?;
                transpose(&work.q, wide, m, q);
                Ok(())
            })
        }
        _ => Ok(()),
    }
}

impl Primitive for Qr {
    fn name(&self) -> &'static str {
        "qr"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("qr", [x[0].dtype])?;
        let (batch, m, n) = matrices("qr", &x[0].shape)?;
        let k = m.min(n);
        let spec = |axes: &[usize]| Spec::new(&with_axes(batch, axes), dtype);
        Ok(match self.mode {
            Mode::Reduced => Outputs::Several(vec![spec(&[m, k]), spec(&[k, n])]),
            Mode::Complete => Outputs::Several(vec![spec(&[m, m]), spec(&[m, n])]),
            Mode::R => Outputs::One(spec(&[k, n])),
            Mode::Raw => Outputs::Several(vec![spec(&[n, m]), spec(&[k])]),
        })
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        match self.mode {
            Mode::R => Reads::ALL,
            Mode::Raw => Reads::SHAPES,
            _ => Reads::OUTPUTS,
        }
    }
    /// With `W = Qᴴ dA R⁻¹` of the leading square of `R`, and `Ω` skew, equal to `W` below the diagonal and in the imaginary
    /// part on it: `dQ = dA R⁻¹ - Q (W - Ω)` and `dR = (W - Ω) R`. Columns beyond follow from `dA = dQ R + Q dR`.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        let (m, n) = crate::ops::last_two(t);
        let k = m.min(n);
        if self.mode == Mode::Raw {
            return Err(Error::gradient(
                "qr",
                "there is no derivative of the reflectors of mode='raw'",
            )
            .hint_in("`linalg::qr(&a)`", "`cv.linalg.qr(a, mode='reduced')`"));
        }
        if self.mode == Mode::Complete && m > n {
            return Err(Error::gradient("qr", BEYOND[0]).hint_in(BEYOND[1], BEYOND[2]));
        }
        let (q, r) = match self.mode {
            Mode::R => {
                let square = y[0].narrow(-1, 0, k)?;
                let left = x[0].narrow(-1, 0, k)?.cast(square.dtype())?;
                (
                    bind_triangular_right(&left, &square, Triangle::Upper)?,
                    y[0].clone(),
                )
            }
            _ => (y[0].clone(), y[1].clone()),
        };
        let square = r.narrow(-1, 0, k)?;
        let moved = bind_triangular_right(&t.narrow(-1, 0, k)?, &square, Triangle::Upper)?;
        let w = adjoint(&q)?.matmul(&moved)?;
        let strict = kept(&w, |i, j| i > j)?;
        let mut skew = strict.sub(&adjoint(&strict)?)?;
        if w.dtype().is_complex() {
            let d = diagonal(&w)?;
            let turned = times(&d.sub(&conjugate(&d)?)?, 0.5)?;
            skew = skew.add(&as_diagonal(&turned)?)?;
        }
        let rest = w.sub(&skew)?;
        let dq = moved.sub(&q.matmul(&rest)?)?;
        let mut dr = rest.matmul(&square)?;
        if n > k {
            let right = t
                .narrow(-1, k, n - k)?
                .sub(&dq.matmul(&r.narrow(-1, k, n - k)?)?)?;
            dr = Raw::concatenate(&[&dr, &adjoint(&q)?.matmul(&right)?], -1)?;
        }
        Ok(match self.mode {
            Mode::R => one_tangent(Some(dr)),
            _ => Tangents::from_iter([Some(dq), Some(dr)]),
        })
    }
    /// That of the reduced factors, where nothing reaches the columns of `Q` beyond. Rows of `R` beyond are zero.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let (m, n) = crate::ops::last_two(&y[y.len() - 1]);
        if self.mode != Mode::Complete || m <= n {
            return transposed_jvp(&|t| self.jvp(x, y, t), x, g, wanted);
        }
        let reduced = Qr {
            mode: Mode::Reduced,
        };
        let y = [y[0].narrow(-1, 0, n)?, y[1].narrow(-2, 0, n)?];
        let gq = match &g[0] {
            Some(g) => Some(first_alone("qr", g, -1, n, BEYOND)?),
            None => None,
        };
        let gr = g[1].as_ref().map(|g| g.narrow(-2, 0, n)).transpose()?;
        transposed_jvp(&|t| reduced.jvp(x, &y, t), x, &[gq, gr], wanted)
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// What derivatives of a complete factorisation do not exist for.
const BEYOND: [&str; 3] = [
    "the columns of Q beyond those of the matrix are not determined by it",
    "`linalg::qr(&a)`",
    "`cv.linalg.qr(a, mode='reduced')`",
];

/// The factors of a mode.
pub fn factors(a: &Raw, mode: Mode) -> Result<Vec<Raw>> {
    Ok(bind(&Qr { mode }, &[a])?.into_vec())
}
