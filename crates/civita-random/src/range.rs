//! Which values a parameter may have.

use crate::error::{Error, Result};

/// The range of a parameter, with NumPy's messages for what lies outside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any number.
    Any,
    /// Not below zero, not −0; NaN passes.
    NonNegative,
    /// Above zero; NaN passes.
    Positive,
    /// Above zero.
    PositiveNumber,
    /// In [0, 1].
    Unit,
    /// In (0, 1].
    UnitAboveZero,
    /// In [0, 1).
    UnitBelowOne,
    /// Above one.
    AboveOne,
    /// One at least.
    OneOrMore,
    /// The mean of Poisson draws, which must fit into 64 bits.
    PoissonMean,
}

/// The largest mean of Poisson draws: ten standard deviations below the largest integer.
pub const LARGEST_POISSON_MEAN: f64 = 9.223_372_006_484_771e18;

impl Range {
    /// Whether the range holds the value.
    #[inline]
    pub fn holds(self, x: f64) -> bool {
        match self {
            Range::Any => true,
            Range::NonNegative => x.is_nan() || x.is_sign_positive(),
            Range::Positive => x.is_nan() || x > 0.0,
            Range::PositiveNumber => x > 0.0,
            Range::Unit => (0.0..=1.0).contains(&x),
            Range::UnitAboveZero => x > 0.0 && x <= 1.0,
            Range::UnitBelowOne => (0.0..1.0).contains(&x),
            Range::AboveOne => x > 1.0,
            Range::OneOrMore => x >= 1.0,
            Range::PoissonMean => (0.0..=LARGEST_POISSON_MEAN).contains(&x),
        }
    }

    /// Checks one value.
    ///
    /// # Errors
    /// When the range does not hold it.
    #[inline]
    pub fn check(self, name: &str, x: f64) -> Result<()> {
        if self.holds(x) {
            Ok(())
        } else {
            Err(self.error(name, x, "is NaN"))
        }
    }

    /// Checks the values of an array.
    ///
    /// # Errors
    /// When the range does not hold one of them.
    pub fn check_all(self, name: &str, all: &[f64]) -> Result<()> {
        let outside = |x: &&f64| !self.holds(**x);
        let worst = match self {
            // which message it is depends on all values
            Range::PositiveNumber => all.iter().filter(outside).find(|x| x.is_nan()),
            Range::PoissonMean => all
                .iter()
                .filter(outside)
                .find(|&&x| !(x <= LARGEST_POISSON_MEAN)),
            _ => None,
        };
        match worst.or_else(|| all.iter().find(outside)) {
            None => Ok(()),
            Some(&x) => Err(self.error(name, x, "contains NaNs")),
        }
    }

    #[cold]
    fn error(self, name: &str, x: f64, nan: &str) -> Error {
        Error::value(match self {
            Range::Any => format!("{name} is out of range"),
            Range::NonNegative => format!("{name} < 0"),
            Range::PositiveNumber if x.is_nan() => format!("{name} must not be NaN"),
            Range::Positive | Range::PositiveNumber => format!("{name} <= 0"),
            Range::Unit => format!("{name} < 0, {name} > 1 or {name} {nan}"),
            // for one value too
            Range::UnitAboveZero => format!("{name} <= 0, {name} > 1 or {name} contains NaNs"),
            Range::UnitBelowOne => format!("{name} < 0, {name} >= 1 or {name} {nan}"),
            Range::AboveOne => format!("{name} <= 1 or {name} {nan}"),
            Range::OneOrMore => format!("{name} < 1 or {name} {nan}"),
            Range::PoissonMean if x > LARGEST_POISSON_MEAN || x.is_nan() && nan != "is NaN" => {
                format!("{name} value too large")
            }
            Range::PoissonMean => format!("{name} < 0 or {name} {nan}"),
        })
    }
}
