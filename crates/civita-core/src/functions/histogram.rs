//! Counts of elements between edges.
//!
//! Where no transformation looks on, a kernel counts in one pass (`backend/cpu/count`). With weights, and under
//! transformations, each element's bin is looked up and its weight added there: all ops, so that weights have gradients.

use super::join::flat;
use super::nan::any;
use super::sorting::places;
use super::value::*;
use super::{create, warn};
use crate::backend::cpu::count::{self, Edges};
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::ops::{Op, Reduction};
use crate::primitive::{Direction, direct};
use crate::raw::{Mode, Raw};

/// NumPy's rules for the number of bins.
const ESTIMATORS: [&str; 8] = [
    "stone", "auto", "doane", "fd", "rice", "scott", "sqrt", "sturges",
];

/// Bins: so many, by the name of a rule, or their edges.
#[derive(Clone, Debug)]
pub enum Bins {
    /// So many, of one width.
    Count(isize),
    /// By this rule, of one width.
    Rule(String),
    /// Between these edges.
    Edges(Raw),
}

impl Kind for Bins {
    const EXPECTS: &'static str = "an integer, a string, or an array";
    const STUB: &'static str = "SupportsIndex | _str | _ArrayLike";
    fn from_value(value: Value) -> Result<Bins, Refused> {
        match value {
            Value::Text(name) => Ok(Bins::Rule(name.into_owned())),
            Value::Scalar(Scalar::Int(n)) => isize::try_from(n)
                .map(Bins::Count)
                .map_err(|_| Refused::Type),
            Value::Scalar(Scalar::Bool(n)) => Ok(Bins::Count(n.into())),
            Value::Array(x) if x.rank() == 0 && x.dtype().is_integer() => match x.item()? {
                Scalar::Int(n) => isize::try_from(n)
                    .map(Bins::Count)
                    .map_err(|_| Refused::Type),
                _ => Err(Refused::Type),
            },
            other => Raw::from_value(other).map(Bins::Edges),
        }
    }
}

/// From where to where bins go, with a dtype where an array says it; or `None`: over all elements.
#[derive(Clone, Debug)]
pub struct Range(pub Option<([f64; 2], Option<DType>)>);

impl Kind for Range {
    const EXPECTS: &'static str = "two numbers or None";
    const STUB: &'static str = "tuple[float, float] | Sequence[float] | None";
    fn from_value(value: Value) -> Result<Range, Refused> {
        let dtype = match &value {
            Value::Array(x) => Some(x.dtype()),
            _ => None,
        };
        let ends = match value {
            Value::None => return Ok(Range(None)),
            Value::List(all) => all
                .into_iter()
                .map(Float::from_value)
                .collect::<Result<Vec<_>, _>>()?,
            Value::Array(x) if x.rank() == 1 => {
                x.scalars()?.into_iter().map(Scalar::as_f64).collect()
            }
            _ => return Err(Refused::Type),
        };
        match ends[..] {
            [low, high] => Ok(Range(Some(([low, high], dtype)))),
            _ => Err(Error::value("range", "a range has two ends").into()),
        }
    }
}

/// Bins of each dimension, or one kind for all.
#[derive(Clone, Debug)]
pub enum BinsOfEach {
    /// For all.
    Same(Bins),
    /// For each.
    Each(Vec<Bins>),
}

impl Kind for BinsOfEach {
    const EXPECTS: &'static str = "an integer, or an integer or an array for each dimension";
    const STUB: &'static str = "SupportsIndex | Sequence[SupportsIndex | _ArrayLike] | ndarray";
    fn from_value(value: Value) -> Result<BinsOfEach, Refused> {
        match value {
            Value::List(all) => all
                .into_iter()
                .map(Bins::from_value)
                .collect::<Result<_, _>>()
                .map(BinsOfEach::Each),
            Value::Array(x) if x.rank() > 0 => (0..x.shape()[0])
                .map(|i| Bins::from_value(x.select_index(0, i as isize)?.into()))
                .collect::<Result<_, _>>()
                .map(BinsOfEach::Each),
            other => Bins::from_value(other).map(BinsOfEach::Same),
        }
    }
}

