//! Sums of products over labelled axes (Einstein's convention).
//!
//! ```text
//! parse      subscripts → labels of every operand and of the result; an ellipsis becomes labels of its own
//! path       which two operands are contracted next (greedy, optimal, or given)
//! contract   axes that only one of the two has and nobody needs are summed first; what is left is one batched matrix
//!            product, its axes being   batch (both, kept) · free of a · contracted   and   batch · contracted · free of b
//! ```
//!
//! Without contracted axes the product is elementwise. The greedy and the optimal path, their costs and the printed text are
//! NumPy's (`numpy/_core/einsumfunc.py`, after `opt_einsum`).

use std::fmt::Write;

use smallvec::SmallVec;

use super::Returned;
use super::shape::copy;
use super::value::*;
use crate::dtype::{Casting, DType, promote, unmixed};
use crate::error::{Error, Result, shape_text};
use crate::layout::{Axes as AllAxes, Dims, KeepDims, axes_by_strides, normalize_axis};
use crate::ops::Reduction;
use crate::primitive::result_dtype;
use crate::raw::{Raw, ReduceOptions};

const OP: &str = "einsum";
/// Labels in the order in which lists of integers count them.
const SYMBOLS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// A batch of dot products shorter than this is a product and a sum: a product of matrices has a cost for each of them.
const SHORT: usize = 32;

type Labels = SmallVec<[u8; 8]>;

/// The length of every label, in the order of the labels.
#[derive(Default)]
struct Sizes(SmallVec<[(u8, usize); 8]>);

impl Sizes {
    fn of(&self, label: u8) -> usize {
        let here = self.0.iter().find(|(l, _)| *l == label);
        here.map_or(1, |&(_, n)| n)
    }

    /// The length of a label, which is this one if it had none.
    fn or_insert(&mut self, label: u8, n: usize) -> &mut usize {
        let at = match self.0.binary_search_by_key(&label, |&(l, _)| l) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (label, n));
                at
            }
        };
        &mut self.0[at].1
    }
}

/// One after the other.
fn concat(parts: &[&[u8]]) -> Labels {
    parts.iter().copied().flatten().copied().collect()
}

/// What `einsum` is called with: subscripts and arrays, or arrays each followed by a list of subscripts.
#[derive(Clone, Debug)]
pub struct Subscripts {
    /// As text.
    pub text: String,
    /// The arrays.
    pub operands: Vec<Raw>,
}

impl Kind for Subscripts {
    const EXPECTS: &'static str = "subscripts and arrays";
    const STUB: &'static str = "_str | _ArrayLike | Sequence[Any]";
    const FORM: Form = Form::Subscripts;
    fn from_value(value: Value) -> Result<Subscripts, Refused> {
        let Value::List(all) = value else {
            return Err(Refused::Type);
        };
        let mut all = all.into_iter();
        let first = match all.next() {
            None => return Err(Error::value(OP, "No input operands").into()),
            Some(Value::Text(text)) => {
                let operands = all.map(Raw::from_value).collect::<Result<_, _>>()?;
                let text = text.into_owned();
                return Ok(Subscripts { text, operands });
            }
            Some(first) => first,
        };
        // array, list, array, list … and perhaps a list for the result
        let (mut text, mut operands) = (String::new(), Vec::new());
        let mut next = Some(first);
        while let Some(one) = next {
            match (one, all.next()) {
                (array, Some(labels)) => {
                    if !operands.is_empty() {
                        text.push(',');
                    }
                    operands.push(Raw::from_value(array)?);
                    push_labels(labels, &mut text)?;
                }
                (labels, None) => {
                    text.push_str("->");
                    push_labels(labels, &mut text)?;
                }
            }
            next = all.next();
        }
        if operands.is_empty() {
            return Err(
                Error::value(OP, "must provide at least an operand and a subscripts list").into(),
            );
        }
        Ok(Subscripts { text, operands })
    }
}

fn push_labels(labels: Value, text: &mut String) -> Result<(), Refused> {
    let all = match labels {
        Value::List(all) => all,
        Value::Array(x) if x.rank() == 1 && x.dtype().is_integer() => {
            x.scalars()?.into_iter().map(Value::Scalar).collect()
        }
        _ => return Err(Refused::Type),
    };
    for label in all {
        if let Value::Other(name) = &label
            && name == "ellipsis"
        {
            text.push_str("...");
            continue;
        }
        if matches!(&label, Value::Text(dots) if dots == "...") {
            text.push_str("...");
            continue;
        }
        let at = Int::from_value(label)?;
        let symbol = usize::try_from(at).ok().and_then(|at| SYMBOLS.get(at));
        let Some(&symbol) = symbol else {
            return Err(Error::value(
                OP,
                format!("subscript {at} is not within the valid range [0, 52)"),
            )
            .into());
        };
        text.push(symbol as char);
    }
    Ok(())
}

/// How operands are paired.
#[derive(Clone, Debug, PartialEq)]
pub enum Optimize {
    /// All at once, as far as NumPy's text is concerned.
    No,
    /// The best pair at each step, with temporaries of at most so many elements.
    Greedy(Option<usize>),
    /// The best of all orders.
    Optimal(Option<usize>),
    /// In this order.
    Path(Vec<Vec<usize>>),
}

