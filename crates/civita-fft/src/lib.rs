//! Fourier transforms.
//!
//! ```text
//! functions    numpy.fft and scipy.fft on tensors: arguments, dtypes, norms
//! primitive    the transforms as primitives: gradients, batches
//! fourier      what is done to a row: complex, real, to real
//!   wave       cosine and sine transforms
//! plan         how a complex transform of a length is computed; kept
//!   mixed      passes of small radices
//! rows         rows along any axis of strided arrays: gathered, transformed and scattered by threads
//! ```
//!
//! `plan`, `fourier` and `wave` work on slices and know nothing of tensors.

mod direct;
mod float;
mod fourier;
mod functions;
mod mixed;
mod pause;
mod plan;
mod primitive;
mod rows;
mod scratch;
mod smooth;
mod wave;

pub use functions::{
    Mode, Norm, Transform, WaveTransform, fftconvolve, fftfreq, fftshift, fwht, ifftshift, rfftfreq,
};
pub use plan::Direction;
pub use smooth::{next_fast_len, prev_fast_len};
pub use wave::{Family, Type};
