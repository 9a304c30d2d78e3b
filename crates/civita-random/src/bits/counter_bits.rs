//! Block ciphers run over a counter: what [`Philox`](super::Philox) and [`Threefry`](super::Threefry) have in common.

use super::{BitGenerator, Half, next_half, next_halves};
use crate::seed::SeedSequence;

/// A cipher that turns a counter of 256 bits into four words.
pub trait Cipher {
    /// The words of the key, lowest first.
    type Key: Copy + std::fmt::Debug + PartialEq + Eq;

    /// The key that a seed sequence makes.
    fn key(seeds: &SeedSequence) -> Self::Key;

    /// The four words of a counter under a key.
    fn encrypted(counter: [u64; 4], key: Self::Key) -> [u64; 4];
}

/// A stream of bits from a block cipher: four words at a time are an encryption of a counter, so any place of the stream is reached at
/// once. Its forms are [`Philox`](super::Philox) and [`Threefry`](super::Threefry).
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
#[derive(Debug, PartialEq, Eq)]
pub struct CounterBits<C: Cipher> {
    counter: [u64; 4],
    key: C::Key,
    /// The block of the counter, of which the words before `position` have been drawn.
    buffer: [u64; 4],
    position: usize,
    half: Half,
}

impl<C: Cipher> Clone for CounterBits<C> {
    fn clone(&self) -> CounterBits<C> {
        CounterBits { ..*self }
    }
}

impl<C: Cipher> CounterBits<C> {
    /// A generator whose key is made from a seed; the counter begins at 0.
    pub fn new(seed: impl Into<SeedSequence>) -> CounterBits<C> {
        CounterBits::with_key(C::key(&seed.into()), [0; 4])
    }

    /// A generator with this key and counter, lowest words first. The first block drawn is that of the counter plus one.
    pub const fn with_key(key: C::Key, counter: [u64; 4]) -> CounterBits<C> {
        CounterBits {
            counter,
            key,
            buffer: [0; 4],
            position: 4,
            half: Half::NONE,
        }
    }

    /// A generator in a given state: the block of the counter, and how many of its words have been drawn (4 at most).
    pub fn from_state(
        key: C::Key,
        counter: [u64; 4],
        buffer: [u64; 4],
        position: usize,
        half: Half,
    ) -> CounterBits<C> {
        CounterBits {
            counter,
            key,
            buffer,
            position: position.min(4),
            half,
        }
    }

    /// The key, lowest word first.
    pub const fn key(&self) -> C::Key {
        self.key
    }

    /// The counter, lowest word first.
    pub const fn counter(&self) -> [u64; 4] {
        self.counter
    }

    /// The block that is being drawn from.
    pub const fn buffer(&self) -> [u64; 4] {
        self.buffer
    }

    /// How many words of the block have been drawn.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The half of a word that `next_u32` has left.
    pub const fn half(&self) -> Half {
        self.half
    }

    /// Adds `delta` (lowest word first) to the counter, which counts blocks of four words, and drops what was left of the block.
    pub fn advance(&mut self, delta: [u64; 4]) {
        let mut carry = false;
        for (word, step) in self.counter.iter_mut().zip(delta) {
            let (sum, over) = word.overflowing_add(step);
            let (sum, again) = sum.overflowing_add(carry.into());
            (*word, carry) = (sum, over | again);
        }
        *self = CounterBits::with_key(self.key, self.counter);
    }

    /// A copy `jumps` times 2¹²⁸ blocks ahead: streams for parallel work.
    #[must_use]
    pub fn jumped(&self, jumps: u128) -> CounterBits<C> {
        let mut copy = self.clone();
        copy.advance([0, 0, jumps as u64, (jumps >> 64) as u64]);
        copy
    }

    fn next_block(&mut self) {
        for word in &mut self.counter {
            *word = word.wrapping_add(1);
            if *word != 0 {
                break;
            }
        }
        self.buffer = C::encrypted(self.counter, self.key);
    }
}

impl<C: Cipher> BitGenerator for CounterBits<C> {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        if self.position >= 4 {
            self.next_block();
            self.position = 0;
        }
        self.position += 1;
        self.buffer[(self.position - 1) & 3]
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        next_half!(self)
    }

    #[inline(always)]
    fn next_u32_pair(&mut self) -> [u32; 2] {
        next_halves!(self)
    }
}
