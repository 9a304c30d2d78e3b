//! The tensor: one type, as static as the user likes.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use civita_core::device::Device;
use civita_core::dtype::{DType, Scalar as Value};
use civita_core::error::shape_text;
use civita_core::float8::{f8e4m3, f8e5m2};
use civita_core::print::{Options, Sign, get_options, lay_out};
use civita_core::raw::Raw;
use half::{bf16, f16};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Any, Dtype, Element, ElementIndex, Error, Result, SliceItem};

/// The rank of a tensor that knows it at run time only, as in `Tensor<f32, DYN>`.
pub const DYN: usize = usize::MAX;

/// An n-dimensional array of elements `T` with `N` axes.
///
/// | | element type | rank |
/// |---|---|---|
/// | `Tensor<f32, 2>` | known to the compiler | known to the compiler |
/// | `Tensor<f32, DYN>` | known to the compiler | known at run time |
/// | [`AnyTensor`] | known at run time | known at run time |
///
/// The rank of a result, after broadcasting or reducing axes, and its element type, after promotion, are computed by
/// the compiler. A clone is another handle on the same value, and costs as little as one on an [`Arc`](std::sync::Arc);
/// writing copies the elements first if others hold them, so a value never changes under another handle.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
/// let mean = x.over(0).mean()?; // Tensor<f64, 1>
/// assert_eq!(format!("{}", &x - &mean), "[[-1. -1.]\n [ 1.  1.]]");
/// # Ok::<(), civita::Error>(())
/// ```
pub struct Tensor<T, const N: usize> {
    pub(crate) raw: Raw,
    _element: PhantomData<fn() -> T>,
}

/// A tensor that knows its element type and its rank at run time only.
pub type AnyTensor = Tensor<Any, DYN>;
/// A tensor with one axis.
pub type Vector<T> = Tensor<T, 1>;
/// A tensor with two axes, rows and columns.
pub type Matrix<T> = Tensor<T, 2>;

/// Tensor types: what signatures that compute a rank end in.
pub trait FromRaw: Sized {
    /// A tensor of this type over what the engine made.
    #[doc(hidden)]
    fn wrap(raw: Raw) -> Self;
    /// The same where the engine may have made something else.
    #[doc(hidden)]
    fn typed(raw: Raw) -> Result<Self>;
}

impl<T: Dtype, const N: usize> FromRaw for Tensor<T, N> {
    #[inline]
    fn wrap(raw: Raw) -> Self {
        debug_assert!(
            N == DYN || raw.rank() == N,
            "a tensor of rank {} became one of rank {N}",
            raw.rank()
        );
        debug_assert!(
            T::KNOWN.is_none_or(|d| d == raw.dtype()),
            "a tensor of {} became a `Tensor<{}, _>`",
            raw.dtype(),
            std::any::type_name::<T>()
        );
        Tensor {
            raw,
            _element: PhantomData,
        }
    }
    #[inline]
    fn typed(raw: Raw) -> Result<Self> {
        check(&raw, T::KNOWN, N)?;
        Ok(Self::wrap(raw))
    }
}

