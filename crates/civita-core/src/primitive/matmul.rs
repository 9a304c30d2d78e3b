//! Matrix products.

use super::{Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, product_tangent, some};
use crate::backend::Backend;
use crate::dtype::{DType, promote, unmixed};
use crate::error::Result;
use crate::kernels::matmul::shape_check;
use crate::layout::Dims;
use crate::raw::Raw;
use crate::transform::{align, refs};

/// The matrix product over the last two axes, batched over the rest, by NumPy's rules: a vector on the left is a row, on
/// the right a column, and that axis leaves the result.
#[derive(Clone)]
pub struct Matmul {
    /// The dtype of sums and result where it is not that of the operands: `i32`, of operands of `i8`.
    pub sums: Option<DType>,
}

/// The dtype of a product whose sums have a dtype of their own or not.
pub(crate) fn result_dtype(sums: Option<DType>, of: [DType; 2]) -> Result<DType> {
    match sums {
        Some(dtype) => Ok(dtype),
        None => unmixed("matmul", &of).map(|()| promote(of[0], of[1])),
    }
}

impl std::fmt::Debug for Matmul {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sums {
            Some(dtype) => write!(f, "matmul[sums={dtype}]"),
            None => f.write_str("matmul"),
        }
    }
}

impl Primitive for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let shape = shape_check(&x[0].shape, &x[1].shape)?;
        Ok(Outputs::One(Spec {
            shape: Dims::from_slice(&shape.out),
            dtype: result_dtype(self.sums, [x[0].dtype, x[1].dtype])?,
        }))
    }

    #[inline]
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.matmul(x[0], x[1], self.sums).map(Outputs::One)
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        Reads::of_inputs(&[wanted[1], wanted[0]])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        product_tangent(x, t, Raw::matmul)
    }

    /// `dA = G · Bᴴ`, `dB = Aᴴ · G`, with vectors as rows and columns.
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let (a, b, g) = (&x[0], &x[1], some(g, 0)?);
        let (left, right) = (a.rank() == 1, b.rank() == 1);
        let g = match (left, right) {
            (true, true) => g.reshape(&[1, 1])?,
            (true, false) => g.expand_dims(&[-2])?,
            (false, true) => g.expand_dims(&[-1])?,
            (false, false) => g.clone(),
        };
        let to_a = || {
            let b = if right {
                b.expand_dims(&[1])?
            } else {
                b.clone()
            };
            let da = g.matmul(&b.adjoint()?)?;
            if left {
                da.squeeze(Some(&[-2]))
            } else {
                Ok(da)
            }
        };
        let to_b = || {
            // matrices that all met the same `b` are one long matrix: else a batch of 1000 makes 1000 gradients to be added
            if b.rank() <= 2 && a.rank() > 2 {
                let db = a.as_rows()?.adjoint()?.matmul(&g.as_rows()?)?;
                return if right {
                    db.squeeze(Some(&[-1]))
                } else {
                    Ok(db)
                };
            }
            let a = if left {
                a.expand_dims(&[0])?
            } else {
                a.clone()
            };
            let db = a.adjoint()?.matmul(&g)?;
            if right {
                db.squeeze(Some(&[-1]))
            } else {
                Ok(db)
            }
        };
        Ok(Gradients::from_iter([
            wanted[0].then(to_a).transpose()?,
            wanted[1].then(to_b).transpose()?,
        ]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let own = [0, 1].map(|i| x[i].rank() - usize::from(batched[i]));
        if own.iter().all(|&rank| rank >= 2) {
            return bind(self, &refs(&align(x, batched)?));
        }
        match (own, batched) {
            // rows that all meet one matrix are a matrix
            ([1, 2], [true, false]) => return bind(self, x),
            ([_, 1], [true, false]) => return bind(self, x),
            _ => {}
        }
        // vectors of a batch are rows and columns
        let (left, right) = (own[0] == 1, own[1] == 1);
        let a = if left {
            x[0].expand_dims(&[-2])?
        } else {
            x[0].clone()
        };
        let b = if right {
            x[1].expand_dims(&[-1])?
        } else {
            x[1].clone()
        };
        let mut y = bind(self, &refs(&align(&[&a, &b], batched)?))?.one();
        if right {
            y = y.squeeze(Some(&[-1]))?;
        }
        if left {
            y = y.squeeze(Some(&[if right { -1 } else { -2 }]))?;
        }
        Ok(Outputs::One(y))
    }
}

impl Raw {
    /// The conjugate transpose of the last two axes.
    fn adjoint(&self) -> Result<Raw> {
        let t = self.swap_axes(-2, -1)?;
        if t.dtype().is_complex() {
            t.conj()
        } else {
            Ok(t)
        }
    }

    /// All axes but the last as one.
    fn as_rows(&self) -> Result<Raw> {
        let (rows, row) = self.shape().split_at(self.rank() - 1);
        self.reshape(&[rows.iter().product(), row[0]])
    }
}
