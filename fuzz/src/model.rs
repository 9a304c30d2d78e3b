//! Arrays as a list of numbers in C order: slow, and obviously right.

use arbitrary::{Result, Unstructured};
use civita_core::dtype::{DType, Scalar};
use civita_core::layout::SliceItem;
use civita_core::raw::{Key, Raw};

/// Dtypes that hold small whole numbers, in which the model counts.
pub const DTYPES: [DType; 9] = [
    DType::I64,
    DType::F64,
    DType::U8,
    DType::F32,
    DType::C128,
    DType::I16,
    DType::Bool,
    DType::F16,
    DType::C64,
];

/// A shape, and the elements in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub shape: Vec<usize>,
    pub values: Vec<i64>,
}

/// Calls `f` with every index of a shape, the last axis fastest.
pub fn each(shape: &[usize], mut f: impl FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut at = vec![0; shape.len()];
    loop {
        f(&at);
        let mut axis = shape.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
}

impl Model {
    pub fn of(shape: &[usize], mut f: impl FnMut(&[usize]) -> i64) -> Model {
        let mut values = Vec::new();
        each(shape, |at| values.push(f(at)));
        Model {
            shape: shape.to_vec(),
            values,
        }
    }

    /// The place of an element in `values`.
    pub fn place(&self, at: &[usize]) -> usize {
        assert_eq!(at.len(), self.shape.len());
        at.iter().zip(&self.shape).fold(0, |place, (&i, &n)| {
            assert!(i < n);
            place * n + i
        })
    }

    pub fn at(&self, at: &[usize]) -> i64 {
        self.values[self.place(at)]
    }

    /// The place of the element that broadcasting puts at an index of a shape of at least as many axes.
    pub fn broadcast_place(&self, at: &[usize]) -> usize {
        let own = &at[at.len() - self.shape.len()..];
        let own: Vec<usize> = own
            .iter()
            .zip(&self.shape)
            .map(|(&i, &n)| if n == 1 { 0 } else { i })
            .collect();
        self.place(&own)
    }

    /// Whether it broadcasts to a shape.
    pub fn fits(&self, shape: &[usize]) -> bool {
        self.shape.len() <= shape.len()
            && self
                .shape
                .iter()
                .rev()
                .zip(shape.iter().rev())
                .all(|(&n, &m)| n == m || n == 1)
    }
}

/// A whole number as an element: what a cast of it to the dtype holds.
pub fn scalar(value: i64, dtype: DType) -> i64 {
    match dtype {
        DType::Bool => i64::from(value != 0),
        DType::U8 => i64::from(value as u8),
        DType::I16 => i64::from(value as i16),
        _ => value,
    }
}

/// The elements as whole numbers.
pub fn numbers(x: &Raw) -> Vec<i64> {
    let number = |v: Scalar| match v {
        Scalar::Bool(v) => i64::from(v),
        Scalar::Int(v) => v as i64,
        Scalar::Float(v) => v as i64,
        Scalar::Complex(v) => {
            assert_eq!(v.im, 0.0);
            v.re as i64
        }
    };
    x.scalars().unwrap().into_iter().map(number).collect()
}

/// Panics where a tensor is not what the model says.
pub fn assert_same(found: &Raw, wanted: &Model, what: &dyn std::fmt::Debug) {
    assert_eq!(found.shape(), wanted.shape, "shape of {what:?}");
    assert_eq!(numbers(found), wanted.values, "elements of {what:?}");
}

/// Up to `rank` lengths, with at most some hundred elements together.
pub fn shape(u: &mut Unstructured<'_>, rank: usize) -> Result<Vec<usize>> {
    let rank = u.int_in_range(0..=rank)?;
    let mut shape = Vec::new();
    let mut all = 1;
    for _ in 0..rank {
        let most = (600 / all).min(6);
        // 0 and 1 are the lengths with rules of their own
        let n = match u.int_in_range(0..=7u8)? {
            0 => u.int_in_range(0..=1)?,
            1 => 1,
            n => usize::from(n).min(most.max(1)),
        };
        all *= n.max(1);
        shape.push(n);
    }
    Ok(shape)
}

/// A tensor of this shape that lies in its buffer in any order, with gaps, backwards or, if `overlap` allows it, with elements
/// that several indices share.
pub fn array(
    u: &mut Unstructured<'_>,
    shape: &[usize],
    dtype: DType,
    overlap: bool,
) -> Result<(Raw, Model)> {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    let plain = u.ratio(1, 3)?;
    if !plain {
        for i in 1..order.len() {
            order.swap(i, u.int_in_range(0..=i)?);
        }
    }
    let (mut strides, mut offset, mut step) = (vec![0isize; shape.len()], 0usize, 1usize);
    for &axis in order.iter().rev() {
        let (by, lead, back, repeat) = match plain {
            true => (1, 0, false, false),
            false => (
                u.int_in_range(1..=2usize)?,
                u.int_in_range(0..=1usize)?,
                u.arbitrary()?,
                overlap && u.ratio(1, 6)?,
            ),
        };
        if repeat {
            continue;
        }
        let reach = shape[axis].saturating_sub(1) * by;
        strides[axis] = (step * by) as isize;
        offset += lead * step;
        if back {
            offset += reach * step;
            strides[axis] = -strides[axis];
        }
        step *= (reach + 1 + lead).max(1);
        if step > 20_000 {
            return Err(arbitrary::Error::IncorrectFormat);
        }
    }
    let first = i64::from(u.arbitrary::<u8>()?) % 50;
    let buffer: Vec<i64> = (0..step as i64)
        .map(|i| scalar((first + i) % 97, dtype))
        .collect();
    let x = Raw::from_vec(buffer.clone(), &[step]).unwrap();
    let x = x.cast(dtype).unwrap();
    let x = x.as_strided(shape, &strides, offset).unwrap();
    let model = Model::of(shape, |at| {
        let place = at.iter().zip(&strides).map(|(&i, &s)| i as isize * s);
        buffer[(offset as isize + place.sum::<isize>()) as usize]
    });
    assert_same(&x, &model, &"a new array");
    Ok((x, model))
}

/// One axis of what an index picks: where it reads from.
enum Axis {
    /// These places of an axis of the array.
    Places(usize, Vec<usize>),
    /// A new one of length 1.
    New,
}

/// Why an index has no result.
#[derive(Debug, PartialEq)]
pub enum Refused {
    Yes,
    /// It has one with some versions of NumPy: a place is out of range, and nothing is picked.
    Perhaps,
}

/// `range(*slice(start, stop, step).indices(n))`.
fn range(start: Option<isize>, stop: Option<isize>, step: isize, n: usize) -> Option<Vec<usize>> {
    let (n, step) = (n as i128, step as i128);
    if step == 0 {
        return None;
    }
    let end = |v: isize, low: i128, high: i128| {
        let v = v as i128;
        (if v < 0 { v + n } else { v }).clamp(low, high)
    };
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let first = if step > 0 { low } else { high };
    let last = if step > 0 { high } else { low };
    let mut at = start.map_or(first, |v| end(v, low, high));
    let stop = stop.map_or(last, |v| end(v, low, high));
    let mut found = Vec::new();
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        found.push(at as usize);
        at += step;
    }
    Some(found)
}

