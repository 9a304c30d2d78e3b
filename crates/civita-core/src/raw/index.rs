//! Indexing by integers, slices, masks and arrays of integers, mixed as in NumPy.
//!
//! ```text
//! x[items, arrays]   view = x[items]          integers and slices; an axis that an array picks from stays whole
//!                    flat = Σ arrayₖ · stepₖ   one place for each element of the arrays, which broadcast together
//!                    gather or scatter `flat` along the picked axes of the view, counted as one
//! ```
//!
//! All of it is ops, so that arrays of integers may be batched or traced, and gradients flow through the values. A single
//! array is its own `flat`; a mask over several axes counts as one array. An integer that is out of range on its axis
//! becomes a place that is out of range everywhere, so that none wraps around into another row.

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::{Mode, Raw};
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::graph::Function;
use crate::layout::{Dims, PerAxis, SliceItem, broadcast_shapes, normalize_axis};
use crate::ops::Op;
use crate::primitive::{Combine, Gather, OUTSIDE, Picked, Scatter, bind_one, not_covered};
use crate::program::Program;

const OP: &str = "index";

/// One entry of an index, as between the brackets of `x[1:3, rows, mask]`.
#[derive(Clone, Debug)]
pub enum Key {
    /// An integer, a slice, a new axis or an ellipsis.
    Item(SliceItem),
    /// An array of integers, which picks along one axis. Negative ones count from the end.
    Integers(Raw),
    /// An array of booleans over as many axes as it has: their places where it is true.
    Mask(Raw),
    /// NumPy's `x[True]`: a new axis of length 1, or 0 for false.
    Bool(bool),
}

impl From<SliceItem> for Key {
    fn from(item: SliceItem) -> Key {
        Key::Item(item)
    }
}

/// A mask if it is boolean, else integers.
impl From<Raw> for Key {
    fn from(array: Raw) -> Key {
        match array.dtype() {
            DType::Bool => Key::Mask(array),
            _ => Key::Integers(array),
        }
    }
}

impl Raw {
    /// The elements that an index picks, by NumPy's rules: `x[keys]`. A view where no array is among the keys.
    ///
    /// ```
    /// use civita_core::{layout::SliceItem, raw::{Key, Raw}};
    /// let x = Raw::from_vec((0..6).collect::<Vec<i64>>(), &[2, 3])?;
    /// let columns = Raw::from_vec(vec![2i64, 0, -1], &[3])?;
    /// let y = x.index(&[SliceItem::Index(1).into(), columns.into()])?;
    /// assert_eq!(y.to_vec::<i64>()?, [5, 3, 5]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range, there are too many, arrays do not broadcast together, a mask does not have the
    /// lengths of its axes, or an array is neither of integers nor of booleans.
    pub fn index(&self, keys: &[Key]) -> Result<Raw> {
        if let Some(items) = basic(keys) {
            return self.slice(&items);
        }
        if let Some(keys) = with_empty_masks(self.shape(), keys)? {
            return Index::new(self, &keys)?.take(self);
        }
        if let Some(mask) = lone_mask(keys) {
            return self.select(mask);
        }
        if let ([Key::Integers(places)], [len, ..]) = (keys, self.shape())
            && places.dtype().is_integer()
        {
            let taken = self.pick(places);
            return taken.map_err(|e| out_of_range(&[Pick::new(places, 0, *len)]).unwrap_or(e));
        }
        Index::new(self, keys)?.take(self)
    }

    /// The elements at places along the first axis: `x[places]`, which lies in memory as NumPy's does.
    ///
    /// # Errors
    /// When a place does not exist or is no integer, or there is no axis.
    pub fn pick(&self, places: &Raw) -> Result<Raw> {
        let gather = Gather {
            axis: normalize_axis("take", 0, self.rank())?,
            axes: 1,
            batch: 0,
            mode: Mode::Raise,
            picked: Picked::IndicesFirst,
        };
        bind_one(&gather, &[self, places])
    }

