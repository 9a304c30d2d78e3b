//! Element types: what they are called, how big they are, what two of them become together, what may be cast to what.
//!
//! The promotion table is written once, as [`promote`]; it is a `const fn`, so the typed API reads the same table at
//! compile time that the engine reads at run time. It is NumPy's (NEP 50) with two additions: `bf16`, which promotes as
//! `f16` does, and with `f16` to `f32`; and the 8-bit floats, which [`promote`] takes for `f16`, which holds them, and which
//! operations on several arrays meet among themselves only ([`unmixed`]).

use std::fmt;

use half::{bf16, f16};
use num_complex::Complex;
use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::float8::{f8e4m3, f8e5m2};

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    /// Boolean, one byte: 0 or 1.
    Bool,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// Signed 8-bit integer.
    I8,
    /// Signed 16-bit integer.
    I16,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// 8-bit float without infinities (4 exponent bits, 3 fraction bits).
    F8E4M3,
    /// 8-bit float (5 exponent bits, 2 fraction bits).
    F8E5M2,
    /// IEEE 754 half precision (5 exponent bits, 10 fraction bits).
    F16,
    /// Brain float (8 exponent bits, 7 fraction bits).
    BF16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// Complex number of two `f32`.
    C64,
    /// Complex number of two `f64`.
    C128,
}

/// What sort of number a dtype holds, in the order in which NumPy promotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// `u8` to `u64`.
    Unsigned,
    /// `i8` to `i64`.
    Signed,
    /// `f8e4m3`, `f8e5m2`, `f16`, `bf16`, `f32`, `f64`.
    Float,
    /// `complex64`, `complex128`.
    Complex,
}

/// How much a cast may lose. The rules are NumPy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casting {
    /// The same dtype only.
    No,
    /// Every value survives.
    Safe,
    /// Safe, or within a kind (`f64` to `f32`), or to a later kind.
    SameKind,
    /// Anything.
    Unsafe,
}

use DType::*;

impl DType {
    /// Every dtype, in the order of the enum.
    pub const ALL: [DType; 17] = [
        Bool, U8, U16, U32, U64, I8, I16, I32, I64, F8E4M3, F8E5M2, F16, BF16, F32, F64, C64, C128,
    ];

