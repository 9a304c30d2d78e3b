//! Signature classes: the closed set of rules from the dtypes of an op's inputs to the dtypes that it computes in and
//! returns. A row names its class; nothing about dtypes stands anywhere else.
//!
//! The rule is NumPy's: take the first loop of the class to which the inputs cast safely. A class lists its loops in order;
//! so `exp` of `bool`, `i8` and `u8` is `f16`, of `i16` `f32`, of `i32` `f64`.

use smallvec::SmallVec;

use super::Op;
use crate::dtype::{Casting, DType, DType::*, Kind, can_cast, promote, unmixed};
use crate::error::{Error, Result as Outcome};

/// A family of ops with one rule for dtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Every dtype, which stays: `add`.
    Ring,
    /// Every dtype, which stays: `maximum`.
    Ordered,
    /// Numbers, whose dtype stays; booleans are refused: `sub`, `neg`.
    Subtractive,
    /// Numbers, whose dtype stays; booleans become `i8`: `square`, `pow`.
    Numeric,
    /// Every dtype; a complex one becomes its real part's: `abs`.
    ToReal,
    /// Real dtypes, which stay: `floor`.
    RealSame,
    /// Real numbers, whose dtype stays; booleans become `i8`: `floor_divide`.
    RealPair,
    /// Floats and complex; integers go to the float that holds them: `exp`.
    ToFloat,
    /// Floats and complex; integers go to `f64`: `div`.
    TrueDiv,
    /// Real floats; integers go to the float that holds them, complex numbers are refused: `hypot`.
    RealFloat,
    /// The floats that are computed as they are stored, `f32` and `f64`; 16-bit floats go to `f32`: `next_toward`.
    Native,
    /// The widest float or complex dtype, whatever goes in: `float_power`.
    Double,
    /// Every dtype, a boolean comes out: `isnan`, `logical_and`.
    ToBool,
    /// Real dtypes, a boolean comes out: `signbit`.
    RealToBool,
    /// Every dtype, a boolean comes out; `u64` with `i64` is compared exactly: `lt`.
    Compare,
    /// Booleans and integers, which stay: `bitwise_and`.
    Bits,
    /// Integers, which stay; booleans become `i8`: `left_shift`.
    Whole,
    /// Integers, which stay; booleans are refused: `gcd`.
    Integer,
    /// A boolean and two of any dtype, which stays: `where`.
    Select,
}

/// What a class makes of the dtype that it computed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// The same.
    Same,
    /// The real part's.
    Real,
    /// A boolean.
    Bool,
}

/// The dtypes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What each input is converted to.
    pub inputs: [DType; 3],
    /// What comes out.
    pub output: DType,
}

const EVERY: &[DType] = &DType::ALL;
// only they themselves are computed in 8-bit floats: nothing else casts safely to one
const NUMBERS: &[DType] = &[
    I8, U8, I16, U16, I32, U32, I64, U64, F8E4M3, F8E5M2, F16, BF16, F32, F64, C64, C128,
];
const REALS: &[DType] = &[
    Bool, I8, U8, I16, U16, I32, U32, I64, U64, F8E4M3, F8E5M2, F16, BF16, F32, F64,
];
const REAL_NUMBERS: &[DType] = &[
    I8, U8, I16, U16, I32, U32, I64, U64, F8E4M3, F8E5M2, F16, BF16, F32, F64,
];
const FLOATS: &[DType] = &[F8E4M3, F8E5M2, F16, BF16, F32, F64, C64, C128];
const REAL_FLOATS: &[DType] = &[F8E4M3, F8E5M2, F16, BF16, F32, F64];
const NATIVE_FLOATS: &[DType] = &[F32, F64];
const DOUBLES: &[DType] = &[F64, C128];
const BITS: &[DType] = &[Bool, I8, U8, I16, U16, I32, U32, I64, U64];
const INTEGERS: &[DType] = &[I8, U8, I16, U16, I32, U32, I64, U64];

