//! Statistics of rows by their stages, for backends without a kernel that keeps a row in its cache.

use smallvec::SmallVec;

use super::Backend;
use crate::error::Result;
use crate::layout::{KeepDims, Layout};
use crate::primitive::{Fold, Over, Rowwise, Stage};
use crate::raw::Raw;

/// Each stage for all rows before the next.
pub(super) fn by_stages<B: Backend + ?Sized>(
    backend: &B,
    p: &Rowwise,
    operands: &[&Raw],
) -> Result<Raw> {
    let x = operands[0];
    let over = Over {
        axes: p.over.axes.clone(),
        keepdims: KeepDims::Yes,
    };
    let mut values: SmallVec<[Raw; 8]> = SmallVec::new();
    let compute = p.compute(x.dtype());
    for &x in operands {
        values.push(match x.dtype() == compute {
            true => x.clone(),
            false => backend.cast(x, compute)?,
        });
    }
    for stage in p.stages(over.count(x.shape()), x.dtype()) {
        let value = match stage {
            Stage::Fold(fold, of) => {
                let fold = Fold {
                    fold,
                    over: over.clone(),
                    dtype: values[of].dtype(),
                };
                backend.fold(&fold, &values[of])?
            }
            Stage::Map(function, of) => {
                let of: SmallVec<[&Raw; 5]> = of.iter().map(|&i| &values[i]).collect();
                backend.program(&function, &of)?
            }
            Stage::Scalar(op, of, scalar) => {
                backend.op(op, &[(&values[of]).into(), scalar.into()])?
            }
        };
        values.push(value);
    }
    let last = &values[values.len() - 1];
    // in C order whatever the operand's, so that axes of length 1 may go
    let y = backend.copy(last, p.dtype)?;
    if p.keeps_shape() || p.over.keepdims == KeepDims::Yes {
        return Ok(y);
    }
    let shape = p.over.shape(x.shape());
    Ok(y.with_layout(Layout::contiguous(&shape)?))
}
