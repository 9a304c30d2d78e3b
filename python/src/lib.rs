//! The Python bindings: `import civita as cv`.
//!
//! Nothing is computed here. An argument becomes a [`civita_core::raw::Raw`] or a scalar (`convert`), the engine does
//! the work with the interpreter released where it takes long (`gil`), and what comes back is wrapped again (`array`).
//! Functions are objects over the engine's tables (`ufunc`, `reduction`), so that a new row is a new function.

mod array;
mod arrow;
mod assign;
mod buffer;
mod call;
mod callback;
mod convert;
mod create;
mod dlpack;
mod dtype;
mod error;
mod errstate;
mod fft;
mod files;
mod flags;
mod function;
mod functions;
mod fuse;
mod gil;
mod gradient;
mod index;
mod interface;
mod interop;
mod interrupt;
mod limits;
#[cfg(feature = "linalg")]
mod linalg;
mod lists;
mod machine;
mod methods;
mod modes;
mod operators;
mod order;
mod overrides;
mod printing;
mod random;
mod reduction;
mod rows;
mod scalar;
mod subclass;
mod transform;
mod ufunc;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// The engine of Civita. Import `civita`, which adds the rest.
#[pymodule(gil_used = false)]
fn _civita(m: &Bound<'_, PyModule>) -> PyResult<()> {
    gil::install(m.py())?;
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("AxisError", error::axis_error(m.py())?)?;
    array::register(m)?;
    scalar::register(m)?;
    dtype::register(m)?;
    ufunc::register(m)?;
    reduction::register(m)?;
    create::register(m)?;
    errstate::register(m)?;
    files::register(m)?;
    flags::register(m)?;
    fft::register(m)?;
    function::register(m)?;
    functions::register(m)?;
    fuse::register(m)?;
    gradient::register(m)?;
    modes::register(m)?;
    interface::register(m)?;
    interop::register(m)?;
    limits::register(m)?;
    #[cfg(feature = "linalg")]
    linalg::register(m)?;
    machine::register(m)?;
    printing::register(m)?;
    random::register(m)?;
    rows::register(m)?;
    subclass::register(m)?;
    transform::register(m)?;
    intern_names(m)
}

/// Makes the names of `import *` the interpreter's own strings: one that it meets in a program is found by its address.
fn intern_names(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let names = m.index()?;
    for (place, name) in names.iter().enumerate() {
        let name = name.cast_into::<PyString>()?;
        names.set_item(place, PyString::intern(m.py(), name.to_str()?))?;
    }
    Ok(())
}
