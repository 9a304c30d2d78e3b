//! Files: NumPy's `.npy` and `.npz`, safetensors, CSV, Matrix Market, pictures, and tables of numbers as text.
//!
//! Readers believe nothing: a header that asks for more memory than the file can fill is an error before memory is taken, lengths
//! that overflow are errors, and what is damaged is told by name. Writers replace a file as a whole: what is written goes to a
//! temporary file beside it, which takes its name when it is complete, so that a full disk or a kill leaves the old file.

mod atomic;
mod bytes;
pub mod csv;
#[cfg(feature = "images")]
pub mod images;
pub mod market;
pub mod npy;
pub mod npz;
pub mod safetensors;
pub mod text;

pub use atomic::replace;
