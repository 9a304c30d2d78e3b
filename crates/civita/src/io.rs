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
//! io::save_npz(folder.join("all.npz"), &[("x", &x), ("labels", &tensor![1, 2])])?;
//! let all = io::load_npz(folder.join("all.npz"))?;
//! let labels: Vector<i64> = all["labels"].typed()?;
//! assert_eq!(labels, [1, 2]);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file is replaced as a whole: a full disk or a kill while saving leaves the old one. What is damaged, or promises more than
//! the file holds, is an error before memory is taken.

use std::path::Path;

use civita_core::raw::Raw;
pub use civita_io::csv::Options as CsvOptions;
use civita_io::npz::Compression;

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{AnyTensor, Dtype, Error, Result, Tensor};

/// A tensor of any element type and rank, to be written beside others: a reference to one becomes it.
pub trait Member {
    #[doc(hidden)]
    fn member(&self) -> &Raw;
}
impl<T, const N: usize> Member for Tensor<T, N> {
    fn member(&self) -> &Raw {
        &self.raw
    }
}

fn members<'a>(all: &[(&'a str, &'a dyn Member)]) -> Vec<(&'a str, &'a Raw)> {
    all.iter().map(|(name, x)| (*name, x.member())).collect()
}

/// What a file has under names, in its order: `all["x"]`, or as the slice of pairs that it derefs to.
#[derive(Clone, Debug)]
pub struct Named<V>(Vec<(String, V)>);
impl<V> Named<V> {
    fn wrapped<R>(all: Vec<(String, R)>, wrap: impl Fn(R) -> V) -> Named<V> {
        Named(all.into_iter().map(|(name, x)| (name, wrap(x))).collect())
    }

    /// What has this name.
    ///
    /// # Errors
    /// When nothing has it; the text lists the names that are there.
    pub fn get(&self, name: &str) -> Result<&V> {
        match self.0.iter().find(|(own, _)| own == name) {
            Some((_, value)) => Ok(value),
            None => {
                let names: Vec<&str> = self.0.iter().map(|(own, _)| own.as_str()).collect();
                Err(no_name(name, &names))
            }
        }
    }
}
fn no_name(name: &str, names: &[&str]) -> Error {
    Error::index("get", format!("nothing is called {name:?}"))
        .hint(format!("the names are {}", names.join(", ")))
}
impl<V> std::ops::Deref for Named<V> {
    type Target = [(String, V)];
    fn deref(&self) -> &[(String, V)] {
        &self.0
    }
}
impl<V> IntoIterator for Named<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<'a, V> IntoIterator for &'a Named<V> {
    type Item = &'a (String, V);
    type IntoIter = std::slice::Iter<'a, (String, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
/// What has a name.
///
/// # Panics
/// When nothing has it.
impl<V> std::ops::Index<&str> for Named<V> {
    type Output = V;
    #[track_caller]
    fn index(&self, name: &str) -> &V {
        self.get(name).or_raise()
    }
}
/// The pair at a place.
///
/// # Panics
/// When there are fewer.
impl<V> std::ops::Index<usize> for Named<V> {
    type Output = (String, V);
    #[track_caller]
    fn index(&self, place: usize) -> &(String, V) {
        &self.0[place]
    }
}

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
pub fn load_npz(path: impl AsRef<Path>) -> Result<Named<AnyTensor>> {
    Ok(Named::wrapped(civita_io::npz::load(path.as_ref())?, wrap))
}

/// Writes tensors of any types under names to an `.npz` file (NumPy: `np.savez`).
///
/// # Errors
/// When the system fails or the archive would be longer than 4 GiB; the old file is there still.
pub fn save_npz(path: impl AsRef<Path>, tensors: &[(&str, &dyn Member)]) -> Result<()> {
    civita_io::npz::save(path.as_ref(), &members(tensors), Compression::Stored)
}

/// As [`save_npz`], compressed (NumPy: `np.savez_compressed`).
///
/// # Errors
/// As [`save_npz`].
pub fn save_npz_compressed(path: impl AsRef<Path>, tensors: &[(&str, &dyn Member)]) -> Result<()> {
    civita_io::npz::save(path.as_ref(), &members(tensors), Compression::Deflated)
}

/// Reads the tensors of a safetensors file by name.
///
/// # Errors
/// When there is no such file, it is damaged, or of a dtype that is not there.
pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Named<AnyTensor>> {
    let found = civita_io::safetensors::load(path.as_ref())?;
    Ok(Named::wrapped(found.tensors, wrap))
}

/// Writes tensors of any types under names to a safetensors file.
///
/// ```
/// use civita::prelude::*;
/// use civita::io;
///
/// # let path = std::env::temp_dir().join(format!("civita-face-{}.safetensors", std::process::id()));
/// io::save_safetensors(&path, &[("w", &tensor![[1.0f32, 2.0]]), ("steps", &Tensor::scalar(7))])?;
/// assert_eq!(io::load_safetensors(&path)?["w"].shape(), [1, 2]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a name comes twice, a dtype has no counterpart (`complex128`), or the system fails; the old file is there still.
pub fn save_safetensors(path: impl AsRef<Path>, tensors: &[(&str, &dyn Member)]) -> Result<()> {
    civita_io::safetensors::save(path.as_ref(), &members(tensors), &[])
}

/// A column of a CSV file.
#[derive(Clone, Debug)]
pub enum Column {
    /// Booleans, `int64`, `float64`, or the dtype asked for; one axis.
    Numbers(AnyTensor),
    /// Anything else.
    Text(Vec<String>),
}
impl Column {
    /// The numbers of the column; `.typed()?` names their type, or `.cast::<f64>().typed()?` converts them.
    ///
    /// # Errors
    /// When it is of text.
    pub fn numbers(&self) -> Result<&AnyTensor> {
        match self {
            Column::Numbers(all) => Ok(all),
            Column::Text(all) => Err(text_column(all)),
        }
    }

