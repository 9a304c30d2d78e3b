//! A generator without a state: every number is a function of a key, a counter and its place.
//!
//! So a tensor can be filled in any order, by any number of threads, in parts of any size, on any device, and holds the same
//! numbers. The function is Philox4x32-10 or Threefry4x32-20: a block cipher that turns a counter of 128 bits, under a key of 64, into
//! four words of 32 bits.
//!
//! ```text
//! place i of a tensor drawn at (key, counter):
//!   uniform f32   word i mod 4 of block counter + ⌊i/4⌋: its upper 24 bits
//!   uniform f64   words 2 (i mod 2) and the next of block counter + ⌊i/2⌋: 52 of their bits
//!   normal        Box and Muller: √(-2 ln u) (cos 2πv, sin 2πv); a pair from two words (f32) or from four (f64)
//! ```
//!
//! Blocks are computed eight at a time, word by word, in loops that the compiler turns into vector instructions. Logarithm,
//! sine and cosine are polynomials of our own in plain products and sums, so that the numbers are equal on every instruction
//! set. Sources: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011); Box and Muller (1958);
//! the polynomials are those of FreeBSD's msun and of Cephes.

mod cipher;
mod isa;
mod normal;

use cipher::{LANES, Words};

/// The block cipher of a [`Keyed`] generator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyedCipher {
    /// Philox4x32-10, by multiplications: the faster one.
    #[default]
    Philox4x32,
    /// Threefry4x32-20, by additions, rotations and exclusive ors, as the cipher Threefish. The upper half of its key of 128 bits is zero.
    Threefry4x32,
}

/// A block cipher with a key and a counter: numbers by place, the same for any thread count.
///
/// ```
/// use civita_random::{Keyed, KeyedCipher};
///
/// let rng = Keyed::new(42);
/// let mut all = [0.0_f32; 100];
/// rng.uniform_at(0, &mut all);
/// // any part of it, by itself
/// let mut part = [0.0_f32; 10];
/// rng.uniform_at(37, &mut part);
/// assert_eq!(part, all[37..47]);
///
/// // Random123's threefry4x32 of 20 rounds
/// let rng = Keyed::new(0).with(KeyedCipher::Threefry4x32);
/// assert_eq!(rng.block(0), [0x9c6c_a96a, 0xe17e_ae66, 0xfc10_ecd4, 0x5256_a7d8]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The function of key and counter.
    pub cipher: KeyedCipher,
    /// Which stream it is.
    pub key: u64,
    /// The block of the first four words.
    pub counter: u128,
}

/// A float that can be drawn by place.
pub trait Counted: Copy + Default + Send + Sync + 'static {
    /// How many come from a block.
    const PER_BLOCK: usize;
    /// Uniform numbers of eight blocks.
    #[doc(hidden)]
    fn uniform(words: &Words, out: &mut [Self]);
    /// Standard normal numbers of eight blocks.
    #[doc(hidden)]
    fn normal(words: &Words, out: &mut [Self]);
    /// Fills whole groups, compiled for the processor's instruction set.
    #[doc(hidden)]
    fn fill(rng: &Keyed, block: u128, kind: Kind, out: &mut [Self]);
}

/// What is drawn.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uniform,
    Normal,
}

/// The factor of 2⁻ᵇ.
const STEP_24: f32 = 1.0 / 16_777_216.0;

/// In [1, 2), from the upper bits of two words.
#[inline(always)]
fn one_to_two(low: u64, high: u64) -> f64 {
    f64::from_bits(0x3ff0_0000_0000_0000 | (low & 0xffff_ffff | high << 32) >> 12)
}

/// Lanes side by side: the numbers of a block after each other.
#[inline(always)]
fn interleaved<T: Copy, const N: usize>(lanes: [normal::Lanes<T>; N], out: &mut [T]) {
    for (lane, out) in out.chunks_exact_mut(N).enumerate() {
        for (lanes, out) in lanes.iter().zip(out) {
            *out = lanes[lane];
        }
    }
}

/// A function of each lane. (`array::map` is not inlined into functions of other instruction sets.)
#[inline(always)]
fn each<T: Copy, U: Copy + Default>(
    lanes: &normal::Lanes<T>,
    f: impl Fn(T) -> U,
) -> normal::Lanes<U> {
    let mut out = [U::default(); LANES];
    for (out, x) in out.iter_mut().zip(lanes) {
        *out = f(*x);
    }
    out
}

impl Counted for f32 {
    const PER_BLOCK: usize = 4;

    #[inline(always)]
    fn uniform([a, b, c, d]: &Words, out: &mut [f32]) {
        let u = |word: u64| (word as u32 >> 8) as i32 as f32 * STEP_24;
        interleaved([each(a, u), each(b, u), each(c, u), each(d, u)], out);
    }

    #[inline(always)]
    fn normal([a, b, c, d]: &Words, out: &mut [f32]) {
        const STEP_31: f32 = 1.0 / 2_147_483_648.0;
        let u = |word: u64| ((word as u32 >> 1) as i32 as f32 + 0.5) * STEP_31;
        let v = |word: u64| (word as u32 >> 8) as i32 as f32 * STEP_24;
        let [a, b] = normal::pairs_f32(&each(a, u), &each(b, v));
        let [c, d] = normal::pairs_f32(&each(c, u), &each(d, v));
        interleaved([a, b, c, d], out);
    }

    fn fill(rng: &Keyed, block: u128, kind: Kind, out: &mut [f32]) {
        isa::fill_f32(rng, block, kind, out);
    }
}