    /// Writes `value`, broadcast and converted, over what an index picks: `x[keys] = value`. Of equal places the last
    /// stays. As in NumPy, leading axes of length 1 of the value may be too many.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let mut x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// let places = Raw::from_vec(vec![2i64, 0], &[2])?;
    /// x.index_assign(&[places.into()], &Raw::from_vec(vec![7.0, 8.0], &[2])?)?;
    /// assert_eq!(x.to_vec::<f64>()?, [8.0, 2.0, 7.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::index`] and [`Raw::assign`].
    pub fn index_assign(&mut self, keys: &[Key], value: &Raw) -> Result<()> {
        if let Some(items) = basic(keys) {
            let value = without_leading_ones(value, sliced_rank(self.rank(), &items))?;
            return self.assign_slice(&items, &value);
        }
        if let Some(keys) = with_empty_masks(self.shape(), keys)? {
            return Index::new(self, &keys)?.scatter(self, Combine::Set, value);
        }
        if let Some(mask) = lone_mask(keys) {
            let rank = 1 + self.rank().saturating_sub(mask.rank());
            return self.assign_where(mask, &without_leading_ones(value, rank)?);
        }
        Index::new(self, keys)?.scatter(self, Combine::Set, value)
    }

    /// Adds `value` to what an index picks; at equal places all of it adds up (NumPy's `np.add.at`).
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let mut x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// let places = Raw::from_vec(vec![2i64, 0, 2], &[3])?;
    /// x.index_accumulate(&[places.into()], &Raw::from_vec(vec![10.0], &[1])?)?;
    /// assert_eq!(x.to_vec::<f64>()?, [11.0, 2.0, 23.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::index_assign`], and when the sum is not of the tensor's kind, as of integers and floats.
    pub fn index_accumulate(&mut self, keys: &[Key], value: &Raw) -> Result<()> {
        let (to, from) = (self.dtype().kind(), value.dtype().kind());
        if from > to.max(Kind::Signed) {
            return Err(Error::dtype(
                "index_add",
                format!("cannot add {} to {} in place", value.dtype(), self.dtype()),
            )
            .dtypes(&[self.dtype(), value.dtype()])
            .rule("the sum must be of the tensor's kind: integers, floats or complex numbers"));
        }
        if !keys.iter().any(|key| matches!(key, Key::Integers(_))) {
            // no place stands twice
            let sum = self.index(keys)?.add(value)?.cast(self.dtype())?;
            return self.index_assign(keys, &sum);
        }
        self.index_combine(keys, Combine::Add, value)
    }

    /// As [`Raw::index_accumulate`], with what `combine` does; some key is an array of integers.
    pub(crate) fn index_combine(
        &mut self,
        keys: &[Key],
        combine: Combine,
        value: &Raw,
    ) -> Result<()> {
        let whole = with_empty_masks(self.shape(), keys)?;
        let index = Index::new(self, whole.as_deref().unwrap_or(keys))?;
        if self.dtype() == DType::Bool && combine == Combine::Add {
            // the sum of booleans is whether one is true
            let mut count = self.cast(DType::I64)?;
            index.scatter(&mut count, Combine::Add, &value.cast(DType::I64)?)?;
            return self.assign(&count.cast(DType::Bool)?);
        }
        index.scatter(self, combine, value)
    }
}

/// The items of an index that makes a view.
fn basic(keys: &[Key]) -> Option<SmallVec<[SliceItem; 4]>> {
    let item = |key: &Key| match key {
        Key::Item(item) => Some(*item),
        _ => None,
    };
    keys.iter().map(item).collect()
}

