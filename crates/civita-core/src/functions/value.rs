//! Arguments as the host language passes them, and the kinds of parameters that take them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::mem;
use std::ops::Deref;

use crate::dtype::{Casting, DType, Scalar, Unwritable, promote};
use crate::error::{Error, Result};
use crate::layout::{self, Dims, PerAxis, SliceItem};
pub use crate::primitive::Out;
use crate::raw::{Mode, Operand, Raw};
use smallvec::smallvec;

/// An array, borrowed where it outlives the call. No `Clone`: `held.clone()` is a [`Raw`].
#[derive(Debug)]
pub enum Held<'a> {
    /// The caller's.
    Borrowed(&'a Raw),
    /// Made for the call; boxed, for it is rare and four times as large as the other.
    Owned(Box<Raw>),
}

impl<'a> Held<'a> {
    /// The same once more.
    pub fn again(&self) -> Held<'a> {
        match self {
            Held::Borrowed(x) => Held::Borrowed(x),
            Held::Owned(x) => Held::Owned(x.clone()),
        }
    }

    /// The array itself.
    #[inline]
    pub fn into_raw(self) -> Raw {
        match self {
            Held::Borrowed(x) => x.clone(),
            Held::Owned(x) => *x,
        }
    }
}

impl Deref for Held<'_> {
    type Target = Raw;
    #[inline]
    fn deref(&self) -> &Raw {
        match self {
            Held::Borrowed(x) => x,
            Held::Owned(x) => x,
        }
    }
}

/// An argument of any type.
#[derive(Debug)]
pub enum Value<'a> {
    /// Python's `None`.
    None,
    /// A boolean or a number.
    Scalar(Scalar),
    /// A string; words of defaults are not copied.
    Text(Cow<'static, str>),
    /// A list or tuple.
    List(Vec<Value<'a>>),
    /// A list or tuple of integers, where a kind takes those ([`Form::Integers`]).
    Ints(PerAxis<isize>),
    /// A dictionary.
    Dict(Vec<(Value<'a>, Value<'a>)>),
    /// `slice(start, stop, step)`.
    Slice([Option<isize>; 3]),
    /// A dtype.
    DType(DType),
    /// An array.
    Array(Held<'a>),
    /// Anything else, by the name of its type.
    Other(String),
}

impl Clone for Value<'_> {
    fn clone(&self) -> Self {
        match self {
            Value::None => Value::None,
            Value::Scalar(v) => Value::Scalar(*v),
            Value::Text(text) => Value::Text(text.clone()),
            Value::List(all) => Value::List(all.clone()),
            Value::Ints(all) => Value::Ints(all.clone()),
            Value::Dict(all) => Value::Dict(all.clone()),
            Value::Slice(ends) => Value::Slice(*ends),
            Value::DType(dtype) => Value::DType(*dtype),
            Value::Array(x) => Value::Array(x.again()),
            Value::Other(name) => Value::Other(name.clone()),
        }
    }
}

/// A tuple as Python writes it.
fn tuple(f: &mut fmt::Formatter<'_>, all: &[impl fmt::Display]) -> fmt::Result {
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    let comma = if all.len() == 1 { "," } else { "" };
    write!(f, "({}{comma})", texts.join(", "))
}

/// As Python writes it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Scalar(Scalar::Bool(v)) => f.write_str(if *v { "True" } else { "False" }),
            // Python writes the exponent with two digits
            Value::Scalar(Scalar::Float(v)) if *v != 0.0 && v.abs() < 1e-4 => {
                let text = format!("{v:e}");
                match text.split_once("e-") {
                    Some((digits, exponent)) => write!(f, "{digits}e-{exponent:0>2}"),
                    None => f.write_str(&text),
                }
            }
            Value::Scalar(Scalar::Float(v)) => write!(f, "{v:?}"),
            Value::Scalar(v) => write!(f, "{v}"),
            Value::Text(text) => write!(f, "'{text}'"),
            Value::List(all) => tuple(f, all),
            Value::Ints(all) => tuple(f, all),
            Value::Dict(all) => {
                let texts: Vec<String> = all.iter().map(|(k, v)| format!("{k}: {v}")).collect();
                write!(f, "{{{}}}", texts.join(", "))
            }
            Value::Slice(ends) => {
                let end = |e: &Option<isize>| e.map_or("None".to_owned(), |e| e.to_string());
                write!(
                    f,
                    "slice({})",
                    ends.iter().map(end).collect::<Vec<_>>().join(", ")
                )
            }
            Value::DType(dtype) => write!(f, "'{dtype}'"),
            Value::Array(x) => write!(f, "{}", x.display()),
            Value::Other(name) => write!(f, "<{name}>"),
        }
    }
}

impl From<Raw> for Value<'_> {
    fn from(x: Raw) -> Self {
        Value::Array(Held::Owned(Box::new(x)))
    }
}

