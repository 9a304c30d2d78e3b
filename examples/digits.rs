//! Learns to read handwritten digits: a network of two layers, trained by gradient descent that is written out.
//!
//! ```text
//! make demo
//! ```
//!
//! The data are 1,797 images of 8 × 8 pixels (`examples/data`): 1,347 of them train, 450 test. Everything is
//! deterministic: every run prints the same numbers, on any number of threads.

#[path = "digits/plot.rs"]
mod plot;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use civita::concatenate;
use civita::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;
const HIDDEN: usize = 128;
const DIGITS: usize = 10;
const TRAIN: usize = 1347;
const EPOCHS: usize = 40;
const BATCH: usize = 32;
const RATE: f32 = 0.05;
const MOMENTUM: f32 = 0.9;
const DECAY: f32 = 1e-3;

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(0x0c1f_17a5_eed5_0001);
    let (images, labels) = load(&project("examples/data/digits.csv"))?;

    let order = random.permutation(images.shape()[0]);
    let (train, test) = (order.slice(s![..TRAIN])?, order.slice(s![TRAIN..])?);
    let (x_train, y_train) = (images.take(&train, 0)?, labels.take(&train, 0)?);
    let (x_test, y_test) = (images.take(&test, 0)?, labels.take(&test, 0)?);

    // standardised by what the training images know; some pixels are never inked, so the deviation may be 0
    let mean = x_train.over(0).mean()?;
    let deviation = x_train.over(0).std()?.maximum(1.0)?;
    let standardised = |x: &Matrix<f32>| (x - &mean) / &deviation;
    let tests = standardised(&x_test);
    // people do not centre what they write: each image is learned as it is, and moved by a pixel in each direction
    let moves = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)];
    let moved = moves.map(|(down, right)| moved(&x_train, down, right).map(|x| standardised(&x)));
    let moved = moved.into_iter().collect::<civita::Result<Vec<_>>>()?;
    let inputs = concatenate(moved.iter().collect::<Vec<_>>(), 0)?;
    let targets: Matrix<f32> = concatenate([&y_train; 5], 0)?.one_hot(DIGITS)?;
    let count = inputs.shape()[0];

    println!(
        "{} digits to learn from, {} to be tested on",
        train.len(),
        test.len()
    );
    let mut network = Network::new(&mut random);
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    let bar = ProgressBar::new(EPOCHS as u64);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} epoch {pos:>2}/{len}  {msg}",
    )?);
    let start = Instant::now();
    for epoch in 0..EPOCHS {
        let rate = RATE * (1.0 - epoch as f32 / EPOCHS as f32);
        let order = random.permutation(count);
        for first in (0..count).step_by(BATCH) {
            let batch = order.slice(s![first..first + BATCH])?;
            let scores = network.scores(&inputs.take(&batch, 0)?)?;
            let loss = cross_entropy(&scores, &targets.take(&batch, 0)?)?;
            loss.backward()?;
            network.descend(rate);
            losses.push(loss.item()?);
        }
        let accuracy = accuracy(&network.read(&tests)?, &y_test)?;
        accuracies.push(accuracy);
        bar.set_message(format!("test accuracy {:.1}%", accuracy * 100.0));
        bar.inc(1);
    }
    bar.finish();
    println!("trained in {:.1} s\n", start.elapsed().as_secs_f64());

    let read = network.read(&tests)?;
    println!("test accuracy {:.1}%\n", accuracy(&read, &y_test)? * 100.0);
    println!("confusion matrix (row: what the digit is; column: what it was read as)");
    println!("{}\n", confusion(&read, &y_test)?);

    let wrong = read.ne(&y_test)?;
    let digits = |of: &Vector<i64>| -> civita::Result<Vec<usize>> {
        Ok(of
            .select(&wrong)?
            .iter()
            .map(|digit| digit as usize)
            .collect())
    };
    let misread = x_test.select(&wrong)?;
    let (pictures, _) = misread.as_slice()?.as_chunks();
    std::fs::create_dir_all(project("out"))?;
    plot::loss_curve(project("out/loss.png"), &losses, &accuracies)?;
    plot::misclassified(
        project("out/misclassified.png"),
        pictures,
        &digits(&y_test)?,
        &digits(&read)?,
        test.len(),
    )?;
    println!("wrote out/loss.png and out/misclassified.png");
    Ok(())
}

/// Two layers: `scores = relu(x · w₁ + b₁) · w₂ + b₂`.
struct Network {
    w1: Parameter<2>,
    b1: Parameter<1>,
    w2: Parameter<2>,
    b2: Parameter<1>,
}

