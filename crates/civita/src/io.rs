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
use civita_io::csv::Written;
use civita_io::npz::Compression;
use civita_io::text::{self, Delimiter};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{AnyTensor, Dtype, Element, Error, Matrix, Result, Tensor, Vector};

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

    /// What has this name, as of a `HashMap`: `None` where nothing has it.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// # let path = std::env::temp_dir().join(format!("civita-named-{}.csv", std::process::id()));
    /// std::fs::write(&path, "x,n\n0.5,3\n1.5,4\n")?;
    /// let table = io::read_csv(&path)?;
    /// assert!(table.get("y").is_none());
    /// assert_eq!(table["x"].numbers()?, [0.5, 1.5]); // panics where nothing has the name
    /// assert_eq!(table.names().collect::<Vec<_>>(), ["x", "n"]);
    /// let error = table.column("y").unwrap_err();
    /// assert_eq!(error.to_string(), "get: nothing is called \"y\"\n  hint: the names are x, n");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Option<&V> {
        let pair = self.0.iter().find(|(own, _)| own == name)?;
        Some(&pair.1)
    }

    /// The names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn named(&self, name: &str) -> Result<&V> {
        self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            Error::index("get", format!("nothing is called {name:?}"))
                .hint(format!("the names are {}", names.join(", ")))
        })
    }
}
impl Named<Column> {
    /// The column of this name.
    ///
    /// # Errors
    /// When there is none; the text lists the names that are there.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.named(name)
    }
}
impl Named<AnyTensor> {
    /// The tensor of this name.
    ///
    /// # Errors
    /// When there is none; the text lists the names that are there.
    pub fn tensor(&self, name: &str) -> Result<&AnyTensor> {
        self.named(name)
    }
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
        self.named(name).or_raise()
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
    /// The numbers of the column as `f64`: integers too, and NaN where a field is empty.
    ///
    /// # Errors
    /// When it is of text, or an integer is too large for `f64` to hold it: [`integers`](Self::integers) returns those.
    pub fn numbers(&self) -> Result<Vector<f64>> {
        let all = self.any()?;
        let numbers: Vector<f64> = all.cast::<f64>().typed()?;
        if all.dtype() != civita_core::dtype::DType::F64
            && !all.is_empty()
            && numbers.abs().max() >= 9_007_199_254_740_992.0
        {
            return Err(Error::value(
                "numbers",
                "the column holds integers of 2^53 or more, which float64 would round",
            )
            .hint("`.integers()?` returns them"));
        }
        Ok(numbers)
    }

    /// The integers of the column.
    ///
    /// # Errors
    /// When it is of text, or of numbers with a point; a column of integers with an empty field is one.
    pub fn integers(&self) -> Result<Vector<i64>> {
        let all = self.any()?;
        match all.dtype().is_float() || all.dtype().is_complex() {
            true => Err(Error::dtype(
                "integers",
                format!("the column holds numbers of {}", all.dtype()),
            )
            .hint("`.numbers()?` returns them, with NaN where a field is empty")),
            false => all.cast::<i64>().typed(),
        }
    }

    /// The numbers of the column under the type that they were read as: booleans `true` and `false` as `bool`, and those of
    /// [`CsvOptions::dtypes`].
    ///
    /// # Errors
    /// When it is of text, or of another type.
    pub fn typed<T: Element>(&self) -> Result<Vector<T>> {
        self.any()?.typed()
    }