impl Value<'_> {
    /// The name of its Python type; that of [`Value::Other`] it says itself.
    #[inline]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Scalar(Scalar::Bool(_)) => "bool",
            Value::Scalar(Scalar::Int(_)) => "int",
            Value::Scalar(Scalar::Float(_)) => "float",
            Value::Scalar(Scalar::Complex(_)) => "complex",
            Value::Text(_) => "str",
            Value::List(_) | Value::Ints(_) => "list",
            Value::Dict(_) => "dict",
            Value::Slice(_) => "slice",
            Value::DType(_) => "dtype",
            Value::Array(_) => "ndarray",
            Value::Other(_) => "object",
        }
    }

    /// The boolean or number that it is: itself, or the element of an array of rank 0.
    fn scalar(&self) -> Option<Scalar> {
        match self {
            Value::Scalar(v) => Some(*v),
            Value::Array(x) if x.rank() == 0 => x.item().ok(),
            _ => None,
        }
    }

    /// Whether it is an array by which a derivative would be recorded.
    fn is_differentiated(&self) -> bool {
        matches!(self, Value::Array(x) if x.is_differentiated())
    }

    fn int(&self) -> Option<isize> {
        match self.scalar()? {
            Scalar::Bool(v) => Some(v.into()),
            Scalar::Int(v) => isize::try_from(v).ok(),
            _ => None,
        }
    }

    /// An integer as a list of one, a list, or an array of integers with at most one axis.
    fn ints(&self) -> Option<PerAxis<isize>> {
        match self {
            Value::Ints(all) => Some(all.clone()),
            Value::List(all) => all.iter().map(Value::int).collect(),
            Value::Array(x) if x.rank() == 1 && (x.dtype().is_integer() || x.is_empty()) => {
                let all = x.scalars().ok()?.into_iter().map(Value::Scalar);
                all.map(|v| v.int()).collect()
            }
            one => Some(smallvec![one.int()?]),
        }
    }
}

/// How a binding converts an argument before a [`Kind`] sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By its own type.
    Plain,
    /// By its own type; a list or tuple of integers without a [`Value`] for each.
    Integers,
    /// To an array.
    Array,
    /// To an array of indices: an empty list has integer elements.
    Indices,
    /// To an array, unless it is a number of Python's own, which takes the dtype of what it meets.
    Operand,
    /// To an array, unless it is a number of Python's own or `None`.
    OptionalOperand,
    /// To an array, unless it is `None`.
    OptionalArray,
    /// Each element of a sequence to an array.
    Arrays,
    /// All positional arguments that are left, each to an array (Python's `*arrays`).
    EachArray,
    /// All positional arguments that are left, each to an array of indices.
    EachIndices,
    /// All positional arguments that are left, by their own types.
    Each,
    /// To a dtype, unless it is `None`.
    DType,
    /// It is the array that the binding writes the result to.
    Out,
    /// It is an array, which the function writes.
    Target,
    /// To an array; numbers and lists of Python's own in the dtype of the first argument, which must hold them.
    Values,
    /// Each element of a sequence to an array, unless it is a number of Python's own.
    Operands,
    /// Each leaf of nested lists to an array; a tuple is an error.
    Nested,
    /// All positional arguments that are left, as `einsum` takes them: subscripts and arrays, or arrays each followed by a
    /// list of subscripts.
    Subscripts,
}

/// Why a kind does not take a value.
#[derive(Debug)]
pub enum Refused {
    /// It is of another type.
    Type,
    /// It is of the right type, but the value is wrong.
    Because(Error),
    /// It is a word that is not among those that the kind takes.
    Word(String),
}

/// The error of a number that tracks a gradient, where a function knows no derivative by it.
#[cold]
pub fn constant_alone() -> Error {
    Error::gradient(
        "argument",
        "there is no derivative by this number, which tracks a gradient",
    )
    .hint("give its value as a constant: `.detach()`")
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Because(error)
    }
}

/// A kind of parameter. The set is closed: a row names one for each parameter.
pub trait Kind: Sized {
    /// What it takes, as an error says it.
    const EXPECTS: &'static str;
    /// What it takes, as a type stub says it.
    const STUB: &'static str;
    /// How bindings convert arguments.
    const FORM: Form = Form::Plain;

    /// The argument as engine functions take it.
    ///
    /// # Errors
    /// When the value is of another type, or wrong.
    fn from_value(value: Value<'_>) -> Result<Self, Refused>;
}

/// A parameter of an engine function: a [`Kind`], or an array that stays where the call holds it.
pub trait Parameter<'a>: Sized {
    /// What rows say of it.
    type Kind: Kind;

    /// The argument, taken out of its place, or borrowed there.
    ///
    /// # Errors
    /// As [`Kind::from_value`].
    fn take(place: &'a mut Value<'_>) -> Result<Self, Refused>;

    /// The default of a parameter.
    ///
    /// # Errors
    /// As [`Kind::from_value`].
    fn of_default(value: Value<'static>) -> Result<Self, Refused>;
}

impl<K: Kind> Parameter<'_> for K {
    type Kind = K;

    #[inline]
    fn take(place: &mut Value<'_>) -> Result<K, Refused> {
        K::from_value(mem::replace(place, Value::None))
    }

    #[inline]
    fn of_default(value: Value<'static>) -> Result<K, Refused> {
        K::from_value(value)
    }
}

impl<'a> Parameter<'a> for &'a Raw {
    type Kind = Raw;

    #[inline]
    fn take(place: &'a mut Value<'_>) -> Result<&'a Raw, Refused> {
        if !matches!(place, Value::Array(_)) {
            *place = array(place)?.into();
        }
        match place {
            Value::Array(x) => Ok(x),
            _ => Err(Refused::Type),
        }
    }

    /// An array has no default.
    fn of_default(_: Value<'static>) -> Result<&'a Raw, Refused> {
        Err(Refused::Type)
    }
}

/// An array.
pub type Array<'a> = &'a Raw;
/// An array, or `None`.
pub type OptArray = Option<Raw>;
/// An array or a number, or none.
pub type OptNumber = Option<Number>;
/// A sequence of arrays.
pub type Arrays = Vec<Raw>;
/// A boolean.
pub type Bool = bool;
/// An integer.
pub type Int = isize;
/// A number of things.
pub type Count = usize;
/// A real number.
pub type Float = f64;
/// One axis; negative ones count from the end.
pub type Axis = isize;
/// An element type, or the default one.
pub type OptDType = Option<DType>;