    /// The text of the column.
    ///
    /// # Errors
    /// When it is of numbers.
    pub fn text(&self) -> Result<&[String]> {
        match self {
            Column::Text(all) => Ok(all),
            Column::Numbers(all) => Err(Error::dtype(
                "text",
                format!("the column holds numbers of {}", all.dtype()),
            )
            .hint("`.numbers()?` returns them")),
        }
    }
}
fn text_column(all: &[String]) -> Error {
    let odd = all
        .iter()
        .find(|field| field.trim().parse::<f64>().is_err());
    let text = match odd {
        Some(field) => format!("the column holds text, as {field:?}"),
        None => "the column holds text".into(),
    };
    Error::dtype("numbers", text).hint("`.text()?` returns it")
}

/// Reads the columns of a CSV file by name, each with a dtype of its own.
///
/// ```
/// use civita::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("civita-face-{}.csv", std::process::id()));
/// std::fs::write(&path, "x,name\n0.5,a\n1.5,b\n")?;
/// let table = io::read_csv(&path, &io::CsvOptions::default())?;
/// let x: Vector<f64> = table["x"].numbers()?.typed()?;
/// assert_eq!(x, [0.5, 1.5]);
/// assert_eq!(table["name"].text()?[1], "b");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no such file, or its rows or fields are not what they should be.
pub fn read_csv(path: impl AsRef<Path>, options: &CsvOptions<'_>) -> Result<Named<Column>> {
    let found = civita_io::csv::load(path.as_ref(), options)?;
    Ok(Named::wrapped(found, |column| match column {
        civita_io::csv::Column::Numbers(raw) => Column::Numbers(wrap(raw)),
        civita_io::csv::Column::Text(text) => Column::Text(text),
    }))
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
pub fn write_matrix_market<T: Dtype, const N: usize>(
    path: impl AsRef<Path>,
    matrix: &Tensor<T, N>,
) -> Result<()> {
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
pub fn write_image<T: Dtype, const N: usize>(
    path: impl AsRef<Path>,
    picture: &Tensor<T, N>,
) -> Result<()> {
    civita_io::images::save(path.as_ref(), picture.raw())
}
