//! Matrix products on the CPU.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{copy, memory};
use crate::backend::Number;
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::kernels::Slot;
use crate::kernels::matmul::{
    Batch, Operand, Problem, matmul as multiply, matmul_widening, shape_check, widens,
};
use crate::layout::{Layout, PerAxis};
use crate::primitive::result_dtype;
use crate::raw::Raw;

/// Lengths and strides of rows and columns, of a vector or a matrix; a vector is a row on the left and a column on the right.
fn sides(x: &Raw, left: bool) -> Option<([usize; 2], [isize; 2])> {
    match (x.shape(), x.layout().strides(), left) {
        (&[m, n], &[row, column], _) => Some(([m, n], [row, column])),
        (&[n], &[step], true) => Some(([1, n], [0, step])),
        (&[n], &[step], false) => Some(([n, 1], [step, 0])),
        _ => None,
    }
}

/// Vectors and matrices of one dtype whose lengths fit: without lists of batch axes.
fn plain(x: &Raw, y: &Raw) -> Option<Result<Raw>> {
    let dtype = x.dtype();
    let (([m, k], a), ([inner, n], b)) = (sides(x, true)?, sides(y, false)?);
    let fits = dtype == y.dtype() && k == inner && m.checked_mul(n)? <= isize::MAX as usize;
    if !fits {
        return None;
    }
    let rows = (x.rank() == 2).then_some(m);
    let shape: SmallVec<[usize; 2]> = rows
        .into_iter()
        .chain((y.rank() == 2).then_some(n))
        .collect();
    let run = || {
        let out = memory::output(&shape, dtype)?;
        if !out.is_empty() {
            let operand = |x: &Raw, [row_stride, col_stride]: [isize; 2]| Operand {
                ptr: x.ptr().cast_const(),
                row_stride,
                col_stride,
            };
            let problem = Problem {
                m,
                n,
                k,
                a: operand(x, a),
                b: operand(y, b),
                c: out.ptr(),
                ldc: n,
                accumulate: false,
            };
            explain::note("matmul", m * n * k, || (dtype, explain::Kind::Matmul));
            // SAFETY: layouts lie within their buffers, guards keep writers away, the result is new.
            unsafe { multiply(dtype, &problem, &Batch::default())? };
        }
        Ok(out)
    };
    Some(run())
}

/// Of two vectors of one dtype and length.
pub(super) fn dot(x: &Raw, y: &Raw, to: &mut Number) -> Option<()> {
    let dtype = x.dtype();
    let (&[k], &[inner]) = (x.shape(), y.shape()) else {
        return None;
    };
    if k != inner || dtype != y.dtype() {
        return None;
    }
    to.set(Slot::ZERO, dtype);
    let operand = |x: &Raw, row_stride, col_stride| Operand {
        ptr: x.ptr().cast_const(),
        row_stride,
        col_stride,
    };
    let problem = Problem {
        m: 1,
        n: 1,
        k,
        a: operand(x, 0, x.layout().strides()[0]),
        b: operand(y, y.layout().strides()[0], 0),
        c: to.at_mut(),
        ldc: 1,
        accumulate: false,
    };
    explain::note("matmul", k, || (dtype, explain::Kind::Matmul));
    // SAFETY: layouts lie within their buffers, guards keep writers away, and a slot holds an element of any dtype.
    unsafe { multiply(dtype, &problem, &Batch::default()) }.ok()
}

/// The matrix product over the last two axes, batched over the rest.
pub(super) fn matmul(x: &Raw, y: &Raw, sums: Option<DType>) -> Result<Raw> {
    if sums.is_none_or(|dtype| dtype == x.dtype())
        && let Some(done) = plain(x, y)
    {
        return done;
    }
    let shape = shape_check(x.shape(), y.shape())?;
    let dtype = result_dtype(sums, [x.dtype(), y.dtype()])?;
    let widening = [x.dtype(), y.dtype(), dtype] == [DType::I8, DType::I8, DType::I32]
        && widens(shape.m, shape.n);
    let from = if widening { DType::I8 } else { dtype };
    let (a, b) = (in_dtype(x, from)?, in_dtype(y, from)?);
    let out = memory::output(&shape.out, dtype)?;
    if !out.is_empty() {
        let (la, lb) = (
            matrix(&a, &shape.batch, [shape.m, shape.k], 0)?,
            matrix(&b, &shape.batch, [shape.k, shape.n], 1)?,
        );
        let operand = |x: &Raw, l: &Layout| Operand {
            ptr: x.base().wrapping_add(l.offset() * from.size()).cast_const(),
            row_stride: l.strides()[l.rank() - 2],
            col_stride: l.strides()[l.rank() - 1],
        };
        let problem = Problem {
            m: shape.m,
            n: shape.n,
            k: shape.k,
            a: operand(&a, &la),
            b: operand(&b, &lb),
            c: out.ptr(),
            ldc: shape.n,
            accumulate: false,
        };
        let axes = shape.batch.len();
        let mut steps: PerAxis<isize> = SmallVec::from_elem(0, axes);
        let mut step = (shape.m * shape.n) as isize;
        for axis in (0..axes).rev() {
            steps[axis] = step;
            step *= shape.batch[axis] as isize;
        }
        let batch = Batch {
            shape: &shape.batch,
            a: &la.strides()[..axes],
            b: &lb.strides()[..axes],
            c: &steps,
        };
        explain::note("matmul", shape.m * shape.n * shape.k, || {
            (dtype, explain::Kind::Matmul)
        });
        // SAFETY: layouts lie within their buffers, guards keep writers away, the result is new.
        unsafe {
            match widening {
                true => matmul_widening(&problem, &batch)?,
                false => multiply(dtype, &problem, &batch)?,
            }
        };
    }
    Ok(out)
}

fn in_dtype(x: &Raw, dtype: DType) -> Result<Cow<'_, Raw>> {
    if x.dtype() == dtype {
        return Ok(Cow::Borrowed(x));
    }
    copy::cast(x, dtype).map(Cow::Owned)
}

/// An operand with its batch axes and two more; a vector gets the one of the two that it lacks.
fn matrix<'a>(
    x: &'a Raw,
    batch: &[usize],
    matrix: [usize; 2],
    lacks: isize,
) -> Result<Cow<'a, Layout>> {
    if x.rank() == 2 && batch.is_empty() {
        return Ok(Cow::Borrowed(x.layout()));
    }
    let mut full: PerAxis<usize> = SmallVec::from_slice(batch);
    full.extend(matrix);
    let layout = match x.rank() {
        1 => x.layout().expand_dims(&[lacks])?,
        _ => x.layout().clone(),
    };
    layout.broadcast_to(&full).map(Cow::Owned)
}