/// A range for each dimension, or `None`.
#[derive(Clone, Debug)]
pub struct RangeOfEach(pub Option<Vec<Range>>);

impl Kind for RangeOfEach {
    const EXPECTS: &'static str = "two numbers or None for each dimension, or None";
    const STUB: &'static str = "Sequence[Sequence[float] | None] | ndarray | None";
    fn from_value(value: Value) -> Result<RangeOfEach, Refused> {
        match value {
            Value::None => Ok(RangeOfEach(None)),
            Value::List(all) => all
                .into_iter()
                .map(Range::from_value)
                .collect::<Result<_, _>>()
                .map(|all| RangeOfEach(Some(all))),
            Value::Array(x) if x.rank() == 2 => (0..x.shape()[0])
                .map(|i| Range::from_value(x.select_index(0, i as isize)?.into()))
                .collect::<Result<_, _>>()
                .map(|all| RangeOfEach(Some(all))),
            _ => Err(Refused::Type),
        }
    }
}

/// Points as the rows of a matrix; a sequence holds the coordinates of one dimension after another.
#[derive(Clone, Debug)]
pub struct Points(pub Raw);

impl Kind for Points {
    const EXPECTS: &'static str = "a matrix of points, or a sequence of coordinates";
    const STUB: &'static str = "_ArrayLike";
    fn from_value(value: Value) -> Result<Points, Refused> {
        let is_array = matches!(value, Value::Array(_));
        let x = Raw::from_value(value)?;
        Ok(Points(match x.rank() {
            2 if is_array => x,
            0 => x.reshape(&[1, 1])?,
            1 => x.reshape(&[x.len(), 1])?,
            2 => x.transpose()?,
            _ => {
                return Err(
                    Error::value("histogramdd", "points are the rows of a matrix")
                        .shapes(&[x.shape()])
                        .into(),
                );
            }
        }))
    }
}

/// The elements as a vector, no booleans, and their weights.
fn elements(op: &'static str, a: &Raw, weights: OptArray) -> Result<(Raw, OptArray)> {
    if a.dtype().is_complex() {
        return Err(Error::dtype(op, "complex numbers lie in no bins").dtypes(&[a.dtype()]));
    }
    let a = match a.dtype() {
        DType::Bool => {
            warn("Converting input from bool to <class 'numpy.uint8'> for compatibility.");
            a.cast(DType::U8)?
        }
        _ => a.clone(),
    };
    let weights = match weights {
        None => None,
        Some(weights) if weights.shape() != a.shape() => {
            return Err(Error::value(op, "weights should have the same shape as a.")
                .shapes(&[weights.shape(), a.shape()]));
        }
        Some(weights) => Some(flat(&weights)?),
    };
    Ok((flat(&a)?, weights))
}

/// The first and the last edge: numbers that were given, or the extremes of the elements.
fn outer_edges(op: &'static str, a: &Raw, range: &Range) -> Result<[Number; 2]> {
    let number = |v: f64| Number::Scalar(Scalar::Float(v));
    let ends = match range.0 {
        Some(([first, last], dtype)) => {
            if first > last {
                return Err(Error::value(
                    op,
                    "max must be larger than min in range parameter.",
                ));
            }
            if !(first.is_finite() && last.is_finite()) {
                return Err(Error::value(
                    op,
                    format!("supplied range of [{first}, {last}] is not finite"),
                ));
            }
            match dtype {
                None => [number(first), number(last)],
                Some(dtype) => [
                    Number::Array(Raw::scalar(Scalar::Float(first), DType::F64)?.cast(dtype)?),
                    Number::Array(Raw::scalar(Scalar::Float(last), DType::F64)?.cast(dtype)?),
                ],
            }
        }
        None if a.is_empty() => [number(0.0), number(1.0)],
        None => {
            // the edges have derivatives by them
            let [first, last] = [
                a.reduce(Reduction::Min, Default::default())?,
                a.reduce(Reduction::Max, Default::default())?,
            ];
            let value = |end: &Raw| -> Result<f64> { Ok(end.concrete(op)?.item()?.as_f64()) };
            let [low, high] = [value(&first)?, value(&last)?];
            if !(low.is_finite() && high.is_finite()) {
                return Err(Error::value(
                    op,
                    format!("autodetected range of [{low}, {high}] is not finite"),
                ));
            }
            [Number::Array(first), Number::Array(last)]
        }
    };
    let [low, high] = [value_of(&ends[0])?, value_of(&ends[1])?];
    if low != high {
        return Ok(ends);
    }
    let moved = |end: &Number, by: f64| -> Result<Number> {
        Ok(match end {
            Number::Scalar(v) => number(v.as_f64() + by),
            Number::Array(x) => {
                Number::Array(Raw::apply(Op::Add, &[x.into(), Scalar::Float(by).into()])?)
            }
        })
    };
    Ok([moved(&ends[0], -0.5)?, moved(&ends[1], 0.5)?])
}

