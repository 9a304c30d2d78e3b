//! Conversions to and from the types of other crates, each behind a feature of that crate's name.
//!
//! Where the memory allows it nothing is copied: what another crate owns is taken over with its strides, and a tensor is
//! lent as a view.

#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "rand")]
mod rand;
#[cfg(feature = "serde")]
mod serde;
