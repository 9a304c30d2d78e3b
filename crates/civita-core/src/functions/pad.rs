//! Arrays with a border.
//!
//! One axis after another gets what comes before and after it, so that corners are borders of borders, as in NumPy.

use std::convert::Infallible;

use super::create::counted;
use super::value::*;
use crate::backend::cpu::pad::{Border, padded};
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout::{Axes as Named, KeepDims};
use crate::ops::{Op, Reduction};
use crate::primitive::direct;
use crate::raw::ReduceOptions;
use crate::raw::{Mode, Raw};

const OP: &str = "pad";

/// Two counts for each axis: `n`, `(before, after)`, or a pair for each axis.
#[derive(Clone, Debug)]
pub struct Widths(Vec<Vec<isize>>);

/// As [`Widths`], or `None` for all.
#[derive(Clone, Debug)]
pub struct OptWidths(pub Option<Widths>);

/// Two numbers for each axis: one number for all, or an array whose shape broadcasts to `(axes, 2)`.
#[derive(Clone, Debug)]
pub struct Edges(pub Number);

impl Kind for Widths {
    const EXPECTS: &'static str = "an integer, a pair of integers, or a pair for each axis";
    const STUB: &'static str = "int | Sequence[int] | Sequence[Sequence[int]] | ndarray";
    fn from_value(value: Value) -> Result<Widths, Refused> {
        let rows = match value {
            Value::Array(x) if x.rank() == 2 => {
                let n = x.shape()[1].max(1);
                let all = Ints::from_value(Value::Array(x.reshape(&[x.len()])?))?.0;
                return Ok(Widths(all.chunks(n).map(<[isize]>::to_vec).collect()));
            }
            Value::List(rows) => rows,
            other => return Ok(Widths(vec![Ints::from_value(other)?.0])),
        };
        if rows
            .iter()
            .any(|row| matches!(row, Value::List(_) | Value::Array(_)))
        {
            let rows = rows.into_iter().map(|row| Ok(Ints::from_value(row)?.0));
            return rows.collect::<Result<_, Refused>>().map(Widths);
        }
        Ok(Widths(vec![Ints::from_value(Value::List(rows))?.0]))
    }
}
impl Kind for OptWidths {
    const EXPECTS: &'static str = Widths::EXPECTS;
    const STUB: &'static str = "int | Sequence[int] | Sequence[Sequence[int]] | ndarray | None";
    fn from_value(value: Value) -> Result<OptWidths, Refused> {
        match value {
            Value::None => Ok(OptWidths(None)),
            some => Widths::from_value(some).map(|w| OptWidths(Some(w))),
        }
    }
}
impl Kind for Edges {
    const EXPECTS: &'static str = "a number, a pair of numbers, or a pair for each axis";
    const STUB: &'static str = "_ArrayLike";
    const FORM: Form = Form::Operand;
    fn from_value(value: Value) -> Result<Edges, Refused> {
        Number::from_value(value).map(Edges)
    }
}
impl From<isize> for Widths {
    fn from(n: isize) -> Widths {
        Widths(vec![vec![n]])
    }
}
impl From<[isize; 2]> for Widths {
    fn from(both: [isize; 2]) -> Widths {
        Widths(vec![both.into()])
    }
}
impl<const K: usize> From<[[isize; 2]; K]> for Widths {
    fn from(all: [[isize; 2]; K]) -> Widths {
        Widths(all.map(Vec::from).into())
    }
}

impl From<i32> for Edges {
    fn from(value: i32) -> Edges {
        Edges(Number::Scalar(Scalar::Int(value.into())))
    }
}
impl From<f64> for Edges {
    fn from(value: f64) -> Edges {
        Edges(Number::Scalar(Scalar::Float(value)))
    }
}
impl From<Raw> for Edges {
    fn from(values: Raw) -> Edges {
        Edges(Number::Array(values))
    }
}
impl From<Option<Infallible>> for OptWidths {
    fn from(_: Option<Infallible>) -> OptWidths {
        OptWidths(None)
    }
}
impl Widths {
    /// Before and after each of so many axes.
    fn pairs(&self, rank: usize) -> Result<Vec<[usize; 2]>> {
        let pair = |row: &Vec<isize>| {
            let both = match row[..] {
                [n] => [n, n],
                [before, after] => [before, after],
                _ => return Err(self.wrong(rank)),
            };
            if both.iter().any(|&n| n < 0) {
                return Err(Error::value(OP, "index can't contain negative values"));
            }
            Ok(both.map(isize::unsigned_abs))
        };
        match &self.0[..] {
            [one] => Ok(vec![pair(one)?; rank]),
            rows if rows.len() == rank => rows.iter().map(pair).collect(),
            _ => Err(self.wrong(rank)),
        }
    }

