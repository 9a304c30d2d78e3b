//! The matrix exponential, and the functions that are made of it.

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

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares};
use crate::dense::Lu;
use crate::gemm::{Rows, View, add_product};
use crate::ops::{adjoint, times};
use crate::scalar::{Real, Scalar, for_dtype};

/// `exp(A)`.
#[derive(Clone, Debug)]
pub struct Expm;

impl HostKernel for Expm {
    fn name(&self) -> &'static str {
        "expm"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("expm", x[0].shape())?;
    let batch = count(batch);
    let results = parts(out[0].elements::<T>()?, batch, n * n);
    each(
        batch,
        20 * n * n * n + 1000,
        results,
        Vec::new,
        |heap, i, y| {
            heap.resize(n * n, T::default());
            x[0].read(i * n * n, heap)?;
            exponential(heap, n, y)
        },
    )
}

/// `a · b` of row-major square matrices.
fn product<T: Scalar>(a: &[T], b: &[T], n: usize) -> Result<Vec<T>> {
    let mut c = vec![T::default(); n * n];
    let [a, b] = [a, b].map(|x| View::row_major(x, n, n, n));
    add_product(&mut Rows::new(&mut c, n, n, n), a, b)?;
    Ok(c)
}

/// Padé approximants of order 3 to 13 and their largest 1-norm, for `f64` and for `f32` (Higham 2005, tables 2.3 and 2.1).
const WIDE: &[(usize, f64)] = &[
    (3, 1.495_585_217_958_292e-2),
    (5, 2.539_398_330_063_23e-1),
    (7, 9.504_178_996_162_932e-1),
    (9, 2.097_847_961_257_068),
    (13, 5.371_920_351_148_152),
];
const NARROW: &[(usize, f64)] = &[
    (3, 4.258_730_016_922_831e-1),
    (5, 1.880_152_677_804_762),
    (7, 3.925_724_783_138_66),
];

/// The coefficients of the approximant of order `m`: `c₀ = 1`, `cₖ₊₁ = cₖ (m - k) / ((2m - k) (k + 1))`.
fn coefficients(m: usize) -> Vec<f64> {
    let mut all = vec![1.0];
    for k in 0..m {
        let next = all[k] * (m - k) as f64 / ((2 * m - k) * (k + 1)) as f64;
        all.push(next);
    }
    all
}

