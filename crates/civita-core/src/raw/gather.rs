//! Elements picked by index or by mask.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use smallvec::SmallVec;

use super::{Raw, scan};
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::explain;
use crate::graph::{self, Gradients, Linear, Node, Rule};
use crate::isa::kernel;
use crate::kernels::compress::Compress;
use crate::layout::{Axes, normalize_axis};
use crate::storage::{Access, guard};
use crate::threads::{self, Parts};

/// What becomes of an index that is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is an error; negative ones count from the end.
    Raise,
    /// It is taken modulo the length.
    Wrap,
    /// It becomes the nearest one that is in range.
    Clip,
}

/// Elements of a task.
const PIECE: usize = 1 << 15;

impl Raw {
    /// The elements of an integer tensor, checked against a length. Copied before they are looked at, so that nobody can
    /// change them in between.
    fn checked_indices(&self, op: &'static str, len: usize, mode: Mode) -> Result<Vec<usize>> {
        if !self.dtype().is_integer() {
            return Err(
                Error::dtype(op, format!("indices are integers, not {}", self.dtype()))
                    .dtypes(&[self.dtype()])
                    .hint(match self.dtype() {
                        DType::Bool => "a mask of truth values goes to `select`",
                        _ => "convert them first: `.cast::<i64>()` (Python: `.astype('int64')`)",
                    }),
            );
        }
        let values = match self.dtype() {
            // beyond i64 is beyond any length
            DType::U64 => self
                .to_vec::<u64>()?
                .into_iter()
                .map(|i| i64::try_from(i).unwrap_or(i64::MAX))
                .collect(),
            _ => self.detach().cast(DType::I64)?.to_vec::<i64>()?,
        };
        let n = len as i64;
        values
            .into_iter()
            .map(|i| {
                let at = match mode {
                    Mode::Raise if i < 0 => i + n,
                    Mode::Raise => i,
                    Mode::Wrap if n > 0 => i.rem_euclid(n),
                    Mode::Clip if n > 0 => i.clamp(0, n - 1),
                    Mode::Wrap | Mode::Clip => -1, // nothing is in range
                };
                if (0..n).contains(&at) {
                    return Ok(at as usize);
                }
                let error = Error::index(
                    op,
                    format!("index {i} is out of range for an axis of length {len}"),
                );
                Err(match n {
                    0 => error.rule("an axis of length 0 has no element"),
                    _ => error.rule(format!("indices go from {} to {}", -n, n - 1)),
                })
            })
            .collect()
    }

