//! Generalised eigenproblems by their backward errors, and Schur forms in a chosen order.

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_linalg as linalg;
use num_complex::Complex;

type C = Complex<f64>;

const TYPES: [DType; 4] = [DType::F64, DType::C128, DType::F32, DType::C64];

fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F32 | DType::C64 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    }
}

/// Complex numbers between -1 and 1.
fn numbers(n: usize, seed: u64) -> Vec<C> {
    let mut state = seed * 7919 + 1;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| Complex::new(draw(), draw())).collect()
}

fn tensor(all: Vec<C>, n: usize, dtype: DType) -> Raw {
    let x = Raw::from_vec(all, &[n, n]).unwrap();
    match dtype.is_complex() {
        true => x.cast(dtype).unwrap(),
        false => x.real().unwrap().cast(dtype).unwrap(),
    }
}

fn elements(x: &Raw) -> Vec<C> {
    x.cast(DType::C128).unwrap().to_vec().unwrap()
}

fn norm(x: &[C]) -> f64 {
    let most = x.iter().fold(0.0f64, |most, x| most.max(x.norm()));
    let all = x.iter().map(|x| (x / most.max(1e-300)).norm_sqr());
    most * all.sum::<f64>().sqrt()
}

/// `|β A v - α B v| / (|β| |A| + |α| |B|)`, the largest.
fn backward_error(a: &Raw, b: &Raw, values: [&Raw; 2], v: &Raw) -> f64 {
    let n = a.shape()[0];
    let (a, b, v) = (elements(a), elements(b), elements(v));
    let (alpha, beta) = (elements(values[0]), elements(values[1]));
    let (of_a, of_b) = (norm(&a), norm(&b));
    let mut worst = 0.0f64;
    for j in 0..n {
        let column: Vec<C> = (0..n).map(|i| v[i * n + j]).collect();
        assert!((norm(&column) - 1.0).abs() < 1e-5, "{}", norm(&column));
        // each term near 1 beside the norms
        let most = (beta[j].norm() * of_a).max(alpha[j].norm() * of_b);
        if most == 0.0 {
            continue;
        }
        let (p, q) = (beta[j] * (of_a / most), alpha[j] * (of_b / most));
        let rows = (0..n).map(|i| {
            let sum = |m: &[C], size: f64| -> C {
                let terms = (0..n).map(|k| m[i * n + k] / size.max(1e-300) * column[k]);
                terms.sum()
            };
            p * sum(&a, of_a) - q * sum(&b, of_b)
        });
        worst = worst.max(norm(&rows.collect::<Vec<_>>()));
    }
    worst
}

/// Pairs of matrices that are hard for inverses: graded, singular, nearly singular, clustered, defective, huge and tiny.
fn pairs(n: usize) -> Vec<(&'static str, Vec<C>, Vec<C>)> {
    let g = |seed| numbers(n * n, seed);
    let power = |i: usize| 10f64.powf(-12.0 * i as f64 / n as f64);
    let by = |x: Vec<C>, f: &dyn Fn(usize, usize) -> f64| -> Vec<C> {
        let scaled = x.into_iter().enumerate().map(|(k, x)| x * f(k / n, k % n));
        scaled.collect()
    };
    let one = |shift: usize| -> Vec<C> {
        let at = (0..n * n).map(|k| f64::from(k % n == k / n + shift));
        at.map(C::from).collect()
    };
    let without_last = |x: Vec<C>| by(x, &|_, j| f64::from(j + 1 < n));
    let sum = |x: &[C], y: &[C]| -> Vec<C> { x.iter().zip(y).map(|(x, y)| x + y).collect() };
    let upper = |x: Vec<C>| by(x, &|i, j| f64::from(j > i));
    vec![
        ("random", g(1), g(2)),
        (
            "graded rows",
            by(g(1), &|i, _| power(i)),
            by(g(2), &|i, _| power(i)),
        ),
        (
            "graded opposite",
            by(g(1), &|i, _| power(i)),
            by(g(2), &|_, j| power(n - 1 - j)),
        ),
        ("graded b", g(1), by(g(2), &|i, j| power(i) * power(j))),
        (
            "nearly singular",
            g(1),
            sum(&without_last(g(2)), &by(g(3), &|_, _| 1e-9)),
        ),
        ("singular", g(1), without_last(g(2))),
        ("singular pencil", without_last(g(1)), without_last(g(2))),
        ("half of b", g(1), by(g(2), &|_, j| f64::from(2 * j < n))),
        ("jordan", sum(&one(0), &one(1)), one(0)),
        ("nilpotent", one(0), one(1)),
        (
            "clustered",
            sum(&one(0), &upper(g(1))),
            sum(&one(0), &upper(g(2))),
        ),
        ("zero b", g(1), by(g(2), &|_, _| 0.0)),
        ("zero a", by(g(1), &|_, _| 0.0), g(2)),
        ("huge", by(g(1), &|_, _| 1e37), by(g(2), &|_, _| 1e37)),
        (
            "huge and tiny",
            by(g(1), &|_, _| 1e30),
            by(g(2), &|_, _| 1e-30),
        ),
        (
            "tiny and huge",
            by(g(1), &|_, _| 1e-30),
            by(g(2), &|_, _| 1e30),
        ),
    ]
}

