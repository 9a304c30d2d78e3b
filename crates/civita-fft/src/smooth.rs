//! Lengths whose transforms are fast.

/// The smallest number at least as large whose prime factors are small: up to 11, or up to 5 for transforms of real numbers.
/// SciPy's `next_fast_len`.
///
/// ```
/// assert_eq!(civita_fft::next_fast_len(1021, false), 1024);
/// assert_eq!(civita_fft::next_fast_len(511, true), 512);
/// ```
pub fn next_fast_len(target: usize, real: bool) -> usize {
    if target <= 6 {
        return target;
    }
    // the product of odd primes is made first, and then doubled until it is long enough
    let odd: &[usize] = if real { &[3, 5] } else { &[3, 5, 7, 11] };
    let mut best = target.checked_next_power_of_two().unwrap_or(target);
    search(1, odd, target, &mut best);
    best
}

fn search(product: usize, primes: &[usize], target: usize, best: &mut usize) {
    let mut doubled = product;
    while doubled < target {
        let Some(twice) = doubled.checked_mul(2) else {
            return;
        };
        doubled = twice;
    }
    *best = (*best).min(doubled);
    for (i, &p) in primes.iter().enumerate() {
        if let Some(next) = product.checked_mul(p)
            && next < p.saturating_mul(*best)
            && product < target
        {
            search(next, &primes[i..], target, best);
        }
    }
}

/// The largest number at most as large whose prime factors are small. SciPy's `prev_fast_len`.
///
/// ```
/// assert_eq!(civita_fft::prev_fast_len(1021, false), 1008);
/// ```
pub fn prev_fast_len(target: usize, real: bool) -> usize {
    let odd: &[usize] = if real { &[3, 5] } else { &[3, 5, 7, 11] };
    let mut best = 0;
    search_below(1, odd, target, &mut best);
    best
}

fn search_below(product: usize, primes: &[usize], target: usize, best: &mut usize) {
    if product > target {
        return;
    }
    // doubled as often as it fits
    let times = (target / product).ilog2();
    *best = (*best).max(product << times);
    for (i, &p) in primes.iter().enumerate() {
        if let Some(next) = product.checked_mul(p) {
            search_below(next, &primes[i..], target, best);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fast(mut n: usize, primes: &[usize]) -> bool {
        for p in primes {
            while n.is_multiple_of(*p) {
                n /= p;
            }
        }
        n == 1
    }

    #[test]
    fn fast_lengths_are_the_nearest_ones() {
        for (real, primes) in [(false, &[2, 3, 5, 7, 11][..]), (true, &[2, 3, 5])] {
            for target in 1..3000 {
                let next = (target..).find(|&n| is_fast(n, primes));
                assert_eq!(Some(next_fast_len(target, real)), next, "{target}");
                let prev = (1..=target).rev().find(|&n| is_fast(n, primes));
                assert_eq!(Some(prev_fast_len(target, real)), prev, "{target}");
            }
        }
    }
}
