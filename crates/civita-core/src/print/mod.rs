//! Arrays as text, character by character as NumPy 2.4 writes them: `str(a)`, `repr(a)` and `str(a[i])`.
//!
//! ```text
//! collect   the elements that will be printed: all, or the corners when there are more than `threshold`
//! measure   one common format for them (notation, digits, width): `elements`, which writes floats with `float`, whose
//!           digits come from `digits`
//! lay out   brackets, line breaks, `...`
//! ```
//! The printer knows no tensor: it asks a [`Source`] for one element at a time, and only for those that it prints.
//!
//! One deliberate difference from NumPy: with `edgeitems = 0` a summary is measured by the elements that it shows, where
//! NumPy measures the whole array. `bf16` and the 8-bit floats, which NumPy lacks, follow the rules of `f16`.

mod digits;
mod elements;
mod float;
mod options;

#[cfg(test)]
mod tests;

use elements::{ElementFormat, as_int, bool_text};

pub use float::Trim;
pub use options::{FloatMode, Legacy, Options, Sign, get_options, legacy, set_options};

use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::threads::stop_if_told;
use digits::Binary;
use float::Style;

/// What is printed: a dtype, a shape, and a way to get the element at an index.
pub struct Source<'a> {
    /// The elements' type.
    pub dtype: DType,
    /// The length of each axis.
    pub shape: &'a [usize],
    /// The element at an index as long as the shape. Called once for each element that is printed.
    pub get: &'a dyn Fn(&[usize]) -> Scalar,
}

impl Source<'_> {
    fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Whether it has more elements than are printed in full.
    fn is_summarised(&self, options: &Options) -> bool {
        let size = self
            .shape
            .iter()
            .fold(1usize, |size, &n| size.saturating_mul(n));
        !self.is_empty() && size > options.threshold
    }
}

/// The text of an array as NumPy's `str(a)` has it. An array without axes reads like its element.
///
/// ```
/// use civita_core::dtype::{DType, Scalar};
/// use civita_core::print::{Options, Source, to_string};
/// let get = |index: &[usize]| Scalar::Float(index[0] as f64 / 2.0);
/// let source = Source { dtype: DType::F64, shape: &[4], get: &get };
/// assert_eq!(to_string(&source, &Options::DEFAULT)?, "[0.  0.5 1.  1.5]");
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there is no memory for the text.
pub fn to_string(source: &Source, options: &Options) -> Result<String> {
    if source.shape.is_empty() && options.legacy > Legacy::V1_13 {
        return Ok(scalar_text((source.get)(&[]), source.dtype));
    }
    array_text(source, " ", 0, options.linewidth, options)
}

/// The text of an array as NumPy's `repr(a)` has it, between `prefix` (NumPy: `array(`) and `suffix` (NumPy: `)`). The
/// dtype is given unless the elements imply it, the shape when they do not show it.
///
/// ```
/// use civita_core::dtype::{DType, Scalar};
/// use civita_core::print::{Options, Source, repr};
/// let get = |index: &[usize]| Scalar::Int(10 * index[0] as i128 + index[1] as i128);
/// let source = Source { dtype: DType::I32, shape: &[2, 2], get: &get };
/// let text = "array([[ 0,  1],\n       [10, 11]], dtype=int32)";
/// assert_eq!(repr(&source, "array(", ")", &Options::DEFAULT)?, text);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there is no memory for the text.
pub fn repr(source: &Source, prefix: &str, suffix: &str, options: &Options) -> Result<String> {
    let indent = prefix.chars().count();
    let width = options.width_before(suffix);
    let body = array_text(source, ", ", indent, width, options)?;
    repr_around(
        body,
        source.dtype,
        None,
        source.shape,
        prefix,
        suffix,
        options,
    )
}

