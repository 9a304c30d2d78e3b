//! Factors put together again, shapes, errors, equal bits for any number of threads.

use civita_core::dtype::DType;
use civita_core::error::Result;
use civita_core::raw::Raw;
use civita_core::threads::with_threads;
use civita_linalg::{self as linalg, Mode, Symmetry, Triangle, Uplo, Vectors};
use num_complex::Complex;

const SIZES: [usize; 12] = [1, 2, 3, 4, 5, 16, 17, 33, 40, 64, 130, 270];

fn numbers(shape: &[usize], dtype: DType, seed: u64) -> Raw {
    let n = shape.iter().product::<usize>();
    let mut state = seed * 7919 + 1;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let all: Vec<Complex<f64>> = (0..n).map(|_| Complex::new(draw(), draw())).collect();
    let x = Raw::from_vec(all, shape).unwrap();
    match dtype.is_complex() {
        true => x.cast(dtype).unwrap(),
        false => x.real().unwrap().cast(dtype).unwrap(),
    }
}

fn adjoint(x: &Raw) -> Raw {
    let t = x.swap_axes(-2, -1).unwrap();
    if t.dtype().is_complex() {
        t.conj().unwrap()
    } else {
        t
    }
}

fn gap(a: &Raw, b: &Raw) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let all = a.sub(b).unwrap().abs().unwrap().cast(DType::F64).unwrap();
    all.sum_all().unwrap().item().unwrap().as_f64()
}

fn unit(n: usize) -> Raw {
    Raw::eye(n, n, 0, DType::F64).unwrap()
}

fn each_type(check: impl Fn(DType, f64)) {
    for dtype in [DType::F64, DType::C128, DType::F32, DType::C64] {
        let small = matches!(dtype, DType::F32 | DType::C64);
        check(dtype, if small { 2e-4 } else { 1e-12 });
    }
}

#[test]
fn systems_and_inverses() {
    each_type(|dtype, eps| {
        for n in SIZES {
            let a = numbers(&[2, n, n], dtype, 1)
                .add(&unit(n).cast(dtype).unwrap())
                .unwrap()
                .add(&unit(n).cast(dtype).unwrap())
                .unwrap();
            let scale = eps * (n * n) as f64 * 20.0;
            let inverse = linalg::inv(&a).unwrap();
            assert_eq!(inverse.dtype(), dtype);
            let both = a.matmul(&inverse).unwrap();
            let units = unit(n).broadcast_to(&[2, n, n]).unwrap();
            assert!(gap(&both, &units) < scale, "inv {dtype} {n}");
            for b in [
                numbers(&[n], dtype, 2),
                numbers(&[n, 3], dtype, 2),
                numbers(&[4, 1, n, 3], dtype, 2),
            ] {
                let x = linalg::solve(&a, &b).unwrap();
                let back = match b.rank() {
                    1 => a
                        .matmul(&x.expand_dims(&[-1]).unwrap())
                        .unwrap()
                        .squeeze(Some(&[-1]))
                        .unwrap(),
                    _ => a.matmul(&x).unwrap(),
                };
                let b = b.broadcast_to(back.shape()).unwrap();
                assert!(gap(&back, &b) < scale * 4.0, "solve {dtype} {n}");
            }
            let one = a.select_index(0, 0).unwrap();
            let many = numbers(&[5, n, 2], dtype, 8);
            let x = linalg::solve(&one, &many).unwrap();
            assert!(gap(&one.matmul(&x).unwrap(), &many) < scale * 4.0);
            let (sign, log) = linalg::slogdet(&a).unwrap();
            let product = log.exp().unwrap().mul(&sign).unwrap();
            let det = linalg::det(&a).unwrap();
            let size = det.abs().unwrap().cast(DType::F64).unwrap();
            let size = size.sum_all().unwrap().item().unwrap().as_f64();
            if size.is_finite() {
                assert!(gap(&product, &det) <= eps * 100.0 * n as f64 * size);
            }
        }
    });
}

#[test]
fn orthogonal_factors() {
    each_type(|dtype, eps| {
        for (m, n) in [
            (1, 1),
            (3, 3),
            (5, 2),
            (2, 5),
            (17, 17),
            (40, 9),
            (130, 70),
            (20, 90),
        ] {
            let a = numbers(&[2, m, n], dtype, 3);
            let k = m.min(n);
            let scale = eps * (m * n) as f64 * 5.0;
            for mode in [Mode::Reduced, Mode::Complete] {
                let factors = linalg::qr(&a, mode).unwrap();
                let (q, r) = (&factors[0], &factors[1]);
                let columns = q.shape()[2];
                assert_eq!(columns, if mode == Mode::Reduced { k } else { m });
                assert!(gap(&q.matmul(r).unwrap(), &a) < scale, "qr {dtype} {m} {n}");
                let units = unit(columns).broadcast_to(&[2, columns, columns]).unwrap();
                assert!(gap(&adjoint(q).matmul(q).unwrap(), &units) < scale * 4.0);
            }
            for vectors in [Vectors::Thin, Vectors::Full] {
                let [u, s, vh] = linalg::svd(&a, vectors).unwrap();
                let (narrow_u, narrow_v) =
                    (u.narrow(-1, 0, k).unwrap(), vh.narrow(-2, 0, k).unwrap());
                let scaled = narrow_u.mul(&s.expand_dims(&[-2]).unwrap()).unwrap();
                assert!(
                    gap(&scaled.matmul(&narrow_v).unwrap(), &a) < scale,
                    "svd {dtype} {m} {n}"
                );
                let columns = u.shape()[2];
                let units = unit(columns).broadcast_to(&[2, columns, columns]).unwrap();
                let off = gap(&adjoint(&u).matmul(&u).unwrap(), &units);
                assert!(off < scale * 4.0, "u of {dtype} {m} {n} {vectors:?}: {off}");
                let rows = vh.shape()[1];
                let units = unit(rows).broadcast_to(&[2, rows, rows]).unwrap();
                assert!(gap(&vh.matmul(&adjoint(&vh)).unwrap(), &units) < scale * 4.0);
                assert!(gap(&linalg::svdvals(&a).unwrap(), &s) < scale);
            }
        }
    });
}

