//! Products of arrays.

use super::join::flat;
use super::shape::product;
use super::value::*;
use std::sync::Arc;

use crate::dtype::{Casting, DType, Scalar, promote};
use crate::error::{Error, Result, shape_text};
use crate::layout::{PerAxis, SliceItem, normalize_axes, normalize_axis};
use crate::ops::Op;
use crate::primitive::{
    Grouped, GroupedMatmul, Multiply, Primitive, SemiringMatmul, Spec, bind_one, step_by_step,
};
use crate::raw::Raw;

pub fn matmul(x1: Array, x2: Array, out: Out, dtype: OptDType, casting: Casting) -> Result<Raw> {
    match dtype {
        Some(dtype) => x1.matmul_in(x2, dtype, casting, &out),
        None => x1.matmul_into(x2, &out),
    }
}

pub fn dot(a: Array, b: Array, out: Out) -> Result<Raw> {
    if a.rank() == 0 || b.rank() == 0 {
        return Raw::apply_into(Op::Mul, &[a.into(), b.into()], &out);
    }
    if b.rank() <= 2 {
        // an array of many axes times a matrix is what `matmul` does too
        return a.matmul_into(b, &out).map_err(|e| e.in_op("dot"));
    }
    contracted("dot", a, &[-1], b, &[-2])
}

pub fn vdot(a: Array, b: Array) -> Result<Raw> {
    let a = if a.dtype().is_complex() {
        &a.conj()?
    } else {
        a
    };
    flat(a)?.matmul(&flat(b)?).map_err(|e| e.in_op("vdot"))
}

pub fn inner(a: Array, b: Array) -> Result<Raw> {
    if a.rank() == 0 || b.rank() == 0 {
        return a.mul(b);
    }
    if a.rank() == 1 && b.rank() == 1 {
        return a.matmul(b).map_err(|e| e.in_op("inner"));
    }
    contracted("inner", a, &[-1], b, &[-1])
}

pub fn outer(a: Array, b: Array, out: Out) -> Result<Raw> {
    let (column, row) = (flat(a)?.expand_dims(&[1])?, flat(b)?);
    Raw::apply_into(Op::Mul, &[(&column).into(), (&row).into()], &out)
}

/// The axes over which `tensordot` sums.
#[derive(Clone, Debug)]
pub enum Contraction {
    /// So many of the last of the first array and of the first of the second.
    Count(isize),
    /// These of the first, and these of the second.
    Pairs(PerAxis<isize>, PerAxis<isize>),
}

impl Kind for Contraction {
    const EXPECTS: &'static str = "an integer or two sequences of integers";
    const STUB: &'static str = "int | tuple[_Shape, _Shape]";
    fn from_value(value: Value) -> Result<Contraction, Refused> {
        match value {
            Value::List(pair) => {
                let Ok([a, b]) = <[Value; 2]>::try_from(pair) else {
                    return Err(Refused::Type);
                };
                Ok(Contraction::Pairs(
                    AxisList::from_value(a)?.0,
                    AxisList::from_value(b)?.0,
                ))
            }
            Value::Array(x) if x.rank() > 0 => {
                let row = |i| x.slice(&[SliceItem::Index(i)]).map(Value::from);
                let rows = (0..x.shape()[0] as isize).map(row);
                Contraction::from_value(Value::List(rows.collect::<Result<_, _>>()?))
            }
            one => Int::from_value(one).map(Contraction::Count),
        }
    }
}
impl From<isize> for Contraction {
    fn from(count: isize) -> Contraction {
        Contraction::Count(count)
    }
}
impl<const K: usize> From<([isize; K], [isize; K])> for Contraction {
    fn from((a, b): ([isize; K], [isize; K])) -> Contraction {
        Contraction::Pairs(a[..].into(), b[..].into())
    }
}