    #[cold]
    fn wrong(&self, rank: usize) -> Error {
        Error::value(
            OP,
            format!("{:?} does not broadcast to {rank} pairs", self.0),
        )
        .rule("widths are one number, a pair (before, after), or a pair for each axis")
    }
}

impl Edges {
    /// The numbers before and after each axis, without axes.
    fn pairs(&self, rank: usize) -> Result<Vec<[Raw; 2]>> {
        let all = match &self.0 {
            Number::Array(x) => x.clone(),
            Number::Scalar(v) => Raw::scalar(*v, v.default_dtype())?,
        };
        let all = all.broadcast_to(&[rank, 2]).map_err(|e| e.in_op(OP))?;
        let at = |axis: usize, side: isize| all.slice(&[(axis as isize).into(), side.into()]);
        (0..rank)
            .map(|axis| Ok([at(axis, 0)?, at(axis, 1)?]))
            .collect()
    }
}

pub fn pad(
    array: Array,
    pad_width: Widths,
    mode: PadMode,
    stat_length: OptWidths,
    constant_values: Edges,
    end_values: Edges,
    reflect_type: ReflectType,
) -> Result<Raw> {
    let rank = array.rank();
    let widths = pad_width.pairs(rank)?;
    let fills = constant_values.pairs(rank);
    let ends = end_values.pairs(rank);
    let lengths = stat_length.0.map(|l| l.pairs(rank)).transpose()?;
    if let Some(out) = in_one_piece(&array, &widths, mode, reflect_type, &fills)? {
        return Ok(out);
    }
    let mut out = array.clone();
    for (axis, &[before, after]) in widths.iter().enumerate() {
        if before == 0 && after == 0 {
            continue;
        }
        let side = Side {
            x: &out,
            axis,
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
        out = match mode {
            PadMode::Constant => {
                let [a, b] = &fills.as_ref().map_err(again)?[axis];
                let (a, b) = (a.cast(out.dtype())?, b.cast(out.dtype())?);
                side.joined([side.filled(&a, before)?, side.filled(&b, after)?])?
            }
            PadMode::Empty => {
                let zero = Raw::zeros(&[], out.dtype())?;
                side.joined([side.filled(&zero, before)?, side.filled(&zero, after)?])?
            }
            PadMode::Edge => {
                let [a, b] = side.edges()?;
                side.joined([side.filled(&a, before)?, side.filled(&b, after)?])?
            }
            PadMode::LinearRamp => {
                let [a, b] = &ends.as_ref().map_err(again)?[axis];
                let [first, last] = side.edges()?;
                let rising = side.ramp(a, &first, before)?;
                let falling = side
                    .ramp(b, &last, after)?
                    .flip(Named::List(&[axis as isize]))?;
                side.joined([rising, falling])?
            }
            PadMode::Maximum => side.statistics(Reduction::Max, both, lengths.as_deref())?,
            PadMode::Minimum => side.statistics(Reduction::Min, both, lengths.as_deref())?,
            PadMode::Mean => side.statistics(Reduction::Mean, both, lengths.as_deref())?,
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
    if widths.iter().all(|w| *w == [0, 0]) {
        out.copied()
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
            let both = |[a, b]: &[Raw; 2]| Ok([a.cast(x.dtype())?, b.cast(x.dtype())?]);
            let fills = fills.as_ref().map_err(again)?;
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

/// An error that several axes may meet.
fn again(error: &Error) -> Error {
    Error::shape(OP, error.to_string())
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
        let list: Vec<i64> = places.map(|i| index(i) as i64).collect();
        let len = list.len();
        self.x.take(
            &Raw::from_vec(list, &[len])?,
            self.axis as isize,
            Mode::Raise,
        )
    }

    /// From a value to the edge, which is not reached, in so many steps.
    fn ramp(&self, from: &Raw, edge: &Raw, width: usize) -> Result<Raw> {
        let wide = promote(promote(from.dtype(), edge.dtype()), DType::F64);
        let (from, to) = (from.cast(wide)?, edge.cast(wide)?);
        let count = counted(0, width)?.cast(DType::F64)?;
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

    /// A statistic of the elements at either end.
    fn statistics(
        &self,
        op: Reduction,
        both: [usize; 2],
        lengths: Option<&[[usize; 2]]>,
    ) -> Result<Raw> {
        let lengths = lengths.map_or([self.n; 2], |all| all[self.axis].map(|len| len.min(self.n)));
        if lengths.contains(&0) && op != Reduction::Mean {
            return Err(Error::value(
                OP,
                "stat_length of 0 yields no value for padding",
            ));
        }
        let statistic = |start: usize, len: usize| {
            let options = ReduceOptions {
                axes: Named::List(&[self.axis as isize]),
                keepdims: KeepDims::Yes,
                ..Default::default()
            };
            let value = self.narrow(start, len)?.reduce(op, options)?;
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