impl Class {
    /// The dtypes that it computes in, in the order in which they are tried.
    #[inline]
    pub const fn loops(self) -> &'static [DType] {
        match self {
            Class::Ring
            | Class::Ordered
            | Class::ToReal
            | Class::ToBool
            | Class::Compare
            | Class::Select => EVERY,
            Class::Subtractive | Class::Numeric => NUMBERS,
            Class::RealSame | Class::RealToBool => REALS,
            Class::RealPair => REAL_NUMBERS,
            Class::ToFloat | Class::TrueDiv => FLOATS,
            Class::RealFloat => REAL_FLOATS,
            Class::Native => NATIVE_FLOATS,
            Class::Double => DOUBLES,
            Class::Bits => BITS,
            Class::Whole | Class::Integer => INTEGERS,
        }
    }

    /// What comes out.
    #[inline]
    pub const fn result(self) -> Result {
        match self {
            Class::ToReal => Result::Real,
            Class::ToBool | Class::RealToBool | Class::Compare => Result::Bool,
            _ => Result::Same,
        }
    }

    /// The loop for inputs that promote to `dtype`, or `None` where the class takes no such input.
    #[inline]
    pub fn compute(self, dtype: DType) -> Option<DType> {
        let loops = self.loops();
        if loops.contains(&dtype) {
            return Some(dtype);
        }
        match self {
            Class::Subtractive | Class::Integer if dtype == Bool => None,
            Class::TrueDiv if dtype.kind() <= Kind::Signed => Some(F64),
            _ => loops
                .iter()
                .copied()
                .find(|&l| can_cast(dtype, l, Casting::Safe)),
        }
    }
}

impl Op {
    /// The dtypes of a call with inputs of these dtypes.
    ///
    /// ```
    /// use civita_kernels::{dtype::DType, ops::Op};
    /// assert_eq!(Op::Exp.signature(&[DType::I8]).unwrap().output, DType::F16);
    /// assert!(Op::BitwiseAnd.signature(&[DType::F32, DType::F32]).is_err());
    /// ```
    #[inline]
    pub fn signature(self, inputs: &[DType]) -> Outcome<Signature> {
        let class = self.row().class;
        // `where` chooses by its first input, the rest of the ops promote all
        let typed = if class == Class::Select {
            &inputs[1..]
        } else {
            inputs
        };
        if typed.len() > 1 {
            unmixed(self.row().name, typed)?;
        }
        let promoted = typed.iter().copied().reduce(promote).unwrap_or(Bool);
        if class == Class::Compare && matches!(inputs, [U64, I64] | [I64, U64]) {
            return Ok(Signature {
                inputs: [inputs[0], inputs[1], Bool],
                output: Bool,
            });
        }
        // NumPy takes the first loop to which each input casts by itself. That differs from the loop of the promoted
        // dtype here only: `u8` and `i8` are `i16` together, but `f16` holds both.
        let compute = if matches!(class, Class::RealFloat | Class::Native) {
            let holds = |l: &DType| typed.iter().all(|&d| can_cast(d, *l, Casting::Safe));
            class.loops().iter().copied().find(holds)
        } else {
            class.compute(promoted)
        };
        let Some(compute) = compute else {
            return Err(self.refuse(inputs));
        };
        let output = match class.result() {
            Result::Same => compute,
            Result::Real => compute.to_real(),
            Result::Bool => Bool,
        };
        let first = if class == Class::Select {
            Bool
        } else {
            compute
        };
        Ok(Signature {
            inputs: [first, compute, compute],
            output,
        })
    }

    #[cold]
    fn refuse(self, inputs: &[DType]) -> Error {
        let row = self.row();
        let names: SmallVec<[&str; 3]> = inputs.iter().map(|d| d.name()).collect();
        let taken: Vec<&str> = row.class.loops().iter().map(|d| d.name()).collect();
        let error = Error::dtype(row.name, format!("takes no {}", names.join(" with ")))
            .dtypes(inputs)
            .rule(format!("the op computes in {}", taken.join(", ")));
        match (self, inputs) {
            (Op::Sub, _) => error
                .hint("`a ^ b` tells where two booleans differ; or convert to an integer first"),
            (Op::Neg | Op::Positive, _) => error.hint_in(
                "`!x` negates a boolean; or convert to an integer first",
                "`~x` negates a boolean; or convert to an integer first",
            ),
            (_, all) if all.iter().any(|d| d.is_complex()) => error.hint_in(
                "take `.real()`, `.imag()` or `.abs()` first",
                "take `.real`, `.imag` or `abs(x)` first",
            ),
            _ => error.hint_cast("convert first, for example", DType::I64),
        }
    }
}
