//! Reshaping: the same elements, in the same C order, under another shape.

use super::{Dims, Layout, MAX_ELEMENTS, PerAxis, Strides, by_axis, checked_len};
use crate::error::{Error, Result, shape_text};

/// `shape` with its one `-1`, if there is one, replaced so that it holds `len` elements.
///
/// # Errors
/// When it does not fit, when another length is negative, or when there are two `-1`.
pub fn resolve_shape(op: &'static str, len: usize, shape: &[isize]) -> Result<Dims> {
    resolve(op, len, || format!("{len} {}", elements(len)), shape)
}

fn elements(len: usize) -> &'static str {
    if len == 1 { "element" } else { "elements" }
}

/// `found` names what is reshaped.
fn resolve(
    op: &'static str,
    len: usize,
    found: impl FnOnce() -> String,
    shape: &[isize],
) -> Result<Dims> {
    let mut out: Dims = shape.iter().map(|&n| n.max(0) as usize).collect();
    let mut unknown = None;
    for (axis, &n) in shape.iter().enumerate() {
        if n == -1 && unknown.is_none() {
            unknown = Some(axis);
        } else if n < 0 {
            let problem = if n == -1 {
                format!("the shape {shape:?} has more than one -1")
            } else {
                format!("the shape {shape:?} has the length {n}")
            };
            return Err(Error::shape(op, problem).at_axis(axis as isize).rule(
                "lengths are 0 or more; a single -1 stands for the length that is left over",
            ));
        }
    }
    let Some(axis) = unknown else {
        checked_len(op, &out)?;
        return Ok(out);
    };
    out[axis] = 1;
    let known = checked_len(op, &out)?;
    if known == 0 || !len.is_multiple_of(known) {
        let problem = format!("cannot reshape {} into {shape:?}", found());
        let error = Error::shape(op, problem);
        return Err(if known == 0 {
            error.rule("beside a length of 0 the one that -1 stands for could be anything")
        } else {
            error
                .rule(format!(
                    "-1 stands for {len} / {known}, which must be a whole number"
                ))
                .hint_in(suggest(len, &out, RUST), suggest(len, &out, PYTHON))
        });
    }
    out[axis] = len / known;
    Ok(out)
}

