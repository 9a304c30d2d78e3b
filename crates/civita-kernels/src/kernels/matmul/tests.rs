//! Every dtype, instruction set and kind of stride against a triple loop in a wider type.

use half::{bf16, f16};
use num_complex::Complex;

use super::*;
use crate::dtype::Element;
use crate::float8::{f8e4m3, f8e5m2};

/// A small generator (Steele & Vigna, SplitMix64), so that a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// An element with an exact oracle.
trait Checked: Element {
    /// A value for tests.
    fn random(r: &mut Random) -> Self;
    /// The exact dot product, and the bound for the error of a real part.
    fn exact(pairs: &[(Self, Self)]) -> (Self, f64);
    /// The distance between two values.
    fn distance(self, other: Self) -> f64;
}

macro_rules! checked {
    (integers $($t:ty)*) => { $(
        impl Checked for $t {
            fn random(r: &mut Random) -> Self {
                r.next() as $t
            }
            fn exact(pairs: &[(Self, Self)]) -> (Self, f64) {
                let sum = pairs.iter().fold(0i128, |sum, &(a, b)| sum.wrapping_add((a as i128).wrapping_mul(b as i128)));
                (sum as $t, 0.0)
            }
            fn distance(self, other: Self) -> f64 {
                if self == other { 0.0 } else { 1.0 }
            }
        }
    )* };
    (floats $($t:ty, $eps:expr, $sum_eps:expr, $from:expr, $to:expr;)*) => { $(
        impl Checked for $t {
            fn random(r: &mut Random) -> Self {
                $from((r.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
            }
            fn exact(pairs: &[(Self, Self)]) -> (Self, f64) {
                let (mut sum, mut size) = (0.0, 0.0);
                for &(a, b) in pairs {
                    sum += $to(a) * $to(b);
                    size += f64::abs($to(a) * $to(b));
                }
                ($from(sum), $sum_eps * size * (2 + pairs.len()) as f64 + $eps * f64::abs(sum))
            }
            fn distance(self, other: Self) -> f64 {
                ($to(self) - $to(other)).abs()
            }
        }
    )* };
    (complex $($t:ty, $eps:expr;)*) => { $(
        impl Checked for Complex<$t> {
            fn random(r: &mut Random) -> Self {
                Complex::new(<$t>::random(r), <$t>::random(r))
            }
            fn exact(pairs: &[(Self, Self)]) -> (Self, f64) {
                let (mut sum, mut size) = (Complex::new(0.0f64, 0.0), 0.0);
                for &(a, b) in pairs {
                    let (a, b) = (Complex::new(f64::from(a.re), f64::from(a.im)), Complex::new(f64::from(b.re), f64::from(b.im)));
                    sum += a * b;
                    size += a.norm() * b.norm();
                }
                (Complex::new(sum.re as $t, sum.im as $t), $eps * size * (4 + 2 * pairs.len()) as f64)
            }
            fn distance(self, other: Self) -> f64 {
                f64::from((self - other).norm())
            }
        }
    )* };
}
checked!(integers u8 u16 u32 u64 i8 i16 i32 i64);
checked!(floats
    f32, 6e-8, 6e-8, |v: f64| v as f32, f64::from;
    f64, 1.2e-16, 1.2e-16, |v: f64| v, |v: f64| v;
    f16, 1e-3, 6e-8, f16::from_f64, f16::to_f64;
    bf16, 8e-3, 6e-8, bf16::from_f64, bf16::to_f64;
    f8e4m3, 0.065, 6e-8, f8e4m3::from_f64, f8e4m3::to_f64;
    f8e5m2, 0.13, 6e-8, f8e5m2::from_f64, f8e5m2::to_f64;
);
checked!(complex f32, 6e-8; f64, 1.2e-16;);

impl Checked for bool {
    fn random(r: &mut Random) -> Self {
        r.below(5) == 0
    }
    fn exact(pairs: &[(Self, Self)]) -> (Self, f64) {
        (pairs.iter().any(|&(a, b)| a && b), 0.0)
    }
    fn distance(self, other: Self) -> f64 {
        if self == other { 0.0 } else { 1.0 }
    }
}

/// A matrix of random elements behind strides of some kind.
struct Matrix<T> {
    data: Vec<T>,
    first: usize,
    strides: [isize; 2],
}

impl<T: Checked> Matrix<T> {
    fn random(r: &mut Random, rows: usize, cols: usize, kind: usize) -> Matrix<T> {
        let (m, n) = (rows.max(1), cols.max(1));
        let (len, first, strides) = match kind {
            0 => (m * n, 0, [n, 1].map(|s| s as isize)),
            1 => (m * n, 0, [1, m].map(|s| s as isize)),
            2 => (m * n, m * n - 1, [-(n as isize), -1]),
            3 => (m * n * 6, 0, [n * 6, 2].map(|s| s as isize)),
            4 => (m, 0, [1, 0]),
            5 => (n, 0, [0, 1]),
            _ => (m * n, (n - 1) * m, [1, -(m as isize)]),
        };
        Matrix {
            data: (0..len).map(|_| T::random(r)).collect(),
            first,
            strides,
        }
    }
    fn at(&self, i: usize, j: usize) -> T {
        self.data[(self.first as isize
            + i as isize * self.strides[0]
            + j as isize * self.strides[1]) as usize]
    }
    fn operand(&self) -> Operand {
        // of the whole, since strides may be negative
        let ptr = self.data.as_ptr().wrapping_add(self.first).cast();
        Operand {
            ptr,
            row_stride: self.strides[0],
            col_stride: self.strides[1],
        }
    }
}

const KINDS: usize = 7;

fn bytes<T: Element>(v: &[T]) -> &[u8] {
    // SAFETY: elements are plain old data without padding.
    unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), size_of_val(v)) }
}