/// Scaling and squaring (Higham 2005): `exp(A) = r(A / 2ˢ)^(2ˢ)`, where `r = (V - U)⁻¹ (V + U)` has an odd part `U` and an even
/// part `V`. Diagonal matrices by their elements; of triangular ones the diagonal is that of the elements at every step (Al-Mohy and
/// Higham 2009, section 2): scaled to the norm, small elements beside large ones would be lost.
fn exponential<T: Scalar>(a: &mut [T], n: usize, y: &mut [T]) -> Result<()> {
    let real = |x: f64| T::of(T::Real::of(x), T::Real::default());
    let norm = (0..n)
        .map(|j| (0..n).map(|i| a[i * n + j].modulus().wide()).sum::<f64>())
        .fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
    if a.iter().any(|x| !x.finite()) {
        y.fill(T::of(T::Real::of(f64::NAN), T::Real::default()));
        return Ok(());
    }
    let norm = norm.min(f64::MAX);
    let zeros = |keep: fn(usize, usize) -> bool| {
        let outside = (0..n * n).filter(|at| keep(at / n, at % n));
        outside.into_iter().all(|at| a[at] == T::default())
    };
    let (lower, upper) = (zeros(|i, j| i < j), zeros(|i, j| i > j));
    let diagonal: Vec<T> = (0..n).map(|i| a[i * n + i]).collect();
    if lower && upper {
        y.fill(T::default());
        for (i, &x) in diagonal.iter().enumerate() {
            y[i * n + i] = exp(x, 1.0);
        }
        return Ok(());
    }
    let table = if T::Real::EPSILON > 1e-10 {
        NARROW
    } else {
        WIDE
    };
    let (last, most) = table[table.len() - 1];
    let found = table.iter().find(|(_, most)| norm <= *most);
    let (order, squarings) = match found {
        Some(&(order, _)) => (order, 0),
        None => (last, (norm / most).log2().ceil().max(0.0) as i32),
    };
    if squarings > 0 {
        let scale = real((-f64::from(squarings)).exp2());
        a.iter_mut().for_each(|x| *x *= scale);
    }
    let c = coefficients(order);
    let a2 = product(a, a, n)?;
    let (mut odd, mut even) = (vec![T::default(); n * n], vec![T::default(); n * n]);
    for i in 0..n {
        odd[i * n + i] = real(c[1]);
        even[i * n + i] = real(c[0]);
    }
    let add = |to: &mut [T], power: &[T], factor: f64| {
        let factor = real(factor);
        to.iter_mut()
            .zip(power)
            .for_each(|(to, &x)| *to += factor * x);
    };
    if order == 13 {
        // with A⁶ taken out, three powers are enough
        let a4 = product(&a2, &a2, n)?;
        let a6 = product(&a2, &a4, n)?;
        let (mut high_odd, mut high_even) = (vec![T::default(); n * n], vec![T::default(); n * n]);
        for (k, power) in [(2, &a2), (4, &a4), (6, &a6)] {
            add(&mut odd, power, c[k + 1]);
            add(&mut even, power, c[k]);
            add(&mut high_odd, power, c[k + 7]);
            add(&mut high_even, power, c[k + 6]);
        }
        add(&mut odd, &product(&a6, &high_odd, n)?, 1.0);
        add(&mut even, &product(&a6, &high_even, n)?, 1.0);
    } else {
        let mut power = a2.clone();
        let mut k = 2;
        while k < order {
            add(&mut odd, &power, c[k + 1]);
            add(&mut even, &power, c[k]);
            k += 2;
            if k < order {
                power = product(&power, &a2, n)?;
            }
        }
    }
    let odd = product(a, &odd, n)?;
    let mut denominator: Vec<T> = even.iter().zip(&odd).map(|(&v, &u)| v - u).collect();
    y.iter_mut()
        .zip(even.iter().zip(&odd))
        .for_each(|(y, (&v, &u))| *y = v + u);
    if n > 0 {
        Lu::new(&mut denominator, n, n)?.solve(y, n)?;
    }
    let mut overflown = false;
    for step in (0..squarings).rev() {
        let mut square = match overflown {
            false => product(y, y, n)?,
            true => careful(y, n),
        };
        if !overflown && square.iter().any(|x| !x.finite()) {
            overflown = true;
            square = careful(y, n);
        }
        if lower || upper {
            let scale = (-f64::from(step)).exp2();
            for (i, &x) in diagonal.iter().enumerate() {
                square[i * n + i] = exp(x, scale);
            }
        }
        // infinity stays what it is
        let nan = |x: &T| x.re().wide().is_nan() || x.im().wide().is_nan();
        let same = |x: &T, y: &T| x == y || nan(x) && nan(y);
        let still = overflown && y.iter().zip(&square).all(|(x, y)| same(x, y));
        y.copy_from_slice(&square);
        if still && !(lower || upper) {
            break;
        }
    }
    Ok(())
}

/// `exp(s x)`; the imaginary part of a real number is zero, also where the real one is infinite.
fn exp<T: Scalar>(x: T, s: f64) -> T {
    let (size, angle) = ((s * x.re().wide()).exp(), s * x.im().wide());
    let (re, im) = match angle {
        0.0 => (size, angle),
        _ => (size * angle.cos(), size * angle.sin()),
    };
    T::of(T::Real::of(re), T::Real::of(im))
}

/// The square where elements are infinite: nothing times infinity is nothing, since a zero of a power of a matrix is structure.
fn careful<T: Scalar>(a: &[T], n: usize) -> Vec<T> {
    let none = |x: &T| *x == T::default();
    let times = |x: T, y: T| match x.im().wide() == 0.0 && y.im().wide() == 0.0 {
        true => T::of(x.re() * y.re(), T::Real::default()),
        false => x * y,
    };
    let mut square = vec![T::default(); n * n];
    for i in 0..n {
        stop_if_told();
        for k in 0..n {
            let x = a[i * n + k];
            if none(&x) {
                continue;
            }
            for j in 0..n {
                let y = a[k * n + j];
                if !none(&y) {
                    square[i * n + j] += times(x, y);
                }
            }
        }
    }
    square
}

