//! Batches of small real matrices: [`LANES`] of them beside each other, one in each lane of vectors, by the loops of `small`.
//!
//! ```text
//! a[i][j] = element (i, j) of each matrix         gathered; lanes without a matrix have the unit matrix
//! the loop of `small`, where a comparison is a mask and a branch a choice between two results
//! ```
//!
//! The operations of a lane are those of `small` in the same order, so a matrix has the same result alone and in a batch. All of it is in
//! `f64`, as everything of such matrices is (`checks`); `f32` is widened and rounded on the way.
//!
//! Masks are integers of all bits or none, and there are two vectors of lanes: of booleans, and of loops over one vector, the compiler makes
//! scalar code.

use civita_core::error::Result;
use civita_core::isa::{Isa, Wide, wide};
use civita_core::primitive::HostInput;

use crate::batch::each;
use crate::dense::transpose;
use crate::scalar::Real;

/// Matrices beside each other.
pub const LANES: usize = 16;
/// The largest number of rows.
pub const MOST: usize = 8;
/// The largest number of elements.
pub const SIZE: usize = MOST * MOST;
/// Matrices of a part of the batch.
const GROUP: usize = 4 * LANES;

/// An element of each matrix.
pub type Lane = [f64; LANES];
/// The elements of all matrices, row by row, as many as there are.
pub type Matrices = [Lane; SIZE];

/// Whether a batch is for these loops: of so many matrices with `n` rows.
pub fn suit(batch: usize, n: usize) -> bool {
    batch >= LANES / 2 && (1..=MOST).contains(&n)
}

/// What is done to some matrices at once.
pub trait Task<S>: Sync {
    /// Elements of the result of a matrix.
    fn len(&self, n: usize) -> usize;
    /// Overwrites the matrices in `a`, of which the first `count` are those of the batch from number `first` on, with their results.
    fn run(&self, memory: &mut Memory<S>, n: usize, first: usize, count: usize) -> Result<()>;
}

/// What a task works in.
pub struct Memory<S> {
    /// The matrices.
    pub a: Matrices,
    /// Further operands.
    pub b: Matrices,
    elements: [S; LANES * SIZE],
    wide: [f64; LANES * SIZE],
}

impl<S: Real> Memory<S> {
    fn new() -> Memory<S> {
        Memory {
            a: [[0.0; LANES]; SIZE],
            b: [[0.0; LANES]; SIZE],
            elements: [S::default(); LANES * SIZE],
            wide: [0.0; LANES * SIZE],
        }
    }

    /// Reads `count` operands of so many elements into `b`.
    pub fn read(
        &mut self,
        x: &HostInput<'_>,
        first: usize,
        count: usize,
        size: usize,
    ) -> Result<()> {
        self.load(x, first, count, size)?;
        let to = self.b.as_flattened_mut();
        transpose(
            &self.wide[..LANES * size],
            LANES,
            size,
            &mut to[..LANES * size],
        );
        Ok(())
    }

    fn load(&mut self, x: &HostInput<'_>, first: usize, count: usize, size: usize) -> Result<()> {
        let elements = &mut self.elements[..count * size];
        x.read(first * size, elements)?;
        for (to, from) in self.wide.iter_mut().zip(elements) {
            *to = from.wide();
        }
        Ok(())
    }
}

