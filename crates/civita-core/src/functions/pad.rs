//! Arrays with a border.
//!
//! One axis after another gets what comes before and after it, so that corners are borders of borders, as in NumPy.

use std::convert::Infallible;

use super::create::counted_beside;
use super::memory::isfortran;
use super::quantile::median;
use super::shape::copy;
use super::value::*;
use crate::backend::cpu::pad::{Border, padded};
use crate::dtype::Kind::Signed;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result, shape_text};
use crate::layout::{Axes as Named, KeepDims, normalize_axis};
use crate::ops::{Op, Reduction};
use crate::primitive::direct;
use crate::raw::ReduceOptions;
use crate::raw::{Mode, Raw};
use crate::storage::room;
use smallvec::smallvec;

const OP: &str = "pad";

/// Two counts for each axis: `n`, `(before, after)`, or a pair for each axis; or pairs for some axes by their numbers.
#[derive(Clone, Debug)]
pub struct Widths(Given);

#[derive(Clone, Debug)]
enum Given {
    /// Integers whose shape broadcasts to `(axes, 2)`.
    Numbers { shape: Vec<usize>, all: Vec<isize> },
    /// The axes that get a border, each with its pair.
    Axes(Vec<(isize, [isize; 2])>),
}

/// As [`Widths`], or `None` for all.
#[derive(Clone, Debug)]
pub struct OptWidths(pub Option<Widths>);

/// Two numbers for each axis: one number for all, or an array whose shape broadcasts to `(axes, 2)`; `None` where the
/// mode has no use for them, or for zeros.
#[derive(Clone, Debug)]
pub struct Edges(pub Option<Number>);

/// How `reflect` and `symmetric` continue an array; `None` where the mode has no use for it, or for `even`.
#[derive(Clone, Copy, Debug)]
pub struct OptReflectType(pub Option<ReflectType>);

/// Integers in any nesting, with their shape.
fn numbers(value: Value) -> Result<Given, Refused> {
    if matches!(value, Value::None | Value::Text(_)) {
        return Err(Refused::Type);
    }
    let x = Raw::from_value(value)?;
    if !x.dtype().is_integer() {
        return Err(Refused::Type);
    }
    let whole = |v: Scalar| match v {
        Scalar::Int(n) => isize::try_from(n).map_err(|_| Refused::Type),
        _ => Err(Refused::Type),
    };
    let all = x.scalars()?.into_iter().map(whole);
    Ok(Given::Numbers {
        shape: x.shape().to_vec(),
        all: all.collect::<Result<_, _>>()?,
    })
}

/// An axis with its pair, of a dictionary.
fn of_axis((axis, widths): (Value, Value)) -> Result<(isize, [isize; 2]), Refused> {
    let axis = isize::from_value(axis)?;
    match Ints::from_value(widths)?.0[..] {
        [both] => Ok((axis, [both; 2])),
        [before, after] => Ok((axis, [before, after])),
        _ => Err(Refused::Type),
    }
}

