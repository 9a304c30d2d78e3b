//! Integers in a range, each as likely as the others.
//!
//! A range that is no power of two needs rejections. Lemire's method takes the upper half of `word × n` and rejects a draw
//! in 2³² / n at most; masking takes as many low bits as the largest value has and rejects up to half of them. `Generator` uses
//! the first, `RandomState` the second. Types of 8 and 16 bits and booleans share one word of 32 bits.

use super::Distribution;
use crate::bits::BitGenerator;
use crate::error::{Error, Result};

/// How draws are brought into a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Lemire, "Fast random integer generation in an interval" (2019): NumPy's `Generator.integers`.
    Lemire,
    /// Rejection under a mask: NumPy's `RandomState.randint`.
    Masked,
}

/// The smallest number of the form 2ᵏ − 1 that is not below.
#[inline]
pub(crate) fn mask(max: u64) -> u64 {
    u64::MAX.checked_shr(max.leading_zeros()).unwrap_or(0)
}

/// Uniform in [0, max], by masking: what shuffles draw.
#[inline(always)]
pub(crate) fn interval<B: BitGenerator>(bits: &mut B, max: u64) -> u64 {
    if max == 0 {
        return 0;
    }
    let mask = mask(max);
    if max <= u32::MAX.into() {
        loop {
            let value = u64::from(bits.next_u32()) & mask;
            if value <= max {
                return value;
            }
        }
    }
    loop {
        let value = bits.next_u64() & mask;
        if value <= max {
            return value;
        }
    }
}

/// As [`interval`] of `largest`, `largest - 1` and so on, which have the same mask. Whether a draw is rejected, which nobody can
/// predict, is no branch.
pub(crate) fn intervals<B: BitGenerator>(bits: &mut B, largest: u32, out: &mut [u32]) {
    let mask = mask(largest.into()) as u32;
    let (mut at, mut max) = (0, largest);
    while let Some(slot) = out.get_mut(at) {
        let value = bits.next_u32() & mask;
        *slot = value;
        let fits = value <= max;
        at += usize::from(fits);
        max = max.wrapping_sub(fits.into());
    }
}

/// What is left of a word of 32 bits that several narrow draws share.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shared {
    word: u32,
    left: u32,
}

impl Shared {
    /// The next `width` bits, among others above them.
    #[inline(always)]
    fn next<B: BitGenerator>(&mut self, bits: &mut B, width: u32) -> u32 {
        if self.left == 0 {
            self.word = bits.next_u32();
            self.left = 32 / width - 1;
        } else {
            self.word >>= width;
            self.left -= 1;
        }
        self.word
    }
}

/// An unsigned integer that can be drawn from a range.
pub trait Word: Copy + Default + PartialEq + Send + Sync + 'static {
    /// Uniform in `[low, low + range]`, wrapping around.
    fn bounded<B: BitGenerator>(
        bits: &mut B,
        shared: &mut Shared,
        low: Self,
        range: Self,
        method: Method,
    ) -> Self;

    /// The lower bits of a number.
    fn truncated(value: i128) -> Self;
}

/// A word as any of its bits may be: the whole type.
macro_rules! narrow_word {
    ($($word:ident $wide:ident $width:literal)*) => { $(
        impl Word for $word {
            #[inline(always)]
            fn bounded<B: BitGenerator>(bits: &mut B, shared: &mut Shared, low: $word, range: $word, method: Method) -> $word {
                if range == 0 {
                    return low;
                }
                let mut next = || shared.next(bits, $width) as $word;
                if range == $word::MAX {
                    return low.wrapping_add(next());
                }
                let value = match method {
                    Method::Lemire => {
                        let n = range + 1;
                        let mut product = $wide::from(next()) * $wide::from(n);
                        if (product as $word) < n {
                            let threshold = ($word::MAX - range) % n;
                            while (product as $word) < threshold {
                                product = $wide::from(next()) * $wide::from(n);
                            }
                        }
                        (product >> $width) as $word
                    }
                    Method::Masked => {
                        let mask = mask(range.into()) as $word;
                        loop {
                            let value = next() & mask;
                            if value <= range {
                                break value;
                            }
                        }
                    }
                };
                low.wrapping_add(value)
            }

            #[inline]
            fn truncated(value: i128) -> $word {
                value as $word
            }
        }
    )* };
}
narrow_word!(u8 u16 8  u16 u32 16);