impl Kind for Optimize {
    const EXPECTS: &'static str = "a boolean, 'greedy', 'optimal', a path or None";
    const STUB: &'static str = "_bool | Literal['greedy', 'optimal'] | Sequence[Any] | None";
    fn from_value(value: Value) -> Result<Optimize, Refused> {
        let named = |name: &str, limit: Option<usize>| match name {
            "greedy" => Ok(Optimize::Greedy(limit)),
            "optimal" => Ok(Optimize::Optimal(limit)),
            _ => Err(Error::value("einsum_path", format!("Path name {name} not found")).into()),
        };
        match value {
            Value::None => Ok(Optimize::No),
            Value::Text(name) => named(&name, None),
            Value::List(all) => match &all[..] {
                [Value::Text(word), steps @ ..] if word == "einsum_path" => {
                    let step = |step: &Value| {
                        let all = Ints::from_value(step.clone())?.0;
                        let all = all
                            .into_iter()
                            .map(usize::try_from)
                            .collect::<Result<_, _>>();
                        all.map_err(|_| Refused::Type)
                    };
                    steps
                        .iter()
                        .map(step)
                        .collect::<Result<_, _>>()
                        .map(Optimize::Path)
                }
                [Value::Text(word), limit] => {
                    let limit = Float::from_value(limit.clone())?;
                    named(word, Some(limit.max(0.0) as usize))
                }
                _ => Err(Refused::Type),
            },
            other => Ok(match Bool::from_value(other)? {
                true => Optimize::Greedy(None),
                false => Optimize::No,
            }),
        }
    }
}
impl From<Optimize> for Value<'static> {
    fn from(optimize: Optimize) -> Value<'static> {
        match optimize {
            Optimize::Greedy(_) => Value::Text("greedy".into()),
            Optimize::Optimal(_) => Value::Text("optimal".into()),
            Optimize::No | Optimize::Path(_) => Value::from(false),
        }
    }
}

/// Labels of the axes of every operand and of the result.
struct Equation {
    inputs: Vec<Labels>,
    output: Labels,
    sizes: Sizes,
}

fn wrong(problem: impl Into<String>) -> Error {
    Error::value(OP, problem)
}

/// The labels before and behind an ellipsis, if there is one.
fn split_ellipsis(text: &str) -> Result<(Labels, Option<Labels>)> {
    let letters =
        |part: &str| -> Result<Labels> {
            let bad = part.bytes().find(|c| !c.is_ascii_alphabetic());
            match bad {
                Some(b'.') => Err(wrong("Invalid Ellipses.")
                    .rule("a term has one ellipsis, of three dots, at most")),
                Some(_) => Err(wrong(format!(
                    "Character {} is not a valid symbol.",
                    part.chars()
                        .find(|c| !c.is_ascii_alphabetic())
                        .unwrap_or('?')
                ))),
                None => Ok(part.bytes().collect()),
            }
        };
    match text.split_once("...") {
        None => Ok((letters(text)?, None)),
        Some((before, behind)) => Ok((letters(before)?, Some(letters(behind)?))),
    }
}

impl Equation {
    fn parse(text: &str, operands: &[Raw]) -> Result<Equation> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = match text.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (text.as_str(), None),
        };
        if [Some(left), right]
            .iter()
            .flatten()
            .any(|part| part.contains(['-', '>']))
        {
            return Err(wrong("Subscripts can only contain one '->'."));
        }
        let terms: Vec<&str> = left.split(',').collect();
        if operands.is_empty() || terms.len() != operands.len() {
            return Err(wrong(format!(
                "Number of einsum subscripts must be equal to the number of operands: {} and {}",
                terms.len(),
                operands.len()
            )));
        }
        let parts = terms
            .iter()
            .map(|term| split_ellipsis(term))
            .collect::<Result<Vec<_>>>()?;
        let result = right.map(split_ellipsis).transpose()?;
        // how many axes each ellipsis stands for
        let mut counts = Vec::with_capacity(operands.len());
        for (at, ((before, behind), x)) in parts.iter().zip(operands).enumerate() {
            let named = before.len() + behind.as_ref().map_or(0, |labels| labels.len());
            let count = x
                .rank()
                .checked_sub(named)
                .filter(|&count| count == 0 || behind.is_some());
            counts.push(count.ok_or_else(|| {
                wrong(format!(
                    "Einstein sum subscript '{}' does not contain the correct number of indices for operand {at}.",
                    terms[at]
                ))
                .shapes(&[x.shape()])
                .rule("each axis has a label, or belongs to an ellipsis `...`")
            })?);
        }
        let longest = counts.iter().copied().max().unwrap_or(0);
        let is_free = |symbol: &u8| !text.as_bytes().contains(symbol);
        let free: Labels = match longest {
            0 => Labels::new(),
            _ => SYMBOLS.iter().copied().filter(is_free).collect(),
        };
        let Some(first) = free.len().checked_sub(longest) else {
            return Err(wrong("too many subscripts in einsum"));
        };
        let dots = &free[first..];
        let filled = |(before, behind): &(Labels, Option<Labels>), count: usize| -> Labels {
            let dots = &dots[longest - count..];
            let behind = behind.as_deref().unwrap_or_default();
            concat(&[before, dots, behind])
        };
        let inputs: Vec<Labels> = parts
            .iter()
            .zip(&counts)
            .map(|(p, &n)| filled(p, n))
            .collect();
        let output = match &result {
            Some((_, None)) if longest > 0 => {
                return Err(wrong(
                    "output has more dimensions than subscripts given in einstein sum, but no '...' ellipsis provided to broadcast the extra dimensions.",
                ));
            }
            Some(result) => filled(result, longest),
            None => {
                let all: Labels = inputs.iter().flatten().copied().collect();
                let once = |label: &u8| all.iter().filter(|l| *l == label).count() == 1;
                let mut named: Labels = all.iter().copied().filter(once).collect();
                named.retain(|label| !dots.contains(label));
                named.sort_unstable();
                concat(&[dots, &named])
            }
        };
        for (at, label) in output.iter().enumerate() {
            let shown = *label as char;
            if output[..at].contains(label) {
                return Err(wrong(format!(
                    "Output character {shown} appeared more than once in the output."
                )));
            }
            if !inputs.iter().any(|input| input.contains(label)) {
                return Err(wrong(format!(
                    "Output character {shown} did not appear in the input"
                )));
            }
        }
        let sizes = lengths(&inputs, operands)?;
        Ok(Equation {
            inputs,
            output,
            sizes,
        })
    }

    fn text(&self) -> String {
        format!("{}->{}", joined(&self.inputs), shown(&self.output))
    }
}

