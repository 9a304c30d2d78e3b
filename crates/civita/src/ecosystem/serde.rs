//! `serde`: a tensor is a struct of `dtype` (NumPy's name), `shape` and `data` (the elements in C order).

use std::fmt;
use std::marker::PhantomData;

use ::serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};
use ::serde::ser::{self, Serialize, SerializeStruct, Serializer};
use civita_core::dtype::DType;
use civita_core::float8::{f8e4m3, f8e5m2};
use civita_core::raw::Raw;
use half::{bf16, f16};

use crate::{Dtype, Tensor, c64, c128};

/// An element as formats know it: half floats as `f32`, complex numbers as pairs.
trait Wire: civita_core::dtype::Element {
    type Form: Serialize + for<'de> Deserialize<'de>;
    fn out(self) -> Self::Form;
    fn back(form: Self::Form) -> Self;
}
macro_rules! wire {
    ($($t:ty as $form:ty: $v:ident => $out:expr, $back:expr;)*) => { $(
        impl Wire for $t {
            type Form = $form;
            fn out(self) -> $form {
                let $v = self;
                $out
            }
            fn back($v: $form) -> $t {
                $back
            }
        }
    )* };
    (itself $($t:ty)*) => { wire! { $($t as $t: v => v, v;)* } };
}
wire! { itself bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 }
wire! {
    f8e4m3 as f32: v => v.into(), f8e4m3::from_f32(v);
    f8e5m2 as f32: v => v.into(), f8e5m2::from_f32(v);
    f16 as f32: v => v.into(), f16::from_f32(v);
    bf16 as f32: v => v.into(), bf16::from_f32(v);
    c64 as (f32, f32): v => (v.re, v.im), c64::new(v.0, v.1);
    c128 as (f64, f64): v => (v.re, v.im), c128::new(v.0, v.1);
}

macro_rules! by_dtype {
    ($dtype:expr, $function:ident($($arg:expr),*)) => {
        match $dtype {
            DType::Bool => $function::<bool, _>($($arg),*),
            DType::U8 => $function::<u8, _>($($arg),*),
            DType::U16 => $function::<u16, _>($($arg),*),
            DType::U32 => $function::<u32, _>($($arg),*),
            DType::U64 => $function::<u64, _>($($arg),*),
            DType::I8 => $function::<i8, _>($($arg),*),
            DType::I16 => $function::<i16, _>($($arg),*),
            DType::I32 => $function::<i32, _>($($arg),*),
            DType::I64 => $function::<i64, _>($($arg),*),
            DType::F8E4M3 => $function::<f8e4m3, _>($($arg),*),
            DType::F8E5M2 => $function::<f8e5m2, _>($($arg),*),
            DType::F16 => $function::<f16, _>($($arg),*),
            DType::BF16 => $function::<bf16, _>($($arg),*),
            DType::F32 => $function::<f32, _>($($arg),*),
            DType::F64 => $function::<f64, _>($($arg),*),
            DType::C64 => $function::<c64, _>($($arg),*),
            DType::C128 => $function::<c128, _>($($arg),*),
        }
    };
}

const FIELDS: [&str; 3] = ["dtype", "shape", "data"];

/// A struct of `dtype`, `shape` and `data`. Formats without NaN and infinity, as JSON, do not keep those.
///
/// ```
/// use civita::prelude::*;
///
/// let text = serde_json::to_string(&tensor![[1.0, 2.0], [3.0, 4.0]])?;
/// assert_eq!(text, r#"{"dtype":"float64","shape":[2,2],"data":[1.0,2.0,3.0,4.0]}"#);
/// let x: Matrix<f64> = serde_json::from_str(&text)?;
/// let any: AnyTensor = serde_json::from_str(&text)?;
/// assert_eq!((x.to_string(), any.rank()), ("[[1. 2.]\n [3. 4.]]".to_string(), 2));
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<T: Dtype, const N: usize> Serialize for Tensor<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Tensor", FIELDS.len())?;
        fields.serialize_field("dtype", self.dtype().name())?;
        fields.serialize_field("shape", self.shape())?;
        fields.serialize_field("data", &Elements(&self.raw))?;
        fields.end()
    }
}

struct Elements<'a>(&'a Raw);

impl Serialize for Elements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        by_dtype!(self.0.dtype(), write(self.0, serializer))
    }
}

fn write<T: Wire, S: Serializer>(x: &Raw, serializer: S) -> Result<S::Ok, S::Error> {
    let elements = x.to_vec::<T>().map_err(ser::Error::custom)?;
    serializer.collect_seq(elements.into_iter().map(T::out))
}

/// The element type and the rank must be those of the tensor's type, where it says them.
impl<'de, T: Dtype, const N: usize> Deserialize<'de> for Tensor<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = deserializer.deserialize_struct("Tensor", &FIELDS, Whole(T::KNOWN))?;
        Tensor::from_raw(raw).map_err(de::Error::custom)
    }
}

/// Reads the fields; holds the dtype where the type says it.
struct Whole(Option<DType>);

impl<'de> Visitor<'de> for Whole {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor: its dtype, shape and data")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Raw, A::Error> {
        let missing = |i| de::Error::invalid_length(i, &"a tensor's dtype, shape and data");
        let dtype = parse(&fields.next_element::<String>()?.ok_or_else(|| missing(0))?)?;
        let shape: Vec<usize> = fields.next_element()?.ok_or_else(|| missing(1))?;
        let data = fields
            .next_element_seed(Data(dtype))?
            .ok_or_else(|| missing(2))?;
        data.reshape(&shape).map_err(de::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Raw, A::Error> {
        let (mut dtype, mut shape, mut data) = (None, None::<Vec<usize>>, None);
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "dtype" => dtype = Some(parse(&fields.next_value::<String>()?)?),
                "shape" => shape = Some(fields.next_value()?),
                "data" => {
                    let dtype = dtype.or(self.0).ok_or_else(|| {
                        de::Error::custom("the dtype of a tensor must come before its data")
                    })?;
                    data = Some(fields.next_value_seed(Data(dtype))?);
                }
                other => return Err(de::Error::unknown_field(other, &FIELDS)),
            }
        }
        let data: Raw = data.ok_or_else(|| de::Error::missing_field("data"))?;
        // it may stand behind them, where the type of the tensor said how to read them
        if let Some(dtype) = dtype.filter(|dtype| *dtype != data.dtype()) {
            let text = format!("the elements are of {}, the dtype is {dtype}", data.dtype());
            return Err(de::Error::custom(text));
        }
        let shape = shape.ok_or_else(|| de::Error::missing_field("shape"))?;
        data.reshape(&shape).map_err(de::Error::custom)
    }
}

fn parse<E: de::Error>(name: &str) -> Result<DType, E> {
    DType::from_name(name).ok_or_else(|| E::custom(format!("`{name}` is no dtype")))
}

/// Reads the elements, as a tensor with one axis.
struct Data(DType);

impl<'de> DeserializeSeed<'de> for Data {
    type Value = Raw;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        by_dtype!(self.0, read(deserializer))
    }
}

fn read<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
    deserializer.deserialize_seq(List::<T>(PhantomData))
}

struct List<T>(PhantomData<T>);

impl<'de, T: Wire> Visitor<'de> for List<T> {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "elements of {}", T::DTYPE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Raw, A::Error> {
        // a length that a file claims is no reason to allocate it
        let mut values = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(1 << 16));
        while let Some(form) = elements.next_element::<T::Form>()? {
            values.push(T::back(form));
        }
        let n = values.len();
        Raw::from_vec(values, &[n]).map_err(de::Error::custom)
    }
}