impl Kind for Widths {
    const EXPECTS: &'static str =
        "an integer, a pair of integers, a pair for each axis, or a dict of axes";
    const STUB: &'static str = "int | Sequence[int] | Sequence[Sequence[int]] | ndarray | dict[int, int] | dict[int, tuple[int, int]] | dict[int, int | tuple[int, int]]";
    fn from_value(value: Value) -> Result<Widths, Refused> {
        let given = match value {
            Value::Dict(all) => all
                .into_iter()
                .map(of_axis)
                .collect::<Result<_, _>>()
                .map(Given::Axes),
            other => numbers(other),
        };
        let wrong = |why: Refused| match why {
            Refused::Type => Error::dtype(OP, "`pad_width` must be of integral type.")
                .rule(format!("widths are {}", Widths::EXPECTS))
                .into(),
            because => because,
        };
        given.map(Widths).map_err(wrong)
    }
}
impl Kind for OptWidths {
    const EXPECTS: &'static str = "an integer, a pair of integers, or a pair for each axis";
    const STUB: &'static str = "int | Sequence[int] | Sequence[Sequence[int]] | ndarray | None";
    fn from_value(value: Value) -> Result<OptWidths, Refused> {
        match value {
            Value::None => Ok(OptWidths(None)),
            some => numbers(some).map(|given| OptWidths(Some(Widths(given)))),
        }
    }
}
impl Kind for Edges {
    const EXPECTS: &'static str = "a number, a pair of numbers, or a pair for each axis";
    const STUB: &'static str = "_ArrayLike | None";
    const FORM: Form = Form::OptionalOperand;
    fn from_value(value: Value) -> Result<Edges, Refused> {
        OptNumber::from_value(value).map(Edges)
    }
}
impl Kind for OptReflectType {
    const EXPECTS: &'static str = ReflectType::EXPECTS;
    const STUB: &'static str = "Literal['even', 'odd'] | None";
    fn from_value(value: Value) -> Result<OptReflectType, Refused> {
        match value {
            Value::None => Ok(OptReflectType(None)),
            some => ReflectType::from_value(some).map(|kind| OptReflectType(Some(kind))),
        }
    }
}
/// Of the types that lengths, literals and elements have.
macro_rules! widths { ($($T:ty)*) => { $(
    impl From<$T> for Widths {
        fn from(n: $T) -> Widths {
            widths(Vec::new(), vec![n.clamped()])
        }
    }
    impl From<[$T; 2]> for Widths {
        fn from(both: [$T; 2]) -> Widths {
            widths(vec![2], all_clamped(&both))
        }
    }
    impl<const K: usize> From<[[$T; 2]; K]> for Widths {
        fn from(all: [[$T; 2]; K]) -> Widths {
            widths(vec![K, 2], all_clamped(all.as_flattened()))
        }
    }
    impl From<($T, $T)> for Widths {
        fn from((before, after): ($T, $T)) -> Widths {
            [before, after].into()
        }
    }
    impl<const K: usize> From<[($T, $T); K]> for Widths {
        fn from(all: [($T, $T); K]) -> Widths {
            all.map(|(before, after)| [before, after]).into()
        }
    }
)* } }
widths! { i32 i64 isize usize }

impl Widths {
    /// Before and after each axis.
    pub(super) fn each(all: &[[isize; 2]]) -> Widths {
        widths(vec![all.len(), 2], all.as_flattened().to_vec())
    }
}

fn widths(shape: Vec<usize>, all: Vec<isize>) -> Widths {
    Widths(Given::Numbers { shape, all })
}

impl From<i32> for Edges {
    fn from(value: i32) -> Edges {
        Edges(Some(Number::Scalar(Scalar::Int(value.into()))))
    }
}
impl From<f64> for Edges {
    fn from(value: f64) -> Edges {
        Edges(Some(Number::Scalar(Scalar::Float(value))))
    }
}
impl From<Raw> for Edges {
    fn from(values: Raw) -> Edges {
        Edges(Some(Number::Array(values)))
    }
}
impl From<ReflectType> for OptReflectType {
    fn from(kind: ReflectType) -> OptReflectType {
        OptReflectType(Some(kind))
    }
}
macro_rules! none_by_default { ($($Kind:ident)*) => { $(
    impl From<Option<Infallible>> for $Kind {
        fn from(_: Option<Infallible>) -> $Kind {
            $Kind(None)
        }
    }
)* } }
none_by_default! { OptWidths Edges OptReflectType }

impl Widths {
    /// Before and after each of so many axes.
    fn pairs(&self, rank: usize) -> Result<Vec<[usize; 2]>> {
        let pairs = match &self.0 {
            Given::Axes(some) => {
                let mut pairs = vec![[0; 2]; rank];
                for &(axis, pair) in some {
                    pairs[normalize_axis(OP, axis, rank)?] = pair;
                }
                pairs
            }
            Given::Numbers { shape, all } => spread(shape, all, rank)?,
        };
        let counts = pairs.into_iter().map(|[before, after]| {
            match (usize::try_from(before), usize::try_from(after)) {
                (Ok(before), Ok(after)) => Ok([before, after]),
                _ => Err(Error::value(OP, "index can't contain negative values")),
            }
        });
        counts.collect()
    }
}