    /// The elements at `indices` along an axis: `x[:, indices]` for axis 1. The axis is replaced by the indices' axes.
    ///
    /// # Errors
    /// When an index is out of range (by [`Mode::Raise`]) or not an integer, or the axis does not exist.
    pub fn take(&self, indices: &Raw, axis: isize, mode: Mode) -> Result<Raw> {
        let at = normalize_axis("take", axis, self.rank())?;
        if mode == Mode::Raise
            && let Some(done) = self.take_short(indices, at)
        {
            return done;
        }
        let (n, list) = (
            self.shape()[at],
            Arc::new(indices.checked_indices("take", self.shape()[at], mode)?),
        );
        let mut shape = self.shape()[..at].to_vec();
        shape.extend_from_slice(indices.shape());
        shape.extend_from_slice(&self.shape()[at + 1..]);
        let flat = self.taken(&list, at)?;
        let out = flat.reshape(&shape)?;
        let (back, few) = (list.clone(), flat.shape().to_vec());
        let whole = shape.clone();
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "take",
                forward: Box::new(move |t| t.taken(&list, at)?.reshape(&whole)),
                backward: Box::new(move |g| g.reshape(&few)?.added_at(&back, at, n)),
            },
        ))
    }

    /// [`Raw::take`] of small rows of the first long axis by plain `i64`, with nothing to record: checked and picked in one
    /// pass. `None` when it is not so, or an index is out of range, which the long way tells.
    fn take_short(&self, indices: &Raw, at: usize) -> Option<Result<Raw>> {
        let shape = self.shape();
        let n = shape[at];
        let bytes = shape[at + 1..].iter().product::<usize>() * self.dtype().size();
        let pick = match bytes {
            1 => pick_checked::<u8>,
            2 => pick_checked::<u16>,
            4 => pick_checked::<u32>,
            8 => pick_checked::<u64>,
            _ => return None,
        };
        let short = n > 0
            && shape[..at].iter().all(|&n| n == 1)
            && self.layout().is_contiguous()
            && indices.is_plain_i64()
            && !self.tracks_gradient();
        if !short {
            return None;
        }
        let mut full = shape[..at].to_vec();
        full.extend_from_slice(indices.shape());
        full.extend_from_slice(&shape[at + 1..]);
        let out = Raw::unwritten(&full, self.dtype()).and_then(|out| out.in_world_of(self));
        let out = match out {
            Ok(out) => out,
            Err(error) => return Some(Err(error)),
        };
        let guards = guard::acquire(&[self.storage(), indices.storage()], &[]);
        let (list, from, to) = (
            Parts(indices.ptr().cast::<i64>()),
            Parts(self.ptr()),
            Parts(out.ptr()),
        );
        let outside = AtomicBool::new(false);
        threads::run_ranges(indices.len(), PIECE, &|range| {
            // SAFETY: plain indices, which nobody writes under the guard; `n` rows; a part of the new tensor.
            unsafe {
                let list =
                    std::slice::from_raw_parts(list.at(range.start).cast_const(), range.len());
                if !pick(list, n, from.at(0).cast_const(), to.at(range.start * bytes)) {
                    outside.store(true, Relaxed);
                }
            }
        });
        drop(guards);
        if outside.into_inner() {
            return None;
        }
        explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
        Some(Ok(out))
    }

    /// Contiguous indices that can be looked at where they lie: a guard keeps everybody from changing them.
    pub(super) fn is_plain_i64(&self) -> bool {
        self.dtype() == DType::I64
            && self.layout().is_contiguous()
            && self.storage().access() != Access::Foreign
    }

    /// Rows by checked indices, which replace the axis by one of their number.
    pub(super) fn taken(&self, list: &Arc<Vec<usize>>, at: usize) -> Result<Raw> {
        let x = self.detach().contiguous()?;
        let mut shape = x.shape().to_vec();
        let n = std::mem::replace(&mut shape[at], list.len());
        let out = Raw::unwritten(&shape, x.dtype())?.in_world_of(&x)?;
        let inner: usize = shape[at + 1..].iter().product::<usize>() * x.dtype().size();
        let outer: usize = shape[..at].iter().product();
        let _guards = guard::acquire(&[x.storage()], &[out.storage()]);
        explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
        let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
        let group = (PIECE * 4 / inner.max(1)).max(1);
        // rows without bytes may be more than anyone can count
        let rows = if out.is_empty() {
            0
        } else {
            outer * list.len()
        };
        threads::run_ranges(rows, group, &|range| {
            // SAFETY: the indices were checked; each task writes rows of its own.
            unsafe {
                match (inner, outer) {
                    (1, 1) => pick_each::<u8>(&list[range.clone()], from.at(0), to.at(range.start)),
                    (2, 1) => {
                        pick_each::<u16>(&list[range.clone()], from.at(0), to.at(range.start * 2))
                    }
                    (4, 1) => {
                        pick_each::<u32>(&list[range.clone()], from.at(0), to.at(range.start * 4))
                    }
                    (8, 1) => {
                        pick_each::<u64>(&list[range.clone()], from.at(0), to.at(range.start * 8))
                    }
                    _ => {
                        for task in range {
                            let (o, i) = (task / list.len(), list[task % list.len()]);
                            let src = from.at((o * n + i) * inner).cast_const();
                            std::ptr::copy_nonoverlapping(src, to.at(task * inner), inner);
                        }
                    }
                }
            }
        });
        drop(_guards);
        if !self.tracks_gradient() {
            return Ok(out);
        }
        let (list, back) = (list.clone(), list.clone());
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "take",
                forward: Box::new(move |t| t.taken(&list, at)),
                backward: Box::new(move |g| g.added_at(&back, at, n)),
            },
        ))
    }

    /// The transpose of [`Raw::taken`]: rows are added to zeros at their indices. A task owns rows of the result and adds
    /// to each in the order of the indices, so that the bits do not depend on threads; half floats are added in `f32`.
    fn added_at(&self, list: &Arc<Vec<usize>>, at: usize, n: usize) -> Result<Raw> {
        let mut shape = self.shape().to_vec();
        shape[at] = n;
        let lane = self.dtype().compute();
        let x = self.detach().cast(lane)?.contiguous()?;
        let out = Raw::zeros(&shape, lane)?.in_world_of(&x)?;
        // where there are no elements, an axis may be longer than any memory
        if !x.is_empty() {
            let inner: usize = shape[at + 1..].iter().product();
            add_rows(&x, &out, list, n, inner);
        }
        let out = out.cast(self.dtype())?;
        if !self.tracks_gradient() {
            return Ok(out);
        }
        let (list, back) = (list.clone(), list.clone());
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "index_add",
                forward: Box::new(move |t| t.added_at(&list, at, n)),
                backward: Box::new(move |g| g.taken(&back, at)),
            },
        ))
    }

    /// The elements where a mask is true, in C order: `x[mask]`. The mask covers the leading axes, which become one.
    ///
    /// # Errors
    /// When the mask is not of truth values, or its shape is not that of the leading axes.
    pub fn select(&self, mask: &Raw) -> Result<Raw> {
        if let Some(done) = self.select_short(mask) {
            return done;
        }
        let list = Mask::new("select", self, mask)?;
        list.compress(self)
    }

    /// [`Raw::select`] of few contiguous elements, each with a byte of the mask: no pieces, and nothing to record.
    fn select_short(&self, mask: &Raw) -> Option<Result<Raw>> {
        let contiguous = self.layout.is_contiguous() && mask.layout.is_contiguous();
        let short = contiguous
            && mask.shape() == self.shape()
            && self.len() <= PIECE
            && self.dtype().size() <= 8;
        let foreign = mask.storage().access() == Access::Foreign; // its bytes may change between counting and copying
        if !short || mask.dtype() != DType::Bool || foreign || self.tracks_gradient() {
            return None;
        }
        let guards = guard::acquire(&[self.storage(), mask.storage()], &[]);
        let n = self.len();
        // SAFETY: the bytes of a contiguous mask, which nobody writes under the guard.
        let bytes: &[u8] = if n == 0 {
            &[]
        } else {
            // SAFETY: as above.
            unsafe { std::slice::from_raw_parts(mask.ptr().cast_const(), n) }
        };
        let count: usize = bytes
            .chunks(128)
            .map(|c| c.iter().fold(0u8, |s, &b| s + u8::from(b != 0)) as usize)
            .sum();
        let out = Raw::unwritten(&[count], self.dtype()).and_then(|out| out.in_world_of(self));
        Some(out.inspect(|out| {
            explain::note("select", n, || (out.dtype(), explain::Kind::Gather));
            // SAFETY: as many elements as bytes, room for as many as are true.
            unsafe { pick(bytes, self.dtype().size(), self.ptr(), out.ptr()) };
            drop(guards);
        }))
    }

    /// Writes `source` where a mask is true: `x[mask] = source`. `source` broadcasts to what `x[mask]` would be.
    ///
    /// # Errors
    /// As [`Raw::select`] and [`Raw::assign`].
    pub fn assign_where(&mut self, mask: &Raw, source: &Raw) -> Result<()> {
        let mask = Mask::new("assign", self, mask)?;
        self.may_be_written("assign")?;
        let mut few = vec![mask.count];
        few.extend_from_slice(&self.shape()[mask.axes..]);
        let source = source.cast(self.dtype())?;
        let source = source.broadcast_to(&few).map_err(|e| e.in_op("assign"))?;
        // what is written is placed among zeros, then chosen: both are ops, so the graph knows them
        let placed = mask.expand(&source, self.shape())?;
        let mut wide = mask.shape.clone();
        wide.resize(self.rank(), 1);
        let new = mask.bytes()?.reshape(&wide)?.choose(&placed, self)?;
        self.assign(&new)
    }

    /// Where each index is, in a new last axis of length `depth`: 1, and 0 elsewhere.
    ///
    /// # Errors
    /// When an index is not an integer from 0 to `depth - 1`.
    pub fn one_hot(&self, depth: usize, dtype: DType) -> Result<Raw> {
        let classes = || format!("a class is a number from 0 to {}", depth as i128 - 1);
        let list = self
            .checked_indices("one_hot", depth, Mode::Raise)
            .map_err(|e| if e.is_index() { e.rule(classes()) } else { e })?;
        if self.dtype().kind() == Kind::Signed && !self.is_empty() {
            let least = self
                .detach()
                .fold(
                    crate::ops::Fold::Min,
                    Axes::All,
                    crate::layout::KeepDims::No,
                )?
                .item()?;
            if least.as_f64() < 0.0 {
                return Err(
                    Error::index("one_hot", format!("index {least} is negative")).rule(classes()),
                );
            }
        }
        let mut shape = self.shape().to_vec();
        shape.push(depth);
        let out = Raw::zeros(&shape, dtype)?;
        let one = Scalar::Bool(true).to_bytes(dtype)?;
        let size = dtype.size();
        for (row, i) in list.into_iter().enumerate() {
            // SAFETY: the index was checked against the row's length; the tensor is new.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    one.as_ptr(),
                    out.ptr().add((row * depth + i) * size),
                    size,
                )
            };
        }
        out.in_world_of(self)
    }
}

