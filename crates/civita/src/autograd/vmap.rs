//! `vmap`: functions of a sample, run on a batch.

use civita_core::raw::Raw;
use civita_core::transform::{self, Randomness};

use super::{Batches, Inputs, Stackable, Tensors};
use crate::Result;
use crate::error::Error;

/// Maps a function over the first axis of its inputs; its results are stacked along the first axis. The function runs once,
/// on tensors that stand for a whole batch. What all samples share is captured by the closure, and keeps its gradient.
///
/// A [`Tensor<T, N>`](crate::Tensor) inside comes from a `Tensor<T, N + 1>`. Reading a value inside (`item`, `to_vec`) is an
/// error; choose by [`choose`](crate::Tensor::choose). [`Vmap`] takes other axes.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::{grad, vmap};
///
/// let (x, w) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![1.0, 10.0]);
/// let y: Vector<f64> = vmap(|row| row.matmul(&w), &x)?;
/// assert_eq!(format!("{y}"), "[21. 43.]");
///
/// // a gradient for each sample
/// let g: Matrix<f64> = vmap(|row| grad(|w| row.matmul(&w), &w), &x)?;
/// assert_eq!(format!("{g}"), "[[1. 2.]\n [3. 4.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// A tensor without axes has no batch:
///
/// ```compile_fail
/// # use civita::prelude::*;
/// civita::autograd::vmap(|x| Ok(x), &Tensor::scalar(1.0));
/// ```
///
/// # Errors
/// When `f` fails, or the batches have different lengths.
pub fn vmap<B: Batches, O: Stackable>(
    f: impl FnOnce(B::Samples) -> Result<O>,
    inputs: B,
) -> Result<O::Batch> {
    Vmap::new().call(f, inputs)
}

/// [`vmap`] with options.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::Vmap;
///
/// let (a, b) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![[10.0, 20.0], [30.0, 40.0]]);
/// // columns of `a` with rows of `b`; the results are columns
/// let sums = Vmap::new().in_axes(&[1, 0]).out_axes(&[1]).call(|(a, b)| a.add(&b), (&a, &b))?;
/// assert_eq!(format!("{sums}"), "[[11. 32.]\n [23. 44.]]");
/// # Ok::<(), civita::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until `call`"]
pub struct Vmap {
    in_axes: Vec<isize>,
    out_axes: Vec<isize>,
    randomness: Randomness,
}

impl Vmap {
    /// The first axis of all inputs and results.
    pub fn new() -> Vmap {
        Vmap::default()
    }

    /// The axis to map over, for each input; negative ones count from the end.
    pub fn in_axes(mut self, axes: &[isize]) -> Vmap {
        self.in_axes = axes.to_vec();
        self
    }

    /// Where the batch stands in the results, for each result; negative ones count from the end.
    pub fn out_axes(mut self, axes: &[isize]) -> Vmap {
        self.out_axes = axes.to_vec();
        self
    }

    /// What a draw from a [`CounterRng`](crate::random::CounterRng) inside the function means. An error is the default. With
    /// `Different`, sample `i` draws what iteration `i` of a loop with one draw would; with `Same`, all share a draw, which
    /// generators with streams make too.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::autograd::{Randomness, Vmap};
    /// use civita::random::CounterRng;
    ///
    /// let (x, mut rng) = (Tensor::<f64, 2>::zeros([3, 4]), CounterRng::new(42));
    /// let noisy = Vmap::new().randomness(Randomness::Different);
    /// let y = noisy.call(|x| x.add(&rng.normal::<f64, 1>(4)), &x)?;
    /// let mut rng = CounterRng::new(42);
    /// let loops: Vec<f64> = (0..3).flat_map(|_| rng.normal::<f64, 1>(4).to_vec()).collect();
    /// assert_eq!(y.to_vec(), loops);
    /// # Ok::<(), civita::Error>(())
    /// ```
    pub fn randomness(mut self, randomness: Randomness) -> Vmap {
        self.randomness = randomness;
        self
    }

    /// Runs the function on the batch.
    ///
    /// # Errors
    /// As [`vmap`], and when there are more or fewer axes than inputs or results, or one that does not exist.
    pub fn call<B: Batches, O: Stackable>(
        &self,
        f: impl FnOnce(B::Samples) -> Result<O>,
        inputs: B,
    ) -> Result<O::Batch> {
        let x = Inputs::raws(&inputs);
        let in_axes = self.axes("in_axes", &self.in_axes, x.len())?;
        let run = |x: &[Raw]| {
            let y = f(B::Samples::from_raws(x.to_vec()))?.into_raws();
            self.axes("out_axes", &self.out_axes, y.len())?;
            Ok(y)
        };
        let out = |i: usize| Some(self.out_axes.get(i).copied().unwrap_or(0));
        let y = transform::vmap_with(run, &x, &in_axes, &out, self.randomness)?;
        Ok(O::Batch::from_raws(y))
    }

    fn axes(&self, name: &str, axes: &[isize], n: usize) -> Result<Vec<Option<isize>>> {
        match axes {
            [] => Ok(vec![Some(0); n]),
            axes if axes.len() == n => Ok(axes.iter().copied().map(Some).collect()),
            axes => Err(Error::value(
                "vmap",
                format!("{name} has {} entries for {n} tensors", axes.len()),
            )),
        }
    }
}