impl<T, const N: usize> Clone for Tensor<T, N> {
    #[inline]
    fn clone(&self) -> Self {
        Tensor {
            raw: self.raw.clone(),
            _element: PhantomData,
        }
    }
}

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Lengths of the axes.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Matrix::<f32>::zeros([2, 3]).shape(), [2, 3]);
    /// ```
    #[doc(alias = "size")]
    #[inline]
    pub fn shape(&self) -> &[usize] {
        self.raw.shape()
    }

    /// Number of axes (NumPy's `ndim`, PyTorch's `dim`).
    #[doc(alias = "dim")]
    #[inline]
    pub fn rank(&self) -> usize {
        self.raw.rank()
    }

    /// Number of elements (NumPy's `size`).
    #[doc(alias = "size")]
    #[inline]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Returns true where there are no elements.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The element type as a value.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2].dtype().name(), "int64");
    /// ```
    #[inline]
    pub fn dtype(&self) -> DType {
        self.raw.dtype()
    }

    /// Where it lives.
    #[inline]
    pub fn device(&self) -> Device {
        self.raw.device()
    }

    /// The engine's tensor inside.
    #[inline]
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// The engine's tensor, taken out.
    #[inline]
    pub fn into_raw(self) -> Raw {
        self.raw
    }

    /// A tensor of this type over one of the engine's. Memory that others may write, as that of an array which Python holds, is not
    /// copied: operations read what is there, slices and references are errors. A write to this tensor copies first, as of any memory
    /// that has several handles. Booleans are copied at once, whose bytes others may have chosen.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let shared = tensor![1.0, 2.0].into_raw().into_aliased()?;
    /// let x = Vector::<f64>::from_raw(shared.clone())?;
    /// assert_eq!(x.raw().ptr(), shared.ptr());
    /// assert_eq!((&x + 1.0).to_vec(), [2.0, 3.0]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When its dtype or rank is another.
    pub fn from_raw(raw: Raw) -> Result<Self> {
        check(&raw, T::KNOWN, N)?;
        let raw = match raw.dtype() {
            DType::Bool => raw.into_owned()?,
            _ => raw,
        };
        Ok(wrap(raw))
    }

    /// The same tensor with element type and rank known at run time only.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x: AnyTensor = tensor![1.0, 2.0].into_any() * 0.5;
    /// assert_eq!(x.to_string(), "[0.5 1. ]");
    /// ```
    #[inline]
    pub fn into_any(self) -> crate::AnyTensor {
        wrap(self.raw)
    }

    /// The same tensor with the rank known at run time only.
    #[inline]
    pub fn to_dyn(&self) -> Tensor<T, DYN> {
        wrap(self.raw.clone())
    }

    /// The same tensor with this element type and rank, which the compiler may infer.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let any = tensor![1, 2].into_any();
    /// let x: Vector<i64> = any.typed()?;
    /// let error = any.typed::<f32, 1>().unwrap_err();
    /// assert_eq!(error.to_string(), "typed: the elements are int64, not float32\n  hint: convert first: `.cast::<f32>()`");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the element type or the rank is another.
    pub fn typed<U: Dtype, const M: usize>(&self) -> Result<Tensor<U, M>> {
        check(&self.raw, U::KNOWN, M)?;
        Ok(wrap(self.raw.clone()))
    }

    /// The elements converted to another type, as Rust's `as` does: floats go towards zero and saturate, integers wrap.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1.7, -1.7].cast::<i32>().to_vec(), [1, -1]);
    /// ```
    #[doc(alias = "to_dtype")]
    #[doc(alias = "float")]
    #[track_caller]
    pub fn cast<U: Element>(&self) -> Tensor<U, N> {
        wrap(self.raw.cast(U::DTYPE).or_raise())
    }

    /// A copy with memory of its own, in C order.
    #[track_caller]
    pub fn copy(&self) -> Self {
        wrap(self.raw.copied().or_raise())
    }

    /// The same elements in C order: itself if they lie so already, else a copy.
    #[doc(alias = "ascontiguousarray")]
    #[track_caller]
    pub fn contiguous(&self) -> Self {
        wrap(self.raw.contiguous().or_raise())
    }
}

/// The elements, one by one.
impl<T: Element, const N: usize> Tensor<T, N> {
    /// The elements without a copy, where they lie in C order.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!(x.as_slice()?, [1.0, 2.0, 3.0, 4.0]);
    /// assert!(x.t().as_slice().is_err());
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When they are not contiguous: see [`Tensor::contiguous`] and [`Tensor::to_vec`].
    #[inline]
    pub fn as_slice(&self) -> Result<&[T]> {
        self.raw.as_slice()
    }