#[test]
fn generalised_eigenvalues_have_the_backward_error_of_the_precision() {
    for dtype in TYPES {
        for n in [1, 2, 3, 4, 7, 20, 50] {
            for (name, a, b) in pairs(n) {
                let (a, b) = (tensor(a, n, dtype), tensor(b, n, dtype));
                let (alpha, beta, v) = linalg::eig_generalized(&a, &b).unwrap();
                let error = backward_error(&a, &b, [&alpha, &beta], &v);
                let bound = 10.0 * epsilon(dtype) * (n as f64).sqrt();
                assert!(error <= bound, "{name} {n} {dtype}: {error:e}");
                let (alpha, beta) = (elements(&alpha), elements(&beta));
                assert!(beta.iter().all(|b| b.re >= 0.0 && b.im == 0.0));
                if dtype.is_complex() {
                    continue;
                }
                let mut j = 0;
                while j < n {
                    if alpha[j].im != 0.0 {
                        assert!(alpha[j].im > 0.0, "{name} {n}");
                        assert_eq!((alpha[j + 1], beta[j + 1]), (alpha[j].conj(), beta[j]));
                        j += 1;
                    }
                    j += 1;
                }
            }
        }
    }
}

#[test]
fn infinite_eigenvalues_of_singular_matrices_and_none_of_singular_pencils() {
    let diagonal = |all: &[f64]| {
        let n = all.len();
        let x = (0..n * n).map(|k| C::from(if k / n == k % n { all[k / n] } else { 0.0 }));
        tensor(x.collect(), n, DType::F64)
    };
    let (alpha, beta, _) = linalg::eig_generalized(
        &diagonal(&[1.0, 2.0, 3.0, 0.0]),
        &diagonal(&[2.0, 0.0, 1.0, 0.0]),
    )
    .unwrap();
    let w = elements(&linalg::eigenvalues(&alpha, &beta).unwrap());
    let count = |f: fn(f64) -> bool| w.iter().filter(|w| f(w.re)).count();
    assert_eq!((count(f64::is_infinite), count(f64::is_nan)), (1, 1));
    assert!(w.contains(&C::from(0.5)) && w.contains(&C::from(3.0)));
}

#[test]
fn eigenvalues_far_from_one_stay_in_range() {
    for (scale_a, scale_b) in [
        (1e300, 1e300),
        (1e-300, 1e-300),
        (1e200, 1e-100),
        (1e-200, 1e100),
    ] {
        let scaled = |seed, by: f64| {
            let all = numbers(25, seed).into_iter().map(|x| x * by).collect();
            tensor(all, 5, DType::C128)
        };
        let near = linalg::eig_generalized(&scaled(1, 1.0), &scaled(2, 1.0)).unwrap();
        let far = linalg::eig_generalized(&scaled(1, scale_a), &scaled(2, scale_b)).unwrap();
        let near = elements(&linalg::eigenvalues(&near.0, &near.1).unwrap());
        let far = elements(&linalg::eigenvalues(&far.0, &far.1).unwrap());
        for w in near {
            let gaps = far
                .iter()
                .map(|x| (x * (scale_b / scale_a) - w).norm() / w.norm());
            let least = gaps.fold(f64::MAX, f64::min);
            assert!(least < 1e-11, "{scale_a:e} {scale_b:e} {least:e}");
        }
    }
}