impl Primitive for Expm {
    fn name(&self) -> &'static str {
        "expm"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("expm", [x[0].dtype])?;
        squares("expm", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&x[0].shape, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(Some(frechet(&x[0], some(t, 0)?)?)))
    }
    /// The adjoint of the derivative at `A` is the derivative at `Aᴴ`.
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        Ok(one_gradient(frechet(&adjoint(&x[0])?, some(g, 0)?)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The derivative at `A` along `E` is the upper right block of `exp([[A, E], [0, A]])` (Mathias 1996).
fn frechet(a: &Raw, e: &Raw) -> Result<Raw> {
    let n = a.shape()[a.rank() - 1];
    let zero = Raw::zeros(&[], a.dtype())?.broadcast_to(a.shape())?;
    let above = Raw::concatenate(&[a, e], -1)?;
    let below = Raw::concatenate(&[&zero, a], -1)?;
    let both = bind_one(&Expm, &[&Raw::concatenate(&[&above, &below], -2)?])?;
    both.narrow(-2, 0, n)?.narrow(-1, n, n)
}

/// The matrix exponential. SciPy's `linalg.expm`. Elements that overflow are infinite.
///
/// # Errors
/// When a matrix is not square, or there is no linear algebra of the dtype.
pub fn expm(a: &Raw) -> Result<Raw> {
    bind_one(&Expm, &[a])
}

/// The cosine and the sine, by the exponential of `i a`.
fn circular(op: &'static str, a: &Raw) -> Result<[Raw; 2]> {
    let dtype = compute_dtype(op, [a.dtype()])?;
    let by_i = |sign: f64| {
        let i = Value::Complex(num_complex::Complex::new(0.0, sign));
        Raw::apply(Op::Mul, &[(&a.cast(dtype)?).into(), i.into()])
    };
    let run = |x: Raw| expm(&x).map_err(|e| e.in_op(op));
    let up = run(by_i(1.0)?)?;
    // the one is the conjugate of the other where `a` is real
    if !dtype.is_complex() {
        return Ok([up.real()?, up.imag()?]);
    }
    let down = run(by_i(-1.0)?)?;
    let minus_half_i = Value::Complex(num_complex::Complex::new(0.0, -0.5));
    let difference = up.sub(&down)?;
    Ok([
        times(&up.add(&down)?, 0.5)?,
        Raw::apply(Op::Mul, &[(&difference).into(), minus_half_i.into()])?,
    ])
}

/// The hyperbolic cosine and sine.
fn hyperbolic(op: &'static str, a: &Raw) -> Result<[Raw; 2]> {
    let a = a.cast(compute_dtype(op, [a.dtype()])?)?;
    let run = |x: &Raw| expm(x).map_err(|e| e.in_op(op));
    let (up, down) = (run(&a)?, run(&a.neg()?)?);
    Ok([times(&up.add(&down)?, 0.5)?, times(&up.sub(&down)?, 0.5)?])
}

/// `cos⁻¹ sin`.
fn quotient(op: &'static str, [cos, sin]: [Raw; 2]) -> Result<Raw> {
    let there = |x: &Raw| -> Result<bool> {
        let options = civita_core::raw::ReduceOptions::default();
        let all = x.detach().isfinite()?;
        let all = all.reduce(civita_core::ops::Reduction::All, options)?;
        Ok(all.item()?.as_f64() != 0.0)
    };
    if cos.opaque().is_none() && (!there(&cos)? || !there(&sin)?) {
        return Err(Error::linalg(op, "the exponential of the matrix overflows"));
    }
    crate::systems::solve(&cos, &sin).map_err(|e| e.in_op(op))
}

macro_rules! trigonometric { ($($(#[doc = $doc:literal])* $name:ident = |$a:ident| $body:expr;)*) => { $(
    $(#[doc = $doc])*
    ///
    /// # Errors
    /// As [`expm`].
    pub fn $name($a: &Raw) -> Result<Raw> {
        $body
    }
)* } }
trigonometric! {
    /// The cosine of matrices. SciPy's `linalg.cosm`.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let a = Raw::from_vec(vec![0.0, 1.0, 0.0, 0.0], &[2, 2])?;
    /// assert_eq!(civita_linalg::cosm(&a)?.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    cosm = |a| circular("cosm", a).map(|[cos, _]| cos);
    /// The sine of matrices. SciPy's `linalg.sinm`.
    sinm = |a| circular("sinm", a).map(|[_, sin]| sin);
    /// The tangent of matrices, where the cosine is not singular. SciPy's `linalg.tanm`.
    tanm = |a| quotient("tanm", circular("tanm", a)?);
    /// The hyperbolic cosine of matrices. SciPy's `linalg.coshm`.
    coshm = |a| hyperbolic("coshm", a).map(|[cosh, _]| cosh);
    /// The hyperbolic sine of matrices. SciPy's `linalg.sinhm`.
    sinhm = |a| hyperbolic("sinhm", a).map(|[_, sinh]| sinh);
    /// The hyperbolic tangent of matrices, where the cosine is not singular. SciPy's `linalg.tanhm`.
    tanhm = |a| quotient("tanhm", hyperbolic("tanhm", a)?);
}