/// Rows of the size of a `T` among `n`, negative indices counted from the end, and whether all of them exist; another
/// row stands for one that does not.
///
/// # Safety
/// `n` rows at `from`, at least one; room for as many as there are indices.
unsafe fn pick_checked<T: Copy>(list: &[i64], n: usize, from: *const u8, to: *mut u8) -> bool {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    let mut all = true;
    for (k, &i) in list.iter().enumerate() {
        let at = row_of(i, n);
        all &= at < n;
        // SAFETY: the caller's contract. A row of several elements need not lie at a multiple of its size.
        unsafe {
            to.add(k)
                .write_unaligned(from.add(if at < n { at } else { 0 }).read_unaligned())
        };
    }
    all
}

/// The row that an index means, negative ones counted from the end; `n` or more where there is none.
#[inline(always)]
pub(super) fn row_of(i: i64, n: usize) -> usize {
    (if i < 0 { i.wrapping_add(n as i64) } else { i }) as usize
}

/// Rows of the size of a `T`, which one load and one store move.
///
/// # Safety
/// As many rows at `from` as every index says, and room for as many as there are indices.
unsafe fn pick_each<T: Copy>(list: &[usize], from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for (k, &i) in list.iter().enumerate() {
        // SAFETY: the caller's contract. A row of several elements need not lie at a multiple of its size.
        unsafe { to.add(k).write_unaligned(from.add(i).read_unaligned()) };
    }
}