/// As [`repr`], around the text of the elements. `name` says the dtype where that has another one than the engine's.
///
/// # Errors
/// When there is no memory for the text.
pub fn repr_around(
    body: String,
    dtype: DType,
    name: Option<&str>,
    shape: &[usize],
    prefix: &str,
    suffix: &str,
    options: &Options,
) -> Result<String> {
    let indent = prefix.chars().count();
    // around the text of the elements, which may be long, there is little
    let mut text = Text(body);
    text.reserve(prefix.len())?;
    text.0.insert_str(0, prefix);
    let source = Source {
        dtype,
        shape,
        get: &|_| Scalar::Bool(false),
    };
    let mut extras = Vec::new();
    let source = &source;
    let summary = options.legacy > Legacy::V2_2 && source.is_summarised(options);
    if (source.is_empty() && source.shape != [0]) || summary {
        extras.push(format!("shape={}", shape_text(source.shape)));
    }
    let implied = match source.dtype {
        DType::Bool => options.legacy > Legacy::V1_13,
        dtype => matches!(dtype, DType::I64 | DType::F64 | DType::C128),
    };
    if !implied || name.is_some() || source.is_empty() {
        extras.push(format!("dtype={}", name.unwrap_or(source.dtype.name())));
    }
    if !extras.is_empty() {
        text.push(",")?;
        let extras = extras.join(", ");
        let line = text.0.rsplit('\n').next().unwrap_or("").chars().count();
        let end = line + 1 + extras.chars().count() + suffix.chars().count();
        if end > options.linewidth && options.legacy > Legacy::V1_13 {
            text.push("\n")?;
            text.push_times(" ", indent)?;
        } else {
            text.push(" ")?;
        }
        text.push(&extras)?;
    }
    text.push(suffix)?;
    Ok(text.0)
}

/// The text of one element as NumPy's `str(a[i])` has it.
///
/// ```
/// use civita_core::dtype::{DType, Scalar};
/// use civita_core::print::scalar_text;
/// assert_eq!(scalar_text(Scalar::Float(1e-5), DType::F64), "1e-05");
/// assert_eq!(scalar_text(Scalar::Float(f64::from(0.1f32)), DType::F32), "0.1");
/// assert_eq!(scalar_text(Scalar::Bool(true), DType::Bool), "True");
/// ```
pub fn scalar_text(value: Scalar, dtype: DType) -> String {
    match dtype.kind() {
        Kind::Bool => bool_text(value).to_owned(),
        Kind::Unsigned | Kind::Signed => as_int(value).to_string(),
        Kind::Float => float_text(value.as_f64(), dtype, Trim::OneZero, false),
        Kind::Complex => {
            let (value, real) = (value.as_complex(), dtype.to_real());
            if value.re == 0.0 && value.re.is_sign_positive() {
                return float_text(value.im, real, Trim::Bare, false) + "j";
            }
            let re = float_text(value.re, real, Trim::Bare, false);
            let im = float_text(value.im, real, Trim::Bare, true);
            format!("({re}{im}j)")
        }
    }
}

/// The dtype of Python's number for an element.
fn as_python(dtype: DType) -> DType {
    match dtype.kind() {
        Kind::Float => DType::F64,
        Kind::Complex => DType::C128,
        _ => dtype,
    }
}

/// The text of one element as NumPy 1.13 had it, with so many digits as `%g` writes for `str` or `repr`.
pub fn old_scalar_text(value: Scalar, dtype: DType, is_repr: bool) -> String {
    let digits = match (dtype.to_real(), is_repr) {
        (DType::F64, true) => 17,
        (DType::F64, false) => 12,
        (_, true) => 8,
        (_, false) => 6,
    };
    let with_point = |v: f64| {
        let text = general(v, digits);
        match v.is_finite() && !text.contains(['.', 'e']) {
            true => text + ".0",
            false => text,
        }
    };
    match dtype.kind() {
        Kind::Float => with_point(value.as_f64()),
        Kind::Complex => {
            let value = value.as_complex();
            let star = if value.im.is_finite() { "" } else { "*" };
            let im = general(value.im, digits);
            if value.re == 0.0 && value.re.is_sign_positive() {
                return format!("{im}{star}j");
            }
            let plus = if im.starts_with('-') { "" } else { "+" };
            format!("({}{plus}{im}{star}j)", general(value.re, digits))
        }
        _ => scalar_text(value, dtype),
    }
}

/// C's `%.{digits}g`.
fn general(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return float_text(value, DType::F64, Trim::Bare, false);
    }
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let bare = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", bare(mantissa), exponent.unsigned_abs());
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    bare(&format!("{value:.decimals$}"))
}

