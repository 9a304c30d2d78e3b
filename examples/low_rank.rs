//! Keeps a picture in a few of its singular vectors.
//!
//! ```text
//! cargo run --release -p civita-examples --bin low_rank --features linalg     writes out/low_rank.png
//! ```
//!
//! The picture is made here: circles, stripes and a shade. Of its singular value decomposition the first 5, 20 and 50 terms are
//! kept, which hold 4, 16 and 39 percent of its numbers.

#[path = "digits/canvas.rs"]
#[allow(dead_code)] // shared with another example
mod canvas;

use std::error::Error;
use std::path::Path;

use canvas::{Anchor, Canvas, Type, Weight};
use civita::prelude::*;
use civita::{linalg, s};

const SIDE: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let picture = Matrix::from_fn([SIDE, SIDE], |[i, j]| {
        let (y, x) = (i as f64 / SIDE as f64 - 0.5, j as f64 / SIDE as f64 - 0.5);
        let distance = x.hypot(y);
        let ring = if (distance - 0.35).abs() < 0.03 {
            0.8
        } else {
            0.0
        };
        let disc = if (x - 0.1).hypot(y + 0.12) < 0.12 {
            0.6
        } else {
            0.0
        };
        let stripes = 0.15 * (40.0 * (x + 2.0 * y)).sin();
        0.3 + 0.3 * x + ring + disc + stripes
    });

    let (u, sigma, vh) = linalg::svd(&picture)?;
    let whole = linalg::norm(&picture)?.item()?;
    let mut shown = vec![("all 256 terms".to_owned(), picture.clone())];
    for rank in [50, 20, 5] {
        let scaled = &u.slice(s![.., ..rank])? * &sigma.slice(s![..rank])?;
        let kept = scaled.matmul(&vh.slice(s![..rank, ..])?)?;
        let error = linalg::norm(&(&picture - &kept))?.item()? / whole;
        println!("{rank:3} terms: relative error {error:.4}");
        shown.push((format!("{rank} terms, error {:.1} %", 100.0 * error), kept));
    }

    let mut canvas = Canvas::new(1224, 366)?;
    let style = Type {
        size: 22.0,
        weight: Weight::Regular,
        color: 0x1f2933,
        anchor: Anchor::Left,
    };
    let (low, high) = (-0.2, 1.6);
    for (k, (text, picture)) in shown.iter().enumerate() {
        // a pixel for each element: boxes between pixels would show a lattice
        let left = 40.0 + k as f32 * (SIDE as f32 + 40.0);
        canvas.text(left, 46.0, style, text);
        for (at, value) in picture.to_vec().into_iter().enumerate() {
            let grey = (255.0 * ((value - low) / (high - low)).clamp(0.0, 1.0)) as u32;
            let (i, j) = (at / SIDE, at % SIDE);
            canvas.fill_box(
                left + j as f32,
                70.0 + i as f32,
                1.0,
                1.0,
                grey << 16 | grey << 8 | grey,
            );
        }
    }
    canvas.save(Path::new("out/low_rank.png"))?;
    println!("out/low_rank.png");
    Ok(())
}
