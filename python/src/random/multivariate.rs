//! Draws of vectors.

use civita_core::dtype::{DType, Kind, Scalar};
use civita_core::error::{Error, Result};
use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::Reduction;
use civita_core::raw::{Raw, ReduceOptions};
use civita_core::threads::stop_if_told;
use civita_core::transform::check_draw;
use civita_random::{
    self as random, Beta, BitGenerator, Covariance, Dirichlet, Factor, Multinomial,
    MultivariateHypergeometric, Range, StandardGamma, StandardNormal, Urn, Wishart, kahan_sum,
};
use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;

use super::arguments::{Whole, result_shape, size_of};
use super::draw::{PART, Source, array, parts_of_rows};
use super::generator::Generator;
use super::implicit::implicit;
use super::legacy::{RandomState, Run};
use super::order::vectors;
use super::path::refuse;
use super::slopes::Family;
use crate::array::{Array, wrap};
use crate::convert::array_of;
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::gil;

/// An array of real numbers as `float64`, by which no derivative is taken.
fn constant(op: &'static str, name: &str, ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let raw = real(name, ob)?;
    refuse(op, &raw)?;
    Ok(raw)
}

/// An array of real numbers as `float64`.
fn real(name: &str, ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let raw = array_of(ob, None)?;
    if raw.dtype().is_complex() {
        return Err(type_error(format!("{name} must not be complex")));
    }
    Ok(raw.cast(DType::F64)?)
}

/// Probabilities, in rows along the last axis; the sum of all but the last of a row is at most 1.
fn probabilities(pvals: &Bound<'_, PyAny>) -> Outcome<(Raw, Vec<f64>, usize)> {
    let narrow = array_of(pvals, None)?.dtype();
    let raw = constant("multinomial", "pvals", pvals)?;
    let d = raw.shape().last().copied().unwrap_or(0);
    let all: Vec<f64> = raw.to_vec()?;
    Range::Unit.check_all("pvals", &all)?;
    for row in all.chunks_exact(d.max(1)) {
        if kahan_sum(&row[..row.len() - 1]) > 1.0 + 1e-12 {
            let slice = if raw.rank() == 1 {
                "[:-1]"
            } else {
                "[...,:-1]"
            };
            let rounded =
                narrow.is_float() && narrow != DType::F64 && row.iter().sum::<f64>() < 1.0001;
            return Err(value_error(if rounded {
                format!(
                    "sum(pvals{slice}.astype(np.float64)) > 1.0. The pvals array is cast to 64-bit floating point prior to checking the sum. Precision changes when casting may cause problems even if the sum of the original pvals is valid."
                )
            } else {
                format!("sum(pvals{slice}) > 1.0")
            }));
        }
    }
    Ok((raw, all, d))
}

/// `Generator.multinomial`: `n` and the rows of `pvals` broadcast.
pub fn multinomial(
    source: &Generator,
    py: Python<'_>,
    n: &Bound<'_, PyAny>,
    pvals: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    check_draw("multinomial")?;
    let n = Whole::of(n)?;
    let (raw, all, d) = probabilities(pvals)?;
    if d == 0 {
        return Err(value_error(
            "pvals must have at least 1 dimension and the last dimension of pvals must be greater than 0.",
        ));
    }
    if !n.is_natural(py)? {
        return Err(value_error("n < 0"));
    }
    let rows = all
        .chunks_exact(d)
        .map(|row| Multinomial::new(row.to_vec()))
        .collect::<random::Result<Vec<_>>>()?;
    let lead = &raw.shape()[..raw.rank() - 1];
    let mut shape = match size_of(size)? {
        Some(size) if lead.is_empty() && n.shape().is_empty() => size,
        size => result_shape(size, &[n.shape(), lead])?,
    };
    let mut n = n.along(&shape)?;
    let places = Raw::from_vec((0..rows.len() as i64).collect(), lead)?;
    let places: Vec<i64> = if lead.is_empty() {
        vec![0]
    } else {
        places.broadcast_to(&shape)?.to_vec()?
    };
    shape.push(d);
    array(py, &shape, |out: &mut [i64]| {
        source.with_watched(py, out.len(), |bits| {
            for (first, part) in parts_of_rows(out, d) {
                part.fill(0);
                for (i, counts) in (first..).zip(part.chunks_exact_mut(d)) {
                    let row = places[if places.len() == 1 { 0 } else { i }] as usize;
                    rows[row].draw(bits, n.at(i)?, counts);
                }
            }
            Ok(())
        })
    })
}