/// The keys, where masks of length 0 along an axis are as long as the axis, and false: NumPy takes those that name no element whatever
/// they stand beside. `None` where there are none.
fn with_empty_masks(x: &[usize], keys: &[Key]) -> Result<Option<SmallVec<[Key; 2]>>> {
    let is_empty = |key: &Key| matches!(key, Key::Mask(mask) if mask.rank() > 0 && mask.is_empty());
    if !keys.iter().any(is_empty) {
        return Ok(None);
    }
    let axes = |key: &Key| match key {
        Key::Mask(mask) => mask.rank(),
        Key::Integers(_) | Key::Item(SliceItem::Index(_) | SliceItem::Range { .. }) => 1,
        Key::Item(_) | Key::Bool(_) => 0,
    };
    let used: usize = keys.iter().map(axes).sum();
    let mut axis = 0;
    let mut all = SmallVec::new();
    for key in keys {
        all.push(match key {
            Key::Mask(mask) if is_empty(key) => {
                let lengths = x.get(axis..axis + mask.rank()).unwrap_or_default();
                let fits = |(&n, &m): (&usize, &usize)| m == 0 || n == m;
                let covers = !lengths.is_empty() && lengths.iter().zip(mask.shape()).all(fits);
                match covers {
                    true => Key::Mask(Raw::zeros(lengths, DType::Bool)?.to_device(mask.device())?),
                    false => key.clone(),
                }
            }
            _ => key.clone(),
        });
        axis += match key {
            Key::Item(SliceItem::Ellipsis) => x.len().saturating_sub(used),
            _ => axes(key),
        };
    }
    Ok(Some(all))
}

/// The mask of an index that is a mask over the leading axes and nothing else.
fn lone_mask(keys: &[Key]) -> Option<&Raw> {
    match keys {
        [Key::Mask(mask)] | [Key::Mask(mask), Key::Item(SliceItem::Ellipsis)] => Some(mask),
        _ => None,
    }
}

fn sliced_rank(rank: usize, items: &[SliceItem]) -> usize {
    let count = |is: fn(&SliceItem) -> bool| items.iter().filter(|item| is(item)).count();
    let more = count(|item| matches!(item, SliceItem::NewAxis));
    (rank + more).saturating_sub(count(|item| matches!(item, SliceItem::Index(_))))
}

fn without_leading_ones(value: &Raw, rank: usize) -> Result<Raw> {
    let extra = value.rank().saturating_sub(rank);
    if extra == 0 || value.shape()[..extra].iter().any(|&n| n != 1) {
        return Ok(value.clone());
    }
    value.reshape(&value.shape()[extra..])
}

/// Places along some axes of the tensor, counted as one.
struct Pick {
    places: Raw,
    /// The first of the axes.
    axis: usize,
    /// Their elements.
    len: usize,
}

impl Pick {
    fn new(places: &Raw, axis: usize, len: usize) -> Pick {
        Pick {
            places: places.clone(),
            axis,
            len,
        }
    }

    /// The first place that does not exist.
    fn outside(&self) -> Option<Error> {
        // under `vmap` and `trace` too: it is only looked at when something is out of range
        let values = self.places.untagged().scalars().ok()?;
        let n = self.len as i128;
        let bad = values.into_iter().find_map(|v| match v {
            Scalar::Int(i) if !(-n..n).contains(&i) => Some(i),
            _ => None,
        })?;
        let axis = self.axis;
        let error = Error::index(
            OP,
            format!("index {bad} is out of bounds for axis {axis} with size {n}"),
        )
        .at_axis(axis as isize);
        Some(match n {
            0 => error.rule("an axis of length 0 has no element to pick"),
            _ => error.rule(format!(
                "indices go from -{n} to {}; -1 is the last element",
                n - 1
            )),
        })
    }
}

fn out_of_range(picks: &[Pick]) -> Option<Error> {
    picks.iter().find_map(Pick::outside)
}

/// An index with arrays, resolved against a shape.
struct Index {
    /// What makes the view; it keeps the axes that are picked from.
    items: SmallVec<[SliceItem; 4]>,
    /// These axes of the view.
    picked: PerAxis<usize>,
    picks: SmallVec<[Pick; 2]>,
    /// The shape of the arrays together.
    shape: Dims,
    /// Whether that shape stands in front of the result, because a slice separates the arrays. Else it stands in the place of
    /// the first.
    in_front: bool,
}

