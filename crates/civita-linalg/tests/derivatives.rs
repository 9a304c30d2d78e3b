//! First and second derivatives of every factorisation against finite differences, and batches against single matrices.

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::graph::{Tolerance, check_gradients, check_second_gradients};
use civita_core::layout::{Axes, KeepDims};
use civita_core::raw::Raw;
use civita_core::transform::{jvp, vjp, vmap};
use civita_linalg::{
    self as linalg, Band, Form, Mode, Order, Problem, Symmetry, Triangle, Uplo, Vectors,
};
use num_complex::Complex;

type F = Box<dyn Fn(&[Raw]) -> Result<Raw>>;

/// Different numbers between -1 and 1.
fn numbers(shape: &[usize], seed: u64) -> Raw {
    let step = (seed * 1009 + 1) as f64 * 0.618_034;
    let n = shape.iter().product::<usize>();
    Raw::from_vec((1..=n).map(|i| (i as f64 * step).sin()).collect(), shape).unwrap()
}

fn complex(shape: &[usize], seed: u64) -> Raw {
    let re: Vec<f64> = numbers(shape, seed).to_vec().unwrap();
    let im: Vec<f64> = numbers(shape, seed + 7).to_vec().unwrap();
    let all = re.iter().zip(&im).map(|(&re, &im)| Complex::new(re, im));
    Raw::from_vec(all.collect::<Vec<_>>(), shape).unwrap()
}

fn adjoint(x: &Raw) -> Result<Raw> {
    let t = x.swap_axes(-2, -1)?;
    if t.dtype().is_complex() {
        t.conj()
    } else {
        Ok(t)
    }
}

/// A Hermitian positive definite matrix made of any.
fn positive(x: &Raw) -> Result<Raw> {
    let n = x.shape()[x.rank() - 1];
    x.matmul(&adjoint(x)?)?.add(&Raw::eye(n, n, 0, DType::F64)?)
}

/// A Hermitian matrix made of any.
fn symmetric(x: &Raw) -> Result<Raw> {
    x.add(&adjoint(x)?)
}

/// `|v|²` of the columns' elements: what does not depend on their phases.
fn sizes(v: &Raw) -> Result<Raw> {
    match v.dtype().is_complex() {
        true => v.mul(&v.conj()?)?.real(),
        false => v.mul(v),
    }
}