/// `RandomState.multinomial`.
pub fn legacy_multinomial(
    source: &RandomState,
    py: Python<'_>,
    n: i64,
    pvals: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    check_draw("multinomial")?;
    let (raw, all, d) = probabilities(pvals)?;
    if raw.rank() != 1 {
        return Err(if raw.rank() == 0 {
            type_error("pvals must be a 1-d sequence")
        } else {
            value_error("object too deep for desired array")
        });
    }
    if n < 0 {
        return Err(value_error("n < 0"));
    }
    let shape = vectors(size, d)?;
    if d == 0 {
        return array(py, &shape, |_: &mut [i64]| Ok(()));
    }
    let multinomial = Multinomial::new(all)?;
    array(py, &shape, |out: &mut [i64]| {
        source.with_watched(py, out.len(), |bits| {
            for (_, part) in parts_of_rows(out, d) {
                part.fill(0);
                for counts in part.chunks_exact_mut(d) {
                    multinomial.draw(bits, n, counts);
                }
            }
            Ok(())
        })
    })
}

/// The concentrations: one axis.
fn concentrations(alpha: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let raw = real("alpha", alpha)?;
    match raw.rank() {
        1 => Ok(raw),
        0 => Err(type_error(
            "object of type 'float' has no len(): alpha is a sequence",
        )),
        _ => Err(value_error("object too deep for desired array")),
    }
}

/// `Generator.dirichlet`.
pub fn dirichlet(
    source: &Generator,
    py: Python<'_>,
    alpha: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    check_draw("dirichlet")?;
    let concentrations = concentrations(alpha)?;
    let alpha: Vec<f64> = concentrations.to_vec()?;
    let d = alpha.len();
    let dirichlet = Dirichlet::new(alpha.clone())?;
    if concentrations.is_differentiated() {
        // as `Dirichlet` draws
        return match d > 0 && alpha.iter().all(|&a| a < 0.1) {
            true => broken_stick(source, py, &concentrations, size),
            false => normalised(source, py, &concentrations, size),
        };
    }
    array(py, &vectors(size, d)?, |out: &mut [f64]| {
        source.with_watched(py, out.len(), |bits| {
            for (_, part) in parts_of_rows(out, d) {
                part.fill(0.0);
                for row in part.chunks_exact_mut(d.max(1)) {
                    dirichlet.draw(bits, row);
                }
            }
            Ok(())
        })
    })
}

/// Dirichlet draws by concentrations that a derivative is taken by: gammas over their sum.
fn normalised<S: Source>(
    source: &S,
    py: Python<'_>,
    alpha: &Raw,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let (values, d) = (alpha.to_vec::<f64>()?, alpha.len());
    let drawn = Raw::written_by::<f64, Fault>(&vectors(size, d)?, |out| {
        source.fill_each(py, out, |i| Ok(StandardGamma::new(values[i % d])?))
    })?;
    let drawn = gil::work(py, drawn.len(), || -> Result<Raw> {
        let gammas = implicit(Family::Gamma, std::slice::from_ref(alpha), &drawn)?;
        let options = ReduceOptions {
            axes: Axes::List(&[-1]),
            keepdims: KeepDims::Yes,
            ..Default::default()
        };
        gammas.mul(&gammas.reduce(Reduction::Sum, options)?.reciprocal()?)
    })?;
    wrap(py, drawn)
}

/// As [`normalised`], of concentrations so small that gammas would vanish: each part is a beta times what the parts before have left.
fn broken_stick(
    source: &Generator,
    py: Python<'_>,
    alpha: &Raw,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let (values, d) = (alpha.to_vec::<f64>()?, alpha.len());
    if values.contains(&0.0) {
        return Err(value_error(
            "dirichlet has no derivative by a concentration of 0",
        ));
    }
    let last = Axes::List(&[-1]);
    let sums = alpha.flip(last)?.cumsum(Some(0), None)?.flip(last)?;
    let betas = [alpha.narrow(0, 0, d - 1)?, sums.narrow(0, 1, d - 1)?];
    let rests: Vec<f64> = betas[1].to_vec()?;
    let shape = vectors(size, d)?;
    let drawn = Raw::written_by::<f64, Fault>(&vectors(size, d - 1)?, |out| {
        source.fill_each(py, out, |i| {
            let i = i % (d - 1);
            Ok(Beta::new(values[i], rests[i])?)
        })
    })?;
    let drawn = gil::work(py, drawn.len(), || -> Result<Raw> {
        let parts = implicit(Family::Beta, &betas, &drawn)?;
        let mut one = shape.clone();
        one[shape.len() - 1] = 1;
        let one = Raw::ones(&one, DType::F64)?;
        let left = one.sub(&parts)?.cumprod(Some(-1), None)?;
        let before = Raw::concatenate(&[&one, &left], -1)?;
        Raw::concatenate(&[&parts, &one], -1)?.mul(&before)
    })?;
    wrap(py, drawn)
}

