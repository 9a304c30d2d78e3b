//! What may stand as the element type of a tensor, and what two of them become together: the static half of the
//! engine's tables. The constants at the end compare the two halves while this crate is being compiled.

use civita_core::dtype::{self, DType};
use civita_core::float8::{f8e4m3, f8e5m2};
use half::{bf16, f16};

use crate::{Tensor, c64, c128};

/// The element type of a tensor that knows it at run time only: from a file, from a model, from Python.
#[derive(Clone, Copy, Debug)]
pub struct Any;

pub(crate) mod sealed {
    use super::DType;

    pub trait Sealed {}

    /// The real floats: what functions make of them is of the same type.
    ///
    /// One implementation of [`Dtype`] serves them all. So a literal that has no type yet, `{float}`, fits no other, and
    /// the compiler knows what its mean and its square are before it knows whether it is an `f64`: without that,
    /// `tensor![1.0].mean().item()?` would be an error about the type `!`.
    #[diagnostic::on_unimplemented(
        message = "a tensor cannot hold `{Self}`",
        note = "element types are bool, u8–u64, i8–i64, f8e4m3, f8e5m2, f16, bf16, f32, f64, c64, c128 and `Any`"
    )]
    pub trait RealFloat: Sealed + 'static {
        const FLOAT: DType;
    }
}
use sealed::{RealFloat, Sealed};

/// What may stand in `Tensor<T, _>`: the seventeen element types, and [`Any`].
///
/// The associated types are what families of functions make of `T`, by NumPy's rules.
#[diagnostic::on_unimplemented(
    message = "a tensor cannot hold `{Self}`",
    note = "element types are bool, u8–u64, i8–i64, f8e4m3, f8e5m2, f16, bf16, f32, f64, c64, c128 and `Any`"
)]
pub trait Dtype: Sealed + 'static {
    /// Element type of `exp`, `sqrt` and the like: `f64` for `i32`, `f32` for `i16`, `f16` for `i8` and `bool`.
    type Float: Dtype;
    /// Element type of `mean` and of true division: `f64` for every integer.
    type Mean: Dtype;
    /// Element type of `sum`: 64 bits for integers.
    type Sum: Dtype;
    /// Element type of `abs` and the real part: `f32` for `c64`.
    type Real: Dtype;
    /// Element type of arithmetic without booleans: `i8` for `bool`.
    type Number: Dtype;
    /// The widest of its kind: `c128` of complex numbers, `f64` of all others.
    type Double: Dtype;
    /// The dtype where the compiler knows it: `None` for [`Any`].
    const KNOWN: Option<DType>;
}

/// An element type that is known to the compiler: all but [`Any`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type",
    note = "element types are bool, u8–u64, i8–i64, f8e4m3, f8e5m2, f16, bf16, f32, f64, c64, c128"
)]
pub trait Element:
    Dtype + Scalar + TakesScalar<Self> + dtype::Element + Promote<Self, Out = Self>
{
    #[doc(hidden)]
    fn from_scalar(value: dtype::Scalar) -> Self;
}

/// A number or boolean of the host language, which takes the element type of the tensor beside it (NEP 50).
pub trait Scalar: Copy + Sealed {
    /// As the engine knows it.
    fn into_scalar(self) -> dtype::Scalar;
}

/// Says which scalars may stand beside a tensor of `Self`.
///
/// Each element type takes itself, `i64`, floats and complex numbers take integers of every type too (`&x / x.len()`), and the types
/// without literals of their own take the literals nearest to them: floats of 8 and 16 bits and `c64` take `f32`, `c128` takes `f64`. No type
/// takes two kinds of float: so the literal in `2.0 * &x` has one type only, which the compiler finds. Beside integers a float of
/// type `f64` makes the result `f64`, in operators and comparisons.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{Self}` takes no scalar `{S}`: the result would need another element type",
    note = "convert the scalar, or the tensor with `.cast::<…>()`",
    note = "beside a tensor of a type parameter `T: Float` literals are whole numbers (`2 * x`), or `T::from_f64(0.5)`"
)]
pub trait TakesScalar<S>: Dtype {}