fn shown(labels: &[u8]) -> String {
    labels.iter().map(|&label| label as char).collect()
}

fn joined(all: &[Labels]) -> String {
    let all: Vec<String> = all.iter().map(|labels| shown(labels)).collect();
    all.join(",")
}

/// The length of every label: 1 broadcasts.
fn lengths(inputs: &[Labels], operands: &[Raw]) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    for (at, (labels, x)) in inputs.iter().zip(operands).enumerate() {
        for (axis, (&label, &n)) in labels.iter().zip(x.shape()).enumerate() {
            // a diagonal is of axes of one length; only those of several operands broadcast
            if let Some(first) = labels[..axis].iter().position(|&l| l == label)
                && x.shape()[first] != n
            {
                return Err(wrong(format!(
                    "dimensions in operand {at} for collapsing index '{}' don't match ({} != {n})",
                    label as char,
                    x.shape()[first]
                ))
                .shapes(&operands.iter().map(Raw::shape).collect::<Vec<_>>()));
            }
            let size = sizes.or_insert(label, n);
            if *size == 1 {
                *size = n;
            } else if n != 1 && n != *size {
                return Err(wrong(format!(
                    "Size of label '{}' for operand {at} ({n}) does not match previous terms ({size}).",
                    label as char
                ))
                .shapes(&operands.iter().map(Raw::shape).collect::<Vec<_>>()));
            }
        }
    }
    Ok(sizes)
}

// ── paths ──

/// Sets of labels are bits: `A` is bit 0.
type Set = u128;

fn set(labels: &[u8]) -> Set {
    labels
        .iter()
        .fold(0, |all, label| all | 1 << (label - b'A'))
}

fn elements(of: Set, sizes: &Sizes) -> f64 {
    let here = sizes
        .0
        .iter()
        .filter(|(label, _)| of >> (*label - b'A') & 1 == 1);
    here.map(|&(_, n)| n as f64).product()
}

fn flops(of: Set, inner: bool, terms: usize, sizes: &Sizes) -> f64 {
    elements(of, sizes) * (terms.saturating_sub(1).max(1) + usize::from(inner)) as f64
}

/// What contracting some operands leaves: their result, all operands after it (the result last), the labels that go, and those
/// that take part.
struct Contracted {
    result: Set,
    left: Vec<Set>,
    removed: Set,
    involved: Set,
}

fn contraction(positions: &[usize], inputs: &[Set], output: Set) -> Contracted {
    let (mut involved, mut needed, mut left) = (0, output, Vec::new());
    for (at, &labels) in inputs.iter().enumerate() {
        if positions.contains(&at) {
            involved |= labels;
        } else {
            left.push(labels);
            needed |= labels;
        }
    }
    let result = needed & involved;
    left.push(result);
    Contracted {
        result,
        left,
        removed: involved & !result,
        involved,
    }
}

fn pairs(n: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..n).flat_map(move |i| (i + 1..n).map(move |j| [i, j]))
}