/// Adds the rows of `x` (`inner` elements each, a block of them for every index of the list) to those of `out` (`n` in a
/// block). Both are contiguous, of one lane, and not empty.
fn add_rows(x: &Raw, out: &Raw, list: &[usize], n: usize, inner: usize) {
    let rows = Grouped::new(list, n);
    let (add, bytes) = (scan::add_to(x.dtype()), inner * x.dtype().size());
    let _guards = guard::acquire(&[x.storage()], &[out.storage()]);
    explain::note("index_add", x.len(), || {
        (out.dtype(), explain::Kind::Gather)
    });
    let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
    let each = (x.len() / (out.len() / inner)).max(1);
    threads::run_ranges(out.len() / inner, (PIECE / each).max(1), &|range| {
        for target in range {
            let first = target / n * list.len();
            for &place in rows.of(target % n) {
                // SAFETY: rows of the input by their number in it; the row of the output is this task's.
                unsafe {
                    let row = from.at((first + place) * bytes).cast_const();
                    add(inner, [row; 3], to.at(target * bytes));
                }
            }
        }
    });
}

/// Places of a list of indices, by index: a counting sort, which keeps their order.
struct Grouped {
    places: Vec<usize>,
    /// Where the places of each index begin, and the end.
    starts: Vec<usize>,
}