/// [`TakesScalar`], of a scalar on the left.
///
/// Fewer types than on the right, so that a literal has one only: what comes out of `2.0 * &x` is known only when the type of the
/// literal is. Of integers beside floats and complex numbers that is `i32`; [`Any`] takes one type of each kind.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{Self}` takes no scalar `{S}`: the result would need another element type",
    note = "convert the scalar, or the tensor with `.cast::<…>()`",
    note = "beside a tensor of a type parameter `T: Float` literals are whole numbers (`2 * x`), or `T::from_f64(0.5)`"
)]
pub trait TakesLeftScalar<S>: TakesScalar<S> {}
impl<T: Element> TakesLeftScalar<T> for T {}

/// The element type that holds both (NEP 50): `i32` with `f32` is `f64`. The 8-bit floats meet none but themselves.
#[diagnostic::on_unimplemented(message = "`{Self}` and `{U}` have no common element type")]
pub trait Promote<U>: Dtype {
    /// That type.
    type Out: Dtype;
}
/// What `T` and `U` become together.
pub type Promoted<T, U> = <T as Promote<U>>::Out;

/// Numbers: all but `bool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number: subtraction and negation refuse booleans",
    note = "`logical_not` negates a boolean, `bitwise_xor` tells where two differ; or convert with \
            `.cast::<i64>()`"
)]
pub trait Number: Dtype {}

/// Types with an order, without imaginary part: all but `c64` and `c128`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no real element type: this function takes real numbers",
    note = "of complex numbers take `.real()`, `.imag()` or `.abs()` first"
)]
pub trait Real: Dtype {}

/// Types with bits to work on: `bool` and the integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no bits to work on: this function takes booleans and integers",
    note = "convert first, for example with `.cast::<i64>()`"
)]
pub trait Bits: Dtype {}

/// The integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an integer type: this function takes integers",
    note = "convert first, for example with `.cast::<i64>()`"
)]
pub trait Integer: Dtype {}

/// Types that a gradient exists for: floats and complex numbers.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{Self}` has no gradient: only floats and complex numbers can require gradients",
    note = "convert first, for example with `.cast::<f64>()`"
)]
pub trait Differentiable: Dtype {}

/// Booleans.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a boolean: the condition of a choice is a tensor of `bool`",
    note = "compare first, as in `x.gt(0.0)?`"
)]
pub trait Boolean: Dtype {}

/// The real floats: `f8e4m3`, `f8e5m2`, `f16`, `bf16`, `f32`, `f64`. All that a generic numeric function needs are its supertraits.
///
/// ```
/// use civita::prelude::*;
///
/// fn standardize<T: Float, const N: usize>(x: &Tensor<T, N>) -> civita::Result<Tensor<T, N>> {
///     let x = x - x.over(0).keepdims().mean()?;
///     Ok(&x / x.over(0).keepdims().std()?)
/// }
/// let x = tensor![[1.0, 10.0], [3.0, 30.0]];
/// assert_eq!(format!("{}", standardize(&x)?), "[[-1. -1.]\n [ 1.  1.]]");
/// # Ok::<(), civita::Error>(())
/// ```
pub trait Float:
    Element
    + RealFloat
    + TakesLeftScalar<i32>
    + TakesScalar<i64>
    + TakesScalar<usize>
    + Dtype<Float = Self, Mean = Self, Sum = Self, Real = Self, Number = Self>
    + Number
    + Real
    + Differentiable
    + PartialOrd
{
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The same value.
    fn to_f64(self) -> f64;
}

impl<T: RealFloat> Dtype for T {
    type Float = T;
    type Mean = T;
    type Sum = T;
    type Real = T;
    type Number = T;
    type Double = f64;
    const KNOWN: Option<DType> = Some(T::FLOAT);
}

macro_rules! real_floats {
    ($($t:ty = $d:ident;)*) => { $(
        impl Sealed for $t {}
        impl RealFloat for $t {
            const FLOAT: DType = DType::$d;
        }
        impl TakesScalar<$t> for $t {}
        impl TakesScalar<$t> for Any {}
    )* };
}
real_floats! {
    f8e4m3 = F8E4M3;
    f8e5m2 = F8E5M2;
    f16 = F16;
    bf16 = BF16;
    f32 = F32;
    f64 = F64;
}

