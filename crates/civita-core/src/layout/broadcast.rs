//! Broadcasting: shapes are compared from their last axis; two lengths fit when they are equal or one of them is 1.

use super::{Dims, Layout, Strides, checked_len, inline, sized};
use crate::error::{Error, Result, shape_text};

/// The shape that all of `shapes` broadcast to, by NumPy's rules; of no shapes: `()`.
///
/// # Errors
/// When two lengths of an axis differ and neither is 1, or when the result is too large.
///
/// ```
/// use civita_core::layout::broadcast_shapes;
/// let shape = broadcast_shapes("add", &[&[1000, 1], &[1000]])?;
/// assert_eq!(shape[..], [1000, 1000]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
#[inline]
pub fn broadcast_shapes(op: &'static str, shapes: &[&[usize]]) -> Result<Dims> {
    // most operations are between equal shapes, which have been checked when they were made
    if let [first, rest @ ..] = shapes
        && rest.iter().all(|s| s == first)
    {
        return Ok(inline(first));
    }
    broadcast_unequal(op, shapes)
}

fn broadcast_unequal(op: &'static str, shapes: &[&[usize]]) -> Result<Dims> {
    let rank = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out: Dims = sized(rank, 1);
    for shape in shapes {
        let lead = rank - shape.len();
        for (axis, &n) in shape.iter().enumerate() {
            let length = &mut out[lead + axis];
            if *length == 1 {
                *length = n;
            } else if n != 1 && n != *length {
                return Err(mismatch(op, shapes, rank, lead + axis, *length, n));
            }
        }
    }
    checked_len(op, &out)?;
    Ok(out)
}

#[cold]
fn mismatch(
    op: &'static str,
    shapes: &[&[usize]],
    rank: usize,
    axis: usize,
    a: usize,
    b: usize,
) -> Error {
    let names: Vec<String> = shapes.iter().map(|s| shape_text(s)).collect();
    let list = match &names[..] {
        [init @ .., last] if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        _ => names.join(", "),
    };
    let from_end = axis as isize - rank as isize;
    Error::shape(
        op,
        format!("shapes {list} cannot be broadcast: axis {from_end} has the lengths {a} and {b}"),
    )
    .shapes(shapes)
    .at_axis(from_end)
    .rule("shapes are compared from the last axis; two lengths fit when they are equal or one is 1")
    .hint_in(
        further_left(shapes, rank, RUST),
        further_left(shapes, rank, PYTHON),
    )
}

/// How a language reshapes to a list of lengths, adds so many last axes, and what it has for both.
struct Writes {
    reshape: fn(&str) -> String,
    last_axes: fn(usize) -> Option<String>,
    any: &'static str,
}
const RUST: Writes = Writes {
    reshape: |lengths| format!(".reshape([{lengths}])"),
    last_axes: |n| (n == 1).then(|| ".expand_dims(-1)".to_owned()),
    any: "insert axes of length 1 with `.expand_dims(axis)`, or change a shape with `.reshape(shape)`",
};
const PYTHON: Writes = Writes {
    reshape: |lengths| format!(".reshape({lengths})"),
    last_axes: |n| Some(format!("x[...{}]", ", None".repeat(n))),
    any: "insert axes of length 1, as `x[:, None]` does, or change a shape with `.reshape(shape)`",
};

/// The first thing that would make the shapes fit: a new last axis, or none that can be known.
fn further_left(shapes: &[&[usize]], rank: usize, language: Writes) -> String {
    if let [a, b] = shapes
        && a.len() != b.len()
    {
        let (short, name) = if a.len() < b.len() {
            (a, "first")
        } else {
            (b, "second")
        };
        let long = if a.len() < b.len() { b } else { a };
        // where the shorter shape would fit if it were moved to the left
        for lead in (0..rank - short.len()).rev() {
            let fits = |(&x, &y): (&usize, &usize)| x == y || x == 1 || y == 1;
            if short.iter().zip(&long[lead..]).all(fits) {
                let new = rank - lead - short.len();
                let lengths = short.iter().copied().chain(std::iter::repeat_n(1, new));
                let lengths: Vec<String> = lengths.map(|n| n.to_string()).collect();
                let reshape = (language.reshape)(&lengths.join(", "));
                let or = (language.last_axes)(new)
                    .map_or(String::new(), |code| format!(" (or `{code}`)"));
                return format!(
                    "if the {name} operand's axes are meant to lie further left, `{reshape}`{or} makes it fit"
                );
            }
        }
    }
    language.any.to_owned()
}

impl Layout {
    /// The same elements seen as `shape`: new leading axes and axes of length 1 repeat, with stride 0.
    ///
    /// # Errors
    /// When a length is neither `shape`'s nor 1, when `shape` has fewer axes, or when it is too large.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Layout> {
        if *shape == *self.shape {
            return Ok(self.clone());
        }
        let strides = self.broadcast_strides(shape)?;
        Layout::derived("broadcast_to", inline(shape), strides, self.offset as isize)
    }

    /// Its strides when it is seen as `shape`.
    #[inline]
    pub(super) fn broadcast_strides(&self, shape: &[usize]) -> Result<Strides> {
        let Some(lead) = shape.len().checked_sub(self.rank()) else {
            return Err(self.cannot_broadcast(shape, None));
        };
        let mut strides: Strides = sized(shape.len(), 0);
        for (axis, (&n, &stride)) in self.shape.iter().zip(&self.strides).enumerate() {
            if n == shape[lead + axis] {
                strides[lead + axis] = stride;
            } else if n != 1 {
                return Err(self.cannot_broadcast(shape, Some(axis)));
            }
        }
        Ok(strides)
    }

    #[cold]
    fn cannot_broadcast(&self, shape: &[usize], axis: Option<usize>) -> Error {
        let (from, to) = (shape_text(&self.shape), shape_text(shape));
        let why = match axis {
            None => format!(
                "it has {} axes and the target only {}",
                self.rank(),
                shape.len()
            ),
            Some(axis) => {
                let lead = shape.len() - self.rank();
                let (a, b) = (self.shape[axis], shape[lead + axis]);
                let from_end = axis as isize - self.rank() as isize;
                format!("axis {from_end} has length {a}, not {b} or 1")
            }
        };
        Error::shape("broadcast_to", format!("a tensor of shape {from} cannot be broadcast to {to}: {why}"))
            .shapes(&[&self.shape, shape])
            .rule("shapes are compared from the last axis; a length must be equal or 1, and missing axes lead")
            .hint_in(RUST.any, PYTHON.any)
    }
}
