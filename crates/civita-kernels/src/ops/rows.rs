//! The table of elementwise ops. A row says everything about an op, once:
//!
//! ```text
//! /// doc
//! Variant method(arguments): Class {
//!     numpy: its NumPy name,  torch: "its PyTorch name",
//!     kernel: branch-free scalar Rust; `I` is the instruction set
//!     device: the expression that WGSL and CUDA C share
//!     gradient: the partial derivatives, written with ops, or why there are none
//!     samples: arguments around which derivatives are checked
//!     example: Rust => what it prints
//! }
//! ```
//!
//! A row without a column does not match the macro's pattern: the program does not compile. Rows are tokens, and three
//! macros read their columns: [`Op`] with its data (here), the kernels (`kernels::map`), and in `civita-core` the
//! derivatives, which are written with its expressions (`ops/gradient.rs`). The methods of expressions, of `Raw` and of
//! the typed API are made of the heads of rows, which [`elementwise_heads`] hands out. Everything else reads [`ROWS`].

use super::Class;
use crate::dtype::DType;

/// Hands the whole table of elementwise ops to a macro: how the typed API makes its methods.
#[doc(hidden)]
#[macro_export]
macro_rules! elementwise_rows {
    ($callback:ident $($first:tt)*) => {
        $callback! {
            $($first)*
            unary {
                /// The negative, `-x`.
                Neg neg(x): Subtractive {
                    numpy: negative, torch: "neg",
                    kernel: x.neg(),
                    device: "negative_of(x)",
                    gradient: Unary(|x, _| x.like(-1.0)),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].neg()" => "[-1.  2.]",
                }
                /// The absolute value `|x|`; of a complex number `√(re² + im²)`, without overflow.
                Abs abs(x): ToReal {
                    numpy: absolute, torch: "abs",
                    kernel: x.abs::<I>(),
                    device: "abs(x)",
                    gradient: Maps(|x, _, g| g * x.sign(), |x, _, t| (t * x.sign().conj()).real()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1, -2].abs()" => "[1 2]",
                }
                /// The sign: -1, 0 or 1, of a complex number `x / |x|`; NaN of NaN.
                Sign sign(x): Subtractive {
                    numpy: sign, torch: "sgn",
                    kernel: x.sign::<I>(),
                    device: "sign_of(x)",
                    gradient: Maps(turned, turned),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![2.5, 0.0, -1.0].sign()" => "[ 1.  0. -1.]",
                }
                /// The real part; of a real number the number itself.
                Real real(x): ToReal {
                    numpy: real, torch: "real",
                    kernel: x.re(),
                    device: "x",
                    gradient: Maps(|_, _, g| g, |_, _, t| t.real()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].real()" => "[ 1. -2.]",
                }
                /// The imaginary part; of a real number zero.
                Imag imag(x): ToReal {
                    numpy: imag, torch: "imag",
                    kernel: x.im(),
                    device: "zero_of(x)",
                    gradient: Maps(|_, _, g| g * g.complex(0.0, 1.0), |_, _, t| t.imag()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].imag()" => "[0. 0.]",
                }
                /// The complex conjugate; a real number stays.
                Conj conj(x): Numeric {
                    numpy: conjugate, torch: "conj",
                    kernel: x.conj(),
                    device: "x",
                    gradient: Maps(|_, _, g| g.conj(), |_, _, t| t.conj()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].conj()" => "[ 1. -2.]",
                }
                /// The square `x²`; integers wrap.
                Square square(x): Numeric {
                    numpy: square, torch: "square",
                    kernel: x.mul::<I>(x),
                    device: "x * x",
                    gradient: Unary(|x, _| x + x),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].square()" => "[1. 4.]",
                }
                /// The reciprocal `1 / x`; integers divide towards zero.
                Reciprocal reciprocal(x): Numeric {
                    numpy: reciprocal, torch: "reciprocal",
                    kernel: x.recip::<I>(),
                    device: "reciprocal_of(x)",
                    gradient: Unary(|_, y| -(y * y)),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![2.0, -4.0].reciprocal()" => "[ 0.5  -0.25]",
                }
                /// The square root; NaN of a negative number.
                Sqrt sqrt(x): ToFloat {
                    numpy: sqrt, torch: "sqrt",
                    kernel: x.sqrt::<I>(),
                    device: "sqrt(x)",
                    gradient: Unary(|_, y| y.like(0.5) / y),
                    samples: [0.25, 0.5, 3.0],
                    example: "tensor![1.0, 4.0].sqrt()" => "[1. 2.]",
                }
                /// The exponential `e^x`.
                Exp exp(x): ToFloat {
                    numpy: exp, torch: "exp",
                    kernel: x.exp::<I>(),
                    device: "exp(x)",
                    gradient: Unary(|_, y| y),
                    samples: [-1.0, 0.25, 2.0],
                    example: "tensor![0.0, 1.0].exp()" => "[1.         2.71828183]",
                }
                /// The natural logarithm; -inf of zero, NaN of a negative number.
                Log log(x): ToFloat {
                    numpy: log, torch: "log",
                    kernel: x.log::<I>(),
                    device: "log(x)",
                    gradient: Unary(|x, _| x.reciprocal()),
                    samples: [0.25, 0.5, 3.0],
                    example: "tensor![1.0, 10.0].log()" => "[0.         2.30258509]",
                }
                /// The sine; `x` in radians.
                Sin sin(x): ToFloat {
                    numpy: sin, torch: "sin",
                    kernel: x.sin::<I>(),
                    device: "sin(x)",
                    gradient: Unary(|x, _| x.cos()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, 1.0].sin()" => "[0.         0.84147098]",
                }
                /// The cosine; `x` in radians.
                Cos cos(x): ToFloat {
                    numpy: cos, torch: "cos",
                    kernel: x.cos::<I>(),
                    device: "cos(x)",
                    gradient: Unary(|x, _| -x.sin()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, 1.0].cos()" => "[1.         0.54030231]",
                }
                /// The hyperbolic tangent.
                Tanh tanh(x): ToFloat {
                    numpy: tanh, torch: "tanh",
                    kernel: x.tanh::<I>(),
                    device: "tanh(x)",
                    gradient: Unary(|_, y| 1.0 - y * y),
                    samples: [-2.0, 0.5, 1.5],
                    example: "tensor![0.0, 1.0].tanh()" => "[0.         0.76159416]",
                }
                /// The logistic function `1 / (1 + e^-x)`.
                Sigmoid sigmoid(x): ToFloat {
                    numpy: sigmoid, torch: "sigmoid",
                    kernel: x.sigmoid::<I>(),
                    device: "select_of(u32(x < 0), exp(x) / (1 + exp(x)), 1 / (1 + exp(-x)))",
                    gradient: Unary(|_, y| y * (1.0 - y)),
                    samples: [-2.0, 0.5, 1.5],
                    example: "tensor![0.0, 1.0].sigmoid()" => "[0.5        0.73105858]",
                }
                /// The rectified linear unit `max(x, 0)`; NaN of NaN. Its derivative at 0 is 0, at NaN 1, as in PyTorch.
                Relu relu(x): RealSame {
                    numpy: relu, torch: "relu",
                    kernel: x.relu(),
                    device: "relu_of(x)",
                    gradient: Unary(|x, _| x.le(x.like(0.0)).choose(x.like(0.0), x.like(1.0))),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.5, -2.0].relu()" => "[1.5 0. ]",
                }
                /// The largest integer that is not above `x`; integers stay.
                Floor floor(x): RealSame {
                    numpy: floor, torch: "floor",
                    kernel: x.floor::<I>(),
                    device: "floor_of(x)",
                    gradient: Zero,
                    samples: [-2.25, 0.5, 3.75],
                    example: "tensor![1.5, -1.5].floor()" => "[ 1. -2.]",
                }
                /// The exponential to base 2, `2^x`.
                Exp2 exp2(x): ToFloat {
                    numpy: exp2, torch: "exp2",
                    kernel: x.exp2::<I>(),
                    device: "exp2(x)",
                    gradient: Unary(|_, y| y * y.like(std::f64::consts::LN_2)),
                    samples: [-1.0, 0.25, 2.0],
                    example: "tensor![0.0, 3.0].exp2()" => "[1. 8.]",
                }
                /// `e^x - 1`, accurate near 0.
                Expm1 expm1(x): ToFloat {
                    numpy: expm1, torch: "expm1",
                    kernel: x.expm1::<I>(),
                    device: "expm1_of(x)",
                    gradient: Unary(|_, y| y + y.like(1.0)),
                    samples: [-1.0, 0.25, 2.0],
                    example: "tensor![0.0, 1e-10].expm1()" => "[0.e+00 1.e-10]",
                }
                /// The logarithm to base 2; -inf of zero, NaN of a negative number.
                Log2 log2(x): ToFloat {
                    numpy: log2, torch: "log2",
                    kernel: x.log2::<I>(),
                    device: "log2(x)",
                    gradient: Unary(|x, _| x.reciprocal() * x.like(std::f64::consts::LOG2_E)),
                    samples: [0.25, 0.5, 3.0],
                    example: "tensor![1.0, 8.0].log2()" => "[0. 3.]",
                }
                /// The logarithm to base 10; -inf of zero, NaN of a negative number.
                Log10 log10(x): ToFloat {
                    numpy: log10, torch: "log10",
                    kernel: x.log10::<I>(),
                    device: "log10_of(x)",
                    gradient: Unary(|x, _| x.reciprocal() * x.like(std::f64::consts::LOG10_E)),
                    samples: [0.25, 0.5, 3.0],
                    example: "tensor![1.0, 1000.0].log10()" => "[0. 3.]",
                }
                /// `ln(1 + x)`, accurate near 0.
                Log1p log1p(x): ToFloat {
                    numpy: log1p, torch: "log1p",
                    kernel: x.log1p::<I>(),
                    device: "log1p_of(x)",
                    gradient: Unary(|x, _| (x + x.like(1.0)).reciprocal()),
                    samples: [-0.5, 0.5, 3.0],
                    example: "tensor![0.0, 1e-10].log1p()" => "[0.e+00 1.e-10]",
                }
                /// The tangent; `x` in radians.
                Tan tan(x): ToFloat {
                    numpy: tan, torch: "tan",
                    kernel: x.tan::<I>(),
                    device: "tan(x)",
                    gradient: Unary(|_, y| y.like(1.0) + y * y),
                    samples: [-1.0, 0.5, 1.0],
                    example: "tensor![0.0, 1.0].tan()" => "[0.         1.55740772]",
                }
                /// The hyperbolic sine.
                Sinh sinh(x): ToFloat {
                    numpy: sinh, torch: "sinh",
                    kernel: x.sinh::<I>(),
                    device: "sinh(x)",
                    gradient: Unary(|x, _| x.cosh()),
                    samples: [-2.0, 0.5, 1.5],
                    example: "tensor![0.0, 1.0].sinh()" => "[0.         1.17520119]",
                }
                /// The hyperbolic cosine.
                Cosh cosh(x): ToFloat {
                    numpy: cosh, torch: "cosh",
                    kernel: x.cosh::<I>(),
                    device: "cosh(x)",
                    gradient: Unary(|x, _| x.sinh()),
                    samples: [-2.0, 0.5, 1.5],
                    example: "tensor![0.0, 1.0].cosh()" => "[1.         1.54308063]",
                }
                /// The arc sine, from -π/2 to π/2; NaN outside -1 to 1.
                Asin asin(x): ToFloat {
                    numpy: arcsin, torch: "asin",
                    kernel: x.asin::<I>(),
                    device: "asin(x)",
                    gradient: Unary(|x, _| (x.like(1.0) - x * x).rsqrt()),
                    samples: [-0.5, 0.25, 0.75],
                    example: "tensor![0.0, 1.0].asin()" => "[0.         1.57079633]",
                }
                /// The arc cosine, from 0 to π; NaN outside -1 to 1.
                Acos acos(x): ToFloat {
                    numpy: arccos, torch: "acos",
                    kernel: x.acos::<I>(),
                    device: "acos(x)",
                    gradient: Unary(|x, _| -(x.like(1.0) - x * x).rsqrt()),
                    samples: [-0.5, 0.25, 0.75],
                    example: "tensor![0.0, 1.0].acos()" => "[1.57079633 0.        ]",
                }
                /// The arc tangent, from -π/2 to π/2.
                Atan atan(x): ToFloat {
                    numpy: arctan, torch: "atan",
                    kernel: x.atan::<I>(),
                    device: "atan(x)",
                    gradient: Unary(|x, _| (x.like(1.0) + x * x).reciprocal()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, 1.0].atan()" => "[0.         0.78539816]",
                }
                /// The inverse hyperbolic sine.
                Asinh asinh(x): ToFloat {
                    numpy: arcsinh, torch: "asinh",
                    kernel: x.asinh::<I>(),
                    device: "asinh(x)",
                    gradient: Unary(|x, _| (x.like(1.0) + x * x).rsqrt()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, 1.0].asinh()" => "[0.         0.88137359]",
                }
                /// The inverse hyperbolic cosine, not negative; NaN below 1.
                Acosh acosh(x): ToFloat {
                    numpy: arccosh, torch: "acosh",
                    kernel: x.acosh::<I>(),
                    device: "acosh(x)",
                    gradient: Unary(|x, _| (x - x.like(1.0)).rsqrt() * (x + x.like(1.0)).rsqrt()),
                    samples: [1.5, 2.0, 3.0],
                    example: "tensor![1.0, 2.0].acosh()" => "[0.        1.3169579]",
                }
                /// The inverse hyperbolic tangent; NaN outside -1 to 1.
                Atanh atanh(x): ToFloat {
                    numpy: arctanh, torch: "atanh",
                    kernel: x.atanh::<I>(),
                    device: "atanh(x)",
                    gradient: Unary(|x, _| (x.like(1.0) - x * x).reciprocal()),
                    samples: [-0.5, 0.25, 0.75],
                    example: "tensor![0.0, 0.5].atanh()" => "[0.         0.54930614]",
                }
                /// The reciprocal of the square root.
                Rsqrt rsqrt(x): ToFloat {
                    numpy: rsqrt, torch: "rsqrt",
                    kernel: x.sqrt::<I>().recip::<I>(),
                    device: "1 / sqrt(x)",
                    gradient: Unary(|_, y| y * y * y * y.like(-0.5)),
                    samples: [0.25, 0.5, 3.0],
                    example: "tensor![1.0, 4.0].rsqrt()" => "[1.  0.5]",
                }
                /// The cube root; negative for a negative number.
                Cbrt cbrt(x): RealFloat {
                    numpy: cbrt, torch: "pow(x, 1/3)",
                    kernel: x.cbrt::<I>(),
                    device: "cbrt_of(x)",
                    gradient: Unary(|_, y| (y * y * y.like(3.0)).reciprocal()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![8.0, -27.0].cbrt()" => "[ 2. -3.]",
                }
                /// The error function `2/√π ∫₀ˣ e^(-t²) dt`.
                Erf erf(x): RealFloat {
                    numpy: erf, torch: "special.erf",
                    kernel: x.erf::<I>(),
                    device: "erf_of(x)",
                    gradient: Unary(|x, _| (-(x * x)).exp() * x.like(std::f64::consts::FRAC_2_SQRT_PI)),
                    samples: [-2.0, 0.25, 1.5],
                    example: "tensor![0.0, 1.0].erf()" => "[0.         0.84270079]",
                }
                /// `1 - erf x`, without cancellation where that is small.
                Erfc erfc(x): RealFloat {
                    numpy: erfc, torch: "special.erfc",
                    kernel: x.erfc::<I>(),
                    device: "erfc_of(x)",
                    gradient: Unary(|x, _| (-(x * x)).exp() * x.like(-std::f64::consts::FRAC_2_SQRT_PI)),
                    samples: [-2.0, 0.25, 1.5],
                    example: "tensor![0.0, 1.0].erfc()" => "[1.         0.15729921]",
                }
                /// The nearest integer, ties to even; integers become floats, complex numbers are rounded part by part.
                Rint rint(x): ToFloat {
                    numpy: rint, torch: "round",
                    kernel: x.rint::<I>(),
                    device: "rint_of(x)",
                    gradient: Zero,
                    samples: [-2.25, 1.25, 3.75],
                    example: "tensor![1.5, 2.5, -0.7].rint()" => "[ 2.  2. -1.]",
                }
                /// The smallest integer that is not below `x`; integers stay.
                Ceil ceil(x): RealSame {
                    numpy: ceil, torch: "ceil",
                    kernel: x.ceil::<I>(),
                    device: "ceil_of(x)",
                    gradient: Zero,
                    samples: [-2.25, 0.5, 3.75],
                    example: "tensor![1.5, -1.5].ceil()" => "[ 2. -1.]",
                }
                /// The integer part, that is `x` rounded towards zero; integers stay.
                Trunc trunc(x): RealSame {
                    numpy: trunc, torch: "trunc",
                    kernel: x.trunc::<I>(),
                    device: "trunc_of(x)",
                    gradient: Zero,
                    samples: [-2.25, 1.5, 3.75],
                    example: "tensor![1.5, -1.5].trunc()" => "[ 1. -1.]",
                }
                /// Converts degrees to radians: `x · π / 180`.
                Deg2rad deg2rad(x): RealFloat {
                    numpy: deg2rad, torch: "deg2rad",
                    kernel: x.mul::<I>(T::constant(std::f64::consts::PI / 180.0)),
                    device: "x * 0.017453292519943295",
                    gradient: Unary(|x, _| x.like(std::f64::consts::PI / 180.0)),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, 180.0].deg2rad()" => "[0.         3.14159265]",
                }
                /// Converts radians to degrees: `x · 180 / π`.
                Rad2deg rad2deg(x): RealFloat {
                    numpy: rad2deg, torch: "rad2deg",
                    kernel: x.mul::<I>(T::constant(180.0 / std::f64::consts::PI)),
                    device: "x * 57.29577951308232",
                    gradient: Unary(|x, _| x.like(180.0 / std::f64::consts::PI)),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![0.0, std::f64::consts::PI].rad2deg()" => "[  0. 180.]",
                }
                /// The absolute value as a float; complex numbers are refused.
                Fabs fabs(x): RealFloat {
                    numpy: fabs, torch: "abs",
                    kernel: x.fabs(),
                    device: "abs(x)",
                    gradient: Unary(|x, _| x.sign()),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1, -2].fabs()" => "[1. 2.]",
                }
                /// The number itself, `+x`; booleans are refused.
                Positive positive(x): Subtractive {
                    numpy: positive, torch: "positive",
                    kernel: x,
                    device: "x",
                    gradient: Unary(|x, _| x.like(1.0)),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -2.0].positive()" => "[ 1. -2.]",
                }
                /// Returns true where the sign bit is set, as it is in -0.
                Signbit signbit(x): RealToBool {
                    numpy: signbit, torch: "signbit",
                    kernel: B8::new(x.signbit()),
                    device: "signbit_of(x)",
                    gradient: None("its result is a boolean"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, -0.0].signbit()" => "[False  True]",
                }
                /// Returns true where `x`, or a part of a complex number, is infinite.
                IsInf isinf(x): ToBool {
                    numpy: isinf, torch: "isinf",
                    kernel: B8::new(x.is_infinite()),
                    device: "is_infinite(x)",
                    gradient: None("its result is a boolean"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, f64::INFINITY].isinf()" => "[False  True]",
                }
                /// Returns true where `x` is neither infinite nor NaN.
                IsFinite isfinite(x): ToBool {
                    numpy: isfinite, torch: "isfinite",
                    kernel: B8::new(!x.is_infinite() & !x.is_nan()),
                    device: "is_finite(x)",
                    gradient: None("its result is a boolean"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, f64::NAN].isfinite()" => "[ True False]",
                }
                /// Returns true where it is NaN; of a complex number, where a part of it is.
                IsNan isnan(x): ToBool {
                    numpy: isnan, torch: "isnan",
                    kernel: B8::new(x.is_nan()),
                    device: "is_nan(x)",
                    gradient: None("its result is a boolean"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, f64::NAN].isnan()" => "[False  True]",
                }
                /// Returns true where it is zero.
                LogicalNot logical_not(x): ToBool {
                    numpy: logical_not, torch: "logical_not",
                    kernel: B8::new(!x.truth()),
                    device: "x == 0",
                    gradient: None("its result is a boolean"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![1.0, 0.0].logical_not()" => "[False  True]",
                }
                /// Bitwise NOT; of a boolean its negation.
                Invert invert(x): Bits {
                    numpy: invert, torch: "bitwise_not",
                    kernel: x.not(),
                    device: "invert_of(x)",
                    gradient: None("it works on bits"),
                    samples: [-2.0, 0.0, 3.0],
                    example: "tensor![1, -2].invert()" => "[-2  1]",
                }
                /// The exponent `e` of `x = m · 2^e` with `½ ≤ |m| < 1`; 0 of zero, infinity and NaN. The second result of `frexp`
                /// in floating point.
                Exponent exponent(x): RealFloat {
                    numpy: exponent, torch: "frexp",
                    kernel: x.exponent::<I>(),
                    device: "exponent_of(x)",
                    gradient: Zero,
                    samples: [-3.0, 0.3, 5.0],
                    example: "tensor![1.0, 0.3, -8.0].exponent()" => "[ 1. -1.  4.]",
                }
                /// The fraction `m` of `x = m · 2^e` with `½ ≤ |m| < 1`; zero, infinity and NaN stay. The first result of `frexp`.
                Mantissa mantissa(x): RealFloat {
                    numpy: mantissa, torch: "frexp",
                    kernel: x.mantissa(),
                    device: "scalb_of(x, -exponent_of(x))",
                    gradient: Unary(|x, _| x.like(1.0).scalb(-x.exponent())),
                    samples: [-3.0, 0.3, 5.0],
                    example: "tensor![1.0, 0.75, -10.0].mantissa()" => "[ 0.5    0.75  -0.625]",
                }
                /// What is behind the point, with the sign of `x`: exact, and zero of a whole number and of infinity. The first result of
                /// `modf`.
                Frac frac(x): RealFloat {
                    numpy: frac, torch: "frac",
                    kernel: x.frac::<I>(),
                    device: "copysign_of(select_of(u32(is_infinite(x)), zero_of(x), abs(x) - trunc_of(abs(x))), x)",
                    gradient: Unary(|x, _| x.like(1.0)),
                    samples: [-2.25, 0.5, 3.75],
                    example: "tensor![1.5, -0.25, 3.0].frac()" => "[ 0.5  -0.25  0.  ]",
                }
                /// The distance to the neighbour that is farther from zero, with the sign of `x`, in `f32` or `f64`: 16-bit floats are
                /// converted to `f32` first. NaN of infinity. `spacing` without 16-bit floats.
                Gap gap(x): Native {
                    numpy: gap, torch: "",
                    kernel: x.gap(),
                    device: "gap_of(x)",
                    gradient: Zero,
                    samples: [-2.25, 0.5, 3.75],
                    example: "tensor![1.0, -2.0].gap()" => "[ 2.22044605e-16 -4.44089210e-16]",
                }
                /// How many bits of the absolute value are 1.
                Popcount popcount(x): Whole {
                    numpy: popcount, torch: "",
                    kernel: x.popcount(),
                    device: "popcount_of(x)",
                    gradient: None("its result is an integer"),
                    samples: [-2.0, 0.5, 3.0],
                    example: "tensor![7, -8, 0].popcount()" => "[3 1 0]",
                }
            }
            binary {
                /// The sum `a + b`; integers wrap, of booleans it is their or.
                Add add(a, b): Ring {
                    numpy: add, torch: "add",
                    kernel: a.add(b),
                    device: "a + b",
                    gradient: Binary(|_, _, y| y.like(1.0), |_, _, y| y.like(1.0)),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 2.0].add(&tensor![10.0, 20.0])?" => "[11. 22.]",
                }
                /// The difference `a - b`; integers wrap, booleans are refused.
                Sub sub(a, b): Subtractive {
                    numpy: subtract, torch: "sub",
                    kernel: a.sub(b),
                    device: "a - b",
                    gradient: Binary(|_, _, y| y.like(1.0), |_, _, y| y.like(-1.0)),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 2.0].sub(&tensor![10.0, 20.0])?" => "[ -9. -18.]",
                }
                /// The product `a · b`; integers wrap, of booleans it is their and.
                Mul mul(a, b): Ring {
                    numpy: multiply, torch: "mul",
                    kernel: a.mul::<I>(b),
                    device: "a * b",
                    gradient: Binary(|_, b, _| b, |a, _, _| a),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 2.0].mul(&tensor![10.0, 20.0])?" => "[10. 40.]",
                }
                /// The quotient `a / b`; integers are divided as `f64`.
                Div div(a, b): TrueDiv {
                    numpy: divide, torch: "div",
                    kernel: a.div::<I>(b),
                    device: "a / b",
                    gradient: Binary(|_, b, _| b.reciprocal(), |_, b, y| -(y / b)),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 2.0].div(&tensor![10.0, 5.0])?" => "[0.1 0.4]",
                }
                /// The quotient rounded down `⌊a / b⌋`; integers divided by zero give 0.
                FloorDivide floor_divide(a, b): RealPair {
                    numpy: floor_divide, torch: "floor_divide",
                    kernel: a.floor_div::<I>(b),
                    device: "floor_divide_of(a, b)",
                    gradient: Zero,
                    samples: [(-2.0, 0.75), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![7.0, -7.0].floor_divide(&tensor![2.0, 2.0])?" => "[ 3. -4.]",
                }
                /// The remainder `a - b · ⌊a / b⌋`, which has the sign of `b`.
                Remainder remainder(a, b): RealPair {
                    numpy: remainder, torch: "remainder",
                    kernel: a.rem::<I>(b),
                    device: "remainder_of(a, b)",
                    gradient: Binary(|_, _, y| y.like(1.0), |a, b, _| -a.floor_divide(b)),
                    samples: [(-2.0, 0.75), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![7.0, -7.0].remainder(&tensor![4.0, 4.0])?" => "[3. 1.]",
                }
                /// The power `a^b`; integers wrap, and a negative integer exponent of an integer is an error.
                Pow pow(a, b): Numeric {
                    numpy: power, torch: "pow",
                    kernel: a.pow::<I>(b),
                    device: "pow_of(a, b)",
                    gradient: Binary(
                        // at 0^0 it is 0, of every order; elsewhere an exponent of 0 has derivatives by the exponent, 1 / a
                        |a, b, y| { let flat = b.eq(b.like(0.0)).logical_and(a.eq(a.like(0.0)).logical_or(a.isnan())); flat.choose(y.like(0.0), b * a.pow(flat.choose(b.like(1.0), b - b.like(1.0)))) },
                        |a, b, y| { let flat = a.eq(a.like(0.0)).logical_and(b.real().ge(b.real().like(0.0))); flat.choose(y.like(0.0), y * flat.choose(a.like(1.0), a).log()) }
                    ),
                    samples: [(2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![2.0, 9.0].pow(&tensor![3.0, 0.5])?" => "[8. 3.]",
                }
                /// The larger of the two; NaN where either is. Where they are equal each gets half of the gradient, beside NaN both all of it.
                Maximum maximum(a, b): Ordered {
                    numpy: maximum, torch: "maximum",
                    kernel: a.maximum(b),
                    device: "maximum_of(a, b)",
                    gradient: Binary(
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.lt(b).choose(a.like(0.0), a.like(1.0))),
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.gt(b).choose(a.like(0.0), a.like(1.0)))
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 5.0].maximum(&tensor![2.0, 3.0])?" => "[2. 5.]",
                }
                /// The smaller of the two; NaN where either is. Where they are equal each gets half of the gradient, beside NaN both all of it.
                Minimum minimum(a, b): Ordered {
                    numpy: minimum, torch: "minimum",
                    kernel: a.minimum(b),
                    device: "minimum_of(a, b)",
                    gradient: Binary(
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.gt(b).choose(a.like(0.0), a.like(1.0))),
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.lt(b).choose(a.like(0.0), a.like(1.0)))
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, 5.0].minimum(&tensor![2.0, 3.0])?" => "[1. 3.]",
                }
                /// The larger of the two, or the one that is a number where the other is NaN. Where they are equal each gets half
                /// of the gradient.
                Fmax fmax(a, b): Ordered {
                    numpy: fmax, torch: "fmax",
                    kernel: if b.is_nan() { a } else if a.is_nan() { b } else { a.maximum(b) },
                    device: "select_of(u32(is_nan(b)), a, select_of(u32(is_nan(a)), b, maximum_of(a, b)))",
                    gradient: Binary(
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.ge(b).logical_or(b.isnan()).choose(a.like(1.0), a.like(0.0))),
                        |a, b, _| a.eq(b).choose(b.like(0.5), a.ge(b).logical_or(b.isnan()).choose(b.like(0.0), b.like(1.0)))
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, f64::NAN].fmax(&tensor![2.0, 3.0])?" => "[2. 3.]",
                }
                /// The angle of the point `(b, a)`, from -π to π. Its derivatives at the origin are 0.
                Atan2 atan2(a, b): RealFloat {
                    numpy: arctan2, torch: "atan2",
                    kernel: a.atan2::<I>(b),
                    device: "atan2(a, b)",
                    gradient: Binary(
                        |a, b, _| { let flat = a.eq(a.like(0.0)).logical_and(b.eq(b.like(0.0))); let r = flat.choose(a.like(1.0), a).hypot(b); flat.choose(r.like(0.0), b / r / r) },
                        |a, b, _| { let flat = a.eq(a.like(0.0)).logical_and(b.eq(b.like(0.0))); let r = flat.choose(a.like(1.0), a).hypot(b); flat.choose(r.like(0.0), -a / r / r) }
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, -1.0].atan2(&tensor![1.0, 0.0])?" => "[ 0.78539816 -1.57079633]",
                }
                /// `√(a² + b²)`, without overflow on the way.
                Hypot hypot(a, b): RealFloat {
                    numpy: hypot, torch: "hypot",
                    kernel: a.hypot::<I>(b),
                    device: "hypot_of(a, b)",
                    gradient: Binary(|a, _, y| a / y, |_, b, y| b / y),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![3.0, 5.0].hypot(&tensor![4.0, 12.0])?" => "[ 5. 13.]",
                }
                /// `ln(e^a + e^b)`, without overflow on the way.
                LogAddExp logaddexp(a, b): RealFloat {
                    numpy: logaddexp, torch: "logaddexp",
                    kernel: a.logaddexp::<I>(b),
                    device: "logaddexp_of(a, b)",
                    gradient: Binary(|a, b, _| (a - b).sigmoid(), |a, b, _| (b - a).sigmoid()),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![0.0, 1000.0].logaddexp(&tensor![0.0, 1000.0])?" => "[6.93147181e-01 1.00069315e+03]",
                }
                /// `log2(2^a + 2^b)`, without overflow on the way.
                LogAddExp2 logaddexp2(a, b): RealFloat {
                    numpy: logaddexp2, torch: "logaddexp2",
                    kernel: a.logaddexp2::<I>(b),
                    device: "logaddexp2_of(a, b)",
                    gradient: Binary(
                        |a, b, _| ((a - b) * a.like(std::f64::consts::LN_2)).sigmoid(),
                        |a, b, _| ((b - a) * b.like(std::f64::consts::LN_2)).sigmoid()
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![0.0, 1000.0].logaddexp2(&tensor![0.0, 1000.0])?" => "[1.000e+00 1.001e+03]",
                }
                /// The magnitude of `a` with the sign bit of `b`, zeros and NaN included.
                Copysign copysign(a, b): RealFloat {
                    numpy: copysign, torch: "copysign",
                    kernel: a.copysign(b),
                    device: "copysign_of(a, b)",
                    gradient: Binary(|a, _, y| a.sign() * y.sign(), |_, _, y| y.like(0.0)),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, -2.0].copysign(&tensor![-0.0, 3.0])?" => "[-1.  2.]",
                }
                /// `a · 2^b` for a whole number `b`, rounded once; of another number its whole part counts. `ldexp` with a
                /// floating-point exponent.
                Scalb scalb(a, b): RealFloat {
                    numpy: scalb, torch: "ldexp",
                    kernel: a.scalb::<I>(b),
                    device: "scalb_of(a, b)",
                    gradient: Binary(|a, b, _| a.like(1.0).scalb(b), |_, b, _| b.like(0.0)),
                    samples: [(-2.0, 0.5), (0.5, 3.5), (1.5, -2.5)],
                    example: "tensor![1.5, -1.0].scalb(&tensor![2.0, -1.0])?" => "[ 6.  -0.5]",
                }
                /// The number that follows `a` towards `b`, `b` where they are equal, in `f32` or `f64`: 16-bit floats are converted to `f32`
                /// first. `nextafter` without 16-bit floats.
                NextToward next_toward(a, b): Native {
                    numpy: next_toward, torch: "nextafter",
                    kernel: a.next_toward(b),
                    device: "next_toward_of(a, b)",
                    gradient: Binary(|_, _, y| y.like(1.0), |_, _, y| y.like(0.0)),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![0.0, 1.0].next_toward(2.0)?" => "[5.e-324 1.e+000]",
                }
                /// The Heaviside step function: 0 where `a` is negative, 1 where it is positive, `b` where it is zero.
                Heaviside heaviside(a, b): RealFloat {
                    numpy: heaviside, torch: "heaviside",
                    kernel: if a.is_nan() { a } else if a.less(T::ZERO) { T::ZERO } else if a.equal(T::ZERO) { b } else { T::ONE },
                    device: "heaviside_of(a, b)",
                    gradient: Binary(|_, _, y| y.like(0.0), |a, _, y| a.eq(a.like(0.0)).choose(y.like(1.0), y.like(0.0))),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![-1.5, 0.0, 2.0].heaviside(&tensor![0.5])?" => "[0.  0.5 1. ]",
                }
                /// `x` where it is positive, `slope · x` elsewhere: the rectifier that leaks. The slope is a number, or a tensor that
                /// broadcasts.
                LeakyRelu leaky_relu(x, slope): RealFloat {
                    numpy: leaky_relu, torch: "nn.functional.leaky_relu",
                    kernel: if T::ZERO.less(x) { x } else { x.mul::<I>(slope) },
                    device: "leaky_relu_of(a, b)",
                    gradient: Binary(
                        |x, slope, y| x.gt(x.like(0.0)).choose(y.like(1.0), slope),
                        |x, _, y| x.gt(x.like(0.0)).choose(y.like(0.0), x)
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.5, -2.0].leaky_relu(0.25)?" => "[ 1.5 -0.5]",
                }
                /// The power `a^b` in the widest dtype: of complex numbers `c128`, of all others `f64`.
                FloatPower float_power(a, b): Double {
                    numpy: float_power, torch: "float_power",
                    kernel: a.pow::<I>(b),
                    device: "pow_of(a, b)",
                    gradient: Binary(
                        |a, b, y| { let flat = b.eq(b.like(0.0)).logical_and(a.eq(a.like(0.0)).logical_or(a.isnan())); flat.choose(y.like(0.0), b * a.float_power(flat.choose(b.like(1.0), b - b.like(1.0)))) },
                        |a, b, y| { let flat = a.eq(a.like(0.0)).logical_and(b.real().ge(b.real().like(0.0))); flat.choose(y.like(0.0), y * flat.choose(a.like(1.0), a).log()) }
                    ),
                    samples: [(2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![2, 3].float_power(&tensor![-1, 2])?" => "[0.5 9. ]",
                }
                /// The remainder `a - b · trunc(a / b)`, which has the sign of `a`; of integers by zero 0.
                Fmod fmod(a, b): RealPair {
                    numpy: fmod, torch: "fmod",
                    kernel: a.fmod(b),
                    device: "fmod_of(a, b)",
                    gradient: Binary(|_, _, y| y.like(1.0), |a, b, _| -(a / b).trunc()),
                    samples: [(-2.0, 0.75), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![7.0, -7.0].fmod(&tensor![4.0, 4.0])?" => "[ 3. -3.]",
                }
                /// The smaller of the two, or the one that is a number where the other is NaN. Where they are equal each gets half
                /// of the gradient.
                Fmin fmin(a, b): Ordered {
                    numpy: fmin, torch: "fmin",
                    kernel: if b.is_nan() { a } else if a.is_nan() { b } else { a.minimum(b) },
                    device: "select_of(u32(is_nan(b)), a, select_of(u32(is_nan(a)), b, minimum_of(a, b)))",
                    gradient: Binary(
                        |a, b, _| a.eq(b).choose(a.like(0.5), a.le(b).logical_or(b.isnan()).choose(a.like(1.0), a.like(0.0))),
                        |a, b, _| a.eq(b).choose(b.like(0.5), a.le(b).logical_or(b.isnan()).choose(b.like(0.0), b.like(1.0)))
                    ),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1.0, f64::NAN].fmin(&tensor![2.0, 3.0])?" => "[1. 3.]",
                }
                /// Returns true where exactly one of the two is nonzero.
                LogicalXor logical_xor(a, b): ToBool {
                    numpy: logical_xor, torch: "logical_xor",
                    kernel: B8::new(a.truth() ^ b.truth()),
                    device: "(a != 0) != (b != 0)",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 0].logical_xor(&tensor![2, 2])?" => "[False  True]",
                }
                /// Shifts the bits of `a` left by `b`: `a · 2^b`, wrapping; 0 where `b` is negative or at least the number of bits.
                LeftShift left_shift(a, b): Whole {
                    numpy: left_shift, torch: "bitwise_left_shift",
                    kernel: a.shl(b),
                    device: "left_shift_of(a, b)",
                    gradient: None("it works on bits"),
                    samples: [(6.0, 3.0)],
                    example: "tensor![1, 5].left_shift(&tensor![4, 1])?" => "[16 10]",
                }
                /// Shifts the bits of `a` right by `b`: `⌊a / 2^b⌋`; where `b` is negative or at least the number of bits, 0, or -1
                /// for a negative `a`.
                RightShift right_shift(a, b): Whole {
                    numpy: right_shift, torch: "bitwise_right_shift",
                    kernel: a.shr(b),
                    device: "right_shift_of(a, b)",
                    gradient: None("it works on bits"),
                    samples: [(6.0, 3.0)],
                    example: "tensor![16, -5].right_shift(&tensor![4, 1])?" => "[ 1 -3]",
                }
                /// The greatest common divisor, not negative.
                Gcd gcd(a, b): Integer {
                    numpy: gcd, torch: "gcd",
                    kernel: a.gcd(b),
                    device: "gcd_of(a, b)",
                    gradient: None("it works on integers"),
                    samples: [(6.0, 4.0)],
                    example: "tensor![12, -8].gcd(&tensor![18, 12])?" => "[6 4]",
                }
                /// The least common multiple, not negative; it wraps.
                Lcm lcm(a, b): Integer {
                    numpy: lcm, torch: "lcm",
                    kernel: a.lcm(b),
                    device: "lcm_of(a, b)",
                    gradient: None("it works on integers"),
                    samples: [(6.0, 4.0)],
                    example: "tensor![4, -3].lcm(&tensor![6, 5])?" => "[12 15]",
                }
                /// Returns true where `a = b`.
                Eq eq(a, b): Compare {
                    numpy: equal, torch: "eq",
                    kernel: B8::new(a.equal(b)),
                    device: "a == b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].eq(&tensor![1, 3])?" => "[ True False]",
                }
                /// Returns true where `a ≠ b`.
                Ne ne(a, b): Compare {
                    numpy: not_equal, torch: "ne",
                    kernel: B8::new(!a.equal(b)),
                    device: "a != b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].ne(&tensor![1, 3])?" => "[False  True]",
                }
                /// Returns true where `a < b`. Complex numbers compare by real part, then by imaginary part.
                Lt lt(a, b): Compare {
                    numpy: less, torch: "lt",
                    kernel: B8::new(a.less(b)),
                    device: "a < b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].lt(&tensor![2, 2])?" => "[ True False]",
                }
                /// Returns true where `a ≤ b`.
                Le le(a, b): Compare {
                    numpy: less_equal, torch: "le",
                    kernel: B8::new(a.less_equal(b)),
                    device: "a <= b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].le(&tensor![2, 1])?" => "[ True False]",
                }
                /// Returns true where `a > b`.
                Gt gt(a, b): Compare {
                    numpy: greater, torch: "gt",
                    kernel: B8::new(b.less(a)),
                    device: "a > b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].gt(&tensor![1, 1])?" => "[False  True]",
                }
                /// Returns true where `a ≥ b`.
                Ge ge(a, b): Compare {
                    numpy: greater_equal, torch: "ge",
                    kernel: B8::new(b.less_equal(a)),
                    device: "a >= b",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].ge(&tensor![2, 2])?" => "[False  True]",
                }
                /// The bits that both have; of booleans their and.
                BitwiseAnd bitwise_and(a, b): Bits {
                    numpy: bitwise_and, torch: "bitwise_and",
                    kernel: a.and(b),
                    device: "a & b",
                    gradient: None("it works on bits"),
                    samples: [(6.0, 3.0)],
                    example: "tensor![6, 5].bitwise_and(&tensor![3, 4])?" => "[2 4]",
                }
                /// The bits that either has; of booleans their or.
                BitwiseOr bitwise_or(a, b): Bits {
                    numpy: bitwise_or, torch: "bitwise_or",
                    kernel: a.or(b),
                    device: "a | b",
                    gradient: None("it works on bits"),
                    samples: [(6.0, 3.0)],
                    example: "tensor![6, 5].bitwise_or(&tensor![3, 4])?" => "[7 5]",
                }
                /// The bits that one of the two has; of booleans whether they differ.
                BitwiseXor bitwise_xor(a, b): Bits {
                    numpy: bitwise_xor, torch: "bitwise_xor",
                    kernel: a.xor(b),
                    device: "a ^ b",
                    gradient: None("it works on bits"),
                    samples: [(6.0, 3.0)],
                    example: "tensor![6, 5].bitwise_xor(&tensor![3, 4])?" => "[5 1]",
                }
                /// Returns true where both are not zero.
                LogicalAnd logical_and(a, b): ToBool {
                    numpy: logical_and, torch: "logical_and",
                    kernel: B8::new(a.truth() & b.truth()),
                    device: "(a != 0) && (b != 0)",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 2].logical_and(&tensor![0, 2])?" => "[False  True]",
                }
                /// Returns true where either is not zero.
                LogicalOr logical_or(a, b): ToBool {
                    numpy: logical_or, torch: "logical_or",
                    kernel: B8::new(a.truth() | b.truth()),
                    device: "(a != 0) || (b != 0)",
                    gradient: None("its result is a boolean"),
                    samples: [(-2.0, 0.5), (0.5, 3.0), (1.5, -2.0)],
                    example: "tensor![1, 0].logical_or(&tensor![0, 0])?" => "[ True False]",
                }
            }
            ternary {
                /// `a` where the condition is true, `b` elsewhere.
                Where choose(c, a, b): Select {
                    numpy: where, torch: "where",
                    kernel: if c.get() { a } else { b },
                    device: "select_of(c, a, b)",
                    gradient: Ternary(
                        Option::None,
                        Some(|c, _, _, y| c.choose(y.like(1.0), y.like(0.0))),
                        Some(|c, _, _, y| c.choose(y.like(0.0), y.like(1.0)))
                    ),
                    samples: [(1.0, 0.5, 2.0), (0.0, 3.0, -1.0)],
                    example: "tensor![true, false].choose(&tensor![1, 2], &tensor![10, 20])?" => "[ 1 20]",
                }
                /// `a · b + c` with one rounding.
                Fma fma(a, b, c): RealFloat {
                    numpy: fma, torch: "addcmul",
                    kernel: a.fma(b, c),
                    device: "fma(a, b, c)",
                    gradient: Ternary(Some(|_, b, _, _| b), Some(|a, _, _, _| a), Some(|_, _, _, y| y.like(1.0))),
                    samples: [(-2.0, 0.5, 3.0), (0.5, 3.0, -1.0)],
                    example: "tensor![2.0, 3.0].fma(&tensor![4.0, 5.0], &tensor![1.0, -1.0])?" => "[ 9. 14.]",
                }
                /// Linear interpolation, `a + w (b - a)`; from `w = ½` on as `b - (1 - w) (b - a)`, so that it is `b` at `w = 1`.
                Lerp lerp(a, b, w): RealFloat {
                    numpy: lerp, torch: "lerp",
                    kernel: {
                        let across = b.sub(a);
                        if w.fabs().less(T::constant(0.5)) {
                            a.add(w.mul::<I>(across))
                        } else {
                            b.sub(across.mul::<I>(T::ONE.sub(w)))
                        }
                    },
                    device: "lerp_of(a, b, c)",
                    gradient: Ternary(Some(|_, _, w, _| w.like(1.0) - w), Some(|_, _, w, _| w), Some(|a, b, _, _| b - a)),
                    samples: [(-2.0, 0.5, 0.25), (0.5, 3.0, 0.75), (1.0, -2.0, 2.0)],
                    example: "tensor![1.0, 2.0].lerp(&tensor![3.0, 10.0], &tensor![0.5, 0.25])?" => "[2. 4.]",
                }
                /// `x` between two bounds, `min(max(x, low), high)`; NaN where any of the three is. `clip` with both bounds. Where `x` is
                /// equal to a bound, each of the two gets half of the gradient.
                Clamp clamp(x, low, high): Ordered {
                    numpy: clamp, torch: "clamp",
                    kernel: x.maximum(low).minimum(high),
                    device: "minimum_of(maximum_of(a, b), c)",
                    gradient: Ternary(
                        Some(|x, low, high, _| {
                            let above = x.eq(low).choose(x.like(0.5), x.gt(low).choose(x.like(1.0), x.like(0.0)));
                            let most = low.maximum(x);
                            above * most.eq(high).choose(x.like(0.5), most.lt(high).choose(x.like(1.0), x.like(0.0)))
                        }),
                        Some(|x, low, high, _| {
                            let below = x.eq(low).choose(x.like(0.5), x.lt(low).choose(x.like(1.0), x.like(0.0)));
                            let most = low.maximum(x);
                            below * most.eq(high).choose(x.like(0.5), most.lt(high).choose(x.like(1.0), x.like(0.0)))
                        }),
                        Some(|x, low, high, _| {
                            let most = low.maximum(x);
                            most.eq(high).choose(x.like(0.5), most.gt(high).choose(x.like(1.0), x.like(0.0)))
                        })
                    ),
                    samples: [(0.5, -3.0, 4.0), (-3.0, 0.5, 4.0), (3.5, -3.0, 0.5), (0.5, 4.0, -3.0)],
                    example: "tensor![1, 5, 9].clamp(&tensor![2, 2, 2], &tensor![6, 6, 6])?" => "[2 5 6]",
                }
            }
        }
    };
}
pub use elementwise_rows;

