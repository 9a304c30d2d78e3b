//! The names of linear algebra, Fourier transforms and random numbers that a program may count on: those of NumPy, of SciPy, and of neither. The same list
//! of Python is in `python/tests/test_names.py`.

#![allow(unused_imports)]

use civita::prelude::*;

mod fourier {
    use civita::fft::{
        along, dct, dctn, dst, dstn, fft, fft2, fftconvolve, fftconvolve_of, fftconvolve_over,
        fftfreq, fftn, fftshift, fwht, fwht_of, hfft, idct, idctn, idst, idstn, ifft, ifft2, ifftn,
        ifftshift, ihfft, irfft, irfft2, irfftn, next_fast_len, over, prev_fast_len, rfft, rfft2,
        rfftfreq, rfftn,
    };
}

#[cfg(feature = "linalg")]
mod matrices {
    use civita::linalg::{
        block_diag, cho_solve, cholesky, circulant, companion, cond, coshm, cosm, cp, det,
        diagonal, eig, eig_generalized, eigh, eigh_generalized, eigvals, eigvalsh, expm,
        fractional_matrix_power, funm, hadamard, hankel, hessenberg, hilbert, hosvd, inv, ldl,
        logm, lstsq, lu, lu_factor, matrix_norm, matrix_power, matrix_rank, multi_dot, norm,
        norm_of, null_space, orth, pinv, pinv_hermitian, polar, polyeig, qr, qr_complete,
        qr_pivoted, rsf2csf, schur, schur_sorted, signm, sinhm, sinm, slogdet, solve, solve_banded,
        solve_circulant, solve_toeplitz, solve_triangular, solveh_banded, sqrtm, svd, svd_full,
        svd_hermitian, svdvals, tanhm, tanm, tensor_train, tensorinv, tensorsolve, toeplitz, trace,
        tucker,
    };
}

mod numbers {
    use civita::random::{
        CounterRng, Halton, Keyed, KeyedCipher, Mt19937, Pcg64, Pcg64Dxsm, Philox, RandomState,
        Rng, SeedSequence, Sfc64, Sobol, TensorRng, Threefry, Xoshiro256, default_rng, points,
    };
}

#[test]
fn every_distribution_is_drawn_by_its_name() {
    let mut rng = random::default_rng(1);
    macro_rules! reals { ($($name:ident($($parameter:expr),*))*) => { $(
        let x: Vector<f64> = rng.$name($($parameter,)* 3);
        assert_eq!(x.len(), 3, stringify!($name));
    )* } }
    reals! {
        random() standard_normal() standard_exponential() standard_cauchy() uniform(0, 1) normal(0, 1) lognormal(0, 1)
        exponential(1) gamma(2, 1) beta(1, 2) chisquare(3) noncentral_chisquare(3, 1) standard_t(3) f(3, 4) noncentral_f(3, 4, 1)
        laplace(0, 1) logistic(0, 1) gumbel(0, 1) pareto(2) weibull(2) power(2) rayleigh(1) wald(1, 1) triangular(0, 1, 2)
        vonmises(0, 1)
    }
    macro_rules! wholes { ($($name:ident($($parameter:expr),*))*) => { $(
        let x: Vector<i64> = rng.$name($($parameter,)* 3);
        assert_eq!(x.len(), 3, stringify!($name));
    )* } }
    wholes! {
        integers(0..9) poisson(2) geometric(0.5) negative_binomial(2, 0.5) zipf(2) logseries(0.5) binomial(4, 0.5)
        hypergeometric(5, 4, 3)
    }
    let heads: Vector<bool> = rng.bernoulli(0.5, 3);
    assert_eq!(heads.len(), 3);
    let mut x = np::arange(4);
    rng.shuffle(&mut x);
    assert_eq!(rng.permutation(4).len(), 4);
    assert_eq!(rng.choice(4, 2).len(), 2);
    assert_eq!(rng.choice_distinct(4, 2).len(), 2);
    assert_eq!(rng.choice_weighted(2, 2, &tensor![0.5, 0.5]).len(), 2);
    assert_eq!(rng.permuted(&x, 0).map(|x| x.len()).ok(), Some(4));
    assert_eq!(rng.bytes(5).len(), 5);
    assert_eq!(rng.spawn(2).len(), 2);
    assert_eq!(
        rng.latin_hypercube(4, 2, random::Within::Random).shape(),
        [4, 2]
    );
}