fn is_zero(x: &Raw, place: impl Fn(usize, usize) -> bool) -> bool {
    let &[.., m, n] = x.shape() else {
        return false;
    };
    let all: Vec<Complex<f64>> = x.cast(DType::C128).unwrap().to_vec().unwrap();
    let mut places = all.iter().enumerate();
    places.all(|(k, x)| x.norm() == 0.0 || !place(k / n % m, k % n))
}

#[test]
fn triangular_factors() {
    each_type(|dtype, eps| {
        for (m, n) in [(1, 1), (3, 3), (5, 2), (2, 5), (40, 40), (90, 33), (33, 90)] {
            let a = numbers(&[2, m, n], dtype, 6);
            let k = m.min(n);
            let [p, l, u] = linalg::plu(&a).unwrap();
            let scale = eps * (m * n) as f64 * 5.0;
            let back = p.cast(dtype).unwrap().matmul(&l).unwrap();
            assert!(
                gap(&back.matmul(&u).unwrap(), &a) < scale,
                "lu {dtype} {m} {n}"
            );
            assert_eq!((l.shape(), u.shape()), (&[2, m, k][..], &[2, k, n][..]));
            assert!(is_zero(&l, |i, j| i < j) && is_zero(&u, |i, j| i > j));
            let ones = Raw::ones(&[2, k], dtype).unwrap();
            assert_eq!(gap(&l.diagonal(0, -2, -1).unwrap(), &ones), 0.0);
            let [rows, same_l, same_u] = linalg::lu(&a).unwrap();
            assert_eq!(gap(&l, &same_l) + gap(&u, &same_u), 0.0);
            let rows = rows
                .expand_dims(&[-1])
                .unwrap()
                .broadcast_to(&[2, m, n])
                .unwrap();
            let permuted = a.take_along_axis(&rows, -2).unwrap();
            assert!(gap(&l.matmul(&u).unwrap(), &permuted) < scale);
        }
    });
}

/// Matrices of several panels, whose other columns are several stripes.
#[test]
fn factors_of_several_panels() {
    each_type(|dtype, eps| {
        for (m, n) in [(259, 259), (150, 470), (470, 150), (513, 420), (420, 513)] {
            let a = numbers(&[m, n], dtype, 8);
            let scale = eps * (m * n) as f64 * 5.0;
            let [p, l, u] = with_threads(2, || linalg::plu(&a)).unwrap();
            let back = p.cast(dtype).unwrap().matmul(&l).unwrap().matmul(&u);
            assert!(gap(&back.unwrap(), &a) < scale, "lu {dtype} {m} {n}");
            assert!(is_zero(&l, |i, j| i < j) && is_zero(&u, |i, j| i > j));
            // the largest of a column leads, of complex numbers by the sum of their parts
            let sizes = l.abs().unwrap().cast(DType::F64).unwrap();
            let sizes = sizes.to_vec::<f64>().unwrap();
            assert!(
                sizes
                    .iter()
                    .all(|&x| x <= 1.0 || dtype.is_complex() && x < 1.5)
            );
            for mode in [Mode::Reduced, Mode::Complete] {
                let factors = with_threads(2, || linalg::qr(&a, mode)).unwrap();
                let (q, r) = (&factors[0], &factors[1]);
                assert!(gap(&q.matmul(r).unwrap(), &a) < scale, "qr {dtype} {m} {n}");
                let units = unit(q.shape()[1]);
                assert!(gap(&adjoint(q).matmul(q).unwrap(), &units) < scale * 4.0);
                assert!(is_zero(r, |i, j| i > j));
            }
            let far = unit(m).cast(dtype).unwrap();
            let h = a.matmul(&adjoint(&a)).unwrap().add(&far).unwrap();
            let l = with_threads(2, || linalg::cholesky(&h, Uplo::Lower)).unwrap();
            let back = l.matmul(&adjoint(&l)).unwrap();
            assert!(gap(&back, &h) < scale * m as f64, "cholesky {dtype} {m}");
            assert!(is_zero(&l, |i, j| i < j));
            let indefinite = h.sub(&far.mul(&h.abs().unwrap().sum_all().unwrap()).unwrap());
            let indefinite = indefinite.unwrap().cast(dtype).unwrap();
            let failed = with_threads(2, || linalg::cholesky(&indefinite, Uplo::Lower));
            assert!(failed.is_err());
        }
    });
}

#[test]
fn eigenvalues() {
    each_type(|dtype, eps| {
        for n in SIZES {
            let a = numbers(&[2, n, n], dtype, 4);
            let scale = eps * (n * n) as f64 * 20.0;
            let (w, v) = linalg::eig(&a).unwrap();
            let left = a.matmul(&v).unwrap();
            let right = v.mul(&w.expand_dims(&[-2]).unwrap()).unwrap();
            assert!(gap(&left, &right) < scale, "eig {dtype} {n}");
            let h = a.add(&adjoint(&a)).unwrap();
            for uplo in [Uplo::Lower, Uplo::Upper] {
                let (w, v) = linalg::eigh(&h, uplo).unwrap();
                let left = h.matmul(&v).unwrap();
                let right = v.mul(&w.expand_dims(&[-2]).unwrap()).unwrap();
                assert!(gap(&left, &right) < scale, "eigh {dtype} {n}");
                assert!(gap(&linalg::eigvalsh(&h, uplo).unwrap(), &w) < scale);
            }
            let p = a
                .matmul(&adjoint(&a))
                .unwrap()
                .add(&unit(n).cast(dtype).unwrap())
                .unwrap();
            let l = linalg::cholesky(&p, Uplo::Lower).unwrap();
            assert!(gap(&l.matmul(&adjoint(&l)).unwrap(), &p) < scale * n as f64);
            let u = linalg::cholesky(&p, Uplo::Upper).unwrap();
            assert!(gap(&adjoint(&u), &l) < scale);
        }
    });
}

