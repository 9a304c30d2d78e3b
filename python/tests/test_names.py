"""The names of linear algebra, Fourier transforms and random numbers that a program may count on, of NumPy, of SciPy, and of neither.

Rust's are in `crates/civita/tests/names.rs`; NumPy's `__all__` is compared by `make_numpy_table.py --check`.
"""

import pathlib

import pytest

import civita as cv

NAMES = {
    "linalg": """solve lstsq inv pinv det slogdet trace matrix_rank matrix_norm vector_norm norm cond matrix_power lu lu_factor lu_solve cholesky
        cho_factor cho_solve qr svd svdvals eig eigvals eigh eigvalsh schur rsf2csf hessenberg ldl polar solve_triangular solve_banded solveh_banded
        solve_toeplitz solve_circulant expm logm sqrtm signm funm fractional_matrix_power cosm sinm tanm coshm sinhm tanhm orth null_space tucker
        tucker_to_tensor cp cp_to_tensor tensor_train tensor_train_to_tensor hosvd toeplitz hankel circulant hilbert hadamard block_diag companion polyeig
        tensorsolve tensorinv multi_dot diagonal LinAlgError""",
    "fft": """fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn dct idct dst idst dctn idctn dstn idstn fftfreq rfftfreq
        fftshift ifftshift next_fast_len prev_fast_len fftconvolve fwht""",
    "random": """Generator RandomState SeedSequence PCG64 PCG64DXSM Philox SFC64 MT19937 Philox4x32 Threefry Threefry4x32 Xoshiro256 Sobol Halton LatinHypercube default_rng
        seed get_state set_state rand randn randint random_sample random choice shuffle permutation bytes normal uniform multivariate_normal""",
}
DISTRIBUTIONS = """uniform normal integers choice shuffle permutation permuted bytes random standard_normal standard_exponential standard_gamma beta binomial
    chisquare dirichlet exponential f gamma geometric gumbel hypergeometric laplace logistic lognormal logseries multinomial multivariate_hypergeometric
    multivariate_normal negative_binomial noncentral_chisquare noncentral_f pareto poisson power rayleigh standard_cauchy standard_t triangular vonmises wald
    weibull zipf bernoulli wishart spawn""".split()
# of Python alone: Rust has types, or methods of what another function returns
PYTHON = {"lu_solve", "cho_factor", "vector_norm", "LinAlgError", *(f"{n}_to_tensor" for n in ("tucker", "cp", "tensor_train"))}


@pytest.mark.parametrize("module", NAMES)
def test_names_of_python(module):
    there = getattr(cv, module)
    for name in NAMES[module].split():
        assert callable(getattr(there, name)), name
        assert name in there.__all__, name


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_of_python(name):
    assert callable(getattr(cv.random.Generator, name))


def test_rust_is_asked_for_the_same_names():
    rust = (pathlib.Path(__file__).parents[2] / "crates/civita/tests/names.rs").read_text()
    words = set(rust.replace("(", " ").replace(",", " ").replace(".", " ").replace("{", " ").split())
    for module in ("linalg", "fft"):
        assert set(NAMES[module].split()) - PYTHON <= words
    # with distributions of their own, which are checked when they are made
    vectors = {"dirichlet", "multinomial", "multivariate_hypergeometric", "multivariate_normal", "wishart", "standard_gamma"}
    assert set(DISTRIBUTIONS) - vectors <= words
