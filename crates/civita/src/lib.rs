//! Numerical computing for Rust: n-dimensional arrays with NumPy's semantics, gradients, and SIMD kernels.
//!
//! # The first page
//!
//! ```
//! use civita::prelude::*;
//!
//! # fn main() -> civita::Result<()> {
//! // tensors know the type of their elements and the number of their axes
//! let a = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]; // Tensor<f64, 2>
//! let b = Vector::linspace(0.0, 1.0, 3); // Tensor<f64, 1>
//!
//! // operators broadcast and promote, as NumPy's do, and the compiler knows what comes out
//! assert_eq!(format!("{}", &a * 2.0 + &b), "[[ 2.   4.5  7. ]\n [ 8.  10.5 13. ]]");
//! let counts: Matrix<f64> = &a + &tensor![10, 20, 30]; // i64 and f64 are f64
//! assert_eq!(format!("{counts}"), "[[11. 22. 33.]\n [14. 25. 36.]]");
//!
//! // reductions of everything, or over axes
//! assert_eq!(format!("{} {}", a.sum(), a.over(0).mean()?), "21.0 [2.5 3.5 4.5]");
//!
//! // slices are views
//! assert_eq!(format!("{}", a.slice(s![.., ..;-1])?), "[[3. 2. 1.]\n [6. 5. 4.]]");
//! assert_eq!(format!("{}", a.select(&a.gt(3.5)?)?), "[4. 5. 6.]");
//!
//! // products of matrices and vectors
//! assert_eq!(format!("{}", a.matmul(&b)?), "[4.  8.5]");
//!
//! // gradients
//! let x = tensor![1.0, 2.0, 3.0].requires_grad();
//! let y = (&x * &x).sum();
//! y.backward()?;
//! assert_eq!(x.grad().map(|g| g.to_string()), Some("[2. 4. 6.]".to_string()));
//!
//! // one pass over memory
//! let f = fuse!(|a, b| (a * b + 1.0).exp());
//! assert_eq!(format!("{}", f.call((&a, &b))?.shape().len()), "2");
//! # Ok(())
//! # }
//! ```
//!
//! A debug build runs the kernels 30 to 100 times slower, unless `Cargo.toml` has this, which optimises dependencies and
//! leaves your own code quick to build:
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! debug = false # of dependencies only; panics still name your lines
//! ```
//!
//! # What is where
//!
//! * [`Tensor<T, N>`](Tensor): the one type. `N` may be [`DYN`] and `T` may be [`Any`], when they are known at run time
//!   only: [`AnyTensor`] is both. [`Vector<T>`](Vector) and [`Matrix<T>`](Matrix) have one and two axes.
//! * [`tensor!`], [`s!`], [`fuse!`]: literals, slices, fused functions.
//! * [`np`]: NumPy's functions under NumPy's names.
//! * `linalg` (feature `linalg`): systems, factorisations, eigenvalues, norms.
//! * Features `serde`, `ndarray`, `nalgebra`, `rand`: tensors to and from the types of these crates, without a copy where the
//!   memory allows it.
//! * [`rank`]: the arithmetic of ranks, for signatures that are generic over them.
//! * [`autograd`]: derivatives beyond [`Tensor::backward`], `vmap`, traces: [`grad`](autograd::grad), [`jvp`], [`grad_of`],
//!   [`check_gradients`], [`no_grad`] and more.
//! * [`prelude`]: what most programs need.
//!
//! # Results and panics
//!
//! A method returns a [`Result`] when its arguments can be wrong: a shape, an axis, an index. Operators, constructors,
//! functions of one tensor and reductions of all elements panic, with the text of an [`Error`]; [`catch`] turns that into
//! a `Result`. An error says what was found, the rule, and the code that would mend it:
//!
//! ```
//! use civita::prelude::*;
//!
//! let error = tensor![1, 2].add(&tensor![1, 2, 3]).unwrap_err();
//! assert!(error.is_shape());
//! assert!(error.to_string().starts_with("add: shapes (2,) and (3,) cannot be broadcast"));
//! ```
//!
//! # Values
//!
//! A tensor is a value. A clone costs no more than a counter; a write copies the elements first if another handle holds
//! them. Views, such as slices, share memory and never change under each other.
//!
//! # Generic code
//!
//! [`Float`] has all that a numeric function needs as supertraits, and functions over one rank need no bound for it:
//!
//! ```
//! use civita::prelude::*;
//!
//! fn standardize<T: Float, const N: usize>(x: &Tensor<T, N>) -> civita::Result<Tensor<T, N>> {
//!     Ok((x - x.over(0).keepdims().mean()?) / x.over(0).keepdims().std()?)
//! }
//! # standardize(&tensor![1.0, 2.0]).map(drop).unwrap();
//! ```
//!
//! Over two unknown ranks, use [`DYN`]. Reduce with `keepdims` in generic code: without it the rank of the result would
//! need a bound.