/// The cheapest of all orders; factorial in the number of operands.
fn optimal_path(inputs: &[Set], output: Set, sizes: &Sizes, limit: f64) -> Vec<Vec<usize>> {
    type Order = (f64, Vec<Vec<usize>>, Vec<Set>);
    let cheapest = |all: &[Order]| {
        let best = all.iter().reduce(|a, b| if b.0 < a.0 { b } else { a });
        best.map(|(_, path, _)| path.clone()).unwrap_or_default()
    };
    let mut all: Vec<Order> = vec![(0.0, Vec::new(), inputs.to_vec())];
    for step in 0..inputs.len() - 1 {
        let mut next: Vec<Order> = Vec::new();
        for (cost, path, left) in &all {
            for pair in pairs(inputs.len() - step) {
                let c = contraction(&pair, left, output);
                if elements(c.result, sizes) > limit {
                    continue;
                }
                let cost = cost + flops(c.involved, c.removed != 0, 2, sizes);
                let mut path = path.clone();
                path.push(pair.to_vec());
                next.push((cost, path, c.left));
            }
        }
        if next.is_empty() {
            let mut path = cheapest(&all);
            path.push((0..inputs.len() - step).collect());
            return path;
        }
        all = next;
    }
    cheapest(&all)
}

struct Candidate {
    /// Elements that go, negative; then the operations that it costs.
    rank: (f64, f64),
    pair: [usize; 2],
    left: Vec<Set>,
}

/// At each step the pair that removes most elements, of equal ones the cheaper; cubic in the number of operands.
fn greedy_path(inputs: &[Set], output: Set, sizes: &Sizes, limit: f64) -> Vec<Vec<usize>> {
    if inputs.len() <= 2 {
        return vec![(0..inputs.len()).collect()];
    }
    let whole: Vec<usize> = (0..inputs.len()).collect();
    let all = contraction(&whole, inputs, output);
    let naive = flops(all.involved, all.removed != 0, inputs.len(), sizes);
    let mut inputs = inputs.to_vec();
    let (mut known, mut spent, mut path): (Vec<Candidate>, f64, Vec<Vec<usize>>) =
        (Vec::new(), 0.0, Vec::new());
    let mut fresh: Vec<[usize; 2]> = pairs(inputs.len()).collect();
    for _ in 0..inputs.len() - 1 {
        let candidate = |pair: [usize; 2], spent: f64, inputs: &[Set]| {
            let c = contraction(&pair, inputs, output);
            let size = elements(c.result, sizes);
            let cost = flops(c.involved, c.removed != 0, 2, sizes);
            if size > limit || spent + cost > naive {
                return None;
            }
            let removed = pair
                .iter()
                .map(|&at| elements(inputs[at], sizes))
                .sum::<f64>()
                - size;
            Some(Candidate {
                rank: (-removed, cost),
                pair,
                left: c.left,
            })
        };
        let meet = |pair: &&[usize; 2]| inputs[pair[0]] & inputs[pair[1]] != 0;
        known.extend(
            fresh
                .iter()
                .filter(meet)
                .filter_map(|&p| candidate(p, spent, &inputs)),
        );
        if known.is_empty() {
            known.extend(pairs(inputs.len()).filter_map(|p| candidate(p, spent, &inputs)));
        }
        if known.is_empty() {
            path.push((0..inputs.len()).collect());
            break;
        }
        let mut best = 0;
        for (at, one) in known.iter().enumerate() {
            if one.rank < known[best].rank {
                best = at;
            }
        }
        let best = known.remove(best);
        let [x, y] = best.pair;
        let result = best.left.last().copied().unwrap_or(0);
        known = known
            .into_iter()
            .filter(|one| !one.pair.iter().any(|at| best.pair.contains(at)))
            .map(|mut one| {
                let [a, b] = one.pair;
                let less = |n: usize, than: usize| usize::from(n > than);
                one.left.remove(y - less(y, a) - less(y, b));
                one.left.remove(x - less(x, a) - less(x, b));
                one.left.insert(one.left.len() - 1, result);
                one.pair = [a - less(a, x) - less(a, y), b - less(b, x) - less(b, y)];
                one
            })
            .collect();
        spent += best.rank.1;
        path.push(best.pair.to_vec());
        inputs = best.left;
        let last = inputs.len() - 1;
        fresh = (0..last).map(|i| [i, last]).collect();
    }
    path
}

/// The order of contractions.
fn path_of(equation: &Equation, optimize: &Optimize) -> Vec<Vec<usize>> {
    let n = equation.inputs.len();
    let inputs: Vec<Set> = equation.inputs.iter().map(|labels| set(labels)).collect();
    let output = set(&equation.output);
    let every = inputs.iter().fold(0, |all, labels| all | labels);
    let sizes = &equation.sizes;
    let largest = || {
        let all = equation.inputs.iter().chain([&equation.output]);
        let count = |labels: &Labels| labels.iter().map(|&l| sizes.of(l) as f64).product::<f64>();
        all.map(count).fold(0.0, f64::max)
    };
    let limit = |limit: &Option<usize>| limit.map_or_else(largest, |limit| limit as f64);
    match optimize {
        Optimize::Path(path) => path.clone(),
        Optimize::No => vec![(0..n).collect()],
        _ if n <= 2 || every == output => vec![(0..n).collect()],
        Optimize::Greedy(most) => greedy_path(&inputs, output, sizes, limit(most)),
        Optimize::Optimal(most) => optimal_path(&inputs, output, sizes, limit(most)),
    }
}

