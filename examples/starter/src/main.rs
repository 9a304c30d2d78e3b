//! A line through points: by the normal equations, and by gradient descent.

use civita::prelude::*;

pub fn main() -> civita::Result<()> {
    let x = Vector::<f64>::linspace(0.0, 1.0, 11);
    let noise = tensor![
        0.01, -0.02, 0.0, 0.03, -0.01, 0.02, -0.03, 0.0, 0.01, -0.02, 0.01
    ];
    let y = &x * 2.0 + 1.0 + &noise;

    // the slope is cov(x, y) / var(x)
    let (dx, dy) = (&x - &x.mean(), &y - &y.mean());
    let slope = dx.dot(&dy)?.item()? / dx.dot(&dx)?.item()?;
    let intercept = y.mean().item()? - slope * x.mean().item()?;
    println!("closed form: y = {slope:.3} x + {intercept:.3}");

    let mut weights = tensor![0.0, 0.0]; // slope, intercept
    for _ in 0..500 {
        let w = weights.clone().requires_grad();
        let error = &x * &w.slice(s![0])? + &w.slice(s![1])? - &y;
        (&error * &error).mean().backward()?;
        if let Some(gradient) = w.grad() {
            weights -= &gradient * 0.5;
        }
    }
    println!("descent:     y = {:.3} x + {:.3}", weights[0], weights[1]);
    Ok(())
}
