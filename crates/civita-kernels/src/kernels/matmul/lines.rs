//! The kernels under products with vectors: dot products of rows, sums of columns, and what becomes of their sums.

// the same indices run over rows, parts and registers of several arrays
#![allow(clippy::needless_range_loop)]

use super::lanes::Sum;
use super::shells::Uniform;

/// Rows that are multiplied at a time.
pub(super) const ROWS: usize = 4;

/// Dot products of some rows with `parts` vectors.
pub(super) struct Dots {
    pub a: *const u8,
    /// Distance of rows in packed elements.
    pub row: isize,
    pub rows: usize,
    /// The vectors, one after the other at this distance.
    pub x: *const u8,
    pub x_next: usize,
    /// Reals in a row.
    pub k: usize,
    /// `y[row · parts + part]` is added to.
    pub y: *mut u8,
}

/// # Safety
/// `a`, `x` and `y` are valid for the sizes in `d`; the instruction set is there.
#[inline(always)]
pub(super) unsafe fn dots<V: Uniform, const PARTS: usize, const UNROLL: usize>(d: &Dots) {
    let mut row = 0;
    // SAFETY: rows below `rows`.
    unsafe {
        if PARTS == 1 {
            while row + ROWS <= d.rows {
                dot_rows::<V, ROWS, PARTS, UNROLL>(d, row);
                row += ROWS;
            }
        }
        while row < d.rows {
            dot_rows::<V, 1, PARTS, UNROLL>(d, row);
            row += 1;
        }
    }
}

/// `R` rows: each has the same sums in the same order whatever `R` is.
///
/// # Safety
/// As [`dots`], and `first + R <= rows`.
#[inline(always)]
unsafe fn dot_rows<V: Uniform, const R: usize, const PARTS: usize, const UNROLL: usize>(
    d: &Dots,
    first: usize,
) {
    let x = d.x.cast::<V::Packed>();
    let y = d.y.cast::<V::Acc>();
    let whole = d.k / V::N * V::N;
    let unrolled = d.k / (V::N * UNROLL) * (V::N * UNROLL);
    // SAFETY: registers end at `whole <= k`, the rest is read one by one.
    unsafe {
        let mut a = [d.a.cast::<V::Packed>(); R];
        for (r, a) in a.iter_mut().enumerate() {
            *a = a.offset((first + r) as isize * d.row);
        }
        let mut sums = [[[V::zero(); UNROLL]; PARTS]; R];
        let mut p = 0;
        while p < unrolled {
            for u in 0..UNROLL {
                for part in 0..PARTS {
                    let x = V::load(x.add(part * d.x_next + p + u * V::N));
                    for r in 0..R {
                        sums[r][part][u] =
                            V::mul_add(V::load(a[r].add(p + u * V::N)), x, sums[r][part][u]);
                    }
                }
            }
            p += V::N * UNROLL;
        }
        while p < whole {
            for part in 0..PARTS {
                let x = V::load(x.add(part * d.x_next + p));
                for r in 0..R {
                    sums[r][part][0] = V::mul_add(V::load(a[r].add(p)), x, sums[r][part][0]);
                }
            }
            p += V::N;
        }
        for r in 0..R {
            for part in 0..PARTS {
                let mut lanes = [V::Acc::default(); 64];
                let mut sum = sums[r][part][0];
                for &more in &sums[r][part][1..] {
                    sum = V::add(sum, more);
                }
                V::store(sum, lanes.as_mut_ptr());
                // halves onto halves: short chains, and fewer roundings than one by one
                let mut width = V::N;
                while width > 1 {
                    width /= 2;
                    for i in 0..width {
                        lanes[i] = lanes[i].plus(lanes[i + width]);
                    }
                }
                let mut sum = lanes[0];
                for p in whole..d.k {
                    sum = sum.plus(a[r].add(p).read().times(x.add(part * d.x_next + p).read()));
                }
                let y = y.add((first + r) * PARTS + part);
                y.write(y.read().plus(sum));
            }
        }
    }
}

/// Some columns times their elements of x, added to y.
pub(super) struct Columns {
    pub a: *const u8,
    /// Distance of columns in packed elements, and how many there are, up to [`COLUMNS`].
    pub col: isize,
    pub cols: usize,
    /// Reals in a column.
    pub rows: usize,
    /// `x[col · parts + part]`.
    pub x: *const u8,
    /// `y[part · y_next + row]`.
    pub y: *mut u8,
    pub y_next: usize,
}