pub fn tensordot(a: Array, b: Array, axes: Contraction) -> Result<Raw> {
    const OP: &str = "tensordot";
    let (of_a, of_b) = match axes {
        Contraction::Pairs(of_a, of_b) => (of_a, of_b),
        Contraction::Count(n) => {
            if n < 0 || n as usize > a.rank().min(b.rank()) {
                return Err(Error::shape(
                    OP,
                    format!(
                        "{n} axes of shapes {} and {}",
                        shape_text(a.shape()),
                        shape_text(b.shape())
                    ),
                )
                .shapes(&[a.shape(), b.shape()])
                .rule("both arrays have that many axes"));
            }
            ((-n..0).collect(), (0..n).collect())
        }
    };
    contracted(OP, a, &of_a, b, &of_b)
}

/// A sum over pairs of axes, as a product of matrices: the other axes of both are left.
fn contracted(op: &'static str, a: &Raw, of_a: &[isize], b: &Raw, of_b: &[isize]) -> Result<Raw> {
    let (inner_a, inner_b) = (
        normalize_axes(op, of_a, a.rank())?,
        normalize_axes(op, of_b, b.rank())?,
    );
    let lengths =
        |x: &Raw, axes: &[usize]| axes.iter().map(|&axis| x.shape()[axis]).collect::<Vec<_>>();
    let (n, m) = (lengths(a, &inner_a), lengths(b, &inner_b));
    if n != m {
        return Err(Error::shape(
            op,
            format!(
                "shapes {} and {} do not fit",
                shape_text(a.shape()),
                shape_text(b.shape())
            ),
        )
        .shapes(&[a.shape(), b.shape()])
        .rule(format!(
            "the axes that are summed over have equal lengths, not {} and {}",
            shape_text(&n),
            shape_text(&m)
        )));
    }
    let outer = |x: &Raw, inner: &[usize]| {
        (0..x.rank())
            .filter(|axis| !inner.contains(axis))
            .collect::<Vec<_>>()
    };
    let (outer_a, outer_b) = (outer(a, &inner_a), outer(b, &inner_b));
    let order = |first: &[usize], last: &[usize]| {
        first
            .iter()
            .chain(last)
            .map(|&axis| axis as isize)
            .collect::<Vec<_>>()
    };
    let (rows, columns) = (lengths(a, &outer_a), lengths(b, &outer_b));
    let count = |all: &[usize]| product(op, all);
    let left = a
        .permute(&order(&outer_a, &inner_a))?
        .reshape(&[count(&rows)?, count(&n)?])?;
    let right = b
        .permute(&order(&inner_b, &outer_b))?
        .reshape(&[count(&n)?, count(&columns)?])?;
    left.matmul(&right)?.reshape(&[rows, columns].concat())
}

/// Rows of the second operand of [`kron`] that are shorter are joined.
const SHORT_ROW: usize = 128;

pub fn kron(a: Array, b: Array) -> Result<Raw> {
    let rank = a.rank().max(b.rank());
    // the axes of the first before those of the second, pair by pair, then each pair as one
    let spread = |x: &Raw, at: usize| {
        let mut shape = vec![1; 2 * rank];
        for (i, &n) in x.shape().iter().enumerate() {
            shape[2 * (rank - x.rank() + i) + at] = n;
        }
        x.reshape(&shape)
    };
    let (mut a, mut b) = (spread(a, 0)?, spread(b, 1)?);
    let inner = 2 * rank.saturating_sub(1);
    let [n, q] = [&a, &b].map(|x| x.shape()[inner..].iter().product::<usize>());
    // Rows as short as those of `b` are joined: each operand is written out for a whole row of the result, and the product is one
    // of long rows. That is little beside the result where both have several rows.
    let many = |x: &Raw| x.shape()[..inner].iter().product::<usize>() >= 8;
    if n > 1 && (2..SHORT_ROW).contains(&q) && many(&a) && many(&b) {
        let row = product("kron", &[n, q])?;
        for x in [&mut a, &mut b] {
            let outer = x.shape()[..inner].to_vec();
            let whole = x.broadcast_to(&[&outer[..], &[n, q]].concat())?;
            *x = whole.reshape(&[&outer[..], &[1, row]].concat())?;
        }
    }
    let pairs = a.mul(&b)?;
    let lengths = pairs.shape().chunks(2).map(|pair| product("kron", pair));
    let shape = lengths.collect::<Result<Vec<_>>>()?;
    pairs.reshape(&shape)
}

