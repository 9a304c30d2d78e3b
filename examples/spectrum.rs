//! Finds the tones in a noisy recording: a Fourier transform, drawn.
//!
//! ```text
//! cargo run --release -p civita-examples --bin spectrum     writes out/spectrum.png
//! ```
//!
//! Two tones of 50 and 120 Hz lie under noise that is louder than both. Their peaks stand out of the amplitude spectrum, and the inverse
//! transform of the peaks alone gives the tones back.

#[path = "digits/canvas.rs"]
#[allow(dead_code)] // shared with another example
mod canvas;

use std::error::Error;
use std::path::Path;

use canvas::{Anchor, Canvas, Type, Weight};
use civita::prelude::*;
use civita::random::Rng;
use civita::{fft, s};

const RATE: f64 = 1000.0;
const SAMPLES: usize = 2048;
const INK: u32 = 0x1f2933;
const BLUE: u32 = 0x2563eb;
const ORANGE: u32 = 0xd9660a;

fn main() -> Result<(), Box<dyn Error>> {
    let t = np::arange(SAMPLES) / RATE;
    let tone = |hertz: f64, loud: f64| (&t * (2.0 * std::f64::consts::PI * hertz)).sin() * loud;
    let tones = tone(50.0, 0.7) + tone(120.0, 1.0);
    let noise = Rng::new(42).normal(0.0, 1.5, SAMPLES);
    let recorded = &tones + &noise;

    let spectrum = fft::rfft(&recorded)?;
    let amplitudes = spectrum.abs() * (2.0 / SAMPLES as f64);
    let frequencies = fft::rfftfreq(SAMPLES, 1.0 / RATE);

    // what stands out: more than five times the median
    let limit = 5.0 * median(&amplitudes);
    let peaks = amplitudes.gt(limit)?.cast::<f64>();
    let kept = fft::along(-1)
        .points(SAMPLES)
        .irfft(&(&spectrum * peaks.cast::<civita::c128>()))?;
    let error = |x: &Vector<f64>| -> Result<f64, civita::Error> {
        (x - &tones).square().mean().sqrt().item()
    };
    println!(
        "root mean square error of the recording: {:.3}",
        error(&recorded)?
    );
    println!(
        "of the peaks alone:                      {:.3}",
        error(&kept)?
    );

    let mut canvas = Canvas::new(1600, 900)?;
    let title = Type {
        size: 30.0,
        weight: Weight::Bold,
        color: INK,
        anchor: Anchor::Left,
    };
    let label = Type {
        size: 20.0,
        weight: Weight::Regular,
        ..title
    };
    canvas.text(60.0, 60.0, title, "Two tones under noise");
    let part =
        |x: &Vector<f64>| -> Result<Vec<f64>, civita::Error> { Ok(x.slice(s![..300])?.to_vec()) };
    curve(
        &mut canvas,
        [60.0, 100.0, 1480.0, 320.0],
        &part(&recorded)?,
        (-6.0, 6.0),
        0x9aa5b1,
    );
    curve(
        &mut canvas,
        [60.0, 100.0, 1480.0, 320.0],
        &part(&kept)?,
        (-6.0, 6.0),
        ORANGE,
    );
    canvas.text(
        60.0,
        450.0,
        label,
        "0.3 seconds of the recording (grey), and its peaks transformed back (orange)",
    );
    let shown = amplitudes.to_vec();
    curve(
        &mut canvas,
        [60.0, 480.0, 1480.0, 320.0],
        &shown,
        (0.0, 1.2),
        BLUE,
    );
    let middle = Type {
        anchor: Anchor::Middle,
        ..label
    };
    let last = frequencies.to_vec().last().copied().unwrap_or(0.0);
    let at = |hertz: f64| 60.0 + 1480.0 * (hertz / last) as f32;
    // above the higher of the points beside a tone, between which it may lie
    for hertz in [50.0, 120.0] {
        let near = (hertz / last * (shown.len() - 1) as f64) as usize;
        let peak = shown[near].max(shown[near + 1]);
        let y = 480.0 + 320.0 * (1.0 - (peak / 1.2) as f32);
        canvas.text(at(hertz), y - 10.0, middle, &format!("{hertz} Hz"));
    }
    for hertz in [0.0, 100.0, 200.0, 300.0, 400.0, 500.0] {
        canvas.line(&[(at(hertz), 800.0), (at(hertz), 807.0)], 1.5, INK, 0.6);
        canvas.text(at(hertz), 828.0, middle, &hertz.to_string());
    }
    canvas.text(
        60.0,
        870.0,
        label,
        "amplitude spectrum over frequency in Hz",
    );
    canvas.save(Path::new("out/spectrum.png"))?;
    println!("out/spectrum.png");
    Ok(())
}

/// The middle element.
fn median(x: &Vector<f64>) -> f64 {
    let mut all = x.to_vec();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Draws values from left to right in a box: `[left, top, width, height]`.
fn curve(
    canvas: &mut Canvas,
    [left, top, width, height]: [f32; 4],
    values: &[f64],
    (low, high): (f64, f64),
    color: u32,
) {
    let step = width / (values.len().max(2) - 1) as f32;
    let points: Vec<(f32, f32)> = values
        .iter()
        .enumerate()
        .map(|(i, &v)| {
            let share = ((v - low) / (high - low)).clamp(0.0, 1.0) as f32;
            (left + i as f32 * step, top + height * (1.0 - share))
        })
        .collect();
    canvas.line(
        &[(left, top + height), (left + width, top + height)],
        1.5,
        INK,
        0.6,
    );
    canvas.line(&points, 2.0, color, 1.0);
}