/// Runs a task on all matrices of a batch.
pub fn run<S: Real>(
    task: &impl Task<S>,
    x: &HostInput<'_>,
    n: usize,
    batch: usize,
    out: &mut [S],
) -> Result<()> {
    let (size, len) = (n * n, task.len(n));
    // operations on all lanes, and what gathering costs
    let work = GROUP / LANES * 2 * (size * n + 10 * size);
    let groups = out.chunks_mut(GROUP * len);
    let memory = Memory::new;
    each(
        batch.div_ceil(GROUP),
        work,
        groups,
        memory,
        |memory, g, out| {
            for (i, out) in out.chunks_mut(LANES * len).enumerate() {
                let (first, count) = (g * GROUP + i * LANES, out.len() / len);
                memory.load(x, first, count, size)?;
                for unit in memory.wide[count * size..LANES * size].chunks_exact_mut(size) {
                    unit.fill(0.0);
                    unit.iter_mut().step_by(n + 1).for_each(|x| *x = 1.0);
                }
                let to = memory.a.as_flattened_mut();
                transpose(
                    &memory.wide[..LANES * size],
                    LANES,
                    size,
                    &mut to[..LANES * size],
                );
                task.run(memory, n, first, count)?;
                let from = memory.a.as_flattened();
                transpose(from, len, LANES, &mut memory.wide);
                for (to, from) in out.iter_mut().zip(&memory.wide) {
                    *to = S::of(*from);
                }
            }
            Ok(())
        },
    )
}

/// Calls `$f` with a number of rows that the compiler knows where it is usual.
macro_rules! known {
    ($n:expr, |$k:ident| $body:expr) => {
        match $n {
            8 => {
                let $k = 8;
                $body
            }
            n => crate::small::known!(n, |$k| $body),
        }
    };
}

/// `a - b c` in each lane.
#[inline(always)]
fn minus_product(a: &mut Lane, b: &Lane, c: &Lane) {
    for l in 0..LANES {
        a[l] -= b[l] * c[l];
    }
}

/// All bits of the lanes where something holds: comparisons that stay in vectors.
type Mask = [u64; LANES];

/// The mask of a comparison.
#[inline(always)]
fn mask(holds: impl Fn(usize) -> bool) -> Mask {
    let mut mask = [0; LANES];
    for (l, mask) in mask.iter_mut().enumerate() {
        *mask = if holds(l) { !0 } else { 0 };
    }
    mask
}

/// Exchanges the lanes of a mask.
#[inline(always)]
fn exchange(mask: &Mask, a: &mut Lane, b: &mut Lane) {
    for l in 0..LANES {
        let (x, y) = (a[l].to_bits(), b[l].to_bits());
        let change = (x ^ y) & mask[l];
        a[l] = f64::from_bits(x ^ change);
        b[l] = f64::from_bits(y ^ change);
    }
}

/// Two rows, the first before the second.
#[inline(always)]
fn rows(a: &mut [Lane], n: usize, i: usize, j: usize) -> (&mut [Lane], &mut [Lane]) {
    let (upper, lower) = a.split_at_mut(j * n);
    (&mut upper[i * n..(i + 1) * n], &mut lower[..n])
}

/// Pivots between which the inverse of each is a normal number, with room to spare.
const PIVOTS: std::ops::Range<f64> = 1e-300..1e300;

/// What an elimination leaves beside the matrix.
struct Eliminated {
    /// Inverses of the pivots; of the last one only where there is a right-hand side.
    inverses: [Lane; MOST],
    /// Whether permutations are odd.
    odd: Mask,
    /// Where a pivot is zero or near the ends of the range: what these lanes hold does not count. Asked of the least and the largest
    /// pivot at the end, since each comparison within the loops costs as much as a step of them.
    exceptional: Mask,
}

