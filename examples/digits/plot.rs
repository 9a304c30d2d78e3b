//! The example's two pictures: how the training went, and which digits were misread.

mod canvas;

use std::io;
use std::path::Path;

use canvas::{Anchor, Canvas, Rgb, Type, Weight};

const INK: Rgb = 0x1f2933;
const SOFT: Rgb = 0x66727f;
const GRID: Rgb = 0xe4e8ec;
const BLUE: Rgb = 0x2563eb;
const ORANGE: Rgb = 0xd9660a;

const TITLE: Type = Type {
    size: 30.0,
    weight: Weight::Bold,
    color: INK,
    anchor: Anchor::Left,
};
const HEAD: Type = Type {
    size: 22.0,
    weight: Weight::Bold,
    color: INK,
    anchor: Anchor::Left,
};
const LABEL: Type = Type {
    size: 19.0,
    weight: Weight::Regular,
    color: SOFT,
    anchor: Anchor::Middle,
};

/// Draws the training loss (left, logarithmic) and the test accuracy (right) over the epochs.
///
/// `losses` may hold one number an epoch or one a mini-batch: they are spread evenly over the epochs, and when there
/// are several an epoch, their mean over each epoch is drawn over them. `accuracies` are fractions of one, one an epoch.
pub fn loss_curve(path: impl AsRef<Path>, losses: &[f32], accuracies: &[f32]) -> io::Result<()> {
    let mut canvas = Canvas::new(1600, 640)?;
    let epochs = accuracies.len().max(1);
    canvas.text(48.0, 60.0, TITLE, "Learning to read digits");

    let spread = |values: &[f32]| -> Vec<(f32, f32)> {
        let step = epochs as f32 / values.len() as f32;
        values
            .iter()
            .enumerate()
            .map(|(i, &v)| ((i + 1) as f32 * step, v))
            .collect()
    };
    let batches = spread(losses);
    let per_epoch = losses.len().div_ceil(epochs).max(1);
    let means: Vec<f32> = losses
        .chunks(per_epoch)
        .map(|c| c.iter().sum::<f32>() / c.len() as f32)
        .collect();
    let means = spread(&means);

    let panel = Panel {
        left: 110.0,
        right: 700.0,
        x: (0.0, epochs as f32),
        y: Axis::logarithmic(losses),
        title: "Training loss (cross-entropy, logarithmic)",
    };
    panel.frame(&mut canvas);
    if per_epoch > 1 {
        canvas.line(&panel.place(&batches), 1.5, BLUE, 0.3);
    }
    canvas.line(&panel.place(&means), 3.5, BLUE, 1.0);
    panel.mark_last(&mut canvas, &means, BLUE, |v| format!("{v:.3}"));

    let percent: Vec<f32> = accuracies.iter().map(|a| a * 100.0).collect();
    let points = spread(&percent);
    let panel = Panel {
        left: 880.0,
        right: 1470.0,
        x: (0.0, epochs as f32),
        y: Axis::linear(&percent, 100.0),
        title: "Test accuracy (%)",
    };
    panel.frame(&mut canvas);
    canvas.line(&panel.place(&points), 3.5, ORANGE, 1.0);
    panel.mark_last(&mut canvas, &points, ORANGE, |v| format!("{v:.1}%"));
    canvas.save(path.as_ref())
}