fn value_of(number: &Number) -> Result<f64> {
    Ok(match number {
        Number::Scalar(v) => v.as_f64(),
        Number::Array(x) => x.item()?.as_f64(),
    })
}

/// Edges of bins, and whether the bins have one width.
struct Grid {
    edges: Raw,
    uniform: bool,
}

fn evenly(first: &Number, last: &Number, bins: usize, dtype: OptDType) -> Result<Raw> {
    let (edges, _) = create::linspace(
        first.clone(),
        last.clone(),
        bins.saturating_add(1),
        true,
        false,
        dtype,
        0,
        Device(()),
    )?;
    Ok(edges)
}

/// Returns true where each is at most, or with `strictly` less than, the next one.
fn increases(edges: &Raw, strictly: bool) -> Result<bool> {
    let n = edges.len();
    if n < 2 {
        return Ok(true);
    }
    let edges = edges.detach();
    let (left, right) = (edges.narrow(0, 0, n - 1)?, edges.narrow(0, 1, n - 1)?);
    let wrong = match strictly {
        true => left.ge(&right)?,
        false => left.gt(&right)?,
    };
    Ok(!any(&wrong)?)
}

fn grid(op: &'static str, a: &Raw, bins: &Bins, range: &Range, weighted: bool) -> Result<Grid> {
    let (ends, n) = match bins {
        Bins::Edges(edges) => {
            if edges.rank() == 0 {
                return Err(
                    Error::dtype(op, "`bins` must be an integer, a string, or an array")
                        .dtypes(&[edges.dtype()]),
                );
            }
            if edges.rank() != 1 {
                return Err(
                    Error::value(op, "`bins` must be 1d, when an array").shapes(&[edges.shape()])
                );
            }
            if !increases(edges, false)? {
                return Err(Error::value(
                    op,
                    "`bins` must increase monotonically, when an array",
                ));
            }
            return Ok(Grid {
                edges: edges.clone(),
                uniform: false,
            });
        }
        Bins::Count(n) => {
            let n = usize::try_from(*n)
                .ok()
                .filter(|&n| n > 0)
                .ok_or_else(|| Error::value(op, "`bins` must be positive, when an integer"))?;
            (outer_edges(op, a, range)?, n)
        }
        Bins::Rule(name) => {
            let Some(rule) = ESTIMATORS.iter().find(|rule| *rule == name) else {
                return Err(Error::value(
                    op,
                    format!("'{name}' is not a valid estimator for `bins`"),
                ));
            };
            if weighted {
                return Err(Error::dtype(
                    op,
                    "Automated estimation of the number of bins is not supported for weighted data",
                ));
            }
            let ends = outer_edges(op, a, range)?;
            let inside = match range.0 {
                None => a.concrete(op)?,
                Some(([low, high], _)) => {
                    let a = a.concrete(op)?;
                    let above = Raw::apply(Op::Ge, &[(&a).into(), Scalar::Float(low).into()])?;
                    let below = Raw::apply(Op::Le, &[(&a).into(), Scalar::Float(high).into()])?;
                    a.select(&above.logical_and(&below)?)?
                }
            };
            let n = bins_by_rule(rule, &inside, &ends)?;
            (ends, n)
        }
    };
    let [first, last] = &ends;
    let weak = |dtype: DType, end: &Number| match end {
        Number::Array(x) => promote(dtype, x.dtype()),
        Number::Scalar(v) => v.weak_with(dtype),
    };
    let dtype = weak(weak(a.dtype(), first), last);
    let dtype = match dtype.is_float() {
        true => dtype,
        false => DType::F64,
    };
    let edges = evenly(first, last, n, Some(dtype))?.to_device(a.device())?;
    if !increases(&edges, true)? {
        return Err(Error::value(
            op,
            format!("Too many bins for data range. Cannot create {n} finite-sized bins."),
        ));
    }
    Ok(Grid {
        edges,
        uniform: true,
    })
}