/// A path, and a text that describes it.
pub struct Path {
    /// The operands of each step, by their places among those that are left; the result goes last.
    pub steps: Vec<Vec<usize>>,
    /// As NumPy prints it.
    pub text: String,
}
impl From<Path> for Returned {
    fn from(path: Path) -> Returned {
        Returned::Path(path.steps, path.text)
    }
}

/// C's `%.3e`.
fn scientific(value: f64) -> String {
    let text = format!("{value:.3e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, digits_of) = match exponent.strip_prefix('-') {
                Some(rest) => ('-', rest),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{digits_of:0>2}")
        }
        None => text,
    }
}

pub fn einsum_path(operands: Subscripts, optimize: Optimize, _: Bool) -> Result<Path> {
    for x in &operands.operands {
        x.lengths_are_read("einsum_path");
    }
    let equation =
        Equation::parse(&operands.text, &operands.operands).map_err(|e| e.in_op("einsum_path"))?;
    let (sizes, output) = (&equation.sizes, set(&equation.output));
    let steps = path_of(&equation, &optimize);
    let mut sets: Vec<Set> = equation.inputs.iter().map(|labels| set(labels)).collect();
    let mut terms = equation.inputs.clone();
    let (mut cost, mut most_labels, mut largest, mut lines) = (0.0, 0, 0.0f64, String::new());
    for (number, step) in steps.iter().enumerate() {
        let mut step = checked(step, terms.len())?;
        step.reverse();
        let c = contraction(&step, &sets, output);
        cost += flops(c.involved, c.removed != 0, step.len(), sizes);
        let labels = c.involved.count_ones();
        most_labels = most_labels.max(labels);
        largest = largest.max(elements(c.result, sizes));
        let taken: Vec<Labels> = step.iter().map(|&at| terms.remove(at)).collect();
        let result = if number + 1 == steps.len() {
            equation.output.clone()
        } else {
            let mut labels: Labels = (0..64)
                .filter(|b| c.result >> b & 1 == 1)
                .map(|b| b'A' + b)
                .collect();
            labels.sort_by_key(|label| (sizes.of(*label), *label));
            labels
        };
        sets = c.left;
        terms.push(result.clone());
        let current = format!("{}->{}", joined(&taken), shown(&result));
        let left = format!("{}->{}", joined(&terms), shown(&equation.output));
        let _ = write!(lines, "\n{labels:4}    {current:>24} {left:>40}");
    }
    if terms.len() != 1 {
        return Err(not_a_path());
    }
    let every = equation
        .inputs
        .iter()
        .fold(0, |all, labels| all | set(labels));
    let apart: u32 = equation
        .inputs
        .iter()
        .map(|labels| set(labels).count_ones())
        .sum();
    let naive = flops(
        every,
        apart > every.count_ones(),
        equation.inputs.len(),
        sizes,
    );
    let best = cost + 1.0;
    let rule = "-".repeat(74);
    let text = format!(
        "  Complete contraction:  {}\n         Naive scaling:  {}\n     Optimized scaling:  {most_labels}\n      Naive FLOP count:  {}\n  Optimized FLOP count:  {}\n   Theoretical speedup:  {:3.3}\n  Largest intermediate:  {} elements\n{rule}\n{:>6} {:>24} {:>40}\n{rule}{lines}",
        equation.text(),
        every.count_ones(),
        scientific(naive),
        scientific(best),
        naive / best,
        scientific(largest),
        "scaling",
        "current",
        "remaining",
    );
    Ok(Path { steps, text })
}

/// The operands of a step in order: each at most once, out of as many as are left.
fn checked(step: &[usize], left: usize) -> Result<Vec<usize>> {
    let mut step = step.to_vec();
    step.sort_unstable();
    let twice = step.windows(2).any(|pair| pair[0] == pair[1]);
    match step.last() {
        Some(&last) if last < left && !twice => Ok(step),
        _ => Err(not_a_path()),
    }
}

fn not_a_path() -> Error {
    Error::value("einsum_path", "Invalid einsum_path is specified")
        .rule("each step names operands that are left, each once, and the last leaves one")
}

// ── values ──

/// An array with a label for each axis, no label twice.
#[derive(Clone)]
struct Term {
    x: Raw,
    labels: Labels,
}

/// The sum of products over some axes, rounded once: narrow floats are multiplied in the dtype that they are summed in.
fn sum_of_products(a: &Raw, b: &Raw, axes: &[isize]) -> Result<Raw> {
    let dtype = promote(a.dtype(), b.dtype());
    if axes.is_empty() || !dtype.is_narrow_float() {
        return sum(a.mul(b)?, axes);
    }
    let wide = |x: &Raw| x.cast(dtype.compute());
    sum(wide(a)?.mul(&wide(b)?)?, axes)?.cast(dtype)
}

/// The sum over axes in the array's own dtype; of booleans whether one is true.
fn sum(x: Raw, axes: &[isize]) -> Result<Raw> {
    if axes.is_empty() {
        return Ok(x);
    }
    let op = match x.dtype() {
        DType::Bool => Reduction::Any,
        _ => Reduction::Sum,
    };
    let options = ReduceOptions {
        axes: AllAxes::List(axes),
        keepdims: KeepDims::No,
        dtype: Some(x.dtype()),
        ..Default::default()
    };
    x.reduce(op, options)
}