impl Grouped {
    fn new(list: &[usize], n: usize) -> Grouped {
        let mut starts = vec![0; n + 2];
        for &i in list {
            starts[i + 2] += 1;
        }
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        // `starts[i + 1]` walks from the beginning of group `i` to its end, where group `i + 1` begins
        let mut places = vec![0; list.len()];
        for (place, &i) in list.iter().enumerate() {
            places[starts[i + 1]] = place;
            starts[i + 1] += 1;
        }
        Grouped { places, starts }
    }

    fn of(&self, i: usize) -> &[usize] {
        &self.places[self.starts[i]..self.starts[i + 1]]
    }
}

/// A mask whose bytes nobody else can change, and how many of them are true before each piece.
#[derive(Clone)]
struct Mask {
    values: Arc<Raw>,
    shape: Vec<usize>,
    /// Axes of the operand that it covers.
    axes: usize,
    before: Arc<Vec<usize>>,
    count: usize,
}

impl Mask {
    fn new(op: &'static str, x: &Raw, mask: &Raw) -> Result<Mask> {
        if mask.dtype() != DType::Bool {
            return Err(Error::dtype(
                op,
                format!("a mask is of truth values, not {}", mask.dtype()),
            )
            .dtypes(&[mask.dtype()])
            .hint("compare first, as in `x.gt(&zero)` (Python: `x > 0`); integer indices go to `take`"));
        }
        if mask.rank() > x.rank() || mask.shape() != &x.shape()[..mask.rank()] {
            return Err(Error::index(
                op,
                format!(
                    "a mask of shape {} does not cover the leading axes of shape {}",
                    shape_text(mask.shape()),
                    shape_text(x.shape())
                ),
            )
            .shapes(&[mask.shape(), x.shape()])
            .rule("a mask has the lengths of the axes that it replaces"));
        }
        let shape = mask.shape().to_vec();
        let values = match mask.storage().access() {
            Access::Owned if mask.layout().is_contiguous() => mask.detach(),
            _ => mask.detach().copied()?.into_owned()?,
        };
        let pieces = values.len().div_ceil(PIECE);
        let mut before = vec![0usize; pieces + 1];
        let (from, to) = (Parts(values.ptr()), Parts(before.as_mut_ptr()));
        let n = values.len();
        threads::run(pieces, &|p| {
            let many = PIECE.min(n - p * PIECE);
            // SAFETY: a piece of the mask, one count.
            unsafe {
                let bytes = std::slice::from_raw_parts(from.at(p * PIECE).cast_const(), many);
                // in bytes first: 255 of them fit, and 64 at a time are one vector
                let count: usize = bytes
                    .chunks(128)
                    .map(|c| c.iter().fold(0u8, |s, &b| s + u8::from(b != 0)) as usize)
                    .sum();
                *to.at(p + 1) = count;
            }
        });
        for p in 0..pieces {
            before[p + 1] += before[p];
        }
        let count = before[pieces];
        Ok(Mask {
            values: Arc::new(values),
            axes: shape.len(),
            shape,
            before: Arc::new(before),
            count,
        })
    }

    fn bytes(&self) -> Result<Raw> {
        Ok((*self.values).clone())
    }

    /// The rows of `x` where the mask is true.
    fn compress(&self, x: &Raw) -> Result<Raw> {
        let mut shape = vec![self.count];
        shape.extend_from_slice(&x.shape()[self.axes..]);
        let source = x.detach().contiguous()?;
        let out = Raw::unwritten(&shape, x.dtype())?.in_world_of(x)?;
        let inner: usize = shape[1..].iter().product::<usize>() * x.dtype().size();
        let guards = guard::acquire(&[source.storage()], &[out.storage()]);
        explain::note("select", source.len(), || {
            (out.dtype(), explain::Kind::Gather)
        });
        self.each_piece(|bytes, row, place| {
            // SAFETY: `row` counts rows of the source, `place` those of the result before this piece.
            unsafe {
                pick(
                    bytes,
                    inner,
                    source.ptr().add(row * inner),
                    out.ptr().add(place * inner),
                )
            };
        });
        drop(guards);
        if !x.tracks_gradient() {
            return Ok(out);
        }
        Ok(graph::record(out, &[x], |_| {
            Box::new(Select {
                mask: self.clone(),
                shape: x.shape().to_vec(),
                compress: true,
            })
        }))
    }