/// How many bins a rule asks for.
fn bins_by_rule(rule: &str, a: &Raw, ends: &[Number; 2]) -> Result<usize> {
    if a.is_empty() {
        return Ok(1);
    }
    let whole = value_of(&ends[1])? - value_of(&ends[0])?;
    let width = width_by_rule(rule, a, ends)?;
    if width == 0.0 || width.is_nan() {
        return Ok(1);
    }
    let width = if a.dtype().is_integer() {
        width.max(1.0)
    } else {
        width
    };
    Ok((whole / width).ceil().max(1.0) as usize)
}

/// The width of a bin by a rule (see NumPy's `histogram_bin_edges`).
fn width_by_rule(rule: &str, a: &Raw, ends: &[Number; 2]) -> Result<f64> {
    let n = a.len() as f64;
    let number = |op| -> Result<f64> { Ok(a.reduce(op, Default::default())?.item()?.as_f64()) };
    let extent = number(Reduction::Max)? - number(Reduction::Min)?;
    let quartiles = || -> Result<f64> {
        let q = Raw::from_vec(vec![75.0, 25.0], &[2])?.to_device(a.device())?;
        let found = super::quantile::percentile(
            a,
            Number::Array(q),
            Axes(None),
            Out::NONE,
            false,
            QuantileMethod::Linear,
            false,
            None,
        )?;
        let found = found.cast(DType::F64)?.to_vec::<f64>()?;
        Ok(2.0 * (found[0] - found[1]) * n.powf(-1.0 / 3.0))
    };
    let sturges = extent / (n.log2() + 1.0);
    let root = extent / n.sqrt();
    Ok(match rule {
        "sqrt" => root,
        "sturges" => sturges,
        "rice" => extent / (2.0 * n.powf(1.0 / 3.0)),
        "scott" => {
            (24.0 * std::f64::consts::PI.sqrt() / n).powf(1.0 / 3.0) * number(Reduction::Std)?
        }
        "fd" => quartiles()?,
        "auto" => quartiles()?.max(root / 2.0).min(sturges),
        "doane" => {
            let sigma = if n > 2.0 {
                number(Reduction::Std)?
            } else {
                0.0
            };
            if sigma <= 0.0 {
                return Ok(0.0);
            }
            let skew = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
            let mean = a.reduce(Reduction::Mean, Default::default())?;
            let scaled = Raw::apply(
                Op::Div,
                &[(&a.sub(&mean)?).into(), Scalar::Float(sigma).into()],
            )?;
            let cubes = scaled.mul(&scaled)?.mul(&scaled)?;
            let third = cubes.reduce(Reduction::Mean, Default::default())?;
            let third = third.item()?.as_f64();
            extent / (1.0 + n.log2() + (1.0 + third.abs() / skew).log2())
        }
        _ => return stone(a, ends, extent),
    })
}

/// Stone's rule: the number of bins with the least estimated error.
fn stone(a: &Raw, ends: &[Number; 2], extent: f64) -> Result<f64> {
    let n = a.len() as f64;
    if n <= 1.0 || extent == 0.0 {
        return Ok(0.0);
    }
    let most = 100.max(n.sqrt() as usize);
    let mut best = (f64::INFINITY, 1);
    for bins in 1..=most {
        let edges = evenly(&ends[0], &ends[1], bins, Some(DType::F64))?;
        let counts = counts(a, &edges, true, None)?.to_vec::<i64>()?;
        let squares: f64 = counts.iter().map(|&k| (k as f64 / n).powi(2)).sum();
        let error = (2.0 - (n + 1.0) * squares) / (extent / bins as f64);
        if error < best.0 {
            best = (error, bins);
        }
    }
    if best.1 == most {
        warn("The number of bins estimated may be suboptimal.");
    }
    Ok(extent / best.1 as f64)
}