/// Draws the misread digits, each over what it is and what it was taken for. `tested` is how many were tried.
///
/// Pixels are 0 (paper) to 16 (ink), rows of eight from the top.
pub fn misclassified(
    path: impl AsRef<Path>,
    images: &[[f32; 64]],
    labels: &[usize],
    predictions: &[usize],
    tested: usize,
) -> io::Result<()> {
    const COLUMNS: usize = 8;
    const CELL: f32 = 168.0;
    const PIXEL: f32 = 16.0;
    /// More than this many would be a wall, not a picture.
    const SHOWN: usize = 48;

    let shown = images.len().min(SHOWN);
    let columns = shown.clamp(5, COLUMNS);
    let rows = shown.div_ceil(columns);
    let (width, height) = (
        56.0 + columns as f32 * CELL,
        110.0 + rows as f32 * (CELL + 40.0),
    );
    let mut canvas = Canvas::new(width as u32, height as u32)?;

    let title = match images.len() {
        0 => format!("All {tested} test digits were read correctly"),
        wrong => format!("{wrong} of {tested} test digits misread"),
    };
    canvas.text(48.0, 60.0, TITLE, &title);
    let mut note = String::from("Under each: what it is, and what the network took it for");
    if images.len() > shown {
        note += &format!(" (the first {shown})");
    }
    if shown > 0 {
        canvas.text(
            48.0,
            94.0,
            Type {
                anchor: Anchor::Left,
                ..LABEL
            },
            &note,
        );
    }

    for (i, ((image, label), read)) in images
        .iter()
        .zip(labels)
        .zip(predictions)
        .take(shown)
        .enumerate()
    {
        let x = 48.0 + (i % columns) as f32 * CELL;
        let y = 124.0 + (i / columns) as f32 * (CELL + 40.0);
        let side = 8.0 * PIXEL;
        canvas.fill_box(x - 1.0, y - 1.0, side + 2.0, side + 2.0, 0xcbd2d9);
        for (p, &ink) in image.iter().enumerate() {
            let (row, column) = ((p / 8) as f32, (p % 8) as f32);
            canvas.fill_box(
                x + column * PIXEL,
                y + row * PIXEL,
                PIXEL,
                PIXEL,
                shade(ink / 16.0),
            );
        }
        let base = y + side + 32.0;
        let word = Type {
            anchor: Anchor::Left,
            ..LABEL
        };
        let (truth, guess) = (label.to_string(), read.to_string());
        // Three pieces beside each other: the truth in ink, "read as" softly, the wrong answer in orange.
        let digit = Type { size: 26.0, ..HEAD };
        let middle = " read as ";
        let widths = [
            canvas.width(26.0, &truth),
            canvas.width(19.0, middle),
            canvas.width(26.0, &guess),
        ];
        let start = x + (side - widths.iter().sum::<f32>()) / 2.0;
        canvas.text(start, base, digit, &truth);
        canvas.text(start + widths[0], base, word, middle);
        canvas.text(
            start + widths[0] + widths[1],
            base,
            Type {
                color: ORANGE,
                ..digit
            },
            &guess,
        );
    }
    canvas.save(path.as_ref())
}

/// White for 0, ink for 1.
fn shade(ink: f32) -> Rgb {
    let mix = |paper: f32, full: u32| {
        (paper + (full as f32 - paper) * ink.clamp(0.0, 1.0)).round() as u32
    };
    let channel = |shift: u32| mix(255.0, (INK >> shift) & 0xff) << shift;
    channel(16) | channel(8) | channel(0)
}

/// A vertical axis: its range, its ticks, and whether equal steps are equal ratios.
struct Axis {
    low: f32,
    high: f32,
    ticks: Vec<f32>,
    logarithmic: bool,
}

impl Axis {
    /// An axis over the positive `values` whose ticks are 1, 2, 5, 10, …
    fn logarithmic(values: &[f32]) -> Self {
        let positive = || values.iter().copied().filter(|v| *v > 0.0 && v.is_finite());
        let low = positive().fold(f32::INFINITY, f32::min).min(1.0) / 1.15;
        let high = positive().fold(low * 1.5, f32::max) * 1.15;
        let low = if low.is_finite() { low } else { 0.1 };
        // Above three decades 2 and 5 would crowd the axis.
        let steps: &[f32] = if high / low > 1000.0 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let ticks = decades
            .flat_map(|d| steps.iter().map(move |s| s * 10f32.powi(d)))
            .filter(|t| (low..=high).contains(t))
            .collect();
        Self {
            low,
            high,
            ticks,
            logarithmic: true,
        }
    }

