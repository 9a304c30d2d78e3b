//! The rows of distributions that `Generator` and `RandomState` both have: a name, the parameters, the distribution.

// what `#[pymethods]` writes inside a macro of ours looks like our own code to the lint
#![allow(unsafe_op_in_unsafe_fn)]

use civita_random as random;
use pyo3::prelude::*;

use super::arguments::{Parameter, size_of};
use super::draw::{Row, drawn_by_row};
use super::generator::Generator;
use super::legacy::RandomState;
use crate::create::Given;
use crate::error::Outcome;

macro_rules! rows {
    ($class:ident; $($(#[doc = $doc:literal])* $name:ident $text:tt ($($required:ident),* ; $($optional:ident = $default:literal),*) $distribution:ident;)*) => { $(
        #[pymethods]
        impl $class {
            $(#[doc = $doc])*
            #[pyo3(signature = ($($required,)* $($optional=Given(None),)* size=None), text_signature = $text)]
            fn $name(
                &self,
                py: Python<'_>,
                $($required: &Bound<'_, PyAny>,)*
                $($optional: Given<'_>,)*
                size: Option<&Bound<'_, PyAny>>,
            ) -> Outcome<Py<PyAny>> {
                let row = Row {
                    op: stringify!($name),
                    names: random::$distribution::PARAMETERS,
                    ranges: random::$distribution::RANGES,
                    make: |[$($required,)* $($optional,)*]| random::$distribution::new($($required,)* $($optional,)*),
                };
                let parameters = [$(Parameter::of($required)?,)* $(Parameter::or(&$optional, $default)?,)*];
                drawn_by_row(self, py, row, parameters, size_of(size)?)
            }
        }
    )* };
}

macro_rules! both {
    ($($rows:tt)*) => {
        rows! { Generator; $($rows)* }
        rows! { RandomState; $($rows)* }
    };
}

both! {
    /// Beta on [0, 1]: density proportional to `x^(a-1) (1-x)^(b-1)`.
    beta "($self, a, b, size=None)" (a, b;) Beta;
    /// Chi-square with `df` degrees of freedom.
    chisquare "($self, df, size=None)" (df;) ChiSquare;
    /// Exponential with mean `scale`.
    exponential "($self, scale=1.0, size=None)" (; scale = 1.0) Exponential;
    /// Fisher's F with `dfnum` and `dfden` degrees of freedom.
    f "($self, dfnum, dfden, size=None)" (dfnum, dfden;) F;
    /// Gamma: density proportional to `x^(shape-1) exp(-x / scale)`.
    gamma "($self, shape, scale=1.0, size=None)" (shape; scale = 1.0) Gamma;
    /// Trials until the first success of probability `p`.
    geometric "($self, p, size=None)" (p;) Geometric;
    /// Gumbel: distribution function `exp(-exp(-(x - loc) / scale))`.
    gumbel "($self, loc=0.0, scale=1.0, size=None)" (; loc = 0.0, scale = 1.0) Gumbel;
    /// Laplace: density `exp(-|x - loc| / scale) / (2 scale)`.
    laplace "($self, loc=0.0, scale=1.0, size=None)" (; loc = 0.0, scale = 1.0) Laplace;
    /// Logistic: distribution function `1 / (1 + exp(-(x - loc) / scale))`.
    logistic "($self, loc=0.0, scale=1.0, size=None)" (; loc = 0.0, scale = 1.0) Logistic;
    /// `exp` of a normal with mean `mean` and standard deviation `sigma`.
    lognormal "($self, mean=0.0, sigma=1.0, size=None)" (; mean = 0.0, sigma = 1.0) LogNormal;
    /// Logarithmic series: probabilities `-p^k / (k ln(1-p))`, `k = 1, 2, …`.
    logseries "($self, p, size=None)" (p;) LogSeries;
    /// Chi-square with `df` degrees of freedom and non-centrality `nonc`.
    noncentral_chisquare "($self, df, nonc, size=None)" (df, nonc;) NoncentralChiSquare;
    /// Fisher's F whose numerator has the non-centrality `nonc`.
    noncentral_f "($self, dfnum, dfden, nonc, size=None)" (dfnum, dfden, nonc;) NoncentralF;
    /// Normal with mean `loc` and standard deviation `scale`.
    normal "($self, loc=0.0, scale=1.0, size=None)" (; loc = 0.0, scale = 1.0) Normal;
    /// Pareto II (Lomax): density `a (1 + x)^(-a-1)`.
    pareto "($self, a, size=None)" (a;) Pareto;
    /// Poisson with mean `lam`: probabilities `lam^k exp(-lam) / k!`.
    poisson "($self, lam=1.0, size=None)" (; lam = 1.0) Poisson;
    /// Power function on [0, 1]: density `a x^(a-1)`.
    power "($self, a, size=None)" (a;) Power;
    /// Rayleigh: density `x / scale**2 exp(-x**2 / (2 scale**2))`.
    rayleigh "($self, scale=1.0, size=None)" (; scale = 1.0) Rayleigh;
    /// Cauchy at 0 of scale 1.
    standard_cauchy "($self, size=None)" (;) StandardCauchy;
    /// Student's t with `df` degrees of freedom.
    standard_t "($self, df, size=None)" (df;) StandardT;
    /// Von Mises on [-pi, pi]: density proportional to `exp(kappa cos(x - mu))`.
    vonmises "($self, mu, kappa, size=None)" (mu, kappa;) VonMises;
    /// Wald (inverse Gaussian) with this mean and scale.
    wald "($self, mean, scale, size=None)" (mean, scale;) Wald;
    /// Weibull of scale 1: density `a x^(a-1) exp(-x^a)`.
    weibull "($self, a, size=None)" (a;) Weibull;
    /// Zipf: probabilities proportional to `k^(-a)`, `k = 1, 2, …`.
    zipf "($self, a, size=None)" (a;) Zipf;
}

rows! { RandomState;
    /// Standard exponential, by inversion.
    standard_exponential "($self, size=None)" (;) StandardExponential;
    /// Gamma of scale 1.
    standard_gamma "($self, shape, size=None)" (shape;) StandardGamma;
    /// Standard normal, by the polar method.
    standard_normal "($self, size=None)" (;) StandardNormal;
    /// Uniform in [0, 1).
    random_sample "($self, size=None)" (;) StandardUniform;
    /// Uniform in [0, 1).
    random "($self, size=None)" (;) StandardUniform;
}