/// Hermitian matrices with these eigenvalues, and others that iterations find hard.
fn hard(n: usize, dtype: DType) -> Vec<(&'static str, Raw)> {
    let q = linalg::qr(&numbers(&[n, n], dtype, 11), Mode::Reduced).unwrap();
    let with = |f: &dyn Fn(usize) -> f64| {
        let w = Raw::from_vec((0..n).map(f).collect::<Vec<f64>>(), &[n]).unwrap();
        let scaled = q[0].mul(&w.cast(dtype).unwrap()).unwrap();
        let a = scaled.matmul(&adjoint(&q[0])).unwrap();
        let twice = a.add(&adjoint(&a)).unwrap();
        twice
            .mul(&Raw::from_vec(vec![0.5], &[]).unwrap().cast(dtype).unwrap())
            .unwrap()
    };
    let of = |f: &dyn Fn(usize, usize) -> f64| {
        let all = (0..n * n).map(|k| f(k / n, k % n)).collect::<Vec<f64>>();
        Raw::from_vec(all, &[n, n]).unwrap().cast(dtype).unwrap()
    };
    vec![
        (
            "half zero",
            with(&|i| if i < n / 2 { 0.0 } else { (i as f64).sin() }),
        ),
        ("rank one", with(&|i| if i == 3 { 1.0 } else { 0.0 })),
        ("two values", with(&|i| if i % 2 == 0 { 1.0 } else { -1.0 })),
        (
            "falling",
            with(&|i| 10f64.powf(-30.0 * i as f64 / n as f64)),
        ),
        (
            "rising",
            with(&|i| 10f64.powf(30.0 * i as f64 / n as f64 - 30.0)),
        ),
        ("zeros", of(&|_, _| 0.0)),
        ("ones", of(&|_, _| 1.0)),
        ("unit", of(&|i, j| f64::from(u8::from(i == j)))),
        ("path", of(&|i, j| f64::from(u8::from(i.abs_diff(j) == 1)))),
        ("tiny", of(&|i, j| 1e-30 / (i + j + 1) as f64)),
        (
            "Wilkinson's",
            of(&|i, j| match i.abs_diff(j) {
                0 => i.abs_diff(n / 2) as f64,
                1 => 1.0,
                _ => 0.0,
            }),
        ),
    ]
}

#[test]
fn singular_clustered_and_graded_matrices() {
    each_type(|dtype, eps| {
        for n in [14, 26, 100, 129, 200] {
            for (name, h) in hard(n, dtype) {
                let name = format!("{name} {dtype} {n}");
                let (w, v) =
                    linalg::eigh(&h, Uplo::Lower).unwrap_or_else(|e| panic!("{name}: {e}"));
                let norm = gap(&h, &Raw::zeros(&[n, n], dtype).unwrap()) * n as f64;
                let scale = eps * 0.2 * n as f64;
                let moved = v.mul(&w.expand_dims(&[-2]).unwrap()).unwrap();
                assert!(
                    gap(&h.matmul(&v).unwrap(), &moved) <= scale * norm,
                    "{name}"
                );
                let units = adjoint(&v).matmul(&v).unwrap();
                assert!(gap(&units, &unit(n)) < scale, "vectors of {name}");
                let alone = linalg::eigvalsh(&h, Uplo::Lower).unwrap();
                assert!(gap(&alone, &w) <= scale * norm, "{name}");
                // the values are their own singular values but for order and sign; a triangle of it has others
                let lower: Vec<Complex<f64>> = h.cast(DType::C128).unwrap().to_vec().unwrap();
                let lower = (0..n * n)
                    .map(|k| {
                        if k / n < k % n {
                            Complex::default()
                        } else {
                            lower[k]
                        }
                    })
                    .collect::<Vec<_>>();
                let lower = Raw::from_vec(lower, &[n, n]).unwrap();
                let lower = match dtype.is_complex() {
                    true => lower.cast(dtype).unwrap(),
                    false => lower.real().unwrap().cast(dtype).unwrap(),
                };
                for a in [&h, &lower] {
                    let [u, s, vh] = linalg::svd(a, Vectors::Full).unwrap();
                    let back = u.mul(&s.expand_dims(&[-2]).unwrap()).unwrap();
                    let off = gap(&back.matmul(&vh).unwrap(), a);
                    assert!(off <= scale * norm, "svd of {name}: {off}");
                    assert!(gap(&adjoint(&u).matmul(&u).unwrap(), &unit(n)) < scale);
                    assert!(gap(&vh.matmul(&adjoint(&vh)).unwrap(), &unit(n)) < scale);
                    let alone = linalg::svdvals(a).unwrap();
                    assert!(gap(&alone, &s) <= scale * norm, "{name}");
                    let s: Vec<f64> = s.cast(DType::F64).unwrap().to_vec().unwrap();
                    assert!(s.is_sorted_by(|a, b| a >= b), "{name}");
                }
            }
        }
    });
}

