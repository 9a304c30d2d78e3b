//! The table of reductions. A reduction is a fold over what an elementwise program makes of the elements, and a last step
//! on the few results: the mean is a sum and a division, the variance a sum of `(x - mean)²`.

use super::Fold;
use crate::dtype::{DType, DType::*, Kind};
use crate::error::{Error, Result};

/// From the dtype of the operand to that of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceClass {
    /// Integers and booleans go to 64 bits, the rest stays: `sum`.
    Sum,
    /// Integers and booleans go to `f64`, the rest stays: `mean`.
    Mean,
    /// As [`ReduceClass::Mean`], and a complex dtype becomes its real part's: `var`.
    RealMean,
    /// As `exp`, then as it is: `logsumexp`.
    Float,
    /// The dtype stays: `max`.
    Same,
    /// An index: `argmax`.
    Index,
    /// A boolean: `any`.
    Bool,
}

impl ReduceClass {
    /// The dtype that comes out.
    pub fn result(self, dtype: DType) -> DType {
        match (self, dtype.kind()) {
            (ReduceClass::Sum, Kind::Bool | Kind::Signed) => I64,
            (ReduceClass::Sum, Kind::Unsigned) => U64,
            (
                ReduceClass::Mean | ReduceClass::RealMean,
                Kind::Bool | Kind::Signed | Kind::Unsigned,
            ) => F64,
            (ReduceClass::RealMean, _) => dtype.to_real(),
            (ReduceClass::Float, _) => super::Class::ToFloat.compute(dtype).unwrap_or(dtype),
            (ReduceClass::Index, _) => I64,
            (ReduceClass::Bool, _) => Bool,
            _ => dtype,
        }
    }
}

/// What a reduction is computed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compute {
    /// A fold.
    Fold(Fold),
    /// The index of what a fold finds.
    Arg(Fold),
    /// `Σx / n`.
    Mean,
    /// `Σ|x - mean|² / (n - ddof)`.
    Var,
    /// The square root of the variance.
    Std,
    /// `ln Σ eˣ`.
    LogSumExp,
}

/// A reduction as data.
pub struct ReductionRow {
    /// Which.
    pub op: Reduction,
    /// The method's name in Rust.
    pub name: &'static str,
    /// The function's name in NumPy (and in Python).
    pub numpy: &'static str,
    /// The function's name in PyTorch.
    pub torch: &'static str,
    /// What it computes.
    pub doc: &'static str,
    /// The rule for its dtypes.
    pub class: ReduceClass,
    /// What it gives of no elements; `None` is an error.
    pub empty: Option<f64>,
    /// Why it has no derivative, if it has none.
    pub no_gradient: Option<&'static str>,
    /// Rust code, and what it prints.
    pub example: (&'static str, &'static str),
    /// How.
    pub compute: Compute,
}