/// Functions of a square matrix, or of a matrix and a right-hand side.
fn functions() -> Vec<(&'static str, usize, F)> {
    vec![
        ("solve", 2, Box::new(|x| linalg::solve(&x[0], &x[1]))),
        ("inv", 1, Box::new(|x| linalg::inv(&x[0]))),
        ("det", 1, Box::new(|x| linalg::det(&x[0]))),
        ("sign", 1, Box::new(|x| Ok(linalg::slogdet(&x[0])?.0))),
        ("logabsdet", 1, Box::new(|x| Ok(linalg::slogdet(&x[0])?.1))),
        (
            "cholesky",
            1,
            Box::new(|x| linalg::cholesky(&positive(&x[0])?, Uplo::Lower)),
        ),
        (
            "upper cholesky",
            1,
            Box::new(|x| linalg::cholesky(&positive(&x[0])?, Uplo::Upper)),
        ),
        (
            "solve_triangular",
            2,
            Box::new(|x| linalg::solve_triangular(&x[0], &x[1], Triangle::Upper)),
        ),
        (
            "unit solve_triangular",
            2,
            Box::new(|x| linalg::solve_triangular(&x[0], &x[1], Triangle::UnitLower)),
        ),
        (
            "q",
            1,
            Box::new(|x| Ok(linalg::qr(&x[0], Mode::Reduced)?.remove(0))),
        ),
        (
            "r",
            1,
            Box::new(|x| Ok(linalg::qr(&x[0], Mode::Complete)?.remove(1))),
        ),
        (
            "r alone",
            1,
            Box::new(|x| Ok(linalg::qr(&x[0], Mode::R)?.remove(0))),
        ),
        ("svdvals", 1, Box::new(|x| linalg::svdvals(&x[0]))),
        (
            "u",
            1,
            Box::new(|x| sizes(&linalg::svd(&x[0], Vectors::Thin)?[0])),
        ),
        (
            "all of svd",
            1,
            Box::new(|x| {
                let [u, s, vh] = linalg::svd(&x[0], Vectors::Full)?;
                u.mul(&s.mul(&s)?.expand_dims(&[-2])?)?.matmul(&vh)
            }),
        ),
        (
            "eigvalsh",
            1,
            Box::new(|x| linalg::eigvalsh(&symmetric(&x[0])?, Uplo::Upper)),
        ),
        (
            "eigh",
            1,
            Box::new(|x| {
                let (w, v) = linalg::eigh(&symmetric(&x[0])?, Uplo::Lower)?;
                v.mul(&w.exp()?.expand_dims(&[-2])?)?.matmul(&adjoint(&v)?)
            }),
        ),
        (
            "eigenvectors of eigh",
            1,
            Box::new(|x| sizes(&linalg::eigh(&symmetric(&x[0])?, Uplo::Lower)?.1)),
        ),
        ("eigvals", 1, Box::new(|x| linalg::eigvals(&x[0]))),
        ("eig", 1, Box::new(|x| sizes(&linalg::eig(&x[0])?.1))),
        (
            "function by eig",
            1,
            Box::new(|x| {
                let (w, v) = linalg::eig(&x[0])?;
                v.mul(&w.exp()?.expand_dims(&[-2])?)?
                    .matmul(&linalg::inv(&v)?)
            }),
        ),
        (
            "pinv",
            1,
            Box::new(|x| linalg::pinv(&x[0], &Raw::from_vec(vec![1e-12], &[])?)),
        ),
        (
            "lstsq",
            2,
            Box::new(|x| Ok(linalg::lstsq(&x[0], &x[1], None)?.x)),
        ),
        ("expm", 1, Box::new(|x| linalg::expm(&x[0]))),
        ("sqrtm", 1, Box::new(|x| linalg::sqrtm(&positive(&x[0])?))),
        ("logm", 1, Box::new(|x| linalg::logm(&positive(&x[0])?))),
        (
            "matrix_power",
            1,
            Box::new(|x| linalg::matrix_power(&x[0], 3)),
        ),
        (
            "inverse power",
            1,
            Box::new(|x| linalg::matrix_power(&x[0], -2)),
        ),
        (
            "norm",
            1,
            Box::new(|x| linalg::norm(&x[0], Order::Default, Axes::All, KeepDims::No)),
        ),
        (
            "3-norm",
            1,
            Box::new(|x| linalg::norm(&x[0], Order::P(3.0), Axes::List(&[-1]), KeepDims::No)),
        ),
        (
            "spectral norm",
            1,
            Box::new(|x| linalg::matrix_norm(&x[0], Order::P(2.0), [-2, -1], KeepDims::No)),
        ),
        (
            "nuclear norm",
            1,
            Box::new(|x| linalg::matrix_norm(&x[0], Order::Nuclear, [-2, -1], KeepDims::No)),
        ),
        (
            "lu_factor",
            1,
            Box::new(|x| Ok(linalg::lu_factor(&x[0])?.0)),
        ),
        (
            "l of lu",
            1,
            Box::new(|x| {
                let [_, l, _] = linalg::lu(&x[0])?;
                Ok(l)
            }),
        ),
        (
            "u of lu",
            1,
            Box::new(|x| {
                let [_, _, u] = linalg::plu(&x[0])?;
                Ok(u)
            }),
        ),
        (
            "lu_solve",
            2,
            Box::new(|x| {
                let (packed, rows) = linalg::lu_factor(&x[0])?;
                linalg::lu_solve(&packed, &rows, &x[1], Form::Adjoint)
            }),
        ),
        (
            "pivoted r",
            1,
            Box::new(|x| Ok(linalg::qr_pivoted(&x[0], Mode::R)?.0.remove(0))),
        ),
        (
            "l of ldl",
            1,
            Box::new(|x| {
                let (l, _, _) = linalg::ldl(&symmetric(&x[0])?, Uplo::Lower, Symmetry::Hermitian)?;
                Ok(l)
            }),
        ),
        (
            "d of ldl",
            1,
            Box::new(|x| {
                let a = x[0].add(&x[0].swap_axes(-2, -1)?)?;
                let (_, d, _) = linalg::ldl(&a, Uplo::Upper, Symmetry::Symmetric)?;
                Ok(d)
            }),
        ),
        (
            "solve_banded",
            2,
            Box::new(|x| {
                let n = x[0].shape()[x[0].rank() - 1];
                let band = Band {
                    lower: n / 2,
                    upper: n - 1 - n / 2,
                };
                let spread = Raw::full(&[n, n], Scalar::Float(0.0), DType::F64)?;
                let main = Raw::full(&[1, n], Scalar::Float(5.0), DType::F64)?;
                let above = spread.narrow(0, 0, band.upper)?;
                let below = spread.narrow(0, 0, band.lower)?;
                let spread = Raw::concatenate(&[&above, &main, &below], 0)?;
                linalg::solve_banded(band, &x[0].add(&spread)?, &x[1])
            }),
        ),
        (
            "eigh_generalized",
            1,
            Box::new(|x| {
                let (a, b) = (symmetric(&x[0])?, positive(&x[0])?);
                Ok(linalg::eigh_generalized(&a, &b, Uplo::Upper, Problem::AvBv)?.0)
            }),
        ),
        (
            "eig_generalized",
            1,
            Box::new(|x| {
                let (alpha, beta, _) = linalg::eig_generalized(&x[0], &positive(&x[0])?)?;
                linalg::eigenvalues(&alpha, &beta)
            }),
        ),
        (
            "eig_generalized by b",
            1,
            Box::new(|x| {
                let (alpha, beta, _) = linalg::eig_generalized(&positive(&x[0])?, &x[0])?;
                linalg::eigenvalues(&alpha, &beta)
            }),
        ),
        (
            "vectors of eig_generalized",
            1,
            Box::new(|x| {
                let b = positive(&x[0].swap_axes(-2, -1)?)?;
                sizes(&linalg::eig_generalized(&x[0], &b)?.2)
            }),
        ),
        ("signm", 1, Box::new(|x| linalg::signm(&x[0]))),
        (
            "fractional_matrix_power",
            1,
            Box::new(|x| linalg::fractional_matrix_power(&positive(&x[0])?, 1.3)),
        ),
    ]
}