/// Of singular values that are nearly equal, zero but for rounding, or far below the others: backward errors as LAPACK's.
#[test]
fn matrices_that_lack_rank_but_for_rounding() {
    for dtype in [DType::F64, DType::C128, DType::F32, DType::C64] {
        let small = matches!(dtype, DType::F32 | DType::C64);
        let eps = if small {
            f64::from(f32::EPSILON)
        } else {
            f64::EPSILON
        };
        let shapes = [
            (40, 40, 20),
            (90, 40, 20),
            (237, 237, 107),
            (300, 237, 107),
            (487, 237, 107),
        ];
        for (m, n, rank) in shapes {
            for tail in [0.0, 4.0 * eps, eps.powf(0.6)] {
                let name = format!("{dtype} {m} {n} {tail}");
                let w: Vec<f64> = (0..n)
                    .map(|i| match i < rank {
                        true => 1.0 + 50.0 * eps * (rank - i) as f64,
                        false => tail * (n - i) as f64,
                    })
                    .collect();
                let factor = |n: usize, seed: u64| {
                    linalg::qr(&numbers(&[n, n], dtype, seed), Mode::Reduced)
                        .unwrap()
                        .remove(0)
                };
                let u = factor(m, 21).narrow(-1, 0, n).unwrap();
                let w = Raw::from_vec(w, &[1, n]).unwrap();
                let scaled = u.mul(&w.cast(dtype).unwrap()).unwrap();
                let a = scaled.matmul(&factor(n, 22)).unwrap();
                // root mean squares are about a sum over the root of the number
                let off = |x: &Raw, y: &Raw| {
                    let sum = gap(x, y);
                    sum / (x.len() as f64).sqrt() / (n as f64 * eps)
                };
                let factors = linalg::qr(&a, Mode::Reduced).unwrap();
                let back = factors[0].matmul(&factors[1]).unwrap();
                assert!(off(&back, &a) < 4.0, "qr of {name}: {}", off(&back, &a));
                for vectors in [Vectors::Thin, Vectors::Full] {
                    let [u, s, vh] = linalg::svd(&a, vectors).unwrap();
                    let wide = u.shape()[1];
                    let units = adjoint(&u).matmul(&u).unwrap();
                    let units = off(&units, &unit(wide).cast(dtype).unwrap());
                    assert!(units < 16.0, "vectors of {name}: {units}");
                    let scaled = u.narrow(-1, 0, n).unwrap();
                    let scaled = scaled.mul(&s.expand_dims(&[-2]).unwrap()).unwrap();
                    let back = off(&scaled.matmul(&vh).unwrap(), &a);
                    assert!(back < 8.0, "svd of {name}: {back}");
                    let most = s.sub(&w.reshape(&[n]).unwrap().cast(s.dtype()).unwrap());
                    let most = most.unwrap().abs().unwrap().cast(DType::F64).unwrap();
                    let most: Vec<f64> = most.to_vec().unwrap();
                    let most = most.into_iter().fold(0.0, f64::max);
                    assert!(most < eps * n as f64 * 4.0, "values of {name}: {most}");
                }
            }
        }
    }
}

/// Columns that rotations shorten to nothing have no direction: those of `U` in their places are orthonormal all the same.
#[test]
fn small_matrices_that_lack_rank_have_orthonormal_vectors() {
    for round in 0..1500u64 {
        let n = 2 + round as usize % 11;
        let m = n + round as usize % 3 * 4;
        let mut all: Vec<f64> = numbers(&[m, n], DType::F64, 100 + round).to_vec().unwrap();
        for (i, row) in all.chunks_exact_mut(n).enumerate() {
            match round % 3 {
                0 if (round as usize + 5 * i) % 7 < 3 => row.fill(0.0),
                1 => row.iter_mut().for_each(|x| *x = (*x * 1.4).round()),
                2 => (1..n).for_each(|j| row[j] = row[j % 2] * (j + 1) as f64),
                _ => {}
            }
        }
        for dtype in [DType::F64, DType::F32] {
            let a = Raw::from_vec(all.clone(), &[m, n])
                .unwrap()
                .cast(dtype)
                .unwrap();
            let [u, s, vh] = linalg::svd(&a, Vectors::Full).unwrap();
            let eps = if dtype == DType::F32 { 1e-4 } else { 1e-12 };
            let units = adjoint(&u).matmul(&u).unwrap();
            assert!(
                gap(&units, &unit(m).cast(dtype).unwrap()) < eps,
                "{round} {dtype}"
            );
            let units = vh.matmul(&adjoint(&vh)).unwrap();
            assert!(
                gap(&units, &unit(n).cast(dtype).unwrap()) < eps,
                "{round} {dtype}"
            );
            let scaled = u.narrow(-1, 0, n).unwrap().mul(&s).unwrap();
            assert!(
                gap(&scaled.matmul(&vh).unwrap(), &a) < eps * 100.0,
                "{round} {dtype}"
            );
        }
    }
}