impl Index {
    fn new(x: &Raw, keys: &[Key]) -> Result<Index> {
        let whole = whole_axes(x, keys)?;
        let mut index = Index {
            items: SmallVec::new(),
            picked: PerAxis::new(),
            picks: SmallVec::new(),
            shape: Dims::new(),
            in_front: false,
        };
        // axes of the tensor and of the view so far
        let (mut axis, mut at) = (0, 0);
        let mut last = None;
        for (number, key) in keys.iter().enumerate() {
            // integers beside arrays count as arrays without axes
            if !matches!(key, Key::Item(item) if !matches!(item, SliceItem::Index(_))) {
                index.in_front |= last.is_some_and(|last| last + 1 < number);
                last = Some(number);
            }
            match key {
                Key::Item(SliceItem::Ellipsis) => {
                    index
                        .items
                        .extend(std::iter::repeat_n(SliceItem::ALL, whole));
                    axis += whole;
                    at += whole;
                }
                Key::Item(item) => {
                    index.items.push(*item);
                    axis += usize::from(!matches!(item, SliceItem::NewAxis));
                    at += usize::from(!matches!(item, SliceItem::Index(_)));
                }
                Key::Integers(places) => {
                    index.pick(&mut at, 1, Pick::new(places, axis, x.shape()[axis]));
                    axis += 1;
                }
                Key::Bool(value) => index.pick_new(x, &mut at, axis, *value)?,
                Key::Mask(mask) if mask.rank() == 0 => {
                    let value = mask.item()?.as_f64() != 0.0;
                    index.pick_new(x, &mut at, axis, value)?;
                }
                Key::Mask(mask) => {
                    let lengths = &x.shape()[axis..axis + mask.rank()];
                    if mask.shape() != lengths {
                        return Err(not_covered(OP, x.shape(), mask.shape(), axis));
                    }
                    let n = mask.len();
                    let end = Scalar::Int(n as i128);
                    let all = Raw::arange(Scalar::Int(0), end, Scalar::Int(1), DType::I64)?
                        .to_device(mask.device())?;
                    let places = all.select(&mask.reshape(&[n])?)?;
                    index.pick(&mut at, mask.rank(), Pick::new(&places, axis, n));
                    axis += mask.rank();
                }
            }
        }
        index.shape = index.broadcast()?;
        Ok(index)
    }

    /// Picks from the next axes.
    fn pick(&mut self, at: &mut usize, axes: usize, pick: Pick) {
        self.items.extend(std::iter::repeat_n(SliceItem::ALL, axes));
        self.picked.extend(*at..*at + axes);
        self.picks.push(pick);
        *at += axes;
    }

    /// Picks from a new axis of length 1, once or not at all.
    fn pick_new(&mut self, x: &Raw, at: &mut usize, axis: usize, once: bool) -> Result<()> {
        let places = x.like(&[usize::from(once)], DType::I64, Scalar::Int(0))?;
        self.items.push(SliceItem::NewAxis);
        self.picked.push(*at);
        self.picks.push(Pick::new(&places, axis, 1));
        *at += 1;
        Ok(())
    }

    fn broadcast(&self) -> Result<Dims> {
        let shapes: SmallVec<[&[usize]; 4]> = self.picks.iter().map(|p| p.places.shape()).collect();
        broadcast_shapes(OP, &shapes).map_err(|_| {
            let all: Vec<String> = shapes.iter().map(|shape| shape_text(shape)).collect();
            Error::index(
                OP,
                format!(
                    "shape mismatch: indexing arrays could not be broadcast together with shapes {}",
                    all.join(" ")
                ),
            )
            .shapes(&shapes)
        })
    }

    /// Whether the view is the tensor itself.
    fn is_whole(&self) -> bool {
        self.items.iter().all(|item| *item == SliceItem::ALL)
    }

    fn view(&self, x: &Raw) -> Result<Raw> {
        match self.is_whole() {
            true => Ok(x.clone()),
            false => x.slice(&self.items),
        }
    }

    /// The axes of a tensor of this rank with the picked ones in front.
    fn picked_first(&self, rank: usize) -> PerAxis<isize> {
        let rest = (0..rank).filter(|axis| !self.picked.contains(axis));
        let order = self.picked.iter().copied().chain(rest);
        order.map(|axis| axis as isize).collect()
    }

