//! Draws by parameters that a derivative is taken by: PyTorch's `rsample`.
//!
//! ```text
//! w = draws of the same distribution with the neutral parameters (location 0, scale 1), the same bits of the generator
//! x = f(w, parameters), by operations, so that derivatives of every order and mode are those of f
//! ```
//!
//! Of a location and a scale `x` has the bits that the draw without derivatives has; where `f` is a power or an exponential the last
//! bits may differ. Gammas, betas, t, F (non-central ones and χ² too), Wald and von Mises draws, and what is made of them, have implicit derivatives instead (`implicit`).
//! Distributions without either refuse: a constant would be a wrong derivative in silence.

use civita_core::dtype::{DType, Element, Scalar};
use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use civita_core::transform::check_draw;
use civita_random::LegacyDistribution;
use pyo3::prelude::*;

use super::arguments::{Along, Parameter, result_shape};
use super::draw::{Row, Source};
use super::implicit::implicit;
use super::slopes::Family;
use crate::array::wrap;
use crate::error::{Fault, Outcome};
use crate::gil;

/// How parameters act on neutral draws.
pub struct Path {
    /// The neutral value of each parameter; none where the draws are made with its own.
    neutral: &'static [Option<f64>],
    apply: fn(&Raw, &[Raw]) -> Result<Raw>,
}

fn gamma(shape: &Raw, w: &Raw) -> Result<Raw> {
    implicit(Family::Gamma, std::slice::from_ref(shape), w)
}

fn shifted(w: &Raw, p: &[Raw]) -> Result<Raw> {
    p[0].add(&p[1].mul(w)?)
}

/// The path of a distribution that has one.
fn path(op: &str) -> Option<Path> {
    let shift = Path {
        neutral: &[Some(0.0), Some(1.0)],
        apply: shifted,
    };
    let by = |neutral, apply| Some(Path { neutral, apply });
    match op {
        "normal" | "laplace" | "logistic" | "gumbel" => Some(shift),
        "exponential" | "rayleigh" => by(&[Some(1.0)], |w, p| p[0].mul(w)),
        "gamma" => by(&[None, Some(1.0)], |w, p| p[1].mul(&gamma(&p[0], w)?)),
        "standard_gamma" => by(&[None], |w, p| gamma(&p[0], w)),
        "chisquare" => by(&[None], |w, p| {
            let half = Raw::full(&[], Scalar::Float(0.5), DType::F64)?;
            gamma(&p[0].mul(&half)?, &w.mul(&half)?)?.div(&half)
        }),
        "beta" => by(&[None, None], |w, p| implicit(Family::Beta, p, w)),
        "standard_t" => by(&[None], |w, p| implicit(Family::StandardT, p, w)),
        "f" => by(&[None, None], |w, p| implicit(Family::F, p, w)),
        "wald" => by(&[None, None], |w, p| implicit(Family::Wald, p, w)),
        "vonmises" => by(&[None, None], |w, p| implicit(Family::VonMises, p, w)),
        "noncentral_chisquare" => by(&[None, None], |w, p| {
            implicit(Family::NoncentralChiSquare, p, w)
        }),
        "noncentral_f" => by(&[None; 3], |w, p| implicit(Family::NoncentralF, p, w)),
        "uniform" => by(&[Some(0.0), Some(1.0)], |w, p| {
            p[0].add(&p[1].sub(&p[0])?.mul(w)?)
        }),
        "lognormal" => by(&[Some(0.0), Some(1.0)], |w, p| shifted(&w.log()?, p)?.exp()),
        "pareto" => by(&[Some(1.0)], |w, p| w.log1p()?.div(&p[0])?.expm1()),
        "power" => by(&[Some(1.0)], |w, p| w.pow(&p[0].reciprocal()?)),
        "weibull" => by(&[Some(1.0)], |w, p| {
            // of the shape 0 all are 0
            let zero = Raw::zeros(&[], DType::F64)?;
            let one = Raw::ones(&[], DType::F64)?;
            let none = p[0].detach().eq(&zero)?;
            let power = none.choose(&one, &p[0])?.reciprocal()?;
            none.choose(&zero, &w.pow(&power)?)
        }),
        // of the triangle from 0 to 1 with its top at 0: 1 - sqrt(1 - u) for a uniform u
        "triangular" => by(&[Some(0.0), Some(0.0), Some(1.0)], |w, p| {
            let [left, mode, right] = [&p[0], &p[1], &p[2]];
            let one = Raw::ones(&[], DType::F64)?;
            let rest = one.sub(w)?;
            let (u, rest) = (w.mul(&one.add(&rest)?)?, rest.mul(&rest)?);
            let (base, first) = (right.sub(left)?, mode.sub(left)?);
            let below = u.le(&first.div(&base)?.detach())?;
            let low = left.add(&u.mul(&first.mul(&base)?)?.sqrt()?)?;
            let high = right.sub(&rest.mul(&right.sub(mode)?.mul(&base)?)?.sqrt()?)?;
            below.choose(&low, &high)
        }),
        _ => None,
    }
}

#[cold]
fn without(op: &'static str) -> Fault {
    Error::gradient(op, "a derivative is taken by a parameter of draws that have none")
        .rule(
            "draws of `normal`, `uniform`, `exponential`, `gamma`, `beta`, `chisquare`, `dirichlet`, `f`, `gumbel`, `laplace`, `logistic`, \
             `lognormal`, `multivariate_normal`, `noncentral_chisquare`, `noncentral_f`, `pareto`, `power`, `rayleigh`, `standard_t`, `triangular`, \
             `vonmises`, `wald`, `weibull` and `wishart` are \
             differentiable by their parameters",
        )
        .hint("`parameter.detach()` draws by its value")
        .into()
}

/// Refuses a parameter that a derivative is taken by.
pub fn refuse(op: &'static str, parameter: &Raw) -> Outcome<()> {
    match parameter.is_differentiated() {
        true => Err(without(op)),
        false => Ok(()),
    }
}

/// Draws by a row with parameters of which some are differentiated.
pub fn drawn<S: Source, D, const P: usize>(
    source: &S,
    py: Python<'_>,
    row: &Row<D, P>,
    parameters: &[Parameter; P],
    size: Option<Vec<usize>>,
) -> Outcome<Py<PyAny>>
where
    D: LegacyDistribution,
    D::Value: Element,
{
    let Some(path) = path(row.op) else {
        return Err(without(row.op));
    };
    for ((parameter, name), range) in parameters.iter().zip(row.names).zip(row.ranges) {
        parameter.check(py, name, *range)?;
    }
    let shape = result_shape(size, &parameters.each_ref().map(Parameter::shape))?;
    check_draw("random")?;
    let mut along: [Along<f64>; P] = [const { Along::One(0.0) }; P];
    for (i, along) in along.iter_mut().enumerate() {
        *along = match path.neutral[i] {
            Some(neutral) => Along::One(neutral),
            None => parameters[i].along(&shape)?,
        };
    }
    let make = row.make;
    let neutral = Raw::written_by::<D::Value, Fault>(&shape, |out| {
        source.fill_each(py, out, move |i| {
            let mut values = [0.0; P];
            for (value, along) in values.iter_mut().zip(&mut along) {
                *value = along.at(i)?;
            }
            Ok(make(values)?)
        })
    })?;
    let tensors = parameters
        .iter()
        .map(Parameter::tensor)
        .collect::<Result<Vec<Raw>>>()?;
    let drawn = gil::work(py, neutral.len(), || (path.apply)(&neutral, &tensors))?;
    wrap(py, drawn)
}
