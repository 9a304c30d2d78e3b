//! The 8-bit floats of OCP's "8-bit Floating Point Specification" (2023), as PyTorch, JAX and ml_dtypes have them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::math::quarter;

macro_rules! float8 {
    ($(#[$doc:meta])* $t:ident, $to32:ident, $from32:ident, $from64:ident, largest $largest:literal, epsilon $epsilon:literal,
     least $least:literal, not_a_number $nan:literal) => {
        $(#[$doc])*
        #[allow(non_camel_case_types, reason = "a number, as `f16` and `f32` are")]
        #[derive(Clone, Copy, Default)]
        #[repr(transparent)]
        pub struct $t(u8);

        impl $t {
            /// The largest finite value.
            pub const MAX: $t = $t($largest);
            /// The least finite value.
            pub const MIN: $t = $t($largest | 0x80);
            /// The least positive normal value.
            pub const MIN_POSITIVE: $t = $t($least);
            /// The least positive value.
            pub const MIN_POSITIVE_SUBNORMAL: $t = $t(1);
            /// The distance from 1 to the next larger value.
            pub const EPSILON: $t = $t($epsilon);
            /// Not a number.
            pub const NAN: $t = $t($nan);

            /// The value with these bits.
            #[inline]
            pub const fn from_bits(bits: u8) -> $t {
                $t(bits)
            }

            /// Its bits.
            #[inline]
            pub const fn to_bits(self) -> u8 {
                self.0
            }

            /// The nearest value, ties to even.
            #[inline]
            pub fn from_f32(value: f32) -> $t {
                $t(quarter::$from32(value))
            }

            /// The nearest value, ties to even, rounded once.
            #[inline]
            pub fn from_f64(value: f64) -> $t {
                $t(quarter::$from64(value))
            }

            /// The same value.
            #[inline]
            pub fn to_f32(self) -> f32 {
                quarter::$to32(self.0)
            }

            /// The same value.
            #[inline]
            pub fn to_f64(self) -> f64 {
                self.to_f32().into()
            }

            /// Returns true for a value that is not a number.
            #[inline]
            pub fn is_nan(self) -> bool {
                self.to_f32().is_nan()
            }

            /// Returns true for a value that is neither infinite nor NaN.
            #[inline]
            pub fn is_finite(self) -> bool {
                self.to_f32().is_finite()
            }
        }

        impl PartialEq for $t {
            #[inline]
            fn eq(&self, other: &$t) -> bool {
                self.to_f32() == other.to_f32()
            }
        }

        impl PartialOrd for $t {
            #[inline]
            fn partial_cmp(&self, other: &$t) -> Option<Ordering> {
                self.to_f32().partial_cmp(&other.to_f32())
            }
        }

        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.to_f32(), f)
            }
        }

        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.to_f32(), f)
            }
        }

        impl FromStr for $t {
            type Err = std::num::ParseFloatError;

            fn from_str(text: &str) -> Result<$t, Self::Err> {
                Ok($t::from_f64(text.parse()?))
            }
        }

        impl From<$t> for f32 {
            #[inline]
            fn from(value: $t) -> f32 {
                value.to_f32()
            }
        }

        impl From<$t> for f64 {
            #[inline]
            fn from(value: $t) -> f64 {
                value.to_f64()
            }
        }
    };
}

float8! {
    /// An 8-bit float with 4 bits of exponent and 3 of fraction, without infinities (PyTorch's `float8_e4m3fn`): ±448 at most,
    /// 2⁻⁹ at least, 3 fraction bits. What is too large, infinities among it, becomes NaN.
    ///
    /// ```
    /// use civita_kernels::float8::f8e4m3;
    /// assert_eq!(f8e4m3::from_f32(0.1).to_f32(), 0.1015625);
    /// assert_eq!(f8e4m3::from_f32(460.0), f8e4m3::MAX);
    /// assert!(f8e4m3::from_f32(470.0).is_nan());
    /// ```
    f8e4m3, e4m3_to_f32, f32_to_e4m3, f64_to_e4m3, largest 0x7e, epsilon 0x20, least 0x08, not_a_number 0x7f
}
float8! {
    /// An 8-bit float with 5 bits of exponent and 2 of fraction (PyTorch's `float8_e5m2`): the upper byte of an `f16`, ±57344 at
    /// most, 2⁻¹⁶ at least. What is too large becomes infinite.
    ///
    /// ```
    /// use civita_kernels::float8::f8e5m2;
    /// assert_eq!(f8e5m2::from_f32(0.1).to_f32(), 0.09375);
    /// assert_eq!(f8e5m2::from_f32(1e6).to_f32(), f32::INFINITY);
    /// ```
    f8e5m2, e5m2_to_f32, f32_to_e5m2, f64_to_e5m2, largest 0x7b, epsilon 0x34, least 0x04, not_a_number 0x7e
}
