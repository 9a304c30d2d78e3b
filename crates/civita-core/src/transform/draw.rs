//! Random numbers inside transformations.
//!
//! A draw by a generator of the host has no input that could carry a tag, so the transformations that are open on the thread
//! say what it means. `vmap` has its [`Randomness`]. A trace refuses it: the numbers would be constants, and the generator
//! would not move on when the graph runs again. A checkpoint writes down which key and counter each draw had, keeps them beside
//! its outputs, and hands them out in the same order when its function runs again.
//!
//! A generator whose key and counter are tensors needs none of this: a draw is the primitive [`Random`] of them, so `vmap` maps
//! it, a trace records it, and the counter after the draw is another tensor, which the function returns.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use civita_random::{Keyed, KeyedCipher};

use super::{Kind, Level, Randomness};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::Dims;
use crate::primitive::{Draw, Random, bind_one, drawn};
use crate::raw::Raw;

/// Key, counter, and the upper half of the counter: three tensors of `uint64` without axes.
pub(crate) type Place = [Raw; 3];

/// What an open transformation does about numbers that are drawn inside it.
#[derive(Clone)]
pub(crate) enum Frame {
    /// `vmap` of this level and length. One that a function with derivatives of its own runs in stands for the one that the
    /// function is called in.
    Batch {
        level: Level,
        size: usize,
        randomness: Randomness,
        stands_for: Option<Level>,
    },
    /// A trace.
    Trace,
    /// A checkpoint runs forward: its draws are written down.
    Record(u64, Arc<Mutex<Vec<Place>>>),
    /// A checkpoint runs again: draws that were written down, and how many of them were taken.
    Replay(u64, Arc<Mutex<(Vec<Place>, usize)>>),
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
    /// How many there are, for those who only ask whether.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The level whose batching rule was called last on this thread.
    static BATCHING: Cell<Level> = const { Cell::new(0) };
}

/// A frame that is open on this thread until it is dropped.
pub(crate) struct Within {
    outer: usize,
    thread: PhantomData<*const ()>,
}

