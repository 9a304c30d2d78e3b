//! Functions of matrices by the complex Schur form: the square root, the logarithm, the sign, and any by its values.

use std::mem::take;

use civita_core::backend::Backend;
use civita_core::dtype::Scalar as Value;
use civita_core::error::{Error, Result};
use civita_core::ops::Op;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use faer::traits::ComplexField;
use faer::traits::math_utils as math;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares};
use crate::dense::{columns, transpose};
use crate::ops::adjoint;
use crate::scalar::{Real, Scalar};
use crate::schur::{Reduction, reduce};
use crate::workers::aside;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The principal square root.
    Sqrt,
    /// The principal logarithm.
    Log,
    /// The sign: each eigenvalue becomes that of its real part.
    Sign,
}

/// A function of complex matrices.
#[derive(Clone, Debug)]
pub struct MatrixFunction {
    /// Which.
    pub function: Function,
}

impl Function {
    fn op(self) -> &'static str {
        match self {
            Function::Sqrt => "sqrtm",
            Function::Log => "logm",
            Function::Sign => "signm",
        }
    }
}

impl HostKernel for MatrixFunction {
    fn name(&self) -> &'static str {
        self.function.op()
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        match x[0].dtype() {
            civita_core::dtype::DType::C64 => {
                run::<num_complex::Complex<f32>>(self.function, x, out)
            }
            _ => run::<num_complex::Complex<f64>>(self.function, x, out),
        }
    }
}