/// What `small::lu` leaves on and above the diagonal, and what the first half of `small::solve_lu` makes of `b`, which has `m` columns.
/// A pivot that is NaN is not exceptional: what it divides is NaN.
#[inline(always)]
fn eliminate(a: &mut [Lane], n: usize, b: &mut [Lane], m: usize) -> Eliminated {
    let (a, b) = (&mut a[..n * n], &mut b[..n * m]);
    let mut inverses = [[0.0; LANES]; MOST];
    let mut odd = [0; LANES];
    let (mut least, mut most) = ([f64::INFINITY; LANES], [0.0; LANES]);
    for k in 0..n {
        let (mut pivot, mut largest) = ([k as u64; LANES], a[k * n + k].map(f64::abs));
        for i in k + 1..n {
            let size = a[i * n + k].map(f64::abs);
            for l in 0..LANES {
                let more = size[l] > largest[l];
                pivot[l] = if more { i as u64 } else { pivot[l] };
                largest[l] = if more { size[l] } else { largest[l] };
            }
        }
        for i in k + 1..n {
            let here = mask(|l| pivot[l] == i as u64);
            let (upper, lower) = rows(a, n, k, i);
            for (x, y) in upper[k..].iter_mut().zip(&mut lower[k..]) {
                exchange(&here, x, y);
            }
            if m > 0 {
                let (upper, lower) = rows(b, m, k, i);
                for (x, y) in upper.iter_mut().zip(lower) {
                    exchange(&here, x, y);
                }
            }
            for l in 0..LANES {
                odd[l] ^= here[l];
            }
        }
        for l in 0..LANES {
            least[l] = if largest[l] < least[l] {
                largest[l]
            } else {
                least[l]
            };
            most[l] = if largest[l] > most[l] {
                largest[l]
            } else {
                most[l]
            };
        }
        if k + 1 == n && m == 0 {
            break;
        }
        let inverse = a[k * n + k].map(|x| 1.0 / x);
        inverses[k] = inverse;
        for i in k + 1..n {
            let (upper, lower) = rows(a, n, k, i);
            let mut factor = lower[k];
            for l in 0..LANES {
                factor[l] *= inverse[l];
            }
            for (x, y) in lower[k + 1..].iter_mut().zip(&upper[k + 1..]) {
                minus_product(x, &factor, y);
            }
            if m > 0 {
                let (upper, lower) = rows(b, m, k, i);
                for (x, y) in lower.iter_mut().zip(upper) {
                    minus_product(x, &factor, y);
                }
            }
        }
    }
    Eliminated {
        inverses,
        odd,
        exceptional: outside(&least, &most, PIVOTS),
    }
}

/// Where numbers, of which these are the least and the largest, are not in a range.
#[inline(always)]
fn outside(least: &Lane, most: &Lane, range: std::ops::Range<f64>) -> Mask {
    let above = mask(|l| least[l] >= range.start);
    let below = mask(|l| most[l] < range.end);
    let mut outside = above;
    for l in 0..LANES {
        outside[l] = !(above[l] & below[l]);
    }
    outside
}

/// `U x = b` in place of `b`, as the second half of `small::solve_lu`.
#[inline(always)]
fn solve_upper(u: &[Lane], inverses: &[Lane; MOST], n: usize, b: &mut [Lane], m: usize) {
    let (u, b) = (&u[..n * n], &mut b[..n * m]);
    for k in (0..n).rev() {
        let inverse = inverses[k];
        for x in &mut b[k * m..(k + 1) * m] {
            for l in 0..LANES {
                x[l] *= inverse[l];
            }
        }
        for i in 0..k {
            let (row, known) = rows(b, m, i, k);
            for (x, y) in row.iter_mut().zip(known) {
                minus_product(x, &u[i * n + k], y);
            }
        }
    }
}

/// Solves `A x = b` in place of `b`, of `m` columns. Where there is no solution, or it is not finite or for loops that take more care.
pub fn solve(a: &mut Matrices, n: usize, b: &mut Matrices, m: usize) -> Mask {
    struct Solve<'a>(&'a mut Matrices, usize, &'a mut Matrices, usize);
    impl Wide for Solve<'_> {
        type Out = Mask;
        #[inline(always)]
        fn run<I: Isa>(self) -> Mask {
            let Solve(a, n, b, m) = self;
            known!(n, |n| match m {
                1 => go(a, n, b, 1),
                m => go(a, n, b, m),
            })
        }
    }
    #[inline(always)]
    fn go(a: &mut Matrices, n: usize, b: &mut Matrices, m: usize) -> Mask {
        let Eliminated {
            inverses,
            mut exceptional,
            ..
        } = eliminate(a, n, b, m);
        solve_upper(a, &inverses, n, b, m);
        // 0 times infinity or NaN is NaN
        let mut sum = [0.0; LANES];
        for x in &b[..n * m] {
            for l in 0..LANES {
                sum[l] += x[l] * 0.0;
            }
        }
        let finite = mask(|l| sum[l] == 0.0);
        for l in 0..LANES {
            exceptional[l] |= !finite[l];
        }
        exceptional
    }
    wide(Solve(a, n, b, m))
}

