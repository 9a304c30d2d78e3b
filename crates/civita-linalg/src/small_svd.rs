//! Singular values of small matrices by rotations from one side.
//!
//! ```text
//! repeat: for each pair of columns, in rounds of disjoint ones, rotate them to be orthogonal (and the columns of V with them)
//! the norms of the columns are the singular values, the columns over them U
//! ```
//!
//! Source: Hestenes (1958); Demmel and Veselić, "Jacobi's method is more accurate than QR" (1992). For a few columns there is nothing
//! cheaper: no reflections, no blocks, and the inner loops run along memory.

use faer::traits::math_utils as math;

use crate::scalar::{Real, Scalar};

/// The largest shorter side, and the largest longer side, that this is for.
const SMALL: (usize, usize) = (12, 32);

/// What a column is beside the longest one whose direction is nothing but rounding: each sweep may shorten it further, to where squares and
/// products vanish, and with them what tells whether it is orthogonal to others.
const NOTHING: f64 = 1e-35;

/// Sweeps after which the method has long converged.
const SWEEPS: usize = 40;

/// Whether a matrix of this shape is small.
pub fn is_small(m: usize, n: usize) -> bool {
    m.min(n) <= SMALL.0 && m.max(n) <= SMALL.1
}

fn real<T: Scalar>(x: f64) -> T {
    T::of(T::Real::of(x), T::Real::default())
}

fn square<T: Scalar>(x: &[T]) -> f64 {
    x.iter().map(|x| (*x * x.conjugate()).re().wide()).sum()
}

/// `xᴴ y`, in four sums side by side.
fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    let mut sums = [T::default(); 4];
    let (x4, y4) = (x.chunks_exact(4), y.chunks_exact(4));
    let rest = x4.remainder().iter().zip(y4.remainder());
    for (sum, (x, y)) in sums.iter_mut().zip(rest) {
        *sum = x.conjugate() * *y;
    }
    for (x, y) in x4.zip(y4) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x.conjugate() * *y;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// The smaller and the larger number of a pair of `n`, an even number, in one of `n - 1` rounds: one stays where it is, the others sit around
/// a table.
fn meeting(n: usize, round: usize, i: usize) -> (usize, usize) {
    let around = |k: usize| if k >= n - 1 { k - (n - 1) } else { k };
    let (p, q) = match i {
        0 => (n - 1, round),
        _ => (around(round + i), around(round + n - 1 - i)),
    };
    (p.min(q), p.max(q))
}

/// Two columns of a matrix whose columns lie one after the other.
fn pair<T>(a: &mut [T], len: usize, p: usize, q: usize) -> (&mut [T], &mut [T]) {
    let (head, tail) = a.split_at_mut(q * len);
    (&mut head[p * len..(p + 1) * len], &mut tail[..len])
}