/// What a language writes around the lengths of a shape.
type Brackets = [&'static str; 2];
const RUST: Brackets = ["[", "]"];
const PYTHON: Brackets = ["", ""];

/// A shape of `len` elements that shares as much as possible with `wanted`.
fn suggest(len: usize, wanted: &[usize], around: Brackets) -> String {
    for axis in 0..wanted.len() {
        let others = wanted.iter().enumerate().filter(|&(k, _)| k != axis);
        let Some(product) = others.map(|(_, &n)| n).try_fold(1usize, usize::checked_mul) else {
            continue;
        };
        if product > 1 && product <= MAX_ELEMENTS && len.is_multiple_of(product) && len > 0 {
            let mut full = wanted.to_vec();
            full[axis] = len / product;
            return fitting(len, &full, around);
        }
    }
    fitting(len, &[len], around)
}

fn fitting(len: usize, shape: &[usize], [open, close]: Brackets) -> String {
    let list: Vec<String> = shape.iter().map(usize::to_string).collect();
    let (list, elements) = (list.join(", "), elements(len));
    format!("`.reshape({open}{list}{close})` has {len} {elements}")
}

impl Layout {
    /// `shape` with its one `-1`, if there is one, replaced so that it holds as many elements as this layout.
    ///
    /// # Errors
    /// As [`resolve_shape`], and when the counts differ; the text names both shapes.
    pub fn resolve_shape(&self, shape: &[isize]) -> Result<Dims> {
        if let Some(shape) = self.resolve_few(shape) {
            return Ok(shape);
        }
        let found = || {
            format!(
                "{} ({} {})",
                shape_text(&self.shape),
                self.len,
                elements(self.len)
            )
        };
        let out = resolve("reshape", self.len, found, shape).map_err(|e| match e.is_shape() {
            true if e.found_shapes().is_empty() => e.shapes(&[&self.shape]),
            _ => e,
        })?;
        self.check_count(&out)?;
        Ok(out)
    }

    /// [`Layout::resolve_shape`] of what fits; `None` is for the general path.
    #[inline]
    fn resolve_few(&self, shape: &[isize]) -> Option<Dims> {
        let (mut known, mut has_unknown) = (1usize, false);
        for &n in shape {
            match n {
                1.. => known = known.checked_mul(n.unsigned_abs())?,
                -1 if !has_unknown => has_unknown = true,
                _ => return None,
            }
        }
        let left = match has_unknown {
            true if self.len.is_multiple_of(known) => self.len / known,
            false if self.len == known => 1,
            _ => return None,
        };
        let length = |axis: usize| usize::try_from(shape[axis]).unwrap_or(left);
        Some(by_axis(shape.len(), length))
    }

    fn check_count(&self, shape: &[usize]) -> Result<()> {
        let count = checked_len("reshape", shape)?;
        if count == self.len {
            return Ok(());
        }
        let problem = format!(
            "cannot reshape {} ({} {}) into {} ({count} {})",
            shape_text(&self.shape),
            self.len,
            elements(self.len),
            shape_text(shape),
            elements(count)
        );
        Err(Error::shape("reshape", problem)
            .shapes(&[&self.shape, shape])
            .rule("a reshape keeps the number of elements")
            .hint_in(
                suggest(self.len, shape, RUST),
                suggest(self.len, shape, PYTHON),
            ))
    }

    /// The same elements in the same C order under `shape`; `None` when that needs a copy.
    ///
    /// # Errors
    /// When `shape` has another number of elements.
    ///
    /// ```
    /// use civita_core::layout::Layout;
    /// let a = Layout::contiguous(&[4, 6])?;
    /// assert!(a.reshape(&[2, 12])?.is_some());
    /// assert!(a.transpose().reshape(&[24])?.is_none());
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    pub fn reshape(&self, shape: &[usize]) -> Result<Option<Layout>> {
        self.reshape_then(shape, Ok)
    }

    /// [`Layout::reshape`], and what `then` makes of it.
    #[inline(always)]
    pub(crate) fn reshape_then<R>(
        &self,
        shape: &[usize],
        then: impl FnOnce(Option<Layout>) -> Result<R>,
    ) -> Result<R> {
        if self.is_contiguous() && self.len > 0 {
            let offset = self.offset as isize;
            match *shape {
                [n] if n == self.len => {
                    return then(Some(Layout::of_axes([(n, 1)], offset, n)));
                }
                [m, n] if m.checked_mul(n) == Some(self.len) => {
                    let axes = [(m, n as isize), (n, 1)];
                    return then(Some(Layout::of_axes(axes, offset, self.len)));
                }
                _ => {}
            }
        }
        then(self.reshape_any(shape)?)
    }

    fn reshape_any(&self, shape: &[usize]) -> Result<Option<Layout>> {
        self.check_count(shape)?;
        if self.is_contiguous() {
            let mut out = Layout::contiguous(shape)?;
            out.offset = self.offset;
            return Ok(Some(out));
        }
        Ok(self.split_and_merge(shape).map(|strides| {
            let shape = Dims::from_slice(shape);
            Layout::derived_with(shape, strides, self.offset as isize, self.len)
        }))
    }

    /// Strides under which this layout's elements read as `shape`, if there are any.
    ///
    /// NumPy's `_attempt_nocopy_reshape`: take axes from the left of both shapes until the products agree. Within
    /// such a pair of groups the old axes must be one run (each stride is the next one times its length), which the new axes
    /// then divide. Both shapes hold the same number of elements, which is not 0.
    fn split_and_merge(&self, shape: &[usize]) -> Option<Strides> {
        let old: PerAxis<(usize, isize)> = (self.shape.iter().copied())
            .zip(self.strides.iter().copied())
            .filter(|&(n, _)| n != 1)
            .collect();
        let mut strides = Strides::from_elem(0, shape.len());
        let (mut from_old, mut from_new) = (0, 0);
        while from_old < old.len() && from_new < shape.len() {
            let (mut to_old, mut to_new) = (from_old + 1, from_new + 1);
            let (mut count_old, mut count_new) = (old[from_old].0, shape[from_new]);
            while count_old != count_new {
                // the totals agree, so the smaller one has axes left
                if count_new < count_old {
                    count_new *= shape[to_new];
                    to_new += 1;
                } else {
                    count_old *= old[to_old].0;
                    to_old += 1;
                }
            }
            for pair in old[from_old..to_old].windows(2) {
                if pair[1].1.checked_mul(pair[1].0 as isize) != Some(pair[0].1) {
                    return None;
                }
            }
            let mut step = old[to_old - 1].1;
            for axis in (from_new..to_new).rev() {
                strides[axis] = step;
                // overflows only where every axis further left has length 1
                step = step.checked_mul(shape[axis] as isize).unwrap_or(0);
            }
            (from_old, from_new) = (to_old, to_new);
        }
        // what is left of the new shape are axes of length 1
        Some(strides)
    }
}