/// A matrix has the same bits alone and beside others, whatever they are.
#[test]
fn small_matrices_of_a_batch_are_those_of_single_ones() {
    let bits = |x: &Raw| -> Vec<u64> {
        let all: Vec<f64> = x.cast(DType::F64).unwrap().to_vec().unwrap();
        all.iter().map(|x| x.to_bits()).collect()
    };
    for dtype in [DType::F64, DType::F32] {
        for n in 1..=9 {
            for count in [8, 16, 37, 150] {
                let a = numbers(&[count, n, n], dtype, 31);
                // some singular, with zeros where pivots are, near the ends of the range, and not finite
                let mut all: Vec<f64> = a.cast(DType::F64).unwrap().to_vec().unwrap();
                for (i, matrix) in all.chunks_exact_mut(n * n).enumerate() {
                    match i % 9 {
                        1 => matrix[..n].fill(0.0),
                        2 => matrix.iter_mut().step_by(n).for_each(|x| *x = 0.0),
                        3 => matrix[0] = 0.0,
                        4 => matrix.iter_mut().for_each(|x| *x = x.round()),
                        5 => matrix.iter_mut().for_each(|x| *x *= 1e-30),
                        6 => matrix.iter_mut().for_each(|x| *x *= 1e30),
                        7 => matrix[n * n - 1] = f64::NAN,
                        _ => {}
                    }
                }
                let hard = Raw::from_vec(all, &[count, n, n])
                    .unwrap()
                    .cast(dtype)
                    .unwrap();
                let fine = a.add(&unit(n).cast(dtype).unwrap()).unwrap();
                let definite = fine.matmul(&adjoint(&fine)).unwrap();
                let b = numbers(&[count, n, 2], dtype, 32);
                let dets = linalg::det(&hard).unwrap();
                let solved = linalg::solve(&fine, &b).unwrap();
                let lower = linalg::cholesky(&definite, Uplo::Lower).unwrap();
                for i in 0..count as isize {
                    let of = |x: &Raw| x.select_index(0, i).unwrap();
                    let name = format!("{dtype} {n}, {i} of {count}");
                    assert_eq!(
                        bits(&of(&dets)),
                        bits(&linalg::det(&of(&hard)).unwrap()),
                        "{name}"
                    );
                    let x = linalg::solve(&of(&fine), &of(&b)).unwrap();
                    assert_eq!(bits(&of(&solved)), bits(&x), "{name}");
                    let l = linalg::cholesky(&of(&definite), Uplo::Lower).unwrap();
                    assert_eq!(bits(&of(&lower)), bits(&l), "{name}");
                }
            }
            let mut zero = numbers(&[20, n, n], dtype, 33)
                .cast(DType::F64)
                .unwrap()
                .to_vec::<f64>()
                .unwrap();
            zero[13 * n * n..14 * n * n].fill(0.0);
            let zero = Raw::from_vec(zero, &[20, n, n])
                .unwrap()
                .cast(dtype)
                .unwrap();
            assert!(linalg::solve(&zero, &numbers(&[20, n, 1], dtype, 34)).is_err());
            assert!(linalg::cholesky(&zero, Uplo::Lower).is_err());
        }
    }
}

/// Solutions and ranks are those of the pseudoinverse and the singular values.
#[test]
fn least_squares() {
    each_type(|dtype, eps| {
        for (m, n) in [(5, 3), (40, 40), (60, 40), (200, 30), (300, 100), (30, 50)] {
            let spread = Raw::from_vec(vec![8.0], &[]).unwrap().cast(dtype).unwrap();
            let spread = Raw::eye(m, n, 0, dtype).unwrap().mul(&spread).unwrap();
            let a = numbers(&[2, m, n], dtype, 12).add(&spread).unwrap();
            let b = numbers(&[2, m, 2], dtype, 13);
            let k = m.min(n);
            let lacking = a.narrow(-1, 0, n - 1).unwrap();
            let lacking = Raw::concatenate(&[&lacking, &a.narrow(-1, 0, 1).unwrap()], -1).unwrap();
            let rank = k - usize::from(n <= m);
            for (a, rank) in [(&a, k), (&lacking, rank)] {
                let found = linalg::lstsq(a, &b, Some(eps * 1e2)).unwrap();
                let ranks: Vec<i32> = found.rank.to_vec().unwrap();
                assert_eq!(ranks, [rank as i32; 2], "{dtype} {m} {n}");
                let pinv = linalg::pinv(a, &Raw::from_vec(vec![eps * 1e2], &[]).unwrap()).unwrap();
                let scale = eps * 50.0 * (m * n) as f64;
                let wanted = pinv.matmul(&b).unwrap();
                assert!(gap(&found.x, &wanted) < scale, "{dtype} {m} {n} {rank}");
                assert!(gap(&found.s, &linalg::svdvals(a).unwrap()) < scale);
            }
        }
    });
}

#[test]
fn empty_matrices_and_empty_stacks() -> Result<()> {
    let none = Raw::zeros(&[3, 0, 0], DType::F64)?;
    assert_eq!(linalg::det(&none)?.to_vec::<f64>()?, [1.0; 3]);
    assert_eq!(linalg::inv(&none)?.shape(), [3, 0, 0]);
    assert_eq!(linalg::eigvals(&none)?.shape(), [3, 0]);
    assert_eq!(linalg::eigh(&none, Uplo::Lower)?.1.shape(), [3, 0, 0]);
    let (sign, log) = linalg::slogdet(&none)?;
    assert_eq!(sign.to_vec::<f64>()?, [1.0; 3]);
    assert_eq!(log.to_vec::<f64>()?, [0.0; 3]);
    let b = Raw::zeros(&[3, 0, 2], DType::F64)?;
    assert_eq!(linalg::solve(&none, &b)?.shape(), [3, 0, 2]);
    let stack = Raw::zeros(&[0, 4, 4], DType::F32)?;
    assert_eq!(linalg::inv(&stack)?.shape(), [0, 4, 4]);
    assert_eq!(linalg::det(&stack)?.shape(), [0]);
    for shape in [[2, 0, 3], [2, 3, 0]] {
        let x = Raw::zeros(&shape, DType::F64)?;
        let [u, s, vh] = linalg::svd(&x, Vectors::Full)?;
        assert_eq!(u.shape(), [2, shape[1], shape[1]]);
        assert_eq!(s.shape(), [2, 0]);
        assert_eq!(vh.shape(), [2, shape[2], shape[2]]);
        let full = linalg::qr(&x, Mode::Complete)?;
        assert_eq!(full[0].shape(), [2, shape[1], shape[1]]);
        let pinv = linalg::pinv(&x, &Raw::from_vec(vec![1e-15], &[])?)?;
        assert_eq!(pinv.shape(), [2, shape[2], shape[1]]);
    }
    Ok(())
}