    /// Bytes for one element.
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            Bool | U8 | I8 | F8E4M3 | F8E5M2 => 1,
            U16 | I16 | F16 | BF16 => 2,
            U32 | I32 | F32 => 4,
            U64 | I64 | F64 | C64 => 8,
            C128 => 16,
        }
    }

    /// NumPy's name: `float32`, `int64`, `complex128`, `bool`; ml_dtypes' and PyTorch's of the floats that NumPy lacks.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Bool => "bool",
            U8 => "uint8",
            U16 => "uint16",
            U32 => "uint32",
            U64 => "uint64",
            I8 => "int8",
            I16 => "int16",
            I32 => "int32",
            I64 => "int64",
            F8E4M3 => "float8_e4m3fn",
            F8E5M2 => "float8_e5m2",
            F16 => "float16",
            BF16 => "bfloat16",
            F32 => "float32",
            F64 => "float64",
            C64 => "complex64",
            C128 => "complex128",
        }
    }

    /// Rust's name: `f32`, `i64`, `c128`, `bool`.
    #[inline]
    pub const fn rust_name(self) -> &'static str {
        match self {
            Bool => "bool",
            U8 => "u8",
            U16 => "u16",
            U32 => "u32",
            U64 => "u64",
            I8 => "i8",
            I16 => "i16",
            I32 => "i32",
            I64 => "i64",
            F8E4M3 => "f8e4m3",
            F8E5M2 => "f8e5m2",
            F16 => "f16",
            BF16 => "bf16",
            F32 => "f32",
            F64 => "f64",
            C64 => "c64",
            C128 => "c128",
        }
    }

    /// The dtype with this NumPy or Rust name.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL
            .into_iter()
            .find(|d| d.name() == name || d.rust_name() == name)
    }

    /// The sort of number.
    #[inline]
    pub const fn kind(self) -> Kind {
        match self {
            Bool => Kind::Bool,
            U8 | U16 | U32 | U64 => Kind::Unsigned,
            I8 | I16 | I32 | I64 => Kind::Signed,
            F8E4M3 | F8E5M2 | F16 | BF16 | F32 | F64 => Kind::Float,
            C64 | C128 => Kind::Complex,
        }
    }

    /// Returns true for `u8`–`u64` and `i8`–`i64`.
    #[inline]
    pub const fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Unsigned | Kind::Signed)
    }

    /// Returns true for the real floats.
    #[inline]
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// Returns true for the dtypes that NumPy has: all but `bf16` and the 8-bit floats.
    #[inline]
    pub const fn is_numpys(self) -> bool {
        !matches!(self, F8E4M3 | F8E5M2 | BF16)
    }

    /// The largest value of a float: infinity, or 448 of `f8e4m3`, which has none.
    #[inline]
    pub const fn greatest_float(self) -> f64 {
        match self {
            F8E4M3 => 448.0,
            _ => f64::INFINITY,
        }
    }

    /// Returns true for the 8-bit floats, which are not promoted: see [`unmixed`].
    #[inline]
    pub const fn is_float8(self) -> bool {
        matches!(self, F8E4M3 | F8E5M2)
    }

    /// Returns true for the floats of 8 and 16 bits, which are computed in `f32` and rounded once.
    #[inline]
    pub const fn is_narrow_float(self) -> bool {
        self.compute() as u8 != self as u8
    }

    /// Whether it is complex.
    #[inline]
    pub const fn is_complex(self) -> bool {
        matches!(self.kind(), Kind::Complex)
    }

    /// Returns true for dtypes whose tensors can require gradients: floats and complex numbers.
    #[inline]
    pub const fn is_differentiable(self) -> bool {
        matches!(self.kind(), Kind::Float | Kind::Complex)
    }

    /// The dtype of `abs`, `real` and `imag`: `complex64` gives `f32`, the rest themselves.
    #[inline]
    pub const fn to_real(self) -> DType {
        match self {
            C64 => F32,
            C128 => F64,
            other => other,
        }
    }

    /// The complex dtype that holds this one exactly.
    #[inline]
    pub const fn to_complex(self) -> DType {
        promote(self, C64)
    }

    /// The dtype in which kernels compute: floats of 8 and 16 bits are computed in `f32`, the rest in themselves.
    #[inline]
    pub const fn compute(self) -> DType {
        match self {
            F8E4M3 | F8E5M2 | F16 | BF16 => F32,
            other => other,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const fn signed_holding(size: usize) -> DType {
    match size {
        1 => I16,
        2 => I32,
        4 => I64,
        _ => F64,
    }
}

/// The float that an integer or bool of this many bytes becomes beside a half-precision float.
const fn float_for(bytes: usize, half: DType) -> DType {
    match bytes {
        1 => half,
        2 => F32,
        _ => F64,
    }
}

/// What stands for a dtype beside another one: the 8-bit floats are held by `f16`.
const fn held_by(dtype: DType) -> DType {
    match dtype {
        F8E4M3 | F8E5M2 => F16,
        other => other,
    }
}

/// The dtype that holds both (NEP 50): `i32` with `f32` is `f64`, `u8` with `i8` is `i16`, `u64` with `i64` is `f64`.
///
/// ```
/// use civita_kernels::dtype::{DType, promote};
/// assert_eq!(promote(DType::I32, DType::F32), DType::F64);
/// assert_eq!(promote(DType::BF16, DType::F16), DType::F32);
/// ```
#[inline]
pub const fn promote(a: DType, b: DType) -> DType {
    if a as u8 == b as u8 {
        return a;
    }
    let (a, b) = (held_by(a), held_by(b));
    // the later kind second, so that each pair is written once
    let (a, b) = if a.kind() as u8 > b.kind() as u8 {
        (b, a)
    } else {
        (a, b)
    };
    let larger = if a.size() > b.size() { a } else { b };
    match (a.kind(), b.kind()) {
        (Kind::Bool, _) => b,
        (Kind::Unsigned, Kind::Unsigned) | (Kind::Signed, Kind::Signed) => larger,
        (Kind::Unsigned, Kind::Signed) => {
            if b.size() > a.size() {
                b
            } else {
                signed_holding(a.size())
            }
        }
        (Kind::Float, Kind::Float) => {
            if a.size() == 2 && b.size() == 2 && a as u8 != b as u8 {
                F32
            } else {
                larger
            }
        }
        (Kind::Unsigned | Kind::Signed, Kind::Float) => match b {
            F16 | BF16 => float_for(a.size(), b),
            F32 if a.size() <= 2 => F32,
            _ => F64,
        },
        (Kind::Unsigned | Kind::Signed, _) => {
            if a.size() <= 2 {
                b
            } else {
                C128
            }
        }
        (Kind::Float, Kind::Complex) => {
            if matches!(a, F64) {
                C128
            } else {
                b
            }
        }
        _ => larger,
    }
}

/// The dtype of an operation between any number of these, as NumPy's `result_type`: floats and complex numbers first, so
/// that integers among themselves do not widen it (`u8`, `i8` and `f16` give `f16`, though `u8` with `i8` is `i16`).
///
/// ```
/// use civita_kernels::dtype::{DType, promote_all};
/// assert_eq!(promote_all(&[DType::U8, DType::I8, DType::F16]), Some(DType::F16));
/// assert_eq!(promote_all(&[]), None);
/// ```
pub fn promote_all(dtypes: &[DType]) -> Option<DType> {
    let mut sorted: SmallVec<[DType; 8]> = SmallVec::from_slice(dtypes);
    sorted.sort_by_key(|d| std::cmp::Reverse(d.kind()));
    sorted.into_iter().reduce(promote)
}

/// An error of `op` where an 8-bit float meets another dtype: what both become together is for the caller to say. All other
/// dtypes meet freely.
#[inline]
pub fn unmixed(op: &'static str, dtypes: &[DType]) -> Result<()> {
    let is_mixed = |d: &DType| d.is_float8() && dtypes.iter().any(|other| other != d);
    match dtypes.iter().any(is_mixed) {
        true => Err(mixed(op, dtypes)),
        false => Ok(()),
    }
}

#[cold]
fn mixed(op: &'static str, dtypes: &[DType]) -> Error {
    let names: SmallVec<[&str; 3]> = dtypes.iter().map(|d| d.name()).collect();
    Error::dtype(op, format!("takes no {}", names.join(" with ")))
        .dtypes(dtypes)
        .rule(
            "8-bit floats are not promoted: they meet tensors of their own dtype and numbers only",
        )
        .hint_cast("convert first, for example", DType::F32)
}

/// Returns true where a value of `from` may be cast to `to` under this rule.
///
/// ```
/// use civita_kernels::dtype::{Casting, DType, can_cast};
/// assert!(can_cast(DType::I32, DType::F64, Casting::Safe));
/// assert!(!can_cast(DType::F64, DType::I64, Casting::SameKind));
/// ```
#[inline]
pub const fn can_cast(from: DType, to: DType, casting: Casting) -> bool {
    let same = from as u8 == to as u8;
    let safe = promote(from, to) as u8 == to as u8
        // promotion of 64-bit integers with floats is where NumPy calls a rounding cast safe
        || matches!((from, to), (I64 | U64, F64 | C128));
    match casting {
        Casting::No => same,
        Casting::Safe => safe,
        Casting::SameKind => {
            let (f, t) = (from.kind(), to.kind());
            let within =
                f as u8 == t as u8 || (matches!(f, Kind::Unsigned) && matches!(t, Kind::Signed));
            safe || within || (t as u8 > f as u8 && !matches!(t, Kind::Unsigned))
        }
        Casting::Unsafe => true,
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that a tensor can hold.
///
/// # Safety
/// Sealed: the list below is the whole of it. Every type is plain old data of [`DType::size`] bytes.
pub unsafe trait Element:
    sealed::Sealed + Copy + Default + PartialEq + fmt::Debug + Send + Sync + 'static
{
    /// Its dtype.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($t:ty => $d:ident),*) => { $(
        impl sealed::Sealed for $t {}
        // SAFETY: plain old data, and the assertion below compares the sizes.
        unsafe impl Element for $t {
            const DTYPE: DType = $d;
        }
        const _: () = assert!(size_of::<$t>() == $d.size());
    )* };
}
elements!(bool => Bool, u8 => U8, u16 => U16, u32 => U32, u64 => U64, i8 => I8, i16 => I16, i32 => I32, i64 => I64,
          f8e4m3 => F8E4M3, f8e5m2 => F8E5M2, f16 => F16, bf16 => BF16, f32 => F32, f64 => F64, Complex<f32> => C64, Complex<f64> => C128);

/// One value of any dtype. Integers keep all 64 bits of either signedness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A boolean.
    Bool(bool),
    /// An integer of any dtype.
    Int(i128),
    /// A real float of any dtype.
    Float(f64),
    /// A complex number of any dtype.
    Complex(Complex<f64>),
}

/// Why a number cannot be written into an array of a dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// It is complex, and the dtype has no imaginary part.
    Complex,
    /// It is NaN, and the dtype has integers only.
    Nan,
    /// It is infinite, and the dtype has integers only.
    Infinite,
}