    /// A place for each element of the arrays, in C order of the picked axes.
    fn flat(&self) -> Result<Raw> {
        if let [pick] = &self.picks[..] {
            return Ok(pick.places.clone());
        }
        let mut parts: SmallVec<[(Raw, usize); 4]> = SmallVec::new();
        for pick in &self.picks {
            parts.push((signed(&pick.places)?, pick.len));
        }
        while parts.len() > 1 {
            let many = parts.len().min(MOST);
            let mut inputs: SmallVec<[Raw; 8]> = SmallVec::new();
            let mut all = 1usize;
            for (places, len) in parts.drain(..many) {
                inputs.push(places);
                inputs.push(Raw::scalar(Scalar::Int(len as i128), DType::I64)?);
                all = all.saturating_mul(len);
            }
            let flat = Raw::call(joined(many), &crate::transform::refs(&inputs))?;
            parts.insert(0, (flat, all));
        }
        Ok(parts.remove(0).0)
    }

    /// An error that names the index and its axis.
    fn explained(&self, error: Error) -> Error {
        match error.is_index() {
            true => out_of_range(&self.picks).unwrap_or(error),
            false => error,
        }
    }

    fn take(&self, x: &Raw) -> Result<Raw> {
        let flat = self.flat()?;
        let mut view = self.view(x)?;
        let mut at = self.picked[0];
        let adjacent = self.picked.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        if !adjacent {
            view = view.permute(&self.picked_first(view.rank()))?;
            at = 0;
        }
        let gather = Gather {
            axis: at,
            axes: self.picked.len(),
            batch: 0,
            mode: Mode::Raise,
            picked: Picked::IndicesFirst,
        };
        let y = bind_one(&gather, &[&view, &flat]).map_err(|e| self.explained(e))?;
        if !self.in_front || at == 0 {
            return Ok(y);
        }
        let behind = at + self.shape.len();
        let order: PerAxis<isize> = (at..behind)
            .chain(0..at)
            .chain(behind..y.rank())
            .map(|axis| axis as isize)
            .collect();
        y.permute(&order)
    }

    /// Places `value` in the tensor.
    fn scatter(&self, x: &mut Raw, combine: Combine, value: &Raw) -> Result<()> {
        let view = self.view(x)?;
        let order = self.in_front.then(|| self.picked_first(view.rank()));
        let turned = |view: &Raw| match &order {
            Some(order) => view.permute(order),
            None => Ok(view.clone()),
        };
        let view = turned(&view)?;
        let scatter = |in_place| Scatter {
            combine,
            axis: if self.in_front { 0 } else { self.picked[0] },
            axes: self.picked.len(),
            batch: 0,
            mode: Mode::Raise,
            in_place,
        };
        let (flat, rows) = (self.flat()?, self.rows(&view, value)?);
        let explained = |e| self.explained(e);
        let plain = x.is_plain() && rows.is_plain() && flat.is_plain();
        // the derivative of a product or an extreme reads what was there
        let keeps = !plain && !matches!(combine, Combine::Set | Combine::Add);
        if self.is_whole() && !self.in_front && !keeps {
            drop(view);
            let run = |x: &[&Raw], in_place| bind_one(&scatter(in_place), x);
            return x.written(OP, &[&flat, &rows], run).map_err(explained);
        }
        if plain {
            // through a view of memory that nobody else holds, or that all are to see change
            drop(view);
            x.may_be_written(OP)?;
            x.make_unique()?;
            let view = turned(&self.view(x)?)?;
            return bind_one(&scatter(true), &[&view, &flat, &rows])
                .map(drop)
                .map_err(explained);
        }
        // the same on the view's values, which then take the view's place
        let view = if keeps { view.copied()? } else { view };
        let new = bind_one(&scatter(false), &[&view, &flat, &rows]).map_err(explained)?;
        let new = match &order {
            Some(order) => {
                let mut back: PerAxis<isize> = order.clone();
                for (to, &from) in order.iter().enumerate() {
                    back[from as usize] = to as isize;
                }
                new.permute(&back)?
            }
            None => new,
        };
        x.assign_slice(&self.items, &new)
    }