/// Hands the heads of the rows to a macro: names, arguments, classes, examples, which is what methods are made of. A new
/// column shows in the patterns of this macro and of the three that read columns: the ops, the kernels, the derivatives.
#[doc(hidden)]
#[macro_export]
macro_rules! elementwise_heads {
    ($callback:ident) => {
        $crate::elementwise_rows! { elementwise_heads @of $callback }
    };
    (@of $callback:ident
    unary { $($(#[doc = $doc1:literal])* $Op1:ident $name1:ident($x:ident): $class1:ident {
        numpy: $numpy1:ident, torch: $torch1:literal, kernel: $kernel1:expr, device: $device1:literal, gradient: $gradient1:expr,
        samples: [$($sample1:expr),*], example: $example1:literal => $prints1:literal,
    })* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $name2:ident($a:ident, $b:ident): $class2:ident {
        numpy: $numpy2:ident, torch: $torch2:literal, kernel: $kernel2:expr, device: $device2:literal, gradient: $gradient2:expr,
        samples: [$($sample2:expr),*], example: $example2:literal => $prints2:literal,
    })* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident {
        numpy: $numpy3:ident, torch: $torch3:literal, kernel: $kernel3:expr, device: $device3:literal, gradient: $gradient3:expr,
        samples: [$($sample3:expr),*], example: $example3:literal => $prints3:literal,
    })* }) => {
        $callback! {
            unary { $($(#[doc = $doc1])* $Op1 $numpy1 $name1($x): $class1 $example1 $prints1;)* }
            binary { $($(#[doc = $doc2])* $Op2 $numpy2 $name2($a, $b): $class2 $example2 $prints2;)* }
            ternary { $($(#[doc = $doc3])* $Op3 $numpy3 $name3($c, $p, $q): $class3 $example3 $prints3;)* }
        }
    };
}
pub use elementwise_heads;

macro_rules! define {
    (@row $Op:ident $name:ident $class:ident $numpy:ident $torch:literal $arity:literal $device:literal [$($sample:expr),*], $example:literal $prints:literal $($doc:literal)*) => {
        Row {
            op: Op::$Op,
            name: stringify!($name),
            numpy: stringify!($numpy),
            torch: $torch,
            doc: concat!($($doc, "\n"),*),
            arity: $arity,
            class: Class::$class,
            device: $device,
            samples: &[$($sample),*],
            example: ($example, $prints),
        }
    };
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $name1:ident($x:ident): $class1:ident {
        numpy: $numpy1:ident, torch: $torch1:literal, kernel: $kernel1:expr, device: $device1:literal, gradient: $gradient1:expr,
        samples: [$($sample1:expr),*], example: $example1:literal => $prints1:literal,
    })* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $name2:ident($a:ident, $b:ident): $class2:ident {
        numpy: $numpy2:ident, torch: $torch2:literal, kernel: $kernel2:expr, device: $device2:literal, gradient: $gradient2:expr,
        samples: [$($sample2:expr),*], example: $example2:literal => $prints2:literal,
    })* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident {
        numpy: $numpy3:ident, torch: $torch3:literal, kernel: $kernel3:expr, device: $device3:literal, gradient: $gradient3:expr,
        samples: [$($sample3:expr),*], example: $example3:literal => $prints3:literal,
    })* }) => {
        /// An elementwise operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            $($(#[doc = $doc1])* $Op1,)*
            $($(#[doc = $doc2])* $Op2,)*
            $($(#[doc = $doc3])* $Op3,)*
        }
        /// Every elementwise op, in the order of [`Op`].
        pub static ROWS: &[Row] = &[
            $(define!(@row $Op1 $name1 $class1 $numpy1 $torch1 1 $device1 [$([$sample1, 0.0, 0.0]),*], $example1 $prints1 $($doc1)*),)*
            $(define!(@row $Op2 $name2 $class2 $numpy2 $torch2 2 $device2 [$([$sample2.0, $sample2.1, 0.0]),*], $example2 $prints2 $($doc2)*),)*
            $(define!(@row $Op3 $name3 $class3 $numpy3 $torch3 3 $device3 [$([$sample3.0, $sample3.1, $sample3.2]),*], $example3 $prints3 $($doc3)*),)*
        ];
    };
}
elementwise_rows!(define);

/// An op as data.
pub struct Row {
    /// Which.
    pub op: Op,
    /// The method's name in Rust.
    pub name: &'static str,
    /// The function's name in NumPy (and in Python).
    pub numpy: &'static str,
    /// The function's name in PyTorch.
    pub torch: &'static str,
    /// What it computes.
    pub doc: &'static str,
    /// How many inputs it takes.
    pub arity: usize,
    /// The rule for its dtypes.
    pub class: Class,
    /// The expression that WGSL and CUDA C share.
    pub device: &'static str,
    /// Arguments around which derivatives are checked.
    pub samples: &'static [[f64; 3]],
    /// Rust code, and what it prints.
    pub example: (&'static str, &'static str),
}

impl Op {
    /// Its row.
    #[inline]
    pub fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// What an element of this dtype costs, in additions: how work is split among threads.
    #[inline]
    pub fn weight(self, lane: DType) -> usize {
        match self {
            // of one byte as of two
            Op::FloorDivide | Op::Remainder if lane.is_integer() => lane.size().max(2),
            Op::Pow | Op::FloatPower | Op::Fmod | Op::Gcd | Op::Lcm => 24,
            Op::FloorDivide | Op::Remainder => 4,
            Op::Sqrt
            | Op::Div
            | Op::Reciprocal
            | Op::Exponent
            | Op::Mantissa
            | Op::Scalb
            | Op::NextToward
            | Op::Gap => 3,
            // one or two instructions each
            Op::Rint
            | Op::Fabs
            | Op::Copysign
            | Op::Frac
            | Op::Heaviside
            | Op::LeakyRelu
            | Op::Deg2rad
            | Op::Rad2deg
            | Op::Fma
            | Op::Lerp
                if !lane.is_complex() =>
            {
                1
            }
            _ if matches!(self.row().class, Class::ToFloat | Class::RealFloat) => 10,
            _ => 1,
        }
    }

    /// The op with this NumPy or Rust name.
    pub fn from_name(name: &str) -> Option<Op> {
        ROWS.iter()
            .find(|r| r.numpy == name || r.name == name)
            .map(|r| r.op)
    }
}