macro_rules! dtypes {
    ($($t:ty = $d:ident: $float:ty, $mean:ty, $sum:ty, $real:ty, $number:ty, $double:ty;)*) => { $(
        impl Sealed for $t {}
        impl Dtype for $t {
            type Float = $float;
            type Mean = $mean;
            type Sum = $sum;
            type Real = $real;
            type Number = $number;
            type Double = $double;
            const KNOWN: Option<DType> = Some(DType::$d);
        }
        impl TakesScalar<$t> for $t {}
        impl TakesScalar<$t> for Any {}
    )* };
}
dtypes! {
    // type         Float Mean  Sum   Real  Number Double
    bool = Bool:    f16,  f64,  i64,  bool, i8,      f64;
    u8 = U8:        f16,  f64,  u64,  u8,   u8,      f64;
    u16 = U16:      f32,  f64,  u64,  u16,  u16,     f64;
    u32 = U32:      f64,  f64,  u64,  u32,  u32,     f64;
    u64 = U64:      f64,  f64,  u64,  u64,  u64,     f64;
    i8 = I8:        f16,  f64,  i64,  i8,   i8,      f64;
    i16 = I16:      f32,  f64,  i64,  i16,  i16,     f64;
    i32 = I32:      f64,  f64,  i64,  i32,  i32,     f64;
    i64 = I64:      f64,  f64,  i64,  i64,  i64,     f64;
    c64 = C64:      c64,  c64,  c64,  f32,  c64,     c128;
    c128 = C128:    c128, c128, c128, f64,  c128,    c128;
}

impl Sealed for Any {}
impl Dtype for Any {
    type Float = Any;
    type Mean = Any;
    type Sum = Any;
    type Real = Any;
    type Number = Any;
    type Double = Any;
    const KNOWN: Option<DType> = None;
}

macro_rules! scalars {
    ($($t:ty: $into:expr, $from:expr;)*) => { $(
        impl Scalar for $t {
            #[inline]
            fn into_scalar(self) -> dtype::Scalar {
                $into(self)
            }
        }
        impl Element for $t {
            #[inline]
            fn from_scalar(value: dtype::Scalar) -> $t {
                $from(value)
            }
        }
    )* };
    (integers $($t:ty)*) => {
        scalars! { $($t: |v| dtype::Scalar::Int(v as i128), |s| match s {
            dtype::Scalar::Int(v) => v as $t,
            other => other.as_f64() as $t,
        };)* }
    };
}
scalars! { integers u8 u16 u32 u64 i8 i16 i32 i64 }
scalars! {
    bool: dtype::Scalar::Bool, |s: dtype::Scalar| s.as_complex() != c128::new(0.0, 0.0);
    f8e4m3: |v: f8e4m3| dtype::Scalar::Float(v.to_f64()), |s: dtype::Scalar| f8e4m3::from_f64(s.as_f64());
    f8e5m2: |v: f8e5m2| dtype::Scalar::Float(v.to_f64()), |s: dtype::Scalar| f8e5m2::from_f64(s.as_f64());
    f16: |v: f16| dtype::Scalar::Float(v.to_f64()), |s: dtype::Scalar| f16::from_f64(s.as_f64());
    bf16: |v: bf16| dtype::Scalar::Float(v.to_f64()), |s: dtype::Scalar| bf16::from_f64(s.as_f64());
    f32: |v: f32| dtype::Scalar::Float(v.into()), |s: dtype::Scalar| s.as_f64() as f32;
    f64: dtype::Scalar::Float, |s: dtype::Scalar| s.as_f64();
    c64: |v: c64| dtype::Scalar::Complex(c128::new(v.re.into(), v.im.into())),
        |s: dtype::Scalar| { let v = s.as_complex(); c64::new(v.re as f32, v.im as f32) };
    c128: dtype::Scalar::Complex, |s: dtype::Scalar| s.as_complex();
}