macro_rules! newtypes {
    ($($(#[doc = $doc:literal])* $Name:ident($T:ty);)*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $Name(pub $T);
        impl From<$T> for $Name {
            fn from(value: $T) -> $Name {
                $Name(value)
            }
        }
    )* };
}
newtypes! {
    /// An integer from 0, or `None`.
    OptCount(Option<usize>);
    /// An integer, or `None`.
    OptInt(Option<isize>);
    /// The number of a diagonal; beyond every matrix it may be any integer.
    Diagonal(isize);
    /// A boolean, or `None` where the function decides.
    OptBool(Option<bool>);
    /// A real number, or `None`.
    OptFloat(Option<f64>);
    /// Where elements count, as booleans that broadcast to the array; `None` for everywhere.
    Where(Option<Raw>);
    /// The positional arguments that are left, as arrays (Python's `*arrays`).
    EachArray(Vec<Raw>);
    /// The positional arguments that are left, as arrays of indices.
    EachIndices(Vec<Raw>);
    /// The positional arguments that are left, as shapes (Python's `*shapes`).
    EachShape(Vec<Vec<usize>>);
    /// An array of indices.
    Indices(Raw);
    /// One axis, or `None`: the flattened array.
    AxisOrFlat(Option<isize>);
    /// One or several axes, or `None` for all.
    Axes(Option<PerAxis<isize>>);
    /// One or several axes.
    AxisList(PerAxis<isize>);
    /// The order of all axes, or `None` for the reverse.
    AxisOrder(Option<PerAxis<isize>>);
    /// One integer or several.
    Ints(Vec<isize>);
    /// How often elements are repeated: one integer or several. Numbers in lists lose their fractions, as in NumPy.
    Times(Vec<isize>);
    /// Lengths of axes.
    Shape(Dims);
    /// Lengths of axes, of which one may be -1: whatever is left.
    Lengths(PerAxis<isize>);
    /// A shape, or `None`.
    OptShape(Option<Dims>);
    /// An element type.
    Dtype(DType);
    /// The device: there is one.
    Device(());
    /// Two axes that differ.
    AxisPair([isize; 2]);
    /// An array of booleans.
    Mask(Raw);
    /// The array that a function writes.
    Target(Raw);
    /// What goes into the first argument.
    Values(Raw);
    /// A sequence of arrays and numbers.
    Numbers(Vec<Number>);
    /// What becomes of an index that is out of range, for all axes or for each.
    Modes(Vec<Mode>);
}

/// Arrays in nested lists.
#[derive(Clone, Debug)]
pub enum Nested {
    /// An array.
    Array(Raw),
    /// A list.
    List(Vec<Nested>),
}

/// An array, or a number of the host language, which takes the dtype of what it meets (NEP 50).
#[derive(Clone, Debug)]
pub enum Number {
    /// An array.
    Array(Raw),
    /// A number.
    Scalar(Scalar),
}

impl From<Operand<'_>> for Number {
    fn from(operand: Operand<'_>) -> Number {
        match operand {
            Operand::Tensor(x) => Number::Array(x.clone()),
            Operand::Scalar(v) => Number::Scalar(v),
        }
    }
}

impl Number {
    /// The dtype of these together, of which none is an integer.
    pub fn inexact(all: &[&Number]) -> DType {
        let arrays = all.iter().filter_map(|n| match n {
            Number::Array(x) => Some(x.dtype()),
            Number::Scalar(_) => None,
        });
        let scalars = all.iter().filter_map(|n| match n {
            Number::Array(_) => None,
            Number::Scalar(v) => Some(*v),
        });
        let half = Scalar::Float(0.5);
        let arrays = arrays.reduce(promote).unwrap_or(half.default_dtype());
        scalars
            .chain([half])
            .fold(arrays, |dtype, v| v.weak_with(dtype))
    }

    /// Lengths of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Number::Array(x) => x.shape(),
            Number::Scalar(_) => &[],
        }
    }

    /// As an operand of an op.
    #[inline]
    pub fn operand(&self) -> Operand<'_> {
        match self {
            Number::Array(x) => x.into(),
            Number::Scalar(v) => (*v).into(),
        }
    }

    /// As an array of this dtype.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn cast(&self, dtype: DType) -> Result<Raw> {
        match self {
            Number::Array(x) => x.cast(dtype),
            Number::Scalar(v) => Raw::scalar(*v, v.default_dtype())?.cast(dtype),
        }
    }

    /// As an array of this dtype, to be written into one by `op`: an array by a cast within its kind or to a later one, a number as
    /// in an assignment.
    ///
    /// # Errors
    /// When the cast is another, or the number does not fit.
    pub fn written_to(&self, op: &'static str, dtype: DType) -> Result<Raw> {
        let v = match self {
            Number::Array(x) => {
                return x.cast_if(dtype, Casting::SameKind).map_err(|e| e.in_op(op));
            }
            Number::Scalar(v) => v,
        };
        match v.written_to(dtype) {
            // infinity is refused as integers are that do not fit
            Err(Unwritable::Infinite) => Raw::scalar(*v, dtype),
            Err(Unwritable::Nan) => Err(Error::value(op, "cannot convert float NaN to integer")),
            Err(Unwritable::Complex) => {
                let problem = format!("a complex number does not fit into {dtype}");
                Err(Error::dtype(op, problem)
                    .dtypes(&[dtype])
                    .hint("take its real part first"))
            }
            Ok(v) => Raw::scalar(v, dtype),
        }
    }
}

/// Where an axis is cut.
#[derive(Clone, Debug)]
pub enum Sections {
    /// Into so many parts.
    Equal(isize),
    /// Before these places.
    At(Vec<isize>),
}

/// Places along an axis.
#[derive(Clone, Debug)]
pub enum Positions {
    /// One; negative ones count from the end.
    One(isize),
    /// Several.
    List(Vec<isize>),
    /// Several, in an array with more than one axis.
    Grid(Vec<isize>),
    /// Where this is true.
    Mask(Vec<bool>),
    /// Floats, which are no places.
    Floats,
    /// `start:stop:step`.
    Slice(SliceItem),
}