/// Decomposes an `m × n` matrix with `m >= n`, whose columns lie one after the other in `u`: they become those of `U` as far as the singular
/// values go, `s` descends. `v` has room for `n` columns of `n`, if vectors are wanted. `u` may have room for more columns, up to `m`: they complete
/// the basis. False where it does not converge.
pub fn svd<T: Scalar>(
    m: usize,
    n: usize,
    u: &mut [T],
    s: &mut [T],
    mut v: Option<&mut [T]>,
) -> bool {
    if let Some(v) = &mut v {
        v.fill(T::default());
        for i in 0..n {
            v[i * n + i] = math::one::<T>();
        }
    }
    let mut norms = [0.0; SMALL.0];
    let eps = T::Real::EPSILON;
    let mut converged = n < 2;
    let even = n.next_multiple_of(2).max(2);
    for _ in 0..SWEEPS {
        for (norm, column) in norms.iter_mut().zip(u.chunks_exact(m.max(1))).take(n) {
            *norm = square(column);
        }
        let least = norms.iter().fold(0.0f64, |most, &x| most.max(x)) * NOTHING * NOTHING;
        let mut rotated = false;
        // each column meets each other once, in rounds whose pairs do not wait for each other
        for round in 0..even - 1 {
            for i in 0..even / 2 {
                let (p, q) = meeting(even, round, i);
                if q >= n {
                    continue;
                }
                let (x, y) = pair(u, m, p, q);
                let product = dot(x, y);
                let (alpha, beta) = (norms[p], norms[q]);
                let size = product.modulus().wide();
                // the product of columns that are orthogonal has an error of its own
                let none = size * size <= m as f64 * eps * eps * alpha * beta;
                if none || alpha.min(beta) <= least || size < f64::MIN_POSITIVE {
                    continue;
                }
                rotated = true;
                let (gap, twice) = (beta - alpha, 2.0 * size);
                let root = (gap * gap + twice * twice).sqrt();
                let t = twice.copysign(gap) / (gap.abs() + root);
                let c = 1.0 / (1.0 + t * t).sqrt();
                // the phase makes the product real
                let phase = match T::COMPLEX {
                    true => (product * real::<T>(1.0 / size)).conjugate(),
                    false => real::<T>(1.0_f64.copysign(product.re().wide())),
                };
                let (c, s) = (real::<T>(c), real::<T>(c * t));
                let (c_phase, s_phase) = (c * phase, s * phase);
                let turn = |x: &mut [T], y: &mut [T]| {
                    for (x, y) in x.iter_mut().zip(y) {
                        let (a, b) = (*x, *y);
                        *x = c * a - s_phase * b;
                        *y = s * a + c_phase * b;
                    }
                };
                turn(x, y);
                if let Some(v) = &mut v {
                    let (x, y) = pair(v, n, p, q);
                    turn(x, y);
                }
                norms[p] = (alpha - t * size).max(0.0);
                norms[q] = beta + t * size;
            }
        }
        if !rotated {
            converged = true;
            break;
        }
    }
    if !converged {
        return false;
    }
    for k in 0..n {
        norms[k] = square(&u[k * m..(k + 1) * m]).sqrt();
    }
    for k in 0..n {
        let mut most = k;
        for j in k + 1..n {
            if norms[j] > norms[most] {
                most = j;
            }
        }
        if most != k {
            norms.swap(k, most);
            let (x, y) = pair(u, m, k, most);
            x.swap_with_slice(y);
            if let Some(v) = &mut v {
                let (x, y) = pair(v, n, k, most);
                x.swap_with_slice(y);
            }
        }
        s[k] = real(norms[k]);
    }
    if v.is_none() {
        return true;
    }
    let mut known = 0;
    for k in 0..n {
        if norms[k] <= norms[0] * NOTHING {
            break;
        }
        let inverse = real::<T>(1.0 / norms[k]);
        u[k * m..(k + 1) * m].iter_mut().for_each(|x| *x *= inverse);
        known = k + 1;
    }
    complete(m, known, u);
    true
}

/// Fills the columns from `known` on so that all are orthonormal: unit vectors without their parts along the others, twice.
fn complete<T: Scalar>(m: usize, known: usize, u: &mut [T]) {
    let mut axis = 0;
    for k in known..u.len() / m.max(1) {
        let (before, rest) = u.split_at_mut(k * m);
        let column = &mut rest[..m];
        // of m unit vectors one has at least 1 / m of its square outside of fewer than m columns
        while axis < m {
            column.fill(T::default());
            column[axis] = math::one::<T>();
            axis += 1;
            for _ in 0..2 {
                for other in before.chunks_exact(m) {
                    let share = dot(other, column);
                    for (x, y) in column.iter_mut().zip(other) {
                        *x += -(share * *y);
                    }
                }
            }
            let size = square(column);
            if size * (4 * m) as f64 >= 1.0 {
                let inverse = real::<T>(1.0 / size.sqrt());
                column.iter_mut().for_each(|x| *x *= inverse);
                break;
            }
        }
    }
}
