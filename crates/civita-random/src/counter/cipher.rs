//! Philox4x32-10, eight blocks at a time.
//!
//! A word lies in the lower half of 64 bits, whose upper half is arbitrary: the vector multiplication of 32 by 32 bits reads
//! lower halves only, and so the rounds need neither shuffles nor masks.

/// Blocks that are encrypted together: two registers of AVX2 for each word.
pub(super) const LANES: usize = 8;

/// The four words of eight blocks, in lower halves.
pub type Words = [[u64; LANES]; 4];

const ROUNDS: usize = 10;
const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
/// The golden ratio, and √3 − 1.
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const LOWER: u64 = 0xffff_ffff;

/// The words of the blocks from `counter` on, under a key.
#[inline(always)]
pub(super) fn encrypted(counter: u128, key: u64) -> Words {
    let mut words = counters(counter);
    let mut key = [key as u32, (key >> 32) as u32];
    for round in 0..ROUNDS {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let [c0, c1, c2, c3] = words;
        for lane in 0..LANES {
            let a = MULTIPLIERS[0] * (c0[lane] & LOWER);
            let b = MULTIPLIERS[1] * (c2[lane] & LOWER);
            words[0][lane] = b >> 32 ^ c1[lane] ^ u64::from(key[0]);
            words[1][lane] = b;
            words[2][lane] = a >> 32 ^ c3[lane] ^ u64::from(key[1]);
            words[3][lane] = a;
        }
    }
    words
}

/// The counters of eight blocks, word by word.
#[inline(always)]
fn counters(counter: u128) -> Words {
    let low = counter as u32;
    if low > u32::MAX - LANES as u32 {
        return counters_running_over(counter);
    }
    let mut words = [
        [0; LANES],
        [(counter >> 32) as u64; LANES],
        [(counter >> 64) as u64; LANES],
        [(counter >> 96) as u64; LANES],
    ];
    for (lane, word) in (0..).zip(&mut words[0]) {
        *word = u64::from(low) + lane;
    }
    words
}

/// As [`counters`], where the lowest word runs over.
#[cold]
#[inline(never)]
fn counters_running_over(counter: u128) -> Words {
    let mut words = [[0; LANES]; 4];
    for lane in 0..LANES {
        let counter = counter.wrapping_add(lane as u128);
        for (i, word) in words.iter_mut().enumerate() {
            word[lane] = (counter >> (32 * i)) as u64;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(counter: u128, key: u64) -> [u32; 4] {
        encrypted(counter, key).map(|word| word[0] as u32)
    }

    /// The vectors of Random123's `kat_vectors`.
    #[test]
    fn blocks_are_those_of_random123() {
        assert_eq!(
            first(0, 0),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            first(u128::MAX, u64::MAX),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            first(
                0x0370_7344_1319_8a2e_85a3_08d3_243f_6a88,
                0x299f_31d0_a409_3822
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn lanes_are_the_following_blocks_also_where_the_counter_runs_over() {
        for counter in [
            0,
            u128::from(u32::MAX) - 3,
            u128::from(u64::MAX) - 7,
            u128::MAX - 2,
        ] {
            let all = encrypted(counter, 7);
            for (lane, word) in (0..4 * LANES).map(|i| (i / 4, i % 4)) {
                let one = first(counter.wrapping_add(lane as u128), 7);
                assert_eq!(all[word][lane] as u32, one[word], "{counter} {lane}");
            }
        }
    }
}