/// Numbers of a shape, broadcast to a pair for each axis. Two of them are before and after, however they are nested, unless
/// each has a row of its own.
fn spread(shape: &[usize], all: &[isize], rank: usize) -> Result<Vec<[isize; 2]>> {
    match (shape, all) {
        (&[] | &[_] | &[_, _], &[n]) => Ok(vec![[n; 2]; rank]),
        (&[2] | &[1, 2], &[before, after]) => Ok(vec![[before, after]; rank]),
        (&[n, 2], _) if n == rank => Ok(all.chunks(2).map(|p| [p[0], p[1]]).collect()),
        (&[n, 1], _) if n == rank => Ok(all.iter().map(|&n| [n; 2]).collect()),
        (&[] | &[_] | &[_, _], _) => Err(Error::shape(
            OP,
            format!(
                "operands could not be broadcast together: widths of shape {} for {rank} axes",
                shape_text(shape)
            ),
        )),
        _ => Err(Error::shape(
            OP,
            "input operand has more dimensions than allowed by the axis remapping",
        )),
    }
    .map_err(|e| e.rule(format!("widths are {}", OptWidths::EXPECTS)))
}

impl Edges {
    /// The numbers before and after each axis of an array of this dtype, without axes.
    fn pairs(&self, rank: usize, beside: DType) -> Result<Vec<[Raw; 2]>> {
        const WHOLE: std::ops::RangeInclusive<i128> = i64::MIN as i128..=u64::MAX as i128;
        let all = match &self.0 {
            Some(Number::Array(x)) => x.clone(),
            // an integer that no dtype of integers holds is a float, as in arithmetic
            Some(Number::Scalar(v @ Scalar::Int(n)))
                if !(WHOLE.contains(n) || beside.is_integer()) =>
            {
                Raw::scalar(*v, DType::F64)?
            }
            Some(Number::Scalar(v)) => Raw::scalar(*v, v.default_dtype())?,
            None => Raw::scalar(Scalar::Int(0), DType::I64)?,
        };
        let all = all.broadcast_to(&[rank, 2]).map_err(|e| e.in_op(OP))?;
        let at = |axis: usize, side: isize| all.slice(&[(axis as isize).into(), side.into()]);
        (0..rank)
            .map(|axis| Ok([at(axis, 0)?, at(axis, 1)?]))
            .collect()
    }
}