/// An empty sequence says no dtype: as indices it is one of integers.
fn indices(x: Raw) -> std::result::Result<Raw, Refused> {
    if x.is_empty() && x.dtype() == DType::F64 {
        return x.cast(DType::I64).map_err(|_| Refused::Type);
    }
    Ok(x)
}

/// Why a value is no integer of the machine's size: its size, if it is one.
#[cold]
fn too_large(value: &Value) -> Refused {
    match value.scalar() {
        Some(Scalar::Int(n)) => {
            Error::dtype("scalar", format!("the scalar {n} does not fit into int64")).into()
        }
        _ => Refused::Type,
    }
}

macro_rules! kinds { ($($K:ty, $expects:literal, $stub:literal $(, $form:ident)?: $($pattern:pat $(if $guard:expr)? => $value:expr),+;)*) => { $(
    impl Kind for $K {
        const EXPECTS: &'static str = $expects;
        const STUB: &'static str = $stub;
        $(const FORM: Form = Form::$form;)?
        fn from_value(value: Value<'_>) -> Result<$K, Refused> {
            match value {
                $($pattern $(if $guard)? => $value,)+
                #[allow(unreachable_patterns)]
                _ => Err(Refused::Type),
            }
        }
    }
)* } }
kinds! {
    Raw, "an array", "_ArrayLike", Array: Value::Array(x) => Ok(x.into_raw()), other => array(&other);
    Number, "an array or a number", "_ArrayLike", Operand: Value::Scalar(v) => Ok(Number::Scalar(v)), other => Raw::from_value(other).map(Number::Array);
    OptNumber, "an array, a number or None", "_ArrayLike | None", OptionalOperand: Value::None => Ok(None), some => Number::from_value(some).map(Some);
    OptArray, "an array or None", "_ArrayLike | None", OptionalArray: Value::None => Ok(None), some => Raw::from_value(some).map(Some);
    Arrays, "a sequence of arrays", "Sequence[_ArrayLike] | ndarray", Arrays: Value::List(all) => all.into_iter().map(Raw::from_value).collect();
    EachArray, "arrays", "_ArrayLike", EachArray: Value::List(all) => all.into_iter().map(Raw::from_value).collect::<Result<_, _>>().map(EachArray);
    EachIndices, "arrays of integers", "_ArrayLike", EachIndices:
        Value::List(all) => all.into_iter().map(|x| Indices::from_value(x).map(|x| x.0)).collect::<Result<_, _>>().map(EachIndices);
    EachShape, "shapes", "_Shape", Each:
        Value::List(all) => all.into_iter().map(|s| Shape::from_value(s).map(|s| s.0.into_vec())).collect::<Result<_, _>>().map(EachShape);
    Indices, "an array of integers", "_ArrayLike", Indices: Value::Array(x) => Ok(Indices(x.into_raw())), other => indices(Raw::from_value(other)?).map(Indices);
    Mask, "an array", "_ArrayLike", Array: other => Raw::from_value(other).map(Mask);
    Target, "an array", "ndarray", Target: Value::Array(x) => Ok(Target(x.into_raw())), other => array(&other).map(Target);
    Values, "an array", "_ArrayLike", Values: other => Raw::from_value(other).map(Values);
    Numbers, "a sequence of arrays", "Sequence[_ArrayLike] | ndarray", Operands:
        Value::List(all) => all.into_iter().map(Number::from_value).collect::<Result<_, _>>().map(Numbers);
    Nested, "arrays in nested lists", "_ArrayLike", Nested:
        Value::List(all) => all.into_iter().map(Nested::from_value).collect::<Result<_, _>>().map(Nested::List),
        leaf => array(&leaf).map(Nested::Array);
    Modes, "'raise', 'wrap', 'clip', or a tuple of them", "Literal['raise', 'wrap', 'clip'] | tuple[Literal['raise', 'wrap', 'clip'], ...]":
        Value::List(all) => all.into_iter().map(Mode::from_value).collect::<Result<_, _>>().map(Modes),
        one => Mode::from_value(one).map(|mode| Modes(vec![mode]));
    Bool, "a boolean", "_bool": v => match v.scalar() {
        Some(Scalar::Bool(v)) => Ok(v),
        Some(Scalar::Int(v)) => Ok(v != 0),
        _ => Err(Refused::Type),
    };
    OptBool, "a boolean or None", "_bool | None": Value::None => Ok(OptBool(None)), some => Bool::from_value(some).map(|v| OptBool(Some(v)));
    Int, "an integer", "int": v => v.int().ok_or_else(|| too_large(&v));
    Diagonal, "an integer", "int": v => match v.scalar() {
        Some(Scalar::Int(k)) => Ok(Diagonal(k.clamp(isize::MIN as i128, isize::MAX as i128) as isize)),
        Some(Scalar::Bool(k)) => Ok(Diagonal(k.into())),
        _ => Err(Refused::Type),
    };
    Count, "an integer", "int": v => count(v.int().ok_or(Refused::Type)?);
    OptInt, "an integer or None", "int | None": Value::None => Ok(OptInt(None)), some => Int::from_value(some).map(|n| OptInt(Some(n)));
    OptCount, "an integer or None", "int | None": Value::None => Ok(OptCount(None)), some => Count::from_value(some).map(|n| OptCount(Some(n)));
    Float, "a real number", "float": v => match v.scalar() {
        _ if v.is_differentiated() => Err(constant_alone().into()),
        Some(Scalar::Complex(_)) | None => Err(Refused::Type),
        Some(v) => Ok(v.as_f64()),
    };
    OptFloat, "a real number or None", "float | None": Value::None => Ok(OptFloat(None)), some => Float::from_value(some).map(|v| OptFloat(Some(v)));
    Where, "an array of booleans", "_ArrayLike", OptionalArray:
        Value::None | Value::Scalar(Scalar::Bool(true)) => Ok(Where(None)),
        Value::Array(x) if x.dtype() == DType::Bool => Ok(Where(Some(x).filter(|x| x.rank() > 0 || x.opaque().is_some() || x.item().ok() != Some(Scalar::Bool(true))).map(Held::into_raw))),
        Value::List(all) => match Raw::from_value(Value::List(all))? {
            x if x.dtype() == DType::Bool => Ok(Where(Some(x))),
            _ => Err(Refused::Type),
        };
    AxisOrFlat, "an integer or None", "int | None": Value::None => Ok(AxisOrFlat(None)), Value::Scalar(Scalar::Bool(_)) => Err(Refused::Type), some => Int::from_value(some).map(|a| AxisOrFlat(Some(a)));
    Axes, "an integer, a tuple of integers or None", "_Axis", Integers: Value::None => Ok(Axes(None)), some => ints(&some).map(|all| Axes(Some(all)));
    AxisList, "an integer or a tuple of integers", "_Shape", Integers: some => ints(&some).map(AxisList);
    AxisOrder, "a tuple of integers or None", "Sequence[SupportsIndex] | None", Integers:
        Value::None => Ok(AxisOrder(None)),
        Value::Ints(all) => Ok(AxisOrder(Some(all))),
        Value::List(all) => ints(&Value::List(all)).map(|all| AxisOrder(Some(all))),
        Value::Array(x) if x.rank() > 0 => ints(&Value::Array(x)).map(|all| AxisOrder(Some(all)));
    AxisPair, "two integers", "Sequence[SupportsIndex]", Integers: some => match ints(&some)?[..] {
        [a, b] => Ok(AxisPair([a, b])),
        _ => Err(Error::value("axes", "two axes are needed").into()),
    };
    Ints, "an integer or a sequence of integers", "SupportsIndex | Sequence[SupportsIndex] | ndarray", Integers: some => match &some {
        Value::Array(x) if x.rank() > 1 => Err(Error::value("argument", "object too deep for desired array").into()),
        Value::List(all) if all.iter().any(|v| matches!(v, Value::List(_))) => Err(Error::value("argument", "setting an array element with a sequence").into()),
        _ => ints(&some).map(|all| Ints(all.into_vec())),
    };
    Times, "an integer or a sequence of integers", "SupportsIndex | Sequence[SupportsIndex] | ndarray", Integers: some => repeats(&some).map(Times);
    Lengths, "an integer or a sequence of integers", "_Shape", Integers: some => match has_bool(&some) {
        true => Err(Refused::Type),
        false => ints(&some).map(Lengths),
    };
    Shape, "an integer or a sequence of integers", "_Shape", Integers: some => shape(&some).map(Shape);
    OptShape, "an integer, a sequence of integers or None", "_Shape | None", Integers:
        Value::None => Ok(OptShape(None)), some => shape(&some).map(|s| OptShape(Some(s)));
    Dtype, "a dtype", "_DTypeLike", DType: Value::None => Ok(Dtype(DType::F64)), some => dtype(some).map(Dtype);
    OptDType, "a dtype or None", "_DTypeLike | None", DType: Value::None => Ok(None), some => dtype(some).map(Some);
    Device, "'cpu' or None", "_str | None": Value::None => Ok(Device(())), Value::Text(name) => match &*name {
        "cpu" => Ok(Device(())),
        _ => Err(Error::value("device", format!("there is no device {name:?}; the devices are [\"cpu\"]")).into()),
    };
    Out, "an array or None", "ndarray | tuple[ndarray] | None", Out: Value::Array(x) => Ok(Out::of(x.into_raw())), _ => Ok(Out::NONE);
    Sections, "an integer or a sequence of integers", "SupportsIndex | Sequence[SupportsIndex] | ndarray", Integers: v => match v.int() {
        Some(n) => Ok(Sections::Equal(n)),
        None => ints(&v).map(|all| Sections::At(all.into_vec())),
    };
    Positions, "an integer, a slice, or a sequence of integers or booleans", "SupportsIndex | slice | Sequence[SupportsIndex] | _ArrayLike":
        Value::Slice([start, stop, step]) => Ok(Positions::Slice(SliceItem::Range { start, stop, step: step.unwrap_or(1) })),
        Value::Array(x) if x.rank() == 1 && x.dtype() == DType::Bool => Ok(Positions::Mask(x.to_vec()?)),
        Value::Scalar(Scalar::Bool(_)) => Err(one_boolean()),
        Value::Array(x) if x.rank() == 0 && x.dtype() == DType::Bool => Err(one_boolean()),
        Value::Scalar(Scalar::Float(_)) => Ok(Positions::Floats),
        Value::List(all) if !all.is_empty() && all.iter().all(|v| matches!(v, Value::Scalar(Scalar::Bool(_)))) =>
            Ok(Positions::Mask(all.iter().map(|v| matches!(v, Value::Scalar(Scalar::Bool(true)))).collect())),
        Value::Array(x) if !x.dtype().is_integer() => Err(no_index(x.dtype())),
        some => match some.int() {
            Some(i) => Ok(Positions::One(i)),
            None => match some.ints() {
                Some(all) => Ok(Positions::List(all.into_vec())),
                None => grid(&some),
            },
        };
}

