//! Files in both directions: NumPy's `.npy` and `.npz`, safetensors, CSV, Matrix Market, and with the feature `images` PNG and JPEG.
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

pub use civita_io::csv::Options as CsvOptions;
pub use civita_io::npz::Compression;

use crate::rank::wrap;
use crate::{AnyTensor, Dtype, Result, Tensor};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Reads the array of an `.npy` file (NumPy: `np.load`).
    ///
    /// An array of another dtype is read as [`AnyTensor`] and converted:
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// # let path = std::env::temp_dir().join(format!("civita-converted-{}.npy", std::process::id()));
    /// tensor![[1.0, 2.0]].save_npy(&path)?;
    /// let x: Matrix<f32> = AnyTensor::load_npy(&path)?.cast::<f32>().typed()?;
    /// assert_eq!(x, [[1.0, 2.0]]);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such file, it is damaged, or its array has another dtype or rank.
    pub fn load_npy(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let raw = civita_io::npy::load(path)?;
        let rank = raw.rank();
        Tensor::from_raw(raw).map_err(|error| {
            let wanted = T::KNOWN.map_or("Any", |dtype| dtype.rust_name());
            let hint = match error.is_dtype() {
                true => format!(
                    "read it as it is, and convert it: `AnyTensor::load_npy(path)?.cast::<{wanted}>().typed::<{wanted}, {rank}>()?`"
                ),
                false => format!(
                    "read it with the rank that it has: `Tensor::<{wanted}, {rank}>::load_npy(path)?`; \
                     `.reshape` or `.squeeze` changes that"
                ),
            };
            error
                .in_op("load_npy")
                .of_argument(&path.display().to_string())
                .hint(hint)
        })
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

/// Reads the tensors of a safetensors file by name.
///
/// # Errors
/// When there is no such file, it is damaged, or of a dtype that is not there.
pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Vec<(String, AnyTensor)>> {
    let found = civita_io::safetensors::load(path.as_ref())?;
    Ok(found
        .tensors
        .into_iter()
        .map(|(name, raw)| (name, wrap(raw)))
        .collect())
}

/// Writes tensors under names to a safetensors file.
///
/// ```
/// use civita::prelude::*;
/// use civita::io;
///
/// # let path = std::env::temp_dir().join(format!("civita-face-{}.safetensors", std::process::id()));
/// io::save_safetensors(&path, &[("w", &tensor![1.0f32, 2.0].into_any())])?;
/// assert_eq!(io::load_safetensors(&path)?[0].1.shape(), [2]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a name comes twice, a dtype has no counterpart (`complex128`), or the system fails; the old file is there still.
pub fn save_safetensors(path: impl AsRef<Path>, tensors: &[(&str, &AnyTensor)]) -> Result<()> {
    let raws: Vec<_> = tensors.iter().map(|(name, x)| (*name, x.raw())).collect();
    civita_io::safetensors::save(path.as_ref(), &raws, &[])
}

/// A column of a CSV file.
#[derive(Clone, Debug)]
pub enum Column {
    /// Booleans, `int64`, `float64`, or the dtype asked for; one axis.
    Numbers(AnyTensor),
    /// Anything else.
    Text(Vec<String>),
}

/// Reads the columns of a CSV file by name, each with a dtype of its own.
///
/// ```
/// use civita::io::{self, Column};
///
/// # let path = std::env::temp_dir().join(format!("civita-face-{}.csv", std::process::id()));
/// std::fs::write(&path, "x,name\n0.5,a\n1.5,b\n")?;
/// let columns = io::read_csv(&path, &io::CsvOptions::default())?;
/// let (_, Column::Numbers(x)) = &columns[0] else { panic!() };
/// assert_eq!(x.shape(), [2]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no such file, or its rows or fields are not what they should be.
pub fn read_csv(path: impl AsRef<Path>, options: &CsvOptions<'_>) -> Result<Vec<(String, Column)>> {
    let found = civita_io::csv::load(path.as_ref(), options)?;
    let column = |(name, column)| {
        let column = match column {
            civita_io::csv::Column::Numbers(raw) => Column::Numbers(wrap(raw)),
            civita_io::csv::Column::Text(text) => Column::Text(text),
        };
        (name, column)
    };
    Ok(found.into_iter().map(column).collect())
}

/// Reads the matrix of a Matrix Market file, with all its elements: `int64`, `float64` or `complex128`.
///
/// # Errors
/// When there is no such file, it is damaged, or has many more elements than entries.
pub fn read_matrix_market(path: impl AsRef<Path>) -> Result<AnyTensor> {
    Ok(wrap(civita_io::market::load(path.as_ref())?.dense()?))
}

/// Writes a matrix, all its elements, to a Matrix Market file.
///
/// # Errors
/// When it has not two axes, or the system fails; the old file is there still.
pub fn write_matrix_market(path: impl AsRef<Path>, matrix: &AnyTensor) -> Result<()> {
    civita_io::market::save(path.as_ref(), matrix.raw())
}

/// Reads a PNG or JPEG file: `uint8` or `uint16` with the axes rows, columns and, but for grey pictures, channels.
///
/// # Errors
/// When there is no such file, it is neither, it is damaged, or would take more than 512 MiB.
#[cfg(feature = "images")]
pub fn read_image(path: impl AsRef<Path>) -> Result<AnyTensor> {
    Ok(wrap(civita_io::images::load(path.as_ref())?))
}

/// Writes a picture to a PNG or JPEG file, by its ending.
///
/// # Errors
/// When the tensor is no picture, or the system fails; the old file is there still.
#[cfg(feature = "images")]
pub fn write_image(path: impl AsRef<Path>, picture: &AnyTensor) -> Result<()> {
    civita_io::images::save(path.as_ref(), picture.raw())
}