/// Products of pivots with their signs, and where they and all products on the way lie in `range`.
pub fn products(a: &mut Matrices, n: usize, range: std::ops::Range<f64>) -> (Lane, Mask) {
    struct Products<'a>(&'a mut Matrices, usize, std::ops::Range<f64>);
    impl Wide for Products<'_> {
        type Out = (Lane, Mask);
        #[inline(always)]
        fn run<I: Isa>(self) -> Self::Out {
            let Products(a, n, range) = self;
            known!(n, |n| go(a, n, range))
        }
    }
    #[inline(always)]
    fn go(a: &mut Matrices, n: usize, range: std::ops::Range<f64>) -> (Lane, Mask) {
        let Eliminated {
            odd, exceptional, ..
        } = eliminate(a, n, &mut [], 0);
        let mut product = [1.0; LANES];
        let (mut least, mut most) = ([f64::INFINITY; LANES], [0.0; LANES]);
        for k in 0..n {
            for l in 0..LANES {
                product[l] *= a[k * n + k][l];
                let size = product[l].abs();
                least[l] = if size < least[l] { size } else { least[l] };
                most[l] = if size > most[l] { size } else { most[l] };
            }
        }
        let outside = outside(&least, &most, range);
        // NaN is neither less nor more
        let number = mask(|l| !product[l].is_nan());
        let mut inside = number;
        for l in 0..LANES {
            inside[l] &= !(outside[l] | exceptional[l]);
        }
        for l in 0..LANES {
            product[l] = f64::from_bits(product[l].to_bits() ^ (odd[l] & 1 << 63));
        }
        (product, inside)
    }
    wide(Products(a, n, range))
}

/// `A = L Lᴴ` in place, as `small::cholesky`. Whether matrices are positive definite.
pub fn cholesky(a: &mut Matrices, n: usize) -> Mask {
    struct Cholesky<'a>(&'a mut Matrices, usize);
    impl Wide for Cholesky<'_> {
        type Out = Mask;
        #[inline(always)]
        fn run<I: Isa>(self) -> Mask {
            let Cholesky(a, n) = self;
            known!(n, |n| go(a, n))
        }
    }
    #[inline(always)]
    fn go(a: &mut Matrices, n: usize) -> Mask {
        let a = &mut a[..n * n];
        let mut positive = [!0; LANES];
        for j in 0..n {
            let mut d = a[j * n + j];
            for k in 0..j {
                let x = a[j * n + k];
                minus_product(&mut d, &x, &x);
            }
            // NaN is not positive either
            let above = mask(|l| d[l] > 0.0);
            let mut inverse = d;
            for l in 0..LANES {
                positive[l] &= above[l];
                d[l] = d[l].sqrt();
                inverse[l] = 1.0 / d[l];
            }
            a[j * n + j] = d;
            for i in j + 1..n {
                let (upper, lower) = rows(a, n, j, i);
                let mut x = lower[j];
                for k in 0..j {
                    minus_product(&mut x, &lower[k], &upper[k]);
                }
                for l in 0..LANES {
                    lower[j][l] = x[l] * inverse[l];
                }
            }
            a[j * n + j + 1..(j + 1) * n].fill([0.0; LANES]);
        }
        positive
    }
    wide(Cholesky(a, n))
}