struct LegacyDirichlet<'a>(&'a Dirichlet, &'a mut [f64], usize);

impl Run<Outcome<()>> for LegacyDirichlet<'_> {
    fn run<B: BitGenerator>(self, state: &mut random::RandomState<B>) -> Outcome<()> {
        for (_, part) in parts_of_rows(self.1, self.2) {
            for row in part.chunks_exact_mut(self.2.max(1)) {
                self.0.legacy_draw(state, row);
            }
        }
        Ok(())
    }
}

/// `RandomState.dirichlet`.
pub fn legacy_dirichlet(
    source: &RandomState,
    py: Python<'_>,
    alpha: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    check_draw("dirichlet")?;
    let concentrations = concentrations(alpha)?;
    let d = concentrations.len();
    let dirichlet = Dirichlet::legacy(concentrations.to_vec()?)?;
    if concentrations.is_differentiated() {
        return normalised(source, py, &concentrations, size);
    }
    array(py, &vectors(size, d)?, |out: &mut [f64]| {
        source.with_state(py, out.len(), LegacyDirichlet(&dirichlet, out, d))
    })
}

/// `Generator.multivariate_hypergeometric`.
pub fn multivariate_hypergeometric(
    source: &Generator,
    py: Python<'_>,
    colors: &Bound<'_, PyAny>,
    nsample: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
    method: &str,
) -> Outcome<Py<PyAny>> {
    check_draw("multivariate_hypergeometric")?;
    let urn = match method {
        "count" => Urn::Count,
        "marginals" => Urn::Marginals,
        _ => return Err(value_error("method must be \"count\" or \"marginals\".")),
    };
    let Some(nsample) = super::order::count(nsample)? else {
        return Err(value_error("nsample must be an integer"));
    };
    let bad = || {
        value_error(format!(
            "colors must be a one-dimensional sequence of nonnegative integers not exceeding {}.",
            i64::MAX
        ))
    };
    let raw = array_of(colors, None).map_err(|_| bad())?;
    let whole = matches!(raw.dtype().kind(), Kind::Signed | Kind::Unsigned);
    if raw.rank() != 1 || !(whole || raw.is_empty()) {
        return Err(bad());
    }
    if raw.dtype() == DType::U64 && raw.to_vec::<u64>()?.iter().any(|&n| n > i64::MAX as u64) {
        return Err(bad());
    }
    let colors: Vec<i64> = raw.cast(DType::I64)?.to_vec()?;
    let d = colors.len();
    let mut it = MultivariateHypergeometric::new(colors, nsample, urn)?;
    array(py, &vectors(size, d)?, |out: &mut [i64]| {
        // by counts each item of a sample is a draw
        let draws = match urn {
            Urn::Count => (out.len() / d.max(1)).saturating_mul(nsample as usize),
            Urn::Marginals => 0,
        };
        source.with_watched(py, draws.max(out.len()), |bits| {
            for (_, part) in parts_of_rows(out, d) {
                part.fill(0);
                for counts in part.chunks_exact_mut(d.max(1)) {
                    it.draw(bits, counts);
                }
            }
            Ok(())
        })
    })
}

/// How the covariance of `multivariate_normal` is checked and factored.
pub struct Normal<'a> {
    pub check_valid: &'a str,
    pub tol: f64,
    pub method: &'a str,
}

