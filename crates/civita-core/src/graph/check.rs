//! Derivatives against finite differences.

use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::raw::Raw;
use crate::transform::vjp;

/// How near the two must be: `|a - b| ≤ absolute + relative · |b|`.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// The step of the differences.
    pub step: f64,
    /// Absolute part.
    pub absolute: f64,
    /// Relative part.
    pub relative: f64,
}

impl Default for Tolerance {
    /// For `f64`: the error of a central difference with a step of 1e-6 is near 1e-9.
    fn default() -> Tolerance {
        Tolerance {
            step: 1e-6,
            absolute: 1e-6,
            relative: 1e-4,
        }
    }
}

type F<'a> = &'a dyn Fn(&[Raw]) -> Result<Raw>;

/// Compares the gradients of `f` at `inputs` with central differences `(f(x + h) - f(x - h)) / 2h`, for a fixed random
/// weighting of the outputs. Inputs are `f64` or `complex128`; a complex input is moved along both axes.
///
/// # Errors
/// Names the input and the element whose derivative is wrong, with both values.
pub fn check_gradients(f: F<'_>, inputs: &[Raw], tolerance: Tolerance) -> Result<()> {
    for x in inputs {
        if !matches!(x.dtype(), DType::F64 | DType::C128) {
            return Err(Error::dtype(
                "check_gradients",
                format!("finite differences of {} are too imprecise", x.dtype()),
            )
            .dtypes(&[x.dtype()])
            .rule("the inputs must be float64 or complex128"));
        }
    }
    let (_, analytic) = weighted_gradients(f, inputs)?;
    // Re⟨w, f(x)⟩, the real function whose gradient `analytic` is
    let value = |inputs: &[Raw]| -> Result<f64> {
        let y = f(inputs)?;
        let weights = weights_like(&y)?;
        Ok(y.mul(&weights.conj()?)?
            .real()?
            .sum_all()?
            .cast(DType::F64)?
            .item()?
            .as_f64())
    };
    for (i, (x, gradient)) in inputs.iter().zip(&analytic).enumerate() {
        let values = scalars(x)?;
        let gradients = scalars(gradient)?;
        for (k, (&v, &g)) in values.iter().zip(&gradients).enumerate() {
            let directions: &[(f64, f64)] = if x.dtype() == DType::C128 {
                &[(1.0, 0.0), (0.0, 1.0)]
            } else {
                &[(1.0, 0.0)]
            };
            for &(re, im) in directions {
                let moved = |h: f64| -> Result<f64> {
                    let mut all = values.clone();
                    all[k] = match v {
                        Scalar::Complex(c) => {
                            Scalar::Complex(c + num_complex::Complex::new(h * re, h * im))
                        }
                        other => Scalar::Float(other.as_f64() + h),
                    };
                    let mut inputs = inputs.to_vec();
                    inputs[i] = rebuilt(x, &all)?;
                    value(&inputs)
                };
                let h = tolerance.step;
                let numeric = (moved(h)? - moved(-h)?) / (2.0 * h);
                let g = g.as_complex();
                let analytic = g.re * re + g.im * im;
                let near = (analytic - numeric).abs()
                    <= tolerance.absolute + tolerance.relative * numeric.abs();
                if !near {
                    return Err(Error::gradient(
                        "check_gradients",
                        format!(
                            "input {i} of shape {}, element {k}: the gradient is {analytic}, finite differences give {numeric}",
                            shape_text(x.shape())
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// As [`check_gradients`], of the gradients themselves: second derivatives.
///
/// # Errors
/// As [`check_gradients`].
pub fn check_second_gradients(f: F<'_>, inputs: &[Raw], tolerance: Tolerance) -> Result<()> {
    for i in 0..inputs.len() {
        let first = |all: &[Raw]| Ok(weighted_gradients(f, all)?.1.swap_remove(i));
        check_gradients(&first, inputs, tolerance)?;
    }
    Ok(())
}

/// The output, and the gradients of its weighted sum.
fn weighted_gradients(f: F<'_>, inputs: &[Raw]) -> Result<(Raw, Vec<Raw>)> {
    let (mut outputs, pullback) = vjp(&|x| Ok(vec![f(x)?]), inputs)?;
    let y = outputs.swap_remove(0);
    let gradients = pullback.call(&[weights_like(&y)?])?;
    Ok((y, gradients))
}

/// Fixed weights between 0.5 and 1.5 that no symmetry of an op cancels; complex ones for complex outputs.
fn weights_like(y: &Raw) -> Result<Raw> {
    let at = |i: usize| 0.5 + (i as f64 * 0.618_033_988_749_894_9).fract();
    let values: Vec<Scalar> = (0..y.len())
        .map(|i| match y.dtype().is_complex() {
            true => Scalar::Complex(num_complex::Complex::new(at(i), at(i + 7) - 1.0)),
            false => Scalar::Float(at(i)),
        })
        .collect();
    rebuilt(&y.detach(), &values)
}

fn scalars(x: &Raw) -> Result<Vec<Scalar>> {
    x.scalars()
}

fn rebuilt(like: &Raw, values: &[Scalar]) -> Result<Raw> {
    let there = match like.dtype() {
        DType::C128 => Raw::from_vec(
            values.iter().map(|v| v.as_complex()).collect(),
            like.shape(),
        ),
        DType::C64 => Raw::from_vec(
            values.iter().map(|v| v.as_complex()).collect(),
            like.shape(),
        )?
        .cast(DType::C64),
        dtype => {
            Raw::from_vec(values.iter().map(|v| v.as_f64()).collect(), like.shape())?.cast(dtype)
        }
    };
    there?.to_device(like.device())
}