impl Word for bool {
    #[inline(always)]
    fn bounded<B: BitGenerator>(
        bits: &mut B,
        shared: &mut Shared,
        low: bool,
        range: bool,
        _method: Method,
    ) -> bool {
        if range {
            shared.next(bits, 1) & 1 == 1
        } else {
            low
        }
    }

    #[inline]
    fn truncated(value: i128) -> bool {
        value & 1 == 1
    }
}

impl Word for u32 {
    #[inline(always)]
    fn bounded<B: BitGenerator>(
        bits: &mut B,
        _shared: &mut Shared,
        low: u32,
        range: u32,
        method: Method,
    ) -> u32 {
        if range == 0 {
            return low;
        }
        if range == u32::MAX {
            return low.wrapping_add(bits.next_u32());
        }
        let value = match method {
            Method::Lemire => {
                let n = range + 1;
                let mut product = u64::from(bits.next_u32()) * u64::from(n);
                if (product as u32) < n {
                    product = lemire_edge_u32(bits, product, range);
                }
                (product >> 32) as u32
            }
            Method::Masked => interval(bits, range.into()) as u32,
        };
        low.wrapping_add(value)
    }

    #[inline]
    fn truncated(value: i128) -> u32 {
        value as u32
    }
}

/// A product near the lower end of its step, where some are rejected.
#[cold]
#[inline(never)]
fn lemire_edge_u32<B: BitGenerator>(bits: &mut B, mut product: u64, range: u32) -> u64 {
    let n = range + 1;
    let threshold = (u32::MAX - range) % n;
    while (product as u32) < threshold {
        product = u64::from(bits.next_u32()) * u64::from(n);
    }
    product
}

impl Word for u64 {
    #[inline(always)]
    fn bounded<B: BitGenerator>(
        bits: &mut B,
        shared: &mut Shared,
        low: u64,
        range: u64,
        method: Method,
    ) -> u64 {
        if let Ok(range) = u32::try_from(range) {
            return low.wrapping_add(u32::bounded(bits, shared, 0, range, method).into());
        }
        if range == u64::MAX {
            return low.wrapping_add(bits.next_u64());
        }
        let value = match method {
            Method::Lemire => {
                let n = range + 1;
                let mut product = u128::from(bits.next_u64()) * u128::from(n);
                if (product as u64) < n {
                    let threshold = (u64::MAX - range) % n;
                    while (product as u64) < threshold {
                        product = u128::from(bits.next_u64()) * u128::from(n);
                    }
                }
                (product >> 64) as u64
            }
            Method::Masked => {
                let mask = mask(range);
                loop {
                    let value = bits.next_u64() & mask;
                    if value <= range {
                        break value;
                    }
                }
            }
        };
        low.wrapping_add(value)
    }

    #[inline]
    fn truncated(value: i128) -> u64 {
        value as u64
    }
}

/// A type of integers that can be drawn: `bool`, `u8` to `u64`, `i8` to `i64`.
pub trait Integer: Copy + Default + Send + Sync + 'static {
    /// The unsigned integer of the same size.
    type Word: Word;
    /// NumPy's name.
    const NAME: &'static str;
    /// The smallest value.
    const LEAST: i128;
    /// The largest value.
    const MOST: i128;
    /// The value with these bits.
    fn of_word(word: Self::Word) -> Self;
}