/// Options that a mode has no use for are mistakes.
fn check_options(mode: PadMode, given: &[(&'static str, bool)]) -> Result<()> {
    let used: &[&str] = match mode {
        PadMode::Constant => &["constant_values"],
        PadMode::LinearRamp => &["end_values"],
        PadMode::Maximum | PadMode::Mean | PadMode::Median | PadMode::Minimum => &["stat_length"],
        PadMode::Reflect | PadMode::Symmetric => &["reflect_type"],
        PadMode::Edge | PadMode::Wrap | PadMode::Empty => &[],
    };
    let unused = given
        .iter()
        .find(|(name, is_given)| *is_given && !used.contains(name));
    match unused {
        None => Ok(()),
        Some((name, _)) => Err(Error::value(
            OP,
            format!(
                "unsupported keyword arguments for mode '{}': {name}",
                mode.word()
            ),
        )),
    }
}

pub fn pad(
    array: Array,
    pad_width: Widths,
    mode: PadMode,
    stat_length: OptWidths,
    constant_values: Edges,
    end_values: Edges,
    reflect_type: OptReflectType,
) -> Result<Raw> {
    let rank = array.rank();
    let widths = pad_width.pairs(rank)?;
    check_options(
        mode,
        &[
            ("stat_length", stat_length.0.is_some()),
            ("constant_values", constant_values.0.is_some()),
            ("end_values", end_values.0.is_some()),
            ("reflect_type", reflect_type.0.is_some()),
        ],
    )?;
    let reflect_type = reflect_type.0.unwrap_or_default();
    let fills = constant_values.pairs(rank, array.dtype());
    let ends = end_values.pairs(rank, array.dtype());
    let lengths = stat_length.0.map(|l| l.pairs(rank)).transpose()?;
    if matches!(mode, PadMode::Maximum | PadMode::Minimum) {
        check_lengths(lengths.as_deref())?;
    }
    // in Fortran's order the transpose is made, so that the result has the array's order
    let turns = isfortran(array)?;
    if !turns && let Some(out) = in_one_piece(array, &widths, mode, reflect_type, &fills)? {
        return Ok(out);
    }
    // before it is made piece by piece
    let lengths_padded = array.shape().iter().zip(&widths);
    let bytes = lengths_padded.fold(array.dtype().size(), |bytes, (n, [before, after])| {
        bytes.saturating_mul(n.saturating_add(before.saturating_add(*after)))
    });
    room(OP, bytes)?;
    let mut out = if turns {
        array.transpose()?
    } else {
        array.clone()
    };
    for (axis, &[before, after]) in widths.iter().enumerate() {
        if before == 0 && after == 0 {
            continue;
        }
        let side = Side {
            x: &out,
            axis: if turns { rank - 1 - axis } else { axis },
            n: array.shape()[axis],
        };
        if side.n == 0 && !matches!(mode, PadMode::Constant | PadMode::Empty) {
            return Err(Error::value(
                OP,
                format!(
                    "can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
                ),
            )
            .at_axis(axis as isize));
        }
        let both = [before, after];
        let side_lengths = lengths.as_ref().map_or([side.n; 2], |all| all[axis]);
        out = match mode {
            PadMode::Constant => {
                let [a, b] = &fills.as_ref().map_err(Error::clone)?[axis];
                let (a, b) = (constant(a, out.dtype())?, constant(b, out.dtype())?);
                side.joined([side.filled(&a, before)?, side.filled(&b, after)?])?
            }
            PadMode::Empty => {
                let zero = out.like(&[], out.dtype(), Scalar::Bool(false))?;
                side.joined([side.filled(&zero, before)?, side.filled(&zero, after)?])?
            }
            PadMode::Edge => {
                let [a, b] = side.edges()?;
                side.joined([side.filled(&a, before)?, side.filled(&b, after)?])?
            }
            PadMode::LinearRamp => {
                let [a, b] = &ends.as_ref().map_err(Error::clone)?[axis];
                let [first, last] = side.edges()?;
                let rising = side.ramp(a, &first, before)?;
                let falling = side
                    .ramp(b, &last, after)?
                    .flip(Named::List(&[side.axis as isize]))?;
                side.joined([rising, falling])?
            }
            PadMode::Maximum => side.statistics(reduced(Reduction::Max), both, side_lengths)?,
            PadMode::Minimum => side.statistics(reduced(Reduction::Min), both, side_lengths)?,
            PadMode::Mean => side.statistics(reduced(Reduction::Mean), both, side_lengths)?,
            PadMode::Median => side.statistics(median_along, both, side_lengths)?,
            PadMode::Wrap => {
                let index = |i: isize| i.rem_euclid(side.n as isize);
                let ahead = side.picked(-(before as isize)..0, index)?;
                let behind = side.picked(side.n as isize..(side.n + after) as isize, index)?;
                side.joined([ahead, behind])?
            }
            PadMode::Reflect | PadMode::Symmetric => {
                side.mirrored(both, mode == PadMode::Symmetric, reflect_type)?
            }
        };
    }
    if turns {
        out = out.transpose()?;
    }
    if widths.iter().all(|w| *w == [0, 0]) {
        copy(&out, Order::K)
    } else {
        Ok(out)
    }
}

/// The usual borders, where no transformation looks on: nothing is copied twice.
fn in_one_piece(
    x: &Raw,
    widths: &[[usize; 2]],
    mode: PadMode,
    kind: ReflectType,
    fills: &Result<Vec<[Raw; 2]>>,
) -> Result<Option<Raw>> {
    let values;
    let border = match mode {
        PadMode::Constant => {
            let both = |[a, b]: &[Raw; 2]| Ok([constant(a, x.dtype())?, constant(b, x.dtype())?]);
            let fills = fills.as_ref().map_err(Error::clone)?;
            values = fills.iter().map(both).collect::<Result<Vec<_>>>()?;
            Border::Constant(&values)
        }
        PadMode::Edge => Border::Edge,
        PadMode::Reflect if matches!(kind, ReflectType::Even) => Border::Reflect,
        PadMode::Symmetric if matches!(kind, ReflectType::Even) => Border::Symmetric,
        PadMode::Wrap => Border::Wrap,
        _ => return Ok(None),
    };
    let mut axes = x.shape().iter().zip(widths);
    if !axes.all(|(&n, &both)| both == [0, 0] || border.reaches(n, both)) {
        return Ok(None);
    }
    let mut operands = vec![x];
    if let Border::Constant(values) = border {
        operands.extend(values.iter().flatten());
    }
    direct(OP, &operands, || padded(x, widths, &border))
}

/// An extreme of no elements does not exist.
fn check_lengths(lengths: Option<&[[usize; 2]]>) -> Result<()> {
    match lengths.is_some_and(|all| all.as_flattened().contains(&0)) {
        true => Err(Error::value(
            OP,
            "stat_length of 0 yields no value for padding",
        )),
        false => Ok(()),
    }
}

/// A reduction along one axis, which stays.
fn reduced(op: Reduction) -> impl Fn(&Raw, isize) -> Result<Raw> {
    move |x, axis| {
        let options = ReduceOptions {
            axes: Named::List(&[axis]),
            keepdims: KeepDims::Yes,
            ..Default::default()
        };
        x.reduce(op, options)
    }
}

fn median_along(x: &Raw, axis: isize) -> Result<Raw> {
    median(x, Axes(Some(smallvec![axis])), Out::NONE, false, true)
}

/// A constant border in the dtype of the array, as NumPy writes a number into an array: for signed integers it must fit, and what
/// is between two of them loses its fraction; all else is a cast.
fn constant(value: &Raw, dtype: DType) -> Result<Raw> {
    if dtype.kind() != Signed || value.opaque().is_some() || value.tracks_gradient() {
        return value.cast(dtype);
    }
    match value.item()? {
        number @ (Scalar::Float(_) | Scalar::Int(_)) => {
            Number::Scalar(number).written_to(OP, dtype)
        }
        _ => value.cast(dtype),
    }
}

/// An axis that gets a border. `x` has the borders of the axes before it.
struct Side<'a> {
    x: &'a Raw,
    axis: usize,
    n: usize,
}

impl Side<'_> {
    fn joined(&self, [before, after]: [Raw; 2]) -> Result<Raw> {
        Raw::concatenate(&[&before, self.x, &after], self.axis as isize)
    }

    /// A value in so many places; it has no axes, or length 1 along this one.
    fn filled(&self, value: &Raw, width: usize) -> Result<Raw> {
        let mut shape = self.x.shape().to_vec();
        shape[self.axis] = width;
        value.broadcast_to(&shape)
    }

    fn narrow(&self, start: usize, len: usize) -> Result<Raw> {
        self.x.narrow(self.axis as isize, start, len)
    }

    fn edges(&self) -> Result<[Raw; 2]> {
        Ok([self.narrow(0, 1)?, self.narrow(self.n - 1, 1)?])
    }

    /// The elements whose indices these places have.
    fn picked(
        &self,
        places: std::ops::Range<isize>,
        index: impl Fn(isize) -> isize,
    ) -> Result<Raw> {
        room(OP, places.len().saturating_mul(size_of::<i64>()))?;
        let list: Vec<i64> = places.map(|i| index(i) as i64).collect();
        let len = list.len();
        self.x.take(
            &Raw::from_vec(list, &[len])?.to_device(self.x.device())?,
            self.axis as isize,
            Mode::Raise,
        )
    }

    /// From a value to the edge, which is not reached, in so many steps.
    fn ramp(&self, from: &Raw, edge: &Raw, width: usize) -> Result<Raw> {
        let wide = promote(promote(from.dtype(), edge.dtype()), DType::F64);
        let (from, to) = (from.cast(wide)?, edge.cast(wide)?);
        let count = counted_beside(self.x, 0, width)?.cast(DType::F64)?;
        let mut shape = vec![1; self.x.rank()];
        shape[self.axis] = width;
        let span = to.sub(&from)?;
        let step = Raw::apply(
            Op::Div,
            &[(&span).into(), Scalar::Float(width.max(1) as f64).into()],
        )?;
        let ramp = count.reshape(&shape)?.mul(&step)?.add(&from)?;
        let dtype = self.x.dtype();
        if dtype.is_integer() {
            ramp.floor()?.cast(dtype)
        } else {
            ramp.cast(dtype)
        }
    }

    /// A statistic of so many elements at either end, at most all.
    fn statistics(
        &self,
        of: impl Fn(&Raw, isize) -> Result<Raw>,
        both: [usize; 2],
        lengths: [usize; 2],
    ) -> Result<Raw> {
        let lengths = lengths.map(|len| len.min(self.n));
        let statistic = |start: usize, len: usize| {
            let value = of(&self.narrow(start, len)?, self.axis as isize)?;
            match self.x.dtype() {
                dtype if dtype.is_integer() && value.dtype().is_float() => {
                    rounded(&value)?.cast(dtype)
                }
                dtype => value.cast(dtype),
            }
        };
        let before = statistic(0, lengths[0])?;
        let after = statistic(self.n - lengths[1], lengths[1])?;
        self.joined([
            self.filled(&before, both[0])?,
            self.filled(&after, both[1])?,
        ])
    }

    /// Mirrored at the edges, again and again while the border is longer than the array. The array grows with each turn,
    /// and what is mirrored is a whole number of periods of it (NumPy's rule).
    fn mirrored(&self, both: [usize; 2], repeats_edge: bool, kind: ReflectType) -> Result<Raw> {
        if self.n == 1 {
            let edge = self.narrow(0, 1)?;
            return self.joined([self.filled(&edge, both[0])?, self.filled(&edge, both[1])?]);
        }
        let (skip, axis) = (usize::from(!repeats_edge), self.axis as isize);
        let period = self.n - skip;
        if both[0].max(both[1]) <= period {
            let ends = [self.narrow(0, 1)?, self.narrow(self.n - 1, 1)?];
            let parts = [
                self.narrow(skip, both[0])?,
                self.narrow(period - both[1], both[1])?,
            ];
            return self.joined([
                turned(&parts[0], &ends[0], axis, kind)?,
                turned(&parts[1], &ends[1], axis, kind)?,
            ]);
        }
        let mut x = self.x.clone();
        let mut left = both;
        while left != [0, 0] {
            let whole = (x.shape()[self.axis] - skip) / period * period;
            let before = x.narrow(axis, 0, 1)?;
            if left[0] > 0 {
                let len = whole.min(left[0]);
                let chunk = turned(&x.narrow(axis, skip, len)?, &before, axis, kind)?;
                x = Raw::concatenate(&[&chunk, &x], axis)?;
                left[0] -= len;
            }
            if left[1] > 0 {
                let (len, end) = (whole.min(left[1]), x.shape()[self.axis]);
                let last = x.narrow(axis, end - 1, 1)?;
                let chunk = turned(&x.narrow(axis, end - skip - len, len)?, &last, axis, kind)?;
                x = Raw::concatenate(&[&x, &chunk], axis)?;
                left[1] -= len;
            }
        }
        Ok(x)
    }
}

/// To the nearest integer, of two the even one.
fn rounded(x: &Raw) -> Result<Raw> {
    let up = Raw::apply(Op::Add, &[x.into(), Scalar::Float(0.5).into()])?.floor()?;
    let is_tie = Raw::apply(Op::Eq, &[(&up.sub(x)?).into(), Scalar::Float(0.5).into()])?;
    let odd = Raw::apply(Op::Remainder, &[(&up).into(), Scalar::Float(2.0).into()])?;
    up.sub(&super::rearrange::or_zero(&is_tie, &odd)?)
}

/// A mirrored part; the odd kind is turned around the edge.
fn turned(part: &Raw, edge: &Raw, axis: isize, kind: ReflectType) -> Result<Raw> {
    let mirrored = part.flip(Named::List(&[axis]))?;
    match kind {
        ReflectType::Even => Ok(mirrored),
        ReflectType::Odd => {
            let two = Scalar::Int(2);
            let twice = Raw::apply(Op::Mul, &[edge.into(), two.into()])?;
            twice.sub(&mirrored)?.cast(part.dtype())
        }
    }
}
