//! The derivative of gamma draws by their shape, which no operation on noise gives: the draws are chosen by rejection.
//!
//! ```text
//! F(x; a) = P(a, x) = const         along the path that the draw moves on with its shape
//! dx/da   = -(∂P/∂a) / p(x; a)      the implicit derivative
//! ```
//!
//! With `P = xᵃ e⁻ˣ S / Γ(a)` and `p = xᵃ⁻¹ e⁻ˣ / Γ(a)` it is `-x ((ln x - ψ(a)) S + ∂S/∂a)`, by the series for `S` where `x < a + 1`; beyond,
//! with the opposite sign, by the continued fraction of `1 - P`. Source: Figurnov, Mohamed and Mnih, "Implicit reparameterization
//! gradients" (2018).

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_tangent, some,
};
use civita_core::raw::Raw;

/// Gamma draws of scale 1 as a function of their shapes, which have the shape of the draws.
pub fn gamma(shapes: &Raw, draws: &Raw) -> Result<Raw> {
    let shapes = shapes.broadcast_to(draws.shape())?;
    bind_one(&Draws, &[&shapes, draws])
}

/// The draws, whose derivative is [`Slope`] times that of the shapes.
#[derive(Clone, Debug)]
struct Draws;

impl Primitive for Draws {
    fn name(&self) -> &'static str {
        "standard_gamma"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec::new(&x[1].shape, DType::F64)))
    }
    fn run(&self, _: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        Ok(Outputs::One(x[1].clone()))
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = match &t[0] {
            Some(t) => Some(slope(&x[0], &x[1])?.mul(t)?),
            None => None,
        };
        Ok(one_tangent(moved))
    }
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let back = slope(&x[0], &x[1])?.mul(some(g, 0)?)?;
        Ok(Gradients::from_iter([Some(back), None]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

fn slope(shapes: &Raw, draws: &Raw) -> Result<Raw> {
    bind_one(&Slope, &[shapes, draws])
}

/// `dx/da` of each draw.
#[derive(Clone, Debug)]
struct Slope;

impl HostKernel for Slope {
    fn name(&self) -> &'static str {
        "standard_gamma"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let (shapes, draws) = (x[0].elements::<f64>()?, x[1].elements::<f64>()?);
        let to = out[0].elements::<f64>()?;
        for ((to, &a), &x) in to.iter_mut().zip(&shapes[..]).zip(&draws[..]) {
            *to = slope_at(a, x);
        }
        Ok(())
    }
}

impl Primitive for Slope {
    fn name(&self) -> &'static str {
        "standard_gamma"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec::new(&x[1].shape, DType::F64)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let outputs = self.infer(&[&Spec::of(x[0]), &Spec::of(x[1])])?;
        backend.external(self, &[DType::F64; 2], outputs, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient(
            "standard_gamma",
            "there is no second derivative of draws by their shape",
        )
        .rule("the first one is implicit, as PyTorch's is"))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// `Γ'(a) / Γ(a)`: the asymptotic series from 10 on, and the recurrence below.
fn digamma(mut a: f64) -> f64 {
    let mut sum = 0.0;
    while a < 10.0 {
        sum -= 1.0 / a;
        a += 1.0;
    }
    let s = 1.0 / (a * a);
    let series = s
        * (1.0 / 12.0
            - s * (1.0 / 120.0
                - s * (1.0 / 252.0 - s * (1.0 / 240.0 - s * (1.0 / 132.0 - s * 691.0 / 32760.0)))));
    sum + a.ln() - 0.5 / a - series
}

/// From this shape on the cube root of a draw is normal to the last digits that matter (Wilson and Hilferty).
const NORMAL: f64 = 1e7;

fn slope_at(a: f64, x: f64) -> f64 {
    if x.is_nan() || a.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 || a <= 0.0 {
        return 0.0;
    }
    if a > NORMAL {
        let root = (x / a).cbrt();
        let z = (root - 1.0 + 1.0 / (9.0 * a)) * 3.0 * a.sqrt();
        return root.powi(3) + 3.0 * root * root * (1.0 / (9.0 * a) - z / (6.0 * a.sqrt()));
    }
    let weight = x.ln() - digamma(a);
    match x < a + 1.0 {
        true => {
            let [sum, moved] = series(a, x);
            -x * (weight * sum + moved)
        }
        false => {
            let [sum, moved] = fraction(a, x);
            x * (weight * sum + moved)
        }
    }
}

/// `Σ xⁿ / (a (a + 1) … (a + n))` and its derivative by `a`.
fn series(a: f64, x: f64) -> [f64; 2] {
    let (mut term, mut harmonic) = (1.0 / a, 1.0 / a);
    let (mut sum, mut moved) = (term, -term * harmonic);
    let mut n = 0.0;
    loop {
        n += 1.0;
        term *= x / (a + n);
        harmonic += 1.0 / (a + n);
        let step = term * harmonic;
        sum += term;
        moved -= step;
        if step <= f64::EPSILON * 0.1 * -moved && term <= f64::EPSILON * 0.1 * sum {
            return [sum, moved];
        }
    }
}

/// `1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - …)))` and its derivative by `a`, from its convergents.
fn fraction(a: f64, x: f64) -> [f64; 2] {
    // numerators and denominators of the last two convergents, and their derivatives
    let (mut p, mut q) = ([0.0, 1.0], [1.0, x + 1.0 - a]);
    let (mut dp, mut dq) = ([0.0, 0.0], [0.0, -1.0]);
    let mut last = [1.0 / q[1], 1.0 / (q[1] * q[1])];
    for n in 1..100_000 {
        let k = f64::from(n);
        let (factor, step) = (k * (a - k), x + 2.0 * k + 1.0 - a);
        let next = |v: [f64; 2], d: [f64; 2]| {
            [
                step * v[1] + factor * v[0],
                step * d[1] - v[1] + factor * d[0] + k * v[0],
            ]
        };
        let ([p2, dp2], [q2, dq2]) = (next(p, dp), next(q, dq));
        (p, q, dp, dq) = ([p[1], p2], [q[1], q2], [dp[1], dp2], [dq[1], dq2]);
        let largest = q2.abs().max(p2.abs());
        if largest > 1e100 {
            for pair in [&mut p, &mut q, &mut dp, &mut dq] {
                pair.iter_mut().for_each(|v| *v /= largest);
            }
        }
        let value = p[1] / q[1];
        let now = [value, (dp[1] - value * dq[1]) / q[1]];
        let near = |i: usize| (now[i] - last[i]).abs() <= f64::EPSILON * now[i].abs();
        if near(0) && near(1) {
            return now;
        }
        last = now;
    }
    last
}
