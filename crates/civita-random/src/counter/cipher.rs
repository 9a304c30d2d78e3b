//! Philox4x32-10 and Threefry4x32-20, eight blocks at a time.
//!
//! Of Philox a word lies in the lower half of 64 bits, whose upper half is arbitrary: the vector multiplication of 32 by 32 bits reads
//! lower halves only, and so the rounds need neither shuffles nor masks.

/// Blocks that are encrypted together: two registers of AVX2 for each word.
pub(super) const LANES: usize = 8;

/// The four words of eight blocks, in lower halves.
pub type Words = [[u64; LANES]; 4];

const LOWER: u64 = 0xffff_ffff;

const ROUNDS: usize = 10;
const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
/// The golden ratio, and √3 − 1.
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// The words of the blocks from `counter` on, under a key, by Philox4x32-10.
#[inline(always)]
pub(super) fn philox(counter: u128, key: u64) -> Words {
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

/// By which no key has words that are all zero.
const PARITY: u32 = 0x1bd1_1bda;
/// How far the two mixed words of a round are rotated: in four rounds, and the four after them.
const EVEN: [[u32; 2]; 4] = [[10, 26], [11, 21], [13, 27], [23, 5]];
const ODD: [[u32; 2]; 4] = [[6, 20], [17, 11], [25, 10], [18, 20]];

/// The words of the blocks from `counter` on by Threefry4x32-20, whose key of 128 bits has zeros above the 64 given.
#[inline(always)]
pub(super) fn threefry(counter: u128, key: u64) -> Words {
    encrypted(counter, [key as u32, (key >> 32) as u32, 0, 0])
}

/// Four rounds and the addition of the key: words 0 with 1 and 2 with 3, then 0 with 3 and 2 with 1.
#[inline(always)]
fn four_rounds(
    [mut a, mut b, mut c, mut d]: [u32; 4],
    turns: [[u32; 2]; 4],
    keys: [u32; 5],
    s: usize,
) -> [u32; 4] {
    let mixed = |x: u32, y: u32, turn: u32| {
        let x = x.wrapping_add(y);
        (x, y.rotate_left(turn) ^ x)
    };
    let [first, second, third, fourth] = turns;
    (a, b) = mixed(a, b, first[0]);
    (c, d) = mixed(c, d, first[1]);
    (a, d) = mixed(a, d, second[0]);
    (c, b) = mixed(c, b, second[1]);
    (a, b) = mixed(a, b, third[0]);
    (c, d) = mixed(c, d, third[1]);
    (a, d) = mixed(a, d, fourth[0]);
    (c, b) = mixed(c, b, fourth[1]);
    [
        a.wrapping_add(keys[s % 5]),
        b.wrapping_add(keys[(s + 1) % 5]),
        c.wrapping_add(keys[(s + 2) % 5]),
        d.wrapping_add(keys[(s + 3) % 5]).wrapping_add(s as u32),
    ]
}

#[inline(always)]
fn encrypted(counter: u128, key: [u32; 4]) -> Words {
    let parity = PARITY ^ key[0] ^ key[1] ^ key[2] ^ key[3];
    let keys = [key[0], key[1], key[2], key[3], parity];
    let counters = counters(counter);
    let mut words = [[0; LANES]; 4];
    // no loop over rounds: so the one over lanes becomes vector instructions
    for lane in 0..LANES {
        let at = |i: usize| (counters[i][lane] as u32).wrapping_add(key[i]);
        let mut x = [at(0), at(1), at(2), at(3)];
        x = four_rounds(x, EVEN, keys, 1);
        x = four_rounds(x, ODD, keys, 2);
        x = four_rounds(x, EVEN, keys, 3);
        x = four_rounds(x, ODD, keys, 4);
        x = four_rounds(x, EVEN, keys, 5);
        for (words, x) in words.iter_mut().zip(x) {
            words[lane] = u64::from(x);
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

    fn first(words: Words) -> [u32; 4] {
        words.map(|word| word[0] as u32)
    }

    const PI: u128 = 0x0370_7344_1319_8a2e_85a3_08d3_243f_6a88;

    /// The vectors of Random123's `kat_vectors`.
    #[test]
    fn blocks_are_those_of_random123() {
        assert_eq!(
            first(philox(0, 0)),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            first(philox(u128::MAX, u64::MAX)),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            first(philox(PI, 0x299f_31d0_a409_3822)),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
        // `threefry4x32 20`
        assert_eq!(
            first(threefry(0, 0)),
            [0x9c6c_a96a, 0xe17e_ae66, 0xfc10_ecd4, 0x5256_a7d8]
        );
        assert_eq!(
            first(encrypted(u128::MAX, [u32::MAX; 4])),
            [0x2a88_1696, 0x5701_2287, 0xf6c7_446e, 0xa16a_6732]
        );
        let key = [0xa409_3822, 0x299f_31d0, 0x082e_fa98, 0xec4e_6c89];
        assert_eq!(
            first(encrypted(PI, key)),
            [0x59cd_1dbb, 0xb887_9579, 0x86b5_d00c, 0xac8b_6d84]
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
            for cipher in [philox, threefry] {
                let all = cipher(counter, 7);
                for (lane, word) in (0..4 * LANES).map(|i| (i / 4, i % 4)) {
                    let one = first(cipher(counter.wrapping_add(lane as u128), 7));
                    assert_eq!(all[word][lane] as u32, one[word], "{counter} {lane}");
                }
            }
        }
    }
}