/// One boolean is no mask of an axis.
fn one_boolean() -> Refused {
    Error::value(
        "index",
        "boolean array argument obj must be one dimensional and match the axis length",
    )
    .into()
}

fn no_index(dtype: DType) -> Refused {
    Error::index(
        "index",
        "arrays used as indices must be of integer (or boolean) type",
    )
    .dtypes(&[dtype])
    .into()
}

/// Integers in nested sequences, as `where` and `nonzero` give them.
fn grid(value: &Value<'_>) -> Result<Positions, Refused> {
    match array(value)? {
        x if x.is_empty() => Ok(Positions::Grid(Vec::new())),
        x if x.rank() > 1 && x.dtype().is_integer() => {
            ints(&x.reshape(&[x.len()])?.into()).map(|all| Positions::Grid(all.into_vec()))
        }
        x if x.rank() > 0 && x.dtype().is_float() => Ok(Positions::Floats),
        _ => Err(Refused::Type),
    }
}

/// A boolean is no length.
fn has_bool(value: &Value<'_>) -> bool {
    match value {
        Value::List(all) => all.iter().any(has_bool),
        one => matches!(one.scalar(), Some(Scalar::Bool(_))),
    }
}

fn ints(value: &Value<'_>) -> Result<PerAxis<isize>, Refused> {
    value.ints().ok_or(Refused::Type)
}

