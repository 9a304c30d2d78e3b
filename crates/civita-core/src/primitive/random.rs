//! Numbers by key and counter.

use std::fmt;

use super::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    one_tangent, specs,
};
use crate::backend::Backend;
use crate::dtype::{DType, Element};
use crate::error::{Error, Result};
use crate::layout::Dims;
use crate::raw::Raw;
use civita_random::{Counted, Keyed, KeyedCipher};

/// What is drawn at the places of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Numbers of `float32` or `float64`, uniform in [0, 1).
    Uniform,
    /// Standard normal numbers of `float32` or `float64`.
    Normal,
    /// Keys (`uint64`) of independent streams: that of place `i` is the key of [`Keyed::split`] of `counter + i`.
    Keys,
}

/// Random numbers as a function of a key and a counter (of blocks of four words, as [`Keyed`] counts), both `uint64`; a
/// third input is the upper half of the counter. Axes of the inputs, which all have, are a batch in front of the result.
///
/// It has no state: the same inputs give the same numbers, for any number of threads. So it replays in graphs and
/// checkpoints, and under `vmap` each sample draws by its own key and counter.
#[derive(Clone)]
pub struct Random {
    /// The function of key and counter.
    pub cipher: KeyedCipher,
    /// What is drawn.
    pub draw: Draw,
    /// Lengths of the axes of a draw.
    pub shape: Dims,
    /// Type of the numbers.
    pub dtype: DType,
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let draw = match self.draw {
            Draw::Uniform => "uniform",
            Draw::Normal => "normal",
            Draw::Keys => "keys",
        };
        let cipher = match self.cipher {
            KeyedCipher::Philox4x32 => "",
            KeyedCipher::Threefry4x32 => "threefry4x32, ",
        };
        write!(
            f,
            "random[{cipher}{draw}, {:?}, {}]",
            self.shape, self.dtype
        )
    }
}

/// Elements that a task draws: whole groups of blocks, worth waking a thread for.
const GRAIN: usize = 1 << 14;

impl Draw {
    /// How many blocks of the counter a number of elements takes.
    pub(crate) fn blocks(self, dtype: DType, n: usize) -> usize {
        match (self, dtype) {
            (Draw::Keys, _) => n,
            (_, DType::F32) => n.div_ceil(f32::PER_BLOCK),
            _ => n.div_ceil(f64::PER_BLOCK),
        }
    }

    /// Refuses dtypes that are not drawn.
    pub(crate) fn check(self, dtype: DType) -> Result<()> {
        match (self, dtype) {
            (Draw::Uniform | Draw::Normal, DType::F32 | DType::F64) | (Draw::Keys, DType::U64) => {
                Ok(())
            }
            _ => Err(Error::dtype("random", format!("cannot draw {dtype}"))
                .dtypes(&[dtype])
                .rule("uniform and normal numbers are `float32` or `float64`, keys are `uint64`")),
        }
    }
}

fn floats<T: Counted>(draw: Draw, rng: &Keyed, first: usize, out: &mut [T]) {
    match draw {
        Draw::Normal => rng.normal_at(first, out),
        _ => rng.uniform_at(first, out),
    }
}

fn keys(rng: &Keyed, first: usize, out: &mut [u64]) {
    for (i, key) in out.iter_mut().enumerate() {
        let place = rng.counter.wrapping_add((first + i) as u128);
        *key = rng.split(place as u64).key;
    }
}

/// A draw of the generator, on all threads.
pub(crate) fn drawn(rng: &Keyed, draw: Draw, shape: &[usize], dtype: DType) -> Result<Raw> {
    draw.check(dtype)?;
    match dtype {
        DType::U64 => Raw::written_in_parts(shape, GRAIN, &|i, out| keys(rng, i, out)),
        DType::F32 => Raw::written_in_parts::<f32>(shape, GRAIN, &|i, out| {
            floats(draw, rng, i, out);
        }),
        _ => Raw::written_in_parts::<f64>(shape, GRAIN, &|i, out| floats(draw, rng, i, out)),
    }
}

impl Random {
    /// How many elements a draw has.
    fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Fills the draws of a batch of generators, one after the other.
    fn fill<T: Element>(
        &self,
        generators: &(dyn Fn(usize) -> Keyed + Sync),
        out: &mut HostOutput<'_>,
        fill: fn(Draw, &Keyed, usize, &mut [T]),
    ) -> Result<()> {
        let n = self.size();
        out.write_in_parts::<T>(GRAIN, &|mut first, mut out| {
            while !out.is_empty() {
                let (sample, place) = (first / n, first % n);
                let (now, rest) = out.split_at_mut((n - place).min(out.len()));
                fill(self.draw, &generators(sample), place, now);
                first += now.len();
                out = rest;
            }
        })
    }
}

impl HostKernel for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let (key, counter) = (x[0].elements::<u64>()?, x[1].elements::<u64>()?);
        let high = x.get(2).map(HostInput::elements::<u64>).transpose()?;
        let generators = |i: usize| {
            let high = high.as_ref().map_or(0, |high| high[i]);
            let counter = u128::from(high) << 64 | u128::from(counter[i]);
            Keyed::at(key[i], counter).with(self.cipher)
        };
        match self.dtype {
            DType::U64 => self.fill(&generators, &mut out[0], |_, rng, i, out| keys(rng, i, out)),
            DType::F32 => self.fill::<f32>(&generators, &mut out[0], floats),
            _ => self.fill::<f64>(&generators, &mut out[0], floats),
        }
    }
}

impl Primitive for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        self.draw.check(self.dtype)?;
        for (x, what) in x.iter().zip(["key", "counter", "counter"]) {
            if x.dtype != DType::U64 {
                return Err(
                    Error::dtype("random", format!("the {what} is of {}", x.dtype))
                        .dtypes(&[x.dtype])
                        .rule("key and counter are `uint64`"),
                );
            }
        }
        let batch = &x[0].shape;
        if x.iter().any(|x| x.shape != *batch) {
            return Err(Error::shape(
                "random",
                "key and counter have different shapes",
            ));
        }
        let shape: Dims = batch.iter().chain(&self.shape).copied().collect();
        Ok(Outputs::One(Spec::new(&shape, self.dtype)))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let specs = specs(x);
        let outputs = self.infer(&specs.iter().collect::<Vec<_>>())?;
        backend.external(self, &[DType::U64; 3][..x.len()], outputs, x)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(None))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
