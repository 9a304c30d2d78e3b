//! Draws from six distributions and lays their histograms under the densities.
//!
//! ```text
//! cargo run --release -p civita-examples --bin densities     writes out/densities.png
//! ```

#[path = "digits/canvas.rs"]
#[allow(dead_code)] // shared with another example
mod canvas;

use std::error::Error;
use std::f64::consts::PI;
use std::path::Path;

use canvas::{Anchor, Canvas, Type, Weight};
use civita::random::{Beta, CounterRng, Exponential, Gamma, Gumbel, Laplace, Rng};

const DRAWS: usize = 100_000;
const BINS: usize = 60;

type Density = fn(f64) -> f64;
/// A name, draws, where to draw the histogram, and the density beside it.
type Drawn<'a> = (&'a str, Vec<f64>, (f64, f64), Density);

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = Rng::new(42);
    let all: Vec<Drawn<'_>> = vec![
        (
            "normal, by key and counter",
            CounterRng::new(42).normal::<f64, 1>(DRAWS).to_vec(),
            (-4.0, 4.0),
            |x| (-x * x / 2.0).exp() / (2.0 * PI).sqrt(),
        ),
        (
            "exponential",
            rng.sample(&Exponential::new(1.0)?, DRAWS).to_vec(),
            (0.0, 6.0),
            |x| (-x).exp(),
        ),
        (
            "gamma, shape 3",
            rng.sample(&Gamma::new(3.0, 1.0)?, DRAWS).to_vec(),
            (0.0, 12.0),
            |x| x * x * (-x).exp() / 2.0,
        ),
        (
            "beta, 2 and 5",
            rng.sample(&Beta::new(2.0, 5.0)?, DRAWS).to_vec(),
            (0.0, 1.0),
            |x| 30.0 * x * (1.0 - x).powi(4),
        ),
        (
            "Laplace",
            rng.sample(&Laplace::new(0.0, 1.0)?, DRAWS).to_vec(),
            (-6.0, 6.0),
            |x| (-x.abs()).exp() / 2.0,
        ),
        (
            "Gumbel",
            rng.sample(&Gumbel::new(0.0, 1.0)?, DRAWS).to_vec(),
            (-3.0, 8.0),
            |x| (-x - (-x).exp()).exp(),
        ),
    ];

    let mut canvas = Canvas::new(1500, 860)?;
    for (k, (name, draws, (low, high), density)) in all.iter().enumerate() {
        let (left, top) = (50.0 + (k % 3) as f32 * 480.0, 40.0 + (k / 3) as f32 * 410.0);
        let width = (high - low) / BINS as f64;
        let mut counts = [0_u32; BINS];
        for x in draws {
            let bin = (x - low) / width;
            if (0.0..BINS as f64).contains(&bin) {
                counts[bin as usize] += 1;
            }
        }
        let heights = counts.map(|n| f64::from(n) / (DRAWS as f64 * width));
        let middle = |bin: usize| low + (bin as f64 + 0.5) * width;
        let worst = (0..BINS)
            .map(|bin| (heights[bin] - density(middle(bin))).abs())
            .fold(0.0, f64::max);
        println!("{name:28} largest difference from the density {worst:.4}");
        let highest = (0..=200).map(|i| density(low + f64::from(i) / 200.0 * (high - low)));
        let most = heights.iter().copied().chain(highest).fold(0.0, f64::max) * 1.02;
        let (wide, tall) = (430.0_f32, 320.0_f32);
        let y = |value: f64| top + 40.0 + tall * (1.0 - (value / most) as f32);
        for (bin, &height) in heights.iter().enumerate() {
            let x = left + wide * bin as f32 / BINS as f32;
            let bar = top + 40.0 + tall - y(height);
            canvas.fill_box(x, y(height), wide / BINS as f32 - 1.0, bar, 0xbfd3fb);
        }
        let points: Vec<(f32, f32)> = (0..=200)
            .map(|i| {
                let share = f64::from(i) / 200.0;
                let value = density(low + share * (high - low)).min(most);
                (left + wide * share as f32, y(value))
            })
            .collect();
        canvas.line(&points, 3.0, 0xd9660a, 1.0);
        let style = Type {
            size: 24.0,
            weight: Weight::Bold,
            color: 0x1f2933,
            anchor: Anchor::Left,
        };
        canvas.text(left, top + 20.0, style, name);
        let floor = top + 40.0 + tall;
        canvas.line(&[(left, floor), (left + wide, floor)], 1.5, 0x1f2933, 0.6);
        for (share, anchor) in [
            (0.0, Anchor::Left),
            (0.5, Anchor::Middle),
            (1.0, Anchor::Right),
        ] {
            let value = low + share * (high - low);
            let at = left + wide * share as f32;
            canvas.line(&[(at, floor), (at, floor + 6.0)], 1.5, 0x1f2933, 0.6);
            let tick = Type {
                size: 16.0,
                weight: Weight::Regular,
                anchor,
                ..style
            };
            canvas.text(at, floor + 24.0, tick, &value.to_string());
        }
    }
    canvas.save(Path::new("out/densities.png"))?;
    println!("out/densities.png");
    Ok(())
}
