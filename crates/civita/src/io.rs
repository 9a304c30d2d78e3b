//! Files: NumPy's `.npy` and `.npz`, in both directions.
//!
//! ```
//! use civita::prelude::*;
//! use civita::io;
//!
//! # let folder = std::env::temp_dir().join(format!("civita-io-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let x = tensor![[1.0, 2.0], [3.0, 4.0]];
//! x.save_npy(folder.join("x.npy"))?;
//! let y = Tensor::<f64, 2>::load_npy(folder.join("x.npy"))?;
//! assert_eq!(x, y);
//!
//! io::save_npz(folder.join("all.npz"), &[("x", &x.clone().into_any()), ("y", &y.into_any())], io::Compression::Deflated)?;
//! let all = io::load_npz(folder.join("all.npz"))?;
//! assert_eq!(all[1].0, "y");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file is replaced as a whole: a full disk or a kill while saving leaves the old one. What is damaged, or promises more than
//! the file holds, is an error before memory is taken.

use std::path::Path;

pub use civita_io::npz::Compression;

use crate::rank::wrap;
use crate::{AnyTensor, Dtype, Result, Tensor};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Reads the array of an `.npy` file (NumPy: `np.load`).
    ///
    /// # Errors
    /// When there is no such file, it is damaged, or its array has another dtype or rank.
    pub fn load_npy(path: impl AsRef<Path>) -> Result<Self> {
        Tensor::from_raw(civita_io::npy::load(path.as_ref())?)
    }

    /// Writes the tensor to an `.npy` file (NumPy: `np.save`).
    ///
    /// # Errors
    /// When the system fails; the old file is there still.
    pub fn save_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        civita_io::npy::save(path.as_ref(), self.raw())
    }
}

/// Reads the arrays of an `.npz` file by name, in its order (NumPy: `np.load`).
///
/// # Errors
/// When there is no such file, it is damaged, or a member is no array.
pub fn load_npz(path: impl AsRef<Path>) -> Result<Vec<(String, AnyTensor)>> {
    let arrays = civita_io::npz::load(path.as_ref())?;
    Ok(arrays
        .into_iter()
        .map(|(name, raw)| (name, wrap(raw)))
        .collect())
}

/// Writes tensors under names to an `.npz` file (NumPy: `np.savez`, `np.savez_compressed`).
///
/// # Errors
/// When the system fails or the archive would be longer than 4 GiB; the old file is there still.
pub fn save_npz(
    path: impl AsRef<Path>,
    tensors: &[(&str, &AnyTensor)],
    compression: Compression,
) -> Result<()> {
    let raws: Vec<_> = tensors.iter().map(|(name, x)| (*name, x.raw())).collect();
    civita_io::npz::save(path.as_ref(), &raws, compression)
}
