//! What can be wrong with an argument.

use std::fmt;

/// The result of what takes arguments from outside.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A parameter outside its range, or a state that is none. The text is NumPy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<str>);

impl Error {
    /// An error with this text.
    #[cold]
    pub fn value(text: impl Into<String>) -> Error {
        Error(text.into().into_boxed_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// So that `?` works on distributions where other things of Civita fail.
#[cfg(feature = "civita-kernels")]
impl From<Error> for civita_kernels::error::Error {
    fn from(error: Error) -> civita_kernels::error::Error {
        civita_kernels::error::Error::value("random", error.0)
    }
}
