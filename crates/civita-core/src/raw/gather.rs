//! Elements picked and placed by index or by mask.

use super::{Raw, write_elementwise};
use crate::device::Device;
use crate::dtype::{Casting, DType, Kind, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::layout::{Axes, Dims, KeepDims, Layout, broadcast_shapes, normalize_axis};
use crate::ops::{Fold, Op};
use crate::primitive::{
    Combine, Compress, Expand, Gather, Out, Picked, Place, Scatter, bind_one, host,
};
use crate::storage::{Access, Storage};

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

impl Raw {
    /// The elements at `indices` along an axis: `x[:, indices]` for axis 1. The axis is replaced by the indices' axes.
    ///
    /// # Errors
    /// When an index is out of range (by [`Mode::Raise`]) or not an integer, or the axis does not exist.
    pub fn take(&self, indices: &Raw, axis: isize, mode: Mode) -> Result<Raw> {
        self.take_into(indices, axis, mode, &Out::NONE)
    }

    /// [`Raw::take`], into an output.
    pub(crate) fn take_into(
        &self,
        indices: &Raw,
        axis: isize,
        mode: Mode,
        out: &Out,
    ) -> Result<Raw> {
        let axis = normalize_axis("take", axis, self.rank())?;
        let gather = Gather {
            axis,
            axes: 1,
            batch: 0,
            mode,
            picked: Picked::InOrder,
        };
        out.bind(&gather, &[self, indices])
    }

    /// As [`Raw::take`] from a vector of Aliased memory, of so few indices that all of it costs less than the way to a primitive, and
    /// what `then` makes of it; `None` where it is another case, or something is wrong.
    ///
    /// # Errors
    /// When there is no memory.
    #[inline]
    pub fn take_few<R>(&self, indices: &Raw, then: impl FnOnce(Raw) -> R) -> Result<Option<R>> {
        const FEW: usize = 64;
        let count = indices.len();
        let is_usual = self.is_plain()
            && indices.is_plain()
            && (self.layout.rank(), indices.layout.rank()) == (1, 1)
            && indices.dtype() == DType::I64
            && (1..=FEW).contains(&count)
            && self.storage.access() == Access::Aliased;
        if !is_usual {
            return Ok(None);
        }
        let mut to = Storage::uninit(count * self.dtype().size())?;
        if !host::pick(self, indices, &to) || !to.alias_unique() {
            return Ok(None);
        }
        Layout::contiguous_then(&[count], |layout| {
            Ok(Some(then(Raw::new(to, layout, self.dtype()))))
        })
    }

    /// The elements at `indices`, which have as many axes, along an axis: `x[…, indices[…, i, …], …]`. The other axes
    /// broadcast.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1, 2, 3, 4], &[2, 2])?;
    /// let at = Raw::from_vec(vec![1i64, 0], &[2, 1])?;
    /// assert_eq!(x.take_along_axis(&at, 1)?.to_vec::<i32>()?, [2, 3]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range or not an integer, the ranks differ, or the other axes do not broadcast.
    pub fn take_along_axis(&self, indices: &Raw, axis: isize) -> Result<Raw> {
        const OP: &str = "take_along_axis";
        let axis = normalize_axis(OP, axis, self.rank())?;
        let [x, indices] = aligned(OP, [self, indices], axis)?;
        let gather = Gather {
            axis: 1,
            axes: 1,
            batch: 1,
            mode: Mode::Raise,
            picked: Picked::InOrder,
        };
        let rows = bind_one(&gather, &[&as_rows(&x, axis)?, &as_rows(&indices, axis)?])
            .map_err(|e| e.in_op(OP))?;
        let y = from_rows(&rows, indices.shape(), axis)?;
        match y.is_plain() && indices.is_plain() && y.rank() > 1 {
            true => y.lying_as(indices.layout()),
            false => Ok(y),
        }
    }

    /// This tensor with `values` at `indices`, which have as many axes, along an axis; of equal places the last value stays.
    /// The other axes of indices and values broadcast.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1, 2, 3, 4], &[2, 2])?;
    /// let at = Raw::from_vec(vec![1i64, 0], &[2, 1])?;
    /// let nine = Raw::from_vec(vec![9], &[1, 1])?;
    /// assert_eq!(x.put_along_axis(&at, &nine, 1)?.to_vec::<i32>()?, [1, 9, 9, 4]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::take_along_axis`], and when the values do not broadcast to the indices.
    pub fn put_along_axis(&self, indices: &Raw, values: &Raw, axis: isize) -> Result<Raw> {
        const OP: &str = "put_along_axis";
        let axis = normalize_axis(OP, axis, self.rank())?;
        let [x, indices] = aligned(OP, [self, indices], axis)?;
        if x.shape() != self.shape() {
            return Err(Error::shape(
                OP,
                format!(
                    "indices of shape {} do not fit into shape {}",
                    shape_text(indices.shape()),
                    shape_text(self.shape())
                ),
            )
            .shapes(&[indices.shape(), self.shape()]));
        }
        let values = values.cast(x.dtype())?.broadcast_to(indices.shape());
        let values = values.map_err(|e| e.in_op(OP))?;
        let rows = [&x, &indices, &values].map(|x| as_rows(x, axis));
        let [x, indices, values] = rows;
        let put = bind_one(&along_rows(Combine::Set), &[&x?, &indices?, &values?])
            .map_err(|e| e.in_op(OP))?;
        from_rows(&put, self.shape(), axis)
    }

    /// Zeros of this length along an axis, with these elements added at `indices`, of the same shape: the transpose of
    /// [`Raw::take_along_axis`].
    pub(crate) fn added_along_axis(&self, indices: &Raw, axis: usize, len: usize) -> Result<Raw> {
        let mut shape = self.shape().to_vec();
        shape[axis] = len;
        let (values, indices) = (as_rows(self, axis)?, as_rows(indices, axis)?);
        let zeros = self.like(&[values.shape()[0], len], self.dtype(), Scalar::Bool(false))?;
        let sums = bind_one(&along_rows(Combine::Add), &[&zeros, &indices, &values])?;
        from_rows(&sums, &shape, axis)
    }

    /// This tensor with `rows` placed at `indices` along an axis, of equal places the last: `x[:, indices] = rows` as a
    /// function. The rows that were replaced get no gradient, and of those that were put only what stayed.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// let (at, rows) = (Raw::from_vec(vec![0i64, 2, 0], &[3])?, Raw::from_vec(vec![7.0, 8.0, 9.0], &[3])?);
    /// assert_eq!(x.index_put(0, &at, &rows)?.to_vec::<f64>()?, [9.0, 2.0, 8.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the rows have another shape than [`Raw::take`] would give.
    pub fn index_put(&self, axis: isize, indices: &Raw, rows: &Raw) -> Result<Raw> {
        self.scattered(Combine::Set, "put", axis, indices, rows)
    }

    /// This tensor with `rows` added at `indices` along an axis (PyTorch's `index_add`).
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// let (at, rows) = (Raw::from_vec(vec![0i64, 2, 0], &[3])?, Raw::from_vec(vec![7.0, 8.0, 9.0], &[3])?);
    /// assert_eq!(x.index_add(0, &at, &rows)?.to_vec::<f64>()?, [17.0, 2.0, 11.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::index_put`].
    pub fn index_add(&self, axis: isize, indices: &Raw, rows: &Raw) -> Result<Raw> {
        self.scattered(Combine::Add, "index_add", axis, indices, rows)
    }

    fn scattered(
        &self,
        combine: Combine,
        op: &'static str,
        axis: isize,
        indices: &Raw,
        rows: &Raw,
    ) -> Result<Raw> {
        let axis = normalize_axis(op, axis, self.rank())?;
        let mut shape: Dims = self.shape()[..axis].iter().copied().collect();
        shape.extend_from_slice(indices.shape());
        shape.extend_from_slice(&self.shape()[axis + 1..]);
        let rows = rows.broadcast_to(&shape).map_err(|e| e.in_op(op))?;
        let scatter = Scatter {
            combine,
            axis,
            axes: 1,
            batch: 0,
            mode: Mode::Raise,
            in_place: false,
        };
        bind_one(&scatter, &[self, indices, &rows])
    }

    /// Writes `rows` over the rows at `indices`, integers that count the rows of the first `axes` axes in C order; of equal
    /// places the last stays. An Owned tensor is copied first when others hold its bytes.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let mut x = Raw::from_vec(vec![1, 2, 3, 4], &[2, 2])?;
    /// let at = Raw::from_vec(vec![3i64, 0], &[2])?;
    /// x.assign_rows(2, &at, &Raw::from_vec(vec![7, 8], &[2])?)?;
    /// assert_eq!(x.to_vec::<i32>()?, [8, 2, 3, 7]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are fewer axes, `rows` is not one row for each index, a place does not exist, or the memory is read-only.
    pub fn assign_rows(&mut self, axes: usize, indices: &Raw, rows: &Raw) -> Result<()> {
        if axes == 0 || axes > self.rank() {
            return Err(Error::axis(
                "put",
                format!(
                    "indices along {axes} axes, of a tensor of rank {}",
                    self.rank()
                ),
            ));
        }
        let shape: Dims = indices
            .shape()
            .iter()
            .chain(&self.shape()[axes..])
            .copied()
            .collect();
        if rows.shape() != shape.as_slice() {
            return Err(Error::shape(
                "put",
                format!(
                    "rows of shape {} are not {} of shape {}",
                    shape_text(rows.shape()),
                    indices.len(),
                    shape_text(&self.shape()[axes..])
                ),
            )
            .shapes(&[rows.shape(), self.shape()]));
        }
        self.put_rows(axes, indices, rows, Mode::Raise)
    }

    fn put_rows(&mut self, axes: usize, indices: &Raw, rows: &Raw, mode: Mode) -> Result<()> {
        let scatter = |in_place| Scatter {
            combine: Combine::Set,
            axis: 0,
            axes,
            batch: 0,
            mode,
            in_place,
        };
        self.written("put", &[indices, rows], |x, in_place| {
            bind_one(&scatter(in_place), x)
        })
    }

    /// Writes values over the elements at places that count them in C order; of equal places the last stays. Both are
    /// vectors of one length.
    ///
    /// ```
    /// use civita_core::raw::{Mode, Raw};
    /// let mut x = Raw::from_vec(vec![1, 2, 3, 4], &[2, 2])?;
    /// let at = Raw::from_vec(vec![3i64, 9], &[2])?;
    /// x.put(&at, &Raw::from_vec(vec![7, 8], &[2])?, Mode::Wrap)?;
    /// assert_eq!(x.to_vec::<i32>()?, [1, 8, 3, 7]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a place does not exist (by [`Mode::Raise`]), the lengths differ, or the memory is read-only.
    pub fn put(&mut self, places: &Raw, values: &Raw, mode: Mode) -> Result<()> {
        let axes = self.rank();
        if axes > 0 {
            return self.put_rows(axes, places, values, mode);
        }
        // the only element is that of a vector of one
        let mut one = self.reshape(&[1])?;
        if self.is_sole_owner() {
            one = one.copied()?;
        }
        one.put_rows(1, places, values, mode)?;
        self.assign(&one.reshape(&[])?)
    }

    /// The elements where a mask is true, in C order: `x[mask]`. The mask covers the leading axes, which become one.
    ///
    /// # Errors
    /// When the mask is not boolean, or its shape is not that of the leading axes.
    pub fn select(&self, mask: &Raw) -> Result<Raw> {
        bind_one(&Compress, &[mask, self])
    }

    /// Writes `source` where a mask is true: `x[mask] = source`. `source` broadcasts to what `x[mask]` would be.
    ///
    /// # Errors
    /// As [`Raw::select`] and [`Raw::assign`].
    pub fn assign_where(&mut self, mask: &Raw, source: &Raw) -> Result<()> {
        use crate::primitive::{Primitive, Spec};
        self.may_be_written("assign")?;
        Compress
            .infer(&[&Spec::of(mask), &Spec::of(self)])
            .map_err(|e| e.in_op("assign"))?;
        let mut wide = mask.shape().to_vec();
        wide.resize(self.rank(), 1);
        let chosen = mask.reshape(&wide)?;
        let source = source.cast(self.dtype())?;
        let rest = &self.shape()[mask.rank()..];
        // one row for all needs no counting, so that a batch of masks may decide
        let axes = rest.len();
        let value = if source.rank() <= axes || source.shape()[..source.rank() - axes] == [1] {
            let row = source
                .broadcast_to(&[&[1][..], rest].concat())
                .map_err(|e| e.in_op("assign"))?;
            row.reshape(rest)?
        } else {
            let count = mask.sum_all()?.item()?.as_f64() as usize;
            let mut few = vec![count];
            few.extend_from_slice(rest);
            let source = source.broadcast_to(&few).map_err(|e| e.in_op("assign"))?;
            if [&*self, mask, &source].iter().all(|x| x.is_plain())
                && self.layout.is_contiguous()
                && self.device() == Device::Cpu
            {
                return self.written("assign", &[mask, &source], |x, _| bind_one(&Place, x));
            }
            // what is written is placed among zeros, then chosen: both are ops, so transformations know them
            bind_one(&Expand, &[mask, &source])?
        };
        let old = self.clone();
        let choice = [(&chosen).into(), (&value).into(), (&old).into()];
        write_elementwise(Op::Where, &choice, self, Casting::Unsafe).map_err(|e| e.in_op("assign"))
    }

    /// Where each index is, in a new last axis of length `depth`: 1, and 0 elsewhere.
    ///
    /// # Errors
    /// When an index is not an integer from 0 to `depth - 1`.
    pub fn one_hot(&self, depth: usize, dtype: DType) -> Result<Raw> {
        const OP: &str = "one_hot";
        if !self.dtype().is_integer() {
            return Err(
                Error::dtype(OP, format!("indices are integers, not {}", self.dtype()))
                    .dtypes(&[self.dtype()])
                    .hint_cast("convert them first", DType::I64),
            );
        }
        if !self.is_empty() && !self.is_transformed() {
            let of = |fold| self.detach().fold(fold, Axes::All, KeepDims::No)?.item();
            let most = of(Fold::Max)?;
            let least = if self.dtype().kind() == Kind::Signed {
                of(Fold::Min)?
            } else {
                Scalar::Int(0)
            };
            let beyond = match most {
                Scalar::Int(most) => most >= depth as i128,
                most => most.as_f64() >= depth as f64,
            };
            let wrong = match (least.as_f64() < 0.0, beyond) {
                (true, _) => Some(format!("index {least} is negative")),
                (_, true) => Some(format!(
                    "index {most} is out of range for an axis of length {depth}"
                )),
                _ => None,
            };
            if let Some(wrong) = wrong {
                return Err(Error::index(OP, wrong).rule(format!(
                    "a class is a number from 0 to {}",
                    depth as i128 - 1
                )));
            }
        }
        let classes = Raw::arange(
            Scalar::Int(0),
            Scalar::Int(depth as i128),
            Scalar::Int(1),
            DType::I64,
        )?
        .to_device(self.device())?;
        let index = self.detach().cast(DType::I64)?.expand_dims(&[-1])?;
        Raw::apply(Op::Eq, &[(&index).into(), (&classes).into()])?.cast(dtype)
    }
}

/// Both broadcast to each other but along the axis.
fn aligned(op: &'static str, [x, indices]: [&Raw; 2], axis: usize) -> Result<[Raw; 2]> {
    if x.rank() != indices.rank() {
        return Err(Error::shape(
            op,
            format!(
                "indices with {} axes for a tensor with {}",
                indices.rank(),
                x.rank()
            ),
        )
        .shapes(&[x.shape(), indices.shape()])
        .rule("there are as many axes of indices as of the tensor"));
    }
    let with = |shape: &[usize], n: usize| {
        let mut shape = shape.to_vec();
        shape[axis] = n;
        shape
    };
    let both = broadcast_shapes(op, &[&with(x.shape(), 1), &with(indices.shape(), 1)])?;
    Ok([
        x.broadcast_to(&with(&both, x.shape()[axis]))?,
        indices.broadcast_to(&with(&both, indices.shape()[axis]))?,
    ])
}

/// The axis as the rows of a matrix.
fn as_rows(x: &Raw, axis: usize) -> Result<Raw> {
    let n = x.shape()[axis];
    let others: usize = x
        .shape()
        .iter()
        .enumerate()
        .filter(|&(i, _)| i != axis)
        .map(|(_, &n)| n)
        .product();
    x.move_axis(axis as isize, -1)?.reshape(&[others, n])
}

/// The rows of a matrix along an axis of this shape.
fn from_rows(rows: &Raw, shape: &[usize], axis: usize) -> Result<Raw> {
    let mut last = shape.to_vec();
    let n = last.remove(axis);
    last.push(n);
    rows.reshape(&last)?.move_axis(-1, axis as isize)
}

fn along_rows(combine: Combine) -> Scatter {
    Scatter {
        combine,
        axis: 1,
        axes: 1,
        batch: 1,
        mode: Mode::Raise,
        in_place: false,
    }
}