fn check<T: Checked>(r: &mut Random, m: usize, n: usize, k: usize, kinds: [usize; 2]) {
    let (a, b) = (
        Matrix::<T>::random(r, m, k, kinds[0]),
        Matrix::<T>::random(r, k, n, kinds[1]),
    );
    let ldc = n + r.below(3);
    let before: Vec<T> = (0..m * ldc).map(|_| T::random(r)).collect();
    for level in Level::available() {
        // each engine, and what is chosen
        let engines = engine::engines_for(T::DTYPE, level).map(Some);
        for (engine, accumulate) in engines.chain([None]).flat_map(|e| [(e, false), (e, true)]) {
            let run = |threads| {
                let mut c = before.clone();
                let (a, b) = (a.operand(), b.operand());
                let p = Problem {
                    m,
                    n,
                    k,
                    a,
                    b,
                    c: c.as_mut_ptr().cast(),
                    ldc,
                    accumulate,
                };
                threads::with_threads(threads, || {
                    // SAFETY: the matrices are as large as the problem says, and the engine is available.
                    unsafe {
                        match engine {
                            Some(engine) => with_engine(engine, &p, &Batch::default()).unwrap(),
                            None => matmul_at(level, T::DTYPE, &p, &Batch::default()).unwrap(),
                        }
                    }
                });
                c
            };
            let c = run(1);
            assert_eq!(
                bytes(&c),
                bytes(&run(2)),
                "{} {m}×{k}×{n}: bits depend on threads",
                T::DTYPE
            );
            for i in 0..m {
                for j in 0..ldc {
                    let (found, old) = (c[i * ldc + j], before[i * ldc + j]);
                    if j >= n {
                        assert_eq!(
                            bytes(&[found]),
                            bytes(&[old]),
                            "{} wrote beyond its columns",
                            T::DTYPE
                        );
                        continue;
                    }
                    let mut pairs: Vec<(T, T)> = (0..k).map(|p| (a.at(i, p), b.at(p, j))).collect();
                    if accumulate {
                        pairs.push((old, one()));
                    }
                    let (expected, bound) = T::exact(&pairs);
                    assert!(
                        found.distance(expected) <= bound,
                        "{} on {level:?}, {m}×{k} · {k}×{n}, strides {kinds:?}, accumulate {accumulate}, [{i}, {j}]: \
                         {found:?} for {expected:?}, bound {bound:e}",
                        T::DTYPE
                    );
                }
            }
        }
    }
}

fn one<T: Element>() -> T {
    let one = crate::dtype::Scalar::Int(1).to_bytes(T::DTYPE).unwrap();
    // SAFETY: the bytes are a value of T's dtype.
    unsafe { one.as_ptr().cast::<T>().read_unaligned() }
}

