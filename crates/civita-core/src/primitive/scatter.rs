//! Rows placed by index.

use super::{
    Gather, Gradients, Outputs, Picked, Primitive, Reads, Spec, Tangents, Touches, bind, bind_one,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::layout::Dims;
use crate::ops::Op;
use crate::raw::{Mode, Raw};
use crate::transform::{all_with_batch, refs};

/// What becomes of a row that is there and one that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// The new one stays; of several for one place the last.
    Set,
    /// Their sum.
    Add,
    /// Their product.
    Multiply,
    /// The larger one; NaN where one is NaN.
    Maximum,
    /// The smaller one; NaN where one is NaN.
    Minimum,
}

impl Combine {
    /// The name that errors and traces show.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Combine::Set => "put",
            Combine::Add => "index_add",
            Combine::Multiply => "index_multiply",
            Combine::Maximum => "index_maximum",
            Combine::Minimum => "index_minimum",
        }
    }
}

/// The first operand with rows of the third placed at the second, integers: the transpose of [`Gather`]. An index counts the
/// elements of the axes `axis..axis + axes` in C order. All begin with `batch` axes that belong together.
#[derive(Clone, Debug)]
pub struct Scatter {
    /// Set or add.
    pub combine: Combine,
    /// The first axis that the indices count along.
    pub axis: usize,
    /// How many they count along.
    pub axes: usize,
    /// Leading axes that belong together.
    pub batch: usize,
    /// What becomes of an index that is out of range.
    pub mode: Mode,
    /// Whether the result takes the memory of the first operand.
    pub in_place: bool,
}

impl Scatter {
    fn functional(&self) -> Scatter {
        Scatter {
            in_place: false,
            ..self.clone()
        }
    }

    fn gather(&self) -> Gather {
        Gather {
            axis: self.axis,
            axes: self.axes,
            batch: self.batch,
            mode: self.mode,
            picked: Picked::InOrder,
        }
    }

    fn adding(&self) -> Scatter {
        Scatter {
            combine: Combine::Add,
            ..self.functional()
        }
    }

    /// The partial derivatives of a product or an extreme: of each element of the result by that of the base, and of the
    /// element that a row went to by that of the row. Equal extremes share theirs, as in PyTorch.
    fn partials(&self, x: &[Raw], y: &[Raw]) -> Result<Option<[Raw; 2]>> {
        let (base, index, rows) = match self.combine {
            Combine::Set | Combine::Add => return Ok(None),
            _ => (&x[0], &x[1], &x[2]),
        };
        let y = &y[0];
        let dtype = y.dtype();
        let rows = rows.cast(dtype)?;
        let there = bind_one(&self.gather(), &[y, index])?;
        if self.combine != Combine::Multiply {
            let is_base = base.eq(y)?.cast(dtype)?;
            let is_rows = rows.eq(&there)?.cast(dtype)?;
            let equal = bind_one(&self.adding(), &[&is_base, index, &is_rows])?;
            let equal = Raw::apply(Op::Maximum, &[(&equal).into(), Scalar::Int(1).into()])?;
            let equal_there = bind_one(&self.gather(), &[&equal, index])?;
            return Ok(Some([is_base.div(&equal)?, is_rows.div(&equal_there)?]));
        }
        let product = self.functional();
        let ones = base.filled(Scalar::Bool(true))?;
        let of_base = bind_one(&product, &[&ones, index, &rows])?;
        // the product of the others: divided by a row that is not zero, without it where it is the only zero; of two zeros each is
        // the other's factor, by which second derivatives are not zero
        let (zero, one) = (Scalar::Bool(false), Scalar::Bool(true));
        let is_zero = Raw::apply(Op::Eq, &[(&rows.detach()).into(), zero.into()])?;
        let at_place = |rows: &Raw| -> Result<Raw> {
            let none = base.like(base.shape(), rows.dtype(), zero)?;
            bind_one(
                &self.gather(),
                &[&bind_one(&self.adding(), &[&none, index, rows])?, index],
            )
        };
        let zeros = at_place(&is_zero.cast(DType::I64)?)?;
        let among = |n: i128| -> Result<Raw> {
            let so_many = Raw::apply(Op::Eq, &[(&zeros).into(), Scalar::Int(n).into()])?;
            so_many.logical_and(&is_zero)
        };
        let divisor = Raw::apply(Op::Where, &[(&is_zero).into(), one.into(), (&rows).into()])?;
        let without = bind_one(&product, &[base, index, &divisor])?;
        let without = bind_one(&self.gather(), &[&without, index])?;
        let flat = Raw::apply(Op::Where, &[(&is_zero).into(), (&rows).into(), zero.into()])?;
        let other = at_place(&flat)?.sub(&rows)?;
        let of_rows = among(2)?.choose(&other.mul(&without)?, &there.div(&divisor)?)?;
        let of_rows = among(1)?.choose(&without, &of_rows)?;
        Ok(Some([of_base, of_rows]))
    }