#[test]
fn what_has_no_result_is_an_error() {
    let of = |values: Vec<f64>, shape: &[usize]| Raw::from_vec(values, shape).unwrap();
    let singular = of(vec![1.0; 4], &[2, 2]);
    assert!(linalg::inv(&singular).unwrap_err().is_linalg());
    let b = of(vec![1.0, 2.0], &[2]);
    assert!(linalg::solve(&singular, &b).unwrap_err().is_linalg());
    let large = of(vec![1.0; 900], &[30, 30]);
    assert!(linalg::inv(&large).unwrap_err().is_linalg());
    let indefinite = of(vec![1.0, 2.0, 2.0, 1.0], &[2, 2]);
    assert!(
        linalg::cholesky(&indefinite, Uplo::Lower)
            .unwrap_err()
            .is_linalg()
    );
    let wide = of(vec![1.0; 6], &[2, 3]);
    assert!(linalg::det(&wide).unwrap_err().is_linalg());
    assert!(linalg::inv(&b).unwrap_err().is_linalg());
    let half = wide.cast(DType::F16).unwrap();
    assert!(linalg::svdvals(&half).unwrap_err().is_dtype());
    for n in [3, 20, 60] {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut values: Vec<f64> = numbers(&[n, n], DType::F64, 9).to_vec().unwrap();
            values[n + 1] = bad;
            let x = of(values, &[n, n]);
            assert!(linalg::svdvals(&x).unwrap_err().is_linalg());
            assert!(linalg::eigvals(&x).unwrap_err().is_linalg());
            assert!(linalg::eigvalsh(&x, Uplo::Lower).unwrap_err().is_linalg());
            assert!(linalg::cholesky(&x, Uplo::Lower).unwrap_err().is_linalg());
            // as in NumPy: these go on
            _ = linalg::inv(&x);
            _ = linalg::det(&x).unwrap();
            _ = linalg::qr(&x, Mode::Reduced).unwrap();
        }
    }
}

#[test]
fn determinants_near_the_ends_of_the_range() {
    let diagonal = |d: &[f64]| {
        let n = d.len();
        let mut all = vec![0.0; n * n];
        for (i, &x) in d.iter().enumerate() {
            all[i * n + i] = x;
        }
        Raw::from_vec(all, &[n, n]).unwrap()
    };
    let det = |d: &[f64]| linalg::det(&diagonal(d)).unwrap().item().unwrap().as_f64();
    assert!((det(&[1e200, 1e200, 1e-200, 1e-200]) - 1.0).abs() < 1e-12);
    assert_eq!(det(&[1e200, 1e200]), f64::INFINITY);
    assert_eq!(det(&[1e-200, 1e-200]), 0.0);
    assert_eq!(det(&[2.0, 0.0, 1e300]), 0.0);
    for scale in [1e-300, 1e300] {
        let x = numbers(&[6, 6], DType::F64, 5);
        let s = Raw::from_vec(vec![scale], &[]).unwrap();
        let scaled = linalg::svdvals(&x.mul(&s).unwrap()).unwrap();
        let one = linalg::svdvals(&x).unwrap().mul(&s).unwrap();
        assert!(gap(&scaled, &one) < 1e-13 * scale * 20.0);
    }
}

/// The bits of real and imaginary parts; those of single precision as double.
fn bits(x: &Raw) -> Vec<u64> {
    let parts = match x.dtype().is_complex() {
        true => vec![x.real().unwrap(), x.imag().unwrap()],
        false => vec![x.clone()],
    };
    let wide = |x: &Raw| -> Vec<f64> { x.cast(DType::F64).unwrap().to_vec().unwrap() };
    let all = parts.iter().flat_map(wide);
    all.map(f64::to_bits).collect()
}