/// Counts as NumPy casts them: arrays by the rule "safe", numbers and lists of Python's whatever they are.
fn repeats(value: &Value<'_>) -> Result<Vec<isize>, Refused> {
    let one = |v: &Value<'_>| match v.scalar() {
        Some(Scalar::Float(v)) => whole("repeat", v).map(|n| n as isize),
        _ => v.int().ok_or(Refused::Type),
    };
    let deep = || {
        Error::value(
            "repeat",
            "object too deep for desired array: the counts have one axis",
        )
    };
    match value {
        Value::Array(x) if x.rank() > 1 => Err(deep().into()),
        Value::Array(x) if x.dtype() != DType::Bool => {
            let counts = x
                .cast_if(DType::I64, Casting::Safe)
                .map_err(|e| e.in_op("repeat"))?;
            Ok(ints(&counts.into())?.into_vec())
        }
        Value::Array(x) => x
            .scalars()?
            .into_iter()
            .map(|v| one(&Value::Scalar(v)))
            .collect(),
        Value::List(all) => match all.iter().any(|v| matches!(v, Value::List(_))) {
            true => Err(deep().into()),
            false => all.iter().map(one).collect(),
        },
        other => match other.ints() {
            Some(all) => Ok(all.into_vec()),
            None => one(other).map(|n| vec![n]),
        },
    }
}

/// A float without its fraction.
pub(super) fn whole(op: &'static str, v: f64) -> Result<i128, Refused> {
    match v.is_finite() {
        true => Ok(v as i128),
        false => Err(Error::value(op, format!("cannot convert float {v} to integer")).into()),
    }
}

fn count(n: isize) -> Result<usize, Refused> {
    usize::try_from(n)
        .map_err(|_| Error::value("count", format!("{n} must be non-negative")).into())
}

fn shape(value: &Value<'_>) -> Result<Dims, Refused> {
    let length = |n: isize| {
        let negative =
            |_| Error::value("shape", format!("negative dimensions are not allowed: {n}"));
        usize::try_from(n).map_err(|e| negative(e).into())
    };
    ints(value)?.into_iter().map(length).collect()
}

fn dtype(value: Value<'_>) -> Result<DType, Refused> {
    match value {
        Value::DType(dtype) => Ok(dtype),
        Value::Text(name) => DType::from_name(&name)
            .ok_or_else(|| Error::dtype("dtype", format!("there is no dtype {name:?}")).into()),
        _ => Err(Refused::Type),
    }
}

/// The array that nested lists of scalars describe. (Bindings convert their lists themselves.)
fn array(value: &Value<'_>) -> Result<Raw, Refused> {
    match value {
        Value::Array(x) => Ok((**x).clone()),
        Value::Scalar(v) => Ok(Raw::scalar(*v, v.default_dtype())?),
        Value::List(all) if all.is_empty() => Ok(Raw::zeros(&[0], DType::F64)?),
        Value::List(all) => {
            let rows = all.iter().map(array).collect::<Result<Vec<_>, _>>()?;
            Ok(Raw::stack(&rows.iter().collect::<Vec<_>>(), 0)?)
        }
        _ => Err(Refused::Type),
    }
}