    /// The numbers of the column, whose type is known at run time.
    ///
    /// # Errors
    /// When it is of text.
    pub fn any(&self) -> Result<&AnyTensor> {
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
/// std::fs::write(&path, "x,name,n\n0.5,a,3\n1.5,b,4\n")?;
/// let table = io::read_csv(&path)?;
/// assert_eq!(table["x"].numbers()?, [0.5, 1.5]);
/// assert_eq!(table["n"].integers()?, [3, 4]);
/// assert_eq!(table["name"].text()?[1], "b");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no such file, or its rows or fields are not what they should be.
pub fn read_csv(path: impl AsRef<Path>) -> Result<Named<Column>> {
    read_csv_of(path, &CsvOptions::default())
}

/// As [`read_csv`], with another delimiter, without names in the first line, and so on.
///
/// ```
/// use civita::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("civita-options-{}.csv", std::process::id()));
/// std::fs::write(&path, "0.5;1\n1.5;2\n")?;
/// let options = io::CsvOptions { delimiter: b';', header: false, ..Default::default() };
/// let table = io::read_csv_of(&path, &options)?;
/// assert_eq!(table["column_1"].numbers()?, [0.5, 1.5]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`read_csv`].
pub fn read_csv_of(path: impl AsRef<Path>, options: &CsvOptions<'_>) -> Result<Named<Column>> {
    let found = civita_io::csv::load(path.as_ref(), options)?;
    Ok(Named::wrapped(found, |column| match column {
        civita_io::csv::Column::Numbers(raw) => Column::Numbers(wrap(raw)),
        civita_io::csv::Column::Text(text) => Column::Text(text),
    }))
}

/// A column to be written: a vector of numbers, or a `Vec` of texts.
pub trait CsvColumn {
    #[doc(hidden)]
    fn put(&self, then: &mut dyn FnMut(Written<'_>) -> Result<()>) -> Result<()>;
}
impl<T> CsvColumn for Vector<T> {
    fn put(&self, then: &mut dyn FnMut(Written<'_>) -> Result<()>) -> Result<()> {
        then(Written::Numbers(&self.raw))
    }
}
impl CsvColumn for Vec<String> {
    fn put(&self, then: &mut dyn FnMut(Written<'_>) -> Result<()>) -> Result<()> {
        then(Written::Text(self))
    }
}
impl CsvColumn for Vec<&str> {
    fn put(&self, then: &mut dyn FnMut(Written<'_>) -> Result<()>) -> Result<()> {
        let owned: Vec<String> = self.iter().map(|&text| text.into()).collect();
        then(Written::Text(&owned))
    }
}

/// Writes columns under names to a CSV file. Floats have as many digits as it takes to read the same value, NaN is an empty field.
///
/// ```
/// use civita::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("civita-written-{}.csv", std::process::id()));
/// io::write_csv(&path, &[("city", &vec!["Rome", "Oslo"]), ("t", &tensor![21.5, 9.0])])?;
/// assert_eq!(std::fs::read_to_string(&path)?, "city,t\nRome,21.5\nOslo,9.0\n");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When columns differ in length or are complex, or the system fails; the old file is there still.
pub fn write_csv(path: impl AsRef<Path>, columns: &[(&str, &dyn CsvColumn)]) -> Result<()> {
    fn all<'a>(
        path: &Path,
        done: &mut Vec<(&'a str, Written<'_>)>,
        rest: &[(&'a str, &dyn CsvColumn)],
    ) -> Result<()> {
        match rest {
            [] => civita_io::csv::save(path, done, b','),
            [(name, column), rest @ ..] => column.put(&mut |written| {
                let mut longer = done.clone();
                longer.push((name, written));
                all(path, &mut longer, rest)
            }),
        }
    }
    all(path.as_ref(), &mut Vec::new(), columns)
}

/// How a table of numbers is read: see [`loadtxt_of`].
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// The byte between fields; without one they are separated by blanks.
    pub delimiter: Option<u8>,
    /// The rest of a line behind this byte is left out.
    pub comment: Option<u8>,
    /// Lines at the beginning that are left out.
    pub skip: usize,
    /// At most so many rows.
    pub most: Option<usize>,
}
impl Default for TextOptions {
    /// Blanks between fields, and comments behind `#`.
    fn default() -> TextOptions {
        TextOptions {
            delimiter: None,
            comment: Some(b'#'),
            skip: 0,
            most: None,
        }
    }
}

/// Reads a table of numbers, which blanks separate. NumPy's `loadtxt(path, ndmin=2)`: a single column is `x.column(0)?`.
///
/// ```
/// use civita::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("civita-text-{}.txt", std::process::id()));
/// io::savetxt(&path, &tensor![[1.0, 2.0], [3.0, 4.5]])?;
/// assert_eq!(io::loadtxt(&path)?, [[1.0, 2.0], [3.0, 4.5]]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no such file, a field is no number, or rows differ in length.
pub fn loadtxt(path: impl AsRef<Path>) -> Result<Matrix<f64>> {
    loadtxt_of(path, &TextOptions::default())
}

/// As [`loadtxt`], with a delimiter, other comments, and without some lines. NumPy's `loadtxt(path, delimiter=",", skiprows=1)`.
///
/// ```
/// use civita::prelude::*;
///
/// # let path = std::env::temp_dir().join(format!("civita-commas-{}.txt", std::process::id()));
/// std::fs::write(&path, "x,y\n1,2\n3,4\n")?;
/// let options = io::TextOptions { delimiter: Some(b','), skip: 1, ..Default::default() };
/// assert_eq!(io::loadtxt_of(&path, &options)?, [[1.0, 2.0], [3.0, 4.0]]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`loadtxt`].
pub fn loadtxt_of(path: impl AsRef<Path>, options: &TextOptions) -> Result<Matrix<f64>> {
    let options = text::Options {
        delimiter: options.delimiter.map_or(Delimiter::Blanks, Delimiter::Byte),
        comment: options.comment,
        skip: options.skip,
        most: options.most,
        columns: None,
        kind: "float64",
    };
    text::load(path.as_ref(), &options).map(wrap)
}

/// Writes a matrix to a file of text, a line for each row, or a vector with a line for each element. NumPy's `savetxt`, with its
/// digits (`%.18e`).
///
/// # Errors
/// When the tensor is complex or has more than two axes, or the system fails; the old file is there still.
pub fn savetxt<T: Dtype, const N: usize>(path: impl AsRef<Path>, x: &Tensor<T, N>) -> Result<()> {
    text::save(path.as_ref(), x.raw(), b' ')
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