impl Network {
    fn new(random: &mut Random) -> Network {
        // weights of variance 2 / inputs keep the size of what passes through a relu (He et al. 2015)
        let mut weights = |from: usize, to: usize| {
            let values = (0..from * to).map(|_| random.normal() * (2.0 / from as f32).sqrt());
            Matrix::from_shape_vec([from, to], values.collect()).map(Parameter::new)
        };
        let (Ok(w1), Ok(w2)) = (weights(PIXELS, HIDDEN), weights(HIDDEN, DIGITS)) else {
            unreachable!("as many values as the shape has")
        };
        let (b1, b2) = (Vector::zeros(HIDDEN), Vector::zeros(DIGITS));
        Network {
            w1,
            b1: Parameter::new(b1),
            w2,
            b2: Parameter::new(b2),
        }
    }

    /// A score for each digit; the largest wins.
    fn scores(&self, x: &Matrix<f32>) -> civita::Result<Matrix<f32>> {
        let hidden = (x.matmul(&self.w1.value)? + &self.b1.value).relu();
        Ok(hidden.matmul(&self.w2.value)? + &self.b2.value)
    }

    /// The digit that each image is taken for.
    fn read(&self, x: &Matrix<f32>) -> civita::Result<Vector<i64>> {
        no_grad(|| self.scores(x))?.over(1).argmax()
    }

    fn descend(&mut self, rate: f32) {
        self.w1.descend(rate);
        self.b1.descend(rate);
        self.w2.descend(rate);
        self.b2.descend(rate);
    }
}

/// Images moved by a pixel or not at all; what comes in is paper.
fn moved(images: &Matrix<f32>, down: isize, right: isize) -> civita::Result<Matrix<f32>> {
    let n = images.shape()[0];
    let mut wide = Tensor::<f32, 3>::zeros([n, SIDE + 2, SIDE + 2]);
    wide.slice_assign(s![.., 1..-1, 1..-1], &images.reshape([n, SIDE, SIDE])?)?;
    let (top, left, side) = (1 - down, 1 - right, SIDE as isize);
    wide.slice(s![.., top..top + side, left..left + side])?
        .reshape([n, PIXELS])
}

/// What is learned, and how it last moved.
struct Parameter<const N: usize> {
    value: Tensor<f32, N>,
    velocity: Tensor<f32, N>,
}

impl<const N: usize> Parameter<N> {
    fn new(value: Tensor<f32, N>) -> Self {
        let velocity = &value * 0.0;
        Parameter {
            value: value.requires_grad(),
            velocity,
        }
    }

    /// A step down the gradient, with momentum and weight decay.
    fn descend(&mut self, rate: f32) {
        let Some(gradient) = self.value.grad() else {
            return;
        };
        let value = self.value.detach();
        self.velocity = &self.velocity * MOMENTUM + gradient + &value * DECAY;
        self.value = (value - &self.velocity * rate).requires_grad();
    }
}

/// The mean over the images of `ln Σ e^scores - score of the right digit`.
fn cross_entropy(scores: &Matrix<f32>, targets: &Matrix<f32>) -> civita::Result<Tensor<f32, 0>> {
    let right = (scores * targets).over(1).sum()?;
    Ok((scores.over(1).logsumexp()? - right).mean())
}

/// The fraction that was read correctly.
fn accuracy(read: &Vector<i64>, labels: &Vector<i64>) -> civita::Result<f32> {
    read.eq(labels)?.cast::<f32>().mean().item()
}

/// How often each digit (row) was read as each (column).
fn confusion(read: &Vector<i64>, labels: &Vector<i64>) -> civita::Result<Matrix<i64>> {
    let (is, read): (Matrix<i64>, Matrix<i64>) = (labels.one_hot(DIGITS)?, read.one_hot(DIGITS)?);
    is.t().matmul(&read)
}

/// Images as rows of pixels, and the digits that they show.
fn load(path: &Path) -> Result<(Matrix<f32>, Vector<i64>), Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let numbers = text
        .split([',', '\n'])
        .filter(|n| !n.is_empty())
        .map(str::parse);
    let rows = Vector::from_vec(numbers.collect::<Result<Vec<i64>, _>>()?)
        .reshape([-1, PIXELS as isize + 1])?;
    let images = rows.slice(s![.., ..PIXELS])?.cast();
    let labels = rows.slice(s![.., PIXELS])?;
    Ok((images, labels))
}

/// A path within the project, wherever the example is run from.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// xorshift64* (Marsaglia 2003, Vigna 2016): small, and good enough to shuffle.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 up to 1.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Normally distributed (Box and Muller 1958).
    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// 0 to `n - 1` in random order (Fisher and Yates).
    fn permutation(&mut self, n: usize) -> Vector<i64> {
        let mut order: Vec<i64> = (0..n as i64).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.next() % (i as u64 + 1)) as usize);
        }
        Vector::from_vec(order)
    }
}