/// Enums whose variants are words in Python.
macro_rules! named { ($($(#[$doc:meta])* $Enum:ident { $($(#[$d:meta])* $Variant:ident $word:literal),* $(,)? })*) => { $(
    $(#[$doc])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub enum $Enum { $($(#[$d])* $Variant),* }
    impl $Enum {
        /// The word.
        pub fn word(self) -> &'static str {
            match self { $($Enum::$Variant => $word),* }
        }
    }
)* } }
/// Those that take nothing but words.
macro_rules! words { ($($(#[$doc:meta])* $Enum:ident $stub:literal { $($(#[$d:meta])* $Variant:ident $word:literal),* $(,)? })*) => { $(
    named! { $(#[$doc])* $Enum { $($(#[$d])* $Variant $word),* } }
    word! { $Enum $stub { $($Variant $word),* } }
)* } }
/// Whether a text is this word in lower case.
fn is_in_lowercase(text: &str, word: &str) -> bool {
    text.bytes()
        .eq(word.bytes().map(|b| b.to_ascii_lowercase()))
}
/// An error names the parameter and says which word it got, as NumPy's do.
macro_rules! word { ($Enum:ident $stub:literal { $($Variant:ident $word:literal),* }) => {
    impl Kind for $Enum {
        const EXPECTS: &'static str = concat!("one of ", $stub);
        const STUB: &'static str = concat!("Literal[", $stub, "]");
        fn from_value(value: Value<'_>) -> Result<$Enum, Refused> {
            let Value::Text(word) = value else { return Err(Refused::Type) };
            match &*word {
                $(w if w == $word || is_in_lowercase(w, $word) => Ok($Enum::$Variant),)*
                _ => Err(Refused::Word(word.into_owned())),
            }
        }
    }
    impl From<$Enum> for Value<'static> {
        fn from(word: $Enum) -> Value<'static> {
            Value::Text(match word { $($Enum::$Variant => $word),* }.into())
        }
    }
} }
words! {
    /// In which order elements are read.
    Order "'C', 'F', 'A', 'K'" {
        /// The last axis changes fastest.
        #[default] C "C",
        /// The first axis changes fastest.
        F "F",
        /// As `F` where the memory is in that order, else as `C`.
        A "A",
        /// As the elements lie in memory.
        K "K",
    }
    /// Which of `meshgrid`'s inputs goes along the rows.
    Indexing "'xy', 'ij'" {
        /// The second: Cartesian coordinates.
        #[default] Xy "xy",
        /// The first: matrix indices.
        Ij "ij",
    }
    /// What surrounds a padded array.
    PadMode "'constant', 'edge', 'linear_ramp', 'maximum', 'mean', 'median', 'minimum', 'reflect', 'symmetric', 'wrap', 'empty'" {
        /// One value, or one for each side.
        #[default] Constant "constant",
        /// The element at the edge.
        Edge "edge",
        /// A straight line from the edge to a value.
        LinearRamp "linear_ramp",
        /// The largest of the elements along the axis.
        Maximum "maximum",
        /// Their mean.
        Mean "mean",
        /// Their median.
        Median "median",
        /// The smallest of them.
        Minimum "minimum",
        /// The elements mirrored at the edge, which is not repeated.
        Reflect "reflect",
        /// The elements mirrored beyond the edge.
        Symmetric "symmetric",
        /// The elements from the other side.
        Wrap "wrap",
        /// Nothing in particular: zeros.
        Empty "empty",
    }
    /// On which side of equal elements a value is put into a sorted array.
    Side "'left', 'right'" {
        /// Before them.
        #[default] Left "left",
        /// Behind them.
        Right "right",
    }
    /// NumPy's name of the algorithm of `partition`.
    SelectKind "'introselect'" {
        /// The only one.
        #[default] Introselect "introselect",
    }
    /// How a quantile between elements is estimated.
    QuantileMethod "'inverted_cdf', 'averaged_inverted_cdf', 'closest_observation', 'interpolated_inverted_cdf', 'hazen', 'weibull', 'linear', 'median_unbiased', 'normal_unbiased', 'lower', 'higher', 'midpoint', 'nearest'" {
        /// By the empirical distribution, an element.
        InvertedCdf "inverted_cdf",
        /// By the empirical distribution; at its steps the mean of two elements.
        AveragedInvertedCdf "averaged_inverted_cdf",
        /// The element at the nearest place, of two the even one.
        ClosestObservation "closest_observation",
        /// By the empirical distribution, in straight lines.
        InterpolatedInvertedCdf "interpolated_inverted_cdf",
        /// With steps in the middle between elements.
        Hazen "hazen",
        /// By the expected places of `n + 1` parts.
        Weibull "weibull",
        /// By the elements as ends of `n - 1` parts.
        #[default] Linear "linear",
        /// The median is unbiased for every distribution.
        MedianUnbiased "median_unbiased",
        /// Unbiased for the normal distribution.
        NormalUnbiased "normal_unbiased",
        /// The element below.
        Lower "lower",
        /// The element above.
        Higher "higher",
        /// The mean of the two.
        Midpoint "midpoint",
        /// The nearer one.
        Nearest "nearest",
    }
    /// Which bit of a byte is first.
    BitOrder "'big', 'little'" {
        /// The most significant.
        #[default] Big "big",
        /// The least significant.
        Little "little",
    }
    /// What becomes of the losses of all samples.
    LossReduction "'none', 'mean', 'sum'" {
        /// They come back as they are.
        None "none",
        /// Their mean.
        #[default] Mean "mean",
        /// Their sum.
        Sum "sum",
    }
    /// How `reflect` and `symmetric` continue an array.
    ReflectType "'even', 'odd'" {
        /// With the mirrored elements.
        #[default] Even "even",
        /// With twice the edge minus the mirrored elements.
        Odd "odd",
    }
}
words! {
    /// How the products of a semiring are put together.
    SemiringSum "'min', 'max', 'or', 'and'" {
        /// The smallest.
        #[default] Min "min",
        /// The largest.
        Max "max",
        /// Whether any is true.
        Or "or",
        /// Whether all are true.
        And "and",
    }
    /// The product of two elements in a semiring.
    SemiringProduct "'add', 'multiply', 'min', 'max', 'or', 'and'" {
        /// Their sum.
        #[default] Add "add",
        /// Their product.
        Multiply "multiply",
        /// The smaller one.
        Min "min",
        /// The larger one.
        Max "max",
        /// Whether one of them is true.
        Or "or",
        /// Whether both are true.
        And "and",
    }
    /// What lies beyond the borders of a plane.
    Boundary "'fill', 'wrap', 'symm'" {
        /// A value.
        #[default] Fill "fill",
        /// What lies at the other end.
        Wrap "wrap",
        /// The plane, mirrored.
        Symm "symm",
    }
}
named! {
    /// How much of a convolution comes back.
    ConvolveMode {
        /// Wherever the operands overlap at all.
        #[default] Full "full",
        /// As much as the longer operand is long, from the middle.
        Same "same",
        /// Where the shorter operand lies wholly inside the longer.
        Valid "valid",
    }
}
impl Kind for ConvolveMode {
    const EXPECTS: &'static str = "one of 'full', 'same', 'valid'";
    const STUB: &'static str = "Literal['full', 'same', 'valid']";
    fn from_value(value: Value<'_>) -> Result<ConvolveMode, Refused> {
        let all = [ConvolveMode::Valid, ConvolveMode::Same, ConvolveMode::Full];
        let wrong = |given: i128| -> Refused {
            Error::value("mode", format!("there is no mode {given}")).into()
        };
        match value {
            Value::Text(word) => match all.into_iter().find(|mode| mode.word() == word) {
                Some(mode) => Ok(mode),
                None => Err(Refused::Word(word.into_owned())),
            },
            // as NumPy numbers them
            Value::Scalar(Scalar::Int(n)) => match usize::try_from(n).ok().and_then(|n| all.get(n))
            {
                Some(mode) => Ok(*mode),
                None => Err(wrong(n)),
            },
            _ => Err(Refused::Type),
        }
    }
}
impl From<ConvolveMode> for Value<'static> {
    fn from(mode: ConvolveMode) -> Value<'static> {
        Value::Text(mode.word().into())
    }
}
word! { Mode "'raise', 'wrap', 'clip'" { Raise "raise", Wrap "wrap", Clip "clip" } }
impl From<Mode> for Modes {
    fn from(mode: Mode) -> Modes {
        Modes(vec![mode])
    }
}