pub fn khatri_rao(a: Array, b: Array) -> Result<Raw> {
    const OP: &str = "khatri_rao";
    let ([.., m, k], [.., n, columns]) = (a.shape(), b.shape()) else {
        return Err(
            Error::shape(OP, "the operands are matrices, or batches of them")
                .shapes(&[a.shape(), b.shape()]),
        );
    };
    if k != columns {
        return Err(
            Error::shape(OP, format!("matrices of {k} and {columns} columns"))
                .shapes(&[a.shape(), b.shape()])
                .rule("both matrices have as many columns"),
        );
    }
    let rows = product(OP, &[*m, *n])?;
    let pairs = a
        .expand_dims(&[-2])?
        .mul(&b.expand_dims(&[-3])?)
        .map_err(|e| e.in_op(OP))?;
    let outer = pairs.rank() - 3;
    let shape = [&pairs.shape()[..outer], &[rows, *k]].concat();
    pairs.reshape(&shape)
}

pub fn matmul_bias(x: Array, w: Array, b: Array) -> Result<Raw> {
    let mut y = x.matmul(w).map_err(|e| e.in_op("matmul_bias"))?;
    // the product is new memory: it becomes the sum, where that has its shape and dtype
    match crate::raw::apply_in_place(Op::Add, &mut y, b.into())? {
        true => Ok(y),
        false => y.add(b).map_err(|e| e.in_op("matmul_bias")),
    }
}

pub fn grouped_matmul(a: Array, b: Array, offs: Ints) -> Result<Raw> {
    const OP: &str = "grouped_matmul";
    let groups = match (a.rank(), b.rank()) {
        (2, 3) => Grouped::Rows,
        (3, 2) => Grouped::Columns,
        (2, 2) => Grouped::Depth,
        _ => {
            return Err(Error::shape(
                OP,
                format!(
                    "shapes {} and {}: one operand has the axis that is cut into groups",
                    shape_text(a.shape()),
                    shape_text(b.shape())
                ),
            )
            .shapes(&[a.shape(), b.shape()])
            .hint("`matmul` multiplies matrices of two batches one by one"));
        }
    };
    let place = |&end: &isize| {
        usize::try_from(end).map_err(|_| Error::value(OP, format!("a group ends at {end}")))
    };
    let ends = offs.0.iter().map(place).collect::<Result<Arc<[usize]>>>()?;
    let dtype = promote(a.dtype(), b.dtype());
    let product = GroupedMatmul { groups, ends };
    bind_one(&product, &[&a.cast(dtype)?, &b.cast(dtype)?])
}