/// `multivariate_normal`, of both interfaces.
pub fn multivariate_normal<S: Source>(
    source: &S,
    py: Python<'_>,
    mean: &Bound<'_, PyAny>,
    cov: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
    how: Normal<'_>,
) -> Outcome<Py<PyAny>> {
    check_draw("multivariate_normal")?;
    let by = match how.method {
        "svd" => Factor::Svd,
        "eigh" => Factor::Eigh,
        "cholesky" => Factor::Cholesky,
        _ => {
            return Err(value_error(
                "method must be one of {'eigh', 'svd', 'cholesky'}",
            ));
        }
    };
    let mean = real("mean and cov", mean)?;
    let cov = real("mean and cov", cov)?;
    if mean.rank() != 1 {
        return Err(value_error("mean must be 1 dimensional"));
    }
    if cov.rank() != 2 || cov.shape()[0] != cov.shape()[1] {
        return Err(value_error("cov must be 2 dimensional and square"));
    }
    if mean.len() != cov.shape()[0] {
        return Err(value_error("mean and cov must have same length"));
    }
    let n = mean.len();
    if n == 0 {
        return Err(value_error(
            "cannot reshape array of size 0 into shape (0): mean and cov are empty",
        ));
    }
    // where a derivative is taken the mean is added to draws about 0
    let moving = cov.is_differentiated().then(|| cov.clone());
    let tracked = (mean.is_differentiated() || moving.is_some()).then(|| mean.clone());
    let (mean, cov): (Vec<f64>, Vec<f64>) = match &tracked {
        Some(_) => (vec![0.0; n], cov.to_vec()?),
        None => (mean.to_vec()?, cov.to_vec()?),
    };
    let shape = vectors(size, n)?;
    // NumPy draws before it looks at the covariance
    let drawn =
        Raw::written_by::<f64, Fault>(&shape, |out| source.fill(py, &StandardNormal {}, out))?;
    let covariance = gil::work(py, n.saturating_pow(3), || -> Outcome<_> {
        Ok(Covariance::new_pausing(
            &cov,
            n,
            by,
            how.tol,
            &mut stop_if_told,
        ))
    })?;
    let covariance = match covariance {
        Ok(covariance) => covariance,
        Err(error) => {
            let class = crate::error::linalg_error(py)?.bind(py);
            return Err(PyErr::from_value(class.call1((error.to_string(),))?).into());
        }
    };
    if how.check_valid != "ignore" && by != Factor::Cholesky {
        if how.check_valid != "warn" && how.check_valid != "raise" {
            return Err(value_error(
                "check_valid must equal 'warn', 'raise', or 'ignore'",
            ));
        }
        if !covariance.is_positive() {
            const TEXT: &str = "covariance is not symmetric positive-semidefinite.";
            if how.check_valid == "raise" {
                return Err(value_error(TEXT));
            }
            py.import("warnings")?
                .call_method1("warn", (TEXT, py.get_type::<PyRuntimeWarning>()))?;
        }
    }
    let drawn = Raw::written_by::<f64, Fault>(&shape, |out| {
        out.copy_from_slice(drawn.as_slice()?);
        gil::work(py, out.len().saturating_mul(n), || {
            // each element is a sum of n products
            let rows = (PART / n.saturating_mul(n).max(1)).max(1);
            for part in out.chunks_mut(rows * n.max(1)) {
                stop_if_told();
                covariance.apply(&mean, part);
            }
            Ok(())
        })
    })?;
    let drawn = match moving {
        Some(cov) => gil::work(py, drawn.len().saturating_mul(n), || {
            stretched(&drawn, &cov)
        })?,
        None => drawn,
    };
    match tracked {
        Some(mean) => wrap(py, mean.add(&drawn)?),
        None => wrap(py, drawn),
    }
}

/// Draws about 0 as a function of their covariance `L Lᵀ`: `x = x₀ + (L - L₀) L₀⁻¹ x₀`, which moves by the Cholesky factor `L` whatever
/// factor made `x₀`, and is `x₀` to the bit.
#[cfg(feature = "linalg")]
fn stretched(drawn: &Raw, cov: &Raw) -> Result<Raw> {
    use civita_linalg::{Triangle, Uplo, cholesky, solve_triangular};

    let n = cov.shape()[0];
    let factor = cholesky(cov, Uplo::Lower).map_err(|error| match error.is_linalg() {
        true => Error::gradient(
            "multivariate_normal",
            "a derivative is taken by a covariance that is not positive definite",
        )
        .rule("it goes through the Cholesky factor"),
        false => error,
    })?;
    let still = factor.detach();
    let columns = drawn.reshape(&[drawn.len() / n, n])?.transpose()?;
    let noise = solve_triangular(&still, &columns, Triangle::Lower)?;
    let moved = factor.sub(&still)?.matmul(&noise)?;
    drawn.add(&moved.transpose()?.reshape(drawn.shape())?)
}