    /// Zeros of `shape`, with the rows of `few` where the mask is true: the transpose of [`Mask::compress`].
    fn expand(&self, few: &Raw, shape: &[usize]) -> Result<Raw> {
        let source = few.detach().contiguous()?;
        let out = Raw::zeros(shape, few.dtype())?.in_world_of(few)?;
        let inner: usize = shape[self.axes..].iter().product::<usize>() * few.dtype().size();
        let guards = guard::acquire(&[source.storage()], &[out.storage()]);
        self.each_piece(|bytes, row, place| {
            let meant = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
            for (place, (i, _)) in (place..).zip(meant) {
                // SAFETY: a row of each.
                unsafe {
                    std::ptr::copy_nonoverlapping(
                        source.ptr().add(place * inner),
                        out.ptr().add((row + i) * inner),
                        inner,
                    );
                }
            }
        });
        drop(guards);
        if !few.tracks_gradient() {
            return Ok(out);
        }
        Ok(graph::record(out, &[few], |_| {
            Box::new(Select {
                mask: self.clone(),
                shape: shape.to_vec(),
                compress: false,
            })
        }))
    }

    /// Calls `f` with the bytes of each piece, the number of its first row, and how many were true before it.
    fn each_piece(&self, f: impl Fn(&[u8], usize, usize) + Sync) {
        let (from, n) = (Parts(self.values.ptr()), self.values.len());
        threads::run(n.div_ceil(PIECE), &|p| {
            let many = PIECE.min(n - p * PIECE);
            // SAFETY: a piece of a mask that is ours alone.
            let bytes =
                unsafe { std::slice::from_raw_parts(from.at(p * PIECE).cast_const(), many) };
            f(bytes, p * PIECE, self.before[p]);
        });
    }
}

/// Copies the rows of `inner` bytes whose mask byte is not 0.
///
/// # Safety
/// As many rows as there are bytes from `src`, as many as are true at `out`.
unsafe fn pick(bytes: &[u8], inner: usize, src: *const u8, out: *mut u8) {
    let inputs = [src, bytes.as_ptr(), src];
    // SAFETY: the caller's contract.
    unsafe {
        match inner {
            1 => kernel::<Compress<u8>>()(bytes.len(), inputs, out),
            2 => kernel::<Compress<u16>>()(bytes.len(), inputs, out),
            4 => kernel::<Compress<u32>>()(bytes.len(), inputs, out),
            8 => kernel::<Compress<u64>>()(bytes.len(), inputs, out),
            _ => {
                let meant = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
                for (place, (i, _)) in meant.enumerate() {
                    std::ptr::copy_nonoverlapping(
                        src.add(i * inner),
                        out.add(place * inner),
                        inner,
                    );
                }
            }
        }
    }
}

/// Selection by a mask, or its transpose.
struct Select {
    mask: Mask,
    shape: Vec<usize>,
    compress: bool,
}

impl Rule for Select {
    fn name(&self) -> &'static str {
        if self.compress { "select" } else { "expand" }
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, _: &[bool]) -> Result<Gradients> {
        let back = if self.compress {
            self.mask.expand(g, &self.shape)?
        } else {
            self.mask.compress(g)?
        };
        Ok(SmallVec::from_iter([Some(back)]))
    }
    fn forward(&self, _: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let forward = |t: &Raw| {
            if self.compress {
                self.mask.compress(t)
            } else {
                self.mask.expand(t, &self.shape)
            }
        };
        tangents[0].as_ref().map(forward).transpose()
    }
}