/// The place among all edges that each element has, 0 below the first and the number of edges above the last.
fn slots(x: &Raw, edges: &Raw) -> Result<Raw> {
    let n = edges.len();
    let edges = edges.to_device(x.device())?;
    let found = places(&edges, x, Side::Right)?;
    // the last bin has its right end
    let last = edges.detach().narrow(0, n - 1, 1)?.reshape(&[])?;
    let is_last = x.detach().eq(&last)?;
    let in_last = Scalar::Int(n as i128 - 1).into();
    Raw::apply(Op::Where, &[(&is_last).into(), in_last, (&found).into()])
}

/// How many elements lie between edges, or the sums of their weights.
fn counts(a: &Raw, edges: &Raw, uniform: bool, weights: Option<&Raw>) -> Result<Raw> {
    let n = edges.len();
    if n < 2 {
        let dtype = weights.map_or(DType::I64, Raw::dtype);
        return Raw::zeros(&[n.saturating_sub(1)], dtype);
    }
    if edges.dtype().is_differentiable()
        && edges.opaque().is_none()
        && any(&edges.detach().isnan()?)?
    {
        return counts_in_order(a, edges, weights);
    }
    let Some(weights) = weights else {
        if edges.opaque().is_none() && !edges.dtype().is_complex() {
            let known = edges.detach().cast(DType::F64)?.to_vec::<f64>()?;
            let x = a.detach();
            let uniform = uniform && known[n - 1] - known[0] < f64::INFINITY;
            let grid = Edges {
                edges: &known,
                uniform,
            };
            if let Some(counts) = direct("histogram", &[&x], || count::histogram(&x, &grid))? {
                return Ok(counts);
            }
        }
        let ones = a.like(a.shape(), DType::I64, Scalar::Int(1))?;
        return counts(a, edges, uniform, Some(&ones));
    };
    let slots = slots(a, edges)?;
    // in a dtype that loses nothing on the way
    let wide = match weights.dtype() {
        d if d.is_float() => DType::F64,
        d if d.is_complex() => DType::C128,
        DType::Bool => DType::I64,
        other => other,
    };
    let sums = slots.like(&[n + 1], wide, Scalar::Bool(false))?.index_add(
        0,
        &slots,
        &weights.cast(wide)?,
    )?;
    sums.narrow(0, 1, n - 1)?.cast(weights.dtype())
}

/// As [`counts`], of edges some of which are NaN: from how many sorted elements are below each edge, NaN being the largest of all, as
/// NumPy counts them.
fn counts_in_order(a: &Raw, edges: &Raw, weights: Option<&Raw>) -> Result<Raw> {
    let n = edges.len();
    let below = |sorted: &Raw| -> Result<Raw> {
        let (first, last) = (edges.narrow(0, 0, n - 1)?, edges.narrow(0, n - 1, 1)?);
        let found = [
            places(sorted, &first, Side::Left)?,
            places(sorted, &last, Side::Right)?,
        ];
        Raw::concatenate(&[&found[0], &found[1]], 0)
    };
    let so_far = match weights {
        None => below(&a.detach().sort(0, Direction::Ascending)?)?,
        Some(weights) => {
            let order = a.argsort(0, Direction::Ascending)?;
            let found = below(&a.detach().take(&order, 0, Mode::Raise)?)?;
            let sums = weights.take(&order, 0, Mode::Raise)?;
            let sums = sums.cumsum(Some(0), Some(weights.dtype()))?;
            let none = sums.like(&[1], sums.dtype(), Scalar::Bool(false))?;
            Raw::concatenate(&[&none, &sums], 0)?.take(&found, 0, Mode::Raise)?
        }
    };
    so_far
        .narrow(0, 1, n - 1)?
        .sub(&so_far.narrow(0, 0, n - 1)?)
}