    /// A copy of the elements in C order.
    #[doc(alias = "tolist")]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<T> {
        self.raw.to_vec().or_raise()
    }

    /// The value of a tensor with one element.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1.0, 2.0].sum().item()?, 3.0);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// Integers that nothing has given a type yet have no sum or mean of a known type, and `?` answers "expected `i64`, found `!`" (E0308).
    /// [`tensor!`](crate::tensor) and [`np::arange`](crate::np::arange) make `i64` of them; elsewhere the type is named, best where the
    /// tensor is made:
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(np::arange(0..5).sum().item()?, 10);
    /// assert_eq!(Vector::<i32>::arange(0..5).sum().item()?, 10);
    /// assert_eq!(Vector::linspace(0.0, 1.0, 5).mean().item()?, 0.5); // floats need no name
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are more, or none.
    pub fn item(&self) -> Result<T> {
        match self.raw.only_element::<T>() {
            Some(element) => Ok(*element),
            None => self.raw.item().map(T::from_scalar),
        }
    }

    /// The element at an index, one number for each axis; negative ones count from the end.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].at([1, -1])?, 4);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it is out of range.
    pub fn at(&self, index: impl ElementIndex<N>) -> Result<T> {
        self.element_at(index.items().as_ref()).map(T::from_scalar)
    }

    fn element_at(&self, items: &[SliceItem]) -> Result<Value> {
        let x = self.raw.concrete("at")?;
        let place = x.layout().slice(items).map_err(|e| e.in_op("at"))?;
        if place.rank() > 0 {
            return Err(Error::index(
                "at",
                format!(
                    "{} numbers for shape {}",
                    items.len(),
                    shape_text(self.shape())
                ),
            )
            .rule("an index has one number for each axis")
            .hint(format!("`.slice(s![{}])` takes a part", numbers_of(items))));
        }
        x.slice(items)?.item()
    }

    /// The elements in C order.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let sum: f64 = tensor![1.0, 2.0].iter().sum();
    /// assert_eq!(sum, 3.0);
    /// ```
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(match self.as_slice() {
            Ok(slice) => Elements::Lent(slice.iter()),
            Err(_) => Elements::Copied(self.to_vec().into_iter()),
        })
    }
}

/// The elements of a tensor in C order.
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(Elements<'a, T>);

#[derive(Clone, Debug)]
enum Elements<'a, T> {
    Lent(std::slice::Iter<'a, T>),
    Copied(std::vec::IntoIter<T>),
}

impl<T: Copy> Iterator for Iter<'_, T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Elements::Lent(i) => i.next().copied(),
            Elements::Copied(i) => i.next(),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Elements::Lent(i) => i.size_hint(),
            Elements::Copied(i) => i.size_hint(),
        }
    }
}
impl<T: Copy> DoubleEndedIterator for Iter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        match &mut self.0 {
            Elements::Lent(i) => i.next_back().copied(),
            Elements::Copied(i) => i.next_back(),
        }
    }
}
impl<T: Copy> ExactSizeIterator for Iter<'_, T> {}
impl<T: Copy> std::iter::FusedIterator for Iter<'_, T> {}

impl<'a, T: Element, const N: usize> IntoIterator for &'a Tensor<T, N> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T: Element, const N: usize> IntoIterator for Tensor<T, N> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    #[track_caller]
    fn into_iter(self) -> std::vec::IntoIter<T> {
        self.to_vec().into_iter()
    }
}
/// The elements to be written, as by [`Tensor::iter_mut`].
impl<'a, T: Element, const N: usize> IntoIterator for &'a mut Tensor<T, N> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    #[track_caller]
    fn into_iter(self) -> std::slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

/// The elements of a tensor that knows their type at run time.
impl<const N: usize> Tensor<Any, N> {
    /// The value of a tensor with one element, of whatever type.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2].into_any().sum().value()?.as_f64(), 3.0);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are more, or none.
    pub fn value(&self) -> Result<Value> {
        self.raw.item()
    }
}

fn check(raw: &Raw, dtype: Option<DType>, rank: usize) -> Result<()> {
    if let Some(dtype) = dtype
        && dtype != raw.dtype()
    {
        return Err(Error::dtype(
            "typed",
            format!("the elements are {}, not {dtype}", raw.dtype()),
        )
        .dtypes(&[raw.dtype(), dtype])
        .hint_cast("convert first", dtype));
    }
    if rank != DYN && rank != raw.rank() {
        let error = Error::shape(
            "typed",
            format!(
                "shape {} has rank {}, not {rank}",
                shape_text(raw.shape()),
                raw.rank()
            ),
        )
        .shapes(&[raw.shape()]);
        return Err(match (rank, raw.len()) {
            (0, 1) => error.hint("drop the axes first: `.squeeze_all()`"),
            (0, _) => error,
            _ => error.hint(format!(
                "give it another shape first: `.reshape({:?})`",
                of_rank(raw.shape(), rank)
            )),
        });
    }
    Ok(())
}