impl Term {
    /// Without axes of length 1 that others make longer, and with the diagonals of labels that stand twice.
    fn new(x: &Raw, labels: &[u8], sizes: &Sizes) -> Result<Term> {
        let (mut x, mut labels) = (x.clone(), Labels::from_slice(labels));
        for at in (0..labels.len()).rev() {
            if x.shape()[at] == 1 && sizes.of(labels[at]) != 1 {
                x = x.squeeze(Some(&[at as isize]))?;
                labels.remove(at);
            }
        }
        while let Some((first, second)) = twice(&labels) {
            x = x.diagonal(0, first as isize, second as isize)?;
            let label = labels.remove(second);
            labels.remove(first);
            labels.push(label);
        }
        Ok(Term { x, labels })
    }

    fn set(&self) -> Set {
        set(&self.labels)
    }

    /// Summed over the labels that are not needed.
    fn summed(self, needed: Set) -> Result<Term> {
        if self.set() & !needed == 0 {
            return Ok(self);
        }
        let is_needed = |label: &u8| needed >> (label - b'A') & 1 == 1;
        let axes: SmallVec<[isize; 4]> = (0..self.labels.len())
            .filter(|&at| !is_needed(&self.labels[at]))
            .map(|at| at as isize)
            .collect();
        Ok(Term {
            x: sum(self.x, &axes)?,
            labels: self.labels.iter().copied().filter(is_needed).collect(),
        })
    }

    /// With its axes in this order; all of them are named.
    fn ordered(&self, labels: &[u8]) -> Result<Raw> {
        if *self.labels == *labels {
            return Ok(self.x.clone());
        }
        let place = |label: &u8| self.labels.iter().position(|l| l == label).unwrap_or(0) as isize;
        let order: Vec<isize> = labels.iter().map(place).collect();
        self.x.permute(&order)
    }

    /// With these axes in order, those that it lacks of length 1.
    fn spread(&self, labels: &[u8]) -> Result<Raw> {
        let own: Labels = labels
            .iter()
            .copied()
            .filter(|l| self.labels.contains(l))
            .collect();
        let lacking: Vec<isize> = (0..labels.len())
            .filter(|&at| !self.labels.contains(&labels[at]))
            .map(|at| at as isize)
            .collect();
        self.ordered(&own)?.expand_dims(&lacking)
    }

    fn length(&self, label: u8) -> Option<usize> {
        let at = self.labels.iter().position(|&l| l == label)?;
        Some(self.x.shape()[at])
    }
}

/// A label that stands twice.
fn twice(labels: &[u8]) -> Option<(usize, usize)> {
    (0..labels.len()).find_map(|first| {
        let second = labels[first + 1..]
            .iter()
            .position(|l| *l == labels[first])?;
        Some((first, first + 1 + second))
    })
}

/// The product of two terms, summed over what is not needed; in the order of `wanted` as far as that costs nothing.
fn contract(a: Term, b: Term, needed: Set, wanted: &[u8]) -> Result<Term> {
    let of_a = a.set();
    let (a, b) = (a.summed(needed | b.set())?, b.summed(needed | of_a)?);
    let (of_a, of_b) = (a.set(), b.set());
    let has = |of: Set, label: u8| of >> (label - b'A') & 1 == 1;
    let place = |label: u8| {
        wanted
            .iter()
            .position(|&l| l == label)
            .unwrap_or(usize::MAX)
    };
    let pick = |from: &Term, which: &dyn Fn(u8) -> bool| -> Labels {
        let mut all: Labels = from.labels.iter().copied().filter(|&l| which(l)).collect();
        all.sort_by_key(|&label| place(label));
        all
    };
    let batch = pick(&a, &|l| has(of_b, l) && has(needed, l));
    let inner: Labels = {
        // in the order of the larger one, which then needs no copy
        let larger = if a.x.len() >= b.x.len() { &a } else { &b };
        let both = of_a & of_b & !needed;
        larger
            .labels
            .iter()
            .copied()
            .filter(|&l| has(both, l))
            .collect()
    };
    let (free_a, free_b) = (pick(&a, &|l| !has(of_b, l)), pick(&b, &|l| !has(of_a, l)));
    let length = |label: u8| a.length(label).or(b.length(label)).unwrap_or(1);
    let over: usize = inner.iter().map(|&l| length(l)).product();
    let dots = free_a.is_empty() && free_b.is_empty() && !batch.is_empty();
    if inner.is_empty() || (dots && over < SHORT) {
        let mut labels = concat(&[&batch, &free_a, &free_b]);
        labels.sort_by_key(|&label| place(label));
        let kept = labels.len();
        labels.extend_from_slice(&inner);
        let (a, b) = (a.spread(&labels)?, b.spread(&labels)?);
        let axes: Vec<isize> = (kept..labels.len()).map(|at| at as isize).collect();
        labels.truncate(kept);
        return Ok(Term {
            x: sum_of_products(&a, &b, &axes)?,
            labels,
        });
    }
    if batch.is_empty() && free_a.is_empty() && free_b.is_empty() && inner.len() == 1 {
        return Ok(Term {
            x: a.x.matmul(&b.x)?,
            labels: Labels::new(),
        });
    }
    // the one whose own axes come first in the result is on the left
    let first = |free: &[u8]| free.first().map_or(usize::MAX, |&label| place(label));
    let swap = first(&free_b) < first(&free_a);
    let (a, b, free_a, free_b) = match swap {
        true => (&b, &a, free_b, free_a),
        false => (&a, &b, free_a, free_b),
    };
    let lengths = |labels: &[u8]| labels.iter().map(|&l| length(l)).collect::<Dims>();
    let count = |labels: &[u8]| super::shape::product(OP, &lengths(labels));
    let batches = lengths(&batch);
    let (rows, columns) = (count(&free_a)?, count(&free_b)?);
    let left = a.ordered(&concat(&[&batch, &free_a, &inner]))?;
    let matrices = |m: usize, n: usize| -> Dims { batches.iter().copied().chain([m, n]).collect() };
    let left = left.reshape(&matrices(rows, over))?;
    let right = b.ordered(&concat(&[&batch, &inner, &free_b]))?;
    let right = right.reshape(&matrices(over, columns))?;
    let y = left.matmul(&right)?;
    let labels = concat(&[&batch, &free_a, &free_b]);
    Ok(Term {
        x: y.reshape(&lengths(&labels))?,
        labels,
    })
}