macro_rules! integer {
    ($($integer:ident $word:ident $name:literal $least:expr, $most:expr;)*) => { $(
        impl Integer for $integer {
            type Word = $word;
            const NAME: &'static str = $name;
            const LEAST: i128 = $least;
            const MOST: i128 = $most;
            #[inline(always)]
            fn of_word(word: $word) -> $integer {
                word as $integer
            }
        }
    )* };
}
integer! {
    bool bool "bool" 0, 1;
    u8 u8 "uint8" 0, u8::MAX as i128;
    u16 u16 "uint16" 0, u16::MAX as i128;
    u32 u32 "uint32" 0, u32::MAX as i128;
    u64 u64 "uint64" 0, u64::MAX as i128;
    i8 u8 "int8" i8::MIN as i128, i8::MAX as i128;
    i16 u16 "int16" i16::MIN as i128, i16::MAX as i128;
    i32 u32 "int32" i32::MIN as i128, i32::MAX as i128;
    i64 u64 "int64" i64::MIN as i128, i64::MAX as i128;
}

/// Integers from `low` to `high`, both included, each as likely as the others.
///
/// ```
/// use civita_random::{Integers, Generator};
///
/// let mut rng = Generator::new(42);
/// let dice = Integers::<i64>::between(1, 6)?;
/// assert_eq!(rng.sample(&dice, 5), [1, 5, 4, 3, 3]); // np.random.default_rng(42).integers(1, 6, 5, endpoint=True)
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Integers<T: Integer> {
    low: T::Word,
    range: T::Word,
    method: Method,
}

impl<T: Integer> Integers<T> {
    /// From `low` to `high`, both included.
    ///
    /// # Errors
    /// When the type does not hold a bound, or `low` is above `high`.
    pub fn between(low: i128, high: i128) -> Result<Integers<T>> {
        if low < T::LEAST {
            return Err(Error::value(format!(
                "low is out of bounds for {}",
                T::NAME
            )));
        }
        if high > T::MOST {
            return Err(Error::value(format!(
                "high is out of bounds for {}",
                T::NAME
            )));
        }
        if low > high {
            return Err(Error::value(if low == 0 {
                "high < 0"
            } else {
                "low > high"
            }));
        }
        Ok(Integers {
            low: T::Word::truncated(low),
            range: T::Word::truncated(high - low),
            method: Method::Lemire,
        })
    }

    /// From `low` up to `high`, which is left out.
    ///
    /// # Errors
    /// When the type does not hold the values, or there are none.
    pub fn below(low: i128, high: i128) -> Result<Integers<T>> {
        match Integers::between(low, high - 1) {
            Err(_) if low >= T::LEAST && high - 1 <= T::MOST => Err(Error::value(if low == 0 {
                "high <= 0"
            } else {
                "low >= high"
            })),
            other => other,
        }
    }

    /// The same range by another method, which draws other numbers.
    #[must_use]
    pub const fn by(mut self, method: Method) -> Integers<T> {
        self.method = method;
        self
    }

    /// Fills a part of a slice; narrow types share words with the part before by `shared`.
    pub fn fill_part<B: BitGenerator>(&self, bits: &mut B, shared: &mut Shared, out: &mut [T]) {
        let (it, mut here) = (*self, *shared);
        for value in out {
            *value = it.draw(bits, &mut here);
        }
        *shared = here;
    }

    /// One draw; narrow types share words by `shared`.
    #[inline(always)]
    pub fn draw<B: BitGenerator>(&self, bits: &mut B, shared: &mut Shared) -> T {
        T::of_word(T::Word::bounded(
            bits,
            shared,
            self.low,
            self.range,
            self.method,
        ))
    }
}

impl<T: Integer> Distribution for Integers<T> {
    type Value = T;

    /// One draw takes a word of its own, however narrow the type.
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> T {
        let it = *self;
        move |bits| it.draw(bits, &mut Shared::default())
    }

    /// Draws of one slice share words.
    fn fill<B: BitGenerator>(&self, bits: &mut B, out: &mut [T]) {
        self.fill_part(bits, &mut Shared::default(), out);
    }
}