pub fn histogram_bin_edges(a: Array, bins: Bins, range: Range, weights: OptArray) -> Result<Raw> {
    const OP: &str = "histogram_bin_edges";
    let (a, weights) = elements(OP, a, weights)?;
    Ok(grid(OP, &a, &bins, &range, weights.is_some())?.edges)
}

pub fn histogram(
    a: Array,
    bins: Bins,
    range: Range,
    density: OptBool,
    weights: OptArray,
) -> Result<Vec<Raw>> {
    const OP: &str = "histogram";
    let (a, weights) = elements(OP, a, weights)?;
    let Grid { edges, uniform } = grid(OP, &a, &bins, &range, weights.is_some())?;
    let n = match &weights {
        // in bins of one width booleans are summed up to booleans
        Some(weights) if weights.dtype() == DType::Bool => {
            if !uniform {
                return Err(Error::dtype(OP, "weights are numbers, no booleans")
                    .hint_cast("convert them first", DType::F64));
            }
            let weights = weights.cast(DType::F64)?;
            counts(&a, &edges, uniform, Some(&weights))?.cast(DType::Bool)?
        }
        weights => counts(&a, &edges, uniform, weights.as_ref())?,
    };
    if density.0 != Some(true) {
        return Ok(vec![n, edges]);
    }
    let widths = widths(&edges)?.to_device(n.device())?;
    let total = n.sum_all()?;
    Ok(vec![n.div(&widths)?.div(&total)?, edges])
}

fn widths(edges: &Raw) -> Result<Raw> {
    let n = edges.len().saturating_sub(1);
    let widths = edges.narrow(0, 1, n)?.sub(&edges.narrow(0, 0, n)?)?;
    widths.cast(DType::F64)
}

/// Histogram of points, the rows of a matrix: counts, and the edges of each dimension.
fn of_points(
    op: &'static str,
    points: &Raw,
    bins: BinsOfEach,
    range: RangeOfEach,
    density: OptBool,
    weights: OptArray,
) -> Result<(Raw, Vec<Raw>)> {
    let &[many, dimensions] = points.shape() else {
        return Err(Error::shape(op, "points are the rows of a matrix").shapes(&[points.shape()]));
    };
    if points.dtype().is_complex() {
        return Err(Error::dtype(op, "complex numbers lie in no bins").dtypes(&[points.dtype()]));
    }
    let bins = match bins {
        BinsOfEach::Same(bins) => vec![bins; dimensions],
        BinsOfEach::Each(all) if all.len() == dimensions => all,
        BinsOfEach::Each(_) => {
            return Err(Error::value(
                op,
                "The dimension of bins must be equal to the dimension of the sample x.",
            ));
        }
    };
    let ranges = match range.0 {
        None => vec![Range(None); dimensions],
        Some(all) if all.len() == dimensions => all,
        Some(_) => {
            return Err(Error::value(
                op,
                "range argument must have one entry per dimension",
            ));
        }
    };
    let mut edges = Vec::with_capacity(dimensions);
    let mut lengths = Vec::with_capacity(dimensions);
    let mut slot = points.like(&[many], DType::I64, Scalar::Int(0))?;
    let mut all: usize = 1;
    for (i, (bins, range)) in bins.into_iter().zip(ranges).enumerate() {
        let x = points.select_index(1, i as isize)?;
        let along = match bins {
            Bins::Count(n) => {
                let n = usize::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| {
                    Error::value(op, format!("`bins[{i}]` must be positive, when an integer"))
                })?;
                let [first, last] = outer_edges(op, &x, &range)?;
                evenly(&first, &last, n, None)?
            }
            Bins::Rule(_) => {
                return Err(Error::dtype(
                    op,
                    format!("`bins[{i}]` must be an integer, when a scalar"),
                ));
            }
            Bins::Edges(edges) => {
                if edges.rank() == 0 {
                    let positive = edges.item()?.as_f64() >= 1.0;
                    return Err(match positive {
                        true => Error::dtype(
                            op,
                            format!("`bins[{i}]` must be an integer, when a scalar"),
                        ),
                        false => Error::value(
                            op,
                            format!("`bins[{i}]` must be positive, when an integer"),
                        ),
                    });
                }
                if edges.rank() != 1 {
                    return Err(Error::value(
                        op,
                        format!("`bins[{i}]` must be a scalar or 1d array"),
                    ));
                }
                if !increases(&edges, false)? {
                    return Err(Error::value(
                        op,
                        format!("`bins[{i}]` must be monotonically increasing, when an array"),
                    ));
                }
                edges
            }
        };
        let along = along.to_device(points.device())?;
        if along.is_empty() {
            return Err(Error::value(op, format!("`bins[{i}]` has no edges")));
        }
        let length = along.len() + 1;
        let scaled = Raw::apply(
            Op::Mul,
            &[(&slot).into(), Scalar::Int(length as i128).into()],
        )?;
        slot = scaled.add(&slots(&x, &along)?)?;
        all = all
            .checked_mul(length)
            .ok_or_else(|| Error::value(op, "there are too many bins"))?;
        lengths.push(length);
        edges.push(along);
    }
    let sums = match weights {
        Some(weights) => {
            if weights.shape() != [many] {
                return Err(
                    Error::value(op, "The weights and list don't have the same length.")
                        .shapes(&[weights.shape(), &[many]]),
                );
            }
            let weights = weights
                .cast_if(DType::F64, crate::dtype::Casting::Safe)
                .map_err(|e| e.in_op(op))?;
            let zeros = slot.like(&[all], DType::F64, Scalar::Bool(false))?;
            zeros.index_add(0, &slot, &weights)?
        }
        None => match direct(op, &[&slot], || count::bincount(&slot, all))? {
            Some(counts) => counts.cast(DType::F64)?,
            None => {
                let ones = slot.like(&[many], DType::F64, Scalar::Bool(true))?;
                let zeros = slot.like(&[all], DType::F64, Scalar::Bool(false))?;
                zeros.index_add(0, &slot, &ones)?
            }
        },
    };
    let mut counts = sums.reshape(&lengths)?;
    for (i, length) in lengths.iter().enumerate() {
        counts = counts.narrow(i as isize, 1, length - 2)?;
    }
    if density.0 == Some(true) {
        let total = counts.sum_all()?;
        for (i, edges) in edges.iter().enumerate() {
            let mut shape = vec![1; dimensions];
            shape[i] = edges.len() - 1;
            counts = counts.div(&widths(edges)?.reshape(&shape)?)?;
        }
        counts = counts.div(&total)?;
    }
    Ok((counts.contiguous()?, edges))
}