/// The lengths of as many elements with so many axes, at least one: new ones lead, and the first ones are joined.
fn of_rank(shape: &[usize], rank: usize) -> Vec<usize> {
    match (shape.len() + 1).checked_sub(rank) {
        Some(joined @ 1..) => {
            let (first, rest) = shape.split_at(joined);
            std::iter::once(first.iter().product())
                .chain(rest.iter().copied())
                .collect()
        }
        _ => {
            let new = std::iter::repeat_n(1, rank - shape.len());
            new.chain(shape.iter().copied()).collect()
        }
    }
}

fn numbers_of(items: &[SliceItem]) -> String {
    let numbers = items.iter().map(|item| match item {
        SliceItem::Index(i) => i.to_string(),
        _ => "..".to_owned(),
    });
    numbers.collect::<Vec<_>>().join(", ")
}

/// As NumPy's `str` writes it. With a precision, as in `{:.2}`, each element has so many digits after the point, as the number
/// itself would have, and never an exponent (`{:.2e}` has one); a width is that of each element.
///
/// ```
/// # use civita::prelude::*;
/// let x = tensor![1.0, 0.125];
/// assert_eq!(format!("{x} {x:.2}"), "[1.    0.125] [1.00 0.12]");
/// assert_eq!(format!("{x:8.2}"), "[    1.00     0.12]");
/// assert_eq!(format!("{:.1}", tensor![1e9, 0.5]), "[1000000000.0          0.5]");
/// assert_eq!(format!("{:.1}%", x.mean() * 100.0), "56.2%");
/// ```
impl<T, const N: usize> fmt::Display for Tensor<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.raw.rank() == 0 {
            match self.raw.item() {
                Ok(Value::Int(value)) => return fmt::Display::fmt(&value, f),
                Ok(Value::Float(value)) if f.precision().is_some() => {
                    return fmt::Display::fmt(&value, f);
                }
                _ if f.precision().is_none() => return padded(f, &self.raw.display()),
                _ => {}
            }
        }
        if f.precision().is_some() {
            return each_element(&self.raw, f, Notation::Fixed);
        }
        if f.width().is_none() && !f.sign_plus() {
            return f.write_str(&self.raw.display());
        }
        f.write_str(&self.raw.display_with(&written(f)))
    }
}

/// How `{:+8}` has the elements of a tensor written.
fn written(f: &fmt::Formatter<'_>) -> Options {
    let options = get_options();
    Options {
        sign: match f.sign_plus() {
            true => Sign::Plus,
            false => options.sign,
        },
        element_width: f.width().unwrap_or(0),
        ..options
    }
}

/// Each element in scientific notation, as Rust writes the number; `{:.2e}` has two digits after the point.
///
/// ```
/// # use civita::prelude::*;
/// let x = tensor![1.0, -0.125];
/// assert_eq!(format!("{x:e}"), "[     1e0 -1.25e-1]");
/// assert_eq!(format!("{:.3e}", x.mean()), "4.375e-1");
/// ```
impl<T, const N: usize> fmt::LowerExp for Tensor<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_element(&self.raw, f, Notation::Scientific)
    }
}

/// As `{:e}`, with a capital `E`.
impl<T, const N: usize> fmt::UpperExp for Tensor<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_element(&self.raw, f, Notation::ScientificUpper)
    }
}

/// How each element is written as Rust writes the number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    Fixed,
    Scientific,
    ScientificUpper,
}