    /// An axis from a round number under all `values` up to `high`.
    fn linear(values: &[f32], high: f32) -> Self {
        let least = values.iter().copied().fold(high, f32::min).min(high - 1e-3);
        let rough = (high - least) / 4.0;
        let power = 10f32.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|s| s * power)
            .into_iter()
            .find(|s| *s >= rough);
        let step = step.unwrap_or(rough);
        let count = ((high - least) / step).ceil() as usize;
        let ticks = (0..=count).map(|i| high - i as f32 * step).collect();
        Self {
            low: high - count as f32 * step,
            high,
            ticks,
            logarithmic: false,
        }
    }

    /// How far up the axis a value lies: 0 at its foot, 1 at its top.
    fn fraction(&self, value: f32) -> f32 {
        if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }
}

/// One set of axes on the sheet.
struct Panel {
    left: f32,
    right: f32,
    x: (f32, f32),
    y: Axis,
    title: &'static str,
}

impl Panel {
    const TOP: f32 = 150.0;
    const BOTTOM: f32 = 550.0;

    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let across = (x - self.x.0) / (self.x.1 - self.x.0);
        let up = self.y.fraction(y);
        (
            self.left + across * (self.right - self.left),
            Self::BOTTOM - up * (Self::BOTTOM - Self::TOP),
        )
    }

    /// Data points as places on the sheet; a value that is not finite is left out.
    fn place(&self, points: &[(f32, f32)]) -> Vec<(f32, f32)> {
        points
            .iter()
            .filter(|p| p.1.is_finite())
            .map(|&p| self.at(p))
            .collect()
    }

    /// Draws the axes, their ticks and labels.
    fn frame(&self, canvas: &mut Canvas) {
        canvas.text(self.left, Self::TOP - 30.0, HEAD, self.title);
        for &tick in &self.y.ticks {
            let y = self.at((self.x.0, tick)).1.round();
            canvas.fill_box(self.left, y, self.right - self.left, 1.0, GRID);
            let label = Type {
                anchor: Anchor::Right,
                ..LABEL
            };
            canvas.text(self.left - 14.0, y + 6.5, label, &number(tick));
        }
        let step = whole_step(self.x.1);
        for tick in (0..=self.x.1 as usize).step_by(step) {
            let x = self.at((tick as f32, self.y.high)).0.round();
            canvas.fill_box(x, Self::BOTTOM, 1.0, 8.0, SOFT);
            canvas.text(x, Self::BOTTOM + 30.0, LABEL, &tick.to_string());
        }
        canvas.fill_box(self.left, Self::BOTTOM, self.right - self.left, 1.5, SOFT);
        canvas.text(
            (self.left + self.right) / 2.0,
            Self::BOTTOM + 62.0,
            LABEL,
            "epoch",
        );
    }

    /// Puts a dot on the last point and writes its value beside it.
    fn mark_last(
        &self,
        canvas: &mut Canvas,
        points: &[(f32, f32)],
        color: Rgb,
        say: impl Fn(f32) -> String,
    ) {
        let Some(&last) = points.iter().rev().find(|p| p.1.is_finite()) else {
            return;
        };
        let (x, y) = self.at(last);
        canvas.disc(x, y, 7.0, 0xffffff);
        canvas.disc(x, y, 5.5, color);
        canvas.text(x + 16.0, y + 7.5, Type { color, ..HEAD }, &say(last.1));
    }
}

/// The largest step of 1, 2, 5, 10, … that leaves at least five ticks up to `end`, at least 1.
fn whole_step(end: f32) -> usize {
    let steps = (0..9).flat_map(|d| [1, 2, 5].map(|s| s * 10usize.pow(d)));
    steps
        .take_while(|s| end / *s as f32 >= 4.0)
        .last()
        .unwrap_or(1)
}

/// A tick's number without useless zeros.
fn number(value: f32) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
