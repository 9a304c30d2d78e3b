//! Seeds: entropy of any size mixed into the states of generators.

use crate::error::{Error, Result};

/// A source of states for bit generators: NumPy's `SeedSequence`, bit for bit.
///
/// Entropy of any length is hashed into a pool of 32-bit words, from which [`generate`](SeedSequence::generate) makes as many
/// words as a generator wants. Seeds that differ in one bit give unrelated states. [`spawn`](SeedSequence::spawn) makes
/// children whose streams are independent, for threads and processes.
///
/// Source: O'Neill, "Developing a seed_seq alternative" (2015), and NumPy's `bit_generator.pyx`.
///
/// ```
/// use civita_random::SeedSequence;
///
/// let mut seeds = SeedSequence::new(42);
/// assert_eq!(seeds.generate(2), [3444837047, 2669555309]);
/// let children = seeds.spawn(2);
/// assert_ne!(children[0].generate(1), children[1].generate(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedSequence {
    entropy: Vec<u32>,
    spawn_key: Vec<u32>,
    pool: Vec<u32>,
    children: u32,
}

const INIT_A: u32 = 0x43b0_d7e5;
const MULT_A: u32 = 0x931e_8875;
const INIT_B: u32 = 0x8b51_f9dd;
const MULT_B: u32 = 0x58f3_8ded;
const MIX_L: u32 = 0xca01_f9dd;
const MIX_R: u32 = 0x4973_f715;

/// Words of the pool unless another number is asked for.
pub const POOL_SIZE: usize = 4;

/// Words of the largest pool. The mixing takes time in its square.
pub const LARGEST_POOL: usize = 1 << 12;

fn hash(mut value: u32, factor: &mut u32) -> u32 {
    value ^= *factor;
    *factor = factor.wrapping_mul(MULT_A);
    value = value.wrapping_mul(*factor);
    value ^ (value >> 16)
}

fn mix(x: u32, y: u32) -> u32 {
    let mixed = MIX_L.wrapping_mul(x).wrapping_sub(MIX_R.wrapping_mul(y));
    mixed ^ (mixed >> 16)
}

/// The words of an integer, lowest first; at least one.
pub fn words_of(mut value: u128) -> Vec<u32> {
    let mut words = vec![value as u32];
    value >>= 32;
    while value != 0 {
        words.push(value as u32);
        value >>= 32;
    }
    words
}

impl SeedSequence {
    /// From an integer, as `np.random.SeedSequence(seed)`.
    pub fn new(seed: u128) -> SeedSequence {
        SeedSequence::mixed(words_of(seed), Vec::new(), POOL_SIZE)
    }

    /// From words of entropy, lowest first: an integer of any size, or several one after the other.
    ///
    /// ```
    /// # use civita_random::SeedSequence;
    /// assert_eq!(SeedSequence::from_words(&[42]), SeedSequence::new(42));
    /// ```
    pub fn from_words(entropy: &[u32]) -> SeedSequence {
        SeedSequence::mixed(entropy.to_vec(), Vec::new(), POOL_SIZE)
    }

    /// From all that a sequence is made of: words of entropy, the place in a tree of spawned sequences, and the number of
    /// words in the pool.
    ///
    /// # Errors
    /// When the pool has fewer than 4 words, or more than 4096.
    pub fn with_key(entropy: &[u32], spawn_key: &[u32], pool_size: usize) -> Result<SeedSequence> {
        if pool_size < POOL_SIZE {
            return Err(Error::value(format!(
                "The size of the entropy pool should be at least {POOL_SIZE}"
            )));
        }
        if pool_size > LARGEST_POOL {
            return Err(Error::value(format!(
                "The size of the entropy pool should be at most {LARGEST_POOL}"
            )));
        }
        Ok(SeedSequence::mixed(
            entropy.to_vec(),
            spawn_key.to_vec(),
            pool_size,
        ))
    }

    fn mixed(entropy: Vec<u32>, spawn_key: Vec<u32>, pool_size: usize) -> SeedSequence {
        let mut words = entropy.clone();
        if !spawn_key.is_empty() && words.len() < pool_size {
            // so that a key is not taken for entropy
            words.resize(pool_size, 0);
        }
        words.extend_from_slice(&spawn_key);

        let mut factor = INIT_A;
        let mut pool: Vec<u32> = (0..pool_size)
            .map(|i| hash(words.get(i).copied().unwrap_or(0), &mut factor))
            .collect();
        for from in 0..pool_size {
            for to in (0..pool_size).filter(|&to| to != from) {
                pool[to] = mix(pool[to], hash(pool[from], &mut factor));
            }
        }
        for &word in words.iter().skip(pool_size) {
            for slot in &mut pool {
                *slot = mix(*slot, hash(word, &mut factor));
            }
        }
        SeedSequence {
            entropy,
            spawn_key,
            pool,
            children: 0,
        }
    }

    /// Words of state for a generator: NumPy's `generate_state(n)`.
    pub fn generate(&self, n: usize) -> Vec<u32> {
        let mut factor = INIT_B;
        self.pool
            .iter()
            .cycle()
            .take(n)
            .map(|&word| {
                let mut word = word ^ factor;
                factor = factor.wrapping_mul(MULT_B);
                word = word.wrapping_mul(factor);
                word ^ (word >> 16)
            })
            .collect()
    }

    /// Words of 64 bits, lower half first: NumPy's `generate_state(n, np.uint64)`.
    pub fn generate_u64(&self, n: usize) -> Vec<u64> {
        self.generate(n.saturating_mul(2))
            .chunks_exact(2)
            .map(|half| u64::from(half[0]) | u64::from(half[1]) << 32)
            .collect()
    }

    /// As [`generate_u64`](Self::generate_u64), as an array.
    pub(crate) fn state<const N: usize>(&self) -> [u64; N] {
        let mut state = [0; N];
        state.copy_from_slice(&self.generate_u64(N));
        state
    }

    /// The next `n` children. Every child has a key of its own, so that calling twice gives new ones.
    pub fn spawn(&mut self, n: u32) -> Vec<SeedSequence> {
        let first = self.children;
        self.children = self.children.wrapping_add(n);
        (0..n)
            .map(|i| {
                let mut key = self.spawn_key.clone();
                key.push(first.wrapping_add(i));
                SeedSequence::mixed(self.entropy.clone(), key, self.pool.len())
            })
            .collect()
    }

    /// The words that it was made from.
    pub fn entropy(&self) -> &[u32] {
        &self.entropy
    }

    /// Its place in the tree of spawned sequences.
    pub fn spawn_key(&self) -> &[u32] {
        &self.spawn_key
    }

    /// The mixed words.
    pub fn pool(&self) -> &[u32] {
        &self.pool
    }

    /// How many children it has spawned.
    pub fn children_spawned(&self) -> u32 {
        self.children
    }

    /// Says that it has spawned so many children, in another life.
    pub fn set_children_spawned(&mut self, n: u32) {
        self.children = n;
    }
}

impl From<u64> for SeedSequence {
    fn from(seed: u64) -> SeedSequence {
        SeedSequence::new(seed.into())
    }
}

impl From<&SeedSequence> for SeedSequence {
    fn from(seeds: &SeedSequence) -> SeedSequence {
        seeds.clone()
    }
}