    /// 1 for each row that stayed, 0 for those that a later one replaced: where its place says its own number.
    fn stayed(&self, x: &[Raw], g: &Raw) -> Result<Raw> {
        let (base, index) = (&x[0], &x[1]);
        let to = self.axis + self.axes;
        let picked = index.len();
        let numbers = Raw::arange(
            Scalar::Int(0),
            Scalar::Int(picked as i128),
            Scalar::Int(1),
            DType::I64,
        )?
        .to_device(index.device())?
        .reshape(index.shape())?;
        // a number for each row: the axes before and behind do not matter
        let lead = &base.shape()[..self.batch];
        let table: Dims = lead
            .iter()
            .copied()
            .chain([base.shape()[self.axis..to].iter().product()])
            .collect();
        let table = base.like(&table, DType::I64, Scalar::Int(-1))?;
        let flat = Scatter {
            combine: Combine::Set,
            axis: self.batch,
            axes: 1,
            in_place: false,
            ..self.clone()
        };
        let placed = bind_one(&flat, &[&table, index, &numbers])?;
        let gather = Gather {
            axis: self.batch,
            axes: 1,
            ..self.gather()
        };
        let last = bind_one(&gather, &[&placed, index])?;
        let stayed = last.eq(&numbers)?;
        // in the place of the axis, between the axes before and behind
        let mut shape: Vec<usize> = index.shape()[..self.batch].to_vec();
        shape.extend(std::iter::repeat_n(1, self.axis - self.batch));
        shape.extend_from_slice(&index.shape()[self.batch..]);
        shape.extend(std::iter::repeat_n(1, base.rank() - to));
        stayed.reshape(&shape)?.cast(g.dtype())
    }
}

impl Primitive for Scatter {
    fn name(&self) -> &'static str {
        self.combine.name()
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (base, index, rows) = (x[0], x[1], x[2]);
        let to = self.axis + self.axes;
        if to > base.shape.len() || index.shape.len() < self.batch {
            return Err(Error::axis(
                self.name(),
                format!(
                    "indices along {} axes, of a tensor of rank {}",
                    to,
                    base.shape.len()
                ),
            ));
        }
        let wanted: Dims = base.shape[..self.axis]
            .iter()
            .chain(&index.shape[self.batch..])
            .chain(&base.shape[to..])
            .copied()
            .collect();
        if rows.shape != wanted {
            return Err(Error::shape(
                self.name(),
                format!(
                    "rows of shape {} where the indices ask for {}",
                    shape_text(&rows.shape),
                    shape_text(&wanted)
                ),
            )
            .shapes(&[&rows.shape, &wanted]));
        }
        Ok(Outputs::One(base.clone()))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let specs = [Spec::of(x[0]), Spec::of(x[1]), Spec::of(x[2])];
        self.infer(&[&specs[0], &specs[1], &specs[2]])?;
        backend.scatter(self, x[0], x[1], x[2]).map(Outputs::One)
    }

    fn access(&self) -> Touches {
        if self.in_place {
            Touches::WritesFirst
        } else {
            Touches::Reads
        }
    }

    fn reads(&self, _: &[bool]) -> Reads {
        match self.combine {
            Combine::Set | Combine::Add => Reads::of_inputs(&[false, true, false]),
            _ => Reads::ALL,
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        if let Some([of_base, of_rows]) = self.partials(x, y)? {
            let base = match &t[0] {
                Some(t) => t.mul(&of_base)?,
                None => x[0].filled(Scalar::Bool(false))?,
            };
            let moved = match &t[2] {
                Some(t) => bind_one(&self.adding(), &[&base, &x[1], &t.mul(&of_rows)?])?,
                None => base,
            };
            return Ok(one_tangent(Some(moved)));
        }
        let or_zero = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => x[i].filled(Scalar::Bool(false)),
        };
        let moved = bind_one(&self.functional(), &[&or_zero(0)?, &x[1], &or_zero(2)?])?;
        Ok(one_tangent(Some(moved)))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        if let Some([of_base, of_rows]) = self.partials(x, y)? {
            let conjugated = |d: Raw| match d.dtype().is_complex() {
                true => d.conj(),
                false => Ok(d),
            };
            let base = || g.mul(&conjugated(of_base)?);
            let rows = || bind_one(&self.gather(), &[g, &x[1]])?.mul(&conjugated(of_rows)?);
            return Ok(Gradients::from_iter([
                wanted[0].then(base).transpose()?,
                None,
                wanted[2].then(rows).transpose()?,
            ]));
        }
        let set = self.combine == Combine::Set;
        let base = || {
            if !set {
                return Ok(g.clone());
            }
            let zeros = x[2].filled(Scalar::Bool(false))?.cast(g.dtype())?;
            bind_one(&self.functional(), &[g, &x[1], &zeros])
        };
        let rows = || {
            let picked = bind_one(&self.gather(), &[g, &x[1]])?;
            if set {
                picked.mul(&self.stayed(x, g)?)
            } else {
                Ok(picked)
            }
        };
        Ok(Gradients::from_iter([
            wanted[0].then(base).transpose()?,
            None,
            wanted[2].then(rows).transpose()?,
        ]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let mut all = all_with_batch(x, batched)?;
        if !batched[0] {
            // a base that all samples share gets the batch first, in memory of its own
            all[0] = all[0].copied()?;
        }
        let next = Scatter {
            axis: self.axis + 1,
            ..self.clone()
        };
        if self.batch == 0 && !batched[1] {
            return bind(&next, &[&all[0], x[1], &all[2]]);
        }
        let next = Scatter {
            batch: self.batch + 1,
            ..next
        };
        bind(&next, &refs(&all))
    }
}