    /// The value broadcast to what the index picks from the view.
    fn rows(&self, view: &Raw, value: &Raw) -> Result<Raw> {
        let at = if self.in_front { 0 } else { self.picked[0] };
        let behind = &view.shape()[at + self.picked.len()..];
        let full: Dims = view.shape()[..at]
            .iter()
            .chain(&self.shape)
            .chain(behind)
            .copied()
            .collect();
        let value = without_leading_ones(value, full.len())?;
        value.broadcast_to(&full).map_err(|_| {
            // NumPy's text, to the missing spaces
            let text = |shape: &[usize]| shape_text(shape).replace(' ', "");
            Error::shape(
                "assign",
                format!(
                    "shape mismatch: value array of shape {} could not be broadcast to indexing result of shape {}",
                    text(value.shape()),
                    text(&full)
                ),
            )
            .shapes(&[value.shape(), &full])
        })
    }
}

/// How many axes an ellipsis stands for, once the keys were counted and their dtypes looked at.
fn whole_axes(x: &Raw, keys: &[Key]) -> Result<usize> {
    let (mut used, mut ellipses) = (0, 0);
    for key in keys {
        match key {
            Key::Item(SliceItem::Ellipsis) => ellipses += 1,
            Key::Item(SliceItem::NewAxis) | Key::Bool(_) => {}
            Key::Item(_) => used += 1,
            Key::Integers(places) if !places.dtype().is_integer() => {
                return Err(wrong_dtype(places.dtype()));
            }
            Key::Integers(_) => used += 1,
            Key::Mask(mask) if mask.dtype() != DType::Bool => {
                return Err(wrong_dtype(mask.dtype()));
            }
            Key::Mask(mask) => used += mask.rank(),
        }
    }
    let advanced = keys
        .iter()
        .filter(|key| !matches!(key, Key::Item(_)))
        .count();
    if advanced > MOST_ARRAYS {
        return Err(Error::index(
            OP,
            format!("too many advanced indices for array: {advanced}, and at most {MOST_ARRAYS}"),
        ));
    }
    if ellipses > 1 {
        return Err(Error::index(
            OP,
            "an index can only have a single ellipsis ('...')",
        ));
    }
    x.rank().checked_sub(used).ok_or_else(|| {
        Error::index(
            OP,
            format!(
                "too many indices for array: array is {}-dimensional, but {used} were indexed",
                x.rank()
            ),
        )
        .shapes(&[x.shape()])
    })
}

#[cold]
fn wrong_dtype(dtype: DType) -> Error {
    Error::index(
        OP,
        format!("arrays used as indices must be of integer (or boolean) type, not {dtype}"),
    )
    .dtypes(&[dtype])
}

/// Integers that `i64` holds. What is beyond is beyond any length.
fn signed(places: &Raw) -> Result<Raw> {
    if places.dtype() != DType::U64 {
        return Ok(places.clone());
    }
    let most = Scalar::Int(i64::MAX.into());
    Raw::apply(Op::Minimum, &[places.into(), most.into()])?.cast(DType::I64)
}

/// The most arrays and booleans of an index: NumPy's limit.
const MOST_ARRAYS: usize = 63;

/// The most arrays that one pass joins.
const MOST: usize = 8;

/// From arrays of integers, each followed by the length of its axis, to places in all the axes, counted in C order.
fn joined(arrays: usize) -> &'static Arc<Function> {
    static ALL: [OnceLock<Arc<Function>>; MOST + 1] = [const { OnceLock::new() }; MOST + 1];
    ALL[arrays].get_or_init(|| {
        let program = Program::trace(2 * arrays, |b| {
            let mut all = None;
            for k in 0..arrays {
                let (i, n) = (b.input(2 * k), b.input(2 * k + 1));
                let zero = b.constant(Scalar::Int(0));
                let place = i.lt(zero).choose(i + n, i);
                let exists = place.ge(zero).logical_and(place.lt(n));
                all = Some(match all {
                    Some((flat, exist)) => (flat * n + place, exists.logical_and(exist)),
                    None => (place, exists),
                });
            }
            let (flat, exist) = all.unwrap_or((b.input(0), b.input(0)));
            exist.choose(flat, b.constant(Scalar::Int(OUTSIDE.into())))
        });
        Function::new(program, "flat_index")
    })
}