#[cfg(not(feature = "linalg"))]
fn stretched(_: &Raw, _: &Raw) -> Result<Raw> {
    Err(Error::gradient(
        "multivariate_normal",
        "a derivative is taken by a covariance",
    )
    .rule("it goes through the Cholesky factor, which this build lacks: it has no linear algebra"))
}

/// `Generator.wishart`.
pub fn wishart(
    source: &Generator,
    py: Python<'_>,
    df: &Bound<'_, PyAny>,
    scale: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    check_draw("wishart")?;
    let degrees = match df.is_instance_of::<Array>() {
        true => real("df", df)?,
        false => Raw::scalar(Scalar::Float(df.extract()?), DType::F64)?,
    };
    if degrees.rank() != 0 {
        return Err(type_error("df must be a number"));
    }
    let raw = real("scale", scale)?;
    // a number is the scale of one row, a vector a diagonal: SciPy's rule
    let square = match *raw.shape() {
        [] => raw.reshape(&[1, 1])?,
        [n] => Raw::eye(n, n, 0, DType::F64)?.mul(&raw)?,
        [m, n] if m == n => raw.clone(),
        _ => {
            return Err(value_error(format!(
                "scale must be a number, a vector or a square matrix, not of shape {}",
                civita_core::error::shape_text(raw.shape())
            )));
        }
    };
    let n = square.shape()[0];
    let wishart = Wishart::new(degrees.item()?.as_f64(), &square.to_vec::<f64>()?, n)?;
    let mut shape = size_of(size)?.unwrap_or_default();
    shape.extend([n, n]);
    let drawn = Raw::written_by::<f64, Fault>(&shape, |out| {
        source.with_watched(py, out.len(), |bits| {
            wishart.fill_pausing(bits, out, &mut stop_if_told);
            Ok(())
        })
    })?;
    if !degrees.is_differentiated() && !square.is_differentiated() {
        return wrap(py, drawn);
    }
    let work = drawn.len().saturating_mul(n);
    wrap(
        py,
        gil::work(py, work, || spread(&drawn, &degrees, &square))?,
    )
}

/// Wishart draws as a function of degrees of freedom and scale: of `L A Aᵀ Lᵀ` (Bartlett's decomposition) the Cholesky factor `L` of the scale
/// moves, and the diagonal of `A`, whose squares are χ². The bits are those of the draw.
#[cfg(feature = "linalg")]
fn spread(drawn: &Raw, df: &Raw, scale: &Raw) -> Result<Raw> {
    use civita_linalg::{Triangle, Uplo, cholesky, solve_triangular};

    let n = scale.shape()[0];
    let matrices = drawn.reshape(&[drawn.len() / (n * n), n, n])?;
    let root = cholesky(&matrices, Uplo::Lower).map_err(|error| match error.is_linalg() {
        true => Error::gradient(
            "wishart",
            "a derivative is taken by draws that are singular",
        ),
        false => error,
    })?;
    let factor = cholesky(scale, Uplo::Lower)?;
    let still = factor.detach().broadcast_to(matrices.shape())?;
    let inner = solve_triangular(&still, &root, Triangle::Lower)?;
    let unit = Raw::eye(n, n, 0, DType::F64)?;
    let options = ReduceOptions {
        axes: Axes::List(&[-1]),
        ..Default::default()
    };
    let diagonal = inner.mul(&unit)?.reduce(Reduction::Sum, options)?;
    let half = Raw::full(&[], Scalar::Float(0.5), DType::F64)?;
    let place = Raw::from_vec((0..n).map(|i| i as f64).collect(), &[n])?;
    let shapes = df.sub(&place)?.mul(&half)?;
    let gammas = diagonal.mul(&diagonal)?.mul(&half)?;
    let moved = implicit(Family::Gamma, &[shapes], &gammas)?
        .div(&half)?
        .sqrt()?;
    let change = moved.sub(&moved.detach())?.expand_dims(&[-1])?.mul(&unit)?;
    let factor = factor.matmul(&inner.add(&change)?)?;
    let product = factor.matmul(&factor.swap_axes(-2, -1)?)?;
    let change = product.sub(&product.detach())?;
    drawn.add(&change.reshape(drawn.shape())?)
}

#[cfg(not(feature = "linalg"))]
fn spread(_: &Raw, _: &Raw, _: &Raw) -> Result<Raw> {
    Err(
        Error::gradient("wishart", "a derivative is taken by a parameter").rule(
            "it goes through Cholesky factors, which this build lacks: it has no linear algebra",
        ),
    )
}