/// For each element of `x[keys]` the place in `x`, and the shape of the result, by NumPy's rules.
pub fn index(x: &[usize], keys: &[Key]) -> std::result::Result<(Vec<usize>, Vec<usize>), Refused> {
    let refused = || Refused::Yes;
    let used: usize = keys
        .iter()
        .map(|key| match key {
            Key::Item(SliceItem::NewAxis | SliceItem::Ellipsis) | Key::Bool(_) => 0,
            Key::Item(_) | Key::Integers(_) => 1,
            Key::Mask(mask) => mask.rank(),
        })
        .sum();
    let ellipses = keys
        .iter()
        .filter(|key| matches!(key, Key::Item(SliceItem::Ellipsis)))
        .count();
    if used > x.len() || ellipses > 1 {
        return Err(refused());
    }
    let whole = x.len() - used;
    let advanced = keys.iter().any(|key| !matches!(key, Key::Item(_)));
    // the axes in order; arrays of places with their shapes; the numbers of the keys that are arrays
    let mut axes: Vec<Axis> = Vec::new();
    let mut arrays: Vec<(Option<usize>, Vec<usize>, Vec<i64>)> = Vec::new();
    let (mut numbers_of_arrays, mut first_array) = (Vec::new(), None);
    let mut axis = 0;
    for (number, key) in keys.iter().enumerate() {
        let mut array = |axes: &Vec<Axis>| {
            numbers_of_arrays.push(number);
            first_array.get_or_insert(axes.len());
        };
        match key {
            Key::Item(SliceItem::NewAxis) => axes.push(Axis::New),
            Key::Item(SliceItem::Ellipsis) => {
                for _ in 0..whole {
                    axes.push(Axis::Places(axis, (0..x[axis]).collect()));
                    axis += 1;
                }
            }
            Key::Item(SliceItem::Range { start, stop, step }) => {
                let places = range(*start, *stop, *step, x[axis]).ok_or_else(refused)?;
                axes.push(Axis::Places(axis, places));
                axis += 1;
            }
            Key::Item(SliceItem::Index(i)) => {
                if advanced {
                    array(&axes);
                }
                arrays.push((Some(axis), Vec::new(), vec![*i as i64]));
                axis += 1;
            }
            Key::Integers(places) => {
                array(&axes);
                arrays.push((Some(axis), places.shape().to_vec(), numbers(places)));
                axis += 1;
            }
            Key::Bool(value) => {
                array(&axes);
                let n = usize::from(*value);
                arrays.push((None, vec![n], vec![0; n]));
            }
            Key::Mask(mask) => {
                array(&axes);
                let set = numbers(mask);
                if mask.rank() == 0 {
                    let n = usize::from(set[0] != 0);
                    arrays.push((None, vec![n], vec![0; n]));
                    continue;
                }
                if mask.shape() != &x[axis..axis + mask.rank()] {
                    return Err(refused());
                }
                let mut places = vec![Vec::new(); mask.rank()];
                let mut k = 0;
                each(mask.shape(), |at| {
                    if set[k] != 0 {
                        for (all, &i) in places.iter_mut().zip(at) {
                            all.push(i as i64);
                        }
                    }
                    k += 1;
                });
                for all in places {
                    arrays.push((Some(axis), vec![all.len()], all));
                    axis += 1;
                }
            }
        }
    }
    while axis < x.len() {
        axes.push(Axis::Places(axis, (0..x[axis]).collect()));
        axis += 1;
    }
    // the shape of the arrays together
    let rank = arrays.iter().map(|(_, s, _)| s.len()).max().unwrap_or(0);
    let mut together = vec![1; rank];
    for (_, shape, _) in &arrays {
        for (n, &m) in together[rank - shape.len()..].iter_mut().zip(shape) {
            if *n == 1 {
                *n = m;
            } else if m != 1 && m != *n {
                return Err(refused());
            }
        }
    }
    for (axis, _, places) in &arrays {
        let Some(axis) = axis else { continue };
        let n = x[*axis] as i64;
        if places.iter().any(|i| !(-n..n).contains(i)) {
            // NumPy looks at integers first, at arrays only where something is picked
            return Err(if together.contains(&0) {
                Refused::Perhaps
            } else {
                Refused::Yes
            });
        }
    }
    let front = match numbers_of_arrays.windows(2).any(|w| w[0] + 1 != w[1]) {
        true => 0,
        false => first_array.unwrap_or(0),
    };
    let length = |axis: &Axis| match axis {
        Axis::Places(_, places) => places.len(),
        Axis::New => 1,
    };
    let mut shape: Vec<usize> = axes[..front].iter().map(length).collect();
    shape.extend(&together);
    shape.extend(axes[front..].iter().map(length));
    let mut found = Vec::new();
    let own = Model {
        shape: x.to_vec(),
        values: Vec::new(),
    };
    each(&shape, |at| {
        let mut source = vec![0; x.len()];
        let arrayed = &at[front..front + rank];
        let others = at[..front].iter().chain(&at[front + rank..]);
        for (axis, &i) in axes.iter().zip(others) {
            if let Axis::Places(axis, places) = axis {
                source[*axis] = places[i];
            }
        }
        for (axis, shape, places) in &arrays {
            let Some(axis) = axis else { continue };
            let all = Model {
                shape: shape.clone(),
                values: places.clone(),
            };
            let i = all.values[all.broadcast_place(arrayed)];
            source[*axis] = (if i < 0 { i + x[*axis] as i64 } else { i }) as usize;
        }
        found.push(own.place(&source));
    });
    Ok((found, shape))
}