/// One float beside no others.
fn float_text(value: f64, dtype: DType, trim: Trim, plus: bool) -> String {
    let sign = if plus { "+" } else { "" };
    if value.is_nan() {
        return format!("{sign}nan");
    }
    if value.is_infinite() {
        return format!("{}inf", if value < 0.0 { "-" } else { sign });
    }
    let too_large = match dtype {
        dtype if dtype.compute() == DType::F32 && legacy() <= Legacy::V2_2 => 1e16,
        narrow if narrow.is_narrow_float() => 1e3,
        DType::F32 => 1e6,
        _ => 1e16,
    };
    let size = value.abs();
    let scientific = size != 0.0 && !(1e-4..too_large).contains(&size);
    let trim = if scientific { Trim::Bare } else { trim };
    let style = Style {
        scientific,
        trim,
        plus,
        ..Style::SHORTEST
    };
    float::text(Binary::new(value, dtype), &style)
}

/// A shape as Python writes a tuple.
fn shape_text(shape: &[usize]) -> String {
    match shape {
        [only] => format!("({only},)"),
        _ => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}

/// How one float is written (NumPy's `format_float_positional` and `format_float_scientific`).
#[derive(Clone, Copy, Debug)]
pub struct FloatStyle {
    /// `1.25e+01` instead of `12.5`.
    pub scientific: bool,
    /// The most digits; `None` for as many as the value has.
    pub precision: Option<usize>,
    /// The fewest digits.
    pub min_digits: Option<usize>,
    /// Stop at the digits that identify the value among those of its dtype.
    pub unique: bool,
    /// Count digits behind the point instead of all significant ones.
    pub fractional: bool,
    /// What becomes of trailing zeros.
    pub trim: Trim,
    /// Write `+` before positive numbers.
    pub sign: bool,
    /// Blanks until so many characters stand left of the point.
    pub pad_left: usize,
    /// Blanks until so many characters stand right of the point.
    pub pad_right: usize,
    /// The fewest digits of the exponent.
    pub exponent_digits: usize,
}

/// The text of one float in a style.
///
/// ```
/// use civita_core::dtype::DType;
/// use civita_core::print::{FloatStyle, Trim, format_float};
/// let style = FloatStyle {
///     scientific: true, precision: Some(2), min_digits: None, unique: true, fractional: true,
///     trim: Trim::Fill, sign: false, pad_left: 0, pad_right: 0, exponent_digits: 2,
/// };
/// assert_eq!(format_float(12345.0, DType::F64, &style), "1.23e+04");
/// ```
pub fn format_float(value: f64, dtype: DType, style: &FloatStyle) -> String {
    let count = |n: Option<usize>| n.map(|n| i32::try_from(n).unwrap_or(i32::MAX));
    if !value.is_finite() {
        let sign = match (value < 0.0, style.sign && !value.is_nan()) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        return format!("{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    }
    let inner = Style {
        scientific: style.scientific,
        unique: style.unique,
        precision: count(style.precision),
        least: count(style.min_digits),
        trim: style.trim,
        plus: style.sign,
        pad_left: style.pad_left,
        pad_right: style.pad_right,
        exponent_digits: style.exponent_digits,
        significant: !style.scientific && !style.fractional,
    };
    float::text(Binary::new(value, dtype), &inner)
}

/// The elements that a text of the array shows, in their order.
///
/// # Errors
/// When there is no memory for them.
pub fn shown(source: &Source, options: &Options) -> Result<Vec<Scalar>> {
    let mut values = Vec::new();
    if !source.is_empty() {
        let edge = source.is_summarised(options).then_some(options.edgeitems);
        collect(source, edge, &mut Vec::new(), &mut values)?;
    }
    Ok(values)
}

/// Brackets around the texts of the elements that [`shown`] gives for a shape: as they stand behind `indent` characters in lines
/// of `width`.
///
/// # Errors
/// When there is no memory for the text.
pub fn lay_out(
    shape: &[usize],
    words: Vec<String>,
    separator: &str,
    indent: usize,
    width: usize,
    options: &Options,
) -> Result<String> {
    let size = shape.iter().fold(1usize, |size, &n| size.saturating_mul(n));
    if size == 0 {
        return Ok("[]".to_owned());
    }
    let edge = (size > options.threshold).then_some(options.edgeitems);
    let mut layout = Layout {
        words: words.into_iter(),
        separator,
        edge,
        is_old: options.legacy <= Legacy::V1_13,
        out: Text::default(),
    };
    layout.nest(shape, indent + 1, width)?;
    Ok(layout.out.0)
}

/// The bracketed elements, as they stand behind `indent` characters in lines of `width`.
///
/// # Errors
/// When there is no memory for the text.
pub fn array_text(
    source: &Source,
    separator: &str,
    indent: usize,
    width: usize,
    options: &Options,
) -> Result<String> {
    if source.is_empty() {
        return Ok("[]".to_owned());
    }
    let is_old = options.legacy <= Legacy::V1_13;
    if let (true, []) = (is_old, source.shape) {
        // as Python writes the number
        return Ok(scalar_text((source.get)(&[]), as_python(source.dtype)));
    }
    let edge = source.is_summarised(options).then_some(options.edgeitems);
    let mut values = Vec::new();
    collect(
        source,
        edge,
        &mut Vec::with_capacity(source.shape.len()),
        &mut values,
    )?;
    let format = match (source.dtype.kind(), source.shape) {
        (Kind::Bool, []) => ElementFormat::Bool { width: 0 },
        _ => ElementFormat::new(&values, source.dtype, options),
    };
    let words = watched(values.iter()).map(|v| {
        let text = format.text(*v);
        let missing = (options.element_width).saturating_sub(text.chars().count());
        match missing {
            0 => text,
            n => " ".repeat(n) + &text,
        }
    });
    let mut layout = Layout {
        words,
        separator,
        edge,
        is_old,
        out: Text::default(),
    };
    layout.nest(source.shape, indent + 1, width)?;
    Ok(layout.out.0)
}

/// The items, with a place to stop at now and then: texts of all elements of a large array take seconds.
fn watched<I: IntoIterator>(items: I) -> impl Iterator<Item = I::Item> {
    items.into_iter().enumerate().map(|(k, item)| {
        if k % (1 << 14) == 0 {
            stop_if_told();
        }
        item
    })
}

/// A text that grows while there is memory.
#[derive(Default)]
struct Text(String);

impl Text {
    fn reserve(&mut self, bytes: usize) -> Result<()> {
        let needed = self.0.len().saturating_add(bytes);
        (self.0.try_reserve(bytes)).map_err(|_| {
            Error::memory("print", format!("cannot allocate a text of {needed} bytes"))
        })
    }

    fn push(&mut self, text: &str) -> Result<()> {
        self.reserve(text.len())?;
        self.0.push_str(text);
        Ok(())
    }

    fn push_times(&mut self, text: &str, times: usize) -> Result<()> {
        self.reserve(text.len().saturating_mul(times))?;
        self.0.extend(std::iter::repeat_n(text, times));
        Ok(())
    }
}

/// Whether something is left out of an axis of a summary.
fn is_cut(length: usize, edge: Option<usize>) -> bool {
    edge.is_some_and(|edge| edge.saturating_mul(2) < length)
}

/// How many elements of an axis stand before the `...`, and how many behind it; all behind where nothing is left out.
/// The last element is always printed, as in NumPy.
fn ends(length: usize, edge: Option<usize>) -> (usize, usize) {
    match edge {
        Some(edge) if is_cut(length, Some(edge)) => (edge, edge.max(1)),
        _ => (0, length),
    }
}

/// The elements to print, in their order. Without recursion, as [`Layout::nest`]: an array may have more axes than the stack has
/// room for.
fn collect(
    source: &Source,
    edge: Option<usize>,
    index: &mut Vec<usize>,
    values: &mut Vec<Scalar>,
) -> Result<()> {
    index.resize(source.shape.len(), 0);
    for (at, &length) in index.iter_mut().zip(source.shape) {
        *at = if ends(length, edge).0 > 0 {
            0
        } else {
            length - ends(length, edge).1
        };
    }
    'elements: loop {
        if values.len().is_multiple_of(1 << 14) {
            stop_if_told();
        }
        if values.len() == values.capacity() {
            let needed = values.len() + 1;
            values.try_reserve(1).map_err(|_| {
                Error::memory(
                    "print",
                    format!("cannot allocate {needed} elements to print"),
                )
            })?;
        }
        values.push((source.get)(index));
        for (at, &length) in index.iter_mut().zip(source.shape).rev() {
            let (head, tail) = ends(length, edge);
            *at += 1;
            if *at == head && head + tail < length {
                *at = length - tail;
            }
            if *at < length {
                continue 'elements;
            }
            *at = if head > 0 { 0 } else { length - tail };
        }
        return Ok(());
    }
}

/// Brackets and line breaks around the elements' texts.
struct Layout<'a, W> {
    words: W,
    separator: &'a str,
    edge: Option<usize>,
    /// By the rules of NumPy 1.13.
    is_old: bool,
    out: Text,
}

impl<W: Iterator<Item = String>> Layout<'_, W> {
    /// Writes the array of this shape that comes next: lines begin behind `indent` characters and, with the brackets
    /// that close it, end within `width`.
    fn nest(&mut self, shape: &[usize], indent: usize, width: usize) -> Result<()> {
        let Some((&row, outer)) = shape.split_last() else {
            return self.out.push(&self.words.next().unwrap_or_default());
        };
        let bracket = usize::from(!self.is_old);
        // which part of each outer axis is being written
        let mut at: Vec<usize> = Vec::with_capacity(outer.len());
        loop {
            while at.len() < outer.len() {
                self.out.push("[")?;
                at.push(0);
                self.cut(outer, &at, shape.len(), indent)?;
            }
            let inside = width.saturating_sub(bracket * outer.len());
            self.row(row, indent + outer.len(), inside)?;
            loop {
                let Some(i) = at.last_mut() else {
                    return Ok(());
                };
                *i += 1;
                let (head, tail) = ends(outer[at.len() - 1], self.edge);
                if at[at.len() - 1] < head + tail {
                    break;
                }
                self.out.push("]")?;
                at.pop();
            }
            self.between(at.len(), shape.len(), indent)?;
            self.cut(outer, &at, shape.len(), indent)?;
        }
    }

    /// What stands between two parts of the axis that `depth` brackets are open before.
    fn between(&mut self, depth: usize, rank: usize, indent: usize) -> Result<()> {
        self.out.push(self.separator.trim_end())?;
        self.out.push_times("\n", rank - depth)?;
        self.out.push_times(" ", indent + depth - 1)
    }

    /// The dots, where the part that comes next is the first behind what is left out.
    fn cut(&mut self, outer: &[usize], at: &[usize], rank: usize, indent: usize) -> Result<()> {
        let depth = at.len();
        let length = outer[depth - 1];
        if !is_cut(length, self.edge) || at[depth - 1] != ends(length, self.edge).0 {
            return Ok(());
        }
        self.out.push("...")?;
        if self.is_old {
            self.out.push(", \n")?;
            self.out.push_times(" ", indent + depth - 1)
        } else {
            self.between(depth, rank, indent)
        }
    }

    /// One axis of elements, broken into lines that end within `width`.
    fn row(&mut self, length: usize, indent: usize, width: usize) -> Result<()> {
        let (head, tail) = ends(length, self.edge);
        self.out.push("[")?;
        let mut column = indent;
        // what must fit behind an element, and behind the last one
        let (behind, at_end) = match self.is_old {
            true => (self.separator.trim_end().len(), 0),
            false => (1, 1),
        };
        for i in 0..head + tail {
            if i == head && is_cut(length, self.edge) {
                let separator = if self.is_old { ", " } else { self.separator };
                self.word("...", indent, width.saturating_sub(behind), &mut column)?;
                self.out.push(separator)?;
                column += separator.len();
            }
            let word = self.words.next().unwrap_or_default();
            let behind = if i + 1 < head + tail { behind } else { at_end };
            self.word(&word, indent, width.saturating_sub(behind), &mut column)?;
            if i + 1 < head + tail {
                self.out.push(self.separator)?;
                column += self.separator.len();
            }
        }
        self.out.push("]")
    }

    /// Appends a word, on a new line where it would not fit; a word alone on its line stays there in any case.
    fn word(&mut self, word: &str, indent: usize, width: usize, column: &mut usize) -> Result<()> {
        let length = word.chars().count();
        let is_too_long = *column + length > width;
        if is_too_long && self.is_old && *column == indent {
            // what NumPy 1.13 left of the line break
            self.out.push(" ")?;
        } else if is_too_long && *column > indent {
            let kept = self.out.0.trim_end().len();
            self.out.0.truncate(kept);
            self.out.push("\n")?;
            self.out.push_times(" ", indent)?;
            *column = indent;
        }
        *column += length;
        self.out.push(word)
    }
}