/// # Safety
/// `a`, `x` and `y` are valid for the sizes in `c`; the instruction set is there.
#[inline(always)]
pub(super) unsafe fn columns<V: Uniform, const PARTS: usize>(c: &Columns) {
    // all splats of x are in registers at once
    let whole = if PARTS == 1 {
        c.cols / 8 * 8
    } else {
        c.cols / 4 * 4
    };
    let from = |i: usize| {
        // SAFETY: column `i` exists.
        let (a, x) = unsafe {
            let a = c.a.cast::<V::Packed>().offset(i as isize * c.col);
            (a.cast(), c.x.cast::<V::Packed>().add(i * PARTS).cast())
        };
        Columns { a, x, ..*c }
    };
    // SAFETY: the caller's contract is the same.
    unsafe {
        for i in (0..whole).step_by(8 / PARTS) {
            if PARTS == 1 {
                some_columns::<V, PARTS, 8>(&from(i));
            } else {
                some_columns::<V, PARTS, 4>(&from(i));
            }
        }
        for i in whole..c.cols {
            some_columns::<V, PARTS, 1>(&from(i));
        }
    }
}

/// # Safety
/// As [`columns`], with `C` columns.
#[inline(always)]
unsafe fn some_columns<V: Uniform, const PARTS: usize, const C: usize>(c: &Columns) {
    let x = c.x.cast::<V::Packed>();
    let y = c.y.cast::<V::Acc>();
    let whole = c.rows / V::N * V::N;
    // SAFETY: registers end at `whole <= rows`, the rest is read one by one.
    unsafe {
        let mut a = [c.a.cast::<V::Packed>(); C];
        let mut splats = [[V::zero(); PARTS]; C];
        for i in 0..C {
            a[i] = a[i].offset(i as isize * c.col);
            for part in 0..PARTS {
                splats[i][part] = V::splat(x.add(i * PARTS + part));
            }
        }
        let mut r = 0;
        while r < whole {
            let mut sums = [V::zero(); PARTS];
            for (part, sum) in sums.iter_mut().enumerate() {
                *sum = V::load_sums(y.add(part * c.y_next + r));
            }
            for i in 0..C {
                let a = V::load(a[i].add(r));
                for part in 0..PARTS {
                    sums[part] = V::mul_add(a, splats[i][part], sums[part]);
                }
            }
            for (part, &sum) in sums.iter().enumerate() {
                V::store(sum, y.add(part * c.y_next + r));
            }
            r += V::N;
        }
        for r in whole..c.rows {
            for part in 0..PARTS {
                let y = y.add(part * c.y_next + r);
                let mut sum = y.read();
                for (i, a) in a.iter().enumerate() {
                    sum = sum.plus(a.add(r).read().times(x.add(i * PARTS + part).read()));
                }
                y.write(sum);
            }
        }
    }
}

/// # Safety
/// `sums` is valid for `n × blocks`.
pub(super) unsafe fn add_blocks<A: Sum>(sums: *mut u8, n: usize, blocks: usize) {
    let sums = sums.cast::<A>();
    for block in 1..blocks {
        for i in 0..n {
            // SAFETY: below `n × blocks`.
            unsafe {
                sums.add(i)
                    .write(sums.add(i).read().plus(sums.add(block * n + i).read()))
            };
        }
    }
}

/// # Safety
/// `products` is valid for `2 × reals`, `out` for `reals`.
pub(super) unsafe fn combine<A: Sum>(products: *const u8, reals: usize, out: *mut u8) {
    let (by_re, out) = (products.cast::<A>(), out.cast::<A>());
    for i in (0..reals).step_by(2) {
        // SAFETY: `reals` is even.
        unsafe {
            let by_im = by_re.add(reals + i);
            let (re, im) = (out.add(i), out.add(i + 1));
            re.write(
                re.read()
                    .plus(by_re.add(i).read().minus(by_im.add(1).read())),
            );
            im.write(im.read().plus(by_re.add(i + 1).read().plus(by_im.read())));
        }
    }
}

/// # Safety
/// `sums` is valid for `n` elements of `PARTS`, `y` for `n` elements through the stride.
pub(super) unsafe fn store<A: Sum, const PARTS: usize>(
    sums: *const u8,
    n: usize,
    y: *mut u8,
    stride: isize,
    accumulate: bool,
) {
    let (sums, y) = (sums.cast::<A>(), y.cast::<A>());
    for i in 0..n {
        for part in 0..PARTS {
            // SAFETY: below `n`.
            unsafe {
                let y = y.offset(i as isize * stride * PARTS as isize).add(part);
                let sum = sums.add(i * PARTS + part).read();
                y.write(if accumulate { y.read().plus(sum) } else { sum });
            }
        }
    }
}