impl Within {
    pub(crate) fn new(frame: Frame) -> Within {
        let within = Within {
            outer: DEPTH.get(),
            thread: PhantomData,
        };
        FRAMES.with_borrow_mut(|frames| {
            frames.truncate(within.outer);
            frames.push(frame);
        });
        DEPTH.set(within.outer + 1);
        within
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        FRAMES.with_borrow_mut(|frames| frames.truncate(self.outer));
        DEPTH.set(self.outer);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those that count: what a frame stands for does not.
fn frames() -> Vec<Frame> {
    FRAMES.with_borrow(|frames| {
        let replaced = |level: Level| {
            frames
                .iter()
                .any(|f| matches!(f, Frame::Batch { stands_for, .. } if *stands_for == Some(level)))
        };
        frames
            .iter()
            .filter(|f| !matches!(f, Frame::Batch { level, .. } if replaced(*level)))
            .cloned()
            .collect()
    })
}

/// All frames of this thread, for a thread that works for it.
pub(crate) fn all_frames() -> Vec<Frame> {
    FRAMES.with_borrow(Vec::clone)
}

/// Replaces the frames of this thread, and returns what they were.
pub(crate) fn replace_frames(new: Vec<Frame>) -> Vec<Frame> {
    DEPTH.set(new.len());
    FRAMES.replace(new)
}

/// The run of a checkpoint's function that is the innermost on this thread; 0 for none.
fn innermost_checkpoint() -> u64 {
    if DEPTH.get() == 0 {
        return 0;
    }
    FRAMES.with_borrow(|frames| {
        let id = |f: &Frame| match f {
            Frame::Record(id, _) | Frame::Replay(id, _) => Some(*id),
            _ => None,
        };
        frames.iter().rev().find_map(id).unwrap_or(0)
    })
}

static RUNS: AtomicU64 = AtomicU64::new(1);

/// The draws of a run of a checkpoint's function, while it lives.
pub(super) struct Record {
    log: Arc<Mutex<Vec<Place>>>,
    _within: Within,
}

impl Record {
    pub(super) fn new() -> Record {
        let log = Arc::default();
        Record {
            _within: Within::new(Frame::Record(RUNS.fetch_add(1, Relaxed), Arc::clone(&log))),
            log,
        }
    }

    /// The places of all draws one after the other.
    pub(super) fn places(self) -> Vec<Raw> {
        lock(&self.log).drain(..).flatten().collect()
    }
}

/// Draws take the places that [`Record::places`] gave, while the result lives.
pub(super) fn replay(places: &[Raw]) -> Within {
    let places = places
        .chunks_exact(3)
        .map(|place| [place[0].clone(), place[1].clone(), place[2].clone()])
        .collect();
    let log = Arc::new(Mutex::new((places, 0)));
    Within::new(Frame::Replay(RUNS.fetch_add(1, Relaxed), log))
}

/// Remembers whose batching rule is about to be called.
#[inline]
pub(super) fn batching(level: Level) {
    BATCHING.set(level);
}

/// The `vmap` whose batching rule runs, to be called first in it.
pub(super) fn batched_level() -> Level {
    BATCHING.get()
}

/// What the `vmap` of this level, if it is open, says of draws.
pub(super) fn randomness_of(of: Level) -> Randomness {
    FRAMES.with_borrow(|frames| {
        let found = frames.iter().find_map(|f| match f {
            Frame::Batch {
                level, randomness, ..
            } if *level == of => Some(*randomness),
            _ => None,
        });
        found.unwrap_or_default()
    })
}

#[cold]
fn shared_by_samples(op: &'static str) -> Error {
    Error::value(op, "a random number is drawn inside `vmap`, which runs the function once for all samples")
        .rule("`randomness` says what a draw means: \"different\" numbers for each sample, or the \"same\" for all")
        .hint_in(
            "`Vmap::new().randomness(Randomness::Different)`, or draw outside and hand the numbers in as an argument",
            "`cv.vmap(f, randomness='different')`, or draw outside and hand the numbers in as an argument",
        )
}

#[cold]
fn not_by_samples(op: &'static str) -> Error {
    Error::value(
        op,
        "a generator with a stream cannot draw different numbers for each sample of `vmap`",
    )
    .rule("each sample draws at a counter of its own, which a generator by key and counter has")
    .hint_in(
        "draw from `CounterRng::new(key)`, or draw outside and hand the numbers in",
        "draw from `cv.random.Philox4x32(key)`, or draw outside and hand the numbers in",
    )
}

#[cold]
fn constant_of_trace(op: &'static str) -> Error {
    Error::value(op, "a random number is drawn inside `trace`, which would keep it as a constant")
        .rule("a graph draws by a key and a counter that are its inputs")
        .hint_in(
            "make them inputs of the function and draw from `TensorRng::new(&key, &counter)?`, or draw outside and hand the numbers in",
            "make them inputs of the function and draw from `cv.random.Philox4x32(key, counter)`, or draw outside and hand the numbers in",
        )
}

#[cold]
fn not_again(op: &'static str) -> Error {
    Error::value(op, "a random number is drawn inside `checkpoint`, whose function would draw another one when it runs again")
        .rule("inside `checkpoint` numbers come from a generator by key and counter")
        .hint_in(
            "draw from `CounterRng::new(key)`, or draw outside and hand the numbers in",
            "draw from `cv.random.Philox4x32(key)`, or draw outside and hand the numbers in",
        )
}

/// Checks that a generator with a stream may be drawn from here.
///
/// # Errors
/// Inside `trace` and `checkpoint`, and inside `vmap` but with [`Randomness::Same`].
#[inline]
pub fn check_draw(op: &'static str) -> Result<()> {
    if DEPTH.get() == 0 {
        return Ok(());
    }
    check_frames(op)
}

#[cold]
fn check_frames(op: &'static str) -> Result<()> {
    for frame in frames() {
        match frame {
            Frame::Batch { randomness, .. } => match randomness {
                Randomness::Error => return Err(shared_by_samples(op)),
                Randomness::Different => return Err(not_by_samples(op)),
                Randomness::Same => {}
            },
            Frame::Trace => return Err(constant_of_trace(op)),
            Frame::Record(..) | Frame::Replay(..) => return Err(not_again(op)),
        }
    }
    Ok(())
}

/// Numbers that have their place, and only need to be computed.
pub struct Drawing {
    cipher: KeyedCipher,
    draw: Draw,
    dtype: DType,
    at: At,
}

enum At {
    Host(Keyed),
    Tensors(Box<Place>),
}

impl Drawing {
    /// The next `n` elements of a generator of the host, which moves on. Under `vmap` that draws different numbers, sample `i`
    /// has the place that it would have in a loop over the samples.
    ///
    /// # Errors
    /// Where an open transformation refuses draws, and for another dtype than those that are drawn.
    pub fn of_host(
        op: &'static str,
        rng: &mut Keyed,
        draw: Draw,
        dtype: DType,
        n: usize,
    ) -> Result<Drawing> {
        draw.check(dtype)?;
        let blocks = draw.blocks(dtype, n) as u64;
        let start = *rng;
        let (at, samples) = if DEPTH.get() == 0 {
            (At::Host(start), 1)
        } else {
            watched(op, start, blocks)?
        };
        let taken = u128::from(blocks).wrapping_mul(u128::from(samples));
        rng.counter = start.counter.wrapping_add(taken);
        Ok(Drawing {
            cipher: start.cipher,
            draw,
            dtype,
            at,
        })
    }

    /// The numbers. For a generator of tensors, or inside of a transformation, they carry tags.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn numbers(&self, shape: &[usize]) -> Result<Raw> {
        match &self.at {
            At::Host(rng) => drawn(rng, self.draw, shape, self.dtype),
            At::Tensors(place) => random(self.cipher, self.draw, shape, self.dtype, place),
        }
    }

    /// Whether they are plain numbers, drawn outside of all transformations.
    pub fn is_plain(&self) -> bool {
        matches!(self.at, At::Host(_))
    }
}

fn random(
    cipher: KeyedCipher,
    draw: Draw,
    shape: &[usize],
    dtype: DType,
    [key, counter, high]: &Place,
) -> Result<Raw> {
    let p = Random {
        cipher,
        draw,
        shape: Dims::from_slice(shape),
        dtype,
    };
    bind_one(&p, &[key, counter, high])
}

fn word(value: u64) -> Result<Raw> {
    Raw::scalar(Scalar::Int(value.into()), DType::U64)
}

/// Where a draw of the host takes place inside of the open transformations, and for how many samples it moves the generator on: for none
/// where a function runs again, whose draws were made.
#[cold]
fn watched(op: &'static str, start: Keyed, blocks: u64) -> Result<(At, u64)> {
    let frames = frames();
    let mut place = None;
    // what runs again has its draws already: the frames outside of it have nothing to say
    let mut first = 0;
    for (i, frame) in frames.iter().enumerate().rev() {
        if let Frame::Replay(_, log) = frame {
            place = Some(next_of(op, log)?);
            first = i + 1;
            break;
        }
    }
    let inner = &frames[first..];
    let mut samples: u64 = 1;
    for frame in inner {
        match frame {
            Frame::Trace => return Err(constant_of_trace(op)),
            Frame::Batch {
                randomness: Randomness::Error,
                ..
            } => return Err(shared_by_samples(op)),
            Frame::Batch {
                randomness: Randomness::Different,
                size,
                ..
            } => samples = samples.saturating_mul(*size as u64),
            _ => {}
        }
    }
    let is_replayed = place.is_some();
    let plain = !is_replayed
        && !inner.iter().any(|f| {
            matches!(
                f,
                Frame::Record(..)
                    | Frame::Batch {
                        randomness: Randomness::Different,
                        ..
                    }
            )
        });
    if plain {
        return Ok((At::Host(start), 1));
    }
    let mut place = match place {
        Some(place) => place,
        None => {
            let low = start.counter as u64;
            if samples > 1 && low.checked_add(blocks.saturating_mul(samples)).is_none() {
                return Err(Error::value(
                    op,
                    "the counter passes a multiple of 2**64 within one draw of `vmap`",
                ));
            }
            let high = (start.counter >> 64) as u64;
            [word(start.key)?, word(low)?, word(high)?]
        }
    };
    let mut step = blocks.wrapping_mul(samples);
    for frame in inner {
        match frame {
            Frame::Batch {
                randomness: Randomness::Different,
                level,
                size,
                ..
            } => {
                step /= (*size as u64).max(1);
                let offsets = (0..*size as u64).map(|i| i.wrapping_mul(step)).collect();
                let offsets = Raw::from_vec::<u64>(offsets, &[*size])?.push(*level, Kind::Batch);
                place[1] = place[1].add(&offsets)?;
            }
            Frame::Record(_, log) => lock(log).push(place.clone()),
            _ => {}
        }
    }
    let moved = if is_replayed { 0 } else { samples };
    Ok((At::Tensors(Box::new(place)), moved))
}

fn next_of(op: &'static str, log: &Mutex<(Vec<Place>, usize)>) -> Result<Place> {
    let mut log = lock(log);
    let at = log.1;
    log.1 += 1;
    log.0.get(at).cloned().ok_or_else(|| {
        Error::value(
            op,
            "the function of a `checkpoint` draws more random numbers when it runs again",
        )
        .rule("it does the same each time")
    })
}

/// A generator by key and counter that are tensors: inputs of a function that is mapped or traced. Its draws are primitives, and
/// the counter after them is a tensor again.
#[derive(Clone, Debug)]
pub struct TensorRng {
    cipher: KeyedCipher,
    key: Raw,
    counter: Raw,
    /// The run of a checkpoint's function that it was made in; 0 for none.
    made_in: u64,
}

impl TensorRng {
    /// The generator of a key at a counter, which counts blocks of four words of 32 bits.
    ///
    /// # Errors
    /// When they are not of `uint64`, or have axes.
    pub fn new(key: &Raw, counter: &Raw) -> Result<TensorRng> {
        for (x, what) in [(key, "key"), (counter, "counter")] {
            if x.dtype() != DType::U64 {
                return Err(
                    Error::dtype("random", format!("the {what} is of {}", x.dtype()))
                        .dtypes(&[x.dtype()])
                        .rule("key and counter are `uint64`"),
                );
            }
            if x.rank() != 0 {
                return Err(Error::shape(
                    "random",
                    format!("the {what} has {} dimensions", x.rank()),
                )
                .shapes(&[x.shape()])
                .rule("a generator has one key and one counter")
                .hint_in(
                    "map over several: `vmap(|key| Ok(TensorRng::new(&key, &counter)?.normal::<f64, 1>(3)), &keys)`",
                    "map over several: `cv.vmap(lambda key: cv.random.Philox4x32(key).normal(3))(keys)`",
                ));
            }
        }
        Ok(TensorRng {
            cipher: KeyedCipher::default(),
            key: key.clone(),
            counter: counter.clone(),
            made_in: innermost_checkpoint(),
        })
    }