pub fn histogramdd(
    sample: Points,
    bins: BinsOfEach,
    range: RangeOfEach,
    density: OptBool,
    weights: OptArray,
) -> Result<(Raw, Vec<Raw>)> {
    of_points("histogramdd", &sample.0, bins, range, density, weights)
}

pub fn histogram2d(
    x: Array,
    y: Array,
    bins: BinsOfEach,
    range: RangeOfEach,
    density: OptBool,
    weights: OptArray,
) -> Result<Vec<Raw>> {
    const OP: &str = "histogram2d";
    if x.shape() != y.shape() || x.rank() != 1 {
        return Err(
            Error::value(OP, "x and y must have the same length.").shapes(&[x.shape(), y.shape()])
        );
    }
    // edges that are no pair are those of both
    let bins = match bins {
        BinsOfEach::Each(all) if all.len() != 1 && all.len() != 2 => {
            let edges = all
                .into_iter()
                .map(|bin| match bin {
                    Bins::Count(n) => Raw::scalar(Scalar::Int(n as i128), DType::I64),
                    Bins::Edges(x) => Ok(x),
                    Bins::Rule(_) => Err(Error::dtype(OP, "`bins` are edges")),
                })
                .collect::<Result<Vec<_>>>()?;
            let edges = match edges.is_empty() {
                true => Raw::zeros(&[0], DType::F64)?,
                false => Raw::stack(&edges.iter().collect::<Vec<_>>(), 0)?,
            };
            BinsOfEach::Same(Bins::Edges(edges))
        }
        other => other,
    };
    let points = Raw::stack(&[x, y], 1)?;
    let (counts, mut edges) = of_points(OP, &points, bins, range, density, weights)?;
    edges.insert(0, counts);
    Ok(edges)
}