/// Hands the whole table of reductions to a macro: how the typed API makes its methods.
#[doc(hidden)]
#[macro_export]
macro_rules! reduction_rows {
    ($callback:ident) => {
        $callback! {
            /// The sum of the elements; of no elements 0.
            ///
            /// Floats are summed pairwise in blocks (`f32` in `f64`), so the error does not grow with their number.
            Sum sum: Sum {
                numpy: sum, torch: "sum",
                compute: Compute::Fold(Fold::Sum), empty: Some(0.0), gradient: yes,
                example: "tensor![[1.0, 2.0], [3.0, 4.0]].over(0).sum()?" => "[4. 6.]",
            }
            /// The product of the elements; of no elements 1.
            Prod prod: Sum {
                numpy: prod, torch: "prod",
                compute: Compute::Fold(Fold::Prod), empty: Some(1.0), gradient: yes,
                example: "tensor![[1.0, 2.0], [3.0, 4.0]].over(0).prod()?" => "[3. 8.]",
            }
            /// The mean `Σx / n`; of no elements NaN.
            Mean mean: Mean {
                numpy: mean, torch: "mean",
                compute: Compute::Mean, empty: Some(f64::NAN), gradient: yes,
                example: "tensor![[1.0, 2.0], [3.0, 4.0]].over(0).mean()?" => "[2. 3.]",
            }
            /// The variance `Σ|x - mean|² / (n - ddof)`, in two passes; `ddof` is 0 as in NumPy (PyTorch divides by
            /// `n - 1`).
            Var var: RealMean {
                numpy: var, torch: "var",
                compute: Compute::Var, empty: Some(f64::NAN), gradient: yes,
                example: "tensor![[1.0, 2.0], [3.0, 4.0]].over(0).var()?" => "[1. 1.]",
            }
            /// The standard deviation, the square root of the variance.
            Std std: RealMean {
                numpy: std, torch: "std",
                compute: Compute::Std, empty: Some(f64::NAN), gradient: yes,
                example: "tensor![[1.0, 2.0], [3.0, 6.0]].over(0).std()?" => "[1. 2.]",
            }
            /// The largest element; NaN if there is one. Equal ones share the gradient.
            Max max: Same {
                numpy: max, torch: "amax",
                compute: Compute::Fold(Fold::Max), empty: None, gradient: yes,
                example: "tensor![[1.0, 5.0], [3.0, 4.0]].over(0).max()?" => "[3. 5.]",
            }
            /// The smallest element; NaN if there is one. Equal ones share the gradient.
            Min min: Same {
                numpy: min, torch: "amin",
                compute: Compute::Fold(Fold::Min), empty: None, gradient: yes,
                example: "tensor![[1.0, 5.0], [3.0, 4.0]].over(0).min()?" => "[1. 4.]",
            }
            /// The index of the largest element, the first of equal ones; of the first NaN if there is one.
            Argmax argmax: Index {
                numpy: argmax, torch: "argmax",
                compute: Compute::Arg(Fold::Max), empty: None, gradient: no "its result is an index",
                example: "tensor![[1.0, 5.0], [3.0, 4.0]].over(0).argmax()?" => "[1 0]",
            }
            /// The index of the smallest element, the first of equal ones; of the first NaN if there is one.
            Argmin argmin: Index {
                numpy: argmin, torch: "argmin",
                compute: Compute::Arg(Fold::Min), empty: None, gradient: no "its result is an index",
                example: "tensor![[1.0, 5.0], [3.0, 4.0]].over(0).argmin()?" => "[0 1]",
            }
            /// Returns true where any element is not zero.
            Any any: Bool {
                numpy: any, torch: "any",
                compute: Compute::Fold(Fold::Any), empty: Some(0.0), gradient: no "its result is a boolean",
                example: "tensor![[0, 5], [0, 4]].over(0).any()?" => "[False  True]",
            }
            /// Returns true where all elements are not zero.
            All all: Bool {
                numpy: all, torch: "all",
                compute: Compute::Fold(Fold::All), empty: Some(1.0), gradient: no "its result is a boolean",
                example: "tensor![[0, 5], [0, 4]].over(0).all()?" => "[False  True]",
            }
            /// `ln Σ eˣ`, without overflow.
            LogSumExp logsumexp: Float {
                numpy: logsumexp, torch: "logsumexp",
                compute: Compute::LogSumExp, empty: Some(f64::NEG_INFINITY), gradient: yes,
                example: "tensor![[0.0, 1000.0], [0.0, 1000.0]].over(0).logsumexp()?" => "[6.93147181e-01 1.00069315e+03]",
            }
        }
    };
}
pub use reduction_rows;

macro_rules! why {
    (yes) => {
        None
    };
    (no $why:literal) => {
        Some($why)
    };
}

macro_rules! define {
    ($($(#[doc = $doc:literal])* $Op:ident $name:ident: $class:ident {
        numpy: $numpy:ident, torch: $torch:literal, compute: $compute:expr, empty: $nothing:expr, gradient: $yes:ident $($why:literal)?,
        example: $example:literal => $prints:literal,
    })*) => {
        /// A reduction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Reduction { $($(#[doc = $doc])* $Op,)* }
        /// Every reduction, in the order of [`Reduction`].
        pub static REDUCTIONS: &[ReductionRow] = &[$(ReductionRow {
            op: Reduction::$Op,
            name: stringify!($name),
            numpy: stringify!($numpy),
            torch: $torch,
            doc: concat!($($doc, "\n"),*),
            class: ReduceClass::$class,
            empty: $nothing,
            no_gradient: why!($yes $($why)?),
            example: ($example, $prints),
            compute: $compute,
        },)*];
    };
}
reduction_rows!(define);

impl Reduction {
    /// Its row.
    pub fn row(self) -> &'static ReductionRow {
        &REDUCTIONS[self as usize]
    }

    /// The reduction with this NumPy or Rust name.
    pub fn from_name(name: &str) -> Option<Reduction> {
        REDUCTIONS
            .iter()
            .find(|r| r.numpy == name || r.name == name)
            .map(|r| r.op)
    }

    /// # Errors
    /// When there are no elements to reduce and the reduction has no value for that, also where there are no results (as in NumPy).
    pub(crate) fn check_elements(self, elements: usize) -> Result<()> {
        if elements > 0 || self.row().empty.is_some() {
            return Ok(());
        }
        Err(
            Error::value(self.row().name, "there are no elements to reduce")
                .rule(format!(
                    "`{}` of an empty array is undefined",
                    self.row().name
                ))
                .hint_in("check first: `x.is_empty()`", "check first: `x.size == 0`"),
        )
    }
}