fn run<C: Scalar<Complex = C>>(
    function: Function,
    x: &[HostInput<'_>],
    out: &mut [HostOutput<'_>],
) -> Result<()> {
    let (batch, n) = squares(function.op(), x[0].shape())?;
    let batch = count(batch);
    let results = parts(out[0].elements::<C>()?, batch, n * n);
    each(
        batch,
        40 * n * n * n + 1000,
        results,
        Vec::new,
        |rows, i, y| {
            rows.resize(n * n, C::default());
            x[0].read(i * n * n, rows)?;
            if !rows.iter().all(|x| x.finite()) {
                return Err(Error::linalg(
                    function.op(),
                    "array must not contain infs or NaNs",
                ));
            }
            let mut t = vec![C::default(); n * n];
            transpose(rows, n, n, &mut t);
            let run = move |t: &mut Vec<C>| function.of(t, n);
            let (_, all) = aside(n, t, run)?;
            transpose(&all?, n, n, y);
            Ok(())
        },
    )
}

impl Function {
    /// That of a column-major matrix, which is overwritten: `Q f(T) Qᴴ`.
    fn of<C: Scalar>(self, t: &mut Vec<C>, n: usize) -> Result<Vec<C>> {
        let mut q = vec![C::default(); n * n];
        // the eigenvalues of a triangle are exact
        let triangle = (0..n * n).all(|at| at % n <= at / n || t[at] == C::default());
        let real = t.iter().all(|x| x.im() == Default::default());
        if !reduce(t, &mut q, n, Reduction::Schur) {
            return Err(Error::linalg(self.op(), "Schur form not found"));
        }
        // Roots and logarithms have a cut along the negative axis: what lies on it takes the values from above, whatever the sign of
        // its zero, and a real matrix has no eigenvalues just below it but by rounding. Of two branches in one matrix the elements
        // between them would be differences of numbers that nearly cancel.
        let noise = match real && !triangle {
            true => noise(t, n),
            false => 0.0,
        };
        for i in 0..n {
            let d = t[i * n + i];
            if d.re().wide() < 0.0 && d.im().wide().abs() <= noise {
                t[i * n + i] = C::of(d.re(), Default::default());
            }
        }
        let f = match self {
            Function::Sqrt => root(t, n).ok_or_else(|| {
                Error::linalg(
                    "sqrtm",
                    "a singular matrix with this Jordan form has no square root",
                )
            })?,
            Function::Log if (0..n).any(|i| t[i * n + i] == C::default()) => {
                return Err(Error::linalg("logm", "Singular matrix")
                    .rule("no eigenvalue of a matrix with a logarithm is zero"));
            }
            Function::Log => logarithm(take(t), n)
                .ok_or_else(|| Error::linalg("logm", "the logarithm is not found"))?,
            Function::Sign => sign(t, n, triangle)?,
        };
        let mut left = vec![C::default(); n * n];
        let mut all = vec![C::default(); n * n];
        product(&mut left, columns(&q, n, n), columns(&f, n, n), n);
        let adjoint = columns(&q, n, n).adjoint();
        product(&mut all, columns(&left, n, n), adjoint, n);
        Ok(all)
    }
}

fn product<C: Scalar, R: faer::traits::Conjugate<Canonical = C>>(
    to: &mut [C],
    a: faer::MatRef<'_, C>,
    b: faer::MatRef<'_, R>,
    n: usize,
) {
    faer::linalg::matmul::matmul(
        faer::MatMut::from_column_major_slice_mut(to, n, n),
        faer::Accum::Replace,
        a,
        b,
        math::one::<C>(),
        faer::Par::Seq,
    );
}

/// The square root of an upper triangular column-major matrix (Björck & Hammarling 1983). None where there is none: of a zero on the
/// diagonal with something that needs its inverse.
fn root<C: Scalar>(t: &[C], n: usize) -> Option<Vec<C>> {
    let mut r = vec![C::default(); n * n];
    for j in 0..n {
        r[j * n + j] = math::sqrt(&t[j * n + j]);
        for i in (0..j).rev() {
            let mut x = t[j * n + i];
            for k in i + 1..j {
                x -= r[k * n + i] * r[j * n + k];
            }
            let sum = r[i * n + i] + r[j * n + j];
            r[j * n + i] = match (x == C::default(), sum == C::default()) {
                (true, true) => x,
                (false, true) => return None,
                _ => x * sum.inverse(),
            };
        }
    }
    Some(r)
}

/// How far the eigenvalues of a Schur form may be from those of the matrix by rounding alone.
fn noise<C: Scalar>(t: &[C], n: usize) -> f64 {
    let largest = (0..n).map(|i| t[i * n + i].modulus().wide());
    4.0 * n as f64 * <C as ComplexField>::Real::EPSILON * largest.fold(0.0, f64::max)
}

/// The sign of an upper triangular column-major matrix (Higham 2008, algorithm 5.5): `S² = I` gives the elements between equal signs,
/// `S T = T S` the others.
fn sign<C: Scalar>(t: &[C], n: usize, exact: bool) -> Result<Vec<C>> {
    let mut s = vec![C::default(); n * n];
    // eigenvalues that are zero but for rounding have no sign
    let noise = match exact {
        true => 0.0,
        false => noise(t, n),
    };
    for j in 0..n {
        let re = t[j * n + j].re().wide();
        if re.abs() <= noise {
            return Err(Error::linalg(
                "signm",
                "an eigenvalue lies on the imaginary axis, where the sign is undefined",
            ));
        }
        s[j * n + j] = C::of(
            <C as ComplexField>::Real::of(re.signum()),
            Default::default(),
        );
        for i in (0..j).rev() {
            let mut x = C::default();
            if s[i * n + i] == s[j * n + j] {
                for k in i + 1..j {
                    x -= s[k * n + i] * s[j * n + k];
                }
                s[j * n + i] = x * (s[i * n + i] + s[j * n + j]).inverse();
            } else {
                x = t[j * n + i] * (s[i * n + i] - s[j * n + j]);
                for k in i + 1..j {
                    x += s[k * n + i] * t[j * n + k] - t[k * n + i] * s[j * n + k];
                }
                s[j * n + i] = x * (t[i * n + i] - t[j * n + j]).inverse();
            }
        }
    }
    Ok(s)
}

/// Nodes and weights of Gauss and Legendre on [0, 1] with 12 points.
fn nodes() -> [(f64, f64); 12] {
    const HALF: [(f64, f64); 6] = [
        (0.125_233_408_511_468_9, 0.249_147_045_813_402_78),
        (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
        (0.587_317_954_286_617_4, 0.203_167_426_723_065_92),
        (0.769_902_674_194_304_7, 0.160_078_328_543_346_22),
        (0.904_117_256_370_474_9, 0.106_939_325_995_318_43),
        (0.981_560_634_246_719_2, 0.047_175_336_386_511_83),
    ];
    let mut all = [(0.0, 0.0); 12];
    for (k, (x, w)) in HALF.into_iter().enumerate() {
        all[2 * k] = (0.5 + 0.5 * x, 0.5 * w);
        all[2 * k + 1] = (0.5 - 0.5 * x, 0.5 * w);
    }
    all
}

/// The logarithm of an upper triangular column-major matrix by inverse scaling and squaring: square roots until it is near one,
/// then `log(I + X) = ∫ X (I + s X)⁻¹ ds` by a quadrature that is a Padé approximant (Higham 2008, section 11.5).
fn logarithm<C: Scalar>(mut t: Vec<C>, n: usize) -> Option<Vec<C>> {
    let real = |x: f64| C::of(<C as ComplexField>::Real::of(x), Default::default());
    let diagonal: Vec<C> = (0..n).map(|i| t[i * n + i]).collect();
    let distance = |t: &[C]| {
        let column = |j: usize| {
            (0..=j)
                .map(|i| {
                    let unit = if i == j {
                        math::one::<C>()
                    } else {
                        C::default()
                    };
                    (t[j * n + i] - unit).modulus().wide()
                })
                .sum::<f64>()
        };
        (0..n).map(column).fold(0.0, f64::max)
    };
    let mut roots = 0;
    while roots < 100 && distance(&t) > 0.25 {
        t = root(&t, n)?;
        roots += 1;
    }
    for i in 0..n {
        t[i * n + i] -= math::one::<C>();
    }
    let mut log = vec![C::default(); n * n];
    for (s, w) in nodes() {
        // (I + s X) Y = X, column by column from below
        for j in 0..n {
            let mut y: Vec<C> = t[j * n..j * n + j + 1].to_vec();
            for i in (0..=j).rev() {
                let pivot = math::one::<C>() + real(s) * t[i * n + i];
                y[i] *= pivot.inverse();
                let known = y[i];
                for k in 0..i {
                    y[k] -= real(s) * t[i * n + k] * known;
                }
            }
            for (i, y) in y.into_iter().enumerate() {
                log[j * n + i] += real(w) * y;
            }
        }
    }
    let scale = real(2f64.powi(roots));
    log.iter_mut().for_each(|x| *x *= scale);
    // the diagonal is known exactly
    for (i, d) in diagonal.into_iter().enumerate() {
        let size = d.modulus().wide();
        let angle = d.im().wide().atan2(d.re().wide());
        log[i * n + i] = C::of(
            <C as ComplexField>::Real::of(size.ln()),
            <C as ComplexField>::Real::of(angle),
        );
    }
    Some(log)
}

impl Primitive for MatrixFunction {
    fn name(&self) -> &'static str {
        self.function.op()
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype(self.function.op(), [x[0].dtype])?;
        squares(self.function.op(), &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&x[0].shape, dtype.to_complex())))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = self.frechet(&x[0], some(t, 0)?)?;
        Ok(one_tangent(Some(moved)))
    }
    /// The adjoint of the derivative at `A` is the derivative at `Aᴴ`.
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let back = self.frechet(&adjoint(&x[0])?, some(g, 0)?)?;
        Ok(one_gradient(back))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

impl MatrixFunction {
    /// The derivative at `A` along `E` is the upper right block of `f([[A, E], [0, A]])` (Mathias 1996).
    fn frechet(&self, a: &Raw, e: &Raw) -> Result<Raw> {
        let n = a.shape()[a.rank() - 1];
        let zero = Raw::zeros(&[], a.dtype())?.broadcast_to(a.shape())?;
        let above = Raw::concatenate(&[a, e], -1)?;
        let below = Raw::concatenate(&[&zero, a], -1)?;
        let both = bind_one(self, &[&Raw::concatenate(&[&above, &below], -2)?])?;
        both.narrow(-2, 0, n)?.narrow(-1, n, n)
    }
}

fn of(function: Function, a: &Raw) -> Result<Raw> {
    let this = MatrixFunction { function };
    let dtype = compute_dtype(this.function.op(), [a.dtype()])?.to_complex();
    bind_one(&this, &[&a.cast(dtype)?])
}

/// The principal square root, complex. SciPy's `linalg.sqrtm`, which returns a real matrix where the root is real.
///
/// # Errors
/// When a matrix is not square, an element is not finite, there is no linear algebra of the dtype, or a singular matrix has no square root
/// (`[[0, 1], [0, 0]]`).
pub fn sqrtm(a: &Raw) -> Result<Raw> {
    of(Function::Sqrt, a)
}

/// The principal logarithm, complex. SciPy's `linalg.logm`, which returns a real matrix where the logarithm is real.
///
/// # Errors
/// When a matrix is not square or singular, an element is not finite, or there is no linear algebra of the dtype.
pub fn logm(a: &Raw) -> Result<Raw> {
    of(Function::Log, a)
}

/// The matrix sign function `a (a²)^(-1/2)`, complex: eigenvalues become 1 or -1 by their real part. SciPy's `linalg.signm`, which returns
/// a real matrix where the sign is real.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![2.0, 0.0, 0.0, -3.0], &[2, 2])?;
/// assert_eq!(civita_linalg::signm(&a)?.real()?.to_vec::<f64>()?, [1.0, 0.0, 0.0, -1.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`logm`], and when an eigenvalue lies on the imaginary axis, but for rounding.
pub fn signm(a: &Raw) -> Result<Raw> {
    of(Function::Sign, a)
}

/// The power `aᵖ = exp(p log a)`, principal and complex: by whole powers, square roots where `2 p` is whole, and the logarithm otherwise.
/// SciPy's `linalg.fractional_matrix_power`.
///
/// # Errors
/// As [`sqrtm`], and when the exponent is not finite, or negative and a matrix singular.
pub fn fractional_matrix_power(a: &Raw, p: f64) -> Result<Raw> {
    const OP: &str = "fractional_matrix_power";
    squares(OP, a.shape())?;
    let dtype = compute_dtype(OP, [a.dtype()])?.to_complex();
    let a = a.cast(dtype)?;
    if !p.is_finite() || p.abs() >= 9e18 {
        return Err(Error::value(OP, "the exponent must be finite"));
    }
    let whole = p.floor();
    let power = |n: f64| crate::products::matrix_power(&a, n as i64);
    match p - whole {
        0.0 => power(p),
        0.5 => power(whole)?.matmul(&sqrtm(&a)?),
        rest => {
            let part = match logm(&a) {
                // a zero among the eigenvalues stays one
                Err(e) if e.is_linalg() && p > 0.0 => {
                    let exponent = Value::Float(rest);
                    funm(&a, |w| Raw::apply(Op::Pow, &[w.into(), exponent.into()]))?
                }
                log => crate::expm::expm(&crate::ops::times(&log?, rest)?)?,
            };
            match whole {
                0.0 => Ok(part),
                _ => power(whole)?.matmul(&part),
            }
        }
    }
}

/// `F` with `F T = T F` for an upper triangular `T` and the diagonal of `F`: Parlett's recurrence.
#[derive(Clone, Debug)]
struct Parlett;

impl HostKernel for Parlett {
    fn name(&self) -> &'static str {
        "funm"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        match x[0].dtype() {
            civita_core::dtype::DType::C64 => parlett::<num_complex::Complex<f32>>(x, out),
            _ => parlett::<num_complex::Complex<f64>>(x, out),
        }
    }
}