/// The dtype in which all is computed.
fn in_dtype(operands: &[Raw], dtype: OptDType, casting: Casting) -> Result<Vec<Raw>> {
    let dtypes: SmallVec<[DType; 4]> = operands.iter().map(Raw::dtype).collect();
    if dtype.is_none() {
        unmixed(OP, &dtypes)?;
    }
    let common = dtypes.into_iter().reduce(promote);
    let dtype = dtype.or(common).unwrap_or(DType::F64);
    let cast = |x: &Raw| x.cast_if(dtype, casting).map_err(|e| e.in_op(OP));
    operands.iter().map(cast).collect()
}

pub fn einsum(
    operands: Subscripts,
    _: Out,
    optimize: Optimize,
    dtype: OptDType,
    order: Order,
    casting: Casting,
) -> Result<Raw> {
    let equation = Equation::parse(&operands.text, &operands.operands)?;
    let all = in_dtype(&operands.operands, dtype, casting)?;
    let fortran = all
        .iter()
        .all(|x| x.layout().is_fortran_contiguous() && !x.layout().is_contiguous());
    let y = match all.len() > 2 && all[0].dtype().is_narrow_float() {
        // rounded once, not with each operand
        true => {
            let wide = all.iter().map(|x| x.cast(x.dtype().compute()));
            let wide = wide.collect::<Result<Vec<_>>>()?;
            evaluate(&equation, &wide, &optimize)?.cast(all[0].dtype())?
        }
        false => evaluate(&equation, &all, &optimize)?,
    };
    let wants_fortran = order == Order::F || (order == Order::A && fortran);
    match order {
        Order::K if optimize == Optimize::No => in_iteration_order(&equation, &all, y),
        Order::K => Ok(y),
        _ if wants_fortran => match y.layout().is_fortran_contiguous() {
            true => Ok(y),
            false => copy(&y, Order::F),
        },
        _ => y.contiguous(),
    }
}

