//! `cv.random`: NumPy's generators and the functions that draw from them.
//!
//! The numbers come from `civita_random`; here are its classes (`bits`, `seed`), the two interfaces (`generator`, `legacy`), the rows of
//! distributions that both have (`rows`), derivatives of draws (`path`, `implicit`, `slopes`) and NumPy's conventions for arguments (`arguments`).

mod arguments;
mod bits;
mod choice;
mod counter;
mod draw;
mod generator;
mod implicit;
mod legacy;
mod multivariate;
mod order;
mod path;
mod quasi;
mod rows;
mod seed;
mod slopes;

use pyo3::prelude::*;

use crate::error::{Fault, value_error};

impl From<civita_random::Error> for Fault {
    #[cold]
    fn from(error: civita_random::Error) -> Fault {
        value_error(error.to_string())
    }
}

/// Adds the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let random = PyModule::new(m.py(), "_random")?;
    seed::register(&random)?;
    bits::register(&random)?;
    counter::register(&random)?;
    quasi::register(&random)?;
    generator::register(&random)?;
    legacy::register(&random)?;
    m.add_submodule(&random)
}