type Outputs = Vec<(&'static str, Vec<Raw>)>;

/// What every factorisation makes of a matrix, a Hermitian positive definite one, and one with eigenvalues in the right half plane.
fn factored(a: &Raw, h: &Raw, right: &Raw) -> Outputs {
    let pair = |(x, y): (Raw, Raw)| vec![x, y];
    let rcond = Raw::from_vec(vec![1e-15], &[]).unwrap();
    let band = linalg::Band { lower: 1, upper: 1 };
    let n = a.shape()[a.rank() - 1];
    let three = h.narrow(-2, 0, 3.min(n)).unwrap();
    let lstsq = linalg::lstsq(&a.narrow(-1, 0, n / 2).unwrap(), h, None).unwrap();
    let (ldl, d, order) = linalg::ldl(
        &a.add(&adjoint(a)).unwrap(),
        Uplo::Lower,
        Symmetry::Hermitian,
    )
    .unwrap();
    let (alpha, beta, v) = linalg::eig_generalized(a, h).unwrap();
    let (mut pivoted, columns) = linalg::qr_pivoted(a, Mode::Reduced).unwrap();
    pivoted.push(columns);
    vec![
        ("inv", vec![linalg::inv(a).unwrap()]),
        ("solve", vec![linalg::solve(a, h).unwrap()]),
        ("det", vec![linalg::det(a).unwrap()]),
        ("slogdet", pair(linalg::slogdet(a).unwrap())),
        ("cholesky", vec![linalg::cholesky(h, Uplo::Lower).unwrap()]),
        ("lu", linalg::lu(a).unwrap().into()),
        ("lu_factor", pair(linalg::lu_factor(a).unwrap())),
        (
            "solve_triangular",
            vec![linalg::solve_triangular(right, h, Triangle::Lower).unwrap()],
        ),
        (
            "solve_banded",
            vec![linalg::solve_banded(band, &three, h).unwrap()],
        ),
        ("ldl", vec![ldl, d, order]),
        ("qr", linalg::qr(a, Mode::Complete).unwrap()),
        ("qr pivoted", pivoted),
        ("svd", linalg::svd(a, Vectors::Full).unwrap().into()),
        ("svdvals", vec![linalg::svdvals(a).unwrap()]),
        ("pinv", vec![linalg::pinv(a, &rcond).unwrap()]),
        ("lstsq", vec![lstsq.x, lstsq.residuals, lstsq.s]),
        (
            "polar",
            pair(linalg::polar(a, linalg::Side::Right).unwrap()),
        ),
        ("eigh", pair(linalg::eigh(h, Uplo::Lower).unwrap())),
        (
            "eigh generalized",
            pair(linalg::eigh_generalized(h, h, Uplo::Lower, linalg::Problem::AvBv).unwrap()),
        ),
        ("eig", pair(linalg::eig(a).unwrap())),
        ("eig generalized", vec![alpha, beta, v]),
        ("schur", pair(linalg::schur(a).unwrap())),
        ("hessenberg", pair(linalg::hessenberg(a).unwrap())),
        ("expm", vec![linalg::expm(a).unwrap()]),
        ("sqrtm", vec![linalg::sqrtm(right).unwrap()]),
        ("logm", vec![linalg::logm(right).unwrap()]),
        ("signm", vec![linalg::signm(right).unwrap()]),
    ]
}

fn equal_bits(dtype: DType) {
    for shape in [
        vec![500, 3, 3],
        vec![40, 20, 20],
        vec![150, 150],
        vec![300, 300],
    ] {
        let all = || {
            let n = shape[shape.len() - 1];
            let a = numbers(&shape, dtype, 6);
            let far = unit(n).cast(dtype).unwrap();
            let h = a.matmul(&adjoint(&a)).unwrap().add(&far).unwrap();
            let far = far.mul(&Raw::from_vec(vec![4.0 * (n as f32).sqrt()], &[]).unwrap());
            let right = a.add(&far.unwrap().cast(dtype).unwrap()).unwrap();
            factored(&a, &h, &right)
        };
        let (one, two) = (with_threads(1, all), with_threads(2, all));
        for ((name, one), (_, two)) in one.iter().zip(&two) {
            for (one, two) in one.iter().zip(two) {
                assert!(bits(one) == bits(two), "{name} of {dtype}, {shape:?}");
            }
        }
    }
}

#[test]
fn equal_bits_for_any_number_of_threads() {
    equal_bits(DType::F64);
}

#[test]
fn equal_bits_of_single_precision_for_any_number_of_threads() {
    equal_bits(DType::F32);
}

#[test]
fn equal_bits_of_complex_numbers_for_any_number_of_threads() {
    equal_bits(DType::C128);
}

#[test]
fn equal_bits_of_single_complex_numbers_for_any_number_of_threads() {
    equal_bits(DType::C64);
}

/// Matrices of repeated eigenvalues with too few eigenvectors or of little rank, and others that are hard for eigenvectors.
fn defective() -> Vec<(&'static str, Raw)> {
    let diagonal = |n, k| Raw::eye(n, n, k, DType::F64).unwrap();
    let jordan = |n| diagonal(n, 0).add(&diagonal(n, 1)).unwrap();
    let of = |n: usize, f: &dyn Fn(usize, usize) -> f64| {
        let all: Vec<f64> = (0..n * n).map(|at| f(at / n, at % n)).collect();
        Raw::from_vec(all, &[n, n]).unwrap()
    };
    let (ones, triangle) = (|_, _| 1.0, |i, j| f64::from(u8::from(i <= j)));
    // blocks of a pair of conjugates on the diagonal, and units above
    let pairs = |i: usize, j: usize| match (i / 2, j / 2) {
        (a, b) if a == b => [[1.0, 2.0], [-2.0, 1.0]][i % 2][j % 2],
        (a, b) if a + 1 == b && i % 2 == j % 2 => 1.0,
        _ => 0.0,
    };
    let graded = |i: usize, j: usize| ((3 * i + 5 * j + i * j) % 7) as f64 * 0.1f64.powi(i as i32);
    vec![
        ("jordan", jordan(24)),
        ("jordan", jordan(150)),
        ("lower jordan", jordan(40).swap_axes(0, 1).unwrap()),
        ("nilpotent", diagonal(40, 1)),
        ("triangle", of(25, &triangle)),
        ("triangle", of(70, &triangle)),
        ("pairs", of(60, &pairs)),
        ("graded", of(12, &graded)),
        ("ones", of(40, &ones)),
        ("ones", of(256, &ones)),
        ("uniform", of(300, &|_, _| 1.0 / 300.0)),
        ("checkerboard", of(300, &|i, j| ((i + j) % 2) as f64)),
        (
            "kronecker",
            of(256, &|i, j| f64::from(u8::from(i % 2 == j % 2))),
        ),
        ("zero", of(30, &|_, _| 0.0)),
        ("random", numbers(&[50, 50], DType::F64, 21)),
    ]
}

fn size(x: &Raw) -> f64 {
    gap(x, &x.sub(x).unwrap())
}

#[test]
fn schur_and_hessenberg_forms_of_defective_matrices() {
    each_type(|dtype, _| {
        let eps = match dtype {
            DType::F32 | DType::C64 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        };
        for (name, a) in defective() {
            let n = a.shape()[0];
            let a = a.cast(dtype).unwrap();
            let bound = eps * (2 * n * n) as f64;
            let norm = size(&a) / n as f64;
            for (t, z) in [linalg::schur(&a).unwrap(), linalg::hessenberg(&a).unwrap()] {
                let back = z.matmul(&t).unwrap().matmul(&adjoint(&z)).unwrap();
                assert!(gap(&back, &a) <= bound * norm, "{name} {n} {dtype}");
                let units = adjoint(&z).matmul(&z).unwrap();
                assert!(gap(&units, &unit(n).cast(dtype).unwrap()) <= bound * 10.0);
                assert!(is_zero(&t, |i, j| i > j + 1));
            }
        }
    });
}

#[test]
fn eigenvectors_of_defective_matrices() {
    each_type(|dtype, _| {
        let (eps, wide) = match dtype {
            DType::F32 | DType::C64 => (f64::from(f32::EPSILON), DType::C64),
            _ => (f64::EPSILON, DType::C128),
        };
        for (name, a) in defective() {
            let n = a.shape()[0];
            let a = a.cast(dtype).unwrap();
            let (w, v) = with_threads(2, || linalg::eig(&a)).unwrap();
            assert_eq!((w.dtype(), v.dtype()), (wide, wide));
            let left = a.matmul(&v).unwrap();
            let right = v.mul(&w.expand_dims(&[-2]).unwrap()).unwrap();
            let bound = eps * (4 * n * n) as f64 * (size(&a) / n as f64);
            let residual = gap(&left, &right);
            assert!(residual <= bound, "{name} {n} {dtype}: {residual:e}");
            let values: Vec<Complex<f64>> = w.cast(DType::C128).unwrap().to_vec().unwrap();
            let vectors: Vec<Complex<f64>> = v.cast(DType::C128).unwrap().to_vec().unwrap();
            for (j, value) in values.iter().enumerate() {
                let column = vectors.iter().skip(j).step_by(n);
                let norm = column.clone().map(|x| x.norm_sqr()).sum::<f64>().sqrt();
                assert!((norm - 1.0).abs() < eps * (10 * n) as f64, "{name} {norm}");
                if !dtype.is_complex() && value.im == 0.0 {
                    assert!(column.clone().all(|x| x.im == 0.0), "{name} {n}");
                }
                if !dtype.is_complex() && value.im > 0.0 {
                    assert_eq!(values[j + 1], value.conj());
                    let mut pairs = column.zip(vectors.iter().skip(j + 1).step_by(n));
                    assert!(pairs.all(|(x, y)| *y == x.conj()), "{name} {n}");
                }
            }
            let (_, again) = with_threads(1, || linalg::eig(&a)).unwrap();
            assert!(vectors == again.cast(DType::C128).unwrap().to_vec().unwrap());
        }
    });
}

#[test]
fn orthogonal_factors_of_subnormal_matrices() {
    for (dtype, power) in [(DType::F64, 1030), (DType::C128, 1030), (DType::F32, 135)] {
        // times a power of two, in two steps: its half is in range
        let half = Raw::from_vec(vec![f64::from(power / 2).exp2()], &[])
            .unwrap()
            .cast(dtype)
            .unwrap();
        let up = |x: &Raw| x.mul(&half).unwrap().mul(&half).unwrap();
        let down = |x: &Raw| x.div(&half).unwrap().div(&half).unwrap();
        for (m, n) in [(1, 1), (3, 2), (2, 3), (40, 20)] {
            let a = down(&numbers(&[m, n], dtype, 9));
            let eps = if dtype == DType::F32 { 2e-3 } else { 1e-11 };
            for mode in [Mode::Reduced, Mode::Complete] {
                let factors = linalg::qr(&a, mode).unwrap();
                let (q, r) = (&factors[0], &factors[1]);
                let back = q.matmul(&up(r)).unwrap();
                assert!(
                    gap(&back, &up(&a)) < eps * (m * n) as f64,
                    "{dtype} {m} {n}"
                );
                let units = unit(q.shape()[1]).cast(dtype).unwrap();
                assert!(gap(&adjoint(q).matmul(q).unwrap(), &units) < eps * (m * m) as f64);
            }
        }
    }
}

#[test]
fn functions_that_do_not_exist_are_errors_and_overflow_is_infinite() {
    let of = |all: Vec<f64>| Raw::from_vec(all, &[2, 2]).unwrap();
    let values = |x: &Raw| x.real().unwrap().to_vec::<f64>().unwrap();
    let (ones, jordan) = (of(vec![1.0; 4]), of(vec![0.0, 1.0, 0.0, 0.0]));
    for f in [linalg::logm, linalg::signm] {
        for a in [&ones, &jordan] {
            assert!(f(a).unwrap_err().is_linalg());
        }
    }
    assert!(linalg::sqrtm(&jordan).unwrap_err().is_linalg());
    let huge = linalg::expm(&of(vec![1e5, 0.0, 0.0, 0.0])).unwrap();
    assert_eq!(values(&huge), [f64::INFINITY, 0.0, 0.0, 1.0]);
    let huge = linalg::expm(&of(vec![1e5, 1.0, 0.0, 0.0])).unwrap();
    assert_eq!(values(&huge), [f64::INFINITY, f64::INFINITY, 0.0, 1.0]);
    assert!(
        linalg::tanhm(&of(vec![1e5, 1.0, 0.0, 0.0]))
            .unwrap_err()
            .is_linalg()
    );
}

#[test]
fn systems_of_many_factors_and_one_right_hand_side() {
    each_type(|dtype, eps| {
        let a = numbers(&[2, 3, 3], dtype, 1)
            .add(
                &unit(3)
                    .cast(dtype)
                    .unwrap()
                    .mul(
                        &Raw::from_vec(vec![4.0f32], &[])
                            .unwrap()
                            .cast(dtype)
                            .unwrap(),
                    )
                    .unwrap(),
            )
            .unwrap();
        let h = a.matmul(&adjoint(&a)).unwrap();
        for shape in [&[3][..], &[3, 2], &[5, 1, 3, 2]] {
            let b = numbers(shape, dtype, 2);
            let wanted = |a: &Raw| match b.rank() {
                1 => linalg::solve(a, &b.expand_dims(&[1]).unwrap())
                    .unwrap()
                    .squeeze(Some(&[-1]))
                    .unwrap(),
                _ => linalg::solve(a, &b).unwrap(),
            };
            let (packed, rows) = linalg::lu_factor(&a).unwrap();
            let x = linalg::lu_solve(&packed, &rows, &b, linalg::Form::Plain).unwrap();
            assert!(gap(&x, &wanted(&a)) < 100.0 * eps);
            let x = linalg::lu_solve(&packed, &rows, &b, linalg::Form::Adjoint).unwrap();
            assert!(gap(&x, &wanted(&adjoint(&a))) < 100.0 * eps);
            let l = linalg::cholesky(&h, Uplo::Lower).unwrap();
            let x = linalg::cho_solve(&l, Uplo::Lower, &b).unwrap();
            assert!(gap(&x, &wanted(&h)) < 100.0 * eps);
        }
    });
}