// lengths and counters of loops, which are no element types
macro_rules! counts {
    ($($t:ty)*) => { $(
        impl Sealed for $t {}
        impl Scalar for $t {
            #[inline]
            fn into_scalar(self) -> dtype::Scalar {
                dtype::Scalar::Int(self as i128)
            }
        }
        impl TakesScalar<$t> for Any {}
    )* };
}
counts!(usize isize);

macro_rules! takes {
    ($($t:ty: $($s:ty)?;)*) => { $(
        $(impl TakesScalar<$s> for $t {}
        impl TakesLeftScalar<$s> for $t {})?
        takes!(@integers $t: u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
        impl TakesLeftScalar<i32> for $t {}
    )* };
    (@integers $t:ty: $($s:ty)*) => { $(impl TakesScalar<$s> for $t {})* };
}
takes! {
    f8e4m3: f32;
    f8e5m2: f32;
    f16: f32;
    bf16: f32;
    f32: ;
    f64: ;
    c64: f32;
    c128: f64;
}

// lengths beside counts: `&counts / n`. Not the narrower integers, whose literals the compiler checks
takes!(@integers i64: u8 u16 u32 u64 usize i8 i16 i32 isize);

impl TakesLeftScalar<bool> for Any {}
impl TakesLeftScalar<i64> for Any {}
impl TakesLeftScalar<f64> for Any {}
impl TakesLeftScalar<c128> for Any {}

macro_rules! families {
    ($($Trait:ident: $($t:ty)*;)*) => { $($(impl $Trait for $t {})*)* };
}
families! {
    Number: u8 u16 u32 u64 i8 i16 i32 i64 f8e4m3 f8e5m2 f16 bf16 f32 f64 c64 c128 Any;
    Real: bool u8 u16 u32 u64 i8 i16 i32 i64 f8e4m3 f8e5m2 f16 bf16 f32 f64 Any;
    Bits: bool u8 u16 u32 u64 i8 i16 i32 i64 Any;
    Integer: u8 u16 u32 u64 i8 i16 i32 i64 Any;
    Differentiable: f8e4m3 f8e5m2 f16 bf16 f32 f64 c64 c128 Any;
    Boolean: bool Any;
}

macro_rules! floats {
    ($($t:ty: $from:expr, $to:expr;)*) => { $(
        impl Float for $t {
            #[inline]
            fn from_f64(value: f64) -> $t {
                $from(value)
            }
            #[inline]
            fn to_f64(self) -> f64 {
                $to(self)
            }
        }
    )* };
}
floats! {
    f8e4m3: f8e4m3::from_f64, f8e4m3::to_f64;
    f8e5m2: f8e5m2::from_f64, f8e5m2::to_f64;
    f16: f16::from_f64, f16::to_f64;
    bf16: bf16::from_f64, bf16::to_f64;
    f32: |v| v as f32, f64::from;
    f64: |v| v, |v| v;
}

/// One implementation for all types, for the sake of literals that have no type yet: see `RealFloat`.
impl<T: Dtype> Promote<T> for T {
    type Out = T;
}

/// The promotion table as types; `same` is the type itself. Each entry is compared with the engine's function below.
macro_rules! promotion {
    ($($t:ident: $($u:ident)*;)*) => {
        $(promotion!(@row $t: bool u8 u16 u32 u64 i8 i16 i32 i64 f16 bf16 f32 f64 c64 c128 => $($u)*);)*
        $(
            impl Promote<Any> for $t {
                type Out = Any;
            }
            impl Promote<$t> for Any {
                type Out = Any;
            }
        )*
    };
    (@row $t:ident: $($u:ident)* => $($out:ident)*) => { $(
        promotion!(@entry $t $u $out);
        const _: () = agrees::<$t, $u>();
    )* };
    (@entry $t:ident $u:ident same) => {};
    (@entry $t:ident $u:ident $out:ident) => {
        impl Promote<$u> for $t {
            type Out = $out;
        }
    };
}
promotion! {
    //     bool u8   u16  u32  u64  i8   i16  i32  i64  f16  bf16 f32  f64  c64  c128
    bool:  same u8   u16  u32  u64  i8   i16  i32  i64  f16  bf16 f32  f64  c64  c128;
    u8:    u8   same u16  u32  u64  i16  i16  i32  i64  f16  bf16 f32  f64  c64  c128;
    u16:   u16  u16  same u32  u64  i32  i32  i32  i64  f32  f32  f32  f64  c64  c128;
    u32:   u32  u32  u32  same u64  i64  i64  i64  i64  f64  f64  f64  f64  c128 c128;
    u64:   u64  u64  u64  u64  same f64  f64  f64  f64  f64  f64  f64  f64  c128 c128;
    i8:    i8   i16  i32  i64  f64  same i16  i32  i64  f16  bf16 f32  f64  c64  c128;
    i16:   i16  i16  i32  i64  f64  i16  same i32  i64  f32  f32  f32  f64  c64  c128;
    i32:   i32  i32  i32  i64  f64  i32  i32  same i64  f64  f64  f64  f64  c128 c128;
    i64:   i64  i64  i64  i64  f64  i64  i64  i64  same f64  f64  f64  f64  c128 c128;
    f16:   f16  f16  f32  f64  f64  f16  f32  f64  f64  same f32  f32  f64  c64  c128;
    bf16:  bf16 bf16 f32  f64  f64  bf16 f32  f64  f64  f32  same f32  f64  c64  c128;
    f32:   f32  f32  f32  f64  f64  f32  f32  f64  f64  f32  f32  same f64  c64  c128;
    f64:   f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  same c128 c128;
    c64:   c64  c64  c64  c128 c128 c64  c64  c128 c128 c64  c64  c64  c128 same c128;
    c128:  c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 same;
}

/// The 8-bit floats are not promoted; what is known at run time only is checked there.
macro_rules! meets_itself_only {
    ($($t:ty)*) => { $(
        impl Promote<Any> for $t {
            type Out = Any;
        }
        impl Promote<$t> for Any {
            type Out = Any;
        }
        const _: () = agrees::<$t, $t>();
    )* };
}
meets_itself_only!(f8e4m3 f8e5m2);

const fn agrees<T: Promote<U>, U: Dtype>() {
    match (T::KNOWN, U::KNOWN, <T::Out as Dtype>::KNOWN) {
        (Some(t), Some(u), Some(out)) => {
            assert!(
                dtype::promote(t, u) as u8 == out as u8,
                "the promotion table differs from the engine's"
            )
        }
        _ => panic!("the table has only types that are known"),
    }
}

const _: () = {
    const fn threads_share<T: Send + Sync>() {}
    threads_share::<Tensor<f32, 2>>();
};

#[cfg(test)]
mod tests {
    use civita_core::ops::{Class, ReduceClass};

    use super::*;

    fn agree<T: Element + Promote<T>>() {
        let t = T::DTYPE;
        assert_eq!(T::KNOWN, Some(t));
        assert_eq!(<T::Float as Dtype>::KNOWN, Class::ToFloat.compute(t));
        assert_eq!(<T::Mean as Dtype>::KNOWN, Class::TrueDiv.compute(t));
        assert_eq!(<T::Number as Dtype>::KNOWN, Class::Numeric.compute(t));
        assert_eq!(<T::Double as Dtype>::KNOWN, Class::Double.compute(t));
        assert_eq!(<T::Real as Dtype>::KNOWN, Some(t.to_real()));
        assert_eq!(<T::Sum as Dtype>::KNOWN, Some(ReduceClass::Sum.result(t)));
        assert_eq!(<T::Mean as Dtype>::KNOWN, Some(ReduceClass::Mean.result(t)));
        assert_eq!(
            <<T::Mean as Dtype>::Real as Dtype>::KNOWN,
            Some(ReduceClass::RealMean.result(t))
        );
        assert_eq!(
            <T::Float as Dtype>::KNOWN,
            Some(ReduceClass::Float.result(t))
        );
    }

    #[test]
    fn the_types_of_results_are_the_engines() {
        macro_rules! all { ($($t:ty)*) => { $(agree::<$t>();)* } }
        all!(bool u8 u16 u32 u64 i8 i16 i32 i64 f8e4m3 f8e5m2 f16 bf16 f32 f64 c64 c128);
    }
}