fn tolerance() -> Tolerance {
    Tolerance {
        step: 1e-6,
        absolute: 2e-6,
        relative: 2e-4,
    }
}

fn operands(count: usize, n: usize, field: fn(&[usize], u64) -> Raw) -> Vec<Raw> {
    let spread = Raw::eye(n, n, 0, DType::F64).unwrap();
    let a = field(&[n, n], 3).add(&spread).unwrap();
    [a, field(&[n, 2], 5)][..count].to_vec()
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for field in [numbers, complex] {
        for (name, count, f) in functions() {
            let x = operands(count, 3, field);
            check_gradients(&*f, &x, tolerance()).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn second_gradients_are_those_of_finite_differences() {
    for field in [numbers, complex] {
        for (name, count, f) in functions() {
            let x = operands(count, 2, field);
            check_second_gradients(&*f, &x, tolerance()).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn matrices_that_are_not_square_have_gradients_too() {
    let shapes: [&[usize]; 2] = [&[4, 3], &[3, 4]];
    let by_name = [
        "q",
        "r alone",
        "svdvals",
        "u",
        "pinv",
        "lstsq",
        "nuclear norm",
        "lu_factor",
        "l of lu",
        "u of lu",
    ];
    for field in [numbers, complex] {
        for shape in shapes {
            for (name, count, f) in functions() {
                if !by_name.contains(&name) {
                    continue;
                }
                // a table of sines has rank two
                let spread = Raw::eye(shape[0], shape[1], 0, DType::F64).unwrap();
                let a = field(shape, 3).add(&spread).unwrap();
                let x = [a, field(&[shape[0], 2], 5)][..count].to_vec();
                check_gradients(&*f, &x, tolerance())
                    .unwrap_or_else(|e| panic!("{name} of {shape:?}: {e}"));
            }
        }
    }
}

/// What does not depend on the choice of a basis, or on where iterations begin.
#[test]
fn null_spaces_and_sums_of_products_have_gradients() {
    let null = |x: &[Raw]| {
        let n = linalg::null_space(&x[0].narrow(0, 0, 1)?, None)?;
        n.matmul(&adjoint(&n)?)
    };
    let full = |x: &[Raw]| {
        let [u, s, _] = linalg::svd(&x[0].narrow(-1, 0, 2)?, Vectors::Full)?;
        sizes(&u.narrow(-1, 0, 2)?)?.matmul(&s.mul(&s)?)
    };
    let values = |x: &[Raw]| {
        let [_, s, _] = linalg::svd(&x[0].narrow(0, 0, 2)?, Vectors::Full)?;
        s.mul(&s)
    };
    let complete = |x: &[Raw]| {
        let factors = linalg::qr(&x[0].narrow(-1, 0, 2)?, Mode::Complete)?;
        factors[0]
            .narrow(-1, 0, 2)?
            .matmul(&factors[1].narrow(-2, 0, 2)?)?
            .add(&factors[1])
    };
    let cp = |x: &[Raw]| linalg::cp(&x[0], 1, 500, 1e-12)?.reconstruct();
    for field in [numbers, complex] {
        let x = operands(1, 3, field);
        check_gradients(&null, &x, tolerance()).unwrap();
        check_second_gradients(&null, &x, tolerance()).unwrap();
        check_gradients(&full, &x, tolerance()).unwrap();
        check_gradients(&values, &x, tolerance()).unwrap();
        check_second_gradients(&values, &x, tolerance()).unwrap();
        check_gradients(&complete, &x, tolerance()).unwrap();
        let far =
            Raw::from_vec(vec![3.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 8.0], &[3, 3]).unwrap();
        check_gradients(&cp, &[x[0].add(&far).unwrap()], tolerance()).unwrap();
    }
}

/// `⟨g, J t⟩ = ⟨Jᴴ g, t⟩` for maps that are written twice.
#[test]
fn forward_and_reverse_mode_agree() {
    for field in [numbers, complex] {
        for (name, count, f) in functions() {
            let x = operands(count, 3, field);
            let t: Vec<Raw> = (0..count)
                .map(|i| field(x[i].shape(), 20 + i as u64))
                .collect();
            let many = |x: &[Raw]| Ok(vec![f(x)?]);
            let (y, moved) = jvp(|x| many(x), &x, &t).unwrap_or_else(|e| panic!("{name}: {e}"));
            let g = match y[0].dtype().is_complex() {
                true => complex(y[0].shape(), 30),
                false => numbers(y[0].shape(), 30),
            };
            let (_, pullback) = vjp(&many, &x).unwrap();
            let back = pullback.call(std::slice::from_ref(&g)).unwrap();
            let dot = |a: &Raw, b: &Raw| -> f64 {
                let a = if a.dtype().is_complex() {
                    a.conj().unwrap()
                } else {
                    a.clone()
                };
                let all = a.mul(b).unwrap().real().unwrap().sum_all().unwrap();
                all.item().unwrap().as_f64()
            };
            let forward = dot(&g, &moved[0]);
            let reverse: f64 = back.iter().zip(&t).map(|(g, t)| dot(g, t)).sum();
            assert!(
                (forward - reverse).abs() < 1e-9 * (1.0 + forward.abs()),
                "{name}: {forward} and {reverse}"
            );
        }
    }
}

#[test]
fn vmap_is_a_loop() {
    for (name, count, f) in functions() {
        let x = operands(count, 3, numbers);
        let rows: Vec<Vec<Raw>> = (0..3)
            .map(|k| {
                x.iter()
                    .map(|x| x.add(&numbers(x.shape(), 40 + k)).unwrap())
                    .collect()
            })
            .collect();
        let stacks: Vec<Raw> = (0..count)
            .map(|i| Raw::stack(&rows.iter().map(|r| &r[i]).collect::<Vec<_>>(), 1).unwrap())
            .collect();
        let axes = vec![Some(1); count];
        let found = vmap(|x| Ok(vec![f(x)?]), &stacks, &axes, &|_| Some(0))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        for (k, row) in rows.iter().enumerate() {
            let one = f(row).unwrap();
            let same = found[0].select_index(0, k as isize).unwrap();
            let gap = same.sub(&one).unwrap().abs().unwrap().sum_all().unwrap();
            assert!(gap.item().unwrap().as_f64() < 1e-12, "{name}");
        }
    }
}

#[test]
fn equal_eigenvalues_have_no_derivatives_of_vectors() {
    let x = Raw::eye(3, 3, 0, DType::F64).unwrap();
    let f = |x: &[Raw]| Ok(vec![linalg::eigh(&x[0], Uplo::Lower)?.1]);
    let (_, pullback) = vjp(&f, std::slice::from_ref(&x)).unwrap();
    let error = pullback.call(&[numbers(&[3, 3], 1)]).unwrap_err();
    assert!(error.is_gradient(), "{error}");
    // of the values they do
    let f = |x: &[Raw]| Ok(vec![linalg::eigvalsh(&x[0], Uplo::Lower)?.sum_all()?]);
    let (_, pullback) = vjp(&f, std::slice::from_ref(&x)).unwrap();
    let g = pullback
        .call(&[Raw::ones(&[], DType::F64).unwrap()])
        .unwrap();
    assert_eq!(g[0].to_vec::<f64>().unwrap(), x.to_vec::<f64>().unwrap());
}

#[test]
fn the_determinant_of_a_singular_matrix_has_a_gradient() {
    for n in [2, 3, 20] {
        let column = numbers(&[n, 1], 3);
        let singular = column.matmul(&numbers(&[1, n], 4)).unwrap();
        let x = match n {
            // of rank n - 1
            3 => singular
                .add(&numbers(&[3, 1], 5).matmul(&numbers(&[1, 3], 6)).unwrap())
                .unwrap(),
            _ => singular,
        };
        if n == 20 {
            continue; // its adjugate is zero
        }
        let f = |x: &[Raw]| linalg::det(&x[0]);
        check_gradients(&f, &[x], tolerance()).unwrap();
    }
}
