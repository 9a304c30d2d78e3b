//! Host code of other crates: its operands and its results.

use std::panic::{AssertUnwindSafe, catch_unwind};

use smallvec::SmallVec;

use super::{copy, memory};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::primitive::{HostInput, HostKernel, HostOutput, Outputs, Spec};
use crate::raw::Raw;
use crate::storage::Access;

pub(super) fn external(
    kernel: &dyn HostKernel,
    dtypes: &[DType],
    outputs: Outputs<Spec>,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let operands = x
        .iter()
        .zip(dtypes)
        .map(|(x, &dtype)| operand(x, dtype))
        .collect::<Result<SmallVec<[Raw; 2]>>>()?;
    let inputs: SmallVec<[HostInput<'_>; 2]> = operands.iter().map(HostInput::new).collect();
    let mut out = outputs.try_map(|_, spec| {
        // a boolean is 0 or 1 before the kernel looks at it
        let tensor = match spec.dtype {
            DType::Bool => Raw::zeros(&spec.shape, DType::Bool),
            dtype => memory::unwritten(&spec.shape, dtype),
        };
        tensor.map(HostOutput::new)
    })?;
    let run = || kernel.run(&inputs, out.as_mut_slice());
    // a panic in foreign code is an error like others: callers of the engine rely on results
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(Error::value(
            kernel.name(),
            format!("the computation failed unexpectedly: {text}"),
        ))
    })?;
    Ok(out.map(|_, out| out.into_tensor()))
}

/// In C order and of this dtype.
fn operand(x: &Raw, dtype: DType) -> Result<Raw> {
    // booleans that others write may be any byte; a copy makes them 0 and 1
    let wild = dtype == DType::Bool && x.storage().access() != Access::Owned;
    if x.dtype() == dtype && x.layout().is_contiguous() && !wild {
        return Ok(x.clone());
    }
    copy::copied(x, dtype)
}
