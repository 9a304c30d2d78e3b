//! The table of elementwise ops and the signature classes that fix their dtypes.

mod class;
mod rows;

pub use class::{Class, Result as ClassResult, Signature};
pub use rows::{Op, ROWS, Row};
#[doc(hidden)]
pub use rows::{elementwise_heads, elementwise_rows};