/// Every element as Rust writes the number, all as wide as the widest.
fn each_element(raw: &Raw, f: &mut fmt::Formatter<'_>, notation: Notation) -> fmt::Result {
    let options = get_options();
    let Ok(values) = raw.shown(&options) else {
        // what stands for a batch or a variable has no elements to write
        return padded(f, &raw.display());
    };
    let sign = f.sign_plus();
    let real = |value: f64, sign: bool| {
        if notation == Notation::Fixed {
            let digits = f.precision().unwrap_or(options.precision);
            return match sign {
                false => format!("{value:.digits$}"),
                true => format!("{value:+.digits$}"),
            };
        }
        let digits = f.precision().or_else(|| fewest_digits(value, raw.dtype()));
        match (digits, sign) {
            (None, false) => format!("{value:e}"),
            (None, true) => format!("{value:+e}"),
            (Some(digits), false) => format!("{value:.digits$e}"),
            (Some(digits), true) => format!("{value:+.digits$e}"),
        }
    };
    let integer = |value: i128| match (notation, f.precision(), sign) {
        (Notation::Fixed, _, false) => format!("{value}"),
        (Notation::Fixed, _, true) => format!("{value:+}"),
        (_, None, false) => format!("{value:e}"),
        (_, None, true) => format!("{value:+e}"),
        (_, Some(digits), false) => format!("{value:.digits$e}"),
        (_, Some(digits), true) => format!("{value:+.digits$e}"),
    };
    let text = |value: &Value| {
        let text = match *value {
            Value::Bool(true) => return "True".to_owned(),
            Value::Bool(false) => return "False".to_owned(),
            Value::Int(value) => integer(value),
            Value::Float(value) => real(value, sign),
            Value::Complex(value) => real(value.re, sign) + &real(value.im, true) + "j",
        };
        match notation {
            Notation::ScientificUpper => text.replace('e', "E"),
            _ => text,
        }
    };
    let mut words: Vec<String> = values.iter().map(text).collect();
    if let (0, [word]) = (raw.rank(), &words[..]) {
        return padded(f, word);
    }
    let widest = words.iter().map(String::len).max().unwrap_or(0);
    let width = f.width().unwrap_or(0).max(widest);
    for word in &mut words {
        *word = format!("{word:>width$}");
    }
    match lay_out(raw.shape(), words, " ", 0, options.linewidth, &options) {
        Ok(text) => f.write_str(&text),
        Err(error) => write!(f, "<{error}>"),
    }
}

/// The digits after the point that tell a value from the others of a narrow type; `None` where Rust finds them itself.
fn fewest_digits(value: f64, dtype: DType) -> Option<usize> {
    let narrow = |v: f64| match dtype.to_real() {
        DType::F8E4M3 => f8e4m3::from_f64(v).to_f64(),
        DType::F8E5M2 => f8e5m2::from_f64(v).to_f64(),
        DType::F16 => f16::from_f64(v).to_f64(),
        DType::BF16 => bf16::from_f64(v).to_f64(),
        DType::F32 => f64::from(v as f32),
        _ => v,
    };
    if !value.is_finite() || dtype.to_real() == DType::F64 {
        return None;
    }
    // nine digits tell every `f32` from the others
    (0..9).find(|digits| {
        let text = format!("{value:.digits$e}");
        text.parse().is_ok_and(|read: f64| narrow(read) == value)
    })
}

/// Writes the text of a number within the width that is asked for, on the right unless the left or the middle is.
fn padded(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let missing = f.width().unwrap_or(0).saturating_sub(text.chars().count());
    let before = match f.align() {
        None | Some(fmt::Alignment::Right) => missing,
        Some(fmt::Alignment::Center) => missing / 2,
        Some(fmt::Alignment::Left) => 0,
    };
    let fill = f.fill();
    (0..before).try_for_each(|_| f.write_char(fill))?;
    f.write_str(text)?;
    (before..missing).try_for_each(|_| f.write_char(fill))
}

/// As NumPy's `repr` writes it, with dtype, shape and device.
impl<T, const N: usize> fmt::Debug for Tensor<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PREFIX: &str = "tensor(";
        if self.raw.opaque().is_some() {
            return f.write_str(&self.raw.display());
        }
        let text = self.raw.repr(PREFIX, "");
        // the elements end at the last bracket, or before the first comma of a single one; all that follows is ours
        let elements = match text.rfind(']') {
            Some(end) => &text[..=end],
            None => text.split(',').next().unwrap_or(&text),
        };
        f.write_str(elements)?;
        f.write_str(",")?;
        if elements.contains('\n') {
            write!(f, "\n{:1$}", "", PREFIX.len())?
        } else {
            f.write_str(" ")?
        };
        write!(
            f,
            "dtype={}, shape={}, device={}",
            self.raw.dtype(),
            shape_text(self.raw.shape()),
            self.raw.device()
        )?;
        if self.raw.tracks_gradient() {
            f.write_str(", gradient")?;
        }
        f.write_str(")")
    }
}