impl Kind for Casting {
    const EXPECTS: &'static str = "one of 'no', 'equiv', 'safe', 'same_kind', 'unsafe'";
    const STUB: &'static str = "_Casting";
    fn from_value(value: Value<'_>) -> Result<Casting, Refused> {
        let Value::Text(word) = value else {
            return Err(Refused::Type);
        };
        match &*word {
            "no" | "equiv" => Ok(Casting::No),
            "safe" => Ok(Casting::Safe),
            "same_kind" => Ok(Casting::SameKind),
            "unsafe" => Ok(Casting::Unsafe),
            _ => Err(Refused::Word(word.into_owned())),
        }
    }
}
impl From<super::signal::TrimEnds> for Value<'static> {
    fn from(ends: super::signal::TrimEnds) -> Value<'static> {
        Value::Text(ends.name().into())
    }
}
impl From<Casting> for Value<'static> {
    fn from(casting: Casting) -> Value<'static> {
        Value::Text(
            match casting {
                Casting::No => "no",
                Casting::Safe => "safe",
                Casting::SameKind => "same_kind",
                Casting::Unsafe => "unsafe",
            }
            .into(),
        )
    }
}

/// Defaults of rows and arguments of the typed API.
macro_rules! from { ($($T:ty => $K:ty, $v:pat => $value:expr;)*) => { $(
    impl From<$T> for $K {
        fn from($v: $T) -> $K {
            $value
        }
    }
)* } }
from! {
    Option<Infallible> => Value<'static>, _ => Value::None;
    bool => Value<'static>, v => Value::Scalar(Scalar::Bool(v));
    i32 => Value<'static>, v => Value::Scalar(Scalar::Int(v.into()));
    f64 => Value<'static>, v => Value::Scalar(Scalar::Float(v));
    DType => Value<'static>, v => Value::DType(v);
    [i32; 2] => Value<'static>, v => Value::List(v.map(Value::from).to_vec());
    &[usize] => Shape, all => Shape(Dims::from_slice(all));
    SliceItem => Positions, range => Positions::Slice(range);
    layout::Axes<'_> => Axes, axes => Axes(match axes {
        layout::Axes::All => None,
        layout::Axes::List(list) => Some(PerAxis::from_slice(list)),
    });
    layout::Axes<'_> => AxisOrder, axes => AxisOrder(Axes::from(axes).0);
    layout::Axes<'_> => AxisList, axes => AxisList(Axes::from(axes).0.unwrap_or_default());
}

/// An integer of any type as those that parameters are; what is beyond those is their end.
pub(crate) trait Clamped: Copy {
    fn clamped(self) -> isize;
}
macro_rules! clamped { ($($T:ty)*) => { $(
    impl Clamped for $T {
        #[inline]
        fn clamped(self) -> isize {
            (self as i128).clamp(isize::MIN as i128, isize::MAX as i128) as isize
        }
    }
)* } }
clamped! { i32 i64 isize usize }

pub(crate) fn all_clamped<T: Clamped>(all: &[T]) -> Vec<isize> {
    all.iter().map(|n| n.clamped()).collect()
}

/// Counts, places and distances: an integer, an array or a slice of them, of the types that lengths, literals and elements have.
macro_rules! from_integers { ($($K:ty, $one:expr, $many:expr;)*) => {
    $(from_integers! { @each $K, $one, $many; i32 i64 isize usize })*
};
(@each $K:ty, $one:expr, $many:expr; $($T:ty)*) => { $(
    impl From<$T> for $K {
        fn from(n: $T) -> $K {
            $one(n.clamped())
        }
    }
    impl From<&[$T]> for $K {
        fn from(all: &[$T]) -> $K {
            $many(all_clamped(all))
        }
    }
    impl<const K: usize> From<[$T; K]> for $K {
        fn from(all: [$T; K]) -> $K {
            $many(all_clamped(&all))
        }
    }
)* } }
from_integers! {
    Ints, |n| Ints(vec![n]), Ints;
    Times, |n| Times(vec![n]), Times;
    Sections, Sections::Equal, Sections::At;
    Positions, Positions::One, Positions::List;
    super::rearrange::Shifts, |n| super::rearrange::Shifts(vec![n as i128]), |all: Vec<isize>| {
        super::rearrange::Shifts(all.into_iter().map(|n| n as i128).collect())
    };
}

impl Axes {
    /// For the engine.
    pub fn as_layout(&self) -> layout::Axes<'_> {
        match &self.0 {
            None => layout::Axes::All,
            Some(list) => layout::Axes::List(list),
        }
    }
}