/// In [1, 2), from words 0 and 1 of each block, and from words 2 and 3.
#[inline(always)]
fn doubles(words: &Words) -> [normal::Lanes<f64>; 2] {
    let mut doubles = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        doubles[0][lane] = one_to_two(words[0][lane], words[1][lane]);
        doubles[1][lane] = one_to_two(words[2][lane], words[3][lane]);
    }
    doubles
}

impl Counted for f64 {
    const PER_BLOCK: usize = 2;

    #[inline(always)]
    fn uniform(words: &Words, out: &mut [f64]) {
        let [a, b] = doubles(words);
        interleaved([each(&a, |x| x - 1.0), each(&b, |x| x - 1.0)], out);
    }

    #[inline(always)]
    fn normal(words: &Words, out: &mut [f64]) {
        let [u, v] = doubles(words);
        let pair = normal::pairs(&each(&u, |u| 2.0 - u), &each(&v, |v| v - 1.0));
        interleaved(pair, out);
    }

    fn fill(rng: &Keyed, block: u128, kind: Kind, out: &mut [f64]) {
        isa::fill_f64(rng, block, kind, out);
    }
}

impl Keyed {
    /// The generator of a key by Philox4x32-10, at counter 0.
    pub const fn new(key: u64) -> Keyed {
        Keyed::at(key, 0)
    }

    /// The generator of a key by Philox4x32-10, at a counter.
    pub const fn at(key: u64, counter: u128) -> Keyed {
        Keyed {
            cipher: KeyedCipher::Philox4x32,
            key,
            counter,
        }
    }

    /// The generator of the same key and counter by this cipher.
    #[must_use]
    pub const fn with(self, cipher: KeyedCipher) -> Keyed {
        Keyed { cipher, ..self }
    }

    fn encrypted(&self, counter: u128) -> Words {
        match self.cipher {
            KeyedCipher::Philox4x32 => cipher::philox(counter, self.key),
            KeyedCipher::Threefry4x32 => cipher::threefry(counter, self.key),
        }
    }

    /// Four words: those of a block after the counter.
    ///
    /// ```
    /// # use civita_random::Keyed;
    /// assert_eq!(Keyed::new(0).block(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    /// ```
    pub fn block(&self, block: u128) -> [u32; 4] {
        let words = self.encrypted(self.counter.wrapping_add(block));
        words.map(|word| word[0] as u32)
    }

    /// Moves on by as many blocks as `n` numbers take, and returns the generator that draws them.
    #[must_use]
    pub fn take<T: Counted>(&mut self, n: usize) -> Keyed {
        let drawn = *self;
        self.counter = self.counter.wrapping_add(n.div_ceil(T::PER_BLOCK) as u128);
        drawn
    }

    /// A generator with a key of its own, for each `i`: independent streams.
    #[must_use]
    pub fn split(&self, i: u64) -> Keyed {
        // a counter that drawing does not come to
        let words = self.encrypted(!u128::from(i));
        Keyed::new(words[0][0] & 0xffff_ffff | words[1][0] << 32).with(self.cipher)
    }

    /// Uniform numbers in [0, 1): those at the places from `first` on. Multiples of 2⁻²⁴ or 2⁻⁵².
    pub fn uniform_at<T: Counted>(&self, first: usize, out: &mut [T]) {
        self.fill_at(Kind::Uniform, first, out);
    }

    /// Standard normal numbers: those at the places from `first` on. Within 6.7 (`f32`) or 8.5 (`f64`) of zero.
    pub fn normal_at<T: Counted>(&self, first: usize, out: &mut [T]) {
        self.fill_at(Kind::Normal, first, out);
    }

    fn fill_at<T: Counted>(&self, kind: Kind, first: usize, out: &mut [T]) {
        let group = LANES * T::PER_BLOCK;
        let base = |place: usize| self.counter.wrapping_add((place / T::PER_BLOCK) as u128);
        // the group that holds a place need not be drawn whole
        let partial = |start: usize, out: &mut [T]| {
            let begin = start / group * group;
            let mut whole = [T::default(); LANES * 4];
            let whole = &mut whole[..group];
            T::fill(self, base(begin), kind, whole);
            out.copy_from_slice(&whole[start - begin..][..out.len()]);
        };
        let head = (first.next_multiple_of(group) - first).min(out.len());
        let (ahead, rest) = out.split_at_mut(head);
        if !ahead.is_empty() {
            partial(first, ahead);
        }
        let (groups, tail) = rest.split_at_mut(rest.len() / group * group);
        if !groups.is_empty() {
            T::fill(self, base(first + head), kind, groups);
        }
        if !tail.is_empty() {
            partial(first + head + groups.len(), tail);
        }
    }
}

/// Fills whole groups; the body of the shells in [`isa`].
#[inline(always)]
fn fill_groups<T: Counted>(rng: &Keyed, block: u128, kind: Kind, out: &mut [T]) {
    // a loop for each cipher
    match rng.cipher {
        KeyedCipher::Philox4x32 => fill_by(|at| cipher::philox(at, rng.key), block, kind, out),
        KeyedCipher::Threefry4x32 => fill_by(|at| cipher::threefry(at, rng.key), block, kind, out),
    }
}

#[inline(always)]
fn fill_by<T: Counted>(encrypted: impl Fn(u128) -> Words, block: u128, kind: Kind, out: &mut [T]) {
    for (i, out) in out.chunks_exact_mut(LANES * T::PER_BLOCK).enumerate() {
        let words = encrypted(block.wrapping_add((i * LANES) as u128));
        match kind {
            Kind::Uniform => T::uniform(&words, out),
            Kind::Normal => T::normal(&words, out),
        }
    }
}
