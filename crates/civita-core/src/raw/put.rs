//! Rows written at indices: what `x[indices] = rows` is made of.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Raw;
use super::gather::row_of;
use crate::dtype::DType;
use crate::error::{Error, Result, shape_text};
use crate::explain;
use crate::graph::{self, Gradients, Node, Rule};
use crate::layout::Layout;
use crate::storage::{Storage, guard};

impl Raw {
    /// Writes `rows[k]` over the row at `places[k]`, one after the other: of equal places the last stays. A place counts
    /// the rows that the first `axes` axes hold, in C order. An Owned tensor is copied first when others hold its bytes.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let mut x = Raw::from_vec(vec![1, 2, 3, 4], &[2, 2])?;
    /// x.assign_rows(2, &[3, 0], &Raw::from_vec(vec![7, 8], &[2])?)?;
    /// assert_eq!(x.to_vec::<i32>()?, [8, 2, 3, 7]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are fewer axes, `rows` is not one row for each place, a place does not exist, or the memory is
    /// read-only. Nothing is recorded: a gradient goes through [`Raw::put`].
    pub fn assign_rows(&mut self, axes: usize, places: &[usize], rows: &Raw) -> Result<()> {
        let Some((lead, row)) = self.shape().split_at_checked(axes) else {
            return Err(too_few_axes("put", axes, self.rank()));
        };
        let many: usize = lead.iter().product();
        if rows.rank() == 0 || rows.shape()[0] != places.len() || &rows.shape()[1..] != row {
            return Err(Error::shape(
                "put",
                format!(
                    "rows of shape {} are not {} of shape {}",
                    shape_text(rows.shape()),
                    places.len(),
                    shape_text(row)
                ),
            )
            .shapes(&[rows.shape(), self.shape()]));
        }
        rows_exist("put", places, many)?;
        self.may_be_written("put")?;
        self.make_unique()?;
        // ours alone, whatever `rows` shares with this tensor
        let rows = rows.detach().cast(self.dtype())?.copied()?;
        self.write_rows(axes, places, &rows)
    }

    /// Writes `rows[k]` over the row `indices[k]` of the first axis, where that needs no copies: plain `i64` that all
    /// exist, contiguous tensors of one dtype in different memory, and nothing to record. Says whether it was done.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let mut x = Raw::from_vec(vec![1, 2, 3], &[3])?;
    /// let at = Raw::from_vec(vec![-1i64], &[1])?;
    /// assert!(x.put_plain(&at, &Raw::from_vec(vec![9], &[1])?)?);
    /// assert_eq!(x.to_vec::<i32>()?, [1, 2, 9]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the memory is read-only.
    pub fn put_plain(&mut self, indices: &Raw, rows: &Raw) -> Result<bool> {
        let recorded = graph::recording() && (self.tracks_gradient() || rows.tracks_gradient());
        let bytes = self.shape().iter().skip(1).product::<usize>() * self.dtype().size();
        let put = match bytes {
            1 => each_plain::<u8>,
            2 => each_plain::<u16>,
            4 => each_plain::<u32>,
            8 => each_plain::<u64>,
            _ => return Ok(false),
        };
        let apart = [indices, rows].iter().all(|x| {
            !Storage::same_buffer(x.storage(), self.storage()) && !self.touches_foreign(x)
        });
        let fits = self.rank() > 0
            && rows.dtype() == self.dtype()
            && rows.dtype() != DType::Bool
            && rows.shape().strip_prefix(indices.shape()) == Some(&self.shape()[1..]);
        let plain = indices.is_plain_i64()
            && rows.layout().is_contiguous()
            && self.layout().is_contiguous();
        if recorded || !(apart && fits && plain) {
            return Ok(false);
        }
        self.may_be_written("put")?;
        self.make_unique()?;
        let n = self.shape()[0];
        let _guards = guard::acquire(&[indices.storage(), rows.storage()], &[self.storage()]);
        // SAFETY: plain indices, which nobody writes under the guard; as many rows of as many bytes; `n` rows here, which
        // the guard gives us alone, in memory of their own.
        unsafe {
            let list =
                std::slice::from_raw_parts(indices.ptr().cast::<i64>().cast_const(), indices.len());
            let all = list.iter().fold(true, |all, &i| all & (row_of(i, n) < n));
            if all {
                explain::note("put", rows.len(), || (self.dtype(), explain::Kind::Gather));
                put(list, n, rows.ptr().cast_const(), self.ptr());
            }
            Ok(all)
        }
    }