impl Scalar {
    /// What it becomes where it is written into an array of `dtype` (NumPy: `a[...] = scalar`): a float loses its fraction in an
    /// integer dtype, and anything but 0 is true. Whether an integer fits, [`Scalar::to_bytes`] says.
    ///
    /// ```
    /// use civita_kernels::dtype::{DType, Scalar, Unwritable};
    /// assert_eq!(Scalar::Float(-2.7).written_to(DType::I8), Ok(Scalar::Int(-2)));
    /// assert_eq!(Scalar::Float(0.5).written_to(DType::Bool), Ok(Scalar::Bool(true)));
    /// assert_eq!(Scalar::Float(f64::NAN).written_to(DType::I8), Err(Unwritable::Nan));
    /// ```
    ///
    /// # Errors
    /// For complex numbers in dtypes without an imaginary part, NaN and infinity among integers.
    pub fn written_to(self, dtype: DType) -> Result<Scalar, Unwritable> {
        match (dtype.kind(), self) {
            (Kind::Bool, _) => Ok(Scalar::Bool(self.is_true())),
            (Kind::Signed | Kind::Unsigned | Kind::Float, Scalar::Complex(_)) => {
                Err(Unwritable::Complex)
            }
            (Kind::Signed | Kind::Unsigned, Scalar::Float(v)) if v.is_nan() => Err(Unwritable::Nan),
            (Kind::Signed | Kind::Unsigned, Scalar::Float(v)) if v.is_infinite() => {
                Err(Unwritable::Infinite)
            }
            // what no `i128` holds fits no dtype either
            (Kind::Signed | Kind::Unsigned, Scalar::Float(v)) => Ok(Scalar::Int(v as i128)),
            _ => Ok(self),
        }
    }