    /// The generator of the same key and counter by this cipher.
    #[must_use]
    pub fn with(mut self, cipher: KeyedCipher) -> TensorRng {
        self.cipher = cipher;
        self
    }

    /// The function of key and counter.
    pub fn cipher(&self) -> KeyedCipher {
        self.cipher
    }

    /// The key.
    pub fn key(&self) -> &Raw {
        &self.key
    }

    /// The counter of what is drawn next.
    pub fn counter(&self) -> &Raw {
        &self.counter
    }

    /// The generator with another key for each `i`, at counter 0: independent streams.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn split(&self, i: u64) -> Result<TensorRng> {
        let place = [self.key.clone(), word(i)?, word(0)?];
        Ok(TensorRng {
            cipher: self.cipher,
            key: random(self.cipher, Draw::Keys, &[], DType::U64, &place)?,
            counter: word(0)?,
            made_in: self.made_in,
        })
    }

    /// The keys of [`split`](Self::split) of the first `n` numbers.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn keys(&self, n: usize) -> Result<Raw> {
        let place = [self.key.clone(), word(0)?, word(0)?];
        random(self.cipher, Draw::Keys, &[n], DType::U64, &place)
    }

    /// The next `n` elements; the counter moves on.
    ///
    /// # Errors
    /// For another dtype than those that are drawn, and inside of a checkpoint in which it was not made.
    pub fn next(
        &mut self,
        op: &'static str,
        draw: Draw,
        dtype: DType,
        n: usize,
    ) -> Result<Drawing> {
        draw.check(dtype)?;
        if let within @ 1.. = innermost_checkpoint()
            && within != self.made_in
        {
            return Err(Error::value(
                op,
                "a generator that was made outside of `checkpoint` draws inside it",
            )
            .rule("the function of a checkpoint knows its inputs only, and does the same each time")
            .hint("make the generator inside, of a key and a counter that are inputs"));
        }
        let at = At::Tensors(Box::new([self.key.clone(), self.counter.clone(), word(0)?]));
        let blocks = word(draw.blocks(dtype, n) as u64)?;
        self.counter = self.counter.add(&blocks)?;
        Ok(Drawing {
            cipher: self.cipher,
            draw,
            dtype,
            at,
        })
    }
}