fn check_all<T: Checked>() {
    let r = &mut Random(T::DTYPE as u64);
    for round in 0..if cfg!(miri) { 3 } else { 40 } {
        let [m, n, k] = [0; 3].map(|_| {
            1 + r.below(if cfg!(miri) {
                6
            } else if round % 4 == 0 {
                70
            } else {
                20
            })
        });
        let kinds = [r.below(KINDS), r.below(KINDS)];
        check::<T>(r, m, n, k, kinds);
    }
    if cfg!(miri) {
        return check::<T>(r, 9, 1, 10, [0, 0]);
    }
    // what stays in registers, and just beyond
    for m in [1, 2, 3, 4, 7, 8, 9, 100] {
        for (n, k) in [
            (1, 1),
            (1, 2),
            (1, 3),
            (1, 4),
            (1, 5),
            (2, 2),
            (2, 3),
            (3, 3),
            (3, 2),
            (4, 4),
            (4, 1),
            (5, 4),
            (8, 8),
            (7, 6),
            (9, 8),
            (8, 9),
        ] {
            let kinds = [r.below(KINDS), r.below(KINDS)];
            check::<T>(r, m, n, k, kinds);
            check::<T>(r, m, n, k, [0, 0]);
            check::<T>(r, m, n, k, [1, 0]);
        }
    }
    // around the tiles, in blocks along k, on the vector paths, empty
    for (m, n, k) in [
        (8, 32, 16),
        (9, 33, 7),
        (7, 31, 257),
        (17, 65, 513),
        (33, 15, 300),
        (1, 40, 300),
        (40, 1, 300),
    ] {
        let kinds = [r.below(KINDS), r.below(KINDS)];
        check::<T>(r, m, n, k, kinds);
        check::<T>(r, m, n, k, [0, 0]);
        check::<T>(r, m, n, k, [1, 1]);
    }
    for (m, n, k) in [
        (0, 3, 2),
        (3, 0, 2),
        (3, 2, 0),
        (1, 1, 1),
        (1, 1, 1000),
        (1, 1, 0),
        (2, 1, 0),
    ] {
        check::<T>(r, m, n, k, [0, 0]);
    }
}

macro_rules! every_dtype {
    ($($name:ident $t:ty;)*) => { $(
        #[test]
        fn $name() {
            check_all::<$t>();
        }
    )* };
}
every_dtype! {
    bool_is_or_of_ands bool;
    u8_wraps u8;
    u16_wraps u16;
    u32_wraps u32;
    u64_wraps u64;
    i8_wraps i8;
    i16_wraps i16;
    i32_wraps i32;
    i64_wraps i64;
    f16_is_summed_in_f32 f16;
    bf16_is_summed_in_f32 bf16;
    f8e4m3_is_summed_in_f32 f8e4m3;
    f8e5m2_is_summed_in_f32 f8e5m2;
    f32_agrees_with_the_triple_loop f32;
    f64_agrees_with_the_triple_loop f64;
    c64_agrees_with_the_triple_loop Complex<f32>;
    c128_agrees_with_the_triple_loop Complex<f64>;
}

#[test]
#[cfg_attr(miri, ignore = "hours")]
fn large_products_cut_into_tasks_agree_with_the_triple_loop() {
    let r = &mut Random(1);
    check::<f32>(r, 150, 270, 600, [0, 1]);
    check::<f64>(r, 133, 129, 260, [1, 0]);
    check::<i64>(r, 100, 90, 300, [0, 0]);
    check::<bf16>(r, 130, 140, 530, [0, 0]);
    check::<Complex<f64>>(r, 60, 70, 400, [6, 2]);
    // more than one super-block
    check::<f32>(r, 3, 4100, 5, [0, 0]);
    check::<i32>(r, 4100, 3, 5, [1, 0]);
    check::<f16>(r, 2050, 3, 5, [0, 0]);
    // many rows and several blocks along k in the vector paths, in dot products and in columns
    for kinds in [[0, 0], [1, 0], [3, 3]] {
        check::<f32>(r, 300, 1, 17000, kinds);
        check::<Complex<f32>>(r, 200, 1, 17000, kinds);
    }
    check::<f64>(r, 1, 1, 100_000, [0, 0]);
    check::<f16>(r, 1, 130, 17000, [0, 1]);
}