/// The result with its axes in memory as NumPy's iterator puts them, in which all operands have a say: that of transposed matrices is
/// transposed. One operand may be seen through a view, which stays one.
fn in_iteration_order(equation: &Equation, operands: &[Raw], y: Raw) -> Result<Raw> {
    let plain = y.is_plain() && operands.iter().all(Raw::is_plain);
    if y.rank() < 2 || operands.len() < 2 || !plain {
        return Ok(y);
    }
    // the labels of the result, then those that are summed over
    let mut labels = equation.output.clone();
    for &label in equation.inputs.iter().flatten() {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let stride = |k: usize, axis: usize| -> isize {
        let x = &operands[k];
        let own = equation.inputs[k].iter().enumerate();
        let own = own.filter(|&(at, &label)| label == labels[axis] && x.shape()[at] != 1);
        own.map(|(at, _)| x.layout().strides()[at]).sum()
    };
    let mut order = axes_by_strides(labels.len(), operands.len(), stride);
    order.retain(|axis| *axis < y.rank());
    order.reverse();
    y.lying_in(&order)
}

fn evaluate(equation: &Equation, operands: &[Raw], optimize: &Optimize) -> Result<Raw> {
    let output = set(&equation.output);
    let mut terms = operands
        .iter()
        .zip(&equation.inputs)
        .map(|(x, labels)| Term::new(x, labels, &equation.sizes))
        .collect::<Result<Vec<_>>>()?;
    // all at once is slower than any order, and differs in rounding alone
    let steps = match (optimize, terms.len()) {
        (Optimize::No, n @ 1..=2) => vec![(0..n).collect()],
        (Optimize::No, _) => path_of(equation, &Optimize::Greedy(None)),
        (other, _) => path_of(equation, other),
    };
    for step in steps {
        let step = checked(&step, terms.len())?;
        let mut taken: Vec<Term> = step.iter().rev().map(|&at| terms.remove(at)).collect();
        let outside = terms.iter().fold(output, |all, term| all | term.set());
        let last = terms.is_empty();
        let mut one = taken.pop().ok_or_else(not_a_path)?;
        if taken.is_empty() {
            one = one.summed(outside)?;
        }
        while let Some(next) = taken.pop() {
            let needed = taken.iter().fold(outside, |all, term| all | term.set());
            let wanted: &[u8] = if last && taken.is_empty() {
                &equation.output
            } else {
                &[]
            };
            one = contract(one, next, needed, wanted)?;
        }
        terms.push(one);
    }
    match &terms[..] {
        [one] => one.ordered(&equation.output),
        _ => Err(not_a_path()),
    }
}

// ── products of vectors and matrices ──

/// Sums of products over the last axis of both, which broadcast before it.
fn dots(op: &'static str, a: &Raw, b: &Raw) -> Result<Raw> {
    let (n, m) = (a.shape()[a.rank() - 1], b.shape()[b.rank() - 1]);
    if n != m {
        return Err(core_mismatch(op, a, b, n, m));
    }
    if n < SHORT {
        return sum_of_products(a, b, &[-1]).map_err(|e| e.in_op(op));
    }
    if a.rank() == 1 && b.rank() == 1 {
        return a.matmul(b);
    }
    let y = a.expand_dims(&[-2])?.matmul(&b.expand_dims(&[-1])?);
    y.map_err(|e| e.in_op(op))?.squeeze(Some(&[-2, -1]))
}

#[cold]
fn core_mismatch(op: &'static str, a: &Raw, b: &Raw, n: usize, m: usize) -> Error {
    Error::value(
        op,
        format!(
            "Input operand 1 has a mismatch in its core dimension 0: shapes {} and {} (size {m} is different from {n})",
            shape_text(a.shape()),
            shape_text(b.shape())
        ),
    )
    .shapes(&[a.shape(), b.shape()])
}

fn conjugated(x: Raw) -> Result<Raw> {
    match x.dtype().is_complex() {
        true => x.conj(),
        false => Ok(x),
    }
}

fn needs(op: &'static str, x: &Raw, axes: usize) -> Result<()> {
    match x.rank() < axes {
        true => Err(Error::value(
            op,
            format!("an operand has {} axes, and {axes} are needed", x.rank()),
        )
        .shapes(&[x.shape()])),
        false => Ok(()),
    }
}

fn both(x1: &Raw, x2: &Raw, dtype: OptDType, casting: Casting) -> Result<[Raw; 2]> {
    let dtype = match dtype {
        Some(dtype) => dtype,
        None => result_dtype(None, [x1.dtype(), x2.dtype()])?,
    };
    Ok([x1.cast_if(dtype, casting)?, x2.cast_if(dtype, casting)?])
}

pub fn vecdot(
    x1: Array,
    x2: Array,
    _: Out,
    axis: Axis,
    dtype: OptDType,
    casting: Casting,
) -> Result<Raw> {
    const OP: &str = "vecdot";
    let [a, b] = both(x1, x2, dtype, casting)?;
    let last = |x: &Raw| {
        needs(OP, x, 1)?;
        normalize_axis(OP, axis, x.rank())?;
        x.move_axis(axis, -1)
    };
    dots(OP, &conjugated(last(&a)?)?, &last(&b)?)
}

pub fn matvec(x1: Array, x2: Array, out: Out, dtype: OptDType, casting: Casting) -> Result<Raw> {
    const OP: &str = "matvec";
    let [a, b] = both(x1, x2, dtype, casting)?;
    needs(OP, &a, 2)?;
    needs(OP, &b, 1)?;
    let (n, m) = (a.shape()[a.rank() - 1], b.shape()[b.rank() - 1]);
    if n != m {
        return Err(core_mismatch(OP, &a, &b, n, m));
    }
    if b.rank() == 1 {
        return a.matmul_into(&b, &out);
    }
    let y = a.matmul(&b.expand_dims(&[-1])?).map_err(|e| e.in_op(OP))?;
    y.squeeze(Some(&[-1]))
}

pub fn vecmat(x1: Array, x2: Array, out: Out, dtype: OptDType, casting: Casting) -> Result<Raw> {
    const OP: &str = "vecmat";
    let [a, b] = both(x1, x2, dtype, casting)?;
    needs(OP, &a, 1)?;
    needs(OP, &b, 2)?;
    let (n, m) = (a.shape()[a.rank() - 1], b.shape()[b.rank() - 2]);
    if n != m {
        return Err(core_mismatch(OP, &a, &b, n, m));
    }
    let a = conjugated(a)?;
    if a.rank() == 1 {
        return a.matmul_into(&b, &out);
    }
    let y = a.expand_dims(&[-2])?.matmul(&b).map_err(|e| e.in_op(OP))?;
    y.squeeze(Some(&[-2]))
}