    /// `rows` is contiguous, of this dtype, and nobody else's; the places exist.
    fn write_rows(&self, axes: usize, places: &[usize], rows: &Raw) -> Result<()> {
        let (lens, steps) = (&self.shape()[..axes], &self.layout().strides()[..axes]);
        let offset = |mut place: usize| {
            let mut at = self.layout().offset() as isize;
            for axis in (0..axes).rev() {
                at += (place % lens[axis]) as isize * steps[axis];
                place /= lens[axis];
            }
            at
        };
        let row = Layout::contiguous(&self.shape()[axes..])?;
        let inner = row.len();
        if inner == 0 {
            return Ok(());
        }
        explain::note("put", rows.len(), || (self.dtype(), explain::Kind::Gather));
        let dense = (axes..self.rank())
            .all(|a| self.shape()[a] == 1 || self.layout().strides()[a] == row.strides()[a - axes]);
        if !dense {
            let items = |mut place: usize| {
                let mut items = vec![crate::layout::SliceItem::Index(0); axes];
                for axis in (0..axes).rev() {
                    items[axis] = crate::layout::SliceItem::Index((place % lens[axis]) as isize);
                    place /= lens[axis];
                }
                items
            };
            for (k, &place) in places.iter().enumerate() {
                let target = self.with_layout(self.layout().slice(&items(place))?);
                target.write_copy(&rows.slice(&[(k as isize).into()])?)?;
            }
            return Ok(());
        }
        let size = self.dtype().size() as isize;
        let bytes = inner * self.dtype().size();
        let _guards = guard::acquire(&[rows.storage()], &[self.storage()]);
        let (from, to) = (rows.ptr().cast_const(), self.base());
        // SAFETY: rows of a contiguous tensor; rows of this layout, which lies within its buffer. The former are nobody
        // else's, so the two do not overlap, and the guard keeps others away.
        unsafe {
            match (bytes, axes) {
                (1, 1) => each::<u8>(places, from, to, |p| self.first_axis(p) * size),
                (2, 1) => each::<u16>(places, from, to, |p| self.first_axis(p) * size),
                (4, 1) => each::<u32>(places, from, to, |p| self.first_axis(p) * size),
                (8, 1) => each::<u64>(places, from, to, |p| self.first_axis(p) * size),
                _ => {
                    for (k, &place) in places.iter().enumerate() {
                        let to = to.offset(offset(place) * size);
                        std::ptr::copy_nonoverlapping(from.add(k * bytes), to, bytes);
                    }
                }
            }
        }
        Ok(())
    }

    /// Where row `place` begins, in elements.
    #[inline]
    fn first_axis(&self, place: usize) -> isize {
        self.layout().offset() as isize + place as isize * self.layout().strides()[0]
    }

    /// The rows of the first axis at these places.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// use std::sync::Arc;
    /// let x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// assert_eq!(x.take_rows(&Arc::new(vec![2, 0]))?.to_vec::<f64>()?, [3.0, 1.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a place does not exist, or the tensor has no axis.
    pub fn take_rows(&self, places: &Arc<Vec<usize>>) -> Result<Raw> {
        let Some(&many) = self.shape().first() else {
            return Err(too_few_axes("take", 1, 0));
        };
        rows_exist("take", places, many)?;
        self.taken(places, 0)
    }