pub fn semiring_matmul(
    a: Array,
    b: Array,
    add: SemiringSum,
    multiply: SemiringProduct,
) -> Result<Raw> {
    const OP: &str = "semiring_matmul";
    let dtype = promote(a.dtype(), b.dtype());
    if dtype.is_complex() {
        return Err(Error::dtype(OP, "complex numbers have no order").dtypes(&[dtype]));
    }
    let is_logical = matches!(add, SemiringSum::Or | SemiringSum::And)
        || matches!(multiply, SemiringProduct::Or | SemiringProduct::And)
        || dtype == DType::Bool;
    // of booleans sums and larger ones are `or`, products and smaller ones `and`
    let largest = matches!(add, SemiringSum::Max | SemiringSum::Or);
    let multiply = match multiply {
        SemiringProduct::Add | SemiringProduct::Or | SemiringProduct::Max if is_logical => {
            Multiply::Max
        }
        _ if is_logical => Multiply::Min,
        SemiringProduct::Multiply => Multiply::Multiply,
        SemiringProduct::Min | SemiringProduct::And => Multiply::Min,
        SemiringProduct::Max | SemiringProduct::Or => Multiply::Max,
        SemiringProduct::Add => Multiply::Add,
    };
    let p = SemiringMatmul {
        largest,
        multiply,
        winners: false,
    };
    let of = |a: &Raw, b: &Raw| bind_one(&p, &[a, b]);
    if is_logical {
        let bits = |x: &Raw| x.cast(DType::Bool)?.cast(DType::U8);
        return of(&bits(a)?, &bits(b)?)?.cast(DType::Bool);
    }
    let (a, b) = (a.cast(dtype)?, b.cast(dtype)?);
    if dtype.is_float() && dtype.size() == 2 {
        // sums and products of halves are exact in `float32` until they are rounded, which keeps their order
        return of(&a.cast(DType::F32)?, &b.cast(DType::F32)?)?.cast(dtype);
    }
    if SemiringMatmul::DTYPES.contains(&dtype) {
        return of(&a, &b);
    }
    p.infer(&[&Spec::of(&a), &Spec::of(&b)])?;
    step_by_step(&a, &b, largest, multiply)
}

pub fn cross(
    a: Array,
    b: Array,
    axisa: Axis,
    axisb: Axis,
    axisc: Axis,
    axis: AxisOrFlat,
) -> Result<Raw> {
    const OP: &str = "cross";
    let (axisa, axisb, axisc) = axis
        .0
        .map_or((axisa, axisb, axisc), |axis| (axis, axis, axis));
    if a.rank() == 0 || b.rank() == 0 {
        return Err(Error::value(OP, "At least one array has zero dimension")
            .shapes(&[a.shape(), b.shape()])
            .rule("a vector product takes vectors"));
    }
    let last = |x: &Raw, axis: isize| {
        normalize_axis(OP, axis, x.rank())?;
        x.move_axis(axis, -1)
    };
    let (a, b) = (last(a, axisa)?, last(b, axisb)?);
    let lengths = [&a, &b].map(|x| x.shape()[x.rank() - 1]);
    if lengths.iter().any(|n| ![2, 3].contains(n)) {
        return Err(Error::shape(
            OP,
            format!("vectors of {} and {} numbers", lengths[0], lengths[1]),
        )
        .shapes(&[a.shape(), b.shape()])
        .rule("a vector product takes vectors of three numbers (or two, the third being 0)"));
    }
    let item = |x: &Raw, i: isize| x.slice(&[SliceItem::Ellipsis, SliceItem::Index(i)]);
    let minor = |i: isize, j: isize| -> Result<Raw> {
        let (left, right) = (
            item(&a, i)?.mul(&item(&b, j)?)?,
            item(&a, j)?.mul(&item(&b, i)?)?,
        );
        left.sub(&right)
    };
    let z = minor(0, 1)?;
    if lengths == [2, 2] {
        return Ok(z);
    }
    // where one of the two lies in the plane, what its third number would be multiplied with is left
    let (x, y) = match lengths {
        [3, 3] => (minor(1, 2)?, minor(2, 0)?),
        [3, _] => (
            item(&a, 2)?.mul(&item(&b, 1)?)?.neg()?,
            item(&a, 2)?.mul(&item(&b, 0)?)?,
        ),
        _ => (
            item(&a, 1)?.mul(&item(&b, 2)?)?,
            item(&a, 0)?.mul(&item(&b, 2)?)?.neg()?,
        ),
    };
    let at = normalize_axis(OP, axisc, z.rank() + 1)?;
    Raw::stack(&[&x, &y, &z], at as isize)
}

/// A tensor times a number, in the tensor's dtype where that holds it.
pub(super) fn scaled(x: &Raw, by: f64) -> Result<Raw> {
    Raw::apply(Op::Mul, &[x.into(), Scalar::Float(by).into()])
}