pub mod autograd;
mod compare;
mod convert;
mod create;
mod dtype;
mod ecosystem;
mod elements;
mod elementwise;
mod error;
pub mod fft;
mod fuse;
mod index;
pub mod io;
mod keys;
#[cfg(feature = "linalg")]
pub mod linalg;
mod matmul;
mod methods;
pub mod np;
mod operators;
mod parts;
pub mod random;
pub mod rank;
mod reduce;
mod runtime;
mod slice;
mod tensor;
mod view;

pub use autograd::{
    Inputs, Keep, NoGrad, Tolerance, check_gradients, check_second_gradients, grad_of,
    grad_of_kept, jvp, no_grad,
};
pub use civita_core::device::Device;
pub use civita_core::dtype::{DType, Scalar as Value};
pub use civita_core::float8::{f8e4m3, f8e5m2};
pub use civita_core::print::{
    Options as PrintOptions, get_options as get_print_options, set_options as set_print_options,
};
pub use civita_core::program::{Constant, Expr, Term};
pub use compare::{Comparable, difference};
pub use convert::Nested;
pub use create::{AnyNumber, Arange, IntoShape, NumberOf, RangeOf};
pub use dtype::{
    Any, Bits, Boolean, Differentiable, Dtype, Element, Float, Integer, Number, Promote, Promoted,
    Real, Scalar, TakesLeftScalar, TakesScalar,
};
pub use elements::ElementIndex;
pub use elementwise::{
    Beside, BroadcastWith, Choices, Chosen, ComparesWith, Operands, Rhs, SameDtype, TwoRhs,
};
pub use error::{Error, Result, catch};
pub use fuse::{FuseInputs, Fused};
pub use half::{bf16, f16};
pub use index::{AsTensor, AssignValue, Indices, Parts, concatenate, stack};
pub use keys::{Index, IndexEntry, IndexKeys, IndexStep, Key};
pub use parts::{Pieces, Rows};
pub use reduce::{Over, OverKept};
pub use runtime::{Info, Kind, Note, explain, info, set_threads, threads, with_threads};
pub use slice::{Ellipsis, NewAxis, Slice, SliceEntry, SliceInt, SliceItem, SliceOf, SliceStep};
pub use tensor::{AnyTensor, DYN, FromRaw, Iter, Matrix, Tensor, Vector};
pub use view::NewShape;

/// Complex number of two `f32`.
#[allow(non_camel_case_types)]
pub type c64 = num_complex::Complex<f32>;
/// Complex number of two `f64`.
#[allow(non_camel_case_types)]
pub type c128 = num_complex::Complex<f64>;

/// What macros of this crate expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::create::{Literal, LiteralTensor};
    pub use crate::slice::{Literal as Index, Stepped};
}

/// What most programs need: `use civita::prelude::*;`.
///
/// `std::ops::Add` and its like are not here on purpose: their methods would hide `a.add(&b)?`.
pub mod prelude {
    #[cfg(feature = "linalg")]
    pub use crate::linalg;
    pub use crate::{
        Any, AnyTensor, DYN, Element, Ellipsis, Float, Matrix, NewAxis, Tensor, Vector, autograd,
        c64, c128, einsum, fft, fuse, io, no_grad, np, random, s, tensor,
    };
}

/// The blocks of `docs/numpy.md` are run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/numpy.md")]
struct NumpyPage;

/// The blocks of `docs/rust.md` are run.
#[cfg(all(doctest, feature = "linalg"))]
#[doc = include_str!("../../../docs/rust.md")]
struct RustPage;

/// The blocks of `docs/files.md` are run.
#[cfg(all(doctest, feature = "images", feature = "serde"))]
#[doc = include_str!("../../../docs/files.md")]
struct FilesPage;

/// The blocks of `docs/fft.md` are run; those of Python by its tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/fft.md")]
struct FftPage;

/// The blocks of `docs/linalg.md` are run; those of Python by its tests.
#[cfg(all(doctest, feature = "linalg"))]
#[doc = include_str!("../../../docs/linalg.md")]
struct LinalgPage;

/// The blocks of `docs/random.md` are run; those of Python by its tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/random.md")]
struct RandomPage;