    /// This tensor with `rows[k]` in the place of its row `places[k]`, of equal places the last. Recorded: the rows that
    /// were replaced get no gradient, and of those that were put only what stayed.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// use std::sync::Arc;
    /// let x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// let rows = Raw::from_vec(vec![7.0, 8.0, 9.0], &[3])?;
    /// assert_eq!(x.put(&Arc::new(vec![0, 2, 0]), &rows)?.to_vec::<f64>()?, [9.0, 2.0, 8.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::assign_rows`].
    pub fn put(&self, places: &Arc<Vec<usize>>, rows: &Raw) -> Result<Raw> {
        let rows = rows.cast(self.dtype())?;
        let mut out = self.detach().copied()?;
        out.assign_rows(1, places, &rows)?;
        let places = places.clone();
        Ok(graph::record(out, &[self, &rows], |_| {
            Box::new(Put {
                places,
                rows: rows.shape().to_vec(),
            })
        }))
    }
}

/// Rows of the size of a `T`, by indices that exist among `n`.
///
/// # Safety
/// As many rows at `from` as indices, `n` at `to`.
unsafe fn each_plain<T: Copy>(list: &[i64], n: usize, from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for (k, &i) in list.iter().enumerate() {
        // SAFETY: the caller's contract.
        unsafe {
            to.add(row_of(i, n))
                .write_unaligned(from.add(k).read_unaligned())
        };
    }
}

fn too_few_axes(op: &'static str, wanted: usize, rank: usize) -> Error {
    Error::axis(
        op,
        format!("rows along {wanted} axes, of a tensor of rank {rank}"),
    )
}

fn rows_exist(op: &'static str, places: &[usize], many: usize) -> Result<()> {
    match places.iter().find(|&&place| place >= many) {
        Some(place) => Err(Error::index(
            op,
            format!("there is no row {place} among {many}"),
        )),
        None => Ok(()),
    }
}

/// Rows of the size of a `T`.
///
/// # Safety
/// As many at `from` as there are places; a row at each of the bytes that `at` gives, and nobody else looks at them.
#[inline]
unsafe fn each<T: Copy>(
    places: &[usize],
    from: *const u8,
    to: *mut u8,
    at: impl Fn(usize) -> isize,
) {
    for (k, &place) in places.iter().enumerate() {
        // SAFETY: the caller's contract. Elements lie at multiples of their size, but a row of several need not.
        unsafe {
            let row = from.cast::<T>().add(k).read_unaligned();
            to.offset(at(place)).cast::<T>().write_unaligned(row);
        }
    }
}

struct Put {
    places: Arc<Vec<usize>>,
    rows: Vec<usize>,
}

impl Put {
    /// 1 for each row that stayed, 0 for those that a later one replaced; `None` where all did.
    fn stayed(&self, dtype: DType) -> Result<Option<Raw>> {
        let mut seen = std::collections::HashSet::with_capacity(self.places.len());
        let mut stays: Vec<bool> = self.places.iter().rev().map(|&p| seen.insert(p)).collect();
        stays.reverse();
        if !stays.contains(&false) {
            return Ok(None);
        }
        let mut shape = vec![1; self.rows.len()];
        shape[0] = stays.len();
        Raw::from_vec(stays, &shape)?.cast(dtype).map(Some)
    }

    fn zeros(&self, like: &Raw) -> Result<Raw> {
        Raw::zeros(&self.rows, like.dtype())?.in_world_of(like)
    }
}

impl Rule for Put {
    fn name(&self) -> &'static str {
        "put"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, wanted: &[bool]) -> Result<Gradients> {
        let old = wanted[0]
            .then(|| g.put(&self.places, &self.zeros(g)?))
            .transpose()?;
        let put = wanted[1]
            .then(|| {
                let rows = g.taken(&self.places, 0)?;
                match self.stayed(g.dtype())? {
                    Some(stayed) => rows.mul(&stayed),
                    None => Ok(rows),
                }
            })
            .transpose()?;
        Ok(SmallVec::from_iter([old, put]))
    }
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let old = match &tangents[0] {
            Some(t) => t.clone(),
            None => Raw::zeros(node.shape(), node.dtype())?,
        };
        let rows = match &tangents[1] {
            Some(t) => t.clone(),
            None => self.zeros(&old)?,
        };
        old.put(&self.places, &rows).map(Some)
    }
}