    /// Returns true for anything but 0. NaN is not 0, and neither is an integer that differs from it in its lowest bits only.
    #[inline]
    pub fn is_true(self) -> bool {
        match self {
            Scalar::Int(v) => v != 0,
            other => other.as_complex() != Complex::ZERO,
        }
    }

    /// Returns true for the same value of the same kind, bit for bit. Unlike `==` it tells 0.0 from -0.0, and NaN is itself: what keys
    /// need.
    #[inline]
    pub fn same_bits(self, other: Scalar) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        match (self, other) {
            (Scalar::Float(a), Scalar::Float(b)) => same(a, b),
            (Scalar::Complex(a), Scalar::Complex(b)) => same(a.re, b.re) && same(a.im, b.im),
            (a, b) => a == b,
        }
    }

    /// The sort of number.
    #[inline]
    pub fn kind(self) -> Kind {
        match self {
            Scalar::Bool(_) => Kind::Bool,
            Scalar::Int(_) => Kind::Signed,
            Scalar::Float(_) => Kind::Float,
            Scalar::Complex(_) => Kind::Complex,
        }
    }

    /// The dtype that it has when nothing else decides: `bool`, `int64` (`uint64` above its range), `float64`,
    /// `complex128`.
    #[inline]
    pub fn default_dtype(self) -> DType {
        match self {
            Scalar::Bool(_) => Bool,
            Scalar::Int(v) if v > i64::MAX as i128 => U64,
            Scalar::Int(_) => I64,
            Scalar::Float(_) => F64,
            Scalar::Complex(_) => C128,
        }
    }

    /// The dtype of an operation between a tensor of `dtype` and this weak scalar (NEP 50): the tensor's, unless the
    /// scalar is of a later kind.
    ///
    /// ```
    /// use civita_kernels::dtype::{DType, Scalar};
    /// assert_eq!(Scalar::Float(2.5).weak_with(DType::F32), DType::F32);
    /// assert_eq!(Scalar::Float(2.5).weak_with(DType::I8), DType::F64);
    /// assert_eq!(Scalar::Int(300).weak_with(DType::U8), DType::U8);
    /// ```
    #[inline]
    pub fn weak_with(self, dtype: DType) -> DType {
        match (dtype.kind(), self.kind()) {
            (Kind::Bool, Kind::Bool) => Bool,
            // an integer above its range does not make it unsigned
            (Kind::Bool, Kind::Unsigned | Kind::Signed) => I64,
            (Kind::Bool, _) => self.default_dtype(),
            (Kind::Unsigned | Kind::Signed, Kind::Float) => F64,
            (Kind::Unsigned | Kind::Signed, Kind::Complex) => C128,
            (Kind::Float, Kind::Complex) => dtype.to_complex(),
            _ => dtype,
        }
    }

    /// As a float: the real part of a complex number, 0 or 1 of a boolean.
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Scalar::Bool(v) => f64::from(u8::from(v)),
            Scalar::Int(v) => v as f64,
            Scalar::Float(v) => v,
            Scalar::Complex(v) => v.re,
        }
    }

    /// As a complex number.
    #[inline]
    pub fn as_complex(self) -> Complex<f64> {
        match self {
            Scalar::Complex(v) => v,
            other => Complex::new(other.as_f64(), 0.0),
        }
    }

    /// Its bytes as a value of `dtype`, at the start of a 16-byte block. Integers that `dtype` cannot hold are an
    /// error, as in NumPy (`np.uint8(1) + 300`); floats round; a fraction or a complex part never goes silently.
    #[inline]
    pub fn to_bytes(self, dtype: DType) -> Result<[u8; 16]> {
        let mut out = [0u8; 16];
        macro_rules! put {
            ($v:expr) => {{
                let bytes = $v.to_ne_bytes();
                out[..bytes.len()].copy_from_slice(&bytes);
            }};
        }
        macro_rules! int {
            ($t:ty) => {
                match self {
                    Scalar::Bool(v) => put!(<$t>::from(v)),
                    Scalar::Int(v) => match <$t>::try_from(v) {
                        Ok(v) => put!(v),
                        Err(_) => return Err(self.out_of_range(dtype)),
                    },
                    _ => return Err(self.out_of_range(dtype)),
                }
            };
        }
        if self.kind() == Kind::Complex && !dtype.is_complex() {
            return Err(self.out_of_range(dtype));
        }
        match dtype {
            Bool => match self {
                Scalar::Bool(v) => out[0] = u8::from(v),
                Scalar::Int(v @ (0 | 1)) => out[0] = v as u8,
                _ => return Err(self.out_of_range(dtype)),
            },
            U8 => int!(u8),
            U16 => int!(u16),
            U32 => int!(u32),
            U64 => int!(u64),
            I8 => int!(i8),
            I16 => int!(i16),
            I32 => int!(i32),
            I64 => int!(i64),
            F8E4M3 => out[0] = f8e4m3::from_f64(self.as_f64()).to_bits(),
            F8E5M2 => out[0] = f8e5m2::from_f64(self.as_f64()).to_bits(),
            F16 => put!(f16::from_f64(self.as_f64())),
            BF16 => put!(bf16::from_f64(self.as_f64())),
            F32 => put!((self.as_f64() as f32)),
            F64 => put!(self.as_f64()),
            C64 => {
                let v = self.as_complex();
                put!((v.re as f32));
                out[4..8].copy_from_slice(&(v.im as f32).to_ne_bytes());
            }
            C128 => {
                let v = self.as_complex();
                put!(v.re);
                out[8..].copy_from_slice(&v.im.to_ne_bytes());
            }
        }
        Ok(out)
    }

    /// The value that `bytes` hold as `dtype`.
    ///
    /// # Panics
    /// When `bytes` are fewer than [`DType::size`]: a bug of the caller, never reached by data from outside.
    #[inline]
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Scalar {
        macro_rules! get {
            ($t:ty, $at:expr) => {{
                let mut raw = [0u8; size_of::<$t>()];
                raw.copy_from_slice(&bytes[$at..$at + size_of::<$t>()]);
                <$t>::from_ne_bytes(raw)
            }};
        }
        match dtype {
            Bool => Scalar::Bool(bytes[0] != 0),
            U8 => Scalar::Int(get!(u8, 0).into()),
            U16 => Scalar::Int(get!(u16, 0).into()),
            U32 => Scalar::Int(get!(u32, 0).into()),
            U64 => Scalar::Int(get!(u64, 0).into()),
            I8 => Scalar::Int(get!(i8, 0).into()),
            I16 => Scalar::Int(get!(i16, 0).into()),
            I32 => Scalar::Int(get!(i32, 0).into()),
            I64 => Scalar::Int(get!(i64, 0).into()),
            F8E4M3 => Scalar::Float(f8e4m3::from_bits(bytes[0]).to_f64()),
            F8E5M2 => Scalar::Float(f8e5m2::from_bits(bytes[0]).to_f64()),
            F16 => Scalar::Float(get!(f16, 0).to_f64()),
            BF16 => Scalar::Float(get!(bf16, 0).to_f64()),
            F32 => Scalar::Float(get!(f32, 0).into()),
            F64 => Scalar::Float(get!(f64, 0)),
            C64 => Scalar::Complex(Complex::new(get!(f32, 0).into(), get!(f32, 4).into())),
            C128 => Scalar::Complex(Complex::new(get!(f64, 0), get!(f64, 8))),
        }
    }

    fn out_of_range(self, dtype: DType) -> Error {
        Error::dtype("scalar", format!("the scalar {self} does not fit into {dtype}"))
            .rule("a scalar beside a tensor takes the tensor's dtype (NEP 50) and must be representable in it")
            .hint_cast("convert the tensor first, for example", DType::I64)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(v) => v.fmt(f),
            Scalar::Int(v) => v.fmt(f),
            Scalar::Float(v) => v.fmt(f),
            Scalar::Complex(v) => v.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_commutative_and_idempotent() {
        for a in DType::ALL {
            assert_eq!(promote(a, a), a);
            for b in DType::ALL {
                assert_eq!(promote(a, b), promote(b, a), "{a} {b}");
            }
        }
    }

    #[test]
    fn a_scalar_survives_the_trip_through_bytes() {
        for dtype in DType::ALL {
            let one = Scalar::Bool(true).to_bytes(dtype).unwrap();
            assert_eq!(Scalar::from_bytes(dtype, &one).as_f64(), 1.0, "{dtype}");
        }
    }

    #[test]
    fn a_scalar_that_does_not_fit_is_refused() {
        let error = Scalar::Int(300).to_bytes(U8).unwrap_err();
        assert!(error.is_dtype());
        assert!(
            error.to_string().contains("300 does not fit into uint8"),
            "{error}"
        );
    }
}