#[test]
fn bytes_are_multiplied_with_sums_of_i32() {
    let r = &mut Random(3);
    let sizes = [
        (2, 2, 1),
        (2, 3, 0),
        (3, 5, 4),
        (8, 32, 16),
        (9, 33, 7),
        (17, 65, 513),
        (40, 20, 2050),
        (3, 4100, 5),
    ];
    for (m, n, k) in sizes {
        for kinds in [[0, 0], [1, 1], [0, 1], [1, 0], [2, 3], [4, 5], [6, 6]] {
            let (mut a, b) = (
                Matrix::<i8>::random(r, m, k, kinds[0]),
                Matrix::<i8>::random(r, k, n, kinds[1]),
            );
            // the number whose negative is none
            a.data[0] = i8::MIN;
            let ldc = n + 1;
            let engines = Level::available().flat_map(engine::widening_engines);
            for (engine, accumulate) in engines.flat_map(|e| [(e, false), (e, true)]) {
                let run = |threads| {
                    let mut c = vec![i32::MAX - 5; 2 * m * ldc];
                    let (a, b) = (a.operand(), b.operand());
                    let p = Problem {
                        m,
                        n,
                        k,
                        a,
                        b,
                        c: c.as_mut_ptr().cast(),
                        ldc,
                        accumulate,
                    };
                    let twice = Batch {
                        shape: &[2],
                        a: &[0],
                        b: &[0],
                        c: &[(m * ldc) as isize],
                    };
                    threads::with_threads(threads, || {
                        // SAFETY: the matrices are as large as the problem says, and the engine is available.
                        unsafe { with_engine(engine, &p, &twice).unwrap() }
                    });
                    c
                };
                let c = run(1);
                assert_eq!(c, run(2), "{m}×{k}×{n}");
                for (at, &found) in c.iter().enumerate() {
                    let (i, j) = (at / ldc % m, at % ldc);
                    let old = i32::MAX - 5;
                    let start = if accumulate || j == n { old } else { 0 };
                    let sum = (0..if j == n { 0 } else { k }).fold(start, |sum, p| {
                        sum.wrapping_add(i32::from(a.at(i, p)) * i32::from(b.at(p, j)))
                    });
                    assert_eq!(found, sum, "{m}×{k}×{n}, strides {kinds:?}, [{i}, {j}]");
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "hours")]
fn batches_broadcast_fold_and_run_in_parallel() {
    let r = &mut Random(2);
    for (shape, m, n, k) in [
        ([3, 4], 5, 6, 7),
        ([2, 30], 20, 20, 20),
        ([3, 4], 1, 6, 7),
        ([2, 2], 130, 130, 130),
        ([5, 1], 6, 1, 9),
        ([30, 200], 3, 3, 3),
        ([3, 700], 8, 7, 6),
        ([40, 50], 3, 1, 4),
        ([2, 3], 9000, 3, 4),
        ([0, 2], 3, 3, 3),
    ] {
        // A repeats along neither axis, along the first, along the last; B likewise
        for (repeat_a, repeat_b) in [(0, 0), (0, 1), (1, 2), (2, 1), (0, 3)] {
            let strides = |size: usize, repeat: usize| {
                [
                    if repeat & 1 == 0 {
                        (shape[1] * size) as isize
                    } else {
                        0
                    },
                    if repeat & 2 == 0 { size as isize } else { 0 },
                ]
            };
            let [a, b] = [(m, k), (k, n)]
                .map(|(rows, cols)| Matrix::<f32>::random(r, shape[0] * shape[1] * rows, cols, 0));
            let (sa, sb, sc) = (
                strides(m * k, repeat_a),
                strides(k * n, repeat_b),
                strides(m * n, 0),
            );
            let run = |threads: usize| {
                let mut c = vec![f32::NAN; shape[0] * shape[1] * m * n];
                let (a, b) = (a.operand(), b.operand());
                let p = Problem {
                    m,
                    n,
                    k,
                    a,
                    b,
                    c: c.as_mut_ptr().cast(),
                    ldc: n,
                    accumulate: false,
                };
                let batch = Batch {
                    shape: &shape,
                    a: &sa,
                    b: &sb,
                    c: &sc,
                };
                threads::with_threads(threads, || {
                    // SAFETY: the matrices are as large as the batch says.
                    unsafe { matmul(DType::F32, &p, &batch).unwrap() }
                });
                c
            };
            let c = run(1);
            assert_eq!(bytes(&c), bytes(&run(2)));
            for (i, c) in c.iter().enumerate() {
                let (at, row, col) = (i / (m * n), i / n % m, i % n);
                let at = [(at / shape[1]) as isize, (at % shape[1]) as isize];
                let [in_a, in_b] = [sa, sb].map(|s| (at[0] * s[0] + at[1] * s[1]) as usize);
                let pairs: Vec<_> = (0..k)
                    .map(|p| (a.data[in_a + row * k + p], b.data[in_b + p * n + col]))
                    .collect();
                let (expected, bound) = f32::exact(&pairs);
                assert!(
                    c.distance(expected) <= bound,
                    "{shape:?} {m}×{k}×{n} [{i}]: {c} for {expected}"
                );
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow, and no other code than the rest")]
fn infinities_and_nan_stay_in_their_rows_and_columns() {
    let (m, n, k) = (20, 40, 30);
    let mut a = vec![1.0f32; m * k];
    let b = vec![1.0f32; k * n];
    a[3 * k + 5] = f32::NAN;
    a[4 * k + 5] = f32::INFINITY;
    let mut c = vec![0.0f32; m * n];
    let operand = |v: &Vec<f32>, row: usize| Operand {
        ptr: v.as_ptr().cast(),
        row_stride: row as isize,
        col_stride: 1,
    };
    let p = Problem {
        m,
        n,
        k,
        a: operand(&a, k),
        b: operand(&b, n),
        c: c.as_mut_ptr().cast(),
        ldc: n,
        accumulate: false,
    };
    // SAFETY: the matrices are as large as the problem says.
    unsafe { matmul(DType::F32, &p, &Batch::default()).unwrap() };
    for (i, row) in c.chunks(n).enumerate() {
        let expected = |v: &f32| match i {
            3 => v.is_nan(),
            4 => *v == f32::INFINITY,
            _ => *v == k as f32,
        };
        assert!(row.iter().all(expected), "row {i}: {row:?}");
    }
}

#[test]
fn ranks_follow_numpy() {
    let out = |a: &[usize], b: &[usize]| shape_check(a, b).unwrap().out;
    assert_eq!(out(&[3, 4], &[4, 5]), [3, 5]);
    assert_eq!(out(&[4], &[4]), []);
    assert_eq!(out(&[4], &[4, 5]), [5]);
    assert_eq!(out(&[3, 4], &[4]), [3]);
    assert_eq!(out(&[7, 3, 4], &[4]), [7, 3]);
    assert_eq!(out(&[4], &[7, 4, 5]), [7, 5]);
    assert_eq!(out(&[2, 1, 3, 4], &[6, 4, 5]), [2, 6, 3, 5]);
    assert_eq!(out(&[0, 4], &[4, 0]), [0, 0]);
    assert_eq!(out(&[3, 0], &[0, 2]), [3, 2]);
}

#[test]
fn a_misfit_names_shapes_dimensions_rule_and_the_transposes_that_fit() {
    let text = |a: &[usize], b: &[usize]| shape_check(a, b).unwrap_err().to_string();
    assert_eq!(
        text(&[3, 4], &[5, 4]),
        "matmul: shapes (3, 4) and (5, 4) cannot be multiplied: the inner dimensions 4 ≠ 5\n  \
         rule: the last axis of the left operand must be as long as the second-to-last axis of the right one\n  \
         hint: `a.matmul(&b.t())` multiplies (3, 4) by (4, 5) and gives (3, 5)"
    );
    assert_eq!(
        text(&[3, 4], &[5, 6]),
        "matmul: shapes (3, 4) and (5, 6) cannot be multiplied: the inner dimensions 4 ≠ 5\n  \
         rule: the last axis of the left operand must be as long as the second-to-last axis of the right one\n  \
         hint: no transpose makes them fit: a·bᵀ has 4 ≠ 6, aᵀ·b has 3 ≠ 5, aᵀ·bᵀ has 3 ≠ 6; check how the operands were made"
    );
    assert!(
        text(&[3, 4], &[3])
            .contains("hint: `a.t().matmul(&b)` multiplies (4, 3) by (3,) and gives (4,)")
    );
    assert!(
        text(&[2, 3, 4], &[2, 5, 4])
            .contains("`a.matmul(&b.swap_axes(-1, -2)?)` multiplies (2, 3, 4) by (2, 4, 5)")
    );
    assert!(text(&[3], &[4]).contains("two vectors must be of the same length"));
    assert!(text(&[], &[4]).contains("the left operand is 0-d"));
    assert!(text(&[2, 3, 4], &[3, 4, 5]).contains("the batch axes (2,) and (3,) do not broadcast"));
    assert!(text(&[usize::MAX / 2, 1], &[1, 8]).contains("too many elements"));
}