fn parlett<C: Scalar<Complex = C>>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("funm", x[0].shape())?;
    let batch = count(batch);
    let results = parts(out[0].elements::<C>()?, batch, n * n);
    each(batch, n * n * n + 100, results, Vec::<C>::new, |t, i, f| {
        t.resize(n * (n + 1), C::default());
        let (t, values) = t.split_at_mut(n * n);
        x[0].read(i * n * n, t)?;
        x[1].read(i * n, values)?;
        f.fill(C::default());
        for (i, &value) in values.iter().enumerate() {
            f[i * n + i] = value;
        }
        for p in 1..n {
            stop_if_told();
            for i in 0..n - p {
                let j = i + p;
                let mut x = t[i * n + j] * (f[j * n + j] - f[i * n + i]);
                for k in i + 1..j {
                    x += t[i * n + k] * f[k * n + j] - f[i * n + k] * t[k * n + j];
                }
                let gap = t[j * n + j] - t[i * n + i];
                f[i * n + j] = match gap == C::default() {
                    true => x,
                    false => x * gap.inverse(),
                };
            }
        }
        Ok(())
    })
}

impl Primitive for Parlett {
    fn name(&self) -> &'static str {
        "funm"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(x[0].clone()))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient("funm", "there is no derivative of funm")
            .hint("expm, logm, sqrtm and signm have one; of others, by `eig`"))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// A function of matrices, complex, by what it does to eigenvalues: `f` is given those of each matrix. SciPy's `linalg.funm`. By the Schur
/// form and Parlett's recurrence, which loses digits where eigenvalues are close to each other; it has no gradient.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![1.0, 1.0, 0.0, 2.0], &[2, 2])?;
/// let f = civita_linalg::funm(&a, |w| w.mul(w))?;
/// assert_eq!(f.real()?.to_vec::<f64>()?, [1.0, 3.0, 0.0, 4.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`sqrtm`], when `f` fails, and when its result has another shape.
pub fn funm(a: &Raw, f: impl FnOnce(&Raw) -> Result<Raw>) -> Result<Raw> {
    let dtype = compute_dtype("funm", [a.dtype()])?.to_complex();
    let (t, z) = crate::schur::schur(&a.cast(dtype)?)?;
    let w = t.diagonal(0, -2, -1)?;
    let values = f(&w)?;
    if values.shape() != w.shape() {
        return Err(Error::shape(
            "funm",
            "the function must return one value for each eigenvalue",
        )
        .shapes(&[w.shape(), values.shape()]));
    }
    let f = bind_one(&Parlett, &[&t, &values.cast(dtype)?])?;
    z.matmul(&f)?.matmul(&adjoint(&z)?)
}