fn adjoint(x: &Raw) -> Raw {
    let t = x.swap_axes(-2, -1).unwrap();
    match t.dtype().is_complex() {
        true => t.conj().unwrap(),
        false => t,
    }
}

fn difference(a: &Raw, b: &Raw) -> f64 {
    norm(&elements(&a.sub(b).unwrap()))
}

#[test]
fn selected_eigenvalues_come_first_in_an_ordered_schur_form() {
    for dtype in TYPES {
        for n in [1, 2, 3, 4, 5, 8, 20, 60] {
            for seed in 1..6 {
                let a = tensor(numbers(n * n, seed), n, dtype);
                let selections: [fn(C) -> bool; 4] =
                    [|w| w.re < 0.0, |w| w.norm() > 0.5, |_| true, |_| false];
                for select in selections {
                    let (t, z, counts) = linalg::schur_sorted(&a, select).unwrap();
                    assert_eq!(t.dtype(), dtype);
                    let w = elements(&linalg::schur_eigenvalues(&t).unwrap());
                    let all = w.iter().filter(|&&w| select(w)).count();
                    assert_eq!(counts, [all], "{dtype} {n} {seed}");
                    assert!(w[..all].iter().all(|&w| select(w)), "{dtype} {n} {seed}");
                    let eps = 20.0 * epsilon(dtype) * n as f64;
                    let back = z.matmul(&t).unwrap().matmul(&adjoint(&z)).unwrap();
                    assert!(difference(&back, &a) <= eps * norm(&elements(&a)));
                    let one = Raw::eye(n, n, 0, dtype).unwrap();
                    assert!(difference(&adjoint(&z).matmul(&z).unwrap(), &one) <= eps);
                    // a Schur form: blocks of two have equal elements on the diagonal and opposite signs beside it
                    let t = elements(&t);
                    for i in 0..n {
                        for j in 0..i {
                            let below = t[i * n + j];
                            assert!(below == C::default() || (i == j + 1 && !dtype.is_complex()));
                            if below != C::default() {
                                assert_eq!(t[i * n + i], t[j * n + j]);
                                assert!((below * t[j * n + i]).re < 0.0);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn equal_eigenvalues_are_not_exchanged() {
    // two equal pairs of complex eigenvalues
    let block = [
        [0.0, 1.0, 1.0, 2.0],
        [-1.0, 0.0, 3.0, 1.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, -1.0, 0.0],
    ];
    let t = tensor(
        block.concat().into_iter().map(C::from).collect(),
        4,
        DType::F64,
    );
    let z = Raw::eye(4, 4, 0, DType::F64).unwrap();
    let which = Raw::from_vec(vec![false, false, true, true], &[4]).unwrap();
    match linalg::schur_reorder(&t, &z, &which) {
        Err(e) => assert!(e.is_linalg(), "{e}"),
        Ok((moved, z)) => {
            let back = z.matmul(&moved).unwrap().matmul(&adjoint(&z)).unwrap();
            assert!(difference(&back, &t) < 1e-13);
        }
    }
    // nothing to exchange
    let all = Raw::from_vec(vec![true; 4], &[4]).unwrap();
    let (same, _) = linalg::schur_reorder(&t, &z, &all).unwrap();
    assert_eq!(elements(&same), elements(&t));
    assert!(linalg::schur_reorder(&t, &z, &Raw::from_vec(vec![true; 3], &[3]).unwrap()).is_err());
}

#[test]
fn batches_of_schur_forms_have_a_count_each() {
    let all = [1.0, 2.0, 0.0, -1.0, -1.0, 0.5, 0.25, -3.0];
    let a = Raw::from_vec(all.to_vec(), &[2, 2, 2]).unwrap();
    let (t, _, counts) = linalg::schur_sorted(&a, |w| w.re < 0.0).unwrap();
    assert_eq!((t.shape(), counts), (&[2, 2, 2][..], vec![1, 2]));
    let empty = Raw::zeros(&[3, 0, 0], DType::F64).unwrap();
    assert_eq!(linalg::schur_sorted(&empty, |_| true).unwrap().2, [0; 3]);
}
